"""The ledger: what must be provable later, in order, each line bound to the one before it.

Who said what on consent, who was joined with whom and who was told apart. Lines hold ids, names of the configuration
and hashes, never what a person would call theirs: they outlive the erasure of a person.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from msgspec import Struct, msgpack

Kind = Literal["consent", "merged", "unmerged"]


class Entry(Struct, array_like=True, gc=False):
    """One line. `at` is by the clock of who stated it, `received` by ours (ms).

    consent: `subject` is the purpose or purpose/channel, `word` granted or refused, `wording` the SHA-256 of what they
    were asked. merged, unmerged: `other` is the other person, `subject` the type of identifier or who asked for it.
    """

    kind: Kind
    person: bytes
    at: int
    received: int
    subject: str
    word: str = ""
    source: str = ""
    wording: str = ""
    other: bytes = b""


class Line(Struct, array_like=True, gc=False):
    """An entry in its place: `hash` is SHA-256 over the previous line's hash and the entry."""

    entry: Entry
    hash: bytes


def chained(entry: Entry, previous: bytes) -> Line:
    """The entry bound to the line before it (32 zero bytes before the first)."""
    return Line(entry, sha256(previous + msgpack.encode(entry)).digest())
