"""What a backtest found out about each moment: how often, on whom, when, what it would have done, and what people did
anyway. Numbers only; `runtime.findings_words` tells them.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, tzinfo
from typing import Any

from msgspec import Struct, field, structs

from journeyloop.learn.power import advise
from journeyloop.model.board import Tally
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Decision, SignalRow
from journeyloop.model.moment import DAY, Moment
from journeyloop.model.plan import Plan
from journeyloop.model.profile import PROFILE

UNKNOWN = "presence_unknown"
NOT_GIVEN = " not given"
KNOWN, FIRST_TIME, HIGH_VALUE = 1, 2, 4
GROUPS = {"known": KNOWN, "first_time": FIRST_TIME, "high_value": HIGH_VALUE}


class Account(Struct):
    """One moment's signals. `people` holds who they were about, each as they were at their first; `hours` and
    `weekdays` (Monday first) count signals."""

    signals: int = 0
    people: dict[bytes, int] = {}
    hours: list[int] = field(default_factory=lambda: [0] * 24)
    weekdays: list[int] = field(default_factory=lambda: [0] * 7)
    decided: Counter[str] = field(default_factory=Counter)


class Findings:
    """Hear of each decision, then ask. Hours are those of `zone`."""

    def __init__(self, plan: Plan, zone: tzinfo = UTC) -> None:
        self.plan, self.zone = plan, zone
        self.accounts = {name: Account() for name in plan.moments}

    def decided(self, decision: Decision, customer: Customer) -> None:
        """One decision, with the person as they were then."""
        for row in decision.rows:
            self._count(self.accounts[row.moment], decision, row, customer)

    def days(self, first: int, last: int) -> float:
        """The length of a history."""
        return (last - first) / DAY

    def _count(self, account: Account, decision: Decision, row: SignalRow, customer: Customer) -> None:
        at = datetime.fromtimestamp(row.signal_at / 1000, self.zone)
        account.signals += 1
        account.hours[at.hour] += 1
        account.weekdays[at.weekday()] += 1
        if decision.person not in account.people:
            account.people[decision.person] = _groups(customer, row.signal_at)
        if decision.chosen is not None and decision.chosen[0] == row.moment:
            account.decided[decision.chosen[1]] += 1

    def told(self, name: str, tally: Tally, joined: dict[bytes, bytes], days: float) -> dict[str, Any]:
        """All about one moment. `tally` is what the loop counted of it, `joined` says who became part of whom, `days`
        is the length of the history."""
        moment, account, counts = self.plan.moments[name], self.accounts[name], tally.counts
        gated, silent = _by_reason(counts, "gated: "), _by_reason(counts, "silent: ")
        unknown = gated.pop(UNKNOWN, 0)
        per_day = account.signals / days if days >= 1 else None
        return {
            "moment": name,
            "title": moment.title,
            "mode": moment.mode,
            "asked": moment.detect.ask,
            "signals": account.signals,
            "per_day": per_day,
            "unknown": unknown,
            "people": _people(account, joined),
            "hours": account.hours,
            "weekdays": account.weekdays,
            "gated": gated,
            "late": counts.get("late", 0),
            "cancelled": counts.get("cancelled", 0),
            "anyway": _anyway(moment, account, counts),
            "decided": dict(account.decided.most_common()),
            "silent": silent,
            "held_out": counts.get("held_out", 0),
            "without_consent": sum(count for reason, count in silent.items() if reason.endswith(NOT_GIVEN)),
            "evidence": _evidence(account, counts, per_day),
        }


def _by_reason(counts: dict[str, int], prefix: str) -> dict[str, int]:
    """The most frequent first."""
    found = Counter({key.removeprefix(prefix): count for key, count in counts.items() if key.startswith(prefix)})
    return dict(found.most_common())


def _groups(customer: Customer, now: int) -> int:
    return sum(bit for name, bit in GROUPS.items() if PROFILE[name](customer, now))


def _people(account: Account, joined: dict[bytes, bytes]) -> dict[str, int]:
    """Who turned out to be one person counts once, as they were at the earlier signal."""
    found: dict[bytes, int] = {}
    for person, groups in account.people.items():
        while person in joined:
            person = joined[person]
        found.setdefault(person, groups)
    known, first_time, high_value = (sum(bool(one & bit) for one in found.values()) for bit in GROUPS.values())
    return {
        "people": len(found),
        "known": known,
        "anonymous": len(found) - known,
        "first_time": first_time,
        "returning": len(found) - first_time,
        "high_value": high_value,
    }


def _closed(counts: dict[str, int]) -> tuple[int, int]:
    """Windows that closed within the history, and those of them in which the goal was reached."""
    closed = sum(count for key, count in counts.items() if key.startswith("resolved: "))
    return closed, sum(count for key, count in counts.items() if key.startswith("converted: "))


def _anyway(moment: Moment, account: Account, counts: dict[str, int]) -> dict[str, Any]:
    closed, goals = _closed(counts)
    return {
        "goal": moment.goal.event,
        "within": moment.goal.within,
        "closed": closed,
        "goals": goals,
        "rate": goals / closed if closed else None,
        "open": account.signals - closed,
    }


def _evidence(account: Account, counts: dict[str, int], per_day: float | None) -> dict[str, Any] | None:
    """What could be learned at this rate of signals; None without a whole day, a signal or a closed window."""
    closed, goals = _closed(counts)
    if not per_day or not closed:
        return None
    return structs.asdict(advise(goals / closed, per_day))
