"""The value of a computed trait at an instant, read from what was counted."""

from __future__ import annotations

from typing import Any

from journeyloop.model.audience import Computed
from journeyloop.model.customer import Rolled


def rolled_value(rolled: Rolled | None, computed: Computed, now: int) -> Any:
    """The trait's value now; None if there is none yet."""
    return None
