"""A moment: what to notice, for whom, what could be done, and how its success is measured (see docs/reference/moment).

Built by `adapters.config` from YAML; conditions are compiled `Clauses`. Names are stable: arms and evidence belong to
them.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from journeyloop.model.condition import Clause, Clauses, PathReader
from journeyloop.model.errand import Tell
from journeyloop.model.feature import STANDARD, Feature
from journeyloop.model.hours import Hours
from journeyloop.model.zone import next_time

Done = Literal["seen", "clicked", "dismissed"]
Mode = Literal["shadow", "fixed", "cautious", "full"]
MOVING: tuple[Mode, ...] = ("cautious", "full")
"""Those between which a moment may move by itself."""

NEVER = Clauses(())
DOINGS: tuple[Done, ...] = ("seen", "clicked", "dismissed")
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def span(duration: int) -> str:
    """A duration as it is written in a moment file.

    >>> span(90_000), span(7_200_000)
    ('90s', '2h')
    """
    for unit, size in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1_000)):
        if duration % size == 0:
            return f"{duration // size}{unit}"
    return f"{duration}ms"


class Match(Struct, frozen=True):
    """An event name with an optional condition: the atom of `event`, `absent` and `cancel_on`."""

    event: str
    where: Clauses = NEVER


class Present(Struct, frozen=True):
    """What `present:` asks of the person's open tabs when the signal is due. `page` is a glob on the path."""

    page: str | None = None
    visible: bool = False
    idle: int | None = None


class Detect(Struct, frozen=True):
    """What to notice. `hash` names this detection in timers and progress.

    Exactly one kind: `event` (with `absent` it is an absence after it, with `count` so many of it `within`), `steps` in
    order `within`, `inactive` ms without any event after `event`, `crossed` an audience or crossing with its `change`
    (a crossing says which `trait` came to or `above` which value), the `propensity` of an event `within` a time that
    comes to a chance of `above`, or an `ask` for a placement.
    """

    event: str | None = None
    where: Clauses = NEVER
    by: str | None = None
    absent: tuple[Match, ...] = ()
    wait: int = 0
    repeat: Literal["restart", "keep"] = "restart"
    present: Present | None = None
    ask: str | None = None
    hash: str = ""
    count: int = 0
    within: int = 0
    steps: tuple[Match, ...] = ()
    inactive: int = 0
    crossed: str | None = None
    change: Literal["enters", "leaves"] = "enters"
    trait: str | None = None
    above: float = 0.0
    propensity: str | None = None

    @property
    def trigger(self) -> str | None:
        """The name of the event that makes it true or begins the wait; None for crossings and asks."""
        return self.steps[-1].event if self.steps else self.event


class Confirm(Struct, frozen=True):
    """The noise gate. `at_most` signals per session (None: no limit); `dwell` needs presence; a signal whose
    `confidence` is less is noise."""

    dwell: int = 0
    at_most: int | None = None
    ignore_bots: bool = True
    confidence: float = 0.0


class Revoked(Struct, frozen=True):
    """What takes a goal back, and until when after it (ms)."""

    event: str
    within: int
    where: Clauses = NEVER


class Goal(Struct, frozen=True):
    """Success: `event` within `within` ms of the signal. `value` is the path of its worth, of which `margin` is ours;
    `revoked_by` takes it back."""

    event: str
    within: int
    where: Clauses = NEVER
    value: str | None = None
    margin: float = 1.0
    currency: str | None = None
    revoked_by: Revoked | None = None

    @property
    def priced(self) -> bool:
        """Whether reaching it is not worth the same every time."""
        return self.value is not None or self.revoked_by is not None


class Learning(Struct, frozen=True):
    """How the arms of a moment learn: from `features`, one response at a time or `update_every` so many, or not at all
    (`freeze`). `promote`: the mode moves by itself with the evidence. `meaning` is the hash of all that, changed,
    makes what was learned before worthless: the goal and the features."""

    features: tuple[Feature, ...] = STANDARD
    update_every: int = 1
    freeze: bool = False
    promote: bool = True
    meaning: str = ""
    reader: PathReader = PathReader(())


