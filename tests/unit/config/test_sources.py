"""sources.yaml: what it says, and every refusal with its line and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from journeyloop.adapters.config.files import read_texts
from journeyloop.adapters.config.load import load
from journeyloop.runtime.hooked import Source
from tests.unit.config.examples import small

MAPPING = """\
erp:
  kind: mapping
  secrets: [ERP_SECRET]
  signature: {header: X-Sig, algorithm: sha1}
  id: body.no
  events:
    - event: Invoice Due
      when: body.state == "due"
      at: body.at
      user_id: body.customer
      email: body.mail
      properties:
        value: double(body.cents) / 100.0
"""


def sources(text: str) -> dict[str, Source]:
    loaded = load(small() | {"sources.yaml": text})
    assert loaded.plan is not None, loaded.problems
    return loaded.sources


def problems(text: str) -> list[str]:
    return [str(one).removeprefix("sources.yaml:") for one in load(small() | {"sources.yaml": text}).problems]


def test_a_source_is_called_by_its_kind_unless_there_are_two() -> None:
    found = sources("stripe: {secrets: [A, B]}\nstripe-us:\n  kind: stripe\n  secrets: [C]\n")
    assert [(one.name, one.kind, one.secrets) for one in found.values()] == [
        ("stripe", "stripe", ("A", "B")),
        ("stripe-us", "stripe", ("C",)),
    ]


def test_a_mapping() -> None:
    found = sources(MAPPING)["erp"]
    assert found.signature is not None and found.id is not None
    assert (found.signature.header, found.signature.algorithm, found.signature.encoding) == ("X-Sig", "sha1", "hex")
    [rule] = found.rules
    assert (rule.event, list(rule.ids), list(rule.names), list(rule.properties)) == (
        "Invoice Due",
        ["userId"],
        ["email"],
        ["value"],
    )


def test_nothing_is_expected_of_who_has_none(tmp_path: Path) -> None:
    assert load(small()).sources == {}
    (tmp_path / "sources.yaml").write_text("stripe: {secrets: [A]}\n")
    assert set(read_texts(tmp_path)) == {"sources.yaml"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stripe: {}", "1: error: stripe.secrets: missing: name the environment variables"),
        ("stripe: {secrets: [whsec_abc]}", "stripe.secrets: write names of environment variables"),
        ("stripe: {secrets: [A], secret: x}", "unknown key stripe.secret: did you mean secrets?"),
        ("stripe: [A]", "1: error: stripe: write keys and values"),
        ("Stripe EU: {kind: stripe, secrets: [A]}", "Stripe EU: write a-z, 0-9"),
        ("shop: {secrets: [A]}", "shop.kind: missing: write one of stripe, shopify"),
        ("shop:\n  kind: shopfy\n  secrets: [A]", "2: error: shop.kind: unknown shopfy: did you mean shopify?"),
        ("stripe: {secrets: [A], id: body.id}", "stripe.id: remove it: it is for kind: mapping"),
        ("stripe: {secrets: [A], url: 'https://x.example'}", "stripe.url: remove it"),
        ("twilio: {secrets: [A]}", "twilio.url: missing: write text, for example"),
        ("twilio: {secrets: [A], url: 'http://x.example'}", "twilio.url: write the https:// address"),
        ("erp: {kind: mapping, secrets: [A]}", "erp.events: missing: write a list"),
        (MAPPING.replace("sha1", "md5"), "4: error: erp.signature.algorithm: unknown md5"),
        (MAPPING.replace("body.no", "event.no"), "5: error: erp.id: not CEL over body, headers and query"),
        (MAPPING.replace("body.state ==", "body.state ="), "8: error: erp.events[0].when: not CEL"),
        (MAPPING.replace("double(body", "double(budy"), "13: error: erp.events[0].properties.value: not CEL"),
        (MAPPING.replace("user_id: body", "userid: body"), "unknown key erp.events[0].userid: did you mean user_id?"),
        (
            "erp: {kind: mapping, secrets: [A], events: [{event: X}]}",
            "erp.events[0].user_id: missing: write where whom it is about stands",
        ),
    ],
)
def test_a_mistake(text: str, expected: str) -> None:
    assert any(expected in one for one in problems(text)), problems(text)
