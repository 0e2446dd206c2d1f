"""From the lines of a printed page to text: reading order, broken words made whole, running heads told apart.

Invariants: pure; ordering loses and adds no line; no letter a reader sees is lost in joining except the hyphens of
broken words. Distances are in points (1/72 inch), from the page's upper left corner, as it is read.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line, or the part of it in one column: box, size of most of its letters, whether they are bold."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float = 10.0
    bold: bool = False
    inset: bool = False  # whether it stands within a figure

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Page:
    """The lines of one page in the order of the file, and its size."""

    lines: tuple[Line, ...]
    width: float = 612.0
    height: float = 792.0


# --- reading order ----------------------------------------------------------------------------------------------------

_MANY: Final = 8  # lines on each side that make a column
_BACK: Final = 0.3  # steps against the reading order beyond which the file's own order is no order


def gutter(page: Page) -> float | None:
    """Return the x between two columns, None for a page of one."""
    wide = [line for line in page.lines if len(line.text) > 15]  # noqa: PLR2004 - below that it may be a formula
    best: tuple[int, float] | None = None
    for step in range(35, 66):
        x = page.width * step / 100
        crossing = sum(line.left < x - 2 and line.right > x + 2 for line in wide)
        left = sum(line.right <= x + 2 for line in wide)
        right = sum(line.left >= x - 2 for line in wide)
        if min(left, right) >= _MANY and crossing < 0.5 * min(left, right) and (best is None or crossing < best[0]):
            best = (crossing, x)
    return best[1] if best else None


def ordered(page: Page) -> tuple[Line, ...]:
    """Return a page's lines as they are read, pieces on one base line joined.

    A file's own order is kept, as LaTeX writes columns, floats and footnotes in a good one, unless it jumps back and
    forth: then by columns, where lines across both divide the page, from top to bottom.
    """
    lines, x = page.lines, gutter(page)
    if x is None:
        back = sum(after.bottom < before.top - 1 for before, after in pairwise(lines))
        if back > _BACK * len(lines) and len(lines) >= _MANY:
            lines = tuple(sorted(lines, key=_row))
    else:
        sides = [_side(line, x) for line in lines]
        back = sum(before == 1 and after == -1 for before, after in pairwise(sides))
        if back > _BACK / 2 * len(lines):
            lines = _by_column(lines, x)
    return _joined(lines, x)


def _joined(lines: Iterable[Line], x: float | None) -> tuple[Line, ...]:
    """Join pieces that follow each other on one base line, as scripts and the cells of a table do."""
    found: list[Line] = []
    for line in lines:
        last = found[-1] if found else None
        if last is None or not _beside(last, line) or (x is not None and _side(last, x) + 1 == _side(line, x) == 1):
            found.append(line)
            continue
        main = line if len(line.text) > len(last.text) else last
        space = "" if line.left - last.right < 0.12 * main.size else " "
        box = (
            min(last.left, line.left),
            min(last.top, line.top),
            max(last.right, line.right),
            max(last.bottom, line.bottom),
        )
        found[-1] = Line(last.text + space + line.text, *box, main.size, main.bold, last.inset and line.inset)
    return tuple(found)


def _beside(last: Line, line: Line) -> bool:
    overlap = min(last.bottom, line.bottom) - max(last.top, line.top)
    low = min(last.height, line.height)
    script = line.left - last.right < line.size  # they reach out of the line
    return (
        overlap > (0.15 if script else 0.5) * low
        and line.left > last.right - 2.5 * line.size  # one script may stand below another
        and last.inset == line.inset
        and last.text[-1:] not in {"\x02", "\ufffe"}
    )


def _side(line: Line, x: float) -> int:
    if line.right <= x + 2:
        return -1
    return 1 if line.left >= x - 2 else 0


def _row(line: Line) -> tuple[float, float]:
    return round(line.bottom / 3), line.left


def _by_column(lines: Sequence[Line], x: float) -> tuple[Line, ...]:
    found: list[Line] = []
    band: list[Line] = []
    for line in sorted(lines, key=_row):
        if _side(line, x) == 0:
            found += sorted(band, key=lambda part: _side(part, x))
            found.append(line)
            band = []
        else:
            band.append(line)
    return (*found, *sorted(band, key=lambda part: _side(part, x)))


# --- letters ----------------------------------------------------------------------------------------------------------

_CONTROLS: Final = re.compile(
    "[\x00-\x01\x03-\x08\x0b\x0c\x0e-\x1b\x7f-\x84\x86-\x9f\ufffe\uffff\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BROKEN: Final = "\x02\ufffe-\u00ad\u2010"  # the first two are PDFium's for a hyphen at the end of a line
_LISTED: Final = re.compile(r"(?:and|or|to) \w")
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LAST_WORD: Final = re.compile(r"\w{1,40}$")


def clean(raw: str) -> str:
    """Resolve ligatures and compatibility letters (NFKC), drop control and direction characters, fold blanks."""
    return " ".join(_CONTROLS.sub("", unicodedata.normalize("NFKC", raw)).split())


def words(lines: Iterable[str]) -> frozenset[str]:
    """Return all words of a text in lower case, hyphenated ones whole: what `join` decides by."""
    return frozenset(word.lower() for line in lines for word in _WORD.findall(line))


def join(lines: Iterable[str], known: Collection[str] = ()) -> str:
    """Join the lines of a paragraph; a word broken at a line's end is made whole.

    Its hyphen stays where the paper writes it with one elsewhere, before a capital or a digit, and in a word that has
    another hyphen, unless the paper writes it without one elsewhere (`known`).
    """
    pieces: list[str] = []
    for raw in lines:
        line = raw.strip()
        if not line:
            continue
        before = pieces[-1] if pieces else ""
        stem = before[:-1]
        if before[-1:] and before[-1] in _BROKEN and stem[-1:].isalnum() and _LISTED.match(line):
            pieces[-1] = stem + "-"  # 'single- and double-differential'
            pieces += [" ", line]
        elif before[-1:] and before[-1] in _BROKEN and stem[-1:].isalnum():
            pieces[-1] = stem if _whole(stem, line, known) else stem + "-"
            pieces.append(line)
        elif not pieces or (before.endswith("–") and stem[-1:].isalnum()):
            pieces.append(line)
        else:
            pieces += [" ", line]
    return clean("".join(pieces).replace("\x02", "-").replace("\ufffe", "-"))


def _whole(before: str, after: str, known: Collection[str]) -> bool:
    """Tell whether what stands on both sides of a line's end is one word without a hyphen."""
    first, second = _LAST_WORD.search(before), _WORD.match(after)
    if first is None or second is None or not first[0][-1].isalpha():
        return False
    head, tail = first[0].lower(), second[0].lower()
    if head + tail in known:
        return True
    if not second[0][0].islower():
        return False
    return before[: first.start()][-1:] != "-" and f"{head}-{tail}" not in known


