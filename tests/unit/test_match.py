import json
import logging
import threading
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core import papers, query
from bot.core.match import COLUMNS, Day, columns
from bot.core.query import And, AndNot, Node, Or, Term
from bot.errors import UserError
from bot.model import Paper, Topic
from tests.bars import match as bar


def paper(id_: str, title: str = "", abstract: str = "", **more: Sequence[str]) -> Paper:
    return Paper(
        id=id_,
        version=1,
        title=title,
        abstract=abstract,
        authors=tuple(more.get("authors", ())),
        categories=tuple(more.get("categories", ())),
        published=0,
        updated=0,
        comment=str(more.get("comment", "")),
    )


# --- an evaluator that shares nothing with FTS5 ---------------------------------------------------------------------


def holds(node: Node, texts: dict[str, str]) -> bool:
    match node:
        case And():
            return all(holds(part, texts) for part in node.parts)
        case Or():
            return any(holds(part, texts) for part in node.parts)
        case AndNot():
            return holds(node.keep, texts) and not holds(node.drop, texts)
        case Term():
            wanted = {"topic": ["title", "abstract"], "all": ["title", "abstract", "comments"]}.get(
                node.column, [node.column]
            )
            names = node.names or (node.tokens if node.column == "all" else ())
            end = "" if node.prefix else " "
            found = any(f" {' '.join(node.tokens)}{end}" in f" {texts[name]} " for name in wanted)
            return found or bool(names and f" {' '.join(names)}{end}" in f" {texts['authors']} ")


def evaluated(node: Node, batch: list[Paper]) -> list[str]:
    return [each.id for each in batch if holds(node, dict(zip(COLUMNS, columns(each), strict=True)))]


_ENGLISH = ["talking", "head", "heads", "avatar", "generation", "generative", "multi", "modal", "multimodal", "pre"]
_WORD = st.sampled_from([*_ENGLISH, "net", "nets", "over", "graph", "Adams", "Chen", "J", "of", "a2"])
_TEXT = st.lists(_WORD, max_size=7).map(" ".join)
_PAPER = st.builds(
    lambda title, abstract, comment, authors, categories: paper(
        "", title, abstract, comment=comment, authors=authors, categories=categories
    ),
    _TEXT,
    _TEXT,
    _TEXT,
    st.lists(st.sampled_from(["Jingdong Chen", "Ansel Adams", "J. Head", "A. Del Net"]), max_size=3),
    st.lists(st.sampled_from(["cs.CV", "cs.CL", "math.AG", "hep-th"]), max_size=2),
)
_PHRASE = st.lists(_WORD, min_size=1, max_size=3).map(" ".join)
_TERM = st.one_of(
    st.builds('{}:"{}"'.format, st.sampled_from(["ti", "abs", "co", "all", "au"]), _PHRASE),
    st.builds(
        "{}:{}*".format,
        st.sampled_from(["ti", "abs", "all", "au"]),
        st.sampled_from(["gen", "mult", "che", "ada", "hea"]),
    ),
    st.sampled_from(["cat:cs.CV", "cat:cs.*", "cat:math", "cat:hep-th", "cat:hep-*"]),
)
_QUERY = st.recursive(
    _TERM,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR", "ANDNOT"]), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["AND", "OR", "ANDNOT"]), inner),
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_PAPER, min_size=1, max_size=6), st.lists(st.one_of(_QUERY, _PHRASE), min_size=1, max_size=8))
def test_the_index_finds_what_a_plain_evaluator_finds(batch: list[Paper], texts: list[str]) -> None:
    batch = [
        paper(str(n), p.title, p.abstract, authors=p.authors, categories=p.categories, comment=p.comment)
        for n, p in enumerate(batch)
    ]
    with Day(batch) as day:
        for text in texts:
            node = query.parse(text)
            assert day.ids(query.fts5(node)) == evaluated(node, batch), text


# --- what a reader expects ------------------------------------------------------------------------------------------

BATCH = [
    paper(
        "1", "One-shot Talking-Head Generation", "An avatar speaks.", authors=["Jingdong Chen"], categories=["cs.CV"]
    ),
    paper(
        "2",
        r"Schr\"odinger bridges on graphs",
        "A $\\alpha$-stable process.",
        authors=["Ansel Adams"],
        categories=["math.PR"],
    ),
    paper(
        "3",
        "Portraits",
        "Talking heads of the 1980s, without generation.",
        categories=["cs.GR", "cs.CV"],
        comment="ICML 2026",
    ),
    paper(
        "4", "Domain generalization", "We generate domains; heads and talking apart.", authors=["Wei Li", "Chen Wang"]
    ),
]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("talking head", ["1", "3", "4"]),
        ('"talking head"', ["1", "3"]),
        ("talking head generation", ["1", "3"]),
        ("domain generation", []),
        ("generat*", ["1", "3", "4"]),
        ("Schrödinger bridge", ["2"]),
        ("\N{GREEK SMALL LETTER ALPHA} stable processes", ["2"]),
        ("au:adams", ["2"]),
        ("au:adam", []),
        ("all:Adams", ["2"]),
        ('au:"Chen J"', ["1"]),
        ('au:"Li Chen"', []),
        ("cat:cs.CV", ["1", "3"]),
        ("cat:cs", ["1", "3"]),
        ("cat:math.PR OR co:ICML", ["2", "3"]),
        ("cat:cs.CV ANDNOT ti:portrait", ["1"]),
    ],
)
def test_found(text: str, ids: list[str]) -> None:
    with Day(BATCH) as day:
        assert day.ids(query.fts5(query.parse(text))) == ids


