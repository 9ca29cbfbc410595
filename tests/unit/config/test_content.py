"""What messages say, checked with file and line: templates, translations, links, products, coupons."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config.load import Loaded, load

POLICY = "purposes: {service: {consent: not_required}}\n"
MAIL = """\
[channels.mail]
kind = "smtp"
host = "smtp.example.com"
from = "Shop <hello@shop.example>"
"""
SITE = MAIL + '[links]\nsite = "https://shop.example"\n'
PRICED = SITE + '[catalogue]\nurl = "https://shop.example/prices"\n'
HEAD = (
    "moment: now\npurpose: service\ndetect: {event: Asked For}\ngoal: {event: Order Completed, within: 1h}\nactions:\n"
)


def loaded(action: str, settings: str = SITE, **files: str) -> Loaded:
    texts = {"moments/now.yaml": HEAD + action, "policy.yaml": POLICY, "journeyloop.toml": settings}
    return load(texts | {f"content/{name}.yaml": text for name, text in files.items()})


def mail(content: str, more: str = "") -> str:
    return f"  - action: letter\n    channel: mail\n{more}    content:\n{content}"


def problems(action: str, settings: str = SITE, **files: str) -> list[str]:
    return [str(one) for one in loaded(action, settings, **files).problems]


GOOD = mail("      subject: Hello\n      html: '<p>{{ profile.email }}</p>'\n")


def test_a_letter_is_read() -> None:
    found = loaded(GOOD)
    assert found.problems == []
    assert found.plan is not None
    action = found.plan.moments["now"].actions[0]
    assert (action.html, action.utm, found.plan.site) == (frozenset({"html"}), True, "https://shop.example")


REFUSED = {
    "an unknown name": ("{{ profile.e_mail }}", "unknown name profile.e_mail"),
    "an unknown root": ("{{ cart }}", "unknown name cart: messages read profile.*, products"),
    "a product's name": ("{% for one in products %}{{ one.prise }}{% endfor %}", "a product has no prise"),
    "the first product's": ("{{ (viewed | first).nam }}", "a product has no nam: did you mean name?"),
    "a coupon of none": ("{{ coupon }}", "coupon: the action has none: write coupon: pool:NAME"),
    "a call": ("{{ range(3) }}", "not a template: nothing can be called"),
    "no filter": ("{{ profile.email | safe }}", "not a template: No filter named 'safe'"),
    "unquoted": ("<a href={{ profile.email }}>x</a>", "a value in a tag stands in quotes"),
    "a script": ("<script>var a = '{{ profile.email }}'</script>", "no value may stand in <script>"),
    "a style": ("<style>p { color: {{ profile.email }} }</style>", "no value may stand in <style>"),
    "an event": ("<p onclick='x({{ profile.email }})'>x</p>", "no value may stand in the attribute onclick"),
    "a comment": ("<!-- {{ profile.email }} -->", "no value may stand in a comment"),
}


@pytest.mark.parametrize(("html", "why"), REFUSED.values(), ids=REFUSED)
def test_a_template_that_would_fail_or_harm_is_refused(html: str, why: str) -> None:
    quoted = html.replace('"', '\\"')
    found = problems(mail(f'      subject: Hello\n      html: "{quoted}"\n'))
    assert any(f"moments/now.yaml:10: error: actions.letter.content.html: {why}" in one for one in found), found


def test_prices_want_a_catalogue() -> None:
    priced = mail("      subject: Hello\n      text: '{% for one in products %}{{ one.price }}{% endfor %}'\n")
    [warning] = problems(priced)
    assert "warning" in warning and "add [catalogue] url" in warning
    assert problems(priced, PRICED) == []
    plan = loaded(priced, PRICED).plan
    assert plan is not None and plan.priced and plan.moments["now"].actions[0].reads == {"products", "price"}


def test_a_relative_link_wants_a_site() -> None:
    for content in ("      button: {label: Go, url: /cart}\n", "      html: '<a href=\"/cart\">x</a>'\n"):
        action = mail(f"      subject: Hello\n      text: x\n{content}")
        assert problems(action) == []
        [error] = problems(action, MAIL)
        assert "a relative link, and a message has no page: add [links] site" in error


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ('[links]\nsite = "shop.example"\n', "links.site: write the shop's own address"),
        ('[links]\nsite = "https://shop.example/de"\n', "links.site"),
        ("[links]\nutm = 1\n", "links.utm"),
        ("[links]\nutn = true\n", "unknown key links.utn"),
        ('[catalogue]\nurl = "ftp://x"\n', "catalogue.url"),
        ("[catalogue]\n", "catalogue.url: missing"),
    ],
)
def test_settings_are_checked(settings: str, why: str) -> None:
    assert any(why in one for one in problems(GOOD, MAIL + settings))


def test_utm_can_be_turned_off_and_on() -> None:
    def utm(action: str, settings: str) -> bool:
        plan = loaded(action, settings).plan
        assert plan is not None
        return plan.moments["now"].actions[0].utm

    page = "  - {action: a, channel: onpage, content: {title: x}%s}\n"
    assert utm(GOOD, SITE)
    assert not utm(GOOD, SITE + "utm = false\n")
    assert not utm(mail("      subject: x\n      text: x\n", "    links: {utm: false}\n"), SITE)
    assert not utm(page % "", SITE), "a link from page to page would begin another visit"
    assert utm(page % ", links: {utm: true}", SITE)


def test_a_translation_is_read() -> None:
    plan = loaded(GOOD, de="now:\n  letter: {subject: Hallo}\n").plan
    assert plan is not None
    assert plan.moments["now"].actions[0].translations == {"de": {"subject": "Hallo"}}


TRANSLATIONS = {
    "another moment": ("nov: {letter: {subject: x}}", "1: error: no moment nov: did you mean now?"),
    "another action": ("now:\n  lettr: {subject: x}", "2: error: now has no action lettr: did you mean letter?"),
    "another field": (
        "now:\n  letter:\n    subjekt: x",
        "3: error: unknown key now.letter.subjekt: did you mean subject?",
    ),
    "no template": ("now:\n  letter:\n    subject: '{{ profile.'", "3: error: now.letter.subject: not a template"),
    "a name": (
        "now:\n  letter:\n    subject: '{{ profile.nam }}'",
        "3: error: now.letter.subject: unknown name profile.nam",
    ),
    "no words": ("now:\n  letter: x", "2: error: now.letter: write keys and values"),
    "no field": ("now:\n  letter:\n    subject: [x]", "3: error: now.letter.subject: write it as the moment does"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "why"), TRANSLATIONS.values(), ids=TRANSLATIONS)
def test_a_translation_that_says_nothing_is_refused(text: str, why: str) -> None:
    found = problems(GOOD, de=text)
    assert any(one.startswith(f"content/de.yaml:{why}") for one in found), found


def test_a_translation_is_of_a_language() -> None:
    assert problems(GOOD, German="now: {letter: {subject: x}}")[0].startswith(
        "content/German.yaml:1: error: German is no"
    )
