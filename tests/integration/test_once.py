"""Real input: arXiv's own list through a loopback arXiv and `bot once`; the digest's facts are the list's."""

import asyncio
import re
import sys
import time
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from aiohttp import web
from lxml import etree  # ships no types

from bot.clock import clock
from bot.core import query, times
from bot.core.plain import plain
from bot.model import Chat, Part, Said, Subscribe
from bot.platforms.console import ADDRESS
from bot.store.store import Store
from tests.fakes.arxiv_world_guest import small
from tests.fakes.arxiv_world_server import Trouble, WorldServer

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT.parent / "shared" / "data" / "arxiv" / "oai").glob("ListRecords_arXivRaw_p*.xml"))
RAW = "{http://arxiv.org/OAI/arXivRaw/}"
ALIASES = {"cs.NA": "math.NA", "cs.SY": "eess.SY", "math.IT": "cs.IT", "math.MP": "math-ph", "stat.TH": "math.ST"}
NOW = "2026-04-12T22:45:06Z"
RATE = 10  # times as fast: the polite gate of one request per three seconds is passed in a tenth of the time
TOPIC = "quantum"

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not PAGES, reason="the captured replies of arXiv (../shared) are not here"),
]


class Captured(WorldServer):
    """Answers every harvest with the captured list, page after page, as if all of it had changed two days ago."""

    def __init__(self) -> None:
        self.begun = time.time()
        super().__init__(small(), clock(f"simulated {NOW} x{RATE} since {self.begun}"))
        stamp = rb"<datestamp>2026-04-10</datestamp>"
        self.pages = [re.sub(rb"<datestamp>.*?</datestamp>", stamp, page.read_bytes()) for page in PAGES]
        tokens = [re.findall(r"<resumptionToken[^>]*>([^<\s]+)<", page.decode()) for page in self.pages]
        self.tokens = ["", *(token for (token,) in tokens[:-1])]
        assert tokens[-1] == []

    async def _oai(self, query: dict[str, str], fault: str) -> web.Response:
        if fault:
            return await super()._oai(query, fault)
        page = self.pages[self.tokens.index(query.get("resumptionToken", ""))]
        return web.Response(body=page, content_type="text/xml", charset="utf-8")


async def prepare(path: Path) -> None:
    """Make a ledger whose baseline is done and whose terminal chat has a topic."""
    store = Store(path, clock(f"simulated {NOW}"))
    await store.open()
    run = await store.begin_run("harvest")
    now = times.ms(datetime.fromisoformat(NOW))
    await store.end_run(run, "complete", "", mark=now - 86_400_000, next_at=now)
    await store.set_note("began", str(now - 86_400_000))
    await store.set_note("floor", "1")  # whatever has an id of 2007 or later came after the baseline
    chat = Chat(f"console:{ADDRESS}", "console", ADDRESS, mode="asap")
    await store.hear(Said("said:1", chat, f"/follow {TOPIC}"))
    await store.answer(Said("said:1", chat), [Part("{}")][:0], [Subscribe(query.topic(query.parse(TOPIC)), TOPIC)])
    await store.close()


