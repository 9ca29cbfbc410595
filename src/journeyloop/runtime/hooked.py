"""What other services push to us: the nouns between the door that receives, the source that reads and the runtime that
knows people. What a provider's fields mean is each source's business (`adapters/hooks`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

from cel_expr_python import cel
from msgspec import Struct, json, to_builtins

from journeyloop.interpret.names import Unusable, normal
from journeyloop.model.customer import Customer
from journeyloop.model.identifier import ADDRESSES, Identifier, keyed_hash
from journeyloop.model.policy import Identity

Kind = Literal[
    "stripe", "shopify", "segment", "twilio", "sendgrid", "postmark", "zendesk", "intercom", "standard", "cloudevents",
    "mapping",
]  # fmt: skip
Algorithm = Literal["sha256", "sha1", "sha512"]
Encoding = Literal["hex", "base64"]


class Posted(Struct, frozen=True):
    """One request: header names in lower case, the query as it was sent, `now` in ms."""

    headers: dict[str, str]
    query: str
    body: bytes
    now: int


class Unsigned(Exception):
    """Nobody we know sent this: `secret_missing`, `secret_malformed`, `signature_missing`, `signature_wrong` or
    `signature_stale`."""


class Nonsense(Exception):
    """It is signed and cannot be read; the message is one of `detect.refusal.REASONS`."""


class Told(Struct):
    """One Segment call that a source made of what it was told, and who it is about.

    `names` are further identifiers, the surest first; `vouched`: the provider has verified the addresses among them.
    `hearsay`: the ids in the call are the word of somebody who could write any. `clicked`: the id of a decision whose
    message somebody followed.
    """

    call: dict[str, Any]
    names: tuple[Identifier, ...] = ()
    vouched: bool = False
    hearsay: bool = False
    clicked: str = ""


class Expression:
    """CEL over `body`, `headers` and `query`."""

    _ENV = cel.NewEnv(
        variables={"body": cel.Type.DYN}
        | dict.fromkeys(("headers", "query"), cel.Type.Map(cel.Type.STRING, cel.Type.STRING))
    )

    def __init__(self, text: str) -> None:
        """Raises ValueError: it is no expression."""
        self.text = text
        try:
            self._program = self._ENV.compile(text)
        except RuntimeError as error:
            raise ValueError(str(error).splitlines()[0].partition("<input>:")[2] or str(error)) from None

    def value(self, values: dict[str, Any]) -> Any:
        """What it says of a request, as JSON has it; None if a path is missing or a type does not fit."""
        found = self._program.eval(self._ENV.Activation(values))
        try:
            return None if found.type() == cel.Type.ERROR else to_builtins(found.plain_value())
        except TypeError:
            return None


class Signature(Struct, frozen=True):
    """An HMAC of the raw body in a header of one's own choice."""

    header: str
    algorithm: Algorithm = "sha256"
    encoding: Encoding = "hex"
    prefix: str = ""


class Rule(Struct, frozen=True):
    """When a request is an event of this name, and what its fields are: `ids` of the call, `names` beside them."""

    event: str
    when: Expression | None = None
    at: Expression | None = None
    ids: dict[str, Expression] = {}
    names: dict[str, Expression] = {}
    properties: dict[str, Expression] = {}


class Source(Struct, frozen=True):
    """One entry of sources.yaml. `secrets` are names of environment variables; `url` is where the provider believes to
    send to. The rest is for `kind: mapping`."""

    name: str
    kind: Kind
    secrets: tuple[str, ...]
    url: str = ""
    signature: Signature | None = None
    id: Expression | None = None
    rules: tuple[Rule, ...] = ()


class Sources(Protocol):
    """What stands behind `POST /v1/hooks/{source}`."""

    def known(self, name: str) -> bool: ...

    def heard(self, name: str, posted: Posted) -> list[Told | None]:
        """What a known source says; None for each thing that means nothing to us. Raises Unsigned, Nonsense."""
        ...


def travels_by(customer: Customer | None) -> Identifier | None:
    """The id of a person that an event can travel by: the user id, else the browser seen last."""
    names = customer.sealed.names if customer else []
    for type_ in ("user_id", "anonymous_id"):
        found = [name for name in names if name.type == type_]
        if found:
            return max(found, key=lambda name: (name.at, name.value)).identifier
    return None


class Addressing(Struct):
    """Whom a call is about, for those that name nobody by an id. `find` looks an identifier up."""

    secret: bytes
    identity: Identity
    find: Callable[[Identifier], Customer | None]

    def addressed(self, told: Told) -> tuple[bytes, str]:
        """The call with its ids, and how far it is trusted (the `source` of an event).

        An address that nobody verified finds the person it belongs to, but is given to nobody who has another name.
        """
        names = self._usable(told.names)
        claimed: list[Identifier] = []
        if told.call.get("userId") or told.call.get("anonymousId"):
            claimed = [] if told.hearsay else _sure(names, told)
        elif known := next((one for name in names if (one := travels_by(self.find(name)))), None):
            told.call["userId" if known[0] == "user_id" else "anonymousId"] = known[1]
            claimed = names if told.vouched else []
        elif names:
            told.call["anonymousId"] = "hook-" + keyed_hash(self.secret, "hook", *names[0]).hex()
            claimed = _sure(names, told) or names[:1]
        _claim(told.call, claimed)
        doubtful = told.hearsay or (not told.vouched and any(type_ in ADDRESSES for type_, _ in claimed))
        return json.encode(told.call), "browser" if doubtful else "server"

    def _usable(self, names: tuple[Identifier, ...]) -> list[Identifier]:
        found: list[Identifier] = []
        for type_, value in names:
            try:
                found.append((type_, normal(type_, value, None, self.identity)))
            except Unusable:
                continue
        return found


def _sure(names: list[Identifier], told: Told) -> list[Identifier]:
    return [one for one in names if told.vouched or one[0] not in ADDRESSES]


def _claim(call: dict[str, Any], names: list[Identifier]) -> None:
    context = call.setdefault("context", {})
    traits = {type_: value for type_, value in names if type_ in ADDRESSES}
    external = [{"type": type_, "id": value} for type_, value in names if type_ not in ADDRESSES]
    if traits:
        context["traits"] = traits
    if external:
        context["externalIds"] = external
