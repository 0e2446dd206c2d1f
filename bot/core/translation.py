r"""Decides whether a machine translation of an abstract may be shown: the whole of it, and nothing besides.

Invariants: what is shown has every number and nearly every name of the source and none of its own, says about as much
in the reader's language, and is fit for a post (`grounding_form`): no link but the paper's, no mention, no chatter.
A doubt refuses, for the English abstract is always there to be shown. No string makes anything here raise. About ten
milliseconds an abstract. A language is a row of `_TONGUES`; one without a row is refused.
"""

# ruff: noqa: RUF001 - Chinese punctuation is meant

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import Final

from bot.core import _translation_names as names
from bot.core import _translation_numbers as numbers
from bot.core import _translation_words as known
from bot.core import grounding_form
from bot.core._translation_sentences import misfit
from bot.core.grounding_form import length
from bot.core.grounding_words import TERMS
from bot.core.plain import plain
from bot.core.sentences import split

__all__ = ["LONGEST", "check"]

LONGEST: Final = 8_000
"""Characters of a source or a translation; arXiv allows 1,920 (https://info.arxiv.org/help/prep.html#abstracts)."""


@dataclass(frozen=True, slots=True)
class _Tongue:
    """What a translation from English looks like in one language; 19 by hand say 1.35 to 2.21 units for a word."""

    letters: re.Pattern[str]
    ends: re.Pattern[str]  # of sentences
    clauses: re.Pattern[str]  # their ends
    short: int  # characters of a clause that may come twice
    fewest: float  # units (a character, a Latin word) for each English word
    merged: float  # the fewest where there are fewer sentences than in the source
    most: float


_TONGUES: Final = {
    "zh": _Tongue(
        re.compile(r"[\u3400-\u9fff]"),
        re.compile(r"[。！？!?；;]|\.(?=\s|$)"),
        re.compile(r"[。！？!?；;，,]|\.(?=\s|$)"),
        short=12,
        fewest=1.15,
        merged=1.4,
        most=2.6,
    )
}
_SLACK: Final = 8  # units by which a short text may miss the bounds
_FORMULA: Final = re.compile(r"\$\$[^$]{1,2000}\$\$|(?<!\\)\$[^$]{1,600}\$")
_URL: Final = re.compile(r"(?:https?://|www\.)[!-~]+")
_LATIN: Final = re.compile(r"[A-Za-z]{2,}")
_RUN: Final = re.compile(r"[A-Za-z][A-Za-z'-]*(?:[ ,]+[A-Za-z][A-Za-z'-]*){4,}")
_LITTLE: Final = re.compile(
    r"\b(?:the|of|and|is|are|we|that|with|which|in|to|for|this|by|from|on|our|as|it)\b", re.IGNORECASE
)
_COMMAND: Final = re.compile(r"\\[A-Za-z]+")
_DOTTED: Final = re.compile(r"[A-Za-z0-9-]+\.[A-Za-z]{2,}")
_SEAM: Final = re.compile(r"(?<=[^\x00-\x7f])(?=[!-~])")  # Chinese ends where Latin begins, which \b does not know
_LISTED: Final = re.compile(r"(?m)^\s*(?:[-*•·#>|]|\d{1,2}[.、)])\s*\S")
_ENDLESS: Final = re.compile(r"[\d,.]{40}|[零〇一二两三四五六七八九十百千万亿点]{24}")
_NO_TEXT: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_MISFIT: Final = 0.25
_UNLIKE: Final = 0.6  # of the known words: of good ones 0.75 and more are answered, between papers half have under 0.4


def check(text: str, source: str, language: str, links: tuple[str, ...] = ()) -> tuple[str, str]:
    r"""Return (the translation as it may be shown, '') or ('', why not).

    `text` is what a model gave for `source`, an English abstract as arXiv has it; TeX in both becomes Unicode. `links`
    are the only addresses that may stand in it, `language` is a code such as 'zh' or 'zh-CN'. Never raises.
    """
    code = re.split(r"[-_]", language, maxsplit=1)[0].lower()
    if (tongue := _TONGUES.get(code)) is None:
        return "", f"nothing here can tell a good translation into “{language[:20]}”"
    if not text.strip() or not source.strip():
        return "", "it is empty"
    if max(len(text), len(source)) > LONGEST or _ENDLESS.search(text) or _ENDLESS.search(source):
        return "", "it is too long"
    if len(text) > 2 * len(source) + 200:  # Chinese takes a third of the characters
        return "", f"it says too much: {len(text)} characters for {len(source)}"
    text = _URL.sub(lambda m: f"{m[0]} ", unicodedata.normalize("NFC", text)).strip()
    shown = " ".join(plain(text).split())
    given = " ".join(plain(source).split())
    reason = _form(text, shown, source, code, links) or _language(text, source, tongue)
    reason = (
        reason
        or numbers.fault(shown, given)
        or _formulas(text, given)
        or names.fault(_prose(text), _prose(source))
        or _vocabulary(shown, given)
    )
    return ("", reason) if reason else (shown, "")


