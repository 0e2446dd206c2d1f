"""The full text of a paper from arXiv's HTML page of it, as LaTeXML writes them.

Invariants:

- Nothing that a reader of the page cannot see stands in a section, a caption or the front; what was hidden and says
  something is a flag. Comments, alternative texts, labels for screen readers and arXiv's own furniture are never read.
- Text keeps the order of the page. Mathematics is set from the author's TeX by `core.plain`.
- A page that is no whole paper (arXiv's error pages, one that breaks off, a conversion that failed half-way) is
  Refused, and so is one that is larger or deeper than papers are: the PDF has to do. No page makes anything else raise.

The parser is lxml's for HTML: it fetches nothing, expands no entities and keeps libxml2's limits (huge_tree off).
"""

import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from bot.core.addressed import addressed
from bot.core.fulltext import Caption, Flag, Fulltext, Kind, Paragraph, Section, kind
from bot.errors import ConfigError, Refused
from bot.sources._latexml_text import DEEPEST, WORDS, Text, fold, letters
from bot.sources._latexml_unseen import Look, down

LARGEST: Final = 16 * 2**20  # bytes; a page of 100 printed ones is about 3 MB
_MOST: Final = 400_000  # elements; a page of 100 printed ones has about 60,000
_FLAGS: Final = 200  # flags told of
_FLAG: Final = 2000  # characters of one
_LEAST: Final = 400  # letters of a paper; an error page has fewer
_END: Final = 4096  # bytes at the end that hold `</html>`
_SPAN: Final = 40  # rows or columns a cell may cover
_COLUMNS: Final = 100  # of a table; what is further right is left out

_FAILED: Final = ("Conversion to HTML had a Fatal error", "ar5iv-severity-fatal")
_NONE: Final = ("No HTML for", "HTML is not available")
_LAST: Final = "<i id='the-end'></i>"  # is put at the end of a page, to see that the parser came so far
_SECTIONS: Final = frozenset(
    f"ltx_{name}"
    for name in ("part", "chapter", "section", "subsection", "subsubsection", "appendix", "bibliography", "index")
) | {"ltx_acknowledgements", "ltx_glossary"}
_RUN_IN: Final = frozenset({"ltx_paragraph", "ltx_subparagraph", "ltx_theorem", "ltx_proof"})
_LISTS: Final = frozenset({"ltx_itemize", "ltx_enumerate", "ltx_description", "ltx_biblist"})
_EQUATIONS: Final = frozenset({"ltx_equation", "ltx_equationgroup", "ltx_eqn_table"})
_FLOATS: Final = frozenset({"ltx_figure", "ltx_table", "ltx_float", "ltx_algorithm"})
_KEPT: Final = frozenset({"related", "appendix", "abstract", "references", "limitations"})
_BLOCKS: Final = frozenset(
    {
        "p",
        "div",
        "section",
        "article",
        "header",
        "main",
        "aside",
        "blockquote",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "pre",
        "figure",
        "figcaption",
        "center",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "address",
    }
)
_BLOCK_CLASSES: Final = (
    _SECTIONS
    | _RUN_IN
    | _LISTS
    | _EQUATIONS
    | _FLOATS
    | {"ltx_p", "ltx_para", "ltx_tabular", "ltx_listing", "ltx_item"}
)
_FRONT: Final = frozenset({"ltx_authors", "ltx_title_document", "ltx_subtitle", "ltx_date", "ltx_dates"})
_ASIDE: Final = frozenset({"ltx_classification", "ltx_pubnotes", "ltx_rdf", "ltx_TOC", "ltx_page_footer"})
_PICTURED: Final = ("img", "object", "embed")


