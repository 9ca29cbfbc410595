"""The policy that `journeyloop init` writes, by itself: no three messages about one cart, and none at night."""

from __future__ import annotations

from importlib.resources import files
from itertools import permutations

import pytest
from msgspec.structs import replace

from journeyloop.adapters.config.load import load
from journeyloop.model.inputs import Delivered
from tests.property.rig import HOUR, MINUTE, Rig, moment

CHANNELS = ("push", "email", "onpage")
DAYTIME = 1_782_900_000_000  # 2026-07-01, noon in Berlin
POLICY = (files("journeyloop.adapters.config") / "scaffold" / "policy.yaml").read_text()


def scaffolded() -> Rig:
    """Three moments about the cart, one on each channel, as if all three were connected."""
    texts = {"policy.yaml": POLICY}
    for channel in CHANNELS:
        content = f"[{{action: hello, channel: {channel}, content: {{title: Hello}}}}]"
        texts[f"moments/{channel}.yaml"] = moment(
            channel, topic="cart", detect=f"{{event: For {channel}}}", actions=content, purpose="service"
        )
    loaded = load(texts)
    assert loaded.plan is not None, loaded.problems
    policy = replace(loaded.plan.policy, holdout=0.0)
    return Rig(replace(loaded.plan, policy=policy, channels=dict.fromkeys(CHANNELS, "anybody")), start=DAYTIME)


@pytest.mark.parametrize("order", list(permutations(CHANNELS)))
@pytest.mark.parametrize("sent", [True, False])
def test_push_mail_and_banner_about_one_cart_inside_an_hour(order: tuple[str, ...], sent: bool) -> None:
    """Sent, or still waiting: one of the three, whichever comes first."""
    rig = scaffolded()
    for channel in order:
        rig.track(f"For {channel}", context={"timezone": "Europe/Berlin"})
        if sent and rig.made[-1].chosen:
            rig.apply(Delivered(rig.find().header.person, rig.made[-1].id, "sent"))
        rig.pass_time(29 * MINUTE if sent else MINUTE)
    chosen = [one.chosen is not None for one in rig.made]
    assert chosen == [True, False, False]


def test_an_hour_is_the_least_between_any_two() -> None:
    rig = scaffolded()
    for wait, expected in ((0, True), (HOUR - 1, False), (1, True), (HOUR, False)):
        rig.pass_time(wait)
        rig.track("For push", context={"timezone": "Europe/Berlin"})
        made = rig.made[-1]
        assert (made.chosen is not None) is expected, made.reason
        if made.chosen:
            rig.apply(Delivered(rig.find().header.person, made.id, "sent"))


@pytest.mark.parametrize(("channel", "silent"), [("push", True), ("email", True), ("onpage", False)])
def test_nobody_is_woken(channel: str, silent: bool) -> None:
    rig = scaffolded()
    rig.now += 12 * HOUR
    rig.track(f"For {channel}", context={"timezone": "Europe/Berlin"})
    assert (rig.made[-1].chosen is None) is silent
