"""docs/reference/cli.md: every command with its arguments, from the parser itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from journeyloop.cli import parser
from tools.table import table

HEAD = """\
# Commands

<!-- written by tools/reference.py: change the code instead -->

`DIR` is a configuration directory, as `journeyloop init` makes it. A command exits with 0 when it is done, 1 when it
refuses (the reason is on standard error) and 2 when it is called wrongly.
"""


def page() -> str:
    return "\n".join([HEAD, *(line for name, command in _commands() for line in _command(name, command))])


def _commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Each command and, where it has commands of its own, those."""
    yield from _below("", parser())


def _below(prefix: str, command: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            about = {choice.dest: choice.help for choice in action._choices_actions}
            for name, inner in action.choices.items():
                inner.description = inner.description or about.get(name)
                yield f"{prefix}{name}", inner
                yield from _below(f"{prefix}{name} ", inner)


def _command(name: str, command: argparse.ArgumentParser) -> Iterator[str]:
    actions = [action for action in command._actions if not isinstance(action, argparse._HelpAction)]
    usage = " ".join(["journeyloop", name, *_usages(command, actions)])
    yield f"## {name}\n"
    yield f"{command.description}\n"
    yield f"```text\n{usage}\n```\n"
    rows = [f"`{_spelling(action)}` | {_meaning(action)}" for action in actions if _meaning(action)]
    if rows:
        yield from table("Argument | Meaning", rows)
        yield ""


def _usages(command: argparse.ArgumentParser, actions: list[argparse.Action]) -> Iterator[str]:
    """Each argument, and where exactly one of several is needed, those together: `(--user ID | --anonymous ID)`."""
    groups = [group._group_actions for group in command._mutually_exclusive_groups if group.required]
    for action in actions:
        group = next((one for one in groups if action in one), None)
        if group is None:
            yield _usage(action)
        elif action is group[0]:
            yield f"({' | '.join(map(_spelling, group))})"


def _usage(action: argparse.Action) -> str:
    needed = action.required or (not action.option_strings and action.nargs != "?")
    return _spelling(action) if needed else f"[{_spelling(action)}]"


def _spelling(action: argparse.Action) -> str:
    """`DIR`, `--json`, `--port N`, `--resubmit [NUMBER …]`."""
    shown = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
    if not action.option_strings:
        return shown
    if action.nargs == 0:
        return action.option_strings[-1]
    return f"{action.option_strings[-1]} {f'[{shown} …]' if action.nargs in ('*', '+') else shown}"


def _meaning(action: argparse.Action) -> str:
    default = action.default
    told = action.help or ""
    if default in (None, False, argparse.SUPPRESS) or "default" in told:
        return told
    return f"{told} (default: {default})".strip()
