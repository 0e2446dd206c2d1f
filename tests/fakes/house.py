"""The whole house on a folder, with fakes where the outside world would be."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

from bot.app import VERBS, App, shipped
from bot.clock import SimulatedClock, SystemClock
from bot.config import Settings
from bot.engines.local import Local
from bot.flow.hear import hear
from bot.model import Chat, Mode, Paper, Press, Said
from bot.store.archive import Archive
from bot.store.store import Store
from tests.fakes.chat import FakeChat
from tests.fakes.ports import SteppedClock
from tests.fakes.source import FakeSource

SATURDAY = 1_795_248_000_000  # 2026-11-21T08:00:00Z
DAY = 86_400_000


class House(App):
    """An App with a fake chat and a fake source. `say` types a command; `told` is what came back."""

    source: FakeSource
    count = 0

    def __init__(
        self,
        settings: Settings,
        store: Store,
        archive: Archive,
        clock: SystemClock | SimulatedClock | SteppedClock,
        chat: FakeChat | None = None,
    ) -> None:
        super().__init__(settings, store, archive, clock)  # type: ignore[arg-type]
        self.fake = chat or FakeChat()
        self.read_from(FakeSource(page=1000))
        self.platforms = {"fake": self.fake}
        self.engine = Local({name: partial(self._verb, verb) for name, verb in VERBS.items()} | {"harvest": _nothing})

    def chat(self, name: str = "a", mode: Mode = "asap") -> Chat:
        return Chat(f"fake:{name}", "fake", name, mode=mode)

    async def say(self, text: str, chat: Chat | None = None, *, may_manage: bool = True, author: str = "") -> list[str]:
        """Type something and return the texts of the messages that follow."""
        from bot.platforms import console_view

        House.count += 1
        before = len(self.fake.sent)
        await self.store.hear(Said(f"said:{House.count}", chat or self.chat(), text, may_manage, author))
        await self.drain()
        return [console_view.text(console_view.load(payload)) for _, payload in self.fake.sent[before:]]

    async def press(self, label: str, chat: Chat | None = None, *, may_manage: bool = True) -> list[str]:
        """Press the button of this label under the last message that has one, and return what follows."""
        from bot.platforms import console_view

        where = chat or self.chat()
        for send, message in reversed(self.fake.messages):
            labels = [button.label for button in console_view.load(send.payload).pressable]
            if send.chat.id == where.id and label in labels:
                press = Press(send.seq, labels.index(label), message)
                break
        else:
            raise AssertionError(f"no message has a button {label!r}")
        House.count += 1
        before = len(self.fake.sent)
        said = Said(f"press:{House.count}", where, may_manage=may_manage, press=press)
        told = await hear(self.store, self.ports, said)
        await self.drain()
        after = [console_view.text(console_view.load(payload)) for _, payload in self.fake.sent[before:]]
        return [told, *after] if told else after

    async def day(self, *papers: Paper) -> list[str]:
        """These papers appear and are harvested; returns the texts of what follows."""
        from bot.flow.harvest import look
        from bot.platforms import console_view

        self.source.add(*papers)
        before = len(self.fake.sent)
        await look(self.store, self.ports)
        await self.drain()
        return [console_view.text(console_view.load(payload)) for _, payload in self.fake.sent[before:]]


async def _nothing(key: str) -> None:
    """No harvest but those that a test asks for."""


@contextlib.asynccontextmanager
async def house(
    folder: Path,
    *,
    settings: Settings | None = None,
    clock: SystemClock | SimulatedClock | SteppedClock | None = None,
    chat: FakeChat | None = None,
) -> AsyncIterator[House]:
    """Open a house on `folder`; on a stepped clock unless another is given."""
    time = clock or SteppedClock(SATURDAY)
    await asyncio.to_thread(shipped)
    store = Store(folder / "paperboy.db", time)
    await store.open()
    archive = Archive(folder / "paperboy.db.archive", store)
    await archive.open()
    try:
        found = House(settings or Settings(digest_mode="asap"), store, archive, time, chat)
        yield found
        await found.engine.stop()
    finally:
        await archive.close()
        await store.close()


def paper(
    number: int, title: str = "Talking heads", *, at: int = SATURDAY - DAY, abstract: str = "", version: int = 1
) -> Paper:
    """A paper for tests."""
    text = (
        abstract
        or f"We propose method {number} for {title.lower()}. It improves accuracy by {number} percent on a benchmark."
    )
    return Paper(f"2611.{number:05}", version, title, text, ("Ada One", "Bo Two"), ("cs.CV",), at, at)
