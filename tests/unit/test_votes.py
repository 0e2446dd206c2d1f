"""Votes: more like this, not for me. What they move and what not, whose they are, and how they are forgotten."""

import asyncio
import re
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.core import grading, relevance
from bot.errors import Later
from bot.model import Chat, Level, Said, Standing, Subscription
from bot.store.store import Store
from bot.words import say
from tests.fakes.graded import graded, levels
from tests.fakes.house import DAY, SATURDAY, House, house, paper

Body = Callable[[House], Awaitable[None]]
TOPIC = "talking head generation"
GROUP = Chat("fake:g", "fake", "g", kind="group", mode="daily")
DAILY = Chat("fake:d", "fake", "d", mode="daily")
TABLES = ("vote", "taste", "weighed")


def play(folder: Path, body: Body) -> None:
    """Run with a ledger that has looked at arXiv once: what comes now is new."""

    async def run() -> None:
        async with house(folder) as found:
            await found.day()
            await body(found)

    asyncio.run(run())


def count(folder: Path, table: str, where: str = "1 = 1") -> int:
    with sqlite3.connect(folder / "paperboy.db") as db:
        number: int = db.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]
    db.close()
    return number


async def counted(folder: Path, table: str, where: str = "1 = 1") -> int:
    return await asyncio.to_thread(count, folder, table, where)


async def say_as(found: House, author: str, text: str, chat: Chat = GROUP, *, manages: bool = False) -> str:
    House.count += 1
    before = len(found.fake.sent)
    await found.store.hear(Said(f"said:{House.count}", chat, text, manages, author=author))
    await found.drain()
    from bot.platforms import console_view

    return "\n".join(console_view.text(console_view.load(payload)) for _, payload in found.fake.sent[before:])


async def one(found: House, chat: Chat | None = None) -> Subscription:
    (subscription,) = await found.store.subscriptions((chat or found.chat()).id)
    return subscription


async def stands(found: House, number: int, chat: Chat | None = None) -> Standing:
    where = chat or found.chat()
    standing = await found.store.standing(where.id, (await one(found, where)).topic.id, f"2611.{number:05}")
    assert standing
    return standing


def order(text: str) -> list[str]:
    """The titles of a digest, as they stand in it."""
    return re.findall(r"^\d+  (.*)$", text, re.MULTILINE)


# --- what a vote moves


def test_a_like_lifts_what_is_alike_and_a_dislike_lowers_it_both_bounded(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}", DAILY)
        papers = [graded(TOPIC, level, 1 + level) for level in levels()]
        await found.day(*papers)
        before = [await stands(found, 1 + level, DAILY) for level in levels()]
        told = (await found.say("/like 2611.00001", DAILY))[0]
        assert say("en", "liked", label=TOPIC) in told
        assert say("en", "learned", likes=1, dislikes=0) in told
        liked = [await stands(found, 1 + level, DAILY) for level in levels()]
        assert liked[0].shift > 0, "what is liked itself"
        assert all(abs(each.shift) <= relevance.MOST for each in liked)
        assert [each.match for each in liked] == [each.match for each in before], "what all share stays as it was"
        for number in range(20, 32):
            await found.store.add_papers([graded(TOPIC, Level.RULE, number)], baseline=True)
            await found.say(f"/like 2611.{number:05}", DAILY)
        many = [await stands(found, 1 + level, DAILY) for level in levels()]
        assert all(abs(each.shift) <= relevance.MOST for each in many)
        assert many[0].shift == relevance.MOST
        subscription = await one(found, DAILY)
        assert (subscription.likes, subscription.dislikes) == (13, 0)
        await found.say(f"/tune forget {TOPIC}", DAILY)
        await found.say("/dislike 2611.00001", DAILY)
        low = [await stands(found, 1 + level, DAILY) for level in levels()]
        assert low[0].shift < 0
        assert all(abs(each.shift) <= relevance.MOST for each in low)

    play(tmp_path, body)


