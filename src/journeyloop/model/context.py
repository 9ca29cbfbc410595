"""The circumstances of a person, as their events state them: where they are, with what, and what brought them."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from msgspec import Struct

Campaign = tuple[str, str, str]
"""Name, source and medium; what was not said is empty."""

Told = tuple[str, int]
"""A value and the event time (ms) it was last said."""

_TABLET = re.compile(r"ipad|tablet|kindle|silk/|playbook|android(?!.*mobile)", re.IGNORECASE)
_MOBILE = re.compile(r"mobi|iphone|ipod|android|windows phone", re.IGNORECASE)


class Context(Struct, array_like=True, gc=False):
    """What events said of their circumstances: each value with the event time (ms) it was last said.

    `page` is a path, `referrer` the address of another site, a campaign its name, source and medium; `stated_device` is
    what an app says it runs on, as `device`.
    """

    page: Told | None = None
    locale: Told | None = None
    user_agent: Told | None = None
    time_zone: Told | None = None
    campaign: tuple[Campaign, int] | None = None
    referrer: Told | None = None
    stated_device: Told | None = None

    def value(self, name: str) -> Any:
        """What was said last, or None."""
        told = getattr(self, name)
        return None if told is None else told[0]

    @property
    def device(self) -> str | None:
        """mobile, tablet or desktop: as last stated, or what the user agent since then runs on."""
        agent, stated = self.user_agent, self.stated_device
        if agent is None or (stated is not None and stated[1] >= agent[1]):
            return None if stated is None else stated[0]
        return device_of(agent[0]) or (None if stated is None else stated[0])


@lru_cache(maxsize=1024)
def device_of(agent: str) -> str | None:
    """What a user agent runs on; None if it is no browser's.

    >>> device_of("Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148 Safari/604.1")
    'mobile'
    """
    if _TABLET.search(agent):
        return "tablet"
    if _MOBILE.search(agent):
        return "mobile"
    return "desktop" if agent.startswith("Mozilla/") else None
