"""How likely is it now? Each event of a person scores the chances that moments wait for; one that has come up to its
threshold is a signal, once.

It may cross again only after it has fallen: its odds must have been a quarter below those of the threshold, so that a
chance that wavers around it does not cross with every event.
"""

from __future__ import annotations

from math import log

from journeyloop.detect.look import judge, saw
from journeyloop.detect.truth import Truth, came_true, cause_of
from journeyloop.model.arm import sigmoid
from journeyloop.model.audience import crossing_name
from journeyloop.model.customer import Customer, Header
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.moment import Moment
from journeyloop.model.prediction import Prediction
from journeyloop.model.profile import features_of, scene
from journeyloop.model.signal import Signal

FALLEN = log(4 / 3)
"""How far below the threshold's log-odds a chance counts as fallen."""


def foresee(customer: Customer, event: Event, late: bool, frame: Frame) -> list[Signal]:
    """The signals of the chances that this event has raised to what a moment waits for. While a chance stays above, the
    look of its crossing is left as it is."""
    signals: list[Signal] = []
    for prediction in frame.plan.predictions.values() if not late else ():
        signals += _scored(customer, event, prediction, frame)
    return signals


def _scored(customer: Customer, event: Event, prediction: Prediction, frame: Frame) -> list[Signal]:
    arms, signals = frame.arms.get(prediction.name), list[Signal]()
    unknown = prediction.ignorance(arms)
    if arms is None or unknown:
        for moment in prediction.moments:
            _unlikely(customer, event, moment, f"propensity: {unknown}", frame)
        return signals
    log_odds = arms.expected(features_of(prediction, customer, frame))
    told = f"propensity {sigmoid(log_odds):.2f}"
    for moment in prediction.moments:
        name, above = crossing_name(prediction.name, moment.detect.above), moment.detect.above
        if _crossed(customer.header, name, log_odds, above):
            signals += _raised(customer, event, moment, f"{told} crosses {above:g}", frame)
        elif name not in customer.header.foreseen:
            _unlikely(customer, event, moment, f"{told} is below {above:g}", frame)
    return signals


def _raised(customer: Customer, event: Event, moment: Moment, what: str, frame: Frame) -> list[Signal]:
    values = moment.reader.event_values(event)
    read = scene(moment.reader, values, customer, frame)
    if moment.starts is not None and event.time < moment.starts:
        saw(customer, moment, what, "clause", "not yet valid", read, frame)
        return []
    if not judge(customer, moment, what, read, frame):
        return []
    return came_true(customer, moment, Truth(what, event.time, cause_of(event, frame), values), frame)


def _crossed(header: Header, name: str, log_odds: float, above: float) -> bool:
    """Whether it has just come up to the threshold; a first score comes from below."""
    threshold = log(above / (1.0 - above))
    if name not in header.foreseen:
        if log_odds >= threshold:
            header.foreseen[name] = [1]
            return True
    elif log_odds < threshold - FALLEN:
        del header.foreseen[name]
    return False


def _unlikely(customer: Customer, event: Event, moment: Moment, reason: str, frame: Frame) -> None:
    read = scene(moment.reader, moment.reader.event_values(event), customer, frame)
    saw(customer, moment, event.name, "unlikely", reason, read, frame)
