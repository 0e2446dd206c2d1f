"""Which licences of arXiv's papers let anybody repost a figure, and how the credit for it reads.

Invariants: whatever is not known to allow it forbids it; most papers are under arXiv's own licence, which allows arXiv
alone to distribute them (https://info.arxiv.org/help/license/index.html). A figure that its caption calls somebody
else's is not the paper's to give away, whatever the licence. Pure.
"""

import re
from dataclasses import dataclass
from typing import Final

from bot.core.plain import plain
from bot.model import Line, Paper, Span, line
from bot.words import say

_NAMED: Final = 3  # authors that a credit names
_FREE: Final = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/"
    r"(?:licenses/(?P<kind>by|by-sa)/(?P<version>[1-4]\.[0-9])"
    r"|(?P<zero>publicdomain/zero/1\.0)|(?:licenses/publicdomain|publicdomain/mark/1\.0))"
    r"/?(?:deed(?:\.[a-z]{2})?|legalcode)?",
    re.IGNORECASE,
)
_OTHER: Final = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/licenses/(?P<kind>by-n[cd](?:-(?:sa|nd))?)/(?P<version>[1-4]\.[0-9])/?",
    re.IGNORECASE,
)
_ARXIV: Final = re.compile(r"https?://(?:www\.)?arxiv\.org/licenses/\S*", re.IGNORECASE)
_BORROWED: Final = re.compile(
    r"\b(?:with|by|under|kind) (?:the )?(?:kind )?permission\b|\bcourtesy\b|©|\bcopyright\b|\ball rights reserved\b"
    r"|\b(?:reproduced|reprinted|adapted|adopted|borrowed|copied|redrawn|modified) (?:\w+ )?(?:from|after)\b"
    r"|\b(?:figure|image|picture|photo(?:graph)?|illustration|map|drawing)s? (?:is |are |was |were )?(?:taken )?"
    r"(?:from|by|credits?)\b|\b(?:image|photo|picture)?\s?(?:credits?|source) ?:|\btaken from\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence that allows reposting: its short name and where it can be read."""

    name: str
    url: str


def free(url: str) -> Licence | None:
    """Return the licence behind the address in a paper's record if it allows to repost a figure with credit.

    That is CC0, the public domain, CC BY and CC BY-SA. NC leaves open whether a bot's channel is commercial, ND whether
    a crop is a work of its own; arXiv's licences, an unknown one and none allow nothing: None.
    """
    found = _FREE.fullmatch(url.strip())
    if found is None:
        return None
    where = "https://" + url.strip().partition("://")[2]
    if found["kind"]:
        return Licence(f"CC {found['kind'].upper()} {found['version']}", where)
    return Licence("CC0 1.0" if found["zero"] else "Public domain", where)


def named(url: str, language: str) -> str:
    """Name the licence behind an address for a reader, whether it allows to repost or not; '' if we don't know it."""
    if licence := free(url):
        return licence.name
    if found := _OTHER.fullmatch(url.strip()):
        return f"CC {found['kind'].upper()} {found['version']}"
    return say(language, "licence_arxiv") if _ARXIV.fullmatch(url.strip()) else ""


def is_borrowed(caption: str) -> bool:
    """Tell whether a caption says that the figure is somebody else's; such a one is not reposted."""
    return _BORROWED.search(caption) is not None


def credit(language: str, paper: Paper, label: str, licence: Licence) -> Line:
    """Return the line below a reposted figure: which one, by whom, from which version, under what.

    Attribution as CC BY 4.0 §3(a) asks for it: the creators, a link to the material, the licence's name and link.
    """
    names = ", ".join(plain(name) for name in paper.authors[:_NAMED])
    if (more := len(paper.authors) - _NAMED) > 0:
        names = say(language, "authors_more", names=names, more=f"{more:,}")
    version = f"{paper.id}v{paper.version}" if paper.version else paper.id
    return line(
        *(Span(part, theirs=True) for part in (f"{label}: " if label else "", f"{names}, " if names else "") if part),
        Span(f"arXiv:{version}", url=f"https://arxiv.org/abs/{version}"),
        ", ",
        Span(licence.name, url=licence.url),
        kind="small",
    )
