"""One file of moments/ → Moment: what to notice, for whom, what could be done, and how success is measured."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from journeyloop.adapters.config import detect, tells
from journeyloop.adapters.config.action import Surroundings, read_actions
from journeyloop.adapters.config.briefs import event_paths, read_briefs
from journeyloop.adapters.config.conditions import Names, read_condition, reads
from journeyloop.adapters.config.goal import read_goal
from journeyloop.adapters.config.learning import judgement, read_learning
from journeyloop.adapters.config.notation import instant, percentage, rate, written
from journeyloop.adapters.config.policy import PolicyFile
from journeyloop.adapters.config.report import Report, suggestion
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import Mapping, Scalar
from journeyloop.model.condition import Clauses, PathReader
from journeyloop.model.duration import duration
from journeyloop.model.errand import Destination
from journeyloop.model.expression import Path
from journeyloop.model.moment import MOVING, Action, Confirm, Detect, Hold, Learning, Moment
from journeyloop.model.profile import PROFILE, TRAITS
from journeyloop.runtime.channels import Connection

KEYS = (
    "moment", "title", "purpose", "topic", "owner", "who", "from", "detect", "confirm", "fresh", "goal", "holdout",
    "learn", "expires", "cancel_on", "actions", "also", "guard",
)  # fmt: skip
ALSO = ("hold", "for", "brief", "text")


class Found(Struct, frozen=True):
    """A moment file as read. `moment` is None if its kind of detection is not of this version, or was refused; `detect`
    is the line where it says what to notice, `also` where it says what else happens, `actions` where what is done."""

    name: str
    line: int
    topic: str
    moment: Moment | None
    detect: int
    also: int
    actions: int = 1


def read_moment(
    root: Mapping, names: Names, policy: PolicyFile, channels: dict[str, Connection], report: Report,
    destinations: dict[str, Destination],
) -> Found:  # fmt: skip
    """Read one file; problems go to the report."""
    section = Section(root, "", report, KEYS)
    name, topic = section.identifier("moment", "checkout_stall"), section.text("topic", "")
    noticed = _detect(section, names)
    around = Surroundings(names, noticed.ask if noticed else None, channels)
    moment = _moment(section, name, topic or name, noticed or Detect(), around, policy)
    moment = replace(moment, tells=tells.read_tells(section, names.profile, destinations))
    if noticed and not moment.waits and not noticed.within:
        _check_waiting(section)
    if noticed and noticed.ask and moment.confirm.dwell:
        section.error("confirm", "dwell waits, and an ask is answered at once: remove dwell")
    _check_delays(section, moment)
    _check_worth(section, moment)
    lines = section.line("detect"), section.line("also"), section.line("actions")
    return Found(name, section.line("moment"), moment.topic, moment if noticed else None, *lines)


def _moment(
    section: Section, name: str, topic: str, noticed: Detect, around: Surroundings, policy: PolicyFile
) -> Moment:
    goal, expires = read_goal(section, around.names)
    around = replace(around, names=around.names.for_ask()) if around.ask else around
    who, actions = read_condition(section, "who", around.names), _actions(section, around)
    mode, explore, learning = read_learning(section, goal, around.names)
    briefs, wheres = read_briefs(section, around.names.profile), [action.where for action in actions]
    guards = detect.read_matches(section, "guard", Names(around.names.profile))
    return Moment(
        name=name,
        title=section.text("title", name),
        purpose=_purpose(section, policy),
        topic=topic,
        detect=noticed,
        goal=goal,
        actions=actions,
        owner=section.text("owner", ""),
        who=who,
        starts=_starts(section),
        confirm=_confirm(section),
        fresh=_fresh(section, around.names),
        cancel_on=detect.read_matches(section, "cancel_on", Names(around.names.profile)),
        holdout=section.share("holdout", 0.0),
        mode=mode,
        explore=explore,
        expires=expires,
        reader=PathReader([*_paths(who, noticed.where, *wheres), *_kept(learning), *event_paths(briefs)]),
        learning=learning,
        guards=guards,
        judged=judgement(goal, guards, learning),
        holds=tuple(_holds(section, (topic, section.text("purpose", "-")))),
        briefs=briefs,
    )


def _paths(*conditions: Clauses) -> Iterable[Path]:
    return (path for clauses in conditions for path in reads(clauses))


def _kept(learning: Learning) -> list[Path]:
    """What the features read of the event: it is kept from the time the moment arms."""
    return [feature.path for feature in learning.features if feature.path[0] == "event"]


def _detect(section: Section, names: Names) -> Detect | None:
    if "detect" not in section:
        section.error("detect", "missing: write what to notice, for example `detect: {event: Payment Failed}`")
    found = section.section("detect", detect.KEYS)
    return detect.read_detect(found, names) if found else None


def _check_waiting(section: Section) -> None:
    """`by` and `repeat` speak of an instance that stays open for a while."""
    noticed = section.mapping("detect")
    for key in ("by", "repeat"):
        if noticed and key in noticed.entries:
            message = f"detect.{key}: says nothing without waiting: add absent and for, or confirm.dwell, or remove it"
            section.report.error(noticed.entries[key].line, message)


def _check_delays(section: Section, moment: Moment) -> None:
    """Windows open at the signal: what is sent later must still fall into them."""
    needed = max((one.after.longest for one in moment.actions), default=0) + moment.expires
    goal = section.mapping("goal")
    if needed > moment.expires and goal and "within" in goal.entries and moment.goal.within < needed:
        message = f"goal.within: shorter than the longest after and expires: write {written(needed)} or more"
        section.report.error(goal.entries["within"].line, message)


def _check_worth(section: Section, moment: Moment) -> None:
    """A goal that does not say what it is worth counts 1. What gives or costs as much can never add anything."""
    for action in moment.actions if moment.mode in MOVING else ():
        worth = (None if moment.goal.value else 1.0) if action.value is None else action.value
        spent = action.gives + action.cost
        if worth is not None and 0.0 < spent >= worth:
            key = "gives" if action.gives else "cost"
            counts = f"the goal counts {worth:g}" + (", as goal.value is not written" if action.value is None else "")
            message = f"gives and cost come to {spent:g} and {counts}: this action is sent only to explore"
            section.report.warn(_line_of(section, action, key), f"actions.{action.name}.{key}: {message}")


def _line_of(section: Section, action: Action, key: str) -> int:
    for item in section.items("actions"):
        entries = item.entries if isinstance(item, Mapping) else {}
        name = entries["action"].value if "action" in entries else None
        if isinstance(name, Scalar) and name.text == action.name and key in entries:
            return entries[key].line
    return section.line("actions")


def _purpose(section: Section, policy: PolicyFile) -> str:
    purpose = section.text("purpose", example="marketing")
    known = policy.policy.purposes
    if purpose and purpose not in known:
        section.error("purpose", f"policy.yaml has no purpose {purpose}{suggestion(purpose, known)}")
    return purpose


def _starts(section: Section) -> int | None:
    scalar = section.scalar("from")
    if scalar is None:
        return None
    at = instant(scalar.text)
    if at is None:
        section.report.error(scalar.line, "from: write a date such as 2026-12-01, or a date and time with its zone")
    return at


def _confirm(section: Section) -> Confirm:
    gate = section.section("confirm", ("dwell", "at_most", "bots", "confidence"))
    if gate is None:
        return Confirm()
    return Confirm(
        dwell=gate.duration("dwell", 0, positive=False),
        at_most=_per_session(gate),
        ignore_bots=gate.choice("bots", ("ignore", "allow"), "ignore") == "ignore",
        confidence=_confidence(gate),
    )


def _confidence(gate: Section) -> float:
    scalar = gate.scalar("confidence")
    if scalar is None:
        return 0.0
    found = percentage(scalar.text) if isinstance(scalar.value, str) else scalar.value
    if isinstance(found, bool) or not isinstance(found, (int, float)) or not 0.0 <= found <= 1.0:
        gate.report.error(scalar.line, f"{gate.name('confidence')}: write a number from 0 to 1, such as 0.6")
        return 0.0
    return float(found)


def _per_session(gate: Section) -> int | None:
    scalar = gate.scalar("at_most")
    if scalar is None:
        return None
    found = rate(scalar.text)
    if found and found[0] and found[1] == "session":
        return found[0]
    gate.report.error(scalar.line, f"{gate.name('at_most')}: write how many signals, such as 1 per session")
    return None


def _fresh(section: Section, names: Names) -> dict[str, int]:
    """Trait name → the age in ms beyond which it is stale."""
    known = {f"traits.{name}" for name in (names.profile - set(PROFILE)) | set(TRAITS)}
    listed = section.mapping("fresh")
    found: dict[str, int] = {}
    for key, entry in listed.entries.items() if listed else ():
        age = duration(entry.value.text) if isinstance(entry.value, Scalar) else None
        if not age:
            section.report.error(entry.line, f"fresh.{key}: write a duration such as 7d")
        if not key.startswith("traits."):
            section.report.error(entry.line, f"fresh.{key}: write traits.NAME, such as traits.tier")
        elif key.removeprefix("traits.") in names.computed:
            section.report.error(entry.line, f"fresh.{key}: remove it: a computed trait is never stale")
        elif key not in known:
            hint = suggestion(key, known) or ": declare it in audiences.yaml"
            section.report.warn(entry.line, f"fresh.{key}: not a declared trait, stale until somebody states it{hint}")
        found[key.removeprefix("traits.")] = age or 1
    return found


def _actions(section: Section, around: Surroundings) -> tuple[Action, ...]:
    actions = read_actions(section, around)
    if not actions and "also" not in section:
        section.error("actions", "write at least one: `- {action: reassure, channel: onpage, content: {title: …}}`")
    return actions


def _holds(section: Section, own: tuple[str, str]) -> Iterable[Hold]:
    """`also: - {hold: [marketing], for: 72h}`. What else `also` says is read elsewhere."""
    for item in section.items("also"):
        entry = as_section(item, "also", section.report, (*ALSO, *tells.KEYS))
        if entry is None or any(key in entry for key in tells.KINDS):
            continue
        if "hold" not in entry:
            if "for" in entry:
                entry.error("for", "says nothing without hold: remove it, or write what to hold")
            continue
        names = entry.texts("hold")
        if not names:
            entry.error("hold", "write topics or purposes, such as [marketing]")
        for name in set(names) & set(own) if section.items("actions") else ():
            entry.error("hold", f"{name} is its own: what it does would never be sent")
        yield Hold(names, entry.duration("for"))
