"""Why a content is not sent."""

from __future__ import annotations


class Unrenderable(Exception):
    """The content cannot be filled for this person: the message says which part and why, without personal data."""
