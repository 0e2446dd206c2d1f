"""Kill -9 during a burst through the loopback Discord: none lost, none repeated, just what was in flight in doubt.

The server is a process of its own and lives on, with its buckets, its fifty requests a second and its nonces that hold
for three minutes, all in real time; the child is the house with the real adapter, the unmodified library and its
gateway. Loopback has no latency to speak of; the child adds some (`discord_child.DELAY`), so that there is something in
flight to kill. What arrived is what the server's log says.
"""

import asyncio
import contextlib
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
from bot.platforms.discord import Discord
from bot.words import say
from tests.bars.kill import ROOT, ask
from tests.bars.telegram_kill import lines
from tests.fakes import discord_child

NOTE = say("en", "again")


@dataclass
class Size:
    channels: int
    messages: int  # to each channel
    kills: int

    @property
    def known(self) -> list[Chat]:
        return discord_child.channels(self.channels)

    @property
    def sends(self) -> int:
        return self.channels * self.messages

    @property
    def seconds(self) -> float:
        """At least what the burst takes."""
        return self.sends * Discord.token_rate.every / 1000


FULL = Size(100, 30, 10)
REDUCED = Size(40, 5, 2)


@dataclass
class Arrival:
    """A message by the server's log."""

    channel: int
    nonce: str
    text: str

    @property
    def noted(self) -> bool:
        """Whether it says that it came again."""
        return NOTE in self.text

    @property
    def number(self) -> str:
        return self.text[-3:] if "Message " in self.text else ""


@dataclass
class Row:
    """A send by the ledger."""

    id: str
    chat: str
    nonce: str
    state: str
    doubted: int


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
    """A Discord in a process of its own; gives its address."""
    port, log = folder / "port", folder / "arrived.jsonl"
    command = [sys.executable, "-m", "tests.fakes.discord_server", str(port), str(log), "--flood"]
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


def start(folder: Path, url: str, size: Size) -> tuple["subprocess.Popen[str]", int]:
    """A life of the child, and how many sends it found in doubt."""
    command = [sys.executable, "-m", "tests.fakes.discord_child", str(folder), url, str(size.channels)]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    ready, doubted = child.stdout.readline().split()
    assert ready == "READY"
    return child, int(doubted)


def arrivals(folder: Path) -> list[Arrival]:
    found = []
    for row in lines(folder / "arrived.jsonl"):
        assert isinstance(row, dict)
        assert row["kind"] == "message", row
        found.append(Arrival(int(row["channel_id"]), str(row["nonce"]), str(row["text"])))
    return found


def sends(folder: Path) -> dict[str, Row]:
    """By nonce."""
    found = ask(folder, "SELECT id, chat, nonce, state, doubted FROM send ORDER BY seq")
    made = [Row(str(id_), str(chat), str(nonce), str(state), int(str(n))) for id_, chat, nonce, state, n in found]
    return {row.nonce: row for row in made}


def look(tally: Tally, folder: Path, begun: int, seen: int) -> int:
    """Hold the ledger against the server's log after a kill; returns how many were `sending`."""
    ledger = sends(folder)
    sending = {row.id for row in ledger.values() if row.state == "sending"}
    settled = {row.id for row in ledger.values() if row.state == "sent"}
    open_ = {str(id_) for id_ in lines(folder / "begun.jsonl")[begun:]} - settled
    every = arrivals(folder)
    here = {ledger[one.nonce].id for one in every}
    there = {ledger[one.nonce].id for one in every[seen:]} - settled
    tally.in_flight.append(len(open_))
    tally.claimed += len(sending - open_)
    tally.arrived += len(there)
    tally.unknown += len((open_ | there) - sending)
    tally.false += len(settled - here)
    return len(sending)


