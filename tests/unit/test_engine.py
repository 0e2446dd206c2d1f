"""The local engine: never two at once per key, once more if nudged meanwhile, and one failure stops nobody."""

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines.local import Local
from bot.errors import Later


def test_never_two_at_once_and_once_more(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        running: set[str] = set()
        runs: list[str] = []

        async def verb(key: str) -> None:
            assert key not in running
            running.add(key)
            runs.append(key)
            await asyncio.sleep(0.01)
            running.discard(key)

        engine = Local({"v": verb})
        for _ in range(5):
            engine.nudge("v:a")
            engine.nudge("v:b")
        await engine.idle()
        assert sorted(runs) == ["v:a", "v:a", "v:b", "v:b"]

    asyncio.run(run())
    assert caplog.records == []


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), max_size=30))
def test_a_nudge_is_always_followed_by_a_whole_run(nudges: list[tuple[str, int]]) -> None:
    async def run() -> None:
        asked: dict[str, int] = {}
        seen: dict[str, int] = {}

        async def verb(key: str) -> None:
            seen[key] = asked[key]  # what a run that begins now can see
            await asyncio.sleep(0)

        engine = Local({"v": verb}, slots={"v": 2})
        for name, turns in nudges:
            key = f"v:{name}"
            asked[key] = asked.get(key, 0) + 1
            engine.nudge(key)
            for _ in range(turns):
                await asyncio.sleep(0)
        await engine.idle()
        assert seen == asked

    asyncio.run(run())


def test_failures_are_logged_and_leave_the_rest_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        done: list[str] = []

        async def bad(key: str) -> None:
            raise ZeroDivisionError if key.endswith("x") else Later("The disk is full.")

        async def good(key: str) -> None:
            done.append(key)

        engine = Local({"bad": bad, "good": good})
        engine.nudge("bad:x")
        engine.nudge("bad:y")
        engine.nudge("good:z")
        await engine.idle()
        assert done == ["good:z"]

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert sorted(record.getMessage() for record in caplog.records) == [
        "bad:x failed; the next sweep takes it up again",
        "bad:y: The disk is full.",
    ]


def test_a_stopped_engine_takes_no_more() -> None:
    async def run() -> None:
        done: list[str] = []

        async def verb(key: str) -> None:
            done.append(key)

        engine = Local({"v": verb})
        await engine.stop()
        engine.nudge("v:a")
        await asyncio.sleep(0)
        assert done == []

    asyncio.run(run())
