"""The four ends of a send, what follows each, and what a reader sees of it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.config import Settings
from bot.errors import Gone, InDoubt, Later, Refused
from bot.flow import silence
from bot.flow.deliver import deliver
from bot.model import Chat, Match, Rate, Said, Send
from tests.fakes.chat import FakeChat
from tests.fakes.house import House, house, paper
from tests.fakes.ports import SteppedClock

Body = Callable[[House], Awaitable[None]]


def play(folder: Path, body: Body, *, settings: Settings | None = None, chat: FakeChat | None = None) -> None:
    async def run() -> None:
        async with house(folder, settings=settings, chat=chat) as found:
            await found.day()  # the baseline: nothing
            await found.say("/follow talking heads")
            clock(found).step(1)
            await body(found)

    asyncio.run(run())


def clock(found: House) -> SteppedClock:
    assert isinstance(found.clock, SteppedClock)
    return found.clock


async def states(found: House) -> dict[str, int]:
    return dict((await found.store.counts()).sends)


def test_a_paper_arrives_once_whatever_comes_again(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        (text,) = await found.day(paper(1), paper(2, "Wikipedia talk pages"))
        assert text.startswith("talking heads · Sat 21 Nov · 1 of 2 new papers\n1  Talking heads\n")
        assert await found.day(paper(1, version=2)) == []
        assert await found.day() == []

    play(tmp_path, body)


def test_a_paper_of_two_topics_stands_once_and_names_the_other(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say("/follow heads")
        clock(found).step(1)
        (text,) = await found.day(paper(1))
        assert text.count("Talking heads\n") == 1
        assert "also: heads" in text

    play(tmp_path, body)


def test_later_waits_as_long_as_asked_and_keeps_the_order(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        found.fake.fail(Later("Too fast; wait.", wait=120))
        assert await found.day(paper(1)) == []
        assert await found.say("/topics") == [], "who asked for patience is left alone"
        clock(found).step(119)
        await found.drain()
        assert len(found.fake.sent) == 1
        clock(found).step(2)
        await found.drain()
        assert [chat for chat, _ in found.fake.sent] == ["fake:a"] * 3
        assert "Your topics" in found.fake.sent[1][1], "then the answer comes before the digest"
        assert await states(found) == {"sent": 3}

    play(tmp_path, body)


def test_one_chat_that_waits_holds_up_no_other(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say("/follow talking heads", found.chat("b"))
        clock(found).step(1)
        found.fake.fail(Later("Too fast; wait.", wait=120))
        await found.day(paper(1))
        assert len(found.fake.sent) == 3
        assert await states(found) == {"sent": 3, "due": 1}

    play(tmp_path, body)


def test_an_outage_backs_off_and_ends_in_dead_letters_not_in_silence(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        found.fake.fail(*[Later("The platform is down.")] * 100)
        await found.day(paper(1))
        waits = []
        for _ in range(200):
            if (await states(found)).get("dead"):
                break
            before = found.fake.attempts
            start = clock(found).now()
            while found.fake.attempts == before and clock(found).now() - start < 7_200_000:
                clock(found).step(5)
                await found.drain()
            waits.append((clock(found).now() - start) // 1000)
        assert waits == sorted(waits)
        assert waits[0] <= 10
        assert waits[-1] <= 3610
        assert sum(waits) > 86_400, "more than a day of outage loses nothing"
        ((chat, error, _),) = await found.store.dead()
        assert (chat, error) == ("fake:a", "The platform is down.")
        assert await found.store.retry_dead() == 1
        found.fake._plan.clear()
        clock(found).step(4000)
        await found.drain()
        assert len(found.fake.sent) == 2

    play(tmp_path, body)


def test_gone_suspends_the_chat_keeps_its_settings_and_revives(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        found.fake.fail(Gone("The bot was kicked."))
        assert await found.day(paper(1)) == []
        clock(found).step(3600)
        assert await found.day(paper(2)) == []
        assert found.fake.attempts == 2, "nothing is tried while it is suspended"
        texts = await found.say("/topics")
        assert "1  talking heads" in "\n".join(texts), "whoever speaks is back, with all topics"
        told = "\n".join(texts)
        assert told.count("Talking heads\n") == 2, "what waited arrives"

    play(tmp_path, body)


def test_refused_is_recorded_and_the_next_goes_on(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        found.fake.fail(Refused("The message is malformed."))
        await found.day(paper(1))
        await found.day(paper(2))
        assert await states(found) == {"dead": 1, "sent": 2}

    play(tmp_path, body)


@pytest.mark.parametrize("arrived", [True, False])
def test_in_doubt_is_sent_again_and_says_so(tmp_path: Path, *, arrived: bool) -> None:
    async def body(found: House) -> None:
        found.fake.fail(InDoubt("The answer did not come."), arrived=arrived)
        await found.day(paper(1))
        clock(found).step(10)
        await found.drain()
        assert len(found.fake.sent) == 2 + arrived
        assert "Sent again: the first was not confirmed." in found.fake.sent[-1][1]
        assert (await found.store.counts()).doubted == 1
        assert await states(found) == {"sent": 2}

    play(tmp_path, body)


def test_in_doubt_is_left_alone_if_the_owner_says_so(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        found.fake.fail(InDoubt("The answer did not come."), arrived=True)
        await found.day(paper(1))
        clock(found).step(3600)
        await found.drain()
        assert len(found.fake.sent) == 2
        assert await states(found) == {"sent": 1, "skipped": 1}

    play(tmp_path, body, settings=Settings(digest_mode="asap", on_doubt="skip"))


def test_a_fault_of_ours_in_a_send_is_in_doubt_too_and_ends_after_three(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        found.fake.fail(*[ZeroDivisionError()] * 9)
        await found.day(paper(1))
        for _ in range(5):
            clock(found).step(3600)
            await found.drain()
        assert await states(found) == {"dead": 1, "sent": 1}
        assert (await found.store.counts()).doubted == 3

    play(tmp_path, body)


def test_a_long_digest_is_cut_between_papers_and_each_part_is_its_own_send(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        texts = await found.day(*(paper(n) for n in range(1, 8)))
        assert len(texts) > 2
        assert [f"({n}/{len(texts)})" in text for n, text in enumerate(texts, 1)] == [True] * len(texts)
        assert sum(text.count("Talking heads\n") for text in texts) == 7

    play(tmp_path, body, chat=FakeChat(limit=450))


def test_pace_is_kept_per_chat_and_per_bot(tmp_path: Path) -> None:
    class Paced(FakeChat):
        def rate(self, chat: Chat) -> Rate:  # noqa: ARG002
            return Rate(every=1000)

        token_rate = Rate(every=34)

    async def body(found: House) -> None:
        for name in "bcd":
            await found.say("/follow talking heads", found.chat(name))
        clock(found).step(60)
        start = clock(found).now()
        await found.day(*(paper(n) for n in range(1, 8)))
        sent = len(found.fake.sent) - 4
        assert clock(found).now() - start >= (sent / 4 - 1) * 1000

    play(tmp_path, body, chat=Paced(limit=700))


def test_a_send_that_has_begun_is_finished_when_asked_to_stop(tmp_path: Path) -> None:
    async def run() -> None:
        release = asyncio.Event()

        class Slow(FakeChat):
            async def send(self, send: Send) -> str:
                await release.wait()
                return await super().send(send)

        async with house(tmp_path, chat=Slow()) as found:
            await found.store.hear(_hello(found))
            found.engine.nudge("converse:fake:a")
            while (await states(found)).get("sending") != 1:  # noqa: ASYNC110 - the ledger has no bell
                await asyncio.sleep(0.01)
            stopping = asyncio.create_task(found.engine.stop())
            await asyncio.sleep(0.05)
            assert not stopping.done()
            release.set()
            await stopping
            assert await states(found) == {"sent": 1}

    asyncio.run(run())


def _hello(found: House) -> Said:
    return Said("said:hello", found.chat(), "/start")


def test_delivering_to_nobody_does_nothing(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await deliver(found.store, found.ports, "deliver:fake:nobody")
        await deliver(found.store, found.ports, "deliver:elsewhere:x")

    play(tmp_path, body)


def test_an_outcome_that_cannot_be_recorded_at_once_is_not_forgotten(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        settle, failures = found.store.settle, [Later("The disk is full.", wait=30)] * 3

        async def full(*arguments: object, **more: object) -> object:
            if failures:
                raise failures.pop()
            return await settle(*arguments, **more)  # type: ignore[arg-type]

        found.store.settle = full  # type: ignore[method-assign,assignment]
        await found.day(paper(1))
        assert failures == []
        assert await states(found) == {"sent": 2}
        assert (await found.store.counts()).doubted == 0

    play(tmp_path, body)


def test_an_attempt_that_was_broken_off_is_settled_by_the_next(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say("/topics")
        claim = found.store.claim

        async def breaks(*arguments: object) -> object:
            await claim(*arguments)  # type: ignore[arg-type]
            raise ZeroDivisionError  # between the claim and anything else

        found.store.claim = breaks  # type: ignore[method-assign,assignment]
        await found.day(paper(1))
        assert (await states(found)).get("sending") == 1
        found.store.claim = claim  # type: ignore[method-assign]
        clock(found).step(601)
        await found.drain()
        assert await states(found) == {"sent": 3}
        assert "Sent again" in found.fake.sent[-1][1]

    play(tmp_path, body)


def test_a_paper_that_cannot_be_summarized_or_set_holds_up_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.core import extract, post

    def bad(*_: object) -> None:
        raise ZeroDivisionError

    async def body(found: House) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(extract, "summarize", bad)
            (text,) = await found.day(paper(1))
            assert "Talking heads\n" in text
        with monkeypatch.context() as patch:
            patch.setattr(post, "paper_item", bad)
            assert await found.day(paper(2)) == ["Talking heads"]
            assert await found.say("/latest") == [
                "Something went wrong on my side; it is in the log. Nothing was changed: please try again."
            ]
        assert "Your topics" in "\n".join(await found.say("/topics"))

    play(tmp_path, body)


def test_what_is_composed_but_not_sent_is_not_called_silence(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        found.fake.fail(Later("The platform asks for patience.", wait=3600))
        await found.day(paper(1))
        why = await silence.reason(found.store, found.ports, found.chat(), "en")
        assert why == "1 paper on the way: The platform asks for patience."

    play(tmp_path, body)


def test_a_wake_up_during_a_command_is_not_lost(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        store = found.store
        await store.hear(Said("said:x", found.chat(), "/follow galaxies"))
        await store.add_papers([paper(1)], baseline=False)
        answer = store.answer

        async def late(*arguments: object) -> None:
            store.answer = answer  # type: ignore[method-assign]
            _, stamp = await store.topics()  # the paper is matched while the command is being answered
            topics = await store.subscriptions("fake:a")
            assert await store.add_matches(["2611.00001"], [(topics[0].topic.id, [Match("2611.00001")])], stamp)
            await answer(*arguments)  # type: ignore[arg-type]

        store.answer = late  # type: ignore[method-assign,assignment]
        await found.drain()
        assert "Talking heads" in found.fake.sent[-1][1]

    play(tmp_path, body)
