"""Finds the papers of a day for each topic: the batch is the index, every distinct topic is one MATCH over it.

- Papers and queries meet only as normalised tokens (`bot.core.normalise`), in an FTS5 table that lives in memory.
- Nothing is stored but the index (`content=''`): papers are known by their place in the batch.
- An expression that SQLite refuses is reported and skipped; the other topics are matched all the same.

Measured by `python -m tests.bars match`; why no other engine, facts/matching.md, Part 1.
"""

import logging
import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Final, Self

from bot.core import normalise
from bot.model import Paper, Topic

COLUMNS: Final = ("title", "abstract", "authors", "categories", "comments")
"""The columns that a query may name, in the order of `columns`."""

TOKENIZER: Final = "unicode61"
"""Splits our tokens at blanks and leaves them as they are; `porter` would merge different words."""

_log = logging.getLogger(__name__)


def columns(paper: Paper) -> tuple[str, str, str, str, str]:
    """Return the paper's text as it is indexed, in the order of COLUMNS. About 0.2 ms."""
    return (
        normalise.column(paper.title),
        normalise.column(paper.abstract),
        normalise.author_column(paper.authors),
        normalise.category_column(paper.categories),
        normalise.column(paper.comment),
    )


class Day:
    """An index over one batch of papers, about 4 KiB a paper until it is closed.

    A paper that comes twice counts once, as it came first. The index belongs to the thread that made it, which may be
    any worker thread. `bad` names the topics whose stored expression could not be read, in the order they were met.
    """

    def __init__(self, papers: Iterable[Paper]) -> None:
        self.bad: list[str] = []
        self._papers: list[str] = []
        self._database = sqlite3.connect(":memory:", isolation_level=None)
        try:
            self._fill(papers)
        except BaseException:
            self._database.close()
            raise

    def _fill(self, papers: Iterable[Paper]) -> None:
        self._database.execute(
            f"CREATE VIRTUAL TABLE day USING fts5({', '.join(COLUMNS)}, content='', columnsize=0, "
            f"tokenize='{TOKENIZER}')"
        )
        self._database.execute("BEGIN")
        self._database.executemany(
            f"INSERT INTO day (rowid, {', '.join(COLUMNS)}) VALUES (?, ?, ?, ?, ?, ?)",  # noqa: S608 - constants
            self._rows(papers),
        )
        self._database.execute("INSERT INTO day (day) VALUES ('optimize')")
        self._database.execute("COMMIT")

    def _rows(self, papers: Iterable[Paper]) -> Iterator[tuple[int, str, str, str, str, str]]:
        seen: set[str] = set()
        for paper in papers:
            if paper.id not in seen:
                seen.add(paper.id)
                self._papers.append(paper.id)
                yield (len(self._papers) - 1, *columns(paper))

    def __len__(self) -> int:
        """Return how many papers are in it."""
        return len(self._papers)

    def ids(self, fts: str) -> list[str]:
        """Return the ids of the papers that one expression matches, in the order of the batch.

        Raises ValueError where SQLite cannot read the expression, and sqlite3.ProgrammingError once closed.
        """
        try:
            rows = self._database.execute("SELECT rowid FROM day WHERE day MATCH ? ORDER BY rowid", (fts,)).fetchall()
        except (sqlite3.OperationalError, sqlite3.DataError, UnicodeEncodeError) as problem:
            raise ValueError(f"SQLite cannot read this expression: {problem}. Save the query again.") from problem
        return [self._papers[place] for (place,) in rows]

    def matches(self, topics: Iterable[Topic]) -> Iterator[tuple[str, list[str]]]:
        """Yield (topic id, paper ids) for every topic that matches at least one paper, in the order of `topics`."""
        for topic in topics:
            try:
                found = self.ids(topic.fts)
            except ValueError as problem:
                self.bad.append(topic.id)
                _log.warning("topic %s is skipped: %s", topic.id, problem)
                continue
            if found:
                yield topic.id, found

    def close(self) -> None:
        """Free the index; a second call does nothing."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
