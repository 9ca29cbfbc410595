"""The demo's configuration learns where the world outside is: its channels, destinations and secrets."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path

from journeyloop.testing.outside.arrivals import LOOPBACK
from journeyloop.testing.outside.events import STRIPE_SECRET, ZENDESK_SECRET
from journeyloop.testing.outside.world import KEY, Outside

CHANNELS = """
[channels.email]
kind = "smtp"
host = "127.0.0.1"
port = {smtp}
tls = "none"                         # a mail server on this machine
from = "Crema <hello@crema.example>"

[channels.sms]
kind = "twilio"
api = "{world}"
account = "AC00000000000000000000000000000000"
from = "+4915112300000"
token = "DEMO_TWILIO_TOKEN"

[channels.whatsapp]
kind = "twilio"
api = "{world}"
account = "AC00000000000000000000000000000000"
from = "whatsapp:+4915112300000"
token = "DEMO_TWILIO_TOKEN"

[channels.agent]
kind = "desk"

[destinations.old_mail_tool]         # told of opt-outs, holds and purchases the moment they happen
kind = "webhook"
url = "{world}/old-tool"
secret = "DEMO_OLD_TOOL_SECRET"
on = ["opt_out", "hold"]

[destinations.team]
kind = "apprise"
secret = "DEMO_ALERTS"
"""


def connect(directory: Path, world: Outside, port: int) -> None:
    """Write into the configuration of `directory` where the world listens, and where its people find the loop."""
    file = directory / "journeyloop.toml"
    text = file.read_text(encoding="utf-8").replace(
        "[server]\n", f'[server]\npublic_url = "http://{LOOPBACK}:{port}"\n'
    )
    file.write_text(text + CHANNELS.format(smtp=world.smtp_port, world=world.url), encoding="utf-8")


def secrets(world: Outside) -> dict[str, str]:
    """By the names that the configuration gives them. Of this play only."""
    return {
        "DEMO_TWILIO_TOKEN": "demo-telephone",
        "DEMO_OLD_TOOL_SECRET": f"whsec_{b64encode(KEY).decode()}",
        "DEMO_ALERTS": world.url.replace("http://", "json://") + "/alerts",
        "DEMO_STRIPE_SECRET": STRIPE_SECRET,
        "DEMO_ZENDESK_SECRET": ZENDESK_SECRET,
    }
