"""`status` and `doctor`: what is, and what is missing and how to mend it, in plain sentences."""

import asyncio
import shutil
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

from bot import models
from bot.app import App, opened
from bot.config import Settings
from bot.core import times
from bot.errors import ConfigError, PaperboyError
from bot.flow.ask import DAY_ZONE
from bot.flow.harvest import accounts
from bot.flow.silence import day, doubtful, expected
from bot.ports import Limits

_ALIVE = 180_000  # ms since the last sign of life: three beats
_ROOM = 200 * 2**20  # bytes of free disk below which the owner should act
_CLOCK = 60  # seconds that our clock may be off
_PLACES = 200  # groups and channels looked into
_WORD = 512  # tokens, thinking included
_CLASSIC = "1706.03762"  # a paper that will always be there


async def status(settings: Settings, *, health: bool) -> int:
    """Print what the ledger holds; with `health`, only whether the service lives: 0 or 1."""
    if not await _exists(settings):
        print(f"There is no ledger at {settings.database_url} yet; `python -m bot run` makes it.")
        return 1
    async with opened(settings, archive_too=False) as app:
        beat = await app.store.mark("heartbeat")
        alive = beat is not None and app.clock.now() - beat < _ALIVE
        if health:
            print("alive" if alive else "no sign of life in the last three minutes")
            return 0 if alive else 1
        for text in await _status(app, alive=alive, beat=beat):
            print(text)
    return 0


async def _exists(settings: Settings) -> bool:
    return await asyncio.to_thread(Path(settings.database_url).exists)


async def _status(app: App, *, alive: bool, beat: int | None) -> list[str]:
    zone = app.settings.zone

    def when(at: int | None) -> str:
        return f"{times.moment(at, zone)} ({zone})" if at else "never"

    counts = await app.store.counts()
    texts = [f"Service: {'running' if alive else 'not running'}; last sign of life: {when(beat)}."]
    run = await app.store.last_run("harvest")
    if run is None:
        texts.append("arXiv: not asked yet.")
    elif run.outcome == "failed":
        texts.append(f"arXiv: failed {when(run.ended_at)}: {run.detail} Next try: {when(run.next_at)}.")
    else:
        texts.append(f"arXiv: {run.papers:,} new papers {when(run.ended_at)}; next look: {when(run.next_at)}.")
    texts.append(
        f"Ledger: {counts.papers:,} papers, {counts.topics:,} topics, {counts.subscriptions:,} subscriptions, "
        f"{counts.chats:,} chats ({counts.suspended:,} suspended)."
    )
    sends = ", ".join(f"{n:,} {state}" for state, n in counts.sends) or "none"
    texts.append(f"Messages: {sends}; {counts.doubted:,} times in doubt. Papers delivered: {counts.deliveries:,}.")
    rows = await accounts(app.store, app.ports)
    texts += [day(row, rows, "en") for row in rows[:3]]
    texts += await _spending(app)
    dead = await app.store.dead()
    texts += [f"Given up in {chat} {when(at)}: {error}" for chat, error, at in dead]
    return [*texts, "`python -m bot retry` sends them once more."] if dead else texts


async def coverage(settings: Settings, days: int) -> int:
    """Print what each witness said of the last announcements, as a table."""
    from rich.console import Console
    from rich.table import Table

    if not await _exists(settings):
        print(f"There is no ledger at {settings.database_url} yet; `python -m bot run` makes it.")
        return 1
    async with opened(settings, archive_too=False) as app:
        rows = await accounts(app.store, app.ports, days)
        table = Table("announcement", box=None, pad_edge=False, padding=(0, 1, 0, 0))  # 80 columns hold a row
        for name in ("papers", "record", "feeds", "lacked", "audit", "late"):
            table.add_column(name, justify="right")
        table.add_column("state")
        for row in rows[:days]:
            at = times.moment(row.complete_at, settings.zone) if row.complete_at else ""
            state = f"complete {at}" if at else doubtful(row, rows, "en")
            numbers = (row.papers, row.oai, row.rss, row.missing, row.audit, row.late)
            table.add_row(times.listing(row.listing), *("–" if n is None else f"{n:,}" for n in numbers), state)
        if rows:
            Console().print(table)
        else:
            print("Nothing was announced yet since this ledger began.")
        print(await expected(app.store, app.ports, settings.zone, "en"))
    return 0


