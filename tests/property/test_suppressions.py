"""Whatever holds against messages to a person whom another system can know, that system has been told since."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from journeyloop.model.customer import Customer
from journeyloop.model.inputs import ConsentStated, Held
from journeyloop.runtime import errands, records
from journeyloop.runtime.errands import Proof
from tests.property.rig import ALLOWED, HOUR, MINUTE, REFUSED, Rig, moment, plan_of

ON = 'on = ["opt_out", "hold", "dead_address"]'
WEBHOOK = 'kind = "webhook"\nurl = "https://a.example"\nsecret = "A"'
DESTINATIONS = {"ids": "user_id", "mails": "email"}
SETTINGS = "".join(
    f'[destinations.{name}]\n{WEBHOOK}\n{ON}\nidentify_by = "{by}"\n' for name, by in DESTINATIONS.items()
)
PLAN = plan_of(
    moment("care", detect="{event: Complaint}", body="also: [{hold: [marketing], for: 2h}]\n"), settings=SETTINGS
)
BROWSERS, USERS = ("b1", "b2", "b3"), ("u1", "u2")

browsers = st.sampled_from(BROWSERS)
steps = st.one_of(
    st.tuples(st.just("page"), browsers, st.booleans()),
    st.tuples(st.just("login"), browsers, st.sampled_from(USERS)),
    st.tuples(st.just("address"), browsers, st.sampled_from(("ana@example.com", "ben@example.com"))),
    st.tuples(st.just("unsubscribe"), browsers, st.none()),
    st.tuples(st.just("bounce"), browsers, st.none()),
    st.tuples(st.just("complaint"), browsers, st.none()),
    st.tuples(st.just("consent"), browsers, st.booleans()),
    st.tuples(st.just("hold"), browsers, st.none()),
    st.tuples(st.just("time"), st.none(), st.integers(1, 3)),
)


def play(rig: Rig, kind: str, who: Any, what: Any) -> None:
    match kind:
        case "page":
            rig.track("Page", who, context=ALLOWED if what else REFUSED)
        case "login":
            rig.track("Identify", who, user_id=what)
        case "address":
            rig.track("Identify", who, traits={"email": what}, source="server")
        case "unsubscribe":
            rig.track("Unsubscribed", who)
        case "bounce":
            rig.track("Email Bounced", who, source="server")
        case "complaint":
            rig.track("Complaint", who)
        case "consent":
            rig.apply(ConsentStated(("anonymous_id", who), {"marketing": what}, rig.now, "page"))
        case "hold":
            rig.apply(Held(("anonymous_id", who), ["service"], rig.now + HOUR))
        case "time":
            rig.pass_time(what * MINUTE * 25)
    rig.pass_time(1)


@given(st.lists(steps, max_size=25))
def test_whoever_is_known_there_is_left_alone_there(history: list[tuple[str, Any, Any]]) -> None:
    rig = Rig(PLAN)
    for step in history:
        play(rig, *step)
    people = [records.decode_customer(raw) for raw in rig.values("people")]
    for one in (one for one in people if one.header.successor is None):
        for to, by in DESTINATIONS.items():
            told = heard(rig, one, to)
            assert all(proof.state == "waiting" for proof in told)
            if any(name.type == by for name in one.sealed.names):
                assert missing(one, told, rig.now) == []
            else:
                assert told == []
    assert rig.replayed().different == 0


def heard(rig: Rig, one: Customer, to: str) -> list[Proof]:
    ids = {one.header.person, *(past.person for past in one.header.absorbed)}
    rows = [records.decode_record(raw, errands.Proof)[0] for key, raw in rig.rows("told") if key[:16] in ids]
    return [proof for proof in rows if proof.to == to]


def missing(one: Customer, told: list[Proof], now: int) -> list[str]:
    """What holds by now and was not told since it does."""
    opt_outs = [subject for subject, word in one.header.consent.items() if not word.granted]
    holds = {name: until for name, until in one.header.holds.items() if until > now}
    found = [f"opt-out {name}" for name in opt_outs if not any(name in proof.topics for proof in told)]
    return found + [
        f"hold {name}"
        for name, until in holds.items()
        if not any(name in proof.topics and proof.until == until for proof in told)
    ]
