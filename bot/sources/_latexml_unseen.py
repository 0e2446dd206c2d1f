"""Tells whether a reader of an HTML page can see a text, from the styles and attributes of what it stands in.

Invariants: a look is inherited downwards and never changes; what cannot be told (a picture behind the text, a style
that only a style sheet knows) counts as seen, so that an honest page raises no alarm. LaTeXML writes all that an
author's colours and sizes do into `style` attributes: `color:#FFFFFF` until 2025, `--ltx-fg-color:#FFFFFF` since.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from bot.core.fulltext import Unseen

Colour = tuple[int, int, int]

_WHITE: Final[Colour] = (255, 255, 255)
_NEAR: Final = 16  # of 255 between ink and paper in every channel: what is below it, nobody reads
_SMALLEST: Final = 2.0  # pixels of a letter's height; \tiny is 8
_BASE: Final = 16.0  # pixels, what browsers start from
_FAINTEST: Final = 0.1  # of full opacity
_FAR: Final = 2000.0  # pixels out of the page; LaTeXML moves wide tables by some hundreds
_SHAPES_SEEN: Final = 1000  # shapes of a drawing; behind what comes after more of them may be anything
_HAIR: Final = 1.0  # pixels of a box that shows nothing of what flows out of it

_NAMED: Final[Mapping[str, Colour]] = {
    "white": _WHITE,
    "black": (0, 0, 0),
    "red": (255, 0, 0),
    "green": (0, 128, 0),
    "blue": (0, 0, 255),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128),
    "snow": (255, 250, 250),
    "ivory": (255, 255, 240),
    "ghostwhite": (248, 248, 255),
    "whitesmoke": (245, 245, 245),
    "floralwhite": (255, 250, 240),
    "mintcream": (245, 255, 250),
    "azure": (240, 255, 255),
}
_UNITS: Final = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 37.8, "mm": 3.78, "rem": _BASE, "": 1.0}
_SIZES: Final = {"xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "smaller": 13.0}
_COMMENT: Final = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_LENGTH: Final = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+))(?:e[+-]?\d+)?\s*(%|[a-z]*)")
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?")
_CALL: Final = re.compile(r"([a-z]+[xy3d]*)\(([^()]*)\)")
_SHAPES: Final = frozenset({"path", "rect", "circle", "ellipse", "polygon", "image", "img"})
_CUTS: Final = frozenset({"hidden", "clip"})
_STYLED: Final = ("style", "hidden", "color", "mathcolor", "mathsize", "mathbackground", "bgcolor", "fill", "transform")


@dataclass(frozen=True, slots=True)
class Box:
    """A shape that was painted in a picture, in the picture's own coordinates; `colour` None where it is unknown."""

    left: float
    top: float
    right: float
    bottom: float
    colour: Colour | None


Moved = tuple[float, float, float, float, float, float]
_STILL: Final[Moved] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Look:
    """How a text would be set here. `paper` is what is behind it, None where that is unknown."""

    ink: Colour = (0, 0, 0)
    paper: Colour | None = _WHITE
    size: float = _BASE  # pixels
    scale: float = 1.0
    opacity: float = 1.0
    gone: Unseen | None = None  # a reason that nothing within can undo
    hidden: bool = False  # visibility, which something within can undo
    clear: bool = False  # the ink is transparent
    fill: Colour | None = (0, 0, 0)  # of shapes, in a picture
    moved: Moved = _STILL  # in a picture
    painted: "list[Box] | None" = field(default=None, compare=False)  # in a picture: what was drawn so far, in order

    @property
    def unseen(self) -> Unseen | None:
        """Why nobody sees a text here; None if it is seen, or if that cannot be told."""
        if self.gone:
            return self.gone
        if self.hidden:
            return "undisplayed"
        if self.clear or self.opacity < _FAINTEST:
            return "transparent"
        if self.size * self.scale < _SMALLEST:
            return "tiny"
        return "white" if self.paper is not None and near(self.ink, self.paper) else None

    def at(self, element: Any) -> "Look":
        """Return the look within an element of lxml."""
        tag = element.tag
        look = self
        if tag == "svg":
            look = replace(look, painted=[], moved=_STILL, fill=(0, 0, 0))
        if any(name in element.attrib for name in _STYLED):
            look = _styled(look, element)
        if look.painted is not None:
            if tag in _SHAPES and len(look.painted) < _SHAPES_SEEN:
                look.painted.append(_box(look, element))
            elif tag in {"foreignobject", "text"}:
                look = replace(look, paper=_behind(look, element))
        return look


