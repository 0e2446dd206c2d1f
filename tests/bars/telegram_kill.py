"""Kill -9 during a burst through the loopback Bot API: none lost, none repeated but those recorded in doubt.

The server is a process of its own and lives on; the child is the house with the real adapter and its real rates, on a
clock that runs several times as fast as the system's. Flood control is off, as the server keeps real time. Loopback has
no latency to speak of; the child adds some (`telegram_child.DELAY`), so that there is something in flight to kill.
"""

import asyncio
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bot.model import Chat
from bot.platforms.telegram import Telegram
from bot.words import say
from tests.bars.kill import ROOT, ask
from tests.fakes import telegram_child

START = "2026-11-21T08:00:00Z"
NOTE = f"<i>{say('en', 'again')}</i>\n\n"
Arrival = tuple[int, str]
"""(chat, text without the note)."""


@dataclass
class Size:
    private: int
    groups: int
    messages: int  # to each chat
    kills: int
    speed: int

    @property
    def known(self) -> list[Chat]:
        return telegram_child.chats(self.private, self.groups)

    @property
    def sends(self) -> int:
        return (self.private + self.groups) * self.messages

    @property
    def seconds(self) -> float:
        """At least what the burst takes on the real clock."""
        return self.sends * Telegram.token_rate.every / self.speed / 1000


FULL = Size(170, 30, 500, 10, 12)
REDUCED = Size(34, 6, 10, 2, 10)


@dataclass
class Tally:
    in_flight: list[int] = field(default_factory=list)  # attempts that had come to the adapter and were not settled
    claimed: int = 0  # attempts that had not come so far
    arrived: int = 0  # sends that were there at a kill, of which the ledger did not know it
    unknown: int = 0  # begun or arrived, and neither 'sending' nor settled
    false: int = 0  # settled as sent, and not there
    overdone: int = 0  # put in doubt at a start beyond what was 'sending' at the kill
    wrong: list[str] = field(default_factory=list)


@contextlib.contextmanager
def server(folder: Path) -> Iterator[str]:
    """A Bot API in a process of its own; gives its address."""
    port, log = folder / "port", folder / "arrived.jsonl"
    command = [sys.executable, "-m", "tests.fakes.telegram_server", str(port), str(log)]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)  # it tells of each broken connection
    try:
        until = time.monotonic() + 30
        while not port.exists():
            assert process.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port.read_text()}"
        assert process.poll() is None, "the server ended"
    finally:
        process.kill()
        process.wait()


def start(folder: Path, url: str, setting: str, size: Size) -> tuple["subprocess.Popen[str]", int]:
    """A life of the child, and how many sends it found in doubt."""
    told = [str(folder), url, setting, str(size.private), str(size.groups)]
    command = [sys.executable, "-m", "tests.fakes.telegram_child", *told]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    ready, doubted = child.stdout.readline().split()
    assert ready == "READY"
    return child, int(doubted)


def arrivals(folder: Path) -> list[tuple[Arrival, bool]]:
    """What stands in the chats by the server's log, and whether it carries the note."""
    found = []
    for row in lines(folder / "arrived.jsonl"):
        assert isinstance(row, dict)
        assert row["method"] == "sendMessage", row
        text = str(row["text"])
        found.append(((int(row["chat_id"]), text.removeprefix(NOTE)), text.startswith(NOTE)))
    return found


