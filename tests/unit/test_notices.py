"""New versions and withdrawals: which are told, to whom, and how that looks on each platform."""

import sqlite3
from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bot import resources
from bot.core import post
from bot.core.calendar import Calendar
from bot.core.events import happened, serial
from bot.flow import harvest
from bot.flow.match import match
from bot.model import Chat, Digest, Entry, Happened, Notice, Paper, Record, Summary, Version
from bot.platforms import console_view, discord_view, telegram_html
from tests.fakes.arxiv_world import World
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.harvest_house import EVERYTHING, Box, NetClock, living, subscribe
from tests.fakes.house import House
from tests.fakes.idle import run as run_on
from tests.unit.test_harvest import Arxiv, go, record, step, utc

CALENDAR = Calendar.of(resources.data("calendar.json"))
DAY = 86_400_000  # ms


# --- which are told --------------------------------------------------------------------------------------------------


@given(st.integers(1, 9), st.integers(0, 20), st.integers(0, 20), st.booleans())
def test_a_new_version_of_a_paper_unknown_to_us_is_told_if_it_was_made_since(
    number: int, made: int, since: int, gone: bool
) -> None:
    said = record("2201.00001", version=number, withdrawn=gone)
    said = replace(said, paper=replace(said.paper, updated=made))
    found = happened(said, None, serial("2611.00009"), since)
    told = number > 1 and made >= since
    assert found == ((Happened("2201.00001", "withdrawn" if gone else "replace", number),) if told else ())
    assert happened(said, None, serial("2611.00009")) == ()
    assert [each.kind for each in happened(said, None, 0, since)] == ["new"]  # whatever its versions


def revised(id_: str, version: int, made: str, stamp: str, *, gone: bool = False) -> Record:
    versions = (*(Version(n, utc("2022-01-01")) for n in range(1, version)), Version(version, utc(made)))
    paper = Paper(id_, version, f"On {id_}", "We show it.", ("Ada One",), ("cs.CV",), utc("2022-01-01"), utc(made))
    return Record(paper, versions, withdrawn=gone, stamp=utc(stamp))


