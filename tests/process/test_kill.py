"""kill -9 on the real server process under load. Six cycles here; `journeyloop bench kill` does fifty."""

from __future__ import annotations

import pytest

from journeyloop.testing.bench import kill

pytestmark = pytest.mark.slow


def test_nothing_acknowledged_is_lost_and_nothing_happens_twice() -> None:
    found = kill.run(cycles=6)
    wrong = {name: found["figures"][name] for name in ("lost", "doubled", "shown_twice")}
    assert wrong == {"lost": 0, "doubled": 0, "shown_twice": 0}, found
    assert found["context"]["acknowledged"] > 0
    assert found["context"]["batches_repeated"] > 0, "no kill met a request: the load was too light to test anything"
    assert found["context"]["shown"] == found["context"]["stalls"], "a stalled customer was never told"
