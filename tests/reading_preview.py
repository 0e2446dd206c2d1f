"""`python -m tests.reading_preview [OUT.png|OUT.html]`: why a paper came, and a whole paper read.

On the light phone a topic of the demo is tuned and `/why` asked of a paper of the sample day, all of it real. On the
dark one a paper that we wrote is read: the model is the one of the tests, which rests on sentences of the paper.
"""

import asyncio
import io
import json
import sys
import tempfile
import uuid
from pathlib import Path

from rich.console import Console as Rich

from bot.app import opened, shipped
from bot.config import Settings
from bot.core import post_reading, prompt, reading
from bot.demo import tour
from bot.model import Chat, Paper, Post, Said
from bot.platforms import console_view
from bot.platforms.console import ADDRESS, Console
from bot.sources.sample import Sample
from tests import telegram_preview as phone
from tests.docs import ROOT, payloads
from tests.fakes import scholar

PICTURE = ROOT / "docs" / "reading.png"
AT = 1_795_161_600_000  # 2026-11-20T08:00:00Z
PAPER = Paper(
    "8812.00007",
    2,
    "Quiet Faces: Talking Heads That Close Their Mouths in Silence",
    "We introduce Quiet Faces, a method that animates a portrait from speech and keeps its mouth closed in silence.",
    ("Ilmari Myrskylahti", "Naz Kuşgöz", "Graça Brandãozinho"),
    ("cs.CV",),
    AT - 86_400_000,
    AT - 86_400_000,
    comment="SAMPLE, written by us",
)


async def sample() -> list[Post]:
    """What the demo says of its topic and of one paper, and a paper read as a whole."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.db"
        settings = Settings(digest_mode="asap", clock="simulated 2026-11-20T08:00:00+00:00", database_url=str(path))
        async with opened(settings) as app:
            chat = app.new_chat("console", ADDRESS)
            app.platforms["console"] = app.console = Console(chat, out=Rich(file=io.StringIO()))
            app.read_from(source := Sample(clock=app.clock))
            await tour(app, source)
            for command in ("/tune 1", "/why 8812.00033"):
                await app.store.hear(Said(uuid.uuid4().hex, chat, command))
                await app.drain()
            await app.engine.stop()
            posts = [console_view.load(payload) for payload in await payloads(path)]
    return [*posts[-2:], read(chat)]


def read(chat: Chat) -> Post:
    """The paper as the tests' model reads it."""
    text = scholar.study(PAPER)
    task = shipped()["read"]
    filled, whole = reading.fill(PAPER, text, task.input)
    said = scholar.over_the_wire(prompt.fill(task, "0123456789abcdef", language="English", paper=filled))
    checked = reading.check(json.loads(said), PAPER, text)
    found = reading.written(checked, PAPER, text, "the-model", whole=whole)
    return post_reading.whole(PAPER, found, chat, AT)


def document(posts: list[Post]) -> str:
    """The page: the topic and why on a light phone, the reading on a dark one."""
    tuned, why, whole = (phone.messages(post) for post in posts)
    return phone.pair([*tuned, *why], whole)


def main(out: Path) -> None:
    html = document(asyncio.run(sample()))
    if out.suffix == ".html":
        out.write_text(html, encoding="utf-8")
    else:
        phone.shoot(html, out, 2 * phone.WIDTH + phone.GAP)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
