"""A browser that its visitor allowed to receive push: where its messages go, and the keys they are sealed with."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, json

from journeyloop.model.identifier import Identifier

MOST = 5
"""So many browsers of one person are kept."""


class Subscription(Struct, array_like=True, gc=False):
    """`browser` is its anonymous id; `endpoint`, `p256dh` and `auth` are as the browser gave them. `at`: since when
    (ms). `signed`: the host's backend vouched for who uses it."""

    browser: str
    endpoint: str
    p256dh: str
    auth: str
    at: int
    signed: bool = False

    def address(self) -> str:
        """What a channel is handed: the JSON that browsers write."""
        keys = {"p256dh": self.p256dh, "auth": self.auth}
        return json.encode({"endpoint": self.endpoint, "keys": keys}).decode()


class PushSubscribed(Struct, array_like=True, tag="push_subscribed", gc=False):
    """A browser may be pushed to, or (no `endpoint`) no longer. An input like those of `model.inputs`."""

    identifier: Identifier
    endpoint: str = ""
    p256dh: str = ""
    auth: str = ""
    signed: bool = False


def best(several: Iterable[Subscription]) -> list[Subscription]:
    """One of each browser, newest first. Who only knows a browser's id never takes the place of one that somebody
    vouched for."""
    found: dict[str, Subscription] = {}
    for one in several:
        known = found.setdefault(one.browser, one)
        if (one.signed, one.at, one.endpoint) > (known.signed, known.at, known.endpoint):
            found[one.browser] = one
    return sorted(found.values(), key=lambda one: (one.at, one.browser), reverse=True)[:MOST]
