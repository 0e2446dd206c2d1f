"""The running text of a LaTeXML page: what stands within a line, formulas as text, notes apart, hidden words apart.

Invariants: every piece of text is judged by its own look before it is kept; what is never shown (comments, scripts,
alternative texts) is never kept, and told of only if it speaks to a language model.
"""

import re
from itertools import islice
from typing import Any, Final

from bot.core.addressed import addressed
from bot.core.fulltext import Unseen
from bot.core.plain import plain
from bot.errors import Refused
from bot.sources._latexml_unseen import Look, down

DEEPEST: Final = 160  # elements within each other, formulas not counted; drawings of honest papers reach 70
WORDS: Final = 14  # letters of a hidden text from which on it says something; fewer keep a place free
_LABEL: Final = 40  # letters of a text in a drawing that is no mere label: a box with a prompt, a theorem
_RUNS: Final = 2000  # hidden texts that are remembered, and never shown ones that are looked through
_SKIPPED: Final = 20_000  # characters that are looked through of what is never shown
_SCRIPT: Final = 12  # letters of a sub- or superscript
_NEVER: Final = frozenset(
    {
        "script",
        "style",
        "template",
        "noscript",
        "head",
        "title",
        "desc",
        "metadata",
        "textarea",
        "select",
        "option",
        "input",
        "button",
        "dialog",
        "iframe",
        "audio",
        "video",
        "canvas",
        "annotation",
        "annotation-xml",
        "rp",
    }
)
_DROPPED: Final = frozenset(
    {
        "ltx_ERROR",
        "ltx_note_mark",
        "ltx_tag_note",
        "ltx_note_type",
        "ltx_note_name",
        "ltx_contact_name",
        "ltx_listing_data",
        "ltx_rdf",
        "sr-only",
        "ltx_acm_description",
        "visually-hidden",
        "bml_sr_only",
    }
)
_APART: Final = frozenset(
    {
        "p",
        "div",
        "li",
        "tr",
        "td",
        "th",
        "dt",
        "dd",
        "table",
        "figure",
        "figcaption",
        "blockquote",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
    }
)
_APART_CLASSES: Final = frozenset(
    {"ltx_p", "ltx_tr", "ltx_td", "ltx_listingline", "ltx_item", "ltx_bibblock", "ltx_title"}
)
_LINES: Final = frozenset({"ltx_creator", "ltx_contact", "ltx_author_notes", "ltx_note", "ltx_date", "ltx_personname"})
_TOKENS: Final = frozenset({"mi", "mn", "mo", "mtext", "ms"})
_SIZE: Final = re.compile(r"\\(?:displaystyle|textstyle|scriptstyle|scriptscriptstyle)(?![A-Za-z])\s*")
_WRAP: Final = re.compile(r"%\s*\n\s*")
_PROSE: Final = re.compile(r"[A-Za-z]{3,}(?:[^A-Za-z\\]+[A-Za-z]{2,}){4}")
_ODD: Final = "descendant::*[@mathcolor or @style or @mathbackground or @mathsize or @hidden or self::mphantom]"
_ZERO: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u034f\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\ufff9-\uffff\U000e0000-\U000e0fff]"
)


def fold(text: str) -> str:
    """Put text on one line, without the characters that nobody sees."""
    return " ".join(_ZERO.sub("", text).split())


def letters(text: str) -> int:
    """Count letters; one of an Asian script counts as two, as a word of it has two."""
    return sum(1 + (character >= "\u2e80") for character in text if character.isalpha())


