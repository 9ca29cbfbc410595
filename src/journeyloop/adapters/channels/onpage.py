"""On-page: messages over server-sent events to the browsers that are there, and who is there.

One tab per browser holds the stream. A browser counts as gone five seconds after its last stream ended, so that a page
change is not an absence. Everything here runs on the event loop, except `watch`, which only reads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec import Struct, field, json

from journeyloop.model.inputs import Seen
from journeyloop.model.moment import Present

GRACE = 5.0
QUEUE = 100
TAB_LIMIT = 20
Content = Callable[[bool], bytes | None]


class Tab(Struct, gc=False):
    page: str
    visible: bool
    idle: int


class Stream:
    """One open connection. `frames` is what to write next; None ends it."""

    __slots__ = ("frames", "signed")

    def __init__(self, signed: bool) -> None:
        self.signed = signed
        self.frames: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)

    def put(self, frame: bytes | None) -> bool:
        """Whether there was room: a reader that does not read loses its stream, never our memory."""
        try:
            self.frames.put_nowait(frame)
        except asyncio.QueueFull:
            return False
        return True


class Browser(Struct):
    """What is known of one anonymous id with an open stream. `reported` is when its tabs were last heard of (ms)."""

    streams: list[Stream] = []
    tabs: list[Tab] = []
    reported: int = 0
    leaving: Any = None
    present: bool = field(default=False)


class OnPage:
    """`opened` and `closed` are told when a browser goes from no tab to one and back (with the time it left)."""

    def __init__(
        self,
        clock: Callable[[], int],
        opened: Callable[[str], None],
        closed: Callable[[str, int], None],
        limit: int = 20_000,
    ) -> None:
        self.clock, self.opened, self.closed, self.limit = clock, opened, closed, limit
        self.browsers: dict[str, Browser] = {}

    def __len__(self) -> int:
        return len(self.browsers)

    def __contains__(self, anonymous_id: object) -> bool:
        return anonymous_id in self.browsers

    def connect(self, anonymous_id: str, signed: bool) -> Stream | None:
        """A stream, or None if there are too many."""
        browser = self.browsers.get(anonymous_id)
        if browser is None:
            if len(self.browsers) >= self.limit:
                return None
            browser = self.browsers[anonymous_id] = Browser()
        if len(browser.streams) >= TAB_LIMIT:
            return None
        if browser.leaving is not None:
            browser.leaving.cancel()
            browser.leaving = None
        stream = Stream(signed)
        browser.streams.append(stream)
        if not browser.present:
            browser.present = True
            self.opened(anonymous_id)
        return stream

    def disconnect(self, anonymous_id: str, stream: Stream) -> None:
        browser = self.browsers[anonymous_id]
        browser.streams.remove(stream)
        if not browser.streams:
            browser.tabs = []
            at = self.clock()
            browser.leaving = asyncio.get_running_loop().call_later(GRACE, self._gone, anonymous_id, at)

    def _gone(self, anonymous_id: str, at: int) -> None:
        del self.browsers[anonymous_id]
        self.closed(anonymous_id, at)

    def report(self, anonymous_id: str, tabs: list[dict[str, Any]]) -> None:
        """A heartbeat of loop.js. Ignored for a browser without a stream."""
        browser = self.browsers.get(anonymous_id)
        if browser is None or not browser.streams:
            return
        browser.reported = self.clock()
        browser.tabs = [
            Tab(str(tab.get("page", ""))[:2048], tab.get("visible") is True, _milliseconds(tab.get("idle")))
            for tab in tabs[:TAB_LIMIT]
        ]

    def watch(self, anonymous_ids: list[str], present: Present | None) -> Seen | None:
        """The tab of these browsers that fits best what the moment asks, then a visible one, then the least idle."""
        now, seen = self.clock(), list[Seen]()
        for anonymous_id in anonymous_ids:
            browser = self.browsers.get(anonymous_id)
            if browser is not None and browser.streams:
                seen += [Seen(tab.page, tab.visible, tab.idle + now - browser.reported) for tab in browser.tabs] or [
                    Seen()
                ]
        asked = present or Present()
        return min(seen, key=lambda one: (one.lacks(asked) is not None, not one.visible, one.idle), default=None)

    def push(self, anonymous_ids: list[str], content: Content) -> str | None:
        """Write to one browser of this person, the one most looked at."""
        for anonymous_id in sorted(anonymous_ids, key=self._attention):
            browser = self.browsers.get(anonymous_id)
            for stream in reversed(browser.streams if browser else []):
                frame = content(stream.signed)
                if frame is not None and stream.put(frame):
                    return anonymous_id
        return None

    def tell(self, anonymous_ids: list[str], frame: bytes) -> None:
        """Write to every browser of this person: a recall."""
        for anonymous_id in anonymous_ids:
            browser = self.browsers.get(anonymous_id)
            for stream in browser.streams if browser else []:
                stream.put(frame)

    def frame(self, event: str, content: dict[str, Any]) -> bytes:
        """One server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""
        return b"event: " + event.encode() + b"\ndata: " + json.encode(content) + b"\n\n"

    def end(self) -> None:
        for browser in self.browsers.values():
            for stream in browser.streams:
                stream.put(None)

    def _attention(self, anonymous_id: str) -> tuple[bool, int]:
        seen = self.watch([anonymous_id], None)
        return (True, 1 << 60) if seen is None else (not seen.visible, seen.idle)


def _milliseconds(value: Any) -> int:
    usable = isinstance(value, (int, float)) and not isinstance(value, bool)
    return max(0, min(int(value), 1 << 40)) if usable else 0
