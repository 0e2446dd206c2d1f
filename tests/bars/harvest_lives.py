"""The house in a process of its own that dies of SIGKILL and goes on in another, beside a simulated arXiv that stays.

Who has what: the parent holds the archive, what the weather does to it and the record of every request; the child is
the house on its ledger file, with the platform that its messages reach. Simulated time is eight bytes of a file that
both map: the child alone moves it while it lives, and it stands where it stood when the child died, so that requests
of two lives are as far apart as they were for arXiv. What reached a reader is a line of a file, written at once.

A life is told where it is to end: at the N-th call of a place in the child (inside a transaction, between commit and
caller, before and after a page is kept, on either side of a message), at the N-th request that reaches the archive, or
after so much real time, wherever that is.

Limits: SIGKILL leaves with the system what was handed to it, so that this says nothing of a power cut; where a process
dies follows from the seed but for the kills after real time, which no two runs have at the same place.
"""

import asyncio
import json
import logging
import multiprocessing
import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass, field, replace
from datetime import timedelta
from mmap import mmap
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from aiohttp import web

from bot.app import owner
from bot.flow.harvest import doubts, look
from bot.model import Send
from bot.store.drivers import Run
from tests.fakes.arxiv_weather import Weather
from tests.fakes.arxiv_world import HOUR, World
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.harvest_house import Box, Fate, NetClock, living, settle
from tests.fakes.house import House
from tests.fakes.idle import run as run_on

T = TypeVar("T")

_STEP = 1800  # seconds between two sweeps
REQUEST, WHENEVER = "a request", "real time"
PLACES = (  # where a process dies, and at which call at most; writes go by what asks for them or by the query (`at`)
    ("in take", 700),
    ("after take", 4),
    ("in witness", 12),
    ("in said_audit", 1),
    ("at add_digest", 4),  # its papers are seen, and it is there, but nothing is committed
    ("after compose", 25),
    ("in claim", 3),
    ("in settle", 3),
    ("in end_run", 2),
    ("after end_run", 2),
    ("after begin_run", 2),
    ("after _slot", 9),
    ("in add_event_matches", 9),
    ("page", 4),
    ("kept", 4),
    ("begin", 2),
    ("arrived", 2),
    ("end", 2),
    (REQUEST, 25),
    (REQUEST, 4),
    (WHENEVER, 1),
    (WHENEVER, 1),
    (WHENEVER, 1),
)
_REAL = 0.8  # seconds of real time at most, from the birth of a process on
_GAPS = (0, 0, 0, 1000, 5000, 60_000, 3_600_000, 9_000_000)  # ms until the next life begins
LONG = 24 * HOUR  # ms after which any place will do; a place counts from the first twelfth on
_PASSED = 300  # of them at most


class Hand:
    """Simulated time (ms) in a file that processes share and that outlives them; a Clock that nobody sleeps by."""

    def __init__(self, path: Path, now: int | None = None) -> None:
        if now is not None:
            path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._cell = memoryview(mmap(file.fileno(), 8)).cast("q")  # one store of a word: never half a time
        if now is not None:
            self.set(now)

    def now(self) -> int:
        return self._cell[0]

    def set(self, now: int) -> None:
        self._cell[0] = now

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError(seconds)


# --- the child -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Life:
    """What a process is told at its birth. It has no end of its own before `end` where `place` is ''."""

    folder: Path
    base_url: str
    end: int  # ms
    looks: tuple[int, ...]  # ms, when somebody asks for a harvest
    patience: float  # real seconds
    place: str = ""
    number: int = 0
    since: int = 0  # ms, when calls begin to count
    latest: int = 0  # ms, when any place will do,
    spared: int = 0  # once so many have been passed

    @property
    def oai_url(self) -> str:
        return self.base_url + "/oai"

    @property
    def rss_url(self) -> str:
        return self.base_url + "/rss"


class _Told(NetClock):
    """Writes down what time it is whenever it moves."""

    def __init__(self, hand: Hand) -> None:
        super().__init__(hand.now())
        self._hand = hand

    def advance(self) -> bool:
        moved = super().advance()
        self._hand.set(self._now)
        return moved


class _Death(Fate):
    def __init__(self, life: Life, clock: NetClock, note: Callable[..., None]) -> None:
        super().__init__()
        self._life, self._clock, self._note = life, clock, note
        self._left, self._spared = life.number, life.spared

    def at(self, place: str) -> None:
        life, now = self._life, self._clock.now()
        if not life.place or now < life.since:
            return
        self._left -= place == life.place
        self._spared -= now >= life.latest
        if self._left <= 0 or self._spared < 0:
            self._note("died", place)
            os.kill(os.getpid(), signal.SIGKILL)

    def within(self, work: Callable[[Run], T]) -> Callable[[Run], T]:
        name = _name(work)

        def fatal(run: Run) -> T:
            def each(*query: Any, **values: Any) -> Any:
                rows = run(*query, **values)
                self.at(f"at {query[0]}")
                self.at(f"in {name}")
                return rows

            return work(each)

        return fatal

    def written(self, work: Callable[[Run], object]) -> None:
        self.at(f"after {_name(work)}")


