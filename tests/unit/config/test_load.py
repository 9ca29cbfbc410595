"""The example files of the format load, and become what they say."""

from __future__ import annotations

import msgspec
import pytest

from journeyloop.adapters.config import Settings, load
from journeyloop.model.breaker import Breaker
from journeyloop.model.budget import Budget
from journeyloop.model.condition import Clauses
from journeyloop.model.hours import Hours, QuietHours
from journeyloop.model.moment import DAY, HOUR, MINUTE, Confirm, Hold, Limit, Moment, Present
from journeyloop.model.plan import Plan
from journeyloop.model.policy import Cap, Purpose
from tests.unit.config.examples import AUDIENCES, CHECKOUT, SMALL, SMALL_POLICY, full, small


def plan_of(texts: dict[str, str]) -> Plan:
    loaded = load(texts)
    assert loaded.plan is not None, "\n".join(map(str, loaded.problems))
    return loaded.plan


def moment_of(texts: dict[str, str]) -> Moment:
    (moment,) = plan_of(texts).moments.values()
    return moment


def warnings_of(texts: dict[str, str]) -> list[str]:
    return [str(problem) for problem in load(texts).problems]


def test_the_example_moment() -> None:
    moment = moment_of(full())
    assert (moment.name, moment.title) == ("checkout_stall", "Stalled at payment with the tab open")
    assert (moment.purpose, moment.topic, moment.owner) == ("marketing", "cart", "growth@example.com")
    assert moment.who.text == 'profile.country in ["DE", "AT"]'
    assert moment.starts == 1_796_083_200_000
    assert moment.confirm == Confirm(dwell=20_000, at_most=1, ignore_bots=True)
    assert moment.fresh == {"tier": 7 * DAY}
    assert (moment.holdout, moment.mode, moment.explore, moment.expires) == (0.1, "cautious", 0.05, 5 * MINUTE)
    assert [match.event for match in moment.cancel_on] == ["Order Completed", "Live Chat Started"]
    assert moment.unsupported == ()


def test_its_detection() -> None:
    detect = moment_of(full()).detect
    assert (detect.event, detect.by, detect.wait, detect.repeat) == (
        "Checkout Step Viewed",
        "checkout_id",
        3 * MINUTE,
        "restart",
    )
    assert [clause.text for clause in detect.where.clauses] == [
        "event.properties.step >= 3",
        "profile.cart_value >= 100.0",
    ]
    assert [match.event for match in detect.absent] == ["Order Completed"]
    assert detect.present == Present(page="/checkout*", visible=True, idle=MINUTE)


def test_its_goal_and_actions() -> None:
    moment = moment_of(full())
    goal = moment.goal
    assert (goal.event, goal.within, goal.margin, goal.currency) == ("Order Completed", 30 * MINUTE, 0.35, "EUR")
    assert goal.value == "event.properties.revenue"
    reassure, shipping = moment.actions
    assert reassure.content["button"] == {"label": "Continue", "url": "/checkout"}
    assert (reassure.channel, reassure.unsupported, reassure.limit) == ("onpage", (), None)
    assert (shipping.cost, shipping.gives, shipping.limit) == (0.0, 9.0, Limit(1, 90 * DAY))
    assert shipping.where.text == "profile.cart_value >= 300.0"
    assert shipping.unsupported == ()


def test_the_example_policy() -> None:
    policy = plan_of(full()).policy
    assert policy.purposes == {
        "marketing": Purpose("marketing", consent_required=True),
        "service": Purpose("service", consent_required=False),
    }
    assert policy.caps == (Cap(1, HOUR), Cap(2, 7 * DAY, channel="email"), Cap(1, DAY, topic="cart"))
    assert (policy.holdout, policy.priority) == (0.05, ("onpage", "push", "email", "sms"))
    assert policy.fallback
    assert policy.breaker == Breaker(200, 0.6)
    night = Hours(21 * 60, 8 * 60)
    assert policy.quiet_hours == QuietHours(night, frozenset({"sms", "push", "email"}))
    assert policy.budgets == (Budget("gives", 800.0, DAY),)


def test_what_this_version_does_not_honour_is_named() -> None:
    named = [text for text in warnings_of(full()) if "not yet supported: " in text]
    assert [text.replace("warning: not yet supported: ", "") for text in named] == []


def test_a_computed_trait_cannot_be_stale() -> None:
    texts = full() | {"audiences.yaml": "traits: {tier: {count: Page}}\n"}
    found = [str(problem) for problem in load(texts).problems]
    assert any(":17: error: fresh.traits.tier: remove it: a computed trait is never stale" in text for text in found)


