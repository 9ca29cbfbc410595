"""A place that asks: what its asker knows, what a page may be told of whom, and the same without deciding."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.model.effects import Answer
from journeyloop.model.inputs import Asked
from journeyloop.runtime import records
from journeyloop.runtime.answers import previewed
from journeyloop.runtime.learned import arm_records
from tests.property.learned import know
from tests.property.rig import Rig, action, moment, plan_of

ME = ("anonymous_id", "a1")
DESK = {"agent": "desk-7", "intent": "refund"}


def rig_with(**changes: str) -> Rig:
    return Rig(plan_of(moment("hero", detect="{ask: hero}", **changes)))


def ask(rig: Rig, context: dict[str, Any] | None = None, browser: bool = False, who: Any = ME) -> str | None:
    """The action for the place, the reason for silence, or None if no moment was true."""
    rig.apply(Asked(who, "hero", f"r{len(rig.log())}", context or {}, browser))
    [answer] = rig.emitted(Answer)
    made = answer.decision
    return None if made is None else made.chosen[1] if made.chosen else made.reason


# --- what the asker knows -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "told"),
    [
        (DESK, "hello"),
        ({"intent": "sale"}, None),
        ({"intent": 7}, None),
        ({"intent": None}, None),
        ({}, None),
    ],
)
def test_who_reads_the_context(context: dict[str, Any], told: str | None) -> None:
    assert ask(rig_with(who="event.context.intent == 'refund'"), context) == told


def test_an_actions_where_reads_it_too() -> None:
    actions = f"[{action('calm', ', where: event.context.mood.angry')}, {action('sell')}]"
    rig = rig_with(actions=actions)
    assert ask(rig, {"mood": {"angry": True}}) == "calm"
    assert ask(rig, {"mood": {"angry": False}}) == "sell"
    assert ask(rig, {"mood": "angry"}) == "sell"
    assert rig.made[-1].candidates[0].verdict == "missing: event.context.mood.angry"


def test_why_tells_what_was_said() -> None:
    rig = rig_with(who="event.context.intent == 'refund'")
    ask(rig, {"intent": "sale", "card": "4111"})
    look = rig.find().sealed.looks["hero"]
    assert (look.reason, look.values) == (
        "false: event.context.intent == 'refund'",
        {"event": {"context": {"intent": "sale"}}},
    )


# --- what a page may be told ----------------------------------------------------------------------------------------


def test_a_page_is_told_of_its_own_browser() -> None:
    rig = rig_with()
    rig.track("Product Viewed")
    assert ask(rig, browser=True) == "hello"


@pytest.mark.parametrize(
    "claimed",
    [
        {"user_id": "victim"},
        {"traits": {"email": "victim@example.com"}},
        {"traits": {"phone": "+4915112345678"}},
        {"context": {"device": {"id": "victims-phone"}}},
        {"context": {"externalIds": [{"id": "cus_1", "type": "stripe", "collection": "users", "encoding": "none"}]}},
    ],
    ids=str,
)
@pytest.mark.parametrize("there", [True, False])
def test_a_page_that_names_somebody_is_told_of_nobody(claimed: dict[str, Any], there: bool) -> None:
    """Whether the somebody exists or not; a backend that asks for the same browser is told."""
    rig = rig_with()
    if there:
        rig.track("Identify", "a2", **{"user_id": "victim", **claimed})
    rig.track("Identify", "a1", source="browser", **claimed)
    assert ask(rig, browser=True) is None
    assert ask(rig) == "hello"


# --- what it would be -----------------------------------------------------------------------------------------------


def preview(rig: Rig, *places: str, who: Any = ME) -> dict[str, dict[str, Any]]:
    asks = [Asked(who, place, f"p{number}") for number, place in enumerate(places)]
    with rig.store.read() as reader:
        return previewed(reader, rig.secret, rig.plan, asks, rig.now)


def test_previews_change_nothing_and_say_what_would_be() -> None:
    rig = Rig(
        plan_of(
            moment("hero", detect="{ask: hero}"),
            moment("side", detect="{ask: side}"),
            policy="caps: [{per: person, at_most: 1, within: 1h}]\n",
        )
    )
    rig.track("Product Viewed")
    before = rig.state()
    for _ in range(100):
        told = preview(rig, "hero", "side", "nowhere")
        assert told["hero"]["action"] == "hello" and told["hero"]["content"] == {"title": "Hello"}
        assert told["side"]["reason"].startswith("cap: 1 per person"), "each is capped after the one before it"
        assert told["nowhere"]["reason"] == "no moment answers for placement nowhere"
        assert all(one["preview"] is True and one["decision_id"] is None for one in told.values())
        preview(rig, "hero", who=("user_id", "nobody yet"))
    assert rig.state() == before and rig.rows("people") and rig.counts("hero") == {}
    assert ask(rig) == "hello"
    assert preview(rig, "hero")["hero"]["reason"].startswith("cap: 1 per person")


def test_a_preview_reads_the_arms_of_what_is_asked_for_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is answered where everybody waits: all arms, with the rows that wait for them, took half a second."""
    names = ("her", "hero", "hero2")
    learning = {"learn": "{mode: cautious, explore: 0%}", "actions": f"[{action('a')}, {action('b')}]"}
    rig = Rig(plan_of(*(moment(name, detect=f"{{ask: {name}}}", **learning) for name in names)))
    with rig.store.write() as transaction:
        for name in names:
            know(rig, name, silence=[-3.0], a=[-2.0], b=[1.0])
            for key, record in arm_records(name, rig.memory.arms[name], ["", "a", "b"]):
                transaction.put("arms", key, record or b"")
    read: list[Any] = []
    decode = records.decode_arm
    monkeypatch.setattr(records, "decode_arm", lambda raw: read.append(decode(raw)) or read[-1])
    assert preview(rig, "hero")["hero"]["action"] == "b"
    assert [(one.moment, one.action) for one in read] == [("hero", ""), ("hero", "a"), ("hero", "b")]
