"""What HTTP needs from the runtime, as one Protocol. Tests stand a recording door behind it; `app.py` the real one.

Dictionaries returned here are answered as JSON without another look: they must hold nothing the asker may not read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from journeyloop.model.disposition import Disposition
from journeyloop.model.event import Rejected
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Input
from journeyloop.model.plan import Problem
from journeyloop.runtime.channels import Pushes
from journeyloop.runtime.coupons import Taken
from journeyloop.runtime.desk import Answered, Refused
from journeyloop.runtime.hooked import Told
from journeyloop.runtime.imports import Progress
from journeyloop.runtime.permission import Message
from journeyloop.runtime.rows import Kind
from journeyloop.runtime.unsubscribe import Ending

Frames = AbstractAsyncContextManager[AsyncIterator[bytes]]


class Door(Protocol):
    """Coroutines raise `Overloaded` or `Unavailable` (runtime.doors) if nothing was taken."""

    async def submit(self, inputs: Sequence[Input], rejected: Sequence[Rejected] = ()) -> None:
        """Return once the inputs, and the quarantine of the rejected, are durable."""
        ...

    def blocked_ids(self) -> frozenset[str]:
        """Ids that name nobody, in lower case."""
        ...

    def purposes(self) -> frozenset[str]:
        """What consent can be given for."""
        ...

    def alike(self, channel: str) -> list[str]: ...

    def topics(self) -> frozenset[str]:
        """What can be held: topics of moments, and purposes."""
        ...

    async def ask(
        self, identifier: Identifier, placements: Sequence[str], context: dict[str, Any], browser: bool = False
    ) -> dict[str, Any]:
        """By placement `{"action": …, …}` or `{"action": None, "reason": …}`. `browser`: a page asks for itself, and
        nobody vouches for who its visitor is."""
        ...

    def preview(self, identifier: Identifier, placements: Sequence[str], context: dict[str, Any]) -> dict[str, Any]:
        """What `ask` would answer; nothing changes."""
        ...

    def profile(self, identifier: Identifier) -> dict[str, Any] | None:
        """What is known of a person, under `person` their opaque id; None: nobody goes by this identifier."""
        ...

    def person_of(self, identifier: Identifier) -> str | None:
        """The opaque id alone."""
        ...

    def export(self, identifier: Identifier) -> dict[str, Any] | None:
        """Everything that is held about a person; None: nobody goes by this identifier."""
        ...

    def normal(self, type_: str, value: str) -> str:
        """The one way to write this identifier. Raises `interpret.names.Unusable`."""
        ...

    async def unmerge(self, identifier: Identifier, other: Identifier | str, by: str) -> bool:
        """False: the two were never joined."""
        ...

    def addressed(self, told: Told) -> tuple[bytes, str]:
        """A call that another service told us of as JSON with ids, and the `source` of its event."""
        ...

    def ending(self, token: str) -> Ending | None:
        """What the link of a message ends; None: it is none of ours."""
        ...

    async def unsubscribe(self, ending: Ending, everything: bool) -> bool:
        """Somebody came by it and wants no more: of its purpose, or of that by e-mail. False: there is nobody left."""
        ...

    def count_hook(self, source: str, result: str) -> None:
        """For /metrics: neither may hold anything of a person."""
        ...

    def wrong(self, message: Message) -> tuple[str, str] | None:
        """What the policy does not know of a message of another tool: a code and a sentence."""
        ...

    def may_send(self, messages: Sequence[Message]) -> list[dict[str, Any]]:
        """One `{"may_send", "reasons", "until"}` a message, in their order."""
        ...

    def longest_days(self) -> int:
        """How far back contacts are remembered."""
        ...

    def contacts(self, days: int) -> dict[str, Any]:
        """How many people were contacted how often. Called on a thread."""
        ...

    def would_have(self, days: int, policy: str | None) -> dict[str, Any] | list[Problem]:
        """What a policy would have blocked, or the errors of its text. Called on a thread."""
        ...

    def decisions(self, identifier: Identifier) -> list[dict[str, Any]]: ...

    def decision(self, decision_id: bytes) -> dict[str, Any] | None:
        """One decision with its `words`; None: there is none with this id."""
        ...

    def why(self, moment: str, identifier: Identifier) -> dict[str, Any] | None:
        """None: there is no such moment."""
        ...

    def moments(self) -> dict[str, Any]: ...

    def models(self) -> dict[str, Any]:
        """One line per arm: `{"models": […]}`."""
        ...

    def sources(self) -> dict[str, Any]:
        """Who sends, and how late it comes: `{"sources": […]}`."""
        ...

    def audiences(self) -> dict[str, Any]: ...

    def members(self, audience: str, limit: int, after: bytes) -> dict[str, Any] | None:
        """`{"members": [{"person", "since", "identifiers"}], "next": …}`; None: there is no such audience."""
        ...

    def channels(self) -> dict[str, Any]:
        """`{"channels": [{"channel", "kind", "waiting", "in_hand", "circuit", …}]}`."""
        ...

    def failed(self, channel: str | None, limit: int) -> dict[str, Any]:
        """Deliveries that failed or whose end is unknown, newest first: `{"failed": […]}`."""
        ...

    def quarantine(self, limit: int) -> list[dict[str, Any]]: ...

    async def resubmit(self, numbers: list[int]) -> dict[str, int]:
        """Try refused input again (no numbers: all): `{"accepted": n, "refused": n}`."""
        ...

    def imported(self, file: str) -> Progress:
        """How far the import of this file has come."""
        ...

    async def take_rows(self, kind: Kind, file: str, start: int, lines: Sequence[bytes]) -> Progress:
        """Take rows of an import in. Raises Gap (runtime.imports) if rows before them are missing."""
        ...

    async def outcome(self, decision_id: str, outcome: str, machine: bool = False) -> bool:
        """False: no decision has this id. `machine`: a bot reports it."""
        ...

    def pushes(self) -> Pushes | None:
        """The channel that pushes to browsers; None: there is none, or it cannot be used."""
        ...

    async def pause(self, scope: str, paused: bool, by: str, note: str = "") -> str | None:
        """Once it is in force for the next send, None; or the reason why not."""
        ...

    async def test_send(self, moment: str, action: str, to: str) -> dict[str, Any] | str:
        """`{"person", "content", …}` with where it went, or the reason why nothing was shown."""
        ...

    async def preview_content(self, moment: str, action: str, who: Identifier) -> dict[str, Any] | str:
        """What an action would say to this person (`content`, `reason`, `missing`, `filled`), or why nothing."""
        ...

    async def take_coupons(self, pool: str, codes: Sequence[str]) -> Taken:
        """New codes for a pool, durable once this returns."""
        ...

    def coupon_pools(self) -> list[dict[str, Any]]:
        """`[{"pool", "free", "given", "used"}]`."""
        ...

    async def reload(self, by: str = "", note: str = "") -> dict[str, Any]:
        """Read the configuration again, now: `{"plan": hash, "problems": […]}`."""
        ...

    def history(self) -> dict[str, Any]:
        """`{"versions": […], "pauses": […]}`, oldest first. Called on a thread."""
        ...

    def version(self, prefix: str) -> dict[str, Any] | None:
        """`{"hash", "files"}`; None: not exactly one version has a hash that begins so."""
        ...

    def sunk(self) -> list[dict[str, Any]]:
        """What went to nobody, because only listed people are contacted here; newest first."""
        ...

    async def agent_next(self, identifier: Identifier) -> dict[str, Any] | None:
        """One suggestion at most and the brief, for an agent who speaks with this person; None: nobody goes by it."""
        ...

    async def agent_answer(self, decision: bytes, answer: Answered, reason: str = "", agent: str = "") -> Refused:
        """An empty word once it is durable, or why it does not count."""
        ...

    async def agent_disposition(self, identifier: Identifier, said: Disposition, note: str, agent: str) -> int | None:
        """Until when it holds (0: nothing is held); None: nobody goes by this identifier."""
        ...

    def dispositions(self) -> dict[str, Disposition]:
        """What an agent may say of a conversation, by name."""
        ...

    def agent_stream(self, identifier: Identifier) -> Frames:
        """Server-sent event frames: what `agent_next` told, without asking, whenever it has changed."""
        ...

    def stream(self, anonymous_id: str, signed: bool) -> Frames:
        """Server-sent event frames for one browser. `signed`: the host's backend vouches for this anonymous id."""
        ...

    def saw_tabs(self, anonymous_id: str, tabs: list[dict[str, Any]]) -> None:
        """What the open tabs of a browser show: `[{"tab": id, "page": path, "visible": bool, "idle": ms}]`."""
        ...

    def feed(self) -> Frames:
        """Server-sent event frames of the console's live feed."""
        ...

    def health(self) -> dict[str, Any]: ...

    def ready(self) -> tuple[bool, dict[str, Any]]: ...

    def metrics(self) -> bytes:
        """Prometheus text."""
        ...
