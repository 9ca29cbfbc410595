"""One decision over all candidates of all moments that became true for this person in this turn."""

from __future__ import annotations

from journeyloop.decide.arbitrate import Choice, arbitrate
from journeyloop.decide.eligible import judge, when
from journeyloop.decide.holdout import arm_of
from journeyloop.decide.policy import pace
from journeyloop.decide.priority import first_channel
from journeyloop.decide.score import features, score
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Decision, SignalRow, Verdict
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.profile import scene
from journeyloop.model.signal import Signal


def decide(customer: Customer, signals: list[Signal], frame: Frame, placement: str | None = None) -> Decision | None:
    """The decision, or None without a signal. Every candidate's verdict and propensity is in it."""
    if not signals:
        return None
    _forget_contacts(customer, frame)
    pace(frame)
    signals = _in_plan_order(signals, frame)
    rows = [_row(customer, signal, frame) for signal in signals]
    candidates = []
    for signal, row in zip(signals, rows, strict=True):
        verdicts = _verdicts(customer, signal, row.arm, placement, frame)
        score(row, verdicts, signal.moment, features(customer, signal, frame), frame)
        candidates += verdicts
    effect = keyed_hash(frame.secret, signals[0].cause, "*", "decision", "0")
    draw = int.from_bytes(keyed_hash(frame.secret, "draw", effect, size=8), "big") / 2**64
    choice = arbitrate(rows, candidates, draw)
    for verdict, propensity in zip(candidates, choice.propensities, strict=True):
        verdict.propensity = propensity
    decision_id = keyed_hash(frame.secret, "decision", effect)
    for signal in signals:
        if signal.moment.name in customer.sealed.looks:
            customer.sealed.looks[signal.moment.name].decision = decision_id
    decision = _record(customer, signals, rows, candidates, draw, choice, decision_id, frame)
    what = decision.chosen[1] if decision.chosen else "no action"
    kind = "decision" if decision.chosen else "silence"
    frame.note(kind, decision.person, rows[0].moment, what, decision.reason)
    return decision


def _record(
    customer: Customer,
    signals: list[Signal],
    rows: list[SignalRow],
    candidates: list[Verdict],
    draw: float,
    choice: Choice,
    decision_id: bytes,
    frame: Frame,
) -> Decision:
    picked = None if choice.index is None else candidates[choice.index]
    not_before, expires = _timing(customer, signals, picked, frame)
    shadow = picked is not None and {row.moment: row.mode for row in rows}[picked.moment] == "shadow"
    return Decision(
        id=decision_id,
        person=customer.header.person,
        cause=signals[0].cause,
        at=frame.now,
        plan=frame.plan.hash,
        board=frame.board.version,
        rows=rows,
        candidates=candidates,
        draw=draw,
        chosen=None if picked is None else (picked.moment, picked.action),
        reason=choice.reason,
        state="silent" if picked is None else "shadow" if shadow else "due",
        expires=expires,
        features={"confidence": max(signal.confidence for signal in signals)},
        not_before=not_before,
        versus=choice.versus,
    )


def _timing(customer: Customer, signals: list[Signal], picked: Verdict | None, frame: Frame) -> tuple[int, int]:
    """(when its message may leave, when it is stale)."""
    if picked is None:
        return 0, frame.now
    signal = next(one for one in signals if one.moment.name == picked.moment)
    action = next(one for one in signal.moment.actions if one.name == picked.action)
    begins, until = when(customer, signal, action, frame.now)
    return begins if begins > frame.now else 0, until


def _in_plan_order(signals: list[Signal], frame: Frame) -> list[Signal]:
    """They come by kind of detection: events, sequences, crossings."""
    if len(signals) == 1:
        return signals
    return sorted(signals, key=lambda signal: frame.plan.places[signal.moment.name])


def _row(customer: Customer, signal: Signal, frame: Frame) -> SignalRow:
    moment = signal.moment
    arm = arm_of(customer, moment, frame)
    closes = signal.at + moment.goal.within
    return SignalRow(moment.name, signal.at, arm, moment.mode, moment.explore, closes, signal.confidence, signal.doubts)


def _verdicts(customer: Customer, signal: Signal, arm: str, placement: str | None, frame: Frame) -> list[Verdict]:
    read = scene(signal.moment.reader, signal.event, customer, frame)
    verdicts = [judge(customer, signal, action, arm, placement, read, frame) for action in signal.moment.actions]
    first_channel(signal.moment, verdicts, placement, frame)
    return verdicts


def _forget_contacts(customer: Customer, frame: Frame) -> None:
    """Contacts older than every window are of no use any more."""
    oldest = frame.now - frame.plan.horizon
    if customer.header.contacts and customer.header.contacts[0].at <= oldest:
        customer.header.contacts = [one for one in customer.header.contacts if one.at > oldest]
