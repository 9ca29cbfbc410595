"""Another policy than the one that ran: with what probability it would have chosen each candidate of a recorded window.

Nothing is guessed: `change` ranks the recorded forecasts again with other words of the operator, by the code that
ranked them; `learn` ranks by what a learner knew before; candidates that were not eligible then are not eligible now.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from journeyloop.decide import arbitrate
from journeyloop.decide.score import price, worth
from journeyloop.learn import learn
from journeyloop.model.arm import SILENCE, Arms
from journeyloop.model.credits import Lesson
from journeyloop.model.decision import SignalRow, Verdict
from journeyloop.model.feature import unpacked
from journeyloop.model.moment import Moment

NO_PRICES: dict[str, float] = {}
"""A policy is told without those of budgets."""
QUIET = "silence"
"""How doing nothing is called in a policy's file."""


class Words(Struct, frozen=True):
    """What an operator says of an action, where it is changed."""

    weight: float | None = None
    cost: float | None = None
    gives: float | None = None


class Alternative(Struct, frozen=True):
    """Exactly one kind: `always` one action or silence, `uniform` over the eligible and silence, `learn` from the first
    half of the log, or `change` what ran. `mode` and `explore` go with the last two, `words` with the last."""

    kind: str
    action: str = ""
    mode: str | None = None
    explore: float | None = None
    words: dict[str, Words] = {}


class Occasion(Struct, gc=False):
    """One closed window as it was decided: its part of the decision, what was `chosen` ("": silence), and what came of
    it. `delivered`: what was chosen may have arrived. `moment` is as it was configured then."""

    person: bytes
    row: SignalRow
    verdicts: list[Verdict]
    chosen: str
    reached: bool
    value: float
    delivered: bool
    moment: Moment


class Terms(Struct, frozen=True):
    """What an action costs and gives."""

    cost: float = 0.0
    gives: float = 0.0


def terms(one: Occasion, other: Alternative | None = None) -> dict[str, Terms]:
    """By action, as it was then or as it would be. Silence costs nothing."""
    found = {SILENCE: Terms()}
    for action in one.moment.actions:
        said = other.words.get(action.name, Words()) if other else Words()
        cost, gives = action.cost if said.cost is None else said.cost, said.gives
        found[action.name] = Terms(cost, action.gives if gives is None else gives)
    return found


def chances(other: Alternative, one: Occasion, arms: Arms | None = None) -> list[float]:
    """The probability of each of the window's candidates; silence has the rest."""
    eligible = [verdict.verdict == "eligible" for verdict in one.verdicts]
    if other.kind == "uniform":
        return [1.0 / (sum(eligible) + 1) if able else 0.0 for able in eligible]
    if other.kind == "always":
        return [
            1.0 if able and verdict.action == other.action else 0.0
            for able, verdict in zip(eligible, one.verdicts, strict=True)
        ]
    row = replace(one.row, mode=other.mode or one.row.mode)
    if other.explore is not None:
        row.explore = other.explore
    if other.kind == "learn":
        row.learned = False
        verdicts = _forecast(row, one, arms)
    else:
        verdicts = [_reworded(row, verdict, one.moment, other.words) for verdict in one.verdicts]
    return arbitrate([row], verdicts, 0.0).propensities


def _reworded(row: SignalRow, verdict: Verdict, moment: Moment, words: dict[str, Words]) -> Verdict:
    """The recorded forecast under other words. What is reworded is without the price of budgets."""
    said = words.get(verdict.action)
    if said is None:
        return verdict
    found = replace(verdict)
    if said.weight is not None:
        found.weight = said.weight
    if said.cost is not None:
        found.cost = said.cost
    if said.gives is not None:
        action = moment.action(verdict.action)
        found.value = (worth(row, action) if action else row.worth) - said.gives
    return found


# --- a learner on the log ---------------------------------------------------------------------------------------------


def taught(occasions: Iterable[Occasion]) -> Arms | None:
    """The arms after these windows in the order they closed, held out people's too: what the loop would have known."""
    arms: Arms | None = None
    for one in sorted(occasions, key=lambda one: one.row.closes):
        if one.row.x and (one.delivered or not one.chosen):
            learning = one.moment.learning
            lesson = Lesson(
                one.moment.name, one.chosen, one.row.x, one.reached, learning.meaning, learning.update_every
            )
            arms, _ = learn(arms, lesson)
    return arms


def _forecast(row: SignalRow, one: Occasion, arms: Arms | None) -> list[Verdict]:
    """The verdicts as these arms would have filled them; unlearned where they know nothing of such a person."""
    x = unpacked(row.x)
    if arms is None or not arms.born or len(x) != arms.width or arms.meaning != one.moment.learning.meaning:
        return one.verdicts
    silence, *beliefs = arms.beliefs([verdict.action for verdict in one.verdicts], x)
    row.learned, row.silence, row.silence_sd = True, *silence
    own = {action.name: action for action in one.moment.actions}
    believed = zip(one.verdicts, beliefs, strict=True)
    verdicts = [replace(verdict, mean=mean, sd=sd) for verdict, (mean, sd) in believed]
    for verdict in verdicts:
        price(row, verdict, own[verdict.action], NO_PRICES)
    return verdicts


def halves(told: Sequence[Occasion], held_out: Sequence[Occasion]) -> tuple[list[Occasion], list[Occasion]]:
    """Windows that had closed when the second half of the signals began, and that second half."""
    if not told:
        return [], []
    middle = sorted(one.row.signal_at for one in told)[len(told) // 2]
    before = [one for one in (*told, *held_out) if one.row.closes <= middle]
    return before, [one for one in told if one.row.signal_at >= middle]
