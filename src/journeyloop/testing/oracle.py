"""The judge of a simulated run: outside of the loop, by true time, from what was committed and what reached a browser.

It has its own idea of who is who, who allows what and who is held out; it shares no rule with the kernel.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from journeyloop.model.decision import Decision
from journeyloop.model.effects import Resolved
from journeyloop.model.event import Event
from journeyloop.model.identifier import Identifier, keyed_hash
from journeyloop.model.inputs import ConsentStated, Held, Paused
from journeyloop.model.plan import Plan
from journeyloop.testing.windows import Windows, frequencies

PURPOSE = "marketing"
ZONES = ("Europe/Berlin", "Europe/London", "Atlantic/Azores", "America/Sao_Paulo", "America/Halifax")
REDRAWN, NEARLY = 4, 0.03
OUTBOUND = ("letters", "hooks")


def zone_at(name: str) -> str:
    """Where the person lives who uses this browser, or goes by this id."""
    return ZONES[int(name.split("-")[1]) % len(ZONES)]


class Statement(Struct):
    """One word on consent: `at` by the person's clock, `received` by ours; `firm`: not stamped on an event."""

    granted: bool
    at: int
    received: int
    firm: bool


class Push(Struct):
    at: int
    decision: Decision


class Violation(AssertionError):
    """A promise was broken; the message says which."""


