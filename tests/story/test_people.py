"""One person under many names, over the real server: who is joined, what they allow, what can be taken back."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from journeyloop.model.ledger import Entry, chained
from tests.story.conftest import end
from tests.story.persons import FILES, address, decide, export, from_backend, profile
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server
from tests.story.visits import batch, event, identify, somebody

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(project(tmp_path_factory.mktemp("people") / "shop", files=FILES), SHIPPED)
    yield server
    end(server)


# --- the graph of identifiers ---------------------------------------------------------------------------------------


def test_a_person_is_found_by_every_name_and_the_graph_says_where_each_came_from(server: Server) -> None:
    phone, laptop, user, mail = somebody(), somebody(), somebody(), address()
    batch(server, event("Product Viewed", anonymousId=phone), identify({"email": mail}, anonymousId=phone))
    batch(server, identify({"email": mail.upper()}, anonymousId=laptop))
    customer = [{"type": "stripe_customer", "id": f"cus_{user}"}]
    from_backend(server, {**identify({"phone": "+49 170 1234567"}, userId=user), "context": {"externalIds": customer}})
    batch(server, identify({}, anonymousId=laptop, userId=user))
    found = profile(server, user_id=user)
    others = [
        {"anonymous_id": phone}, {"anonymous_id": laptop}, {"email": f" {mail.title()}"}, {"phone": "+49170-1234567"},
        {"type": "stripe_customer", "value": f"cus_{user}"},
    ]  # fmt: skip
    assert {profile(server, **who)["person"] for who in others} == {found["person"]}
    named = {one["type"]: one for one in found["identifiers"]}
    assert named["email"] == {**named["email"], "value": mail, "verified": False, "verified_at": None}
    assert named["phone"] == {**named["phone"], "value": "+491701234567", "verified": True}
    assert named["phone"]["verified_at"] > 0 and "verified" not in named["user_id"]
    assert (named["user_id"]["source"], named["anonymous_id"]["source"]) == ("server", "browser")
    assert found["contactable"] == {"phone": "+491701234567"}
    assert sorted(one["via"] for one in found["merges"]) == ["anonymous_id", "email"]
    assert all(re.fullmatch("[0-9a-f]{32}", one["person"]) and one["at"] for one in found["merges"])
    from_backend(server, identify({"email": mail}, userId=user))
    assert profile(server, user_id=user)["contactable"] == {"email": mail, "phone": "+491701234567"}


def test_what_happened_of_late_is_in_the_profile(server: Server) -> None:
    me, user = somebody(), somebody()
    batch(server, *(event("Product Viewed", {"n": n}, anonymousId=me) for n in range(15)))
    batch(server, identify({"firstName": "Ana"}, anonymousId=me, userId=user))
    from_backend(server, *(event("Order Completed", {"n": n}, userId=user) for n in range(10)))
    made = [decide(server, "mirror", user_id=user)["decision_id"] for _ in range(3)]
    found = profile(server, anonymous_id=me)
    assert [one["name"] for one in found["events"]] == ["Order Completed"] * 10 + ["Identify"] + ["Product Viewed"] * 9
    assert [one["properties"]["n"] for one in found["events"][:10]] == [*range(10)][::-1]
    assert {one["source"] for one in found["events"]} == {"browser", "server"}
    assert [one["id"] for one in found["decisions"]] == made[::-1]
    held = export(server, user_id=user)
    assert [one["event"]["name"] for one in held["records"] if "event" in one][:15] == ["Product Viewed"] * 15
    assert [one["kind"] for one in held["records"]].count("asked") == 3
    assert held["traits"]["first_name"]["value"] == "Ana" and held["traits"]["first_name"]["source"] == "browser"


@pytest.mark.parametrize("times", [100])
def test_the_answer_right_after_an_event_knows_it(server: Server, times: int) -> None:
    user = somebody()
    for n in range(1, times + 1):
        server.track("Order Completed", {"revenue": 1}, userId=user)
        assert profile(server, user_id=user)["profile"]["orders"] == n
        server.track("Order Completed", {"revenue": 1}, userId=user + "-other")
        assert decide(server, "mirror", user_id=user + "-other")["content"]["title"] == str(n)


def test_the_answer_right_after_a_login_knows_both_halves(server: Server) -> None:
    for _ in range(25):
        me, user = somebody(), somebody()
        batch(server, event("Product Added", {"product_id": "p", "price": 1}, anonymousId=me))
        server.track("Product Added", {"product_id": "q", "price": 1}, userId=user)
        batch(server, identify({}, anonymousId=me, userId=user))
        assert decide(server, "mirror", user_id=user)["content"]["body"] == "2"
        assert profile(server, anonymous_id=me)["profile"]["cart_items"] == 2


# --- consent and its ledger -----------------------------------------------------------------------------------------


def verified(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines, after each was found bound to its words and to the line before it."""
    for line in lines:
        ids = {name: bytes.fromhex(line[name]) for name in ("person", "other")}
        entry = Entry(**{name: line[name] for name in Entry.__struct_fields__} | ids)
        assert chained(entry, bytes.fromhex(line["previous"])).hash.hex() == line["hash"], line
    for one, next_ in itertools.pairwise(lines):
        assert one["number"] < next_["number"]
        assert next_["number"] != one["number"] + 1 or next_["previous"] == one["hash"]
    return lines


