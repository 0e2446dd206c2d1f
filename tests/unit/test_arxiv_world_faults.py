"""The simulated arXiv's feeds, and faults that do what they say."""

import asyncio
import re
import time
from collections import Counter
from datetime import date
from xml.etree import ElementTree as ET

import aiohttp
import pytest

from tests.fakes.arxiv_world import CATEGORIES, HOUR, World
from tests.fakes.arxiv_world_guest import CALENDAR, THURSDAY, Visit, new_york, small, visit

# --- RSS -----------------------------------------------------------------------------------------------------------


def test_the_feeds_of_a_day_show_its_announcement_and_nothing_else() -> None:
    world = small(volume=150)
    groups = ["+".join(CATEGORIES[n::10]) for n in range(10)]

    async def what(guest: Visit) -> None:
        seen = {entry for group in groups for entry in await guest.feed(group)}
        shown = {id_ for id_, _ in seen}
        assert shown == {
            f"{e.id}v{e.version}" for e in world.announced(THURSDAY) if e.kind in {"new", "cross"} or e.version <= 5
        }
        for event in world.announced(THURSDAY):
            said = {how for id_, how in seen if id_ == f"{event.id}v{event.version}"}
            if event.kind == "new":
                assert "new" in said <= {"new", "cross"}
            elif event.kind == "cross":
                assert said == {"cross"}
            elif event.version <= 5:
                assert "replace" in said <= {"replace", "replace-cross"}
        assert [h for _, h in await guest.feed("cs+math")] == sorted(
            [h for _, h in await guest.feed("cs+math")], key=["new", "cross", "replace", "replace-cross"].index
        )

    visit(world, new_york("2026-11-19T00:20"), what)


@pytest.mark.parametrize("at", ["2026-11-21T12:00", "2026-11-22T23:59", "2026-11-27T09:00"])
def test_feeds_are_empty_at_weekends_and_on_holidays(at: str) -> None:
    async def what(guest: Visit) -> None:
        assert await guest.feed("+".join(CATEGORIES)) == []

    visit(small(), new_york(at), what)


def test_the_cap_drops_what_is_new_first() -> None:
    world = small(volume=60)

    async def what(guest: Visit) -> None:
        everything = await guest.feed("+".join(CATEGORIES))
        new = [entry for entry in everything if entry[1] == "new"]
        guest.server.rss_cap = len(everything) - 10
        capped = await guest.feed("+".join(CATEGORIES))
        assert set(everything) - set(capped) == set(new[-10:])
        guest.server.rss_cap = 2000
        guest.server.fault("capped", on="rss", group="cs.CV", until=guest.clock.now() + HOUR, times=None)
        assert await guest.feed("math")
        capped = await guest.feed("cs.LG+cs.CV")
        assert len(capped) == 2000
        assert not [entry for entry in capped if entry[1] == "new"]

    visit(world, new_york("2026-11-19T09:00"), what)


def test_a_feed_that_has_not_changed_is_not_sent_again() -> None:
    async def what(guest: Visit) -> None:
        await guest.feed("cs.CV+cs.LG")
        tag = guest.headers["ETag"]
        assert guest.headers["Cache-Control"] == f"max-age={12 * 3600 - 3}"
        assert (await guest.get("/rss/cs.CV+cs.LG", {"If-None-Match": tag}))[0] == 304
        guest.clock.set(new_york("2026-11-20T00:00"))
        assert (await guest.get("/rss/cs.CV+cs.LG", {"If-None-Match": tag}))[0] == 200

    visit(small(), new_york("2026-11-19T12:00"), what)


def test_a_name_that_arxiv_does_not_know_is_an_error_feed() -> None:
    async def what(guest: Visit) -> None:
        status, text = await guest.get("/rss/cs.CV+cs.ZZ")
        assert status == 400
        assert "Bad subject class &apos;ZZ&apos;" in text or "Bad subject class 'ZZ'" in text
        assert (await guest.get("/rss/chemistry"))[0] == 400

    visit(small(), new_york("2026-11-19T12:00"), what)


def test_a_stale_feed_shows_yesterday_under_todays_date() -> None:
    async def what(guest: Visit) -> None:
        fresh = await guest.feed("cs")
        guest.clock.set(new_york("2026-11-20T00:20"))
        guest.server.fault("stale", on="rss", group="cs")
        assert await guest.feed("math") != []
        assert await guest.feed("cs") == fresh
        assert await guest.feed("cs") != fresh

    visit(small(), new_york("2026-11-19T12:00"), what)


# --- faults --------------------------------------------------------------------------------------------------------


