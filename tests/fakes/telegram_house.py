"""The real house behind the real python-telegram-bot, against the loopback Bot API, on a clock that runs fast.

Invariants: only the source of papers is a fake; the house and its Telegram share one clock; a house that was stopped
is started again on the same ledger with the same clock. At the end of a `play` no request was against the official
schema and no part of the house broke down.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from bot.app import App, opened
from bot.clock import clock
from bot.config import Settings
from bot.flow.harvest import look
from bot.model import Paper
from bot.platforms.telegram import Telegram
from bot.sources.sample import Sample
from tests.fakes.telegram_server import TOKEN, Json, Msg, TelegramServer

ANN, ZOE, BEN, EVE = 11, 12, 13, 14  # Ann runs all chats, Zoe reads Chinese, Ben runs nothing, Eve never came
GROUP, FORUM, CHANNEL, OLD, NEW = -1001, -1002, -1003, -44, -1044
TOPIC = "talking head generation"
BEGIN = "2026-11-20T08:00:00Z"


class Source(Sample):
    """The sample; while `open` is not set, whoever fetches a paper waits."""

    def __init__(self, *, clock: Any) -> None:
        super().__init__(clock=clock)
        self.open = asyncio.Event()
        self.open.set()
        self.fetching = 0

    async def fetch(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        self.fetching += 1
        await self.open.wait()
        return await super().fetch(ids)


class _Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


class Play:
    """A house, its Telegram, and the people of it."""

    app: App
    source: Source

    def __init__(self, folder: Path, server: TelegramServer, timing: str, settings: Settings) -> None:
        self.folder, self.server, self.timing = folder, server, timing
        self.settings = settings
        self.log = _Heard()
        self.broken_is_fine = False
        self._stack = contextlib.AsyncExitStack()
        self._serving: asyncio.Task[None] | None = None

    # --- the process

    @property
    def telegram(self) -> Telegram:
        return cast("Telegram", self.app.platforms["telegram"])

    @property
    def path(self) -> Path:
        return self.folder / "paperboy.db"

    def now(self) -> int:
        return self.server.clock.now()

    async def start(self, **changes: Any) -> None:
        """Open the house and let it serve."""
        await self.open(**changes)
        await self.serve()

    async def serve(self) -> None:
        self._serving = asyncio.create_task(self.app.serve())
        await asyncio.sleep(0)

    async def open(self, **changes: Any) -> None:
        """Open the house; nobody serves yet."""
        self.settings = replace(
            self.settings,
            telegram_base_url=self.server.url,
            database_url=str(self.path),
            clock=self.timing,
            **changes,
        )
        self.app = await self._stack.enter_async_context(opened(self.settings))
        self.app.platforms.pop("console")
        self.source = Source(clock=self.app.clock)
        self.app.read_from(self.source)

    async def stop(self) -> None:
        """End the process as SIGTERM does."""
        if self._serving is not None:
            while not self._serving.done():  # once should do; a test must end even if it does not
                self._serving.cancel()
                await asyncio.wait({self._serving}, timeout=2)
            self._serving = None
        await self._stack.aclose()

    async def restart(self, **changes: Any) -> None:
        await self.stop()
        await self.start(**changes)

    # --- what people do

    async def ask(
        self, chat: int, text: str, *, user: int | None = None, thread: int | None = None, anonymous: bool = False
    ) -> list[Msg]:
        """Say something and return the messages that are new once all is quiet."""
        before = set(self.server.chats[chat].messages)
        self.server.says(chat, text, user=user, thread=thread, anonymous=anonymous)
        await self.quiet()
        return [m for m in self.server.messages(chat) if m.message_id not in before]

    async def answer(self, chat: int, text: str, **how: Any) -> Msg:
        """The same where one message is the answer."""
        found = await self.ask(chat, text, **how)
        assert len(found) == 1, [m.text for m in found]
        return found[0]

    async def press(self, message: Msg, button: str | int, *, user: int | None = None) -> Msg:
        """Press a button and return the message as it stands then."""
        self.server.presses(message.chat_id, message.message_id, button, user=user)
        await self.quiet()
        return self.server.chats[message.chat_id].messages[message.message_id]

    async def ask_by_press(self, message: Msg, button: str | int, *, user: int | None = None) -> list[Msg]:
        """Press a button and return the messages that are new once all is quiet."""
        before = set(self.server.chats[message.chat_id].messages)
        await self.press(message, button, user=user)
        return [m for m in self.server.messages(message.chat_id) if m.message_id not in before]

    async def forge(self, chat: int, message: int, data: str, *, user: int | None = None) -> str:
        """Press a button that need not exist; returns what the one who pressed is told."""
        before = len(self.server.acks)
        self.server.presses_raw(chat, message, data, user=user)
        await self.quiet()
        (ack,) = self.server.acks[before:]
        return str(ack.get("text", ""))

    def texts(self, chat: int, thread: int | None = None) -> list[str]:
        return [m.text for m in self.server.messages(chat, thread)]

    def last(self, chat: int, thread: int | None = None) -> Msg:
        return self.server.messages(chat, thread)[-1]

    # --- papers

    async def week(self) -> None:
        """Wait for the first look, which brings nobody anything."""
        while await self.app.store.high_water("harvest") is None:  # noqa: ASYNC110 - a ledger has no bell
            await asyncio.sleep(0.005)

    async def day(self, *, wait: bool = True) -> None:
        """The sample day comes out and is looked at."""
        await self.week()
        self.source.day_out = True
        await look(self.app.store, self.app.ports)
        if wait:
            await self.quiet()

    # --- waiting

    async def quiet(self, seconds: float = 10) -> None:
        """Wait until everything that was said is confirmed to Telegram, and all that can be done now is done."""
        end = time.monotonic() + seconds
        while (busy := await self._busy()) or await self._busy():
            assert time.monotonic() < end, f"still at work: {busy}"
            await asyncio.sleep(0.004)

    async def _busy(self) -> str:
        if self.server.pending:
            return f"updates {[u['update_id'] for u in self.server.pending]}"
        if tasks := [key for key in self.app.engine._tasks if key != "harvest:arxiv"]:
            return f"tasks {tasks}"
        if self.telegram._aside:
            return "acknowledgements"
        for key in await self.app.store.due(self.app.ports.wanted):
            if not key.startswith("deliver:") or await self._may_go(key.partition(":")[2]):
                return f"due {key}"
        await asyncio.sleep(0.001)
        return ""

    async def _may_go(self, chat: str) -> bool:
        """Whether a chat's next message may go now (not one behind a message that has to wait), or its last is out."""
        _, head, broken = await self.app.store.queue(chat)
        return bool(head) or broken or bool(self.rows("SELECT 1 FROM chat WHERE id = ? AND leaving = 1", chat))

    async def sleep(self, seconds: float) -> None:
        """Let simulated time pass."""
        await self.app.clock.sleep(seconds)

    # --- the ledger

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            return db.execute(sql, values).fetchall()

    def dump(self, *tables: str) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of tables, by default of those that hold what chats wish."""
        named = tables or ("chat", "subscription", "topic", "delivery")
        return {table: sorted(self.rows(f"SELECT * FROM {table}"), key=repr) for table in named}

    def tables(self) -> list[str]:
        found = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
        return [name for (name,) in found]

    def traces(self, *words: str) -> list[str]:
        """'table: row' wherever one of these words stands in the ledger."""
        return [
            f"{table}: {row}"
            for table in self.tables()
            for row in self.rows(f"SELECT * FROM {table}")
            if any(word in str(value) for value in row for word in words)
        ]

    def chat(self, id_: str) -> Json:
        """A chat's row by its columns."""
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            db.row_factory = sqlite3.Row
            found = db.execute("SELECT * FROM chat WHERE id = ?", (id_,)).fetchone()
            return dict(found) if found else {}

    def labels(self, id_: str) -> list[str]:
        return [label for (label,) in self.rows("SELECT label FROM subscription WHERE chat = ? ORDER BY label", id_)]

    def doubts(self) -> int:
        return int(self.rows("SELECT coalesce(sum(doubted), 0) FROM send")[0][0])


