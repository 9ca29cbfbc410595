"""How identifiers are written: a plain address that is taken without asking the library is one that it would take."""

from __future__ import annotations

from email_validator import validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyloop.interpret.names import _PLAIN_EMAIL, normal
from journeyloop.model.policy import Identity


@settings(max_examples=300)
@given(st.from_regex(_PLAIN_EMAIL, fullmatch=True))
def test_a_plain_address_is_what_the_library_makes_of_it(text: str) -> None:
    checked = validate_email(text, check_deliverability=False, test_environment=True).normalized.lower()
    assert normal("email", text, None, Identity()) == checked
