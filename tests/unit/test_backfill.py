"""The archive is filled with older papers, page by page: in silence, politely, and on from where it was stopped."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot import resources
from bot.clock import clock as read_clock
from bot.core.calendar import Calendar
from bot.core.times import ms
from bot.errors import Later, UserError
from bot.flow import harvest
from bot.flow.backfill import backfill
from bot.flow.match import match
from bot.store.store import Store
from tests.fakes.arxiv_world import World
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.harvest_house import EVERYTHING, Box, Fate, NetClock, living, subscribe
from tests.fakes.house import House
from tests.fakes.idle import run as run_on

CALENDAR = Calendar.of(resources.data("calendar.json"))
ROOT = Path(__file__).resolve().parents[2]
DAY = 86_400_000  # ms


def utc(text: str) -> int:
    return ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


NOW, SINCE = utc("2026-11-18T12:00"), utc("2026-10-20")
REACH = utc("2026-11-09")  # nine days before the last datestamp: what changed since is the harvest's
Told = list[tuple[int, int, int, str]]


def small() -> World:
    return World(CALENDAR, date(2026, 10, 12), 3, 12, 150)


def play(what: Callable[[WorldServer, NetClock], Awaitable[None]], *, page: int = 20) -> WorldServer:
    clock = NetClock(NOW)
    server = WorldServer(small(), clock, page=page)

    async def go() -> None:
        async with server:
            await what(server, clock)
        assert server.violations == []

    run_on(go(), clock)
    return server


@asynccontextmanager
async def house(
    folder: Path, server: WorldServer, clock: NetClock, fate: Fate | None = None
) -> AsyncIterator[tuple[House, Box]]:
    box = Box(clock)
    async with living(folder, clock, server, box, fate) as found:
        yield found, box


async def fill(found: House, told: Told | None = None, since: int = SINCE) -> int:
    heard: Told = [] if told is None else told
    return await backfill(found.store, found.ports, since, lambda *said: heard.append(said))


def changed(world: World, until: int) -> set[str]:
    """Ids of what changed last since SINCE and before an instant."""
    days = {day: set(entries) for day, entries in world.days.items() if SINCE <= utc(day) < until}
    return set().union(*days.values())


async def known(store: Store) -> set[str]:
    found: set[str] = set()
    while papers := await store.papers_after(max(found, default=""), 1000):
        found |= {paper.id for paper in papers}
    return found


def test_it_brings_what_changed_in_silence(tmp_path: Path) -> None:
    async def what(server: WorldServer, clock: NetClock) -> None:
        async with house(tmp_path, server, clock) as (found, box):
            await subscribe(found, found.chat("all"), EVERYTHING)
            await harvest.look(found.store, found.ports)
            await found.drain()
            before, told = await known(found.store), Told()
            number = await fill(found, told)
            after = await known(found.store)
            assert number == len(after - before) > 50
            assert after == before | changed(server.world, REACH)
            assert await found.archive.find('"the"', limit=10_000)
            await found.drain()
            assert box.got == []
            assert [papers for *_, papers, _ in told] == sorted(papers for *_, papers, _ in told)
            assert [reached for reached, *_ in told] == sorted(reached for reached, *_ in told)
            assert {until for _, until, *_ in told} == {REACH}
            assert told[-1][2] == number
            assert await fill(found) == 0  # the same again has nothing to bring
            asked = [seen for seen in server.requests if seen.kind == "oai"]
            assert asked[-1].query["from"] >= "2026-11-05"  # and asks for the last day only
            assert await known(found.store) == after

    play(what)


def test_what_nobody_has_told_of_yet_is_left_to_the_harvest(tmp_path: Path) -> None:
    async def what(server: WorldServer, clock: NetClock) -> None:
        async with house(tmp_path, server, clock) as (found, box):
            await subscribe(found, found.chat("all"), EVERYTHING)
            await harvest.look(found.store, found.ports)
            await found.drain()
            listing = date(2026, 11, 19)
            await clock.sleep((server.world.public_at(listing) - clock.now()) / 1000 + 60)
            await fill(found)
            new = {event.id for event in server.world.announced(listing) if event.kind == "new"}
            assert new
            assert not new & await known(found.store)
            await harvest.look(found.store, found.ports)
            await match(found.store, found.ports, "match:new")
            await found.drain()
            assert {paper for *_, papers in box.got for paper in papers} == new

    play(what)


def test_before_the_first_look_it_brings_all_and_the_first_look_nothing_new(tmp_path: Path) -> None:
    async def what(server: WorldServer, clock: NetClock) -> None:
        async with house(tmp_path, server, clock) as (found, box):
            await subscribe(found, found.chat("all"), EVERYTHING)
            assert await fill(found) == len(changed(server.world, NOW)) == len(await known(found.store))
            await harvest.look(found.store, found.ports)
            await found.drain()
            assert box.got == []

    play(what)


@pytest.mark.parametrize("spared", [False, True])
@pytest.mark.parametrize("last", [1, 2, 3, 7, 12, 20, 33])
def test_killed_at_any_write_it_goes_on_from_there(tmp_path: Path, last: int, *, spared: bool) -> None:
    async def what(server: WorldServer, clock: NetClock) -> None:
        fate = Fate()
        async with house(tmp_path, server, clock, fate) as (found, _):
            fate.last, fate.spared = fate.writes + last, spared
            await fill(found)
        assert fate.dead
        await clock.sleep(3)  # a process takes longer than that to start
        asked = len(server.requests)
        async with house(tmp_path, server, clock) as (found, _):
            noted = int(await found.store.note("backfill:2026-10-20") or SINCE)
            await fill(found)
            assert await known(found.store) == changed(server.world, NOW)
            assert await found.store.unmatched(1) == []
        first = server.requests[asked]
        assert first.query["from"] == f"{datetime.fromtimestamp(noted / 1000, UTC):%Y-%m-%d}"
        assert noted > SINCE or last < 12

    play(what)


def test_it_waits_as_long_as_arxiv_asks_and_says_so(tmp_path: Path) -> None:
    async def what(server: WorldServer, clock: NetClock) -> None:
        server.fault("status", 2, after=2, on="oai", status=429, Retry_After="120")
        server.fault("bad_token", 1, after=4, on="oai")
        async with house(tmp_path, server, clock) as (found, _):
            told = Told()
            await fill(found, told)
            assert await known(found.store) == changed(server.world, NOW)
            said = [trouble for *_, trouble in told if trouble]
            assert [("429" in each, "does not know this place" in each) for each in said] == [
                *[(True, False)] * 2,
                (False, True),
            ]
            at = [seen.at for seen in server.requests]
            refused = [n for n, seen in enumerate(server.requests) if seen.status == 429]
            assert all(at[n + 1] - at[n] >= 120_000 for n in refused)

    play(what)


def test_it_ends_where_arxiv_will_not_go_on(tmp_path: Path) -> None:
    async def what(server: WorldServer, clock: NetClock) -> None:
        server.fault("html", None, after=3, on="oai")
        async with house(tmp_path, server, clock) as (found, _):
            with pytest.raises(Later, match="web page"):
                await fill(found)
            assert len(server.requests) == 3 + 5
            assert int(await found.store.note("backfill:2026-10-20")) > SINCE

    play(what)


def test_a_day_that_the_harvest_reads_by_itself_is_refused(tmp_path: Path) -> None:
    async def what(server: WorldServer, clock: NetClock) -> None:
        async with house(tmp_path, server, clock) as (found, _):
            with pytest.raises(UserError, match="2026-11-19 is not before 2026-11-18"):
                await fill(found, since=utc("2026-11-19"))
            await harvest.look(found.store, found.ports)
            asked = len(server.requests)
            with pytest.raises(UserError, match="2026-11-09 is not before 2026-11-09"):
                await fill(found, since=REACH)
            assert len(server.requests) == asked

    play(what)


# --- the command -----------------------------------------------------------------------------------------------------


async def command(server: WorldServer, folder: Path, clock: str, *, ends: int = 0) -> tuple[int, str, str]:
    """Run `python -m bot backfill` and return (exit code, output, errors); `ends`: kill it after so many requests."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "PYTHONIOENCODING": "utf-8",
        "DATABASE_URL": str(folder / "paperboy.db"),
        "PAPERBOY_ARXIV_URL": server.base_url,
        "PAPERBOY_ARXIV_OAI_URL": server.oai_url,
        "PAPERBOY_ARXIV_RSS_URL": server.rss_url,
        "PAPERBOY_CONTACT": "test@example.org",
        "PAPERBOY_CLOCK": clock,
    }
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "backfill", "--from", "2026-10-20"),
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    while ends and len(server.requests) < ends and child.returncode is None:  # noqa: ASYNC110 - it tells nobody
        await asyncio.sleep(0.01)
    if ends:
        os.kill(child.pid, signal.SIGKILL)
    out, err = await asyncio.wait_for(child.communicate(), 60)
    return child.returncode or 0, out.decode(), err.decode()


@pytest.mark.integration
def test_the_command_killed_and_given_again_brings_everything(tmp_path: Path) -> None:
    async def go() -> None:
        setting = f"simulated 2026-11-18T12:00:00Z x30 since {datetime.now(UTC).timestamp()}"
        clock = read_clock(setting)
        async with WorldServer(small(), clock, page=40, tolerance=2900) as server:
            code, out, err = await command(server, tmp_path, setting, ends=4)
            assert (code, out, err) == (-signal.SIGKILL, "", "")
            asked = len(server.requests)
            code, out, err = await command(server, tmp_path, setting)
            assert (code, err) == (0, "")
            assert re.fullmatch(r"[1-9]\d* papers are new in the archive\.\n", out)
            assert server.requests[asked].query["from"] > "2026-10-20"
            store = Store(tmp_path / "paperboy.db", clock)
            await store.open()
            try:
                assert await known(store) >= changed(server.world, NOW)
            finally:
                await store.close()

    asyncio.run(go())
