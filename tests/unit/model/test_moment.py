"""Which mode is in force: the one that was written, or the one that was earned."""

from __future__ import annotations

import pytest

from tests.property.rig import moment, plan_of


@pytest.mark.parametrize(("written", "expected"), [
    ("{mode: cautious}", "full"), ("{mode: full}", "full"), ("{mode: fixed}", "fixed"), ("{mode: shadow}", "shadow"),
    ("{mode: cautious, promote: false}", "cautious"),
])  # fmt: skip
def test_what_was_earned_holds_only_where_the_mode_may_move(written: str, expected: str) -> None:
    assert plan_of(moment(learn=written)).moments["now"].in_force("full") == expected


def test_nothing_earned_is_as_written() -> None:
    assert plan_of(moment(learn="{mode: cautious}")).moments["now"].in_force("") == "cautious"
