"""A house with a library and a scholar, where nothing waits in real time: whole papers are read and asked in it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.config import Settings
from bot.flow.hear import hear
from bot.flow.sweep import due
from bot.model import Budget, Chat, Press, Said
from bot.platforms import console_view
from tests.fakes.chat import FakeChat
from tests.fakes.house import SATURDAY, House, paper
from tests.fakes.idle import IdleClock, house
from tests.fakes.idle import run as run_on
from tests.fakes.scholar import Fault, Library, Scholar

FACTS: dict[str, Any] = {"price": {"input": 0.3, "output": 2.5}, "context": 1_000_000}
ONE = paper(1, "Ditto: Talking heads", abstract="We introduce Ditto, a method that animates a portrait from speech.")
READ = "by scholar-1, 16 of 16 quotes found."


@dataclass
class Scene:
    """A house with a library and a scholar; `types` does not wait until all is done, `house.say` does."""

    house: House
    library: Library
    scholar: Scholar
    clock: IdleClock
    count: int = 0

    async def types(self, text: str, chat: Chat | None = None, *, author: str = "", press: Press | None = None) -> str:
        self.count += 1
        where = chat or self.house.chat()
        id_ = f"typed:{self.count}"
        said = Said(id_, where, text, may_manage=True, author=author, press=press)
        told = await hear(self.house.store, self.house.ports, said)
        await self.clock.sleep(0.5)
        return told or id_

    async def goes_on(self, seconds: int) -> None:
        """Time passes, and the house sweeps as it does."""
        for _ in range(seconds):
            for key in await due(self.house.store, self.house.ports):
                self.house.engine.nudge(key)
            await self.clock.sleep(1)

    def button(self, label: str) -> Press:
        """The last button of this label that was ever sent."""
        for send, message in reversed(self.house.fake.messages):
            labels = [button.label for button in console_view.load(send.payload).pressable]
            if label in labels:
                return Press(send.seq, labels.index(label), message)
        raise AssertionError(f"no message has a button {label!r}")

    def stands(self, chat: str = "fake:a") -> list[str]:
        """What can be read in a chat now: a message that was replaced is not there any more."""
        last = {message: send for send, message in self.house.fake.messages if send.chat.id == chat}
        return [console_view.text(console_view.load(send.payload)) for send in last.values()]


Body = Callable[[Scene], Awaitable[None]]


def play(
    folder: Path,
    body: Body,
    *,
    model: bool = True,
    budget: Budget | None = None,
    facts: dict[str, Any] = FACTS,
    chat: FakeChat | None = None,
    plan: tuple[Fault, ...] = (),
    then: Body | None = None,
    **settings: Any,
) -> None:
    """Play in a house; `then` plays in another one on the same ledger, as after a restart."""
    clock = IdleClock(SATURDAY)
    scholar = Scholar(clock, plan=list(plan))
    library = Library(clock)
    fake = chat or FakeChat(limit=100_000)

    async def run() -> None:
        chosen = Settings(digest_mode="asap", **settings)
        for part in filter(None, (body, then)):
            llm = scholar if model else None
            async with house(folder, clock, llm, budget or Budget(), facts, fake, chosen) as found:
                found.fulltexts = library
                if await found.store.high_water("harvest") is None:
                    await found.day(ONE, *(paper(at, f"Heron{at}: Talking heads") for at in range(2, 12)))
                await part(Scene(found, library, scholar, clock, count=100 * (part is then)))

    run_on(run(), clock)