def check(tally: Tally, folder: Path, size: Size) -> tuple[int, int, int, int]:
    """What is wrong at the end goes to the tally; returns (lost, repeated, recorded in doubt, noted for nothing)."""
    ledger, every = sends(folder), arrivals(folder)
    times = Counter(one.nonce for one in every)
    lost = len(ledger.keys() - times.keys())
    tally.wrong += [f"{row.id} is {row.state}" for row in ledger.values() if row.state != "sent"]
    tally.wrong += [f"nobody sent {nonce}" for nonce in times.keys() - ledger.keys()]
    asked = Counter(chat.id for chat in size.known[:: discord_child.ASKING])
    if Counter(row.chat for row in ledger.values() if row.id.startswith("said:")) != asked:
        tally.wrong.append("not every /topics has exactly one answer in the ledger")
    for chat in size.known:
        numbers = [one.number for one in every if one.channel == int(chat.address)]
        lost += size.messages - len(set(numbers))
        if numbers != sorted(set(numbers)):
            tally.wrong.append(f"{chat.id} got its messages in the order {' '.join(numbers)}")
    places = {int(chat.address) for chat in size.known}
    in_person = Counter(one.channel for one in every if one.channel not in places)
    if len(in_person) != len(asked) or set(in_person.values()) != {1}:
        tally.wrong.append(f"{len(asked)} people asked, and the answers in person are {dict(in_person)}")
    noted = [one for one in every if one.noted]
    tally.wrong += [f"{one.text} says that it came again" for one in noted if not ledger[one.nonce].doubted]
    doubted = sum(row.doubted for row in ledger.values())
    return lost, sum(times.values()) - len(times), doubted, len(noted)


def run(*, full: bool) -> int:
    size = FULL if full else REDUCED
    dice = random.Random(20261121)
    tally = Tally()
    sending = 0
    claimed_before = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(discord_child.prepare(folder, size.known, size.messages))
        began = time.monotonic()
        with server(folder) as url:
            for life in range(size.kills + 1):
                begun, seen = len(lines(folder / "begun.jsonl")), len(arrivals(folder))
                child, doubted = start(folder, url, size)
                tally.overdone += max(0, doubted - claimed_before)
                assert child.stdout is not None
                if life < size.kills:
                    time.sleep(dice.uniform(0, size.seconds / size.kills))
                    assert child.poll() is None, "the burst was over before the last kill"
                    child.kill()
                    child.wait()
                    time.sleep(0.2)  # what has left the child may still be on its way to the server's log
                    claimed_before = look(tally, folder, begun, seen)
                    sending += claimed_before
                else:
                    child.wait(timeout=600)
                    assert child.returncode == 0, child.returncode
                child.stdout.close()
            lost, repeated, in_doubt, noted = check(tally, folder, size)
            floods = len(lines(folder / "floods.jsonl"))
        seconds = time.monotonic() - began
    flown = sum(tally.in_flight)
    print(
        f"{size.kills} kills within {size.sends:,} messages to {size.channels} channels, in "
        f"{len(size.known[:: discord_child.ASKING])} of which somebody asks /topics in each life, in {seconds:.0f} s:\n"
        f"  {lost} lost, {repeated} repeated; {in_doubt} recorded in doubt, of {flown} in flight at the kills (most "
        f"{max(tally.in_flight)}) and {tally.claimed} claimed but not begun;\n"
        f"  {tally.arrived} of them had arrived, {noted} came then and say that they are sent again; {floods} 429s"
    )
    for told in tally.wrong[:5]:
        print(f"  {told}")
    if tally.unknown or tally.false or tally.overdone:
        print(
            f"  {tally.unknown} in flight of which the ledger knew nothing, {tally.false} called sent that were not "
            f"there, {tally.overdone} put in doubt without need"
        )
    good = not (lost or repeated or floods or tally.wrong or tally.unknown or tally.false or tally.overdone)
    good = good and in_doubt == sending == flown + tally.claimed
    if full:  # the gap between claim and request is short, on a machine that does nothing else
        good = good and tally.claimed <= max(10, 0.1 * flown)
    return 0 if good else 1
