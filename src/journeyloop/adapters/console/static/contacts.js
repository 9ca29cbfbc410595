// How often people are contacted: how many not at all, once, twice, three times or more often, by channel and in all.
import { element, number, redraw, table, wide, words } from "./dom.js";

const EVERY = 60_000; // everybody is counted for it: once a minute is often enough
let asked = 0;

function often(shares, people) {
  const tones = ["", "acted", "acted", "silent", "wrong"];
  const bar = Object.entries(shares).map(([times, count], at) =>
    wide(element("i", { class: tones[at], title: `${times}: ${number(count)}` }), people ? count / people : 0));
  return element("div", { class: "stack thin", role: "img", "aria-label": "People by how often they were contacted" }, ...bar);
}

/** Draw `GET /console/contacts`. */
function draw({ days, people, contacts, all, channels }) {
  const place = document.querySelector("#contacts");
  place.hidden = people === 0;
  redraw(place, [people, contacts, all, channels], () => [
    element("div", { class: "head" },
      element("h2", {}, "Contacts"),
      element("span", { class: "soft" }, `per person in ${days} days`)),
    often(all, people),
    table(["Channel", ...Object.keys(all).map((times) => `${times}#`)], [["all", all], ...Object.entries(channels)].map(
      ([name, shares]) => [words(name), ...Object.values(shares).map(number)])),
    element("small", { class: "soft" }, `${number(contacts.ours)} of ours, ${number(contacts.theirs)} of other tools`),
  ]);
}

/** Asks once a minute, whoever calls how often. */
export async function drawContacts() {
  if (Date.now() - asked < EVERY) return;
  asked = Date.now();
  const answer = await fetch("/console/contacts").catch(() => undefined);
  if (answer?.ok) draw(await answer.json());
  else asked = 0;
}
