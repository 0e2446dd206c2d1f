"""60 days of a simulated arXiv that fails in every way it was seen to, a house that is killed at any of its writes, and
the truth beside what readers got.

One house, real but for its chat and for the clock: ledger, three sources over loopback, matching, digests. Faults and
kills follow from a seed. The truth is the simulated archive's own list of what it announced; the baseline is what
everyone does, "newest first, stop at the first known id", asked as often on the same archive, without any fault.
"""

import asyncio
import gzip
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot import resources
from bot.core.calendar import Calendar
from bot.core.times import NEW_YORK, instant, ms
from bot.flow.harvest import doubts, look
from bot.flow.silence import doubtful
from bot.model import Coverage, Doubt, Paper, Record, Version
from bot.sources._arxiv_fields import categories
from bot.store.store import Store
from tests.bars import harvest_load
from tests.bars.harvest_lives import LONG, Lives, live
from tests.fakes.arxiv_weather import Weather, fair, weather
from tests.fakes.arxiv_world import DAY, HOUR, Event, World
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.harvest_house import NARROW, Box, Fate, Feeds, NetClock, living, settle
from tests.fakes.house import House
from tests.fakes.idle import run as run_on
from tests.fakes.ports import SteppedClock

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "data" / "corpus"
CALENDAR = Calendar.of(resources.data("calendar.json"))
HORIZON = 9 * DAY
_STEP = 1800  # seconds between two sweeps
_LIFE = 1800  # writes of the ledger that a process lives at most
_CALM, _ROUGH = 110, 300  # requests a day


@dataclass(frozen=True, slots=True)
class Size:
    days: int
    volume: int
    page: int
    stock: int
    first: date = date(2026, 10, 12)  # when the house starts; summer time ends on 1 November


FULL = Size(60, 40, 80, 1200)
REDUCED = Size(7, 40, 80, 600, date(2026, 10, 28))
SHORT = Size(4, 40, 80, 600)


# --- the days --------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Tale:
    """What came of a run."""

    world: World
    sky: Weather
    server: WorldServer
    box: Box
    rows: dict[str, list[tuple[Any, ...]]]
    began: int
    end: int
    kills: list[int] = field(default_factory=list)
    alarms: dict[date, set[Doubt]] = field(default_factory=dict)
    pages: int = 0  # raw pages kept at the end
    horizon: int = HORIZON  # ms before the end: what was announced later may still be missing
    problems: list[str] = field(default_factory=list)

    def check(self, fine: bool, what: str) -> None:
        if not fine:
            self.problems.append(what)


_ROWS = {
    "paper": "SELECT id, baseline, listing, late, seen_at, provisional, version FROM paper",
    "event": "SELECT paper, kind, version, gained, listing, at FROM event",
    "send": "SELECT id, state, doubted FROM send",
    "delivery": "SELECT chat, paper FROM delivery",
    "notice": "SELECT chat, paper, version, kind FROM notice",
    "run": "SELECT verb, started_at, ended_at, outcome, detail, mark FROM run ORDER BY started_at",
    "coverage": "SELECT listing, oai, rss, missing, audit, complete_at, alarm FROM coverage",
    "cross": "SELECT topic, paper FROM match WHERE kind = 'cross'",
}


