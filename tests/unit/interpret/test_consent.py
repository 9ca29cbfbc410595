"""An opt-out wins, unless the grant is newer by both clocks; a merge keeps the stricter word."""

from __future__ import annotations

import itertools

import pytest

from journeyloop.model.consent import Consent, stricter
from journeyloop.model.consent import stated as holds
from journeyloop.model.effects import Stopped
from journeyloop.model.event import Event
from journeyloop.model.inputs import ConsentStated
from journeyloop.model.ledger import chained
from journeyloop.runtime import records
from tests.property.rig import ALLOWED, MINUTE, REFUSED, Rig

WHO = ("anonymous_id", "a1")


def state(rig: Rig, granted: bool, ago: int = 0) -> None:
    rig.now += 1
    rig.apply(ConsentStated(WHO, {"marketing": granted}, rig.now - ago, "server"))


def stated(rig: Rig) -> bool | None:
    return holds(rig.find().header.consent, "marketing")


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
    rig.now += 1
    rig.track("Segment Consent Preference Updated", context=REFUSED)
    assert stated(rig) is False
    state(rig, True, ago=MINUTE)
    assert stated(rig) is False
    state(rig, True)
    assert stated(rig) is True


def test_what_a_page_stamps_on_its_events_does_not_undo_what_was_said() -> None:
    rig = Rig()
    rig.track("Page", context=REFUSED)
    rig.now += 1
    rig.track("Page", context=ALLOWED)
    assert stated(rig) is True
    state(rig, False)
    rig.now += MINUTE
    rig.track("Page", context=ALLOWED)
    assert stated(rig) is False
    rig.now += 1
    rig.track("Segment Consent Preference Updated", context=ALLOWED)
    assert stated(rig) is True


@pytest.mark.parametrize(
    "context",
    [{"consent": {}}, {"consent": {"categoryPreferences": {}}}, {"consent": {"categoryPreferences": {"ads": True}}}],
)
def test_an_empty_object_and_a_missing_category_mean_no(context: dict[str, object]) -> None:
    rig = Rig()
    rig.track("Page", context=context)
    assert stated(rig) is False
    assert holds(rig.find().header.consent, "service") is None


# --- channels -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("general", "special", "expected"),
    [
        (None, None, None),
        (True, None, True),
        (False, None, False),
        (None, True, True),
        (None, False, False),
        (True, False, False),
        (True, True, True),
    ],
)
def test_a_word_for_a_channel_refines_the_purpose(
    general: bool | None, special: bool | None, expected: bool | None
) -> None:
    said = {"marketing": general, "marketing/email": special}
    consent = {name: Consent(word, 1, 1, "x") for name, word in said.items() if word is not None}
    assert holds(consent, "marketing", "email") is expected
    assert holds(consent, "marketing", "sms") is general


def test_an_unsubscribed_channel_stays_so_until_it_is_granted_itself() -> None:
    rig = Rig()
    state(rig, True)
    rig.now += 1
    rig.track("Email Unsubscribed")
    state(rig, True)
    consent = rig.find().header.consent
    assert holds(consent, "marketing", "email") is False
    assert holds(consent, "marketing", "onpage") is True
    rig.now += 1
    rig.apply(ConsentStated(WHO, {"marketing/email": True}, rig.now, "server"))
    assert holds(rig.find().header.consent, "marketing", "email") is True


# --- privacy strings ------------------------------------------------------------------------------------------------

US_OPTED_OUT = {"gpp": {"string": "DBABTA~1YYN", "applicableSections": [6]}}


def test_a_privacy_string_with_an_opt_out_counts_as_one_and_is_kept() -> None:
    rig = Rig()
    rig.track("Page", context={"consent": {"categoryPreferences": {"marketing": True}, **US_OPTED_OUT}})
    assert stated(rig) is False
    at, kind, text = rig.find().sealed.privacy or (0, "", "")
    assert (at, kind, text) == (rig.now, "gpp", "DBABTA~1YYN")


def test_a_privacy_string_without_an_opt_out_is_no_grant() -> None:
    rig = Rig()
    rig.track("Page", context={"consent": {"usp": "1YNN"}})
    assert stated(rig) is None
    assert rig.find().sealed.privacy is not None


# --- the ledger -----------------------------------------------------------------------------------------------------


