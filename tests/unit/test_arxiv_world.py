"""The simulated archive is consistent, and OAI and the query API tell of it as arXiv would."""

import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.core.times import ms
from bot.sources.arxiv_api import ArxivApi
from tests.fakes.arxiv_world import CATEGORIES, DAY, HOUR, World, utc_day
from tests.fakes.arxiv_world_guest import CALENDAR, FIRST, THURSDAY, Record, Visit, folded, new_york, small, visit
from tests.fakes.ports import OpenGate

# --- the world -----------------------------------------------------------------------------------------------------


def test_the_seed_decides_whoever_asks_and_whenever() -> None:
    one, other, third = small(), small(), small(seed=1)
    one.announced(date(2026, 11, 24))
    for at in range(new_york("2026-11-09T00:00"), new_york("2026-11-20T12:00"), 7 * HOUR):
        other.advance(at)
    for world in (one, other, third):
        world.advance(new_york("2026-11-20T12:00"))
    assert one.all_announced() == other.all_announced() != third.all_announced()
    assert {i: (e.stamp, e.categories, e.versions) for i, e in one.entries.items()} == {
        i: (e.stamp, e.categories, e.versions) for i, e in other.entries.items()
    }


def test_sixty_days_are_made_in_no_time_and_hold_everything_that_happens() -> None:
    start = time.perf_counter()
    world = World(CALENDAR, FIRST)
    world.advance(ms(datetime(2026, 11, 30, 12, tzinfo=UTC)))
    assert time.perf_counter() - start < 3
    events = world.all_announced()
    kinds = Counter(event.kind for event in events)
    assert 2200 < kinds["new"] < 3600
    assert kinds["replace"] > 1000
    assert min(kinds["cross"], kinds["withdrawn"]) > 10
    held = [e for e in events if e.kind == "new" and e.at - e.submitted > 24 * DAY]
    assert held, "some wait for weeks, and get an id of the month in which they come out"
    assert all(e.id[:4] == f"{e.listing - timedelta(days=1):%y%m}" for e in held)
    first_of_december = {e.id[:4] for e in world.announced(date(2026, 12, 1)) if e.kind == "new"}
    assert first_of_december == {"2611"}, "it is still November in New York, as with 2511.23462 of 1 December 2025"
    assert [e for e in events if e.kind == "cross" and e.id.startswith("22")], "an old paper comes to new readers"
    assert max(e.version for e in events) >= 7
    assert {c for e in events if e.kind == "new" for c in e.categories} == set(CATEGORIES)
    assert len(CATEGORIES) == 155
    assert all(world.entries[e.id].versions[-1].source == "I" for e in events if e.kind == "withdrawn")


def test_ids_are_dense_but_for_the_gaps_and_a_paper_has_one_event_a_listing() -> None:
    world = World(CALENDAR, FIRST, gap=0.02)
    world.advance(new_york("2026-11-20T12:00"))
    events = world.all_announced()
    for month in ("2610", "2611"):
        given = {e.id for e in events if e.kind == "new" and e.id.startswith(month)}
        missing = {gap for gap in world.gaps if gap.startswith(month)}
        assert missing
        assert not given & missing
        assert given | missing == {f"{month}.{n:05}" for n in range(1, len(given) + len(missing) + 1)}
    assert max(Counter((e.listing, e.id) for e in events).values()) == 1
    for listing in CALENDAR.listings(FIRST, THURSDAY):
        first, last = CALENDAR.window(listing)
        for event in world.announced(listing):
            assert event.submitted < last
            assert event.kind == "new" or event.submitted >= first
    assert world.announced(date(2026, 11, 21)) == []


def test_what_a_test_wishes_for_happens() -> None:
    world = small()
    old = next(id_ for id_, entry in world.entries.items() if "econ.GN" not in entry.categories and entry.planned < 6)
    world.submit(THURSDAY, new_york("2026-10-24T12:00"), ("cs.CV", "eess.IV"))
    world.wish(THURSDAY, "cross", old, ("econ.GN",))
    world.wish(date(2026, 11, 20), "withdrawn", old)
    assert (old, "cross", ("econ.GN",)) in {(e.id, e.kind, e.categories) for e in world.announced(THURSDAY)}
    assert [e.categories for e in world.announced(THURSDAY) if e.submitted == new_york("2026-10-24T12:00")] == [
        ("cs.CV", "eess.IV")
    ]
    assert (old, "withdrawn") in {(e.id, e.kind) for e in world.announced(date(2026, 11, 20))}


