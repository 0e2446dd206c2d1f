"""One command as its answer needs it, and what several answers share."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from bot.core import times
from bot.model import Button, Change, Chat, Post
from bot.ports import Ledger, Ports
from bot.words import say

DAY = 86_400_000  # ms


@dataclass(frozen=True, slots=True)
class Asked:
    """One command. `chat` is what it is about, `here` where it was said and is answered; mostly they are the same."""

    store: Ledger
    ports: Ports
    here: Chat
    chat: Chat
    text: str
    author: str = ""
    said: str = ""  # id of what was said

    @property
    def language(self) -> str:
        """The language of the chat that reads the answer."""
        return self.here.language

    def say(self, key: str, **values: object) -> str:
        """Speak that language."""
        return say(self.language, key, **values)

    @property
    def away(self) -> bool:
        """Whether it is about another chat than the one it was said in."""
        return self.chat.id != self.here.id

    def command(self, name: str, text: str = "") -> str:
        """Write a command about the same chat: '/topics', '/subscribe @name graphs'."""
        about = f"@{self.chat.handle or self.chat.address}" if self.away else ""
        return " ".join(part for part in (f"/{name}", about, text) if part)

    def button(self, label: str, name: str, text: str = "", *, edits: bool = True, **values: object) -> Button:
        """Make a button whose label is the sentence `label`; by default its answer replaces the message."""
        return Button(self.say(label, **values), self.command(name, text), edits)

    def moment(self, at: int) -> str:
        """'Mon 2 Dec 08:30' in the zone of the chat it is about."""
        return times.moment(at, self.chat.zone, self.language)


Reply = tuple[Post, Sequence[Change]]
Answer = Callable[[Asked], Awaitable[Reply]]


def next_digest(asked: Asked, chat: Chat, at: int | None) -> str:
    """When the next digest comes, as a sentence."""
    if at is None:
        return asked.say("next_asap")
    return asked.say("next_daily", when=times.moment(at, chat.zone, asked.language), zone=chat.zone)
