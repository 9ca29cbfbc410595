"""The loop on one screen: one message for one person, in five stages. Pure: all it knows and wants is the frame's."""

from __future__ import annotations

from journeyloop import act, decide, detect, interpret, learn
from journeyloop.model import inputs
from journeyloop.model.customer import Customer
from journeyloop.model.effects import Answer, Decided
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.profile import profile_values
from journeyloop.model.signal import Signal


def advance(customer: Customer, message: inputs.Message, frame: Frame) -> None:
    """One turn of a person. A tombstone forwards what comes late to the person it became part of."""
    if customer.header.successor is not None:
        return frame.advance(customer.header.successor, message)
    match message:
        case inputs.Forwarded(input=Event() | inputs.Imported()):
            event_arrived(customer, message, frame)
        case inputs.Forwarded(input=inputs.TimerDue() as timer):
            timer_came_due(customer, timer, frame)
        case inputs.Forwarded(input=inputs.TabOpened() | inputs.TabClosed() as tab):
            interpret.tab_changed(customer, tab, frame)
            act.offer(customer, frame)
        case inputs.Forwarded(input=inputs.Asked() as ask):
            interpret.own(customer, ask.identifier, frame.now, frame)
            choose(customer, [] if act.handed(customer, ask, frame) else detect.asked(customer, ask, frame), frame, ask)
        case inputs.Forwarded(input=inputs.ConsentStated() | inputs.Held() | inputs.PushSubscribed() as word):
            act.withdraw(customer, interpret.take_word(customer, word, frame), frame)
        case inputs.Forwarded(input=inputs.Ready() | inputs.Delivered() as word):
            act.heard(customer, word, frame)
        case inputs.Forwarded(input=inputs.Outcome() as outcome):
            learn.expose(customer, outcome, frame)
            if follow_up := act.outcome(customer, outcome, frame):  # our own event, so that a moment may follow up
                choose(customer, detect.listen(customer, follow_up, False, frame), frame)
        case inputs.Forwarded(input=inputs.Judge()):
            interpret.begin(customer, frame)
        case inputs.HandOver():
            interpret.hand_over(customer, message, frame)
            act.reconsider(customer, frame)
            choose(customer, detect.crossed(customer, interpret.rejudge(customer, None, frame), message, frame), frame)
        case inputs.MergeAsked() | inputs.Owned() | inputs.Lost():
            interpret.told(customer, message, frame)


def event_arrived(customer: Customer, message: inputs.Forwarded, frame: Frame) -> None:
    """New claims settle first, unless nothing more comes of them. What is imported changes the profile and no more."""
    event = message.input if type(message.input) is Event else message.input.event
    if message.settle is None:
        if detect.seen_before(customer, message.input, frame):
            return
        message.settle = interpret.claim_others(customer, event, frame)
    if message.settle > 0 and not frame.last(message):
        return frame.advance(customer.header.person, inputs.Forwarded(message.input, message.settle - 1))
    interpret.begin(customer, frame, message.input is not event)
    late = interpret.fold(customer, event, frame)
    act.withdraw(customer, interpret.word_in(customer, event, frame), frame)
    crossed = interpret.rejudge(customer, event, frame)
    if message.input is event and (crossed or frame.plan.predictions or event.name in frame.plan.by_event):
        learn.reach_goals(customer, event, frame)
        learn.observe(customer, event, late, frame)
        act.recall(customer, event, frame)
        signals = detect.listen(customer, event, late, frame)
        signals += detect.crossed(customer, [] if late else crossed, event, frame)
        choose(customer, signals + detect.foresee(customer, event, late, frame), frame)


def timer_came_due(customer: Customer, timer: inputs.TimerDue, frame: Frame) -> None:
    """Each timer's name says whose it is. One that was moved or ended meanwhile is nobody's."""
    if customer.header.timers.get(timer.name) != timer.due:
        return
    customer.header.timers.pop(timer.name)
    match timer.name.partition("/")[0]:
        case "absent":
            choose(customer, detect.due(customer, timer, frame), frame)
        case "audience":
            choose(customer, detect.crossed(customer, interpret.rejudge(customer, None, frame), timer, frame), frame)
        case "send" | "expire":
            act.came_due(customer, timer.name, frame)
        case "close" | "observe":
            learn.close(customer, timer.name, frame)


def choose(customer: Customer, signals: list[Signal], frame: Frame, ask: inputs.Asked | None = None) -> None:
    """Signals → one decision → its delivery, or silence with a reason; and the windows that will judge it."""
    act.withdraw(customer, interpret.hold_by(customer, signals, frame), frame)
    act.brief(customer, signals, frame)
    act.tell(customer, signals, frame)
    if decision := decide.decide(customer, signals, frame, ask.placement if ask else None):
        frame.emit(Decided(decision))
        learn.open_windows(customer, decision, frame)
        act.dispatch(customer, decision, ask is not None, frame)
    if ask is not None:
        frame.emit(Answer(ask.request_id, decision, profile_values(customer, frame.now, frame.plan.computed)))