def test_an_undeclared_fresh_trait_is_named_but_loads() -> None:
    texts = full() | {"audiences.yaml": AUDIENCES.replace("  tier: {type: string}\n", "")}
    assert moment_of(texts).fresh == {"tier": 7 * DAY}
    assert any(":17: warning: fresh.traits.tier: not a declared trait" in text for text in warnings_of(texts))


@pytest.mark.parametrize(
    ("detect", "kind"),
    [
        ("{friction: checkout, drop: 30%}", "friction"),
    ],
)
def test_a_later_kind_of_detection_is_named_and_its_moment_does_not_run(detect: str, kind: str) -> None:
    texts = small(SMALL.replace("detect:\n  event: Payment Failed", f"detect: {detect}"))
    assert plan_of(texts).moments == {}
    assert (
        f"moments/failed.yaml:3: warning: not yet supported: detect.{kind} (this moment does not run)"
        in warnings_of(texts)
    )


@pytest.mark.parametrize(
    ("detect", "event", "wait"),
    [
        ("{event: Payment Failed, where: event.properties.amount >= 50.0}", "Payment Failed", 0),
        ("{event: Checkout Started, absent: [Order Completed], for: 10m}", "Checkout Started", 10 * MINUTE),
    ],
)
def test_the_kinds_of_this_version(detect: str, event: str, wait: int) -> None:
    texts = small(SMALL.replace("detect:\n  event: Payment Failed", f"detect: {detect}"))
    moment = moment_of(texts)
    assert (moment.detect.event, moment.detect.wait) == (event, wait)
    assert warnings_of(texts) == []


def test_an_ask_is_indexed_by_its_placement_and_its_actions_belong_there() -> None:
    plan = plan_of(small(SMALL.replace("detect:\n  event: Payment Failed", "detect: {ask: home_hero}")))
    (moment,) = plan.by_ask["home_hero"]
    assert moment is plan.moment("failed")
    assert (moment.detect.ask, moment.actions[0].placement) == ("home_hero", "home_hero")
    assert list(plan.by_event) == ["Order Completed"]


def test_defaults() -> None:
    moment = moment_of(small())
    assert (moment.title, moment.topic, moment.mode, moment.holdout) == ("failed", "failed", "fixed", 0.0)
    assert moment.expires == 5 * MINUTE
    short = moment_of(small(SMALL.replace("within: 30m", "within: 2m")))
    assert short.expires == 2 * MINUTE, "an expiry nobody wrote never exceeds the window"


def test_an_ask_reads_what_its_asker_says_and_its_content_has_the_pages_words() -> None:
    asked = SMALL.replace(
        "detect:\n  event: Payment Failed", "detect: {ask: home_hero}\nwho: event.context.intent == 'x'"
    )
    (moment,) = plan_of(small(asked.replace("title: Can", "picture: large\n      title: Can"))).by_ask["home_hero"]
    assert moment.reader.event == (("context", "intent"),)
    assert moment.actions[0].content["picture"] == "large"
    assert "picture" in str(load(small(SMALL.replace("title: Can", "picture: large\n      title: Can"))).problems)


def test_present_true_asks_for_any_tab() -> None:
    assert (
        moment_of(small(SMALL.replace("Payment Failed", "Payment Failed\n  present: true"))).detect.present == Present()
    )
    without = moment_of(small(SMALL.replace("Payment Failed", "Payment Failed\n  present: false")))
    assert without.detect.present is None


def test_a_restricting_key_keeps_its_action_from_being_sent() -> None:
    restricted = SMALL + "    placement: sidebar\n"
    assert moment_of(small(restricted)).actions[0].unsupported == ("placement",)
    assert warnings_of(small(restricted)) == [
        "moments/failed.yaml:13: warning: not yet supported: actions.help.placement (only with detect.ask; "
        "this action is not sent)",
    ]


def test_a_coupon_names_its_pool() -> None:
    assert moment_of(small(SMALL + "    coupon: pool:welcome\n")).actions[0].coupon == "welcome"


