"""A clock that moves only when nothing else can, and the event loop that knows when that is: days in seconds, the same
every time.

Invariants: time stands still while anything runs, in a thread as well (the ledger's writer, a check of an answer);
then it goes to the next moment that somebody sleeps for. Threads finish in an order that does not depend on them: what
they were given in one moment is told back together, in the order in which it was given.
"""

import asyncio
import contextlib
import heapq
import selectors
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

from bot.app import shipped
from bot.config import Settings
from bot.model import Budget
from bot.ports import LLM, Model
from bot.store.archive import Archive
from bot.store.drivers import Run, Sqlite
from bot.store.gate import Pace
from bot.store.store import Store, queries
from tests.fakes.chat import FakeChat
from tests.fakes.house import House

T = TypeVar("T")


class IdleClock:
    """A Clock for one `IdleLoop`."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._order = count()
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []

    def now(self) -> int:
        return self._now

    def set(self, now: int) -> None:
        """Go to any moment (ms), back as well; sleepers wake as long after as before."""
        gone, self._now = now - self._now, now
        if gone < 0:
            self._sleepers = [(end + gone, number, woken) for end, number, woken in self._sleepers]

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + round(1000 * max(seconds, 0)), next(self._order), woken))
        await woken

    def advance(self) -> bool:
        """Go to the next moment that somebody sleeps for; False if nobody does."""
        while self._sleepers and self._sleepers[0][2].done():  # cancelled
            heapq.heappop(self._sleepers)
        if not self._sleepers:
            return False
        self._now = max(self._now, self._sleepers[0][0])
        while self._sleepers and self._sleepers[0][0] <= self._now:
            woken = heapq.heappop(self._sleepers)[2]
            if not woken.done():
                woken.set_result(None)
        return True


class _Selector(selectors.DefaultSelector):
    """Is asked to wait when the loop has nothing left to run."""

    idle: Callable[[], bool]

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        waits = timeout is None or timeout > 0
        return super().select(0 if waits and self.idle() else timeout)


class IdleLoop(asyncio.SelectorEventLoop):
    """Runs what can run; then gives out work for threads; then, once all of that is done, moves the clock."""

    def __init__(self, clock: IdleClock) -> None:
        selector = _Selector()
        selector.idle = self._idle
        super().__init__(selector)
        self.clock = clock
        self._pool = ThreadPoolExecutor(1)
        self._jobs: list[tuple[Executor, Callable[[], Any], asyncio.Future[Any]]] = []
        self._turns: list[asyncio.Future[None]] = []
        self._landed: list[tuple[int, asyncio.Future[None]]] = []
        self._flying = 0
        self._tickets = count()

    async def flight(self, work: Coroutine[Any, Any, T]) -> T:
        """Await what only a thread can end, in turn."""
        number = next(self._tickets)
        turn = self.create_future()
        self._turns.append(turn)
        try:
            await turn
        except BaseException:
            work.close()
            raise
        self._flying += 1
        try:
            return await work
        finally:
            self._flying -= 1
            down = self.create_future()
            self._landed.append((number, down))
            await down

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        done: asyncio.Future[Any] = self.create_future()
        self._jobs.append((executor or self._pool, lambda: func(*args), done))
        return done

    def close(self) -> None:
        self._pool.shutdown()
        super().close()

    def _idle(self) -> bool:
        """Make something runnable; False if only a thread can."""
        if self._flying:
            return False
        if self._landed:
            landed, self._landed = sorted(self._landed, key=lambda each: each[0]), []
            return _wake([down for _, down in landed])
        if self._turns:
            turns, self._turns = self._turns, []
            return _wake(turns)
        if self._jobs:
            jobs, self._jobs = self._jobs, []
            for executor, work, done in jobs:
                _end(done, executor.submit(work))
            return True
        return self.clock.advance()


def _wake(futures: list[asyncio.Future[None]]) -> bool:
    for future in futures:
        if not future.done():
            future.set_result(None)
    return True


def _end(done: asyncio.Future[Any], work: Future[Any]) -> None:
    """Wait for a thread, for as long as it takes: nothing else could run."""
    problem = work.exception()
    if done.done():
        return
    if problem is not None:
        done.set_exception(problem)
    else:
        done.set_result(work.result())


class _Ledger(Sqlite):
    def __init__(self, path: Path, known: Callable[[], Mapping[str, str]], loop: IdleLoop) -> None:
        super().__init__(path, known)
        self._turns = loop

    async def write(self, work: Callable[[Run], T]) -> T:
        return await self._turns.flight(super().write(work))

    async def look(self, work: Callable[[Run], T]) -> T:
        return await self._turns.flight(super().look(work))


def ledger(path: Path, clock: IdleClock) -> Store:
    """Build a ledger whose threads the running IdleLoop waits for."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, IdleLoop)
    store = Store(path, clock)
    store._db = _Ledger(path, queries, loop)
    store.gate = Pace(store._db, clock)
    return store


def run(work: Coroutine[Any, Any, T], clock: IdleClock) -> T:
    """Run to the end on a loop of its own."""
    with asyncio.Runner(loop_factory=lambda: IdleLoop(clock)) as runner:
        return runner.run(work)


@contextlib.asynccontextmanager
async def house(
    folder: Path,
    clock: IdleClock,
    llm: LLM | None,
    budget: Budget,
    facts: Mapping[str, Any],
    chat: FakeChat,
    settings: Settings | None = None,
) -> AsyncIterator[House]:
    """Open a house in which nothing waits in real time, and whose model, if there is one, is `llm`."""
    await asyncio.to_thread(shipped)
    store = ledger(folder / "paperboy.db", clock)
    await store.open()
    archive = Archive(folder / "paperboy.db.archive", store)
    await archive.open()
    try:
        found = House(settings or Settings(), store, archive, clock, chat)  # type: ignore[arg-type]
        found.model = Model(llm, budget, facts) if llm else None
        yield found
        await found.engine.stop()
    finally:
        await archive.close()
        await store.close()
