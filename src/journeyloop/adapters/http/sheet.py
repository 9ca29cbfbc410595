"""One page that shows a message that was not sent. Nothing in it runs, and nothing in it leads out by itself."""

from __future__ import annotations

from html import escape
from typing import Any

PREVIEW_HEADERS = {
    "content-security-policy": (
        "sandbox; default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "x-robots-tag": "noindex",
}
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}"
    "header{border:1px solid #b45309;border-radius:8px;padding:.5rem 1rem;margin-bottom:1rem}"
    "dt{font-weight:600;margin-top:1rem}dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}"
    "iframe{width:100%;height:32rem;border:1px solid #8886;border-radius:8px}"
)


def sheet(told: dict[str, Any]) -> str:
    """`told` is a preview (runtime.previews)."""
    title = f"{told['moment']}/{told['action']} · {told['channel']} · {told['language'] or 'as written'}"
    content, html = told["content"] or told["filled"], set(told["html"])
    rows = "".join(_row(name, value, name in html) for name, value in content.items())
    return (
        f'<!doctype html><html><head><meta charset="utf-8"><title>Preview: {escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body><header><strong>Preview, not sent.</strong> {escape(title)}"
        f"{_silence(told)}</header><dl>{rows}</dl></body></html>"
    )


def _silence(told: dict[str, Any]) -> str:
    if told["content"] is not None:
        return ""
    return f"<p>This person would be sent nothing: {escape(told['reason'])}</p>"


def _row(name: str, value: Any, html: bool) -> str:
    if html:
        shown = f'<iframe sandbox title="{escape(name)}" srcdoc="{escape(str(value))}"></iframe>'
    elif isinstance(value, dict):
        shown = escape("\n".join(f"{key}: {inner}" for key, inner in value.items()))
    else:
        shown = escape(str(value))
    return f"<dt>{escape(name)}</dt><dd>{shown}</dd>"
