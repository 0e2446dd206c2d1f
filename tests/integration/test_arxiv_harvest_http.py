"""`ArxivOai.page` and `ArxivRss.feed` against a loopback server that misbehaves in every way that arXiv was seen to."""

import asyncio
import gzip
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

import pytest

from bot import __version__
from bot.errors import ConfigError, Later
from bot.model import Rate
from bot.ports import Gate
from bot.sources import _arxiv_http
from bot.sources._arxiv_wire import Unreadable
from bot.sources.arxiv_api import ArxivApi
from bot.sources.arxiv_oai import ArxivOai, read
from bot.sources.arxiv_rss import GROUPS, ArxivRss
from bot.store.store import Store
from tests.fakes.ports import OpenGate, SteppedClock
from tests.unit.test_arxiv_oai import page, record
from tests.unit.test_arxiv_rss import feed, item

pytestmark = pytest.mark.integration
GOOD = {"page": page(record()), "feed": feed(item())}
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom" xmlns:o="http://a9.com/-/spec/opensearch/1.1/">
<o:totalResults>0</o:totalResults><o:startIndex>0</o:startIndex></feed>"""
CALLS = pytest.mark.parametrize("call", ["page", "feed"])
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


def whole(body: bytes, status: int = 200, **headers: str) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        fields = {"Content-Length": str(len(body)), "Connection": "close", **headers}
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in fields.items())
        writer.write(f"HTTP/1.1 {status} Said\r\n{lines}\r\n".encode() + body)
        await writer.drain()

    return answer


def dribbled(*pieces: bytes, pause: float = 0.05, times: int = 400) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        for piece in (*pieces[:-1], *pieces[-1:] * times):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return answer


class Server:
    """Answers each request with the next of `answers`, the last one for ever, and remembers what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.at: list[int] = []
        self.together = self.most = 0
        self.clock = SteppedClock()
        self.gate: Gate = OpenGate()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base_url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/oai"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.together += 1
        self.most = max(self.most, self.together)
        try:
            first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().splitlines()
            self.asked.append((first.split()[1], dict(line.lower().split(": ", 1) for line in lines)))
            self.at.append(self.clock.now())
            await (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # they hung up, or the test is over
        finally:
            self.together -= 1
            writer.close()

    def call(self, name: str, *, timeout: float = 5.0, **said: str) -> Awaitable[Any]:
        made = {"gate": self.gate, "clock": self.clock, "base_url": self.base_url, "contact": "paper@boy.org"}
        if name == "page":
            return ArxivOai(**made, timeout=timeout).page("2026-06-01", **said)  # type: ignore[arg-type]
        return ArxivRss(**made, timeout=timeout).feed("cs.CL+math-ph", **said)  # type: ignore[arg-type]


def run(body: Callable[[Server], Awaitable[None]], *answers: Answer) -> None:
    async def go() -> None:
        async with Server(*answers) as server:
            await body(server)
            if isinstance(server.gate, OpenGate):
                assert server.gate.takes == [("arxiv", Rate(every=3100))] * len(server.asked)

    asyncio.run(go())


def later(call: str, why: str, *answers: Answer, timeout: float = 5.0) -> None:
    async def body(server: Server) -> None:
        with pytest.raises(Later, match=why) as caught:
            await server.call(call, timeout=timeout)
        assert re.fullmatch(r"\w.*(: .+|, which .+)\.", str(caught.value))
        assert len(server.asked) == 1
        assert isinstance(server.gate, OpenGate)
        assert server.gate.holds == []

    run(body, *answers)


# --- what is asked ------------------------------------------------------------------------------------------------


def test_the_first_page_names_a_day_and_a_form_and_the_next_one_nothing_but_its_token() -> None:
    async def body(server: Server) -> None:
        assert await server.call("page") == GOOD["page"]
        await server.call("page", prefix="arXiv")
        await server.call("page", token="verb%3DListRecords%26skip%3D1 é+")
        asked = [dict(parse_qsl(urlsplit(path).query)) for path, _ in server.asked]
        assert asked == [
            {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": "2026-06-01"},
            {"verb": "ListRecords", "metadataPrefix": "arXiv", "from": "2026-06-01"},
            {"verb": "ListRecords", "resumptionToken": "verb%3DListRecords%26skip%3D1 é+"},
        ]
        with pytest.raises(ValueError, match="YYYY-MM-DD"):
            await ArxivOai(gate=OpenGate(), clock=SteppedClock(), contact="").page("1 June")

    run(body, whole(GOOD["page"]))


def test_a_feed_is_asked_by_its_group_and_knows_the_one_before() -> None:
    async def body(server: Server) -> None:
        found = await server.call("feed")
        assert (found.etag, [each.id for each in found.items]) == ('W/"a1"', ["2609.00001"])
        assert await server.call("feed", etag=found.etag) is None
        assert [fields.get("if-none-match", "") for _, fields in server.asked] == ["", 'w/"a1"']
        assert {path for path, _ in server.asked} == {"/oai/cs.CL+math-ph"}
        with pytest.raises(Later):
            await server.call("feed")  # 304 for a feed that we do not have
        assert (await server.call("feed", etag="bad\r\nvalue")).items

    run(body, whole(GOOD["feed"], ETag='W/"a1"'), whole(b"", 304), whole(b"", 304), whole(GOOD["feed"]))


@CALLS
def test_requests_name_us_and_a_contact_and_a_reply_may_be_compressed(call: str) -> None:
    async def body(server: Server) -> None:
        assert await server.call(call)
        assert server.asked[0][1]["user-agent"] == f"paperboy/{__version__} (+paper@boy.org)"

    run(body, whole(gzip.compress(GOOD[call]), Content_Encoding="gzip"))


@pytest.mark.parametrize(
    "said", [{"base_url": "oaipmh.arxiv.org"}, {"base_url": "https://a.b/?x=1"}, {"contact": "a\nb"}]
)
@pytest.mark.parametrize("made", [ArxivOai, ArxivRss])
def test_an_address_or_a_contact_that_cannot_be_used(made: Any, said: dict[str, str]) -> None:
    with pytest.raises(ConfigError):
        made(**{"gate": OpenGate(), "clock": SteppedClock(), "contact": "", **said})


# --- replies that are none ----------------------------------------------------------------------------------------

BROKEN = {
    "rate": (b"Rate exceeded.", "Rate exceeded"),
    "html": (b"<html><body>Please wait</body></html>", "web page"),
    "html5": (b"<!DOCTYPE html>\n<title>Busy</title>", "web page"),
    "empty": (b"", "empty"),
    "blank": (b" \n", "empty"),
    "text": (b"upstream connect error", "no complete list"),
    "json": (b'{"records": []}', "no complete list"),
    "atom": (b'<feed xmlns="http://www.w3.org/2005/Atom"/>', "no complete list"),
    "zeros": (b"\0" * 100_000, "no complete list"),
}


@CALLS
@pytest.mark.parametrize("kind", BROKEN)
def test_another_thing_under_http_200_is_later(kind: str, call: str) -> None:
    later(call, BROKEN[kind][1], whole(BROKEN[kind][0], Content_Type="text/xml"))


@CALLS
def test_a_document_that_breaks_off_or_is_another_one_is_later(call: str) -> None:
    later(call, "no complete list", whole(GOOD["feed" if call == "page" else "page"]))
    for share in (0.1, 0.5, 0.99):
        later(call, "no complete list", whole(GOOD[call][: int(len(GOOD[call]) * share)]))


@CALLS
def test_a_document_with_entities_is_later(call: str) -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    later(call, "web page|no complete list", whole(GOOD[call].replace(b"?>", b"?>" + bomb, 1)))


@CALLS
def test_a_connection_that_drops_is_later(call: str) -> None:
    async def drop(writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    later(call, "could not be reached", drop)
    later(call, "could not be reached", whole(GOOD[call], Content_Length="100000"))
    later(call, "could not be reached", whole(b"20\r\n<OAI", Transfer_Encoding="chunked", Content_Length=""))
    later(call, "could not be reached", whole(b"not gzip", Content_Encoding="gzip"))


@CALLS
def test_a_reply_larger_than_any_list_is_later(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_arxiv_http, "LARGEST", 100_000)
    later(call, "larger than", dribbled(b"HTTP/1.1 200 OK\r\n\r\n" + GOOD[call][:200], b" " * 9000, pause=0))


@CALLS
@pytest.mark.parametrize("status", [301, 404, 410, 418, 500, 502, 504])
def test_any_other_status_is_later(status: int, call: str) -> None:
    later(call, r"HTTP \d+|sends us on", whole(GOOD[call], status))


@CALLS
def test_a_redirect_is_not_followed_and_says_where_to(call: str) -> None:
    later(call, r"https://elsewhere\.example", whole(b"", 302, Location="https://elsewhere.example/oai"))


def test_a_feed_that_explains_a_400() -> None:
    async def body(server: Server) -> None:
        with pytest.raises(Unreadable, match="Bad subject class 'ZZ'"):
            await server.call("feed")
        with pytest.raises(Unreadable, match="HTTP 400"):
            await server.call("feed")

    bad = feed().replace(b"cs.CL updates on the arXiv.org e-print archive", b"Bad subject class 'ZZ'")
    run(body, whole(bad, 400), whole(b"Bad Request", 400))


@CALLS
@pytest.mark.parametrize("status", [403, 429, 503])
@pytest.mark.parametrize("value", ["120", "Mon, 01 Jun 2026 00:02:00 GMT"])
def test_a_pause_that_arxiv_asks_for_holds_the_gate_for_everybody(call: str, status: int, value: str) -> None:
    async def body(server: Server) -> None:
        wait = 3600 if status == 403 else 120
        with pytest.raises(Later, match=r"in 120 seconds|in an hour") as caught:
            await server.call(call)
        assert caught.value.wait == wait
        assert isinstance(server.gate, OpenGate)
        assert server.gate.holds == [("arxiv", wait)]

    run(body, whole(b"", status, Retry_After=value, Date="Mon, 01 Jun 2026 00:00:00 GMT"))


# --- time ---------------------------------------------------------------------------------------------------------

SLOW = {
    "silent": dribbled(b""),
    "head": dribbled(b"HTTP/1.1 200 OK\r\n", b"X-Wait: 1\r\n"),
    "body": dribbled(b"HTTP/1.1 200 OK\r\n\r\n", b" "),
}


@CALLS
@pytest.mark.parametrize("kind", SLOW)
def test_a_server_that_keeps_us_waiting_is_left_at_the_deadline(kind: str, call: str) -> None:
    begun = time.monotonic()
    later(call, r"0\.4 seconds", SLOW[kind], timeout=0.4)
    assert 0.3 < time.monotonic() - begun < 3


@CALLS
def test_a_cancelled_request_ends_at_once_and_frees_the_way(call: str) -> None:
    async def body(server: Server) -> None:
        task = asyncio.ensure_future(server.call(call))
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - begun < 0.9
        assert await server.call(call)

    run(body, SLOW["body"], whole(GOOD[call]))


@CALLS
def test_nobody_at_home_and_a_tls_handshake_that_never_ends(call: str) -> None:
    async def body(server: Server) -> None:
        server.base_url = server.base_url.replace("http:", "https:")
        with pytest.raises(Later, match=r"0\.4 seconds"):
            await server.call(call, timeout=0.4)
        await asyncio.sleep(0.05)
        assert server.together == 0  # we hung up
        await server.__aexit__()
        server.base_url = server.base_url.replace("https:", "http:")
        server.asked += [("/", {})] * 2  # for the count of takes: nobody heard these two
        with pytest.raises(Later, match="could not be reached"):
            await server.call(call)

    run(body, SLOW["silent"])


def test_a_stalled_page_gives_way_to_whoever_waits_and_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_arxiv_http, "YIELD", 0.3)

    async def body(server: Server) -> None:
        assert await server.call("page") == GOOD["page"]  # 0.6 seconds of silence, and nobody waits
        first = asyncio.ensure_future(server.call("page"))
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        assert (await server.call("feed")).items
        assert 0.1 < time.monotonic() - begun < 2
        with pytest.raises(Later, match="while somebody waited"):
            await first

    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.6)
        await whole(GOOD["page"])(writer)

    run(body, late, SLOW["silent"], whole(GOOD["feed"]))


def test_one_request_in_flight_and_one_in_three_seconds(tmp_path: Path) -> None:
    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.03)
        path = server_asked[-1][0]
        await whole(GOOD["page"] if "ListRecords" in path else ATOM if "id_list" in path else GOOD["feed"])(writer)

    server_asked: list[tuple[str, dict[str, str]]] = []

    async def body(server: Server) -> None:
        store = Store(tmp_path / "p.db", server.clock)
        await store.open()
        server.gate, server.asked = store.gate, server_asked
        base_url = server.base_url.removesuffix("/oai")
        api = ArxivApi(gate=server.gate, clock=server.clock, base_url=base_url, contact="")
        made: tuple[Callable[[], Awaitable[Any]], ...] = (
            lambda: server.call("page"),
            lambda: server.call("feed"),
            lambda: api.fetch(["2606.00001"]),
        )
        await asyncio.gather(*(make() for make in made * 4))
        await store.close()
        assert len(server.asked) == 12
        assert server.most == 1
        assert min(b - a for a, b in zip(server.at, server.at[1:], strict=False)) >= 3000

    run(body, slow)


