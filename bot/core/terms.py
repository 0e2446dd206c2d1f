"""Weighs the tokens of papers and of topics: document frequencies and sparse TF-IDF vectors of unit length.

- A token counts by how rare it is; what stands in more than three papers of ten, or is a stop word, counts nothing.
- Below one paper in a thousand all are equally rare: a small archive, a large one and the shipped table then agree, and
  the table stays small.
- Single tokens only: pairs of tokens beside them were no better (`python -m tests.bars relevance` measures what is
  shipped; with pairs the mean average precision was 0.93 instead of 0.92, within the noise, for ten times the table).

Tokens come from `bot.core.normalise`. Nothing here raises.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from bot import resources
from bot.core.query import STOP

Vector = dict[str, float]
"""Weights by token, of unit length; {} where nothing counts."""

RAREST: Final = 0.001
_COMMON: Final = 0.3


class Frequencies:
    """How many papers of a collection hold each token; only what at least one paper in a thousand holds is kept."""

    def __init__(self, total: int, counts: Mapping[str, int]) -> None:
        self.total = max(total, 1)
        self._weights = {
            token: 0.0 if count > _COMMON * self.total else 1 - math.log(count / self.total)
            for token, count in counts.items()
            if count > RAREST * self.total
        }
        self._weights.update(dict.fromkeys(STOP, 0.0))
        self._rarest = 1 - math.log(RAREST)

    def weight(self, token: str) -> float:
        """Return what one occurrence counts: 0 for a stop word, 2.2 (three papers of ten) to 7.9 for all others."""
        return self._weights.get(token, self._rarest)

    def vector(self, tokens: Iterable[str]) -> Vector:
        """Return the vector of a text: (1 + ln n) times the weight for a token that stands there n times."""
        weights, rarest = self._weights, self._rarest
        found = {
            token: (1 + math.log(number) if number > 1 else 1.0) * weight
            for token, number in Counter(tokens).items()
            if (weight := weights.get(token, rarest))
        }
        return unit(found)

    def paper(self, title: str, abstract: str) -> Vector:
        """Return the vector of a paper from its normalised columns (`bot.core.match.columns`); the title counts twice.

        About 0.05 ms.
        """
        heads = title.split()
        return self.vector([*heads, *heads, *abstract.split()])


def unit(vector: Vector) -> Vector:
    """Return the vector at length 1; {} stays {}."""
    length = math.sqrt(math.fsum(weight * weight for weight in vector.values()))
    return {token: weight / length for token, weight in vector.items()} if length else {}


def cosine(topic: Vector, paper: Vector) -> float:
    """Return the product of two vectors, 0 to 1; the same two always give the same digits."""
    return sum([weight * paper[token] for token, weight in topic.items() if token in paper])


@cache
def shipped() -> Frequencies:
    """Return the frequencies of data/terms.json (13,000 papers of all fields), for an archive that is still small."""
    table = resources.data("terms.json")
    return Frequencies(table["papers"], table["counts"])
