"""Computed traits: sums over a person's events, in rolling windows of buckets."""

from __future__ import annotations

from journeyloop.model.customer import Rolled


def merge_windows(mine: dict[str, Rolled], theirs: dict[str, Rolled]) -> dict[str, Rolled]:
    """The windows of two people who turned out to be one add up."""
    return {**theirs, **mine}
