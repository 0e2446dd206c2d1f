"""Real input: arXiv's own reply through a loopback arXiv and `bot once`; the digest's facts are the feed's."""

import asyncio
import re
import sys
from datetime import datetime
from pathlib import Path

import pytest
from lxml import etree

from bot.clock import clock
from bot.core import query, times
from bot.core.plain import plain
from bot.model import Chat, Part, Said, Subscribe
from bot.platforms.console import ADDRESS
from bot.store.store import Store
from tests.fakes.arxiv_server import ArxivServer

ROOT = Path(__file__).resolve().parents[2]
FEED = ROOT.parent / "shared" / "data" / "arxiv" / "atom" / "q_testing_s0_m100_cfe7536492ca.xml"
NAMES = {"a": "http://www.w3.org/2005/Atom", "x": "http://arxiv.org/schemas/atom"}
NOW = "2026-04-12T22:45:06Z"
TOPIC = "testing"

pytestmark = pytest.mark.integration


class OneReply(ArxivServer):
    """Answers the question for one day with the captured entries, whole, and every other one with an empty feed."""

    def __init__(self, feed: bytes) -> None:
        entries = feed.count(b"<entry>")
        total = rb"(<opensearch:totalResults>)\d+"
        super().__init__(atom=re.sub(total, rb"\g<1>%d" % entries, feed))
        self._full = self.atom
        self._empty = re.sub(rb"<entry>.*</entry>", b"", re.sub(total, rb"\g<1>0", feed), flags=re.DOTALL)

    def _answer(self, query: dict[str, str], fault: object = "") -> object:  # type: ignore[override]  # noqa: ARG002
        self.atom = self._full if "[20260404" in query.get("search_query", "") else self._empty
        return super()._answer(query)


async def prepare(path: Path) -> None:
    """Make a ledger whose baseline is done and whose terminal chat has a topic."""
    store = Store(path, clock(f"simulated {NOW}"))
    await store.open()
    run = await store.begin_run("harvest")
    now = times.ms(datetime.fromisoformat(NOW))
    await store.end_run(run, "complete", "", mark=now - 86_400_000, next_at=now)
    chat = Chat(f"console:{ADDRESS}", "console", ADDRESS, mode="asap")
    await store.hear(Said("said:1", chat, f"/follow {TOPIC}"))
    await store.answer(Said("said:1", chat), [Part("{}")][:0], [Subscribe(query.topic(query.parse(TOPIC)), TOPIC)])
    await store.close()


async def once(url: str, folder: Path) -> tuple[str, str, int]:
    """Run `python -m bot once`; returns (output, errors, exit code)."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "COLUMNS": "100",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": str(folder / "paperboy.db"),
        "PAPERBOY_ARXIV_URL": url,
        "PAPERBOY_CONTACT": "test@example.org",
        # ten times as fast: the polite gate of one request per three seconds is passed in a tenth of the time
        "PAPERBOY_CLOCK": f"simulated {NOW} x10",
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


@pytest.mark.skipif(not FEED.exists(), reason="the captured replies of arXiv (../shared) are not here")
def test_the_digest_says_what_the_feed_says(tmp_path: Path) -> None:
    async def run() -> None:
        await prepare(tmp_path / "paperboy.db")
        async with OneReply(FEED.read_bytes()) as server:
            out, err, code = await once(server.base_url, tmp_path)
            assert (err, code) == ("", 0)
            asked = len(server.seen)
            assert asked <= 10, "one question a day of the window"
            assert all("test@example.org" in seen.headers["User-Agent"] for seen in server.seen)
            again, err, code = await once(server.base_url, tmp_path)
            assert (err, code) == ("", 0)
            assert "Nothing to send: arXiv brought no new papers since your last digest" in again
        check(out)

    asyncio.run(run())


def check(out: str) -> None:
    """Hold the digest against an independent reading of the feed."""
    entries = etree.parse(FEED).findall("a:entry", NAMES)
    text = squeezed(out)

    def of(entry: object, path: str) -> list[str]:
        return [" ".join(found.text.split()) for found in entry.findall(path, NAMES)]  # type: ignore[attr-defined]

    matching = [
        entry
        for entry in entries
        if re.search(r"\btestings?\b", plain(" ".join(of(entry, "a:title") + of(entry, "a:summary"))), re.IGNORECASE)
    ]
    assert len(matching) > 50
    assert f"{TOPIC} · Sun 12 Apr · {len(matching)} of {len(entries)} new papers" in out
    for entry in matching:
        (title,), (published,), (link,) = of(entry, "a:title"), of(entry, "a:published"), of(entry, "a:id")
        base = re.sub(r"v\d+$", "", link.removeprefix("http://arxiv.org/abs/"))
        authors = of(entry, "a:author/a:name")
        names = ", ".join(map(plain, authors[:3])) + (f" + {len(authors) - 3}" if len(authors) > 3 else "")
        primary = entry.find("x:primary_category", NAMES).get("term")
        others = [c.get("term") for c in entry.findall("a:category", NAMES) if c.get("term") != primary]
        when = datetime.fromisoformat(published)
        line = f"{names} · {', '.join([primary, *dict.fromkeys(others)])} · {when.day} {when:%b}"
        line += "" if (datetime.fromisoformat(NOW) - when).days < 250 else f" {when:%Y}"
        at = text.find(squeezed(f"{plain(title)}{line}"))
        assert at >= 0, (title, line)
        block = text[at : text.find("https://arxiv.org/pdf/", at)]
        assert f"https://arxiv.org/abs/{base}" in block, base
        for comment in of(entry, "x:comment"):
            assert squeezed(f"Comment: {plain(comment)}") in block
        for venue in of(entry, "x:journal_ref"):
            assert squeezed(f"Published in: {plain(venue)}") in block


@pytest.mark.skipif(not FEED.exists(), reason="the captured replies of arXiv (../shared) are not here")
@pytest.mark.parametrize("fault", ["rate", "html", "truncated", "error", "empty"])
def test_a_broken_reply_is_never_an_empty_day(fault: str, tmp_path: Path) -> None:
    async def run() -> None:
        await prepare(tmp_path / "paperboy.db")
        async with OneReply(FEED.read_bytes()) as server:
            server.fault(fault, 20)  # type: ignore[arg-type]
            out, err, code = await once(server.base_url, tmp_path)
            assert (err, code) == ("", 1)
            assert "the last look at arXiv failed" in out
            assert "no new papers" not in out
            server._faults.clear()
            out, err, code = await once(server.base_url, tmp_path)
            assert (err, code) == ("", 0), out
            assert "of 100 new papers" in out

    asyncio.run(run())
