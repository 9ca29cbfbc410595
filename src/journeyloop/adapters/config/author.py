"""Who changed a configuration directory, and what they said of it: the commit's author and subject if it is in git and
everything that changed is committed, else the user of this process.

Only git's own command is asked, in read-only ways; without git, or when it is slow, nobody waits for it.
"""

from __future__ import annotations

import getpass
import subprocess
from collections.abc import Collection
from pathlib import Path

PATIENCE_S = 5
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")


def author_of(directory: Path, files: Collection[str]) -> tuple[str, str]:
    """(who, note) of the last change of these files; the note is the commit's subject."""
    paths = ["--", *sorted(files)]
    uncommitted = _asked(directory, "status", "--porcelain", "--untracked-files=all", "--ignored", *paths)
    if not files or uncommitted != "":
        return user(), ""
    told = _asked(directory, "log", "-1", "--format=%an%x00%s", *paths)
    who, _, note = (told or "").strip().partition("\0")
    return (who, note) if who else (user(), "")


def user() -> str:
    """The user of this process, or "" where the system has no name for them."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def _asked(directory: Path, *words: str) -> str | None:
    """What git says; None if it is not there or says no."""
    line = [*_GIT, "-C", str(directory), *words]
    try:
        told = subprocess.run(line, capture_output=True, timeout=PATIENCE_S, check=True)  # noqa: S603 - a fixed command
    except (OSError, subprocess.SubprocessError):
        return None
    return told.stdout.decode(errors="replace")
