"""Makes data/terms.json (counts) and data/relevance.json (weights and thresholds of the relevance gate).

Run `python -m tests.bars.fit_relevance` (needs numpy; seconds); `--terms` makes the table of counts first.

The gate is logistic regression with published weights of facts/matching.md (fitted on twelve topics, six of which
we do not have) as the centre of its penalty, so that six topics only correct what twelve have shown. A labelled paper
counts by the root of the number of papers it stands for, between the pool as labelled and the stream as it comes.
"""

import collections
import gzip
import json
import math
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from bot.core import normalise, terms
from bot.core.relevance import Features
from tests.bars import relevance_data as labelled

ROOT: Final = Path(__file__).resolve().parents[2]
NAMES: Final = ("title_words", "abstract_words", "title_alias", "hits", "cosine", "start")
# Published for (1,2)-grams and five times the cosine; cosines of single tokens are 1.4 times as large.
PUBLISHED: Final = (1.03, 0.56, 1.19, 1.40, 2.76 * 5 * 0.7, -3.37)
_SPREAD: Final = (1.0, 0.5, 1.0, 1.0, 5.0, 2.0)  # how far each weight may go for the same penalty
_C: Final = 0.3
_ROUNDS: Final = 60

Array = Any


def design(found: Features) -> list[float]:
    """The numbers that the weights of NAMES are for."""
    against = float(found.against_title), math.log1p(found.against_hits)
    aliases = bool(found.title_alias) - against[0], math.log1p(found.hits) - against[1]
    return [found.title_words, found.abstract_words, *aliases, found.cosine, 1.0]


def fit(rows: list[list[float]], truth: list[int], counts: list[float]) -> list[float]:
    """Newton's method for the penalised likelihood; both classes weigh the same."""
    x, y, w = np.array(rows), np.array(truth, float), np.array(counts)
    for value in (0.0, 1.0):
        w[y == value] *= len(y) / (2 * w[y == value].sum())
    centre, penalty = np.array(PUBLISHED), 1 / np.square(np.array(_SPREAD))
    b = centre.copy()
    for _ in range(_ROUNDS):
        p = 1 / (1 + np.exp(-x @ b))
        slope = _C * x.T @ (w * (p - y)) + penalty * (b - centre)
        b = b - np.linalg.solve(_C * (x * (w * p * (1 - p))[:, None]).T @ x + np.diag(penalty), slope)
    return [float(each) for each in b]


def fitted(topics: list[str], *, described: bool) -> dict[str, float]:
    """Weights from the labelled papers of some topics, each topic as much as another."""
    rows: list[list[float]] = []
    truth: list[int] = []
    counts: list[float] = []
    for name in topics:
        papers = [paper for paper in labelled.papers(name) if paper.label != "borderline"]
        total = sum(math.sqrt(paper.stands_for) for paper in papers)
        for paper in papers:
            rows.append(design(labelled.features(name, paper, described=described)))
            truth.append(int(paper.label == "on"))
            counts.append(math.sqrt(paper.stands_for) / total * len(papers))
    return dict(zip(NAMES, (round(each, 2) for each in fit(rows, truth, counts)), strict=True))


def table() -> None:
    """Count in how many papers each token stands; what the weights do not tell apart is left out."""
    with gzip.open(labelled.CORPUS, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    rows += labelled.rows("background.jsonl")
    known = {row["arxiv_id"] for row in labelled.rows("labels.jsonl")}
    papers = {str(row.get("arxiv_id") or row["id"]): row for row in rows}
    counts: collections.Counter[str] = collections.Counter()
    for id_, row in papers.items():
        if id_ not in known:
            counts.update(set(normalise.tokens(f"{row['title']} . {row['abstract']}")))
    total = len(papers.keys() - known)
    kept = {token: number for token, number in sorted(counts.items()) if number > total * terms.RAREST}
    content = {
        "made_of": "10,055 papers of all fields and years and 3,000 of 2025 and 2026; tests/bars/fit_relevance.py",
        "papers": total,
        "counts": kept,
    }
    path = ROOT / "data" / "terms.json"
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"wrote {path.name}: {len(kept):,} tokens, {path.stat().st_size:,} bytes")


def main(arguments: list[str]) -> None:
    if "--terms" in arguments:
        table()
        terms.shipped.cache_clear()
    path = ROOT / "data" / "relevance.json"
    topics = labelled.names()
    model = json.loads(path.read_text(encoding="utf-8"))
    for kind, described in (("described", True), ("typed", False)):
        model[kind]["weights"] = fitted(topics, described=described)
        print(kind, model[kind]["weights"])
    path.write_text(json.dumps(model, indent=1) + "\n", encoding="utf-8")
    print(f"wrote {path.name}; thresholds and feedback are set by hand: see `python -m tests.bars relevance`")


if __name__ == "__main__":
    main(sys.argv[1:])
