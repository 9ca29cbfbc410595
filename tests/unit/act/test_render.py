"""What a message says: filled in a sandbox, in the person's language, with links that lead where they may."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.act.links import Tags
from journeyloop.act.render import Unrenderable, render, rendered, spoken
from journeyloop.model.moment import Action

HTML = frozenset({"html"})
TAGS = Tags("https://shop.example", {"utm_source": "journeyloop", "utm_medium": "email"}, "00ff")


def html(text: str, tags: Tags | None = TAGS, **profile: Any) -> str:
    found = rendered(Action("a", "email", {"html": text}, html=HTML), profile, tags=tags)
    return str(found["html"])


def test_html_is_escaped_and_text_is_not() -> None:
    content = {"html": "<b>{{ profile.name }}</b>", "text": "{{ profile.name }}"}
    found = render(content, {"name": '<i>"&'}, html=HTML)
    assert found == {"html": "<b>&lt;i&gt;&#34;&amp;</b>", "text": '<i>"&'}


ATTACKS = {
    "range": "{% for a in range(999999) %}{% endfor %}",
    "nested": "{% for a in profile.long %}{% for b in profile.long %}{% for c in profile.long %}"
    "{% endfor %}{% endfor %}{% endfor %}",
    "doubling": "{% set a = 'aaaaaaaaaaaaaaaa' %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "multiplied": "{{ 'a' * 1000000000 }}",
    "power": "{{ 9 ** 9 ** 9 ** 9 }}",
    "formatted": "{{ '%1000000000d' % 1 }}",
    "a method": "{{ 'a'.ljust(1000000000) }}",
    "a format": "{{ '{:1000000000d}'.format(1) }}",
    "recursion": "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "a recursive loop": "{% for a in profile.long recursive %}{{ loop(profile.long) }}{% endfor %}",
    "replaced": "{{ profile.text | replace('a', profile.text) | replace('a', profile.text) }}",
    "replaced nothing": "{{ profile.text | replace('', profile.text) }}",
    "joined": "{{ profile.text | join(profile.text) }}",
    "a block": "{% set a %}{{ profile.text }}{% endset %}{{ a }}",
    "long": "{% for a in profile.long %}{{ profile.text }}{% endfor %}",
    "classes": "{{ ''.__class__.__mro__ }}",
    "a global": "{{ lipsum() }}",
    "chance": "{{ profile.long | random }}",
    "unescaped": "{{ profile.text | safe }}",
    "not escaped": "{% autoescape false %}{{ profile.text }}{% endautoescape %}",
    "a file": "{% include '/etc/passwd' %}",
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("field", ["html", "text"])
def test_a_template_that_would_do_more_than_fill_in_is_refused(attack: str, field: str) -> None:
    with pytest.raises(Unrenderable, match=f"^{field}: "):
        render({field: attack}, {"long": list(range(1_000)), "text": "a" * 2_000}, html=HTML)


def test_what_is_rendered_has_a_size() -> None:
    content = {f"text{number}": "{{ profile.text }}" for number in range(10)}
    with pytest.raises(Unrenderable, match="longer than 256 KiB"):
        render(content, {"text": "a" * 30_000})


def test_a_missing_variable_is_silence() -> None:
    for text in ("{{ profile.name }}", "{{ coupon }}", "{% for one in products %}{{ one.name }}{% endfor %}"):
        with pytest.raises(Unrenderable, match=r"^text: "):
            render({"text": text}, {})


def test_no_products_are_silence_too() -> None:
    action = Action("a", "email", {"text": "{% for one in products %}x{% endfor %}"}, reads=frozenset({"products"}))
    with pytest.raises(Unrenderable, match="products: none available"):
        rendered(action, {}, {"products": []})


def test_a_line_stays_one_line() -> None:
    found = render({"subject": "Hello {{ profile.name }}"}, {"name": "A\r\nBcc: x@example.com\u2028B"})
    assert found["subject"] == "Hello A Bcc: x@example.com B"


# --- languages --------------------------------------------------------------------------------------------------------

GERMAN = Action(
    "a", "onpage", {"title": "Hello", "button": {"label": "Go", "url": "/"}},
    translations={"de": {"title": "Hallo", "button": {"label": "Los"}}, "de-at": {"title": "Servus"}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "language", "title"),
    [("de-AT", "de-at", "Servus"), ("de_CH", "de", "Hallo"), ("DE", "de", "Hallo"), ("fr", "", "Hello"),
     ("", "", "Hello")],
)  # fmt: skip
def test_the_language_is_the_nearest_one(locale: str, language: str, title: str) -> None:
    assert spoken(GERMAN, locale)[0] == language
    assert rendered(GERMAN, {"locale": locale})["title"] == title


def test_a_translation_that_lacks_a_field_leaves_it() -> None:
    assert rendered(GERMAN, {}, locale="de")["button"] == {"label": "Los", "url": "/"}


# --- links ------------------------------------------------------------------------------------------------------------

UTM = "utm_source=journeyloop&utm_medium=email"
APPLIED = {
    "/cart": f"https://shop.example/cart?{UTM}&jl_id=00ff",
    "https://shop.example/a?b=1#c": f"https://shop.example/a?b=1&{UTM}&jl_id=00ff#c",
    "https://www.shop.example/": f"https://www.shop.example/?{UTM}&jl_id=00ff",
    "/?utm_source=mine&jl_id=": "https://shop.example/?utm_source=mine&jl_id=&utm_medium=email",
    "https://other.example/a": "https://other.example/a",
    "https://shop.example.evil.example/": "https://shop.example.evil.example/",
    "mailto:help@shop.example": "mailto:help@shop.example",
    "tel:+4930123": "tel:+4930123",
    "#top": "#top",
}


@pytest.mark.parametrize(("link", "applied"), APPLIED.items(), ids=APPLIED)
def test_links_are_whole_and_say_where_they_were_clicked(link: str, applied: str) -> None:
    assert TAGS.apply("url", link) == applied
    assert html(f"<p>x <a class='b' href='{link}'>y</a>").startswith('<p>x <a class="b" href="')
    assert applied.replace("&", "&amp;") in html(f'<a href="{link}">y</a>')


def test_everything_else_of_the_html_stays_as_it_is() -> None:
    text = "<!-- <a href=/x> --><P Class=x>&nbsp;&copy <br/><b>1 < 2</b>\n"
    assert html(
        text + "<A HREF=/a\n>x</A>"
    ) == text + f'<a href="{APPLIED["/cart"].replace("cart", "a")}">x</A>'.replace("&", "&amp;").replace(
        "&amp;nbsp", "&nbsp"
    )


def test_what_is_kept_is_kept() -> None:
    tags = Tags(TAGS.site, TAGS.utm, TAGS.id, ("https://shop.example/u?t=1",))
    assert html('<a href="https://shop.example/u?t=1">u</a>', tags) == '<a href="https://shop.example/u?t=1">u</a>'


def test_without_a_site_no_link_carries_an_id_and_a_relative_one_leads_nowhere() -> None:
    tags = Tags(utm={"utm_source": "journeyloop"}, id="00ff")
    assert tags.apply("url", "https://any.example/") == "https://any.example/?utm_source=journeyloop"
    with pytest.raises(Unrenderable, match="relative"):
        tags.apply("url", "/cart")


def test_what_the_site_shows_itself_may_be_relative() -> None:
    assert Tags(id="00ff", local=True).apply("url", "/parcels#x") == "/parcels?jl_id=00ff#x"
    assert Tags(id="00ff", local=True).apply("url", "https://any.example/") == "https://any.example/"


def test_links_in_a_text_are_found() -> None:
    action = Action("a", "sms", {"text": "Your cart: https://shop.example/cart. Or (https://other.example/a)"})
    told = rendered(action, {}, tags=Tags("https://shop.example", {}, "00ff"))["text"]
    assert told == "Your cart: https://shop.example/cart?jl_id=00ff. Or (https://other.example/a)"


def test_a_page_keeps_its_paths() -> None:
    action = Action("a", "onpage", {"title": "x", "button": {"label": "y", "url": "/cart"}})
    tags = Tags("https://shop.example", {}, "00ff", page=True)
    assert rendered(action, {}, tags=tags)["button"]["url"] == "/cart"


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "java\tscript:x", " javascript:x", "data:text/html,x", "vbscript:x"]
)
def test_a_link_of_another_scheme_is_refused(link: str) -> None:
    with pytest.raises(Unrenderable):
        html('<a href="{{ profile.link }}">x</a>', link=link)
    with pytest.raises(Unrenderable):
        render({"button": {"label": "x", "url": "{{ profile.link }}"}}, {"link": link})
    with pytest.raises(Unrenderable):
        render({"url": "{{ profile.link }}"}, {"link": link})
