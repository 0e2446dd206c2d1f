"""What a change means, what the ledger keeps of it, and what a harvest does when things go wrong."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import resources
from bot.core import events, times
from bot.core.calendar import Calendar
from bot.core.events import Known, gaps, happened, serial
from bot.core.times import ms
from bot.errors import Later
from bot.flow import harvest
from bot.flow.match import match
from bot.model import Coverage, Doubt, Feed, Happened, Listed, Paper, Record, Version
from bot.store.store import Store
from tests.fakes.arxiv_world import World
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.harvest_house import EVERYTHING, Box, NetClock, living, subscribe
from tests.fakes.house import House, house
from tests.fakes.idle import run as run_on
from tests.fakes.ports import SteppedClock

CALENDAR = Calendar.of(resources.data("calendar.json"))
DAY = 86_400_000


def utc(text: str) -> int:
    return ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


def record(
    id_: str = "2611.00005",
    categories: Sequence[str] = ("cs.CV",),
    *,
    version: int = 1,
    day: str = "2026-11-18",
    **more: Any,
) -> Record:
    paper = Paper(id_, version, f"On {id_}", "We show it.", ("Ada One",), tuple(categories), 1, 1)
    versions = tuple(Version(number, number) for number in range(1, version + 1))
    return Record(paper, versions, stamp=utc(day), **more)


# --- what a change means ---------------------------------------------------------------------------------------------

MONTHS = st.sampled_from(["0704", "1412", "1501", "2611", "2612", "2701"])
NUMBERS = st.integers(1, 9999)
IDS = st.builds(lambda month, number: f"{month}.{number:0{5 if month >= '1501' else 4}}", MONTHS, NUMBERS)
NAMES = st.lists(st.sampled_from(["cs.CV", "cs.LG", "math.AG", "hep-th"]), min_size=1, max_size=4, unique=True)


@given(IDS, IDS)
def test_a_serial_grows_with_the_order_of_announcement(one: str, other: str) -> None:
    first, second = (tuple(map(int, id_.split("."))) for id_ in (one, other))
    assert (serial(one) < serial(other)) == (first < second)
    assert serial(one) > serial("math/0611800") == serial("") == serial("2611.x") == 0


@given(IDS, IDS, NAMES)
def test_what_is_unknown_is_new_only_above_the_baseline(id_: str, floor: str, names: list[str]) -> None:
    found = happened(record(id_, names), None, serial(floor))
    assert found == ((Happened(id_, "new", 1),) if serial(id_) > serial(floor) else ())


@given(NAMES, NAMES, st.integers(1, 9), st.integers(1, 9), st.booleans(), st.booleans())
def test_a_change_is_told_once(had: list[str], has: list[str], before: int, now: int, was: bool, is_: bool) -> None:
    now = max(before, now)
    said = record(categories=has, version=now, withdrawn=is_)
    found = happened(said, Known(before, tuple(had), was), 0)
    kinds = {each.kind: each for each in found}
    assert ("cross" in kinds) == bool(set(has) - set(had))
    assert ("withdrawn" in kinds) == (now > before and is_ and not was)
    assert ("replace" in kinds) == (now > before and not (is_ and not was))
    assert not kinds.get("cross") or set(kinds["cross"].gained) == set(has) - set(had)
    assert happened(said, Known(now, tuple(has), is_), 0) == ()


@given(st.sets(st.integers(1, 60), min_size=1), st.integers(0, 60))
def test_gaps_are_what_is_missing_above_the_floor(numbers: set[int], floor: int) -> None:
    ids = [f"2611.{number:05}" for number in numbers]
    found = gaps(ids, events.serial("2611.00000") + floor)
    assert {int(id_[5:]) for id_ in found} == {n for n in range(floor + 1, max(numbers)) if n not in numbers}
    assert gaps([*ids, *found], events.serial("2611.00000") + floor) == ()


def test_gaps_of_each_month_begin_at_its_first_id() -> None:
    assert gaps(["2611.00008", "2612.00003", "math/0611800"], serial("2611.00006")) == (
        *("2611.00007", "2612.00001", "2612.00002"),
    )
    assert gaps(["1412.0003"], serial("1412.0001")) == ("1412.0002",)


# --- what the ledger keeps -------------------------------------------------------------------------------------------


def ledger(tmp_path: Path, what: Callable[[Store, SteppedClock], Awaitable[None]]) -> None:
    async def go() -> None:
        clock = SteppedClock(utc("2026-11-18T04:00"))
        store = Store(tmp_path / "paperboy.db", clock)
        await store.open()
        try:
            await what(store, clock)
        finally:
            await store.close()

    asyncio.run(go())


async def take(store: Store, *records: Record, baseline: bool = False, floor: int = 2611_000000) -> list[str]:
    told = await store.take(records, lambda _: "2026-11-18", baseline=baseline, floor=floor)
    return [each.kind for each in told]


async def rows(store: Store, listing: str = "2026-11-18") -> Coverage:
    return next(each for each in await store.coverage("") if each.listing == listing)


def test_a_record_brings_the_same_thing_once(tmp_path: Path) -> None:
    async def what(store: Store, _: SteppedClock) -> None:
        new, old = record(), record("2001.00001", version=3)
        assert await take(store, new, old) == ["new"]
        assert await take(store, new, old) == []
        crossed = replace(old, paper=replace(old.paper, categories=("cs.CV", "cs.LG")))
        assert await take(store, crossed) == ["cross"]
        assert await take(store, old) == []  # a copy from an hour ago
        assert await take(store, crossed) == []
        assert await take(store, record("2001.00001", ("cs.CV", "cs.LG"), version=4)) == ["replace"]
        assert await take(store, record("2001.00001", ("cs.CV", "cs.LG"), version=5, withdrawn=True)) == ["withdrawn"]
        assert await take(store, crossed) == []
        found = await store.paper("2001.00001")
        assert found
        assert found.version == 5

    ledger(tmp_path, what)


def test_a_baseline_is_silent_and_what_it_lacks_below_its_end_too(tmp_path: Path) -> None:
    async def what(store: Store, _: SteppedClock) -> None:
        assert await take(store, record("2611.00009"), baseline=True) == []
        assert await store.highest() == "2611.00009"
        assert await take(store, record("2611.00003"), record("2611.00010"), floor=serial("2611.00009")) == ["new"]
        assert [paper.id for paper in await store.unmatched(9)] == ["2611.00003", "2611.00009", "2611.00010"]

    ledger(tmp_path, what)


def test_a_witness_is_provisional_until_the_record_says_so(tmp_path: Path) -> None:
    async def what(store: Store, _: SteppedClock) -> None:
        await store.open_day("2026-11-18")
        assert await store.witness(record(), "new", (), "2026-11-18")
        assert not await store.witness(record(), "new", (), "2026-11-18")
        assert await store.has("2611.00005") == (True, False)
        await store.said_oai("2026-11-18")
        assert (await rows(store)).papers == 1
        assert (await rows(store)).oai == 0
        assert await take(store, record()) == []
        assert await store.has("2611.00005") == (True, True)
        await store.said_oai("2026-11-18")
        assert (await rows(store)).oai == 1

    ledger(tmp_path, what)


def test_what_was_taken_for_old_is_new_if_a_feed_of_the_day_says_so(tmp_path: Path) -> None:
    async def what(store: Store, _: SteppedClock) -> None:
        await take(store, record("2610.00001"))  # below the floor: silent
        await store.add_matches(["2610.00001"], [], (await store.topics())[1])
        assert await store.unmatched(9) == []
        assert await store.witness(record("2610.00001"), "new", (), "2026-11-18")
        assert not await store.witness(record("2610.00001"), "new", (), "2026-11-18")
        assert [paper.id for paper in await store.unmatched(9)] == ["2610.00001"]

    ledger(tmp_path, what)


def test_a_feed_of_another_day_makes_nothing_new(tmp_path: Path) -> None:
    async def what(store: Store, clock: SteppedClock) -> None:
        await take(store, record("2611.00002"), baseline=True)
        clock.set(utc("2026-11-19T05:20"))
        assert not await store.witness(record("2611.00002"), "new", (), "2026-11-19")
        assert not await store.witness(record("2611.00002"), "cross", ("cs.CV",), "2026-11-19")

    ledger(tmp_path, what)


def test_a_cross_list_from_feeds_is_told_once_for_each_category(tmp_path: Path) -> None:
    async def what(store: Store, clock: SteppedClock) -> None:
        # one that we have known for days is compared, whatever the feed covers, and the record tells it no more
        await take(store, record("2201.00001", ("cs.CV", "cs.GR")), baseline=True)
        clock.set(utc("2026-11-20T05:20"))
        said = record("2201.00001", ("cs.CV", "cs.GR", "math.AG", "hep-th"))
        assert await store.witness(said, "cross", ("cs.GR", "math.AG"), "2026-11-20")
        assert not await store.witness(said, "cross", ("hep-th",), "2026-11-20")
        assert await take(store, said) == []
        # of one that we meet only now a feed can only tell for its own categories
        other = record("2202.00002", ("cs.CV", "math.AG", "hep-th"))
        assert await take(store, other) == []
        assert await store.witness(other, "cross", ("math.AG",), "2026-11-20")
        assert not await store.witness(other, "cross", ("math.AG",), "2026-11-20")
        assert await store.witness(other, "cross", ("hep-th",), "2026-11-20")
        told = {(each.paper, each.gained) for _, each in await store.unmatched_events(9)}
        assert told == {
            ("2201.00001", ("hep-th", "math.AG")),
            ("2202.00002", ("math.AG",)),
            ("2202.00002", ("hep-th",)),
        }

    ledger(tmp_path, what)


def test_what_comes_after_a_day_was_complete_is_late(tmp_path: Path) -> None:
    async def what(store: Store, clock: SteppedClock) -> None:
        await store.open_day("2026-11-18")
        await take(store, record("2611.00005"), record("2611.00007"))
        await store.complete("2026-11-18")
        first = (await rows(store)).complete_at
        clock.step(60)
        await store.complete("2026-11-18")
        assert (await rows(store)).complete_at == first
        await store.open_day("2026-11-19")
        assert await store.witness(record("2611.00006"), "found", (), "2026-11-19")  # it stood between those two
        assert await store.witness(record("2612.00001"), "found", (), "2026-11-19")
        assert (await rows(store)).late == 1
        assert (await rows(store, "2026-11-19")).late == 0
        assert (await rows(store, "2026-11-19")).papers == 1

    ledger(tmp_path, what)


# --- whom it reaches -------------------------------------------------------------------------------------------------


def test_a_cross_list_reaches_only_topics_on_what_was_gained(tmp_path: Path) -> None:
    async def go() -> None:
        async with house(tmp_path) as found:
            for name in ("cs.CV", "math.AG", "hep-th"):
                await subscribe(found, found.chat(name), f"cat:{name}")
            await subscribe(found, found.chat("all"), EVERYTHING)
            store = found.store
            await store.take([record("2201.00001")], lambda _: "2026-11-20", baseline=True, floor=0)
            await match(store, found.ports, "")
            for gained in ("math.AG", "hep-th"):  # twice before anybody looks
                known = await store.paper("2201.00001")
                assert known
                said = record("2201.00001", (*known.categories, gained))
                await store.take([said], lambda _: "2026-11-20", baseline=False, floor=0)
            await found.drain()
            assert sorted(chat for chat, _ in found.fake.sent) == ["fake:hep-th", "fake:math.AG"]

    asyncio.run(go())


def test_revisions_reach_only_who_asked_for_them(tmp_path: Path) -> None:
    async def go() -> None:
        async with house(tmp_path) as found:
            await subscribe(found, found.chat("plain"), EVERYTHING)
            await subscribe(found, replace(found.chat("keen"), revisions=True), EVERYTHING)
            for version, gone in ((6, False), (7, False), (8, True)):
                said = record("2201.00001", version=version, withdrawn=gone)
                await found.store.take([said], lambda _: "2026-11-20", baseline=version == 6, floor=0)
                await match(found.store, found.ports, "")
                await found.drain()
            assert [chat for chat, _ in found.fake.sent] == ["fake:keen"] * 2

    asyncio.run(go())


# --- the harvest -----------------------------------------------------------------------------------------------------


class Arxiv:
    """Three witnesses who say what a test lets them say, each as long as it is told to."""

    groups = ("cs", "math")
    name = "arxiv"
    ahead: float | None = None

    def __init__(self) -> None:
        self.pages: list[Sequence[Record] | Exception] = []
        self.named: list[Sequence[Record] | Exception] = []
        self.since: list[int] = []
        self.shown: dict[str, Feed | Exception | None] = {}
        self.etags: list[tuple[str, str]] = []
        self.here: dict[str, Paper] = {}
        self.asked: list[list[str]] = []

    async def changes(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        self.since.append(since)
        for page in self.pages:
            if isinstance(page, Exception):
                raise page
            yield tuple(page)

    async def names(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        del since
        for page in self.named:
            if isinstance(page, Exception):
                raise page
            yield tuple(page)

    def covers(self, group: str, category: str) -> bool:
        return category.startswith(group)

    async def feed(self, group: str, etag: str = "") -> Feed | None:
        self.etags.append((group, etag))
        said = self.shown.get(group)
        if isinstance(said, Exception):
            raise said
        return said

    async def fetch(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        self.asked.append(list(ids))
        return tuple(self.here[id_] for id_ in ids if id_ in self.here)

    async def search(self, query: str, limit: int) -> tuple[Paper, ...]:
        raise AssertionError(f"the harvest searches for nothing: {query}, {limit}")

    def show(self, group: str, at: str, *papers: Paper) -> None:
        items = tuple(Listed(paper.id, 1, "new", paper.categories, paper) for paper in papers)
        self.shown[group] = Feed(items, utc(at), f"tag {at}")


@contextlib.asynccontextmanager
async def harvesting(tmp_path: Path, at: str) -> AsyncIterator[tuple[House, Arxiv]]:
    clock, arxiv = SteppedClock(utc(at)), Arxiv()
    async with house(tmp_path, clock=clock) as found:
        found.source = found.register = found.feeds = arxiv  # type: ignore[assignment]
        await subscribe(found, found.chat("all"), EVERYTHING)
        yield found, arxiv


def step(found: House, seconds: float = 0, *, to: str = "") -> None:
    clock = found.clock
    assert isinstance(clock, SteppedClock)
    clock.set(utc(to)) if to else clock.step(seconds)


async def turn(found: House) -> None:
    await harvest.harvest(found.store, found.ports, "harvest:arxiv")
    await found.drain()


def go(what: Callable[[House, Arxiv], Awaitable[None]], tmp_path: Path, at: str = "2026-11-17T12:00") -> None:
    async def run() -> None:
        async with harvesting(tmp_path, at) as (found, arxiv):
            await what(found, arxiv)

    asyncio.run(run())


async def begun(found: House, arxiv: Arxiv, *ids: str) -> None:
    """A first look that found these papers."""
    arxiv.pages = [[record(id_, day="2026-11-17") for id_ in ids or ("2611.00001",)]]
    await harvest.look(found.store, found.ports)
    await found.drain()


def test_the_first_look_takes_nine_days_in_silence(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        assert await harvest.is_due(found.store, found.ports)
        await begun(found, arxiv, "2611.00001", "2611.00002")
        assert arxiv.since == [utc("2026-11-08")]
        assert found.fake.sent == []
        assert (await found.store.counts()).papers == 2
        assert await found.store.note("floor") == str(serial("2611.00002"))
        assert await found.store.coverage("") == []
        step(found, to="2026-11-17T15:10")  # 10:10 in New York: the same day's announcement is nobody's to account for
        await turn(found)
        assert arxiv.since[1] == utc("2026-11-14")
        assert [day.listing for day in await found.store.coverage("")] == []

    go(what, tmp_path)


@pytest.mark.parametrize(
    "trouble", [Later("It broke off."), Later("Tokens ended at midnight."), RuntimeError("a fault of ours")]
)
def test_a_harvest_that_fails_moves_nothing(tmp_path: Path, trouble: Exception) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        await begun(found, arxiv)
        mark = await found.store.high_water("harvest")
        assert mark == utc("2026-11-17")
        step(found, to="2026-11-18T04:00")
        arxiv.pages = [[record("2611.00002")], trouble]
        for _ in range(2):
            with contextlib.suppress(RuntimeError):
                await harvest.look(found.store, found.ports)
        await found.drain()
        run = await found.store.last_run("harvest")
        assert run
        assert (run.outcome, run.mark) == ("failed", None)
        assert await found.store.high_water("harvest") == mark
        assert (await found.store.coverage("")) == []
        assert len(found.fake.sent) == 1  # what was read is true all the same
        arxiv.pages = [[record("2611.00002"), record("2611.00003")]]
        await harvest.look(found.store, found.ports)
        await found.drain()
        assert arxiv.since[1:] == [utc("2026-11-14")] * 3
        assert await found.store.high_water("harvest") == utc("2026-11-18")
        assert len(found.fake.sent) == 2

    go(what, tmp_path)


def test_a_clock_that_is_ahead_does_not_move_the_watermark_past_now(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        arxiv.pages = [[record("2611.00001", day="2027-03-01")]]
        await harvest.look(found.store, found.ports)
        assert await found.store.high_water("harvest") == found.clock.now()

    go(what, tmp_path)


def test_tries_grow_rare_while_it_fails_and_the_pause_asked_for_is_kept(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        await begun(found, arxiv)
        arxiv.pages = [Later("No.")]
        waits = []
        for _ in range(6):
            await harvest.look(found.store, found.ports)
            run = await found.store.last_run("harvest")
            assert run
            assert run.next_at
            waits.append((run.next_at - found.clock.now()) // 60_000)
            assert not await harvest._due(found.store, harvest.STEPS[0], found.clock.now())
            step(found, to=f"{datetime.fromtimestamp(run.next_at / 1000, UTC):%FT%T}")
            assert await harvest.is_due(found.store, found.ports)
        assert waits == [15, 30, 60, 120, 120, 120]
        arxiv.pages = [Later("No.", wait=14_400)]
        await harvest.look(found.store, found.ports)
        run = await found.store.last_run("harvest")
        assert run
        assert run.next_at == found.clock.now() + 14_400_000

    go(what, tmp_path)


@pytest.mark.parametrize("step_", harvest.STEPS, ids=lambda each: each.verb)
def test_a_look_that_was_made_is_not_due_again_at_once_whatever_the_clocks_do(step_: harvest.Step) -> None:
    at, end = utc("2026-10-20"), utc("2027-11-20")
    while at < end:
        after = times.next_of(step_.rules, times.NEW_YORK, at)
        assert at < after < at + harvest._FAR
        at = after


def test_twenty_days_of_absence_are_one_harvest_from_the_watermark(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        await begun(found, arxiv)
        step(found, to="2026-12-07T15:10")
        arxiv.shown = {"cs": Feed((), utc("2026-12-07T05:00"), ""), "math": Feed((), utc("2026-12-07T05:00"), "")}
        arxiv.pages = [[record(f"2611.{n:05}", day=f"2026-11-{17 + n // 10}") for n in range(2, 90)]]
        await turn(found)
        assert arxiv.since[1] == utc("2026-11-14")
        assert len(arxiv.since) == 3  # and the look nine days back, which comes once a day
        carried = [paper for _, payload in found.fake.sent for paper in _papers(payload)]
        assert sorted(carried) == [f"2611.{n:05}" for n in range(2, 90)]

    go(what, tmp_path)


def _papers(payload: str) -> Sequence[str]:
    from bot.platforms import console_view

    return console_view.load(payload).papers


def test_the_audit_finds_a_paper_that_only_it_knows_and_asks_again_for_days(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        await begun(found, arxiv)
        arxiv.shown = dict.fromkeys(arxiv.groups, Feed((), utc("2026-11-18T05:10"), ""))
        step(found, to="2026-11-18T07:40")
        arxiv.pages = [[record("2611.00002"), record("2611.00005")]]
        await turn(found)
        assert arxiv.asked == [["2611.00003", "2611.00004"]]  # the API is behind: it knows none of them
        step(found, to="2026-11-18T15:40")
        arxiv.here["2611.00003"] = record("2611.00003").paper
        await turn(found)
        assert arxiv.asked[1:] == [["2611.00003", "2611.00004"]]
        assert any("2611.00003" in _papers(payload) for _, payload in found.fake.sent)
        day = next(each for each in await found.store.coverage("") if each.listing == "2026-11-18")
        assert (day.audit, day.papers) == (1, 3)
        step(found, to="2026-11-30T15:40")  # what stayed a gap for so long is none of ours
        await turn(found)
        assert arxiv.asked[2:] == []

    go(what, tmp_path)


def test_feeds_are_held_against_the_record(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        await begun(found, arxiv)
        papers = [record(f"2611.{n:05}", ("cs.CV" if n % 2 else "math.AG",)).paper for n in range(2, 12)]
        step(found, to="2026-11-18T07:40")
        arxiv.pages = [[Record(paper, stamp=utc("2026-11-18")) for paper in papers[:8]]]
        for group in arxiv.groups:
            arxiv.show(group, "2026-11-18T05:10", *(p for p in papers if p.categories[0].startswith(group)))
        await turn(found)
        day = (await found.store.coverage("2026-11-18"))[0]
        assert (day.oai, day.rss, day.missing, day.audit, day.papers) == (8, 10, 2, 0, 10)
        assert day.complete_at
        assert sum(len(_papers(payload)) for _, payload in found.fake.sent) == 10
        # the day after, one of them is that of the day before under the new date, and one is broken
        step(found, to="2026-11-19T07:40")
        arxiv.pages = [[record("2611.00012", day="2026-11-19")]]
        arxiv.show("cs", "2026-11-19T05:10", *(p for p in papers if p.categories[0] == "cs.CV"))
        arxiv.shown["math"] = Later("It is a page.")
        await turn(found)
        run = await found.store.last_run("harvest.feeds")
        assert run
        assert run.outcome == "failed"
        asked = len(arxiv.etags)
        step(found, 1000)
        arxiv.show("math", "2026-11-19T05:10", record("2611.00012", ("math.AG",)).paper)
        await turn(found)
        assert arxiv.etags[asked:] == [("math", "")]  # the other was read a moment ago
        day = (await found.store.coverage("2026-11-19"))[0]
        assert day.doubts == (Doubt("doubt_repeated", "cs"),)
        assert not day.complete_at
        step(found, to="2026-11-19T11:10")
        arxiv.show("cs", "2026-11-19T05:10", record("2611.00013").paper)
        await turn(found)
        day = (await found.store.coverage("2026-11-19"))[0]
        assert (day.doubts, day.rss, bool(day.complete_at)) == ((), 2, True)

    go(what, tmp_path)


def test_a_feed_that_repeats_a_batch_which_it_never_showed_us_is_suspect(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        await begun(found, arxiv)
        papers = [record(f"2611.{n:05}", day="2026-11-18") for n in range(2, 9)]
        arxiv.pages, arxiv.shown = [papers], dict.fromkeys(arxiv.groups, Later("It is a page."))
        step(found, to="2026-11-18T15:10")  # so late that the feeds of the day were not seen
        await turn(found)
        arxiv.pages = [[record("2611.00009", day="2026-11-19"), record("2611.00010", day="2026-11-19")]]
        arxiv.show("math", "2026-11-19T05:10", record("2611.00009", ("math.AG",)).paper)
        arxiv.show("cs", "2026-11-19T05:10", *(each.paper for each in papers))
        step(found, to="2026-11-19T07:40")
        await turn(found)
        day = (await found.store.coverage("2026-11-19"))[0]
        assert day.doubts == (Doubt("doubt_repeated", "cs"),)
        assert not day.complete_at
        arxiv.show("cs", "2026-11-19T05:10", papers[0].paper, record("2611.00010").paper)  # one of it that is new
        step(found, to="2026-11-19T11:10")
        await turn(found)
        day = (await found.store.coverage("2026-11-19"))[0]
        assert (day.doubts, bool(day.complete_at)) == ((), True)

    go(what, tmp_path)


# --- what is said of a day -------------------------------------------------------------------------------------------


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_witnesses_that_agree_raise_no_alarm_and_those_that_differ_much_do(oai: int, rss: int) -> None:
    day = Coverage("2026-11-18", max(oai, rss), oai, rss, 0, 0)
    said = harvest.doubts(day, [day])
    less, more = sorted((oai, rss))
    assert bool(said) == (less + 3 < 0.9 * more)
    assert all((each.have, each.of) == (less, more) for each in said)


def test_few_papers_for_a_weekday_raise_an_alarm() -> None:
    weeks = [Coverage(f"2026-11-{day:02}", 260, 260, 260, 0, 0, 0, 1) for day in (4, 11, 18)]
    for papers, suspect in ((26, True), (104, False), (260, False)):
        day = Coverage("2026-11-25", papers, papers, papers, 0, 0)
        assert bool(harvest.doubts(day, [day, *weeks])) == suspect
    assert harvest.doubts(Coverage("2026-11-26", 1, 1, 1), weeks) == ()  # no Thursday to compare with
    assert not CALENDAR.is_listing(date(2026, 11, 27))  # and a holiday is no day of which anything is expected


def test_midnight_utc_in_the_middle_of_a_harvest_moves_nothing(tmp_path: Path) -> None:
    clock = NetClock(utc("2026-11-18T12:00"))
    world = World(CALENDAR, date(2026, 11, 9), 1, 20, 100)

    async def go() -> None:
        async with WorldServer(world, clock, page=10) as server, living(tmp_path, clock, server, Box(clock)) as found:
            await harvest.look(found.store, found.ports)
            mark = await found.store.high_water("harvest")
            await clock.sleep((utc("2026-11-18T23:59:52") - clock.now()) / 1000)
            await harvest.look(found.store, found.ports)
            run = await found.store.last_run("harvest")
            assert run
            assert run.outcome == "failed"
            assert "does not know this place" in run.detail
            assert await found.store.high_water("harvest") == mark
            await clock.sleep((utc("2026-11-19T04:00") - clock.now()) / 1000)
            await harvest.look(found.store, found.ports)
            run = await found.store.last_run("harvest")
            assert run
            assert run.outcome == "complete"
            assert await found.store.high_water("harvest") == utc("2026-11-19")
            assert server.violations == []

    run_on(go(), clock)


@pytest.mark.parametrize(("times", "outcome"), [(1, "complete"), (2, "failed")])
def test_a_list_that_is_said_to_be_empty_is_asked_for_from_a_day_before(
    tmp_path: Path, times: int, outcome: str
) -> None:
    clock = NetClock(utc("2026-11-18T12:00"))
    world = World(CALENDAR, date(2026, 11, 9), 1, 10, 50)

    async def go() -> None:
        async with WorldServer(world, clock) as server, living(tmp_path, clock, server, Box(clock)) as found:
            server.fault("no_records", times, on="oai")
            await harvest.look(found.store, found.ports)
            asked = [each.query["from"] for each in server.requests if each.kind == "oai"]
            assert asked[:2] == ["2026-11-09", "2026-11-08"]
            run = await found.store.last_run("harvest")
            assert run
            assert run.outcome == outcome

    run_on(go(), clock)
