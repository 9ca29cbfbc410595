"""Whether a privacy string carries an opt-out. What cannot be read is never a grant: it counts as an opt-out.

Only the reading of strings lives here; what an opt-out does to a person's purposes is `consent.py`'s. The rules:

- TCF (EU v2, Canada v1): an opt-out unless purpose 1 (storage) and at least one of the marketing purposes 2, 3 and 4
  have consent. Legitimate interest is not consent, and a purpose 1 that was never asked was not granted.
  Canada's implied consent is consent.
- GPP: an opt-out if one section says so; if the applicable sections are named, only those count. Names that the string
  does not hold (also 0 and -1) name nothing, so all its sections count. No section at all says nothing, so no opt-out.
- US sections (national, states): an opt-out if sale, sharing or targeted advertising was opted out of, or GPC is set.
  "Not applicable" is no opt-out. Maryland, Indiana, Kentucky and Rhode Island are read as the reference encoder writes
  them; the section header of their drafts is a version not known here.
- US Privacy: an opt-out if the third character is Y. GPC: an opt-out if it is set; unset it says nothing.
- A malformed string, an unknown version or section, a value that no specification gives: an opt-out.

Specifications: IAB Europe TCF v2 "Consent string and vendor list formats", IAB Tech Lab Global Privacy Platform v1
("Consent String Specification", "Section Information" and the sections' own), IAB "US Privacy String" v1, W3C "Global
Privacy Control". Offsets are bits from the start of a core segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

KEPT = 4_000
"""Characters of a string that are kept; it is judged as a whole."""

KINDS = ("gpp", "tcf", "usp", "gpc")
"""By how much they say: of two equal verdicts the first of these is reported."""

NAMES = {
    "gpp": "gpp",
    "gppstring": "gpp",
    "tcf": "tcf",
    "tcstring": "tcf",
    "tcfstring": "tcf",
    "usp": "usp",
    "uspstring": "usp",
    "usprivacy": "usp",
    "gpc": "gpc",
}
"""Keys of a consent object, as `_plain` writes them."""

TEXTS = frozenset({"string", "gppstring", "tcstring", "tcfstring", "uspstring"})
APPLICABLE = frozenset({"sections", "applicablesections"})

TCF_EU, TCF_CANADA, USP = 2, 5, 6
GPP_HEADER = "000011000001"
"""Type 3, version 1."""

CONSENTS = {TCF_EU: ("000010", (152,)), TCF_CANADA: ("000001", (151, 175))}
"""Where a version of the TCF keeps the consents to its purposes; Canada has express and implied ones."""

OPT_OUTS = dict.fromkeys(range(8, 28), (12, 14)) | {
    7: (18, 20, 22),
    11: (14, 16),
    18: (14, 16),
    24: (16, 18),
    25: (16, 18),
    26: (16, 18),
    27: (16, 18),
}
"""Where a US section keeps its opt-outs of sale, sharing and targeted advertising, two bits each."""

NO_OPT_OUT = frozenset({"00", "10"})
"""Not applicable; did not opt out. 01 is an opt-out and 11 means nothing."""

WITHOUT_GPC = frozenset({25, 26, 27})
"""Their second segment holds consents to sensitive data."""

GPC_SET = "011"
"""Segment type 1 and its flag."""

WEB64 = re.compile(r"[A-Za-z0-9_-]+")
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
READ = 36
"""Digits of a segment that are read: the fields asked for, and any honest header, end before."""

SEGMENTS = 8
SECTIONS = 64
CODE = r"((?:0|10)*11)"
ITEM = re.compile(rf"0{CODE}|1{CODE}{CODE}")
"""One section id, or a first and a last one, in Fibonacci coding."""

US_PRIVACY = re.compile(r"1[YN-][YN-][YN-]", re.IGNORECASE)
GPC_UNSET = frozenset({"", "0", "false"})


class Signalled(Struct, frozen=True, array_like=True):
    """What one privacy string says. `text` is the string as stated, cut to `KEPT` characters."""

    kind: str
    text: str
    opted_out: bool


def signalled(consent: dict[str, Any]) -> Signalled | None:
    """What a consent object of an event's context says through a privacy string, or None if it holds none.

    Of several strings one that opts out is reported, whatever the others say and in whichever order they stand.
    """
    found = [one for name, value in consent.items() for one in _stated(NAMES.get(_plain(name)), value)]
    return min(found, key=lambda one: (not one.opted_out, KINDS.index(one.kind), one.text), default=None)


def _plain(name: str) -> str:
    """The same word for `tcString`, `tc_string` and `TCString`."""
    return name.replace("_", "").lower()


def _stated(kind: str | None, value: Any) -> Iterator[Signalled]:
    match kind, value:
        case (None, _):
            return
        case ("gpc", _):
            yield from _gpc(value)
        case (_, dict()):
            yield from _in_object(kind, value)
        case (_, str()) if value.strip():
            yield Signalled(kind, value[:KEPT], _opted_out(kind, value.strip(), frozenset()))


def _gpc(value: Any) -> Iterator[Signalled]:
    """A header's text or a page's flag; a list or an object says nothing."""
    flag = "true" if isinstance(value, (int, float)) and value else ""
    text = value if isinstance(value, str) else flag
    if text.strip().lower() not in GPC_UNSET:
        yield Signalled("gpc", text[:KEPT], True)


def _in_object(kind: str, value: dict[str, Any]) -> Iterator[Signalled]:
    """The strings of `{gppString, applicableSections}` and its variants."""
    lists = [one for name, one in value.items() if _plain(name) in APPLICABLE and isinstance(one, list)]
    applicable = frozenset(number for one in lists for number in one if isinstance(number, int))
    for name, text in value.items():
        if _plain(name) in TEXTS and isinstance(text, str) and text.strip():
            yield Signalled(kind, text[:KEPT], _opted_out(kind, text.strip(), applicable))


def _opted_out(kind: str, text: str, applicable: frozenset[int]) -> bool:
    match kind:
        case "tcf":
            return _section(TCF_EU, text)
        case "usp":
            return _section(USP, text)
        case _:
            return _gpp(text, applicable)


def _gpp(text: str, applicable: frozenset[int]) -> bool:
    """A TC string may stand where a GPP string does; its C tells them apart."""
    if text.startswith("C"):
        return _section(TCF_EU, text)
    header, *sections = text.split("~", SECTIONS)
    numbers = _section_ids(_bits(header))
    if numbers is None or len(numbers) != len(sections):
        return True
    stated = dict(zip(numbers, sections, strict=True))
    return any(_section(number, stated[number]) for number in applicable & stated.keys() or stated)


def _section(number: int, text: str) -> bool:
    if number == USP:
        return US_PRIVACY.fullmatch(text) is None or text[2] in "Yy"
    core, *others = _segments(text)
    if number in CONSENTS:
        return not _consented(core, *CONSENTS[number])
    if number not in OPT_OUTS or _refused(number, core):
        return True
    return number not in WITHOUT_GPC and any(segment.startswith(GPC_SET) for segment in others)


def _consented(core: str, version: str, starts: tuple[int, ...]) -> bool:
    """Whether storage and one of the marketing purposes have consent."""
    purposes = [any(core[start + at : start + at + 1] == "1" for start in starts) for at in range(4)]
    return core.startswith(version) and purposes[0] and any(purposes[1:])


def _refused(number: int, core: str) -> bool:
    """Whether a US section holds an opt-out, or one that cannot be read. Only the national one has a version 2."""
    known = core.startswith(("000001", "000010") if number == 7 else "000001")
    return not known or any(core[at : at + 2] not in NO_OPT_OUT for at in OPT_OUTS[number])


def _segments(text: str) -> list[str]:
    """The bits of a section's segments; one without bits if any of them is not base64url."""
    found = [_bits(part) for part in text.split(".", SEGMENTS)]
    return found if all(found) else [""]


