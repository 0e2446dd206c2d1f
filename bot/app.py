"""The composition root: from settings to a running house. The only file that imports everything."""

import asyncio
import contextlib
import importlib.util
import json
import logging
import signal
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Protocol

from bot import models, resources
from bot.clock import SimulatedClock, SystemClock, clock
from bot.config import Settings
from bot.core import calendar, prompt
from bot.core.calendar import Calendar
from bot.engines.local import Local
from bot.errors import ConfigError, PaperboyError
from bot.flow.compose import compose
from bot.flow.converse import converse
from bot.flow.deliver import deliver
from bot.flow.harvest import harvest, look
from bot.flow.hear import hear
from bot.flow.judge import judge
from bot.flow.match import match
from bot.flow.notify import notify
from bot.flow.prepare import prepare
from bot.flow.read import read
from bot.flow.suggest import suggest
from bot.flow.summarize import ahead, summarize
from bot.flow.sweep import due, sweep
from bot.flow.typeset import typeset
from bot.model import Chat, Event, Mode, Wanted
from bot.platforms.console import ADDRESS, Console
from bot.ports import Feeds, Fulltexts, Platform, Ports, Register, Source, Verb
from bot.store.archive import Archive
from bot.store.raw import Raw
from bot.store.store import Store

log = logging.getLogger(__name__)


class Archivist(Source, Register, Protocol):
    """A source that is the record of truth as well."""


VERBS: Mapping[str, Verb] = {
    "converse": converse,
    "harvest": harvest,
    "match": match,
    "judge": judge,
    "compose": compose,
    "summarize": summarize,
    "read": read,
    "prepare": prepare,
    "ahead": ahead,
    "typeset": typeset,
    "deliver": deliver,
    "notify": notify,
    "sweep": sweep,
}
_SWEEP = 5.0  # seconds between two looks for forgotten work
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0  # seconds before a platform is listened to again
_PROMPTS = ("summary", "repair", "translate", "topic", "judge", "read", "ask")
_READING = ("lxml", "pypdfium2", "PIL")  # the extra `reading`
_BEAT = 60.0  # seconds between two signs of life in the ledger


