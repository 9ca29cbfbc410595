"""Content: templates in a sandbox, filled with what is known of one person, in their language.

A channel's HTML fields are escaped; everything else is text, and shown as text. Links are checked after filling. A
missing variable is not an empty string: nothing is sent or shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateError

from journeyloop.act.links import Tags, is_link, linked, linked_html, refuse_links
from journeyloop.act.sandbox import LARGEST, fill
from journeyloop.act.unrenderable import Unrenderable
from journeyloop.model.goods import LISTS
from journeyloop.model.moment import Action

NOTHING: Mapping[str, Any] = {}
_ONE_LINE = frozenset({"subject", "preheader", "from"})
_BREAKS = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")

__all__ = ["Unrenderable", "render", "rendered", "spoken", "unrenderable"]


def rendered(
    action: Action,
    profile: dict[str, Any],
    given: Mapping[str, Any] = NOTHING,
    locale: str = "",
    tags: Tags | None = None,
) -> dict[str, Any]:
    """What this action says to this person. `given` are variables beside the profile; `locale` is theirs, if the
    profile must not be read; `tags` are what links are given.

    Raises:
        Unrenderable: a variable is missing, a template fails, or a link leads nowhere.
    """
    lists = [given[name] for name in LISTS if name in given]
    if lists and not any(lists) and not action.reads.isdisjoint(LISTS):
        raise Unrenderable("products: none available")
    content = spoken(action, locale or str(profile.get("locale") or ""))[1]
    found = render(content, profile, given, action.html)
    return found if tags is None else _tagged(found, action.html, tags)


def spoken(action: Action, locale: str) -> tuple[str, dict[str, Any]]:
    """The language that is chosen and the content as written in it: de-AT, else de, else ("") the moment's own."""
    wanted = locale.replace("_", "-").lower()
    for language in (wanted, wanted.partition("-")[0]):
        if language and language in action.translations:
            return language, _over(action.content, action.translations[language])
    return "", action.content


def _over(content: dict[str, Any], translation: dict[str, Any]) -> dict[str, Any]:
    both = [name for name, value in translation.items() if isinstance(value, dict)]
    merged = {name: _over(content[name], translation[name]) for name in both if isinstance(content.get(name), dict)}
    return {**content, **translation, **merged}


def render(
    content: dict[str, Any],
    profile: dict[str, Any],
    given: Mapping[str, Any] = NOTHING,
    html: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The content tree with every string filled; `html` are the fields that hold HTML. Raises as `rendered`."""
    variables = {**given, "profile": profile}
    filled = {name: _filled(name, value, variables, name in html) for name, value in content.items()}
    if _size(filled) > LARGEST:
        raise Unrenderable(f"longer than {LARGEST // 1024} KiB")
    button = filled.get("button")
    if isinstance(button, dict) and not is_link(button.get("url", "/")):
        raise Unrenderable("button.url: not http(s) and not a path")
    if not is_link(filled.get("url", "/")):
        raise Unrenderable("url: not http(s) and not a path")
    for name in html & filled.keys():
        refuse_links(name, filled[name])
    return filled


def unrenderable(action: Action, profile: dict[str, Any], given: Mapping[str, Any] = NOTHING) -> str | None:
    """Why this content cannot be filled for this person, or None if it can."""
    try:
        rendered(action, profile, given)
    except Unrenderable as error:
        return f"content: {error}"
    return None


def sentence(text: str, variables: dict[str, Any]) -> str:
    """One text, filled. Raises Unrenderable."""
    return str(_filled("text", text, variables, False))


def _filled(name: str, value: Any, variables: dict[str, Any], html: bool) -> Any:
    if isinstance(value, dict):
        return {key: _filled(f"{name}.{key}", inner, variables, html) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(name, inner, variables, html) for inner in value]
    if not isinstance(value, str):
        return value
    try:
        text = fill(value, variables, html)
    except TemplateError as error:
        raise Unrenderable(f"{name}: {error.message}") from None
    except Exception as error:  # a filter fed with something it does not take
        raise Unrenderable(f"{name}: {type(error).__name__}") from None
    return _BREAKS.sub(" ", text).strip() if name in _ONE_LINE else text


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(_size, value.values()))
    if isinstance(value, list):
        return sum(map(_size, value))
    return len(value.encode()) if isinstance(value, str) else 0


def _tagged(content: dict[str, Any], html: frozenset[str], tags: Tags) -> dict[str, Any]:
    found = {name: linked_html(name, value, tags) if name in html else value for name, value in content.items()}
    return linked(found, html, tags)
