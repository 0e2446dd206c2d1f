"""SQLite as the ledger's engine room: one writer thread with group commit, a few read-only connections.

- Every write runs inside a transaction; its caller goes on only after the commit reached the disk
  (`synchronous=FULL`). Writes that wait at the same moment share one commit, each in its own savepoint, so that one
  that fails takes nothing else with it.
- Reads see every commit made before they began (WAL). Nothing here runs on the event loop.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
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
        self._todo: SimpleQueue[tuple[Callable[[Run], Any], asyncio.Future[Any]] | None] = SimpleQueue()
        self._writer: threading.Thread | None = None
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._readers: ThreadPoolExecutor | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def open(self) -> None:
        """Create the file if need be, bring its schema up to date, start the threads; raises ConfigError."""
        self._loop = asyncio.get_running_loop()
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="ledger-read")
        ready: asyncio.Future[None] = self._loop.create_future()
        self._writer = threading.Thread(target=self._write_forever, args=(ready,), name="ledger-write", daemon=True)
        self._writer.start()
        await ready

    async def close(self) -> None:
        """Finish what is queued and let go of the file."""
        if self._writer is not None and self._readers is not None:
            self._todo.put(None)
            await asyncio.to_thread(self._writer.join)
            await asyncio.to_thread(self._readers.shutdown)
            for connection in self._connections:
                connection.close()

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
        return await self._loop.run_in_executor(self._readers, self._look, work)

    def _look(self, work: Callable[[Run], T]) -> T:
        run = self._reader()
        self._local.connection.execute("BEGIN")  # one snapshot for all queries: what they say fits together
        try:
            return work(run)
        finally:
            self._local.connection.execute("COMMIT")

    def _reader(self) -> Run:
        run: Run | None = getattr(self._local, "run", None)
        if run is None:
            connection = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None)  # closed by close()
            connection.execute("PRAGMA query_only=ON")
            connection.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
            self._connections.append(connection)
            self._local.connection = connection

            def run(query: str, /, **values: object) -> list[Row]:
                return connection.execute(self._queries[query], values).fetchall()

            self._local.run = run
        return run

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
    def _commit(
        db: Database, run: Run, batch: list[tuple[Callable[[Run], Any], asyncio.Future[Any]]]
    ) -> list[tuple[asyncio.Future[Any], Any, BaseException | None]]:
        outcomes: list[tuple[asyncio.Future[Any], Any, BaseException | None]] = []
        try:
            db.conn.execute("BEGIN IMMEDIATE")
            for work, done in batch:
                try:
                    db.conn.execute("SAVEPOINT one")  # this one's failure undoes this one only
                    outcomes.append((done, work(run), None))
                except Exception as problem:  # noqa: BLE001 - whatever it is, its own caller gets it
                    db.conn.execute("ROLLBACK TO one")
                    outcomes.append((done, None, problem))
                db.conn.execute("RELEASE one")
            db.conn.execute("COMMIT")
        except sqlite3.Error as problem:
            if db.conn.in_transaction:
                db.conn.execute("ROLLBACK")
            wait = Later(f"The ledger is busy or its disk is full ({problem}); nothing was changed.", wait=5)
            wait.__cause__ = problem
            return [(done, None, wait) for _, done in batch]
        return outcomes


def _report(outcomes: list[tuple["asyncio.Future[Any]", Any, BaseException | None]]) -> None:
    for done, result, problem in outcomes:
        if done.cancelled():
            continue
        if problem is not None:
            done.set_exception(problem)
        else:
            done.set_result(result)
