"""The profile is a fold: every permutation of a history gives the same one, and plain Python over the sorted whole
history says the same. Two people who turn out to be one have the profile of one person who did what both did.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from journeyloop.interpret.cart import contents
from journeyloop.interpret.fold import EVENT_NAMES, fold
from journeyloop.interpret.merge import hand_over
from journeyloop.interpret.visits import KEPT, merged, visited
from journeyloop.model.board import Board
from journeyloop.model.customer import Customer, Header, Session
from journeyloop.model.event import JITTER, Event
from journeyloop.model.frame import Frame
from journeyloop.model.inputs import HandOver
from journeyloop.model.profile import profile_values
from journeyloop.runtime import reads, records
from tests.property.rig import DAY, MINUTE, SECOND, SECRET, T, shop

GAP = 30 * MINUTE
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Mobile/15E148"
AGENTS = ["Mozilla/5.0 (X11; Linux x86_64)", PHONE, "Mozilla/5.0 (compatible; examplebot/2.1)", "python/3"]
MONEY = [0, 5, 19.99, 0.1, 1e300, -3.0, "12", None, True]
CONTEXTS: list[dict[str, Any]] = [
    {},
    {"page": {"path": "/a", "url": "https://shop.example/a", "referrer": "https://search.example/?q=lamp"}},
    {"page": {"path": "/b", "url": "https://shop.example/b", "referrer": "https://shop.example/a"}, "locale": "de-AT"},
    {"timezone": "Europe/Vienna", "campaign": {"name": "spring", "source": "newsletter", "medium": "email"}},
    {"campaign": {"source": "ads"}, "referrer": {"url": "https://ads.example/"}, "locale": "en-GB"},
    {"device": {"type": "tablet"}, "traits": {"seat": 1, "firstName": "Ada"}},
    {"traits": {"seat": 2}, "page": "none", "campaign": 7, "device": [], "referrer": 1, "timezone": None},
]
NAMES = [
    *["Product Added"] * 6, *["Product Removed"] * 4, "Cart Viewed", "Checkout Started", "Order Completed",
    "Order Refunded", "Identify", "Group", "Page",
]  # fmt: skip
TIMES = [0, 1, 400, SECOND, 3 * SECOND, MINUTE, GAP - 1, GAP, GAP + 1, 45 * MINUTE, 2 * 3600 * SECOND]
ORDERS = ["", "o1", "o2", 3, None]


Choose = Callable[[Sequence[Any]], Any]


def product(choose: Choose) -> dict[str, Any]:
    found = {"product_id": choose("pqr")}
    for name, values in (("quantity", [1, 2, 3, 0, -1, 0.5]), ("price", MONEY), ("name", ["lamp", "desk"])):
        if choose([True, False]):
            found[name] = choose(values)
    return found


def event(choose: Choose) -> Event:
    name = choose(NAMES)
    made = Event("track", name, "", T + choose(TIMES) + choose(TIMES), anonymous_id="a")
    made.context = choose(CONTEXTS)
    if choose([True, False]):
        made.context = {**made.context, "userAgent": choose(AGENTS)}
    made.source = choose(["browser", "server"])
    if name.startswith("Product"):
        made.properties = product(choose)
    elif name in ("Cart Viewed", "Checkout Started"):
        made.properties = {"products": choose([None, [product(choose) for _ in range(choose(range(4)))]])}
    elif name.startswith("Order"):
        made.properties = {"revenue": choose(MONEY), "total": choose(MONEY), "order_id": choose(ORDERS)}
    else:
        made.kind = name.lower()
        made.traits = {"tier": choose(range(3)), "lastName": choose("xy")}
    return made


@st.composite
def events(draw: st.DrawFn) -> Event:
    return event(lambda options: draw(st.sampled_from(options)))


def long_history(seed: int) -> list[Event]:
    random = Random(seed)
    return [event(random.choice) for _ in range(random.randrange(60))]


def histories() -> st.SearchStrategy[list[Event]]:
    """Short ones that shrink well, and long ones from a seed."""
    return st.lists(events(), max_size=6) | st.integers(0, 1 << 32).map(long_history)


def frame() -> Frame:
    return Frame(T + DAY, shop(), Board(), SECRET, 1, T)


def person(history: list[Event], id_: bytes = b"p" * 16) -> Customer:
    """Somebody with this history, written and read after every event as a store would."""
    customer = Customer(Header(id_, T))
    for event in history:
        fold(customer, event, frame())
        customer = records.decode_customer(records.encode_customer(customer))
    return customer


def seen(customer: Customer) -> dict[str, Any]:
    """Everything of the profile that must not depend on the order."""
    header, sealed = customer.header, customer.sealed
    session = header.session
    return {
        "values": profile_values(customer, T + DAY, {}),
        "traits": dict(sorted(customer.traits.items())),
        "cart": [(one.key, one.name, one.price, one.quantity) for one in contents(sealed.cart)],
        "kept": records.encode_record(sealed.cart) + records.encode_record(sealed.context),
        "visits": (session.number, session.started, session.last, session.events, session.earlier, session.settled),
        "counts": dict(sorted(header.counts.items())),
        "bot": header.bot,
        "clocks": (header.first_seen, header.last_seen, header.first_order, header.last_order),
        "money": (header.orders, header.revenue_micros, header.refunds, header.refunded_micros, header.order_marks),
        "read": reads.profile(customer, shop(), T + DAY) | {"counts": {}, "traits": {}, "profile": {}},
    }


@given(histories(), st.randoms(use_true_random=False))
def test_every_permutation_gives_the_same_profile(history: list[Event], random: Any) -> None:
    shuffled = list(history)
    random.shuffle(shuffled)
    assert seen(person(shuffled)) == seen(person(history))


@given(histories(), histories())
def test_two_people_who_are_one_have_the_profile_of_one(one: list[Event], other: list[Event]) -> None:
    together = person([*one, *other])
    for mine, theirs in ((one, other), (other, one)):
        survivor, giver = person(mine), person(theirs, b"q" * 16)
        hand_over(survivor, HandOver(b"h" * 16, deepcopy(giver)), frame())
        assert seen(survivor) == seen(together)


# --- what plain Python says of the whole history ----------------------------------------------------------------------


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return max(-1e9, min(1e9, float(value)))


def expected_cart(history: list[Event]) -> dict[str, float]:
    """Product → quantity."""
    truths = [one for one in history if one.name == "Order Completed" or _lists(one)]
    since = max((one.time for one in truths), default=0)
    cart: Counter[str] = Counter()
    newest = [one for one in truths if one.time == since]
    if newest and not any(one.name == "Order Completed" or not one.properties["products"] for one in newest):
        candidates = [_listing(one) for one in newest]
        cart = Counter(dict(max(candidates, key=lambda one: repr(one[0]))[1]))
    steps = []
    for one in history:
        key, quantity = one.properties.get("product_id", ""), number(one.properties.get("quantity"))
        if one.time > since and one.name == "Product Added":
            steps.append((one.time, 0, key, quantity if quantity > 0 else 1.0))
        if one.time > since and one.name == "Product Removed":
            steps.append((one.time + JITTER, -1, key, quantity if quantity > 0 else 1e12))
    for _, sign, key, quantity in sorted(steps):
        cart[key] = max(0, cart[key] + (quantity if sign == 0 else -quantity))
    return {key: quantity for key, quantity in cart.items() if quantity > 0}


def _lists(one: Event) -> bool:
    return one.name in ("Cart Viewed", "Checkout Started") and isinstance(one.properties["products"], list)


def _listing(one: Event) -> tuple[Any, dict[str, float]]:
    """Two listings at one instant: which one is believed is ours to choose, so the choice is read from the profile."""
    only = person([one])
    quantities: Counter[str] = Counter()
    for product in one.properties["products"]:
        quantity = number(product.get("quantity"))
        quantities[product["product_id"]] += quantity if quantity > 0 else 1.0
    return only.sealed.cart.lines, quantities


def expected_visits(times: list[int]) -> list[list[int]]:
    visits: list[list[int]] = []
    for time in sorted(times):
        if visits and time - visits[-1][-1] <= GAP:
            visits[-1].append(time)
        else:
            visits.append([time])
    return visits


def expected_orders(history: list[Event]) -> tuple[int, float]:
    sums: dict[Any, float] = {}
    for at, one in enumerate(history):
        if one.name == "Order Completed":
            id_ = one.properties["order_id"]
            key = at if id_ in (None, "") else str(id_)
            sum_ = max(0.0, number(one.properties["revenue"])) or max(0.0, number(one.properties["total"]))
            sums[key] = max(sums.get(key, 0.0), sum_)
    return len(sums), sum(sums.values())


def newest(history: list[Event], value: Any) -> Any:
    """The value of the newest event that has one, at one time the largest."""
    found = [(one.time, said) for one in history if (said := value(one))]
    return max(found)[1] if found else None


def _referrer(one: Event) -> Any:
    """Of the addresses in CONTEXTS, those of other sites."""
    return next(
        (url for url in ("https://search.example/?q=lamp", "https://ads.example/") if url in str(one.context)), ""
    )


def _campaign(one: Event) -> Any:
    stated = one.context.get("campaign")
    return isinstance(stated, dict) and tuple(stated.get(name, "") for name in ("name", "source", "medium"))


def expected_device(history: list[Event]) -> str | None:
    """The newest of what was stated and what the user agent shows; of both at one time the stated."""
    found = [(one.time, 1, "tablet") for one in history if one.context.get("device") == {"type": "tablet"}]
    agent = newest(history, lambda one: one.context.get("userAgent"))
    kinds = {AGENTS[0]: "desktop", AGENTS[1]: "mobile", AGENTS[2]: "desktop"}
    if agent in kinds:
        at = max(one.time for one in history if one.context.get("userAgent") == agent)
        found.append((at, 0, kinds[agent]))
    return max(found)[2] if found else None


def _page(one: Event) -> Any:
    page = one.context.get("page")
    return page["path"] if isinstance(page, dict) else None


@given(histories())
def test_plain_python_over_the_sorted_history_agrees(history: list[Event]) -> None:
    customer = person(history)
    header, values = customer.header, profile_values(customer, T + DAY, {})
    assert {one.key: one.quantity for one in contents(customer.sealed.cart)} == expected_cart(history)
    visits = expected_visits([one.time for one in history])
    assert header.session.number == len(visits)
    if visits:
        session = header.session
        assert (session.started, session.last, session.events) == (visits[-1][0], visits[-1][-1], len(visits[-1]))
    orders, revenue = expected_orders(history)
    assert header.orders == orders and abs(header.revenue - revenue) < 1e-3
    assert values.get("page") == newest(history, _page)
    agent = newest(history, lambda one: one.context.get("userAgent"))
    assert header.bot == (agent == AGENTS[2])
    assert values.get("locale") == newest(history, lambda one: one.context.get("locale"))
    assert values.get("time_zone") == newest(history, lambda one: one.context.get("timezone"))
    assert values.get("referrer") == newest(history, _referrer)
    campaign = newest(history, _campaign)
    assert [values.get(f"campaign{of}", "") for of in ("", "_source", "_medium")] == list(campaign or ("", "", ""))
    assert values.get("device") == expected_device(history)
    assert values["refunds"] == sum(one.name == "Order Refunded" for one in history)
    tier = newest([one for one in history if one.kind != "group"], lambda one: one.traits.get("tier", -1) + 1)
    assert values.get("tier") == (None if tier is None else tier - 1)


# --- visits far out of order ------------------------------------------------------------------------------------------

instants = st.lists(st.integers(0, 90), max_size=40).map(lambda steps: [T + at * 14 * MINUTE for at in steps])


def spans(session: Session) -> Any:
    return [*session.earlier, (session.started, session.last, session.events)] if session.number else []


def walked(times: list[int]) -> Session:
    session = Session()
    for time in times:
        session = visited(session, time)
    return session


@given(instants, st.randoms(use_true_random=False), st.integers(0, 25))
def test_visits_are_exact_while_events_come_after_what_is_settled(times: list[int], random: Any, most: int) -> None:
    """In any order, as long as no event belongs to the eight newest visits no more."""
    late = sorted(times)
    for at in range(len(late)):
        late.insert(random.randrange(max(0, at - most), at + 1), late.pop(at))
    session = Session()
    for time in late:
        assume(time > session.settled)
        session = visited(session, time)
    visits = [(one[0], one[-1], len(one)) for one in expected_visits(late)]
    assert session.number == len(visits)
    known = [one for one in spans(session) if one[0] > session.settled]
    assert known == visits[len(visits) - len(known) :]
    assert len(visits) <= KEPT or len(known) >= len(spans(session)) - 1


@given(instants)
def test_visits_are_bounded_and_never_fewer_than_are_kept(times: list[int]) -> None:
    found = walked(times)
    assert len(found.earlier) < KEPT
    assert (found.number == 0) == (times == [])
    assert found.number >= min(len(expected_visits(times)), len(found.earlier) + 1)
    assert all(last > found.settled for _, last, _ in spans(found))
    if times:
        assert found.last == max(times)


def test_an_event_of_a_visit_that_is_only_counted_changes_none() -> None:
    session = walked([T + at * DAY for at in range(KEPT + 2)])
    assert (session.number, session.settled) == (KEPT + 2, T + DAY)
    assert visited(deepcopy(session), T + DAY - 1) == visited(deepcopy(session), T) == session
    assert visited(deepcopy(session), T + DAY + 1).number == KEPT + 2
    assert visited(deepcopy(session), T + DAY + 2 * GAP).number == KEPT + 3


def test_two_visits_that_a_late_event_joins_are_one() -> None:
    session = walked([T + at * 45 * MINUTE for at in range(KEPT + 2)])
    joined = visited(session, T + 5 * 45 * MINUTE + 20 * MINUTE)
    assert (joined.number, joined.settled) == (KEPT + 1, T + 45 * MINUTE)
    assert [one[2] for one in spans(joined)] == [1, 1, 1, 3, 1, 1, 1]


@given(instants, instants)
def test_joining_visits_has_no_order(one: list[int], other: list[int]) -> None:
    mine, theirs = walked(one), walked(other)
    there, back = merged(deepcopy(mine), deepcopy(theirs)), merged(deepcopy(theirs), deepcopy(mine))
    assert there == back
    if len(expected_visits([*one, *other])) <= KEPT:
        together = walked([*one, *other])
        assert (there.number, spans(there)) == (together.number, spans(together))


def test_signals_stay_with_their_visit() -> None:
    session = visited(Session(), T)
    session.signals = {"stall": 2}
    assert visited(session, T - GAP).signals == {"stall": 2}
    assert visited(deepcopy(session), T + GAP).signals == {"stall": 2}
    assert visited(deepcopy(session), T + GAP + 1).signals == {}
    assert merged(deepcopy(session), Session(1, T + 1, T + 1, 1, {"stall": 1})).signals == {"stall": 3}
    assert merged(deepcopy(session), Session(1, T + DAY, T + DAY, 1, {"stall": 1})).signals == {"stall": 1}


# --- the bounds -------------------------------------------------------------------------------------------------------


@given(st.permutations(range(120)))
def test_more_than_is_kept_is_the_same_in_any_order(order: list[int]) -> None:
    """Names, traits and changes beyond the bounds, and orders beyond those remembered."""
    history = []
    for at in range(120):
        event = Event("track", f"event {at:03}", "", T + at, anonymous_id="a", traits={f"trait {at % 110}": at})
        if at % 2:
            event.name = "Product Added"
            event.properties = {"product_id": f"p{at % 7}"}
        elif at % 3 == 0:
            event.name = "Order Refunded"
            event.properties = {"total": 9e18}
        history.append(event)
    history += [Event("track", "Product Added", "", T + 200 + at, properties={"product_id": "p"}) for at in range(60)]
    mixed = [history[at] for at in order] + history[120:]
    one, other = person(history), person(mixed)
    assert seen(one) == seen(other)
    assert len(one.traits) == 100 and len(one.header.counts) <= EVENT_NAMES
    assert len(one.sealed.cart.changes) == 100


def test_names_beyond_the_bound_are_counted_alike() -> None:
    history = [Event("track", f"event {at % 130}", "", T + at) for at in range(260)]
    assert person(history).header.counts == person(history[::-1]).header.counts
    assert len(person(history).header.counts) == EVENT_NAMES


def test_no_sum_outgrows_the_store() -> None:
    order = Event("track", "Order Completed", "", T, properties={"revenue": 1e300})
    customer = Customer(Header(b"p" * 16, T))
    for _ in range(20_000):
        fold(customer, order, frame())
    again = records.decode_customer(records.encode_customer(customer)).header
    assert again.orders == 20_000 and again.revenue > 1e12


@given(st.lists(st.tuples(st.sampled_from([*TIMES, 10 * GAP]), st.sampled_from([1, 1, 1, -1])), max_size=40))
def test_an_event_makes_of_the_visits_what_a_person_of_one_event_would(steps: list[tuple[int, int]]) -> None:
    """Folding has short ways for what comes in order; a merge goes the long way."""
    time, short, long = T, Session(), Session()
    for step, sign in steps:
        time += sign * step
        short = visited(short, time)
        long = merged(long, Session(1, time, time, 1)) if time > long.settled else long
        assert short == long
