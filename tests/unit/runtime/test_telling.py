"""A decision in words: what people read when they ask why, with the numbers as they were recorded."""

from __future__ import annotations

from math import log
from typing import Any

import pytest

from journeyloop.model.decision import Decision, Delivery, SignalRow, Verdict
from journeyloop.model.effects import Resolved
from journeyloop.runtime import records, telling
from journeyloop.runtime.decided import decision
from journeyloop.runtime.explain import decided
from journeyloop.runtime.telling import in_words
from tests.property.rig import MINUTE, Rig, T, action, moment, plan_of

ACTIONS = f"[{action('reassure')}, {action('free_shipping')}]"
GOAL = "{event: Order Completed, within: 30m, value: event.properties.revenue, currency: EUR}"
AT = "2023-11-14 22:13:20 UTC"
CLOSES = "2023-11-14 22:43:20 UTC"


def odds(p: float) -> float:
    return log(p / (1 - p))


def learned(**changes: Any) -> Decision:
    """A decision of one learned moment: 12.4 % ± 2.1 against 10.3 % ± 0.8, each goal worth 200."""
    row = SignalRow("now", T, "treated", "full", 0.05, T + 30 * MINUTE, x=b"", learned=True, worth=200.0)
    row.silence, row.silence_sd = odds(0.103), 0.008 / (0.103 * 0.897)
    first = Verdict("now", "reassure", "onpage", "eligible", 0.87, [], odds(0.124), 0.021 / (0.124 * 0.876))
    first.value, first.increment = 200.0, 4.2
    second = Verdict("now", "free_shipping", "onpage", "cap: 1 per person in 1h")
    made = Decision(
        bytes(16), b"\x3f\x2a" + bytes(14), bytes(16), T, "8c1f00112233", 1042, [row], [first, second], 0.4213,
        ("now", "reassure"), "adds the most", "due", T + 5 * MINUTE, {"confidence": 1.0},
    )  # fmt: skip
    for name, value in changes.items():
        setattr(made, name, value)
    return made


class Shop(Rig):
    def __init__(self) -> None:
        super().__init__(plan_of(moment(actions=ACTIONS, goal=GOAL)))

    def store_it(self, made: Decision, delivery: Delivery | None = None, resolved: Resolved | None = None) -> None:
        with self.store.write() as transaction:
            transaction.put("decisions", made.id, records.encode_decision(made))
            if delivery:
                transaction.put("deliveries", made.id, records.encode_delivery(delivery))
            if resolved:
                transaction.put("outcomes", made.id + b"now", records.encode_outcome(resolved))

    def told(
        self, made: Decision, delivery: Delivery | None = None, resolved: Resolved | None = None
    ) -> dict[str, Any]:
        self.store_it(made, delivery, resolved)
        with self.store.read() as reader:
            return decision(reader, made, self.plan)

    def words(self, made: Decision, delivery: Delivery | None = None, resolved: Resolved | None = None) -> list[str]:
        return in_words(self.told(made, delivery, resolved)).splitlines()


def test_the_whole_story() -> None:
    assert Shop().words(learned()) == [
        f"At {AT} the moment now asked what to do for person 3f2a0000….",
        "Its mode is full; 5.0 % of its choices are left to chance.",
        "reassure adds +0.021 “Order Completed” (12.4 % ± 2.1 against 10.3 % ± 0.8 silent), worth 4.20 EUR, cost 0; "
        "its probability was 0.87.",
        "free_shipping was not eligible: cap: 1 per person in 1h.",
        "reassure was chosen, with probability 0.87: adds the most.",
        "The message waits to be sent.",
        f"What comes of it counts until {CLOSES}.",
        f"Plan 8c1f0011…, board 1042, draw 0.4213, decision {'0' * 32}.",
    ]


def test_the_same_as_numbers() -> None:
    told = Shop().told(learned())
    [chosen, refused] = told["candidates"]
    assert (chosen["chance"]["mean"], chosen["chance"]["sd"]) == (pytest.approx(0.124), pytest.approx(0.021))
    assert (chosen["value"], chosen["cost"], chosen["weight"], chosen["increment"]) == (200.0, 0.0, 1.0, 4.2)
    assert refused["verdict"].startswith("cap") and refused["propensity"] == 0.0
    [own] = told["moments"]
    assert own["silence"]["mean"] == pytest.approx(0.103) and (own["worth"], own["currency"]) == (200.0, "EUR")
    assert (told["propensity"], told["explored"], told["versus"]) == (0.87, False, None)


def test_a_cost_and_a_weight_are_said() -> None:
    made = learned()
    made.candidates[0].cost, made.candidates[0].weight, made.candidates[0].increment = 0.5, 2.0, 7.9
    assert "worth 8.40 EUR, weighed 2 times, cost 0.50, which leaves 7.90 EUR" in Shop().words(made)[2]


