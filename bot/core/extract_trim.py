"""Shortens a sentence without changing its claim: drops the discourse opener, parentheses, a leading purpose.

What remains is the author's own words in the author's order, save for a capital at the front and a full stop at the
end. A clause is never cut out of the middle or off the end: it may carry the caveat, and cutting it gains no ROUGE.
"""

import re
from typing import Final

_IN_THIS_PAPER: Final = (
    r"in (?:this|the present) (?:paper|work|article|study|letter|report|survey|note|manuscript)|here(?:in)?"
)
_OPENER: Final = re.compile(
    rf"(?:{_IN_THIS_PAPER}|specifically|in particular|moreover|furthermore|additionally|in addition|finally|thus|"
    r"therefore|hence|consequently|"
    r"as a result|to (?:this|that|these) ends?|however|more (?:precisely|specifically)|to the best of our knowledge|"
    r"in summary|in short|overall|in contrast|instead|accordingly|besides|also|further|as such|at the same time|"
    r"(?:inspired|motivated) by (?:this|that|these)[^,]{0,60}|"
    r"to (?:address|tackle|overcome|get over|solve|alleviate|mitigate|remedy|resolve|bridge|fill|achieve|handle|"
    r"deal with|cope with|do) (?:this|these|that|those|such|so|the above|"
    r"the (?:gap|problem|issue|challenge|limitation)s?)\b[^,]{0,60}|"
    r"based on (?:this|these|the above)[^,]{0,60}|for this (?:purpose|reason)|"
    r"in this (?:scope|context|regard|setting)) ?, ",
    re.IGNORECASE,
)
_BARE_OPENER: Final = re.compile(
    rf"(?:{_IN_THIS_PAPER}|in this way|then|next|also|first|second|third|finally|"
    r"to (?:this|that) end|therefore|thus|hence|"
    r"to (?:address|tackle|overcome|solve|alleviate|mitigate|remedy|resolve|bridge|fill|handle|do) (?:this|these|so)"
    r"(?: \w+){0,2}) (?=(?:we|it|I|our)\b)",
    re.IGNORECASE,
)
_COUNTED: Final = re.compile(
    r"(?:(?:(?:first|second|third|fourth)(?:ly)?|last(?:ly)?|then|next|and|but|interestingly|notably|surprisingly|"
    r"importantly|remarkably|currently|recently|empirically), |(?:and|but) (?=(?:we|it|our|the)\b))",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(
    r"(?:background|objectives?|aims?|purpose|introduction|motivation|methods?|results?|findings|conclusions?|"
    r"significance|context|abstract|summary)(?: and (?:methods?|results?|aims?))? ?[:.] ",
    re.IGNORECASE,
)
# Not "for" or "given": in mathematics they open a condition.
_PURPOSE: Final = re.compile(
    r"(?:to [a-z]+|in order to|(?:inspired|motivated) by|based on|building on|in addition to|unlike|in contrast to|"
    r"by [a-z]+ing|using|with the (?:aim|goal) of)\b[^,]{3,140}, (?=(?:we|I|this paper|this work)\b)",
    re.IGNORECASE,
)
# "f(x)" is none; one after "by" or "et al." is part of the clause; one that begins like a condition may be a caveat.
_PARENTHESIS: Final = re.compile(
    r"(?<!\W(?:by|of|in|to|or))(?<!\W(?:and|see|the|for|al\.))(?<!\W(?:from|with|like|than|such))"
    r" \((?![ivx]{1,3}\)|[a-z0-9]\)|(?:under|if|when|only|except|excluding|unless|but|not|no|without|up to|assuming|"
    r"for|in|at)\b)(?:[^()]|\([^()]*\)){2,400}\)"
)
_EXAMPLE: Final = re.compile(r" \((?:e\.g\.|i\.e\.|see|cf\.|such as)[^()]*\)")
_MATHEMATICS: Final = re.compile(r"[$\\]")
_FEWEST_LEFT: Final = 6  # words; with fewer the sentence says too little
_FEWEST_CUT: Final = 8  # words left after a parenthesis or a purpose is dropped
_LONG_BULLET: Final = 22  # words


def without_opener(sentence: str) -> str:
    """Drop "In this paper," "Results:" "To address this problem," and the like from a folded sentence."""
    text = sentence.lstrip(" .,;:") or sentence
    for pattern in (_LABEL, _OPENER, _BARE_OPENER, _OPENER, _BARE_OPENER):
        shorter = _cut(pattern, text)
        text = shorter if len(shorter.split()) >= _FEWEST_LEFT else text
    return _capital(text)


def variants(sentence: str) -> list[tuple[str, frozenset[str]]]:
    """Return the sentence without its opener, then what else may stand for it, each with what was dropped."""
    base = without_opener(sentence)
    found: dict[str, frozenset[str]] = {base: frozenset()}
    for name, shorten in (("purpose", _without_purpose), ("parenthesis", _without_parentheses)):
        for text, dropped in tuple(found.items()):
            shorter = shorten(text)
            if shorter not in found and len(shorter.split()) >= _FEWEST_CUT:
                found[shorter] = dropped | {name}
    return [(closed(text), dropped) for text, dropped in found.items()]


def bullet(sentence: str) -> str:
    """Return a sentence fit to stand alone in a list: opener, counting word and examples in brackets dropped."""
    text = without_opener(sentence)
    shorter = _cut(_COUNTED, text)
    if len(shorter.split()) >= _FEWEST_LEFT:
        text = shorter
    if len(text.split()) > _LONG_BULLET:
        text = _EXAMPLE.sub("", text)
    return closed(_capital(text))


def closed(text: str) -> str:
    """End a sentence that lost its stop with one."""
    text = text.rstrip(" ,;:-–—")
    if not text or text[-1] in ".!?…)]\"'”’$。！？" or not text[-1].isalnum():  # noqa: RUF001 - and so are these
        return text
    return text + "."


def _cut(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return text[found.end() :] if found else text


def _without_purpose(text: str) -> str:
    return text if _MATHEMATICS.search(text) else _capital(_cut(_PURPOSE, text))


def _without_parentheses(text: str) -> str:
    return text if _MATHEMATICS.search(text) else _PARENTHESIS.sub("", text)


def _capital(text: str) -> str:
    """Capitalise a plain first word; names such as "t-SNE" and "mRNA" stay as they are."""
    first = text.split(" ", 1)[0]
    plain = first.isascii() and first.islower() and not _MATHEMATICS.search(first)
    return text[0].upper() + text[1:] if plain else text
