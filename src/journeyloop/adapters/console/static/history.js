// Who changed what: the newest plans with author, note and files.
import { element, redraw, table, timestamp } from "./dom.js";

const SHOWN = 5;
let known = "";

const files = (changed) => Object.entries(changed).map(([file, what]) => element("small", { class: "soft" }, `${file} ${what}`));

function row({ hash, at, by, note, files: changed, in_force: now }) {
  return [
    element("div", { "data-version": hash }, element("code", {}, hash.slice(0, 8)), now ? element("small", { class: "good" }, "in force") : null),
    element("div", {}, by || "unknown", element("small", { class: "soft" }, timestamp(at))),
    element("div", {}, note, ...files(changed)),
  ];
}

/** Ask for the history when the plan is another than before, and draw it. */
export async function drawHistory({ plan }) {
  if (plan === known) return;
  const answer = await fetch("/console/history").catch(() => undefined);
  if (!answer?.ok) return;
  known = plan;
  const { versions } = await answer.json();
  const place = document.querySelector("#history");
  place.hidden = !versions.length;
  redraw(place, versions, () => [
    element("div", { class: "head" }, element("h2", {}, "Who changed what"), element("span", { class: "soft" }, "newest first")),
    table(["Plan", "By", "What"], versions.slice(-SHOWN).reverse().map(row)),
  ]);
}
