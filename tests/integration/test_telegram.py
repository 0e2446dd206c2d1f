"""Paperboy as people on Telegram meet it: the real python-telegram-bot against a loopback Bot API.

Every request is held against the official schema; see tests/fakes/telegram_house.
"""

import asyncio
import base64
import contextlib
import re
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot import cli
from bot.core import commands
from bot.model import AWAITING
from tests.fakes.telegram_house import (
    ANN,
    BEN,
    CHANNEL,
    EVE,
    FORUM,
    GROUP,
    NEW,
    OLD,
    TOPIC,
    ZOE,
    Play,
    play,
)
from tests.fakes.telegram_server import TOKEN, Json, Msg

pytestmark = pytest.mark.integration
MEANT = f"{TOPIC}; also: talking face, speaking portrait, audio-driven portrait, lip sync"
FOLLOW = f"/follow {MEANT}"
MANY = "/follow the"  # a topic of a whole day
DORA, CLUB = 7_700_123_456, -1_009_988_776_655  # ids that look like nothing else


def labels(message: Msg) -> list[str]:
    return [label for row in message.buttons for label, _ in row]


def data(message: Msg, button: str) -> str:
    return next(data for row in message.buttons for label, data in row if label == button)


def parts(texts: list[str]) -> list[str]:
    """The marks of a digest's messages, '1/3' and so on."""
    return [mark for text in texts for mark in re.findall(r"\((\d+/\d+)\)", text)]


def papers(texts: list[str]) -> list[str]:
    """The places of all papers that stand in messages."""
    return [place for text in texts for place in re.findall(r"^(\d+)  ", text, re.MULTILINE)]


# --- beginning


