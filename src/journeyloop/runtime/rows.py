"""Rows of an import: canonical JSON, one a line, checked and made into inputs that are folded and never raise a signal.

A row of `events` is a Segment call with its `type`; a row of `profiles` an identify call; a row of `consent` says who,
which purpose, yes or no, when, where and in which words. Times, sources and words stay as they were written. What
cannot enter is a value with a reason and the number of its row (from 1), and is kept as the line that it was.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any, Literal

import msgspec
from msgspec import Struct

from journeyloop.detect.parse import parse_batch
from journeyloop.detect.refusal import INVALID, MAX_EVENT_BYTES, invalid, refusal
from journeyloop.detect.skew import as_written
from journeyloop.interpret.names import Unusable, normal
from journeyloop.model.event import Event, Rejected
from journeyloop.model.identifier import Identifier, keyed_hash
from journeyloop.model.inputs import ConsentStated, Imported, Input
from journeyloop.model.plan import Plan
from journeyloop.model.reach import CHANNELS, alike
from journeyloop.runtime.ports import Transaction

Kind = Literal["events", "profiles", "consent"]
KINDS: tuple[Kind, ...] = ("events", "profiles", "consent")
SOURCE = "import"
PARSED = 500
"""Lines parsed in one go: fewer than the door takes in one batch."""

UNREADABLE = "The row cannot be read: it is not a JSON object, or has not the columns that the file's head names."
YES = frozenset({"true", "yes", "1", "granted", "subscribed", "opt_in"})
NO = frozenset({"false", "no", "0", "refused", "unsubscribed", "opt_out", "suppressed"})
LONGEST_NAME = 64
_HASH = re.compile("[0-9a-f]{64}")


class Terms(Struct):
    """What rows are judged by: the plan in force, the store's secret, the time now."""

    plan: Plan
    secret: bytes
    now: int


class Rows(Struct):
    """What became of some rows. `wordings` are the texts people were asked, by their SHA-256; `refused_rows` the number
    of each refused row."""

    inputs: list[Input] = []
    refused: list[Rejected] = []
    refused_rows: list[int] = []
    wordings: dict[bytes, str] = {}


class _Refused(Struct, rename={"kind": "import"}):
    """How a refused row is kept: enough to try it again as what it was."""

    kind: Kind
    file: str
    row: int
    line: str


class _Addresses(Struct):
    email: Any = None
    phone: Any = None


class _Context(Struct):
    traits: _Addresses | None = None


class _Nameless(Struct):
    """What of a row without ids may still tell who it is about."""

    traits: _Addresses | None = None
    context: _Context | None = None


class _Stated(Struct, rename="camel"):
    purpose: str
    granted: bool | int | str
    user_id: str | None = None
    anonymous_id: str | None = None
    email: str | None = None
    phone: str | None = None
    channel: str | None = None
    timestamp: str | None = None
    received_at: str | None = None
    source: str | None = None
    wording: str | None = None


_decode_nameless = msgspec.json.Decoder(_Nameless).decode
_decode_stated = msgspec.json.Decoder(_Stated).decode
_decode_refused = msgspec.json.Decoder(_Refused).decode


def parse_rows(kind: Kind, file: str, start: int, lines: Sequence[bytes], terms: Terms) -> Rows:
    """The rows after the first `start` of a file. `file` is what names it: rows without a messageId get one from it."""
    rows = Rows([], [], [], {})
    built = _consents(lines, terms, rows.wordings) if kind == "consent" else _calls(kind, lines, terms)
    for number, (line, one) in enumerate(zip(lines, built, strict=True), start + 1):
        if isinstance(one, Rejected):
            rows.refused.append(_kept(one, kind, file, number, line))
            rows.refused_rows.append(number)
        elif isinstance(one, ConsentStated):
            rows.inputs.append(one)
        else:
            marked = bool(one.message_id)
            if not marked:
                one.message_id = f"{file}-{number}"
            rows.inputs.append(Imported(one, marked))
    return rows


def _kept(refused: Rejected, kind: Kind, file: str, number: int, line: bytes) -> Rejected:
    detail = UNREADABLE if refused.reason == "malformed_json" else refused.detail
    raw = _Refused(kind, file, number, line[:MAX_EVENT_BYTES].decode(errors="replace"))
    return Rejected(refused.reason, f"{detail} (row {number})", msgspec.json.encode(raw))


def parse_again(raw: bytes, terms: Terms) -> Rows | None:
    """A refused row, tried again; None if these bytes are not one."""
    if not raw.startswith(b'{"import":'):
        return None
    try:
        kept = _decode_refused(raw)
    except msgspec.DecodeError:
        return None
    return parse_rows(kept.kind, kept.file, kept.row - 1, [kept.line.encode()], terms)


def keep_wordings(transaction: Transaction, wordings: dict[bytes, str]) -> None:
    """The texts behind the hashes that consent names: what people were asked, word for word."""
    for digest, text in wordings.items():
        transaction.put("wordings", digest, text.encode())


# --- events and profiles --------------------------------------------------------------------------------------------