def test_a_vote_changes_what_the_next_digest_carries_and_its_order(tmp_path: Path) -> None:
    topic = "talking machines"
    near, low = graded(topic, Level.RULE, 1), graded(topic, Level.NORMAL, 2)

    async def body(found: House) -> None:
        await found.say(f"/follow {topic}", DAILY)
        await found.day(near, low, paper(3, "Talking machines"))
        assert (await stands(found, 1, DAILY)).match.grade == Level.RULE
        for number in range(20, 26):  # of the very kind of the near miss
            await found.store.add_papers([graded(topic, Level.RULE, number)], baseline=True)
            await found.say(f"/like 2611.{number:05}", DAILY)
        moved = await stands(found, 1, DAILY)
        passes = moved.match.grade + moved.moved >= Level.NORMAL
        assert moved.moved > 0, "it is nearer at the least"
        digest = (await found.say("/digest", DAILY))[-1]
        assert (near.title in digest) == passes
        assert order(digest)[0] == "Talking machines"

    play(tmp_path, body)


def test_a_near_miss_that_is_liked_comes_and_what_is_disliked_does_not(tmp_path: Path) -> None:
    """At the edge: papers whose score lies as close to the level as the archive of tests has them."""
    topic = f"{TOPIC}; means: a face that talks in a video; also: lip sync, talking face"

    async def body(found: House) -> None:
        await found.say(f"/follow level=broad {topic}", DAILY)
        miss, hit = graded(topic, Level.RULE, 1), graded(topic, Level.BROAD, 2)
        await found.day(miss, hit)
        await found.say("/like 2611.00001", DAILY)
        up = await stands(found, 1, DAILY)
        await found.say("/dislike 2611.00002", DAILY)
        for number in range(20, 24):
            await found.store.add_papers([graded(topic, Level.BROAD, number)], baseline=True)
            await found.say(f"/dislike 2611.{number:05}", DAILY)
        down = await stands(found, 2, DAILY)
        up = await stands(found, 1, DAILY)
        told = "\n".join(await found.say("/digest", DAILY))
        assert (hit.title in told) == (down.match.grade + down.moved >= Level.BROAD)
        assert (miss.title in told) == (up.match.grade + up.moved >= Level.BROAD)
        assert down.moved < 0, "or nothing is tested"
        assert hit.title not in told

    play(tmp_path, body)


