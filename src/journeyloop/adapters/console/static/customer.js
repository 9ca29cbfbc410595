// The Customer screen: finds one person by any of their names, and keeps what is known of them fresh.
import { drawCart, drawConsent, drawIdentity, drawKnown, drawMembership } from "./known.js";
import { element, redraw } from "./dom.js";
import { guesses } from "./search.js";
import { drawTimeline } from "./timeline.js";

const EVERY = 2000;
const HINT = "Type a user id, an anonymous id, an e-mail address, a phone number with its country code, or another identifier as type:value.";
const asked = new URLSearchParams(location.search);
const typed = asked.get("q");
let query = asked.size && typed === null ? asked : undefined;

function say(text) {
  const place = document.querySelector("#message");
  place.hidden = !text;
  if (place.textContent !== text) place.textContent = text;
}

async function fetchProfile(fields) {
  const answer = await fetch(`/console/profile?${new URLSearchParams(fields)}`).catch(() => undefined);
  if (!answer) return { trouble: "The server does not answer." };
  if (answer.status === 401 || answer.status === 403) return { trouble: "Open me on the server's own machine." };
  if (answer.status === 404) return {};
  const told = await answer.json().catch(() => undefined);
  return answer.ok ? { profile: told } : { refused: told?.error?.message ?? "The server does not answer." };
}

/** Try what was typed as each kind of identifier; the address then names the one that was meant. */
async function find() {
  let last = {};
  for (const fields of guesses(typed)) {
    const found = await fetchProfile(fields);
    if (found.profile) {
      query = new URLSearchParams(fields);
      history.replaceState(null, "", `/customer?${query}`);
    }
    if (found.profile || found.trouble) return found;
    last = found.refused ? found : last;
  }
  return last;
}

const value = ({ identifiers }, type) => identifiers.findLast((one) => one.type === type)?.value;

function nameOf(profile) {
  const { first_name: first, last_name: last, name } = profile.traits;
  const full = [first, last].filter((part) => typeof part === "string" && part).join(" ") || (typeof name === "string" && name);
  return full || value(profile, "user_id") || value(profile, "email") || `Visitor ${profile.person.slice(0, 4)}`;
}

const pill = (text, tone = "") => element("span", { class: `pill ${tone}` }, text);

function drawHead(profile) {
  const name = nameOf(profile);
  document.querySelector("#name").textContent = name;
  document.title = `${name} · journeyloop`;
  const { known, tabs_open: open, session } = profile;
  redraw(document.querySelector("#pills"), [known, open, session.number], () => [
    pill(known ? "known" : "anonymous"),
    open ? pill("here now", "good") : null,
    session.number ? element("span", { class: "soft" }, `session ${session.number}`) : null,
  ]);
}

function draw({ profile, trouble, refused }) {
  if (trouble || refused) return say(trouble || refused);
  const place = document.querySelector("#customer");
  place.hidden = !profile;
  if (!profile) return say("Nobody goes by this name.");
  say("");
  drawHead(profile);
  drawTimeline(profile);
  drawIdentity(profile);
  drawConsent(profile);
  drawMembership(profile);
  drawCart(profile);
  drawKnown(profile);
}

async function poll() {
  if (!document.hidden) draw(query ? await fetchProfile(query) : await find());
  setTimeout(poll, EVERY);
}

document.querySelector("input[type=search]").value = typed ?? "";
if (query || typed) {
  poll();
} else {
  say(HINT);
  document.querySelector("input[type=search]").focus();
}
