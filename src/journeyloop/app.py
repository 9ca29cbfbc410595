"""The one place where concretes meet: a configuration directory becomes a running loop behind HTTP.

Nothing is decided here; every line connects a port to its adapter.
"""

from __future__ import annotations

import asyncio
import gc
import os
import platform
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import cache, partial
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

import structlog
import uvicorn
from msgspec import Struct, json

from journeyloop import __version__
from journeyloop.adapters import channels
from journeyloop.adapters.channels.catalogue import HttpCatalogue
from journeyloop.adapters.channels.destinations import Telling
from journeyloop.adapters.channels.onpage import OnPage
from journeyloop.adapters.channels.receiver import HttpReceiver
from journeyloop.adapters.config.author import author_of
from journeyloop.adapters.config.files import Unreadable, read_texts
from journeyloop.adapters.config.keys import Keys, read_keys, read_webhook_secret
from journeyloop.adapters.config.load import Loaded, load
from journeyloop.adapters.config.settings import PRODUCTION, Settings
from journeyloop.adapters.hooks import Hooks
from journeyloop.adapters.http.context import HttpSettings
from journeyloop.adapters.http.keys import Keys as HttpKeys
from journeyloop.adapters.http.listen import bind, is_loopback, url_of
from journeyloop.adapters.http.site import build_site
from journeyloop.adapters.store.directory import open_store
from journeyloop.model.identifier import keyed_hash
from journeyloop.model.plan import Problem
from journeyloop.runtime.couriers import Couriers
from journeyloop.runtime.live import Configured, Live, Whose, nobody
from journeyloop.runtime.memory import Memory, read_singles
from journeyloop.runtime.ports import Store, StoreBusy, StoreFailed
from journeyloop.runtime.ways import Ways

KERNEL = ("loop.py", *(f"{room}/*.py" for room in ("model", "detect", "interpret", "decide", "act", "learn")))
ADDRESS = "server.json"
SWITCH_INTERVAL = 0.0005
COLLECT = (100_000, 50, 100)
"""Garbage is collected rarely: records have no cycles, and a full collection stops the loop."""
SHUTDOWN = 2
LOOK, SETTLE = 0.7, 0.25
"""How often files are looked at, and how long they must have stood still (s): several may be written together."""

LIBRARIES = ("cel-expr-python", "msgspec", "lmdb")


log = structlog.get_logger("journeyloop")


