"""What each provider's words mean: names, sums, people, and what is nobody's."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from journeyloop.adapters.hooks import cloudevents, intercom, postmark, sendgrid, shopify, stripe, twilio, zendesk
from journeyloop.runtime.hooked import Nonsense, Posted, Source, Told, Unsigned
from tests.contract.providers import CHAT, CLOUD, FAILED, OPEN, ORDER, STOP, TICKET, Request
from tests.contract.providers import sendgrid as signed_by_sendgrid

NOW = 1_795_348_800_000


def told(module: Any, content: Any, headers: dict[str, str] | None = None, query: str = "") -> list[Told | None]:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return list(module.told(Posted(headers or {}, query, raw, NOW), Source(module.__name__, "mapping", ())))


def one(module: Any, content: Any, headers: dict[str, str] | None = None, query: str = "") -> Told:
    [found] = told(module, content, headers, query)
    assert found is not None
    return found


def about_stripe(type_: str, object_: dict[str, Any], **more: Any) -> Any:
    return {"id": "evt_2", "type": type_, "created": 1_795_348_790, "data": {"object": object_, **more}}


def test_stripe_sums_are_in_major_units() -> None:
    sums = {"eur": 60_000, "jpy": 600, "kwd": 600_000, "ugx": 60_000}
    for currency, amount in sums.items():
        intent = FAILED["data"]["object"] | {"amount": amount, "currency": currency}  # type: ignore[index]
        call = one(stripe, about_stripe("payment_intent.payment_failed", intent)).call
        assert (call["properties"]["value"], call["properties"]["currency"]) == (600.0, currency.upper())


def test_who_pays_at_stripe() -> None:
    known = one(stripe, FAILED)
    assert (known.call["userId"], known.names, known.vouched) == ("ada", (("stripe_customer", "cus_1"),), False)
    session = {"id": "cs_1", "payment_status": "paid", "amount_total": 1999, "currency": "eur"}
    session |= {"client_reference_id": "ada", "customer_details": {"email": "ada@example.com"}}
    linked = one(stripe, about_stripe("checkout.session.completed", session))
    assert (linked.call["userId"], linked.hearsay, linked.vouched) == ("ada", True, False)
    assert (linked.call["event"], linked.call["properties"]["total"]) == ("Order Completed", 19.99)
    assert told(stripe, about_stripe("checkout.session.completed", session | {"payment_status": "unpaid"})) == [None]


def test_a_second_refund_adds_what_it_adds() -> None:
    charge = {"payment_intent": "pi_1", "amount_refunded": 3000, "currency": "usd", "customer": "cus_1"}
    event = about_stripe("charge.refunded", charge, previous_attributes={"amount_refunded": 1000})
    assert one(stripe, event).call["properties"]["total"] == 20.0


def test_stripe_signs_with_several_secrets_while_they_are_changed() -> None:
    with pytest.raises(Unsigned, match="signature_missing"):
        stripe.signed(Posted({"stripe-signature": "t=1"}, "", b"", NOW), ["s"], Source("stripe", "stripe", ()))


def topic(name: str) -> dict[str, str]:
    return {"x-shopify-topic": name, "x-shopify-webhook-id": "w1"}


def test_who_buys_at_shopify() -> None:
    sure = one(shopify, ORDER, topic("orders/create"))
    assert sure.names == (("shopify_customer", "9007199254740993"), ("email", "ada@example.com")) and sure.vouched
    stranger = {**ORDER, "customer": {"id": 7, "email": "ada@example.com", "verified_email": False}}
    assert not one(shopify, stranger, topic("orders/create")).vouched
    browser = {**ORDER, "note_attributes": [{"name": "anonymous_id", "value": "a1"}, {"name": "user_id", "value": "x"}]}
    found = one(shopify, browser, topic("orders/create"))
    assert (found.call["anonymousId"], found.names, found.hearsay) == ("a1", (), True)
    assert "userId" not in found.call
    typed = {"id": 7, "token": "t1", "email": "mallory@example.com", "customer": ORDER["customer"]}
    assert ("email", "ada@example.com") in one(shopify, typed, topic("checkouts/update")).names


def test_an_order_tells_its_refunds_each_time_with_the_same_ids() -> None:
    refund = {
        "id": 5,
        "created_at": "2026-11-22T11:00:00Z",
        "transactions": [
            {"kind": "refund", "status": "success", "amount": "10.10"},
            {"kind": "refund", "status": "success", "amount": "20.20"},
            {"kind": "refund", "status": "failure", "amount": "99.00"},
        ],
    }
    order = {**ORDER, "refunds": [refund, {"id": 6, "transactions": []}]}
    updated, refunded = told(shopify, order, topic("orders/updated"))
    assert updated is not None and refunded is not None
    assert refunded.call["properties"]["total"] == 30.3
    again = told(shopify, order, {**topic("orders/updated"), "x-shopify-webhook-id": "w2"})[1]
    assert again is not None and again.call["messageId"] == refunded.call["messageId"] == "shopify-refund-5"


def test_shopifys_checkouts_and_customers() -> None:
    checkout = one(shopify, {"token": "t1", "total_price": "9.50", "email": "x@example.com"}, topic("checkouts/update"))
    assert checkout.call["event"] == "Checkout Updated"
    assert checkout.call["properties"] == {"checkout_id": "t1", "value": "9.50", "products": []}
    customer = {"id": 7, "email": "ada@example.com", "first_name": "Ada", "verified_email": True}
    found = one(shopify, customer, topic("customers/update"))
    assert (found.call["type"], found.call["traits"], found.vouched) == ("identify", {"first_name": "Ada"}, True)
    gone = {"customer_id": 7, "email_address": "ada@example.com", "email_marketing_consent": {"state": "unsubscribed"}}
    name = topic("customers_email_marketing_consent/update")
    assert one(shopify, gone, name).call["event"] == "Email Unsubscribed"
    assert told(shopify, gone | {"email_marketing_consent": {"state": "subscribed"}}, name) == [None]


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"OptOutType": "STOP", "Body": "please"}, "SMS Unsubscribed"),
        ({"OptOutType": "", "Body": " stop "}, "SMS Unsubscribed"),
        ({"OptOutType": "START", "Body": "x"}, "SMS Subscribed"),
        ({"OptOutType": "", "Body": "unstop"}, "SMS Subscribed"),
        ({"OptOutType": "HELP", "Body": "HELP"}, "SMS Received"),
        ({"OptOutType": "", "Body": "stop it now"}, "SMS Received"),
        ({"From": "whatsapp:+4917012345678"}, "WhatsApp Unsubscribed"),
        ({"OptOutType": "", "Body": "Start", "From": "whatsapp:+4917012345678"}, "WhatsApp Subscribed"),
    ],
)
def test_what_somebody_texts(fields: dict[str, str], event: str) -> None:
    found = one(twilio, urlencode(STOP | fields).encode())
    assert (found.call["event"], found.names) == (event, (("phone", "+4917012345678"),))
    assert "stop" not in json.dumps(found.call["properties"]).lower()


def test_what_became_of_a_text() -> None:
    sent = {"MessageSid": "SM2", "MessageStatus": "undelivered", "To": "+4917012345678", "ErrorCode": "30003"}
    found = one(twilio, urlencode(sent).encode(), query="user_id=ada")
    assert (found.call["event"], found.call["userId"]) == ("SMS Failed", "ada")
    assert found.call["properties"]["error_code"] == "30003"
    with pytest.raises(Nonsense, match="missing_id"):
        told(twilio, b"MessageStatus=sent")


@pytest.mark.parametrize(
    ("event", "name"),
    [
        ({"event": "open"}, "Email Opened"),
        ({"event": "open", "sg_machine_open": True}, None),
        ({"event": "open", "sg_machine_open": False}, "Email Opened"),
        ({"event": "click", "url": "https://shop.example/a?token=secret#x"}, "Email Link Clicked"),
        ({"event": "bounce", "type": "bounce"}, "Email Bounced"),
        ({"event": "bounce", "type": "blocked"}, None),
        ({"event": "deferred"}, None),
        ({"event": "spamreport"}, "Email Marked as Spam"),
        ({"event": "group_unsubscribe", "asm_group_id": 9}, "Email Unsubscribed"),
    ],
)
def test_what_sendgrid_tells(event: dict[str, Any], name: str | None) -> None:
    [found] = told(sendgrid, [OPEN | event])
    assert (found.call["event"] if found else None) == name
    assert found is None or "secret" not in json.dumps(found.call)


def test_sendgrid_may_tell_of_many_people_at_once() -> None:
    first, nothing, second = told(sendgrid, [OPEN | {"user_id": "ada"}, OPEN | {"event": "processed"}, OPEN])
    assert first is not None and first.call["userId"] == "ada" and nothing is None
    assert second is not None and second.names == (("email", "ada@example.com"),) and not second.vouched


def test_sendgrid_with_another_key() -> None:
    public = ec.generate_private_key(ec.SECP256R1()).public_key()
    other = base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    headers = {name.lower(): value for name, value in signed_by_sendgrid("", Request(b"[]"), NOW // 1000).items()}
    posted, source = Posted(headers, "", b"[]", NOW), Source("sendgrid", "sendgrid", ())
    for secret, reason in ((other, "signature_wrong"), ("no key", "secret_malformed"), ("AAAA", "secret_malformed")):
        with pytest.raises(Unsigned, match=reason):
            sendgrid.signed(posted, [secret], source)


@pytest.mark.parametrize(
    ("record", "name"),
    [
        ({"RecordType": "Open", "UserAgent": "Mozilla/5.0 (Macintosh)"}, "Email Opened"),
        ({"RecordType": "Open", "UserAgent": "Mozilla/5.0"}, None),
        ({"RecordType": "Open", "Client": {"Name": "Apple Mail Privacy Protection"}}, None),
        ({"RecordType": "Click", "OriginalLink": "https://shop.example/a"}, "Email Link Clicked"),
        ({"RecordType": "Click", "UserAgent": "SomeBot/1.0"}, None),
        ({"RecordType": "Bounce", "Type": "SoftBounce"}, None),
        ({"RecordType": "Bounce", "Type": "HardBounce"}, "Email Bounced"),
        ({"RecordType": "SpamComplaint"}, "Email Marked as Spam"),
        (
            {"RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "ManualSuppression"},
            "Email Unsubscribed",
        ),
        ({"RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "HardBounce"}, None),
        ({"RecordType": "SubscriptionChange", "SuppressSending": False}, None),
    ],
)
def test_what_postmark_tells(record: dict[str, Any], name: str | None) -> None:
    address = {"Recipient": "ada@example.com", "Email": "ada@example.com", "MessageID": "m1"}
    [found] = told(postmark, address | record)
    assert (found.call["event"] if found else None) == name
    assert found is None or found.names == (("email", "ada@example.com"),)


@pytest.mark.parametrize(
    ("type_", "current", "name"),
    [
        ("zen:event-type:ticket.created", None, "Support Ticket Opened"),
        ("ticket.created", None, "Support Ticket Opened"),
        ("ticket.escalated", None, "Support Ticket Escalated"),
        ("zen:event-type:ticket.priority_changed", "HIGH", "Support Ticket Escalated"),
        ("zen:event-type:ticket.priority_changed", "LOW", None),
        ("zen:event-type:ticket.status_changed", "SOLVED", "Support Ticket Solved"),
        ("zen:event-type:ticket.status_changed", "OPEN", None),
        ("zen:event-type:user.created", None, None),
    ],
)
def test_what_zendesk_tells(type_: str, current: str | None, name: str | None) -> None:
    [found] = told(zendesk, TICKET | {"type": type_, "event": {"current": current}})
    assert (found.call["event"] if found else None) == name
    assert found is None or found.names == (("zendesk_user", "8447388090494"),)


def test_a_triggers_body_names_your_own_customer() -> None:
    ticket = TICKET["detail"] | {"requester_external_id": "ada", "subject": "My secret"}  # type: ignore[operator]
    found = one(zendesk, TICKET | {"type": "ticket.escalated", "detail": ticket})
    assert found.call["userId"] == "ada" and "My secret" not in json.dumps(found.call)


def test_who_chats_at_intercom() -> None:
    known = one(intercom, CHAT)
    assert (known.call["userId"], known.hearsay) == ("ada", True)
    item = {"id": "c2", "source": {"author": {"id": "ic2", "email": "eve@example.com"}}}
    lead = one(intercom, CHAT | {"topic": "conversation.user.replied", "data": {"item": item}})
    assert (lead.names, lead.hearsay) == ((("intercom_contact", "ic2"), ("email", "eve@example.com")), False)
    contact = {"id": "ic3", "external_id": "ada"}
    gone = one(intercom, CHAT | {"topic": "contact.unsubscribed", "data": {"item": contact}})
    assert (gone.call["event"], gone.call["properties"]) == ("Email Unsubscribed", {"contact_id": "ic3"})


def test_cloudevents_in_every_mode() -> None:
    structured = one(cloudevents, CLOUD, {"content-type": "application/cloudevents+json; charset=utf-8"})
    batch = {"content-type": "application/cloudevents-batch+json"}
    assert [found.call for found in told(cloudevents, [CLOUD, CLOUD], batch) if found] == [structured.call] * 2
    headers = {f"ce-{name}": str(value) for name, value in CLOUD.items() if name != "data"}
    binary = one(
        cloudevents, CLOUD["data"], {**headers, "ce-type": "Parcel%20Late", "content-type": "application/json"}
    )
    assert binary.call == structured.call
    with pytest.raises(Nonsense, match="missing_event"):
        told(cloudevents, CLOUD["data"], {"ce-id": "1"})


@pytest.mark.parametrize(
    ("said", "bounce"),
    [
        ({"bounce_classification": "Invalid Address"}, "hard"),
        ({"bounce_classification": "Unclassified"}, "hard"),
        ({}, "hard"),
        ({"bounce_classification": "Mailbox Unavailable"}, "soft"),
        ({"bounce_classification": "Reputation"}, "soft"),
    ],
)
def test_a_bounce_at_sendgrid_is_hard_or_soft(said: dict[str, Any], bounce: str) -> None:
    event = {"event": "bounce", "email": "ada@example.com", "sg_event_id": "e1", "type": "bounce", "decision_id": "d1"}
    found = one(sendgrid, [event | said])
    assert (found.call["properties"]["bounce"], found.call["properties"]["email"]) == (bounce, "ada@example.com")
    assert found.clicked == ""


def test_a_click_names_the_decision_and_an_open_does_not() -> None:
    event = {"email": "ada@example.com", "sg_event_id": "e1", "decision_id": "d1"}
    assert one(sendgrid, [event | {"event": "click"}]).clicked == "d1"
    assert one(sendgrid, [event | {"event": "open"}]).clicked == ""
    record = {"Recipient": "ada@example.com", "MessageID": "m1", "Metadata": {"decision_id": "d1"}}
    assert one(postmark, record | {"RecordType": "Click", "UserAgent": "Firefox"}).clicked == "d1"
    assert told(postmark, record | {"RecordType": "Click", "UserAgent": "Linkbot"}) == [None]
    assert one(postmark, record | {"RecordType": "Open", "UserAgent": "Firefox"}).clicked == ""
    bounce = {"RecordType": "Bounce", "Type": "HardBounce", "Inactive": True, "Email": "ada@example.com"}
    assert one(postmark, bounce).call["properties"]["bounce"] == "hard"


def test_a_message_says_whether_it_was_ours_and_what_it_was_about() -> None:
    """So that ours counts once, and another tool's in the caps of its topic."""
    said = {"decision_id": "ab" * 16, "topic": "cart"}
    mailed = {"event": "delivered", "sg_message_id": "m1", "email": "ada@example.com", "timestamp": 1_795_348_790}
    texted = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": "+491701234567"}
    delivery = {"RecordType": "Delivery", "Recipient": "ada@example.com", "MessageID": "m2", "Metadata": said}
    for found in (
        one(sendgrid, [mailed | said]),
        one(postmark, delivery | {"DeliveredAt": "2026-11-22T12:00:00Z"}),
        one(twilio, urlencode(texted).encode(), query=urlencode(said)),
    ):
        assert said.items() <= found.call["properties"].items()
