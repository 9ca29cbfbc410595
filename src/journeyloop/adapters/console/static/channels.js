// The panel of the ways out: what waits, what is in hand, how each stands with its provider; and what may not have arrived.
import { element, number, redraw, table, timestamp, words } from "./dom.js";

const STANDS = {
  closed: ["good", "sends"],
  open: ["warn", "resting: its provider is in trouble"],
  "half-open": ["warn", "trying again with one message"],
  missing: ["warn", "not connected"],
};

function channel({ channel: name, circuit, trouble, told }) {
  const [tone, said] = STANDS[circuit];
  const lost = ["unknown", "failed"].filter((state) => told[state]).map((state) => `${number(told[state])} ${state}`);
  const last = trouble ? [element("small", { class: "soft" }, "last trouble ", timestamp(trouble.at), `: ${words(trouble.reason)}`)] : [];
  return element("div", { "data-channel": name }, element("span", {}, name), element("small", { class: tone }, said),
    ...(lost.length ? [element("small", { class: "warn" }, lost.join(", "))] : []), ...last);
}

const lost = (one) => element("li", { "data-failed": one.decision_id },
  timestamp(one.ended), ` ${words(one.moment)} by ${one.channel}: `,
  element("span", { class: "warn" }, one.state), one.reason ? ` (${words(one.reason)})` : "");

/** Draw `GET /console/channels` and `GET /console/failed`; doubt is shown, not hidden. Without channels there is no panel. */
export function drawChannels({ channels }, { failed }, { unknown_deliveries: unknown }) {
  const place = document.querySelector("#channels");
  place.hidden = !channels.length && !failed.length;
  redraw(place, [channels, failed, unknown], () => [
    element("div", { class: "head" }, element("h2", {}, "Channels"),
      element("span", { class: unknown ? "warn" : "soft", "data-unknown": unknown }, `${number(unknown)} of unknown end`)),
    table(["Channel", "Waiting#", "In hand#", "Sent#"], channels.map((one) => [
      channel(one), number(one.waiting), number(one.in_hand), number(one.told.sent ?? 0)])),
    ...(failed.length ? [element("p", { class: "soft" }, "May not have arrived"), element("ul", {}, ...failed.map(lost))] : []),
  ]);
}
