"""The local engine with an instant platform on a real disk (synchronous=FULL): papers and sends a second."""

import asyncio
import tempfile
import time
from pathlib import Path
from unittest.mock import patch

from bot.clock import SystemClock
from bot.flow.harvest import look
from bot.model import Part, Post, Said, Subscribe
from bot.store import drivers
from tests.fakes.chat import FakeChat, words
from tests.fakes.house import house, paper


class Instant(FakeChat):
    """A platform that costs nothing: what is measured is the engine, the ledger and the setting of the posts."""

    def render(self, post: Post) -> str:
        return words(post)


async def measure(chats: int, papers: int) -> tuple[float, int]:
    """Seconds from the announcement to the last message, and how many messages there were."""
    from bot.core import query

    with tempfile.TemporaryDirectory() as name:
        async with house(Path(name), clock=SystemClock(), chat=Instant(limit=20_000)) as found:
            await look(found.store, found.ports)
            topic = query.topic(query.parse("talking heads"))

            async def subscribe(number: int) -> None:
                chat = found.chat(f"{number:05}")
                said = Said(f"said:{number}", chat, "/follow talking heads")
                await found.store.hear(said)
                await found.store.answer(said, [Part("{}")][:0], [Subscribe(topic, "talking heads")])

            await asyncio.gather(*(subscribe(number) for number in range(chats)))
            now = found.clock.now()
            found.source.add(*(paper(number, at=now - 60_000) for number in range(papers)))
            start = time.perf_counter()
            await look(found.store, found.ports)
            await found.drain()
            seconds = time.perf_counter() - start
            delivered = (await found.store.counts()).deliveries
            assert delivered == chats * papers, delivered
            return seconds, len(found.fake.sent)


def run(*, full: bool) -> int:
    if not full:
        asyncio.run(measure(20, 10))
        return 0
    seconds, sends = asyncio.run(measure(2000, 10))
    papers_rate = 20_000 / seconds
    print(
        f"2,000 digests of ten: {seconds:.1f} s, {papers_rate:,.0f} papers/s (bar 2,000), "
        f"{sends / seconds:,.0f} sends/s"
    )
    seconds, sends = asyncio.run(measure(5000, 1))
    sends_rate = sends / seconds
    print(f"5,000 sends of one:   {seconds:.1f} s, {sends_rate:,.0f} sends/s (bar 1,000)")
    with patch.object(drivers, "_BATCH", 1):
        slow, sends = asyncio.run(measure(500, 1))
    print(
        f"baseline, a commit per write: {sends / slow:,.0f} sends/s; "
        f"group commit is {sends_rate * slow / sends:.1f} times as fast"
    )
    return 0 if papers_rate >= 2000 and sends_rate >= 1000 else 1
