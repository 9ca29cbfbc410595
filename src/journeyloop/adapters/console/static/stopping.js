// The kill switch: stop everything or one moment, and end that, after a confirmation that takes a note. Works by keyboard.
import { element, timestamp } from "./dom.js";

const dialog = element("dialog", { class: "card stopping", "aria-labelledby": "stopping-title" });
const title = element("h2", { id: "stopping-title" });
const note = element("input", { type: "text", "aria-label": "Why", placeholder: "Why? (for the history)", maxlength: "1000", autocomplete: "off" });
const yes = element("button", { type: "submit" });
const no = element("button", { type: "button" }, "Cancel");
const said = element("p", { class: "warn", role: "alert" });
const form = element("form", { method: "dialog" }, title, note, element("div", { class: "switches" }, yes, no), said);
dialog.append(form);
document.body.append(dialog);
no.onclick = () => dialog.close();

const called = (scope) => (scope === "all" ? "all sends" : scope.replace(":", " "));

async function turn(scope, stop) {
  const body = JSON.stringify({ scope, note: note.value });
  const answer = await fetch(stop ? "/console/pause" : "/console/resume", { method: "POST", body }).catch(() => undefined);
  if (answer?.ok) return dialog.close();
  said.textContent = "Not done: the server refused or does not answer.";
}

function ask(scope, stop) {
  title.textContent = stop ? `Stop ${called(scope)}, from the next send on?` : `Resume ${called(scope)}? What has expired is not sent.`;
  yes.textContent = stop ? "Stop" : "Resume";
  note.value = said.textContent = "";
  form.onsubmit = (submit) => {
    submit.preventDefault();
    turn(scope, stop);
  };
  dialog.showModal();
}

/** A button that stops this scope, or resumes it. */
export function stopButton(scope, pauses) {
  const stop = !pauses.some((one) => one.scope === scope);
  const made = element("button", { type: "button", class: stop ? "stop" : "stop on", "aria-label": `${stop ? "Stop" : "Resume"} ${called(scope)}` },
    scope === "all" ? `${stop ? "Stop" : "Resume"} all sends` : stop ? "Stop" : "Resume");
  made.onclick = () => ask(scope, stop);
  return made;
}

const pausedBy = ({ scope, at, by, note: why }) => element("li", { "data-paused": scope },
  element("strong", {}, called(scope)), ` by ${by ?? "the evidence"}`, ...(at ? [" at ", timestamp(at)] : []), why ? `: ${why}` : "");

/** Draw what is stopped, by whom, since when and why; and the switch for everything. */
export function drawPauses({ pauses }) {
  const place = document.querySelector("#pauses");
  const text = JSON.stringify(pauses);
  if (place.shown === text) return;
  place.shown = text;
  place.hidden = !pauses.length;
  place.replaceChildren(element("h2", {}, "Stopped"), element("ul", {}, ...pauses.map(pausedBy)));
  document.querySelector("#stop-all").replaceChildren(stopButton("all", pauses));
}
