"""From a decision to a message that was sent, shown, clicked or dismissed.

An intent is written only when the channel can take the message: on-page, when a tab of the person is open; elsewhere,
when the channel has a free slot. Its id is the decision's, which `loop.js` uses to show it once, so an on-page intent
found after a crash is offered again.
"""

from __future__ import annotations

from msgspec.structs import replace

from journeyloop.act.desk import at_desk, in_hand, take, waiting
from journeyloop.act.life import changed, contact, expiry_timer, find, give_back, hold_room, move, start_timer
from journeyloop.act.render import unrenderable
from journeyloop.act.stop import gone, stop, withdraw
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Decision, Delivery
from journeyloop.model.effects import Queued, Reserved, Send
from journeyloop.model.frame import Frame
from journeyloop.model.goods import given
from journeyloop.model.inputs import Asked, Delivered, Ready
from journeyloop.model.permission import against
from journeyloop.model.plan import Plan
from journeyloop.model.profile import profile_values
from journeyloop.model.reach import ONPAGE, PAGE, addresses, unreachable, vouched
from journeyloop.model.spending import promise
from journeyloop.model.suppression import bury

GRACE = 2_000
LAST_WORD = 130_000
"""An attempt lasts two minutes at most (`timeout` of a channel): by then its end is known, or nobody will tell (ms)."""

OFFERED = ("intent", "sent")


def dispatch(customer: Customer, decision: Decision, pulled: bool, frame: Frame) -> None:
    """Give a decision to act its delivery, and reserve its caps. A pulled one (somebody waits) is sent at once."""
    if decision.chosen is None or decision.state != "due":
        return
    moment = frame.plan.moments[decision.chosen[0]]
    action = moment.action(decision.chosen[1])
    assert action is not None
    delivery = Delivery(
        decision.id, moment.name, action.name, moment.topic, action.channel, "due", decision.expires, frame.now,
        not_before=decision.not_before,
    )  # fmt: skip
    header = customer.header
    header.deliveries = [*header.deliveries, delivery]
    header.contacts = [*header.contacts, contact(delivery, max(frame.now, decision.not_before))]
    header.timers[expiry_timer(decision.id)] = decision.expires
    if decision.not_before:
        header.timers[start_timer(decision.id)] = decision.not_before
    promise(delivery, action, next(row.closes for row in decision.rows if row.moment == moment.name), frame)
    changed(customer, delivery, frame)
    if pulled:
        refusal = unrenderable(action, profile_values(customer, frame.now, frame.plan.computed), given(customer))
        move(customer, delivery, "suppressed" if refusal else "sent", refusal or "asked", frame)
    else:
        offer(customer, frame)
        enqueue(customer, frame)


def enqueue(customer: Customer, frame: Frame) -> None:
    """What is due by now, and for neither a page nor a desk, waits for a free slot of its channel."""
    for delivery in customer.header.deliveries:
        carried = delivery.channel != ONPAGE and not at_desk(delivery, frame.plan)
        if delivery.state == "due" and not _early(delivery, frame) and carried:
            frame.emit(Queued(customer.header.person, replace(delivery)))


def heard(customer: Customer, word: Ready | Delivered, frame: Frame) -> None:
    """A channel says that it has room for a message, or what became of one."""
    if isinstance(word, Ready):
        _ready(customer, word, frame)
    else:
        _result(customer, word, frame)


def _ready(customer: Customer, message: Ready, frame: Frame) -> None:
    """Its channel has a free slot: look at everything again, and write the intent or end it here."""
    delivery = find(customer, message.decision)
    if delivery is None or delivery.state != "due" or _early(delivery, frame):
        return give_back(message.coupon, frame)
    if delivery.channel == ONPAGE and not customer.header.presence.open(frame.epoch):
        return give_back(message.coupon, frame)  # it waits for the next tab
    _take_coupon(delivery, message.coupon, frame)
    refusal = _refusal(customer, delivery, frame)
    if refusal is not None:
        move(customer, delivery, "suppressed", refusal, frame)
    elif frame.now >= delivery.expires:
        move(customer, delivery, "expired", "its channel had no room in time", frame)
    else:
        _intend(customer, delivery, frame)


