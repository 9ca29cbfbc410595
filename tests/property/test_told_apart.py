"""Unmerges where more than two people are about, one after the other, or while something is on its way."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.interpret.identity import person_id
from journeyloop.model.customer import Customer
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import ConsentStated, Delivered, Outcome, TabOpened, Unmerge
from journeyloop.runtime import records
from journeyloop.runtime.chain import Committed, Walk, event_of
from journeyloop.runtime.person import joined as person_joined
from tests.property.learned import know
from tests.property.rig import ALLOWED, MINUTE, SECRET, Rig, action, moment, plan_of

EMAIL = "ana@example.com"


def person(value: str, kind: str = "anonymous_id") -> bytes:
    return person_id((kind, value), SECRET)


def living(rig: Rig, who: bytes) -> Customer:
    return records.decode_customer(dict(rig.rows("people"))[who])


def names(rig: Rig, who: bytes) -> list[Identifier]:
    return sorted(one.identifier for one in living(rig, who).sealed.names)


def happened(rig: Rig, who: bytes) -> list[str]:
    with rig.store.read() as reader:
        walked = Walk(Committed(reader), SECRET).in_order(living(rig, who).header)
    return [event.name for _, _, one in walked if (event := event_of(one)) is not None]


def joined(rig: Rig, *devices: str, **fields: Any) -> None:
    """Each views something, then signs in as u1."""
    for device in devices:
        rig.track(f"Seen by {device}", device, **fields)
        rig.now += MINUTE
        rig.track("Identify", device, user_id="u1")
        rig.now += MINUTE


def test_another_unmerge_takes_nothing_from_who_was_told_apart_before() -> None:
    rig = Rig()
    rig.track("Identify", "c", traits={"email": EMAIL})
    rig.now += MINUTE
    rig.track("Identify", anonymous_id=None, user_id="u1", traits={"email": EMAIL}, source="server")
    joined(rig, "b")
    ana = person("u1", "user_id")
    rig.apply(Unmerge(ana, person("c")))
    assert ("email", EMAIL) in names(rig, person("c"))
    rig.apply(Unmerge(ana, person("b")))
    assert ("email", EMAIL) not in names(rig, ana)
    assert rig.find(EMAIL, "email").header.person == person("c")


def test_who_came_by_what_the_other_brought_is_not_lost() -> None:
    """The third was joined only because of the one who leaves: their word and their past are somebody's."""
    rig = Rig()
    rig.track("Identify", "b", traits={"email": EMAIL})
    rig.track("Identify", "b", user_id="u1")
    rig.now += MINUTE
    rig.track("Seen by c", "c")
    rig.apply(ConsentStated(("anonymous_id", "c"), {"marketing": False}, rig.now, "server"))
    rig.now += MINUTE
    rig.track("Identify", "c", traits={"email": EMAIL})
    ana = person("u1", "user_id")
    assert rig.find("c").header.person == ana
    rig.apply(Unmerge(ana, person("b")))
    found = rig.find("c").header
    assert found.counts.get("Seen by c") == 1
    assert found.consent["marketing"].granted is False


def test_records_are_found_after_joining_somebody_else() -> None:
    """Told apart from Ana, the visitor turns out to be Bea: Bea has all of hers and of theirs, and nothing of Ana's."""
    rig = Rig()
    rig.track("Told of Bea", anonymous_id=None, user_id="u2")
    rig.track("Identify", "b", traits={"email": EMAIL})
    joined(rig, "b")
    rig.track("Told of Ana", anonymous_id=None, user_id="u1")
    rig.apply(Unmerge(person("u1", "user_id"), person("b")))
    rig.now += MINUTE
    rig.track("Told of both", anonymous_id=None, user_id="u2", traits={"email": EMAIL}, source="server")
    bea = person("u2", "user_id")
    rig.track("Identify", "x", user_id="u2", traits={"email": EMAIL}, source="server")
    assert rig.find(EMAIL, "email").header.person == bea
    assert happened(rig, bea) == ["Told of Bea", "Identify", "Seen by b", "Told of both", "Identify"]
    rig.apply(Unmerge(bea, person("b")))
    assert happened(rig, bea) == ["Told of Bea", "Told of both", "Identify"]
    assert happened(rig, person("b")) == ["Identify", "Seen by b"]
    assert living(rig, bea).header.counts == {"Told of Bea": 1, "Told of both": 1, "Identify": 1}


