"""The loop on one screen: one message for one person, through five stages. Pure: time, chance, plan and board are in
the frame, and everything it wants from the world goes out through it."""

from __future__ import annotations

from journeyloop import act, decide, detect, interpret, learn
from journeyloop.model import inputs
from journeyloop.model.customer import Customer
from journeyloop.model.effects import Answer, Decided
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.profile import profile_values
from journeyloop.model.signal import Signal

SETTLE = 4


def advance(customer: Customer, message: inputs.Message, frame: Frame) -> None:
    """One turn of a person. A tombstone forwards what comes late to the person it became part of."""
    if customer.header.successor is not None:
        return frame.advance(customer.header.successor, message)
    match message:
        case inputs.Forwarded(input=Event() as event):
            event_arrived(customer, event, message.settle, frame)
        case inputs.Forwarded(input=inputs.TimerDue() as timer):
            timer_came_due(customer, timer, frame)
        case inputs.Forwarded(input=inputs.TabOpened() as tab):
            interpret.tab_opened(customer, tab, frame)
            act.offer(customer, frame)
        case inputs.Forwarded(input=inputs.TabClosed() as tab):
            interpret.tab_closed(customer, tab, frame)
        case inputs.Forwarded(input=inputs.Asked() as ask):
            interpret.own(customer, ask.identifier)
            choose(customer, detect.asked(customer, ask, frame), frame, ask)
        case inputs.Forwarded(input=inputs.ConsentStated() as stated):
            interpret.own(customer, stated.identifier)
            act.withdraw(customer, interpret.state_consent(customer, stated, frame), frame)
        case inputs.Forwarded(input=inputs.Delivered() as delivered):
            act.result(customer, delivered, frame)
        case inputs.Forwarded(input=inputs.Outcome() as outcome):
            outcome_reported(customer, outcome, frame)
        case inputs.MergeAsked():
            interpret.answer_merge(customer, message, frame)
        case inputs.HandOver():
            interpret.hand_over(customer, message, frame)
            act.reconsider(customer, frame)
        case inputs.Owned(identifier=identifier):
            interpret.own(customer, identifier)
        case inputs.Lost(identifier=identifier):
            interpret.lose(customer, identifier)


def event_arrived(customer: Customer, event: Event, settle: int | None, frame: Frame) -> None:
    """What happened, who is it, what does it mean, what to do, what worked. New claims settle first."""
    if settle is None:
        if detect.seen_before(customer, event.message_id, frame):
            return
        settle = SETTLE if interpret.claim_others(customer, event, frame) else 0
    if settle > 0:
        frame.advance(customer.header.person, inputs.Forwarded(event, settle - 1))
        return
    late = interpret.fold(customer, event)
    act.withdraw(customer, interpret.consent_in(customer, event, frame), frame)
    if event.name in frame.plan.by_event:
        learn.reach_goals(customer, event, frame)
        act.recall(customer, event, frame)
        choose(customer, detect.listen(customer, event, late, frame), frame)


def timer_came_due(customer: Customer, timer: inputs.TimerDue, frame: Frame) -> None:
    """Each timer's name says whose it is. One that was moved or ended meanwhile is nobody's."""
    if customer.header.timers.get(timer.name) != timer.due:
        return
    del customer.header.timers[timer.name]
    match timer.name.partition("/")[0]:
        case "absent":
            choose(customer, detect.due(customer, timer, frame), frame)
        case "expire":
            act.expire(customer, timer.name, frame)
        case "close":
            learn.close(customer, timer.name, frame)


def outcome_reported(customer: Customer, outcome: inputs.Outcome, frame: Frame) -> None:
    """Shown, clicked or dismissed, once; then our own event, so that a moment may follow up."""
    follow_up = act.outcome(customer, outcome, frame)
    if follow_up is not None:
        choose(customer, detect.listen(customer, follow_up, False, frame), frame)


def choose(customer: Customer, signals: list[Signal], frame: Frame, ask: inputs.Asked | None = None) -> None:
    """Signals → one decision → its delivery, or silence with a reason; and the windows that will judge it."""
    decision = decide.decide(customer, signals, frame, ask.placement if ask else None)
    if decision is not None:
        frame.emit(Decided(decision))
        learn.open_windows(customer, decision, frame)
        act.dispatch(customer, decision, ask is not None, frame)
    if ask is not None:
        frame.emit(Answer(ask.request_id, decision, profile_values(customer, frame.now)))
