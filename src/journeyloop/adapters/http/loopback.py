"""Whether a request comes from this machine's own browser or shell, and nowhere else.

A page elsewhere can make a visitor's browser call 127.0.0.1, even under its own host name (DNS rebinding). So the
client's address, the Host header and the browser's own word on the origin must agree, and no proxy may stand between.
"""

from __future__ import annotations

from ipaddress import ip_address

from starlette.types import Scope

from journeyloop.adapters.http.context import HttpSettings

_FORWARDED = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")


def is_local(scope: Scope, settings: HttpSettings) -> bool:
    headers = dict(scope["headers"])
    client = scope.get("client")
    return (
        settings.is_loopback_bind
        and client is not None
        and _is_loopback(client[0])
        and _is_loopback(_host(headers.get(b"host", b"").decode("latin-1")))
        and headers.get(b"sec-fetch-site", b"none") in (b"same-origin", b"none")
        and headers.get(b"origin") in (None, b"http://" + headers.get(b"host", b""))
        and not any(name in headers for name in _FORWARDED)
    )


def _host(host: str) -> str:
    """The Host header without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_loopback(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False
