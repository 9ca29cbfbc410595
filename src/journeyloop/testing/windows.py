"""The judge of what is learned in a simulated run: each window resolves once, at its close, as what happened in it; and
no arm has learned more, less, sooner or of another than the windows say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from journeyloop.decide import arbitrate
from journeyloop.model.arm import SILENCE, Arms
from journeyloop.model.decision import Decision, SignalRow
from journeyloop.model.effects import Resolved
from journeyloop.model.event import Event
from journeyloop.model.plan import Plan

NEVER_ARRIVED = ("suppressed", "expired", "failed")
EARLY = 1_000
"""An event may bear a time so much before the signal that it follows: clocks differ."""
DRAWS = 400


class Expect(Protocol):
    """Raises a violation unless it holds."""

    def __call__(self, holds: bool, promise: str) -> None: ...


class Window(Struct):
    """One moment of one decision. `reached`: its goal was, as we saw it."""

    decision: Decision
    row: SignalRow
    reached: bool = False
    outcome: str = ""

    @property
    def own(self) -> bool:
        """Whether the decision was to contact for this moment."""
        return self.decision.chosen is not None and self.decision.chosen[0] == self.row.moment

    @property
    def contacted(self) -> bool:
        return self.decision.chosen is not None and self.decision.state != "shadow"

    @property
    def arm(self) -> str:
        return self.decision.chosen[1] if self.decision.chosen and self.own and self.contacted else SILENCE


class Windows:
    """All windows of a run."""

    def __init__(self, plan: Plan, expect: Expect) -> None:
        self.plan, self.expect = plan, expect
        self.windows: dict[tuple[bytes, str], Window] = {}

    def open(self, decision: Decision) -> None:
        for row in decision.rows:
            self.windows[decision.id, row.moment] = Window(decision, row)

    def happened(self, event: Event, theirs: Callable[[bytes], bool]) -> None:
        """An event of somebody; `theirs` says whether a person of a decision is them."""
        for window in self.windows.values():
            row = window.row
            goal = self.plan.moments[row.moment].goal.event == event.name
            inside = row.signal_at - EARLY <= event.time <= row.closes and not window.outcome
            if goal and inside and theirs(window.decision.person):
                window.reached = True

    def resolved(self, outcome: Resolved, now: int) -> None:
        window = self.windows.get((outcome.decision, outcome.moment))
        self.expect(window is not None, "an outcome of no window")
        assert window is not None
        if window.outcome:
            again = window.outcome == outcome.outcome and outcome.value == 0.0 and window.reached
            return self.expect(again, "a window resolved twice")
        self.expect(now >= window.row.closes, "a window resolved before it closed")
        self.expect((outcome.goal_at > 0) == window.reached, "an outcome is not what happened")
        window.outcome = outcome.outcome
        return None

    def learned(self, arms: Mapping[str, Arms]) -> None:
        """After each commit: no arm knows more than the windows that have closed could tell it."""
        told = self._told()
        for key, count in known(arms).items():
            self.expect(count <= told[key], "an arm learned what no window told it")

    def end(self, states: Mapping[bytes, str], arms: Mapping[str, Arms], refused: Callable[[str], int]) -> None:
        """Every window has closed. `states` are those of deliveries; `refused` how many lessons of a moment were too
        many of one person."""
        for window in self.windows.values():
            self.expect(bool(window.outcome), "a window was left open")
            self.expect((window.outcome == "void") == self._void(window, states), "what never arrived was judged")
        told, learned = self._told(), known(arms)
        for moment in self.plan.moments:
            missing = sum(count - learned[key] for key, count in told.items() if key[0] == moment)
            self.expect(missing == refused(moment), "an arm did not learn what a window told it")

    def _void(self, window: Window, states: Mapping[bytes, str]) -> bool:
        if not window.own:
            return window.contacted
        return states.get(window.decision.id) in NEVER_ARRIVED and not window.decision.not_before

    def _told(self) -> Counter[tuple[str, str]]:
        closed = (one for one in self.windows.values() if one.outcome not in ("", "void"))
        return Counter((one.row.moment, one.arm) for one in closed)


def known(arms: Mapping[str, Arms]) -> Counter[tuple[str, str]]:
    """How many rows each arm has learned or holds, by (moment, arm)."""
    found: Counter[tuple[str, str]] = Counter()
    for moment, one in arms.items():
        for name, seen in zip(one.names, one.seen, strict=True):
            found[moment, name] += seen
        for name, rows in one.waiting.items():
            found[moment, name] += len(rows)
    return found


def frequencies(decision: Decision) -> list[float]:
    """How often each candidate of a decision would be chosen if it were drawn again, evenly."""
    choices = [arbitrate(decision.rows, decision.candidates, (draw + 0.5) / DRAWS).index for draw in range(DRAWS)]
    return [choices.count(index) / DRAWS for index in range(len(decision.candidates))]
