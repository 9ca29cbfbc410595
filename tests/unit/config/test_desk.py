"""What a configuration says of the agent's desk: its channel, briefs, dispositions; and what it may not say."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config.load import load
from journeyloop.model.disposition import Disposition
from journeyloop.model.plan import Plan

DAY = 86_400_000
POLICY = "purposes: {marketing: {consent: required}, service: {consent: not_required}}\n"
DESK = '[channels.agent]\nkind = "desk"\n'
MOMENT = """moment: failed
purpose: service
detect: {event: Payment Failed}
goal: {event: Order Completed, within: 30m}
actions: [{action: call, channel: agent, content: {title: Call}}]
"""


def problems(moment: str = MOMENT, policy: str = POLICY, settings: str = DESK) -> list[str]:
    texts = {"moments/failed.yaml": moment, "policy.yaml": policy, "journeyloop.toml": settings}
    return [str(problem) for problem in load(texts).problems]


def plan(moment: str = MOMENT, policy: str = POLICY) -> Plan:
    loaded = load({"moments/failed.yaml": moment, "policy.yaml": policy, "journeyloop.toml": DESK})
    assert loaded.plan is not None, loaded.problems
    return loaded.plan


def test_a_desk_is_a_channel_like_any_other() -> None:
    assert problems() == []
    assert plan().channels["agent"] == "desk"
    assert any("channel_unavailable" in one for one in problems(settings=""))


@pytest.mark.parametrize("content", ["{body: Call}", "{title: Call, subject: no}", "{title: '{{ profile.nme }}'}"])
def test_its_content_is_checked(content: str) -> None:
    assert any(": error: " in one for one in problems(MOMENT.replace("{title: Call}", content)))


def test_what_an_agent_asks_is_answered_at_a_desk() -> None:
    asked = MOMENT.replace("{event: Payment Failed}", "{ask: agent}")
    assert problems(asked) == []
    assert plan(asked).moments["failed"].actions[0].placement == "agent"
    [told] = problems(asked.replace("channel: agent", "channel: onpage"))
    assert told.endswith("channel: an agent asks for this moment: write `channel: agent`")
    assert any("and [channels.agent]" in one for one in problems(asked, settings=""))


def test_a_brief_reads_the_profile_and_the_event() -> None:
    text = "{{ profile.orders }} orders, {{ event.properties.amount }}, {{ event.context.page.path }}"
    found = plan(MOMENT + f'also: [{{brief: agent, text: "{text}"}}, {{hold: [marketing], for: 2h}}]\n').moments[
        "failed"
    ]
    assert found.briefs == (text,)
    assert [one.names for one in found.holds] == [("marketing",)]
    assert {("properties", "amount"), ("context", "page", "path")} <= set(found.reader.event)


@pytest.mark.parametrize(
    ("also", "said"),
    [
        ("{brief: kim, text: Hello}", "also.brief: unknown kim"),
        ("{brief: agent}", "also.text: missing"),
        ("{text: Hello}", "also.text: says nothing without brief"),
        ('{brief: agent, text: "{{ profile.nme }}"}', "unknown name profile.nme"),
        ('{brief: agent, text: "{{ order.id }}"}', "unknown name order: messages read profile.* and event.*"),
        ('{brief: agent, text: "{{ profile.orders"}', "also.text: not a template"),
        ("{brief: [agent], text: Hello}", "also.brief: write a single value"),
    ],
)
def test_a_brief_that_says_nothing_is_refused(also: str, said: str) -> None:
    found = [one for one in problems(MOMENT + f"also: [{also}]\n") if ": error: " in one]
    assert len(found) == 1 and said in found[0], found


def test_dispositions_say_what_they_hold_and_release() -> None:
    text = (
        POLICY
        + "dispositions:\n  angry: {hold: [marketing, failed], for: 7d}\n  fine: {release: [marketing]}\n  met: {}\n"
    )
    assert problems(policy=text) == []
    assert plan(policy=text).policy.dispositions == {
        "angry": Disposition("angry", ("marketing", "failed"), 7 * DAY),
        "fine": Disposition("fine", release=("marketing",)),
        "met": Disposition("met"),
    }


@pytest.mark.parametrize(
    ("disposition", "said"),
    [
        ("angry: {hold: [marketing]}", "error: dispositions.angry.for: missing"),
        ("angry: {for: 7d}", "error: dispositions.angry.for: says nothing without hold"),
        (
            "angry: {hold: [marketing], for: 7d, release: [marketing]}",
            "error: dispositions.angry.release: marketing is held",
        ),
        ("angry: {hold: [marketng], for: 7d}", "warning: dispositions.angry: no moment has the topic"),
        ("angry: {holds: [marketing]}", "error: unknown key dispositions.angry.holds"),
        ("angry: marketing", "error: dispositions.angry: write keys and values"),
        ("very angry: {release: [marketing]}", "error: dispositions.very angry: write a name"),
    ],
)
def test_a_disposition_that_means_nothing_is_named(disposition: str, said: str) -> None:
    found = problems(policy=POLICY + f"dispositions:\n  {disposition}\n")
    assert any(said in one for one in found), found
