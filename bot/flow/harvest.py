"""harvest: see everything that arXiv announces, by three witnesses, and know when a day is complete.

The record of truth (OAI) says what exists and what changed; the feeds (RSS) say what was announced today; the audit
asks for ids that are missing between those we know. The watermark moves only when the record was read to its end. Every
step is a run in the ledger with its outcome and the instant of the next; what fails moves nothing and is tried again.

Times are arXiv's (America/New_York), facts of info.arxiv.org/help/availability: announcements at 20:00 Sunday to
Thursday, the record about 22:30, the feeds from midnight.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, datetime, timedelta

from bot.core import events, times
from bot.errors import Later
from bot.flow.match import rematch
from bot.model import Coverage, Doubt, Paper, Record, Run
from bot.ports import Feeds, Ledger, Ports

log = logging.getLogger(__name__)

_DAY = 86_400_000  # ms
_RETRY = 900  # seconds until the next try where nobody says; doubles with each failure in a row
_LONGEST_RETRY = 7200  # seconds
_FAR = 4 * _DAY  # ms: no look is further ahead; from Thursday night to Sunday night it is 73 hours in autumn
_OVERLAP = 3  # days: the record is paged by offset, and what is restamped meanwhile pushes others out of sight
_DEEP = 9  # days of the first look, and of one a day in quiet hours
_READY = 150 * 60_000  # ms after an announcement until the record has it
_ASKED = 300  # ids the audit asks for at once: three requests
_FRESH = 3_600_000  # ms: a feed that was read since is not read again when others of the round failed
_FEW = 0.4  # of the usual number of papers of that weekday: fewer are suspect
_USUAL = 3  # days of the same weekday that make a usual number
_LOOK_BACK = 70  # days whose numbers are compared
_EVER = 36_500  # days: more than any ledger has
_SHORT = 0.9  # of one witness's papers that the other must have
_LAG = 3  # papers by which witnesses may differ


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look brought: papers, and how far (ms) the record was read from its watermark on, if it was."""

    papers: int = 0
    mark: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One kind of look at arXiv: its name among the runs, when it is made, and how."""

    verb: str
    rules: tuple[tuple[str, int, int], ...]  # (days of the week, hour, minute) in New York
    run: Callable[[Ledger, Ports], Awaitable[Seen]]


async def harvest(store: Ledger, ports: Ports, key: str) -> None:
    """`harvest:arxiv`: make the looks that are due, one after the other."""
    del key  # there is one arXiv
    for step in _steps(ports):
        if await _due(store, step, ports.clock.now()):
            await _make(store, ports, step)
            done = await store.last_run(step.verb)
            if done is not None and done.outcome == "failed":
                return  # whatever was in the way is in the way of the others too; they are due at the next sweep


async def is_due(store: Ledger, ports: Ports) -> bool:
    """Whether any look is due: never made, or the instant set by the last one has passed."""
    for step in _steps(ports):
        if await _due(store, step, ports.clock.now()):
            return True
    return False


async def look(store: Ledger, ports: Ports) -> None:
    """Read the record from the watermark now, whether that is due or not."""
    await _make(store, ports, STEPS[0])


async def reach(store: Ledger) -> int | None:
    """Return the first day (ms) of those that are read again and again, None before the first look."""
    mark = await store.high_water("harvest")
    return None if mark is None else times.start_of_day(mark - _DEEP * _DAY)


def _steps(ports: Ports) -> tuple[Step, ...]:
    return STEPS if ports.feeds is not None else STEPS[:1]


async def _due(store: Ledger, step: Step, now: int) -> bool:
    last = await store.last_run(step.verb)
    if last is None:  # the others have nothing to compare with before the first look
        return step is STEPS[0] or await store.high_water("harvest") is not None
    next_at = last.next_at or 0
    return next_at <= now or next_at > now + _FAR  # that was set by a clock that has gone back since


async def _make(store: Ledger, ports: Ports, step: Step) -> None:
    last = await store.last_run(step.verb)
    run = await store.begin_run(step.verb)
    try:
        seen = await step.run(store, ports)
    except Later as problem:
        retry_at = ports.clock.now() + int(1000 * max(problem.wait or 0, _pause(last)))
        await store.end_run(run, "failed", str(problem), next_at=retry_at)
        return
    except Exception as problem:
        retry_at = ports.clock.now() + 1000 * _pause(last)
        detail = f"{type(problem).__name__}; see the log."
        await store.end_run(run, "failed", detail, next_at=retry_at)
        raise
    next_at = times.next_of(step.rules, times.NEW_YORK, ports.clock.now())
    await store.end_run(run, "complete", "", papers=seen.papers, mark=seen.mark, next_at=next_at)
    await _account(store, ports)
    ports.nudge("match:new")


def _pause(last: Run | None) -> int:
    """Seconds until a look that failed is made again: twice as long as after the failure before, if there was one."""
    if last is None or last.outcome != "failed" or last.next_at is None or last.ended_at is None:
        return _RETRY
    return min(max(2 * (last.next_at - last.ended_at) // 1000, _RETRY), _LONGEST_RETRY)


# --- the record of truth


async def _oai(store: Ledger, ports: Ports) -> Seen:
    return await _record(store, ports, _OVERLAP)


async def _deep(store: Ledger, ports: Ports) -> Seen:
    return replace(await _record(store, ports, _DEEP), mark=None)


async def _record(store: Ledger, ports: Ports, days: int) -> Seen:
    """Read every record that changed since the watermark, less an overlap, to the end.

    The first time all that is there counts as papers, then what is new.
    """
    began = ports.clock.now()
    mark = await store.high_water("harvest")
    mark = None if mark is None else min(mark, began)  # a clock that was ahead must not stop the harvest
    first = mark is None
    since = times.start_of_day((mark or began) - (_DEEP if first else days) * _DAY)
    noted = await store.note("floor")
    floor = int(noted or 0)
    if not first and not noted:  # a ledger from before there was one
        floor = events.serial(await store.highest())
        await store.set_note("floor", str(floor))
    # A version made before the baseline may have been announced before it, too.
    fresh = max(int(await store.note("began") or 0), (mark or began) - _DEEP * _DAY)
    book = ports.calendar
    last = book.listing_at(began)

    def listing_of(stamp: int) -> str:
        return min(book.listing_of_stamp(datetime.fromtimestamp(stamp / 1000, UTC).date()), last).isoformat()

    highest, papers = mark or 0, 0
    async for records in ports.register.changes(since):
        found = await store.take(records, listing_of, baseline=first, floor=floor, since=fresh)
        papers += len(records) if first else sum(each.kind == "new" for each in found)
        highest = max([highest, *(record.stamp for record in records)])
        del records, found  # a page is 10 MiB, and the next one is on its way
    if first:
        await store.set_note("floor", str(events.serial(await store.highest())))
        await store.set_note("began", str(began))
    if began >= book.announced(last) + _READY and await _ours(store, ports, last):
        await store.open_day(last.isoformat())
    for day in await store.coverage((last - timedelta(days=_DEEP)).isoformat()):  # an earlier one may have filled up
        open_ = day.complete_at is None and book.is_listing(date.fromisoformat(day.listing))
        if open_ and began >= book.announced(date.fromisoformat(day.listing)) + _READY:
            await store.said_oai(day.listing)
    return Seen(papers, min(highest or began, began))


async def _ours(store: Ledger, ports: Ports, listing: date) -> bool:
    """Whether a listing was announced after our baseline: what came before it is nobody's to account for."""
    return ports.calendar.announced(listing) > int(await store.note("began") or 0)


