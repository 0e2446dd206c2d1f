"""How one request to arXiv travels for the `arxiv` package, and what of its replies may pass for an answer.

Invariants: a reply is let through only as HTTP 200 with a whole Atom feed that says how many results there are; all
else is `Later`. One adapter carries one request: no retry, no redirect, no second page. A request can be ended from
another thread at whatever stage it is. `requests` is imported when the first adapter is made, not with this module.
"""

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from bot.errors import Later

LARGEST = 64 * 2**20  # bytes of one reply; 2,000 entries are about 6 MB
LONGEST_HOLD = 86_400.0  # seconds; a Retry-After beyond a day is a mistake of the other side
AFTER_403 = 3600.0  # seconds; going on after a 403 "will be interpreted as an attack" (arXiv's robots page)

_OK, _BAD_REQUEST, _FORBIDDEN, _TOO_MANY, _UNAVAILABLE = 200, 400, 403, 429, 503
_ATOM = "{http://www.w3.org/2005/Atom}"
_OPENSEARCH = "{http://a9.com/-/spec/opensearch/1.1/}"


class Unreadable(Later):
    """HTTP 400: arXiv understood that it did not understand. `said` is its own explanation."""

    def __init__(self, said: str) -> None:
        super().__init__(f"arXiv could not read this request ({said or 'HTTP 400'}): it is asked again later.")
        self.said = said


class Cord:
    """Pull it and the request of another thread ends: its socket is shut down under it, at whatever stage it is.

    A timeout of requests is one of each read: a server that sends a byte now and then, in its headers or in its
    body, outlives any of them.
    """

    def __init__(self) -> None:
        self.pulled = False
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []

    def tie(self, sock: socket.socket) -> None:
        """Remember a new connection. A copy of it, since TLS takes the original away."""
        with self._lock:
            self._held.append(socket.fromfd(sock.fileno(), sock.family, sock.type))
        if self.pulled:
            self.pull()

    def pull(self) -> None:
        self.pulled = True
        with self._lock:
            for sock in self._held:
                with suppress(OSError):  # it may be closed by now
                    sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            while self._held:
                self._held.pop().close()


def wire(query_url: str, agent: str, timeout: float, cord: Cord, now: int) -> Any:
    """Make the adapter that carries one request for the package, and lets only a trustworthy feed through to it.

    Defined in here because its base class must not be imported with this module.
    """
    import io

    import requests
    from requests.adapters import HTTPAdapter

    class Wire(HTTPAdapter):
        asked = False
        entries = total = start = 0
        ahead: float | None = None  # seconds that our clock is ahead of theirs

        def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
            pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
            plain: Any = pool.ConnectionCls  # urllib3's documented place for a connection class of one's own

            def connect(connection: Any) -> socket.socket:
                sock: socket.socket = plain._new_conn(connection)  # noqa: SLF001 - as urllib3's own SOCKS does
                cord.tie(sock)
                return sock

            pool.ConnectionCls = type("Corded", (plain,), {"_new_conn": connect})
            return pool

        def send(self, request: requests.PreparedRequest, *_: Any, **settings: Any) -> requests.Response:
            if self.asked:
                raise Later("arXiv's reply holds an entry that is no paper: it is asked again later.")
            self.asked = True
            request.headers["User-Agent"] = agent
            response = super().send(request, **{**settings, "stream": True, "timeout": timeout})
            try:
                body = bytearray()
                for chunk in response.raw.stream(65536, decode_content=True):
                    body.extend(chunk)
                    if len(body) > LARGEST:
                        raise Later("arXiv's reply is larger than any page of papers: it is asked again later.")
            finally:
                response.close()
            check_status(query_url, response.status_code, dict(response.headers), bytes(body), now)
            self.ahead = ahead(response.headers, now)
            self.total, self.start, self.entries = check_feed(bytes(body))
            response.raw = io.BytesIO(body)
            response.headers.pop("Content-Encoding", None)
            return response

    return Wire()


# --- what may pass for an answer ----------------------------------------------------------------------------------


