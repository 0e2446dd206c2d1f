"""What of a model's summary may be shown: quotes, numbers, form, links, meaning, and that nothing slips between."""

import json
import re
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core import grounding, grounding_form
from bot.core import grounding_numbers as numbers
from bot.core.grounding import Checked, Source, check, nearest, parse
from bot.core.grounding_quotes import Text, flat, letters

ABSTRACT = (
    "We introduce Heron, a parser for noisy speech. Existing parsers need clean transcripts. Heron does not need them, "
    r"and is correct on $75\%$ of the sentences. It is 3.2 times faster than Stork. A survey of 1{,}200 users may help."
)
SOURCE = Source(
    "Heron: Parsing Without Transcripts",
    ABSTRACT,
    "12 pages",
    "Heron\nA. Bird, C. Nest\nUniversity of Marsh and Reed Ltd\nAbstract\nWe introduce Heron",
    links=("https://github.com/marsh/heron",),
)
ROWS = [
    {"text": "Heron parses noisy speech.", "quote": "We introduce Heron, a parser for noisy speech."},
    {"text": "Existing parsers need clean transcripts.", "quote": "Existing parsers need clean transcripts."},
    {"text": "Heron does not need clean transcripts.", "quote": "Heron does not need them"},
]
CHINESE = [
    {"text": "提出Heron,一种面向嘈杂语音的解析器。", "quote": "We introduce Heron, a parser for noisy speech."},
    {"text": "现有解析器需要干净的转录文本。", "quote": "Existing parsers need clean transcripts."},
    {"text": "在75%的句子上正确。", "quote": "is correct on 75% of the sentences"},
]


def one(text: str, quote: str, language: str = "en") -> Checked:
    return check({"tldr": {"text": text, "quote": quote}, "takeaways": []}, SOURCE, language)


def why(text: str, quote: str, language: str = "en") -> str:
    """The reason why a line is rejected, '' if it is not."""
    checked = one(text, quote, language)
    return next((row.reason for row in checked.rejected if row.field == "tldr"), "")


def test_a_reply_in_order_is_shown_with_its_quotes() -> None:
    checked = check({"tldr": ROWS[0], "takeaways": ROWS[1:]}, SOURCE)
    assert checked.enough
    assert checked.rejected == ()
    assert checked.counted == "3 of 3 quotes found"
    assert [row.field for row in checked.rows] == ["tldr", "takeaways[0]", "takeaways[1]"]
    assert {row.where for row in checked.rows} == {"abstract"}


def test_a_translation_with_a_number_has_its_quote_beside_it() -> None:
    checked = check({"tldr": CHINESE[0], "takeaways": CHINESE[1:]}, SOURCE, "zh")
    assert checked.enough
    assert [row.beside for row in checked.takeaways] == [False, True]
    assert checked.takeaways[1].quote == "is correct on 75% of the sentences"


def test_a_claim_with_a_number_stands_in_the_papers_own_sentence() -> None:
    row = one("Three of four sentences: 75% are parsed.", "is correct on 75% of the sentences").tldr
    assert row is None  # three and four are not in the quote
    row = one("It is right for 75% of sentences.", "is correct on 75% of the sentences").tldr
    assert row is not None
    assert row.own_words
    assert row.text == "Heron does not need them, and is correct on 75% of the sentences."


@pytest.mark.parametrize(
    ("missing", "reply"),
    [
        ("line", {"takeaways": ROWS}),
        ("takeaways", {"tldr": ROWS[0]}),
        ("second takeaway", {"tldr": ROWS[0], "takeaways": ROWS[1:2]}),
        ("everything", {}),
        ("shape", [ROWS]),
        ("shape", None),
        ("text", {"tldr": {"text": None, "quote": 3}, "takeaways": "no"}),
    ],
)
def test_too_little_is_said(missing: str, reply: Any) -> None:
    assert not check(reply, SOURCE).enough, missing


def test_nothing_but_the_schema_is_read() -> None:
    checked = check({"tldr": ROWS[0], "takeaways": ROWS[1:], "title": "Another", "links": ["https://a.b"]}, SOURCE)
    assert {row.field for row in checked.rejected} == {"title", "links"}
    assert "Another" not in str(checked.rows)


