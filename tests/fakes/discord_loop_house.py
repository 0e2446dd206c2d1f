"""The real house behind an unmodified discord.py, against the loopback Discord, on a clock that runs fast.

Invariants: only the source of papers is a fake. The house's clock runs from the real now on, so many times as fast;
the library's own waits run on it too. The server's clock is the real one (the library compares ids with it), and moves
ahead by hand. A house that was stopped is started again on the same ledger. At the end of a `play` no request was
against Discord's own document, none of them could mention anybody, and no part of the house broke down.
"""

import asyncio
import contextlib
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

from bot.app import App, opened
from bot.config import Settings
from bot.flow.harvest import look
from bot.platforms.discord import Discord
from bot.platforms.discord_client import Client
from tests.fakes.discord_schema import Schema, present
from tests.fakes.discord_server import BOT, TOKEN, DiscordServer, Json, Msg, RealClock, pointed_at
from tests.fakes.telegram_house import Source, people
from tests.fakes.telegram_server import TOKEN as TELEGRAM_TOKEN
from tests.fakes.telegram_server import TelegramServer

OWNER, ANN, BEN, ZOE = 9, 11, 12, 13  # Ann manages channels, Ben nothing, Zoe takes no direct messages
GUILD, PAPERS, OTHER, NEWS, FORUM, THREAD = 1, 100, 101, 102, 103, 104
TOPIC = "talking head generation"
SEND = f"POST /channels/{PAPERS}/messages"
POST = f"POST /channels/{FORUM}/threads"


class Ahead(RealClock):
    """The real time and what it was moved ahead by."""

    ms = 0

    def now(self) -> int:
        return super().now() + self.ms


