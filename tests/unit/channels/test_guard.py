"""Where a request may go, and every disguise of an address that it may not go to."""

from __future__ import annotations

import pytest

from journeyloop.adapters.channels.guard import Refused, judge, permit

PUBLIC = ["https://example.com/a", "https://example.com:8443/a?b=c", "https://1.1.1.1/", "https://[2606:4700::1111]/"]
PRIVATE = """
127.0.0.1 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 224.0.0.1 239.1.1.1 240.0.0.1
255.255.255.255 192.0.2.1 198.18.0.1 192.88.99.1 ::1 :: fe80::1 fc00::1 fd00:ec2::254 ff02::1 ::ffff:127.0.0.1
::ffff:8.8.8.8 64:ff9b::7f00:1 64:ff9b:1::1 2002:7f00:1::1 2001:0:53aa:64c::1 2001:db8::1 3fff::1 100::1 fec0::1
""".split()
ODD = [
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "127.0.0.1.",
    "1.2.3.4.5",
    "08.8.8.8",
    "0x",
    "256.1.1.1",
]


@pytest.mark.parametrize("url", PUBLIC)
@pytest.mark.parametrize("loopback", [False, True])
def test_the_web_may_be_asked(url: str, loopback: bool) -> None:
    assert str(permit(url, loopback)) == url


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(Refused, match="refused: private address"):
        judge(address)
    with pytest.raises(Refused):
        permit(f"https://[{address}]/" if ":" in address else f"https://{address}/")


@pytest.mark.parametrize("host", ODD)
def test_an_address_in_disguise_is_refused(host: str) -> None:
    for loopback in (False, True) if host != "127.0.0.1." else (False,):
        with pytest.raises(Refused):
            permit(f"https://{host}/", loopback)


@pytest.mark.parametrize(
    "host", ["１２７.０.０.１", "127。0。0。1", "①②⑦.0.0.1", "[fe80::1%25eth0]", "[::1%1]", "[::ffff:7f00:1]"]
)
def test_other_letters_and_zones_are_no_way_round(host: str) -> None:
    with pytest.raises(Refused):
        permit(f"https://{host}/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.com/", "https only"),
        ("ftp://example.com/", "https only"),
        ("file:///etc/passwd", "https only"),
        ("//example.com/", "https only"),
        ("", "https only"),
        ("https://", "no address"),
        ("https://example.com:22/", "port"),
        ("https://example.com:80/", "port"),
        ("https://example.com:99999/", "no address"),
        ("https://me:secret@example.com/", "user and password in the address"),
        ("https://[1:2/", "no address"),
    ],
)
def test_what_else_is_refused_says_why(url: str, why: str) -> None:
    with pytest.raises(Refused, match=f"^refused: {why}$"):
        permit(url, loopback=True)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:81/a", "http://localhost:1/", "https://localhost:7/", "http://[::1]:1/"]
)
def test_loopback_is_for_who_may_try_things_out(url: str) -> None:
    permit(url, loopback=True)
    with pytest.raises(Refused):
        permit(url)


@pytest.mark.parametrize("address", [one for one in PRIVATE if one not in ("127.0.0.1", "::1")])
def test_loopback_is_nothing_else(address: str) -> None:
    with pytest.raises(Refused):
        judge(address, loopback=True)
    with pytest.raises(Refused):
        permit(f"http://[{address}]:81/" if ":" in address else f"http://{address}:81/", loopback=True)
