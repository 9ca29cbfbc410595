"""Budgets: no rolling window ever holds more than the limit, and the price earns more than first come, first served."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.learn import tune
from journeyloop.model.arm import sigmoid
from journeyloop.model.board import Board, Tally
from journeyloop.model.budget import MICROS, SLICES, Budget, left, priced
from journeyloop.model.credits import Spend
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.inputs import Delivered, TabOpened
from journeyloop.runtime.replay import repeats
from tests.property.learned import know
from tests.property.rig import DAY, HOUR, Rig, T, action, moment, plan_of

BUDGET = Budget("gives", 100.0, DAY)
STEPS = st.tuples(
    st.sampled_from(["wait", "promise", "pay", "release"]),
    st.integers(1, 60),
    st.integers(0, 8 * HOUR),
    st.integers(0, 9),
)


def used_most(paid: list[tuple[int, int]], open_: Iterable[int], now: int) -> int:
    """By its own arithmetic: what was paid in the window that ends now, and all that is open."""
    return sum(amount for at, amount in paid if at > now - BUDGET.within) + sum(open_)


@given(st.lists(STEPS, max_size=60))
def test_no_rolling_window_holds_more_than_the_limit(steps: list[tuple[str, int, int, int]]) -> None:
    """Any order of promises, payments and releases; a promise is made only where there is room."""
    board, tally, now = Board(), Tally(), T
    held: list[tuple[int, int]] = []
    paid: list[tuple[int, int]] = []
    for what, amount, wait, which in steps:
        if what == "wait":
            now += wait
        micros = amount * MICROS
        if what == "promise" and micros <= left(BUDGET, board.spent.get("gives"), now):
            held.append((micros, now + 3 * DAY))
            board = tune(tally, Spend(BUDGET, micros, 0, held[-1][1]), board, now)
        elif what in ("pay", "release") and held:
            micros, until = held.pop(which % len(held))
            board = tune(tally, Spend(BUDGET, -micros, micros if what == "pay" else 0, until), board, now)
            paid += [(now, micros)] if what == "pay" else []
        held = [one for one in held if one[1] > now]
        assert used_most(paid, (one for one, _ in held), now) <= BUDGET.at_most * MICROS
    now += 5 * DAY
    board = tune(tally, Spend(BUDGET), board, now)
    assert left(BUDGET, board.spent["gives"], now) == BUDGET.at_most * MICROS, "all of it comes back"


def test_the_price_rises_above_the_pace_and_falls_to_nothing_below_it() -> None:
    board, tally = Board(), Tally()
    prices = []
    for part in range(120):
        now = T + part * BUDGET.width
        amount = MICROS if part < 25 else 0  # about three times the pace, then nothing
        board = tune(tally, Spend(BUDGET, amount, 0, now + HOUR), board, now)
        board = tune(tally, Spend(BUDGET, -amount, amount, now + HOUR), board, now)
        prices.append(board.prices["gives"])
    assert prices[0] == 0.0
    assert 0.0 < prices[10] < prices[15] < prices[20]
    assert prices[24 + 14] > prices[24 + 40] > 0.0
    assert prices[-1] == 0.0
    quiet = tune(tally, Spend(BUDGET), board, T + 400 * BUDGET.width)
    assert quiet.prices["gives"] == 0.0
    assert priced(BUDGET, board.spent["gives"], 0.0, 1.0, T + 97 * BUDGET.width) == 0.0


def test_another_window_keeps_what_was_paid() -> None:
    board = tune(Tally(), Spend(BUDGET, 0, 60 * MICROS, 0), Board(), T)
    longer = Budget("gives", 100.0, 7 * DAY)
    board = tune(Tally(), Spend(longer), board, T + HOUR)
    assert left(longer, board.spent["gives"], T + HOUR) == 40 * MICROS


# --- a day of a shop --------------------------------------------------------------------------------------------------

FEATURES = "[{of: event.properties.need, as: number}]"
SILENT, NEED, GIVES, WORTH = -2.2, 2.0, 5.0, 50.0
MOMENT = moment(
    learn=f"{{mode: cautious, explore: 0%, features: {FEATURES}}}", expires="2m",
    goal="{event: Order Completed, within: 10m, value: event.properties.revenue}",
    actions=f"[{action('gift', f', gives: {GIVES}, value: {WORTH}')}]",
)  # fmt: skip
LIMIT = 250.0
PEOPLE = 2_400


def uniform(*what: str) -> float:
    return int.from_bytes(keyed_hash(b"world", *what, size=8), "big") / 2**64


def earns(need: float) -> float:
    """What a gift really adds for somebody who needs it so much."""
    return (WORTH - GIVES) * sigmoid(SILENT + NEED * need) - WORTH * sigmoid(SILENT)


class Shop:
    """A stream of people through one day. `given` are the gifts as the world sees them, `value` what they earned."""

    def __init__(self, policy: str) -> None:
        self.rig = Rig(plan_of(MOMENT, policy=policy))
        know(self.rig, "now", silence=[SILENT], gift=[SILENT, NEED])
        self.given: list[int] = []
        self.sent: list[float] = []
        self.value = 0.0

    def day(self, priced: bool = True) -> Shop:
        rig = self.rig
        for number in range(PEOPLE):
            rig.pass_time(DAY // PEOPLE)
            if not priced:
                rig.memory.singles.board.prices.clear()
            who, need = f"p{number}", uniform("need", str(number))
            rig.apply(TabOpened(("anonymous_id", who), 1))
            rig.track("Asked For", who, properties={"need": need})
            decision = rig.made[-1]
            contacted = decision.chosen is not None
            if contacted:
                self.value += earns(need)
                self.sent.append(need)
                rig.apply(Delivered(decision.person, decision.id, "sent"))
            if uniform("goal", str(number)) < sigmoid(SILENT + NEED * need * contacted):
                self.given += [rig.now] if contacted else []
                rig.track("Order Completed", who, properties={"revenue": WORTH})
        return self


@pytest.fixture(scope="module")
def priced_day() -> Shop:
    return Shop(f"budgets: [{{of: gives, at_most: {LIMIT}, within: 1d}}]\n").day()


def test_the_limit_is_never_overshot_in_a_day(priced_day: Shop) -> None:
    for at in priced_day.given:
        assert sum(at - DAY < one <= at for one in priced_day.given) * GIVES <= LIMIT
    assert sum(priced_day.given and [GIVES] * len(priced_day.given)) > 0.6 * LIMIT, "and it is used"


def test_the_price_earns_more_than_first_come_first_served(priced_day: Shop) -> None:
    served = Shop(f"budgets: [{{of: gives, at_most: {LIMIT}, within: 1d}}]\n").day(priced=False)
    assert len(served.given) * GIVES <= LIMIT
    assert any(one.reason == "budget: gives" for one in served.rig.made)
    assert priced_day.value > 1.3 * served.value


def test_every_choice_under_a_price_is_repeated(priced_day: Shop) -> None:
    assert all(repeats(one) for one in priced_day.rig.made)
    assert {one.reason for one in priced_day.rig.made} >= {"adds the most", "silence: no action adds enough"}
    board = priced_day.rig.memory.singles.board
    assert left(priced_day.rig.plan.policy.budgets[0], board.spent["gives"], priced_day.rig.now) >= 0
    assert len(board.spent["gives"].paid) <= SLICES + 1
