"""All configuration as one immutable value, versioned by the hash of its text.

The name index is what makes a turn cheap: an event that nothing listens to costs one dictionary look-up.
"""

from __future__ import annotations

from msgspec import Struct

from journeyloop.model.audience import Aging, Audience, Computed, Crossing, Watching
from journeyloop.model.breaker import BREAKER
from journeyloop.model.condition import PathReader
from journeyloop.model.errand import Destination
from journeyloop.model.moment import Action, Match, Moment
from journeyloop.model.policy import Policy
from journeyloop.model.prediction import Prediction
from journeyloop.model.reach import Address

NO_WAY_OUT = "no unsubscribe link: server.public_url is missing"


class Problem(Struct, frozen=True, order=True):
    """Something to tell the author of a configuration file. `level`: `error` (the plan is refused) or `warning`."""

    file: str
    line: int
    level: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.level}: {self.message}"


class Listening(Struct):
    """What listens to one event name. `steps` are the moments with each step of their sequence that it can be, last
    first; `revokes` those whose goal it takes back, `guards` those it must not become more frequent for, with its
    place among them. `reader` extracts the paths that any of its conditions reads, once."""

    arms: list[Moment] = []
    steps: list[tuple[Moment, int]] = []
    absences: list[tuple[Moment, Match]] = []
    cancels: list[tuple[Moment, Match]] = []
    goals: list[Moment] = []
    revokes: list[Moment] = []
    guards: list[tuple[Moment, int]] = []
    reader: PathReader = PathReader(())


class Plan(Struct):
    """`computed` are the computed traits by name, `computing` by the event they count, `counting` names all their
    meanings. `watched` are the audiences and the crossings that moments listen to, `moving` those of them that an event
    name can move (and ANY, ALL), `aging` what time alone can move; `watching` names them all with
    their meaning. `by_crossed` finds moments by the name of an audience or crossing and its change;
    `pushes` are the URLs that are told of an audience's changes; `predictions` by name the chances that moments
    wait for; `channels` are those that are configured, with what each reaches a person by. What would else be counted
    over all moments again and again: `places` is each one's place in their order,
    `measures` how much is compared with a holdout over all of them, `horizon` how long a contact must be remembered
    (ms). `recipients` are the only people who may be contacted in this environment (None: everybody).
    `destinations` are the other systems that are told of people. `public_url` is where people reach this server, empty
    if nowhere."""

    hash: str
    moments: dict[str, Moment]
    policy: Policy
    channels: dict[str, Address]
    environment: str
    texts: dict[str, str]
    by_event: dict[str, Listening]
    by_ask: dict[str, list[Moment]]
    computed: dict[str, Computed] = {}
    computing: dict[str, list[Computed]] = {}
    counting: str = ""
    watched: tuple[Audience | Crossing, ...] = ()
    watching: str = ""
    moving: dict[str, Watching] = {}
    aging: tuple[Aging, ...] = ()
    by_crossed: dict[tuple[str, str], list[Moment]] = {}
    pushes: dict[str, str] = {}
    predictions: dict[str, Prediction] = {}
    places: dict[str, int] = {}
    measures: int = 1
    horizon: int = 0
    recipients: tuple[str, ...] | None = None
    destinations: dict[str, Destination] = {}
    public_url: str = ""

    def unknown(self, scope: str) -> str | None:
        """Why this is nothing that can be paused, or None if it can."""
        if scope == BREAKER:
            return "the breaker has paused nothing"
        kind, _, name = scope.partition(":")
        known = {"moment": set(self.moments), "channel": set(self.channels)}.get(kind)
        if scope == "all" or (known is not None and name in known):
            return None
        return f"there is no {scope}: write all or {kind}: and one of {', '.join(sorted(known or ())) or 'none'}"

    def moment(self, name: str) -> Moment | None:
        return self.moments.get(name)

    def unable(self, moment: Moment, action: Action) -> str | None:
        """Why this plan cannot send an action as it is written, or None."""
        unsupported = moment.unsupported + action.unsupported
        if unsupported:
            return f"not_supported_yet: {unsupported[0]}"
        if action.channel not in self.channels:
            return f"channel_unavailable: {action.channel}"
        return NO_WAY_OUT if self.endable(moment, action.channel) and not self.public_url else None

    def endable(self, moment: Moment, channel: str) -> bool:
        """Whether a message must carry a link that ends such messages: an e-mail that needs consent."""
        purpose = self.policy.purposes.get(moment.purpose)
        return self.channels.get(channel) == "email" and (purpose is None or purpose.consent_required)
