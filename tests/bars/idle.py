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

from bot.core import papers
from bot.model import Paper
from tests.fakes.arxiv_server import ArxivServer
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


def week() -> list[Paper]:
    """Real papers if there are any here, dated over the last days as a week of arXiv is."""
    if not CORPUS.exists():
        return []
    now = int(time.time() * 1000)
    rows = [json.loads(text) for text in gzip.decompress(CORPUS.read_bytes()).decode().splitlines()]
    found = [papers.from_row(row) for row in rows]
    return [replace(p, published=now - 60_000 * (n + 2)) for n, p in enumerate(found)]


async def harvested(folder: Path) -> int:
    """Wait for the first harvest and its matching; returns how many papers it brought."""
    while True:
        await asyncio.sleep(0.5)
        with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(folder / "data/paperboy.db")) as db:
            done = db.execute("SELECT papers FROM run WHERE outcome = 'complete'").fetchone()
            if done and not db.execute("SELECT 1 FROM paper WHERE matched_at = 0").fetchone():
                return int(done[0])


async def measure(seconds: float, found: list[Paper], *, telegram: bool) -> tuple[int, float, float, float]:
    """Papers of the first harvest, share of a core (0 to 1) when idle, resident MiB and their peak, of `bot run`."""
    more = {} if found else {"PAPERBOY_BASELINE_DAYS": "1"}  # one question a day, three seconds apart
    async with ArxivServer(found) as server, TelegramServer() as chats:
        more |= {"TELEGRAM_BOT_TOKEN": TOKEN, "PAPERBOY_TELEGRAM_BASE_URL": chats.url} if telegram else {}
        with tempfile.TemporaryDirectory() as folder:
            child = subprocess.Popen(  # noqa: ASYNC220 - nothing else runs on this loop yet
                [sys.executable, "-m", "bot", "run"],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": str(ROOT), "PAPERBOY_ARXIV_URL": server.base_url} | more,
                stdin=subprocess.DEVNULL,
            )
            try:
                number = await asyncio.wait_for(harvested(Path(folder)), 120)
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
    papers_ = week() if full else []
    for name, telegram, most in (("terminal", False, 120), ("Telegram", True, 150)):
        number, share, resident, peak = asyncio.run(measure(60 if full else 0.5, papers_, telegram=telegram))
        good = good and share < 0.01 and peak <= most
        if full:
            print(
                f"{name}, first start with {number:,} papers: peak {peak:.0f} MiB resident (bar {most}), "
                f"{resident:.0f} afterwards;\nthen idle for 60 s: {100 * share:.2f} % of a core (bar 1 %)"
            )
    return 0 if good or not full else 1
