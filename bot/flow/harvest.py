"""harvest: ask the source what is new and store it; the mark moves only when the whole window was read.

The very first complete harvest is the baseline: its papers fill the archive and previews and are pushed to nobody.
"""

from bot.core import times
from bot.errors import Later
from bot.ports import Ledger, Ports

_DAY = 86_400_000
_RETRY = 900  # seconds until the next try where the source does not say


async def harvest(store: Ledger, ports: Ports, key: str) -> None:
    """`harvest:arxiv`: look if it is time; a second nudge while one look is under way brings no second look."""
    del key  # one source for now
    if await is_due(store, ports.clock.now()):
        await look(store, ports)


async def look(store: Ledger, ports: Ports) -> None:
    """Read the source from the last mark, less the overlap, until now; a failure is recorded with its reason."""
    now = ports.clock.now()
    mark = await store.high_water("harvest")
    mark = None if mark is None else min(mark, now)  # a clock that was ahead must not stop the harvest
    days = ports.settings.baseline_days if mark is None else ports.settings.harvest_overlap_days
    since = times.start_of_day((mark or now) - days * _DAY)
    run = await store.begin_run("harvest")
    new = 0
    try:
        async for papers in ports.source.window(since, now):
            new += len(await store.add_papers(papers, baseline=mark is None))
    except Later as problem:
        wait = int(1000 * max(problem.wait or 0, _RETRY))
        await store.end_run(run, "failed", str(problem), papers=new, next_at=ports.clock.now() + wait)
        return
    except Exception as problem:
        retry_at = ports.clock.now() + _RETRY * 1000
        await store.end_run(run, "failed", f"{type(problem).__name__}; see the log.", papers=new, next_at=retry_at)
        raise
    next_at = times.next_harvest(ports.settings.harvest_hours, ports.clock.now())
    await store.end_run(run, "complete", "", papers=new, mark=now, next_at=next_at)
    ports.nudge("match:new")  # after the last page, or whoever takes papers as they come would get a digest a page


async def is_due(store: Ledger, now: int) -> bool:
    """Whether arXiv is to be asked now: never asked, or the instant set by the last attempt has passed."""
    last = await store.last_run("harvest")
    return last is None or (last.next_at or 0) <= now
