"""What would a policy have blocked of what was sent? Each contact of the last days, in the order in which they were
made, is judged by the same rules as a send, over those that would have remained before it. Nothing changes.

A consent is as it stands now, but an opt-out does not reach back before it was said. Holds, rests, budgets, the breaker
and the holdout are not recomputed: when a hold began is not kept, and an arm that was drawn stays. A message that
another tool sent takes room in the caps and is not judged: nobody can say what it was for.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from journeyloop.model.customer import Contact, Customer
from journeyloop.model.decision import Decision, kind_of
from journeyloop.model.moment import DAY, Action, Moment
from journeyloop.model.permission import against
from journeyloop.model.plan import Plan
from journeyloop.runtime import reads, records
from journeyloop.runtime.ports import Reader

MADE = ("sent", "unknown")
RULES = ("consent: ", "cap: ", "quiet_hours: ")
"""What of a silence is a rule of the policy."""

EXAMPLES = 5
REMOVED = "moment_removed"


class Rule(Struct, gc=False):
    """What one rule would have blocked."""

    contacts: int = 0
    people: set[bytes] = field(default_factory=set)
    moments: Counter[str] = field(default_factory=Counter)
    channels: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, person: bytes, contact: Contact) -> None:
        self.contacts += 1
        self.people.add(person)
        self.moments[contact.moment] += 1
        self.channels[contact.channel] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(contact.decision.hex())

    def told(self) -> dict[str, Any]:
        return {
            "contacts": self.contacts,
            "people": len(self.people),
            "moments": dict(self.moments.most_common()),
            "channels": dict(self.channels.most_common()),
            "examples": self.examples,
        }


class Found(Struct, gc=False):
    """The sums over all people. `dropped` counts silences by the rule that was the reason and would be no more."""

    made: int = 0
    silences: int = 0
    unjudged: Counter[str] = field(default_factory=Counter)
    blocked: Rule = field(default_factory=Rule)
    rules: defaultdict[str, Rule] = field(default_factory=lambda: defaultdict(Rule))
    dropped: Counter[str] = field(default_factory=Counter)


def would_have(reader: Reader, plan: Plan, now: int, days: int) -> dict[str, Any]:
    """`POST /v1/policy/would-have`, and the command."""
    since, found = now - days * DAY, Found()
    for customer, decisions in _people(reader, since):
        _Person(reader, plan, customer, since, found).judge(decisions)
    rules = sorted(found.rules.items(), key=lambda pair: (-pair[1].contacts, pair[0]))
    return {
        "days": days,
        "since": since,
        "plan": plan.hash,
        "contacts": found.made,
        "would_block": found.blocked.told(),
        "rules": [{"rule": name, **rule.told()} for name, rule in rules],
        "not_judged": dict(found.unjudged),
        "silences": {
            "by_policy": found.silences,
            "would_be_allowed": found.dropped.total(),
            "rules": dict(found.dropped.most_common()),
        },
    }


def _people(reader: Reader, since: int) -> list[tuple[Customer, list[bytes]]]:
    """Whoever was decided on since then, as one person each, with the ids of their decisions."""
    found: dict[bytes, tuple[Customer, list[bytes]]] = {}
    last: tuple[bytes, Customer | None] = (b"", None)
    for key, _ in reader.scan("by_person"):
        person, at, decision = key[:16], int.from_bytes(key[16:24], "big"), key[24:]
        if at < since:
            continue
        if last[0] != person:
            last = person, reads.read_customer(reader, person)
        customer = last[1]
        if customer is not None:
            found.setdefault(customer.header.person, (customer, []))[1].append(decision)
    return list(found.values())


class _Person:
    """One person's days, lived through once more; `kept` are the contacts that remain."""

    def __init__(self, reader: Reader, plan: Plan, customer: Customer, since: int, found: Found) -> None:
        self.reader, self.plan, self.customer, self.found = reader, plan, customer, found
        header = customer.header
        self.kept = [one for one in header.contacts if one.at < since or not one.moment]
        self.consent = header.consent
        header.holds, header.rests = {}, {}

    def judge(self, decisions: list[bytes]) -> None:
        happened: list[tuple[int, bytes, Decision]] = []
        for id_ in decisions:
            raw = self.reader.get("decisions", id_)
            if raw is not None:
                made = records.decode_decision(raw)
                happened.append((self._sent(made) if made.chosen else made.at, id_, made))
        for at, _, made in sorted(happened, key=lambda one: one[:2]):
            if made.chosen is None:
                self._silence(made)
            elif at:
                self._contact(made, at)

    def _sent(self, made: Decision) -> int:
        """When it was sent, as far as anybody knows; 0: it was not."""
        raw = self.reader.get("deliveries", made.id)
        delivery = None if raw is None else records.decode_delivery(raw)
        return (delivery.ended or delivery.intended) if delivery is not None and delivery.state in MADE else 0

    def _contact(self, made: Decision, at: int) -> None:
        assert made.chosen is not None
        self.found.made += 1
        moment, action = self._known(*made.chosen)
        if moment is None or action is None:
            self.found.unjudged[REMOVED] += 1
            return
        contact = Contact(at, moment.name, action.name, moment.topic, action.channel, made.id)
        reason = self._reason(contact, moment, action)
        if reason is None:
            self.kept.append(contact)
        else:
            person = self.customer.header.person
            self.found.blocked.add(person, contact)
            self.found.rules[kind_of(reason)].add(person, contact)

    def _silence(self, made: Decision) -> None:
        """Counted once, by the first of its candidates that the policy would have let pass."""
        refused = [one for one in made.candidates if one.verdict.startswith(RULES)]
        self.found.silences += bool(refused)
        for one in refused:
            moment, action = self._known(one.moment, one.action)
            if moment is None or action is None:
                continue
            begins = action.after.begins(made.at, self.customer.sealed.context.value("time_zone"))
            contact = Contact(begins, moment.name, action.name, moment.topic, action.channel, made.id)
            if self._reason(contact, moment, action) is None:
                self.found.dropped[kind_of(one.verdict)] += 1
                return

    def _known(self, moment: str, action: str) -> tuple[Moment | None, Action | None]:
        found = self.plan.moment(moment)
        return found, found.action(action) if found else None

    def _reason(self, contact: Contact, moment: Moment, action: Action) -> str | None:
        header, policy = self.customer.header, self.plan.policy
        header.contacts = self.kept
        header.consent = {
            about: word if word.granted or word.received <= contact.at else replace(word, granted=True)
            for about, word in self.consent.items()
        }
        return next(against(self.customer, contact, moment.purpose, policy.hours(action), policy), None)
