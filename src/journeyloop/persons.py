"""`journeyloop unmerge` and `journeyloop export`: what an operator asks about one person."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import closing
from typing import Any

from journeyloop.model.identifier import Identifier

OWN = {"user": "user_id", "anonymous": "anonymous_id", "email": "email", "phone": "phone"}
Add = Callable[[str, Callable[[argparse.Namespace], int], str], argparse.ArgumentParser]


def add_to(add: Add) -> None:
    """The commands' words."""
    export_ = add("export", export, "All that is held about a person, as JSON.")
    _who(export_, tuple(OWN))
    unmerge_ = add("unmerge", unmerge, "Tell two people apart who were joined by mistake.")
    _who(unmerge_, ("user", "anonymous"))
    other = unmerge_.add_mutually_exclusive_group(required=True)
    for name in OWN:
        other.add_argument(f"--from-{name}", metavar="ID", help=f"who was joined with them, by {OWN[name]}")
    other.add_argument("--from-person", metavar="HEX", help="the same, by an id of the profile's `merges`")


def _who(command: argparse.ArgumentParser, names: tuple[str, ...]) -> None:
    who = command.add_mutually_exclusive_group(required=True)
    for name in names:
        who.add_argument(f"--{name}", metavar="ID", help=f"the person, by {OWN[name]}")


def export(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done, 1 nobody goes by this identifier."""
    from journeyloop.adapters.store.directory import open_reader
    from journeyloop.app import WallClock, configuration
    from journeyloop.interpret.names import kept
    from journeyloop.runtime import person, reads
    from journeyloop.runtime.memory import read_secret

    try:
        plan = configuration(arguments.directory).plan
        assert plan is not None
        who = kept(*_asked(arguments, ""), plan.policy.identity)
        with closing(open_reader(arguments.directory)) as store, store.read() as reader:
            secret = read_secret(reader) or b""
            customer = reads.find_customer(reader, secret, who)
            if customer is None:
                return _refuse("nobody goes by this identifier")
            print(json.dumps(person.export(reader, secret, plan, customer, WallClock()()), indent=2))
    except _refusals() as error:
        return _refuse(str(error))
    return 0


def unmerge(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done, 1 they were never joined, or refused."""
    from journeyloop.writing import alone, beside

    try:
        server = beside(arguments.directory)
        if server is not None:
            server.ask("/v1/unmerge", _body(arguments))
            return _done()
        with alone(arguments.directory) as store:
            return _done() if store.unmerge(_asked(arguments, ""), _other(arguments), "command line") else _never()
    except _refusals() as error:
        return _refuse(str(error))


def _asked(arguments: argparse.Namespace, prefix: str) -> Identifier:
    """The identifier given by `--NAME`, or `--from-NAME`."""
    given = vars(arguments)
    name = next(name for name in OWN if given.get(f"{prefix}{name}") is not None)
    return OWN[name], given[f"{prefix}{name}"]


def _other(arguments: argparse.Namespace) -> Identifier | str:
    return arguments.from_person or _asked(arguments, "from_")


def _body(arguments: argparse.Namespace) -> dict[str, Any]:
    other = _other(arguments)
    named = {"person": other} if isinstance(other, str) else dict([other])
    return {**dict([_asked(arguments, "")]), "from": named}


def _refusals() -> tuple[type[Exception], ...]:
    from journeyloop.app import refusals
    from journeyloop.interpret.names import Unusable

    return (*refusals(), Unusable, ValueError)


def _done() -> int:
    print("told apart: each has their own profile again")
    return 0


def _never() -> int:
    return _refuse("these two were never joined, or have been told apart already")


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 1
