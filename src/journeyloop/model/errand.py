"""What other systems are told of a person: that a moment's signal was raised, what must not be sent to them any more,
an alert for a team. Where it goes is a destination; what becomes of it is the store's to prove.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["webhook", "apprise"]
Cause = Literal["opt_out", "hold", "dead_address"]
CAUSES: tuple[Cause, ...] = ("opt_out", "hold", "dead_address")
"""What may end messages to a person, and whoever asks is told of."""

SIGNAL, SUPPRESSION, ALERT = "moment.signal", "suppression", "alert"


class Destination(Struct, frozen=True):
    """One `[destinations.NAME]`. `secret` names the environment variable of its signing key, or of its whole address;
    `on` is what it is told of without a moment saying so, and `identify_by` what it knows people by."""

    name: str
    kind: Kind
    url: str = ""
    secret: str = ""
    on: tuple[Cause, ...] = ()
    identify_by: Literal["user_id", "email"] = "user_id"


class Tell(Struct, frozen=True):
    """What a moment's signal tells a destination: `text` is a template; for `length` ms the other system is to leave
    the person alone with `topics`."""

    to: str
    type: str
    text: str = ""
    topics: tuple[str, ...] = ()
    length: int = 0


class Errand(Struct, gc=False):
    """Tell this destination of a person: `cause` why, `topics` what is not to be sent `until` then (ms; 0: until they
    say otherwise). `user_id` and `emails` are what it may know them by, `names` all that they go by. `refused`: it is
    not told, for this reason."""

    person: bytes
    to: str
    type: str
    at: int
    cause: str = ""
    moment: str = ""
    topics: list[str] = []
    until: int = 0
    text: str = ""
    user_id: str | None = None
    emails: list[str] = []
    names: list[str] = []
    refused: str = ""


class Told(Struct, array_like=True, tag="told", gc=False):
    """An input: what became of the errand of this number: `acknowledged` by its destination, `withheld` in this
    environment, `dropped` as there is no such destination any more, or `given_up`."""

    person: bytes
    number: int
    state: str
    reason: str = ""