def read(html: str | bytes) -> Fulltext:
    """Read a page; about 10 ms per printed page of a paper, off the loop. Raises Refused, and ConfigError without lxml.

    Footnotes stand in a section of their own at the end, tables row by row where the page has them. `front` has a line
    for the title and one for each author and affiliation.
    """
    try:
        from lxml import etree
    except ImportError:
        raise ConfigError('The package lxml is missing: pip install ".[reading]".') from None
    if len(html) > LARGEST:
        raise Refused("arXiv's HTML page of this paper is larger than any paper: its PDF is read instead.")
    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else html
    end = _check(text)
    raw = f"{text[:end]}{_LAST}{text[end:]}".replace("\0", "").encode("utf-8", "replace")
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_pis=True)
    try:
        page = etree.fromstring(raw, parser)
    except (etree.LxmlError, ValueError) as problem:
        raise Refused("arXiv's HTML page of this paper cannot be read: its PDF is read instead.") from problem
    if page is None or page.find(".//i[@id='the-end']") is None:  # the parser gave up on the way
        raise Refused("arXiv's HTML page of this paper cannot be read to its end: its PDF is read instead.")
    article = _article(page)
    if article is None:
        none = any(sign in text for sign in _NONE)
        said = "arXiv has no HTML page of this paper" if none else "arXiv's HTML page holds no paper"
        raise Refused(f"{said}: its PDF is read instead.")
    reader = _Reader()
    reader.document(article)
    return reader.fulltext()


def _check(text: str) -> int:
    """Return where a page ends; raises Refused if it does not, and if it says itself that it is none."""
    if not text.strip():
        raise Refused("arXiv's HTML page of this paper is empty: its PDF is read instead.")
    if any(sign in text for sign in _FAILED):
        raise Refused("arXiv's HTML page of this paper was not finished: its PDF is read instead.")
    if text.count("<") > 2 * _MOST:
        raise Refused("arXiv's HTML page of this paper has too many parts: its PDF is read instead.")
    tail = text[-_END:]
    if (end := max((found.start() for found in re.finditer("</html", tail, re.IGNORECASE)), default=-1)) < 0:
        raise Refused("arXiv's HTML page of this paper breaks off: its PDF is read instead.")
    return len(text) - len(tail) + end


def _article(page: Any) -> Any:
    """Return the element that holds the paper: `article`, in older pages a `div`; arXiv's alerts borrow its class."""
    found = [each for each in page.iter("article", "div", "section") if "ltx_document" in each.get("class", "").split()]
    articles = [each for each in found if each.tag == "article"] or [
        each for each in found if "package-alerts" not in each.get("class", "")
    ]
    return articles[0] if articles else None


@dataclass
class _Open:
    """A section while it is read."""

    title: str
    kind: Kind
    paragraphs: list[Paragraph] = field(default_factory=list)


