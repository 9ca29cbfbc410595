"""The laws of what is learned, over random histories: the evidence is what the windows say, through merges and
restarts; everything ends; and the log folds to the arms as they are."""

from __future__ import annotations

from collections import defaultdict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from journeyloop.learn.evidence import score
from journeyloop.model import arm
from journeyloop.model.credits import Credit, Joined
from journeyloop.model.plan import Plan
from journeyloop.runtime import batch, records
from journeyloop.testing.windows import known
from tests.property.histories import finish
from tests.property.rig import DAY, HOUR, MINUTE, SECOND, Rig, action, moment, plan_of

Step = tuple[int, str, int, int]
WAITS = [0, 5 * SECOND, 4 * MINUTE, 20 * MINUTE, 2 * HOUR, DAY]
KINDS = ["ask"] * 5 + ["order"] * 3 + ["guard", "refund", "login", "login", "restart", "late", "plan"]
GOAL = (
    "{event: Order Completed, within: 30m, value: event.properties.revenue, revoked_by: {event: Refunded, within: 1d}}"
)
TWO = f"[{action('one')}, {action('two')}]"


def plan(within: str = "30m") -> Plan:
    goal = GOAL.replace("30m", within)
    one = moment("now", goal=goal, holdout="40%", learn="{mode: full}", actions=TWO, body="guard: [Complained]\n")
    two = moment("too", goal=GOAL, holdout="20%", learn="{mode: cautious, update_every: 2}")
    return plan_of(one, two, policy="holdout: 10%\n")


PLANS = (plan(), plan("40m"))


@pytest.fixture(autouse=True)
def quick_births(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arm, "BORN_AT", 3)
    monkeypatch.setattr("journeyloop.learn.worth.FEW", 2)


def history(seed: int, length: int = 60) -> list[Step]:
    chance = Random(seed)
    return [
        (chance.choice(WAITS), chance.choice(KINDS), chance.randrange(6), chance.randrange(3)) for _ in range(length)
    ]


class Books:
    """What the tune machine was told, kept as a list."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[Credit | Joined] = []
        kept = batch.tune

        def tune(tally: object, message: object, *more: object) -> object:
            if isinstance(message, (Credit, Joined)):
                self.told.append(message)
            return kept(tally, message, *more)  # type: ignore[arg-type]

        monkeypatch.setattr(batch, "tune", tune)


def play(steps: list[Step]) -> Rig:
    rig = Rig(PLANS[0])
    for wait, what, who, which in steps:
        rig.pass_time(wait)
        browser = f"b{who}"
        match what:
            case "ask":
                rig.track("Asked For", browser)
            case "order":
                rig.track("Order Completed", browser, properties={"revenue": [10.0, 25.0, 1e9][which]})
            case "late":
                rig.track("Order Completed", browser, ago=3 * MINUTE, properties={"revenue": 5.0})
            case "guard":
                rig.track("Complained", browser)
            case "refund":
                rig.track("Refunded", browser)
            case "login":
                rig.track("Identify", browser, user_id=f"u{which}" if who < 4 else f"v{which}")
            case "restart":
                rig.restart()
            case "plan":
                rig.change(PLANS[which % 2])
    return rig


seeds = st.integers(0, 1 << 32)


@settings(max_examples=30)
@given(seeds)
def test_the_log_folds_to_arms_and_outcomes(seed: int) -> None:
    rig = play(history(seed))
    found = rig.replayed()
    assert found.differences == []
    assert rig.reopened().board == rig.memory.board


@settings(max_examples=30)
@given(seeds)
def test_everything_ends_once_and_no_arm_knows_more_than_was_resolved(seed: int) -> None:
    rig = play(history(seed))
    finish(rig)
    for raw in rig.values("people"):
        header = records.decode_customer(raw).header
        assert (header.pending, header.deliveries, header.timers) == ([], [], {})
    outcomes = {(one.decision, one.moment): one for one in rig.outcomes()}
    assert outcomes.keys() == {(one.id, row.moment) for one in rig.made for row in one.rows}
    judged = sum(one.outcome != "void" for one in outcomes.values())
    refused = sum(
        count for name in ("now", "too") for key, count in rig.counts(name).items() if key.startswith("lessons")
    )
    assert sum(known(rig.arms()).values()) + refused <= judged


@settings(max_examples=30)
@given(seeds)
def test_five_numbers_of_each_measure_are_brute_force_through_merges(seed: int) -> None:
    """The clusters are the people as they are at the end, whoever joined whom with rows pending."""
    with pytest.MonkeyPatch.context() as patch:
        books = Books(patch)
        rig = play(history(seed))
        finish(rig)
    people = [
        header for raw in rig.values("people") if (header := records.decode_customer(raw).header).successor is None
    ]
    for name in ("now", "too"):
        tally = rig.tally(name)
        for measure, evidence in {"": tally.evidence, **tally.measures}.items():
            rows = [
                one for one in books.told if isinstance(one, Credit) and (one.moment, one.measure) == (name, measure)
            ]
            clusters = defaultdict(lambda: (0.0, 0))
            for header in people:
                key = f"{name}/{measure}" if measure else name
                if key in header.scores:
                    clusters[header.person] = header.scores[key]
            assert evidence.rows == len(rows) == sum(count for _, count in clusters.values())
            assert evidence.total == pytest.approx(sum(one.psi for one in rows))
            scale = max(1.0, evidence.squares)
            assert evidence.squares == pytest.approx(sum(s * s for s, _ in clusters.values()), abs=1e-9 * scale)
            assert evidence.cross == pytest.approx(sum(s * n for s, n in clusters.values()), abs=1e-6 * scale)
            assert evidence.sizes == sum(n * n for _, n in clusters.values())
            for group, treated in ((evidence.treated, True), (evidence.holdout, False)):
                ours = [one.y for one in rows if one.treated is treated]
                assert (group.rows, group.total) == (len(ours), pytest.approx(sum(ours)))


def test_a_score_is_unbiased_whatever_was_expected() -> None:
    """Over the draw of the arm, for each pair of outcomes, the mean score is their difference."""
    chance = Random(1)
    for _ in range(100):
        y1, y0, expected1, expected0 = (chance.uniform(-5, 5) for _ in range(4))
        share = chance.uniform(0.05, 0.95)
        mean = share * score(y1, True, share, expected1, expected0)
        mean += (1 - share) * score(y0, False, share, expected1, expected0)
        assert mean == pytest.approx(y1 - y0)


@settings(max_examples=30)
@given(seeds)
def test_arms_are_inherited_while_windows_are_open(seed: int) -> None:
    """Whoever is held out in one half is never contacted again, and a row whose halves differ is left out."""
    rig = play(history(seed))
    for raw in rig.values("people"):
        header = records.decode_customer(raw).header
        for row in header.pending:
            own = {header.arms.get("*"), header.arms.get(row.moment)}
            assert (row.arm == "mixed") == ("mixed" in own)
            if row.arm == "treated":
                assert own == {"treated"}
    for decision in rig.made:
        if decision.chosen:
            row = next(one for one in decision.rows if one.moment == decision.chosen[0])
            assert row.arm == "treated"
