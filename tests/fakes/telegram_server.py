"""A loopback Telegram Bot API: a real python-telegram-bot talks to it with `base_url=f"{server.url}/bot"`.

Invariants: a request that breaks the official schema, or that Telegram refuses for its text or buttons, is answered
with 400 and noted in `problems`; what is accepted stands in `messages()` and, with `log`, in a file before the answer
leaves; a planned failure happens as often as it was asked for. The given clock rules dates and flood control; long
polls and stalls take real time. Not for threads: the world is moved from the loop that serves.

As a process: `python -m tests.fakes.telegram_server PORT_FILE LOG [--flood] [--port N]`, where every id is a chat.
"""

import argparse
import asyncio
import json
import os
import re
import struct
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any, Literal, Protocol, Self

from aiohttp import web

from tests.fakes import tdlib
from tests.fakes.telegram_schema import API, Schema, guess

Json = dict[str, Any]
TOKEN = "123456789:AAFakeFakeFakeFakeFakeFakeFakeFakeFake"
PATH = re.compile(r"/bot(\d+:[\w-]{30,})/(\w+)")
COMMAND = re.compile(r"(?<!\S)/[A-Za-z0-9_]{1,32}(?:@(\w+))?")
SILENT = {"lost", "reset", "stall", "refuse"}  # failures without an answer
PACED = {"sendMessage", "sendPhoto", "editMessageText", "editMessageReplyMarkup", "sendChatAction"}
STORED: dict[str, tuple[str, str, Any]] = {  # set and got as they are: the parameter, what it is kept by, the default
    "MyName": ("name", "language_code", ""),
    "MyDescription": ("description", "language_code", ""),
    "MyShortDescription": ("short_description", "language_code", ""),
    "ChatMenuButton": ("menu_button", "chat_id", {"type": "default"}),
}
ANONYMOUS: Json = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
ADMIN = "manage_chat delete_messages manage_video_chats restrict_members promote_members change_info invite_users"
STORIES = "post_stories edit_stories delete_stories"
RIGHTS: Json = {f"can_{right}": False for right in f"{ADMIN} {STORIES}".split()} | {"can_manage_chat": True}
POSTS = {"can_post_messages": True, "can_edit_messages": True}
KEPT = 48 * 3_600_000  # a message can be deleted for so long
MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)
WORDS = {429: "Too Many Requests", 400: "Bad Request", 403: "Forbidden", 409: "Conflict"}


class Clock(Protocol):
    def now(self) -> int: ...


class RealClock:
    def now(self) -> int:
        return time.time_ns() // 1_000_000


class Refusal(Exception):  # noqa: N818 - no error of ours
    """An answer that is not ok. A `problem` is the asker's own fault."""

    def __init__(self, code: int, said: str, *, problem: bool = False, **parameters: int) -> None:
        super().__init__(said)
        self.code = code
        self.problem = problem
        words = f"{WORDS[code]}: {said}" if code in WORDS else said
        self.reply: Json = {"ok": False, "error_code": code, "description": words}
        if parameters:
            self.reply["parameters"] = parameters


@dataclass
class Msg:
    """A message of the bot as it stands now."""

    message_id: int
    chat_id: int
    thread: int | None
    html: str  # as sent
    text: str  # as seen
    entities: list[Json]
    markup: Json | None
    silent: bool
    link_preview_options: Json | None
    sent_at: int
    reply_to: int | None = None
    edits: int = 0
    photo: bytes = b""  # `text` is its caption then

    @property
    def keyboard(self) -> list[list[Json]]:
        rows: list[list[Json]] = (self.markup or {}).get("inline_keyboard", [])
        return rows

    @property
    def buttons(self) -> list[list[tuple[str, str]]]:
        return [[(b["text"], b.get("callback_data") or b.get("url") or "") for b in row] for row in self.keyboard]


