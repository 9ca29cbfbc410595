"""Conditions of the files: compiled by the model, and every name they read checked against what exists.

`event.*`, `profile.*` and `session.*` are closed lists at their first level: a misspelt name would otherwise be a
condition that is never true.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec import Struct, structs

from journeyloop.adapters.config.report import suggestion
from journeyloop.adapters.config.section import Section
from journeyloop.adapters.config.tree import Scalar
from journeyloop.model.condition import Clauses, ConditionError, all_paths, compile_condition
from journeyloop.model.expression import ROOTS, Path
from journeyloop.model.moment import NEVER
from journeyloop.model.profile import PROFILE, SESSION

EVENT = frozenset(
    ("anonymous_id", "context", "kind", "name", "properties", "source", "time", "traits", "user_id"),
)
LONGEST = 4_000


class Names(Struct, frozen=True):
    """What may follow `event.`, `profile.` and `session.` in one place of the configuration, and (`instead`) what to
    write where one of the three does not exist. `audiences` are those a moment may listen to, `numbers` the
    traits that can be one, `computed` those that nobody states."""

    profile: frozenset[str] = frozenset(PROFILE)
    event: frozenset[str] = EVENT
    session: frozenset[str] = frozenset(SESSION)
    instead: str = ""
    audiences: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    computed: frozenset[str] = frozenset()

    def with_traits(self, declared: Iterable[str]) -> Names:
        return structs.replace(self, profile=self.profile | set(declared))

    def for_ask(self) -> Names:
        """An ask carries no event, but what its asker knows."""
        hint = "an ask carries no event: write event.context.* for what the asker says, or profile.* or session.*"
        return structs.replace(self, event=frozenset({"context"}), instead=hint)

    def refusal(self, path: Path) -> str | None:
        """Why a condition cannot read `path`, or None."""
        root, known = path[0], {"event": self.event, "profile": self.profile, "session": self.session}[path[0]]
        if not known:
            return self.instead
        if len(path) == 1:
            return f"{root} alone says nothing: name a field of it{suggestion('', known)}"
        if path[1] in known:
            return None
        if root == "event" and known != EVENT:
            return self.instead
        hint = suggestion(path[1], known)
        if root == "profile" and "did you mean" not in hint:
            hint = ": declare it in audiences.yaml under traits, for example `{type: string}`"
        return f"unknown name {root}.{path[1]}{hint}"


def read_condition(section: Section, key: str, names: Names) -> Clauses:
    """The compiled condition at `key`; absent is the empty conjunction, which is true."""
    scalar = section.scalar(key)
    if scalar is None:
        return NEVER
    try:
        if len(scalar.text) > LONGEST:
            raise ConditionError(f"longer than {LONGEST} characters: declare a trait or split the moment")
        clauses = compile_condition(scalar.text)
        _refuse_other_types(clauses)
    except ConditionError as error:
        _report(section, key, scalar, error)
        return NEVER
    for path in reads(clauses):
        refusal = names.refusal(path)
        if refusal:
            column = scalar.text.find(".".join(path[:2])) + 1
            section.report.error(scalar.line, f"{section.name(key)}, column {max(1, column)}: {refusal}")
    return clauses


def reads(clauses: Clauses) -> tuple[Path, ...]:
    """All paths the clauses read, those tested with has() included: what must be copied for them."""
    return tuple(dict.fromkeys(path for clause in clauses.clauses for path in all_paths(clause.text)[0]))


def _refuse_other_types(clauses: Clauses) -> None:
    for clause in clauses.clauses:
        kind = str(clause.program.return_type())
        if kind not in ("BOOL", "DYN"):
            raise ConditionError(f"`{clause.text}` is {kind}: write a comparison that is true or false")


def _report(section: Section, key: str, scalar: Scalar, error: ConditionError) -> None:
    message = str(error).split(" expecting {")[0].splitlines()[0]
    unknown = re.search(r"undeclared reference to '(\w+)", message)
    if unknown:
        message += suggestion(unknown[1], ROOTS)
    section.report.error(scalar.line, f"{section.name(key)}, column {error.column}: {message}")
