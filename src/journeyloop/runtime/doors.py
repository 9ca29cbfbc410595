"""How the runtime says no to its doors. Raised by what stands behind a door, answered in that door's own words.

Nothing else lives here: these two must be importable by every adapter without the rest of the runtime.
"""

from __future__ import annotations


class Overloaded(Exception):
    """The inbox is full: nothing was taken. Ask again after `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"overloaded, retry after {retry_after_s} s")
        self.retry_after_s = retry_after_s


class Unavailable(Exception):
    """The store cannot make anything durable (or the server is stopping): nothing was taken. `reason` has no data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
