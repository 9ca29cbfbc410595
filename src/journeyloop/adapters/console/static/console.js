// The Live screen: asks for the counts every two seconds, listens to the feed, says how it stands.
import { element, number } from "./dom.js";
import { runFeed } from "./feed.js";
import { drawContacts } from "./contacts.js";
import { drawFigures } from "./figures.js";
import { drawMoments } from "./moments.js";
import { drawChannels } from "./channels.js";
import { drawAudiences, drawSources } from "./panels.js";
import { drawHistory } from "./history.js";
import { drawPauses } from "./stopping.js";
import "./search.js";

const EVERY = 2000;
let feed = { connected: false, paused: false, waiting: 0 };
let trouble = "";

function drawStatus() {
  const { connected, paused, waiting } = feed;
  const [text, tone] = trouble ? [trouble, "warn"]
    : !connected ? ["connecting", "warn"]
      : paused ? [`paused · ${number(waiting)} waiting`, "warn"] : ["live", "good"];
  const pill = document.querySelector("#status");
  if (pill.textContent !== text) pill.textContent = text;
  pill.className = `pill ${tone}`;
}

function drawProblems(problems) {
  const place = document.querySelector("#problems");
  const errors = problems.some(({ level }) => level === "error");
  place.hidden = problems.length === 0;
  place.className = errors ? "problems bad" : "problems";
  place.replaceChildren(
    element("h2", {}, errors ? "The configuration has errors. The last good plan keeps running." : "The configuration has warnings."),
    element("ul", {}, ...problems.map(({ file, line, message }) =>
      element("li", {}, element("code", {}, `${file}:${line}`), ` ${message}`))));
}

const told = (path) => fetch(path).then((answer) => (answer.ok ? answer.json() : undefined)).catch(() => undefined);

async function drawPanels(counts) {
  const [audiences, sources, channels, failed] = await Promise.all([
    told("/console/audiences"), told("/console/sources"), told("/console/channels"), told("/console/failed?limit=5"),
  ]);
  if (audiences) drawAudiences(audiences);
  if (sources) drawSources(sources, counts);
  if (channels && failed) drawChannels(channels, failed, counts);
}

async function ask() {
  const answer = await fetch("/console/moments").catch(() => undefined);
  if (answer?.status === 401 || answer?.status === 403) return "open me on the server's own machine";
  if (!answer?.ok) return "the server does not answer";
  const counts = await answer.json();
  document.querySelector("#plan").textContent = counts.plan.slice(0, 8);
  drawProblems(counts.problems);
  drawPauses(counts);
  drawFigures(counts);
  drawMoments(counts);
  await drawPanels(counts);
  await drawContacts();
  await drawHistory(counts);
  return "";
}

async function poll() {
  if (!document.hidden) {
    trouble = await ask();
    drawStatus();
  }
  setTimeout(poll, EVERY);
}

runFeed((state) => {
  feed = state;
  drawStatus();
});
poll();