def test_start_greets_in_two_lines_with_three_topics_as_buttons(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        hello = await t.answer(ANN, "/start")
        assert len(hello.text.splitlines()) == 2
        assert labels(hello) == ["graph neural networks", "protein language models", "cat:cs.CL AND abs:agents"]
        preview = (await t.ask_by_press(hello, "graph neural networks"))[-1]
        assert preview.text.startswith("graph neural networks\n")
        assert labels(preview) == ["Subscribe", "Stricter", "Broader", "Edit wording", "Cancel"]

    play(tmp_path, body)


def test_a_link_subscribes_in_one_tap(tmp_path: Path) -> None:
    query = 'cat:cs.CV AND (ti:"talking head" OR abs:avatar)'
    coded = base64.urlsafe_b64encode(query.encode()).decode().rstrip("=")

    async def body(t: Play) -> None:
        assert commands.link(f"/follow {query}") in {"", f"b64-{coded}"}
        done = await t.answer(ANN, "/start talking_head_generation")
        assert done.text.startswith("Subscribed: talking head generation")
        done = await t.answer(ANN, f"/start {commands.link('/follow au:Ada_One')}")
        assert done.text.startswith("Subscribed: au:Ada_One")
        assert t.labels("telegram:11") == ["au:Ada_One", "talking head generation"]
        assert (await t.answer(ANN, "/start b64-%%%")).text.startswith("I'm Paperboy.")
        assert (await t.answer(ANN, "/start")).text.startswith("I'm Paperboy.")

    play(tmp_path, body)


def test_a_link_opens_a_paper(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        opened = await t.answer(ANN, "/start read_8812-00016")
        assert opened.text.startswith("Three Cameras Are Enough")
        unknown = await t.answer(ANN, "/start read_2411-19525")
        assert (
            unknown.text
            == "arXiv has no paper 2411.19525. Check the digits; a paper appears there once it is announced."
        )

    play(tmp_path, body)


def test_a_link_into_a_group_is_for_admins_where_it_changes_the_feed(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        refused = await t.answer(GROUP, "/start@paperboy_bot talking_head_generation", user=BEN)
        assert refused.text == "Only admins of this chat can do that."
        assert (await t.answer(GROUP, "/start@paperboy_bot", user=BEN)).text.startswith("I'm Paperboy.")
        opened = await t.answer(GROUP, "/start@paperboy_bot read_8812-00016", user=BEN)
        assert opened.text.startswith("Three Cameras")
        done = await t.answer(GROUP, "/start@paperboy_bot talking_head_generation", user=ANN)
        assert done.text.startswith("Subscribed")
        assert t.labels(f"telegram:{GROUP}") == [TOPIC]

    play(tmp_path, body)


def test_the_menus_of_commands_are_set_once_per_scope_and_language(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        assert len(t.server.commands) == 6
        groups = t.server.commands['{"type": "all_group_chats"}', "zh"]
        names = [command["command"] for command in groups]
        assert "summarize" in names
        assert "subscribe" not in names
        before = len([name for name, _ in t.server.calls if name == "setMyCommands"])
        await t.restart()
        await t.quiet()
        assert len([name for name, _ in t.server.calls if name == "setMyCommands"]) == before == 6

    play(tmp_path, body)


# --- menus


def test_subscribing_is_one_message_that_changes(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        seen = await t.answer(ANN, f"/subscribe {TOPIC}")
        assert "would have brought 3 papers:" in seen.text
        seen = await t.press(seen, "Stricter")
        assert "would have brought 2 papers:" in seen.text
        seen = await t.press(seen, "Broader")
        assert "would have brought 3 papers:" in seen.text
        seen = await t.press(seen, "Cancel")
        assert (seen.text, labels(seen)) == ("Nothing was changed.", [])
        assert t.labels("telegram:11") == []
        seen = await t.answer(ANN, f"/subscribe {TOPIC}")
        seen = await t.press(seen, "Subscribe")
        assert seen.text.startswith(f"Subscribed: {TOPIC}")
        assert labels(seen) == ["Undo", "All topics"]
        assert t.labels("telegram:11") == [TOPIC]
        seen = await t.press(seen, "Undo")
        assert t.labels("telegram:11") == []
        seen = await t.press(seen, "Undo")
        assert t.labels("telegram:11") == [TOPIC]
        assert len(t.texts(ANN)) == 2
        assert len(t.server.acks) == 6
        assert all("text" not in ack for ack in t.server.acks)

    play(tmp_path, body)


def test_topics_are_tuned_muted_and_removed_in_one_message(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        await t.ask(ANN, "/follow graph neural networks")
        menu = await t.answer(ANN, "/topics")
        assert labels(menu) == ["1", "2"]
        menu = await t.press(menu, "1")
        assert labels(menu) == ["Mute", "Stricter", "Broader", "Edit wording", "Remove", "All topics"]
        menu = await t.press(menu, "Mute")
        assert "Muted: nothing comes until /unmute." in menu.text
        assert t.rows("SELECT muted FROM subscription ORDER BY created_at") == [(1,), (0,)]
        menu = await t.press(menu, "Unmute")
        menu = await t.press(menu, "Stricter")
        assert t.rows("SELECT level FROM subscription ORDER BY created_at") == [(3,), (2,)]
        menu = await t.press(menu, "Broader")
        menu = await t.press(menu, "All topics")
        menu = await t.press(menu, "2")
        menu = await t.press(menu, "Remove")
        assert t.labels("telegram:11") == [TOPIC]
        menu = await t.press(menu, "All topics")
        assert labels(menu) == ["1"]
        assert len(t.texts(ANN)) == 3

    play(tmp_path, body)


def test_settings_are_chosen_in_one_message(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        menu = await t.answer(ANN, "/settings")
        assert labels(menu) == ["language", "mode", "time", "zone", "cap", "preview", "silent", "revisions"]
        for name, choice in (("mode", "daily"), ("time", "18:00"), ("zone", "Asia/Tokyo"), ("cap", "5")):
            menu = await t.press(menu, name)
            assert "‹ Back" in labels(menu)
            menu = await t.press(menu, choice)
            assert menu.text.startswith(f"Done: {name} {choice}")
            menu = await t.press(menu, "All settings")
        menu = await t.press(menu, "silent")
        menu = await t.press(menu, "‹ Back")
        assert t.chat("telegram:11")["revisions"] == 0
        menu = await t.press(menu, "revisions")
        menu = await t.press(menu, "on")
        assert menu.text.startswith("Done: revisions on")
        menu = await t.press(menu, "All settings")
        menu = await t.press(menu, "language")
        menu = await t.press(menu, "中文")
        chat = t.chat("telegram:11")
        found = {name: chat[name] for name in ("mode", "minute", "zone", "cap", "language", "revisions")}
        wished = {"mode": "daily", "minute": 1080, "zone": "Asia/Tokyo", "cap": 5, "language": "zh", "revisions": 1}
        assert found == wished
        assert len(t.texts(ANN)) == 1

    play(tmp_path, body)


def test_all_menus_can_be_typed(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        assert (await t.answer(ANN, "/tune strict 1")).text.startswith("talking head generation\nChanged.")
        assert "Muted" in (await t.answer(ANN, "/mute 1")).text
        assert "Unmuted" in (await t.answer(ANN, "/unmute 1")).text
        assert (await t.answer(ANN, "/settings silent on")).text.startswith("Done: silent on")
        silent = await t.answer(ANN, "/topics")
        assert silent.silent
        assert (await t.answer(ANN, "/unsubscribe 1")).text.startswith("Unsubscribed")
        assert t.labels("telegram:11") == []

    play(tmp_path, body)


def test_buttons_work_after_a_restart_and_carry_at_most_64_bytes(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        preview = await t.answer(ANN, f"/subscribe {TOPIC}")
        there = await t.answer(FORUM, "/start", thread=7)
        await t.restart()
        assert (await t.press(preview, "Subscribe")).text.startswith("Subscribed")
        asked = await t.ask_by_press(there, "graph neural networks")
        assert asked[-1].thread == 7
        for message in [m for chat in t.server.chats for m in t.server.messages(chat)]:
            assert all(len(code.encode()) <= 64 for row in message.buttons for _, code in row)

    play(tmp_path, body)


def test_a_press_is_acknowledged_before_its_answer(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        menu = await t.answer(ANN, "/settings")
        t.server.fail("editMessageText", "429:60", chat_id=ANN)
        t.server.presses(ANN, menu.message_id, "mode")
        await t.server.until(lambda: t.server.acks, 2)
        assert t.last(ANN).edits == 0
        await t.server.until(lambda: t.last(ANN).edits)

    play(tmp_path, body)


# --- presses that nobody should make


def test_forged_and_stale_presses_change_nothing(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        await t.ask(ZOE, FOLLOW)
        mine = await t.press(await t.answer(ANN, "/topics"), "1")
        other = await t.answer(ANN, "/help")
        for text in ("/topics", "/topics", "/topics"):
            theirs = await t.press(await t.answer(ZOE, text), "1")
        code = data(mine, "Remove")
        _, seq, place = code.split(":")
        before, texts = t.dump(), t.texts(ANN) + t.texts(ZOE)
        for message, forged in (
            (mine, f"2:{seq}:{place}"),  # a version that we do not know
            (mine, f"1:{seq}:77"),
            (mine, f"1:{seq}:999999"),
            (mine, f"1:999:{place}"),
            (mine, f"1:{seq}:{place}:7"),  # a topic that this chat has not
            (mine, f"1:{seq}:-1"),
            (mine, f"1:{seq}:{place}' OR 1=1"),
            (mine, "1:\u0663:\u0660"),
            (mine, "garbage"),
            (mine, "x" * 64),
            (other, code),  # a row of another message
            (theirs, code),  # and one of another chat
        ):
            told = await t.forge(message.chat_id, message.message_id, forged)
            assert told.startswith(("That button is out of date.", "这个按钮已经过期")), forged
        assert t.dump() == before
        assert t.texts(ANN) + t.texts(ZOE) == texts

    play(tmp_path, body)


def test_a_press_names_nothing_that_was_never_under_its_message(tmp_path: Path) -> None:
    """A row that has not arrived yet has no message: it belongs to none that is there."""

    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        help_ = await t.answer(ANN, "/help")
        t.server.fail("sendMessage", "429:600", chat_id=ANN)
        t.server.says(ANN, "/delete_me")
        await t.server.until(lambda: t.rows("SELECT 1 FROM send WHERE attempt = 1 AND state = 'due'"))
        (seq,) = t.rows("SELECT max(seq) FROM send WHERE chat = 'telegram:11'")[0]
        before = t.dump()
        t.server.presses_raw(ANN, help_.message_id, f"1:{seq}:0")
        await t.server.until(lambda: t.server.acks)
        await asyncio.sleep(0.1)
        assert t.dump() == before
        assert t.labels("telegram:11") == [TOPIC]

    play(tmp_path, body)


def test_a_press_that_is_repeated_counts_once(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        done = await t.press(await t.answer(ANN, f"/subscribe {TOPIC}"), "Subscribe")
        t.server.presses(ANN, done.message_id, "Undo")
        (update,) = t.server.pending
        await t.quiet()
        undone = t.last(ANN)
        assert t.labels("telegram:11") == []
        await t.press(undone, "Undo")
        before = t.dump()
        await t.stop()
        t.server.pending = [update]
        await t.start()
        await t.quiet()
        assert t.dump() == before
        assert t.labels("telegram:11") == [TOPIC]

    play(tmp_path, body)


def test_a_press_under_a_message_that_is_gone_is_answered_by_a_new_one(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        menu = await t.answer(ANN, "/topics")
        code = data(menu, "1")
        del t.server.chats[ANN].messages[menu.message_id]
        assert await t.forge(ANN, menu.message_id, code) == ""
        assert labels(t.last(ANN)) == ["Mute", "Stricter", "Broader", "Edit wording", "Remove", "All topics"]
        assert t.last(ANN).message_id > menu.message_id

    play(tmp_path, body)


def test_somebody_elses_press_in_a_group_changes_nothing_and_spoils_nothing(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(GROUP, FOLLOW)
        menu = await t.press(await t.answer(GROUP, "/topics"), "1")
        before, text = t.dump(), menu.text
        t.server.presses(GROUP, menu.message_id, "Remove", user=BEN)
        await t.quiet()
        assert t.dump() == before
        await t.forge(GROUP, menu.message_id, data(menu, "Mute"), user=BEN)
        assert t.server.acks[-1]["text"] == "Only admins of this chat can do that."
        assert t.dump() == before
        assert t.server.chats[GROUP].messages[menu.message_id].text == text

    play(tmp_path, body)


def test_somebody_elses_cancel_leaves_an_admins_preview_alone(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        preview = await t.answer(GROUP, f"/subscribe {TOPIC}")
        after = await t.press(preview, "Cancel", user=BEN)
        assert labels(after) == ["Subscribe", "Stricter", "Broader", "Edit wording", "Cancel"]

    play(tmp_path, body)


def test_a_press_that_telegram_has_forgotten_is_answered_all_the_same(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        menu = await t.answer(ANN, "/settings")
        t.server.presses(ANN, menu.message_id, "cap")
        t.server._asked.clear()  # "query is too old"
        await t.quiet()
        assert t.last(ANN).text.startswith("cap all")

    play(tmp_path, body)


def test_a_press_that_changes_nothing_is_no_failure(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        menu = await t.answer(ANN, "/settings")
        code = data(menu, "cap")
        for _ in range(2):
            t.server.presses_raw(ANN, menu.message_id, code)
        await t.quiet()
        assert t.last(ANN).text.startswith("cap all")
        assert len(t.texts(ANN)) == 1
        assert not t.rows("SELECT 1 FROM send WHERE state NOT IN ('sent', 'skipped')")

    play(tmp_path, body)


def test_a_message_too_old_to_be_changed_is_followed_by_a_new_one(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        menu = await t.answer(ANN, "/settings")
        t.server.fail("editMessageText", "400:message can't be edited", chat_id=ANN)
        await t.press(menu, "cap")
        assert [text[:8] for text in t.texts(ANN)] == ["Settings", "cap all "]
        await t.press(t.last(ANN), "5")
        assert t.last(ANN).text.startswith("Done: cap 5")
        assert len(t.texts(ANN)) == 2

    play(tmp_path, body)


def test_a_press_proves_that_its_message_arrived(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.fail("sendMessage", "lost", chat_id=ANN)
        t.server.says(ANN, "/settings")
        await t.server.until(t.doubts)
        t.server.presses(ANN, t.last(ANN).message_id, "cap")
        await t.quiet()
        await t.sleep(20)
        await t.quiet()
        assert len(t.texts(ANN)) == 1

    play(tmp_path, body)


def test_a_press_under_the_first_of_two_copies_changes_the_copy_that_was_pressed(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        t.server.fail("sendMessage", "lost", chat_id=ANN)
        t.server.says(ANN, "/topics")
        await t.server.until(lambda: len(t.texts(ANN)) == 3)
        await t.quiet()
        first, second = t.server.messages(ANN)[1:]
        assert second.text.startswith("Sent again: the first was not confirmed.\n")
        await t.press(first, "1")
        after = t.server.chats[ANN].messages
        assert (after[first.message_id].edits, after[second.message_id].edits) == (1, 0)

    play(tmp_path, body)


# --- papers


def test_a_digest_arrives_and_its_numbers_open_its_papers(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        await t.day()
        first, second = t.server.messages(ANN)[1:]
        assert papers([first.text, second.text]) == ["1", "2", "3", "4"]
        assert parts([first.text, second.text]) == ["1/2", "2/2"]
        assert (labels(first), labels(second)) == (["1", "2", "3"], ["4"])
        (opened,) = await t.ask_by_press(second, "4")
        assert opened.text.startswith("Feelings Change Slowly:")
        assert t.server.chats[ANN].messages[second.message_id].text == second.text
        await t.app.store.wake_all()
        await t.quiet()
        assert len(t.texts(ANN)) == 4

    play(tmp_path, body)


def test_a_reply_to_a_digest_is_a_question_and_talk_below_one_in_a_group_is_not(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        await t.ask(GROUP, FOLLOW)
        await t.day()
        for chat, text, answered in (
            (ANN, "what data was it trained on?", True),
            (ANN, "/help", True),
            (GROUP, "what data was it trained on?", False),  # no model is there, and people talk among themselves
            (GROUP, "thanks", False),
        ):
            before = len(t.texts(chat))
            t.server.says(chat, text, reply_to=t.last(chat).message_id)
            await t.quiet()
            assert (len(t.texts(chat)) > before) is answered, text
        assert "Questions need a model" in t.texts(ANN)[-2]
        assert await t.app.store.shown("telegram:11", str(t.server.messages(ANN)[-3].message_id)) == ["8812.00033"]

    play(tmp_path, body)


def test_a_digest_shows_its_first_link_if_the_chat_wishes(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        await t.ask(ANN, "/settings preview on")
        await t.day()
        preview = t.last(ANN).link_preview_options
        assert preview
        assert preview["url"] == "https://arxiv.org/abs/8812.00033"
        assert not preview.get("is_disabled")

    play(tmp_path, body)


def test_buttons_in_a_channel_are_links(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await admit(t)
        await t.ask(ANN, f"/follow @papers {MEANT}")
        await t.day()
        rows = [row for message in t.server.messages(CHANNEL) for row in message.buttons]
        links = [link for row in rows for _, link in row]
        assert len(links) == 4
        assert links[-1] == "https://t.me/paperboy_bot?start=read_8812-00033"
        opened = await t.answer(ZOE, f"/start {links[-1].rpartition('=')[2]}")
        assert opened.text.startswith("Feelings Change Slowly:")

    play(tmp_path, body)


@pytest.mark.parametrize(("who", "waits"), [(ANN, "Reading 8812.00046 …"), (ZOE, "正在读 8812.00046 …")])
def test_a_paper_to_be_fetched_has_its_place_held_by_a_message(tmp_path: Path, who: int, waits: str) -> None:
    async def body(t: Play) -> None:
        t.source.day_out = True
        t.source.open.clear()
        t.server.says(who, "/summarize 8812.00046")
        await t.server.until(lambda: t.texts(who))
        assert t.texts(who) == [waits]
        t.source.open.set()
        await t.quiet()
        (answer,) = t.server.messages(who)
        assert answer.text.startswith("LipField:")
        assert ("作者" in answer.text) == (who == ZOE)
        assert answer.edits == 1

    play(tmp_path, body)


def test_a_paper_is_read_to_its_end_after_a_restart_in_the_same_message(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.source.open.clear()
        t.server.says(ANN, "/summarize 8812.00046")
        await t.server.until(lambda: t.texts(ANN))
        await t.stop()
        assert t.texts(ANN) == ["Reading 8812.00046 …"]
        await t.open()
        t.source.day_out = True
        await t.serve()
        await t.server.until(lambda: t.server.edits)
        await t.quiet()
        (answer,) = t.server.messages(ANN)
        assert answer.text.startswith("LipField:")

    play(tmp_path, body)


def test_an_answer_that_is_there_first_needs_no_place(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.source.day_out = True
        t.server.fail("sendMessage", "429:60", chat_id=ANN)
        await t.ask(ANN, "/help")  # must wait, and all that follows with it
        assert t.texts(ANN) == []
        await t.ask(ANN, "/summarize 8812.00046")
        await t.server.until(lambda: len(t.texts(ANN)) == 2)
        await t.quiet()
        help_, paper = t.server.messages(ANN)
        assert help_.text.startswith("What I understand")
        assert paper.text.startswith("LipField:")
        assert paper.edits == 0

    play(tmp_path, body)


def test_a_paper_that_is_known_is_one_message(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        answer = await t.answer(ANN, "/summarize https://arxiv.org/abs/8812.00016")
        assert answer.text.startswith("Three Cameras")
        assert answer.edits == 0
        assert t.source.fetching == 0

    play(tmp_path, body)


# --- groups


def test_in_groups_admins_manage_and_everybody_reads(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        for text in (
            "/subscribe graphs",
            FOLLOW,
            "/unsubscribe 1",
            "/digest",
            "/settings cap 5",
            "/delete_me",
            "/mute 1",
        ):
            assert (await t.answer(GROUP, text, user=BEN)).text == "Only admins of this chat can do that.", text
        assert (await t.answer(GROUP, FOLLOW, user=ANN)).text.startswith("Subscribed")
        assert (await t.answer(GROUP, "/follow graphs", anonymous=True)).text.startswith("Subscribed")
        assert (await t.answer(GROUP, "/topics", user=BEN)).text.startswith("Your topics")
        assert (await t.answer(GROUP, "/summarize 8812.00016", user=BEN)).text.startswith("Three Cameras")
        assert (await t.answer(GROUP, "/settings@paperboy_bot", user=BEN)).text.startswith("Settings of this chat")
        t.server.chats[GROUP].admins.append(BEN)
        await t.sleep(61)
        assert (await t.answer(GROUP, "/unsubscribe 1", user=BEN)).text.startswith("Unsubscribed")

    play(tmp_path, body)


def test_whoever_speaks_as_a_channel_manages_nothing(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.says(GROUP, FOLLOW, user=ANN)
        message = t.server.pending[-1]["message"]
        message["sender_chat"] = t.server.chats[CHANNEL].json()
        message["from"] = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
        await t.quiet()
        assert t.last(GROUP).text == "Only admins of this chat can do that."
        assert t.labels(f"telegram:{GROUP}") == []

    play(tmp_path, body)


def test_plain_words_and_commands_to_others_are_no_business_of_ours(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.privacy = False  # we see everything
        for text in ("hello", "2411.19525", "what does /help do?", "/help@other_bot", "/subscribe@other_bot cats"):
            assert await t.ask(GROUP, text, user=BEN) == []
        hello = await t.answer(GROUP, "/start", user=BEN)
        t.server.says(GROUP, "thanks", user=BEN, reply_to=hello.message_id)
        await t.quiet()
        assert len(t.texts(GROUP)) == 1
        assert t.rows("SELECT text FROM inbox") == [("/start",)]
        assert (await t.answer(ANN, "hello")).text == "I only understand commands; /help lists them."

    play(tmp_path, body)


def test_everybody_may_ask_for_so_many_papers_an_hour(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        for _ in range(2):
            assert (await t.answer(GROUP, "/summarize 8812.00016", user=BEN)).text.startswith("Three Cameras")
        refused = await t.answer(GROUP, "/summarize 8812.00016", user=BEN)
        assert refused.text.startswith("You asked 2 times within the hour")
        assert (await t.answer(GROUP, "/summarize 8812.00016", user=ANN)).text.startswith("Three Cameras")
        assert (await t.answer(BEN, "/summarize 8812.00016")).text.startswith("You asked 2 times")

    play(tmp_path, body, asks_per_hour=2)


def test_who_cannot_be_asked_about_is_asked_to_wait(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.fail("getChatMember", "500")
        refused = await t.answer(GROUP, FOLLOW)
        assert refused.text.startswith("I can't look that up now: Telegram could not be asked who is an admin")
        assert t.labels(f"telegram:{GROUP}") == []
        assert (await t.answer(GROUP, FOLLOW)).text.startswith("Subscribed")

    play(tmp_path, body)


def test_topics_of_a_forum_are_separate_destinations(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        answer = await t.answer(FORUM, FOLLOW, thread=7)
        assert answer.thread == 7
        general = await t.answer(FORUM, "/follow graph neural networks")
        assert general.thread is None
        assert (await t.answer(FORUM, "/topics", thread=8)).text.startswith("You have no topics yet.")
        assert (await t.press(await t.answer(FORUM, "/topics", thread=7), "1")).thread == 7
        await t.day()
        assert papers(t.texts(FORUM, 7)) == ["1", "2", "3", "4"]
        assert [m.thread for m in t.server.messages(FORUM) if "graph neural networks ·" in m.text] == [None]
        assert len(t.texts(FORUM, 8)) == 1

    play(tmp_path, body)


def test_a_group_that_lets_us_in_is_greeted(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.chats[GROUP].status = "left"
        t.server.adds(GROUP, by=BEN)
        await t.quiet()
        (hello,) = t.texts(GROUP)
        assert hello.startswith("I'm Paperboy.")
        t.server.adds(GROUP, by=ANN, admin=True)  # a promotion is no reason to speak
        await t.quiet()
        assert len(t.texts(GROUP)) == 1
        assert t.chat(f"telegram:{GROUP}")["host"] == "telegram:13"

    play(tmp_path, body)


# --- channels


async def admit(t: Play) -> None:
    """Ann adds us to her channel and confirms."""
    t.server.adds(CHANNEL, by=ANN)
    await t.quiet()
    asked = t.last(ANN)
    assert asked.text == "You added me to Papers. Shall I post digests there?"
    await t.press(asked, "Post there")


def test_a_channel_is_run_from_its_admins_private_chat(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await admit(t)
        assert t.last(ANN).text.startswith("Done: digests go to Papers.")
        assert labels(t.last(ANN)) == ["All topics", "All settings"]
        preview = await t.answer(ANN, f"/subscribe @papers {TOPIC}")
        assert "For Papers." in preview.text
        done = await t.press(preview, "Subscribe")
        assert labels(done) == ["Undo", "All topics"]
        assert t.labels(f"telegram:{CHANNEL}") == [TOPIC]
        assert t.labels("telegram:11") == []
        menu = await t.answer(ANN, "/topics @papers")
        assert menu.text.startswith("Your topics · Papers")
        menu = await t.press(menu, "1")
        menu = await t.press(menu, "Stricter")
        assert t.rows("SELECT level FROM subscription") == [(3,)]
        assert (await t.answer(ANN, f"/topics @{CHANNEL}")).text.startswith("Your topics · Papers")
        assert (await t.answer(ANN, "/settings @papers cap 2")).text.startswith("Done: cap 2")
        assert t.texts(CHANNEL) == []
        await t.day()
        assert papers(t.texts(CHANNEL)) == ["1", "2"]
        assert "left out" in t.texts(CHANNEL)[-1]

    play(tmp_path, body)


def test_a_channel_is_silent_until_its_admin_confirms(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.adds(CHANNEL, by=ANN)
        await t.quiet()
        assert t.chat(f"telegram:{CHANNEL}")["suspended"] == AWAITING
        refused = await t.press(t.last(ANN), "Cancel")
        assert refused.text == "Nothing was changed."
        assert t.chat(f"telegram:{CHANNEL}")["suspended"] == AWAITING
        await t.ask(ANN, f"/follow @papers {MEANT}")
        await t.day()
        assert t.texts(CHANNEL) == []
        asked = await t.answer(ANN, "/channel @papers")
        await t.press(asked, "Post there")
        await t.quiet()
        assert papers(t.texts(CHANNEL)) == ["1", "2", "3", "4"]

    play(tmp_path, body)


def test_a_stranger_runs_no_channel(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await admit(t)
        before = t.dump("chat", "subscription")
        for text in (f"/follow @papers {MEANT}", "/topics @papers", "/channel @papers yes", "/settings @papers cap 1"):
            assert (await t.answer(BEN, text)).text == "Only admins of that chat can do that.", text
        assert (await t.answer(BEN, "/topics @nowhere")).text.startswith("I'm not in @nowhere.")
        after = t.dump("chat", "subscription")
        assert [row for row in after["chat"] if "telegram:13" not in row] == before["chat"]
        assert after["subscription"] == before["subscription"]

    play(tmp_path, body)


def test_a_channel_where_we_may_not_post_is_told_to_who_added_us(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.adds(CHANNEL, by=ANN, can_post_messages=False)
        await t.quiet()
        said = "I can't post in Papers: it lacks the right to post. Make it an admin who may post messages."
        assert t.texts(ANN) == [said]
        t.server.adds(CHANNEL, by=ANN)
        await t.quiet()
        await t.press(t.last(ANN), "Post there")
        await t.ask(ANN, f"/follow @papers {MEANT}")
        t.server.adds(CHANNEL, by=ANN, can_post_messages=False)
        await t.quiet()
        assert t.last(ANN).text.startswith("I can't post in Papers any more: it lacks the right to post.")
        await t.day()
        assert t.texts(CHANNEL) == []
        t.server.adds(CHANNEL, by=ANN)
        await t.quiet()
        assert papers(t.texts(CHANNEL)) == ["1", "2", "3", "4"]
        assert t.last(ANN).text.startswith("Digests go to Papers.")

    play(tmp_path, body)


def test_an_admin_who_never_came_is_asked_once_they_do(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.chats[CHANNEL].admins.insert(0, EVE)
        t.server.adds(CHANNEL, by=EVE)
        await t.quiet()
        assert t.texts(EVE) == []
        await t.ask(EVE, "/start")
        assert [text.splitlines()[0] for text in t.texts(EVE)] == [
            "You added me to Papers. Shall I post digests there?",
            "I'm Paperboy. Name a topic and I'll bring you the new arXiv papers about it, once each.",
        ]

    play(tmp_path, body)


# --- leaving


async def gone(t: Play, chat: int, **how: Any) -> None:
    asked = await t.answer(chat, "/delete_me", **how)
    assert asked.text.startswith("This removes everything")
    t.server.presses(chat, asked.message_id, "Delete everything", user=how.get("user"))
    await t.quiet()
    assert t.last(chat).text == "Everything about this chat is deleted. /start begins anew."
    await t.quiet()


async def lives(t: Play) -> None:
    """Dora does everything that leaves a trace."""
    t.server.add_private(DORA, "Dora")
    t.server.add_group(CLUB, "Club", admins=(DORA,))
    t.server.adds(CLUB, by=DORA)
    await t.ask(DORA, "/start")
    await t.ask(DORA, FOLLOW)
    await t.ask(CLUB, "/follow galaxies", user=DORA)
    await t.ask(CLUB, "/summarize 8812.00016", user=DORA)
    await t.ask(DORA, "/summarize 8812.00017")
    await t.press(await t.answer(DORA, "/settings"), "mode")
    await t.day()
    assert t.traces(str(DORA))


def test_delete_me_leaves_no_trace_but_a_budget_of_the_next_seconds(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await lives(t)
        await gone(t, DORA)
        assert [row for row in t.traces(str(DORA)) if not row.startswith("gate: ")] == []
        assert t.labels(f"telegram:{CLUB}") == ["galaxies"]
        assert (await t.answer(DORA, "/topics")).text.startswith("You have no topics yet.")
        await t.ask(DORA, FOLLOW)
        assert t.labels(f"telegram:{DORA}") == [TOPIC]

    play(tmp_path, body)


def test_delete_me_leaves_no_trace(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await lives(t)
        await gone(t, DORA)
        assert t.traces(str(DORA)) == []

    play(tmp_path, body)


def test_delete_me_leaves_no_trace_in_what_the_owner_was_told(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await lives(t)
        await t.server.until(lambda: any("New chats" in text for text in t.texts(ZOE)))
        await gone(t, DORA)
        assert [row for row in t.traces(str(DORA)) if not row.startswith("gate: ")] == []

    play(tmp_path, body, rate=600, owner=f"telegram:{ZOE}")


def test_delete_me_leaves_no_trace_of_one_who_blocks_us_at_once(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await lives(t)
        asked = await t.answer(DORA, "/delete_me")
        t.server.presses(DORA, asked.message_id, "Delete everything")
        t.server.blocks(DORA)
        await t.quiet()
        await asyncio.sleep(0.2)
        assert [row for row in t.traces(str(DORA)) if not row.startswith("gate: ")] == []

    play(tmp_path, body)


def test_the_farewell_takes_the_place_of_the_question(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        asked = await t.answer(ANN, "/delete_me")
        after = await t.press(asked, "Delete everything")
        assert after.text == "Everything about this chat is deleted. /start begins anew."
        assert after.buttons == []
        assert len(t.texts(ANN)) == 1

    play(tmp_path, body)


def test_who_comes_back_before_the_farewell_begins_anew(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        await t.ask(ANN, "/settings cap 5")
        asked = await t.answer(ANN, "/delete_me")
        for method in ("editMessageText", "sendMessage"):
            t.server.fail(method, "429:60", chat_id=ANN)
        t.server.presses(ANN, asked.message_id, "Delete everything")
        await t.server.until(lambda: t.rows("SELECT 1 FROM send WHERE error LIKE '%asked to wait%'"))
        t.server._plan.clear()
        t.server.says(ANN, "/start")
        await t.server.until(lambda: t.last(ANN).text.startswith("I'm Paperboy."))
        assert t.labels("telegram:11") == []
        assert t.chat("telegram:11")["cap"] == 0

    play(tmp_path, body)


def test_a_channel_is_forgotten_from_its_admins_private_chat(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await admit(t)
        await t.ask(ANN, f"/follow @papers {MEANT}")
        await t.day()
        assert (await t.answer(BEN, "/delete_me @papers")).text == "Only admins of that chat can do that."
        await t.press(await t.answer(ANN, "/delete_me @papers"), "Delete everything")
        await t.quiet()
        channel = f"telegram:{CHANNEL}"
        for table in ("subscription", "delivery", "digest", "send"):
            assert t.rows(f"SELECT 1 FROM {table} WHERE chat = ?", channel) == [], table
        assert t.chat(channel) == {}
        assert (await t.answer(ANN, "/topics @papers")).text.startswith("I'm not in @papers.")

    play(tmp_path, body)


def test_in_a_group_only_an_admin_deletes_it(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await lives(t)
        assert (await t.answer(CLUB, "/delete_me", user=BEN)).text == "Only admins of this chat can do that."
        asked = await t.answer(CLUB, "/delete_me", user=DORA)
        await t.forge(CLUB, asked.message_id, data(asked, "Delete everything"), user=BEN)
        assert t.labels(f"telegram:{CLUB}") == ["galaxies"]
        await gone(t, CLUB, user=DORA)
        assert [row for row in t.traces(str(CLUB)) if not row.startswith("gate: ")] == []
        assert t.labels(f"telegram:{DORA}") == [TOPIC]

    play(tmp_path, body)


# --- what holds: chats that are lost and found


def age(t: Play, days: int) -> None:
    """All sends were first tried so many days earlier."""
    with contextlib.closing(sqlite3.connect(t.path)) as db:
        db.execute("UPDATE send SET first_at = first_at - ?", (days * 86_400_000,))
        db.commit()


def test_who_blocks_us_keeps_everything_and_gets_what_waited(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        t.server.chats[ANN].status = "kicked"  # and we were not told
        await t.day()
        chat = t.chat("telegram:11")
        assert chat["suspended"] == "the bot was blocked or never started there."
        assert t.labels("telegram:11") == [TOPIC]
        t.server.unblocks(ANN)
        await t.quiet()
        assert papers(t.texts(ANN)) == ["1", "2", "3", "4"]

    play(tmp_path, body)


def test_a_group_that_throws_us_out_keeps_everything_and_its_host_hears(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.chats[GROUP].status = "left"
        await t.ask(ANN, "/start")
        t.server.adds(GROUP, by=ANN)
        await t.quiet()
        await t.ask(GROUP, FOLLOW)
        t.server.kicks(GROUP, by=ANN)
        await t.quiet()
        said = "I can't post in Vision lab any more: the bot was removed from the chat."
        assert t.last(ANN).text == f"{said} Topics and settings are kept; I resume when I'm let back in."
        await t.day()
        assert len(t.texts(GROUP)) == 2
        t.server.adds(GROUP, by=ANN)
        await t.quiet()
        assert papers(t.texts(GROUP)) == ["1", "2", "3", "4"]
        assert len([text for text in t.texts(ANN) if "any more" in text]) == 1

    play(tmp_path, body)


def test_who_throws_us_out_in_mid_digest_gets_the_rest_of_it_once(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(GROUP, MANY)
        await t.day(wait=False)
        await t.server.until(lambda: len(t.texts(GROUP)) > 3)
        t.server.kicks(GROUP)
        await t.quiet()
        had = len(t.texts(GROUP))
        t.server.adds(GROUP)
        await t.quiet()
        texts = [text for text in t.texts(GROUP) if parts([text])]
        assert len(t.texts(GROUP)) > had
        marks = parts(texts)
        assert marks == [f"{place}/{len(marks)}" for place in range(1, len(marks) + 1)]

    play(tmp_path, body)


def test_whatever_telegram_says_of_a_chat_that_is_lost_is_understood(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        for how, why in (
            ("400:chat not found", "the chat is not there any more."),
            ("400:group chat was deactivated", "the chat is not there any more."),
            ("400:PEER_ID_INVALID", "the chat is not there any more."),
            ("403:the group chat was deleted", "the chat is not there any more."),
            ("403:user is deactivated", "the bot was blocked or never started there."),
            ("403:bot was kicked from the group chat", "the bot was removed from the chat."),
            ("403:bot is not a member of the supergroup chat", "the bot was removed from the chat."),
            ("400:CHAT_WRITE_FORBIDDEN", "it lacks the right to post. Make it an admin who may post messages."),
            ("400:CHAT_RESTRICTED", "it lacks the right to post. Make it an admin who may post messages."),
            (
                "400:have no rights to send a message",
                "it lacks the right to post. Make it an admin who may post messages.",
            ),
        ):
            before = len(t.texts(GROUP))
            t.server.fail("sendMessage", how, chat_id=GROUP)
            await t.ask(GROUP, "/help")
            assert t.chat(f"telegram:{GROUP}")["suspended"] == why, how
            t.server.adds(GROUP)
            await t.quiet()
            assert len(t.texts(GROUP)) == before + 1, how

    play(tmp_path, body)


def test_a_message_that_telegram_refuses_holds_up_no_other(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.fail("sendMessage", "400:something new", chat_id=ANN)
        t.server.says(ANN, "/start")
        assert (await t.answer(ANN, "/help")).text.startswith("What I understand")
        assert t.rows("SELECT error FROM send WHERE state = 'dead'") == [("Telegram refused a message: Something new",)]

    play(tmp_path, body)


def test_what_waited_for_days_while_we_were_out_survives_a_short_wait(tmp_path: Path) -> None:
    """A week of being blocked is no outage: the patience of a message does not run meanwhile."""

    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        t.server.chats[ANN].status = "kicked"
        await t.day()
        age(t, 3)
        t.server.fail("sendMessage", "429:5", chat_id=ANN)
        t.server.unblocks(ANN)
        await t.server.until(lambda: t.rows("SELECT 1 FROM send WHERE error LIKE '%asked to wait%'"))
        await t.server.until(lambda: papers(t.texts(ANN)) == ["1", "2", "3", "4"], 2)

    play(tmp_path, body)


def test_a_deleted_topic_loses_itself_only_and_general_hears(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(FORUM, FOLLOW, thread=7)
        await t.ask(FORUM, FOLLOW, thread=8)
        t.server.deletes_topic(FORUM, 7)
        await t.day()
        assert t.chat(f"telegram:{FORUM}:7")["suspended"].startswith("the topic was deleted or closed")
        assert t.chat(f"telegram:{FORUM}:8")["suspended"] == ""
        assert papers(t.texts(FORUM, 8)) == ["1", "2", "3", "4"]
        (told,) = [m for m in t.server.messages(FORUM) if m.thread is None]
        assert "I can't post in Reading room any more: the topic was deleted or closed" in told.text

    play(tmp_path, body)


def test_a_closed_general_topic_loses_itself_only(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(FORUM, FOLLOW)
        await t.ask(FORUM, "/follow zebras", thread=7)
        t.server.fail("sendMessage", "400:TOPIC_CLOSED", chat_id=FORUM)
        await t.day()
        assert t.chat(f"telegram:{FORUM}")["suspended"].startswith("the topic was deleted or closed")
        assert t.chat(f"telegram:{FORUM}:7")["suspended"] == ""

    play(tmp_path, body)


def test_a_host_is_told_in_one_language(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.chats[GROUP].status = "left"
        await t.ask(ZOE, "/start")
        t.server.adds(GROUP, by=ZOE)
        await t.quiet()
        t.server.kicks(GROUP, by=ANN)
        await t.quiet()
        assert "Vision lab" in t.last(ZOE).text
        assert "removed" not in t.last(ZOE).text

    play(tmp_path, body)


def test_a_closed_topic_gets_what_waited_once_it_is_open_again(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(FORUM, FOLLOW, thread=7)
        t.server.closes_topic(FORUM, 7)
        await t.day()
        assert t.chat(f"telegram:{FORUM}:7")["suspended"]
        t.server.add_topic(FORUM, 7)
        await t.ask(FORUM, "/status", thread=7)
        assert papers(t.texts(FORUM, 7)) == ["1", "2", "3", "4"]

    play(tmp_path, body)


def test_a_group_where_we_lost_the_right_to_write_is_suspended(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(GROUP, FOLLOW)
        t.server.mutes(GROUP)
        await t.day()
        assert t.chat(f"telegram:{GROUP}")["suspended"].startswith("it lacks the right to post.")
        t.server.mutes(GROUP, muted=False)
        t.server.adds(GROUP, admin=True)
        await t.quiet()
        assert papers(t.texts(GROUP)) == ["1", "2", "3", "4"]

    play(tmp_path, body)


def test_a_muted_group_nags_its_host_once(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.chats[GROUP].status = "left"
        await t.ask(ANN, "/start")
        t.server.adds(GROUP, by=ANN)
        await t.quiet()
        t.server.mutes(GROUP)
        for _ in range(4):
            await t.ask(GROUP, "/topics", user=BEN)
        assert len([text for text in t.texts(ANN) if "any more" in text]) == 1

    play(tmp_path, body)


# --- what holds: a group that becomes a supergroup


async def half_a_digest(t: Play) -> int:
    """The old group has the first message of its digest; returns how many it will be."""
    await t.ask(OLD, MANY)
    await t.ask(OLD, "/settings language zh")
    await t.ask(OLD, "/settings silent on")
    start = len(t.texts(OLD))
    await t.day(wait=False)
    await t.server.until(lambda: len(t.texts(OLD)) > start)
    return start


def moved_as_a_whole(t: Play, start: int) -> None:
    """All of the digest has arrived, once, and everything is at the new address."""
    texts = t.texts(OLD)[start:] + t.texts(NEW)
    texts = [text for text in texts if parts([text])]
    marks = parts(texts)
    total = int(marks[0].partition("/")[2])
    assert total > 3
    assert marks == [f"{place}/{total}" for place in range(1, total + 1)]
    assert parts(t.texts(NEW))
    places = papers(texts)
    assert places == [str(place) for place in range(1, len(places) + 1)]
    chat = t.chat(f"telegram:{NEW}")
    assert (chat["language"], chat["silent"], chat["suspended"], chat["address"]) == ("zh", 1, "", str(NEW))
    assert t.chat(f"telegram:{OLD}") == {}
    assert t.labels(f"telegram:{NEW}") == ["the"]
    for table in ("subscription", "delivery", "digest", "send", "inbox"):
        assert t.rows(f"SELECT 1 FROM {table} WHERE chat = ?", f"telegram:{OLD}") == [], table


def hold_back(t: Play) -> list[Json]:
    """What Telegram has not told yet is told later."""
    held, t.server.pending = t.server.pending, []
    return held


def tell(t: Play, *updates: Json) -> None:
    for update in updates:
        t.server.pending.append(update | {"update_id": next(t.server._updates)})
    t.server._wake("news")


def test_an_upgrade_is_learned_of_by_a_refusal(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        start = await half_a_digest(t)
        t.server.upgrades(OLD, NEW)
        held = hold_back(t)
        await t.quiet()
        moved_as_a_whole(t, start)
        for updates in (held, held[::-1], held):
            tell(t, *updates)
            await t.quiet()
        moved_as_a_whole(t, start)

    play(tmp_path, body)


@pytest.mark.parametrize("order", ["old first", "new first"])
def test_an_upgrade_is_learned_of_by_its_service_messages(tmp_path: Path, order: str) -> None:
    async def body(t: Play) -> None:
        start = await half_a_digest(t)
        t.server.fail("sendMessage", "429:100", chat_id=OLD)
        await t.server.until(lambda: t.rows("SELECT 1 FROM send WHERE error LIKE '%asked to wait%'"))
        t.server.upgrades(OLD, NEW)
        held = hold_back(t)
        for update in held if order == "old first" else held[::-1]:
            tell(t, update)
            await t.quiet()
            assert t.chat(f"telegram:{NEW}")["language"] == "zh"
        await t.server.until(lambda: not t.rows("SELECT 1 FROM send WHERE state IN ('due', 'sending')"))
        moved_as_a_whole(t, start)
        assert not [call for call in t.server.calls if call[1].get("chat_id") == OLD and call[0] == "sendMessage"][
            len(t.texts(OLD)) + 1 :
        ]

    play(tmp_path, body)


def test_an_upgrade_keeps_the_settings_when_somebody_speaks_in_the_new_group_first(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        start = await half_a_digest(t)
        t.server.fail("sendMessage", "429:100", chat_id=OLD)
        await t.server.until(lambda: t.rows("SELECT 1 FROM send WHERE error LIKE '%asked to wait%'"))
        t.server.upgrades(OLD, NEW)
        held = hold_back(t)
        await t.ask(NEW, "/help")
        tell(t, *held)
        await t.quiet()
        await t.server.until(lambda: not t.rows("SELECT 1 FROM send WHERE state IN ('due', 'sending')"))
        moved_as_a_whole(t, start)

    play(tmp_path, body)


def test_an_upgrade_keeps_the_settings_when_a_word_from_the_old_group_comes_late(tmp_path: Path) -> None:
    """The refusal of a digest is known before what was said in the group until then is heard."""

    async def body(t: Play) -> None:
        start = await half_a_digest(t)
        t.server.says(OLD, "/topics")
        t.server.upgrades(OLD, NEW)
        held = hold_back(t)
        await t.quiet()
        moved_as_a_whole(t, start)
        tell(t, *held)
        await t.quiet()
        chat = t.chat(f"telegram:{NEW}")
        assert (chat["language"], chat["silent"]) == ("zh", 1)
        assert t.labels(f"telegram:{NEW}") == ["the"]
        assert parts([t.last(NEW).text]) == []  # the answer has come as well

    play(tmp_path, body)


@pytest.mark.parametrize("step", ["plan", "answer", "place"])
def test_an_upgrade_in_the_middle_of_a_step_loses_nothing(tmp_path: Path, step: str) -> None:
    """Who works for the old chat writes down what it has made after everything has moved."""

    async def body(t: Play) -> None:
        await t.ask(OLD, FOLLOW)
        t.source.day_out = True
        work, turn = getattr(t.app.store, step), asyncio.Lock()

        async def late(*args: Any, **kwargs: Any) -> None:
            async with turn:  # whoever does the same for the new chat comes second
                if not t.server.chats[OLD].moved_to:
                    t.server.upgrades(OLD, NEW)
                    while await t.app.store.chat(f"telegram:{OLD}"):  # noqa: ASYNC110 - a ledger has no bell
                        await asyncio.sleep(0.005)
                await work(*args, **kwargs)

        setattr(t.app.store, step, late)
        if step == "plan":
            await t.day()
        else:
            await t.ask(OLD, "/summarize 8812.00046")
        await t.sleep(30)
        await t.quiet()
        assert not t.rows("SELECT 1 FROM send WHERE chat = ?", f"telegram:{OLD}")
        assert ("Feelings" if step == "plan" else "LipField:") in t.last(NEW).text

    play(tmp_path, body)


# --- what holds: floods, failures, outages


def test_a_flood_wait_stops_one_chat_for_its_full_time_and_no_other(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        for chat in (ANN, BEN):
            await t.ask(chat, FOLLOW)
        begun = t.now()
        t.server.fail("sendMessage", "429:600", chat_id=ANN)
        await t.day()
        assert (len(t.texts(ANN)), len(t.texts(BEN))) == (1, 3)
        await t.restart()
        t.server.says(ANN, "/help")
        assert (await t.answer(BEN, "/help")).text
        assert len(t.texts(ANN)) == 1
        await t.server.until(lambda: len(t.texts(ANN)) == 4)
        assert min(m.sent_at for m in t.server.messages(ANN)[1:]) >= begun + 600_000
        assert t.server.floods == []
        assert t.doubts() == 0

    play(tmp_path, body, rate=600)


def quick(t: Play) -> None:
    """An answer that does not come is missed after a moment."""
    request = t.telegram._bot._request[1]
    request._client.timeout = httpx.Timeout(0.3)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("how", "copies"), [("500", 1), ("502", 1), ("lost", 2), ("reset", 1), ("stall", 2), ("refuse", 1)]
)
def test_a_message_in_doubt_is_sent_again_and_says_so(tmp_path: Path, how: str, copies: int) -> None:
    async def body(t: Play) -> None:
        quick(t)
        t.server.fail("sendMessage", how, chat_id=ANN)
        t.server.says(ANN, "/start")
        await t.server.until(lambda: any("Sent again" in text for text in t.texts(ANN)))
        await t.quiet()
        assert t.doubts() == 1
        texts = t.texts(ANN)
        assert len(texts) == copies
        assert texts[-1].startswith("Sent again: the first was not confirmed.\n\nI'm Paperboy.")

    play(tmp_path, body)


@pytest.mark.parametrize(("how", "copies"), [("lost", 1), ("502", 0)])
def test_a_message_in_doubt_is_let_be_if_the_owner_wishes(tmp_path: Path, how: str, copies: int) -> None:
    async def body(t: Play) -> None:
        t.server.fail("sendMessage", how, chat_id=ANN)
        t.server.says(ANN, "/start")
        await t.server.until(t.doubts)
        await t.sleep(60)
        assert len(t.texts(ANN)) == copies
        assert (await t.answer(ANN, "/help")).text.startswith("What I understand")

    play(tmp_path, body, on_doubt="skip")


@pytest.mark.parametrize("how", ["500", "lost", "reset", "429:5"])
def test_an_edit_is_repeated_and_never_in_doubt(tmp_path: Path, how: str) -> None:
    async def body(t: Play) -> None:
        menu = await t.answer(ANN, "/settings")
        t.server.fail("editMessageText", how, chat_id=ANN)
        t.server.presses(ANN, menu.message_id, "mode")
        await t.server.until(lambda: t.rows("SELECT 1 FROM send WHERE edits <> '' AND state = 'sent'"))
        (after,) = t.server.messages(ANN)
        assert after.text.startswith("mode asap")
        assert t.doubts() == 0

    play(tmp_path, body)


def test_a_refused_connection_puts_nothing_in_doubt(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, FOLLOW)
        there = t.server.url
        port = int(there.rpartition(":")[2])
        assert t.server._runner
        await t.server._runner.cleanup()
        await t.day(wait=False)
        await t.server.until(lambda: t.rows("SELECT 1 FROM send WHERE error LIKE '%cannot be reached%'"))
        t.server._closing.clear()
        t.server._port = port
        await t.server.__aenter__()
        assert t.server.url == there
        await t.server.until(lambda: len(t.texts(ANN)) == 3)
        assert t.doubts() == 0
        assert papers(t.texts(ANN)) == ["1", "2", "3", "4"]

    play(tmp_path, body)


def test_an_outage_loses_nothing_and_doubts_only_what_was_in_flight(tmp_path: Path) -> None:
    chats = 12

    async def body(t: Play) -> None:
        for number in range(chats):
            t.server.add_private(9000 + number)
            t.server.says(9000 + number, FOLLOW)
        await t.quiet()
        t.server.fail("*", "502", 1_000_000)
        await t.day(wait=False)
        t.server.says(ANN, "/help")
        begun = t.now()
        await asyncio.sleep(1.3)
        assert t.now() - begun > 600_000
        assert all(len(t.texts(9000 + number)) == 1 for number in range(chats))
        t.server._plan.clear()
        await t.server.until(lambda: t.texts(ANN), 8)
        await t.server.until(lambda: all(len(t.texts(9000 + number)) == 3 for number in range(chats)), 8)
        assert t.doubts() <= 2
        for number in range(chats):
            assert papers(t.texts(9000 + number)) == ["1", "2", "3", "4"]

    play(tmp_path, body, rate=600)


def test_an_outage_fills_no_log_with_tracebacks(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.fail("sendMessage", "502", chat_id=ANN)
        t.server.says(ANN, "/start")
        await t.server.until(lambda: t.texts(ANN))
        assert not [line for line in logged(t) if "Traceback" in line]

    play(tmp_path, body)


def test_trouble_with_telegram_has_a_name(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.fail("sendMessage", "502", chat_id=ANN)
        t.server.says(ANN, "/start")
        await t.server.until(lambda: t.texts(ANN))
        (line,) = [line for line in logged(t) if "in doubt" in line]
        assert "(TelegramError)" not in line

    play(tmp_path, body)


def test_a_pace_of_telegrams_own_is_kept(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        for chat in (ANN, BEN, ZOE, GROUP):
            t.server.says(chat, MANY)
        await t.quiet()
        await t.day()
        assert len(papers(t.texts(ANN))) > 20
        assert papers(t.texts(GROUP)) == papers(t.texts(ANN))
        assert t.server.floods == []

    play(tmp_path, body, rate=20, flood=True)


def test_another_that_polls_with_our_token_is_survived(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        async with httpx.AsyncClient() as other:
            reply = await other.post(f"{t.server.url}/bot{TOKEN}/getUpdates", json={"timeout": 0, "limit": 1})
            assert reply.json()["ok"]
        await t.server.until(lambda: any("Another process polls" in r.getMessage() for r in t.log.records))
        assert (await t.answer(ANN, "/help")).text.startswith("What I understand")

    play(tmp_path, body)


def test_a_wrong_token_is_one_sentence_and_is_never_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = TOKEN[:-4] + "oops"

    async def body(t: Play) -> None:
        await t.start()
        await asyncio.sleep(0.3)
        good, bad = await t.telegram.check()
        assert (good, bad) == ([], ["Telegram does not know this token; set TELEGRAM_BOT_TOKEN anew."])
        said = [r.getMessage() for r in t.log.records if r.levelno >= 30]
        assert len(said) == 1
        assert said[0].startswith("Telegram does not know this token; set TELEGRAM_BOT_TOKEN anew.")
        shown = cli._Discreet([wrong])
        text = "\n".join(shown.format(record) for record in t.log.records)
        raw = "\n".join(logged(t))
        assert wrong not in text
        assert wrong not in raw

    play(tmp_path, body, started=False, telegram_bot_token=wrong)
    out, err = capsys.readouterr()
    assert wrong not in out + err


def logged(t: Play, least: int = 30) -> list[str]:
    """What a log at the usual level holds, tracebacks included, with nothing taken out."""
    shown = cli._Discreet([])
    return [shown.format(record) for record in t.log.records if record.levelno >= least]


def test_a_wrong_token_is_not_said_again_and_again(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.start()
        await asyncio.sleep(1.3)
        assert len(logged(t)) == 1

    play(tmp_path, body, started=False, telegram_bot_token=TOKEN[:-4] + "oops")


def test_a_token_that_is_revoked_while_we_serve_is_a_sentence_too(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ANN, "/help")
        t.server.token = TOKEN[:-4] + "anew"
        t.server._wake("news")
        await t.server.until(lambda: logged(t), 1.5)
        assert "Telegram does not know this token any more; set TELEGRAM_BOT_TOKEN anew." in logged(t)[0]
        t.server.token = TOKEN
        t.server.says(ANN, "/start")
        await t.server.until(lambda: len(t.texts(ANN)) == 2)
        assert not any(TOKEN in line for line in logged(t))

    play(tmp_path, body)


def test_no_token_stands_in_any_log_of_a_bad_day(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        quick(t)
        for how in ("500", "lost", "reset", "stall", "refuse", "400:odd", "403:bot was blocked by the user"):
            t.server.fail("sendMessage", how, chat_id=ANN)
            t.server.says(ANN, "/help")
        t.server.fail("getUpdates", "502")
        await t.server.until(lambda: not t.server._plan, 8)
        await t.stop()
        assert not any(TOKEN in line or TOKEN.partition(":")[2] in line for line in logged(t))
        assert TOKEN.encode() not in t.path.read_bytes()
        await t.start()

    play(tmp_path, body, rate=600)


def test_what_telegram_tells_twice_is_answered_once(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.says(ANN, FOLLOW)
        t.server.says(ANN, "/unsubscribe 1")
        t.server.says(GROUP, "/topics")
        updates = list(t.server.pending)
        await t.quiet()
        before = t.dump(), t.texts(ANN), t.texts(GROUP)
        await t.stop()
        t.server.pending = updates
        await t.start()
        await t.quiet()
        assert (t.dump(), t.texts(ANN), t.texts(GROUP)) == before
        assert [len(t.texts(ANN)), len(t.texts(GROUP))] == [2, 1]

    play(tmp_path, body)


def test_what_was_said_while_we_were_down_is_answered(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.stop()
        t.server.says(ANN, "/help")
        t.server.says(ANN, FOLLOW)
        await t.start()
        await t.quiet()
        assert [text.split()[0] for text in t.texts(ANN)] == ["What", "Subscribed:"]
        assert not any(params.get("drop_pending_updates") for name, params in t.server.calls if name == "deleteWebhook")

    play(tmp_path, body)


def test_a_telegram_that_is_down_when_we_start_is_asked_again(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.server.fail("getMe", "502")
        t.server.says(ANN, "/help")
        await t.start()
        await t.server.until(lambda: t.texts(ANN))
        (line,) = [line for line in logged(t) if "Listening to telegram again" in line]
        assert "Telegram cannot be reached" in line

    play(tmp_path, body, started=False)


def test_an_update_that_breaks_something_of_ours_ends_no_listening(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        t.broken_is_fine = True
        hear, failures = t.app.store.hear, [RuntimeError("a fault of ours")]

        async def breaks(*args: Any, **kwargs: Any) -> bool:
            if failures:
                raise failures.pop()
            return await hear(*args, **kwargs)

        t.app.store.hear = breaks  # type: ignore[method-assign]
        t.server.says(ANN, "/help")
        await t.server.until(lambda: not failures)
        t.server.says(ANN, "/start")
        await t.server.until(lambda: any(text.startswith("I'm Paperboy.") for text in t.texts(ANN)), 3)

    play(tmp_path, body)


# --- the owner


def test_the_owner_hears_of_new_lost_and_dead_at_most_every_ten_minutes(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(ZOE, "/settings language en")
        t.server.says(GROUP, FOLLOW)
        await t.server.until(lambda: len(t.texts(ZOE)) == 2)
        assert t.last(ZOE).text == "New chats (1): Vision lab"
        t.server.kicks(GROUP)
        t.server.fail("sendMessage", "400:what is this", chat_id=ANN)
        t.server.says(ANN, "/help")
        await t.server.until(lambda: len(t.texts(ZOE)) == 3)
        first, second = t.server.messages(ZOE)[1:]
        assert second.sent_at - first.sent_at >= 580_000
        assert "Suspended: Vision lab: the bot was removed from the chat." in second.text
        assert "Given up: 1 messages; the last trouble: Telegram refused a message: What is this" in second.text
        await t.sleep(1300)
        await t.quiet()
        assert len(t.texts(ZOE)) == 3

    play(tmp_path, body, rate=1200, owner=f"telegram:{ZOE}")


def test_the_owner_hears_of_all_new_chats(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        for number in range(25):
            t.server.add_private(9000 + number)
            t.server.says(9000 + number, "/help")

        def told() -> int:  # on a busy machine those who came later are in a message of their own
            return sum(int(number) for text in t.texts(ZOE) for number in re.findall(r"New chats \((\d+)\)", text))

        await t.server.until(lambda: told() >= 25)
        assert told() == 25

    play(tmp_path, body, rate=1200, owner=f"telegram:{ZOE}")


def test_the_owner_who_never_came_hears_it_once_they_do(tmp_path: Path) -> None:
    async def body(t: Play) -> None:
        await t.ask(GROUP, "/help")
        await t.sleep(700)
        await t.quiet()
        await t.ask(EVE, "/start")
        assert any(text == "New chats (1): Vision lab" for text in t.texts(EVE))

    play(tmp_path, body, rate=600, owner=f"telegram:{EVE}")
