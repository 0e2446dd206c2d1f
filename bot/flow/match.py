"""match: hold new papers against every distinct query, once, whatever number of chats asked for it."""

import asyncio
from collections.abc import Sequence

from bot.core.match import Day
from bot.model import Paper, Topic
from bot.ports import Ledger, Ports

_BATCH = 1000  # papers in memory at once: about 15 MiB with their index


def _match(papers: Sequence[Paper], topics: Sequence[Topic]) -> list[tuple[str, list[str]]]:
    with Day(papers) as day:
        return list(day.matches(topics))


async def match(store: Ledger, ports: Ports, key: str) -> None:
    """Match all papers that were not; a topic added meanwhile makes the batch start over, so that it misses none."""
    del key  # match:new
    while papers := await store.unmatched(_BATCH):
        await ports.archive.add(papers)
        topics, stamp = await store.topics()
        found = await asyncio.to_thread(_match, papers, topics)
        await store.add_matches([paper.id for paper in papers], found, stamp)
    ports.nudge("sweep:due")
