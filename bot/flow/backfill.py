"""backfill: fill the archive with what was announced before our time, politely, in silence, and resumable.

Invariant: what changed within the days that the harvest reads again and again is left to the harvest. Taken here it
would be known, and nobody would hear of it.
"""

from collections.abc import Callable
from dataclasses import replace

from bot.core import times
from bot.errors import Later, UserError
from bot.flow import harvest
from bot.flow.match import match
from bot.ports import Ledger, Ports

_TRIES = 5  # in a row without a page
_PAUSE = 60  # seconds before the next one where arXiv does not say


async def backfill(store: Ledger, ports: Ports, since: int, told: Callable[[int, int, int, str], None]) -> int:
    """Read every record that changed since a day (ms) into the archive; returns how many papers that brought.

    How far it came is noted after each page, and the same call goes on from there. `told` hears of the day (ms) read
    last, of the day at which the harvest's own part begins, of the papers so far and, in a sentence, of what is in the
    way. Nothing of it is pushed to anybody. Raises UserError if `since` is not before that part, Later if arXiv will
    not go on.
    """
    reach = await harvest.reach(store)
    until = ports.clock.now() if reach is None else reach
    if since >= until:
        raise UserError(
            f"{times.instant(since):%Y-%m-%d} is not before {times.instant(until):%Y-%m-%d}, from which day on the "
            "harvest reads everything by itself: name an earlier day."
        )
    name = f"backfill:{times.instant(since):%Y-%m-%d}"
    reached, before = int(await store.note(name) or since), (await store.counts()).papers
    quiet = replace(ports, nudge=_nobody)  # matching would set off whatever is due, deliveries as well
    tries, papers = 0, 0
    while reached < until:
        told(reached, until, papers, "")
        try:
            async for records in ports.register.changes(reached):
                older = [record for record in records if record.stamp < until]
                await store.take(older, lambda _: "", baseline=True, floor=0)
                reached = max([reached, *(record.stamp for record in older)])
                await store.set_note(name, str(reached))
                await match(store, quiet, "match:new")
                tries, papers = 0, (await store.counts()).papers - before
                told(reached, until, papers, "")
                if len(older) < len(records):  # a list comes in the order of its days
                    break
        except Later as problem:
            tries += 1
            if tries == _TRIES:
                raise
            told(reached, until, papers, str(problem))
            await ports.clock.sleep(problem.wait or _PAUSE)
        else:
            break
    return papers


def _nobody(key: str) -> None:
    """Hint at work to nobody."""
