"""Act: the life of a delivery, from decided to a named end. Rooms say what; `adapters/channels` say how."""

from journeyloop.act.brief import brief
from journeyloop.act.deliver import came_due, dispatch, handed, heard, offer, offers, outcome, reconsider
from journeyloop.act.desk import in_hand, waiting
from journeyloop.act.life import starting
from journeyloop.act.stop import recall, recalls, withdraw
from journeyloop.act.tell import tell

__all__ = [
    "brief",
    "came_due",
    "dispatch",
    "handed",
    "heard",
    "in_hand",
    "offer",
    "offers",
    "outcome",
    "recall",
    "recalls",
    "reconsider",
    "starting",
    "tell",
    "waiting",
    "withdraw",
]
