"""The tools beside us hear of it: a purchase and an opt-out reach a real receiver, signed, and the record proves it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.story.conftest import Serve
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server, eventually
from tests.story.visits import batch, event, identify, somebody

pytestmark = pytest.mark.slow

KEY = b"k" * 24
BOUGHT = """moment: bought
purpose: service
detect: {event: Order Completed}
goal: {event: Order Completed, within: 30m}
actions: []
also:
  - {sync: old_tool, suppress: [cart], for: 24h}
  - {alert: team, text: "Somebody bought for {{ profile.revenue }}"}
"""
NUDGE = """moment: nudge
purpose: marketing
detect: {event: Cart Viewed}
goal: {event: Order Completed, within: 30m}
actions:
  - {action: remind, channel: flows, content: {template: Cart left, variables: {name: "{{ profile.first_name }}"}}}
"""
SETTINGS = """
[destinations.old_tool]
kind = "webhook"
url = "URL/in"
secret = "OLD_TOOL_SECRET"
on = ["opt_out", "hold", "dead_address"]
identify_by = "email"

[destinations.team]
kind = "apprise"
secret = "TEAM_ADDRESS"

[channels.flows]
kind = "klaviyo"
api = "http://TEAM"
key = "KLAVIYO_KEY"
"""


class Receiver:
    """Another system: it answers with these statuses in turn, the last one for ever, and remembers what it was told."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.got = [*statuses, 200], list[tuple[dict[str, str], bytes]]()
        receiver = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.statuses.pop(0) if len(receiver.statuses) > 1 else receiver.statuses[0])
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Nobody listens."""

        self.serving = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.address = f"127.0.0.1:{self.serving.server_address[1]}"
        threading.Thread(target=self.serving.serve_forever, daemon=True).start()

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def close(self) -> None:
        self.serving.shutdown()
        self.serving.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver(503, 503)
    yield receiver
    receiver.close()


@pytest.fixture
def team() -> Iterator[Receiver]:
    team = Receiver()
    yield team
    team.close()


@pytest.fixture
def server(receiver: Receiver, team: Receiver, serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    monkeypatch.setenv("OLD_TOOL_SECRET", "whsec_" + base64.b64encode(KEY).decode())
    monkeypatch.setenv("TEAM_ADDRESS", f"json://{team.address}/alerts")
    monkeypatch.setenv("KLAVIYO_KEY", "pk_1")
    directory = project(tmp_path / "shop", files={"moments/bought.yaml": BOUGHT, "moments/nudge.yaml": NUDGE})
    with (directory / "journeyloop.toml").open("a") as settings:
        settings.write(
            SETTINGS.replace("URL", f"http://{receiver.address}").replace("http://TEAM", f"http://{team.address}")
        )
    return serve(directory, SHIPPED)


def told(server: Server, **who: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.get("/v1/profile", **who).json()["told"]
    return found


def acknowledged(server: Server, number: int, **who: str) -> list[dict[str, Any]]:
    """All that was told of a person, newest first, once so much was acknowledged."""
    return eventually(
        lambda: told(server, **who), lambda all_: [one["state"] for one in all_] == ["acknowledged"] * number
    )


def check_signature(headers: dict[str, str], body: bytes) -> None:
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"


def test_the_old_tool_stops_and_the_record_proves_it(server: Server, receiver: Receiver, team: Receiver) -> None:
    me = {"user_id": somebody()}
    traits = {"email": "ana@example.com", "firstName": "Ana"}
    answer = server.post("/v1/batch", {"batch": [identify(traits, userId=me["user_id"])]})
    assert answer.status_code == 200, answer.text
    batch(server, event("Order Completed", {"revenue": 60.0, "order_id": "o1"}, userId=me["user_id"]))

    purchase = next(one for one in acknowledged(server, 2, **me) if one["to"] == "old_tool")
    assert purchase | {"type": "suppression", "reason": "moment", "moment": "bought", "topics": ["cart"]} == purchase
    assert purchase["took_ms"] == purchase["acknowledged"] - purchase["at"] > 0
    down, _, up = receiver.got
    assert down[0]["webhook-id"] == up[0]["webhook-id"], "the receiver was down first: the same comes again"
    check_signature(*up)
    heard = receiver.told()[2]
    assert (heard["data"]["user_id"], heard["data"]["emails"]) == (me["user_id"], ["ana@example.com"])
    assert heard["data"]["until"] == purchase["until"] == purchase["at"] + 24 * 3_600_000
    [(_, alert)] = team.got
    assert json.loads(alert)["message"] == "Somebody bought for 60.0"

    body = {**me, "purposes": {"marketing": False}, "source": "preference page"}
    answer = server.post("/v1/consent", body)
    assert answer.status_code == 200, answer.text
    opted_out = acknowledged(server, 3, **me)[0]
    assert (opted_out["reason"], opted_out["topics"], opted_out["until"]) == ("opt_out", ["marketing"], None)
    check_signature(*receiver.got[-1])
    assert receiver.told()[-1]["type"] == "suppression"

    exported = server.get("/v1/export", key=server.keys.admin, **me).json()
    assert len(exported["told"]) == 3
    assert sum(record["kind"] == "told" for record in exported["records"]) == 3


def test_what_waits_is_told_after_a_kill(server: Server, receiver: Receiver) -> None:
    receiver.statuses = [503] * 1_000
    me = {"user_id": somebody()}
    server.post("/v1/batch", {"batch": [identify({"email": "ben@example.com"}, userId=me["user_id"])]})
    answer = server.post("/v1/hold", {**me, "topics": ["marketing"], "for": "72h", "reason": "complaint"})
    assert answer.status_code == 200, answer.text
    eventually(lambda: len(receiver.got), lambda many: many > 0)
    assert [one["state"] for one in told(server, **me)] == ["waiting"]
    server.stop(9)
    receiver.statuses = [200]
    server.start()
    [held] = acknowledged(server, 1, **me)
    assert (held["reason"], held["topics"]) == ("hold", ["marketing"])
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1


def test_another_tool_sends_what_the_moment_decides(server: Server, team: Receiver) -> None:
    me = {"user_id": somebody()}
    server.post("/v1/batch", {"batch": [identify({"firstName": "Ana"}, userId=me["user_id"])]})
    batch(server, event("Cart Viewed", userId=me["user_id"]))
    made = server.decision(lambda one: one["state"] == "sent", **me)
    [(headers, body)] = team.got
    asked = json.loads(body)["data"]["attributes"]
    assert headers["authorization"] == "Klaviyo-API-Key pk_1"
    assert asked["unique_id"] == made["id"]
    assert asked["properties"] == {"decision_id": made["id"], "name": "Ana"}
    assert asked["profile"]["data"]["attributes"] == {"external_id": me["user_id"]}
