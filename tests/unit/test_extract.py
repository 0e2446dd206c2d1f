import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import resources
from bot.core import extract, extract_takeaways, extract_trim, sentences

SHARED = Path(__file__).resolve().parents[2].parent / "shared"

TITLE = "Sparse Attention for Long Documents"
ABSTRACT = """Long documents are common in law and medicine. Transformers scale poorly with the length of their input.
However, most remedies lose accuracy. In this paper, we propose a sparse attention for long documents that keeps only
the blocks a cheap scorer selects. The scorer is trained jointly with the model (see Section 3). Experiments on five
benchmarks show that our attention is 3.2 times faster and loses less than 0.1 points of accuracy. It does not
generalize to speech. Code is available at https://example.org/sparse."""


def in_order(output: str, source: str) -> bool:
    """Tell whether every word of the output occurs in the source, in the same order."""
    wanted = [word.lower() for word in re.findall(r"\w+", output)]
    rest = iter(word.lower() for word in re.findall(r"\w+", source))
    return all(word in rest for word in wanted)


def lines(found: extract.Extract) -> list[str]:
    return [found.tldr, *found.takeaways]


def test_picks_the_contribution() -> None:
    found = extract.summarize(TITLE, ABSTRACT)
    assert found.tldr == (
        "We propose a sparse attention for long documents that keeps only the blocks a cheap scorer selects."
    )


def test_takeaways_tell_result_and_limit_and_never_the_link() -> None:
    found = extract.summarize(TITLE, ABSTRACT)
    assert 3 <= len(found.takeaways) <= 5
    told = " ".join(found.takeaways)
    assert "3.2 times faster" in told
    assert "speech" in told
    assert "https" not in told
    assert found.tldr not in found.takeaways


def test_takeaways_stand_in_the_order_of_the_abstract() -> None:
    whole = " ".join(ABSTRACT.split())
    places = [whole.index(line[1:20]) for line in extract.summarize(TITLE, ABSTRACT).takeaways]
    assert places == sorted(places)


@pytest.mark.parametrize("blank", ["", "  \n"])
def test_blank_abstract_has_an_empty_summary(blank: str) -> None:
    assert extract.summarize("Any title", blank) == extract.Extract("", ())
    assert extract.tldr("Any title", [blank]) == ""
    assert extract.tldr("Any title", []) == ""


def test_short_abstract_gives_the_line_alone() -> None:
    found = extract.summarize(
        "Infinitude of the primes", "Primes are old. We prove that there are infinitely many primes. It is easy."
    )
    assert found == extract.Extract("We prove that there are infinitely many primes.", ())


def test_fragment_is_returned_as_it_is() -> None:
    assert extract.summarize("Withdrawn", " Withdrawn. ") == extract.Extract("Withdrawn.", ())


@pytest.mark.parametrize(
    ("title", "abstract", "start"),
    [
        (
            "Ramsey numbers of paths",
            (
                "Ramsey theory is classical. Let $P_n$ denote the path on $n$ vertices. We show that the size "
                "Ramsey number of $P_n$ is at most $74n$. This improves a bound of Letzter."
            ),
            "We show that the size Ramsey",
        ),
        (
            "A hot Jupiter around a giant star",
            (
                "Hot Jupiters around giants are rare. Years ago a candidate was seen in photometry. Here we report "
                "the confirmation of a hot Jupiter around the giant star HD 1 from radial velocities. The planet has a "
                "mass of 1.2 Jupiter masses."
            ),
            "We report the confirmation",
        ),
        (
            "Sleep loss alters gut microbiota in mice",
            (
                "Sleep is essential. The link between sleep and the gut is poorly understood. Mice were kept awake "
                "for ten days. We found that sleep loss altered the gut microbiota and raised inflammation in mice. "
                "These findings may help shift workers."
            ),
            "We found that sleep loss",
        ),
    ],
)
def test_serves_other_fields(title: str, abstract: str, start: str) -> None:
    assert extract.summarize(title, abstract).tldr.startswith(start)


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("In this paper, we propose a new bound for trees.", "We propose a new bound for trees."),
        ("In this work we propose a new bound for trees.", "We propose a new bound for trees."),
        ("To address this problem, we propose a bound for trees.", "We propose a bound for trees."),
        ("RESULTS: Inflammation rose in nine of ten mice.", "Inflammation rose in nine of ten mice."),
        ("Moreover, t-SNE maps of all the data agree well.", "t-SNE maps of all the data agree well."),
        ("In this paper, we disagree.", "In this paper, we disagree."),
        ("However, in this paper, we give a proof for all trees.", "We give a proof for all trees."),
        ("To overcome this limitation we give a proof for all trees.", "We give a proof for all trees."),
        ("For a finite tree T, we give a proof without words.", "For a finite tree T, we give a proof without words."),
    ],
)
def test_opener_goes(sentence: str, expected: str) -> None:
    assert extract_trim.without_opener(sentence) == expected


def test_variants_keep_mathematics_and_enumerations() -> None:
    texts = [text for text, _ in extract_trim.variants("We bound the norm of $f (x)$ for all x (and y) in the ball.")]
    assert texts == ["We bound the norm of $f (x)$ for all x (and y) in the ball."]
    texts = [text for text, _ in extract_trim.variants("We give (i) a new bound for trees and (ii) one for cycles.")]
    assert texts == ["We give (i) a new bound for trees and (ii) one for cycles."]


