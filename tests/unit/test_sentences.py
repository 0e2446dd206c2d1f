import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.sentences import split

# Each case is the true sequence; its text is the sequence joined by blanks.
CASES = [
    ["One sentence only"],
    ["Deep models overfit.", "We prune them."],
    ["Okada et al. (2019) measured the gap.", "We close it."],
    ["The gap was measured by Okada et al.", "In this paper, we close it."],
    ["The bound in Eq. (7) is tight, see Fig. 3 and Sec. 4.1.", "Tab. 2 lists constants."],
    ["We use a prior, i.e. a Gaussian, throughout.", "Others, e.g., Laplace, work too."],
    ["Losses (cf. Sect. 2) are i.i.d. across runs.", "Noise is not."],
    ["Residuals are assumed i.i.d.", "We drop that assumption."],
    ["The estimator converges w.h.p. as the sample grows.", "The rate is sharp."],
    ["Recall went from 61.2 to 70.9 at 1.5x the cost.", "Precision fell by 0.3."],
    ["We find p < .01 everywhere.", "Effects are large."],
    ["Take $a = 0.1$.", "Then $b = 2$."],
    ["Set $g(x) = x.$", "Clearly $g$ is odd."],
    ["The map satisfies $$ T(x) = x + 1. $$", "We classify its orbits."],
    ["It grows like $O(n^{1.5})$ for $n \\geq 2.5$.", "No faster growth occurs."],
    ["Training costs $5.", "Inference costs $2 a day."],
    ["Code is at https://example.org/a.b/c.git.", "Issues are welcome."],
    ["Write to a.b@example.org for the data.", "Please cite us."],
    ["Is depth needed?", "We say no!", "Width will do."],
    ["Dr. K. B. Lund built the device.", "It still runs."],
    ["Samples of E. coli and B. subtilis were grown.", "Both survived."],
    ["Records come from the U.S. census of 1990.", "They are public."],
    ["Records come from the U.S.", "We use ten years of them."],
    ["We test images, audio, etc. in one setting.", "Gains vary."],
    ["We test images, audio, etc.", "The gains vary."],
    ["Llama 3.1 beats v2.0.4 vs. Claude 3.5 on nine tasks.", "GPT-4.1 ties."],
    ["Patients lack vitamin D.", "Supplements help."],
    ["The effect was known.[4]", "We explain it [5, 6].", "See also [7]."],
    ['He asked "why now?"', "Nobody answered."],
    ["Two steps suffice: (1) prune; (2) retrain.", "Both are cheap."],
    ["Background: Models drift.", "Methods: We track them.", "Results: Drift halves."],
    ["Spectra were taken.", "mRNA levels rose.", "t-SNE maps agree."],
    ["(Preliminary version.)", "The full one follows."],
    ["Theorem 1. Let $G$ be finite."],
    ["We follow J. Phys. A. and Phys. Rev. Lett. in notation.", "Units are SI."],
    ["The mass is approx. 3 GeV at 95% C.L. in this model.", "It may decay."],
    ["It follows [D. Rossi, P. Meyer. Some J. 5 (2018). Online] in spirit.", "It differs in form."],
    ["Both hold (the first is classical. The second is new).", "We use both."],
    ["An open ( bracket may be a slip.", "It ends nothing.", "Nor does this."],
    ["We thank M. Ito.", "The study was funded by X."],
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0][:40])
def test_splits_as_a_reader_does(case: list[str]) -> None:
    assert split(" ".join(case)) == case


@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "\u00a0\u2003"])
def test_blank_text_has_no_sentences(blank: str) -> None:
    assert split(blank) == []


def test_line_ends_are_blanks() -> None:
    assert split("One\n sentence\r\nhere. And\tanother.") == ["One sentence here.", "And another."]


ALPHABET = "aBcdE .!?$\\()[]{}\"'0123,;:-\n\t~@/\u3002\u00e9\u201d"
TEXT = st.one_of(
    st.text(),
    st.text(alphabet=ALPHABET, max_size=200),
    st.lists(st.sampled_from(["We", "prove", "et", "al.", "e.g.", "$x.$", "J.", "(see", "Fig.", "2).", "iPhone"])).map(
        " ".join
    ),
)


@given(TEXT)
def test_joining_gives_the_folded_input(text: str) -> None:
    pieces = split(text)
    assert " ".join(pieces) == " ".join(text.split())
    assert all(piece and piece == piece.strip() for piece in pieces)


@pytest.mark.parametrize("unit", ["$", "a.", "\\(", "\\begin{x}", "(", "a@", "A.B", ". ", "www.", "$ x", "[1"])
def test_hostile_text_takes_no_ages(unit: str) -> None:
    text = unit * (20_000 // len(unit))
    assert " ".join(split(text)) == " ".join(text.split())
