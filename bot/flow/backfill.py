"""backfill: fill the archive with what was announced before our time, politely, in silence, and resumable."""

from collections.abc import Callable

from bot.core import times
from bot.errors import Later
from bot.flow.match import match
from bot.ports import Ledger, Ports

_TRIES = 5  # in a row without a page
_PAUSE = 60  # seconds before the next one where arXiv does not say


async def backfill(store: Ledger, ports: Ports, since: int, told: Callable[[int, int], None]) -> int:
    """Read every record that changed since a day (ms) into the archive; returns how many papers that brought.

    How far it came is noted after each page, and the same call goes on from there; `told` hears of the last day (ms)
    read and of the papers so far. Nothing of it is pushed to anybody. Raises Later if arXiv will not go on.
    """
    name = f"backfill:{times.instant(since):%Y-%m-%d}"
    reached, before = int(await store.note(name) or since), (await store.counts()).papers
    tries = 0
    while True:
        try:
            async for records in ports.register.changes(reached):
                await store.take(records, lambda _: "", baseline=True, floor=0)
                reached = max([reached, *(record.stamp for record in records)])
                await store.set_note(name, str(reached))
                await match(store, ports, "match:new")
                told(reached, (await store.counts()).papers - before)
                tries = 0
        except Later as problem:
            tries += 1
            if tries == _TRIES:
                raise
            await ports.clock.sleep(problem.wait or _PAUSE)
        else:
            return (await store.counts()).papers - before
