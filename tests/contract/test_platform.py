"""One suite for every Platform: what it renders carries every word, and what it takes arrives."""

import asyncio
import io
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.console import Console as Rich

from bot.clock import SystemClock
from bot.core.split import split
from bot.model import Button, Chat, Fold, Item, Line, Post, Rate, Send, Span
from bot.platforms import console_view
from bot.platforms.console import Console
from bot.platforms.discord import Discord
from bot.platforms.telegram import Telegram
from bot.ports import Platform
from tests.fakes.chat import FakeChat, words
from tests.fakes.discord_markdown import read
from tests.fakes.discord_server import TOKEN as DISCORD_TOKEN
from tests.fakes.discord_server import DiscordServer, pointed_at
from tests.fakes.pictures import png
from tests.fakes.telegram_server import TOKEN, TelegramServer

CHAT = Chat("console:you", "console", "you")


Made = tuple[Platform, Chat, Callable[[], str], Callable[[], list[bytes]]]
"""A platform, a chat on it, all text that arrived there, all pictures."""


@asynccontextmanager
async def terminal() -> AsyncIterator[Made]:
    out = io.StringIO()
    with tempfile.TemporaryDirectory() as folder:
        rich = Rich(file=out, width=80, markup=False, highlight=False, emoji=False)
        platform = Console(CHAT, out=rich, pictures=Path(folder) / "pictures")
        yield platform, CHAT, out.getvalue, lambda: [path.read_bytes() for path in Path(folder).rglob("*.png")]


@asynccontextmanager
async def fake() -> AsyncIterator[Made]:
    platform = FakeChat()
    pictures = lambda: [png for _, png in platform.pictures]  # noqa: E731 - as its neighbours
    yield platform, CHAT, lambda: "\n".join(words(console_view.load(p)) for _, p in platform.sent), pictures


@asynccontextmanager
async def telegram() -> AsyncIterator[Made]:
    async with TelegramServer(flood=False) as server:
        server.add_private(7)
        platform = Telegram(Chat("", "telegram", ""), TOKEN, server.url, SystemClock())
        chat = Chat("telegram:7", "telegram", "7")
        try:
            messages = server.messages
            pictures = lambda: [m.photo for m in messages(7) if m.photo]  # noqa: E731 - as its neighbours
            yield platform, chat, lambda: "\n".join(m.text for m in messages(7)), pictures
        finally:
            await platform.close()
        assert server.problems == []


@asynccontextmanager
async def discord() -> AsyncIterator[Made]:
    async with DiscordServer(flood=False) as server:
        server.add_guild(1, "Lab")
        server.add_text(70, 1, "papers")
        server.add_member(1, 7, "manage_channels")
        with pointed_at(server.url):
            platform = Discord(Chat("", "discord", ""), DISCORD_TOKEN, SystemClock())
            chat = Chat("discord:70", "discord", "70", kind="group", server="1")
            try:
                messages = server.messages
                pictures = lambda: [png for m in messages(70) for _, png in m.files]  # noqa: E731 - as its neighbours
                yield platform, chat, lambda: "\n".join(read(m.text).text for m in messages(70)), pictures
            finally:
                await platform.close()
        assert server.problems == []


PLATFORMS = pytest.mark.parametrize(
    "make", [terminal, fake, telegram, discord], ids=["console", "fake", "telegram", "discord"]
)

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
    safe = unicodedata.normalize("NFC", console_view.safe(text))
    seen = (c for c in safe if unicodedata.category(c) not in {"Cf", "Cn"})  # nobody reads a tag or what is no sign yet
    return "".join(c for c in seen if not c.isspace() and c not in "•▸▾⋯\u2028\u2029")


Make = Callable[[], AbstractAsyncContextManager[Made]]


@PLATFORMS
@given(post=posts)
@example(post=Post(foot=(Line((Span("\U000e0000"),)),)))
@settings(max_examples=40, deadline=None)
def test_every_word_arrives(make: Make, post: Post) -> None:
    async def run() -> None:
        async with make() as (platform, chat, arrived, _):
            for number, part in enumerate(split(post, platform.fits)):
                assert platform.fits(part)
                send = Send(f"digest:x#1#{number}", chat, platform.render(part), 1, "nonce")
                assert await platform.send(send)
            got = letters(arrived())
            assert sorted(got) == sorted(letters(words(post))) or letters(words(post)) in got

    asyncio.run(run())


