"""The bodies of the JSON API, as types: the decoder checks them and `/openapi.json` is made from them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from journeyloop.runtime.desk import Answered, Declined

Id = Annotated[str, Meta(max_length=512)]
Name = Annotated[str, Meta(min_length=1, max_length=256)]


class Decide(Struct):
    """Somebody waits for an answer for this placement, or for these `placements` in their order: one of the two. One of
    `user_id` and `anonymous_id` is needed.

    `context` is what the asker knows now; conditions read it as `event.context`. `reserve: false` is a preview: what
    would be answered, and nothing is decided.
    """

    placement: Name | None = None
    placements: Annotated[list[Name], Meta(min_length=1, max_length=20)] | None = None
    user_id: Id | None = None
    anonymous_id: Id | None = None
    context: dict[str, Any] = {}
    reserve: bool = True


class Ask(Struct):
    """A page asks for itself. `token` says which browser it is: the one an earlier answer carried, or one signed by
    your server. Without a valid one nothing is decided, and the answer carries an anonymous id that is new and its
    token. A browser that goes by another `anonymous_id` than its token is as one without."""

    placements: Annotated[list[Name], Meta(max_length=20)] = []
    token: Annotated[str, Meta(max_length=4_096)] | None = None
    anonymous_id: Annotated[str, Meta(max_length=4_096)] | None = None
    context: dict[str, Any] = {}
    write_key: str | None = None


class Reported(Struct):
    """What became of a message, by the holder of its decision id. `shown` is said of a decision for no action too: the
    place was seen, and whoever is held out counts as exposed like the others."""

    decision_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    outcome: Literal["shown", "clicked", "dismissed"]
    write_key: str | None = None


class ConsentChange(Struct):
    """Consent by purpose; `false` withdraws. One of `user_id` (server key) and `anonymous_id` is needed.

    `channel` limits it to one channel, such as email. `wording` is the text that was agreed to: its SHA-256 goes into
    the ledger. With a server key, `source` says where it was stated and `timestamp` (ISO 8601) when.
    """

    purposes: Annotated[dict[Name, bool], Meta(min_length=1, max_length=50)]
    user_id: Id | None = None
    anonymous_id: Id | None = None
    channel: Name | None = None
    wording: Annotated[str, Meta(max_length=20_000)] | None = None
    source: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    timestamp: Annotated[str, Meta(max_length=64)] | None = None
    write_key: str | None = None


class Joined(Struct):
    """Who was joined by mistake: an identifier of theirs, or the person's id from the profile's `merges`."""

    person: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")] | None = None
    user_id: Id | None = None
    anonymous_id: Id | None = None
    email: Id | None = None
    phone: Id | None = None


class Unmerge(Struct):
    """Tell two people apart. One of `user_id` and `anonymous_id` names the person who stays."""

    other: Joined = msgspec.field(name="from")
    user_id: Id | None = None
    anonymous_id: Id | None = None


class PushKeys(Struct):
    """A point of P-256 (65 bytes) and a secret (16 bytes) of the browser's, both base64url."""

    p256dh: Annotated[str, Meta(max_length=128)]
    auth: Annotated[str, Meta(max_length=64)]


class PushSubscription(Struct):
    """As the browser writes it: `JSON.stringify(subscription)`."""

    endpoint: Annotated[str, Meta(max_length=2048)]
    keys: PushKeys


class Push(Struct):
    """A browser's `subscription` to push; null when it has ended. With a `token` signed by your server, messages may
    speak of who it is; an invalid one is refused."""

    anonymous_id: Id
    subscription: PushSubscription | None
    token: Annotated[str, Meta(max_length=4_096)] | None = None
    write_key: str | None = None


class Tab(Struct):
    """One open tab: `page` is its path, `idle` the ms since the last input."""

    tab: Annotated[str, Meta(min_length=1, max_length=64)]
    page: Annotated[str, Meta(max_length=2048)] = ""
    visible: bool = False
    idle: Annotated[int, Meta(ge=0, lt=2**53)] = 0


class OpenTabs(Struct):
    anonymous_id: Id
    tabs: Annotated[list[Tab], Meta(max_length=100)]
    write_key: str | None = None


