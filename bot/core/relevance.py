"""Judges whether a paper is about a topic: five numbers, one sum, a threshold per level, and what readers' taps add.

- A score is a function of stored `Features` alone, which are rounded before it is taken: whoever explains a score later
  finds the very same one.
- Words that stand inside a "not this" phrase are no evidence, and the phrase itself counts against the paper.
- Feedback moves a score by at most MOST: no number of taps opens the gate for everything, nor shuts it.

Weights and thresholds are data (data/relevance.json, made by tests/bars/fit_relevance.py); the form of the gate and why
nothing heavier is used: facts/matching.md, Part 2. Pure; nothing here raises, whatever is in a text.
"""

import math
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cache
from typing import Any, Final, Literal, Self

from bot import resources
from bot.core import normalise
from bot.core.query import STOP, AndNot, Node, Term
from bot.core.terms import Frequencies, Vector, cosine, unit
from bot.model import Meaning, Paper

Level = Literal["strict", "normal", "broad"]
LEVELS: Final[tuple[Level, ...]] = ("strict", "normal", "broad")

MOST: Final = 1.0
"""What feedback adds or takes away at most, in units of the score (from normal to strict it is about 1)."""

_QUERY_TIMES: Final = 3  # the typed words beside the definition and the aliases
_WRITTEN: Final = 80  # characters of a phrase that an explanation shows