def test_consent_by_channel_and_its_ledger(server: Server) -> None:
    me, user, wording = somebody(), somebody(), "Send me offers by e-mail."
    batch(server, *(event("Product Viewed", anonymousId=me) for _ in range(3)))  # each stamped with a grant
    said = {"purposes": {"marketing": True}, "channel": "email", "wording": wording}
    assert server.post("/v1/consent", {**said, "anonymous_id": me}, server.keys.write).status_code == 200
    refused = {"purposes": {"marketing": False}, "channel": "sms", "source": "call centre"}
    at = "2026-01-05T10:00:00Z"
    assert server.post("/v1/consent", {**refused, "user_id": user, "timestamp": at}).status_code == 200
    batch(server, identify({}, anonymousId=me, userId=user))
    batch(server, event("Email Unsubscribed", anonymousId=me, userId=user, context={}))
    consent = profile(server, user_id=user)["consent"]
    assert {subject: word["granted"] for subject, word in consent.items()} == {
        "marketing": True, "marketing/email": False, "marketing/sms": False,
    }  # fmt: skip
    assert (consent["marketing/sms"]["source"], consent["marketing/sms"]["at"]) == ("call centre", 1_767_607_200_000)
    assert consent["marketing/sms"]["received"] > consent["marketing/sms"]["at"]
    assert (consent["marketing"]["firm"], consent["marketing/email"]["firm"]) == (False, True)
    lines = verified(export(server, user_id=user)["ledger"])
    assert [(one["kind"], one["subject"], one["word"], one["source"]) for one in lines] == [
        ("consent", "marketing", "granted", "browser"),
        ("consent", "marketing/email", "granted", "browser"),
        ("consent", "marketing/sms", "refused", "call centre"),
        ("merged", "anonymous_id", "", ""),
        ("consent", "marketing/email", "refused", "browser"),
    ]
    assert lines[1]["wording"] == sha256(wording.encode()).hexdigest()
    tampered = [{**lines[0], "word": "refused"}]
    with pytest.raises(AssertionError):
        verified(tampered)


def test_the_most_restrictive_word_holds_for_both_halves(server: Server) -> None:
    me, user = somebody(), somebody()
    server.post("/v1/consent", {"user_id": user, "purposes": {"marketing": True}})
    server.post("/v1/consent", {"anonymous_id": me, "purposes": {"marketing": False}}, server.keys.write)
    batch(server, identify({}, anonymousId=me, userId=user))
    batch(server, event("Product Viewed", anonymousId=me, userId=user))  # stamped with a grant: not said on purpose
    assert profile(server, user_id=user)["consent"]["marketing"]["granted"] is False
    server.post("/v1/consent", {"user_id": user, "purposes": {"marketing": True}})
    assert profile(server, anonymous_id=me)["consent"]["marketing"]["granted"] is True


# --- undoing a merge ------------------------------------------------------------------------------------------------

PARTS = ("traits", "cart", "counts", "known")


def apart(server: Server, **who: str) -> dict[str, Any]:
    """What must not tell of a merge that was undone."""
    found = profile(server, **who)
    consent = {subject: word["granted"] for subject, word in found["consent"].items()}
    told = {name: value for name, value in found["profile"].items() if name not in ("first_seen", "last_seen")}
    return {part: found[part] for part in PARTS} | {"consent": consent, "profile": told}


def visitor(server: Server) -> str:
    """Somebody with something in the cart, who has seen the message; their browser."""
    me = somebody()
    batch(server, event("Product Added", {"product_id": "p", "price": 20}, anonymousId=me))
    batch(server, identify({"color": "red"}, anonymousId=me))
    assert decide(server, "once", anonymous_id=me)["action"] == "greet"
    return me