@PLATFORMS
def test_a_repeat_says_so(make: Make) -> None:
    async def run() -> None:
        async with make() as (platform, chat, arrived, _):
            payload = platform.render(Post((Line((Span("a digest"),)),)))
            await platform.send(Send("digest:x#1#0", chat, payload, 1, "nonce"))
            assert "Sent again" not in arrived()
            await platform.send(Send("digest:x#1#0", chat, payload, 2, "nonce", doubted=1))
            # where a nonce tells that the first one did arrive, there is no second
            assert arrived().count("Sent again: the first was not confirmed.") == (platform.name != "discord")
            assert arrived().count("a digest") == (1 if platform.name == "discord" else 2)

    asyncio.run(run())


@PLATFORMS
def test_an_edit_takes_the_place_of_its_message_and_may_be_repeated(make: Make) -> None:
    async def run() -> None:
        async with make() as (platform, chat, arrived, _):
            first = platform.render(Post((Line((Span("one moment"),)),)))
            message = await platform.send(Send("lost:1#0", chat, first, 1, "nonce"))
            second = platform.render(Post((Line((Span("the answer"),)),), buttons=(Button("More", "/x"),)))
            edit = Send("lost:1#1", chat, second, 1, "other", seq=2, edits=message)
            assert await platform.send(edit) == message or platform.name == "console"
            await platform.send(replace(edit, attempt=2, doubted=1))
            assert "the answer" in arrived()
            assert "Sent again" not in arrived() or platform.name in {"console", "fake"}

    asyncio.run(run())


SHOWN = Post(items=(Item((Line((Span("Figure 1. How it works"),)),)),), alt="Figure 1: How it works")


@PLATFORMS
def test_a_picture_arrives_with_its_words_and_without_it_they_still_do(make: Make) -> None:
    async def run() -> None:
        async with make() as (platform, chat, arrived, pictures):
            assert platform.fits(SHOWN)
            payload, picture = platform.render(SHOWN), png(30, 20)
            assert await platform.send(Send("job:x#1", chat, payload, 1, "nonce", picture=picture))
            assert pictures() == [picture]
            assert arrived().count("Figure 1. How it works") == 1
            assert await platform.send(Send("job:y#1", chat, payload, 1, "other"))  # its picture is gone
            assert pictures() == [picture]
            assert arrived().count("Figure 1. How it works") == 2

    asyncio.run(run())


@PLATFORMS
def test_a_picture_is_repeated_with_its_note_and_an_edit_carries_none(make: Make) -> None:
    async def run() -> None:
        async with make() as (platform, chat, arrived, pictures):
            send = Send("job:x#1", chat, platform.render(SHOWN), 1, "nonce", picture=png(30, 20))
            message = await platform.send(send)
            await platform.send(replace(send, attempt=2, doubted=1))
            once = platform.name in {"discord", "console"}  # by its nonce; by the name of its file
            assert len(pictures()) == 2 - once
            assert arrived().count("Sent again") == (platform.name != "discord")
            before = len(pictures())
            placeholder = await platform.send(
                Send("job:x#0", chat, platform.render(Post(SHOWN.items[0].blocks)), 1, "b")
            )
            await platform.send(replace(send, id="job:z#0", nonce="c", edits=placeholder))
            assert len(pictures()) == before
            assert message

    asyncio.run(run())


@PLATFORMS
def test_a_caption_has_a_limit_of_its_own(make: Make) -> None:
    async def run() -> None:
        async with make() as (platform, *_):
            long = replace(SHOWN, items=(Item((Line((Span("word " * 500),)),)),))
            assert platform.fits(replace(long, alt=""))
            assert platform.fits(long) == (platform.name != "telegram")

    asyncio.run(run())


@PLATFORMS
def test_it_declares_its_name_and_its_pace_and_how_it_is(make: Make) -> None:
    async def run() -> None:
        async with make() as (platform, chat, *_):
            assert platform.name.isidentifier()
            assert isinstance(platform.rate(chat), Rate)
            assert isinstance(platform.token_rate, Rate)
            good, bad = await platform.check()
            assert good, bad
            assert not bad
            assert await platform.may_manage(chat, "7")
            assert await platform.lacks(chat) == ""

    asyncio.run(run())


@PLATFORMS
def test_listening_ends_when_it_is_cancelled(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        async with make() as (platform, *_):

            async def hear(_: object) -> str:
                raise AssertionError("nobody spoke")

            async def nothing(*_: object) -> list[tuple[str, str]]:
                return []

            task = asyncio.create_task(platform.serve(hear, nothing))
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
