"""What a harvest costs: a day of 1,500 papers and 5,000 changed records, and a day on which 50,000 records are edited.

The archive is simulated in a process of its own and the harvest made in another, so that what is measured is the
harvest alone: asking over loopback, parsing, keeping the raw pages and storing, with no pause between requests.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, Any

from bot import resources
from bot.core import times
from bot.core.calendar import Calendar
from bot.core.times import ms
from bot.flow.harvest import look
from bot.flow.match import match
from bot.sources.arxiv_oai import ArxivOai
from bot.store.raw import Raw
from tests.fakes.arxiv_world import World
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.chat import FakeChat
from tests.fakes.harvest_house import EVERYTHING, subscribe
from tests.fakes.house import house
from tests.fakes.ports import OpenGate, SteppedClock

ROOT = Path(__file__).resolve().parents[2]
FIRST = date(2026, 11, 2)
BULK = date(2026, 11, 14)  # a Saturday: nothing is announced
_DAY = 86_400_000  # ms
_CPU, _MEMORY = 20.0, 150.0  # seconds, MiB


def _at(day: int, hour: int) -> int:
    return ms(datetime(2026, 11, day, hour, tzinfo=UTC))


# --- the archive's process -------------------------------------------------------------------------------------------


async def serve(volume: int, stock: int, edited: int, bulk: int) -> None:
    """Serve a world; each line of stdin is the time (ms) that it is from now on."""
    edits = {date(2026, 11, 12): edited, BULK: bulk}
    world = World(Calendar.of(resources.data("calendar.json")), FIRST, 3, volume, stock, bulk=edits)
    clock = SteppedClock(_at(11, 12), auto=False)
    world.advance(clock.now())
    async with WorldServer(world, clock) as server:
        print(server.oai_url, flush=True)
        while text := await asyncio.to_thread(sys.stdin.readline):
            clock.set(int(text))
            world.advance(clock.now())
            since = times.start_of_day(clock.now() - 3 * _DAY)
            window = [f"{times.instant(since + n * _DAY):%F}" for n in range(4)]
            print(json.dumps([len(world.days.get(day, {})) for day in window]), flush=True)


# --- the harvest's process -------------------------------------------------------------------------------------------


def _peak(*, anew: bool = False) -> float:
    """Most memory (MiB) that this process has had, since the last `anew`; 0 where the system does not tell."""
    try:
        if anew:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


async def measure(url: str) -> None:
    """Harvest on the word of stdin, which names the time (ms), and tell what it took."""
    clock = SteppedClock(_at(11, 12))
    with tempfile.TemporaryDirectory() as name:
        async with house(Path(name), clock=clock, chat=FakeChat(limit=10_000_000)) as found:
            keep = Raw(Path(name) / "paperboy.db", clock).keep
            found.register = ArxivOai(gate=OpenGate(), clock=clock, contact="paper@boy.org", base_url=url, keep=keep)
            await subscribe(found, found.chat("all"), EVERYTHING)
            print("ready", flush=True)
            while text := await asyncio.to_thread(sys.stdin.readline):
                clock.set(int(text))
                before, sent = (await found.store.counts()).papers, len(found.fake.sent)
                start, cpu, wall = _peak(anew=True), time.process_time(), time.monotonic()
                await look(found.store, found.ports)
                told: dict[str, Any] = {"cpu": time.process_time() - cpu, "wall": time.monotonic() - wall}
                told |= {"mib": _peak() - start, "papers": (await found.store.counts()).papers - before}
                cpu, start = time.process_time(), _peak(anew=True)
                await match(found.store, found.ports, "match:new")
                told |= {"match_cpu": time.process_time() - cpu, "match_mib": _peak() - start}
                await found.drain()
                run = await found.store.last_run("harvest")
                told |= {"sent": len(found.fake.sent) - sent, "outcome": run.outcome if run else ""}
                print(json.dumps(told), flush=True)


# --- the bar ---------------------------------------------------------------------------------------------------------


class _Child:
    def __init__(self, *words: object) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.bars.harvest_load", *map(str, words)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.first = self._line()

    def _line(self) -> str:
        out: IO[str] | None = self._process.stdout
        assert out
        return out.readline().strip()

    def ask(self, at: int) -> Any:
        assert self._process.stdin
        self._process.stdin.write(f"{at}\n")
        self._process.stdin.flush()
        return json.loads(self._line())

    def end(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(60)
        self._process.stdout.close()


def check(*, full: bool) -> list[str]:
    """Print what each kind of day costs; returns what is not as it should be."""
    volume, stock, bulk = (1500, 50_000, 50_000) if full else (60, 600, 600)
    archive = _Child("serve", volume, stock, volume * 2 // 3, bulk)
    house_ = _Child("measure", archive.first)
    problems = []
    figures: dict[str, Any] = {}
    print(
        f"{'':34} {'today':>8} {'4 days':>8} {'new rows':>8} {'CPU s':>6} {'MiB':>6} "
        f"{'match s':>8} {'MiB':>6} {'messages':>9}"
    )
    # A day's records alone are asked for by nobody: each harvest reads three days before the watermark once more.
    for name, at in (
        ("the first: nine days, in silence", _at(11, 12)),
        ("a day of announcements", _at(13, 4)),
        ("the same once more", _at(13, 7)),
        ("an edit of everything", _at(14, 14)),
        ("the next day", _at(16, 4)),
    ):
        changed, told = archive.ask(at), house_.ask(at)
        figures[name] = told
        print(
            f"{name:34} {changed[-1]:8,} {sum(changed):8,} {told['papers']:8,} {told['cpu']:6.1f} {told['mib']:6.0f} "
            f"{told['match_cpu']:8.1f} {told['match_mib']:6.0f} {told['sent']:9}"
        )
        if told["outcome"] != "complete":
            problems.append(f"{name}: the harvest was {told['outcome']}")
    house_.end()
    archive.end()
    _, day, again, edit, _ = figures.values()
    problems += [] if day["sent"] else ["a day of announcements sent nothing"]
    problems += ["the same day sent something twice"] if again["sent"] else []
    problems += ["an edit of everything sent something"] if edit["sent"] else []
    if full:
        problems += [f"a day took {day['cpu']:.1f} s of CPU"] if day["cpu"] >= _CPU else []
        problems += [f"a day took {day['mib']:.0f} MiB"] if day["mib"] >= _MEMORY else []
        more = max(edit["mib"], edit["match_mib"])
        problems += [f"an edit of everything took {more:.0f} MiB"] if more >= _MEMORY else []
    return problems


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        asyncio.run(serve(*map(int, sys.argv[2:6])))
    else:
        asyncio.run(measure(sys.argv[2]))