class _Reader:
    """Walks a page once and gathers what it says."""

    def __init__(self) -> None:
        self._sections: list[_Open] = []
        self._captions: list[Caption] = []
        self._front: list[str] = []
        self._text = Text()
        self._ended: Kind | None = "other"  # what the section around is for, once one within it has ended
        self._label = ""  # of the figure that is read, for its panels
        self._lead = ""  # a number, a bullet, a run-in heading: what the next paragraph begins with

    # --- the whole ----------------------------------------------------------------------------------------------------

    def document(self, article: Any) -> None:
        self._flow(article, Look().at(article), "other", 0)

    def fulltext(self) -> Fulltext:
        sections = [Section(each.title, each.kind, tuple(each.paragraphs)) for each in self._sections]
        if self._text.notes:
            sections.append(Section("Footnotes", "other", tuple(map(Paragraph, self._text.notes))))
        said = [paragraph.text for section in sections for paragraph in section.paragraphs]
        if letters("".join(said)) < _LEAST:
            raise Refused("arXiv's HTML page of this paper holds hardly any text: its PDF is read instead.")
        kept = tuple(each for each in sections if each.title or each.paragraphs)
        seen = _Seen([*said, *(caption.text for caption in self._captions), *self._front])
        flags = [Flag(why, text[:_FLAG]) for why, text in self._text.hidden if seen.lacks(text)]
        return Fulltext("html", 0, kept, tuple(self._captions), tuple(flags[:_FLAGS]), "\n".join(self._front))

    def _section(self) -> _Open:
        """Return the section that text belongs to: what follows one that has ended is a nameless one of its own."""
        if self._ended is not None:
            self._sections.append(_Open("", self._ended))
            self._ended = None
        return self._sections[-1]

    def _say(self, text: str) -> None:
        """End a paragraph."""
        self._text.apart()
        text = fold(text)
        if text:
            self._section().paragraphs.append(Paragraph(fold(f"{self._lead} {text}")))
            self._lead = ""

    # --- blocks -------------------------------------------------------------------------------------------------------

    def _flow(self, parent: Any, look: Look, above: Kind, depth: int, *, whole: bool = False) -> None:
        """Read what an element holds: blocks, and text between them that makes paragraphs; `whole`: one, if it can."""
        if depth > DEEPEST:
            raise Refused("arXiv's HTML page of this paper is too deep: its PDF is read instead.")
        loose: list[str] = [self._text.piece(parent.text, look)]
        for child in parent:
            classes = _classes(child)
            if not isinstance(child.tag, str) or not _is_block(child, classes):
                loose.append(self._text.inline(child, look, depth + 1))
            elif whole and (child.tag == "p" or "ltx_p" in classes or classes & _EQUATIONS):
                within = look.at(child)
                equation = classes & _EQUATIONS
                loose += [" ", self._equation(child, within) if equation else self._inner(child, within, depth), " "]
            else:
                self._say("".join(loose))
                loose.clear()
                self._block(child, classes, look.at(child), above, depth + 1)
            loose.append(self._text.piece(child.tail, look))
        self._say("".join(loose))

    def _block(self, element: Any, classes: frozenset[str], look: Look, above: Kind, depth: int) -> None:
        if classes & _FRONT:
            self._front += self._text.lines(element, look, depth)
        elif "ltx_abstract" in classes:
            self._under(element, look, above, depth, own="abstract")
        elif classes & _SECTIONS or "ltx_keywords" in classes:
            self._under(element, look, above, depth)
        elif classes & _ASIDE or element.tag in {"nav", "footer", "hr"}:
            self._text.skip(element)
        elif classes & _RUN_IN:
            self._run_in(element, look, above, depth)
        elif classes & _FLOATS or element.tag == "figure":
            self._float(element, look, above, depth)
        elif classes & _EQUATIONS:
            self._say(self._equation(element, look))
        elif "ltx_tabular" in classes or element.tag == "table":
            self._table(element, look, depth)
        elif "ltx_title" in classes or element.tag in {"p", "pre", "figcaption"} or classes & {"ltx_p", "ltx_listing"}:
            self._say(self._inner(element, look, depth))
        elif "ltx_item" in classes or "ltx_bibitem" in classes or element.tag == "li":
            self._item(element, look, above, depth)
        else:
            self._flow(element, look, above, depth, whole="ltx_para" in classes)

    def _inner(self, element: Any, look: Look, depth: int) -> str:
        return self._text.inner(element, look, depth)

    def _under(self, element: Any, look: Look, above: Kind, depth: int, own: Kind = "other") -> None:
        """Read a section with its heading; what it is for comes from that, else from the section around it."""
        heading = _child(element, "ltx_title")
        title = fold(self._inner(heading, look.at(heading), depth)) if heading is not None else ""
        classes = _classes(element)
        if above in _KEPT:
            own = above
        elif "ltx_appendix" in classes or "ltx_bibliography" in classes:
            own = "appendix" if "ltx_appendix" in classes else "references"
        elif own == "other" and (own := kind(title)) == "other":
            own = above
        self._lead, self._ended = "", None
        self._sections.append(_Open(title, own))
        self._rest(element, heading, look, own, depth)
        self._ended = above

    def _run_in(self, element: Any, look: Look, above: Kind, depth: int) -> None:
        """Read a theorem, a proof or a small section: its heading begins its first paragraph."""
        heading = _child(element, "ltx_title")
        if heading is not None:
            self._lead = fold(f"{self._lead} {self._inner(heading, look.at(heading), depth)}")
        self._rest(element, heading, look, above, depth)

    def _rest(self, element: Any, heading: Any, look: Look, above: Kind, depth: int) -> None:
        if heading is not None:
            _empty(heading)
        self._flow(element, look, above, depth)

    def _item(self, element: Any, look: Look, above: Kind, depth: int) -> None:
        """Read an item of a list: its bullet or number begins its first paragraph."""
        before = self._lead
        tag = _child(element, "ltx_tag")
        if tag is not None:
            self._lead = fold(f"{before} {self._inner(tag, look.at(tag), depth)}")
        self._rest(element, tag, look, above, depth)
        self._lead = ""

    # --- floats, tables, equations ------------------------------------------------------------------------------------

    def _float(self, element: Any, look: Look, above: Kind, depth: int) -> None:
        """Read a figure, a table or an algorithm: captions apart, the figure's own before those of its panels."""
        outer = self._label
        pictures = tuple(dict.fromkeys(_pictures(element)))
        for caption in [each for each in element if "ltx_caption" in _classes(each) or each.tag == "figcaption"]:
            within = look.at(caption)
            tag = _child(caption, "ltx_tag")
            own = fold(self._inner(tag, within.at(tag), depth)).strip(" :.") if tag is not None else ""
            if tag is not None:
                _empty(tag)
            text = fold(self._inner(caption, within, depth))
            self._label = f"{outer} {own}".strip()
            if own or text:
                self._captions.append(Caption(self._label, text, images=pictures))
            _empty(caption)
        self._flow(element, look, above, depth)
        self._label = outer

    def _table(self, element: Any, look: Look, depth: int) -> None:
        """Read a table, a paragraph per row; a cell that covers several rows stands in the first of them."""
        below: dict[int, int] = {}  # column -> rows that a cell from above still covers
        for row in element.iter():
            if not (row.tag == "tr" or "ltx_tr" in _classes(row)) or _around(row) is not element:
                continue
            cells: list[str] = []
            within = down(element, row, look)
            for cell in row:
                if (cell.tag not in {"td", "th"} and "ltx_td" not in _classes(cell)) or len(cells) >= _COLUMNS:
                    continue
                while below.get(len(cells), 0) and len(cells) < _COLUMNS:
                    below[len(cells)] -= 1
                    cells.append("")
                wide, tall = _covers(cell, "colspan"), _covers(cell, "rowspan")
                for column in range(len(cells), len(cells) + wide):
                    below[column] = tall - 1
                cells += [fold(self._inner(cell, within.at(cell), depth)), *[""] * (wide - 1)]
            self._say(" | ".join(cells).rstrip(" |"))

    def _equation(self, element: Any, look: Look) -> str:
        """Read an equation or a group of them: a line's parts are one formula, its number follows it."""
        return " ".join(
            filter(None, (fold(self._text.inner(each, down(element, each, look), 0)) for each in _rows(element)))
        )