def _evening(day: date) -> int:
    return ms(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


async def _live(tale: Tale, clock: NetClock, folder: Path, dice: random.Random | None, topics: int) -> None:
    """Live until the end, in as many lives as it takes."""
    acts, looks, born = list(tale.sky.acts), list(tale.sky.looks), False
    steps = 0
    while clock.now() < tale.end:
        fate = Fate()
        async with living(folder, clock, tale.server, tale.box, fate) as found:
            if not born:
                await settle(found, topics)
                born = True
            elif dice:
                _doom(fate, tale.box, dice)
            while clock.now() < tale.end and not fate.dead:
                while acts and acts[0][0] <= clock.now():
                    acts.pop(0)[1](tale.server)
                found.engine.nudge("sweep:due")
                until = min([clock.now() + _STEP * 1000, *looks[:1]])
                if looks and looks[0] <= clock.now():
                    looks.pop(0)
                    await look(found.store, found.ports)
                elif until > clock.now():
                    await clock.sleep((until - clock.now()) / 1000)
                steps += 1
                if steps % 2 == 0 and not fate.dead:
                    await _listen(tale, found, clock.now())
                if dice and fate.last == 1 << 60 and clock.now() > tale.began + DAY // 2:
                    _doom(fate, tale.box, dice)
        if fate.dead:
            tale.kills.append(clock.now())
            await clock.sleep(dice.choice((1, 5, 60, 3600, 9000)) if dice else 1)


def _doom(fate: Fate, box: Box, dice: random.Random) -> None:
    """Have a process end at some write; now and then at the first after a message has left."""
    fate.last = fate.writes + dice.randint(1, _LIFE)
    fate.spared = dice.random() < 0.5
    soon = dice.randint(1, 60) if dice.random() < 0.3 else 0

    def sending() -> None:
        nonlocal soon
        soon -= 1
        if not soon:
            fate.last = fate.writes + 1

    box.sending = sending


async def _listen(tale: Tale, found: House, now: int) -> None:
    last = CALENDAR.listing_at(now)
    days = await found.store.coverage((last - timedelta(days=40)).isoformat())
    for day in days[:3]:
        if said := doubts(day, days):
            tale.alarms.setdefault(date.fromisoformat(day.listing), set()).update(said)


def world_of(size: Size, sky: Weather) -> World:
    first = size.first - timedelta(days=14)
    while not CALENDAR.is_listing(first):
        first += timedelta(days=1)
    return World(CALENDAR, first, 7, size.volume, size.stock, bulk=sky.bulk, late=sky.late)


async def _play(clock: NetClock, size: Size, sky: Weather, dice: random.Random | None, topics: int) -> Tale:
    world = world_of(size, sky)
    box = Box(clock)
    with tempfile.TemporaryDirectory() as name:
        async with WorldServer(world, clock, page=size.page, aged=True) as server:
            world.advance(clock.now())
            end = clock.now() + size.days * DAY
            tale = Tale(world, sky, server, box, {}, clock.now(), end)
            await _live(tale, clock, Path(name), dice, topics)
        _look_up(tale, Path(name))
    return tale


def _look_up(tale: Tale, folder: Path) -> None:
    db = sqlite3.connect(folder / "paperboy.db")
    tale.rows = {key: db.execute(sql).fetchall() for key, sql in _ROWS.items()}
    db.close()
    tale.pages = len(list((folder / "paperboy.db.raw").glob("*.gz")))


def play(size: Size, sky: Weather, *, seed: int | None = None, topics: int = 0) -> Tale:
    """Live through it all; with a `seed` the process is killed now and then."""
    clock = NetClock(_evening(size.first))
    dice = None if seed is None else random.Random(f"kills {seed}")
    return run_on(_play(clock, size, sky, dice, topics), clock)


def play_apart(
    size: Size, sky: Weather, folder: Path, *, patience: float, seed: int | None = None, span: int = LONG
) -> tuple[Tale, Lives]:
    """Live through it all in processes of their own on `folder`; with a `seed` they die of kill -9, by `span` (ms)."""
    world, began = world_of(size, sky), _evening(size.first)
    end = began + size.days * DAY
    dice = None if seed is None else random.Random(f"deaths {seed}")
    how: dict[str, Any] = {"page": size.page, "patience": patience, "dice": dice, "span": span}
    lives = asyncio.run(live(world, sky, folder, began, end, **how))
    box = Box(NetClock(end))
    box.got = lives.arrived()
    tale = Tale(world, sky, lives.server, box, {}, began, end, lives.kills)
    for listing, *doubt in lives.doubts():
        tale.alarms.setdefault(date.fromisoformat(listing), set()).add(Doubt(*doubt))
    _look_up(tale, folder)
    return tale, lives


# --- the truth -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Figures:
    new: int = 0
    missed: int = 0
    young: int = 0  # missing, though announced less than 9 days before the end
    late_days: int = 0  # papers that came after the day of their announcement
    held: int = 0
    held_in_time: int = 0
    crosses: int = 0
    crosses_unknown: int = 0  # of papers that we had never heard of
    crosses_missed: int = 0
    crosses_lost: int = 0  # of papers never heard of, on days when the feeds failed
    loose: int = 0  # a cross-list that reached a topic on a category that the paper had before
    revised: int = 0
    revisions_missed: int = 0
    revised_strange: int = 0  # of papers that we had never heard of
    unfed: int = 0  # of them, v6 and later, which feeds do not show
    withdrawn: int = 0
    revised_unknown: int = 0
    repeated: int = 0  # messages, all of them in doubt
    calm: list[int] = field(default_factory=list)  # requests of each faultless ordinary day
    rough: list[int] = field(default_factory=list)
    clear: int = 0  # faultless announcements
    complete: int = 0  # of all
    lacking: int = 0
    alarmed: int = 0


def judge(tale: Tale) -> Figures:
    figures = Figures()
    truth = [event for event in tale.world.all_announced(tale.end) if event.at > tale.began]
    _news(tale, truth, figures)
    _crosses(tale, truth, figures)
    _revisions(tale, truth, figures)
    _once(tale, figures)
    _pace(tale, figures)
    _days(tale, truth, figures)
    return figures


def _arrived(tale: Tale, chat: str) -> dict[str, int]:
    """When each paper came first."""
    found: dict[str, int] = {}
    for at, where, _, papers in tale.box.got:
        if where == f"fake:{chat}":
            for paper in papers:
                found.setdefault(paper, at)
    return found


def _next(listing: date) -> int:
    return CALENDAR.announced(CALENDAR.after(listing))


def _news(tale: Tale, truth: Sequence[Event], figures: Figures) -> None:
    got = {chat: _arrived(tale, chat) for chat in ("all", "revisions")}
    ours = {row[0] for row in tale.rows["paper"] if not row[1]}
    new = {event.id: event for event in truth if event.kind == "new"}
    for event in new.values():
        there = event.id in ours and all(event.id in papers for papers in got.values())
        if event.at > tale.end - tale.horizon:
            figures.young += not there
            continue
        figures.new += 1
        figures.missed += not there
        tale.check(there, f"{event.id} of {event.listing} was never delivered: {tale.sky.wrong.get(event.listing)}")
        if not there:
            continue
        at = max(papers[event.id] for papers in got.values())
        tale.check(at >= event.at - tale.world.lag, f"{event.id} came before it was announced")
        tale.check(at <= event.at + HORIZON, f"{event.id} came {(at - event.at) / DAY:.1f} days late")
        in_time = at < _next(event.listing)
        figures.late_days += not in_time
        tale.check(
            in_time or not _clear(tale, event.listing), f"{event.id} of {event.listing} came late, for no reason"
        )
        if event.submitted < event.at - 20 * DAY:
            figures.held += 1
            figures.held_in_time += in_time
    for papers in got.values():
        for id_ in papers.keys() - new.keys():
            tale.problems.append(f"{id_} was delivered to a chat that wants all, but it is not new")


def _crosses(tale: Tale, truth: Sequence[Event], figures: Figures) -> None:
    seen = {row[0]: row[4] for row in tale.rows["paper"]}
    fine: set[tuple[str, str]] = set()  # (category, paper)
    for event in truth:
        if event.kind not in {"new", "cross"}:
            continue
        for name in set(categories(" ".join(event.categories))) & set(NARROW):
            fine.add((name, event.id))
    got = {name: _arrived(tale, name) for name in NARROW}
    for event in truth:
        if event.kind != "cross" or event.at > tale.end - tale.horizon:
            continue
        for name in set(categories(" ".join(event.categories))) & set(NARROW):
            known = seen.get(event.id, 1 << 62) < event.at - tale.world.lag
            figures.crosses += 1
            figures.crosses_unknown += not known
            if event.id in got[name]:
                continue
            spoilt = not _clear(tale, event.listing)
            figures.crosses_missed += known or not spoilt
            figures.crosses_lost += not known and spoilt
            tale.check(not known and spoilt, f"the cross-list of {event.id} to {name} on {event.listing} was missed")
    strange = [(name, id_) for name, papers in got.items() for id_ in papers if (name, id_) not in fine]
    figures.loose = len(strange)
    first = {event.id: event for event in truth if event.kind == "cross"}
    for name, id_ in strange:
        entry = tale.world.entries[id_]
        loose = id_ in first and name in categories(" ".join(entry.categories))
        tale.check(loose, f"{id_} was delivered for {name}, for which nothing happened")


def _revisions(tale: Tale, truth: Sequence[Event], figures: Figures) -> None:
    seen = {row[0]: row[4] for row in tale.rows["paper"]}
    told: dict[str, list[tuple[int, str]]] = {}
    for chat, paper, version, kind in tale.rows["notice"]:
        tale.check(chat == "fake:revisions", f"{chat} was told of a new version of {paper}, without having asked")
        told.setdefault(paper, []).append((version, kind))
    real = {(event.id, event.version, event.kind) for event in truth}
    for paper, each in told.items():
        for version, kind in each:
            kinds = {"withdrawn", "replace"} if (paper, version, "withdrawn") in real else {"replace"}
            tale.check(kind in kinds and any((paper, version, k) in real for k in kinds), f"{paper} {version} {kind}?")
    for event in truth:
        if event.kind not in {"replace", "withdrawn"} or event.at > tale.end - tale.horizon:
            continue
        there = any(version >= event.version for version, _ in told.get(event.id, []))
        unknown = seen.get(event.id, 1 << 62) > event.at - tale.world.lag
        if unknown and event.submitted < tale.began and not there:  # made before we were there
            figures.revised_unknown += 1
            continue
        figures.revised += 1
        figures.revised_strange += unknown
        figures.unfed += event.version > 5
        figures.withdrawn += event.kind == "withdrawn"
        figures.revisions_missed += not there
        tale.check(there, f"v{event.version} of {event.id} ({event.kind}) on {event.listing} was never told of")


def _once(tale: Tale, figures: Figures) -> None:
    """A paper once a chat, an event once; a message twice only where the first was in doubt."""
    doubted = {id_: number for id_, _, number in tale.rows["send"]}
    sends = Counter(send for _, _, send, _ in tale.box.got)
    for send, number in sends.items():
        figures.repeated += number - 1
        tale.check(number <= 1 + doubted.get(send, 0), f"{send} was sent {number} times")
    carriers: dict[tuple[str, str], set[str]] = {}
    for _, chat, send, papers in tale.box.got:
        for paper in papers:
            carriers.setdefault((chat, paper), set()).add(send)
    for (chat, paper), found in carriers.items():
        tale.check(len(found) == 1, f"{paper} came {len(found)} times to {chat}")
    for name, times in Counter((paper, kind) for paper, kind, *_ in tale.rows["event"] if kind == "new").items():
        tale.check(times == 1, f"{name} is recorded {times} times")
    gains: Counter[tuple[str, str]] = Counter()
    for paper, kind, _, gained, *_ in tale.rows["event"]:
        gains.update((paper, name) for name in json.loads(gained or "[]") if kind == "cross")
    for what, times in gains.items():
        tale.check(times == 1, f"the cross-list {what} is recorded {times} times")


def _clear(tale: Tale, listing: date) -> bool:
    """Whether nothing went wrong from an announcement to the next."""
    start, end = CALENDAR.announced(listing), _next(listing)
    if start < tale.began + HOUR or tale.sky.wrong.get(listing, {"unknown"}):
        return False
    if any(start - HOUR <= kill < end for kill in tale.kills):
        return False
    new = [event for event in tale.world.announced(listing) if event.kind == "new"]
    for group in Feeds.groups:  # a feed without anything new is suspect, and in so small an archive it happens
        names = set(group.split("+"))
        if not any(event.categories[0] in names for event in new):
            return False
    return True


def _pace(tale: Tale, figures: Figures) -> None:
    for each in tale.server.violations[:20]:
        tale.problems.append(each)
    for day, counted in sorted(tale.server.per_day().items()):
        start = ms(datetime(day.year, day.month, day.day, tzinfo=UTC))
        if not tale.began < start < start + DAY <= tale.end:
            continue
        killed = any(start <= kill < start + DAY for kill in tale.kills)
        listings = {CALENDAR.listing_at(start - HOUR), CALENDAR.listing_at(start + DAY - 1)}
        wrong = any(tale.sky.wrong.get(listing, {"unknown"}) for listing in listings)
        heavy = any(timedelta() <= day - bulk <= timedelta(days=10) for bulk in tale.sky.bulk)
        (figures.rough if killed or wrong or heavy else figures.calm).append(sum(counted.values()))
    tale.check(max(figures.calm, default=0) <= _CALM, f"{max(figures.calm, default=0)} requests on an ordinary day")
    tale.check(max(figures.rough, default=0) <= _ROUGH, f"{max(figures.rough, default=0)} requests on a day")
    mark = 0
    for verb, started, _, outcome, detail, moved in tale.rows["run"]:
        if outcome != "complete":
            tale.check(moved is None, f"{verb} failed and moved the watermark ({detail})")
        elif verb == "harvest":
            tale.check(moved is not None and mark <= moved <= started, f"the watermark went from {mark} to {moved}")
            mark = moved or mark
    good = [
        seen
        for seen in tale.server.requests
        if seen.kind == "oai" and seen.status == 200 and not seen.trouble and seen.at > tale.end - 13 * DAY
    ]
    # A page may have been served to a process that died before it could keep it.
    tale.check(tale.pages >= len(good) - len(tale.kills) > 0, f"{tale.pages} raw pages are kept of {len(good)}")


def _days(tale: Tale, truth: Sequence[Event], figures: Figures) -> None:
    new = Counter(event.listing for event in truth if event.kind == "new")
    known = {date.fromisoformat(row[0]): row for row in tale.rows["coverage"]}
    papers: dict[str, list[tuple[int, int]]] = {}
    for _, _, listing, late, seen, *_ in tale.rows["paper"]:
        if listing:
            papers.setdefault(listing, []).append((late, seen))
    for listing in CALENDAR.listings(
        instant(tale.began).date(), instant(tale.end, NEW_YORK).date() - timedelta(days=2)
    ):
        if CALENDAR.announced(listing) < tale.began + HOUR:
            continue
        row, alarms = known.get(listing), tale.alarms.get(listing, set())
        done = row[5] if row else None
        figures.complete += bool(done)
        if _clear(tale, listing):
            figures.clear += 1
            tale.check(
                done is not None and done < _next(listing), f"{listing} was faultless and is not complete: {row}"
            )
            tale.check(not alarms, f"{listing} was faultless: {alarms}")
            number = sum(not late for late, _ in papers.get(listing.isoformat(), []))
            tale.check(number == new[listing], f"{listing} had {new[listing]} papers, not {number}")
        if listing in tale.sky.lacking:
            figures.lacking += 1
            figures.alarmed += bool(alarms)
            tale.check(
                bool(alarms), f"{listing} had a witness that lacked papers, and no alarm: {tale.sky.wrong[listing]}"
            )
        for late, seen in papers.get(listing.isoformat(), []):
            tale.check(
                bool(late) == bool(done and seen > done), f"a paper of {listing} is late: {late}, and it is not so"
            )


def baseline(tale: Tale, size: Size) -> tuple[int, int]:
    """What newest first, stop at the first known id, would have missed: new papers and later cross-lists."""
    world = World(CALENDAR, tale.world.first, tale.world.seed, size.volume, size.stock, late=tale.sky.late)
    known: set[str] = set()
    at = tale.began
    while at <= tale.end:
        world.advance(at)
        order = sorted(world.entries.values(), key=lambda entry: entry.versions[0].submitted, reverse=True)
        fresh = []
        for entry in order:
            if entry.id in known:
                break
            fresh.append(entry.id)
        known.update(fresh)  # the first time, all there are
        at += 8 * HOUR
    truth = [event for event in world.all_announced(tale.end) if tale.began < event.at <= tale.end - HORIZON]
    missed = sum(event.kind == "new" and event.id not in known for event in truth)
    return missed, sum(event.kind == "cross" for event in truth)


# --- a witness that failed half-way ----------------------------------------------------------------------------------


def _corpus(name: str) -> list[Record]:
    found = []
    for text in gzip.decompress((CORPUS / name).read_bytes()).decode().splitlines():
        row = json.loads(text)
        id_ = str(row.get("id") or row.get("arxiv_id")).partition("v")[0]
        paper = Paper(id_, 1, str(row["title"]), "", (), ("cs.LG",), 0, 0)
        found.append(Record(paper, (Version(1, 0),), stamp=_evening(date(2026, 6, 25))))
    return list({record.paper.id: record for record in found}.values())


async def _half(papers: Sequence[Record], oai: int, rss: int) -> str:
    """Give each witness so many of a day's papers, and return what is said of the day."""
    with tempfile.TemporaryDirectory() as name:
        store = Store(Path(name) / "paperboy.db", SteppedClock(_evening(date(2026, 6, 25))))
        await store.open()
        day = "2026-06-25"
        await store.open_day(day)
        await store.take(papers[:oai], lambda _: day, baseline=False, floor=0)
        await store.said_oai(day)
        missing = 0
        for record in papers[:rss]:
            await store.witness(record, "new", (), day)
            missing += not (await store.has(record.paper.id))[1]
        await store.said_rss(day, rss, missing, ())
        await store.said_audit(day, 0)
        days = await store.coverage(day)
        await store.close()
        return doubtful(days[0], days, "en") if doubts(days[0], days) else ""


def corpus() -> list[str]:
    """What is wrong with how a real half-failed day is seen."""
    whole, few = _corpus("daily_cs_2026-06-24.jsonl.gz"), len(_corpus("daily_cs_2026-06-25_failed_scrape.jsonl.gz"))
    one = asyncio.run(_half(whole, len(whole), few))
    other = asyncio.run(_half(whole, few, len(whole)))
    both = asyncio.run(_half(whole, len(whole), len(whole)))
    weeks = [Coverage(f"2026-06-{day:02}", len(whole), 1, 1, 0, 0, 0, 1) for day in (4, 11, 18)]
    scant = Coverage("2026-06-25", few, few, few, 0, 0)
    alike = doubtful(scant, [scant, *weeks], "en") if doubts(scant, [scant, *weeks]) else ""
    holiday = CALENDAR.expected(ms(datetime(2026, 11, 27, 12, tzinfo=UTC)), date(2026, 11, 26))
    print(f"a real day of {len(whole)} papers, and one of which a scrape brought {few}:")
    for name, said in (
        ("feeds failed", one),
        ("record failed", other),
        ("both", alike),
        ("neither", both or "nothing"),
    ):
        print(f"  {name:14} {said}")
    print(f"  a holiday      {holiday.why} ({holiday.name})")
    problems = [f"no alarm where the {name} failed" for name, said in (("feeds", one), ("record", other)) if not said]
    problems += [] if alike else ["no alarm where both witnesses failed"]
    problems += [f"a complete day raises an alarm: {both}"] if both else []
    return problems + ([] if holiday.why == "holiday" else [f"a holiday is {holiday.why}"])


# --- the bar ---------------------------------------------------------------------------------------------------------


def _table(tale: Tale, figures: Figures, missed: tuple[int, int]) -> None:
    faults = Counter(kind for kinds in tale.sky.wrong.values() for kind in kinds)
    spoilt = Counter(request.trouble for request in tale.server.requests if request.trouble)
    failed = Counter(row[3] for row in tale.rows["run"])
    print(f"faults planned: {', '.join(f'{n} {kind}' for kind, n in faults.most_common())}")
    print(f"requests spoilt: {', '.join(f'{n} {kind}' for kind, n in spoilt.most_common())}")
    print(f"{len(tale.kills)} kills; runs: {dict(failed)}; {len(tale.server.requests)} requests in all")
    calm, rough = figures.calm or [0], figures.rough or [0]
    rows: list[tuple[str, Any, Any]] = [
        ("announced papers past the horizon", figures.new, figures.new),
        ("  of them never delivered", figures.missed, missed[0]),
        ("  delivered after their day", figures.late_days, ""),
        ("  held 20 days and more", figures.held, ""),
        ("    delivered on their day", figures.held_in_time, ""),
        ("missing at the end, younger than 9 days", figures.young, ""),
        ("cross-lists that a topic waits for", figures.crosses, f"(of all {missed[1]})"),
        ("  of papers never heard of before", figures.crosses_unknown, ""),
        ("  missed", figures.crosses_missed, f"all {missed[1]}"),
        ("  lost with a feed (paper never heard of)", figures.crosses_lost, ""),
        ("  delivered for a category it had before", figures.loose, ""),
        ("versions and withdrawals told", figures.revised - figures.revisions_missed, ""),
        ("  of them v6 and later / withdrawals", f"{figures.unfed} / {figures.withdrawn}", ""),
        ("  missed", figures.revisions_missed, ""),
        ("  of papers never heard of before", figures.revised_strange, ""),
        ("    made before we came: not told", figures.revised_unknown, ""),
        ("messages repeated, all in doubt", figures.repeated, ""),
        ("requests on an ordinary day (mean, most)", f"{sum(calm) / len(calm):.0f}, {max(calm)}", ""),
        ("requests on any other (mean, most)", f"{sum(rough) / len(rough):.0f}, {max(rough)}", ""),
        ("requests closer than 3 s, or together", len(tale.server.violations), ""),
        ("announcements complete / faultless", f"{figures.complete} / {figures.clear}", ""),
        ("with a lacking witness / alarmed", f"{figures.lacking} / {figures.alarmed}", ""),
    ]
    print(f"{'':42} {'house':>12} {'newest first':>14}")
    for name, ours, theirs in rows:
        print(f"{name:42} {ours!s:>12} {theirs!s:>14}")


def _ended(volume: "subprocess.Popen[str]") -> list[str]:
    """Print what the week of real volume says, and return what is wrong with it."""
    said, _ = volume.communicate()
    print(said, end="")
    return [f"the days of real volume ended with {volume.returncode}"] if volume.returncode else []


def run(*, full: bool) -> int:
    size, seed = (FULL if full else REDUCED), 20261121
    # Beside all the rest, in processes of its own: alone it takes as long as the 60 days.
    command = [sys.executable, "-m", "tests.bars.harvest_volume"]
    volume = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) if full else None
    sky = weather(CALENDAR, size.first, size.days, size.stock, seed, Feeds.groups)
    tale = play(size, sky, seed=seed)
    figures = judge(tale)
    missed = baseline(tale, size)
    print(f"{size.days} days from {size.first}, {size.volume} papers a working day, seed {seed}")
    _table(tale, figures, missed)
    problems = tale.problems
    days, most = (3, 10_000) if full else (2, 300)
    short = replace(SHORT, days=days)
    few, many = (play(short, fair(CALENDAR, short.first, days), topics=number) for number in (10, most))
    counts = [len(each.server.requests) for each in (few, many)]
    print(f"{days} days without a fault: {counts[0]} requests with 10 topics, {counts[1]} with {most:,}")
    judge(many)
    problems += many.problems
    if counts[0] != counts[1]:
        problems.append("the number of requests depends on topics")
    if CORPUS.exists():
        problems += corpus()
    problems += harvest_load.check(full=full)
    if volume:
        problems += _ended(volume)
    for problem in problems[:40]:
        print(f"! {problem}")
    if len(problems) > 40:
        print(f"! and {len(problems) - 40} more")
    return 1 if problems else 0
