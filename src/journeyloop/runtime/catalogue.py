"""What a message says of products is asked of the shop's catalogue just before it is filled: never an old price.

Who answers is an adapter's business. Nothing is known of a product that the catalogue does not name, and what events
say of a product's address is believed only where it leads to the shop's site.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from journeyloop.model.goods import LISTS, PRODUCT
from journeyloop.model.moment import Action
from journeyloop.model.plan import Plan
from journeyloop.runtime.channels import Withheld

NONE_LEFT = "products: none available"
LONGEST = 3.0
"""Seconds that an answer may take."""


class Silent(Exception):
    """The catalogue does not answer, or not with a catalogue's answer; the message says which."""


class Catalogue(Protocol):
    async def ask(self, ids: list[str]) -> Mapping[str, Mapping[str, Any]]:
        """What it knows of these products, by id. Raises Silent."""
        ...


class NoCatalogue:
    """Where none is configured."""

    async def ask(self, ids: list[str]) -> Mapping[str, Mapping[str, Any]]:
        raise Silent("none is connected")


async def checked(given: dict[str, Any], action: Action, plan: Plan, catalogue: Catalogue) -> dict[str, Any]:
    """The variables of a message with what its products cost now.

    Raises:
        Silent: it is not known.
        Withheld: none of them can be had any more.
    """
    found, wanted = homed(given, plan), [name for name in LISTS if name in action.reads]
    if not wanted:
        return found
    ids = list(dict.fromkeys(one["id"] for name in wanted for one in found[name] if "," not in one.get("id", ",")))
    if plan.priced:
        known = await _known(catalogue, ids)
        found |= {name: [_fresh(one, known[one["id"]]) for one in found[name] if _there(one, known)] for name in wanted}
    if not any(found[name] for name in wanted):
        raise Withheld(NONE_LEFT)
    return found


def asks(action: Action, plan: Plan) -> bool:
    """Whether the catalogue is asked before this is sent."""
    return plan.priced and not action.reads.isdisjoint(LISTS)


def homed(given: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """The variables with no address of a product that leads elsewhere: anybody who can send an event can name one."""
    return given | {name: [_own(one, plan.site) for one in given[name]] for name in LISTS if name in given}


async def _known(catalogue: Catalogue, ids: list[str]) -> Mapping[str, Mapping[str, Any]]:
    try:
        async with asyncio.timeout(LONGEST):
            return await catalogue.ask(ids) if ids else {}
    except TimeoutError:
        raise Silent("timeout") from None


def _there(product: dict[str, Any], known: Mapping[str, Mapping[str, Any]]) -> bool:
    one = known.get(product.get("id", ""))
    return isinstance(one, Mapping) and one.get("available") is not False and _is_price(one.get("price"))


def _fresh(product: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """What the catalogue says counts; the quantity is the person's. Without its word there is no currency."""
    kept = {name: value for name, value in product.items() if name != "currency"}
    said = {name: known[name] for name in PRODUCT - {"id", "quantity", "price"} if isinstance(known.get(name), str)}
    return kept | said | {"price": known["price"]}


def _is_price(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9


def _own(product: dict[str, Any], site: str) -> dict[str, Any]:
    return {name: value for name, value in product.items() if name not in ("url", "image") or _leads_home(value, site)}


def _leads_home(link: str, site: str) -> bool:
    if link.startswith("/"):
        return not link.startswith(("//", "/\\"))
    try:
        there, own = urlsplit(link), urlsplit(site)
        host, home = there.hostname, own.hostname
    except ValueError:
        return False
    return there.scheme in ("http", "https") and bool(home) and host == home
