"""What a frame knows of the messages on their way."""

from __future__ import annotations

from journeyloop.model.board import Board
from journeyloop.model.effects import Note
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import Forwarded, Lost
from journeyloop.model.plan import Plan
from tests.property.histories import plans


def frame() -> Frame:
    plan: Plan = plans()[0]
    return Frame(now=1, plan=plan, board=Board(), secret=b"k" * 16, epoch=1, epoch_started=0)


def test_a_message_is_the_last_when_only_effects_came_after_it() -> None:
    at_work, message = frame(), Forwarded("an input", 3)
    assert not at_work.last(message)
    at_work.advance(b"p", message)
    assert at_work.last(message)
    at_work.emit(Note("merge", b"p", "", "two visitors turned out to be one person", ""))
    assert at_work.last(message)
    at_work.advance(b"p", Lost(("anonymous_id", "a1")))
    assert not at_work.last(message)
