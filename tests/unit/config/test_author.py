"""Whose word a change is: the commit's, if all of it is committed; else the user's. Files go back as they were."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from journeyloop.adapters.config.author import author_of, user
from journeyloop.adapters.config.files import read_texts, write_texts
from journeyloop.adapters.config.init import scaffold

POLICY = "policy.yaml"


def git(directory: Path, *words: str) -> None:
    named = ("-c", "user.name=Ana Pérez", "-c", "user.email=ana@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(directory), *named, *words], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    scaffold(tmp_path / "shop")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "Less talk\n\nA body.")
    return tmp_path / "shop"


def test_a_committed_change_is_its_authors(repository: Path) -> None:
    assert author_of(repository, [POLICY]) == ("Ana Pérez", "Less talk")


def test_an_edit_after_the_commit_is_not(repository: Path) -> None:
    (repository / POLICY).write_text("")
    assert author_of(repository, [POLICY, "journeyloop.toml"]) == (user(), "")
    assert author_of(repository, ["journeyloop.toml"]) == ("Ana Pérez", "Less talk")
    (repository / "moments" / "new.yaml").write_text("")
    assert author_of(repository, ["moments/new.yaml"]) == (user(), "")


def test_a_file_that_git_ignores_is_nobodys_commit(repository: Path) -> None:
    (repository / ".gitignore").write_text("moments/\n")
    (repository / "moments" / "new.yaml").write_text("")
    assert author_of(repository, ["moments/new.yaml"]) == (user(), "")


def test_without_git_or_without_a_change(tmp_path: Path, repository: Path) -> None:
    assert author_of(Path("/"), [POLICY]) == (user(), "")
    assert author_of(repository, []) == (user(), "")


def test_texts_are_written_back_and_what_is_not_theirs_goes(tmp_path: Path) -> None:
    scaffold(tmp_path)
    before, keys = read_texts(tmp_path), (tmp_path / "keys.toml").read_bytes()
    (tmp_path / POLICY).write_text("other\r\n")
    (tmp_path / "moments" / "new.yaml").write_text("")
    (tmp_path / "moments" / "notes.txt").write_text("")
    changed = read_texts(tmp_path)
    write_texts(tmp_path, before)
    assert read_texts(tmp_path) == before
    assert (tmp_path / "keys.toml").read_bytes() == keys and (tmp_path / "moments" / "notes.txt").exists()
    assert not list(tmp_path.rglob("*.new"))
    write_texts(tmp_path, changed)
    assert read_texts(tmp_path) == changed


@pytest.mark.parametrize(
    "name", ["keys.toml", "/etc/policy.yaml", "moments/../keys.yaml", "store/x.yaml", "moments/x.py", ""]
)
def test_nothing_else_is_ever_written(tmp_path: Path, name: str) -> None:
    scaffold(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(ValueError, match="no file of a configuration"):
        write_texts(tmp_path, {POLICY: "", name: "x"})
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
