// What loop.js loads when a page calls journeyloop.push(): the browser subscribes, and the server is told where.
// Law: nothing here asks for permission; loop.js has asked, because the page wanted it and the visitor had consented.

// A scope of its own: the shop's own worker, if it has one, goes on as before.
const WORKER = "/journeyloop-push.js";
const SCOPE = "/journeyloop-push/";

const TOLD = "journeyloop.push"; // loop.js looks for it, to end what was this visitor's

const post = (base, body) => fetch(`${base}/v1/push`, { method: "POST", body: JSON.stringify(body), keepalive: true });

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt());

const activated = (worker) => new Promise((done) => {
  const look = () => (worker.state === "activated" || worker.state === "redundant") && done();
  worker.addEventListener("statechange", look);
  look();
});

const registered = async (base, writeKey) => {
  const query = new URLSearchParams({ host: base, write_key: writeKey });
  const registration = await navigator.serviceWorker.register(`${WORKER}?${query}`, { scope: SCOPE });
  await activated(registration.active || registration.waiting || registration.installing);
  return registration;
};

const subscribed = async ({ pushManager }, key) => {
  const known = await pushManager.getSubscription();
  const wanted = bytes(key);
  const had = new Uint8Array(known?.options.applicationServerKey || []);
  if (known && had.join() === wanted.join()) return known;
  await known?.unsubscribe(); // the server has another key by now
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
};

const stored = (name) => {
  try { return JSON.parse(localStorage[name]); } catch { /* not stored, or refused */ }
};

/** Subscribe this browser, and tell the server where if it does not know. False: the visitor took consent back. */
export const begin = async (base, writeKey, anonymousId, token) => {
  const answer = await fetch(`${base}/v1/push/key?${new URLSearchParams({ write_key: writeKey })}`);
  if (!answer.ok) throw new Error("the server has no channel that pushes");
  const subscription = await subscribed(await registered(base, writeKey), (await answer.json()).key);
  if (stored("journeyloop")?.id !== anonymousId) {
    await end(base, writeKey, anonymousId);
    return false;
  }
  const told = `${new Date().toDateString()} ${anonymousId} ${subscription.endpoint}`; // daily: the server may have forgotten
  if (stored(TOLD) === told) return true;
  const { ok } = await post(base, { write_key: writeKey, anonymous_id: anonymousId, token, subscription });
  if (!ok) throw new Error("the server refused the subscription");
  localStorage[TOLD] = JSON.stringify(told);
  return true;
};

/** End it, here and at the server: the id is not this visitor's any more, or consent was withdrawn. */
export const end = async (base, writeKey, anonymousId) => {
  delete localStorage[TOLD];
  post(base, { write_key: writeKey, anonymous_id: anonymousId, subscription: null }).catch(() => {});
  const registration = await navigator.serviceWorker?.getRegistration(SCOPE);
  return (await registration?.pushManager.getSubscription())?.unsubscribe(); // then its push service refuses us too
};
