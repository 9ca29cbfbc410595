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

/** A reason as people say it: `stale_context` becomes `stale context`. */
export const words = (reason) => reason.replaceAll("_", " ");
