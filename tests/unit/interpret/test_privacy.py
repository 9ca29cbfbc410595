"""A privacy string that opts out, or that nobody can read, is an opt-out; nothing a client sends can break the reading.

The strings below were written by the reference encoders: TC strings by `TCString.encode` of npm's @iabtcf/core 1.5.6
(a `TCModel` with a vendor list of one vendor), GPP strings by `GppModel.setFieldValue` and `encode` of npm's
@iabgpp/cmpapi 3.2.0. The names say which purposes have consent or which fields were set.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeyloop.interpret.privacy import KEPT, KINDS, Signalled, signalled

TC_ALL = "CQdjfYAQdjfYAAfACBENAqFAAP_gAAAAAAYgABEAAAAA.IABE"
TC_GRANTS = {
    "all": TC_ALL,
    "1 and 2": "CQdjfYAQdjfYAAfACBENAqFAAMAAAAAAAAYgAAAAAAAA.IABE",
    "1 and 3": "CQdjfYAQdjfYAAfACBENAqFAAKAAAAAAAAYgAAAAAAAA.IABE",
    "1 and 4": "CQdjfYAQdjfYAAfACBENAqFAAJAAAAAAAAYgAAAAAAAA.IABE",
}
TC_NONE = "CQdjfYAQdjfYAAfACBENAqFAAAAAAAAAAAYgAAAAAAAA.IABE"
TC_OPT_OUTS = {
    "none": TC_NONE,
    "all but 1": "CQdjfYAQdjfYAAfACBENAqFAAH_AAAAAAAYgAAAAAAAA.IABE",
    "only 1": "CQdjfYAQdjfYAAfACBENAqFAAIAAAAAAAAYgAAAAAAAA.IABE",
    "all but 2, 3 and 4": "CQdjfYAQdjfYAAfACBENAqFAAI_AAAAAAAYgAAAAAAAA.IABE",
    "1, and 2, 3 and 4 by legitimate interest": "CQdjfYAQdjfYAAfACBENAqFAAIAAAHAAAAYgAAAAAAAA.IABE",
    "2, 3 and 4, and 1 was not asked": "CQdjfYAQdjfYAAfACBENAqFAAHAAAAAAAIYgAAAAAAAA.IABE",
}

GPP_GRANTS = {
    "no section": "DBAA",
    "tcfeuv2: 1, 2, 3, 4": "DBABMA~CQuMEMAQuMEMAAfAAAENAAFgAPAAAAAAAAAAAAAAAAAA.IAAA.YAAAAAAAAAAA",
    "tcfcav1: 1, 2, 3, 4 express": "DBABDA~BQuM-e8QuM-e8AfAAAENAACAAeAAAAAAAAAAAAAAAA.YAAAAAAAAAA",
    "tcfcav1: 1 express, 2 and 3 implied": "DBABDA~BQuM-e8QuM-e8AfAAAENAACAAQAAAMAAAAAAAAAAAA.YAAAAAAAAAA",
    "uspv1: 1YNN": "DBABTA~1YNN",
    "usnat version 1": "DBABLA~BAAqAAAAAQA.QA",
}
GPP_OPT_OUTS = {
    "tcfeuv2: none": "DBABMA~CQuMEMAQuMEMAAfAAAENAAFgAAAAAAAAAAAAAAAAAAAA.IAAA.YAAAAAAAAAAA",
    "tcfeuv2: only 1": "DBABMA~CQuMEMAQuMEMAAfAAAENAAFgAIAAAAAAAAAAAAAAAAAA.IAAA.YAAAAAAAAAAA",
    "tcfcav1: none": "DBABDA~BQuM-e8QuM-e8AfAAAENAACAAAAAAAAAAAAAAAAAAA.YAAAAAAAAAA",
    "uspv1: 1YYN": "DBABTA~1YYN",
    "usnat version 1: SaleOptOut": "DBABLA~BAAaAAAAAQA.QA",
    "usnat, usca, usva, usco, usmn: usco's SaleOptOut": (
        "DBACrMDA~CAAgAAAAAABA.QA~BAgAAABA.QA~BAgAABA~BAQAAEA.QA~BAgAAAQA.QA"
    ),
}
TWO_SIX_SEVEN = "DBACPeA~CQuMEMAQuMEMAAfAAAENAAFgAPAAAAAAAAAAAAAAAAAA.IAAA.YAAAAAAAAAAA~1YNN~CAAQAAAAAABA.QA"
"""tcfeuv2 with consent, uspv1 with 1YNN, usnat with an opt-out of sale."""

# Section; header; not applicable; did not opt out; the same with GPC set (or -); one for each of SaleOptOut,
# SharingOptOut and TargetedAdvertisingOptOut that the section has, the others being "did not opt out". Notices are
# given in all but the first string.
US = """
usnat DBABLA CAAAAAAAAABA.QA CVQqAAAAAABA.QA CVQqAAAAAABA.YA CVQaAAAAAABA.QA CVQmAAAAAABA.QA CVQpAAAAAABA.QA
usca DBABBg BAAAAABA.QA BUoAAABA.QA BUoAAABA.YA BUYAAABA.QA BUkAAABA.QA
usva DBABRg BAAAABA BVoAABA - BVYAABA BVkAABA
usco DBABJg BAAAAEA.QA BVoAAEA.QA BVoAAEA.YA BVYAAEA.QA BVkAAEA.QA
usut DBABFg BAAAAAQA BVKAAAQA - BVGAAAQA BVJAAAQA
usct DBABVg BAAAAAEA.QA BVoAAAEA.QA BVoAAAEA.YA BVYAAAEA.QA BVkAAAEA.QA
usfl DBABAw BAAAAABA BVoAAABA - BVYAAABA BVkAAABA
usmt DBABQw BAAAAABA.QA BVoAAABA.QA BVoAAABA.YA BVYAAABA.QA BVkAAABA.QA
usor DBABIw BAAAAAABAA.QA BVoAAAABAA.QA BVoAAAABAA.YA BVYAAAABAA.QA BVkAAAABAA.QA
ustx DBABEw BAAAAAQA.QA BVoAAAQA.QA BVoAAAQA.YA BVYAAAQA.QA BVkAAAQA.QA
usde DBABUw BAAAAAABAA.QA BVoAAAABAA.QA BVoAAAABAA.YA BVYAAAABAA.QA BVkAAAABAA.QA
usia DBABCw BAAAAAQA.QA BVKAAAQA.QA BVKAAAQA.YA BVGAAAQA.QA BVJAAAQA.QA
usne DBABSw BAAAAAQA.QA BVoAAAQA.QA BVoAAAQA.YA BVYAAAQA.QA BVkAAAQA.QA
usnh DBABKw BAAAAABA.QA BVoAAABA.QA BVoAAABA.YA BVYAAABA.QA BVkAAABA.QA
usnj DBABAYA BAAAAAAAQA.QA BVoAAAAAQA.QA BVoAAAAAQA.YA BVYAAAAAQA.QA BVkAAAAAQA.QA
ustn DBABQYA BAAAAAQA.QA BVoAAAQA.QA BVoAAAQA.YA BVYAAAQA.QA BVkAAAQA.QA
usmn DBABIYA BAAAAAQA.QA BVoAAAQA.QA BVoAAAQA.YA BVYAAAQA.QA BVkAAAQA.QA
usmd DBABEYA BQAA.QA BRWg.QA BRWg.YA BRVg.QA BRWQ.QA
usin DBABUYA BQAA.AAA BRWg.AAA - BRVg.AAA BRWQ.AAA
usky DBABCYA BQAA.AAA BRWg.AAA - BRVg.AAA BRWQ.AAA
usri DBABSYA BQAA.AAA BRWg.AAA - BRVg.AAA BRWQ.AAA
"""


def whole(name: str, header: str, *sections: str) -> tuple[str, ...]:
    return (name, *("-" if section == "-" else f"{header}~{section}" for section in sections))


SECTIONS = [whole(*line.split()) for line in US.split("\n") if line]

READABLE = [*TC_OPT_OUTS.values(), *GPP_OPT_OUTS.values(), *(text for row in SECTIONS for text in row[4:])]
STRINGS = [*READABLE, *TC_GRANTS.values(), *GPP_GRANTS.values(), *(text for row in SECTIONS for text in row[1:3])]


def opted_out(**consent: Any) -> bool:
    found = signalled(consent)
    assert found is not None
    return found.opted_out


def test_a_consent_object_without_a_privacy_string_says_nothing() -> None:
    assert signalled({}) is None
    assert signalled({"categoryPreferences": {"marketing": True}, "gpp": None, "tcf": "", "usp": " ", "gpc": 0}) is None
    assert (
        signalled({"gpp": {"applicableSections": [7]}, "tcf": True, "usp": ["1YYN"], "gpc": {"enabled": True}}) is None
    )


@pytest.mark.parametrize("text", TC_GRANTS.values(), ids=TC_GRANTS)
def test_storage_and_one_marketing_purpose_are_no_opt_out(text: str) -> None:
    assert signalled({"tcString": text}) == Signalled("tcf", text, False)


@pytest.mark.parametrize("text", TC_OPT_OUTS.values(), ids=TC_OPT_OUTS)
def test_without_storage_or_any_marketing_purpose_it_is_one(text: str) -> None:
    assert signalled({"tcString": text}) == Signalled("tcf", text, True)


@pytest.mark.parametrize("text", GPP_GRANTS.values(), ids=GPP_GRANTS)
def test_gpp_without_an_opt_out(text: str) -> None:
    assert signalled({"gpp": text}) == Signalled("gpp", text, False)


@pytest.mark.parametrize("text", GPP_OPT_OUTS.values(), ids=GPP_OPT_OUTS)
def test_gpp_with_an_opt_out(text: str) -> None:
    assert signalled({"gpp": text}) == Signalled("gpp", text, True)


@pytest.mark.parametrize("row", SECTIONS, ids=lambda row: row[0])
def test_each_us_section(row: tuple[str, ...]) -> None:
    _, not_applicable, kept, gpc, *refused = row
    assert len(refused) >= 2
    assert [opted_out(gpp=text) for text in (not_applicable, kept)] == [False, False]
    assert all(opted_out(gpp=text) for text in refused)
    assert gpc == "-" or opted_out(gpp=gpc)


def test_a_sensitive_data_segment_is_not_taken_for_gpc() -> None:
    """Kentucky: no consent to the first kind of sensitive data, consent to the second."""
    assert not opted_out(gpp="DBABCYA~BRWg.YAA")
    assert opted_out(gpp="DBABEYA~BRWg.YA")  # Maryland's second segment is GPC


@pytest.mark.parametrize("header", ["DBABM", "DBABMA"])
def test_a_header_may_be_padded_or_not(header: str) -> None:
    """The specification's example pads to six bits, the encoder to eight."""
    assert opted_out(gpp=f"{header}~{TC_ALL}") is False
    assert opted_out(gpp=f"{header}~{TC_NONE}") is True