def _intend(customer: Customer, delivery: Delivery, frame: Frame) -> None:
    if move(customer, delivery, "intent", "", frame):
        pool, _, code = delivery.coupon.partition(":")
        if code:
            frame.emit(Reserved(pool, code, delivery.decision))
        frame.emit(send(customer, delivery, frame.now, frame.plan))


def offer(customer: Customer, frame: Frame) -> None:
    """A tab is open (or has just opened): write the intents of what is due by now. What carries a coupon waits for its
    code first."""
    if not customer.header.presence.open(frame.epoch):
        return
    for delivery in customer.header.deliveries:
        if delivery.state != "due" or _early(delivery, frame) or delivery.channel != ONPAGE:
            continue
        if _pool(delivery, frame) and not delivery.coupon:
            frame.emit(Queued(customer.header.person, replace(delivery)))
            continue
        refusal = _refusal(customer, delivery, frame)
        if refusal is not None:
            move(customer, delivery, "suppressed", refusal, frame)
        elif frame.now < delivery.expires:
            _intend(customer, delivery, frame)


def handed(customer: Customer, ask: Asked, frame: Frame) -> bool:
    """An agent asks: whether they have something in hand, or have it from now on. At most one at a time."""
    if not ask.desk:
        return False
    if in_hand(customer, frame.now, frame.plan) is not None:
        return True
    waits = waiting(customer, frame.now, frame.plan)
    return any(take(customer, one, _refusal(customer, one, frame), frame) for one in waits)


def reconsider(customer: Customer, frame: Frame) -> None:
    """Two people became one: what is on its way to either must be allowed for both. What is only due is judged when
    it is offered, or when its channel is ready."""
    for delivery in customer.header.deliveries:
        if delivery.state in OFFERED and not delivery.shown and not gone(delivery, frame.plan):
            refusal = _refusal(customer, delivery, frame)
            if refusal is not None:
                stop(customer, delivery, refusal, frame)
    offer(customer, frame)


def offers(customer: Customer, now: int, plan: Plan) -> list[Send]:
    """What a browser that has just connected is offered again: on its way, not shown, not stopped, not expired."""
    return [
        send(customer, delivery, now, plan)
        for delivery in customer.header.deliveries
        if delivery.channel == ONPAGE
        and delivery.state in OFFERED
        and delivery.intended  # who asked for it has it
        and not (delivery.shown or delivery.recalled)
        and now < delivery.expires
    ]


def send(customer: Customer, delivery: Delivery, now: int, plan: Plan) -> Send:
    profile = profile_values(customer, now, plan.computed)
    names = [name.value for name in customer.sealed.names]
    address = plan.channels.get(delivery.channel, PAGE)
    browsers, to, sure = customer.sealed.anonymous_ids(), addresses(customer, address), vouched(customer, address)
    user_id = next((name.value for name in customer.sealed.names if name.type == "user_id"), "")
    more = given(customer, delivery)
    return Send(customer.header.person, replace(delivery), browsers, profile, names, to, user_id, sure, more)


def _pool(delivery: Delivery, frame: Frame) -> str:
    """The pool that its code comes from, if it carries one."""
    moment = frame.plan.moment(delivery.moment)
    action = moment.action(delivery.action) if moment else None
    return action.coupon if action else ""


def _early(delivery: Delivery, frame: Frame) -> bool:
    return frame.now < max(delivery.not_before, delivery.again_at)


def _take_coupon(delivery: Delivery, coupon: str, frame: Frame) -> None:
    """One code for all attempts, and none of another pool than the plan names by now."""
    if delivery.coupon or coupon.partition(":")[0] != _pool(delivery, frame):
        give_back(coupon, frame)
    else:
        delivery.coupon = coupon


