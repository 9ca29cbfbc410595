"""Windows. Each moment of a decision has one: it opens at the signal, for the treated, the silent and the held out
alike, and resolves once, when it closes. Evidence is intention-to-treat: one row per signal, whatever happened after.
"""

from __future__ import annotations

from journeyloop.learn.evidence import psi
from journeyloop.model.condition import ABSENT, look
from journeyloop.model.customer import Customer
from journeyloop.model.decision import ENDED, Decision, Row, SignalRow
from journeyloop.model.event import JITTER, Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import Credit, Outcome
from journeyloop.model.moment import Moment
from journeyloop.model.profile import scene

REACHED = frozenset({"intent", "sent", "unknown"})
GROUPS = {"treated": "treated", "mixed": "mixed"}


def open_windows(customer: Customer, decision: Decision, frame: Frame) -> None:
    """One pending row per moment of the decision, and what to count of the decision itself."""
    for row in decision.rows:
        action = decision.chosen[1] if decision.chosen and decision.chosen[0] == row.moment else None
        pending = Row(decision.id, row.moment, action, GROUPS.get(row.arm, "holdout"), row.signal_at, row.closes)
        pending.share = (1.0 - frame.plan.policy.holdout) * (1.0 - frame.plan.moments[row.moment].holdout)
        pending.mean_treated, pending.mean_holdout = frame.board.means.get(row.moment, (0.0, 0.0))
        customer.header.pending = [*customer.header.pending, pending]
        customer.header.timers[_timer(pending)] = row.closes
        _count(decision, row, frame)


def _count(decision: Decision, row: SignalRow, frame: Frame) -> None:
    group = GROUPS.get(row.arm, "holdout")
    frame.count(row.moment, f"signals: {group}")
    if group == "holdout":
        return frame.count(row.moment, "held_out")
    if decision.chosen and decision.chosen[0] == row.moment:
        return frame.count(row.moment, "shadow" if decision.state == "shadow" else "decided")
    frame.count(row.moment, f"silent: {silence_of(decision, row)}")
    return None


def silence_of(decision: Decision, row: SignalRow) -> str:
    """Why this moment of the decision did nothing."""
    own = [one for one in decision.candidates if one.moment == row.moment]
    refused = next((one.verdict for one in own if one.verdict != "eligible"), "no candidates")
    if any(one.verdict == "eligible" for one in own):
        return f"outranked: {decision.chosen[0]}" if decision.chosen else decision.reason
    return refused


def reach_goals(customer: Customer, event: Event, frame: Frame) -> None:
    """Mark the open windows whose goal this event is. Live counts at once, evidence at the close."""
    listening = frame.plan.by_event.get(event.name)
    if listening is None or not listening.goals or not customer.header.pending:
        return
    read = scene(listening.reader, listening.reader.event_values(event), customer, frame)
    for moment in listening.goals:
        if not moment.goal.where.hold(read.activation, read.values):
            continue
        for row in customer.header.pending:
            if row.moment == moment.name and not row.goal_at and row.opened - JITTER <= event.time <= row.closes:
                row.goal_at, row.goal_value = event.time, _value(moment, event)
                frame.count(moment.name, f"goals: {row.arm}")
                frame.note("goal", customer.header.person, moment.name, event.name, row.arm)


def expose(customer: Customer, outcome: Outcome, frame: Frame) -> None:
    """The place was seen, treated or held out: once per decision, while its window is open. A bot sees nothing."""
    for row in customer.header.pending:
        if row.decision == outcome.decision and not row.exposed and not outcome.machine:
            row.exposed = frame.now
            frame.count(row.moment, f"exposed: {row.arm}")


def _value(moment: Moment, event: Event) -> float:
    if moment.goal.value is None:
        return 1.0
    found = look({"properties": event.properties}, tuple(moment.goal.value.split("."))[1:])
    usable = found is not ABSENT and isinstance(found, (int, float)) and not isinstance(found, bool)
    return float(found) * moment.goal.margin if usable else 0.0


def close(customer: Customer, name: str, frame: Frame) -> None:
    """The window closes: converted or ignored; void if the message never left (no arm learns from it)."""
    header = customer.header
    row = next((one for one in header.pending if _timer(one) == name), None)
    if row is None:
        return
    header.pending = [one for one in header.pending if one is not row]
    frame.count(row.moment, f"resolved: {row.arm}")
    if row.goal_at:
        frame.count(row.moment, f"converted: {row.arm}")
    frame.count(row.moment, _outcome(customer, row))
    _credit(customer, row, frame)
    if not any(one.decision == row.decision for one in header.pending):
        header.deliveries = [one for one in header.deliveries if one.decision != row.decision or one.state not in ENDED]


def _credit(customer: Customer, row: Row, frame: Frame) -> None:
    """The row's evidence. Without a holdout there is nothing to compare with; a mixed arm is left out."""
    if row.arm == "mixed" or not 0.0 < row.share < 1.0:
        return
    score = psi(row)
    before, rows = customer.header.scores.get(row.moment, (0.0, 0))
    frame.tune(row.moment, Credit(row.moment, row.arm == "treated", bool(row.goal_at), score, before, rows))
    customer.header.scores = {**customer.header.scores, row.moment: (before + score, rows + 1)}


def _outcome(customer: Customer, row: Row) -> str:
    delivery = next((one for one in customer.header.deliveries if one.decision == row.decision), None)
    if row.action is not None and delivery is not None and delivery.state not in REACHED:
        return "outcome: void"
    return "outcome: converted" if row.goal_at else "outcome: ignored"


def _timer(row: Row) -> str:
    return f"close/{row.decision.hex()}/{row.moment}"
