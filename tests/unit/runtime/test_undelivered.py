"""The list of what failed or is unknown: newest first, by channel, and never longer than it may be."""

from __future__ import annotations

import pytest

from journeyloop.model.inputs import Delivered, Ready
from journeyloop.runtime import outbox, undelivered
from journeyloop.runtime.carried import carried
from journeyloop.runtime.couriers import no_channels
from journeyloop.runtime.memory import read_singles
from tests.property.rig import Rig, action, moment, plan_of

LETTERS = '[channels.letters]\nkind = "webhook"\nurl = "https://letters.example/out"\nsecret = "LETTERS_SECRET"\n'


def told(*states: str) -> Rig:
    """One person after another is sent a letter, which ends so."""
    rig = Rig(plan_of(moment(actions=f"[{action('letter', channel='letters')}]"), settings=LETTERS))
    for number, state in enumerate(states):
        rig.apply(rig.event("Asked For", f"u{number}"))
        with rig.store.read() as reader:
            (row,) = outbox.waiting(reader, "letters")
        rig.apply(Ready(row.person, row.decision, row.key))
        rig.apply(Delivered(row.person, row.decision, state, f"because {number}"))
        rig.now += 1_000
    return rig


def failed(rig: Rig, channel: str | None = None, limit: int = 100) -> list[tuple[str, str]]:
    with rig.store.read() as reader:
        found = undelivered.listed(reader, read_singles(reader), channel, limit)
    return [(one["state"], one["reason"]) for one in found]


def test_newest_first_and_only_what_did_not_arrive_for_sure() -> None:
    rig = told("failed", "sent", "unknown", "suppressed")
    assert failed(rig) == [("unknown", "because 2"), ("failed", "because 0")]
    assert failed(rig, limit=1) == [("unknown", "because 2")]
    assert failed(rig, "letters") == failed(rig)
    assert failed(rig, "onpage") == []


def test_it_is_in_the_log() -> None:
    assert told("failed", "unknown").replayed().differences == []


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undelivered, "KEPT", 3)
    rig = told(*["failed"] * 5)
    assert [reason for _, reason in failed(rig)] == ["because 4", "because 3", "because 2"]
    assert len(rig.rows("undelivered")) == 3


def test_what_waits_for_a_channel_that_is_not_connected_is_counted() -> None:
    rig = Rig(plan_of(moment(actions=f"[{action('letter', channel='letters')}]"), settings=LETTERS))
    rig.apply(rig.event("Asked For", "u1"))
    with rig.store.read() as reader:
        (row,) = carried(reader, no_channels(), rig.plan)
    assert (row["channel"], row["waiting"], row["circuit"]) == ("letters", 1, "missing")
