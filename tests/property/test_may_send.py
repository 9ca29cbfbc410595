"""May-send answers what our own send would be told: in any state, no exactly where the look before a send refuses for a
reason of the policy. And the policy that `init` writes leaves one message an hour, whoever sends it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from journeyloop.act.deliver import _refusal
from journeyloop.adapters.config.load import load
from journeyloop.decide.permission import Permission, Wanted, may_send
from journeyloop.model.customer import Contact, Customer
from journeyloop.model.decision import Delivery
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import ConsentStated, Delivered, Held, Outcome, Paused, TabOpened
from journeyloop.runtime.permission import Message, permissions
from tests.property.rig import DAY, HOUR, MINUTE, Rig, action, moment, plan_of

NOON = 1_782_900_000_000  # 2026-07-01, noon in Berlin
CHANNELS = ("onpage", "push", "email")
ANYBODY = dict.fromkeys(CHANNELS, "anybody")
POLICY = """\
caps:
  - {per: person, at_most: 2, within: 1h}
  - {per: person, topic: cart, at_most: 1, within: 24h}
  - {per: person, channel: email, at_most: 1, within: 6h}
quiet_hours: {from: "21:00", to: "08:00", channels: [push, email]}
"""


def shop() -> Rig:
    """A moment for each purpose, topic and channel, on an event of its own."""
    moments = [
        moment(
            f"{purpose}_{topic}_{channel}", purpose=purpose, topic=topic, holdout="20%",
            detect=f"{{event: {purpose} {topic} {channel}}}", actions=f"[{action(channel=channel)}]",
        )
        for purpose in ("marketing", "service") for topic in ("cart", "news") for channel in CHANNELS
    ]  # fmt: skip
    plan = plan_of(*moments, policy=POLICY + "holdout: 20%\n")
    return Rig(replace(plan, channels=ANYBODY), start=NOON)


who = ("anonymous_id", "a1")
PURPOSES, TOPICS = st.sampled_from(["marketing", "service"]), st.sampled_from(["cart", "news"])
OVER = st.sampled_from(CHANNELS)
NAMES = {"push": "Push Notification Sent", "email": "Email Sent", "onpage": "Email Delivered"}
Step = Callable[[Rig], None]


def consented(purpose: str, channel: str | None, granted: bool) -> Step:
    about = f"{purpose}/{channel}" if channel else purpose
    return lambda rig: rig.apply(ConsentStated(who, {about: granted}, rig.now, "server"))


def held(name: str, length: int) -> Step:
    return lambda rig: rig.apply(Held(who, [name], rig.now + length))


def fired(purpose: str, topic: str, channel: str) -> Step:
    def step(rig: Rig) -> None:
        rig.track(f"{purpose} {topic} {channel}", context={"timezone": "Europe/Berlin"})
        rig.apply(TabOpened(who, 1))
        for delivery in rig.find().header.deliveries:
            rig.apply(Delivered(rig.find().header.person, delivery.decision, "sent"))

    return step


def dismissed(rig: Rig) -> None:
    for delivery in rig.find().header.deliveries[-1:]:
        rig.apply(Outcome(rig.find().header.person, delivery.decision, "dismissed"))


STEPS = st.lists(
    st.one_of(
        st.builds(consented, PURPOSES, st.none() | OVER, st.booleans()),
        st.builds(held, PURPOSES | TOPICS, st.integers(MINUTE, 3 * DAY)),
        st.builds(fired, PURPOSES, TOPICS, OVER),
        st.builds(lambda topic, over: lambda rig: rig.track(NAMES[over], properties={"topic": topic}), TOPICS, OVER),
        st.builds(lambda scope, on: lambda rig: rig.apply(Paused(scope, on)),
                  st.sampled_from(["all", "channel:email"]), st.booleans()),
        st.builds(lambda length: lambda rig: rig.pass_time(length), st.integers(0, 14 * HOUR)),
        st.just(dismissed),
    ),
    max_size=8,
)  # fmt: skip


def frame(rig: Rig, at: int | None = None) -> Frame:
    return Frame(rig.now if at is None else at, rig.plan, rig.memory.board, rig.secret, 1, rig.now)


def asked(rig: Rig, customer: Customer, purpose: str, topic: str, channel: str, at: int | None = None) -> Permission:
    return may_send(customer, Wanted(purpose, channel, topic), frame(rig, at))


def told_ours(
    rig: Rig, customer: Customer, purpose: str, topic: str, channel: str, at: int | None = None
) -> str | None:
    """What a message of ours would be told that is about to leave, its moment's own holdout apart."""
    name, here = f"{purpose}_{topic}_{channel}", frame(rig, at)
    delivery = Delivery(b"d" * 16, name, "hello", topic, channel, "due", here.now + HOUR, here.now)
    customer.header.arms = {**customer.header.arms, name: "treated"}
    return _refusal(customer, delivery, here)


