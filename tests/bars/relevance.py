"""Measures the relevance gate on the labelled topics, on the seeds' digest pages and with readers' likes.

Topic by topic, beside the all-words rule of keyword bots; macro averages with a bootstrap interval (papers drawn again
within each topic) and, where numpy is, the cross-validated figures: weights from the other five topics.
"""

import random
import re
import statistics
from typing import Final

from bot.core import normalise, query, relevance, terms
from bot.core.relevance import LEVELS, MOST, Level
from bot.model import Meaning
from tests.bars import relevance_data as labelled

NEEDS: Final = labelled.FOLDER
AGAINST: Final = ("cluster merger", "merging cluster", "binary black hole", "neutron star merger", "gravitational wave")
LIKED: Final = (0, 1, 3, 10, 20)
_DRAWS: Final = 6

OFF: Final = frozenset(("2411.19331", "2411.19007", "2410.06327", "2410.05423", "2410.03529", "2409.20301"))
EITHER: Final = frozenset(("2411.19486", "2411.17911", "2410.07151"))
TALKING: Final = Meaning(
    "Generating or animating video of a talking person's head or face from audio, text or a portrait image: lip "
    "synchronisation, facial and head motion, talking avatars, their 3D representations, data and evaluation.",
    (
        *("talking head", "talking face", "talking portrait", "talking avatar", "talking video", "lip sync"),
        *("lip synchronization", "audio driven portrait", "portrait animation", "speech driven facial animation"),
        *("facial animation", "face reenactment"),
    ),
)

Scores = dict[str, list[float]]
Row = tuple[float, float, float]


def scores(described: bool, against: dict[str, tuple[str, ...]] | None = None) -> Scores:
    found = against or {}
    return {
        name: [
            relevance.score(labelled.features(name, paper, described=described, against=found.get(name, ())))
            for paper in labelled.papers(name)
        ]
        for name in labelled.names()
    }


def at(level: Level, all_: Scores, described: bool) -> list[Row]:
    least = relevance.threshold(level, described=described)
    return [labelled.measured(labelled.papers(name), [each >= least for each in all_[name]]) for name in all_]


def every_word() -> list[Row]:
    rows = []
    for name in labelled.names():
        words = [word for word in normalise.tokens(labelled.topics()[name]["query"]) if word not in query.STOP]
        texts = [f"{paper.title} {paper.abstract}".split() for paper in labelled.papers(name)]
        rows.append(labelled.measured(labelled.papers(name), [set(words) <= set(text) for text in texts]))
    return rows


def mean(rows: list[Row]) -> Row:
    precision, recall, both = (statistics.fmean(column) for column in zip(*rows, strict=True))
    return precision, recall, both


def interval(level: Level, all_: Scores, described: bool, part: int, times: int) -> tuple[float, float]:
    """The middle 95 % of the macro average over draws of papers, with repetition, within each topic."""
    chosen, least = random.Random(4), relevance.threshold(level, described=described)
    values = []
    for _ in range(times):
        rows = []
        for name in all_:
            drawn = chosen.choices(list(zip(labelled.papers(name), all_[name], strict=True)), k=len(all_[name]))
            rows.append(labelled.measured([paper for paper, _ in drawn], [score >= least for _, score in drawn]))
        values.append(mean(rows)[part])
    values.sort()
    return values[int(0.025 * times)], values[int(0.975 * times)]


def line(name: str, rows: list[Row], extra: str = "") -> None:
    cells = "  ".join(f"{p:.2f} {r:.2f} {f:.2f}" for p, r, f in rows)
    p, r, f = mean(rows)
    print(f"{name:24}  {cells}   {p:.3f} {r:.3f} {f:.3f} {extra}")


def cross_validated(described: bool) -> Scores:
    """Scores of every topic by weights that the other five gave."""
    from tests.bars import fit_relevance as fit

    found: Scores = {}
    for name in labelled.names():
        weights = fit.fitted([other for other in labelled.names() if other != name], described=described)
        values = list(weights.values())
        rows = [fit.design(labelled.features(name, paper, described=described)) for paper in labelled.papers(name)]
        found[name] = [sum(a * b for a, b in zip(values, row, strict=True)) for row in rows]
    return found


