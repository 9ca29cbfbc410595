"""Services that push to a real server: whom it is about, once, and what their word ends."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from tests.contract.providers import BOUNCE, FAILED, PLAYED, PROVIDERS, STOP, Request
from tests.story.conftest import end
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server, command
from tests.story.visits import batch, event, somebody

pytestmark = pytest.mark.slow

BY_KIND = {one.kind: one for one in PROVIDERS}
KINDS = ("stripe", "twilio", "segment", "postmark")
CANARY = "canary-7f3a"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    text = "".join(f"{kind}:\n  secrets: [T_{kind.upper()}]\n{BY_KIND[kind].yaml}" for kind in KINDS)
    directory = project(
        tmp_path_factory.mktemp("hooks") / "shop",
        files={"sources.yaml": text + "unset: {kind: stripe, secrets: [T_UNSET]}\n"},
    )
    with pytest.MonkeyPatch.context() as patch:
        for kind in KINDS:
            patch.setenv(f"T_{kind.upper()}", BY_KIND[kind].secret)
        server = Server(directory, SHIPPED)
        yield server
        assert CANARY not in server.logged() and "@example.com" not in server.logged()
        end(server)


def push(server: Server, kind: str, request: Request) -> httpx.Response:
    """Signed now, as the provider does."""
    headers = dict(BY_KIND[kind].headers(request, int(time.time())))
    query = f"?{request.query}" if request.query else ""
    return server.http.post(f"/v1/hooks/{kind}{query}", content=request.body, headers=headers)


def pushed(server: Server, kind: str, content: Any) -> dict[str, Any]:
    answer = push(server, kind, Request(json.dumps(content).encode()))
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def metric(server: Server, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", server.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def names(server: Server, **who: str) -> list[str]:
    return [one["name"] for one in server.get("/v1/profile", **who).json()["events"]]


def test_a_failed_payment_finds_the_customer_by_stripes_own_id(server: Server) -> None:
    who = {"externalIds": [{"type": "stripe_customer", "id": "cus_1"}]}
    assert server.post("/v1/identify", {"userId": "ada", "context": who}).status_code == 200
    intent = FAILED["data"]["object"] | {"metadata": {}}  # type: ignore[index]
    failed = FAILED | {"data": {"object": intent}, "created": None}
    before = metric(server, "journeyloop_duplicates_total")
    assert pushed(server, "stripe", failed)["taken"] == pushed(server, "stripe", failed)["taken"] == 1
    assert names(server, user_id="ada").count("Payment Failed") == 1
    assert metric(server, "journeyloop_duplicates_total") == before + 1
    assert metric(server, 'journeyloop_hooks_total{result="taken",source="stripe"}') == 2


def test_the_same_message_by_two_routes_counts_once(server: Server) -> None:
    me = somebody()
    viewed = event("Product Viewed", {"price": 5}, anonymousId=me)
    batch(server, viewed)
    forwarded = PLAYED | {"messageId": viewed["messageId"], "anonymousId": me, "timestamp": None}
    assert pushed(server, "segment", forwarded)["taken"] == 1
    assert names(server, anonymous_id=me) == ["Product Viewed"]


def test_stop_ends_texts_and_start_resumes_them(server: Server) -> None:
    phone = "+4917099999999"
    server.post("/v1/identify", {"userId": "bob", "traits": {"phone": phone}})
    server.post("/v1/consent", {"user_id": "bob", "purposes": {"marketing": True}})

    def text(word: str, sid: str) -> None:
        fields = STOP | {"From": phone, "MessageSid": sid, "Body": word, "OptOutType": word}
        assert push(server, "twilio", Request(urlencode(fields).encode())).status_code == 200

    def consent() -> dict[str, bool]:
        given = server.get("/v1/profile", user_id="bob").json()["consent"]
        return {name: word["granted"] for name, word in given.items()}

    text("STOP", "SM10")
    assert consent()["marketing"] is True and consent()["marketing/sms"] is False
    text("START", "SM11")
    assert consent()["marketing/sms"] is True


def test_a_bounce_suppresses_the_address_at_once(server: Server) -> None:
    server.post("/v1/identify", {"userId": "eve", "traits": {"email": "eve@example.com"}})
    bounced = BOUNCE | {"Email": "eve@example.com", "Metadata": {}, "BouncedAt": None, "Description": CANARY}
    assert pushed(server, "postmark", bounced)["taken"] == 1
    eve = server.get("/v1/profile", user_id="eve").json()
    assert eve["contactable"] == {} and eve["consent"] == {}
    assert [one["dead_since"] > 0 for one in eve["identifiers"] if one["type"] == "email"] == [True]
    unknown = BOUNCE | {"Email": f"{CANARY}@example.com", "Metadata": {}, "BouncedAt": None}
    assert pushed(server, "postmark", unknown)["taken"] == 1
    found = server.get("/v1/profile", email=f"{CANARY}@example.com").json()
    assert found["contactable"] == {}


def test_nobody_else_is_heard_and_the_reasons_are_counted(server: Server) -> None:
    forged = server.http.post("/v1/hooks/stripe", content=b"{}", headers={"Stripe-Signature": "t=1,v1=00"})
    unset = server.http.post("/v1/hooks/unset", content=b"{}", headers={"Stripe-Signature": "t=1,v1=00"})
    nowhere = server.http.post(f"/v1/hooks/{CANARY}", content=b"{}")
    assert [one.status_code for one in (forged, unset, nowhere)] == [401, 401, 404]
    assert forged.content == unset.content
    for source, reason in (("stripe", "signature_wrong"), ("unset", "secret_missing"), ("", "unknown_source")):
        assert metric(server, f'journeyloop_hooks_total{{result="{reason}",source="{source}"}}') == 1
    assert CANARY not in server.get("/metrics").text
    assert '"source": "unset"' in server.logged()


def test_signed_nonsense_is_in_the_quarantine(server: Server) -> None:
    assert push(server, "stripe", Request(b"{nonsense")).status_code == 400
    assert "malformed_json" in command("quarantine", server.directory).stdout


def test_a_source_that_is_added_is_heard_without_a_restart(server: Server) -> None:
    path: Path = server.directory / "sources.yaml"
    text = path.read_text()
    path.write_text(text + "stripe-us: {kind: stripe, secrets: [T_STRIPE]}\n")
    assert server.post("/v1/reload", {}, server.keys.admin).status_code == 200
    assert server.http.post("/v1/hooks/stripe-us", content=b"{}").status_code == 401
    path.write_text(text + "stripe-us: {kind: strip, secrets: [T_STRIPE]}\n")
    checked = command("check", server.directory)
    assert checked.returncode == 1 and "did you mean stripe?" in checked.stdout + checked.stderr
    path.write_text(text)
