"""The embedded engine: one asyncio task per key in one process; the ledger is the queue.

Never two tasks at once for one key; a nudge of a running key makes it run once more. A key's failure is logged and
left to the next sweep: retries, back-off and dead letters are the ledger's.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from bot.errors import Later

log = logging.getLogger(__name__)

Run = Callable[[str], Awaitable[None]]

# Tasks of one verb at work at once. Each verb has its own slots: chats that wait for their pace hold up no command,
# a thousand summaries hold up no digest.
SLOTS: Mapping[str, int] = {
    "deliver": 1000,
    "converse": 50,
    "compose": 200,
    "summarize": 16,
    "ahead": 16,
    "judge": 8,
    "read": 16,
    "typeset": 32,
}
_DRAIN = 8.0  # seconds that work in hand gets to end when asked to stop


class Local:
    """Implements the port Engine."""

    def __init__(self, verbs: Mapping[str, Run], *, slots: Mapping[str, int] = SLOTS) -> None:
        self._verbs = verbs
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._slots = {verb: asyncio.Semaphore(slots.get(verb, 1)) for verb in verbs}
        self._alone: dict[str, tuple[asyncio.Lock, list[None]]] = {}  # a lock and who has it or waits for it
        self._idle = asyncio.Event()
        self._idle.set()
        self._open = True

    def nudge(self, key: str) -> None:
        """Run the key's verb soon; if it is running already, once more afterwards."""
        if not self._open:
            return
        if key in self._tasks:
            self._again.add(key)
            return
        self._idle.clear()
        self._tasks[key] = asyncio.create_task(self._run(key), name=key)

    async def _run(self, key: str) -> None:
        verb = key.partition(":")[0]
        try:
            async with self._slots[verb]:
                await self._verbs[verb](key)
        except Later as problem:
            log.warning("%s: %s", key, problem)
        except Exception:
            log.exception("%s failed; the next sweep takes it up again", key)
        finally:
            del self._tasks[key]
            if key in self._again:
                self._again.discard(key)
                self.nudge(key)
            if not self._tasks:
                self._idle.set()

    @contextlib.asynccontextmanager
    async def alone(self, key: str) -> AsyncIterator[None]:
        """Wait until nobody else is at work under this key, and be the one who is."""
        lock, users = self._alone.setdefault(key, (asyncio.Lock(), []))
        users.append(None)
        try:
            async with lock:
                yield
        finally:
            users.pop()
            if not users:
                del self._alone[key]

    async def idle(self) -> None:
        """Wait until nothing is at work."""
        await self._idle.wait()

    async def serve(self) -> None:
        """Work until cancelled, then give what is in hand a few seconds to end well."""
        try:
            await asyncio.Event().wait()
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Take no more nudges, let sends that have begun finish, drop the rest: the ledger knows it."""
        self._open = False
        self._again.clear()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=_DRAIN)
            for task in late:
                task.cancel()
