"""A budget in the life of messages: promised with the decision, paid or released, each once."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from journeyloop.model import frame
from journeyloop.model.budget import MICROS, left
from journeyloop.model.inputs import Asked, Delivered, TabOpened
from tests.property.learned import know
from tests.property.rig import DAY, HOUR, MINUTE, Rig, action, moment, plan_of

GIFTED = f"[{action('gift', ', gives: 5, value: 50')}]"
GIFT = f"[{action('gift', ', gives: 40, cost: 2')}]"


def shop(of: str = "gives", at_most: float = 100, actions: str = GIFT, **changes: str) -> Rig:
    return Rig(
        plan_of(moment(actions=actions, **changes), policy=f"budgets: [{{of: {of}, at_most: {at_most}, within: 1d}}]\n")
    )


def asked(rig: Rig, who: str, word: str = "") -> str:
    rig.apply(TabOpened(("anonymous_id", who), 1))
    rig.track("Asked For", who)
    decision = rig.made[-1]
    if word and decision.chosen:
        rig.apply(Delivered(decision.person, decision.id, word))
    return decision.chosen[1] if decision.chosen else decision.reason


def used(rig: Rig) -> float:
    budget = rig.plan.policy.budgets[0]
    spent = rig.memory.singles.board.spent.get(budget.of)
    return spent.used(budget, rig.now) / MICROS if spent else 0.0


def test_a_gift_is_promised_until_its_window_closes_and_then_released() -> None:
    rig = shop()
    assert [asked(rig, who, "sent") for who in ("a", "b", "c")] == ["gift", "gift", "budget: gives"]
    assert used(rig) == 80.0
    rig.pass_time(31 * MINUTE)
    assert used(rig) == 0.0
    assert asked(rig, "c", "sent") == "gift"
    assert rig.replayed().different == 0


def test_a_gift_that_was_taken_up_is_paid_for_the_whole_window_of_the_budget() -> None:
    rig = shop()
    assert asked(rig, "a", "sent") == "gift"
    rig.track("Order Completed", "a")
    rig.track("Order Completed", "a")
    rig.pass_time(23 * HOUR)
    assert used(rig) == 40.0
    rig.pass_time(HOUR + 6 * MINUTE)
    assert used(rig) == 0.0


@pytest.mark.parametrize(("of", "each"), [("cost", 2.0), ("contacts", 1.0)])
@pytest.mark.parametrize(
    ("word", "paid"), [("sent", True), ("unknown", True), ("failed", False), ("suppressed", False)]
)
def test_a_contact_and_its_cost_are_paid_if_it_may_have_arrived(of: str, each: float, word: str, paid: bool) -> None:
    rig = shop(of, at_most=each)
    assert asked(rig, "a") == "gift"
    assert used(rig) == each
    assert asked(rig, "b") == f"budget: {of}"
    rig.apply(Delivered(rig.made[0].person, rig.made[0].id, word))
    rig.pass_time(HOUR)
    assert used(rig) == (each if paid else 0.0)
    rig.pass_time(DAY + HOUR)
    assert used(rig) == 0.0


def test_a_message_that_never_leaves_releases_its_gift() -> None:
    rig = shop()
    rig.track("Asked For", "nobody")
    assert used(rig) == 40.0
    rig.pass_time(6 * MINUTE)
    assert used(rig) == 0.0
    assert asked(rig, "a") == "gift"
    rig.track("Order Completed", "a")
    assert used(rig) == 40.0, "on its way when the goal was reached: it may have arrived"


def test_a_goal_before_the_message_leaves_gives_nothing() -> None:
    rig = shop()
    rig.track("Asked For", "a")
    rig.track("Order Completed", "a")
    assert rig.delivery().state == "suppressed"
    assert used(rig) == 0.0


def test_what_costs_nothing_needs_no_budget() -> None:
    rig = shop(at_most=0, actions=f"[{action('gift', ', gives: 1')}, {action('word')}]")
    assert asked(rig, "a") == "word"
    assert rig.made[-1].candidates[0].verdict == "budget: gives"


def test_an_ask_is_paid_at_once() -> None:
    rig = shop("contacts", at_most=1, detect="{ask: home}")
    for number in range(2):
        rig.apply(Asked(("anonymous_id", f"a{number}"), "home", f"r{number}"))
    assert [one.reason for one in rig.made][1] == "budget: contacts"
    assert used(rig) == 1.0


def test_one_input_cannot_promise_twice_what_is_left() -> None:
    """A login joins two people and raises a signal of its own: both decisions are of one input."""
    two = plan_of(
        moment("now", actions=f"[{action('a', ', gives: 60')}]"),
        moment("member", detect="{audience: members, change: enters}", actions=f"[{action('b', ', gives: 60')}]"),
        policy="budgets: [{of: gives, at_most: 100, within: 1d}]\n",
        audiences="audiences: {members: {where: profile.events >= 2}}\n",
    )
    rig = Rig(two)
    for number in range(3):
        rig.track("Asked For", f"p{number}")
        rig.track("Asked For", f"p{number}", user_id=f"u{number}")
        assert used(rig) <= 100.0


def test_a_plan_without_the_budget_lets_its_promises_end() -> None:
    rig = shop()
    asked(rig, "a", "sent")
    rig.change(plan_of(moment(actions=GIFT)))
    rig.pass_time(31 * MINUTE)
    assert asked(rig, "b", "sent") == "gift"
    rig.change(shop().plan)
    rig.pass_time(2 * HOUR)
    assert used(rig) == 0.0
    assert rig.replayed().different == 0


def test_the_price_of_a_budget_goes_with_it() -> None:
    rig = shop(at_most=100, learn="{mode: cautious, explore: 0%}", actions=GIFTED)
    know(rig, "now", silence=[-2.0], gift=[0.0])
    dear(rig, 100.0)
    assert asked(rig, "a") == "silence: no action adds enough"
    rig.change(plan_of(moment(learn="{mode: cautious, explore: 0%}", actions=GIFTED)))
    assert asked(rig, "b") == "gift"
    assert rig.made[-1].candidates[0].value == 45.0


def test_a_price_falls_also_after_the_window_of_its_budget_has_changed() -> None:
    rig = shop(at_most=100, learn="{mode: cautious, explore: 0%}", actions=GIFTED)
    know(rig, "now", silence=[-2.0], gift=[0.0])
    asked(rig, "a", "sent")
    rig.pass_time(HOUR)
    dear(rig, 100.0)
    longer = "budgets: [{of: gives, at_most: 100, within: 30d}]\n"
    rig.change(plan_of(moment(learn="{mode: cautious, explore: 0%}", actions=GIFTED), policy=longer))
    for number in range(60):
        rig.pass_time(DAY)
        asked(rig, f"b{number}", "failed")
    assert rig.made[-1].chosen == ("now", "gift")


def dear(rig: Rig, price: float) -> None:
    """As if much more had been given than is allowed."""
    singles = rig.memory.singles
    singles.board = replace(singles.board, prices={"gives": price})


def test_the_board_is_summed_up_once_for_all_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    """A month of promises takes 70 microseconds to add up, three times what a decision may."""
    summed: list[int] = []
    monkeypatch.setattr(frame, "left", lambda budget, spent, now: summed.append(now) or left(budget, spent, now))
    many = ", ".join(action(f"a{number}", ", gives: 1") for number in range(9))
    rig = shop(actions=f"[{many}]")
    assert asked(rig, "a") == "a0"
    assert len(summed) == 1