@dataclass(frozen=True, slots=True)
class Phrase:
    """A run of tokens to look for; `needle` is it with blanks around, `written` as a reader knows it."""

    needle: str
    written: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A topic made ready for judging: about 5 KiB with a meaning, 1 KiB without."""

    words: tuple[tuple[str, float], ...]  # what to look for, and its share of all words: rare ones have more
    aliases: tuple[Phrase, ...]  # the longest first; the typed words as a phrase are among them
    against: tuple[Phrase, ...]
    vector: Vector
    described: bool  # whether a definition or aliases are known: the gate has other weights then
    rule: bool = False  # whether it only scores what a query matches, for the order


@dataclass(frozen=True, slots=True)
class Features:
    """All that a score rests on and an explanation needs."""

    described: bool = False
    title_words: float = 0.0  # share of the typed words that stand in the title, 3 digits
    abstract_words: float = 0.0  # the same for the abstract
    cosine: float = 0.0  # of topic and paper, 4 digits
    title_alias: str = ""  # the longest alias that stands in the title
    alias: str = ""  # the alias that the abstract holds most often
    hits: int = 0  # aliases in the abstract, none counted within another
    against: str = ""  # the "not this" phrase that was met, in the title if one is there
    against_title: bool = False
    against_hits: int = 0  # such phrases in the abstract

    def row(self) -> list[Any]:
        """Return the features as JSON can hold them, without loss."""
        return list(astuple(self))

    @classmethod
    def read(cls, row: Sequence[Any]) -> Self:
        """Return the features of a stored row."""
        return cls(*row)


@cache
def _model() -> dict[str, Any]:
    found: dict[str, Any] = resources.data("relevance.json")
    return found


# --- topics ---------------------------------------------------------------------------------------------------------


def profile(text: str, meaning: Meaning, frequencies: Frequencies, *, rule: bool = False) -> Profile:
    """Compile a topic: the words as they were typed (of a written query: `words_of`) and what is known of it.

    About 0.03 ms, with a definition and ten aliases 0.2 ms.
    """
    typed = normalise.tokens(text)
    words = _words(text, typed)
    weights = {needle: frequencies.weight(needle.strip()) for needle in words}
    total = math.fsum(weights.values())
    shares = {needle: weight / total if total else 1 / len(weights) for needle, weight in weights.items()}
    aliases = _phrases((*meaning.aliases, text))
    meant = normalise.tokens(meaning.definition)
    for alias in meaning.aliases:
        meant += normalise.tokens(alias)
    return Profile(
        words=tuple(shares.items()),
        aliases=aliases,
        against=_phrases(meaning.against),
        vector=frequencies.vector([*(typed * _QUERY_TIMES), *meant]),
        described=bool(meant),
        rule=rule,
    )


def _words(text: str, typed: list[str]) -> list[str]:
    """What to look for: ' word ', or ' beginn' for 'beginn*'."""
    starred = {token for each in text.split() if each.endswith("*") for token in normalise.tokens(each, prefix=True)}
    stems = {normalise.stem(token): token for token in starred}
    wanted = dict.fromkeys(token for token in typed if token not in STOP) or dict.fromkeys(typed)
    return [f" {stems[token]}" if token in stems else f" {token} " for token in wanted]


def _phrases(texts: Sequence[str]) -> tuple[Phrase, ...]:
    found: dict[str, str] = {}
    for text in texts:
        if run := normalise.column(text):
            found.setdefault(f" {run} ", " ".join(text.split())[:_WRITTEN])
    return tuple(Phrase(*each) for each in sorted(found.items(), key=lambda each: (-len(each[0]), each[0])))


def words_of(node: Node) -> str:
    """Return what a query looks for in texts, as words for `profile`: no authors, no categories, nothing excluded."""
    if isinstance(node, AndNot):
        return words_of(node.keep)
    if not isinstance(node, Term):
        return " ".join(filter(None, map(words_of, node.parts)))
    if node.column in ("authors", "categories"):
        return ""
    return " ".join(node.tokens) + ("*" if node.prefix else "")


def alias_expression(meaning: Meaning) -> str:
    """Return the aliases as an FTS5 expression over title and abstract, '' where there are none.

    Only our own tokens of [a-z0-9] stand in it, within quotes.
    """
    runs = dict.fromkeys(filter(None, map(normalise.column, meaning.aliases)))
    quoted = " OR ".join(f'"{run}"' for run in runs)
    return f"{{title abstract}} : ({quoted})" if runs else ""


# --- features -------------------------------------------------------------------------------------------------------


def features(topic: Profile, title: str, abstract: str, paper: Vector, *, aliased: bool = True) -> Features:
    """Return what speaks for and against a paper, from its normalised columns and its vector. About 0.02 ms.

    Without `aliased`, no alias stands in the paper, and none is looked for.
    """
    title, abstract = f" {title} ", f" {abstract} "
    against, against_title, against_hits = "", False, 0
    for phrase in topic.against:
        title, here = _take(title, phrase.needle)
        abstract, there = _take(abstract, phrase.needle)
        if (here and not against_title) or (there and not against):
            against = phrase.written
        against_title = against_title or here > 0
        against_hits += there
    title_words = sum([share for needle, share in topic.words if needle in title])
    abstract_words = sum([share for needle, share in topic.words if needle in abstract])
    aliases = topic.aliases if aliased else ()
    title_alias = next((phrase.written for phrase in aliases if phrase.needle in title), "")
    alias, most, hits = "", 0, 0
    for phrase in aliases:
        if phrase.needle in abstract:
            abstract, there = _take(abstract, phrase.needle)
            hits += there
            if there > most:
                alias, most = phrase.written, there
    return Features(
        described=topic.described,
        title_words=round(title_words, 3),
        abstract_words=round(abstract_words, 3),
        cosine=round(cosine(topic.vector, paper), 4),
        title_alias=title_alias,
        alias=alias,
        hits=hits,
        against=against,
        against_title=against_title,
        against_hits=against_hits,
    )


def _take(text: str, needle: str) -> tuple[str, int]:
    """Take every `needle` out of `text` and count them; neighbours share a blank, so one pass may leave some."""
    number = 0
    while found := text.count(needle):
        number += found
        text = text.replace(needle, " | ")
    return text, number


def of_paper(topic: Profile, paper: Paper, frequencies: Frequencies) -> Features:
    """Return the features of one paper by itself, the same as in a batch. About 0.3 ms."""
    title, abstract = normalise.column(paper.title), normalise.column(paper.abstract)
    return features(topic, title, abstract, frequencies.paper(title, abstract))


# --- scores ---------------------------------------------------------------------------------------------------------


def contributions(found: Features) -> dict[str, float]:
    """Return what each part adds to the score, by its name in data/relevance.json; the parts sum up to the score."""
    weights = _model()["described" if found.described else "typed"]["weights"]
    met = weights["title_alias"] * found.against_title + weights["hits"] * math.log1p(found.against_hits)
    return {
        "start": weights["start"],
        "title_words": weights["title_words"] * found.title_words,
        "abstract_words": weights["abstract_words"] * found.abstract_words,
        "title_alias": weights["title_alias"] * bool(found.title_alias),
        "hits": weights["hits"] * math.log1p(found.hits),
        "cosine": weights["cosine"] * found.cosine,
        "against": -met,
    }


def score(found: Features) -> float:
    """Return the score, 3 digits: about -4 (nothing speaks for it) to 6."""
    return round(math.fsum(contributions(found).values()), 3)


def threshold(level: Level, *, described: bool) -> float:
    """Return the least score that passes at a level; a topic of typed words alone has thresholds of its own."""
    value: float = _model()["described" if described else "typed"]["levels"][level]
    return value


def passes(value: float, level: Level, *, described: bool) -> bool:
    """Whether a score, feedback included, passes."""
    return value >= threshold(level, described=described)


# --- feedback -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Learned:
    """What `count` taps of a chat on papers of one topic say; from dislikes alone, all weights are negative."""

    vector: Vector
    count: int


def learned(likes: Sequence[Vector], dislikes: Sequence[Vector]) -> Learned:
    """Return the mean of the liked papers minus half the mean of the disliked ones (Rocchio 1971), at length 1.

    A hundred papers take about 3 ms.
    """
    found: Vector = {}
    for papers, part in ((likes, 1.0), (dislikes, -0.5)):
        for paper in papers:
            for token, weight in paper.items():
                found[token] = found.get(token, 0.0) + part * weight / len(papers)
    return Learned(unit(found), len(likes) + len(dislikes))


def shift(taps: Learned, paper: Vector) -> float:
    """Return what feedback adds to the score of a paper: -MOST to MOST, 3 digits, 0 without any.

    Weight 2n / (n + 10) for n taps, times the cosine in standard deviations from what is usual (constants of
    data/relevance.json, so that one paper can be judged by itself).
    """
    if not taps.count or not taps.vector:
        return 0.0
    usual = _model()["feedback"]
    mean = usual["mean"] if max(taps.vector.values()) > 0 else -usual["mean"]
    away = (cosine(taps.vector, paper) - mean) / usual["deviation"]
    moved: float = max(-MOST, min(MOST, 2 * taps.count / (taps.count + 10) * away))
    return round(moved, 3)
