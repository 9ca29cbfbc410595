"""The people of a simulated run: their browsers, the network between, and the on-page channel as they see it.

What they do is drawn from the run's seed. They know nothing of the loop but its inbox and what it writes to them.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from msgspec import Struct, json

from journeyloop.act import offers
from journeyloop.model.effects import Send
from journeyloop.model.event import Event
from journeyloop.model.inputs import ConsentStated, Held, Outcome, Paused, Seen, TabClosed, TabOpened
from journeyloop.model.moment import Present
from journeyloop.runtime import reads, records
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.perform import Performer
from journeyloop.runtime.ports import Store
from journeyloop.testing.faults import MINUTE, Faults
from journeyloop.testing.oracle import Oracle, zone_at

SECRET = b"simulated-secret"
HELD = 40 * MINUTE
NAMES = (
    "Checkout Step Viewed", "Checkout Step Viewed", "Payment Failed", "Product Viewed", "Page", "Order Completed",
    "Cart Viewed", "Wish Noted", "Guide Read",
)  # fmt: skip


class Browser(Struct):
    """One device. `tab`: this epoch was told of it; `stream`: a connection is open; `shown`: the ids it claimed."""

    id: str
    user: str
    tab: bool = False
    stream: bool = False
    shown: set[str] = set()


class Arrival(Struct):
    """Something in the inbox. `done` runs after its commit was performed."""

    input: Any
    done: Callable[[], None] | None = None


class Crowd:
    """Everything outside of the process. `Simulation` is the process."""

    random: Random
    faults: Faults
    oracle: Oracle
    store: Store
    memory: Memory
    performer: Performer
    now: int
    inbox: list[Arrival]

    def later(self, wait: int, what: Callable[[], None]) -> None:
        raise NotImplementedError

    def die(self, fault: str) -> None:
        raise NotImplementedError

    def __init__(self, people: int) -> None:
        self.browsers = {
            f"browser-{one}-{two}": Browser(f"browser-{one}-{two}", f"user-{one}")
            for one in range(people)
            for two in range(2)
        }
        self.unsent: dict[str, Event] = {}
        self.answered: list[Event] = []
        self.messages = 0

    def act(self) -> None:
        """Somebody does something."""
        browser = self.random.choice(list(self.browsers.values()))
        doings = (self._shop, self._login, self._say, self._connect, self._leave, self._retry, self._repeat, self._rush)
        self.random.choices(doings, (14, 2, 3, 4, 2, 2, 1, 1))[0](browser)
        if self.faults.pauses() or (self.oracle.paused and self.random.random() < 0.2):
            self.switch()

    def switch(self) -> None:
        """Whoever runs the shop pauses something, or lets it go on."""
        scope = next(iter(sorted(self.oracle.paused)), None)
        found = scope or self.random.choice(("all", "moment:letter", "channel:letters", "channel:hooks"))
        self.inbox.append(Arrival(Paused(found, scope is None, "somebody")))

    def aim(self, send: Send, connecting: int) -> None:
        """A message is in its channel's hand: just now something happens that must stop it, or the process dies."""
        done = self.faults.meddles()
        if done is None or not send.anonymous_ids:
            return
        browser = self.browsers[self.random.choice(send.anonymous_ids)]
        self.oracle.sometimes[f"in hand: {done}"] += 1
        meanwhile = self.random.randrange(connecting + 3_000)
        self.later(meanwhile * 40 if done == "signal" else meanwhile, lambda: self._meddle(done, browser))

    def _meddle(self, done: str, browser: Browser) -> None:
        who = ("anonymous_id", browser.id)
        match done:
            case "crash":
                self.die("in hand")
            case "opt out":
                self.inbox.append(Arrival(ConsentStated(who, {"marketing": False}, self.now, "server")))
            case "hold":
                topics = [moment.topic for moment in self.memory.plan.moments.values()]
                self.inbox.append(Arrival(Held(who, topics, self.now + HELD, "complaint")))
            case "purchase":
                self._send(Event("track", "Order Completed", "", self.now, None, browser.id))
            case "signal":
                name = self.random.choice(NAMES[-3:])
                self._send(Event("track", name, "", self.now, None, browser.id))
            case "pause":
                self.switch()

    def interfere(self, anonymous_ids: list[str]) -> None:
        """A message is about to reach these browsers: just now their person says no, logs in, or complains."""
        browser = self.browsers[self.random.choice(anonymous_ids)]
        if self.faults.opts_out_now():
            self.oracle.sometimes["aimed_opt_out"] += 1
            refusal = ConsentStated(("anonymous_id", browser.id), {"marketing": False}, self.now, "server")
            self.inbox.append(Arrival(refusal))
        elif self.faults.logs_in_now():
            self.oracle.sometimes["aimed_login"] += 1
            self._login(browser)
        elif self.faults.holds_now():
            self.oracle.sometimes["aimed_hold"] += 1
            topics = [moment.topic for moment in self.memory.plan.moments.values()]
            self.inbox.append(Arrival(Held(("anonymous_id", browser.id), topics, self.now + HELD, "complaint")))

    # --- the people ---------------------------------------------------------------------------------------------------

    def _shop(self, browser: Browser) -> None:
        name = self.random.choice(NAMES)
        user = browser.user if self.random.random() < 0.15 else None
        properties = {"order_id": self.random.choice("ab")}
        self._send(Event("track", name, "", self.now, user, browser.id, properties=properties))

    def _rush(self, browser: Browser) -> None:
        """Everybody wants the same at once."""
        name = self.random.choice(NAMES[-3:])
        for one in self.browsers.values():
            self._send(Event("track", name, "", self.now, None, one.id))

    def _login(self, browser: Browser) -> None:
        self._send(Event("identify", "Identify", "", self.now, browser.user, browser.id, traits={"tier": "gold"}))

    def _say(self, browser: Browser) -> None:
        """A word on consent, with an event or through the API; more often yes than no."""
        choices = {"marketing": self.random.random() < 0.7}
        if self.random.random() < 0.5:
            context = {"consent": {"categoryPreferences": choices}}
            self._send(Event("track", "Page", "", self.now, None, browser.id, context=context))
        else:
            self.inbox.append(Arrival(ConsentStated(("anonymous_id", browser.id), choices, self.now, "server")))

    def _send(self, event: Event) -> None:
        self.messages += 1
        event.message_id = f"m{self.messages}"
        event.context = {**event.context, "timezone": zone_at(event.anonymous_id or "")}
        self.unsent[event.message_id] = event
        if not self.faults.delays():
            self._deliver(event)

    def _deliver(self, event: Event) -> None:
        if not self.faults.loses_request():
            self.inbox.append(Arrival(event, lambda: self._acknowledge(event)))

    def _acknowledge(self, event: Event) -> None:
        """200: from here on the event must never be lost, even if the client does not hear of it."""
        self.oracle.acknowledged.add(event.message_id)
        if not self.faults.loses_answer():
            self.unsent.pop(event.message_id, None)
            self.answered.append(event)

    def _retry(self, browser: Browser) -> None:
        """Clients send again what was not answered, in any order."""
        waiting = list(self.unsent.values())
        self.random.shuffle(waiting)
        for event in waiting:
            self._deliver(event)

    def _repeat(self, browser: Browser) -> None:
        if self.answered:
            self._deliver(self.random.choice(self.answered))

    def _connect(self, browser: Browser) -> None:
        """A stream opens. What is on its way and unseen is offered again, after the loop knows of the tab."""
        browser.stream = True
        if browser.tab:
            return self._offer(browser)
        browser.tab = True
        opened = TabOpened(("anonymous_id", browser.id), self.memory.singles.epoch)
        self.inbox.append(Arrival(opened, lambda: self._offer(browser)))

    def _offer(self, browser: Browser) -> None:
        with self.store.read() as reader:
            customer = reads.find_customer(reader, SECRET, ("anonymous_id", browser.id))
        for send in offers(customer, self.now, self.memory.plan) if customer else []:
            self.performer.send(send)

    def _leave(self, browser: Browser) -> None:
        """The stream breaks; the tab is closed only if it does not come back."""
        browser.stream = False
        if browser.tab and self.random.random() < 0.5:
            browser.tab = False
            self.inbox.append(Arrival(TabClosed(("anonymous_id", browser.id), self.memory.singles.epoch, self.now)))

    # --- the on-page channel (the port `Pages`, as far as the performer uses it) ------------------------------------

    def watch(self, anonymous_ids: list[str], present: Present | None) -> Seen | None:
        there = any(self.browsers[one].stream for one in anonymous_ids)
        return Seen("/checkout", self.random.random() < 0.8, self.random.randrange(2 * MINUTE)) if there else None

    def __contains__(self, anonymous_id: object) -> bool:
        return any(browser.id == anonymous_id and browser.stream for browser in self.browsers.values())

    def push(self, anonymous_ids: list[str], content: Callable[[bool], bytes | None]) -> str | None:
        for browser in (self.browsers[one] for one in anonymous_ids if self.browsers[one].stream):
            frame = content(False)
            if frame is not None:
                self._receive(browser, json.decode(frame)["id"])
                return browser.id
        return None

    def tell(self, anonymous_ids: list[str], frame: bytes) -> None:
        self.oracle.sometimes["recall"] += 1

    def frame(self, event: str, content: dict[str, Any]) -> bytes:
        return json.encode(content)

    def _receive(self, browser: Browser, name: str) -> None:
        """The first byte has left: the oracle judges. The browser shows an id once, and says so."""
        decision = bytes.fromhex(name)
        with self.store.read() as reader:
            raw = reader.get("deliveries", decision)
            person = reads.decision_person(reader, decision) or b""
        state = records.decode_delivery(raw).state if raw else "none"
        self.oracle.pushed(browser.id, decision, state, self.now)
        if name in browser.shown or self.faults.loses_frame():
            return
        browser.shown.add(name)
        self.oracle.sometimes["shown"] += 1
        said = self.random.choice((["shown"], ["shown", "clicked"], ["dismissed"], ["shown", "shown"]))
        self.inbox += [Arrival(Outcome(person, decision, one)) for one in said]