# --- elements ---------------------------------------------------------------------------------------------------------


class _Seen:
    """What a reader sees, to tell what is hidden and says something else from what only keeps a place free."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    @cached_property
    def _bare(self) -> str:
        return re.sub(r"\W+", "", " ".join(self._texts)).casefold()

    def lacks(self, text: str) -> bool:
        """Tell whether a hidden text is one of words that stand nowhere else on the page."""
        bare = re.sub(r"\W+", "", text).casefold()
        return addressed(text) or (letters(bare) >= WORDS and bare not in self._bare)


def _classes(element: Any) -> frozenset[str]:
    return frozenset(element.get("class", "").split()) if isinstance(element.tag, str) else frozenset()


def _is_block(element: Any, classes: frozenset[str]) -> bool:
    return element.tag in _BLOCKS or bool(classes & _BLOCK_CLASSES)


def _child(element: Any, name: str) -> Any:
    return next((child for child in element if name in _classes(child)), None)


def _empty(element: Any) -> None:
    """Take out what has been read, so that it is read once; what follows it stays."""
    element[:] = []
    element.text = None
    element.attrib.clear()
    element.tag = "span"


def _around(row: Any) -> Any:
    """Return the table that a row belongs to; None if it has none."""
    parents = row.iterancestors()
    return next((each for each in parents if each.tag == "table" or "ltx_tabular" in _classes(each)), None)


def _rows(element: Any) -> list[Any]:
    """Return the lines of an equation; the whole of one that is no table."""
    rows = [each for each in element.iter() if "ltx_eqn_row" in _classes(each)]
    return [row for row in rows if row is not element] or [element]


def _covers(cell: Any, name: str) -> int:
    text = cell.get(name, "1")
    return max(1, min(_SPAN, int(text))) if text.isascii() and text.isdigit() else 1


def _pictures(element: Any) -> list[str]:
    """Return the addresses of a figure's pictures as the page names them; nothing is fetched."""
    found = (each.get("src") or each.get("data") or "" for each in element.iter(*_PICTURED))
    return [address for address in found if address and not address.lower().startswith(("data:", "javascript:"))]