# --- the feeds


async def _rss(store: Ledger, ports: Ports) -> Seen:
    """Hold today's feeds against the ledger; what the record does not have yet is taken from them for now."""
    feeds = ports.feeds
    now = ports.clock.now()
    listing = ports.calendar.listing_at(now)
    today = times.instant(now, times.NEW_YORK).date()
    if feeds is None or listing != today or not await _ours(store, ports, listing):
        return Seen()  # nothing was announced for today, or it was before our time
    named: set[str] = set()
    doubts: list[Doubt] = []
    for group in feeds.groups:
        ids, more = await _group(store, ports, feeds, group, listing)
        named.update(ids)
        doubts += more
    missing = 0
    for id_ in named:
        missing += not (await store.has(id_))[1]
    await store.open_day(listing.isoformat())
    await store.said_rss(listing.isoformat(), len(named), missing, doubts)
    return Seen(missing)


async def _group(
    store: Ledger, ports: Ports, feeds: Feeds, group: str, listing: date
) -> tuple[list[str], tuple[Doubt, ...]]:
    """Read a group's feed; returns the new papers it names, and what speaks against it."""
    day, now = listing.isoformat(), ports.clock.now()
    before = json.loads(await store.note(f"feed:{group}") or "{}")
    same_day = before.get("day") == day
    known = before.get("new", []), tuple(Doubt(*each) for each in before.get("doubts", ()))
    if same_day and now - before.get("at", 0) < _FRESH:
        return known
    feed = await feeds.feed(group, before["etag"] if same_day else "")
    if feed is None:
        await store.set_note(f"feed:{group}", json.dumps(before | {"at": now}))
        return known
    new = [item.id for item in feed.items if item.kind == "new"]
    doubts = tuple(replace(doubt, group=group) for doubt in feed.doubts)
    if times.instant(feed.built, times.NEW_YORK).date() != listing:
        doubts = (Doubt("doubt_other_day", group),)
    elif not new:
        doubts = doubts or (Doubt("doubt_nothing_new", group),)
    elif not await _any_since(store, new, ports.calendar.announced(listing)):
        doubts = (Doubt("doubt_repeated", group),)
    for item in feed.items:
        if item.kind in {"new", "cross"}:
            gained = [name for name in item.categories[1:] if feeds.covers(group, name)]
            await store.witness(Record(item.paper), item.kind, gained, day)
    said = {"day": day, "at": now, "etag": feed.etag, "new": new, "doubts": [astuple(each) for each in doubts]}
    await store.set_note(f"feed:{group}", json.dumps(said))
    return new, doubts


