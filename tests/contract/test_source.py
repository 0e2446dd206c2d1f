"""One suite for every Source: `ArxivApi` against the loopback archive, and the fake; one for every Register."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import pytest

from bot import resources
from bot.core.times import ms
from bot.errors import Later
from bot.model import Paper, Record
from bot.ports import Register, Source
from bot.sources.arxiv_api import ArxivApi
from bot.sources.arxiv_oai import ArxivOai
from bot.sources.sample import Sample
from tests.fakes.arxiv_server import ArxivServer
from tests.fakes.arxiv_world import TWINS
from tests.fakes.arxiv_world_guest import folded, new_york, small
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.ports import OpenGate, SteppedClock
from tests.fakes.source import FakeSource

DAY = 86_400_000
START = 1_780_272_000_000  # 2026-06-01T00:00Z


def paper(id_: str, at: int, *, version: int = 1, title: str = "A title", **more: str) -> Paper:
    return Paper(
        id=id_,
        version=version,
        title=title,
        abstract=more.pop("abstract", "One paragraph.\nAnother."),
        authors=("Ada Lovelace", "Erwin Schrödinger"),
        categories=("cs.LG", "stat.ML"),
        published=at,
        updated=at + (version - 1) * DAY,
        **more,
    )


ARCHIVE = [
    paper("2606.00001", START, title="First & <foremost>"),
    paper("2606.00002", START + 1000, comment="12 pages, 3 figures"),
    paper("2606.00003", START + DAY - 1000, title="The last second of a day", doi="10.1000/1 2"),
    paper("2606.00003", START + DAY - 1000, version=2, title="The last second of a day, revised", doi="10.1000/1 2"),
    paper("2606.00004", START + DAY, title="Midnight", journal_ref="J. 1 (2026)"),
    paper("2606.00005", START + 2 * DAY + 61_000, title="Later"),
    paper("math/0611800", START + 3 * DAY - 1000, title="Old style"),
]
Break = Callable[[], None]
Body = Callable[[Source, Break], Awaitable[None]]


@asynccontextmanager
async def _arxiv(papers: list[Paper]) -> AsyncIterator[tuple[Source, Break]]:
    async with ArxivServer(papers, cap=2) as server:
        api = ArxivApi(gate=OpenGate(), clock=SteppedClock(), base_url=server.base_url, contact="a@b.org")
        yield api, lambda: server.fault("rate")


@asynccontextmanager
async def _fake(papers: list[Paper]) -> AsyncIterator[tuple[Source, Break]]:
    source = FakeSource(papers)
    yield source, lambda: source.fail(Later("Not now: try again later."))


Run = Callable[[Body], None]


@pytest.fixture(params=[_arxiv, _fake], ids=["arxiv_api", "fake"])
def run(request: pytest.FixtureRequest) -> Run:
    async def go(body: Body) -> None:
        async with request.param(ARCHIVE) as (source, spoil):
            await body(source, spoil)

    return lambda body: asyncio.run(go(body))


def test_papers_come_with_every_field(run: Run) -> None:
    async def body(source: Source, _: Break) -> None:
        found = [paper for one in ARCHIVE for paper in await source.fetch([f"{one.id}v{one.version}"])]
        assert found == ARCHIVE
        newest = {p.id: p for p in ARCHIVE}
        assert [p for wanted in newest for p in await source.fetch([wanted])] == list(newest.values())
        (hit,) = await source.search('ti:"last second"', 5)
        assert hit == newest["2606.00003"]

    run(body)


def test_papers_are_fetched_by_id_and_by_version_and_unknown_ones_left_out(run: Run) -> None:
    async def body(source: Source, _: Break) -> None:
        found = await source.fetch(["2606.00003v1", "2606.99999", "no id at all", "math.CA/0611800", "2606.00003"])
        assert [(p.id, p.version) for p in found] == [("2606.00003", 1), ("math/0611800", 1), ("2606.00003", 2)]
        assert await source.fetch(["2606.00001v7"]) == ()
        assert await source.fetch([]) == ()

    run(body)


def test_a_search_brings_at_most_as_many_as_asked(run: Run) -> None:
    async def body(source: Source, _: Break) -> None:
        assert [p.id for p in await source.search('ti:"last second"', 5)] == ["2606.00003"]
        assert len(await source.search("all:title", 1)) == 1
        assert await source.search("all:nowhere", 5) == ()
        assert await source.search("all:title", 0) == ()

    run(body)


def test_a_reply_that_cannot_be_trusted_is_later_and_the_next_one_is_served(run: Run) -> None:
    async def body(source: Source, spoil: Break) -> None:
        calls: tuple[Callable[[], Awaitable[tuple[Paper, ...]]], ...] = (
            lambda: source.fetch(["2606.00001"]),
            lambda: source.search("all:title", 1),
        )
        for call in calls:
            spoil()
            with pytest.raises(Later) as caught:
                await call()
            assert str(caught.value).endswith(".")
            assert len(await call()) == 1

    run(body)


def test_it_has_a_name(run: Run) -> None:
    async def body(source: Source, _: Break) -> None:
        assert source.name.isidentifier()

    run(body)


# --- the record of truth -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A Register, and what it must tell of: (UTC day of the last change, newest version, categories) of every paper."""

    register: Register
    truth: dict[str, tuple[int, int, tuple[str, ...]]]
    spoil: Break | None = None  # None: it reads no reply that could be a wrong one


