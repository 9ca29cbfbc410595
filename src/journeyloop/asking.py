"""What commands ask: of a snapshot of the store, beside a running server or without one, or of the server itself."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from msgspec import to_builtins

from journeyloop.adapters.config.alternative import read_alternative
from journeyloop.adapters.config.files import read_text, read_texts
from journeyloop.adapters.config.keys import read_keys
from journeyloop.adapters.config.load import Loaded
from journeyloop.adapters.config.stored import stored_plans
from journeyloop.adapters.http.remote import ask
from journeyloop.adapters.store.directory import open_reader, open_scratch, stored_lags
from journeyloop.app import Refused, WallClock, address_of, code_version, configuration
from journeyloop.model.identifier import Identifier
from journeyloop.model.moment import DAY
from journeyloop.model.plan import Problem
from journeyloop.runtime import memberships, reads
from journeyloop.runtime.contacted import contacted
from journeyloop.runtime.evaluate import evaluate
from journeyloop.runtime.explain import decided, why
from journeyloop.runtime.history import NOW, diff, history, texts_of, version
from journeyloop.runtime.late import late_problems
from journeyloop.runtime.memory import read_secret
from journeyloop.runtime.ports import Reader
from journeyloop.runtime.quarantine import listed
from journeyloop.runtime.replay import replay
from journeyloop.runtime.would_have import would_have as judged


def too_slow(directory: Path, loaded: Loaded) -> list[Problem]:
    """Warnings of `check`: the sources too slow for a moment, as far as the store knows."""
    return late_problems(loaded.plan, loaded.places, stored_lags(directory)) if loaded.plan else []


def explain(directory: Path, moment: str, identifier: Identifier) -> dict[str, Any]:
    """`why`: from a snapshot, beside a running server or without one.

    Raises:
        LookupError: there is no such moment.
    """
    loaded = configuration(directory)
    assert loaded.plan is not None
    found = loaded.plan.moment(moment)
    if found is None:
        raise LookupError(f"no moment {moment}: there are {', '.join(loaded.plan.moments) or 'none'}")
    with closing(open_reader(directory)) as store, store.read() as reader:
        customer = reads.find_customer(reader, read_secret(reader) or b"", identifier)
        return why(reader, loaded.plan, found, customer, WallClock()())


def decision(directory: Path, decision_id: str) -> dict[str, Any]:
    """`explain`: one decision, and the same in `words`.

    Raises:
        LookupError: there is no such decision.
    """
    plan = configuration(directory).plan
    assert plan is not None
    known = re.fullmatch("[0-9a-f]{32}", decision_id)
    with closing(open_reader(directory)) as store, store.read() as reader:
        told = decided(reader, plan, bytes.fromhex(decision_id)) if known else None
    if told is None:
        raise LookupError(f"no decision {decision_id}: `GET /v1/decisions` lists those of a person with their ids")
    return told


def evaluated(directory: Path, moment: str, policy: Path) -> dict[str, Any]:
    """`evaluate`: a policy on this store's decisions; with `refused` where the log cannot tell.

    Raises:
        LookupError: there is no such moment.
        Refused: the policy's file has errors.
    """
    plan = configuration(directory).plan
    assert plan is not None
    if plan.moment(moment) is None:
        raise LookupError(f"no moment {moment}: there are {', '.join(plan.moments) or 'none'}")
    other, problems = read_alternative(policy.name, read_text(policy, policy.name))
    if other is None:
        raise Refused(problems)
    with closing(open_reader(directory)) as store, store.read() as reader:
        return to_builtins(evaluate(reader, stored_plans(reader), moment, other))  # type: ignore[no-any-return]


def replayed(directory: Path) -> dict[str, Any]:
    """`replay`: against a scratch store beside the system's temporary files."""
    loaded = configuration(directory)
    assert loaded.plan is not None
    with (
        tempfile.TemporaryDirectory() as scratch,
        closing(open_reader(directory)) as store,
        closing(open_scratch(directory, Path(scratch) / "folded")) as folded,
        store.read() as reader,
    ):
        secret = read_secret(reader) or b""
        found = replay(reader, folded, secret, stored_plans(reader), loaded.plan, code_version())
    return to_builtins(found)  # type: ignore[no-any-return]


def audiences(directory: Path) -> list[dict[str, Any]]:
    """Every audience of the configuration with how many are in it."""
    plan = configuration(directory).plan
    assert plan is not None
    with closing(open_reader(directory)) as store, store.read() as reader:
        return memberships.audiences(reader, plan)


def members(directory: Path, audience: str) -> Iterator[dict[str, Any]]:
    """Everybody in an audience.

    Raises:
        LookupError: there is no such audience.
    """
    plan = configuration(directory).plan
    if plan is None or not memberships.known(plan, audience):
        raise LookupError(f"no audience {audience} in audiences.yaml")
    with closing(open_reader(directory)) as store, store.read() as reader:
        yield from memberships.members(reader, audience)


def past(directory: Path) -> dict[str, Any]:
    """`history`: the plans in the order they came into force, and the pauses."""
    with closing(open_reader(directory)) as store, store.read() as reader:
        return history(reader)


def contacts(directory: Path, days: int) -> dict[str, Any]:
    """`policy --contacts`.

    Raises:
        LookupError: so far back nobody remembers.
    """
    plan = configuration(directory).plan
    assert plan is not None
    if days * DAY > plan.horizon:
        raise LookupError(f"contacts are remembered for {plan.horizon // DAY} days, as long as the longest cap")
    with closing(open_reader(directory)) as store, store.read() as reader:
        return contacted(reader, plan, WallClock()(), days)


def would_have(directory: Path, days: int) -> dict[str, Any]:
    """`policy --would-have`: by the policy in the files, whatever is in force."""
    plan = configuration(directory).plan
    assert plan is not None
    with closing(open_reader(directory)) as store, store.read() as reader:
        return judged(reader, plan, WallClock()(), days)


def differing(directory: Path, before: str, after: str) -> str:
    """`diff`: a unified diff of two versions, each a hash or its beginning, or `now` for the files as they are.

    Raises:
        LookupError: there is no such version.
    """

    def named(reader: Reader, wanted: str) -> tuple[str, dict[str, str]]:
        found = NOW if wanted == NOW else version(reader, wanted)
        return found[:8], read_texts(directory) if found == NOW else texts_of(reader, found)

    with closing(open_reader(directory)) as store, store.read() as reader:
        (one, was), (other, is_now) = named(reader, before), named(reader, after)
    return diff(was, is_now, (one, other))


def quarantined(directory: Path, limit: int) -> list[dict[str, Any]]:
    """The newest refused inputs."""
    with closing(open_reader(directory)) as store, store.read() as reader:
        return listed(reader, limit)


def resubmit(directory: Path, numbers: list[int]) -> dict[str, Any]:
    """Have the running server try refused input again; what it takes leaves the quarantine."""
    return told_server(directory, "/v1/quarantine/resubmit", {"numbers": numbers})


def told_server(directory: Path, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """What the running server answers to an operator.

    Raises:
        LookupError: no server runs, or it refuses.
    """
    return ask(address_of(directory), read_keys(directory, os.environ).admin, path, body)
