"""Everything that can happen to the loop, and the messages machines send each other. The log holds the inputs.

An input is addressed to an identifier (it goes through `identify`), to a person, or to the board (`tune("*")`).
Messages never leave a turn: embedded they run first-in first-out to the end within their input.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from journeyloop.model.credits import Tuning
from journeyloop.model.customer import Customer
from journeyloop.model.errand import Told
from journeyloop.model.event import Event
from journeyloop.model.identifier import Identifier
from journeyloop.model.seen import Seen as Seen
from journeyloop.model.subscription import PushSubscribed as PushSubscribed

# --- inputs: to an identifier ---------------------------------------------------------------------------------------


class TabOpened(Struct, array_like=True, tag="tab_opened", gc=False):
    """A browser went from no open tab to one."""

    identifier: Identifier
    epoch: int


class TabClosed(Struct, array_like=True, tag="tab_closed", gc=False):
    """A browser went to no open tab, `at` that time (the 5 s of grace are already over)."""

    identifier: Identifier
    epoch: int
    at: int


class Asked(Struct, array_like=True, tag="asked", gc=False):
    """`POST /v1/decide`: somebody is waiting for an answer for this placement. `browser`: a page asks for itself, and
    nobody vouches for more than that it is this browser. `desk`: an agent asks, and has first what waits for them."""

    identifier: Identifier
    placement: str
    request_id: str
    context: dict[str, Any] = {}
    browser: bool = False
    desk: bool = False


class ConsentStated(Struct, array_like=True, tag="consent", gc=False):
    """What a person allows: `choices` by purpose, or purpose/channel. `wording` is the SHA-256 of what they were asked;
    `received` when somebody else took it down (0: now, by us)."""

    identifier: Identifier
    choices: dict[str, bool]
    at: int
    source: str
    wording: str = ""
    received: int = 0


class Held(Struct, array_like=True, tag="held", gc=False):
    """Somebody asks to leave a person alone with these topics and purposes until then (ms); and ends, at once, what
    holds the topics and purposes of `release`."""

    identifier: Identifier
    names: list[str]
    until: int
    reason: str = ""
    release: list[str] = []


class Imported(Struct, array_like=True, tag="imported", gc=False):
    """An event from before we came: it is folded into the profile, and never raises a signal. `marked`: its messageId
    is its sender's own, so that the same event by another way counts once."""

    event: Event
    marked: bool = True


# --- inputs: to a person --------------------------------------------------------------------------------------------


class TimerDue(Struct, array_like=True, tag="timer", gc=False):
    """A timer of this person has come due. `seen` is the presence at that instant, None if no tab is connected."""

    person: bytes
    name: str
    due: int
    seen: Seen | None = None


class Ready(Struct, array_like=True, tag="ready", gc=False):
    """The channel of a delivery that waits has a free slot for it; `row` is the key of the outbox by which it waited.
    `coupon` is the code it would carry, if it wants one and its pool had one."""

    person: bytes
    decision: bytes
    row: bytes = b""
    coupon: str = ""


class Delivered(Struct, array_like=True, tag="delivered", gc=False):
    """A channel's word on a delivery: `sent`, `suppressed`, `failed` (nothing left), `unknown`, or `again`: nothing
    left yet, or nothing that the channel would not know again (`doubt`); it is to be tried once more `after` ms.
    `gone`: the address, or the endpoint of a browser, that does not exist (any more)."""

    person: bytes
    decision: bytes
    state: str
    reason: str = ""
    after: int = 0
    gone: str = ""
    doubt: bool = False


class Outcome(Struct, array_like=True, tag="outcome", gc=False):
    """Somebody who holds the decision's id reports `shown`, `clicked`, `dismissed`. `machine`: a bot's word. An `agent`
    accepts (`clicked`) or declines (`dismissed`) for a `reason`."""

    person: bytes
    decision: bytes
    outcome: str
    machine: bool = False
    reason: str = ""
    agent: str = ""


