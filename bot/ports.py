"""What the verbs need of the outside world, as Protocols; the folders implement them, `app` chooses."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Protocol

from bot.model import Chat, Paper, Part, Post, Rate, Said, Send


class Clock(Protocol):
    """All waiting and every 'now'."""

    def now(self) -> int:
        """Epoch milliseconds."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait on this clock."""
        ...


class Gate(Protocol):
    """Rate budgets, one row each in the ledger: they survive a restart and hold across processes."""

    async def take(self, key: str, rate: Rate) -> None:
        """Wait for the next slot of the budget `key` ('arxiv', 'telegram:<bot>', 'chat:<id>')."""
        ...

    async def hold(self, key: str, seconds: float) -> None:
        """Nobody gets a slot of `key` before `seconds` have passed (Retry-After)."""
        ...


class Source(Protocol):
    """Where papers come from. Every method raises `Later` when the reply cannot be trusted: never an empty day."""

    name: str

    def window(self, since: int, until: int) -> AsyncIterator[tuple[Paper, ...]]:
        """Yield every paper submitted in [since, until] (ms), a reply at a time; ending normally means complete."""
        ...

    async def fetch(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Papers by id ('2411.19525', '2411.19525v2'); unknown ids are left out."""
        ...

    async def search(self, query: str, limit: int) -> tuple[Paper, ...]:
        """Up to `limit` papers for a query in arXiv's syntax, best first."""
        ...


Hear = Callable[[Said], Awaitable[None]]


class Platform(Protocol):
    """Where people are."""

    name: str
    token_rate: Rate
    chat_rate: Rate

    def fits(self, post: Post) -> bool:
        """Tell whether `post` renders within one message's limits."""
        ...

    def render(self, post: Post) -> str:
        """Make the payload of one message, to be frozen in the ledger."""
        ...

    async def send(self, send: Send) -> str:
        """Deliver one message and return the platform's id of it; raises Later, Gone, Refused or InDoubt."""
        ...

    async def serve(self, hear: Hear) -> None:
        """Listen until cancelled; `hear` returns once what was said is safe in the ledger."""
        ...


class Engine(Protocol):
    """Who runs a verb: never two at once per key. A nudge is a disposable hint."""

    def nudge(self, key: str) -> None:
        """Run the key's verb soon; if it is running already, once more afterwards."""
        ...

    async def serve(self) -> None:
        """Work until cancelled."""
        ...


__all__ = ["Chat", "Clock", "Engine", "Gate", "Hear", "Part", "Platform", "Source"]
