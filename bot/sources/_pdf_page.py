"""One page of a PDF by PDFium: its words, their places, sizes and what draws them.

Runs in the worker process only, as PDFium is not thread-safe and may crash. Words are what the glyphs say: a text that
the file says to stand for others (ActualText) is ignored, as nobody sees it. `_pdf_look` tells which words are seen.
"""

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import pypdfium2 as pdfium
import pypdfium2.raw as c

from bot.core.fulltext import Unseen
from bot.core.lines import Line, Page

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in points from the upper left corner of the page as it is read."""

_LINE_END: Final = 10
_HYPHEN: Final = 2  # PDFium's letter for a hyphen at the end of a line
_BOLD: Final = ("bold", "medi", "black", "heavy", "cmbx", "sfbx", "ecbx", "cmssbx", "-bd")  # in names of bold fonts
_FORCE_BOLD: Final = 0x40000  # among a font's flags
_FIGURE: Final = 0.5  # share of prose in the text of embedded drawings beyond which they are pages, not figures
_object = ctypes.cast(c.FPDFText_GetTextObject, ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int))
_page_object = ctypes.cast(c.FPDFPage_GetObject, ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int))


@dataclass(slots=True)
class Word:
    """A run of letters without a blank: box, size and weight of its first letter, the PDF object that draws it."""

    text: str
    box: list[float]
    size: float
    bold: bool
    drawn_by: int
    gap: bool  # whether a blank stands before it
    unseen: Unseen | None = None


@dataclass(slots=True)
class Row:
    """Words on one base line, in the file's order."""

    words: list[Word] = field(default_factory=list)

    def line(self) -> Line | None:
        """Return what a reader sees of it."""
        seen = [word for word in self.words if word.unseen is None]
        if not seen:
            return None
        text = "".join((" " if word.gap and at else "") + word.text for at, word in enumerate(seen))
        main = max(seen, key=lambda word: len(word.text) * word.size)
        heavy = sum(len(word.text) for word in seen if word.bold) > 0.6 * len(text.replace(" ", ""))
        boxes = [word.box for word in seen]
        return Line(
            text,
            min(box[0] for box in boxes),
            min(box[1] for box in boxes),
            max(box[2] for box in boxes),
            max(box[3] for box in boxes),
            main.size,
            heavy,
        )


@dataclass(frozen=True, slots=True)
class Hidden:
    """A run of words that no reader sees."""

    kind: Unseen
    text: str


@dataclass(frozen=True, slots=True)
class _Style:
    size: float
    bold: bool