def test_a_bulk_day_restamps_the_stock_and_announces_nothing() -> None:
    world = small(bulk={THURSDAY: 300}, volume=5)  # type: ignore[arg-type]  # one is no number
    world.advance(ms(datetime(2026, 11, 19, 12, tzinfo=UTC)))
    assert len(world.days["2026-11-19"]) >= 300
    assert sum(event.at >= new_york("2026-11-18T20:00") for event in world.all_announced()) < 40


# --- OAI-PMH -------------------------------------------------------------------------------------------------------


def test_a_naive_client_sees_every_event_of_sixty_faultless_days() -> None:
    world = World(CALENDAR, FIRST)
    known: dict[str, Record] = {}

    async def what(guest: Visit) -> None:
        for record in await guest.harvest("2005-09-16"):
            known[record.id] = record
        for listing in CALENDAR.listings(FIRST, date(2026, 11, 30)):
            guest.clock.set(world.public_at(listing) + 60_000)
            seen: set[tuple[str, str, frozenset[str], int]] = set()
            for record in await guest.harvest(utc_day(guest.clock.now() - 4 * DAY)):
                old = known.get(record.id)
                known[record.id] = record
                if old is None:
                    seen.add((record.id, "new", folded(record.categories), record.versions))
                    continue
                if gained := folded(record.categories) - folded(old.categories):
                    seen.add((record.id, "cross", gained, record.versions))
                if record.versions > old.versions:
                    kind = "withdrawn" if record.source == "I" else "replace"
                    seen.add((record.id, kind, folded(record.categories), record.versions))
            assert seen == {(e.id, e.kind, folded(e.categories), e.version) for e in world.announced(listing)}, listing

    server = visit(world, CALENDAR.announced(FIRST) - HOUR, what)
    assert server.violations == []
    assert len(known) == len(world.entries)


def test_offset_paging_loses_as_many_records_as_are_restamped_and_the_overlap_finds_them() -> None:
    world = small(volume=150)

    async def what(guest: Visit) -> None:
        due = {e.id for e in world.entries.values() if e.stamp >= "2026-11-18"}
        day = {e.id for e in world.entries.values() if e.stamp == "2026-11-18"}
        assert len(day) > 100
        guest.server.fault("restamp", count=7)
        got = await guest.harvest("2026-11-18")
        lost = due - {record.id for record in got}
        assert len(lost) == 7
        moved = {i for i in day if world.entries[i].stamp == "2026-11-19"}
        assert len(moved) == 7
        assert lost <= day - moved
        twice = [i for i, n in Counter(record.id for record in got).items() if n > 1]
        assert set(twice) == moved, "they come again, at the end"
        assert {record.id for record in await guest.harvest("2026-11-18")} == due

    world.advance(new_york("2026-11-19T12:00"))
    visit(world, new_york("2026-11-19T12:00"), what, page=50)


@pytest.mark.parametrize("prefix", ["arXiv", "arXivRaw"])
@pytest.mark.parametrize("page", [7, 100, 2500])
def test_pages_of_any_size_bring_everything_once(prefix: str, page: int) -> None:
    world = small()

    async def what(guest: Visit) -> None:
        got = [record.id for record in await guest.harvest("2026-11-10", prefix)]
        assert Counter(got) == Counter(e.id for e in world.entries.values() if e.stamp >= "2026-11-10")

    server = visit(world, new_york("2026-11-20T12:00"), what, page=page)
    assert server.violations == []


def test_errors_of_oai_come_under_http_200() -> None:
    async def what(guest: Visit) -> None:
        asked = {"verb": "ListRecords", "metadataPrefix": "arXivRaw"}
        for query, code in (
            ({**asked, "from": "2026-11-21"}, "noRecordsMatch"),  # a Saturday in the future
            ({**asked, "from": "yesterday"}, "badArgument"),
            ({**asked, "until": "2026-12-01"}, "badArgument"),
            ({**asked, "metadataPrefix": "marc"}, "cannotDisseminateFormat"),
            ({**asked, "resumptionToken": "x"}, "badArgument"),
            ({"verb": "ListRecords", "resumptionToken": "x"}, "badResumptionToken"),
            ({"verb": "Explain"}, "badVerb"),
            ({"verb": "GetRecord", "identifier": "oai:arXiv.org:x", "metadataPrefix": "arXiv"}, "idDoesNotExist"),
        ):
            status, text = await guest.get("/oai", **query)
            assert status == 200
            assert f"<error code='{code}'>" in text
        _, token = await guest.page(**asked)
        assert token
        assert "skip%3D" in token
        guest.clock.set(ms(datetime(2026, 11, 20, 23, 59, tzinfo=UTC)))
        assert (await guest.page(verb="ListRecords", resumptionToken=token))[0]
        guest.clock.set(ms(datetime(2026, 11, 21, tzinfo=UTC)))
        assert "badResumptionToken" in (await guest.get("/oai", verb="ListRecords", resumptionToken=token))[1]

    visit(small(), new_york("2026-11-20T12:00"), what, page=20)