class App:
    """One process of Paperboy on its ledger."""

    def __init__(self, settings: Settings, store: Store, archive: Archive, time: SystemClock | SimulatedClock) -> None:
        self.settings, self.store, self.archive, self.clock = settings, store, archive, time
        ledger = Path(settings.database_url)
        self.console = Console(self.new_chat("console", ADDRESS), pictures=ledger.with_name(ledger.name + ".pictures"))
        self.source: Source = self._arxiv()
        self.register: Register = self._oai()
        self.feeds: Feeds | None = self._rss()
        self.fulltexts: Fulltexts | None = self._files()
        self.calendar = Calendar.of(resources.data("calendar.json"))
        self.platforms: dict[str, Platform] = {"console": self.console}
        if settings.telegram_bot_token:
            self.platforms["telegram"] = self._telegram()
        if settings.discord_bot_token:
            self.platforms["discord"] = self._discord()
        self.prompts = shipped()
        self.model = models.chosen(settings, time)
        self.engine = Local({name: partial(self._verb, verb) for name, verb in VERBS.items()})

    @property
    def ports(self) -> Ports:
        """What the verbs get."""
        return Ports(
            settings=self.settings,
            clock=self.clock,
            gate=self.store.gate,
            source=self.source,
            register=self.register,
            feeds=self.feeds,
            fulltexts=self.fulltexts,
            calendar=self.calendar,
            archive=self.archive,
            platforms=self.platforms,
            nudge=self.engine.nudge,
            alone=self.engine.alone,
            prompts=self.prompts,
            model=self.model,
            wanted=Wanted("", self.prompts["summary"].key, self.model.llm.model) if self.model else Wanted(),
        )

    def read_from(self, source: Archivist) -> None:
        """Let one source be all: a sample, a fake."""
        self.source, self.register, self.feeds, self.fulltexts = source, source, None, None

    async def _verb(self, verb: Verb, key: str) -> None:
        await verb(self.store, self.ports, key)

    def new_chat(self, platform: str, address: str) -> Chat:
        """Make a chat with the settings of a new one."""
        hour, _, minute = self.settings.digest_time.partition(":")
        mode: Mode = "asap" if self.settings.digest_mode == "asap" else "daily"
        return Chat(
            id=f"{platform}:{address}",
            platform=platform,
            address=address,
            language=self.settings.language,
            zone=self.settings.zone,
            mode=mode,
            minute=int(hour) * 60 + int(minute),
        )

    def _discord(self) -> Platform:
        from bot.platforms.discord import Discord

        return Discord(self.new_chat("discord", ""), self.settings.discord_bot_token, self.clock)

    def _telegram(self) -> Platform:
        from bot.platforms.telegram import Telegram

        return Telegram(
            self.new_chat("telegram", ""),
            self.settings.telegram_bot_token,
            self.settings.telegram_base_url,
            self.clock,
        )

    def _arxiv(self) -> Source:
        from bot.sources.arxiv_api import ArxivApi

        return ArxivApi(
            gate=self.store.gate,
            clock=self.clock,
            base_url=self.settings.arxiv_url,
            contact=self.settings.contact,
            timeout=float(self.settings.arxiv_timeout),
        )

    def _oai(self) -> Register:
        from bot.sources.arxiv_oai import ArxivOai

        return ArxivOai(
            gate=self.store.gate,
            clock=self.clock,
            base_url=self.settings.arxiv_oai_url,
            contact=self.settings.contact,
            keep=Raw(Path(self.settings.database_url), self.clock).keep,
        )

    def _rss(self) -> Feeds:
        from bot.sources.arxiv_rss import ArxivRss

        return ArxivRss(
            gate=self.store.gate,
            clock=self.clock,
            base_url=self.settings.arxiv_rss_url,
            contact=self.settings.contact,
        )

    def _files(self) -> Fulltexts | None:
        """Return what reads papers in full; None without the extra `reading`."""
        if not all(map(importlib.util.find_spec, _READING)):
            return None
        from bot.sources.arxiv_files import ArxivFiles
        from bot.sources.page_reader import PageReader
        from bot.sources.pdf import PdfReader

        ledger = Path(self.settings.database_url)
        return ArxivFiles(
            gate=self.store.gate,
            clock=self.clock,
            base_url=self.settings.arxiv_files_url,
            contact=self.settings.contact,
            timeout=float(self.settings.arxiv_timeout),
            folder=ledger.with_name(ledger.name + ".files"),
            limit=self.settings.files_megabytes * 2**20,
            html=PageReader().read,
            pdf=PdfReader(),
        )

    async def drain(self) -> None:
        """Work until nothing is due any more."""
        seen: list[str] = []
        while keys := [key for key in await due(self.store, self.ports) if key != "harvest:arxiv"]:
            for key in keys:
                self.engine.nudge(key)
            await self.engine.idle()
            if keys == seen:  # what could not be done now is not retried in a loop
                return
            seen = keys
        await self.engine.idle()

    async def once(self) -> int:
        """One cycle: ask arXiv, match, summarize, and send all that waits; returns how many messages went out."""
        before = await self.sent_digests()
        await self.store.recover(resend=self.settings.on_doubt == "resend")
        await self._resume()
        await self.store.add_chat(self.new_chat("console", ADDRESS))
        await look(self.store, self.ports)
        self.engine.nudge("harvest:arxiv")  # the other witnesses, before anything is composed
        await self.engine.idle()
        await self.drain()
        await self.store.wake_all()
        await self.drain()
        await self.engine.stop()
        return await self.sent_digests() - before

    async def _resume(self) -> None:
        """Ask models again that a setting had stopped: whoever starts us may have mended it."""
        for why in ("owner", "budget"):
            await self.store.resume(why)

    async def sent_digests(self) -> int:
        """How many messages of digests have gone out so far."""
        return await self.store.sent_digests()

    async def serve(self) -> None:
        """Work until SIGINT, SIGTERM or the end of the terminal chat; leaves nothing half done."""
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: KeyboardInterrupt ends asyncio.run instead
                loop.add_signal_handler(number, stop.set)
        await self._resume()
        if doubted := await self.store.recover(resend=self.settings.on_doubt == "resend"):
            log.warning("%d messages were in flight when the last process ended; they are in doubt", doubted)
        scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        scheduler.add_job(self._sweep, "interval", seconds=max(0.1, _SWEEP / self.clock.rate))
        scheduler.add_job(self.store.set_mark, "interval", ["heartbeat"], seconds=_BEAT)
        scheduler.start()
        await self.store.set_mark("heartbeat")
        self.engine.nudge("sweep:due")
        listeners = [asyncio.create_task(self._listen(platform, stop)) for platform in self.platforms.values()]
        try:
            await stop.wait()
        finally:
            scheduler.shutdown(wait=False)
            for listener in listeners:
                listener.cancel()
            await asyncio.gather(*listeners, return_exceptions=True)
            await self.engine.stop()

    async def _sweep(self) -> None:
        self.engine.nudge("sweep:due")

    async def _listen(self, platform: Platform, stop: asyncio.Event) -> None:
        async def told(event: Event) -> str:
            return await hear(self.store, self.ports, event)

        wait = _FIRST_PAUSE
        while not stop.is_set():
            began = asyncio.get_running_loop().time()
            try:
                await platform.serve(told, partial(suggest, self.store, reads=self.fulltexts is not None))
            except PaperboyError as problem:
                pause = max(wait, getattr(problem, "wait", None) or 0)
                log.error("%s Listening to %s again in %.0f s.", problem, platform.name, pause)  # noqa: TRY400 - a sentence
            except Exception:
                pause = wait
                log.exception("%s stopped listening; it is started again in %.0f s", platform.name, pause)
            else:
                stop.set()  # the terminal chat was closed
                return
            await asyncio.sleep(pause)
            long = asyncio.get_running_loop().time() - began > _LONGEST_PAUSE
            wait = _FIRST_PAUSE if long else min(2 * wait, _LONGEST_PAUSE)