class Reading:
    """One page while it is read. `letters` counts what PDFium found, seen or not."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self.page = page
        self.text = page.get_textpage()
        self.letters = self.text.count_chars()
        self.width, self.height = page.get_size()
        self.place = _device(page, self.width, self.height)  # (left, bottom, right, top) of the PDF to a Box
        self._styles: dict[int, _Style] = {}
        self._bold: dict[int, bool] = {}  # by font
        values = [ctypes.c_double() for _ in range(4)]
        self._floats: list[Any] = [*values, *(ctypes.byref(value) for value in values)]
        self.rows = list(self._rows())
        if self._as_drawn():
            self.text.close()
            self.text = page.get_textpage()
            self.letters = self.text.count_chars()
            self.rows = list(self._rows())

    def close(self) -> None:
        """Give back the memory."""
        self.text.close()

    def lines(self) -> Page:
        """Return the lines that a reader sees, those within figures marked."""
        found = [
            (line, not any(word.drawn_by in self.own for word in row.words))
            for row in self.rows
            if (line := row.line())
        ]
        prose = sum(len(line.text) for line, inset in found if inset and len(line.text) > 40)  # noqa: PLR2004
        whole = sum(len(line.text) for line, inset in found if inset)
        figures = prose < _FIGURE * whole  # else a page was put in as one drawing, as ACL's are
        lines = tuple(replace(line, inset=True) if inset and figures else line for line, inset in found)
        return Page(lines, self.width, self.height)

    @cached_property
    def own(self) -> set[int]:
        """Return the text objects that stand on the page itself and not in a drawing put into it."""
        raw = ctypes.cast(self.page.raw, ctypes.c_void_p)
        found = (_page_object(raw, at) or 0 for at in range(c.FPDFPage_CountObjects(self.page.raw)))
        return {one for one in found if c.FPDFPageObj_GetType(pointer_to(one)) == c.FPDF_PAGEOBJ_TEXT}

    def hidden(self) -> list[Hidden]:
        """Return runs of words of one kind that no reader sees, in order; seen words between two of them end a run."""
        found: list[Hidden] = []
        open_: list[str] = []
        last: Unseen | None = None
        for word in (word for row in self.rows for word in row.words):
            if word.unseen != last and open_:
                found.append(Hidden(last or "undisplayed", " ".join(open_)))
                open_ = []
            last = word.unseen
            if last is not None:
                open_.append(word.text)
        if open_:
            found.append(Hidden(last or "undisplayed", " ".join(open_)))
        return found

    # --- letters ---------------------------------------------------------------------------------------------------

    def _rows(self) -> Iterator[Row]:
        """Gather letters to words and rows; a row ends at a line's end, at a hyphen there, and at a column's."""
        row: Row = Row()
        blank = True
        for start, end, text, by in self._runs():
            if by < 0:
                blank = True
                if text == "\n" and row.words:
                    yield row
                    row = Row()
                continue
            last = row.words[-1] if row.words else None
            if text == "\x02":  # PDFium's letter for a hyphen at the end of a line
                if last is not None:
                    last.text += text
                    yield row
                    row = Row()
                blank = True
                continue
            style = self._styles.get(by) or self._style(by, start)
            box = self._box(start)
            if last is not None and _apart(last, box, style.size):
                yield row
                row, blank = Row(), True
            if end - start > 1:
                _grow(box, self._box(end - 1))
            row.words.append(Word(text, box, style.size, style.bold, by, blank or not row.words))
            blank = False
        if row.words:
            yield row

    def _runs(self) -> Iterator[tuple[int, int, str, int]]:
        """Yield runs of letters of one object as (start, end, text, object); a blank's object is -1."""
        raw = self.text.raw
        pointer = ctypes.cast(raw, ctypes.c_void_p)
        unicode = c.FPDFText_GetUnicode
        codes: list[int] = []
        start, by = 0, -1
        for at in range(self.letters):
            code = unicode(raw, at)
            drawn_by = -1 if code <= 32 or code == 0xA0 or code > 0x10FFFF else _object(pointer, at) or 0  # noqa: PLR2004 - blanks, and the end of Unicode
            if drawn_by != by or by == -1:
                if codes and by != -1:
                    yield start, at, _decoded(codes), by
                if drawn_by == -1:
                    yield (
                        at,
                        at + 1,
                        "\n" if code == _LINE_END else "\x02" if code == _HYPHEN else " ",
                        -2 if code != _HYPHEN else 0,
                    )
                codes, start, by = [], at, drawn_by
            codes.append(code)
        if codes and by != -1:
            yield start, self.letters, _decoded(codes), by

    def _as_drawn(self) -> bool:
        """Take away what words are said to stand for, which PDFium reads instead of them; tell if there was any."""
        found = False
        size = ctypes.c_ulong()
        for one in map(pointer_to, self._styles.keys() - {0}):
            for at in range(c.FPDFPageObj_CountMarks(one)):
                mark = c.FPDFPageObj_GetMark(one, at)
                if c.FPDFPageObjMark_GetParamStringValue(mark, b"ActualText", None, 0, size):
                    found |= bool(c.FPDFPageObjMark_RemoveParam(one, mark, b"ActualText"))
        return found

    def _box(self, at: int) -> list[float]:
        left, right, bottom, top, *pointers = self._floats
        c.FPDFText_GetCharBox(self.text.raw, at, *pointers)
        box: list[float] = self.place(left.value, bottom.value, right.value, top.value)
        return box

    def _style(self, drawn_by: int, at: int) -> _Style:
        """Return effective size in points and weight of a text object, asked once for each."""
        raw = self.text.raw
        matrix = c.FS_MATRIX()
        size = c.FPDFText_GetFontSize(raw, at)
        if c.FPDFText_GetMatrix(raw, at, matrix):
            size *= (matrix.c**2 + matrix.d**2) ** 0.5
        face_of = c.FPDFTextObj_GetFont(pointer_to(drawn_by)) if drawn_by else None
        font = ctypes.addressof(face_of.contents) if face_of else 0
        if font not in self._bold:
            flags = ctypes.c_int()
            name = ctypes.create_string_buffer(128)
            c.FPDFText_GetFontInfo(raw, at, name, 128, flags)
            face = name.value.decode("utf-8", "replace").rpartition("+")[2].lower()
            self._bold[font] = any(sign in face for sign in _BOLD) or bool(flags.value & _FORCE_BOLD)
        style = _Style(size, self._bold[font])
        self._styles[drawn_by] = style
        return style


def _decoded(codes: Sequence[int]) -> str:
    """Return letters; those beyond 16 bits may come in two halves."""
    text = "".join(map(chr, codes))
    if any(0xD800 <= code < 0xE000 for code in codes):  # noqa: PLR2004 - the halves' range in Unicode
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def pointer_to(address: int) -> Any:
    return ctypes.cast(address, c.FPDF_PAGEOBJECT)


def _apart(last: Word, box: Sequence[float], size: float) -> bool:
    """Tell whether a letter is not on the row of the word before it, or beyond a gap that only columns have."""
    gap = box[0] - last.box[2]
    overlap = min(box[3], last.box[3]) - max(box[1], last.box[1])
    return gap > max(1.3 * size, 9.0) or gap < -40 or overlap < -0.6 * size  # noqa: PLR2004


def _grow(box: list[float], more: Sequence[float]) -> None:
    box[0], box[1] = min(box[0], more[0]), min(box[1], more[1])
    box[2], box[3] = max(box[2], more[2]), max(box[3], more[3])


def _device(page: pdfium.PdfPage, width: float, height: float) -> Any:
    """Return the mapping from the PDF's coordinates (origin, crop, rotation) to those of the page as it is read."""
    fine = 20_000
    x, y = ctypes.c_int(), ctypes.c_int()
    inverse = []
    for at in ((0, 0), (1000, 0), (0, 1000)):
        c.FPDF_PageToDevice(page.raw, 0, 0, fine, fine, 0, float(at[0]), float(at[1]), x, y)
        inverse.append((x.value * width / fine, y.value * height / fine))
    (ox, oy), (ax, ay), (bx, by) = inverse
    a, b, d, e = (ax - ox) / 1000, (bx - ox) / 1000, (ay - oy) / 1000, (by - oy) / 1000

    def point(left: float, bottom: float, right: float, top: float) -> list[float]:
        x1, y1 = a * left + b * bottom + ox, d * left + e * bottom + oy
        x2, y2 = a * right + b * top + ox, d * right + e * top + oy
        return [min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2)]

    return point
