"""The three sides on which a transcript is played: the neutral fake, a terminal, and Telegram's own client library.

A side types and presses, and tells what then stands in the chat. The terminal and Telegram show what the fake records,
each in its own setting; `same` compares the words.
"""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console as Rich

from bot.flow.hear import hear
from bot.model import Chat, Rate, Said
from bot.platforms import console_view
from bot.platforms.console import Console
from bot.platforms.telegram import Telegram
from tests.fakes.house import House
from tests.fakes.telegram_server import TOKEN, TelegramServer

YOU, GUEST, GROUP = 11, 12, -1001


@dataclass(frozen=True)
class Shown:
    """What a step left in the chat: messages as texts, labels of all buttons, and what one person alone was told."""

    texts: Sequence[str]
    buttons: Sequence[str]
    told: str = ""


class Unpaced(Telegram):
    """The adapter without its pace: a transcript is about what is said, and on a clock that stands still."""

    token_rate = Rate(every=0)

    def rate(self, chat: Chat) -> Rate:  # noqa: ARG002 - any chat
        return Rate(every=0)


class OnTelegram:
    """A chat at the loopback Bot API; a group as soon as there are guests."""

    def __init__(self, house: House, server: TelegramServer, *, guests: bool) -> None:
        self.platform = Unpaced(house.new_chat("telegram", ""), TOKEN, server.url, house.clock)
        house.platforms = {"telegram": self.platform}
        self._house, self._server, self._chat = house, server, GROUP if guests else YOU
        server.add_private(YOU)
        if guests:
            server.add_user(GUEST)
            server.add_group(GROUP, admins=(YOU,))
        self._seen: dict[int, str] = {}
        self._acks = 0

    async def hear(self, said: object) -> str:
        return await hear(self._house.store, self._house.ports, said)  # type: ignore[arg-type]

    async def say(self, text: str, *, guest: bool) -> None:
        self._server.says(self._chat, text, user=GUEST if guest else YOU)
        await self._settle()

    async def press(self, label: str, *, guest: bool) -> None:
        for message in reversed(self._server.messages(self._chat)):
            if any(label == name for row in message.buttons for name, _ in row):
                self._server.presses(self._chat, message.message_id, label, user=GUEST if guest else YOU)
                break
        else:
            raise AssertionError(f"no message has a button {label!r}")
        acks = len(self._server.acks)
        await self._server.until(lambda: len(self._server.acks) > acks)
        await self._settle()

    async def _settle(self) -> None:
        await self._server.until(lambda: not self._server.pending)
        await self._house.drain()

    def shown(self) -> Shown:
        messages = self._server.messages(self._chat)
        new = [m for m in messages if self._seen.get(m.message_id) != m.html + str(m.edits)]
        self._seen = {m.message_id: m.html + str(m.edits) for m in messages}
        told = [str(ack.get("text", "")) for ack in self._server.acks[self._acks :]]
        self._acks = len(self._server.acks)
        labels = [label for m in new for row in m.buttons for label, _ in row]
        return Shown([m.text for m in new], labels, "".join(told))


class OnTerminal:
    """A terminal of 100 columns; buttons are pressed by their numbers."""

    def __init__(self, house: House) -> None:
        self._out = io.StringIO()
        rich = Rich(file=self._out, width=100, force_terminal=True, color_system=None, markup=False, highlight=False)
        self._console = Console(house.new_chat("console", "you"), out=rich)
        house.platforms = {"console": self._console}
        self._house, self._count, self._read = house, 0, 0

    async def say(self, text: str, *, guest: bool) -> None:
        self._count += 1
        chat = self._house.new_chat("console", "you")
        said = Said(f"line:{self._count}", chat, self._console._press(text), may_manage=not guest)
        await hear(self._house.store, self._house.ports, said)
        await self._house.drain()

    async def press(self, label: str, *, guest: bool) -> None:
        labels = [button.label for button in self._console._buttons]
        await self.say(str(labels.index(label) + 1), guest=guest)

    def shown(self) -> Shown:
        text = self._out.getvalue()[self._read :]
        self._read = len(self._out.getvalue())
        return Shown([text], [button.label for button in self._console._buttons])


def letters(texts: Sequence[str]) -> str:
    """What all sides must have in common: the words, without marks, frames, numbers of parts and white space."""
    text = re.sub(r"\(\d+/\d+\)|Reading \S+ …", "", console_view.safe("\n".join(texts)))
    return re.sub(r"[\s•▸▾│╭╮╰╯─\u2060]|\x1b\][^\x1b]*\x1b\\\\", "", text)
