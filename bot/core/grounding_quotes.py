r"""Finds a quote in the text that it was taken from, and shows it in that text's own words.

Two texts are the same if their letters and digits are, in order, together with the few signs that carry meaning (a
decimal point, a minus within numbers, a power, `%`, `<`, `>`, `≤`, `≥`). Case, accents, blanks, punctuation, ligatures,
hyphens at a line's end and LaTeX wrappers are none of it: extractors of PDF differ in all of them. A match is exact
or it is none; likeness (`nearest`) only chooses what to put into a question, never what is believed.
"""

import bisect
import functools
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from bot.core import plain, sentences

SHORTEST: Final = 12
"""Letters and digits that a quote must have: shorter ones are found by chance."""

_NAMES: Final = dict(
    zip(
        "αβγδεζηθικλμνξοπρςστυφχψω",
        [
            "alpha",
            "beta",
            "gamma",
            "delta",
            "epsilon",
            "zeta",
            "eta",
            "theta",
            "iota",
            "kappa",
            "lambda",
            "mu",
            "nu",
            "xi",
            "omicron",
            "pi",
            "rho",
            "sigma",
            "sigma",
            "tau",
            "upsilon",
            "phi",
            "chi",
            "psi",
            "omega",
        ],
        strict=True,
    )
)
_SIGNS: Final = {"≤": "≤", "≥": "≥", "⩽": "≤", "⩾": "≥", "<": "<", ">": ">", "%": "%", "°": ""}
_POWERS: Final = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_DASHES: Final = "-‐‑‒–—−﹣-"  # noqa: RUF001
# What vanishes whole: soft hyphens and hyphens at a line's end, wrappers of LaTeX, references to a bibliography.
_VANISHES: Final = re.compile(
    "[\u00ad\u0002\ufffe]\\s*"
    r"|(?<=[^\W\d_])-[ \t]*\r?\n\s*(?=[^\W\d_])"
    r"|\\(?:textbf|textit|textrm|texttt|textsc|textsf|emph|text|mathrm|mathbf|mathit|mathcal|mathbb|mathsf|boldsymbol|"
    r"operatorname|mbox|ensuremath|left|right|cite[a-z]*|ref|url)(?![A-Za-z])\*?"
    r"|\{,\}|(?<=\d)\\[,;! ](?=\d)"
)
_RELATION: Final = {r"\leq": "≤", r"\le": "≤", r"\geq": "≥", r"\ge": "≥", r"\lt": "<", r"\gt": ">"}
_RELATIONS: Final = re.compile(r"\\(?:leq|geq|le|ge|lt|gt)(?![A-Za-z])")
_POWER: Final = re.compile(r"[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_HYPHENED: Final = re.compile("[\u00ad\u0002\ufffe]\\s*|(?<=[a-z])-[ \\t]*\\r?\\n\\s*(?=[a-z])")
_DROPS: Final = re.compile(r"\\(?:[a-z]*cite|ref|label|footnote)")  # what `plain` leaves out must be matched as it is
_ROUNDS: Final = 6


@dataclass(frozen=True, slots=True)
class Found:
    """A quote in its source: in the source's own wording, and the whole sentence that it stands in."""

    quote: str
    sentence: str
    start: int  # of the quote within the sentence, in characters; -1 where it crosses sentences

    @property
    def before(self) -> str:
        """What the sentence says before the quote."""
        return self.sentence[: max(self.start, 0)]

    @property
    def after(self) -> str:
        """What the sentence says behind the quote."""
        return self.sentence[self.start + len(self.quote) :] if self.start >= 0 else ""


@functools.lru_cache(maxsize=1024)
def flat(text: str) -> str:
    """Return what two spellings of the same words have in common; flattening a flat text changes nothing."""
    for _ in range(_ROUNDS):
        flattened, _ = _flatten(text)
        if flattened == text:
            break
        text = flattened
    return text


def letters(text: str) -> int:
    """Count letters and digits of a flat text."""
    return sum(map(str.isalnum, text))


class Text:
    """A source, flattened once; `find` then takes about a tenth of a millisecond."""

    def __init__(self, text: str) -> None:
        self.plain = plain.plain(text.replace("{,}", ","))
        self._forms = [_Form(self.plain)]
        if self.plain != text:
            self._forms.append(_Form(text))

    def find(self, quote: str) -> Found | None:
        """Return where the words of a quote stand; None if they do not, or are fewer than `SHORTEST` letters."""
        wanted = dict.fromkeys((flat(quote), flat(quote if _DROPS.search(quote) else plain.plain(quote))))
        for form in self._forms:
            for each in wanted:
                if letters(each) >= SHORTEST and (found := form.find(each)) is not None:
                    return found
        return None

    def has(self, words: str) -> bool:
        """Tell whether the flat words stand here, however short."""
        wanted = flat(words)
        return bool(wanted) and any(wanted in form.flat for form in self._forms)


class _Form:
    """One spelling of a source (as it is, or without its TeX) with the way back from the flat text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.flat, self._origin = _flatten(text)
        self._sentences: list[tuple[int, int]] | None = None

    def find(self, wanted: str) -> Found | None:
        at = self.flat.find(wanted)
        while at >= 0:
            start, end = self._origin[at], self._origin[at + len(wanted) - 1] + 1
            if not self._cuts_number(at, at + len(wanted)):
                return self._found(*self._whole_words(start, end))
            at = self.flat.find(wanted, at + 1)
        return None

    def _cuts_number(self, start: int, end: int) -> bool:
        """Tell whether a match begins or ends within a number: '5% of users' is not in '75% of users'."""
        return _cut_digit(self.flat, self._origin, start) or _cut_digit(self.flat, self._origin, end)

    def _whole_words(self, start: int, end: int) -> tuple[int, int]:
        while start > 0 and self.text[start - 1].isalnum() and self.text[start].isalnum():
            start -= 1
        while end < len(self.text) and self.text[end].isalnum() and self.text[end - 1].isalnum():
            end += 1
        return start, end

    def _found(self, start: int, end: int) -> Found:
        if self._sentences is None:
            self._sentences = _spans(self.text)
        spans = self._sentences
        first = max(bisect.bisect_right(spans, (start, len(self.text))) - 1, 0)
        last = max(bisect.bisect_right(spans, (end - 1, len(self.text))) - 1, first)
        begin, close = (spans[first][0], spans[last][1]) if spans else (0, len(self.text))
        head, quote, tail = (
            _clean(self.text[min(begin, start) : start]),
            _clean(self.text[start:end]),
            _clean(self.text[end : max(close, end)]),
        )
        sentence = " ".join((head + quote + tail).split())
        quote = " ".join(quote.split())
        return Found(quote, sentence, sentence.find(quote, max(len(" ".join(head.split())) - 1, 0)))


def nearest(text: str, source: str, n: int = 3) -> tuple[str, ...]:
    """Return the `n` sentences of a source that are most like a text, best first: what a repair may quote.

    Likeness counts shared words (by their first five letters), numbers weighing most; a text in another script is
    compared by its numbers and Latin words alone.
    """
    wanted = _pieces(text)
    pieces = sentences.split(plain.plain(source))
    scored = [(_likeness(wanted, _pieces(piece)), -at, piece) for at, piece in enumerate(pieces)]
    return tuple(piece for _, _, piece in sorted(scored, reverse=True)[: max(n, 0)])


def _pieces(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"[a-z]{3,}|\d+", unicodedata.normalize("NFKC", text).lower())}


def _likeness(wanted: set[str], given: set[str]) -> float:
    shared = wanted & given
    weight = sum(3.0 if piece.isdigit() else 1.0 for piece in shared)
    return float(weight / math.sqrt(1 + len(given)))


# --- flattening ---------------------------------------------------------------------------------------------------


def _flatten(text: str) -> tuple[str, list[int]]:
    """Return the flat text and, for each of its characters, where in `text` it comes from."""
    chars, origin = _folded(text)
    kept: list[str] = []
    back: list[int] = []
    for at, (char, place) in enumerate(zip(chars, origin, strict=True)):
        if char.isalnum() or char in "%<>≤≥" or (char in ".-^" and _within_number(chars, at)):
            kept.append(char)
            back.append(place)
    return "".join(kept), back


def _within_number(chars: list[str], at: int) -> bool:
    """Tell whether a point, a minus or a power stands between digits: '1.5', '10-15', '10^-3'."""
    before = chars[at - 1] if at else ""
    after = chars[at + 1] if at + 1 < len(chars) else ""
    if before == "^" and chars[at] == "-":
        before = chars[at - 2] if at > 1 else ""
    if chars[at] == "^" and after == "-":
        after = chars[at + 2] if at + 2 < len(chars) else ""
    return before.isdecimal() and after.isdecimal()


def _folded(text: str) -> tuple[list[str], list[int]]:
    """Fold each character; what vanishes is left out, so that neighbours are those of the printed text."""
    gone: dict[int, int] = {found.start(): found.end() for found in _VANISHES.finditer(text)}
    relations = {found.start(): found for found in _RELATIONS.finditer(text)}
    powers = {found.start(): found.end() for found in _POWER.finditer(text)}
    chars: list[str] = []
    origin: list[int] = []

    def say(piece: str, place: int) -> None:
        for char in piece:
            chars.append(char)
            origin.append(place)

    at = 0
    while at < len(text):
        if at in gone:
            at = max(gone[at], at + 1)
        elif at in relations:
            say(_RELATION[relations[at][0]], at)
            at = relations[at].end()
        elif at in powers:
            end = powers[at]
            say("^", at)
            for place in range(at, end):
                say(text[place].translate(_POWERS), place)
            at = end
        else:
            if text[at] not in "{}\\$_,":
                say(_fold(text[at]), at)
            elif text[at] == "," and not text[at + 1 : at + 2].isdigit():
                say(" ", at)
            at += 1
    return chars, origin


@functools.lru_cache(maxsize=4096)
def _fold(char: str) -> str:
    if char in _SIGNS:
        return _SIGNS[char]
    if char in _DASHES:
        return "-"
    if char.isascii():
        return char.lower()
    bare = "".join(c for c in unicodedata.normalize("NFKD", char) if not unicodedata.combining(c))
    return "".join(_NAMES.get(c, "-" if c in _DASHES else c) for c in bare.lower())


def _cut_digit(flattened: str, origin: list[int], at: int) -> bool:
    """Tell whether the place before `at` falls between two digits (or a digit and its sign) of one number."""
    if not 0 < at < len(flattened):
        return False
    before, after = flattened[at - 1], flattened[at]
    together = origin[at] - origin[at - 1] <= 2  # noqa: PLR2004 - a comma may stand between
    return together and before in "0123456789.^" and after in "0123456789.^%"


def _spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text stand in it (the splitter folds white space)."""
    spans = []
    at = 0
    for piece in sentences.split(text):
        words = piece.split()
        start = text.index(words[0], at)
        end = start
        for word in words:
            end = text.index(word, end) + len(word)
        spans.append((start, end))
        at = end
    return spans


def _clean(text: str) -> str:
    """Join the words that a line's end has torn."""
    return _HYPHENED.sub("", text)
