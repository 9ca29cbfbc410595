"""Decide: the next best action, or silence with its reason. Holdout, eligibility, contact policy, arbitration."""

from journeyloop.decide.arbitrate import Choice, arbitrate
from journeyloop.decide.decide import decide

__all__ = ["Choice", "arbitrate", "decide"]
