"""What the verbs need of the outside world, as Protocols; the folders implement them, `app` chooses."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from bot.config import Settings
from bot.model import (
    Button,
    Change,
    Chat,
    Counts,
    Digest,
    Event,
    News,
    Paper,
    Part,
    Post,
    Press,
    Rate,
    Run,
    Said,
    Send,
    Subscription,
    Summary,
    Topic,
    Turn,
    Wanted,
)


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

    async def take(self, key: str, rate: Rate, *, patience: float | None = None, turn: Turn = Turn.OTHER) -> None:
        """Wait for the next slot of the budget `key` ('arxiv', 'token:telegram', 'chat:<id>'), answers first.

        Raises Later at once, and takes nothing, if that takes more than `patience` seconds.
        """
        ...

    async def hold(self, key: str, seconds: float) -> None:
        """Nobody gets a slot of `key` before `seconds` have passed (Retry-After)."""
        ...


class Source(Protocol):
    """Where papers come from. Every method raises `Later` when the reply cannot be trusted: never an empty day."""

    name: str
    ahead: float | None  # seconds that our clock is ahead of the source's, as its last reply told

    def window(self, since: int, until: int) -> AsyncIterator[tuple[Paper, ...]]:
        """Yield every paper submitted in [since, until] (ms), a reply at a time; ending normally means complete.

        The ends are whole minutes to some sources: a paper of a minute before or after may come too.
        """
        ...

    async def fetch(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Papers by id ('2411.19525', '2411.19525v2'); unknown ids are left out."""
        ...

    async def search(self, query: str, limit: int) -> tuple[Paper, ...]:
        """Up to `limit` papers for a query in arXiv's syntax, best first."""
        ...


Hear = Callable[[Event], Awaitable[str]]
"""Make safe what a platform tells us; returns '' or a sentence for the one who pressed, and nobody else, to read."""


Suggest = Callable[[Chat, str, str], Awaitable[list[tuple[str, str]]]]
"""(label, value) for a command and what was typed of it so far in a chat, the likeliest first."""


class Platform(Protocol):
    """Where people are."""

    name: str
    token_rate: Rate
    folds: bool  # whether it can show lines that a reader opens on demand

    def rate(self, chat: Chat) -> Rate:
        """Tell the pace that this chat bears; all threads of an address share it."""
        ...

    def fits(self, post: Post) -> bool:
        """Tell whether `post` renders within one message's limits."""
        ...

    def render(self, post: Post) -> str:
        """Make the payload of one message, to be frozen in the ledger."""
        ...

    async def send(self, send: Send) -> str:
        """Deliver one message, or put it in place of `send.edits`, and return the platform's id of it.

        Raises Later, Gone, Elsewhere, Refused or InDoubt; an edit is never in doubt, as it may be repeated.
        """
        ...

    async def may_manage(self, chat: Chat, author: str) -> bool:
        """Ask whether a person may decide what a chat gets; raises Later."""
        ...

    async def serve(self, hear: Hear, suggest: Suggest) -> None:
        """Listen until cancelled; `hear` returns once what happened is safe in the ledger."""
        ...

    async def lacks(self, chat: Chat) -> str:
        """Tell which rights we miss to post in a chat, as a sentence, before it is tried; '' if none is known."""
        ...

    async def check(self) -> tuple[list[str], list[str]]:
        """For `doctor`: sentences about what is well, and about what is to be mended and how."""
        ...

    async def close(self) -> None:
        """Let go of all connections, once nothing is sent any more."""
        ...


class Engine(Protocol):
    """Who runs a verb: never two at once per key. A nudge is a disposable hint."""

    def nudge(self, key: str) -> None:
        """Run the key's verb soon; if it is running already, once more afterwards."""
        ...

    async def serve(self) -> None:
        """Work until cancelled."""
        ...


class Archive(Protocol):
    """Full-text index of every paper the ledger holds; a file of its own that can be rebuilt at any time."""

    async def add(self, papers: Sequence[Paper]) -> None:
        """Index papers; those already there are left alone."""
        ...

    async def find(self, fts: str, *, since: int = 0, limit: int = 50_000) -> list[str]:
        """Base ids that match an FTS5 expression, submitted at or after `since` (ms), the newest first."""
        ...