def test_a_v7_and_a_withdrawal_of_unknown_papers_reach_who_asked_and_a_bulk_edit_nobody(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        await subscribe(found, replace(found.chat("keen"), revisions=True), EVERYTHING)
        arxiv.pages = [[record("2611.00001", day="2026-11-17")]]
        await harvest.look(found.store, found.ports)
        await found.drain()
        began = "2026-11-17T12:00"
        step(found, to="2026-11-19T04:00")
        arxiv.pages = [
            [
                revised("2201.00001", 7, "2026-11-18T01:00", "2026-11-19"),
                revised("2202.00002", 2, "2026-11-18T02:00", "2026-11-19", gone=True),
                revised("2203.00003", 2, "2026-11-17T11:59", "2026-11-19"),  # made before we came
                revised("math/0611800", 3, began, "2026-11-19"),
                *(revised(f"2301.{n:05}", 1 + n % 5, "2023-05-05", "2026-11-19") for n in range(1, 400)),
            ]
        ]
        for _ in range(2):  # the second time nothing is new
            await harvest.look(found.store, found.ports)
            await found.drain()
        ((chat, payload),) = found.fake.sent
        assert chat == "fake:keen"
        text = console_view.text(console_view.load(payload))
        assert "3 revisions" in text
        assert "↻ New version (v7): On 2201.00001" in text
        assert "✕ Withdrawn (v2): On 2202.00002" in text
        assert "↻ New version (v3): On math/0611800" in text
        assert "2203" not in text
        assert "2301" not in text
        assert [day.papers for day in await found.store.coverage("")] == [0]  # they are none of the day's papers
        # what was known from then on is told by comparison, once
        arxiv.pages = [[revised("2201.00001", 8, "2026-11-19T01:00", "2026-11-20")]]
        step(found, to="2026-11-20T04:00")
        await harvest.look(found.store, found.ports)
        await found.drain()
        assert len(found.fake.sent) == 2

    go(what, tmp_path)


def test_a_version_that_was_made_long_before_its_record_changed_is_silent(tmp_path: Path) -> None:
    async def what(found: House, arxiv: Arxiv) -> None:
        await subscribe(found, replace(found.chat("keen"), revisions=True), EVERYTHING)
        arxiv.pages = [[record("2611.00001", day="2026-11-17")]]
        await harvest.look(found.store, found.ports)
        step(found, to="2026-12-20T04:00")
        arxiv.pages = [[record("2612.00001", day="2026-12-18")]]
        await harvest.look(found.store, found.ports)
        await found.drain()
        before = len(found.fake.sent)
        arxiv.pages = [
            [
                revised("2201.00001", 7, "2026-11-20", "2026-12-20"),  # we should have seen it in November: an edit now
                revised("2201.00002", 7, "2026-12-09", "2026-12-20"),
            ]
        ]
        await harvest.look(found.store, found.ports)
        await found.drain()
        ((_, payload),) = found.fake.sent[before:]
        text = console_view.text(console_view.load(payload))
        assert "2201.00002" in text
        assert "2201.00001" not in text

    go(what, tmp_path)


def test_in_a_simulated_archive_every_revision_is_told_and_only_those(tmp_path: Path) -> None:
    """Ten days with an edit of everything among them; held against the archive's own list."""
    clock = NetClock(utc("2026-11-10T12:00"))
    world = World(CALENDAR, date(2026, 11, 4), 2, 15, 300, bulk={date(2026, 11, 14): 300})
    for listing, id_ in zip((12, 13, 17, 18), list(world.entries)[::60], strict=False):
        world.wish(date(2026, 11, listing), "withdrawn", id_)

    async def play() -> None:
        box = Box(clock)
        async with WorldServer(world, clock) as server, living(tmp_path, clock, server, box) as found:
            await subscribe(found, found.chat("plain"), EVERYTHING)
            await subscribe(found, replace(found.chat("keen"), revisions=True), EVERYTHING)
            await harvest.look(found.store, found.ports)
            began = clock.now()
            while clock.now() < utc("2026-11-20T12:00"):
                await clock.sleep(6 * 3600)
                await harvest.look(found.store, found.ports)
                await match(found.store, found.ports, "match:new")
                await found.drain()
            with sqlite3.connect(tmp_path / "paperboy.db") as db:
                told = set(db.execute("SELECT paper, version, kind FROM notice WHERE chat = 'fake:keen'"))
                assert not db.execute("SELECT 1 FROM notice WHERE chat <> 'fake:keen'").fetchone()
            real = {
                (event.id, event.version, event.kind): event.submitted
                for event in world.all_announced(clock.now())
                if event.kind in {"replace", "withdrawn"} and event.at > began
            }
            assert told <= real.keys()
            assert {each for each, submitted in real.items() if submitted >= began} <= told
            assert {kind for *_, kind in told} == {"replace", "withdrawn"}

    run_on(play(), clock)


# --- how they look ---------------------------------------------------------------------------------------------------

PAPER = Paper("2411.19525", 7, "LokiTalk: <NeRF>", "We do.", ("Ada One",), ("cs.CV",), 1, utc("2026-11-19"))
GONE = replace(PAPER, id="math/0611800", version=2, title="On $x^2$", comment="withdrawn: an error in *Lemma 2*")
NOTICES = (Notice(PAPER, 7, "replace"), Notice(GONE, 2, "withdrawn"))
CHAT = Chat("telegram:1", "telegram", "1", zone="Europe/Berlin", revisions=True)
ENTRY = Entry(replace(PAPER, id="2611.00001", version=1, title="Ditto"), Summary("It is so.", ()), "talking heads")
DIGEST = Digest("telegram:1@1", CHAT, utc("2026-11-20T07:30"), 1284, (ENTRY,), notices=NOTICES)


def test_on_telegram() -> None:
    assert telegram_html.render(post.digest(replace(DIGEST, entries=()))) == (
        "<b>Fri 20 Nov · 2 revisions</b>\n\n"
        '↻ New version (v7): <a href="https://arxiv.org/abs/2411.19525"><b>LokiTalk: &lt;NeRF&gt;</b></a>\n\n'
        '✕ Withdrawn (v2): <a href="https://arxiv.org/abs/math/0611800"><b>On x²</b></a>\n'
        "<i>Comment: withdrawn: an error in *Lemma 2*</i>"
    )


def test_on_discord() -> None:
    head, *cards = discord_view.render(post.digest(replace(DIGEST, entries=())))
    assert head == {"type": 10, "content": "**Fri 20 Nov · 2 revisions**"}
    one, other = [[each["content"] for each in card["components"]] for card in cards]
    page = "https://arxiv.org/abs/2411.19525"
    assert one == [f"↻ New version (v7): **[LokiTalk:]({page}) \\<[NeRF>]({page})**"]
    page = "https://arxiv.org/abs/math/0611800"
    assert other == [f"✕ Withdrawn (v2): **[On x²]({page})**\n-# Comment: withdrawn: an error in \\*Lemma 2\\*"]


def test_in_the_terminal() -> None:
    assert console_view.text(post.digest(DIGEST)).splitlines() == [
        "talking heads · Fri 20 Nov · 1 of 1,284 new papers",
        "1  Ditto",
        "Ada One · cs.CV · 1 Jan 1970",
        "It is so.",
        "abstract · pdf",
        "↻ New version (v7): LokiTalk: <NeRF>",
        "✕ Withdrawn (v2): On x²",
        "Comment: withdrawn: an error in *Lemma 2*",
        "Summaries: the authors' own sentences, picked from the abstract; no model.",
    ]


def test_in_chinese() -> None:
    chat = replace(CHAT, language="zh")
    lines = console_view.text(post.digest(replace(DIGEST, chat=chat, entries=()))).splitlines()
    assert lines[0] == "11月20日 周五 · 2 条修订"
    assert lines[1].endswith("LokiTalk: <NeRF>")
    assert "New version" not in lines[1]


def test_one_alone_is_one() -> None:
    alone = post.digest(replace(DIGEST, entries=(), notices=NOTICES[:1]))
    assert (alone.title, alone.items[0].paper) == ("Fri 20 Nov · 1 revision", "")


def test_in_a_forum_of_posts_they_are_one_post_and_none_is_lost() -> None:
    posts = post.apart(DIGEST)
    told = [discord_view.text(each).count("version (v7)") for each in posts]
    assert sorted(told) == [0, 1]
    assert [each.papers for each in posts] == [(), ("2611.00001",)]
    (only,) = post.apart(replace(DIGEST, entries=()))
    assert only.title == "Fri 20 Nov · 2 revisions"
    assert post.apart(replace(DIGEST, notices=()))[0].papers == ("2611.00001",)


def test_where_nothing_else_can_be_set_their_titles_are() -> None:
    assert console_view.text(post.bare(DIGEST)).splitlines() == ["Ditto", "LokiTalk: <NeRF>", "On $x^2$"]
