"""One suite for every Platform: what it renders carries every word, and what it takes arrives."""

import asyncio
import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console as Rich

from bot.core.split import split
from bot.model import Button, Chat, Fold, Item, Line, Post, Rate, Send, Span
from bot.platforms import console_view
from bot.platforms.console import Console
from bot.ports import Platform
from tests.fakes.chat import FakeChat, words

CHAT = Chat("console:you", "console", "you")


def terminal() -> tuple[Platform, Callable[[], str]]:
    out = io.StringIO()
    platform = Console(CHAT, out=Rich(file=out, width=80, markup=False, highlight=False, emoji=False))
    return platform, out.getvalue


def fake() -> tuple[Platform, Callable[[], str]]:
    platform = FakeChat()
    return platform, lambda: "\n".join(words(console_view.load(payload)) for _, payload in platform.sent)


PLATFORMS = pytest.mark.parametrize("make", [terminal, fake], ids=["console", "fake"])

HOSTILE = st.sampled_from(
    [
        "<b>&amp;",
        "*_[x](javascript:1)_*",
        "@everyone",
        "\u202eevil",
        "$\\alpha$",
        "\x1b[31mred",
        "שלום",
        "👩‍🔬",
        "a\tb",
        "",
    ]
)
texts = st.one_of(HOSTILE, st.text(st.characters(codec="utf-8"), max_size=40))
spans = st.builds(Span, texts, st.sampled_from(["", "bold", "italic", "dim", "code"]), st.just(""))
lines = st.builds(
    Line, st.lists(spans, min_size=1, max_size=3).map(tuple), st.sampled_from(["text", "heading", "bullet", "small"])
)
blocks = st.one_of(lines, st.builds(Fold, texts, st.lists(lines, max_size=3).map(tuple)))
items = st.builds(Item, st.lists(blocks, max_size=4).map(tuple), st.just("2411.00001"), st.just((Button("1", "/x"),)))
posts = st.builds(
    Post,
    st.lists(lines, max_size=2).map(tuple),
    st.lists(items, max_size=3).map(tuple),
    st.lists(lines, max_size=2).map(tuple),
)


def letters(text: str) -> str:
    """What a reader reads: no white space, no marks of ours, nothing that would steer a terminal."""
    return "".join(c for c in console_view.safe(text) if not c.isspace() and c not in "•▸▾")


@PLATFORMS
@given(post=posts)
def test_every_word_arrives(make: Callable[[], tuple[Platform, Callable[[], str]]], post: Post) -> None:
    async def run() -> None:
        platform, arrived = make()
        for number, part in enumerate(split(post, platform.fits)):
            assert platform.fits(part)
            send = Send(f"digest:x#1#{number}", CHAT, platform.render(part), 1, "nonce")
            assert await platform.send(send)
        got = letters(arrived())
        assert sorted(got) == sorted(letters(words(post))) or letters(words(post)) in got

    asyncio.run(run())


@PLATFORMS
def test_a_repeat_says_so(make: Callable[[], tuple[Platform, Callable[[], str]]]) -> None:
    async def run() -> None:
        platform, arrived = make()
        payload = platform.render(Post((Line((Span("a digest"),)),)))
        await platform.send(Send("digest:x#1#0", CHAT, payload, 1, "nonce"))
        assert "Sent again" not in arrived()
        await platform.send(Send("digest:x#1#0", CHAT, payload, 2, "nonce", doubted=1))
        assert arrived().count("Sent again: the first was not confirmed.") == 1

    asyncio.run(run())


@PLATFORMS
def test_it_declares_its_name_and_its_pace(make: Callable[[], tuple[Platform, Callable[[], str]]]) -> None:
    platform, _ = make()
    assert platform.name.isidentifier()
    assert isinstance(platform.rate(CHAT), Rate)
    assert isinstance(platform.token_rate, Rate)


@PLATFORMS
def test_listening_ends_when_it_is_cancelled(
    make: Callable[[], tuple[Platform, Callable[[], str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        platform, _ = make()

        async def hear(_: object) -> str:
            raise AssertionError("nobody spoke")

        task = asyncio.create_task(platform.serve(hear))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    monkeypatch.setattr("sys.stdin", io.StringIO())
    asyncio.run(run())


def test_a_frozen_post_thaws_as_it_was() -> None:
    @given(posts)
    def check(post: Post) -> None:
        assert console_view.load(console_view.dump(post)) == post

    check()
