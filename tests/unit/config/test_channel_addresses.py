"""Addresses of providers and receivers: https, or this machine while trying things out."""

from __future__ import annotations

import pytest

from journeyloop.adapters.config.load import load
from tests.unit.config.examples import small

TOOLS = '[channels.tools]\nkind = "webhook"\nurl = "{url}"\nsecret = "TOOLS_SECRET"\n'


@pytest.mark.parametrize("environment", ["development", "staging", "production"])
def test_this_machine_may_be_reached_outside_production(environment: str) -> None:
    loaded = load(small() | {"journeyloop.toml": TOOLS.format(url="http://127.0.0.1:8099/in")}, environment)
    assert loaded.channels["tools"].loopback is (environment != "production")


@pytest.mark.parametrize(
    "url", ["https://example.com/in", "https://example.com:8443", "http://localhost:1/", "http://[::1]:1"]
)
def test_an_address(url: str) -> None:
    assert load(small() | {"journeyloop.toml": TOOLS.format(url=url)}).channels["tools"].options["url"] == url


@pytest.mark.parametrize(
    "url",
    ["http://example.com/in", "http://localhost.example/", "http://127.0.0.1.example/", "https://", "https://a@b/",
     "ftp://example.com", "example.com"],
)  # fmt: skip
def test_what_is_none_is_refused_with_its_place(url: str) -> None:
    problems = load(small() | {"journeyloop.toml": TOOLS.format(url=url)}).problems
    assert [str(one) for one in problems if one.level == "error"] == [
        "journeyloop.toml:3: error: channels.tools.url: write an https:// address such as https://example.com/hooks"
    ]


@pytest.mark.parametrize(("url", "warned"), [("http://shop.example/in", True), ("http://127.0.0.1:1/in", False)])
def test_an_audience_told_by_http_is_told_to_nobody(url: str, warned: bool) -> None:
    loaded = load(small(audiences=f"audiences: {{a: {{where: profile.orders > 1, push: '{url}'}}}}"))
    assert loaded.plan is not None
    assert any("audiences.a.push: nobody is told by http://" in str(one) for one in loaded.problems) is warned
