// The live feed: two rows a second at most, newest first, still while somebody reads it.
import { Backlog } from "./backlog.js";
import { drawing, element, number, time, words } from "./dom.js";

const TICK = 500;
const ROWS = 60;
const TONE = { sent: "acted", goal: "acted", outcome: "answer", silence: "silent", cancelled: "silent", signal: "stalled" };
const ICONS = {
  event: "M8 8h.01", merge: "M3 4l5 4v5M13 4L8 8", signal: "M8 3v5l3 2M2 8a6 6 0 1 0 12 0A6 6 0 0 0 2 8",
  decision: "M3 8h10M9 4l4 4-4 4", sent: "M2 8l12-6-4 12-2.500-4.500z", silence: "M3 8a5 5 0 1 0 10 0A5 5 0 0 0 3 8M5 11l6-6",
  outcome: "M4 2l8 7-4 .5-2 4z", audience: "M3 7a3 3 0 1 0 6 0A3 3 0 0 0 3 7M1 14c1-4 9-4 10 0M11 4a3 3 0 0 1 0 5.500M13 10.500c1 .5 2 2 2 3.500", goal: "M3 8.500l3.500 3.500L13 4.500", gated: "M3 3h10l-4 5v5l-2-1V8z", cancelled: "M4 4l8 8M12 4l-8 8",
};
const NAMES = { gated: "gated", silence: "silent", cancelled: "cancelled" };

const icon = (kind) => drawing("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" },
  drawing("path", { d: ICONS[kind] ?? ICONS.event }));

function why({ kind, moment, reason }) {
  const said = reason && (NAMES[kind] ? `${NAMES[kind]}: ${words(reason)}` : words(reason));
  return [moment && words(moment), said].filter(Boolean).join(" · ");
}

function tally(others, rest) {
  const named = others.map(([text, count]) => `${number(count)} ${text}`).join(", ");
  return element("small", { class: "more", title: named }, `+${number(rest)} more event${rest === 1 ? "" : "s"}: ${named}`);
}

const who = ({ person, id }) => id
  ? element("a", { class: "person", href: `/customer?person=${encodeURIComponent(id)}` }, person)
  : element("span", { class: "person" }, person || "—");

function draw({ note, count, others }) {
  const reason = why(note);
  return element("li", { class: `row ${TONE[note.kind] ?? "plain"}`, "data-kind": note.kind, "data-count": count },
    element("time", { datetime: new Date(note.at).toISOString() }, time(note.at)),
    who(note),
    element("div", {},
      element("p", { class: "text" }, icon(note.kind), note.kind === "audience" ? words(note.text) : note.text, !others && count > 1 ? element("b", { class: "times" }, `× ${number(count)}`) : null),
      reason ? element("small", {}, reason) : null,
      others?.length ? tally(others, count - 1) : null));
}

/** Runs the feed. `tell({paused, waiting, connected})` hears of each change of state. */
export function runFeed(tell) {
  const list = document.querySelector("#feed");
  const backlog = new Backlog();
  const holds = new Set();
  const buttons = { pause: document.querySelector("#pause"), decisions: document.querySelector("#decisions") };
  const pressed = (name) => buttons[name].getAttribute("aria-pressed") === "true";
  let connected = false;

  const say = () => tell({ connected, paused: holds.size > 0, waiting: backlog.size });
  const hold = (why, on) => {
    if (on) holds.add(why);
    else holds.delete(why);
    say();
  };
  const toggle = (name) => {
    buttons[name].setAttribute("aria-pressed", String(!pressed(name)));
    hold("asked", pressed("pause"));
    list.classList.toggle("decisions-only", pressed("decisions"));
  };

  list.addEventListener("pointerenter", () => hold("hover", true));
  list.addEventListener("pointerleave", () => hold("hover", false));
  list.addEventListener("focusin", () => hold("focus", true));
  list.addEventListener("focusout", () => hold("focus", false));
  Object.keys(buttons).forEach((name) => buttons[name].addEventListener("click", () => toggle(name)));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("button, a, summary, input")) return;
    const name = { " ": "pause", d: "decisions" }[event.key];
    if (!name) return;
    event.preventDefault();
    toggle(name);
  });

  const source = new EventSource("/console/feed");
  source.onopen = () => { connected = true; say(); };
  source.onerror = () => { connected = false; say(); };
  source.addEventListener("note", ({ data }) => backlog.push(JSON.parse(data)));

  setInterval(() => {
    say();
    if (holds.size) return;
    const row = backlog.take(pressed("decisions"));
    if (!row) return;
    document.querySelector("#idle").hidden = true;
    list.prepend(draw(row));
    while (list.children.length > ROWS) list.lastElementChild.remove();
  }, TICK);
}
