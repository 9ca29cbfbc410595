"""@rudderstack/rudder-sdk-node, with only its host changed; gzipped (its default) it calls its JSON a web form."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.sdk.conftest import HERE, Served

pytestmark = pytest.mark.sdk


@pytest.mark.parametrize("form", ["gzip", "plain"])
def test_every_call_arrives(server: Served, node: str, packages: Path, form: str) -> None:
    words = [node, "rudderstack.mjs", server.host, server.write_key, form]
    run = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    events = server.wait_for(7)
    assert [event.kind for event in events] == ["identify", "track", "page", "screen", "group", "alias", "track"]
    found = {event.kind: event for event in events[:6]}
    assert found["identify"].traits == {"tier": "gold", "firstName": "Åsa 👋"}
    assert (found["identify"].user_id, found["identify"].anonymous_id) == (f"rudder-{form}", f"rudder-browser-{form}")
    assert found["track"].properties["revenue"] == 129.9
    assert found["track"].properties["products"] == [{"product_id": "p1", "price": 64.95, "quantity": 2}]
    assert 50_000 < found["page"].time - found["track"].time < 70_000
    assert found["page"].properties["name"] == "Home"
    assert found["group"].properties == {"group_id": "company-1"} and found["group"].traits == {"plan": "team"}
    assert (found["alias"].previous_id, found["alias"].user_id) == (f"rudder-browser-{form}", f"rudder-{form}")
    assert (events[6].user_id, events[6].anonymous_id) == (None, f"stranger-{form}")
    assert len({event.message_id for event in events}) == 7
    assert {event.context["library"]["name"] for event in events} == {"analytics-node"}


def test_a_wrong_key_is_an_error_there(server: Served, node: str, packages: Path) -> None:
    words = [node, "rudderstack.mjs", server.host, "nope", "gzip"]
    run = subprocess.run(words, cwd=HERE, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 1 and "401" in run.stderr
    assert server.events() == []
