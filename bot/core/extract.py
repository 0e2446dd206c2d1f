"""Summarizes an abstract in its authors' own words: one line, and three to five takeaways.

Nothing is invented: every line is a sentence of the abstract, shortened only by extract_trim. The same input gives the
same output everywhere (no randomness, no clock, no locale); any text is accepted, an empty one has an empty summary.
Standard library only, about 3 ms a paper. Weights: `data/tldr_ranker.json`, fitted by `tests/bars/fit_tldr.py`.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot import resources
from bot.core import extract_cues as cues
from bot.core import extract_takeaways, extract_trim
from bot.core import sentences as splitter
from bot.core.extract_features import Candidate, candidates, likeness
from bot.core.extract_words import Features

# An abstract of fewer sentences is short enough already: its one line says it.
_FEWEST_SENTENCES: Final = 4
_FRAGMENT: Final = 3  # words: less is a label or debris of mathematics, not a sentence
_MOST_SENTENCES: Final = 60  # the rest of a text this long is no abstract; keeps the time per paper bounded
_LONGEST: Final = 400  # words of one sentence, for the same reason


@dataclass(frozen=True, slots=True)
class Extract:
    """One line and, for abstracts of four or more sentences, three to five more in the order of the abstract."""

    tldr: str
    takeaways: tuple[str, ...]


def summarize(title: str, abstract: str) -> Extract:
    """Summarize a paper; an abstract of up to three sentences gives the line alone, a blank one nothing."""
    split = splitter.split(abstract)
    pieces = _usable(split)
    if not pieces:  # blank, a single word, or a script without Latin letters
        return Extract(split[0] if split else "", ())
    found = _scored(title, pieces)
    best = _best(found)
    if len(pieces) < _FEWEST_SENTENCES:
        return Extract(best.text, ())
    return Extract(best.text, _takeaways(pieces, best.index, found))


def tldr(title: str, sentences: Sequence[str]) -> str:
    """Return the one line for an abstract that is split already; an empty one gives an empty line."""
    folded = [" ".join(sentence.split()) for sentence in sentences]
    pieces = _usable(folded)
    return _best(_scored(title, pieces)).text if pieces else next(filter(None, folded), "")


def _usable(pieces: Sequence[str]) -> list[str]:
    """Return the sentences that are long enough to say something, each once however it is introduced."""
    fit = (piece for piece in pieces if len(cues.words(piece)) >= _FRAGMENT and len(piece.split()) <= _LONGEST)
    distinct: dict[str, str] = {}
    for piece in itertools.islice(fit, _MOST_SENTENCES):
        distinct.setdefault(extract_trim.bullet(piece).casefold(), piece)
    return list(distinct.values())


def _scored(title: str, pieces: Sequence[str]) -> list[tuple[float, Candidate]]:
    model = resources.data("tldr_ranker.json")
    return [(_dot(model["ranker"], one.features), one) for one in candidates(title, pieces, model["words"])]


def _dot(weights: Mapping[str, float], row: Features) -> float:
    return sum(weights.get(name, 0.0) * value for name, value in row.items())


def _best(found: Sequence[tuple[float, Candidate]]) -> Candidate:
    """Return the candidate with the highest score, the earliest of equals."""
    return max(found, key=lambda pair: pair[0])[1]


def _takeaways(pieces: Sequence[str], lead: int, found: Sequence[tuple[float, Candidate]]) -> tuple[str, ...]:
    scores: dict[int, float] = {}
    for score, candidate in found:  # the first candidate of a sentence is the whole of it
        scores.setdefault(candidate.index, score)
    chosen = extract_takeaways.choose(pieces, [scores[i] for i in range(len(pieces))], likeness(pieces), lead)
    return tuple(extract_trim.bullet(pieces[i]) for i in chosen)
