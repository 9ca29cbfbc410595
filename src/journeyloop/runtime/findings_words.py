"""A backtest's report in words, aligned for a terminal: the same content as its JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from journeyloop.model.moment import span

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
LABEL = 16
COUNT = 9
WIDTH = 110
NOBODY_CONTACTED = """\
Nobody was contacted in this history: whoever reached a goal did so anyway. A message that would have been chosen counts
as sent, so that caps count it. People are known by this file alone. Hours and weekdays are those of {zone}."""
LEARNING = ("cautious", "full")
CONSENT = "As if everybody had consented who did not refuse (--assume-consent)."
TAB = "An upper bound: as if every person had a fitting tab open from their first event on (--assume-tab)."


def words(told: dict[str, Any]) -> str:
    """The whole report."""
    blocks = [list(_head(told)), *(list(_moment(one, told)) for one in told["moments"])]
    return "\n\n".join("\n".join(block) for block in blocks)


def refusals(refused: dict[str, Any]) -> Iterator[str]:
    """How many rows were refused and why, and the first of them by number."""
    if refused["rows"]:
        yield f"{_many(refused['rows'], 'row')} refused"
        yield from (f"{count:{COUNT},} {reason}" for reason, count in refused["reasons"].items())
        yield from (f"  row {one['row']}: {one['reason']}" for one in refused["first"])


def _head(told: dict[str, Any]) -> Iterator[str]:
    yield (
        f"{told['file']}: {told['rows']:,} rows, {told['events']:,} events of {told['people']:,} people, "
        f"{_day(told['from'])} to {_day(told['to'])} ({told['days']:.1f} days)"
    )
    yield from refusals(told["refused"])
    if told["duplicates"]:
        yield f"{_many(told['duplicates'], 'event')} more were the same once more: each counts once"
    yield NOBODY_CONTACTED.format(zone=told["zone"])
    if not told["own_secret"]:
        yield "There is no store yet: who would be held out was drawn anew and will differ."
    if told["assumed"]["consent"]:
        yield CONSENT
    if told["assumed"]["tab"]:
        yield TAB


def _moment(one: dict[str, Any], told: dict[str, Any]) -> Iterator[str]:
    yield f"{one['moment']}: {one['title']} ({one['mode']})"
    if one["asked"] is not None:
        yield _line("", f"It answers requests for the placement {one['asked']}; a history has none.")
        return
    yield from _signals(one)
    yield from _not_signals(one)
    yield from _anyway(one["anyway"])
    yield from _policy(one)
    yield _line("to learn", one["evidence"]["words"] if one["evidence"] else _nothing_to_learn(one, told["days"]))


def _signals(one: dict[str, Any]) -> Iterator[str]:
    per_day = "" if one["per_day"] is None else f", {one['per_day']:,.1f} a day"
    people = one["people"]
    yield _line("signals", f"{one['signals']:,}{per_day}, on {people['people']:,} people")
    if not one["signals"]:
        return
    yield _line("people", f"{people['known']:,} known, {people['anonymous']:,} anonymous")
    yield _line("", f"{people['first_time']:,} first-time, {people['returning']:,} returning")
    yield _line("", f"{people['high_value']:,} of high value")
    for begin in (0, 12):
        label = "by hour" if begin == 0 else ""
        counts = "".join(f"{count:7,}" for count in one["hours"][begin : begin + 12])
        yield f"  {label:{LABEL}}{begin:02}-{begin + 11:02}{counts}"
    yield _line("by weekday", "  ".join(f"{day} {n:,}" for day, n in zip(DAYS, one["weekdays"], strict=True)))


def _not_signals(one: dict[str, Any]) -> Iterator[str]:
    if one["unknown"]:
        yield _line("unknown", f"{one['unknown']:,} came due, but whether a tab was open is not known: not counted.")
        yield _line("", f"Upper bound: at most {one['unknown']:,} more signals; --assume-tab tells about them.")
    yield from _counts("noise", one["gated"])
    yield from _counts("late", {"their time had passed": one["late"]} if one["late"] else {})
    if one["cancelled"]:
        yield _line("cancelled", f"{one['cancelled']:,} did in time what the moment waits not to see")


def _anyway(anyway: dict[str, Any]) -> Iterator[str]:
    if not anyway["closed"] and not anyway["open"]:
        return
    goal = f"{anyway['goal']} within {span(anyway['within'])}"
    rate = "" if anyway["rate"] is None else f", {anyway['rate']:.1%}"
    yield _line("anyway", f"{anyway['goals']:,} of {anyway['closed']:,}{rate}: {goal}, with no contact")
    if anyway["open"]:
        yield _line("", f"{_many(anyway['open'], 'window')} still open when the history ends: not counted.")


def _policy(one: dict[str, Any]) -> Iterator[str]:
    yield from _counts("would decide" if one["mode"] == "shadow" else "would act", one["decided"])
    yield from _counts("held out", {"by chance": one["held_out"]} if one["held_out"] else {})
    yield from _counts("silent", one["silent"])
    if one["mode"] in LEARNING and one["decided"]:
        yield _line("", "Which of its actions works is not in a history without contacts: this split says nothing.")
    if one["without_consent"]:
        yield _line("", f"{one['without_consent']:,} stopped at consent first: --assume-consent tells what remains.")


def _nothing_to_learn(one: dict[str, Any], days: float) -> str:
    if days < 1:
        return "The history is shorter than a day: too short to say how long learning takes."
    if one["signals"]:
        return "No window closed within the history: what happens anyway is not known yet."
    return "Not known without tabs; --assume-tab estimates it." if one["unknown"] else "It would not have fired."


def _counts(label: str, counts: dict[str, int]) -> Iterator[str]:
    for reason, count in counts.items():
        yield _line(label, f"{count:,} {reason}")
        label = ""


def _line(label: str, text: str) -> str:
    """Long text goes on below itself."""
    first, *more = textwrap.wrap(text, WIDTH - LABEL, break_long_words=False) or [""]
    return "\n".join([f"  {label:{LABEL}}{first}".rstrip(), *(f"  {'':{LABEL}}{line}" for line in more)])


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _day(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).date().isoformat()
