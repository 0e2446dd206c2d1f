"""A process to be killed: `python -m tests.fakes.crash_child FOLDER` runs one cycle of a prepared house to its end."""

import asyncio
import random
import sys
from pathlib import Path

from bot.app import owner
from bot.clock import SystemClock
from bot.config import Settings
from bot.flow.harvest import look
from bot.model import Said
from tests.fakes.chat import FakeChat
from tests.fakes.house import House, house, paper

CHATS, PAPERS = 100, 5  # 500 deliveries a cycle
DELAY = 0.1  # seconds: half before the message arrives, half before we hear of it


def chat(folder: Path) -> FakeChat:
    dice = random.Random()  # a different course each time
    return FakeChat(limit=700, delay=lambda: dice.uniform(0, DELAY), log=folder / "arrived.jsonl")


async def prepare(folder: Path) -> None:
    """A house with a baseline and its subscribers, where tonight's papers have not appeared yet."""
    async with house(folder, clock=SystemClock(), chat=FakeChat()) as found:
        await look(found.store, found.ports)
        for number in range(CHATS):
            said = Said(f"said:{number}", found.chat(f"{number:03}"), "/follow talking heads")
            await found.store.hear(said)
        await found.drain()


def tonight(found: House) -> None:
    now = found.clock.now()
    found.source.add(*(paper(number, at=now - 60_000) for number in range(PAPERS)))


async def main(folder: Path) -> None:
    with owner(folder / "paperboy.db"):
        settings = Settings(digest_mode="asap", log_level="error")
        async with house(folder, settings=settings, clock=SystemClock(), chat=chat(folder)) as found:
            await found.store.recover(resend=True)
            tonight(found)
            print("READY", flush=True)
            for number in range(CHATS):  # the same updates again after each crash, as a platform repeats them
                await found.store.hear(Said(f"ask:{number}", found.chat(f"{number:03}"), "/topics"))
            await look(found.store, found.ports)
            while True:
                await found.drain()
                if not dict((await found.store.counts()).sends).get("due"):
                    break
                await asyncio.sleep(0.05)
    print("DONE", flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
