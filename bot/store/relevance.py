"""The ledger's part about relevance: what came close to a topic and why, what a model said, and how chats voted."""

from collections.abc import Sequence

from bot.model import Level, Match, Paper, Standing, Taste, Topic, Verdict
from bot.ports import Clock
from bot.store import rows
from bot.store.drivers import Run as Query
from bot.store.drivers import Sqlite

SLACK = 2 * 86_400_000  # ms: how far a clock may go back without a match being overlooked
_VOTES = 200  # papers whose votes count: the last ones
_GRADES: dict[Verdict, int] = {"on": Level.STRICT, "borderline": Level.BROAD, "off": Level.RULE}
"""What a model's word is worth (facts/matching.md, "Pipeline" 4)."""


class Relevance:
    """A part of the port Ledger; `store.Store` is the whole."""

    _db: Sqlite
    _clock: Clock

    async def standing(self, chat: str, topic: str, paper: str) -> Standing | None:
        """Return how a paper stands with a topic of a chat; None if it never came close."""
        found = await self._db.read("match_of", chat=chat, topic=topic, paper=paper)
        if not found:
            return None
        score, grade, why, at, kind, verdict, reason, shift, moved, composed = found[0]
        match = Match(paper, score, grade, why)
        return Standing(match, at, kind, verdict, reason, shift, moved, waits=at > composed - SLACK)

    async def near(self, chat: str, since: int, limit: int) -> list[tuple[Paper, str, str, float]]:
        """Return (paper, topic, label, score) of what did not pass since a moment (ms), the closest first."""
        found = await self._db.read("near", chat=chat, since=since, limit=limit)
        return [(rows.paper(row[:11]), row[11], row[12], row[13]) for row in found]

    async def brought(self, chat: str, since: int) -> dict[str, int]:
        """How many papers since a moment (ms) pass each topic of a chat that is not muted."""
        return dict(await self._db.read("brought", chat=chat, since=since))

    async def delivered(self, chat: str, paper: str) -> tuple[str, str, int] | None:
        """Return (topic, label, when it arrived (ms), 0 while it has not) of a paper that a digest carries."""
        found = await self._db.read("delivered", chat=chat, paper=paper)
        if not found:
            return None
        topic, label, _, state, at = found[0]
        return topic, label, at if state == "sent" else 0

    async def matched(self, paper: str) -> tuple[int, bool, int] | None:
        """Return (first seen (ms), whether it was there before our time, held against the topics (ms), 0 not yet)."""
        found = await self._db.read("seen_at", id=paper)
        return (found[0][0], bool(found[0][1]), found[0][2]) if found else None

    # --- what a model says

    async def unjudged(self, topic: str, limit: int) -> tuple[Topic | None, list[Paper], int]:
        """Return a topic, its papers that wait for a model's word, the best first, and until when (ms) they do."""
        now = self._clock.now()

        def work(run: Query) -> tuple[Topic | None, list[Paper], int]:
            known = run("topic", id=topic)
            found = run("unjudged", topic=topic, now=now, limit=limit)
            papers = [rows.paper(row[:11]) for row in found]
            return rows.topic(known[0]) if known else None, papers, min((row[11] for row in found), default=0)

        return await self._db.look(work)

    async def judge(
        self, topic: str, verdicts: Sequence[tuple[str, Verdict, str]], unanswered: Sequence[str] = ()
    ) -> None:
        """Keep what a model said: (paper, verdict, reason); of the papers `unanswered` it will say nothing."""
        judged = [
            {"topic": topic, "paper": paper, "verdict": verdict, "reason": reason, "grade": _GRADES[verdict]}
            for paper, verdict, reason in verdicts
        ]
        silent = [{"topic": topic, "paper": paper} for paper in unanswered]

        def work(run: Query) -> None:
            run("judge", judged)
            run("unanswered", silent)

        await self._db.write(work)

    # --- votes

    async def votes(self, chat: str, topic: str) -> list[tuple[Paper, int]]:
        """Return the papers of a topic that a chat voted on, with the sum of its votes, the last first."""

        def work(run: Query) -> list[tuple[Paper, int]]:
            found = []
            for id_, value in run("votes", chat=chat, topic=topic, limit=_VOTES):
                if known := run("paper", id=id_):
                    found.append((rows.paper(known[0]), value))
            return found

        return await self._db.look(work)

    async def votes_of(self, chat: str, topic: str, voter: str) -> dict[str, int]:
        """Return the votes of one person by paper."""
        return dict(await self._db.read("votes_of", chat=chat, topic=topic, voter=voter))

    async def tastes(self) -> list[Taste]:
        """Return what every chat's votes say of its topics."""
        return [Taste(*row) for row in await self._db.read("tastes")]

    async def taste(self, chat: str, topic: str) -> Taste | None:
        """Return what a chat's votes say of a topic."""
        found = await self._db.read("taste", chat=chat, topic=topic)
        return Taste(*found[0]) if found else None

    async def recent(self, topic: str, since: int, limit: int) -> list[tuple[Paper, Match]]:
        """Return what came close to a topic since a moment (ms), the last first."""
        found = await self._db.read("recent_matches", topic=topic, since=since, limit=limit)
        return [(rows.paper(row[:11]), Match(row[0], *row[11:])) for row in found]
