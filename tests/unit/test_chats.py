"""The ledger's part about chats: presses, places held, edits, moves, mutes, forgetting."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import Later
from bot.model import (
    AWAITING,
    Admit,
    Button,
    Chat,
    Forget,
    Joined,
    Left,
    Match,
    Moved,
    Mute,
    Part,
    Press,
    Rate,
    Retune,
    Said,
    SetChat,
    Subscribe,
    Topic,
    Turn,
    Wanted,
)
from bot.store.store import Store
from tests.fakes.house import SATURDAY, House, house, paper
from tests.fakes.ports import SteppedClock

CHAT = Chat("fake:a", "fake", "a")
WIDE = Topic("wide", "talking", '"talking"')
NARROW = Topic("narrow", '"talking heads"', '"talking heads"')
MENU = Part("menu", buttons=(Button("1", "/tune one", edits=True), Button("2", "/summarize x")))


def play(folder: Path, body: Callable[[Store, SteppedClock], Awaitable[None]]) -> None:
    async def run() -> None:
        clock = SteppedClock(SATURDAY)
        store = Store(folder / "paperboy.db", clock)
        await store.open()
        try:
            await body(store, clock)
        finally:
            await store.close()

    asyncio.run(run())


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "paperboy.db") as db:
        found = db.execute(sql).fetchall()
    db.close()
    return found


async def say(store: Store, id_: str, *parts: Part, chat: Chat = CHAT, edits: str = "") -> Said:
    said = Said(id_, chat, "/x", author="7")
    await store.hear(said, edits=edits)
    await store.answer(said, parts)
    return said


async def send(store: Store, chat: Chat = CHAT, *, message: str = "m1") -> str:
    """Send the head of the queue; returns its id."""
    _, head, _ = await store.queue(chat.id)
    assert head is not None
    claimed = await store.claim(head, chat)
    assert claimed is not None
    await store.settle(claimed, "sent", message=message)
    return head


def test_a_press_names_a_row_of_its_own_chat_and_message(tmp_path: Path) -> None:
    async def body(store: Store, _: SteppedClock) -> None:
        await say(store, "1", MENU)
        await send(store, message="m1")
        found = await store.pressed(CHAT.id, Press(1, 0, "m1"))
        assert found == ("said:1#0", Button("", "/tune one", edits=True))
        assert await store.pressed(CHAT.id, Press(1, 1, "m1")) == ("said:1#0", Button("", "/summarize x"))
        for wrong in (Press(1, 2, "m1"), Press(2, 0, "m1"), Press(0, 0, "m1"), Press(1, 0, "m2")):
            assert await store.pressed(CHAT.id, wrong) is None
        assert await store.pressed("fake:b", Press(1, 0, "m1")) is None

    play(tmp_path, body)


def test_a_press_proves_that_a_message_arrived_whose_answer_was_lost(tmp_path: Path) -> None:
    async def body(store: Store, _: SteppedClock) -> None:
        await say(store, "1", MENU)
        head = (await store.queue(CHAT.id))[1]
        assert head
        claimed = await store.claim(head, CHAT)
        assert claimed
        await store.settle(claimed, "skipped", doubt=True)
        assert await store.pressed(CHAT.id, Press(1, 0, "m9"))
        assert rows(tmp_path, "SELECT message FROM send") == [("m9",)]

    play(tmp_path, body)


def test_an_answer_takes_the_place_of_its_placeholder_or_sheds_it(tmp_path: Path) -> None:
    async def body(store: Store, _: SteppedClock) -> None:
        for id_ in ("slow", "quick"):
            said = Said(id_, CHAT, "/summarize x")
            await store.hear(said)
            await store.place(said, Part("one moment"))
            await store.place(said, Part("one moment"))  # a crash in between: once is enough
            if id_ == "slow":
                assert await send(store, message="m1") == "said:slow#wait"
            await store.answer(said, [Part("the answer"), Part("its second page")])
            await store.place(said, Part("one moment"))  # too late
        assert rows(tmp_path, "SELECT id, state, edits FROM send ORDER BY seq") == [
            ("said:slow#wait", "sent", ""),
            ("said:slow#0", "due", "said:slow#wait"),
            ("said:slow#1", "due", ""),
            ("said:quick#wait", "skipped", ""),
            ("said:quick#0", "due", ""),
            ("said:quick#1", "due", ""),
        ]
        claimed = await store.claim("said:slow#0", CHAT)
        assert claimed is not None
        assert claimed.edits == "m1"

    play(tmp_path, body)


def test_what_is_under_way_to_where_a_chat_was_is_not_overtaken_after_its_move(tmp_path: Path) -> None:
    async def body(store: Store, _: SteppedClock) -> None:
        said = Said("slow", CHAT, "/summarize x")
        await store.hear(said)
        await store.place(said, Part("one moment"))
        claimed = await store.claim("said:slow#wait", CHAT)
        assert claimed is not None
        await store.move(CHAT.platform, CHAT.address, "new")
        await store.answer(said, [Part("the answer")])
        moved = await store.chat(f"{CHAT.platform}:new")
        assert moved is not None
        assert (await store.queue(moved.id))[1:] == (None, False)  # the placeholder is still on its way
        await store.settle(claimed, "due", error="it moved")
        assert (await store.queue(moved.id))[1] == "said:slow#wait"
        assert await store.claim("said:slow#wait", CHAT) is None  # whoever works for the old place is too late
        assert await send(store, moved, message="m1") == "said:slow#wait"
        assert await send(store, moved, message="m1") == "said:slow#0"

    play(tmp_path, body)


def test_of_several_edits_of_one_message_only_the_last_goes_out(tmp_path: Path) -> None:
    async def body(store: Store, _: SteppedClock) -> None:
        await say(store, "1", MENU)
        first = await send(store)
        for number in range(5):
            await say(store, f"press{number}", Part(f"page {number}"), edits=first)
        states = rows(tmp_path, "SELECT state FROM send ORDER BY seq")
        assert states == [("sent",), *[("skipped",)] * 4, ("due",)]
        assert await send(store) == "said:press4#0"

    play(tmp_path, body)


def test_answers_go_before_digests_of_their_chat(tmp_path: Path) -> None:
    async def body(store: Store, _: SteppedClock) -> None:
        await store.add_chat(CHAT)
        await store.suspend(Chat("fake:b", "fake", "b"), "x")  # nobody there: nothing to tell
        await store._db.write(lambda run: _digest(run, 3))
        await say(store, "1", Part("answer"))
        order = [await send(store) for _ in range(4)]
        assert order == ["said:1#0", "digest:d#0", "digest:d#1", "digest:d#2"]

    play(tmp_path, body)


def _digest(run: Callable[..., list[tuple[object, ...]]], number: int, chat: str = "fake:a") -> None:
    from bot.store.rows import add_sends

    add_sends(run, chat, "digest:d", [Part(f"page {n}") for n in range(number)], SATURDAY)


async def _wishes(store: Store, *topics: Topic, chat: Chat = CHAT) -> None:
    said = Said(f"wish:{chat.id}:{len(topics)}", chat, "/follow", author="7")
    await store.hear(said)
    await store.answer(said, [Part("ok")], [Subscribe(topic, topic.key) for topic in topics])


async def _found(store: Store, *matches: tuple[Topic, str]) -> None:
    """New papers that match topics."""
    ids = sorted({id_ for _, id_ in matches})
    await store.add_papers([paper(int(id_[5:])) for id_ in ids], baseline=False)
    _, stamp = await store.topics()
    assert await store.add_matches(ids, [(topic.id, [Match(id_)]) for topic, id_ in matches], stamp)


def test_a_muted_topic_brings_nothing_and_what_came_meanwhile_stays_away(tmp_path: Path) -> None:
    async def body(store: Store, clock: SteppedClock) -> None:
        await _wishes(store, WIDE)
        said = Said("mute", CHAT, "/mute")
        await store.hear(said)
        await store.answer(said, [], [Mute(WIDE.id)])
        clock.step(60)
        await _found(store, (WIDE, "2611.00001"))
        assert await store.waiting(CHAT.id) == 0
        clock.step(60)
        said = Said("unmute", CHAT, "/unmute")
        await store.hear(said)
        await store.answer(said, [], [Mute(WIDE.id, muted=False)])
        assert await store.waiting(CHAT.id) == 0
        clock.step(60)
        await _found(store, (WIDE, "2611.00002"))
        assert await store.waiting(CHAT.id) == 1

    play(tmp_path, body)


def test_a_topic_read_differently_keeps_what_waits_and_its_place(tmp_path: Path) -> None:
    async def body(store: Store, clock: SteppedClock) -> None:
        await _wishes(store, WIDE)
        clock.step(60)
        await _wishes(store, Topic("a", "other", '"other"'), NARROW, chat=Chat("fake:b", "fake", "b"))
        said = Said("second", CHAT, "/follow")
        await store.hear(said)
        await store.answer(said, [], [Subscribe(Topic("a", "other", '"other"'), "other")])
        await _found(store, (WIDE, "2611.00001"), (WIDE, "2611.00002"))
        clock.step(60)
        said = Said("tune", CHAT, "/tune")
        await store.hear(said)
        await store.answer(said, [], [Retune(WIDE.id, NARROW, '"talking heads"', (Match("2611.00001"),))])
        assert await store.waiting(CHAT.id) == 1, "the one that still matches"
        assert [s.topic.id for s in await store.subscriptions(CHAT.id)] == ["narrow", "a"], "the older wish stays first"

    play(tmp_path, body)


def test_a_cap_brings_so_many_and_says_how_many_it_left(tmp_path: Path) -> None:
    async def body(store: Store, clock: SteppedClock) -> None:
        await _wishes(store, WIDE)
        said = Said("cap", CHAT, "/settings cap 2")
        await store.hear(said)
        known = await store.chat(CHAT.id)
        assert known
        await store.answer(said, [], [SetChat(replace(known, cap=2, preview=True, silent=True))])
        clock.step(60)
        await _found(store, *((WIDE, f"2611.{n:05}") for n in range(1, 6)))
        sizes, left = [], []
        for _ in range(3):
            await store.wake_all()
            clock.step(1)
            count, _ = await store.compose(CHAT.id, Wanted(), lambda *_: None)
            sizes.append(count)
            left.append(await store.waiting(CHAT.id))
        assert (sizes, left) == ([2, 2, 1], [3, 1, 0])
        assert rows(tmp_path, "SELECT more FROM digest ORDER BY at") == [(3,), (1,), (0,)]

    play(tmp_path, body)


@pytest.mark.parametrize("known", [False, True], ids=["unknown there", "known there already"])
def test_who_moves_takes_everything_along(tmp_path: Path, known: bool) -> None:
    old, thread = Chat("fake:a", "fake", "a", zone="Asia/Tokyo"), Chat("fake:a:9", "fake", "a", "9")
    new = Chat("fake:b", "fake", "b")

    async def body(store: Store, clock: SteppedClock) -> None:
        await _wishes(store, WIDE, chat=old)
        await _wishes(store, NARROW, chat=thread)
        await send(store, old)
        await send(store, thread)
        await store._db.write(lambda run: _digest(run, 3))
        await store.hear(Said("open", old, "/topics"))
        clock.step(60)
        await _found(store, (WIDE, "2611.00001"))
        if known:
            await _wishes(store, WIDE, chat=new)
            await send(store, new)
        assert await store.move("fake", "a", "b") == ["fake:b", "fake:b:9"]
        assert await store.move("fake", "a", "b") == [], "a second time nothing happens"
        moved = await store.chat("fake:b")
        assert moved is not None
        assert (moved.address, moved.zone, moved.suspended) == ("b", "Asia/Tokyo", "")
        assert [s.topic.id for s in await store.subscriptions("fake:b")] == ["wide"]
        assert [s.topic.id for s in await store.subscriptions("fake:b:9")] == ["narrow"]
        assert await store.waiting("fake:b") == 1
        said = await store.next_said("fake:b")
        assert said is not None
        assert said.id == "open"
        assert [await send(store, moved) for _ in range(3)] == [f"digest:d#{n}" for n in range(3)]
        for table in ("chat", "subscription", "send", "inbox", "delivery", "digest"):
            column = "id" if table == "chat" else "chat"
            assert not rows(tmp_path, f"SELECT 1 FROM {table} WHERE {column} LIKE 'fake:a%'"), table

    play(tmp_path, body)


def test_whoever_is_forgotten_leaves_no_row(tmp_path: Path) -> None:
    async def body(store: Store, clock: SteppedClock) -> None:
        group = Chat("fake:g", "fake", "g", kind="group", host="fake:a")
        await store.join(group)
        await store.hear(Said("in group", group, "/help", author="7"))
        await _wishes(store, WIDE)
        clock.step(60)
        await _found(store, (WIDE, "2611.00001"))
        await store.wake_all()
        await store.compose(CHAT.id, Wanted(), lambda *_: None)
        await store.gate.take("ask:fake:7", Rate(every=1000))
        said = Said("bye", CHAT, "/delete_me yes", author="7")
        await store.hear(said)
        await store.answer(said, [Part("farewell")], [Forget()])
        await store.gone(CHAT.id)
        assert await send(store) == "said:bye#0", "the farewell is still sent"
        await store.gone(CHAT.id)
        tables = [str(name) for (name,) in rows(tmp_path, "SELECT name FROM sqlite_master WHERE type = 'table'")]
        everything = [(t, row) for t in tables for row in rows(tmp_path, f'SELECT * FROM "{t}"')]
        traces = [(t, row) for t, row in everything if any(v in {"fake:a", "7"} or v == "talking" for v in row)]
        assert traces == [], "nothing names the chat, its person or its topic"
        assert any(row[0] == "fake:g" for t, row in everything if t == "chat")

    play(tmp_path, body)


def test_a_chat_that_is_spoken_to_again_before_its_farewell_stays(tmp_path: Path) -> None:
    async def body(store: Store, _: SteppedClock) -> None:
        said = await say(store, "1", Part("hello"))
        await send(store)
        said = Said("bye", CHAT, "/delete_me yes", author="7")
        await store.hear(said)
        await store.answer(said, [Part("farewell")], [Forget()])
        await store.hear(Said("again", CHAT, "/start", author="7"))
        await send(store)
        await store.gone(CHAT.id)
        assert await store.next_said(CHAT.id)

    play(tmp_path, body)


def test_a_channel_awaits_its_admin_and_nothing_else_revives_it(tmp_path: Path) -> None:
    channel = Chat("fake:c", "fake", "c", kind="channel", title="Papers", suspended=AWAITING, host="fake:a")

    async def body(store: Store, _: SteppedClock) -> None:
        await store.join(channel)
        await store.join(channel)
        found = await store.chat_called("fake", "C")
        assert found is not None
        assert found.suspended == AWAITING
        said = Said("yes", CHAT, "/channel @c yes", author="7")
        await store.hear(said)
        await store.answer(said, [Part("done")], [Admit("fake:a")], about="fake:c")
        await store.suspend(channel, "kicked")
        assert (await store.chat("fake:c") or CHAT).suspended == "kicked"
        await store.join(channel)
        assert (await store.chat("fake:c") or CHAT).suspended == ""

    play(tmp_path, body)


def test_an_urgent_slot_is_not_behind_those_who_came_earlier(tmp_path: Path) -> None:
    async def body(store: Store, clock: SteppedClock) -> None:
        order: list[str] = []

        async def take(name: str, turn: Turn) -> None:
            await store.gate.take("token", Rate(every=100), turn=turn)
            order.append(name)

        tasks = [asyncio.create_task(take(f"digest {n}", Turn.OTHER)) for n in range(5)]
        await asyncio.sleep(0.05)
        tasks.append(asyncio.create_task(take("answer", Turn.ANSWER)))
        tasks[3].cancel()
        for _ in range(100):
            clock.step(0.01)
            await asyncio.sleep(0.002)
        await asyncio.gather(*tasks, return_exceptions=True)
        assert order.index("answer") <= 2
        assert sorted(order) == ["answer", "digest 0", "digest 1", "digest 2", "digest 4"]

    async def run() -> None:
        clock = SteppedClock(SATURDAY, auto=False)
        store = Store(tmp_path / "paperboy.db", clock)
        await store.open()
        await body(store, clock)
        await store.close()

    asyncio.run(run())


def test_slow_chats_go_before_fast_ones_but_for_every_third_slot(tmp_path: Path) -> None:
    async def run() -> None:
        clock = SteppedClock(SATURDAY)
        store = Store(tmp_path / "paperboy.db", clock)
        await store.open()
        order: list[Turn] = []

        async def take(turn: Turn) -> None:
            await store.gate.take("token", Rate(every=100), turn=turn)
            order.append(turn)

        await asyncio.gather(*(take(turn) for turn in [Turn.OTHER] * 6 + [Turn.SLOW] * 6))
        slow, other = Turn.SLOW, Turn.OTHER
        assert order == [other, *[slow, slow, other] * 3, other, other]
        await store.close()

    asyncio.run(run())


def test_impatience_takes_no_slot(tmp_path: Path) -> None:
    async def body(store: Store, clock: SteppedClock) -> None:
        budget = Rate(every=60_000, burst=2)
        for _ in range(2):
            await store.gate.take("ask", budget, patience=0)
        for _ in range(50):
            with pytest.raises(Later) as problem:
                await store.gate.take("ask", budget, patience=0)
            assert problem.value.wait == 60
        clock.step(60)
        await store.gate.take("ask", budget, patience=0)

    play(tmp_path, body)


def test_the_owner_hears_of_news_once_and_not_too_often(tmp_path: Path) -> None:
    async def run() -> None:
        from bot.config import Settings

        clock = SteppedClock(SATURDAY)
        settings = Settings(digest_mode="asap", owner="fake:1")
        async with house(tmp_path, clock=clock, settings=settings) as found:
            await found.drain()
            clock.step(1)
            group = Chat("fake:g", "fake", "g", kind="group", title="Reading group")
            await _tell(found, Joined(group))
            await _tell(found, Left(group, "the bot was removed from the chat."))
            assert _said_to_owner(found) == []
            clock.step(600)
            await found.drain()
            assert _said_to_owner(found) == [
                "New chats (1): Reading group\nSuspended: Reading group: the bot was removed from the chat."
            ]
            clock.step(3600)
            await found.drain()
            assert len(_said_to_owner(found)) == 1
            await _tell(found, Moved("fake", "g", "h"))
            assert (await found.store.chat("fake:h") or CHAT).title == "Reading group"

    asyncio.run(run())


async def _tell(found: House, event: Joined | Left | Moved) -> None:
    from bot.flow.hear import hear

    await hear(found.store, found.ports, event)
    await found.drain()


def _said_to_owner(found: House) -> list[str]:
    from bot.platforms import console_view
    from tests.fakes.chat import words

    return [words(console_view.load(payload)) for chat, payload in found.fake.sent if chat == "fake:1"]
