"""The relevance gate: a score can be made again, feedback is bounded, no text raises, no channel errs."""

import json
import string
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cli import main
from bot.core import candidates, match, query, relevance, terms
from bot.core.candidates import Scored, Wanted
from bot.core.relevance import LEVELS, Features
from bot.model import Meaning, Paper

WORDS = st.sampled_from(
    ("galaxy", "merger", "cluster", "black", "hole", "talking", "head", "lip", "sync", "the", "of", "video")
)
TEXT = st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=60)
PHRASES = st.lists(TEXT, max_size=4).map(tuple)
MEANINGS = st.builds(Meaning, TEXT, PHRASES, PHRASES)
FEATURES = st.builds(
    Features,
    described=st.booleans(),
    title_words=st.integers(0, 1000).map(lambda n: n / 1000),
    abstract_words=st.integers(0, 1000).map(lambda n: n / 1000),
    cosine=st.integers(0, 10_000).map(lambda n: n / 10_000),
    title_alias=st.text(max_size=8),
    alias=st.text(max_size=8),
    hits=st.integers(0, 50),
    against=st.text(max_size=8),
    against_title=st.booleans(),
    against_hits=st.integers(0, 50),
)
VECTORS = st.lists(WORDS, min_size=1, max_size=12).map(terms.shipped().vector)


def paper(title: str, abstract: str = "", id_: str = "2601.00001") -> Paper:
    return Paper(id_, 1, title, abstract, (), ("cs.CV",), 0, 0)


@given(FEATURES)
def test_features_go_through_json_and_give_the_same_score(found: Features) -> None:
    again = Features.read(json.loads(json.dumps(found.row())))
    assert again == found
    assert relevance.score(again) == relevance.score(found)


@given(TEXT, MEANINGS, TEXT, TEXT)
def test_no_text_raises_and_every_score_comes_from_what_is_stored(
    text: str, meaning: Meaning, title: str, abstract: str
) -> None:
    profile = relevance.profile(text, meaning, terms.shipped())
    found = relevance.of_paper(profile, paper(title, abstract), terms.shipped())
    stored = Features.read(json.loads(json.dumps(found.row())))
    assert stored == found
    assert relevance.score(stored) == round(sum(relevance.contributions(found).values()), 3)
    assert all(0 <= share <= 1 for share in (found.title_words, found.abstract_words))
    assert 0 <= found.cosine <= 1.0001


@given(FEATURES, st.text(min_size=1, max_size=8), st.integers(1, 5))
def test_an_alias_never_lowers_a_score_and_what_is_not_meant_never_raises_it(
    found: Features, alias: str, more: int
) -> None:
    score = relevance.score(found)
    assert relevance.score(replace(found, title_alias=alias)) >= score
    assert relevance.score(replace(found, alias=alias, hits=found.hits + more)) > score
    assert relevance.score(replace(found, against=alias, against_title=True)) <= score
    assert relevance.score(replace(found, against=alias, against_hits=found.against_hits + more)) < score


@given(st.lists(VECTORS, max_size=6), st.lists(VECTORS, max_size=6), VECTORS)
def test_feedback_is_bounded(likes: list[terms.Vector], dislikes: list[terms.Vector], vector: terms.Vector) -> None:
    moved = relevance.shift(relevance.learned(likes, dislikes), vector)
    assert abs(moved) <= relevance.MOST
    if not likes and not dislikes:
        assert moved == 0


def test_a_thousand_likes_open_no_gate_for_everything() -> None:
    one = terms.shipped().paper("talking head", "lip sync video")
    taps = relevance.learned([one] * 1000, [])
    assert relevance.shift(taps, one) == relevance.MOST
    assert relevance.shift(taps, terms.shipped().paper("galaxy mergers", "black holes")) < 0
    assert relevance.shift(relevance.learned([], [one] * 20), one) == -relevance.MOST


def test_words_within_another_sense_are_no_evidence() -> None:
    meaning = Meaning("Mergers of galaxies", ("merger rate",), ("black hole merger rate",))
    profile = relevance.profile("galaxy mergers", meaning, terms.shipped())
    found = relevance.of_paper(
        profile,
        paper("Black hole merger rates", "The black hole merger rate of today. A merger rate."),
        terms.shipped(),
    )
    assert (found.against, found.against_title, found.against_hits) == ("black hole merger rate", True, 1)
    assert (found.title_alias, found.title_words, found.alias, found.hits) == ("", 0, "merger rate", 1)


def test_the_longest_alias_counts_once() -> None:
    meaning = Meaning(aliases=("talking head", "talking head video"))
    profile = relevance.profile("avatars", meaning, terms.shipped())
    found = relevance.of_paper(profile, paper("x", "Talking-head videos, talking heads talking heads"), terms.shipped())
    assert (found.hits, found.alias) == (3, "talking head")


def test_levels_are_ordered() -> None:
    for described in (True, False):
        strict, normal, broad = (relevance.threshold(level, described=described) for level in LEVELS)
        assert strict > normal > broad > candidates.floor(described=described)
        assert relevance.passes(normal, "normal", described=described)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("talking heads", "talking head"),
        ("cat:cs.CV AND (ti:avatar OR abs:generat*) ANDNOT ti:audio", "avatar generat*"),
        ("au:del_maestro", ""),
    ],
)
def test_words_of_a_query(text: str, words: str) -> None:
    assert relevance.words_of(query.parse(text)) == words


