"""What can be asked of a running loop. Every answer is from a committed snapshot; none waits for the writer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from uuid import uuid4

from journeyloop.interpret.names import normal
from journeyloop.model.board import Board
from journeyloop.model.breaker import BREAKER
from journeyloop.model.identifier import Identifier
from journeyloop.model.inputs import Asked
from journeyloop.model.plan import Plan, Problem
from journeyloop.model.reach import CHANNELS, alike
from journeyloop.runtime import explain, memberships, person, reads, undelivered
from journeyloop.runtime.answers import previewed
from journeyloop.runtime.carried import carried
from journeyloop.runtime.coupons import pools
from journeyloop.runtime.couriers import Couriers
from journeyloop.runtime.history import history, texts_of, version
from journeyloop.runtime.hooked import Addressing, Told
from journeyloop.runtime.imports import Progress, read_progress
from journeyloop.runtime.lag import described, read_lags
from journeyloop.runtime.late import late_sources, status
from journeyloop.runtime.learned import read_arms
from journeyloop.runtime.measured import budgets, models
from journeyloop.runtime.memory import Memory, read_singles
from journeyloop.runtime.metrics import Metrics
from journeyloop.runtime.ports import Store
from journeyloop.runtime.quarantine import listed
from journeyloop.runtime.staging import NOT_LISTED, Sink, withheld
from journeyloop.runtime.unsubscribe import Ending, read
from journeyloop.runtime.writer import Writer


class Questions:
    """The reading half of the running loop; `Live` is the other."""

    store: Store
    memory: Memory
    writer: Writer
    measures: Metrics
    plan: Plan
    board: Board
    problems: list[Problem]
    sink: Sink
    clock: Callable[[], int]
    couriers: Couriers

    def blocked_ids(self) -> frozenset[str]:
        return self.plan.policy.identity.blocked

    def purposes(self) -> frozenset[str]:
        return frozenset(self.plan.policy.purposes)

    def alike(self, channel: str) -> list[str]:
        """The channels that a word on this one is about; none if there is no such channel."""
        known = (*CHANNELS, *self.plan.channels)
        return alike(self.plan.channels, channel) if channel in known else []

    def topics(self) -> frozenset[str]:
        return self.purposes() | {moment.topic for moment in self.plan.moments.values()}

    def profile(self, identifier: Identifier) -> dict[str, Any] | None:
        with self.store.read() as reader:
            customer = reads.find_customer(reader, self.memory.secret, identifier)
            if customer is None:
                return None
            return person.profile(reader, self.memory.secret, self.plan, customer, self.clock())

    def export(self, identifier: Identifier) -> dict[str, Any] | None:
        with self.store.read() as reader:
            customer = reads.find_customer(reader, self.memory.secret, identifier)
            if customer is None:
                return None
            return person.export(reader, self.memory.secret, self.plan, customer, self.clock())

    def person_of(self, identifier: Identifier) -> str | None:
        """The opaque id of who goes by this identifier."""
        with self.store.read() as reader:
            customer = reads.find_customer(reader, self.memory.secret, identifier)
        return None if customer is None else customer.header.person.hex()

    def normal(self, type_: str, value: str) -> str:
        """The one way to write this identifier. Raises `Unusable`."""
        return normal(type_, value, None, self.plan.policy.identity)

    def addressed(self, told: Told) -> tuple[bytes, str]:
        """A call that another service told us of, with the ids of whom it is about, and how far it is trusted."""
        with self.store.read() as reader:
            secret = self.memory.secret
            addressing = Addressing(
                secret, self.plan.policy.identity, lambda one: reads.find_customer(reader, secret, one)
            )  # fmt: skip
            return addressing.addressed(told)

    def ending(self, token: str) -> Ending | None:
        """What the link of a message ends; None: it is none of ours."""
        return read(token, self.memory.secret)

    def count_hook(self, source: str, result: str) -> None:
        self.measures.hooks.labels(source, result).inc()

    def decisions(self, identifier: Identifier) -> list[dict[str, Any]]:
        with self.store.read() as reader:
            customer = reads.find_customer(reader, self.memory.secret, identifier)
            return [] if customer is None else reads.decisions(reader, customer, self.plan)

    def decision(self, decision_id: bytes) -> dict[str, Any] | None:
        with self.store.read() as reader:
            return explain.decided(reader, self.plan, decision_id)

    def preview(
        self, identifier: Identifier, placements: Sequence[str], context: dict[str, Any]
    ) -> dict[str, dict[str, Any]]:
        """What `ask` would answer now, without deciding anything."""
        asks = [Asked(identifier, one, uuid4().hex, context) for one in placements]
        with self.store.read() as reader:
            return previewed(reader, self.memory.secret, self.plan, asks, self.clock())

    def why(self, moment: str, identifier: Identifier) -> dict[str, Any] | None:
        found = self.plan.moment(moment)
        if found is None:
            return None
        with self.store.read() as reader:
            customer = reads.find_customer(reader, self.memory.secret, identifier)
            return explain.why(reader, self.plan, found, customer, self.clock())

    def _withheld(self, identifier: Identifier) -> bool:
        """Whether this person must not be contacted in this environment."""
        with self.store.read() as reader:
            customer = reads.find_customer(reader, self.memory.secret, identifier)
        names = [name.value for name in customer.sealed.names] if customer else []
        return withheld(self.plan, [identifier[1], *names])

    def _sunk(
        self, identifier: Identifier, placements: Sequence[str], context: dict[str, Any]
    ) -> dict[str, dict[str, Any]]:
        """The answers to somebody who must not be contacted here: what they would have been goes to the sink."""
        answers = self.preview(identifier, placements, context)
        self.sink.keep_answers(self.person_of(identifier), answers.values(), self.clock())
        return {one: {"action": None, "reason": NOT_LISTED, "decision_id": None} for one in placements}

    def sunk(self) -> list[dict[str, Any]]:
        """What went to nobody, newest first."""
        return self.sink.listed()

    def history(self) -> dict[str, Any]:
        """The plans in the order they came into force, and the pauses."""
        with self.store.read() as reader:
            return history(reader)

    def version(self, prefix: str) -> dict[str, Any] | None:
        """The configuration of one version, as text; None: no version, or several, have a hash that begins so."""
        with self.store.read() as reader:
            try:
                found = version(reader, prefix)
            except LookupError:
                return None
            return {"hash": found, "files": texts_of(reader, found)}

    def _stored_texts(self, hash_: str) -> dict[str, str]:
        with self.store.read() as reader:
            return texts_of(reader, hash_)

    def moments(self) -> dict[str, Any]:
        with self.store.read() as reader:
            rows, lags = reads.moments(reader, self.plan, self.clock()), read_lags(reader)
        for row in rows:
            row["clauses"] = self.measures.clauses.of(row["moment"])
            row |= status(late_sources(self.plan.moments[row["moment"]], lags))
        return {
            "plan": self.plan.hash,
            "problems": self._problems(),
            "paused": sorted(self.board.paused),
            "breaker": self.board.tripped or None,
            "pauses": [self._pause(scope) for scope in sorted(self.board.paused)],
            "environment": self.plan.environment,
            "budgets": budgets(self.plan, self.board, self.clock()),
            "unknown_deliveries": sum(row["unknown"] for row in rows),
            "moments": rows,
        }

    def models(self) -> dict[str, Any]:
        with self.store.read() as reader:
            return {"models": models(read_arms(reader))}

    def sources(self) -> dict[str, Any]:
        with self.store.read() as reader:
            return {"sources": described(read_lags(reader))}

    def audiences(self) -> dict[str, Any]:
        with self.store.read() as reader:
            return {"audiences": memberships.audiences(reader, self.plan)}

    def members(self, audience: str, limit: int, after: bytes) -> dict[str, Any] | None:
        if not memberships.known(self.plan, audience):
            return None
        with self.store.read() as reader:
            return memberships.page(reader, audience, limit, after)

    def channels(self) -> dict[str, Any]:
        """What each way out does by now, and how many deliveries ended in doubt."""
        with self.store.read() as reader:
            return {"channels": carried(reader, self.couriers, self.plan)}

    def failed(self, channel: str | None, limit: int) -> dict[str, Any]:
        with self.store.read() as reader:
            return {"failed": undelivered.listed(reader, read_singles(reader), channel, limit)}

    def quarantine(self, limit: int) -> list[dict[str, Any]]:
        with self.store.read() as reader:
            return listed(reader, limit)

    def imported(self, file: str) -> Progress:
        """How far the import of this file has come."""
        with self.store.read() as reader:
            return read_progress(reader, file)

    def _pause(self, scope: str) -> dict[str, Any]:
        """Who paused it, when and why; `by` is null where the evidence did."""
        unsaid = self.board.tripped if scope == BREAKER else "it does harm"
        at, by, note = self.memory.singles.pauses.get(scope, (None, None, unsaid))
        return {"scope": scope, "at": at, "by": by, "note": note}

    def _problems(self) -> list[dict[str, Any]]:
        """Of the configuration; and that the breaker has paused everything."""
        found = list(self.problems)
        if BREAKER in self.board.paused:
            line = next((n for n, text in enumerate(self._policy(), 1) if text.startswith("breaker:")), 1)
            message = f"breaker: {self.board.tripped or 'paused'}; everything is paused until you resume `breaker`"
            found.insert(0, Problem("policy.yaml", line, "error", message))
        return [{"file": one.file, "line": one.line, "level": one.level, "message": one.message} for one in found]

    def _policy(self) -> list[str]:
        return self.plan.texts.get("policy.yaml", "").splitlines()

    def health(self) -> dict[str, Any]:
        return {"status": "ok"}

    def ready(self) -> tuple[bool, dict[str, Any]]:
        """Ready to take events: the store accepts writes."""
        failed = self.writer.failed
        broken = any(problem.level == "error" for problem in self.problems)
        return failed is None, {
            "store": "ok" if failed is None else str(failed),
            "configuration": "the previous plan is running: the new one has errors" if broken else "ok",
        }

    def metrics(self) -> bytes:
        self.measures.waiting.set(self.writer.waiting)
        with self.store.read() as reader:
            self.measures.lag.lags = read_lags(reader)
            self.measures.channels.rows = carried(reader, self.couriers, self.plan)
            self.measures.pools.told = pools(reader, self.plan)
        return self.measures.text()
