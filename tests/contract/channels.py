"""One case for each kind of channel: how it is configured, a message, and what its provider says beside the usual."""

from __future__ import annotations

import json

from journeyloop.testing.channel_contract import Case
from journeyloop.testing.endpoints import http
from tests.contract.postbox import Postbox, options
from tests.unit.channels.subscriber import Subscriber, new_key, written

CASES = [
    Case(
        "smtp",
        options,
        {"subject": "Your parcel waits", "html": "<p>It is red</p>"},
        ["ada@example.com"],
        far=Postbox,
        after=0.0,
    ),
    Case(
        "twilio",
        lambda url: {"api": url, "account": "AC1", "from": "+4915112345678", "callback": "https://loop.example/v1/hooks/t"},
        {"text": "Your parcel waits"},
        ["+4917612345678"],
        {"token": "a-token-of-twilio"},
        {
            "accepts": http(201, json.dumps({"sid": "SM1", "status": "queued"}).encode()),
            "refuses": http(400, b'{"code": 21211, "message": "Invalid \'To\' Phone Number: +4917612345678"}'),
        },
    ),
    Case(
        "webhook",
        lambda url: {"url": url + "/in"},
        {"title": "Your parcel waits", "lines": [{"name": "Red shoes"}]},
        secrets={"secret": "whsec_YSBrZXkgb2YgdHdlbnR5LWZvdXIgYnl0"},
    ),
    Case(
        "braze",
        lambda url: {"api": url},
        {"template": "a-campaign", "variables": {"product": "Red shoes"}},
        ["a-user-of-ours"],
        {"key": "a-key-of-braze"},
        {
            "accepts": http(201, b'{"message": "success", "dispatch_id": "d1a5c0"}'),
            "refuses": http(400, b'{"message": "Invalid campaign a-campaign", "errors": []}'),
        },
    ),
    Case(
        "klaviyo",
        lambda url: {"api": url, "revision": "2026-10-15"},
        {"template": "Cart left", "variables": {"product": "Red shoes"}},
        ["a-user-of-ours"],
        {"key": "a-key-of-klaviyo"},
        {"accepts": http(202, b"")},
    ),
    Case(
        "customerio",
        lambda url: {"api": url},
        {"template": 3, "variables": {"product": "Red shoes"}},
        ["ana@example.com"],
        {"key": "a-key-of-customerio"},
        {
            "accepts": http(200, b'{"delivery_id": "RPILAgABcRhIBqSp7kiPekGBIeVh", "queued_at": 1604977406}'),
            "refuses": http(400, b'{"meta": {"error": "ana@example.com is suppressed"}}'),
        },
    ),
    Case(
        "webpush",
        lambda url: {"subject": "mailto:ops@example.com", "loopback": True},
        {"title": "Your parcel waits", "url": "/parcels"},
        secrets={"private_key": written(new_key())},
        answers={"accepts": http(201)},
        addresses=lambda url: [Subscriber(f"{url}/push/of-this-browser").address],
    ),
]  # fmt: skip
