"""What is said of each announcement: on the command line, in /status, in digests, in both languages."""

# ruff: noqa: RUF001 - Chinese punctuation is meant

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot import report, resources
from bot.app import opened
from bot.clock import clock
from bot.config import Settings
from bot.core.calendar import Calendar
from bot.errors import ConfigError, Later
from bot.flow import harvest, silence
from bot.model import Coverage, Doubt, Feed, Paper, Record, Version
from bot.platforms import console_view
from bot.store.store import Store
from bot.words import WORDS
from tests.fakes.house import House
from tests.unit.test_harvest import Arxiv, begun, go, record, step, turn, utc

CALENDAR = Calendar.of(resources.data("calendar.json"))
NOW = "2026-11-20T12:00:00Z"
LISTINGS = list(CALENDAR.listings(date(2026, 5, 1), date(2026, 11, 20)))
DOUBTS = [key for key in WORDS["en"] if key.startswith("doubt_")]


# --- the table -------------------------------------------------------------------------------------------------------


def coverage(folder: Path, days: int, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    settings = Settings(database_url=str(folder / "paperboy.db"), clock=f"simulated {NOW}")
    code = asyncio.run(report.coverage(settings, days))
    return code, capsys.readouterr().out.splitlines()


def ledger(folder: Path, what: Callable[[Store], Awaitable[None]]) -> None:
    async def play() -> None:
        store = Store(folder / "paperboy.db", clock(f"simulated {NOW}"))
        await store.open()
        await store.set_note("began", "1")
        try:
            await what(store)
        finally:
            await store.close()

    asyncio.run(play())


async def heard(store: Store, listing: date, oai: int, rss: int, doubts: Sequence[Doubt] = ()) -> None:
    day = listing.isoformat()
    await store.open_day(day)
    papers = [
        Paper(f"{listing:%y%m}.{100 * listing.day + n:05}", 1, "T", "A", (), ("cs.CV",), 1, 1) for n in range(oai)
    ]
    await store.take([Record(paper, (Version(1, 1),)) for paper in papers], lambda _: day, baseline=False, floor=0)
    await store.said_oai(day)
    await store.said_rss(day, rss, 1, doubts)
    await store.said_audit(day, 0)


def rows(lines: Sequence[str]) -> list[list[str]]:
    """Cells of those lines that begin an announcement."""
    return [line.strip().split(None, 9) for line in lines if re.match(r"(Mon|Tue|Wed|Thu|Fri) \d", line)]


def test_any_number_of_announcements_can_be_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    async def what(store: Store) -> None:
        for listing in LISTINGS:
            await heard(store, listing, 20, 20)
            await store.complete(listing.isoformat())

    ledger(tmp_path, what)
    assert len(LISTINGS) > 130
    for asked in (1, 10, 70, 100, 120, 10_000, 10**12):
        code, lines = coverage(tmp_path, asked, capsys)
        found = rows(lines)
        assert code == 0
        assert len(found) == min(asked, len(LISTINGS))
        names = [f"{listing:%a} {listing.day} {listing:%b}" for listing in reversed(LISTINGS)]
        assert [" ".join(row[:3]) for row in found] == names[:asked]
        assert all(row[3:9] == ["20", "20", "20", "1", "0", "0"] for row in found)
        assert max(map(len, lines)) <= 80
        assert len(lines) == len(found) + 2  # each in a line of its own, the heading, and what comes next
        assert lines[-1] == "arXiv has not announced yet; it does Mon 23 Nov 01:00."


def test_a_day_is_held_against_the_ten_weeks_before_it_however_old_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    few = LISTINGS[40]

    async def what(store: Store) -> None:
        for listing in LISTINGS:
            await heard(store, listing, 4 if listing == few else 20 + 60 * (listing < few), 4 if listing == few else 20)
            if listing != few:
                await store.complete(listing.isoformat())

    ledger(tmp_path, what)
    _, lines = coverage(tmp_path, 500, capsys)
    (row,) = [row for row in rows(lines) if "complete" not in row[9]]
    assert row[9] == "4 papers are few for that weekday, which usually brings 80."


def test_what_does_not_fit_stands_in_its_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    one, two, three, four = LISTINGS[-4:]

    async def what(store: Store) -> None:
        await heard(store, one, 20, 20)
        await store.complete(one.isoformat())
        await heard(store, two, 20, 5)
        await heard(
            store, three, 20, 20, [Doubt("doubt_repeated", "cs.CC+cs.CE+cs.CG"), Doubt("doubt_cut", "cs.LG", 2000)]
        )
        await store.open_day(four.isoformat())

    ledger(tmp_path, what)
    code, lines = coverage(tmp_path, 10, capsys)
    assert code == 0
    text = " ".join(" ".join(lines).split())
    found = rows(lines)
    assert [row[3:9] for row in found] == [
        ["0", "–", "–", "0", "–", "0"],
        ["20", "20", "20", "1", "0", "0"],
        ["20", "20", "5", "1", "0", "0"],
        ["20", "20", "20", "1", "0", "0"],
    ]
    assert found[0][9] == "The witnesses are not all heard yet."
    assert found[1][9].startswith("The feed of cs.CC + 2 is still that of an earlier day. The feed of")
    assert "cs.LG has 2,000 items, where arXiv cuts a feed" in text
    assert found[2][9] == "The feeds name 5 new papers, the record 20."
    assert found[3][9] == "complete Fri 20 Nov 12:00"


def test_without_anything_it_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = coverage(tmp_path, 10, capsys)
    assert code == 1
    assert "There is no ledger" in lines[0]

    async def nothing(store: Store) -> None:
        assert await store.coverage("") == []

    ledger(tmp_path, nothing)
    code, lines = coverage(tmp_path, 10, capsys)
    assert code == 0
    assert lines[0] == "Nothing was announced yet since this ledger began."


def test_the_ledger_holds_data_and_bears_a_sentence_of_an_earlier_one(tmp_path: Path) -> None:
    doubts = (Doubt("doubt_cut", "cs.LG", 2000), Doubt("doubt_other_day", "math+math-ph"))

    async def what(store: Store) -> None:
        await heard(store, LISTINGS[-1], 3, 3, doubts)
        assert (await store.coverage(""))[0].doubts == doubts
        with sqlite3.connect(tmp_path / "paperboy.db") as db:
            ((text,),) = db.execute("SELECT alarm FROM coverage")
            assert text == '[["doubt_cut", "cs.LG", 2000, 0], ["doubt_other_day", "math+math-ph", 0, 0]]'
            db.execute("UPDATE coverage SET alarm = 'The feed of cs.LG is of another day.'")
        assert (await store.coverage(""))[0].doubts == ()

    ledger(tmp_path, what)


# --- sentences -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "english", "chinese"),
    [
        (
            Coverage("2026-11-19", 1284, 1284, 1280, 0, 0, 2, 1),
            "Thu 19 Nov: 1,284 papers, complete, 2 late.",
            "11月19日 周四：1,284 篇论文，完整，2 篇迟到。",
        ),
        (
            Coverage("2026-11-19", 1284, 1284, 1280, 0, 0, 0, 1),
            "Thu 19 Nov: 1,284 papers, complete.",
            "11月19日 周四：1,284 篇论文，完整。",
        ),
        (
            Coverage("2026-11-19", 1, 1),
            "Thu 19 Nov: 1 paper so far. The witnesses are not all heard yet.",
            "11月19日 周四：目前 1 篇论文。尚未核对完所有来源。",
        ),
        (
            Coverage("2026-11-19", 1284, 1284, 120),
            "Thu 19 Nov: 1,284 papers so far. The feeds name 120 new papers, the record 1,284.",
            "11月19日 周四：目前 1,284 篇论文。订阅源有 120 篇新论文，记录库有 1,284 篇。",
        ),
    ],
)
def test_a_day_in_a_line(day: Coverage, english: str, chinese: str) -> None:
    assert silence.day(day, [day], "en") == english
    assert silence.day(day, [day], "zh") == chinese


