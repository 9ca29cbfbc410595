"""The world outside, played on this machine for the demo and the tests: a mail server, a telephone, the old mail tool,
a bank, a help desk, the shop's own backend.

It speaks the real protocols through the real doors: SMTP, Twilio's API, Standard Webhooks in; signed webhooks and
server calls out. It knows nothing of journeyloop but its address and a server key.
"""

from journeyloop.testing.outside.arrivals import Arrived
from journeyloop.testing.outside.world import Outside

__all__ = ["Arrived", "Outside"]
