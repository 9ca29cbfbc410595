"""Merge then unmerge equals never merged: profile, consent, caps and records of both, over random histories."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from journeyloop.interpret import found
from journeyloop.interpret.identity import person_id
from journeyloop.model.customer import Customer
from journeyloop.model.inputs import Asked, ConsentStated, Delivered, Outcome, TabClosed, TabOpened, Unmerge
from journeyloop.model.profile import profile_values
from journeyloop.model.subscription import PushSubscribed
from journeyloop.runtime import records
from journeyloop.runtime.chain import Committed, Walk, identifier_of
from tests.property.histories import WAITS, plans
from tests.property.rig import ALLOWED, MINUTE, REFUSED, SECRET, Rig

DEVICE, USER = ("anonymous_id", "a1"), ("user_id", "u1")
VISITOR, MEMBER = person_id(DEVICE, SECRET), person_id(USER, SECRET)
EVENTS: list[tuple[str, dict[str, Any]]] = [
    ("Product Viewed", {}),
    ("Product Added", {"product_id": "p", "price": 20.0}),
    ("Product Added", {"product_id": "q", "price": 5.0}),
    ("Checkout Step Viewed", {"checkout_id": "c1"}),
    ("Order Completed", {"revenue": 30.0, "checkout_id": "c1"}),
    ("Payment Failed", {}),
    ("Unsubscribed", {}),
]
KINDS = "visitor visitor member member other login state open close word report ask push".split()
Step = tuple[int, str, int]


def steps() -> st.SearchStrategy[list[Step]]:
    return st.lists(st.tuples(st.sampled_from(WAITS), st.sampled_from(KINDS), st.integers(0, 15)), max_size=25)


def live(said: list[Step], rig: Rig) -> Rig:
    for wait, what, which in said:
        rig.pass_time(wait)
        happen(rig, what, which)
    return rig


def happen(rig: Rig, what: str, which: int) -> None:
    name, properties = EVENTS[which % len(EVENTS)]
    context = [ALLOWED, {}, ALLOWED, REFUSED][which % 4]
    traits = {f"t{which % 3}": which}
    match what:
        case "visitor":
            rig.track(name, "a1", properties=dict(properties), context=context)
        case "member":
            rig.track(
                name, anonymous_id=None, user_id="u1", properties=dict(properties), context=context, source="server"
            )
        case "other":
            rig.track("Identify", "a2", user_id="u1", traits=traits)
        case "login":
            rig.track("Identify", "a1", user_id="u1", traits=traits)
        case "state":
            who = [DEVICE, USER][which % 2]
            rig.apply(ConsentStated(who, {"marketing": which % 3 > 0}, rig.now, "server"))
        case "open":
            rig.apply(TabOpened(DEVICE, rig.memory.singles.epoch))
        case "close":
            rig.apply(TabClosed(DEVICE, rig.memory.singles.epoch, rig.now))
        case "push":
            rig.apply(
                PushSubscribed(DEVICE, f"https://push.example/{which % 3}" if which % 4 else "", "point", "secret")
            )
        case "ask":
            rig.apply(Asked([DEVICE, USER][which % 2], "hero", f"r{rig.messages}"))
        case "word" | "report":
            answer(rig, what, which)


def answer(rig: Rig, what: str, which: int) -> None:
    waiting = [one for one in rig.decisions() if one.chosen is not None]
    if waiting:
        one = waiting[which % len(waiting)]
        said = Delivered(one.person, one.id, "sent") if what == "word" else Outcome(one.person, one.id, "shown")
        rig.apply(said)


def apart(person: bytes, now: int) -> Customer:
    """In this world the two are known not to be one from the start."""
    customer = found(person, now)
    customer.header.apart = {VISITOR: [MEMBER], MEMBER: [VISITOR]}.get(person, [])
    return customer


def living(rig: Rig, person: bytes) -> Customer | None:
    raw = dict(rig.rows("people")).get(person)
    return None if raw is None else records.decode_customer(raw)


def told(rig: Rig, person: bytes) -> dict[str, Any]:
    """All of a person that must not tell of the merge."""
    customer = living(rig, person)
    if customer is None:
        return {}
    header, sealed = customer.header, customer.sealed
    timers = {name: due for name, due in header.timers.items() if not name.startswith(("expire/", "close/"))}
    return {
        "profile": profile_values(customer, rig.now, rig.plan.computed), "traits": dict(customer.traits),
        "cart": sealed.cart, "names": sorted(one.identifier for one in sealed.names), "counts": header.counts,
        "consent": header.consent, "audiences": header.audiences, "windows": header.windows,
        "session": header.session, "armed": [(one.name, one.due) for one in header.armed], "timers": timers,
        "progress": header.progress, "known": header.known, "recent": header.recent,
    }  # fmt: skip


def joined_then_parted(said: list[Step], later: list[Step]) -> Rig:
    rig = live(said, Rig(plans()[0]))
    rig.apply(Unmerge(MEMBER, VISITOR, "test"), fire=False)
    return live(later, rig)


@given(steps(), steps())
def test_merge_then_unmerge_equals_never_merged(said: list[Step], later: list[Step]) -> None:
    said = [(0, "visitor", 0), *said, (0, "login", 1)]
    rig, never = joined_then_parted(said, later), live([*said, *later], Rig(plans()[0], found=apart))
    for person in (MEMBER, VISITOR):
        assert told(rig, person) == told(never, person)


@given(steps())
def test_what_was_sent_counts_for_whom_it_was_sent_to(said: list[Step]) -> None:
    """Caps are what they would be, wherever the two decided the same without each other."""
    said = [(0, "visitor", 0), *said, (0, "login", 1)]
    before = live(said, Rig(plans()[0])).find("u1", "user_id").header
    rig, never = joined_then_parted(said, []), live(said, Rig(plans()[0], found=apart))
    ours, theirs = living(rig, MEMBER), living(rig, VISITOR)
    assert ours is not None and theirs is not None
    kept = [one.decision for customer in (ours, theirs) for one in customer.header.contacts]
    assert set(kept) == {one.decision for one in before.contacts}
    would = {one.id: (one.person, one.chosen) for one in never.decisions()}
    for person, customer in ((MEMBER, ours), (VISITOR, theirs)):
        for contact in customer.header.contacts:
            whose = would.get(contact.decision, (person, None))[0]
            assert whose == person or whose not in (MEMBER, VISITOR)
    for row in before.pending:
        assert sum(row in customer.header.pending for customer in (ours, theirs)) == 1


@given(steps(), steps())
def test_the_log_of_an_unmerge_folds_to_the_same_state(said: list[Step], later: list[Step]) -> None:
    rig = joined_then_parted([(0, "visitor", 0), *said, (0, "login", 1)], later)
    assert rig.replayed().differences == []


@given(steps(), steps())
def test_each_finds_their_own_records(said: list[Step], later: list[Step]) -> None:
    rig = joined_then_parted([(0, "visitor", 0), *said, (0, "login", 1)], later)
    found_: dict[bytes, list[Any]] = {}
    for person in (MEMBER, VISITOR):
        customer = living(rig, person)
        assert customer is not None
        with rig.store.read() as reader:
            walked = Walk(Committed(reader), SECRET).in_order(customer.header)
        found_[person] = [applied for _, _, applied in walked]
    mine = [one for one in found_[MEMBER] if identifier_of(one) is not None]
    theirs = [one for one in found_[VISITOR] if identifier_of(one) is not None]
    assert all(identifier_of(one) == DEVICE for one in theirs)
    logged = [one for one in rig.log() if identifier_of(one) is not None]
    assert len(mine) + len(theirs) == len(logged)
    assert any(one in theirs for one in logged)


def test_they_do_not_join_again() -> None:
    rig = Rig()
    rig.track("Product Viewed", "a1")
    rig.track("Identify", "a1", user_id="u1")
    assert rig.find().header.person == MEMBER
    rig.apply(Unmerge(MEMBER, VISITOR, "ana"))
    assert rig.find("u1", "user_id").header.events == 1
    lines = [records.decode_line(raw).entry for raw in rig.values("ledger")]
    assert [(one.kind, one.person, one.other, one.subject) for one in lines] == [
        ("merged", MEMBER, VISITOR, "anonymous_id"),
        ("unmerged", MEMBER, VISITOR, "ana"),
    ]
    rig.now += MINUTE
    rig.track("Product Viewed", "a1", user_id="u1")
    visitor = living(rig, VISITOR)
    assert visitor is not None
    assert (visitor.header.events, visitor.header.successor) == (1, None)
    assert rig.find("u1", "user_id").header.events == 2


def test_an_unmerge_of_people_who_were_never_joined_changes_nothing() -> None:
    rig = Rig()
    rig.track("Product Viewed", "a1")
    before = living(rig, VISITOR)
    rig.apply(Unmerge(VISITOR, b"x" * 16, "ana"))
    after = living(rig, VISITOR)
    assert before is not None and after is not None
    before.header.last_position = after.header.last_position
    assert records.encode_customer(before) == records.encode_customer(after)
