"""/read and /stop in a house: jobs and their messages, what they cost, what else goes on meanwhile."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from bot.core import prices
from bot.errors import Later
from bot.flow.harvest import look
from bot.flow.sweep import due
from bot.platforms import console_view
from bot.words import say
from tests.fakes.chat import FakeChat
from tests.fakes.house import paper
from tests.fakes.reading_house import FACTS, ONE, READ, Scene, play

# --- a reading and its message


def test_a_reading_takes_the_place_of_its_stages(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        texts = await scene.house.say("/read 2611.00001")
        assert texts[:3] == [
            "Reading 2611.00001v1 …",
            "Reading 2611.00001: fetching its text from arXiv …",
            "Reading 14 pages with scholar-1 …",
        ]
        (text,) = scene.stands()
        assert text == texts[3]
        for words in ("Ditto: Talking heads", "Method", "1  Ditto splits the motion", "(p. 4)", READ):
            assert words in text
        assert len({message for _, message in scene.house.fake.messages}) == 1
        labels = [[b.label for b in console_view.load(send.payload).pressable] for send, _ in scene.house.fake.messages]
        assert labels == [["Stop"], ["Stop"], ["Stop"], ["Evidence"]]

    play(tmp_path, body)


def test_a_second_one_is_answered_at_once(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        await scene.house.say("/read 2611.00001")
        began = scene.clock.now()
        id_ = await scene.types("/read https://arxiv.org/abs/2611.00001v1", scene.house.chat("b"))
        assert READ in scene.stands("fake:b")[0]
        assert scene.clock.now() - began < 1000
        assert await scene.house.store.job(id_) is None
        assert (len(scene.library.calls), len(scene.scholar.asked)) == (1, 1)

    play(tmp_path, body)


def test_evidence_comes_and_goes(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        await scene.house.say("/read 2611.00001")
        plain = scene.stands()
        await scene.house.press("Evidence")
        (text,) = scene.stands()
        assert "“A small network reads the sound and predicts the motion of the lips.”" in text
        await scene.house.press("Hide evidence")
        assert scene.stands() == plain
        assert len(scene.scholar.asked) == 1

    play(tmp_path, body)


def test_a_long_one_is_cut_and_begins_in_its_place(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        await scene.house.say("/read 2611.00001")
        parts = scene.stands()
        assert len(parts) > 1
        assert f"({len(parts)}/{len(parts)})" in parts[-1]
        assert len({message for _, message in scene.house.fake.messages}) == len(parts)
        assert "Reading" not in parts[0]

    play(tmp_path, body, chat=FakeChat(limit=700))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_without_a_model_the_authors_speak(tmp_path: Path, language: str) -> None:
    async def body(scene: Scene) -> None:
        chat = replace(scene.house.chat(), language=language)
        await scene.house.say("/read 2611.00001", chat)
        (text,) = scene.stands()
        assert "Ditto shows that silence can be animated from sound alone. (p. 9)" in text
        assert say(language, "why_none") in text
        await scene.house.say("/read 2611.00001", scene.house.chat("b"))
        assert len(scene.library.calls) == 1, "it is the same for all languages"

    play(tmp_path, body, model=False, language=language)


def test_without_the_extra_there_is_a_sentence(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        scene.house.fulltexts = None
        for text in ("/read 2611.00001", "/ask 2611.00001 what is the lip error?"):
            assert await scene.house.say(text) == [say("en", "read_no_extra")]
        assert await scene.house.store.job("said:1") is None

    play(tmp_path, body)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("/read", "read_what"),
        ("/read 2611.00001 please", "read_what"),
        ("/ask", "ask_what"),
        ("/ask 2611.00001", "ask_what"),
        ("/stop", "stop_nothing"),
        ("/stop it", "stop_nothing"),
    ],
)
def test_what_lacks_something_is_told_what(tmp_path: Path, text: str, key: str) -> None:
    async def body(scene: Scene) -> None:
        assert await scene.house.say(text) == [say("en", key)]
        assert scene.library.calls == []

    play(tmp_path, body)


def test_a_paper_that_nobody_holds_is_fetched_by_its_job(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        await scene.house.say("/read 2411.19525")
        assert scene.stands() == [say("en", "no_such_paper", id="2411.19525")]
        scene.house.source.fail(Later("arXiv is throttling us."))
        await scene.house.say("/read 2411.19526", scene.house.chat("b"))
        assert scene.stands("fake:b") == [say("en", "source_down", why="arXiv is throttling us.")]
        scene.house.source.add(replace(ONE, id="2411.19527"))
        await scene.house.say("/read 2411.19527", scene.house.chat("c"))
        assert READ in scene.stands("fake:c")[0]

    play(tmp_path, body)


# --- stopping


@pytest.mark.parametrize(("after", "asked"), [(1, 0), (10, 1)])
def test_stop_ends_it_and_nothing_follows(tmp_path: Path, after: int, asked: int) -> None:
    async def body(scene: Scene) -> None:
        await scene.types("/read 2611.00001")
        await scene.clock.sleep(after)
        await scene.types("", press=scene.button("Stop"))
        assert scene.stands() == ["Stopped."]
        await scene.house.drain()
        assert scene.stands() == ["Stopped."]
        assert len(scene.scholar.asked) == asked, "what is not begun is not paid"
        assert not [key for key in await due(scene.house.store, scene.house.ports) if key.startswith("read:")]
        await scene.house.say("/read 2611.00001", scene.house.chat("b"))
        assert READ in scene.stands("fake:b")[0]
        assert len(scene.scholar.asked) == 1, "what was begun is kept"

    play(tmp_path, body)


def test_one_who_stops_leaves_the_others_waiting(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        await scene.types("/read 2611.00001")
        stop = scene.button("Stop")
        await scene.types("/read 2611.00001", scene.house.chat("b"))
        await scene.types("", press=stop)
        await scene.house.drain()
        assert scene.stands() == ["Stopped."]
        assert READ in scene.stands("fake:b")[0]
        assert len(scene.scholar.asked) == 1

    play(tmp_path, body)


def test_a_press_that_comes_too_late_leaves_the_reading(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        await scene.house.say("/read 2611.00001")
        await scene.types("", press=scene.button("Stop"))
        await scene.house.drain()
        (text,) = scene.stands()
        assert READ in text

    play(tmp_path, body)


def test_only_the_chat_that_asked_may_stop(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        group = replace(scene.house.chat("g"), kind="group")
        job = await scene.types("/read 2611.00001", group, author="ada")
        await scene.types(f"/stop {job}", scene.house.chat("b"))
        assert scene.stands("fake:b") == [say("en", "stop_nothing")]
        assert await scene.house.store.job(job)
        await scene.types("", group, author="bo", press=scene.button("Stop"))  # whoever reads it there may
        assert scene.stands("fake:g") == ["Stopped."]
        assert await scene.house.store.job(job) is None

    play(tmp_path, body)


# --- killed, moved, forgotten


@pytest.mark.parametrize("seconds", [0, 3, 15])
def test_a_restart_goes_on_and_sends_it_once(tmp_path: Path, seconds: int) -> None:
    async def body(scene: Scene) -> None:
        await scene.types("/read 2611.00001")
        await scene.clock.sleep(seconds)
        await scene.house.engine.stop()

    async def then(scene: Scene) -> None:
        await scene.house.drain()
        (text,) = scene.stands()
        assert READ in text
        every = [console_view.text(console_view.load(payload)) for _, payload in scene.house.fake.sent]
        assert len([each for each in every if READ in each]) == 1
        assert scene.house.fake.messages[0][1] == scene.house.fake.messages[-1][1], "in the same message"
        await scene.house.drain()
        assert scene.stands() == [text]

    play(tmp_path, body, then=then)


def test_a_hanging_one_is_cancelled_and_taken_up_again(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        scene.library.hangs = True
        await scene.types("/read 2611.00001")
        await scene.house.engine.stop()
        assert (scene.library.cancelled, scene.library.together) == (1, 0)
        scene.library.hangs = False

    async def then(scene: Scene) -> None:
        await scene.house.drain()
        assert READ in scene.stands()[0]

    play(tmp_path, body, then=then)


def test_a_chat_that_moves_gets_it_where_it_is(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        await scene.types("/read 2611.00001")
        await scene.house.store.move("fake", "a", "new")
        await scene.house.drain()
        assert READ in scene.stands("fake:new")[-1]
        assert not any(READ in text for text in scene.stands("fake:a"))

    play(tmp_path, body)


def test_a_chat_that_is_forgotten_gets_nothing_more(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        job = await scene.types("/read 2611.00001")
        await scene.types("/delete_me")
        if await scene.house.store.job(job):  # it asks first
            label = next(
                b.label
                for s, _ in reversed(scene.house.fake.messages)
                for b in console_view.load(s.payload).pressable
                if b.says.startswith("/delete_me")
            )
            await scene.types("", press=scene.button(label))
        assert await scene.house.store.job(job) is None
        await scene.house.drain()
        assert not any(READ in payload for _, payload in scene.house.fake.sent)
        assert scene.scholar.asked == []
        assert await scene.house.store.chat("fake:a") is None

    play(tmp_path, body)


# --- beside everything else


def test_a_hanging_one_holds_up_nothing(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        await scene.house.say("/follow talking heads")
        scene.library.hangs = True
        await scene.types("/read 2611.00001")
        await scene.types("/topics")
        assert "talking heads" in scene.stands()[-1]
        began = scene.clock.now()
        scene.house.source.add(paper(50, "Talking heads of tomorrow"))
        await look(scene.house.store, scene.house.ports)
        while not any("tomorrow" in text for text in scene.stands()):
            await scene.goes_on(1)
            assert scene.clock.now() - began < 700_000, "the digest never comes"
        await scene.types("/status", scene.house.chat("b"))
        assert scene.stands("fake:b")
        assert scene.library.together == 1

    play(tmp_path, body, model=False)


def test_ten_at_once(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        for at in range(2, 12):
            await scene.types(f"/read 2611.{at:05}", scene.house.chat(f"c{at}"))
        await scene.house.drain()
        for at in range(2, 12):
            (text,) = scene.stands(f"fake:c{at}")
            assert f"Heron{at} splits the motion" in text
        assert scene.library.most > 5
        assert len(scene.scholar.asked) == 10

    play(tmp_path, body)


def test_ten_chats_pay_one_paper_once(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        for at in range(10):
            await scene.types("/read 2611.00001", scene.house.chat(f"c{at}"))
        await scene.house.drain()
        assert all(READ in scene.stands(f"fake:c{at}")[0] for at in range(10))
        assert (len(scene.library.calls), len(scene.scholar.asked)) == (1, 1)
        spent = await scene.house.store.spent("scholar", 0)
        (asked,) = scene.scholar.asked
        assert spent.requests == 1
        reply = spent.tokens - len(asked.prompt) // 4
        assert spent.micros == prices.cost(FACTS, at=scene.clock.now(), input=len(asked.prompt) // 4, output=reply)

    play(tmp_path, body)


def test_without_a_model_two_languages_share_one(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        await scene.types("/read 2611.00001")
        await scene.types("/read 2611.00001", replace(scene.house.chat("b"), language="zh"))
        await scene.house.drain()
        assert "(p. 9)" in scene.stands()[0]
        assert say("zh", "why_none") in scene.stands("fake:b")[0]
        assert len(scene.library.calls) == 1

    play(tmp_path, body, model=False)


def test_each_person_has_a_share(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        for at in (1, 2):
            await scene.types(f"/read 2611.{at:05}", author="ada")
        id_ = await scene.types("/ask 2611.00003 what is the lip error?", author="ada")
        assert "hour" in scene.stands()[-1]
        assert await scene.house.store.job(id_) is None
        await scene.house.drain()
        assert len(scene.library.calls) == 2

    play(tmp_path, body, asks_per_hour=2)


def test_nothing_is_left_running(tmp_path: Path) -> None:
    async def body(scene: Scene) -> None:
        await scene.house.say("/read 2611.00001")
        await scene.house.engine.stop()
        names = {task.get_name() for task in asyncio.all_tasks()}
        assert not any(name.startswith("read:") for name in names)

    play(tmp_path, body)