Body = Callable[[Play], Awaitable[None]]


def play(
    folder: Path, body: Body, *, rate: int = 200, started: bool = True, flood: bool = False, **settings: Any
) -> Play:
    """Run a test in a world of a few chats; `settings` are the house's."""
    timing = f"simulated {BEGIN} x{rate} since {time.time()}"
    house = Settings(**({"telegram_bot_token": TOKEN, "digest_mode": "asap"} | settings))

    async def go() -> Play:
        async with TelegramServer(clock=clock(timing), flood=flood) as server:
            people(server)
            found = Play(folder, server, timing, house)
            root = logging.getLogger()
            root.addHandler(found.log)
            try:
                if started:
                    await found.start()
                    await found.week()
                    await found.quiet()
                await body(found)
            finally:
                await found.stop()
                root.removeHandler(found.log)
            assert server.problems == []
            broken = [r.getMessage() for r in found.log.records if r.exc_info and r.name.startswith("bot")]
            assert found.broken_is_fine or not broken, broken
            return found

    return asyncio.run(go())


def people(server: TelegramServer) -> None:
    """Everybody, and their chats."""
    server.add_private(ANN, "Ann")
    server.add_private(ZOE, "Zoe", "zh-hans")
    server.add_private(BEN, "Ben")
    server.add_private(EVE, "Eve", started=False)
    server.add_group(GROUP, "Vision lab", admins=(ANN,))
    server.add_group(FORUM, "Reading room", admins=(ANN,), forum=True)
    server.add_topic(FORUM, 7)
    server.add_topic(FORUM, 8)
    server.add_channel(CHANNEL, "Papers", "papers", admins=(ANN,)).status = "left"
    server.add_group(OLD, "Old group", admins=(ANN,), supergroup=False)
