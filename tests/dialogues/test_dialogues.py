"""Transcripts, replayed: what people type or press (`you: [Undo]`), what happens meanwhile (`then:`), and what then
stands in the chat (`bot:`) or is shown to the one who pressed (`only guest:`).

A bot line must be said to the letter; `…` stands for anything. `python -m tests.dialogues.test_dialogues` rewrites the
answers of all transcripts: read the difference before you commit it.
"""

import asyncio
import re
import tempfile
from pathlib import Path

import pytest

from bot.errors import Later
from bot.flow.harvest import look
from bot.platforms import console_view
from bot.sources.sample import Sample
from tests.fakes.house import SATURDAY, House, house
from tests.fakes.ports import SteppedClock

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*.txt"))


class Broken(Sample):
    """The sample source on a bad day."""

    down = False

    async def search(self, query: str, limit: int) -> tuple[object, ...]:  # type: ignore[override]
        self._check()
        return await super().search(query, limit)

    async def fetch(self, ids: object) -> tuple[object, ...]:  # type: ignore[override]
        self._check()
        return await super().fetch(ids)  # type: ignore[arg-type]

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
        found.source = sample  # type: ignore[assignment]
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


if __name__ == "__main__":
    for path in FILES:
        with tempfile.TemporaryDirectory() as name:
            fresh = asyncio.run(replay(path.read_text(encoding="utf-8").splitlines(), Path(name)))
            path.write_text("\n".join(fresh) + "\n", encoding="utf-8")
