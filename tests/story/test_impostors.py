"""Identifiers that are not taken, and what a hostile browser cannot do: join anybody, or fill the memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.story.conftest import end
from tests.story.persons import FILES, address, from_backend, profile
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server
from tests.story.visits import batch, identify, somebody

pytestmark = pytest.mark.slow

CUSTOMERS, ROUND = 300, 2_000
FLAT_MB = 25.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(project(tmp_path_factory.mktemp("people") / "shop", files=FILES), SHIPPED)
    yield server
    end(server)


def refused(server: Server, type_: str, reason: str) -> float:
    """The count in /metrics."""
    for line in server.get("/metrics").text.splitlines():
        if line.startswith(f'journeyloop_identifiers_refused_total{{reason="{reason}",type="{type_}"}}'):
            return float(line.rpartition(" ")[2])
    return 0.0


def test_identifiers_that_are_not_taken_are_counted(server: Server) -> None:
    me, other, taken = somebody(), somebody(), address()
    batch(server, identify({"email": taken}, anonymousId=other))
    wrong = [
        ("malformed_email", "email", {"email": "ana at home"}),
        ("malformed_phone", "phone", {"phone": "12"}),
        ("blocked_value", "email", {"email": "test-user"}),
        ("identifier_taken", "email", {"email": taken}),
        ("identifier_limit", "email", {"email": address()}),
    ]
    batch(server, identify({"email": address()}, anonymousId=me))
    for reason, type_, traits in wrong:
        if reason == "identifier_limit":
            batch(server, identify({"email": address()}, anonymousId=me))
        before = refused(server, type_, reason)
        batch(server, identify(traits, anonymousId=me))
        assert refused(server, type_, reason) == before + 1, reason
    found = profile(server, anonymous_id=me)
    assert found["merges"] == [] and found["counts"] == {"Identify": 7}
    assert [one["type"] for one in found["identifiers"]] == ["anonymous_id", "email", "email"]


def resident_mb(server: Server) -> float:
    """What the server holds of this machine's memory."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")) / 1024


def attack(server: Server, hostile: str, first: int) -> None:
    """One browser names every customer, and many who are none, by address and by user id."""
    for start in range(first, first + ROUND, 250):
        numbers = range(start, start + 250)
        batch(server, *(identify({"email": f"u{n % 3_000}@shop.example"}, anonymousId=hostile) for n in numbers))
        batch(server, *(identify({}, anonymousId=hostile, userId=f"u{n % CUSTOMERS}") for n in numbers))


def test_a_hostile_browser_joins_nobody_and_fills_nothing(server: Server) -> None:
    hostile = somebody()
    customers = [identify({"email": f"u{n}@shop.example"}, userId=f"u{n}") for n in range(CUSTOMERS)]
    from_backend(server, *customers)
    attack(server, hostile, 0)
    before = resident_mb(server)
    attack(server, hostile, ROUND)
    attack(server, hostile, 2 * ROUND)
    assert resident_mb(server) < before + FLAT_MB
    people = {profile(server, user_id=f"u{n}")["person"] for n in range(CUSTOMERS)}
    assert len(people) == CUSTOMERS
    for n in range(0, CUSTOMERS, 10):
        found = profile(server, email=f"u{n}@shop.example")
        assert found["person"] == profile(server, user_id=f"u{n}")["person"] and found["contactable"]
        assert len(found["identifiers"]) <= 6
    assert refused(server, "email", "identifier_limit") + refused(server, "email", "two_people") > ROUND


def test_an_id_that_everybody_has_is_nobodys(server: Server) -> None:
    """A page whose login is broken sends the user id "null" for all its visitors."""
    visitors = [somebody() for _ in range(2_000)]
    before, count = resident_mb(server), refused_events(server)
    for start in range(0, 2_000, 500):
        calls = [identify({}, anonymousId=one, userId="null") for one in visitors[start : start + 500]]
        answer = server.http.post("/v1/batch", json={"writeKey": server.keys.write, "batch": calls})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "blocked_id")
    assert refused_events(server) == count + 2_000
    assert resident_mb(server) < before + FLAT_MB
    kept = server.get("/v1/quarantine", server.keys.admin, limit=1_000).json()["quarantined"]
    assert len(kept) == 1_000 and {one["reason"] for one in kept} == {"blocked_id"}
    for one in visitors[::100]:
        assert server.get("/v1/profile", anonymous_id=one).status_code == 404
    assert server.get("/v1/profile", user_id="null").status_code == 400


def refused_events(server: Server) -> float:
    for line in server.get("/metrics").text.splitlines():
        if line.startswith('journeyloop_refused_total{reason="blocked_id"}'):
            return float(line.rpartition(" ")[2])
    return 0.0