def lines(file: Path) -> list[object]:
    return [json.loads(row) for row in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def sends(folder: Path) -> dict[str, tuple[Arrival, str, int]]:
    """By id: where it goes and what it says, its state, how often it was in doubt."""
    found = ask(
        folder,
        "SELECT s.id, s.chat, p.text, s.state, s.doubted FROM send s JOIN payload p ON p.send = s.id ORDER BY s.id",
    )
    return {
        str(id_): (
            (int(str(chat).rpartition(":")[2]), json.loads(str(text))["html"]),
            str(state),
            int(str(doubted)),
        )
        for id_, chat, text, state, doubted in found
    }


def look(tally: Tally, folder: Path, begun: int, seen: int) -> int:
    """Hold the ledger against the server's log after a kill; returns how many were `sending`."""
    ledger = sends(folder)
    sending = {id_ for id_, (_, state, _) in ledger.items() if state == "sending"}
    settled = {id_ for id_, (_, state, _) in ledger.items() if state == "sent"}
    open_ = {str(id_) for id_ in lines(folder / "begun.jsonl")[begun:]} - settled
    every = arrivals(folder)
    here, lately = {what for what, _ in every}, {what for what, _ in every[seen:]}
    there = {id_ for id_, (what, _, _) in ledger.items() if what in lately} - settled
    tally.in_flight.append(len(open_))
    tally.claimed += len(sending - open_)
    tally.arrived += len(there)
    tally.unknown += len((open_ | there) - sending)
    tally.false += sum(ledger[id_][0] not in here for id_ in settled)
    return len(sending)


def check(tally: Tally, folder: Path, size: Size) -> tuple[int, int, int]:
    """What is wrong at the end goes to the tally; returns (lost, repeated, recorded in doubt)."""
    ledger = sends(folder)
    every = arrivals(folder)
    times = Counter(what for what, _ in every)
    by_what = {what: (id_, doubted) for id_, (what, _, doubted) in ledger.items()}
    asked = telegram_child.asking(size.known)
    wanted = {
        (int(chat.address), telegram_child.text(number)) for chat in size.known for number in range(size.messages)
    }
    answers = Counter(chat for chat, text in by_what if not text.startswith("Message "))
    if answers != Counter(asked):
        tally.wrong.append("not every /topics has exactly one answer in the ledger")
    lost = len((wanted | set(by_what)) - set(times))
    tally.wrong += [f"{id_} is {state}" for id_, (_, state, _) in ledger.items() if state != "sent"]
    tally.wrong += [f"nobody sent {what}" for what in set(times) - set(by_what)]
    first: set[Arrival] = set()
    last: dict[int, str] = {}
    for what, noted in every:
        chat, text = what
        id_, doubted = by_what.get(what, ("", 0))
        if what in first and not noted:
            tally.wrong.append(f"{id_} came again without saying so")
        if noted and not doubted:
            tally.wrong.append(f"{id_} says that it came again and was never in doubt")
        first.add(what)
        if text.startswith("Message "):
            if text < last.get(chat, ""):
                tally.wrong.append(f"{text} came to {chat} after {last[chat]}")
            last[chat] = text
    for what, many in times.items():
        id_, doubted = by_what.get(what, ("", 0))
        if many - 1 > doubted:
            tally.wrong.append(f"{id_} came {many} times and was in doubt {doubted} times")
    return lost, sum(many - 1 for many in times.values()), sum(doubted for _, _, doubted in ledger.values())


def run(*, full: bool) -> int:
    size = FULL if full else REDUCED
    dice = random.Random(20261121)
    tally = Tally()
    setting = f"simulated {START} x{size.speed} since {time.time():.3f}"
    claimed_before = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(telegram_child.prepare(folder, size.known, size.messages))
        began = time.monotonic()
        with server(folder) as url:
            for life in range(size.kills + 1):
                begun, seen = len(lines(folder / "begun.jsonl")), len(arrivals(folder))
                child, doubted = start(folder, url, setting, size)
                tally.overdone += max(0, doubted - claimed_before)
                assert child.stdout is not None
                if life < size.kills:
                    time.sleep(dice.uniform(0, size.seconds / size.kills))
                    assert child.poll() is None, "the burst was over before the last kill"
                    child.kill()
                    child.wait()
                    time.sleep(0.2)  # what has left the child may still be on its way to the server's log
                    claimed_before = look(tally, folder, begun, seen)
                else:
                    child.wait(timeout=600)
                    assert child.returncode == 0, child.returncode
                child.stdout.close()
            lost, repeated, in_doubt = check(tally, folder, size)
        seconds = time.monotonic() - began
    flown = sum(tally.in_flight)
    print(
        f"{size.kills} kills within {size.sends:,} messages to {size.private} private chats and {size.groups} groups, "
        f"{len(size.known[:: telegram_child.ASKING])} of which ask /topics in each life,\n"
        f"  on a clock {size.speed} times as fast as ours, in {seconds:.0f} s: {lost} lost, {repeated} repeated;\n"
        f"  {in_doubt} recorded in doubt, of {flown} in flight at the kills (most {max(tally.in_flight)}) and "
        f"{tally.claimed} claimed but not begun; {tally.arrived} of them had arrived"
    )
    for told in tally.wrong[:5]:
        print(f"  {told}")
    if tally.unknown or tally.false or tally.overdone:
        print(
            f"  {tally.unknown} in flight of which the ledger knew nothing, {tally.false} called sent that were not "
            f"there, {tally.overdone} put in doubt without need"
        )
    good = not (lost or tally.wrong or tally.unknown or tally.false or tally.overdone)
    good = good and repeated <= in_doubt <= flown + tally.claimed and repeated <= tally.arrived
    if full:  # the gap between claim and request is short, on a machine that does nothing else
        good = good and tally.claimed <= max(10, 0.1 * flown)
    return 0 if good else 1
