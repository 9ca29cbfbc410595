"""The live feed: what happens, in words, for whoever is looking. It costs nothing when nobody is."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

from msgspec import json

from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.identifier import Identifier

RECENT = 100
KEEPALIVE = 15.0
QUEUE = 500
EVENTS_PER_BATCH = 20


class Who(NamedTuple):
    """A person of the feed: a short name to read, and their opaque id to ask for more, empty if there is none yet."""

    label: str
    person: str


class Feed:
    """Subscribers get every decision and, when there are many, a sample of the events."""

    def __init__(self) -> None:
        self._recent: deque[bytes] = deque(maxlen=RECENT)
        self._subscribers: set[asyncio.Queue[bytes | None]] = set()

    @property
    def watched(self) -> bool:
        return bool(self._subscribers)

    def subscribe(self) -> asyncio.Queue[bytes | None]:
        """A queue that starts with the recent past."""
        queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        for frame in self._recent:
            queue.put_nowait(frame)
        self._subscribers.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[bytes | None]) -> None:
        self._subscribers.discard(queue)

    def publish(self, at: int, kind: str, who: Who, moment: str, text: str, reason: str) -> None:
        """A slow reader misses lines; nobody waits for it."""
        whom = {"person": who.label, "id": who.person}
        note = {"at": at, "kind": kind, **whom, "moment": moment, "text": text, "reason": reason}
        frame = b"event: note\ndata: " + json.encode(note) + b"\n\n"
        self._recent.append(frame)
        self._put(frame)

    def end(self) -> None:
        """End every subscription."""
        self._put(None)

    def _put(self, frame: bytes | None) -> None:
        for queue in self._subscribers:
            if not queue.full():
                queue.put_nowait(frame)


def sample(inputs: Iterable[Any]) -> list[Event]:
    """At most a screenful of the events of a batch."""
    return [one for one in inputs if type(one) is Event][:EVENTS_PER_BATCH]


def describe(event: Event) -> str:
    """What an operator wants to read of an event: the product and its price, the step, the page."""
    properties = event.properties
    name, price = (
        properties.get("name"),
        properties.get("price") or properties.get("revenue") or properties.get("total"),
    )
    parts = [str(name)] if name else []
    if isinstance(price, (int, float)):
        parts.append(f"{price:,.2f}")
    if "step" in properties:
        parts.append(f"step {properties['step']}")
    return " · ".join([event.name, *parts])


def known(customer: Customer) -> Who:
    """Who this is, by whom they are part of now."""
    person = customer.header.person.hex()
    return Who(label(customer, person), person)


def label(customer: Customer | None, fallback: str) -> str:
    """A short name for a row: first name and initial if known."""
    traits = customer.traits if customer else {}
    first, last = (traits.get(name, ("", 0, ""))[0] for name in ("first_name", "last_name"))
    if isinstance(first, str) and first:
        return f"{first[:20]} {str(last)[:1]}.".replace(" .", "")
    return f"Visitor {fallback[:4]}"


def identifier_label(identifier: Identifier) -> str:
    return identifier[1].replace("-", "")


async def frames_of(queue: asyncio.Queue[Any]) -> AsyncIterator[bytes]:
    """What is queued, and a comment now and then so that proxies keep the connection."""
    while True:
        try:
            frame = await asyncio.wait_for(queue.get(), KEEPALIVE)
        except TimeoutError:
            frame = b": keep-alive\n\n"
        if frame is None:
            return
        yield frame
