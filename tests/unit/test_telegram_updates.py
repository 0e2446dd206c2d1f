"""What an update tells us, read from the JSON that Telegram sends."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.model import AWAITING, Chat, Event, Joined, Left, Moved, Press, Said
from bot.platforms.telegram_updates import Reader

Json = dict[str, Any]
ANN: Json = {"id": 11, "is_bot": False, "first_name": "Ann", "username": "ann", "language_code": "de"}
ZOE: Json = {"id": 12, "is_bot": False, "first_name": "Zoe", "language_code": "zh-hans"}
US: Json = {"id": 99, "is_bot": True, "first_name": "Paperboy", "username": "paperboy_bot"}
ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
PRIVATE: Json = {"id": 11, "type": "private", "first_name": "Ann", "username": "ann"}
GROUP: Json = {"id": -1001, "type": "supergroup", "title": "Lab", "username": "lab", "is_forum": True}
CHANNEL: Json = {"id": -1003, "type": "channel", "title": "Papers", "username": "Papers"}
TEMPLATE = Chat("telegram:", "telegram", "", zone="Europe/Berlin", mode="asap", cap=7)


def read(kind: str, body: Json) -> list[Event]:
    reader = Reader(TEMPLATE, "99")
    reader.username = "paperboy_bot"
    update = Update.de_json({"update_id": 5, kind: body}, None)
    assert update is not None
    return list(reader.events(update))


def message(chat: Json = PRIVATE, text: str = "", **more: Any) -> Json:
    return {
        "message_id": 3,
        "date": 1_795_000_000,
        "chat": chat,
        "from": ANN,
        **({"text": text} if text else {}),
        **more,
    }


def said(body: Json) -> Said:
    (event,) = read("message", body)
    assert isinstance(event, Said)
    return event


def press(data: str, chat: Json = GROUP, **more: Any) -> Json:
    under = {"message_id": 8, "date": 1_795_000_000, "chat": chat}
    return {"id": "1", "from": ANN, "chat_instance": "1", "data": data, "message": under} | more


def member(status: str, **rights: Any) -> Json:
    names = "be_edited manage_chat delete_messages manage_video_chats restrict_members promote_members change_info"
    names += " invite_users post_stories edit_stories delete_stories"
    all_: Json = {f"can_{name}": False for name in names.split()} | {"is_anonymous": False}
    return {"user": US, "status": status} | (all_ if status == "administrator" else {}) | rights


def restricted(**rights: Any) -> Json:
    names = "send_messages send_audios send_documents send_photos send_videos send_video_notes send_voice_notes"
    names += " send_polls send_other_messages add_web_page_previews change_info invite_users pin_messages manage_topics"
    names += " edit_tag react_to_messages"
    return (
        {"user": US, "status": "restricted", "is_member": True, "until_date": 0}
        | {f"can_{name}": False for name in names.split()}
        | rights
    )


def standing(old: Json, new: Json, chat: Json = GROUP, who: Json = ANN) -> list[Event]:
    change = {"chat": chat, "from": who, "date": 1_795_000_000, "old_chat_member": old, "new_chat_member": new}
    return read("my_chat_member", change)


def test_a_private_message_is_its_persons() -> None:
    event = said(message(text="/start"))
    chat = replace(TEMPLATE, id="telegram:11", address="11", language="en")
    assert event == Said("telegram:99:5", chat, "/start", True, "11")


def test_the_name_of_a_person_is_not_kept() -> None:
    chat = said(message(text="/start")).chat
    assert (chat.title, chat.handle) == ("", "")


def test_a_person_is_spoken_to_in_the_language_of_their_app_and_a_group_in_that_of_new_chats() -> None:
    assert said(message({**PRIVATE, "id": 12}, "/start", **{"from": ZOE})).chat.language == "zh"
    assert said(message(GROUP, "/start", **{"from": ZOE})).chat.language == "en"


def test_a_picture_in_private_is_answered_and_what_telegram_says_by_itself_is_not() -> None:
    photo = [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]
    assert said(message(photo=photo)).text == ""
    assert said(message(photo=photo, caption="/summarize 2411.19525")).text == "/summarize 2411.19525"
    assert read("message", message(GROUP, photo=photo)) == []
    assert read("message", message(GROUP, new_chat_members=[ANN])) == []
    assert read("message", message(group_chat_created=True)) == []


def test_in_groups_only_commands_to_us_are_heard() -> None:
    for text in ("hello", "see /help", "/help@other_bot", "/help@other_bot me", " /help"):
        assert read("message", message(GROUP, text)) == [], text
    for text in ("/help", "/help@paperboy_bot", "/help@PaperBoy_Bot x"):
        event = said(message(GROUP, text))
        assert (event.may_manage, event.author, event.chat.kind) == (None, "11", "group")
        assert (event.chat.title, event.chat.handle) == ("Lab", "lab")


def test_until_we_know_our_name_every_command_is_taken_for_ours() -> None:
    update = Update.de_json({"update_id": 5, "message": message(GROUP, "/help@anybody")}, None)
    assert update is not None
    assert len(Reader(TEMPLATE, "99").events(update)) == 1


def test_a_topic_of_a_forum_is_a_destination_and_a_thread_of_answers_is_none() -> None:
    assert said(message(GROUP, "/help", message_thread_id=7, is_topic_message=True)).chat.id == "telegram:-1001:7"
    assert said(message(GROUP, "/help", message_thread_id=7)).chat.id == "telegram:-1001"


def test_who_speaks_as_the_group_is_an_admin_and_who_speaks_as_a_channel_is_not() -> None:
    event = said(message(GROUP, "/help", sender_chat=GROUP, **{"from": ANONYMOUS}))
    assert (event.may_manage, event.author) == (True, "-1001")
    channel = {"id": 136817688, "is_bot": True, "first_name": "Channel", "username": "Channel_Bot"}
    event = said(message(GROUP, "/help", sender_chat=CHANNEL, **{"from": channel}))
    assert (event.may_manage, event.author) == (False, "-1003")


def test_other_bots_are_not_answered() -> None:
    assert read("message", message(GROUP, "/help", **{"from": {**US, "id": 98}})) == []


def test_posts_in_channels_and_changed_messages_are_no_business_of_ours() -> None:
    assert read("channel_post", message(CHANNEL, "/subscribe cats")) == []
    assert read("edited_message", message(PRIVATE, "/subscribe cats")) == []


def test_an_upgrade_is_told_twice() -> None:
    old: Json = {"id": -44, "type": "group", "title": "Lab"}
    moved = [Moved("telegram", "-44", "-1001")]
    assert read("message", message(old, migrate_to_chat_id=-1001)) == moved
    assert read("message", message(GROUP, migrate_from_chat_id=-44)) == moved


def test_a_press_names_a_row_a_place_and_a_message() -> None:
    (event,) = read("callback_query", press("1:12:3"))
    assert isinstance(event, Said)
    assert (event.press, event.may_manage, event.author) == (Press(12, 3, "8"), None, "11")
    assert event.chat.id == "telegram:-1001"
    (event,) = read("callback_query", press("1:12:3:7"))
    assert isinstance(event, Said)
    assert event.chat.id == "telegram:-1001:7"
    (event,) = read("callback_query", press("1:12:3", PRIVATE))
    assert isinstance(event, Said)
    assert event.may_manage is True


def test_a_press_under_a_message_that_cannot_be_seen_is_read_too() -> None:
    gone = {"message_id": 8, "date": 0, "chat": GROUP}
    (event,) = read("callback_query", press("1:12:3", message=gone))
    assert isinstance(event, Said)
    assert event.press == Press(12, 3, "8")


@pytest.mark.parametrize(
    "data",
    ["", "2:1:1", "1:1", "1:a:1", "1:1:1:", "1:1:1:1:1", "1:1:1\n", " 1:1:1", "1:-1:1", "1:1:1234", "1:٣:1", "x" * 64],
)
def test_what_we_never_wrote_under_a_button_is_no_press(data: str) -> None:
    assert read("callback_query", press(data)) == []


@given(st.text(max_size=64))
def test_no_press_breaks_the_reader(data: str) -> None:
    for event in read("callback_query", press(data)):
        assert isinstance(event, Said)
        assert event.press is not None
        assert event.press.seq >= 0
        assert 0 <= event.press.place <= 999


def test_a_press_in_a_chat_by_way_of_another_bot_has_no_message() -> None:
    body = press("1:1:1", inline_message_id="abc")
    del body["message"]
    assert read("callback_query", body) == []


def test_blocking_and_unblocking() -> None:
    banned = member("kicked", until_date=0)
    (event,) = standing(member("member"), banned, PRIVATE)
    assert event == Left(event.chat, "the bot was blocked or never started there.")  # type: ignore[union-attr]
    (event,) = standing(banned, member("member"), PRIVATE)
    assert isinstance(event, Joined)
    assert event.chat.id == "telegram:11"


def test_a_group_lets_us_in_promotes_us_mutes_us_and_throws_us_out() -> None:
    joined, hello = standing(member("left"), member("member"))
    assert isinstance(joined, Joined)
    assert (joined.chat.host, joined.chat.suspended) == ("telegram:11", "")
    assert isinstance(hello, Said)
    assert (hello.text, hello.may_manage, hello.author) == ("/start", None, "11")
    (event,) = standing(member("member"), member("administrator"))
    assert isinstance(event, Joined)
    (event,) = standing(member("member"), restricted())
    assert isinstance(event, Left)
    (event,) = standing(restricted(), restricted(can_send_messages=True))
    assert isinstance(event, Joined)
    (event,) = standing(member("member"), restricted(is_member=False))
    assert event == Left(event.chat, "the bot was removed from the chat.")  # type: ignore[union-attr]
    (event,) = standing(member("member"), member("left"))
    assert isinstance(event, Left)


def test_a_channel_is_known_but_silent_and_its_admin_is_asked_in_private() -> None:
    able = member("administrator", can_post_messages=True)
    known, asked = standing(member("left"), able, CHANNEL, ZOE)
    assert isinstance(known, Joined)
    assert (known.chat.suspended, known.chat.host, known.chat.kind) == (AWAITING, "telegram:12", "channel")
    assert isinstance(asked, Said)
    assert (asked.chat.id, asked.chat.kind, asked.chat.language) == ("telegram:12", "private", "zh")
    assert (asked.text, asked.author) == ("/channel @-1003", "12")


def test_a_channel_where_we_may_not_post() -> None:
    unable, able = member("administrator"), member("administrator", can_post_messages=True)
    known, asked = standing(member("left"), unable, CHANNEL)
    assert isinstance(known, Joined)
    assert isinstance(asked, Said)
    assert asked.text == "/channel @-1003 rights"
    (event,) = standing(able, unable, CHANNEL)
    assert event == Left(event.chat, "it lacks the right to post. Make it an admin who may post messages.")  # type: ignore[union-attr]
    known, asked = standing(unable, able, CHANNEL)
    assert isinstance(asked, Said)
    assert asked.text == "/channel @-1003"
    (event,) = standing(able, member("kicked", until_date=0), CHANNEL)
    assert isinstance(event, Left)
