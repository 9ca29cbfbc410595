"""Whoever is joined and told apart, in whatever order: no record, no event and no opt-out is lost or counted twice."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from journeyloop.model.customer import Customer
from journeyloop.model.inputs import ConsentStated, Unmerge
from journeyloop.runtime import reads, records
from journeyloop.runtime.chain import Committed, Walk, event_of, identifier_of
from tests.property.rig import DAY, HOUR, MINUTE, SECRET, Rig, plan_of

KINDS = "view view mail mail member member login refuse refuse unmerge unmerge".split()
WAITS = [0, 1, MINUTE, HOUR, 3 * DAY, 9 * DAY]
Step = tuple[str, int, int, int]


def steps(kinds: list[str]) -> st.SearchStrategy[list[Step]]:
    return st.lists(
        st.tuples(st.sampled_from(kinds), st.integers(0, 6), st.integers(0, 2), st.sampled_from(WAITS)), max_size=30
    )


def live(said: list[Step]) -> Rig:
    rig = Rig(plan_of())
    for what, which, other, wait in said:
        rig.now += wait
        mail = {"email": f"e{other}@example.com"}
        match what:
            case "view":
                rig.track("Seen", f"a{which}")
            case "mail":
                rig.track("Identify", f"a{which}", traits=mail)
            case "member":
                rig.track("Identify", anonymous_id=None, user_id=f"u{which % 3}", traits=mail, source="server")
            case "login":
                rig.track("Identify", f"a{which}", user_id=f"u{other}")
            case "refuse":
                who = [("anonymous_id", f"a{which}"), ("user_id", f"u{other}")][which % 2]
                rig.apply(ConsentStated(who, {"marketing": False}, rig.now, "server"))
            case "unmerge":
                unmerge(rig, which)
    return rig


def unmerge(rig: Rig, which: int) -> None:
    joined = [(one.header.person, past.person) for one in living(rig) for past in one.header.absorbed]
    if joined:
        rig.apply(Unmerge(*joined[which % len(joined)], by="test"))


def living(rig: Rig) -> list[Customer]:
    everybody = [records.decode_customer(raw) for raw in rig.values("people")]
    return [one for one in everybody if one.header.successor is None]


@given(steps(KINDS))
def test_every_record_is_somebodys_and_every_event_is_counted_once(said: list[Step]) -> None:
    rig = live(said)
    whose: Counter[int] = Counter()
    with rig.store.read() as reader:
        for one in living(rig):
            walked = [
                at for at, _, applied in Walk(Committed(reader), SECRET).records(one.header) if identifier_of(applied)
            ]
            assert len(walked) == len(set(walked))
            whose.update(walked)
        logged = [at for at, one in enumerate(rig.log()) if identifier_of(one)]
    assert whose == Counter(logged)
    assert sum(one.header.events for one in living(rig)) == sum(event_of(one) is not None for one in rig.log())


@given(steps(KINDS))
def test_who_goes_by_a_name_is_found_by_it(said: list[Step]) -> None:
    rig = live(said)
    with rig.store.read() as reader:
        for one in living(rig):
            for name in one.sealed.names:
                found = reads.find_customer(reader, SECRET, name.identifier)
                assert found is not None and found.header.person == one.header.person, name


@given(steps([kind for kind in KINDS if kind != "login"]))
def test_an_opt_out_is_never_lost(said: list[Step]) -> None:
    rig = live(said)
    for one in rig.log():
        if isinstance(one, ConsentStated):
            assert not rig.find(one.identifier[1], one.identifier[0]).header.consent["marketing"].granted


@given(steps(KINDS))
def test_a_replay_tells_the_same_people_apart(said: list[Step]) -> None:
    assert live(said).replayed().differences == []


@given(steps(KINDS))
def test_what_a_profile_counts_is_what_its_records_say(said: list[Step]) -> None:
    rig = live(said)
    with rig.store.read() as reader:
        for one in living(rig):
            walked = Counter(
                event.name
                for _, _, applied in Walk(Committed(reader), SECRET).records(one.header)
                if (event := event_of(applied))
            )
            assert walked == one.header.counts
