"""A process to be killed: it gets a prepared burst delivered through a Discord at a loopback address.

`python -m tests.fakes.discord_child FOLDER URL CHANNELS` is the house with the real adapter and the unmodified library,
gateway included, at its own rates in real time. Each life hears the same commands again, whose interactions are gone:
they are answered in person.
"""

import asyncio
import json
import logging
import os
import random
import sys
from functools import partial
from pathlib import Path

from bot.app import owner
from bot.clock import SystemClock
from bot.config import Settings
from bot.flow.hear import hear
from bot.flow.suggest import suggest
from bot.model import Chat, Event, Part, Post, Said, Send, line
from bot.platforms.discord import Discord
from bot.store import rows
from bot.store.drivers import Run
from tests.fakes.discord_server import TOKEN, pointed_at
from tests.fakes.house import house

ASKING = 5  # one channel in so many has somebody who says /topics
DELAY = 0.4  # seconds at most: half before a message arrives, half before we hear of it
PERSON = 700_000  # added to a channel's address: who speaks there
FIRST = 1001


def append(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


class Noted(Discord):
    """The adapter with a long way to Discord; what comes to it is noted in a file, which a kill leaves alone."""

    def __init__(self, log: Path) -> None:
        super().__init__(Chat("discord:", "discord", ""), TOKEN, SystemClock())
        self._log = append(log)

    async def send(self, send: Send) -> str:
        os.write(self._log, json.dumps(send.id).encode() + b"\n")
        await asyncio.sleep(random.uniform(0, DELAY / 2))
        message = await super().send(send)
        await asyncio.sleep(random.uniform(0, DELAY / 2))
        return message


class Floods(logging.Handler):
    """Each 429 that the library tells of becomes a line of a file."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = append(log)

    def emit(self, record: logging.LogRecord) -> None:
        if "responded with 429" in str(record.msg):
            os.write(self._log, json.dumps(record.getMessage()).encode() + b"\n")


def channels(number: int) -> list[Chat]:
    return [
        Chat(f"discord:{at}", "discord", str(at), kind="group", server="1", title=f"#{at}")
        for at in range(FIRST, FIRST + number)
    ]


def text(number: int) -> str:
    return f"Message {number:03}"


async def prepare(folder: Path, known: list[Chat], messages: int) -> None:
    """A ledger with so many messages due for each channel."""
    time = SystemClock()
    async with house(folder, clock=time) as found:
        discord = Discord(Chat("discord:", "discord", ""), TOKEN, time)
        parts = [Part(discord.render(Post(head=(line(text(number)),)))) for number in range(messages)]
        for chat in known:
            await found.store.add_chat(chat)

            def work(run: Run, chat: Chat = chat) -> None:
                rows.add_sends(run, chat.id, f"digest:{chat.id}@0", parts, 0)

            await found.store._db.write(work)


def commands(known: list[Chat]) -> list[Said]:
    """The same, with the same ids, each time."""
    found = []
    for number, chat in enumerate(known[::ASKING]):
        person = str(PERSON + int(chat.address))
        found.append(Said(f"discord:{7000 + number}:{person}", chat, "/topics", None, person))
    return found


async def main(folder: Path, url: str, known: list[Chat]) -> None:
    logger = logging.getLogger("discord.http")
    logger.addHandler(Floods(folder / "floods.jsonl"))
    logger.propagate = False
    with owner(folder / "paperboy.db"), pointed_at(url):
        async with house(folder, settings=Settings(log_level="error"), clock=SystemClock()) as found:
            discord = Noted(folder / "begun.jsonl")
            found.platforms = {"discord": discord}
            doubted = await found.store.recover(resend=True)
            print("READY", doubted, flush=True)

            async def told(event: Event) -> str:
                return await hear(found.store, found.ports, event)

            listening = asyncio.create_task(discord.serve(told, partial(suggest, found.store)))
            for said in commands(known):
                await told(said)
            while True:
                await found.drain()
                states = dict((await found.store.counts()).sends)
                if not states.get("due") and not states.get("sending"):
                    break
                await asyncio.sleep(0.05)
            listening.cancel()
            await asyncio.wait([listening])
            await discord.close()
    print("DONE", flush=True)


if __name__ == "__main__":
    where, address, number = sys.argv[1:]
    asyncio.run(main(Path(where), address, channels(int(number))))
