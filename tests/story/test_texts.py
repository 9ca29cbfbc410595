"""Messages that leave by HTTP, from a real server to providers on loopback, and what comes back of them: taken,
delivered, failed, STOP; one that hangs while another goes on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from journeyloop.testing.endpoints import HANG, Endpoint, http
from tests.contract.providers import PROVIDERS, URL, Request
from tests.story.conftest import end
from tests.story.projects import project
from tests.story.providers import fields, provider
from tests.story.servers import SHIPPED, Server, eventually

pytestmark = pytest.mark.slow

BY_KIND = {one.kind: one for one in PROVIDERS}
TOKEN, KEY = "auth token", "whsec_YSBrZXkgb2YgdHdlbnR5LWZvdXIgYnl0"
TEXTS = """
[channels.sms]
kind = "twilio"
api = "{twilio}"
account = "AC1"
token = "T_TWILIO"
from = "+15005550006"
callback = "{callback}"

[channels.tools]
kind = "webhook"
url = "{tools}/in"
secret = "T_TOOLS"

[channels.deaf]
kind = "webhook"
url = "{deaf}/in"
secret = "T_TOOLS"
timeout = 15
concurrency = 2
"""
MOMENT = """
moment: {name}
title: {name}
purpose: service
topic: {name}
detect: {detect}
goal: {{event: Called Back, within: 1h}}
holdout: 0%
expires: 10m
actions:
  - action: tell
    channel: {channel}
    content: {content}
"""
MOMENTS = {
    "parcel": ("{event: Parcel Late}", "sms", '{text: "Your parcel {{ profile.parcel }} is late."}'),
    "ticket": ("{event: Ticket Opened}", "tools", '{title: "Call back", "priority": 1}'),
    "quiet": ("{event: Nobody Listens}", "deaf", "{title: Hello}"),
    "lost": (
        "{event: SMS Failed, "
        'where: event.properties.status == "undelivered" && size(event.properties.decision_id) == 32}',
        "tools",
        "{title: The text did not arrive}",
    ),
}
TAKEN = http(201, b'{"sid": "SM77", "status": "queued"}')
REFUSED = http(400, b'{"code": 21610, "message": "Attempt to send to unsubscribed recipient", "status": 400}')


@pytest.fixture
def twilio() -> Iterator[Endpoint]:
    with provider(TAKEN) as endpoint:
        yield endpoint


@pytest.fixture
def tools() -> Iterator[Endpoint]:
    with provider(http(204, b"")) as endpoint:
        yield endpoint


@pytest.fixture
def deaf() -> Iterator[Endpoint]:
    with provider(HANG) as endpoint:
        yield endpoint


@pytest.fixture
def server(
    tmp_path: Path, twilio: Endpoint, tools: Endpoint, deaf: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Server]:
    monkeypatch.setenv("T_TWILIO", TOKEN)
    monkeypatch.setenv("T_TOOLS", KEY)
    monkeypatch.setenv("T_SENDGRID", BY_KIND["sendgrid"].secret)
    files = {"sources.yaml": f"twilio: {{secrets: [T_TWILIO], url: '{URL}'}}\nsendgrid: {{secrets: [T_SENDGRID]}}\n"}
    for name, (detect, channel, content) in MOMENTS.items():
        files[f"moments/{name}.yaml"] = MOMENT.format(name=name, detect=detect, channel=channel, content=content)
    files["audiences.yaml"] = "traits: {parcel: {last: properties.parcel, of: Parcel Late}}\n"
    directory = project(tmp_path / "shop", files=files)
    with (directory / "journeyloop.toml").open("a") as file:
        file.write(TEXTS.format(twilio=twilio.url, tools=tools.url, deaf=deaf.url, callback=URL))
    server = Server(directory, SHIPPED)
    yield server
    for private in ("+49170", "is late", "dan@", TOKEN, KEY):
        assert private not in server.logged()
    end(server)


def know(server: Server, user_id: str, phone: str) -> None:
    said = {"userId": user_id, "traits": {"phone": phone, "firstName": "Ada"}}
    assert server.post("/v1/identify", said).status_code == 200


def late(server: Server, user_id: str, parcel: str = "P-1") -> None:
    server.track("Parcel Late", {"parcel": parcel}, userId=user_id)


def call_back(server: Server, path: str, query: str, content: dict[str, str]) -> None:
    """As Twilio does: to the address it was given, signed with its query."""
    request = Request(urlencode(content).encode(), query=query)
    headers = dict(BY_KIND["twilio"].headers(request, int(time.time())))
    answer = server.http.post(f"{path}?{query}" if query else path, content=request.body, headers=headers)
    assert answer.status_code == 200 and answer.json()["taken"] == 1, answer.text


def names(server: Server, user_id: str) -> list[str]:
    """Of the person's events, newest first."""
    return [one["name"] for one in server.get("/v1/profile", user_id=user_id).json()["events"]]


