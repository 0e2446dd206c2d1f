"""The README's tables and picture are generated, its commands exist, the changelog names the version."""

import asyncio
import re
from pathlib import Path

from bot import __version__
from bot.core import query
from bot.core.match import Day
from bot.model import Paper
from tests import discord_preview, docs, evidence_preview, reading_preview, telegram_preview

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
QUERIES = docs.QUERIES.read_text(encoding="utf-8")


def test_the_tables_are_those_of_the_code() -> None:
    assert docs.readme(README) == README, "run `python -m tests.docs`"


def test_the_picture_is_what_the_terminal_shows() -> None:
    assert asyncio.run(docs.picture()) == docs.PICTURE.read_text(encoding="utf-8"), "run `python -m tests.docs`"


def test_the_picture_of_telegram_is_of_what_is_rendered_now() -> None:
    wanted = telegram_preview.mark(telegram_preview.document(asyncio.run(telegram_preview.sample())))
    assert wanted.encode() in telegram_preview.PICTURE.read_bytes(), "run `python -m tests.telegram_preview`"


def test_the_picture_of_discord_is_of_what_is_rendered_now() -> None:
    wanted = discord_preview.mark(discord_preview.document(asyncio.run(discord_preview.sample())))
    assert wanted.encode() in discord_preview.PICTURE.read_bytes(), "run `python -m tests.discord_preview`"


def test_the_picture_of_evidence_is_of_what_is_rendered_now() -> None:
    wanted = telegram_preview.mark(evidence_preview.document(asyncio.run(evidence_preview.sample())))
    assert wanted.encode() in evidence_preview.PICTURE.read_bytes(), "run `python -m tests.evidence_preview`"


def test_the_picture_of_a_reading_is_of_what_is_rendered_now() -> None:
    wanted = telegram_preview.mark(reading_preview.document(asyncio.run(reading_preview.sample())))
    assert wanted.encode() in reading_preview.PICTURE.read_bytes(), "run `python -m tests.reading_preview`"


def test_every_reading_on_the_page_of_queries_is_the_program_s() -> None:
    assert docs.queries(QUERIES) == QUERIES, "run `python -m tests.docs`"
    assert QUERIES.count("refused: ") > 15
    assert "read as | |" not in QUERIES


def test_every_find_on_the_page_of_queries_is_found() -> None:
    rows = re.findall(r"^\| `(.+?)` \| (`.+`) \| (`.+`) \|$", QUERIES.split("## arXiv's own")[0], re.MULTILINE)
    assert len(rows) > 20
    for asked, finds, others in rows:
        wanted, unwanted = (re.findall("`(.+?)`", cell) for cell in (finds, others))
        batch = [Paper(text, 1, text, "", (text,), ("cs.CV",), published=0, updated=0) for text in (*wanted, *unwanted)]
        with Day(batch) as day:
            assert day.ids(query.fts5(query.parse(asked))) == wanted, asked


def test_every_command_line_it_names_exists() -> None:
    known = set(re.findall(r'add_parser\("(\w+)"', (ROOT / "bot" / "cli.py").read_text(encoding="utf-8")))
    named = set(re.findall(r"python -m bot (\w+)", README))
    assert named <= known
    assert named >= {"demo", "run", "once", "doctor"}
    bars = {path.stem for path in (ROOT / "tests" / "bars").glob("*.py")}
    assert set(re.findall(r"python -m tests\.bars (\w+)", README)) <= bars


def test_the_changelog_speaks_of_this_version() -> None:
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert newest
    assert newest[1] == __version__
    assert f'version = "{__version__}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_ci_runs_the_readme_s_command() -> None:
    command = re.search(r"^    (python -m pip install -e .*pytest.*)$", README, re.MULTILINE)
    assert command
    assert "README.md" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