def _name(work: Callable[[Run], object]) -> str:
    """The method that a piece of work was written in: 'take' for Store.take.<locals>.work."""
    return work.__qualname__.partition(".<locals>")[0].rpartition(".")[2]


class _Posted(Box):
    """A chat of which every message is noted as it begins, arrives and is confirmed."""

    def __init__(self, clock: NetClock, note: Callable[..., None], death: _Death) -> None:
        super().__init__(clock)
        self._line, self._death = note, death

    def _note(self, what: str, send: Send) -> None:
        papers = next(papers for _, _, id_, papers in reversed(self.got) if id_ == send.id)
        self._line(what, send.id, send.chat.id, send.attempt, papers)
        self._death.at(what)


def _cost() -> tuple[float, float]:
    """CPU seconds of this process, and the most memory (MiB) it has had; 0 where the system does not tell."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return time.process_time(), 0
    return time.process_time(), next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


async def _live(life: Life, clock: NetClock) -> None:
    file = os.open(life.folder / "told.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def note(what: str, *said: object) -> None:
        os.write(file, json.dumps([what, clock.now(), *said]).encode() + b"\n")

    death = _Death(life, clock, note)
    looks = [at for at in life.looks if at > clock.now()]
    async with living(life.folder, clock, life, _Posted(clock, note, death), death, life.patience) as found:
        keep = found.register._keep  # type: ignore[attr-defined]  # it is an ArxivOai
        found.register._keep = _dying(keep, death)  # type: ignore[attr-defined]
        if not (life.folder / "settled").exists():
            await settle(found)
            (life.folder / "settled").touch()
        steps = 0
        while clock.now() < life.end:
            found.engine.nudge("sweep:due")
            until = min([clock.now() + _STEP * 1000, *looks[:1]])
            if looks and looks[0] <= clock.now():
                looks.pop(0)
                await look(found.store, found.ports)
            elif until > clock.now():
                await clock.sleep((until - clock.now()) / 1000)
            steps += 1
            if steps % 2 == 0:
                await _listen(found, note)
                note("cost", *_cost())
    os.close(file)


def _dying(keep: Callable[[str, bytes], Awaitable[None]], death: _Death) -> Callable[[str, bytes], Awaitable[None]]:
    async def page(name: str, raw: bytes) -> None:
        death.at("page")
        await keep(name, raw)
        death.at("kept")

    return page


async def _listen(found: House, note: Callable[..., None]) -> None:
    """Note what does not fit in the accounts of the last days."""
    last = found.ports.calendar.listing_at(found.clock.now())
    days = await found.store.coverage((last - timedelta(days=40)).isoformat())
    for day in days[:3]:
        for doubt in doubts(day, days):
            note("doubt", day.listing, *astuple(doubt))


def _born(life: Life) -> None:
    logging.getLogger("bot").setLevel(logging.CRITICAL)  # what fails on purpose
    clock = _Told(Hand(life.folder / "now"))
    with owner(life.folder / "paperboy.db"):
        run_on(_live(life, clock), clock)


# --- the parent ------------------------------------------------------------------------------------------------------


class Watched(WorldServer):
    """Lets the weather happen by the shared clock, knows when a list was read to its end, and can kill who asks."""

    acts: list[tuple[int, Callable[[WorldServer], object]]]
    kill: Callable[[], None]
    ends: list[int]  # ms, when the last page of a list of the record was served whole
    fatal = -1  # the number of the request, from now on, that whoever makes it does not survive

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        while self.acts and self.acts[0][0] <= self.clock.now():
            self.acts.pop(0)[1](self)
        number = len(self.requests)
        self.fatal -= 1
        if self.fatal == 0:
            self.kill()
        response = await super()._handle(request)
        seen = self.requests[number]
        fine = seen.kind == "oai" and seen.status == web.HTTPOk.status_code and seen.trouble in {"", "restamp"}
        body = response.body if isinstance(response, web.Response) else None
        if fine and isinstance(body, bytes) and "arXivRaw" in seen.path and b"<ListRecords>" in body:
            self.ends += [] if b"<resumptionToken " in body else [seen.at]
        return response


@dataclass(slots=True)
class Lives:
    """What came of all lives together."""

    server: Watched
    folder: Path
    told: list[list[Any]] = field(default_factory=list)  # what the processes noted, in order
    kills: list[int] = field(default_factory=list)  # ms
    places: Counter[str] = field(default_factory=Counter)  # where they died
    amid: Counter[str] = field(default_factory=Counter)  # what the ledger says was running then
    in_doubt: set[tuple[str, int]] = field(default_factory=set)  # (send, attempt) that a dead process had claimed
    unsent: int = 0  # of them, not begun
    problems: list[str] = field(default_factory=list)

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        db = sqlite3.connect(self.folder / "paperboy.db")
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def read(self) -> list[list[Any]]:
        """Read what was noted since it was read last."""
        file = self.folder / "told.jsonl"
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        found = [json.loads(line) for line in lines[len(self.told) :]]
        self.told += found
        return found

    def arrived(self) -> list[tuple[int, str, str, tuple[str, ...]]]:
        """(ms, chat, send, papers) of all messages."""
        return [(at, chat, send, tuple(papers)) for what, at, send, chat, _, papers in self._of("arrived")]

    def _of(self, what: str) -> list[list[Any]]:
        return [each for each in self.told if each[0] == what]

    def doubts(self) -> list[list[Any]]:
        return [each[2:] for each in self._of("doubt")]

    def cost(self) -> tuple[float, float]:
        """CPU seconds of the last life, and the most memory (MiB) of any."""
        found = self._of("cost")
        return found[-1][2], max(each[3] for each in found)

    def bury(self, kill: int) -> None:
        """Look at what a dead process left."""
        noted = self.read()
        self.kills.append(kill)
        self.places.update([place for what, _, place, *_ in noted if what == "died"] or ["from outside"])
        if not (self.folder / "settled").exists():
            return
        self.amid.update(verb for (verb,) in self.ask("SELECT verb FROM run WHERE outcome = 'running'"))
        sends = {id_: (state, attempt) for id_, state, attempt in self.ask("SELECT id, state, attempt FROM send")}
        begun = {(each[2], each[4]) for each in noted if each[0] == "begin"}
        claimed = {(id_, attempt) for id_, (state, attempt) in sends.items() if state == "sending"} - self.in_doubt
        self.in_doubt |= claimed
        self.unsent += len(claimed - begun)
        self.amid.update(["a send"] * bool(claimed))
        for id_, attempt in begun - claimed:
            if sends.get(id_, ("", 0)) != ("sent", attempt):
                self.problems.append(f"{id_} was being sent, and the ledger does not know it: {sends.get(id_)}")


async def live(
    world: World,
    sky: Weather,
    folder: Path,
    began: int,
    end: int,
    *,
    page: int,
    patience: float,
    dice: Random | None,
    span: int = LONG,
) -> Lives:
    """Live in as many lives as it takes; with `dice` each but the last dies of SIGKILL."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # a life begins with a fork: what is imported, is
    hand = Hand(folder / "now", began)
    server = Watched(world, hand, page=page, aged=True)
    server.acts, server.ends = list(sky.acts), []
    found = Lives(server, folder)
    deck: list[tuple[str, int]] = []
    async with server:
        world.advance(began)
        while hand.now() < end:
            life = Life(folder, server.base_url, end, tuple(sky.looks), patience)
            delay = None
            if dice:
                life, delay = _doomed(life, dice, deck, (hand.now(), span), server)
            process = context.Process(target=_born, args=(life,))
            server.kill = process.kill
            process.start()
            await _outlive(process, delay)
            if process.exitcode == -signal.SIGKILL:
                found.bury(hand.now())
                hand.set(hand.now() + (dice.choice(_GAPS) if dice else 0))
            elif process.exitcode:
                found.problems.append(f"a process ended with {process.exitcode}")
                break
            process.close()
        found.read()
    return found


def _doomed(
    life: Life, dice: Random, deck: list[tuple[str, int]], times: tuple[int, int], server: Watched
) -> tuple[Life, float | None]:
    """Draw where it is to end, no place again before all others; returns its real seconds too, if it has so many."""
    now, span = times
    if not deck:
        deck += dice.sample(PLACES, len(PLACES))
    place, most = deck.pop()
    number, since = dice.randint(1, most), now + dice.randrange(span // 12)
    server.fatal = number if place == REQUEST else -1
    delay = dice.uniform(0, _REAL)
    inside = "" if place in {REQUEST, WHENEVER} else place
    spared = dice.randrange(_PASSED)
    fated = replace(life, place=inside, number=number, since=since, latest=now + span, spared=spared)
    return fated, delay if place == WHENEVER else None


async def _outlive(process: ForkServerProcess, delay: float | None) -> None:
    await asyncio.to_thread(process.join, delay)
    if process.exitcode is None:
        process.kill()
        await asyncio.to_thread(process.join)