class Hold(Struct, forbid_unknown_fields=True):
    """Leave a person alone with these topics or purposes, `for` a duration such as 72h: nothing new is chosen, what is
    pending is recalled. A longer hold is not cut short. One of `user_id` and `anonymous_id` is needed."""

    topics: Annotated[list[Name], Meta(min_length=1, max_length=50)]
    length: Annotated[str, Meta(max_length=16)] = msgspec.field(name="for")
    user_id: Id | None = None
    anonymous_id: Id | None = None
    reason: Annotated[str, Meta(max_length=200)] = ""


class MayISend(Struct, forbid_unknown_fields=True):
    """One message: to whom, by one identifier; over which channel; about what, and for which purpose."""

    channel: Name
    user_id: Id | None = None
    anonymous_id: Id | None = None
    email: Id | None = None
    phone: Id | None = None
    topic: Annotated[str, Meta(max_length=256)] = ""
    purpose: Annotated[str, Meta(max_length=256)] = ""


class MaySend(Struct, forbid_unknown_fields=True):
    """The answers come in the order of the messages. None of them counts against another."""

    messages: Annotated[list[MayISend], Meta(max_length=1_000)]


class Sent(Struct, forbid_unknown_fields=True):
    """`id` is the message's own: told of twice it counts once. `at` is when it was sent (ISO 8601, now unless given).
    One of `user_id` and `anonymous_id` is needed."""

    channel: Name
    id: Annotated[str, Meta(min_length=1, max_length=200)]
    user_id: Id | None = None
    anonymous_id: Id | None = None
    topic: Annotated[str, Meta(max_length=200)] = ""
    at: Annotated[str, Meta(max_length=64)] | None = None


class WouldHave(Struct, forbid_unknown_fields=True):
    """`policy` is the text of a policy.yaml; without it, the one in force."""

    policy: Annotated[str, Meta(max_length=400_000)] | None = None
    days: Annotated[int, Meta(ge=1, le=90)] = 7


class AgentAnswer(Struct, forbid_unknown_fields=True):
    """What an agent did with a suggestion, once: `accepted` counts as a click, `declined` as a dismissal, for a
    `reason` (`other` unless given)."""

    decision_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    answer: Answered
    reason: Declined | None = None
    agent: Annotated[str, Meta(max_length=200)] = ""


class AgentDisposition(Struct, forbid_unknown_fields=True):
    """How a conversation ended. A name of policy.yaml says by itself what it holds and releases; with `hold` (and
    `for`, a duration such as 7d) or `release` the agent says it, and any name will do. One of `user_id`,
    `anonymous_id`, `email`, `phone` and `person` is needed."""

    disposition: Annotated[str, Meta(pattern="^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
    user_id: Id | None = None
    anonymous_id: Id | None = None
    email: Id | None = None
    phone: Id | None = None
    person: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")] | None = None
    hold: Annotated[list[Name], Meta(max_length=50)] = []
    length: Annotated[str, Meta(max_length=16)] | None = msgspec.field(name="for", default=None)
    release: Annotated[list[Name], Meta(max_length=50)] = []
    note: Annotated[str, Meta(max_length=2_000)] = ""
    agent: Annotated[str, Meta(max_length=200)] = ""


class Resubmit(Struct):
    """Numbers of the quarantine's listing; none: all."""

    numbers: Annotated[list[Annotated[int, Meta(ge=0, lt=2**62)]], Meta(max_length=100_000)] = []


class Reload(Struct):
    """What the history says of the change: `by` whom, and a `note`. Without `by` it is whoever holds the key."""

    by: Annotated[str, Meta(max_length=200)] = ""
    note: Annotated[str, Meta(max_length=1_000)] = ""


class TestSend(Struct):
    """Send this action `to` one person: a user id, or an anonymous id."""

    moment: Name
    action: Name
    to: Annotated[str, Meta(min_length=1, max_length=512)]


class Pause(Struct):
    """`all`, `moment:NAME` or `channel:NAME`; `by` whom and why (`note`), for those who find it paused; `breaker`
    where that has paused everything."""

    scope: Annotated[str, Meta(pattern="^(all|breaker|(moment|channel):[^\\x00-\\x20]{1,200})$")]
    by: Annotated[str, Meta(max_length=200)] = ""
    note: Annotated[str, Meta(max_length=1_000)] = ""
