"""A process to be killed: it gets a prepared burst delivered through a Bot API at a loopback address.

`python -m tests.fakes.telegram_child FOLDER URL CLOCK PRIVATE GROUPS` is the house with the real Telegram adapter at
its own rates, on a clock that runs faster. Each life hears the same updates again, as Telegram repeats what nobody
confirmed.
"""

import asyncio
import json
import os
import random
import sys
from pathlib import Path
from typing import Any

from telegram import Update

from bot.app import owner
from bot.clock import SimulatedClock, SystemClock, clock
from bot.config import Settings
from bot.flow.hear import hear
from bot.model import Chat, Event, Part, Post, Send, line
from bot.platforms.telegram import Telegram
from bot.store import rows
from bot.store.drivers import Run
from tests.fakes.house import house
from tests.fakes.telegram_server import TOKEN

ASKING = 5  # one chat in so many says /topics
DELAY = 0.1  # seconds at most: half before a message arrives, half before we hear of it


class Noted(Telegram):
    """The adapter with a long way to Telegram; what comes to it is noted in a file, which a kill leaves alone."""

    def __init__(self, url: str, time: SystemClock | SimulatedClock, log: Path) -> None:
        super().__init__(Chat("telegram:", "telegram", ""), TOKEN, url, time)
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    async def send(self, send: Send) -> str:
        os.write(self._log, json.dumps(send.id).encode() + b"\n")
        await asyncio.sleep(random.uniform(0, DELAY / 2))
        message = await super().send(send)
        await asyncio.sleep(random.uniform(0, DELAY / 2))
        return message


def chats(private: int, groups: int) -> list[Chat]:
    ids = [*range(1001, 1001 + private), *(-1_000_000_000_001 - place for place in range(groups))]
    return [Chat(f"telegram:{id_}", "telegram", str(id_), kind="private" if id_ > 0 else "group") for id_ in ids]


def text(number: int) -> str:
    return f"Message {number:03}"


async def prepare(folder: Path, known: list[Chat], messages: int) -> None:
    """A ledger with so many messages due for each chat."""
    time = SystemClock()
    async with house(folder, clock=time) as found:
        telegram = Telegram(Chat("telegram:", "telegram", ""), TOKEN, "http://127.0.0.1:9", time)
        parts = [Part(telegram.render(Post(head=(line(text(number)),)))) for number in range(messages)]
        for chat in known:
            await found.store.add_chat(chat)

            def work(run: Run, chat: Chat = chat) -> None:
                rows.add_sends(run, chat.id, f"digest:{chat.id}@0", parts, 0)

            await found.store._db.write(work)


def asking(known: list[Chat]) -> list[int]:
    """Addresses of those who say /topics."""
    return [int(chat.address) for chat in known[::ASKING]]


def updates(known: list[Chat]) -> list[Update]:
    """The same, with the same ids, each time."""
    found = []
    for number, address in enumerate(asking(known)):
        user = {"id": abs(address), "is_bot": False, "first_name": "Ann", "language_code": "en"}
        where: dict[str, Any] = {"id": address, "type": "private", "first_name": "Ann"}
        if address < 0:
            where = {"id": address, "type": "supergroup", "title": "Group"}
        message = {"message_id": 1, "date": 1_790_000_000, "chat": where, "from": user, "text": "/topics"}
        found.append(Update.de_json({"update_id": 7000 + number, "message": message}, None))
    return found


async def main(folder: Path, url: str, setting: str, known: list[Chat]) -> None:
    time = clock(setting)
    with owner(folder / "paperboy.db"):
        async with house(folder, settings=Settings(log_level="error"), clock=time) as found:
            telegram = Noted(url, time, folder / "begun.jsonl")
            found.platforms = {"telegram": telegram}
            doubted = await found.store.recover(resend=True)
            print("READY", doubted, flush=True)

            async def told(event: Event) -> str:
                return await hear(found.store, found.ports, event)

            for update in updates(known):
                await telegram.take(update, told)
            while True:
                await found.drain()
                states = dict((await found.store.counts()).sends)
                if not states.get("due") and not states.get("sending"):
                    break
                await asyncio.sleep(0.05)
            await telegram.close()
    print("DONE", flush=True)


if __name__ == "__main__":
    folder, url, setting, private, groups = sys.argv[1:]
    asyncio.run(main(Path(folder), url, setting, chats(int(private), int(groups))))
