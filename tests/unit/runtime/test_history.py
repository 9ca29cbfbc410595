"""The history is the log's: plans and pauses in their order, with who and why, also where no chain leads to them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from journeyloop.model.inputs import Paused, PlanChanged
from journeyloop.runtime.history import changed_files, diff, history, texts_of, version, was_in_force
from journeyloop.runtime.memory import write_singles
from tests.property.histories import plans
from tests.property.rig import Rig


def changed(rig: Rig) -> Rig:
    """Another plan, a pause, the first plan again, a resumption."""
    first, second = rig.plan, next(one for one in plans() if one.hash != rig.plan.hash)
    rig.plans[second.hash] = second
    rig.apply(PlanChanged(second.hash, "Ana", "try"))
    rig.apply(Paused("all", True, "Bo", "storm"), Paused("channel:onpage", True))
    rig.apply(PlanChanged(first.hash, "Ana", "back"), Paused("all", False, "Bo"))
    return rig


def read(rig: Rig) -> dict[str, Any]:
    with rig.store.read() as reader:
        return history(reader)


def test_in_the_order_they_came_into_force() -> None:
    rig = changed(Rig(plans()[0]))
    told = read(rig)
    assert [(one["by"], one["note"], one["in_force"]) for one in told["versions"]] == [
        ("", "", False),
        ("Ana", "try", False),
        ("Ana", "back", True),
    ]
    assert [(one["scope"], one["paused"], one["by"]) for one in told["pauses"]] == [
        ("all", True, "Bo"),
        ("channel:onpage", True, ""),
        ("all", False, "Bo"),
    ]
    assert rig.memory.singles.pauses.keys() == {"channel:onpage"}
    assert rig.replayed().differences == []


def test_a_log_from_before_the_chain_is_read_too() -> None:
    rig = changed(Rig(plans()[0]))
    chained = read(rig)
    with rig.store.write() as transaction:
        write_singles(transaction, replace(rig.memory.singles, changed=-1))
    assert read(rig) == chained
    rig.memory = rig.reopened()
    rig.apply(Paused("all", True, "Cy"))
    assert read(rig)["pauses"] == [*chained["pauses"], read(rig)["pauses"][-1]]
    assert read(rig)["versions"] == chained["versions"]


def test_the_same_plan_again_is_a_word_on_it() -> None:
    rig = Rig(plans()[0])
    rig.apply(PlanChanged(rig.plan.hash, "Ana", "why"))
    [only] = read(rig)["versions"]
    assert (only["by"], only["note"], only["in_force"]) == ("Ana", "why", True)


def test_a_version_by_the_beginning_of_its_hash() -> None:
    rig = changed(Rig(plans()[0]))
    with rig.store.read() as reader:
        assert version(reader, rig.plan.hash[:8]) == rig.plan.hash
        assert was_in_force(reader, texts_of(reader, rig.plan.hash))
        assert not was_in_force(reader, {"policy.yaml": ""})
        for wrong in ("", rig.plan.hash[:3], "zzzzzz", rig.plan.hash + "0"):
            with pytest.raises(LookupError):
                version(reader, wrong)
        assert texts_of(reader, "") == {}


def test_what_changed_by_file_and_by_line() -> None:
    before, after = {"a": "1\n2\n", "b": "x"}, {"a": "1\n3\n", "c": "y"}
    assert changed_files(before, after) == {"a": "changed", "b": "removed", "c": "added"}
    lines = diff(before, after, ("one", "two")).splitlines()
    assert lines[:6] == ["--- one/a", "+++ two/a", "@@ -1,2 +1,2 @@", " 1", "-2", "+3"]
    assert ("-x" in lines, "+y" in lines, diff(before, before, ("one", "two"))) == (True, True, "")