def down(outer: Any, inner: Any, look: Look) -> Look:
    """Return the look in `inner`, which stands somewhere within `outer`, whose own look is `look`."""
    way = []
    while inner is not outer and inner is not None:
        way.append(inner)
        inner = inner.getparent()
    for each in reversed(way):
        look = look.at(each)
    return look


def near(one: Colour, other: Colour) -> bool:
    """Tell whether two colours are one to the eye."""
    return all(abs(a - b) <= _NEAR for a, b in zip(one, other, strict=True))


def styles(text: str) -> dict[str, str]:
    """Read a style attribute: names and values in lower case, the last one of a name."""
    found = {}
    for declaration in _COMMENT.sub("", text).lower().split(";"):
        name, colon, value = declaration.partition(":")
        if colon:
            found[name.strip()] = value.replace("!important", "").strip()
    return found


def _styled(look: Look, element: Any) -> Look:
    style = styles(element.get("style", ""))
    changed: dict[str, Any] = {}
    if "hidden" in element.attrib or style.get("display") == "none" or style.get("content-visibility") == "hidden":
        changed["gone"] = "undisplayed"
    elif gone := _cut(style) or _outside(style):
        changed["gone"] = gone
    if "visibility" in style:
        changed["hidden"] = style["visibility"] in {"hidden", "collapse"}
    if "opacity" in style:
        changed["opacity"] = look.opacity * _share(style["opacity"])
    changed |= _coloured(style, element)
    size = style.get("font-size") or _sized(style.get("font", "")) or element.get("mathsize")
    if size:
        changed["size"] = _pixels(size, look.size)
    if "transform" in style:
        changed["scale"] = look.scale * _scaled(style["transform"])
    if look.painted is not None:
        changed |= _drawn(look, style, element)
    return replace(look, **changed) if changed else look


def _coloured(style: Mapping[str, str], element: Any) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    ink = next((style[name] for name in _INKS if name in style), element.get("color") or element.get("mathcolor"))
    if ink is not None:
        colour, share = _colour(ink)
        if ink not in _INHERITED:
            changed |= {"ink": colour or _ANY, "clear": share < _FAINTEST}
    paper = next((style[name] for name in _PAPERS if name in style), None)
    paper = paper or element.get("bgcolor") or element.get("mathbackground")
    if paper is not None:
        colour, share = _colour(paper if paper.startswith("rgb") else paper.split(" ", 1)[0])
        if share and paper not in _INHERITED:
            changed["paper"] = colour if share == 1 and "url(" not in paper and "gradient" not in paper else None
    return changed


_INHERITED: Final = frozenset({"inherit", "currentcolor", "unset"})
_ANY: Final[Colour] = (128, 128, 128)  # stands for a colour that we do not know: on any paper it is seen
_INKS: Final = ("-webkit-text-fill-color", "color", "--ltx-fg-color")
_PAPERS: Final = ("background-color", "background", "--ltx-bg-color")