class Heard(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@cache
def document() -> Schema | None:
    """Discord's document, with the type of channels for media that it leaves out."""
    found = Schema() if present() else None
    if found:
        kinds = found.schemas["ChannelTypes"]["oneOf"]
        kinds += [] if any(kind["const"] == 16 for kind in kinds) else [{"title": "GUILD_MEDIA", "const": 16}]
    return found


@contextlib.contextmanager
def hurried(rate: float) -> Iterator[None]:
    """The library's waits between its tries, before a new session and for guilds take less real time."""

    async def sleep(seconds: float) -> None:
        await asyncio.sleep(seconds / rate)

    async def wait_for(work: Awaitable[Any], timeout: float | None) -> Any:  # noqa: ASYNC109 - as it is in asyncio
        return await asyncio.wait_for(work, timeout and min(timeout, 0.05))

    with ExitStack() as stack:
        for module in ("discord.http", "discord.webhook.async_", "discord.client"):
            stack.enter_context(patch(f"{module}.asyncio", SimpleNamespace(**vars(asyncio) | {"sleep": sleep})))
        stack.enter_context(patch("discord.state.asyncio", SimpleNamespace(**vars(asyncio) | {"wait_for": wait_for})))
        yield


class Play:
    """A house, its Discord (and its Telegram, if it has one), and the people of it."""

    app: App
    source: Source

    def __init__(
        self, folder: Path, server: DiscordServer, ahead: Ahead, rate: int, house: Settings, telegram: Any
    ) -> None:
        self.folder, self.server, self.ahead, self.rate = folder, server, ahead, rate
        self.begin, self.since = datetime.now(UTC), time.time()
        self.settings = house
        self.telegram: TelegramServer | None = telegram
        self.log = Heard()
        self.broken_is_fine = False
        self._stack = contextlib.AsyncExitStack()
        self._serving: asyncio.Task[None] | None = None

    # --- the process

    @property
    def discord(self) -> Discord:
        return cast("Discord", self.app.platforms["discord"])

    @property
    def client(self) -> Client | None:
        return self.discord._client

    @property
    def _client(self) -> Client | None:
        return self.client if hasattr(self, "app") else None

    @property
    def timing(self) -> str:
        """The house's clock, which all its processes share."""
        return f"simulated {self.begin.isoformat()} x{self.rate} since {self.since}"

    @property
    def path(self) -> Path:
        return self.folder / "paperboy.db"

    async def start(self, **changes: Any) -> None:
        """Open the house, let it serve, and wait until the gateway is up and the commands are known."""
        await self.open(**changes)
        await self.serve()
        await self.up()

    async def up(self, seconds: float = 5) -> None:
        def ready() -> bool:
            return self.client is not None and self.client.is_ready() and bool(self.server.commands[0])

        await self.server.until(ready, seconds)

    async def serve(self) -> None:
        self._serving = asyncio.create_task(self.app.serve())
        await asyncio.sleep(0)

    async def open(self, **changes: Any) -> None:
        """Open the house; nobody serves yet."""
        self.settings = replace(self.settings, database_url=str(self.path), clock=self.timing, **changes)
        self.app = await self._stack.enter_async_context(opened(self.settings))
        self.app.platforms.pop("console")
        self.source = Source(clock=self.app.clock)
        self.app.read_from(self.source)

    async def stop(self, seconds: float = 10, *, calm: bool = True) -> float:
        """End the process as SIGTERM does; returns how many real seconds that took.

        `calm` spares us what the library still has to tell of guilds after the end.
        """
        begun = time.monotonic()
        if self._serving is not None:
            while not self._serving.done():  # once should do; a test must end even if it does not
                self._serving.cancel()
                await asyncio.wait({self._serving}, timeout=seconds)
            self._serving = None
        client = self._client
        if calm and client and (task := client._connection._ready_task):
            task.cancel()
        await self._stack.aclose()
        return time.monotonic() - begun

    async def crash(self) -> None:
        """End the process as SIGKILL does: what is in hand is not settled."""
        for _ in range(2):
            for task in list(self.app.engine._tasks.values()):
                task.cancel()
            await asyncio.sleep(0)
        await self.stop()

    async def restart(self, **changes: Any) -> None:
        await self.stop()
        await self.start(**changes)

    # --- what people do

    async def slash(self, where: int, command: str, /, *, user: int = ANN, **options: Any) -> int:
        """Give a command; returns the interaction once all is quiet."""
        asked = self.ask(where, command, user=user, **options)
        await self.quiet()
        return asked

    def ask(self, where: int, command: str, /, *, user: int = ANN, **options: Any) -> int:
        """Give a command and wait for nothing; options may be named as parameters of `server.slash` are."""
        data = self.server._command(where, user, command, options, force=False)
        return self.server._ask(2, where, user, data)

    async def answer(self, where: int, command: str, /, *, user: int = ANN, **options: Any) -> Msg:
        """The same where one message is the answer."""
        asked = await self.slash(where, command, user=user, **options)
        return self.shown(asked)

    def shown(self, asked: int) -> Msg:
        found = [m for m in self.server.shown(asked) if not m.loading]
        assert len(found) == 1, [m.text for m in self.server.shown(asked)]
        return found[0]

    async def press(self, message: Msg, button: str, *, user: int = ANN) -> int:
        """Press a button; returns the interaction once all is quiet."""
        asked = self.server.presses(message.channel_id, message.id, button, user)
        await self.quiet()
        return asked

    async def choose(self, message: Msg, label: str, *, user: int = ANN) -> int:
        """Choose from a list under a message; returns the interaction once all is quiet."""
        for one in message.controls:
            for option in one.get("options", ()):
                if option["label"] == label:
                    where = (message.channel_id, message.id, one["custom_id"], user)
                    asked = self.server.presses(*where, values=(option["value"],))
                    await self.quiet()
                    return asked
        raise AssertionError(f"no list offers {label!r}")

    async def follow(self, channel: int = PAPERS, topic: str = TOPIC, *, user: int = ANN, **options: Any) -> Msg:
        """Subscribe by preview and press."""
        where = PAPERS if channel == FORUM else channel
        extra = options | ({"channel": channel} if where != channel else {})
        preview = await self.answer(where, "subscribe", user=user, topic=topic, **extra)
        await self.press(preview, "Subscribe", user=user)
        assert "Subscribed: " in preview.text, preview.text
        return preview

    def texts(self, channel: int = PAPERS) -> list[str]:
        """What everybody reads in a channel."""
        return [m.text for m in self.server.messages(channel)]

    def told(self, user: int = ANN) -> list[str]:
        """What somebody was written in private."""
        return self.texts(self.server.dm(user))

    def posts(self) -> list[int]:
        """The threads of the forum."""
        return [one.id for one in self.server.channels.values() if one.parent_id == FORUM]

    def count(self, part: str) -> int:
        """How many requests held this in "METHOD /path"."""
        return sum(part in f"{call.method} {call.path}" for call in self.server.calls)

    # --- papers

    async def week(self) -> None:
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

    async def until(self, ready: Callable[[], object], seconds: float = 5) -> None:
        await self.server.until(ready, seconds)

    async def quiet(self, seconds: float = 10) -> None:
        """Wait until everything that was said is heard, and all that can be done now is done."""
        end = time.monotonic() + seconds
        while (busy := await self._busy()) or await self._busy():
            assert time.monotonic() < end, f"still at work: {busy}; problems: {self.server.problems}"
            await asyncio.sleep(0.004)

    async def _busy(self) -> str:
        ws = self.client.ws if self.client else None
        for link in self.server._links:
            if link.session and not link.silent and (ws is None or ws.sequence != link.session.seq):
                return "the gateway"
        if self.telegram and self.telegram.pending:
            return "updates"
        names = [task.get_name() for task in asyncio.all_tasks()]
        if found := [name for name in names if name.startswith(("discord.py: on_", "CommandTree"))]:
            return f"events {found}"
        if tasks := [key for key in self.app.engine._tasks if key != "harvest:arxiv"]:
            return f"tasks {tasks}"
        if self.discord._aside:
            return "what is done aside"
        for key in await self.app.store.due(self.app.ports.wanted):
            if not key.startswith("deliver:") or await self._may_go(key.partition(":")[2]):
                return f"due {key}"
        await asyncio.sleep(0.001)
        return ""

    async def _may_go(self, chat: str) -> bool:
        _, head, broken = await self.app.store.queue(chat)
        return bool(head) or broken or bool(self.rows("SELECT 1 FROM chat WHERE id = ? AND leaving = 1", chat))

    async def sleep(self, seconds: float) -> None:
        """Let time of the house pass."""
        await self.app.clock.sleep(seconds)

    def later(self, seconds: float) -> None:
        """It is later: for the house and for Discord alike."""
        self.ahead.ms += int(seconds * 1000)
        self.begin += timedelta(seconds=seconds)
        self.app.clock.start += int(seconds * 1000)  # type: ignore[union-attr]

    @contextlib.asynccontextmanager
    async def down(self) -> Any:
        """Discord takes no connections, then does again."""
        there = self.server.url
        assert self.server._runner
        self.server._closing.set()
        self.server.drops()
        await self.server._runner.cleanup()
        try:
            yield
        finally:
            self.server._closing.clear()
            self.server._port = int(there.rpartition(":")[2])
            await self.server.__aenter__()
            assert self.server.url == there

    # --- the ledger and the log

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            return db.execute(sql, values).fetchall()

    def chat(self, id_: str | int) -> Json:
        """A chat's row by its columns."""
        with contextlib.closing(sqlite3.connect(self.path)) as db:
            db.row_factory = sqlite3.Row
            found = db.execute("SELECT * FROM chat WHERE id = ?", (f"discord:{id_}",)).fetchone()
            return dict(found) if found else {}

    def labels(self, id_: str | int) -> list[str]:
        found = self.rows("SELECT label FROM subscription WHERE chat = ? ORDER BY label", f"discord:{id_}")
        return [label for (label,) in found]

    def doubts(self) -> int:
        return int(self.rows("SELECT coalesce(sum(doubted), 0) FROM send")[0][0])

    def said(self, least: int = 30) -> list[str]:
        """What a log at the usual level holds, tracebacks included, with nothing taken out."""
        form = logging.Formatter("%(name)s %(message)s")
        return [form.format(record) for record in self.log.records if record.levelno >= least]


Body = Callable[[Play], Awaitable[None]]


def play(
    folder: Path,
    body: Body,
    *,
    rate: int = 50,
    started: bool = True,
    telegram: bool = False,
    heartbeat: int = 41_250,
    **settings: Any,
) -> Play:
    """Run a test in a world of a few channels; `settings` are the house's."""
    house = Settings(**({"discord_bot_token": TOKEN, "digest_mode": "asap"} | settings))

    async def go() -> Play:
        ahead = Ahead()
        async with contextlib.AsyncExitStack() as stack:
            server = await stack.enter_async_context(DiscordServer(clock=ahead, flood=False, heartbeat=heartbeat))
            server.schema = document()
            other, tokens = None, house
            if telegram:
                other = await stack.enter_async_context(TelegramServer(flood=False))
                people(other)
                tokens = replace(house, telegram_base_url=other.url)
                tokens = replace(tokens, telegram_bot_token=house.telegram_bot_token or TELEGRAM_TOKEN)
            world(server)
            stack.enter_context(pointed_at(server.url))
            stack.enter_context(hurried(rate))
            found = Play(folder, server, ahead, rate, tokens, other)
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
            assert other is None or other.problems == []
            assert loud(server) == []
            broken = [r.getMessage() for r in found.log.records if r.exc_info and r.name.startswith("bot")]
            assert found.broken_is_fine or not broken, broken
            return found

    return asyncio.run(go())


def loud(server: DiscordServer) -> list[Any]:
    """Messages in requests that could mention somebody, or that have components of the first version."""
    found = []
    for call in server.calls:
        body: Any = call.body
        if not isinstance(body, dict):
            continue
        if call.path.endswith("/callback"):
            body = body.get("data") if body["type"] in {4, 7} else None
        elif call.path.endswith("/threads"):
            body = body.get("message")
        elif "/messages" not in call.path and "/webhooks/" not in call.path:
            continue
        if body is None:
            continue
        quiet = body.get("allowed_mentions") == {"parse": []}
        second = bool((body.get("flags") or 0) & 1 << 15) or not body.get("components")
        if not (quiet and second):
            found.append((call.method, call.path, body.get("allowed_mentions"), body.get("flags")))
    return found


def world(server: DiscordServer) -> None:
    """Everybody, and their channels."""
    server.add_guild(GUILD, "Lab", owner=OWNER)
    server.add_member(GUILD, ANN, "manage_channels", name="Ann")
    server.add_member(GUILD, BEN, name="Ben")
    server.add_member(GUILD, ZOE, name="Zoe").dms = False
    server.permit_guild(GUILD, BOT, manage_channels=True)  # the fake resolves channels with the bot's rights
    server.add_text(PAPERS, GUILD)
    server.add_text(OTHER, GUILD, "other")
    server.add_news(NEWS, GUILD)
    server.add_forum(FORUM, GUILD, tags=("cs", "math"))
    server.add_thread(THREAD, PAPERS)
