"""Learn: what worked? Windows that open at the signal and close once, intention-to-treat counts, the board."""

from journeyloop.learn.evidence import uplift
from journeyloop.learn.resolve import close, expose, open_windows, reach_goals
from journeyloop.learn.tune import tune

__all__ = ["close", "expose", "open_windows", "reach_goals", "tune", "uplift"]
