"""How far an import has come is committed with its rows: whatever is sent twice or dies between counts once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.model.inputs import Input
from journeyloop.runtime import reads
from journeyloop.runtime.imports import SLICE, Alone, Gap, Imports, Progress, read_progress
from journeyloop.runtime.memory import Memory
from journeyloop.runtime.ports import Transaction
from journeyloop.runtime.quarantine import listed, tried_again
from journeyloop.runtime.replay import replay
from journeyloop.runtime.rows import Terms
from tests.property.rig import MINUTE, SECRET, T, shop

FILE = "f" * 32


def order(user: str = "u", **fields: Any) -> bytes:
    call = {"type": "track", "event": "Order Completed", "userId": user, "timestamp": "2020-01-01T00:00:00Z"}
    return json.dumps({**call, "properties": {"revenue": 10}, **fields}).encode()


def alone(store: MemoryStore, now: int = T) -> Alone:
    with store.read() as reader:
        memory = Memory(SECRET, shop(), reader)
    return Alone(store, memory, lambda: now, "code", "")


def orders(store: MemoryStore, user: str = "u") -> int:
    with store.read() as reader:
        customer = reads.find_customer(reader, SECRET, ("user_id", user))
        return 0 if customer is None else customer.header.orders


def test_rows_count_once_however_often_they_are_sent() -> None:
    store = MemoryStore()
    one = alone(store)
    assert one.take("events", FILE, 0, [order(), order(timestamp="soon")]) == Progress(2, 1, {"time_invalid": 1})
    assert one.take("events", FILE, 0, [order(), order(timestamp="soon"), order()]) == Progress(
        3, 2, {"time_invalid": 1}
    )
    assert alone(store).take("events", FILE, 2, [order()]).next == 3
    assert orders(store) == 2
    with pytest.raises(Gap, match="3"):
        one.take("events", FILE, 4, [order()])
    assert alone(store).take("events", "g" * 32, 0, [order()]).next == 1
    assert orders(store) == 3


@pytest.mark.parametrize("profile_first", [True, False])
def test_orders_that_only_an_address_names_are_those_of_who_has_it(profile_first: bool) -> None:
    store = MemoryStore()
    named = {"context": {"traits": {"email": "Ada@example.com"}}}
    line = json.dumps(
        {"type": "track", "event": "Order Completed", "timestamp": "2020-01-01T00:00:00Z", **named}
    ).encode()
    person = b'{"type":"identify","userId":"ada","traits":{"email":"ada@example.com"},"timestamp":"2019-01-01"}'
    first, second = (("profiles", person), ("events", line))[:: 1 if profile_first else -1]
    alone(store).take(first[0], FILE, 0, [first[1]])  # type: ignore[arg-type]
    alone(store).take(second[0], "g" * 32, 0, [second[1]])  # type: ignore[arg-type]
    alone(store).take("events", "h" * 32, 0, [line, line])
    assert orders(store, "ada") == 3


def test_a_death_before_the_commit_leaves_nothing_and_the_repeat_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    alone(store).take("events", FILE, 0, [order()])

    def die(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("journeyloop.runtime.imports.keep_wordings", die)
        with pytest.raises(KeyboardInterrupt):
            alone(store).take("events", FILE, 1, [order(), order()])
    assert orders(store) == 1 and alone(store).progress(FILE).next == 1
    alone(store).take("events", FILE, 1, [order(), order()])
    assert orders(store) == 3


def test_no_timer_fires_and_the_log_folds_to_the_state() -> None:
    store, scratch = MemoryStore(), MemoryStore()
    with store.write() as transaction:
        transaction.put("timers", (T - MINUTE).to_bytes(8, "big") + bytes(16) + b"close/x", b"")
    alone(store).take("events", FILE, 0, [order()])
    with store.write() as transaction:
        assert [key[24:] for key, _ in transaction.scan("timers")] == [b"close/x"]
        transaction.delete("timers", next(transaction.scan("timers"))[0])
    with store.read() as reader:
        found = replay(reader, scratch, SECRET, lambda _: shop(), shop(), "code")
    assert (found.folded, found.different, found.inputs) == (True, 0, 3), found


def test_a_refused_row_leaves_the_quarantine_as_an_import() -> None:
    store = MemoryStore()
    alone(store).take("events", FILE, 0, [order(timestamp="2024-01-01T00:00:00Z")])
    with store.read() as reader:
        (row,) = listed(reader, 10)
        (tried,) = tried_again(reader, [], Terms(shop(), SECRET, T + 365 * 86_400_000))
        (still,) = tried_again(reader, [], Terms(shop(), SECRET, T))
    assert row["reason"] == "time_in_future" and still.inputs is None
    assert tried.inputs is not None and type(tried.inputs[0]).__name__ == "Imported"
    with store.write() as transaction:
        tried.also(transaction)
        assert list(transaction.scan("quarantine")) == []


# --- beside a server --------------------------------------------------------------------------------------------------


class Server:
    """Takes what is submitted, and fails when told to."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.sizes: list[int] = []
        self.fails_at: int | None = None
        self.imports = Imports(self.store, self.submit, lambda: Terms(shop(), SECRET, T))

    async def submit(self, inputs: Sequence[Input], rejected: Any, also: Callable[[Transaction], None]) -> None:
        if len(self.sizes) == self.fails_at:
            raise RuntimeError
        await asyncio.sleep(0)
        self.sizes.append(len(inputs))
        with self.store.write() as transaction:
            also(transaction)

    def take(self, start: int, lines: list[bytes]) -> Progress:
        return asyncio.run(self.imports.take("events", FILE, start, lines))


def test_a_chunk_goes_in_by_slices_each_with_its_progress() -> None:
    server = Server()
    server.fails_at = 2
    lines = [order()] * (2 * SLICE + 5)
    with pytest.raises(RuntimeError):
        server.take(0, lines)
    with server.store.read() as reader:
        assert read_progress(reader, FILE).next == 2 * SLICE
    server.fails_at = None
    assert server.take(0, lines).next == 2 * SLICE + 5
    assert server.sizes == [SLICE, SLICE, 5]
    with pytest.raises(Gap):
        server.take(3 * SLICE, lines)


def test_two_senders_of_one_file_take_turns() -> None:
    server = Server()

    async def both() -> None:
        lines = [order()] * 10
        await asyncio.gather(*(server.imports.take("events", FILE, 0, lines) for _ in range(2)))

    asyncio.run(both())
    assert server.sizes == [10]
