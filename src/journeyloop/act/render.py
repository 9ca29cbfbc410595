"""Content: templates in a sandbox, filled with the profile (or without it, for a browser nobody vouched for).

The text is shown with `textContent`, so it is not escaped here; a field called `html` holds HTML, and what is filled
into it is. Links are checked after filling. A missing variable is not an empty string: nothing is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

_PLAIN = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_HTML = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
HTML = "html"
NOTHING: Mapping[str, str] = {}
_LINKS = ("https://", "http://", "/")


class Unrenderable(Exception):
    """The content cannot be filled for this person: the message says which part and why, without personal data."""


def render(content: dict[str, Any], profile: dict[str, Any], more: Mapping[str, str] = NOTHING) -> dict[str, Any]:
    """The content tree with every string filled from the profile, and from what `more` there is.

    Raises:
        Unrenderable: a variable is missing, a template fails, or a link is not http(s) or a path.
    """
    filled = {name: _filled(name, value, {"profile": profile, **more}) for name, value in content.items()}
    button = filled.get("button")
    if isinstance(button, dict) and not _is_link(button.get("url", "/")):
        raise Unrenderable("button.url: not http(s) and not a path")
    return filled


def unrenderable(content: dict[str, Any], profile: dict[str, Any]) -> str | None:
    """Why this content cannot be filled for this person, or None if it can."""
    try:
        render(content, profile)
    except Unrenderable as error:
        return f"content: {error}"
    return None


def sentence(text: str, variables: dict[str, Any]) -> str:
    """One text, filled. Raises Unrenderable."""
    return str(_filled("text", text, variables))


def _filled(name: str, value: Any, variables: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(f"{name}.{key}", inner, variables) for key, inner in value.items()}
    if isinstance(value, list):
        return [_filled(name, inner, variables) for inner in value]
    if not isinstance(value, str):
        return value
    try:
        return _template(value, name == HTML).render(variables)
    except TemplateError as error:
        raise Unrenderable(f"{name}: {error.message}") from None
    except Exception as error:  # a filter fed with something it does not take
        raise Unrenderable(f"{name}: {type(error).__name__}") from None


@lru_cache(maxsize=1024)
def _template(text: str, html: bool) -> Template:
    return (_HTML if html else _PLAIN).from_string(text)


def _is_link(url: Any) -> bool:
    return isinstance(url, str) and url.startswith(_LINKS) and not url.startswith("//")