def delivered(server: Server, user_id: str, *states: str) -> dict[str, Any]:
    return server.decision(lambda one: one["state"] in states, user_id=user_id)


def test_a_text_leaves_and_its_end_comes_back(server: Server, twilio: Endpoint, tools: Endpoint) -> None:
    """A moment can listen to a text that did not arrive, and send something else."""
    know(server, "ada", "+4917012345678")
    late(server, "ada")
    decision = delivered(server, "ada", "sent")
    [asked] = twilio.asked
    form = fields(asked)
    assert asked.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert (form["To"], form["From"], form["Body"]) == ("+4917012345678", "+15005550006", "Your parcel P-1 is late.")
    assert 1 <= int(form["ValidityPeriod"]) <= 600

    there = urlsplit(form["StatusCallback"])
    assert f"{there.scheme}://{there.netloc}{there.path}" == URL
    assert dict(parse_qsl(there.query)) == {"decision_id": decision["id"], "user_id": "ada"}
    status = {"MessageSid": "SM77", "To": "+4917012345678", "From": "+15005550006"}
    call_back(server, there.path, there.query, {**status, "MessageStatus": "delivered"})
    call_back(server, there.path, there.query, {**status, "MessageStatus": "undelivered", "ErrorCode": "30003"})
    assert names(server, "ada")[:2] == ["SMS Failed", "SMS Delivered"]
    eventually(lambda: len(tools.asked), lambda count: count == 1)
    assert json.loads(tools.asked[0].body)["data"]["moment"] == "lost"


def test_after_stop_no_text_leaves(server: Server, twilio: Endpoint) -> None:
    know(server, "bob", "+4917012345679")
    late(server, "bob")
    delivered(server, "bob", "sent")
    stop = {"MessageSid": "SM78", "From": "+4917012345679", "To": "+15005550006", "Body": "Stop", "OptOutType": "STOP"}
    call_back(server, "/v1/hooks/twilio", "", stop)
    late(server, "bob", "P-2")
    assert delivered(server, "bob", "silent")["reason"] == "consent: service refused for sms"
    assert len(twilio.asked) == 1


def test_what_twilio_knew_of_an_opt_out_we_know_too(server: Server, twilio: Endpoint) -> None:
    twilio.answers = [REFUSED]
    know(server, "cat", "+4917012345670")
    late(server, "cat")
    assert delivered(server, "cat", "failed")["state_reason"] == "twilio_21610: unsubscribed"
    given = server.get("/v1/profile", user_id="cat").json()["consent"]
    assert given["service/sms"]["granted"] is False and given["marketing/sms"]["granted"] is False
    late(server, "cat", "P-2")
    delivered(server, "cat", "silent")
    assert len(twilio.asked) == 1


def test_a_bounce_that_sendgrid_signs_ends_mail(server: Server) -> None:
    server.post("/v1/identify", {"userId": "dan", "traits": {"email": "dan@example.com"}})
    bounced = [{"event": "bounce", "email": "dan@example.com", "sg_event_id": "e1", "timestamp": int(time.time())}]
    bounced[0] |= {"user_id": "dan", "decision_id": "0" * 32}
    request = Request(json.dumps(bounced).encode())
    headers = dict(BY_KIND["sendgrid"].headers(request, int(time.time())))
    assert server.http.post("/v1/hooks/sendgrid", content=request.body, headers=headers).status_code == 200
    assert "Email Bounced" in names(server, "dan")
    known = server.get("/v1/profile", user_id="dan").json()["identifiers"]
    assert [one["value"] for one in known if one.get("dead_since")] == ["dan@example.com"]


def test_a_channel_that_hangs_holds_up_nobody_else(server: Server, deaf: Endpoint, tools: Endpoint) -> None:
    """Its slots are taken and stay so; meanwhile another channel carries, and events are folded."""
    for number in range(5):
        server.track("Nobody Listens", {}, userId=f"q{number}")
    eventually(lambda: len(deaf.asked), lambda count: count == 2)
    for number in range(20):
        server.track("Ticket Opened", {"number": number}, userId=f"t{number}")
    eventually(lambda: len(tools.asked), lambda count: count == 20)
    waiting = {server.decisions(user_id=f"q{number}")[0]["state"] for number in range(5)}
    assert waiting <= {"due", "intent"}
    body = json.loads(tools.asked[0].body)
    assert body["type"] == "message.due" and body["data"]["content"]["priority"] == 1
    assert tools.asked[0].headers["webhook-id"] == body["data"]["decision_id"]
