"""Web push over the real server: from the browser's subscription to the push service, the worker, and back.

The push service is ours: it reads what it is given with the browser's private key and checks who signed it. No other
can be reached from here: in the browser `pushManager.subscribe` alone is played, and DevTools deliver what ours got.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from playwright.sync_api import BrowserContext, Page

from journeyloop.testing.endpoints import Asked
from tests.story.conftest import Serve
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server, eventually
from tests.story.visits import batch, event, identify, somebody
from tests.unit.channels.subscriber import Subscriber, new_key, written

pytestmark = pytest.mark.slow

READ_S = 0.3
"""A click that comes quicker than anybody reads is a machine's."""

SETTINGS = """environment = "{environment}"
[channels.push]
kind = "webpush"
subject = "mailto:ops@example.com"
private_key = "TEST_VAPID_KEY"
loopback = true
"""
MOMENT = """moment: parcel
purpose: {purpose}
topic: parcel
detect: {{event: Parcel Arrived}}
goal: {{event: Parcel Fetched, within: 1h}}
expires: 10m
actions:
  - action: tell
    channel: push
    content: {{title: "{title}", body: It waits for you, url: /parcels}}
"""
POLICY = "purposes: {marketing: {consent: required}, service: {consent: not_required}}\n"
NAMED = "Your parcel, {{ profile.first_name | default('neighbour') }}"
SHOP = """<!doctype html><title>Shop</title><link rel="icon" href="data:,">
<script src="{loop}/loop.js" data-write-key="{key}" data-consent="granted"></script>"""
SERVICE = """PushManager.prototype.getSubscription = async () => null;
PushManager.prototype.subscribe = async ({ userVisibleOnly, applicationServerKey }) => {
  window.subscribedWith = [...new Uint8Array(applicationServerKey)];
  return { ...SUBSCRIPTION, toJSON: () => SUBSCRIPTION };
};"""