async def _any_since(store: Ledger, ids: list[str], announced: int) -> bool:
    """Whether any of these papers was unknown until an announcement (ms): a batch shown again has none."""
    for id_ in ids:
        seen = await store.first_seen(id_)
        if seen is None or seen >= announced:
            return True
    return False


# --- the audit


async def _audit(store: Ledger, ports: Ports) -> Seen:
    """Ask for the ids that are missing between those we know: ids of a month are dense."""
    now, book = ports.clock.now(), ports.calendar
    floor = int(await store.note("floor") or 0)
    today = times.instant(now).date()
    known: list[str] = []
    for month in {f"{day:%y%m}" for day in (today, today.replace(day=1) - timedelta(days=1))}:
        known += await store.month(month)
    # (ms, ms) when a gap was asked for first and last: one that stays a gap for days is no paper, but the API's index
    # may be a day behind, so that being unknown to it once means nothing.
    asked: dict[str, tuple[int, int]] = json.loads(await store.note("gaps") or "{}")
    gaps = {id_: asked.get(id_, (now, 0)) for id_ in events.gaps(known, floor)}
    open_ = sorted((last, id_) for id_, (first, last) in gaps.items() if now - first < _DEEP * _DAY)
    wanted = sorted(id_ for _, id_ in open_[:_ASKED])
    listing = book.listing_at(now)
    found: tuple[Paper, ...] = await ports.source.fetch(wanted) if wanted else ()
    number = 0
    for paper in found:
        number += await store.witness(Record(paper), "found", (), listing.isoformat())
        gaps.pop(paper.id, None)
    gaps |= {id_: (gaps[id_][0], now) for id_ in wanted if id_ in gaps}
    await store.set_note("gaps", json.dumps({id_: each for id_, each in gaps.items() if each[1]}))
    if await _ours(store, ports, listing):
        await store.open_day(listing.isoformat())
        await store.said_audit(listing.isoformat(), number)
    if number:
        log.warning("the audit found %d papers that no other witness had told of", number)
    return Seen(number)


