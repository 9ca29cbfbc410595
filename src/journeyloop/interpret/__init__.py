"""Interpret: who is this, and what is known of them now? Identity, merge, fold, presence, consent. Rooms say what."""

from journeyloop.interpret.consent import consent_in, state_consent
from journeyloop.interpret.fold import fold
from journeyloop.interpret.identity import answer_merge, claim_others, found, identify, lose, own
from journeyloop.interpret.merge import hand_over
from journeyloop.interpret.presence import tab_closed, tab_opened

__all__ = [
    "answer_merge",
    "claim_others",
    "consent_in",
    "fold",
    "found",
    "hand_over",
    "identify",
    "lose",
    "own",
    "state_consent",
    "tab_closed",
    "tab_opened",
]
