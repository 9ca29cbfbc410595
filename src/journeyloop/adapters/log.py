"""Where the server's own words go. What they may say is decided where they are said."""

from __future__ import annotations

import os
import sys

import structlog


def log_quietly() -> None:
    """Structured logs as JSON lines on standard error. No field of them ever carries anything of a person."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(os.environ.get("JOURNEYLOOP_LOG", "info")),
    )