def _cut(style: Mapping[str, str]) -> Unseen | None:
    """Tell whether a box shows nothing of what is in it."""
    cuts = any(style.get(name) in _CUTS for name in ("overflow", "overflow-x", "overflow-y"))
    flat = any(
        name in style and 0 <= _pixels(style[name], _BASE) <= _HAIR
        for name in ("width", "height", "max-width", "max-height")
    )
    if cuts and flat:
        return "clipped"
    clip = style.get("clip", "")
    if clip.startswith("rect"):
        edges = [float(number) for number in _NUMBER.findall(clip)]
        if len(edges) == 4 and (edges[2] - edges[0] <= _HAIR or edges[1] - edges[3] <= _HAIR):  # noqa: PLR2004 - edges
            return "clipped"
    path = style.get("clip-path", "")
    inset = [float(number) for number in _NUMBER.findall(path)] if path.startswith(("inset", "circle")) else []
    if inset and (inset[0] >= 50 if path.startswith("inset") else inset[0] == 0):  # noqa: PLR2004 - percent
        return "clipped"
    return None


def _outside(style: Mapping[str, str]) -> Unseen | None:
    """Tell whether a box is moved out of the page."""
    names = ["text-indent", "margin-left", "margin-top", "margin-right"]
    if style.get("position") in {"absolute", "fixed", "relative"}:
        names += ["left", "top", "right", "bottom"]
    if any(name in style and abs(_pixels(style[name], _BASE)) >= _FAR for name in names):
        return "off page"
    for name, arguments in _CALL.findall(style.get("transform", "")):
        if name.startswith("translate") and any(
            abs(_pixels(way, _BASE)) >= _FAR for way in arguments.split(",") if "%" not in way
        ):
            return "off page"
    return None


# --- values -----------------------------------------------------------------------------------------------------------


def _colour(text: str) -> tuple[Colour | None, float]:
    """Read a colour as (red, green, blue) and how opaque it is; None and 1 where it is none that we know."""
    text = text.strip().lower()
    if text in {"transparent", "none"}:
        return None, 0.0
    if text.startswith("#"):
        return _hexadecimal(text[1:])
    numbers = [float(number) for number in _NUMBER.findall(text)]
    if text.startswith("rgb") and len(numbers) >= 3:  # noqa: PLR2004 - red, green, blue
        many = 2.55 if "%" in text else 1.0
        red, green, blue = (max(0, min(255, round(number * many))) for number in numbers[:3])
        return (red, green, blue), _share(text.replace("/", ",").rstrip(") ").split(",")[-1]) if numbers[3:] else 1.0
    if text.startswith("hsl") and len(numbers) >= 3:  # noqa: PLR2004 - hue, saturation, lightness
        light = round(2.55 * max(0.0, min(100.0, numbers[2])))
        return ((light, light, light), 1.0) if light in {0, 255} else (None, 1.0)
    return _NAMED.get(text), 1.0


def _hexadecimal(digits: str) -> tuple[Colour | None, float]:
    if len(digits) in {3, 4}:
        digits = "".join(2 * digit for digit in digits)
    if len(digits) not in {6, 8} or not re.fullmatch("[0-9a-f]+", digits):
        return None, 1.0
    red, green, blue, *share = bytes.fromhex(digits)
    return (red, green, blue), share[0] / 255 if share else 1.0


def _share(text: str) -> float:
    """Read an opacity, '0.4' or '40%'; 1 where it is none."""
    found = _LENGTH.match(text)
    if not found:
        return 1.0
    return max(0.0, min(1.0, float(found[1]) / (100 if found[2] == "%" else 1)))


def _pixels(text: str, parent: float) -> float:
    """Read a length; one in a unit that depends on the screen is as long as the parent's letters are high."""
    text = text.strip()
    if text in _SIZES:
        return _SIZES[text]
    found = _LENGTH.match(text)
    if not found:
        return parent
    number, unit = float(found[1]), found[2]
    if unit in _UNITS:
        return number * _UNITS[unit]
    return {"%": number / 100, "em": number, "ex": number / 2, "ch": number / 2}.get(unit, 1.0) * parent


def _sized(font: str) -> str:
    """Return the size that the shorthand `font` names, '' if it names none."""
    return next((word.split("/")[0] for word in font.split() if re.match(r"[\d.]+(?:%|[a-z]+)", word)), "")


