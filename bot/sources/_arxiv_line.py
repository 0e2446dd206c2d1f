"""The line in which all requests to arXiv stand, whatever they ask: one request in flight, one per 3 s.

https://info.arxiv.org/help/api/tou.html asks for both, of API, OAI-PMH and RSS together and of all machines together.
The gate hands out the slots and holds across processes; a line is of one process.
"""

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from bot.model import Rate

if TYPE_CHECKING:
    from bot.ports import Gate

RATE = Rate(every=3100)  # ms: arXiv asks for 3 s, and a request may leave late in its slot
PATIENCE = 60.0  # seconds that somebody who asked waits for a slot before being told when to come back


class Line:
    """Where requests wait for each other; `async with` it while one is in flight."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self.waiting = 0

    async def __aenter__(self) -> None:
        self.waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self.waiting -= 1

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()


_LINES: "WeakKeyDictionary[Gate, Line]" = WeakKeyDictionary()


def line(gate: "Gate") -> Line:
    """Return the one line of all sources that share `gate`."""
    return _LINES.setdefault(gate, Line())