@dataclass
class Chat:
    id: int
    type: Literal["private", "group", "supergroup", "channel"]
    title: str = ""
    username: str = ""
    forum: bool = False
    admins: list[int] = field(default_factory=list)  # the first is the creator
    status: str = "member"  # the bot's; "left" in a private chat: never started
    rights: Json = field(default_factory=dict)  # the bot's as an admin
    writable: bool = True  # for members that are no admins
    everyone: bool = False  # is an admin
    moved_to: int = 0
    topics: dict[int, bool] = field(default_factory=dict)  # open or not
    messages: dict[int, Msg] = field(default_factory=dict)
    others: set[int] = field(default_factory=set)  # messages of users
    ids: "count[int]" = field(default_factory=lambda: count(1))
    quiet_until: int = 0
    credit: int = 3000  # ms, of a private chat
    credited: int = 0
    window: deque[int] = field(default_factory=deque)

    def json(self) -> Json:
        name = {"first_name": self.title} if self.type == "private" else {"title": self.title}
        username = {"username": self.username} if self.username else {}
        return {"id": self.id, "type": self.type, **name, **username, **({"is_forum": True} if self.forum else {})}


class TelegramServer:
    """An async context manager; `url` is its address while it runs."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        flood: bool = True,
        log: Path | None = None,
        port: int = 0,
        open_world: bool = False,
        token: str = TOKEN,
        username: str = "paperboy_bot",
    ) -> None:
        self.clock = clock or RealClock()
        self.flood = flood
        self.token = token
        self.schema = Schema() if API.exists() else None
        self.me: Json = {"id": int(token.partition(":")[0]), "is_bot": True, "first_name": "Bot", "username": username}
        self.privacy = True  # plain words in groups arrive only if they answer the bot, or the bot is an admin
        self.url = ""
        self.problems: list[str] = []
        self.calls: list[tuple[str, Json]] = []
        self.edits: list[Msg] = []
        self.acks: list[Json] = []
        self.floods: list[tuple[int, str, int]] = []
        self.commands: dict[tuple[str, str], list[Json]] = {}  # by scope (JSON, sorted) and language
        self.stored: dict[tuple[str, str], Any] = {}  # by what (see STORED) and language or chat
        self.chats: dict[int, Chat] = {}
        self.users: dict[int, Json] = {}
        self.pending: list[Json] = []  # updates that no poll has confirmed
        self._open_world = open_world
        self._port = port
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if log else None
        self._plan: list[tuple[str, str, int | None]] = []
        self._ids = count(1)  # of messages in private chats and basic groups
        self._updates = count(1)
        self._queries = count(4_000_000_000)
        self._asked: set[str] = set()
        self._allowed: set[str] = set()
        self._poll: asyncio.Future[str] | None = None
        self._recent: deque[int] = deque()
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None
        self._methods: dict[str, Callable[[Json], Any]] = {
            "getMe": lambda _: self.me | {"can_join_groups": True, "can_read_all_group_messages": not self.privacy},
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": lambda _: {
                "url": "",
                "has_custom_certificate": False,
                "pending_update_count": len(self.pending),
            },
            "setMyCommands": self._set_commands,
            "getMyCommands": lambda p: self.commands.get(self._scope(p), []),
            "deleteMyCommands": self._delete_commands,
            "sendMessage": self._send,
            "sendPhoto": self._send,
            "editMessageText": self._edit,
            "editMessageReplyMarkup": self._edit,
            "deleteMessage": self._delete,
            "sendChatAction": lambda p: bool(self._reach(p)),
            "answerCallbackQuery": self._acknowledge,
            "getChat": self._get_chat,
            "getChatMember": lambda p: self._member(self._reach(p), p["user_id"]),
            "getChatAdministrators": self._administrators,
            "leaveChat": lambda p: bool(self._change(self._reach(p), "left", self.me)),
        }
        for name in STORED:
            self._methods |= {f"set{name}": partial(self._set, name), f"get{name}": partial(self._get, name)}

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        self._wake("closing")
        if self._runner:
            await self._runner.cleanup()
        if self._log is not None:
            os.close(self._log)

    # --- the world -------------------------------------------------------------------------------------------------

    def add_user(self, user_id: int, first_name: str = "", language_code: str = "en") -> Json:
        """Somebody, who need not have a chat with the bot."""
        name = first_name or f"User {user_id}"
        user = {"id": user_id, "is_bot": False, "first_name": name, "language_code": language_code}
        return self.users.setdefault(user_id, user)

    def add_private(
        self, user_id: int, first_name: str = "", language_code: str = "en", *, started: bool = True
    ) -> Chat:
        user = self.add_user(user_id, first_name, language_code)
        return self._add(Chat(user_id, "private", user["first_name"], status="member" if started else "left"))

    def add_group(
        self,
        chat_id: int,
        title: str = "Group",
        *,
        admins: tuple[int, ...] = (),
        forum: bool = False,
        supergroup: bool = True,
        username: str = "",
        status: str = "member",
    ) -> Chat:
        """`supergroup=False`: a basic group, the kind that can be upgraded. `status` is the bot's."""
        kind: Literal["group", "supergroup"] = "supergroup" if supergroup or forum else "group"
        for admin in admins:
            self.add_user(admin)
        return self._add(Chat(chat_id, kind, title, username, forum, list(admins), status))

    def add_channel(
        self,
        chat_id: int,
        title: str = "Channel",
        username: str = "",
        *,
        admins: tuple[int, ...] = (),
        post: bool = True,
    ) -> Chat:
        for admin in admins:
            self.add_user(admin)
        rights = POSTS | {"can_post_messages": post}
        return self._add(Chat(chat_id, "channel", title, username, False, list(admins), "administrator", rights))

    def _add(self, chat: Chat) -> Chat:
        if chat.type in {"private", "group"}:
            chat.ids = self._ids
        return self.chats.setdefault(chat.id, chat)

    def add_topic(self, chat_id: int, thread: int) -> None:
        self.chats[chat_id].topics[thread] = True

    def closes_topic(self, chat_id: int, thread: int) -> None:
        self.chats[chat_id].topics[thread] = False

    def deletes_topic(self, chat_id: int, thread: int) -> None:
        chat = self.chats[chat_id]
        del chat.topics[thread]
        chat.messages = {at: message for at, message in chat.messages.items() if message.thread != thread}

    def messages(self, chat_id: int, thread: int | None = None) -> list[Msg]:
        """The bot's messages in a chat, of one topic if `thread` is given."""
        chat = self.chats.get(chat_id)
        return [m for m in chat.messages.values() if thread in {None, m.thread}] if chat else []

    async def until(self, ready: Callable[[], object], seconds: float = 5) -> None:
        """Wait (in real time) for something to become true."""
        end = time.monotonic() + seconds
        while not ready():
            assert time.monotonic() < end, "it did not happen"
            await asyncio.sleep(0.002)

    # --- what users do ---------------------------------------------------------------------------------------------

    def says(
        self,
        chat_id: int,
        text: str,
        *,
        user: int | None = None,
        thread: int | None = None,
        anonymous: bool = False,
        reply_to: int | None = None,
    ) -> int:
        """Somebody writes; in a private chat its user, elsewhere by default its creator. Gives the message's id."""
        chat = self.chats[chat_id]
        if chat.type == "private" and chat.status == "left":
            chat.status = "member"
        at = next(chat.ids)
        chat.others.add(at)
        called = list(COMMAND.finditer(text))
        message = self._stub(chat, at, thread) | {"text": text}
        if called:
            spans = [(tdlib.units(text[: m.start()]), tdlib.units(m.group())) for m in called]
            message["entities"] = [{"type": "bot_command", "offset": start, "length": size} for start, size in spans]
        if reply_to is not None:
            answered = chat.messages[reply_to]
            message["reply_to_message"] = self._json(answered)
        if chat.type == "channel":
            self._enqueue("channel_post", message | {"sender_chat": chat.json()})
        elif anonymous:
            message |= {"from": ANONYMOUS, "sender_chat": chat.json()}
        else:
            message["from"] = self._user(chat, user)
        to_us = reply_to is not None or f"@{self.me['username']}" in text
        to_us = to_us or any(m[1] in {None, self.me["username"]} for m in called)
        heard = chat.type == "private" or to_us or chat.status == "administrator" or not self.privacy
        if chat.type != "channel" and heard and chat.status in {"member", "administrator", "restricted"}:
            self._enqueue("message", message)
        return at

    def presses(self, chat_id: int, message_id: int, button: str | int, *, user: int | None = None) -> str:
        """Press a button, by its label or its place, of the message as it stands now. Gives the query's id."""
        row = [b for row in self.chats[chat_id].messages[message_id].keyboard for b in row]
        labels = [b["text"] for b in row]
        assert button in labels or isinstance(button, int), f"no button {button!r} in {labels}"
        pressed = row[button if isinstance(button, int) else labels.index(button)]
        assert "callback_data" in pressed, f"{pressed} sends nothing"
        return self.presses_raw(chat_id, message_id, pressed["callback_data"], user=user)

    def presses_raw(self, chat_id: int, message_id: int, data: str, *, user: int | None = None) -> str:
        """The same with any data, and for a message that may be gone."""
        chat, query = self.chats[chat_id], str(next(self._queries))
        message = chat.messages.get(message_id)
        gone = {"message_id": message_id, "chat": chat.json(), "date": 0}  # an InaccessibleMessage
        asked = {"id": query, "from": self._user(chat, user), "chat_instance": str(chat_id), "data": data}
        self._asked.add(query)
        self._enqueue("callback_query", asked | {"message": self._json(message) if message else gone})
        return query

    def blocks(self, user_id: int) -> None:
        self._change(self.chats[user_id], "kicked", self.users[user_id])

    def unblocks(self, user_id: int) -> None:
        self._change(self.chats[user_id], "member", self.users[user_id])

    def kicks(self, chat_id: int, *, by: int | None = None) -> None:
        self._change(self.chats[chat_id], "kicked", self._user(self.chats[chat_id], by))

    def adds(self, chat_id: int, *, by: int | None = None, admin: bool = False, **rights: bool) -> None:
        """The bot joins or, if it was there, is promoted, demoted or given other rights (`can_post_messages=False`)."""
        chat = self.chats[chat_id]
        status = "administrator" if admin or chat.type == "channel" else "member"
        self._change(chat, status, self._user(chat, by), **(POSTS if chat.type == "channel" else {}) | rights)

    def mutes(self, chat_id: int, *, muted: bool = True) -> None:
        """Members that are no admins may not write. The bot hears nothing of it."""
        self.chats[chat_id].writable = not muted

    def upgrades(self, group_id: int, new_id: int, *, by: int | None = None) -> None:
        """A basic group becomes a supergroup of another id."""
        old = self.chats[group_id]
        new = self._add(
            replace(old, id=new_id, type="supergroup", messages={}, others=set(), ids=count(1), window=deque())
        )
        old.moved_to, sender = new_id, {"from": self._user(old, by)}
        self._enqueue("message", self._stub(old, next(old.ids)) | sender | {"migrate_to_chat_id": new_id})
        self._enqueue("message", self._stub(new, next(new.ids)) | sender | {"migrate_from_chat_id": group_id})

    def fail(self, method: str, how: str, times: int = 1, *, chat_id: int | None = None) -> None:
        """Spoil the next calls ("*": of any method): "429:<seconds>", "413", "500", "502", "400:<text>", "403:<text>",

        "lost" (accepted, then the connection is closed), "reset" (closed before), "stall" (accepted, never answered),
        "refuse" (neither).
        """
        assert how in SILENT | {"413", "500", "502"} or re.match("(429:[0-9]+$|400:|403:)", how), how
        self._plan += [(method, how, chat_id)] * times

    def _user(self, chat: Chat, user: int | None) -> Json:
        return self.add_user(user or (chat.id if chat.type == "private" else (chat.admins or [777])[0]))

    def _stub(self, chat: Chat, message_id: int, thread: int | None = None) -> Json:
        topic = {} if thread is None else {"message_thread_id": thread, "is_topic_message": True}
        return {"message_id": message_id, "date": self.clock.now() // 1000, "chat": chat.json(), **topic}

    def _change(self, chat: Chat, status: str, by: Json, **rights: bool) -> bool:
        old = self._member(chat, self.me["id"])
        chat.status, chat.rights = status, rights
        change = {"chat": chat.json(), "from": by, "date": self.clock.now() // 1000}
        change |= {"old_chat_member": old, "new_chat_member": self._member(chat, self.me["id"])}
        self._enqueue("my_chat_member", change)
        return True

    def _enqueue(self, kind: str, body: Json) -> None:
        if self._allowed and kind not in self._allowed:
            return
        update = {"update_id": next(self._updates), kind: body}
        if self.schema:
            self.problems += self.schema.check("Update", update, "an update of the fake")
        self.pending.append(update)
        self._wake("news")

    def _wake(self, why: str) -> None:
        if self._poll and not self._poll.done():
            self._poll.set_result(why)

    # --- requests --------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        found = PATH.fullmatch(request.path)
        if not found or found[1] != self.token:
            return _answer(*((401, "Unauthorized") if found else (404, "Not Found")))
        json_body = request.content_type == "application/json"
        raw = dict(request.query) | dict(await request.json() if json_body else await request.post())
        files = {name: value.file.read() for name, value in raw.items() if isinstance(value, web.FileField)}
        raw |= {name: f"attach://{name}" for name in files}  # what a form's part stands for
        how, code, reply = "", 200, {"ok": True}
        try:
            params = self._read(found[2], raw)
            params |= files
            how = self._planned(found[2], params)
            reply["result"] = await self._take(found[2], params, how)
            if self.schema:
                self.problems += self.schema.answer(found[2], reply["result"])
        except Refusal as no:
            code, reply = no.code, no.reply
            if no.problem:
                self.problems.append(f"{found[2]}: {no}: {str(raw)[:200]}")
        except Exception as error:
            self.problems.append(f"{found[2]}: the fake fails: {error!r}")
            raise
        if how in {"stall", "refuse"}:
            await self._closing.wait()
        if how in SILENT and request.transport:
            request.transport.close()
        if how == "502":
            return web.Response(status=502, text="<html>502 Bad Gateway</html>", content_type="text/html")
        return web.Response(status=code, body=json.dumps(reply).encode(), content_type="application/json")

    def _read(self, method: str, raw: Json) -> Json:
        if self.schema and method not in self.schema:
            raise Refusal(404, "Not Found: method not found", problem=True)
        if method not in self._methods and method != "getUpdates":
            raise Refusal(400, f"{method} is not built in this fake", problem=True)
        if self.schema is None:
            return {name: guess(name, value) for name, value in raw.items()}
        params, wrong = self.schema.request(method, raw)
        if wrong:
            self.problems += wrong
            raise Refusal(400, "; ".join(wrong))
        return params

    def _planned(self, method: str, params: Json) -> str:
        self.calls.append((method, params))
        chat = self._find(params)
        for at, (name, how, chat_id) in enumerate(self._plan):
            if name in {method, "*"} and chat_id in {None, chat.id if chat else 0}:
                del self._plan[at]
                return how
        return ""

    async def _take(self, method: str, params: Json, how: str) -> Any:
        code, _, said = how.partition(":")
        if code == "429":
            if chat := self._find(params):
                chat.quiet_until = self.clock.now() + int(said) * 1000
            raise Refusal(429, f"retry after {said}", retry_after=int(said))
        if code in {"400", "403"}:
            raise Refusal(int(code), said)
        if code == "413":
            raise Refusal(413, "Request Entity Too Large")
        if code in {"500", "502"}:
            raise Refusal(int(code), "Internal Server Error")
        if how in {"reset", "refuse"}:
            raise Refusal(500, "nobody reads this")
        return await self._get_updates(params) if method == "getUpdates" else self._methods[method](params)

    async def _get_updates(self, p: Json) -> list[Json]:
        self._wake("conflict")
        self._allowed = set(p.get("allowed_updates", self._allowed))
        offset = p.get("offset", 0)
        self.pending = self.pending[offset:] if offset < 0 else [u for u in self.pending if u["update_id"] >= offset]
        if not self.pending and p.get("timeout"):
            mine = self._poll = asyncio.get_running_loop().create_future()
            await asyncio.wait([mine], timeout=p["timeout"])
            if mine.done() and mine.result() == "conflict":
                said = "terminated by other getUpdates request; make sure that only one bot instance is running"
                raise Refusal(409, said)
            if self._poll is mine:
                self._poll = None
        return self.pending[: p.get("limit", 100)]

    # --- chats -----------------------------------------------------------------------------------------------------

    def _find(self, params: Json) -> Chat | None:
        wanted = params.get("chat_id", 0)
        if isinstance(wanted, str):
            wanted = next((c.id for c in self.chats.values() if c.username and f"@{c.username}" == wanted), 0)
        if self._open_world and wanted and wanted not in self.chats:
            chat = self.add_private(wanted) if wanted > 0 else self.add_group(wanted)
            chat.everyone = True
        return self.chats.get(wanted)

    def _reach(self, params: Json) -> Chat:
        """The chat of a request, if the bot is in it (and, for a paced method, not too quick for it)."""
        chat = self._find(params)
        if chat is None:
            raise Refusal(400, "chat not found")
        if chat.moved_to:
            said = "group chat was upgraded to a supergroup chat"
            raise Refusal(400, said, migrate_to_chat_id=chat.moved_to)
        if chat.status == "kicked":
            private = chat.type == "private"
            raise Refusal(403, f"bot was {'blocked by the user' if private else f'kicked from the {chat.type} chat'}")
        if chat.status == "left":
            never = "bot can't initiate conversation with a user"
            raise Refusal(403, never if chat.type == "private" else f"bot is not a member of the {chat.type} chat")
        if (method := self.calls[-1][0]) in PACED:
            self._pace(method, chat)
        return chat

    def _pace(self, method: str, chat: Chat) -> None:
        now = self.clock.now()
        wait = chat.quiet_until - now
        if wait <= 0 and self.flood:
            wait = self._too_quick(now, chat, typing=method == "sendChatAction")
            chat.quiet_until = now + max(wait, 0)
        if wait > 0:
            self.floods.append((chat.id, method, now))
            after = ceil(wait / 1000)
            raise Refusal(429, f"retry after {after}", retry_after=after)

    def _too_quick(self, now: int, chat: Chat, *, typing: bool) -> int:
        """Milliseconds that the asker should have waited; 0, and counted, if none."""
        for window, span in ((self._recent, 1000), (chat.window, 60_000)):
            while window and window[0] <= now - span:
                window.popleft()
        if len(self._recent) >= 30:
            return self._recent[0] + 1000 - now
        if not typing and chat.type == "private":
            chat.credit = min(3000, chat.credit + now - chat.credited)
            chat.credited = now
            if chat.credit < 1000:
                return 1000 - chat.credit
            chat.credit -= 1000
        elif not typing:
            if len(chat.window) >= 20:
                return chat.window[0] + 60_000 - now
            chat.window.append(now)
        self._recent.append(now)
        return 0

    def _member(self, chat: Chat, user_id: int) -> Json:
        if user_id == self.me["id"]:
            member: Json = {"user": self.me, "status": chat.status}
            rights = chat.rights
        elif chat.everyone or user_id in chat.admins:
            owner = not chat.everyone and user_id == chat.admins[0]
            member = {"user": self.add_user(user_id), "status": "creator" if owner else "administrator"}
            rights = {}
        else:
            if user_id not in self.users:
                raise Refusal(400, "PARTICIPANT_ID_INVALID")
            return {"user": self.users[user_id], "status": "member"}
        if member["status"] == "creator":
            member["is_anonymous"] = False
        if member["status"] == "administrator":
            member |= {"can_be_edited": False, "is_anonymous": False, **RIGHTS, **rights}
        if member["status"] == "kicked":
            member["until_date"] = 0
        return member

    def _administrators(self, p: Json) -> list[Json]:
        chat = self._reach(p)
        if chat.type == "private":
            raise Refusal(400, "there are no administrators in the private chat")
        us = [self.me["id"]] if chat.status == "administrator" else []
        return [self._member(chat, user) for user in chat.admins + us]

    def _get_chat(self, p: Json) -> Json:
        gifts = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        rest = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(gifts, True)}
        return self._reach(p).json() | rest

    def _scope(self, p: Json) -> tuple[str, str]:
        scope = p.get("scope") or {"type": "default"}
        if "chat_id" in scope:
            self._reach(scope)
        return json.dumps(scope, sort_keys=True), p.get("language_code", "")

    def _set_commands(self, p: Json) -> bool:
        self.commands[self._scope(p)] = p["commands"]
        return True

    def _delete_commands(self, p: Json) -> bool:
        self.commands.pop(self._scope(p), None)
        return True

    def _delete_webhook(self, p: Json) -> bool:
        if p.get("drop_pending_updates"):
            self.pending.clear()
        return True

    def _set(self, what: str, p: Json) -> bool:
        key, where, _ = STORED[what]
        self.stored[what, str(p.get(where, ""))] = p.get(key)
        return True

    def _get(self, what: str, p: Json) -> Any:
        key, where, default = STORED[what]
        value = self.stored.get((what, str(p.get(where, "")))) or default
        return value if isinstance(value, dict) else {key: value}

    def _acknowledge(self, p: Json) -> bool:
        if p["callback_query_id"] not in self._asked:
            raise Refusal(400, "query is too old and response timeout expired or query ID is invalid")
        self.acks.append(p)
        return True

    # --- messages --------------------------------------------------------------------------------------------------

    def _content(self, p: Json) -> tuple[str, str, list[Json]]:
        """HTML as sent, visible text and entities; refused as Telegram would."""
        photo = "photo" in p
        html = text = p.get("caption", "") if photo else p["text"]
        entities: list[Json] = p.get("caption_entities" if photo else "entities", [])
        mode = p.get("parse_mode") or ""
        if mode not in {"", "HTML"}:
            raise Refusal(400, f"parse mode {mode} is not built in this fake", problem=True)
        if not html and not photo:
            raise Refusal(400, "message text is empty", problem=True)
        if mode:
            try:
                text, entities = tdlib.parse(html)
            except ValueError as error:
                raise Refusal(400, str(error), problem=True) from None
        if not text.strip() and not photo:
            raise Refusal(400, "text must be non-empty", problem=True)
        if tdlib.units(text) > (1024 if photo else 4096):
            raise Refusal(400, "message caption is too long" if photo else "message is too long", problem=True)
        return html, text, entities[:100]  # more are dropped in silence

    def _may_write(self, chat: Chat, thread: int | None) -> None:
        admin = chat.status == "administrator"
        if chat.type == "channel" and not (admin and chat.rights.get("can_post_messages", True)):
            raise Refusal(400, "need administrator rights in the channel chat")
        if chat.type in {"group", "supergroup"} and not (admin or chat.writable):
            raise Refusal(400, "not enough rights to send text messages to the chat")
        if thread is not None and thread not in chat.topics and not chat.everyone:
            raise Refusal(400, "message thread not found")
        if thread is not None and not chat.topics.get(thread, True) and not chat.rights.get("can_manage_topics"):
            raise Refusal(400, "TOPIC_CLOSED")

    def _send(self, p: Json) -> Json:
        html, text, entities = self._content(p)
        photo = _photo(p["photo"]) if "photo" in p else b""
        thread, markup, reply = p.get("message_thread_id"), p.get("reply_markup"), p.get("reply_parameters", {})
        chat = self._reach(p)
        self._may_write(chat, thread)
        answered = reply.get("message_id")
        if answered is not None and answered not in chat.messages and answered not in chat.others:
            if not reply.get("allow_sending_without_reply"):
                raise Refusal(400, "message to be replied not found")
            answered = None
        preview, silent, now = p.get("link_preview_options"), p.get("disable_notification", False), self.clock.now()
        at = next(chat.ids)
        sent = Msg(at, chat.id, thread, html, text, entities, markup, silent, preview, now, answered, photo=photo)
        chat.messages[at] = sent
        self._note("sendPhoto" if photo else "sendMessage", sent)
        return self._json(sent)

    def _edit(self, p: Json) -> Json:
        new = self._content(p) if "text" in p else None
        chat = self._reach(p)
        message = chat.messages.get(p.get("message_id", 0))
        if message is None:
            raise Refusal(400, "message to edit not found")
        if new and message.photo:
            raise Refusal(400, "there is no text in the message to edit", problem=True)
        html, text, entities = new or (message.html, message.text, message.entities)
        markup = p.get("reply_markup")
        preview = p.get("link_preview_options") if new else message.link_preview_options
        after = replace(message, html=html, text=text, entities=entities, markup=markup, link_preview_options=preview)
        if (after.text, after.entities, after.keyboard) == (message.text, message.entities, message.keyboard):
            raise Refusal(400, MODIFIED)
        after.edits += 1
        chat.messages[message.message_id] = after
        self.edits.append(after)
        self._note("editMessageText" if new else "editMessageReplyMarkup", after)
        return self._json(after) | {"edit_date": self.clock.now() // 1000}

    def _delete(self, p: Json) -> bool:
        chat, at = self._reach(p), p["message_id"]
        if at in chat.others and chat.rights.get("can_delete_messages"):
            chat.others.remove(at)
            return True
        if at not in chat.messages:
            raise Refusal(400, "message can't be deleted" if at in chat.others else "message to delete not found")
        if self.clock.now() - chat.messages[at].sent_at > KEPT:
            raise Refusal(400, "message can't be deleted for everyone")
        del chat.messages[at]
        return True

    def _note(self, method: str, message: Msg) -> None:
        if self._log is not None:
            row = {"chat_id": message.chat_id, "method": method, "text": message.html, "message_id": message.message_id}
            os.write(self._log, json.dumps(row).encode() + b"\n")

    def _json(self, message: Msg) -> Json:
        chat = self.chats[message.chat_id]
        sender = {"sender_chat": chat.json()} if chat.type == "channel" else {"from": self.me}
        said: Json = {"text": message.text}
        if message.photo:
            wide, high = _size(message.photo)
            size = {"file_id": "photo", "file_unique_id": "photo", "width": wide, "height": high}
            said = {"photo": [size]} | ({"caption": message.text} if message.text else {})
        whole = self._stub(chat, message.message_id, message.thread) | sender | said
        whole["date"] = message.sent_at // 1000
        entities = "caption_entities" if message.photo else "entities"
        more: Json = {entities: message.entities, "link_preview_options": message.link_preview_options}
        more["reply_markup"] = {"inline_keyboard": message.keyboard} if message.keyboard else None
        return whole | {key: value for key, value in more.items() if value}


def _photo(sent: object) -> bytes:
    """A picture as it came, refused as Telegram would (Bot API, sendPhoto; TDLib, FileManager and Photo)."""
    if not isinstance(sent, bytes):
        raise Refusal(400, "pictures by address or id are not built in this fake", problem=True)
    if not sent:
        raise Refusal(400, "file must be non-empty")
    if len(sent) > 10 << 20:
        raise Refusal(400, f"file of size {len(sent)} bytes is too big for a photo; the maximum size is 10485760 bytes")
    wide, high = _size(sent)
    if not wide or not high:
        raise Refusal(400, "IMAGE_PROCESS_FAILED")
    if wide + high > 10_000 or max(wide, high) > 20 * min(wide, high):
        raise Refusal(400, "PHOTO_INVALID_DIMENSIONS")
    return sent


def _size(picture: bytes) -> tuple[int, int]:
    """Width and height in pixels; nothing if it is no PNG."""
    if picture[:8] != b"\x89PNG\r\n\x1a\n" or len(picture) < 33:
        return 0, 0
    wide, high = struct.unpack(">II", picture[16:24])
    return wide, high


def _answer(code: int, said: str) -> web.Response:
    return web.json_response(Refusal(code, said).reply, status=code)


async def _serve(port_file: Path, log: Path, port: int, *, flood: bool) -> None:
    async with TelegramServer(log=log, port=port, flood=flood, open_world=True) as server:
        fresh = port_file.with_suffix(".new")
        fresh.write_text(server.url.rpartition(":")[2])
        fresh.replace(port_file)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port_file", type=Path)
    parser.add_argument("log", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--flood", action="store_true", help="flood control, by real time")
    options = parser.parse_args()
    asyncio.run(_serve(options.port_file, options.log, options.port, flood=options.flood))


if __name__ == "__main__":
    main()
