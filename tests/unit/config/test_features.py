"""`learn.features`: what is declared becomes the numbers the arms see, and a mistake is named."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config import load
from journeyloop.model.feature import STANDARD, Feature
from tests.unit.config.examples import SMALL, small

AUDIENCES = "traits: {tier: {type: string}, points: {type: number}}\n"
CART = Feature(("profile", "cart_value"), "number", True, 6.0, present=True)
CATEGORY = ("event", "properties", "category")


def declared(features: str, head: str = SMALL) -> dict[str, str]:
    return small(f"{head}learn: {{mode: cautious, features: {features}}}\n", audiences=AUDIENCES)


def features_of(features: str) -> tuple[Feature, ...]:
    loaded = load(declared(features))
    assert loaded.plan is not None, loaded.problems
    return loaded.plan.moments["failed"].learning.features


@pytest.mark.parametrize(
    ("written", "feature"),
    [
        ("profile.cart_value", CART),
        ("{of: profile.cart_value, clip: 2}", Feature(CART.path, "number", True, 6.0, 2.0, present=True)),
        ("profile.country", Feature(("profile", "country"), "category", buckets=3)),
        ("profile.points", Feature(("profile", "points"))),
        (
            "{of: profile.points, as: number, log: true, scale: 6, clip: 4}",
            Feature(("profile", "points"), "number", True, 6.0, 4.0),
        ),
        ("{of: profile.tier, as: category, buckets: 4}", Feature(("profile", "tier"), "category", buckets=4)),
        ("{of: event.properties.category, as: category}", Feature(CATEGORY, "category")),
        ("session.events", next(one for one in STANDARD if one.path == ("session", "events"))),
        ("hour", Feature(("signal", "hour"), "hour")),
        ("{of: confidence}", Feature(("signal", "confidence"), present=True)),
    ],
)
def test_a_feature(written: str, feature: Feature) -> None:
    assert features_of(f"[{written}]") == (feature,)


def test_without_a_list_there_are_the_standard_ones_and_an_empty_list_is_the_bias_alone() -> None:
    loaded = load(small()).plan
    assert loaded is not None
    assert loaded.moments["failed"].learning.features == STANDARD
    assert features_of("[]") == ()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ("profile.cart_value", "learn.features: write a list"),
        ("[profile.cart_valu]", "learn.features[0].of: unknown name profile.cart_valu: did you mean cart_value?"),
        ("[profile.shoe_size]", "declare it in audiences.yaml"),
        ("[cart_value]", "unknown name cart_value: did you mean profile.cart_value?"),
        ("[hours]", "unknown name hours: did you mean hour?"),
        ("[event.propertys.x]", "unknown name event.propertys: did you mean properties?"),
        ("[event.properties]", "event.properties alone says nothing"),
        ("[profile]", "profile alone says nothing"),
        ("[{as: number}]", "learn.features[0].of: missing"),
        ("[{of: profile.points, as: numbers}]", "unknown numbers: did you mean number?"),
        ("[{of: profile.points, buckets: 3}]", "goes with `as: category`, and this is number"),
        ("[{of: profile.country, log: true}]", "goes with `as: number`, and this is category"),
        ("[{of: hour, as: category}]", "remove it: this is hour by itself"),
        ("[{of: profile.points, scale: 0}]", "learn.features[0].scale: 0 is not valid: write a number above 0"),
        ("[{of: profile.points, clip: -1}]", "a number above 0"),
        ("[{of: profile.tier, as: category, buckets: 40}]", "a whole number from 1 to 16"),
        ("[profile.points, {of: profile.points, log: true}]", "learn.features[1].of: this feature is there already"),
        ("[[hour]]", "learn.features[0]: write keys and values"),
        (
            "[{of: profile.tier, as: category, buckets: 16}, profile.country, hour, profile.points]",
            "learn.features: these take 26 slots with the bias, and an arm has 24",
        ),
    ],
)
def test_a_mistake(features: str, message: str) -> None:
    loaded = load(declared(features))
    assert loaded.plan is None
    assert any(one.line == 13 and message in one.message for one in loaded.problems), loaded.problems


def test_an_ask_has_no_event_to_read() -> None:
    asking = SMALL.replace("detect:\n  event: Payment Failed", "detect: {ask: home}\nowner: x")
    assert any("an ask carries no event" in one.message for one in load(declared("[event.name]", asking)).problems)


def test_other_features_are_another_meaning_and_the_same_ones_are_not() -> None:
    def meaning(features: str) -> str:
        plan = load(declared(features)).plan
        assert plan is not None
        return plan.moments["failed"].learning.meaning

    assert meaning("[hour, profile.points]") == meaning("[{of: hour}, {of: profile.points, scale: 1}]")
    assert len({meaning("[hour]"), meaning("[profile.points]"), meaning("[{of: profile.points, scale: 2}]")}) == 3