QUIET = "purposes: {service: {consent: not_required}}\nquiet_hours: "


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("{from: 21:00, to: 08:00}", QuietHours(Hours(21 * 60, 8 * 60))),
        ("{from: 12:30, to: 13:00, zone: Europe/Berlin}", QuietHours(Hours(750, 780, "Europe/Berlin"))),
        ("{from: 21:00, to: 00:00, channels: [sms]}", QuietHours(Hours(21 * 60, 0), frozenset({"sms"}))),
    ],
)
def test_quiet_hours(written: str, expected: QuietHours) -> None:
    texts = small(policy=f"{QUIET}{written}\n")
    assert plan_of(texts).policy.quiet_hours == expected
    assert warnings_of(texts) == []


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{to: 08:00}", "quiet_hours.from: write a time of day, such as 21:00"),
        ("{from: 9pm, to: 08:00}", "quiet_hours.from: write a time of day"),
        ("{from: 24:00, to: 08:00}", "quiet_hours.from: write a time of day"),
        ("{from: 08:00, to: 08:00}", "quiet_hours.to: the same time as from"),
        ("{from: 21:00, to: 08:00, zone: Europe/Berln}", "no time zone is called Europe/Berln: did you mean Europe/Be"),
        ("{from: 21:00, to: 08:00, unknown_zone: ignore}", "quiet_hours.unknown_zone: unknown ignore"),
        ("{from: 21:00, to: 08:00, channels: []}", "quiet_hours.channels: write at least one channel"),
        ("{from: 21:00, to: 08:00, zones: person}", "unknown key quiet_hours.zones: did you mean zone?"),
        ("[21:00, 08:00]", "quiet_hours: write keys and values"),
    ],
)
def test_quiet_hours_that_mean_nothing_are_refused(written: str, message: str) -> None:
    loaded = load(small(policy=f"{QUIET}{written}\n"))
    assert loaded.plan is None
    assert any(message in str(problem) and "policy.yaml:2" in str(problem) for problem in loaded.problems)


@pytest.mark.parametrize(
    "written", ["{}", "{contacts_per_minute: 0}", "{contacts_per_minute: 1.5}", "{share_of_signals: 0.6}", "{per: 1}"]
)
def test_a_breaker_that_means_nothing_is_refused(written: str) -> None:
    loaded = load(small(policy=f"{SMALL_POLICY}breaker: {written}\n"))
    assert loaded.plan is None
    assert any("policy.yaml:2" in str(problem) and "breaker" in str(problem) for problem in loaded.problems)


@pytest.mark.parametrize(
    ("written", "closed"),
    [("09:00-18:00", Hours(18 * 60, 9 * 60)), ("22:00-06:30 Asia/Tokyo", Hours(390, 22 * 60, "Asia/Tokyo"))],
)
def test_an_action_is_closed_outside_its_hours(written: str, closed: Hours) -> None:
    assert moment_of(small(SMALL + f'    open: "{written}"\n')).actions[0].closed == closed


@pytest.mark.parametrize("written", ["9-18", "09:00", "09:00-09:00", "09:00-12:00-18:00", "09:00-18:00 Nowhere", "[1]"])
def test_hours_that_mean_nothing_are_refused(written: str) -> None:
    loaded = load(small(SMALL + f"    open: {written}\n"))
    assert loaded.plan is None
    assert any("actions.help.open" in str(problem) for problem in loaded.problems)


def test_another_channel_is_named_and_left_to_the_loop() -> None:
    texts = small(SMALL.replace("onpage", "email"))
    assert moment_of(texts).actions[0].channel == "email"
    assert plan_of(texts).channels == {"onpage": "page"}
    assert any(
        "failed.yaml:10: warning: actions.help.channel: channel_unavailable" in text for text in warnings_of(texts)
    )


# --- the index ------------------------------------------------------------------------------------------------------


def test_an_event_finds_all_its_listeners() -> None:
    plan = plan_of(full())
    assert set(plan.by_event) == {
        "Checkout Step Viewed", "Order Completed", "Live Chat Started", "Order Refunded", "Unsubscribed",
    }  # fmt: skip
    completed = plan.by_event["Order Completed"]
    assert [moment.name for moment in completed.goals] == ["checkout_stall"]
    assert [match.event for _, match in completed.absences] == ["Order Completed"]
    assert [match.event for _, match in completed.cancels] == ["Order Completed"]
    assert completed.arms == []


def test_the_reader_of_a_name_copies_every_path_its_listeners_read() -> None:
    listening = plan_of(full()).by_event["Checkout Step Viewed"]
    assert set(listening.reader.paths) == {
        ("event", "properties", "step"),
        ("profile", "cart_value"),
        ("profile", "country"),
    }
    assert set(listening.arms[0].reader.paths) == set(listening.reader.paths)


def test_a_path_only_tested_with_has_is_copied_too() -> None:
    where = "event: Payment Failed\n  where: has(event.properties.code) || session.events > 2"
    texts = small(SMALL.replace("event: Payment Failed", where))
    assert set(plan_of(texts).by_event["Payment Failed"].reader.paths) == {
        ("event", "properties", "code"),
        ("session", "events"),
    }


