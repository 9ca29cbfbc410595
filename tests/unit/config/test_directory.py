"""Reading the directory, its keys, and writing a new one."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from journeyloop.adapters.config import Settings, Unreadable, load, read_keys, read_texts, scaffold
from journeyloop.model.moment import MINUTE


@pytest.mark.parametrize("demo", [False, True])
def test_a_new_project_runs_without_a_problem(tmp_path: Path, demo: bool) -> None:
    written = scaffold(tmp_path / "shop", demo=demo)
    loaded = load(read_texts(tmp_path / "shop"))
    assert loaded.problems == []
    assert loaded.plan is not None
    moment = loaded.plan.moments["checkout_stall"]
    assert moment.detect.wait == (20_000 if demo else 3 * MINUTE)
    assert (moment.holdout, moment.mode, moment.purpose) == (0.1, "fixed", "marketing")
    assert [action.name for action in moment.actions] == ["reassure"]
    assert loaded.plan.policy.purposes["marketing"].consent_required
    assert all(path.is_file() for path in written)
    shown = ("at_risk", "failed_payment", "home_hero", "lead_warming", "post_purchase", "support_escalation")
    more = {"sources.yaml", *(f"moments/{name}.yaml" for name in shown)} if demo else set()
    assert {path.relative_to(tmp_path / "shop").as_posix() for path in written} == more | {
        ".gitignore", "audiences.yaml", "content/.gitkeep", "journeyloop.toml", "keys.toml",
        "moments/checkout_stall.yaml", "policy.yaml",
    }  # fmt: skip


def test_the_written_settings_are_the_defaults(tmp_path: Path) -> None:
    scaffold(tmp_path)
    assert load(read_texts(tmp_path)).settings == Settings()


def test_settings() -> None:
    text = (
        'environment = "staging"\n[server]\nhost = "0.0.0.0"\nport = 0\ninbox = 500\n'
        'allowed_origins = ["https://shop.example"]\n[store]\ndurability = "relaxed"\n'
    )
    loaded = load({"journeyloop.toml": text, "policy.yaml": "purposes: {service: {consent: required}}"})
    assert loaded.settings == Settings("staging", "0.0.0.0", 0, ("https://shop.example",), 500, "relaxed")
    assert loaded.plan is not None
    assert loaded.plan.environment == "staging"


def test_init_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "policy.yaml").write_text("mine")
    with pytest.raises(FileExistsError, match=r"policy\.yaml exists already"):
        scaffold(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["policy.yaml"]


def test_new_keys_are_private_random_and_tell_what_they_are(tmp_path: Path) -> None:
    scaffold(tmp_path / "a")
    scaffold(tmp_path / "b")
    first, second = read_keys(tmp_path / "a", {}), read_keys(tmp_path / "b", {})
    assert stat.S_IMODE((tmp_path / "a" / "keys.toml").stat().st_mode) == 0o600
    assert first.write.startswith("jl_write_")
    assert first.server.startswith("jl_server_")
    assert first.admin.startswith("jl_admin_")
    assert len(first.admin) == len("jl_admin_") + 43, "256 bits in base64url"
    assert len({first.write, first.server, first.admin, second.write, second.server, second.admin}) == 6
    assert "keys.toml" in (tmp_path / "a" / ".gitignore").read_text()


def test_the_environment_overrides_keys_and_a_repr_shows_none(tmp_path: Path) -> None:
    scaffold(tmp_path)
    keys = read_keys(tmp_path, {"JOURNEYLOOP_SERVER_KEY": "from-the-environment", "JOURNEYLOOP_ADMIN_KEY": ""})
    assert keys.server == "from-the-environment"
    assert keys.admin.startswith("jl_admin_")
    assert keys.write not in repr(keys)
    assert "environment" not in repr(keys)


def test_keys_from_the_environment_alone(tmp_path: Path) -> None:
    environ = {f"JOURNEYLOOP_{name}_KEY": name for name in ("WRITE", "SERVER", "ADMIN")}
    assert read_keys(tmp_path, environ).write == "WRITE"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no write key: set JOURNEYLOOP_WRITE_KEY"),
        ('write = "a"\nserver = "b"', "no admin key"),
        ('write = "a"\nserver = "b"\nadmin = "a"', "two keys are equal"),
        ('write = "secret', "not TOML"),
        ("write = 1", "no write key"),
    ],
)
def test_unusable_keys(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "keys.toml").write_text(text)
    with pytest.raises(Unreadable) as refused:
        read_keys(tmp_path, {})
    assert message in str(refused.value)
    assert "secret" not in str(refused.value)


def test_read_texts_takes_what_belongs_to_the_configuration(tmp_path: Path) -> None:
    scaffold(tmp_path)
    (tmp_path / "server.json").write_text("{}")
    (tmp_path / "moments" / ".#draft.yaml").symlink_to("nowhere")
    (tmp_path / "moments" / "notes.txt").write_text("x")
    (tmp_path / "moments" / "deeper").mkdir()
    (tmp_path / "moments" / "deeper" / "one.yml").write_text("\ufeffa: 1", encoding="utf-8")
    texts = read_texts(tmp_path)
    assert set(texts) == {
        "journeyloop.toml", "policy.yaml", "audiences.yaml", "moments/checkout_stall.yaml", "moments/deeper/one.yml",
    }  # fmt: skip
    assert texts["moments/deeper/one.yml"] == "a: 1"


@pytest.mark.parametrize(
    ("raw", "line", "message"),
    [(b"a: 1\nb: \xff\n", 2, "not UTF-8"), (b"#" * 1_000_001, 1, "larger than 1 MB")],
)
def test_a_file_that_is_no_text(tmp_path: Path, raw: bytes, line: int, message: str) -> None:
    (tmp_path / "policy.yaml").write_bytes(raw)
    with pytest.raises(Unreadable) as refused:
        read_texts(tmp_path)
    assert (refused.value.file, refused.value.line) == ("policy.yaml", line)
    assert message in refused.value.message


def test_no_directory(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no such directory"):
        read_texts(tmp_path / "nowhere")
