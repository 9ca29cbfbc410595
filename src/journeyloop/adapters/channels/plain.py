"""HTML as people read it who read no HTML: its words, a line for each block, addresses after the words of a link."""

from __future__ import annotations

import re
from html import unescape

_SILENT = re.compile(r"<!--.*?-->|<(head|style|script|title|template)\b.*?</\1\s*>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_GIVEN = r"\b{}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')"
_HREF, _ALT = (re.compile(_GIVEN.format(name), re.IGNORECASE) for name in ("href", "alt"))
_BLOCKS = frozenset("p div h1 h2 h3 h4 h5 h6 ul ol table tr section article header footer blockquote".split())
_BREAKS = {"br": "\n", "li": "\n- "}


def plain(html: str) -> str:
    """The words of a page.

    >>> plain("<p>Hello <b>Ada</b>,</p><p><a href='https://example.com/'>your cart</a> waits.</p>")
    'Hello Ada,\\n\\nyour cart (https://example.com/) waits.'
    """
    found: list[str] = []
    link, at = "", 0
    page = re.sub(r"\s+", " ", _SILENT.sub("", html))
    for tag in _TAG.finditer(page):
        found.append(unescape(page[at : tag.start()]))
        at, ends, name = tag.end(), bool(tag[1]), tag[2].lower()
        if name == "a":
            if ends and link and link not in found[-1]:
                found.append(f" ({link})")
            link = "" if ends else _given(_HREF, tag[3])
        else:
            found.append(_stands_for(name, ends, tag[3]))
    found.append(unescape(page[at:]))
    lines = [re.sub(r" +", " ", line).strip() for line in "".join(found).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _stands_for(name: str, ends: bool, given: str) -> str:
    if name in _BLOCKS:
        return "\n\n"
    if ends:
        return ""
    return _given(_ALT, given) if name == "img" else _BREAKS.get(name, "")


def _given(wanted: re.Pattern[str], given: str) -> str:
    found = wanted.search(given)
    return unescape(found[1] or found[2] or "") if found else ""