def test_faults_come_as_often_as_they_were_asked_for() -> None:
    async def what(guest: Visit) -> None:
        oai = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": "2026-11-18"}
        fault = guest.server.fault
        fault("rate", on="oai")
        fault("html", on="rss")
        assert (await guest.get("/oai", **oai)) == (200, "Rate exceeded.")
        assert "<html>" in (await guest.get("/rss/cs"))[1]
        fault("status", status=429, Retry_After="120")
        status, text = await guest.get("/oai", **oai)
        assert (status, text, guest.headers["Retry-After"]) == (429, "", "120")
        for path, query in (("/oai", oai), ("/rss/cs", {}), ("/api/query", {"search_query": "all:graphs"})):
            whole = (await guest.get(path, **query))[1]
            fault("truncated")
            cut = (await guest.get(path, **query))[1]
            assert len(cut) < len(whole)
            with pytest.raises(ET.ParseError):
                ET.fromstring(cut)
            fault("drop", after=1)
            assert (await guest.get(path, **query))[0] == 200
            with pytest.raises(aiohttp.ClientError):
                await guest.get(path, **query)
        for kind, code in (("no_records", "noRecordsMatch"), ("bad_token", "badResumptionToken")):
            fault(kind, on="oai")  # type: ignore[arg-type]  # two of them
            assert code in (await guest.get("/oai", **oai))[1]
        fault("stall", on="oai")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await guest.get("/oai", **oai)
        assert (await guest.get("/oai", **oai))[0] == 200

    visit(small(), new_york("2026-11-19T12:00"), what)


@pytest.mark.parametrize("witness", ["oai", "rss", "api"])
def test_a_witness_can_lack_a_part_of_a_day_until_it_heals(witness: str) -> None:
    world = small()
    heals = new_york("2026-11-19T18:00")
    hidden = world.hide(witness, THURSDAY, 0.4, until=heals)  # type: ignore[arg-type]  # three of them
    new = {e.id for e in world.announced(THURSDAY) if e.kind == "new"}
    assert len(hidden) == round(0.4 * len(new))

    async def look(guest: Visit) -> dict[str, set[str]]:
        atom = (await guest.get("/api/query", id_list=",".join(new), max_results="100"))[1]
        return {
            "oai": {r.id for r in await guest.harvest("2026-11-19")} & new,
            "rss": {id_.partition("v")[0] for id_, _ in await guest.feed("+".join(CATEGORIES))} & new,
            "api": set(re.findall(r"<id>http://arxiv.org/abs/([\d.]+)v1", atom)),
        }

    async def what(guest: Visit) -> None:
        assert await look(guest) == {name: new - hidden if name == witness else new for name in ("oai", "rss", "api")}
        guest.clock.set(heals)
        assert set(map(frozenset, (await look(guest)).values())) == {frozenset(new)}

    visit(world, new_york("2026-11-19T12:00"), what)


def test_impatience_is_recorded() -> None:
    async def what(guest: Visit) -> None:
        await guest.get("/rss/cs")
        guest.pause = 2.999
        await guest.get("/oai", verb="Identify")
        assert len(guest.server.violations) == 1
        guest.server.tolerance = 1
        await guest.get("/rss/cs")
        assert len(guest.server.violations) == 1
        guest.pause = 3
        guest.server.delay = 0.05
        await asyncio.gather(guest.get("/rss/cs"), guest.get("/oai", verb="Identify"))
        assert [v for v in guest.server.violations if "in flight" in v]

    server = visit(small(), new_york("2026-11-19T12:00"), what)
    assert server.per_day() == {THURSDAY: Counter(rss=3, oai=2)}


def test_who_has_hung_up_is_not_in_flight() -> None:
    async def what(guest: Visit) -> None:
        guest.server.fault("stall")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await guest.get("/rss/cs")
        await guest.get("/rss/cs")
        assert [request.together for request in guest.server.requests] == [1, 1]

    assert visit(small(), new_york("2026-11-19T12:00"), what).violations == []


def test_a_full_page_is_quick_and_does_not_hold_the_loop() -> None:
    world = World(CALENDAR, date(2026, 11, 9), volume=400, stock=500)
    world.advance(new_york("2026-11-20T12:00"))
    took: list[float] = []

    async def what(guest: Visit) -> None:
        asked = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": "2026-11-10"}

        async def beat() -> None:
            while True:
                start = time.perf_counter()
                await asyncio.sleep(0)
                took.append(time.perf_counter() - start)

        heart = asyncio.create_task(beat())
        assert len(re.findall("<record>", (await guest.get("/oai", **asked))[1])) == 2500
        heart.cancel()
        start = time.perf_counter()
        await guest.get("/oai", **asked)
        assert time.perf_counter() - start < 0.5

    visit(world, new_york("2026-11-20T12:00"), what)
    assert max(took) < 0.3
