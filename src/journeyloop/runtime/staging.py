"""Outside production only listed people are contacted. What would have gone to anybody else goes to a sink, which can
be looked at and forgets: nothing of it is stored.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

from journeyloop.act.render import Unrenderable, render
from journeyloop.model.effects import Send
from journeyloop.model.plan import Plan

NOT_LISTED = "not in recipients_allow"
KEPT = 1_000


def withheld(plan: Plan, names: Iterable[str]) -> bool:
    """Whether who goes by these names must not be contacted in the plan's environment."""
    return plan.recipients is not None and not any(_listed(name, plan.recipients) for name in names)


def _listed(name: str, recipients: Sequence[str]) -> bool:
    """Addresses are the same in capitals, ids are not."""
    if "@" not in name:
        return name in recipients
    address = name.lower()
    return any(address.endswith(one[1:].lower()) if one[0] == "*" else address == one.lower() for one in recipients)


class Sink:
    """The newest sends that went to nobody, with their content as a browser that somebody vouches for would see it."""

    def __init__(self, limit: int = KEPT) -> None:
        self._kept: deque[dict[str, Any]] = deque(maxlen=limit)

    def keep(self, send: Send, plan: Plan, at: int) -> None:
        """A send that was stopped here."""
        delivery = send.delivery
        action = plan.moments[delivery.moment].action(delivery.action)
        told = {"moment": delivery.moment, "action": delivery.action, "channel": delivery.channel}
        told |= {"decision_id": delivery.decision.hex(), "person": send.person.hex()}
        self._kept.append({"at": at, **told, **_rendered(action.content if action else {}, send.profile, plan)})

    def keep_answers(self, person: str | None, answers: Iterable[dict[str, Any]], at: int) -> None:
        """What placements would have been answered; silence is no message."""
        names = ("moment", "action", "channel", "content")
        for one in answers:
            if one["action"] is not None:
                told = {name: one[name] for name in names}
                self._kept.append({"at": at, **told, "decision_id": None, "person": person, "problem": ""})

    def keep_told(self, told: dict[str, Any], at: int) -> None:
        """What another system would have been told."""
        sent = {"moment": told.get("moment"), "action": told["type"], "channel": told["to"], "decision_id": None}
        self._kept.append({"at": at, **sent, "person": told["person"], "content": told, "problem": ""})

    def listed(self) -> list[dict[str, Any]]:
        """Newest first."""
        return list(reversed(self._kept))


def _rendered(content: dict[str, Any], profile: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """With a link that leads nowhere: what can be looked at must not end anything."""
    try:
        return {"content": render(content, profile, {"unsubscribe_url": f"{plan.public_url}/u/"}), "problem": ""}
    except Unrenderable as error:
        return {"content": None, "problem": f"content: {error}"}