def test_order_follows_the_score_with_votes(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say("/follow level=broad talking machines; also: birds, metal", DAILY)
        birds = "They sing and fly. Feathers, nests and eggs of birds are counted in spring by the river."
        metal = "Alloys of iron and copper corrode. Metal is bent, cast and welded in a furnace of steel."
        await found.day(
            paper(1, "Talking machines, A", abstract=birds), paper(2, "Talking machines, B", abstract=metal)
        )
        first = [(await stands(found, number, DAILY)).match.score for number in (1, 2)]
        lower = 1 if first[0] < first[1] else 2
        more = birds if lower == 1 else metal
        for number in range(20, 24):
            await found.store.add_papers([paper(number, "An example", abstract=more)], baseline=True)
            await found.say(f"/like 2611.{number:05}", DAILY)
        shifts = {number: (await stands(found, number, DAILY)).shift for number in (1, 2)}
        assert shifts[lower] > shifts[3 - lower]
        scores = {number: first[number - 1] + shifts[number] for number in (1, 2)}
        best = max(scores, key=lambda number: scores[number])
        text = "\n".join(await found.say("/digest", DAILY))
        assert order(text) == [f"Talking machines, {'AB'[number - 1]}" for number in (best, 3 - best)]

    play(tmp_path, body)


def test_what_was_delivered_is_never_repeated(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}")
        assert len(await found.day(paper(1, "Talking head generation"))) == 1
        await found.say("/dislike 2611.00001")
        await found.say("/like 2611.00001")
        assert not any("pdf" in text for text in await found.say("/digest"))
        assert await found.day() == []
        assert "2611.00001" not in (await found.say("/near"))[0]

    play(tmp_path, body)


def test_new_papers_are_moved_as_those_before(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}", DAILY)
        await found.say(f"/follow {TOPIC}")
        await found.day(graded(TOPIC, Level.RULE, 1))
        await found.say("/like 2611.00001", DAILY)
        await found.day(graded(TOPIC, Level.RULE, 2))
        assert (await stands(found, 2, DAILY)).shift > 0
        assert (await stands(found, 2)).shift == 0, "another chat's votes"

    play(tmp_path, body)


def test_a_followed_author_and_a_query_are_not_moved(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say("/follow quantum gravity; by: Ada One", DAILY)
        await found.day(paper(1, "Sediments"))
        await found.say("/dislike 2611.00001", DAILY)
        assert (await stands(found, 1, DAILY)).shift == 0
        assert "Sediments" in (await found.say("/digest", DAILY))[-1]
        await found.say("/follow cat:cs.LG", DAILY)
        told = (await found.say("/like 2611.00001 cat:cs.LG", DAILY))[0]
        assert told == say("en", "vote_query", label="cat:cs.LG")
        await found.say("/unsubscribe quantum gravity", DAILY)
        assert await found.say("/like 2611.00001", DAILY) == [say("en", "vote_no_topic")]

    play(tmp_path, body)


# --- whose votes


def test_the_second_vote_of_a_person_on_a_paper_replaces_the_first(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}", GROUP)
        await found.day(graded(TOPIC, Level.RULE, 1))
        for text, likes, dislikes in (
            ("like", 1, 0),
            ("like", 1, 0),
            ("dislike", 0, 1),
            ("dislike", 0, 1),
            ("like", 1, 0),
        ):
            told = await say_as(found, "ada", f"/{text} 2611.00001")
            assert say("en", "learned", likes=likes, dislikes=dislikes) in told
            subscription = await one(found, GROUP)
            assert (subscription.likes, subscription.dislikes) == (likes, dislikes)
            assert await counted(tmp_path, "vote") == 1
        assert (await stands(found, 1, GROUP)).shift > 0

    play(tmp_path, body)


def test_votes_of_a_group_count_together_and_cancel_out(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}", GROUP)
        await found.day(graded(TOPIC, Level.RULE, 1))
        await say_as(found, "ada", "/like 2611.00001")
        liked = (await stands(found, 1, GROUP)).shift
        told = await say_as(found, "bo", "/dislike 2611.00001")
        assert say("en", "learned", likes=0, dislikes=0) in told
        assert (await stands(found, 1, GROUP)).shift == 0, "one for and one against"
        await say_as(found, "cy", "/like 2611.00001")
        assert (await stands(found, 1, GROUP)).shift == liked, "a paper counts once, whoever likes it"
        assert await counted(tmp_path, "vote") == 3
        assert await counted(tmp_path, "taste") == 1

    play(tmp_path, body)


def test_a_member_may_vote_and_not_tune(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await say_as(found, "ada", f"/follow {TOPIC}", manages=True)
        await found.day(graded(TOPIC, Level.RULE, 1))
        assert say("en", "liked", label=TOPIC) in await say_as(found, "bo", "/like 2611.00001")
        for text in ("strict 1", "forget 1", "save 1; not: birds", f"save {TOPIC}; without: birds"):
            assert await say_as(found, "bo", f"/tune {text}") == say("en", "admins_only")
        assert "Save" not in await say_as(found, "bo", "/tune 1"), "looking is free"
        assert (await one(found, GROUP)).likes == 1
        told = await say_as(found, "ada", "/tune forget 1", manages=True)
        assert say("en", "unlearned") in told
        assert (await one(found, GROUP)).likes == 0

    play(tmp_path, body)


# --- forgetting


def test_forget_resets_and_leaves_nothing(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}", DAILY)
        await found.say("/follow birds", DAILY)
        await found.day(graded(TOPIC, Level.RULE, 1), paper(2, "Birds"))
        await found.say(f"/like 2611.00001 {TOPIC}", DAILY)
        await found.say("/dislike 2611.00002 birds", DAILY)
        topics = {each.label: each.topic.id for each in await found.store.subscriptions(DAILY.id)}
        await found.say(f"/tune forget {TOPIC}", DAILY)
        for table in TABLES:
            assert await counted(tmp_path, table, f"topic = '{topics[TOPIC]}'") == 0
            assert await counted(tmp_path, table, f"topic = '{topics['birds']}'") > 0, "other topics keep theirs"
        standing = await found.store.standing(DAILY.id, topics[TOPIC], "2611.00001")
        assert standing
        assert (standing.shift, standing.moved) == (0, 0)
        assert "for more" not in (await found.say(f"/tune {TOPIC}", DAILY))[0]

    play(tmp_path, body)


def test_delete_me_takes_a_persons_votes_everywhere(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await say_as(found, "ada", f"/follow {TOPIC}", manages=True)
        await found.day(graded(TOPIC, Level.RULE, 1))
        for name in ("ada", "bo"):
            await say_as(found, name, "/like 2611.00001")
        private = Chat("fake:ada", "fake", "ada")
        await say_as(found, "ada", f"/follow {TOPIC}", private, manages=True)
        await say_as(found, "ada", "/like 2611.00001", private, manages=True)
        assert await counted(tmp_path, "vote", "voter = 'ada'") == 2
        told = await say_as(found, "ada", "/delete_me", private, manages=True)
        assert told
        await say_as(found, "ada", deletes(found, private), private, manages=True)
        assert await counted(tmp_path, "vote", "voter = 'ada'") == 0
        assert await counted(tmp_path, "vote", "voter = 'bo'") == 1
        for table in TABLES:
            assert await counted(tmp_path, table, "chat = 'fake:ada'") == 0
        assert await counted(tmp_path, "taste", f"chat = '{GROUP.id}'") == 1, "what a group has learned names nobody"

    play(tmp_path, body)


def deletes(found: House, chat: Chat) -> str:
    """The command under the button that deletes."""
    from bot.platforms import console_view

    for send, _ in reversed(found.fake.messages):
        if send.chat.id == chat.id:
            for button in console_view.load(send.payload).pressable:
                if button.says.startswith("/delete_me"):
                    return button.says
    raise AssertionError("no button deletes")


def test_moving_to_another_address_takes_votes_along(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await say_as(found, "ada", f"/follow {TOPIC}", manages=True)
        await found.day(graded(TOPIC, Level.RULE, 1))
        await say_as(found, "bo", "/like 2611.00001")
        before = await stands(found, 1, GROUP)
        await found.store.move("fake", "g", "super")
        new = Chat("fake:super", "fake", "super", kind="group", mode="daily")
        after = await stands(found, 1, new)
        assert after == before
        assert after.shift > 0
        assert (await one(found, new)).likes == 1
        for table in TABLES:
            assert await counted(tmp_path, table, f"chat = '{GROUP.id}'") == 0
        assert say("en", "learned", likes=0, dislikes=1) in await say_as(found, "bo", "/dislike 2611.00001", new)

    play(tmp_path, body)


# --- which paper, which topic


def test_a_paper_that_is_not_known_is_fetched_and_not_pushed(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}")
        example = paper(8, "Talking head generation", at=SATURDAY - 90 * DAY)
        found.source.add(example)
        before = len(found.fake.sent)
        told = await found.say("/like 2611.00008")
        assert say("en", "liked", label=TOPIC) in told[0]
        assert found.source.calls[-1] == "fetch 2611.00008"
        assert len(found.fake.sent) == before + 1
        assert await found.store.delivered(found.chat().id, "2611.00008") is None
        assert not any("pdf" in text for text in await found.say("/digest"))
        assert (await one(found)).likes == 1
        assert await found.say("/like 2611.77777") == [say("en", "no_such_paper", id="2611.77777")]
        found.source.fail(Later("arXiv is down.", wait=60))
        assert "arXiv is down" in (await found.say("/like 2611.66666"))[0]
        assert (await one(found)).likes == 1

    play(tmp_path, body)


def test_an_example_that_is_announced_later_still_comes(tmp_path: Path) -> None:
    """Liked on the evening before its announcement: it is new for everybody all the same."""

    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}", DAILY)
        await found.say(f"/follow {TOPIC}")
        early = graded(TOPIC, Level.STRICT, 8)
        found.source.add(early)
        await found.say("/like 2611.00008", DAILY)
        came = await found.day()
        assert any(early.title in text for text in came)
        assert await counted(tmp_path, "paper", "id = '2611.00008' AND baseline = 0 AND listing <> ''") == 1
        assert await counted(tmp_path, "event", "paper = '2611.00008' AND kind = 'new'") == 1, "it is accounted for"

    play(tmp_path, body)


def test_which_topic_is_asked_where_several_fit(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        for text in ("talking machines", "machines that talk", "cold seas", "cat:cs.CV"):
            await found.say(f"/follow {text}", DAILY)
        await found.day(
            paper(1, "Talking machines"), paper(2, "Cold seas"), paper(3, "Nothing at all", abstract="Mud.")
        )
        (asked,) = await found.say("/like 2611.00001", DAILY)
        assert say("en", "vote_which", id="2611.00001") in asked
        assert await counted(tmp_path, "vote") == 0
        from bot.platforms import console_view

        send, _ = found.fake.messages[-1]
        labels = [button.label for button in console_view.load(send.payload).pressable]
        assert sorted(labels) == ["machines that talk", "talking machines"], (
            "those that it came close to; a query learns nothing"
        )
        (told,) = await found.press("machines that talk", DAILY)
        assert say("en", "liked", label="machines that talk") in told
        assert say("en", "liked", label="cold seas") in (await found.say("/like 2611.00002", DAILY))[0]
        (asked,) = await found.say("/like 2611.00003", DAILY)
        assert say("en", "vote_which", id="2611.00003") in asked, "it came close to none: any may be meant"
        send, _ = found.fake.messages[-1]
        assert len(console_view.load(send.payload).pressable) == 3
        (told,) = await found.say("/dislike 2611.00003 cold seas", DAILY)
        assert say("en", "disliked", label="cold seas") in told
        await found.say("/digest", DAILY)
        came = await found.store.delivered(DAILY.id, "2611.00001")
        assert came
        (told,) = await found.say("/like 2611.00001", DAILY)
        assert say("en", "vote_which", id="2611.00001") not in told or came[1] == "cat:cs.CV"

    play(tmp_path, body)


@pytest.mark.parametrize(
    "text", ["like", "dislike", "like nonsense", "like 2411.1952", "dislike 2611.00001 no such topic"]
)
def test_what_cannot_be_voted_on_is_a_sentence(tmp_path: Path, text: str) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}")
        (told,) = await found.say(f"/{text}")
        assert told.rstrip()
        assert say("en", "trouble") not in told
        assert await counted(tmp_path, "vote") == 0

    play(tmp_path, body)


def test_not_for_me_offers_a_word_to_leave_out(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}")
        text = "A watermark for talking head generation. The watermark survives a call, and the watermark stays."
        await found.day(paper(1, "Talking head generation with a watermark", abstract=text))
        (told,) = await found.say("/dislike 2611.00001")
        assert say("en", "leave_out_how", word="watermark") in told
        (shown,) = await found.press("Leave out “watermark”")
        assert "Left out: papers that say watermark" in shown
        await found.press("Save")
        subscription = await one(found)
        assert subscription.wish.endswith("without: watermark")
        assert subscription.dislikes == 1, "votes move along"
        await found.day(paper(2, "Talking head generation with another watermark"))
        assert say("en", "why_dropped") in (await found.say("/why 2611.00002"))[0]

    play(tmp_path, body)


# --- changes of a topic


def test_new_wording_keeps_what_was_learned_and_what_it_moves(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}", DAILY)
        miss = graded(TOPIC, Level.RULE, 1)
        await found.day(miss, paper(2, "Talking head generation"))
        await found.say("/like 2611.00001", DAILY)
        before = await stands(found, 1, DAILY)
        assert before.shift > 0
        old = (await one(found, DAILY)).topic.id
        await found.say("/tune save 1; without: watermark", DAILY)
        after = await stands(found, 1, DAILY)
        assert (await one(found, DAILY)).topic.id != old
        assert after.shift == before.shift
        assert (await one(found, DAILY)).likes == 1
        for table in TABLES:
            assert await counted(tmp_path, table, f"topic = '{old}'") == 0
        assert "2611.00001" in (await found.say("/near", DAILY))[0] or after.moved

    play(tmp_path, body)


def test_a_topic_that_is_called_like_a_level_can_be_opened(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        for label in ("strict convexity", "forget gates", "broad absorption lines", "save energy"):
            await found.say(f"/follow {label}")
            (told,) = await found.say(f"/tune {label}")
            assert told.startswith(label)
            assert "/tune" not in told
        (told,) = await found.say("/tune strict forget gates")
        assert say("en", "tuned") in told
        levels_ = {each.label: each.level for each in await found.store.subscriptions(found.chat().id)}
        assert levels_ == {
            "strict convexity": Level.NORMAL,
            "forget gates": Level.STRICT,
            "broad absorption lines": Level.NORMAL,
            "save energy": Level.NORMAL,
        }

    play(tmp_path, body)


# --- one transaction


class Falls(Store):
    """A ledger that dies just before an answer is kept, as often as told."""

    deaths = 0

    async def answer(self, *values: Any, **named: Any) -> None:
        if self.deaths:
            self.deaths -= 1
            raise Later("The process ended here.")
        await super().answer(*values, **named)


def test_a_vote_and_its_answer_are_one_transaction(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}", DAILY)
        await found.day(graded(TOPIC, Level.RULE, 1))
        store = found.store
        store.__class__ = Falls
        assert isinstance(store, Falls)
        store.deaths = 1
        before = len(found.fake.sent)
        await found.store.hear(Said("vote", DAILY, "/like 2611.00001", author="ada"))
        found.engine.nudge(f"converse:{DAILY.id}")
        await found.engine.idle()
        assert (len(found.fake.sent), await counted(tmp_path, "vote")) in {(before, 0), (before + 1, 1)}
        await found.drain()
        assert len(found.fake.sent) == before + 1, "one answer"
        assert await counted(tmp_path, "vote") == 1
        assert (await stands(found, 1, DAILY)).shift > 0
        await found.store.hear(Said("vote", DAILY, "/like 2611.00001", author="ada"))
        await found.drain()
        assert len(found.fake.sent) == before + 1, "a repeat of it is known"

    play(tmp_path, body)


def test_what_is_learned_is_read_again_as_it_was_written(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}", DAILY)
        liked = graded(TOPIC, Level.RULE, 1)
        await found.day(liked)
        await found.say("/like 2611.00001", DAILY)
        (taste,) = await found.store.tastes()
        frequencies = await found.archive.frequencies()
        vector = grading.vector(liked, frequencies)
        assert grading.learned(taste) == relevance.learned([vector], [])
        assert (await stands(found, 1, DAILY)).shift == relevance.shift(grading.learned(taste), vector)
        await found.say("/unsubscribe 1", DAILY)
        assert await found.store.tastes() == [], "nobody asks for it any more"
        await found.press("Undo", DAILY)
        assert await found.store.tastes() == [taste]
        assert (await one(found, DAILY)).likes == 1

    play(tmp_path, body)
