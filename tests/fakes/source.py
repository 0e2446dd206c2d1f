"""A Source whose archive is a list in memory.

Invariants: it knows every version it was given and serves the newest unless asked for another; a failure that was
asked for is raised once, by the next call, before anything is yielded.
"""

from collections.abc import AsyncIterator, Iterable, Sequence

from bot.model import Paper, Record
from tests.fakes.archive import matches, newest, pick


class FakeSource:
    """A Source and Register of papers added in code. `fail` makes its next calls raise; `calls` says what was asked."""

    name = "fake"
    ahead: float | None = None

    def __init__(self, papers: Iterable[Paper] = (), *, page: int = 2) -> None:
        self.papers: list[Paper] = list(papers)
        self.calls: list[str] = []
        self.licenses: dict[str, str] = {}  # by the id of a paper
        self._page = page
        self._failures: list[Exception] = []

    def add(self, *papers: Paper) -> None:
        self.papers.extend(papers)

    def fail(self, *errors: Exception) -> None:
        """Raise these, one a call."""
        self._failures.extend(errors)

    async def changes(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        """Yield all of them, whenever they changed: a ledger must bear that."""
        self._called(f"changes {since}")
        found = sorted(newest(self.papers), key=lambda p: (p.published, p.id))
        records = [Record(p, license=self.licenses.get(p.id, ""), stamp=p.updated) for p in found]
        for start in range(0, len(records), self._page):
            yield tuple(records[start : start + self._page])

    async def names(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        """Yield nothing: its names were never TeX."""
        self._called(f"names {since}")
        nothing: tuple[tuple[Record, ...], ...] = ()
        for records in nothing:
            yield records

    async def fetch(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        self._called("fetch " + " ".join(ids))
        return tuple(dict.fromkeys(paper for wanted in ids if (paper := pick(self.papers, wanted))))

    async def search(self, query: str, limit: int) -> tuple[Paper, ...]:
        self._called(f"search {query} {limit}")
        return tuple(p for p in newest(self.papers) if matches(p, query))[: max(limit, 0)]

    def _called(self, what: str) -> None:
        self.calls.append(what)
        if self._failures:
            raise self._failures.pop(0)
