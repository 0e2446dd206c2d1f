"""What the fakes of arXiv share: a list of papers, looked up and searched as arXiv would.

Invariant: only as much of the query language as the tests need, https://info.arxiv.org/help/api/user-manual.html:
`all:`, `ti:`, `abs:`, `au:` and `cat:` terms, quoted phrases, AND and OR without parentheses.
"""

import re
from collections.abc import Iterable

from bot.model import Paper

ID = re.compile(r"(\d{4}\.\d{4,5}|[a-z-]+(?:\.[A-Za-z-]+)?/\d{7})(?:v(\d+))?")
_TERM = re.compile(r'(?:(all|ti|abs|au|cat):)?("[^"]*"|\S+)')


def newest(papers: Iterable[Paper]) -> list[Paper]:
    """The newest version of each paper, in order of submission."""
    best: dict[str, Paper] = {}
    for paper in papers:
        if paper.id not in best or best[paper.id].version < paper.version:
            best[paper.id] = paper
    return sorted(best.values(), key=lambda p: (p.published, p.id))


def pick(papers: Iterable[Paper], wanted: str) -> Paper | None:
    """The paper of an id with or without a version, None if there is none."""
    match = ID.fullmatch(wanted.strip())
    if not match:
        return None
    archive, slash, number = match[1].rpartition("/")
    base = archive.split(".")[0] + slash + number
    found = [p for p in papers if p.id == base and (not match[2] or p.version == int(match[2]))]
    return max(found, key=lambda p: p.version, default=None)


def matches(paper: Paper, query: str) -> bool:
    """Tell whether a paper answers a query."""
    return any(
        all(_term(paper, part) for part in re.split(r"\s+AND\s+", either))
        for either in re.split(r"\s+OR\s+", query.strip())
    )


def _term(paper: Paper, text: str) -> bool:
    where = {
        "ti": paper.title,
        "abs": paper.abstract,
        "au": " ".join(paper.authors),
        "cat": " ".join(paper.categories),
    }
    where["all"] = " ".join(where.values()) + " " + paper.comment
    return all(
        word.strip('"').lower() in where[field or "all"].lower() for field, word in _TERM.findall(text.strip("() "))
    )
