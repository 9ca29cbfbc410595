"""Plausible notes and counts for looking at the console without a server. Seeded: the same traffic each time."""

from __future__ import annotations

import random
import time
from typing import Any

PEOPLE = ["Ana P.", "Omar H.", "Sofia R.", "Liam K.", "Yuki T.", "Mei W.", "Raj S.", "visitor 3f9c", "visitor b81e"]
EVENTS = ["Product Viewed", "Product Added", "Cart Viewed", "Page", "Checkout Step Viewed"]
DECISIONS = [
    ("signal", "stalled at payment", "no Order Completed for 20 s, tab open"),
    ("silence", "no action", "cap: 1 per person in 1h"),
    ("silence", "no action", "no consent: marketing"),
    ("silence", "no action", "holdout"),
    ("sent", "reassure on the page", "first eligible of 2"),
    ("outcome", "dismissed reassure", ""),
    ("goal", "Order Completed · 632.00 USD", "treated"),
    ("gated", "signal stopped", "presence_unknown"),
    ("cancelled", "reassure taken back", "Order Completed came first"),
]


def notes(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """`count` notes, about one in seven a decision."""
    chance = random.Random(seed)
    return [_note(chance) for _ in range(count)]


def _note(chance: random.Random) -> dict[str, Any]:
    note = {"at": int(time.time() * 1000), "person": chance.choice(PEOPLE), "moment": "", "reason": ""}
    if chance.random() < 0.15:
        kind, text, reason = chance.choice(DECISIONS)
        return {**note, "kind": kind, "text": text, "reason": reason, "moment": "checkout_stall"}
    return {**note, "kind": "event", "text": chance.choice(EVENTS)}


def moments(beat: int = 0) -> dict[str, Any]:
    """What `GET /console/moments` answers after `beat` polls."""
    stall = {
        "moment": "checkout_stall",
        "title": "Stalled at payment with the tab open",
        "mode": "fixed",
        "counts": {},
        "signals": 180 + 3 * beat,
        "gated": {"presence_unknown": 41, "dwell": 12, "bot": 7, "session_limit": 3},
        "held_out": 17,
        "silent": {"cap: 1 per person in 1h": 38 + beat, "no consent: marketing": 24, "expired": 4},
        "sent": 92 + beat,
        "shown": 88,
        "clicked": 19,
        "dismissed": 31,
        "arms": {"treated": 162, "holdout": 18},
        "goals": {"treated": 31, "holdout": 3},
        "converted": {"treated": 29, "holdout": 3},
        "resolved": {"treated": 118, "holdout": 16},
        "uplift": {"estimate": 0.06, "low": -0.21, "high": 0.33, "rows": 134, "enough": False},
        "mode_now": "cautious",
        "finding": {"word": "not yet known", "sentence": "So far too few. About 12 days more at today's traffic."},
        "ratio": {"treated": 120, "holdout": 14, "share": 0.9, "alarm": None},
        "pending": 5,
        "clauses": [
            _clause("event.properties.step >= 3", yes=612, no=1204, missing=0),
            _clause("profile.cart_value >= 100.0", yes=420, no=192, missing=0),
            _clause('event.properties.payment_method == "invoice"', yes=0, no=12, missing=1204, never=True),
        ],
    }
    drop = {
        "moment": "welcome_back",
        "title": "Back after a month",
        "mode": "shadow",
        "counts": {},
        "signals": 9,
        "gated": {},
        "held_out": 1,
        "silent": {},
        "shadow": 8,
        "sent": 0,
        "shown": 0,
        "clicked": 0,
        "dismissed": 0,
        "goals": {},
        "resolved": {},
        "pending": 0,
        "clauses": [],
    }
    problem = {
        "file": "moments/welcome_back.yaml",
        "line": 14,
        "level": "warning",
        "message": "`versus` is not yet supported: this action is never eligible",
    }
    return {
        "plan": "9f31c2e07a",
        "problems": [problem],
        "moments": [stall, drop],
        "unknown_deliveries": 0,
        "pauses": [],
    }


def _clause(text: str, *, yes: int, no: int, missing: int, never: bool = False) -> dict[str, Any]:
    return {"text": text, "true": yes, "false": no, "missing": missing, "type": 0, "never_true": never}


def profile(now: int) -> dict[str, Any]:
    """What `GET /console/profile` answers of somebody who stalled and was left alone once, and once not."""
    word = {"granted": True, "at": now - 60_000, "received": now - 59_000, "source": "browser", "wording": ""}
    return {
        "person": "ab" * 16,
        "known": True,
        "tabs_open": 1,
        "session": {"number": 2, "started": now, "last": now, "events": 3},
        "traits": {"first_name": "Ada", "last_name": "Lovelace", "tier": "gold"},
        "profile": {"cart_value": 648.0},
        "computed": {"added_2m": 600.0},
        "identifiers": [
            {"type": "user_id", "value": "u1", "at": now, "source": "server"},
            {"type": "email", "value": "ada@example.com", "at": now, "source": "browser", "verified": False},
            {"type": "phone", "value": "+491701234567", "at": now, "source": "server", "verified": True},
        ],
        "merges": [{"person": "cd" * 16, "at": now, "via": "email"}],
        "audiences": {"big_carts": now},
        "consent": {"marketing": word, "marketing/email": {**word, "granted": False, "source": "preference centre"}},
        "cart": [
            {"id": "espresso", "name": "Espresso machine", "price": 600.0, "quantity": 1.0},
            {"id": "beans", "name": "Beans", "price": 24.0, "quantity": 2.0},
        ],
        "events": [
            {"name": "Order Completed", "time": now - 7_200_000, "received": now, "source": "server: nightly"},
            {
                "name": "Product Added",
                "time": now - 9,
                "received": now - 9,
                "properties": {"name": "Beans", "price": 24},
            },
        ],
        "decisions": [
            _decision(now - 1, "sent", "eligible", 1.0) | {"shown": now, "action": _ACTION},
            _decision(now - 2, "silent", "cap: 1 per person in 1m", 0.0),
        ],
    }


_ACTION = {"moment": "checkout_stall", "action": "reassure"}


def _decision(at: int, state: str, verdict: str, propensity: float) -> dict[str, Any]:
    candidate = {**_ACTION, "channel": "onpage", "verdict": verdict, "propensity": propensity}
    moment = {"moment": "checkout_stall", "arm": "treated", "mode": "fixed", "confidence": 0.73, "doubts": ["dwell"]}
    return {
        "id": f"d{at}", "at": at, "state": state, "state_reason": "", "action": None, "reason": verdict,
        "moments": [moment], "candidates": [candidate], "shown": 0, "clicked": 0, "dismissed": 0, "recalled": "",
    }  # fmt: skip