class Oracle:
    """`sometimes` counts what happened, to prove that the rare states were visited."""

    def __init__(self, plan: Plan, secret: bytes) -> None:
        self.plan, self.secret = plan, secret
        self.sometimes: Counter[str] = Counter()
        self.acknowledged: set[str] = set()
        self.decisions: dict[bytes, Decision] = {}
        self._linked: dict[Identifier, Identifier] = {}
        self._people: dict[bytes, Identifier] = {}
        self._statements: dict[Identifier, list[Statement]] = {}
        self._arms: dict[tuple[Identifier, str], set[str]] = {}
        self._pushes: dict[Identifier, list[Push]] = {}
        self._done: set[bytes] = set()
        self._sent_at: list[int] = []
        self._held: dict[Identifier, dict[str, int]] = {}
        self._folded: set[str] = set()
        self.paused: set[str] = set()
        self._taken: Counter[bytes] = Counter()
        self.windows = Windows(plan, self._expect)
        self._redrawn: Counter[bool] = Counter()

    # --- what was committed -------------------------------------------------------------------------------------------

    def committed(self, happened: list[Any], now: int) -> None:
        """Inputs and decisions of one batch, in order."""
        for one in happened:
            match one:
                case Event() if one.message_id not in self._folded:
                    self._event(one, now)
                case Event():
                    self.sometimes["duplicate"] += 1
                case ConsentStated(identifier=identifier, choices=choices, at=at):
                    self._state(self._root(identifier), Statement(choices[PURPOSE], at, now, True))
                case Held(identifier=identifier, names=names, until=until):
                    for name in names:
                        self._hold(self._root(identifier), name, until)
                case Paused(scope=scope, paused=paused):
                    self.sometimes["pause"] += paused
                    (self.paused.add if paused else self.paused.discard)(scope)
                case Decision():
                    self._decided(one)
                case Resolved():
                    self.windows.resolved(one, now)
                    self.sometimes[f"outcome: {one.outcome}"] += 1

    def _event(self, event: Event, now: int) -> None:
        self._folded.add(event.message_id)
        root = self._root(event.primary())
        for other in event.others():
            root = self._link(root, self._root(other))
        said = event.context.get("consent", {}).get("categoryPreferences")
        if said is not None:
            self._state(root, Statement(said[PURPOSE], event.time, now, False))
        self.windows.happened(event, lambda person: self._root(self._people[person]) == root)
        for decision in self.decisions.values():
            moment = self.plan.moments[decision.rows[0].moment]
            if moment.goal.event == event.name and self._root(self._people[decision.person]) == root:
                self._done.add(decision.id)

    def _root(self, identifier: Identifier) -> Identifier:
        if identifier not in self._linked:
            self._linked[identifier] = identifier
            self._people[keyed_hash(self.secret, "person", *identifier)] = identifier
        while self._linked[identifier] != identifier:
            identifier = self._linked[identifier]
        return identifier

    def _link(self, one: Identifier, other: Identifier) -> Identifier:
        if one == other:
            return one
        self.sometimes["merge"] += 1
        self._linked[other] = one
        self._statements.setdefault(one, []).extend(self._statements.pop(other, []))
        self._pushes.setdefault(one, []).extend(self._pushes.pop(other, []))
        for name, until in self._held.pop(other, {}).items():
            self._hold(one, name, until)
        for name in ("*", *self.plan.moments):
            arms = self._arms.setdefault((one, name), set())
            arms |= self._arms.pop((other, name), set())
            self.sometimes["unequal_arms"] += len(arms) > 1
        return one

    def _state(self, root: Identifier, statement: Statement) -> None:
        self.sometimes["opt_in" if statement.granted else "opt_out"] += 1
        self._statements.setdefault(root, []).append(statement)

    def _decided(self, decision: Decision) -> None:
        self.decisions[decision.id] = decision
        root = self._root(self._people[decision.person])
        for row in decision.rows:
            for name, share in (("*", self.plan.policy.holdout), (row.moment, self.plan.moments[row.moment].holdout)):
                arms = self._arms.setdefault((root, name), set())
                if not arms:
                    arms.add("holdout" if self._draw(name, decision.person) < share else "treated")
            for hold in self.plan.moments[row.moment].holds:
                for name in hold.names:
                    self._hold(root, name, decision.at + hold.length)
        self.sometimes[f"decided: {decision.reason.partition(':')[0]}"] += 1
        self.windows.open(decision)
        self._check_chances(decision)

    def _hold(self, root: Identifier, name: str, until: int) -> None:
        held = self._held.setdefault(root, {})
        held[name] = max(until, held.get(name, 0))

    def _check_chances(self, decision: Decision) -> None:
        """Of some decisions that chance had a part in: what was logged is how often each candidate is chosen."""
        logged = [one.propensity for one in decision.candidates]
        learned = any(row.learned for row in decision.rows)
        if self._redrawn[learned] < REDRAWN and any(0.0 < chance < 1.0 for chance in logged):
            self._redrawn[learned] += 1
            off = max(abs(one - other) for one, other in zip(logged, frequencies(decision), strict=True))
            self._expect(off < NEARLY, "a logged propensity is not the chance")

    def _draw(self, name: str, person: bytes) -> float:
        digest = blake2b(key=self.secret, digest_size=8)
        for part in (b"holdout-1", name.encode(), person):
            digest.update(len(part).to_bytes(4, "big") + part)
        return int.from_bytes(digest.digest(), "big") / 2**64

    # --- what reached a browser ---------------------------------------------------------------------------------------

    def pushed(self, browser: str, decision_id: bytes, state: str, now: int) -> None:
        """A message was written to this browser; `state` is its delivery's committed state.

        Raises:
            Violation: it should not have been.
        """
        decision = self._known(decision_id)
        root = self._root(("anonymous_id", browser))
        self._expect(self._root(self._people[decision.person]) == root, "sent to somebody else")
        self._expect(state in ("intent", "sent"), f"sent in state {state}")
        self._judge(decision, zone_at(browser), now)
        self._count(root, Push(now, decision))

    def handed(self, decision_id: bytes, state: str, now: int) -> None:
        """The first byte of a message left for its provider.

        Raises:
            Violation: it should not have.
        """
        decision = self._known(decision_id)
        self._expect(state == "intent", f"sent in state {state}")
        self._judge(decision, zone_at(self._people[decision.person][1]), now)
        self.sometimes["handed over"] += 1

    def accepted(self, decision_id: bytes, idempotent: bool, now: int) -> None:
        """A provider has taken a message, whether it says so or not. One that knows its id takes it once."""
        self._taken[decision_id] += 1
        self._expect(self._taken[decision_id] == 1 or idempotent, "sent twice")
        decision = self._known(decision_id)
        self._count(self._root(self._people[decision.person]), Push(now, decision))

    def bounded(self, intents: int, slots: int) -> None:
        self._expect(intents <= slots, "more intents than slots")

    def _known(self, decision_id: bytes) -> Decision:
        decision = self.decisions.get(decision_id)
        self._expect(decision is not None, "sent without a committed decision")
        assert decision is not None
        return decision

    def _judge(self, decision: Decision, zone: str, now: int) -> None:
        """Whether a message may leave now."""
        assert decision.chosen is not None
        root, moment = self._root(self._people[decision.person]), self.plan.moments[decision.chosen[0]]
        action = next(one for one in moment.actions if one.name == decision.chosen[1])
        waits = action.after.wait
        self._expect(now >= decision.at + waits, "sent before its time")
        self._expect(now < min(decision.expires, decision.at + waits + moment.expires), "sent past its expiry")
        self.sometimes["sent_later"] += waits > 0
        self._expect(decision.id not in self._done, "sent after the goal was reached")
        arms = self._arms[root, "*"] | self._arms[root, moment.name]
        self._expect(arms == {"treated"}, "sent to somebody held out")
        if moment.purpose == PURPOSE:
            self._expect(self._allows(root), "sent without consent")
        held = self._held.get(root, {})
        self._expect(now >= max(held.get(moment.topic, 0), held.get(moment.purpose, 0)), "sent during a hold")
        self._expect(not self._quiet(zone, now), "sent in quiet hours")
        stopping = {"all", f"moment:{moment.name}", f"channel:{action.channel}"}
        self._expect(not stopping & self.paused, "sent during a pause")

    def _quiet(self, zone: str, now: int) -> bool:
        """By the clock on the wall where the person is."""
        quiet = self.plan.policy.quiet_hours
        if quiet is None:
            return False
        begins, ends = (f"{at // 60:02}:{at % 60:02}" for at in (quiet.hours.since, quiet.hours.until))
        shown = datetime.fromtimestamp(now / 1000, ZoneInfo(zone)).strftime("%H:%M")
        self.sometimes["near quiet hours"] += shown[:2] in (begins[:2], ends[:2])
        return begins <= shown < ends if begins < ends else shown >= begins or shown < ends

    def _allows(self, root: Identifier) -> bool:
        """Somebody said yes, and every no has been taken back later by both clocks, as firmly."""
        said = self._statements.get(root, [])
        grants = [one for one in said if one.granted]
        return bool(grants) and all(
            any(yes.at > no.at and yes.received > no.received and yes.firm >= no.firm for yes in grants)
            for no in said
            if not no.granted
        )

    def _count(self, root: Identifier, push: Push) -> None:
        """Caps, for the first push of a decision; another of the same is the same message by its id."""
        before = self._pushes.setdefault(root, [])
        if any(one.decision.id == push.decision.id for one in before):
            self.sometimes["offered_again"] += 1
            return
        for cap in self.plan.policy.caps:
            recent = sum(one.at > push.at - cap.within for one in before)
            self._expect(recent < cap.at_most, f"cap of {cap} overshot")
        before.append(push)
        self.sometimes["sent"] += 1
        self._spend(push.at)

    def _spend(self, at: int) -> None:
        """Budgets of contacts, over everybody."""
        for budget in self.plan.policy.budgets:
            recent = sum(one > at - budget.within for one in self._sent_at)
            self._expect(budget.of != "contacts" or recent < budget.at_most, "the budget of contacts overshot")
        self._sent_at.append(at)

    def _expect(self, holds: bool, promise: str) -> None:
        if not holds:
            raise Violation(promise)

    # --- at the end ---------------------------------------------------------------------------------------------------

    def check_log(self, events: list[str]) -> None:
        """Every acknowledged event is in the log, none is there twice."""
        counted = Counter(events)
        self._expect(max(counted.values(), default=1) == 1, "an event is in the log twice")
        self._expect(self.acknowledged <= counted.keys(), "an acknowledged event is not in the log")

    def check_ends(self, states: dict[bytes, str]) -> None:
        """What a provider has taken is never told to have stayed here, and the other way round."""
        for decision, state in states.items():
            chosen = self.decisions[decision].chosen
            self._expect(not self._taken[decision] or state in ("sent", "unknown"), f"taken, and told {state}")
            if chosen is not None and state == "sent" and self._channel(chosen) in OUTBOUND:
                self._expect(self._taken[decision] > 0, "told sent, and never taken")

    def _channel(self, chosen: tuple[str, str]) -> str:
        return next(one.channel for one in self.plan.moments[chosen[0]].actions if one.name == chosen[1])
