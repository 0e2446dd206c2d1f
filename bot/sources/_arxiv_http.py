"""How one request to arXiv travels: a plain GET that brings a whole XML document, or a whole file, or is `Later`.

Invariants:

- One request is in flight and one leaves per 3 s, of all sources that share a gate (`_arxiv_line`).
- Nothing but HTTP 200 with a whole document of the expected root, without a DTD, is ever an answer: an HTML page, the
  body 'Rate exceeded.', a reply that breaks off or grows beyond 64 MB never looks like a short list. What a file
  is, `arxiv_files` judges.
- A request ends within `timeout` seconds in total, at once when its task is cancelled, and after 30 s of silence when
  somebody else waits in the line. No retry, no redirect.

httpx (it comes with python-telegram-bot) is imported, and certificates are read, in a thread at the first request.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.parsers import expat

from bot import __version__
from bot.errors import ConfigError, Later, Refused
from bot.sources._arxiv_line import PATIENCE, RATE, line
from bot.sources._arxiv_wire import LARGEST, ahead, check_status

if TYPE_CHECKING:
    import httpx

    from bot.ports import Clock, Gate

YIELD = 30.0  # seconds of silence after which a request gives way to whoever waits
_EXCUSE = 65_536  # bytes that are read of a reply that is none
_HEAD = 200  # bytes of it that show what it is
_STEP = 65_536  # bytes that are read at a time, so that other threads have their turn
_OK = 200
_BUSY = frozenset({429, 503})
_PAUSE = "60"  # seconds before a file is asked for again, where arXiv is busy and does not say for how long
FOUND = frozenset({_OK, 301, 302, 303, 307, 308, 404, 410})


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Whole:
    """Reads along while a document arrives, and says whether it is the right one and came to its end.

    It keeps nothing of the text. `root` is an element's name, with its namespace and a blank before it if it has one.
    """

    def __init__(self, root: str) -> None:
        self._root = root
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._first
        self.broken = False

    def feed(self, chunk: bytes, *, final: bool = False) -> None:
        if not self.broken:
            try:
                self._parser.Parse(chunk, final)
            except (expat.ExpatError, ValueError, LookupError):  # the last two: an encoding nobody knows
                self.broken = True

    def _first(self, name: str, _: Mapping[str, str]) -> None:
        self._parser.StartElementHandler = None
        if name != self._root:
            raise ValueError(name)

    def _doctype(self, *_: object) -> None:
        raise ValueError("no list of arXiv has a DTD")


class Http:
    """Carries requests to the service at `base_url`; see the module.

    `contact` is an address that arXiv's staff can write to, `timeout` is in seconds for one whole request. Raises
    ConfigError if one of them cannot be used.
    """

    def __init__(self, *, gate: "Gate", clock: "Clock", base_url: str, contact: str, timeout: float) -> None:
        self.base_url = check_address(base_url)
        self._gate, self._clock = gate, clock
        self._agent = agent(contact)
        self._timeout = timeout
        self._line = line(gate)
        self._trust: ssl.SSLContext | None = None
        self._heard = 0.0  # the loop's time when the last byte came
        self.ahead: float | None = None  # seconds that our clock is ahead of theirs

    async def get(
        self,
        path: str,
        *,
        root: str,
        headers: Mapping[str, str] | None = None,
        also: frozenset[int] = frozenset(),
    ) -> Reply:
        """Ask for `path` (what follows `base_url`) and return HTTP 200 with a whole `root`, or a status in `also`.

        Raises Later, having held the gate for all if arXiv asked for a pause.
        """
        receive = partial(self._receive, root=root)
        return await self._paced(
            partial(self._ask, url=self.base_url + path, headers=dict(headers or {}), also=also, receive=receive)
        )

    async def file(self, url: str, *, accept: str, largest: int) -> Reply:
        """Ask for a whole address and return HTTP 200 with at most `largest` bytes, or a redirect, or 404 or 410.

        Raises Later as `get` does, after a pause of a minute for all if arXiv is busy, and Refused for what is larger.
        """
        receive = partial(self._file, largest=largest)
        return await self._paced(partial(self._ask, url=url, headers={"Accept": accept}, also=FOUND, receive=receive))

    async def _paced(self, work: "Callable[[httpx.AsyncClient], Coroutine[Any, Any, Reply]]") -> Reply:
        async with self._line:
            # Before the slot is taken: a request that leaves late in its slot has the next one too close behind it.
            client = await asyncio.to_thread(self._client)
            await self._gate.take("arxiv", RATE, patience=PATIENCE)
            try:
                return await self._in_time(work(client))
            except Later as error:
                if error.wait:
                    await self._gate.hold("arxiv", error.wait)
                raise

    async def _in_time(self, asking: Coroutine[Any, Any, Reply]) -> Reply:
        # The loop's own time, not the Clock's: it is a socket that is waited for here, not a simulated day.
        loop = asyncio.get_running_loop()
        self._heard = begun = loop.time()
        work: asyncio.Task[Reply] = loop.create_task(asking)
        try:
            while not work.done():
                now = loop.time()
                if now - begun >= self._timeout:
                    raise Later(f"arXiv did not answer within {self._timeout:g} seconds: it is asked again later.")
                if now - self._heard >= YIELD and self._line.waiting:
                    raise Later(
                        f"arXiv was silent for {YIELD:g} seconds while somebody waited: it is asked again later."
                    )
                await asyncio.wait({work}, timeout=min(begun + self._timeout - now, YIELD / 4, 1.0))
        finally:
            if not work.done():
                work.cancel()
                await asyncio.wait({work}, timeout=1.0)
            if work.done() and not work.cancelled():
                work.exception()  # one that was given up may fail unheard
        return work.result()

    async def _ask(
        self,
        client: "httpx.AsyncClient",
        url: str,
        headers: dict[str, str],
        also: frozenset[int],
        receive: "Callable[[httpx.Response], Awaitable[Reply]]",
    ) -> Reply:
        import httpx

        opened: list[Any] = []

        async def trace(event: str, said: Mapping[str, Any]) -> None:
            if event == "connection.connect_tcp.complete":
                opened.append(said["return_value"])

        try:
            # A client per request: nothing to close at the end, no connection that went stale in the gate's pause.
            async with client, client.stream("GET", url, headers=headers, extensions={"trace": trace}) as response:
                reply = await receive(response)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            raise Later(f"arXiv could not be reached ({type(error).__name__}): it is asked again later.") from error
        finally:
            for stream in opened:  # httpx forgets the one whose TLS handshake is cancelled: it would stay open
                with suppress(OSError):
                    await stream.aclose()
        if reply.status not in also:
            check_status(url.partition("?")[0], reply.status, dict(reply.headers), reply.body, self._clock.now())
            self.ahead = ahead(response.headers, self._clock.now())
        return reply

    async def _receive(self, response: "httpx.Response", root: str) -> Reply:
        loop = asyncio.get_running_loop()
        body, whole = bytearray(), Whole(root)
        whole.broken = response.status_code != _OK  # then its text is only an excuse
        async for chunk in response.aiter_bytes():
            self._heard = loop.time()
            whole.feed(chunk)
            body.extend(chunk)
            if whole.broken and len(body) > _EXCUSE:
                break
            if len(body) > LARGEST:
                raise Later("arXiv's reply is larger than any page of papers: it is asked again later.")
        else:
            whole.feed(b"", final=True)
        if response.status_code == _OK and whole.broken:
            raise _no_answer(bytes(body[:_HEAD]))
        return Reply(response.status_code, dict(response.headers), bytes(body))

    async def _file(self, response: "httpx.Response", largest: int) -> Reply:
        loop = asyncio.get_running_loop()
        headers, body = dict(response.headers), bytearray()
        good = response.status_code == _OK
        told = headers.get("content-length", "")
        if good and told.isascii() and told.isdigit() and int(told) > largest:
            raise Refused(_too_large(largest))
        async for chunk in response.aiter_bytes():
            self._heard = loop.time()
            body.extend(chunk)
            if not good and len(body) > _EXCUSE:
                break
            if len(body) > largest:
                raise Refused(_too_large(largest))
        if response.status_code in _BUSY:
            headers.setdefault("retry-after", _PAUSE)
        return Reply(response.status_code, headers, bytes(body))

    def _client(self) -> "httpx.AsyncClient":
        """Import httpx and make a client for one request; blocks."""
        try:
            import httpx
        except ImportError:
            raise ConfigError("The package httpx is missing: pip install httpx.") from None
        if self._trust is None:
            # A server next door without TLS needs no certificates read
            secure = self.base_url.startswith("https")
            self._trust = httpx.create_ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        names = {"User-Agent": self._agent, "Accept-Encoding": "gzip", "Accept": "application/xml, text/xml, */*"}
        return httpx.AsyncClient(verify=self._trust, headers=names, timeout=None)  # noqa: S113 - see _in_time


def check_address(base_url: str) -> str:
    """Return a service's address without a slash at its end; raises ConfigError if it is none."""
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"{base_url!r} is no web address of arXiv: leave it out, or name one with https://.")
    return base_url.rstrip("/")


