"""Every sentence a reader can see, a file per language.

A sentence says what happened, then what to do. No exclamation marks, numbers over adjectives, times in the reader's
zone. `{name}` stands for a value; every language has the same keys and the same names (tests/unit/test_words.py).
"""

from typing import Final

from bot.words import en, zh

WORDS: Final[dict[str, dict[str, str]]] = {"en": en.WORDS, "zh": zh.WORDS}


def say(language: str, key: str, **values: object) -> str:
    """Return a sentence with its values; English where a language lacks it. Raises KeyError for an unknown key."""
    words = WORDS.get(language, WORDS["en"])
    return (words.get(key) or WORDS["en"][key]).format(**values)


def again(language: str, sentence: str) -> str:
    """Return a sentence without values in another language, from whichever it was said in; as it is if not ours."""
    for words in WORDS.values():
        for key, text in words.items():
            if text == sentence:
                return say(language, key)
    return sentence


def count(language: str, number: int, one: str, many: str) -> str:
    """'1 paper' or '1,284 papers'."""
    return say(language, one) if number == 1 else say(language, many, count=f"{number:,}")