@cache
def shipped() -> Mapping[str, prompt.Prompt]:
    """Read the prompts and what is known of models; blocks, but once."""
    resources.data("models.json")
    resources.data("calendar.json")
    resources.data("categories.json")
    return {name: prompt.read(name, resources.text("prompts", f"{name}.md")) for name in _PROMPTS}


def _calendar(settings: Settings) -> Calendar:
    """Read the calendar, with the owner's file on top if there is one; blocks. Raises ConfigError."""
    data = resources.data("calendar.json")
    if not settings.calendar:
        return Calendar.of(data)
    try:
        own = json.loads(Path(settings.calendar).read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise ConfigError(f"PAPERBOY_CALENDAR: {settings.calendar} cannot be read as JSON ({problem}).") from problem
    if not isinstance(own, dict):
        raise ConfigError(f'PAPERBOY_CALENDAR: {settings.calendar} must hold {{"deferred": […], "announced": […]}}.')
    try:
        return Calendar.of(calendar.merge(data, own))
    except ConfigError as problem:
        raise ConfigError(f"PAPERBOY_CALENDAR, {settings.calendar}: {problem}") from problem


@contextlib.contextmanager
def owner(path: Path) -> Iterator[None]:
    """Be the one process that works on a ledger; raises ConfigError if another is. The system lets go at a crash."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = sqlite3.connect(path.with_name(path.name + ".lock"), timeout=0)
    except (OSError, sqlite3.Error) as problem:
        raise ConfigError(f"The ledger {path} cannot be made ({problem}): check DATABASE_URL.") from problem
    try:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as problem:
            raise ConfigError(
                f"Another Paperboy is at work on {path}: stop it first, or name another ledger in DATABASE_URL."
            ) from problem
        yield
    finally:
        lock.close()


@contextlib.asynccontextmanager
async def opened(settings: Settings, *, archive_too: bool = True) -> AsyncIterator[App]:
    """Open the ledger and build the house around it; raises ConfigError.

    Only the ledger's owner opens the archive too: it may have to make it anew.
    """
    path = Path(settings.database_url)
    time = clock(settings.clock)
    await asyncio.to_thread(shipped)
    store = Store(path, time)
    await store.open()
    archive = Archive(path.with_name(path.name + ".archive"), store)
    try:
        if archive_too:
            await archive.open()
        app = App(settings, store, archive, time)
        app.calendar = await asyncio.to_thread(_calendar, settings)
        try:
            yield app
        finally:
            await asyncio.gather(*(platform.close() for platform in app.platforms.values()))
            if app.model:
                await app.model.llm.close()
    finally:
        await archive.close()
        await store.close()
