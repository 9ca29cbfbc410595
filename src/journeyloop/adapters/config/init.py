"""`journeyloop init`: a new configuration directory that runs, from the templates beside this file."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from journeyloop.adapters.config.keys import FILE, NAMES

_RENAMED = {"gitignore": ".gitignore"}


def scaffold(directory: Path, *, demo: bool = False) -> list[Path]:
    """Write a commented project with fresh keys and return what was written. `demo`: its 20-second variant.

    Raises:
        FileExistsError: a file it would write exists already; nothing was written.
    """
    contents = {directory / name: text for name, text in _templates(demo).items()}
    contents[directory / FILE] = _new_keys()
    for path in contents:
        if path.exists():
            raise FileExistsError(f"{path} exists already: init writes only into a directory without it")
    for path, text in contents.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, text, 0o600 if path.name == FILE else 0o644)
    return list(contents)


def _templates(demo: bool) -> dict[str, str]:
    """Relative name → text; the demo's files replace those of the same name."""
    root = files("journeyloop.adapters.config")
    found = dict(_walk(root / "scaffold", ""))
    return found | dict(_walk(root / "scaffold_demo", "")) if demo else found


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + _RENAMED.get(entry.name, entry.name), entry.read_text(encoding="utf-8")


def _new_keys() -> str:
    lines = [f'{name} = "jl_{name}_{secrets.token_urlsafe(32)}"\n' for name in NAMES]
    return "# The operator's copy. Keep it out of git; JOURNEYLOOP_WRITE_KEY and its siblings override it.\n" + "".join(
        lines
    )


def _write(path: Path, text: str, mode: int) -> None:
    """Create exclusively and with its final mode, so that keys are never readable for others, not even briefly."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text)
