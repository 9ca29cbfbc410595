// What is known of a person: by which names, what they allow, which audiences they are in, their cart and traits.
import { element, money, number, redraw, table, timestamp, words } from "./dom.js";

const head = (title, hint) => element("div", { class: "head" }, element("h2", {}, title), hint ? element("span", { class: "soft" }, hint) : null);
const none = (text) => element("p", { class: "soft" }, text);
const pill = (text, tone = "") => element("span", { class: `pill ${tone}` }, text);
const place = (name) => document.querySelector(`#${name}`);
const count = (items, one, many) => `${number(items.length)} ${items.length === 1 ? one : many}`;

function vouched({ verified, dead_since: dead }) {
  if (verified === undefined) return null;
  if (dead) return pill("no longer an address", "bad");
  return verified ? pill("vouched for", "good") : pill("not vouched for", "warn");
}

function name(one) {
  return element("li", { class: "name", "data-type": one.type },
    element("span", { class: "soft" }, words(one.type)),
    element("span", { class: "mono" }, one.value),
    vouched(one),
    element("small", { class: "soft" }, one.source ? `${one.source} · ` : "", "last named ", timestamp(one.at)));
}

function merge({ person, at, via }) {
  return element("li", { class: "merge" },
    element("small", {}, "joined ", element("span", { class: "mono", title: person }, `Visitor ${person.slice(0, 4)}`),
      via ? ` by ${words(via)}` : "", at ? element("span", { class: "soft" }, " · ", timestamp(at)) : null));
}

/** The identifiers with who vouches for them, and who turned out to be this person. */
export function drawIdentity({ identifiers, merges }) {
  redraw(place("identity"), [identifiers, merges], () => [
    head("Identity", count(identifiers, "identifier", "identifiers") + (merges.length ? ` · ${count(merges, "merge", "merges")}` : "")),
    element("ul", { class: "names" }, ...identifiers.map(name)),
    merges.length ? element("ul", { class: "merges" }, ...merges.map(merge)) : null,
  ]);
}

/** What they allow, by purpose and channel: who said it, when by their clock and when by ours. */
export function drawConsent({ consent }) {
  const rows = Object.entries(consent).map(([subject, word]) => [...subject.split("/"), word]);
  redraw(place("consent"), consent, () => [
    head("Consent"),
    rows.length ? table(["Purpose", "", "Source", "Said", "Received"], rows.map((row) => {
      const [purpose, word, channel] = [row[0], row.at(-1), row.length > 2 ? row[1] : ""];
      return [
        element("div", {}, words(purpose), channel ? element("small", { class: "soft" }, words(channel)) : null),
        word.granted ? pill("given", "good") : pill("refused", "warn"),
        word.source || "–", timestamp(word.at), timestamp(word.received)];
    })) : none("Nothing was said."),
  ]);
}

export function drawMembership({ audiences }) {
  const rows = Object.entries(audiences);
  redraw(place("membership"), audiences, () => [
    head("Audiences"),
    rows.length ? element("ul", { class: "pairs" }, ...rows.map(([audience, since]) =>
      element("li", { "data-audience": audience }, element("span", {}, words(audience)), element("span", { class: "soft" }, "since ", timestamp(since)))))
      : none("In none now."),
  ]);
}

/** The cart as the events say it is; prices are as they came. */
export function drawCart({ cart, profile }) {
  const line = ({ id, name: called, price, quantity }) => element("li", {},
    element("span", {}, called || id, quantity === 1 ? "" : ` × ${number(quantity)}`),
    element("span", { class: "count" }, typeof price === "number" ? money(price * quantity) : "–"));
  const total = element("li", { class: "total" }, element("span", {}, "Total"), element("strong", { class: "count" }, money(profile.cart_value ?? 0)));
  redraw(place("cart"), [cart, profile.cart_value], () => [
    head("Cart"),
    cart.length ? element("ul", { class: "pairs" }, ...cart.map(line), total) : none("Empty."),
  ]);
}

const shown = (value) => (typeof value === "number" ? number(value) : typeof value === "string" ? value : JSON.stringify(value));
const pairs = (values) => element("ul", { class: "pairs" }, ...Object.entries(values).map(([key, value]) =>
  element("li", { "data-trait": key }, element("span", {}, words(key)), element("span", { class: "count" }, shown(value)))));

/** Traits computed from events, before those somebody stated. */
export function drawKnown({ computed, traits }) {
  const stated = Object.keys(traits).length;
  redraw(place("known"), [computed, traits], () => [
    head("Computed traits"),
    Object.keys(computed).length ? pairs(computed) : none("None."),
    ...(stated ? [element("h4", { class: "second" }, "Stated traits"), pairs(traits)] : []),
  ]);
}
