"""Asking about one person, by any of their identifiers, telling two apart, and stating consent; and who may not."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import pytest

from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import ConsentStated
from journeyloop.model.reach import CHANNELS
from journeyloop.runtime.doors import Overloaded, Unavailable
from tests.unit.http.asgi import ADMIN, NOW, SERVER, WRITE, Answer, ask, bearer, site
from tests.unit.http.recording import RecordingDoor

HOUR = 3_600_000
READS = ["/v1/profile", "/v1/decisions", "/v1/why", "/v1/export", "/console/profile"]
ASKED: list[tuple[dict[str, str], Identifier]] = [
    ({"user_id": "u1"}, ("user_id", "u1")),
    ({"anonymous_id": "a1"}, ("anonymous_id", "a1")),
    ({"email": " Ada@Example.COM "}, ("email", "ada@example.com")),
    ({"phone": "+49 (170) 123 45 67"}, ("phone", "+491701234567")),
    ({"type": "stripe_customer", "value": "cus_1"}, ("stripe_customer", "cus_1")),
    ({"type": "email", "value": "ADA@example.com"}, ("email", "ada@example.com")),
    ({"person": "0123456789abcdef" * 2}, ("person id", "0123456789abcdef" * 2)),
]
BAD: list[tuple[dict[str, str], str]] = [
    ({}, "missing_id"),
    ({"type": "stripe_customer"}, "missing_id"),
    ({"value": "cus_1"}, "missing_id"),
    ({"type": "person id", "value": "cus_1"}, "missing_id"),
    ({"person": "p1"}, "invalid_request"),
    ({"person": "0123456789ABCDEF" * 2}, "invalid_request"),
    ({"user_id": "null"}, "blocked_id"),
    ({"anonymous_id": "00000000-0000-0000-0000-000000000000"}, "blocked_id"),
    ({"anonymous_id": "x" * 513}, "id_too_long"),
    ({"user_id": "a\0"}, "nul_character"),
    ({"email": "ada"}, "malformed_email"),
    ({"email": ""}, "blocked_value"),
    ({"email": "a" * 400 + "@example.com"}, "malformed_email"),
    ({"phone": "0170 1234567"}, "malformed_phone"),
    ({"phone": "call me"}, "malformed_phone"),
    ({"type": "stripe_customer", "value": "[object Object]"}, "blocked_value"),
    ({"type": "stripe_customer", "value": "x" * 321}, "malformed_id"),
]


@pytest.fixture
def door() -> RecordingDoor:
    return RecordingDoor()


def get(door: RecordingDoor, path: str, query: dict[str, str], key: str | None = ADMIN) -> Answer:
    return ask(site(door), "GET", path, [bearer(key)] if key else [], query=urlencode(query))


def post(door: RecordingDoor, path: str, body: Any, key: str | None = ADMIN) -> Answer:
    return ask(site(door), "POST", path, [bearer(key)] if key else [], body)


def test_one_decision_by_its_id(door: RecordingDoor) -> None:
    known = "0123456789abcdef" * 2
    door.known_decisions.add(known)
    assert get(door, f"/v1/decisions/{known}", {}, SERVER).json == {"id": known}
    assert get(door, f"/v1/decisions/{known}", {}, WRITE).status == 403
    for unknown in ("f" * 32, "0123", known.upper(), f"{known}0", "é"):
        assert get(door, f"/v1/decisions/{unknown}", {}, SERVER).status == 404


# --- by whichever name ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("query", "identifier"), ASKED)
def test_a_person_is_found_by_any_identifier(
    door: RecordingDoor, query: dict[str, str], identifier: Identifier
) -> None:
    door.people[identifier] = {"person": "p1"}
    assert get(door, "/v1/profile", query).json == {"person": "p1"}
    assert get(door, "/v1/export", query).json == {"person": "p1"}
    assert get(door, "/v1/decisions", query).json == {"decisions": [{"id": "d1"}]}
    assert get(door, "/v1/why", {"moment": "checkout_stall", **query}).json["moment"] == "checkout_stall"


@pytest.mark.parametrize(("query", "_"), ASKED)
def test_nobody_goes_by_it(door: RecordingDoor, query: dict[str, str], _: Identifier) -> None:
    for path in ("/v1/profile", "/v1/export"):
        answer = get(door, path, query)
        assert (answer.status, answer.code) == (404, "not_found")
    assert get(door, "/v1/decisions", query).json == {"decisions": []}


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize(("query", "reason"), BAD)
def test_what_is_no_identifier(door: RecordingDoor, path: str, query: dict[str, str], reason: str) -> None:
    answer = get(door, path, {"moment": "checkout_stall", **query})
    assert (answer.status, answer.code) == (400, reason)
    given = next((value for name, value in query.items() if name != "type" and len(value) > 3), "nothing given")
    assert given not in answer.body.decode()


def test_why_needs_a_moment_that_is_there(door: RecordingDoor) -> None:
    assert get(door, "/v1/why", {"user_id": "u1"}).code == "invalid_request"
    assert get(door, "/v1/why", {"user_id": "u1", "moment": "nothing"}).code == "not_found"


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("key", [None, "wrong", WRITE])
def test_a_browser_key_cannot_tell_who_exists(door: RecordingDoor, path: str, key: str | None) -> None:
    for _, identifier in ASKED:
        door.people[identifier] = {"person": "p1"}
    queries = [{"moment": "checkout_stall", **query} for query, _ in [*ASKED, *BAD]]
    queries.append({"moment": "checkout_stall", "user_id": "nobody"})
    answers = [get(door, path, query, key) for query in queries]
    assert {answer.status for answer in answers} == {403 if key == WRITE else 401}
    assert len({(answer.status, answer.body, tuple(sorted(answer.headers.items()))) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("path", "least"), [(path, SERVER) for path in READS[:3]] + [(path, ADMIN) for path in READS[3:]]
)
def test_which_key_reads(door: RecordingDoor, path: str, least: str) -> None:
    door.people[("user_id", "u1")] = {"person": "p1"}
    query = {"user_id": "u1", "moment": "checkout_stall"}
    statuses = [get(door, path, query, key).status for key in (SERVER, ADMIN)]
    assert statuses == ([200, 200] if least == SERVER else [403, 200])


def test_what_is_read_is_kept_by_nobody_on_the_way(door: RecordingDoor) -> None:
    door.people[("user_id", "u1")] = {"person": "p1"}
    for path in ("/v1/profile", "/v1/export", "/v1/decisions"):
        assert get(door, path, {"user_id": "u1"}).headers["cache-control"] == "no-store"


# --- telling two people apart ---------------------------------------------------------------------------------------

JOINED = "0123456789abcdef" * 2


@pytest.mark.parametrize(
    ("given", "other"),
    [
        ({"anonymous_id": "a1"}, ("anonymous_id", "a1")),
        ({"user_id": "u2"}, ("user_id", "u2")),
        ({"email": "ADA@example.com"}, ("email", "ada@example.com")),
        ({"phone": "+49 170 1234567"}, ("phone", "+491701234567")),
        ({"person": JOINED}, JOINED),
    ],
)
def test_unmerge(door: RecordingDoor, given: dict[str, str], other: Identifier | str) -> None:
    door.people[("user_id", "u1")] = {"person": "p1"}
    assert post(door, "/v1/unmerge", {"user_id": "u1", "from": given}).json == {"success": True}
    assert door.unmerged == [(("user_id", "u1"), other, "admin")]


def test_unmerge_of_people_who_were_never_joined(door: RecordingDoor) -> None:
    answer = post(door, "/v1/unmerge", {"anonymous_id": "a1", "from": {"anonymous_id": "a2"}})
    assert (answer.status, answer.code) == (404, "not_joined")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({}, "invalid_request"),
        ({"user_id": "u1"}, "invalid_request"),
        ({"user_id": "u1", "from": {}}, "missing_id"),
        ({"from": {"anonymous_id": "a1"}}, "missing_id"),
        ({"user_id": "null", "from": {"anonymous_id": "a1"}}, "blocked_id"),
        ({"user_id": "u1", "from": {"anonymous_id": "undefined"}}, "blocked_id"),
        ({"user_id": "u1", "from": {"person": "p1"}}, "invalid_request"),
        ({"user_id": "u1", "from": {"person": JOINED.upper()}}, "invalid_request"),
        ({"user_id": "u1", "from": {"email": "ada"}}, "malformed_email"),
        ({"user_id": "u1", "from": {"phone": "0170"}}, "malformed_phone"),
        ({"user_id": "u1", "from": "a1"}, "invalid_request"),
    ],
)
def test_unmerge_refuses(door: RecordingDoor, body: Any, reason: str) -> None:
    answer = post(door, "/v1/unmerge", body)
    assert (answer.status, answer.code) == (400, reason)
    assert door.unmerged == []


@pytest.mark.parametrize("key", [WRITE, SERVER])
def test_unmerge_is_for_the_admin(door: RecordingDoor, key: str) -> None:
    answer = post(door, "/v1/unmerge", {"user_id": "u1", "from": {"anonymous_id": "a1"}}, key)
    assert (answer.status, answer.code, door.unmerged) == (403, "forbidden", [])


def test_unmerge_when_nothing_can_be_written(door: RecordingDoor) -> None:
    body = {"user_id": "u1", "from": {"anonymous_id": "a1"}}
    for failure, status in ((Overloaded(3), 429), (Unavailable("disk"), 503)):
        door.fails = failure
        assert post(door, "/v1/unmerge", body).status == status


# --- consent --------------------------------------------------------------------------------------------------------

ME = {"anonymous_id": "a1", "purposes": {"marketing": True}}


def stated(door: RecordingDoor, body: dict[str, Any], key: str = SERVER) -> ConsentStated:
    """What was taken of one statement."""
    answer = post(door, "/v1/consent", {**ME, **body}, key)
    assert answer.status == 200, answer.body
    [found] = door.inputs
    assert isinstance(found, ConsentStated)
    return found


def test_consent_by_channel(door: RecordingDoor) -> None:
    said = stated(door, {"purposes": {"marketing": False, "service": True}, "channel": "email"})
    assert said.choices == {"marketing/email": False, "service/email": True}


def test_a_channel_that_does_not_exist_is_no_channel(door: RecordingDoor) -> None:
    """An opt-out of `mail` that is taken and means nothing would be worse than none."""
    for channel in ("mail", "E-Mail", "", "email/sms", 7):
        code = post(door, "/v1/consent", {**ME, "channel": channel}, SERVER).code
        assert code in ("unknown_channel", "invalid_request")
    for channel in CHANNELS:
        assert post(door, "/v1/consent", {**ME, "channel": channel}, SERVER).status == 200
    assert len(door.inputs) == len(CHANNELS)


@pytest.mark.parametrize("key", [WRITE, SERVER])
def test_the_wording_is_kept_as_a_hash(door: RecordingDoor, key: str) -> None:
    wording = "Yes, send me offers — até já."
    said = stated(door, {"wording": wording}, key)
    assert said.wording == sha256(wording.encode()).hexdigest()


def test_a_server_says_where_and_when(door: RecordingDoor) -> None:
    said = stated(door, {"source": "call centre", "timestamp": "2026-11-22T11:00:00Z"})
    assert (said.source, said.at, said.received) == ("call centre", NOW - HOUR, 0)


def test_a_browser_says_neither(door: RecordingDoor) -> None:
    for timestamp in ("2026-11-22T11:00:00Z", "2030-01-01T00:00:00Z", "yesterday"):
        door.inputs.clear()
        said = stated(door, {"source": "call centre", "timestamp": timestamp}, WRITE)
        assert (said.source, said.at) == ("browser", NOW)


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        ("2026-11-23T12:00:01Z", "time_in_future"),
        ("2001-01-01T00:00:00Z", "time_too_old"),
        ("yesterday", "time_invalid"),
        ("1795348800", "time_invalid"),
    ],
)
def test_times_that_cannot_be(door: RecordingDoor, timestamp: str, reason: str) -> None:
    answer = post(door, "/v1/consent", {**ME, "timestamp": timestamp}, SERVER)
    assert (answer.status, answer.code, door.inputs) == (400, reason, [])


@pytest.mark.parametrize("purposes", [{"newsletter": True}, {"marketing": True, "newsletter": False}])
def test_an_unknown_purpose_is_refused_as_a_whole(door: RecordingDoor, purposes: dict[str, bool]) -> None:
    answer = post(door, "/v1/consent", {**ME, "purposes": purposes}, SERVER)
    assert (answer.status, answer.code, door.inputs) == (400, "unknown_purpose", [])
    assert b"newsletter" not in answer.body


@pytest.mark.parametrize(
    "body",
    [
        {"purposes": {}},
        {"purposes": {"marketing": "yes"}},
        {"purposes": {"marketing": None}},
        {"purposes": ["marketing"]},
        {"wording": "x" * 20_001},
        {"source": ""},
        {"source": "x" * 101},
        {"timestamp": 1_795_348_800},
    ],
)
def test_consent_refuses(door: RecordingDoor, body: dict[str, Any]) -> None:
    answer = post(door, "/v1/consent", {**ME, **body}, SERVER)
    assert (answer.status, answer.code, door.inputs) == (400, "invalid_request", [])
