"""What arXiv announced today, from its RSS feeds: the second witness of the harvest, and the source of announce types.

Invariants:

- Ten fixed groups cover all 155 categories, so the cost does not depend on topics; each is sized well under the 2,000
  items at which a feed is cut, which drops new papers first (facts/arxiv.md §1).
- Nothing but HTTP 200 with a whole RSS feed that is no error feed, and 304 for a feed that we know, is an answer; all
  else is `Later`. A feed without items is a legal one: weekends and holidays have it. Whether it is due is
  `core.calendar`'s to know.
- Dates may lag the content and a stale batch may carry today's: the ids decide. A feed says in `doubts` what speaks
  against it.

https://info.arxiv.org/help/rss.html and https://info.arxiv.org/help/rss_specifications.html describe the feeds.
"""

import asyncio
import re
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import quote
from xml.etree import ElementTree as ET

from bot.errors import Later
from bot.model import Doubt, Feed, Kind, Listed, Paper
from bot.sources._arxiv_authors import authors
from bot.sources._arxiv_fields import base_id, categories, fold, moment, paragraphs
from bot.sources._arxiv_http import Http, check_document
from bot.sources._arxiv_wire import Unreadable

if TYPE_CHECKING:
    from bot.ports import Clock, Gate

CAP = 2000  # items of a feed at most; https://github.com/arXiv/arxiv-feed/blob/master/feed/database.py

# Per ordinary day, new papers of any of the group's categories (items with cross-lists and replacements: about 1.9
# times that; Tuesday's batch is 1.6 times an ordinary one, so the largest group stays near 1,300 items even then).
# Counted for 24 June 2026 in shared/data/corpus: cs.CV 149, cs.CL 118, astro-ph 78; the other figures are estimates
# from 1,500 new papers a day and the shares of 2025.
GROUPS: Final[tuple[str, ...]] = (
    "cs.LG",  # 400: half of computer science is cross-listed there
    "cs.AI",  # 400
    "cs.CV+cs.GR+cs.MM+eess.IV",  # 230
    "cs.CL+cs.CY+cs.DL+cs.HC+cs.IR+cs.SD+cs.SI+eess.AS",  # 330
    "cs.AR+cs.CR+cs.DB+cs.DC+cs.ET+cs.MA+cs.NI+cs.OS+cs.PF+cs.PL+cs.RO+cs.SE+cs.SY+eess.SP+eess.SY",  # 400
    (
        "cs.CC+cs.CE+cs.CG+cs.DM+cs.DS+cs.FL+cs.GL+cs.GT+cs.IT+cs.LO+cs.MS+cs.NA+cs.NE+cs.OH+cs.SC"
        "+econ+q-bio+q-fin+stat"  # 400
    ),
    "math+math-ph",  # 280
    "astro-ph+gr-qc",  # 130
    "cond-mat+quant-ph",  # 220
    "hep-ex+hep-lat+hep-ph+hep-th+nlin+nucl-ex+nucl-th+physics",  # 370
)

_KINDS: Final = ("new", "cross", "replace", "replace-cross")
_ARXIV = "{http://arxiv.org/schemas/atom}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_ABSTRACT = re.compile(r"\bAbstract:\s*")
_LEGEND = re.compile(r"\s*arXiv:(?P<id>\S+)\s+Announce Type:\s*(?P<kind>[a-z-]+)")
_NOT_CHANGED, _BAD_REQUEST = 304, 400


class ArxivRss:
    """Asks for feeds; see the module. `contact` is an address that arXiv's staff can write to, `timeout` in seconds.

    Raises ConfigError if one of them cannot be used. One instance serves one event loop.
    """

    name = "arxiv_rss"

    def __init__(
        self,
        *,
        gate: "Gate",
        clock: "Clock",
        contact: str,
        base_url: str = "https://rss.arxiv.org/rss",
        timeout: float = 120.0,
    ) -> None:
        self._http = Http(gate=gate, clock=clock, base_url=base_url, contact=contact, timeout=timeout)

    groups = GROUPS

    def covers(self, group: str, category: str) -> bool:
        """Tell whether a category is one of a group's, which names categories and whole archives."""
        return any(category == name or category.startswith(f"{name}.") for name in group.split("+"))

    @property
    def ahead(self) -> float | None:
        """Seconds that our clock is ahead of arXiv's, as its last reply told."""
        return self._http.ahead

    async def feed(self, group: str, etag: str = "") -> Feed | None:
        """Return the feed of a group ('cs.CL+stat.ML'), None if it is still the one that had `etag`; raises Later."""
        sent = etag if etag.isascii() and etag.isprintable() else ""
        reply = await self._http.get(
            "/" + quote(group, safe="+."),
            root="rss",
            headers={"If-None-Match": sent} if sent else {},
            also=frozenset({_BAD_REQUEST, _NOT_CHANGED} if sent else {_BAD_REQUEST}),
        )
        if reply.status == _NOT_CHANGED:
            return None
        if reply.status == _BAD_REQUEST:
            raise Unreadable(_explanation(reply.body))
        return await asyncio.to_thread(_feed, reply.body, reply.headers.get("etag", ""))