def _form(text: str, shown: str, source: str, language: str, links: tuple[str, ...]) -> str:
    """Say what no post may carry; formulas and words that the source has are no fault."""
    if strange := next((c for c in shown if unicodedata.category(c) in _NO_TEXT), ""):
        return f"it holds a character that is no text: U+{ord(strange):04X}"
    if emblem := next((c for c in shown if c > "\U0001f000" and unicodedata.category(c) == "So"), ""):
        return f"it holds a picture: {emblem}"
    if _LISTED.search(text):
        return "it is a list"
    if command := next((c for c in _COMMAND.findall(shown) if c not in source), ""):
        return f"it holds markup: “{command}”"
    raw = _SEAM.sub(" ", " ".join(_without_formulas(text, source).split()))
    bare = plain(raw)
    if problem := grounding_form.harmful(raw, links) or grounding_form.harmful(bare, links):
        return problem
    source = _URL.sub(" ", source)
    for dotted in _DOTTED.findall(_URL.sub(" ", bare)):
        if dotted.lower() not in source.lower():
            return f"it may hold a link: “{dotted[:40]}”"
    for task, english in known.TASK:
        if (found := task.search(bare)) and not english.search(source):
            return f"it speaks of its task: “{found[0]}”"
    words = frozenset(_LATIN.findall(source.lower()))
    kept = _LATIN.sub(lambda m: "a" if m[0].lower() in words else m[0], _URL.sub("", bare))
    for harmless, english in known.HARMLESS:
        if english.search(source):
            kept = harmless.sub("的", kept)
    return grounding_form.fault(kept, kept, source, language, links)


def _without_formulas(text: str, source: str) -> str:
    """Take out the formulas of a translation that its source has, for they are the source's."""
    theirs = {re.sub(r"\s", "", found) for found in _FORMULA.findall(source)}
    return _FORMULA.sub(lambda m: " " if re.sub(r"\s", "", m[0]) in theirs else m[0], text)


def _formulas(text: str, given: str) -> str:
    """Say which formula is none of the source's; one that is written in words is no fault."""
    theirs = re.sub(r"\s", "", given)
    for formula in map(plain, _FORMULA.findall(text)):
        if re.sub(r"\s", "", formula) not in theirs:
            return f"its formula {formula[:40]} is not in the abstract"
    return ""


def _prose(text: str) -> str:
    return plain(_URL.sub(" ", _FORMULA.sub(" ", text)))


def _language(text: str, source: str, tongue: _Tongue) -> str:
    """Say why it is not the whole in the reader's language."""
    ours, theirs = _prose(text), _prose(source)
    letters = len(tongue.letters.findall(ours))
    small = sum(word.islower() for word in _LATIN.findall(ours))
    if letters < 4 or 6 * small > letters:  # noqa: PLR2004
        return "it is not written in the reader's language"
    for run in _RUN.finditer(ours):
        if len(_LITTLE.findall(run[0])) > 1:
            return f"it is left in English: “{run[0][:40]}”"
    said = [length(piece) for piece in tongue.ends.split(ours) if piece.strip()]
    given = [length(part) for piece in split(theirs) for part in piece.split(";") if part.strip()]
    if len(said) < len(given) - max(1, len(given) // 6):
        return f"it has {len(said)} sentences where the abstract has {len(given)}"
    units, words = sum(said), sum(given)
    if units < (tongue.fewest if len(said) >= len(given) else tongue.merged) * words - _SLACK:
        return f"it says too little: {units} characters for {words} words"
    if len(said) < len(given) and misfit(said, given) > _MISFIT:
        return "it may have left out a sentence"
    if units > tongue.most * words + _SLACK:
        return f"it says too much: {units} characters for {words} words"
    pieces = Counter(piece.strip() for piece in tongue.clauses.split(ours) if len(piece.strip()) > tongue.short)
    return next((f"it says twice: “{piece[:30]}”" for piece, times in pieces.items() if times > 1), "")


def _vocabulary(shown: str, given: str) -> str:
    """Say that it is about something else: of the words that we know in both languages, too few answer one another."""
    given = given.lower()
    asked = [chinese for english, chinese in known.WORDS if english.search(given)]
    answered = sum(chinese.search(shown) is not None for chinese in asked)
    if len(asked) > 3 and answered < _UNLIKE * len(asked):  # noqa: PLR2004
        return f"it is about something else: {answered} of {len(asked)} known words are in it"
    said = [(term, english) for term, english in TERMS if term in shown]
    strange = [term for term, english in said if not any(re.search(rf"\b{re.escape(e)}", given) for e in english)]
    if len(strange) > 2 and 2 * len(strange) > len(said):  # noqa: PLR2004
        return f"the abstract does not speak of {'、'.join(strange[:3])}"
    return ""