def seeds() -> list[tuple[str, float]]:
    """Id and score of each paper of the digest pages, as a topic of today would have it."""
    profile = relevance.profile("talking head generation", TALKING, terms.shipped())
    found = []
    for page in sorted((labelled.SHARED / "seeds").glob("*.txt")):
        for part in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            id_ = re.search(r"arxiv\.org/abs/(\d{4}\.\d{5})", part)
            if id_ is None or "**Summary**" not in part:
                continue
            title, _, rest = part.partition("\n")
            text = re.sub(r"\*\*Authors:.*?\*\*|\[PDF\].*", "", rest.partition("**Summary**")[0], flags=re.DOTALL)
            title, text = normalise.column(title), normalise.column(text)
            vector = terms.shipped().paper(title, text)
            found.append((id_[1], relevance.score(relevance.features(profile, title, text, vector))))
    return found


def other_senses() -> None:
    """Print what "not this" phrases do for the hardest topic."""
    told = scores(True, {"galaxy-mergers": AGAINST})
    for level in LEVELS:
        line(f'{level}, mergers "not this"', at(level, told, True))


def seeds_right() -> bool:
    """Whether every paper of the digest pages falls on its side at normal; prints by how much."""
    least, found = relevance.threshold("normal", described=True), seeds()
    wrong = [id_ for id_, score in found if id_ not in EITHER and (score >= least) == (id_ in OFF)]
    on = min(score for id_, score in found if id_ not in OFF | EITHER)
    off = max(score for id_, score in found if id_ in OFF)
    print(
        f"seeds: {len(found)} papers, wrong: {wrong or 'none'}; lowest on-topic {on:.2f}, highest off-topic {off:.2f}"
    )
    return not wrong and len(found) == len(OFF) + len(EITHER) + 13


def liked(described: bool, number: int) -> float:
    """Mean average precision over the topics with liked papers, after `number` likes."""
    means = []
    for name in labelled.names():
        likes, papers = labelled.liked(name), labelled.papers(name)
        if len(likes) < max(LIKED) // 2:
            continue
        base = [relevance.score(labelled.features(name, paper, described=described)) for paper in papers]
        chosen, values = random.Random(7), []
        for _ in range(_DRAWS if number else 1):
            some = chosen.sample(likes, min(number, len(likes)))
            taps = relevance.learned([labelled.vector(paper) for paper in some], [])
            moved = [
                score + relevance.shift(taps, labelled.vector(paper)) for score, paper in zip(base, papers, strict=True)
            ]
            values.append(labelled.average_precision(papers, moved))
        means.append(statistics.fmean(values))
    return statistics.fmean(means)


def run(*, full: bool) -> int:
    """Print all figures; 0 if every bar is reached, else 1."""
    missed: list[str] = []

    def bar(name: str, value: float, least: float) -> None:
        if value < least:
            missed.append(f"{name} {value:.3f} < {least}")

    print(f"{'P R F1, stream':24}  " + "  ".join(f"{name[:14]:14}" for name in labelled.names()) + "   mean")
    line("all words (keyword bots)", every_word())
    times = 1000 if full else 20
    parts = {"strict": ("P", 0, 0.92), "broad": ("R", 1, 0.93)}
    for described in (True, False):
        all_ = scores(described)
        for level in LEVELS:
            letter, part, least = parts.get(level, ("F1", 2, 0.85 if described else 0.60))
            rows = at(level, all_, described)
            low, high = interval(level, all_, described, part, times)
            line(f"{level}{'' if described else ', typed words'}", rows, f"{letter} {low:.2f} to {high:.2f}")
            if described or level == "normal":
                bar(f"{level} {letter}", mean(rows)[part], least)
            if described and level == "normal":
                low, high = interval(level, all_, described, 0, times)
                print(f"{'':24}  P {low:.2f} to {high:.2f}")
                bar("normal P", mean(rows)[0], 0.83)
        precisions = [labelled.average_precision(labelled.papers(name), all_[name]) for name in all_]
        listed = " ".join(f"{each:.3f}" for each in precisions)
        print(f"{'average precision':24}  {listed}  {statistics.fmean(precisions):.3f}")
        if full:
            held = cross_validated(described)
            for level in LEVELS:
                line(f"{level}, cross-validated", at(level, held, described))
    other_senses()
    if not seeds_right():
        missed.append("seeds")
    for described in (True, False):
        values = {number: liked(described, number) for number in (LIKED if full else (0, 3))}
        listed = ", ".join(f"{value:.4f} at {number}" for number, value in values.items())
        print(f"likes, {'described' if described else 'typed words'}: MAP {listed}")
        for number in values.keys() & {3, 10}:
            bar(f"{number} likes", values[number], values[0])
    print(f"feedback moves a score by at most {MOST}; bars: {'; '.join(missed) if missed else 'all reached'}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(run(full=True))