class Delay(Struct, frozen=True):
    """When a candidate would be sent: `wait` ms after the decision, or at the `next` time of day (minutes) in the
    person's zone."""

    wait: int = 0
    next: int | None = None

    def begins(self, now: int, zone: str | None) -> int:
        """When a candidate chosen now would be sent (ms)."""
        return now + self.wait if self.next is None else next_time(now, self.next, zone)

    @property
    def waits(self) -> bool:
        """Whether it would be sent later than it is chosen."""
        return self.wait > 0 or self.next is not None

    @property
    def longest(self) -> int:
        """The next 09:00 can be 25 hours away: a day on which the clocks go back."""
        return self.wait if self.next is None else 25 * HOUR


class Unless(Struct, frozen=True):
    """An action is no candidate for who has `seen`, `clicked` or `dismissed` another of the moment."""

    what: Done
    action: str

    def refusal(self, moment: str, acted: dict[str, list[int]]) -> str | None:
        """Why somebody who has done all this is left alone, or None."""
        done = acted.get(f"{moment}/{self.action}")
        return f"unless: {self.what} {self.action}" if done and done[DOINGS.index(self.what)] else None


class Limit(Struct, frozen=True):
    at_most: int
    within: int


class Action(Struct, frozen=True):
    """One candidate. `content` is the tree as written; its strings are templates rendered by `act.render`.

    `unsupported` names keys of the file that this version does not know how to honour: such an action is not eligible.
    `after` is part of the candidate; `value` is what the goal is worth with it, if not the goal's own; `versus` names
    the comparator that a coin sends in its place. `closed` are the hours outside of `open`. `coupon` is the pool that
    its codes come from.
    """

    name: str
    channel: str
    content: dict[str, Any]
    where: Clauses = NEVER
    placement: str | None = None
    cost: float = 0.0
    gives: float = 0.0
    weight: float = 1.0
    limit: Limit | None = None
    unsupported: tuple[str, ...] = ()
    after: Delay = Delay()
    unless: Unless | None = None
    value: float | None = None
    versus: str | None = None
    closed: Hours | None = None
    coupon: str = ""


class Hold(Struct, frozen=True):
    """For `length` ms the person is left alone with these topics and purposes."""

    names: tuple[str, ...]
    length: int


class Moment(Struct, frozen=True):
    """`reader` extracts the paths that `who`, `detect.where` and the actions' `where` read. `judged` is the hash of all
    that a window is judged by: the goal with its worth, the guards, the features. An open window is not judged by
    another one. Outside of arbitration and holdout its signal has `holds`, `briefs` for whoever speaks with the
    person, and `tells` for other systems."""

    name: str
    title: str
    purpose: str
    topic: str
    detect: Detect
    goal: Goal
    actions: tuple[Action, ...]
    owner: str = ""
    who: Clauses = NEVER
    starts: int | None = None
    confirm: Confirm = Confirm()
    fresh: dict[str, int] = {}
    cancel_on: tuple[Match, ...] = ()
    holdout: float = 0.0
    mode: Mode = "fixed"
    explore: float = 0.05
    expires: int = 5 * MINUTE
    unsupported: tuple[str, ...] = ()
    reader: PathReader = PathReader(())
    learning: Learning = Learning()
    guards: tuple[Match, ...] = ()
    judged: str = ""
    holds: tuple[Hold, ...] = ()
    briefs: tuple[str, ...] = ()
    tells: tuple[Tell, ...] = ()

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The clauses of `who`, then of `where`: what must be true for the moment to arm or fire."""
        return self.who.clauses + self.detect.where.clauses

    def action(self, name: str) -> Action | None:
        return next((one for one in self.actions if one.name == name), None)

    def mode_now(self, moved: str) -> str:
        """As written, unless it may move by itself and the evidence has `moved` it: the word of an operator who writes
        another one is kept."""
        return moved if moved and self.learning.promote and self.mode in MOVING else self.mode

    @property
    def measures(self) -> int:
        """What is compared between the arms of its holdout: the goal, its value, the guards."""
        return 1 + self.goal.priced + len(self.guards)

    @property
    def waits(self) -> bool:
        """Whether the signal needs a timer: an absence, inactivity, a dwell, or presence checked at the due time."""
        return bool(self.detect.absent or self.detect.inactive or self.confirm.dwell or self.detect.present)