# --- reading -------------------------------------------------------------------------------------------------------


def read(raw: bytes) -> tuple[Listed, ...]:
    """Return the announcements of a feed, none for a day without any; raises Later for what is no feed of arXiv.

    What cannot be read is left out, unless nothing could; `Feed.doubts` counts it.
    """
    return _feed(raw, "").items


def _feed(raw: bytes, etag: str) -> Feed:
    channel = _channel(raw)
    title, said = fold(channel.findtext("title")), fold(channel.findtext("description"))
    if title.lower().startswith("feed error"):
        raise Later(f"arXiv reports an error ({said[:200] or 'no reason given'}): it is asked again later.")
    try:
        built = moment(channel.findtext("pubDate") or channel.findtext("lastBuildDate"))
    except ValueError as problem:
        raise Later("arXiv's feed does not say of which day it is: it is asked again later.") from problem
    elements = channel.findall("item")
    items: list[Listed] = []
    days = {built}
    for element in elements:
        with suppress(ValueError):
            items.append(_item(element))
            days.add(moment(element.findtext("pubDate")))
    if elements and not items:
        first = fold(elements[0].findtext("title"))[:100]
        raise Later(f"arXiv's feed names no paper ({first or 'no title'}): it is asked again later.")
    return Feed(tuple(items), built, etag, _doubts(len(elements), len(items), days))


def _doubts(there: int, read_: int, days: Iterable[int]) -> tuple[Doubt, ...]:
    doubts = []
    if there >= CAP:
        doubts.append(Doubt("doubt_cut", have=there))
    if len(set(days)) > 1:
        doubts.append(Doubt("doubt_dates"))
    if read_ < there:
        doubts.append(Doubt("doubt_unread", have=there - read_))
    return tuple(doubts)


def _channel(raw: bytes) -> ET.Element:
    check_document(raw, "rss")
    try:
        channel = ET.fromstring(raw).find("channel")  # noqa: S314 - see check_document
    except (ET.ParseError, ValueError, LookupError):  # the last two: an encoding nobody knows
        channel = None
    if channel is None:
        raise Later("arXiv's reply is no feed: it is asked again later.")
    return channel


def _explanation(raw: bytes) -> str:
    """What the feed that comes with HTTP 400 says of itself."""
    with suppress(Later):
        return fold(_channel(raw).findtext("description"))[:200].rstrip(".")
    return ""


def _item(element: ET.Element) -> Listed:
    text = element.findtext("description") or ""
    legend = _LEGEND.match(text)
    named = fold(element.findtext("guid")) or (legend["id"] if legend else "")
    id_, version = base_id(named)
    kind = fold(element.findtext(f"{_ARXIV}announce_type")) or (legend["kind"] if legend else "")
    title = fold(element.findtext("title"))
    if kind not in _KINDS or not version or not title:
        raise ValueError(f"{named} has no announce type, no version or no title")
    names, _ = authors(", ".join(creator.text or "" for creator in element.iterfind(f"{_DC}creator")))
    terms = categories(" ".join(fold(term.text) for term in element.iterfind("category")))
    paper = Paper(
        id=id_,
        version=version,
        title=title,
        abstract=paragraphs(_ABSTRACT.split(text, maxsplit=1)[-1]) if _ABSTRACT.search(text) else "",
        authors=names,
        categories=terms,
        published=0,
        updated=0,
        journal_ref=fold(element.findtext(f"{_ARXIV}journal_reference")),
        doi=fold(element.findtext(f"{_ARXIV}DOI")),
    )
    return Listed(id_, version, cast("Kind", kind), terms, paper)
