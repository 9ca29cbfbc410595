"""From an intent to what a channel is handed: filled, escaped where it is HTML, with a way out where it needs one."""

from __future__ import annotations

import pytest

from journeyloop.act.render import Unrenderable
from journeyloop.model.effects import Send
from journeyloop.runtime.channels import Message
from journeyloop.runtime.compose import compose
from journeyloop.runtime.staging import Sink
from journeyloop.runtime.unsubscribe import Ending, read
from tests.property.rig import SECRET, Rig, moment, plan_of

TOML = """
[server]
public_url = "https://loop.example.com"
[channels.email]
kind = "smtp"
host = "127.0.0.1"
from = "hello@shop.example"
"""
CONTENT = (
    '{subject: "For {{ profile.first_name }}", html: "<p>{{ profile.first_name }}</p>", text: "{{ unsubscribe_url }}"}'
)


def rig(purpose: str = "marketing", toml: str = TOML) -> Rig:
    letter = f"[{{action: letter, channel: email, after: 1h, content: {CONTENT}}}]"
    made = Rig(
        plan_of(
            moment(purpose=purpose, expires="2h", actions=letter, goal="{event: Order Completed, within: 4h}"),
            settings=toml,
        )
    )
    traits = {"email": "ada@example.com", "first_name": "<b>Ada"}
    allowed = {"consent": {"categoryPreferences": {"marketing": True}}}
    made.track("Identify", user_id="u1", traits=traits, source="server", context=allowed)
    made.track("Asked For", user_id="u1")
    return made


def intent(rig: Rig) -> Send:
    customer = rig.find("u1", "user_id")
    profile = {"first_name": "<b>Ada"}
    return Send(customer.header.person, rig.delivery(), [], profile, [], ["ada@example.com"], "u1")


def composed(rig: Rig) -> Message:
    return compose(intent(rig), rig.plan, SECRET)


def test_what_is_filled_into_html_is_escaped_and_a_subject_is_not() -> None:
    content = composed(rig()).content
    assert content["html"] == "<p>&lt;b&gt;Ada</p>" and content["subject"] == "For <b>Ada"


def test_a_mail_that_needs_consent_has_a_way_out_of_its_own() -> None:
    shop = rig()
    message = composed(shop)
    assert message.content["text"] == message.unsubscribe
    said = read(message.unsubscribe.removeprefix("https://loop.example.com/u/"), SECRET)
    assert said == Ending(intent(shop).person, "marketing", "email")


def test_one_that_needs_none_may_still_name_it() -> None:
    message = composed(rig("service"))
    assert message.unsubscribe == "" and str(message.content["text"]).startswith("https://loop.example.com/u/")


def test_a_way_out_that_leads_nowhere_is_not_written() -> None:
    nowhere = rig("service", TOML.replace('public_url = "https://loop.example.com"', ""))
    with pytest.raises(Unrenderable, match="text: 'unsubscribe_url' is undefined"):
        composed(nowhere)


def test_what_can_be_looked_at_ends_nothing() -> None:
    shop, sink = rig(), Sink()
    sink.keep(intent(shop), shop.plan, shop.now)
    [kept] = sink.listed()
    assert kept["content"]["text"] == "https://loop.example.com/u/" and kept["problem"] == ""