def _scaled(transform: str) -> float:
    share = 1.0
    for name, arguments in _CALL.findall(transform):
        numbers = [abs(float(number)) for number in _NUMBER.findall(arguments)]
        if numbers and name.startswith("scale"):
            share *= max(numbers[:2])
        elif len(numbers) >= 4 and name == "matrix":  # noqa: PLR2004 - a matrix
            share *= max(numbers[:4])
    return share


# --- pictures ---------------------------------------------------------------------------------------------------------
# A box of a paper ('Prompt 1', white letters on blue) is a picture: shapes, and on top of them texts of their own.


def _drawn(look: Look, style: Mapping[str, str], element: Any) -> dict[str, Any]:
    """Return what an element of a picture changes: where it is, and what its shapes are filled with."""
    changed: dict[str, Any] = {}
    moved = look.moved
    for name, arguments in _CALL.findall(element.get("transform", "").lower()):
        numbers = [float(number) for number in _NUMBER.findall(arguments)]
        if name == "matrix" and len(numbers) == 6:  # noqa: PLR2004 - a matrix
            a, b, c, d, e, f = numbers
            moved = _within(moved, (a, b, c, d, e, f))
        elif name == "translate" and numbers:
            moved = _within(moved, (1, 0, 0, 1, numbers[0], numbers[1] if numbers[1:] else 0))
        elif name == "scale" and numbers:
            moved = _within(moved, (numbers[0], 0, 0, numbers[-1], 0, 0))
    if moved is not look.moved:
        changed["moved"] = moved
    filled = style.get("fill") or style.get("--ltx-fill-color") or element.get("fill")
    if filled:
        colour, share = _colour(filled)
        changed["fill"] = None if share < _FAINTEST else colour or look.fill
    return changed


def _within(outer: Moved, inner: Moved) -> Moved:
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f


def _point(moved: Moved, x: float, y: float) -> tuple[float, float]:
    a, b, c, d, e, f = moved
    return a * x + c * y + e, b * x + d * y + f


def _floats(element: Any, *names: str) -> list[float]:
    return [_pixels(element.get(name, "0").lower(), _BASE) for name in names]


def _box(look: Look, element: Any) -> Box:
    """Return the rectangle around a shape; an endless one of no known colour for what is not understood."""
    tag, way = element.tag, element.get("d") or element.get("points") or ""
    numbers = [float(number) for number in _NUMBER.findall(way)]
    if tag == "rect":
        x, y, width, height = _floats(element, "x", "y", "width", "height")
        xs, ys = [x, x + width], [y, y + height]
    elif tag in {"circle", "ellipse"}:
        x, y, r, rx, ry = _floats(element, "cx", "cy", "r", "rx", "ry")
        xs, ys = [x - (r or rx), x + (r or rx)], [y - (r or ry), y + (r or ry)]
    elif numbers and len(numbers) % 2 == 0 and set(re.findall("[A-Za-z]", way)) <= set("MLCQZz"):
        xs, ys = numbers[::2], numbers[1::2]
    else:
        return Box(float("-inf"), float("-inf"), float("inf"), float("inf"), None)
    if look.fill is None:
        return Box(0, 0, 0, 0, None)
    corners = [_point(look.moved, x, y) for x in (min(xs), max(xs)) for y in (min(ys), max(ys))]
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return Box(min(across), min(down), max(across), max(down), look.fill)


def _behind(look: Look, element: Any) -> Colour | None:
    """Return the colour of what was painted last where the text of an element begins; the page's if nothing was."""
    width, height = _floats(element, "width", "height")
    x, y = _floats(element, "x", "y")
    if element.tag == "foreignobject":
        x, y = x + min(4.0, width / 2), y + min(5.0, height / 2)
    x, y = _point(look.moved, x, y)
    painted = look.painted or []
    if len(painted) >= _SHAPES_SEEN:
        return None
    for box in reversed(painted):
        if box.left <= x <= box.right and box.top <= y <= box.bottom and (box.right > box.left):
            return box.colour
    return look.paper
