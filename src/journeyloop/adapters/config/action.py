"""The `actions` of a moment → Action: what could be done, and through which channel."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, cast

from msgspec import Struct

from journeyloop.adapters.config.conditions import Names, read_condition
from journeyloop.adapters.config.hours import read_open
from journeyloop.adapters.config.notation import next_time, rate
from journeyloop.adapters.config.report import suggestion
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.templates import check_templates
from journeyloop.adapters.config.tree import Scalar, plain
from journeyloop.model.brief import AGENT
from journeyloop.model.duration import duration
from journeyloop.model.moment import Action, Delay, Done, Limit, Unless
from journeyloop.model.reach import CHANNELS, DESK, ONPAGE
from journeyloop.runtime.channels import SHAPES, Connection, Shape

KEYS = (
    "action", "channel", "content", "where", "placement", "cost", "gives", "weight", "limit", "after", "unless",
    "value", "versus", "open", "coupon",
)  # fmt: skip
ON_PAGE = ("title", "body", "button", "style")
_POOL = re.compile(r"pool:([a-z0-9][a-z0-9_-]{0,39})")
_UNLESS = re.compile(r"(seen|clicked|dismissed)\(\s*([A-Za-z0-9_-]+)\s*\)")
_URL = re.compile(r"https?://[A-Za-z0-9\[][^\\\s]*|/|/[^/\\{\s][^\\\s]*")


class Surroundings(Struct, frozen=True):
    """What the rest of the configuration says about every action of a moment. `ask` is the moment's placement,
    `channels` are those that are configured beside the page."""

    names: Names
    ask: str | None
    channels: dict[str, Connection]


def read_actions(moment: Section, around: Surroundings) -> tuple[Action, ...]:
    """The actions in the order of the file, which mode `fixed` follows."""
    actions: list[Action] = []
    sections: list[Section] = []
    for number, item in enumerate(moment.items("actions")):
        section = as_section(item, f"actions[{number}]", moment.report, KEYS)
        if section is None:
            continue
        action = _action(section, around)
        if any(action.name == other.name for other in actions):
            section.error("action", f"a second action is called {action.name}: arms belong to names, choose another")
        actions.append(action)
        sections.append(section)
    for section, action in zip(sections, actions, strict=True):
        _check_named(section, action, {one.name: one for one in actions})
    return tuple(actions)


def _action(section: Section, around: Surroundings) -> Action:
    name = section.identifier("action", "reassure")
    section.path = f"actions.{name}" if name else section.path
    channel, gives, cost = (
        section.text("channel", example="onpage"),
        section.number("gives", 0.0),
        section.number("cost", 0.0),
    )
    _check_channel(section, channel, around)
    return Action(
        name=name,
        channel=channel,
        content=_content(section, channel, around),
        where=read_condition(section, "where", around.names),
        placement=section.text("placement") if "placement" in section else around.ask,
        cost=cost,
        gives=gives,
        weight=section.number("weight", 1.0),
        limit=_limit(section),
        after=_after(section, around.ask),
        unless=_unless(section),
        value=section.number("value", 0.0) if "value" in section else None,
        versus=section.text("versus", example="next_day_email") if "versus" in section else None,
        unsupported=_unsupported(section, channel, around.ask),
        closed=read_open(section),
        coupon=_coupon(section, around.ask),
    )


def _check_channel(section: Section, channel: str, around: Surroundings) -> None:
    if around.ask is not None:
        _check_ask(section, channel, around.ask, around.channels)
    elif channel and channel != ONPAGE and channel not in around.channels:
        hint = "" if channel in CHANNELS else suggestion(channel, (*CHANNELS, *around.channels))
        missing = hint or f" is not configured: add [channels.{channel}] to journeyloop.toml"
        section.warn("channel", f"channel_unavailable, this action is not sent: {channel}{missing}")


def _check_ask(section: Section, channel: str, ask: str, channels: dict[str, Connection]) -> None:
    """An ask is answered at the place that asked: on the page, or at the agent's desk."""
    desks = [name for name, one in channels.items() if SHAPES[one.kind].address == DESK]
    if ask == AGENT and channel not in desks:
        hint = f"`channel: {desks[0]}`" if desks else 'a channel of kind desk, and [channels.agent] kind = "desk"'
        section.error("channel", f"an agent asks for this moment: write {hint}")
    elif ask != AGENT and channel and channel != ONPAGE:
        section.error("channel", "a page asks for this moment: write `channel: onpage`")
    placement = section.scalar("placement")
    if placement and placement.text != ask:
        section.error("placement", f"another place than detect.ask: write `placement: {ask}`, or remove it")