class Site:
    """Answers on loopback: files by path for GET; POSTs are kept, and answered with a status by path."""

    def __init__(self) -> None:
        self.files: dict[str, tuple[str, str]] = {}
        self.statuses: dict[str, int] = {}
        self.asked: list[Asked] = []
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[Site]:
        site = self

        class Answering(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, text = site.files.get(self.path.partition("?")[0], ("", ""))
                self._answer(200 if kind else 404, kind or "text/plain", text.encode())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                site.asked.append(Asked(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                self._answer(site.statuses.get(self.path, 201), "text/plain", b"")

            def _answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Quiet."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield self
        server.shutdown()
        server.server_close()


@pytest.fixture
def service() -> Iterator[Site]:
    with Site().open() as running:
        yield running


@pytest.fixture(autouse=True)
def signing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_VAPID_KEY", written(new_key()))


def shop(path: Path, title: str = NAMED, purpose: str = "service", environment: str = "development") -> Path:
    files = {
        "journeyloop.toml": SETTINGS.format(environment=environment),
        "policy.yaml": POLICY,
        "moments/parcel.yaml": MOMENT.format(title=title, purpose=purpose),
    }
    return project(path / "shop", files=files)


def subscribe(server: Server, who: str, subscription: Any, **fields: Any) -> httpx.Response:
    body = {"anonymous_id": who, "subscription": subscription, "write_key": server.keys.write, **fields}
    return server.http.post("/v1/push", content=json.dumps(body))


def arrive(server: Server, who: str) -> None:
    batch(server, event("Parcel Arrived", anonymousId=who))


def ended(server: Server, who: str) -> tuple[str, str]:
    one = server.decision(lambda made: made["state"] not in ("due", "intent"), anonymous_id=who)
    return one["state"], one["state_reason"]


def browsers(server: Server, who: str) -> int:
    found: int = server.get("/v1/profile", anonymous_id=who).json()["push_browsers"]
    return found


def test_what_is_subscribed_is_pushed_to_sealed_and_signed(serve: Serve, tmp_path: Path, service: Site) -> None:
    server, me = serve(shop(tmp_path), SHIPPED), somebody()
    batch(server, identify({"firstName": "Ana"}, anonymousId=me))
    browser = Subscriber(f"{service.url}/push/1")
    assert subscribe(server, me, browser.subscription).status_code == 200
    arrive(server, me)
    assert ended(server, me) == ("sent", "")
    [asked] = service.asked
    made = server.decision(anonymous_id=me)
    tags = {"medium": made["candidates"][0]["channel"], "campaign": made["action"]["moment"]}
    tags = {"source": "journeyloop"} | tags | {"content": made["action"]["action"]}
    url = "/parcels?" + "".join(f"utm_{name}={value}&" for name, value in tags.items()) + f"jl_id={made['id']}"
    assert browser.read(asked) == {
        "id": made["id"], "title": "Your parcel, neighbour", "body": "It waits for you", "url": url,
    }, "an id can be copied: nobody vouched for this browser"  # fmt: skip
    key, claims = browser.signed_by(asked)
    assert key == server.get("/v1/push/key", server.keys.write).json()["key"]
    assert claims["sub"] == "mailto:ops@example.com"
    assert 0 < int(asked.headers["ttl"]) <= 600
    for outcome in ("shown", "clicked"):
        time.sleep(READ_S)
        said = {"decision_id": made["id"], "outcome": outcome, "write_key": server.keys.write}
        assert server.http.post("/v1/outcomes", content=json.dumps(said)).status_code == 200
    assert server.decision(lambda one: one["clicked"] >= one["shown"] > 0, anonymous_id=me)
    assert browser.endpoint not in server.logged() and me not in server.logged()


def test_whom_the_shop_vouches_for_is_called_by_name(serve: Serve, tmp_path: Path, service: Site) -> None:
    server, me = serve(shop(tmp_path), SHIPPED), somebody()
    batch(server, identify({"firstName": "Ana"}, anonymousId=me, userId="ana"))
    claims = {"user_id": "ana", "exp": int(time.time()) + 600}
    token = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(server.keys.server))
    browser = Subscriber(f"{service.url}/push/1")
    assert subscribe(server, me, browser.subscription, token=token).status_code == 200
    thief = Subscriber(f"{service.url}/push/thief")
    assert subscribe(server, me, thief.subscription).status_code == 200
    arrive(server, me)
    assert ended(server, me) == ("sent", "")
    [asked] = service.asked
    assert (asked.path, browser.read(asked)["title"]) == ("/push/1", "Your parcel, Ana")


def test_a_browser_that_is_gone_is_forgotten(serve: Serve, tmp_path: Path, service: Site) -> None:
    server, me, other = serve(shop(tmp_path), SHIPPED), somebody(), somebody()
    for who in (other, me):
        batch(server, identify({}, anonymousId=who, userId="ana"))
        assert subscribe(server, who, Subscriber(f"{service.url}/push/{who}").subscription).status_code == 200
    service.statuses[f"/push/{me}"] = 410
    arrive(server, me)
    assert ended(server, me) == ("sent", "")
    assert [asked.path for asked in service.asked] == [f"/push/{me}", f"/push/{other}"]
    assert browsers(server, me) == 1
    service.statuses[f"/push/{other}"] = 404
    arrive(server, me)
    eventually(lambda: server.decisions(anonymous_id=me)[0]["state"], lambda state: state == "failed")
    assert browsers(server, me) == 0
    arrive(server, me)
    assert "no browser asked for push" in str(server.decision(lambda one: one["action"] is None, anonymous_id=me))


def test_nothing_is_sent_without_consent_or_after_it_ends(serve: Serve, tmp_path: Path, service: Site) -> None:
    server, me = serve(shop(tmp_path, purpose="marketing"), SHIPPED), somebody()
    browser = Subscriber(f"{service.url}/push/1")
    subscribe(server, me, browser.subscription)
    refused = {"anonymous_id": me, "purposes": {"marketing": False}, "channel": "push", "write_key": server.keys.write}
    assert server.http.post("/v1/consent", content=json.dumps(refused)).status_code == 200
    arrive(server, me)
    assert server.decision(anonymous_id=me)["action"] is None
    granted = {**refused, "purposes": {"marketing": True}}
    assert server.http.post("/v1/consent", content=json.dumps(granted)).status_code == 200
    assert subscribe(server, me, None).status_code == 200
    arrive(server, me)
    eventually(lambda: len(server.decisions(anonymous_id=me)), lambda count: count == 2)
    assert "no browser asked for push" in str(server.decisions(anonymous_id=me)[0])
    assert (service.asked, browsers(server, me)) == ([], 0)


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("https://169.254.169.254/latest", "endpoint: refused: private address."),
        ("https://user:word@push.example/", "endpoint: refused: user and password in the address."),
        ("https://intranet/", "endpoint: refused: no public host name."),
        ("http://push.example/", "endpoint: refused: https only."),
    ],
)
def test_an_address_of_our_house_is_refused(
    shop_server: Server, serve: Serve, tmp_path: Path, endpoint: str, reason: str
) -> None:
    server = serve(shop(tmp_path), SHIPPED)
    answer = subscribe(server, somebody(), Subscriber(endpoint).subscription)
    assert (answer.status_code, answer.json()["error"]) == (400, {"code": "invalid_subscription", "message": reason})
    assert subscribe(shop_server, somebody(), Subscriber(endpoint).subscription).json()["error"]["code"] == "no_push"


