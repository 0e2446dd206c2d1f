"""`python -m tests.docs`: bring generated tables, readings and the picture up to date; a test asserts they are."""

import asyncio
import contextlib
import io
import re
import shlex
import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

from rich.console import Console as Rich

from bot import cli
from bot.app import opened
from bot.config import Settings, table
from bot.core import query
from bot.core.commands import COMMANDS
from bot.demo import tour
from bot.errors import UserError
from bot.platforms import console_view
from bot.platforms.console import ADDRESS
from bot.platforms.console import Console as Terminal
from bot.sources.sample import Sample
from bot.words import say

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
PICTURE = ROOT / "docs" / "digest.svg"
QUERIES = ROOT / "docs" / "queries.md"

_READ_AS = re.compile(r"^(\|.*) read as \|\n(\|[-|]+\|\n)((?:\|.*\|\n?)+)", re.MULTILINE)
_CONSOLE = re.compile(r"^```console\n\$ python -m bot (.*)\n[^`]*```", re.MULTILINE)


def commands() -> str:
    rows = [f"| `/{c.name}{' ' if c.argument else ''}{c.argument}` | {say('en', c.does)} |" for c in COMMANDS]
    return "\n".join(["| command | what it does |", "|---|---|", *rows])


def settings() -> str:
    rows = [f"| `{name}` | {f'`{default}`' if default else ''} | {text} |" for name, default, text in table()]
    return "\n".join(["| setting | default | what it is |", "|---|---|---|", *rows])


def readme(text: str) -> str:
    """The README with its tables made anew."""
    for name, content in (("commands", commands()), ("settings", settings())):
        text = re.sub(
            rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)",
            lambda found, content=content: f"{found[1]}{content}\n{found[2]}",  # type: ignore[misc]
            text,
            flags=re.DOTALL,
        )
    return text


def queries(text: str) -> str:
    """The page of queries with its readings made anew: the last cell of a row is what its first one means."""

    def table(found: re.Match[str]) -> str:
        rows = [row.rstrip("| ").split(" | ") for row in found[3].splitlines()]
        width = found[1].count("|")
        rows = [[*row[: width - 1], reading(row[0].removeprefix("| ").strip("`"))] for row in rows]
        return f"{found[1]} read as |\n{found[2]}" + "".join(" | ".join(row) + " |\n" for row in rows)

    return _CONSOLE.sub(
        lambda found: f"```console\n$ python -m bot {found[1]}\n{printed(found[1])}```", _READ_AS.sub(table, text)
    )


def reading(text: str) -> str:
    """How a text is read, or why it is not, as a cell."""
    try:
        return f"`{query.show(query.parse(text))}`"
    except UserError as problem:
        return "refused: " + re.sub(r"([*_])", r"\\\1", str(problem))


def printed(line: str) -> str:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        cli.main(shlex.split(line))
    return out.getvalue()


def main() -> None:
    QUERIES.write_text(queries(QUERIES.read_text(encoding="utf-8")), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(asyncio.run(picture()), encoding="utf-8")


async def picture() -> str:
    """The demo's digest as the terminal shows it, on a fixed day."""
    settings = Settings(digest_mode="asap", clock="simulated 2026-11-20T08:00:00+00:00")
    with tempfile.TemporaryDirectory() as folder:
        async with opened(replace(settings, database_url=str(Path(folder) / "p.db"))) as app:
            quiet = Terminal(app.new_chat("console", ADDRESS), out=Rich(file=io.StringIO()))
            app.platforms["console"] = app.console = quiet
            sample = Sample(clock=app.clock)
            app.read_from(sample)
            await tour(app, sample)
            await app.engine.stop()
            posts = [console_view.load(payload) for payload in await payloads(Path(folder) / "p.db")]
        record = Rich(
            file=io.StringIO(), record=True, width=96, force_terminal=True, markup=False, highlight=False, emoji=False
        )
        console_view.show(posts[-1], record, interactive=True)
        return record.export_svg(title="python -m bot demo", unique_id="paperboy")


async def payloads(path: Path) -> list[str]:
    """What the ledger says was sent, in order."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return [
            row[0] for row in db.execute("SELECT text FROM payload JOIN send ON send.id = payload.send ORDER BY seq")
        ]


if __name__ == "__main__":
    main()
