import asyncio
import time

import pytest

from bot.clock import SimulatedClock, SystemClock, clock
from bot.errors import ConfigError


def test_days_pass_in_seconds_for_every_process_alike() -> None:
    setting = f"simulated 2026-11-19T08:00:00Z x86400 since {time.time() - 2}"
    first, second = clock(setting), clock(setting)
    assert isinstance(first, SimulatedClock)
    assert abs(first.now() - second.now()) < 3_600_000
    assert 1.9 * 86_400_000 < first.now() - first.start < 3 * 86_400_000


def test_sleep_is_on_the_same_clock() -> None:
    async def run() -> None:
        fast = clock("simulated 2026-11-19T08:00:00+01:00 x3600")
        start, real = fast.now(), time.monotonic()
        await fast.sleep(360)
        assert fast.now() - start >= 359_000
        assert time.monotonic() - real < 5

    asyncio.run(run())


def test_the_system_clock_is_the_system_s() -> None:
    assert isinstance(clock("system"), SystemClock)
    assert abs(clock("system").now() - time.time() * 1000) < 5000


@pytest.mark.parametrize("setting", ["", "fast", "simulated", "simulated yesterday", "simulated 2026-11-19T08:00:00"])
def test_a_clock_that_cannot_be_read_ends_in_a_sentence(setting: str) -> None:
    with pytest.raises(ConfigError, match="write system"):
        clock(setting)
