"""Identity: whatever the order in which it is learned who is who, the same people come out of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from journeyloop.interpret.cart import contents
from journeyloop.model.event import Event
from journeyloop.model.identifier import identifier_key
from journeyloop.model.inputs import Delivered, TimerDue
from journeyloop.runtime import records
from tests.property.histories import Step, histories, play
from tests.property.rig import MINUTE, SECRET, Rig, T

HUMANS = ("x", "y")
NAMES = ("Product Viewed", "Product Added", "Order Completed", "Payment Failed")


def steps() -> st.SearchStrategy[list[tuple[str, int, str, int]]]:
    """(human, which browser, what, a small number): event times come from the position, two share one. `write` gives an
    address, `leave` opts out."""
    what = st.sampled_from(["track", "track", "known", "identify", "alias", "write", "leave"])
    return st.lists(st.tuples(st.sampled_from(HUMANS), st.integers(0, 2), what, st.integers(0, 9)), max_size=14)


def events(said: Iterable[tuple[str, int, str, int]]) -> list[Event]:
    found = []
    for at, (human, device, what, number) in enumerate(said):
        browser, user = f"{human}-{device}", f"user-{human}"
        event = Event("track", NAMES[number % 4], f"m{at}", T + at // 2 * MINUTE, anonymous_id=browser)
        event.properties = {"revenue": float(number), "product_id": "p", "price": 1.0}
        event.context = {"traits": {"seat": at}} if number % 3 == 0 else {}
        if what in ("known", "identify", "alias"):
            event.user_id = user
        if what == "write":
            event.kind, event.name, event.traits = "identify", "Identify", {"email": f"{human.upper()}@example.com"}
        if what == "leave":
            event.name = "Unsubscribed"
        if what == "identify":
            event.kind, event.name, event.traits = "identify", "Identify", {f"t{number % 3}": at}
        if what == "alias":
            event.kind, event.name, event.anonymous_id, event.previous_id = "alias", "Alias", None, browser
        found.append(event)
    return found


def people(rig: Rig, said: list[Event]) -> dict[Any, Any]:
    """Everybody by the set of names they go by, with what must not depend on the order of arrival."""
    found = {}
    for identifier in {one for event in said for one in (event.primary(), *event.others())}:
        customer = rig.find(identifier[1], identifier[0])
        header = customer.header
        names = frozenset(one.identifier for one in customer.sealed.names)
        found[names] = (
            header.person if header.known else None, header.known, header.events, dict(sorted(header.counts.items())),
            header.orders, header.revenue, header.first_seen, header.last_seen, header.first_order, header.last_order,
            dict(sorted(customer.traits.items())), contents(customer.sealed.cart),
            {subject: (word.granted, word.at, word.firm) for subject, word in sorted(header.consent.items())},
            {name.type: name.at for name in customer.sealed.names if name.type == "email"},
        )  # fmt: skip
    return found


@given(steps(), st.data())
def test_the_order_of_arrival_does_not_matter(said: list[tuple[str, int, str, int]], draw: st.DataObject) -> None:
    told = events(said)
    shuffled = draw.draw(st.permutations(told))
    rigs = []
    for order in (told, shuffled):
        rig = Rig(start=T + 20 * MINUTE)
        for event in order:
            rig.now += 1
            rig.apply(event)
        rigs.append(rig)
    assert people(rigs[0], told) == people(rigs[1], told)


@given(steps())
def test_nobody_is_lost_and_nothing_is_counted_twice(said: list[tuple[str, int, str, int]]) -> None:
    told = events(said)
    rig = Rig(start=T + 20 * MINUTE)
    for event in told:
        rig.apply(event)
    living = [one.header for one in map(records.decode_customer, rig.values("people")) if one.header.successor is None]
    assert sum(header.events for header in living) == len(told)
    counted: Counter[str] = sum((Counter(header.counts) for header in living), Counter())
    assert counted == Counter(event.name for event in told)
    for human in HUMANS:
        names = {one for event in told for one in (event.primary(), *event.others()) if human in one[1]}
        if any(kind == "user_id" for kind, _ in names):
            linked = {
                one for event in told if human in f"{event.user_id}" for one in (event.primary(), *event.others())
            }
            assert {rig.find(value, kind).header.person for kind, value in linked} == {
                rig.find(f"user-{human}", "user_id").header.person
            }


@given(histories(), st.booleans())
def test_an_identifier_leads_to_somebody_who_lives_and_knows_it(said: list[Step], shared: bool) -> None:
    rig = play(said, shared)
    living = {one.header.person: one for one in map(records.decode_customer, rig.values("people"))}
    held: Counter[tuple[str, str]] = Counter()
    for customer in living.values():
        if customer.header.successor is None:
            held.update(one.identifier for one in customer.sealed.names)
        else:
            assert customer.header.successor in living
            assert customer.sealed.names == []
    owners = dict(rig.rows("owners"))
    for identifier, holders in held.items():
        assert holders == 1, f"{identifier} belongs to {holders} people"
        owner = records.decode_owner(owners[identifier_key(SECRET, identifier)]).person  # type: ignore[arg-type]
        assert living[owner].sealed.name(identifier) is not None


@given(histories(), st.booleans())
def test_two_users_are_never_one_person(said: list[Step], shared: bool) -> None:
    for customer in map(records.decode_customer, play(said, shared).values("people")):
        assert sum(one.type == "user_id" for one in customer.sealed.names) <= 1


def test_a_tombstone_forwards_timers_and_results() -> None:
    rig = Rig()
    rig.track("Payment Failed")
    visitor = rig.find().header.person
    [decision] = rig.decisions()
    rig.track("Identify", user_id="u1")
    user = rig.find("u1", "user_id").header
    assert user.person != visitor
    [delivery] = user.deliveries
    rig.apply(TimerDue(visitor, f"expire/{decision.id.hex()}", delivery.expires))
    assert rig.delivery().state == "expired"
    rig.track("Payment Failed")
    later = rig.decisions()[-1]
    rig.apply(Delivered(visitor, later.id, "sent"))
    assert rig.deliveries()[later.id].state == "sent"


def test_a_tombstone_forwards_an_event_that_was_on_its_way() -> None:
    rig = Rig()
    rig.track("Product Viewed")
    rig.apply(rig.event("Product Viewed"), rig.event("Identify", user_id="u1"), rig.event("Product Viewed"))
    assert rig.find().header.events == 4
    assert rig.find("u1", "user_id").header.events == 4
