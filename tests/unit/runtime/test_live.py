"""The running loop: an answer speaks of the plan that decided, whatever plan came after."""

from __future__ import annotations

import asyncio
from typing import Any

from journeyloop.adapters.config.load import Loaded
from journeyloop.adapters.config.settings import Settings
from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.app import build
from journeyloop.model.plan import Plan
from tests.property.rig import SECRET, moment, plan_of

HERO = plan_of(moment("hero", detect="{ask: hero}"))
WITHOUT = plan_of(moment("other"))


def asked_while_the_plan_changes(then: Plan) -> dict[str, Any]:
    """The question and the new plan reach the writer together."""

    async def both() -> dict[str, Any]:
        store = MemoryStore()
        live = build(store, SECRET, Loaded(HERO, [], Settings()), lambda: (then, []))
        await live.start("test", "")
        with store._writer:  # the store is busy with somebody else's question
            before = asyncio.create_task(live.ask(("user_id", "u2"), ["hero"], {}))
            while not before.done() and (not live.writer.waiting or live.writer._queue):
                await asyncio.sleep(0.001)
            asked = asyncio.create_task(live.ask(("user_id", "u1"), ["hero"], {}))
            changed = asyncio.create_task(live.reload())
            while len(live.writer._queue) < 2:
                await asyncio.sleep(0.001)
        told, _, _ = await asyncio.gather(asked, before, changed)
        await live.stop()
        return told

    return asyncio.run(both())


def test_an_answer_speaks_of_the_plan_that_decided() -> None:
    told = asked_while_the_plan_changes(WITHOUT)
    assert told["hero"]["action"] == "hello" and told["hero"]["content"]["title"] == "Hello"
