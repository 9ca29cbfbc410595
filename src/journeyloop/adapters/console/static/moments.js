// One card per moment: what became of its signals, why it stayed silent, and what it was worth against the held out.
import { drawing, element, number, wide, words } from "./dom.js";
import { stopButton } from "./stopping.js";

const MODES = {
  shadow: "decides, sends nothing", fixed: "the first eligible action, as written",
  cautious: "acts where it is fairly sure to add something", full: "acts by what it believes, and tries out what it doubts",
};
const cards = new Map(); // moment -> {root, body, clauses}
const total = (reasons) => Object.values(reasons ?? {}).reduce((sum, count) => sum + count, 0);
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const points = (share) => `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)}`;

const unsent = ({ suppressed = 0, expired = 0 }) => suppressed + expired;
const doubtful = ({ failed = 0, unknown = 0 }) => failed + unknown;
const waiting = (moment) => Math.max(0, (moment.decided ?? moment.sent) - moment.sent - unsent(moment) - doubtful(moment));

function fate(moment) {
  const parts = [
    ["acted", "sent", moment.sent], ["silent", "chose silence", total(moment.silent)],
    ["held", "held out", moment.held_out], ["open", "decided in shadow, not sent", moment.shadow ?? 0],
    ["open", "waiting", waiting(moment)], ["open", "stopped in time", unsent(moment)],
    ["held", "may not have arrived", doubtful(moment)],
  ].filter(([, , count]) => count > 0);
  const all = parts.reduce((sum, [, , count]) => sum + count, 0);
  if (!all) return element("p", { class: "soft" }, "No signal yet.");
  return element("div", {},
    element("div", { class: "stack", "aria-hidden": "true" }, ...parts.map(([tone, , count]) => wide(element("i", { class: tone }), count / all))),
    element("p", { class: "legend" }, ...parts.map(([tone, label, count]) =>
      element("span", { class: `key ${tone}` }, element("strong", {}, number(count)), ` ${label}`))));
}

const reached = ({ shown, clicked, dismissed }) => element("p", { class: "soft reached" },
  `${number(shown ?? 0)} shown · ${number(clicked ?? 0)} clicked · ${number(dismissed ?? 0)} dismissed`);

function bars(title, reasons, tone) {
  const rows = Object.entries(reasons ?? {}).sort(([, a], [, b]) => b - a);
  if (!rows.length) return null;
  return element("div", { class: "bars" }, element("h4", {}, title), ...rows.map(([reason, count]) =>
    element("div", { class: "bar" },
      element("span", { class: "label", title: words(reason) }, words(reason)),
      element("span", { class: "track", "aria-hidden": "true" }, wide(element("i", { class: tone }), count / rows[0][1])),
      element("span", { class: "count" }, number(count)))));
}

function arm(name, label, n, m) {
  return element("div", { class: `arm ${name}` },
    element("span", {}, label),
    element("span", { class: "count" }, element("strong", {}, number(n)), ` of ${number(m)}`),
    m ? element("span", { class: "track", "aria-hidden": "true" }, wide(element("i"), n / m)) : element("span", { class: "soft none" }, "none closed yet"),
    m ? element("span", { class: "soft count" }, percent(n / m)) : null);
}

const TONES = { "finds intent": "good", harms: "bad", "harms: paused": "bad", "chases static": "warn" };

/** The verdict, in the server's words. */
const finding = ({ finding: found }) => found && element("p", { class: "finding" },
  element("span", { class: `pill ${TONES[found.word] ?? ""}`, "data-finding": found.word }, found.word), ` ${found.sentence}`);

const unequal = ({ ratio }) => ratio?.alarm != null
  ? element("p", { class: "warn" }, `${number(ratio.treated)} customers treated and ${number(ratio.holdout)} held out: not the share that was drawn. Do not trust the comparison.`) : null;

const cut = ({ worth: { bounded, at_most: most } = {} }) => bounded && most
  ? element("p", { class: "soft" }, `${number(bounded)} of the goals were worth more than ${number(Math.round(most))}, 20 times the median, and count as that: no single one decides.`) : null;

/** The server's interval: it holds at every look (docs/adr/0010). */
function effect({ uplift }) {
  if (!uplift?.enough) return null;
  const { estimate, low, high, rows } = uplift;
  const most = Math.max(Math.abs(low), Math.abs(high));
  const at = (share) => 100 + (100 * share) / most;
  const tone = low > 0 ? "treated" : high < 0 ? "harm" : "";
  return element("div", { class: `effect ${tone}` },
    drawing("svg", { class: "interval", viewBox: "0 0 200 16", preserveAspectRatio: "none", "aria-hidden": "true" },
      drawing("path", { class: "ground", d: "M100 0V16" }),
      drawing("path", { class: "reach", d: `M${at(low)} 8H${at(high)}` }),
      drawing("path", { class: "point", d: `M${at(estimate)} 8h.01` })),
    element("p", { class: "soft" }, `${points(estimate)} points against the held out, between ${points(low)} and ${points(high)} (95 % at every look, ${number(rows)} windows).`));
}

