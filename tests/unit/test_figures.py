"""Which figure of a paper is shown, and what stands below it on each platform."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.figures import captioned, choose
from bot.core.fulltext import Caption
from bot.core.licences import Licence, free, named
from bot.model import Paper, Post
from bot.platforms import discord_view, telegram_html
from tests.fakes import tdlib
from tests.fakes.discord_markdown import read

LICENCE = Licence("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/")
PAPER = Paper("2411.19525", 2, "Boats", "We sort boats.", ("Ada One", "Bo Two"), ("cs.CV",), 0, 0)


def caps(*texts: str) -> list[Caption]:
    return [Caption(f"Figure {at}", text, at) for at, text in enumerate(texts, 1)]


@pytest.mark.parametrize(
    ("title", "texts", "wanted"),
    [
        ("A", ["Teaser.", "Overview of our method. Given a boat, we sort it."], 2),
        ("A", ["Teaser.", "Results on boats.", "The architecture of the network."], 3),
        ("A", ["Schematic of the experimental apparatus.", "Data and prediction."], 1),
        ("SortNet: Boats for All", ["Boats we like.", "SortNet takes boats in and gives them back sorted."], 2),
        ("SortNet: Boats for All", ["SortNet is quick.", "The pipeline of SortNet."], 2),
        ("Boats", ["SortNet is quick.", "Boats in a pipeline: comparison with prior work."], 1),
        ("A", ["Waves.", "Comparison of our method with baselines.", "Ablation of the architecture."], 1),
        ("A", ["Waves.", "Accuracy as a function of depth in our model.", "Loss curves of the proposed method."], 1),
        ("A", ["Waves.", "The proposed two-stage hierarchical network.", "The pipeline of our approach."], 3),
        ("A", ["Waves.", "Pipeline of our approach.", "Pipeline of our approach, in detail."], 2),
        ("A", ["Waves.", "Framework of ResNet (reproduced from [3])."], 1),
        ("A", ["Waves.", "How boats float. The architecture of ours stands in the text."], 1),
    ],
)
def test_the_one_that_names_the_method_else_the_first(title: str, texts: list[str], wanted: int) -> None:
    found = choose(caps(*texts), title)
    assert found is not None
    assert found.label == f"Figure {wanted}"


def test_what_is_somebody_elses_or_a_table_is_never_taken() -> None:
    theirs = "Overview of the framework, reprinted with permission of the publisher."
    assert choose(caps(theirs), "A") is None
    assert choose(caps(theirs, "Waves."), "A") is None
    assert choose([Caption("Table 1", "Overview of our method.")], "A") is None
    assert choose([], "A") is None


def test_figure_1_goes_by_many_names_but_not_by_a_supplements() -> None:
    for label in ("Figure 1", "Fig. 1", "FIG. 1", "Fig. I", "figure 1."):
        assert choose([Caption("Figure 2", "Waves."), Caption(label, "Boats.")], "A") is not None
    for label in ("Extended Data Fig. 1", "Supplementary Figure 1", "Figure 10", "Figure A1"):
        assert choose([Caption(label, "Boats.")], "A") is None


@given(st.lists(st.builds(Caption, st.text(max_size=12), st.text(max_size=60)), max_size=5), st.text(max_size=40))
def test_no_string_makes_the_choice_fail(captions: list[Caption], title: str) -> None:
    found = choose(captions, title)
    assert found is None or found in captions


# --- licences that allow nothing are named ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://creativecommons.org/licenses/by/4.0/", "CC BY 4.0"),
        ("http://creativecommons.org/licenses/by-nc-nd/4.0/", "CC BY-NC-ND 4.0"),
        ("http://creativecommons.org/licenses/by-nc-sa/3.0/", "CC BY-NC-SA 3.0"),
        ("http://creativecommons.org/licenses/by-nd/4.0", "CC BY-ND 4.0"),
        ("http://arxiv.org/licenses/nonexclusive-distrib/1.0/", "arXiv's own licence"),
        ("http://arxiv.org/licenses/assumed-1991-2003/", "arXiv's own licence"),
        ("", ""),
        ("<b>@everyone</b>", ""),
    ],
)
def test_a_licence_has_a_name_if_we_know_it(url: str, name: str) -> None:
    assert named(url, "en") == name


# --- what stands below it --------------------------------------------------------------------------------------------

HOSTILE = st.sampled_from(
    [
        "<b>&amp;</b> ",
        "</a><script> ",
        "@everyone ",
        "@a ",
        "/start ",
        "#tag ",
        "*_[x](javascript:1)_* ",
        "`||~~ ",
        "https://evil.example/ ",
        "$\\alpha$ ",
        "\u202eevil ",
        "👩‍🔬",
        "word " * 60,
        "\U0001f6a2" * 300,
        "]( ",
    ]
)
texts = st.lists(st.one_of(HOSTILE, st.text(max_size=20)), min_size=1, max_size=30).map("".join)
papers = st.builds(
    Paper,
    st.just("2411.19525"),
    st.just(2),
    texts,
    st.just(""),
    st.lists(texts, min_size=1, max_size=5).map(tuple),
    st.just(("cs.CV",)),
    st.just(0),
    st.just(0),
)


def below(paper: Paper, text: str, fits: object) -> Post:
    assert callable(fits)
    found = captioned(paper, Caption("Figure 12", text, 3), LICENCE, "en", fits)
    assert found is not None
    assert fits(found)
    assert 0 < len(found.alt) <= 1000
    return found


@settings(max_examples=150, deadline=None)
@given(papers, texts)
def test_on_telegram_it_fits_a_caption_credit_and_all_and_nothing_in_it_acts(paper: Paper, text: str) -> None:
    html = telegram_html.render(below(paper, text, telegram_html.fits))
    shown, entities = tdlib.parse(telegram_html.noted(html, "Sent again: the first was not confirmed."))
    assert tdlib.units(shown) <= telegram_html.CAPTION
    assert "Figure 12." in shown
    assert shown.rstrip().endswith("CC BY 4.0")
    links = [entity["url"] for entity in entities if entity["type"] == "text_link"]
    assert links[-2:] == ["https://arxiv.org/abs/2411.19525v2", LICENCE.url]
    assert set(links[:-2]) <= {"https://arxiv.org/abs/2411.19525"}
    if tdlib.TDLIB:
        found = tdlib.execute("getTextEntities", text=shown)["entities"]
        kinds = {each["type"]["@type"] for each in found}
        assert not kinds & {"textEntityTypeMention", "textEntityTypeBotCommand", "textEntityTypeHashtag"}


@settings(max_examples=150, deadline=None)
@given(papers, texts)
def test_on_discord_it_fits_a_message_and_calls_nobody(paper: Paper, text: str) -> None:
    post = below(paper, text, discord_view.fits)
    tree = discord_view.pictured(discord_view.render(post), discord_view.alt(post))
    (container,) = tree
    gallery, display = container["components"]
    (item,) = gallery["items"]
    assert item["media"] == {"url": "attachment://figure.png"}
    assert 1 <= len(item["description"].encode("utf-16-le")) // 2 <= 1024
    assert "CC BY 4.0" in read(display["content"]).text
    assert "@everyone" not in display["content"]


def test_a_long_caption_is_cut_between_words_and_a_short_one_is_whole() -> None:
    short = telegram_html.text(below(PAPER, "How boats are sorted.", telegram_html.fits))
    assert short == "Boats\nFigure 12. How boats are sorted.\nAda One, Bo Two, arXiv:2411.19525v2, CC BY 4.0"
    long = telegram_html.text(below(PAPER, "boats " * 900, telegram_html.fits))
    assert "boats…\nAda One" in long
    assert 800 < telegram_html.units(long) <= telegram_html.CAPTION - telegram_html.NOTE
    assert "…" not in telegram_html.text(below(PAPER, "boats " * 90, telegram_html.fits))


def test_only_what_cannot_even_bear_its_credit_is_left() -> None:
    assert captioned(PAPER, Caption("Figure 1", "Boats."), LICENCE, "en", lambda _: False) is None


def test_the_licences_that_are_free_are_the_ones_that_are_credited() -> None:
    assert free(LICENCE.url) == LICENCE
