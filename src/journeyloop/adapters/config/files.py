"""The configuration directory as text: the only reading of it from disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

LARGEST = 1_000_000
_FOLDERS = ("moments", "content")
_FILES = (
    "journeyloop.toml",
    "policy.yaml",
    "policy.yml",
    "audiences.yaml",
    "audiences.yml",
    "sources.yaml",
    "sources.yml",
)


class Unreadable(Exception):
    """A file of the configuration cannot be read as text; `message` says what to do about it."""

    def __init__(self, file: str, line: int, message: str) -> None:
        super().__init__(f"{file}:{line}: error: {message}")
        self.file, self.line, self.message = file, line, message


def read_texts(directory: Path) -> dict[str, str]:
    """Relative name → text of every file that belongs to the configuration; keys and the store do not.

    Raises:
        Unreadable: no such directory, no permission, not UTF-8, or larger than 1 MB.
    """
    if not directory.is_dir():
        raise Unreadable(str(directory), 1, "no such directory: make one with `journeyloop init`")
    named = {path.relative_to(directory).as_posix(): path for path in _paths(directory)}
    return {name: read_text(path, name) for name, path in named.items()}


def write_texts(directory: Path, texts: dict[str, str]) -> None:
    """Make these the texts of a directory: what else belongs to the configuration goes, anything else stays. Every
    text is on the disk before the first file changes.

    Raises:
        ValueError: a name that is no part of a configuration.
    """
    for name in texts:
        if not _belongs(name):
            raise ValueError(f"{name} is no file of a configuration")
    extra = [path for path in _paths(directory) if path.relative_to(directory).as_posix() not in texts]
    fresh = [(directory / f"{name}.new", directory / name) for name in texts]
    for text, (made, _) in zip(texts.values(), fresh, strict=True):
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_bytes(text.encode())
    for made, path in fresh:
        made.replace(path)
    for path in extra:
        path.unlink()


def _belongs(name: str) -> bool:
    parts = PurePosixPath(name).parts
    inside = len(parts) > 1 and parts[0] in _FOLDERS and not {"", ".", ".."}.intersection(parts)
    return name in _FILES or (inside and name.endswith((".yaml", ".yml")))


def _paths(directory: Path) -> Iterator[Path]:
    yield from (path for name in _FILES if (path := directory / name).is_file())
    for folder in _FOLDERS:
        for path in sorted((directory / folder).rglob("*")):
            if path.suffix in (".yaml", ".yml") and path.is_file() and not path.name.startswith("."):
                yield path


def read_text(path: Path, name: str) -> str:
    """The text of one file, which messages call `name`.

    Raises:
        Unreadable: no permission, not UTF-8, or larger than 1 MB.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError as error:
        raise Unreadable(name, 1, f"cannot be read: {error.strerror}") from None
    if len(raw) > LARGEST:
        raise Unreadable(name, 1, "larger than 1 MB: split it")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable(name, raw.count(b"\n", 0, error.start) + 1, "not UTF-8: save the file as UTF-8") from None
