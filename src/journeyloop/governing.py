"""`journeyloop history`, `diff`, `rollback`, `reload`, `pause`, `resume`, `policy` and `test-send`: what those who run
it change, and what they ask about what was changed, or would be.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Add = Callable[..., argparse.ArgumentParser]
MOST_DAYS = 90
SCOPE = "all, moment:NAME or channel:NAME"


def add_to(add: Add) -> None:
    """The commands' words."""
    add("history", history, "Who changed what: plans as they came into force, and pauses.").add_argument(
        "--json", action="store_true", help="everything, as JSON"
    )
    diff_ = add("diff", diff, "What is different between two versions of the configuration.")
    for name in ("before", "after"):
        diff_.add_argument(name, metavar=name.upper(), help="a hash or its beginning, or now: the files as they are")
    rollback_ = add("rollback", rollback, "Write the files of a version back, and bring them into force.")
    rollback_.add_argument("version", metavar="HASH", help="its hash, or the beginning of it")
    rollback_.add_argument("--force", action="store_true", help="even if the files as they are were never in force")
    reload_ = add("reload", reload, "Have the running server read the configuration again.")
    pause_ = add("pause", pause, "Stop everything, a moment or a channel, from the next send on.")
    resume_ = add("resume", resume, "End a pause. What has expired meanwhile is not sent.")
    for command in (pause_, resume_):
        command.add_argument("scope", metavar="SCOPE", help=SCOPE)
    for command in (rollback_, reload_, pause_, resume_):
        command.add_argument("--note", metavar="TEXT", default="", help="why, for the history")
    _add_policy(add)
    _add_test_send(add)


def _add_policy(add: Add) -> None:
    policy_ = add(
        "policy", policy, "How often people were contacted, or what the policy in the files would have blocked."
    )
    which = policy_.add_mutually_exclusive_group(required=True)
    which.add_argument("--would-have", action="store_true", help="of what was sent, what would not have been")
    which.add_argument("--contacts", action="store_true", help="people by how often they were contacted")
    policy_.add_argument("--days", type=_days, default=7, metavar="N", help="the last N days (default: 7)")
    policy_.add_argument("--json", action="store_true", help="everything, as JSON")


def _days(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_DAYS):
        raise argparse.ArgumentTypeError(f"{text} is no number of days from 1 to {MOST_DAYS}")
    return int(text)


def _add_test_send(add: Add) -> None:
    test_ = add("test-send", test_send, "Send an action to one person by its channel, marked as a test.", False)
    test_.add_argument("action", metavar="MOMENT/ACTION")
    test_.add_argument("directory", metavar="DIR", type=Path, help="the configuration directory")
    test_.add_argument("--to", metavar="WHO", required=True, help="a user id, or an anonymous id")


# --- commands ---------------------------------------------------------------------------------------------------------


