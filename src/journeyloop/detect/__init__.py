"""Detect: has something become true? Parsing, dedup, patterns, absence, presence, the noise gate. → Signals."""

from journeyloop.detect.crossed import crossed
from journeyloop.detect.dedup import seen_before
from journeyloop.detect.due import due
from journeyloop.detect.foresee import foresee
from journeyloop.detect.listen import asked, listen
from journeyloop.detect.truth import disarm

__all__ = ["asked", "crossed", "disarm", "due", "foresee", "listen", "seen_before"]
