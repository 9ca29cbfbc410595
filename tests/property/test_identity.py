"""Who is one person and who is not: addresses, devices, limits, and what a hostile browser cannot do."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.interpret.identity import FRESH, INVENTED
from journeyloop.model.customer import Customer
from journeyloop.model.inputs import Imported
from journeyloop.runtime import records
from tests.property.rig import DAY, HOUR, Rig, moment, plan_of

MAIL = {"email": "ada@example.com"}


def identify(rig: Rig, who: str | None, user: str | None = None, source: str = "browser", **traits: Any) -> None:
    rig.now += 1
    rig.apply(rig.event("Identify", anonymous_id=who, user_id=user, traits=traits, source=source))


def living(rig: Rig) -> list[Customer]:
    people = [records.decode_customer(raw) for raw in rig.values("people")]
    return [one for one in people if one.header.successor is None]


def person(rig: Rig, value: str, kind: str = "anonymous_id") -> bytes:
    return rig.find(value, kind).header.person


# --- who is one -----------------------------------------------------------------------------------------------------


def test_two_browsers_with_one_address_are_one_person() -> None:
    rig = Rig()
    identify(rig, "a1", **MAIL)
    identify(rig, "a2", email="ADA@example.com ")
    assert person(rig, "a1") == person(rig, "a2") == person(rig, "ada@example.com", "email")


@pytest.mark.parametrize("first", ["visitor", "member"])
def test_an_address_ties_a_visitor_to_a_known_customer(first: str) -> None:
    rig = Rig()
    known = ("member", lambda: identify(rig, None, "u1", source="server", **MAIL))
    visit = ("visitor", lambda: identify(rig, "a1", **MAIL))
    for _, happens in sorted((known, visit), key=lambda one: one[0] != first):
        happens()
    assert person(rig, "a1") == person(rig, "u1", "user_id")
    assert len(living(rig)) == 1


def test_external_ids_find_their_person() -> None:
    rig = Rig()
    ids = {"externalIds": [{"type": "stripe_customer", "id": "cus_1"}]}
    rig.track("Identify", None, user_id="u1", source="server", context=ids)
    rig.track("Payment Failed", None, user_id="u1", source="server", context=ids)
    assert rig.find("cus_1", "stripe_customer").header.events == 2


def test_a_device_belongs_to_who_uses_it() -> None:
    rig = Rig()
    device = {"device": {"id": "D1"}}
    for user in ("u1", "u2", "u1"):
        rig.now += 1
        rig.track("Application Opened", f"a-{user}", user_id=user, context=device)
        assert person(rig, "D1", "device_id") == person(rig, user, "user_id")
    assert person(rig, "u1", "user_id") != person(rig, "u2", "user_id")


def test_a_shared_browser_joins_nobody_and_each_event_goes_to_who_is_signed_in() -> None:
    rig = Rig()
    rig.track("Product Viewed", "shared")
    for user in ("u1", "u2"):
        identify(rig, "shared", user)
        rig.track("Order Completed", "shared", user_id=user)
        rig.track("Product Viewed", "shared")
    one, two = rig.find("u1", "user_id").header, rig.find("u2", "user_id").header
    assert one.person != two.person
    assert (one.counts["Order Completed"], two.counts["Order Completed"]) == (1, 1)
    assert (one.counts["Product Viewed"], two.counts["Product Viewed"]) == (2, 1)


def test_a_reset_starts_a_new_person() -> None:
    rig = Rig()
    identify(rig, "before", "u1")
    rig.track("Product Viewed", "after")
    assert rig.find("after").header.known is False
    assert len(living(rig)) == 2


@pytest.mark.parametrize(("source", "verified"), [("browser", False), ("server", True), ("import", True)])
def test_only_who_holds_a_server_key_vouches_for_an_address(source: str, verified: bool) -> None:
    for typed_before in (True, False):
        rig = Rig()
        if typed_before:
            identify(rig, "a1", "u1", **MAIL)
            name = rig.find("u1", "user_id").sealed.name(("email", "ada@example.com"))
            assert name is not None and not name.verified
        rig.now += 1
        event = rig.event("Identify", anonymous_id=None, user_id="u1", traits=MAIL, source=source)
        rig.apply(Imported(event) if source == "import" else event)
        name = rig.find("u1", "user_id").sealed.name(("email", "ada@example.com"))
        assert name is not None and bool(name.verified) is verified
        assert name.source == source or typed_before


@pytest.mark.parametrize("before", ["nobody", "visitor", "member", "both"])
def test_an_address_is_vouched_for_by_the_first_word_of_a_server(before: str) -> None:
    """Whoever had it on a browser's word, and whoever of two people stays."""
    rig = Rig()
    if before in ("visitor", "both"):
        identify(rig, "a1", **MAIL)
    if before in ("member", "both"):
        identify(rig, None, "u1")
    identify(rig, None, "u1", source="server", **MAIL)
    name = rig.find("u1", "user_id").sealed.name(("email", "ada@example.com"))
    assert name is not None and (name.verified, name.source) == (rig.now, "server")
    assert len(living(rig)) == 1


