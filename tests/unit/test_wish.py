"""Wishes: what is written can be read again, equal ones make equal topics, and nothing typed into a clause gets out."""

# ruff: noqa: RUF001, E501 - full-width punctuation, signs that look alike and invisible ones are what people type; a table of them

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.core import grading, match, query, terms, wish
from bot.core.candidates import Scored
from bot.core.wish import ALIASES, AUTHORS, CLAUSES, DEFINITION, PHRASE, SENSES, WITHOUT, Wish
from bot.errors import UserError
from bot.model import Meaning, Paper, Topic
from bot.store import rows

QUICK = settings(max_examples=150, deadline=None, derandomize=True)
LISTS = {"also": ALIASES, "not": SENSES, "without": WITHOUT, "by": AUTHORS}

HOSTILE = (
    '"', '""', '\\"', "\\", "'; DROP TABLE topic; --", '") OR (title : "a', '" OR "', "-title:x", "*", "^x", "NEAR(a b, 2)",
    "a AND", "NOT x", "(((", ")))", "{title abstract} : x", "c++", "cs.CV", "talking-head", "\x00", "a\x00b", "a\x85b\u2028c",
    "\u202egnp.exe", "\u200b\u200d\ufeff", "\U000e0041", "<b>bold</b>", "[x](https://evil.example.org)", "@everyone",
    "; ; ;", "; not", "；", ":", "；also：", "means:", "not: x", "lip; sync", ";x", "“”", "  ", "\n\t", "说话人", "é", "ﬁ", "x" * 10_000,
)  # fmt: skip
PIECE = st.one_of(
    st.sampled_from(HOSTILE),
    st.sampled_from(("talking heads", "Lip Sync", "survey", "Jane Doe", "diffusion models", "VLA")),
    st.text(max_size=12),
)
CLAUSE = st.sampled_from((*CLAUSES, "ALSO", "Not"))
TYPED = st.builds(
    lambda words, clauses: words + "".join(f"{end} {name}{colon} {value}" for end, name, colon, value in clauses),
    PIECE,
    st.lists(
        st.tuples(
            st.sampled_from((";", "；", " ; ")),
            CLAUSE,
            st.sampled_from((":", "：", " :")),
            st.lists(PIECE, max_size=4).map(", ".join),
        ),
        max_size=5,
    ),
)


def made(text: str) -> Topic:
    return wish.topic(wish.read(text))[1]


@QUICK
@given(TYPED, st.sampled_from(("en", "zh")))
def test_what_is_read_is_written_so_that_it_reads_the_same(text: str, language: str) -> None:
    try:
        found = wish.read(text, language)
    except UserError as problem:
        assert str(problem)  # noqa: PT017 - whether it is refused is not the question
        return
    assert wish.read(wish.write(found), language) == found
    assert "\n" not in wish.write(found)


@QUICK
@given(TYPED)
def test_no_clause_reaches_the_database_but_as_quoted_words(text: str) -> None:
    try:
        found = made(text)
    except UserError:
        return
    paper = Paper(
        "2601.00001", 1, "Talking heads", "A survey of lip sync by \x00 x y z.", ("Jane Doe",), ("cs.CV",), 0, 0
    )
    with Scored([paper], terms.shipped()) as day:  # raises where SQLite cannot read an expression
        for expression in (found.fts, found.drop, found.by):
            if expression:
                day.ids(expression)
        day.found(grading.wanted(found, terms.shipped()))
    with match.Day([paper]) as looked:
        looked.ids(grading.expression(found))
    values = rows.topic_values(found)
    assert rows.topic((values["id"], values["key"], values["fts"], values["more"])) == found


@pytest.mark.parametrize("text", [each for each in HOSTILE if len(each) < 80 and "also" not in each])
@pytest.mark.parametrize("clause", ["without", "by"])
def test_a_phrase_stays_one_phrase_whatever_is_in_it(text: str, clause: str) -> None:
    """`without: a" OR "b` must not leave out whatever says b."""
    try:
        found = made(f"talking heads; {clause}: spare {text.replace(',', ' ')} tyre")
    except UserError:
        return
    expression = found.drop if clause == "without" else found.by
    database = sqlite3.connect(":memory:")
    try:
        database.execute(f"CREATE VIRTUAL TABLE t USING fts5({', '.join(match.COLUMNS)}, tokenize='{match.TOKENIZER}')")
        columns = ", ".join("?" * len(match.COLUMNS))
        for word in ("spare", "tyre", "x", "b", "title", "a"):
            database.execute(f"INSERT INTO t VALUES ({columns})", [word] * len(match.COLUMNS))
        assert not database.execute("SELECT rowid FROM t WHERE t MATCH ?", (expression,)).fetchall(), expression
    finally:
        database.close()


