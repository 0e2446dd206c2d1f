"""From the pages of a PDF, as lines with places and sizes, to a paper: front matter, sections, paragraphs, captions.

Invariants: pure; every line that a reader sees ends in exactly one of front, sections, captions, unless it is a
running head or a page number. A footnote never cuts a sentence in two. Headings are found by number, size, weight and
words together, as no single one of these holds for all journals.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from bot.core.fulltext import Caption, Flag, Fulltext, Kind, Paragraph, Section, bare, is_thanks, kind, kinds, level
from bot.core.lines import Line, Page, is_stamp, join, ordered, running, words

CAPTION: Final = re.compile(
    r"\s*((?:(?:Extended Data |Supplementary )?(?:Figure|Fig\.?|Table|Tab\.|Algorithm|Listing|Scheme|Chart|Plate))\s*"
    r"(?:[A-Z]?\.?\d{1,3}(?:\.\d{1,2})?|[IVX]{1,5}|[A-Z]\d{0,2}))\s*(?:[:.|—–]|-\s|\s(?=[A-Z(])|$)\s*",
    re.IGNORECASE,
)  # fmt: skip - label, then its mark
_NUMBERED: Final = re.compile(
    r"(?:(?:\d{1,2}\.)*\d{1,2}\.?|[IVX]{1,5}\.|[A-Z]\.(?:\d{1,2}\.?)*|Appendix [A-Z]\b[.:]?|[A-Z])\s+[^\W\d_]"
)
_RUN_IN: Final = re.compile(r"(abstract|summary)\s*[.:—–-]+\s*(?=\S)|abstract\s+(?=[A-Z]\w*\s[a-z])", re.IGNORECASE)
_BULLET: Final = re.compile(r"(?:[•◦▪●○■‣⋄*]|[–—-]\s|\(?(?:\d{1,2}|[ivx]{1,4}|[a-h])\)\s|\[\d{1,3}\]\s)")
_CLOSED: Final = re.compile(r"[.!?:;。][)\]”\"'\u2019\d,]*$")
_MATH: Final = re.compile(r"[=<>≤≥∑∫±×∈→|\\{}]|\d{3}")
_TO_PAGE: Final = re.compile(r"(?:\s|[.\s]{3,})\d{1,3}$")  # a line of a table of contents
_LONG: Final = 100  # characters beyond which no line or pair of lines is a heading
_ABSTRACT: Final = 250  # characters that make a first paragraph the abstract where no heading says so


@dataclass(slots=True)
class _Block:
    """A heading, a caption or a paragraph while its lines are gathered."""

    role: str  # "heading", "caption", "text", "note"
    page: int
    lines: list[Line] = field(default_factory=list)


def paper(pages: Sequence[Page], flags: Sequence[Flag] = ()) -> Fulltext:
    """Make a paper of the pages of a PDF; `flags` are what was taken out of them before."""
    read = _without_running(pages)
    known = words(line.text for page in read for line in page)
    size = _body_size(read)
    blocks = list(_blocks(read, size))
    front, rest = _front(blocks, known)
    captions: list[Caption] = []
    titles: list[tuple[int, str]] = []
    texts: list[list[Paragraph]] = []
    for block in rest:
        text = join((line.text for line in block.lines), known)
        if block.role == "heading":
            run_in = _RUN_IN.match(text)
            titles.append((_level(text, titles), "Abstract" if run_in else text))
            texts.append([Paragraph(text[run_in.end() :], block.page)] if run_in else [])
        elif block.role == "caption" and (found := CAPTION.match(text)):
            captions.append(Caption(" ".join(found[1].split()), text[found.end() :], block.page))
        elif text:
            if not texts:
                titles.append((1, ""))
                texts.append([])
            texts[-1].append(Paragraph(text, block.page))
    found_kinds: list[Kind] = kinds(titles)
    if titles and not titles[0][1] and sum(len(p.text) for p in texts[0]) >= _ABSTRACT:
        found_kinds[0] = "abstract"
    sections = tuple(
        section
        for (_, title), name, text in zip(titles, found_kinds, texts, strict=True)
        for section in _parted(Section(title, name, tuple(text)))
    )
    return Fulltext("pdf", len(pages), sections, tuple(captions), tuple(flags), front)


def _parted(section: Section) -> Iterator[Section]:
    """Yield a section, or an abstract and what follows it without a heading, as in a letter."""
    length = 0
    for at, paragraph in enumerate(section.paragraphs if section.kind == "abstract" else ()):
        if length >= _ABSTRACT and (paragraph.page != section.paragraphs[0].page or length > 10 * _ABSTRACT):
            yield replace(section, paragraphs=section.paragraphs[:at])
            yield Section("", "other", section.paragraphs[at:])
            return
        length += len(paragraph.text)
    yield section


def _level(title: str, before: Sequence[tuple[int, str]]) -> int:
    """Tell a heading's level; one without a number stands under the last numbered one unless its words say more."""
    if found := level(title):
        return found
    if kind(title) in {"references", "appendix", "abstract", "conclusion"} or is_thanks(title):
        return 1
    if any(kind(text) == "references" for _, text in before):
        return 1
    numbered = [depth for depth, text in before if level(text)]
    return 1 if not numbered or kind(title) != "other" else numbered[-1] + 1