@given(MEANINGS)
def test_aliases_reach_fts5_only_as_quoted_tokens(meaning: Meaning) -> None:
    expression = relevance.alias_expression(meaning)
    assert set(expression) <= set(string.ascii_lowercase + string.digits + '{}:()" OR')
    with match.Day([paper("Talking head", "lip sync")]) as day:
        if expression:
            day.ids(expression)


PAPERS = st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=12)


@given(PAPERS, st.lists(WORDS, min_size=1, max_size=3), MEANINGS)
def test_a_day_finds_what_a_look_at_every_paper_finds(
    texts: list[tuple[str, str]], words: list[str], meaning: Meaning
) -> None:
    batch = [paper(title, abstract, str(place)) for place, (title, abstract) in enumerate(texts)]
    node, frequencies = query.parse(" ".join(words)), terms.shipped()
    profile = relevance.profile(" ".join(words), meaning, frequencies)
    with Scored(batch, frequencies) as day:
        found = {each.paper: each for each in day.found(Wanted("t", query.fts5(node), profile))}
        aliases = relevance.alias_expression(replace(meaning, aliases=(*meaning.aliases, " ".join(words))))
        wide = set(day.ids(query.fts5(node))) | set(day.ids(aliases) if aliases else ())
        assert {id_ for id_, each in found.items() if each.via != "near"} == wide
    for each in batch:
        features = relevance.of_paper(profile, each, frequencies)
        if each.id in found:
            assert found[each.id].features == features
            assert found[each.id].score == relevance.score(features)
        else:
            near = features.cosine >= candidates.NEAR + 0.0001
            assert not near or relevance.score(features) < candidates.floor(described=profile.described)


def test_rules_are_scored_for_their_order_and_let_in_nothing_else() -> None:
    batch = [paper("Talking heads", "", "1"), paper("Avatars and talking heads", "", "2"), paper("Galaxies", "", "3")]
    with Scored(batch, terms.shipped()) as day:
        rule = relevance.profile("avatar", Meaning("", ("galaxy",)), terms.shipped(), rule=True)
        assert [each.paper for each in day.found(Wanted("r", 'title : "talking head"', rule))] == ["2", "1"]
        assert [each.paper for each in day.found(Wanted("r", 'title : "talking head"'))] == ["1", "2"]
        dropped = Wanted("r", 'title : "talking head"', None, 'title : "avatar"')
        assert [each.paper for each in day.found(dropped)] == ["1"]


def test_a_bad_expression_stops_no_other() -> None:
    with Scored([paper("Talking heads")], terms.shipped()) as day:
        assert [id_ for id_, _ in day.all([Wanted("bad", "-x:"), Wanted("good", "title : talking")])] == ["good"]
        assert day.bad == ["bad"]


def test_frequencies_of_an_archive_and_of_none() -> None:
    own = terms.Frequencies(10_000, {"galaxy": 2000, "merger": 50, "rare": 2, "model": 4000})
    assert own.weight("model") == own.weight("the") == 0
    assert own.weight("unheard") == own.weight("rare") > own.weight("merger") > own.weight("galaxy") > 0
    assert terms.Frequencies(0, {}).vector(["a"]) == {}
    assert terms.cosine(own.vector(["galaxy", "merger"]), own.vector(["merger", "galaxy"])) == pytest.approx(1)


def test_lab_scores_every_paper_for_every_topic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    topics, papers, liked = tmp_path / "topics.json", tmp_path / "papers", tmp_path / "liked"
    topics.write_text(json.dumps({"a": {"query": "talking heads"}, "b": {"query": "galaxies", "not": ["cluster"]}}))
    rows = [{"arxiv_id": "1", "topic": "a", "title": "Talking heads", "abstract": "x", "label": "on"}]
    papers.write_text(
        "\n".join(json.dumps(row) for row in [*rows, {"arxiv_id": "2", "title": "Galaxies", "abstract": ""}])
    )
    liked.write_text(json.dumps({"topic": "a", "title": "Galaxies", "abstract": ""}))
    assert main(["lab", "relevance", "--topics", str(topics), "--papers", str(papers), "--liked", str(liked)]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["topic"], row["arxiv_id"], row["normal"]) for row in found] == [
        ("a", "1", True),
        ("a", "2", False),
        ("b", "1", False),
        ("b", "2", True),
    ]


@pytest.mark.parametrize(
    "text",
    ["nonsense", "[]", '{"a": 1}', '{"a": {}}', '{"a": {"query": "AND )"}}', '{"a": {"query": "x y", "aliases": "z"}}'],
)
def test_lab_says_what_is_wrong_with_topics(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    topics = tmp_path / "topics.json"
    topics.write_text(text)
    assert main(["lab", "relevance", "--topics", str(topics), "--papers", str(topics)]) == 1
    assert "topics.json" in capsys.readouterr().err
