"""@segment/analytics-node, with only its host changed."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.sdk.conftest import HERE, Served

pytestmark = pytest.mark.sdk


def test_every_call_arrives(server: Served, node: str, packages: Path) -> None:
    run = subprocess.run(
        [node, "node.mjs", server.host, server.write_key],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    events = server.wait_for(6)
    found = {event.kind: event for event in events}
    assert sorted(found) == ["alias", "group", "identify", "page", "screen", "track"] and len(events) == 6
    assert found["identify"].traits == {"tier": "gold", "firstName": "Åsa 👋"}
    assert found["identify"].anonymous_id == "node-browser"
    assert found["track"].properties["revenue"] == 129.9
    assert found["track"].properties["products"] == [{"product_id": "p1", "price": 64.95, "quantity": 2}]
    assert 50_000 < found["page"].time - found["track"].time < 70_000
    assert found["page"].properties["name"] == "Home"
    assert (found["alias"].previous_id, found["alias"].user_id) == ("node-browser", "node-user")
    assert {event.context["library"]["name"] for event in events} == {"@segment/analytics-node"}
