"""Every mistake an author can make is named with file and line, and with what to write instead."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config import load
from tests.unit.config.examples import AUDIENCES, CHECKOUT, POLICY, SMALL, full, small

MOMENT = [
    # (what stands in the example, what the author wrote, the line, part of the message)
    ("moment: checkout_stall ", "moment: ' ' ", 1, "moment: "),
    ("moment: checkout_stall ", "moment: 42 ", 1, "moment: 42 is not valid"),
    ("purpose: marketing", "porpose: marketing", 3, "unknown key porpose: did you mean purpose?"),
    ("purpose: marketing", "porpose: marketing", 1, "purpose: missing"),
    ("purpose: marketing", "purpose: markting", 3, "no purpose markting: did you mean marketing?"),
    ("title: Stalled", "title: 7 #", 2, "title: 7 is not valid: write text"),
    ("from: 2026-12-01", "from: 1.12.2026", 7, "from: write a date such as 2026-12-01"),
    ("from: 2026-12-01", "from: 2026-12-01T08:00:00", 7, "with its zone"),
    ("who: profile.country", "who: profile.contry", 6, "unknown name profile.contry: did you mean country?"),
    ("who: profile.country", "who: profile.shoe_size", 6, "declare it in audiences.yaml"),
    ("who: profile.country", "who: profil.country", 6, "'profil.country': did you mean profile?"),
    ("who: profile.country", "who: event.propertys.x", 6, "unknown name event.propertys: did you mean properties?"),
    ("who: profile.country", "who: session.pages", 6, "unknown name session.pages"),
    ('who: profile.country in ["DE", "AT"]', "who: profile.cart_value", 6, None),
    ('who: profile.country in ["DE", "AT"]', "who: 1 + 1", 6, "is INT: write a comparison"),
    ('who: profile.country in ["DE", "AT"]', "who: profile == profile", 6, "profile alone says nothing"),
    ("step >= 3 &&", "step >= &&", 10, "detect.where, column 26: Syntax error"),
    ("step >= 3 &&", "step != 3 &&", 10, "write has(event.properties.step)"),
    ("step >= 3 &&", "step >= 3 && !(event.name == 'x') &&", 10, "write has(event.name)"),
    ("  event: Checkout Step Viewed\n", "", 9, "detect needs exactly one of"),
    ("  by: checkout_id", "  ask: home_hero", 9, "found event and ask"),
    ("  by: checkout_id", "  by: event.properties.checkout_id", 11, "for example checkout_id"),
    ("  by: checkout_id", "  bye: checkout_id", 11, "unknown key detect.bye: did you mean by?"),
    ("  by: checkout_id", "  within: 1h", 11, "detect.within: goes with count or sequence"),
    ("  absent: [Order Completed]\n", "", 12, "detect.for: write also what must not happen"),
    ("  for: 3m\n", "", 12, "detect.absent: write also how long"),
    ("for: 3m", "for: 3 minutes", 13, "detect.for: 3 minutes is not valid: write a duration such as 20s, 3m, 2h or 7d"),
    ("for: 3m", "for: 0s", 13, "longer than 0"),
    ("for: 3m", "for: 180", 13, "180 is not valid"),
    ("absent: [Order Completed]", "absent: Order Completed", 12, "detect.absent: write a list"),
    ("absent: [Order Completed]", "absent: []", 12, "write at least one event"),
    ("absent: [Order Completed]", "absent: [{event: X, were: 'true'}]", 12, "detect.absent.were: did you mean where?"),
    ("absent: [Order Completed]", "absent: [404]", 12, "write the name of an event"),
    ("repeat: restart", "repeat: restarts", 14, "unknown restarts: did you mean restart?"),
    ("idle: 60s", "idel: 60s", 15, "unknown key detect.present.idel: did you mean idle?"),
    ("visible: true", "visible: yes", 15, "yes is not valid: write true or false"),
    ("1 per session", "one per session", 16, "such as 1 per session"),
    ("1 per session", "1 per 7d", 16, "such as 1 per session"),
    ("bots: ignore", "bots: block", 16, "confirm.bots: unknown block"),
    ("dwell: 20s", "dwell: long", 16, "confirm.dwell: long is not valid"),
    ("{traits.tier: 7d}", "{traits.tier: week}", 17, "fresh.traits.tier: write a duration"),
    ("{traits.tier: 7d}", "{tier: 7d}", 17, "write traits.NAME"),
    ("within: 30m", "within: 4m", 20, "shorter than expires: windows open at the signal, write 5m or more"),
    ("  within: 30m\n", "", 19, "goal.within: missing"),
    ("value: event.properties.revenue", "value: revenue", 21, "such as event.properties.revenue"),
    ("margin: 0.35", "margin: 35%", 22, "goal.margin: 35% is not valid: write a number above 0"),
    ("margin: 0.35", "margin: .nan", 22, "goal.margin"),
    ("currency: EUR", "currency: euro", 23, "ISO 4217"),
    ("guard: ", "gard: ", 25, "unknown key gard: did you mean guard?"),
    ("holdout: 10%", "holdout: 110%", 26, "a percentage from 0% to 100%"),
    ("holdout: 10%", "holdout: 0.1", 26, "a percentage from 0% to 100%"),
    ("holdout: 10%", "holdout: -5%", 26, "a percentage from 0% to 100%"),
    ("holdout: 10%", "holdout:", 26, "write a single value"),
    ("mode: cautious", "mode: careful", 27, "learn.mode: unknown careful"),
    ("explore: 5%", "explore: high", 27, "learn.explore"),
    ("expires: 5m", "expires: 40m", 20, "write 40m or more"),
    ("action: reassure", "action: re assure", 31, "letters, digits, _ and -"),
    ("action: free_shipping", "action: reassure", 37, "a second action is called reassure"),
    ("      title: Your cart is saved\n", "      titel: Cart\n", 34, "content.titel: did you mean title?"),
    ("{label: Continue, url: /checkout}", "{label: Continue, url: 'javascript:alert(1)'}", 36, "write https://"),
    ("{label: Continue, url: /checkout}", "{label: Continue, url: //evil.example}", 36, "write https://"),
    ("{label: Continue, url: /checkout}", "{label: Continue, url: '/{{ profile.page }}'}", 36, "write https://"),
    ("{label: Continue, url: /checkout}", "{label: Continue}", 36, "button.url: missing"),
    ("default('there') }}", "default('there' }}", 35, "actions.reassure.content.body: not a template"),
    ("profile.first_name |", "profile.frist_name |", 35, "unknown name profile.frist_name: did you mean first_name?"),
    ("profile.first_name |", "event.name |", 35, "unknown name event: messages read profile.*"),
    ("| default('there')", "| defualt('there')", 35, "No filter named 'defualt'"),
    ("| default('there') }}", "}}{% include 'a' %}", 35, "a message is one template"),
    ("| default('there')", "", 35, "profile.first_name without a default"),
    ("limit: 1 per 90d", "limit: once", 42, "such as 1 per 90d"),
    ("limit: 1 per 90d", "limit: 1 per session", 42, "such as 1 per 90d"),
    ("cost: 0.0", "cost: free", 40, "actions.free_shipping.cost: free is not valid: write a number of 0 or more"),
    ("cost: 0.0", "cost: -1", 40, "a number of 0 or more"),
    ("cost: 0.0", "weight: .inf", 40, "weight"),
    ("cost: 0.0", "prise: 1", 40, "unknown key actions[1].prise"),
    ("cost: 0.0", "placement: home", 40, "only with detect.ask"),
    ("  - {brief: agent,", "  - {breif: agent,", 45, "unknown key also.breif: did you mean brief?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "message"), MOMENT)
def test_a_mistake_in_a_moment(old: str, new: str, line: int, message: str | None) -> None:
    assert CHECKOUT.count(old) >= 1
    loaded = load(full() | {"moments/checkout_stall.yaml": CHECKOUT.replace(old, new, 1)})
    here = [one for one in loaded.problems if one.file == "moments/checkout_stall.yaml"]
    added = {(one.line, one.message) for one in here} - BASELINE
    if message is None:
        assert not added
        return
    assert any(at == line and message in text for at, text in added), added
    assert (loaded.plan is None) == any(one.level == "error" for one in loaded.problems)


BASELINE = {(one.line, one.message) for one in load(full()).problems if one.file.startswith("moments/")}


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("consent: required", "consent: yes", 1, "purposes.marketing.consent: unknown yes"),
        ("{marketing: {consent: required}, service: {consent: not_required}}", "{}", 1, "write at least one"),
        ("holdout: 5%", "reported: [{event: Sent, channel: email, topik: a}]", 2, "did you mean topic?"),
        ("holdout: 5%", "reported: [{event: Sent}]", 2, "channel: missing"),
        (
            "holdout: 5%",
            "reported: [{event: Sent, channel: emial}]",
            2,
            "called emial: did you mean email?",
        ),
        (
            "holdout: 5%",
            "reported: [{event: Sent, channel: email, topic: about}]",
            2,
            "such as properties.campaign_topic",
        ),
        ("holdout: 5%", "reported: Sent", 2, "reported: write a list"),
        ("fallback: true", "fallback: maybe", 8, "channels.fallback: maybe is not valid: write true or false"),
        ("holdout: 5%", "hold_out: 5%", 2, "unknown key hold_out: did you mean holdout?"),
        ("holdout: 5%", "holdout: 500%", 2, "a percentage"),
        (
            "per: person, at_most: 1, within: 1h",
            "per: session, at_most: 1, within: 1h",
            4,
            "caps[0].per: unknown session",
        ),
        ("per: person, at_most: 1, within: 1h", "per: person, within: 1h", 4, "caps[0].at_most: missing"),
        ("at_most: 2, within: 7d", "at_most: -2, within: 7d", 5, "caps[1].at_most: -2 is not valid"),
        ("at_most: 2, within: 7d", "at_most: 2, within: a week", 5, "caps[1].within: a week is not valid"),
        ("channel: email", "channel: emial", 5, "called emial: did you mean email?"),
        ("topic: cart", "topic: carts", 6, "no moment has the topic carts: did you mean cart?"),
        ("topic: cart", "moment: checkout", 6, "no moment has the moment checkout: did you mean checkout_stall?"),
        ("of: gives", "of: gift", 9, "budgets[0].of: unknown gift: write one of contacts, cost, gives"),
        ("at_most: 800.0, ", "", 9, "budgets[0].at_most: missing"),
        ("at_most: 800.0", "at_most: -1", 9, "budgets[0].at_most: -1 is not valid: write a number of 0 or more"),
        ("at_most: 800.0, within: 1d", "at_most: 800.0, within: 1 day", 9, "budgets[0].within"),
        ("[{of: gives,", "[{of: gives, at_most: 1.0, within: 1h}, {of: gives,", 9, "a second budget of gives"),
        ("[onpage, push", "[onpag, push", 8, "no channel is called onpag: did you mean onpage?"),
        ("channels: {", "channels: {fall_back: false, ", 8, "unknown key channels.fall_back: did you mean fallback?"),
    ],
)
def test_a_mistake_in_the_policy(old: str, new: str, line: int, message: str) -> None:
    assert old in POLICY
    found = load(full() | {"policy.yaml": POLICY.replace(old, new, 1)}).problems
    assert any(one.file == "policy.yaml" and one.line == line and message in one.message for one in found), found


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("type: string", "type: text", 2, "traits.tier.type: unknown text"),
        ("type: string", "typ: string", 2, "unknown key traits.tier.typ: did you mean type?"),
        ("tier: {", "cart_value: {", 2, "profile.cart_value is built in"),
        ("tier: {", "my-tier: {", 2, "snake_case"),
        ("tier: {type: string}", "tier: string", 2, "traits.tier: write keys and values"),
        ("audiences:", "audience:", 5, "unknown key audience: did you mean audiences?"),
        ("{where:", "{were:", 6, "unknown key audiences.high_spenders.were: did you mean where?"),
    ],
)
def test_a_mistake_in_the_audiences(old: str, new: str, line: int, message: str) -> None:
    found = load(full() | {"audiences.yaml": AUDIENCES.replace(old, new, 1)}).problems
    assert any(one.file == "audiences.yaml" and one.line == line and message in one.message for one in found), found


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ('enviroment = "x"', 1, "unknown key enviroment: did you mean environment?"),
        ('[server]\nhost = "x"\nprot = 1', 3, "unknown key server.prot: did you mean port?"),
        (
            '[server]\nhost = "x"\n\nport = 70000',
            4,
            "server.port: 70000 is not valid: write a whole number from 0 to 65535",
        ),
        ("[server]\nport = true", 2, "server.port"),
        ('[server]\nallowed_origins = ["shop.example"]', 2, "is no origin"),
        ('[store]\ndurability = "fast"', 2, "store.durability: unknown fast"),
        ("[server]\nhost = 1979-05-27", 2, "server.host"),
        ("a = 1\nb = = 2", 2, "not TOML"),
        ("x = " + "[" * 20_000, 1, "not TOML"),
        ("server = 3", 1, "server: write keys and values"),
    ],
)
def test_a_mistake_in_the_settings(text: str, line: int, message: str) -> None:
    loaded = load(small(journeyloop=text))
    assert loaded.plan is None
    found = loaded.problems
    assert any(one.file == "journeyloop.toml" and one.line == line and message in one.message for one in found), found


def ask(text: str) -> str:
    return SMALL.replace("detect:\n  event: Payment Failed", text)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (ask("detect: {ask: home, for: 3m}"), 3, "detect.for: goes with event, not with ask"),
        (ask("detect: {ask: home}\nwho: event.properties.x == 1"), 4, "an ask carries no event"),
        (ask("detect: {ask: home}\nconfirm: {dwell: 5s}"), 4, "confirm: dwell waits, and an ask is answered at once"),
        (ask("detect: {ask: home}") + "    placement: other", 12, "write `placement: home`"),
        (ask("detect: {ask: home}").replace("onpage", "email"), 9, "write `channel: onpage`"),
        (
            SMALL.replace("Payment Failed", "Payment Failed\n  repeat: keep"),
            5,
            "detect.repeat: says nothing without waiting",
        ),
        (
            SMALL.replace("Payment Failed", "Payment Failed\n  by: order_id"),
            5,
            "detect.by: says nothing without waiting",
        ),
        (SMALL.partition("actions:")[0], 1, "actions: write at least one"),
        (SMALL.partition("    content:")[0], 9, "actions.help.content: missing"),
        (SMALL.replace("title: Can we help?", "style: popup"), 12, "content.style: unknown popup"),
        (SMALL.replace("title: Can we help?", "style: banner"), 12, "write a title or a body"),
        (SMALL.replace("title: Can we help?", "title: [a]"), 12, "content.title: write a single value"),
        (SMALL.replace("detect:\n  event: Payment Failed\n", ""), 1, "detect: missing"),
        (SMALL.partition("goal:")[0] + "actions:" + SMALL.partition("actions:")[2], 1, "goal: missing"),
        (SMALL.replace("title: Can we help?", "title: |\n        Hello\n        {% if %}"), 14, "not a template"),
    ],
)
def test_a_mistake_in_a_small_moment(text: str, line: int, message: str) -> None:
    found = load(small(text)).problems
    assert any(one.line == line and one.level == "error" and message in one.message for one in found), found


def test_no_policy() -> None:
    loaded = load({})
    assert loaded.plan is None
    assert [str(one) for one in loaded.problems] == [
        "policy.yaml:1: error: missing: write `purposes: {marketing: {consent: required}}`"
    ]


def test_two_moments_of_one_name() -> None:
    loaded = load(small() | {"moments/later.yaml": SMALL})
    assert loaded.plan is None
    assert [str(one) for one in loaded.problems] == [
        "moments/later.yaml:1: error: moment: failed is already in moments/failed.yaml: choose another name"
    ]


def test_a_file_of_another_name_is_pointed_out() -> None:
    loaded = load({"moments/old.yaml": SMALL, "policy.yaml": small()["policy.yaml"]})
    assert loaded.plan is not None
    assert "moments/old.yaml:1: warning: moment: the file is called old" in str(loaded.problems[0])


def test_files_that_would_be_overlooked_are_named() -> None:
    loaded = load(small() | {"moments/x.yml": SMALL, "content/de.yml": "failed: {}"})
    assert [str(one) for one in loaded.problems] == [
        "content/de.yml:1: error: not read: rename it to content/de.yaml",
        "moments/x.yml:1: error: not read: rename it to moments/x.yaml",
    ]


def test_the_good_moments_of_a_broken_directory_are_still_checked() -> None:
    loaded = load(small(policy="purposes: [") | {"moments/b.yaml": SMALL.replace("30m", "soon")})
    assert {one.file for one in loaded.problems} >= {"policy.yaml", "moments/b.yaml"}


def test_a_condition_in_a_block_is_named_by_the_line_of_its_text() -> None:
    found = load(small(SMALL + "who: |\n  profile.contry == 'DE'\n")).problems
    assert [(one.line, one.message.partition(":")[0]) for one in found] == [(14, "who, column 1")]
