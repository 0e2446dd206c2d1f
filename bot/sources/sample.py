"""The demo's source: bundled papers that we wrote ourselves, so that Paperboy can be tried without network or keys.

Every paper is labelled SAMPLE in the file and has an id of December 2088: no link made from one
leads to somebody's real work. Times are relative to the clock, so the sample is always of today. What is not out yet
is unknown to every method, as it would be at arXiv.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from typing import Any

from bot import resources
from bot.core import times
from bot.model import Paper, Record
from bot.ports import Clock

_HOUR = 3_600_000


class Sample:
    """A source and register of a week of papers, and of one more day of them once `day_out` is set."""

    name = "sample"
    ahead: float | None = None

    def __init__(self, *, clock: Clock) -> None:
        self.day_out = False
        self._announced = clock.now()
        self._read: dict[str, tuple[Paper, ...]] = {}

    async def changes(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        """Yield the papers of the week, then those of the day if it is out, as the record of truth would."""
        since = times.start_of_day(since)
        for part in await self._out():
            if found := tuple(Record(p, stamp=p.updated) for p in part if p.updated >= since):
                yield found

    async def names(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        """Yield nothing: we wrote these names."""
        del since
        nothing: tuple[tuple[Record, ...], ...] = ()
        for records in nothing:
            yield records

    async def fetch(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Return the papers with these ids, in this order; a version that does not exist is an unknown id."""
        known = {name: p for part in await self._out() for p in part for name in (p.id, f"{p.id}v{p.version}")}
        return tuple(dict.fromkeys(known[wanted] for wanted in ids if wanted in known))

    async def search(self, query: str, limit: int) -> tuple[Paper, ...]:
        """Return papers with all quoted words of the query in title or abstract, most words in the title first."""
        wanted = _words(" ".join(re.findall(r'"([^"]*)"', query)))
        if not wanted:
            return ()
        hits = [p for part in await self._out() for p in part if wanted <= _words(f"{p.title} {p.abstract}")]
        hits.sort(key=lambda p: (-len(wanted & _words(p.title)), -p.published, p.id))
        return tuple(hits[: max(limit, 0)])

    async def _out(self) -> list[tuple[Paper, ...]]:
        if not self._read:
            # In a thread, because reading a file would hold up the event loop.
            raw = await asyncio.to_thread(resources.data, "sample_day.json")
            self._read = {part: tuple(map(self._paper, raw[part])) for part in ("week", "day")}
        return [self._read["week"], self._read["day"]] if self.day_out else [self._read["week"]]

    def _paper(self, raw: dict[str, Any]) -> Paper:
        at = self._announced - raw["hours"] * _HOUR
        return Paper(
            id=raw["id"],
            version=raw["version"],
            title=raw["title"],
            abstract=raw["abstract"],
            authors=tuple(raw["authors"]),
            categories=tuple(raw["categories"]),
            published=at,
            updated=at,
            comment=raw["comment"],
        )


def _words(text: str) -> frozenset[str]:
    """Lower-case words with their plurals folded: 'galaxies' and 'galaxy' are one."""
    words = re.findall(r"[^\W_]+", text.lower())
    return frozenset(re.sub(r"(?<!s)s$", "", re.sub(r"ies$", "y", word)) for word in words)
