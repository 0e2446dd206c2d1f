"""`python -m bot`: the commands of the process itself."""

import argparse
import asyncio
import contextlib
import io
import logging
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bot import __version__
from bot.config import Settings, load, secrets, table
from bot.errors import ConfigError, Later, PaperboyError

if TYPE_CHECKING:
    from bot.app import App

_BROKEN = 1
_WRONG_CONFIG = 2


def _parser() -> argparse.ArgumentParser:
    width = max(len(name) for name, _, _ in table())
    rows = "\n".join(f"  {name:{width}}  {text}{f' [{default}]' if default else ''}" for name, default, text in table())
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description="Paperboy pushes digests of new arXiv papers to chats.",
        epilog=f"settings (environment, or paperboy.toml as lower-case names without PAPERBOY_):\n{rows}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"Paperboy {__version__}")
    parser.add_argument("--config", type=Path, help="settings file [paperboy.toml]")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="play a sample day, no key, no token, no network")
    demo.add_argument("--once", action="store_true", help="print the digest and end")
    commands.add_parser("run", help="the service: every platform that has a token, else a chat in this terminal")
    commands.add_parser("once", help="one cycle, for cron: ask arXiv, match, send what waits")
    status = commands.add_parser("status", help="what the ledger holds, what was done last, what comes next")
    status.add_argument("--health", action="store_true", help="exit with 1 unless the service is alive (for Docker)")
    coverage = commands.add_parser("coverage", help="what each witness said of arXiv's last announcements")
    coverage.add_argument("--days", type=int, default=10, help="how many announcements [10]")
    backfill = commands.add_parser("backfill", help="fill the archive with older papers; may be stopped and goes on")
    backfill.add_argument("--from", dest="since", type=_day, required=True, help="first day, YYYY-MM-DD")
    commands.add_parser("retry", help="send once more what was given up")
    doctor = commands.add_parser("doctor", help="what is configured, what is missing and how to mend it")
    doctor.add_argument("--offline", action="store_true", help="ask nothing of the network")
    summarize = commands.add_parser("summarize", help="what a paper is about")
    summarize.add_argument("id", help="arXiv id or link")
    lab = commands.add_parser("lab", help="single steps on files, for measuring")
    steps = lab.add_subparsers(dest="step", required=True, metavar="STEP")
    tldr = steps.add_parser("tldr", help="one summary a line for rows with title and abstract (or source)")
    tldr.add_argument("file", type=Path, help="JSON lines, may be gzipped")
    tldr.add_argument("--takeaways", action="store_true", help="print JSON rows with tldr and takeaways instead")
    matching = steps.add_parser("match", help="the matching ids per topic, as JSON lines")
    matching.add_argument("--papers", type=Path, required=True, help="JSON lines, may be gzipped")
    matching.add_argument("--topics", type=Path, required=True, help="one topic or query a line")
    reading = steps.add_parser("query", help="how a topic or a query is read, and what becomes of it")
    reading.add_argument("text", nargs="*", help="what a person types; without it, a text a line from standard input")
    relevant = steps.add_parser("relevance", help="score and decision per topic and paper, as JSON lines")
    relevant.add_argument("--topics", type=Path, required=True, help="JSON: query, definition, aliases by name")
    relevant.add_argument("--papers", type=Path, required=True, help="JSON lines, may be gzipped")
    relevant.add_argument("--liked", type=Path, help="JSON lines of liked papers, each with its topic")
    check = steps.add_parser("check", help="what of a model's summary is accepted, and why the rest is not")
    check.add_argument("summary", type=Path, help="the model's JSON")
    check.add_argument("source", type=Path, help="the paper's text, its title on the first line")
    check.add_argument("--language", default="en", help="the reader's language [en]")
    fulltext = steps.add_parser("fulltext", help="what a paper's file holds: sections, pages, captions, hidden text")
    fulltext.add_argument("file", type=Path, help="PDF, or arXiv's HTML")
    whole = steps.add_parser("read", help="the whole reading of a paper, with the evidence of each statement")
    whole.add_argument("target", help="arXiv id or link, or a PDF or HTML file")
    figures = steps.add_parser("figures", help="cut the figures out of a PDF")
    figures.add_argument("file", type=Path, help="PDF")
    figures.add_argument("folder", type=Path, help="where the pictures go")
    return parser


def _day(text: str) -> int:
    """Read a day as ms; for argparse."""
    try:
        return int(datetime.fromisoformat(f"{text}T00:00:00+00:00").timestamp() * 1000)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write it as 2026-01-31") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Every failure ends in one sentence on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal of another alphabet shows "?" instead of losing a digest
    options = _parser().parse_args(argv)
    try:
        if options.command == "lab" and options.step != "read":
            from bot import lab

            return lab.main(options)
        settings = load(file=options.config)
        _log(settings)
        if options.command == "demo":
            from bot import demo

            return asyncio.run(demo.play(settings, once=options.once or not _on_terminal()))
        return asyncio.run(_COMMANDS[options.command](settings, options))
    except ConfigError as problem:
        print(problem, file=sys.stderr)
        return _WRONG_CONFIG
    except PaperboyError as problem:
        print(problem, file=sys.stderr)
        return _BROKEN
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has seen enough
        return _BROKEN
    except KeyboardInterrupt:
        return _BROKEN