@given(STEPS, PURPOSES, TOPICS, OVER)
def test_may_send_says_what_our_own_send_would_be_told(
    steps: list[Step], purpose: str, topic: str, channel: str
) -> None:
    rig = shop()
    rig.track("Page", context={"timezone": "Europe/Berlin"})
    for step in steps:
        step(rig)
    before = rig.state()
    with rig.store.read() as reader:
        message = Message(who, channel, topic, purpose)
        [told] = permissions(reader, rig.secret, rig.plan, rig.memory.board, [message], rig.now)
    assert rig.state() == before, "asking changes nothing"
    customer = rig.find()
    found = asked(rig, customer, purpose, topic, channel)
    assert told == {"may_send": not found.reasons, "reasons": found.reasons, "until": found.until}
    if "*" not in customer.header.arms:  # asking draws nothing; a signal would have
        rig.track(f"{purpose} {topic} {channel}")
        customer.header.arms = {"*": rig.find().header.arms["*"]}
    ours = told_ours(rig, customer, purpose, topic, channel)
    assert (ours is None) == (found.reasons == []), (ours, found)
    assert ours is None or ours in found.reasons
    if found.until is not None:
        assert found.until > rig.now
        assert told_ours(rig, customer, purpose, topic, channel, found.until) is None
        assert told_ours(rig, customer, purpose, topic, channel, found.until - 1) is not None


DEFAULT = (files("journeyloop.adapters.config") / "scaffold" / "policy.yaml").read_text()


def default_shop() -> Rig:
    texts = {"policy.yaml": DEFAULT} | {
        f"moments/{one}.yaml": moment(
            one, topic="cart", detect=f"{{event: For {one}}}", actions=f"[{action(channel=one)}]", purpose="service"
        )
        for one in CHANNELS
    }
    plan = load(texts).plan
    assert plan is not None
    return Rig(replace(plan, policy=replace(plan.policy, holdout=0.0), channels=ANYBODY), start=NOON)


CART = st.tuples(
    st.sampled_from(["onpage", "push", "email", "tab", "sent", "theirs"]), st.integers(0, 40 * MINUTE)
)  # fmt: skip


@given(st.lists(CART, max_size=14))
def test_the_default_policy_alone_leaves_one_message_an_hour_about_a_cart(steps: list[tuple[str, int]]) -> None:
    """Push, e-mail and banner, all connected and all reachable, in any order and at any time; and a tool that asks."""
    rig = default_shop()
    rig.track("Page", context={"timezone": "Europe/Berlin"})
    for what, wait in steps:
        if what == "tab":
            rig.apply(TabOpened(who, 1))
        elif what == "theirs":
            if not asked(rig, rig.find(), "service", "cart", "email").reasons:
                rig.track("Email Sent", properties={"topic": "cart"})
        elif what == "sent":
            for one in rig.find().header.deliveries:
                rig.apply(Delivered(rig.find().header.person, one.decision, "sent"))
        else:
            rig.track(f"For {what}")
        rig.pass_time(wait)
        held = sorted(one.at for one in contacts(rig))
        assert all(later - at >= HOUR for at, later in pairwise(held)), held
        assert all(sum(abs(at - other) < DAY for other in held if other >= at) <= 2 for at in held), held


def contacts(rig: Rig) -> list[Contact]:
    return rig.find().header.contacts
