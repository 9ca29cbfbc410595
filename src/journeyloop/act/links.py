"""Links of a filled message: only where they may lead, whole where there is no page to be relative to, and told apart
by whoever counts visits (utm_*) and by the page that is landed on (`jl_id`).

What is there already is never overwritten. A link to somebody else's site gets nothing of ours, once the shop has said
which one is its own; without that no link carries an id.
"""

from __future__ import annotations

import re
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

from msgspec import Struct

from journeyloop.act.unrenderable import Unrenderable

ID = "jl_id"
_SCHEMES = frozenset({"http", "https"})
_IN_HTML = _SCHEMES | {"mailto", "tel", "cid"}
_LEADING = frozenset({"href", "src", "action", "formaction", "background", "poster", "cite", "data", "xlink:href"})
_SCHEME = re.compile(r"[\x00-\x20]*([a-zA-Z][a-zA-Z0-9+.\-\x00-\x20]*):")
_IN_TEXT = re.compile(r"https?://[^\s<>\"'\x00-\x20]*[^\s<>\"'.,;:!?)\]\x00-\x20]")


class Tags(Struct, frozen=True):
    """`site` is the shop's own, such as https://shop.example; `utm` what its links are given, `id` the decision, for
    the page that is landed on. `kept` are links that stay as they are. `page`: the message is shown on one; `local`:
    the site itself shows it all the same, so that a relative link leads there (web push)."""

    site: str = ""
    utm: dict[str, str] = {}
    id: str = ""
    kept: tuple[str, ...] = ()
    page: bool = False
    local: bool = False

    def apply(self, name: str, link: str) -> str:
        """The link as it leaves. Raises Unrenderable: it is relative, and there is nothing to be relative to."""
        if link in self.kept or link.startswith("#"):
            return link
        if _scheme(link) is None and not link.startswith("//"):
            if not (self.page or self.local or self.site):
                raise Unrenderable(f"{name}: a relative link, and no site is configured")
            link = link if self.page or not self.site else self.site + "/" + link.lstrip("/")
        elif _scheme(link) not in _SCHEMES:
            return link
        return self._tagged(link)

    def _tagged(self, link: str) -> str:
        parts = _split(link)
        if parts is None or not self._ours(parts.hostname):
            return link
        there = {key for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
        told = self.id and not self.page and (self.site or parts.hostname is None)
        wanted = self.utm | ({ID: self.id} if told else {})
        added = urlencode({key: value for key, value in wanted.items() if key not in there})
        return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))

    def _ours(self, host: str | None) -> bool:
        site = _split(self.site)
        own = site.hostname if site else None
        return host is None or not own or host == own or host.endswith("." + own.removeprefix("www."))


def is_link(url: Any) -> bool:
    """http(s), or a path of the site; never one that a browser takes for another."""
    if not isinstance(url, str) or re.search(r"[\x00-\x20\\]", url):
        return False
    return (url.startswith("/") and not url.startswith("//")) or url.startswith(("https://", "http://"))


def linked(content: dict[str, Any], html: frozenset[str], tags: Tags) -> dict[str, Any]:
    """The links of a button and of `url`, and outside of the page those written out in a text."""
    found = dict(content)
    button = found.get("button")
    if isinstance(button, dict) and isinstance(button.get("url"), str):
        found["button"] = {**button, "url": tags.apply("button.url", button["url"])}
    if isinstance(found.get("url"), str):
        found["url"] = tags.apply("url", found["url"])
    for name in {"text", "body"} - html if tags.site and not tags.page else ():
        if isinstance(found.get(name), str):
            found[name] = _IN_TEXT.sub(lambda link: tags.apply("text", link[0]), found[name])
    return found


# --- HTML -------------------------------------------------------------------------------------------------------------


class _Tag(Struct):
    """A start tag with an attribute that leads somewhere: where it stands, and what it says."""

    start: int
    text: str
    name: str
    attributes: list[tuple[str, str | None]]


class _Finder(HTMLParser):
    """The start tags that lead somewhere, in order."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[_Tag] = []
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if any(name in _LEADING for name, _ in attrs):
            line, column = self.getpos()
            self.found.append(_Tag(self._lines[line - 1] + column, self.get_starttag_text() or "", tag, attrs))


def refuse_links(name: str, text: Any) -> None:
    """Raises Unrenderable: a link of this HTML leads where none may."""
    for tag in _Finder(text).found if isinstance(text, str) else ():
        for attribute, value in tag.attributes:
            if attribute in _LEADING and _scheme(value or "") not in (None, *_IN_HTML):
                raise Unrenderable(f"{name}: a link that is not http(s), mailto, tel or a path")


def linked_html(name: str, text: Any, tags: Tags) -> Any:
    """This HTML with its links as they leave; everything else stays as it is."""
    if not isinstance(text, str):
        return text
    parts, end = [], 0
    for tag in _Finder(text).found:
        parts += [text[end : tag.start], _written(name, tag, tags)]
        end = tag.start + len(tag.text)
    return "".join([*parts, text[end:]])


def _written(name: str, tag: _Tag, tags: Tags) -> str:
    bare = Tags(tags.site, page=tags.page)
    parts = [f"<{tag.name}"]
    for attribute, value in tag.attributes:
        if attribute in ("href", "src") and value is not None:
            links = tag.name in ("a", "area") and attribute == "href"
            value = (tags if links else bare).apply(name, value.strip())
        parts.append(f" {attribute}" if value is None else f' {attribute}="{escape(value)}"')
    return "".join([*parts, " />" if tag.text.rstrip().endswith("/>") else ">"])


def _scheme(link: str) -> str | None:
    """In lower case, None for a relative link; a browser overlooks control characters in it."""
    found = _SCHEME.match(link)
    return re.sub(r"[\x00-\x20]", "", found[1]).lower() if found else None


def _split(link: str) -> SplitResult | None:
    try:
        parts = urlsplit(link)
        _ = parts.hostname
    except ValueError:
        return None
    return parts
