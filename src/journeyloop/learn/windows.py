"""Windows. Each moment of a decision has one: it opens at the signal, for the treated, the silent and the held out
alike (`learn.goals` marks what happens in it, `learn.close` resolves it).
"""

from __future__ import annotations

from journeyloop.model.board import VALUE, guard_measure, versus_measure
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Decision, Row, SignalRow, kind_of
from journeyloop.model.frame import Frame

GROUPS = {"treated": "treated", "mixed": "mixed"}


def open_windows(customer: Customer, decision: Decision, frame: Frame) -> None:
    """One pending row per moment of the decision, and what to count of the decision itself."""
    frame.beat(len(decision.rows), led=decision.chosen is not None and decision.state != "shadow")
    for row in decision.rows:
        pending = _pending(decision, row, frame)
        customer.header.pending = [*customer.header.pending, pending]
        customer.header.timers[timer_of(pending)] = row.closes
        _count(decision, row, frame)


def _pending(decision: Decision, row: SignalRow, frame: Frame) -> Row:
    """What will be needed at the close, as it is now."""
    moment, means = frame.plan.moments[row.moment], frame.board.level(row.moment).means
    action = decision.chosen[1] if decision.chosen and decision.chosen[0] == row.moment else None
    pending = Row(decision.id, row.moment, action, GROUPS.get(row.arm, "holdout"), row.signal_at, row.closes)
    pending.share = frame.plan.policy.treated(moment.holdout)
    if row.mode == "shadow":  # both arms are left alone: there is nothing to compare
        pending.share = 1.0
    pending.mean_treated, pending.mean_holdout = row.forecast
    pending.x, pending.contacted = row.x, decision.chosen is not None and decision.state != "shadow"
    pending.value_means = means.get(VALUE, (0.0, 0.0))
    pending.judged = moment.judged
    if action is not None and decision.versus:
        pending.versus = _compared(decision, action)
        pending.versus_means = means.get(versus_measure(pending.versus), (0.0, 0.0))
    pending.guards = [0] * len(moment.guards)
    pending.guard_means = [means.get(guard_measure(guard.event), (0.0, 0.0)) for guard in moment.guards]
    return pending


def _compared(decision: Decision, action: str) -> str:
    """Of the two that a coin decided between, the one that has the comparator."""
    chosen = next(one for one in decision.candidates if (one.moment, one.action) == decision.chosen)
    return action if chosen.versus == decision.versus else decision.versus


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
    return kind_of(refused)


def timer_of(row: Row) -> str:
    """The timer that closes the window; the same one again when its value is settled."""
    return f"close/{row.decision.hex()}/{row.moment}"
