"""The ledger: its transactions, its one writer, its files."""

import asyncio
import re
import sqlite3
from pathlib import Path

import pytest

from bot.app import owner
from bot.errors import ConfigError, Later
from bot.model import Chat, Match, Part, Rate, Said, Subscribe, Summary, Topic, Wanted
from bot.store import drivers
from bot.store import store as store_module
from bot.store.rows import nonce
from bot.store.store import Store, queries
from tests.fakes.house import SATURDAY, paper
from tests.fakes.ports import SteppedClock

CHAT = Chat("fake:a", "fake", "a")
TOPIC = Topic("t1", "key", '"talking"')
STORE = Path(store_module.__file__)


def opened(path: Path, clock: SteppedClock | None = None) -> Store:
    return Store(path / "paperboy.db", clock or SteppedClock(SATURDAY))


async def with_subscription(store: Store) -> None:
    await store.hear(Said("said:1", CHAT, "/subscribe talking"))
    await store.answer(Said("said:1", CHAT), [Part("ok")], [Subscribe(TOPIC, "talking")])


async def compose(store: Store) -> tuple[int, list[tuple[str, str]]]:
    await store.wake_all()
    return await store.compose(CHAT.id, Wanted(), lambda *_: None)


def test_every_query_is_used_and_every_used_query_exists() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in STORE.parent.glob("*.py"))
    used = set(re.findall(r'(?:run|read)\(\s*"(\w+)"', code))
    used |= set(re.findall(r"run\('(\w+)'", code))
    assert used == queries().keys()


def test_queries_are_portable() -> None:
    for name, text in queries().items():
        sql = re.sub(r"--.*", "", text)
        assert not re.search(
            r"\b(OR REPLACE|OR IGNORE|AUTOINCREMENT|json_|strftime|rowid|GREATEST|max\([^)]*,)", sql
        ), name


def test_a_failed_write_undoes_itself_and_nobody_else(tmp_path: Path) -> None:
    async def run() -> None:
        store = opened(tmp_path)
        await store.open()
        good = [store.add_papers([paper(n)], baseline=False) for n in range(20)]
        bad = store._db.write(lambda q: q("add_topic", id=None, key=None, fts=None, more="", now=0))
        results = await asyncio.gather(*good[:10], bad, *good[10:], return_exceptions=True)
        assert isinstance(results[10], sqlite3.IntegrityError)
        assert (await store.counts()).papers == 20
        await store.close()

    asyncio.run(run())


def test_effects_answer_and_end_of_a_command_are_one(tmp_path: Path) -> None:
    async def run() -> None:
        store = opened(tmp_path)
        await store.open()
        assert await store.hear(Said("said:1", CHAT, "/subscribe talking"))
        assert not await store.hear(Said("said:1", CHAT, "/subscribe talking")), "a repeated update is recognised"
        for _ in range(2):  # as after a crash between the commit and its answer
            await store.answer(Said("said:1", CHAT), [Part("ok")], [Subscribe(TOPIC, "talking")])
        counts = await store.counts()
        assert (counts.subscriptions, counts.sends) == (1, (("due", 1),))
        assert await store.next_said(CHAT.id) is None
        await store.close()

    asyncio.run(run())


def test_seen_is_delivered_to_be(tmp_path: Path) -> None:
    async def run() -> None:
        clock = SteppedClock(SATURDAY)
        store = opened(tmp_path, clock)
        await store.open()
        await with_subscription(store)
        clock.step(1)
        await store.add_papers([paper(1), paper(2)], baseline=False)
        topics, stamp = await store.topics()
        assert topics == [TOPIC]
        assert await store.add_matches(["2611.00001", "2611.00002"], [("t1", [Match("2611.00001")])], stamp)
        assert await store.waiting(CHAT.id) == 1
        assert await compose(store) == (1, [("en", "2611.00001")])
        assert await compose(store) == (0, [])
        await store.add_papers([paper(1, version=2)], baseline=False)
        assert await store.waiting(CHAT.id) == 0, "a v2 is no new paper"
        await store.close()

    asyncio.run(run())


def test_a_topic_added_during_matching_starts_it_over(tmp_path: Path) -> None:
    async def run() -> None:
        store = opened(tmp_path)
        await store.open()
        await store.add_papers([paper(1)], baseline=False)
        _, stamp = await store.topics()
        await with_subscription(store)
        assert not await store.add_matches(["2611.00001"], [], stamp)
        assert [p.id for p in await store.unmatched(10)] == ["2611.00001"]
        await store.close()

    asyncio.run(run())


def test_nothing_older_than_the_wish_and_no_baseline_is_pushed(tmp_path: Path) -> None:
    async def run() -> None:
        clock = SteppedClock(SATURDAY)
        store = opened(tmp_path, clock)
        await store.open()
        await store.add_papers([paper(1)], baseline=False)
        assert await store.add_matches(["2611.00001"], [], (await store.topics())[1])
        clock.step(1)
        await store.hear(Said("said:1", CHAT, "/subscribe talking"))
        await store.answer(Said("said:1", CHAT), [], [Subscribe(TOPIC, "talking", (Match("2611.00001"),))])
        clock.step(1)
        await store.add_papers([paper(2)], baseline=True)
        await store.add_papers([paper(3)], baseline=False)
        ids = ["2611.00002", "2611.00003"]
        assert await store.add_matches(ids, [("t1", [Match(id_) for id_ in ids])], (await store.topics())[1])
        assert [p.id for p, _ in await store.latest(CHAT.id, 9)] != [], "looking back shows them all the same"
        assert await compose(store) == (1, [("en", "2611.00003")])
        await store.close()

    asyncio.run(run())


