"""What `GET /v1/moments` says of a moment."""

from __future__ import annotations

import pytest

from journeyloop.model.board import Tally
from journeyloop.runtime.measured import measured
from tests.property.rig import T, moment, plan_of


@pytest.mark.parametrize(("written", "now"), [
    ("{mode: cautious}", "full"), ("{mode: fixed}", "fixed"), ("{mode: shadow}", "shadow"),
    ("{mode: cautious, promote: false}", "cautious"),
])  # fmt: skip
def test_the_mode_it_shows_is_the_one_it_decides_in(written: str, now: str) -> None:
    """What was earned before counts no more once an operator writes another mode, or that it must not move."""
    plan = plan_of(moment(learn=written))
    assert measured(plan.moments["now"], Tally(mode="full"), plan, T)["mode_now"] == now
