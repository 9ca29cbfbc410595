"""An opt-out wins, unless the grant is newer by both clocks; a merge keeps the stricter word."""

from __future__ import annotations

import itertools

import pytest

from journeyloop.interpret.merge import stricter
from journeyloop.model.customer import Consent
from journeyloop.model.effects import Stopped
from journeyloop.model.inputs import ConsentStated
from tests.property.rig import ALLOWED, MINUTE, REFUSED, Rig

WHO = ("anonymous_id", "a1")


def state(rig: Rig, granted: bool, ago: int = 0) -> None:
    rig.now += 1
    rig.apply(ConsentStated(WHO, {"marketing": granted}, rig.now - ago, "server"))


def stated(rig: Rig) -> bool | None:
    return rig.find().header.stated("marketing")


@pytest.mark.parametrize(("ago", "granted"), [(0, True), (MINUTE - 1, True), (MINUTE, True), (MINUTE + 1, False)])
def test_a_grant_must_be_said_after_the_opt_out(ago: int, granted: bool) -> None:
    rig = Rig()
    state(rig, False)
    rig.now += MINUTE
    state(rig, True, ago)
    assert stated(rig) is granted


def test_a_grant_must_arrive_after_the_opt_out() -> None:
    """In one batch both have one time of arrival: doubt, so no."""
    rig = Rig()
    rig.apply(
        ConsentStated(WHO, {"marketing": False}, rig.now - 10, "server"),
        ConsentStated(WHO, {"marketing": True}, rig.now, "server"),
    )
    assert stated(rig) is False


@pytest.mark.parametrize("ago", [0, MINUTE])
def test_an_opt_out_wins_whenever_it_was_said(ago: int) -> None:
    rig = Rig()
    state(rig, True)
    state(rig, False, ago)
    assert stated(rig) is False
    assert [(one.purpose, one.stopped) for one in rig.emitted(Stopped)] == [("marketing", True)]


def test_the_same_word_again_stops_nothing_twice() -> None:
    rig = Rig()
    state(rig, False)
    state(rig, False)
    assert rig.emitted(Stopped) == []


def test_a_word_in_an_event_and_one_outside_are_the_same() -> None:
    rig = Rig()
    rig.track("Page", context=ALLOWED)
    assert stated(rig) is True
    state(rig, False)
    rig.track("Page", context=ALLOWED, ago=MINUTE)
    assert stated(rig) is False
    rig.now += 1
    rig.track("Page", context=ALLOWED)
    assert stated(rig) is True
    rig.track("Segment Consent Preference Updated", context=REFUSED)
    assert stated(rig) is False


def words() -> list[Consent]:
    return [Consent(granted, at, received, "x") for granted in (True, False) for at in (1, 2) for received in (1, 2)]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(words(), words())))
def test_a_merge_keeps_the_stricter(one: Consent, other: Consent) -> None:
    merged = stricter(one, other)
    assert merged == stricter(other, one)
    if one.granted != other.granted:
        grant, refusal = (one, other) if one.granted else (other, one)
        newer = grant.at > refusal.at and grant.received > refusal.received
        assert merged == (grant if newer else refusal)
