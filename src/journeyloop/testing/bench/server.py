"""A server in a process of its own, over a configuration written for one bench: start, kill, look at from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

from journeyloop.adapters.config.keys import Keys, read_keys
from journeyloop.testing.client import Client

KEYS = "".join(f'{name} = "bench_{name}_key"\n' for name in ("write", "server", "admin"))
SETTINGS = '[server]\ninbox = 20000\n[store]\ndurability = "sync"\n'
POLICY = "purposes:\n  marketing: {consent: required}\n  service: {consent: not_required}\n"
TICKS = os.sysconf("SC_CLK_TCK")
LISTENING = "journeyloop listening on "


def configure(directory: Path, moments: dict[str, str], policy: str = POLICY) -> None:
    """Write a configuration directory: `moments` is name → YAML text."""
    (directory / "moments").mkdir(parents=True)
    (directory / "keys.toml").write_text(KEYS)
    (directory / "keys.toml").chmod(0o600)
    (directory / "journeyloop.toml").write_text(SETTINGS)
    (directory / "policy.yaml").write_text(policy)
    for name, text in moments.items():
        (directory / "moments" / f"{name}.yaml").write_text(text)


class Server:
    """One run of `journeyloop serve` on a free port. Its logs go to `server.log` beside the configuration."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.keys: Keys = read_keys(directory, {})
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def start(self, port: int = 0) -> None:
        """Return when it listens.

        Raises:
            RuntimeError: it ended instead; the message is its log's end.
        """
        self.spawn(port)
        self.await_address()

    def spawn(self, port: int = 0) -> None:
        """Begin without waiting."""
        command = [sys.executable, "-m", "journeyloop", "serve", str(self.directory), "--port", str(port)]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("JOURNEYLOOP_")}
        with (self.directory / "server.log").open("a") as log:
            self.process = subprocess.Popen(  # noqa: S603  # our own interpreter
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
            )

    def await_address(self) -> None:
        line = _out(self.process).readline()
        if not line.startswith(LISTENING):
            self.stop()
            raise RuntimeError(f"the server did not start: {(self.directory / 'server.log').read_text()[-2000:]}")
        self.url = line.removeprefix(LISTENING).strip()

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            _out(self.process).read()
            self.process.wait()
            _out(self.process).close()
            self.process = None

    def client(self, role: str = "write") -> Client:
        return Client(self.url, getattr(self.keys, role))

    def cpu(self) -> float:
        """User plus system time of all its threads, in seconds."""
        assert self.process is not None
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def anonymous_mb(self) -> float:
        assert self.process is not None
        return anonymous_mb(self.process.pid)


def anonymous_mb(pid: int) -> float:
    """Memory of its own: what is not a page of a file (1 MB = 10^6 bytes)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = next(line.split()[1] for line in rollup.splitlines() if line.startswith("Anonymous:"))
    return int(kilobytes) * 1024 / 1e6


def _out(process: subprocess.Popen[str] | None) -> IO[str]:
    assert process is not None
    assert process.stdout is not None
    return process.stdout