def _without_running(pages: Sequence[Page]) -> list[tuple[Line, ...]]:
    """Return the lines of each page in reading order, without running heads and what stands within figures."""
    rows = [_rows(page.lines) for page in pages]
    dropped = running([["".join(line.text for line in row) for row in found] for found in rows])
    gone = [{id(line) for at in away for line in found[at]} for found, away in zip(rows, dropped, strict=True)]
    return [
        ordered(
            replace(
                page,
                lines=tuple(
                    one for one in page.lines if id(one) not in away and not one.inset and not is_stamp(one.text)
                ),
            )
        )
        for page, away in zip(pages, gone, strict=True)
    ]


def _rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Gather lines to rows from top to bottom: a running head and its page number are one."""
    found: list[list[Line]] = []
    for line in sorted(
        (line for line in lines if not line.inset and not is_stamp(line.text)),
        key=lambda line: (line.bottom, line.left),
    ):
        if found and abs(found[-1][0].bottom - line.bottom) < 2.5:  # noqa: PLR2004 - points
            found[-1].append(line)
        else:
            found.append([line])
    return found


def _body_size(pages: Sequence[Sequence[Line]]) -> float:
    sizes: Counter[float] = Counter()
    for line in (line for page in pages for line in page):
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


# --- blocks -----------------------------------------------------------------------------------------------------------


def _blocks(pages: Sequence[Sequence[Line]], size: float) -> Iterator[_Block]:
    """Yield a paper's blocks; a paragraph that goes on beyond a footnote, a figure or a page is one."""
    open_: _Block | None = None
    waiting: list[_Block] = []  # what stands in the middle of the open paragraph
    references = False
    for number, lines in enumerate(pages, 1):
        notes = set() if references else _notes(lines, size)
        for block in _of_page(lines, number, size, notes):
            if block.role == "text" and open_ is not None and _goes_on(open_, block):
                open_.lines += block.lines
            elif block.role in {"note", "caption"} and open_ is not None:
                waiting.append(block)
            else:
                if open_ is not None:
                    yield open_
                yield from waiting
                waiting = []
                open_ = block if block.role == "text" else None
                if open_ is None:
                    references |= kind(" ".join(line.text for line in block.lines)) == "references"
                    yield block
    if open_ is not None:
        yield open_
    yield from waiting


def _goes_on(before: _Block, after: _Block) -> bool:
    """Tell whether a paragraph at the top of a page or column is the rest of the one at the last bottom."""
    last, first = before.lines[-1], after.lines[0]
    moved = after.page != before.page or first.top < last.top or first.left > last.right
    start = first.text.lstrip("([“\"'")[:1]
    return (
        moved
        and abs(first.size - last.size) < 0.5  # noqa: PLR2004 - half a point is rounding
        and not _BULLET.match(first.text)
        and (not _CLOSED.search(last.text) if not start.islower() else last.text[-1:] not in ".!?")
    )


def _notes(lines: Sequence[Line], size: float) -> set[int]:
    """Return which lines, by identity, are footnotes: the small ones below all others of their column."""
    found: set[int] = set()
    for line in lines:
        if line.size > 0.93 * size or CAPTION.match(line.text):
            continue
        column = [other for other in lines if other.right > line.left and other.left < line.right]
        above = [other for other in column if other.top < line.top]
        below = [other for other in column if other.top > line.top]
        if len(above) > 3 and all(other.size <= 0.93 * size for other in below) and line.top > _floor(above, size):  # noqa: PLR2004
            found.add(id(line))
    return found


def _floor(lines: Sequence[Line], size: float) -> float:
    return max((line.bottom - 2 for line in lines if line.size > 0.93 * size), default=1e9)


def _of_page(lines: Sequence[Line], page: int, size: float, notes: set[int]) -> Iterator[_Block]:
    block: _Block | None = None
    for line in lines:
        role = _role(line, size, notes, block)
        if block is not None and _same(block, line, role):
            block.lines.append(line)
            continue
        if block is not None:
            yield block
        block = _Block(role, page, [line])
    if block is not None:
        yield block


def _role(line: Line, size: float, notes: set[int], block: _Block | None) -> str:
    if CAPTION.match(line.text) and _is_caption(line, block):
        return "caption"
    if id(line) in notes:
        return "note"
    return "heading" if _is_heading(line, size, block) else "text"


