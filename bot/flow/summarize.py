"""summarize: what a paper says, in one sentence and a few takeaways; made once, whatever number of chats gets it."""

import asyncio
import logging

from bot.core import extract
from bot.model import Paper, Summary
from bot.ports import Ledger, Ports

log = logging.getLogger(__name__)


async def summarize(store: Ledger, ports: Ports, key: str) -> None:
    """`summarize:<paper>`: make the summary that digests wait for; sweep finds the digests that are complete."""
    paper = await store.paper(key.partition(":")[2])
    if paper is not None:
        await store.add_summary(paper, ports.wanted, await summary_of(store, ports, paper))


async def summary_of(store: Ledger, ports: Ports, paper: Paper) -> Summary:
    """Return a summary at once, for an answer: from the ledger, else made now."""
    return await store.summary(paper, ports.wanted) or await _write(paper)


async def _write(paper: Paper) -> Summary:
    try:
        found = await asyncio.to_thread(extract.summarize, paper.title, paper.abstract)
    except Exception:
        log.exception("%s cannot be summarized; its title has to do", paper.id)
        return Summary("", ())
    return Summary(found.tldr, found.takeaways)
