"""`ArxivApi` against a loopback archive that misbehaves in every way that arXiv was seen to (facts/arxiv.md §8)."""

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot import __version__
from bot.errors import Later, UserError
from bot.model import Paper, Rate
from bot.sources import arxiv_api
from bot.sources.arxiv_api import ArxivApi
from tests.contract.test_source import START, paper
from tests.fakes.arxiv_server import ArxivServer, Kind
from tests.fakes.ports import OpenGate, SteppedClock

pytestmark = pytest.mark.integration
MANY = [paper(f"2606.{n:05}", START + n * 1000, title=f"Paper {n}") for n in range(1, 8)]
Body = Callable[[ArxivServer, ArxivApi, OpenGate], Awaitable[None]]


def with_api(
    body: Body, papers: list[Paper] | None = None, *, timeout: float = 5.0, cap: int = 2000, atom: bytes | None = None
) -> None:
    async def go() -> None:
        async with ArxivServer(MANY if papers is None else papers, cap=cap, atom=atom) as server:
            gate = OpenGate()
            api = ArxivApi(
                gate=gate, clock=SteppedClock(), base_url=server.base_url, contact="paper@boy.org", timeout=timeout
            )
            await body(server, api, gate)
            assert len(gate.takes) == len(server.seen)
            assert all(taken == ("arxiv", Rate(every=3100)) for taken in gate.takes)
            assert all(seen.together == 1 for seen in server.seen)

    asyncio.run(go())


# --- replies that are none ----------------------------------------------------------------------------------------

