"""A service after its first start on a week of papers, then with nothing to do: memory, and its share of a core."""

import asyncio
import contextlib
import gzip
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from xml.sax.saxutils import escape

from aiohttp import web

from bot.clock import SystemClock
from bot.core import papers
from bot.core.times import instant
from bot.flow.harvest import STEPS
from bot.model import Paper
from tests.fakes import arxiv_world_wire as wire
from tests.fakes.arxiv_world import World
from tests.fakes.arxiv_world_guest import CALENDAR
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.house import paper
from tests.fakes.telegram_server import TOKEN, TelegramServer

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "data" / "corpus" / "sample_10k.jsonl.gz"


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int, name: str) -> float:
    """MiB of a line of /proc/PID/status."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise AssertionError(name)


class Week(WorldServer):
    """An arXiv whose list holds these papers, all of them changed today, 2,500 a page; its feeds are empty."""

    def __init__(self, found: list[Paper]) -> None:
        clock = SystemClock()
        super().__init__(World(CALENDAR, CALENDAR.listing_at(clock.now()), stock=1, volume=1), clock)
        today = f"{instant(clock.now()):%Y-%m-%d}"
        records = [_record(each, today) for each in found]
        self.lists = [records[start : start + self.page] for start in range(0, len(records), self.page)]

    async def _oai(self, query: dict[str, str], fault: str) -> web.Response:
        assert not fault
        at, last = int(query.get("resumptionToken", 0)), len(self.lists) - 1
        token = str(at + 1) if at < last else "" if at else None
        asked = wire.asked(verb="ListRecords") if not at else wire.asked_token(str(at))
        body = wire.oai(self.clock.now(), asked, wire.records(self.lists[at], token, self.clock.now()))
        return web.Response(body=body, content_type="text/xml", charset="utf-8")


def _record(found: Paper, today: str) -> str:
    """A paper as the record of truth tells of it."""
    fields = {
        "id": found.id,
        "title": found.title,
        "authors": ", ".join(found.authors),
        "categories": " ".join(found.categories),
        "comments": found.comment,
        "journal-ref": found.journal_ref,
        "doi": found.doi,
        "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
        "abstract": "  " + found.abstract.replace("\n", "\n  "),
    }
    inner = "".join(f"<{name}>{escape(text)}</{name}>\n" for name, text in fields.items() if text.strip())
    return (
        f"<record><header><identifier>oai:arXiv.org:{found.id}</identifier><datestamp>{today}</datestamp></header>"
        f'<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><version version="v1">'
        f"<date>{instant(found.published):%a, %d %b %Y %H:%M:%S} GMT</date><size>9kb</size></version>\n{inner}"
        "</arXivRaw></metadata></record>"
    )


def week() -> list[Paper]:
    """Real papers if there are any here, dated over the last days as a week of arXiv is."""
    if not CORPUS.exists():
        return []
    now = int(time.time() * 1000)
    rows = [json.loads(text) for text in gzip.decompress(CORPUS.read_bytes()).decode().splitlines()]
    found = {each.id: each for each in map(papers.from_row, rows)}
    return [replace(p, published=now - 60_000 * (n + 2)) for n, p in enumerate(found.values())]


async def harvested(folder: Path) -> int:
    """Wait for the first of all looks at arXiv and for the matching; returns how many papers the first one brought."""
    while True:
        await asyncio.sleep(0.5)
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(folder / "data/paperboy.db")) as db:
            done = dict(db.execute("SELECT verb, papers FROM run WHERE outcome = 'complete'").fetchall())
            missing = {step.verb for step in STEPS} - done.keys()
            if not missing and not db.execute("SELECT 1 FROM paper WHERE matched_at = 0").fetchone():
                return int(done["harvest"])


async def measure(seconds: float, found: list[Paper], *, telegram: bool) -> tuple[int, float, float, float]:
    """Papers of the first harvest, share of a core (0 to 1) when idle, resident MiB and their peak, of `bot run`."""
    async with Week(found) as server, TelegramServer() as chats:
        more = {
            "PAPERBOY_ARXIV_URL": server.base_url,
            "PAPERBOY_ARXIV_OAI_URL": server.oai_url,
            "PAPERBOY_ARXIV_RSS_URL": server.rss_url,
        }
        more |= {"TELEGRAM_BOT_TOKEN": TOKEN, "PAPERBOY_TELEGRAM_BASE_URL": chats.url} if telegram else {}
        with tempfile.TemporaryDirectory() as folder:
            child = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs on this loop yet
                [sys.executable, "-m", "bot", "run"],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": str(ROOT)} | more,
                stdin=subprocess.DEVNULL,
            )
            try:
                number = await asyncio.wait_for(harvested(Path(folder)), 120)
                assert number == len(found), f"{number} of {len(found)} papers came"
                start, began = cpu_seconds(child.pid), time.monotonic()
                await asyncio.sleep(seconds)
                share = (cpu_seconds(child.pid) - start) / (time.monotonic() - began)
                return number, share, memory(child.pid, "VmRSS"), memory(child.pid, "VmHWM")
            finally:
                child.send_signal(signal.SIGTERM)
                await asyncio.to_thread(child.wait)


def run(*, full: bool) -> int:
    if not Path("/proc/self/stat").exists():
        print("this system has no /proc; nothing measured")
        return 0
    good = True
    papers_ = (week() if full else []) or [paper(number) for number in range(1, 30)]
    for name, telegram, most in (("terminal", False, 120), ("Telegram", True, 150)):
        number, share, resident, peak = asyncio.run(measure(60 if full else 0.5, papers_, telegram=telegram))
        good = good and share < 0.01 and peak <= most
        if full:
            print(
                f"{name}, first start with {number:,} papers: peak {peak:.0f} MiB resident (bar {most}), "
                f"{resident:.0f} afterwards;\nthen idle for 60 s: {100 * share:.2f} % of a core (bar 1 %)"
            )
    return 0 if good or not full else 1
