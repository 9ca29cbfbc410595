"""Web push against a push service that reads what it is given as the browser would, and one that does not behave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from journeyloop.act.render import Unrenderable
from journeyloop.adapters.channels import connect
from journeyloop.adapters.channels.outward import at_once
from journeyloop.adapters.channels.webpush import MOST_BYTES, WebPush
from journeyloop.runtime.channels import Connection, Message, Pushes, Receipt, Terms, Withheld
from journeyloop.testing.endpoints import CLOSE, HANG, Answer, Endpoint, http
from tests.unit.channels.subscriber import Subscriber, base64url, new_key, pem, point_of, written

KEY = new_key()
NOW = 1_795_348_800_000
CONTENT = {
    "title": "Your cart is kept",
    "body": "Until tomorrow. ✓",
    "url": "/cart",
    "icon": "https://shop.example/i.png",
}


def message(*to: Subscriber, content: dict[str, Any] = CONTENT, left: int = 300, **fields: Any) -> Message:
    addresses = [one.address for one in to]
    fields = {"moment": "stall"} | fields
    return Message(
        "ab" * 16, fields.pop("moment"), "remind", "marketing", "p", addresses, content, NOW + left * 1000, **fields
    )


def channel(timeout: float = 5.0) -> WebPush:
    return WebPush(KEY, "mailto:ops@example.com", timeout, True, lambda: NOW)


def push(*answers: Answer, browsers: int = 1, go: Callable[[], None] = at_once, **fields: Any) -> tuple[Any, ...]:
    """One attempt: the receipt, what the service was asked, and the browsers."""

    async def whole() -> tuple[Any, ...]:
        async with Endpoint(*answers).open() as service:
            some = [Subscriber(f"{service.url}/push/{number}") for number in range(browsers)]
            made = channel(fields.pop("timeout", 5.0))
            try:
                return await made.send(message(*some, **fields), go), service, some
            finally:
                await made.close()

    return asyncio.run(whole())


def test_it_is_sealed_for_the_browser_and_signed_by_us() -> None:
    receipt, service, [browser] = push(http(201))
    assert receipt == Receipt("sent")
    [asked] = service.asked
    assert browser.read(asked) == {"id": "ab" * 16, **CONTENT}
    key, claims = browser.signed_by(asked)
    assert key == base64url(point_of(KEY)) == channel().public_key
    assert claims["sub"] == "mailto:ops@example.com" and 0 < claims["exp"] - NOW / 1000 <= 24 * 3600
    assert asked.path == "/push/0" and "cart" not in repr(asked.body)


@pytest.mark.parametrize(
    ("left", "ttl", "urgency"), [(300, "300", "high"), (86_400, "86400", "normal"), (-5, "0", "high")]
)
def test_it_is_kept_no_longer_than_it_is_true(left: int, ttl: str, urgency: str) -> None:
    _, service, _ = push(left=left)
    [asked] = service.asked
    assert (asked.headers["ttl"], asked.headers["urgency"]) == (ttl, urgency)


def test_a_newer_one_of_a_moment_takes_the_place_of_one_not_fetched() -> None:
    topics = [push(moment=name)[1].asked[0].headers["topic"] for name in ("stall", "stall", "help")]
    assert topics[0] == topics[1] != topics[2]
    assert all(len(topic) == 32 and topic.replace("-", "").replace("_", "").isalnum() for topic in topics)


def test_a_test_says_so() -> None:
    _, service, [browser] = push(test=True)
    assert browser.read(service.asked[0])["test"] is True


@pytest.mark.parametrize(
    ("answer", "browsers", "state", "reason"),
    [
        (http(200), 1, "sent", ""),
        (http(202), 1, "sent", ""),
        (http(404), 1, "failed", "gone"),
        (http(410), 1, "failed", "gone"),
        (http(410), 2, "again", "gone"),
        (http(413), 1, "failed", "too_large"),
        (http(400), 1, "failed", "http_400"),
        (http(403), 1, "failed", "http_403"),
        (http(429, Retry_After="7"), 1, "again", "http_429"),
        (http(503, Retry_After="7"), 1, "again", "http_503"),
        (http(500), 1, "unknown", "http_500"),
        (http(307, Location="http://127.0.0.1:9/"), 1, "failed", "http_307: a redirect is not followed"),
        (b"nonsense\r\n\r\n", 1, "unknown", None),
        (CLOSE, 1, "unknown", None),
        (HANG, 1, "unknown", "timeout"),
    ],
)
def test_what_a_service_says_becomes_of_the_message(
    answer: Answer, browsers: int, state: str, reason: str | None
) -> None:
    receipt, service, some = push(answer, browsers=browsers, timeout=0.5)
    assert (receipt.state, receipt.trouble) == (state, False)
    assert reason in (receipt.reason, None)
    assert receipt.gone == (some[0].endpoint if reason == "gone" else "")
    assert receipt.after == (7.0 if reason in ("http_429", "http_503") else 0.0)
    assert len(service.asked) == 1 and some[0].endpoint not in receipt.reason


def test_nothing_leaves_once_it_is_stopped() -> None:
    def stop() -> None:
        raise Withheld("consent: withdrawn")

    seen: list[Endpoint] = []

    async def whole() -> None:
        async with Endpoint().open() as service:
            seen.append(service)
            made = channel()
            try:
                await made.send(message(Subscriber(service.url)), stop)
            finally:
                await made.close()

    with pytest.raises(Withheld, match="withdrawn"):
        asyncio.run(whole())
    assert not seen[0].asked and not any(seen[0].saw)


def test_a_service_in_trouble_holds_up_nobody_at_another() -> None:
    async def whole() -> None:
        async with Endpoint(http(503)).open() as bad, Endpoint(http(201)).open() as good:
            made = channel()
            theirs, other = Subscriber(bad.url), Subscriber(good.url.replace("127.0.0.1", "localhost"))
            for _ in range(5):
                await made.send(message(theirs), at_once)
            held = await made.send(message(theirs), at_once)
            assert (held.state, held.reason, len(bad.asked)) == ("again", "its push service is in trouble", 5)
            assert held.after > 0 and not held.trouble
            assert (await made.send(message(other), at_once)).state == "sent"
            await made.close()

    asyncio.run(whole())


def test_what_is_too_large_is_not_tried() -> None:
    receipt, service, _ = push(content={"title": "x" * MOST_BYTES})
    assert (receipt.state, receipt.reason, service.asked) == ("failed", "too_large", [])
    receipt, service, [browser] = push(http(201), content={"title": "x" * (MOST_BYTES - 60)})
    assert receipt.state == "sent" and len(service.asked[0].body) <= 4096
    assert browser.read(service.asked[0])["title"].startswith("xxx")


@pytest.mark.parametrize("field", ["url", "icon"])
@pytest.mark.parametrize("link", ["javascript:alert(1)", "//evil.example", "ftp://x.example", "cart"])
def test_a_link_that_is_none_is_not_sent(field: str, link: str) -> None:
    with pytest.raises(Unrenderable, match=field):
        push(content={"title": "x", field: link})


def test_without_an_address_there_is_no_one() -> None:
    assert push(browsers=0)[0] == Receipt("failed", "no browser asked for push")


# --- what a browser says of itself ----------------------------------------------------------------------------------


def refused(endpoint: str = "https://push.example/1", loopback: bool = False, **keys: str) -> str | None:
    given = {**Subscriber("").subscription["keys"], **keys}
    return WebPush(KEY, "mailto:o@example.com", 1.0, loopback, lambda: NOW).refusal(endpoint, **given)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/x:y",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAA",
        "https://push.example:443/1",
    ],
)
def test_push_services_are_taken(endpoint: str) -> None:
    assert refused(endpoint) is None


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://push.example/1", "ftp://push.example/1", "", "push.example", "https://", "https:///x", "https://a b/",
        "https://user:word@push.example/", "https://push.example:22/", "https://push.example:99999/",
        "https://localhost/", "https://localhost./", "https://LOCALHOST/", "https://router.local/", "https://intranet/",
        "https://x.internal/", "https://127.0.0.1/", "https://127.1/", "https://0x7f000001/", "https://2130706433/",
        "https://10.0.0.1/", "https://169.254.169.254/latest", "https://192.168.0.1/", "https://[::1]/",
        "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://[fe80::1%25eth0]/", "https://224.0.0.1/",
        "https://8.8.8.8/", "https://[2606:4700::1]/",
    ],
)  # fmt: skip
def test_what_is_no_push_service_is_refused_with_the_reason(endpoint: str) -> None:
    reason = refused(endpoint)
    assert reason is not None and reason.startswith("endpoint: refused: ")


def test_this_machine_only_where_the_operator_tries_things_out() -> None:
    assert refused("http://127.0.0.1:8080/1") is not None
    assert refused("http://127.0.0.1:8080/1", loopback=True) is None
    assert refused("http://10.0.0.1:8080/1", loopback=True) is not None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("p256dh", ""), ("p256dh", "!!"), ("p256dh", base64url(b"\4" + b"\1" * 64)), ("p256dh", base64url(b"\2" * 33)),
        ("p256dh", base64url(point_of(KEY)[:-1])), ("p256dh", base64url(point_of(KEY)) + "\n"),
        ("auth", ""), ("auth", base64url(b"1" * 15)), ("auth", base64url(b"1" * 17)), ("auth", "ä" * 22),
    ],
    ids=lambda one: one if one in ("p256dh", "auth") else "",  # the keys are new in every process
)  # fmt: skip
def test_keys_that_nothing_can_be_sealed_with(key: str, value: str) -> None:
    assert (refused(**{key: value}) or "").startswith(f"keys.{key}: ")


# --- the operator's key ---------------------------------------------------------------------------------------------


def connected(value: str | None, subject: str = "mailto:ops@example.com", **changes: Any) -> WebPush:
    options = {"subject": subject, "loopback": False} | changes.pop("options", {})
    made = connect(
        Connection("push", "webpush", options, {"private_key": "VAPID"}, Terms(), **changes),
        {} if value is None else {"VAPID": value},
    )
    assert isinstance(made, WebPush) and isinstance(made, Pushes)
    return made


def test_a_key_from_the_environment_is_itself_or_a_pem_file(tmp_path: Path) -> None:
    file = tmp_path / "vapid.pem"
    file.write_bytes(pem(KEY))
    assert {connected(one).public_key for one in (written(KEY), str(file))} == {base64url(point_of(KEY))}
    assert abs(connected(written(KEY)).clock() - time.time() * 1000) < 60_000


@pytest.mark.parametrize(
    "value", [None, "", "no key", written(KEY)[:-3], base64url(b"\0" * 32), "/nowhere.pem"], ids=range(6)
)
def test_what_is_no_key_says_so(value: str | None) -> None:
    with pytest.raises(LookupError, match="private_key"):
        connected(value)


@pytest.mark.parametrize("subject", ["", "ops@example.com", "http://example.com"])
def test_a_subject_that_push_services_refuse(subject: str) -> None:
    with pytest.raises(LookupError, match="subject: write mailto:ADDRESS"):
        connected(written(KEY), subject)


@pytest.mark.parametrize(("outside", "wanted"), [(True, True), (True, False), (False, True)])
def test_loopback_needs_both_the_word_and_no_production(outside: bool, wanted: bool) -> None:
    made = connected(written(KEY), loopback=outside, options={"loopback": wanted})
    assert made.loopback is made.outward.loopback is (outside and wanted)
