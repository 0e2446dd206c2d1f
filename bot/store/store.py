"""The ledger: one method per question or step, each step one transaction.

Seen = delivered-to-be: a paper counts as seen for a chat in the transaction of `compose`, which also writes its
delivery. A command's effects, its answer and its end stand in the one transaction of `answer`.
"""

import base64
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from bot.model import (
    AWAITING,
    Chat,
    Counts,
    Digest,
    Match,
    News,
    Paper,
    Part,
    Run,
    Send,
    Taste,
    Topic,
    Wanted,
    Weighed,
)
from bot.ports import Clock
from bot.store import rows
from bot.store.chats import Chats
from bot.store.drivers import Run as Query
from bot.store.drivers import Sqlite
from bot.store.gate import Pace
from bot.store.harvests import Harvests
from bot.store.jobs import Jobs
from bot.store.relevance import SLACK, Relevance
from bot.store.summaries import Summaries

_NO_CAP = 1_000_000  # papers
_LONG = 600_000  # ms: an owner hears of a model that is not asked for so long
_LOST = 600_000  # ms after which a send that nobody settled was broken off


@cache
def queries() -> dict[str, str]:
    """Return the named queries of queries.sql."""
    text = files("bot.store").joinpath("queries.sql").read_text(encoding="utf-8")
    found = re.findall(r"^-- name: (\w+)\n(.*?);\s*$", text, re.MULTILINE | re.DOTALL)
    return dict(found)


