"""Compares the numbers of a translation with those of its source, in whatever way either writes them.

Digits are demanded as `grounding_numbers` reads them; a small number in words only asks for a word that may say it, for
'both' is 两者, 'bivariate' 二元 and 'a decade' 十年.
"""

# ruff: noqa: RUF001 - Chinese punctuation is meant

import re
from typing import Final

from bot.core import grounding_numbers
from bot.core._translation_words import implied, small
from bot.core.grounding_numbers import Number

_ITEM: Final = re.compile(r"(?:(?<=[\s，；：。,;:])|^)[（(]?\d[)）]")


def fault(shown: str, given: str) -> str:
    """Say which number of the source is missing, or which is in the translation alone."""
    ours, theirs = _counted(shown), _counted(given)
    for number in grounding_numbers.missing(ours, theirs + implied(given)):
        said = small(number.value) if not re.search(r"\d", number.raw) else None
        if not (said and said[1].search(given)) and not _same(number, theirs):
            return f"its number {grounding_numbers.plain_value(number)} is not in the abstract"
    for number in grounding_numbers.missing(theirs, ours + implied(shown)):
        said = small(number.value) if not re.search(r"\d", number.raw) else None
        if not (said and said[0].search(shown)) and not _same(number, ours):
            return f"it has lost the number {grounding_numbers.plain_value(number)}"
    return ""


def _counted(text: str) -> str:
    """Set apart what `grounding_numbers` would misread: '1万亿', '8m' of metres, the '(1)' of an enumeration."""
    text = re.sub(r"(?<=[\d一二两三四五六七八九])\s?万亿", " trillion", _ITEM.sub(" ", text))
    text = re.sub(
        r"([一二两三四五六七八九])(?= trillion)", lambda m: str("一二三四五六七八九".find(m[1]) + 1 or 2), text
    )
    return re.sub(r"(?<=\d)m\b", " m", text)


def _same(number: Number, text: str) -> bool:
    """Tell whether a number stands there as another kind that says the same: '3 times' and '3次', '2 points', '2点'."""
    loose = {"", "factor", "pp"}
    return number.kind in loose and any(
        each.value == number.value
        and each.kind in loose
        and not (each.measure and number.measure and each.measure != number.measure)
        for each in grounding_numbers.read(text)
    )
