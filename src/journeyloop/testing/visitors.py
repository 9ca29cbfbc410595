"""Three visitors that a moment should leave alone, and one that it should not; and what a plan makes of them.

Each is a small script of tabs and events. The real kernel runs it in memory, on a clock of its own: minutes of a visit
take milliseconds, and the same plan always gives the same answer.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.event import Event
from journeyloop.model.inputs import Epoch, Input, PlanChanged, Seen, TabClosed, TabOpened
from journeyloop.model.moment import HOUR, MINUTE, Present
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads, records
from journeyloop.runtime.batch import Batch
from journeyloop.runtime.memory import Memory

START = 1_700_000_000_000
SECOND = 1_000
SECRET = b"synthetic-visitor"
AFTERWARDS = HOUR
"""How long the shop goes on once they have left."""
OPENS, LEAVES = "opens", "leaves"


class Step(Struct, frozen=True):
    """`after` ms the visitor opens the tab, leaves it, or sends the event of this name."""

    after: int
    does: str
    properties: dict[str, Any] = {}


class Visitor(Struct, frozen=True):
    """`visible`: whether the tab is ever in front of them."""

    name: str
    story: str
    steps: tuple[Step, ...]
    visible: bool = True


class Met(Struct, frozen=True):
    """What a moment made of a visitor: how many signals, what the gate stopped by reason, and its last look."""

    moment: str
    signals: int
    gated: dict[str, int]
    last: str


_KETTLE = {"product_id": "kettle", "price": 75.0}
_GLIMPSE = (
    Step(6 * HOUR, OPENS),
    Step(500, "Page"),
    Step(1 * SECOND, "Product Viewed", _KETTLE),
    Step(7 * SECOND, LEAVES),
)

CURIOUS = Visitor(
    "the curious click",
    "lands, clicks one thing, leaves",
    (
        Step(0, OPENS),
        Step(500, "Page"),
        Step(4 * SECOND, "Product Viewed", _KETTLE),
        Step(5 * SECOND, LEAVES),
    ),
)
ACCIDENTAL = Visitor(
    "the accidental tab",
    "opened in the background, never seen, no input",
    (Step(0, OPENS), Step(500, "Page"), Step(40 * MINUTE, LEAVES)),
    visible=False,
)
PRICE_CHECKER = Visitor(
    "the price checker",
    "comes back to one product for seconds, again and again, and never goes deeper",
    _GLIMPSE * 8,
)
SHOPPER = Visitor(
    "the shopper",
    "looks around, fills a cart, goes to the payment step and hesitates",
    (
        Step(0, OPENS),
        Step(500, "Page"),
        Step(20 * SECOND, "Product Viewed", {"product_id": "grinder", "price": 180.0}),
        Step(40 * SECOND, "Product Viewed", _KETTLE),
        Step(25 * SECOND, "Product Added", _KETTLE),
        Step(10 * SECOND, "Cart Viewed"),
        Step(15 * SECOND, "Checkout Started"),
        Step(30 * SECOND, "Checkout Step Viewed", {"step": 3, "checkout_id": "c1"}),
        Step(10 * MINUTE, LEAVES),
    ),
)
VISITORS = (CURIOUS, ACCIDENTAL, PRICE_CHECKER)
"""Those whom a moment should leave alone."""


def meet(plan: Plan, visitor: Visitor) -> list[Met]:
    """Let the visitor come to a shop with this plan and nobody else in it; one answer per moment, in plan order."""
    visit = _Visit(plan, visitor)
    visit.apply(Epoch(1, "visitors", ""), PlanChanged(plan.hash))
    for at, step in enumerate(visitor.steps):
        visit.wait(step.after)
        visit.apply(visit.input(step, f"message-{at}"))
    visit.wait(AFTERWARDS)
    return [visit.met(name) for name in plan.moments]


class _Visit:
    """The kernel with one visitor and a clock."""

    def __init__(self, plan: Plan, visitor: Visitor) -> None:
        self.plan, self.visitor, self.now = plan, visitor, START
        self.who = ("anonymous_id", visitor.name)
        self.active = START
        self.store = MemoryStore()
        with self.store.read() as reader:
            self.memory = Memory(SECRET, plan, reader)

    def input(self, step: Step, message: str) -> Input:
        match step.does:
            case "opens":
                return TabOpened(self.who, 1)
            case "leaves":
                return TabClosed(self.who, 1, self.now)
        self.active = self.now
        kind = "page" if step.does == "Page" else "track"
        properties = dict(step.properties)
        return Event(kind, step.does, message, self.now, anonymous_id=self.visitor.name, properties=properties)  # type: ignore[arg-type]

    def apply(self, *inputs: Input) -> None:
        """One batch, then the timers due by now."""
        with self.store.write() as transaction:
            batch = Batch(transaction, self.memory, lambda _: self.plan, self._watch)
            for one in inputs:
                batch.apply(one, self.now)
            while batch.fire(self.now, 1_000):
                pass
            batch.flush()

    def wait(self, duration: int) -> None:
        """The clock runs, stopping at every timer."""
        end = self.now + duration
        while (due := self._next()) is not None and due <= end:
            self.now = max(self.now, due)
            self.apply()
        self.now = end

    def _next(self) -> int | None:
        with self.store.read() as reader:
            return next((int.from_bytes(key[:8], "big") for key, _ in reader.scan("timers")), None)

    def _watch(self, anonymous_ids: list[str], present: Present | None) -> Seen | None:
        with self.store.read() as reader:
            customer = reads.find_customer(reader, SECRET, self.who)
        open_ = customer is not None and customer.header.presence.open(1)
        return Seen("/", self.visitor.visible, self.now - self.active) if open_ else None

    def met(self, name: str) -> Met:
        with self.store.read() as reader:
            raw = reader.get("moments", name.encode())
            customer = reads.find_customer(reader, SECRET, self.who)
        counts = {} if raw is None else records.decode_tally(raw).counts
        look = None if customer is None else customer.sealed.looks.get(name)
        gated = {key.removeprefix("gated: "): count for key, count in counts.items() if key.startswith("gated: ")}
        last = "never looked" if look is None else f"{look.outcome}: {look.reason}" if look.reason else look.outcome
        return Met(name, counts.get("signals", 0), gated, last)
