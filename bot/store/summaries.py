"""The ledger's part about summaries and about what models cost.

No call is made that is not here before it leaves, with what it may cost at most: whatever is killed, and however many
ask at once, a budget is not exceeded.
"""

from uuid import uuid4

from bot.model import Budget, Paper, Spent, Summary, Wanted, Why
from bot.ports import Clock
from bot.store import rows
from bot.store.drivers import Run as Query
from bot.store.drivers import Sqlite

_MINUTE = 60_000  # ms
_DAY = 86_400_000  # ms
_EVER = 2**62  # ms
_AHEAD = 7_200_000  # ms: what is further ahead of now was written by a clock that has gone back since
_LOST = 600_000  # ms after which a call that nobody settled never will be
_SOON = 2.0  # seconds until a call under way may have been settled
_KEPT = 40 * _DAY  # ms that calls are remembered
_NO_CAP = 1_000_000  # papers
_SLACK = 2 * _DAY  # ms: see store.store


class Summaries:
    """A part of the port Ledger; `store.Store` is the whole."""

    _db: Sqlite
    _clock: Clock

    async def summary(self, paper: Paper, wanted: Wanted) -> Summary | None:
        """Return the summary of this version of a paper, or what stands in for it, if there is one."""
        found = await self._db.read("summary", paper=paper.id, version=paper.version, **rows.key(wanted))
        return rows.summary(found[0][0], found[0][1]) if found else None

    async def add_summary(self, paper: Paper, wanted: Wanted, summary: Summary) -> None:
        """Keep a summary; the first one that stands for good stays."""
        row = {"paper": paper.id, "version": paper.version, "body": rows.summary_body(summary)} | rows.key(wanted)
        await self._db.write(
            lambda run: run("add_summary", **row, now=self._clock.now(), stands_until=summary.until),
        )

    async def waited_since(self, paper: str, wanted: Wanted) -> int | None:
        """Since when (ms) the longest waiting digest waits for a paper; None if none does."""
        at: int | None = (await self._db.read("waited_since", paper=paper, language=wanted.language))[0][0]
        return at

    async def ahead(self, wanted: Wanted, soon: int, late: int, limit: int) -> list[tuple[str, str]]:
        """Return (language, base id) of what digests due in (soon, late] (ms) would carry and no model wrote of yet."""
        now = self._clock.now()

        def work(run: Query) -> list[tuple[str, str]]:
            found: dict[tuple[str, str], None] = {}
            for chat, language, cap, composed_at in run("ahead_chats", soon=soon, late=late):
                asked = rows.key(wanted) | {"language": wanted.language or language}
                values = {"chat": chat, "since": composed_at - _SLACK, "cap": cap or _NO_CAP, "now": now}
                found |= dict.fromkeys((asked["language"], paper) for (paper,) in run("ahead", **values, **asked))
                if len(found) >= limit:
                    break
            return list(found)[:limit]

        return await self._db.look(work)

    # --- what models cost

    async def reserve(
        self, provider: str, about: str, budget: Budget, *, since: int, until: int, tokens: int, micros: int
    ) -> tuple[str, float, Why]:
        """Take a call, with what it may cost at most, from a budget whose day is [since, until) (ms).

        Returns (id, 0, '') if it may be made now, else ('', seconds until it is worth asking again, why not): soon if
        what stands in the way is only reserved and may come back.
        """
        id_ = uuid4().hex

        def work(run: Query) -> tuple[str, float, Why]:
            now = self._clock.now()
            if paused := run("pause", provider=provider, now=now, ahead=now + _AHEAD):
                ends, why, _ = paused[0]
                return "", (ends - now) / 1000, why
            span = {"provider": provider, "since": since, "until": until}
            requests, spent, paid, _ = run("calls_since", **span)[0]
            open_, owed = run("calls_under_way", lost=now - _LOST, **span)[0]

            def over(open_: int, owed: int) -> bool:
                asked = ((requests + 1, budget.requests_a_day), (spent - open_ + tokens, budget.tokens_a_day))
                return any(0 < most < sum_ for sum_, most in (*asked, (paid - owed + micros, budget.micros_a_day)))

            if over(open_, owed):
                return "", max(1.0, (until - now) / 1000), "budget"
            if over(0, 0):
                return "", _SOON, "budget"
            span = {"provider": provider, "since": now - _MINUTE + 1, "until": now + _AHEAD}
            of_minute, spent_of_it, _, oldest = run("calls_since", **span)[0]
            asked = ((of_minute + 1, budget.requests_a_minute), (spent_of_it + tokens, budget.tokens_a_minute))
            if of_minute and any(0 < most < sum_ for sum_, most in asked):  # one that is too large alone goes alone
                wait = max(0.1, (oldest + _MINUTE - now) / 1000)
                return (
                    "",
                    min(wait, _SOON) if run("calls_under_way", lost=now - _LOST, **span)[0][0] else wait,
                    "budget",
                )
            run("begin_call", id=id_, provider=provider, about=about, now=now, tokens=tokens, micros=micros)
            return id_, 0.0, ""

        return await self._db.write(work)

    async def settle_call(self, id_: str, *, tokens: int, micros: int) -> None:
        """Note what a call did cost; one that is never settled stays with what it may have cost."""

        def work(run: Query) -> None:
            now = self._clock.now()
            run("end_call", id=id_, tokens=tokens, micros=micros, now=now)
            run("drop_calls", before=now - _KEPT)

        await self._db.write(work)

    async def pause(self, provider: str, until: int, why: Why, detail: str) -> None:
        """Ask nothing of a provider before `until` (ms)."""
        await self._db.write(
            lambda run: run(
                "set_pause",
                provider=provider,
                until=until,
                why=why,
                detail=detail,
                now=self._clock.now(),
                ahead=self._clock.now() + _AHEAD,
            )
        )

    async def paused(self, provider: str) -> tuple[int, Why, str] | None:
        """Return (until (ms), why, a sentence) if a provider is not asked now."""
        found = await self._db.read("pause", provider=provider, now=self._clock.now(), ahead=self._clock.now() + _AHEAD)
        return found[0] if found else None

    async def resume(self, why: Why) -> None:
        """End all pauses of one kind: the owner has been at the settings."""
        await self._db.write(lambda run: run("end_pauses", why=why))

    async def spent(self, provider: str, since: int) -> Spent:
        """Add up what a provider was asked since a moment (ms)."""
        return Spent(*(await self._db.read("calls_since", provider=provider, since=since, until=_EVER))[0][:3])
