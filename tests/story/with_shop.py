"""`python -m tests.story.with_shop serve DIR --port 0`: the command as shipped, with the demo's shop on its server."""

from __future__ import annotations

from functools import partial

from journeyloop import app, cli

if __name__ == "__main__":
    app.serving = partial(app.serving, demo=True)  # type: ignore[assignment]
    cli.main()
