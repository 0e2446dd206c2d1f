"""Somebody who visits the simulated arXiv politely, and small worlds to visit."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import aiohttp

from bot import resources
from bot.core.calendar import Calendar
from bot.core.times import ms
from tests.fakes.arxiv_world import TWINS, World
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.ports import SteppedClock

CALENDAR = Calendar.of(resources.data("calendar.json"))
FIRST = date(2026, 10, 1)
THURSDAY = date(2026, 11, 19)
OAI = "{http://www.openarchives.org/OAI/2.0/}"


def new_york(text: str) -> int:
    return ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York")))


def small(first: date = date(2026, 11, 9), **how: int) -> World:
    return World(CALENDAR, first, **{"stock": 400, "volume": 30, **how})  # type: ignore[arg-type]  # numbers


@dataclass
class Record:
    id: str
    stamp: str
    versions: int
    source: str
    categories: tuple[str, ...]


@dataclass
class Visit:
    """Somebody who asks politely: three seconds pass on the house's clock before each request."""

    server: WorldServer
    clock: SteppedClock
    web: aiohttp.ClientSession
    pause: float = 3  # seconds

    async def get(self, path: str, headers: dict[str, str] | None = None, /, **query: str) -> tuple[int, str]:
        self.clock.step(self.pause)
        async with self.web.get(self.server.base_url + path, params=query, headers=headers) as reply:
            self.headers = reply.headers
            return reply.status, await reply.text()

    async def page(self, **query: str) -> tuple[list[Record], str | None]:
        status, text = await self.get("/oai", **query)
        assert status == 200
        root = ET.fromstring(text)
        token = root.find(f".//{OAI}resumptionToken")
        return [_record(found) for found in root.iter(f"{OAI}record")], token.text if token is not None else None

    async def harvest(self, since: str, prefix: str = "arXivRaw") -> list[Record]:
        """All that a client gets who believes in tokens."""
        records, token = await self.page(verb="ListRecords", metadataPrefix=prefix, **{"from": since})
        while token:
            more, token = await self.page(verb="ListRecords", resumptionToken=token)
            records += more
        return records

    async def feed(self, names: str) -> list[tuple[str, str]]:
        """(id with version, announce type) of each item."""
        status, text = await self.get(f"/rss/{names}")
        assert status == 200
        return [
            (
                (item.findtext("guid") or "").removeprefix("oai:arXiv.org:"),
                item.findtext("{http://arxiv.org/schemas/atom}announce_type") or "",
            )
            for item in ET.fromstring(text).iter("item")
        ]


def _record(found: ET.Element) -> Record:
    raw = found[1][0]
    space = raw.tag.partition("}")[0] + "}"
    versions = raw.findall(f"{space}version")
    return Record(
        raw.findtext(f"{space}id") or "",
        found.findtext(f"{OAI}header/{OAI}datestamp") or "",
        len(versions),
        (versions[-1].findtext(f"{space}source_type") or "") if versions else "",
        tuple((raw.findtext(f"{space}categories") or "").split()),
    )


def visit(world: World, at: int, what: Callable[[Visit], Awaitable[None]], **how: int) -> WorldServer:
    """Start a server at an instant, let somebody visit it, and return what it has recorded."""
    clock = SteppedClock(at, auto=False)
    server = WorldServer(world, clock, **how)  # type: ignore[arg-type]  # numbers

    async def run() -> None:
        async with server, aiohttp.ClientSession() as web:
            web._retry_connection = False  # aiohttp asks again by itself, at once, when a connection is cut
            await what(Visit(server, clock, web))

    asyncio.run(run())
    return server


def folded(categories: tuple[str, ...]) -> frozenset[str]:
    return frozenset(min(name, TWINS.get(name, name)) for name in categories)
