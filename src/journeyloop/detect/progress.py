"""Counts and sequences: how far a person has come towards a moment that needs more than one event.

What has come so far is in `header.progress`, per moment and `by` value: at most MARKS of these, the oldest forgotten
first. Events within the jitter of the network are in the order of their arrival; a late one changes nothing here.
"""

from __future__ import annotations

from bisect import bisect_right, insort

from journeyloop.detect.look import judge, looked, saw, too_late
from journeyloop.detect.truth import OLDER, came_true, mark_of, truth_of
from journeyloop.model.customer import Customer
from journeyloop.model.event import JITTER, Event
from journeyloop.model.frame import Frame
from journeyloop.model.moment import Moment
from journeyloop.model.profile import Scene
from journeyloop.model.signal import Signal

MARKS = 20


def counted(customer: Customer, event: Event, moment: Moment, late: bool, read: Scene, frame: Frame) -> list[Signal]:
    """`where` says which events count, `who` is asked when there are enough of them. It becomes true when the number
    in the window comes to `count`, and can become so again only after it has been less."""
    who = len(moment.who.clauses)
    if not judge(customer, moment, event.name, read, frame, slice(who, None)):
        return []
    if late:
        too_late(customer, moment, event.name, OLDER, frame)
        return []
    number, reached = _count(customer, event, moment, frame)
    if not reached:
        again = "" if number < moment.detect.count else ": fires again after it was less"
        looked(customer, moment, event.name, "progress", f"{number} of {moment.detect.count}{again}", frame)
        return []
    if not judge(customer, moment, event.name, read, frame, slice(who)):
        return []
    return came_true(customer, moment, truth_of(event, moment, read, frame), frame)


def sequenced(
    customer: Customer, event: Event, moment: Moment, steps: list[int], late: bool, read: Scene, frame: Frame
) -> list[Signal]:
    """`steps` are those this event can be by its name, last first. `who` is asked at the last step."""
    detect = moment.detect
    fits = [step for step in steps if detect.steps[step].where.hold(read.activation, read.values)]
    if not fits:
        saw(customer, moment, event.name, "clause", _unfit(moment, steps[-1], read), read, frame)
        return []
    if late:
        saw(customer, moment, event.name, "late", "", read, frame)
        too_late(customer, moment, event.name, OLDER, frame)
        return []
    reached = _advance(customer, event, moment, fits, frame)
    if reached < len(detect.steps):
        saw(customer, moment, event.name, "progress", f"step {reached} of {len(detect.steps)}", read, frame)
        return []
    if not judge(customer, moment, event.name, read, frame):
        return []
    return came_true(customer, moment, truth_of(event, moment, read, frame), frame)


def _count(customer: Customer, event: Event, moment: Moment, frame: Frame) -> tuple[int, bool]:
    """(how many are in the window that ends with the newest, whether this event has made them enough)."""
    detect, progress = moment.detect, customer.header.progress
    key = _key("count", moment, event, frame)
    was_enough, *times = progress.get(key) or [0]
    start = max(event.time, times[-1] if times else 0) - detect.within
    times = times[bisect_right(times, start) :]
    held = was_enough and len(times) >= detect.count
    if event.time > start:
        insort(times, event.time)
    times = times[-detect.count :]
    enough = len(times) >= detect.count
    _keep(customer, key, [int(enough), *times], event, moment, frame)
    return len(times), enough and not held


def _advance(customer: Customer, event: Event, moment: Moment, fits: list[int], frame: Frame) -> int:
    """How many steps are done now. One event is one step: the last one it can be is tried first; what began later than
    another partial match can do all that the other can. The last step completes and clears."""
    detect, progress = moment.detect, customer.header.progress
    key = _key("sequence", moment, event, frame)
    starts = list(progress.get(key) or [0] * (len(detect.steps) - 1))
    horizon = event.time - detect.within
    for step in fits:
        before = starts[step - 1] if step else event.time
        if step == len(starts):
            if before and before >= horizon:
                progress.pop(key)
                return len(detect.steps)
        elif before > starts[step]:
            starts[step] = before
    if any(starts):
        _keep(customer, key, starts, event, moment, frame)
    return max((step for step, start in enumerate(starts, 1) if start and start >= horizon), default=0)


def _unfit(moment: Moment, step: int, read: Scene) -> str:
    where = moment.detect.steps[step].where
    return f"step {step + 1}: {where.reason(where.truths(read.activation, read.values), read.values)}"


# --- what is kept -----------------------------------------------------------------------------------------------------


def _key(kind: str, moment: Moment, event: Event, frame: Frame) -> str:
    return f"{kind}/{moment.name}/{moment.detect.hash}/{mark_of(event, moment, frame) or ''}"


def _keep(customer: Customer, key: str, value: list[int], event: Event, moment: Moment, frame: Frame) -> None:
    progress = customer.header.progress
    if key not in progress:
        _make_room(progress, key, event.time, moment, frame)
    progress[key] = value


def _make_room(progress: dict[str, list[int]], key: str, time: int, moment: Moment, frame: Frame) -> None:
    """Forget what no moment of the plan means any more, what is too old to matter, and, beyond MARKS, the oldest."""
    mine = key.rpartition("/")[0]
    dead = time - moment.detect.within - JITTER
    for other in [other for other in progress if _obsolete(other, frame)]:
        del progress[other]
    siblings = sorted((max(value), other) for other, value in progress.items() if other.rpartition("/")[0] == mine)
    for at, (newest, other) in enumerate(siblings):
        if newest < dead or at <= len(siblings) - MARKS:
            del progress[other]


def _obsolete(key: str, frame: Frame) -> bool:
    _, name, meaning, _ = key.split("/")
    moment = frame.plan.moment(name)
    return moment is None or moment.detect.hash != meaning
