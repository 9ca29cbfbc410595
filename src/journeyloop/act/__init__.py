"""Act: the life of a delivery, from decided to a named end. Rooms say what; `adapters/channels` say how."""

from journeyloop.act.deliver import came_due, dispatch, offer, offers, outcome, reconsider, result
from journeyloop.act.life import starting
from journeyloop.act.stop import recall, recalls, withdraw

__all__ = [
    "came_due",
    "dispatch",
    "offer",
    "offers",
    "outcome",
    "recall",
    "recalls",
    "reconsider",
    "result",
    "starting",
    "withdraw",
]
