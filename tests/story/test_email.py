"""E-mail from event to inbox through the real server and a real mail server; what ends it, and what comes back."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from playwright.sync_api import BrowserContext

from tests.contract.mailserver import HANG, Mailserver, running
from tests.story.conftest import end
from tests.story.projects import project
from tests.story.servers import SHIPPED, Server, command, eventually

pytestmark = pytest.mark.slow

WELCOME = """moment: welcome
purpose: marketing
topic: welcome
detect: {event: Signed Up}
goal: {event: Order Completed, within: 1h}
expires: 10m
learn: {mode: fixed}
actions:
  - action: letter
    channel: email
    content:
      subject: "Hello {{ profile.first_name | default('there') }}"
      html: "<p>Welcome, {{ profile.first_name | default('friend') }}.</p>"
      button: {label: Look around, url: "https://shop.example/new"}
"""
LATER = """moment: later
purpose: marketing
topic: later
detect: {event: Looked}
goal: {event: Order Completed, within: 4h}
expires: 2h
learn: {mode: fixed}
actions:
  - {action: letter, channel: email, after: 1h, content: {subject: Still there, text: It is.}}
"""
RECEIPT = """moment: receipt
purpose: service
topic: receipt
detect: {event: Paid}
goal: {event: Order Completed, within: 1h}
expires: 10m
learn: {mode: fixed}
actions:
  - {action: receipt, channel: email, content: {subject: Paid, text: Thank you.}}
"""
MOMENTS = {f"moments/{text.split()[1]}.yaml": text for text in (WELCOME, LATER, RECEIPT)}
POLICY = "purposes: {marketing: {consent: required}, service: {consent: not_required}}\n"
PASSWORD = "a-password-of-postmarks"
TOML = """
[server]
public_url = "https://loop.example.com"