@pytest.mark.parametrize(("header", "sections"), [("DBACNY", f"{TC_ALL}~1YNN"), ("DBABjw", "{ca}~1YNN")])
def test_the_headers_of_the_specification(header: str, sections: str) -> None:
    canada = GPP_GRANTS["tcfcav1: 1, 2, 3, 4 express"].partition("~")[2]
    text = f"{header}~{sections.format(ca=canada)}"
    assert opted_out(gpp=text) is False
    assert opted_out(gpp=text.replace("1YNN", "1YYN")) is True


@pytest.mark.parametrize(
    ("applicable", "wanted"),
    [
        ([2], False),
        ([6], False),
        ([2, 6], False),
        ([7], True),
        ([2, 7], True),
        ([2, 99], False),
        ([99], True),
        ([-1], True),
        ([0], True),
        ([], True),
        (["2"], True),
        ([[2], None, {}], True),
        ("2", True),
        (None, True),
    ],
    ids=repr,
)
def test_only_the_applicable_sections_count_if_the_string_holds_them(applicable: Any, wanted: bool) -> None:
    for string in ("string", "gppString", "gpp_string"):
        for sections in ("sections", "applicableSections", "applicable_sections"):
            assert opted_out(gpp={string: TWO_SIX_SEVEN, sections: applicable}) is wanted


