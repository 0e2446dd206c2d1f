"""The whole reading of a paper: what of the text a model is given, what of its answer may be shown, and what stands in.

Invariants: every statement rests on a quote that stands in the text a reader can see, and says where; what the paper's
own method is said to be never rests on a section about other works; affiliations stand on the first page; keywords are
the authors' own. What `grounding` refuses is dropped. Pure, and nothing raises on any JSON value.
"""

import itertools
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from bot.core import extract, fulltext, grounding, links
from bot.core.addressed import to_people
from bot.core.fulltext import Fulltext, Paragraph
from bot.core.grounding import Passage, Row
from bot.core.plain import plain
from bot.model import Paper, Proof, Reading, Statement

PARTS: Final = ("tldr", "background", "earlier", "method", "results", "limitations", "conclusion")
"""What a reading consists of, in its order."""

EXTRACTS: Final = ("tldr", "abstract", "introduction", "conclusion")
"""What one that no model wrote consists of: the places that its sentences are from."""

_MOST: Final = {"background": 3, "earlier": 3, "method": 7, "results": 6, "limitations": 4, "conclusion": 3}
_FRONT: Final = 3000  # characters of the first page that a model is given: where `grounding` looks for affiliations
_OTHERS: Final = frozenset({"background", "earlier"})  # parts that may say what other works did
_FEWEST: Final = 4  # statements, with fewer a reading is none
_EXTRACTED: Final = 4  # sentences that stand in for one, beside the abstract's, from introduction and conclusion each
_SECTION: Final = 60  # characters of a heading that names a place
_KEYWORDS: Final = re.compile(
    r"(?:^\W{0,3}|(?<=[.!?)\]]\s))(?:key\s?words(?:\s+and\s+phrases)?|index\s+terms)\b\s*[:.—–-]+\s*([^\n]{3,300})",
    re.IGNORECASE | re.MULTILINE,
)
_MOST_KEYWORDS: Final = 10
_MOST_LINKS: Final = 4


@dataclass(frozen=True, slots=True)
class Checked:
    """What is left of a model's answer: statements by part, and what was refused, for the repair."""

    parts: Mapping[str, tuple[Row, ...]]
    affiliations: tuple[str, ...] = ()
    rejected: tuple[grounding.Rejected, ...] = ()
    quotes: int = 0
    found: int = 0

    @property
    def enough(self) -> bool:
        """Whether this can be shown as a reading."""
        return sum(map(len, self.parts.values())) >= _FEWEST


# --- what a model is given --------------------------------------------------------------------------------------------


def fill(paper: Paper, text: Fulltext, room: int) -> tuple[str, bool]:
    """Set a paper for a model in at most `room` characters, and tell whether that is all of it.

    A longer one is filled in the order of facts/summaries.md §3.2: abstract, contributions, conclusion, captions,
    results, method, then the rest as it comes; each part is whole or is left out.
    """
    sections = [section for section in fulltext.body(text) if section.kind != "abstract"]
    captions = [("Captions", f"{each.label}: {each.text}") for each in text.captions]
    pieces = [(section.title, each.text) for section in sections for each in section.paragraphs]
    whole = _set(paper, [*pieces, *captions], text)
    if len(whole) <= room:
        return whole, True
    first = [("Contributions", each.text) for each in fulltext.contributions(text)]
    first += [("Conclusion", each.text) for each in fulltext.conclusion(text)]
    first += captions
    for kind in ("results", "method", "introduction", "limitations", "conclusion", "other", "related", "appendix"):
        first += [(s.title, each.text) for s in sections if s.kind == kind for each in s.paragraphs]
    wanted: list[tuple[str, str]] = []
    left = room - len(_set(paper, [], text))
    for piece, title in _titles(first).items():
        cost = len(piece) + 1 + (0 if wanted and wanted[-1][0] == title else len(title) + 5)
        if cost <= left:
            wanted.append((title, piece))
            left -= cost
    return _set(paper, wanted, text)[:room], False


