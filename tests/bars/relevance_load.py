"""1,500 papers against 100,000 subscriptions with gate, aliases and second channel: seconds, memory, naive baseline.

Topics are those of the bar `match`; three of ten have a definition and ten aliases, made of titles of other papers that
share a rare word with them, as real ones do. The worst case, where all have them, is printed too.
"""

import collections
import ctypes
import gc
import json
import pickle
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bot.core import query, relevance, terms
from bot.core.candidates import NEAR, Found, Scored, Wanted, floor
from bot.core.match import columns
from bot.model import Meaning, Paper
from tests.bars import match

NEEDS = match.NEEDS
SECONDS, MEBIBYTES = 20.0, 300.0
SHARE = 0.3
ALIASES = 10

Wish = tuple[str, str, str, Meaning]  # id, expression, words, meaning


def wishes(texts: list[str], others: list[Paper], share: float, seed: int = 5) -> tuple[list[Wish], int]:
    """Distinct topics, some with a meaning, and how many subscriptions they stand for."""
    chosen = random.Random(seed)
    distinct, ids, _ = match.topics(texts)
    titles: dict[str, list[str]] = collections.defaultdict(list)
    for paper in others:
        for word in set(paper.title.lower().split()):
            titles[word].append(paper.title)
    others_titles = [paper.title for paper in others]
    found: list[Wish] = []
    for topic in distinct.values():
        words = match.wanted(topic)
        meaning = Meaning()
        if chosen.random() < share:
            near = titles.get(min(words, key=lambda word: len(titles.get(word, [])) or 10**6)) or [others[0].title]
            runs: list[str] = []
            while len(runs) < ALIASES:
                title = chosen.choice(near if chosen.random() < 0.9 else others_titles).split()
                start, length = chosen.randrange(max(1, len(title) - 1)), chosen.choice((2, 2, 3))
                run = title[start : start + length]
                # as for the topics: nobody names a thing "of the"
                if len(run) > 1 and not {run[0].lower(), run[-1].lower()} & query.STOP:
                    runs.append(" ".join(run))
            meaning = Meaning(". ".join(chosen.choices(near, k=2)), tuple(runs))
        found.append((topic.id, topic.fts, " ".join(words), meaning))
    return found, len(ids)


def wanted(some: list[Wish]) -> Iterator[Wanted]:
    """Profiles are made as they are needed and forgotten."""
    frequencies = terms.shipped()
    for id_, fts, words, meaning in some:
        yield Wanted(id_, fts, relevance.profile(words, meaning, frequencies))


def child(name: str) -> None:
    """Score what `name` holds; print figures as JSON."""
    batch, some = pickle.loads(Path(name).read_bytes())
    gc.collect()
    if (clear := Path("/proc/self/clear_refs")).exists():
        ctypes.CDLL(None).malloc_trim(0)
        clear.write_text("5")
    before = match.memory("VmRSS")
    start, cpu = time.perf_counter(), time.process_time()
    pairs: collections.Counter[str] = collections.Counter()
    with Scored(batch, terms.shipped()) as day:
        built = time.perf_counter() - start
        for _, found in day.all(wanted(some)):
            pairs.update(each.via for each in found)
        seconds = time.perf_counter() - start
        cpu, bad = time.process_time() - cpu, day.bad
    print(
        json.dumps(
            {"built": built, "seconds": seconds, "mib": match.memory("VmHWM") - before, "bad": bad, "cpu": cpu} | pairs
        )
    )


