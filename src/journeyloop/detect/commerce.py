"""The e-commerce spec's numeric fields: clients send them as text, conditions compare them as numbers.

Pure; nothing else about commerce lives here.
"""

from __future__ import annotations

import math
import re
from typing import Any

NUMERIC_FIELDS = frozenset(
    {
        "price",
        "value",
        "revenue",
        "total",
        "subtotal",
        "shipping",
        "tax",
        "discount",
        "quantity",
        "position",
        "step",
    }
)
_INTEGER = re.compile(r"-?[0-9]{1,18}")
_DECIMAL = re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}")


def parse_numbers(properties: dict[str, Any]) -> None:
    """Replace, in place, numeric text in numeric fields of `properties` and of each of its `products`.

    Text that is not a plain decimal number stays text: a condition over it then says `type`, it is never guessed.

    >>> properties = {"price": "12.50", "quantity": "2", "total": "about 25", "sku": "7", "products": [{"price": "6"}]}
    >>> parse_numbers(properties)
    >>> properties
    {'price': 12.5, 'quantity': 2, 'total': 'about 25', 'sku': '7', 'products': [{'price': 6}]}
    """
    if not NUMERIC_FIELDS.isdisjoint(properties):
        _parse_fields(properties)
    products = properties.get("products")
    if type(products) is list:
        for product in products:
            if type(product) is dict:
                _parse_fields(product)


def _parse_fields(fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        if type(value) is str and name in NUMERIC_FIELDS:
            fields[name] = _number(value.strip())


def _number(text: str) -> int | float | str:
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text
