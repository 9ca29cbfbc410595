"""What a message says: the fields that its channel can carry, each text a template that compiles, each link a link."""

from __future__ import annotations

import re
from collections.abc import Collection
from collections.abc import Mapping as Named
from typing import Any

from msgspec import Struct

from journeyloop.adapters.config.section import Section, as_section
from journeyloop.adapters.config.settings import Settings
from journeyloop.adapters.config.templates import Reading, check_template
from journeyloop.adapters.config.tree import Mapping, Scalar, plain, scalars
from journeyloop.model.goods import LISTS
from journeyloop.model.reach import ONPAGE
from journeyloop.runtime.channels import SHAPES, Connection, Shape

ON_PAGE = ("title", "body", "button", "style")
_URL = re.compile(r"https?://[A-Za-z0-9\[][^\\\s]*|/|/[^/\\{\s][^\\\s]*")
_RELATIVE = re.compile(r"""<(?:a|area|img)\b[^>]*\s(?:href|src)\s*=\s*["']?/(?!/)""", re.IGNORECASE)


class Said(Struct, frozen=True):
    """What decides how a content is read: where it goes, and what else there is. `shape` is None for a page, and for a
    channel that is not configured; `asked`: a page asks for it."""

    channel: str
    shape: Shape | None
    asked: bool
    coupon: bool
    settings: Settings

    @property
    def html(self) -> frozenset[str]:
        return self.shape.html if self.shape else frozenset()

    def fields(self, written: Collection[str]) -> Collection[str]:
        """Those that this content may have; `written` where any will do."""
        if self.channel == ONPAGE:
            return (*ON_PAGE, *written) if self.asked else ON_PAGE
        return self.shape.content if self.shape and "*" not in self.shape.content else written


def shape_of(channel: str, channels: Named[str, Connection]) -> Shape | None:
    return SHAPES[channels[channel].kind] if channel in channels and channel != ONPAGE else None


def read_content(section: Section, said: Said, profile: frozenset[str]) -> tuple[dict[str, Any], frozenset[str]]:
    """The content as written, and what its templates read beside the profile."""
    written = section.mapping("content")
    if "content" not in section:
        section.error("content", "missing: write what the message says, `content: {title: …, body: …}`")
    if written is None:
        return {}, frozenset()
    content = section.section("content", said.fields(written.entries))
    assert content is not None
    if said.channel == ONPAGE:
        _check_on_page(content, own=written.entries if said.asked else ())
    for needed in said.shape.needs if said.shape else ():
        if not any(key in content for key in needed):
            section.error("content", f"missing: write {' or '.join(needed)}")
    return plain(written), check_words(content, said, profile)


def read_translation(
    written: Mapping, path: str, own: dict[str, Any], said: Said, profile: frozenset[str], section: Section
) -> tuple[dict[str, Any], frozenset[str]]:
    """The fields that replace `own` where they are written, and what their templates read."""
    content = as_section(written, path, section.report, said.fields(own.keys()))
    if content is None:
        return {}, frozenset()
    for name, entry in written.entries.items():
        if isinstance(own.get(name), dict) and isinstance(entry.value, Mapping):
            as_section(entry.value, f"{path}.{name}", section.report, own[name].keys())
        elif isinstance(own.get(name), dict) or not isinstance(entry.value, Scalar):
            content.error(name, "write it as the moment does")
    return plain(written), check_words(content, said, profile)


def check_words(content: Section, said: Said, profile: frozenset[str]) -> frozenset[str]:
    """Report every text that would fail to render, and every link that leads nowhere; what they read."""
    reads: set[str] = set()
    reading = Reading(profile, said.channel == ONPAGE, said.coupon, bool(said.shape and said.shape.address == "email"))
    for field, entry in content.node.entries.items():
        for name, scalar in scalars(entry.value, content.name(field)):
            if isinstance(scalar.value, str):
                reads |= check_template(scalar, name, reading, field in said.html, content.report)
                _check_link(content, name.removeprefix(content.path + "."), scalar, said)
    _check_prices(content, reads, said)
    return frozenset(reads)


def _check_prices(content: Section, reads: Collection[str], said: Said) -> None:
    if "price" not in reads or not any(name in reads for name in LISTS):
        return
    line, name = content.node.line, f"{content.path}: price"
    if not said.settings.catalogue:
        message = "prices are those of the person's events, maybe old: add [catalogue] url to journeyloop.toml"
        content.report.warn(line, f"{name}: {message}")
    elif said.asked:
        content.report.error(line, f"{name}: an ask is answered at once, and prices are checked before: remove it")


def _check_link(content: Section, name: str, scalar: Scalar, said: Said) -> None:
    """`name` is that of the field: an address has the form of one, and elsewhere than on a page a site to be of."""
    link = name in ("button.url", "url") and not (said.asked and name == "url") and "*" not in _any(said)
    if link and not scalar.text.lstrip().startswith("{{") and not _URL.fullmatch(scalar.text):
        message = "write https://…, http://… or a path such as /checkout"
        content.report.error(scalar.line, f"{content.name(name)}: {message}")
    relative = scalar.text.startswith("/") if link else name in said.html and _RELATIVE.search(scalar.text)
    shown_by_the_site = said.channel == ONPAGE or (said.shape is not None and said.shape.address == "push")
    if relative and not shown_by_the_site and not said.settings.links.site:
        message = "a relative link, and a message has no page: add [links] site to journeyloop.toml"
        content.report.error(scalar.line, f"{content.name(name)}: {message}")


def _any(said: Said) -> tuple[str, ...]:
    return said.shape.content if said.shape else ()


def _check_on_page(content: Section, own: Collection[str]) -> None:
    """`own` are the page's own words, where it asks and shows the answer itself."""
    for key in ("title", "body"):
        content.text(key, default="")
    if "title" not in content and "body" not in content and not own:
        content.error("title", "missing: write a title or a body")
    content.choice("style", ("banner", "dialog"), "banner")
    button = content.section("button", ("label", "url"))
    if button:
        button.text("label", example="Continue")
        button.text("url", example="/checkout")
