"""The JSON API: who may do what, what is handed to the door, and that a browser key reads nobody."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from journeyloop.adapters.http.context import Context, HttpSettings
from journeyloop.adapters.http.gate import Endpoint
from journeyloop.adapters.http.keys import Role
from journeyloop.adapters.http.site import endpoints
from journeyloop.adapters.http.stream import EventStream
from journeyloop.model.inputs import ConsentStated
from journeyloop.runtime.doors import Overloaded
from tests.unit.http.asgi import ADMIN, DEFAULT, KEYS, NOW, SERVER, WRITE, Answer, ask, basic, bearer, call, site
from tests.unit.http.recording import RecordingDoor

PERSON = ("user_id", "u1")
DECISION = "0123456789abcdef" * 2
TABLE = endpoints(Context(RecordingDoor(), KEYS, DEFAULT))
LOCAL = [("host", "127.0.0.1:8080")]


@pytest.fixture
def door() -> RecordingDoor:
    found = RecordingDoor()
    found.people[PERSON] = {"person": "p1", "traits": {}}
    return found


def get(door: RecordingDoor, path: str, query: str = "", key: str | None = SERVER, **more: Any) -> Answer:
    return ask(site(door), "GET", path, [bearer(key)] if key else [], query=query, **more)


def post(door: RecordingDoor, path: str, body: Any, key: str | None = SERVER, **more: Any) -> Answer:
    return ask(site(door), "POST", path, [basic(key)] if key else [], body, **more)


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", TABLE, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_every_endpoint_asks_for_its_key(endpoint: Endpoint) -> None:
    if endpoint.least == "open":
        return
    body = {
        "decision_id": DECISION,
        "outcome": "shown",
        "anonymous_id": "a",
        "purposes": {"m": True},
        "tabs": [],
        "subscription": None,
    }
    app = site(RecordingDoor())
    for key in (None, "wrong"):
        answer = ask(app, endpoint.method, endpoint.path, [basic(key)] if key else [], body, "user_id=u1")
        assert (answer.status, answer.code) == (401, "unauthorized")
    for role, key in ((Role.WRITE, WRITE), (Role.SERVER, SERVER)):
        if role < endpoint.least:
            answer = ask(app, endpoint.method, endpoint.path, [basic(key)], body, "user_id=u1")
            assert (answer.status, answer.code) == (403, "forbidden")


@pytest.mark.parametrize("path", ["/v1/profile", "/v1/decisions", "/v1/why"])
@pytest.mark.parametrize("key", [None, "wrong", WRITE])
def test_a_browser_key_reads_nobody(door: RecordingDoor, path: str, key: str | None) -> None:
    there = get(door, path, "moment=checkout_stall&user_id=u1", key)
    nobody = get(door, path, "moment=checkout_stall&user_id=nobody", key)
    assert (there.status, there.headers, there.body) == (nobody.status, nobody.headers, nobody.body)
    assert there.status in (401, 403)


def test_only_browser_paths_take_a_key_from_the_query(door: RecordingDoor) -> None:
    assert get(door, "/v1/profile", f"user_id=u1&write_key={SERVER}", None).status == 401


# --- reading --------------------------------------------------------------------------------------------------------


def test_profile(door: RecordingDoor) -> None:
    assert get(door, "/v1/profile", "user_id=u1").json == {"person": "p1", "traits": {}}
    assert get(door, "/v1/profile", "user_id=u2").code == "not_found"
    assert get(door, "/v1/profile").code == "missing_id"
    assert get(door, "/v1/profile", "user_id=null").code == "blocked_id"
    assert get(door, "/v1/profile", "user_id=a%00").code == "nul_character"
    assert get(door, "/v1/profile", "user_id=" + "x" * 600).code == "id_too_long"
    assert get(door, "/v1/profile", "&".join(["a=1"] * 60)).code == "invalid_request"


def test_decisions_and_why(door: RecordingDoor) -> None:
    assert get(door, "/v1/decisions", "user_id=u1").json == {"decisions": [{"id": "d1"}]}
    assert get(door, "/v1/why", "moment=checkout_stall&anonymous_id=a1").json["outcome"] == "clause"
    assert get(door, "/v1/why", "moment=nothing&user_id=u1").code == "not_found"
    assert get(door, "/v1/why", "user_id=u1").code == "invalid_request"


def test_moments_quarantine_reload(door: RecordingDoor) -> None:
    assert get(door, "/v1/moments").json["plan"] == "p"
    assert get(door, "/v1/quarantine", "limit=5", ADMIN).json == {"quarantined": []}
    for limit in ("-1", "x", "", "9999999", "５"):
        assert get(door, "/v1/quarantine", f"limit={limit}", ADMIN).status == 400
    assert post(door, "/v1/quarantine/resubmit", {"numbers": [3, 4]}, ADMIN).json == {"accepted": 2, "refused": 0}
    assert post(door, "/v1/quarantine/resubmit", {"numbers": [-1]}, ADMIN).status == 400
    assert post(door, "/v1/reload", b"", ADMIN).json == {"plan": "p", "problems": []}
    assert post(door, "/v1/reload", {"by": "Ana", "note": "why"}, ADMIN).status == 200
    assert door.reloads == [("admin", ""), ("Ana (admin key)", "why")]


def test_channels_and_what_failed(door: RecordingDoor) -> None:
    assert get(door, "/v1/channels").json == {"channels": [{"channel": "letters"}]}
    assert get(door, "/v1/failed").json == {"failed": [{"channel": None, "limit": 100}]}
    assert get(door, "/v1/failed", "channel=letters&limit=5").json == {"failed": [{"channel": "letters", "limit": 5}]}
    for limit in ("-1", "0", "x", ""):
        assert get(door, "/v1/failed", f"limit={limit}").status == 400
    assert get(door, "/v1/failed", "", WRITE).status == 403


# --- saying ---------------------------------------------------------------------------------------------------------


def test_consent(door: RecordingDoor) -> None:
    choices = {"purposes": {"marketing": True}}
    assert post(door, "/v1/consent", {**choices, "anonymous_id": "a1", "write_key": WRITE}, None).status == 200
    assert post(door, "/v1/consent", {**choices, "user_id": "u1"}).status == 200
    assert door.inputs == [
        ConsentStated(("anonymous_id", "a1"), {"marketing": True}, NOW, "browser"),
        ConsentStated(("user_id", "u1"), {"marketing": True}, NOW, "server"),
    ]
    for user in ("u1", "nobody"):
        assert post(door, "/v1/consent", {**choices, "user_id": user, "write_key": WRITE}, None).code == "forbidden"
    assert post(door, "/v1/consent", {"purposes": {}, "user_id": "u1"}).code == "invalid_request"
    assert post(door, "/v1/consent", {"purposes": {"m": 1}, "user_id": "u1"}).code == "invalid_request"


def test_presence(door: RecordingDoor) -> None:
    tab = {"tab": "t1", "page": "/checkout", "visible": True, "idle": 5}
    body = {"anonymous_id": "a1", "write_key": WRITE, "tabs": [tab]}
    assert post(door, "/v1/presence", body, None).status == 200
    assert door.tabs == {"a1": [tab]}
    assert post(door, "/v1/presence", {**body, "tabs": [tab] * 101}, None).status == 400
    assert post(door, "/v1/presence", {**body, "tabs": [{**tab, "idle": -1}]}, None).status == 400
    assert post(door, "/v1/presence", {**body, "write_key": "x"}, None).status == 401


def test_pause_and_resume(door: RecordingDoor) -> None:
    assert post(door, "/v1/pause", {"scope": "moment:checkout_stall"}, ADMIN).status == 200
    assert post(door, "/v1/resume", {"scope": "all"}, ADMIN).status == 200
    assert post(door, "/v1/pause", {"scope": "all", "by": "Ana", "note": "why"}, ADMIN).status == 200
    assert door.pauses == [
        ("moment:checkout_stall", True, "admin", ""),
        ("all", False, "admin", ""),
        ("all", True, "Ana (admin key)", "why"),
    ]
    assert post(door, "/v1/pause", {"scope": "moment:nowhere"}, ADMIN).code == "unknown_scope"
    for scope in ("", "everything", "moment:", "channel:a\nb"):
        assert post(door, "/v1/pause", {"scope": scope}, ADMIN).code == "invalid_request"


def test_what_operators_ask(door: RecordingDoor) -> None:
    assert get(door, "/v1/history", "", ADMIN).json["versions"] == [{"hash": "abcd"}]
    assert get(door, "/v1/history/abcd", "", ADMIN).json["hash"] == "abcd"
    assert get(door, "/v1/history/beef", "", ADMIN).code == "not_found"
    assert get(door, "/v1/sink", "", ADMIN).json == {"sink": [{"content": {}}]}
    for path in ("/v1/history", "/v1/history/abcd", "/v1/sink"):
        assert get(door, path).code == "forbidden"


def test_a_test_is_shown_or_refused_with_the_reason(door: RecordingDoor) -> None:
    wanted = {"moment": "m", "action": "a", "to": "a1"}
    assert post(door, "/v1/test-send", wanted, ADMIN).json == {"browser": "a1"}
    refused = post(door, "/v1/test-send", {**wanted, "to": "a2"}, ADMIN)
    assert (refused.status, refused.code) == (409, "not_sent")
    assert post(door, "/v1/test-send", {**wanted, "to": ""}, ADMIN).code == "invalid_request"
    assert post(door, "/v1/test-send", wanted).code == "forbidden"


# --- streams --------------------------------------------------------------------------------------------------------


def token(key: str = SERVER, algorithm: str = "HS256", **claims: Any) -> str:
    full = {"exp": NOW // 1000 + 600, **claims}
    return jwt.encode({"alg": algorithm}, full, OctKey.import_key(key), algorithms=[algorithm])


def stream(door: RecordingDoor, query: str, **more: Any) -> Answer:
    return ask(site(door), "GET", "/v1/stream", query=query, **more)


def test_a_stream_passes_frames_and_ends(door: RecordingDoor) -> None:
    answer = stream(door, f"anonymous_id=a1&write_key={WRITE}")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.body == b"retry: 2000\n\nevent: show\ndata: {}\n\n"
    assert door.streams == [("a1", False)] and door.closed == 1


def test_a_stream_closes_when_the_client_leaves(door: RecordingDoor) -> None:
    door.endless = True
    assert stream(door, f"anonymous_id=a1&write_key={WRITE}", stay=0.05).status == 200
    assert door.closed == 1


def test_a_stream_says_that_it_lives(door: RecordingDoor) -> None:
    door.endless = True
    answer = ask(EventStream(door.stream("a1", False), keep_alive_s=0.01), "GET", "/", stay=0.1)
    assert answer.body.count(b": still here\n\n") >= 2


def test_a_stream_that_is_refused(door: RecordingDoor) -> None:
    assert stream(door, "anonymous_id=a1").status == 401
    assert stream(door, "anonymous_id=a1&write_key=x").status == 401
    assert stream(door, f"write_key={WRITE}").code == "missing_id"
    door.fails = Overloaded(2)
    assert stream(door, f"anonymous_id=a1&write_key={WRITE}").code == "overloaded"
    door.fails = None
    settings = HttpSettings(allowed_origins=frozenset({"https://shop.example"}))
    query = f"anonymous_id=a1&write_key={WRITE}"
    elsewhere = ask(site(door, settings), "GET", "/v1/stream", [("origin", "https://x.example")], query=query)
    assert elsewhere.code == "origin_not_allowed" and door.streams[1:] == []


def test_signed_streams(door: RecordingDoor) -> None:
    assert stream(door, f"token={token(anonymous_id='a1')}").status == 200
    assert stream(door, f"anonymous_id=a1&token={token(anonymous_id='a1')}").status == 200
    assert stream(door, f"anonymous_id=a2&token={token(anonymous_id='a1')}").code == "forbidden"
    assert door.streams == [("a1", True)] * 2


def test_a_users_token_vouches_for_their_own_browser_only(door: RecordingDoor) -> None:
    door.people[("anonymous_id", "mine")] = {"person": "p1", "seconds": 2}
    door.people[("anonymous_id", "theirs")] = {"person": "p2"}
    for anonymous_id in ("mine", "theirs", "nobodys"):
        assert stream(door, f"anonymous_id={anonymous_id}&token={token(user_id='u1')}").status == 200
    assert door.streams == [("mine", True), ("theirs", False), ("nobodys", False)]
    assert stream(door, f"token={token(user_id='u1')}").code == "missing_id"


@pytest.mark.parametrize(
    "bad",
    [
        token(anonymous_id="a1", exp=NOW // 1000 - 1),
        token(anonymous_id="a1", exp=NOW // 1000 + 3_700),
        token(anonymous_id="a1", exp="soon"),
        token(anonymous_id="a1", exp=True),
        token(anonymous_id=7),
        token(),
        token(WRITE, anonymous_id="a1"),
        token(algorithm="HS384", anonymous_id="a1"),
        "eyJhbGciOiJub25lIn0.eyJhbm9ueW1vdXNfaWQiOiJhMSIsImV4cCI6MTc5NTM0OTQwMH0.",
        "x",
        "a.b.c",
        "....",
        "x" * 10_000,
    ],
)
def test_tokens_that_do_not_count(door: RecordingDoor, bad: str) -> None:
    assert stream(door, f"anonymous_id=a1&token={bad}").code == "unauthorized"
    assert door.streams == []


# --- this machine's console -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", [f"/console/{what}" for what in ("moments", "feed", "audiences", "sources")] + ["/metrics"]
)
@pytest.mark.parametrize(
    ("headers", "client", "settings", "allowed"),
    [
        (LOCAL, "127.0.0.1", DEFAULT, True),
        ([("host", "localhost:8080")], "::1", DEFAULT, True),
        ([("host", "[::1]:8080")], "127.0.0.1", DEFAULT, True),
        ([*LOCAL, ("sec-fetch-site", "same-origin")], "127.0.0.1", DEFAULT, True),
        ([*LOCAL, ("sec-fetch-site", "cross-site")], "127.0.0.1", DEFAULT, False),
        ([*LOCAL, ("sec-fetch-site", "same-site")], "127.0.0.1", DEFAULT, False),
        ([("host", "evil.example:8080")], "127.0.0.1", DEFAULT, False),
        ([("host", "localhost.evil.example")], "127.0.0.1", DEFAULT, False),
        ([("host", "")], "127.0.0.1", DEFAULT, False),
        (LOCAL, "203.0.113.9", DEFAULT, False),
        ([*LOCAL, ("x-forwarded-for", "203.0.113.9")], "127.0.0.1", DEFAULT, False),
        (LOCAL, "127.0.0.1", HttpSettings(is_loopback_bind=False), False),
        ([*LOCAL, basic("wrong")], "127.0.0.1", DEFAULT, False),
    ],
)
def test_the_console_needs_no_key_on_this_machine_only(
    door: RecordingDoor, path: str, headers: Any, client: str, settings: HttpSettings, allowed: bool
) -> None:
    answer = ask(site(door, settings), "GET", path, headers, client=client)
    assert answer.status == (200 if allowed else 401)
    if not allowed:
        assert answer.headers["www-authenticate"].startswith("Basic")
        assert ask(site(door, settings), "GET", path, [basic(ADMIN)], client=client).status == 200


# --- the rest -------------------------------------------------------------------------------------------------------


def test_health(door: RecordingDoor) -> None:
    assert get(door, "/healthz", key=None).json == {"status": "ok"}
    assert get(door, "/readyz", key=None).status == 200
    door.fails = RuntimeError("disk")
    assert get(door, "/readyz", key=None).status == 503
    assert b"journeyloop_events_total" in get(door, "/metrics").body


def test_unknown_paths_and_methods_have_the_one_shape(door: RecordingDoor) -> None:
    for method, path in (("GET", "/nothing"), ("POST", "/v1/nothing"), ("PUT", "/"), ("GET", "/%00"), ("GET", "/../x")):
        assert ask(site(door), method, path).code == "not_found"
    answer = get(door, "/v1/decide")
    assert (answer.status, answer.code, answer.headers["allow"]) == (405, "method_not_allowed", "POST")


def test_a_hundred_streams_leave_no_tasks_behind(door: RecordingDoor) -> None:
    door.endless = True

    async def many() -> set[Any]:
        app = site(door)
        query = f"anonymous_id=a1&write_key={WRITE}"
        await asyncio.gather(*(call(app, "GET", "/v1/stream", query=query, stay=0.05) for _ in range(100)))
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(many()) == set()
    assert door.closed == 100


def test_audiences_and_their_members(door: RecordingDoor) -> None:
    assert get(door, "/v1/audiences").json["audiences"][0]["members"] == 3
    path, person = "/v1/audiences/buyers/members", "ab" * 16
    assert get(door, path, f"limit=9999&after={person}").json["next"] == person
    assert door.listed == [("buyers", 500, b"\xab" * 16)]
    listed = get(door, path, "format=csv")
    assert listed.headers["x-next"] == person
    assert listed.body.decode().splitlines() == [
        "person,since,user_id,email,phone,anonymous_id",
        f"{person},5,'=u1,,,",
    ]
    for query in ("limit=0", "limit=x", "after=zz", "after=ab"):
        assert get(door, path, query).code == "invalid_request"
    assert get(door, "/v1/audiences/nobody/members").code == "not_found"
    assert get(door, path, key=WRITE).status == 403
