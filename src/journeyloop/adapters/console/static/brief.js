// What to know before speaking: what is open, what they are worth, what just happened, who said what, what is better not said.
import { element, money, number, redraw, timestamp, words } from "./dom.js";

const place = (name) => document.querySelector(`#${name}`);
const head = (title, hint) => element("div", { class: "head" }, element("h2", {}, title), hint ? element("span", { class: "soft" }, hint) : null);
const none = (text) => element("p", { class: "soft" }, text);
const lines = (items) => element("ul", { class: "lines" }, ...items);
const MARKS = { payment: "bad", signal: "stalled", hold: "hold" };

function fill(name, title, items, line, empty) {
  redraw(place(name), items, () => [head(title), items.length ? lines(items.map(line)) : none(empty)]);
}

const mark = (kind, text, times) => element("span", { class: `mark ${MARKS[kind] ?? ""}` }, text,
  times > 1 ? element("span", { class: "times" }, `× ${number(times)}`) : null);
const until = (at) => (at ? element("span", { class: "soft" }, "until ", timestamp(at)) : element("span"));

const figure = (label, value, tone = "") => element("div", {}, element("span", { class: `value ${tone}` }, value), element("small", { class: "soft" }, label));

function drawValue(who) {
  redraw(place("value"), who, () => [
    element("div", { class: "head" }, element("h2", {}, "Value"), element("span", { class: "soft" }, "known since ", timestamp(who.known_since))),
    element("div", { class: "numbers" },
      figure(who.orders === 1 ? "order" : "orders", number(who.orders)),
      figure("revenue", money(who.revenue)),
      figure(who.refunds === 1 ? "refund" : "refunds", who.refunds ? `${number(who.refunds)} · ${money(who.refunded)}` : "0", who.refunds ? "warn" : ""),
      who.cart_value ? figure("in the cart", money(who.cart_value)) : null),
  ]);
}

/** Each part stays as it is until what it shows has changed. */
export function drawBrief({ who, told, happened, open, contacts, avoid }) {
  place("told").hidden = !told.length;
  fill("told", "What to know", told, ({ text, title, at }) =>
    element("li", {}, element("span", {}, text), timestamp(at), element("small", { class: "soft second" }, title)), "");
  fill("open", "Open", open, ({ kind, text, since, until: end }) =>
    element("li", { "data-kind": kind }, mark(kind, text), since ? element("span", { class: "soft" }, "since ", timestamp(since)) : until(end)), "Nothing.");
  drawValue(who);
  fill("happened", "Just happened", happened, ({ at, kind, text, times }) =>
    element("li", { "data-kind": kind }, mark(kind, text, times), timestamp(at)), "Nothing yet.");
  fill("contacts", "Last contacts", contacts, ({ at, channel, what, outcome }) =>
    element("li", {}, element("span", {}, words(what)), timestamp(at),
      element("small", { class: "soft second" }, `${words(channel)} · ${words(outcome)}`)), "Nobody has contacted them.");
  fill("avoid", "Better not said", avoid, ({ text, until: end }) => element("li", {}, element("span", {}, text), until(end)), "Nothing speaks against anything.");
}