class Text:
    """Reads what stands in a line, and gathers notes and hidden words on the way."""

    def __init__(self) -> None:
        from lxml import etree

        self.notes: list[str] = []
        self._runs: list[tuple[Unseen, list[str]]] = []
        self._hiding = False  # whether the last that was read was hidden
        self._looked = 0  # never shown texts that were looked through
        self._front = False  # whether notes stay where they are, and breaks are lines
        self._formulas: dict[str, str] = {}
        self._odd = etree.XPath(_ODD)

    @property
    def hidden(self) -> list[tuple[Unseen, str]]:
        """What nobody sees, run by run."""
        return [(why, folded) for why, run in self._runs if (folded := fold("".join(run)))]

    def piece(self, text: str | None, look: Look) -> str:
        """Return a piece of text if it is seen."""
        if not text:
            return ""
        why = look.unseen
        if why is None:
            self._hiding &= not text.strip("\u2061\u2062\u2063\u2064 \n\t")
            return text
        if self._hiding and self._runs[-1][0] == why:
            self._runs[-1][1].append(text)
        elif text.strip() and len(self._runs) < _RUNS:
            self._runs.append((why, [text]))
            self._hiding = True
        return " "

    def apart(self) -> None:
        """What is hidden from here on is a run of its own."""
        self._hiding = False

    def inner(self, element: Any, look: Look, depth: int) -> str:
        """Return what stands in an element, whose own look is `look`."""
        if depth > DEEPEST:
            raise Refused("arXiv's HTML page of this paper is too deep: its PDF is read instead.")
        parts = [self.piece(element.text, look)]
        for child in element:
            parts.append(self.inline(child, look, depth + 1))
            parts.append(self.piece(child.tail, look))
        return "".join(parts)

    def inline(self, element: Any, look: Look, depth: int) -> str:
        """Return what an element shows in its line, blanks around it where it is a block."""
        tag = element.tag
        classes = frozenset(element.get("class", "").split()) if isinstance(tag, str) else frozenset()
        if tag in _NEVER or not isinstance(tag, str) or classes & _DROPPED:
            self.skip(element)
            return ""
        for name in ("alt", "aria-label"):
            self._told(element.get(name, ""))
        if tag == "br":
            return "\n" if self._front else " "
        look = look.at(element)
        if tag == "math":
            return self._formula(element, look, depth)
        if tag == "svg":
            return self._drawing(element, look, depth)
        inner = self.inner(element, look, depth)
        if "ltx_note" in classes and not self._front:
            if note := fold(inner):
                self.notes.append(note)
            return ""
        if tag in {"sup", "sub"} and len(inner) <= _SCRIPT and not set(inner) & set("\\{}$"):
            return _script(inner, "^" if tag == "sup" else "_")
        if self._front and classes & _LINES:
            return f"\n{inner}\n"
        return f" {inner} " if tag in _APART or classes & _APART_CLASSES else inner

    def lines(self, element: Any, look: Look, depth: int) -> list[str]:
        """Return what stands in the front of a paper, a line for each author and affiliation, notes where they are."""
        self._front = "ltx_title" not in element.get("class", "")
        try:
            text = self.inner(element, look, depth)
        finally:
            self._front = False
        return [
            line
            for each in text.split("\n\n" if "ltx_title" in element.get("class", "") else "\n")
            if (line := fold(each))
        ]

    def skip(self, element: Any) -> None:
        """Leave out what is never shown, and tell of it if it speaks to a language model."""
        if isinstance(element.tag, str):
            self._told(" ".join(islice(element.itertext(), 2000)))
        else:
            self._told(element.text or "")

    def _told(self, text: str) -> None:
        if len(text) <= WORDS or text.startswith("Refer to caption") or self._looked >= _RUNS:
            return
        self._looked += 1
        if addressed(text[:_SKIPPED]):
            self._runs.append(("undisplayed", [text]))
            self._hiding = False

    # --- formulas and drawings ----------------------------------------------------------------------------------------

    def _formula(self, element: Any, look: Look, depth: int) -> str:
        tex = element.get("alttext") or ""
        if not tex:
            tex = next(
                (each.text or "" for each in element.iter("annotation") if "tex" in each.get("encoding", "")), ""
            )
        if look.unseen:
            return self.piece(self._shown(tex), look)
        odd = any(each.tag == "mphantom" or down(element, each, look).unseen for each in self._odd(element))
        if odd or not tex or (_PROSE.search(tex) and addressed(tex)):
            return self._leaves(element, look, depth)
        self._hiding = False
        return self._shown(tex)

    def _shown(self, tex: str) -> str:
        """Set a formula as text; the same one often comes again."""
        if tex not in self._formulas:
            self._formulas[tex] = plain(rf"\({_SIZE.sub('', _WRAP.sub('', tex)).strip()}\)")
        return self._formulas[tex]

    def _leaves(self, element: Any, look: Look, depth: int) -> str:
        """Return what is seen of a formula some of which is hidden: its signs one after the other."""
        if depth > DEEPEST or not isinstance(element.tag, str) or element.tag in _NEVER:
            return ""
        parts = []
        for child in element:
            if child.tag == "mphantom" or not isinstance(child.tag, str):
                continue
            within = look.at(child)
            token = child.tag in _TOKENS
            parts.append(self.piece(child.text, within) if token else self._leaves(child, within, depth + 1))
        return "".join(parts)

    def _drawing(self, element: Any, look: Look, depth: int) -> str:
        """Return the texts in a drawing that are more than labels: boxes with a prompt, an example, a theorem."""
        if depth > DEEPEST:
            raise Refused("arXiv's HTML page of this paper is too deep: its PDF is read instead.")
        parts = []
        for child in element:
            if not isinstance(child.tag, str) or child.tag in _NEVER:
                self.skip(child)
                continue
            within = look.at(child)
            if child.tag == "foreignobject":
                text = self.inner(child, within, depth + 1)
                parts.append(text if letters(text) >= _LABEL else "")
            else:
                parts.append(self._drawing(child, within, depth + 1))
        return " ".join(filter(None, parts))


def _script(text: str, mark: str) -> str:
    """Set a raised or lowered text: '10⁵', 'H₂O'; words stay words ('1st')."""
    bare = text.strip()
    if not bare or (bare.isalpha() and len(bare) > 1):
        return text
    shown = plain(rf"\({mark}{{{bare}}}\)")
    return text if "(" in shown and "(" not in bare else shown
