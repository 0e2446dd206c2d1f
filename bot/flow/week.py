"""What a topic would have brought lately: the papers of the archive, graded by the very code that grades new ones."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.core import grading
from bot.core.candidates import Scored
from bot.core.terms import Frequencies
from bot.flow.silence import LOOK_BACK
from bot.model import Match, Paper, Taste, Topic, Weighed
from bot.ports import Ledger, Ports

_DAY = 86_400_000  # ms
_MOST = 1500  # papers that are looked at closely
_HEAVY = 8  # words of a topic by which papers are found that have none of its names


@dataclass(frozen=True, slots=True)
class Week:
    """What came close, the best first, and how many more matched a topic that nearly everything matches.

    `matches` stand as votes of the chat move them; `found` is what all chats share, `weighed` what votes make of it.
    """

    matches: tuple[Match, ...]
    beyond: int = 0
    found: tuple[Match, ...] = ()
    weighed: tuple[Weighed, ...] = ()

    def passing(self, level: int) -> list[Match]:
        """What a level lets pass."""
        return [match for match in self.matches if match.grade >= level]

    def count(self, level: int) -> int:
        """How many papers a level would have brought."""
        return len(self.passing(level)) + self.beyond


async def week(store: Ledger, ports: Ports, topic: Topic, taste: Taste | None = None) -> Week:
    """Grade the papers of the last days, and move them as votes do."""
    since = ports.clock.now() - LOOK_BACK * _DAY
    found = await ports.archive.find(grading.expression(topic), since=since)
    if not topic.judged:
        matches = tuple(Match(id_) for id_ in found)
        return Week(matches, found=matches)
    frequencies = await ports.archive.frequencies()
    heavy = sorted(grading.profile(topic, frequencies).vector.items(), key=lambda each: -each[1])[:_HEAVY]
    ids = dict.fromkeys(found[:_MOST])
    if len(ids) < _MOST and heavy:
        words = " OR ".join(f'"{token}"' for token, _ in heavy)
        ids |= dict.fromkeys(await ports.archive.find(words, since=since, limit=_MOST - len(ids)))
    papers = await store.papers(list(ids))
    return await asyncio.to_thread(_graded, papers, topic, frequencies, taste, max(0, len(found) - _MOST))


def _graded(papers: Sequence[Paper], topic: Topic, frequencies: Frequencies, taste: Taste | None, beyond: int) -> Week:
    with Scored(papers, frequencies) as day:
        by = set(day.ids(topic.by)) if topic.by else set()
        found = [
            grading.match(topic, each, followed=each.paper in by)
            for each in day.found(grading.wanted(topic, frequencies))
        ]
    weighed: dict[str, Weighed] = {}
    if taste is not None:
        by_id = {paper.id: paper for paper in papers}
        learned = grading.learned(taste)
        moved = [grading.weigh(topic, each, learned, grading.vector(by_id[each.paper], frequencies)) for each in found]
        weighed = {each.paper: each for each in moved if each}
    shown = [
        replace(each, score=to.score, grade=each.grade + to.moved) if (to := weighed.get(each.paper)) else each
        for each in found
    ]
    shown.sort(key=lambda match: (-match.grade, -match.score, match.paper))
    return Week(tuple(shown), beyond, tuple(found), tuple(weighed.values()))
