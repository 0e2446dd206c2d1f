"""Cuts the figures out of a PDF's pages, each with its caption, drawn as a picture for a phone.

Runs in the worker process only. A caption anchors its figure: what is drawn above it (or below, if nothing is above)
belongs to it until running text stops it; so vector and raster figures are cut alike, and those of many parts whole.
Invariants: a picture has at most `PIXELS` pixels and `BYTES` bytes, is at most `LONGEST` times as long as wide either
way, and holds no other caption; a caption without anything drawn near it has no picture.
"""

import ctypes
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pypdfium2 as pdfium
import pypdfium2.raw as c
from PIL import Image, ImageOps

from bot.core.lines import Line, Page, gutter, join, ordered, words
from bot.core.printed import CAPTION
from bot.sources._pdf_look import look
from bot.sources._pdf_page import Box, Reading

PIXELS: Final = 4_000_000  # of one picture; both platforms take more
BYTES: Final = 4_000_000  # of one PNG
LONGEST: Final = 20  # times; Telegram takes no more (core.telegram.org/bots/api#sendphoto): white is put beside it
_WIDTH: Final = 1400  # pixels that a picture is wide: legible when a phone's reader zooms in
_OBJECTS: Final = 30_000  # drawn objects of a page that are looked at
_LABEL: Final = 60  # letters of the longest label outside of what is drawn
_EDGES: Final = 0.12, 0.85  # of a page's height, above and below which running heads and notes have their rules
_DOT: Final = 0.2  # points
_THIN: Final = 1.5  # points
_DEEP: Final = 6  # drawings within drawings
_SMALL: Final = (30.0, 18.0)  # points below which it is no figure but a rule or a sign
_FIGURE: Final = re.compile(r"(?:Extended Data |Supplementary )?(?:Fig|Scheme|Chart|Plate)", re.IGNORECASE)
_PROSE: Final = re.compile(r"[a-z]{3,} [a-z]{2,}")


@dataclass(frozen=True, slots=True)
class Cut:
    """A figure: its label ('Figure 3'), caption, page (from 1), and place on it; no place where nothing is drawn."""

    label: str
    text: str
    page: int
    box: Box | None


def find(reading: Reading, number: int) -> list[Cut]:
    """Return the figures of a page in its order; `number` is the page's, from 1."""
    page = reading.lines()
    if not any(_starts(line, page) for line in page.lines):
        return []
    look(reading)  # only now, as few pages have figures
    page = reading.lines()
    starts = [line for line in page.lines if _starts(line, page)]
    drawn = _drawn(reading)
    return [_cut(line, page, drawn, starts, number) for line in starts]


def picture(page: pdfium.PdfPage, box: Box) -> bytes:
    """Draw a place of a page as PNG within the limits."""
    width, height = page.get_size()
    wide, high = box[2] - box[0], box[3] - box[1]
    scale = min(4.0, max(1.5, _WIDTH / wide), (PIXELS / (wide * high)) ** 0.5)
    while True:
        crop = (box[0], height - box[3], width - box[2], box[1])
        drawn = page.render(scale=scale, crop=crop, may_draw_forms=False, rev_byteorder=True).to_pil()
        image = _padded(drawn.convert("RGB"))
        out = io.BytesIO()
        image.save(out, "PNG", compress_level=6)
        if out.tell() > BYTES / 2:  # a photograph: 256 colours are a third of it
            out = io.BytesIO()
            image.quantize(256).save(out, "PNG", compress_level=6)
        if out.tell() <= BYTES or scale < 0.2:  # noqa: PLR2004 - smaller says nothing
            return out.getvalue()
        scale *= 0.7


