"""The full text of arXiv's papers, from arXiv's own files: the HTML page where there is one, else the PDF.

Invariants:

- Every request stands in the one line of all requests to arXiv and passes their gate (`_arxiv_http`), a redirect's
  too; one is followed only to arXiv, or to the host that was asked. A reading costs two requests at most, three with a
  redirect, and none if the file is kept from before.
- A file is fetched once, however many ask at a time, read once, kept for a while (`_files_kept`) and never served:
  https://info.arxiv.org/help/license/index.html leaves most papers' files to arXiv alone.
- What is no such file (an error page, 'Rate exceeded.', a body that breaks off, another type) is never kept.

https://info.arxiv.org/help/bulk_data.html sends programs to export.arxiv.org. What reads pages and PDFs is given, and
brings a process of its own.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeVar
from urllib.parse import urljoin, urlsplit
from weakref import WeakValueDictionary

from bot.core.fulltext import Caption, Fulltext
from bot.errors import Later, Refused, UserError
from bot.model import Paper
from bot.sources._arxiv_http import Http, Reply
from bot.sources._files_kept import Kept, is_whole
from bot.sources.latexml import LARGEST as LARGEST_PAGE

if TYPE_CHECKING:
    from bot.ports import Clock, Gate
    from bot.sources.pdf import Figure

T = TypeVar("T")

LARGEST: Final = 50 * 2**20  # bytes of a file
HOPS: Final = 2  # redirects that are followed
_PAUSE: Final = 60.0  # seconds in which nobody asks, after 'Rate exceeded.'
_ELSEWHERE: Final = "arXiv sends us on to another site, which is not followed: it is asked again later."
_ID: Final = re.compile(r"[a-z-]+/[0-9]{7}|[0-9]{4}\.[0-9]{4,5}")
_OK: Final = 200
_NONE: Final = frozenset({404, 410})
_HEAD: Final = 1024  # bytes in which a PDF says that it is one
_EXCUSE: Final = 2000  # bytes that an excuse may have
_TYPES: Final = {
    "html": ("text/html", "application/xhtml+xml"),
    "pdf": ("application/pdf", "application/x-pdf", "application/octet-stream"),
}


class Pdfs(Protocol):
    """What reads PDFs: `bot.sources.pdf.PdfReader`."""

    async def read(self, path: Path) -> Fulltext:
        """Read a paper's text; raises Refused or Later."""
        ...

    async def captions(self, path: Path) -> Sequence[Caption]:
        """Return the captions of the figures that can be cut out; raises as `read`."""
        ...

    async def figures(self, path: Path, labels: Sequence[str] = ()) -> "Sequence[Figure]":
        """Cut out the figures of some labels; raises as `read`."""
        ...


