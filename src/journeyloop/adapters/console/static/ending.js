// How the conversation ended: one button for each disposition of the policy, with what it holds and releases.
import { duration, element, redraw, when, words } from "./dom.js";

const place = document.querySelector("#ending");
const note = element("input", { id: "note", type: "text", "aria-label": "Note", placeholder: "Note (optional)", maxlength: "2000", autocomplete: "off" });
const said = element("p", { class: "said soft", role: "status" });

function meaning({ hold, for_ms: length, release }) {
  const parts = [
    hold.length ? `no ${hold.map(words).join(", ")} for ${duration(length)}` : "",
    release.length ? `${release.map(words).join(", ")} allowed again` : "",
  ];
  return parts.filter(Boolean).join(" · ") || "noted";
}

async function send(person, disposition) {
  const body = JSON.stringify({ person, disposition, note: note.value });
  const answer = await fetch("/console/agent/disposition", { method: "POST", body }).catch(() => undefined);
  const told = await answer?.json().catch(() => undefined);
  if (!answer?.ok) {
    said.textContent = `Not noted: ${told?.error?.message ?? "the server does not answer."}`;
    return;
  }
  note.value = "";
  said.textContent = `Noted: ${words(disposition)}${told.until ? `, until ${when(told.until)}` : ""}.`;
}

function ending(person, one) {
  const made = element("button", { type: "button", "data-disposition": one.disposition },
    element("span", {}, words(one.disposition)), element("small", {}, meaning(one)));
  made.onclick = () => send(person, one.disposition);
  return made;
}

/** Nothing where the policy names none. */
export function drawEnding({ person, dispositions }) {
  place.hidden = !dispositions.length;
  redraw(place, [person, dispositions], () => [
    element("div", { class: "head" }, element("h2", {}, "End of the conversation")),
    note,
    element("div", { class: "endings" }, ...dispositions.map((one) => ending(person, one))),
    said,
  ]);
}
