"""docs/reference/channels.md: the kinds of channels, from their shapes."""

from __future__ import annotations

import json
from collections.abc import Iterator

from journeyloop.runtime.channels import SHAPES, Option, Shape, Terms
from tools.table import table

HEAD = """# Channels

<!-- written by tools/reference.py: change the code instead -->

`[channels.NAME]` in `journeyloop.toml`, one table for each way out of the house; an action names it as its `channel`.
How they are used: [e-mail](../how-to/send-e-mail.md),
[texts, WhatsApp and webhooks](../how-to/send-sms-whatsapp-and-webhooks.md).

Every kind takes `kind` and these:
"""
REACHES = {
    "desk": "an agent who asks, see [Brief the agent](../how-to/brief-the-agent.md)",
    "email": "a verified e-mail address",
    "phone": "a verified telephone number",
    "push": "a browser that asked for push",
    "user_id": "a user id",
    "anybody": "anybody: the receiver knows what to do",
}
COMMON = (
    ("concurrency", "integer", Terms().concurrency, "Messages in hand at once."),
    ("rate", "number", Terms().rate, "Messages per second."),
    ("timeout", "number", Terms().timeout, "Seconds that one attempt may take."),
)


HEADING = "Key | Type | Default | "


def page() -> str:
    common = table(HEADING, [f"`{key}` | {kind} | `{usual}` | {why}" for key, kind, usual, why in COMMON])
    return "\n".join([HEAD, *common, *(line for name, shape in SHAPES.items() for line in _kind(name, shape)), ""])


def _kind(name: str, shape: Shape) -> Iterator[str]:
    content = "any fields" if "*" in shape.content else ", ".join(f"`{field}`" for field in shape.content)
    needed = "; ".join(" or ".join(f"`{field}`" for field in one) for one in shape.needs)
    yield from ("", f"## {name}", "")
    yield f"Reaches {REACHES[shape.address]}. Content: {content}{f'; needed: {needed}' if needed else ''}."
    rows = [_option(key, option) for key, option in shape.options.items()]
    rows += [f"`{key}` | variable | – | Names the environment variable that holds it." for key in shape.secrets]
    yield from ("", *table(HEADING, rows)) if rows else ()


def _option(key: str, option: Option) -> str:
    usual = "required" if option.required else f"`{json.dumps(option.default)}`"
    about = f"Such as `{option.example}`." if option.example else ""
    about = "One of " + ", ".join(f"`{one}`" for one in option.choices) + "." if option.choices else about
    return f"`{key}` | {option.type} | {usual} | {about}"