# --- who is not ------------------------------------------------------------------------------------------------------


def test_two_known_people_with_one_address_stay_two() -> None:
    rig = Rig()
    identify(rig, None, "u1", **MAIL)
    identify(rig, None, "u2", **MAIL)
    assert person(rig, "ada@example.com", "email") == person(rig, "u1", "user_id") != person(rig, "u2", "user_id")


def test_a_browser_that_has_an_address_does_not_join_the_owner_of_another() -> None:
    rig = Rig()
    identify(rig, "victim", email="victim@example.com")
    identify(rig, "a1", **MAIL)
    identify(rig, "a1", email="victim@example.com")
    assert person(rig, "a1") != person(rig, "victim")
    identify(rig, "a1", source="server", email="victim@example.com")
    assert person(rig, "a1") == person(rig, "victim")


def test_ten_thousand_hostile_identifies_join_nobody() -> None:
    """One browser names every customer in turn, by user id and by address."""
    rig = Rig()
    rig.apply(*[
        rig.event("Identify", None, user_id=f"u{n}", traits={"email": f"u{n}@example.com"}, source="server")
        for n in range(2_000)
    ])  # fmt: skip
    rig.apply(*[rig.event("Identify", "hostile", traits={"email": f"u{n}@example.com"}) for n in range(2_000)])
    rig.apply(*[rig.event("Identify", "hostile", user_id=f"u{n}", ago=-n) for n in range(2_000)])
    rig.apply(*[rig.event("Identify", "hostile", traits={"email": f"new{n}@example.com"}) for n in range(4_000)])
    people = {person(rig, f"u{n}", "user_id") for n in range(2_000)}
    assert len(people) == 2_000
    for customer in living(rig):
        assert len(customer.sealed.names) <= 7
        assert sum(name.type == "email" for name in customer.sealed.names) <= 5
        assert len(records.encode_customer(customer)) < 200_000


def test_limits_are_counted_and_told() -> None:
    rig = Rig(plan_of(moment(), policy="identity: {limits: {email: 2}}\n"))
    for n in range(4):
        identify(rig, "a1", "u1", email=f"a{n}@example.com")
    names = [name.value for name in rig.find("u1", "user_id").sealed.names if name.type == "email"]
    assert names == ["a0@example.com", "a1@example.com"]


def test_a_sixth_browser_is_taken_once_an_old_one_has_gone_quiet() -> None:
    rig = Rig()
    for n in range(6):
        rig.track("Product Viewed", f"a{n}")
        identify(rig, f"a{n}", "u1")
    assert [person(rig, f"a{n}") == person(rig, "u1", "user_id") for n in range(6)] == [True] * 5 + [False]
    rig.now += FRESH + DAY
    identify(rig, "a5", "u1")
    assert person(rig, "a5") == person(rig, "u1", "user_id")
    assert len(rig.find("u1", "user_id").sealed.anonymous_ids()) == 5


