"""Whatever an author writes, loading answers with problems; it never raises."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from journeyloop.adapters.config import load
from tests.unit.config.examples import AUDIENCES, CHECKOUT, POLICY, full

TOML = '[server]\nhost = "127.0.0.1"\nport = 8080\n[store]\ndurability = "sync"\n'
FILES = ("journeyloop.toml", "policy.yaml", "audiences.yaml", "moments/checkout_stall.yaml", "content/de.yaml")
TEXTS = {"journeyloop.toml": TOML, "policy.yaml": POLICY, "audiences.yaml": AUDIENCES, "content/de.yaml": "a: b\n"}
PIECES = st.sampled_from(
    ["[", "]", "{", "}", ":", "- ", "\n", "  ", "\t", "'", '"', "&a", "*a", "!t", "|", ">", "%", "{{", "}}", "{%", "~",
     "&&", "null", "true", "[]", "{}", "3m", "10%", "-1", "1e999", ".nan", "\0", "\x85", "\u2028", "profile.", "event",
     "0x", "#"]
)  # fmt: skip


@given(st.sampled_from(FILES), st.text())
def test_any_text_is_answered(name: str, text: str) -> None:
    loaded = load(full() | {name: text})
    assert (loaded.plan is None) == any(one.level == "error" for one in loaded.problems)
    assert all(one.line >= 1 for one in loaded.problems)


@given(
    st.sampled_from(FILES), st.integers(0, 2000), st.integers(0, 40), st.lists(PIECES | st.text(max_size=3), max_size=4)
)
def test_a_damaged_file_is_answered(name: str, at: int, cut: int, pieces: list[str]) -> None:
    text = TEXTS.get(name, CHECKOUT)
    at %= len(text)
    damaged = text[:at] + "".join(pieces) + text[at + cut :]
    loaded = load(full() | {name: damaged})
    assert (loaded.plan is None) == any(one.level == "error" for one in loaded.problems)
    lines = max(damaged.count("\n"), len(damaged.splitlines())) + 1
    assert all(1 <= one.line <= lines for one in loaded.problems if one.file == name)
