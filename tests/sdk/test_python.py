"""segment-analytics-python, with only its host changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from segment.analytics.client import Client

from tests.sdk.conftest import Served

pytestmark = pytest.mark.sdk


def client(server: Served, errors: list[Any], **options: Any) -> Client:
    return Client(
        server.write_key,
        host=server.host,
        on_error=lambda error, items: errors.append(error),
        upload_interval=0.05,
        **options,
    )


@pytest.mark.parametrize("gzip", [False, True])
def test_every_call_arrives(server: Served, gzip: bool) -> None:
    errors: list[Any] = []
    analytics = client(server, errors, gzip=gzip)
    before = datetime.now(UTC) - timedelta(minutes=5)
    analytics.identify("py-user", {"email": "py@example.com"}, anonymous_id="py-browser")
    analytics.track("py-user", "Product Viewed", {"price": "19.90", "name": "Tasse ☕"}, timestamp=before)
    analytics.page("py-user", "Docs", "Start")
    analytics.screen("py-user", "App", "Home")
    analytics.group("py-user", "company-1", {"plan": "team"})
    analytics.alias("py-browser", "py-user")
    analytics.track(anonymous_id="py-stranger", event="Signed Out")
    analytics.shutdown()
    events = server.wait_for(7)
    assert errors == []
    assert [event.kind for event in events] == ["identify", "track", "page", "screen", "group", "alias", "track"]
    assert events[0].traits == {"email": "py@example.com"} and events[0].anonymous_id == "py-browser"
    assert events[1].properties == {"price": 19.9, "name": "Tasse ☕"} and events[1].anonymous_id is None
    assert abs(events[1].time - before.timestamp() * 1000) < 60_000
    assert events[2].properties == {"name": "Start", "category": "Docs"}
    assert events[4].properties == {"group_id": "company-1"} and events[4].traits == {"plan": "team"}
    assert (events[5].previous_id, events[5].user_id) == ("py-browser", "py-user")
    assert (events[6].user_id, events[6].anonymous_id) == (None, "py-stranger")
    assert len({event.message_id for event in events}) == 7
    assert {event.context["library"]["name"] for event in events} == {"analytics-python"}


def test_a_wrong_key_is_an_error_there(server: Served) -> None:
    errors: list[Any] = []
    analytics = Client("nope", host=server.host, on_error=lambda error, items: errors.append(error), max_retries=1)
    analytics.track("u", "E")
    analytics.shutdown()
    assert len(errors) == 1 and server.events() == []
