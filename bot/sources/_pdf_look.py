"""Which words of a PDF's page no reader can see.

Runs in the worker process only. What is seen is decided by pixels: the page is drawn with its text and without; where
a word makes no difference, nobody sees it, whatever trick hides it (colour, transparency, a clip, a cover, a layer
that is off, an empty glyph). Letters too small to read are told by their size, those outside the page by their place.
Pale and see-through words are looked at on their own, as they may lie upon others. Costs two drawings a page at 72
dpi, and two of a part of it in colour where in doubt. What cannot be told: glyphs that look like other letters than
they say.
"""

import ctypes
from collections.abc import Collection, Sequence
from typing import Any, Final

import pypdfium2.raw as c
from PIL import ImageChops

from bot.core.fulltext import Unseen
from bot.sources._pdf_page import Box, Reading, Word, pointer_to

FLAGGED: Final = 14  # letters that make a hidden run worth a flag; what is shorter is taken out all the same
_PIXELS: Final = 1_200_000  # of one drawing
_SEEN: Final = 40  # difference in grey (0-255) that settles it at first sight
_BARELY: Final = 14  # difference in any colour, at close look, below which a reader sees nothing
_TINY: Final = 1.6  # points: a letter of half a millimetre
_PALE: Final = 225  # of 255 in each colour: all but white
_THIN: Final = 24  # of 255: see-through to nine tenths


def look(page: Reading) -> None:
    """Mark the words that no reader sees; before that, all are taken for seen."""
    words = [word for row in page.rows for word in row.words]
    for word in words:
        if word.drawn_by and c.FPDFTextObj_GetTextRenderMode(pointer_to(word.drawn_by)) in {3, 7}:
            word.unseen = "invisible"
        elif word.box[2] < 0 or word.box[3] < 0 or word.box[0] > page.width or word.box[1] > page.height:
            word.unseen = "off page"
        elif word.size < _TINY and word.box[3] - word.box[1] < _TINY:
            word.unseen = "tiny"
    _compare(page, words)


def _compare(page: Reading, words: Sequence[Word]) -> None:
    doubtful = [word for word in words if word.unseen is None and any(map(str.isalnum, word.text))]
    scale = min(1.0, (_PIXELS / max(1.0, page.width * page.height)) ** 0.5)
    objects = {word.drawn_by for word in words} - {0}
    with_text, without = _drawn(page, scale, "L"), _drawn(page, scale, "L", off=objects)
    changed = ImageChops.difference(with_text, without)
    rows, wide, high = changed.tobytes(), changed.width, changed.height
    pale = _pale(objects)
    doubtful = [
        word
        for word in doubtful
        if word.drawn_by in pale
        # Almost all are seen in their middle row; only the others are looked at whole.
        or (not _crossed(rows, wide, high, word.box, scale) and _most(changed, word.box, scale) < _SEEN)
    ]
    if doubtful and _labels(page, doubtful, words):
        for word in doubtful:
            word.unseen = _why(page, word)
        return
    if not doubtful:
        return
    # Only they are taken away now: an overprinted word counts by what it adds itpage.
    off = {word.drawn_by for word in doubtful}
    area = (
        max(0.0, min(word.box[0] for word in doubtful) - 2),
        max(0.0, min(word.box[1] for word in doubtful) - 2),
        min(page.width, max(word.box[2] for word in doubtful) + 2),
        min(page.height, max(word.box[3] for word in doubtful) + 2),
    )
    close = min(2.0, (_PIXELS / max(1.0, (area[2] - area[0]) * (area[3] - area[1]))) ** 0.5)
    with_text, without = _drawn(page, close, "RGB", area=area), _drawn(page, close, "RGB", off=off, area=area)
    changed = ImageChops.difference(with_text, without)
    for word in doubtful:
        box = [side - area[at % 2] for at, side in enumerate(word.box)]
        if _most(changed, box, close) < _BARELY:
            word.unseen = _why(page, word)


def _labels(page: Reading, doubtful: Sequence[Word], words: Sequence[Word]) -> bool:
    """Tell whether all in doubt are labels within figures, which plots cover by chance: no closer look then."""
    if any(word.drawn_by in page.own for word in doubtful):
        return False
    ids = {id(word) for word in doubtful}
    run = 0
    for word in words:
        run = run + sum(map(str.isalpha, word.text)) if id(word) in ids else 0
        if run >= FLAGGED:
            return False
    return True


