"""The three keys of a server: from keys.toml, each overridden by its environment variable."""

from __future__ import annotations

import tomllib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from journeyloop.adapters.config.files import Unreadable

NAMES = ("write", "server", "admin")
FILE = "keys.toml"
SECRET, _SIGNS = "JOURNEYLOOP_WEBHOOK_SECRET", "whsec_"


@dataclass(frozen=True, slots=True)
class Keys:
    """`write` is public (it is in every page), `server` reads and writes people, `admin` runs the server.

    Their text never shows in a repr, so never in a log or a traceback.
    """

    write: str = field(repr=False)
    server: str = field(repr=False)
    admin: str = field(repr=False)


def read_keys(directory: Path, environ: Mapping[str, str]) -> Keys:
    """The keys of a configuration directory; `environ` is the process environment.

    Raises:
        Unreadable: keys.toml is malformed, a key is nowhere, or two keys are equal.
    """
    stored = _stored(directory / FILE)
    found = {name: environ.get(f"JOURNEYLOOP_{name.upper()}_KEY") or stored.get(name) for name in NAMES}
    for name, key in found.items():
        if not isinstance(key, str) or not key:
            message = f"no {name} key: set JOURNEYLOOP_{name.upper()}_KEY, or make keys.toml with `journeyloop init`"
            raise Unreadable(FILE, 1, message)
    if len(set(found.values())) < len(NAMES):
        raise Unreadable(FILE, 1, "two keys are equal: the write key is public, so give each its own")
    return Keys(**{name: str(key) for name, key in found.items()})


def read_webhook_secret(environ: Mapping[str, str]) -> bytes | None:
    """What changes of audiences are signed with: JOURNEYLOOP_WEBHOOK_SECRET, `whsec_` and base64; None if unset.

    Raises:
        Unreadable: it has another form, or is shorter than 16 bytes.
    """
    text = environ.get(SECRET)
    if not text:
        return None
    try:
        key = b64decode(text.removeprefix(_SIGNS), validate=True)
    except ValueError:
        key = b""
    if not text.startswith(_SIGNS) or len(key) < 16:
        raise Unreadable(SECRET, 1, f"write {_SIGNS} and at least 16 bytes as base64")
    return key


def _stored(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Unreadable(FILE, 1, f"cannot be read: {error.strerror}") from None
    except ValueError:
        # The parser's own message could quote a key.
        raise Unreadable(FILE, 1, 'not TOML: write lines such as write = "…"') from None
