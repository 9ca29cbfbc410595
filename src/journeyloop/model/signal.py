"""A confirmed signal: a moment that has become true for one person, past the noise gate."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from journeyloop.model.moment import Moment


class Signal(Struct, gc=False):
    """`at` is when it was raised, `expires` when acting on it would be stale, `cause` the input's id; `event` keeps
    the values of the arming event that the moment's actions read."""

    moment: Moment
    cause: bytes
    at: int
    expires: int
    event: dict[str, Any]
