"""The `detect` section → Detect: what to notice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from hashlib import blake2b
from typing import Literal, cast

import msgspec

from journeyloop.adapters.config.conditions import Names, read_condition
from journeyloop.adapters.config.report import suggestion
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import Node, Scalar
from journeyloop.model.audience import crossing_name
from journeyloop.model.moment import Detect, Match, Present

KINDS = ("event", "ask", "sequence", "inactive", "audience", "trait", "propensity", "friction")
LATER = ("friction",)
_COMPANIONS = {
    "where": ("event", "count", "inactive"),
    "by": ("event", "count", "sequence"),
    "present": ("event", "count", "sequence"),
    "absent": ("event",),
    "for": ("event",),
    "repeat": ("event",),
    "count": ("count",),
    "within": ("count", "sequence", "propensity"),
    "after": ("inactive",),
    "change": ("audience",),
    "crosses": ("trait", "propensity"),
    "drop": ("friction",),
}
"""With which kinds each other key goes; an `event` with a `count` is a kind of its own."""
_INSTEAD = {
    ("where", "sequence"): "write it at the step it is for: `{event: Cart Viewed, where: …}`",
    ("where", "ask"): "remove it, and put conditions in `who`",
    ("where", "audience"): "remove it, and put conditions in `who`",
    ("where", "trait"): "remove it, and put conditions in `who`",
    ("where", "propensity"): "remove it, and put conditions in `who`",
    ("within", "event"): "for an absence write `for`, or add `count`",
    ("absent", "count"): "write a moment of its own for the absence",
    ("for", "inactive"): "write how long after `inactive`",
}
KEYS = (*KINDS, *_COMPANIONS)
NUMERIC = frozenset(
    "age cart_items cart_value days_since_first_seen days_since_last_order days_since_last_seen events orders refunded "
    "refunds revenue sessions".split()
)
"""The built-in names of the profile that can cross a number."""
MOST = 1_000
_PROPERTY = re.compile(r"[\w $-]{1,100}")


def read_detect(section: Section, names: Names) -> Detect | None:
    """The detection, or None if its kind is not of this version or was refused; both are reported."""
    kinds = [kind for kind in KINDS if kind in section]
    if len(kinds) != 1:
        found = f"found {' and '.join(kinds)}" if kinds else "found none"
        section.report.error(section.node.line, f"detect needs exactly one of {', '.join(KINDS)}: {found}")
        return None
    kind = "count" if kinds == ["event"] and "count" in section else kinds[0]
    for key in section.node.entries:
        if key in _COMPANIONS and kind not in _COMPANIONS[key]:
            _out_of_place(section, key, kind)
    if kind in LATER:
        section.report.later(section.line(kind), section.name(kind), "this moment does not run")
        return None
    return _hashed(_READ[kind](section, names))


def _out_of_place(section: Section, key: str, kind: str) -> None:
    goes = " or ".join(_COMPANIONS[key])
    section.error(key, f"goes with {goes}, not with {kind}: {_INSTEAD.get((key, kind), 'remove it')}")


def read_matches(section: Section, key: str, names: Names) -> tuple[Match, ...]:
    """A list of event names, or of `{event, where}`."""
    items = section.items(key)
    if key in section and not items:
        section.error(key, "write at least one event: [Order Completed]")
    return tuple(match for item in items if (match := _match(section, key, item, names)))


def _match(section: Section, key: str, item: Node, names: Names) -> Match | None:
    if isinstance(item, Scalar):
        if isinstance(item.value, str) and item.value:
            return Match(item.value)
        section.report.error(item.line, f"{section.name(key)}: write the name of an event")
        return None
    match = as_section(item, section.name(key), section.report, ("event", "where"))
    return (
        Match(match.text("event", example="Order Completed"), read_condition(match, "where", names)) if match else None
    )


# --- the kinds --------------------------------------------------------------------------------------------------------


def _event(section: Section, names: Names) -> Detect:
    absent = read_matches(section, "absent", names)
    if "absent" in section and "for" not in section:
        section.error("absent", "write also how long to wait, for example `for: 3m`")
    if "for" in section and "absent" not in section:
        section.error("for", "write also what must not happen meanwhile, for example `absent: [Order Completed]`")
    return Detect(
        event=section.text("event", example="Checkout Started"),
        where=read_condition(section, "where", names),
        by=_by(section),
        absent=absent,
        wait=section.duration("for", 0),
        repeat=cast(Literal["restart", "keep"], section.choice("repeat", ("restart", "keep"), "restart")),
        present=_present(section),
    )


def _count(section: Section, names: Names) -> Detect:
    return Detect(
        event=section.text("event", example="Payment Failed"),
        where=read_condition(section, "where", names),
        by=_by(section),
        present=_present(section),
        count=section.integer("count", None, 2, MOST),
        within=section.duration("within"),
    )


def _sequence(section: Section, names: Names) -> Detect:
    steps = read_matches(section, "sequence", names)
    if len(section.items("sequence")) == 1:
        section.error("sequence", "write at least two steps, or `event` for one")
    return Detect(by=_by(section), present=_present(section), within=section.duration("within"), steps=steps)


def _inactive(section: Section, names: Names) -> Detect:
    if "after" not in section:
        section.error("inactive", "write also what begins it, for example `after: Product Added`")
    return Detect(
        event=section.text("after", example="Product Added") if "after" in section else None,
        where=read_condition(section, "where", names),
        inactive=section.duration("inactive"),
    )


def _audience(section: Section, names: Names) -> Detect:
    name = section.text("audience", example="high_spenders")
    if name and name not in names.audiences:
        hint = suggestion(name, names.audiences) or ": declare it in audiences.yaml under audiences"
        section.error("audience", f"unknown audience {name}{hint}")
    change = section.choice("change", ("enters", "leaves"), "enters")
    return Detect(crossed=name, change=cast(Literal["enters", "leaves"], change))


def _trait(section: Section, names: Names) -> Detect:
    name = section.text("trait", example="cart_value")
    numeric = names.numbers | NUMERIC
    if name and name not in numeric:
        hint = suggestion(name, numeric) or ": declare it in audiences.yaml under traits"
        section.error("trait", f"{name} is " + ("not a number" if name in names.profile else "unknown") + hint)
    if "crosses" not in section:
        section.error("trait", "write also which number it comes to, for example `crosses: 300.0`")
    above = _threshold(section, 1.0)
    return Detect(crossed=crossing_name(name, above), trait=name, above=above)


def _propensity(section: Section, names: Names) -> Detect:
    """A chance of 0 is always there and one of 1 never: between them lies a crossing."""
    if "crosses" not in section:
        section.error("propensity", "write also which chance it comes to, for example `crosses: 0.3`")
    above = _threshold(section, 0.5)
    if above >= 1.0:
        section.error("crosses", "write a chance between 0 and 1, such as 0.3")
    return Detect(
        propensity=section.text("propensity", example="Order Completed"),
        within=section.duration("within"),
        above=above,
    )


def _threshold(section: Section, default: float) -> float:
    above = section.number("crosses", default, above=True)
    if float(f"{above:.15g}") != above:
        section.error("crosses", f"more digits than a crossing's name has: write {above:.15g}")
    return above


def _ask(section: Section, names: Names) -> Detect:
    return Detect(ask=section.identifier("ask", "home_hero"))


_READ: dict[str, Callable[[Section, Names], Detect]] = {
    "event": _event,
    "count": _count,
    "sequence": _sequence,
    "inactive": _inactive,
    "audience": _audience,
    "trait": _trait,
    "propensity": _propensity,
    "ask": _ask,
}


def _by(section: Section) -> str | None:
    if "by" not in section:
        return None
    name = section.text("by", example="checkout_id")
    if name and not _PROPERTY.fullmatch(name):
        section.error(
            "by", f"write the name of a property alone, for example {name.rpartition('.')[2] or 'checkout_id'}"
        )
    return name


def _present(section: Section) -> Present | None:
    entry = section.node.entries.get("present")
    if entry is None:
        return None
    if isinstance(entry.value, Scalar):
        return Present() if section.flag("present", True) else None
    asked = section.section("present", ("page", "visible", "idle"))
    if asked is None:
        return None
    return Present(
        page=asked.text("page", example='"/checkout*"') if "page" in asked else None,
        visible=asked.flag("visible", False),
        idle=asked.duration("idle") if "idle" in asked else None,
    )


# --- its name ---------------------------------------------------------------------------------------------------------


def _hashed(detect: Detect) -> Detect:
    """Name the detection by its meaning: the order of `absent`, comments and layout do not count."""
    present = detect.present
    meaning: list[object] = [
        detect.event,
        detect.where.text,
        detect.by,
        sorted(_meanings(detect.absent)),
        detect.wait,
        detect.repeat,
        [present.page, present.visible, present.idle] if present else None,
        detect.ask,
    ]
    further = [detect.count, detect.within, list(_meanings(detect.steps)), detect.inactive, detect.crossed]
    if any(further):  # without, the name is the one it had before these kinds existed: open waits go on
        meaning += [*further, detect.change]
    if detect.propensity:
        meaning += [detect.propensity, detect.above]
    return msgspec.structs.replace(detect, hash=blake2b(msgspec.json.encode(meaning), digest_size=8).hexdigest())


def _meanings(matches: Iterable[Match]) -> Iterable[tuple[str, str]]:
    return ((match.event, match.where.text) for match in matches)