def test_the_first_of_a_chain_of_hand_overs_has_all_their_records() -> None:
    """First → middle → Ana, and out again: what the first did while they were the middle's is theirs."""
    rig = Rig()
    rig.track("Identify", "middle", traits={"email": EMAIL})
    rig.now += MINUTE
    rig.track("First alone", "first")
    rig.track("Identify", "first", traits={"email": EMAIL})
    assert rig.find("first").header.person == person("middle")
    rig.now += MINUTE
    rig.track("First together", "first")
    rig.track("Identify", anonymous_id=None, user_id="u1", traits={"email": EMAIL}, source="server")
    rig.track("First in Ana", "first")
    ana, first = person("u1", "user_id"), person("first")
    assert rig.find("first").header.person == ana
    rig.apply(Unmerge(ana, first))
    theirs = ["First alone", "Identify", "First together", "First in Ana"]
    assert happened(rig, first) == theirs
    assert happened(rig, ana) == ["Identify", "Identify"]
    assert living(rig, first).header.counts == dict.fromkeys(theirs, 1)
    rig.apply(Unmerge(ana, person("middle")))
    assert happened(rig, first) == theirs
    assert (happened(rig, ana), happened(rig, person("middle"))) == (["Identify"], ["Identify"])
    assert rig.replayed().differences == []


def on_its_way() -> Rig:
    """A message to a browser, whose owner was taken for Ana and is told apart while it is under way."""
    rig = Rig()
    rig.track("Identify", "b", traits={"email": EMAIL})
    rig.now += MINUTE
    rig.track("Identify", anonymous_id=None, user_id="u1", traits={"email": EMAIL}, source="server")
    rig.apply(TabOpened(("anonymous_id", "b"), rig.memory.singles.epoch))
    rig.track("Payment Failed", "b", context=ALLOWED)
    assert rig.delivery().state == "intent"
    rig.apply(Unmerge(person("u1", "user_id"), person("b")))
    assert [one.state for one in living(rig, person("b")).header.deliveries] == ["intent"]
    return rig


def test_a_channels_word_finds_whom_the_message_belongs_to_now() -> None:
    rig = on_its_way()
    [made] = rig.decisions()
    rig.apply(Delivered(made.person, made.id, "sent"))
    assert rig.delivery().state == "sent"
    rig.apply(Outcome(made.person, made.id, "dismissed"))
    assert rig.delivery().dismissed == rig.now
    assert living(rig, person("b")).header.rests
    assert rig.counts("help")["dismissed"] == 1
    assert rig.replayed().differences == []


@pytest.mark.parametrize("browser", [f"b{number}" for number in range(6)])
def test_what_was_seen_of_an_action_stays_seen_though_arms_chose_it(browser: str) -> None:
    """Living it again knows no arms: by chance alone it would have chosen another action, or none."""
    unless = f"[{action('a')}, {action('b')}, {action('follow', ', unless: seen(b)')}]"
    rig = Rig(plan_of(moment(actions=unless, learn="{mode: cautious, explore: 0%}")))
    know(rig, "now", silence=[-3.0], a=[-2.0], b=[1.0], follow=[0.0])
    rig.track("Page", browser)
    rig.track("Page", "other")
    rig.track("Asked For", browser)
    assert rig.made[-1].chosen == ("now", "b")
    rig.apply(Outcome(person(browser), rig.made[-1].id, "shown"))
    for device in (browser, "other"):
        rig.track("Identify", device, user_id="u1")
    one = rig.find(browser).header
    rig.apply(Unmerge(one.person, one.absorbed[0].person))
    assert living(rig, person(browser)).header.acted == {"now/b": [rig.now, 0, 0]}


@pytest.mark.parametrize("device", ["x" * 400, " b ", "Anonymous-7"])
def test_whoever_was_joined_can_be_named_by_the_id_they_came_with(device: str) -> None:
    rig = Rig()
    joined(rig, device)
    with rig.store.read() as reader:
        found = person_joined(reader, SECRET, rig.plan, ("user_id", "u1"), ("anonymous_id", device))
    assert found == Unmerge(person("u1", "user_id"), person(device))
