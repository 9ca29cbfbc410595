"""One suite over every service that pushes to us: whoever signs rightly is heard, once; nobody else is, and the refusal
says nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from journeyloop.adapters.config.load import load
from journeyloop.adapters.hooks import KINDS, Hooks
from journeyloop.adapters.http.hooks import MAX_BYTES
from journeyloop.runtime.doors import Overloaded
from journeyloop.runtime.hooked import Kind
from tests.contract.providers import PROVIDERS, Provider, Request
from tests.unit.config.examples import small
from tests.unit.http.asgi import NOW, Answer, ask, site
from tests.unit.http.recording import RecordingDoor

AT = NOW // 1000
EVERY = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda one: one.kind)
SIGNING = pytest.mark.parametrize("provider", [one for one in PROVIDERS if one.signs], ids=lambda one: one.kind)
TIMED = pytest.mark.parametrize("provider", [one for one in PROVIDERS if one.timed], ids=lambda one: one.kind)
DOUBTFUL = ("segment", "sendgrid", "intercom")
"""What they say here is a visitor's own word, or of an address that nobody vouched for."""

SECRETS = {"OLD": "an older secret that is still active", "EMPTY": ""}


@pytest.fixture
def door() -> RecordingDoor:
    return RecordingDoor()


def hooks(provider: Provider, secrets: dict[str, str] | None = None) -> Hooks:
    text = f"{provider.kind}:\n  secrets: [EMPTY, OLD, NOW]\n{provider.yaml.lstrip(chr(10))}"
    loaded = load(small() | {"sources.yaml": text})
    assert loaded.plan is not None, loaded.problems
    older = SECRETS if provider.kind not in ("sendgrid", "standard") else {}
    return Hooks({**older, "NOW": provider.secret} if secrets is None else secrets, loaded.sources)


def post(
    door: RecordingDoor, provider: Provider, request: Request, at: int = AT, sent: bytes | None = None, secret: str = ""
) -> Answer:
    """`sent`: another body than the one that was signed."""
    headers = [(name.lower(), value) for name, value in provider.headers(request, at, secret)]
    app = site(door, sources=hooks(provider))
    content = request.body if sent is None else sent
    return ask(app, "POST", f"/v1/hooks/{provider.kind}", headers, content, query=request.query)


def test_every_kind_is_here() -> None:
    assert {one.kind for one in PROVIDERS} == set(KINDS) == set(get_args(Kind))


@EVERY
def test_what_is_signed_becomes_an_event(door: RecordingDoor, provider: Provider) -> None:
    answer = post(door, provider, provider.good)
    assert (answer.status, answer.json["taken"], answer.json["rejected"]) == (200, 1, 0)
    [event] = door.events
    assert event.name == provider.event
    assert provider.properties.items() <= event.properties.items()
    assert event.time == NOW or event.time == NOW - 10_000
    assert event.user_id or event.anonymous_id
    assert event.source == ("browser" if provider.kind in DOUBTFUL else "server")
    assert door.hooks == {(provider.kind, "taken"): 1}


@EVERY
def test_a_repeat_has_the_id_of_the_first(door: RecordingDoor, provider: Provider) -> None:
    for later in (0, 60):
        assert post(door, provider, provider.good, AT + later).status == 200
    first, second = door.events
    assert first.message_id == second.message_id and first.primary() == second.primary()


