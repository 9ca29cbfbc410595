"""Who was found to be the same person as somebody: what a merge leaves behind, and an unmerge needs."""

from __future__ import annotations

from msgspec import Struct


class Split(Struct, array_like=True, gc=False):
    """An unmerge: of the records up to `position` only those of the identifiers with these keys are this person's, or
    (`mine` False) all but those. `before` is the last position of another chain that holds records of theirs, from
    before the two were one (-1: none): told apart by the splits of that time (`earlier`), then by those after this. An
    identifier in `moved` changed sides with the record at that position, as often as it stands there."""

    position: int
    keys: list[bytes]
    mine: bool
    before: int = -1
    earlier: list[Split] = []
    moved: list[tuple[bytes, int]] = []


class Absorbed(Struct, array_like=True, gc=False):
    """A person handed over to this one: their id and the last log position that names them; when (`at`) and by which
    type of identifier the two were found to be one; the keys of the identifiers they brought; and the `splits` by which
    their records are theirs."""

    person: bytes
    last_position: int
    at: int = 0
    via: str = ""
    keys: list[bytes] = []
    splits: list[Split] = []
