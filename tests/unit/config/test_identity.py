"""policy.yaml: identity. What is written holds beside the built-in values; mistakes are named with their line."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config.load import load
from journeyloop.model.policy import BLOCKED, Identity

PURPOSES = "purposes: {service: {consent: not_required}}\n"


def loaded(text: str) -> Identity:
    found = load({"policy.yaml": PURPOSES + text})
    assert found.plan is not None, found.problems
    return found.plan.policy.identity


def test_without_a_section_the_built_in_values_hold() -> None:
    identity = loaded("")
    assert identity == Identity()
    assert (identity.limit_of("user_id"), identity.limit_of("email"), identity.limit_of("anything")) == (1, 5, 5)


def test_what_is_written_holds_beside_the_built_in_values() -> None:
    identity = loaded(
        "identity:\n  limit: 3\n  limits: {stripe_customer: 1}\n  priority: [email]\n  blocked: [' Guest ', demo]\n"
    )
    assert (identity.limit_of("email"), identity.limit_of("stripe_customer"), identity.limit_of("user_id")) == (3, 1, 1)
    assert identity.priority == ("email", "user_id", "anonymous_id", "phone", "device_id")
    assert identity.blocked == BLOCKED | {"guest", "demo"}


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("identity: {limit: 0}", 2, "identity.limit: 0 is not valid: write a whole number from 1 to 100"),
        ("identity:\n  limits:\n    email: many", 4, "identity.limits.email: write a whole number from 1 to 100"),
        ("identity:\n  limits:\n    email: true", 4, "identity.limits.email: write a whole number"),
        ("identity:\n  limits:\n    user_id: 2", 4, "a person has one user id"),
        ("identity:\n  limits:\n    e-mail: 2", 4, "write a type of identifier"),
        ("identity:\n  priority: [email, phone, email]", 3, "email is listed twice"),
        ("identity:\n  priority: email", 3, "write a list"),
        ("identity:\n  blokked: [x]", 3, "unknown key identity.blokked: did you mean blocked?"),
    ],
)
def test_mistakes_are_named_with_their_line(text: str, line: int, message: str) -> None:
    found = load({"policy.yaml": PURPOSES + text})
    assert found.plan is None
    assert [(one.line, message in one.message) for one in found.problems] == [(line, True)], found.problems
