"""How every record is written: an open `header` and a `sealed` part, behind one pair of functions.

    byte 0      VERSION
    bytes 1-4   length of the header, big endian
    then        the header, msgpack
    then        the sealed part: seal(person, msgpack), or nothing

What a person would call theirs is sealed, everything the loop runs on is open; nothing is written past these functions.
Structs are arrays: a new field goes last and has a default, then old records still decode and VERSION stays. Any other
change raises VERSION and adds the old one to UPGRADES.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs

from journeyloop.interpret.identity import Owner
from journeyloop.model.board import Tally
from journeyloop.model.customer import Customer, Header, Sealed
from journeyloop.model.decision import Decision, Delivery
from journeyloop.model.effects import Resolved
from journeyloop.model.event import Rejected
from journeyloop.model.inputs import Input
from journeyloop.model.ledger import Line
from journeyloop.runtime import upgrade

VERSION = 2

H = TypeVar("H", bound=Struct)

_HEADER_AT = 5
_PREFIX = bytes([VERSION])
_encode = msgspec.msgpack.Encoder().encode
_decoders: dict[Any, Callable[[Any], Any]] = {}


class RecordError(ValueError):
    """These bytes are no record of the wanted kind: damaged, or written by a newer version."""


class LogHeader(Struct, array_like=True, gc=False):
    """The open part of a log record; its sealed part is the Input.

    `previous` is the position of the same person's last record (-1: none): with `Customer.header.last_position` and
    `absorbed` this chain is the index from a person to their records. Changes of plan and pauses have a chain of their
    own, from `Singles.changed`. `refused` says why the input changed nothing.
    """

    now: int
    person: bytes | None
    previous: int
    kind: str
    refused: str = ""


class Features(Struct, array_like=True, gc=False):
    """The sealed part of a decision: what was known of the person."""

    values: dict[str, Any]


class Raw(Struct, array_like=True, gc=False):
    """The sealed part of a quarantine record."""

    content: bytes


def encode_record(header: Struct, sealed: Struct | None = None) -> bytes:
    """One record. The sealed part belongs to `header.person`, to nobody if there is no such field or it is None."""
    head = _encode(header)
    size = len(head).to_bytes(4, "big")
    if sealed is None:
        return b"".join((_PREFIX, size, head))
    return b"".join((_PREFIX, size, head, seal(getattr(header, "person", None), _encode(sealed))))


def decode_record(raw: bytes, header_type: type[H], sealed_type: Any = None) -> tuple[H, Any]:
    """(header, sealed). Sealed is None if the record has no such part, its key is gone, or no type was asked for.

    Raises:
        RecordError: damaged, of another kind, or written by a newer version.
    """
    if raw[:1] != _PREFIX:
        raw = _upgraded(raw, header_type)
    sealed_at = _HEADER_AT + int.from_bytes(raw[1:_HEADER_AT], "big")
    try:
        header = _decoder(header_type)(raw[_HEADER_AT:sealed_at])
        if sealed_type is None or len(raw) <= sealed_at:
            return header, None
        plain = unseal(getattr(header, "person", None), raw[sealed_at:])
        return header, None if plain is None else _decoder(sealed_type)(plain)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        where = str(error).partition(" - at ")[2]  # the rest may quote what the record holds
        raise RecordError(f"not a {header_type.__name__} record {where}".rstrip()) from None


def _from_1(raw: bytes, header_type: type[Struct]) -> bytes:
    """Only people have another shape in version 2."""
    if header_type is not Header:
        return b"\2" + raw[1:]
    sealed_at = _HEADER_AT + int.from_bytes(raw[1:_HEADER_AT], "big")
    header = msgspec.msgpack.decode(raw[_HEADER_AT:sealed_at])
    plain = unseal(header[0], raw[sealed_at:]) if len(raw) > sealed_at else None
    header, sealed = upgrade.person_1(header, None if plain is None else msgspec.msgpack.decode(plain))
    head = _encode(header)
    tail = raw[sealed_at:] if sealed is None else seal(header[0], _encode(sealed))
    return b"".join((b"\2", len(head).to_bytes(4, "big"), head, tail))


UPGRADES: dict[int, Callable[[bytes, type[Struct]], bytes]] = {1: _from_1}
"""Version -> (record of that version, its header's type) -> the record one version on."""


def seal(person: bytes | None, plain: bytes) -> bytes:
    """Here the trust layer encrypts with the person's key."""
    return plain


def unseal(person: bytes | None, sealed: bytes) -> bytes | None:
    """The inverse of `seal`; None once the person's key is erased."""
    return sealed


# --- the records of the tables --------------------------------------------------------------------------------------


def encode_customer(customer: Customer) -> bytes:
    """Without `older`: each of its days is a record of its own."""
    customer.pack()
    return encode_record(customer.header, customer.sealed)


def decode_customer(raw: bytes) -> Customer:
    """An erased customer has an empty sealed part."""
    header, sealed = decode_record(raw, Header, Sealed)
    return Customer(header, sealed or Sealed())


def encode_log(header: LogHeader, applied: Input) -> bytes:
    return encode_record(header, applied)


def decode_log(raw: bytes) -> tuple[LogHeader, Input | None]:
    """The input is None if its person was erased."""
    return decode_record(raw, LogHeader, Input)


def decode_log_header(raw: bytes) -> LogHeader:
    """Only the open part: what walking a person's chain needs."""
    return decode_record(raw, LogHeader)[0]


def encode_decision(decision: Decision) -> bytes:
    return encode_record(structs.replace(decision, features={}), Features(decision.features))


def decode_decision(raw: bytes) -> Decision:
    """`features` is empty if the person was erased."""
    decision, features = decode_record(raw, Decision, Features)
    if features is not None:
        decision.features = features.values
    return decision


def encode_delivery(delivery: Delivery) -> bytes:
    return encode_record(delivery)


def decode_delivery(raw: bytes) -> Delivery:
    return decode_record(raw, Delivery)[0]


def encode_owner(owner: Owner) -> bytes:
    return encode_record(owner)


def decode_owner(raw: bytes) -> Owner:
    return decode_record(raw, Owner)[0]


class RefusedHeader(Struct, array_like=True, gc=False):
    """The open part of a quarantine record; its sealed part is the refused input as it came."""

    at: int
    reason: str
    detail: str


def encode_refused(at: int, refused: Rejected) -> bytes:
    return encode_record(RefusedHeader(at, refused.reason, refused.detail), Raw(refused.raw))


def decode_refused(raw: bytes) -> tuple[RefusedHeader, bytes]:
    """The input is empty once its key is gone."""
    header, body = decode_record(raw, RefusedHeader, Raw)
    return header, b"" if body is None else body.content


def encode_line(line: Line) -> bytes:
    return encode_record(line)


def decode_line(raw: bytes) -> Line:
    return decode_record(raw, Line)[0]


def encode_tally(tally: Tally) -> bytes:
    return encode_record(tally)


def decode_tally(raw: bytes) -> Tally:
    """An older version counted goals and kept no total: of goals, it is their number."""
    tally = decode_record(raw, Tally)[0]
    for group in (tally.evidence.treated, tally.evidence.holdout):
        group.total = float(group.goals)
    return tally


class ArmHeader(Struct, array_like=True, gc=False):
    """One arm: numbers as little-endian bytes (float64 the mean and covariance, float32 the waiting rows, y last). No
    person is in it."""

    moment: str
    action: str
    meaning: str
    seen: int
    mean: bytes
    covariance: bytes
    waiting: bytes = b""
    reached: int = 0


def encode_arm(header: ArmHeader) -> bytes:
    return encode_record(header)


def decode_arm(raw: bytes) -> ArmHeader:
    return decode_record(raw, ArmHeader)[0]


def encode_outcome(outcome: Resolved) -> bytes:
    return encode_record(outcome)


def decode_outcome(raw: bytes) -> Resolved:
    return decode_record(raw, Resolved)[0]


def _decoder(of: Any) -> Callable[[Any], Any]:
    found = _decoders.get(of)
    if found is None:
        found = _decoders[of] = msgspec.msgpack.Decoder(of).decode
    return found


def _upgraded(raw: bytes, header_type: type[Struct]) -> bytes:
    while raw and raw[0] < VERSION and (step := UPGRADES.get(raw[0])):
        try:
            raw = step(raw, header_type)
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError, ValueError, LookupError):
            raise RecordError(f"not a {header_type.__name__} record of version {raw[0]}") from None
    if not raw:
        raise RecordError("an empty record")
    if raw[0] > VERSION:
        raise RecordError(f"record version {raw[0]} was written by a newer journeyloop; this one reads up to {VERSION}")
    if raw[0] < VERSION:
        raise RecordError(f"record version {raw[0]} has no upgrade to {VERSION}")
    return raw
