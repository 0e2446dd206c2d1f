# ruff: noqa: RUF001 - letters that look alike are the subject
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.core import normalise


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Talking-Heads", "talking head"),
        (r"Schr\"odinger bridges", "schrodinger bridge"),
        (r"Schr{\"o}dinger, Schr\"{o}dinger, Schrödinger", "schrodinger schrodinger schrodinger"),
        (r"Erd\H{o}s--R\'enyi; L{\'e}vy; S{\o}rensen; \v{S}koda; {\L}ukasz", "erdo renyi levy sorensen skoda lukasz"),
        (r"Poincar\'e, na\"{\i}ve and Beno{\^\i}t", "poincare naive and benoit"),
        (r"Ji\v{r}\'{\i} Nov\'ak, Garc\'\i a", "jiri novak garcia"),
        (r"$\alpha$-decay and α-decay and ϵ, $\varepsilon$", "alpha decay and alpha decay and epsilon epsilon"),
        (r"$\mathcal{N}=4$ \textit{super}symmetry", "n 4 supersymmetry"),
        (r"MoS$_2$, MoS$_{2}$, MoS2, MoS₂, $\mathrm{CO}_2$", "mos2 mos2 mos2 mos2 co2"),
        ("$^{13}$C and ¹³C", "13c and 13c"),
        ("C++, C# and F#", "cpp csharp and fsharp"),
        ("multi-modal multi modal multimodal", "multimodal multimodal multimodal"),
        (
            "micro- and nanoplastics, from micro to nano, micro, nano",
            "micro and nanoplastic from micro to nano micro nano",
        ),
        ("over-the-air learning over graphs", "overthe air learning over graph"),
        ("Maxwell's demon and the 'small' model", "maxwell demon and the small model"),
        ("GPUs, APIs, LLMs and VAEs", "gpu api llm and vae"),
        ("supernovae in galaxies; knowledge bases, Gröbner basis", "supernova in galaxy knowledge base grobner base"),
        ("{BERT}-based ﬁne‑tuning ＡＩ", "bert based fine tuning ai"),
        ("\0 🚀 扩散", ""),
    ],
)
def test_papers_and_readers_spell_alike(text: str, tokens: str) -> None:
    assert normalise.column(text) == tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("generation", "general"),
        ("portrait animation", "portrait animal"),
        ("university", "universal"),
        ("news", "new"),
    ],
)
def test_what_porter_merges_stays_apart(one: str, other: str) -> None:
    assert normalise.tokens(one) != normalise.tokens(other)


@pytest.mark.parametrize(
    "word", ["analysis", "class", "bias", "series", "status", "gas", "virus", "lens", "mass", "corpus"]
)
def test_singulars_that_end_in_s_stay(word: str) -> None:
    assert normalise.stem(word) == word


@given(st.text(alphabet="abcdehiorsuxyz", max_size=12))
@example("bases")
@example("criterias")
def test_stemming_twice_is_stemming_once(word: str) -> None:
    assert normalise.stem(normalise.stem(word)) == normalise.stem(word)


@given(st.text(max_size=60))
@example("ŉ\\ss İ")
def test_nothing_but_plain_tokens_ever_leaves(text: str) -> None:
    for out in (
        normalise.column(text),
        normalise.author_column([text]),
        normalise.category_column([text]),
        " ".join(normalise.tokens(text, prefix=True)),
    ):
        assert re.fullmatch(r"[a-z0-9 ]*", out)
        assert "  " not in out


@given(st.text(alphabet="ab -'multi\\{}$_2", max_size=30))
def test_a_prefix_differs_from_a_word_in_its_ending_only(text: str) -> None:
    whole, prefix = normalise.tokens(text), normalise.tokens(text, prefix=True)
    assert whole[:-1] == prefix[:-1]
    assert whole[-1:] == list(map(normalise.stem, prefix[-1:]))


NAMES = ["Jingdong Chen", "Adrian Del Maestro", "John Michael Smith", "Johannes D. van der Waals", "Jian-Guo Wang"]
NAMES += ["N. F. Shul'ga", "Donald C. Wunsch II", "The ATLAS Collaboration", 'Max M\\"uller']


@pytest.mark.parametrize(
    "asked",
    [
        "jingdong chen",
        "chen jingdong",
        "chen j",
        "j chen",
        "chen",
        "del maestro",
        "del maestro a",
        "smith j m",
        "m smith",
        "john smith",
        "waals j",
        "van der waals j d",
        "johannes van der waals",
        "jian guo wang",
        "jianguo wang",
        "wang j g",
        "wang j",
        "shulga n",
        "wunsch donald",
        "wunsch d",
        "donald wunsch ii",
        "atlas collaboration",
        "muller m",
    ],
)
def test_an_author_answers_to_every_order(asked: str) -> None:
    column = normalise.author_column([*NAMES])
    assert f" {asked} " in f" {column} "


@pytest.mark.parametrize("asked", ["chen w", "guo w", "mueller m", "michael j", "maestro del"])
def test_an_author_does_not_answer_to_what_is_no_form_of_the_name(asked: str) -> None:
    assert f" {asked} " not in f" {normalise.author_column([*NAMES])} "


def test_no_phrase_runs_from_one_author_into_the_next() -> None:
    column = f" {normalise.author_column(['Wei Li', 'Chen Wang'])} "
    assert " li chen " not in column
    assert " wei li chen " not in column


def test_categories_are_one_token_each_beside_their_archive() -> None:
    assert normalise.category_column(["cs.CV", "cond-mat.str-el", "hep-th"]) == (
        "cs0cv arc0cs cond0mat0str0el arc0cond0mat hep0th arc0hep0th"
    )
    assert normalise.category_column(["eess.SY"]) == "eess0sy arc0eess cs0sy arc0cs"  # one category of two names


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("diffusion", None),
        ("Schrödinger α Łódź 🚀 Việt", None),
        ("扩散", 0),
        ("diffusion 模型", 10),
        ("мир", 0),
        ("שלום", 0),
    ],
)
def test_the_first_letter_of_another_script_is_found(text: str, index: int | None) -> None:
    assert normalise.unreadable(text) == index
