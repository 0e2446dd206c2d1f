"""1,500 papers against 100,000 subscriptions: seconds, memory, and the loop over all pairs that it replaces.

Subscriptions are runs of two to four words from the titles of the other papers of the corpus, commonest first, taken
with Zipf(1) popularity. Index and matching are measured in a process of their own, which has parsed nothing.
"""

import collections
import ctypes
import gc
import gzip
import itertools
import json
import pickle
import platform
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bot.core import papers, query
from bot.core.match import Day, columns
from bot.errors import UserError
from bot.model import Paper, Topic

ROOT = Path(__file__).resolve().parents[2]
NEEDS = ROOT.parent / "shared" / "data" / "corpus" / "sample_10k.jsonl.gz"
SECONDS, MEBIBYTES = 3.0, 100.0


def corpus() -> list[Paper]:
    with gzip.open(NEEDS, "rt", encoding="utf-8") as lines:
        return [papers.from_row(json.loads(row)) for row in lines]


def wishes(titles: list[str], count: int, seed: int = 2) -> list[str]:
    """Texts of `count` subscriptions."""
    seen: collections.Counter[str] = collections.Counter()
    for title in titles:
        words = title.split()
        runs = (words[i : i + n] for n in (2, 3, 4) for i in range(len(words) - n + 1))
        # Nobody asks for "of the": a run neither begins nor ends with a word that a topic does not insist on.
        seen.update(" ".join(run) for run in runs if not {run[0].lower(), run[-1].lower()} & query.STOP)
    pool = sorted(seen, key=lambda phrase: (-seen[phrase], phrase))
    heavy = list(itertools.accumulate(1 / rank for rank in range(1, len(pool) + 1)))
    return random.Random(seed).choices(pool, cum_weights=heavy, k=count)


def topics(texts: list[str]) -> tuple[dict[str, Topic], list[str], int]:
    """Distinct topics by id, the topic id of every subscription that could be read, and how many could not."""
    parsed: dict[str, Topic | None] = {}
    for text in texts:
        if text in parsed:
            continue
        try:
            node = query.parse(text)
            parsed[text] = query.topic(node) if query.is_topic(node) else None
        except UserError:  # stray signs of TeX and minus signs of titles
            parsed[text] = None
    ids = [topic.id for text in texts if (topic := parsed[text])]
    return {topic.id: topic for topic in parsed.values() if topic}, ids, len(texts) - len(ids)


def wanted(topic: Topic) -> tuple[str, ...]:
    """The tokens of a plain topic, out of its key: the naive loop shares no code with the index."""
    return tuple(part.split('"')[1] for part in topic.key.strip("()").split(" AND "))


def naive(some: list[Paper], subscriptions: list[tuple[str, ...]]) -> collections.Counter[str]:
    """Pairs per paper by the loop over all pairs: does the paper have every word?"""
    found: collections.Counter[str] = collections.Counter()
    for paper in some:
        title, abstract, *_ = columns(paper)
        words = frozenset(title.split() + abstract.split())
        found[paper.id] = sum(all(word in words for word in each) for each in subscriptions)
    return found


def memory(label: str) -> float:
    """MiB of this process: VmRSS, VmHWM (the peak)."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split(f"{label}:")[1].split()[0]) / 1024
    scale = 1024**2 if platform.system() == "Darwin" else 1024  # elsewhere only the peak since the start is known
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def child(name: str) -> None:
    """Match what `name` holds; print seconds, MiB added at the peak and pairs as JSON."""
    batch, distinct = pickle.loads(Path(name).read_bytes())
    gc.collect()
    if (clear := Path("/proc/self/clear_refs")).exists():
        ctypes.CDLL(None).malloc_trim(0)  # what is free already must not hide what is added
        clear.write_text("5")  # the peak begins here
    before = memory("VmRSS")
    start = time.perf_counter()
    with Day(batch) as day:
        built = time.perf_counter() - start
        found = list(day.matches(distinct))
        seconds = time.perf_counter() - start
        print(json.dumps({"built": built, "seconds": seconds, "mib": memory("VmHWM") - before, "bad": day.bad}))
    Path(name).write_bytes(pickle.dumps(found))


def fresh(batch: list[Paper], distinct: list[Topic]) -> tuple[dict[str, float], list[tuple[str, list[str]]]]:
    """Figures and matches of a process that does nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        name = Path(folder) / "day.pickle"
        name.write_bytes(pickle.dumps((batch, distinct)))
        code = "import sys; from tests.bars import match; match.child(sys.argv[1])"
        done = subprocess.run([sys.executable, "-c", code, str(name)], cwd=ROOT, check=True, stdout=subprocess.PIPE)
        figures = json.loads(done.stdout)
        assert not figures["bad"], figures["bad"]
        return figures, pickle.loads(name.read_bytes())


def pairs(
    found: list[tuple[str, list[str]]], times: "collections.Counter[str]", some: list[Paper]
) -> collections.Counter[str]:
    """(subscription, paper) pairs per paper of `some`."""
    out = collections.Counter({paper.id: 0 for paper in some})
    for topic, ids in found:
        for paper in out.keys() & ids:
            out[paper] += times[topic]
    return out


def reduced() -> int:
    everything = corpus()
    batch, others = everything[:150], everything[1500:]
    distinct, ids, _ = topics(wishes([paper.title for paper in others], 1000))
    with Day(batch) as day:
        found = pairs(list(day.matches(distinct.values())), collections.Counter(ids), batch)
        assert day.bad == []
    assert found == naive(batch, [wanted(distinct[each]) for each in ids])
    assert sum(found.values()) > 100
    return 0


def run(*, full: bool) -> int:
    if not full:
        return reduced()
    everything = corpus()
    random.Random(1).shuffle(everything)
    batch, others = everything[:1500], everything[1500:]
    texts = wishes([paper.title for paper in others], 100_000)
    start = time.perf_counter()
    distinct, ids, unread = topics(texts)
    print(
        f"parsed once, when a subscription is saved: {len(set(texts)):,} distinct texts in "
        f"{time.perf_counter() - start:.1f} s; {len(distinct):,} distinct topics; {unread:,} texts were no topic"
    )
    runs = [fresh(batch, list(distinct.values())) for _ in range(3)]
    figures, found = min(runs, key=lambda each: each[0]["seconds"])
    peak = max(each["mib"] for each, _ in runs)
    times = collections.Counter(ids)
    total = sum(len(papers_) * times[topic] for topic, papers_ in found)
    spent, built = figures["seconds"], figures["built"]
    print(
        f"1,500 papers x {len(ids):,} subscriptions: {spent:.2f} s, of which index {built:.2f} s "
        f"(best of 3; bar {SECONDS:.0f} s); {peak:.0f} MiB added at the peak (worst of 3; bar {MEBIBYTES:.0f} MiB); "
        f"{sum(len(papers_) for _, papers_ in found):,} matches, {total:,} pairs"
    )
    some = batch[:15]
    subscriptions = [wanted(distinct[each]) for each in ids]
    start = time.perf_counter()
    slow = naive(some, subscriptions)
    seconds = (time.perf_counter() - start) * len(batch) / len(some)
    same = slow == pairs(found, times, some)
    print(
        f"the loop over all pairs: {seconds:.0f} s, extrapolated from {len(some)} of 1,500 papers; "
        f"{seconds / spent:.0f} times as long; pairs of these papers "
        f"{'equal' if same else 'DIFFER'} ({sum(slow.values()):,})"
    )
    return 0 if same and spent <= SECONDS and peak <= MEBIBYTES else 1
