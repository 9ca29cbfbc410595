"""Learn: what worked? Windows that open at the signal and close once, intention-to-treat counts, the board."""

from journeyloop.learn.close import close
from journeyloop.learn.evidence import uplift
from journeyloop.learn.goals import reach_goals
from journeyloop.learn.lesson import learn
from journeyloop.learn.tune import level_of, tune
from journeyloop.learn.windows import open_windows
from journeyloop.learn.worth import average, bound

__all__ = ["average", "bound", "close", "learn", "level_of", "open_windows", "reach_goals", "tune", "uplift"]