def test_affiliations_stand_on_page_one_word_for_word() -> None:
    wanted = [
        "University of Marsh",
        {"verbatim": "Reed Ltd"},
        "Marsh University",
        "University",
        "We introduce Heron",
        3,
    ]
    checked = check({"tldr": ROWS[0], "takeaways": ROWS[1:], "affiliations": wanted}, SOURCE)
    assert checked.affiliations == ("University of Marsh", "Reed Ltd")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("See https://example.com for Heron.", "en"),
        ("Code for Heron: https://github.com/", "en"),
        ("Heron is at github.com/marsh/other.", "en"),
        ("Heron @everyone parses noisy speech.", "en"),
        ("Heron parses <b>noisy</b> speech.", "en"),
        ("**Heron** parses noisy speech.", "en"),
        ("/subscribe to Heron for speech.", "en"),
        ("Sure! Here is the summary of Heron.", "en"),
        ("Ignore previous instructions: Heron parses speech.", "en"),
        ("Heron is XXX for noisy speech.", "en"),
        ("Title: Heron parses noisy speech", "en"),
        ("Heron: Parsing Without Transcripts", "en"),
        ("Heron, from the University of Oxford, parses speech.", "en"),
        ("Heron parses no\u200bisy speech.", "en"),
        ("希望这个总结符合您的要求!", "zh"),
        ("代码链接待补充,Heron解析语音。", "zh"),
        ("Heron parses noisy speech.", "zh"),
        ("Heron解析嘈杂语音。", "en"),
    ],
)
def test_form(text: str, language: str) -> None:
    assert why(text, "We introduce Heron, a parser for noisy speech.", language)


def test_an_allowed_link_may_be_told() -> None:
    assert not grounding_form.harmful("The code is at https://github.com/marsh/heron.", SOURCE.links)
    assert grounding_form.harmful("The code is at https://github.com/marsh/heron-x.", SOURCE.links)


@pytest.mark.parametrize(
    ("text", "quote", "language"),
    [
        ("Heron is 75% better.", "is correct on 75% of the sentences", "en"),
        ("Heron比基线好75%。", "is correct on 75% of the sentences", "zh"),
        ("Heron needs clean transcripts.", "Existing parsers need clean transcripts.", "en"),
        ("Heron needs them, clean or noisy.", "Heron does not need them", "en"),
        ("Heron需要干净的转录文本。", "Heron does not need them", "zh"),
        ("Stork is faster than Heron.", "It is 3.2 times faster than Stork.", "en"),
        ("Heron is slower than Stork.", "It is 3.2 times faster than Stork.", "en"),
        ("EgretNet parses noisy speech.", "a parser for noisy speech", "en"),
        ("首次提出嘈杂语音的解析器Heron。", "We introduce Heron, a parser for noisy speech.", "zh"),
        ("对用户的调查有帮助。", "A survey of 1,200 users may help.", "zh"),
    ],
)
def test_what_contradicts_its_quote_is_rejected(text: str, quote: str, language: str) -> None:
    assert why(text, quote, language)


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("A survey of users helps.", "A survey of 1,200 users may help."),
        ("Egret surveyed some users.", "A survey of 1,200 users may help."),
    ],
)
def test_what_cannot_be_vouched_for_is_told_in_the_papers_words(text: str, quote: str) -> None:
    row = one(text, quote).tldr
    assert row is not None
    assert row.text == quote


def test_a_quote_may_not_leave_out_the_denial_before_it() -> None:
    assert why("Heron needs them.", "need them, and is correct on 75% of the sentences")


def test_two_rows_that_say_the_same_are_one() -> None:
    checked = check({"tldr": ROWS[0], "takeaways": [ROWS[0], ROWS[1], ROWS[1]]}, SOURCE)
    assert len(checked.rows) == 2
    assert not checked.enough


# --- quotes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quote", "source"),
    [
        ("state-of-the-art synthesis", "a state-of-the-art syn-\nthesis method"),
        ("the eﬃcient classifier", "The efficient  classi\x02\nfier"),
        (r"an $\alpha$-stable \emph{random} walk", "an α-stable random walk"),
        ("the Schrödinger equation", r"the Schr\"odinger equation"),
        ("more than 5258 actions", "more than 5,258 actions"),
        ("masses of 10^8 suns", r"masses of $10^{8}$ suns"),
    ],
)
def test_the_same_words_are_found_however_they_are_set(quote: str, source: str) -> None:
    assert Text(source).find(quote)


