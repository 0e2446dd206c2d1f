"""The composition: a platform that fails is heard again, what is typed is cleaned, the service stops when asked."""

import asyncio
import importlib.util
import os
import signal
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import opened
from bot.clock import SystemClock
from bot.config import Settings
from bot.errors import Later
from bot.flow.hear import plain_text
from bot.model import Said
from bot.platforms import console_view
from bot.ports import Hear, Suggest
from tests.fakes.arxiv_world_guest import THURSDAY, small
from tests.fakes.arxiv_world_server import WorldServer
from tests.fakes.chat import FakeChat
from tests.fakes.house import House, house


class Speaks(FakeChat):
    """Says something each time it is served, breaking down in between."""

    def __init__(self, *texts: str) -> None:
        super().__init__()
        self.texts = list(texts)
        self.served = 0

    async def serve(self, hear: Hear, suggest: Suggest) -> None:  # noqa: ARG002 - nothing is completed
        self.served += 1
        for text in list(self.texts):
            self.texts.remove(text)
            chat = House.chat(None)  # type: ignore[arg-type]
            await hear(Said(f"said:{self.served}:{text!r}", chat, text))
            raise ConnectionError("the platform hung up")
        await asyncio.Event().wait()


def test_a_platform_that_breaks_down_is_served_again_and_loses_nothing(tmp_path: Path) -> None:
    chat = Speaks("/start", "/follow \ud800dark\x00 mat\u202eter\x1b[31m")

    async def run() -> None:
        async with house(tmp_path, clock=SystemClock(), chat=chat) as found:
            failures = [Later("The disk is full.", wait=0.01)]
            hear = found.store.hear

            async def full(said: Said, *, edits: str = "") -> bool:
                if failures:
                    raise failures.pop()
                return await hear(said, edits=edits)

            found.store.hear = full  # type: ignore[method-assign]
            serving = asyncio.create_task(found.serve())
            while len(chat.sent) < 2:  # noqa: ASYNC110 - the fake has no bell
                await asyncio.sleep(0.05)
            start = time.monotonic()
            os.kill(os.getpid(), signal.SIGTERM)
            await serving
            assert time.monotonic() - start < 10
        texts = [console_view.text(console_view.load(payload)) for _, payload in chat.sent]
        assert texts[0].startswith("I'm Paperboy.")
        assert texts[1].startswith("Subscribed: dark matter[31m")

    asyncio.run(run())


@given(st.text(st.characters()))
def test_what_is_typed_can_be_stored_and_shown(text: str) -> None:
    clean = plain_text(text)
    clean.encode("utf-8")
    assert "\x00" not in clean
    assert "\x1b" not in clean
    assert plain_text(clean) == clean


def test_a_harvest_that_was_killed_does_not_hold_up_matching(tmp_path: Path) -> None:
    async def run() -> None:
        async with house(tmp_path) as found:
            await found.say("/follow talking heads")
            await found.store.begin_run("harvest")  # and the process dies
            await found.store.recover(resend=True)
            run = await found.store.last_run("harvest")
            assert run is not None
            assert (run.outcome, run.detail) == ("failed", "the process ended before it was done.")
            (text,) = await found.say("/status")
            assert "Next try: in a moment." in text

    asyncio.run(run())


@pytest.mark.parametrize("ahead", [400, 1])
def test_a_clock_that_was_ahead_stops_no_harvest(tmp_path: Path, ahead: int) -> None:
    from bot.flow.harvest import look
    from tests.fakes.house import DAY, SATURDAY, paper
    from tests.fakes.ports import SteppedClock

    async def run() -> None:
        async with house(tmp_path, clock=SteppedClock(SATURDAY + ahead * DAY)) as found:
            await found.say("/follow talking heads")
            await look(found.store, found.ports)
        async with house(tmp_path, clock=SteppedClock(SATURDAY)) as found:
            found.source.add(paper(1))
            await look(found.store, found.ports)
            assert (await found.store.counts()).papers == 1
            (asked,) = found.source.calls
            since = int(asked.removeprefix("changes "))
            assert SATURDAY - 9 * DAY <= since <= SATURDAY - DAY, "the days before now, whatever the mark says"

    asyncio.run(run())


def test_a_service_asks_all_witnesses_by_itself_and_knows_that_a_day_is_complete(tmp_path: Path) -> None:
    world = small(volume=150)  # so many that no feed is empty

    async def run() -> None:
        async with WorldServer(world, SystemClock()) as server:
            settings = Settings(
                database_url=str(tmp_path / "p.db"),
                arxiv_url=server.base_url,
                arxiv_oai_url=server.oai_url,
                arxiv_rss_url=server.rss_url,
                clock="simulated 2026-11-19T00:30:00Z x5000",  # half an hour before Thursday's announcement
            )
            async with opened(settings) as app:
                server.clock = app.clock
                app.platforms = {"fake": FakeChat()}
                serving = asyncio.create_task(app.serve())
                end = time.monotonic() + 40
                while not (days := await app.store.coverage("2026-11-19")) or days[0].complete_at is None:
                    assert time.monotonic() < end, days
                    await asyncio.sleep(0.05)
                os.kill(os.getpid(), signal.SIGTERM)
                await serving
            new = {event.id for event in world.announced(THURSDAY) if event.kind == "new"}
            assert (days[0].listing, days[0].oai, days[0].rss) == ("2026-11-19", len(new), len(new))
            assert {request.kind for request in server.requests} >= {"oai", "rss"}
            assert not [said for said in server.violations if "in flight" in said]

    asyncio.run(run())


def test_papers_are_read_in_full_only_where_their_readers_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fulltexts() -> object:
        settings = Settings(database_url=str(tmp_path / "p.db"))
        async with opened(settings, archive_too=False) as app:
            found = app.ports.fulltexts
            app.read_from(app.source)  # type: ignore[arg-type]  # a sample, for one
            assert app.ports.fulltexts is None
            return found

    assert asyncio.run(fulltexts()) is not None
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "lxml" else find(name))
    assert asyncio.run(fulltexts()) is None