@pytest.mark.parametrize("key", DOUBTS)
def test_every_doubt_is_said_in_the_language_of_the_chat(key: str) -> None:
    day = Coverage("2026-11-19", 9, doubts=(Doubt(key, "cs.CC+cs.CE", 1234, 5678),))
    english, chinese = (silence.doubtful(day, [day], language) for language in ("en", "zh"))
    assert english.endswith(".")
    assert chinese.endswith("。")
    assert not re.search(r"[a-z]{3}", chinese.replace("arXiv", ""))
    assert set(re.findall(r"[\d,]{2,}|cs\S+ \+ 1", english)) == set(re.findall(r"[\d,]{2,}|cs\S+ \+ 1", chinese))
    assert "cs.CE" not in english  # a group may name dozens of categories


# --- /status ---------------------------------------------------------------------------------------------------------


async def status(found: House, language: str = "en") -> str:
    (text,) = await found.say("/status", replace(found.chat("all"), language=language))
    return text


def test_status_tells_of_the_last_days_and_why_nothing_is_there(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        await begun(found, arxiv)
        step(found, to="2026-11-17T15:00")
        assert "arXiv has not announced yet; it does Wed 18 Nov 01:00." in await status(found)
        step(found, to="2026-11-18T02:00")
        assert "arXiv has announced; it can be read by Wed 18 Nov 03:30." in await status(found)
        papers = [record(f"2611.{n:05}", ("cs.CV" if n % 2 else "math.AG",)) for n in range(2, 12)]
        arxiv.pages = [papers]
        for group in arxiv.groups:
            of = [each.paper for each in papers if each.paper.categories[0].startswith(group)]
            arxiv.show(group, "2026-11-18T05:10", *of)
        step(found, to="2026-11-18T07:40")
        await turn(found)
        assert "Wed 18 Nov: 10 papers, complete." in await status(found)
        # the day after, a feed repeats itself
        arxiv.pages = [[record("2611.00012", day="2026-11-19"), record("2611.00013", day="2026-11-19")]]
        arxiv.show("math", "2026-11-19T05:10", record("2611.00013", ("math.AG",)).paper)
        arxiv.show("cs", "2026-11-19T05:10", *(each.paper for each in papers[1::2]))
        step(found, to="2026-11-19T07:40")
        await turn(found)
        said = await status(found)
        assert "Thu 19 Nov: 2 papers so far. The feed of cs is still that of an earlier day." in said
        assert "Wed 18 Nov: 10 papers, complete." in said
        await found.say("/settings language zh", found.chat("all"))
        said = await status(found, "zh")
        assert "11月19日 周四：目前 2 篇论文。cs 的订阅源还是前一天的。" in said
        assert "11月18日 周三：10 篇论文，完整。" in said
        await found.say("/settings language en", found.chat("all"))
        # arXiv wants fewer requests
        arxiv.pages = [Later("arXiv asks for fewer requests (HTTP 429): it is asked again in 7200 seconds.", wait=7200)]
        step(found, to="2026-11-20T04:00")
        await turn(found)
        said = await status(found)
        assert "failed: arXiv asks for fewer requests (HTTP 429)" in said
        assert "Next try: Fri 20 Nov 06:00." in said
        assert "arXiv is behind its own calendar." in said  # nobody has seen Friday's, and it is past its hour
        step(found, to="2026-11-21T15:00")
        assert "weekend" not in await status(found)  # while Friday's is missing, that is what is to be said
        arxiv.pages = [[record("2611.00014", day="2026-11-20")]]
        await turn(found)
        arxiv.shown = dict.fromkeys(arxiv.groups, Feed((), utc("2026-11-20T05:10"), ""))
        said = await status(found)
        assert "arXiv is behind" not in said

    go(what, tmp_path)


def test_on_a_weekend_and_on_a_holiday_it_says_so(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        await begun(found, arxiv)
        step(found, to="2026-11-21T15:00")
        assert "It is weekend there; the next announcement comes Mon 23 Nov 01:00." in await found_expected(found)
        step(found, to="2026-11-27T15:00")
        assert "arXiv did not announce (Thanksgiving); the next announcement comes" in await found_expected(found)

    async def found_expected(found: House) -> str:
        return await silence.expected(found.store, found.ports, "UTC", "en")

    go(what, tmp_path)


# --- digests ---------------------------------------------------------------------------------------------------------


def test_a_digest_before_its_day_is_complete_says_so_and_what_is_late_is_marked_in_the_next(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        def texts(since: int) -> list[str]:
            return [console_view.text(console_view.load(payload)) for _, payload in found.fake.sent[since:]]

        note = "arXiv's announcement of Wed 18 Nov was not complete when this was composed; what is late comes next."
        await begun(found, arxiv)
        step(found, to="2026-11-18T04:00")
        arxiv.pages = [[record("2611.00002"), record("2611.00004")]]
        await harvest.look(found.store, found.ports)  # the record has it, the feeds are not there yet
        await found.drain()
        (first,) = texts(0)
        assert note in first
        assert "late: found" not in first
        for group in arxiv.groups:
            arxiv.show(group, "2026-11-18T05:10", record("2611.00002").paper, record("2611.00004").paper)
        step(found, to="2026-11-18T07:40")
        await turn(found)
        assert (await found.store.coverage(""))[0].complete_at
        assert texts(1) == []
        # hours later the audit finds what stood between those two
        arxiv.here["2611.00003"] = record("2611.00003").paper
        step(found, to="2026-11-18T15:40")
        await turn(found)
        (late,) = texts(1)
        assert "On 2611.00003" in late
        assert "↻ late: found after its day was called complete" in late
        assert "was not complete" not in late
        assert (await found.store.coverage(""))[0].late == 1
        assert "Wed 18 Nov: 3 papers, complete, 1 late." in await status(found)

    go(what, tmp_path)


# --- a calendar of one's own -----------------------------------------------------------------------------------------


async def read(folder: Path, path: Path) -> Calendar:
    settings = Settings(database_url=str(folder / "paperboy.db"), calendar=str(path))
    async with opened(settings, archive_too=False) as app:
        assert app.ports.calendar is app.calendar
        return app.calendar


def test_a_file_of_ones_own_extends_the_shipped_calendar(tmp_path: Path) -> None:
    path = tmp_path / "own.json"
    path.write_text(
        '{"about": "ours", "deferred": [{"day": "2026-11-18", "name": "Flood"}], "announced": ["2026-11-26"]}'
    )
    own = asyncio.run(read(tmp_path, path))
    assert CALENDAR.is_listing(date(2026, 11, 19))
    assert not own.is_listing(date(2026, 11, 19))
    assert own.expected(utc("2026-11-19T12:00"), date(2026, 11, 18)).name == "Flood"
    assert own.is_listing(date(2026, 11, 27))  # arXiv's own word on Thanksgiving is overruled
    assert not own.is_listing(date(2026, 12, 28))  # the rest stays


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "cannot be read as JSON"),
        ("{", "cannot be read as JSON"),
        ("\udcff", "cannot be read as JSON"),
        ("[]", "must hold"),
        ('"2026-11-18"', "must hold"),
        ('{"holidays": []}', '"holidays" means nothing'),
        ('{"deferred": "2026-11-18"}', '"deferred" must be a list'),
        ('{"deferred": ["2026-11-18"]}', 'needs a "day"'),
        ('{"deferred": [{"day": "18 Nov"}]}', "is no date"),
        ('{"deferred": [{"day": "2026-11-18", "by": "me"}]}', "use arxiv, rule or owner"),
        ('{"announced": ["soon"]}', "is no date"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence_that_names_it(tmp_path: Path, text: str | None, why: str) -> None:
    path = tmp_path / "own.json"
    if text is not None:
        path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigError) as told:
        asyncio.run(read(tmp_path, path))
    said = str(told.value)
    assert said.startswith("PAPERBOY_CALENDAR")
    assert str(path) in said
    assert why in said
    assert "\n" not in said
