"""Interpret: who is this, and what is known of them now? Identity, merge, fold, presence, consent. Rooms say what."""

from journeyloop.interpret.audiences import begin, rejudge
from journeyloop.interpret.consent import consent_in, state_consent
from journeyloop.interpret.fold import fold
from journeyloop.interpret.identity import claim_others, found, identify, own
from journeyloop.interpret.merge import hand_over
from journeyloop.interpret.one import told
from journeyloop.interpret.presence import tab_changed
from journeyloop.interpret.rolling import recount, uncounted

__all__ = [
    "begin",
    "claim_others",
    "consent_in",
    "fold",
    "found",
    "hand_over",
    "identify",
    "own",
    "recount",
    "rejudge",
    "state_consent",
    "tab_changed",
    "told",
    "uncounted",
]
