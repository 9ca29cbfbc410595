"""What a client says happened. Built at reception (`detect.parse`), immutable afterwards."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

from journeyloop.model.identifier import Identifier

JITTER = 1_000
"""Corrected times of one person carry the jitter of the network (ms): within it, the order of arrival rules."""

Kind = Literal["track", "identify", "page", "screen", "group", "alias"]


class Event(Struct, array_like=True, tag="event", gc=False):
    """One Segment call, checked and normalised.

    `name` is the event name of a track call, and `Identify`, `Page`, `Screen`, `Group` or `Alias` for the other kinds:
    it is what `detect: {event: …}` and the name index speak of. `time` is corrected for the client's clock skew.
    `source` says which door it came through: `browser` (write key) or `server` (server key).
    """

    kind: Kind
    name: str
    message_id: str
    time: int
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}
    source: str = "browser"

    def primary(self) -> Identifier:
        """The identifier an event travels by: the user id if present, else the anonymous id."""
        if self.user_id is not None:
            return ("user_id", self.user_id)
        return ("anonymous_id", self.anonymous_id or "")

    def others(self) -> list[Identifier]:
        """The identifiers this event claims beside its primary one."""
        if self.user_id is None:
            return []
        found: list[Identifier] = []
        if self.anonymous_id is not None:
            found.append(("anonymous_id", self.anonymous_id))
        if self.previous_id is not None and self.previous_id != self.anonymous_id:
            found.append(("anonymous_id", self.previous_id))
        return found


class Rejected(Struct, frozen=True):
    """Input that was refused at the door. A value, not an exception: it is quarantined with its reason.

    `reason` is a short stable code (`malformed_json`, `missing_id`, `too_large`, `time_in_future`, …), `detail` one
    sentence for the sender, without their data; `raw` the bytes as they came, kept for `journeyloop quarantine`.
    """

    reason: str
    detail: str
    raw: bytes = b""