# --- equal and different ones

NAMES = ("lip sync", "talking face", "avatar", "dubbing", "portrait video")
SUBSET = st.lists(st.sampled_from(NAMES), max_size=4, unique=True)


@QUICK
@given(SUBSET, SUBSET, SUBSET, SUBSET, st.randoms(use_true_random=False))
def test_equal_wishes_make_equal_topics_in_any_order_case_and_number(
    also: list[str], senses: list[str], without: list[str], by: list[str], dice: Random
) -> None:
    lists = {"also": also, "not": senses, "without": without, "by": by}

    def typed(change: bool) -> str:
        clauses = []
        for name, names in lists.items():
            parts = list(names)
            if change and parts:
                parts = [part.upper() if dice.random() < 0.5 else part for part in [*parts, dice.choice(parts)]]
                dice.shuffle(parts)
            if parts:
                clauses.append(f"{dice.choice((';', '；'))} {name}: {dice.choice((', ', '，', '、')).join(parts)}")
        if change:
            dice.shuffle(clauses)
        return "talking heads" + "".join(clauses)

    one, two = made(typed(change=False)), made(typed(change=True))
    assert (one.id, one.key) == (two.id, two.key)
    assert one.fts == two.fts or by, "authors stand in the order in which they were typed"


VARIANTS: Sequence[str] = (
    "talking heads",
    "talking faces",
    "talking heads; means: faces that talk",
    "talking heads; also: avatar",
    "talking heads; not: avatar",
    "talking heads; without: avatar",
    "talking heads; by: avatar",
    "talking heads; also: avatar, lip sync",
    "talking heads; also: avatar lip sync",
    "talking heads; also: avatar; without: lip sync",
    "talking heads; also: lip sync; without: avatar",
    "cat:cs.CV",
    "cat:cs.CV; means: faces that talk",
    "cat:cs.CV; by: avatar",
)


def test_different_wishes_make_different_topics() -> None:
    assert len({made(text).id for text in VARIANTS}) == len(VARIANTS)
    assert len({made(text).key for text in VARIANTS}) == len(VARIANTS)


def test_equal_wishes_that_were_made_by_hand_are_equal_too() -> None:
    """A model may name a thing twice."""
    once = Wish("talking heads", Meaning("", ("lip sync",)))
    twice = Wish("talking heads", Meaning("", ("lip sync", "Lip Sync")))
    assert wish.topic(once)[1].id == wish.topic(twice)[1].id


def test_the_words_of_a_topic_keep_their_order_in_the_ledger() -> None:
    """They are a name of the topic in this order only; what is matched must be what the preview showed."""
    for text in ("talking head generation", "multi-modal learning", "vla models", "generat* video"):
        found = made(text)
        values = rows.topic_values(found)
        stored = rows.topic((values["id"], values["key"], values["fts"], values["more"]))
        assert stored == found
    assert made("talking head generation").words == "talking head generation"


def test_a_topic_of_before_we_noted_more_has_its_order_from_what_was_typed() -> None:
    for text in ("talking heads of machines", "multi-modal learning", "generat* video", '"talking heads" video'):
        found = made(text)
        old = (found.id, found.key, found.fts, "")
        assert sorted(rows.topic(old).words.split()) == sorted(found.words.split())
        if "*" not in text:
            assert rows.topic(old, text) == found


# --- as typed


def test_full_width_punctuation_is_punctuation() -> None:
    assert wish.read("talking heads；also：lip sync，talking face、avatar；not：attention heads") == wish.read(
        "talking heads; also: lip sync, talking face, avatar; not: attention heads"
    )


