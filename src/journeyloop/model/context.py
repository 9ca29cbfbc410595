"""The circumstances of a person, as their events state them: where they are, with what, and what brought them."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

Campaign = tuple[str, str, str]
"""Name, source and medium; what was not said is empty."""

Told = tuple[str, int]
"""A value and the event time (ms) it was last said."""


class Context(Struct, array_like=True, gc=False):
    """What events said of their circumstances: each value with the event time (ms) it was last said.

    `page` is a path, `referrer` the address of another site, `device` is mobile, tablet or desktop, a campaign its
    name, source and medium.
    """

    page: Told | None = None
    locale: Told | None = None
    user_agent: Told | None = None
    time_zone: Told | None = None
    campaign: tuple[Campaign, int] | None = None
    referrer: Told | None = None
    device: Told | None = None

    def value(self, name: str) -> Any:
        """What was said last, or None."""
        told = getattr(self, name)
        return None if told is None else told[0]
