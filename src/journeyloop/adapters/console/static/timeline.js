// What a person did and what was decided on it, newest first, each decision with every candidate's verdict.
import { duration, element, money, number, redraw, table, timestamp, when, words } from "./dom.js";

const LATE = 60_000;

const pathOf = ({ context }) => (typeof context?.page?.path === "string" ? context.page.path : "");

function details(event) {
  const { kind, properties = {}, traits } = event;
  if (kind === "page") return pathOf(event);
  if (traits) return Object.keys(traits).map(words).join(", ");
  const price = properties.price ?? properties.revenue ?? properties.total;
  return [
    properties.name,
    typeof price === "number" ? money(price) : undefined,
    properties.step === undefined ? undefined : `step ${properties.step}`,
  ].filter((part) => part !== undefined && part !== null && part !== "").join(" · ");
}

const isLate = ({ time, received }) => received - time > LATE;

function drawEvent(event) {
  const { name, time, received, source } = event;
  const from = [source, pathOf(event)].filter(Boolean).join(" · ");
  return element("li", { class: "entry", "data-kind": "event" },
    timestamp(time),
    element("div", {},
      element("p", { title: from }, element("strong", {}, name), " ", element("span", { class: "soft" }, details(event))),
      isLate(event) ? element("small", { class: "warn" }, `came ${duration(received - time)} later`) : null));
}

function title({ action, state }) {
  if (action) return element("strong", {}, words(action.action));
  return element("strong", {}, state === "silent" ? "Stayed silent" : words(state));
}

function fate({ shown, clicked, dismissed, recalled }) {
  const parts = [["shown", shown], ["clicked", clicked], ["dismissed", dismissed]]
    .filter(([, at]) => at).map(([said, at]) => `${said} ${when(at)}`);
  if (recalled) parts.push(`taken back: ${words(recalled)}`);
  return parts.length ? element("small", { class: "soft" }, parts.join(" · ")) : null;
}

function signal({ moment, arm, mode, confidence, doubts }) {
  const sure = typeof confidence === "number" ? `${Math.round(100 * confidence)} % sure` : "";
  const because = doubts?.length ? ` (${doubts.map(words).join(", ")})` : "";
  return element("small", { class: "soft" }, [words(moment), arm, mode, `${sure}${because}`].filter(Boolean).join(" · "));
}

function verdicts({ candidates, moments, action }) {
  if (!candidates.length) return null;
  const several = moments.length > 1;
  const chosen = (one) => action && one.moment === action.moment && one.action === action.action;
  return table(["Candidate", "Channel", "Chance#", "Verdict#"], candidates.map((one) => [
    element("span", { title: words(one.moment) }, several ? `${words(one.action)} · ${words(one.moment)}` : words(one.action)),
    words(one.channel),
    one.propensity ? `${number(Math.round(100 * one.propensity))} %` : "–",
    element("span", { class: chosen(one) ? "good" : one.verdict === "eligible" ? "" : "warn" }, chosen(one) ? "chosen" : words(one.verdict)),
  ]));
}

function drawDecision(made) {
  const { at, action, reason, state, state_reason: because } = made;
  const tone = action && state !== "shadow" ? "acted" : "silent";
  const more = because && because !== reason ? ` · ${words(because)}` : "";
  return element("li", { class: `entry ${tone}`, "data-kind": "decision", "data-decision": made.id },
    timestamp(at),
    element("div", {},
      element("p", {}, title(made), action ? element("span", { class: `pill ${tone === "acted" ? "good" : "warn"}` }, words(state)) : null),
      element("p", { class: "reason" }, words(reason) + more),
      ...made.moments.map(signal),
      element("div", { class: "verdicts" }, verdicts(made)),
      fate(made)));
}

function drawTold({ at, to, type, reason, moment, topics, state, why, took_ms: took }) {
  const fine = state === "acknowledged" ? `acknowledged after ${duration(took)}` : [state, why].filter(Boolean).map(words).join(": ");
  const about = [moment, reason === "moment" ? "" : reason, topics.join(", ")].filter(Boolean).map(words).join(" · ");
  return element("li", { class: "entry", "data-kind": "told" },
    timestamp(at),
    element("div", {},
      element("p", {}, element("strong", {}, `Told ${to}`), " ", element("span", { class: "soft" }, words(type))),
      element("small", { class: "soft" }, [about, fine].filter(Boolean).join(" · "))));
}

/** Draw the newest events and decisions of a profile, and what other systems were told. */
export function drawTimeline({ events, decisions, told = [] }) {
  const entries = [
    ...decisions.map((made) => [made.at, () => drawDecision(made)]),
    ...events.map((event) => [event.received, () => drawEvent(event)]),
    ...told.map((one) => [one.at, () => drawTold(one)]),
  ].sort(([one], [other]) => other - one);
  redraw(document.querySelector("#timeline"), [events, decisions, told], () => [
    element("div", { class: "head" }, element("h2", {}, "Timeline"), element("span", { class: "soft" }, "newest first, with every candidate's verdict")),
    entries.length ? element("ol", {}, ...entries.map(([, make]) => make())) : element("p", { class: "soft" }, "Nothing has happened lately."),
  ]);
}