@pytest.mark.parametrize("text", ["1YYN", "1NYN", "1-Y-", "1yyn"])
def test_us_privacy_opts_out_by_its_third_character(text: str) -> None:
    assert signalled({"uspString": text}) == Signalled("usp", text, True)


@pytest.mark.parametrize("text", ["1YNN", "1---", "1NNY", "1ynn"])
def test_us_privacy_without_an_opt_out(text: str) -> None:
    assert signalled({"usp": text}) == Signalled("usp", text, False)


@pytest.mark.parametrize("value", [True, 1, "1", "true", "yes"])
def test_global_privacy_control(value: Any) -> None:
    assert opted_out(gpc=value)


@pytest.mark.parametrize("value", [False, 0, "0", "false", "", None])
def test_global_privacy_control_unset_says_nothing(value: Any) -> None:
    assert signalled({"gpc": value}) is None


@pytest.mark.parametrize("name", ["tcf", "tcString", "tc_string", "tcfString", "tcf_string"])
def test_the_names_of_a_tc_string(name: str) -> None:
    assert signalled({name: TC_ALL}) == signalled({name: {"tcString": TC_ALL}}) == Signalled("tcf", TC_ALL, False)


@pytest.mark.parametrize("name", ["gpp", "gppString", "gpp_string"])
def test_the_names_of_a_gpp_string(name: str) -> None:
    assert signalled({name: "DBABTA~1YNN"}) == Signalled("gpp", "DBABTA~1YNN", False)


