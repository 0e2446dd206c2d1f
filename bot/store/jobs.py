"""The ledger's part about what takes its time: papers read as a whole, questions asked of them."""

from collections.abc import Sequence

from bot.model import Chat, Job, Paper, Part, Reading, Wanted
from bot.ports import Clock
from bot.store import rows
from bot.store.drivers import Run as Query
from bot.store.drivers import Sqlite


class Jobs:
    """A part of the port Ledger; `store.Store` is the whole."""

    _db: Sqlite
    _clock: Clock

    async def job(self, id_: str) -> tuple[Job, Chat] | None:
        """Return a job that is not ended, and its chat."""

        def work(run: Query) -> tuple[Job, Chat] | None:
            found = run("job", id=id_)
            known = run("chat", id=found[0][1]) if found else []
            return (Job(*found[0]), rows.chat(known[0])) if known else None

        return await self._db.look(work)

    async def license(self, paper: Paper) -> str:
        """Return the address of the licence of this version of a paper, as the record of truth says; '' if unknown."""
        found = await self._db.read("license", id=paper.id, version=paper.version)
        return str(found[0][0]) if found else ""

    async def stage(self, job: str, part: Part) -> bool:
        """Say how far a job has come, in its own message; False (and nothing) once it is ended."""

        def work(run: Query) -> bool:
            if found := run("next_stage", id=job):
                chat, number = found[0]
                edits = f"said:{job}#0"
                run("superseded", chat=chat, edits=edits, now=self._clock.now())
                rows.add_send(run, f"job:{job}:{number}", chat, f"job:{job}", part, urgent=True, edits=edits)
            return bool(found)

        return await self._db.write(work)

    async def end_job(self, job: str, parts: Sequence[Part]) -> bool:
        """End a job with its answer, in the place of what said that it was under way; False if it was ended before."""
        now = self._clock.now()

        def work(run: Query) -> bool:
            found = run("end_job", id=job, now=now)
            for (chat,) in found:
                rows.add_sends(run, chat, f"job:{job}", parts, now, urgent=True, edits=f"said:{job}#0")
            return bool(found)

        return await self._db.write(work)

    async def reading(self, paper: Paper, wanted: Wanted) -> Reading | None:
        """Return the reading of this version of a paper, or what stands in for it, if there is one."""
        found = await self._db.read("summary", paper=paper.id, version=paper.version, **rows.key(wanted))
        return rows.reading(found[0][0], found[0][1]) if found else None

    async def add_reading(self, paper: Paper, wanted: Wanted, reading: Reading) -> None:
        """Keep a reading; the first one that stands for good stays."""
        row = {"paper": paper.id, "version": paper.version, "body": rows.reading_body(reading)} | rows.key(wanted)
        await self._db.write(
            lambda run: run("add_summary", **row, now=self._clock.now(), stands_until=reading.until),
        )
