"""`journeyloop evaluate`: what another policy would have been worth on this store's own decisions, next to what ran.

Every number is by intention to treat: a row is a window that closed, whatever became of the message. It refuses where
the log cannot tell: when nothing was left to chance, when the policy wants what the log never tried, or when too few
rows are left that say something about it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct, field, structs

from journeyloop.learn import offpolicy
from journeyloop.learn.offpolicy import Estimates, Interval, Log
from journeyloop.model.arm import SILENCE, Floats
from journeyloop.model.feature import unpacked
from journeyloop.model.plan import Plan
from journeyloop.runtime.alternative import QUIET, Alternative, Occasion, Terms, chances, halves, taught, terms
from journeyloop.runtime.occasions import read_occasions, said
from journeyloop.runtime.ports import Reader

LEAST_EFFECTIVE = 1_000
MOST_UNSUPPORTED = 0.01
ROUNDING = 1e-9
"""What is left of silence's share when the others sum up to one."""


class Compared(Struct, frozen=True):
    """The policy, what ran, and the difference of the two, per window."""

    policy: Interval
    ran: Interval
    difference: Interval
    estimates: Estimates


class Evaluation(Struct):
    """`refused` is a sentence where the log cannot tell; `goal` and `value` are None then. `chosen` are the shares of
    each choice (policy, ran), `effective` the effective sample size, `unsupported` the share of the policy's choices
    that the log could never have made."""

    moment: str
    kind: str
    windows: int = 0
    people: int = 0
    trained_on: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    refused: str = ""
    unsupported: float = 0.0
    effective: float = 0.0
    chosen: dict[str, tuple[float, float]] = field(default_factory=dict)
    currency: str | None = None
    goal: Compared | None = None
    value: Compared | None = None


def evaluate(reader: Reader, plans: Callable[[str], Plan], moment: str, other: Alternative) -> Evaluation:
    """Read, choose again, and compare."""
    read = read_occasions(reader, plans, moment)
    found = Evaluation(moment, other.kind, left_out=read.left_out)
    occasions, arms = read.told, None
    if not occasions:
        return _refuse(found, _nothing(found))
    names = _names(occasions)
    if unknown := {other.action, *other.words} - {*names}:
        return _refuse(found, f"no decision of {moment} had a candidate {min(unknown)}: there are {_listed(names)}")
    if other.kind == "learn":
        before, occasions = halves(read.told, read.held_out)
        arms, found.trained_on = taught(before), len(before)
    found.windows = len(occasions)
    if not occasions:
        return _refuse(found, _nothing(found))
    wanted = _matrix(occasions, names, [chances(other, one, arms) for one in occasions])
    return _compare(found, other, occasions, names, wanted)


def _compare(
    found: Evaluation, other: Alternative, occasions: list[Occasion], names: list[str], wanted: Floats
) -> Evaluation:
    log = _log(occasions, names)
    weight = offpolicy.weights(log, wanted)
    found.people = int(log.person.max()) + 1
    found.unsupported, found.effective = offpolicy.unsupported(log, wanted), offpolicy.effective(weight)
    found.chosen = {
        name or QUIET: (float(mine), float(theirs))
        for name, mine, theirs in zip(names, wanted.mean(axis=0), _made(log).mean(axis=0), strict=True)
    }
    if found.unsupported > MOST_UNSUPPORTED:
        return _refuse(found, _never_tried(found))
    if found.effective < LEAST_EFFECTIVE:
        return _refuse(found, _too_few(found))
    found.goal, found.value = _goal(log, occasions, wanted), _value(log, occasions, names, wanted, other)
    found.currency = occasions[-1].moment.goal.currency
    return found


# --- rows -------------------------------------------------------------------------------------------------------------


def _names(occasions: Sequence[Occasion]) -> list[str]:
    """Silence, then every action that was ever a candidate."""
    return [SILENCE, *dict.fromkeys(verdict.action for one in occasions for verdict in one.verdicts)]


def _log(occasions: Sequence[Occasion], names: list[str]) -> Log:
    logged = _matrix(occasions, names, [[verdict.propensity for verdict in one.verdicts] for one in occasions])
    chosen = np.array([names.index(one.chosen) for one in occasions])
    numbers: dict[bytes, int] = {}
    person = np.array([numbers.setdefault(one.person, len(numbers)) for one in occasions])
    return Log(_features(occasions), logged, chosen, person)


