"""What an action says of when, for whom not, what it is worth and what it is compared with."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config import load
from journeyloop.model.moment import HOUR, MINUTE, Action, Delay, Unless
from tests.property.rig import POLICY, action, moment
from tests.unit.config.examples import SMALL, small

VALUE = ", value: event.properties.revenue"
SECOND_ACTION = "  - {action: mail, channel: email, content: {title: Hello}}\n"


def actions_of(more: str) -> tuple[Action, ...]:
    loaded = load(small(SMALL.replace("30m", "2d") + f"    {more}\n" + SECOND_ACTION))
    assert loaded.plan is not None, loaded.problems
    return loaded.plan.moments["failed"].actions


@pytest.mark.parametrize(
    ("written", "key", "value"),
    [
        ("after: 0s", "after", Delay()),
        ("after: 1h", "after", Delay(wait=HOUR)),
        ("after: next 09:30", "after", Delay(next=570)),
        ('after: "next 00:00"', "after", Delay(next=0)),
        ("unless: seen(mail)", "unless", Unless("seen", "mail")),
        ("unless: clicked( help )", "unless", Unless("clicked", "help")),
        ("value: 12.5", "value", 12.5),
        ("value: 0", "value", 0.0),
        ("versus: mail", "versus", "mail"),
    ],
)
def test_what_it_says(written: str, key: str, value: object) -> None:
    action = actions_of(written)[0]
    assert getattr(action, key) == value
    assert action.unsupported == ()


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("after: tomorrow", "actions.help.after: write how long to wait, such as 0s or 1h, or a time of day"),
        ("after: next 9:00", "such as next 09:00"),
        ("after: next 25:00", "such as next 09:00"),
        ("after: -1h", "such as next 09:00"),
        ("unless: seen", "actions.help.unless: write seen, clicked or dismissed"),
        ("unless: opened(mail)", "such as seen(reassure)"),
        ("unless: seen(mial)", "this moment has no action mial: did you mean mail?"),
        ("value: event.properties.revenue", "actions.help.value"),
        ("value: -3", "a number of 0 or more"),
        ("weight: -1", "a number of 0 or more"),
        ("cost: -1", "a number of 0 or more"),
        ("gives: -1", "a number of 0 or more"),
        ("versus: mial", "this moment has no action mial: did you mean mail?"),
        ("versus: help", "an action cannot be compared with itself"),
    ],
)
def test_a_mistake(written: str, message: str) -> None:
    loaded = load(small(SMALL.replace("30m", "2d") + f"    {written}\n" + SECOND_ACTION))
    assert loaded.plan is None
    assert any(one.line == 13 and message in one.message for one in loaded.problems), loaded.problems


def test_a_comparator_has_none_itself() -> None:
    text = SMALL + "    versus: mail\n" + SECOND_ACTION.replace("}}", "}, versus: help}")
    problems = [one.message for one in load(small(text)).problems]
    assert "actions.help.versus: mail has a comparator itself: a coin decides between two, not more" in problems


@pytest.mark.parametrize(
    ("after", "within", "needed"),
    [("1h", "64m", "65m"), ("1h", "65m", None), ("next 09:00", "1d", "1505m"), ("next 09:00", "26h", None)],
)
def test_the_window_holds_the_longest_delay(after: str, within: str, needed: str | None) -> None:
    loaded = load(small(SMALL.replace("30m", within) + f"    after: {after}\nexpires: 5m\n"))
    assert (loaded.plan is None) == (needed is not None)
    message = f"goal.within: shorter than the longest after and expires: write {needed} or more"
    assert [one.message for one in loaded.problems if one.level == "error"] == ([message] if needed else [])
    assert all(one.line == 7 for one in loaded.problems if one.level == "error")
    assert HOUR == 60 * MINUTE


def test_an_ask_cannot_wait() -> None:
    text = SMALL.replace("detect:\n  event: Payment Failed", "detect: {ask: home}").replace("30m", "2d")
    problems = [one.message for one in load(small(text + "    after: 1h\n")).problems]
    assert "actions.help.after: an ask is answered at once: remove after" in problems
    assert load(small(text + "    after: 0s\n")).plan is not None


@pytest.mark.parametrize(
    ("goal", "learn", "more", "warned"),
    [
        ("", "cautious", "gives: 9.00", "gives and cost come to 9 and the goal counts 1, as goal.value is not written"),
        ("", "full", "cost: 1", "actions.hello.cost: gives and cost come to 1"),
        (VALUE, "full", "gives: 9.00, cost: 3, value: 12", "gives and cost come to 12 and the goal counts 12: "),
        (VALUE, "full", "gives: 9.00", None),
        ("", "fixed", "gives: 9.00", None),
        ("", "full", "gives: 0.4, cost: 0.5", None),
        ("", "full", "value: 0", None),
        ("", "full", "gives: 9.00, value: 50", None),
    ],
)
def test_what_can_never_add_anything_is_said(goal: str, learn: str, more: str, warned: str | None) -> None:
    text = moment(
        goal=f"{{event: Order Completed, within: 30m{goal}}}", learn=f"{{mode: {learn}}}",
        actions=f"[{action('plain')}, {action('hello', f', {more}')}]",
    )  # fmt: skip
    loaded = load({"policy.yaml": POLICY, "moments/now.yaml": text})
    assert loaded.plan is not None
    assert [warned in one.message for one in loaded.problems if warned] == ([True] if warned else [])
    assert [(one.line, one.level) for one in loaded.problems] == ([(6, "warning")] if warned else [])


@pytest.mark.parametrize("key", ["gives", "cost", "value", "weight"])
@pytest.mark.parametrize("amount", ["1.0e30", "99999999999999999999", "1000000001"])
def test_an_amount_that_sums_cannot_bear_is_refused(key: str, amount: str) -> None:
    loaded = load({"policy.yaml": POLICY, "moments/now.yaml": moment(actions=f"[{action(more=f', {key}: {amount}')}]")})
    assert loaded.plan is None
    assert "write a number of 0 or more, at most 1000000000" in loaded.problems[0].message
