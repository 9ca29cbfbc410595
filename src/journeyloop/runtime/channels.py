"""The nouns between the configuration that names a channel, the courier that feeds it and the adapter that speaks to a
provider. What a provider's protocol means is each adapter's business (`adapters/channels`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol, runtime_checkable

from msgspec import Struct

from journeyloop.model.reach import DESK, Address

State = Literal["sent", "failed", "unknown", "again"]


class Withheld(Exception):
    """Something stopped the message before its first byte left; the message says what."""


class Message(Struct):
    """What a channel is handed: filled and addressed. `id` is the decision's id in hex, the same for every attempt, and
    `to` the addresses, best first. `expires` in ms. `unsubscribe` is where one click ends such messages, where they
    must say so."""

    id: str
    moment: str
    action: str
    purpose: str
    person: str
    to: list[str]
    content: dict[str, Any]
    expires: int
    test: bool = False
    unsubscribe: str = ""
    user_id: str = ""


class Receipt(Struct):
    """What became of one attempt.

    `sent`: the provider has it. `failed`: it will never take this one. `again`: nothing left, or the provider said
    that it did not take it; `after` is how long it asked to wait (s). `unknown`: it may have taken it. `trouble`: the
    channel is to blame and not the message, which the circuit breaker counts. `opted_out`: the provider knows that the
    person wants nothing more this way. `gone`: the address, or endpoint of a browser, that does not exist. `reason` is
    short and holds no personal data.
    """

    state: State
    reason: str = ""
    after: float = 0.0
    trouble: bool = False
    opted_out: bool = False
    gone: str = ""


class Channel(Protocol):
    """A way out of the house. One that is `idempotent` knows a message again by its id, so that an attempt whose end
    nobody knows may be repeated."""

    idempotent: bool

    async def send(self, message: Message, go: Callable[[], None]) -> Receipt:
        """One attempt. Connect first; then call `go` and hand over the first byte in the same step of the event loop.

        Raises:
            Withheld: from `go`; nothing may leave.
        """
        ...

    async def close(self) -> None: ...


@runtime_checkable
class Pushes(Protocol):
    """A channel to browsers that asked for push: the key they subscribe with, and why it would push to one never."""

    public_key: str

    def refusal(self, endpoint: str, p256dh: str, auth: str) -> str | None: ...


Type = Literal["text", "url", "integer", "number", "flag", "mailbox"]


class Option(Struct, frozen=True):
    """One setting of a channel. Without a default it must be given; `choices` are all that it can be."""

    type: Type = "text"
    default: Any = None
    required: bool = True
    example: str = ""
    choices: tuple[str, ...] = ()


class Shape(Struct, frozen=True):
    """What a kind of channel must be told, and by what it reaches people. `secrets` are keys that name environment
    variables; `content` are the fields of an action's content (`*`: any), of which `needs` must be written: one of
    each tuple. `html` are those that hold HTML. `open`: it may do without its secrets."""

    address: Address
    options: dict[str, Option] = {}
    secrets: tuple[str, ...] = ()
    content: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], ...] = ()
    html: frozenset[str] = frozenset()
    open: bool = False


class Terms(Struct, frozen=True):
    """How much a channel may do: messages in hand at once, per second, and how long one attempt may take (s)."""

    concurrency: int = 8
    rate: float = 50.0
    timeout: float = 10.0


class Connection(Struct, frozen=True):
    """One `[channels.NAME]`: its kind with the values of its options; `secrets` are names of environment variables.
    `loopback`: the address of a provider may be this machine, which it may outside production."""

    name: str
    kind: str
    options: dict[str, Any] = {}
    secrets: dict[str, str] = {}
    terms: Terms = Terms()
    loopback: bool = False


_ELSEWHERE, _TEMPLATE = ("template", "variables"), (("template",),)
SHAPES: dict[str, Shape] = {
    "smtp": Shape(
        "email",
        {
            "host": Option(example="smtp.example.com"),
            "port": Option("integer", 587, False),
            "tls": Option(default="starttls", required=False, choices=("starttls", "tls", "none")),
            "from": Option("mailbox", example="Example Shop <hello@example.com>"),
            "reply_to": Option("mailbox", "", False),
            "provider": Option(default="other", required=False, choices=("other", "sendgrid", "postmark")),
        },
        ("username", "password"),
        ("subject", "preheader", "text", "html", "from", "button"),
        (("subject",), ("text", "html")),
        frozenset({"html"}),
        open=True,
    ),
    "twilio": Shape(
        "phone",
        {
            "api": Option("url", "https://api.twilio.com", False),
            "account": Option(example="AC0123456789abcdef0123456789abcdef"),
            "from": Option(example="+4915112345678"),
            "callback": Option("url", "", False),
        },
        ("token",),
        ("text", "media", "template", "variables"),
        (("text", "template"),),
    ),
    "webpush": Shape(
        "push",
        {"subject": Option(example="mailto:ops@example.com"), "loopback": Option("flag", False, False)},
        ("private_key",),
        ("title", "body", "icon", "url"),
        (("title",),),
    ),
    "webhook": Shape("anybody", {"url": Option("url", example="https://example.com/hooks")}, ("secret",), ("*",)),
    "desk": Shape("desk", {}, (), ("title", "brief", "say", "avoid"), (("title",),)),
    "braze": Shape(
        "user_id", {"api": Option("url", example="https://rest.fra-01.braze.eu")}, ("key",), _ELSEWHERE, _TEMPLATE
    ),
    "klaviyo": Shape(
        "user_id",
        {
            "api": Option("url", "https://a.klaviyo.com", False),
            "revision": Option(default="2026-10-15", required=False),
        },
        ("key",),
        _ELSEWHERE,
        _TEMPLATE,
    ),
    "customerio": Shape(
        "email", {"api": Option("url", "https://api.customer.io", False)}, ("key",), _ELSEWHERE, _TEMPLATE
    ),
}
"""By kind. A new kind is a row here and a module in `adapters/channels`."""


def pulled(connection: Connection) -> bool:
    """Whether messages wait there for whoever asks: nobody carries them."""
    shape = SHAPES.get(connection.kind)
    return shape is not None and shape.address == DESK
