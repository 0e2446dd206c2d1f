"""5,000 random queries against an evaluator of its own, and 100,000 inputs that nobody should type.

The evaluator (`query_words`) never sees our parser, our tokens or FTS5: it gets the tree that the generator
(`query_texts`) meant when it wrote the text, and looks into every paper. Each query is then written in another order,
with doubles and all brackets, and has to keep its key and its papers. Of the hostile inputs none may raise anything but
UserError or bring up the database; what is read must say the same when it is shown and read again.
"""

import collections
import gzip
import itertools
import json
import random
import sqlite3
import time
from pathlib import Path

from bot.core import papers, query
from bot.core.match import Day
from bot.errors import UserError
from bot.model import Paper
from tests.bars.query_hostile import Hostile
from tests.bars.query_texts import Made, Writer
from tests.bars.query_words import Desk

ROOT = Path(__file__).resolve().parents[2]
NEEDS = ROOT.parent / "shared" / "data" / "corpus" / "sample_10k.jsonl.gz"
SHOWN = 5  # examples of what went wrong


def sample(count: int) -> list[Paper]:
    with gzip.open(NEEDS, "rt", encoding="utf-8") as lines:
        chosen = random.Random(7).sample(lines.readlines(), count)
    return [papers.from_row(json.loads(line)) for line in chosen]


def compared(day: Day, desk: Desk, writer: Writer, count: int) -> collections.Counter[str]:
    """Ask both for `count` queries; count agreements, hits and the ways in which the same was said again."""
    out: collections.Counter[str] = collections.Counter()
    for _ in range(count):
        made = writer.one()
        wanted = desk.find(made.tree)
        problem = difference(day, made, wanted)
        out["agree" if not problem else "differ"] += 1
        out["hits"] += len(wanted)
        out["with hits"] += bool(wanted)
        if problem and out["differ"] <= SHOWN:
            print(f"DIFFERS: {made.text!r}: {problem}\n  meant: {made.tree}")
            continue
        if writer.asks_topic(made.tree):
            out["topics"] += 1
            continue
        other = writer.again(made.tree)
        if len(other) <= query.MAX_CHARS and other.count(":") <= query.MAX_TERMS and deep(other) <= query.MAX_DEPTH:
            same = query.key(query.parse(other)) == query.key(query.parse(made.text))
            out["rewritten, same key" if same else "rewritten, another key"] += 1
            if not same and out["rewritten, another key"] <= SHOWN:
                print(f"ANOTHER KEY: {made.text!r}\n  {other!r}")
    return out


def deep(text: str) -> int:
    """How many brackets stand within one another, those in quotes among them."""
    return max(itertools.accumulate((sign == "(") - (sign == ")") for sign in text))


def difference(day: Day, made: Made, wanted: frozenset[str]) -> str:
    """What is wrong with our answer, '' where it is right."""
    try:
        found = frozenset(day.ids(query.fts5(query.parse(made.text))))
    except UserError as problem:
        return f"refused: {problem}"
    return "" if found == wanted else f"{len(found - wanted)} papers too many, {len(wanted - found)} missing"


def fuzzed(day: Day, hostile: Hostile, count: int) -> collections.Counter[str]:
    """Read `count` inputs; count what was read and refused, and every way in which something broke."""
    out: collections.Counter[str] = collections.Counter()
    sets: dict[str, tuple[str, ...]] = {}
    for number in range(count):
        text = hostile.one()
        try:
            out[said(day, text, ("en", "zh")[number % 2], sets)] += 1
        except (Exception, RecursionError) as problem:  # noqa: BLE001 - any other error is what this looks for
            kind = "DATABASE ERROR" if isinstance(problem.__cause__ or problem, sqlite3.Error) else "CRASH"
            out[kind] += 1
            if out[kind] <= SHOWN:
                print(f"{kind}: {text[:200]!r}: {type(problem).__name__}: {problem}")
    out["distinct keys"] = len(sets)
    return out


def said(day: Day, text: str, language: str, sets: dict[str, tuple[str, ...]]) -> str:
    """What became of one input; a word in capitals is a fault."""
    try:
        node = query.parse(text, language)
    except UserError as problem:
        placed = problem.at is not None and 0 <= problem.at <= len(text)
        return "refused" if placed and str(problem).isprintable() else "REFUSED BADLY"
    key, found = query.key(node), tuple(day.ids(query.fts5(node)))
    again = query.parse(query.show(node), language)
    if query.key(again) != key or query.is_topic(again) != query.is_topic(node):
        print(f"ANOTHER KEY: {text[:200]!r}: shown as {query.show(node)[:200]!r}")
        return "SHOWN WITH ANOTHER KEY"
    if tuple(day.ids(query.fts5(again))) != found or sets.setdefault(key, found) != found:
        print(f"ANOTHER SET: {text[:200]!r}")
        return "ANOTHER SET"
    if not query.arxiv_syntax(node).isprintable():
        return "UNPRINTABLE FOR ARXIV"
    return "read"


def run(*, full: bool) -> int:
    batch = sample(1_000 if full else 120)
    start = time.perf_counter()
    desk, writer = Desk(batch), Writer(batch, seed=11)
    with Day(batch) as day:
        random_ones = compared(day, desk, writer, 5_000 if full else 250)
        middle = time.perf_counter()
    with Day(batch[:100]) as day:
        inputs = fuzzed(day, Hostile(Writer(batch[:100], seed=12), seed=13), 100_000 if full else 2_000)
    if full:
        print(f"{len(batch):,} papers, {middle - start:.0f} s: {figures(random_ones)}")
        print(f"hostile inputs, {time.perf_counter() - middle:.0f} s: {figures(inputs)}")
    wrong = random_ones["differ"] + random_ones["rewritten, another key"]
    wrong += sum(count for name, count in inputs.items() if name.isupper())
    return int(
        wrong > 0 or random_ones["with hits"] < random_ones["agree"] / 2 or inputs["read"] < inputs["refused"] / 4
    )


def figures(counts: collections.Counter[str]) -> str:
    return "; ".join(f"{name} {count:,}" for name, count in counts.items())