def _is_caption(line: Line, block: _Block | None) -> bool:
    """Tell a caption from a sentence whose line happens to begin with 'Figure 3'."""
    found = CAPTION.match(line.text)
    if found is None or line.text[found.end() :][:1].islower():
        return False
    if not line.text[found.end() :] and not line.bold:  # the end of a sentence: "… as shown in / Fig. 2"
        return False
    if line.text[: found.end()].rstrip()[-1] in ":.|—–" or block is None:
        return True
    last = block.lines[-1]
    return line.bold or abs(line.size - last.size) > 0.3 or _gap(last, line) > 0.6 * line.size  # noqa: PLR2004


def _same(block: _Block, line: Line, role: str) -> bool:
    """Tell whether a line belongs to the block before it."""
    last = block.lines[-1]
    gap = _gap(last, line)
    if gap < -2 * line.size or gap > 40:  # noqa: PLR2004 - another column, or far below
        return False
    alike = abs(line.size - last.size) < 0.12 * last.size
    if block.role == "heading":
        long = sum(len(one.text) for one in block.lines) + len(line.text) > _LONG
        return role != "caption" and alike and line.bold == last.bold and gap < 0.9 * line.size and not long and (
            not _NUMBERED.match(line.text) and (line.bold or line.size > 11.5)  # noqa: PLR2004 - a run-on of body size is text
        ) and kind(join([one.text for one in block.lines])) != "abstract"  # fmt: skip
    if role in {"heading", "caption"} or (role == "note") != (block.role == "note"):
        return False
    if block.role == "caption":
        return gap < 0.75 * line.size and (alike or len(line.text) < 20)  # noqa: PLR2004 - a formula of another size
    if _BULLET.match(line.text) and line.left <= block.lines[0].left + 2:
        return False
    if gap > 0.75 * max(line.size, last.size) and _CLOSED.search(last.text):
        return False
    return not (_CLOSED.search(last.text) and _indented(block, line))


def _gap(above: Line, below: Line) -> float:
    return below.top - above.bottom


def _indented(block: _Block, line: Line) -> bool:
    """Tell whether a line begins a paragraph: set in, or after a line that ends short."""
    last = block.lines[-1]
    left = min(one.left for one in block.lines[-4:])
    right = max(one.right for one in block.lines[-4:])
    if len(block.lines) > 1 and line.left > left + 0.7 * line.size and line.left < left + 4 * line.size:
        return True
    if len(block.lines) == 1 and last.left > line.left + 0.7 * line.size:
        return False
    return last.right < right - 3 * line.size and line.left <= left + 0.5 * line.size and _gap(last, line) > 0


def _is_heading(line: Line, size: float, block: _Block | None) -> bool:
    text = line.text.strip()
    if _RUN_IN.match(text) and (block is None or block.role != "heading"):
        return line.size <= size + 3
    if not 2 < len(text) <= _LONG or text[-1] in ",;-\x02\ufffe" or line.size < 0.85 * size:  # noqa: PLR2004
        return False
    if _TO_PAGE.search(text):
        return False
    letters = sum(char.isalpha() for char in text)
    if letters < 0.5 * len(bare(text)) or not bare(text)[:1].isupper():
        return False
    if _bare_words(text):
        return True
    marked = line.bold or line.size > 1.08 * size or (text.isupper() and letters > 4)  # noqa: PLR2004
    apart = block is None or _gap(block.lines[-1], line) > 0.45 * size or block.role == "heading"
    if not marked or _MATH.search(text):
        return False
    if _NUMBERED.match(text):
        return True
    return apart and text[-1] not in ".:" and len(text) < 0.8 * _LONG


def _bare_words(text: str) -> bool:
    """Tell whether a line holds nothing but a word that only headings consist of."""
    own = bare(text)
    return len(own) < 40 and (  # noqa: PLR2004
        own.lower() in {"abstract", "introduction", "related work", "conclusion", "conclusions", "references"}
        or own.lower() in {"bibliography", "discussion", "results", "methods", "limitations", "appendix"}
        or (is_thanks(own) and len(own.split()) < 3 and own.lower() != "contents")  # noqa: PLR2004
    )


# --- front matter -----------------------------------------------------------------------------------------------------


def _front(blocks: list[_Block], known: frozenset[str]) -> tuple[str, list[_Block]]:
    """Part title, authors and affiliations, all on page 1, from what follows: the abstract, or what is long enough."""
    first = [block for block in blocks if block.page == 1]
    names = [join([line.text for line in block.lines], known) for block in first]
    cut = next(
        (
            at
            for at, (block, name) in enumerate(zip(first, names, strict=True))
            if block.role == "heading" and (kind(name) in {"abstract", "introduction"} or _RUN_IN.match(name))
        ),
        None,
    )
    if cut is None:
        long = (at for at, block in enumerate(first) if block.role == "text" and len(names[at]) >= _ABSTRACT)
        cut = next(long, 0)
    front = "\n".join(" ".join(line.text.split()) for block in first[:cut] for line in block.lines)
    return front, blocks[cut:]
