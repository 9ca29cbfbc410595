"""`POST /v1/push`: who may say where a browser is pushed to, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from journeyloop.model.subscription import PushSubscribed
from tests.unit.http.asgi import KEYS, NOW, SERVER, WRITE, Answer, ask, bearer, site
from tests.unit.http.recording import RecordingDoor

GIVEN = {"endpoint": "https://push.example/1", "expirationTime": None, "keys": {"p256dh": "point", "auth": "secret"}}
BODY: dict[str, Any] = {"anonymous_id": "a1", "subscription": GIVEN}


class Channel:
    """Pushes, but to nobody at evil.example."""

    public_key = "the public key"

    def refusal(self, endpoint: str, p256dh: str, auth: str) -> str | None:
        return "endpoint: refused: private address" if "evil" in endpoint else None


def door(pushing: bool = True) -> RecordingDoor:
    made = RecordingDoor()
    made.pushing = Channel() if pushing else None
    return made


def post(door: RecordingDoor, body: Any, key: str = WRITE) -> Answer:
    return ask(site(door), "POST", "/v1/push", [bearer(key)], body)


def token(key: str = SERVER, **claims: Any) -> str:
    return jwt.encode({"alg": "HS256"}, {"exp": NOW // 1000 + 600, **claims}, OctKey.import_key(key))


def test_a_browser_says_where_and_when_no_more() -> None:
    there = door()
    assert post(there, BODY).json == {"success": True}
    assert post(there, {**BODY, "subscription": None}).status == 200
    assert there.inputs == [
        PushSubscribed(("anonymous_id", "a1"), "https://push.example/1", "point", "secret", False),
        PushSubscribed(("anonymous_id", "a1")),
    ]


def test_the_key_may_come_in_the_body_as_browsers_send_it() -> None:
    answer = ask(site(door()), "POST", "/v1/push", [("content-type", "text/plain")], {**BODY, "write_key": WRITE})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (200, "*")


def signed(there: RecordingDoor, **changes: Any) -> bool:
    key = changes.pop("key", WRITE)
    assert post(there, {**BODY, **changes}, key).status == 200
    [found] = there.inputs
    assert isinstance(found, PushSubscribed)
    return found.signed


def test_who_vouches_for_a_browser() -> None:
    one, two = {"person": "p1"}, {"person": "p2"}
    assert not signed(door())
    assert signed(door(), key=SERVER)
    assert signed(door(), token=token(anonymous_id="a1"))
    assert not signed(door(), token=token(anonymous_id="a2"))
    for people, vouched in (({}, False), ({"u1": one, "a1": one}, True), ({"u1": one, "a1": two}, False)):
        there = door()
        there.people = {("user_id" if name == "u1" else "anonymous_id", name): who for name, who in people.items()}
        assert signed(there, token=token(user_id="u1")) is vouched


@pytest.mark.parametrize("wrong", ["", "x.y.z", token("another key of 20"), token(user_id="u1", exp=1)])
def test_a_token_that_is_none_is_refused(wrong: str) -> None:
    there = door()
    assert post(there, {**BODY, "token": wrong}).code == "unauthorized"
    assert post(there, {**BODY, "token": KEYS.issue("a1", NOW)}).code == "unauthorized", "ours vouches for nobody"
    assert there.inputs == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"subscription": {**GIVEN, "endpoint": "https://evil.example/"}}, "invalid_subscription"),
        ({"subscription": {"endpoint": "https://push.example/1"}}, "invalid_request"),
        ({"subscription": {**GIVEN, "endpoint": "https://push.example/" + "x" * 2048}}, "invalid_request"),
        ({"subscription": {**GIVEN, "keys": {"p256dh": "p"}}}, "invalid_request"),
        ({"subscription": "https://push.example/1"}, "invalid_request"),
        ({"anonymous_id": "null"}, "blocked_id"),
        ({"anonymous_id": None}, "invalid_request"),
        ({"anonymous_id": "x" * 513}, "invalid_request"),
    ],
)
def test_what_is_refused_is_not_taken(changes: dict[str, Any], code: str) -> None:
    there = door()
    answer = post(there, BODY | changes)
    assert (answer.status, answer.code, there.inputs) == (400, code, [])
    assert "evil" not in answer.body.decode()


def test_the_reason_is_told() -> None:
    answer = post(door(), BODY | {"subscription": {**GIVEN, "endpoint": "https://evil.example/"}})
    assert answer.json["error"]["message"] == "endpoint: refused: private address."


def test_the_public_key_is_for_pages() -> None:
    answer = ask(site(door()), "GET", "/v1/push/key", query=f"write_key={WRITE}")
    assert (answer.status, answer.json) == (200, {"key": "the public key"})
    assert answer.headers["access-control-allow-origin"] == "*"
    assert ask(site(door()), "GET", "/v1/push/key").status == 401


def test_without_a_channel_nothing_is_taken_but_an_end() -> None:
    there = door(pushing=False)
    assert post(there, BODY).code == "no_push"
    assert ask(site(there), "GET", "/v1/push/key", [bearer(WRITE)]).code == "no_push"
    assert post(there, {**BODY, "subscription": None}).status == 200
    assert there.inputs == [PushSubscribed(("anonymous_id", "a1"))]
