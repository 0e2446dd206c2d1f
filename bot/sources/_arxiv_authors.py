r"""Takes arXiv's author field apart: 'A. Uthor (1) and B. Other (1, 2) ((1) MIT, (2) CERN)' is two names, two places.

Invariants: no string makes it raise, its time grows with the length of the text alone (people write these fields), and
a text that holds a letter yields a name. TeX accents become Unicode by `core.plain` where nothing of TeX is left
afterwards; else a name stays as it is, so that nothing is lost. The rules of the field:
https://info.arxiv.org/help/prep.html#author.
"""

import re

from bot.core.plain import plain
from bot.sources._arxiv_fields import fold

_LONGEST = 300  # characters of a name that are looked at for TeX
_STOP = re.compile(r"[,(]")
_LETTER = re.compile(r"[^\W\d_]")
_TEX = re.compile(r"[\\{}$~`^]")
_LEFT = re.compile(r"[\\{}$]")
_BREAK = re.compile(r"\\{2,}")  # a line break in TeX; dumps of arXiv's own database double the backslash of accents
_POWER = re.compile(r"\$\s*\^\s*(?:\{[^{}$]{0,30}\}|[^\s{}$\\])\s*\$|(?<!\\)\^(?:\{[^{}$]{0,30}\}|[0-9*])")

_SIGN = r"(?:[0-9]{1,3}[a-z*]?|[a-z]|[*†‡§¶#]{1,3})"
_MARKS = rf"{_SIGN}(?:\s*(?:[,;&+–-]|\band\b)?\s*\b{_SIGN})*"
_MARK = re.compile(rf"\s*{_MARKS}\s*,?\s*", re.IGNORECASE)  # '(1)', '(1,2)', '(1 and 3)', '(a)': see the list of places
_KEYED = re.compile(r"\(\s*[0-9a-z*†‡§¶#]{1,3}(?:\s*(?:,|and)\s*[0-9a-z]{1,3})?\s*\)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?:^|[,;.]\s*)[0-9]{1,2}[:.)]?\s+(?=[^\W\d])")

_TEAM = re.compile(r"\b(?:collaborations?|teams?|consorti(?:um|a)|task force)\b", re.IGNORECASE)
_TEAMS = re.compile(r"\b(?:collaborations|teams|consortia)\s*$", re.IGNORECASE)
_FOR = re.compile(r"(?:(?:and|with)\s+)?(?:for|on behalf of)\s+(?:the\s+)?(?P<team>\S.*)", re.IGNORECASE)
_FOR_INSIDE = re.compile(
    r"\s+(?=(?:for|on behalf of)\s[^,;]{0,120}\b(?:collaboration|team|consorti|group|project))", re.IGNORECASE
)
_BEFORE_TEAM = re.compile(r"^(?:(?:and|with)\s+)?(?:the\s+)?", re.IGNORECASE)
_APPENDIX = re.compile(r"with\b.{0,30}\bappend(?:ix|ices)\b.{0,30}?\b(?:by|of)\s+(?P<names>\S.*)", re.IGNORECASE)
_ROLE = re.compile(r"(?:the\s+)?(?:eds?|editors?|deceased|chairs?|p\.?i|retired|emeritus|et\.? al)\.?", re.IGNORECASE)
_AND = re.compile(r"\s+(?:\\?and|AND|&)\s+")
_LEADING_AND = re.compile(r"^(?:\\?and|AND|&)\s+")
_ET_AL = re.compile(r"(?:^|\s+)(?:et\.?\s+al\.?|(?:and\s+)?others)$", re.IGNORECASE)
_GOES_ON = re.compile(r"\s*(?!and\s|for\s)[^\W\d]")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv|ph\.?\s?d|m\.?\s?d)\.?", re.IGNORECASE)


