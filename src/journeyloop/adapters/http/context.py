"""What every part of the site works with: the door behind it, keys, settings; clock and chance as arguments."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

from msgspec import Struct

from journeyloop.adapters.http.door import Door
from journeyloop.adapters.http.keys import Claims, Keys, Role
from journeyloop.runtime.hooked import Posted, Sources, Told


class HttpSettings(Struct, frozen=True):
    """`allowed_origins` limits where a browser may use the write key from; empty allows every origin.

    `is_loopback_bind` says that the server listens on a loopback address only: then the console's pages on this machine
    need no key.
    """

    demo: bool = False
    allowed_origins: frozenset[str] = frozenset()
    is_loopback_bind: bool = True


class NoSources:
    """No service pushes to us."""

    def known(self, name: str) -> bool:
        return False

    def heard(self, name: str, posted: Posted) -> list[Told | None]:
        raise LookupError(name)


NO_SOURCES = NoSources()


def wall_clock() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def random_id() -> str:
    return uuid.uuid4().hex


class Context(Struct, frozen=True):
    door: Door
    keys: Keys
    settings: HttpSettings
    clock: Callable[[], int] = wall_clock
    fresh_id: Callable[[], str] = random_id
    sources: Sources = NO_SOURCES

    def vouched(self, claims: Claims, anonymous_id: str | None) -> bool:
        """Whether a token speaks for this browser: that of a user for no other browser than theirs."""
        if claims.user_id is None or anonymous_id is None:
            return anonymous_id is not None and claims.anonymous_id == anonymous_id
        user = self.door.person_of(("user_id", claims.user_id))
        return user is not None and user == self.door.person_of(("anonymous_id", anonymous_id))

    def allows_origin(self, role: Role, origin: bytes | None) -> bool:
        """Only the public write key is bound to origins; other keys have no business in a browser's page."""
        allowed = self.settings.allowed_origins
        if role is not Role.WRITE or origin is None or not allowed:
            return True
        return origin.decode("latin-1") in allowed
