"""Services that push to us: one module a provider, each with the same two functions.

`signed` raises unless somebody who holds one of the secrets sent this; `told` reads it into Segment calls, None for
each thing that means nothing to us. A new provider is a module beside these, a line in KINDS and a case in the contract
suite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from journeyloop.adapters.hooks import (
    cloudevents,
    intercom,
    mapping,
    postmark,
    segment,
    sendgrid,
    shopify,
    standard,
    stripe,
    twilio,
    zendesk,
)
from journeyloop.runtime.hooked import Kind, Posted, Source, Told, Unsigned


class Provider(Protocol):
    """What a module is."""

    def signed(self, posted: Posted, secrets: Sequence[str], source: Source) -> None:
        """Raises Unsigned."""
        ...

    def told(self, posted: Posted, source: Source) -> Iterator[Told | None]:
        """Raises Nonsense."""
        ...


KINDS: dict[Kind, Provider] = {
    "stripe": stripe,
    "shopify": shopify,
    "segment": segment,
    "twilio": twilio,
    "sendgrid": sendgrid,
    "postmark": postmark,
    "zendesk": zendesk,
    "intercom": intercom,
    "standard": standard,
    "cloudevents": cloudevents,
    "mapping": mapping,
}


class Hooks:
    """The sources of a configuration. `environ` holds their secrets."""

    def __init__(self, environ: Mapping[str, str], sources: Mapping[str, Source]) -> None:
        self.environ = environ
        self.sources = sources

    def known(self, name: str) -> bool:
        return name in self.sources

    def without_secret(self) -> list[str]:
        """Sources from which nothing can be taken."""
        return sorted(name for name, source in self.sources.items() if not self._secrets(source))

    def heard(self, name: str, posted: Posted) -> list[Told | None]:
        """Nothing is read before it is known who sent it. Raises Unsigned, Nonsense."""
        source = self.sources[name]
        secrets = self._secrets(source)
        if not secrets:
            raise Unsigned("secret_missing")
        provider = KINDS[source.kind]
        provider.signed(posted, secrets, source)
        return list(provider.told(posted, source))

    def _secrets(self, source: Source) -> list[str]:
        return [secret for name in source.secrets if (secret := self.environ.get(name, "").strip())]
