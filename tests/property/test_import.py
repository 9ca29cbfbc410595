"""The past folds as the present would have, and nothing else comes of it: over random histories of a few people."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from journeyloop.model.customer import Customer
from journeyloop.model.effects import Note, Stopped
from journeyloop.model.event import Event
from journeyloop.model.inputs import Imported
from tests.property.histories import EVENTS, plans
from tests.property.rig import ALLOWED, DAY, HOUR, REFUSED, Rig

PEOPLE = 3
CONTEXTS: list[dict[str, Any]] = [{}, ALLOWED, REFUSED]

rows = st.tuples(
    st.sampled_from([*EVENTS, ("Identify", {})]),
    st.integers(0, PEOPLE - 1),
    st.booleans(),
    st.integers(0, 400 * DAY // HOUR),
    st.sampled_from(CONTEXTS),
)


def events(rig: Rig, history: list[Any]) -> list[Event]:
    """By a user id or only by a browser; an Identify states a trait."""
    made = []
    for (name, properties), who, known, hours, context in history:
        traits = {"tier": f"after {hours}"} if name == "Identify" else {}
        fields = {"user_id": f"u{who}" if known else None, "traits": traits, "source": "import"}
        made.append(rig.event(name, f"a{who}", hours * HOUR, properties=dict(properties), context=context, **fields))
    return made


def known_of(customer: Customer) -> dict[str, Any]:
    header = customer.header
    return {
        "counts": header.counts, "orders": header.orders, "revenue": header.revenue, "known": header.known,
        "first": (header.first_seen, header.first_order), "last": (header.last_seen, header.last_order),
        "cart": header.cart_value, "session": header.session.number, "traits": dict(customer.traits),
        "consent": {purpose: (one.granted, one.at) for purpose, one in header.consent.items()},
        "names": sorted(name.identifier for name in customer.sealed.names),
    }  # fmt: skip


@given(st.lists(rows, max_size=25))
def test_imported_events_leave_what_live_ones_leave_and_cause_nothing(history: list[Any]) -> None:
    live, past = Rig(plans()[0]), Rig(plans()[0])
    for event in events(live, history):
        live.apply(event, fire=False)
        past.apply(Imported(replace(event)), fire=False)
        assert all(isinstance(effect, Note | Stopped) for effect in past.effects), past.effects
    for table in ("decisions", "deliveries", "timers", "by_person", "moments"):
        assert past.rows(table) == []
    for _, who, *_ in history:
        assert known_of(past.find(f"a{who}")) == known_of(live.find(f"a{who}"))


@given(st.lists(rows, min_size=1, max_size=10))
def test_a_marked_row_counts_once_beside_the_same_event_by_another_way(history: list[Any]) -> None:
    rig = Rig(plans()[0])
    made = events(rig, history)
    rig.apply(*[Imported(replace(event)) for event in made], fire=False)
    before = rig.state()
    rig.apply(*[replace(event) for event in made], fire=False)
    rig.apply(*[Imported(replace(event)) for event in made], fire=False)
    assert rig.state() == before
