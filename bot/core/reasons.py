"""Says why a paper came or did not: in words what its stored features say in numbers, and nothing else."""

from bot.core import grading
from bot.core.relevance import Features
from bot.model import Level, Standing, Topic
from bot.words import say


def evidence(found: Features, language: str) -> str:
    """'“lip sync” in the title, 2 names in the abstract, similarity 0.41': what speaks for a paper and against it."""
    parts = []
    if found.title_alias:
        parts.append(say(language, "why_title_name", name=found.title_alias))
    elif found.title_words:
        parts.append(say(language, "why_title_words", share=_share(found.title_words)))
    if found.hits:
        parts.append(say(language, "why_names", name=found.alias, count=found.hits))
    elif found.abstract_words:
        parts.append(say(language, "why_abstract_words", share=_share(found.abstract_words)))
    parts.append(say(language, "why_similar", cosine=f"{found.cosine:.2f}"))
    if found.against:
        parts.append(say(language, "why_against", name=found.against))
    return ", ".join(parts)


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def distance(topic: Topic, standing: Standing, found: Features, level: Level, language: str) -> str:
    """'0.41 above your level (normal)': the score with votes, beside what the level asks for."""
    away = standing.match.score + standing.shift - grading.threshold(topic, found, level)
    key = "why_above" if away >= 0 else "why_below"
    return say(language, key, away=f"{abs(away):.2f}", level=say(language, f"level_{grading.NAMES[level]}"))


def votes(standing: Standing, likes: int, dislikes: int, language: str) -> str:
    """'your votes (3 likes, 1 not for me) add 0.40'; '' where they say nothing."""
    if not standing.shift:
        return ""
    return say(language, "why_votes", likes=likes, dislikes=dislikes, shift=f"{standing.shift:+.2f}")
