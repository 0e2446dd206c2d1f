"""Whole papers and questions through the real adapters: the schemas pass, and each way an answer can end is told."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.platforms import console_view
from bot.words import say
from tests.fakes.house import paper
from tests.fakes.llm_server import Kind, LlmServer
from tests.fakes.scholar import Library, over_the_wire
from tests.integration.test_models import SIDES, Home, home

pytestmark = pytest.mark.integration


def play(folder: Path, side: str, body: Callable[[Home], Awaitable[None]]) -> None:
    async def run() -> None:
        async with LlmServer() as server:
            server.answer = over_the_wire
            async with home(folder, side, server) as found:
                found.house.fulltexts = Library(found.clock, seconds=0)
                await found.house.day(
                    paper(1, "Ditto: Talking heads", abstract="We introduce Ditto, a method that animates a portrait.")
                )
                await body(found)

    asyncio.run(run())


def last(found: Home) -> str:
    return console_view.text(found.posts[-1])


@pytest.mark.parametrize("side", SIDES)
def test_a_paper_is_read_and_asked(tmp_path: Path, side: str) -> None:
    async def body(found: Home) -> None:
        await found.house.say("/read 2611.00001")
        assert "16 of 16 quotes found" in last(found)
        assert "1  Ditto splits the motion of a portrait into lips, eyes and head. (p. 4)" in last(found)
        await found.house.say("/ask 2611.00001 what lip error on the Heron data set?")
        assert "2.41 against 3.05 for StoryMask. (p. 7)" in last(found)
        assert len(found.server.seen) == 2
        await found.house.say("/read 2611.00001", found.house.chat("b"))
        assert len(found.server.seen) == 2

    play(tmp_path, side, body)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("kind", "times", "key"),
    [("safety", 1, "why_content"), ("bad_json", 2, "why_form"), ("max_tokens", 2, "why_form"), ("day", 1, "why_quota")],
)
def test_an_answer_that_ends_badly_is_told(tmp_path: Path, side: str, kind: Kind, times: int, key: str) -> None:
    async def body(found: Home) -> None:
        found.server.fault(kind, times)
        await found.house.say("/read 2611.00001")
        assert say("en", key) in last(found)
        assert "Ditto shows that silence can be animated from sound alone. (p. 9)" in last(found)
        assert len(found.server.seen) == times

    play(tmp_path, side, body)
