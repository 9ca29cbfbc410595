"""The last look before the first byte: opt-out, recall, expiry, pause, content; and what an unsigned browser sees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from msgspec import json

from journeyloop.model.board import Board
from journeyloop.model.decision import Delivery
from journeyloop.model.effects import Answer, Note, Recall, Send, Stopped
from journeyloop.model.inputs import Delivered
from journeyloop.model.plan import Plan
from journeyloop.runtime.perform import Performer
from journeyloop.runtime.ports import Pages
from journeyloop.runtime.stops import Remembered
from tests.property.rig import T, moment, plan_of

PERSON, ID = b"p" * 16, b"d" * 16
GREETING = "[{action: hello, channel: onpage, content: {title: \"Hello {{ profile.first_name | default('there') }}\"}}]"
STRICT = '[{action: hello, channel: onpage, content: {title: "Hello {{ profile.first_name }}"}}]'


class Screens:
    """The on-page port: browsers that are there by id, signed or not, and what was written to each."""

    def __init__(self, **signed: bool) -> None:
        self.signed, self.written = signed, list[tuple[str, dict[str, Any]]]()

    def push(self, anonymous_ids: list[str], content: Callable[[bool], bytes | None]) -> str | None:
        for one in anonymous_ids:
            frame = content(self.signed[one]) if one in self.signed else None
            if frame is not None:
                self.written.append((one, json.decode(frame)))
                return one
        return None

    def __contains__(self, anonymous_id: object) -> bool:
        return anonymous_id in self.signed

    def tell(self, anonymous_ids: list[str], frame: bytes) -> None:
        self.written += [(one, json.decode(frame)) for one in anonymous_ids if one in self.signed]

    def frame(self, event: str, content: dict[str, Any]) -> bytes:
        return json.encode({"event": event, **content})


class Stage:
    def __init__(self, actions: str = GREETING, **signed: bool) -> None:
        self.plan: Plan = plan_of(moment(purpose="marketing", actions=actions))
        self.board, self.now = Board(), T
        self.screens = Screens(**signed)
        self.said: list[Delivered] = []
        self.notes: list[Note] = []
        self.performer = Performer(
            cast(Pages, self.screens), self.said.append, lambda: self.plan, lambda: self.board, lambda: self.now,
            self.notes.append,
        )  # fmt: skip

    def perform(self, *effects: Any) -> list[tuple[str, str]]:
        """What the channel said of it: (state, reason)."""
        before = len(self.said)
        self.performer.perform(list(effects))
        return [(one.state, one.reason) for one in self.said[before:]]

    def shown(self) -> list[str]:
        return [frame["title"] for _, frame in self.screens.written if frame["event"] == "show"]


def send(state: str = "intent", action: str = "hello", of: str = "now", decision: bytes = ID) -> Send:
    delivery = Delivery(decision, of, action, "now", "onpage", state, T + 1_000, T)
    return Send(PERSON, delivery, ["a1"], {"first_name": "Ana"})


def stopped(stops: bool) -> Stopped:
    return Stopped(PERSON, "marketing", stops)


def recall(decision: bytes = ID) -> Recall:
    return Recall(PERSON, decision, "goal: Order Completed", ["a1"])


def test_a_message_is_sent_once_it_can_be() -> None:
    stage = Stage(a1=True)
    assert stage.perform(send()) == [("sent", "")]
    [(browser, frame)] = stage.screens.written
    assert (browser, frame["id"], frame["expires_in"]) == ("a1", ID.hex(), 1_000)


def test_without_a_browser_it_waits() -> None:
    assert Stage().perform(send()) == []


def test_a_message_offered_again_is_reported_once() -> None:
    stage = Stage(a1=True)
    assert stage.perform(send("sent")) == []
    assert stage.shown() == ["Hello Ana"]


@pytest.mark.parametrize(("signed", "title"), [(True, "Hello Ana"), (False, "Hello there")])
def test_an_unsigned_browser_sees_no_profile(signed: bool, title: str) -> None:
    stage = Stage(a1=signed)
    stage.perform(send())
    assert stage.shown() == [title]


def test_content_that_cannot_be_filled_is_suppressed_with_its_reason() -> None:
    stage = Stage(STRICT, a1=False)
    [(state, reason)] = stage.perform(send())
    assert (state, reason.startswith("content: title: ")) == ("suppressed", True)
    assert "Ana" not in reason
    assert stage.screens.written == []
    assert Stage(STRICT, a1=True).perform(send()) == [("sent", "")]


# --- stops ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", [True, False])
def test_an_opt_out_of_the_same_batch_wins(first: bool) -> None:
    stage = Stage(a1=True)
    effects = [stopped(True), send()] if first else [send(), stopped(True)]
    assert stage.perform(*effects) == [("suppressed", "consent: withdrawn")]
    assert stage.screens.written == []


def test_a_later_opt_in_permits_again() -> None:
    stage = Stage(a1=True)
    assert stage.perform(stopped(True)) == []
    assert stage.perform(send()) == [("suppressed", "consent: withdrawn")]
    assert stage.perform(stopped(False), send(decision=b"e" * 16)) == [("sent", "")]


def test_an_opt_out_stops_only_its_person_and_purpose() -> None:
    stage = Stage(a1=True)
    stage.perform(Stopped(b"q" * 16, "marketing", True), Stopped(PERSON, "service", True))
    assert stage.perform(send()) == [("sent", "")]


def test_a_recall_of_the_same_batch_wins() -> None:
    stage = Stage(a1=True)
    assert stage.perform(send(), recall())[0] == ("suppressed", "goal: Order Completed")
    assert stage.shown() == []
    assert stage.perform(send("sent")) == []
    assert stage.shown() == []


def test_a_recall_of_what_was_written_takes_it_off_the_page() -> None:
    stage = Stage(a1=True)
    stage.perform(send())
    assert stage.perform(recall()) == []
    assert [frame["event"] for _, frame in stage.screens.written] == ["show", "recall"]


@pytest.mark.parametrize(("later", "said"), [(999, ("sent", "")), (1_000, ("suppressed", "expired"))])
def test_nothing_is_sent_past_its_expiry(later: int, said: tuple[str, str]) -> None:
    stage = Stage(a1=True)
    stage.now += later
    assert stage.perform(send()) == [said]


@pytest.mark.parametrize("scope", ["all", "moment:now", "channel:onpage"])
def test_a_pause_stops_what_is_on_its_way(scope: str) -> None:
    stage = Stage(a1=True)
    stage.board = Board(1, frozenset({scope}))
    assert stage.perform(send()) == [("suppressed", f"paused: {scope}")]
    stage.board = Board(2, frozenset({"moment:other", "channel:email"}))
    assert stage.perform(send()) == [("sent", "")]


@pytest.mark.parametrize(
    ("gone", "reason"), [(send(of="other"), "moment_removed"), (send(action="other"), "action_removed")]
)
def test_what_the_plan_no_longer_knows_is_suppressed(gone: Send, reason: str) -> None:
    assert Stage(a1=True).perform(gone) == [("suppressed", reason)]


def test_answers_and_notes_reach_who_waits_for_them() -> None:
    stage = Stage()
    answers: list[Answer] = []
    stage.performer.answers["r1"] = answers.append
    note = Note("signal", PERSON, "now", "Now")
    answer = Answer("r1", None, {})
    assert stage.perform(answer, Answer("nobody", None, {}), note) == []
    assert (answers, stage.notes, stage.performer.answers) == ([answer], [note], {})


def test_memory_is_bounded_and_forgets_the_oldest() -> None:
    held = Remembered(2)
    for one in "abc":
        held.add(one)
    assert ["a" in held, "b" in held, "c" in held] == [False, True, True]


# --- hours ------------------------------------------------------------------------------------------------------------

QUIET = 'quiet_hours: {from: "21:00", to: "08:00"}\n'


@pytest.mark.parametrize(
    ("profile", "said"),
    [
        ({"time_zone": "Europe/Berlin"}, [("suppressed", "quiet_hours: until 08:00 Europe/Berlin")]),
        ({"time_zone": "America/New_York"}, [("sent", "")]),
        ({"country": "BR"}, [("sent", "")]),
        ({}, [("suppressed", "quiet_hours: until 08:00 everywhere (zone unknown)")]),
    ],
)
def test_quiet_hours_that_have_begun_since_the_intent(profile: dict[str, Any], said: list[tuple[str, str]]) -> None:
    """It is 22:13 in UTC."""
    stage = Stage(a1=True)
    stage.plan = plan_of(moment(purpose="marketing", actions=GREETING), policy=QUIET)
    one = send()
    one.profile = {"first_name": "Ana", **profile}
    assert stage.perform(one) == said


def test_what_was_sent_is_not_offered_again_in_quiet_hours() -> None:
    stage = Stage(a1=True)
    stage.plan = plan_of(moment(purpose="marketing", actions=GREETING), policy=QUIET)
    assert stage.perform(send("sent")) == []
    assert stage.screens.written == []


def test_the_breaker() -> None:
    stage = Stage(a1=True)
    stage.board = Board(paused=frozenset({"breaker"}))
    assert stage.perform(send()) == [("suppressed", "paused: breaker")]
