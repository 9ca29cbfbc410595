"""Runs what a page shows, in order, in a directory of its own. A server it starts lives until the page's end."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import tomllib
from itertools import takewhile
from pathlib import Path
from types import TracebackType

import pytest

from tests.docs.pages import Block, Command, commands, matches

JOURNEYLOOP = (sys.executable, "-c", "import sys; from journeyloop.cli import main; sys.exit(main())")
PATIENCE_S = 120


class Workplace:
    """One page's directory and the servers it has started."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.servers: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Workplace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self.servers:
            server.terminate()
            server.wait(timeout=PATIENCE_S)

    def run(self, block: Block) -> None:
        match block.language:
            case "console":
                for command in commands(block):
                    self._command(command)
            case "python":
                self._finish([sys.executable, "-c", block.text], ())
            case _ if block.info.startswith("file="):
                (self.directory / block.info.removeprefix("file=")).write_text(block.text)

    def _command(self, command: Command) -> None:
        words = shlex.split(command.line)
        if words[0] == "curl":
            return self._curl(command)
        given = list(takewhile(lambda word: "=" in word, words))
        name, *arguments = words[len(given) :]
        assert name == "journeyloop", f"`{command.line}` is not ours to run: mark the block with <!-- not run: … -->"
        match arguments:
            case ["serve", *_]:
                self._serve(arguments, command.shown, dict(word.split("=", 1) for word in given))
            case ["demo", *_]:
                assert "--for" in arguments, "a demo without --for never ends"
                self._finish([*JOURNEYLOOP, *arguments, "--port", str(_free_port())], command.shown)
            case _:
                self._finish([*JOURNEYLOOP, *arguments], command.shown)

    def _curl(self, command: Command) -> None:
        """At the server that runs, with its key in place of the variables. Any other address is not ours to ask."""
        if shutil.which("curl") is None and not os.environ.get("CI"):
            pytest.skip("curl is not installed")
        [project] = self.directory.glob("*/server.json")
        keys = tomllib.loads((project.parent / "keys.toml").read_text())
        known = {"$URL": json.loads(project.read_text())["url"], "$SERVER_KEY": keys["server"]}
        line = command.line
        for name, value in known.items():
            line = line.replace(name, value)
        assert "$URL" in command.line and "://" not in command.line, command.line
        self._finish(shlex.split(line), command.shown)

    def _finish(self, line: list[str], shown: tuple[str, ...]) -> None:
        done = subprocess.run(
            line, cwd=self.directory, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL
        )
        assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert matches(shown, done.stdout), f"shown: {shown}\nprinted:\n{done.stdout}"

    def _serve(self, arguments: list[str], shown: tuple[str, ...], given: dict[str, str]) -> None:
        """`given` are variables that the line sets before the command."""
        line = [*JOURNEYLOOP, *arguments, "--port", str(_free_port())]
        server = subprocess.Popen(
            line,
            cwd=self.directory,
            env=os.environ | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        self.servers.append(server)
        assert server.stdout is not None
        alarm = threading.Timer(PATIENCE_S, server.kill)
        alarm.start()
        printed = ""
        for printed_line in server.stdout:
            printed += printed_line
            if "listening on" in printed_line:
                break
        alarm.cancel()
        assert "listening on" in printed, printed
        assert matches(shown, printed), f"shown: {shown}\nprinted:\n{printed}"
        threading.Thread(target=server.stdout.read, daemon=True).start()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
