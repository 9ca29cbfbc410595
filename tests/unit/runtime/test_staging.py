"""Outside production only listed people are contacted; what would have gone to others can be looked at."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from journeyloop.adapters.config import load
from journeyloop.adapters.config.settings import Settings
from journeyloop.model.plan import Plan
from journeyloop.runtime.staging import NOT_LISTED, Sink, withheld
from tests.unit.config.examples import small
from tests.unit.runtime.test_perform import Stage, send


@pytest.mark.parametrize(
    ("environment", "listed", "recipients"),
    [
        ("production", ("u1",), None),
        ("production", None, None),
        ("development", None, None),
        ("development", ("u1",), ("u1",)),
        ("development", (), ()),
        ("staging", None, ()),
        ("staging", ("u1",), ("u1",)),
        ("Production", None, ()),
    ],
)
def test_whom_an_environment_contacts(environment: str, listed: Any, recipients: Any) -> None:
    assert Settings(environment=environment, recipients_allow=listed).recipients() == recipients


@pytest.mark.parametrize(
    ("recipients", "names", "held"),
    [
        (None, ["a1"], False),
        ((), ["a1"], True),
        (("u1",), ["a1", "u1"], False),
        (("u1",), ["U1"], True),
        (("Ana@Example.com",), ["a1", "ana@example.com"], False),
        (("*@example.com",), ["Bo@EXAMPLE.com"], False),
        (("*@example.com",), ["bo@evil-example.com"], True),
        (("*@example.com",), ["bo@example.com.evil"], True),
        (("u1",), [], True),
    ],
)
def test_who_is_listed(recipients: Any, names: list[str], held: bool) -> None:
    assert withheld(replace(plan(), recipients=recipients), names) is held


def plan(toml: str = "", environment: str | None = None) -> Plan:
    loaded = load({**small(), "journeyloop.toml": toml}, environment)
    assert loaded.plan is not None
    return loaded.plan


def test_the_environment_served_wins_and_changes_no_hash() -> None:
    toml = 'recipients_allow = ["u1"]\n'
    assert (plan(toml).recipients, plan(toml, "production").recipients) == (("u1",), None)
    assert plan(toml).hash == plan(toml, "production").hash != plan().hash
    warned = load(small(), "staging").problems
    assert any("staging contacts nobody" in one.message for one in warned)


@pytest.mark.parametrize("wrong", ['["*"]', '["a b"]', '[""]', '"u1"', '["u*"]', "[1]"])
def test_a_list_that_names_nobody_is_refused(wrong: str) -> None:
    loaded = load({**small(), "journeyloop.toml": f"recipients_allow = {wrong}\n"})
    assert loaded.plan is None and loaded.problems[0].file == "journeyloop.toml"


def test_who_is_not_listed_gets_nothing_and_the_sink_everything() -> None:
    stage = Stage(a1=True)
    stage.plan = replace(stage.plan, recipients=("u1",))
    assert stage.perform(send()) == [("suppressed", NOT_LISTED)]
    assert stage.shown() == []
    [kept] = stage.performer.sink.listed()
    assert (kept["action"], kept["content"], kept["problem"]) == ("hello", {"title": "Hello Ana"}, "")
    assert stage.perform(replace(send(decision=b"e" * 16), names=["u1"])) == [("sent", "")]
    assert stage.shown() == ["Hello Ana"]


def test_the_sink_forgets_its_oldest() -> None:
    sink, plan_ = Sink(2), Stage().plan
    for number in range(3):
        sink.keep(send(), plan_, number)
    assert [one["at"] for one in sink.listed()] == [2, 1]
