"""A Source whose archive is a list in memory.

Invariants: it knows every version it was given and serves the newest unless asked for another; a failure that was
asked for is raised once, by the next call, before anything is yielded.
"""

from collections.abc import AsyncIterator, Iterable, Sequence

from bot.model import Paper
from tests.fakes.archive import matches, newest, pick


class FakeSource:
    """A Source of papers added in code. `fail` makes its next calls raise; `calls` lists what was asked."""

    name = "fake"
    ahead: float | None = None

    def __init__(self, papers: Iterable[Paper] = (), *, page: int = 2) -> None:
        self.papers: list[Paper] = list(papers)
        self.calls: list[str] = []
        self._page = page
        self._failures: list[Exception] = []

    def add(self, *papers: Paper) -> None:
        self.papers.extend(papers)

    def fail(self, *errors: Exception) -> None:
        """Raise these, one a call."""
        self._failures.extend(errors)

    async def window(self, since: int, until: int) -> AsyncIterator[tuple[Paper, ...]]:
        self._called(f"window {since} {until}")
        found = sorted(
            (p for p in newest(self.papers) if since <= p.published <= until), key=lambda p: (p.published, p.id)
        )
        for start in range(0, len(found), self._page):
            yield tuple(found[start : start + self._page])

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
