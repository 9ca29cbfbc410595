"""HTML as people read it who read no HTML: its words, a line for each block, addresses after the words of a link."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset("p div h1 h2 h3 h4 h5 h6 ul ol table tr section article header footer blockquote".split())
_SILENT = frozenset("head style script title template".split())
_SPACE = re.compile(r"[ \t\r\f\v\n]+")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.silent = 0
        self.link = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _SILENT:
            self.silent += 1
        elif tag in _BLOCKS:
            self.found.append("\n\n")
        elif tag in ("br", "li"):
            self.found.append("\n" if tag == "br" else "\n- ")
        elif tag == "a":
            self.link = given.get("href", "")
        elif tag == "img":
            self.handle_data(given.get("alt", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in _BLOCKS:
            self.found.append("\n\n")
        elif tag == "a" and self.link:
            if self.link not in self.found[-1:]:
                self.found.append(f" ({self.link})")
            self.link = ""

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(_SPACE.sub(" ", data))


def plain(html: str) -> str:
    """The words of a page.

    >>> plain("<p>Hello <b>Ada</b>,</p><p><a href='https://example.com/'>your cart</a> waits.</p>")
    'Hello Ada,\\n\\nyour cart (https://example.com/) waits.'
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = [line.strip() for line in "".join(reader.found).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
