"""Visits: events with at most 30 minutes between one and the next, whatever the order in which they arrive.

The newest visits are kept as spans of time, which a late event may lengthen, join, or stand between; older ones are
counted only. So the number of visits is exact while an event is at most that many visits late.
"""

from __future__ import annotations

from journeyloop.model.customer import Session, Visit
from journeyloop.model.moment import MINUTE

GAP = 30 * MINUTE
KEPT = 8


def visited(session: Session, time: int) -> Session:
    """The session after an event at `time`: the one given, changed, or another."""
    if session.number and session.started <= time <= session.last + GAP:
        session.events += 1
        if time > session.last:
            session.last = time
        return session
    if time <= session.settled:
        return session
    if time > session.last + GAP or not session.number:
        return _next(session, time)
    if session.started - GAP <= time and time > _end_before(session) + GAP:
        session.events += 1
        session.started = time
        return session
    spans = [*_spans(session), (time, time, 1)]
    return _session(_hidden(session), session.settled, spans, session.signals)


def _next(session: Session, time: int) -> Session:
    """Nearly always: what is not this visit is a new one."""
    if not session.number:
        return Session(1, time, time, 1)
    earlier = [*session.earlier, (session.started, session.last, session.events)]
    settled = session.settled
    if len(earlier) >= KEPT:
        settled = earlier.pop(0)[1]
    return Session(session.number + 1, time, time, 1, {}, earlier, settled)


def _end_before(session: Session) -> int:
    """When the visit before this one ended; an event more than GAP after it is not part of it."""
    return session.earlier[-1][1] if session.earlier else session.settled or -GAP - 1


def merged(mine: Session, theirs: Session) -> Session:
    """The visits of two people who turned out to be one."""
    if not (mine.number and theirs.number):
        return mine if mine.number else theirs
    spans = [*_spans(mine), *_spans(theirs)]
    session = _session(_hidden(mine) + _hidden(theirs), max(mine.settled, theirs.settled), spans, {})
    for one in (mine, theirs):
        if one.last >= session.started:
            for name, count in one.signals.items():
                session.signals[name] = session.signals.get(name, 0) + count
    return session


def _session(hidden: int, settled: int, spans: list[Visit], signals: dict[str, int]) -> Session:
    visits = _joined(spans)
    number = hidden + len(visits)
    visits = [visit for visit in visits if visit[1] > settled]
    if len(visits) > KEPT:
        settled = visits[-KEPT - 1][1]
    *earlier, (started, last, events) = visits[-KEPT:]
    return Session(number, started, last, events, signals, earlier, settled)


def _spans(session: Session) -> list[Visit]:
    """The visits kept, and the end of what is settled: an event soon after it belongs to a visit counted already."""
    if not session.number:
        return []
    spans = [*session.earlier, (session.started, session.last, session.events)]
    return [(session.settled, session.settled, 0), *spans] if session.settled else spans


def _hidden(session: Session) -> int:
    """How many visits are counted beside those in its spans."""
    return session.number - len(_joined(_spans(session)))


def _joined(spans: list[Visit]) -> list[Visit]:
    """Spans that overlap or come close are one."""
    visits: list[Visit] = []
    for started, last, events in sorted(spans):
        if visits and started - visits[-1][1] <= GAP:
            before = visits[-1]
            visits[-1] = (before[0], max(before[1], last), before[2] + events)
        else:
            visits.append((started, last, events))
    return visits
