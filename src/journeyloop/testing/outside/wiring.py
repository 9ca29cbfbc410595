"""The demo's configuration learns where the world outside is: its channels, destinations and secrets."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from journeyloop.testing.outside.arrivals import LOOPBACK
from journeyloop.testing.outside.events import STRIPE_SECRET, ZENDESK_SECRET
from journeyloop.testing.outside.world import KEY, Outside

HERE, MAIL, WORLD = "http://127.0.0.1:8080", "port = 2525", "http://127.0.0.1:2580"
"""What the demo's journeyloop.toml says before anybody listens."""


def connect(directory: Path, world: Outside, port: int) -> None:
    """Write into the configuration of `directory` where the world listens, and where its people find the loop."""
    file = directory / "journeyloop.toml"
    text = file.read_text(encoding="utf-8")
    for before, after in ((HERE, f"http://{LOOPBACK}:{port}"), (MAIL, f"port = {world.smtp_port}"), (WORLD, world.url)):
        text = text.replace(before, after)
    file.write_text(text, encoding="utf-8")


def secrets(world: Outside) -> dict[str, str]:
    """By the names that the configuration gives them. Of this play only."""
    return {
        "DEMO_TWILIO_TOKEN": "demo-telephone",
        "DEMO_OLD_TOOL_SECRET": f"whsec_{b64encode(KEY).decode()}",
        "DEMO_ALERTS": world.url.replace("http://", "json://") + "/alerts",
        "DEMO_STRIPE_SECRET": STRIPE_SECRET,
        "DEMO_ZENDESK_SECRET": ZENDESK_SECRET,
    }
