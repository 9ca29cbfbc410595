"""From each record version to the next, on plain lists: the structs of an old version are gone, its arrays are not.

Only people have changed shape so far. What an old version did not keep (when an identifier was seen, who stated a
trait) gets the value that claims least.
"""

from __future__ import annotations

from typing import Any

from msgspec import msgpack

SESSION, REVENUE, LAST_SEEN, LAST_ORDER = 11, 13, 5, 15
"""Places in the header of version 1."""

BOARD, LEVELS = 6, 2
"""Places of the board among the values there is one of, and of the moments' levels in it."""

GAP = 30 * 60_000


def person_1(header: list[Any], sealed: list[Any] | None) -> tuple[list[Any], list[Any] | None]:
    """A person of version 1 (its two parts) as one of version 2. `sealed` is None once its key is gone."""
    header = list(header)
    if len(header) > REVENUE:
        header[REVENUE] = round(max(0.0, min(1e9, header[REVENUE])) * 1_000_000)
    if len(header) > SESSION:
        header[SESSION] = _session_1(header[SESSION])
    return header, None if sealed is None else _sealed_1(header, sealed)


def singles(raw: bytes) -> bytes:
    """The values there is one of. The board once held goal rates per moment; now they are made of the tallies."""
    values = msgpack.decode(raw)
    board = values[BOARD] if len(values) > BOARD else []
    if len(board) > LEVELS and board[LEVELS]:
        board[LEVELS] = {}
        return msgpack.encode(values)
    return raw


def _session_1(session: list[Any]) -> list[Any]:
    """Earlier visits were only counted: what happened before this one changes none."""
    number, started = session[:2]
    return [*session, [], started - GAP - 1 if number > 1 else 0]


def _sealed_1(header: list[Any], sealed: list[Any]) -> list[Any]:
    identifiers, traits, cart, page, locale, user_agent, *rest = sealed
    seen = header[LAST_SEEN]
    names = [[type_, value, seen] for type_, value in identifiers]
    stated = msgpack.encode({name: [value, at, ""] for name, (value, at) in traits.items()})
    told = [[value, seen] if value else None for value in (page, locale, user_agent)]
    return [names, stated, _cart_1(cart, header[LAST_ORDER]), told, *rest]


def _cart_1(cart: dict[str, list[Any]], last_order: int) -> list[Any]:
    """Each line becomes what was put in last, after the last order, which had emptied it."""
    return [
        last_order,
        [],
        sorted([at, key, quantity, name, price] for key, (name, price, quantity, at) in cart.items()),
    ]
