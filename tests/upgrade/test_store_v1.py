"""A store that record version 1 wrote opens, says what it said, and lives on. `store-v1.json` is what its profiles said
when it was written; the rest of its story is in the store itself.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from journeyloop.adapters.config.init import scaffold
from journeyloop.adapters.store.directory import open_reader
from journeyloop.adapters.store.lmdb import LmdbReader, LmdbStore
from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.interpret.cart import contents
from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.inputs import Epoch
from journeyloop.model.profile import country
from journeyloop.runtime import reads, records, upgrade
from journeyloop.runtime.batch import Batch
from journeyloop.runtime.memory import Memory, read_secret, read_singles
from journeyloop.runtime.ports import TABLES, Reader, StoreFailed
from journeyloop.runtime.replay import replay
from tests.property.histories import plans
from tests.property.rig import DAY, MINUTE, SECOND
from tests.story.servers import Server, command

HERE = Path(__file__).parent
FACTS: dict[str, Any] = json.loads((HERE / "store-v1.json").read_text())
PEOPLE = [one for one in FACTS if ":" in one]
NOW: int = FACTS["now"]
VERSION_1_TABLES = set(FACTS["rows"])
DECODERS: dict[str, Callable[[bytes], Any]] = {
    "people": records.decode_customer,
    "owners": records.decode_owner,
    "log": records.decode_log,
    "decisions": records.decode_decision,
    "deliveries": records.decode_delivery,
    "moments": records.decode_tally,
    "quarantine": records.decode_refused,
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A configuration directory with the old store in it."""
    store = tmp_path / "store"
    store.mkdir(parents=True)
    (store / "data.mdb").write_bytes(gzip.decompress((HERE / "store-v1.mdb.gz").read_bytes()))
    return tmp_path


@pytest.fixture
def store(directory: Path) -> Iterator[LmdbStore]:
    with closing(LmdbStore(directory / "store", "relaxed")) as opened:
        yield opened


def plan_named(hash_: str) -> Any:
    """The configuration has another hash by now; the moments are the same."""
    return plans()[0]


class Living:
    """The machines over the old store."""

    def __init__(self, store: LmdbStore) -> None:
        self.store, self.now, self.count = store, NOW, 0
        with store.read() as reader:
            secret = read_secret(reader)
        assert secret is not None
        self.secret = secret
        self.restart()

    def restart(self) -> None:
        with self.store.read() as reader:
            self.memory = Memory(self.secret, plans()[0], reader)

    def apply(self, *inputs: Any) -> None:
        with self.store.write() as transaction:
            batch = Batch(transaction, self.memory, plan_named)
            for one in inputs:
                batch.apply(one, self.now)
            while batch.fire(self.now, 1_000):
                pass
            batch.flush()

    def track(self, name: str, **fields: Any) -> None:
        self.count += 1
        kind = "identify" if name == "Identify" else "track"
        who = {} if {"user_id", "anonymous_id"} & fields.keys() else {"user_id": "vera", "anonymous_id": "va1"}
        self.apply(Event(kind, name, f"new-{self.count}", self.now, **who, **fields))

    def find(self, who: str) -> Customer:
        return find(self.store, who, self.secret)


def find(store: Any, who: str, secret: bytes) -> Customer:
    type_, value = who.split(":")
    with store.read() as reader:
        found = reads.find_customer(reader, secret, (type_, value))
    assert found is not None
    return found


def said(customer: Customer) -> dict[str, Any]:
    """In the words of `store-v1.json`."""
    header, context = customer.header, customer.sealed.context
    return {
        "person": header.person.hex(),
        "events": header.events,
        "counts": header.counts,
        "orders": header.orders,
        "revenue": header.revenue,
        "cart_value": header.cart_value,
        "cart_items": header.cart_items,
        "traits": {name: stated[0] for name, stated in customer.traits.items()},
        "identifiers": sorted(list(name.identifier) for name in customer.sealed.names),
        "timers": header.timers,
        "arms": header.arms,
        "page": context.value("page") or "",
        "locale": context.value("locale") or "",
        "consent": {purpose: one.granted for purpose, one in header.consent.items()},
        "session": header.session.number,
        "armed": [one.name for one in header.armed],
    }


def rows(reader: Reader, table: str) -> list[tuple[bytes, bytes]]:
    return list(reader.scan(table))


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", PEOPLE)
def test_people_are_who_they_were(store: LmdbStore, who: str) -> None:
    assert said(Living(store).find(who)) == FACTS[who]


