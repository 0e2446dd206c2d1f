"""What the full text of a paper is to us, whether it was read from HTML or from a PDF, and what can be found in it.

Invariants: a paragraph is plain text on one line, in the paper's own words and order; nothing a reader cannot see
stands in it (that became a flag). Headings are hints: whatever depends on a kind of section has to do without it, as
one paper in five names its sections in its own way. Pure; no string makes a function here raise.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal

Kind = Literal[
    "abstract",
    "introduction",
    "related",
    "method",
    "results",
    "limitations",
    "conclusion",
    "appendix",
    "references",
    "other",
]
"""What a section is for, as far as its heading tells; acknowledgements and the like are 'other'."""

Unseen = Literal["white", "transparent", "tiny", "off page", "invisible", "clipped", "covered", "undisplayed"]
"""Why nobody sees a text: the colour of what is behind it; see-through; below a pixel; outside the page; drawn in the
PDF mode that draws nothing; cut away by an empty clip; under something opaque; hidden by HTML or its styles."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph; `page` counts from 1, 0 where pages are not known (HTML)."""

    text: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class Section:
    """A heading as printed, number included ('3.1 Training'), and what stands below it until the next heading."""

    title: str
    kind: Kind
    paragraphs: tuple[Paragraph, ...]


@dataclass(frozen=True, slots=True)
class Caption:
    """A figure's or table's caption: `label` as 'Figure 3' or 'Table II', `text` without it."""

    label: str
    text: str
    page: int = 0
    images: tuple[str, ...] = ()  # addresses of its pictures as an HTML page names them; nobody has fetched them


@dataclass(frozen=True, slots=True)
class Flag:
    """A run of text that was taken out because no reader can see it; the text is for the record, never for a model."""

    kind: Unseen
    text: str
    page: int = 0


@dataclass(frozen=True, slots=True)
class Fulltext:
    """A paper as it can be read. `front` is page 1 up to the abstract as printed: title, authors, affiliations.

    `pages` is 0 for HTML. Captions stand here and not in the sections; references are a section of kind 'references'.
    """

    source: Literal["html", "pdf"]
    pages: int
    sections: tuple[Section, ...]
    captions: tuple[Caption, ...] = ()
    flags: tuple[Flag, ...] = ()
    front: str = ""


# --- headings ---------------------------------------------------------------------------------------------------------

_NUMBER: Final = re.compile(
    r"^\s*(?:(?:section|chapter|part)\s+)?"
    r"(?:(?P<arabic>\d{1,2}(?:\.\d{1,2}){0,3})(?:[.):]\s*|\s+[—–|-]\s+|\s+)"
    r"|(?P<dotted>(?:[IVX]{1,5}|[A-Z])(?:[.-][A-Z\d]{1,2}){1,3})(?:[.):]\s*|\s+)"
    r"|(?P<single>[IVX]{1,5}|[A-Z])(?:[.):]\s*|\s+[—–|-]\s+))(?=[^\s\d.])",
    re.IGNORECASE,
)
_CUES: Final[dict[Kind, str]] = {  # looked for in this order
    "abstract": r"abstract|summary$|synopsis",
    "references": r"references?( and notes| cited)?$|bibliography|literature cited|works cited",
    "appendix": r"appendi(x|ces)|supplement|supporting information|online methods",
    "limitations": r".*\blimitations?\b|threats to validity|broader impacts?$",
    "related": r"(related|previous|prior|existing|earlier) (works?|research|literature|studies|approaches|methods)"
    r"|literature( review| survey)?$|state of the art|related\b",
    "introduction": r"introduction|introductory|motivation( and .*)?$|overview and motivation",
    "conclusion": r"(.* and )?conclu(ding|sions?)\b|summary and|(.* )?(outlook|future (works?|directions))$"
    r"|final remarks|closing remarks|discussions? and conclu",
    "results": r"(.*\b)?(results?|experiments?|experimental|evaluations?|findings|ablations?|benchmarks?|empirical"
    r"|analysis|analyses|case stud(y|ies)|simulations?|comparisons?|discussions?|applications?|performance)\b",
    "method": r"(.*\b)?(methods?|methodology|methodologies|approach|models?|architecture|framework|algorithms?"
    r"|implementation|system|design|training|proposed|materials|theory|formulation|our|setup|procedure|data"
    r"|problem (statement|definition|setting))\b",
}
_KINDS: Final = tuple((name, re.compile(pattern)) for name, pattern in _CUES.items())
_NO_APPENDIX: Final = re.compile(r"^\s*(?:appendix|appendices|supplement)", re.IGNORECASE)
_LETTER: Final = re.compile(r"[^a-z ]+")


def bare(title: str) -> str:
    """Return a heading without its number, arabic, roman or lettered: '3.1 Training' and 'III. TRAINING' alike."""
    title = " ".join(title.split())
    rest = "" if _NO_APPENDIX.match(title) else _NUMBER.sub("", title, count=1)
    return rest.strip(" .:") or title.strip(" .:") or title


