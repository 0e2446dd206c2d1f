"""Which figures may be reposted, and the line that goes below them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.licences import Licence, credit, free, is_borrowed
from bot.model import Paper

PAPER = Paper("2411.19525", 2, "Boats", "We sort boats.", (r"Ada Schr\"odinger", "Bo Two"), ("cs.CV",), 0, 0)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://creativecommons.org/licenses/by/4.0/", "CC BY 4.0"),
        ("https://creativecommons.org/licenses/by/3.0", "CC BY 3.0"),
        (" http://creativecommons.org/licenses/by-sa/4.0/ ", "CC BY-SA 4.0"),
        ("http://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0"),
        ("http://creativecommons.org/licenses/publicdomain/", "Public domain"),
    ],
)
def test_these_allow_it(url: str, name: str) -> None:
    found = free(url)
    assert found == Licence(name, url.strip().replace("http:", "https:"))


@pytest.mark.parametrize(
    "url",
    [
        "",
        "unknown",
        "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
        "http://arxiv.org/licenses/assumed-1991-2003/",
        "http://creativecommons.org/licenses/by-nc-sa/3.0/",
        "http://creativecommons.org/licenses/by-nc-nd/4.0/",
        "http://creativecommons.org/licenses/by-nc/4.0/",
        "http://creativecommons.org/licenses/by-nd/4.0/",
        "http://creativecommons.org/licenses/",
        "http://creativecommons.org.example.com/licenses/by/4.0/",
        "http://example.com/?http://creativecommons.org/licenses/by/4.0/",
        "http://creativecommons.org/licenses/by/4.0/../../by-nc/4.0/",
    ],
)
def test_these_do_not(url: str) -> None:
    assert free(url) is None


@given(st.text())
def test_what_nobody_knows_forbids_it(url: str) -> None:
    assert free(url) is None


@pytest.mark.parametrize(
    "caption",
    [
        "The harbour of Kiel. Reproduced with permission of the harbour master.",
        "Overview, adapted from [12].",
        "A boat. Image credit: NASA.",
        "Photo by Bo Two.",
        "Courtesy of A. Example.",
        "Map © OpenStreetMap contributors.",
        "Figure taken from Mole et al.",
    ],
)
def test_what_is_somebody_elses(caption: str) -> None:
    assert is_borrowed(caption)


@pytest.mark.parametrize(
    "caption",
    [
        "The architecture of the sieve. Boats enter at the left.",
        "Samples drawn from the model; images are resized by a factor of two.",
        "Transfer from source to target, with sources on the left.",
        "Results after fine-tuning.",
    ],
)
def test_what_is_the_papers_own(caption: str) -> None:
    assert not is_borrowed(caption)


def test_the_credit_names_the_creators_the_version_and_the_licence_with_links() -> None:
    licence = free("http://creativecommons.org/licenses/by/4.0/")
    assert licence
    said = credit("en", PAPER, "Figure 1", licence)
    assert (
        "".join(span.text for span in said.spans) == "Figure 1: Ada Schrödinger, Bo Two, arXiv:2411.19525v2, CC BY 4.0"
    )
    assert [span.url for span in said.spans if span.url] == [
        "https://arxiv.org/abs/2411.19525v2",
        "https://creativecommons.org/licenses/by/4.0/",
    ]
    assert said.kind == "small"
    many = credit("en", replace(PAPER, authors=tuple("ABCDEF"), version=0), "", licence)
    assert "".join(span.text for span in many.spans) == "A, B, C + 3, arXiv:2411.19525, CC BY 4.0"
