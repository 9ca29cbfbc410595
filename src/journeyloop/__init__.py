"""journeyloop: detect, interpret, decide, act and learn while it still matters."""

__version__ = "0.1.0"
