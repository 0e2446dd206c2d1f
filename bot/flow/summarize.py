"""summarize: what a paper says, in one sentence and a few takeaways; made once, whatever number of chats gets it."""

import asyncio

from bot.core import extract
from bot.model import Paper, Summary
from bot.ports import Ledger, Ports


async def summarize(store: Ledger, ports: Ports, key: str) -> None:
    """`summarize:<paper>`: make the summary that digests wait for, then nudge those digests."""
    paper = await store.paper(key.partition(":")[2])
    if paper is None:
        return
    summary = await store.summary(paper, ports.wanted) or await _write(paper)
    for chat in await store.add_summary(paper, ports.wanted, summary):
        ports.nudge(f"deliver:{chat}")


async def summary_of(store: Ledger, ports: Ports, paper: Paper) -> Summary:
    """Return a summary at once, for an answer: from the ledger, else made now."""
    return await store.summary(paper, ports.wanted) or await _write(paper)


async def _write(paper: Paper) -> Summary:
    found = await asyncio.to_thread(extract.summarize, paper.title, paper.abstract)
    return Summary(found.tldr, found.takeaways)