class Judge(Struct, array_like=True, tag="judge", gc=False):
    """Look at the audiences of these people anew: the plan has others now, or their past was imported."""

    persons: list[bytes]


class Unmerge(Struct, array_like=True, tag="unmerge", gc=False):
    """`absorbed` was joined with `person` by mistake: both become again what their own records say."""

    person: bytes
    absorbed: bytes
    by: str = ""


# --- inputs: to the board -------------------------------------------------------------------------------------------


class PlanChanged(Struct, array_like=True, tag="plan", gc=False):
    """From now on this plan is in force: who brought it, and what they said of it."""

    hash: str
    by: str = ""
    note: str = ""


class Paused(Struct, array_like=True, tag="paused", gc=False):
    """Stop (or resume) `all`, `moment:NAME` or `channel:NAME`."""

    scope: str
    paused: bool
    by: str = ""
    note: str = ""


class Epoch(Struct, array_like=True, tag="epoch", gc=False):
    """A start of the server: earlier tabs are void, sums may have other last bits."""

    number: int
    code: str
    libraries: str


Input = (
    Event
    | TabOpened
    | TabClosed
    | Asked
    | ConsentStated
    | Held
    | PushSubscribed
    | Imported
    | Judge
    | Unmerge
    | TimerDue
    | Ready
    | Delivered
    | Told
    | Outcome
    | PlanChanged
    | Paused
    | Epoch
)

# --- messages: to identify ------------------------------------------------------------------------------------------


class Arrived(Struct, gc=False):
    """An input addressed to an identifier: name the person and forward."""

    input: Any


class Claimant(Struct, gc=False):
    """Who claims an identifier, and what of them decides whether two people are one: their age, whether they have a
    user id, how many fresh identifiers of each type, whom they were told apart from (`apart`) and all the ids they go
    by (`ids`). `sole`: they have no other identifier of the claimed type; `trusted`: a server key says so."""

    person: bytes
    known: bool
    created: int
    held: dict[str, int]
    ids: list[bytes]
    apart: list[bytes]
    sole: bool = True
    trusted: bool = False


class Claim(Struct, gc=False):
    """A person was named together with `identifier`, at event time `at`, through the door `source`."""

    identifier: Identifier
    claimant: Claimant
    at: int
    source: str = ""


class Repoint(Struct, gc=False):
    """From now on events of `identifier` belong to `person`: both sides are identified and this claim, made at event
    time `at`, is the newer; or (`at` None) its owner was handed over."""

    identifier: Identifier
    person: bytes
    at: int | None
    source: str = ""


# --- messages: to advance -------------------------------------------------------------------------------------------


class Forwarded(Struct, gc=False):
    """An input that has found its person. An event that brings new identifiers lets the claims settle first, for
    `settle` rounds of messages, so that it is judged on the whole person; None: not looked at yet."""

    input: Any
    settle: int | None = None


class MergeAsked(Struct, gc=False):
    """Another person says you two are one. Carries what the other knows of itself."""

    identifier: Identifier
    claimant: Claimant
    at: int
    source: str = ""


class HandOver(Struct, gc=False):
    """All that an anonymous person was. `id` makes it idempotent; `via` is the type of identifier that tied them.
    `vouched`: by a login or a server key, not by an address that anybody can type."""

    id: bytes
    customer: Customer
    via: str = ""
    vouched: bool = True


class Owned(Struct, gc=False):
    """The identifier is yours now."""

    identifier: Identifier
    at: int = 0
    source: str = ""


class Lost(Struct, gc=False):
    """The identifier is somebody else's now."""

    identifier: Identifier


Message = Arrived | Claim | Repoint | Forwarded | MergeAsked | HandOver | Owned | Lost | Tuning


class To(Struct, gc=False):
    """A message and the key of the machine it is for."""

    machine: str
    key: Any
    message: Message
