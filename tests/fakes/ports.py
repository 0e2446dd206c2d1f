"""Fakes of the small ports: a clock that is stepped and a gate that is always open.

Invariants: neither waits in real time; both remember what was asked of them.
"""

import asyncio
import heapq
from itertools import count

from bot.model import Rate, Turn


class SteppedClock:
    """A Clock whose time moves only when told to, or when someone sleeps and `auto` is set.

    With `auto` (the default) a sleep moves the time to its own end once everybody else has had a turn; without it,
    sleepers wait until `step` or `set` takes the time past their end.
    """

    def __init__(self, now: int = 1_790_000_000_000, *, auto: bool = True) -> None:
        self.slept: list[float] = []  # seconds, in order of asking
        self._now = now
        self._auto = auto
        self._order = count()
        self._sleepers: list[tuple[int, int, asyncio.Event]] = []

    def now(self) -> int:
        return self._now

    def set(self, now: int) -> None:
        """Go to `now` (ms), never back, and wake whoever is due by then."""
        self._now = max(self._now, now)
        while self._sleepers and self._sleepers[0][0] <= self._now:
            heapq.heappop(self._sleepers)[2].set()

    def step(self, seconds: float) -> None:
        self.set(self._now + round(seconds * 1000))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        end = self._now + round(max(seconds, 0) * 1000)
        event = asyncio.Event()
        heapq.heappush(self._sleepers, (end, next(self._order), event))
        await asyncio.sleep(0)
        while self._auto and not event.is_set():
            self.set(self._sleepers[0][0])  # the earliest sleeper wakes first, whoever asks
            await asyncio.sleep(0)
        await event.wait()


class OpenGate:
    """A Gate that never makes anybody wait; `takes` and `holds` say what was asked of it."""

    def __init__(self) -> None:
        self.takes: list[tuple[str, Rate]] = []
        self.holds: list[tuple[str, float]] = []

    async def take(
        self,
        key: str,
        rate: Rate,
        *,
        patience: float | None = None,  # noqa: ARG002 - always open
        turn: Turn = Turn.OTHER,  # noqa: ARG002 - always open
    ) -> None:
        self.takes.append((key, rate))
        await asyncio.sleep(0)

    async def hold(self, key: str, seconds: float) -> None:
        self.holds.append((key, seconds))
