"""The ledger's part about the harvest: what records say, what happened, and what each witness said of each day."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, replace
from datetime import UTC, datetime
from typing import Any

from bot.core import events, names, times
from bot.model import Coverage, Doubt, Happened, Match, Paper, Record
from bot.ports import Clock
from bot.store import rows
from bot.store.drivers import Run as Query
from bot.store.drivers import Sqlite

_CHUNK = 500  # records of one transaction: nobody waits long for the ledger


class Harvests:
    """A part of the port Ledger; `store.Store` is the whole."""

    _db: Sqlite
    _clock: Clock

    async def take(
        self,
        records: Sequence[Record],
        listing_of: Callable[[int], str],
        *,
        baseline: bool,
        floor: int,
        since: int | None = None,
    ) -> list[Happened]:
        """Store what the record of truth says and return what happened; a second time nothing does.

        With `baseline` all is stored in silence. `listing_of` names the announcement of a record's day (ms). `floor`
        and `since` tell what is new of a paper that is unknown, see `core.events.happened`.
        """
        found: list[Happened] = []
        for start in range(0, len(records), _CHUNK):
            chunk = records[start : start + _CHUNK]
            found += await self._db.write(
                lambda run, chunk=chunk: self._take(run, chunk, listing_of, (floor, since), baseline=baseline)  # type: ignore[misc]
            )
        return found

    def _take(
        self,
        run: Query,
        records: Sequence[Record],
        listing_of: Callable[[int], str],
        bounds: tuple[int, int | None],
        *,
        baseline: bool,
    ) -> list[Happened]:
        now, found = self._clock.now(), []
        for record in records:
            if record.deleted:
                continue
            known = _known(run, record.paper.id)
            early = not baseline and _early(run, record.paper.id, bounds[0])
            told = () if baseline else events.happened(record, None if early else known, *bounds)
            listing = listing_of(record.stamp) if told else ""
            if known is None:
                new = any(each.kind == "new" for each in told)
                _add(run, record, now, listing if new else "", new=new)
            else:
                if early:
                    run("call_new", id=record.paper.id, listing=listing, late=_late(run, listing))
                run("renew_record", **_values(record))
            for version in record.versions or ():
                run("add_version", id=record.paper.id, version=version.number, updated=version.created, seen_at=now)
            found += [each for each in told if _tell(run, each, listing, now)]
        return found

    async def witness(self, record: Record, kind: str, gained: Sequence[str], listing: str) -> bool:
        """Take what a second witness says of one paper; returns whether it was news to us.

        `kind` is 'new', 'cross' (`gained` are categories of the feed that said so), or 'found' for a paper that only
        an audit knows: it belongs to the announcement of its neighbours, to `listing` where there are none. A paper
        that the record of truth does not have yet is provisional until it does.
        """

        def work(run: Query) -> bool:
            now, id_ = self._clock.now(), record.paper.id
            rows_ = run("known", id=id_)
            # What we had before the announcement was known then: a feed that calls it new is that of another day.
            fresh = not rows_ or rows_[0][5] >= _announced(listing)
            if kind == "cross":
                return self._cross(run, record, gained, listing, now, fresh=fresh)
            near = run("listing_near", id=id_) if kind == "found" else []
            day = near[0][0] if near else listing
            if not rows_:
                _add(run, record, now, day, new=True, provisional=True)
            elif rows_[0][3] and fresh:
                run("call_new", id=id_, listing=day, late=_late(run, day))
            else:
                return False
            return _tell(run, Happened(id_, "new", record.paper.version), day, now)

        return await self._db.write(work)

    @staticmethod
    def _cross(run: Query, record: Record, gained: Sequence[str], listing: str, now: int, *, fresh: bool) -> bool:
        """Take a cross-list from a feed, which names all categories of a paper, but not which it had before."""
        paper, rows_ = record.paper, run("known", id=record.paper.id)
        if rows_ and not rows_[0][3] and fresh:
            return False  # new in these days, and with all its categories
        if not rows_:
            _add(run, record, now, "", new=False, provisional=True)
            found = list(gained)
        elif fresh:  # we met it only now, and cannot compare: what a feed covers is taken for gained, once
            told = {name for (text,) in run("told_gains", paper=paper.id) for name in json.loads(text or "[]")}
            found = [name for name in gained if name not in told]
        else:
            had = json.loads(rows_[0][1])
            found = [name for name in paper.categories if name not in had]
            if found:  # the record of truth will not tell of it once more
                run("gain", id=paper.id, categories=json.dumps([*had, *found]))
        if not found:
            return False
        return _tell(run, Happened(paper.id, "cross", paper.version, tuple(found)), listing, now)

    async def misread(self, records: Sequence[Record]) -> list[tuple[Paper, Paper]]:
        """Return each paper whose authors arXiv reads better than we did, as it is and as it should be.

        Only papers that we have, in the version that a record is of: told by the day of its submission.
        """

        def work(run: Query) -> list[tuple[Paper, Paper]]:
            found = []
            for theirs in (record.paper for record in records):
                for row in run("as_read", id=theirs.id, day=theirs.updated):
                    before, ours = rows.paper(row[:11]), json.loads(row[11])
                    after = replace(before, authors=names.agreed(ours, theirs.authors))
                    found += [(before, after)] if after != before else []
            return found

        return await self._db.look(work)

    async def correct(self, papers: Sequence[tuple[Paper, Paper]]) -> None:
        """Give papers that are still as they were the authors that they should have, and nothing else."""
        wrong = [(rows.paper_values(before)["authors"], rows.paper_values(after)) for before, after in papers]
        values = [
            {"id": after["id"], "version": after["version"], "authors": after["authors"], "before": before}
            for before, after in wrong
        ]
        await self._db.write(lambda run: run("correct_authors", values))

    async def has(self, paper: str) -> tuple[bool, bool]:
        """Tell whether a paper is known, and whether the record of truth told of it."""
        found = await self._db.read("known", id=paper)
        return bool(found), bool(found) and not found[0][4]

    async def first_seen(self, paper: str) -> int | None:
        """Tell when (ms) a paper came into the ledger, None if it is unknown."""
        found = await self._db.read("known", id=paper)
        return found[0][5] if found else None

    async def month(self, month: str) -> list[str]:
        """Return the known ids of a month, '2611'."""
        return [id_ for (id_,) in await self._db.read("ids_from", first=f"{month}.", after=f"{month}/")]

    async def highest(self) -> str:
        """Return the last id known, '' if there is none."""
        return str((await self._db.read("highest_id"))[0][0])

    # --- matching what is not new

    async def unmatched_events(self, limit: int) -> list[tuple[Paper, Happened]]:
        """Return cross-lists and revisions that no topic was held against."""
        found = await self._db.read("unmatched_events", limit=limit)
        return [
            (rows.paper(row[:11]), Happened(row[0], row[11], row[12], tuple(json.loads(row[13] or "[]"))))
            for row in found
        ]

    async def add_event_matches(
        self, told: Iterable[Happened], matches: Iterable[tuple[Happened, str, Match]], stamp: tuple[int, int]
    ) -> bool:
        """Record which topics events reach, and that they are done; False (and nothing) if a topic came meanwhile."""
        done, found = list(told), list(matches)

        def work(run: Query) -> bool:
            if run("topics_stamp")[0] != stamp:
                return False
            now = self._clock.now()
            for each, topic, match in found:
                if each.kind == "cross":
                    run("add_cross", **rows.match_values(topic, match, now))
                    run("wake_topic", topic=topic, now=now)
                elif each.kind != "new":
                    values = {"topic": topic, "paper": each.paper, "version": each.version, "kind": each.kind}
                    run("add_revision", **values, grade=match.grade, at=now)
                    run("wake_topic", topic=topic, now=now)
            run("event_matched", [_event(each) | {"now": now} for each in done])
            return True

        return await self._db.write(work)

    # --- what is known of each announcement

    async def open_day(self, listing: str) -> None:
        """Begin the account of an announcement."""
        await self._db.write(lambda run: run("open_coverage", listing=listing, now=self._clock.now()))

    async def said_oai(self, listing: str) -> None:
        """Note how many papers the record of truth has of an announcement, read to its end after it."""
        await self._db.write(lambda run: run("set_oai", listing=listing))

    async def said_rss(self, listing: str, papers: int, missing: int, doubts: Sequence[Doubt]) -> None:
        """Note what the feeds said, all of them, and how many of their papers the record of truth lacked."""
        alarm = json.dumps([astuple(doubt) for doubt in doubts]) if doubts else ""
        await self._db.write(lambda run: run("set_rss", listing=listing, rss=papers, missing=missing, alarm=alarm))

    async def said_audit(self, listing: str, found: int) -> None:
        """Note how many papers only the audit found."""
        await self._db.write(lambda run: run("set_audit", listing=listing, found=found))

    async def complete(self, listing: str) -> None:
        """Call an announcement complete; what comes later is late."""
        await self._db.write(lambda run: run("call_complete", listing=listing, now=self._clock.now()))

    async def coverage(self, since: str) -> list[Coverage]:
        """Return the account of each announcement since a day, the last first."""
        found = await self._db.read("coverage", since=since)
        return [Coverage(*(*row[:-1], _doubts(row[-1]))) for row in found]

    # --- how far things have come

    async def note(self, name: str) -> str:
        """Return what was noted under a name, '' if nothing was."""
        found = await self._db.read("note", name=name)
        return found[0][0] if found else ""

    async def set_note(self, name: str, text: str) -> None:
        """Note something under a name."""
        await self._db.write(lambda run: run("set_note", name=name, text=text))


def _announced(listing: str) -> int:
    """When (ms) an announcement is made at the earliest: 20:00 in New York of the evening before, in summer."""
    return times.ms(datetime.fromisoformat(listing).replace(tzinfo=UTC))


def _doubts(text: str) -> tuple[Doubt, ...]:
    # A ledger that was made before 0.1.0 may hold an English sentence here.
    return tuple(Doubt(*each) for each in json.loads(text)) if text.startswith("[") else ()


def _known(run: Query, id_: str) -> events.Known | None:
    found = run("known", id=id_)
    return events.Known(found[0][0], tuple(json.loads(found[0][1])), bool(found[0][2])) if found else None


def _early(run: Query, id_: str, floor: int) -> bool:
    """Whether somebody named a paper as an example before we had heard of it: it is new all the same."""
    found = run("known", id=id_)
    return bool(found and found[0][3] and found[0][4]) and events.serial(id_) > floor


def _values(record: Record) -> dict[str, Any]:
    return rows.paper_values(record.paper) | {"license": record.license, "withdrawn": int(record.withdrawn)}


def _add(run: Query, record: Record, now: int, listing: str, *, new: bool, provisional: bool = False) -> None:
    more = {"seen_at": now, "baseline": int(not new), "listing": listing, "late": _late(run, listing)}
    run("add_record", **_values(record), **more, provisional=int(provisional))


def _late(run: Query, listing: str) -> int:
    found = run("completed_at", listing=listing) if listing else []
    return int(bool(found and found[0][0]))


def _event(each: Happened) -> dict[str, Any]:
    gained = json.dumps(sorted(each.gained)) if each.gained else ""
    return {"paper": each.paper, "kind": each.kind, "version": each.version, "gained": gained}


def _tell(run: Query, each: Happened, listing: str, now: int) -> bool:
    """Note what happened; False if that was known."""
    done = bool(run("add_event", **_event(each), listing=listing, now=now))
    if done and each.kind == "new":  # matched as a paper
        run("event_matched", [_event(each) | {"now": now}])
    return done
