"""The command's side of an import: a busy server is asked again, one that is gone is told in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from journeyloop.adapters.http import remote
from journeyloop.adapters.http.remote import Beside, NotNow
from journeyloop.runtime.imports import Progress

DONE = {"next": 1, "accepted": 1, "quarantined": {}}


def answering(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> list[str]:
    """The door answers these, one after the other; the paths that were asked."""
    asked: list[str] = []
    left = iter(answers)

    def answered(address: str, key: str, path: str, body: bytes | None, media_type: str) -> Any:
        asked.append(path)
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(remote, "_answered", answered)
    return asked


def test_a_busy_server_gets_the_same_rows_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answering(monkeypatch, NotNow("busy", 0.0), NotNow("busy", 0.0), DONE)
    assert Beside("http://x", "k").take("events", "f", 7, [b"{}"]) == Progress(1, 1, {})
    assert asked == ["/v1/import?kind=events&import=f&row=7"] * 3


def test_one_that_stays_busy_or_is_gone_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, *[NotNow("busy", 0.0)] * remote.TRIES)
    with pytest.raises(LookupError, match="too busy"):
        Beside("http://x", "k").take("events", "f", 0, [b"{}"])
    answering(monkeypatch, ConnectionResetError("reset"))
    with pytest.raises(LookupError, match="gone"):
        Beside("http://x", "k").take("events", "f", 0, [b"{}"])