def _padded(image: Image.Image) -> Image.Image:
    least = (max(image.width, -(-image.height // LONGEST)), max(image.height, -(-image.width // LONGEST)))
    return image if least == image.size else ImageOps.pad(image, least, color="white")


# --- captions ---------------------------------------------------------------------------------------------------------


def _starts(line: Line, page: Page) -> bool:
    found = CAPTION.match(line.text)
    if line.inset or found is None or not _FIGURE.match(found[1]) or not line.text[found.end() :].strip():
        return False
    if line.text[: found.end()].rstrip()[-1] in ":.|—–":
        return True
    above = [one for one in page.lines if 0 <= line.top - one.bottom < 0.5 * line.size and _over(one, line)]
    return line.text[found.end() :][:1].isupper() and (not above or line.bold)


def _over(one: Line, other: Line) -> bool:
    return one.left < other.right and other.left < one.right


def _block(start: Line, page: Page) -> list[Line]:
    """Return the lines of a caption from its first."""
    block = [start]
    below = sorted((one for one in page.lines if not one.inset and one.bottom > start.top), key=lambda one: one.bottom)
    for one in below:
        last = block[-1]
        if one is start or one.right < start.left - 3 or one.left > max(part.right for part in block) + 3:
            continue
        if one.top - max(part.bottom for part in block) > 0.75 * start.height + 1 or CAPTION.match(one.text):
            break
        if one.left < min(start.left, last.left) - 14 or abs(one.size - start.size) > 0.2 * start.size + 4:
            break
        if one.top >= start.top - 2:
            block.append(one)
    return block


# --- places -----------------------------------------------------------------------------------------------------------


def _cut(start: Line, page: Page, drawn: Sequence[Box], starts: Sequence[Line], number: int) -> Cut:
    block = _block(start, page)
    found = CAPTION.match(start.text)
    label = " ".join(found[1].split()) if found else ""
    whole = ordered(Page(tuple(block), page.width, page.height))
    text = join((line.text for line in whole), words(line.text for line in page.lines))
    match = CAPTION.match(text)
    left, right = _column(block, page)
    top, bottom = start.top, max(line.bottom for line in block)
    inside = [box for box in drawn if min(box[2], right) - max(box[0], left) > 0.5 * (box[2] - box[0]) - 1]
    stops = [
        line
        for line in page.lines
        if not any(line is one for one in block)
        and _over_span(line, left, right)
        and (_is_prose(line, left, right, inside) or any(line is one for one in starts))
    ]
    box = _grown(inside, stops, top, page, above=True)
    above = box is not None
    if box is None:
        box = _grown(inside, stops, bottom, page, above=False)
    if box is not None:
        edge = (0.0, top - 0.5) if above else (bottom + 0.5, page.height)
        box = _with_labels(box, page, (*block, *stops), (left, right), edge)
    return Cut(label, text[match.end() :] if match else text, number, box)


def _over_span(line: Line, left: float, right: float) -> bool:
    return line.right > left and line.left < right


def _column(block: Sequence[Line], page: Page) -> tuple[float, float]:
    """Return the sides of the column that a caption stands in."""
    long = [line for line in page.lines if len(line.text) > 40 and not line.inset]  # noqa: PLR2004 - a line of text
    left = min((line.left for line in long), default=0.1 * page.width)
    right = max((line.right for line in long), default=0.9 * page.width)
    middle = gutter(page)
    first, last = min(line.left for line in block), max(line.right for line in block)
    if middle is None or (first < middle - 12 and last > middle + 12):
        return left, right
    return (left, middle) if last <= middle + 12 else (middle, right)


def _is_prose(line: Line, left: float, right: float, inside: Sequence[Box]) -> bool:
    """Tell running text, which ends a figure, from a label in it."""
    if line.inset:
        return False
    wide = right - left
    within = any(
        box[0] - 2 <= line.left
        and box[2] + 2 >= line.right
        and box[1] - 2 <= line.top
        and box[3] + 2 >= line.bottom
        and box[2] - box[0] > 40  # noqa: PLR2004 - points; a rule or a sign holds no label
        and box[3] - box[1] > 25  # noqa: PLR2004
        for box in inside
    )
    covers = min(line.right, right) - max(line.left, left)
    return not within and covers > 0.6 * wide and len(line.text) > 0.1 * wide and bool(_PROSE.search(line.text))


def _grown(inside: Sequence[Box], stops: Sequence[Line], edge: float, page: Page, *, above: bool) -> Box | None:
    """Return the union of what is drawn from a caption's edge up (or down) to the first running text or wide gap."""
    if above:
        limit = max((line.bottom for line in stops if line.bottom <= edge + 1), default=20.0)
        pool = sorted((box for box in inside if box[3] <= edge + 4 and box[1] >= limit - 6), key=lambda box: -box[3])
    else:
        limit = min((line.top for line in stops if line.top >= edge - 1), default=page.height - 20)
        pool = sorted((box for box in inside if box[1] >= edge - 4 and box[3] <= limit + 6), key=lambda box: box[1])
    region: Box | None = None
    for box in pool:
        gap = edge - box[3] if above else box[1] - edge
        if gap > (60 if region is None else 45):
            break
        region = _union(region, box) if region else box
        edge = min(edge, box[1]) if above else max(edge, box[3])
    if region is None or region[2] - region[0] < _SMALL[0] or region[3] - region[1] < _SMALL[1]:
        return None
    return region


def _union(one: Box, other: Box) -> Box:
    return min(one[0], other[0]), min(one[1], other[1]), max(one[2], other[2]), max(one[3], other[3])


def _with_labels(
    box: Box, page: Page, taken: Sequence[Line], column: tuple[float, float], edge: tuple[float, float]
) -> Box:
    """Take in labels just outside of what is drawn, such as '(a)' and the titles of axes, and a small margin.

    Those within the same drawing may stand farther off. `taken` are lines of text and captions, `edge` top and bottom.
    """
    drawn = box
    for line in page.lines:
        far = (60.0, 45.0) if line.inset else (30.0, 16.0)
        near = (
            line.right > drawn[0] - far[0]
            and line.left < drawn[2] + far[0]
            and line.bottom > drawn[1] - far[1]
            and line.top < drawn[3] + far[1]
            and column[0] - 30 < (line.left + line.right) / 2 < column[1] + 30
        )
        if any(line is one for one in taken) or (not line.inset and _ends_text(line, taken)):
            continue
        if near and line.top >= edge[0] and line.bottom <= edge[1] + 2 and (line.inset or len(line.text) < _LABEL):
            box = _union(box, (line.left, line.top, line.right, line.bottom))
    return (
        max(box[0] - 3, 0.0),
        max(box[1] - 3, edge[0], 0.0),
        min(box[2] + 3, page.width),
        min(box[3] + 2, edge[1], page.height),
    )


def _ends_text(line: Line, text: Sequence[Line]) -> bool:
    """Tell the short last line of a paragraph from a label."""
    return any(
        abs(line.top - one.bottom) < 0.6 * line.size and one.left - 2 <= line.left <= one.left + 20 for one in text
    )


# --- what is drawn ----------------------------------------------------------------------------------------------------


def _drawn(reading: Reading) -> list[Box]:
    """Return the places of all that is drawn and no text, drawings within drawings too; backgrounds left out."""
    raw = reading.page.raw
    budget = [_OBJECTS]
    found: list[Box] = []
    for at in range(c.FPDFPage_CountObjects(raw)):
        if budget[0] <= 0:
            break
        for box in _walk(c.FPDFPage_GetObject(raw, at), (1.0, 0.0, 0.0, 1.0, 0.0, 0.0), 0, budget):
            left, top, right, bottom = reading.place(*box)
            left, top = max(left, 0.0), max(top, 0.0)
            right, bottom = min(right, reading.width), min(bottom, reading.height)
            whole = (right - left) * (bottom - top) > 0.9 * reading.width * reading.height
            if right >= left and bottom >= top and not whole and not _is_rule((left, top, right, bottom), reading):
                found.append((left, top, right, bottom))
    return found


def _is_rule(box: Box, reading: Reading) -> bool:
    """Tell the line under a running head or above footnotes, and what is no more than a dot."""
    wide, high = box[2] - box[0], box[3] - box[1]
    edge = box[3] < _EDGES[0] * reading.height or box[1] > _EDGES[1] * reading.height
    return max(wide, high) <= _DOT or (high < _THIN and wide > 0.15 * reading.width and edge)


def _walk(raw: Any, above: tuple[float, ...], depth: int, budget: list[int]) -> Iterator[Box]:
    """Yield the bounds (left, bottom, right, top) of an object, or of those in a drawing with its matrix applied."""
    kind = c.FPDFPageObj_GetType(raw)
    if kind == c.FPDF_PAGEOBJ_FORM and depth < _DEEP:
        own = c.FS_MATRIX()
        if not c.FPDFPageObj_GetMatrix(raw, own):
            return
        a, b, d, e, f, g = above
        matrix = (
            own.a * a + own.b * d,
            own.a * b + own.b * e,
            own.c * a + own.d * d,
            own.c * b + own.d * e,
            own.e * a + own.f * d + f,
            own.e * b + own.f * e + g,
        )
        for at in range(c.FPDFFormObj_CountObjects(raw)):
            if budget[0] <= 0:
                return
            yield from _walk(c.FPDFFormObj_GetObject(raw, at), matrix, depth + 1, budget)
        return
    budget[0] -= 1
    if kind not in {c.FPDF_PAGEOBJ_IMAGE, c.FPDF_PAGEOBJ_PATH, c.FPDF_PAGEOBJ_SHADING}:
        return
    values = [ctypes.c_float() for _ in range(4)]
    if c.FPDFPageObj_GetBounds(raw, *values):
        left, bottom, right, top = (value.value for value in values)
        corners = [(x, y) for x in (left, right) for y in (bottom, top)]
        xs = [x * above[0] + y * above[2] + above[4] for x, y in corners]
        ys = [x * above[1] + y * above[3] + above[5] for x, y in corners]
        yield min(xs), min(ys), max(xs), max(ys)
