"""Headings, broken words, reading order, running heads, and what a reading looks for in a paper."""

import string
import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import fulltext, printed
from bot.core.fulltext import Fulltext, Kind, Paragraph, Section
from bot.core.lines import Line, Page, clean, is_stamp, join, ordered, running, words

LETTERS = st.text(
    st.sampled_from(string.ascii_letters + " .,;:()-–0123456789ﬁéΔ∑\x02\ufffe\u00ad\u200b\ud835"), max_size=60
)


# --- headings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "bare", "kind", "level"),
    [
        ("1 Introduction", "Introduction", "introduction", 1),
        ("I. INTRODUCTION", "INTRODUCTION", "introduction", 1),
        ("3.1 Training", "Training", "method", 2),
        ("4.1.2. Muons", "Muons", "other", 3),
        ("III. TRAINING AND RESULTS", "TRAINING AND RESULTS", "results", 1),
        ("IV.B Systematic uncertainties", "Systematic uncertainties", "other", 2),
        ("A.1 Proof", "Proof", "other", 2),
        ("A Method for Graphs", "A Method for Graphs", "method", 0),
        ("I think", "I think", "other", 0),
        ("2 Related Work", "Related Work", "related", 1),
        ("5 Conclusions and Outlook", "Conclusions and Outlook", "conclusion", 1),
        ("Summary and discussion", "Summary and discussion", "conclusion", 0),
        ("Appendix A Proofs", "Appendix A Proofs", "appendix", 0),
        ("REFERENCES", "REFERENCES", "references", 0),
        ("6. Limitations", "Limitations", "limitations", 1),
        ("Acknowledgements", "Acknowledgements", "other", 0),
        ("Section 3: Our model", "Our model", "method", 1),
        ("", "", "other", 0),
        ("3", "3", "other", 0),
    ],
)
def test_a_heading_says_what_its_section_is_for(title: str, bare: str, kind: Kind, level: int) -> None:
    assert (fulltext.bare(title), fulltext.kind(title), fulltext.level(title)) == (bare, kind, level)


def test_below_related_work_all_is_related_work() -> None:
    headings = [(1, "2 Related work"), (2, "2.1 Model training"), (1, "3 Method"), (2, "3.1 Bees"), (1, "4 Results")]
    assert fulltext.kinds(headings) == ["related", "related", "method", "method", "results"]


@given(st.text(max_size=200))
def test_no_heading_makes_it_raise(title: str) -> None:
    fulltext.kind(title)
    fulltext.is_thanks(title)
    assert fulltext.level(title) >= 0
    assert fulltext.bare(title) == fulltext.bare(fulltext.bare(title)) or fulltext.level(title)


# --- what a reading looks for -----------------------------------------------------------------------------------------


def paper(*sections: tuple[str, Kind, list[str]]) -> Fulltext:
    return Fulltext(
        "pdf",
        3,
        tuple(Section(title, kind, tuple(Paragraph(text, 1) for text in texts)) for title, kind, texts in sections),
    )


def test_the_contributions_are_announced_and_listed() -> None:
    found = fulltext.contributions(
        paper(
            ("Related", "related", ["Their contributions are as follows:", "• Theirs."]),
            (
                "1 Opening",
                "other",
                ["Graphs.", "Our main contributions are as follows:", "• One.", "• Two.", "The rest."],
            ),
        )
    )
    assert [one.text for one in found] == ["Our main contributions are as follows:", "• One.", "• Two."]
    assert fulltext.contributions(paper(("1 Opening", "other", ["Graphs."]))) == ()


def test_a_conclusion_is_found_without_its_name() -> None:
    named = paper(("A", "method", ["m"]), ("B", "conclusion", ["c"]), ("C", "appendix", ["a"]))
    assert [one.text for one in fulltext.conclusion(named)] == ["c"]
    unnamed = paper(
        ("A", "method", ["m"]), ("B", "other", ["last"]), ("Funding", "other", ["f"]), ("R", "references", ["r"])
    )
    assert [one.text for one in fulltext.conclusion(unnamed)] == ["last"]
    assert fulltext.conclusion(paper()) == ()


def test_the_body_says_science() -> None:
    whole = paper(
        ("A", "method", ["m"]),
        ("Author contributions", "other", ["x"]),
        ("R", "references", ["r"]),
        ("Z", "appendix", ["a"]),
    )
    assert [section.title for section in fulltext.body(whole)] == ["A", "Z"]
    assert [section.title for section in fulltext.body(whole, appendix=False)] == ["A"]


# --- letters ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "known", "joined"),
    [
        (["recog\x02", "nition of"], [], "recognition of"),
        (["recog-", "nition"], [], "recognition"),
        (["state-of-the-", "art"], [], "state-of-the-art"),
        (["self-", "attention"], ["self-attention"], "self-attention"),
        (["self-", "attention"], [], "selfattention"),
        (["AT-", "LAS"], ["atlas"], "ATLAS"),
        (["Bose-", "Einstein"], [], "Bose-Einstein"),
        (["GPT-", "4 and"], [], "GPT-4 and"),
        (["pages 14–", "16"], [], "pages 14–16"),
        (["a dash -", "and"], [], "a dash - and"),
        (["eﬃcient ", " ﬁelds"], [], "efficient fields"),
        ([], [], ""),
    ],
)
def test_broken_words_are_made_whole(lines: list[str], known: list[str], joined: str) -> None:
    assert join(lines, words(known)) == joined


