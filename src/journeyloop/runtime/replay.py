"""Does the log say what the state says? Two checks, each able to fail.

(a) Every decision recomputed from its own record gives the same choice, whatever code made it. (b) Folding the log from
the last snapshot gives the live state, table by table, byte by byte; a snapshot is taken when the code changes, so
the fold is always by the code that wrote the log. Differences are listed, never repaired.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from msgspec import Struct

from journeyloop.decide import arbitrate
from journeyloop.model.decision import Decision
from journeyloop.model.plan import Plan
from journeyloop.runtime import records
from journeyloop.runtime.batch import Batch
from journeyloop.runtime.memory import Memory, read_singles
from journeyloop.runtime.ports import Reader, Store

COMPARED = (
    "people",
    "owners",
    "timers",
    "decisions",
    "deliveries",
    "outbox",
    "undelivered",
    "by_person",
    "dedup",
    "moments",
    "arms",
    "outcomes",
    "audiences",
    "told",
    "ledger",
)
BATCH = 1_000
SHOWN = 20


class Replayed(Struct):
    """What was looked at and what differed; `differences` is empty if all is well (at most 20 are listed). `folded` is
    False if the log was written by other code than this, then only the decisions were checked."""

    folded: bool = True
    from_position: int = 0
    inputs: int = 0
    decisions: int = 0
    erased: int = 0
    different: int = 0
    differences: list[str] = []

    def differs(self, what: str) -> None:
        self.different += 1
        if len(self.differences) < SHOWN:
            self.differences.append(what)


def replay(
    live: Reader, scratch: Store, secret: bytes, plans: Callable[[str], Plan], first: Plan, code: str
) -> Replayed:
    """Recompute the decisions and fold the log into `scratch`: an empty store, or a copy of the last snapshot.

    Args:
        first: any plan, until the log names one.
        code: what this code is called; a log written by other code is not folded.
    """
    found = Replayed(folded=read_singles(live).code in ("", code))
    _recompute(live, found)
    if found.folded:
        _fold(live, scratch, secret, plans, first, found)
        with scratch.read() as folded:
            for table in COMPARED:
                _compare(table, live, folded, found)
    return found


def _recompute(live: Reader, found: Replayed) -> None:
    for key, raw in live.scan("decisions"):
        found.decisions += 1
        try:
            if not repeats(records.decode_decision(raw)):
                found.differs(f"decision {key.hex()}: another choice from its own record")
        except records.RecordError as error:
            found.differs(f"decision {key.hex()}: {error}")


def repeats(decision: Decision) -> bool:
    """Whether the recorded rows, verdicts and draw give the recorded choice and propensities."""
    choice = arbitrate(decision.rows, decision.candidates, decision.draw)
    picked = None if choice.index is None else decision.candidates[choice.index]
    chosen = None if picked is None else (picked.moment, picked.action)
    return chosen == decision.chosen and choice.propensities == [one.propensity for one in decision.candidates]


def _fold(
    live: Reader, scratch: Store, secret: bytes, plans: Callable[[str], Plan], first: Plan, found: Replayed
) -> None:
    with scratch.read() as reader:
        memory = Memory(secret, first, reader)
    if memory.singles.plan:
        memory.plan = plans(memory.singles.plan)
    found.from_position = memory.singles.position
    log = live.scan("log", found.from_position.to_bytes(8, "big"))
    more = True
    while more:
        with scratch.write() as transaction:
            batch = Batch(transaction, memory, plans)
            more = _fold_some(log, batch, found)
            batch.flush()


def _fold_some(log: Iterator[tuple[bytes, bytes]], batch: Batch, found: Replayed) -> bool:
    """Up to 1,000 records; whether there may be more."""
    for _ in range(BATCH):
        position, raw = next(log, (b"", b""))
        if not position:
            return False
        try:
            header, applied = records.decode_log(raw)
        except records.RecordError as error:
            found.differs(f"log {int.from_bytes(position, 'big')}: {error}")
            continue
        if applied is None:
            found.erased += 1
            continue
        found.inputs += 1
        batch.apply(applied, header.now)
    return True


def _compare(table: str, live: Reader, folded: Reader, found: Replayed) -> None:
    """Merge-join of the two tables."""
    ours, theirs = live.scan(table), folded.scan(table)
    mine, other = next(ours, None), next(theirs, None)
    while mine is not None or other is not None:
        if mine == other:
            mine, other = next(ours, None), next(theirs, None)
        elif other is None or (mine is not None and mine[0] < other[0]):
            assert mine is not None
            found.differs(f"{table} {mine[0].hex()}: in the state, not in the log")
            mine = next(ours, None)
        elif mine is None or mine[0] > other[0]:
            found.differs(f"{table} {other[0].hex()}: in the log, not in the state")
            other = next(theirs, None)
        else:
            found.differs(f"{table} {mine[0].hex()}: the state and the log differ")
            mine, other = next(ours, None), next(theirs, None)