@pytest.mark.parametrize("text", ['"lip sync"', "“lip sync”", " lip  sync ", "lip\nsync", ";lip sync;"])
def test_quotes_and_blanks_around_a_phrase_are_not_part_of_it(text: str) -> None:
    assert wish.read(f"talking heads; also: {text}, avatar").meaning.aliases == ("lip sync", "avatar")


def test_a_semicolon_that_begins_no_clause_is_text() -> None:
    found = wish.read("talking heads; means: faces; voices; without: survey")
    assert found == Wish("talking heads", Meaning("faces; voices"), ("survey",))
    assert wish.read("talking heads; notes: x").text == "talking heads; notes: x"


def test_a_clause_is_changed_and_the_others_stay() -> None:
    old = wish.read("talking heads; means: faces; also: avatar; without: survey; by: Jane Doe")
    assert wish.changed(old, {"also": "lip sync"}) == replace(old, meaning=Meaning("faces", ("lip sync",)))
    assert wish.changed(old, {"without": "", "means": ""}) == replace(old, without=(), meaning=Meaning("", ("avatar",)))
    assert wish.changed(old, {}) == old


# --- limits and refusals


def listed(number: int) -> str:
    return ", ".join(f"name {chr(97 + each)}" for each in range(number))


@pytest.mark.parametrize(("name", "most"), LISTS.items())
def test_lists_have_limits(name: str, most: int) -> None:
    wish.topic(wish.read(f"talking heads; {name}: {listed(most)}"))
    with pytest.raises(UserError, match=str(most)):
        wish.read(f"talking heads; {name}: {listed(most + 1)}")
    wish.read(f"talking heads; {name}: {'y' * PHRASE}")
    with pytest.raises(UserError, match=str(PHRASE)) as told:
        wish.read(f"talking heads; {name}: {'y' * (PHRASE + 1)}")
    assert len(str(told.value)) < 200, "a sentence does not repeat 10,000 characters"


def test_a_definition_has_a_limit() -> None:
    wish.read(f"talking heads; means: {'y' * DEFINITION}")
    with pytest.raises(UserError, match=str(DEFINITION)):
        wish.read(f"talking heads; means: {'y' * (DEFINITION + 1)}")


REFUSED = (
    "",
    "; means: faces",
    "talking heads; also:",
    "talking heads; also: ,",
    "talking heads; also: avatar; also: face",
    "talking heads; ALSO: avatar; also: face",
    f"talking heads; also: {listed(ALIASES + 1)}",
    f"talking heads; also: {'y' * 10_000}",
    f"talking heads; means: {'y' * 10_000}",
    "talking heads; without: ***",
    "talking heads; by: ,,,",
    "talking heads; by: ...",
    "talking heads; without: 说话人",
    "talking heads; also: 说话人",
    "cat:cs.CV; also: vision",
    "cat:cs.XX; without: survey",
    "x" * 10_000,
)


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40])
def test_every_refusal_is_a_sentence_in_both_languages(text: str) -> None:
    told = []
    for language in ("en", "zh"):
        with pytest.raises(UserError) as problem:
            wish.topic(wish.read(text, language), language)
        told.append(str(problem.value))
    english, chinese = told
    assert english != chinese
    assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)
    assert "{" not in english + chinese
    assert len(english) < 400


@QUICK
@given(TYPED)
def test_nothing_but_a_user_error_is_raised(text: str) -> None:
    for language in ("en", "zh"):
        try:
            wish.topic(wish.read(text, language), language)
        except UserError as problem:
            assert str(problem)  # noqa: PT017 - whether it is refused is not the question


# --- who is judged


def test_a_query_is_judged_if_it_has_a_description_and_words_always() -> None:
    assert not made("cat:cs.CV").judged
    assert not made("cat:cs.CV; by: Jane Doe; without: survey").judged
    assert not made("cat:cs.CV; not: attention head").judged
    assert made("cat:cs.CV; means: faces that talk").judged
    assert made("talking heads").judged
    assert made("talking heads; without: survey").judged


@given(st.text(max_size=40))
@QUICK
def test_a_query_stays_a_query_with_clauses(text: str) -> None:
    try:
        node = query.parse(text)
        found = made(f"{text}; without: survey")
    except UserError:
        return
    assume(";" not in text and "；" not in text)
    assert found.plain == query.is_topic(node)
