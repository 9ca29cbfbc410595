"""What is asked of a server about its people, and a project to ask: one placement without a cap, one with."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from tests.story.servers import Server

ASKED = """moment: {name}
title: Asked for {name}
purpose: service
topic: {name}
detect: {{ask: {name}}}
goal: {{event: Order Completed, within: 3m}}
learn: {{mode: fixed}}
actions:
  - action: greet
    channel: onpage
    content: {{title: "{{{{ profile.orders }}}}", body: "{{{{ profile.cart_items }}}}"}}
"""
POLICY = """purposes: {marketing: {consent: required}, service: {consent: not_required}}
caps: [{per: person, topic: once, at_most: 1, within: 1h}]
identity: {limits: {email: 2}, blocked: [test-user]}
"""
FILES = {f"moments/{name}.yaml": ASKED.format(name=name) for name in ("mirror", "once")} | {"policy.yaml": POLICY}


def profile(server: Server, **who: str) -> dict[str, Any]:
    answer = server.get("/v1/profile", **who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def export(server: Server, **who: str) -> dict[str, Any]:
    answer = server.get("/v1/export", server.keys.admin, **who)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def decide(server: Server, placement: str, **who: str) -> dict[str, Any]:
    found: dict[str, Any] = server.post("/v1/decide", {"placement": placement, **who}).json()
    return found


def from_backend(server: Server, *events: dict[str, Any]) -> None:
    answer = server.post("/v1/batch", {"batch": events})
    assert answer.status_code == 200, answer.text


def address() -> str:
    return f"{uuid4().hex}@example.com"
