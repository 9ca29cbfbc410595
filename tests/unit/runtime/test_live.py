"""The running loop: an answer speaks of the plan that decided, whatever plan came after."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from journeyloop.adapters.config.load import Loaded
from journeyloop.adapters.config.settings import Settings
from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.app import build
from journeyloop.model.plan import Plan
from tests.property.rig import SECRET, moment, plan_of

HERO = plan_of(moment("hero", detect="{ask: hero}"))
WITHOUT = plan_of(moment("other"))


async def until(true: Callable[[], object]) -> None:
    """For a second at most: a timer of the writer's own may hold it up before it takes any work."""
    for _ in range(1_000):
        if true():
            return
        await asyncio.sleep(0.001)


def asked_while_the_plan_changes(then: Plan) -> dict[str, Any]:
    """The question and the new plan reach the writer together."""

    async def both() -> dict[str, Any]:
        store = MemoryStore()
        live = build(store, SECRET, Loaded(HERO, [], Settings()), lambda: (then, []))
        await live.start("test", "")
        with store._writer:  # the store is busy with somebody else's question
            before = asyncio.create_task(live.ask(("user_id", "u2"), ["hero"], {}))
            await until(lambda: live.writer.waiting and not live.writer._queue)
            asked = asyncio.create_task(live.ask(("user_id", "u1"), ["hero"], {}))
            changed = asyncio.create_task(live.reload())
            await until(lambda: len(live.writer._queue) >= 2)
        told, _, _ = await asyncio.gather(asked, before, changed)
        await live.stop()
        return told

    return asyncio.run(both())


def test_an_answer_speaks_of_the_plan_that_decided() -> None:
    told = asked_while_the_plan_changes(WITHOUT)
    assert told["hero"]["action"] == "hello" and told["hero"]["content"]["title"] == "Hello"


def test_a_breaker_that_has_tripped_is_the_first_problem() -> None:
    """Also over pages that ask; and it is no problem any more once somebody has resumed it."""
    plan = plan_of(moment("hero", detect="{ask: hero}"), policy="breaker: {contacts_per_minute: 1}\n")

    async def asked() -> list[Any]:
        live = build(MemoryStore(), SECRET, Loaded(plan, [], Settings()), lambda: (plan, []))
        await live.start("test", "")
        answers = [(await live.ask(("user_id", f"u{number}"), ["hero"], {}))["hero"] for number in range(3)]
        tripped = live.moments()
        await live.pause("breaker", False, "test")
        resumed = live.moments()
        await live.stop()
        return [answers, tripped, resumed]

    answers, tripped, resumed = asyncio.run(asked())
    assert [one["action"] for one in answers] == ["hello", "hello", None]
    assert answers[2]["reason"] == "paused: breaker"
    assert (tripped["paused"], tripped["breaker"]) == (["breaker"], "2 contacts within a minute, more than 1")
    [problem] = tripped["problems"]
    assert (problem["file"], problem["line"], problem["level"]) == ("policy.yaml", 2, "error")
    assert problem["message"].startswith("breaker: 2 contacts within a minute, more than 1; everything is paused")
    assert (resumed["paused"], resumed["breaker"], resumed["problems"]) == ([], None, [])
