"""Telegram: private chats, groups, forum topics and channels, through python-telegram-bot.

- An update is confirmed to Telegram only after `hear` has put it into the ledger: the library confirms what its queue
  took, and our queue is the ledger (`_Inbox`).
- A send ends in one of the classes of `bot.errors`. After one whose outcome nobody knows, and at the start, the next
  one first asks Telegram whether it is there (`_ready`): an outage puts in doubt what was in flight, nothing more.
- A picture that Telegram refuses goes out as its caption alone, in the same attempt: what is refused is not there.
- Buttons carry '1:<seq>:<place>[:<thread>]': a row of the ledger, never what the press does.
- What Telegram wants is from core.telegram.org/bots/api and its FAQ on limits; see facts/feedbots.md §5.
"""

import asyncio
import json
import logging
import os
import re
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
from telegram import (
    Bot,
    BotCommand,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
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
    TelegramError,
    TimedOut,
)
from telegram.ext import Updater
from telegram.request import HTTPXRequest

from bot.core import commands
from bot.errors import ConfigError, Elsewhere, Gone, InDoubt, Later, PaperboyError, Refused
from bot.model import Chat, Post, Rate, Said, Send
from bot.platforms import telegram_html
from bot.platforms.telegram_updates import Reader
from bot.ports import Clock, Hear, Suggest
from bot.words import WORDS, say

log = logging.getLogger(__name__)

_UPDATES = ["message", "callback_query", "my_chat_member"]
_POLL = 30  # seconds a question for updates stays open
_REMEMBERED = 60_000  # ms for which we believe who is an admin
_PRIVATE = Rate(every=1000, burst=2)  # Bots FAQ: about one a second, short bursts tolerated
_GROUP = Rate(every=3050)  # twenty a minute, of which network jitter makes no twenty-one
_GONE = (
    ("thread not found", "gone_thread"),
    ("topic_closed", "gone_thread"),
    ("topic_deleted", "gone_thread"),
    ("chat not found", "gone_chat"),
    ("group chat was deactivated", "gone_chat"),
    ("group chat was deleted", "gone_chat"),
    ("peer_id_invalid", "gone_chat"),
    ("not enough rights", "gone_rights"),
    ("have no rights", "gone_rights"),
    ("need administrator rights", "gone_rights"),
    ("chat_write_forbidden", "gone_rights"),
    ("chat_restricted", "gone_rights"),
)
_LOST_EDITS = ("message to edit not found", "message can't be edited", "message_id_invalid")


class _Bot(Bot):
    """A bot that says when Telegram does not know its token; the library's polling would end without a word."""

    def __init__(self, token: str, base_url: str) -> None:
        super().__init__(
            token,
            base_url=f"{base_url}/bot",
            base_file_url=f"{base_url}/file/bot",
            request=HTTPXRequest(connection_pool_size=64, pool_timeout=30.0, read_timeout=20.0),
            get_updates_request=HTTPXRequest(connection_pool_size=2, pool_timeout=30.0),
        )
        self._refused = asyncio.Event()  # the library lets only protected attributes be set

    @property
    def refused(self) -> asyncio.Event:
        """Set once Telegram has refused the token."""
        return self._refused

    async def get_updates(self, *args: Any, **kwargs: Any) -> tuple[Update, ...]:
        try:
            return await super().get_updates(*args, **kwargs)
        except InvalidToken:
            if not self._refused.is_set():
                self._refused.set()
                await asyncio.Event().wait()
            raise


class _Inbox(asyncio.Queue[object]):
    """The queue whose `put` returns once an update is in the ledger."""

    def __init__(self, telegram: "Telegram", hear: Hear) -> None:
        super().__init__()
        self._telegram, self._hear = telegram, hear

    async def put(self, item: object) -> None:
        if isinstance(item, Update):
            await self._telegram.take(item, self._hear)


