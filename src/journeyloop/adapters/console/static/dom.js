// Making elements. Text is only ever set as text; nothing here knows what the console shows.

function make(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== undefined && child !== null));
  return made;
}

export const element = (name, attributes = {}, ...children) => make(document.createElement(name), attributes, children);

export const drawing = (name, attributes = {}, ...children) =>
  make(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);

/** A width in per cent, by the object model: a strict policy forbids style attributes. */
export function wide(made, share) {
  made.style.width = `${(100 * share).toFixed(2)}%`;
  return made;
}

const whole = new Intl.NumberFormat();
export const number = (value) => whole.format(value);

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
export const time = (at) => clock.format(at);

const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const isSame = (format, at) => format.format(at) === format.format(Date.now());

/** A time of day today; with its date before. */
export function when(at) {
  if (isSame(dayAndYear, at)) return time(at);
  const thisYear = new Date(at).getFullYear() === new Date().getFullYear();
  return `${(thisYear ? day : dayAndYear).format(at)}, ${time(at)}`;
}

export const timestamp = (at) => element("time", { datetime: new Date(at).toISOString() }, when(at));

const UNITS = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], ["s", 1000]];

/** A measured duration (ms) in two digits: `4.2 s`, `350 ms`. */
export function duration(ms) {
  const [unit, size] = UNITS.find(([, one]) => ms >= one) ?? ["ms", 1];
  const digits = ms >= 10 * size || size === 1 ? 0 : 1;
  return `${(ms / size).toFixed(digits).replace(/\.0$/, "")} ${unit}`;
}

const amount = new Intl.NumberFormat(undefined, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
export const money = (value) => amount.format(value);

/** A reason as people say it: `stale_context` becomes `stale context`. */
export const words = (reason) => reason.replaceAll("_", " ");

/** A head with its rows. Cells are texts or elements; what `heads` ends with `#` is a number and stands right. */
export function table(heads, rows) {
  const right = heads.map((head) => (head.endsWith("#") ? { class: "right" } : {}));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...heads.map((head, at) => element("th", { scope: "col", ...right[at] }, head.replace("#", ""))))),
    element("tbody", {}, ...rows.map((cells) => element("tr", {}, ...cells.map((cell, at) => element("td", right[at], cell))))));
}

/** Puts children into a place only if what they show has changed: focus and selection stay where they are. */
export function redraw(place, shown, draw) {
  const text = JSON.stringify(shown);
  if (place.shown === text) return;
  place.shown = text;
  place.replaceChildren(...draw().filter((child) => child !== undefined && child !== null));
}