def _calls(kind: Kind, lines: Sequence[bytes], terms: Terms) -> Iterator[Event | Rejected]:
    for at in range(0, len(lines), PARSED):
        found = [_named(line, terms) for line in lines[at : at + PARSED]]
        parsed = _parsed([one for one in found if isinstance(one, bytes)], terms)
        for one in found:
            built = next(parsed) if isinstance(one, bytes) else one
            if kind == "profiles" and isinstance(built, Event) and built.kind != "identify":
                built = refusal("unknown_type", b"")
            yield built


def _parsed(lines: list[bytes], terms: Terms) -> Iterator[Event | Rejected]:
    """One for each line. A line that breaks the body they are parsed in is found by halving."""
    blocked = terms.plan.policy.identity.blocked
    parsed = parse_batch(b'{"batch":[' + b",".join(lines) + b"]}", None, terms.now, SOURCE, str, blocked, past=True)
    if not parsed.whole and len(parsed.events) + len(parsed.rejected) == len(lines):
        refused = dict(zip(parsed.positions, parsed.rejected, strict=True))
        events = iter(parsed.events)
        for position in range(len(lines)):
            yield refused.get(position) or next(events)
    elif len(lines) == 1:
        yield parsed.rejected[0] if parsed.whole else refusal("malformed_json", lines[0])
    else:
        half = len(lines) // 2
        yield from _parsed(lines[:half], terms)
        yield from _parsed(lines[half:], terms)


def _named(line: bytes, terms: Terms) -> bytes | Rejected:
    """Who has no id but an address goes by an anonymous id made from it, which nobody outside can guess; the address
    itself then finds the person it belongs to."""
    if b'"userId":' in line or b'"anonymousId":' in line:
        return line
    try:
        nameless = _decode_nameless(line)
    except INVALID:
        return line
    for stated in (nameless.traits, nameless.context.traits if nameless.context else None):
        for type_ in ("email", "phone"):
            if stated is not None and (value := getattr(stated, type_)):
                try:
                    address = normal(type_, value, None, terms.plan.policy.identity)
                except Unusable as reason:
                    return refusal(str(reason), line)
                return b'{"anonymousId":"import-%s",' % _hidden(terms.secret, type_, address) + line.lstrip()[1:]
    return line


def _hidden(secret: bytes, type_: str, address: str) -> bytes:
    return keyed_hash(secret, SOURCE, type_, address).hex().encode()


# --- consent --------------------------------------------------------------------------------------------------------


def _consents(lines: Sequence[bytes], terms: Terms, wordings: dict[bytes, str]) -> Iterator[ConsentStated | Rejected]:
    for line in lines:
        try:
            stated = _decode_stated(line)
            yield _consent(stated, terms, wordings)
        except INVALID as error:
            yield invalid(line, error)
        except Unusable as reason:
            yield refusal(str(reason), line)


def _consent(stated: _Stated, terms: Terms, wordings: dict[bytes, str]) -> ConsentStated:
    """Raises Unusable with the reason it is refused for. A refusal without a time counts from now: whoever said no may
    be left alone at once. A grant without one is not taken: it might be older than a no that we know of. Who took it
    down received it when it was said, unless the row knows better: an old no must not undo a yes given here since."""
    granted = _granted(stated.granted)
    if stated.purpose not in terms.plan.policy.purposes:
        raise Unusable("unknown_purpose")
    if granted and not stated.timestamp:
        raise Unusable("time_missing")
    channel = (stated.channel or "").strip().lower()
    if channel and channel not in (*CHANNELS, *terms.plan.channels):
        raise Unusable("unknown_channel")
    return ConsentStated(
        _who(stated, terms),
        dict.fromkeys(_subjects(stated.purpose, channel, terms), granted),
        _time(stated.timestamp, terms.now),
        (stated.source or SOURCE)[:LONGEST_NAME],
        _hashed(stated.wording or "", wordings),
        _time(stated.received_at or stated.timestamp, terms.now),
    )


def _subjects(purpose: str, channel: str, terms: Terms) -> list[str]:
    return [f"{purpose}/{name}" for name in alike(terms.plan.channels, channel)] if channel else [purpose]


def _granted(word: bool | int | str) -> bool:
    text = str(word).strip().lower()
    if text not in YES | NO:
        raise Unusable("granted_invalid")
    return text in YES


def _who(stated: _Stated, terms: Terms) -> Identifier:
    for type_ in ("user_id", "anonymous_id", "email", "phone"):
        value = getattr(stated, type_)
        if value:
            return type_, normal(type_, value, None, terms.plan.policy.identity)
    raise Unusable("missing_id")


def _time(text: str | None, now: int) -> int:
    time = as_written(text, "identify", now)
    if isinstance(time, str):
        raise Unusable(time)
    return time


def _hashed(wording: str, wordings: dict[bytes, str]) -> str:
    """SHA-256 of what they were asked; whoever sends a hash has it already."""
    if not wording or _HASH.fullmatch(wording):
        return wording
    digest = sha256(wording.encode()).digest()
    wordings[digest] = wording
    return digest.hex()
