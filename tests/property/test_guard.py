"""However an address is written, the guard refuses what is not public; and what it lets through is public."""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

from hypothesis import given
from hypothesis import strategies as st

from journeyloop.adapters.channels.guard import Refused, judge, permit

V4 = st.integers(0, 2**32 - 1).map(IPv4Address)
NEAR = st.one_of(
    *(st.integers(0, 2**bits - 1).map(lambda low, high=high: IPv4Address(int(IPv4Address(high)) + low))
      for high, bits in (("10.0.0.0", 24), ("127.0.0.0", 24), ("169.254.0.0", 16), ("172.16.0.0", 20),
                         ("192.168.0.0", 16), ("100.64.0.0", 22), ("224.0.0.0", 28), ("0.0.0.0", 24)))
)  # fmt: skip


def refused(url: str, loopback: bool = False) -> bool:
    try:
        permit(url, loopback)
    except Refused:
        return True
    return False


def disguises(address: IPv4Address) -> list[str]:
    """What a resolver reads as this address, beside its usual form."""
    number, parts = int(address), address.packed
    dotted = [f"{number}", f"0x{number:x}", f"0{number:o}", ".".join(f"0x{part:x}" for part in parts)]
    short = [f"{parts[0]}.{number & 0xFFFFFF}", f"{parts[0]}.{parts[1]}.{number & 0xFFFF}"]
    return [*dotted, *short, ".".join(f"0{part:03o}" for part in parts)]


@given(V4 | NEAR)
def test_no_disguise_is_let_through(address: IPv4Address) -> None:
    for written in disguises(address):
        assert socket.inet_aton(written) == address.packed
        assert refused(f"https://{written}/") and refused(f"https://{written}./")
        assert refused(f"http://{written}:80/", loopback=True)


@given(NEAR)
def test_what_is_near_is_refused_in_every_family(address: IPv4Address) -> None:
    low, high = int(address), int(address) >> 16
    wrapped = [
        IPv6Address((0x0064_FF9B << 96) + low),
        IPv6Address((0x0064_FF9B_0001 << 80) + low),
        IPv6Address((0xFFFF << 32) + low),
        IPv6Address(low),
        IPv6Address((0x2002 << 112) + (low << 80)),
        IPv6Address((0x2001_0000 << 96) + (~low & 0xFFFFFFFF)),
        IPv6Address((0xFE80 << 112) + high),
    ]
    assert refused(f"https://{address}/")
    assert all(refused(f"https://[{one}]/") for one in wrapped)


@given(
    V4
    | st.integers(0, 2**128 - 1).map(IPv6Address)
    | st.integers(0, 2**125 - 1).map(lambda low: IPv6Address((1 << 125) + low))
)
def test_what_is_let_through_is_public(address: IPv4Address | IPv6Address) -> None:
    try:
        judge(str(address))
    except Refused:
        return
    assert address.is_global and not address.is_multicast and not address.is_loopback
    assert not isinstance(address, IPv6Address) or (address.ipv4_mapped or address.sixtofour or address.teredo) is None


@given(st.text(max_size=30), st.booleans())
def test_no_text_makes_it_fail(text: str, loopback: bool) -> None:
    for url in (text, f"https://{text}", f"https://{text}:443/", f"http://[{text}]/"):
        try:
            found = permit(url, loopback)
        except Refused as why:
            assert text not in str(why) or len(text) < 16
            continue
        host = found.raw_host or ""
        try:
            address = ip_address(host)
        except ValueError:
            continue
        assert address.is_global or (loopback and address.is_loopback)
