"""An address where nothing can arrive: who can say so, what it ends, and what brings it back."""

from __future__ import annotations

import pytest

from journeyloop.interpret.merge import _names
from journeyloop.model.customer import Customer
from journeyloop.model.identifier import Name
from journeyloop.model.inputs import Delivered, Outcome, Ready
from journeyloop.model.plan import NO_WAY_OUT
from journeyloop.model.reach import addresses, unreachable
from tests.property.rig import HOUR, MINUTE, SECOND, Rig, action, moment, plan_of

EMAIL = """
[server]
public_url = "https://loop.example.com"
[channels.post]
kind = "smtp"
host = "127.0.0.1"
from = "hello@shop.example"
"""
LETTER = "{action: letter, channel: post, after: 1m, content: {subject: Hello, text: there}}"
LOST = "unreachable: no verified e-mail address"


def rig(*emails: str) -> Rig:
    """One person whose backend vouches for these addresses, the last one last."""
    made = Rig(plan_of(moment(actions=f"[{LETTER}]"), settings=EMAIL))
    for email in emails or ("ada@example.com",):
        made.now += SECOND
        made.track("Identify", user_id="u1", traits={"email": email}, source="server")
    return made


def person(rig: Rig) -> Customer:
    return rig.find("u1", "user_id")


def bounced(rig: Rig, email: object = "ada@example.com", source: str = "server", bounce: str = "hard") -> None:
    rig.now += SECOND
    rig.track("Email Bounced", user_id="u1", properties={"email": email, "bounce": bounce}, source=source)


def test_a_hard_bounce_ends_the_address_and_what_is_planned_for_it() -> None:
    shop = rig()
    shop.track("Asked For", user_id="u1")
    assert shop.delivery().state == "due"
    bounced(shop, " ADA@example.com")
    assert (shop.delivery().state, shop.delivery().reason) == ("suppressed", LOST)
    assert addresses(person(shop), "email") == [] and person(shop).header.consent == {}


def test_another_address_takes_its_place() -> None:
    shop = rig("old@example.com", "ada@example.com")
    shop.track("Asked For", user_id="u1")
    bounced(shop)
    assert shop.delivery().state == "due"
    assert addresses(person(shop), "email") == ["old@example.com"]


@pytest.mark.parametrize(
    ("email", "source", "bounce"),
    [
        ("ada@example.com", "server", "soft"),
        ("ada@example.com", "browser", "hard"),
        ("eve@example.com", "server", "hard"),
        ("nonsense", "server", "hard"),
        (None, "server", "hard"),
        (5, "server", "hard"),
    ],
)
def test_what_says_nothing_of_the_address(email: object, source: str, bounce: str) -> None:
    shop = rig()
    bounced(shop, email, source, bounce)
    assert unreachable(person(shop), "email") is None


def test_a_newer_word_by_a_server_key_brings_it_back_and_no_other() -> None:
    shop = rig()
    bounced(shop)
    traits = {"email": "ada@example.com"}
    shop.track("Identify", user_id="u1", traits=traits, source="browser")
    shop.track("Identify", user_id="u1", ago=HOUR, traits=traits, source="server")
    assert unreachable(person(shop), "email") == LOST
    shop.now += SECOND
    shop.track("Identify", user_id="u1", traits=traits, source="server")
    assert addresses(person(shop), "email") == ["ada@example.com"]


def test_the_word_of_our_own_mail_server_ends_it_too() -> None:
    shop = rig()
    shop.track("Asked For", user_id="u1")
    [first] = shop.deliveries().values()
    reason = "rejected: no such address (550)"
    shop.now += SECOND
    shop.apply(Delivered(person(shop).header.person, first.decision, "failed", reason, gone="ada@example.com"))
    assert unreachable(person(shop), "email") == LOST
    assert shop.delivery().state == "suppressed"


