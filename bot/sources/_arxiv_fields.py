"""From the words of arXiv's lists to ours: ids, categories, texts and times, the same for every endpoint.

Each raises ValueError with a sentence's part that says what is wrong, so that one record never loses a page.
"""

import re
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import cast

from bot import resources

# Looser than core.arxiv_id, which judges what people type: what arXiv itself calls a paper is one.
_ID = re.compile(
    r"(?:oai:arxiv\.org:|arxiv:)?(?:(?P<archive>[a-z-]+)(?:\.[a-z-]+)?/(?P<old>[0-9]{7})|(?P<new>[0-9]{4}\.[0-9]{4,6}))"
    r"(?:v(?P<version>[0-9]{1,4}))?",
    re.IGNORECASE,
)
# The API listed ACM and MSC classes among the categories until November 2025 ('I.2.9', '68T45').
_CATEGORY = re.compile(r"[a-z]+(-[a-z]+)?(\.([A-Z]{2}|[a-z]+(-[a-z]+)*))?")
_EPOCH = date(1970, 1, 1)
_DAY = 86_400_000  # ms


def base_id(text: str) -> tuple[str, int]:
    """Return (base id, version, 0 where none is named): 'oai:arXiv.org:math.CA/0611800v2' is ('math/0611800', 2)."""
    found = _ID.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text.strip()[:60]!r} is no identifier")
    id_ = found["new"] or f"{found['archive'].lower()}/{found['old']}"
    return id_, int(found["version"] or 0)


def categories(terms: str) -> tuple[str, ...]:
    """Return the categories of a list in arXiv's order, the primary one first, each under its canonical name once.

    'math.PR cs.IT math.IT' is math.PR, cs.IT: the two names of an alias are one category
    (https://arxiv.org/category_taxonomy), and an archive of the 1990s is the category that took it in.
    """
    known = resources.data("categories.json")
    names = cast("dict[str, str]", known["aliases"] | known["subsumed"])
    found = tuple(dict.fromkeys(names.get(term, term) for term in terms.split() if _CATEGORY.fullmatch(term)))
    if not found:
        raise ValueError("it has no category")
    return found


def fold(text: str | None) -> str:
    """Make one line of a text."""
    return " ".join((text or "").split())


def paragraphs(text: str | None) -> str:
    """Keep paragraphs, one a line.

    arXiv indents the first line of each; a line that starts at the edge goes on with the one before
    (https://info.arxiv.org/help/prep.html#abstracts).
    """
    return "\n".join(filter(None, map(fold, re.split(r"\n(?=\s)", (text or "").strip()))))


def moment(text: str | None) -> int:
    """Return the ms of 'Tue, 25 Jan 2000 16:09:37 GMT'."""
    try:
        found = parsedate_to_datetime((text or "").strip())
        at = round(found.replace(tzinfo=found.tzinfo or UTC).timestamp() * 1000)
    except (ValueError, TypeError, OverflowError, IndexError):
        at = -1
    if at < 0:
        raise ValueError(f"{(text or '').strip()[:60]!r} is no time")
    return at


def day(text: str | None) -> int:
    """Return the ms at which the UTC day of '2026-01-05' or '2026-01-05T12:00:00Z' began."""
    stamp = (text or "").strip()
    try:
        if len(stamp) > len("2026-01-05"):
            stamp = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).date().isoformat()
        return (date.fromisoformat(stamp) - _EPOCH).days * _DAY
    except ValueError:
        raise ValueError(f"{stamp[:60]!r} is no date") from None