def test_a_constant_user_id_does_not_swallow_every_visitor() -> None:
    """A page that sends one id for everybody: the limit of browsers keeps most of them apart."""
    rig = Rig()
    for n in range(100):
        rig.track("Product Viewed", f"a{n}")
        identify(rig, f"a{n}", "customer")
    assert len({person(rig, f"a{n}") for n in range(100)}) == 96


def test_an_alias_in_a_circle_ends() -> None:
    rig = Rig()
    for user, previous in (("b", "a"), ("a", "b"), ("b", "a")):
        rig.apply(rig.event("Alias", anonymous_id=None, user_id=user, previous_id=previous))
    assert person(rig, "a", "user_id") != person(rig, "b", "user_id")


def test_a_groups_traits_are_not_the_persons() -> None:
    rig = Rig()
    event = rig.event("Group", "a1", traits={"name": "ACME", "email": "office@acme.example"})
    event.kind = "group"
    rig.apply(event)
    assert dict(rig.find().traits) == {}
    assert [name.type for name in rig.find().sealed.names] == ["anonymous_id"]


def test_refused_identifiers_are_counted_by_reason() -> None:
    rig = Rig()
    identify(rig, "a1", email="nobody", phone="000")
    notes = [(one.text, one.reason) for one in rig.effects if getattr(one, "kind", "") == "merge"]
    assert notes == [("email refused", "malformed_email"), ("phone refused", "blocked_value")]


@pytest.mark.parametrize("back", [FRESH + DAY, FRESH - 1, DAY + 1])
def test_dates_set_back_do_not_make_room(back: int) -> None:
    """A device counts as out of use by our clock, not by what the public door claims."""
    rig = Rig()
    identify(rig, None, "u1", source="server", **MAIL)
    for n in range(50):
        rig.track("Identify", f"h{n}", ago=back, traits=MAIL, source="browser")
        rig.now += HOUR
    victim = rig.find("u1", "user_id")
    assert len(victim.sealed.anonymous_ids()) == len(victim.header.absorbed) == 5


def test_browsers_that_forget_their_cookies_do_not_add_up() -> None:
    """Each week another anonymous visitor turns out to be the same customer."""
    rig = Rig()
    identify(rig, None, "u1", source="server", **MAIL)
    for week in range(20):
        identify(rig, f"a{week}", **MAIL)
        rig.now += FRESH + DAY
    ours = rig.find("u1", "user_id")
    assert ours.sealed.anonymous_ids() == [f"a{week}" for week in range(15, 20)]
    assert person(rig, "a0") == ours.header.person


def test_invented_types_of_identifiers_do_not_add_up() -> None:
    rig = Rig()
    for who in ("a1", "a2"):
        for n in range(10):
            ids = [{"type": f"{who}_{n}_{k}", "id": "x"} for k in range(10)]
            rig.track("Product Viewed", who, source="browser", context={"externalIds": ids})
        assert len(rig.find(who).sealed.names) == INVENTED + 1
    identify(rig, None, "u1", source="server", **MAIL)
    for who in ("a1", "a2"):
        identify(rig, who, "u1")
    ours = rig.find("u1", "user_id")
    assert len(ours.sealed.names) == INVENTED + 3, "one's browser joins, the other's would be too much"
    assert len(living(rig)) == 2


def test_there_is_room_for_the_types_a_plan_names_whatever_strangers_invent() -> None:
    rig = Rig(plan_of(policy="identity: {limits: {stripe_customer: 2}}\n"))
    identify(rig, None, "u1", source="server", **MAIL)
    strange = [{"type": f"t{k}", "id": "x"} for k in range(10)]
    rig.track("Identify", "a1", source="browser", traits=MAIL, context={"externalIds": strange})
    stripe = [{"type": "stripe_customer", "id": "cus_1"}, {"type": "t10", "id": "x"}]
    rig.track("Identify", None, user_id="u1", source="server", context={"externalIds": stripe})
    assert person(rig, "cus_1", "stripe_customer") == person(rig, "u1", "user_id") == person(rig, "a1")
    assert rig.find().sealed.name(("t10", "x")) is None
