"""A store against a plain dict: hypothesis searches for operations after which the two differ.

Part of the store contract; needs hypothesis, a development dependency.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from journeyloop.runtime.ports import Reader, Store

KEYS = st.binary(min_size=1, max_size=3) | st.binary(min_size=1, max_size=511)
BOUNDS = st.binary(max_size=3)
PAIRS = st.dictionaries(KEYS, st.binary(max_size=8), max_size=8)
EFFORT = settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))


def check_against_a_dictionary(open_store: Callable[[], Store]) -> None:
    """Run the search; every example opens an empty store of its own."""

    class Machine(StoreMachine):
        def __init__(self) -> None:
            super().__init__(open_store())

    run_state_machine_as_test(Machine, settings=EFFORT)


class StoreMachine(RuleBasedStateMachine):
    """Transactions of random operations against a store and a dict; snapshots taken on the way must keep their view."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.committed: dict[bytes, bytes] = {}
        self.views: list[tuple[Reader, dict[bytes, bytes]]] = []
        self.contexts = ExitStack()

    @rule(puts=PAIRS, many=PAIRS, deletes=st.lists(KEYS, max_size=4), pick=st.integers(0, 99), fails=st.booleans())
    def transaction(
        self, puts: dict[bytes, bytes], many: dict[bytes, bytes], deletes: list[bytes], pick: int, fails: bool
    ) -> None:
        deletes = deletes + sorted(self.committed)[pick : pick + 1]
        expected = {**self.committed, **puts, **many}
        try:
            with self.store.write() as tx:
                for key, value in puts.items():
                    tx.put("people", key, value)
                tx.put_many("people", many.items())
                for key in deletes:
                    tx.delete("people", key)
                    expected.pop(key, None)
                assert dict(tx.scan("people")) == expected
                if fails:
                    raise ZeroDivisionError
        except ZeroDivisionError:
            return
        self.committed = expected

    @rule(start=BOUNDS, stop=st.none() | BOUNDS, reverse=st.booleans())
    def scan(self, start: bytes, stop: bytes | None, reverse: bool) -> None:
        within = [pair for pair in self.committed.items() if start <= pair[0] and (stop is None or pair[0] < stop)]
        with self.store.read() as reader:
            assert list(reader.scan("people", start, stop, reverse)) == sorted(within, reverse=reverse)

    @rule()
    def snapshot(self) -> None:
        if len(self.views) < 4:
            self.views.append((self.contexts.enter_context(self.store.read()), self.committed))

    @invariant()
    def snapshots_keep_their_view(self) -> None:
        for reader, view in self.views:
            assert list(reader.scan("people")) == sorted(view.items())

    def teardown(self) -> None:
        self.contexts.close()
        self.store.close()
