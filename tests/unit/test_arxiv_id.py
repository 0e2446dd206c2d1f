import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import arxiv_id
from bot.core.arxiv_id import ArxivId
from bot.errors import UserError


def refused(text: str, language: str = "en") -> str:
    with pytest.raises(UserError) as caught:
        arxiv_id.parse(text, language)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "2411.19525",
        " 2411.19525 ",
        "arXiv:2411.19525",
        "ARXIV : 2411.19525",
        "arxiv 2411.19525",
        "arXiv.2411.19525",
        "arXiv preprint arXiv:2411.19525",
        "arXiv e-print 2411.19525",
        "oai:arXiv.org:2411.19525",
        "arXiv:2411.19525 [cs.CV]",
        "https://arxiv.org/abs/2411.19525",
        "http://arxiv.org/abs/2411.19525/",
        "https://www.arxiv.org/abs/2411.19525?context=cs.CV",
        "https://arxiv.org/abs/2411.19525#comments",
        "export.arxiv.org/abs/2411.19525",
        "arxiv.org/pdf/2411.19525",
        "https://arxiv.org/pdf/2411.19525.pdf#page=3",
        "https://arxiv.org/html/2411.19525",
        "https://arxiv.org/src/2411.19525",
        "https://arxiv.org/e-print/2411.19525",
        "https://arxiv.org/abs/arXiv:2411.19525",
        "https://browse.arxiv.org/html/2411.19525",
        "HTTPS://ARXIV.ORG/ABS/2411.19525",
        "https%3A%2F%2Farxiv.org%2Fabs%2F2411.19525",
        "https://www.alphaxiv.org/abs/2411.19525",
        "https://alphaxiv.org/overview/2411.19525",
        "https://huggingface.co/papers/2411.19525",
        "hf.co/papers/2411.19525",
        "https://ar5iv.labs.arxiv.org/html/2411.19525",
        "https://ar5iv.org/abs/2411.19525",
        "https://scirate.com/arxiv/2411.19525",
        "https://papers.cool/arxiv/2411.19525",
        "10.48550/arXiv.2411.19525",
        "10.48550/ARXIV.2411.19525",
        "doi:10.48550/arXiv.2411.19525",
        "https://doi.org/10.48550/arXiv.2411.19525",
        "http://dx.doi.org/10.48550/arxiv.2411.19525",
        "2411.19525.",
        "2411.19525,",
        "(2411.19525)",
        "[2411.19525]",
        '"2411.19525"',
        "“2411.19525”",
        "`2411.19525`",
        "**2411.19525**",
        "<https://arxiv.org/abs/2411.19525>",
        "(https://arxiv.org/abs/2411.19525).",
        "[the paper](https://arxiv.org/abs/2411.19525)",
        "/abs/2411.19525",
        "2411.19525.pdf",
        "\uff12\uff14\uff11\uff11\uff0e\uff11\uff19\uff15\uff12\uff15",
        "\u200b2411.19525\ufeff",
        "٢٤١١.١٩٥٢٥",
    ],
)
def test_one_paper_in_every_form(text: str) -> None:
    assert arxiv_id.parse(text) == ArxivId("2411.19525")


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("2411.19525v2", "2411.19525v2"),
        ("2411.19525V2", "2411.19525v2"),
        ("2411.19525 v2", "2411.19525v2"),
        ("2411.19525v2.1", "2411.19525v2"),
        ("arXiv:2411.19525v1 [cs.CV] 29 Nov 2024", "2411.19525v1"),
        ("http://arxiv.org/pdf/2411.19525v2.pdf", "2411.19525v2"),
        ("https://arxiv.org/html/2411.19525v1/", "2411.19525v1"),
        ("0704.0001", "0704.0001"),
        ("1412.9999v1", "1412.9999v1"),
        ("1501.00001", "1501.00001"),
        ("8912.00001", "8912.00001"),
        ("math/0611800", "math/0611800"),
        ("math.CA/0611800v1", "math/0611800v1"),
        ("Math.ca/0611800", "math/0611800"),
        ("cond-mat.supr-con/9307001", "cond-mat/9307001"),
        ("hep-th/9108001", "hep-th/9108001"),
        ("math/0703001", "math/0703001"),
        ("cmp-lg/9404001", "cmp-lg/9404001"),
        ("alg-geom/9202001v1", "alg-geom/9202001v1"),
        ("arXiv:hep-th/9901001", "hep-th/9901001"),
        ("https://arxiv.org/abs/hep-th/9901001", "hep-th/9901001"),
        ("arxiv.org/pdf/math/0611800v1.pdf", "math/0611800v1"),
        ("https://arxiv.org/abs/math%2F0611800", "math/0611800"),
        ("https://doi.org/10.48550/arXiv.hep-th/9901001", "hep-th/9901001"),
    ],
)
def test_versions_and_old_ids(text: str, id_: str) -> None:
    assert str(arxiv_id.parse(text)) == id_