@given(st.lists(LETTERS, max_size=8))
def test_joining_loses_no_letter(lines: list[str]) -> None:
    kept = Counter(char for char in join(lines) if char.isalnum())
    raw = Counter(char for char in clean(" ".join(lines)) if char.isalnum())
    assert kept == raw
    assert not set(join(lines)) & set("\x02\ufffe\u200b\n")


@given(st.text(max_size=300))
def test_clean_text_stays_as_it_is(raw: str) -> None:
    once = clean(raw)
    assert clean(once) == once or unicodedata.normalize("NFKC", once) != once  # a control between two marks
    assert once == " ".join(once.split())


# --- order ------------------------------------------------------------------------------------------------------------


def line(text: str, left: float, top: float, *, width: float = 200, size: float = 10, bold: bool = False) -> Line:
    return Line(text, left, top, left + width, top + size, size, bold)


LINES = st.lists(
    st.builds(
        lambda text, left, top, width: line(text, left, top, width=width),
        st.text(string.ascii_lowercase, min_size=1, max_size=30),
        st.floats(0, 500),
        st.floats(0, 780),
        st.floats(5, 500),
    ),
    max_size=40,
)


@given(LINES)
def test_ordering_loses_nothing(lines: list[Line]) -> None:
    found = "".join(one.text for one in ordered(Page(tuple(lines))))
    assert Counter(found.replace(" ", "")) == Counter("".join(one.text for one in lines))


def test_columns_written_row_by_row_are_read_one_after_the_other() -> None:
    left = [line(f"left column line {at}", 60, 100 + 12 * at) for at in range(20)]
    right = [line(f"right column line {at}", 330, 100 + 12 * at) for at in range(20)]
    rows = [one for pair in zip(left, right, strict=True) for one in pair]
    title = line("a title that spans both columns of the page", 60, 60, width=470)
    assert ordered(Page((title, *rows))) == (title, *left, *right)
    assert ordered(Page((title, *left, *right))) == (title, *left, *right)


def test_scripts_and_cells_join_their_line() -> None:
    pieces = (
        line("the mass m", 60, 100, width=60),
        line("W", 120, 98, width=6, size=6),
        line("T", 120, 105, width=5, size=6),
    )
    assert [one.text for one in ordered(Page((*pieces, line("is large", 130, 100))))] == ["the mass mWT is large"]


# --- running heads ----------------------------------------------------------------------------------------------------


def test_running_heads_and_page_numbers_go() -> None:
    pages = [
        [f"{at} A. Author et al.", f"text {'abcdef'[at]}", *["more"] * at, "and so on", "even more", f"{at}"]
        for at in range(6)
    ]
    for page, away in zip(pages, running(pages), strict=True):
        assert {0, len(page) - 1} <= away
        assert 1 not in away


@given(st.lists(st.lists(st.text(string.ascii_letters, min_size=3, max_size=9), min_size=1, max_size=9), max_size=2))
def test_two_pages_have_no_running_heads(pages: list[list[str]]) -> None:
    found = running(pages)
    assert len(found) == len(pages)
    assert all(set("ivxl") >= set(page[at].lower()) for page, away in zip(pages, found, strict=True) for at in away)


def test_arxivs_stamp_is_known() -> None:
    assert is_stamp("arXiv:1503.07589v1 [hep-ex] 26 Mar 2015")
    assert not is_stamp("arXiv:1503.07589v1 is cited here")


# --- papers -----------------------------------------------------------------------------------------------------------


@given(st.lists(LINES, max_size=3))
def test_each_line_ends_in_one_place(pages: list[list[Line]]) -> None:
    found = printed.paper([Page(tuple(lines)) for lines in pages])
    text = found.front + fulltext.text(found.sections) + "".join(one.label + one.text for one in found.captions)
    kept = Counter(char for char in text if char.isalpha())
    raw = Counter(char for lines in pages for one in lines for char in one.text)
    assert not kept - raw  # nothing is said twice; what is missing was a page number


def test_headings_of_many_styles_are_found() -> None:
    texts = [
        ("1 Introduction", True, 12.0),
        ("II. METHOD", False, 10.0),
        ("3.1 A sub-section", True, 10.0),
        ("Results", False, 10.0),
        ("References", False, 10.0),
    ]
    lines = []
    for number, (title, bold, size) in enumerate(texts):
        top = 60.0 + 120 * number
        lines.append(line(title, 60, top, bold=bold, size=size))
        lines += [
            line(f"This is a sentence of body text with number {at} of many.", 60, top + 25 + 12 * at, width=400)
            for at in range(6)
        ]
    found = printed.paper([Page(tuple(lines))])
    assert [section.title for section in found.sections] == [title for title, _, _ in texts]
    assert [section.kind for section in found.sections] == ["introduction", "method", "method", "results", "references"]
