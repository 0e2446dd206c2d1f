"""Papers from arXiv's query API, through the `arxiv` package (4.x) behind our own gate, deadline and validation.

Invariants:

- Nothing but a whole, well-formed Atom feed that says how many results there are is ever taken for an answer: all
  else is `Later`, so that a broken reply never looks like a day without papers. The package alone turns the body
  'Rate exceeded.', an HTML page and truncated XML into fewer results or none, without an exception.
- Every HTTP request passes the gate 'arxiv' first and one is in flight at a time, of all sources that share the gate
  (`_arxiv_line`); no retry, no redirect and no second page happens inside the package.
  https://info.arxiv.org/help/api/tou.html allows one request per 3 s and one connection, all machines together.
- A request ends within `timeout` seconds in total, whatever the server does, and at once when its task is cancelled.

`arxiv` and `requests` are imported when the first request is made, not with this module.
"""

import asyncio
import importlib
import re
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from bot.core import arxiv_id
from bot.errors import Later, UserError
from bot.model import Paper
from bot.sources._arxiv_fields import categories, fold, paragraphs
from bot.sources._arxiv_http import agent, check_address
from bot.sources._arxiv_line import PATIENCE, RATE, line
from bot.sources._arxiv_wire import Cord, Unreadable, wire

if TYPE_CHECKING:
    from bot.ports import Clock, Gate

PAGE = 1000  # results a request; the manual's limit is 2,000 a slice
DEPTH = 10_000  # results the service serves of one query (its code; the manual says 30,000)
IDS = 100  # ids a request, to keep its address short

# Looser than core.arxiv_id, which judges what people type: what arXiv itself calls a paper is one.
_ENTRY = re.compile(
    r".*/abs/(?:(?P<archive>[a-z-]+)(?:\.[A-Za-z-]+)?(?=/))?(?P<number>[0-9./]+)(?:v(?P<version>[0-9]+))?"
)


@dataclass(frozen=True, slots=True)
class _Page:
    papers: tuple[Paper, ...]
    total: int