# --- names


async def _names(store: Ledger, ports: Ports) -> Seen:
    """Hold arXiv's own reading of the authors against ours, and correct what is there: it makes no paper, no event.

    The ledger comes last: until it has the names, the next look does the same again.
    """
    now = ports.clock.now()
    mark = await store.high_water("harvest") or now
    async for records in ports.register.names(times.start_of_day(min(mark, now) - _OVERLAP * _DAY)):
        if found := await store.misread(records):
            after = [paper for _, paper in found]
            await ports.archive.renew(after)
            await rematch(store, ports, [paper for paper, _ in found], after)
            await store.correct(found)
            log.info("the authors of %d papers are corrected", len(found))
    return Seen()


STEPS = (
    Step("harvest", (("sun,mon,tue,wed,thu", 22, 45), ("mon-fri", 1, 30), ("*", 10, 0)), _oai),
    Step("harvest.feeds", (("mon-fri", 0, 20), ("mon-fri", 2, 0), ("mon-fri", 6, 0)), _rss),
    Step("harvest.audit", (("mon-fri", 2, 30), ("mon-fri", 10, 30)), _audit),
    Step("harvest.deep", (("*", 4, 0),), _deep),
    Step("harvest.names", (("sun,mon,tue,wed,thu", 23, 15),), _names),  # after the record has the announcement
)


# --- the account of a day


async def _account(store: Ledger, ports: Ports) -> None:
    """Call days complete of which all witnesses say the same; say what does not fit."""
    days = await accounts(store, ports)
    for day in days[:5]:
        if day.complete_at is None and day.oai is not None and not doubts(day, days) and _heard(day, ports):
            await store.complete(day.listing)


async def accounts(store: Ledger, ports: Ports, number: int = 0) -> list[Coverage]:
    """Return the accounts of the last ten weeks, the last announcement first: enough to tell what is usual.

    With a `number` they reach so far back that it can be told for as many announcements.
    """
    back = min(_LOOK_BACK + 2 * number, _EVER)  # a week has five announcements, or fewer
    since = times.instant(ports.clock.now()).date() - timedelta(days=back)
    return await store.coverage(since.isoformat())


async def partial(store: Ledger, ports: Ports) -> str:
    """Name the last announcement while it is not complete, '' once it is or where there is nothing to compare."""
    if ports.feeds is None:
        return ""
    listing = ports.calendar.listing_at(ports.clock.now())
    if ports.calendar.announced(listing) <= int(await store.note("began") or 0):
        return ""
    days = await store.coverage(listing.isoformat())
    return "" if any(day.complete_at for day in days) else listing.isoformat()


def _heard(day: Coverage, ports: Ports) -> bool:
    return ports.feeds is None or (day.rss is not None and day.audit is not None)


def doubts(day: Coverage, days: list[Coverage]) -> tuple[Doubt, ...]:
    """Return what does not fit in the account of a day; `days` tell what is usual."""
    if day.doubts:
        return day.doubts
    if day.oai is not None and day.rss is not None:
        if day.rss + _LAG < _SHORT * day.oai:
            return (Doubt("doubt_feeds_lack", have=day.rss, of=day.oai),)
        if day.oai + _LAG < _SHORT * day.rss:
            return (Doubt("doubt_record_lacks", have=day.oai, of=day.rss),)
    listing = date.fromisoformat(day.listing)
    since = (listing - timedelta(days=_LOOK_BACK)).isoformat()
    usual = sorted(
        each.papers
        for each in days
        if since <= each.listing < day.listing
        and each.complete_at
        and date.fromisoformat(each.listing).weekday() == listing.weekday()
    )
    if len(usual) >= _USUAL and day.papers < _FEW * usual[len(usual) // 2]:
        return (Doubt("doubt_few", have=day.papers, of=usual[len(usual) // 2]),)
    return ()