def topic(id_: str, fts: str) -> Topic:
    return Topic(id_, id_, fts)


def test_one_bad_expression_never_stops_the_run(caplog: pytest.LogCaptureFixture) -> None:
    bad = ["talking-head", '"x', "", "*", "c++", "a AND", "nothing : x", "(" * 300, "\0", "\ud800", "NEAR("]
    stored = [
        topic("good", '"talking"'),
        *(topic(f"bad {n}", fts) for n, fts in enumerate(bad)),
        topic("last", '"avatar"'),
    ]
    stored.append(topic("none", '"nowhere"'))
    with Day(BATCH) as day, caplog.at_level(logging.WARNING):
        assert list(day.matches(stored)) == [("good", ["1", "3", "4"]), ("last", ["1"])]
        assert day.bad == [f"bad {n}" for n in range(len(bad))]
    assert len(caplog.records) == len(bad)


def test_an_empty_day_matches_nothing() -> None:
    with Day([]) as day:
        assert len(day) == 0
        assert list(day.matches([topic("a", '"avatar"')])) == []


def test_a_paper_that_comes_twice_counts_once() -> None:
    with Day([*BATCH, *reversed(BATCH)]) as day:
        assert len(day) == len(BATCH)
        assert day.ids('"talking"') == ["1", "3", "4"]


def test_a_worker_thread_can_make_and_use_a_day() -> None:
    found: list[tuple[str, list[str]]] = []

    def work() -> None:
        with Day(BATCH) as day:
            found.extend(day.matches([topic("a", '"avatar"')]))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [("a", ["1"])]


def test_closing_twice_is_closing_once() -> None:
    day = Day(BATCH)
    day.close()
    day.close()


# --- rows of a corpus -----------------------------------------------------------------------------------------------


def test_both_dialects_of_rows_are_read() -> None:
    one = papers.from_row(
        json.loads(
            '{"id": "hep-ph/9605236", "title": "High\\n energy", "authors": "V. Davidovsky, Sh. Shvartsman", '
            '"categories": "hep-ph,acc-phys", "primary": "hep-ph", "comments": "7 pages,\\n  latex", "doi": "", '
            '"created": "1996-05-06", "updated": "", "abstract": " We consider. "}'
        )
    )
    assert one == Paper(
        id="hep-ph/9605236",
        version=1,
        title="High energy",
        abstract="We consider.",
        authors=("V. Davidovsky", "Sh. Shvartsman"),
        categories=("hep-ph", "acc-phys"),
        published=831340800000,
        updated=831340800000,
        comment="7 pages, latex",
    )
    two = papers.from_row(
        {
            "id": "2606.23808v2",
            "title": "T",
            "summary": "S",
            "categories": ["cs.GT", "math.OC"],
            "authors": ["A B"],
            "comment": None,
        }
        | {"primary_category": "math.OC"}
    )
    assert (two.id, two.version, two.categories, two.comment, two.published) == (
        "2606.23808",
        2,
        ("math.OC", "cs.GT"),
        "",
        0,
    )


@pytest.mark.parametrize(
    ("id_", "whole"),
    [
        ("707.223", "0707.2230"),
        ("1710.0061600000001", "1710.00616"),
        ("1907.0926399999998", "1907.09264"),
        ("1304.1", "1304.1000"),
    ],
)
def test_ids_that_were_once_numbers_get_their_zeros_back(id_: str, whole: str) -> None:
    assert papers.from_row({"id": id_, "title": "T", "abstract": "A", "categories": "cs.CV"}).id == whole


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({}, '"id"'),
        ({"id": "x"}, "isn't an arXiv id"),
        ({"id": "2606.23808"}, 'of 2606.23808 has no text under "title"'),
        ({"id": "2606.23808", "title": "T", "summary": 3}, '"abstract" or "summary"'),
        (
            {"id": "2606.23808", "title": "T", "summary": "S", "categories": ["cs.CV"], "created": "soon"},
            "date such as",
        ),
        ({"id": "2606.23808", "title": "T", "summary": "S", "categories": ["cs.CV"], "authors": [1]}, '"authors"'),
    ],
)
def test_a_row_that_lacks_something_is_named(row: dict[str, object], says: str) -> None:
    with pytest.raises(UserError) as caught:
        papers.from_row(row)
    assert says in str(caught.value)


@pytest.mark.skipif(not bar.NEEDS.exists(), reason="the shared corpus is not beside this checkout")
def test_the_bar_reduced() -> None:
    assert bar.run(full=False) == 0
