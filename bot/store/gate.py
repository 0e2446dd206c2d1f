"""Rate budgets: one row each in the ledger, so that they survive a restart and hold across processes."""

from bot.errors import Later
from bot.model import Rate
from bot.ports import Clock
from bot.store.drivers import Sqlite

_FAR = 600_000  # ms: no queue at a gate is as long as that


class Pace:
    """Implements the port Gate."""

    def __init__(self, db: Sqlite, clock: Clock) -> None:
        self._db, self._clock = db, clock

    async def take(self, key: str, rate: Rate, *, patience: float | None = None) -> None:
        """Wait for the next slot of a budget; raises Later at once if that takes more than `patience` seconds."""
        if rate.every <= 0:
            return
        now = self._clock.now()
        values = {"key": key, "now": now, "every": rate.every, "slack": (rate.burst - 1) * rate.every, "far": _FAR}
        found = await self._db.write(lambda run: run("take", **values))
        wait = (found[0][0] - self._clock.now()) / 1000
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
