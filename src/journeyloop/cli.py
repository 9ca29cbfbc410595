"""The command line: thin. It parses words, calls `app`, and turns refusals into a sentence and an exit code."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any

import uvloop

from journeyloop import __version__, backtesting, governing, importing, judging, persons

Command = Callable[[argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 refused (the reason is on standard error), 2 wrong usage."""
    arguments = parser().parse_args(argv)
    try:
        code = arguments.run(arguments)
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        code = 0
    sys.exit(code)


def parser() -> argparse.ArgumentParser:
    """All commands with their options; the reference is generated from it."""
    top = argparse.ArgumentParser(prog="journeyloop", description="A real-time journey loop in one process.")
    top.add_argument("--version", action="version", version=f"journeyloop {__version__}")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Command, text: str, directory: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        if directory:
            command.add_argument("directory", metavar="DIR", type=Path, help="the configuration directory")
        return command

    add("init", init, "Make a commented project that runs.")
    serve_ = add("serve", serve, "Run the loop: collect, detect, decide, act, learn.")
    serve_.add_argument("--host", help="the address to bind (default: journeyloop.toml, 127.0.0.1)")
    serve_.add_argument("--port", type=int, help="the port, 0 for a free one (default: journeyloop.toml, 8080)")
    serve_.add_argument("--env", metavar="NAME", help="the environment (default: journeyloop.toml, development)")
    add("check", check, "Check a configuration; errors are told with file and line.")
    judging.add_to(commands)
    replay_ = add("replay", replay, "Recompute every decision and fold the log: is the state what the log says?")
    replay_.add_argument("--json", action="store_true", help="print one JSON summary")
    quarantine_ = add("quarantine", quarantine, "List refused input with its reasons, or send it again.")
    quarantine_.add_argument("--limit", type=int, default=100, metavar="N", help="how many to list")
    quarantine_.add_argument("--resubmit", nargs="*", type=int, metavar="NUMBER", help="send these again (none: all)")
    quarantine_.add_argument("--json", action="store_true", help="everything, as JSON")
    importing.options(add("import", importing.bring, importing.ABOUT))
    backtesting.options(add("backtest", backtesting.backtest, backtesting.ABOUT))
    persons.add_to(add)
    governing.add_to(add)
    audiences_ = add("audiences", audiences, "Who is in an audience now, or how many are in each.")
    audiences_.add_argument("name", metavar="NAME", nargs="?", help="list its members")
    audiences_.add_argument("--csv", action="store_true", help="members as CSV, with their identifiers")
    demo_ = add("demo", demo, "The whole story with a small shop and synthetic customers.", directory=False)
    demo_.add_argument("--for", dest="seconds", type=float, metavar="SECONDS", help="end by itself")
    demo_.add_argument("--host", default="127.0.0.1")
    demo_.add_argument("--port", type=int, default=8080)
    demo_.add_argument("--json", action="store_true", help="print one JSON summary at the end")
    bench_ = add("bench", bench, "Measure this machine.", directory=False)
    bench_.add_argument("name", metavar="NAME", help="which one; an unknown name lists them")
    bench_.add_argument("--data", type=Path, metavar="PATH", help="the file or folder of a bench on real data")
    bench_.add_argument("--json", action="store_true", help="the JSON line alone")
    return top


# --- commands ---------------------------------------------------------------------------------------------------------


def init(arguments: argparse.Namespace) -> int:
    from journeyloop.adapters.config.init import scaffold

    try:
        written = scaffold(arguments.directory)
    except (OSError, ValueError) as error:
        return refuse(str(error))
    for path in written:
        print(f"wrote {path}")
    print(f"\nNext: journeyloop serve {arguments.directory}")
    return 0


def serve(arguments: argparse.Namespace) -> int:
    return run_loop(_serve(arguments))


async def _serve(arguments: argparse.Namespace) -> int:
    from journeyloop.adapters.log import log_quietly
    from journeyloop.app import serving

    log_quietly()
    try:
        where = (arguments.directory, arguments.host, arguments.port)
        async with serving(*where, environment=arguments.env) as running:
            _say_problems(running.live.problems)
            print(f"journeyloop listening on {running.url}", flush=True)
            await _until_asked_to_stop()
    except refusals() as error:
        return refuse(str(error))
    return 0


def check(arguments: argparse.Namespace) -> int:
    from journeyloop.app import check as checked
    from journeyloop.asking import too_slow

    loaded = checked(arguments.directory)
    for problem in sorted(loaded.problems + too_slow(arguments.directory, loaded)):
        print(problem)
    if loaded.plan is None:
        return 1
    print(f"ok: {len(loaded.plan.moments)} moments, plan {loaded.plan.hash}")
    return 0


