"""Chooses the sentences of an abstract that say most beside its one-line summary.

Greedy: the ranker's score, a bonus for a role not yet told (contribution, result, limit, problem), less likeness to
what is chosen already; at least one result whenever the abstract states one. The order of the abstract is kept.
"""

from collections.abc import Sequence
from typing import Final

from bot.core import extract_cues as cues

_RELEVANCE: Final = 0.7  # against novelty: Carbonell and Goldstein, "The use of MMR" (1998)
_BONUS: Final = {
    "contribution": 0.25,
    "result": 0.25,
    "limit": 0.15,
    "problem": 0.05,
    "method": 0.05,
    "background": -0.25,
    "meta": -1.5,
}
_TOLD_AGAIN: Final = 0.2  # share of the bonus
_LEANING_COST: Final = 0.2
_SHORT: Final = 7  # words
_SHORT_COST: Final = 0.3
_LONG: Final = 34  # words
_LONG_COST: Final = 0.01  # a word
_OPENING: Final = 0.35  # share of the abstract in which the setting is told
_LATER: Final = 0.1


def choose(
    sentences: Sequence[str], scores: Sequence[float], likeness: Sequence[Sequence[float]], lead: int
) -> list[int]:
    """Return the places of three to five sentences other than `lead`, ascending; needs four or more sentences."""
    wanted = 3 if len(sentences) <= 5 else 4 if len(sentences) <= 7 else 5  # noqa: PLR2004 - this line is the rule
    low, high = min(scores), max(scores)
    merit = [(score - low) / ((high - low) or 1.0) for score in scores]
    roles = [role(sentence, i / (len(sentences) - 1)) for i, sentence in enumerate(sentences)]
    chosen = [lead]
    while len(chosen) <= wanted:
        rest = [i for i in range(len(sentences)) if i not in chosen]
        told = {roles[i] for i in chosen}

        def value(i: int, told: set[str] = told) -> float:
            bonus = _BONUS[roles[i]] * (_TOLD_AGAIN if roles[i] in told and roles[i] != "meta" else 1.0)
            novelty = max(likeness[i][j] for j in chosen)
            return _RELEVANCE * (merit[i] + bonus) - (1 - _RELEVANCE) * novelty - _cost(i, sentences[i], chosen)

        chosen.append(max(rest, key=value))
    results = [i for i, one in enumerate(roles) if one == "result" and i not in chosen]
    if results and "result" not in {roles[i] for i in chosen}:
        weakest = min(chosen[1:], key=lambda i: merit[i] + (roles[i] == "contribution"))
        chosen[chosen.index(weakest)] = max(results, key=lambda i: merit[i] + _LATER * i / len(sentences))
    return sorted(chosen[1:])


def role(sentence: str, place: float) -> str:
    """Name what a sentence does, given its place in the abstract (0 first, 1 last); a guess, not for readers."""
    if cues.META.search(sentence):
        return "meta"
    if cues.PROPOSE.search(sentence):
        return "contribution"
    if place < _OPENING and not cues.SELF.search(sentence):
        return "problem" if cues.PROBLEM.search(sentence) else "background"
    for name, pattern in (
        ("limit", cues.LIMIT),
        ("result", cues.FINDING),
        ("contribution", cues.PASSIVE),
        ("problem", cues.PROBLEM),
        ("background", cues.BACKGROUND),
    ):
        if pattern.search(sentence):
            return name
    return "method"


def _cost(place: int, sentence: str, chosen: Sequence[int]) -> float:
    """Return what speaks against a sentence standing in a list: it leans on one that is absent, or its length."""
    size = len(cues.words(sentence))
    cost = _SHORT_COST if size < _SHORT else _LONG_COST * max(0, size - _LONG)
    leans = cues.ANAPHOR.search(sentence) or cues.DANGLE.search(sentence)
    return cost + (_LEANING_COST if leans and place - 1 not in chosen else 0.0)