async def once(server: Captured, folder: Path) -> tuple[str, str, int]:
    """Run `python -m bot once`; returns (output, errors, exit code)."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "COLUMNS": "100",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": str(folder / "paperboy.db"),
        "PAPERBOY_ARXIV_URL": server.base_url,
        "PAPERBOY_ARXIV_OAI_URL": server.oai_url,
        "PAPERBOY_ARXIV_RSS_URL": server.rss_url,
        "PAPERBOY_CONTACT": "test@example.org",
        "PAPERBOY_CLOCK": f"simulated {NOW} x{RATE} since {server.begun}",  # one time for all processes
    }
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "once"),
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(child.communicate(), 60)
    return out.decode(), err.decode(), child.returncode or 0


def squeezed(text: str) -> str:
    """A text without any white space: lines are broken anywhere."""
    return re.sub(r"\s+", "", text)


def test_the_digest_says_what_the_list_says(tmp_path: Path) -> None:
    async def run() -> None:
        await prepare(tmp_path / "paperboy.db")
        async with Captured() as server:
            out, err, code = await once(server, tmp_path)
            assert (err, code) == ("", 0)
            asked = [seen for seen in server.requests if seen.kind == "oai"]
            assert len(asked) in {6, 12, 18}, "the whole list by every look that fell due on this quick clock"
            for start in range(0, len(asked), 6):
                look = asked[start : start + 6]
                assert [seen.query.get("resumptionToken", "") for seen in look] == server.tokens
                assert look[0].query["from"] <= "2026-04-08", "the watermark less an overlap"
            assert all("test@example.org" in seen.headers["User-Agent"] for seen in server.requests)
            assert not [said for said in server.violations if "in flight" in said]
            again, err, code = await once(server, tmp_path)
            assert (err, code) == ("", 0)
            assert "Nothing to send: arXiv brought no new papers since your last digest" in again
        check(out)

    asyncio.run(run())


def of(entry: etree._Element, name: str) -> str:
    """What an element of the captured list says, on one line."""
    return " ".join((entry.findtext(RAW + name) or "").split())


def listed() -> list[etree._Element]:
    """What is new in the list: no id of before 2007, as nothing in the ledger is older."""
    found = [each for page in PAGES for each in etree.parse(page).iter(f"{RAW}arXivRaw")]
    return [each for each in found if "/" not in of(each, "id")]


def wanted(entries: list[etree._Element]) -> list[etree._Element]:
    """Those of the topic."""
    topic = re.compile(rf"\b{TOPIC}s?\b", re.IGNORECASE)
    return [entry for entry in entries if topic.search(plain(f"{of(entry, 'title')} {of(entry, 'abstract')}"))]


def check(out: str) -> None:
    """Hold the digest against an independent reading of the list."""
    entries = listed()
    matching = wanted(entries)
    text = squeezed(out)
    assert len(matching) > 50
    assert f"{TOPIC} · Sun 12 Apr · {len(matching)} of {len(entries)} new papers" in out
    simple = 0
    for entry in matching:
        terms = of(entry, "categories").split()
        categories = ", ".join(dict.fromkeys(ALIASES.get(term, term) for term in terms))
        when = parsedate_to_datetime(of(entry, f"version/{RAW}date"))
        line = f"{categories} · {when.day} {when:%b} {when:%Y}"
        if not re.search(r"[\\{(;:$~]", of(entry, "authors")):  # the others are read in tests/unit/test_arxiv_oai.py
            simple += 1
            authors = re.split(r",\s+and\s+|,\s*|\s+and\s+", of(entry, "authors"))
            names = ", ".join(authors[:3]) + (f" + {len(authors) - 3}" if len(authors) > 3 else "")
            line = f"{names} · {line}"
        at = text.find(squeezed(plain(of(entry, "title"))))
        assert at >= 0, of(entry, "title")
        block = text[at : text.find("https://arxiv.org/pdf/", at)]
        assert squeezed(line) in block, (line, block)
        assert f"https://arxiv.org/abs/{of(entry, 'id')}" in block
        for name, label in (("comments", "Comment"), ("journal-ref", "Published in")):
            if said := of(entry, name):
                assert squeezed(f"{label}: {plain(said)}") in block
    assert simple > 30


@pytest.mark.parametrize("fault", ["rate", "html", "truncated", "bad_token", "no_records"])
def test_a_broken_reply_is_never_an_empty_day(fault: Trouble, tmp_path: Path) -> None:
    async def run() -> None:
        await prepare(tmp_path / "paperboy.db")
        async with Captured() as server:
            server.fault(fault, 20)
            out, err, code = await once(server, tmp_path)
            assert (err, code) == ("", 1)
            assert "the last look at arXiv failed" in out
            assert "no new papers" not in out
            server._troubles.clear()
            out, err, code = await once(server, tmp_path)
            assert (err, code) == ("", 0), out
            assert f"of {len(listed())} new papers" in out

    asyncio.run(run())


@pytest.mark.parametrize("fault", ["rate", "bad_token", "drop"])
def test_a_list_that_breaks_off_in_the_middle_loses_and_doubles_nothing(fault: Trouble, tmp_path: Path) -> None:
    async def run() -> None:
        await prepare(tmp_path / "paperboy.db")
        told: list[str] = []
        async with Captured() as server:
            server.fault(fault, 20, after=3)
            for _ in range(2):
                out, err, _ = await once(server, tmp_path)
                assert err == ""
                told += re.findall(r"https://arxiv\.org/abs/([0-9.]+)", out)
                server._troubles.clear()
        assert sorted(told) == sorted(of(entry, "id") for entry in wanted(listed()))

    asyncio.run(run())