def test_a_closed_gate_is_later_at_once_and_keeps_nobody_waiting(tmp_path: Path) -> None:
    async def body(server: Server) -> None:
        store = Store(tmp_path / "p.db", server.clock)
        await store.open()
        server.gate = store.gate
        await store.gate.hold("arxiv", 3600)
        for call in ("page", "feed"):
            with pytest.raises(Later) as caught:
                await server.call(call)
            assert caught.value.wait
            assert caught.value.wait > 3500
        await store.close()
        assert server.asked == []

    run(body, whole(GOOD["page"]))


def test_the_loop_is_never_blocked_by_a_large_page() -> None:
    large = page(*(record(f"2606.{n:05}") for n in range(1, 12_000)))

    async def body(server: Server) -> None:
        task = asyncio.ensure_future(server.call("page"))
        worst, last = 0.0, time.monotonic()
        while not task.done():
            await asyncio.sleep(0.005)
            worst, last = max(worst, time.monotonic() - last), time.monotonic()
        assert worst < 0.8
        assert len((await asyncio.to_thread(read, task.result())).records) == 11_999

    assert len(large) > 5_000_000
    run(body, whole(large))


def test_every_group_makes_one_path() -> None:
    async def body(server: Server) -> None:
        rss = ArxivRss(gate=server.gate, clock=server.clock, base_url=server.base_url, contact="")
        for group in GROUPS:
            assert await rss.feed(group)
        assert [path for path, _ in server.asked] == [f"/oai/{group}" for group in GROUPS]
        assert rss.ahead is None
        server.answers = [whole(GOOD["feed"], Date="Mon, 21 Sep 2026 14:13:10 GMT")]
        await rss.feed("cs.LG")
        assert rss.ahead == 10

    run(body, whole(GOOD["feed"]))