BROKEN: dict[Kind, str] = {
    "rate": "Rate exceeded",
    "html": "no complete list",
    "truncated": "no complete list",
    "error": "internal error",
    "empty": "sent none",
    "no_total": "does not say how many",
    "undated": "no paper",
    "drop": "could not be reached",
    "short_body": "could not be reached",
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("call", ["fetch", "search"])
def test_a_broken_reply_is_later_after_one_request_and_never_no_papers(kind: Kind, call: str) -> None:
    async def body(server: ArxivServer, api: ArxivApi, gate: OpenGate) -> None:
        calls: dict[str, Callable[[], Awaitable[Any]]] = {
            "fetch": lambda: api.fetch(["2606.00001", "2606.00002"]),
            "search": lambda: api.search("all:paper", 3),
        }
        server.fault(kind)
        with pytest.raises(Later) as caught:
            await calls[call]()
        assert re.fullmatch(rf"\w.*{BROKEN[kind]}.*\.", str(caught.value))
        assert len(server.seen) == 1
        assert gate.holds == []

    with_api(body)


@pytest.mark.parametrize("status", [301, 302, 404, 410, 418, 500, 502, 504])
def test_any_other_status_is_later(status: int) -> None:
    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        server.fault("status", status=status)
        with pytest.raises(Later):
            await api.search("all:paper", 3)
        assert len(server.seen) == 1

    with_api(body)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("value", ["120", "date"])
def test_retry_after_holds_the_gate_for_everybody(status: int, value: str) -> None:
    async def body(server: ArxivServer, api: ArxivApi, gate: OpenGate) -> None:
        if value == "date":
            until = "Mon, 01 Jun 2026 00:02:00 GMT"
            server.fault("status", status=status, Date="Mon, 01 Jun 2026 00:00:00 GMT", Retry_After=until)
        else:
            server.fault("status", status=status, Retry_After=value)
        with pytest.raises(Later) as caught:
            await api.fetch(["2606.00001"])
        assert caught.value.wait == 120
        assert gate.holds == [("arxiv", 120)]

    with_api(body)


def test_a_429_that_does_not_say_for_how_long_and_a_403() -> None:
    async def body(server: ArxivServer, api: ArxivApi, gate: OpenGate) -> None:
        server.fault("status", status=429)
        with pytest.raises(Later) as caught:
            await api.fetch(["2606.00001"])
        assert caught.value.wait is None
        assert gate.holds == []
        server.fault("status", status=403)
        with pytest.raises(Later):
            await api.fetch(["2606.00001"])
        assert gate.holds == [("arxiv", 3600)]

    with_api(body)


@pytest.mark.parametrize("kind", ["stall", "stall_body", "dribble", "dribble_head"])
def test_a_server_that_keeps_us_waiting_is_left_at_the_deadline(kind: Kind) -> None:
    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        server.fault(kind)
        begun = time.monotonic()
        with pytest.raises(Later, match=r"0\.4 seconds"):
            await api.search("all:paper", 3)
        assert 0.3 < time.monotonic() - begun < 3
        await asyncio.sleep(0.15)  # the fake notices that we hung up
        assert len(await api.search("all:paper", 3)) == 3

    with_api(body, timeout=0.4)


def test_a_cancelled_request_ends_at_once_and_frees_the_way() -> None:
    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        server.fault("dribble")
        task = asyncio.ensure_future(api.search("all:paper", 3))
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - begun < 0.9
        await asyncio.sleep(0.1)  # the fake notices that we hung up
        assert len(await api.search("all:paper", 3)) == 3

    with_api(body)


def test_a_tls_handshake_that_never_ends_is_left_at_the_deadline() -> None:
    async def go() -> None:
        writers: list[asyncio.StreamWriter] = []
        server = await asyncio.start_server(lambda _, writer: writers.append(writer), "127.0.0.1", 0)
        address = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        api = ArxivApi(gate=OpenGate(), clock=SteppedClock(), base_url=address, contact="", timeout=0.4)
        begun = time.monotonic()
        with pytest.raises(Later, match=r"0\.4 seconds"):
            await api.fetch(["2606.00001"])
        assert time.monotonic() - begun < 3
        for writer in writers:
            writer.close()
        server.close()

    asyncio.run(go())


def test_nobody_at_home_is_later() -> None:
    async def go() -> None:
        async with ArxivServer() as server:
            address = server.base_url
        api = ArxivApi(gate=OpenGate(), clock=SteppedClock(), base_url=address, contact="")
        with pytest.raises(Later):
            await api.fetch(["2606.00001"])

    asyncio.run(go())


def test_a_redirect_is_not_followed_and_says_where_to() -> None:
    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        server.fault("status", status=302, Location="https://elsewhere.example/api/query")
        with pytest.raises(Later, match=r"https://elsewhere\.example"):
            await api.fetch(["2606.00001"])

    with_api(body)


def test_the_loop_is_never_blocked() -> None:
    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        server.fault("stall")
        task = asyncio.ensure_future(api.search("all:paper", 3))
        worst, last = 0.0, time.monotonic()
        while not task.done():
            await asyncio.sleep(0.01)
            worst, last = max(worst, time.monotonic() - last), time.monotonic()
        assert worst < 0.8
        with pytest.raises(Later):
            task.result()

    with_api(body, timeout=1.2)


def test_requests_name_us_and_a_contact() -> None:
    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        await api.fetch(["2606.00001"])
        assert server.seen[0].headers["User-Agent"] == f"Paperboy/{__version__} (+paper@boy.org)"

    with_api(body)


def test_calls_made_together_are_asked_one_after_the_other() -> None:
    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        server.delay = 0.02
        found = await asyncio.gather(*(api.fetch([f"2606.{n:05}"]) for n in range(1, 8)))
        assert [papers[0].id for papers in found] == [p.id for p in MANY]

    with_api(body)


# --- pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "says"), [("empty", "sent none"), ("first_page", "another page")])
def test_a_broken_page_in_the_middle_is_later(kind: Kind, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arxiv_api, "PAGE", 3)

    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        server.fault(kind, after=1)
        with pytest.raises(Later, match=says):
            await api.search("all:paper", 7)
        assert len(server.seen) == 2

    with_api(body)


def test_papers_that_come_on_two_pages_are_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arxiv_api, "PAGE", 3)

    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        server.fault("twin", after=1)  # the list changed while it was read
        assert [p.id[-1] for p in await api.search("all:paper", 7)] == ["1", "2", "3", "4", "5", "7"]

    with_api(body)


