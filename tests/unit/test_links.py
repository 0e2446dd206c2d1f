"""Links that a paper's own text names, cleaned, and none besides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.links import abs_url, code_links, pdf_url, project_links
from bot.model import Paper


def paper(abstract: str, comment: str = "") -> Paper:
    return Paper("2411.19525", 1, "T", abstract, (), ("cs.LG",), 0, 0, comment)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Code: https://github.com/ada/engine.", ["https://github.com/ada/engine"]),
        ("Code: http://www.github.com/ada/engine/", ["https://github.com/ada/engine"]),
        ("(see github.com/ada/engine).", ["https://github.com/ada/engine"]),
        (r"at \url{https://github.com/ada/my\_engine}, soon", ["https://github.com/ada/my_engine"]),
        (r"\href{https://github.com/ada/engine}{here}", ["https://github.com/ada/engine"]),
        (r"at https://github.com/ada/engine\footnote{x}", ["https://github.com/ada/engine"]),
        ("[https://github.com/ada/engine](https://github.com/ada/engine)", ["https://github.com/ada/engine"]),
        ("https://github.com/ada/engine.git and GITHUB.com/Ada/Engine", ["https://github.com/ada/engine"]),
        ("https://github.com//ada/engine#readme?x=1", ["https://github.com/ada/engine"]),
        ("https://github.com/ada/engine/issues/3", ["https://github.com/ada/engine"]),
        ("https://github.com/ada/engine/tree/main/v2.", ["https://github.com/ada/engine/tree/main/v2"]),
        ("https://github. com/ada/engine", ["https://github.com/ada/engine"]),
        ("gitlab.com/group/sub/project/-/tree/main", ["https://gitlab.com/group/sub/project"]),
        ("bitbucket.org/a/b; codeberg.org/c/d", ["https://bitbucket.org/a/b", "https://codeberg.org/c/d"]),
        ("https://huggingface.co/ada/model-7B", ["https://huggingface.co/ada/model-7B"]),
        ("https://huggingface.co/models/ada/model", ["https://huggingface.co/ada/model"]),
        ("hf.co/spaces/ada/demo", ["https://huggingface.co/spaces/ada/demo"]),
        ("https://huggingface.co/datasets/ada/set", ["https://huggingface.co/datasets/ada/set"]),
        ("https://huggingface.co/collections/ada/all-1", ["https://huggingface.co/collections/ada/all-1"]),
        ("https://zenodo.org/records/12345", ["https://zenodo.org/records/12345"]),
        ("doi.org/10.5281/zenodo.99", ["https://doi.org/10.5281/zenodo.99"]),
        ("https://git.sr.ht/~ada/engine", ["https://git.sr.ht/~ada/engine"]),
        ("`github.com/ada/engine'", ["https://github.com/ada/engine"]),
        ("https://github.com/ and github.com", []),
        ("https://github.com/ada", []),
        ("https://github.com/features/copilot", []),
        ("https://huggingface.co/papers/2411.19525", []),
        ("https://github.com/username/repo", []),
        ("https://example.com/ada/engine", []),
        ("https://notgithub.com/ada/engine", []),
        ("mail@github.com/ada/engine", []),
        ("https://zenodo.org/communities/ada", []),
        ("The code is on GitHub.", []),
        ("", []),
    ],
)
def test_code_links(text: str, links: list[str]) -> None:
    assert list(code_links(paper(text))) == links
    assert list(code_links(paper("", text))) == links


def test_a_link_in_both_texts_stands_once_and_the_abstract_comes_first() -> None:
    found = code_links(paper("https://github.com/a/b", "github.com/c/d and https://github.com/A/B."))
    assert found == ("https://github.com/a/b", "https://github.com/c/d")


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Project: https://ada.github.io/engine/.", ["https://ada.github.io/engine/"]),
        ("Website: ada.github.io", ["https://ada.github.io"]),
        ("http://www.astro.edu/~ada/x_y.html", ["http://www.astro.edu/~ada/x_y.html"]),
        (r"http://www.astro.edu/\~ada/", ["http://www.astro.edu/~ada/"]),
        (r"http://www.astro.edu/$\sim$ada", ["http://www.astro.edu/~ada"]),
        ("https://github.com/ada", ["https://github.com/ada"]),
        ("https://github.com/ada/engine https://a.org/x", ["https://a.org/x"]),
        ("https://arxiv.org/abs/1 http://dx.doi.org/10.1/2 http://www.imstat.org/aos/", []),
        ("https://example.com https://github.com http://localhost/x", []),
        ("https://en.wikipedia.org/wiki/A_(b)", ["https://en.wikipedia.org/wiki/A_(b)"]),
        ("no links, e.g. none", []),
    ],
)
def test_project_links(text: str, links: list[str]) -> None:
    assert list(project_links(paper(text))) == links


@given(st.text(alphabet=st.sampled_from("ab/.:~_-\\{}[]() githubcom$%#?"), max_size=60), st.text(max_size=40))
def test_any_text_gives_https_links_whose_owner_stands_in_it(noise: str, more: str) -> None:
    text = f"{noise} https://github.com/{noise}{more} github.com/ada/engine"
    for link in code_links(paper(text)):
        assert link.startswith("https://")
        assert not set(link) & set(' \n{}$\\"<>')
        assert all(part in text.replace("\\", "").replace(".git", "") + "." for part in link.split("/")[3:])
    assert all(link.startswith("http") for link in project_links(paper(text)))


def test_pages_of_arxiv() -> None:
    assert abs_url("math/0611800") == "https://arxiv.org/abs/math/0611800"
    assert pdf_url("2411.19525v2") == "https://arxiv.org/pdf/2411.19525v2"