def _unsupported(section: Section, channel: str, ask: str | None) -> tuple[str, ...]:
    """What restricts sending and cannot be honoured yet: such an action is refused rather than sent without it."""
    found: list[str] = []
    if "placement" in section and ask is None and channel == "onpage":
        consequence = "only with detect.ask; this action is not sent"
        section.report.later(section.line("placement"), section.name("placement"), consequence)
        found.append("placement")
    return tuple(found)


def _after(section: Section, ask: str | None) -> Delay:
    """When it would be sent: part of the candidate, so that the arms learn when."""
    scalar = section.scalar("after")
    if scalar is None:
        return Delay()
    wait, at = duration(scalar.text), next_time(scalar.text)
    if wait is None and at is None:
        section.error("after", "write how long to wait, such as 0s or 1h, or a time of day, such as next 09:00")
    elif ask is not None and wait != 0:
        section.error("after", "an ask is answered at once: remove after")
    return Delay(wait or 0, at)


def _unless(section: Section) -> Unless | None:
    scalar = section.scalar("unless")
    if scalar is None:
        return None
    found = _UNLESS.fullmatch(scalar.text)
    if found is None:
        section.error("unless", "write seen, clicked or dismissed, and of which action, such as seen(reassure)")
        return None
    return Unless(cast(Done, found[1]), found[2])


def _check_named(section: Section, action: Action, actions: dict[str, Action]) -> None:
    """What another action is called: a name that does not exist would never restrict, and never be compared."""
    if action.unless and action.unless.action not in actions:
        hint = suggestion(action.unless.action, actions)
        section.error("unless", f"this moment has no action {action.unless.action}{hint}")
    if action.versus is None:
        return
    others = {name: one for name, one in actions.items() if name != action.name and one.versus is None}
    if action.versus not in actions:
        section.error("versus", f"this moment has no action {action.versus}{suggestion(action.versus, others)}")
    elif action.versus == action.name:
        section.error("versus", "an action cannot be compared with itself: write another")
    elif action.versus not in others:
        section.error("versus", f"{action.versus} has a comparator itself: a coin decides between two, not more")


def _coupon(section: Section, ask: str | None) -> str:
    """The pool of its codes: each is given to one person, and comes back if its message was not sent."""
    scalar = section.scalar("coupon")
    if scalar is None:
        return ""
    found = _POOL.fullmatch(scalar.text)
    if found is None:
        section.error("coupon", "write the pool of its codes, such as pool:welcome")
    elif ask is not None:
        section.error("coupon", "an ask is answered at once, and a code is reserved before: remove coupon")
    return found[1] if found else ""


def _limit(section: Section) -> Limit | None:
    scalar = section.scalar("limit")
    if scalar is None:
        return None
    found = rate(scalar.text)
    within = duration(found[1]) if found else None
    if found is None or not found[0] or not within:
        section.report.error(scalar.line, f"{section.name('limit')}: write how often per person, such as 1 per 90d")
        return None
    return Limit(found[0], within)


def _content(section: Section, channel: str, around: Surroundings) -> dict[str, Any]:
    """The content as written; each text in it is a template that compiles."""
    written = section.mapping("content")
    if "content" not in section:
        section.error("content", "missing: write what the message says, `content: {title: …, body: …}`")
    if written is None:
        return {}
    on_page = channel == ONPAGE
    if on_page:
        _check_on_page(section, written.entries if around.ask else ())
    shape = SHAPES[around.channels[channel].kind] if channel in around.channels else None
    if shape and not on_page:
        _check_fields(section, shape)
    leaves = shape is not None and shape.address == "email"
    check_templates(written, section.name("content"), around.names.profile, on_page, section.report, way_out=leaves)
    content: dict[str, Any] = plain(written)
    return content


def _check_fields(section: Section, shape: Shape) -> None:
    """What the channel can carry, and what it cannot do without."""
    written = section.mapping("content")
    known = written.entries if written and "*" in shape.content else shape.content
    content = section.section("content", known)
    for needed in shape.needs if content else ():
        if not any(key in content for key in needed):  # type: ignore[operator]
            section.error("content", f"missing: write {' or '.join(needed)}")


def _check_on_page(section: Section, own: Collection[str]) -> None:
    """`own` are the page's own words, where it asks and shows the answer itself."""
    content = section.section("content", (*ON_PAGE, *own))
    assert content is not None
    for key in ("title", "body"):
        content.text(key, default="")
    if "title" not in content and "body" not in content and not own:
        content.error("title", "missing: write a title or a body")
    content.choice("style", ("banner", "dialog"), "banner")
    button = content.section("button", ("label", "url"))
    if button:
        button.text("label", example="Continue")
        url = button.scalar("url")
        button.text("url", example="/checkout")
        if url:
            _check_url(button, url)


def _check_url(button: Section, url: Scalar) -> None:
    if not _URL.fullmatch(url.text):
        button.report.error(url.line, f"{button.name('url')}: write https://…, http://… or a path such as /checkout")
