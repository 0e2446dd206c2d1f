"""Splitting: everything fits, nothing is lost, no paper is torn that would fit whole."""

from hypothesis import given
from hypothesis import strategies as st

from bot.core.split import split
from bot.model import Block, Button, Fold, Item, Line, Post, Span, line
from tests.fakes.chat import words

texts = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60)
lines = st.builds(lambda parts: Line(tuple(map(Span, parts))), st.lists(texts, min_size=1, max_size=3))
blocks: st.SearchStrategy[Block] = st.one_of(
    lines, st.builds(Fold, st.just("more"), st.lists(lines, max_size=3).map(tuple))
)
items = st.builds(
    Item,
    st.lists(blocks, min_size=1, max_size=5).map(tuple),
    st.sampled_from(["", "2411.00001", "2411.00002"]),
    st.sampled_from([(), (Button("1", "/summarize 1"),)]),
)
posts = st.builds(
    Post,
    st.lists(lines, max_size=2).map(tuple),
    st.lists(items, max_size=6).map(tuple),
    st.lists(lines, max_size=2).map(tuple),
)


def fits(post: Post) -> bool:
    return len(words(post)) <= 120


def letters(post: Post) -> str:
    """Text without line ends, marks of parts, and the labels that a cut fold repeats."""
    return words(post).replace("\n", "").replace("more", "")


@given(posts)
def test_everything_fits_and_nothing_is_lost(post: Post) -> None:
    parts = split(post, fits)
    assert all(fits(part) for part in parts)
    marks = [f"({place}/{len(parts)})" for place in range(1, len(parts) + 1)] if len(parts) > 1 else [""] * len(parts)
    got = "".join(letters(part).replace(mark, "", 1) for part, mark in zip(parts, marks, strict=True))
    if not any(mark and mark in letters(post) for mark in marks):
        assert sorted(got) == sorted(letters(post))
    assert [b for part in parts for item in part.items for b in item.buttons] == [
        b for i in post.items for b in i.buttons
    ]


@given(posts)
def test_a_paper_that_fits_whole_is_never_torn(post: Post) -> None:
    for item in post.items:
        if fits(Post((line("(88/88)"),), (item,))):
            assert sum(item in part.items for part in split(post, fits)) >= 1


def test_one_message_is_not_numbered() -> None:
    post = Post((line("head"),), (Item((line("a paper"),), "2411.00001"),))
    assert split(post, fits) == [post]


def test_several_are_numbered_and_keep_their_order() -> None:
    papers = tuple(Item((line(f"{n} " + "x" * 50),), f"2411.0000{n}") for n in range(1, 6))
    parts = split(Post((line("head"),), papers), fits)
    assert [paper for part in parts for paper in part.papers] == [item.paper for item in papers]
    assert [part.head[-1] for part in parts] == [
        Line((Span(f"({n}/{len(parts)})", "dim"),), "small") for n in range(1, len(parts) + 1)
    ]


def test_a_paper_longer_than_a_message_flows_on() -> None:
    item = Item((line("word " * 200),), "2411.00001", (Button("1", "/summarize 2411.00001"),))
    parts = split(Post(items=(item,)), fits)
    assert len(parts) > 5
    assert "".join(letters(part) for part in parts).count("word") == 200
    assert parts[-1].items[-1].buttons == item.buttons