# --- running heads ----------------------------------------------------------------------------------------------------

_DIGITS: Final = re.compile(r"\d+|\b[ivxlc]+\b", re.IGNORECASE)
_PAGE_NUMBER: Final = re.compile(
    r"[-–—|\s]*(?:page\s*)?(?:\d{1,4}|[ivxl]{1,6})(?:\s*(?:of|/)\s*\d{1,4})?[-–—|.\s]*", re.IGNORECASE
)
_STAMP: Final = re.compile(r"arXiv:\S{6,20}\s+\[[\w.-]{2,20}\]\s+\d{1,2} \w{3} \d{4}$")
_NUMBERED: Final = re.compile(r"^\s*\d+|\d+\s*$")
_FEW: Final = 3  # pages that make a row with a number a running head
_EDGE: Final = 3  # lines at the top and at the bottom of a page that can be running heads


def is_stamp(line: str) -> bool:
    """Tell arXiv's stamp on the margin of page 1."""
    return _STAMP.match(line) is not None


def running(pages: Sequence[Sequence[str]]) -> list[set[int]]:
    """Return, per page of rows from top to bottom, the positions of running heads, feet and page numbers.

    Such a row stands among the first or last three of its page (fewer if that has few rows), and the same one, numbers
    aside, on at least three pages (on five of a long paper if it bears no number), at the same end; or it is nothing
    but a page number at the very edge.
    """
    seen: dict[tuple[bool, str], set[int]] = {}
    bare: dict[tuple[bool, str], set[int]] = {}
    edges = [list(_edges(lines)) for lines in pages]
    for number, found in enumerate(edges):
        for top, _, form, numbered in found:
            seen.setdefault((top, form), set()).add(number)
            if not numbered:
                bare.setdefault((top, form), set()).add(number)
    often = max(3, min(5, len(pages) // 4))
    dropped: list[set[int]] = []
    for lines, found in zip(pages, edges, strict=True):
        page = {
            at
            for top, at, form, numbered in found
            if form and (len(bare.get((top, form), ())) >= often or (numbered and len(seen[top, form]) >= _FEW))
        }
        page |= {at for at in (0, len(lines) - 1) if lines and _PAGE_NUMBER.fullmatch(lines[at].strip())}
        dropped.append(page)
    return dropped


def _edges(lines: Sequence[str]) -> Iterable[tuple[bool, int, str, bool]]:
    edge = min(_EDGE, max(1, len(lines) // 4))  # a page of few lines has no three heads
    for at, line in enumerate(lines):
        form, numbered = _form(line), bool(_NUMBERED.search(line))
        if at < edge:
            yield True, at, form, numbered
        if at >= len(lines) - edge:
            yield False, at, form, numbered


def _form(line: str) -> str:
    """A line as it is compared: without numbers, white space and case."""
    return "".join(_DIGITS.sub("", line).split()).lower()
