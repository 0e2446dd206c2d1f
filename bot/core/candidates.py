"""Finds and scores the papers of a day that may be about a topic, for many topics in one pass.

A paper is a candidate by one of three channels: it matches the expression (`words`), one of the aliases stands in title
or abstract (`alias`), or topic and paper share so many rare words that their TF-IDF cosine is NEAR or more (`near`).

- Aliases are looked up through sets of papers by token, ten times faster than as FTS5 phrases, with the same result.
- The cosine is exact: a paper is passed over only where what is left could not bring it to NEAR.
- A paper of the `near` channel whose score lies below `floor` is left out: no vote and no level could bring it in.
- An expression that SQLite refuses is reported and the topic skipped.

Linear in distinct topics; measured by `python -m tests.bars relevance_load`.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

from bot.core import match, relevance
from bot.core.relevance import Features, Profile
from bot.core.terms import Frequencies, Vector, cosine
from bot.model import Paper

NEAR: Final = 0.1
"""Cosine from which a paper is a candidate without matching (facts/matching.md, Part 2, "Candidates")."""

_SLACK: Final = 1e-9  # sums are taken in another order than `cosine` takes them
_WORTH: Final = 0.6  # near misses are shown down to this far below what feedback can still lift to 'broad'

Via = Literal["words", "alias", "near"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A topic to look for. Without a profile, or with the profile of a rule, only what `fts` matches is found."""

    id: str
    fts: str  # words, or words and aliases; '' for none
    profile: Profile | None = None
    drop: str = ""  # FTS5 expression of what is left out, whatever the channel


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate. A rule without a profile has empty features and score 0."""

    paper: str
    via: Via
    score: float = 0.0
    features: Features = Features()  # noqa: RUF009 - frozen


def floor(*, described: bool) -> float:
    """Return the score below which a paper of the `near` channel is not even a near miss."""
    return relevance.threshold("broad", described=described) - relevance.MOST - _WORTH


class Scored:
    """An index over one batch of papers with their words, about 30 KiB a paper until it is closed.

    `bad` names the topics whose expression could not be read. It belongs to the thread that made it.
    """

    def __init__(self, papers: Iterable[Paper], frequencies: Frequencies) -> None:
        distinct = {paper.id: paper for paper in reversed(list(papers))}
        batch = list(distinct.values())[::-1]
        self.bad: list[str] = []
        self._ids = [paper.id for paper in batch]
        self._places = {id_: place for place, id_ in enumerate(self._ids)}
        self._texts: list[tuple[str, str]] = []
        self._vectors: list[Vector] = []
        self._day = match.Day(self._read(batch, frequencies))
        self._holders: dict[str, int] = {}  # bit sets: which papers have a token in title or abstract
        self._entries: dict[str, list[tuple[int, float]]] = {}  # papers by token, with its weight there
        for place, (vector, texts) in enumerate(zip(self._vectors, self._texts, strict=True)):
            for token in {token for text in texts for token in text.split()}:
                self._holders[token] = self._holders.get(token, 0) | 1 << place
            for token, weight in vector.items():
                self._entries.setdefault(token, []).append((place, weight))
        self._heaviest = {token: max(weight for _, weight in entries) for token, entries in self._entries.items()}

    def _read(self, papers: list[Paper], frequencies: Frequencies) -> Iterator[Paper]:
        for paper in papers:
            title, abstract, *_ = match.columns(paper)
            self._texts.append((title, abstract))
            self._vectors.append(frequencies.paper(title, abstract))
            yield paper

    def __len__(self) -> int:
        """Return how many papers are in it."""
        return len(self._ids)

    def ids(self, fts: str) -> list[str]:
        """Return the ids of the papers that an expression matches; as `match.Day.ids`."""
        return self._day.ids(fts)

    # --- channels ---------------------------------------------------------------------------------------------------

    def _matching(self, fts: str) -> list[int]:
        return [self._places[id_] for id_ in self._day.ids(fts)] if fts else []

    def _aliased(self, profile: Profile) -> set[int]:
        """Papers with an alias in title or abstract."""
        found: set[int] = set()
        for phrase in profile.aliases:
            tokens = phrase.needle.split()
            holders = self._holders.get(tokens[0], 0)
            for token in tokens[1:]:
                if not holders:
                    break
                holders &= self._holders.get(token, 0)
            while holders:
                place = (holders & -holders).bit_length() - 1
                holders &= holders - 1
                if place not in found and any(phrase.needle in f" {text} " for text in self._texts[place]):
                    found.add(place)
        return found

    def _near(self, topic: Vector) -> list[int]:
        """Papers whose cosine is NEAR or more, in the order of the batch.

        The tokens that can bring most come first; once those that are left could not bring a paper to NEAR, only the
        papers that have something already are looked at.
        """
        parts = [
            (self._heaviest[token] * weight, token, weight)
            for token, weight in topic.items()
            if token in self._heaviest
        ]
        parts.sort(reverse=True)
        left = sum(most for most, _, _ in parts)
        if left < NEAR - _SLACK:
            return []
        sums = [0.0] * len(self._ids)
        rest = iter(parts)
        for most, token, weight in rest:
            for place, there in self._entries[token]:
                sums[place] += weight * there
            left -= most
            if left < NEAR - _SLACK:
                break
        least = NEAR - _SLACK - left
        open_ = [place for place, total in enumerate(sums) if total >= least]
        for most, token, weight in rest:
            left -= most
            least = NEAR - _SLACK - left
            still = []
            for place in open_:
                total = sums[place]
                if token in (vector := self._vectors[place]):
                    total += weight * vector[token]
                    sums[place] = total
                if total >= least:
                    still.append(place)
            open_ = still
        return [place for place in open_ if cosine(topic, self._vectors[place]) >= NEAR]

    # --- topics -----------------------------------------------------------------------------------------------------

    def found(self, wanted: Wanted) -> list[Found]:
        """Return the candidates of one topic, best first; equal scores in the order of the batch.

        Raises ValueError where SQLite cannot read an expression of it.
        """
        channels: dict[int, Via] = dict.fromkeys(self._matching(wanted.fts), "words")
        profile = wanted.profile
        if profile is not None and not profile.rule:
            for place in self._aliased(profile):
                channels.setdefault(place, "alias")
            for place in self._near(profile.vector):
                channels.setdefault(place, "near")
        for place in self._matching(wanted.drop) if channels else ():
            channels.pop(place, None)
        if profile is None:
            return [Found(self._ids[place], via) for place, via in sorted(channels.items())]
        least = floor(described=profile.described)
        found = []
        for place, via in sorted(channels.items()):
            title, abstract = self._texts[place]
            features = relevance.features(profile, title, abstract, self._vectors[place], aliased=via != "near")
            score = relevance.score(features)
            if via != "near" or score >= least:
                found.append(Found(self._ids[place], via, score, features))
        found.sort(key=lambda each: -each.score)
        return found

    def all(self, wishes: Iterable[Wanted]) -> Iterator[tuple[str, list[Found]]]:
        """Yield (topic id, candidates) for every topic that has at least one, in the order of `wishes`."""
        for wanted in wishes:
            try:
                found = self.found(wanted)
            except ValueError as problem:
                self.bad.append(wanted.id)
                _log.warning("topic %s is skipped: %s", wanted.id, problem)
                continue
            if found:
                yield wanted.id, found

    def close(self) -> None:
        """Free the index; a second call does nothing."""
        self._day.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
