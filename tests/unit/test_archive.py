"""The archive: what it finds, and that it can be lost."""

import asyncio
from pathlib import Path

import pytest

from bot.core import query
from bot.store.archive import Archive
from tests.fakes.house import DAY, SATURDAY, house, paper


def find(archive: Archive, text: str, **how: int) -> "asyncio.Future[list[str]]":
    return asyncio.ensure_future(archive.find(query.fts5(query.parse(text)), **how))


def test_it_finds_the_newest_first_within_the_window(tmp_path: Path) -> None:
    async def run() -> None:
        async with house(tmp_path) as found:
            old, new, other = paper(1, at=SATURDAY - 6 * DAY), paper(2, at=SATURDAY - DAY), paper(3, "Dark matter")
            await found.day(old, new, other)
            archive = found.archive
            assert await find(archive, "talking heads") == ["2611.00002", "2611.00001"]
            assert await find(archive, "talking heads", since=SATURDAY - 5 * DAY) == ["2611.00002"]
            assert await find(archive, "talking heads", limit=1) == ["2611.00002"]
            assert await find(archive, "au:Two ANDNOT ti:talking") == ["2611.00003"]
            await archive.add([old, new])
            assert len(await find(archive, "talking heads")) == 2, "nothing is indexed twice"

    asyncio.run(run())


@pytest.mark.parametrize("accident", ["lost", "torn", "foreign", "behind"])
def test_a_lost_archive_is_made_anew_from_the_ledger(tmp_path: Path, accident: str) -> None:
    file = tmp_path / "paperboy.db.archive"

    async def fill() -> None:
        async with house(tmp_path) as found:
            await found.day(*(paper(n) for n in range(1, 8)))

    async def check() -> None:
        async with house(tmp_path) as found:
            assert len(await find(found.archive, "talking heads")) == 7

    asyncio.run(fill())
    if accident == "lost":
        file.unlink()
    elif accident == "torn":
        file.write_bytes(b"SQLite format 3\x00" + b"\x07" * 5000)
    elif accident == "foreign":
        import sqlite3

        with sqlite3.connect(file) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
    else:
        import sqlite3

        with sqlite3.connect(file) as db:
            db.execute("DELETE FROM paper WHERE number > 3")
        db.close()
    asyncio.run(check())
