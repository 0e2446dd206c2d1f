"""Describes every candidate for the one-line summary of an abstract in named numbers.

A candidate is a sentence, whole or safely shortened (extract_trim); its features look at its wording, its place, its
likeness to the title and to the other sentences, and at the words that a summary is expected to use (extract_words).
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bot.core import extract_cues as cues
from bot.core import extract_trim, extract_words
from bot.core.extract_words import Features, Item

# About the mean length of an author's one-line summary, in words: the scale of every length below.
USUAL_LENGTH: Final = 20
_DAMPING: Final = 0.85  # of PageRank, as in Erkan and Radev, "LexRank" (2004)
_ROUNDS: Final = 40
_CLOSE_ENOUGH: Final = 1e-6
_LIKELY: Final = 0.5
_UNLIKELY: Final = 0.05
_EARLY: Final = 70  # characters
_DIGIT: Final = re.compile(r"\d")
_ACRONYM: Final = re.compile(r"\b[A-Z]{2,}\w*\b")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible one-line summary: where its sentence stands, its text, and what describes it."""

    index: int
    text: str
    features: Features


@dataclass(frozen=True, slots=True)
class _Context:
    """What the candidates of one abstract share."""

    title: str
    sentences: Sequence[str]
    expected: Mapping[Item, float]
    title_content: frozenset[str]
    title_head: frozenset[str]
    title_counts: Counter[str]
    title_pairs: frozenset[tuple[str, str]]
    frequency: Counter[str]
    pairs: Counter[tuple[str, str]]
    likeness: list[list[float]]
    rank: list[float]
    announcing: list[bool]
    on_paper: list[bool]
    first_cue: int
    first_we: int


def candidates(title: str, sentences: Sequence[str], words: Mapping[str, float]) -> list[Candidate]:
    """Return all candidates of an abstract in its order; `words` are the weights of the word model."""
    if not sentences:
        return []
    title, plain = cues.plain(title), [cues.plain(sentence) for sentence in sentences]
    context = _context(title, plain, extract_words.probabilities(title, plain, words))
    found = [
        Candidate(index, text, _describe(index, cues.plain(text), dropped, context))
        for index, sentence in enumerate(sentences)
        for text, dropped in extract_trim.variants(sentence)
    ]
    expected = [candidate.features["expected overlap"] for candidate in found]
    best, mean = max(expected), sum(expected) / len(expected)
    spread = math.sqrt(sum((value - mean) ** 2 for value in expected) / len(expected)) + _CLOSE_ENOUGH
    for candidate, value in zip(found, expected, strict=True):
        candidate.features["behind the best"] = value - best
        candidate.features["expected overlap, standardised"] = (value - mean) / spread
    return found


def likeness(sentences: Sequence[str]) -> list[list[float]]:
    """Return the cosine of every pair of sentences over their content words, weighted by tf-idf; 0 on the diagonal."""
    counts = [Counter(cues.content(sentence)) for sentence in sentences]
    spread = Counter(stem for count in counts for stem in count)
    vectors = []
    for count in counts:
        vector = {s: (1 + math.log(n)) * math.log(1 + len(counts) / spread[s]) for s, n in count.items()}
        norm = math.sqrt(sum(value * value for value in vector.values())) or 1.0
        vectors.append({stem: value / norm for stem, value in vector.items()})
    table = [[0.0] * len(vectors) for _ in vectors]
    for i, one in enumerate(vectors):
        for j in range(i + 1, len(vectors)):
            other = vectors[j]
            small, large = (one, other) if len(one) <= len(other) else (other, one)
            table[i][j] = table[j][i] = sum(v * large[s] for s, v in small.items() if s in large)
    return table


def _page_rank(table: list[list[float]]) -> list[float]:
    size = len(table)
    sums = [sum(row) for row in table]
    rank = [1 / size] * size
    for _ in range(_ROUNDS):
        lost = sum(value for value, total in zip(rank, sums, strict=True) if total <= 0) / size
        shares = [value / total if total > 0 else 0.0 for value, total in zip(rank, sums, strict=True)]
        base = (1 - _DAMPING) / size + _DAMPING * lost
        # The table is symmetric, so a row serves as a column.
        new = [base + _DAMPING * sum(map(float.__mul__, shares, row)) for row in table]
        moved = max(abs(a - b) for a, b in zip(rank, new, strict=True))
        rank = new
        if moved < _CLOSE_ENOUGH:
            break
    return rank


def _context(title: str, sentences: Sequence[str], expected: Mapping[Item, float]) -> _Context:
    table = likeness(sentences)
    rank = _page_rank(table)
    highest = max(rank) or 1.0
    title_stems = extract_words.tokens(title)
    announcing = [bool(cues.PROPOSE.search(sentence)) for sentence in sentences]
    speaking = [
        bool(cues.WE.search(sentence) or cues.PAPER.search(sentence)) and not cues.EARLIER.search(sentence)
        for sentence in sentences
    ]
    head, colon, _ = title.partition(":")
    pairs: Counter[tuple[str, str]] = Counter()
    for sentence in sentences:
        pairs.update(set(_pairs(extract_words.tokens(sentence))))
    return _Context(
        title=title,
        sentences=sentences,
        expected=expected,
        title_content=frozenset(cues.content(title)),
        title_head=frozenset(cues.content(head)[:2]) if colon else frozenset(),
        title_counts=Counter(title_stems),
        title_pairs=frozenset(_pairs(title_stems)),
        frequency=Counter(stem for sentence in sentences for stem in cues.content(sentence)),
        pairs=pairs,
        likeness=table,
        rank=[value / highest for value in rank],
        announcing=announcing,
        on_paper=[cues.PAPER.search(sentence) is not None for sentence in sentences],
        first_cue=announcing.index(True) if True in announcing else -1,
        first_we=speaking.index(True) if True in speaking else -1,
    )


