"""What the tabs of a person show."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import Struct

from journeyloop.model.moment import Present


class Seen(Struct, array_like=True, gc=False):
    """What an open tab of a person shows right now: its page, whether it is visible, its idle time (ms)."""

    page: str = ""
    visible: bool = False
    idle: int = 0

    def lacks(self, present: Present) -> str | None:
        """The first thing that a moment asks of a tab and this one does not show, or None."""
        if present.page is not None and not fnmatchcase(self.page, present.page):
            return "other_page"
        if present.visible and not self.visible:
            return "tab_hidden"
        return "not_idle" if present.idle is not None and self.idle < present.idle else None
