"""`ArxivFiles` against a loopback arXiv whose files fail in every way that file servers do."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot import __version__
from bot.core.fulltext import Caption, Fulltext, Paragraph, Section
from bot.errors import ConfigError, Later, Refused, UserError
from bot.model import Paper
from bot.ports import Gate
from bot.sources import arxiv_files, latexml
from bot.sources._arxiv_line import RATE
from bot.sources.arxiv_api import ArxivApi
from bot.sources.arxiv_files import ArxivFiles
from bot.sources.page_reader import PageReader
from bot.sources.pdf import Figure
from bot.store.store import Store
from tests.fakes.arxiv_files_server import File, FilesServer, Kind
from tests.fakes.ports import OpenGate, SteppedClock

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[2]
HONEST = (ROOT / "tests" / "data" / "latexml" / "honest.html").read_bytes()
PDF = b"%PDF-1.7\n" + b"% boats\n" * 200 + b"%%EOF\n"
PAGE, PRINT = "/html/2411.00001v1", "/pdf/2411.00001v1"


def paper(number: int = 1, version: int = 1) -> Paper:
    return Paper(f"2411.{number:05}", version, "Boats", "We sort.", ("Ada",), ("cs.CV",), 0, 0)


class House:
    """Files over a server, with a stand-in for the PDF reader that remembers what it was given."""

    def __init__(self, folder: Path, server: FilesServer, *, gate: Gate | None = None, limit: int = 10**9) -> None:
        self.folder, self.server = folder / "ledger.db.files", server
        self.gate = gate or OpenGate()
        self.clock = SteppedClock()
        self.prints: list[bytes] = []
        self.limit, self.timeout = limit, 5.0
        self.html = PageReader()

    def files(self, **other: Any) -> ArxivFiles:
        made: dict[str, Any] = {"gate": self.gate, "clock": self.clock, "base_url": self.server.base_url} | other
        made |= {"contact": "paper@boy.org", "timeout": self.timeout, "folder": self.folder, "limit": self.limit}
        return ArxivFiles(**made, html=self.html.read, pdf=self)

    told = (Caption("Figure 1", "Waves.", 1), Caption("Figure 2", "Overview.", 3), Caption("Figure 2", "More.", 9))

    async def read(self, path: Path) -> Fulltext:
        body = await asyncio.to_thread(path.read_bytes)
        self.prints.append(body)
        if b"broken" in body:
            raise Refused("x.pdf cannot be read: it is broken; read its abstract instead.")
        return Fulltext("pdf", 1, (Section("", "other", (Paragraph("From the PDF.", 1),)),))

    async def captions(self, path: Path) -> tuple[Caption, ...]:
        return tuple(each.caption for each in await self.figures(path))

    async def figures(self, path: Path, labels: Sequence[str] = ()) -> tuple[Figure, ...]:
        await self.read(path)
        return tuple(Figure(each, b"png") for each in self.told if not labels or each.label in labels)

    @property
    def kept(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("*"))


def run(folder: Path, body: Callable[[House], Awaitable[None]], *, files: dict[str, File] | None = None) -> None:
    async def go() -> None:
        async with FilesServer() as server:
            server.files = {PAGE: File(HONEST), PRINT: File(PDF, "application/pdf")} if files is None else files
            house = House(folder, server)
            await body(house)
            assert isinstance(house.gate, OpenGate)
            assert house.gate.takes == [("arxiv", RATE)] * len(server.seen)  # a slot for every request

    asyncio.run(go())


# --- what is asked, and what it brings ------------------------------------------------------------------------------


def test_the_page_is_read_once_and_kept(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        files = house.files()
        found = await files.fulltext(paper())
        assert (found.source, found.sections[0].kind) == ("html", "abstract")
        assert await files.fulltext(paper()) == found
        assert await house.files().fulltext(paper()) == found  # another process later
        assert house.server.paths == [PAGE]
        assert house.server.seen[0].headers["User-Agent"] == f"Paperboy/{__version__} (+paper@boy.org)"
        assert house.kept == ["2411.00001v1.html"]
        assert house.folder.stat().st_mode & 0o077 == 0

    run(tmp_path, body)


def test_a_figure_comes_from_the_pdf_that_is_fetched_once(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        files = house.files()
        for wanted in (2, 1, 2):
            found = await files.figure(paper(), lambda captions, at=wanted: captions[at])  # type: ignore[misc]
            assert found == (house.told[wanted], b"png")  # by its page too, as two are called Figure 2
        assert await files.figure(paper(), lambda _: None) is None
        assert house.server.paths == [PRINT]
        assert house.kept == ["2411.00001v1.pdf"]

    run(tmp_path, body)


def test_a_pdf_that_is_kept_for_a_figure_does_not_hide_a_page_that_is_kept_as_well(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        files = house.files()
        assert (await files.fulltext(paper())).source == "html"
        await files.figure(paper(), lambda captions: captions[0])
        assert (await files.fulltext(paper())).source == "html"
        assert house.server.paths == [PAGE, PRINT]

    run(tmp_path, body)


def test_a_figure_ends_as_a_text_does(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        for answer, problem in ((None, UserError), (File(PDF + b"broken", "application/pdf"), UserError)):
            house.server.files = {PRINT: answer} if answer else {}
            with pytest.raises(problem):
                await house.files().figure(paper(), lambda captions: captions[0])
        house.server.files = {"/pdf/2411.00002v1": File(PDF[:-8], "application/pdf")}
        with pytest.raises(Later):
            await house.files().figure(paper(2), lambda captions: captions[0])

    run(tmp_path, body)


def test_without_a_page_the_pdf_is_read_and_the_page_not_asked_for_again(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        files = house.files()
        for _ in range(2):
            assert (await files.fulltext(paper())).source == "pdf"
        assert house.server.paths == [PAGE, PRINT]
        assert house.prints == [PDF, PDF]

    run(tmp_path, body, files={PRINT: File(PDF, "application/pdf")})


def test_an_old_id_and_a_version(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        old = Paper("math/0611800", 3, "t", "a", (), ("math.CA",), 0, 0)
        assert (await house.files().fulltext(old)).source == "pdf"
        assert house.server.paths == ["/html/math/0611800v3", "/pdf/math/0611800v3"]
        assert house.kept == ["math-0611800v3.pdf"]
        with pytest.raises(UserError, match="is no paper of arXiv's"):
            await house.files().fulltext(Paper("../../x", 1, "t", "a", (), (), 0, 0))

    run(tmp_path, body, files={"/pdf/math/0611800v3": File(PDF, "application/pdf")})


UNREADABLE = {
    "fatal": File(HONEST.replace(b"<article", b"Conversion to HTML had a Fatal error<article")),
    "cut": File(HONEST[:-2000]),
    "foreign": File(b"<html><body><p>A page that no LaTeXML made</p></body></html>"),
    "type": File(HONEST, "text/plain"),
    "pdf": File(PDF, "application/pdf"),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_page_that_cannot_be_read_gives_way_to_the_pdf_and_is_not_kept(tmp_path: Path, name: str) -> None:
    async def body(house: House) -> None:
        assert (await house.files().fulltext(paper())).source == "pdf"
        assert house.kept == ["2411.00001v1.pdf"]

    run(tmp_path, body, files={PAGE: UNREADABLE[name], PRINT: File(PDF, "application/pdf")})


def test_a_page_that_is_too_large_gives_way_to_the_pdf(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        kinds: tuple[Kind, ...] = ("huge", "endless")
        for kind in kinds:
            house.server.spoil(kind)
            assert (await house.files().fulltext(paper())).source == "pdf"
            await asyncio.to_thread((house.folder / "2411.00001v1.pdf").unlink)

    run(tmp_path, body)


def test_a_withdrawn_paper_has_no_file(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        with pytest.raises(
            UserError, match=r"arXiv has no PDF of 2411\.00001v1, perhaps because it was withdrawn: see"
        ):
            await house.files().fulltext(paper())
        assert house.kept == []

    run(tmp_path, body, files={})


def test_a_pdf_that_cannot_be_read_is_told_in_a_sentence_and_not_fetched_again(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        for _ in range(2):
            with pytest.raises(UserError, match="cannot be read: it is broken; read its abstract instead"):
                await house.files().fulltext(paper())
        assert house.server.paths == [PAGE, PRINT]

    run(tmp_path, body, files={PRINT: File(PDF + b"broken %%EOF", "application/pdf")})


# --- faults ---------------------------------------------------------------------------------------------------------

LATER: dict[str, tuple[str, dict[str, Any], str, float | None]] = {
    "429": ("status", {"status": 429, "Retry_After": "120"}, r"fewer requests \(HTTP 429\)", 120),
    "429 without a time": ("status", {"status": 429}, "in 60 seconds", 60),
    "503": ("status", {"status": 503, "Retry_After": "30"}, r"not available \(HTTP 503\)", 30),
    "403": ("status", {"status": 403}, "refuses this address", 3600),
    "500": ("status", {"status": 500}, "HTTP 500", None),
    "rate": ("rate", {}, "Rate exceeded", 60),
    "drop": ("drop", {}, "could not be reached", None),
    "short body": ("short_body", {}, "could not be reached", None),
    "stall": ("stall", {}, "did not answer within 0.5 seconds", None),
    "stall body": ("stall_body", {}, "did not answer within 0.5 seconds", None),
    "dribble": ("dribble", {}, "did not answer within 0.5 seconds", None),
    "circle": ("circle", {}, "in circles", None),
    "elsewhere": ("elsewhere", {"location": "https://evil.example/x"}, "another site", None),
    "downgrade": ("elsewhere", {"location": "http://arxiv.org/pdf/2411.00001v1"}, "another site", None),
    "lookalike": ("elsewhere", {"location": "https://arxiv.org.evil.example/"}, "another site", None),
    "userinfo": ("elsewhere", {"location": "https://evil.example\\@arxiv.org/"}, "another site", None),
    "bad port": ("elsewhere", {"location": "https://arxiv.org:99999/"}, "another site", None),
    "nowhere": ("elsewhere", {"location": ""}, "another site", None),
}


@pytest.mark.parametrize("where", [PAGE, PRINT])
@pytest.mark.parametrize("name", LATER)
def test_a_fault_is_later_and_leaves_nothing_behind(tmp_path: Path, name: str, where: str) -> None:
    kind, said, why, wait = LATER[name]

    async def body(house: House) -> None:
        house.timeout = 0.5
        house.server.spoil(kind, 3 if kind == "circle" else 1, **said)  # type: ignore[arg-type]  # one of its kinds
        with pytest.raises(Later, match=why) as caught:
            await house.files().fulltext(paper())
        assert re.fullmatch(r"\w.*: .+\.", str(caught.value))
        assert caught.value.wait == wait
        assert isinstance(house.gate, OpenGate)
        assert house.gate.holds == ([("arxiv", wait)] if wait else [])
        assert house.kept == []
        assert (await house.files().fulltext(paper())).source == ("html" if where == PAGE else "pdf")

    run(tmp_path, body, files={where: File(HONEST) if where == PAGE else File(PDF, "application/pdf")})


@pytest.mark.parametrize(
    ("kind", "why"),
    [("excuse", "something else than the PDF"), ("wrong_type", "something else"), ("truncated", "broke off")],
)
def test_what_is_no_pdf_is_not_taken_for_one(tmp_path: Path, kind: Any, why: str) -> None:
    async def body(house: House) -> None:
        house.server.spoil(kind)
        with pytest.raises(Later, match=why):
            await house.files().fulltext(paper())
        assert house.kept == []

    run(tmp_path, body, files={PRINT: File(PDF, "application/pdf")})


def test_a_pdf_that_is_too_large_is_told_in_a_sentence(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        house.server.spoil("huge")
        with pytest.raises(UserError, match="larger than 50 MB"):
            await house.files().fulltext(paper())
        assert house.kept == []

    run(tmp_path, body, files={PRINT: File(PDF, "application/pdf")})


def test_a_redirect_within_arxiv_is_followed_and_costs_a_slot(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        house.server.spoil("moved")
        assert (await house.files().fulltext(paper())).source == "html"
        assert house.server.paths == [PAGE, f"/moved{PAGE}"]

    run(tmp_path, body)


def test_a_disk_that_takes_nothing_is_later(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        await asyncio.to_thread(house.folder.write_text, "in the way")
        with pytest.raises(Later, match="could not be kept on this disk"):
            await house.files().fulltext(paper())

    run(tmp_path, body)


@pytest.mark.parametrize("said", [{"base_url": "export.arxiv.org"}, {"base_url": "https://x?y"}])
def test_settings_that_cannot_work_are_said_at_once(tmp_path: Path, said: dict[str, Any]) -> None:
    async def body(house: House) -> None:
        with pytest.raises(ConfigError, match=": "):
            house.files(**said)

    run(tmp_path, body)


# --- one line, one gate ---------------------------------------------------------------------------------------------


def test_files_and_all_other_requests_stand_in_one_line(tmp_path: Path) -> None:
    async def go() -> None:
        async with FilesServer() as server:
            server.files = {f"/html/2411.{n:05}v1": File(HONEST) for n in range(1, 5)}
            server.delay = 0.01
            house = House(tmp_path, server)
            store = Store(tmp_path / "p.db", house.clock)
            await store.open()
            house.gate, at = store.gate, []

            class Watched(list[Any]):
                def append(self, seen: Any) -> None:
                    at.append(house.clock.now())
                    super().append(seen)

            server.seen = Watched()
            files = house.files()
            api = ArxivApi(gate=store.gate, clock=house.clock, base_url=server.base_url, contact="")
            await asyncio.gather(
                *(files.fulltext(paper(n)) for n in range(1, 5)), *(api.fetch([f"2411.{n:05}"]) for n in range(1, 5))
            )
            await store.close()
            assert len(server.seen) == 8
            assert server.most == 1
            assert min(b - a for a, b in pairwise(at)) >= 3000

    asyncio.run(go())


def test_a_closed_gate_is_later_at_once(tmp_path: Path) -> None:
    async def go() -> None:
        async with FilesServer() as server:
            house = House(tmp_path, server)
            store = Store(tmp_path / "p.db", house.clock)
            await store.open()
            house.gate = store.gate
            await store.gate.hold("arxiv", 3600)
            with pytest.raises(Later) as caught:
                await house.files().fulltext(paper())
            assert caught.value.wait
            assert caught.value.wait > 3500
            await store.close()
            assert server.seen == []

    asyncio.run(go())


def test_two_who_ask_for_one_paper_fetch_it_once(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        house.server.delay = 0.05
        files = house.files()
        found = await asyncio.gather(*(files.fulltext(paper()) for _ in range(5)))
        assert all(each == found[0] for each in found)
        assert house.server.paths == [PAGE]

    run(tmp_path, body)


def test_one_who_gives_up_leaves_the_other_to_fetch_it(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        house.server.delay = 0.2
        files = house.files()
        one, other = (asyncio.ensure_future(files.fulltext(paper())) for _ in range(2))
        await asyncio.sleep(0.05)
        one.cancel()
        assert (await other).source == "html"
        with pytest.raises(asyncio.CancelledError):
            await one
        assert [name for name in house.kept if name.endswith(".part")] == []

    run(tmp_path, body)


def test_a_large_page_never_blocks_the_loop(tmp_path: Path) -> None:
    begin, end = HONEST.index(b'<section id="S1"'), HONEST.index(b'<section id="bib"')
    large = HONEST[:begin] + HONEST[begin:end] * 200 + HONEST[end:]

    async def body(house: House) -> None:
        task = asyncio.ensure_future(house.files().fulltext(paper()))
        worst, last = 0.0, time.monotonic()
        while not task.done():
            await asyncio.sleep(0.005)
            worst, last = max(worst, time.monotonic() - last), time.monotonic()
        assert len(task.result().sections) > 1000
        assert worst < 1.0  # a machine as busy as a test run; `tests.bars fulltext` measures

    assert len(large) > 4_000_000
    run(tmp_path, body, files={PAGE: File(large)})


def test_ten_pages_at_once_neither(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        files = house.files()
        task = asyncio.gather(*(files.fulltext(paper(n)) for n in range(10)))
        worst, last = 0.0, time.monotonic()
        while not task.done():
            await asyncio.sleep(0.005)
            worst, last = max(worst, time.monotonic() - last), time.monotonic()
        assert {each.source for each in task.result()} == {"html"}
        assert worst < 1.0  # a machine as busy as a test run; `tests.bars fulltext` measures

    run(tmp_path, body, files={f"/html/2411.{n:05}v1": File(HONEST) for n in range(10)})


BOMBS = {
    "time": b'<table class="ltx_equation">' * 100 + b'<tr class="ltx_eqn_row"><td>x</td></tr>' * 50_000,
    "memory": b"<b>x</b>" * 390_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_page_made_to_harm_gives_way_to_the_pdf(tmp_path: Path, name: str) -> None:
    bomb = HONEST.replace(b'<section id="S1"', BOMBS[name] + b'<section id="S1"')

    async def body(house: House) -> None:
        house.html = PageReader(seconds=1, memory=90 << 20)
        assert (await house.files().fulltext(paper())).source == "pdf"
        assert house.kept == ["2411.00001v1.pdf"]

    run(tmp_path, body, files={PAGE: File(bomb), PRINT: File(PDF, "application/pdf")})


# --- what is kept ---------------------------------------------------------------------------------------------------


def test_what_is_kept_is_bounded_and_the_least_recently_used_goes_first(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        house.limit = 3 * len(HONEST) + 10
        files = house.files()
        for number in range(3):
            await files.fulltext(paper(number))
            await asyncio.to_thread(os.utime, house.folder / f"2411.{number:05}v1.html", (number, number))
        await files.fulltext(paper(0))  # used again: the first is the youngest now
        await files.fulltext(paper(3))
        assert house.kept == [f"2411.{number:05}v1.html" for number in (0, 2, 3)]

    run(tmp_path, body, files={f"/html/2411.{n:05}v1": File(HONEST) for n in range(4)})


def test_nothing_is_kept_where_nothing_may_be(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        house.limit = 0
        assert (await house.files().fulltext(paper())).source == "html"
        assert house.kept == []

    run(tmp_path, body)


@pytest.mark.parametrize("torn", [b"", HONEST[: len(HONEST) // 2], b"\0" * len(HONEST)])
def test_a_torn_file_is_ignored_and_replaced(tmp_path: Path, torn: bytes) -> None:
    async def body(house: House) -> None:
        await asyncio.to_thread(house.folder.mkdir)
        await asyncio.to_thread((house.folder / "2411.00001v1.html").write_bytes, torn)
        assert (await house.files().fulltext(paper())).source == "html"
        assert await asyncio.to_thread((house.folder / "2411.00001v1.html").read_bytes) == HONEST

    run(tmp_path, body)


def test_what_an_ended_process_left_goes_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        def leave() -> None:
            house.folder.mkdir()
            for name, age in (("a.html.x.part", 7200), ("b.html.x.part", 0), ("notes.txt", 7200)):
                (house.folder / name).write_bytes(b"x")
                os.utime(house.folder / name, (time.time() - age,) * 2)

        await asyncio.to_thread(leave)
        await house.files().fulltext(paper())
        assert house.kept == ["2411.00001v1.html", "b.html.x.part", "notes.txt"]

    run(tmp_path, body)


CHILD = """
import asyncio, sys
from pathlib import Path
from bot.sources._files_kept import Kept
kept = Kept(Path(sys.argv[1]), 10**9)
body = b"<html>" + b"x" * 30_000_000 + b"</html>"
print("READY", flush=True)
while True:
    kept.add("2411.00001v1.html", body)
"""


def test_a_process_killed_while_it_writes_leaves_nothing_torn(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    for pause in (0.005, 0.02, 0.06):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], cwd=ROOT, stdout=subprocess.PIPE)
        assert child.stdout
        child.stdout.readline()
        time.sleep(pause)
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        whole = list(folder.glob("*.html"))
        assert all(path.stat().st_size == 30_000_013 for path in whole)


def test_a_download_that_is_cut_short_leaves_no_file(tmp_path: Path) -> None:
    async def body(house: House) -> None:
        house.server.spoil("dribble")
        task = asyncio.ensure_future(house.files().fulltext(paper()))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert house.kept == []

    run(tmp_path, body)


def test_limits_are_those_of_the_module() -> None:
    assert arxiv_files.LARGEST == 50 * 2**20
    assert arxiv_files.LARGEST >= latexml.LARGEST
