"""How sure is it that a signal is a person who means it? A number in [0, 1] and the names of what speaks against it.

    dwell       how long they have been here: 1 from DWELL on        half of the score
    depth       how much they have done in this visit: 1 from DEPTH  the other half
    repetition  they have done the very thing before: a fifth of what is missing is made good;
                but often, and again in a shallow visit, it is a habit: halved
    accidental  a single event, or gone (or hidden) within seconds: halved
    pace        more in a second than hands can do: a quarter of it
    bot         the user agent says so: 0

Cheap and plain on purpose: an author must be able to work it out by hand. Weights are a judgement, not learned.
"""

from __future__ import annotations

from journeyloop.model.customer import Customer
from journeyloop.model.moment import MINUTE, Moment

DWELL = MINUTE
DEPTH = 6
GLANCE = 5_000
"""A visit shorter than this (ms), with no tab that stays, was hardly meant."""
HABIT = 5
HANDS = 200
"""Nobody does more than one thing in so many ms, for BURST things on end."""
BURST = 8


def confidence(customer: Customer, moment: Moment, watched: int) -> tuple[float, list[str]]:
    """(score, doubts). `watched`: how long (ms) a tab in front, or of unknown state, was open since it was armed."""
    header, session = customer.header, customer.header.session
    if header.bot:
        return 0.0, ["bot"]
    active = session.last - session.started
    here = max(active, watched)
    dwell, depth = min(1.0, here / DWELL), min(1.0, max(0, session.events - 1) / (DEPTH - 1))
    times = header.counts.get(moment.detect.trigger or "", 0)
    score = 0.5 * dwell + 0.5 * depth
    doubts = [name for name, part in (("dwell", dwell), ("depth", depth)) if part < 0.5]
    if times >= HABIT and depth < 0.5:
        score, doubts = score * 0.5, [*doubts, "repetition"]
    elif times > 1:
        score += 0.2 * (1.0 - score)
    if session.events <= 1 or here < GLANCE:
        score, doubts = score * 0.5, [*doubts, "accidental"]
    if session.events >= BURST and active < session.events * HANDS:
        score, doubts = score * 0.25, [*doubts, "pace"]
    return round(score, 4), doubts


def in_words(score: float, doubts: list[str]) -> str:
    """As `why` tells it.

    >>> in_words(0.3149, ["depth", "dwell"])
    '0.31 (depth, dwell)'
    """
    return f"{score:.2f} ({', '.join(doubts)})" if doubts else f"{score:.2f}"
