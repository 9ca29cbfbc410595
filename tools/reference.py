"""Writes docs/reference from the code: `python tools/reference.py`. With `--check` it only says what is out of date.

Each page has a module beside this one that returns its text; nothing else is known here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import channel_page, cli_page, http_page, moment_page

ROOT = Path(__file__).resolve().parents[1]
PAGES: dict[str, Callable[[], str]] = {
    "channels.md": channel_page.page,
    "cli.md": cli_page.page,
    "http.md": http_page.page,
    "moment.md": moment_page.page,
}


def stale() -> list[Path]:
    """The pages that are not what the code says."""
    texts = {ROOT / "docs" / "reference" / name: page() for name, page in PAGES.items()}
    return [path for path, text in texts.items() if not path.exists() or path.read_text() != text]


def main() -> int:
    if "--check" in sys.argv[1:]:
        for path in stale():
            print(f"{path.relative_to(ROOT)} is out of date: run `make docs`")
        return 1 if stale() else 0
    for name, page in PAGES.items():
        path = ROOT / "docs" / "reference" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
