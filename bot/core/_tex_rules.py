r"""How `core.plain` sets a command with its arguments, a script, a fraction; and what it takes for math.

Invariant: pure functions of what was read already; none looks at the text around it.
"""

# ruff: noqa: RUF001 - signs that look alike are the subject here

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from bot.core._tex_tables import DOUBLE_STRUCK, MATH_ACCENTS, SCRIPTS

ESCAPED = re.compile(r"\\([_%#&~])")
_MONEY = re.compile(r"\d[\d.,]*\s*(?:[a-z]{3,}|USD)")
_PROSE = re.compile(r"[A-Za-z]{3,}\s+[A-Za-z]{2,}\s")
_ENVIRONMENT = re.compile(r"(?:itemize|enumerate|center|quote|abstract|equation|align|displaymath|math|eqnarray)\*?")
_ORDINALS = frozenset({"th", "st", "nd", "rd"})
_ROOTS = {"": "√", "2": "√", "3": "∛", "4": "∜"}


@dataclass(frozen=True, slots=True)
class Taken:
    """A command with what follows it: its first argument as written and as shown, its second, its optional one."""

    name: str
    raw: str
    shown: str
    second: str
    extra: str


def _fraction(taken: Taken) -> str:
    return f"{bracketed(taken.shown)}/{bracketed(taken.second)}"


def _link(taken: Taken) -> str:
    address = ESCAPED.sub(r"\1", taken.raw)
    return address if taken.second in address else f"{taken.second} ({address})"


def _note(taken: Taken) -> str:
    return f" ({taken.shown})"


def _environment(taken: Taken) -> str:
    return "" if _ENVIRONMENT.fullmatch(taken.raw) else f"\\{taken.name}{{{taken.raw}}}"


def _second(taken: Taken) -> str:
    return taken.second


def _address(taken: Taken) -> str:
    return ESCAPED.sub(r"\1", taken.raw)


def _root(taken: Taken) -> str:
    return (_ROOTS.get(taken.extra) or scripted(taken.extra, "^") + "√") + bracketed(taken.shown)


# How many arguments a command takes, and how it is set with them.
SETTINGS: dict[str, tuple[int, Callable[[Taken], str]]] = {
    **dict.fromkeys(("frac", "tfrac", "dfrac", "cfrac", "nicefrac", "sfrac"), (2, _fraction)),
    **dict.fromkeys(("url", "path", "nolinkurl"), (1, _address)),
    **dict.fromkeys(("footnote", "thanks"), (1, _note)),
    **dict.fromkeys(("begin", "end"), (1, _environment)),
    **dict.fromkeys(("textcolor", "texorpdfstring"), (2, _second)),
    "href": (2, _link),
    "sqrt": (1, _root),
    "binom": (2, lambda taken: f"({taken.shown} choose {taken.second})"),
    "pmod": (1, lambda taken: f"(mod {taken.shown})"),
    "enquote": (1, lambda taken: f"“{taken.shown}”"),
    "unicode": (1, lambda taken: _character(taken.raw)),
}


def doubled(shown: str) -> str:
    """Set double-struck what phones can show so: 'R' but not 'F'."""
    return "".join(DOUBLE_STRUCK.get(c, c) for c in shown)


def accented(name: str, shown: str) -> str:
    """Put the mark of a math accent on a letter; over several it would hang on the last alone, so they stay bare."""
    return unicodedata.normalize("NFC", shown + MATH_ACCENTS[name]) if len(shown) == 1 else shown


def _character(raw: str) -> str:
    """Read the number of a character, as it stood where it is none."""
    digits, base = (raw[1:], 16) if raw[:1] == "x" else (raw, 10)
    if digits.isascii() and digits.isalnum():
        try:
            code = int(digits, base)
        except ValueError:
            code = 0
        if 32 <= code < 0x110000 and not 0xD800 <= code < 0xE000:  # noqa: PLR2004
            return chr(code)
    return f"\\unicode{{{raw}}}"


def scripted(shown: str, mark: str) -> str:
    """Set a sub- or superscript, in Unicode's own characters if it has all of them."""
    if mark == "^" and shown in _ORDINALS:
        return shown
    table = SCRIPTS[mark]
    if all(c in table for c in shown):
        return "".join(table[c] for c in shown)
    if len(shown) == 1 or (mark == "_" and shown.isascii() and shown.isalnum()):
        return mark + shown
    return f"{mark}({shown})"


def bracketed(shown: str) -> str:
    """Put brackets around what is more than one factor."""
    simple = all(c.isalnum() or c in "′!∞ℓ°." or unicodedata.combining(c) for c in shown)
    whole = shown.startswith("(") and shown.endswith(")") and shown.count("(") == 1
    return shown if simple or whole else f"({shown})"


def is_math(inner: str, after: str) -> bool:
    """Tell math from what stands between two sums of money: '$5 million and $6 million', 'US$10-$20'."""
    tex = "\\" in inner
    if inner[0].isdigit() and ((after.isdigit() and not tex) or _MONEY.match(inner)):
        return False
    if _PROSE.search(inner) and not tex:
        return False
    loose = inner[-1].isspace() and not inner[0].isspace()
    return not loose or tex or " " not in inner.strip() or bool(re.search(r"[=^_<>+]", inner))


def braces(text: str) -> dict[int, int]:
    """Map each opening brace to its closing one; escaped and lone ones have none."""
    pairs: dict[int, int] = {}
    if "{" not in text:
        return pairs
    stack: list[int] = []
    for found in re.finditer(r"\\.|[{}]", text, re.DOTALL):
        if found[0] == "{":
            stack.append(found.start())
        elif found[0] == "}" and stack:
            pairs[stack.pop()] = found.start()
    return pairs