class ArxivApi:
    """The Source port on https://info.arxiv.org/help/api/user-manual.html.

    `base_url` is the address of the service (`https://export.arxiv.org`), of a mirror or of a test server, with or
    without `/api/query`; `contact` is an address that arXiv's staff can write to; `timeout` is in seconds, for one
    whole request. Raises ConfigError if one of them cannot be used. One instance serves a process.
    """

    name = "arxiv_api"

    def __init__(self, *, gate: "Gate", clock: "Clock", base_url: str, contact: str, timeout: float = 30.0) -> None:
        base_url, path = check_address(base_url), urlsplit(base_url).path
        self._gate = gate
        self._clock = clock
        self._query_url = base_url if path.rstrip("/").endswith("/query") else base_url + "/api/query"
        self._agent = agent(contact)
        self._timeout = timeout
        self._line = line(gate)
        self.ahead: float | None = None

    # --- the port --------------------------------------------------------------------------------------------------

    async def fetch(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Papers by id in the order asked, each once, 100 ids a request; 'v2' gives that version.

        What cannot be an id names no paper and is left out like an unknown one, without a request. One id that arXiv
        itself finds malformed makes it refuse the whole request (400): that one is taken out, or the batch is halved
        until it stands alone, so that the others are never lost.
        """
        asked: dict[str, arxiv_id.ArxivId] = {}  # by the id as arXiv wants it
        for text in ids:
            with suppress(UserError):
                parsed = arxiv_id.parse(text)
                asked[str(parsed)] = parsed
        # Two versions of one paper never share a request: what arXiv would answer is not documented.
        rounds: list[dict[str, str]] = []
        for wanted, parsed in asked.items():
            for batch in rounds:
                if parsed.base not in batch and len(batch) < IDS:
                    batch[parsed.base] = wanted
                    break
            else:
                rounds.append({parsed.base: wanted})
        found: dict[str, Paper] = {}
        for batch in rounds:
            for paper in await self._batch(list(batch.values())):
                wanted = batch.get(paper.id, "")
                if wanted and asked[wanted].version in {None, paper.version}:
                    found[wanted] = paper
        return tuple(found[wanted] for wanted in asked if wanted in found)

    async def search(self, query: str, limit: int) -> tuple[Paper, ...]:
        """Up to `limit` papers for a query in arXiv's syntax, most relevant first, at most 10,000.

        Raises UserError if arXiv cannot read the query, Later if its reply cannot be trusted.
        """
        if not query.strip():
            raise UserError("There is nothing to look for: add a word, as in ti:diffusion.")
        limit = min(limit, DEPTH)
        found: dict[str, Paper] = {}
        start = 0
        while start < limit:
            size = min(PAGE, limit - start)
            try:
                page = await self._ask({"query": query}, start, size)
            except Unreadable as error:
                said = f" ({error.said})" if error.said else ""
                raise UserError(f"arXiv cannot read this search{said}: check its quotes and parentheses.") from error
            for paper in page.papers:
                found.setdefault(paper.id, paper)
            start += len(page.papers)
            if len(page.papers) < size or start >= page.total:
                break
        return tuple(found.values())[:limit]

    # --- batches ---------------------------------------------------------------------------------------------------

    async def _batch(self, ids: list[str]) -> tuple[Paper, ...]:
        try:
            page = await self._ask({"id_list": ids}, 0, len(ids))
        except Unreadable as error:
            good = [wanted for wanted in ids if wanted not in error.said.split()]
            if len(ids) == 1 or not good:
                return ()
            if len(good) < len(ids):
                return await self._batch(good)
            middle = len(ids) // 2
            return await self._batch(ids[:middle]) + await self._batch(ids[middle:])
        if page.total > len(page.papers):
            raise Later(f"arXiv sent {len(page.papers)} of {page.total} papers: it is asked again later.")
        return page.papers

    # --- one request -----------------------------------------------------------------------------------------------

    async def _ask(self, search: dict[str, Any], start: int, size: int) -> _Page:
        """Make one request through the gate; raises Later, having held the gate if arXiv asked for a pause."""
        async with self._line:
            if "arxiv" not in sys.modules:  # before the slot is taken: one that leaves late has the next too close
                await asyncio.to_thread(importlib.import_module, "arxiv")
            await self._gate.take("arxiv", RATE, patience=PATIENCE)
            cord = Cord()
            work = _alone(lambda: self._page(search, start, size, cord))
            work.add_done_callback(_retrieve)
            try:
                # The loop's own time, not the Clock's: it is a socket that is waited for here, not a simulated day.
                await asyncio.wait({work}, timeout=self._timeout)
            finally:
                if not work.done():
                    cord.pull()  # ends the worker within milliseconds, unless it is still looking up a name:
                    await asyncio.wait({work}, timeout=1.0)  # then it goes on alone, and will find its cord pulled
            if cord.pulled:
                raise Later(f"arXiv did not answer within {self._timeout:g} seconds: it is asked again later.")
            try:
                return work.result()
            except Later as error:
                if error.wait:
                    await self._gate.hold("arxiv", error.wait)
                raise

    def _page(self, search: dict[str, Any], start: int, size: int, cord: Cord) -> _Page:
        """Ask for one page with the package, in a worker thread."""
        import arxiv  # type: ignore[import-untyped]  # ships no types
        import requests
        import urllib3

        # a second more than the deadline, so that the deadline is what ends a request, in its own words
        adapter = wire(self._query_url, self._agent, self._timeout + 1, cord, self._clock.now())
        # A client per request: nothing to close at the end, no connection that went stale during the gate's pause.
        client = arxiv.Client(page_size=size, delay_seconds=0, num_retries=0)
        client.query_url_format = self._query_url.replace("{", "{{").replace("}", "}}") + "?{}"
        # The package has no setting for timeout, headers or status. Its session is the one private name used here; an
        # adapter is how requests itself is extended, and needs neither a patch nor a copy of the package's code.
        session: requests.Session = client._session  # noqa: SLF001
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        asked = arxiv.Search(**search, max_results=start + size, sort_by=arxiv.SortCriterion.Relevance)
        papers: list[Paper] = []
        try:
            for result in client.results(asked, offset=start):
                papers.append(_paper(result))
                if len(papers) == adapter.entries:
                    break  # before the package asks for the next page by itself, past the gate
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Later(f"arXiv could not be reached ({type(error).__name__}): it is asked again later.") from error
        except (arxiv.ArxivError, ValueError, TypeError, AttributeError) as error:
            raise Later("arXiv's reply holds a paper that cannot be read: it is asked again later.") from error
        finally:
            session.close()
            cord.close()
        self.ahead = adapter.ahead
        if adapter.start != start:
            raise Later("arXiv answered with another page than the one asked for: it is asked again later.")
        if not papers and adapter.total > start:
            raise Later(f"arXiv says it has {adapter.total} papers but sent none: it is asked again later.")
        return _Page(tuple(papers), adapter.total)


def _alone(ask: Callable[[], _Page]) -> "asyncio.Future[_Page]":
    """Run `ask` in a thread that nobody waits for at the end: a name that is looked up for ever holds up no stop."""
    loop = asyncio.get_running_loop()
    work: asyncio.Future[_Page] = loop.create_future()

    def end(page: _Page | None, error: BaseException | None) -> None:
        if not work.done():
            if page is not None:
                work.set_result(page)
            elif error is not None:
                work.set_exception(error)

    def run() -> None:
        page: _Page | None = None
        error: BaseException | None = None
        try:
            page = ask()
        except BaseException as problem:  # noqa: BLE001 - whoever waits gets it
            error = problem
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(end, page, error)

    threading.Thread(target=run, name="arxiv", daemon=True).start()
    return work


def _retrieve(work: "asyncio.Future[_Page]") -> None:
    if not work.cancelled():
        work.exception()  # a worker that was given up may fail unheard


# --- from the package's words to ours -----------------------------------------------------------------------------


def _paper(result: Any) -> Paper:
    id_ = _ENTRY.fullmatch(result.entry_id)
    if not id_:
        raise ValueError(result.entry_id)
    return Paper(
        id=(id_["archive"] or "") + id_["number"],  # 'math.CA/0611800' is 'math/0611800'
        version=int(id_["version"] or 1),
        title=fold(result.title),
        abstract=paragraphs(result.summary),
        authors=tuple(name for author in result.authors if (name := fold(author.name))),
        categories=categories(" ".join((result.primary_category, *result.categories))),
        published=round(result.published.timestamp() * 1000),
        updated=round(result.updated.timestamp() * 1000),
        comment=fold(result.comment),
        journal_ref=fold(result.journal_ref),
        doi=fold(result.doi),
    )
