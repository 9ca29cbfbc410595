"""Is a tab of this person open? Kept as the log knows it, with the total time it held, so that `dwell` is a
difference."""

from __future__ import annotations

from journeyloop.interpret.identity import own
from journeyloop.model.customer import Customer
from journeyloop.model.frame import Frame
from journeyloop.model.identifier import identifier_key
from journeyloop.model.inputs import TabClosed, TabOpened


def _browser(identifier: tuple[str, str], frame: Frame) -> str:
    return identifier_key(frame.secret, identifier)[:4].hex()


def tab_changed(customer: Customer, message: TabOpened | TabClosed, frame: Frame) -> None:
    """A browser has its first tab, or none any more."""
    if isinstance(message, TabOpened):
        _opened(customer, message, frame)
    else:
        _closed(customer, message, frame)


def _opened(customer: Customer, message: TabOpened, frame: Frame) -> None:
    """A browser holds a tab now. Absences that waited for a reconnect after a server start are looked at at once."""
    header, presence = customer.header, customer.header.presence
    own(customer, message.identifier, frame.now, frame)
    if not presence.open(frame.epoch):
        presence.epoch, presence.browsers, presence.since = frame.epoch, [], frame.now
    presence.ever = True
    browser = _browser(message.identifier, frame)
    if browser not in presence.browsers:
        presence.browsers.append(browser)
    for armed in header.armed:
        if armed.due <= frame.now:
            header.timers[armed.name] = frame.now


def _closed(customer: Customer, message: TabClosed, frame: Frame) -> None:
    """A browser has no tab left, since `message.at`."""
    presence = customer.header.presence
    if message.epoch != presence.epoch or not presence.open(frame.epoch):
        return
    left = [browser for browser in presence.browsers if browser != _browser(message.identifier, frame)]
    if not left:
        presence.total += max(0, message.at - presence.since)
    presence.browsers = left