def check_status(query_url: str, status: int, headers: dict[str, str], body: bytes, now: int) -> None:
    """Let HTTP 200 pass; raises Later otherwise, with the pause that the other side asked for."""
    if status == _OK:
        return
    fields = {name.lower(): value for name, value in headers.items()}
    if status == _BAD_REQUEST:
        raise Unreadable(_error_entry(_parse(body)))
    if status in {_TOO_MANY, _UNAVAILABLE}:
        wait = retry_after(fields.get("retry-after", ""), fields.get("date", ""), now)
        pause = "later" if wait is None else f"in {wait:g} seconds"
        said = "arXiv asks for fewer requests" if status == _TOO_MANY else "arXiv is not available"
        raise Later(f"{said} (HTTP {status}): it is asked again {pause}.", wait=wait)
    if status == _FORBIDDEN:
        raise Later(
            "arXiv refuses this address (HTTP 403): it is asked again in an hour; write to arXiv if it goes on.",
            wait=AFTER_403,
        )
    if status in range(300, 400):
        target = urlsplit(fields.get("location", ""))
        elsewhere = f"{target.scheme}://{target.netloc}" if target.netloc else "another page"
        raise Later(
            f"{query_url} sends us on to {elsewhere}, which is not followed: check the address of the arXiv API."
        )
    raise Later(f"arXiv answered with an error (HTTP {status}): it is asked again later.")


def check_feed(body: bytes) -> tuple[int, int, int]:
    """Return (total results, index of the first entry, entries); raises Later unless `body` is a whole Atom feed."""
    root = _parse(body)
    if root is None or root.tag != f"{_ATOM}feed":
        if b"rate exceeded" in body[:200].lower():
            raise Later("arXiv says 'Rate exceeded.' instead of naming papers: it is asked again later.")
        raise Later("arXiv's reply is no complete list of papers: it is asked again later.")
    if said := _error_entry(root):
        raise Later(f"arXiv reports an error ({said}): it is asked again later.")
    total = root.findtext(f"{_OPENSEARCH}totalResults", "").strip()
    start = root.findtext(f"{_OPENSEARCH}startIndex", "").strip()
    if not (total.isascii() and total.isdigit() and start.isascii() and start.isdigit()):
        raise Later("arXiv's reply does not say how many papers there are: it is asked again later.")
    return int(total), int(start), len(root.findall(f"{_ATOM}entry"))


def _error_entry(root: ET.Element | None) -> str:
    """Return what an Atom 'Error' entry says; such a one has an id under /api/errors and no date of publication."""
    for entry in () if root is None else root.iterfind(f"{_ATOM}entry"):
        title = " ".join(entry.findtext(f"{_ATOM}title", "").split())
        undated = entry.find(f"{_ATOM}published") is None
        if "/api/errors" in entry.findtext(f"{_ATOM}id", "") or (title == "Error" and undated):
            return " ".join(entry.findtext(f"{_ATOM}summary", "").split())[:200] or "no reason given"
    return ""


def _parse(body: bytes) -> ET.Element | None:
    # No feed of arXiv declares entities; without a declaration there is none to expand.
    if b"<!DOCTYPE" in body:
        return None
    try:
        return ET.fromstring(body)  # noqa: S314
    except (ET.ParseError, ValueError, LookupError):  # the last two: an encoding nobody knows
        return None


def ahead(headers: Mapping[str, str], now: int) -> float | None:
    """Seconds that `now` (ms) is ahead of a reply's Date and Age headers; None if they say nothing."""
    try:
        there = parsedate_to_datetime(headers["Date"]).timestamp() + int(headers.get("Age", "0"))
    except (KeyError, ValueError, TypeError):
        return None
    return now / 1000 - there


def retry_after(value: str, date: str, now: int) -> float | None:
    """Seconds of a Retry-After header (RFC 9110 §10.2.3: seconds or an HTTP date), at most a day; None if it has none.

    A date is counted from the reply's own Date header, so that our clock need not be right; `now` (ms) serves without.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST_HOLD)
    try:
        until = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    here = datetime.fromtimestamp(now / 1000, UTC)
    with suppress(ValueError, TypeError):
        here = parsedate_to_datetime(date)
    gap = until.replace(tzinfo=until.tzinfo or UTC) - here.replace(tzinfo=here.tzinfo or UTC)
    return min(max(gap.total_seconds(), 0.0), LONGEST_HOLD)