def test_every_record_is_read_and_survives_being_written(store: LmdbStore) -> None:
    with store.read() as reader:
        assert {table: len(rows(reader, table)) for table in FACTS["rows"]} == FACTS["rows"]
        for table, decode in DECODERS.items():
            for key, raw in rows(reader, table):
                assert raw[0] == 1, f"{table} {key.hex()} is not of version 1: the test shows nothing"
                assert decode(raw) is not None
        for _, raw in rows(reader, "people"):
            upgraded = records.decode_customer(raw)
            assert records.decode_customer(records.encode_customer(upgraded)) == upgraded
        for _, raw in rows(reader, "log"):
            assert records.decode_log_header(raw) == records.decode_log(raw)[0]
            assert records.decode_log(raw)[1] is not None


def test_what_was_not_kept_claims_the_least(store: LmdbStore) -> None:
    vera = Living(store).find("user_id:vera")
    assert {(name.at, name.source, name.verified) for name in vera.sealed.names} == {(vera.header.last_seen, "", 0)}
    assert {stated[2] for stated in vera.traits.values()} == {""}
    assert vera.header.refunds == 0 and vera.header.order_marks == []
    assert country(Living(store).find("user_id:will")) == "DE"


def test_the_lines_of_a_cart_are_worth_what_they_were(store: LmdbStore) -> None:
    vera = Living(store).find("user_id:vera")
    lines = contents(vera.sealed.cart)
    assert sum(line.price * line.quantity for line in lines) == FACTS["user_id:vera"]["cart_value"]
    assert sum(line.quantity for line in lines) == FACTS["user_id:vera"]["cart_items"]


def test_a_reader_beside_no_server_sees_the_new_tables_empty(directory: Path) -> None:
    """Nobody has served it yet: a command that only reads must not fail, and must not change it."""
    with closing(open_reader(directory)) as opened, opened.read() as reader:
        for table in set(TABLES) - VERSION_1_TABLES - {"meta", "quarantine"}:
            assert rows(reader, table) == [] == list(reader.scan(table, reverse=True))
            assert reader.get(table, b"k") is None
            assert reader.get_many(table, [b"k"]) == {}
        secret = read_secret(reader)
        assert secret is not None
        assert said(find(opened, "user_id:vera", secret)) == FACTS["user_id:vera"]


def test_a_file_that_is_no_store_is_still_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreFailed):
        LmdbReader(tmp_path)


# --- living on --------------------------------------------------------------------------------------------------------


def test_an_old_customer_goes_on_living(store: LmdbStore) -> None:
    loop = Living(store)
    loop.apply(Epoch(2, "another", ""))
    before = loop.find("user_id:vera")
    loop.now += SECOND
    loop.track("Product Added", properties={"product_id": "new", "price": 1.5, "quantity": 2})
    loop.track("Identify", traits={"tier": "platinum"})
    vera = loop.find("user_id:vera")
    assert vera.header.cart_value == before.header.cart_value + 3
    assert vera.traits["tier"] == ("platinum", loop.now, "browser") and vera.traits["first_name"][0] == "Vera"
    assert vera.header.session.number == before.header.session.number
    loop.now = max(vera.header.timers.values())
    loop.apply()
    vera = loop.find("user_id:vera")
    assert vera.header.armed == [] and all(due > loop.now for due in vera.header.timers.values())
    loop.track("Order Completed", properties={"revenue": 604.5, "order_id": "o9"})
    loop.track("Order Completed", properties={"revenue": 604.5, "order_id": "o9"})
    loop.now += DAY
    loop.track("Page", context={"page": {"path": "/again"}})
    loop.restart()
    loop.track("Page")
    vera = loop.find("user_id:vera")
    assert (vera.header.orders, vera.header.revenue, vera.header.cart_items) == (1, 604.5, 0)
    assert vera.header.session.number == before.header.session.number + 1
    assert vera.sealed.context.value("page") == "/again"


def test_an_old_visitor_can_still_turn_out_to_be_an_old_customer(store: LmdbStore) -> None:
    loop = Living(store)
    loop.now += MINUTE
    loop.track("Identify", user_id="newcomer", anonymous_id="busy")
    busy = loop.find("user_id:newcomer")
    assert busy.header.events == FACTS["anonymous_id:busy"]["events"] + 1
    assert busy.header.session.number >= 1


