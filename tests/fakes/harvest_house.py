"""A house that harvests a simulated arXiv over real sockets on a clock that moves only when nothing else can.

Invariants: time stands still while a request is in flight, a thread works or anything else can run; a process that was
killed writes nothing and asks nothing any more, whatever it was doing; the next one finds the same files.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Protocol, TypeVar

from bot.app import VERBS, shipped
from bot.config import Settings
from bot.core import query
from bot.core.arxiv_id import ARCHIVES
from bot.engines.local import Local
from bot.model import Chat, Rate, Said, Send, Subscribe, Turn
from bot.platforms import console_view
from bot.sources._arxiv_line import line
from bot.sources.arxiv_api import ArxivApi
from bot.sources.arxiv_oai import ArxivOai
from bot.sources.arxiv_rss import ArxivRss
from bot.store.archive import Archive
from bot.store.drivers import Run, Sqlite
from bot.store.gate import Pace
from bot.store.raw import Raw
from bot.store.store import Store, queries
from tests.fakes.arxiv_world import CATEGORIES, TWINS
from tests.fakes.chat import FakeChat
from tests.fakes.house import House
from tests.fakes.idle import IdleClock, IdleLoop

T = TypeVar("T")
EVERYTHING = " OR ".join(f"cat:{name}.*" if subjects else f"cat:{name}" for name, subjects in ARCHIVES.items())
NARROW = tuple(name for name in CATEGORIES if name not in TWINS)[::6]
PATIENCE = 0.4  # real seconds after which a request to the loopback server is given up


class NetClock(IdleClock):
    """Stands still while `busy`, too."""

    def __init__(self, now: int) -> None:
        super().__init__(now)
        self.busy: Callable[[], bool] = lambda: False

    def advance(self) -> bool:
        return not self.busy() and super().advance()


class Fate:
    """Kills a process at one of its writes: before it, or just after it was committed."""

    def __init__(self) -> None:
        self.dead = False
        self.writes = 0
        self.last = 1 << 60  # the number of the write that is its last
        self.spared = False  # that write is committed
        self.end: Callable[[], None] = lambda: None

    def strike(self) -> None:
        self.dead = True
        self.end()

    def within(self, work: Callable[[Run], T]) -> Callable[[Run], T]:
        """Be told of what a write will do; whoever kills in the middle of it wraps it."""
        return work

    def written(self, work: Callable[[Run], object]) -> None:
        """Be told that a write is committed."""


class _Ledger(Sqlite):
    def __init__(self, path: Path, fate: Fate) -> None:
        super().__init__(path, queries)
        self._fate = fate
        loop = asyncio.get_running_loop()
        assert isinstance(loop, IdleLoop)
        self._turns = loop

    async def write(self, work: Callable[[Run], T]) -> T:
        self._live()
        self._fate.writes += 1
        last = self._fate.writes >= self._fate.last
        if last and not self._fate.spared:
            self._fate.strike()
            self._live()
        try:
            done = await self._turns.flight(super().write(self._fate.within(work)))
            self._fate.written(work)
            return done
        finally:
            if last and not self._fate.dead:
                self._fate.strike()
            self._live()

    async def look(self, work: Callable[[Run], T]) -> T:
        self._live()
        return await self._turns.flight(super().look(work))

    def _live(self) -> None:
        if self._fate.dead:
            raise asyncio.CancelledError


class _Pace(Pace):
    waiting = 0

    async def take(self, key: str, rate: Rate, *, patience: float | None = None, turn: Turn = Turn.OTHER) -> None:
        here = key == "arxiv"
        self.waiting += here
        try:
            await super().take(key, rate, patience=patience, turn=turn)
        finally:
            self.waiting -= here


class Box(FakeChat):
    """A chat that notes when each message came, and which papers it carried."""

    def __init__(self, clock: IdleClock) -> None:
        super().__init__(limit=10_000_000)
        self.got: list[tuple[int, str, str, tuple[str, ...]]] = []  # (ms, chat, send, papers)
        self._clock = clock
        self.sending: Callable[[], None] = lambda: None  # is told of each message before it leaves

    async def send(self, send: Send) -> str:
        self.sending()
        papers = tuple(console_view.load(send.payload).papers)
        self.got.append((self._clock.now(), send.chat.id, send.id, papers))
        return await super().send(send)


class Feeds(ArxivRss):
    """Groups cut to the simulated archive, which gives each category about the same share: real ones are not even."""

    groups = tuple("+".join(CATEGORIES[n::10]) for n in range(10))


class Sites(Protocol):
    """Where arXiv is: a server of ours, or the addresses of one in another process."""

    @property
    def base_url(self) -> str: ...
    @property
    def oai_url(self) -> str: ...
    @property
    def rss_url(self) -> str: ...


@contextlib.asynccontextmanager
async def living(
    folder: Path, clock: NetClock, server: Sites, box: Box, fate: Fate | None = None, patience: float = PATIENCE
) -> AsyncIterator[House]:
    """Open the house on a folder, until it ends or its fate does."""
    fate = fate or Fate()
    await asyncio.to_thread(shipped)
    path = folder / "paperboy.db"
    store = Store(path, clock)
    store._db = _Ledger(path, fate)
    gate = store.gate = _Pace(store._db, clock)
    queue = line(gate)
    clock.busy = lambda: queue._lock.locked() and not gate.waiting
    await store.open()
    archive = Archive(folder / "paperboy.db.archive", store)
    await archive.open()
    found = House(Settings(), store, archive, clock, box)  # type: ignore[arg-type]
    how = {"gate": gate, "clock": clock, "contact": "paper@boy.org", "timeout": patience}
    found.source = ArxivApi(base_url=server.base_url, **how)  # type: ignore[arg-type,assignment]
    found.register = ArxivOai(base_url=server.oai_url, keep=Raw(path, clock).keep, **how)  # type: ignore[arg-type]
    found.feeds = Feeds(base_url=server.rss_url, **how)  # type: ignore[arg-type]
    found.engine = Local({name: partial(found._verb, verb) for name, verb in VERBS.items()})
    ends: list[asyncio.Task[None]] = []
    fate.end = lambda: ends.append(asyncio.create_task(found.engine.stop()))
    try:
        await store.recover(resend=True)
        try:
            yield found
        except asyncio.CancelledError:
            if not fate.dead:
                raise
    finally:
        await found.engine.stop()
        await asyncio.gather(*ends)
        clock.busy = lambda: False
        await archive.close()
        await store.close()


async def subscribe(found: House, chat: Chat, *texts: str) -> None:
    topics = [(query.topic(query.parse(text)), text) for text in texts]
    said = Said(f"said:{chat.id}", chat, "/follow")
    await found.store.hear(said)
    await found.store.answer(said, [], [Subscribe(topic, text) for topic, text in topics])


async def settle(found: House, topics: int = 0) -> None:
    """Have readers: one of everything, one of revisions as well, some of a category each, one of so many topics."""
    await subscribe(found, found.chat("all"), EVERYTHING)
    await subscribe(found, replace(found.chat("revisions"), revisions=True), EVERYTHING)
    for name in NARROW:
        await subscribe(found, found.chat(name), f"cat:{name}")
    many = [f'"talking heads" AND "{number} percent"' for number in range(topics)]
    if many:
        await subscribe(found, found.chat("many"), *many)
