"""What other systems are told reaches real receivers on loopback, once it can, and the person's record proves it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from msgspec import json

from journeyloop.adapters.channels.destinations import Telling
from journeyloop.adapters.channels.receiver import HttpReceiver
from journeyloop.adapters.channels.signing import keys_of, signed
from journeyloop.adapters.config.load import load
from journeyloop.model.inputs import ConsentStated, Held, Imported
from journeyloop.runtime import person
from journeyloop.runtime import push as module
from journeyloop.runtime.push import KEPT, NOBODY, Pushing
from journeyloop.runtime.staging import NOT_LISTED, Sink
from journeyloop.runtime.ways import Ways
from journeyloop.testing.endpoints import Endpoint, http
from tests.property.rig import ALLOWED, HOUR, POLICY, REFUSED, Rig, moment, plan_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BOUGHT = """also:
  - {sync: crm, suppress: [cart], for: 24h, text: "{{ profile.first_name }} bought"}
"""


def settings(url: str = "http://127.0.0.1:1/", by: str = "user_id", more: str = "") -> str:
    on = 'on = ["opt_out", "hold", "dead_address"]'
    crm = f'[destinations.crm]\nkind = "webhook"\nurl = "{url}"\nsecret = "CRM"\n{on}\nidentify_by = "{by}"\n'
    return more + crm + '[destinations.team]\nkind = "apprise"\nsecret = "TEAM"\n'


class Shop:
    """A rig whose errands run, over the environment `secrets`."""

    def __init__(self, toml: str, also: str = BOUGHT, **secrets: str) -> None:
        bought = moment("bought", detect="{event: Order Completed}", body=also, actions="[]")
        self.rig = Rig(plan_of(bought, moment("other", purpose="marketing", topic="cart"), settings=toml))
        self.secrets, self.sink = {"CRM": SECRET} | secrets, Sink()
        self.pushing = self.running()

    def running(self) -> Pushing:
        rig = self.rig
        ways = Ways(Telling(self.secrets, lambda: rig.now, True).connect)
        return Pushing(
            rig.store, rig.secret, lambda: rig.plan, HttpReceiver([], lambda: rig.now, True), self.submit,
            lambda: rig.now, ways, self.sink,
        )  # fmt: skip

    async def submit(self, inputs: Any, rejected: Any, also: Callable[[Any], None]) -> None:
        self.rig.apply(*inputs)
        with self.rig.store.write() as transaction:
            also(transaction)

    def buy(self, user: str = "u1", **fields: Any) -> None:
        self.rig.track("Order Completed", f"a-{user}", user_id=user, properties={"revenue": 60.0}, **fields)

    def identify(self, user: str = "u1", **traits: Any) -> None:
        self.rig.track("Identify", f"a-{user}", user_id=user, traits=traits, source="server")

    def told(self, user: str = "u1") -> list[dict[str, Any]]:
        """Oldest first."""
        with self.rig.store.read() as reader:
            one = person.profile(reader, self.rig.secret, self.rig.plan, self.rig.find(user, "user_id"), self.rig.now)
        return list(reversed(one["told"]))

    def states(self, user: str = "u1") -> list[tuple[str, str]]:
        return [(one["reason"], one["state"]) for one in self.told(user)]

    async def settled(self) -> None:
        self.pushing.start()
        async with asyncio.timeout(10):
            while self.rig.rows("pushes"):
                await asyncio.sleep(0.005)


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(story())  # type: ignore[arg-type]


def bodies(endpoint: Endpoint) -> list[dict[str, Any]]:
    return [json.decode(one.body) for one in endpoint.asked]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST", 0.01)


def test_a_purchase_suppresses_elsewhere_and_the_record_proves_it() -> None:
    async def story() -> None:
        async with Endpoint(http(500), http(200)).open() as endpoint:
            shop = Shop(settings(endpoint.url))
            shop.identify(first_name="Ana")
            shop.buy()
            assert shop.states() == [("moment", "waiting")]
            at = shop.rig.now
            shop.rig.now += 700
            await shop.settled()
            await shop.pushing.stop()
            first, second = endpoint.asked
            assert first.headers["webhook-id"] == second.headers["webhook-id"]
            assert first.body == second.body
            told = json.decode(second.body)
            assert told["type"] == "suppression"
            wanted = {"topics": ["cart"], "until": at + 24 * HOUR, "user_id": "u1", "reason": "moment"}
            assert told["data"] | wanted == told["data"]
            assert told["data"]["moment"] == "bought" and told["data"]["text"] == "Ana bought"
            assert "emails" not in told["data"]
            [proof] = shop.told()
            assert (proof["to"], proof["state"], proof["took_ms"]) == ("crm", "acknowledged", 700)
            assert proof["acknowledged"] == at + 700
            assert shop.rig.replayed().different == 0

    run(story)


def test_the_signature_is_the_destinations_own() -> None:
    async def story() -> None:
        async with Endpoint().open() as endpoint:
            shop = Shop(settings(endpoint.url))
            shop.buy()
            await shop.settled()
            await shop.pushing.stop()
            assert endpoint.asked[0].headers["webhook-signature"].startswith("v1,")
            assert verified(endpoint) is True

    run(story)


def verified(endpoint: Endpoint) -> bool:
    asked = endpoint.asked[0]
    id_, at = asked.headers["webhook-id"], int(asked.headers["webhook-timestamp"])
    return signed(keys_of(SECRET), id_, at, asked.body)["webhook-signature"] == asked.headers["webhook-signature"]


SAYING: dict[str, tuple[Callable[[Shop], None], dict[str, Any]]] = {
    "opt-out": (
        lambda shop: shop.rig.apply(ConsentStated(("user_id", "u1"), {"marketing": False}, shop.rig.now, "page")),
        {"reason": "opt_out", "topics": ["marketing"], "until": None},
    ),
    "unsubscribe": (
        lambda shop: _event(shop, "Email Unsubscribed"),
        {"reason": "opt_out", "topics": ["marketing/email"], "until": None},
    ),
    "bounce": (lambda shop: _event(shop, "Email Bounced"), {"reason": "dead_address"}),
    "hold": (
        lambda shop: shop.rig.apply(Held(("user_id", "u1"), ["cart"], shop.rig.now + HOUR)),
        {"reason": "hold", "topics": ["cart"]},
    ),
}


def _event(shop: Shop, name: str) -> None:
    shop.rig.track(name, "a-u1", user_id="u1", source="server", properties={"email": "ana@example.com"})


@pytest.mark.parametrize("which", SAYING)
def test_whatever_ends_messages_is_told_to_who_asks_for_it(which: str) -> None:
    say, wanted = SAYING[which]

    async def story() -> None:
        async with Endpoint().open() as endpoint:
            shop = Shop(settings(endpoint.url, by="email"))
            shop.identify(email="ana@example.com")
            say(shop)
            await shop.settled()
            await shop.pushing.stop()
            [told] = bodies(endpoint)
            assert told["type"] == "suppression"
            assert told["data"] | wanted == told["data"]
            assert (told["data"]["user_id"], told["data"]["emails"]) == ("u1", ["ana@example.com"])
            assert told["data"]["person"] == shop.rig.find("u1", "user_id").header.person.hex()
            assert [state for _, state in shop.states()] == ["acknowledged"]
            say(shop)
            assert len(shop.told()) == 1, "nothing has changed, so nothing is told"

    run(story)


def test_of_several_addresses_the_dead_one_is_named() -> None:
    async def story() -> None:
        async with Endpoint().open() as endpoint:
            shop = Shop(settings(endpoint.url, by="email"))
            shop.identify(email="ana@example.com")
            shop.identify(email="ana@work.example")
            SAYING["bounce"][0](shop)
            SAYING["bounce"][0](shop)
            await shop.settled()
            await shop.pushing.stop()
            [told] = bodies(endpoint)
            assert told["data"]["emails"] == ["ana@example.com"]
            assert told["data"]["topics"] == ["marketing/email", "service/email"]

    run(story)


def test_a_destination_is_told_only_of_what_it_asks_for() -> None:
    shop = Shop(settings().replace('on = ["opt_out", "hold", "dead_address"]', 'on = ["hold"]'))
    shop.identify()
    SAYING["opt-out"][0](shop)
    assert shop.told() == []
    SAYING["hold"][0](shop)
    assert shop.states() == [("hold", "waiting")]


def test_what_an_unknown_visitor_refused_is_told_when_they_are_known() -> None:
    shop = Shop(settings())
    shop.rig.track("Page", "a-u1", context=REFUSED)
    assert shop.rig.rows("pushes") == []
    shop.identify()
    assert [(one["reason"], one["topics"]) for one in shop.told()] == [("opt_out", ["marketing"])]


def test_what_one_of_two_refused_is_told_of_both_when_they_are_one() -> None:
    shop = Shop(settings())
    shop.rig.track("Page", "phone", user_id="u1", context=ALLOWED)
    shop.rig.track("Page", "laptop", context=REFUSED)
    assert shop.rig.rows("pushes") == []
    shop.rig.track("Page", "laptop", user_id="u1")
    assert [(one["reason"], one["topics"]) for one in shop.told()] == [("opt_out", ["marketing"])]
    assert shop.rig.replayed().different == 0


def test_who_is_unknown_there_is_not_told_of_and_the_record_says_so() -> None:
    shop = Shop(settings(by="email"))
    shop.buy()
    assert shop.rig.rows("pushes") == []
    [proof] = shop.told()
    assert (proof["state"], proof["why"]) == ("refused", "no e-mail address")


def test_a_text_that_cannot_be_filled_holds_up_no_suppression() -> None:
    shop = Shop(settings(), also=BOUGHT + '  - {alert: team, text: "{{ profile.first_name }}"}\n  - {sync: crm}\n')
    shop.buy()
    suppression, alert, signal = shop.told()
    assert suppression["state"] == "waiting"
    assert (alert["state"], alert["why"]) == ("refused", "content: text: 'dict object' has no attribute 'first_name'")
    assert (signal["type"], signal["state"], signal["topics"]) == ("moment.signal", "waiting", [])


@pytest.mark.parametrize(("changes", "told"), [({"holdout": "100%"}, 1), ({"learn": "{mode: shadow}"}, 0)])
def test_it_is_outside_of_holdout_and_not_in_shadow(changes: dict[str, str], told: int) -> None:
    rig = Rig(plan_of(moment(body="also: [{sync: crm}]\n", **changes), settings=settings()))
    rig.track("Asked For", user_id="u1")
    assert len(rig.rows("told")) == told


def test_a_dead_destination_delays_nobody_and_is_given_up() -> None:
    async def story() -> None:
        async with Endpoint(http(503)).open() as dead, Endpoint().open() as alive:
            other = f'[destinations.erp]\nkind = "webhook"\nurl = "{alive.url}"\nsecret = "CRM"\n'
            shop = Shop(settings(dead.url, more=other), also=BOUGHT + "  - {sync: erp}\n")
            shop.buy()
            shop.pushing.start()
            await alive.until(lambda: len(alive.asked) == 1)
            await dead.until(lambda: len(dead.asked) >= 2)
            shop.rig.now += KEPT + 1
            await shop.settled()
            await shop.pushing.stop()
            states = {one["to"]: (one["state"], one["why"]) for one in shop.told()}
            assert states == {"crm": ("given_up", "http_503"), "erp": ("acknowledged", "")}

    run(story)


def test_a_destination_that_is_gone_is_told_nothing() -> None:
    async def story() -> None:
        shop = Shop(settings())
        shop.buy()
        shop.rig.change(plan_of(moment()))
        await shop.settled()
        await shop.pushing.stop()
        assert [(one["state"], one["why"]) for one in shop.told()] == [("dropped", NOBODY)]

    run(story)


def test_a_secret_that_is_missing_is_waited_for() -> None:
    async def story() -> None:
        async with Endpoint().open() as endpoint:
            shop = Shop(settings(endpoint.url))
            secret = shop.secrets.pop("CRM")
            shop.buy()
            shop.pushing.start()
            await asyncio.sleep(0.05)
            assert endpoint.asked == [] and shop.states() == [("moment", "waiting")]
            shop.secrets["CRM"] = secret
            await shop.settled()
            await shop.pushing.stop()
            assert shop.states() == [("moment", "acknowledged")]

    run(story)


def test_outside_production_only_listed_people_are_told_of() -> None:
    async def story() -> None:
        async with Endpoint().open() as endpoint:
            listed = 'environment = "staging"\nrecipients_allow = ["u2"]\n'
            shop = Shop(settings(endpoint.url, more=listed))
            shop.identify(first_name="Ana")
            shop.buy("u1")
            shop.buy("u2")
            await shop.settled()
            await shop.pushing.stop()
            assert [one["data"]["user_id"] for one in bodies(endpoint)] == ["u2"]
            [proof] = shop.told("u1")
            assert (proof["state"], proof["why"]) == ("withheld", NOT_LISTED)
            [sunk] = shop.sink.listed()
            assert (sunk["channel"], sunk["action"], sunk["moment"]) == ("crm", "suppression", "bought")
            assert sunk["content"]["text"] == "Ana bought"

    run(story)


def test_what_waits_survives_a_restart() -> None:
    async def story() -> None:
        async with Endpoint().open() as endpoint:
            shop = Shop(settings(endpoint.url))
            shop.buy("u1")
            await shop.pushing.stop()
            shop.rig.restart()
            shop.pushing = shop.running()
            shop.buy("u2")
            await shop.settled()
            await shop.pushing.stop()
            assert [one["data"]["user_id"] for one in bodies(endpoint)] == ["u1", "u2"]

    run(story)


def test_an_alert_reaches_the_team_by_apprise_and_says_no_more_than_its_text() -> None:
    async def story() -> None:
        async with Endpoint().open() as endpoint:
            also = 'also: [{alert: team, text: "{{ profile.first_name }} bought <b>twice</b>"}]\n'
            shop = Shop(settings(), also=also, TEAM=endpoint.url.replace("http://", "json://"))
            shop.identify(first_name="Ana", email="ana@example.com")
            shop.buy()
            await shop.settled()
            await shop.pushing.stop()
            [asked] = endpoint.asked
            assert json.decode(asked.body)["message"] == "Ana bought <b>twice</b>"
            assert b"u1" not in asked.body and b"example.com" not in asked.body
            assert shop.states() == [("moment", "acknowledged")]

    run(story)


def test_an_import_tells_nobody_of_what_is_long_known() -> None:
    shop = Shop(settings())
    shop.identify()
    shop.rig.apply(Imported(shop.rig.event("Unsubscribed", "a-u1", user_id="u1", source="import")))
    shop.rig.apply(ConsentStated(("user_id", "u1"), {"marketing": False}, shop.rig.now, "cmp", received=shop.rig.now))
    assert shop.told() == []


CRM = '[destinations.crm]\nkind = "webhook"\nsecret = "A"\n'
TEAM = '[destinations.crm]\nkind = "apprise"\n'
REFUSALS = {
    '[destinations.crm]\nkind = "fax"': "journeyloop.toml:2: error: destinations.crm.kind: unknown fax",
    CRM: "journeyloop.toml:1: error: destinations.crm.url: missing",
    CRM + 'url = "crm"': "journeyloop.toml:4: error: destinations.crm.url:",
    CRM + 'url = "https://a.example"\non = ["holds"]': (
        "journeyloop.toml:5: error: destinations.crm.on: unknown holds: did you mean hold?"
    ),
    TEAM + 'secret = "slack://a/b/c"': "journeyloop.toml:3: error: destinations.crm.secret:",
    TEAM + 'secret = "A"\non = ["hold"]': "journeyloop.toml:4: error: unknown key destinations.crm.on",
    "[destinations]\nCRM = 1": "journeyloop.toml:2: error: destinations.CRM: write a name",
    "[destinations]\ncrm = 1": "journeyloop.toml:2: error: destinations.crm: write a table",
}


@pytest.mark.parametrize("text", REFUSALS)
def test_a_destination_that_cannot_be_is_refused(text: str) -> None:
    problems = load({"journeyloop.toml": text, "policy.yaml": POLICY}).problems
    assert any(str(problem).startswith(REFUSALS[text]) for problem in problems), problems


ALSO = {
    "{alert: crm, text: Hi}": "also.alert: there is no destination crm of kind apprise: write one of team",
    "{sync: crn}": "also.sync: there is no destination crn of kind webhook: did you mean crm?",
    "{alert: team}": "also.text: missing",
    "{alert: team, text: '{{ profile.naem }}'}": "also.text: unknown name profile.naem: did you mean name?",
    "{sync: crm, for: 2h}": "also.for: says nothing without suppress",
    "{sync: crm, suppress: [cart]}": "also.for: missing",
    "{sync: crm, suppress: []}": "also.suppress: write topics or purposes",
    "{suppress: [cart]}": "also.suppress: says nothing without sync",
    "{sync: crm, hold: [cart]}": "unknown key also.hold",
}


@pytest.mark.parametrize("item", ALSO)
def test_what_else_happens_is_checked_with_its_line(item: str) -> None:
    texts = {"moments/now.yaml": moment(body=f"also:\n  - {item}\n"), "policy.yaml": POLICY}
    loaded = load(texts | {"journeyloop.toml": settings()})
    [problem] = [one for one in loaded.problems if one.level == "error"]
    assert problem.message.startswith(ALSO[item])
    assert (problem.file, problem.line) == ("moments/now.yaml", 8)
