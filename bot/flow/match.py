"""match: hold what is new against every distinct topic, once, whatever number of chats asked for it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bot.core import grading
from bot.core.candidates import Scored
from bot.core.match import Day
from bot.core.terms import Frequencies, Vector
from bot.model import Happened, Match, Paper, Taste, Topic, Weighed
from bot.ports import Ledger, Ports

JUDGED_WITHIN = 600_000  # ms that a digest waits for a model's word on what is in doubt
_BATCH = 300  # papers in memory at once: about 10 MiB with their index and their words
_MANY, _DAY = 2000, 1500  # with so many topics a whole day at once, 34 MiB: each batch goes through all topics anew

Matches = dict[str, list[Match]]


def _match(papers: Sequence[Paper], topics: Sequence[Topic], frequencies: Frequencies) -> Matches:
    """What came close, by topic."""
    found: Matches = {}
    if not topics:  # the first papers mostly come before the first topic: no index is worth making
        return found
    known = {topic.id: topic for topic in topics}
    with Scored(papers, frequencies) as day:
        for id_, all_ in day.all(grading.wanted(topic, frequencies) for topic in topics):
            topic = known[id_]
            by = set(day.ids(topic.by)) if topic.by else set()
            found[id_] = [grading.match(topic, each, followed=each.paper in by) for each in all_]
    return found


def _weighed(
    papers: Sequence[Paper],
    topics: Mapping[str, Topic],
    found: Matches,
    tastes: Iterable[Taste],
    frequencies: Frequencies,
) -> list[tuple[Taste, Weighed]]:
    """What the votes of chats make of it; the vectors of few papers are needed, and made here again."""
    by_id = {paper.id: paper for paper in papers}
    vectors: dict[str, Vector] = {}  # any number of chats have a say about the same papers
    weighed = []
    for taste in tastes:
        learned = grading.learned(taste)
        for match in found.get(taste.topic, ()):
            if match.paper not in vectors:
                vectors[match.paper] = grading.vector(by_id[match.paper], frequencies)
            one = grading.weigh(topics[taste.topic], match, learned, vectors[match.paper])
            weighed += [(taste, one)] if one else []
    return weighed


def _events(
    told: Sequence[tuple[Paper, Happened]], topics: Sequence[Topic], frequencies: Frequencies
) -> list[tuple[Happened, str, Match]]:
    """Tell which topics events reach: a cross-list those that match the paper only by what it gained."""
    now = _match(list({paper.id: paper for paper, _ in told}.values()), topics, frequencies)
    reached: dict[str, dict[str, Match]] = {}  # matches by paper and topic
    for topic, all_ in now.items():
        for match in all_:
            reached.setdefault(match.paper, {})[topic] = match
    found = []
    rest = [(paper, each) for paper, each in told if paper.id in reached]
    while rest:  # a paper that was cross-listed twice is looked at twice, each time without what it gained then
        batch = {paper.id: (paper, each) for paper, each in rest}
        rest = [(paper, each) for paper, each in rest if batch[paper.id][1] is not each]
        had = _had([(paper, each) for paper, each in batch.values() if each.kind == "cross"], topics)
        found += [
            (each, topic, match)
            for id_, (_, each) in batch.items()
            for topic, match in reached[id_].items()
            if (topic, id_) not in had
        ]
    return found


def _had(crossed: Sequence[tuple[Paper, Happened]], topics: Sequence[Topic]) -> set[tuple[str, str]]:
    """Which (topic, paper) were there before: for a topic in words every paper, since no category makes it one."""
    if not crossed:
        return set()
    had = {(topic.id, paper.id) for topic in topics if topic.plain for paper, _ in crossed}
    with Day([_without(paper, each.gained) for paper, each in crossed]) as before:
        for topic, ids in before.matches(topics):
            had |= {(topic, id_) for id_ in ids}
    return had


def _without(paper: Paper, gained: Sequence[str]) -> Paper:
    return replace(paper, categories=tuple(name for name in paper.categories if name not in gained))


async def rematch(store: Ledger, ports: Ports, before: Sequence[Paper], after: Sequence[Paper]) -> None:
    """Tell topics of papers that they match as these are now and did not match before; the others hear nothing."""
    frequencies, matched = await ports.archive.frequencies(), False
    while not matched:
        topics, stamp = await store.topics()
        had = await asyncio.to_thread(_match, before, topics, frequencies)
        has = await asyncio.to_thread(_match, after, topics, frequencies)
        fresh = []
        for topic, all_ in has.items():
            known = {each.paper for each in had.get(topic, ())}
            fresh.append((topic, [each for each in all_ if each.paper not in known]))
        matched = await store.add_matches([], fresh, stamp)


async def match(store: Ledger, ports: Ports, key: str) -> None:
    """Match all papers and events that were not; a topic added meanwhile makes a batch start over: it misses none."""
    del key  # match:new
    while True:
        topics, stamp = await store.topics()
        papers = await store.unmatched(_DAY if len(topics) > _MANY else _BATCH)
        if not papers:
            break
        await ports.archive.add(papers)
        tastes = await store.tastes()
        frequencies = await ports.archive.frequencies()
        found = await asyncio.to_thread(_match, papers, topics, frequencies)
        known = {topic.id: topic for topic in topics}
        weighed = await asyncio.to_thread(_weighed, papers, known, found, tastes, frequencies) if tastes else []
        judge_by = ports.clock.now() + JUDGED_WITHIN if ports.model and ports.settings.llm_judge == "on" else 0
        await store.add_matches([paper.id for paper in papers], found.items(), stamp, weighed, judge_by=judge_by)
    while told := await store.unmatched_events(_BATCH):
        topics, stamp = await store.topics()
        frequencies = await ports.archive.frequencies()
        reached = await asyncio.to_thread(_events, told, topics, frequencies)
        await store.add_event_matches([each for _, each in told], reached, stamp)
    ports.nudge("sweep:due")