def test_a_digest_waits_for_its_summaries_and_is_planned_once(tmp_path: Path) -> None:
    async def run() -> None:
        clock = SteppedClock(SATURDAY)
        store = opened(tmp_path, clock)
        await store.open()
        await with_subscription(store)
        clock.step(1)
        await store.add_papers([paper(1)], baseline=False)
        _, stamp = await store.topics()
        await store.add_matches(["2611.00001"], [("t1", [Match("2611.00001")])], stamp)
        await compose(store)
        assert (await store.open_digests(CHAT.id, Wanted()))[1] == []
        assert "summarize:en:2611.00001" in await store.due(Wanted())
        await store.add_summary(paper(1), Wanted(), Summary("one", ("two",)))
        _, (digest,) = await store.open_digests(CHAT.id, Wanted())
        assert [(e.paper.id, e.summary.tldr, e.topic) for e in digest.entries] == [("2611.00001", "one", "talking")]
        for _ in range(2):
            await store.plan(digest, [Part("message", ("2611.00001",))])
        assert (await store.counts()).sends == (("due", 2),)  # the answer to /follow, and this
        assert (await store.open_digests(CHAT.id, Wanted()))[1] == []
        await store.close()

    asyncio.run(run())


def test_claims_are_fenced(tmp_path: Path) -> None:
    async def run() -> None:
        store = opened(tmp_path)
        await store.open()
        await with_subscription(store)
        _, head, _ = await store.queue(CHAT.id)
        assert head
        first = await store.claim(head, CHAT)
        assert first
        assert await store.claim(head, CHAT) is None
        assert await store.recover(resend=True) == 1
        second = await store.claim(head, CHAT)
        assert second
        assert (second.attempt, second.doubted, second.nonce) == (2, 1, first.nonce)
        await store.settle(first, "dead")  # the one declared dead comes back: it may not speak any more
        assert dict((await store.counts()).sends) == {"sending": 1}
        await store.settle(second, "sent", message="m")
        assert dict((await store.counts()).sends) == {"sent": 1}
        await store.close()

    asyncio.run(run())


def test_a_gate_hands_out_its_rate_and_survives_a_restart(tmp_path: Path) -> None:
    async def run() -> None:
        clock = SteppedClock(SATURDAY)
        for _ in range(2):
            store = opened(tmp_path, clock)
            await store.open()
            start = clock.now()
            for _ in range(5):
                await store.gate.take("arxiv", Rate(every=3000))
            assert clock.now() - start >= 4 * 3000
            await store.close()
        store = opened(tmp_path, clock)
        await store.open()
        await store.gate.hold("arxiv", 120)
        start = clock.now()
        await store.gate.take("arxiv", Rate(every=3000))
        assert clock.now() - start >= 120_000
        clock.step(3600)
        start = clock.now()
        for _ in range(4):
            await store.gate.take("chat", Rate(every=1000, burst=3))
        assert clock.now() - start <= 3000
        await store.close()

    asyncio.run(run())


def test_a_ledger_has_one_owner(tmp_path: Path) -> None:
    path = tmp_path / "paperboy.db"
    with owner(path), pytest.raises(ConfigError, match="Another Paperboy"), owner(path):
        pass
    with owner(path):
        pass


def test_a_file_that_is_no_ledger_ends_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "paperboy.db").write_text("not a database, but long enough to look like one" * 20, encoding="utf-8")

    async def run() -> None:
        with pytest.raises(ConfigError, match="DATABASE_URL"):
            await opened(tmp_path).open()

    asyncio.run(run())


def test_a_nonce_fits_discord() -> None:
    assert len(nonce("digest:fake:a#1#0")) == 25
    assert nonce("a") != nonce("b")


def test_a_ledger_that_somebody_holds_is_later_for_all_and_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        store = opened(tmp_path)
        await store.open()
        other = sqlite3.connect(tmp_path / "paperboy.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writes = [store.add_papers([paper(n)], baseline=False) for n in range(50)]
        results = await asyncio.gather(*writes, return_exceptions=True)
        assert {type(result) for result in results} == {Later}
        other.execute("ROLLBACK")
        other.close()
        assert await store.add_papers([paper(1)], baseline=False) == ["2611.00001"]
        await store.close()

    monkeypatch.setattr(drivers, "_BUSY_MS", 200)
    asyncio.run(run())


def test_a_long_hold_holds_everybody_and_tells_the_impatient(tmp_path: Path) -> None:
    async def run() -> None:
        clock = SteppedClock(SATURDAY)
        store = opened(tmp_path, clock)
        await store.open()
        await store.gate.take("arxiv", Rate(every=3000))
        await store.gate.hold("arxiv", 3600)
        for _ in range(3):
            with pytest.raises(Later, match="60 minutes"):
                await store.gate.take("arxiv", Rate(every=3000), patience=60)
        await store.gate.take("arxiv", Rate(every=3000))
        assert clock.now() >= SATURDAY + 3_600_000
        await store.close()

    asyncio.run(run())


def test_a_row_written_by_a_clock_that_was_ahead_holds_nobody(tmp_path: Path) -> None:
    async def run() -> None:
        for ahead in (86_400_000, 0):
            clock = SteppedClock(SATURDAY + ahead)
            store = opened(tmp_path, clock)
            await store.open()
            await store.gate.take("token", Rate(every=34))
            assert clock.now() - SATURDAY - ahead < 1000
            await store.close()

    asyncio.run(run())
