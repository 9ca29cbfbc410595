"""What the author of the configuration is told: problems with file and line, each saying what to write instead.

Reading goes on after a problem, so that one run names all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

from journeyloop.model.plan import Problem


class Report(Struct):
    """Collects the problems of one file into a list that all files of a directory share."""

    file: str
    problems: list[Problem]

    def error(self, line: int, message: str) -> None:
        """The plan is refused."""
        self.problems.append(Problem(self.file, line, "error", message))

    def warn(self, line: int, message: str) -> None:
        """The plan runs, without what is named here."""
        self.problems.append(Problem(self.file, line, "warning", message))

    def later(self, line: int, name: str, consequence: str = "") -> None:
        """A key of the format that this version does not honour: named, never ignored."""
        self.warn(line, f"not yet supported: {name}" + (f" ({consequence})" if consequence else ""))


def suggestion(word: str, known: Iterable[str]) -> str:
    """`: did you mean …?` or, if nothing is close, what there is to choose from.

    >>> suggestion("porpose", ["purpose", "topic"])
    ': did you mean purpose?'
    """
    names = sorted(known)
    close = get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f": did you mean {close[0]}?"
    return f": write one of {', '.join(names)}" if 0 < len(names) <= 24 else ""