def test_what_was_said_is_a_line_of_the_ledger_and_stamps_are_not() -> None:
    rig = Rig()
    for _ in range(3):
        rig.track("Page", context=ALLOWED)
    rig.now += 1
    rig.apply(
        ConsentStated(WHO, {"marketing": False}, rig.now - 5, "mail tool", wording="ab" * 32, received=rig.now - 3)
    )
    lines = [records.decode_line(raw) for raw in rig.values("ledger")]
    assert [(one.entry.word, one.entry.source) for one in lines] == [("granted", "browser"), ("refused", "mail tool")]
    assert (lines[1].entry.at, lines[1].entry.received) == (rig.now - 5, rig.now - 3)
    assert lines[1].entry.wording == "ab" * 32
    head = bytes(32)
    for line in lines:
        assert line == chained(line.entry, head)
        head = line.hash


def words() -> list[Consent]:
    return [
        Consent(granted, at, received, "x", firm=firm)
        for granted in (True, False)
        for at in (1, 2)
        for received in (1, 2)
        for firm in (True, False)
    ]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(words(), words())))
def test_a_merge_keeps_the_stricter(one: Consent, other: Consent) -> None:
    merged = stricter(one, other)
    assert merged == stricter(other, one)
    if one.granted != other.granted:
        grant, refusal = (one, other) if one.granted else (other, one)
        newer = grant.at > refusal.at and grant.received > refusal.received and grant.firm >= refusal.firm
        assert merged == (grant if newer else refusal)


# --- who ends an opt-out by becoming one with somebody ----------------------------------------------------------------


@pytest.mark.parametrize(("tie", "expected"), [("address", False), ("server", True), ("login", True)])
def test_who_only_typed_an_address_ends_no_opt_out(tie: str, expected: bool) -> None:
    """The grant is newer by both clocks, and as firm."""
    rig, mail = Rig(), {"email": "vera@example.com"}
    rig.apply(rig.event("Identify", None, user_id="vera", traits=mail, source="server"))
    rig.apply(ConsentStated(("user_id", "vera"), {"marketing": False}, rig.now, "server"))
    rig.now += MINUTE
    stranger = rig.event("Identify", "a1", traits=mail, source="server" if tie == "server" else "browser")
    if tie == "login":
        stranger.user_id, stranger.traits = "vera", {}
    state(rig, True)
    rig.apply(stranger)
    assert holds(rig.find("vera", "user_id").header.consent, "marketing") is expected
    assert rig.find().header.person == rig.find("vera", "user_id").header.person


def said(rig: Rig, name: str, source: str = "server", message_id: str = "") -> None:
    rig.now += 1
    rig.apply(Event("track", name, message_id or name, rig.now, anonymous_id="a1", source=source))


@pytest.mark.parametrize(
    ("event", "channel"),
    [("SMS Unsubscribed", "sms"), ("WhatsApp Unsubscribed", "whatsapp")],
)
def test_stop_ends_the_channel_whatever_the_purpose(event: str, channel: str) -> None:
    rig = Rig()
    state(rig, True)
    said(rig, event)
    given, purposes = rig.find().header.consent, rig.plan.policy.purposes
    assert purposes and all(holds(given, purpose, channel) is False for purpose in purposes)
    assert holds(given, "marketing", "onpage") is True


def test_start_ends_what_stop_began_and_grants_nothing_else() -> None:
    rig = Rig()
    said(rig, "SMS Subscribed")
    assert rig.find().header.consent == {}
    said(rig, "SMS Unsubscribed")
    said(rig, "WhatsApp Unsubscribed")
    said(rig, "SMS Subscribed", "browser", "m2")
    assert holds(rig.find().header.consent, "marketing", "sms") is False
    said(rig, "SMS Subscribed", message_id="m3")
    given = rig.find().header.consent
    assert (holds(given, "marketing", "sms"), holds(given, "marketing", "whatsapp")) == (True, False)
    assert holds(given, "marketing") is None
    granted = given["marketing/sms"]
    said(rig, "SMS Subscribed", message_id="m4")
    assert rig.find().header.consent["marketing/sms"] == granted, "what is granted needs no START"
    said(rig, "SMS Unsubscribed")
    assert holds(rig.find().header.consent, "marketing", "sms") is True, "a repeat of the first STOP counts once"
