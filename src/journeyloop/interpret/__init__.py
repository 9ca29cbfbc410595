"""Interpret: who is this, and what is known of them now? Identity, merge, fold, presence, consent. Rooms say what."""

from journeyloop.interpret.audiences import begin, rejudge
from journeyloop.interpret.fold import fold
from journeyloop.interpret.hold import hold_by
from journeyloop.interpret.identity import claim_others, found, identify, own
from journeyloop.interpret.merge import hand_over
from journeyloop.interpret.one import told
from journeyloop.interpret.presence import tab_changed
from journeyloop.interpret.rolling import recount, uncounted
from journeyloop.interpret.stated import take_word, word_in

__all__ = [
    "begin",
    "claim_others",
    "fold",
    "found",
    "hand_over",
    "hold_by",
    "identify",
    "own",
    "recount",
    "rejudge",
    "tab_changed",
    "take_word",
    "told",
    "uncounted",
    "word_in",
]
