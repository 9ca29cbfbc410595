"""On-page presence: which tab speaks for a person, and who gets a message."""

from __future__ import annotations

import asyncio

import pytest

from journeyloop.adapters.channels.onpage import QUEUE, OnPage
from journeyloop.model.inputs import Seen
from journeyloop.model.moment import Present

CHECKOUT = {"page": "/checkout", "visible": False, "idle": 90_000}
PRODUCT = {"page": "/product", "visible": True, "idle": 0}


class Place:
    def __init__(self) -> None:
        self.now = 1_000
        self.opened: list[str] = []
        self.closed: list[tuple[str, int]] = []
        self.pages = OnPage(lambda: self.now, self.opened.append, lambda who, at: self.closed.append((who, at)))


def test_the_tab_that_fits_speaks_for_the_person() -> None:
    place = Place()
    place.pages.connect("a1", False)
    place.pages.report("a1", [PRODUCT, CHECKOUT])
    place.now += 500
    assert place.pages.watch(["a1"], None) == Seen("/product", True, 500)
    assert place.pages.watch(["a1"], Present(page="/checkout*")) == Seen("/checkout", False, 90_500)
    assert place.pages.watch(["a1"], Present(page="/checkout*", visible=True)) == Seen("/product", True, 500)
    assert place.pages.watch(["nobody"], None) is None


def test_a_message_goes_to_the_browser_most_looked_at() -> None:
    place = Place()
    phone, desk = place.pages.connect("phone", False), place.pages.connect("desk", True)
    assert phone is not None
    assert desk is not None
    place.pages.report("phone", [CHECKOUT])
    place.pages.report("desk", [PRODUCT])
    assert place.pages.push(["phone", "desk"], lambda signed: b"signed" if signed else b"plain") == "desk"
    assert desk.frames.get_nowait() == b"signed"
    assert phone.frames.empty()


def test_a_reader_that_does_not_read_costs_no_memory() -> None:
    place = Place()
    stream = place.pages.connect("a1", False)
    assert stream is not None
    assert [stream.put(b"x") for _ in range(QUEUE + 1)] == [True] * QUEUE + [False]
    assert place.pages.push(["a1"], lambda signed: b"x") is None


def test_a_page_change_is_not_an_absence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("journeyloop.adapters.channels.onpage.GRACE", 0.05)

    async def change() -> Place:
        place = Place()
        first = place.pages.connect("a1", False)
        assert first is not None
        place.pages.disconnect("a1", first)
        second = place.pages.connect("a1", False)
        await asyncio.sleep(0.1)
        assert (place.opened, place.closed) == (["a1"], [])
        assert second is not None
        place.now = 7_000
        place.pages.disconnect("a1", second)
        await asyncio.sleep(0.1)
        return place

    place = asyncio.run(change())
    assert place.closed == [("a1", 7_000)]
    assert len(place.pages) == 0


def test_hostile_reports_are_bounded() -> None:
    place = Place()
    place.pages.connect("a1", False)
    place.pages.report("a1", [{"page": "x" * 9_000, "idle": "soon", "visible": 1}] * 100)
    place.pages.report("stranger", [PRODUCT])
    assert place.pages.watch(["a1"], None) == Seen("x" * 2048, False, 0)
    assert len(place.pages.browsers["a1"].tabs) == 20
