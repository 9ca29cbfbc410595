"""One message in its channel's hand: what must be so before its first byte, and what is told of how it ended.

Here is no waiting: the couriers and the simulated one go by the same rules.
"""

from __future__ import annotations

from msgspec.structs import replace

from journeyloop.act.render import Unrenderable
from journeyloop.model.effects import Send
from journeyloop.model.inputs import Delivered
from journeyloop.runtime import outbox
from journeyloop.runtime.channels import Receipt, State, Withheld
from journeyloop.runtime.ports import Reader
from journeyloop.runtime.stops import Stops

LONGEST_BACKOFF = 900.0
IN_DOUBT = "the server stopped after the intent was written"


class Attempt:
    """`left`: it may have left, and can only be reported. `idempotent`: its channel would know it again."""

    def __init__(self, send: Send, stops: Stops, idempotent: bool) -> None:
        self.send, self.stops, self.idempotent = send, stops, idempotent
        self.left = False

    def go(self) -> None:
        """The channel is about to hand over the first byte. Raises `Withheld`: it must not."""
        self.stops.go(self.send)
        self.left = True

    def receipt(self, error: Exception) -> Receipt:
        """Of an attempt that raised: what may have left is in doubt, what has not may be tried again."""
        if isinstance(error, TimeoutError):
            return Receipt("unknown" if self.left else "again", "timeout", trouble=True)
        never: State = "again" if isinstance(error, OSError) else "failed"
        return Receipt("unknown" if self.left else never, type(error).__name__, trouble=True)

    def word(self, receipt: Receipt) -> Delivered:
        """What is told of this attempt. Doubt is tried again only where the channel would know the message."""
        if receipt.state == "unknown" and self.idempotent:
            word = self._again(receipt, doubt=True)
        elif receipt.state == "again":
            word = self._again(receipt)
        else:
            word = self.told(receipt.state, receipt.reason)
        return replace(word, gone=receipt.gone)

    def _again(self, receipt: Receipt, doubt: bool = False) -> Delivered:
        backoff = min(LONGEST_BACKOFF, max(receipt.after, 2.0 ** min(self.send.delivery.attempts, 10)))
        return self.told("again", receipt.reason, int(backoff * 1000), doubt)

    def stopped(self, error: Withheld | Unrenderable) -> Delivered:
        """It must not leave, or cannot be filled for this person."""
        return self.told("suppressed", f"content: {error}" if isinstance(error, Unrenderable) else str(error))

    def later(self, reason: str, now: int) -> Delivered:
        """Its channel is not to blame. Once more if there is time: an old price is never sent."""
        word = self._again(Receipt("again", reason))
        return word if now + word.after < self.send.delivery.expires else self.told("suppressed", reason)

    def told(self, state: str, reason: str, after: int = 0, doubt: bool = False) -> Delivered:
        return Delivered(self.send.person, self.send.delivery.decision, state, reason, after, doubt=doubt)


def unsettled(reader: Reader, channel: str, idempotent: bool) -> list[Delivered]:
    """Intents found at the start may have left or not. Only a channel that would know them again may try again."""
    return [
        Delivered(one.person, one.decision, "again" if idempotent else "unknown", IN_DOUBT, doubt=idempotent)
        for one in outbox.waiting(reader, channel)
        if one.intent
    ]