def authors(text: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (names, affiliations) in their order; a collaboration that somebody speaks for is a name too."""
    whole = _BREAK.sub(r"\\", _POWER.sub(" ", fold(text)))
    outside: list[str] = []
    places: list[str] = []
    more: list[str] = []  # whom a parenthesis names: a collaboration, who wrote the appendix
    pieces = _pieces(whole)
    for (piece, inside), (after, _) in zip(pieces, [*pieces[1:], ("", False)], strict=True):
        if not inside:
            outside.append(piece)
            continue
        found, named = _group(piece)
        more += named
        if found and " " not in _last(outside) and _GOES_ON.match(after):
            outside.append(" ")  # 'John (Jack) Smith'; 'A. Uthor (MIT) B. Other (CERN)' lacks its comma
            continue
        places += found
        outside.append(" , ")
    names = _names("".join(outside)) + more
    if not names and _LETTER.search(whole):
        names, places = [fold(re.sub(r"[()]", " ", whole))], []
    return tuple(map(decoded, names)), tuple(dict.fromkeys(map(decoded, places)))


def decoded(name: str) -> str:
    r"""Turn 'Schr\"odinger' into Unicode if that leaves no TeX behind; else return it as it is."""
    if len(name) > _LONGEST or not _TEX.search(name):
        return name
    shown = fold(plain(name))
    return name if not shown or _LEFT.search(shown) else shown


def _last(outside: list[str]) -> str:
    """What stands since the last separator."""
    return re.split(r",|;|\sand\s", "".join(outside[-3:]))[-1].strip()


def _pieces(text: str) -> list[tuple[str, bool]]:
    """Text and what stands in its outermost parentheses, in turn; one that is never closed ends at the next comma."""
    partner: dict[int, int] = {}
    opened: list[int] = []
    for at, sign in enumerate(text):
        if sign == "(":
            opened.append(at)
        elif sign == ")" and opened:
            partner[opened.pop()] = at
    pieces: list[tuple[str, bool]] = []
    at = 0
    for found in re.finditer(r"[()]", text):
        start = found.start()
        if start < at:
            continue
        pieces.append((text[at:start], False))
        at = start + 1
        if found[0] == "(":
            closing = partner.get(start)
            if closing is None:
                comma = _STOP.search(text, at)
                closing = comma.start() if comma else len(text)
                pieces.append((text[at:closing], True))
                at = closing
            else:
                pieces.append((text[at:closing], True))
                at = closing + 1
    pieces.append((text[at:], False))
    return pieces


def _group(inside: str) -> tuple[list[str], list[str]]:
    """Return (affiliations, names) that a parenthesis holds."""
    inside = inside.strip(" ,;")
    if not inside or _MARK.fullmatch(inside) or _ROLE.fullmatch(inside):
        return [], []
    if spoken := _FOR.fullmatch(inside):
        return [], [_unbracketed(spoken["team"])]
    if written := _APPENDIX.fullmatch(inside):
        return [], _names(_unbracketed(written["names"]))
    if _TEAM.search(inside) and ("," not in inside or _TEAMS.search(inside)) and not _KEYED.search(inside):
        return [], [_unbracketed(_BEFORE_TEAM.sub("", inside))]
    if _KEYED.match(inside):
        listed = _KEYED.split(inside)
    elif _NUMBERED.match(inside):
        listed = _NUMBERED.split(inside)
    else:
        listed = [inside]
    places = (fold(_LEADING_AND.sub("", place.strip(" ,;"))) for place in listed)
    return [place for place in places if place and place != "and"], []


def _unbracketed(text: str) -> str:
    return fold(re.sub(r"[()]", " ", text)).strip(" ,;")


def _names(text: str) -> list[str]:
    """Split 'A and B', 'A, B, and C', 'X Collaboration: A, B', 'A, Jr., B et al.', 'A for the X Collaboration'."""
    names: list[str] = []
    for part in re.split(r"[,;:]", _FOR_INSIDE.sub(", ", text)):
        piece = fold(_LEADING_AND.sub("", part.strip()))
        if spoken := _FOR.fullmatch(piece):
            names.append(spoken["team"])
        elif _TEAMS.search(piece):
            names.append(_BEFORE_TEAM.sub("", piece))
        else:
            for one in _AND.split(piece):
                _add(names, _ET_AL.sub("", _LEADING_AND.sub("", one.strip())).strip())
    return [name for name in names if _LETTER.search(name)]


def _add(names: list[str], name: str) -> None:
    if _TEAM.search(name):
        name = re.sub(r"^the\s+", "", name, flags=re.IGNORECASE)
    if names and _SUFFIX.fullmatch(name):
        names[-1] += f" {name}"
    elif name and not _ROLE.fullmatch(name):
        names.append(name)