class _Discreet(logging.Formatter):
    """Takes secrets out of whatever is logged: libraries write addresses that hold them."""

    def __init__(self, secrets: Sequence[str]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def _log(settings: Settings) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(_Discreet(secrets(settings)))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)


def _on_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


async def _run(settings: Settings, options: argparse.Namespace) -> int:
    from bot import models
    from bot.app import opened, owner
    from bot.platforms.console import ADDRESS

    del options
    with owner(Path(settings.database_url)):
        async with opened(settings) as app:
            await app.store.add_chat(app.new_chat("console", ADDRESS))
            for sentence in models.told(app.model) if app.model else []:
                print(sentence, file=sys.stderr)
            if _on_terminal():
                app.console.say(f"Paperboy {__version__}. /help lists what I understand; Ctrl-C ends me.")
            await app.serve()
            if _on_terminal():
                app.console.say("\nStopped. Everything is in the ledger; start me again whenever you like.")
    return 0


async def _once(settings: Settings, options: argparse.Namespace) -> int:
    from bot.app import opened, owner
    from bot.flow import silence

    del options
    with owner(Path(settings.database_url)):
        async with opened(settings) as app:
            app.console.mute_input()
            async with _progress(app):
                sent = await app.once()
            run = await app.store.last_run("harvest")
            chat = await app.store.chat(app.console.chat_id)
            if not sent and chat is not None:
                print(await silence.reason(app.store, app.ports, chat, chat.language))
            unsent = (await app.store.unsent(chat.id))[0] if chat is not None else 0
            return _BROKEN if unsent or (run is not None and run.outcome == "failed") else 0


@contextlib.asynccontextmanager
async def _progress(app: "App") -> AsyncIterator[None]:
    """Show on a terminal how far the harvest is; the first one takes about a minute at arXiv's pace."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("asking arXiv")

        async def watch() -> None:
            while True:
                await asyncio.sleep(0.5)
                bar.update(task, description=f"asking arXiv: {(await app.store.counts()).papers:,} papers stored")

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()


async def _status(settings: Settings, options: argparse.Namespace) -> int:
    from bot import report

    return await report.status(settings, health=options.health)


async def _coverage(settings: Settings, options: argparse.Namespace) -> int:
    from bot import report

    return await report.coverage(settings, max(1, options.days))


async def _backfill(settings: Settings, options: argparse.Namespace) -> int:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    from bot.app import opened, owner
    from bot.core import times
    from bot.flow.backfill import backfill

    with owner(Path(settings.database_url)):
        async with opened(settings) as app:
            columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
            with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
                task = bar.add_task("asking arXiv", visible=False)

                def told(reached: int, until: int, papers: int, trouble: str) -> None:
                    day = f"{times.instant(reached):%Y-%m-%d}"
                    done, total = reached - options.since, until - options.since
                    text = f"{day}: {papers:,} new papers"
                    bar.update(task, completed=done, total=total, description=text, visible=True)
                    if trouble:
                        bar.console.print(trouble, markup=False, highlight=False)

                try:
                    number = await backfill(app.store, app.ports, options.since, told)
                except (asyncio.CancelledError, Later):
                    bar.console.print("Stopped. The same command goes on from here.")
                    raise
                bar.update(task, completed=1, total=1)
    print(f"{number:,} papers are new in the archive.")
    return 0


async def _doctor(settings: Settings, options: argparse.Namespace) -> int:
    from bot import report

    return await report.doctor(settings, offline=options.offline)


async def _summarize(settings: Settings, options: argparse.Namespace) -> int:
    from bot.app import opened
    from bot.core import arxiv_id
    from bot.flow.answers.reading import read
    from bot.platforms.console import ADDRESS

    wanted = arxiv_id.parse(options.id)
    async with opened(settings, archive_too=False) as app:
        app.console.show(await read(app.store, app.ports, wanted, app.new_chat("console", ADDRESS)))
    return 0


async def _read(settings: Settings, options: argparse.Namespace) -> int:
    from bot import lab
    from bot.app import opened
    from bot.core import arxiv_id, post_reading, reading
    from bot.flow.read import of_text, paper_of, reading_of
    from bot.platforms.console import ADDRESS

    async def stage(text: str) -> None:
        print(text, file=sys.stderr)

    file = Path(options.target)
    async with opened(settings, archive_too=False) as app:
        if await asyncio.to_thread(file.is_file):
            text = await lab.read_file(file)
            paper = reading.of_file(text, file.stem)
            found = await of_text(app.store, app.ports, paper, text, settings.language, stage)
        else:
            paper = await paper_of(app.store, app.ports, arxiv_id.parse(options.target), settings.language)
            found = await reading_of(app.store, app.ports, paper, settings.language, stage)
        chat = app.new_chat("console", ADDRESS)
        app.console.show(post_reading.whole(paper, found, chat, app.clock.now(), evidence=True))
    return 0


async def _retry(settings: Settings, options: argparse.Namespace) -> int:
    from bot.app import opened

    del options
    async with opened(settings, archive_too=False) as app:
        number = await app.store.retry_dead()
    print(f"{number:,} messages are due again; the service sends them." if number else "Nothing was given up.")
    return 0


_COMMANDS: dict[str, Callable[[Settings, argparse.Namespace], Coroutine[None, None, int]]] = {
    "run": _run,
    "once": _once,
    "status": _status,
    "doctor": _doctor,
    "summarize": _summarize,
    "lab": _read,
    "retry": _retry,
    "coverage": _coverage,
    "backfill": _backfill,
}
