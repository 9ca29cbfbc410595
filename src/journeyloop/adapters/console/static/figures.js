// The figures on top: what the loop did, summed over all moments, with how fast it grew while this page was open.
import { drawing, element, number } from "./dom.js";

const BUCKET = 10_000;
const BUCKETS = 30;
const total = (reasons) => Object.values(reasons ?? {}).reduce((sum, count) => sum + count, 0);
const sum = (moments, of) => moments.reduce((all, moment) => all + (of(moment) ?? 0), 0);

const FIGURES = [
  { name: "Signals", tone: "accent", hint: "moments that became true", of: (one) => one.signals },
  { name: "Sent", tone: "acted", hint: "messages that left", of: (one) => one.sent },
  { name: "Chose silence", tone: "silent", hint: "nothing was better, or not allowed", of: (one) => total(one.silent) },
  { name: "Held out", tone: "accent", hint: "left alone, to compare", of: (one) => one.held_out },
];
const history = new Map(); // name -> [{bucket, value}], the last value seen in each bucket

function remember(name, value) {
  const bucket = Math.floor(Date.now() / BUCKET);
  const seen = history.get(name) ?? [];
  if (seen.at(-1)?.bucket === bucket) seen.at(-1).value = value;
  else seen.push({ bucket, value });
  history.set(name, seen.slice(-BUCKETS - 1));
  return history.get(name);
}

function spark(seen, tone) {
  const last = seen.at(-1).bucket;
  const grown = seen.slice(1).map(({ bucket, value }, index) => ({ bucket, by: Math.max(0, value - seen[index].value) }));
  const most = Math.max(1, ...grown.map(({ by }) => by));
  return drawing("svg", { class: `spark ${tone}`, viewBox: `0 0 ${BUCKETS * 4} 24`, preserveAspectRatio: "none", "aria-hidden": "true" },
    drawing("path", { class: "ground", d: `M0 23.500H${BUCKETS * 4}` }),
    ...grown.map(({ bucket, by }) => drawing("rect", {
      x: (BUCKETS - 1 - (last - bucket)) * 4, width: 3, y: 24 - (22 * by) / most, height: (22 * by) / most, rx: 1,
    })));
}

function growth(seen) {
  const minutes = Math.max(1, Math.round(((seen.at(-1).bucket - seen[0].bucket) * BUCKET) / 60_000));
  return `+${number(Math.max(0, seen.at(-1).value - seen[0].value))} in ${minutes} min`;
}

function figure({ name, tone, hint, of }, moments) {
  const value = sum(moments, of);
  const seen = remember(name, value);
  return element("div", { class: "card figure", title: hint },
    element("p", { class: "soft" }, name),
    element("p", { class: "value", "data-figure": name }, number(value)),
    element("p", { class: "growth soft" }, seen.length > 1 ? growth(seen) : hint),
    spark(seen, tone));
}

function goals(moments) {
  const line = (arm, label) => element("p", { class: `arm ${arm}` },
    element("strong", {}, number(sum(moments, (one) => one.goals?.[arm]))),
    ` of ${number(sum(moments, (one) => one.arms?.[arm]))} `,
    element("span", { class: "soft" }, label));
  return element("div", { class: "card figure", title: "goals reached so far, of all signals; the comparison below waits for the windows to close" },
    element("p", { class: "soft" }, "Goals reached"), line("treated", "treated"), line("holdout", "held out"));
}

/** Draw the figures of `GET /console/moments`. Deliveries nobody can vouch for are named as soon as there is one. */
export function drawFigures({ moments, unknown_deliveries: unknown }) {
  const cards = [...FIGURES.map((one) => figure(one, moments)), goals(moments)];
  if (unknown) {
    cards.push(element("div", { class: "card figure warn", title: "handed over, answer never came; not sent again" },
      element("p", { class: "soft" }, "Unknown deliveries"), element("p", { class: "value" }, number(unknown))));
  }
  document.querySelector("#figures").replaceChildren(...cards);
}
