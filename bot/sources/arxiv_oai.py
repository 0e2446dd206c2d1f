"""Papers from arXiv's OAI-PMH service: every record that changed since a day, in all categories, a page at a time.

Invariants:

- `page` makes one request and returns a body that may be stored before anybody reads it: HTTP 200 with a whole OAI-PMH
  document. All else is `Later`, and so is every error that such a document reports; nothing that failed ever looks
  like a window in which little changed.
- `read` is pure and raises nothing but Later. A record that cannot be read is named in `Page.unreadable` and loses
  neither the page nor its neighbours.
- A list is complete when arXiv says so, with an empty resumption token, or with a first page that has none (OAI-PMH
  2.0 §3.5, https://www.openarchives.org/OAI/openarchivesprotocol.html#FlowControl).

oaipmh-scythe is not used: it parses with `recover=True`, so that a page cut in half is a shorter one, it blocks, and
it has neither a gate nor a deadline in total. https://info.arxiv.org/help/oa/index.html describes the service.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from bot.core.times import instant
from bot.errors import Later
from bot.model import Paper, Record, Version
from bot.sources._arxiv_authors import authors, decoded
from bot.sources._arxiv_fields import base_id, categories, day, fold, moment, paragraphs
from bot.sources._arxiv_http import Http, check_document

if TYPE_CHECKING:
    from bot.ports import Clock, Gate

log = logging.getLogger(__name__)

_SPACE = "http://www.openarchives.org/OAI/2.0/"
_OAI = f"{{{_SPACE}}}"
_ROOT = f"{_SPACE} OAI-PMH"
_FORMS = {"arXivRaw": "{http://arxiv.org/OAI/arXivRaw/}", "arXiv": "{http://arxiv.org/OAI/arXiv/}"}
_SINCE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY = 86_400_000  # ms
_VERSION = re.compile(r"v([0-9]{1,4})")


class Empty(Later):
    """`noRecordsMatch`: arXiv says that nothing changed. It may be a cached reply, so nothing follows from it."""


class Expired(Later):
    """`badResumptionToken`: tokens end at midnight UTC. The harvest begins again from its watermark."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. `token` asks for the next one; without it and not `complete`, the list broke off."""

    records: tuple[Record, ...]
    token: str
    complete: bool
    unreadable: tuple[tuple[str, str], ...] = ()  # (id, why) of what could not be read


