"""Rate budgets: one row each in the ledger, so that they survive a restart and hold across processes.

Who waits for the same budget stands in one line per process, answers before the others and slow chats before fast
ones, but for every third slot; only the first of the line asks the ledger for a slot, so that an answer never waits
behind a thousand digests that came earlier.
"""

import asyncio
from collections import deque

from bot.errors import Later
from bot.model import Rate, Turn
from bot.ports import Clock
from bot.store.drivers import Run as Query
from bot.store.drivers import Sqlite

_SHARE = 2  # slots in a row for slow chats before the others get one
_FAR = 600_000  # ms: no queue at a gate is as long as that


class _Line:
    """Those who wait for one budget."""

    def __init__(self) -> None:
        self.busy = False
        self._waiting: dict[Turn, deque[asyncio.Future[None]]] = {turn: deque() for turn in Turn}
        self._favoured = 0  # slots in a row that slow chats had

    async def enter(self, turn: Turn) -> None:
        if not self.busy:
            self.busy = True
            return
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[turn].append(called)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled():  # it had become our turn
                self.leave()
            raise

    def before(self, turn: Turn) -> int:
        """How many of those who wait go before one who comes now."""
        return sum(len(waiting) for each, waiting in self._waiting.items() if each <= turn)

    def leave(self) -> None:
        while called := self._next():
            if not called.done():
                called.set_result(None)
                return
        self.busy = False

    def _next(self) -> asyncio.Future[None] | None:
        answers, slow, others = self._waiting.values()
        if answers:
            return answers.popleft()
        if slow and (self._favoured < _SHARE or not others):
            self._favoured += 1
            return slow.popleft()
        self._favoured = 0
        return others.popleft() if others else None


class Pace:
    """Implements the port Gate."""

    def __init__(self, db: Sqlite, clock: Clock) -> None:
        self._db, self._clock = db, clock
        self._lines: dict[str, _Line] = {}

    async def take(self, key: str, rate: Rate, *, patience: float | None = None, turn: Turn = Turn.OTHER) -> None:
        """Wait for the next slot of a budget.

        Raises Later at once, and takes nothing, if that takes more than `patience` seconds.
        """
        if rate.every <= 0:
            return
        until = None if patience is None else self._clock.now() + 1000 * patience
        if until is not None and (line := self._lines.get(key)):
            taken = await self._db.read("slot", key=key)
            first = (taken[0][0] if taken else 0) + rate.every * (1 + line.before(turn))
            if first > until:
                wait = (first - self._clock.now()) / 1000
                raise Later(f"the next request to {key} may leave in {_long(wait)}.", wait=wait)
        line = self._lines.setdefault(key, _Line())  # after that look: the line may have dissolved meanwhile
        await line.enter(turn)
        try:
            left = None if until is None else max(0.0, (until - self._clock.now()) / 1000)
            await self._slot(key, rate, left)
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
