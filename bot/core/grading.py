"""Grades what came close to a topic: which level lets a paper pass, and what that rests on.

Stored with every match are its features: the score can be made again from them, digit by digit, and `/why` says nothing
else. A model and votes come on top, each kept apart.
"""

import json
from dataclasses import replace
from typing import Final

from bot.core import relevance
from bot.core.candidates import Found, Wanted
from bot.core.match import columns
from bot.core.relevance import Features, Learned, Profile
from bot.core.terms import Frequencies, Vector
from bot.model import Level, Match, Paper, Taste, Topic, Weighed

NAMES: Final[dict[Level, relevance.Level]] = {Level.BROAD: "broad", Level.NORMAL: "normal", Level.STRICT: "strict"}
"""What people call the levels."""

_LIKE: Final = {Level.BROAD: 0.10, Level.NORMAL: 0.13, Level.STRICT: 0.18}
"""Cosine to the one paper that a topic is like, per level. On the labelled topics, with one liked paper, precision and
recall are .66 and .78, .75 and .58, .83 and .33."""

_WORD: Final = 4  # letters of a word that is worth leaving out


def wanted(topic: Topic, frequencies: Frequencies) -> Wanted:
    """What is looked for in a day's papers."""
    return Wanted(topic.id, topic.fts, profile(topic, frequencies), topic.drop)


def profile(topic: Topic, frequencies: Frequencies) -> Profile:
    """What a topic is compared by."""
    found = relevance.profile(topic.words, topic.meaning, frequencies, rule=not topic.plain)
    # One paper's own words are no other names of a topic: only how alike the texts are counts.
    return replace(found, words=(), aliases=(), described=False) if topic.like else found


def expression(topic: Topic) -> str:
    """FTS5 expression for a topic with its other names and without what it leaves out, for a look into the archive."""
    names = relevance.alias_expression(topic.meaning)
    found = f"(({topic.fts}) OR {names})" if names else f"({topic.fts})"
    return f"({found} NOT ({topic.drop}))" if topic.drop else found


def match(topic: Topic, found: Found, *, followed: bool = False) -> Match:
    """Grade a paper; one by a `followed` author passes whatever it is about."""
    why = json.dumps([found.features.row(), int(followed)])
    if not topic.judged or followed:
        return Match(found.paper, found.score, Level.STRICT, why)
    grade = grade_of(topic, found.features, found.score)
    doubtful = bool(topic.meaning.definition) and grade in {Level.BROAD, Level.NORMAL}
    return Match(found.paper, found.score, grade, why, doubtful)


def threshold(topic: Topic, found: Features, level: Level) -> float:
    """The least score that passes a level of a topic."""
    if topic.like:
        return relevance.score(replace(found, cosine=_LIKE[level]))
    return relevance.threshold(NAMES[level], described=found.described)


def grade_of(topic: Topic, found: Features, score: float) -> Level:
    """The highest level that a score, votes included, passes; RULE for none."""
    return max((level for level in NAMES if score >= threshold(topic, found, level)), default=Level.RULE)


def features(match: Match) -> tuple[Features | None, bool]:
    """Read what a match rests on, and whether a followed author brought it; None for one of before we noted it."""
    if not match.why:
        return None, False
    row, followed = json.loads(match.why)
    return Features.read(row), bool(followed)


def telling(topic: Topic, paper: Paper, frequencies: Frequencies) -> str:
    """The word that tells a paper from a topic best, '' if there is none: twice in it at least, none of the topic's."""
    own = profile(topic, frequencies)
    names = {token for phrase in own.aliases for token in phrase.needle.split()} | own.vector.keys()
    title, abstract, *_ = columns(paper)
    words = [*title.split(), *abstract.split()]
    told = {word for word in words if word.isalpha() and len(word) >= _WORD and words.count(word) > 1} - names
    return max(sorted(told), key=lambda word: frequencies.weight(word) * words.count(word), default="")


def vector(paper: Paper, frequencies: Frequencies) -> Vector:
    """What a paper is about, for comparison."""
    title, abstract, *_ = columns(paper)
    return frequencies.paper(title, abstract)


def features_of(topic: Topic, paper: Paper, frequencies: Frequencies) -> Features:
    """What speaks for and against one paper by itself."""
    return relevance.of_paper(profile(topic, frequencies), paper, frequencies)


# --- votes


def learned(taste: Taste) -> Learned:
    """Read what votes have taught."""
    return Learned(json.loads(taste.vector or "{}"), taste.likes + taste.dislikes)


def taste(chat: str, topic: str, likes: list[Vector], dislikes: list[Vector]) -> Taste:
    """What votes teach of a topic."""
    vector = relevance.learned(likes, dislikes).vector
    return Taste(chat, topic, len(likes), len(dislikes), json.dumps(vector))


def weigh(topic: Topic, match: Match, learned: Learned, vector: Vector) -> Weighed | None:
    """What votes make of a match; None where they have no say: a query, a followed author."""
    found, followed = features(match)
    if found is None or followed:
        return None
    shift = relevance.shift(learned, vector)
    score = round(match.score + shift, 3)
    moved = grade_of(topic, found, score) - grade_of(topic, found, match.score)
    return Weighed(match.paper, score, moved, shift)
