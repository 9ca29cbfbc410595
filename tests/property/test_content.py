"""Laws of what a message says: no value of a person makes markup, a header, or a link to somewhere else."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from journeyloop.act.links import Tags
from journeyloop.act.render import Unrenderable, rendered
from journeyloop.model.moment import Action

HTML = """<p title="{{ profile.name }}">Hello {{ profile.name | upper }}, <a href="/x?q={{ profile.name }}">y</a>
{% for one in products %}<li><a href='{{ one.url }}' class="c">{{ one.name ~ "!" }}</a>{% endfor %}
{{ [profile.name, "b"] | join("<br>") }} {{ profile.name | replace("a", "<") | truncate(9) }}</p>"""
ACTION = Action(
    "a", "email", {"subject": "For {{ profile.name }}", "html": HTML, "text": "{{ profile.name }}"},
    html=frozenset({"html"}),
)  # fmt: skip
SCHEMES = ("https://", "http://", "mailto:", "tel:", "cid:")
nasty = st.text() | st.lists(
    st.sampled_from(
        ["<", ">", '"', "'", "&", "/", "=", " ", "\n", "\r", "\t", "\0", "javascript:", "data:", "//", "\\", "a", "<b>",
         "</a>", "<script>", "{{", "}}", "{%", "&lt;", "&#106;", "onload=", "-->", "<!--", "]]>", "\u2028", "http:"]
    )
).map("".join)  # fmt: skip


class Seen(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.links: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_comment(self, data: str) -> None:
        self.tags.append(("comment", ()))


def said(name: str, url: str) -> dict[str, str]:
    tags = Tags("https://shop.example", {"utm_source": "journeyloop"}, "00")
    return rendered(ACTION, {"name": name}, {"products": [{"name": name, "url": url}]}, tags=tags)


PLAIN = Seen(said("Ana", "/p")["html"])


@given(nasty, nasty)
def test_a_value_is_only_ever_text(name: str, url: str) -> None:
    try:
        found = said(name, url)
    except Unrenderable:
        return
    seen = Seen(found["html"])
    assert seen.tags == PLAIN.tags
    assert all(link.startswith((*SCHEMES, "#", "//")) for link in seen.links), seen.links
    assert not set(found["subject"]) & set("\r\n\0\u2028\u2029\x85")
    assert found["text"] == name or "https://shop.example" in found["text"]


@given(nasty)
def test_a_link_that_is_tagged_leads_where_it_led(path: str) -> None:
    tags = Tags("https://shop.example", {"utm_source": "journeyloop"}, "00")
    try:
        once = tags.apply("url", "/" + path)
    except Unrenderable:
        return
    assert tags.apply("url", once) == once, "twice is once"
