"""Where a request may go. An address that somebody wrote could lead into our own house: to the metadata of a cloud, a
database, a router. So only public addresses, by https, on the ports of the web; a name counts as what it resolves to.

The one exception is for trying things out: loopback, where the operator wrote it and this is not production.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from yarl import URL

PORTS = frozenset({443, 8443})
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_NEAR = frozenset({"localhost"})
_RELAY = IPv4Network("192.88.99.0/24")
_ROUTED = IPv6Network("2000::/3")
_SPECIAL = (IPv6Network("2001::/23"), IPv6Network("2001:db8::/32"), IPv6Network("2002::/16"), IPv6Network("3fff::/20"))
"""Of what is routed: what carries IPv4 addresses within (Teredo, 6to4) or is for documents. NAT64, mapped, private and
multicast addresses are outside of it."""


class Refused(Exception):
    """Nothing may be sent there; the message says why, without the address."""

    def __init__(self, why: str) -> None:
        super().__init__(f"refused: {why}")


def permit(written: str, loopback: bool = False) -> URL:
    """The address to ask, if that may be asked at all. What its name resolves to is judged when it is known.

    Raises:
        Refused: whatever it resolves to.
    """
    try:
        url = URL(written)
        host, port = host_of(url.raw_host or ""), url.port
    except ValueError:
        raise Refused("no address") from None
    if url.user is not None or url.password is not None:
        raise Refused("user and password in the address")
    near = loopback and is_near(host)
    if url.scheme != "https" and not (near and url.scheme == "http"):
        raise Refused("https only")
    if not host:
        raise Refused("no address")
    if port not in PORTS and not near:
        raise Refused("port")
    if _is_numeric(host):
        judge(host, loopback)
    return url


def host_of(raw: str) -> str:
    """Lower case, without the dot of a complete name."""
    return raw.lower().removesuffix(".")


def is_near(host: str) -> bool:
    """Whether this can only be the machine itself, without asking anybody."""
    return host in _NEAR or (_is_numeric(host) and _lacks(host, loopback=True) is None and _lacks(host) is not None)


def judge(address: str, loopback: bool = False) -> None:
    """An address in numbers. Raises Refused."""
    if (why := _lacks(address, loopback)) is not None:
        raise Refused(why)


def _is_numeric(host: str) -> bool:
    """What a resolver may take for an address in numbers: decimal, octal, hex, shortened (https://url.spec.whatwg.org)."""
    return ":" in host or _NUMBER.fullmatch(host.rpartition(".")[2]) is not None


def _lacks(written: str, loopback: bool = False) -> str | None:
    try:
        address = ip_address(written)
    except ValueError:
        return "odd address"
    if isinstance(address, IPv6Address) and address.scope_id is not None:
        return "odd address"
    if loopback and address.is_loopback:
        return None
    return None if _is_public(address) else "private address"


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv4Address):
        return address.is_global and not address.is_multicast and address not in _RELAY
    return address in _ROUTED and address.is_global and not any(address in one for one in _SPECIAL)