def replay(arguments: argparse.Namespace) -> int:
    from journeyloop.asking import replayed

    try:
        found = replayed(arguments.directory)
    except refusals() as error:
        return refuse(str(error))
    if arguments.json:
        print(json.dumps(found))
    else:
        print("{inputs} inputs folded, {decisions} decisions recomputed, {different} different".format(**found))
        if not found["folded"]:
            print("the log was written by another version: only the decisions were checked")
        for difference in found["differences"]:
            print(difference)
    return 1 if found["different"] else 0


def quarantine(arguments: argparse.Namespace) -> int:
    from journeyloop.asking import quarantined, resubmit

    try:
        if arguments.resubmit is not None:
            return _resubmitted(resubmit(arguments.directory, arguments.resubmit))
        rows = quarantined(arguments.directory, arguments.limit)
    except refusals() as error:
        return refuse(str(error))
    if arguments.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        print(f"{row['number']}\t{row['reason']}\t{row['message']}\t{row['raw'][:200]}")
    print(f"{len(rows)} in quarantine", file=sys.stderr)
    return 0


def audiences(arguments: argparse.Namespace) -> int:
    from journeyloop.asking import audiences as counted
    from journeyloop.asking import members
    from journeyloop.runtime.memberships import as_csv

    try:
        if arguments.name is None:
            for row in counted(arguments.directory):
                print(f"{row['members']}\t{row['audience']}\t{row['where']}")
            return 0
        listed = members(arguments.directory, arguments.name)
        for line in as_csv(listed) if arguments.csv else (f"{one['person']}\n" for one in listed):
            sys.stdout.write(line)
    except refusals() as error:
        return refuse(str(error))
    return 0


def _resubmitted(outcome: dict[str, int]) -> int:
    print(f"{outcome['accepted']} accepted, {outcome['refused']} refused again")
    return 0


def demo(arguments: argparse.Namespace) -> int:
    return run_loop(_demo(arguments))


async def _demo(arguments: argparse.Namespace) -> int:
    from journeyloop.adapters.log import log_quietly
    from journeyloop.testing.customers import crowd
    from journeyloop.testing.demo import demonstration

    log_quietly()
    try:
        async with demonstration(arguments.host, arguments.port) as (running, world):
            if not arguments.json:
                print(INVITATION.format(url=running.url, world=world.url), flush=True)
            visitors = asyncio.create_task(crowd(running.url, running.keys.write, seconds=arguments.seconds))
            if arguments.seconds is None:
                await _until_asked_to_stop()
                visitors.cancel()
                return 0
            counts = await visitors
            print(_summary(running.live.moments(), counts, arguments.json), flush=True)
    except refusals() as error:
        return refuse(str(error))
    return 0


def bench(arguments: argparse.Namespace) -> int:
    from journeyloop.testing.bench import refusal, run

    if (reason := refusal(arguments.name, arguments.data)) is not None:
        return refuse(reason)
    found = run(arguments.name, arguments.data)
    if not arguments.json:
        for name, figure in found["figures"].items():
            print(f"{name:40} {figure:g}")
    print(json.dumps(found))
    return 0


def run_loop(work: Coroutine[Any, Any, int]) -> int:
    """On uvloop: a request costs half of what it costs on the standard event loop."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


# --- words ------------------------------------------------------------------------------------------------------------

INVITATION = """
journeyloop listening on {url}

  The shop           {url}/demo/shop
  The console        {url}/
  The world outside  {world}/

Open the shop, allow messages, add the 600-dollar espresso machine, go to checkout, stop at payment and wait 20 seconds
with the tab open. (One visitor in ten is held out, so that uplift can be measured: the console says who.)
In the world outside you have a mailbox, a telephone, and a bank that declines your card.
Ctrl-C ends it.
"""


def refusals() -> tuple[type[Exception], ...]:
    """What a command answers with a sentence instead of a traceback."""
    from journeyloop.app import refusals

    return refusals()


def refuse(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


def _say_problems(problems: Sequence[Any]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)


def _summary(moments: dict[str, Any], crowd: dict[str, Any], as_json: bool) -> str:
    if as_json:
        return json.dumps({"moments": moments["moments"], "visitors": crowd, "plan": moments["plan"]})
    return "\n".join(
        "{title}: {signals} signals, {sent} sent, {shown} shown, {held_out} held out".format(**row)
        for row in moments["moments"]
    )


async def _until_asked_to_stop() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()
