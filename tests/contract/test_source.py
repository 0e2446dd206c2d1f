"""One suite for every Source: `ArxivApi` against the loopback archive, and the fake."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from bot.errors import Later
from bot.model import Paper
from bot.ports import Source
from bot.sources.arxiv_api import ArxivApi
from tests.fakes.arxiv_server import ArxivServer
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


async def collect(source: Source, since: int, until: int) -> list[Paper]:
    return [found async for papers in source.window(since, until) for found in papers]


def test_a_window_holds_every_paper_submitted_in_it_once_its_ends_included(run: Run) -> None:
    async def body(source: Source, _: Break) -> None:
        everything = await collect(source, START, START + 3 * DAY)
        assert [p.id for p in everything] == [
            "2606.00001", "2606.00002", "2606.00003", "2606.00004", "2606.00005", "math/0611800"
        ]  # fmt: skip
        newest = {p.id: p for p in ARCHIVE}.values()
        for since, until in (
            (START + 1, START + DAY),
            (START + 1000, START + DAY - 1),
            (START + DAY - 1000, START + DAY - 1000),
        ):
            found = [p.id for p in await collect(source, since, until)]
            assert len(found) == len(set(found))
            assert {p.id for p in newest if since <= p.published <= until} <= set(found)
            assert set(found) <= {p.id for p in newest if since - 60_000 <= p.published <= until + 60_000}

    run(body)


def test_a_window_brings_the_newest_version_with_every_field(run: Run) -> None:
    async def body(source: Source, _: Break) -> None:
        found = {p.id: p for p in await collect(source, START, START + 3 * DAY)}
        newest = {p.id: p for p in ARCHIVE}
        assert found == newest

    run(body)


def test_a_window_without_papers_ends_normally(run: Run) -> None:
    async def body(source: Source, _: Break) -> None:
        assert await collect(source, START + DAY + 60_000, START + 2 * DAY) == []
        assert await collect(source, START + DAY, START) == []

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
        for call in (
            lambda: collect(source, START + 2 * DAY, START + 2 * DAY + 61_000),
            lambda: source.fetch(["2606.00001"]),
            lambda: source.search("all:title", 1),
        ):
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
