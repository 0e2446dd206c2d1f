"""Predicts which words of an abstract a one-line summary by its authors would use.

Each distinct stem of the abstract gets a probability per occurrence ("learn" once, "learn" twice) from a logistic
model over where it stands: in the title, in sentences that announce something, early or late, how often. Weights of
the commonest words come from the training set, any other word counts by its place alone, so every field is served.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from bot.core import extract_cues as cues

Item: TypeAlias = tuple[str, int]  # a stem, and which occurrence within one summary it is, from 1
Features: TypeAlias = dict[str, float]  # by name; a name that is absent stands for 0

_TOKEN: Final = re.compile(r"[a-z0-9]+")
_CASED: Final = re.compile(r"[A-Za-z0-9][a-z0-9]*[A-Z][A-Za-z0-9]*")
_HYPHENED: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")
_MOST_OCCURRENCES: Final = 4
_TITLE_END: Final = 3  # words
_SHORT: Final = 3  # letters
_LONG: Final = 10  # letters


def tokens(text: str) -> list[str]:
    """Return the stems of all words, split as ROUGE splits them (letters and digits only)."""
    return [cues.stem(word) for word in _TOKEN.findall(text.lower())]


def probabilities(title: str, sentences: Sequence[str], weights: Mapping[str, float]) -> dict[Item, float]:
    """Return how likely each occurrence of each stem of the sentences is to be in the summary, 0 to 1."""
    return {
        item: 1 / (1 + math.exp(-sum(weights.get(name, 0.0) * value for name, value in row.items())))
        for item, row in occurrences(title, sentences)
    }


def occurrences(title: str, sentences: Sequence[str]) -> Iterator[tuple[Item, Features]]:
    """Yield the features of every occurrence, in the order in which the stems first appear."""
    stems = [tokens(sentence) for sentence in sentences]
    most: Counter[str] = Counter()
    for sentence in stems:
        most |= Counter(sentence)
    in_title = Counter(tokens(title))
    for stem, row in _places(title, sentences, stems):
        for nth in range(1, min(most[stem], _MOST_OCCURRENCES) + 1):
            item = dict(row)
            if nth > 1:
                item[f"occurrence {nth}"] = 1.0
                item["as often in title"] = float(in_title[stem] >= nth)
            yield (stem, nth), item


def _places(title: str, sentences: Sequence[str], stems: list[list[str]]) -> Iterator[tuple[str, Features]]:
    announcing = [bool(cues.PROPOSE.search(s) or cues.STUDY.search(s) or cues.PAPER.search(s)) for s in sentences]
    setting = [bool(cues.BACKGROUND.search(s) or cues.CONTRAST.search(s)) for s in sentences]
    resulting = [bool(cues.RESULT.search(s)) for s in sentences]
    first_announcing = announcing.index(True) if True in announcing else -1
    count = Counter(stem for sentence in stems for stem in sentence)
    where: dict[str, set[int]] = {}
    for index, sentence in enumerate(stems):
        for stem in sentence:
            where.setdefault(stem, set()).add(index)
    titled = _title_features(title)
    beside = _beside(stems, frozenset(titled))
    text = " ".join(sentences)
    cased = {stem for word in _CASED.findall(text) for stem in tokens(word)}
    hyphened = {cues.stem(part) for word in _HYPHENED.findall(text.lower()) for part in word.split("-")}
    total = len(sentences)
    for stem, places in where.items():
        often = math.log1p(count[stem])
        announced = sum(announcing[i] for i in places)
        row = {
            "bias": 1.0,
            "word " + stem: 1.0,
            "frequency": often,
            "sentences": len(places) / total,
            "first place": min(places) / total,
            "in first": float(0 in places),
            "in last": float(total - 1 in places),
            "announced": float(announced > 0),
            "share announced": announced / max(1, sum(announcing)),
            "announced, frequency": often if announced else 0.0,
            "first announced": float(first_announcing in places),
            "setting only": float(all(setting[i] for i in places)),
            "result only": float(all(resulting[i] for i in places)),
            "beside title": beside[stem] / count[stem],
            "length": min(len(stem), _LONG) / _LONG,
            "short": float(len(stem) < _SHORT),
            "digit": float(stem[0].isdigit()),
            "cased": float(stem in cased),
            "hyphened": float(stem in hyphened),
        }
        if stem in titled:
            row |= titled[stem]
            row["title, frequency"] = often
            row["title, announced"] = float(announced > 0)
        yield stem, row


def _title_features(title: str) -> dict[str, Features]:
    stems = tokens(title)
    before_colon = frozenset(tokens(title.partition(":")[0])) if ":" in title else frozenset()
    return {
        stem: {
            "title, plain" if stem in cues.STOP else "title": 1.0,
            "title twice": float(often > 1),
            "title begins": float(stem == stems[0]),
            "title ends": float(stem in stems[-_TITLE_END:]),
            "before colon": float(stem in before_colon),
        }
        for stem, often in Counter(stems).items()
    }


def _beside(stems: list[list[str]], titled: frozenset[str]) -> Counter[str]:
    """Count the occurrences of each stem that have a word of the title as a neighbour."""
    found: Counter[str] = Counter()
    for sentence in stems:
        marks = [False, *(stem in titled for stem in sentence), False]
        found.update(stem for i, stem in enumerate(sentence) if marks[i] or marks[i + 2])
    return found
