"""The `identity` section of policy.yaml → Identity: what may name a person, how much of it, and what names nobody."""

from __future__ import annotations

from journeyloop.adapters.config.section import Section
from journeyloop.adapters.config.tree import Scalar
from journeyloop.model.policy import BLOCKED, Identity

KEYS = ("limit", "limits", "priority", "blocked")
LONGEST = 64
_DEFAULT = Identity()


def read_identity(policy: Section) -> Identity:
    """The section with the built-in values where it is silent; blocked values add to the built-in ones."""
    section = policy.section("identity", KEYS)
    if section is None:
        return _DEFAULT
    listed = section.texts("priority")
    _refuse_repeats(section, listed)
    rest = tuple(type_ for type_ in _DEFAULT.priority if type_ not in listed)
    return Identity(
        limit=section.integer("limit", _DEFAULT.limit, 1, 100),
        limits=_limits(section),
        priority=(*listed, *rest),
        blocked=BLOCKED | {text.strip().lower() for text in section.texts("blocked")},
    )


def _limits(section: Section) -> dict[str, int]:
    """Type of identifier → how many of it one person may have."""
    found: dict[str, int] = {}
    listed = section.mapping("limits")
    for name, entry in listed.entries.items() if listed else ():
        path = section.name(f"limits.{name}")
        value = entry.value.value if isinstance(entry.value, Scalar) else None
        if not name.isidentifier() or len(name) > LONGEST:
            section.report.error(entry.line, f"{path}: write a type of identifier, such as email or stripe_customer")
        elif name == "user_id" and value != 1:
            section.report.error(entry.line, f"{path}: a person has one user id: remove it")
        elif not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 100:
            section.report.error(entry.line, f"{path}: write a whole number from 1 to 100")
        else:
            found[name] = value
    return found


def _refuse_repeats(section: Section, listed: tuple[str, ...]) -> None:
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        section.error("priority", f"{name} is listed twice")
