"""The terminal as a chat: the same commands and digests as everywhere else.

One chat, `console:you`. A line typed is a message, a number presses the button of the post above. Where there is no
terminal, posts are plain text on standard output.
"""

import asyncio
import hashlib
import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

from rich.console import Console as Rich

from bot.errors import InDoubt
from bot.model import Button, Chat, Post, Rate, Said, Send
from bot.platforms import console_view
from bot.ports import Hear, Suggest
from bot.words import say

ADDRESS = "you"
_PROMPT = "› "
_KEPT = 20  # pictures: at most 80 MB


class Console:
    """Implements the port Platform on standard input and output."""

    name = "console"
    token_rate = Rate(every=0)
    folds = True

    def __init__(self, chat: Chat, *, out: Rich | None = None, pictures: Path | None = None) -> None:
        """`pictures` is the folder where pictures are put, the newest few; without one they are not shown."""
        self._chat = chat
        self._pictures = pictures
        self._rich = out or Rich(highlight=False, markup=False, emoji=False)
        self._interactive = sys.stdin.isatty() and self._rich.is_terminal
        self._buttons: list[Button] = []
        self._serving = False
        self._prompting = False

    def rate(self, chat: Chat) -> Rate:  # noqa: ARG002 - one reader, who scrolls
        """A terminal bears any pace."""
        return Rate(every=0)

    def fits(self, post: Post) -> bool:  # noqa: ARG002 - a terminal scrolls
        """Any post fits on a terminal."""
        return True

    def render(self, post: Post) -> str:
        """Freeze the post itself: its layout depends on the width at the moment it is shown."""
        return console_view.dump(post)

    async def send(self, send: Send) -> str:
        """Print one message; raises InDoubt if the output broke in the middle."""
        post = console_view.load(send.payload)
        note = say(send.chat.language, "again") if send.doubted else ""
        picture = await asyncio.to_thread(self._put, send.picture) if send.picture and not send.edits else ""
        try:
            if self._prompting:
                self._rich.file.write("\r")
            console_view.show(post, self._rich, interactive=self._interactive, note=note, picture=picture)
            if pressable := console_view.buttons(post):
                self._buttons = pressable
            self._prompt()
            self._rich.file.flush()
        except (OSError, UnicodeError) as problem:
            raise InDoubt(f"Standard output broke ({problem}); start again with one that works.") from problem
        return send.id

    def _put(self, picture: bytes) -> str:
        """Write a picture where its reader can open it, and return where that is; '' if the disk does not take it."""
        if self._pictures is None:
            return ""
        path = self._pictures / f"{hashlib.sha256(picture).hexdigest()[:16]}.png"
        try:
            self._pictures.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.write_bytes(picture)
            newest = sorted(self._pictures.glob("*.png"), key=lambda each: each.stat().st_mtime, reverse=True)
            for old in newest[_KEPT:]:
                old.unlink()
        except OSError:
            return ""
        return str(path)

    async def may_manage(self, chat: Chat, author: str) -> bool:  # noqa: ARG002 - who sits at the terminal runs it
        """Whoever types here may decide."""
        return True

    @property
    def chat_id(self) -> str:
        """Id of the one chat."""
        return self._chat.id

    def mute_input(self) -> None:
        """Nobody will type: posts stand open."""
        self._interactive = False

    def show(self, post: Post) -> None:
        """Print a post that is no message of a chat: answers of the command line."""
        console_view.show(post, self._rich, interactive=False)

    def say(self, text: str) -> None:
        """Print a line that is no message: hints of the demo, goodbyes."""
        self._rich.print(text, style="dim")
        self._rich.file.flush()

    async def serve(self, hear: Hear, suggest: Suggest) -> None:  # noqa: ARG002 - nothing is completed while it is typed
        """Read lines until the end of input; on a terminal that end (Ctrl-D) is a wish to stop, elsewhere it is not."""
        lines: asyncio.Queue[str | None] = asyncio.Queue()
        stop = _listen(lines.put_nowait)
        self._serving = True
        try:
            self._prompt()
            while (text := await lines.get()) is not None:
                self._prompting = False
                if says := self._press(text.strip()):
                    await hear(Said(f"console:{uuid.uuid4().hex}", self._chat, says))
                else:
                    self._prompt()
        finally:
            self._serving = False
            stop()
        if not self._interactive:
            await asyncio.Event().wait()

    async def lacks(self, chat: Chat) -> str:  # noqa: ARG002 - nothing to lack
        """A terminal takes whatever is printed."""
        return ""

    async def check(self) -> tuple[list[str], list[str]]:
        """A terminal is always there."""
        return ["Terminal: `python -m bot run` opens a chat in it."], []

    async def close(self) -> None:
        """Nothing to let go of."""

    def _press(self, text: str) -> str:
        if not (text.isascii() and text.isdecimal()):
            return text
        if 0 < int(text[:9]) <= len(self._buttons):
            return self._buttons[int(text[:9]) - 1].says
        self.say(say(self._chat.language, "no_button", number=text))
        return ""

    def _prompt(self) -> None:
        if self._interactive and self._serving:
            self._rich.file.write(_PROMPT)
            self._rich.file.flush()
            self._prompting = True


def _listen(put: Callable[[str | None], None]) -> Callable[[], None]:
    """Call `put` on the loop with each line of standard input, then with None; returns how to stop listening."""
    loop = asyncio.get_running_loop()
    rest = b""

    def ready() -> None:
        nonlocal rest
        chunk = os.read(sys.stdin.fileno(), 65536)
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            put(line.decode("utf-8", "replace"))
        if not chunk:
            loop.remove_reader(sys.stdin.fileno())
            if rest:
                put(rest.decode("utf-8", "replace"))
            put(None)

    try:
        loop.add_reader(sys.stdin.fileno(), ready)
    except (PermissionError, NotImplementedError, ValueError, OSError):
        # A file as standard input (epoll refuses it), or a loop without readers (Windows): a thread reads instead.
        def read() -> None:
            for line in sys.stdin:
                loop.call_soon_threadsafe(put, line)
            loop.call_soon_threadsafe(put, None)

        import threading

        threading.Thread(target=read, daemon=True).start()
        return lambda: None
    return lambda: None if loop.is_closed() else (loop.remove_reader(sys.stdin.fileno()), None)[1]
