"""Act: the life of a delivery, from decided to a named end. Rooms say what; `adapters/channels` say how."""

from journeyloop.act.answer import answer
from journeyloop.act.deliver import came_due, dispatch, heard, offer, offers, outcome, reconsider
from journeyloop.act.life import starting
from journeyloop.act.stop import recall, recalls, withdraw

__all__ = [
    "answer",
    "came_due",
    "dispatch",
    "heard",
    "offer",
    "offers",
    "outcome",
    "recall",
    "recalls",
    "reconsider",
    "starting",
    "withdraw",
]
