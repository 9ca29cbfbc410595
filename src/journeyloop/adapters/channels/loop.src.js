/*! journeyloop, from loop.src.js. Apache-2.0 */
// The page's end of journeyloop: sends events, holds one stream per browser, shows each message once.
// Law: before consent no id, no storage, no network. Content is only ever set as text, never as HTML.
(() => {
  "use strict";
  if (window.journeyloop) return;
  const tag = document.currentScript;
  const { writeKey, token } = tag.dataset;
  const base = (tag.dataset.host || new URL(tag.src).origin).replace(/\/+$/, "");
  const granted = tag.dataset.consent === "granted";
  const KEY = "journeyloop";
  const QUEUE = ".queue.";
  const PUSH = ".push"; // where push.js keeps what the server knows
  const BEAT = 10000;
  const RESTED = 5000;
  const LONGEST = 60000;
  const { locks } = navigator;
  const { now } = Date;

  let me; // {id, user, choices, sign}: who this browser is, and the server's word that the id is its own; undefined without consent
  let life; // aborted when consent goes: every listener hangs on it
  let channel, source, leading, wanted, card;
  let input = now();
  let backoff = 1000;
  let reopen = 1000;
  let flying = [];
  let queue = []; // not yet taken by the server; a copy is stored under a name of this tab's own: tabs never overwrite each other
  let early = []; // events recorded before consent
  const tabs = new Map(); // what the other tabs last said; kept by the leader
  const heard = {};

  const hex = () => crypto.getRandomValues(new Uint8Array(16)).reduce((text, byte) => text + (byte + 256).toString(16).slice(1), "");
  const uuid = () => crypto.randomUUID?.() || hex();
  const tab = uuid();
  const save = (name, value) => {
    try { localStorage[KEY + name] = JSON.stringify(value); } catch { /* full, or refused */ }
  };
  const load = (name) => {
    try { return JSON.parse(localStorage[KEY + name]); } catch { /* not stored, or refused */ }
  };
  const list = (name) => load(name) || [];
  const drop = (name) => delete localStorage[KEY + name];
  const keys = (name) => {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(KEY + name)).map((key) => key.slice(KEY.length));
    } catch { return []; }
  };
  const visible = () => document.visibilityState === "visible";
  const on = (target, name, act, { signal }, capture = true) => target.addEventListener(name, act, { signal, capture });
  const emit = (name, detail) => (heard[name] || []).forEach((listener) => queueMicrotask(() => listener(detail)));
  const post = (path, body) => {
    const text = JSON.stringify({ write_key: writeKey, ...body }); // text/plain: no preflight
    return fetch(base + path, { method: "POST", body: text, keepalive: text.length < 60000 }).catch(() => ({ status: 503 }));
  };
  const ask = (timeout, body) => Promise.race([ // {} if there is no answer in time
    post("/v1/ask", body).then((answer) => answer.json()).catch(() => ({})),
    new Promise((late) => setTimeout(late, timeout, {})),
  ]);

  // --- events and outcomes: stored until the server has them; a resend carries the same messageId -----------------

  const date = () => new Date().toISOString();
  const place = () => {
    const { pathname: path, href: url } = location;
    const { title, referrer } = document;
    return { path, url, title, referrer };
  };
  const record = (type, fields) => {
    const { userAgent, language: locale } = navigator;
    const context = { page: place(), userAgent, locale, library: { name: "loop.js" } };
    const event = { type, messageId: uuid(), timestamp: date(), ...fields, context };
    if (me) enqueue(stamp(event));
    else early = [...early, event].slice(-100);
  };
  const stamp = (event) => {
    if (event.userId) save("", Object.assign(me, { user: event.userId }));
    if (me.choices) event.context.consent = { categoryPreferences: me.choices };
    return { ...event, anonymousId: me.id, userId: me.user };
  };
  const stated = () => record("track", { event: "Segment Consent Preference Updated" });
  const enqueue = (item) => {
    keep([...queue, item]);
    queueMicrotask(flush);
  };
  const keep = (items) => {
    queue = items.slice(-100);
    if (queue.length) save(QUEUE + tab, queue);
    else keys(QUEUE + tab).forEach(drop);
  };
  const adopt = () => keys(QUEUE).forEach((name) => { // what closed tabs, or busy ones, left: a resend does no harm
    if (name === QUEUE + tab) return;
    keep([...list(name), ...queue]);
    drop(name);
  });
  const deliver = ([first, ...rest]) => (first.outcome
    ? post("/v1/outcomes", { decision_id: first.decision_id, outcome: first.outcome })
    : post("/v1/batch", { writeKey, sentAt: date(), batch: [first, ...rest] }));
  const attempt = async (items) => {
    const { status, headers } = await deliver(items);
    if (status !== 429 && status < 500) {
      backoff = 1000;
      return true; // taken, or refused for good
    }
    const wait = headers?.get("Retry-After") * 1000 || backoff;
    backoff = Math.min(backoff * 2, LONGEST);
    await new Promise((wake) => setTimeout(wake, wait));
  };
  const waiting = () => queue.filter(({ messageId }) => !flying.includes(messageId));
  const upcoming = () => {
    const outcome = waiting().find((item) => item.outcome); // first: it changes the next decision
    return outcome ? [outcome] : waiting().slice(0, 20);
  };
  const flush = async () => {
    if (!me || flying.length) return;
    const items = upcoming();
    if (!items.length) return;
    flying = items.map(({ messageId }) => messageId);
    const done = await attempt(items);
    if (me && done) keep(waiting());
    flying = [];
    flush();
  };
  const leave = () => {
    const items = waiting(); // what cannot be sent now, the next page sends
    const events = items.filter((item) => item.type);
    items.forEach((item) => item.outcome && deliver([item]));
    if (events.length) deliver(events);
    say({ gone: tab });
  };

  // --- consent and identity --------------------------------------------------------------------------------------

  const adopted = () => { // the anonymous id of analytics.js, if it runs on this page
    try {
      const id = window.analytics.user().anonymousId();
      return typeof id === "string" && id;
    } catch { return false; }
  };
  const begin = (choices) => {
    wanted = { choices };
    if (!window.analytics?.ready || adopted()) return start();
    window.analytics.ready(start);
    setTimeout(start, 3000); // it may be blocked
  };
  const issued = () => { // a new id is the server's, or our own if it is slow or the visitor leaves
    save("", { ...load(""), ...wanted });
    return Promise.race([ask(1000, {}), new Promise((left) => window.addEventListener("pagehide", left))]);
  };
  const start = async () => {
    if (me || !wanted) return;
    const given = adopted() || load("")?.id ? {} : await issued();
    if (me || !wanted) return;
    me = { id: given.anonymous_id || uuid(), sign: given.token, ...load(""), ...wanted.choices && wanted }; // another tab may have been quicker
    me.id = adopted() || me.id;
    save("", me);
    early.splice(0).forEach((event) => enqueue(stamp(event)));
    if (wanted.choices) stated();
    land();
    attend();
    beat();
  };
  const land = () => { // from a link of a message: it was clicked, and the address forgets it
    const [before, id, after] = location.href.split(/jl_id=(\w+)&?/);
    if (!id) return;
    history.replaceState(null, "", before + after);
    tell(id, "clicked");
  };
  const withdraw = async (choices) => {
    me ||= load("");
    if (me?.id) {
      unpush();
      me.choices = Object.fromEntries(Object.keys({ ...me.choices, ...choices }).map((name) => [name, false]));
      queue = [];
      stated();
    }
    const farewell = upcoming();
    halt();
    while (!me && farewell.length && !(await attempt(farewell)));
  };
  const halt = () => {
    me = wanted = undefined;
    early = queue = [];
    life?.abort();
    close();
    keys("").forEach(drop);
    if (granted) save("", { no: true });
  };
  const follow = ({ key }) => { // another tab wrote, or the site cleared its storage
    if (key && key !== KEY) return;
    const state = load("");
    if (!state || state.no) return me && halt();
    if (!state.id) return;
    if (!me) return begin();
    const { id } = me;
    me = state;
    if (id !== me.id) connect();
  };
  const become = (id) => {
    unpush();
    me.id = id;
    save("", me);
    connect();
  };

  const pushing = (word, ...rest) => import(`${base}/push.js`).then((script) => script[word](base, writeKey, ...rest));
  const unpush = () => load(PUSH) && pushing("end", me.id).catch(() => {}); // it was this visitor's

  // --- presence and stream: the tab that holds the lock leads, the others report to it ---------------------------

  const say = (words) => channel?.postMessage(words);
  const self = () => ({ tab, page: location.pathname, visible: visible(), idle: now() - input });
  const report = () => (leading ? publish() : say({ here: self() }));
  const publish = () => {
    const at = now();
    const others = [];
    tabs.forEach((one, id) => { // a hidden tab's timer may run only once a minute
      if (at - one.at > 13 * BEAT) tabs.delete(id);
      else others.push({ ...one.here, idle: one.here.idle + at - one.at });
    });
    post("/v1/presence", { anonymous_id: me.id, tabs: [self(), ...others] });
  };
  const hear = ({ data }) => {
    if (data.hello) report();
    if (data.show) offer(data.show);
    if (data.recall) retract(data.recall);
    if (!leading) return;
    if (data.here) tabs.set(data.here.tab, { here: data.here, at: now() });
    if (data.here || tabs.delete(data.gone)) publish();
  };
  const active = () => {
    const rested = now() - input > RESTED;
    input = now();
    if (rested) report();
  };
  const beat = () => {
    const id = adopted();
    if (id && id !== me.id) become(id);
    report();
    adopt();
    flush();
  };
  const lead = () => new Promise((release) => {
    on(life.signal, "abort", release, {});
    leading = true;
    connect();
    say({ hello: true });
  });
  const attend = () => {
    life = new AbortController();
    const { signal } = life;
    channel = new BroadcastChannel(KEY);
    channel.onmessage = hear;
    const ticking = setInterval(beat, BEAT);
    on(signal, "abort", () => {
      clearInterval(ticking);
      say({ gone: tab });
      channel.close();
      source?.close();
      tabs.clear();
      channel = source = leading = undefined;
    }, {});
    ["pointerdown", "pointermove", "keydown", "scroll"].forEach((name) => on(window, name, active, life));
    on(window, "popstate", report, life);
    on(window, "pagehide", leave, life);
    on(document, "visibilitychange", () => {
      report();
      browse();
    }, life);
    if (locks) locks.request(KEY, { signal }, () => life?.signal === signal && lead()).catch(() => {});
    else lead();
    browse();
  };
  const connect = () => {
    if (!leading) return;
    source?.close();
    const query = new URLSearchParams({ anonymous_id: me.id, write_key: writeKey, ...(token && { token }) });
    const stream = new EventSource(`${base}/v1/stream?${query}`);
    source = stream;
    stream.onopen = () => {
      reopen = 1000;
      publish();
    };
    stream.onerror = () => { // a dropped stream is reopened by the browser after `retry:`, a refused one by us
      if (stream.readyState !== 2) return;
      setTimeout(() => source === stream && connect(), reopen);
      reopen = Math.min(reopen * 2, LONGEST);
    };
    stream.addEventListener("show", ({ data }) => {
      const message = JSON.parse(data);
      if (settled(message.id)) return;
      message.until = now() + message.expires_in;
      save(".pending", [...pending(message.id), message].slice(-10));
      say({ show: message });
      offer(message);
    });
    stream.addEventListener("recall", ({ data }) => {
      const { id } = JSON.parse(data);
      say({ recall: id });
      retract(id);
    });
  };

  // --- messages: pending in storage until one visible tab has claimed and shown them -----------------------------

  const settled = (id) => list(".shown").includes(id);
  const pending = (but) => list(".pending").filter(({ id, until }) => id !== but && until > now());
  const settle = (id) => {
    save(".pending", pending(id));
    if (!settled(id)) save(".shown", [...list(".shown"), id].slice(-50));
  };
  const browse = () => pending().forEach(offer);
  const offer = (message) => {
    if (!fits(message)) return;
    if (!locks) return claim(message);
    // Held for the life of the page: localStorage reaches another process late, the lock does not.
    const hold = (lock) => lock && claim(message) && new Promise(() => {});
    locks.request(`${KEY}:show:${message.id}`, { ifAvailable: true }, hold).catch(() => {});
  };
  const fits = ({ id, until }) => me && !card && visible() && until > now() && !settled(id);
  const claim = (message) => {
    if (!fits(message)) return;
    show(message);
    settle(message.id);
    tell(message.id, "shown", message.test);
    return true;
  };
  const retract = (id) => {
    settle(id);
    if (card?.id !== id) return;
    close();
    emit("recalled", { id });
    browse();
  };
  const tell = (id, outcome, test) => { // of a test the server wants no word
    if (!test) enqueue({ messageId: uuid(), decision_id: id, outcome });
    emit(outcome, { id });
  };

  // --- rendering -------------------------------------------------------------------------------------------------

  const element = (name, attributes, ...children) => {
    const made = document.createElement(name);
    Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
    made.append(...children);
    return made;
  };
  const close = () => {
    if (!card) return;
    const { frame, before, keys } = card;
    const inside = document.activeElement === frame;
    card = undefined;
    keys.abort();
    frame.remove();
    if (inside) before?.focus?.();
  };
  const show = ({ id, style, title, body, button, test }) => {
    const dialog = style === "dialog";
    const frame = element(`${KEY}-message`, { "data-id": id });
    const root = frame.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet(); // allowed by a strict content security policy, unlike a style attribute
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    const keys = new AbortController();
    const finish = (outcome) => {
      tell(id, outcome, test);
      close();
      browse();
    };
    const cross = element("button", { "aria-label": "Close" }, "\u00d7");
    cross.onclick = () => finish("dismissed");
    const box = element("section", {
      role: dialog ? "dialog" : "region", "aria-label": title || "Message", tabindex: -1, ...(dialog && { "aria-modal": false }),
    }, test ? element("small", {}, "Test") : "", element("h2", {}, title || ""), element("p", {}, body || ""), cross);
    const link = button && element("a", { href: button.url }, button.label);
    if (/^https?:$/.test(link?.protocol)) { // never javascript: and its kin
      link.onclick = (click) => {
        if (link.href === location.href) click.preventDefault(); // already there: a reload would lose what was typed
        finish("clicked");
      };
      box.append(link);
    }
    on(document, "keydown", (press) => press.key === "Escape" && !press.defaultPrevented && finish("dismissed"), keys, false);
    const region = element("div", dialog ? {} : { "aria-live": "polite" });
    root.append(region);
    card = { id, frame, keys, before: document.activeElement };
    document.documentElement.append(frame);
    setTimeout(() => { // a live region speaks of what is added after it is there
      region.append(box);
      if (dialog) box.focus();
    }, 50);
  };
  const STYLE = `\
:host{all:initial;--back:#fff;--text:#1c1c1f;--on:#fff;--act:var(--journeyloop-accent,#4f46e5)}\
@media(prefers-color-scheme:dark){:host{--back:#242427;--text:#f4f4f5;--on:#161618;--act:var(--journeyloop-accent,#a5a0ff)}}\
section{box-sizing:border-box;position:fixed;z-index:999999;right:20px;bottom:20px;width:360px;padding:20px;border:1px solid #8884;border-radius:16px;\
background:var(--back);color:var(--text);box-shadow:0 12px 40px #0004;font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}\
h2{margin:0 32px 4px 0;font-size:17px}\
p{margin:0;opacity:.8}\
small{border:1px solid;padding:0 6px}\
a{display:inline-block;margin-top:16px;padding:9px 18px;border-radius:10px;background:var(--act);color:var(--on);font-weight:600;text-decoration:none}\
button{position:absolute;top:12px;right:12px;width:32px;height:32px;border:0;border-radius:8px;background:none;color:inherit;font:22px/1 system-ui;cursor:pointer}\
section:focus{outline:0}\
@media(max-width:480px){section{right:0;bottom:0;width:100%}a{display:block;text-align:center}}\
@media(prefers-reduced-motion:no-preference){section{animation:in .3s}@keyframes in{from{opacity:0;transform:translateY(12px)}}}`;

  // --- the page's own words --------------------------------------------------------------------------------------

  window.journeyloop = {
    track: (event, properties = {}) => record("track", { event, properties }),
    page(name, properties) {
      record("page", { name, properties: { ...place(), ...properties } });
      if (me) report();
    },
    identify: (userId, traits = {}) => record("identify", { userId, traits }),
    /** `{marketing: true}`, or true; false withdraws everything. */
    consent(choices) {
      if (choices !== true && !Object.values(choices || {}).some(Boolean)) return void withdraw(choices);
      const named = choices === true ? undefined : choices;
      if (!me) return begin(named);
      save("", Object.assign(me, { choices: named }));
      stated();
    },
    reset() {
      if (!me) return;
      const { choices } = me;
      unpush();
      save(".pending", []);
      save("", { choices });
      close();
      life.abort();
      me = undefined;
      wanted = {};
      start();
    },
    /** What to show at a place: the content with `clicked()`; null, without an answer in time, for what the page shows anyway. */
    async ask(placement, { timeout = 150, context } = {}) {
      if (!me?.sign && !token) return null;
      const { decisions } = await ask(timeout, { token: token || me?.sign, anonymous_id: me?.id, placements: [placement], context });
      const { decision_id: id, content } = decisions?.[placement] || {};
      if (!id || !me) return null;
      tell(id, "shown"); // of no content too: who is held out has seen the place like the others
      return content ? { ...content, clicked: () => tell(id, "clicked") } : null;
    },
    /** Ask the visitor whether this browser may be pushed to; true once it is. Browsers want a click for it. */
    async push() {
      return !!me && (await window.Notification?.requestPermission()) === "granted" && !!me && pushing("begin", me.id, token);
    },
    /** "shown", "clicked", "dismissed", "recalled": called with {id}. */
    on: (name, listener) => void (heard[name] = [...(heard[name] || []), listener]),
  };
  on(window, "storage", follow, {});
  const state = load("");
  if (state ? !state.no : granted) begin();
})();
