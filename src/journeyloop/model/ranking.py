"""The best of several options and silence, by what each adds, and how probable each choice was.

An option adds IV = w ((V - gives) p - V0 p0) - cost over silence, in the goal's currency. Contact is worth it only
where this is above 0, also without the operator's weight w: a weight prefers, it never turns a loss into a gain.

`cautious` asks that the mean be half a standard deviation above 0. `full` is Thompson sampling at half scale
(Thompson 1933): the draw picks one of ROWS fixed rows of normal deviates, so the propensity of each option is exactly
the share of rows in which it wins, and a replay with the same draw repeats the choice. Beside both, a share of
`explore` is spread evenly over the options and silence, always: without a lasting floor a model that found contact
harmful on average never contacts again, and never learns otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from statistics import NormalDist

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from journeyloop.model.arm import Floats, sigmoid

ROWS = 128
COLUMNS = 128
SCALE = 0.5


class Option(Struct, gc=False):
    """One action that may be chosen. `mean` and `sd` are the log-odds of its goal; those of silence in the same moment
    are `silence`, `silence_sd`, and `base` tells moments apart. `value` is what the goal is worth with it, its gifts
    taken off; `worth` without it; `cost` is per send."""

    mean: float
    sd: float
    silence: float
    silence_sd: float
    value: float = 1.0
    worth: float = 1.0
    cost: float = 0.0
    weight: float = 1.0
    mode: str = "full"
    base: int = 0

    @property
    def gain(self) -> float:
        """What it adds at the means, cost taken off, before the weight."""
        return self.value * sigmoid(self.mean) - self.worth * sigmoid(self.silence) - self.cost

    @property
    def increment(self) -> float:
        """IV at the means."""
        return self.weight * (self.gain + self.cost) - self.cost

    @property
    def deviation(self) -> float:
        """The standard deviation of the gain, by the delta method."""
        p, p0 = sigmoid(self.mean), sigmoid(self.silence)
        own = self.value * p * (1.0 - p) * self.sd
        return float((own**2 + (self.worth * p0 * (1.0 - p0) * self.silence_sd) ** 2) ** 0.5)

    @property
    def admitted(self) -> bool:
        """Whether `cautious` would contact; `full` leaves that to the draw."""
        return self.mode == "full" or self.gain - SCALE * self.deviation > 0.0


class Ranked(Struct, gc=False):
    """`index` of the option, None for silence; `propensities` of the options (silence has the rest); `explored`: by the
    floor, not by rank."""

    index: int | None
    propensities: list[float]
    explored: bool


def rank(options: Sequence[Option], explore: float, draw: float) -> Ranked:
    """Choose.

    Args:
        explore: the share of choices that is uniform over the options and silence.
        draw: uniform in [0, 1).
    """
    places = len(options) + 1
    floor, share = explore / places, 1.0 - explore
    winners = _winners(options)
    wins = np.bincount(winners + 1, minlength=places).tolist()
    each = share / len(winners)
    propensities = [floor + each * count for count in wins[1:]]
    if draw < explore:
        picked = min(int(draw / explore * places), len(options))
        return Ranked(picked if picked < len(options) else None, propensities, True)
    winner = int(winners[min(int((draw - explore) / share * len(winners)), len(winners) - 1)])
    return Ranked(None if winner < 0 else winner, propensities, False)


def _winners(options: Sequence[Option]) -> NDArray[np.intp]:
    """The best option per row, -1 for silence: one row where nothing is drawn."""
    if any(one.mode == "full" for one in options):
        winners: NDArray[np.intp] = _increments(options).argmax(axis=0) - 1
        return winners
    good = [index for index, one in enumerate(options) if one.admitted and one.increment > 0.0]
    return np.array([max(good, key=lambda index: options[index].increment, default=-1)])


def _increments(options: Sequence[Option]) -> Floats:
    """IV (1 + options, ROWS), silence first: 0. What loses without its weight is not above that."""
    bases = {one.base: one for one in options}
    rows = [(one.silence, one.silence_sd if one.mode == "full" else 0.0, one.worth, 0.0) for one in bases.values()]
    rows += [(one.mean, one.sd if one.mode == "full" else 0.0, one.value, one.cost) for one in options]
    means, sds, values, costs = np.array(rows).T[:, :, None]
    earned = _earned(means, sds, values)
    first = len(bases)
    increments, gained = earned[first - 1 :], earned[first:]
    gained -= earned[0] if first == 1 else earned[[list(bases).index(one.base) for one in options]]
    gained -= costs[first:]
    increments[0] = 0.0
    if any(one.weight != 1.0 for one in options):
        weights = np.array([[one.weight] for one in options])
        np.add(gained, (weights - 1.0) * (gained + costs[first:]), out=gained, where=gained > 0.0)
    if refused := [place for place, one in enumerate(options) if not one.admitted]:
        gained[refused] = -1.0
    return increments


def _earned(means: Floats, sds: Floats, values: Floats) -> Floats:
    """value x sigmoid(what is drawn) (len(means), ROWS), each from a column of deviates of its own."""
    count, table = len(means), _deviates()
    drawn = sds * (table[:count] if count <= COLUMNS else table[np.arange(count) % COLUMNS])
    np.subtract(drawn, means, out=drawn)
    np.exp(drawn, out=drawn)
    drawn += 1.0
    return np.divide(values, drawn, out=drawn)


_table: list[Floats] = []


def _deviates() -> Floats:
    """Per column the ROWS quantiles of a normal distribution of scale -SCALE, in another order; always the same."""
    if not _table:
        quantiles = [NormalDist().inv_cdf((row + 0.5) / ROWS) * -SCALE for row in range(ROWS)]
        _table.append(np.array([_shuffled(quantiles, column) for column in range(COLUMNS)]))
    return _table[0]


def _shuffled(quantiles: list[float], column: int) -> list[float]:
    order = sorted(range(ROWS), key=lambda row: blake2b(f"{column}/{row}".encode(), digest_size=8).digest())
    return [quantiles[row] for row in order]