def kind(title: str) -> Kind:
    """Tell from a heading what a section is for; 'other' where its words do not say."""
    words = " ".join(_LETTER.sub(" ", bare(title).lower().replace("-", " ")).split())
    return next((name for name, pattern in _KINDS if pattern.match(words)), "other")


def level(title: str) -> int:
    """Tell how deep a numbered heading stands: 1 for '3 Method' and 'IV. METHOD', 2 for '3.1'; 0 without a number."""
    found = None if _NO_APPENDIX.match(title) else _NUMBER.match(title)
    number = found and (found["arabic"] or found["dotted"] or found["single"])
    return len(re.split(r"[.-]", number.strip(".-"))) if number else 0


_KEPT: Final = frozenset(("related", "appendix", "limitations", "conclusion", "references"))


def kinds(headings: Iterable[tuple[int, str]]) -> list[Kind]:
    """Tell the kinds of headings given in order as (level, title); level 1 is the highest, 0 is taken as 1.

    A heading whose words do not say is of the kind of what it stands under; below related work, an appendix, limits or
    a conclusion all is of that kind, whatever its words.
    """
    above: list[tuple[int, Kind]] = []
    found: list[Kind] = []
    for depth, title in headings:
        while above and above[-1][0] >= max(depth, 1):
            above.pop()
        own = kind(title)
        if above and (above[-1][1] in _KEPT or own == "other"):
            own = above[-1][1]
        above.append((max(depth, 1), own))
        found.append(own)
    return found


# --- parts that a reading needs ---------------------------------------------------------------------------------------

_THANKS: Final = re.compile(
    r"acknowledge?ments?|funding|author contributions?|(declaration of )?(competing|conflicts? of) interests?"
    r"|data availability|code availability|ethics statement|contents$|reproducibility statement",
    re.IGNORECASE,
)
_WE: Final = r"(?:we|this (?:paper|work|article|study|letter|survey))"
_LISTED: Final = re.compile(
    r"\b(?:our |the )?(?:main |key |major |primary |principal )*contributions?\b.{0,60}"
    rf"(?:follow|are|include|is\b|:|threefold|twofold|summar)|\b{_WE}\b.{{0,40}}\bcontribut(?:e|es|ions?)\b"
    r"|\bcontributions? of this (?:paper|work|article|study)",
    re.IGNORECASE,
)
_ITEM: Final = re.compile(
    r"^\s*(?:[•◦▪●○■–—*·-]|\(?(?:\d{1,2}|[ivx]{1,4}|[a-h])[).]|(?:first|second|third|fourth|finally)\b)", re.IGNORECASE
)
_ITEMS: Final = 8


def is_thanks(title: str) -> bool:
    """Tell whether a heading stands over acknowledgements, funding, interests or another part that says no science."""
    return _THANKS.match(bare(title)) is not None


def body(paper: Fulltext, *, appendix: bool = True) -> tuple[Section, ...]:
    """Return the sections that say science: without references, acknowledgements and, if asked, the appendix."""
    return tuple(
        section
        for section in paper.sections
        if section.kind != "references" and not is_thanks(section.title) and (appendix or section.kind != "appendix")
    )


def of_kind(paper: Fulltext, *kinds: Kind) -> tuple[Section, ...]:
    """Return the sections of some kinds in the paper's order."""
    return tuple(section for section in paper.sections if section.kind in kinds)


def contributions(paper: Fulltext) -> tuple[Paragraph, ...]:
    """Return the paragraph that announces the contributions and the list below it; () if the paper has none.

    It is looked for in the whole of the paper, the introduction first, and never in related work.
    """
    sections = sorted(body(paper, appendix=False), key=lambda section: section.kind != "introduction")
    for section in sections:
        if section.kind in {"related", "conclusion"}:
            continue
        for number, paragraph in enumerate(section.paragraphs):
            if _LISTED.search(paragraph.text):
                found = [paragraph]
                for item in section.paragraphs[number + 1 : number + 1 + _ITEMS]:
                    if not _ITEM.match(item.text):
                        break
                    found.append(item)
                return tuple(found)
    return ()


def conclusion(paper: Fulltext) -> tuple[Paragraph, ...]:
    """Return the paragraphs of the conclusion; without such a heading, those of the last section of the body."""
    if named := [s for s in of_kind(paper, "conclusion") if s.paragraphs]:
        return named[-1].paragraphs
    last = next((n for n, s in enumerate(paper.sections) if s.kind == "references" or is_thanks(s.title)), None)
    before = replace(paper, sections=paper.sections[:last])  # what follows are lists of members, more often than not
    rest = [s for s in body(before, appendix=False) if s.paragraphs and s.kind not in {"abstract", "introduction"}]
    return rest[-1].paragraphs[-3:] if rest else ()


def text(sections: Iterable[Section]) -> str:
    """Return sections as text: headings and paragraphs on lines of their own."""
    return "\n".join(
        line for section in sections for line in (section.title, *(p.text for p in section.paragraphs)) if line
    )