def test_the_log_folds_from_the_snapshot_of_the_old_store(directory: Path, store: LmdbStore) -> None:
    """What `serve` does when the code changed: a copy, and from there the new log."""
    (directory / "copy").mkdir()
    store.copy(directory / "copy")
    loop = Living(store)
    loop.apply(Epoch(2, "another", ""))
    loop.track("Product Added", properties={"product_id": "new", "price": 1.5})
    loop.track("Order Completed", user_id="will", properties={"revenue": 1})
    with closing(LmdbStore(directory / "copy", "relaxed")) as scratch, store.read() as reader:
        found = replay(reader, scratch, loop.secret, plan_named, plans()[0], "another")
    assert found.differences == [] and found.folded
    assert found.from_position == FACTS["rows"]["log"] and found.inputs == 3


def test_a_log_of_other_code_is_not_folded_but_its_decisions_are_checked(store: LmdbStore) -> None:
    with store.read() as reader:
        assert read_singles(reader).code
        found = replay(reader, MemoryStore(), b"", plan_named, plans()[0], "another")
    assert (found.folded, found.decisions, found.differences) == (False, FACTS["rows"]["decisions"], [])


def test_the_real_server_serves_it(directory: Path) -> None:
    scaffold(directory, demo=True)
    told = command("why", "checkout_stall", directory, "--user", "vera")
    assert told.returncode == 0, told.stderr
    server = Server(directory)
    try:
        profile = server.get("/v1/profile", user_id="vera").json()
        assert profile["person"] == FACTS["user_id:vera"]["person"]
        assert profile["profile"]["cart_value"] == FACTS["user_id:vera"]["cart_value"]
        server.track("Order Completed", {"revenue": 10}, userId="will")
        profile = server.get("/v1/profile", user_id="will").json()
        assert profile["profile"]["revenue"] == FACTS["user_id:will"]["revenue"] + 10
    finally:
        assert server.stop() == 0
    replayed = command("replay", directory)
    assert replayed.returncode == 0, replayed.stdout


# --- what an upgrade does to one person -------------------------------------------------------------------------------


def v1(header: list[Any], sealed: list[Any] | None = None) -> bytes:
    head = msgspec.msgpack.encode(header)
    tail = b"" if sealed is None else msgspec.msgpack.encode(sealed)
    return b"\1" + len(head).to_bytes(4, "big") + head + tail


HEADER = [b"p" * 16, 1, None, [], 5, 90, 3, True, False, 7, {"Page": 7}, [3, 80, 90, 2, {"m": 1}], 2, 19.99, 10, 60]
SEALED = [[["user_id", "u"]], {"tier": ["gold", 4]}, {"k": ["lamp", 2.5, 2.0, 70]}, "/p", "", "ua", {}, {}]


def test_each_part_of_a_person() -> None:
    customer = records.decode_customer(v1(HEADER, SEALED))
    header, sealed = customer.header, customer.sealed
    assert (header.revenue_micros, header.revenue) == (19_990_000, 19.99)
    assert (header.session.number, header.session.signals, header.session.earlier) == (3, {"m": 1}, [])
    assert header.session.settled == 80 - upgrade.GAP - 1
    assert dict(customer.traits) == {"tier": ("gold", 4, "")}
    assert (sealed.context.page, sealed.context.locale, sealed.context.user_agent) == (("/p", 90), None, ("ua", 90))
    assert [(one.key, one.name, one.price, one.quantity) for one in contents(sealed.cart)] == [("k", "lamp", 2.5, 2.0)]
    assert sealed.cart.at == 60


@pytest.mark.parametrize("raw", [v1(HEADER), v1([b"p" * 16, 1, b"q" * 16, []])], ids=["erased", "tombstone"])
def test_a_person_without_a_sealed_part(raw: bytes) -> None:
    assert records.decode_customer(raw).sealed.names == []


@pytest.mark.parametrize(
    "raw", [b"\1", b"\1\0\0\0\1\xc1", v1([]), v1(HEADER, [1, 2]), v1([b"p" * 16, 1, None, [], 0, 0, 0, 0, 0, 0, 0, 0])]
)
def test_damage_is_named_as_such(raw: bytes) -> None:
    with pytest.raises(records.RecordError):
        records.decode_customer(raw)