async def doctor(settings: Settings, *, offline: bool) -> int:
    """Check everything that exists; prints a line each, returns 1 if something must be mended."""
    good: list[str] = [f"Python {sys.version.split()[0]}, SQLite {sqlite3.sqlite_version}."]
    bad: list[str] = []
    path = Path(settings.database_url)
    try:
        async with opened(settings, archive_too=False) as app:
            counts = await app.store.counts()
            good.append(f"Ledger: {path}, {counts.papers:,} papers, {counts.chats:,} chats.")
            good += models.told(app.model)
            good.append(
                "Whole papers: /read and /ask read arXiv's HTML or PDF."
                if app.fulltexts
                else "Whole papers are not read: pip install '.[reading]' brings /read and /ask."
            )
            if not offline:
                await _ask_arxiv(app, good, bad)
                await _ask_model(app, good, bad)
                await _ask_platforms(app, good, bad)
    except ConfigError as problem:
        bad.append(str(problem))
    free = shutil.disk_usage(path.parent if path.parent.exists() else Path()).free
    room = f"Disk: {free / 2**30:.1f} GiB free beside the ledger"
    (good if free > _ROOM else bad).append(f"{room}." if free > _ROOM else f"{room}: make room, 200 MiB at least.")
    if not settings.contact:
        bad.append("Contact: none; set PAPERBOY_CONTACT to your e-mail address, so that arXiv can reach you.")
    for text in good:
        print(f"✓ {text}")
    for text in bad:
        print(f"✗ {text}")
    return 1 if bad else 0


async def _ask_platforms(app: App, good: list[str], bad: list[str]) -> None:
    for platform in app.platforms.values():
        well, ill = await platform.check()
        good += well
        bad += ill
    for chat in await app.store.places(_PLACES):
        if platform_ := app.platforms.get(chat.platform):
            if lacks := await platform_.lacks(replace(chat, language=app.settings.language)):
                bad.append(lacks)
            elif chat.suspended:
                bad.append(f"{chat.title or chat.id}: nothing is sent there: {chat.suspended}")


async def _ask_model(app: App, good: list[str], bad: list[str]) -> None:
    """Make the smallest call there is: a key, a name and an address that work together answer it."""
    if app.model is None:
        return
    llm = app.model.llm
    try:
        reply = await llm.complete("Answer with the one word: yes.", None, Limits(output=_WORD, timeout=30.0))
    except PaperboyError as problem:
        bad.append(f"Model: {problem}")
        return
    answered = f"Model: {reply.model_version or llm.model} answers"
    if reply.finish in {"stop", "length"}:
        good.append(f"{answered}.")
    else:
        bad.append(f"{answered}, but stopped for {reply.finish}: choose another in PAPERBOY_LLM_MODEL.")


async def _spending(app: App) -> list[str]:
    """What models were asked today, and why they are not asked now."""
    if app.model is None:
        return []
    name, budget = app.model.llm.name, app.model.budget
    spent = await app.store.spent(name, times.midnight(app.clock.now(), DAY_ZONE))
    money = f"${spent.micros / 1e6:.2f}" + (f" of ${budget.micros_a_day / 1e6:.2f}" if budget.micros_a_day else "")
    calls = f"{spent.requests:,}" + (f" of {budget.requests_a_day:,}" if budget.requests_a_day else "")
    texts = [f"Model {app.model.llm.model}: {calls} calls today, {spent.tokens:,} tokens, {money}."]
    if paused := await app.store.paused(name):
        until, _, detail = paused
        texts.append(f"Model: not asked until {times.moment(until, app.settings.zone)}: {detail}")
    return texts


async def _ask_arxiv(app: App, good: list[str], bad: list[str]) -> None:
    try:
        found = await app.source.fetch([_CLASSIC])
    except PaperboyError as problem:
        bad.append(f"arXiv: {problem}")
        return
    if found:
        good.append(f"arXiv: answers at {app.settings.arxiv_url}.")
        if (ahead := app.source.ahead) is not None:
            told = f"Clock: {abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'} arXiv's"
            if abs(ahead) > _CLOCK:
                bad.append(f"{told}: set it by NTP, or digests come at the wrong time.")
            else:
                good.append(f"{told}.")
    else:
        bad.append(f"arXiv: {app.settings.arxiv_url} does not know {_CLASSIC}; check PAPERBOY_ARXIV_URL.")
