"""Where in a piece of HTML a value may stand: between tags, and in a quoted attribute that runs nothing.

Escaping makes a value harmless there and nowhere else.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

from jinja2 import nodes

_VALUE = "\ue000"
_INSIDE = re.compile(
    rf"<(script|style|iframe|object|embed|svg|math)\b(?:(?!</\1).)*>(?:(?!</\1).)*{_VALUE}", re.IGNORECASE | re.DOTALL
)
_QUOTED = re.compile(r"""=\s*("[^"]*"|'[^']*')""")


def unquoted(tree: nodes.Template) -> str | None:
    """Why some value of this template could become more than text, or None."""
    drawn, parser = _drawn(tree), _Places()
    if inside := _INSIDE.search(drawn):
        return f"no value may stand in <{inside[1]}>"
    parser.feed(drawn)
    parser.close()
    return parser.why


def _drawn(tree: nodes.Template) -> str:
    """The template's own text with a mark for each value, all branches one after the other."""
    parts: list[str] = []
    for output in tree.find_all(nodes.Output):
        for node in output.nodes:
            parts.append(node.data if isinstance(node, nodes.TemplateData) else _VALUE)
    return "".join(parts)


class _Places(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.why: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text = self.get_starttag_text() or ""
        if _VALUE in _QUOTED.sub("=", text):
            self.why = self.why or 'a value in a tag stands in quotes: write name="{{ … }}"'
        for name, value in attrs:
            if _VALUE in (value or "") and (name.startswith("on") or name in ("style", "srcdoc", "srcset")):
                self.why = self.why or f"no value may stand in the attribute {name}"

    def handle_comment(self, data: str) -> None:
        if _VALUE in data:
            self.why = self.why or "no value may stand in a comment"

    def handle_decl(self, decl: str) -> None:
        if _VALUE in decl:
            self.why = self.why or "no value may stand in <!…>"
