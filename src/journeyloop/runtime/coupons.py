"""Single-use codes in pools: taken in once, reserved in the commit that writes an intent, back if nothing was sent.

A free code is a row, a given one another; so one that was ever given out is never taken in again. Two couriers never
pick the same one: what is picked and not committed yet is held here, and all couriers are in one process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import structlog
from msgspec import Struct, msgpack

from journeyloop.model.effects import Reserved, Returned
from journeyloop.model.plan import Plan
from journeyloop.runtime import records
from journeyloop.runtime.ports import Reader, Store, Transaction

log = structlog.get_logger("journeyloop")
POOL = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+#-]{0,63}")
LOW = 20
"""So few free codes are told to whoever reads the log."""

_FREE, _GIVEN = b"\0F", b"\0G"


class Taken(Struct):
    """What became of codes that were brought: `added`, there before, or no codes (at most 64 letters, digits and
    _ . : / + # -)."""

    added: int = 0
    duplicates: int = 0
    refused: int = 0
    free: int = 0


class Count(Struct, array_like=True):
    free: int = 0
    given: int = 0


def take_in(transaction: Transaction, pool: str, codes: Iterable[str]) -> Taken:
    """New codes for a pool."""
    taken, name, count = Taken(), pool.encode(), _count(transaction, pool.encode())
    for code in codes:
        key = code.encode()
        if not CODE.fullmatch(code):
            taken.refused += 1
        elif any(transaction.get("coupons", name + state + key) is not None for state in (_FREE, _GIVEN)):
            taken.duplicates += 1
        else:
            transaction.put("coupons", name + _FREE + key, b"")
            taken.added += 1
    count.free += taken.added
    taken.free = count.free
    transaction.put("coupons", name, msgpack.encode(count))
    return taken


def change(transaction: Transaction, effect: Reserved | Returned) -> None:
    """A code goes with a decision, or is free again. Said twice it is the same."""
    name, code, count = effect.pool.encode(), effect.code.encode(), _count(transaction, effect.pool.encode())
    free, given = name + _FREE + code, name + _GIVEN + code
    if isinstance(effect, Reserved):
        if transaction.get("coupons", free) is None:
            return
        transaction.delete("coupons", free)
        transaction.put("coupons", given, effect.decision)
        count.free, count.given = count.free - 1, count.given + 1
    elif transaction.get("coupons", given) is not None:
        transaction.delete("coupons", given)
        transaction.put("coupons", free, b"")
        count.free, count.given = count.free + 1, count.given - 1
    transaction.put("coupons", name, msgpack.encode(count))


def pools(reader: Reader, plan: Plan) -> list[dict[str, Any]]:
    """Every pool with how many of its codes are free and given, also those that the plan names and nobody filled."""
    wanted = {action.coupon for moment in plan.moments.values() for action in moment.actions if action.coupon}
    counts = {name: _count(reader, name.encode()) for name in sorted({*wanted, *_names(reader)})}
    return [
        {"pool": name, "free": one.free, "given": one.given, "used": name in wanted} for name, one in counts.items()
    ]


def _count(reader: Reader, pool: bytes) -> Count:
    raw = reader.get("coupons", pool)
    return Count() if raw is None else msgpack.decode(raw, type=Count)


def _names(reader: Reader) -> Iterator[str]:
    """One look for each pool; a pool's own row comes before those of its codes."""
    start = b""
    while row := next(iter(reader.scan("coupons", start)), None):
        name = row[0].partition(b"\0")[0]
        yield name.decode()
        start = name + b"\1"


class Coupons:
    """What the couriers pick from."""

    def __init__(self, store: Store, plan: Callable[[], Plan]) -> None:
        self.store, self.plan = store, plan
        self._held: set[str] = set()
        self._low: set[str] = set()

    def claim(self, decision: bytes) -> str:
        """pool:code for the delivery of this decision; empty if it wants none, has one, or there is none left. To be
        settled once its fate is committed."""
        if not any(action.coupon for moment in self.plan().moments.values() for action in moment.actions):
            return ""
        with self.store.read() as reader:
            pool = self._wanted(reader, decision)
            found = self._free(reader, pool) if pool else ""
            if pool:
                self._tell(pool, _count(reader, pool.encode()).free)
        if found:
            self._held.add(found)
        return found

    def settle(self, coupon: str) -> None:
        self._held.discard(coupon)

    def _wanted(self, reader: Reader, decision: bytes) -> str:
        raw = reader.get("deliveries", decision)
        delivery = None if raw is None else records.decode_delivery(raw)
        moment = self.plan().moment(delivery.moment) if delivery else None
        action = moment.action(delivery.action) if moment and delivery else None
        return action.coupon if action and delivery and not delivery.coupon else ""

    def _free(self, reader: Reader, pool: str) -> str:
        start = pool.encode() + _FREE
        for key, _ in reader.scan("coupons", start, pool.encode() + _GIVEN):
            coupon = f"{pool}:{key[len(start) :].decode()}"
            if coupon not in self._held:
                return coupon
        return ""

    def _tell(self, pool: str, free: int) -> None:
        if free > LOW:
            self._low.discard(pool)
        elif pool not in self._low:
            self._low.add(pool)
            log.warning("few coupons left", pool=pool, free=free)
