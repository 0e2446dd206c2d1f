"""Which figure of a paper shows how its method works, and the post that goes below that figure.

Invariants: the choice rests on captions alone, never takes a table or a figure that its caption calls somebody else's,
and takes the same one however often it is asked. The post fits its platform: its caption is cut, its credit never.
Pure; no string makes a function here raise.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from bot.core import links
from bot.core.fulltext import Caption
from bot.core.licences import Licence, credit, is_borrowed
from bot.core.plain import plain
from bot.model import Item, Paper, Post, Span, line

_ALT: Final = 1000  # characters that say what a picture shows; Discord takes 1,024
_TITLES: Final = (200, 60, 0)  # characters of a title, tried in turn
_NAME: Final = 60  # characters of an author's
_NAMED: Final = 3  # authors that a credit names
_OPENING: Final = 240  # characters of a caption that say what the figure is
_FIGURE: Final = re.compile(r"(?P<more>extended data |supplementary )?fig(?:ure|\.)?\s*(?P<number>\S*)", re.IGNORECASE)
_SENTENCE: Final = re.compile(r"(?<=[a-z)\]\d][.:])\s+(?=[A-Z(])")
_DRAWING: Final = re.compile(
    r"\b(?:over(?:view|all)|architectures?|pipelines?|framework|work ?flow|flow ?charts?|schematics?|block diagram"
    r"|diagram|illustrations?|illustrates|sketch|outline|structure|procedure)\b",
    re.IGNORECASE,
)
_OWN: Final = re.compile(
    r"\b(?:our|(?:the|this) (?:proposed|presented)|proposed)\b(?:\s+[\w-]+){0,4}?\s+(?:methods?|model|approach|"
    r"|framework|system|network|algorithm|architecture|pipeline|technique|scheme|design|setup|apparatus|work|paper)\b",
    re.IGNORECASE,
)
_OUTCOME: Final = re.compile(
    r"\b(?:compar\w+|results?|ablat\w+|accurac\w+|performance|qualitative|quantitative|examples?|visuali[sz]\w+"
    r"|distributions?|histograms?|loss|losses|curves?|convergence|versus|vs|baselines?|existing|prior|previous"
    r"|conventional|related|errors?|as a function of|scaling|sensitivity|runtime|heat ?maps?|outperforms?"
    r"|failures?|data ?sets?|annotation|user study|questionnaire)\b",
    re.IGNORECASE,
)
_SHORT_NAME: Final = re.compile(r"[A-Z][\w.+-]*[A-Z0-9][\w.+-]*|[A-Z]\w{3,}")
_FEW: Final = 3  # words before a title's colon that are still a name


def choose(captions: Sequence[Caption], title: str) -> Caption | None:
    """Take the figure whose caption names the method, else Figure 1; None if neither may be shown.

    `captions` in the paper's order, `title` the paper's. What counts is the first sentence of a caption: it names a
    drawing (overview, architecture, pipeline …), or the paper's own method or name, and no outcome.
    """
    own = [each for each in captions if _FIGURE.match(each.label) and not is_borrowed(each.text)]
    name = _name(title)
    best = max(own, key=lambda each: _worth(each, name), default=None)  # the first of equals
    if best is not None and _worth(best, name):
        return best
    return next((each for each in own if _is_first(each)), None)


def _is_first(caption: Caption) -> bool:
    found = _FIGURE.match(caption.label)
    return found is not None and not found["more"] and found["number"].rstrip(".:").upper() in {"1", "I"}


def _worth(caption: Caption, name: str) -> int:
    """How surely a caption says that its figure shows the method; 0 if it does not."""
    first = _SENTENCE.split(" ".join(caption.text.split())[:_OPENING])[0]
    if _OUTCOME.search(first):
        return 0
    drawing = 4 * bool(_DRAWING.search(first))
    own = 2 * bool(_OWN.search(first))
    named = bool(name and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", first))
    return drawing + own + named


def _name(title: str) -> str:
    """What a title calls the method: 'PaperBot' in 'PaperBot: Digests for All', else ''."""
    before, colon, _ = plain(title).partition(":")
    words = before.split()
    if not colon or not 0 < len(words) <= _FEW:
        return ""
    return before.strip() if _SHORT_NAME.search(before) else ""


# --- the post ---------------------------------------------------------------------------------------------------------


def captioned(
    paper: Paper, caption: Caption, licence: Licence, language: str, fits: Callable[[Post], bool]
) -> Post | None:
    """Set what stands below a figure: title, label and caption as far as they fit, by whom and under what.

    None if not even the credit fits, which no platform of ours does to a paper of arXiv's.
    """
    text = " ".join(plain(caption.text).split())
    names = tuple(_cut(plain(name), _NAME) for name in paper.authors[:_NAMED]) + paper.authors[_NAMED:]
    credited = credit(language, replace(paper, authors=names), "", licence)
    alt = _cut(f"{caption.label}: {text}", _ALT)

    def made(title: int, most: int) -> Post:
        called = Span(_cut(plain(paper.title), title), "bold", links.abs_url(paper.id), theirs=True)
        said = (Span(f"{caption.label}. ", "bold", theirs=True), Span(_cut(text, most), theirs=True))
        blocks = (*([line(called, kind="heading")] if title else []), line(*said if most else said[:1]), credited)
        return Post(items=(Item(blocks, paper.id),), alt=alt)

    for title in _TITLES:
        if not fits(made(title, 0)):
            continue
        low, high = 0, len(text)
        while low < high:  # as much of the caption as fits
            middle = (low + high + 1) // 2
            low, high = (middle, high) if fits(made(title, middle)) else (low, middle - 1)
        return made(title, low)
    return None


def _cut(text: str, most: int) -> str:
    """The beginning of a text in at most `most` characters, an ellipsis for the rest."""
    if len(text) <= most:
        return text
    kept = text[: max(most - 1, 0)]
    blank = kept.rfind(" ")
    return f"{kept[:blank] if blank > len(kept) // 2 else kept}…" if kept else ""