class Refused(Exception):
    """The configuration directory cannot be used: `problems` say where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class Running(Struct):
    """A server that is up: where it listens and what is behind it."""

    url: str
    live: Live
    keys: Keys


class Newest(Struct):
    """The configuration as it was last read without an error, with what speaks for its sources."""

    directory: Path
    environment: str | None
    loaded: Loaded
    hooks: Hooks

    def read(self) -> Configured:
        """Read it anew. A broken one changes nothing."""
        fresh = check(self.directory, self.environment)
        if fresh.plan is not None:
            self.hooks.sources, self.loaded = fresh.sources, fresh
        return fresh.plan, fresh.problems


class WallClock:
    """Milliseconds since the epoch that never go back, whatever the machine's clock does."""

    def __init__(self, last: int = 0) -> None:
        self.last = last

    def __call__(self) -> int:
        self.last = max(self.last, time.time_ns() // 1_000_000)
        return self.last


def refusals() -> tuple[type[Exception], ...]:
    """What a command answers with a sentence instead of a traceback."""
    return (Refused, Unreadable, StoreBusy, StoreFailed, OSError, LookupError)


def configuration(directory: Path, environment: str | None = None) -> Loaded:
    """Read and check a directory. `environment`: to be served as, whatever it says itself.

    Raises:
        Refused: it has errors.
    """
    loaded = check(directory, environment)
    if loaded.plan is None:
        raise Refused([problem for problem in loaded.problems if problem.level == "error"])
    return loaded


def check(directory: Path, environment: str | None = None) -> Loaded:
    """Read and check a directory; an unreadable file is a problem like any other."""
    try:
        return load(read_texts(directory), environment)
    except Unreadable as error:
        return Loaded(None, [Problem(error.file, error.line, "error", error.message)], Settings())


def considered(texts: dict[str, str], environment: str) -> Configured:
    """What a configuration that is only thought of would be."""
    found = load(texts, environment)
    return found.plan, found.problems


@cache
def code_version() -> str:
    """The version and a digest of the kernel's sources: what a fold of the log depends on beside the libraries."""
    package = Path(__file__).parent
    digest = blake2b(digest_size=8)
    for file in sorted(file for room in KERNEL for file in package.glob(room)):
        digest.update(file.read_bytes())
    return f"{__version__}+{digest.hexdigest()} {libraries()}"


def build(
    store: Store,
    secret: bytes,
    loaded: Loaded,
    configure: Callable[[], Configured],
    whose: Whose = nobody,
    couriers: Couriers | None = None,
    catalogue: HttpCatalogue | None = None,
) -> Live:
    """A loop over a store, not started."""
    assert loaded.plan is not None
    with store.read() as reader:
        memory = Memory(secret, loaded.plan, reader)
        clock = WallClock(read_singles(reader).epoch_started)
    pages = OnPage(clock, lambda anonymous_id: live.opened(anonymous_id), lambda who, at: live.closed(who, at))
    loopback = loaded.settings.environment != PRODUCTION
    key = read_webhook_secret(os.environ)
    receiver = HttpReceiver([key] if key else [], clock, loopback)
    ways = Ways(Telling(os.environ, clock, loopback).connect)
    inbox = loaded.settings.inbox
    live = Live(store, memory, pages, configure, clock, receiver, inbox, whose, couriers, ways, catalogue)
    live.problems, live.considered = loaded.problems, partial(considered, environment=loaded.settings.environment)
    return live


@asynccontextmanager
async def serving(
    directory: Path,
    host: str | None = None,
    port: int | None = None,
    demo: bool = False,
    environment: str | None = None,
) -> AsyncIterator[Running]:
    """The server, from its address being bound until the context ends.

    Raises:
        Refused: the configuration has errors.
        Unreadable: the keys are missing.
        StoreBusy: another server uses this directory.
        OSError: the address cannot be bound.
    """
    loaded = configuration(directory, environment)
    keys = read_keys(directory, os.environ)
    listener = bind(host or loaded.settings.host, loaded.settings.port if port is None else port)
    store, secret = open_store(directory, loaded.settings.durability, code_version())

    newest = Newest(directory, environment, loaded, Hooks(os.environ, loaded.sources))
    couriers = Couriers(lambda: newest.loaded.channels, lambda one: channels.connect(one, os.environ))
    catalogue = HttpCatalogue(lambda: newest.loaded.settings.catalogue, loaded.settings.environment != PRODUCTION)
    live = build(store, secret, loaded, newest.read, partial(author_of, directory), couriers, catalogue)
    sys.setswitchinterval(SWITCH_INTERVAL)
    await live.start(code_version(), libraries())
    server, url = _site(live, keys, loaded.settings, listener, demo, newest.hooks)
    for name in newest.hooks.without_secret():
        log.error("source without a secret: nothing is taken from it", source=name)
    (directory / ADDRESS).write_bytes(json.encode({"url": url, "pid": os.getpid()}))
    _collect_rarely()
    serve = asyncio.create_task(_serve(server, listener, live.end_streams))
    watch = asyncio.create_task(_reload_on_change(directory, live))
    try:
        while not server.started and not serve.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        yield Running(url, live, keys)
    finally:
        watch.cancel()
        server.should_exit = True
        await serve
        await live.stop()
        await catalogue.close()
        with suppress(OSError):
            (directory / ADDRESS).unlink()


def _collect_rarely() -> None:
    """What is here now stays; what comes has no cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT)


def _site(
    live: Live, keys: Keys, settings: Settings, listener: socket.socket, demo: bool, hooks: Hooks
) -> tuple[uvicorn.Server, str]:
    """The HTTP side, not started, and its URL."""
    origins = frozenset(settings.allowed_origins) - {"*"}
    http = HttpSettings(demo=demo, allowed_origins=origins, is_loopback_bind=is_loopback(listener))
    site = build_site(
        live,
        HttpKeys([keys.write], [keys.server], [keys.admin], keyed_hash(live.memory.secret, "issuing", size=32)),
        http,
        sources=hooks,
    )
    config = uvicorn.Config(
        site, loop="none", http="httptools", ws="none", lifespan="off", access_log=False, log_config=None,
        timeout_graceful_shutdown=SHUTDOWN, server_header=False, proxy_headers=False,
    )  # fmt: skip
    return uvicorn.Server(config), url_of(listener)


async def _serve(server: uvicorn.Server, listener: socket.socket, ending: Callable[[], None]) -> None:
    """Without uvicorn's own signal handlers, they are the caller's business. `ending` runs before connections close."""
    config = server.config
    if not config.loaded:
        config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup(sockets=[listener])
    await server.main_loop()
    ending()
    await server.shutdown(sockets=[listener])


async def _reload_on_change(directory: Path, live: Live) -> None:
    """A changed file is read within a second, once all is written. A broken one leaves the old plan running."""
    before = _stamp(directory)
    while True:
        await asyncio.sleep(LOOK)
        after = _stamp(directory)
        while after != before:
            before = after
            await asyncio.sleep(SETTLE)
            after = _stamp(directory)
            if after == before:
                await live.reload()


def _stamp(directory: Path) -> tuple[tuple[str, int], ...]:
    patterns = ("*.yaml", "*.toml", "moments/**/*", "content/**/*")
    found = []
    for file in sorted(file for pattern in patterns for file in directory.glob(pattern)):
        with suppress(OSError):
            found.append((str(file), file.stat().st_mtime_ns))
    return tuple(found)


def libraries() -> str:
    """What may change last bits: the interpreter and the libraries a turn computes with."""
    return " ".join([f"python-{platform.python_version()}", *(f"{name}-{version(name)}" for name in LIBRARIES)])


def address_of(directory: Path) -> str:
    try:
        url: str = json.decode((directory / ADDRESS).read_bytes())["url"]
    except (OSError, ValueError, KeyError):
        raise LookupError(f"no server runs for {directory}: start `journeyloop serve {directory}` first") from None
    return url
