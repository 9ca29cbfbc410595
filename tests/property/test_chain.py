"""The index from a person to their log records is a chain: walking it finds each of them once (docs/adr/0005)."""

from __future__ import annotations

from collections import Counter
from itertools import islice

from hypothesis import given

from journeyloop.runtime import records
from journeyloop.runtime.chain import Committed, Walk
from journeyloop.runtime.ports import Reader
from tests.property.histories import Step, histories, play
from tests.property.rig import SECRET, Rig


def walked(reader: Reader, last: int) -> list[int]:
    """The positions of one chain, newest first."""
    found = []
    while last >= 0:
        found.append(last)
        raw = reader.get("log", last.to_bytes(8, "big"))
        assert raw is not None, "a chain never points outside the log"
        last = records.decode_log_header(raw).previous
    return found


@given(histories())
def test_a_persons_chain_is_all_their_records(history: list[Step]) -> None:
    rig = play(history)
    with rig.store.read() as reader:
        logged: dict[bytes, list[int]] = {}
        for key, raw in reader.scan("log", reverse=True):
            person = records.decode_log_header(raw).person
            if person is not None:
                logged.setdefault(person, []).append(int.from_bytes(key, "big"))
        headers = {key: records.decode_customer(raw).header for key, raw in reader.scan("people")}
        for person, header in headers.items():
            assert walked(reader, header.last_position) == logged.get(person, [])
    survivors = [header for header in headers.values() if header.successor is None]
    lives = Counter(one for header in survivors for one in (header.person, *(past.person for past in header.absorbed)))
    assert lives == Counter(headers.keys()), "every life belongs to exactly one survivor"


def test_the_newest_records_are_found_without_reading_the_oldest() -> None:
    """Of two people who became one, whose records lie between each other's."""
    rig = Rig()
    for n in range(200):
        rig.track("Product Viewed", f"a{n % 2}")
    for browser in ("a0", "a1"):
        rig.track("Identify", browser, user_id="u1")
    header, last, read = rig.find("u1", "user_id").header, len(rig.rows("log")), list[int]()

    class Counting(Committed):
        def record_at(self, position: int) -> bytes | None:
            read.append(position)
            return super().record_at(position)

    with rig.store.read() as reader:
        walk = Walk(Counting(reader), SECRET)
        newest = [position for position, _, _ in islice(walk.records(header), 20)]
        assert len(read) < 30
        assert newest == sorted(range(last - 20, last), reverse=True)
        assert [position for position, _, _ in walk.in_order(header)] == list(range(last - 202, last))