def _titles(pieces: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """The first heading that each piece of text stands under: none is given twice."""
    titles: dict[str, str] = {}
    for title, piece in pieces:
        titles.setdefault(piece, title)
    return titles


def _set(paper: Paper, pieces: Sequence[tuple[str, str]], text: Fulltext) -> str:
    lines = [f"title: {paper.title}", f"abstract: {paper.abstract}"]
    if paper.comment:
        lines.append(f"comment: {paper.comment}")
    if text.front:
        lines.append(f"first page: {text.front[:_FRONT]}")
    heading = ""
    for title, piece in pieces:
        if title != heading:
            lines.append(f"\n## {title}")
            heading = title
        lines.append(piece)
    return "\n".join(lines)


# --- what of its answer may be shown ----------------------------------------------------------------------------------


def passages(paper: Paper, text: Fulltext, *, own: bool = False) -> list[Passage]:
    """The places where a quote may stand, in the order in which they are searched; `own`: none about other works."""
    found = [Passage("abstract", paper.abstract), Passage("comment", paper.comment)]
    places: dict[str, list[str]] = {}
    paragraphs = [(s, p) for s in fulltext.body(text) if not own or s.kind != "related" for p in s.paragraphs]
    for section, paragraph in paragraphs:
        places.setdefault(_where(section.title, paragraph.page), []).append(paragraph.text)
    for caption in text.captions:
        where = f"{caption.label}, p. {caption.page}" if caption.page else caption.label
        places.setdefault(where, []).append(caption.text)
    found += [Passage(where, "\n".join(texts)) for where, texts in places.items()]
    # A sentence may run on over the end of a page: neighbours are searched together last.
    found += [
        Passage(f"p. {one.page}–{other.page}", f"{one.text}\n{other.text}")
        for (_, one), (_, other) in itertools.pairwise(paragraphs)
        if 0 < one.page < other.page
    ]
    return [each for each in found if each.text.strip()]


def _where(title: str, page: int) -> str:
    if page or not title.strip():
        return f"p. {page}" if page else ""
    return f"§ {textwrap.shorten(title, _SECTION, placeholder=' …')}"


def check(reply: object, paper: Paper, text: Fulltext, language: str = "en", allowed: tuple[str, ...] = ()) -> Checked:
    """Check a model's answer (a JSON value) statement by statement against the text for a reader of `language`."""
    source = grounding.Source(paper.title, paper.abstract, paper.comment, page=text.front, links=allowed)
    everywhere, own = passages(paper, text), passages(paper, text, own=True)
    given = reply if isinstance(reply, Mapping) else {}
    sheet = grounding.sheet(source, language)
    parts: dict[str, tuple[Row, ...]] = {}
    for name in PARTS:
        sheet.search(everywhere if name in _OTHERS else own)
        rows = [("tldr", given.get("tldr"))] if name == "tldr" else _listed(name, given.get(name))
        for field, row in rows:
            kind: Any = "tldr" if name == "tldr" else "limitation" if name == "limitations" else "takeaway"
            grounding.row(sheet, field, kind, row)
        parts[name] = tuple(row for row in sheet.rows if row.field.partition("[")[0] == name)
    affiliations = grounding.affiliations(sheet, given.get("affiliations", []))
    return Checked(parts, affiliations, tuple(sheet.rejected), sheet.quotes, sheet.found)


def _listed(name: str, given: object) -> list[tuple[str, object]]:
    rows = given if isinstance(given, list) else []
    return [(f"{name}[{place}]", row) for place, row in enumerate(rows[: _MOST[name]])]


def answer(
    reply: object, paper: Paper, text: Fulltext, language: str = "en", allowed: tuple[str, ...] = ()
) -> tuple[tuple[Statement, ...], int]:
    """Check the answer to a question; returns the statements that stand in the paper, and how many were given."""
    source = grounding.Source(paper.title, paper.abstract, paper.comment, page=text.front, links=allowed)
    sheet = grounding.sheet(source, language)
    sheet.search(passages(paper, text))
    given = reply.get("statements") if isinstance(reply, Mapping) else None
    for place, row in enumerate(given[:5] if isinstance(given, list) else []):
        grounding.row(sheet, f"statements[{place}]", "takeaway", row)
    return tuple(map(_statement, sheet.rows)), sheet.quotes


def _statement(row: Row) -> Statement:
    return Statement(row.text, Proof(row.quote, row.sentence, row.where, row.beside))


def named_links(paper: Paper, text: Fulltext) -> tuple[str, ...]:
    """Links to code and project that the abstract, the comments or the first page name."""
    page = " ".join(p.text for section in text.sections[:2] for p in section.paragraphs if p.page <= 1)
    wider = replace(paper, comment=f"{paper.comment} {text.front} {page}")
    return tuple(dict.fromkeys((*links.code_links(wider), *links.project_links(wider))))[:_MOST_LINKS]


def written(checked: Checked, paper: Paper, text: Fulltext, model: str, *, whole: bool) -> Reading:
    """What is left of a model's answer as a reading."""
    parts = {name: tuple(map(_statement, checked.parts[name])) for name in PARTS}
    if not parts["tldr"]:  # the model's was refused; the rest of it is none the worse
        own = extract.summarize(paper.title, to_people(paper.abstract)).tldr
        parts["tldr"] = (_own(own, "abstract"),) if own else ()
    return Reading(
        tuple(parts.items()),
        checked.affiliations,
        keywords(text),
        source=text.source,
        pages=text.pages,
        links=named_links(paper, text),
        whole=whole,
        hidden=len(text.flags),
        model=model,
        quotes=checked.quotes,
        found=checked.found,
    )


# --- without a model --------------------------------------------------------------------------------------------------


def extracted(paper: Paper, text: Fulltext) -> Reading:
    """The authors' own sentences: the abstract's best, then those of introduction and conclusion."""
    best = extract.summarize(paper.title, to_people(paper.abstract))
    parts: dict[str, list[Statement]] = {name: [] for name in EXTRACTS}
    if best.tldr:
        parts["tldr"] = [_own(best.tldr, "abstract")]
    parts["abstract"] = [_own(each, "abstract") for each in best.takeaways]
    said = {each.text for part in parts.values() for each in part}
    for name, paragraphs in (
        ("introduction", [p for s in fulltext.of_kind(text, "introduction") for p in s.paragraphs]),
        ("conclusion", list(fulltext.conclusion(text))),
    ):
        picked = extract.summarize(paper.title, "\n\n".join(to_people(paragraph.text) for paragraph in paragraphs))
        for each in (picked.tldr, *picked.takeaways):
            if each and each not in said and len(parts[name]) < _EXTRACTED:
                said.add(each)
                parts[name].append(_own(each, _place_of(each, text, paragraphs)))
    return Reading(
        tuple((name, tuple(parts[name])) for name in EXTRACTS),
        keywords=keywords(text),
        source=text.source,
        pages=text.pages,
        links=named_links(paper, text),
        hidden=len(text.flags),
    )


def _place_of(sentence: str, text: Fulltext, paragraphs: Sequence[Paragraph]) -> str:
    """Name the place of a sentence that may have lost its first words."""
    found = next((p for p in paragraphs if sentence[-40:] in " ".join(p.text.split())), paragraphs[0])
    title = next((section.title for section in text.sections if found in section.paragraphs), "")
    return _where(title, found.page)


def _own(text: str, where: str) -> Statement:
    return Statement(text, Proof(text, text, where))


def of_file(text: Fulltext, name: str) -> Paper:
    """A paper of which nothing is known but its file: its abstract, under the file's name."""
    abstract = " ".join(p.text for section in fulltext.of_kind(text, "abstract") for p in section.paragraphs)
    return Paper(name, 1, name, abstract, (), (), 0, 0)


def keywords(text: Fulltext) -> tuple[str, ...]:
    """The authors' own keywords, as printed after "Keywords:" or "Index Terms"; () where there are none."""
    pages = [text.front, *(p.text for section in text.sections[:2] for p in section.paragraphs)]
    for page in pages:
        if found := _KEYWORDS.search(page):
            listed = re.split(r"(?<=\w{2})\.\s", found[1], maxsplit=1)[0]
            words = [" ".join(plain(each).split()).strip(" .") for each in re.split(r"[,;·•]", listed)]
            fit = [word for word in words if 2 < len(word) <= _SECTION and len(word.split()) <= 6]  # noqa: PLR2004
            return tuple(fit[:_MOST_KEYWORDS])
    return ()