def _truth(papers: list[Paper]) -> dict[str, tuple[int, int, tuple[str, ...]]]:
    return {p.id: (p.updated // DAY, p.version, p.categories) for p in papers}


@asynccontextmanager
async def _fake_register() -> AsyncIterator[Told]:
    source = FakeSource(ARCHIVE)
    yield Told(source, _truth(ARCHIVE), lambda: source.fail(Later("Not now: try again later.")))


@asynccontextmanager
async def _sample() -> AsyncIterator[Told]:
    clock = SteppedClock()
    source = Sample(clock=clock)
    source.day_out = True
    raw = await asyncio.to_thread(resources.data, "sample_day.json")
    rows = [*raw["week"], *raw["day"]]
    days = [(clock.now() - row["hours"] * 3_600_000) // DAY for row in rows]
    yield Told(source, {r["id"]: (d, r["version"], tuple(r["categories"])) for r, d in zip(rows, days, strict=True)})


@asynccontextmanager
async def _oai() -> AsyncIterator[Told]:
    world, clock = small(), SteppedClock(new_york("2026-11-20T12:00"), auto=False)
    world.advance(clock.now())
    truth = {
        id_: (ms(datetime.fromisoformat(entry.stamp + "T00:00Z")) // DAY, len(entry.versions), entry.categories)
        for id_, entry in world.entries.items()
    }
    async with WorldServer(world, clock, page=100) as server:
        oai = ArxivOai(gate=OpenGate(), clock=clock, base_url=server.oai_url, contact="a@b.org")
        yield Told(oai, truth, lambda: server.fault("rate"))


Registered = Callable[[Callable[[Told], Awaitable[None]]], None]


@pytest.fixture(params=[_fake_register, _sample, _oai], ids=["fake", "sample", "arxiv_oai"])
def registered(request: pytest.FixtureRequest) -> Registered:
    async def go(body: Callable[[Told], Awaitable[None]]) -> None:
        async with request.param() as told:
            await body(told)

    return lambda body: asyncio.run(go(body))


async def changes(register: Register, since: int) -> list[Record]:
    return [record async for records in register.changes(since) for record in records]


def test_a_register_tells_of_every_paper_once_as_it_is_now(registered: Registered) -> None:
    async def body(told: Told) -> None:
        found = await changes(told.register, 0)
        assert len(found) == len(told.truth)
        for record in found:
            day, version, categories = told.truth[record.paper.id]
            assert (record.stamp // DAY, record.paper.version) == (day, version)
            assert folded(record.paper.categories) == folded(categories)
            assert record.paper.categories[0] in {categories[0], TWINS.get(categories[0])}
            assert record.paper.published <= record.paper.updated
            assert record.paper.title

    registered(body)


def test_a_register_tells_of_all_that_changed_on_the_day_of_since_or_later(registered: Registered) -> None:
    async def body(told: Told) -> None:
        days = sorted({day for day, _, _ in told.truth.values()})
        late = days[len(days) // 2 :]
        for day in late[:: max(1, len(late) // 4)]:  # each list is read to its end, twice
            due = {id_ for id_, (changed, _, _) in told.truth.items() if changed >= day}
            for since in (day * DAY, (day + 1) * DAY - 1):
                assert {record.paper.id for record in await changes(told.register, since)} >= due, since - day * DAY

    registered(body)


def test_a_register_reads_names_as_it_tells_of_papers(registered: Registered) -> None:
    async def body(told: Told) -> None:
        papers = {record.paper.id: record.paper for record in await changes(told.register, 0)}
        read = [record.paper async for records in told.register.names(0) for record in records]
        assert {paper.id for paper in read} in (set(), papers.keys())
        for paper in read:
            assert paper.updated == papers[paper.id].updated // DAY * DAY
            assert len(paper.authors) == len(papers[paper.id].authors)
        if told.spoil is None:
            return
        told.spoil()
        with pytest.raises(Later):
            _ = [records async for records in told.register.names(0)]

    registered(body)


def test_a_register_whose_reply_cannot_be_trusted_raises_later_and_serves_the_next(registered: Registered) -> None:
    async def body(told: Told) -> None:
        if told.spoil is None:
            pytest.skip("it reads no replies")
        told.spoil()
        with pytest.raises(Later) as caught:
            await changes(told.register, 0)
        assert str(caught.value).endswith(".")
        assert len(await changes(told.register, 0)) == len(told.truth)

    registered(body)
