"""A test clock that moves only while the house is quiet: what is measured on it is the pace, not the machine.

Time stands still as long as anything counted by `work` is under way (a request, a job of the ledger) or a task can
still run; only then does it jump to the end of the earliest sleep. `run` is the task that moves it.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, ParamSpec, TypeVar

from bot.store.drivers import Sqlite
from tests.fakes.ports import SteppedClock

P = ParamSpec("P")
T = TypeVar("T")
_TURNS = 8  # of the loop without any work: a task that was woken gets to its next wait in three


class QuietClock(SteppedClock):
    def __init__(self, now: int = 1_790_000_000_000) -> None:
        super().__init__(now, auto=False)
        self._at_work = 0
        self._still = asyncio.Event()
        self._still.set()
        self._asleep = asyncio.Event()

    @contextlib.contextmanager
    def work(self) -> Iterator[None]:
        """Time stands still meanwhile."""
        self._at_work += 1
        self._still.clear()
        try:
            yield
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._still.set()

    def counted(self, call: Callable[P, Awaitable[T]]) -> Callable[P, Coroutine[Any, Any, T]]:
        """The same call, during which time stands still."""

        async def inner(*args: P.args, **values: P.kwargs) -> T:
            with self.work():
                return await call(*args, **values)

        return inner

    def watch(self, db: Sqlite) -> None:
        """Count every job of a ledger, those of its gate included."""
        db.write = self.counted(db.write)  # type: ignore[method-assign]
        db.look = self.counted(db.look)  # type: ignore[method-assign]

    async def sleep(self, seconds: float) -> None:
        self._asleep.set()
        await super().sleep(seconds)

    async def run(self) -> None:
        """Move on whenever all is quiet, until cancelled."""
        while True:
            await self._asleep.wait()
            await self._still.wait()
            for _ in range(_TURNS):
                await asyncio.sleep(0)
                if self._at_work:
                    break
            else:
                if self._sleepers:
                    self.set(self._sleepers[0][0])
                else:
                    self._asleep.clear()
