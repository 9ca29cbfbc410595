"""What one batch touches of the stored state: read when first needed, changed in place, written once at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from journeyloop.interpret import found
from journeyloop.interpret.identity import Owner
from journeyloop.model.arm import Arms
from journeyloop.model.board import Tally
from journeyloop.model.customer import Customer
from journeyloop.model.decision import Decision, Delivery
from journeyloop.model.effects import Membership, Resolved
from journeyloop.model.event import Event
from journeyloop.model.identifier import Identifier, identifier_key
from journeyloop.model.inputs import Imported, Input
from journeyloop.model.ledger import Entry, chained
from journeyloop.runtime import outbox, records, undelivered
from journeyloop.runtime.learned import arm_records
from journeyloop.runtime.memory import OWNERS, Memory, write_singles
from journeyloop.runtime.ports import Transaction

Found = Callable[[bytes, int], Customer]
"""Makes the state of a person nobody has seen before."""


class Touched:
    """The records behind one transaction. Whoever asks for a customer or a tally is about to change it."""

    def __init__(self, transaction: Transaction, memory: Memory, found: Found = found) -> None:
        self.transaction, self.memory, self.found = transaction, memory, found
        self.customers: dict[bytes, Customer] = {}
        self.decisions: list[Decision] = []
        self.deliveries: dict[bytes, bytes] = {}
        self.log: list[tuple[bytes, bytes]] = []
        self._fetched: dict[bytes, bytes] = {}
        self._undelivered: dict[bytes, Delivery] = {}
        self._owners: dict[Identifier, Owner] = {}
        self._keys: dict[Identifier, bytes] = {}
        self._tallies: dict[str, Tally] = {}
        self._parts: dict[bytes, dict[int, bytes]] = {}
        self._memberships: dict[bytes, bytes | None] = {}
        self._entries: list[Entry] = []
        self._learned: dict[str, set[str]] = {}
        self._resolved: dict[bytes, bytes] = {}
        self._outbox: dict[bytes, bytes | None] = {}

    def prefetch(self, inputs: Iterable[Input]) -> None:
        """Read the owners and customers these events will need, each table in one go."""
        owners = self.memory.owners
        wanted = set()
        for one in inputs:
            if isinstance(one, Event | Imported):
                wanted.add((one if isinstance(one, Event) else one.event).primary())
        if len(owners) > OWNERS:
            owners.clear()
        keys = {self._key(one): one for one in wanted if one not in owners}
        for key, raw in self.transaction.get_many("owners", keys).items():
            owners[keys[key]] = records.decode_owner(raw)
        known = {owner.person for one in wanted if (owner := owners.get(one)) is not None}
        self._fetched = self.transaction.get_many("people", known - self.memory.customers.keys())

    # --- reading ----------------------------------------------------------------------------------------------------

    def owner(self, identifier: Identifier) -> Owner | None:
        owner = self.memory.owners.get(identifier)
        if owner is None:
            raw = self.transaction.get("owners", self._key(identifier))
            if raw is not None:
                owner = records.decode_owner(raw)
                self.memory.owners[identifier] = owner
        return owner

    def _key(self, identifier: Identifier) -> bytes:
        key = self._keys.get(identifier)
        if key is None:
            key = self._keys[identifier] = identifier_key(self.memory.secret, identifier)
        return key

    def give(self, identifier: Identifier, owner: Owner) -> None:
        """The identifier has another owner, or its first."""
        self.memory.owners[identifier] = self._owners[identifier] = owner

    def customer(self, person: bytes, now: int) -> Customer:
        """The person's state."""
        customer = self.customers.get(person)
        if customer is None:
            customer = self.memory.customers.get(person) or self._load(person) or self.found(person, now)
            self.customers[person] = customer
            if customer.older:
                self._parts[person] = dict(customer.older)
        return customer

    def _load(self, person: bytes) -> Customer | None:
        raw = self._fetched.pop(person, None) or self.transaction.get("people", person)
        if raw is None:
            return None
        customer = records.decode_customer(raw)
        for part in customer.header.older_parts:
            customer.older[part] = self.transaction.get("dedup", _part_key(person, part)) or b""
        customer.indexed = dict(customer.header.timers)
        return customer

    def peek(self, person: bytes) -> Customer | None:
        """The person's state as it is now, not to be changed."""
        customer = self.customers.get(person)
        if customer is None and (raw := self.transaction.get("people", person)) is not None:
            return records.decode_customer(raw)
        return customer

    def record_at(self, position: int) -> bytes | None:
        """One log record, of this batch too; None beyond either end of what is kept."""
        key = position.to_bytes(8, "big")
        if self.log and key >= self.log[0][0]:
            at = position - int.from_bytes(self.log[0][0], "big")
            return self.log[at][1] if at < len(self.log) else None
        return self.transaction.get("log", key)

    def tally(self, moment: str) -> Tally:
        tally = self._tallies.get(moment) or self.memory.tallies.get(moment)
        if tally is None:
            raw = self.transaction.get("moments", moment.encode())
            tally = Tally() if raw is None else records.decode_tally(raw)
        self._tallies[moment] = self.memory.tallies[moment] = tally
        return tally

    def last_of(self, person: bytes) -> int:
        """The last position of a person's own chain, -1 for none."""
        customer = self.peek(person)
        return -1 if customer is None else customer.header.last_position

    def member(self, change: Membership) -> None:
        """A person came into an audience or left it."""
        key = change.audience.encode() + b"\0" + change.person
        self._memberships[key] = change.since.to_bytes(8, "big") if change.since else None

    def record(self, entry: Entry) -> None:
        """One more line for the ledger."""
        self._entries.append(entry)

    def learned(self, moment: str, arms: Arms, changed: set[str]) -> None:
        """Arms of this moment have learned something. If all of them began anew, the old ones must go."""
        old = self.memory.arms.get(moment)
        if old is not None and old is not arms:
            changed = changed | set(old.names) | old.waiting.keys()
        self.memory.arms[moment] = arms
        self._learned.setdefault(moment, set()).update(changed)

    def resolved(self, outcome: Resolved) -> None:
        """A window has closed, or its value was settled."""
        self._resolved[outcome.decision + outcome.moment.encode()] = records.encode_outcome(outcome)

    def delivered(self, delivery: Delivery, person: bytes) -> None:
        """A delivery has another state. One in its channel's hand stays in the outbox until its end is known."""
        self.deliveries[delivery.decision] = records.encode_delivery(delivery)
        if delivery.state in undelivered.STATES and delivery.ended:
            self._undelivered[delivery.decision] = delivery
        self._outbox[outbox.key_of(delivery)] = person + outbox.INTENT if delivery.state == "intent" else None

    def asked_for(self, row: bytes) -> None:
        """Its channel has room: whatever comes of it, it does not wait by this row any more."""
        if row:
            self._outbox[row] = None

    def queued(self, delivery: Delivery, person: bytes) -> None:
        """A delivery waits for its channel."""
        self._outbox[outbox.key_of(delivery)] = person + outbox.DUE

    # --- writing ----------------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write all that was touched. The commit is the transaction's."""
        put_many = self.transaction.put_many
        self.write_timers()
        put_many("log", self.log, append=True)
        put_many("people", ((key, records.encode_customer(one)) for key, one in self.customers.items()))
        put_many("owners", ((self._key(one), records.encode_owner(owner)) for one, owner in self._owners.items()))
        put_many("decisions", [(one.id, records.encode_decision(one)) for one in self.decisions])
        put_many("by_person", [(one.person + one.at.to_bytes(8, "big") + one.id, b"") for one in self.decisions])
        put_many("deliveries", self.deliveries.items())
        self._write_outbox()
        for delivery in self._undelivered.values():
            undelivered.note(self.transaction, self.memory.singles, delivery)
        put_many("moments", [(name.encode(), records.encode_tally(one)) for name, one in self._tallies.items()])
        for moment, changed in self._learned.items():
            for key, record in arm_records(moment, self.memory.arms[moment], changed):
                if record is None:
                    self.transaction.delete("arms", key)
                else:
                    self.transaction.put("arms", key, record)
        put_many("outcomes", self._resolved.items())
        self._write_parts()
        self._write_memberships()
        self._write_ledger()
        write_singles(self.transaction, self.memory.singles)
        self.memory.customers = self.customers

    def write_timers(self) -> None:
        """Bring the timer table in line with the timers of the touched customers."""
        for person, customer in self.customers.items():
            before, after = customer.indexed, customer.header.timers
            if before == after:
                continue
            for name, due in before.items():
                if after.get(name) != due:
                    self.transaction.delete("timers", _timer_key(due, person, name))
            for name, due in after.items():
                if before.get(name) != due:
                    self.transaction.put("timers", _timer_key(due, person, name), b"")
            customer.indexed = dict(after)

    def _write_parts(self) -> None:
        for person, customer in self.customers.items():
            if not (customer.older or person in self._parts):
                continue
            before, after = self._parts.get(person, {}), customer.older
            for part in before.keys() | after.keys():
                if part not in after:
                    self.transaction.delete("dedup", _part_key(person, part))
                elif before.get(part) != after[part]:
                    self.transaction.put("dedup", _part_key(person, part), after[part])

    def _write_memberships(self) -> None:
        for key, since in self._memberships.items():
            if since is None:
                self.transaction.delete("audiences", key)
            else:
                self.transaction.put("audiences", key, since)

    def _write_outbox(self) -> None:
        for key, row in self._outbox.items():
            if row is None:
                self.transaction.delete("outbox", key)
            else:
                self.transaction.put("outbox", key, row)

    def _write_ledger(self) -> None:
        """Each line is bound to the one before it, so none can be changed or left out unseen."""
        singles, lines = self.memory.singles, []
        for entry in self._entries:
            line = chained(entry, singles.ledger_head)
            lines.append((singles.ledger.to_bytes(8, "big"), records.encode_line(line)))
            singles.ledger, singles.ledger_head = singles.ledger + 1, line.hash
        self.transaction.put_many("ledger", lines, append=True)


def _timer_key(due: int, person: bytes, name: str) -> bytes:
    return due.to_bytes(8, "big") + person + name.encode()


def _part_key(person: bytes, part: int) -> bytes:
    return person + part.to_bytes(4, "big")
