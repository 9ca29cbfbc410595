"""A confirmed signal: a moment that has become true for one person, past the noise gate."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from journeyloop.model.moment import Moment


class Signal(Struct, gc=False):
    """`at` is when it was raised, `expires` when acting on it would be stale, `cause` the input's id; `event` keeps
    the values of the arming event that the moment's actions read. `confidence` in [0, 1] says how sure we are that it
    is no noise, `doubts` what lowers it."""

    moment: Moment
    cause: bytes
    at: int
    expires: int
    event: dict[str, Any]
    confidence: float = 1.0
    doubts: list[str] = []