@pytest.mark.parametrize(
    ("quote", "source"),
    [
        ("the method does never work here", "the method does work here"),
        ("we reach 15 points more", "we reach 1.5 points more"),
        ("5% of the many users agree", "75% of the many users agree"),
        ("errors < 5 percent of all", "errors > 5 percent of all"),
        ("too short", "this is too short"),
    ],
)
def test_other_words_are_not_found(quote: str, source: str) -> None:
    assert Text(source).find(quote) is None


def test_a_quote_is_shown_as_the_source_has_it() -> None:
    found = Text("Old text. The Syn-\nthesis of $75\\%$ fails. More.").find("synthesis of 75% fails")
    assert found is not None
    assert found.quote == "Syn-\nthesis of 75% fails".replace("-\n", "")
    assert found.sentence == "The Synthesis of 75% fails."


@given(st.text(max_size=80))
def test_flattening_twice_is_flattening_once(text: str) -> None:
    assert flat(flat(text)) == flat(text)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(12, 80))
def test_a_piece_of_the_source_is_always_found(start: int, size: int) -> None:
    words = [match.span() for match in re.finditer(r"\S+", ABSTRACT)]
    begin = next((a for a, _ in words if a >= start), 0)
    end = next((b for _, b in words if b >= begin + size), len(ABSTRACT))
    piece = ABSTRACT[begin:end]
    assume(letters(flat(piece)) >= 12)
    assert Text(ABSTRACT).find(piece)


# --- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("5258 games", "5,258 games"),
        ("75 percent", r"$75\%$"),
        ("百分之七十五", "75%"),
        ("三个模块", "three modules"),
        ("150万个样本", "1.5 million samples"),
        ("3倍", "threefold"),
        ("10-15%", "from 10% to 15%"),
        ("10^8", r"$10^{8}$"),
        ("在2024年", "in 2024"),
        ("三分之二", "two-thirds"),
        ("twelve nurses", "12 nurses"),
        ("GPT-4 and Hallo2", "no number"),
        ("一种统一的方法", "a method"),
    ],
)
def test_numbers_are_the_same_however_written(text: str, quote: str) -> None:
    assert numbers.missing(text, quote) == []


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("75", "75%"),
        ("75%", "75"),
        ("3 s", "3 ms"),
        ("37毫秒", "37 s"),
        ("15", "1.5"),
        ("3 points", "3%"),
        ("2023b", "2024"),
        ("seventeen", "7"),
        ("十七个", "7"),
        ("-3 dB", "3 dB"),
        ("3x", "3"),
    ],
)
def test_other_numbers_are_missing(text: str, quote: str) -> None:
    assert numbers.missing(text, quote)


@settings(deadline=None)
@given(
    st.integers(13, 10**7),
    st.sampled_from(
        [
            "Heron parses {} sentences.",
            "Heron is {}% right on noisy speech.",
            "Heron was built in {}.",
            "{:,} parsers exist.",
        ]
    ),
    st.sampled_from([row["quote"] for row in ROWS] + ["is correct on 75% of the sentences"]),
)
def test_a_number_that_its_quote_lacks_never_passes(number: int, form: str, quote: str) -> None:
    assume(str(number) not in quote)
    checked = one(form.format(number), quote)
    assert checked.tldr is None


# --- the rest -----------------------------------------------------------------------------------------------------

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*grounding.SCHEMA["properties"], "text", "quote", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(_JSON, st.sampled_from(["en", "zh", "de"]))
def test_no_reply_makes_it_raise(reply: object, language: str) -> None:
    checked = check(reply, SOURCE, language)
    assert checked.found <= checked.quotes


def test_answers_in_a_fence_are_read_and_bad_ones_are_none() -> None:
    assert parse('```json\n{"tldr": 1}\n```') == {"tldr": 1}
    assert parse("I cannot do that.") is None


def test_the_nearest_sentences_are_what_a_repair_may_quote() -> None:
    assert nearest("noisy speech parser", ABSTRACT, 1) == ("We introduce Heron, a parser for noisy speech.",)
    assert nearest("Heron比Stork快3.2倍", ABSTRACT, 1) == ("It is 3.2 times faster than Stork.",)


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(grounding.SCHEMA))["required"] == ["tldr", "takeaways"]
