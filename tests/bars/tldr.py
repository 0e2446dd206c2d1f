"""Measures the embedded one-line summary on the dev part of SciTLDR-A against the bar of 41.8 ROUGE-1.

The task's own protocol: of the gold summaries of a paper the one with the highest ROUGE-1 F is chosen, and ROUGE-1, -2
and -L are read against it, with stemming. Run `python -m tests.bars tldr`.
"""

import functools
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rouge_score import rouge_scorer, tokenizers

from bot.core import extract, extract_cues

BAR: Final = 41.8
_FEW: Final = 100
NEEDS: Final = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "scitldr"
_MEASURES: Final = ("rouge1", "rouge2", "rougeL")

Scores = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper of SciTLDR-A: white space folded, blank sentences dropped, at least one gold summary."""

    title: str
    sentences: tuple[str, ...]
    golds: tuple[str, ...]

    @property
    def abstract(self) -> str:
        return " ".join(self.sentences)


class _Tokenizer(tokenizers.DefaultTokenizer):  # type: ignore[misc] # the package is untyped
    def __init__(self) -> None:
        super().__init__(use_stemmer=True)
        self._seen = functools.lru_cache(maxsize=100_000)(super().tokenize)

    def tokenize(self, text: str) -> list[str]:
        return list(self._seen(text))


def load(part: str) -> list[Paper]:
    """Read a part of the data ("train" or "dev"); raises FileNotFoundError where the shared data is absent."""
    lines = (NEEDS / f"scitldr-a.{part}.jsonl").read_text(encoding="utf-8").splitlines()
    papers = []
    for row in map(json.loads, lines):
        sentences = tuple(filter(None, (" ".join(s.split()) for s in row["source"])))
        papers.append(Paper(row["title"], sentences, tuple(row["target"])))
    return papers


@functools.cache
def _scorer() -> rouge_scorer.RougeScorer:
    return rouge_scorer.RougeScorer(list(_MEASURES), tokenizer=_Tokenizer())


def rouge(text: str, golds: Sequence[str]) -> Scores:
    """Return ROUGE-1, -2 and -L F (0 to 100) against the gold with the highest ROUGE-1."""

    def against(gold: str) -> Scores:
        found = _scorer().score(gold, text)
        one, two, longest = (100 * found[name].fmeasure for name in _MEASURES)
        return one, two, longest

    return max((against(gold) for gold in golds), key=lambda scores: scores[0])


def first_cue(sentences: Sequence[str]) -> str:
    """Return the first sentence that says "we propose", else "we show", else "this paper", else the very first."""
    for pattern in (extract_cues.PROPOSE, extract_cues.STUDY, extract_cues.PAPER):
        for sentence in sentences:
            if pattern.search(sentence):
                return sentence
    return sentences[0]


def oracle(paper: Paper) -> str:
    """Return the sentence that scores best: the ceiling for whole sentences."""
    return max(paper.sentences, key=lambda sentence: rouge(sentence, paper.golds)[0])


SYSTEMS: Final[dict[str, Callable[[Paper], str]]] = {
    "first sentence": lambda paper: paper.sentences[0],
    "title": lambda paper: paper.title,
    "first cue": lambda paper: first_cue(paper.sentences),
    "ours, raw text": lambda paper: extract.summarize(paper.title, paper.abstract).tldr,
    "ours": lambda paper: extract.tldr(paper.title, paper.sentences),
    "best sentence": oracle,
}


def run(*, full: bool) -> int:
    """Print the figures of all systems; return 0 if ours reaches the bar on these papers, else 1."""
    papers = load("dev") if full else load("dev")[:_FEW]
    print(f"SciTLDR-A dev, {len(papers)} papers, best of the gold summaries")
    print(f"{'system':<16}{'R1':>7}{'R2':>7}{'RL':>7}{'ms':>8}")
    reached = 0.0
    for name, system in SYSTEMS.items():
        started = time.perf_counter()
        texts = [system(paper) for paper in papers]
        spent = 1000 * (time.perf_counter() - started) / len(papers)
        scores = [rouge(text, paper.golds) for text, paper in zip(texts, papers, strict=True)]
        one, two, longest = (statistics.fmean(column) for column in zip(*scores, strict=True))
        print(f"{name:<16}{one:>7.2f}{two:>7.2f}{longest:>7.2f}{spent:>8.2f}")
        if name == "ours":
            reached = one
    print(f"bar: ours, R1 >= {BAR}: {'reached' if reached >= BAR else 'MISSED'}")
    return 0 if reached >= BAR else 1
