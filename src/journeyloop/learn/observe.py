"""What predictions learn from: people watched from one of their events on, until the time of the prediction is over.

At most one observation per person and prediction is open. Which event opens it is drawn by the event's keyed hash, one
in SHARE: at the first event after each close, people would be known only as they arrive. The draw knows nothing of what
comes after, so that what is learned of the drawn events holds for all that are scored.
"""

from __future__ import annotations

from journeyloop.learn.taught import may_teach
from journeyloop.model.arm import SILENCE
from journeyloop.model.credits import Lesson
from journeyloop.model.customer import Customer
from journeyloop.model.event import Event
from journeyloop.model.feature import packed
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.moment import DAY, MINUTE
from journeyloop.model.prediction import WATCH, Observation, Prediction, timer_of, watched
from journeyloop.model.profile import features_of

SHARE = 4
FRESH = 5 * MINUTE
"""An event that took longer (ms) to arrive says nothing of the person as they are now."""


def observe(customer: Customer, event: Event, late: bool, frame: Frame) -> None:
    """Mark the goal of what is open; open what is not."""
    for prediction in frame.plan.predictions.values():
        one = customer.header.observed.get(prediction.name)
        if one is None:
            if not late and _drawn(customer, event, prediction, frame):
                _open(customer, event, prediction, frame)
        elif event.name == prediction.event and one.covers(event.time):
            one.goal_at = one.goal_at or event.time


def conclude(customer: Customer, timer: str, frame: Frame) -> None:
    """The time is over: one lesson. What no moment of the plan predicts any more ends without."""
    name, closes = watched(timer)
    one = customer.header.observed.get(name)
    if one is None or one.closes != closes:
        return None
    del customer.header.observed[name]
    prediction = frame.plan.predictions.get(name)
    if prediction is None:
        return None
    if not may_teach(customer, name, frame.now // DAY):
        return frame.count(name, "lessons: too many of one person")
    return frame.tune(name, Lesson(name, SILENCE, one.x, one.goal_at > 0, prediction.meaning))


def _drawn(customer: Customer, event: Event, prediction: Prediction, frame: Frame) -> bool:
    """Whether this event opens an observation. Crawlers teach nothing."""
    if customer.header.bot or frame.now - event.time >= min(FRESH, prediction.within):
        return False
    kind, value = event.primary()
    return keyed_hash(frame.secret, WATCH, kind, value, event.message_id, prediction.name)[0] % SHARE == 0


def _open(customer: Customer, event: Event, prediction: Prediction, frame: Frame) -> None:
    closes = event.time + prediction.within
    one = Observation(event.time, closes, packed(features_of(prediction, customer, frame)))
    customer.header.observed[prediction.name] = one
    customer.header.timers[timer_of(prediction.name, closes)] = closes