class ArxivOai:
    """Asks for pages; see the module. `contact` is an address that arXiv's staff can write to, `timeout` in seconds.

    Raises ConfigError if one of them cannot be used. One instance serves one event loop.
    """

    name = "arxiv_oai"

    def __init__(
        self,
        *,
        gate: "Gate",
        clock: "Clock",
        contact: str,
        base_url: str = "https://oaipmh.arxiv.org/oai",
        timeout: float = 120.0,
        keep: Callable[[str, bytes], Awaitable[None]] | None = None,
    ) -> None:
        self._keep = keep
        self._http = Http(gate=gate, clock=clock, base_url=base_url, contact=contact, timeout=timeout)

    @property
    def ahead(self) -> float | None:
        """Seconds that our clock is ahead of arXiv's, as its last reply told."""
        return self._http.ahead

    async def page(self, since: str, *, token: str = "", prefix: Literal["arXivRaw", "arXiv"] = "arXivRaw") -> bytes:
        """Return one page of what changed on or after the UTC day `since` ('YYYY-MM-DD'), as it came.

        No set is named, so that the cost does not depend on topics, and no end: an end of today may be a cached list.
        With a `token` it is the next page of the list that the token came with. Raises Later.
        """
        if not _SINCE.fullmatch(since):
            raise ValueError(f"{since!r} is no day: use YYYY-MM-DD")
        asked = {"verb": "ListRecords"}
        asked |= {"resumptionToken": token} if token else {"metadataPrefix": prefix, "from": since}
        return (await self._http.get("?" + urlencode(asked), root=_ROOT)).body

    def changes(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        """Yield every record that changed on or after the UTC day of `since` (ms), a page at a time; see `_list`."""
        return self._list(since, "arXivRaw", "oai")

    def names(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        """Yield the same records in prefix `arXiv`, which has names apart and in Unicode, and no versions."""
        return self._list(since, "arXiv", "oai-names")

    async def _list(
        self, since: int, prefix: Literal["arXivRaw", "arXiv"], kept: str
    ) -> AsyncIterator[tuple[Record, ...]]:
        """Read a list to its end, which is what ending normally means.

        Each page is kept before it is read. A list that is said to be empty is asked for once more, from a day before:
        such a reply may stay in a cache until midnight UTC. Raises Later (Expired, Empty) at whatever is no end that
        arXiv itself calls one, and whoever asks begins again from their watermark.
        """
        first, token, moved = f"{instant(since):%Y-%m-%d}", "", False
        while True:
            raw = await self.page(first, token=token, prefix=prefix)
            if self._keep:
                await self._keep(f"{kept}-{first}", raw)
            try:
                page = await asyncio.to_thread(read, raw)
            except Empty:
                if token or moved:
                    raise
                # It may be kept for the rest of the day, but only for this address: a day more has another.
                first, moved = f"{instant(since - _DAY):%Y-%m-%d}", True
                continue
            for id_, why in page.unreadable:
                log.warning("arXiv's record of %s cannot be read: %s", id_ or "a paper", why)
            records, token, complete = page.records, page.token, page.complete
            del page, raw  # while this page is stored and the next one comes, only its records are in memory
            yield records
            del records
            if complete:
                return
            if not token:
                raise Later("arXiv's list broke off: it is asked again later.")


# --- reading -------------------------------------------------------------------------------------------------------


class _List:
    """What a document says of its list, gathered while it is read."""

    def __init__(self) -> None:
        self.resumed = False  # it answers a token
        self.token: str | None = None
        self.errors: list[tuple[str, str]] = []
        self.unreadable: list[tuple[str, str]] = []


def read(raw: bytes) -> Page:
    """Read one page, record after record, so that a page of any length needs little memory beside its records.

    A page of 2,500 records takes about half a second of CPU: call it off the loop. Raises Empty, Expired, or Later
    with what else arXiv reports, and Later for what is no whole list.
    """
    check_document(raw, _ROOT)
    heard = _List()
    records: list[Record] = []
    try:
        for element in _elements(raw, heard):
            try:
                records.append(_record(element))
            except ValueError as problem:
                named = fold(element.findtext(f"{_OAI}header/{_OAI}identifier"))
                heard.unreadable.append((named.removeprefix("oai:arXiv.org:")[:60], f"{problem}"))
    except (ET.ParseError, ValueError, LookupError) as problem:  # the last two: an encoding nobody knows
        raise Later("arXiv's list cannot be read: it is asked again later.") from problem
    if heard.errors:
        raise _refusal(heard.errors)
    if not records and not heard.unreadable:
        raise Later("arXiv's list has no records and no reason for it: it is asked again later.")
    last = not heard.resumed if heard.token is None else not heard.token
    return Page(tuple(records), heard.token or "", last, tuple(heard.unreadable))


def _elements(raw: bytes, heard: _List) -> Iterator[ET.Element]:
    """Yield each record of the list and let go of it afterwards."""
    holder: ET.Element | None = None
    for event, element in ET.iterparse(BytesIO(raw), events=("start", "end")):  # noqa: S314 - see check_document
        tag = element.tag
        if event == "start":
            if tag in {f"{_OAI}ListRecords", f"{_OAI}GetRecord"}:
                holder = element
        elif tag == f"{_OAI}record":
            yield element
            if holder is not None:
                holder.clear()
        elif tag == f"{_OAI}resumptionToken":
            heard.token = (element.text or "").strip()
        elif tag == f"{_OAI}request":
            heard.resumed = "resumptionToken" in element.attrib
        elif tag == f"{_OAI}error":
            heard.errors.append((element.get("code", "no code"), fold(element.text)[:200]))


def _refusal(errors: list[tuple[str, str]]) -> Later:
    codes = dict(errors)
    if "badResumptionToken" in codes:
        return Expired("arXiv does not know this place in its list any more: the harvest begins anew.")
    if "noRecordsMatch" in codes:
        return Empty("arXiv says that nothing changed, from which nothing is concluded: it is asked again later.")
    said = "; ".join(f"{code}: {text}".rstrip(". ") for code, text in codes.items())
    return Later(f"arXiv refuses the harvest ({said}): it is asked again later.")


def _record(element: ET.Element) -> Record:
    header = element.find(f"{_OAI}header")
    if header is None:
        raise ValueError("it has no header")
    id_, _ = base_id(fold(header.findtext(f"{_OAI}identifier")))
    stamp = day(header.findtext(f"{_OAI}datestamp"))
    if header.get("status") == "deleted":
        gone = Paper(id=id_, version=0, title="", abstract="", authors=(), categories=(), published=0, updated=0)
        return Record(gone, stamp=stamp, deleted=True)
    for form, space in _FORMS.items():
        body = element.find(f"{_OAI}metadata/{space}{form}")
        if body is not None:
            if base_id(fold(body.findtext(f"{space}id")))[0] != id_:
                raise ValueError("its header names another paper")
            return (_raw if form == "arXivRaw" else _split)(id_, stamp, body, space)
    raise ValueError("it is in another form than arXivRaw and arXiv")


def _raw(id_: str, stamp: int, body: ET.Element, space: str) -> Record:
    versions = tuple(sorted((_version(each, space) for each in body.iterfind(f"{space}version")), key=_number))
    if not versions or len({version.number for version in versions}) < len(versions):
        raise ValueError("its versions cannot be told apart" if versions else "it has no version")
    names, places = authors(body.findtext(f"{space}authors"))
    times = (versions[0].created, versions[-1].created)
    paper = _paper(id_, body, space, names, (versions[-1].number, *times))
    gone = "I" in versions[-1].source_type
    license_ = fold(body.findtext(f"{space}license"))
    return Record(paper, versions, license_, withdrawn=gone, stamp=stamp, affiliations=places)


def _split(id_: str, stamp: int, body: ET.Element, space: str) -> Record:
    """Read prefix `arXiv`: names apart and in Unicode; `created` is the current version's day (facts/arxiv.md §1)."""
    names: list[str] = []
    places: list[str] = []
    for author in body.iterfind(f"{space}authors/{space}author"):
        parts = (fold(author.findtext(f"{space}{part}")) for part in ("forenames", "keyname", "suffix"))
        names.append(decoded(" ".join(filter(None, parts))))
        places += [decoded(fold(place.text)) for place in author.iterfind(f"{space}affiliation")]
    named = tuple(filter(None, names))
    paper = _paper(id_, body, space, named, (0, 0, day(body.findtext(f"{space}created"))))
    license_ = fold(body.findtext(f"{space}license"))
    return Record(paper, (), license_, stamp=stamp, affiliations=tuple(dict.fromkeys(filter(None, places))))


def _paper(
    id_: str, body: ET.Element, space: str, names: tuple[str, ...], version_times: tuple[int, int, int]
) -> Paper:
    version, published, updated = version_times
    title = fold(body.findtext(f"{space}title"))
    if not title:
        raise ValueError("it has no title")
    return Paper(
        id=id_,
        version=version,
        title=title,
        abstract=paragraphs(body.findtext(f"{space}abstract")),
        authors=names,
        categories=categories(body.findtext(f"{space}categories") or ""),
        published=published,
        updated=updated,
        comment=fold(body.findtext(f"{space}comments")),
        journal_ref=fold(body.findtext(f"{space}journal-ref")),
        doi=fold(body.findtext(f"{space}doi")),
    )


def _version(element: ET.Element, space: str) -> Version:
    named = _VERSION.fullmatch(cast("str", element.get("version", "")))
    if not named or not int(named[1]):
        raise ValueError("a version has no number")
    created = moment(element.findtext(f"{space}date"))
    size, source = (fold(element.findtext(f"{space}{name}")) for name in ("size", "source_type"))
    return Version(int(named[1]), created, size, source)


def _number(version: Version) -> int:
    return version.number