@pytest.mark.parametrize("name", ["usp", "uspString", "usp_string", "us_privacy"])
def test_the_names_of_a_us_privacy_string(name: str) -> None:
    assert signalled({name: "1YYN"}) == Signalled("usp", "1YYN", True)


def test_a_tc_string_may_stand_where_a_gpp_string_does() -> None:
    assert signalled({"gpp": TC_ALL}) == Signalled("gpp", TC_ALL, False)
    assert signalled({"gpp": TC_NONE}) == Signalled("gpp", TC_NONE, True)


def test_one_opt_out_among_several_is_reported() -> None:
    assert signalled({"gpp": "DBABTA~1YNN", "tcf": TC_NONE, "usp": "1YNN"}) == Signalled("tcf", TC_NONE, True)
    assert signalled({"tcString": TC_ALL, "tc_string": TC_NONE}) == Signalled("tcf", TC_NONE, True)
    assert signalled({"gpc": True, "gpp": "DBABTA~1YNN"}) == Signalled("gpc", "true", True)
    assert signalled({"gpc": True, "usp": "1YYN"}) == Signalled("usp", "1YYN", True)
    assert signalled({"usp": "1YNN", "tcf": TC_ALL}) == Signalled("tcf", TC_ALL, False)


@pytest.mark.parametrize(
    "text",
    [
        "BObdrPUOevsguAfDqFENCNAAAAAmeAAA",  # TCF 1
        "D" + TC_ALL[1:],  # a version to come
        TC_ALL[:25],  # cut within the purposes
        "%" + TC_ALL[1:],
        TC_ALL.replace(".", ".."),
        TC_ALL + ".",
        TC_ALL + ".\x00",
        TC_ALL + "=",
        TC_ALL + "\u00e9",
        TC_ALL * 2 + "~",
        "granted",
        "\x00",
        "." * 10_000,
        "DBABM~" + TC_ALL,
    ],
    ids=lambda text: repr(text[:40]),
)
def test_a_tc_string_that_cannot_be_read_is_an_opt_out(text: str) -> None:
    assert opted_out(tcf=text)


