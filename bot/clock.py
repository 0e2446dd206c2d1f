"""The Clock port: the system's clock, or a simulated one on which days pass in seconds, shared by processes."""

import asyncio
import re
import time
from datetime import datetime

from bot.errors import ConfigError
from bot.ports import Clock

_SIMULATED = re.compile(r"simulated (\S+)(?: x(\d+(?:\.\d+)?))?(?: since (\d+(?:\.\d+)?))?")


class SystemClock:
    """Real time."""

    rate = 1.0

    def now(self) -> int:
        """Epoch milliseconds."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class SimulatedClock:
    """Time that began at `start` (ms) when the real clock showed `since` (s), and runs `rate` times as fast."""

    def __init__(self, start: int, rate: float, since: float) -> None:
        self.start, self.rate, self.since = start, rate, since

    def now(self) -> int:
        """Epoch milliseconds of the simulation."""
        return self.start + int((time.time() - self.since) * self.rate * 1000)

    async def sleep(self, seconds: float) -> None:
        """Wait as long as `seconds` take on this clock."""
        await asyncio.sleep(seconds / self.rate)


def clock(setting: str) -> SystemClock | SimulatedClock:
    """Read the setting `clock`; processes that name the same `since EPOCH` share one time. Raises ConfigError."""
    if setting == "system":
        return SystemClock()
    if found := _SIMULATED.fullmatch(setting):
        try:
            start = datetime.fromisoformat(found[1])
        except ValueError:
            start = None
        if start is not None and start.tzinfo is not None:
            rate = float(found[2] or 1) or 1.0
            return SimulatedClock(int(start.timestamp() * 1000), rate, float(found[3] or time.time()))
    raise ConfigError(
        f"PAPERBOY_CLOCK is {setting!r}: write system, or for tests 'simulated 2026-11-19T08:00:00Z x60 since EPOCH'."
    )


_: type[Clock] = SystemClock