def _drawn(page: Reading, scale: float, mode: str, *, off: Collection[int] = (), area: Box | None = None) -> Any:
    left, top, right, bottom = area or (0.0, 0.0, page.width, page.height)
    crop = (left, page.height - bottom, page.width - right, top)
    for one in off:
        c.FPDFPageObj_SetIsActive(pointer_to(one), 0)
    try:
        drawn = page.page.render(
            scale=scale, crop=crop, grayscale=mode == "L", may_draw_forms=False, rev_byteorder=True
        )
        return drawn.to_pil().convert(mode)
    finally:
        for one in off:
            c.FPDFPageObj_SetIsActive(pointer_to(one), 1)


def _pale(objects: Collection[int]) -> set[int]:
    """Return what draws words that can be unseen although there is something to be seen in their place: other words."""
    found = set()
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    for one in objects:
        asked = c.FPDFPageObj_GetFillColor(pointer_to(one), red, green, blue, alpha)
        if asked and (alpha.value < 2 * _THIN or min(red.value, green.value, blue.value) > _PALE):
            found.add(one)
    return found


def _why(page: Reading, word: Word) -> Unseen:
    """Name what hides a word that makes no difference to the page."""
    one = pointer_to(word.drawn_by)
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    stroked = c.FPDFTextObj_GetTextRenderMode(one) == 1
    ask = c.FPDFPageObj_GetStrokeColor if stroked else c.FPDFPageObj_GetFillColor
    if ask(one, red, green, blue, alpha) and alpha.value < _THIN:
        return "transparent"
    if _clipped(page, one, word.box):
        return "clipped"
    if min(red.value, green.value, blue.value) > _PALE:
        return "white"
    return "covered" if _under(page, word) else "undisplayed"


def _clipped(page: Reading, one: Any, box: Sequence[float]) -> bool:
    """Tell whether the box of the object's clip and the word's do not meet."""
    clip = c.FPDFPageObj_GetClipPath(one)
    xs: list[float] = []
    ys: list[float] = []
    x, y = ctypes.c_float(), ctypes.c_float()
    for path in range(max(0, c.FPDFClipPath_CountPaths(clip)) if clip else 0):
        for number in range(min(64, c.FPDFClipPath_CountPathSegments(clip, path))):
            c.FPDFPathSegment_GetPoint(c.FPDFClipPath_GetPathSegment(clip, path, number), x, y)
            xs.append(x.value)
            ys.append(y.value)
    if not xs:
        return False
    left, top, right, bottom = page.place(min(xs), min(ys), max(xs), max(ys))
    wide, high = min(right, box[2]) - max(left, box[0]), min(bottom, box[3]) - max(top, box[1])
    return bool(wide < 0.5 or high < 0.5)  # noqa: PLR2004 - half a point


def _under(page: Reading, word: Word) -> bool:
    """Tell whether something that is no text stands above most of the word's place."""
    middle = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
    for one in page.page.get_objects(max_depth=2):
        if one.type == c.FPDF_PAGEOBJ_TEXT:
            continue
        left, top, right, bottom = page.place(*one.get_bounds())
        if left <= middle[0] <= right and top <= middle[1] <= bottom:
            return True
    return False


def _crossed(rows: bytes, wide: int, high: int, box: Sequence[float], scale: float) -> bool:
    """Tell whether the middle row of a box has a difference that settles it."""
    middle = int((box[1] + box[3]) / 2 * scale)
    left, right = max(0, int(box[0] * scale)), min(wide, int(box[2] * scale) + 1)
    return 0 <= middle < high and right > left and max(rows[middle * wide + left : middle * wide + right]) >= _SEEN


def _most(changed: Any, box: Sequence[float], scale: float) -> int:
    """Return the greatest difference inside a box."""
    left, top = max(0, int(box[0] * scale) - 1), max(0, int(box[1] * scale) - 1)
    right, bottom = min(changed.width, int(box[2] * scale) + 2), min(changed.height, int(box[3] * scale) + 2)
    if right <= left or bottom <= top:
        return 0
    found = changed.crop((left, top, right, bottom)).getextrema()
    return int(found[1] if isinstance(found[0], int) else max(high for _, high in found))
