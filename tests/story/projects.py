"""Projects to serve: the scaffold that `journeyloop init` writes, changed where a test needs it otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from journeyloop.adapters.config.init import scaffold

MOMENT = "moments/checkout_stall.yaml"
HERO = "moments/home_hero.yaml"
QUICK = {"for: 20s": "for: 4s", "dwell: 5s": "dwell: 1s", "holdout: 10%": "holdout: 0%"}
BARELY_CAPPED = {"at_most: 1, within: 1m": "at_most: 1, within: 1s"}
WORLDLY = ("at_risk", "failed_payment", "lead_warming", "post_purchase", "support_escalation")
"""Those that need the world outside have stories of their own: test_reference_moments.py."""

OTHERS = ("  spent_2m:", "  big_spenders:")
NOTHING: Mapping[str, str] = {}


def project(directory: Path, changes: Mapping[str, str] = NOTHING, files: Mapping[str, str] = NOTHING) -> Path:
    """The demo's project made quick: four seconds to a signal, nobody held out, a cap that is over before the next
    stall. `changes` are replacements in its moment that win over these, `files` are added to it."""
    scaffold(directory, demo=True)
    for name in WORLDLY:
        (directory / f"moments/{name}.yaml").unlink()
    (directory / "sources.yaml").unlink()
    plain = resources.files("journeyloop.adapters.config") / "scaffold" / "journeyloop.toml"
    (directory / "journeyloop.toml").write_text(plain.read_text(encoding="utf-8"))
    audiences = (directory / "audiences.yaml").read_text().splitlines(keepends=True)
    (directory / "audiences.yaml").write_text("".join(line for line in audiences if not line.startswith(OTHERS)))
    replace(directory / MOMENT, {**QUICK, **changes})
    replace(directory / "policy.yaml", BARELY_CAPPED)
    for name, text in files.items():
        (directory / name).write_text(text)
    if "audiences.yaml" in files:
        (directory / HERO).unlink()  # it speaks of the demo's own traits
    return directory


def replace(path: Path, texts: Mapping[str, str]) -> None:
    """Replace texts of a file; each must be there."""
    text = path.read_text()
    for before, after in texts.items():
        assert before in text, f"{path.name} has no {before!r}"
        text = text.replace(before, after)
    path.write_text(text)
