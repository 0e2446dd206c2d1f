"""A Platform that is a list and, for crash tests, a file: what it wrote there arrived, whatever became of us."""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from bot.model import Chat, Post, Rate, Send, line
from bot.platforms import console_view
from bot.ports import Hear, Suggest
from bot.words import say


def words(post: Post) -> str:
    """All text of a post in reading order."""
    return console_view.text(post)


class FakeChat:
    """Takes messages of at most `limit` characters. `fail` plans what the next sends raise, before or after arrival."""

    name = "fake"
    token_rate = Rate(every=0)
    folds = True
    managers = True  # whether whoever asks may manage

    def __init__(self, *, limit: int = 4000, delay: Callable[[], float] | None = None, log: Path | None = None) -> None:
        self.sent: list[tuple[str, str]] = []  # (chat, payload) that arrived
        self.messages: list[tuple[Send, str]] = []  # what arrived, with the id it has here; an edit has that of another
        self.pictures: list[tuple[str, bytes]] = []  # (send, PNG) that arrived
        self.attempts = 0
        self._limit = limit
        self._delay = delay
        self._plan: list[tuple[Exception, bool]] = []
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if log else None

    def fail(self, *errors: Exception, arrived: bool = False) -> None:
        """The next sends raise these; with `arrived` the message is there all the same."""
        self._plan += [(error, arrived) for error in errors]

    def rate(self, chat: Chat) -> Rate:  # noqa: ARG002 - bears any pace
        return Rate(every=0)

    async def may_manage(self, chat: Chat, author: str) -> bool:  # noqa: ARG002 - as the test says
        return self.managers

    def fits(self, post: Post) -> bool:
        return len(words(post)) <= self._limit

    def render(self, post: Post) -> str:
        return console_view.dump(post)

    def _note(self, what: str, send: Send) -> None:
        if self._log is not None:
            papers = console_view.load(send.payload).papers
            line = json.dumps([what, send.id, send.chat.id, send.attempt, send.doubted, papers])
            os.write(self._log, line.encode() + b"\n")

    async def send(self, send: Send) -> str:
        self.attempts += 1
        self._note("begin", send)
        error, arrived = self._plan.pop(0) if self._plan else (None, True)
        if self._delay is not None:
            await asyncio.sleep(self._delay())
        if arrived:
            payload = send.payload
            if send.doubted:
                post = console_view.load(payload)
                payload = console_view.dump(replace(post, head=(line(say(send.chat.language, "again")), *post.head)))
            self.sent.append((send.chat.id, payload))
            if send.picture and not send.edits:
                self.pictures.append((send.id, send.picture))
            self._note("arrived", send)
        if error is not None:
            raise error
        if self._delay is not None:
            await asyncio.sleep(self._delay())
        self._note("end", send)
        message = send.edits or f"message {self.attempts}"
        self.messages.append((send, message))
        return message

    async def serve(self, hear: Hear, suggest: Suggest) -> None:  # noqa: ARG002 - nobody speaks in it
        await asyncio.Event().wait()

    async def lacks(self, chat: Chat) -> str:  # noqa: ARG002 - a fake lacks nothing
        return ""

    async def check(self) -> tuple[list[str], list[str]]:
        return ["A fake is always well."], []

    async def close(self) -> None:
        if self._log is not None:
            os.close(self._log)
            self._log = None
