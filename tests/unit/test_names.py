"""Which names are shown where two readings of them differ, and how the ledger, the archive and topics hear of it."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import resources
from bot.core import query
from bot.core.calendar import Calendar
from bot.core.names import agreed
from bot.core.times import ms
from bot.errors import Later
from bot.flow import harvest
from bot.model import Chat, Paper, Record, Said, Subscribe, Version
from bot.platforms import console_view
from bot.sources.arxiv_oai import read
from bot.store.store import Store
from tests.fakes import arxiv_world_wire as wire
from tests.fakes.arxiv_world import World
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.harvest_house import Box, NetClock, living, subscribe
from tests.fakes.house import House, house, paper
from tests.fakes.idle import run as run_on
from tests.fakes.ports import SteppedClock
from tests.fakes.source import FakeSource

OAI = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "arxiv" / "oai"
FILES = sorted(OAI.glob("*.xml"))
DAY = 86_400_000
MANGLED = r"Sigur{\eth}sson"
needs_data = pytest.mark.skipif(not FILES, reason="the captured replies are not beside this checkout")


def utc(text: str) -> int:
    return ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


# --- which is shown --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "shown"),
    [
        (rf"Anna {MANGLED}|Bo Two", "Anna Sigurðsson|Bo Two", "Anna Sigurðsson|Bo Two"),  # a letter we do not know
        ("Hå kon Håheim", "Håkon Håheim", "Håkon Håheim"),  # a blank in the middle of a name
        ("Y.-H. Chu|P.M. Lee", "Y. -H. Chu|P. M. Lee", "Y.-H. Chu|P.M. Lee"),  # as they are typed
        ("A. Ødegaard", "A. Ø degaard", "A. Ødegaard"),
        ("Frédéric Lagoutière", r"Fr\éd\éric Lagouti\ère", "Frédéric Lagoutière"),  # captured, 0712.3217
        ("Søren Boldsen", r"S{\ø}ren Boldsen", "Søren Boldsen"),
        ("G. David Forney Jr.", "G. David Forney, Jr.", "G. David Forney Jr."),
        ("Fermi-LAT Collaboration", "LAT Collaboration", "Fermi-LAT Collaboration"),
        ("Louise Oakes|CDF Collaboration", "Louise Oakes", "Louise Oakes|CDF Collaboration"),
        (rf"Anna {MANGLED}|CDF Collaboration", "Anna Sigurðsson", rf"Anna {MANGLED}|CDF Collaboration"),
        (rf"Anna {MANGLED}|Bo Two", "Bo Two|Anna Sigurðsson", rf"Anna {MANGLED}|Bo Two"),  # another's name
        ("Petr Kuš|Jan Novák", "Petr Kus|Jan Novak", "Petr Kuš|Jan Novák"),  # accents are lost
        ("Ada One", "", "Ada One"),
        ("", "Ada One", ""),
    ],
)
def test_ours_stands_but_where_it_plainly_failed(ours: str, theirs: str, shown: str) -> None:
    one, other, expected = (tuple(filter(None, text.split("|"))) for text in (ours, theirs, shown))
    assert agreed(one, other) == expected
    assert agreed(expected, other) == expected


NAMES = st.lists(st.text(alphabet="aB ðø.-\\{}'", max_size=12), max_size=4)


@given(NAMES, NAMES)
def test_nobody_is_lost_and_nothing_is_made_up(ours: list[str], theirs: list[str]) -> None:
    shown = agreed(ours, theirs)
    assert len(shown) == len(ours)
    for name, our in zip(shown, ours, strict=True):
        assert name == our or (name in theirs and not re.search(r"[\\{}]", name))
    assert agreed(shown, shown) == shown


@needs_data
def test_every_captured_pair_agrees_in_names_and_in_the_day_of_the_version() -> None:
    raw: dict[str, Paper] = {}
    split: dict[str, Paper] = {}
    for file in FILES:
        if "Record" in file.stem and not file.stem.startswith("error"):
            for each in read(file.read_bytes()).records:
                (raw if each.versions else split)[each.paper.id] = each.paper
    assert len(split) == 8
    pairs = [(raw[id_], split[id_]) for id_ in sorted(raw.keys() & split.keys())]
    assert [ours.id for ours, _ in pairs] == ["0704.0046", "0712.3217", "1008.3222", "1102.0435"]
    for ours, theirs in pairs:
        assert theirs.updated == ours.updated // DAY * DAY
        assert agreed(ours.authors, theirs.authors) == ours.authors
        assert (theirs.authors == ours.authors) == (ours.id != "0712.3217")  # whose accents it leaves a backslash


def test_suffixes_follow_and_affiliations_stand_apart() -> None:
    people = (
        "<author><keyname>Forney</keyname><forenames>G. David</forenames><suffix>Jr.</suffix>"
        "<affiliation>MIT</affiliation><affiliation>CERN</affiliation></author>"
        "<author><keyname>ATLAS Collaboration</keyname><affiliation>CERN</affiliation></author>"
        r"<author><keyname>Garc\'{\i}a</keyname><forenames>Jos\'e</forenames></author><author><keyname/></author>"
    )
    raw = (
        '<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><ListRecords><record><header>'
        "<identifier>oai:arXiv.org:2606.00001</identifier><datestamp>2026-06-02</datestamp></header><metadata>"
        '<arXiv xmlns="http://arxiv.org/OAI/arXiv/"><id>2606.00001</id><created>2026-06-01</created>'
        f"<authors>{people}</authors><title>T</title><categories>cs.LG</categories></arXiv></metadata></record>"
        "</ListRecords></OAI-PMH>"
    )
    (found,) = read(raw.encode()).records
    assert found.paper.authors == ("G. David Forney Jr.", "ATLAS Collaboration", "José García")
    assert found.affiliations == ("MIT", "CERN")
    assert (found.paper.updated, found.paper.version, found.versions) == (utc("2026-06-01"), 0, ())


# --- what the ledger keeps -------------------------------------------------------------------------------------------

AT = utc("2026-11-18T10:00")


def record(*authors: str, version: int = 1, at: int = AT) -> Record:
    said = Paper("2611.00005", version, "On it", "We show it.", authors, ("cs.CV",), AT, at)
    return Record(said, tuple(Version(n, at) for n in range(1, version + 1)), stamp=utc("2026-11-18"))


def theirs(*authors: str, at: int = AT) -> Record:
    return Record(replace(record().paper, version=0, authors=authors, updated=at // DAY * DAY, published=0))


def ledger(tmp_path: Path, what: Callable[[Store], Awaitable[None]]) -> None:
    async def go() -> None:
        store = Store(tmp_path / "paperboy.db", SteppedClock(utc("2026-11-19T04:00")))
        await store.open()
        try:
            await what(store)
        finally:
            await store.close()

    asyncio.run(go())


async def correct(store: Store, said: Record) -> int:
    found = await store.misread([said])
    await store.correct(found)
    return len(found)


async def take(store: Store, said: Record) -> list[str]:
    return [each.kind for each in await store.take([said], lambda _: "2026-11-18", baseline=False, floor=1)]


async def shown(store: Store) -> tuple[str, ...]:
    return await authors_of(store, "2611.00005")


def test_a_correction_stands_until_the_record_says_something_else(tmp_path: Path) -> None:
    async def what(store: Store) -> None:
        assert await correct(store, theirs("Anna Sigurðsson")) == 0  # a paper that we do not have
        assert await store.paper("2611.00005") is None
        assert await take(store, record(f"Anna {MANGLED}")) == ["new"]
        assert await correct(store, theirs("Anna Sigurðsson", at=AT + DAY)) == 0  # another version
        assert await correct(store, theirs("Anna Sigurðsson")) == 1
        assert await correct(store, theirs("Anna Sigurðsson")) == 0
        assert await take(store, record(f"Anna {MANGLED}")) == []
        assert await shown(store) == ("Anna Sigurðsson",)
        assert await correct(store, theirs("Anna M. Sigurðsson")) == 1  # arXiv reads it in another way now
        assert await take(store, record(f"Anna {MANGLED}", version=2, at=AT + DAY)) == ["replace"]
        assert await shown(store) == ("Anna M. Sigurðsson",)
        assert await take(store, record("Anna S.", version=2, at=AT + DAY)) == []
        assert await shown(store) == ("Anna S.",)
        assert await take(store, record(f"Anna {MANGLED}", version=3, at=AT + 2 * DAY)) == ["replace"]
        assert await shown(store) == (f"Anna {MANGLED}",)
        assert len(await store.unmatched_events(9)) == 2

    ledger(tmp_path, what)


def test_a_paper_that_changed_meanwhile_is_left_alone(tmp_path: Path) -> None:
    async def what(store: Store) -> None:
        await take(store, record(f"Anna {MANGLED}"))
        found = await store.misread([theirs("Anna Sigurðsson")])
        await take(store, record("Anna S."))
        await store.correct(found)
        assert await shown(store) == ("Anna S.",)

    ledger(tmp_path, what)


# --- a night in the house --------------------------------------------------------------------------------------------

CALENDAR = Calendar.of(resources.data("calendar.json"))
THURSDAY = date(2026, 11, 19)


def night(
    tmp_path: Path, what: Callable[[House, WorldServer, Callable[[str], Awaitable[None]]], Awaitable[None]]
) -> None:
    """From Wednesday noon; `what` gets a way to let time pass, a sweep every half hour."""
    clock = NetClock(utc("2026-11-18T17:00"))
    world = World(CALENDAR, date(2026, 11, 9), 1, 40, 100)

    async def go() -> None:
        async with WorldServer(world, clock) as server, living(tmp_path, clock, server, Box(clock)) as found:

            async def until(text: str) -> None:
                while clock.now() < utc(text):
                    await clock.sleep(min(1800, (utc(text) - clock.now()) / 1000))
                    found.engine.nudge("sweep:due")
                    await found.engine.idle()

            await harvest.look(found.store, found.ports)
            chat = Chat("fake:all", "fake", "all", zone="America/New_York", mode="daily", minute=8 * 60)
            text = "cat:cs.* OR cat:math.* OR cat:stat.* OR cat:eess.*"
            said = Said("said:all", chat, "/follow")
            await found.store.hear(said)
            topic = query.topic(query.parse(text))
            await found.store.answer(said, [], [Subscribe(topic, text, (), utc("2026-11-19T13:00"))])
            await subscribe(found, found.chat("friend"), "au:Sigurðsson")
            await what(found, server, until)
            assert server.violations == []

    run_on(go(), clock)


def announced(server: WorldServer) -> dict[str, list[str]]:
    """Authors of Thursday's papers, as arXiv's own pages show them."""
    new = [event.id for event in server.world.announced(THURSDAY) if event.kind == "new"]
    return {id_: list(wire.paper(server.world.entries[id_]).authors) for id_ in new}


def asked(server: WorldServer) -> list[str]:
    return [each.query["metadataPrefix"] for each in server.requests if "metadataPrefix" in each.query]


def test_a_mangled_author_is_corrected_before_the_morning_digest(tmp_path: Path) -> None:
    async def what(found: House, server: WorldServer, until: Callable[[str], Awaitable[None]]) -> None:
        await until("2026-11-19T04:00")  # 23:00 in New York: the record has been read, the names have not
        truth = announced(server)
        hers = {id_ for id_, authors in truth.items() if "Anna Sigurðsson" in authors}
        assert hers
        for id_ in hers:
            assert f"Anna {MANGLED}" in await authors_of(found.store, id_)
        before = await found.store.counts()
        await until("2026-11-19T12:45")  # the record has been read once more meanwhile
        assert asked(server).count("arXiv") == 2  # the first look of all, and Thursday's
        run = await found.store.last_run("harvest.names")
        assert run
        assert (run.outcome, run.next_at) == ("complete", utc("2026-11-20T04:15"))
        assert not [chat for chat, _ in found.fake.sent if chat == "fake:all"]
        await until("2026-11-19T13:30")
        told = "".join(
            console_view.text(console_view.load(text)) for chat, text in found.fake.sent if chat == "fake:all"
        )
        assert "Anna Sigurðsson" in told
        assert "eth}" not in told
        for id_, authors in truth.items():
            assert list(await authors_of(found.store, id_)) == authors  # 'J.-P.' among them, as they typed it
        wanted = query.fts5(query.parse("au:Sigurðsson"))
        assert hers <= set(await found.archive.find(wanted))
        carried = [p for chat, text in found.fake.sent if chat == "fake:friend" for p in console_view.load(text).papers]
        assert sorted(carried) == sorted(hers)  # once each, though it took the correction to know
        after = await found.store.counts()
        assert after.papers == before.papers
        await until("2026-11-20T02:00")
        everything = [p for chat, text in found.fake.sent if chat == "fake:all" for p in console_view.load(text).papers]
        assert len(everything) == len(set(everything))

    night(tmp_path, what)


@pytest.mark.parametrize("trouble", ["no_records", "rate", "status", "truncated"])
def test_names_that_cannot_be_read_lose_nothing_and_are_asked_for_again(tmp_path: Path, trouble: str) -> None:
    async def what(found: House, server: WorldServer, until: Callable[[str], Awaitable[None]]) -> None:
        await until("2026-11-19T04:00")
        mark = await found.store.high_water("harvest")
        server.fault(trouble, 4, on="oai")  # type: ignore[arg-type]  # one of its words
        await until("2026-11-19T04:30")
        run = await found.store.last_run("harvest.names")
        assert run
        assert run.outcome == "failed"
        assert await found.store.high_water("harvest") == mark
        await until("2026-11-19T12:59")
        run = await found.store.last_run("harvest.names")
        assert run
        assert run.outcome == "complete"
        await until("2026-11-19T13:30")
        told = [p for chat, text in found.fake.sent if chat == "fake:all" for p in console_view.load(text).papers]
        wanted = ("cs.", "math.", "stat.", "eess.")
        truth = announced(server)
        due = {id_ for id_ in truth if any(c.startswith(wanted) for c in server.world.entries[id_].categories)}
        assert due <= set(told)
        assert all("eth}" not in text for chat, text in found.fake.sent if chat == "fake:all")

    night(tmp_path, what)


class Broken(FakeSource):
    """A register that reads the names of one paper and breaks off before the next, the first time."""

    tries = 0

    async def names(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        self.calls.append(f"names {since}")
        for n, each in enumerate(self.papers):
            if n and not self.tries:
                self.tries += 1
                raise Later("It broke off.")
            authors = tuple(name.replace(MANGLED, "Sigurðsson") for name in each.authors)
            yield (Record(replace(each, authors=authors, version=0, updated=each.updated // DAY * DAY)),)


def test_a_list_that_breaks_off_corrects_what_it_told_and_the_rest_next_time(tmp_path: Path) -> None:
    async def go() -> None:
        async with house(tmp_path) as found:
            papers = [replace(paper(n), authors=(f"Anna {MANGLED}",)) for n in (1, 2)]
            await found.day(*papers)
            sent = len(found.fake.sent)
            found.register = Broken(papers)
            step = harvest.STEPS[-1]
            with pytest.raises(Later):
                await step.run(found.store, found.ports)
            ids = [each.id for each in papers]
            wanted = query.fts5(query.parse("au:Sigurðsson"))
            for here in (ids[:1], ids):
                right = [id_ for id_ in ids if "Anna Sigurðsson" in (await authors_of(found.store, id_))]
                assert right == here == sorted(await found.archive.find(wanted))
                await step.run(found.store, found.ports)
            assert len(found.fake.sent) == sent
            assert sorted(await found.archive.find(query.fts5(query.parse("talking")))) == ids, "each is there once"
            assert await found.archive.find(query.fts5(query.parse("au:sson"))) == [], "the old reading is forgotten"

    asyncio.run(go())


async def authors_of(store: Store, id_: str) -> tuple[str, ...]:
    found = await store.paper(id_)
    assert found
    return found.authors
