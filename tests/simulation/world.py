"""The shop that is simulated: moments of every kind, narrow caps, holdouts large enough to meet."""

from __future__ import annotations

from functools import cache

from journeyloop.model.plan import Plan
from tests.property.rig import action, moment, plan_of

POLICY = """\
holdout: 10%
caps: [{per: person, at_most: 1, within: 10m}, {per: person, at_most: 3, within: 2h}]
quiet_hours: {from: "23:30", to: "00:10"}
budgets: [{of: contacts, at_most: 4, within: 1h}]
"""
LATER = "{event: Order Completed, within: 3h}"
CHANNELS = "".join(
    f'[channels.{name}]\nkind = "webhook"\nurl = "https://{name}.example/out"\nsecret = "WEBHOOK_SECRET"\n'
    for name in ("letters", "hooks")
)


@cache
def world() -> Plan:
    stall = moment(
        "stall", purpose="marketing", holdout="20%", cancel_on="[Page]",
        detect="{event: Checkout Step Viewed, by: order_id, absent: [Order Completed], for: 1m, present: true}",
    )  # fmt: skip
    failed = moment(
        "failed", detect="{event: Payment Failed}", holdout="20%", expires="3m",
        goal="{event: Order Completed, within: 30m, revoked_by: {event: Page, within: 1h}}",
        body="also: [{hold: [marketing, careful], for: 40m}]\n",
    )  # fmt: skip
    chance = moment(
        "chance", purpose="marketing", detect="{event: Product Viewed}", learn="{mode: full}", expires="20m",
        actions=f"[{action('one', ', versus: two')}, {action('two', ', after: 10m')}]",
        goal="{event: Order Completed, within: 30m}",
    )  # fmt: skip
    careful = moment(
        "careful", detect="{event: Page}", learn="{mode: cautious, update_every: 3}", holdout="60%", expires="10m",
        actions=f"[{action('three', ', weight: 0.5')}, {action('four')}]", confirm="{at_most: 1 per session}",
        body="guard: [Payment Failed]\n",
    )  # fmt: skip
    letter = moment(
        "letter", goal=LATER, purpose="marketing", detect="{event: Cart Viewed}", expires="2h",
        actions=f"[{action('letter', ', after: 40m', 'letters')}]",
    )  # fmt: skip
    note = moment(
        "note", goal=LATER, purpose="marketing", detect="{event: Wish Noted}", expires="80m",
        actions=f"[{action('note', channel='letters')}]",
    )  # fmt: skip
    guide = moment(
        "guide", goal=LATER, detect="{event: Guide Read}", expires="90m", holdout="10%",
        actions=f"[{action('hook', channel='hooks')}]",
    )  # fmt: skip
    return plan_of(stall, failed, chance, careful, letter, note, guide, policy=POLICY, settings=CHANNELS)