def test_lists_may_be_an_hour_old_and_an_empty_one_is_kept_until_midnight() -> None:
    async def what(guest: Visit) -> None:
        asked = {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": "2026-11-19"}
        assert "noRecordsMatch" in (await guest.get("/oai", **asked))[1]
        guest.clock.set(new_york("2026-11-18T22:31"))
        assert "noRecordsMatch" in (await guest.get("/oai", **asked))[1]
        fresh = {**asked, "from": "2026-11-18"}
        before = (await guest.get("/oai", **fresh))[1]
        guest.server.world.restamp([next(i for i, e in guest.server.world.entries.items() if e.stamp < "2026-11")])
        assert (await guest.get("/oai", **fresh))[1] == before
        guest.clock.step(3600)
        assert (await guest.get("/oai", **fresh))[1] != before

    visit(small(volume=5), new_york("2026-11-18T19:01"), what, aged=True)


def test_two_announcements_on_one_day_after_an_outage() -> None:
    world = small(late={THURSDAY: 24})  # type: ignore[arg-type]  # one is no number
    friday = date(2026, 11, 20)

    async def what(guest: Visit) -> None:
        new = {e.id for e in world.announced(THURSDAY) if e.kind == "new"}
        assert await guest.feed("+".join(CATEGORIES)) == []
        assert not new & {r.id for r in await guest.harvest("2026-11-18")}
        guest.clock.set(new_york("2026-11-20T00:20"))
        both = {f"{e.id}v{e.version}" for e in [*world.announced(THURSDAY), *world.announced(friday)] if e.version <= 5}
        assert both <= {id_ for id_, _ in await guest.feed("+".join(CATEGORIES))}
        assert {r.stamp for r in await guest.harvest("2026-11-18") if r.id in new} == {"2026-11-20"}

    visit(world, new_york("2026-11-19T12:00"), what)


# --- the query API -------------------------------------------------------------------------------------------------


def test_our_own_source_reads_it() -> None:
    world = small()

    async def what(guest: Visit) -> None:
        api = ArxivApi(gate=OpenGate(), clock=guest.clock, base_url=guest.server.base_url, contact="test")
        new = {e.id for e in world.announced(THURSDAY) if e.kind == "new"}
        assert {paper.id for paper in await api.fetch(sorted(new))} == new
        hits = await api.search("cat:eess.IV", 100)
        assert {p.id for p in hits} == {e.id for e in world.entries.values() if "eess.IV" in e.categories} != set()
        event = next(e for e in world.announced(THURSDAY) if e.kind == "replace")
        gap = world.gaps[0] if world.gaps else "2611.09999"
        found = await api.fetch([event.id, f"{event.id}v1", gap])
        assert [(p.id, p.version) for p in found] == [(event.id, event.version), (event.id, 1)]
        assert found[0].published == world.entries[event.id].versions[0].submitted // 1000 * 1000
        assert api.ahead is not None
        assert abs(api.ahead) < 5, "its answers are dated by the house's clock"
        old = next(i for i in world.entries if "/" in i)
        assert [p.id for p in await api.fetch([old])] == [old]

    visit(world, new_york("2026-11-19T12:00"), what)


def test_nothing_is_public_before_it_is_announced() -> None:
    world = small()
    ids = {e.id for e in world.announced(THURSDAY) if e.kind == "new"}

    async def what(guest: Visit) -> None:
        assert not ids & {r.id for r in await guest.harvest("2026-11-18")}
        assert "<entry>" not in (await guest.get("/api/query", id_list=",".join(sorted(ids)[:50])))[1]
        guest.clock.set(world.public_at(THURSDAY))
        assert ids <= {r.id for r in await guest.harvest("2026-11-19")}
        assert "<entry>" in (await guest.get("/api/query", id_list=min(ids)))[1]
        guest.server.api_behind = DAY
        assert "<entry>" not in (await guest.get("/api/query", id_list=min(ids)))[1]

    visit(world, new_york("2026-11-18T22:00"), what)
