"""Live audiences over a real server: declared while it runs, true for the past at once, and left by time alone."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.story.conftest import Serve
from tests.story.projects import HERO, project
from tests.story.servers import SHIPPED, Server, command, eventually

pytestmark = pytest.mark.slow

LATER = """\
traits:
  spent: {sum: properties.revenue, of: Order Completed, within: 90d}
  pages: {count: Page, within: 3s}
audiences:
  spenders: {where: profile.spent >= 500.0}
  here: {where: profile.pages > 0}
"""


def members(server: Server) -> dict[str, int]:
    listed = server.get("/v1/audiences", server.keys.server).json()["audiences"]
    return {one["audience"]: one["members"] for one in listed}


def page(server: Server, audience: str, **query: str) -> httpx.Response:
    return server.get(f"/v1/audiences/{audience}/members", server.keys.server, **query)


def test_an_audience_declared_today_is_true_at_once_and_time_ends_it(tmp_path: Path, serve: Serve) -> None:
    directory = project(tmp_path / "shop")
    (directory / HERO).unlink()  # it speaks of traits that will be gone
    server = serve(directory, SHIPPED)
    for user, revenue in (("ada", 600.0), ("bob", 20.0), ("cleo", 500.0)):
        server.track("Order Completed", {"revenue": revenue}, userId=user)
    assert members(server) == {"big_carts": 0}
    (server.directory / "audiences.yaml").write_text(LATER)
    eventually(lambda: members(server), lambda found: found.get("spenders") == 2)
    server.track("Page", {}, userId="bob")
    assert members(server) == {"spenders": 2, "here": 1}
    eventually(lambda: members(server), lambda found: found["here"] == 0)
    listed = page(server, "spenders").json()["members"]
    assert sorted(name["value"] for one in listed for name in one["identifiers"]) == ["ada", "cleo"]
    first = page(server, "spenders", limit="1").json()
    assert page(server, "spenders", limit="1", after=first["next"]).json()["members"] == listed[1:]
    printed = command("audiences", server.directory, "spenders", "--csv").stdout
    assert printed == page(server, "spenders", format="csv").text.replace("\r\n", "\n")
    assert command("audiences", server.directory, "nobody").returncode == 1