@SIGNING
def test_one_byte_changed(door: RecordingDoor, provider: Provider) -> None:
    for at in {0, len(provider.good.body) // 2, len(provider.good.body) - 1}:
        changed = bytearray(provider.good.body)
        changed[at] ^= 1
        answer = post(door, provider, provider.good, sent=bytes(changed))
        assert (answer.status, answer.code) == (401, "unauthorized")
    assert not door.inputs and not door.rejected
    assert set(door.hooks) == {(provider.kind, "signature_wrong")}


@EVERY
def test_a_wrong_secret_and_none_are_refused_alike(door: RecordingDoor, provider: Provider) -> None:
    app, path = site(door, sources=hooks(provider)), f"/v1/hooks/{provider.kind}"
    bare = ask(app, "POST", path, list(provider.good.headers.items()), provider.good.body)
    other = hooks(provider, {"NOW": "d3Jvbmc="})
    headers = provider.headers(provider.good, AT)
    if provider.kind != "sendgrid":  # its key is public: another one is in test_sendgrid
        wrong = ask(site(door, sources=other), "POST", path, headers, provider.good.body)
        assert (wrong.status, wrong.body) == (bare.status, bare.body)
    unset = ask(site(door, sources=hooks(provider, {})), "POST", path, headers, provider.good.body)
    assert (unset.status, unset.body) == (401, bare.body)
    assert not door.inputs and not door.rejected
    assert door.hooks[provider.kind, "secret_missing"] == door.hooks[provider.kind, "signature_missing"] == 1


@TIMED
def test_a_signature_that_is_too_old_or_ahead(door: RecordingDoor, provider: Provider) -> None:
    for seconds in (-301, 301, -86_400):
        assert post(door, provider, provider.good, AT + seconds).status == 401
    assert door.hooks == {(provider.kind, "signature_stale"): 3} and not door.inputs
    for seconds in (-299, 299):
        assert post(door, provider, provider.good, AT + seconds).status == 200


@EVERY
@pytest.mark.parametrize("nonsense", [b"", b"\xff\xfe", b"[" * 40, b'{"a":NaN}', b"null", b"7"])
def test_nonsense_is_kept_if_it_is_signed(door: RecordingDoor, provider: Provider, nonsense: bytes) -> None:
    answer = post(door, provider, replace(provider.good, body=nonsense))
    if provider.kind == "mapping" and nonsense in (b"null", b"7"):
        assert answer.json == {"success": True, "taken": 0, "ignored": 1, "rejected": 0}
        return
    assert answer.status == 400
    assert [refused.raw for refused in door.rejected] == [nonsense]
    assert door.hooks == {(provider.kind, "nonsense"): 1} and not door.inputs


@EVERY
@pytest.mark.parametrize("deep", [b'{"a":' * 40 + b"1" + b"}" * 40, b'{"a":1,"a":2}', b'{"id":18446744073709551616}'])
def test_what_no_stage_could_keep(door: RecordingDoor, provider: Provider, deep: bytes) -> None:
    answer = post(door, provider, replace(provider.good, body=deep))
    assert answer.status == 400 and len(door.rejected) == 1


@EVERY
def test_what_means_nothing_is_taken_and_counted(door: RecordingDoor, provider: Provider) -> None:
    if not provider.meaningless.body or provider.kind == "segment":
        return
    answer = post(door, provider, provider.meaningless)
    assert answer.json == {"success": True, "taken": 0, "ignored": 1, "rejected": 0}
    assert not door.inputs and door.hooks == {(provider.kind, "ignored"): 1}


@EVERY
@pytest.mark.parametrize("odd", [{}, {"data": 1}, {"data": {"object": []}}, {"type": []}, {"RecordType": "Open"}])
def test_another_shape_never_fails(door: RecordingDoor, provider: Provider, odd: object) -> None:
    for content in (odd, [odd], {**json.loads(provider.good.body), **odd} if provider.good.body[:1] == b"{" else [7]):
        answer = post(door, provider, replace(provider.good, body=json.dumps(content).encode()))
        assert answer.status in (200, 400)


@EVERY
def test_a_full_inbox_is_the_senders_to_try_again(door: RecordingDoor, provider: Provider) -> None:
    door.fails = Overloaded(3)
    answer = post(door, provider, provider.good)
    assert (answer.status, answer.headers["retry-after"]) == (429, "3")


@EVERY
def test_a_body_is_bounded(door: RecordingDoor, provider: Provider) -> None:
    answer = post(door, provider, replace(provider.good, body=b" " * (MAX_BYTES + 1)))
    assert (answer.status, answer.code) == (413, "too_large")


def test_an_unknown_source_is_like_any_unknown_path(door: RecordingDoor) -> None:
    app = site(door, sources=hooks(PROVIDERS[0]))
    answers = [ask(app, "POST", path, [], b"{}") for path in ("/v1/hooks/other", "/v1/nothing")]
    assert [(one.status, one.body) for one in answers] == [(404, answers[0].body)] * 2
    assert ask(app, "GET", "/v1/hooks/stripe").status == 405
    assert door.hooks == {("", "unknown_source"): 1}


words = st.sampled_from(
    "id type event data object detail metadata customer email items item contacts topic created timestamp amount "
    "currency refunds transactions line_items note_attributes name value RecordType Type user_id messageId".split()
)
scalars = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats() | st.text(max_size=5) | words
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=6), max_leaves=15
)


@EVERY
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=trees, over=st.booleans())
def test_nothing_that_is_signed_makes_it_fail(provider: Provider, tree: object, over: bool) -> None:
    """Anything at all, alone or in place of what a good request holds."""
    good = json.loads(provider.good.body) if provider.good.body[:1] in b"{[" else {}
    content = {**good, **tree} if over and isinstance(good, dict) and isinstance(tree, dict) else tree
    answer = post(RecordingDoor(), provider, replace(provider.good, body=json.dumps(content).encode()))
    assert answer.status in (200, 400)