class Store(Chats, Summaries, Harvests, Relevance, Jobs):
    """Implements the port Ledger on one SQLite file; `gate` is the port Gate on the same."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._db = Sqlite(path, queries)
        self._clock = clock
        self.gate = Pace(self._db, clock)

    async def open(self) -> None:
        """Open or create the file and bring its schema up to date; raises ConfigError."""
        await self._db.open()

    async def close(self) -> None:
        """Finish what is queued and let go of the file."""
        await self._db.close()

    # --- papers and matches

    async def add_papers(self, papers: Sequence[Paper], *, baseline: bool) -> list[str]:
        """Store papers and return the ids never seen before; newer versions of known ones replace what they say."""
        now = self._clock.now()

        def work(run: Query) -> list[str]:
            new = []
            for paper in papers:
                row = rows.paper_values(paper) | {"seen_at": now, "baseline": int(baseline)}
                if run("add_paper", **row):
                    new.append(paper.id)
                else:
                    run("renew_paper", **row)
                run("add_version", id=paper.id, version=paper.version, updated=paper.updated, seen_at=now)
            return new

        return await self._db.write(work)

    async def paper(self, paper: str) -> Paper | None:
        """Return a paper by its base id."""
        found = await self._db.read("paper", id=paper)
        return rows.paper(found[0]) if found else None

    async def papers(self, ids: Sequence[str]) -> list[Paper]:
        """Return papers by their base ids, in this order; unknown ones are left out."""

        def work(run: Query) -> list[Paper]:
            return [rows.paper(row) for id_ in ids for row in run("paper", id=id_)]

        return await self._db.look(work)

    async def unmatched(self, limit: int) -> list[Paper]:
        """Papers that were not yet held against the topics."""
        return [rows.paper(row) for row in await self._db.read("unmatched", limit=limit)]

    async def papers_after(self, after: str, limit: int) -> list[Paper]:
        """All papers in order of id, a page at a time."""
        return [rows.paper(row) for row in await self._db.read("papers_since", after=after, limit=limit)]

    async def topics(self) -> tuple[list[Topic], tuple[int, int]]:
        """Return all topics, and a stamp that changes when one is added."""
        stamp = await self._db.read("topics_stamp")  # read first: a topic added in between makes the stamp stale
        return [rows.topic(row[:4], row[4]) for row in await self._db.read("topics")], (stamp[0][0], stamp[0][1])

    async def add_matches(
        self,
        papers: Iterable[str],
        matches: Iterable[tuple[str, Sequence[Match]]],
        stamp: tuple[int, int],
        weighed: Sequence[tuple[Taste, Weighed]] = (),
        *,
        judge_by: int = 0,
    ) -> bool:
        """Record matches per topic and that `papers` are done; False (and nothing) if a topic was added meanwhile.

        What is in doubt waits for a model's word until `judge_by` (ms). `weighed` is what chats' votes make of matches.
        """
        found = [(topic, list(ids)) for topic, ids in matches if ids]

        def work(run: Query) -> bool:
            if run("topics_stamp")[0] != stamp:
                return False
            now = self._clock.now()  # in the writer: no digest composed before this can miss it
            run("add_match", [rows.match_values(topic, each, now, judge_by) for topic, all_ in found for each in all_])
            run("weigh", [{"chat": taste.chat, "topic": taste.topic} | asdict(each) for taste, each in weighed])
            run("mark_matched", [{"id": paper, "now": now} for paper in papers])
            run("wake_topic", [{"topic": topic, "now": now} for topic, _ in found])
            return True

        return await self._db.write(work)

    # --- digests

    async def waiting(self, chat: str) -> int:
        """Count the papers that the next digest of a chat would carry now."""

        def work(run: Query) -> int:
            known = run("chat", id=chat)
            if not known:
                return 0
            since = rows.chat(known[0]).composed_at - SLACK
            return int(
                run("waiting", chat=chat, since=since)[0][0] + run("waiting_revisions", chat=chat, since=since)[0][0]
            )

        return await self._db.look(work)

    async def scanned(self, chat: str) -> int:
        """Count the new papers looked at for a chat since its last digest."""
        return int((await self._db.read("scanned", chat=chat))[0][0])

    async def last_digest(self, chat: str) -> int | None:
        """When (ms) the last message of a digest arrived in a chat."""
        at: int | None = (await self._db.read("last_digest", chat=chat))[0][0]
        return at

    async def unsent(self, chat: str) -> tuple[int, str]:
        """Count the papers that are composed for a chat but have not arrived, with the last trouble, if any."""
        number, error = (await self._db.read("unsent", chat=chat))[0]
        return number, error

    async def compose(
        self, chat: str, wanted: Wanted, next_at: Callable[[Chat, int], int | None], partial: str = ""
    ) -> tuple[int, list[tuple[str, str]]]:
        """Make a digest of all that waits for a chat, if anything does, and set its instant to `next_at(chat, now)`.

        Returns how many papers and revisions it carries, and (language, base id) of the summaries that are still to be
        made. A chat that is suspended, unknown or not due is left as it is. `partial` names the announcement that is
        not complete yet.
        """

        def work(run: Query) -> tuple[int, list[tuple[str, str]]]:
            now = self._clock.now()
            known = run("chat", id=chat)
            if not known or (found := rows.chat(known[0])).suspended or found.next_at is None or found.next_at > now:
                return 0, []
            now = max(now, found.composed_at + 1)  # no two digests of a chat have one moment
            digest = f"{chat}@{now}"
            since = found.composed_at - SLACK
            papers = run("add_deliveries", chat=chat, digest=digest, since=since, cap=found.cap or _NO_CAP)
            notices = run("add_notices", chat=chat, digest=digest, since=since) if found.revisions else []
            if papers or notices:
                scanned = run("scanned", chat=chat)[0][0]
                more = run("waiting", chat=chat, since=since)[0][0] if found.cap else 0
                run("add_digest", id=digest, chat=chat, now=now, scanned=scanned, more=more, partial=partial)
            run("composed", id=chat, next_at=next_at(found, now), now=now)
            missing = run("without_summary", digest=digest, now=now, **rows.key(wanted))
            return len(papers) + len(notices), [(language, paper) for paper, language in missing]

        return await self._db.write(work)

    async def open_digests(self, chat: str, wanted: Wanted) -> tuple[Chat | None, list[Digest]]:
        """Return a chat and its digests not yet cut into messages whose papers all have their summaries."""
        now = self._clock.now()

        def work(run: Query) -> tuple[Chat | None, list[Digest]]:
            known = run("chat", id=chat)
            if not known:
                return None, []
            found = rows.chat(known[0])
            return found, [
                Digest(
                    id_,
                    found,
                    at,
                    scanned,
                    rows.entries(run, id_, wanted),
                    more,
                    partial,
                    rows.notices(run, id_),
                    run("unjudged_delivered", digest=id_)[0][0],
                )
                for id_, at, scanned, more, partial in run("open_digests", chat=chat, now=now, **rows.key(wanted))
            ]

        return await self._db.look(work)

    async def queue(self, chat: str) -> tuple[Chat | None, str | None, bool]:
        """Return a chat, its first message if that may go now, and whether some attempt was never settled."""
        now = self._clock.now()

        def work(run: Query) -> tuple[Chat | None, str | None, bool]:
            known = run("chat", id=chat)
            if not known:
                return None, None, False
            since = run("sending", chat=chat)[0][0]
            broken = 0 < since < now - _LOST
            flying = since and not broken  # by whoever worked for it before it moved: the rest waits for that
            return rows.chat(known[0]), None if flying else rows.head(run, chat, now), broken

        return await self._db.look(work)

    async def plan(self, digest: Digest, parts: Sequence[Part]) -> None:
        """Freeze a digest's messages and point each delivery to the one that carries it."""
        carried = {paper for part in parts for paper in part.papers}
        if lost := {entry.paper.id for entry in digest.entries} - carried:
            raise AssertionError(f"{sorted(lost)} of {digest.id} stand in none of its messages")

        def work(run: Query) -> None:
            for (chat,) in run("plan_digest", digest=digest.id):  # it may have moved since
                ids = rows.add_sends(run, chat, f"digest:{digest.id}", parts, self._clock.now())
                where = {"chat": chat, "digest": digest.id}
                pointers = [
                    where | {"send": id_, "paper": paper}
                    for id_, part in zip(ids, parts, strict=True)
                    for paper in part.papers
                ]
                run("point_delivery", pointers)

        return await self._db.write(work)

    async def latest(self, chat: str, limit: int) -> list[tuple[Paper, str]]:
        """Return the last papers that matched a chat's topics, with the topic's label; sent or not."""
        return [(rows.paper(row[:11]), row[11]) for row in await self._db.read("latest", chat=chat, limit=limit)]

    # --- sends

    async def claim(self, send: str, chat: Chat) -> Send | None:
        """Take a message for sending, so that a crash leaves a trace of the attempt."""
        now = self._clock.now()

        def work(run: Query) -> Send | None:
            claimed = run("claim", id=send, chat=chat.id, now=now)
            if not claimed:
                return None
            attempt, nonce, doubted, first_at, seq, edits = claimed[0]

            def message(id_: str) -> str:
                found = run("message_of", id=id_) if id_ and id_ != send else []
                return str(found[0][0]) if found else ""

            payload = run("payload", id=send)[0][0]
            first = message(send.rpartition("#")[0] + "#0")
            picture = b"".join(base64.b64decode(png) for (png,) in run("picture", id=send))
            return Send(send, chat, payload, attempt, nonce, doubted, first_at, seq, message(edits), first, picture)

        return await self._db.write(work)

    async def settle(
        self, send: Send, state: str, *, message: str = "", error: str = "", wait: float = 0, doubt: bool = False
    ) -> str | None:
        """End an attempt and return the head of the chat's queue.

        `state` is 'sent', 'dead', 'skipped', or 'due' again after `wait` seconds; `doubt` records that nobody knows
        whether the message arrived.
        """
        now = self._clock.now()
        values: dict[str, Any] = {
            "state": state,
            "message": message,
            "error": error,
            "not_before": now + int(wait * 1000),
            "doubt": int(doubt),
        }

        def work(run: Query) -> str | None:
            run("settle", id=send.id, attempt=send.attempt, now=now, **values)
            if send.picture:
                run("drop_picture", id=send.id)
            return rows.head(run, send.chat.id, now)

        return await self._db.write(work)

    async def broken_off(self, chat: str, *, resend: bool) -> None:
        """Settle by rule what an attempt of this chat left behind; only the one task of the chat may call it."""
        state = "due" if resend else "skipped"
        await self._db.write(lambda run: run("doubt_chat", chat=chat, state=state))

    async def recover(self, *, resend: bool) -> int:
        """Settle by rule what a dead process was sending, and end what it was doing; returns how many sends that were.

        Only the ledger's one owner may call it, at its start.
        """
        now = self._clock.now()

        def work(run: Query) -> int:
            run("fail_all", now=now)
            return len(run("doubt_all", state="due" if resend else "skipped"))

        return await self._db.write(work)

    async def retry_dead(self) -> int:
        """Make all messages that were given up due again; returns how many."""
        return len(await self._db.write(lambda run: run("revive_dead")))

    # --- what is due

    async def due(self, wanted: Wanted) -> list[str]:
        """Return the keys of all work that can be done now, straight from the found that say so."""
        now = self._clock.now()

        def work(run: Query) -> list[str]:
            keys = [f"converse:{chat}" for (chat,) in run("open_inboxes")]
            if not run("unmatched", limit=1):
                keys += [f"compose:{chat}" for (chat,) in run("due_chats", now=now)]
            elif not run("running")[0][0]:  # a day is matched when it is here as a whole, and composed when matched
                keys.append("match:new")
            if "match:new" not in keys and run("unmatched_events", limit=1):
                keys.append("match:new")
            keys += [f"read:{job}" for (job,) in run("open_jobs")]
            keys += [f"judge:{topic}" for (topic,) in run("unjudged_topics", now=now)]
            missing = run("due_summaries", now=now, **rows.key(wanted))
            keys += [f"summarize:{language}:{paper}" for language, paper in missing]
            keys += [f"typeset:{chat}" for (chat,) in run("due_digests")]
            keys += [f"deliver:{chat}" for (chat,) in run("leaving")]
            return keys + [f"deliver:{chat}" for (chat,) in run("due_deliveries", now=now, lost=_LOST)]

        return await self._db.look(work)

    async def begin_run(self, verb: str) -> str:
        """Note that an attempt begins; returns its id."""
        now = self._clock.now()

        def work(run: Query) -> str:
            run("fail_running", now=now, verb=verb)
            id_ = f"{verb}#{run('runs_of', verb=verb)[0][0] + 1:09}"
            run("begin_run", id=id_, verb=verb, now=now)
            return id_

        return await self._db.write(work)

    async def end_run(
        self, id_: str, outcome: str, detail: str, *, papers: int = 0, mark: int | None = None, next_at: int | None
    ) -> None:
        """Note how an attempt ended and when the next is due."""
        values: dict[str, Any] = {"outcome": outcome, "detail": detail, "papers": papers, "mark": mark}
        await self._db.write(
            lambda run: run("end_run", id=id_, now=self._clock.now(), next_at=next_at, **values),
        )

    async def last_run(self, verb: str) -> Run | None:
        """How the last attempt of a verb ended."""
        found = await self._db.read("last_run", verb=verb)
        return Run(*found[0]) if found else None

    async def high_water(self, verb: str) -> int | None:
        """How far (ms) complete runs of a verb have reached."""
        mark: int | None = (await self._db.read("high_water", verb=verb))[0][0]
        return mark

    async def sent_digests(self) -> int:
        """How many messages of digests have gone out."""
        return int((await self._db.read("sent_digests"))[0][0])

    async def set_mark(self, name: str) -> None:
        """Note that something happened now: 'heartbeat', the service is alive; 'prepared', a round of preparing."""
        await self._db.write(lambda run: run("set_mark", name=name, at=self._clock.now()))

    async def mark(self, name: str) -> int | None:
        """When (ms) something last happened."""
        found = await self._db.read("mark", name=name)
        return found[0][0] if found else None

    async def counts(self) -> Counts:
        """What the ledger holds."""
        states = tuple((state, n) for state, n in await self._db.read("states"))
        papers, topics, subscriptions, chats, suspended, deliveries, doubted = (await self._db.read("counts"))[0]
        return Counts(papers, topics, subscriptions, chats, suspended, deliveries, doubted, states)

    async def dead(self, limit: int = 10) -> list[tuple[str, str, int]]:
        """(chat, error, ms) of the last messages given up."""
        return [(chat, error, at) for chat, error, at in await self._db.read("dead", limit=limit)]

    # --- what the owner hears of

    async def news(self, owner: str, every: int) -> tuple[News, int] | None:
        """What happened since the owner last heard, and now (ms); None if that was less than `every` ms ago."""
        now = self._clock.now()

        def work(run: Query) -> tuple[News, int] | None:
            mark = run("mark", name="notified")
            if mark and now - mark[0][0] < every:
                return None
            span = {"since": mark[0][0] if mark else now, "now": now}
            chats = tuple(title for (title,) in run("new_chats", but=owner, **span))
            lost = run("new_suspended", but=owner, awaiting=AWAITING, **span)
            suspended = tuple((title, why) for title, why in lost)
            dead, failed = run("new_dead", but=owner, **span)[0], run("new_failures", **span)[0]
            paused = run("new_pauses", long=_LONG, **span) or [("", 0)]
            return News(chats, suspended, *dead, *failed, *paused[0]), now

        return await self._db.look(work)

    async def tell(self, chat: Chat, at: int, parts: Sequence[Part]) -> None:
        """Send the owner what was new until `at`, once."""

        def work(run: Query) -> None:
            run("set_mark", name="notified", at=at)
            run("add_chat", **rows.chat_values(chat), now=at)
            rows.add_sends(run, chat.id, f"news:{at}", parts, at, urgent=True)

        await self._db.write(work)
