"""What an event's context says of the person's circumstances: page, locale, time zone, device, campaign, referrer.

Each value belongs to the newest event that stated it, so a late event fills in what no newer one said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from journeyloop.model.context import Campaign, Context
from journeyloop.model.customer import Customer
from journeyloop.model.event import Event

_LONGEST = {"page": 512, "locale": 35, "user_agent": 512, "time_zone": 64, "referrer": 512}
_WORD = 128
_DEVICES = {
    "mobile": "mobile", "phone": "mobile", "smartphone": "mobile", "ios": "mobile", "android": "mobile",
    "tablet": "tablet", "ipad": "tablet", "desktop": "desktop", "pc": "desktop",
}  # fmt: skip
_BOT = re.compile(r"bot\b|crawl|spider|slurp|lighthouse|facebookexternalhit|pingdom|uptime|curl/|wget/", re.IGNORECASE)
_TABLET = re.compile(r"ipad|tablet|kindle|silk/|playbook|android(?!.*mobile)", re.IGNORECASE)
_MOBILE = re.compile(r"mobi|iphone|ipod|android|windows phone", re.IGNORECASE)


def tell(customer: Customer, event: Event) -> None:
    """Take in what the context states, where it is the newest word."""
    known, at = customer.sealed.context, event.time
    for name, value in _stated(event.context):
        before = getattr(known, name)
        if before is None or at > before[1] or (at == before[1] and value > before[0]):
            setattr(known, name, (value, at))
            if name == "user_agent":
                customer.header.bot = is_bot(value)


def merged(mine: Context, theirs: Context) -> Context:
    """The newest word of both people on each."""
    return Context(*(_newest(getattr(mine, name), getattr(theirs, name)) for name in Context.__struct_fields__))


def _newest(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return one or other
    return max(one, other, key=lambda told: (told[1], told[0]))


def _stated(context: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """(field, value) of what is there and of the right type."""
    page = context.get("page")
    page = page if type(page) is dict else {}
    agent = context.get("userAgent")
    for name, value in (
        ("page", page.get("path")),
        ("locale", context.get("locale")),
        ("user_agent", agent),
        ("time_zone", context.get("timezone")),
        ("referrer", _referrer(context.get("referrer"), page)),
    ):
        if type(value) is str and value:
            yield name, value[: _LONGEST[name]]
    device = _device(context.get("device"), agent)
    if device is not None:
        yield "device", device
    campaign = _campaign(context.get("campaign"))
    if campaign is not None:
        yield "campaign", campaign


def _referrer(stated: Any, page: dict[str, Any]) -> str | None:
    """The address of the page they came from, if it is another site's."""
    value = stated.get("url") if type(stated) is dict else page.get("referrer")
    if type(value) is not str or not value:
        return None
    own = page.get("url")
    return None if type(own) is str and _site(own) == _site(value) else value


def _site(address: str) -> str:
    """
    >>> _site("https://shop.example/lamps?x=1")
    'https://shop.example'
    """
    return "/".join(address.split("/", 3)[:3])


def _campaign(stated: Any) -> Campaign | None:
    if type(stated) is not dict:
        return None
    words = [stated.get(name) for name in ("name", "source", "medium")]
    name, source, medium = (word[:_WORD] if type(word) is str else "" for word in words)
    return (name, source, medium) if name or source or medium else None


def _device(stated: Any, agent: Any) -> str | None:
    kind = stated.get("type") if type(stated) is dict else None
    found = _DEVICES.get(kind.lower()) if type(kind) is str else None
    return found or (device_of(agent[: _LONGEST["user_agent"]]) if type(agent) is str else None)


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


@lru_cache(maxsize=1024)
def is_bot(agent: str) -> bool:
    """Remembered: a search of a user agent costs 8 us, and few agents make most of the visits."""
    return _BOT.search(agent) is not None
