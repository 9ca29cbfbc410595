// Two panels under the moments: who is in the audiences now, and how late the sources send.
import { duration, element, number, redraw, table, words } from "./dom.js";

function audience({ audience: name, where, members }) {
  return element("li", { class: "audience", "data-audience": name },
    element("div", {},
      element("p", {}, words(name)),
      element("code", { class: "soft" }, where)),
    element("strong", { class: "value" }, number(members)));
}

/** Draw `GET /console/audiences`. A plan without audiences has no panel. */
export function drawAudiences({ audiences }) {
  const place = document.querySelector("#audiences");
  place.hidden = !audiences.length;
  redraw(place, audiences, () => [
    element("div", { class: "head" }, element("h2", {}, "Audiences"), element("span", { class: "soft" }, "members now")),
    element("ul", {}, ...audiences.map(audience)),
  ]);
}

/** The moments this source cannot serve in time, each once, by the worst that is said of it. */
function late(source, moments) {
  return moments.flatMap((moment) => {
    const found = (moment.late_sources ?? []).find((one) => one.source === source);
    return found ? [element("small", { class: "warn", title: found.sentence }, `${words(moment.moment)}: ${found.sentence.split(":")[0]}`)] : [];
  });
}

/** Draw `GET /console/sources`, with what `GET /console/moments` says of their lateness. */
export function drawSources({ sources }, { moments }) {
  const place = document.querySelector("#sources");
  place.hidden = !sources.length;
  const said = moments.map(({ moment, late_sources: rows }) => [moment, rows]);
  const shown = sources.map(({ source, events, p50_ms: half, p95_ms: most }) => [source, events, half, most]);
  redraw(place, [shown, said], () => [
    element("div", { class: "head" }, element("h2", {}, "Sources"), element("span", { class: "soft" }, "from event to receipt")),
    table(["Source", "Events#", "p50#", "p95#"], shown.map(([source, events, half, most]) => [
      element("div", { "data-source": source }, element("span", {}, source), ...late(source, moments)),
      number(events), duration(half), duration(most)])),
  ]);
}
