"""The listening socket: bound before anything else is opened, so that a taken address costs nothing."""

from __future__ import annotations

import socket

BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """A listening TCP socket. Port 0: any free one.

    Raises:
        OSError: the address cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # inherited: an answer never waits for an ack
    listener.bind((host, port))
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def url_of(listener: socket.socket) -> str:
    """Where to reach it."""
    address, port = listener.getsockname()[:2]
    return f"http://{f'[{address}]' if ':' in address else address}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    return listener.getsockname()[0] in ("127.0.0.1", "::1")
