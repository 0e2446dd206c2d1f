"""The text of a PDF by pypdf, for files that PDFium fails on: slower, without columns told apart, in pure Python.

Runs in the worker process only. Hidden text is told by what the page's instructions say (drawing mode, colour, size,
place), not by pixels: what cannot be told so is not found.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final

import pypdf
from pypdf.errors import PyPdfError

from bot.core.fulltext import Flag, Unseen
from bot.core.lines import Line, Page

_WHITE: Final = {"g": 1, "rg": 3, "sc": 3, "scn": 3}  # operators that set a colour, with the numbers they take
_INVISIBLE: Final = frozenset((3, 7))
_TINY: Final = 1.6  # points
_MARGIN: Final = 5.0  # points beyond the page's edge
_FLAGGED: Final = 14  # letters, as in the worker


def read(path: str, most: int, refused: Callable[[str], Exception]) -> tuple[list[Page], list[Flag]]:
    """Read the pages of a file of at most `most`; what it raises for one that cannot be read is `refused(sentence)`."""
    try:
        document = pypdf.PdfReader(path)
        if document.is_encrypted and not document.decrypt(""):
            raise refused("it is encrypted and asks for a password")
        if len(document.pages) > most:
            raise refused(f"it has {len(document.pages):,} pages, and {most:,} are the most that are read")
        found = [_page(page, number) for number, page in enumerate(document.pages, 1)]
    except (
        PyPdfError,
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
    ) as problem:
        raise refused("it is broken, or no PDF at all") from problem
    if not sum(len(line.text) for page, _ in found for line in page.lines):
        raise refused("it has no text that could be read, only pictures of pages perhaps")
    return [page for page, _ in found], [flag for _, flags in found for flag in flags]


def _page(page: Any, number: int) -> tuple[Page, list[Flag]]:
    width, height = float(page.mediabox.width), float(page.mediabox.height)
    state: dict[str, Any] = {"mode": 0, "white": False}
    stack: list[dict[str, Any]] = []
    pieces: list[tuple[str, float, float, float, Unseen | None]] = []

    def before(operator: bytes, values: list[Any], _cm: Any, _tm: Any) -> None:
        name = operator.decode("latin-1")
        if name == "q":
            stack.append(dict(state))
        elif name == "Q" and stack:
            state.update(stack.pop())
        elif name == "Tr" and values:
            state["mode"] = int(values[0])
        elif name in _WHITE:
            state["white"] = len(values) >= _WHITE[name] and all(float(value) > 0.9 for value in values[: _WHITE[name]])  # noqa: PLR2004
        elif name == "k":
            state["white"] = len(values) == 4 and all(float(value) < 0.1 for value in values)  # noqa: PLR2004

    def text(piece: str, cm: list[float], tm: list[float], _font: Any, size: float) -> None:
        if not piece.strip():
            return
        x, y = tm[4] * cm[0] + tm[5] * cm[2] + cm[4], tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        real = abs(size) * (tm[2] ** 2 + tm[3] ** 2) ** 0.5 * (cm[2] ** 2 + cm[3] ** 2) ** 0.5
        why = _why(state, real, within=-_MARGIN < x < width + _MARGIN and -_MARGIN < y < height + _MARGIN)
        pieces.append((piece, x, height - y, real, why))

    page.extract_text(visitor_operand_before=before, visitor_text=text)
    flags = [Flag(why, " ".join(piece.split()), number) for piece, *_, why in pieces if why]
    return Page(tuple(_lines(pieces)), width, height), [
        flag for flag in flags if sum(map(str.isalpha, flag.text)) >= _FLAGGED
    ]


def _why(state: dict[str, Any], size: float, *, within: bool) -> Unseen | None:
    if state["mode"] in _INVISIBLE:
        return "invisible"
    if state["white"]:
        return "white"
    if size < _TINY:
        return "tiny"
    return None if within else "off page"


def _lines(pieces: list[tuple[str, float, float, float, Unseen | None]]) -> Iterator[Line]:
    for piece, x, y, size, why in pieces:
        for at, part in enumerate(piece.splitlines()):
            if part.strip() and why is None:
                low = y + at * 1.2 * size
                yield Line(part.strip(), x, low - size, x + 0.5 * size * len(part), low, size)
