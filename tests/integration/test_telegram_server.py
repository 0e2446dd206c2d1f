"""The fake Telegram is driven by the real python-telegram-bot: what it refuses, loses and remembers."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllPrivateChats,
    ChatMember,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    ReplyParameters,
    Update,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TimedOut,
)
from telegram.ext import Updater
from telegram.request import HTTPXRequest

from tests.fakes import tdlib
from tests.fakes.telegram_server import TOKEN, TelegramServer

pytestmark = pytest.mark.integration
ANN, BEN = 11, 12
GROUP, FORUM, CHANNEL, OLD = -1001, -1002, -1003, -44
KEYS = InlineKeyboardMarkup(
    [[InlineKeyboardButton("Yes", callback_data="y"), InlineKeyboardButton("See", url="https://arxiv.org")]]
)
Body = Callable[[TelegramServer, Bot], Awaitable[None]]


@pytest.fixture(autouse=True)
def _seconds_are_timedeltas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.ms = 1_790_000_000_000

    def now(self) -> int:
        return self.ms


def make_bot(server: TelegramServer, token: str = TOKEN) -> Bot:
    request = HTTPXRequest(connection_pool_size=8, read_timeout=10)
    return Bot(token, base_url=f"{server.url}/bot", request=request, get_updates_request=HTTPXRequest())


def with_bot(body: Body, *, problems: int = 0, **options: Any) -> None:
    async def go() -> None:
        async with TelegramServer(**options) as server, make_bot(server) as bot:
            server.add_private(ANN, "Ann", "de")
            server.add_group(GROUP, admins=(ANN,))
            server.add_group(FORUM, admins=(ANN,), forum=True)
            server.add_topic(FORUM, 7)
            server.add_channel(CHANNEL, username="papers", admins=(ANN,))
            server.add_group(OLD, admins=(ANN,), supergroup=False)
            await body(server, bot)
            assert len(server.problems) == problems, server.problems

    asyncio.run(go())


def test_a_message_is_sent_edited_and_deleted() -> None:
    async def body(server: TelegramServer, bot: Bot) -> None:
        off = LinkPreviewOptions(is_disabled=True)
        sent = await bot.send_message(
            GROUP,
            "<b>Hé</b> &lt;<a href='https://arxiv.org'>x</a>",
            parse_mode="HTML",
            reply_markup=KEYS,
            link_preview_options=off,
            disable_notification=True,
        )
        assert (sent.text, [e.type for e in sent.entities]) == ("Hé <x", ["bold", "text_link"])
        (seen,) = server.messages(GROUP)
        assert seen.buttons == [[("Yes", "y"), ("See", "https://arxiv.org")]]
        assert (seen.silent, seen.link_preview_options) == (True, {"is_disabled": True})
        with pytest.raises(BadRequest, match=r"(?i)message is not modified"):
            await bot.edit_message_text(
                "<b>Hé</b> &lt;<a href='https://arxiv.org'>x</a>",
                GROUP,
                sent.message_id,
                parse_mode="HTML",
                reply_markup=KEYS,
            )
        await bot.edit_message_text("new", GROUP, sent.message_id)
        (seen,) = server.messages(GROUP)
        assert (seen.text, seen.buttons, seen.edits, len(server.edits)) == ("new", [], 1, 1)
        with pytest.raises(BadRequest, match=r"(?i)message to edit not found"):
            await bot.edit_message_text("new", GROUP, 999)
        assert await bot.send_chat_action(GROUP, "typing")
        assert await bot.delete_message(GROUP, sent.message_id)
        assert server.messages(GROUP) == []
        with pytest.raises(BadRequest, match=r"(?i)message to delete not found"):
            await bot.delete_message(GROUP, sent.message_id)
        with pytest.raises(BadRequest, match=r"(?i)message to be replied not found"):
            await bot.send_message(GROUP, "x", reply_parameters=ReplyParameters(999))

    with_bot(body)


def test_updates_come_until_a_later_poll_confirms_them() -> None:
    async def body(server: TelegramServer, bot: Bot) -> None:
        server.says(ANN, "/start ref")
        server.says(GROUP, "nobody listens", user=BEN)
        server.says(FORUM, "/help@paperboy_bot", user=ANN, thread=7, anonymous=True)
        server.says(CHANNEL, "/add cats")
        first, second, third = await bot.get_updates()
        assert len(await bot.get_updates()) == 3
        assert first.message
        assert (first.message.parse_entities(), first.message.chat.type) == (
            {first.message.entities[0]: "/start"},
            "private",
        )
        assert second.message
        assert second.message.sender_chat
        assert (second.message.message_thread_id, second.message.is_topic_message) == (7, True)
        assert third.channel_post
        assert third.channel_post.from_user is None
        await bot.get_updates(offset=third.update_id + 1)
        assert server.pending == []

    with_bot(body)


def test_an_updater_polls_and_a_second_one_ends_its_poll() -> None:
    async def body(server: TelegramServer, bot: Bot) -> None:
        heard: asyncio.Queue[object] = asyncio.Queue()
        async with Updater(make_bot(server), heard) as updater:
            await updater.start_polling(allowed_updates=Update.ALL_TYPES)
            server.says(ANN, "/start")
            update = await asyncio.wait_for(heard.get(), 5)
            assert isinstance(update, Update)
            assert update.message
            await server.until(lambda: not server.pending)
            await updater.stop()
        async with make_bot(server) as other:
            polls = asyncio.create_task(bot.get_updates(timeout=5))
            await server.until(lambda: server._poll)
            server_side = asyncio.create_task(other.get_updates(timeout=5))
            with pytest.raises(Conflict, match="terminated by other getUpdates"):
                await polls
            server.says(ANN, "hello")
            assert len(await server_side) == 1

    with_bot(body)


def test_buttons_are_pressed_on_the_message_as_it_stands() -> None:
    async def body(server: TelegramServer, bot: Bot) -> None:
        sent = await bot.send_message(GROUP, "?", reply_markup=KEYS)
        for button in ("Yes", 0):
            server.presses(GROUP, sent.message_id, button, user=BEN)
        with pytest.raises(AssertionError, match="sends nothing"):
            server.presses(GROUP, sent.message_id, "See")
        server.presses_raw(GROUP, 999, "forged")
        one, _, gone = await bot.get_updates()
        assert one.callback_query
        assert (one.callback_query.data, one.callback_query.from_user.id) == ("y", BEN)
        assert gone.callback_query
        assert gone.callback_query.message
        assert not gone.callback_query.message.is_accessible
        await bot.answer_callback_query(one.callback_query.id, "ok")
        assert [ack["text"] for ack in server.acks] == ["ok"]
        with pytest.raises(BadRequest, match=r"(?i)query is too old"):
            await bot.answer_callback_query("17")
        await bot.edit_message_reply_markup(GROUP, sent.message_id)
        with pytest.raises(AssertionError, match="no button"):
            server.presses(GROUP, sent.message_id, "Yes")

    with_bot(body)


def test_chats_that_cannot_be_written_to() -> None:
    async def refused(bot: Bot, chat: int | str, thread: int | None = None) -> str:
        with pytest.raises((BadRequest, Forbidden)) as caught:
            await bot.send_message(chat, "x", message_thread_id=thread)
        return f"{type(caught.value).__name__}: {caught.value}"

    async def body(server: TelegramServer, bot: Bot) -> None:
        assert await refused(bot, 99) == "BadRequest: Chat not found"
        server.add_private(BEN, started=False)
        assert await refused(bot, BEN) == "Forbidden: Forbidden: bot can't initiate conversation with a user"
        server.blocks(ANN)
        assert await refused(bot, ANN) == "Forbidden: Forbidden: bot was blocked by the user"
        server.unblocks(ANN)
        await bot.send_message("@papers", "x")
        server.adds(CHANNEL, can_post_messages=False)
        assert await refused(bot, "@papers") == "BadRequest: Need administrator rights in the channel chat"
        await bot.send_message(FORUM, "x", message_thread_id=7)
        assert [m.thread for m in server.messages(FORUM, 7)] == [7]
        server.closes_topic(FORUM, 7)
        assert await refused(bot, FORUM, 7) == "BadRequest: Topic_closed"
        server.deletes_topic(FORUM, 7)
        assert await refused(bot, FORUM, 7) == "BadRequest: Message thread not found"
        server.mutes(GROUP)
        assert await refused(bot, GROUP) == "BadRequest: Not enough rights to send text messages to the chat"
        server.kicks(GROUP)
        assert await refused(bot, GROUP) == "Forbidden: Forbidden: bot was kicked from the supergroup chat"
        server.adds(GROUP, admin=True)
        await bot.send_message(GROUP, "x")
        assert [m.user.id for m in await bot.get_chat_administrators(GROUP)] == [ANN, bot.id]
        assert (await bot.get_chat_member(GROUP, ANN)).status == ChatMember.OWNER
        assert (await bot.get_chat(FORUM)).is_forum
        assert await bot.leave_chat(GROUP)
        changes = [u.my_chat_member for u in await bot.get_updates() if u.my_chat_member]
        assert [c.new_chat_member.status for c in changes] == [
            *("kicked", "member", "administrator", "kicked", "administrator", "left")
        ]
        server.upgrades(OLD, -1009)
        with pytest.raises(ChatMigrated) as moved:
            await bot.send_message(OLD, "x")
        await bot.send_message(moved.value.new_chat_id, "x")
        *_, old, new = await bot.get_updates()
        assert old.message
        assert new.message
        assert (old.message.migrate_to_chat_id, new.message.migrate_from_chat_id) == (-1009, OLD)

    with_bot(body)


def test_flood_control_by_the_given_clock() -> None:
    clock = Hands()

    async def sends(bot: Bot, chat: int, times: int) -> int:
        for done in range(times):
            try:
                await bot.send_message(chat, "x")
            except RetryAfter:
                return done
        return times

    async def body(server: TelegramServer, bot: Bot) -> None:
        assert await sends(bot, ANN, 9) == 3
        assert server.floods == [(ANN, "sendMessage", clock.ms)]
        assert await sends(bot, GROUP, 99) == 20
        clock.ms += 900
        assert await sends(bot, GROUP, 1) == 0
        assert await sends(bot, ANN, 1) == 0
        clock.ms += 59_500
        assert await sends(bot, ANN, 9) == 3
        assert await sends(bot, GROUP, 99) == 20
        assert await sends(bot, CHANNEL, 99) == 7
        clock.ms += 1000
        server.fail("sendMessage", "429:40", chat_id=CHANNEL)
        with pytest.raises(RetryAfter, match="0:00:40"):
            await bot.send_message(CHANNEL, "x")
        clock.ms += 39_000
        assert await sends(bot, CHANNEL, 1) == 0
        clock.ms += 1000
        assert await sends(bot, CHANNEL, 1) == 1

    with_bot(body, clock=clock)


@pytest.mark.parametrize(
    ("how", "raised", "arrives"),
    [
        ("500", NetworkError, False),
        ("502", NetworkError, False),
        ("lost", NetworkError, True),
        ("reset", NetworkError, False),
        ("stall", TimedOut, True),
        ("refuse", TimedOut, False),
        ("400:chat is odd", BadRequest, False),
        ("403:bot was blocked by the user", Forbidden, False),
        ("429:3", RetryAfter, False),
    ],
)
def test_a_planned_failure_happens_once(how: str, raised: type[Exception], arrives: bool, tmp_path: Path) -> None:
    log = tmp_path / "log"

    async def body(server: TelegramServer, bot: Bot) -> None:
        server.fail("sendMessage", how, chat_id=GROUP)
        await bot.send_message(ANN, "first")
        with pytest.raises(raised) as caught:
            await bot.send_message(GROUP, "second", read_timeout=0.4 if raised is TimedOut else 10)
        assert type(caught.value) is raised
        assert len(server.messages(GROUP)) == arrives
        if not how.startswith("429"):
            await bot.send_message(GROUP, "third")
        assert server.floods == []

    with_bot(body, log=log)
    arrived = [json.loads(line)["text"] for line in log.read_text().splitlines()]
    assert arrived == ["first", *(["second"] if arrives else []), *([] if how.startswith("429") else ["third"])]


def test_telegram_refuses_bad_text_and_it_is_noted() -> None:
    async def body(_: TelegramServer, bot: Bot) -> None:
        for text, said in (("<b>x", "end tag"), ("<q>x</q>", "Unsupported start tag"), ("<b> </b>", "non-empty")):
            with pytest.raises(BadRequest, match=f"(?i){said}"):
                await bot.send_message(ANN, text, parse_mode="HTML")
        with pytest.raises(BadRequest, match=r"(?i)too long"):
            await bot.send_message(ANN, "😀" * 2049)
        await bot.send_message(GROUP, "<b>" + "x" * 4096 + "</b>", parse_mode="HTML")

    with_bot(body, problems=4)


def test_commands_and_descriptions_are_kept() -> None:
    async def body(server: TelegramServer, bot: Bot) -> None:
        scope = BotCommandScopeAllPrivateChats()
        await bot.set_my_commands([BotCommand("add", "Follow")], scope, "de")
        assert (await bot.get_my_commands(scope, "de"))[0].command == "add"
        assert list(server.commands) == [('{"type": "all_private_chats"}', "de")]
        await bot.delete_my_commands(scope, "de")
        assert await bot.get_my_commands(scope, "de") == ()
        await bot.set_my_description("Papers", "de")
        assert (await bot.get_my_description("de")).description == "Papers"
        assert (await bot.get_my_short_description()).short_description == ""
        assert await bot.delete_webhook()
        assert (await bot.get_webhook_info()).url == ""
        with pytest.raises(InvalidToken):
            async with make_bot(server, TOKEN[:-1] + "x"):
                pass

    with_bot(body)


@pytest.mark.parametrize(
    ("method", "params", "said"),
    [
        ("sendMessage", {"chat_id": "11"}, "text is missing"),
        ("sendMessage", {"chat_id": "11", "text": "x", "colour": "red"}, "'colour' is unknown"),
        ("sendMessage", {"chat_id": "11", "text": "x", "disable_notification": "maybe"}, "no Boolean"),
        ("sendMessage", {"chat_id": "11", "text": "x", "link_preview_options": '{"off": true}'}, "'off' is unknown"),
        (
            "sendMessage",
            {
                "chat_id": 11,
                "text": "x",
                "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "é" * 33}]]},
            },
            "66 bytes",
        ),
        (
            "sendMessage",
            {"chat_id": 11, "text": "x", "reply_markup": {"inline_keyboard": [[{"text": "a", "url": "http://nas/x"}]]}},
            "wrong HTTP URL",
        ),
        ("setMyCommands", {"commands": '[{"command": "add", "description": ""}]'}, "0 characters"),
        ("setMyCommands", {"commands": "[]", "scope": '{"type": "chat"}'}, "chat_id is missing"),
        ("answerCallbackQuery", {"callback_query_id": "1", "text": "x" * 201}, "201 characters"),
        ("getUpdates", {"limit": "101"}, "101"),
        ("sendMassage", {}, "method not found"),
        ("sendDocument", {}, "not built"),
    ],
)
def test_a_request_against_the_schema_is_a_problem(method: str, params: dict[str, Any], said: str) -> None:
    async def body(server: TelegramServer, _: Bot) -> None:
        if server.schema is None:
            pytest.skip("the schema lies beside the checkout, or nowhere")
        async with AsyncExitStack() as stack:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            flat = all(isinstance(value, str) for value in params.values())
            sent: dict[str, Any] = {"data": params} if flat else {"json": params}
            reply = await session.post(f"{server.url}/bot{TOKEN}/{method}", **sent)
            assert reply.status == (404 if method == "sendMassage" else 400)
        (problem,) = server.problems
        assert said in problem
        assert server.messages(ANN) == []

    with_bot(body, problems=1)


def test_without_tdlib_the_reading_is_the_same() -> None:
    if not tdlib.TDLIB:
        pytest.skip("tdjson is not installed")
    for html in (
        "a &lt;b&gt; &#233; &eacute;",
        "<b>é😀<i>x</i></b> <a href='https://a.org/?a=1&amp;b=2'>z</a>",
        "<b> </b>",
    ):
        assert tdlib._ours(html) == tdlib._telegrams(html)
    for wrong in ("<b>x", "x</b>", "<q>x</q>", "<b", "<b><i>x</b></i>"):
        for reading in (tdlib._ours, tdlib._telegrams):
            with pytest.raises(ValueError, match="can't parse entities"):
                reading(wrong)


def test_as_a_process_it_takes_everything_and_its_log_survives_a_kill(tmp_path: Path) -> None:
    port, log = tmp_path / "port", tmp_path / "log"
    command = [sys.executable, "-m", "tests.fakes.telegram_server", str(port), str(log)]
    with subprocess.Popen(command, cwd=Path(__file__).parents[2]) as child:

        async def go() -> None:
            async with asyncio.timeout(20):
                while not port.exists():  # noqa: ASYNC110 - another process writes it
                    await asyncio.sleep(0.02)
            bot = Bot(TOKEN, base_url=f"http://127.0.0.1:{port.read_text()}/bot")
            async with bot:
                await bot.send_message(5, "one")
                await bot.send_message(-5, "two", message_thread_id=3)
                assert (await bot.get_chat_member(-5, 17)).status == ChatMember.ADMINISTRATOR

        try:
            asyncio.run(go())
        finally:
            child.kill()
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(row["chat_id"], row["text"], row["method"]) for row in rows] == [
        (5, "one", "sendMessage"),
        (-5, "two", "sendMessage"),
    ]
