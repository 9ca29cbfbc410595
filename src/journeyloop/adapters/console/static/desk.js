// The agent's desk: one person, one suggestion at most, what to know before speaking, and how the conversation ended.
// Whoever looks at a person here asks for them: what waits for an agent is handed over as soon as it does.
import { drawBrief } from "./brief.js";
import { element, redraw } from "./dom.js";
import { drawEnding } from "./ending.js";
import { guesses } from "./search.js";
import { drawSuggestion } from "./suggestion.js";

const HINT = "Type the customer's user id, e-mail address, phone number with its country code, or another identifier as type:value.";
const asked = new URLSearchParams(location.search);
const typed = asked.get("q");
let query = asked.size && typed === null ? asked : undefined;
let live = false;
let refused = 0;
let shown;

const place = (name) => document.querySelector(`#${name}`);
const pill = (text, tone = "") => element("span", { class: `pill ${tone}` }, text);

function say(text) {
  place("message").hidden = !text;
  place("message").textContent = text;
}

async function fetchNext(fields) {
  const answer = await fetch(`/console/agent/next?${new URLSearchParams(fields)}`).catch(() => undefined);
  if (!answer) return { trouble: "The server does not answer." };
  if (answer.status === 401 || answer.status === 403) return { trouble: "Open me on the server's own machine." };
  if (answer.status === 404) return {};
  const told = await answer.json().catch(() => undefined);
  return answer.ok ? { state: told } : { refused: told?.error?.message ?? "The server does not answer." };
}

/** Try what was typed as each kind of identifier; the address then names the one that was meant. */
async function find() {
  let last = {};
  for (const fields of query ? [query] : guesses(typed)) {
    const found = await fetchNext(fields);
    if (found.state) {
      query = new URLSearchParams(fields);
      history.replaceState(null, "", `/desk?${query}`);
    }
    if (found.state || found.trouble) return found;
    last = found.refused ? found : last;
  }
  return last;
}

function drawHead({ person, brief: { who } }) {
  place("name").textContent = who.name;
  document.title = `${who.name} · Agent desk`;
  redraw(place("pills"), [who, live], () => [
    who.tier ? pill(who.tier, "good") : null,
    pill(who.known ? "known" : "anonymous"),
    who.here_now ? pill("on the site now", "good") : null,
    live ? pill("live") : pill("not live", "warn"),
    element("a", { class: "soft", href: `/customer?person=${person}` }, "everything"),
  ]);
}

function draw(state) {
  shown = state;
  say("");
  place("desk").hidden = false;
  drawHead(state);
  drawSuggestion(state, ask);
  drawBrief(state.brief);
  drawEnding(state);
}

/** Ask for what waits. What may not be handed over after all is not asked for again and again. */
async function ask() {
  const { state } = await fetchNext(query);
  if (!state) return;
  refused = state.suggestion ? 0 : state.waiting;
  draw(state);
}

function hear(state) {
  draw(state);
  refused = Math.min(refused, state.waiting);
  if (state.suggestion || state.waiting <= refused) return;
  refused = state.waiting;
  ask();
}

function listen() {
  const stream = new EventSource(`/console/agent/stream?${query}`);
  const turn = (now) => {
    live = now;
    if (shown) drawHead(shown);
  };
  stream.addEventListener("open", () => turn(true));
  stream.addEventListener("error", () => turn(false));
  stream.addEventListener("state", (event) => hear(JSON.parse(event.data)));
}

async function begin() {
  const { state, trouble, refused: no } = await find();
  if (!state) return say(trouble || no || "Nobody goes by this name.");
  refused = state.suggestion ? 0 : state.waiting;
  draw(state);
  listen();
}

document.querySelector("input[type=search]").value = typed ?? "";
if (query || typed) {
  begin();
} else {
  say(HINT);
  document.querySelector("input[type=search]").focus();
}
