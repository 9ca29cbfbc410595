"""From a decision to a message that was sent, shown, clicked or dismissed.

An intent is written only when the channel can take the message: on-page, when a tab of the person is open; elsewhere,
when the channel has a free slot. Its id is the decision's, which `loop.js` uses to show it once, so an on-page intent
found after a crash is offered again.
"""

from __future__ import annotations

from msgspec.structs import replace

from journeyloop.act.desk import at_desk, in_hand, take, unanswerable, waiting
from journeyloop.act.life import MADE, changed, contact, expiry_timer, find, hold_room, move, start_timer
from journeyloop.act.render import unrenderable
from journeyloop.act.stop import gone, stop, withdraw
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Decision, Delivery
from journeyloop.model.effects import Queued, Returned, Send
from journeyloop.model.event import Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import Asked, Delivered, Outcome, Ready
from journeyloop.model.moment import DAY
from journeyloop.model.permission import against
from journeyloop.model.plan import Plan
from journeyloop.model.profile import profile_values
from journeyloop.model.reach import ONPAGE, PAGE, addresses, unreachable, vouched
from journeyloop.model.spending import promise
from journeyloop.model.suppression import bury

GRACE = 2_000
LAST_WORD = 130_000
"""An attempt lasts two minutes at most (`timeout` of a channel): by then its end is known, or nobody will tell (ms)."""

REST = DAY
MOST_ACTED = 64
REFLEX = 150
"""Nobody reads a message and answers it in less time (ms)."""
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
        refusal = unrenderable(action.content, profile_values(customer, frame.now, frame.plan.computed))
        move(customer, delivery, "suppressed" if refusal else "sent", refusal or "asked", frame)
    else:
        offer(customer, frame)
        enqueue(customer, frame)


def enqueue(customer: Customer, frame: Frame) -> None:
    """What is due by now, and for neither a page nor a desk, waits for a free slot of its channel."""
    for delivery in customer.header.deliveries:
        carried = not (_offered(delivery, frame) or at_desk(delivery, frame.plan))
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
        return _give_back(delivery, message.coupon, frame)
    delivery.coupon = message.coupon
    refusal = _refusal(customer, delivery, frame)
    if refusal is not None:
        move(customer, delivery, "suppressed", refusal, frame)
    elif frame.now >= delivery.expires:
        move(customer, delivery, "expired", "its channel had no room in time", frame)
    elif move(customer, delivery, "intent", "", frame):
        frame.emit(send(customer, delivery, frame.now, frame.plan))


def offer(customer: Customer, frame: Frame) -> None:
    """A tab is open (or has just opened): write the intents of what is due by now."""
    if not customer.header.presence.open(frame.epoch):
        return
    for delivery in customer.header.deliveries:
        if delivery.state != "due" or _early(delivery, frame) or not _offered(delivery, frame):
            continue
        refusal = _refusal(customer, delivery, frame)
        if refusal is not None:
            move(customer, delivery, "suppressed", refusal, frame)
        elif frame.now < delivery.expires and move(customer, delivery, "intent", "", frame):
            frame.emit(send(customer, delivery, frame.now, frame.plan))


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
        and not (delivery.shown or delivery.recalled)
        and now < delivery.expires
    ]


def send(customer: Customer, delivery: Delivery, now: int, plan: Plan) -> Send:
    profile = profile_values(customer, now, plan.computed)
    names = [name.value for name in customer.sealed.names]
    address = plan.channels.get(delivery.channel, PAGE)
    browsers, to, sure = customer.sealed.anonymous_ids(), addresses(customer, address), vouched(customer, address)
    user_id = next((name.value for name in customer.sealed.names if name.type == "user_id"), "")
    return Send(customer.header.person, replace(delivery), browsers, profile, names, to, user_id, sure)


def _offered(delivery: Delivery, frame: Frame) -> bool:
    """Whether it goes to a page as soon as one is open. One that carries a coupon waits for its code first."""
    moment = frame.plan.moment(delivery.moment)
    action = moment.action(delivery.action) if moment else None
    return delivery.channel == ONPAGE and not (action and action.coupon)


def _early(delivery: Delivery, frame: Frame) -> bool:
    return frame.now < max(delivery.not_before, delivery.again_at)


def _give_back(delivery: Delivery | None, code: str, frame: Frame) -> None:
    """The code of a message that is no longer to be sent."""
    moment = frame.plan.moment(delivery.moment) if delivery else None
    action = moment.action(delivery.action) if moment and delivery else None
    if code and action is not None:
        frame.emit(Returned(action.coupon, code))


def _refusal(customer: Customer, delivery: Delivery, frame: Frame) -> str | None:
    """What must be true again at the time of the send."""
    moment = frame.plan.moment(delivery.moment)
    if moment is None:
        return "moment_removed"
    action = moment.action(delivery.action)
    if action is None:
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


def outcome(customer: Customer, message: Outcome, frame: Frame) -> Event | None:
    """Shown, clicked or dismissed: counted once each, and not for a machine. Returns our own follow-up event, or None.

    A browser that shows a message has received it, whatever became of the channel's own word.
    """
    delivery = find(customer, message.decision)
    if delivery is None or getattr(delivery, message.outcome) or unanswerable(delivery, frame.plan):
        return None
    if _by_machine(delivery, message, frame.now):
        frame.count(delivery.moment, "ignored: machine")
        return None
    move(customer, delivery, "sent", "the browser has it", frame)
    if delivery.state not in MADE:
        return None
    setattr(delivery, message.outcome, frame.now)
    if message.outcome != "shown" and not delivery.shown:
        delivery.shown = frame.now
        frame.count(delivery.moment, "shown")
    _remember(customer, delivery, message.outcome, frame.now)
    if message.outcome == "dismissed":
        customer.header.rests[delivery.topic] = frame.now + REST
    frame.count(delivery.moment, message.outcome)
    if message.reason:
        frame.count(delivery.moment, f"declined: {message.reason}")
    frame.note("outcome", customer.header.person, delivery.moment, delivery.action, message.outcome)
    changed(customer, delivery, frame)
    name, properties = (
        f"Journeyloop Action {message.outcome.capitalize()}",
        {"moment": delivery.moment, "action": delivery.action} | ({"reason": message.reason} if message.reason else {}),
    )
    return Event("track", name, f"{message.decision.hex()}/{message.outcome}", frame.now, properties=properties)


def _by_machine(delivery: Delivery, message: Outcome, now: int) -> bool:
    """A bot says so, or it was clicked quicker than anybody reads. A quick dismissal is believed: it asks for quiet."""
    return message.machine or (message.outcome == "clicked" and now - delivery.shown < REFLEX)


def _remember(customer: Customer, delivery: Delivery, done: str, now: int) -> None:
    """What `unless` asks for. Of more actions than a person can have met, those longest ago are forgotten."""
    header, name = customer.header, f"{delivery.moment}/{delivery.action}"
    times = list(header.acted.get(name, (0, 0, 0)))
    times[0] = now if done == "shown" else max(times[0], delivery.shown)
    if done != "shown":
        times[1 if done == "clicked" else 2] = now
    kept = sorted({**header.acted, name: times}.items(), key=lambda one: max(one[1]))[-MOST_ACTED:]
    header.acted = dict(sorted(kept))


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
