"""The labelled papers of six topics, and what a labelled paper stands for in the stream; read by bar and fit.

A paper of a stratum (found in a curated list, by words, by an alias, near) stands for frame / labelled papers of that
stratum: of diffusion language models, 849 papers of the stream have all words and 16 of them are labelled.
"""

import collections
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from bot.core import normalise, relevance, terms
from bot.core.relevance import Features, Profile
from bot.core.terms import Vector
from bot.model import Meaning

SHARED: Final = Path(__file__).resolve().parents[2].parent / "shared"
FOLDER: Final = SHARED / "data" / "relevance"
CORPUS: Final = SHARED / "data" / "corpus" / "sample_10k.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Labelled:
    """A paper with normalised texts; `label` is on, borderline, off, or '' for a liked one."""

    id: str
    title: str
    abstract: str
    label: str = ""
    stands_for: float = 1.0


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / name).read_text(encoding="utf-8").splitlines()]


@cache
def topics() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = json.loads((FOLDER / "topics.json").read_text(encoding="utf-8"))
    return found


def names() -> list[str]:
    return list(topics())


def _paper(row: dict[str, Any], label: str = "", stands_for: float = 1.0) -> Labelled:
    title, abstract = normalise.column(row["title"]), normalise.column(row["abstract"])
    return Labelled(row["arxiv_id"], title, abstract, label, stands_for)


@cache
def _everything() -> dict[str, list[Labelled]]:
    all_ = rows("labels.jsonl")
    number = collections.Counter((row["topic"], row["stratum"]) for row in all_)
    found: dict[str, list[Labelled]] = {name: [] for name in names()}
    for row in all_:
        topic, stratum = row["topic"], row["stratum"]
        each = topics()[topic]["strata"][stratum] / number[topic, stratum]
        found[topic].append(_paper(row, row["label"], each))
    return found


def papers(name: str) -> list[Labelled]:
    return _everything()[name]


@cache
def liked(name: str) -> list[Labelled]:
    return [_paper(row) for row in rows("liked.jsonl") if row["topic"] == name]


@cache
def vector(paper: Labelled) -> Vector:
    return terms.shipped().paper(paper.title, paper.abstract)


@cache
def profile(name: str, described: bool, against: tuple[str, ...] = ()) -> Profile:
    topic = topics()[name]
    meaning = Meaning(topic["definition"], tuple(topic["aliases"]), against) if described else Meaning()
    return relevance.profile(topic["query"], meaning, terms.shipped())


@cache
def features(name: str, paper: Labelled, *, described: bool = True, against: tuple[str, ...] = ()) -> Features:
    return relevance.features(profile(name, described, against), paper.title, paper.abstract, vector(paper))


# --- the scorer -----------------------------------------------------------------------------------------------------


def measured(some: Sequence[Labelled], kept: Sequence[bool]) -> tuple[float, float, float]:
    """Precision, recall and F1 in the stream; borderline papers are left out."""
    right = wrong = lost = 0.0
    for paper, keep in zip(some, kept, strict=True):
        if paper.label == "on":
            right, lost = right + paper.stands_for * keep, lost + paper.stands_for * (not keep)
        elif paper.label == "off":
            wrong += paper.stands_for * keep
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / (right + lost) if right + lost else 0.0
    return precision, recall, 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def average_precision(some: Sequence[Labelled], scores: Sequence[float]) -> float:
    """Mean of the precision at every paper that is on the topic; equal scores count as one step."""
    ranked = collections.defaultdict(list)
    for paper, score in zip(some, scores, strict=True):
        if paper.label != "borderline":
            ranked[score].append(paper.label == "on")
    total = sum(map(sum, ranked.values()))
    seen = right = 0
    out = 0.0
    for score in sorted(ranked, reverse=True):
        seen, right = seen + len(ranked[score]), right + sum(ranked[score])
        out += sum(ranked[score]) / total * right / seen
    return out