@pytest.mark.parametrize(
    "text",
    [
        "D",
        "DB",
        "DCAA",  # version 2 of the header
        "EBAA",  # another type
        "DBABTA",  # one section is announced, none there
        "DBABTA~",
        "DBAA~1YNN",  # none is announced, one there
        "DBABTA~1YNN~1YNN",
        "DBABTA~2YNN",
        "DBABTA~1YN",
        "DBABTA~1YXN",
        "DBABYA~" + TC_ALL,  # section 1, which is TCF 1
        "DBAB____~1YNN",
        "DBP_" + "A" * 10_000 + "~1YNN",  # 4,095 ids
        "DBABAAAAAAAAAAAAAAAAAAAAAAAAw~1YNN",  # an id beyond every list
        "DBAB4AAAAAAAAAAAAAAAAAAAAAAAw~1YNN",  # ids from 1 to there
        "DBABLA~DVQqAAAAAABA.QA",  # usnat version 3
        "DBABBg~CUoAAABA.QA",  # usca version 2
        "DBABBg~BUwAAABA.QA",  # a sale opt-out of 3
        "DBABBg~BU",  # cut before the opt-outs
        "DBABBg~BUoAAABA.Q!",
        "DBABEYA~YBAA.BRWg",  # Maryland's draft, with a section header
        "~" * 10_000,
        "\ud800",
    ],
    ids=lambda text: repr(text[:40]),
)
def test_a_gpp_string_that_cannot_be_read_is_an_opt_out(text: str) -> None:
    assert opted_out(gpp=text)


@pytest.mark.parametrize("text", ["1YN", "1YNNN", "2YNN", "1YAN", "YNN", "1YN\u212a", "granted", "1YNN\x00"])
def test_a_us_privacy_string_that_cannot_be_read_is_an_opt_out(text: str) -> None:
    assert opted_out(usp=text)


def test_a_long_string_is_judged_whole_and_kept_in_part() -> None:
    text = TC_ALL.replace(".", "A" * 10_000 + ".")
    assert signalled({"tcf": text}) == Signalled("tcf", text[:KEPT], False)
    assert signalled({"tcf": text + "!"}) == Signalled("tcf", text[:KEPT], True)


@pytest.mark.parametrize("text", READABLE)
def test_cutting_a_string_never_takes_its_opt_out_away(text: str) -> None:
    """A GPC segment cut off whole is the exception that cannot be seen; it is not among these."""
    kind = "tcf" if text.startswith("C") else "gpp"
    assert all(opted_out(**{kind: text[:length]}) for length in range(1, len(text) + 1))


NAMES = st.sampled_from("gpp gppString tcf tcString tcfString usp uspString us_privacy gpc string sections".split())
ANY_TEXT = st.text() | st.text("01~.-_AaBCDYN\x00", max_size=80)
DAMAGED = st.builds(
    lambda text, at, put: text[:at] + put + text[at + 1 :], st.sampled_from(STRINGS), st.integers(0, 80), ANY_TEXT
)
HUGE = st.builds(
    lambda text, times: text * times, st.sampled_from([*STRINGS, "~", ".", "D", "_"]), st.integers(1, 3000)
)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT | DAMAGED | HUGE
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(NAMES | st.text(max_size=8), VALUES, max_size=4))
def test_whatever_is_sent_is_read_without_a_stumble(consent: dict[str, Any]) -> None:
    found = signalled(consent)
    assert found is None or (found.kind in KINDS and 0 < len(found.text) <= KEPT)
    assert found == signalled(dict(reversed(consent.items())))


@given(st.dictionaries(NAMES, DAMAGED | st.sampled_from(STRINGS), max_size=3), st.sampled_from(READABLE))
def test_no_other_string_outweighs_an_opt_out(others: dict[str, str], text: str) -> None:
    assert opted_out(**others, **{"tcf_string" if text.startswith("C") else "gpp_string": text})