WRONG = [
    (
        "2411.1952",
        "the part after the dot has 5 digits since 2015. Try all five digits, for example 2411.19525.",
    ),
    ("2411.019525", "Did you mean 2411.19525?"),
    ("2411.195255", "this one has 6"),
    ("1412.12345", "had 4 digits until December 2014"),
    ("1412.01234", "Did you mean 1412.1234?"),
    ("2413.12345", "no month 13"),
    ("2400.12345", "no month 00"),
    ("0703.0001", "began with 0704.0001"),
    ("9901.00001", "began with 0704.0001"),
    ("2411.00000", "counted from 1"),
    ("2411.19525v0", "versions are counted from 1"),
    ("hep-th/0704001", "ended in March 2007"),
    ("math/9913001", "no month 13"),
    ("math/061180", "seven digits"),
    ("math/0611000", "counted from 001"),
    ("foo/0611800", "no archive called foo"),
    ("hepth/9901001", "Did you mean hep-th/9901001?"),
    ("hep-th9901001", "Did you mean hep-th/9901001?"),
    ("0611800", "name their archive"),
    ("241119525", "Did you mean 2411.19525?"),
    ("2411,19525v2", "Did you mean 2411.19525v2?"),
    ("10.1103/PhysRevLett.116.061102", "publisher's DOI"),
    ("https://github.com/someone/2411.19525", "github.com isn't arXiv"),
    ("https://arxiv.org/list/cs.CV/recent", "a list of papers"),
    ("https://arxiv.org/", "names no paper"),
    ("2411.19525 is nice", "what follows the number"),
    ("talking heads", "isn't an arXiv id"),
    ("cs.CV", "isn't an arXiv id"),
    ("arXiv:", "isn't an arXiv id"),
    ("", "Send me an arXiv id"),
    ("x" * 5000, "too long"),
]


@pytest.mark.parametrize(("text", "says"), WRONG)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    assert says in refused(text)


@pytest.mark.parametrize("text", [text for text, _ in WRONG])
def test_what_is_wrong_is_said_in_the_readers_language(text: str) -> None:
    said = refused(text, "zh")
    assert re.search("[\u4e00-\u9fff]{3}", said)
    assert not re.search("isn't|the|for example|Did you mean", said)


def test_a_missing_digit_is_never_made_up() -> None:
    for text in ("2411.1952", "2411.195", "2411.195255", "1412.12345", "1412.123", "0704.1"):
        assert "Did you mean" not in refused(text)


@pytest.mark.parametrize(
    "text",
    ["2411.1952", "1412.01234", "hepth/9901001", "hep-th9901001", "241119525", "2411.19525v0", "foo/1234567", "a"],
)
def test_every_id_that_an_error_suggests_can_be_read(text: str) -> None:
    offered = re.findall(r"(?:Did you mean|for example|Try|like) ([\w./-]+?)[?.,]?(?:\s|$)", refused(text))
    assert offered
    for each in offered:
        if each not in ("all", "four"):
            arxiv_id.parse(each)


@given(st.text(max_size=60))
def test_any_text_is_an_id_or_a_user_error(text: str) -> None:
    try:
        found = arxiv_id.parse(text)
    except UserError as problem:
        assert str(problem).endswith((".", "?"))  # noqa: PT017 - both ends are right
    else:
        assert arxiv_id.parse(str(found)) == found


@given(st.text(alphabet="0123456789.v/arXiv:hep-th[]() https://abs", max_size=40))
def test_texts_that_look_like_ids_are_ids_or_user_errors(text: str) -> None:
    test_any_text_is_an_id_or_a_user_error.hypothesis.inner_test(text)  # type: ignore[attr-defined]


_NEW = st.builds(
    lambda year, month, number: f"{year:02}{month:02}.{number:05}",
    st.integers(15, 90),
    st.integers(1, 12),
    st.integers(1, 99999),
)
_OLD = st.builds(
    lambda archive, year, month, number: f"{archive}/{year:02}{month:02}{number:03}",
    st.sampled_from([*arxiv_id.ARCHIVES, *arxiv_id.SUBSUMED]),
    st.sampled_from([*range(91, 100), *range(7)]),
    st.integers(1, 12),
    st.integers(1, 999),
)


@given(
    st.one_of(_NEW, _OLD),
    st.one_of(st.none(), st.integers(1, 40)),
    st.sampled_from(
        [
            "{}",
            "arXiv:{}",
            "https://arxiv.org/abs/{}",
            "arxiv.org/pdf/{}.pdf",
            "<{}>.",
            "10.48550/arXiv.{}",
            "hf.co/papers/{}",
        ]
    ),
)
def test_every_id_survives_every_wrapping(base: str, version: int | None, form: str) -> None:
    wanted = ArxivId(base, version)
    assert arxiv_id.parse(form.format(wanted)) == wanted


def test_the_taxonomy_is_whole() -> None:
    assert sum(len(subjects) or 1 for subjects in arxiv_id.ARCHIVES.values()) == 155
    assert len(arxiv_id.SUBSUMED) == 18
