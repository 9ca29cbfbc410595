"""Learn: what worked? Windows that open at the signal and close once, intention-to-treat counts, the board."""

from journeyloop.learn.close import close
from journeyloop.learn.evidence import uplift
from journeyloop.learn.goals import expose, reach_goals
from journeyloop.learn.learner import Choice, Learner
from journeyloop.learn.lesson import learn
from journeyloop.learn.observe import observe
from journeyloop.learn.tune import level_of, tune
from journeyloop.learn.windows import open_windows
from journeyloop.learn.worth import average, bound

__all__ = [
    "Choice", "Learner", "average", "bound", "close", "expose", "learn", "level_of", "observe", "open_windows",
    "reach_goals", "tune", "uplift",
]  # fmt: skip
