"""Arms survive the store to the last bit, one record each; what is no more is deleted; the board is made of tallies."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.adapters.store.memory import MemoryStore
from journeyloop.learn import learn
from journeyloop.model.arm import BORN_AT, SILENCE, Arms
from journeyloop.model.credits import Lesson
from journeyloop.model.feature import packed
from journeyloop.runtime import upgrade
from journeyloop.runtime.learned import arm_records, read_arms
from journeyloop.runtime.memory import Memory, read_singles
from journeyloop.runtime.touched import Touched
from tests.property.rig import Rig, moment, plan_of, shop

XS = np.random.default_rng(3).normal(size=(500, 5)).astype(np.float32)
NAMES = [SILENCE, "a", "b", "c"]


def same(one: Arms, other: Arms) -> bool:
    """To the last bit."""
    waits, others = ({name: rows for name, rows in arms.waiting.items() if rows} for arms in (one, other))
    return (
        (one.meaning, one.names, one.seen, waits) == (other.meaning, other.names, other.seen, others)
        and one.means.tobytes() == other.means.tobytes()
        and one.covariances.tobytes() == other.covariances.tobytes()
    )


class Keeper:
    """Arms of one moment behind a store, as a writer keeps them."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.restart()

    def restart(self) -> None:
        with self.store.read() as reader:
            self.memory = Memory(b"s" * 32, shop(), reader)

    def teach(self, *lessons: Lesson) -> None:
        with self.store.write() as transaction:
            touched = Touched(transaction, self.memory)
            for one in lessons:
                touched.learned("m", *learn(self.memory.arms.get("m"), one))
            touched.flush()

    def stored(self) -> Arms:
        with self.store.read() as reader:
            return read_arms(reader)["m"]

    def keys(self) -> list[bytes]:
        with self.store.read() as reader:
            return [key for key, _ in reader.scan("arms")]


def lesson(number: int, action: str = SILENCE, meaning: str = "x", every: int = 1, width: int = 5) -> Lesson:
    return Lesson("m", action, packed(XS[number % 500, :width]), number % 4 == 0, meaning, every)


@given(st.lists(st.sampled_from(NAMES), max_size=40), st.integers(0, BORN_AT + 5), st.sampled_from([1, 3]), st.data())
def test_restarts_change_no_bit_of_what_is_learned(
    names: list[str], silent: int, every: int, data: st.DataObject
) -> None:
    lessons = [lesson(number, name, every=every) for number, name in enumerate(names)]
    lessons[len(names) // 2 : len(names) // 2] = [lesson(number, every=every) for number in range(silent)]
    if not lessons:
        return
    live, restarted = Keeper(), Keeper()
    live.teach(*lessons)
    at = data.draw(st.integers(0, len(lessons)))
    restarted.teach(*lessons[:at])
    restarted.restart()
    restarted.teach(*lessons[at:])
    assert same(live.memory.arms["m"], restarted.memory.arms["m"])
    assert same(live.stored(), restarted.stored())
    assert same(live.stored(), live.memory.arms["m"])


def test_another_meaning_deletes_the_old_records() -> None:
    keeper = Keeper()
    keeper.teach(*[lesson(number) for number in range(BORN_AT)], lesson(1, "a"), lesson(2, "b"))
    assert keeper.keys() == [b"m\0", b"m\0a", b"m\0b"]
    keeper.restart()
    keeper.teach(lesson(3, "c", meaning="y", width=3))
    assert keeper.keys() == [b"m\0", b"m\0c"]
    assert (keeper.stored().names, keeper.stored().width, len(keeper.stored().waiting["c"])) == ([SILENCE], 3, 1)


def test_only_what_changed_is_written() -> None:
    keeper = Keeper()
    keeper.teach(*[lesson(number) for number in range(BORN_AT)], lesson(1, "a"), lesson(2, "b"))
    arms = keeper.memory.arms["m"]
    _, changed = learn(arms, lesson(7, "b"))
    assert [key for key, _ in arm_records("m", arms, changed)] == [b"m\0b"]


# --- the board --------------------------------------------------------------------------------------------------------


def test_a_new_process_has_the_board_that_was_and_no_batch_writes_it() -> None:
    rig = Rig(
        plan_of(moment(holdout="50%", goal="{event: Order Completed, within: 30m, value: event.properties.revenue}"))
    )
    for number in range(30):
        rig.track("Asked For", f"p{number}")
        rig.track("Order Completed", f"p{number}", properties={"revenue": 10.0 + number})
    rig.pass_time(3_600_000)
    level = rig.memory.board.level("now")
    assert (len(level.means), level.worth, level.most > 0.0) == (2, 24.5, True)
    assert rig.reopened().board == rig.memory.board
    with rig.store.read() as reader:
        assert read_singles(reader).board.levels == {}
        assert read_singles(reader).board.version == rig.memory.board.version


SHAPES: dict[str, Callable[[], list[object]]] = {
    "pairs of rates": lambda: [7, ["moment:m"], {"m": [0.5, 0.25], "n": [0.0, 0.0]}],
    "levels": lambda: [7, ["moment:m"], {"m": [{"": [0.5, 0.25]}, 3.0, "full"]}],
    "nothing yet": lambda: [7, ["moment:m"], {}],
    "no levels": lambda: [7, ["moment:m"]],
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_board_of_any_version_opens(shape: str) -> None:
    store = MemoryStore()
    with store.write() as transaction:
        raw = msgspec.msgpack.encode([4, 2, 99, "plan", 1, "code", SHAPES[shape]()])
        transaction.put("meta", b"singles", raw)
    with store.read() as reader:
        singles = read_singles(reader)
    assert (singles.position, singles.code, singles.board.version) == (4, "code", 7)
    assert (singles.board.paused, singles.board.levels) == ({"moment:m"}, {})


def test_values_without_a_board_are_left_as_they_are() -> None:
    raw = msgspec.msgpack.encode([4, 2])
    assert upgrade.singles(raw) == raw


def test_a_failed_batch_leaves_nothing_of_its_lessons() -> None:
    rig = Rig(plan_of(moment(holdout="100%")))
    rig.track("Asked For")
    rig.pass_time(3_600_000)
    before, board = rig.arms(), rig.memory.board
    rig.memory.arms["now"].learn(0, np.ones(24, np.float32), 1.0)
    rig.memory.singles.board = msgspec.structs.replace(board, version=99)
    with rig.store.read() as reader:
        rig.memory.forget(reader)
    assert rig.memory.board == board
    assert {name: same(arms, before[name]) for name, arms in rig.memory.arms.items()} == dict.fromkeys(before, True)