class Telegram:
    """Implements the port Platform. `template` is a new chat; the token is never logged, printed or stored."""

    name = "telegram"
    token_rate = Rate(every=34)  # Bots FAQ: 30 messages a second
    folds = True

    def __init__(self, template: Chat, token: str, base_url: str, clock: Clock) -> None:
        # The library's own switch for what it will do anyway; without it each flood wait is also a warning.
        os.environ.setdefault("PTB_TIMEDELTA", "true")
        logging.getLogger("telegram.request.BaseRequest").setLevel(logging.CRITICAL)  # a traceback for every 502
        if not re.fullmatch(r"\d+:[\w-]+", token):
            raise ConfigError("TELEGRAM_BOT_TOKEN is no token: copy it once more from @BotFather (digits:letters).")
        self._bot = _Bot(token, base_url)
        self._clock = clock
        self._reader = Reader(template, token.partition(":")[0])
        self._well = False
        self._asking = asyncio.Lock()
        self._admins: dict[tuple[str, str], tuple[bool, int]] = {}
        self._aside: set[asyncio.Task[None]] = set()

    # --- speaking

    def rate(self, chat: Chat) -> Rate:
        """About one a second in a private chat, twenty a minute in groups and channels."""
        return _PRIVATE if chat.kind == "private" else _GROUP

    def fits(self, post: Post) -> bool:
        """Whether it is one message: see telegram_html."""
        return telegram_html.fits(post)

    def render(self, post: Post) -> str:
        """HTML and rows of buttons, as JSON; what a button does stays in the ledger, but for links that say it."""
        places = {id(button): place for place, button in enumerate(post.pressable)}
        return json.dumps(
            {
                "html": telegram_html.render(post),
                "rows": [
                    [[b.label, places[id(b)], commands.link(b.says)] for b in row] for row in telegram_html.rows(post)
                ],
                "url": _first_url(post),
            },
            ensure_ascii=False,
        )

    async def send(self, send: Send) -> str:
        """Send or edit one message; see the port for how it can end."""
        payload = json.loads(send.payload)
        html = payload["html"]
        await self._ready()
        if send.doubted and not send.edits:
            html = telegram_html.noted(html, say(send.chat.language, "again"))
        url = payload["url"]
        what: dict[str, Any] = {
            "chat_id": int(send.chat.address),
            "text": html,
            "parse_mode": "HTML",
            "link_preview_options": LinkPreviewOptions(
                is_disabled=not (send.chat.preview and url), url=url or None, prefer_small_media=True if url else None
            ),
            "reply_markup": self._keyboard(payload["rows"], send),
        }
        try:
            if send.edits:
                return await self._edit(send, what)
            return await self._post(send, what)
        except TelegramError as problem:
            raise self._classified(problem, send) from problem

    async def _edit(self, send: Send, what: dict[str, Any]) -> str:
        try:
            await self._bot.edit_message_text(message_id=int(send.edits), **what)
        except BadRequest as problem:
            said = problem.message.casefold()
            if any(words in said for words in _LOST_EDITS):
                return await self._post(send, what)
            if "message is not modified" not in said:
                raise
        return send.edits

    async def _post(self, send: Send, what: dict[str, Any]) -> str:
        what |= {"message_thread_id": int(send.chat.thread) if send.chat.thread else None}
        what |= {"disable_notification": send.chat.silent or None}
        if send.picture and not send.edits and (shown := await self._show(send.picture, what)):
            return shown
        message: Message = await self._bot.send_message(**what)
        return str(message.message_id)

    async def _show(self, picture: bytes, what: dict[str, Any]) -> str:
        """Send a picture with its caption; '' if Telegram does not take the picture, for its own sake or the chat's."""
        rest = {key: value for key, value in what.items() if key not in {"text", "link_preview_options"}}
        try:
            message = await self._bot.send_photo(photo=picture, filename="figure.png", caption=what["text"], **rest)
        except NetworkError as problem:
            if not isinstance(problem, BadRequest) and "too large" not in problem.message.casefold():
                raise
            log.info("a picture was refused: %s", problem.message)
            return ""
        return str(message.message_id)

    def _keyboard(self, rows: Sequence[Sequence[Sequence[Any]]], send: Send) -> InlineKeyboardMarkup | None:
        """Buttons as rows of the ledger. In a channel they are links to the private chat: readers share no answers."""
        made = []
        for row in rows:
            buttons = []
            for label, place, link in row:
                if send.chat.kind != "channel":
                    data = ":".join(part for part in ("1", str(send.seq), str(place), send.chat.thread) if part)
                    buttons.append(InlineKeyboardButton(label, callback_data=data))
                elif link:
                    url = f"https://t.me/{self._bot.username}?start={link}"
                    buttons.append(InlineKeyboardButton(label, url=url))
            made += [buttons] if buttons else []
        return InlineKeyboardMarkup(made) if made else None

    async def _ready(self) -> None:
        """Return once Telegram answers; raises Later, with nothing sent, if it does not."""
        async with self._asking:
            if self._well:
                return
            try:
                await self._bot.initialize()
                await self._bot.get_me()
            except InvalidToken:
                raise Later("Telegram does not know this token; set TELEGRAM_BOT_TOKEN anew.", wait=300) from None
            except RetryAfter as problem:
                raise Later("Telegram asked to wait.", wait=_seconds(problem)) from problem
            except TelegramError as problem:
                raise Later(f"Telegram cannot be reached ({_why(problem)}).") from problem
            self._reader.username = self._bot.username
            self._well = True

    def _classified(self, problem: TelegramError, send: Send) -> PaperboyError:
        """What to do next about an error of the library."""
        language = send.chat.language
        if isinstance(problem, RetryAfter):
            wait = _seconds(problem)
            return Later(f"Telegram asked to wait {wait:.0f} s.", wait=wait)
        if isinstance(problem, ChatMigrated):
            return Elsewhere("The group became a supergroup.", address=str(problem.new_chat_id))
        if isinstance(problem, Forbidden):
            kicked = any(word in problem.message for word in ("kicked", "not a member"))
            key = "gone_kicked" if kicked else "gone_chat" if "deleted" in problem.message else "gone_blocked"
            return Gone(say(language, key))
        if isinstance(problem, BadRequest):
            said = problem.message.casefold()
            for words, key in _GONE:
                if words in said:
                    return Gone(say(language, key), thread=key == "gone_thread")
            return Refused(f"Telegram refused a message: {problem.message}")
        self._well = False
        if isinstance(problem, InvalidToken):
            return Later("Telegram does not know this token; set TELEGRAM_BOT_TOKEN anew.", wait=300)
        unsent = isinstance(problem.__cause__, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        if unsent or send.edits:
            return Later(f"Telegram cannot be reached ({_why(problem)}).")
        return InDoubt(f"Telegram did not confirm a message ({_why(problem)}).")

    # --- listening

    async def serve(self, hear: Hear, suggest: Suggest) -> None:  # noqa: ARG002 - nothing is completed while it is typed
        """Poll until cancelled; raises Later while Telegram cannot be reached, ConfigError if it refuses the token."""
        await self._ready()
        self._bot.refused.clear()
        updater = Updater(self._bot, update_queue=_Inbox(self, hear))
        await updater.initialize()
        try:
            await updater.start_polling(
                timeout=timedelta(seconds=_POLL), allowed_updates=_UPDATES, error_callback=_troubled
            )
        except TelegramError as problem:
            self._well = False
            raise Later(f"Telegram cannot be reached ({_why(problem)}).") from problem
        self._go_aside(self._register())
        try:
            await self._bot.refused.wait()
            self._well = False
            raise ConfigError("Telegram does not know this token any more; set TELEGRAM_BOT_TOKEN anew.")
        finally:
            for task in self._aside:
                task.cancel()
            try:
                await updater.stop()
            except Exception:
                log.exception("polling did not end well")

    async def lacks(self, chat: Chat) -> str:
        """Tell whether we may post in a group or channel, as a sentence if not; '' too if Telegram cannot be asked."""
        if chat.kind == "private":
            return ""
        title = chat.title or chat.address
        try:
            await self._ready()
            me = await self._bot.get_chat_member(int(chat.address), self._bot.id)
        except (Forbidden, BadRequest):
            return say(chat.language, "lacks_all", title=title)
        except (PaperboyError, TelegramError):
            return ""
        if me.status in {"left", "kicked"}:
            return say(chat.language, "lacks_all", title=title)
        right = "can_post_messages" if chat.kind == "channel" else "can_send_messages"
        able = getattr(me, right, chat.kind != "channel")
        return "" if able else say(chat.language, "lacks", rights="Post Messages", title=title)

    async def check(self) -> tuple[list[str], list[str]]:
        """Ask Telegram who we are and what would keep us from hearing and speaking."""
        try:
            await self._ready()
            me = await self._bot.get_me()
            hook = await self._bot.get_webhook_info()
        except PaperboyError as problem:
            return [], [str(problem)]
        except TelegramError as problem:
            return [], [f"Telegram: it cannot be reached ({_why(problem)})."]
        good, bad = [f"Telegram: @{me.username} answers."], []
        if hook.url:
            bad.append("Telegram: a webhook is set; `python -m bot run` removes it, as it polls.")
        if not me.can_join_groups:
            bad.append("Telegram: it may not join groups; /setjoingroups at @BotFather lets it.")
        if me.can_read_all_group_messages:
            good.append("Telegram: it sees all messages of groups and needs only commands; /setprivacy at @BotFather.")
        return good, bad

    async def close(self) -> None:
        """Let go of all connections."""
        for task in self._aside:
            task.cancel()
        await asyncio.gather(*self._aside, return_exceptions=True)
        await self._bot.shutdown()

    async def take(self, update: Update, hear: Hear) -> None:
        """Put one update into the ledger, then acknowledge a press; what cannot be understood is logged and dropped."""
        told = ""
        try:
            events = self._reader.events(update)
        except Exception:
            log.exception("update %s cannot be read", update.update_id)
            events = []
        for event in events:
            if isinstance(event, Said) and event.may_manage is None:
                event = replace(event, may_manage=self._remembered(event.chat.address, event.author))  # noqa: PLW2901 - completed
            try:
                told = await hear(event) or told
            except Exception:
                log.exception("update %s cannot be recorded", update.update_id)
        if update.callback_query is not None:
            if not events:
                told = say(self._reader.language(update.callback_query.from_user), "stale_button")
            self._go_aside(self._acknowledge(update.callback_query.id, told))

    async def _acknowledge(self, press: str, told: str) -> None:
        try:
            await self._bot.answer_callback_query(press, text=told or None, show_alert=True if told else None)
        except TelegramError as problem:
            log.info("a press could not be acknowledged: %s", _why(problem))

    def _go_aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    # --- who may

    def _remembered(self, address: str, author: str) -> bool | None:
        known = self._admins.get((address, author))
        return known[0] if known and known[1] > self._clock.now() else None

    async def may_manage(self, chat: Chat, author: str) -> bool:
        """Whether a person is an admin there; in a channel, one who may post. Believed for a minute."""
        if chat.kind == "private":
            return chat.address == author
        if (known := self._remembered(chat.address, author)) is not None:
            return known
        if not author.isdecimal():
            return False
        await self._ready()
        try:
            member = await self._bot.get_chat_member(int(chat.address), int(author))
        except (Forbidden, BadRequest):
            return False
        except TelegramError as problem:
            raise Later(f"Telegram could not be asked who is an admin ({_why(problem)}).") from problem
        allowed = member.status == "creator" or (
            member.status == "administrator"
            and (chat.kind != "channel" or bool(getattr(member, "can_post_messages", False)))
        )
        if len(self._admins) > 10_000:  # noqa: PLR2004 - as good as any bound
            self._admins.clear()
        self._admins[chat.address, author] = allowed, self._clock.now() + _REMEMBERED
        return allowed

    # --- the menu of commands

    async def _register(self) -> None:
        """Bring Telegram's menus up to date, per scope and language, where they differ from our table."""
        shown = [command for command in commands.COMMANDS if not command.hidden]
        everybody = [command for command in shown if not command.manages]
        scopes = (
            (BotCommandScopeAllPrivateChats(), shown),
            (BotCommandScopeAllGroupChats(), everybody),
            (BotCommandScopeAllChatAdministrators(), shown),
        )
        try:
            for language in WORDS:
                code = None if language == "en" else language
                for scope, table in scopes:
                    wanted = [BotCommand(command.name, say(language, command.does)) for command in table]
                    if tuple(wanted) != await self._bot.get_my_commands(scope, code):
                        await self._bot.set_my_commands(wanted, scope, code)
        except TelegramError as problem:
            log.warning("the menu of commands could not be brought up to date: %s", _why(problem))


def _first_url(post: Post) -> str:
    lines = [line for item in post.items for line in item.blocks]
    return next((s.url for line in lines for s in getattr(line, "spans", ()) if s.url), "")


def _seconds(problem: RetryAfter) -> float:
    wait = problem.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _why(problem: TelegramError) -> str:
    """Name a problem without what it may carry: addresses of requests hold the token."""
    if isinstance(problem.__cause__, httpx.HTTPError):
        return type(problem.__cause__).__name__
    if isinstance(problem, TimedOut | InvalidToken):
        return type(problem).__name__
    return problem.message.partition(". ")[0]


def _troubled(problem: TelegramError) -> None:
    if isinstance(problem, Conflict):
        log.error("Another process polls with this token: stop it, or give this one a token of its own.")
    else:
        log.warning("Telegram cannot be asked for updates (%s); asking again.", _why(problem))