def test_production_never_pushes_to_this_machine(serve: Serve, tmp_path: Path, service: Site) -> None:
    server = serve(shop(tmp_path, environment="production"), SHIPPED)
    answer = subscribe(server, somebody(), Subscriber(f"{service.url}/push/1").subscription)
    assert answer.json()["error"]["message"] == "endpoint: refused: https only."


# --- with a browser -------------------------------------------------------------------------------------------------


def deliver(page: Page, origin: str, content: dict[str, Any]) -> None:
    """What the push service does once it has a message."""
    session, found = page.context.new_cdp_session(page), list[str]()
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda told: found.extend(one["registrationId"] for one in told["registrations"]),
    )
    session.send("ServiceWorker.enable")
    for _ in range(100):
        page.wait_for_timeout(50)
        if found:
            break
    said = {"origin": origin, "registrationId": found[-1], "data": json.dumps(content)}
    session.send("ServiceWorker.deliverPushMessage", said)


def test_from_the_page_to_the_push_and_back(
    serve: Serve, tmp_path: Path, service: Site, context: BrowserContext
) -> None:
    """The shop is another origin than the loop, and serves one line of ours."""
    server, browser = serve(shop(tmp_path), SHIPPED), Subscriber(f"{service.url}/push/1")
    with Site().open() as house:
        house.files["/"] = ("text/html", SHOP.format(loop=server.url, key=server.keys.write))
        house.files["/journeyloop-push.js"] = ("text/javascript", f'importScripts("{server.url}/push-worker.js");')
        context.grant_permissions(["notifications"], origin=house.url)
        context.add_init_script(SERVICE.replace("SUBSCRIPTION", f"({browser.address})"))
        page = context.new_page()
        page.goto(house.url)
        eventually(lambda: page.evaluate("JSON.parse(localStorage.journeyloop || '{}').id"), bool)
        assert page.evaluate("journeyloop.push()") is True
        me = page.evaluate("JSON.parse(localStorage.journeyloop).id")
        assert bytes(page.evaluate("subscribedWith")) and browsers(server, me) == 1
        arrive(server, me)
        assert ended(server, me) == ("sent", "")
        content = browser.read(service.asked[0])
        deliver(page, house.url, content)
        made = server.decision(lambda one: one["shown"], anonymous_id=me)
        assert made["id"] == content["id"]
        time.sleep(READ_S)
        worker = context.service_workers[0]
        worker.evaluate(
            """async () => {
              self.clients.openWindow = async () => {};
              const [notification] = await self.registration.getNotifications();
              self.dispatchEvent(new NotificationEvent("notificationclick", { notification }));
            }"""
        )
        assert server.decision(lambda one: one["clicked"], anonymous_id=me)
