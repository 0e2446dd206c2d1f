"""A loopback arXiv query API: `python -m tests.fakes.arxiv_server --port 0 --atom FILE` prints its address.

Invariants: its replies have the form of captured ones of 2026 (element order, http ids, itemsPerPage as asked, unknown
ids left out, HTTP 400 with an 'Error' entry for a malformed id); a fault is served as often as it was asked for, then
the archive again; every request is recorded, with how many were in flight at its arrival.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from bot.model import Paper
from tests.fakes.archive import ID, matches, newest, pick

Kind = Literal[
    "status",  # `status` with `headers`
    "rate",  # 200 'Rate exceeded.'
    "html",  # 200 and a page
    "truncated",  # the right reply, its end cut off
    "error",  # 200 and an 'Error' entry
    "empty",  # 200, the right totalResults, no entry
    "wrong_total",  # 200, one result more than there is
    "no_total",  # 200 without totalResults
    "undated",  # 200, the first entry without <published>
    "first_page",  # 200, the page that starts at 0 whatever was asked
    "twin",  # 200, the last entry of the page replaced by its first
    "short_body",  # Content-Length says more than is sent
    "stall",  # nothing at all
    "stall_body",  # headers, then nothing
    "dribble",  # headers, then a byte now and then, for ever
    "dribble_head",  # a header now and then, for ever
    "drop",  # the connection is closed without a word
]
RAW = {"stall", "stall_body", "dribble", "dribble_head", "drop", "short_body"}  # spoken below HTTP


@dataclass
class Fault:
    """What goes wrong with a request."""

    kind: Kind
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """A request as it arrived: `at` in seconds (monotonic), `together` the requests in flight, itself included."""

    at: float
    query: dict[str, str]
    headers: dict[str, str]
    together: int


class ArxivServer:
    """An async context manager; `base_url` is its address while it runs. `cap` limits the entries of a reply."""

    def __init__(
        self, papers: Iterable[Paper] = (), *, atom: bytes | None = None, cap: int = 2000, port: int = 0
    ) -> None:
        self.papers: list[Paper] = list(papers)
        self.atom = atom  # the reply to any search, verbatim
        self.cap = cap
        self.refuses: set[str] = set()  # ids that are malformed for arXiv though they look well
        self.delay = 0.0  # seconds before each answer
        self.seen: list[Seen] = []
        self.base_url = ""
        self._faults: list[Fault | None] = []
        self._port = port
        self._flying = 0
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    def fault(self, kind: Kind, times: int = 1, *, after: int = 0, status: int = 200, **headers: str) -> None:
        """Spoil the next `times` requests, once `after` others were served well; a_b in `headers` stands for a-b."""
        self._faults += [None] * after
        self._faults += [Fault(kind, status, {k.replace("_", "-"): v for k, v in headers.items()})] * times

    async def start(self) -> str:
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self.base_url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        return self.base_url

    async def stop(self) -> None:
        self._closing.set()
        if self._runner:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    # --- requests --------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._flying += 1
        try:
            query = dict(request.query)
            self.seen.append(Seen(time.monotonic(), query, dict(request.headers), self._flying))
            if request.path != "/api/query":
                return web.Response(status=404, text="Not Found")
            await asyncio.sleep(self.delay)
            fault = self._faults.pop(0) if self._faults else None
            if fault is None:
                return self._answer(query)
            return await self._spoil(fault, request, query)
        finally:
            self._flying -= 1

    def _answer(self, query: dict[str, str], fault: Kind | Literal[""] = "") -> web.Response:
        ids = [wanted for wanted in query.get("id_list", "").split(",") if wanted]
        for wanted in ids:
            if not ID.fullmatch(wanted) or wanted in self.refuses:
                return _feed_response(_error(f"incorrect id format for {wanted}"), 400)
        if self.atom is not None and not ids:
            return _feed_response(self.atom)
        search = query.get("search_query", "")
        if search.count('"') % 2 or search.count("(") != search.count(")"):
            return _feed_response(_error("malformed query"), 400)
        if ids:
            found = list(dict.fromkeys(paper for wanted in ids if (paper := pick(self.papers, wanted))))
        else:
            found = [paper for paper in newest(self.papers) if search and matches(paper, search)]
        start, most = int(query.get("start", 0)), int(query.get("max_results", 10))
        first = 0 if fault == "first_page" else start
        page = found[first : first + min(most, self.cap)]
        if fault == "twin" and page:
            page[-1] = page[0]
        return _feed_response(_feed(page, len(found) + (fault == "wrong_total"), first, most, query))

    async def _spoil(self, fault: Fault, request: web.BaseRequest, query: dict[str, str]) -> web.StreamResponse:
        if fault.kind == "status":
            return web.Response(status=fault.status, headers=fault.headers, text="")
        right = self._answer(query, fault.kind if fault.kind in {"first_page", "twin", "wrong_total"} else "")
        body = bytes(right.body) if isinstance(right.body, bytes) else b""
        if fault.kind in RAW:
            await self._misbehave(fault.kind, request, body)
            return right
        wrong = {
            "rate": b"Rate exceeded.",
            "html": b"<html><head><title>arXiv</title><body><p>Sorry<br></html>",
            "error": _error("internal error"),
            "truncated": body[: max(len(body) * 2 // 3, len(body) - 700)],
            "empty": body.split(b"  <entry>")[0].removesuffix(b"</feed>\n") + b"</feed>\n",
            "no_total": body.replace(b"opensearch:totalResults", b"opensearch:anything"),
            "undated": body.replace(b"published>", b"elsewhen>", 2),
        }
        return _feed_response(wrong[fault.kind]) if fault.kind in wrong else right

    async def _misbehave(self, kind: Kind, request: web.BaseRequest, body: bytes) -> None:
        """Speak bare bytes, below HTTP, then cut the connection."""
        wire = request.transport
        assert wire
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/atom+xml\r\n"
        if kind in {"stall_body", "dribble", "short_body"}:
            wire.write(head + b"Content-Length: %d\r\n\r\n" % len(body))
        if kind == "dribble_head":
            wire.write(head)
        if kind == "short_body":
            wire.write(body[:-100])
        count = 0
        while kind not in {"drop", "short_body"} and not self._closing.is_set() and not wire.is_closing():
            await asyncio.sleep(0.05)
            if kind == "dribble":
                wire.write(body[count : count + 1])
            if kind == "dribble_head":
                wire.write(b"X-%d: y\r\n" % count)
            count += 1
        wire.close()


# --- Atom as arXiv writes it since November 2025 ------------------------------------------------------------------


def _feed_response(body: bytes, status: int = 200) -> web.Response:
    return web.Response(status=status, body=body, content_type="application/atom+xml", charset="utf-8")


def _feed(papers: list[Paper], total: int, start: int, most: int, query: dict[str, str]) -> bytes:
    asked = "&".join(f"{name}={query.get(name, '')}" for name in ("search_query", "id_list", "start", "max_results"))
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"'
        ' xmlns="http://www.w3.org/2005/Atom">\n'
        "  <id>https://arxiv.org/api/0000</id>\n"
        f"  <title>arXiv Query: {escape(asked)}</title>\n"
        "  <updated>2026-04-12T22:09:26Z</updated>\n"
        f"  <opensearch:itemsPerPage>{most}</opensearch:itemsPerPage>\n"
        f"  <opensearch:totalResults>{total}</opensearch:totalResults>\n"
        f"  <opensearch:startIndex>{start}</opensearch:startIndex>\n" + "".join(map(_entry, papers)) + "</feed>\n"
    ).encode()


def _entry(paper: Paper) -> str:
    name = f"{paper.id}v{paper.version}"
    rows = [
        f"<id>http://arxiv.org/abs/{name}</id>",
        f"<title>{escape(paper.title)}</title>",
        f"<updated>{_time(paper.updated)}</updated>",
        f'<link href="https://arxiv.org/abs/{name}" rel="alternate" type="text/html"/>',
        f'<link href="https://arxiv.org/pdf/{name}" rel="related" type="application/pdf" title="pdf"/>',
        "<summary>" + escape(paper.abstract.replace("\n", "\n  ")) + "</summary>",
        *(f'<category term={quoteattr(c)} scheme="http://arxiv.org/schemas/atom"/>' for c in paper.categories),
        f"<published>{_time(paper.published)}</published>",
        f"<arxiv:comment>{escape(paper.comment)}</arxiv:comment>" if paper.comment else "",
        f"<arxiv:primary_category term={quoteattr(paper.categories[0])}/>",
        f"<arxiv:journal_ref>{escape(paper.journal_ref)}</arxiv:journal_ref>" if paper.journal_ref else "",
        *(f"<author>\n      <name>{escape(author)}</name>\n    </author>" for author in paper.authors),
        f"<arxiv:doi>{escape(paper.doi)}</arxiv:doi>" if paper.doi else "",
    ]
    return "  <entry>\n" + "".join(f"    {row}\n" for row in rows if row) + "  </entry>\n"


def _error(said: str) -> bytes:
    link = "https://arxiv.org/api/errors#" + said.replace(" ", "_")
    return (
        "<?xml version='1.0' encoding='UTF-8'?>\n"
        '<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/" xmlns:arxiv="http://arxiv.org/schemas/atom"'
        ' xmlns="http://www.w3.org/2005/Atom">\n'
        "  <id>https://arxiv.org/</id>\n  <title>arXiv Search Results</title>\n"
        "  <updated>2026-04-12T22:59:06Z</updated>\n  <opensearch:itemsPerPage>1</opensearch:itemsPerPage>\n"
        "  <opensearch:totalResults>1</opensearch:totalResults>\n  <opensearch:startIndex>0</opensearch:startIndex>\n"
        f"  <entry>\n    <id>{escape(link)}</id>\n    <title>Error</title>\n"
        f"    <updated>2026-04-12T22:59:06Z</updated>\n    <summary>{escape(said)}</summary>\n"
        "    <author>\n      <name>arXiv api core</name>\n    </author>\n  </entry>\n</feed>\n"
    ).encode()


def _time(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _serve(port: int, atom: bytes | None) -> None:
    async with ArxivServer(atom=atom, port=port) as server:
        print(server.base_url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--atom", type=Path, help="an Atom file that answers every search")
    options = parser.parse_args()
    try:
        asyncio.run(_serve(options.port, options.atom.read_bytes() if options.atom else None))
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
