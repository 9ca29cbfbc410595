"""Who sends too late: a backend whose events are hours old is named by the sources, the moment, `check` and console;
identifiers that were not taken are counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.story.conftest import end
from tests.story.projects import MOMENT, project
from tests.story.servers import SHIPPED, Server, command, eventually
from tests.story.visits import batch, event, identify, somebody

pytestmark = pytest.mark.slow

HOURS = 6
NIGHTLY = {"library": {"name": "nightly-export", "version": "1"}}
SENTENCE = (
    r"cannot be on time: Checkout Step Viewed from server: nightly-export takes [56](\.\d)?h \(p50\), .* waits 124s"
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A late backend has sent to it, and prompt browsers. A wrong clock is not lateness."""
    server = Server(project(tmp_path_factory.mktemp("sources") / "shop"), SHIPPED)
    assert command("check", server.directory).stdout.count("warning") == 0
    export(server, 15)
    export(server, 15, clock=timedelta(days=2))
    prompt = [event("Checkout Step Viewed", {"step": 1}, anonymousId=somebody(), timestamp=at()) for _ in range(30)]
    batch(server, *prompt, sentAt=at())
    eventually(lambda: sources(server), lambda all_: len(all_) == 2)
    yield server
    end(server)


def at(ago: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) - ago).isoformat()


def export(server: Server, count: int, clock: timedelta = timedelta()) -> None:
    """What happened six hours ago, sent now, by a machine whose clock is wrong by `clock`."""
    events = [
        event(
            "Checkout Step Viewed", {"step": 1}, userId=somebody(), context=NIGHTLY,
            timestamp=at(timedelta(hours=HOURS) + clock),
        )
        for _ in range(count)
    ]  # fmt: skip
    assert server.post("/v1/batch", {"batch": events, "sentAt": at(clock)}).status_code == 200


def sources(server: Server) -> dict[str, dict[str, Any]]:
    return {row["source"]: row for row in server.get("/v1/sources").json()["sources"]}


def test_a_late_backend_is_named_everywhere(server: Server) -> None:
    """And the browser beside it is not."""
    found = eventually(lambda: sources(server), lambda all_: all_.keys() == {"browser", "server: nightly-export"})
    late, hour = found["server: nightly-export"], 3_600_000
    assert (late["events"], [one["event"] for one in late["by_event"]]) == (30, ["Checkout Step Viewed"])
    assert HOURS * hour / 1.25 < late["p50_ms"] <= late["p95_ms"] < HOURS * hour * 1.25
    assert found["browser"]["p95_ms"] < 10_000

    moment = server.moment()
    assert moment["status"] == "cannot be on time"
    [one] = moment["late_sources"]
    assert re.fullmatch(SENTENCE, one["sentence"])
    lines = (server.directory / MOMENT).read_text().split("\n")
    line = next(number for number, text in enumerate(lines, 1) if text.startswith("detect:"))
    checked = command("check", server.directory)
    assert checked.returncode == 0
    assert f"{MOMENT}:{line}: warning: {one['sentence']}\n" in checked.stdout
    gauge = 'journeyloop_source_lag_seconds{quantile="0.5",source="server: nightly-export"} '
    assert float(server.get("/metrics").text.partition(gauge)[2].split("\n")[0]) > 4 * 3600


def test_the_console_says_so_on_the_moments_card(server: Server, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(server.url)
    card = page.locator("[data-moment=checkout_stall]")
    expect(card.get_by_text(re.compile(SENTENCE))).to_be_visible()


def test_what_is_known_survives_a_restart(server: Server) -> None:
    before = sources(server)
    server.stop()
    assert "cannot be on time" in command("check", server.directory).stdout
    server.start()
    assert sources(server) == before


def test_a_store_is_not_needed_to_check_nor_made(tmp_path: Path) -> None:
    directory = project(tmp_path / "shop")
    checked = command("check", directory)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert not (directory / "store").exists()


def test_identifiers_that_were_not_taken_are_counted(server: Server) -> None:
    me = somebody()
    batch(server, identify({"email": "not an address"}, anonymousId=me))
    batch(server, *(identify({"email": f"a{n}-{me}@example.com"}, anonymousId=me) for n in range(6)))
    told = server.get("/metrics").text
    for reason in ("malformed_email", "identifier_limit"):
        assert f'journeyloop_identifiers_refused_total{{reason="{reason}",type="email"}} 1.0\n' in told


def test_only_a_server_key_reads_the_sources(server: Server) -> None:
    """Library names are the senders' words, not the browsers'."""
    asked: Callable[[str], int] = lambda key: server.get("/v1/sources", key).status_code  # noqa: E731
    assert (asked(server.keys.write), asked(server.keys.server)) == (403, 200)