def member(server: Server, mail: str, **browser: str) -> str:
    """A customer who has bought, and wants no offers, signs in: at a browser, or somewhere; their user id."""
    user = somebody()
    from_backend(server, {**identify({"email": mail}, userId=user), "context": {}})
    server.track("Order Completed", {"revenue": 30}, userId=user)
    server.post("/v1/consent", {"user_id": user, "purposes": {"marketing": False}})
    batch(server, event("Signed In", userId=user, context={}, **browser))
    return user


def unmerge(server: Server, user: str, **other: str) -> None:
    """Once, by the admin; nobody else and never twice."""
    wrong = {"user_id": user, "from": other}
    assert server.post("/v1/unmerge", wrong).status_code == 403
    assert server.post("/v1/unmerge", wrong, server.keys.admin).json() == {"success": True}
    again = server.post("/v1/unmerge", wrong, server.keys.admin)
    assert (again.status_code, again.json()["error"]["code"]) == (404, "not_joined")
    assert profile(server, user_id=user)["merges"] == []


def test_a_merge_is_undone_by_an_identifier(server: Server) -> None:
    """A visitor has mistyped their address: it is a customer's."""
    mail = address()
    me, user = visitor(server), member(server, mail)
    alike, was = apart(server, anonymous_id=me), apart(server, user_id=user)
    batch(server, {**identify({"email": mail}, anonymousId=me), "context": {}})
    joined = profile(server, user_id=user)
    assert joined["person"] == profile(server, anonymous_id=me)["person"]
    assert joined["traits"]["color"] == "red" and joined["consent"]["marketing"]["granted"] is False
    assert decide(server, "once", user_id=user)["reason"].startswith("cap:")
    unmerge(server, user, anonymous_id=me)
    assert apart(server, user_id=user) == was
    alike["counts"]["Identify"] += 1
    alike["traits"]["email"] = alike["profile"]["email"] = mail
    alike["profile"]["events"] += 1
    assert apart(server, anonymous_id=me) == alike
    assert decide(server, "once", user_id=user)["action"] == "greet"  # it was the visitor who had the message
    assert decide(server, "once", anonymous_id=me)["reason"].startswith("cap:")
    assert profile(server, email=mail)["person"] == joined["person"] != profile(server, anonymous_id=me)["person"]
    batch(server, identify({"email": mail}, anonymousId=me))
    assert profile(server, user_id=user)["merges"] == []


def test_a_merge_is_undone_by_the_persons_id(server: Server) -> None:
    """A customer has signed in at the browser of somebody else; it stays theirs until somebody else signs in."""
    me = visitor(server)
    was, mail = apart(server, anonymous_id=me), address()
    user, twin = member(server, mail, anonymousId=me), member(server, address())
    [past] = profile(server, user_id=user)["merges"]
    assert profile(server, person=past["person"])["person"] == profile(server, user_id=user)["person"]
    unmerge(server, user, person=past["person"])
    like = apart(server, user_id=twin)
    like["traits"]["email"] = like["profile"]["email"] = mail
    assert apart(server, user_id=user) == like
    assert apart(server, person=past["person"]) == was
    batch(server, event("Product Viewed", anonymousId=me, userId=user))
    assert profile(server, user_id=user)["merges"] == []
    lines = verified(export(server, user_id=user)["ledger"])
    assert [(one["kind"], one["subject"]) for one in lines if one["kind"] != "consent"] == [
        ("merged", "anonymous_id"), ("unmerged", "admin"),
    ]  # fmt: skip
    assert {one["other"] for one in lines if one["other"]} == {past["person"]}
    held = {"user_id": user}, {"person": past["person"]}
    names = [[one["event"]["name"] for one in export(server, **who)["records"] if "event" in one] for who in held]
    assert names == [["Identify", "Order Completed", "Signed In", "Product Viewed"], ["Product Added", "Identify"]]


def test_who_was_never_joined_cannot_be_told_apart(server: Server) -> None:
    me, other = somebody(), somebody()
    batch(server, event("Seen", anonymousId=me), event("Seen", anonymousId=other))
    for wrong in ({"anonymous_id": other}, {"anonymous_id": me}, {"anonymous_id": somebody()}, {"person": "0" * 32}):
        answer = server.post("/v1/unmerge", {"anonymous_id": me, "from": wrong}, server.keys.admin)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_joined")
