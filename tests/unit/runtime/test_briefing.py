"""What an agent is told of a person: each fact in plain words, and none that the store does not hold."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.model.inputs import Asked, Held, Outcome
from journeyloop.runtime.briefing import briefed
from journeyloop.runtime.person import export
from tests.property.rig import DAY, HOUR, REFUSED, Rig, T, moment, plan_of

DESK = '[channels.agent]\nkind = "desk"\n'
CALL = "[{action: call_back, channel: agent, content: {title: Call}}]"
FAILED = moment("failed", "title: Their payment failed\n", detect="{event: Payment Failed}", actions=CALL)


def rig_of(*moments: str, policy: str = "") -> Rig:
    return Rig(plan_of(*(moments or (FAILED,)), policy=policy, settings=DESK))


def brief(rig: Rig, suggestion: dict[str, Any] | None = None) -> dict[str, Any]:
    with rig.store.read() as reader:
        return briefed(reader, rig.secret, rig.plan, rig.find(), rig.now, suggestion)


def texts(lines: list[dict[str, Any]]) -> list[str]:
    return [one["text"] for one in lines]


@pytest.mark.parametrize(
    ("traits", "name"),
    [
        ({"first_name": "Ada", "last_name": "Lovelace"}, "Ada Lovelace"),
        ({"name": "Ada L."}, "Ada L."),
        ({"name": 7}, "Visitor"),
        ({}, "Visitor"),
    ],
)
def test_who(traits: dict[str, Any], name: str) -> None:
    rig = rig_of()
    rig.track("Identify", traits=traits)
    rig.track("Order Completed", properties={"order_id": "o1", "revenue": 700.0})
    who = brief(rig)["who"]
    assert who["name"].startswith(name)
    assert (who["orders"], who["revenue"], who["tier"], who["known_since"]) == (1, 700.0, "high value", T)


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"value": 89.5, "decline_code": "insufficient_funds"}, "Payment Failed · 89.50 · insufficient funds"),
        ({"amount": 1200}, "Payment Failed · 1,200.00"),
        ({"amount": "much", "code": 7}, "Payment Failed"),
    ],
)
def test_a_failed_payment_is_open_until_one_succeeds(properties: dict[str, Any], text: str) -> None:
    rig = rig_of()
    rig.track("Payment Failed", properties=properties)
    assert texts(brief(rig)["open"]) == [text, "Their payment failed: no Order Completed yet"]
    rig.track("Payment Succeeded")
    assert texts(brief(rig)["open"]) == ["Their payment failed: no Order Completed yet"]
    rig.track("Order Completed")
    assert brief(rig)["open"] == []


def test_what_happens_again_and_again_is_told_once_and_newest_first() -> None:
    rig = rig_of()
    for number in range(12):
        rig.track("Product Viewed", properties={"name": f"Machine {number % 10}"})
        rig.now += 1_000
    happened = brief(rig)["happened"]
    assert [(one["text"], one["times"]) for one in happened[:3]] == [
        ("Product Viewed · Machine 1", 2), ("Product Viewed · Machine 0", 2), ("Product Viewed · Machine 9", 1),
    ]  # fmt: skip
    assert len(happened) == 8


def test_last_contacts_say_what_came_of_them() -> None:
    rig = rig_of()
    rig.track("Payment Failed")
    rig.apply(Asked(("anonymous_id", "a1"), "agent", "one", desk=True))
    sent = rig.delivery()
    in_hand = {"decision_id": sent.decision.hex(), "content": {}}
    assert brief(rig, in_hand)["contacts"] == []
    assert [one["outcome"] for one in brief(rig)["contacts"]] == ["no answer"]
    rig.apply(Outcome(rig.find().header.person, sent.decision, "dismissed", reason="other"))
    [told] = brief(rig)["contacts"]
    assert (told["channel"], told["what"], told["outcome"]) == ("agent", "Their payment failed: call_back", "declined")


def test_a_brief_is_part_of_what_is_held_about_a_person() -> None:
    rig = rig_of(FAILED + 'also: [{brief: agent, text: "Call {{ profile.first_name }}"}]\n')
    rig.track("Identify", traits={"first_name": "Ada"})
    rig.track("Payment Failed")
    with rig.store.read() as reader:
        held = export(reader, rig.secret, rig.plan, rig.find(), rig.now)
    assert [(one["moment"], one["text"]) for one in held["briefs"]] == [("failed", "Call Ada")]


def test_what_is_better_not_said() -> None:
    rig = rig_of(FAILED, moment("later", purpose="marketing"))
    assert rig.track("Page") and texts(brief(rig)["avoid"]) == ["No marketing: they have not agreed to it"]
    rig.track("Page", context=REFUSED)
    rig.apply(Held(("anonymous_id", "a1"), ["failed"], rig.now + HOUR))
    rig.track("Payment Failed")
    author = {"decision_id": "ab", "content": {"avoid": ["the price", "their dog"]}}
    assert texts(brief(rig, author)["avoid"]) == [
        "Nothing about failed: it is on hold",
        "No marketing: refused",
        "No discounts: a service matter is open",
        "the price",
        "their dog",
    ]
    assert texts(brief(rig, {"decision_id": "ab", "content": {"avoid": "the price"}})["avoid"])[-1] == "the price"
    rig.pass_time(DAY)
    assert texts(brief(rig)["avoid"]) == ["No marketing: refused"]
