"""Configuration texts that the tests of this folder start from; the larger one is the example of the format itself."""

from __future__ import annotations

POLICY = """\
purposes: {marketing: {consent: required}, service: {consent: not_required}}
holdout: 5%
caps:
  - {per: person, at_most: 1, within: 1h}
  - {per: person, channel: email, at_most: 2, within: 7d}
  - {per: person, topic: cart, at_most: 1, within: 24h}
quiet_hours: {from: "21:00", to: "08:00", zone: person, unknown_zone: restrictive, channels: [sms, push, email]}
channels: {priority: [onpage, push, email, sms], fallback: true}
budgets: [{of: gives, at_most: 800.0, within: 1d}]
breaker: {contacts_per_minute: 200, share_of_signals: 60%}
"""

AUDIENCES = """\
traits:
  tier: {type: string}
  revenue_90d: {sum: properties.revenue, of: Order Completed, within: 90d}
  orders: {count: Order Completed}
audiences:
  high_spenders: {where: "profile.revenue_90d >= 500.0"}
"""

CHECKOUT = """\
moment: checkout_stall                 # stable name: arms and evidence belong to it
title: Stalled at payment with the tab open
purpose: marketing
topic: cart
owner: growth@example.com
who: profile.country in ["DE", "AT"]
from: 2026-12-01
detect:
  event: Checkout Step Viewed
  where: event.properties.step >= 3 && profile.cart_value >= 100.0
  by: checkout_id
  absent: [Order Completed]
  for: 3m
  repeat: restart
  present: {page: "/checkout*", visible: true, idle: 60s}
confirm: {dwell: 20s, at_most: 1 per session, bots: ignore}
fresh: {traits.tier: 7d}
goal:
  event: Order Completed
  within: 30m
  value: event.properties.revenue
  margin: 0.35
  currency: EUR
  revoked_by: {event: Order Refunded, within: 14d}
guard: [Unsubscribed, Order Refunded]
holdout: 10%
learn: {mode: cautious, explore: 5%}
expires: 5m
cancel_on: [Order Completed, Live Chat Started]
actions:
  - action: reassure
    channel: onpage
    content:
      title: Your cart is saved
      body: "Questions about payment, {{ profile.first_name | default('there') }}? Returns are free for 30 days."
      button: {label: Continue, url: /checkout}
  - action: free_shipping
    channel: onpage
    where: profile.cart_value >= 300.0
    cost: 0.0
    gives: 9.00
    limit: 1 per 90d
    content: {title: Shipping is on us, body: "Complete your order in the next 30 minutes."}
also:
  - {brief: agent, text: "Stalled at payment with {{ profile.cart_value }} in the cart."}
"""

SMALL = """\
moment: failed
purpose: service
detect:
  event: Payment Failed
goal:
  event: Order Completed
  within: 30m
actions:
  - action: help
    channel: onpage
    content:
      title: Can we help?
"""

SMALL_POLICY = "purposes: {service: {consent: not_required}}\n"


def full() -> dict[str, str]:
    return {"policy.yaml": POLICY, "audiences.yaml": AUDIENCES, "moments/checkout_stall.yaml": CHECKOUT}


def small(moment: str = SMALL, policy: str = SMALL_POLICY, **others: str) -> dict[str, str]:
    """One small moment; `others` by name without suffix: audiences, journeyloop."""
    names = {"audiences": "audiences.yaml", "journeyloop": "journeyloop.toml"}
    return {"moments/failed.yaml": moment, "policy.yaml": policy} | {names[key]: text for key, text in others.items()}