def _pairs(stems: Sequence[str]) -> list[tuple[str, str]]:
    return list(itertools.pairwise(stems))


def _describe(index: int, text: str, dropped: frozenset[str], context: _Context) -> Features:
    row = _wording(text) | _place(index, text, context) | _overlap(text, context)
    row |= {f"without {part}": 1.0 for part in dropped}
    whole = len(extract_words.tokens(context.sentences[index]))
    row["cut"] = (whole - row["length"] * USUAL_LENGTH) / USUAL_LENGTH
    # The shortened text may hide that the sentence spoke of the paper, came second, or leaned on the one before.
    row["paper"] = float(context.on_paper[index])
    row["before paper"] = float(not context.on_paper[index] and True in context.on_paper[index:])
    row["besides"] = float(cues.BESIDES.search(context.sentences[index]) is not None)
    row["leaned"] = float(cues.ANAPHOR.search(context.sentences[index]) is not None)
    return row


def _wording(text: str) -> Features:
    size = len(cues.words(text))
    named = (
        ("propose", cues.PROPOSE),
        ("study", cues.STUDY),
        ("result", cues.RESULT),
        ("background", cues.BACKGROUND),
        ("contrast", cues.CONTRAST),
        ("connect", cues.CONNECT),
        ("meta", cues.META),
        ("future", cues.FUTURE),
        ("we", cues.WE),
        ("passive", cues.PASSIVE),
        ("our result", cues.OUR_RESULT),
        ("let", cues.LET),
        ("earlier", cues.EARLIER),
        ("dangle", cues.DANGLE),
        ("known", cues.KNOWN),
        ("number", _DIGIT),
        ("acronym", _ACRONYM),
    )
    row = {name: float(pattern.search(text) is not None) for name, pattern in named}
    # "Let ..." only sets the scene, unless the same sentence says what "we show" there.
    row["let"] *= 1 - row["we"]
    early = text[:_EARLY]
    row |= {
        "early cue": float(bool(cues.PROPOSE.search(early) or cues.STUDY.search(early))),
        "impersonal": float(not row["passive"] and not cues.SELF.search(text)),
        "colon": float(":" in text),
        "question": float("?" in text),
        "bracket": float("(" in text),
        "words": min(size, 60) / USUAL_LENGTH,
        "short": float(size < 10),  # noqa: PLR2004 - ten words, by definition
        "long": max(0.0, (size - 28) / USUAL_LENGTH),
    }
    return row


def _place(index: int, text: str, context: _Context) -> Features:
    total = len(context.sentences)
    place = index / max(1, total - 1)
    content = cues.content(text)
    return {
        "first": float(index == 0),
        "second": float(index == 1),
        "last": float(index == total - 1),
        "place": place,
        "place squared": place * place,
        "first cue": float(index == context.first_cue),
        "first we": float(index == context.first_we),
        "after cue": float(index > 0 and context.announcing[index - 1]),
        "central": sum(context.likeness[index]) / max(1, total - 1),
        "rank": context.rank[index],
        "salience": sum(math.log1p(context.frequency[stem]) for stem in content) / max(1, len(content)),
    }


def _overlap(text: str, context: _Context) -> Features:
    content = set(cues.content(text))
    shared = len(content & context.title_content)
    stems = extract_words.tokens(text)
    size = len(stems)
    seen: Counter[str] = Counter()
    expected = []
    for stem in stems:
        seen[stem] += 1
        expected.append(context.expected.get((stem, seen[stem]), 0.0))
    hits = sum(expected)
    pairs = _pairs(stems)
    common = (seen & context.title_counts).total()
    return {
        "title covered": shared / max(1, len(context.title_content)),
        "title share": shared / max(1, len(content)),
        "title head": float(not content.isdisjoint(context.title_head)),
        "title overlap": 2 * common / max(1, size + context.title_counts.total()),
        "title pairs": sum(pair in context.title_pairs for pair in pairs) / max(1, len(context.title_pairs)),
        "repeated pairs": sum(context.pairs[pair] - 1 for pair in pairs if pair in context.pairs) / max(1, len(pairs)),
        "length": size / USUAL_LENGTH,
        "length squared": (size / USUAL_LENGTH) ** 2,
        # ROUGE-1 F against a summary of the usual length, in expectation.
        "expected overlap": 2 * hits / (size + USUAL_LENGTH),
        "expected share": hits / max(1, size),
        "expected hits": hits / USUAL_LENGTH,
        "likely words": sum(value > _LIKELY for value in expected) / 10,
        "unlikely words": sum(value < _UNLIKELY for value in expected) / max(1, size),
    }
