"""Child processes that open a store, for tests of what one process does to another."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

OPEN = "import sys; from pathlib import Path; from journeyloop.adapters.store.lmdb import *; at = Path(sys.argv[1])\n"


def start(directory: Path, code: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OPEN + code, str(directory), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def run(directory: Path, code: str, *arguments: str, **environment: str) -> str:
    process = start(directory, code, *arguments, **environment)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