def fresh(batch: list[Paper], some: list[Wish]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        name = Path(folder) / "day.pickle"
        name.write_bytes(pickle.dumps((batch, some)))
        code = "import sys; from tests.bars import relevance_load; relevance_load.child(sys.argv[1])"
        done = subprocess.run(
            [sys.executable, "-c", code, str(name)], cwd=match.ROOT, check=True, stdout=subprocess.PIPE
        )
        figures: dict[str, float] = json.loads(done.stdout)
        assert not figures["bad"], figures["bad"]
        return figures


def naive(some: list[Paper], topics: list[Wish]) -> dict[str, list[Found]]:
    """The loop over all pairs: score every paper for every topic, keep the candidates."""
    frequencies = terms.shipped()
    found: dict[str, list[Found]] = {}
    texts = {paper.id: columns(paper) for paper in some}
    vectors = {id_: frequencies.paper(each[0], each[1]) for id_, each in texts.items()}
    for id_, _, words, meaning in topics:
        profile = relevance.profile(words, meaning, frequencies)
        kept = []
        for paper, (title, abstract, *_) in texts.items():
            features = relevance.features(profile, title, abstract, vectors[paper])
            tokens = frozenset([*title.split(), *abstract.split()])
            near = terms.cosine(profile.vector, vectors[paper]) >= NEAR
            if features.title_alias or features.hits or all(word in tokens for word in words.split()) or near:
                kept.append(Found(paper, "near", relevance.score(features), features))
        found[id_] = kept
    return found


def same(day: Scored, some: list[Wish], expected: dict[str, list[Found]]) -> bool:
    """Whether the index finds what the loop finds, with equal features; what lies below its floor aside."""
    for each in wanted(some):
        found = {one.paper: (one.score, one.features) for one in day.found(each)}
        slow = {one.paper: (one.score, one.features) for one in expected[each.id]}
        if any(slow.get(paper) != value for paper, value in found.items()):
            return False
        missing = [slow[paper][0] for paper in slow.keys() - found.keys()]
        assert each.profile is not None
        if any(score >= floor(described=each.profile.described) for score in missing):
            return False
    return True


def reduced() -> int:
    everything = match.corpus()
    batch, others = everything[:120], everything[1500:4500]
    some, _ = wishes(match.wishes([paper.title for paper in others], 300), others, 0.5)
    with Scored(batch, terms.shipped()) as day:
        assert same(day, some, naive(batch, some))
        assert day.bad == []
    return 0


def run(*, full: bool) -> int:
    if not full:
        return reduced()
    everything = match.corpus()
    random.Random(1).shuffle(everything)
    batch, others = everything[:1500], everything[1500:]
    texts = match.wishes([paper.title for paper in others], 100_000)
    figures: dict[str, float] = {}
    for share in (1.0, SHARE):
        some, subscriptions = wishes(texts, others, share)
        figures = fresh(batch, some)
        print(
            f"1,500 papers x {subscriptions:,} subscriptions, {len(some):,} distinct, {share:.0%} with a meaning: "
            f"{figures['seconds']:.1f} s, of which index {figures['built']:.1f} s "
            f"({figures['cpu']:.1f} s of CPU); {figures['mib']:.0f} MiB added; "
            f"{figures.get('words', 0):,} pairs by words, {figures.get('alias', 0):,} by an alias, "
            f"{figures.get('near', 0):,} near",
            flush=True,
        )
    half, _ = wishes(texts, others, SHARE)
    half = random.Random(3).sample(half, len(half) // 2)
    linear = fresh(batch, half)["seconds"]
    print(f"half of the topics: {linear:.1f} s (bar {SECONDS:.0f} s and {MEBIBYTES:.0f} MiB for the last line above)")
    few, part = half[:150], batch[:150]
    start = time.perf_counter()
    slow = naive(part, few)
    seconds = (time.perf_counter() - start) * len(batch) / len(part) * 2 * len(half) / len(few)
    with Scored(part, terms.shipped()) as day:
        equal = same(day, few, slow)
    print(
        f"the loop over all pairs: {seconds:,.0f} s, extrapolated; {seconds / figures['seconds']:.0f} times as long; "
        f"candidates and features {'equal' if equal else 'DIFFER'}"
    )
    return 0 if equal and figures["seconds"] <= SECONDS and figures["mib"] <= MEBIBYTES else 1


if __name__ == "__main__":
    sys.exit(run(full=True))