def agent(contact: str) -> str:
    """Return how we name ourselves to arXiv; raises ConfigError if `contact` cannot stand in a header."""
    if not contact.isascii() or not contact.isprintable():
        raise ConfigError("The contact for arXiv must be one line of plain ASCII, as an email address or a link is.")
    return f"Paperboy/{__version__} (+{contact.strip() or 'paperboy-digests'})"


def _too_large(largest: int) -> str:
    return f"This file of arXiv's is larger than {largest // 2**20} MB: it is not read, see the paper's own page."


def _no_answer(head: bytes) -> Later:
    """Say what came under HTTP 200 in place of a list; `head` is its beginning."""
    seen = head.lower()
    if b"rate exceeded" in seen:
        return Later("arXiv says 'Rate exceeded.' instead of naming papers: it is asked again later.")
    if not seen.strip():
        return Later("arXiv's reply is empty: it is asked again later.")
    if b"<html" in seen or b"<!doctype" in seen:
        return Later("arXiv sent a web page instead of naming papers: it is asked again later.")
    return Later("arXiv's reply is no complete list of papers: it is asked again later.")


def check_document(raw: bytes, root: str) -> None:
    """Raise Later unless `raw` is a whole document under `root`, without a DTD: no parser of it can be made to work."""
    whole = Whole(root)
    for start in range(0, len(raw), _STEP):
        whole.feed(raw[start : start + _STEP])
    whole.feed(b"", final=True)
    if whole.broken:
        raise _no_answer(raw[:_HEAD])
