"""An evaluation in plain words, from its JSON."""

from __future__ import annotations

from typing import Any

from journeyloop.runtime.occasions import said

Told = dict[str, Any]


def in_words(told: Told) -> str:
    """What the policy would have been worth, then what that rests on."""
    lines = [*_answer(told), "", _choices(told), *_rests(told)]
    return "\n".join(lines)


def _answer(told: Told) -> list[str]:
    goal, value = told["goal"], told["value"]
    unit = f" {told['currency']}" if told["currency"] else ""
    return [
        f"Goal reached   {_percent(goal['policy'])} % of windows under this policy, "
        f"{_percent(goal['ran'])} % under what ran: {_points(goal['difference'])} points",
        f"Value          {_amount(value['policy'])}{unit} per window, "
        f"{_amount(value['ran'])}{unit} under what ran: {_amount(value['difference'], '+')}{unit}",
        _verdict(goal["difference"], value["difference"]),
    ]


def _verdict(*differences: Told) -> str:
    """What may be concluded: only what lies wholly on one side of 0."""
    found = []
    for what, one in zip(("goals", "value"), differences, strict=True):
        if one["low"] > 0.0:
            found.append(f"more {what}")
        elif one["high"] < 0.0:
            found.append(f"less {what}" if what == "value" else f"fewer {what}")
    if not found:
        return "No difference can be told from chance."
    return f"It brings {' and '.join(found)} than what ran."


def _choices(told: Told) -> str:
    shares = ", ".join(
        f"{name} {100 * mine:.0f} % (ran {100 * theirs:.0f} %)" for name, (mine, theirs) in told["chosen"].items()
    )
    return f"It would choose {shares}."


def _rests(told: Told) -> list[str]:
    four = told["goal"]["estimates"]
    lines = [
        f"{told['windows']:,} windows of {told['people']:,} people, worth {told['effective']:,.0f} of the policy's own."
    ]
    if told["trained_on"]:
        lines.append(f"It learned from {told['trained_on']:,} windows that had closed before.")
    if told["left_out"]:
        lines.append(f"Left out: {said(told['left_out'])}.")
    if told["unsupported"]:
        lines.append(f"{100 * told['unsupported']:.2f} % of its choices rest on a forecast alone: the log never tried.")
    lines.append(
        f"Other estimates of the goal: self-normalised {100 * four['self_normalised']:.2f} %, "
        f"weighted {100 * four['weighted']:.2f} %, forecast alone {100 * four['direct']:.2f} %."
    )
    return [*lines, "Intervals are 95 % confidence sequences, clustered by person: look as often as you like."]


def _percent(one: Told) -> str:
    return f"{100 * one['estimate']:.2f} [{100 * one['low']:.2f}, {100 * one['high']:.2f}]"


def _points(one: Told) -> str:
    return f"{100 * one['estimate']:+.2f} [{100 * one['low']:+.2f}, {100 * one['high']:+.2f}]"


def _amount(one: Told, sign: str = "") -> str:
    return f"{one['estimate']:{sign}.3f} [{one['low']:{sign}.3f}, {one['high']:{sign}.3f}]"
