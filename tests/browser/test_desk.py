"""The agent's desk in a real Chromium: one suggestion, by keys alone; live; and what others wrote is text only."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import watched
from tests.browser.stub.server import Stub, eventually

pytestmark = pytest.mark.browser

AT = 1_795_348_800_000
LATER = 4_102_444_800_000
EVIL = "<img src=x onerror=alert(1)>"
SUGGESTION = {
    "decision_id": "ab" * 16, "moment": "failed", "action": "invoice", "channel": "agent",
    "because": "Their payment failed", "reason": "adds the most", "at": AT, "decided": AT, "expires": LATER,
    "content": {"title": "Offer an invoice", "say": "I am sorry about the card.", "avoid": ["the price"]},
}  # fmt: skip
WHO = {
    "name": "Ada Lovelace", "user_id": "u1", "known": True, "known_since": AT, "tier": "gold", "orders": 3,
    "revenue": 458.4, "refunds": 1, "refunded": 89.9, "last_order": AT, "cart_value": 600.0, "here_now": True,
}  # fmt: skip
STATE: dict[str, Any] = {
    "person": "cd" * 16,
    "suggestion": None,
    "reason": "nothing waits for an agent",
    "waiting": 0,
    "brief": {
        "who": WHO,
        "told": [{"at": AT, "moment": "failed", "title": "Payment failed", "text": "Card refused.", "until": LATER}],
        "happened": [{"at": AT, "kind": "event", "text": "Looked at /checkout", "times": 2}],
        "open": [{"kind": "payment", "since": AT, "until": None, "text": "Payment Failed · 600.00"}],
        "contacts": [{"at": AT, "channel": "email", "what": "Stalled: remind", "outcome": "dismissed"}],
        "avoid": [{"kind": "hold", "text": "Nothing about marketing: it is on hold", "until": LATER}],
    },
    "dispositions": [
        {"disposition": "complaint_open", "hold": ["marketing"], "for_ms": 604_800_000, "release": []},
        {"disposition": "resolved", "hold": [], "for_ms": 0, "release": ["marketing"]},
    ],
}


@pytest.fixture
def stub() -> Iterator[Stub]:
    with Stub() as running:
        yield running


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """That nobody goes by a name, or that an answer came too late, is no error of the page."""
    yield from watched(context, forgiven="Failed to load resource")


@pytest.fixture
def ada(stub: Stub) -> dict[str, Any]:
    """Somebody the stub knows as u1 and by her address."""
    state = copy.deepcopy(STATE)
    stub.desks |= {"user_id=u1": state, "email=ada%40example.com": state}
    return state


def suggest(stub: Stub, state: dict[str, Any]) -> None:
    """It waits; whoever asks next has it in hand."""
    told = {**state, "waiting": 1}
    state["suggestion"] = SUGGESTION
    stub.send("state", told)


def opened(page: Page, stub: Stub) -> None:
    page.goto(f"{stub.url}/desk?user_id=u1")
    expect(page.get_by_role("heading", name="Ada Lovelace")).to_be_visible()
    expect(page.locator("#pills")).to_contain_text("live")
    expect(page.locator("#pills")).not_to_contain_text("not live")
    eventually(lambda: stub.streams)


def test_a_customer_is_found_by_any_name(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    page.goto(f"{stub.url}/desk")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("ada@example.com")
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk?email=ada%40example.com")
    expect(page).to_have_title("Ada Lovelace · Agent desk")
    page.get_by_role("searchbox").fill("somebody else")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody goes by this name.")).to_be_visible()
    expect(page.locator("#desk")).to_be_hidden()


def test_the_brief_says_who_what_and_what_not(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    opened(page, stub)
    expect(page.locator("#suggestion")).to_contain_text("Nothing waits for an agent.")
    expect(page.locator("#told")).to_contain_text("Card refused.")
    expect(page.locator("#open li")).to_contain_text("Payment Failed · 600.00")
    expect(page.locator("#value")).to_contain_text("458.40")
    expect(page.locator("#happened li")).to_contain_text("Looked at /checkout× 2")
    expect(page.locator("#contacts li")).to_contain_text("email · dismissed")
    expect(page.locator("#avoid li")).to_contain_text("Nothing about marketing")


def test_what_comes_while_they_speak_is_asked_for_and_accepted_by_a_key(
    page: Page, stub: Stub, ada: dict[str, Any]
) -> None:
    opened(page, stub)
    suggest(stub, ada)
    expect(page.get_by_role("heading", name="Offer an invoice")).to_be_visible()
    expect(page.locator("#suggestion")).to_contain_text("Why this: adds the most.")
    page.wait_for_timeout(350)
    ada["suggestion"] = None
    page.keyboard.press("a")
    expect(page.locator("#suggestion")).to_contain_text("Accepted.")
    assert stub.taken == [("answer", {"decision_id": "ab" * 16, "answer": "accepted"})]


def test_a_key_in_the_instant_it_appears_is_no_answer(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    """It was meant for something else."""
    ada["suggestion"] = SUGGESTION
    page.add_init_script("addEventListener('DOMContentLoaded', () => new MutationObserver(() => "
                         "document.querySelector('button.yes') && document.body.dispatchEvent("
                         "new KeyboardEvent('keydown', {key: 'a', bubbles: true})))"
                         ".observe(document.querySelector('#suggestion'), {childList: true}))")  # fmt: skip
    opened(page, stub)
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    assert stub.taken == []


def test_declining_takes_a_reason_by_its_number(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    ada["suggestion"] = SUGGESTION
    opened(page, stub)
    page.wait_for_timeout(350)
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="already done")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Accept")).to_be_visible()
    page.keyboard.press("d")
    ada["suggestion"] = None
    page.keyboard.press("2")
    expect(page.locator("#suggestion")).to_contain_text("Declined: already done.")
    assert stub.taken == [("answer", {"decision_id": "ab" * 16, "answer": "declined", "reason": "already_done"})]


def test_an_answer_that_does_not_count_is_said(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    ada["suggestion"] = SUGGESTION
    opened(page, stub)
    stub.refusal = "This suggestion has been answered otherwise."
    page.get_by_role("button", name="Accept").click()
    expect(page.locator("#suggestion")).to_contain_text("This suggestion has been answered otherwise.")


def test_a_disposition_is_one_button(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    opened(page, stub)
    expect(page.locator("[data-disposition=complaint_open]")).to_contain_text("no marketing for 7 d")
    expect(page.locator("[data-disposition=resolved]")).to_contain_text("marketing allowed again")
    page.get_by_label("Note").fill("wants a call")
    page.locator("[data-disposition=complaint_open]").click()
    expect(page.locator("#ending")).to_contain_text("Noted: complaint open, until")
    said = {"person": "cd" * 16, "disposition": "complaint_open", "note": "wants a call"}
    assert stub.taken == [("disposition", said)]


def test_typing_a_note_answers_nothing(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    ada["suggestion"] = SUGGESTION
    opened(page, stub)
    page.wait_for_timeout(350)
    page.get_by_label("Note").press_sequentially("a d 1")
    stub.send("state", {**ada, "brief": {**ada["brief"], "told": []}})
    expect(page.locator("#told")).to_be_hidden()
    expect(page.get_by_label("Note")).to_have_value("a d 1")
    assert stub.taken == []


def test_what_may_not_be_handed_over_is_not_asked_for_again_and_again(
    page: Page, stub: Stub, ada: dict[str, Any]
) -> None:
    opened(page, stub)
    asked = len(stub.requests)
    ada["waiting"] = 1
    for number in range(3):
        stub.send("state", {**ada, "brief": {**ada["brief"], "who": {**WHO, "orders": 10 + number}}})
        expect(page.locator("#value")).to_contain_text(str(10 + number) if number else "3")
        page.wait_for_timeout(100)
    assert len(stub.requests) == asked + 1


def test_what_others_wrote_is_text(page: Page, stub: Stub, ada: dict[str, Any]) -> None:
    content = {"title": EVIL, "brief": EVIL, "say": [EVIL]}
    ada["suggestion"] = {**SUGGESTION, "because": EVIL, "reason": EVIL, "content": content}
    ada["brief"]["who"] = {**WHO, "name": EVIL, "tier": EVIL}
    for part in ("told", "happened", "open", "contacts", "avoid"):
        ada["brief"][part][0] = {**ada["brief"][part][0], "text": EVIL, "what": EVIL, "outcome": EVIL}
    page.goto(f"{stub.url}/desk?user_id=u1")
    expect(page.locator("#name")).to_have_text(EVIL)
    assert page.locator("img").count() == 0
