"""A figure of a paper: who is offered one, how its picture waits in the ledger, and what becomes of a refused one."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.clock import SystemClock
from bot.errors import Gone, InDoubt, Later, Refused
from bot.model import Begin, Chat, Item, Part, Post, Record, Said, Send, Span, line
from bot.platforms import console_view, discord_view
from bot.platforms.discord import Discord
from bot.platforms.telegram import Telegram
from bot.store import rows
from bot.store.store import Store
from tests.fakes.discord_house import simulated, texts
from tests.fakes.discord_server import TOKEN as DISCORD_TOKEN
from tests.fakes.discord_server import DiscordServer, pointed_at
from tests.fakes.house import House, house, paper
from tests.fakes.pictures import png
from tests.fakes.ports import SteppedClock
from tests.fakes.scholar import Library
from tests.fakes.telegram_house import ANN, CHANNEL, ZOE, Play
from tests.fakes.telegram_house import play as telegram_play
from tests.fakes.telegram_server import TOKEN, TelegramServer

pytestmark = pytest.mark.integration

BY = "http://creativecommons.org/licenses/by/4.0/"
ARXIV = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
ONE = paper(1, "SortNet: Boats for All")
PICTURE = png(60, 40)
Body = Callable[[House], Awaitable[None]]


def run(folder: Path, body: Body, *, license_: str = BY, on: bool = True) -> None:
    """A house that can read papers, and knows one."""

    async def go() -> None:
        async with house(folder) as found:
            found.fulltexts = Library(found.clock, png=PICTURE)
            found.source.licenses[ONE.id] = license_
            await found.day(ONE)
            if on:
                await found.say("/settings figures on")
            await body(found)

    asyncio.run(go())


def pictures(found: House) -> list[bytes]:
    return [picture for _, picture in found.fake.pictures]


def waiting(path: Path) -> list[tuple[str, int]]:
    """Messages whose pictures wait in a ledger, with their sizes."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT send, size FROM picture ORDER BY send").fetchall()


def held(found: House) -> int:
    return len(waiting(found.store._db.path))


# --- who is offered one ----------------------------------------------------------------------------------------------


