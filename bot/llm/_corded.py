"""One HTTP request of `requests` that another thread can end at whatever stage it is, and that is never made twice.

`requests` is imported when the first adapter is made, not with this module.
"""

import io
import socket
import threading
from contextlib import suppress
from typing import Any

from bot.errors import Later

LARGEST = 16 * 2**20  # bytes of one answer


class Ended(Exception):  # noqa: N818 - it is no error of ours
    """The answer after which google-auth (401) or requests (a redirect) would ask again by themselves."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.headers = headers


class Cord:
    """Pull it and the request of another thread ends: its socket is shut down under it.

    A timeout of requests is one of each read: a server that sends a byte now and then outlives any of them.
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
        """End the request, now or as soon as it connects."""
        self.pulled = True
        with self._lock:
            for sock in self._held:
                with suppress(OSError):  # it may be closed by now
                    sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Forget the connections, once the request has ended."""
        with self._lock:
            while self._held:
                self._held.pop().close()


def corded(cord: Cord, whose: str) -> Any:
    """Make the transport adapter of one request; defined in here because its base class is imported late."""
    import requests
    from requests.adapters import HTTPAdapter

    class Corded(HTTPAdapter):
        def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
            pool: Any = super().get_connection_with_tls_context(*args, **kwargs)
            plain: Any = pool.ConnectionCls  # urllib3's documented place for a connection class of one's own

            def connect(connection: Any) -> socket.socket:
                sock: socket.socket = plain._new_conn(connection)  # noqa: SLF001 - as urllib3's own SOCKS does
                cord.tie(sock)
                return sock

            pool.ConnectionCls = type("Corded", (plain,), {"_new_conn": connect})
            return pool

        def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:  # type: ignore[override]
            response = super().send(request, **{**settings, "stream": True})
            body = bytearray()
            try:
                for chunk in response.raw.stream(65536, decode_content=True):
                    body.extend(chunk)
                    if len(body) > LARGEST:
                        raise Later(f"{whose} sent more than any answer needs: it is asked again later.", unsure=True)
            finally:
                response.close()
            if response.status_code in {*range(300, 400), 401}:
                raise Ended(response.status_code, dict(response.headers))
            response.raw = io.BytesIO(body)
            response.headers.pop("Content-Encoding", None)
            return response

    return Corded()