@pytest.mark.parametrize("why", ["wrong_total", "cap"])
def test_fewer_papers_by_id_than_arxiv_says_it_has_are_later(why: str) -> None:
    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        if why == "wrong_total":
            server.fault("wrong_total")
        with pytest.raises(Later, match=r"sent \d of \d papers"):
            await api.fetch([p.id for p in MANY])

    with_api(body, cap=3 if why == "cap" else 2000)


# --- ids and searches ---------------------------------------------------------------------------------------------


def test_ids_are_asked_a_hundred_at_a_time_and_versions_of_one_paper_apart() -> None:
    papers = [paper(f"2606.{n:05}", START, version=v) for n in range(1, 151) for v in (1, 2)]

    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        asked = [p.id for p in papers if p.version == 1] + ["2606.00007v1"]
        found = await api.fetch(asked)
        assert [p.id for p in found[:-1]] == asked[:-1]
        assert (found[-1].id, found[-1].version, found[6].version) == ("2606.00007", 1, 2)
        assert [len(seen.query["id_list"].split(",")) for seen in server.seen] == [100, 51]

    with_api(body, papers)


@pytest.mark.parametrize("named", [True, False])
def test_an_id_that_arxiv_finds_malformed_does_not_lose_the_others(
    named: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        server.refuses = {"2606.88888", "2606.00004"}
        asked = [p.id for p in MANY] + ["2606.88888"]
        assert [p.id for p in await api.fetch(asked)] == [p.id for p in MANY if p.id != "2606.00004"]
        if named:
            assert len(server.seen) == 3

    if not named:
        monkeypatch.setattr("tests.fakes.arxiv_server._error", _silent)
    with_api(body)


def _silent(_: str) -> bytes:
    return b""


@pytest.mark.parametrize("query", ['ti:"open', "(a AND b", "", "  "])
def test_a_search_that_arxiv_cannot_read_is_the_persons_to_mend(query: str) -> None:
    async def body(_: ArxivServer, api: ArxivApi, __: OpenGate) -> None:
        with pytest.raises(UserError):
            await api.search(query, 3)

    with_api(body)


def test_a_search_of_more_than_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arxiv_api, "PAGE", 3)

    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        assert len(await api.search("all:paper", 5)) == 5
        assert [(seen.query["start"], seen.query["max_results"]) for seen in server.seen] == [("0", "3"), ("3", "2")]
        assert {seen.query["sortBy"] for seen in server.seen} == {"relevance"}
        assert len(await api.search("all:paper", 50)) == 7

    with_api(body)


def test_a_search_asks_for_no_more_than_arxiv_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arxiv_api, "PAGE", 3)
    monkeypatch.setattr(arxiv_api, "DEPTH", 4)

    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        assert len(await api.search("all:paper", 50)) == 4
        assert [seen.query["max_results"] for seen in server.seen] == ["3", "1"]

    with_api(body)


def test_what_cannot_be_an_id_is_left_out_without_a_request() -> None:
    async def body(server: ArxivServer, api: ArxivApi, _: OpenGate) -> None:
        assert await api.fetch(["abc", "", "2613.00001", "2606.001", "2606.00001v0", "nonsense/0611800"]) == ()
        assert server.seen == []
        assert [p.id for p in await api.fetch(["nonsense", " arXiv:2606.00001 "])] == ["2606.00001"]
        assert [seen.query["id_list"] for seen in server.seen] == ["2606.00001"]

    with_api(body)


def test_the_fake_runs_as_a_process(tmp_path: Path) -> None:
    file = tmp_path / "reply.xml"
    file.write_bytes(b"<feed/>")
    command = [sys.executable, "-m", "tests.fakes.arxiv_server", "--port", "0", "--atom", str(file)]
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout
        address = process.stdout.readline().strip()
        api = ArxivApi(gate=OpenGate(), clock=SteppedClock(), base_url=address, contact="")
        with pytest.raises(Later, match=r"does not say|no complete"):
            asyncio.run(api.search("all:x", 1))
        process.terminate()