def test_nobody_is_offered_figures_who_did_not_ask_for_them(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        assert any("figures off" in text for text in await found.say("/settings"))
        await found.say(f"/summarize {ONE.id}")
        with pytest.raises(AssertionError, match="no message has a button 'Figure'"):
            await found.press("Figure")
        (told,) = await found.say(f"/figure {ONE.id}")
        assert "/settings figures on" in told
        assert not found.fake.pictures

    run(tmp_path, body, on=False)


def test_the_setting_is_shown_only_where_papers_can_be_read(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        found.fulltexts = None
        assert not any("figures" in text for text in await found.say("/settings"))
        assert "There is no setting" in (await found.say("/settings figures off"))[0]
        (told,) = await found.say(f"/figure {ONE.id}")  # it was on when whoever runs us took that away
        assert ".[reading]" in told
        await found.say(f"/summarize {ONE.id}")
        with pytest.raises(AssertionError, match="no message has a button"):
            await found.press("Figure")

    run(tmp_path, body)


def test_a_press_brings_the_figure_with_its_caption_and_credit(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/summarize {ONE.id}")
        told = await found.press("Figure")
        assert told[0] == f"Looking for the figure of {ONE.id}v1 that shows its method …"
        assert told[-2] == f"Figure 1 of {ONE.id} is below."
        assert "SortNet: Boats for All" in told[-1]
        assert "Figure 1. Overview of SortNet" in told[-1]
        assert "CC BY 4.0" in told[-1]
        assert pictures(found) == [PICTURE]
        below, shown = found.fake.messages[-2:]
        assert below[1] == found.fake.messages[-3][1], "the line takes the place of what said that it is looked for"
        assert not below[0].picture
        assert not shown[0].edits
        assert console_view.load(shown[0].payload).alt.startswith("Figure 1: Overview of SortNet")
        assert held(found) == 0

    run(tmp_path, body)


def test_a_whole_reading_offers_it_too(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/read {ONE.id}")
        await found.press("Figure")
        assert pictures(found) == [PICTURE]
        await found.say(f"/read {ONE.id}")  # at once this time
        await found.press("Figure")
        assert pictures(found) == [PICTURE, PICTURE]

    run(tmp_path, body)


@pytest.mark.parametrize(
    ("license_", "says"),
    [
        (ARXIV, "it is under arXiv's own licence"),
        ("http://creativecommons.org/licenses/by-nc-nd/4.0/", "it is under CC BY-NC-ND 4.0"),
        ("", "I don't know the licence of this version"),
        ("http://example.org/free", "I don't know the licence of this version"),
    ],
)
def test_a_licence_that_does_not_allow_it_is_named(tmp_path: Path, license_: str, says: str) -> None:
    async def body(found: House) -> None:
        await found.say(f"/summarize {ONE.id}")
        with pytest.raises(AssertionError, match="no message has a button 'Figure'"):
            await found.press("Figure")
        (told,) = await found.say(f"/figure {ONE.id}")
        assert says in told
        assert isinstance(found.fulltexts, Library)
        assert not found.fulltexts.calls
        assert not found.fake.pictures

    run(tmp_path, body, license_=license_)


def test_the_licence_is_that_of_the_version_and_nobody_elses(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        for text in (f"/figure {ONE.id}v2", "/figure 2611.99999"):
            (told,) = await found.say(text)
            assert "I don't know the licence" in told
        await found.store.add_papers(
            [paper(1, "SortNet: Boats for All", version=2)], baseline=False
        )  # not by the record
        (told,) = await found.say(f"/figure {ONE.id}")
        assert "I don't know the licence" in told
        assert not found.fake.pictures

    run(tmp_path, body)


def test_a_licence_that_is_gone_when_the_job_runs_ends_it(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        found.source.licenses[ONE.id] = ARXIV
        library = Library(found.clock, png=PICTURE)
        found.fulltexts = library

        await found.store.add_chat(found.chat())
        said = Said("said:late", found.chat(), "/figure")
        await found.store.hear(said)
        await found.store.answer(
            said, [Part(console_view.dump(Post()))], [Begin(said.id, f"{ONE.id}v1", "en", "", "figure")]
        )
        await found.store.take([_record(ARXIV)], lambda _: "2026-11-21", baseline=False, floor=0)
        await found.drain()
        assert "it is under arXiv's own licence" in console_view.text(console_view.load(found.fake.sent[-1][1]))
        assert not library.calls

    run(tmp_path, body)


def _record(license_: str) -> Record:
    return Record(ONE, license=license_, stamp=ONE.updated)


def test_there_may_be_no_figure_or_no_file(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        library = found.fulltexts
        assert isinstance(library, Library)
        library.png = b""
        assert "has no figure that I can cut out" in (await found.say(f"/figure {ONE.id}"))[-1]
        library.plan = [Later("arXiv rests.")]
        assert "arXiv rests." in (await found.say(f"/figure {ONE.id}"))[-1]
        library.plan = [Refused("It cannot be read.")]
        assert (await found.say(f"/figure {ONE.id}"))[-1] == "It cannot be read."
        assert await found.say("/figure") == ["A figure of which paper? /figure 2411.19525"]
        assert not found.fake.pictures

    run(tmp_path, body)


def test_a_death_while_it_is_cut_out_leaves_the_job(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        library = found.fulltexts
        assert isinstance(library, Library)
        library.hangs = True
        asked = asyncio.create_task(found.say(f"/figure {ONE.id}"))
        while not library.calls:  # noqa: ASYNC110 - a fake has no bell
            await asyncio.sleep(0.01)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        await found.engine.stop()
        assert not found.fake.pictures
        assert [key for key in await found.store.due(found.ports.wanted) if key.startswith("read:")]

    run(tmp_path, body)


# --- the picture in the ledger ---------------------------------------------------------------------------------------

CHAT = Chat("fake:a", "fake", "a")


def part(picture: bytes = PICTURE) -> Part:
    return Part(console_view.dump(Post(items=(Item((line("Figure 1"),)),), alt="Boats")), picture=picture)


async def frozen(store: Store, number: int = 1, picture: bytes = PICTURE) -> str:
    await store.tell(CHAT, number, [part(picture)])
    return f"news:{number}#0"


def sizes(store: Store) -> list[tuple[str, int]]:
    return waiting(store._db.path)


def ledger(folder: Path, body: Callable[[Store], Awaitable[None]]) -> None:
    async def go() -> None:
        store = Store(folder / "paperboy.db", SteppedClock())
        await store.open()
        try:
            await body(store)
        finally:
            await store.close()

    asyncio.run(go())


def test_a_picture_survives_a_death_between_freezing_and_sending_and_one_in_the_middle(tmp_path: Path) -> None:
    async def freeze(store: Store) -> None:
        await frozen(store)

    async def attempt(store: Store) -> None:
        send = await store.claim("news:1#0", CHAT)
        assert send is not None
        assert (send.picture, send.attempt, send.doubted) == (PICTURE, 1, 0)

    async def again(store: Store) -> None:
        assert await store.recover(resend=True) == 1
        send = await store.claim("news:1#0", CHAT)
        assert send is not None
        assert (send.picture, send.attempt, send.doubted) == (PICTURE, 2, 1)
        await store.settle(send, "due", error="busy", wait=0)
        send = await store.claim("news:1#0", CHAT)
        assert send is not None
        assert send.picture == PICTURE
        await store.settle(send, "sent", message="m")
        assert sizes(store) == []

    for body in (freeze, attempt, again):
        ledger(tmp_path, body)


@pytest.mark.parametrize("state", ["sent", "dead", "skipped"])
def test_a_picture_goes_with_its_message_and_a_revived_one_is_text(tmp_path: Path, state: str) -> None:
    async def body(store: Store) -> None:
        send = await store.claim(await frozen(store), CHAT)
        assert send is not None
        await store.settle(send, state, error="no")
        assert sizes(store) == []
        if await store.retry_dead():
            send = await store.claim("news:1#0", CHAT)
            assert send is not None
            assert send.picture == b""

    ledger(tmp_path, body)


def test_whoever_was_declared_dead_takes_no_picture_along(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        first = await store.claim(await frozen(store), CHAT)
        await store.broken_off(CHAT.id, resend=True)
        second = await store.claim("news:1#0", CHAT)
        assert first is not None
        assert second is not None
        await store.settle(first, "sent", message="m")
        assert len(sizes(store)) == 1
        assert second.picture == PICTURE

    ledger(tmp_path, body)


def test_pictures_that_wait_are_bounded_and_the_oldest_go_as_text(tmp_path: Path) -> None:
    async def body(store: Store) -> None:
        for number in range(1, 18):
            await frozen(store, number, bytes(4 << 20))
        kept = sizes(store)
        assert sum(size for _, size in kept) <= rows.PICTURES
        assert [send for send, _ in kept] == sorted(f"news:{number}#0" for number in range(2, 18))
        first = await store.claim("news:1#0", CHAT)
        assert first is not None
        assert first.picture == b""

    ledger(tmp_path, body)


def test_what_is_forgotten_leaves_no_picture(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        found.fake.fail(Later("busy", wait=3600))
        await found.say(f"/figure {ONE.id}")
        assert held(found) == 1
        await found.say("/delete_me yes")
        assert held(found) == 0

    run(tmp_path, body)


def test_one_in_doubt_is_sent_again_with_its_picture_and_says_so(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/figure {ONE.id}")
        assert pictures(found) == [PICTURE]
        await found.store.tell(found.chat(), 5, [part()])
        found.fake.fail(InDoubt("nobody knows"), arrived=True)
        await found.drain()
        await found.clock.sleep(60)
        await found.drain()
        assert pictures(found) == [PICTURE] * 3
        assert "Sent again" in found.fake.sent[-1][1]
        assert held(found) == 0

    run(tmp_path, body)


# --- what becomes of a refused one -----------------------------------------------------------------------------------

SHOWN = Post(items=(Item((line(Span("Boats", "bold")), line("Figure 1. How it works"))),), alt="Figure 1: How it works")


def telegram(body: Callable[[TelegramServer, Telegram, Send], Awaitable[None]], picture: bytes = PICTURE) -> None:
    async def go() -> None:
        async with TelegramServer(flood=False) as server:
            server.add_private(7)
            platform = Telegram(Chat("", "telegram", ""), TOKEN, server.url, SystemClock())
            chat = Chat("telegram:7", "telegram", "7", silent=True)
            send = Send("job:x#1", chat, platform.render(SHOWN), 1, "nonce", picture=picture)
            try:
                await body(server, platform, send)
            finally:
                await platform.close()
            assert server.problems == []

    asyncio.run(go())


def test_telegram_shows_a_photo_with_its_caption() -> None:
    async def body(server: TelegramServer, platform: Telegram, send: Send) -> None:
        message = await platform.send(send)
        (shown,) = server.messages(7)
        assert str(shown.message_id) == message
        assert shown.photo == PICTURE
        assert shown.text == "Boats\nFigure 1. How it works"
        assert shown.silent
        assert [entity["type"] for entity in shown.entities] == ["bold"]

    telegram(body)


@pytest.mark.parametrize(
    "how",
    [
        "400:PHOTO_INVALID_DIMENSIONS",
        "400:IMAGE_PROCESS_FAILED",
        "400:not enough rights to send photos to the chat",
        "400:CHAT_SEND_PHOTOS_FORBIDDEN",
        "413",
    ],
)
def test_telegram_gets_the_words_of_a_picture_that_it_refuses(how: str) -> None:
    async def body(server: TelegramServer, platform: Telegram, send: Send) -> None:
        server.fail("sendPhoto", how)
        message = await platform.send(send)
        (shown,) = server.messages(7)
        assert str(shown.message_id) == message
        assert (shown.photo, shown.text) == (b"", "Boats\nFigure 1. How it works")
        assert [name for name, _ in server.calls if name.startswith("send")] == ["sendPhoto", "sendMessage"]

    telegram(body)


@pytest.mark.parametrize(
    "picture",
    [png(9000, 1001), png(2001, 100), b"GIF89a", png(10, 10, padding=10 << 20)],
    ids=["sides", "ratio", "no picture", "size"],
)
def test_telegram_refuses_such_pictures_of_itself(picture: bytes) -> None:
    async def body(server: TelegramServer, platform: Telegram, send: Send) -> None:
        assert await platform.send(send)
        (shown,) = server.messages(7)
        assert shown.photo == b""

    telegram(body, picture)


@pytest.mark.parametrize(
    ("how", "end", "arrives"),
    [
        ("429:3", Later, 0),
        ("403:bot was blocked by the user", Gone, 0),
        ("lost", InDoubt, 1),
        ("502", InDoubt, 0),
        ("500", InDoubt, 0),
    ],
)
def test_other_ends_are_those_of_every_message(how: str, end: type[Exception], arrives: int) -> None:
    async def body(server: TelegramServer, platform: Telegram, send: Send) -> None:
        server.fail("sendPhoto", how)
        with pytest.raises(end):
            await platform.send(send)
        assert len(server.messages(7)) == arrives

    telegram(body)


def test_a_lost_answer_to_the_words_of_a_refused_picture_is_in_doubt() -> None:
    async def body(server: TelegramServer, platform: Telegram, send: Send) -> None:
        server.fail("sendPhoto", "400:PHOTO_INVALID_DIMENSIONS")
        server.fail("sendMessage", "lost")
        with pytest.raises(InDoubt):
            await platform.send(send)
        assert len(server.messages(7)) == 1

    telegram(body)


def discord(body: Callable[[DiscordServer, Discord, Send], Awaitable[None]], picture: bytes = PICTURE) -> None:
    async def go() -> None:
        async with DiscordServer(flood=False) as server:
            server.add_guild(1, "Lab")
            server.add_text(70, 1, "papers")
            with pointed_at(server.url):
                platform = Discord(Chat("", "discord", ""), DISCORD_TOKEN, SystemClock())
                chat = Chat("discord:70", "discord", "70", kind="group", server="1")
                now = platform.clock.now()
                send = Send("job:x#1", chat, platform.render(SHOWN), 1, "nonce", first_at=now, picture=picture)
                try:
                    await body(server, platform, send)
                finally:
                    await platform.close()
            assert server.problems == []

    asyncio.run(go())


def test_discord_shows_an_attachment_in_the_container_with_alt_text() -> None:
    async def body(server: DiscordServer, platform: Discord, send: Send) -> None:
        message = await platform.send(send)
        (shown,) = server.messages(70)
        assert str(shown.id) == message
        assert shown.files == (("figure.png", PICTURE),)
        assert shown.alts == ["Figure 1: How it works"]
        (container,) = shown.components
        assert [part["type"] for part in container["components"]] == [12, 10]

    discord(body)


@pytest.mark.parametrize("how", ["no right", "400:50035", "413:40005", "too large"])
def test_discord_gets_the_words_of_a_picture_that_it_refuses(how: str) -> None:
    async def body(server: DiscordServer, platform: Discord, send: Send) -> None:
        if how == "no right":
            server.permit(70, attach_files=False)
        elif how != "too large":
            server.fail("/messages", how)
        message = await platform.send(send)
        (shown,) = server.messages(70)
        assert str(shown.id) == message
        assert (shown.files, shown.alts) == ((), [])
        assert "How it works" in shown.text

    discord(body, png(10, 10, padding=11 << 20) if how == "too large" else PICTURE)


@pytest.mark.parametrize(("how", "arrives"), [("lost", 1)])  # after a 500 the library waits 25 s by itself
def test_an_unconfirmed_picture_comes_once_by_its_nonce(how: str, arrives: int) -> None:
    async def body(server: DiscordServer, platform: Discord, send: Send) -> None:
        for _ in range(6):  # the library tries some times by itself
            server.fail("/messages", how)
        with pytest.raises((Later, InDoubt)):
            await platform.send(send)
        assert len(server.messages(70)) == arrives

    discord(body)


def test_discord_counts_a_picture_among_its_components() -> None:
    items = tuple(Item((line("x"),)) for _ in range(19))
    full = Post(items=items, foot=(line("y"),))
    assert discord_view.fits(full)
    assert not discord_view.fits(Post(items=items, foot=(line("y"),), alt="Boats"))


# --- the whole house on a platform -----------------------------------------------------------------------------------

SORTED = "8812.00046"


def licensed(path: Path) -> None:
    """All papers of a ledger stand under CC BY."""
    with contextlib.closing(sqlite3.connect(path, timeout=10)) as db:
        db.execute("UPDATE paper SET license = ?", (BY,))
        db.commit()


@pytest.mark.parametrize("refused", [False, True])
def test_on_telegram_the_line_replaces_the_placeholder_and_the_photo_comes_below(
    tmp_path: Path, *, refused: bool
) -> None:
    async def body(t: Play) -> None:
        await t.day()
        licensed(t.path)
        t.app.fulltexts = Library(t.app.clock, png=PICTURE)
        await t.ask(ANN, "/settings figures on")
        shown = await t.answer(ANN, f"/summarize {SORTED}")
        if refused:
            t.server.fail("sendPhoto", "400:PHOTO_INVALID_DIMENSIONS")
        line_, below = await t.ask_by_press(shown, "Figure")
        assert line_.text == f"Figure 1 of {SORTED} is below."
        assert line_.edits
        assert below.photo == (b"" if refused else PICTURE)
        assert below.text.startswith("LipField: Phoneme-Anchored")
        assert below.text.endswith(f"arXiv:{SORTED}v1, CC BY 4.0")
        assert waiting(t.path) == []
        assert t.doubts() == 0

    telegram_play(tmp_path, body)


def test_on_telegram_a_channel_has_no_such_setting(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.app.fulltexts = Library(t.app.clock, png=PICTURE)
        assert "figures" in (await t.answer(ZOE, "/settings")).text
        t.server.adds(CHANNEL, by=ANN)
        await t.ask(ANN, "/channel @papers")
        there = (await t.answer(ANN, "/settings @papers")).text
        assert "cap all" in there
        assert "figures" not in there

    telegram_play(tmp_path, body)


def test_on_discord_a_figure_that_was_asked_for_in_private_stays_private(tmp_path: Path) -> None:
    async def go() -> None:
        async with simulated(tmp_path) as sim:
            await sim.day()
            licensed(sim.house.store._db.path)
            sim.house.fulltexts = Library(sim.house.clock, png=PICTURE)
            channel = sim.guild.create_text_channel("papers")
            await sim.slash(channel, "settings", change="figures on")
            await sim.slash(channel, "summarize", id=SORTED)
            public = len(channel.history(viewer=sim.guest))
            await sim.click(channel.history(viewer=sim.boss)[-1], "Figure")
            below = channel.history(viewer=sim.boss)[-2:]
            assert [len(message.attachments) for message in below] == [0, 1]
            assert all(message.flags.ephemeral for message in below)
            assert texts([part.to_dict() for part in below[0].components]) == f"Figure 1 of {SORTED} is below."
            assert len(channel.history(viewer=sim.guest)) == public
            assert await sim.house.store.dead() == []

    asyncio.run(go())
