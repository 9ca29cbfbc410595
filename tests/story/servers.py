"""The real server, a process of its own, and the commands beside it. Here live starting, stopping and asking; what is
expected of the answers is each test's business.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from journeyloop.adapters.config.keys import read_keys

ROOT = Path(__file__).parents[2]
SHIPPED, WITH_SHOP = "journeyloop", "tests.story.with_shop"
PATIENCE_S = 20.0
T = TypeVar("T")


def command(*words: str | Path, module: str = SHIPPED) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        _words(module, *words), cwd=ROOT, env=_environment(), capture_output=True, text=True, timeout=60, check=False
    )


def eventually(what: Callable[[], T], is_so: Callable[[T], bool], patience_s: float = PATIENCE_S) -> T:
    """Ask until the answer is as wanted; at the end of patience, the assertion shows the last answer."""
    until = time.monotonic() + patience_s
    answer = what()
    while not is_so(answer) and time.monotonic() < until:
        time.sleep(0.05)
        answer = what()
    assert is_so(answer), answer
    return answer


class Server:
    """`journeyloop serve DIR --port 0`. A restart keeps the port, so that open pages find it again."""

    def __init__(self, directory: Path, module: str = SHIPPED, *options: str) -> None:
        self.directory, self.module, self.options = directory, module, options
        self.keys = read_keys(directory, {})
        self.url = ""
        self.start()

    def start(self) -> None:
        port = self.url.rpartition(":")[2] or "0"
        self.log = (self.directory.parent / f"{self.directory.name}.log").open("ab")
        self.process = subprocess.Popen(
            _words(self.module, "serve", self.directory, "--port", port, *self.options),
            cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, stderr=self.log, text=True,
        )  # fmt: skip
        assert self.process.stdout
        said = self.process.stdout.readline()
        found = re.fullmatch(r"journeyloop listening on (http://\S+)\n", said)
        assert found, (said, self.logged())
        self.url = found[1]
        self.http = httpx.Client(base_url=self.url, timeout=PATIENCE_S)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it, politely or not; its exit code."""
        self.http.close()
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        assert self.process.stdout
        self.process.stdout.close()
        self.log.close()
        return code

    def logged(self) -> str:
        return (self.directory.parent / f"{self.directory.name}.log").read_text()

    # --- asking -----------------------------------------------------------------------------------------------------

    def get(self, path: str, key: str | None = None, **query: Any) -> httpx.Response:
        """GET with the server key, or another."""
        return self.http.get(path, params=query, headers=bearer(key or self.keys.server))

    def post(self, path: str, body: Any, key: str | None = None) -> httpx.Response:
        return self.http.post(path, json=body, headers=bearer(key or self.keys.server))

    def track(self, event: str, properties: dict[str, Any] | None = None, **fields: Any) -> None:
        """One track call from a backend."""
        answer = self.post("/v1/track", {"event": event, "properties": properties or {}, **fields})
        assert answer.status_code == 200, answer.text

    def moment(self, name: str = "checkout_stall") -> dict[str, Any]:
        """The moment's counts."""
        rows = self.get("/v1/moments").json()["moments"]
        found: dict[str, Any] = next(row for row in rows if row["moment"] == name)
        return found

    def decisions(self, **who: str) -> list[dict[str, Any]]:
        """Newest first."""
        found: list[dict[str, Any]] = self.get("/v1/decisions", **who).json()["decisions"]
        return found

    def decision(self, is_so: Callable[[dict[str, Any]], Any] = bool, **who: str) -> dict[str, Any]:
        """The person's newest decision, once there is one and it is as wanted."""
        return eventually(lambda: self.decisions(**who), lambda all_: bool(all_) and bool(is_so(all_[0])))[0]

    def why(
        self, stage: str, is_so: Callable[[dict[str, Any]], Any] = bool, moment: str = "checkout_stall", **who: str
    ) -> dict[str, Any]:
        """The moment's account of this person, once it has come to `stage` and is as wanted."""
        return eventually(
            lambda: self.get("/v1/why", moment=moment, **who).json(),
            lambda told: told.get("stage") == stage and bool(is_so(told)),
        )


class Stream:
    """One browser's message stream as bare HTTP: what arrives is collected until it is closed."""

    def __init__(self, server: Server, page: str = "/demo/shop/checkout", **query: str) -> None:
        self.frames: list[tuple[str, dict[str, Any]]] = []
        self._opened = threading.Event()
        self._client = httpx.Client(base_url=server.url, timeout=None)
        self._thread = threading.Thread(target=self._read, args=(query,), daemon=True)
        self._thread.start()
        assert self._opened.wait(PATIENCE_S)
        tab = {"tab": "1", "page": page, "visible": True, "idle": 0}
        body = {"anonymous_id": query["anonymous_id"], "write_key": server.keys.write, "tabs": [tab]}
        assert server.http.post("/v1/presence", json=body).status_code == 200

    def _read(self, query: dict[str, str]) -> None:
        try:
            with self._client.stream("GET", "/v1/stream", params=query) as answer:
                assert answer.status_code == 200
                kind = ""
                for line in answer.iter_lines():
                    self._opened.set()
                    if line.startswith("event: "):
                        kind = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        self.frames.append((kind, json.loads(line.removeprefix("data: "))))
        except httpx.HTTPError:
            return  # closed while it was reading

    def wait_for(self, kind: str) -> dict[str, Any]:
        eventually(lambda: list(self.frames), lambda frames: any(name == kind for name, _ in frames))
        return next(content for name, content in self.frames if name == kind)

    def close(self) -> None:
        self._client.close()


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def _words(module: str, *words: str | Path) -> list[str]:
    return [sys.executable, "-m", module, *(str(word) for word in words)]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("JOURNEYLOOP_")}
