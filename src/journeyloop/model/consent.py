"""A word on consent, which of two holds, and what a word for a channel means beside the word for its purpose."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace


class Consent(Struct, array_like=True, gc=False):
    """One word on consent: by their clock (`at`) and ours (`received`); `wording` is a hash of what they were asked.
    `firm`: said on purpose, not a preference that a client stamps on everything it sends."""

    granted: bool
    at: int
    received: int
    source: str
    wording: str = ""
    firm: bool = False


def stricter(one: Consent, other: Consent) -> Consent:
    """The one that holds: an opt-out wins unless the grant is newer by both clocks, and as firm as the opt-out: the
    preferences that a page goes on stamping on its events do not undo what somebody has said since. Two opt-outs are
    as new by each clock, and as firm, as either of them."""
    if one.granted != other.granted:
        grant, refusal = (one, other) if one.granted else (other, one)
        newer = grant.at > refusal.at and grant.received > refusal.received
        return grant if newer and grant.firm >= refusal.firm else refusal
    newest = max(one, other, key=lambda word: (word.at, word.received, word.firm, word.source, word.wording))
    if newest.granted:
        return newest
    return replace(newest, received=max(one.received, other.received), firm=one.firm or other.firm)


def strictest(one: Consent, other: Consent) -> Consent:
    """The opt-out, if one of them is one."""
    if one.granted != other.granted:
        return other if one.granted else one
    return stricter(one, other)


def stated(consent: Mapping[str, Consent], purpose: str, channel: str | None = None) -> bool | None:
    """What holds for a purpose over a channel: True, False, or None if nothing was said.

    An opt-out of the channel ends only by a grant for the channel: preferences for the purpose, which clients repeat
    with every event, do not bring back the e-mail that somebody unsubscribed from.
    """
    general = consent.get(purpose)
    special = consent.get(f"{purpose}/{channel}") if channel else None
    if special is None:
        return None if general is None else general.granted
    if general is None or not special.granted:
        return special.granted
    return stricter(general, special).granted
