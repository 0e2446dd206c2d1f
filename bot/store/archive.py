"""The archive: a full-text index of every paper in the ledger, in a SQLite file of its own.

It holds nothing that the ledger does not: a lost, torn or outdated file is made anew from it at the next start. Papers
and queries are normalised by the same code, and only quoted tokens reach FTS5 (`core.query`).
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from bot.core import terms
from bot.core.match import COLUMNS, TOKENIZER, columns
from bot.core.terms import Frequencies
from bot.model import Paper
from bot.ports import Ledger

T = TypeVar("T")

_LAYOUT = 2  # raise it when the normaliser or the tables change: the file is then made anew
_PAGE = 1000
_ENOUGH = 20_000  # papers from which on our own counts of words say more than the shipped ones
_GROWN = 1.2  # how much larger the archive is when they are counted again
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}  # nothing else is a reason to throw a file away

_SCHEMA = f"""
CREATE TABLE paper (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, published INTEGER NOT NULL);
CREATE INDEX paper_published ON paper (published);
CREATE VIRTUAL TABLE text USING fts5({", ".join(COLUMNS)}, content='', tokenize='{TOKENIZER}');
CREATE VIRTUAL TABLE term USING fts5vocab(text, row);
PRAGMA user_version = {_LAYOUT};
"""


class Archive:
    """Implements the port Archive."""

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self._path, self._ledger = path, ledger
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="archive")
        self._db: sqlite3.Connection | None = None
        self._frequencies: Frequencies | None = None

    async def open(self) -> None:
        """Open the index, or make it anew from the ledger if it is missing, broken or behind."""
        known = await self._do(self._connect)
        if known >= (await self._ledger.counts()).papers:
            return
        after = ""
        while papers := await self._ledger.papers_after(after, _PAGE):
            await self.add(papers)
            after = papers[-1].id

    async def close(self) -> None:
        """Let go of the file."""
        await self._do(lambda: self._db.close() if self._db else None)
        await asyncio.to_thread(self._thread.shutdown)

    async def add(self, papers: Sequence[Paper]) -> None:
        """Index papers; those already there are left alone."""

        def work() -> None:
            db = self._open_db()
            with db:
                for paper in papers:
                    row = db.execute(
                        "INSERT INTO paper (id, published) VALUES (?, ?) ON CONFLICT DO NOTHING RETURNING number",
                        (paper.id, paper.published),
                    ).fetchone()
                    if row:
                        _index(db, row[0], paper)

        await self._do(work)

    async def renew(self, papers: Sequence[Paper]) -> None:
        """Index papers that are there already as they are now; the others are left alone.

        The old text stays under a number that no paper has any more, until the file is made anew: an index without
        its contents forgets a text only if it is shown that very text, which nobody has.
        """

        def work() -> None:
            db = self._open_db()
            with db:
                for paper in papers:
                    row = db.execute(
                        "UPDATE paper SET number = (SELECT max(number) + 1 FROM paper) WHERE id = ? RETURNING number",
                        (paper.id,),
                    ).fetchone()
                    if row:
                        _index(db, row[0], paper)

        await self._do(work)

    async def find(self, fts: str, *, since: int = 0, limit: int = 50_000) -> list[str]:
        """Base ids that match an FTS5 expression, submitted at or after `since` (ms), the newest first."""

        def work() -> list[str]:
            rows = self._open_db().execute(
                "SELECT paper.id FROM text JOIN paper ON paper.number = text.rowid"
                " WHERE text MATCH ? AND published >= ? ORDER BY published DESC, paper.id DESC LIMIT ?",
                (fts, since, limit),
            )
            return [id_ for (id_,) in rows]

        return await self._do(work)

    async def frequencies(self) -> Frequencies:
        """In how many papers each word stands: counted here once there are 20,000 papers, until then as shipped."""

        def work() -> Frequencies:
            db = self._open_db()
            total: int = db.execute("SELECT count(*) FROM paper").fetchone()[0]
            if total < _ENOUGH:
                return terms.shipped()
            if self._frequencies is None or total > _GROWN * self._frequencies.total:
                counts = db.execute("SELECT term, doc FROM term WHERE doc >= ?", (total // 1000,))
                self._frequencies = Frequencies(total, dict(counts))
            return self._frequencies

        return await self._do(work)

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _open_db(self) -> sqlite3.Connection:
        assert self._db is not None, "open() comes first"  # noqa: S101 - a programming error
        return self._db

    def _connect(self) -> int:
        try:
            return self._try_connect()
        except sqlite3.DatabaseError as problem:
            if getattr(problem, "sqlite_errorcode", 0) not in _BROKEN:
                raise
            if self._db is not None:
                self._db.close()
            for suffix in ("", "-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    self._path.with_name(self._path.name + suffix).unlink()
            return self._try_connect()

    def _try_connect(self) -> int:
        self._db = sqlite3.connect(self._path, timeout=10)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")  # a lost tail is found and made again at the next start
        version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in {0, _LAYOUT}:
            other = sqlite3.DatabaseError("made by another version")
            other.sqlite_errorcode = sqlite3.SQLITE_NOTADB
            raise other
        if version == 0:
            self._db.executescript(_SCHEMA)
        known: int = self._db.execute("SELECT count(*) FROM paper").fetchone()[0]
        return known


def _index(db: sqlite3.Connection, number: int, paper: Paper) -> None:
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    db.execute(
        f"INSERT INTO text (rowid, {', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608 - our own names
        (number, *columns(paper)),
    )
