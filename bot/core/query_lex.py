"""Splits what a person typed into the words of the query language, each with its place in the text.

Nothing here changes a length, so that an index into the words is an index into what was typed.
"""

# ruff: noqa: RUF001 - signs that look alike are what people type
import re
from typing import Final, NamedTuple

ALIASES: Final = {"title": "ti", "abstract": "abs", "author": "au", "authors": "au", "category": "cat"} | {
    "categories": "cat",
    "comment": "co",
    "comments": "co",
}
OPERATORS: Final = frozenset(("AND", "OR", "ANDNOT", "NOT"))

_NAMES: Final = "ti|abs|au|cat|co|all|jr|rn|id|doi|submittedDate|lastUpdatedDate"
_ANY: Final = f"(?i:{_NAMES}|{'|'.join(sorted(ALIASES, reverse=True))})"
_TOKEN: Final = re.compile(
    r'(?P<quote>"(?:\\"|[^"])*"?\*?)|(?P<bracket>[()])'
    rf"|(?P<field>(?:ti|abs|au|cat):|{_ANY}:(?=\S|\s*$))"
    rf"|(?P<loose>{_ANY}:)"  # "one for all: a model" is a title; what stands around it decides
    r'|(?P<word>(?:\\"|[^\s"()])+)'
)
_FROM_URL: Final = re.compile(r"%2[0289]|%3A|\+(?:AND|OR|ANDNOT)\+", re.IGNORECASE)
_ESCAPES: Final = {"%20": "   ", "%22": '"  ', "%28": "(  ", "%29": ")  ", "%3a": ":  ", "%3A": ":  "}
_QUOTES: Final = str.maketrans(dict.fromkeys("“”„«»＂", '"') | {"（": "(", "）": ")", "：": ":", "＊": "*"})


class Word(NamedTuple):
    """A word of the query language: its kind, its text and where it starts and ends in what was typed."""

    kind: str  # quote, bracket, field, loose (a field or a word), operator, word, end
    text: str
    start: int
    end: int


def unescape(text: str) -> str:
    """Undo the escapes of a copied link and of typography, each by as many characters, so that indices stay true."""
    text = text.translate(_QUOTES)
    if _FROM_URL.search(text):
        text = re.sub(r"%(?:2[0289]|3[Aa])", lambda found: _ESCAPES[found[0]], text).replace("+", " ")
    return text


def lex(text: str) -> list[Word]:
    """Return the words of `text` in order; blanks between them are left out."""
    out = []
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or ""
        kind = "operator" if kind == "word" and found[0] in OPERATORS else kind
        out.append(Word(kind, found[0], found.start(), found.end()))
    return out


def is_query(words: list[Word]) -> bool:
    """Whether a field or an upper-case operator makes it a query; quotes and brackets alone do not."""
    return any(word.kind in ("field", "operator") for word in words)


def unclosed(word: Word) -> bool:
    """Whether a quote opens and never closes."""
    return word.kind == "quote" and not re.fullmatch(r'".*"\*?', word.text, re.DOTALL)