class ArxivFiles:
    """The Fulltexts port on arXiv's files.

    `base_url` is the service (https://export.arxiv.org), `folder` and `limit` (bytes) are those of what is kept,
    `timeout` is in seconds for one whole file. `html` and `pdf` read files and raise Refused or Later. Raises
    ConfigError if one of them cannot be used. One instance serves one event loop.
    """

    def __init__(
        self,
        *,
        gate: "Gate",
        clock: "Clock",
        base_url: str,
        contact: str,
        folder: Path,
        limit: int,
        html: Callable[[Path], Awaitable[Fulltext]],
        pdf: Pdfs,
        timeout: float = 60.0,
    ) -> None:
        self._http = Http(gate=gate, clock=clock, base_url=base_url, contact=contact, timeout=timeout)
        self._gate, self._html, self._pdf = gate, html, pdf
        self._kept = Kept(folder, limit)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def fulltext(self, paper: Paper) -> Fulltext:
        """Return the full text of this version of a paper.

        Raises Later (arXiv asks for a pause, does not answer, or sends something else) and UserError (there is no
        file, or none that can be read).
        """
        return await self._alone(paper, self._read)

    async def figure(
        self, paper: Paper, choose: Callable[[Sequence[Caption]], Caption | None]
    ) -> tuple[Caption, bytes] | None:
        """Cut the figure that `choose` takes, if it takes one, out of the PDF of this version; raises as `fulltext`."""

        async def cut(named: str) -> tuple[Caption, bytes] | None:
            stem = named.replace("/", "-")
            path = await asyncio.to_thread(self._kept.find, f"{stem}.pdf") or await self._print(named, stem)
            chosen = choose(await self._pdf.captions(path))
            cuts = await self._pdf.figures(path, (chosen.label,)) if chosen else ()
            return next(((each.caption, each.png) for each in cuts if each.caption == chosen and each.png), None)

        return await self._alone(paper, cut)

    async def _alone(self, paper: Paper, work: Callable[[str], Awaitable[T]]) -> T:
        """Do something with the files of a version ('2411.19525v2') while nobody else does."""
        if not _ID.fullmatch(paper.id):
            raise UserError(f"{paper.id} is no paper of arXiv's: its full text cannot be read.")
        named = f"{paper.id}v{paper.version}" if paper.version else paper.id
        lock = self._locks.setdefault(named, asyncio.Lock())
        async with lock:
            try:
                return await work(named)
            except Refused as problem:
                raise UserError(f"{problem}") from problem
            except OSError as problem:
                raise Later(f"{named} could not be kept on this disk ({problem}): it is read again later.") from problem
            finally:
                await asyncio.to_thread(self._kept.trim)

    async def _read(self, named: str) -> Fulltext:
        stem = named.replace("/", "-")
        page = await asyncio.to_thread(self._kept.find, f"{stem}.html")
        path = await asyncio.to_thread(self._kept.find, f"{stem}.pdf")
        if page is None and path is None:
            page = await self._page(named, stem)
        if page is not None:
            try:
                return await self._html(page)
            except Refused:  # the next one who asks finds the PDF
                await asyncio.to_thread(self._kept.drop, page)
        return await self._pdf.read(path or await self._print(named, stem))

    async def _page(self, named: str, stem: str) -> Path | None:
        """Fetch the HTML page; None if there is none that is worth reading."""
        try:
            reply = await self._fetch("html", named, LARGEST_PAGE)
        except Refused:
            return None
        if reply.status != _OK or not _is(reply, "html"):
            return None
        return await asyncio.to_thread(self._kept.add, f"{stem}.html", reply.body)

    async def _print(self, named: str, stem: str) -> Path:
        """Fetch the PDF."""
        reply = await self._fetch("pdf", named, LARGEST)
        if reply.status in _NONE:
            raise UserError(f"arXiv has no PDF of {named}, perhaps because it was withdrawn: see its page on arXiv.")
        if not _is(reply, "pdf") or b"%PDF-" not in reply.body[:_HEAD]:
            raise Later(f"arXiv sent something else than the PDF of {named}: it is asked again later.")
        if not is_whole(".pdf", reply.body):
            raise Later(f"The PDF of {named} broke off: arXiv is asked again later.")
        return await asyncio.to_thread(self._kept.add, f"{stem}.pdf", reply.body)

    async def _fetch(self, kind: str, named: str, largest: int) -> Reply:
        url = f"{self._http.base_url}/{kind}/{named}"
        for _ in range(HOPS + 1):
            reply = await self._http.file(url, accept=_TYPES[kind][0], largest=largest)
            if len(reply.body) < _EXCUSE and b"rate exceeded" in reply.body.lower():
                await self._gate.hold("arxiv", _PAUSE)
                raise Later("arXiv says 'Rate exceeded.': it is asked again in a minute.", wait=_PAUSE)
            if reply.status == _OK or reply.status in _NONE:
                return reply
            url = self._next(url, reply.headers.get("location", ""))
        raise Later(f"arXiv sends us in circles for {named}: it is asked again later.")

    def _next(self, url: str, location: str) -> str:
        """Return where a redirect leads; raises Later unless that is arXiv, no less safe than before."""
        there = urljoin(url, location)
        try:
            to, ours = urlsplit(there), urlsplit(self._http.base_url)
            same = (to.scheme, to.hostname, to.port) == (ours.scheme, ours.hostname, ours.port)
            theirs = to.scheme == "https" and to.port in {None, 443} and f".{to.hostname}".endswith(".arxiv.org")
        except ValueError:  # a port that is none
            raise Later(_ELSEWHERE) from None
        if not location or not (same or theirs) or "@" in to.netloc or "\\" in there:
            raise Later(_ELSEWHERE)
        return there


def _is(reply: Reply, kind: str) -> bool:
    return reply.headers.get("content-type", "").split(";")[0].strip().lower() in _TYPES[kind]