const amount = (value) => `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`;

/** What else is compared: the value after refunds, the guards, and comparators ("what speed itself is worth"). */
function others({ value, guards, versus }) {
  const told = ({ estimate, low, high }, show) => `${show(estimate)}, between ${show(low)} and ${show(high)}`;
  const lines = [
    value?.enough && `Value per signal: ${told(value, amount)}.`,
    ...Object.entries(guards ?? {}).map(([name, found]) => found?.enough && `${name}: ${told(found, points)} points.`),
    ...Object.entries(versus ?? {}).map(([name, found]) => found?.enough && `${words(name)} against its comparator: ${told(found, points)} points.`),
  ].filter(Boolean);
  return lines.length ? element("ul", { class: "soft others" }, ...lines.map((line) => element("li", {}, line))) : null;
}

function worth(moment) {
  const { converted, resolved, pending } = moment;
  return element("div", { class: "worth" }, ...[element("h4", {}, "Goal reached when the window closed"),
    arm("treated", "Treated", converted?.treated ?? 0, resolved?.treated ?? 0),
    arm("holdout", "Held out", converted?.holdout ?? 0, resolved?.holdout ?? 0),
    finding(moment),
    unequal(moment),
    effect(moment),
    others(moment),
    cut(moment),
    pending ? element("p", { class: "soft" }, `${number(pending)} outcome${pending === 1 ? "" : "s"} pending`) : null].filter(Boolean));
}

function clause({ text, true: yes, false: no, missing, type, never_true: never }) {
  const all = yes + no + missing + type || 1;
  const parts = [["acted", yes, "true"], ["open", no, "false"], ["silent", missing, "missing"], ["wrong", type, "wrong type"]];
  return element("li", {},
    element("code", {}, text),
    element("div", { class: "stack thin", "aria-hidden": "true" }, ...parts.map(([tone, count]) => wide(element("i", { class: tone }), count / all))),
    element("small", { class: "soft" }, parts.filter(([, count]) => count).map(([, count, label]) => `${number(count)} ${label}`).join(" · ") || "never evaluated"),
    never ? element("small", { class: "warn" }, "Never true in 1,000 evaluations: is it written as you mean it?") : null);
}

function card(name) {
  const known = cards.get(name);
  if (known) return known;
  const [head, notes, body, summary, list] = [element("div", { class: "head" }), element("div"), element("div", { class: "grid" }), element("summary"), element("ul", { class: "clauses" })];
  const clauses = element("details", {}, summary, list);
  const made = { root: element("article", { class: "card moment", "data-moment": name }, head, notes, body, clauses), head, notes, body, clauses, summary, list };
  cards.set(name, made);
  return made;
}

function draw(moment, pauses) {
  const { root, head, notes, body, clauses, summary, list } = card(moment.moment);
  const scope = `moment:${moment.moment}`;
  const stopped = pauses.filter((one) => one.scope === scope);
  const text = JSON.stringify([moment, stopped]);
  if (root.drawn === text) return root;
  root.drawn = text;
  head.replaceChildren(element("h2", {}, moment.title || words(moment.moment)), element("span", { class: "mono soft" }, moment.moment),
    element("span", { class: "pill mode", title: MODES[moment.mode_now] ?? "" }, moment.mode_now === moment.mode ? moment.mode : `${moment.mode_now}, written ${moment.mode}`),
    stopButton(scope, stopped));
  notes.replaceChildren(...(moment.late_sources ?? []).map(({ sentence }) => element("p", { class: "warn" }, sentence)));
  body.replaceChildren(...[
    element("div", {}, element("h4", {}, `What became of ${number(moment.signals)} signal${moment.signals === 1 ? "" : "s"}`), fate(moment), reached(moment)),
    worth(moment),
    bars("Why silent", moment.silent, "silent"),
    bars("Stopped by the noise gate", moment.gated, "open"),
  ].filter(Boolean));
  const never = moment.clauses?.filter((one) => one.never_true).length ?? 0;
  clauses.hidden = !moment.clauses?.length;
  summary.replaceChildren("Conditions", never ? element("span", { class: "warn" }, ` · ${never} never true`) : "");
  list.replaceChildren(...(moment.clauses ?? []).map(clause));
  return root;
}

/** Draw the moments of `GET /console/moments`, in the order given. Cards stay, so an opened one stays open. */
export function drawMoments({ moments, pauses }) {
  const place = document.querySelector("#moments");
  const roots = moments.length ? moments.map((moment) => draw(moment, pauses)) : [element("p", { class: "card soft" }, "No moment is loaded.")];
  if (roots.length !== place.children.length || roots.some((root, index) => place.children[index] !== root)) place.replaceChildren(...roots);
}