[channels.email]
kind = "smtp"
host = "127.0.0.1"
port = PORT
tls = "none"
from = "The Shop <hello@shop.example>"
provider = "postmark"
concurrency = 1
timeout = 20
"""


@pytest.fixture(scope="module")
def mail() -> Iterator[Mailserver]:
    with running(Mailserver()) as mailserver:
        yield mailserver


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, mail: Mailserver) -> Iterator[Server]:
    directory = shop(tmp_path_factory.mktemp("email") / "shop", TOML.replace("PORT", str(mail.port)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("T_POSTMARK", PASSWORD)
        served = Server(directory, SHIPPED)
    yield served
    assert "@example.com" not in served.logged()
    end(served)


@pytest.fixture(autouse=True)
def _as_usual(mail: Mailserver) -> Iterator[None]:
    """Each test finds a mail server that answers, and an empty inbox."""
    mail.says.clear()
    mail.taken.clear()
    mail.arrived.clear()
    mail.released.clear()
    yield
    mail.released.set()


def shop(directory: Path, toml: str) -> Path:
    sources = "postmark: {kind: postmark, secrets: [T_POSTMARK]}\n"
    return project(
        directory, files=MOMENTS | {"policy.yaml": POLICY, "sources.yaml": sources, "journeyloop.toml": toml}
    )


def somebody(server: Server, **traits: str) -> str:
    """A customer whose backend vouches for their address, and who has asked for e-mails."""
    who = uuid4().hex[:12]
    traits = {"email": f"{who}@example.com", "first_name": "<Ada>"} | traits
    assert server.post("/v1/identify", {"userId": who, "traits": traits}).status_code == 200
    allow(server, who)
    return who


def allow(server: Server, who: str) -> None:
    given = {"user_id": who, "purposes": {"marketing": True}}
    assert server.post("/v1/consent", given).status_code == 200


def letter(mail: Mailserver, who: str, count: int = 1) -> EmailMessage:
    """The newest of so many that came for them."""
    theirs = eventually(lambda: letters(mail, who), lambda found: len(found) == count)
    return theirs[-1]


def letters(mail: Mailserver, who: str) -> list[EmailMessage]:
    return [one for one in mail.messages if one["To"] == f"{who}@example.com"]


def ended(server: Server, who: str, state: str) -> dict[str, Any]:
    return server.decision(lambda one: one["state"] == state, user_id=who)


def reason_of_silence(server: Server, who: str, event: str) -> str:
    before = len(server.decisions(user_id=who))
    server.track(event, userId=who)
    made = eventually(lambda: server.decisions(user_id=who), lambda found: len(found) > before)[0]
    return str(made["candidates"][0]["verdict"])


def way_out(server: Server, found: EmailMessage) -> str:
    """The path on this server of the link in a letter."""
    link = str(found["List-Unsubscribe"]).strip("<>")
    assert link.startswith("https://loop.example.com/u/")
    return link.removeprefix("https://loop.example.com")


def one_click(server: Server, path: str) -> httpx.Response:
    """As a mail provider does: no cookie, no origin, no key."""
    body = "List-Unsubscribe=One-Click"
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return httpx.post(server.url + path, content=body, headers=headers, timeout=20)


def test_an_event_becomes_a_mail_with_a_way_out(server: Server, mail: Mailserver) -> None:
    who = somebody(server)
    server.track("Signed Up", userId=who)
    found = letter(mail, who)
    assert ended(server, who, "sent")["id"] == found["X-PM-Metadata-decision_id"]
    assert found["Subject"] == "Hello <Ada>"
    html = found.get_body(("html",))
    assert html is not None and "Welcome, &lt;Ada&gt;." in html.get_content()
    assert way_out(server, found) in html.get_content()
    assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert who not in way_out(server, found)


def test_one_click_ends_these_mails_and_looking_does_not(server: Server, mail: Mailserver) -> None:
    who = somebody(server)
    server.track("Signed Up", userId=who)
    path = way_out(server, letter(mail, who))
    assert server.http.get(path).status_code == 200 and server.http.head(path).status_code == 200
    server.track("Signed Up", userId=who)
    letter(mail, who, 2)
    assert one_click(server, path).status_code == 200
    assert one_click(server, path).status_code == 200
    assert reason_of_silence(server, who, "Signed Up") == "consent: marketing refused for email"
    given = server.get("/v1/profile", user_id=who).json()["consent"]["marketing/email"]
    assert (given["granted"], given["source"]) == (False, "unsubscribe")
    allow(server, who)  # the preferences of a page do not bring it back
    assert reason_of_silence(server, who, "Signed Up") == "consent: marketing refused for email"
    server.track("Paid", userId=who)
    receipt = letter(mail, who, 3)
    assert receipt["Subject"] == "Paid" and receipt["List-Unsubscribe"] is None


def test_a_link_that_was_tampered_with_ends_nothing(server: Server, mail: Mailserver) -> None:
    who, other = somebody(server), somebody(server)
    server.track("Signed Up", userId=who)
    server.track("Signed Up", userId=other)
    paths = [way_out(server, letter(mail, one)) for one in (who, other)]
    token = [base64.urlsafe_b64decode(path[3:] + "=" * (-len(path[3:]) % 4)) for path in paths]
    forged = base64.urlsafe_b64encode(token[0][:16] + token[1][16:]).decode().rstrip("=")
    for wrong in (f"/u/{forged}", "/u/x", "/u/%00", "/u/" + "a" * 3_000, paths[0] + "AAAA"):
        assert (server.http.get(wrong).status_code, one_click(server, wrong).status_code) == (404, 404), wrong
    server.track("Signed Up", userId=other)
    letter(mail, other, 2)


def test_a_link_follows_who_somebody_turned_out_to_be(server: Server, mail: Mailserver) -> None:
    """A lead who has only an e-mail address becomes a customer; the link of the first mail still works."""
    who = uuid4().hex[:12]
    browser = uuid4().hex
    lead = {"anonymousId": browser, "traits": {"email": f"{who}@example.com"}}
    assert server.post("/v1/identify", lead).status_code == 200
    said = {"anonymous_id": browser, "purposes": {"marketing": True}}
    assert server.post("/v1/consent", said).status_code == 200
    server.track("Signed Up", anonymousId=browser)
    path = way_out(server, letter(mail, who))
    assert server.post("/v1/identify", {"userId": who, "anonymousId": browser}).status_code == 200
    assert one_click(server, path).status_code == 200
    assert server.get("/v1/profile", user_id=who).json()["consent"]["marketing/email"]["granted"] is False


def test_a_purchase_stops_a_mail_that_is_planned(server: Server, mail: Mailserver) -> None:
    who = somebody(server)
    server.track("Looked", userId=who)
    assert server.decision(user_id=who)["state"] == "due"
    server.track("Order Completed", {"order_id": uuid4().hex}, userId=who)
    stopped = ended(server, who, "suppressed")
    assert stopped["state_reason"] == "goal: Order Completed"
    assert letters(mail, who) == []


def test_a_purchase_while_the_mail_is_in_the_queue_and_in_the_worker_s_hand(server: Server, mail: Mailserver) -> None:
    """The only slot is taken by a mail server that does not answer: one mail is in its hand, one waits."""
    in_hand, waiting = somebody(server), somebody(server)
    mail.says["DATA"] = HANG
    server.track("Signed Up", userId=in_hand)
    assert mail.arrived.wait(20)
    server.track("Signed Up", userId=waiting)
    assert server.decision(user_id=waiting)["state"] == "due"
    for who in (in_hand, waiting):
        server.track("Order Completed", {"order_id": uuid4().hex}, userId=who)
    assert ended(server, waiting, "suppressed")["state_reason"] == "goal: Order Completed"
    recalled = server.decision(lambda one: one["recalled"], user_id=in_hand)
    assert (recalled["state"], recalled["recalled"]) == ("intent", "goal: Order Completed")
    mail.says.clear()
    mail.released.set()
    told = ended(server, in_hand, "sent")
    assert told["recalled"] == "goal: Order Completed"
    assert letters(mail, waiting) == [] and len(letters(mail, in_hand)) == 1


def test_an_address_that_is_none_gets_nothing_more_until_somebody_vouches_for_it_again(
    server: Server, mail: Mailserver
) -> None:  # fmt: skip
    who = somebody(server)
    mail.says["RCPT"] = "550 5.1.1 no such user"
    server.track("Signed Up", userId=who)
    assert ended(server, who, "failed")["state_reason"] == "rejected: no such address (550)"
    profile = server.get("/v1/profile", user_id=who).json()
    assert profile["contactable"] == {} and profile["identifiers"][1]["dead_since"]
    mail.says.clear()
    assert reason_of_silence(server, who, "Signed Up") == "unreachable: no verified e-mail address"
    again = {"userId": who, "traits": {"email": f"{who}@example.com"}}
    assert server.post("/v1/identify", again).status_code == 200
    server.track("Signed Up", userId=who)
    letter(mail, who)


def told_by_postmark(server: Server, **record: Any) -> None:
    basic = base64.b64encode(f"postmark:{PASSWORD}".encode()).decode()
    answer = server.http.post("/v1/hooks/postmark", json=record, headers={"authorization": f"Basic {basic}"})
    assert answer.status_code == 200 and answer.json()["taken"] == 1, answer.text


def test_a_hard_bounce_kills_the_address_and_stops_what_is_planned(server: Server, mail: Mailserver) -> None:
    who = somebody(server)
    server.track("Looked", userId=who)
    bounce = {"RecordType": "Bounce", "Type": "HardBounce", "Inactive": True, "MessageID": uuid4().hex}
    told_by_postmark(server, Email=f"{who}@example.com", **bounce)
    stopped = ended(server, who, "suppressed")
    assert stopped["state_reason"] == "unreachable: no verified e-mail address"
    assert server.get("/v1/profile", user_id=who).json()["contactable"] == {}
    assert "marketing/email" not in server.get("/v1/profile", user_id=who).json()["consent"]


def test_a_complaint_ends_the_consent_for_mails(server: Server, mail: Mailserver) -> None:
    who = somebody(server)
    told_by_postmark(server, RecordType="SpamComplaint", Email=f"{who}@example.com", MessageID=uuid4().hex)
    assert reason_of_silence(server, who, "Signed Up") == "consent: marketing refused for email"
    assert server.get("/v1/profile", user_id=who).json()["contactable"] == {"email": f"{who}@example.com"}


def test_a_click_is_an_outcome_of_the_mail_and_an_open_is_none(server: Server, mail: Mailserver) -> None:
    who = somebody(server)
    server.track("Signed Up", userId=who)
    decision = letter(mail, who)["X-PM-Metadata-decision_id"]
    about = {"Recipient": f"{who}@example.com", "MessageID": uuid4().hex, "Metadata": {"decision_id": decision}}
    ended(server, who, "sent")
    told_by_postmark(server, RecordType="Open", UserAgent="Thunderbird", **about)
    delivery = ended(server, who, "sent")
    assert not delivery["shown"] and not delivery["clicked"]
    told_by_postmark(server, RecordType="Click", OriginalLink="https://shop.example/new", **about)
    clicked = server.decision(lambda one: one["clicked"], user_id=who)
    assert clicked["id"] == decision


def test_without_an_address_of_this_server_no_mail_that_needs_a_way_out(tmp_path: Path) -> None:
    directory = shop(
        tmp_path / "shop", TOML.replace('public_url = "https://loop.example.com"\n', "").replace("PORT", "25")
    )
    checked = command("check", directory)
    said = checked.stdout + checked.stderr
    assert checked.returncode == 0
    assert "moments/welcome.yaml:8: warning: actions.letter: no unsubscribe link: server.public_url is missing" in said
    assert "receipt.yaml" not in said


def test_the_page_asks_and_its_button_acts(
    server: Server, mail: Mailserver, context: BrowserContext, tmp_path: Path
) -> None:
    who = somebody(server)
    server.track("Signed Up", userId=who)
    path = way_out(server, letter(mail, who))
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto(server.url + path)
        page.screenshot(path=str(tmp_path / f"unsubscribe-{scheme}.png"))
    assert page.get_by_role("heading", name="Unsubscribe").is_visible()
    assert who not in page.content() and "@" not in page.inner_text("body")
    page.get_by_role("button", name="Stop all").click()
    assert page.get_by_role("heading", name="You are unsubscribed").is_visible()
    page.screenshot(path=str(tmp_path / "unsubscribed.png"))
    assert problems == []
    given = server.get("/v1/profile", user_id=who).json()["consent"]["marketing"]
    assert (given["granted"], given["source"]) == (False, "unsubscribe")
