"""What the verbs need of the outside world, as Protocols; the folders implement them, `app` chooses."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from bot.config import Settings
from bot.core.calendar import Calendar
from bot.core.fulltext import Caption, Fulltext
from bot.core.prompt import Prompt
from bot.core.terms import Frequencies
from bot.model import (
    Budget,
    Button,
    Change,
    Chat,
    Counts,
    Coverage,
    Digest,
    Doubt,
    Event,
    Feed,
    Happened,
    Job,
    Match,
    News,
    Paper,
    Part,
    Post,
    Press,
    Rate,
    Reading,
    Record,
    Run,
    Said,
    Send,
    Spent,
    Standing,
    Subscription,
    Summary,
    Taste,
    Topic,
    Turn,
    Verdict,
    Wanted,
    Weighed,
    Why,
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

    async def fetch(self, ids: Sequence[str]) -> tuple[Paper, ...]:
        """Papers by id ('2411.19525', '2411.19525v2'); unknown ids are left out."""
        ...

    async def search(self, query: str, limit: int) -> tuple[Paper, ...]:
        """Up to `limit` papers for a query in arXiv's syntax, best first."""
        ...


class Register(Protocol):
    """The record of truth: what exists, and what changed."""

    def changes(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        """Yield every record that changed on or after the UTC day of `since` (ms), a reply at a time.

        Ending normally means that it was read to its end; raises Later where a reply cannot be trusted.
        """
        ...

    def names(self, since: int) -> AsyncIterator[tuple[Record, ...]]:
        """Yield the same records with the authors as the register itself reads them; like `changes` in all else.

        Such a record has neither versions nor a number of one: its paper's `updated` is the UTC day (ms) on which the
        version was submitted. A register whose names need no reading yields nothing.
        """
        ...


class Feeds(Protocol):
    """The second witness: what was announced today."""

    groups: tuple[str, ...]  # that cover all categories together

    def covers(self, group: str, category: str) -> bool:
        """Tell whether a category is one of a group's."""
        ...

    async def feed(self, group: str, etag: str = "") -> Feed | None:
        """Read today's feed of a group, None if it is still the one of `etag`; raises Later unless that is it."""
        ...


class Fulltexts(Protocol):
    """What papers say in full."""

    async def fulltext(self, paper: Paper) -> Fulltext:
        """Return the full text of this version of a paper, from whatever file of it can be read.

        May take a minute. Raises Later (its source asks for a pause, does not answer, or sends something else) and
        UserError (there is none, or none that can be read).
        """
        ...

    async def figure(
        self, paper: Paper, choose: Callable[[Sequence[Caption]], Caption | None]
    ) -> tuple[Caption, bytes] | None:
        """Cut out the figure that `choose` takes among those of this version of a paper, None if it takes none.

        With its caption; PNG of at most 4 MB and 4 megapixels, no more than twenty times as wide as high. May take a
        minute; raises as `fulltext`.
        """
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

    def alone(self, key: str) -> AbstractAsyncContextManager[None]:
        """Wait until nobody else is at work under this key, and be the one who is."""
        ...

    async def serve(self) -> None:
        """Work until cancelled."""
        ...


Finish = Literal["stop", "length", "safety", "recitation", "empty", "other"]
"""Why a model ended: of itself; out of tokens; stopped for its content; for repeating a source; said nothing; else."""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them. `output` is all that is billed as output, `thoughts` and answer together."""

    input: int = 0
    output: int = 0
    thoughts: int = 0  # the part of `output` that nobody sees
    cached: int = 0  # the part of `input` that was cheaper


@dataclass(frozen=True, slots=True)
class Limits:
    """What one call may cost: `output` in tokens, thinking included; `timeout` in seconds, for the call in all.

    `cheap` asks for the provider's cheap tier where there is one: half the price, an answer within minutes rather than
    seconds, and a Later more often.
    """

    output: int = 4096
    timeout: float = 60.0
    cheap: bool = False


@dataclass(frozen=True, slots=True)
class RawReply:
    """A model's answer as it came; only a `finish` of 'stop' is a whole one, and even that may be no JSON."""

    text: str
    finish: Finish
    usage: Usage | None = None  # None where the server does not count
    model_version: str = ""  # what really answered, '' where the server does not say
    retry_after: float | None = None  # seconds: the budget is empty now, the next call is not welcome before


class LLM(Protocol):
    """A language model behind one wire, which knows nothing of papers.

    No retry, no limiter and no check of the answer happens in an adapter: those are `flow.ask`'s and the ledger's.
    """

    name: str
    model: str

    async def complete(self, prompt: str, schema: Mapping[str, object] | None, limits: Limits) -> RawReply:
        """Make one call; `schema` is a JSON Schema for the answer, which the model follows as far as it can.

        Returns its answer, whatever the model said in it. Tokens that were paid for are always told: an answer that was
        cut or blocked after it had begun is a RawReply with its `usage`, not an exception.

        Raises Later (quota, outage, time is up, no trustworthy answer; `wait` in seconds if the provider said), at
        midnight Pacific if Google's quota of the day is used up; ConfigError (the key, the model, the address: the
        owner must act); Refused (this very prompt will never be answered).
        """
        ...

    async def close(self) -> None:
        """Give back the connections; the next call opens them anew."""
        ...


@dataclass(frozen=True, slots=True)
class Model:
    """The language model of this house, what may be asked of it and what is known of it (`data/models.json`)."""

    llm: LLM
    budget: Budget
    facts: Mapping[str, Any]


class Archive(Protocol):
    """Full-text index of every paper the ledger holds; a file of its own that can be rebuilt at any time."""

    async def add(self, papers: Sequence[Paper]) -> None:
        """Index papers; those already there are left alone."""
        ...

    async def renew(self, papers: Sequence[Paper]) -> None:
        """Index papers that are there already as they are now; the others are left alone."""
        ...

    async def find(self, fts: str, *, since: int = 0, limit: int = 50_000) -> list[str]:
        """Base ids that match an FTS5 expression, submitted at or after `since` (ms), the newest first."""
        ...

    async def frequencies(self) -> Frequencies:
        """In how many papers each word stands."""
        ...


class Ledger(Protocol):
    """The only truth. Each method is one question or one transaction; `store.store` documents them."""

    async def add_papers(self, papers: Sequence[Paper], *, baseline: bool) -> list[str]: ...
    async def paper(self, paper: str) -> Paper | None: ...
    async def papers(self, ids: Sequence[str]) -> list[Paper]: ...
    async def unmatched(self, limit: int) -> list[Paper]: ...
    async def papers_after(self, after: str, limit: int) -> list[Paper]: ...
    async def take(
        self,
        records: Sequence[Record],
        listing_of: Callable[[int], str],
        *,
        baseline: bool,
        floor: int,
        since: int | None = None,
    ) -> list[Happened]: ...
    async def witness(self, record: Record, kind: str, gained: Sequence[str], listing: str) -> bool: ...
    async def misread(self, records: Sequence[Record]) -> list[tuple[Paper, Paper]]: ...
    async def correct(self, papers: Sequence[tuple[Paper, Paper]]) -> None: ...
    async def has(self, paper: str) -> tuple[bool, bool]: ...
    async def first_seen(self, paper: str) -> int | None: ...
    async def month(self, month: str) -> list[str]: ...
    async def highest(self) -> str: ...
    async def unmatched_events(self, limit: int) -> list[tuple[Paper, Happened]]: ...
    async def add_event_matches(
        self, told: Iterable[Happened], matches: Iterable[tuple[Happened, str, Match]], stamp: tuple[int, int]
    ) -> bool: ...
    async def standing(self, chat: str, topic: str, paper: str) -> Standing | None: ...
    async def near(self, chat: str, since: int, limit: int) -> list[tuple[Paper, str, str, float]]: ...
    async def brought(self, chat: str, since: int) -> dict[str, int]: ...
    async def delivered(self, chat: str, paper: str) -> tuple[str, str, int] | None: ...
    async def matched(self, paper: str) -> tuple[int, bool, int] | None: ...
    async def unjudged(self, topic: str, limit: int) -> tuple[Topic | None, list[Paper], int]: ...
    async def judge(
        self, topic: str, verdicts: Sequence[tuple[str, Verdict, str]], unanswered: Sequence[str] = ()
    ) -> None: ...
    async def votes(self, chat: str, topic: str) -> list[tuple[Paper, int]]: ...
    async def votes_of(self, chat: str, topic: str, voter: str) -> dict[str, int]: ...
    async def job(self, id_: str) -> tuple[Job, Chat] | None: ...
    async def license(self, paper: Paper) -> str: ...
    async def stage(self, job: str, part: Part) -> bool: ...
    async def end_job(self, job: str, parts: Sequence[Part]) -> bool: ...
    async def reading(self, paper: Paper, wanted: Wanted) -> Reading | None: ...
    async def add_reading(self, paper: Paper, wanted: Wanted, reading: Reading) -> None: ...
    async def tastes(self) -> list[Taste]: ...
    async def taste(self, chat: str, topic: str) -> Taste | None: ...
    async def recent(self, topic: str, since: int, limit: int) -> list[tuple[Paper, Match]]: ...
    async def open_day(self, listing: str) -> None: ...
    async def said_oai(self, listing: str) -> None: ...
    async def said_rss(self, listing: str, papers: int, missing: int, doubts: Sequence[Doubt]) -> None: ...
    async def said_audit(self, listing: str, found: int) -> None: ...
    async def complete(self, listing: str) -> None: ...
    async def coverage(self, since: str) -> list[Coverage]: ...
    async def note(self, name: str) -> str: ...
    async def set_note(self, name: str, text: str) -> None: ...
    async def topics(self) -> tuple[list[Topic], tuple[int, int]]: ...
    async def add_matches(
        self,
        papers: Iterable[str],
        matches: Iterable[tuple[str, Sequence[Match]]],
        stamp: tuple[int, int],
        weighed: Sequence[tuple[Taste, Weighed]] = (),
        *,
        judge_by: int = 0,
    ) -> bool: ...
    async def hear(self, said: Said, *, edits: str = "") -> bool: ...
    async def pressed(self, chat: str, press: Press) -> tuple[str, Button] | None: ...
    async def shown(self, chat: str, message: str) -> list[str]: ...
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
        self, chat: str, wanted: Wanted, next_at: Callable[[Chat, int], int | None], partial: str = ""
    ) -> tuple[int, list[tuple[str, str]]]: ...
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
    async def waited_since(self, paper: str, wanted: Wanted) -> int | None: ...
    async def ahead(self, wanted: Wanted, soon: int, late: int, limit: int) -> list[tuple[str, str]]: ...
    async def reserve(
        self, provider: str, about: str, budget: Budget, *, since: int, until: int, tokens: int, micros: int
    ) -> tuple[str, float, Why]: ...
    async def settle_call(self, id_: str, *, tokens: int, micros: int) -> None: ...
    async def pause(self, provider: str, until: int, why: Why, detail: str) -> None: ...
    async def paused(self, provider: str) -> tuple[int, Why, str] | None: ...
    async def mark(self, name: str) -> int | None: ...
    async def set_mark(self, name: str) -> None: ...
    async def spent(self, provider: str, since: int) -> Spent: ...
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
    register: Register
    calendar: Calendar
    archive: Archive
    platforms: Mapping[str, Platform]
    nudge: Callable[[str], None]
    alone: Callable[[str], AbstractAsyncContextManager[None]]
    prompts: Mapping[str, Prompt]
    feeds: Feeds | None = None
    fulltexts: Fulltexts | None = None  # None without what reads files (the extra `reading`)
    model: Model | None = None
    wanted: Wanted = Wanted()  # noqa: RUF009 - frozen


Verb = Callable[[Ledger, Ports, str], Awaitable[None]]
"""A verb: `(store, ports, key)`. May be repeated; leaves the ledger right if killed at any line."""
