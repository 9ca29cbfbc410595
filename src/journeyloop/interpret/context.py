"""What an event's context says of the person's circumstances: page, locale, time zone, device, campaign, referrer.

Each value belongs to the newest event that stated it, so a late event fills in what no newer one said.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from journeyloop.model.context import Campaign, Context, Told
from journeyloop.model.customer import Customer
from journeyloop.model.event import Event

_LINE, _WORD, _TAG = 512, 128, 35
_DEVICES = {
    "mobile": "mobile", "phone": "mobile", "smartphone": "mobile", "ios": "mobile", "android": "mobile",
    "tablet": "tablet", "ipad": "tablet", "desktop": "desktop", "pc": "desktop",
}  # fmt: skip
_NOTHING: dict[str, Any] = {}
_BOT = re.compile(r"bot\b|crawl|spider|slurp|lighthouse|facebookexternalhit|pingdom|uptime|curl/|wget/", re.IGNORECASE)


def tell(customer: Customer, event: Event) -> None:
    """Take in what the context states, where it is the newest word."""
    known, context, at = customer.sealed.context, event.context, event.time
    page = context.get("page")
    if type(page) is not dict:
        page = _NOTHING
    if path := page.get("path"):
        known.page = _later(known.page, path, at, _LINE)
    if locale := context.get("locale"):
        known.locale = _later(known.locale, locale, at, _TAG)
    if zone := context.get("timezone"):
        known.time_zone = _later(known.time_zone, zone, at, _WORD)
    if agent := context.get("userAgent"):
        _seen_with(customer, agent, at)
    if "referrer" in context or page.get("referrer"):
        referrer = _referrer(context.get("referrer"), page)
        known.referrer = _later(known.referrer, referrer, at, _LINE)
    if "device" in context:
        known.stated_device = _later(known.stated_device, _device(context["device"]), at, _WORD)
    campaign = _campaign(context["campaign"]) if "campaign" in context else None
    if campaign is not None:
        known.campaign = _newest(known.campaign, (campaign, at))


def _seen_with(customer: Customer, agent: Any, at: int) -> None:
    """Who comes with another user agent may be a bot now, or none any more."""
    known = customer.sealed.context
    before, now = known.user_agent, _later(known.user_agent, agent, at, _LINE)
    known.user_agent = now
    if now is not None and (before is None or now[0] != before[0]):
        customer.header.bot = is_bot(now[0])


def _later(told: Told | None, value: Any, at: int, longest: int) -> Told | None:
    """The newer word; of two at one time the larger text."""
    if type(value) is not str or not value:
        return told
    if told is None or at > told[1]:
        return value[:longest], at
    return (value[:longest], at) if at == told[1] and value[:longest] > told[0] else told


def merged(mine: Context, theirs: Context) -> Context:
    """The newest word of both people on each."""
    return Context(*(_newest(getattr(mine, name), getattr(theirs, name)) for name in Context.__struct_fields__))


def _newest(one: Any, other: Any) -> Any:
    if other is None or one is None:
        return one or other
    return max(one, other, key=lambda told: (told[1], told[0]))


def _referrer(stated: Any, page: dict[str, Any]) -> str | None:
    """The address of the page they came from, if it is another site's."""
    value = stated.get("url") if type(stated) is dict else page.get("referrer")
    if type(value) is not str or not value:
        return None
    own = page.get("url")
    return None if type(own) is str and own and _same_site(value, own) else value


def _same_site(address: str, own: str) -> bool:
    """
    >>> _same_site("https://shop.example/lamps", "https://shop.example/"), _same_site("https://a.b", "https://a.bc/")
    (True, False)
    """
    end = own.find("/", len("https://"))
    origin = own if end < 0 else own[:end]
    return address.startswith(origin) and address[len(origin) : len(origin) + 1] in "/?#"


def _campaign(stated: Any) -> Campaign | None:
    if type(stated) is not dict:
        return None
    words = [stated.get(name) for name in ("name", "source", "medium")]
    name, source, medium = (word[:_WORD] if type(word) is str else "" for word in words)
    return (name, source, medium) if name or source or medium else None


def _device(stated: Any) -> str | None:
    kind = stated.get("type") if type(stated) is dict else None
    return _DEVICES.get(kind.lower()) if type(kind) is str else None


@lru_cache(maxsize=1024)
def is_bot(agent: str) -> bool:
    """Remembered: a search of a user agent costs 8 us, and few agents make most of the visits."""
    return _BOT.search(agent) is not None
