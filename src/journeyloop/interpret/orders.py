"""Orders and refunds, each order once although browser and server may both report it.

The newest 32 orders that came with an id are known again by its hash. Of two reports of one order the larger sum
counts, so that it does not matter which came first.
"""

from __future__ import annotations

from journeyloop.interpret.money import add, micros
from journeyloop.model.customer import Customer, Header, OrderMark
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash

REMEMBERED = 32


def ordered(customer: Customer, event: Event, frame: Frame) -> None:
    """Somebody bought."""
    header, properties = customer.header, event.properties
    sum_ = micros(properties.get("revenue")) or micros(properties.get("total"))
    header.first_order = min(header.first_order or event.time, event.time)
    header.last_order = max(header.last_order, event.time)
    id_ = properties.get("order_id")
    if isinstance(id_, str | int) and id_ != "":
        mark = int.from_bytes(keyed_hash(frame.secret, "order", str(id_), size=8))
        marks, this = header.order_marks, OrderMark(mark, event.time, sum_)
        before = next((one for one in marks if one.mark == mark), None)
        newest = before is None and (not marks or event.time > marks[-1].at)  # nearly always
        header.order_marks = [*marks, this][-REMEMBERED:] if newest else merged(marks, [this])
        if before is not None:
            header.revenue_micros = add(header.revenue_micros, max(0, sum_ - before.micros))
            return
    header.orders += 1
    header.revenue_micros = add(header.revenue_micros, sum_)


def refunded(customer: Customer, event: Event, frame: Frame) -> None:
    """Money was given back. One order may be refunded in parts."""
    header, properties = customer.header, event.properties
    header.refunds += 1
    sums = (micros(properties.get(name)) for name in ("total", "revenue", "value"))
    header.refunded_micros = add(header.refunded_micros, next((one for one in sums if one), 0))


def merged(mine: list[OrderMark], theirs: list[OrderMark]) -> list[OrderMark]:
    """The newest of both, each order once, in the order of their times."""
    found = {one.mark: one for one in mine}
    for one in theirs:
        before = found.get(one.mark, one)
        found[one.mark] = OrderMark(one.mark, max(one.at, before.at), max(one.micros, before.micros))
    return sorted(found.values(), key=lambda one: (one.at, one.mark))[-REMEMBERED:]


def settle(mine: Header, theirs: Header) -> None:
    """Before two people's orders are added up: what both report is taken off `theirs`."""
    known = {one.mark: one for one in mine.order_marks}
    for one in theirs.order_marks:
        if one.mark in known:
            theirs.orders -= 1
            theirs.revenue_micros -= min(one.micros, known[one.mark].micros)
