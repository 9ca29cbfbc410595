"""Which browsers of a person may be pushed to. What ends it: the browser's own word, a push service that does not know
it any more, or that the browser is somebody else's now.
"""

from __future__ import annotations

from journeyloop.interpret.identity import own
from journeyloop.model.customer import Customer
from journeyloop.model.frame import Frame
from journeyloop.model.reach import subscriptions
from journeyloop.model.subscription import PushSubscribed, Subscription, best


def push_subscribed(customer: Customer, word: PushSubscribed, frame: Frame) -> list[str]:
    """Keep or drop a subscription. With the last one ends every purpose on every channel that pushes."""
    sealed, browser = customer.sealed, word.identifier[1]
    own(customer, word.identifier, frame.now, frame)
    if word.endpoint:
        new = Subscription(browser, word.endpoint, word.p256dh, word.auth, frame.now, word.signed)
        sealed.subscriptions = best([*sealed.subscriptions, new])
        return []
    sealed.subscriptions = [one for one in sealed.subscriptions if one.browser != browser]
    return [] if subscriptions(customer) else _on_push(frame)


def _on_push(frame: Frame) -> list[str]:
    pushing = [name for name, address in frame.plan.channels.items() if address == "push"]
    return [f"{purpose}/{name}" for purpose in frame.plan.policy.purposes for name in pushing]
