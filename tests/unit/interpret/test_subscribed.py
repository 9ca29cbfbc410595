"""Browsers that asked for push: kept with the person, the one used last first, until they or their service say no."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest

from journeyloop.model.effects import Send
from journeyloop.model.inputs import Delivered, Ready, Unmerge
from journeyloop.model.reach import addresses, unreachable
from journeyloop.model.subscription import MOST, PushSubscribed, Subscription, best
from journeyloop.runtime import person, reads
from journeyloop.runtime.compose import compose
from tests.property.rig import MINUTE, SECOND, SECRET, Rig, moment, plan_of

SETTINGS = '[channels.push]\nkind = "webpush"\nsubject = "mailto:ops@example.com"\nprivate_key = "VAPID_KEY"\n'
HELLO = "{title: \"Hello {{ profile.first_name | default('there') }}\"}"


def shop() -> Rig:
    return Rig(plan_of(moment(actions=f"[{{action: hi, channel: push, content: {HELLO}}}]"), settings=SETTINGS))


def subscribe(rig: Rig, browser: str = "a1", endpoint: str = "", signed: bool = False) -> str:
    endpoint = endpoint or f"https://push.example/{browser}"
    rig.apply(PushSubscribed(("anonymous_id", browser), endpoint, "point", "secret", signed))
    return endpoint


def reached(rig: Rig, who: str = "a1") -> list[str]:
    return [json.loads(one)["endpoint"] for one in addresses(rig.find(who), "push")]


def send(rig: Rig) -> Send:
    """The only message there is, asked for by its channel."""
    delivery = rig.delivery()
    rig.apply(Ready(rig.made[-1].person, delivery.decision))
    [found] = rig.emitted(Send)
    return found


def test_without_a_subscription_nobody_is_reached() -> None:
    rig = shop()
    rig.track("Asked For")
    assert unreachable(rig.find(), "push") == "unreachable: no browser asked for push"
    assert "unreachable: no browser asked for push" in str(rig.made)
    assert not rig.deliveries()


def test_the_browser_used_last_comes_first_and_the_newest_word_of_each_counts() -> None:
    rig = shop()
    rig.track("Identify", "a1", user_id="u1")
    rig.track("Identify", "a2", user_id="u1")
    old = subscribe(rig, "a1", "https://push.example/old")
    rig.now += SECOND
    subscribe(rig, "a1")
    subscribe(rig, "a2")
    rig.now += MINUTE
    rig.track("Page", "a1")
    assert reached(rig) == ["https://push.example/a1", "https://push.example/a2"]
    rig.now += MINUTE
    rig.track("Page", "a2")
    assert reached(rig) == ["https://push.example/a2", "https://push.example/a1"]
    assert old not in str(rig.find().sealed.subscriptions)
    assert rig.replayed().different == 0


def test_only_whom_somebody_vouches_for_is_told_who_they_are() -> None:
    for signed, title in ((False, "Hello there"), (True, "Hello Ana")):
        rig = shop()
        rig.track("Identify", "a1", user_id="u1", traits={"first_name": "Ana"})
        subscribe(rig, signed=signed)
        rig.track("Asked For")
        sending = send(rig)
        assert compose(sending, rig.plan, SECRET).content["title"] == title
        assert sending.profile["first_name"] == "Ana", "the last look still knows their hours"


def test_who_only_knows_the_id_takes_no_place_of_one_that_is_vouched_for() -> None:
    rig = shop()
    mine = subscribe(rig, signed=True)
    rig.now += SECOND
    subscribe(rig, "a1", "https://evil.example/a1")
    assert reached(rig) == [mine]
    newer = subscribe(rig, "a1", "https://push.example/newer", signed=True)
    assert reached(rig) == [newer]


def test_a_browser_that_is_gone_is_forgotten_and_the_next_one_tried() -> None:
    rig = shop()
    rig.track("Identify", "a1", user_id="u1")
    rig.track("Identify", "a2", user_id="u1")
    subscribe(rig, "a1")
    rig.now += SECOND
    dead = subscribe(rig, "a2")
    rig.track("Asked For", "a2")
    assert json.loads(send(rig).to[0])["endpoint"] == dead
    rig.apply(Delivered(rig.made[-1].person, rig.made[-1].id, "again", "gone", SECOND, dead))
    assert reached(rig) == ["https://push.example/a1"]
    rig.pass_time(SECOND)
    assert json.loads(send(rig).to[0])["endpoint"] == "https://push.example/a1"
    rig.apply(Delivered(rig.made[-1].person, rig.made[-1].id, "failed", "gone", 0, "https://push.example/a1"))
    assert (rig.delivery().state, reached(rig)) == ("failed", [])
    assert rig.replayed().different == 0


def test_whoever_ends_it_stops_what_is_on_its_way() -> None:
    rig = shop()
    subscribe(rig)
    rig.track("Asked For")
    assert rig.delivery().state == "due"
    rig.apply(PushSubscribed(("anonymous_id", "a1")))
    assert (rig.delivery().state, rig.delivery().reason) == ("suppressed", "consent: withdrawn")
    assert reached(rig) == []


def test_ending_one_of_two_leaves_the_other() -> None:
    rig = shop()
    rig.track("Identify", "a1", user_id="u1")
    rig.track("Identify", "a2", user_id="u1")
    subscribe(rig, "a1")
    subscribe(rig, "a2")
    rig.track("Asked For")
    rig.apply(PushSubscribed(("anonymous_id", "a2")))
    assert (rig.delivery().state, reached(rig)) == ("due", ["https://push.example/a1"])


def test_it_comes_along_at_the_login_and_goes_with_the_browser() -> None:
    rig = shop()
    subscribe(rig, "a1")
    rig.track("Identify", "a1", user_id="u1")
    customer = rig.find("u1", "user_id")
    assert [one.browser for one in customer.sealed.subscriptions] == ["a1"]
    assert reads.profile(customer, rig.plan, rig.now)["push_browsers"] == 1
    with rig.store.read() as reader:
        exported = person.export(reader, rig.secret, rig.plan, customer, rig.now)
    assert [one["endpoint"] for one in exported["push"]] == ["https://push.example/a1"]
    rig.now += SECOND
    rig.track("Identify", "a1", user_id="u2")  # somebody else signs in at the same browser
    assert rig.find("u1", "user_id").sealed.subscriptions == []
    assert reached(rig, "a1") == [], "it asks anew for whoever uses it now"


@pytest.mark.parametrize("asks", [{"who": "a2"}, {"anonymous_id": None, "user_id": "u1"}])
@pytest.mark.parametrize("gone", [False, True])
def test_an_unmerge_gives_each_their_browser_back_and_none_that_is_gone(gone: bool, asks: dict[str, Any]) -> None:
    """Whosever message it was that found it gone."""
    rig = shop()
    mail = {"traits": {"email": "ana@example.com"}, "source": "server"}
    rig.track("Identify", "a1", user_id="u1", **mail)
    subscribe(rig, "a1")
    rig.now += SECOND
    rig.track("Page", "a2")
    theirs = subscribe(rig, "a2")
    absorbed = rig.find("a2").header.person
    rig.track("Identify", "a2", **mail)
    assert len(reached(rig)) == 2
    rig.track("Asked For", **asks)
    assert json.loads(send(rig).to[0])["endpoint"] == theirs
    state = "again" if gone else "sent"
    rig.apply(Delivered(rig.made[-1].person, rig.made[-1].id, state, "", SECOND, theirs if gone else ""))
    rig.apply(Unmerge(rig.find("a1").header.person, absorbed))
    assert reached(rig, "a1") == ["https://push.example/a1"]
    assert reached(rig, "a2") == ([] if gone else [theirs])
    assert rig.replayed().different == 0


def test_a_browser_whose_name_was_dropped_is_no_address() -> None:
    rig = shop()
    subscribe(rig)
    customer = rig.find()
    customer.sealed.names = []
    assert addresses(customer, "push") == [] and unreachable(customer, "push")


@pytest.mark.parametrize("signed", [False, True])
def test_the_best_of_each_browser_in_whatever_order_they_meet(signed: bool) -> None:
    some = [Subscription(f"b{n % 3}", f"e{n}", "p", "a", n, signed and n == 1) for n in range(5)]
    found = {json.dumps([one.endpoint for one in best(several)]) for several in permutations(some)}
    assert len(found) == 1
    assert found.pop() == ('["e3", "e2", "e1"]' if signed else '["e4", "e3", "e2"]')
    many = [Subscription(f"b{n}", f"e{n}", "p", "a", n) for n in range(MOST + 3)]
    assert [one.at for one in best(many)] == [7, 6, 5, 4, 3]