def test_two_who_are_one_have_it_as_the_newest_word_says() -> None:
    for one, other, left in (((5, 10), (20, 0), 0), ((5, 10), (7, 0), 10), ((5, 10), (5, 30), 30)):
        [name], [same] = _names([known(*one)], [known(*other)]), _names([known(*other)], [known(*one)])
        assert name.dead == same.dead == left


def known(verified: int, dead: int) -> Name:
    return Name("email", "ada@example.com", 1, "server", verified, dead)


def test_it_is_said_again_by_a_replay() -> None:
    shop = rig()
    shop.track("Asked For", user_id="u1")
    bounced(shop)
    shop.pass_time(5 * MINUTE)
    assert shop.replayed().differences == []


def test_a_mail_that_needs_consent_needs_a_way_out() -> None:
    no_url = EMAIL.replace('public_url = "https://loop.example.com"', "")
    service = plan_of(moment(actions=f"[{LETTER}]"), settings=no_url)
    marketing = plan_of(moment(purpose="marketing", actions=f"[{LETTER}]"), settings=no_url)
    reachable = plan_of(moment(purpose="marketing", actions=f"[{LETTER}, {action('page')}]"), settings=EMAIL)
    for plan, reason in ((service, None), (marketing, NO_WAY_OUT), (reachable, None)):
        found = plan.moments["now"]
        assert plan.unable(found, found.actions[0]) == reason


def test_without_one_it_is_no_candidate_and_says_so() -> None:
    no_url = EMAIL.replace('public_url = "https://loop.example.com"', "")
    shop = Rig(plan_of(moment(purpose="marketing", actions=f"[{LETTER}]"), settings=no_url))
    allowed = {"consent": {"categoryPreferences": {"marketing": True}}}
    traits = {"email": "ada@example.com"}
    shop.track("Identify", user_id="u1", traits=traits, source="server", context=allowed)
    shop.track("Asked For", user_id="u1")
    [made] = shop.decisions()
    assert made.chosen is None and made.candidates[0].verdict == NO_WAY_OUT and shop.deliveries() == {}


def test_what_is_planned_ends_if_the_way_out_is_taken_away() -> None:
    plan = plan_of(moment(purpose="marketing", actions=f"[{LETTER}]"), settings=EMAIL)
    shop = Rig(plan)
    allowed = {"consent": {"categoryPreferences": {"marketing": True}}}
    traits = {"email": "ada@example.com"}
    shop.track("Identify", user_id="u1", traits=traits, source="server", context=allowed)
    shop.track("Asked For", user_id="u1")
    no_url = EMAIL.replace('public_url = "https://loop.example.com"', "")
    shop.change(plan_of(moment(purpose="marketing", actions=f"[{LETTER}]"), settings=no_url))
    shop.pass_time(MINUTE)
    shop.apply(Ready(person(shop).header.person, shop.delivery().decision))
    assert (shop.delivery().state, shop.delivery().reason) == ("suppressed", NO_WAY_OUT)


def test_a_click_on_a_mail_is_an_outcome_whatever_its_server_said() -> None:
    for state in ("sent", "unknown"):
        shop = rig()
        shop.track("Asked For", user_id="u1")
        shop.pass_time(MINUTE)
        who, decision = person(shop).header.person, shop.delivery().decision
        shop.apply(Ready(who, decision))
        shop.apply(Delivered(who, decision, state, "timeout"))
        shop.now += MINUTE
        shop.apply(Outcome(who, decision, "clicked"), Outcome(who, decision, "clicked"))
        assert shop.delivery().clicked == shop.now and shop.delivery().state == state
        assert shop.counts("now")["clicked"] == 1
        assert shop.find("u1", "user_id").header.acted["now/letter"][1] == shop.now


def test_a_complaint_ends_every_channel_that_sends_mail() -> None:
    shop = rig()
    shop.track("Email Marked as Spam", user_id="u1", source="server")
    given = person(shop).header.consent
    assert given["marketing/post"].granted is given["marketing/email"].granted is False
