"""The `goal` of a moment → Goal: what counts as success, until when, and what it is worth."""

from __future__ import annotations

from journeyloop.adapters.config.conditions import Names, read_condition
from journeyloop.adapters.config.notation import written
from journeyloop.adapters.config.section import Section
from journeyloop.model.moment import MINUTE, Goal, Revoked

KEYS = ("event", "within", "where", "value", "margin", "currency", "revoked_by")
_REVENUE = "event.properties.revenue"
_STALE = 5 * MINUTE


def read_goal(moment: Section, names: Names) -> tuple[Goal, int]:
    """The goal, and `expires`: how long after the signal acting on it makes sense (ms)."""
    if "goal" not in moment:
        moment.error("goal", "missing: write what counts as success, `goal: {event: Order Completed, within: 30m}`")
    section = moment.section("goal", KEYS)
    if section is None:
        return Goal("", 1), moment.duration("expires", _STALE)
    goal = Goal(
        event=section.text("event", example="Order Completed"),
        within=section.duration("within"),
        where=read_condition(section, "where", names),
        value=_value(section),
        margin=section.number("margin", 1.0, above=True),
        currency=_currency(section),
        revoked_by=_revoked_by(section, names),
    )
    expires = moment.duration("expires", min(_STALE, goal.within))
    if goal.within < expires and "within" in section:
        section.error("within", f"shorter than expires: windows open at the signal, write {written(expires)} or more")
    return goal, expires


def _value(section: Section) -> str | None:
    if "value" not in section:
        return None
    path = section.text("value", example=_REVENUE)
    parts = path.split(".")
    named = parts[:2] == ["event", "properties"] and len(parts) > 2 and all(part.isidentifier() for part in parts)
    if path and not named:
        section.error("value", f"write the property of the goal's event that holds its worth, such as {_REVENUE}")
    return path


def _revoked_by(goal: Section, names: Names) -> Revoked | None:
    section = goal.section("revoked_by", ("event", "within", "where"))
    if section is None:
        return None
    where = read_condition(section, "where", Names(names.profile))
    return Revoked(section.text("event", example="Order Refunded"), section.duration("within"), where)


def _currency(section: Section) -> str | None:
    if "currency" not in section:
        return None
    code = section.text("currency", example="EUR")
    if code and not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        section.error("currency", "write the three letters of ISO 4217, such as EUR")
    return code
