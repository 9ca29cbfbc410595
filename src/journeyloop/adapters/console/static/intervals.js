// How sure a share of few can be. Pure.

const Z = 1.959964; // 95 %

/** The Wilson score interval of n of m: [low, high], shares. The whole range for m = 0. */
export function wilson(n, m) {
  if (m === 0) return [0, 1];
  const share = n / m;
  const centre = share + (Z * Z) / (2 * m);
  const reach = Z * Math.sqrt((share * (1 - share)) / m + (Z * Z) / (4 * m * m));
  const scale = 1 + (Z * Z) / m;
  return [Math.max(0, (centre - reach) / scale), Math.min(1, (centre + reach) / scale)];
}

/** Newcombe's interval of the difference of two shares, a - b: {difference, low, high}. */
export function difference(a, b) {
  const [p, q] = [a.n / a.m, b.n / b.m];
  const [[pl, ph], [ql, qh]] = [wilson(a.n, a.m), wilson(b.n, b.m)];
  return { difference: p - q, low: p - q - Math.hypot(p - pl, qh - q), high: p - q + Math.hypot(ph - p, q - ql) };
}

const ENOUGH = 30;

/** Whether both arms are large enough that a comparison says anything: 30 people and, together, five goals. */
export const tooEarly = (a, b) => a.m < ENOUGH || b.m < ENOUGH || a.n + b.n < 5;
