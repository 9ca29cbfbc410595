"""A page while a tab is open, else the next channel; what waits is another candidate."""

from __future__ import annotations

import pytest

from journeyloop.model.inputs import TabClosed, TabOpened
from journeyloop.runtime.replay import repeats
from tests.property.rig import Rig, action, moment, plan_of

ORDER = "channels: {priority: [onpage, push, email], fallback: true}\n"
HOOK = '[channels.%s]\nkind = "webhook"\nurl = "https://example.com/%s"\nsecret = "SECRET"\n'
SETTINGS = "".join(HOOK % (name, name) for name in ("push", "email", "sms"))
WRITTEN = ("sms", "email", "onpage", "push")
FIRST = "priority: %s comes first"
NO_TAB = "unreachable: no tab is open"


def shop(*actions: str, policy: str = ORDER, **changes: str) -> Rig:
    actions = actions or tuple(action(name, channel=name) for name in WRITTEN)
    changes = {"goal": "{event: Order Completed, within: 2d}"} | changes
    return Rig(plan_of(moment(actions=f"[{', '.join(actions)}]", **changes), policy=policy, settings=SETTINGS))


def tab(rig: Rig, open_: bool = True) -> None:
    who = ("anonymous_id", "a1")
    rig.apply(TabOpened(who, 1) if open_ else TabClosed(who, 1, rig.now))


def verdicts(rig: Rig) -> dict[str, str]:
    rig.track("Asked For")
    assert repeats(rig.made[-1])
    return {one.action: one.verdict for one in rig.made[-1].candidates}


def test_the_page_comes_first_while_a_tab_is_open() -> None:
    rig = shop()
    tab(rig)
    later = FIRST % "onpage"
    assert verdicts(rig) == {"sms": later, "email": later, "onpage": "eligible", "push": later}
    assert rig.made[-1].chosen == ("now", "onpage")


@pytest.mark.parametrize("seen", [False, True])
def test_without_a_tab_the_next_does(seen: bool) -> None:
    rig = shop()
    if seen:
        tab(rig)
        tab(rig, open_=False)
    later = FIRST % "push"
    assert verdicts(rig) == {"sms": later, "email": later, "onpage": NO_TAB, "push": "eligible"}


def test_one_that_may_not_be_sent_does_not_come_first() -> None:
    """Push is capped away: then e-mail; what the order does not name comes last, as written."""
    none = "caps: [{per: person, channel: push, at_most: 0, within: 1h}]\n"
    assert verdicts(shop(policy=ORDER + none))["email"] == "eligible"
    both = "caps: [{per: person, channel: %s, at_most: 0, within: 1h}]\n"
    rig = shop(action("push", channel="push"), action("sms", channel="sms"), policy=ORDER + both % "push")
    assert verdicts(rig)["sms"] == "eligible"


def test_unnamed_channels_come_last_in_the_order_as_written() -> None:
    rig = shop(action("sms", channel="sms"), action("email", channel="email"), policy=ORDER.replace(", email", ""))
    assert verdicts(rig) == {"sms": "eligible", "email": FIRST % "sms"}


def test_two_of_the_first_channel_both_stay() -> None:
    rig = shop(*(action(name, channel="push") for name in ("one", "two")), action("mail", channel="email"))
    assert verdicts(rig) == {"one": "eligible", "two": "eligible", "mail": FIRST % "push"}


def test_what_waits_is_left_alone() -> None:
    """So that the loop can learn when; a page that waits may find a tab by then."""
    later = [action(f"later_{name}", ", after: 1h", name) for name in ("onpage", "email")]
    rig = shop(action("page"), action("mail", channel="email"), *later)
    tab(rig)
    expected = {"page": "eligible", "mail": FIRST % "onpage", "later_onpage": "eligible", "later_email": "eligible"}
    assert verdicts(rig) == expected
    rig = shop(action("page"), *later)
    assert verdicts(rig) == {"page": NO_TAB, "later_onpage": "eligible", "later_email": "eligible"}


def test_a_page_waits_for_a_tab_where_there_is_no_other_way() -> None:
    unknown = action("fax", channel="whatsapp")
    assert verdicts(shop(action("page"), unknown)) == {"page": "eligible", "fax": "channel_unavailable: whatsapp"}


def test_without_fallback_all_take_part() -> None:
    assert set(verdicts(shop(policy=ORDER.replace("true", "false"))).values()) == {"eligible"}


def test_each_moment_has_its_own_first_channel() -> None:
    """Which of two moments speaks is arbitrated, not decided by its channel."""
    both = [moment("one", actions=f"[{action('a', channel='email')}]"), moment("two", actions=f"[{action('b')}]")]
    rig = Rig(plan_of(*both, policy=ORDER, settings=SETTINGS))
    assert verdicts(rig) == {"a": "eligible", "b": "eligible"}
