"""Transcripts, replayed: what people type or press (`you: [Undo]`), what happens meanwhile (`then:`), and what then
stands in the chat (`bot:`) or is shown to the one who pressed (`only guest:`).

A bot line must be said to the letter; `…` stands for anything. `python -m tests.dialogues.test_dialogues` rewrites the
answers of all transcripts: read the difference before you commit it.
"""

import asyncio
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

from bot.config import Settings
from bot.core.commands import COMMANDS
from bot.errors import Later
from bot.flow.harvest import look
from bot.flow.suggest import suggest
from bot.model import Paper
from bot.platforms import console_view
from bot.sources.sample import Sample
from tests.dialogues.sides import OnTelegram, OnTerminal, letters
from tests.fakes.house import SATURDAY, House, house
from tests.fakes.ports import SteppedClock
from tests.fakes.scholar import Library
from tests.fakes.telegram_server import TelegramServer

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.txt"))


class Broken(Sample):
    """The sample source on a bad day."""

    down = False

    async def search(self, query: str, limit: int) -> tuple[Paper, ...]:
        self._check()
        return await super().search(query, limit)

    async def fetch(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        self._check()
        return await super().fetch(ids)

    def _check(self) -> None:
        if self.down:
            raise Later("arXiv is throttling us; it asked for 2 minutes.", wait=120)


async def happen(found: House, sample: Broken, clock: SteppedClock, what: str) -> None:
    match what.split():
        case ["the", "week", "is", "known"]:
            await look(found.store, found.ports)
        case ["the", "day", "is", "announced"]:
            sample.day_out = True
            await look(found.store, found.ports)
        case ["arXiv", "is", "down"]:
            sample.down = True
        case ["arXiv", "is", "up"]:
            sample.down = False
        case ["whole", "papers", "can", "be", "read"]:
            found.fulltexts = Library(clock, seconds=0)
        case [number, "hours", "pass"]:
            clock.step(3600 * int(number))
        case _:
            raise AssertionError(f"nobody knows how {what!r} happens")
    await found.drain()


async def replay(script: list[str], folder: Path) -> list[str]:
    """The script with the answers as they come."""
    clock = SteppedClock(SATURDAY)
    out: list[str] = []
    async with house(folder, clock=clock) as found:
        sample = Broken(clock=clock)
        found.read_from(sample)
        for line in script:
            kind, _, text = line.partition(": ")
            if kind == "bot" or kind.startswith("only "):
                continue
            if kind not in {"you", "guest", "then"}:
                out.append(line)
                continue
            out.append(line)
            before = len(found.fake.messages)
            told: list[str] = []
            if kind == "then":
                await happen(found, sample, clock, text)
            elif text.startswith("[") and text.endswith("]"):
                told = await found.press(text[1:-1], may_manage=kind == "you")
            else:
                await found.say(text, may_manage=kind == "you")
            stands = {message: send.payload for send, message in found.fake.messages[before:]}
            out += [f"only {kind}: {told[0]}"] if told and not stands else []
            for payload in stands.values():  # a message that was replaced meanwhile is not there any more
                post = console_view.load(payload)
                buttons = [f"[{b.label}: {b.says}]" for b in console_view.buttons(post)]
                out += [f"bot: {said}" for said in console_view.text(post).split("\n")]
                out += [f"bot: {' '.join(buttons)}"] if buttons else []
    return out


def agrees(wanted: str, got: str) -> bool:
    return bool(re.fullmatch(".*".join(map(re.escape, wanted.split("…"))), got)) if "…" in wanted else wanted == got


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_dialogue(file: Path, tmp_path: Path) -> None:
    script = file.read_text(encoding="utf-8").splitlines()
    got = asyncio.run(replay(script, tmp_path))
    for number, (wanted, said) in enumerate(zip(script, got, strict=False), 1):
        assert agrees(wanted, said), f"{file.name}, line {number}: wanted {wanted!r}, got {said!r}"
    assert len(script) == len(got), got[len(script) :] or script[len(got) :]


@dataclass
class Step:
    """Something typed, pressed or happening, and what the transcript says of it."""

    kind: str
    text: str
    said: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    told: str = ""


def steps(script: list[str]) -> list[Step]:
    found: list[Step] = []
    for line in script:
        kind, _, text = line.partition(": ")
        if kind in {"you", "guest", "then"}:
            found.append(Step(kind, text))
        elif kind.startswith("only "):
            found[-1].told = text
        elif kind == "bot" and re.fullmatch(r"(\[[^\[\]]+: /[^\]]*\] ?)+", text):
            found[-1].labels += re.findall(r"\[([^\[\]:]+(?::[^\[\]/ ][^\[\]:]*)*): /", text)
        elif kind == "bot":
            found[-1].said.append(text)
    return found


async def agree(side: OnTelegram | OnTerminal, found: House, script: list[str], clock: SteppedClock) -> int:
    """Play a transcript on a side and compare each step; returns how many there were."""
    sample = Broken(clock=clock)
    found.read_from(sample)
    played = steps(script)
    for step in played:
        guest = step.kind == "guest"
        if step.kind == "then":
            await happen(found, sample, clock, step.text)
        elif step.text.startswith("[") and step.text.endswith("]"):
            await side.press(step.text[1:-1], guest=guest)
        else:
            await side.say(step.text, guest=guest)
        shown = side.shown()
        wanted, got = letters(step.said), letters(shown.texts)
        if isinstance(side, OnTerminal):
            wanted = wanted or letters([step.told])
            assert wanted in got, f"{step}: {got}"
        else:
            assert agrees(wanted, got), f"{step}: {got}"
            assert list(shown.buttons) == step.labels, step
            assert shown.told == step.told, step
    return len(played)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_same_on_telegram(file: Path, tmp_path: Path) -> None:
    script = file.read_text(encoding="utf-8").splitlines()

    async def run() -> None:
        clock = SteppedClock(SATURDAY)
        settings = Settings(digest_mode="asap", asks_per_hour=0)
        async with TelegramServer(clock=clock, flood=False) as server:
            async with house(tmp_path, clock=clock, settings=settings) as found:
                side = OnTelegram(found, server, guests=any(line.startswith("guest: ") for line in script))
                serving = asyncio.create_task(side.platform.serve(side.hear, partial(suggest, found.store)))
                try:
                    assert await agree(side, found, script, clock)
                finally:
                    serving.cancel()
                    await asyncio.gather(serving, return_exceptions=True)
                    await side.platform.close()
            assert server.problems == []

    asyncio.run(run())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_same_on_a_terminal(file: Path, tmp_path: Path) -> None:
    script = file.read_text(encoding="utf-8").splitlines()

    async def run() -> None:
        clock = SteppedClock(SATURDAY)
        async with house(tmp_path, clock=clock) as found:
            assert await agree(OnTerminal(found), found, script, clock)

    asyncio.run(run())


def test_every_command_is_typed_in_a_transcript() -> None:
    typed = {line for file in FILES for line in file.read_text(encoding="utf-8").splitlines() if line[:5] == "you: "}
    for command in COMMANDS:
        assert any(re.match(rf"you: /{command.name}\b", line) for line in typed), command.name


if __name__ == "__main__":
    for path in FILES:
        with tempfile.TemporaryDirectory() as name:
            fresh = asyncio.run(replay(path.read_text(encoding="utf-8").splitlines(), Path(name)))
            path.write_text("\n".join(fresh) + "\n", encoding="utf-8")
