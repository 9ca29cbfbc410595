"""`journeyloop why`, `explain` and `evaluate`: what an operator asks about decisions, made or only thought of."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from journeyloop.model.identifier import Identifier

Commands = Any
"""What `argparse.add_subparsers` gives; its type is private."""


def add_to(commands: Commands) -> None:
    """The commands' words."""
    why_ = _command(commands, "why", "Why a moment fired, or did not, for one person.")
    why_.set_defaults(run=why)
    why_.add_argument("moment", metavar="MOMENT", help="its stable name")
    why_.add_argument("directory", metavar="DIR", type=Path, help="the configuration directory")
    who = why_.add_mutually_exclusive_group(required=True)
    who.add_argument("--user", metavar="ID", type=_id, help="a user id")
    who.add_argument("--anonymous", metavar="ID", type=_id, help="an anonymous id")
    why_.add_argument("--json", action="store_true", help="everything, as JSON")
    explain_ = _command(
        commands, "explain", "One decision in plain words: each candidate, the choice, what came of it."
    )
    explain_.set_defaults(run=explain)
    explain_.add_argument("directory", metavar="DIR", type=Path, help="the configuration directory")
    explain_.add_argument("--decision", metavar="ID", required=True, help="its id, as decisions are listed")
    explain_.add_argument("--json", action="store_true", help="everything, as JSON")
    evaluate_ = _command(commands, "evaluate", "What another policy would have been worth, by this store's decisions.")
    evaluate_.set_defaults(run=evaluate)
    evaluate_.add_argument("directory", metavar="DIR", type=Path, help="the configuration directory")
    evaluate_.add_argument("--moment", metavar="NAME", required=True, help="the moment whose decisions tell")
    evaluate_.add_argument("--policy", metavar="FILE", type=Path, required=True, help="the policy, as YAML")
    evaluate_.add_argument("--json", action="store_true", help="everything, as JSON")


def _command(commands: Commands, name: str, text: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
    return made


def _id(text: str) -> str:
    """What a shell passes that is not UTF-8 arrives as half of a character."""
    if not text or any("\ud800" <= one <= "\udfff" for one in text):
        raise argparse.ArgumentTypeError("an id is UTF-8 text, and not empty")
    return text


def why(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done, 1 there is no such moment."""
    from journeyloop.app import refusals
    from journeyloop.asking import explain as asked
    from journeyloop.runtime.explain import in_words

    who: Identifier = ("user_id", arguments.user) if arguments.user else ("anonymous_id", arguments.anonymous)
    try:
        told = asked(arguments.directory, arguments.moment, who)
    except refusals() as error:
        return _refuse(str(error))
    print(json.dumps(told, indent=2) if arguments.json else in_words(told))
    return 0


def explain(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done, 1 there is no such decision."""
    from journeyloop.app import refusals
    from journeyloop.asking import decision

    try:
        told = decision(arguments.directory, arguments.decision)
    except refusals() as error:
        return _refuse(str(error))
    print(json.dumps(told, indent=2) if arguments.json else "\n".join(told["words"]))
    return 0


def evaluate(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done, 1 the log cannot tell (with --json the reason is `refused` too)."""
    from journeyloop.app import refusals
    from journeyloop.asking import evaluated
    from journeyloop.runtime.evaluate_words import in_words

    try:
        told = evaluated(arguments.directory, arguments.moment, arguments.policy)
    except refusals() as error:
        return _refuse(str(error))
    if arguments.json:
        print(json.dumps(told, indent=2))
    elif not told["refused"]:
        print(in_words(told))
    return _refuse(told["refused"]) if told["refused"] else 0


def _refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 1
