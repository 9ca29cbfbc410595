"""Reading audiences: counts, pages that neither miss nor repeat anybody, CSV that no spreadsheet runs."""

from __future__ import annotations

from typing import Any

from journeyloop.runtime import memberships
from tests.property.rig import STALL, Rig, plan_of

PLAN = plan_of(
    STALL,
    audiences="audiences: {buyers: {where: profile.orders > 0}, buyers2: {where: profile.orders > 1, push: 'http://a/'}}",
)


def shop(people: int) -> Rig:
    rig = Rig(PLAN)
    for number in range(people):
        rig.track("Order Completed", f"a{number}")
    rig.track("Order Completed", "a0", user_id="=1+1")
    return rig


def test_counts_and_conditions() -> None:
    with shop(3).store.read() as reader:
        assert memberships.audiences(reader, PLAN) == [
            {"audience": "buyers", "where": "profile.orders > 0", "members": 3, "push": False},
            {"audience": "buyers2", "where": "profile.orders > 1", "members": 1, "push": True},
        ]
        assert (memberships.known(PLAN, "buyers"), memberships.known(PLAN, "others")) == (True, False)


def test_pages_neither_miss_nor_repeat() -> None:
    rig = shop(7)
    with rig.store.read() as reader:
        whole = list(memberships.members(reader, "buyers"))
        seen: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            page = memberships.page(reader, "buyers", 3, bytes.fromhex(after))
            seen, after = seen + page["members"], page["next"]
    assert seen == whole
    assert len({one["person"] for one in whole}) == 7
    assert whole == sorted(whole, key=lambda one: one["person"])


def test_csv() -> None:
    with shop(2).store.read() as reader:
        head, *rows = "".join(memberships.as_csv(memberships.members(reader, "buyers2"))).splitlines()
    assert head == "person,since,user_id,email,phone,anonymous_id"
    assert [row.split(",")[2:] for row in rows] == [["'=1+1", "", "", "a0"]]
