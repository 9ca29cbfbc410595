"""A decision in plain words, from the JSON of `runtime.decided`: what was asked, what each candidate would have added,
what was done, and what came of it. Numbers are the recorded ones, rounded; nothing is looked up here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

Told = dict[str, Any]
SHORT = 8
"""Characters of an id that are enough to recognise it."""

STATES = {
    "silent": "",
    "due": "The message waits to be sent.",
    "intent": "The message is being sent.",
    "sent": "The message was sent",
    "suppressed": "The message was not sent",
    "expired": "The message came too late and was not sent",
    "failed": "The message could not be delivered",
    "unknown": "Nobody knows whether the message arrived; it is not sent again",
    "shadow": "It was decided for practice and not sent.",
}


def in_words(told: Told) -> str:
    """One line per thought."""
    lines = [_asked(told)]
    for moment in told["moments"]:
        lines += _moment(told, moment)
    lines += [_chosen(told), *_sent(told), *_outcomes(told), _versions(told)]
    return "\n".join(line for line in lines if line)


def _asked(told: Told) -> str:
    names = [one["moment"] for one in told["moments"]]
    many = f"the moments {', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else f"the moment {names[0]}"
    return f"At {moment_of(told['at'])} {many} asked what to do for person {_short(told['person'])}."


def _moment(told: Told, moment: Told) -> list[str]:
    """How it decides, then its candidates in the order of the file."""
    own = [one for one in told["candidates"] if one["moment"] == moment["moment"]]
    prefix = f"{moment['moment']}: " if len(told["moments"]) > 1 else ""
    return [f"{prefix}{line}" for line in (_mode(moment), *(_candidate(one, moment) for one in own)) if line]


def _mode(moment: Told) -> str:
    if moment["arm"] != "treated":
        return "This person is held out, so that the difference can be measured." if moment["arm"] != "mixed" else ""
    mode = moment["mode"]
    if mode not in ("cautious", "full"):
        return ""
    moved = ", to which the evidence has moved it" if moment["moved"] else ""
    if not moment["learned"]:
        return f"Its mode is {mode}{moved}; not enough is known of silence yet, so it tries everything evenly."
    return f"Its mode is {mode}{moved}; {_percent(moment['explore'])} % of its choices are left to chance."


def _candidate(one: Told, moment: Told) -> str:
    name, verdict = one["action"], one["verdict"]
    if verdict != "eligible":
        return f"{name} was not eligible: {verdict}."
    if "chance" not in one or moment["silence"] is None:
        return f"{name} was eligible, with probability {_probability(one['propensity'])}."
    silent, chance = moment["silence"], one["chance"]
    return (
        f"{name} adds {_signed(chance['mean'] - silent['mean'])} {_goals(moment)} "
        f"({_percent(chance['mean'])} % ± {_percent(chance['sd'])} against "
        f"{_percent(silent['mean'])} % ± {_percent(silent['sd'])} silent), {_worth(one, moment)}; "
        f"its probability was {_probability(one['propensity'])}."
    )


def _goals(moment: Told) -> str:
    return f"“{moment['goal']}”" if moment["goal"] else "goals"


def _worth(one: Told, moment: Told) -> str:
    """What it adds in money, the cost apart."""
    unit = f" {moment['currency']}" if moment["currency"] else ""
    weight = f", weighed {one['weight']:g} times" if one["weight"] != 1.0 else ""
    gross = one["increment"] + one["cost"]
    left = f", which leaves {_money(one['increment'])}{unit}" if one["cost"] else ""
    return f"worth {_money(gross)}{unit}{weight}, cost {_money(one['cost'])}{left}"


def _chosen(told: Told) -> str:
    chance = f"with probability {_probability(told['propensity'])}"
    if told["action"] is None:
        return f"It stayed silent, {chance}: {told['reason']}."
    return f"{told['action']['action']} was chosen, {chance}: {told['reason']}."


def _sent(told: Told) -> list[str]:
    """The message, as far as it came."""
    words = STATES.get(told["state"], told["state"])
    if not words:
        return []
    because = told["state_reason"] != told["reason"] and told["state_reason"]
    if not words.endswith("."):
        words = f"{words}: {because}." if because else f"{words}."
    seen = [f"{what} at {moment_of(told[what])}" for what in ("shown", "clicked", "dismissed") if told[what]]
    taken_back = [f"taken back: {told['recalled']}"] if told["recalled"] else []
    became = f" It was {', '.join([*seen, *taken_back])}." if seen or taken_back else ""
    return [f"{words}{became}{_stopped(told)}"]


def _stopped(told: Told) -> str:
    """The proof of a recall: how long it took from what made the message wrong to its end."""
    if not told["recalled_at"] or told["state"] != "suppressed":
        return ""
    kind, _, name = (told["recalled"] or told["state_reason"]).partition(": ")
    cause = f"{name} was received" if kind in ("goal", "cancelled") else f"this was known ({kind})"
    took = told["ended"] - told["recalled_at"]
    return f" It was stopped {took} ms after {cause}." if took else f" It was stopped as soon as {cause}."


def _outcomes(told: Told) -> list[str]:
    many = len(told["moments"]) > 1
    return [f"{one['moment']}: {_outcome(one)}" if many else _outcome(one) for one in told["moments"]]


def _outcome(moment: Told) -> str:
    found = moment["outcome"]
    if found is None:
        return f"What comes of it counts until {moment_of(moment['closes'])}."
    unit = f" {moment['currency']}" if moment["currency"] else ""
    value = f", worth {_money(found['value'])}{unit}" if found["goal_at"] else ""
    void = ", and no arm learns from it" if found["outcome"] == "void" else ""
    reached = (
        f"the goal was reached at {moment_of(found['goal_at'])}" if found["goal_at"] else "the goal was not reached"
    )
    return f"When the window closed at {moment_of(moment['closes'])}, {reached}{value}{void}."


def _versions(told: Told) -> str:
    return f"Plan {_short(told['plan'])}, board {told['board']}, draw {told['draw']:.4f}, decision {told['id']}."


# --- numbers ----------------------------------------------------------------------------------------------------------


def moment_of(at: int) -> str:
    """A time as people read it.

    >>> moment_of(1_700_000_000_000)
    '2023-11-14 22:13:20 UTC'
    """
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _short(name: str) -> str:
    return name if len(name) <= SHORT else f"{name[:SHORT]}…"


def _percent(share: float) -> str:
    return f"{100.0 * share:.1f}"


def _signed(number: float) -> str:
    return f"{number:+.3f}"


def _money(number: float) -> str:
    return f"{number:.2f}" if number else "0"


def _probability(share: float) -> str:
    return f"{share:.2f}" if share >= 0.01 or share == 0.0 else f"{share:.4f}"
