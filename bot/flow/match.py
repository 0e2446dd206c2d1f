"""match: hold what is new against every distinct query, once, whatever number of chats asked for it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.core.match import Day
from bot.model import Happened, Paper, Topic
from bot.ports import Ledger, Ports

_BATCH = 1000  # papers in memory at once: about 15 MiB with their index


def _match(papers: Sequence[Paper], topics: Sequence[Topic]) -> list[tuple[str, list[str]]]:
    with Day(papers) as day:
        return list(day.matches(topics))


def _match_events(told: Sequence[tuple[Paper, Happened]], topics: Sequence[Topic]) -> list[tuple[Happened, str]]:
    """Tell which topics events reach: a cross-list those that match the paper only by what it gained."""
    now = dict(_match(list({paper.id: paper for paper, _ in told}.values()), topics))
    reached: dict[str, set[str]] = {}  # topics by paper
    for topic, papers in now.items():
        for id_ in papers:
            reached.setdefault(id_, set()).add(topic)
    found = []
    rest = [(paper, each) for paper, each in told if paper.id in reached]
    while rest:  # a paper that was cross-listed twice is looked at twice, each time without what it gained then
        batch = {paper.id: (paper, each) for paper, each in rest}
        rest = [(paper, each) for paper, each in rest if batch[paper.id][1] is not each]
        before = [_without(paper, each.gained) for paper, each in batch.values() if each.kind == "cross"]
        had = {(topic, id_) for topic, ids in _match(before, topics) for id_ in ids} if before else set()
        found += [
            (each, topic) for id_, (_, each) in batch.items() for topic in reached[id_] if (topic, id_) not in had
        ]
    return found


def _without(paper: Paper, gained: Sequence[str]) -> Paper:
    return replace(paper, categories=tuple(name for name in paper.categories if name not in gained))


async def rematch(store: Ledger, before: Sequence[Paper], after: Sequence[Paper]) -> None:
    """Tell topics of papers that they match as these are now and did not match before; the others hear nothing."""
    matched = False
    while not matched:
        topics, stamp = await store.topics()
        had = dict(await asyncio.to_thread(_match, before, topics))
        has = await asyncio.to_thread(_match, after, topics)
        fresh = [(topic, [id_ for id_ in ids if id_ not in had.get(topic, ())]) for topic, ids in has]
        matched = await store.add_matches([], fresh, stamp)


async def match(store: Ledger, ports: Ports, key: str) -> None:
    """Match all papers and events that were not; a topic added meanwhile makes a batch start over: it misses none."""
    del key  # match:new
    while papers := await store.unmatched(_BATCH):
        await ports.archive.add(papers)
        topics, stamp = await store.topics()
        found = await asyncio.to_thread(_match, papers, topics)
        await store.add_matches([paper.id for paper in papers], found, stamp)
    while told := await store.unmatched_events(_BATCH):
        topics, stamp = await store.topics()
        reached = await asyncio.to_thread(_match_events, told, topics)
        await store.add_event_matches([each for _, each in told], reached, stamp)
    ports.nudge("sweep:due")