def _matrix(occasions: Sequence[Occasion], names: list[str], shares: list[list[float]]) -> Floats:
    """(n, K): the shares of each window's candidates in the columns of their names; silence has the rest."""
    column = {name: number for number, name in enumerate(names)}
    found = np.zeros((len(occasions), len(names)))
    for number, (one, own) in enumerate(zip(occasions, shares, strict=True)):
        for verdict, share in zip(one.verdicts, own, strict=True):
            found[number, column[verdict.action]] = share
    found[:, 0] = np.maximum(0.0, 1.0 - found[:, 1:].sum(axis=1))
    found[found < ROUNDING] = 0.0
    return found


def _features(occasions: Sequence[Occasion]) -> Floats:
    """x of each; only the bias of those that were seen with other features than most."""
    rows = [unpacked(one.row.x) for one in occasions]
    width = Counter(len(x) for x in rows).most_common(1)[0][0] or 1
    found = np.zeros((len(rows), width))
    for number, x in enumerate(rows):
        if len(x) == width:
            found[number] = x
    found[:, 0] = 1.0
    return found


def _made(log: Log) -> Floats:
    """What was chosen, as a policy."""
    found = np.zeros_like(log.logged)
    found[np.arange(len(log)), log.chosen] = 1.0
    return found


# --- what it is worth -------------------------------------------------------------------------------------------------


def _goal(log: Log, occasions: Sequence[Occasion], wanted: Floats) -> Compared:
    reached = np.array([float(one.reached) for one in occasions])
    return _compared(log, wanted, reached, reached, offpolicy.forecasts(log, reached))


def _value(log: Log, occasions: Sequence[Occasion], names: list[str], wanted: Floats, other: Alternative) -> Compared:
    """The goal's value, less what is given on it, less what a send costs: each under its own policy's terms."""
    values = np.array([one.value for one in occasions])
    sent = np.array([float(one.delivered and one.chosen != SILENCE) for one in occasions])
    given = sent * [float(one.reached) for one in occasions]
    then, now = (_terms(occasions, names, [terms(one, by) for one in occasions]) for by in (None, other))
    rows = np.arange(len(log)), log.chosen
    ran = values - then[0][rows] * given - then[1][rows] * sent
    would = values - now[0][rows] * given - now[1][rows] * sent
    q, q_given, q_sent = (offpolicy.forecasts(log, one) for one in (values, given, sent))
    return _compared(log, wanted, ran, would, q - now[0] * q_given - now[1] * q_sent)


def _terms(occasions: Sequence[Occasion], names: list[str], by_window: list[dict[str, Terms]]) -> tuple[Floats, Floats]:
    """(gives, cost), each (n, K)."""
    nothing = Terms()
    found = [[own.get(name, nothing) for name in names] for own in by_window]
    gives = np.array([[one.gives for one in own] for own in found])
    return gives, np.array([[one.cost for one in own] for own in found])


def _compared(log: Log, wanted: Floats, ran: Floats, would: Floats, q: Floats) -> Compared:
    psi = offpolicy.scores(log, wanted, would, q)
    return Compared(
        offpolicy.interval(psi, log.person),
        offpolicy.interval(ran, log.person),
        offpolicy.interval(psi - ran, log.person),
        offpolicy.estimates(log, wanted, would, q),
    )


# --- refusals ---------------------------------------------------------------------------------------------------------


def _refuse(found: Evaluation, reason: str) -> Evaluation:
    return structs.replace(found, refused=reason)


def _nothing(found: Evaluation) -> str:
    if not found.left_out and not found.trained_on:
        return f"no window of {found.moment} has closed yet"
    if not found.left_out:
        return f"all windows of {found.moment} are needed to learn from: none is left to judge by"
    return (
        f"no window of {found.moment} can be used: {said(found.left_out)}. Only `cautious` and `full` leave to chance"
    )


def _never_tried(found: Evaluation) -> str:
    return (
        f"{100 * found.unsupported:.1f} % of what this policy would choose has no support in the log: it was never "
        "left to chance there (explore: 0%), so such a policy can only be judged by running it"
    )


def _too_few(found: Evaluation) -> str:
    return (
        f"only {found.effective:,.0f} effective windows of {found.windows:,} tell of this policy, and below "
        f"{LEAST_EFFECTIVE:,} nothing is said: wait, let more be explored, or ask about a policy nearer to what ran"
    )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name for name in names if name) or "none"