def test_silence_has_the_probability_that_is_left() -> None:
    made = learned(chosen=None, reason="explored: silence", state="silent")
    made.candidates[0].propensity = 0.9667
    told = Shop().told(made)
    assert told["propensity"] == pytest.approx(0.0333) and told["explored"]
    assert "It stayed silent, with probability 0.03: explored: silence." in Shop().words(made)


def test_a_mode_that_the_evidence_moved() -> None:
    made = learned()
    made.rows[0].moved = True
    assert "Its mode is full, to which the evidence has moved it; 5.0 %" in Shop().words(made)[1]


def test_nothing_learned_yet() -> None:
    made = learned(reason="explored")
    made.rows[0].learned = False
    words = Shop().words(made)
    assert words[1] == "Its mode is full; not enough is known of silence yet, so it tries everything evenly."
    assert words[2] == "reassure was eligible, with probability 0.87."
    assert "chance" not in Shop().told(made)["candidates"][0]


def test_a_comparator() -> None:
    made = learned(versus="standard", reason="adds the most, by a coin against standard")
    assert Shop().told(made)["versus"] == "standard"
    assert "with probability 0.87: adds the most, by a coin against standard." in Shop().words(made)[4]


def test_what_became_of_the_message_and_of_the_window() -> None:
    shown = Delivery(bytes(16), "now", "reassure", "", "onpage", "sent", T, T, shown=T + 1_000, clicked=T + 5_000)
    resolved = Resolved(bytes(16), "now", "reassure", "converted", T + MINUTE, 39.9)
    words = Shop().words(learned(), shown, resolved)
    assert words[5] == (
        "The message was sent. It was shown at 2023-11-14 22:13:21 UTC, clicked at 2023-11-14 22:13:25 UTC."
    )
    assert words[6] == (
        f"When the window closed at {CLOSES}, the goal was reached at 2023-11-14 22:14:20 UTC, worth 39.90 EUR."
    )


@pytest.mark.parametrize(
    ("state", "reason", "expected"),
    [
        ("suppressed", "consent withdrawn", "The message was not sent: consent withdrawn."),
        ("failed", "gone", "The message could not be delivered: gone."),
        ("expired", "", "The message came too late and was not sent."),
        ("unknown", "", "Nobody knows whether the message arrived; it is not sent again."),
    ],
)
def test_a_message_that_did_not_arrive(state: str, reason: str, expected: str) -> None:
    ended = Delivery(bytes(16), "now", "reassure", "", "onpage", state, T, T, reason=reason)
    void = Resolved(bytes(16), "now", "reassure", "void", 0, 0.0)
    words = Shop().words(learned(), ended, void)
    assert words[5] == expected
    assert words[6] == f"When the window closed at {CLOSES}, the goal was not reached, and no arm learns from it."


def test_several_moments_are_told_apart() -> None:
    made = learned()
    made.rows.append(SignalRow("help", T, "holdout", "fixed", 0.05, T + MINUTE))
    made.candidates.append(Verdict("help", "call", "onpage", "held out: holdout"))
    words = Shop().words(made)
    assert words[0].startswith(f"At {AT} the moments now and help asked")
    assert "help: This person is held out, so that the difference can be measured." in words
    assert "help: call was not eligible: held out: holdout." in words


def test_a_real_decision_is_told_by_its_id() -> None:
    rig = Shop()
    rig.track("Asked For")
    with rig.store.read() as reader:
        told = decided(reader, rig.plan, rig.made[0].id)
        assert decided(reader, rig.plan, bytes(16)) is None
    assert told is not None and told["id"] == rig.made[0].id.hex()
    assert "reassure was chosen, with probability 1.00: the first eligible action, as written." in told["words"]


def test_a_goal_reached_is_in_the_decision_once_the_window_has_closed() -> None:
    rig = Shop()
    rig.track("Asked For")
    rig.track("Order Completed", properties={"revenue": 20.0})
    rig.pass_time(31 * MINUTE)
    with rig.store.read() as reader:
        [own] = decision(reader, rig.made[0], rig.plan)["moments"]
    assert own["outcome"]["goal_at"] > 0
    assert (own["outcome"]["value"], own["outcome"]["outcome"]) == (20.0, "void"), "no tab was open: it never arrived"


def test_a_recall_is_proved() -> None:
    told = {"recalled_at": 1_000, "ended": 1_012, "state": "suppressed", "recalled": "goal: Order Completed"}
    assert telling._stopped(told) == " It was stopped 12 ms after Order Completed was received."
    at_once = {**told, "ended": 1_000, "recalled": "", "state_reason": "cancelled: Page"}
    assert telling._stopped(at_once) == " It was stopped as soon as Page was received."
    withdrawn = {**told, "recalled": "consent: withdrawn"}
    assert telling._stopped(withdrawn) == " It was stopped 12 ms after this was known (consent)."
    assert telling._stopped({**told, "state": "sent"}) == ""
