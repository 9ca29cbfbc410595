"""`learn.features` → the numbers that the arms of a moment see: what an author declares of the person, the visit, the
event and the hour.

A bare name takes the transform that the standard features have for it, if they have one. What cannot be read at a
decision is refused here: a misspelt name would otherwise be a feature that is always missing.
"""

from __future__ import annotations

from typing import Literal, cast

from msgspec.structs import replace

from journeyloop.adapters.config.conditions import Names
from journeyloop.adapters.config.report import suggestion
from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.tree import Entry, Mapping, Scalar
from journeyloop.model.arm import MOST_FEATURES
from journeyloop.model.feature import STANDARD, Feature, width

KEYS = ("of", "as", "log", "scale", "clip", "buckets")
KINDS = ("number", "category")
MOST_BUCKETS = 16
WORDS = {"hour": ("signal", "hour"), "confidence": ("signal", "confidence")}
"""Features of the signal itself, by what an author calls them."""
_GOES_WITH = {"log": "number", "scale": "number", "clip": "number", "buckets": "category"}
_ROOTS = ("event", "profile", "session")
_KNOWN = {feature.path: feature for feature in STANDARD}


def read_features(learn: Section, names: Names) -> tuple[Feature, ...]:
    """The declared features, or the standard ones where none are declared."""
    if "features" not in learn:
        return STANDARD
    found: list[Feature] = []
    for number, item in enumerate(learn.items("features")):
        listed = Mapping({"of": Entry(item.line, item)}, item.line) if isinstance(item, Scalar) else item
        section = as_section(listed, f"{learn.name('features')}[{number}]", learn.report, KEYS)
        feature = _feature(section, names) if section else None
        if section and feature and any(feature.path == other.path for other in found):
            section.error("of", "this feature is there already: remove one")
        elif feature:
            found.append(feature)
    _check_width(learn, tuple(found))
    return tuple(found)


def _feature(section: Section, names: Names) -> Feature | None:
    path = _path(section, names)
    if path is None:
        return None
    known = _KNOWN.get(path, Feature(path))
    kind = section.choice("as", KINDS, known.kind) if "as" in section else known.kind
    for key, goes in _GOES_WITH.items():
        if key in section and goes != kind:
            section.error(key, f"goes with `as: {goes}`, and this is {kind}: remove it")
    if kind != known.kind:
        if path in WORDS.values():
            section.error("as", f"remove it: this is {known.kind} by itself")
        known = Feature(path, cast(Literal["number", "category"], kind))
    return replace(
        known,
        log=section.flag("log", known.log),
        scale=section.number("scale", known.scale, above=True),
        clip=section.number("clip", known.clip, above=True),
        buckets=section.integer("buckets", known.buckets, 1, MOST_BUCKETS),
    )


def _path(section: Section, names: Names) -> tuple[str, ...] | None:
    """Where its value is found, or None if nothing can be: that is reported."""
    text = section.text("of", example="profile.cart_value")
    if not text or text in WORDS:
        return WORDS.get(text)
    path = tuple(text.split("."))
    refusal = names.refusal(path) if path[0] in _ROOTS else _unknown(text, names)
    if refusal is None and (path[:2] in (("event", "properties"), ("event", "context")) and len(path) < 3):
        refusal = f"{text} alone says nothing: name a field of it"
    if refusal is not None:
        section.error("of", refusal)
        return None
    return path


def _unknown(text: str, names: Names) -> str:
    """Often the root was left out: `cart_value`."""
    full = {f"profile.{name}" for name in names.profile} | {f"session.{name}" for name in names.session}
    left_out = next((name for name in sorted(full) if name.partition(".")[2] == text), None)
    return f"unknown name {text}" + (f": did you mean {left_out}?" if left_out else suggestion(text, {*full, *WORDS}))


def _check_width(learn: Section, features: tuple[Feature, ...]) -> None:
    taken = width(features)
    if taken > MOST_FEATURES:
        learn.error(
            "features",
            f"these take {taken} slots with the bias, and an arm has {MOST_FEATURES}: a number takes 2 (1 if it is "
            "never missing), a category its buckets and 1, the hour 2",
        )