def history(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done."""
    from journeyloop.asking import past

    return _said(lambda: _shown(past(arguments.directory), arguments.json))


def diff(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done, different or not; 1 there is no such version."""
    from journeyloop.asking import differing

    return _said(lambda: sys.stdout.write(differing(arguments.directory, arguments.before, arguments.after)))


def rollback(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done, 1 there is no such version, or something would be lost."""
    from journeyloop.adapters.config.author import user
    from journeyloop.writing import bring_back

    def work() -> None:
        given = (arguments.directory, arguments.version, user(), arguments.note, arguments.force)
        print(f"in force: {bring_back(*given)}")

    return _said(work)


def reload(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done, 1 the configuration has errors, or no server runs."""
    from journeyloop.adapters.config.author import user
    from journeyloop.asking import told_server

    def work() -> None:
        told = told_server(arguments.directory, "/v1/reload", {"by": user(), "note": arguments.note})
        for one in told["problems"]:
            print("{file}:{line}: {level}: {message}".format(**one), file=sys.stderr)
        print(f"in force: {told['plan']}")
        if any(one["level"] == "error" for one in told["problems"]):
            raise LookupError("the configuration has errors: the plan before it goes on")

    return _said(work)


def pause(arguments: argparse.Namespace) -> int:
    """Run the command: 0 in force, 1 there is nothing of this name."""
    return _said(lambda: _turn(arguments, True))


def resume(arguments: argparse.Namespace) -> int:
    """Run the command: 0 in force, 1 there is nothing of this name."""
    return _said(lambda: _turn(arguments, False))


def _turn(arguments: argparse.Namespace, paused: bool) -> None:
    from journeyloop.adapters.config.author import user
    from journeyloop.writing import turn

    turn(arguments.directory, arguments.scope, paused, user(), arguments.note)
    print(f"{'paused' if paused else 'resumed'}: {arguments.scope}")


def policy(arguments: argparse.Namespace) -> int:
    """Run the command: 0 done; 1 the configuration has errors, or there is no store."""
    from journeyloop.asking import contacts, would_have

    def work() -> None:
        ask, words = (would_have, _would_have) if arguments.would_have else (contacts, _contacts)
        told = ask(arguments.directory, arguments.days)
        print(json.dumps(told, indent=2) if arguments.json else "\n".join(words(told)))

    return _said(work)


def test_send(arguments: argparse.Namespace) -> int:
    """Run the command: 0 its channel has it, 1 it was not sent (the reason is on standard error)."""
    from journeyloop.asking import told_server

    def work() -> None:
        moment, _, action = arguments.action.partition("/")
        body = {"moment": moment, "action": action, "to": arguments.to}
        print(json.dumps(told_server(arguments.directory, "/v1/test-send", body), indent=2))

    return _said(work)


# --- words ------------------------------------------------------------------------------------------------------------


def _shown(told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        return print(json.dumps(told, indent=2))
    rows = [(one["at"], _version(one)) for one in told["versions"]]
    rows += [(one["at"], _pause(one)) for one in told["pauses"]]
    for at, line in sorted(rows, key=lambda row: row[0]):
        print(f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M:%S}  {line}")


def _version(one: dict[str, Any]) -> str:
    files = ", ".join(f"{name} {what}" for name, what in one["files"].items())
    return f"{one['hash'][:8]}  {_by(one)}  {files}{'  (in force)' if one['in_force'] else ''}"


def _pause(one: dict[str, Any]) -> str:
    return f"{'paused' if one['paused'] else 'resumed'} {one['scope']}  {_by(one)}"


def _by(one: dict[str, Any]) -> str:
    who = one["by"] or "unknown"
    return f"{who}: {one['note']}" if one["note"] else who


def _would_have(told: dict[str, Any]) -> Iterator[str]:
    blocked, silences = told["would_block"], told["silences"]
    yield f"{told['contacts']} contacts in {told['days']} days, by plan {told['plan'][:8]}"
    yield f"{blocked['contacts']} would have been blocked, of {blocked['people']} people"
    for rule in told["rules"]:
        where = ", ".join(f"{name} {count}" for name, count in {**rule["moments"], **rule["channels"]}.items())
        yield f"  {rule['contacts']}\t{rule['rule']}  ({where})"
        yield f"\tfor example {', '.join(rule['examples'])}"
    for reason, count in told["not_judged"].items():
        yield f"  {count}\tnot judged: {reason}"
    yield f"{silences['by_policy']} times the policy kept silent; {silences['would_be_allowed']} it would have allowed"
    for rule, count in silences["rules"].items():
        yield f"  {count}\t{rule}"


def _contacts(told: dict[str, Any]) -> Iterator[str]:
    made = told["contacts"]
    yield f"{told['people']} people, {made['ours']} messages of ours, {made['theirs']} of others in {told['days']} days"
    yield "\t".join(["contacts", *told["all"]])
    for name, people in {"all": told["all"], **told["channels"]}.items():
        yield "\t".join([name, *map(str, people.values())])


def _said(work: Callable[[], Any]) -> int:
    from journeyloop.app import refusals

    try:
        work()
    except refusals() as error:
        print(error, file=sys.stderr)
        return 1
    return 0