def _refusal(customer: Customer, delivery: Delivery, frame: Frame) -> str | None:
    """What must be true again at the time of the send."""
    moment = frame.plan.moment(delivery.moment)
    if moment is None:
        return "moment_removed"
    action = moment.action(delivery.action)
    if action is None or action.channel != delivery.channel:
        return "action_removed"
    header, policy = customer.header, frame.plan.policy
    return (
        frame.board.stops(delivery.moment, delivery.channel)
        or ("shadow: decided, not sent" if moment.mode == "shadow" else None)
        or frame.plan.unable(moment, action)
        or unreachable(customer, frame.plan.channels[delivery.channel])
        or (f"coupon: {action.coupon} has none left" if action.coupon and not delivery.coupon else None)
        or header.held_out(delivery.moment)
        or (action.unless.refusal(moment.name, header.acted) if action.unless else None)
        or next(against(customer, contact(delivery, frame.now), moment.purpose, policy.hours(action), policy), None)
    )


def _result(customer: Customer, message: Delivered, frame: Frame) -> None:
    """A channel's word. A second word on the same delivery changes nothing."""
    if message.gone:
        customer.sealed.subscriptions = [one for one in customer.sealed.subscriptions if one.endpoint != message.gone]
    delivery = find(customer, message.decision)
    if delivery is None:
        return
    if message.state == "again":
        return _again(customer, delivery, message, frame)
    doubtful = delivery.state == "intent" and delivery.intended < frame.epoch_started and message.state != "sent"
    move(customer, delivery, "unknown" if doubtful else message.state, message.reason, frame)
    if message.gone:
        lost = bury(customer, frame.plan.channels.get(delivery.channel, PAGE), message.gone, frame)
        withdraw(customer, [lost] if lost else [], frame)


def _again(customer: Customer, delivery: Delivery, message: Delivered, frame: Frame) -> None:
    """It waits once more, with the room it holds in the caps, unless it was stopped meanwhile or would be stale."""
    begins = frame.now + message.after
    if delivery.state != "intent":
        return
    delivery.doubt = delivery.doubt or message.doubt
    if delivery.recalled:
        move(customer, delivery, "suppressed", delivery.recalled, frame)
    elif begins >= delivery.expires:
        move(customer, delivery, "failed", f"not in time: {message.reason}", frame)
    elif move(customer, delivery, "due", message.reason, frame):
        delivery.again_at, delivery.attempts = begins, delivery.attempts + 1
        customer.header.timers[start_timer(delivery.decision)] = begins
        hold_room(customer, delivery, frame.now if delivery.doubt else begins)
        changed(customer, delivery, frame)


def came_due(customer: Customer, name: str, frame: Frame) -> None:
    """The timer of a delivery: its time has come, or is over."""
    if name.startswith("send/"):
        offer(customer, frame)
        enqueue(customer, frame)
    else:
        expire(customer, name, frame)


def expire(customer: Customer, name: str, frame: Frame) -> None:
    """No stale nudge. An intent waits for its channel's word; without one, or from before a restart, it is in doubt."""
    delivery = find(customer, bytes.fromhex(name.partition("/")[2]))
    if delivery is None:
        return
    last = delivery.expires + (GRACE if delivery.channel == ONPAGE else LAST_WORD)
    if delivery.state == "intent" and frame.now < last:
        customer.header.timers[name] = last
    elif delivery.state == "intent" and delivery.intended < frame.epoch_started:
        move(customer, delivery, "unknown", "the server stopped after the intent was written", frame)
    elif delivery.state == "intent" and delivery.channel != ONPAGE:
        move(customer, delivery, "unknown", "its channel never told how it ended", frame)
    else:
        move(customer, delivery, "expired", "nobody could be reached in time", frame)
