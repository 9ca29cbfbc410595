// The one suggestion, with its reason: accepted by `a`, declined by `d` and a reason's number.
import { element, redraw, timestamp, words } from "./dom.js";

const REASONS = ["not_relevant", "already_done", "wrong_moment", "customer_refuses", "not_allowed", "other"];
const UNSEEN = 300;
const place = document.querySelector("#suggestion");
let current;
let since = 0;
let declining = false;
let said = "";
let next = () => {};

const key = (name) => element("kbd", { "aria-hidden": "true" }, name);
const texts = (value) => (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).map(String);

function button(label, shortcut, tone, act) {
  const made = element("button", { type: "button", class: tone, "aria-keyshortcuts": shortcut }, label, key(shortcut));
  made.onclick = act;
  return made;
}

async function send(answer, reason) {
  const { decision_id } = current;
  const body = JSON.stringify({ decision_id, answer, ...(reason ? { reason } : {}) });
  const told = await fetch("/console/agent/answer", { method: "POST", body }).catch(() => undefined);
  const error = told && !told.ok ? (await told.json().catch(() => undefined))?.error?.message : undefined;
  said = told?.ok ? (reason ? `Declined: ${words(reason)}.` : "Accepted.") : error ?? "Not taken: the server does not answer.";
  declining = false;
  next();
}

function turn(open) {
  declining = open;
  render();
  if (open) place.querySelector(".reasons button").focus();
}

function answers() {
  if (!declining) {
    return element("div", { class: "answer" },
      button("Accept", "a", "yes", () => send("accepted")),
      button("Decline …", "d", "", () => turn(true)));
  }
  return element("div", { class: "answer" },
    element("div", { class: "reasons", role: "group", "aria-label": "Why not?" },
      ...REASONS.map((reason, at) => button(words(reason), String(at + 1), "", () => send("declined", reason)))),
    button("Back", "Esc", "", () => turn(false)));
}

function some({ content, because, reason, expires }) {
  return [
    element("p", { class: "because" }, element("span", { class: "pill warn" }, because), element("span", { class: "soft" }, "valid until ", timestamp(expires))),
    element("h2", { class: "title" }, String(content.title)),
    ...texts(content.brief).map((text) => element("p", {}, text)),
    ...texts(content.say).map((text) => element("p", { class: "say" }, element("small", {}, "Say"), text)),
    element("p", { class: "why soft" }, `Why this: ${words(reason)}.`),
    answers(),
  ];
}

const none = (reason) => [
  element("h2", { class: "title" }, "No suggestion"),
  element("p", { class: "soft" }, `${words(reason).replace(/^./, (first) => first.toUpperCase())}.`),
];

function render(reason = "") {
  place.className = `card ${current ? "some" : "none"}`;
  redraw(place, [current, declining, said, reason], () => [
    ...(current ? some(current) : none(reason)),
    said ? element("p", { class: "said soft", role: "status" }, said) : null,
  ]);
}

/** `ask` fetches what comes after an answer. */
export function drawSuggestion({ suggestion, reason }, ask) {
  if (suggestion?.decision_id !== current?.decision_id) {
    since = Date.now();
    declining = false;
    if (suggestion) said = "";
  }
  current = suggestion ?? undefined;
  next = ask;
  render(reason);
}

document.addEventListener("keydown", (event) => {
  const busy = event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.target.closest("input, textarea");
  if (busy || !current || Date.now() - since < UNSEEN) return;
  if (declining && event.key === "Escape") turn(false);
  else if (declining && REASONS[event.key - 1]) send("declined", REASONS[event.key - 1]);
  else if (!declining && event.key === "a") send("accepted");
  else if (!declining && event.key === "d") turn(true);
  else return;
  event.preventDefault();
});