class Ledger(Protocol):
    """The only truth. Each method is one question or one transaction; `store.store` documents them."""

    async def add_papers(self, papers: Sequence[Paper], *, baseline: bool) -> list[str]: ...
    async def paper(self, paper: str) -> Paper | None: ...
    async def unmatched(self, limit: int) -> list[Paper]: ...
    async def papers_after(self, after: str, limit: int) -> list[Paper]: ...
    async def topics(self) -> tuple[list[Topic], tuple[int, int]]: ...
    async def add_matches(
        self, papers: Iterable[str], matches: Iterable[tuple[str, Sequence[str]]], stamp: tuple[int, int]
    ) -> bool: ...
    async def hear(self, said: Said, *, edits: str = "") -> bool: ...
    async def pressed(self, chat: str, press: Press) -> tuple[str, Button] | None: ...
    async def add_chat(self, chat: Chat) -> None: ...
    async def chat(self, chat: str) -> Chat | None: ...
    async def subscriptions(self, chat: str) -> list[Subscription]: ...
    async def chat_called(self, platform: str, name: str) -> Chat | None: ...
    async def next_said(self, chat: str) -> Said | None: ...
    async def answer(
        self, said: Said, parts: Sequence[Part], changes: Sequence[Change] = (), *, about: str = ""
    ) -> None: ...
    async def place(self, said: Said, part: Part) -> None: ...
    async def join(self, chat: Chat) -> None: ...
    async def back(self, chat: Chat) -> None: ...
    async def suspend(
        self, chat: Chat, reason: str, *, only: bool = False, tell: Chat | None = None, parts: Sequence[Part] = ()
    ) -> None: ...
    async def move(self, platform: str, old: str, new: str) -> list[str]: ...
    async def gone(self, chat: str) -> None: ...
    async def news(self, owner: str, every: int) -> tuple[News, int] | None: ...
    async def tell(self, chat: Chat, at: int, parts: Sequence[Part]) -> None: ...
    async def waiting(self, chat: str) -> int: ...
    async def scanned(self, chat: str) -> int: ...
    async def last_digest(self, chat: str) -> int | None: ...
    async def unsent(self, chat: str) -> tuple[int, str]: ...
    async def broken_off(self, chat: str, *, resend: bool) -> None: ...
    async def compose(
        self, chat: str, wanted: Wanted, next_at: Callable[[Chat, int], int | None]
    ) -> tuple[int, list[str]]: ...
    async def open_digests(self, chat: str, wanted: Wanted) -> tuple[Chat | None, list[Digest]]: ...
    async def plan(self, digest: Digest, parts: Sequence[Part]) -> None: ...
    async def queue(self, chat: str) -> tuple[Chat | None, str | None, bool]: ...
    async def latest(self, chat: str, limit: int) -> list[tuple[Paper, str]]: ...
    async def claim(self, send: str, chat: Chat) -> Send | None: ...
    async def settle(
        self, send: Send, state: str, *, message: str = "", error: str = "", wait: float = 0, doubt: bool = False
    ) -> str | None: ...
    async def summary(self, paper: Paper, wanted: Wanted) -> Summary | None: ...
    async def add_summary(self, paper: Paper, wanted: Wanted, summary: Summary) -> None: ...
    async def due(self, wanted: Wanted) -> list[str]: ...
    async def begin_run(self, verb: str) -> str: ...
    async def end_run(
        self, id_: str, outcome: str, detail: str, *, papers: int = 0, mark: int | None = None, next_at: int | None
    ) -> None: ...
    async def last_run(self, verb: str) -> Run | None: ...
    async def high_water(self, verb: str) -> int | None: ...
    async def counts(self) -> Counts: ...
    async def dead(self, limit: int = 10) -> list[tuple[str, str, int]]: ...


@dataclass(frozen=True, slots=True)
class Ports:
    """What a verb is given beside the ledger and its key."""

    settings: Settings
    clock: Clock
    gate: Gate
    source: Source
    archive: Archive
    platforms: Mapping[str, Platform]
    nudge: Callable[[str], None]
    wanted: Wanted = Wanted()  # noqa: RUF009 - frozen


Verb = Callable[[Ledger, Ports, str], Awaitable[None]]
"""A verb: `(store, ports, key)`. May be repeated; leaves the ledger right if killed at any line."""
