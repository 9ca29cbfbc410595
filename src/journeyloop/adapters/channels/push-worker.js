// The worker that receives a push, shows it and says what became of it. A shop serves one line as /journeyloop-push.js:
//   importScripts("https://loop.example.com/push-worker.js");
// Law: what is shown is text. Where a click leads is a page of http(s). Its own address says whom to tell: `host` and
// `write_key`, no secret of anybody's.
"use strict";

const said = new URL(self.location.href).searchParams;

const tell = (id, outcome, test) => test || fetch(`${said.get("host")}/v1/outcomes`, {
  method: "POST", // text/plain: no preflight
  body: JSON.stringify({ write_key: said.get("write_key"), decision_id: id, outcome }),
  keepalive: true,
}).catch(() => {});

const page = (written) => {
  try {
    const url = new URL(written, self.location.origin);
    return /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch { /* no address */ }
};

const read = (data) => {
  try {
    return data.json() || {};
  } catch { return {}; } // no message of ours; the browser wants to see something all the same
};

const show = async ({ id, title = "", body, icon, url, test }) => {
  const options = { body, icon: icon && page(icon), tag: id, data: { id, url: url && page(url), test } };
  await self.registration.showNotification(test ? `Test: ${title}` : title, options);
  if (id) await tell(id, "shown", test);
};

const follow = async (url) => {
  if (!url) return;
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = pages.find((one) => one.url === url);
  await (there ? there.focus() : self.clients.openWindow(url));
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(read(event.data))));
self.addEventListener("notificationclick", (event) => {
  const { id, url, test } = event.notification.data || {};
  event.notification.close();
  event.waitUntil(Promise.all([follow(url), id && tell(id, "clicked", test)]));
});
self.addEventListener("notificationclose", (event) => {
  const { id, test } = event.notification.data || {};
  if (id) event.waitUntil(tell(id, "dismissed", test));
});
