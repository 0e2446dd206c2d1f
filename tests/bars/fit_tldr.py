"""Fits the weights of the embedded summarizer on the training part of SciTLDR-A and writes data/tldr_ranker.json.

Run `python -m tests.bars.fit_tldr` (needs numpy; half a minute); `--cv` only prints the score of five-fold
cross-validation within the training part, by which the sizes below were chosen. Nothing here reads the dev part.
Data: Cachola et al., "TLDR: Extreme Summarization of Scientific Documents" (2020), Apache-2.0.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from bot.core import extract_features, extract_words
from tests.bars.tldr import Paper, load, rouge

_WEIGHTS: Final = Path(__file__).resolve().parents[2] / "data" / "tldr_ranker.json"
_FOLDS: Final = 5
_VOCABULARY: Final = 400  # words with a weight of their own
_WORD_L2: Final = 10.0
_TEMPERATURE: Final = 0.05  # of the target distribution: softmax of ROUGE-1 F / temperature
_L2: Final = 0.2
_ROUNDS: Final = 400
_TOLERANCE: Final = 1e-7
_SMALLEST_STEP: Final = 1e-12
# What machine-learning papers cannot teach is set by hand, by reading arXiv abstracts of all fields, and held while the
# rest is fitted around it; in cross-validation this costs no more than the noise between folds (0.1 to 0.2).
_BY_HAND: Final = {
    "impersonal": -0.7,
    "passive": 0.15,
    "our result": 0.15,
    "let": -0.5,
    "earlier": -0.5,
    "dangle": -0.35,
    "known": -0.8,
    "before paper": -0.4,
    "paper": 0.1,
    "leaned": -0.3,
    "short": -0.5,
    "besides": -0.6,
}

Array = Any  # numpy's own types say little here
Objective = Callable[[Array], tuple[float, Array]]


@dataclass(frozen=True)
class WordTable:
    """All occurrences of all papers: numbers, the place of the word in the vocabulary (-1: none), truth, paper."""

    items: list[tuple[str, int]]
    numbers: Array
    words: Array
    truth: Array
    paper: Array


@dataclass(frozen=True)
class Ranking:
    """All candidates of all papers: numbers, ROUGE-1 F (0 to 1), the first row of every paper."""

    numbers: Array
    score: Array
    starts: Array

    def of(self, papers: Array) -> "Ranking":
        ends = np.append(self.starts[1:], len(self.score))
        rows = [np.arange(self.starts[i], ends[i]) for i in papers]
        starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])[:-1]]).astype(int)
        return Ranking(self.numbers[np.concatenate(rows)], self.score[np.concatenate(rows)], starts)


def minimise(objective: Objective, start: Array, memory: int = 12) -> Array:
    """L-BFGS with halving steps (Nocedal and Wright, algorithm 7.5), enough for smooth convex objectives."""
    point, (value, slope) = start, objective(start)
    steps: list[tuple[Array, Array]] = []
    for _ in range(_ROUNDS):
        direction, marks = slope.copy(), []
        for step, turn in reversed(steps):
            mark = step @ direction / (turn @ step)
            marks.append(mark)
            direction -= mark * turn
        if steps:
            step, turn = steps[-1]
            direction *= step @ turn / (turn @ turn)
        for (step, turn), mark in zip(steps, reversed(marks), strict=True):
            direction += step * (mark - turn @ direction / (turn @ step))
        size = 1.0 if steps else 1.0 / max(1.0, float(np.abs(slope).sum()))
        while True:
            reached = point - size * direction
            new_value, new_slope = objective(reached)
            if new_value <= value - 1e-4 * size * (slope @ direction) or size < _SMALLEST_STEP:
                break
            size /= 2
        if (reached - point) @ (new_slope - slope) > 0:
            steps = [*steps, (reached - point, new_slope - slope)][-memory:]
        done = value - new_value < _TOLERANCE * abs(value)
        point, value, slope = reached, new_value, new_slope
        if done:
            break
    return point


def word_table(papers: Sequence[Paper]) -> tuple[WordTable, list[str], list[str]]:
    """Return the occurrences of all papers, the names of their numbers and the vocabulary."""
    spread: Counter[str] = Counter()
    for paper in papers:
        spread.update(set(extract_words.tokens(paper.abstract)))
    vocabulary = [word for word, _ in sorted(spread.items(), key=lambda pair: (-pair[1], pair[0]))[:_VOCABULARY]]
    place = {word: i for i, word in enumerate(vocabulary)}
    rows: list[tuple[tuple[str, int], dict[str, float], float, int]] = []
    for number, paper in enumerate(papers):
        gold = Counter(extract_words.tokens(paper.golds[0]))
        for item, row in extract_words.occurrences(paper.title, paper.sentences):
            rows.append((item, row, float(gold[item[0]] >= item[1]), number))
    names = sorted({name for _, row, _, _ in rows for name in row if not name.startswith("word ")})
    table = WordTable(
        items=[item for item, _, _, _ in rows],
        numbers=np.array([[row.get(name, 0.0) for name in names] for _, row, _, _ in rows]),
        words=np.array([place.get(item[0], -1) for item, _, _, _ in rows]),
        truth=np.array([truth for _, _, truth, _ in rows]),
        paper=np.array([number for _, _, _, number in rows]),
    )
    return table, names, vocabulary


def fit_words(table: WordTable, among: Array) -> Array:
    """Fit the logistic word model on some rows: weights of the numbers, then of the vocabulary, then a 0 for none."""
    numbers, words, truth = table.numbers[among], table.words[among], table.truth[among]
    width = numbers.shape[1]

    def objective(weights: Array) -> tuple[float, Array]:
        logit = numbers @ weights[:width] + weights[width:][words]
        error = 1 / (1 + np.exp(-logit)) - truth
        loss = float(np.sum(np.logaddexp(0, logit) - truth * logit) + _WORD_L2 / 2 * (weights @ weights))
        slope = np.append(numbers.T @ error, np.bincount(words % (_VOCABULARY + 1), error, _VOCABULARY + 1))
        slope[-1] = 0.0
        return loss, slope + _WORD_L2 * weights

    return minimise(objective, np.zeros(width + _VOCABULARY + 1))


def named(weights: Array, names: Sequence[str], vocabulary: Sequence[str]) -> dict[str, float]:
    """Return the weights of the word model by name, as extract_words reads them."""
    every = [*names, *("word " + word for word in vocabulary)]
    return {name: round(float(value), 4) for name, value in zip(every, weights, strict=False)}


def ranking(papers: Sequence[Paper], words: Sequence[dict[str, float]]) -> tuple[Ranking, list[str]]:
    """Return the candidates of all papers, each described with the word weights given for it, and the names."""
    rows: list[dict[str, float]] = []
    scores: list[float] = []
    starts: list[int] = []
    for paper, weights in zip(papers, words, strict=True):
        starts.append(len(rows))
        for candidate in extract_features.candidates(paper.title, paper.sentences, weights):
            rows.append(candidate.features)
            scores.append(rouge(candidate.text, paper.golds)[0] / 100)
    names = sorted({name for row in rows for name in row})
    numbers = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    return Ranking(numbers, np.array(scores), np.array(starts)), names


def _softmax(score: Array, starts: Array, paper: Array) -> Array:
    power = np.exp(score - np.maximum.reduceat(score, starts)[paper])
    return power / np.add.reduceat(power, starts)[paper]


def fit_ranker(data: Ranking, names: Sequence[str]) -> Array:
    """Fit the weights so that their softmax over the candidates of a paper nears that of ROUGE-1 (listwise)."""
    spread = data.numbers.std(axis=0)
    by_hand = np.array([name in _BY_HAND for name in names])
    scale = np.where(by_hand | (spread < 1e-9), 0.0, 1 / np.maximum(spread, 1e-9))
    fixed = data.numbers @ np.array([_BY_HAND.get(name, 0.0) for name in names])
    scaled = (data.numbers - data.numbers.mean(axis=0)) * scale
    papers = len(data.starts)
    paper = np.repeat(np.arange(papers), np.diff(np.append(data.starts, len(data.score))))
    target = _softmax(data.score / _TEMPERATURE, data.starts, paper)

    def objective(weights: Array) -> tuple[float, Array]:
        chosen = _softmax(fixed + scaled @ weights, data.starts, paper)
        loss = -float(target @ np.log(chosen + 1e-12)) / papers + _L2 / 2 * float(weights @ weights)
        return loss, scaled.T @ (chosen - target) / papers + _L2 * weights

    weights = minimise(objective, np.zeros(len(names))) * scale
    return weights + np.array([_BY_HAND.get(name, 0.0) for name in names])


def reached(data: Ranking, weights: Array) -> float:
    """Return the mean ROUGE-1 F (0 to 100) of the candidates that the weights pick."""
    ends = np.append(data.starts[1:], len(data.score))
    score = data.numbers @ weights
    picks = [start + int(np.argmax(score[start:end])) for start, end in zip(data.starts, ends, strict=True)]
    return 100 * float(data.score[picks].mean())


def main(cross_validate: bool) -> None:
    papers = load("train")
    fold = np.arange(len(papers)) * 2654435761 % 2**32 % _FOLDS
    table, names, vocabulary = word_table(papers)
    # The ranker must see the word model as it is on papers it was not fitted on.
    parts = [named(fit_words(table, fold[table.paper] != k), names, vocabulary) for k in range(_FOLDS)]
    data, features = ranking(papers, [parts[k] for k in fold])
    held = []
    for k in range(_FOLDS):
        weights = fit_ranker(data.of(np.flatnonzero(fold != k)), features)
        held.append((reached(data.of(np.flatnonzero(fold == k)), weights), int((fold == k).sum())))
    mean = sum(score * size for score, size in held) / len(papers)
    print(f"cross-validation: R1 {mean:.2f}  folds {' '.join(f'{score:.2f}' for score, _ in held)}")
    if cross_validate:
        return
    words = named(fit_words(table, np.ones(len(table.truth), bool)), names, vocabulary)
    ranker = dict(zip(features, (round(float(w), 4) for w in fit_ranker(data, features)), strict=True))
    model = {
        "trained_on": f"SciTLDR-A train, {len(papers)} papers (Apache-2.0); tests/bars/fit_tldr.py",
        "cross_validation_r1": round(mean, 2),
        "ranker": {name: weight for name, weight in ranker.items() if weight},
        "words": {name: weight for name, weight in words.items() if weight},
    }
    _WEIGHTS.write_text(json.dumps(model, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"wrote {_WEIGHTS.name}, {_WEIGHTS.stat().st_size} bytes")


if __name__ == "__main__":
    main("--cv" in sys.argv[1:])
