"""What two had seen of a sequence or count, once they are one: the same whoever takes in whom."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from journeyloop.interpret.merge import HEADER

times = st.integers(1, 9)
counts = st.tuples(st.integers(0, 1), st.lists(times, max_size=4)).map(lambda one: [one[0], *sorted(one[1])])
starts = st.lists(st.integers(0, 9), min_size=2, max_size=2)
progress = st.dictionaries(st.sampled_from(["count/m/h/", "count/m/h/x"]), counts).flatmap(
    lambda some: st.dictionaries(st.sampled_from(["sequence/n/h/", "sequence/n/h/x"]), starts).map(
        lambda others: {**some, **others}
    )
)
merge = HEADER["progress"]


@given(progress, progress, progress)
def test_the_order_of_merges_does_not_matter(
    one: dict[str, list[int]], two: dict[str, list[int]], three: dict[str, list[int]]
) -> None:
    assert list(merge(one, two).items()) == list(merge(two, one).items())
    assert merge(merge(one, two), three) == merge(one, merge(two, three))


def test_what_merges_how() -> None:
    mine = {"count/m/h/": [0, 1, 5], "sequence/n/h/": [4, 0]}
    theirs = {"count/m/h/": [1, 3], "sequence/n/h/": [2, 1], "count/m/h/x": [0, 7]}
    assert merge(mine, theirs) == {"count/m/h/": [1, 1, 3, 5], "sequence/n/h/": [4, 1], "count/m/h/x": [0, 7]}
