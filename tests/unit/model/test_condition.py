"""Conditions only permit: a missing path or a wrong type is not true, and says so; nothing raises."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from journeyloop.model.condition import Activation, ConditionError, PathReader, compile_condition
from journeyloop.model.event import Event

PROPERTIES = st.dictionaries(
    st.sampled_from(["step", "kind", "deep"]),
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=3)
    | st.lists(st.integers(), max_size=2) | st.dictionaries(st.just("er"), st.integers(0, 3)),
)  # fmt: skip
TEXTS = [
    "event.properties.step >= 3", "event.properties.kind == 'x'", "event.properties.deep.er > 1",
    'event.properties["step"] in [1, 2]', "has(event.properties.kind) && event.properties.kind != 'x'",
    "event.properties.step > 1 || event.properties.kind == 'x'", "event.properties.kind.startsWith('x')",
    "size(event.properties.kind) > 1", "event.properties.step > 1 ? true : false",
]  # fmt: skip


def truths(text: str, properties: dict[str, Any]) -> list[str]:
    clauses = compile_condition(text)
    event = Event("track", "Asked For", "m", 1, anonymous_id="a", properties=properties)
    values = {"event": PathReader(clauses.paths).event_values(event)}
    return list(clauses.truths(Activation(values), values))


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"step": 3, "kind": "x"}, ["true", "true"]),
        ({"step": 2.5, "kind": "y"}, ["false", "false"]),
        ({"step": 3}, ["true", "missing"]),
        ({"step": "3", "kind": 1}, ["type", "false"]),
        ({"step": None, "kind": "x"}, ["missing", "true"]),
        ({"step": [3], "kind": {"x": 1}}, ["type", "false"]),
    ],
)
def test_each_clause_has_its_truth(properties: dict[str, Any], expected: list[str]) -> None:
    assert truths("event.properties.step >= 3 && event.properties.kind == 'x'", properties) == expected


@pytest.mark.parametrize("text", TEXTS)
@given(properties=PROPERTIES)
def test_no_value_makes_a_condition_raise(text: str, properties: dict[str, Any]) -> None:
    assert set(truths(text, properties)) <= {"true", "false", "missing", "type"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("profile.orders > 1 && session.number > 2", 2),
        ("profile.orders > 1 || session.number > 2 && true", 1),
        ("(profile.orders > 1 && session.number > 2)", 1),
        ("event.name == 'a && b' && profile.orders > 1", 2),
        (r"event.name == 'a\' && b'", 1),
        ("profile.known ? profile.orders > 1 && true : false", 1),
    ],
)
def test_only_the_outermost_and_splits(text: str, parts: int) -> None:
    assert len(compile_condition(text).clauses) == parts


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("event.properties.step >=", "Syntax"),
        ("visitor.name == 'x'", "visitor"),
        ("event.properties.kind != 'x'", "has(event.properties.kind)"),
        ("!event.properties.flag", "has(event.properties.flag)"),
    ],
)
def test_what_is_no_condition_is_refused_with_its_place(text: str, says: str) -> None:
    with pytest.raises(ConditionError, match="(?i)" + says.replace("(", r"\(").replace(")", r"\)")) as refused:
        compile_condition(text)
    assert refused.value.column >= 1


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.lists(st.integers())
NUMBERS = st.integers(-(1 << 53), 1 << 53).map(str) | st.decimals(-1000, 1000, places=2).map(str)


@given(VALUES, NUMBERS, st.sampled_from([">=", ">", "<=", "<", ""]), st.sampled_from(["step", "other"]))
def test_a_plain_clause_says_what_cel_says(value: Any, number: str, compare: str, key: str) -> None:
    (clause,) = compile_condition(f"event.properties.step {compare} {number if compare else ''}".strip()).clauses
    values = {"event": {"properties": {key: value}}}
    assert clause.plain is not None
    assert clause.truth(Activation(values), values) == replace(clause, plain=None).truth(Activation(values), values)


@pytest.mark.parametrize(
    "text",
    ["event.properties.step >= 3u", "event.properties.step >= 9007199254740993", "event.properties.step == 3.0",
     "3 < event.properties.step", "event.properties.step >= 1.0e3", "event.properties.a > event.properties.b",
     "event.properties['step'] > 3", "!has(event.properties.step)", "(event.properties.step > 3)"],
)  # fmt: skip
def test_what_is_not_plain_goes_through_cel(text: str) -> None:
    assert [clause.plain for clause in compile_condition(text).clauses] == [None]
