"""One person: the state of the `advance` machine.

Two halves. `Header` is open: ids, times, counters, timers, caps: what the loop runs on. `Sealed` holds everything a
person would call theirs (names, traits, cart, identifiers); the trust layer encrypts it with a key per person.
A turn owns the customer it is given and changes it in place; nobody else holds it meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field, msgpack

from journeyloop.model.absorbed import Absorbed, Split
from journeyloop.model.brief import Brief
from journeyloop.model.cart import Cart
from journeyloop.model.consent import Consent
from journeyloop.model.context import Context
from journeyloop.model.decision import Delivery, Row
from journeyloop.model.identifier import Identifier, Name
from journeyloop.model.look import Look
from journeyloop.model.prediction import Observation
from journeyloop.model.subscription import Subscription
from journeyloop.model.zone import written_time

Stated = tuple[Any, int, str]
"""A trait as it was stated: value, event time, source."""

Traits = dict[str, Stated]
MICROS = 1_000_000
NO_TRAITS = msgpack.encode({})
_pack = msgpack.Encoder().encode
_unpack = msgpack.Decoder(Traits).decode

Visit = tuple[int, int, int]
"""Time of the first and the last event (ms), and how many there were."""


class Session(Struct, array_like=True, gc=False):
    """The newest visit: ends after 30 minutes without an event. `signals` counts confirmed signals per moment in it.

    `number` counts all visits. `earlier` are the ones before this, ascending, as far as late events may still change
    them; what happened up to `settled` (ms) belongs to visits that are only counted.
    """

    number: int = 0
    started: int = 0
    last: int = 0
    events: int = 0
    signals: dict[str, int] = {}
    earlier: list[Visit] = []
    settled: int = 0


class Presence(Struct, array_like=True, gc=False):
    """Which browsers hold an open tab, as the log knows it.

    `total` is the presence accumulated up to `since`; a browser is the short hash of its anonymous id. Tabs of an
    earlier `epoch` (server start) are void until they reconnect.
    """

    epoch: int = 0
    browsers: list[str] = []
    since: int = 0
    total: int = 0
    ever: bool = False

    def open(self, epoch: int) -> bool:
        return bool(self.browsers) and self.epoch == epoch

    def until(self, now: int, epoch: int) -> int:
        """Milliseconds of presence accumulated up to `now`."""
        return self.total + (max(0, now - self.since) if self.open(epoch) else 0)


class Armed(Struct, array_like=True, gc=False):
    """An open instance of an absence (or dwell): one per moment and `by` value. `name` is its timer's name."""

    moment: str
    name: str
    at: int
    due: int
    cause: bytes
    detect_hash: str
    present_total: int = 0
    by: str | None = None


class Contact(Struct, array_like=True, gc=False):
    """A cap reservation: made with the decision, released if nothing was sent."""

    at: int
    moment: str
    action: str
    topic: str
    channel: str
    decision: bytes


class Rolled(Struct, array_like=True, gc=False):
    """What a computed trait has counted. `meaning` is the hash of its definition.

    `buckets` ascend: [number, ...] with what the trait's kind needs of each (model.rolled); amounts are in millionths,
    whole numbers, so that they add up exactly in any order. `marks` are hashes of the different values with the newest
    bucket of each; `at` is the time of the newest event. The values of first and last are theirs: `Sealed.ends`.
    """

    meaning: str
    buckets: list[list[int]] = []
    marks: dict[int, int] = {}
    at: int = 0


class OrderMark(Struct, array_like=True, gc=False):
    """An order that would be known again: `mark` is the hash of its id, `at` the newest time (ms) it was reported."""

    mark: int
    at: int
    micros: int


