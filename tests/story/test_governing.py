"""Who runs it, over the real server: stop and go on, look back and go back, try on oneself, try on nobody else."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, expect

from tests.story.conftest import Serve
from tests.story.projects import MOMENT, project, replace
from tests.story.servers import SHIPPED, Server, Stream, command, eventually
from tests.story.shopper import Shopper
from tests.story.visits import batch, somebody, stall

pytestmark = pytest.mark.slow

AT_ONCE = {"for: 20s": "for: 1s", "dwell: 5s": "dwell: 0s", "holdout: 10%": "holdout: 0%"}


def watched(server: Server, browser: str) -> Stream:
    return Stream(server, anonymous_id=browser, write_key=server.keys.write)


def shown(stream: Stream) -> int:
    return sum(name == "show" for name, _ in stream.frames)


def told(server: Server, path: str) -> Any:
    return server.get(path, server.keys.admin).json()


def state_of(server: Server, browser: str) -> tuple[str, str]:
    one = server.decision(lambda made: made["state"] not in ("due", "intent"), anonymous_id=browser)
    return one["state"], one["state_reason"]


# --- stop and go on ---------------------------------------------------------------------------------------------------


def test_after_the_answer_to_a_pause_nothing_leaves(serve: Serve, tmp_path: Path) -> None:
    """Sixty people come due one after the other while it is paused; what left, left before the answer."""
    server = serve(project(tmp_path / "shop", AT_ONCE), SHIPPED)
    people = [somebody() for _ in range(60)]
    streams = [watched(server, one) for one in people]
    for one in people:
        batch(server, *stall(anonymousId=one))
        time.sleep(0.02)
    eventually(lambda: sum(map(shown, streams)), lambda count: count >= 5)
    paused = server.post("/v1/pause", {"scope": "all", "note": "wrong price"}, server.keys.admin)
    assert paused.status_code == 200
    sent = server.moment()["sent"]
    eventually(lambda: server.moment(), lambda row: row["sent"] + sum(row["silent"].values()) + row["suppressed"] >= 60)
    assert server.moment()["sent"] == sent < 60
    assert sum(map(shown, streams)) == sent
    [pause] = server.get("/v1/moments").json()["pauses"]
    assert (pause["scope"], pause["by"], pause["note"]) == ("all", "admin", "wrong price")
    assert abs(pause["at"] / 1000 - time.time()) < 300
    for stream in streams:
        stream.close()


def test_what_expired_during_a_pause_is_never_sent(serve: Serve, tmp_path: Path) -> None:
    """It is due, with nobody there; while it is paused it expires; then it is resumed and the person comes back."""
    later = {"expires: 2m": "expires: 4s", "    channel: onpage": "    channel: onpage\n    after: 12s"}
    server = serve(project(tmp_path / "shop", {**AT_ONCE, **later}), SHIPPED)
    browser = somebody()
    stream = watched(server, browser)
    batch(server, *stall(anonymousId=browser))
    due = server.decision(lambda made: made["state"] == "due", anonymous_id=browser)
    stream.close()
    assert command("pause", server.directory, "moment:checkout_stall", "--note", "look").returncode == 0
    eventually(lambda: time.time() * 1000, lambda now: now > due["expires"] + 500)
    assert command("resume", server.directory, "moment:checkout_stall").returncode == 0
    assert server.get("/v1/moments").json()["pauses"] == []
    back = watched(server, browser)
    assert state_of(server, browser)[0] in ("expired", "suppressed")
    batch(server, *stall(step=1, anonymousId=browser))
    assert shown(stream) + shown(back) == 0
    back.close()


def test_a_pause_of_nothing_is_refused(serve: Serve, tmp_path: Path) -> None:
    server = serve(project(tmp_path / "shop"), SHIPPED)
    refused = command("pause", server.directory, "moment:checkout_stal")
    assert refused.returncode == 1 and "checkout_stall" in refused.stderr
    assert server.get("/v1/moments").json()["paused"] == []


def test_a_pause_without_a_server_holds_for_the_next(serve: Serve, tmp_path: Path) -> None:
    directory = project(tmp_path / "shop")
    assert command("pause", directory, "all", "--note", "holiday").returncode == 0
    server = serve(directory, SHIPPED)
    assert [(one["scope"], one["note"]) for one in server.get("/v1/moments").json()["pauses"]] == [("all", "holiday")]
    assert [one["paused"] for one in told(server, "/v1/history")["pauses"]] == [True]


def test_the_console_stops_and_resumes(serve: Serve, tmp_path: Path, context: BrowserContext) -> None:
    server = serve(project(tmp_path / "shop"), SHIPPED)
    page = context.new_page()
    page.goto(server.url)
    page.get_by_role("button", name="Stop all sends").click()
    page.get_by_role("textbox", name="Why").fill("<i>storm</i>")
    page.keyboard.press("Enter")
    expect(page.locator("[data-paused=all]")).to_contain_text("by console")
    expect(page.locator("[data-paused=all]")).to_contain_text("<i>storm</i>")
    page.get_by_role("button", name="Resume all sends").click()
    page.get_by_role("button", name="Resume", exact=True).click()
    expect(page.locator("#pauses")).to_be_hidden()
    foreign = server.http.post("/console/pause", json={"scope": "all"}, headers={"origin": "http://evil.example"})
    assert foreign.status_code == 401


# --- look back and go back --------------------------------------------------------------------------------------------


def test_history_diff_and_rollback(serve: Serve, tmp_path: Path) -> None:
    directory = project(tmp_path / "shop")
    server = serve(directory, SHIPPED)
    first = server.get("/v1/moments").json()["plan"]
    keys, text = (directory / "keys.toml").read_bytes(), (directory / MOMENT).read_text()
    replace(directory / MOMENT, {"Your cart is saved": "Still there?"})
    assert command("reload", directory, "--note", "shorter").returncode == 0
    versions = json.loads(command("history", directory, "--json").stdout)["versions"]
    assert [one["files"] for one in versions[1:]] == [{MOMENT: "changed"}]
    assert (versions[0]["hash"], versions[1]["note"], versions[1]["in_force"]) == (first, "shorter", True)
    assert versions[1]["by"].endswith("(admin key)")
    second = versions[1]["hash"]
    shown = command("diff", directory, first[:8], second[:8]).stdout.splitlines()
    assert "-      title: Your cart is saved" in shown and "+      title: Still there?" in shown
    assert command("diff", directory, second, "now").stdout == ""
    assert told(server, f"/v1/history/{second[:8]}")["files"][MOMENT] == (directory / MOMENT).read_text()

    (directory / "moments" / "draft.yaml").write_text("moment: [")
    lost = command("rollback", directory, first[:8])
    assert lost.returncode == 1 and "--force" in lost.stderr and (directory / "moments" / "draft.yaml").exists()
    done = command("rollback", directory, first[:8], "--force", "--note", "too short")
    assert done.returncode == 0, done.stderr
    assert (directory / MOMENT).read_text() == text and not (directory / "moments" / "draft.yaml").exists()
    assert (directory / "keys.toml").read_bytes() == keys
    versions = told(server, "/v1/history")["versions"]
    assert [one["hash"] for one in versions] == [first, second, first]
    assert versions[2]["note"] == f"rollback to {first[:8]}: too short"
    assert command("rollback", directory, "beefbeef").returncode == 1


def test_a_rollback_without_a_server_is_in_the_history(tmp_path: Path) -> None:
    directory = project(tmp_path / "shop")
    assert command("pause", directory, "all").returncode == 0
    first = json.loads(command("history", directory, "--json").stdout)["versions"][0]["hash"]
    replace(directory / MOMENT, {"Your cart is saved": "Still there?"})
    assert command("resume", directory, "all").returncode == 0
    assert command("rollback", directory, first).returncode == 0
    lines = command("history", directory).stdout.splitlines()
    assert len(lines) == 5 and f"rollback to {first[:8]}" in lines[-1] and "(in force)" in lines[-1]


# --- try on oneself, and on nobody else -------------------------------------------------------------------------------


def test_a_test_send_shows_and_counts_nothing(serve: Serve, tmp_path: Path, context: BrowserContext) -> None:
    server = serve(project(tmp_path / "shop", {"holdout: 10%": "holdout: 100%"}))
    shopper = Shopper(context, server).accept()
    who = shopper.me["anonymous_id"]
    eventually(lambda: server.get("/v1/profile", anonymous_id=who).status_code, lambda code: code == 200)
    before = server.moment()
    sent = command("test-send", "checkout_stall/reassure", server.directory, "--to", who)
    assert sent.returncode == 0, sent.stderr
    message = shopper.page.locator("journeyloop-message")
    expect(message.locator("small")).to_have_text("Test")
    expect(message).to_contain_text("Your cart is saved")
    shopper.page.get_by_role("button", name="Close").click()
    expect(message).to_have_count(0)
    assert server.moment() == before and server.decisions(anonymous_id=who) == []
    assert shopper.errors == []


def test_a_test_send_says_why_not(serve: Serve, tmp_path: Path) -> None:
    needy = {"title: Your cart is saved": 'title: "Hello {{ profile.first_name }}"'}
    server = serve(project(tmp_path / "shop", needy), SHIPPED)
    browser, absent = somebody(), somebody()
    batch(server, *stall(anonymousId=absent))
    stream = watched(server, browser)
    batch(server, *stall(step=1, anonymousId=browser))
    for action, to, reason in [
        ("nothing/reassure", browser, "no moment nothing"),
        ("checkout_stall/nothing", browser, "no action nothing"),
        ("checkout_stall/reassure", "never-seen", "nobody goes by"),
        ("checkout_stall/reassure", absent, "no tab is open"),
        ("checkout_stall/reassure", browser, "content: "),
    ]:
        refused = command("test-send", action, server.directory, "--to", to)
        assert refused.returncode == 1 and reason in refused.stderr, refused.stderr
    server.post("/v1/pause", {"scope": "all"}, server.keys.admin)
    refused = command("test-send", "checkout_stall/reassure", server.directory, "--to", browser)
    assert refused.returncode == 1 and "paused: all" in refused.stderr
    assert shown(stream) == 0
    stream.close()


def test_staging_contacts_only_who_is_listed(serve: Serve, tmp_path: Path) -> None:
    directory = project(tmp_path / "shop", AT_ONCE)
    listed, other = somebody(), somebody()
    allow = f'recipients_allow = ["{listed}", "*@example.com"]\n\n[server]'
    replace(directory / "journeyloop.toml", {"\n[server]": allow})
    server = serve(directory, SHIPPED, "--env", "staging")
    streams = {one: watched(server, one) for one in (listed, other)}
    for one in streams:
        batch(server, *stall(anonymousId=one))
    assert state_of(server, other) == ("suppressed", "not in recipients_allow")
    assert state_of(server, listed)[0] == "sent"
    assert {one: shown(stream) for one, stream in streams.items()} == {listed: 1, other: 0}
    [sunk] = told(server, "/v1/sink")["sink"]
    assert (sunk["action"], sunk["content"]["title"]) == ("reassure", "Your cart is saved")
    hero = {"placement": "home_hero", "anonymous_id": other}
    assert server.post("/v1/decide", hero).json()["reason"] == "not in recipients_allow"
    assert server.decisions(anonymous_id=other)[0]["state"] == "suppressed"
    assert len(server.decisions(anonymous_id=other)) == 1
    for stream in streams.values():
        stream.close()


def test_staging_without_a_list_contacts_nobody(serve: Serve, tmp_path: Path) -> None:
    server = serve(project(tmp_path / "shop", AT_ONCE), SHIPPED, "--env", "staging")
    browser = somebody()
    stream = watched(server, browser)
    batch(server, *stall(anonymousId=browser))
    assert state_of(server, browser) == ("suppressed", "not in recipients_allow")
    problems = server.get("/v1/moments").json()["problems"]
    assert any("staging contacts nobody" in one["message"] for one in problems)
    stream.close()