def test_conditions_of_absences_cancels_and_goals_are_read_at_their_own_events() -> None:
    text = SMALL.replace(
        "Payment Failed", "Payment Failed\n  absent: [{event: Paid, where: event.properties.full == true}]\n  for: 1m"
    )
    text = text.replace("within: 30m", "within: 30m\n  where: event.properties.total > 5.0")
    text += "cancel_on: [{event: Chat, where: event.properties.agent == 'x'}]\n"
    index = plan_of(small(text)).by_event
    assert index["Paid"].reader.paths == (("event", "properties", "full"),)
    assert index["Order Completed"].reader.paths == (("event", "properties", "total"),)
    assert index["Chat"].reader.paths == (("event", "properties", "agent"),)
    assert index["Payment Failed"].reader.paths == ()


def test_moments_stand_in_the_order_of_their_files() -> None:
    texts = {"policy.yaml": "purposes: {service: {consent: not_required}}"}
    texts |= {f"moments/{name}.yaml": SMALL.replace("failed", name) for name in ("b", "c", "a")}
    plan = plan_of(texts)
    assert list(plan.moments) == ["a", "b", "c"]
    assert [moment.name for moment in plan.by_event["Payment Failed"].arms] == ["a", "b", "c"]


# --- versions -------------------------------------------------------------------------------------------------------


def test_the_hash_is_of_what_decisions_depend_on() -> None:
    toml = '[server]\nhost = "127.0.0.1"\nport = 8080\n'
    first = plan_of(small(journeyloop=toml)).hash
    assert len(first) == 32
    assert int(first, 16) >= 0
    assert plan_of(small(journeyloop=toml)).hash == first
    assert plan_of(small(journeyloop=toml.replace("8080", "9090"))).hash == first, "where it listens decides nothing"
    assert plan_of(small(journeyloop='environment = "staging"\n' + toml)).hash != first
    assert plan_of(small(SMALL.replace("30m", "31m"), journeyloop=toml)).hash != first
    assert plan_of(small(policy=small()["policy.yaml"] + "holdout: 1%\n", journeyloop=toml)).hash != first
    assert plan_of(small(journeyloop=toml) | {"content/de.yaml": "failed: {}"}).hash != first


def test_a_plan_loads_again_from_its_own_texts() -> None:
    plan = plan_of(full())
    assert plan_of(plan.texts).hash == plan.hash


def test_a_detection_is_named_by_its_meaning() -> None:
    first = moment_of(full()).detect.hash
    same = CHECKOUT.replace("  repeat: restart\n", "").replace("for: 3m", "for: 180s")
    assert moment_of(full() | {"moments/checkout_stall.yaml": same}).detect.hash == first
    for old, new in (
        ("for: 3m", "for: 4m"),
        (">= 3 ", ">= 2 "),
        ("by: checkout_id", "by: order_id"),
        ("idle: 60s", "idle: 61s"),
    ):
        other = moment_of(full() | {"moments/checkout_stall.yaml": CHECKOUT.replace(old, new)}).detect.hash
        assert other != first, new


def test_a_moment_is_a_value() -> None:
    assert isinstance(moment_of(full()).who, Clauses)
    with pytest.raises(AttributeError):
        moment_of(full()).name = "other"  # type: ignore[misc]
    assert msgspec.structs.asdict(load(small()).settings) == msgspec.structs.asdict(Settings())


# --- what else a signal brings about ----------------------------------------------------------------------------------

ALSO = SMALL + "also:\n"


def test_a_hold() -> None:
    texts = small(
        ALSO + "  - {hold: [marketing, cart], for: 72h}\n",
        SMALL_POLICY.replace("{s", "{marketing: {consent: required}, s"),
    )
    assert moment_of(texts).holds == (Hold(("marketing", "cart"), 3 * DAY),)
    assert warnings_of(texts) == [
        "moments/failed.yaml:13: warning: also.hold: no moment has the topic, and no purpose is called, cart"
        ": write one of failed, marketing, service"
    ]


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("{hold: [marketing]}", "also.for: missing: write a duration"),
        ("{hold: marketing, for: 1h}", "also.hold: write a list"),
        ("{hold: [], for: 1h}", "also.hold: write topics or purposes"),
        ("{hold: [service], for: 1h}", "also.hold: service is its own: what it does would never be sent"),
        ("{hold: [failed], for: 1h}", "also.hold: failed is its own: what it does would never be sent"),
        ("{for: 1h}", "also.for: says nothing without hold"),
        ("{holds: [marketing], for: 1h}", "unknown key also.holds: did you mean hold?"),
    ],
)
def test_a_hold_that_means_nothing_is_refused(item: str, message: str) -> None:
    loaded = load(small(ALSO + f"  - {item}\n"))
    assert loaded.plan is None
    assert any(message in str(problem) and "failed.yaml:14" in str(problem) for problem in loaded.problems)