class Header(Struct, array_like=True, gc=False):
    """`scores` holds, per moment, the sum and number of this person's rows in its evidence.

    `windows` are the computed traits by name, complete for the plan's traits `counted`; `audiences` those this person
    is in, with the time they came in, as of the plan's audiences `judged`. `progress` holds, per moment (and `by`
    value), how far a sequence or count has come:
    "count/MOMENT/HASH/MARK" → [1 if it is true already, the times that count …], and "sequence/MOMENT/HASH/MARK" → the
    latest possible start of each partial match, from one step on (0: none).
    `apart` are persons this one was told apart from by an unmerge: the two never join again by themselves.
    Money is kept in millionths, so that it adds up exactly in any order.
    `taught` holds, per moment, the day and how many rows of this person the arms have learned in it; `acted`, per
    "moment/action", when it was last shown, clicked and dismissed (ms, 0: never); `foreseen`, per predicted goal
    and threshold,
    [1 if its chance is above what a moment waits for]; `observed`, per prediction, the open observation that it will
    learn from. `holds` are topics and purposes with until when (ms) the person is left alone with them.
    """

    person: bytes
    created: int
    successor: bytes | None = None
    absorbed: list[Absorbed] = []
    first_seen: int = 0
    last_seen: int = 0
    last_position: int = -1
    known: bool = False
    bot: bool = False
    events: int = 0
    counts: dict[str, int] = {}
    session: Session = field(default_factory=Session)
    orders: int = 0
    revenue_micros: int = 0
    first_order: int = 0
    last_order: int = 0
    cart_value: float = 0.0
    cart_items: int = 0
    presence: Presence = field(default_factory=Presence)
    armed: list[Armed] = []
    timers: dict[str, int] = {}
    arms: dict[str, str] = {}
    contacts: list[Contact] = []
    rests: dict[str, int] = {}
    deliveries: list[Delivery] = []
    pending: list[Row] = []
    scores: dict[str, tuple[float, int]] = {}
    consent: dict[str, Consent] = {}
    recent: bytes = b""
    recent_days: list[list[int]] = []
    older_parts: list[int] = []
    windows: dict[str, Rolled] = {}
    audiences: dict[str, int] = {}
    judged: str = ""
    progress: dict[str, list[int]] = {}
    apart: list[bytes] = []
    splits: list[Split] = []
    refunds: int = 0
    refunded_micros: int = 0
    order_marks: list[OrderMark] = []
    counted: str = ""
    taught: dict[str, list[int]] = {}
    acted: dict[str, list[int]] = {}
    foreseen: dict[str, list[int]] = {}
    observed: dict[str, Observation] = {}
    holds: dict[str, int] = {}

    @property
    def revenue(self) -> float:
        """What all orders came to."""
        return self.revenue_micros / MICROS

    @property
    def refunded(self) -> float:
        """What was given back."""
        return self.refunded_micros / MICROS

    def resting(self, topic: str, now: int) -> str | None:
        """A dismissed topic rests."""
        return f"resting: {topic}" if self.rests.get(topic, 0) > now else None

    def held(self, topic: str, purpose: str, now: int) -> str | None:
        """The hold that ends last, of the topic or the purpose, or None."""
        until, name = max((self.holds.get(name, 0), name) for name in (topic, purpose))
        return f"hold: {name} until {written_time(until)}" if until > now else None

    def held_out(self, moment: str) -> str | None:
        """The stored arm, universal or the moment's own, that keeps a moment from contacting this person, or None."""
        return next(
            (f"held out: {arm}" for arm in map(self.arms.get, ("*", moment)) if arm not in (None, "treated")), None
        )


class Sealed(Struct, array_like=True, gc=False):
    """`packed_traits` is msgpack of `Customer.traits`; `privacy`: the newest privacy string (time, kind, text); `ends`
    holds (time, value) of the computed traits of the kinds first and last; `subscriptions`: who may be pushed to;
    `briefs` are for who speaks with them."""

    names: list[Name] = []
    packed_traits: bytes = NO_TRAITS
    cart: Cart = field(default_factory=Cart)
    context: Context = field(default_factory=Context)
    armed: dict[str, dict[str, Any]] = {}
    looks: dict[str, Look] = {}
    privacy: tuple[int, str, str] | None = None
    ends: dict[str, list[tuple[int, Any]]] = {}
    subscriptions: list[Subscription] = []
    briefs: list[Brief] = []

    def name(self, identifier: Identifier) -> Name | None:
        """What is known of this identifier, if it is one of theirs."""
        for name in self.names:
            if name.value == identifier[1] and name.type == identifier[0]:
                return name
        return None

    def anonymous_ids(self) -> list[str]:
        """The browsers of this person."""
        return [name.value for name in self.names if name.type == "anonymous_id"]


class Customer(Struct, gc=False):
    """`older` are the message hashes that no longer fit the record, in parts by day; each part is a record of its own.
    `indexed` is what the timer table holds of this person's timers.

    Traits stay packed until somebody reads them: a profile has dozens, most events touch none, and unpacking and
    packing them again would be half the cost of an event.
    """

    header: Header
    sealed: Sealed = field(default_factory=Sealed)
    older: dict[int, bytes] = {}
    indexed: dict[str, int] = {}
    unpacked: Traits | None = None
    restated: bool = False

    @property
    def traits(self) -> Mapping[str, Stated]:
        """Trait → (value, event time, source). To be changed by `state` and `forget` only."""
        if self.unpacked is None:
            self.unpacked = _unpack(self.sealed.packed_traits)
        return self.unpacked

    def state(self, name: str, value: Any, at: int, source: str) -> None:
        """Set a trait."""
        if self.unpacked is None:
            self.unpacked = _unpack(self.sealed.packed_traits)
        self.unpacked[name] = (value, at, source)
        self.restated = True

    def forget(self, name: str) -> None:
        """Drop a trait."""
        if self.unpacked is None:
            self.unpacked = _unpack(self.sealed.packed_traits)
        del self.unpacked[name]
        self.restated = True

    def pack(self) -> None:
        """Bring the sealed part up to date, before it is written or handed over."""
        if self.restated:
            self.sealed.packed_traits = _pack(self.unpacked)
            self.restated = False
