"""arXiv's pages as they came: kept before anybody reads them, readable again, for a fortnight."""

import asyncio
import gzip
import logging
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import resources
from bot.core.calendar import Calendar
from bot.core.times import ms
from bot.flow import harvest
from bot.sources.arxiv_oai import Empty, Expired, read
from bot.store.raw import Raw
from tests.fakes.arxiv_world import World
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.harvest_house import Box, NetClock, living
from tests.fakes.idle import run as run_on
from tests.fakes.ports import SteppedClock

CALENDAR = Calendar.of(resources.data("calendar.json"))
DAY = 86_400  # seconds


def utc(text: str) -> int:
    return ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "paperboy.db.raw").glob("*.gz"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
@given(st.binary(max_size=500))
def test_a_page_is_the_same_when_it_is_read_again(tmp_path: Path, page: bytes) -> None:
    clock = SteppedClock(utc("2026-11-18T12:00"))
    clock.step(len(kept(tmp_path)))
    asyncio.run(Raw(tmp_path / "paperboy.db", clock).keep("oai-2026-11-15", page))
    assert gzip.decompress(kept(tmp_path)[-1].read_bytes()) == page


def test_pages_are_kept_for_a_fortnight_and_nothing_else_is_touched(tmp_path: Path) -> None:
    clock = SteppedClock(utc("2026-10-28T12:00"))  # summer time ends in between, and means nothing
    raw = Raw(tmp_path / "paperboy.db", clock)

    async def days(number: int) -> None:
        for _ in range(number):
            await raw.keep("oai-2026-10-25", b"<a/>")
            clock.step(DAY)

    asyncio.run(days(1))
    (tmp_path / "paperboy.db.raw" / "20200101T000000-notes.txt").write_text("mine")
    asyncio.run(days(29))
    assert [path.name[:8] for path in kept(tmp_path)] == [
        *(f"202611{day:02}" for day in range(12, 27)),
    ]
    assert (tmp_path / "paperboy.db.raw" / "20200101T000000-notes.txt").exists()


def test_a_folder_that_cannot_be_made_stops_nobody(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "paperboy.db.raw").write_text("in the way")
    with caplog.at_level(logging.WARNING):
        asyncio.run(Raw(tmp_path / "paperboy.db", SteppedClock()).keep("oai", b"<a/>"))
    assert "a page of arXiv could not be kept" in caplog.text


def test_a_harvest_can_be_read_again_from_what_is_kept_and_a_refusal_too(tmp_path: Path) -> None:
    clock = NetClock(utc("2026-11-18T12:00"))
    world = World(CALENDAR, date(2026, 11, 9), 1, 20, 100)

    async def go() -> None:
        async with WorldServer(world, clock, page=30) as server, living(tmp_path, clock, server, Box(clock)) as found:
            ports = replace(found.ports, nudge=print)  # nobody else is to look at the same time
            await harvest.look(found.store, ports)
            pages = [read(gzip.decompress(path.read_bytes())) for path in kept(tmp_path)]
            assert len(pages) == len(server.requests) > 2
            assert [page.complete for page in pages] == [*[False] * (len(pages) - 1), True]
            ids = {record.paper.id for page in pages for record in page.records}
            assert len(ids) == (await found.store.counts()).papers
            assert {record.paper for page in pages for record in page.records} == {
                await found.store.paper(id_) for id_ in ids
            }
            # what is refused is kept as well: it was written before anybody tried to read it
            for times, error in ((1, Expired), (2, Empty)):
                server.fault("bad_token" if times == 1 else "no_records", times, on="oai")
                await harvest.look(found.store, ports)
                run = await found.store.last_run("harvest")
                assert run
                assert run.outcome == "failed"
                with pytest.raises(error):
                    read(gzip.decompress(kept(tmp_path)[-1].read_bytes()))

    run_on(go(), clock)
