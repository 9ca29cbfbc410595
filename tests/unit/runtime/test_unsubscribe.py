"""The link that ends messages: only ours is one, it holds no address, and it says what to end."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.model.inputs import ConsentStated
from journeyloop.runtime.unsubscribe import Ending, link, read, stated, token
from tests.property.rig import Rig, moment, plan_of

SECRET = b"s" * 32
ENDING = Ending(b"p" * 16, "marketing", "email")
CHANNELS = """
[server]
public_url = "https://loop.example.com/"
[channels.email]
kind = "smtp"
host = "127.0.0.1"
from = "hello@shop.example"
[channels.news]
kind = "smtp"
host = "127.0.0.1"
from = "hello@shop.example"
[channels.hook]
kind = "webhook"
url = "https://example.com/hook"
"""
channels = st.from_regex("[a-z][a-z0-9_]{0,39}", fullmatch=True)
endings = st.builds(Ending, st.binary(min_size=16, max_size=16), st.text(max_size=40), channels)


@given(endings)
def test_a_link_says_what_it_was_made_for(ending: Ending) -> None:
    assert read(token(ending, SECRET), SECRET) == ending
    assert read(token(ending, SECRET), b"another secret") is None


@given(st.integers(0, 47), st.integers(1, 255))
def test_a_changed_link_is_none(place: int, change: int) -> None:
    raw = bytearray(urlsafe_b64decode(token(ENDING, SECRET) + "=="))
    raw[place % len(raw)] ^= change
    assert read(urlsafe_b64encode(raw).rstrip(b"=").decode(), SECRET) is None


@given(st.text(max_size=600))
def test_nonsense_is_none(text: str) -> None:
    assert read(text, SECRET) is None


def test_a_link_is_an_address_of_this_server() -> None:
    found = link("https://loop.example.com", ENDING, SECRET)
    assert found.startswith("https://loop.example.com/u/") and found.isascii()


@pytest.mark.parametrize(
    ("everything", "ended"), [(False, ["marketing/email", "marketing/news"]), (True, ["marketing"])]
)
def test_what_is_ended(everything: bool, ended: list[str]) -> None:
    """E-mails are those of every channel that sends e-mail."""
    rig = Rig(plan_of(moment(), settings=CHANNELS))
    rig.track("Identify", user_id="u1", traits={"email": "ada@example.com"}, source="server")
    found = stated(ENDING, everything, rig.find("u1", "user_id"), rig.plan, 5)
    assert found == ConsentStated(("user_id", "u1"), dict.fromkeys(ended, False), 5, "unsubscribe")


def test_somebody_who_has_only_an_address_is_asked_for_by_the_newest() -> None:
    rig = Rig(plan_of(moment(), settings=CHANNELS))
    rig.track("Identify", "a1", traits={"email": "old@example.com"}, source="server")
    rig.now += 1
    rig.track("Identify", "a1", traits={"email": "new@example.com"}, source="server")
    customer = rig.find()
    found = stated(ENDING, False, customer, rig.plan, 5)
    assert found is not None and found.identifier == ("email", "new@example.com")
    customer.sealed.names = []
    assert stated(ENDING, False, customer, rig.plan, 5) is None
