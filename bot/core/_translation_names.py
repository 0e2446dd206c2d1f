"""Compares the names of a translation with those of its source: BERT, GPT-4, NeRF stand in both as they are.

A name is a word with a capital or a digit within, or of capitals alone; what Chinese has a word for (AI, CMB, GeV) is
none. A short name that the source spells out may be spelled out in the translation, but not every one of them.
"""

import re
import unicodedata
from typing import Final

from bot.core._translation_words import ORDINARY

_TOKEN: Final = re.compile(r"[A-Za-z0-9]+(?:[-_.][A-Za-z0-9]+)*")
_PART: Final = re.compile(r"[A-Za-z0-9]+")
_NAMED: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*[A-Z0-9][A-Za-z0-9]*")
_NO_NAME: Final = re.compile(
    r"[IVX]+|(?:Mc|Mac|De|Di|Du|La|Le|Van|Fitz)[A-Z][a-z]+|[a-z]+\d*|[A-Z]{2}[a-z]{4,}"  # part II, McMillan, EXecution
)
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_LOST: Final = 10  # of so many one may be lost


def found(text: str) -> list[str]:
    """Return the names of a text without formulas, each once: 'GPT-4' of 'GPT-4-based', 'SQL' of 'Text-to-SQL'."""
    names: dict[str, None] = {}
    for token in _TOKEN.findall(text):
        parts = list(_PART.finditer(token))
        while parts and not _is_name(parts[0][0]):
            parts.pop(0)
        while len(parts) > 1 and parts[-1][0].islower() and parts[-1][0].isalpha():
            parts.pop()
        if parts:
            names[re.sub(r"(?<=[A-Z])s$", "", token[parts[0].start() : parts[-1].end()])] = None
    return list(names)


def fault(text: str, source: str) -> str:
    """Say which names of `source` are lost in `text`, or which words it has that the source has not; '' if none."""
    ours, theirs = _folded(text), _flat(source)
    wanted = [name for name in found(source) if name not in ORDINARY]
    if sum(map(str.isupper, source)) > len(source) // 3:
        wanted = []  # an abstract in capitals
    spelled = {name for name in wanted if _initials(name, source)}
    lost = [name for name in wanted if not _stands(name, ours)]
    soft = [name for name in lost if name in spelled]
    hard = [name for name in lost if name not in spelled]
    if len(hard) > (len(wanted) - len(spelled)) // _LOST or len(soft) > (len(spelled) + 1) // 2:
        return f"it has lost the name {(hard or soft)[0]}"
    for name in found(ours):
        if name not in ORDINARY and _flat(name) not in theirs and not _initials(name, source):
            return f"its name {name} is not in the abstract"
    words = [word for word in _WORD.findall(ours) if word not in ORDINARY]
    strange = [word for word in words if word.lower().removesuffix("s") not in theirs]
    if len(strange) > 1 + len(words) // 12:
        return f"its words “{' '.join(strange[:3])[:40]}” are not in the abstract"
    return ""


def _is_name(part: str) -> bool:
    return bool(_NAMED.fullmatch(part)) and not _NO_NAME.fullmatch(part)


def _folded(text: str) -> str:
    """Take the accents off."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


def _flat(text: str) -> str:
    """Lower case without hyphens, so that 'ResNet50' is 'ResNet-50'."""
    return re.sub(r"(?<=[a-z0-9])[-_.\s](?=[a-z0-9])", "", _folded(text).lower())


def _stands(name: str, text: str) -> bool:
    pattern = "[-_. ]?".join(re.split(r"[-_.]", name))
    return re.search(rf"(?<![A-Za-z0-9]){pattern}(?:s|es)?(?![A-Za-z0-9])", text) is not None


def _initials(name: str, source: str) -> bool:
    """Tell whether a name is made of the first letters of the source's words."""
    short = name.lower().replace("-", "")
    firsts = "".join(word[0] for word in re.findall(r"[a-z]+", source.lower()))
    return 2 <= len(short) <= 6 and short.isalpha() and short in firsts  # noqa: PLR2004
