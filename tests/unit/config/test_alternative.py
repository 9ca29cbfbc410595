"""The file of a policy that is only thought of: exactly one kind, and everything else is refused with its line."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config.alternative import read_alternative
from journeyloop.runtime.alternative import Alternative, Words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("always: reassure", Alternative("always", "reassure")),
        ("always: silence", Alternative("always", "")),
        ("uniform: true", Alternative("uniform")),
        ("learn: {}", Alternative("learn", mode="cautious", explore=0.05)),
        ("learn: {mode: full, explore: 10%}", Alternative("learn", mode="full", explore=0.1)),
        ("change: {}", Alternative("change")),
        ("change: {mode: fixed, explore: 0%}", Alternative("change", mode="fixed", explore=0.0)),
        (
            "change:\n  actions:\n    a: {weight: 2, gives: 5}\n    b: {cost: 0.1}",
            Alternative("change", words={"a": Words(weight=2.0, gives=5.0), "b": Words(cost=0.1)}),
        ),
    ],
)
def test_a_policy(text: str, expected: Alternative) -> None:
    assert read_alternative("p.yaml", text) == (expected, [])


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "exactly one of always, uniform, learn, change"),
        ("always: a\nuniform: true", 1, "exactly one of"),
        ("uniform: false", 1, "write true, or remove the key"),
        ("alway: a", 1, "did you mean always?"),
        ("learn: {mode: fixed}", 1, "unknown fixed"),
        ("change:\n  mode: shadow", 2, "unknown shadow"),
        ("change:\n  explore: much", 2, "a percentage"),
        ("change:\n  actions:\n    a: {weight: -1}", 3, "a number of 0 or more"),
        ("change:\n  actions:\n    a: {price: 1}", 3, "unknown key"),
        ("change:\n  actions: [a]", 2, "write keys and values"),
        ("always: [a]", 1, "write a single value"),
        ("a: b: c", 1, "not YAML"),
    ],
)
def test_what_is_no_policy(text: str, line: int, message: str) -> None:
    found, problems = read_alternative("p.yaml", text)
    assert found is None
    assert [(one.file, one.level) for one in problems] >= [("p.yaml", "error")]
    assert any(one.line == line and message in one.message for one in problems), problems
