"""Rate budgets: one row each in the ledger, so that they survive a restart and hold across processes.

Who waits for the same budget stands in one line per process, the urgent before the others; only the first of the line
asks the ledger for a slot, so that an answer never waits behind a thousand digests that came earlier.
"""

import asyncio
import heapq
from itertools import count

from bot.errors import Later
from bot.model import Rate
from bot.ports import Clock
from bot.store.drivers import Run as Query
from bot.store.drivers import Sqlite

_FAR = 600_000  # ms: no queue at a gate is as long as that


class _Line:
    """Those who wait for one budget, the urgent first."""

    def __init__(self) -> None:
        self.busy = False
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()

    async def enter(self, *, urgent: bool) -> None:
        if not self.busy:
            self.busy = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (0 if urgent else 1, next(self._order), turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it had become our turn
                self.leave()
            raise

    def leave(self) -> None:
        while self._waiting:
            turn = heapq.heappop(self._waiting)[2]
            if not turn.done():
                turn.set_result(None)
                return
        self.busy = False


class Pace:
    """Implements the port Gate."""

    def __init__(self, db: Sqlite, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._lines: dict[str, _Line] = {}

    async def take(self, key: str, rate: Rate, *, patience: float | None = None, urgent: bool = False) -> None:
        """Wait for the next slot of a budget.

        Raises Later at once, and takes nothing, if that takes more than `patience` seconds.
        """
        if rate.every <= 0:
            return
        if patience is not None:
            await self._slot(key, rate, patience)
            return
        line = self._lines.setdefault(key, _Line())
        await line.enter(urgent=urgent)
        try:
            await self._slot(key, rate, None)
        finally:
            line.leave()
            if not line.busy:
                self._lines.pop(key, None)

    async def _slot(self, key: str, rate: Rate, patience: float | None) -> None:
        now = self._clock.now()
        values = {"key": key, "now": now, "every": rate.every, "slack": (rate.burst - 1) * rate.every, "far": _FAR}

        def work(run: Query) -> int:
            before = run("slot", key=key) if patience is not None else []
            slot = int(run("take", **values)[0][0])
            if patience is not None and before and slot > now + 1000 * patience:
                run("give_back", key=key, next_at=before[0][0])
            return slot

        wait = (await self._db.write(work) - self._clock.now()) / 1000
        if patience is not None and wait > patience:
            raise Later(f"the next request to {key} may leave in {_long(wait)}.", wait=wait)
        if wait > 0:
            await self._clock.sleep(wait)

    async def hold(self, key: str, seconds: float) -> None:
        """Nobody gets a slot of `key` before `seconds` have passed."""
        until = self._clock.now() + int(seconds * 1000)
        await self._db.write(lambda run: run("hold", key=key, until=until))


def _long(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 100 else f"{seconds / 60:.0f} minutes"  # noqa: PLR2004 - as one says it
