"""One suite for every Gate: a slot is always given in the end, and holding one budget holds no other."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from bot.model import Rate
from bot.ports import Gate
from bot.store.store import Store
from tests.fakes.ports import OpenGate, SteppedClock

Make = Callable[[Path], AbstractAsyncContextManager[Gate]]


@asynccontextmanager
async def ledger(folder: Path) -> AsyncIterator[Gate]:
    store = Store(folder / "p.db", SteppedClock())
    await store.open()
    yield store.gate
    await store.close()


@asynccontextmanager
async def fake(_: Path) -> AsyncIterator[Gate]:
    yield OpenGate()


@pytest.mark.parametrize("make", [ledger, fake])
def test_every_slot_is_given(make: Make, tmp_path: Path) -> None:
    async def run() -> None:
        async with make(tmp_path) as gate:
            await gate.hold("a", 60)
            await asyncio.wait_for(gate.take("b", Rate(every=1000)), 5)
            await asyncio.gather(*(gate.take("a", Rate(every=10, burst=3)) for _ in range(20)))
            await gate.take("a", Rate(every=0))

    asyncio.run(run())