def _bits(text: str) -> str:
    """The first bits of base64url text; none if it is anything else."""
    return "".join(f"{DIGITS.index(digit):06b}" for digit in text[:READ]) if WEB64.fullmatch(text) else ""


def _section_ids(header: str) -> list[int] | None:
    """The ids in a GPP header, or None if it is not one. More than `SECTIONS` of them are not read."""
    if not header.startswith(GPP_HEADER) or len(header) < 24:
        return None
    numbers: list[int] = []
    at, last = 24, 0
    for _ in range(int(header[12:24], 2)):
        item = ITEM.match(header, at)
        if item is None:
            return None
        first, last = _span(item, last)
        if last > SECTIONS:
            return None
        numbers.extend(range(first, last + 1))
        at = item.end()
    return numbers


def _span(item: re.Match[str], last: int) -> tuple[int, int]:
    """The first and the last id of an item; each is written as its distance from the one before."""
    single, start, end = item.groups()
    first = last + _fibonacci(single or start)
    return first, first if single else first + _fibonacci(end)


def _fibonacci(code: str) -> int:
    """The number that a Fibonacci code word stands for: 11 is 1, 011 is 2, 0011 is 3, 1011 is 4."""
    total, step, following = 0, 1, 2
    for digit in code[:-1]:
        total += step if digit == "1" else 0
        step, following = following, step + following
    return total
