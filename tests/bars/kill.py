"""Kill -9 at random moments of a cycle with 500 deliveries: none lost, none repeated but those recorded in doubt."""

import asyncio
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.fakes import crash_child

ROOT = Path(__file__).resolve().parents[2]
EXPECTED = crash_child.CHATS * crash_child.PAPERS


@dataclass
class Tally:
    kills: int = 0
    cycles: int = 0
    lost: int = 0
    unrecorded: int = 0  # repeats of a send that the ledger does not call doubted
    repeated: int = 0
    doubted: int = 0
    claimed: int = 0  # sends claimed whose request had not left yet: called doubted, though nothing was sent
    unknown: int = 0  # sends in flight of which the ledger knows nothing
    in_flight: list[int] = field(default_factory=list)


def start(folder: Path) -> "subprocess.Popen[str]":
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.crash_child", str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "READY\n"
    return child


def ask(folder: Path, sql: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(folder / "paperboy.db")
    try:
        return db.execute(sql).fetchall()
    finally:
        db.close()


def log(folder: Path) -> list[list[object]]:
    file = folder / "arrived.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def cycle(tally: Tally, kills: int, dice: random.Random, span: float) -> None:
    """One night of 500 deliveries, killed until it gets through or `kills` are used up, then left in peace."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(crash_child.prepare(folder))
        done = False
        left = kills
        while not done:
            earlier = len(log(folder))
            child = start(folder)
            if left > 0:
                time.sleep(dice.uniform(0, span))
            else:
                child.wait(timeout=120)
            if child.poll() is None:
                child.kill()
                child.wait()
                left -= 1
                tally.kills += 1
                sending = {str(row[0]) for row in ask(folder, "SELECT id FROM send WHERE state = 'sending'")}
                settled = {str(row[0]) for row in ask(folder, "SELECT id FROM send WHERE state = 'sent'")}
                seen = log(folder)[earlier:]
                # what the platform itself knows: begun in this life of the process and not settled
                begun = {str(row[1]) for row in seen if row[0] == "begin"} - settled
                tally.in_flight.append(len(begun))
                tally.claimed += len(sending - begun)
                tally.unknown += len(begun - sending)
            else:
                assert child.returncode == 0, child.returncode
                done = True
            assert child.stdout is not None
            child.stdout.close()
        check(tally, folder)
        tally.cycles += 1


def whole_cycle() -> float:
    """Seconds from READY to DONE of a cycle that nobody kills."""
    with tempfile.TemporaryDirectory() as name:
        asyncio.run(crash_child.prepare(Path(name)))
        child = start(Path(name))
        began = time.monotonic()
        assert child.stdout is not None
        assert child.stdout.readline() == "DONE\n"
        seconds = time.monotonic() - began
        child.wait()
        child.stdout.close()
        return seconds


def check(tally: Tally, folder: Path) -> None:
    arrived = [row for row in log(folder) if row[0] == "arrived"]
    papers = {(row[2], paper) for row in arrived for paper in row[5]}  # type: ignore[attr-defined]
    tally.lost += EXPECTED - len(papers)
    answers = {str(row[1]) for row in log(folder) if row[0] == "arrived" and str(row[1]).startswith("said:ask:")}
    tally.lost += crash_child.CHATS - len(answers)  # every command has its answer
    doubted = {str(id_): int(str(n)) for id_, n in ask(folder, "SELECT id, doubted FROM send WHERE doubted > 0")}
    tally.doubted += sum(doubted.values())
    for send, times in Counter(str(row[1]) for row in arrived).items():
        tally.repeated += times - 1
        tally.unrecorded += max(0, times - 1 - doubted.get(send, 0))
    carriers: dict[tuple[object, str], set[str]] = {}
    for row in arrived:
        for paper in row[5]:  # type: ignore[attr-defined]
            carriers.setdefault((row[2], paper), set()).add(str(row[1]))
    tally.unrecorded += sum(len(sends) > 1 for sends in carriers.values())  # a paper in two different messages


def run(*, full: bool) -> int:
    dice = random.Random(20261121)
    tally = Tally()
    wanted = 200 if full else 4
    span = whole_cycle()
    print(f"a cycle left in peace takes {span:.2f} s; kills fall uniformly into that time after each start")
    while tally.kills < wanted:
        cycle(tally, min(5, wanted - tally.kills), dice, span)
    most, mean = max(tally.in_flight), sum(tally.in_flight) / len(tally.in_flight)
    print(
        f"{tally.kills} kills in {tally.cycles} cycles of {EXPECTED} deliveries and {crash_child.CHATS} commands: "
        f"{tally.lost} lost,"
    )
    print(f"  {tally.repeated} messages repeated, {tally.unrecorded} of them not recorded in doubt;")
    print(
        f"  {tally.doubted} recorded in doubt, {sum(tally.in_flight)} in flight at the kills "
        f"(mean {mean:.1f}, most {most}),\n  {tally.claimed} claimed but not begun"
    )
    good = not (tally.lost or tally.unrecorded or tally.unknown)
    good = good and tally.doubted == sum(tally.in_flight) + tally.claimed
    if full:  # the gap between claim and request is short, on a machine that does nothing else
        good = good and tally.claimed <= max(20, 0.1 * sum(tally.in_flight))
    return 0 if good else 1
