"""SQLite as the ledger's engine room: one writer thread with group commit, a few read-only connections.

- Every write runs inside a transaction; its caller goes on only after the commit reached the disk
  (`synchronous=FULL`). Writes that wait at the same moment share one commit; if one of them fails, each is tried
  again alone, so that it takes nothing else with it. A `work` may therefore run twice and must only act on `run`.
- Reads see every commit made before they began (WAL). Nothing here runs on the event loop.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from sqlite_utils import Database, Migrations

from bot.errors import ConfigError, Later

T = TypeVar("T")
Row = tuple[Any, ...]
Run = Callable[..., list[Row]]
"""Runs a named query inside the transaction: `run("claim", id=…)`."""

Job = tuple[Callable[[Run], Any], "asyncio.Future[Any]"]
Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]

# Primary result codes (sqlite.org/rescode.html) that pass: the same work may succeed later.
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR}
_READERS = 3
_BATCH = 500  # writes that share a commit at most: bounds how long the first of them waits
_BUSY_MS = 10_000


def migrations() -> Migrations:
    """Build the append-only list of schema changes: numbered SQL files, applied once each in order."""
    steps = Migrations("paperboy")
    for script in sorted(files("bot.store").joinpath("migrations").iterdir(), key=lambda f: f.name):
        if script.name.endswith(".sql"):
            text = script.read_text(encoding="utf-8")

            def apply(db: Database, text: str = text) -> None:
                for statement in text.split(";\n"):
                    if statement.strip():
                        db.conn.execute(statement)

            steps(name=script.name.removesuffix(".sql"))(apply)
    return steps


class Sqlite:
    """Runs named queries against one SQLite file."""

    def __init__(self, path: Path, queries: Callable[[], Mapping[str, str]]) -> None:
        self.path = path
        self._read_queries = queries
        self._queries: Mapping[str, str] = {}
        self._todo: SimpleQueue[Job | None] = SimpleQueue()
        self._asked: SimpleQueue[Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Create the file if need be, bring its schema up to date, start the threads; raises ConfigError."""
        self._loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = self._loop.create_future()
        writer = threading.Thread(target=self._write_forever, args=(ready,), name="ledger-write", daemon=True)
        writer.start()
        await ready
        readers = [
            threading.Thread(target=self._read_forever, name="ledger-read", daemon=True) for _ in range(_READERS)
        ]
        self._threads = [writer, *readers]
        for reader in readers:
            reader.start()

    async def close(self) -> None:
        """Finish what is queued and let go of the file."""
        if self._threads:
            self._todo.put(None)
            for _ in range(_READERS):
                self._asked.put(None)
            for thread in self._threads:
                await asyncio.to_thread(thread.join)

    async def write(self, work: Callable[[Run], T]) -> T:
        """Run `work(run)` in a transaction and return its result once it is committed."""
        assert self._loop is not None, "open() comes first"  # noqa: S101 - a programming error
        done: asyncio.Future[T] = self._loop.create_future()
        self._todo.put((work, done))
        return await done

    async def read(self, query: str, **values: object) -> list[Row]:
        """Run one named query on a read-only connection."""
        return await self.look(lambda run: run(query, **values))

    async def look(self, work: Callable[[Run], T]) -> T:
        """Run `work(run)`, any number of named queries, on a read-only connection."""
        assert self._loop is not None, "open() comes first"  # noqa: S101 - a programming error
        done: asyncio.Future[T] = self._loop.create_future()
        self._asked.put((work, done))
        return await done

    def _read_forever(self) -> None:
        assert self._loop is not None  # noqa: S101 - set by open()
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("PRAGMA query_only=ON")
        connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")

        def run(query: str, /, **values: object) -> list[Row]:
            return connection.execute(self._queries[query], values).fetchall()

        while job := self._asked.get():
            work, done = job
            try:
                connection.execute("BEGIN")  # one snapshot for all queries: what they say fits together
                outcome: Outcome = (done, work(run), None)
            except Exception as problem:  # noqa: BLE001 - whatever it is, its own caller gets it
                outcome = (done, None, _told(problem))
            if connection.in_transaction:
                connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_report, [outcome])
        connection.close()

    def _connect(self) -> Database:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = Database(self.path)
            db.conn.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
            db.conn.execute("PRAGMA journal_mode=WAL")
            db.conn.execute("PRAGMA synchronous=FULL")
            migrations().apply(db)
            self._queries = self._read_queries()
        except (sqlite3.DatabaseError, OSError) as problem:
            raise ConfigError(
                f"The ledger {self.path} cannot be opened ({problem}): check DATABASE_URL, the folder's rights and "
                "the free space."
            ) from problem
        return db

    def _write_forever(self, ready: "asyncio.Future[None]") -> None:
        assert self._loop is not None  # noqa: S101 - set by open()
        try:
            db = self._connect()
        except ConfigError as problem:
            self._loop.call_soon_threadsafe(ready.set_exception, problem)
            return
        self._loop.call_soon_threadsafe(ready.set_result, None)

        def run(query: str, rows: list[dict[str, Any]] | None = None, /, **values: object) -> list[Row]:
            if rows is not None:
                db.conn.executemany(self._queries[query], rows)
                return []
            return db.conn.execute(self._queries[query], values).fetchall()

        more = True
        while more:
            batch = []
            job = self._todo.get()
            while job is not None:
                batch.append(job)
                if self._todo.empty() or len(batch) == _BATCH:
                    break
                job = self._todo.get()
            more = job is not None
            if batch:
                outcomes = self._commit(db, run, batch)
                self._loop.call_soon_threadsafe(_report, outcomes)
        db.close()

    @staticmethod
    def _commit(db: Database, run: Run, batch: list[Job]) -> list[Outcome]:
        try:
            return _together(db, run, batch)
        except Exception as problem:  # noqa: BLE001 - whose fault it is shows when each is tried alone
            if len(batch) == 1 or _passing(problem):
                return [(done, None, _told(problem)) for _, done in batch]
        outcomes: list[Outcome] = []
        for job in batch:
            outcomes += Sqlite._commit(db, run, [job])
        return outcomes


def _together(db: Database, run: Run, batch: list[Job]) -> list[Outcome]:
    """Run jobs in one transaction; if one fails nothing has happened, and the problem is raised."""
    db.conn.execute("BEGIN IMMEDIATE")
    try:
        outcomes: list[Outcome] = [(done, work(run), None) for work, done in batch]
        db.conn.execute("COMMIT")
    except BaseException:
        if db.conn.in_transaction:
            db.conn.execute("ROLLBACK")
        raise
    return outcomes


def _passing(problem: Exception) -> bool:
    """Whether it is the disk's or another process's doing, and nobody's fault in the batch."""
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF in _PASSING  # errors of the module itself carry no code


def _told(problem: Exception) -> Exception:
    if not _passing(problem):
        return problem
    wait = Later(f"The ledger is busy or its disk is full ({problem}); nothing was changed.", wait=5)
    wait.__cause__ = problem
    return wait


def _report(outcomes: list[Outcome]) -> None:
    for done, result, problem in outcomes:
        if done.cancelled():
            continue
        if problem is not None:
            done.set_exception(problem)
        else:
            done.set_result(result)