def test_variants_drop_parenthesis_and_purpose() -> None:
    sentence = "To reduce the cost of labels, we propose a learner (called Lazy) that asks for few labels."
    assert dict(extract_trim.variants(sentence)) == {
        sentence: frozenset(),
        "To reduce the cost of labels, we propose a learner that asks for few labels.": {"parenthesis"},
        "We propose a learner (called Lazy) that asks for few labels.": {"purpose"},
        "We propose a learner that asks for few labels.": {"purpose", "parenthesis"},
    }


@pytest.mark.parametrize(
    "sentence",
    [
        "We prove a law of large numbers (under a moment condition) for walks.",
        "We simplify the first algorithm, which was given by Feige et al. (2007).",
        "We extend the nested estimator with adaptive sampling proposed by (Giles 2019) to prices.",
    ],
)
def test_parenthesis_that_matters_stays(sentence: str) -> None:
    assert extract_trim.variants(sentence) == [(sentence, frozenset())]


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Finally, the code is 3 times faster than before.", "The code is 3 times faster than before."),
        ("Surprisingly, the small model wins on all five tasks", "The small model wins on all five tasks."),
    ],
)
def test_bullet(sentence: str, expected: str) -> None:
    assert extract_trim.bullet(sentence) == expected


@pytest.mark.parametrize(
    ("sentence", "place", "role"),
    [
        ("Code is available at https://example.org.", 1.0, "meta"),
        ("We introduce a data set.", 0.5, "contribution"),
        ("Graphs are everywhere.", 0.0, "background"),
        ("However, training is costly.", 0.2, "problem"),
        ("Our method outperforms all others by 3%.", 0.8, "result"),
        ("It fails on long inputs.", 0.9, "limit"),
        ("A scorer selects blocks.", 0.6, "method"),
    ],
)
def test_role(sentence: str, place: float, role: str) -> None:
    assert extract_takeaways.role(sentence, place) == role


def test_repeated_sentences_are_told_once() -> None:
    found = extract.summarize("Cats", "We study the cat at home. " * 6 + "Dogs differ from cats a lot.")
    assert found.takeaways == ()
    again = "We study cats at home in winter. In this paper, we study cats at home in winter. "
    assert extract.summarize("Cats", again * 3 + "Dogs differ from cats a lot.").takeaways == ()


WORDS = st.sampled_from(
    re.findall(
        r"\S+",
        """we We propose show that this In paper, paper the method results However, (see $x.$ $x$ et al. Moreover, To
    reduce cost, results. 3.2% (i) (e.g. it) first Finally, Let https://a.b github \\alpha { } - : ; ? ! na\u00efve
    \u65b9\u6cd5\u3002 iPhone \ud7a3 code available at .""",
    )
)
TEXT = st.one_of(st.text(), st.lists(WORDS, max_size=120).map(" ".join))


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=12).map(" ".join)), TEXT)
def test_holds_for_any_text(title: str, abstract: str) -> None:
    found = extract.summarize(title, abstract)
    assert found == extract.summarize(title, abstract)
    assert bool(found.tldr) == bool(abstract.split())
    assert len(found.takeaways) in {0, 3, 4, 5}
    sources = sentences.split(abstract) or [""]
    whole = " ".join(sources)
    assert in_order(found.tldr, whole)
    assert len(set(lines(found))) == len(lines(found))
    for line in lines(found):
        assert any(in_order(line, source) for source in [*sources, whole if line == found.tldr else ""])
        assert line == " ".join(line.split())


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.lists(TEXT, max_size=8))
def test_split_input_may_be_anything(title: str, pieces: list[str]) -> None:
    line = extract.tldr(title, pieces)
    assert in_order(line, " ".join(pieces))


def test_long_text_is_bounded() -> None:
    text = " ".join(f"We study the thing number {i} in the list of all things." for i in range(2000))
    started = time.perf_counter()
    extract.summarize("Things", text)
    assert time.perf_counter() - started < 5


def test_title_is_never_the_summary() -> None:
    found = extract.summarize("Quantum cats are not alive", ABSTRACT)
    assert "cats" not in " ".join(lines(found))


def test_weights_are_small_and_finite() -> None:
    model = resources.data("tldr_ranker.json")
    assert resources.path("data", "tldr_ranker.json").stat().st_size < 100_000
    assert all(abs(weight) < 100 for part in ("ranker", "words") for weight in model[part].values())


def test_import_reads_no_file() -> None:
    program = "import bot.core.extract; from bot import resources; print(resources.data.cache_info().currsize)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    assert done.stdout.strip() == "0"


@pytest.mark.skipif(not (SHARED / "data" / "scitldr").is_dir(), reason="the shared data is not on this machine")
def test_beats_the_cue_rule_on_train_papers() -> None:
    from tests.bars import tldr

    papers = tldr.load("train")[:60]
    ours = sum(tldr.rouge(extract.tldr(p.title, p.sentences), p.golds)[0] for p in papers)
    rule = sum(tldr.rouge(tldr.first_cue(p.sentences), p.golds)[0] for p in papers)
    assert ours > rule


@pytest.mark.skipif(not (SHARED / "data" / "scitldr").is_dir(), reason="the shared data is not on this machine")
def test_takes_less_than_ten_milliseconds() -> None:
    from tests.bars import tldr

    papers = tldr.load("train")[:50]
    extract.summarize(papers[0].title, papers[0].abstract)
    started = time.process_time()
    for paper in papers:
        extract.summarize(paper.title, paper.abstract)
    assert (time.process_time() - started) / len(papers) < 0.01
