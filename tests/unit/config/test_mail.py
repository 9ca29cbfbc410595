"""What the configuration says of e-mail: the server that carries it, where people reach us, what a mail may name."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config import load
from journeyloop.adapters.config.load import Loaded
from tests.property.rig import POLICY, moment

CHANNEL = """
[channels.email]
kind = "smtp"
host = "smtp.example.com"
from = "Shop <hello@shop.example>"
"""
URL = '[server]\npublic_url = "https://loop.example.com/"\n'


def loaded(toml: str, content: str = "{subject: Hi, text: there}", purpose: str = "service") -> Loaded:
    text = moment(purpose=purpose, actions=f"\n  - {{action: letter, channel: email, content: {content}}}")
    return load({"journeyloop.toml": toml, "policy.yaml": POLICY, "moments/now.yaml": text})


def told(found: Loaded) -> list[str]:
    return [str(one) for one in found.problems]


def test_a_mail_server_has_defaults() -> None:
    found = loaded(URL + CHANNEL)
    assert told(found) == [] and found.plan is not None
    assert found.channels["email"].options == {
        "host": "smtp.example.com", "port": 587, "tls": "starttls", "from": "Shop <hello@shop.example>",
        "reply_to": "", "provider": "other",
    }  # fmt: skip
    assert found.plan.public_url == "https://loop.example.com"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('tls = "ssl"', "channels.email.tls: unknown ssl"),
        ('provider = "sendgird"', "channels.email.provider: unknown sendgird: did you mean sendgrid?"),
        ('reply_to = "nobody"', "channels.email.reply_to: write an e-mail address"),
        ("port = 0.5", "channels.email.port"),
        ('password = "hunter 2"', "channels.email.password: write the name of an environment variable"),
        ('host_name = "x"', "unknown key channels.email.host_name: did you mean host?"),
    ],
)
def test_what_a_mail_server_cannot_be(line: str, problem: str) -> None:
    found = loaded(URL + CHANNEL + line)
    assert found.plan is None and any(problem in one for one in told(found)), told(found)


def test_a_sender_is_an_address() -> None:
    for wrong in ("nobody", "", "a@b.example\\nBcc: c@d.example"):
        found = loaded(URL + CHANNEL.replace("Shop <hello@shop.example>", wrong))
        assert any("journeyloop.toml:7: error: channels.email.from" in one for one in told(found)), told(found)


@pytest.mark.parametrize(
    "url",
    ["loop.example.com", "http://loop.example.com", "https://", "https://a b", "https://x.example/?a=1", "ftp://x"],
)
def test_where_nobody_can_reach_us(url: str) -> None:
    found = loaded(URL.replace("https://loop.example.com/", url) + CHANNEL)
    assert found.plan is None and "journeyloop.toml:2: error: server.public_url" in told(found)[0]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080", "http://localhost", "https://x.example/loop", "https://x.example:8443"]
)
def test_where_somebody_can(url: str) -> None:
    found = loaded(URL.replace("https://loop.example.com/", url) + CHANNEL)
    assert found.plan is not None and found.plan.public_url == url


def test_a_mail_that_needs_consent_needs_a_way_out() -> None:
    assert told(loaded(CHANNEL)) == []
    [problem] = told(loaded(CHANNEL, purpose="marketing"))
    assert problem.startswith("moments/now.yaml:6: warning: actions.letter: no unsubscribe link: server.public_url")


def test_a_mail_may_be_longer_than_a_line_of_it() -> None:
    def long(field: str, length: int) -> list[str]:
        return told(loaded(URL + CHANNEL, f"{{subject: Hi, text: there, {field}: {'x' * length}}}"))

    assert long("html", 99_999) == [] and "longer than 100000" in long("html", 100_001)[0]
    assert "longer than 10000" in long("preheader", 10_001)[0]


def test_only_a_mail_may_name_its_way_out() -> None:
    linked = '{subject: Hi, text: "{{ unsubscribe_url }}"}'
    assert told(loaded(URL + CHANNEL, linked)) == []
    hook = CHANNEL.replace('"smtp"', '"webhook"').replace('host = "smtp.example.com"', 'url = "https://x.example"')
    hook = hook.replace('from = "Shop <hello@shop.example>"\n', "")
    assert any("unsubscribe_url: only in an e-mail" in one for one in told(loaded(URL + hook, linked)))
