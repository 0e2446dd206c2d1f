"""What all tests share: a call that blocks the event loop inside Paperboy's own code fails the test."""

from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    with blockbuster_ctx("bot") as guard:
        for function in guard.functions.values():
            # Python's own files: a zone's rules, a module's first import, both a few kB and once per process
            function.can_block_in("zoneinfo/_common.py", {"load_tzdata", "from_file", "load_data"})
            function.can_block_in("zoneinfo/_tzpath.py", "find_tzfile")
            function.can_block_in("bot/core/times.py", "instant")
            function.can_block_in("<frozen importlib._bootstrap>", "_find_and_load")
        for name in ("os.write", "io.TextIOWrapper.write", "io.BufferedWriter.write"):
            guard.functions[name].deactivate()  # the terminal chat writes to its terminal
        yield
