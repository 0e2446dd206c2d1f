"""A loopback arXiv that serves /html/IDvN and /pdf/IDvN beside its query API, and fails in the ways of file servers.

Invariants: one address and one record of requests for files and API together; a paper without a page is 404 with
arXiv's words; a fault is served as often as it was asked for, then the files again.
"""

import asyncio
import time
from dataclasses import dataclass
from typing import Final, Literal

from aiohttp import web

from tests.fakes.arxiv_server import RAW, ArxivServer, Fault, Seen
from tests.fakes.arxiv_server import Kind as ApiKind

Kind = Literal[
    ApiKind,
    "excuse",  # 200, text/html: a page of arXiv's that says sorry
    "wrong_type",  # 200, the right file as image/png
    "huge",  # 200, Content-Length of 60 MB, nothing comes
    "endless",  # 200, chunks without end
    "moved",  # 301 to the same file under another path of ours
    "circle",  # 301 to itself
    "elsewhere",  # 302 to `location`
]
_OURS: Final = {"excuse", "wrong_type", "huge", "endless", "moved", "circle", "elsewhere", "rate", "truncated"}
NONE: Final = (
    "<!DOCTYPE html><html><head><title>arXiv</title></head><body><h1>No HTML for '{}'</h1>"
    "<p>HTML is not available for the source.</p></body></html>"
)


@dataclass
class File:
    """What a path brings."""

    body: bytes
    type: str = "text/html"


class FilesServer(ArxivServer):
    """An async context manager; `files` maps paths ('/html/2411.00001v1') to what they bring."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, File] = {}
        self.most = 0  # requests in flight together

    @property
    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [seen.query.get("path", "/api/query") for seen in self.seen]

    def spoil(self, kind: Kind, times: int = 1, *, after: int = 0, status: int = 200, **headers: str) -> None:
        """Spoil the next `times` requests for files; see ArxivServer.fault."""
        self.fault(kind, times, after=after, status=status, **headers)  # type: ignore[arg-type]  # more kinds than there

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.most = max(self.most, self._flying + 1)
        if request.path == "/api/query":
            return await super()._handle(request)
        self._flying += 1
        try:
            self.seen.append(Seen(time.monotonic(), {"path": request.path}, dict(request.headers), self._flying))
            await asyncio.sleep(self.delay)
            file = self.files.get(request.path.removeprefix("/moved"))
            fault = self._faults.pop(0) if file and self._faults else None
            if fault is None or file is None:
                return self._served(request.path, file)
            return await self._break(fault, request, file)
        finally:
            self._flying -= 1

    def _served(self, path: str, file: File | None) -> web.Response:
        if file is None:
            return web.Response(status=404, text=NONE.format(path.rpartition("/")[2]), content_type="text/html")
        return web.Response(body=file.body, headers={"Content-Type": file.type})

    async def _break(self, fault: Fault, request: web.BaseRequest, file: File) -> web.StreamResponse:
        kind: str = fault.kind
        if kind in RAW:
            await self._misbehave(fault.kind, request, file.body)
            return self._served(request.path, file)
        if kind == "huge":
            return await self._stream(request, {"Content-Length": str(60 * 2**20)}, 0)
        if kind == "endless":
            return await self._stream(request, {}, 10_000)
        where = {"moved": f"/moved{request.path}", "circle": request.path}.get(kind) or fault.headers.get(
            "location", ""
        )
        bodies = {
            "excuse": b"<html><body>Sorry</body></html>",
            "rate": b"Rate exceeded.",
            "truncated": file.body[:-900],
        }
        if kind not in _OURS:
            return web.Response(status=fault.status, headers=fault.headers)
        if kind in bodies:
            kind_of = {"excuse": "text/html", "rate": "text/plain"}.get(kind, file.type)
            return web.Response(body=bodies[kind], headers={"Content-Type": kind_of})
        if kind == "wrong_type":
            return web.Response(body=file.body, headers={"Content-Type": "image/png"})
        return web.Response(status=301, headers={"Location": where})

    async def _stream(self, request: web.BaseRequest, headers: dict[str, str], pieces: int) -> web.StreamResponse:
        reply = web.StreamResponse(headers={"Content-Type": "text/html", **headers})
        await reply.prepare(request)
        for _ in range(pieces):
            await reply.write(b"x" * 2**20)
        await asyncio.wait({asyncio.ensure_future(self._closing.wait())}, timeout=0.3)
        return reply
