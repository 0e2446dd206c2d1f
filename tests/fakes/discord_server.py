"""A loopback Discord, REST and gateway: an unmodified discord.py talks to it inside `with pointed_at(server.url)`.

Invariants: a request that breaks Discord's own document, or a limit beyond it, is answered with 50035 and noted in
`problems`; what is accepted stands in `messages()` and, with `log`, in a file before the answer leaves; a planned
failure happens as often as it was asked for. The given clock rules rate limits, nonces, ids and the life of
interactions and sessions; heartbeats, stalls and the library's own waits take real time. Not for threads: the world is
moved from the loop that serves.

As a process: `python -m tests.fakes.discord_server PORT_FILE LOG [--flood] [--port N]`, where every id is a text
channel of guild 1.
"""

import argparse
import asyncio
import hashlib
import json
import os
import re
import socket
import struct
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from math import ceil
from pathlib import Path
from typing import Any, Protocol, Self
from unittest.mock import patch

import yarl
from aiohttp import WSMsgType, web

from tests.fakes.discord_schema import BUTTON, EPHEMERAL, SELECTS, V2, limits, load, present, text, walk

Json = dict[str, Any]
TOKEN = "MTAwMDAwMDAwMDAwMDAwMDAx.Fake.FakeFakeFakeFakeFakeFakeFakeFakeFa"
BASE, SOCKET = "/api/v10", "/socket"
BOT = 1_000_000_000_000_000_001
TEXT, DM, NEWS, NEWS_THREAD, THREAD, FORUM = 0, 1, 5, 10, 11, 15
GALLERY = 12  # a component
THREADS = {NEWS_THREAD, THREAD}
CROSSPOSTED, LOADING = 1 << 0, 1 << 7  # flags of a message
REQUIRES_TAG = 1 << 4  # a flag of a forum
GUILDS, MEMBERS, PRESENCES, GUILD_MESSAGES, DIRECT_MESSAGES, CONTENT = 1, 1 << 1, 1 << 8, 1 << 9, 1 << 12, 1 << 15
PRIVILEGED = MEMBERS | PRESENCES | CONTENT
PERMISSIONS = {
    "administrator": 1 << 3,
    "manage_channels": 1 << 4,
    "manage_guild": 1 << 5,
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "manage_messages": 1 << 13,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
    "mention_everyone": 1 << 17,
    "manage_webhooks": 1 << 29,
    "use_application_commands": 1 << 31,
    "manage_threads": 1 << 34,
    "create_public_threads": 1 << 35,
    "send_messages_in_threads": 1 << 38,
}
ALL = (1 << 53) - 1
VIEW, SEND, IN_THREADS = (PERMISSIONS[name] for name in ("view_channel", "send_messages", "send_messages_in_threads"))
EVERYONE = {
    "view_channel",
    "send_messages",
    "embed_links",
    "attach_files",
    "read_message_history",
    "use_application_commands",
    "create_public_threads",
    "send_messages_in_threads",
}
WITH_MESSAGES = sum(PERMISSIONS[name] for name in ("embed_links", "attach_files", "mention_everyone"))
IN_CHANNELS = sum(bit for name, bit in PERMISSIONS.items() if name not in {"administrator", "manage_guild"})
MESSAGES = "POST /channels/{channel_id}/messages"
LIMITS: dict[str, tuple[int, float]] = {  # so many in so many seconds, per channel, guild or webhook
    MESSAGES: (5, 5),
    "PATCH /channels/{channel_id}/messages/{message_id}": (5, 5),
    "DELETE /channels/{channel_id}/messages/{message_id}": (5, 1),
    "POST /channels/{channel_id}/messages/{message_id}/crosspost": (10, 3600),
    "POST /webhooks/{webhook_id}/{webhook_token}": (5, 2),
}
LARGEST = 10_485_760  # bytes of all files of a message: a bot's share where nobody pays for more
FREE = ("/interactions/", "/webhooks/")  # outside the limit over everything; the token stands in the path
UNANSWERED = {"lost", "reset", "stall", "hang"}
HOW = re.compile(
    r"(500|502|503|504|524)(:late)?|lost|reset|stall|hang|json(:\d{3})?"
    r"|429:[\d.]+(:global|:shared|:cloudflare)?|(400|401|403|404|413):\d+"
)
FATAL = {1000, 1001, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014}  # codes that end a session
CALLBACKS = {2: {4, 5, 9}, 3: {4, 5, 6, 7, 9}, 4: {8}, 5: {4, 5, 6, 7}}  # answers, by the type of an interaction
SAID = {
    0: "Unauthorized",
    10003: "Unknown Channel",
    10004: "Unknown Guild",
    10007: "Unknown Member",
    10008: "Unknown Message",
    10015: "Unknown Webhook",
    10062: "Unknown interaction",
    10087: "Unknown Tag",
    40033: "This message has already been crossposted",
    40005: "Request entity too large",
    40060: "Interaction has already been acknowledged.",
    40067: "A tag is required to create a forum post in this channel",
    50001: "Missing Access",
    50005: "Cannot edit a message authored by another user",
    50006: "Cannot send an empty message",
    50007: "Cannot send messages to this user",
    50008: "Cannot send messages in a non-text channel",
    50013: "Missing Permissions",
    50024: "Cannot execute action on this channel type",
    50027: "Invalid Webhook Token",
    50035: "Invalid Form Body",
    50083: "Thread is archived",
    160005: "Thread is locked",
    160006: "Maximum number of active threads reached",
}


class Clock(Protocol):
    def now(self) -> int: ...


class RealClock:
    def now(self) -> int:
        return time.time_ns() // 1_000_000


@contextmanager
def pointed_at(url: str) -> Iterator[None]:
    """Every client of discord.py that is made or connects inside talks to `url` (as in `server.url`)."""
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

    gateway = yarl.URL(url.replace("http", "ws", 1) + SOCKET)
    with patch.object(Route, "BASE", url + BASE), patch.object(DiscordWebSocket, "DEFAULT_GATEWAY", gateway):
        yield


async def until(ready: Callable[[], object], seconds: float = 5) -> bool:
    end = time.monotonic() + seconds
    while not ready() and time.monotonic() < end:  # noqa: ASYNC110 - the world tells nobody of its changes
        await asyncio.sleep(0.002)
    return bool(ready())


class Refusal(Exception):  # noqa: N818 - no error of ours
    """An answer that is an error. What is `wrong` (places and sentences) is the asker's own fault, and a problem."""

    def __init__(self, status: int, code: int, wrong: list[tuple[str, str]] | None = None) -> None:
        super().__init__(SAID.get(code, "planned"))
        self.status = status
        self.wrong = wrong or []
        self.body: Json = {"message": SAID.get(code, "planned"), "code": code}
        errors: Json = {}
        for place, said in self.wrong:
            at = errors
            for part in filter(None, place.split(".")):
                at = at.setdefault(part, {})
            at.setdefault("_errors", []).append({"code": "INVALID", "message": said})
        if errors:
            self.body["errors"] = errors


def invalid(place: str, said: str) -> Refusal:
    return Refusal(400, 50035, [(place, said)])


@dataclass
class Call:
    """One request. `status` is 0 if it was left without an answer."""

    method: str
    path: str
    route: str  # "POST /channels/{channel_id}/messages"
    args: dict[str, str]
    query: dict[str, str]
    body: Any
    at: int
    files: tuple[tuple[str, bytes], ...] = ()  # names and contents
    status: int = 0

    def id(self, name: str) -> int:
        return int(self.args[name])


@dataclass
class Msg:
    """A message of the bot as it stands now."""

    id: int
    channel_id: int
    author: int
    content: str
    embeds: list[Json]
    components: list[Json]
    flags: int
    nonce: str | int | None
    at: int
    files: tuple[tuple[str, bytes], ...] = ()  # names and contents
    interaction: int = 0  # that it answers
    hidden_for: int = 0  # the one user who sees it
    edits: int = 0
    edited_at: int = 0

    @property
    def text(self) -> str:
        return text(self.content, self.embeds, self.components)

    @property
    def alts(self) -> list[str]:
        """What is said of its pictures."""
        galleries = [part for part in walk(self.components) if part["type"] == GALLERY]
        return [item.get("description") or "" for part in galleries for item in part["items"]]

    @property
    def v2(self) -> bool:
        return bool(self.flags & V2)

    @property
    def silent(self) -> bool:
        return bool(self.flags & 1 << 12)

    @property
    def crossposted(self) -> bool:
        return bool(self.flags & CROSSPOSTED)

    @property
    def loading(self) -> bool:
        """Still "thinking": deferred, and nothing to read yet."""
        return bool(self.flags & LOADING)

    @property
    def controls(self) -> list[Json]:
        return [part for part in walk(self.components) if part["type"] == BUTTON or part["type"] in SELECTS]

    @property
    def buttons(self) -> list[tuple[str, str]]:
        """Labels, and custom ids or links."""
        rows = [part for part in self.controls if part["type"] == BUTTON]
        return [(part.get("label") or "", part.get("custom_id") or part.get("url") or "") for part in rows]


@dataclass
class Person:
    id: int
    name: str
    locale: str = "en-US"
    dms: bool = True  # takes direct messages
    bot: bool = False

    def json(self) -> Json:
        rest = {"avatar": None, "discriminator": "0", "public_flags": 0, "flags": 0, "primary_guild": None}
        return {"id": str(self.id), "username": self.name.lower(), "global_name": self.name, "bot": self.bot, **rest}


@dataclass
class Role:
    id: int
    name: str
    permissions: int
    position: int = 1
    managed: bool = False

    def json(self) -> Json:
        rest: Json = {"color": 0, "hoist": False, "mentionable": False, "icon": None, "unicode_emoji": None, "flags": 0}
        rest["colors"] = {"primary_color": 0, "secondary_color": None, "tertiary_color": None}
        mine = {"id": str(self.id), "name": self.name, "permissions": str(self.permissions), "position": self.position}
        return mine | {"managed": self.managed} | rest


@dataclass
class Channel:
    id: int
    type: int
    name: str = ""
    guild_id: int = 0
    parent_id: int = 0
    user: int = 0  # the other one of a direct channel
    tags: dict[str, int] = field(default_factory=dict)  # of a forum
    tag_required: bool = False
    archived: bool = False
    locked: bool = False
    applied: list[int] = field(default_factory=list)
    overwrites: dict[int, tuple[int, int]] = field(default_factory=dict)  # of members: allowed, denied
    messages: dict[int, Msg] = field(default_factory=dict)


@dataclass
class Guild:
    id: int
    name: str
    owner: int
    locale: str = "en-US"
    present: bool = True  # the bot is there
    available: bool = True  # no outage
    channels: dict[int, Channel] = field(default_factory=dict)
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, list[int]] = field(default_factory=dict)  # their roles
    thread_limit: int = 1000  # active ones


@dataclass
class Response:
    """One answer to an interaction. `type` is the callback's, 0 for "edit", "followup" and "delete"."""

    kind: str
    type: int
    ephemeral: bool
    at: int
    body: Json
    message_id: int = 0


@dataclass
class Asked:
    """An interaction."""

    id: int
    token: str
    type: int
    channel_id: int
    user: int
    at: int
    message_id: int = 0  # of the pressed component
    original: int = 0  # the message that answered it
    ack: int = 0  # the callback's type
    hidden: bool = False
    opener: int = 0  # the interaction that showed the form


@dataclass
class Session:
    id: str
    intents: int
    seq: int = 0
    events: deque[tuple[int, Json]] = field(default_factory=lambda: deque(maxlen=5000))
    link: "Link | None" = None
    left_at: int = 0


class Link:
    """One connection to the gateway."""

    def __init__(self, ws: web.WebSocketResponse, compress: str) -> None:
        self.ws = ws
        self.session: Session | None = None
        self.silent = False
        self.code = 0  # that we closed it with
        self._zlib = zlib.compressobj() if compress == "zlib-stream" else None
        self._out: asyncio.Queue[Json | int] = asyncio.Queue()
        self._writer = asyncio.create_task(self._write())

    def send(self, op: int, data: Any = None, kind: str | None = None, seq: int | None = None) -> None:
        if not self.silent:
            self._out.put_nowait({"op": op, "d": data, "s": seq, "t": kind})

    def close(self, code: int) -> None:
        self.code = self.code or code
        self._out.put_nowait(code)

    def drop(self, request: web.BaseRequest) -> None:
        self._writer.cancel()
        if request.transport:
            request.transport.abort()

    async def stop(self) -> None:
        self._writer.cancel()
        with suppress(asyncio.CancelledError):
            await self._writer

    async def _write(self) -> None:
        with suppress(ConnectionError):
            while True:
                item = await self._out.get()
                if isinstance(item, int):
                    await self.ws.close(code=item)
                    return
                said = json.dumps(item)
                if self._zlib:
                    whole = self._zlib.compress(said.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH)
                    await self.ws.send_bytes(whole)
                else:
                    await self.ws.send_str(said)


class DiscordServer:
    """An async context manager; `url` is its address while it runs."""

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        flood: bool = True,
        validate: bool = True,
        check_answers: bool = False,
        log: Path | None = None,
        port: int = 0,
        open_world: bool = False,
        token: str = TOKEN,
        name: str = "Paperboy",
        privileged: int = 0,
        heartbeat: int = 41_250,
    ) -> None:
        """`privileged` are the intents that the portal grants; `check_answers` holds answers against the document."""
        self.clock = clock or RealClock()
        self.flood = flood
        self.limits = dict(LIMITS)
        self.everything = 50  # requests a second
        self.nonce_window = 180.0  # seconds
        self.resume_window = 180.0
        self.heartbeat = heartbeat  # ms
        self.privileged = privileged
        self.token = token
        self.schema = load() if validate and present() else None
        self.check_answers = check_answers
        self.me = Person(BOT, name, bot=True)
        self.url = ""
        self.problems: list[str] = []
        self.calls: list[Call] = []
        self.floods: list[tuple[int, str, str]] = []  # when, which bucket, which scope
        self.invalid = 0  # requests that count towards Discord's ban: 401, 403 and 429 of our own making
        self.responses: dict[int, list[Response]] = {}
        self.commands: dict[int, list[Json]] = {0: []}  # by guild; 0: everywhere
        self.users: dict[int, Person] = {BOT: self.me}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.asked: dict[int, Asked] = {}
        self.identifies = self.resumes = self.beats = 0
        self.identified: list[Json] = []  # what IDENTIFY carried
        self.close_codes: list[int | None] = []  # with which connections ended
        self._validate = validate
        self._open_world = open_world
        self._port = port
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644) if log else None
        self._plan: list[tuple[str, str]] = []
        self._nonces: dict[str, tuple[int, int, int]] = {}  # message, channel, when
        self._windows: dict[tuple[str, str], tuple[int, int]] = {}  # since when, how many
        self._recent: deque[int] = deque()
        self._count = count(1)
        self._last_id = 0
        self._sessions: dict[str, Session] = {}
        self._links: dict[Link, web.BaseRequest] = {}
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None
        self._routes = list(self._table())
        if open_world:
            self.add_guild(1)

    async def __aenter__(self) -> Self:
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        self.url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        self.drops()
        if self._runner:
            await self._runner.cleanup()
        if self._log is not None:
            os.close(self._log)

    def _table(self) -> Iterator[tuple[str, re.Pattern[str], str, Callable[[Call], Any]]]:
        app, guild, channel = "/applications/{application_id}", "/guilds/{guild_id}", "/channels/{channel_id}"
        message, hook = channel + "/messages/{message_id}", "/webhooks/{webhook_id}/{webhook_token}"
        original, followup = hook + "/messages/@original", hook + "/messages/{message_id}"
        table: list[tuple[str, Callable[[Call], Any]]] = [
            (MESSAGES, self._create),
            (f"PATCH {message}", self._edit),
            (f"GET {message}", self._read),
            (f"DELETE {message}", self._delete),
            (f"POST {message}/crosspost", self._crosspost),
            (f"POST {channel}/threads", self._create_thread),
            (f"POST {channel}/typing", self._typing),
            (f"GET {channel}/messages", self._history),
            (f"GET {channel}", lambda call: self.json(self._reach(call))),
            (f"PATCH {channel}", self._change_channel),
            ("POST /interactions/{interaction_id}/{interaction_token}/callback", self._callback),
            (f"POST {hook}", self._followup),
            (f"PATCH {original}", self._edit_answer),
            (f"GET {original}", lambda call: self._message_json(self._answer_of(call)[1])),
            (f"DELETE {original}", self._delete_answer),
            (f"PATCH {followup}", self._edit_answer),
            (f"GET {followup}", lambda call: self._message_json(self._answer_of(call)[1])),
            (f"DELETE {followup}", self._delete_answer),
            ("GET /users/@me", lambda _: self.me.json() | {"mfa_enabled": True, "locale": "en-US"}),
            ("GET /users/@me/guilds", lambda _: [self._guild_json(one) for one in self.guilds.values() if one.present]),
            ("POST /users/@me/channels", lambda call: self.json(self._dm(int(call.body["recipient_id"])))),
            ("GET /applications/@me", lambda _: self._application()),
            ("GET /oauth2/applications/@me", lambda _: self._application()),
            ("GET /gateway", lambda _: {"url": self.gateway}),
            ("GET /gateway/bot", self._gateway_bot),
            (f"GET {app}/commands", self._get_commands),
            (f"PUT {app}/commands", self._put_commands),
            (f"GET {app}{guild}/commands", self._get_commands),
            (f"PUT {app}{guild}/commands", self._put_commands),
            (f"GET {guild}", lambda call: self._guild_json(self._home(call))),
            (f"GET {guild}/channels", self._get_channels),
            (f"GET {guild}/roles", lambda call: [role.json() for role in self._home(call).roles.values()]),
            (f"GET {guild}/members/{{user_id}}", self._get_member),
        ]
        for route, handler in table:
            method, _, template = route.partition(" ")
            pattern = re.sub(r"\{(\w+_id)\}", r"(?P<\1>\\d+)", template)
            pattern = re.sub(r"\{(\w+_token)\}", r"(?P<\1>[^/]+)", pattern)
            yield method, re.compile(pattern), route, handler

    @property
    def gateway(self) -> str:
        return self.url.replace("http", "ws", 1) + SOCKET

    # --- the world -------------------------------------------------------------------------------------------------

    def add_user(self, user_id: int, name: str = "", locale: str = "en-US", *, dms: bool = True) -> Person:
        return self.users.setdefault(user_id, Person(user_id, name or f"User {user_id}", locale, dms))

    def add_guild(
        self, guild_id: int, name: str = "Guild", *, owner: int = 9, locale: str = "en-US", present: bool = True
    ) -> Guild:
        guild = self.guilds[guild_id] = Guild(guild_id, name, owner, locale, present)
        guild.roles[guild_id] = Role(guild_id, "@everyone", _bits(EVERYONE), 0)
        self.add_member(guild_id, owner)
        mine = self._role(guild, self.me.name, 0, managed=True)
        guild.members[BOT] = [mine.id]
        if present:
            self._emit("GUILD_CREATE", self._guild_json(guild, whole=True), GUILDS)
        return guild

    def add_member(
        self, guild_id: int, user_id: int, *permissions: str, name: str = "", locale: str = "en-US"
    ) -> Person:
        """Somebody of a guild, with permissions beyond everybody's: `add_member(1, ANN, "manage_guild")`."""
        guild, person = self.guilds[guild_id], self.add_user(user_id, name, locale)
        roles = [self._role(guild, person.name, _bits(permissions)).id] if permissions else []
        guild.members[user_id] = roles
        self._emit("GUILD_MEMBER_ADD", self._member(guild, user_id) | {"guild_id": str(guild_id)}, MEMBERS)
        return person

    def add_text(self, channel_id: int, guild_id: int, name: str = "papers") -> Channel:
        return self._add(Channel(channel_id, TEXT, name, guild_id))

    def add_news(self, channel_id: int, guild_id: int, name: str = "news") -> Channel:
        return self._add(Channel(channel_id, NEWS, name, guild_id))

    def add_forum(
        self, channel_id: int, guild_id: int, name: str = "forum", *, tags: tuple[str, ...] = (), required: bool = False
    ) -> Channel:
        ids = {tag: self._new_id() for tag in tags}
        return self._add(Channel(channel_id, FORUM, name, guild_id, tags=ids, tag_required=required))

    def add_thread(
        self, thread_id: int, parent_id: int, name: str = "thread", *, archived: bool = False, locked: bool = False
    ) -> Channel:
        parent = self.channels[parent_id]
        kind = NEWS_THREAD if parent.type == NEWS else THREAD
        return self._add(Channel(thread_id, kind, name, parent.guild_id, parent_id, archived=archived, locked=locked))

    def _add(self, channel: Channel) -> Channel:
        self.channels[channel.id] = self.guilds[channel.guild_id].channels[channel.id] = channel
        kind = "THREAD_CREATE" if channel.type in THREADS else "CHANNEL_CREATE"
        self._emit(kind, self.json(channel), GUILDS, channel)
        return channel

    def _role(self, guild: Guild, name: str, permissions: int, *, managed: bool = False) -> Role:
        role = Role(self._new_id(), name, permissions, len(guild.roles), managed)
        guild.roles[role.id] = role
        self._emit("GUILD_ROLE_CREATE", {"guild_id": str(guild.id), "role": role.json()}, GUILDS)
        return role

    def permit(self, channel_id: int, user: int = BOT, **flags: bool) -> None:
        """Allow or deny in one channel: `permit(5, send_messages=False)`. Threads take their parent's."""
        channel = self.channels[channel_id]
        allowed, denied = channel.overwrites.get(user, (0, 0))
        for name, may in flags.items():
            bit = PERMISSIONS[name]
            allowed, denied = (allowed | bit, denied & ~bit) if may else (allowed & ~bit, denied | bit)
        channel.overwrites[user] = (allowed, denied)
        self._emit("CHANNEL_UPDATE", self.json(channel), GUILDS)

    def permit_guild(self, guild_id: int, user: int = 0, **flags: bool) -> None:
        """The same in the role of everyone (`user=0`) or in somebody's own; a role can only add to everyone's."""
        guild = self.guilds[guild_id]
        if user and not guild.members[user]:
            guild.members[user] = [self._role(guild, self.users[user].name, 0).id]
            self._emit("GUILD_MEMBER_UPDATE", self._member(guild, user) | {"guild_id": str(guild_id)}, MEMBERS)
        role = guild.roles[guild.members[user][0] if user else guild_id]
        for name, may in flags.items():
            role.permissions = role.permissions | PERMISSIONS[name] if may else role.permissions & ~PERMISSIONS[name]
        self._emit("GUILD_ROLE_UPDATE", {"guild_id": str(guild_id), "role": role.json()}, GUILDS)

    def permissions(self, channel_id: int, user: int = BOT) -> int:
        """What somebody may do in a channel, in Discord's bits."""
        channel = self.channels[channel_id]
        if not channel.guild_id:
            return ALL
        guild = self.guilds[channel.guild_id]
        roles = [guild.id, *guild.members.get(user, ())]
        may = 0
        for role in roles:
            may |= guild.roles[role].permissions
        if user == guild.owner or may & PERMISSIONS["administrator"]:
            return ALL
        home = self.channels.get(channel.parent_id, channel) if channel.type in THREADS else channel
        allowed, denied = home.overwrites.get(user, (0, 0))
        may = may & ~denied | allowed
        if not may & (IN_THREADS if channel.type in THREADS else SEND):
            may &= ~WITH_MESSAGES
        return may if may & VIEW else may & ~IN_CHANNELS

    def kicks(self, guild_id: int) -> None:
        """The bot is thrown out of a guild."""
        self.guilds[guild_id].present = False
        self._emit("GUILD_DELETE", {"id": str(guild_id)}, GUILDS)

    def joins(self, guild_id: int) -> None:
        """The bot is added (again)."""
        guild = self.guilds[guild_id]
        guild.present = True
        self._emit("GUILD_CREATE", self._guild_json(guild, whole=True), GUILDS)

    def outage(self, guild_id: int, *, over: bool = False) -> None:
        """The guild is unavailable, as in an outage of Discord, or available again."""
        guild = self.guilds[guild_id]
        guild.available = over
        if over:
            self._emit("GUILD_CREATE", self._guild_json(guild, whole=True) | {"unavailable": False}, GUILDS)
        else:
            self._emit("GUILD_DELETE", {"id": str(guild_id), "unavailable": True}, GUILDS)

    def deletes(self, channel_id: int) -> None:
        """A channel goes with its threads, or a thread alone."""
        channel = self.channels.pop(channel_id)
        siblings = self.guilds[channel.guild_id].channels
        del siblings[channel_id]
        for thread in [one.id for one in siblings.values() if one.parent_id == channel_id]:
            del siblings[thread], self.channels[thread]
        kind = "THREAD_DELETE" if channel.type in THREADS else "CHANNEL_DELETE"
        self._emit(kind, self.json(channel), GUILDS)

    def deletes_message(self, channel_id: int, message_id: int) -> None:
        """A moderator deletes it."""
        self._remove(self.channels[channel_id].messages[message_id])

    def archives(self, thread_id: int, *, archived: bool = True, locked: bool | None = None) -> None:
        thread = self.channels[thread_id]
        thread.archived = archived
        thread.locked = thread.locked if locked is None else locked
        self._emit("THREAD_UPDATE", self.json(thread), GUILDS)

    def dm(self, user_id: int) -> int:
        """The direct channel with somebody."""
        return self._dm(user_id).id

    def messages(self, channel_id: int, *, user: int = 0) -> list[Msg]:
        """The bot's messages in a channel as everybody sees them or, with those for one user's eyes, as `user`."""
        channel = self.channels.get(channel_id)
        return [m for m in channel.messages.values() if m.hidden_for in {0, user}] if channel else []

    def shown(self, interaction: int) -> list[Msg]:
        """The messages that answered an interaction (or that it changed), as they now stand."""
        channel = self.channels[self.asked[interaction].channel_id]
        ids = dict.fromkeys(response.message_id for response in self.responses[interaction])
        return [channel.messages[at] for at in ids if at in channel.messages]

    async def until(self, ready: Callable[[], object], seconds: float = 5) -> None:
        """Wait (in real time) for something to become true."""
        assert await until(ready, seconds), f"it did not happen; problems: {self.problems}"

    async def answered(self, interaction: int, times: int = 1, seconds: float = 5) -> list[Msg]:
        """Wait for so many answers to an interaction; gives its messages, deferred ones left out."""
        await self.until(lambda: len(self.responses[interaction]) >= times, seconds)
        return [message for message in self.shown(interaction) if not message.loading]

    # --- what users do ---------------------------------------------------------------------------------------------

    def slash(self, channel_id: int, user: int, command: str, *, force: bool = False, **options: Any) -> int:
        """Somebody gives a command ("subscribe", or "admin reset" for one of a group). Gives the interaction's id.

        As in Discord's client only what was synced can be given, by who may, with options that fit; `force` skips
        these checks.
        """
        data = self._command(channel_id, user, command, options, force=force)
        return self._ask(2, channel_id, user, data)

    def autocompletes(self, channel_id: int, user: int, command: str, option: str, typed: str, **options: Any) -> int:
        """Somebody types into an option; the answer is in `responses` (`body["data"]["choices"]`)."""
        data = self._command(channel_id, user, command, options | {option: typed}, force=True)
        for given in walk_options(data["options"]):
            if given["name"] == option:
                given["focused"] = True
        return self._ask(4, channel_id, user, data)

    def presses(
        self, channel_id: int, message_id: int, what: str, user: int, *, values: tuple[str, ...] | None = None
    ) -> int:
        """Press a button by its label (or custom id), or choose from a select by its placeholder (or custom id)."""
        message = self.channels[channel_id].messages[message_id]
        assert message.hidden_for in {0, user}, "only one user sees this message"
        named = {part.get(key): part for part in message.controls for key in ("custom_id", "placeholder", "label")}
        assert what in named, f"no {what!r} in {list(named)}"
        part = named[what]
        assert "custom_id" in part, f"{part} sends nothing"
        assert not part.get("disabled"), f"{part} is disabled"
        if part["type"] == 3:
            offered = {option["value"] for option in part["options"]}
            assert set(values or ()) <= offered, f"{values} are not of {offered}"
            least, most = part.get("min_values", 1), part.get("max_values", 1)
            assert least <= len(values or ()) <= most, f"{values}: {least} to {most} are allowed"
        return self.presses_raw(channel_id, message_id, part["custom_id"], user, kind=part["type"], values=values or ())

    def presses_raw(
        self,
        channel_id: int,
        message_id: int,
        custom_id: str,
        user: int,
        *,
        kind: int = BUTTON,
        values: tuple[str, ...] = (),
    ) -> int:
        """The same with any custom id."""
        data: Json = {"custom_id": custom_id, "component_type": kind, "id": 1}
        if kind in SELECTS:
            data["values"] = list(values)
        if kind in SELECTS - {3}:
            data["resolved"] = self._resolved(channel_id, dict.fromkeys(values, kind))
        return self._ask(3, channel_id, user, data, self.channels[channel_id].messages[message_id])

    def modal(self, interaction: int) -> Json | None:
        """The form that answered an interaction."""
        found = [r.body["data"] for r in self.responses[interaction] if r.type == 9]
        return found[0] if found else None

    def submits(self, interaction: int, /, **fields: Any) -> int:
        """Fill in the form that answered an interaction, by custom id or label; what is not given stays as it was."""
        asked, modal = self.asked[interaction], self.modal(interaction)
        assert modal, "no form was shown"
        unknown, parts = set(fields), list[Json]()
        for part in modal["components"]:
            label = part.get("label", "")
            for inner in part.get("components") or [part["component"]] if part["type"] != 10 else []:
                name = next((key for key in (inner["custom_id"], inner.get("label"), label) if key in fields), "")
                unknown.discard(name)
                filled = _filled(inner, fields.get(name))
                parts.append(
                    {"type": 1, "id": len(parts) + 1, "components": [filled]}
                    if part["type"] == 1
                    else {"type": 18, "id": len(parts) + 1, "component": filled}
                )
        assert not unknown, f"no fields {unknown}"
        at = self.submits_raw(asked.channel_id, asked.user, modal["custom_id"], parts, asked.message_id)
        self.asked[at].opener = interaction
        return at

    def submits_raw(
        self, channel_id: int, user: int, custom_id: str, components: list[Json], message_id: int = 0
    ) -> int:
        message = self.channels[channel_id].messages.get(message_id)
        fields = [part for part in walk(components) if part["type"] in SELECTS - {3}]
        chosen = {value: part["type"] for part in fields for value in part["values"]}
        resolved = self._resolved(channel_id, chosen)
        data = {"custom_id": custom_id, "components": components, "resolved": resolved}
        return self._ask(5, channel_id, user, data, message)

    def _ask(self, kind: int, channel_id: int, user: int, data: Json, message: Msg | None = None) -> int:
        channel, person, at = self.channels[channel_id], self.users[user], self._new_id()
        asked = Asked(at, f"token.{at}", kind, channel_id, user, self.clock.now(), message.id if message else 0)
        whole: Json = {
            "id": str(at),
            "application_id": str(BOT),
            "type": kind,
            "token": asked.token,
            "version": 1,
            "data": data,
            "channel": self.json(channel, slim=True),
            "channel_id": str(channel_id),
            "app_permissions": str(self.permissions(channel_id)),
            "locale": person.locale,
            "entitlements": [],
            "attachment_size_limit": LARGEST,
            "authorizing_integration_owners": {"0": str(channel.guild_id)},
            "context": 0 if channel.guild_id else 1,
        }
        if channel.guild_id:
            guild = self.guilds[channel.guild_id]
            may = {"permissions": str(self.permissions(channel_id, user))}
            whole |= {
                "guild_id": str(guild.id),
                "guild_locale": guild.locale,
                "member": self._member(guild, user) | may,
            }
            whole["guild"] = {"id": str(guild.id), "locale": guild.locale, "features": []}
        else:
            whole["user"] = person.json()
        if message:
            whole["message"] = self._message_json(message)
        self.asked[at], self.responses[at] = asked, []
        self._emit("INTERACTION_CREATE", whole, 0)
        return at

    def _command(self, channel_id: int, user: int, command: str, options: Json, *, force: bool) -> Json:
        guild_id = self.channels[channel_id].guild_id
        path = command.split()
        known = self.commands.get(guild_id, []) + self.commands[0]
        found = next((one for one in known if one["name"] == path[0] and one["type"] == 1), None)
        assert found, f"/{path[0]} is not among {[one['name'] for one in known]}: was it synced?"
        needed = found["default_member_permissions"]
        may = self.permissions(channel_id, user)
        assert force or not guild_id or needed is None or (int(needed) or 8) & ~may == 0, f"{user} may not /{command}"
        contexts = found.get("contexts")
        assert force or contexts is None or (0 if guild_id else 1) in contexts, f"/{command} is not offered here"
        level: Json = found
        for name in path[1:]:
            level = next(option for option in level["options"] if option["name"] == name)
        given, kinds = [], {}
        specs = {option["name"]: option for option in level.get("options") or ()}
        assert options.keys() <= specs.keys(), f"/{command} has no {options.keys() - specs.keys()}"
        for name, spec in specs.items():
            if name not in options:
                assert force or not spec.get("required"), f"/{command} needs {name}"
                continue
            value = options[name]
            if not force:
                _fits(spec, value)
            if spec["type"] in {6, 7, 8, 9}:
                value = str(value)
                kinds[value] = {6: 5, 7: 8, 8: 6, 9: 7}[spec["type"]]  # as selects of the same
            given.append({"name": name, "type": spec["type"], "value": value})
        for name in reversed(path[1:]):
            kind = 2 if name != path[-1] else 1
            given = [{"name": name, "type": kind, "options": given}]
        data: Json = {"id": found["id"], "name": path[0], "type": 1, "options": given}
        if "guild_id" in found:
            data["guild_id"] = found["guild_id"]
        if kinds:
            data["resolved"] = self._resolved(channel_id, kinds)
        return data

    def _resolved(self, channel_id: int, chosen: Mapping[str, int]) -> Json:
        """What ids stand for, by the type of the select that they come from: 5 user, 6 role, 7 either, 8 channel."""
        guild = self.guilds.get(self.channels[channel_id].guild_id)
        resolved: Json = {}
        for value, kind in chosen.items():
            if kind == 8:
                channel = self.channels[int(value)]
                may = {"permissions": str(self.permissions(channel.id))}
                resolved.setdefault("channels", {})[value] = self.json(channel, slim=True) | may
            elif guild and kind in {6, 7} and int(value) in guild.roles:
                resolved.setdefault("roles", {})[value] = guild.roles[int(value)].json()
            elif kind in {5, 7}:
                resolved.setdefault("users", {})[value] = self.users[int(value)].json()
                if guild and int(value) in guild.members:
                    member = self._member(guild, int(value)) | {"permissions": str(EVERYONE_BITS)}
                    del member["user"]
                    resolved.setdefault("members", {})[value] = member
        return resolved

    # --- failures --------------------------------------------------------------------------------------------------

    def fail(self, route_part: str, how: str, times: int = 1) -> None:
        """Spoil the next requests whose "METHOD /path" holds `route_part` ("" or "*": any; "/socket": the gateway).

        "500", "502", "503", "504", "524": nothing done; with ":late" (e.g. "502:late") the request is carried out.
        "lost": carried out, the connection closed. "reset": neither, and reset. "stall": carried out, never answered.
        "hang": neither. "json": carried out, HTML instead of JSON; "json:503": not, HTML with that status.
        "429:<s>" and with ":global", ":shared" or ":cloudflare" (HTML, no Via). "403:50001": that refusal.
        """
        assert HOW.fullmatch(how), how
        self._plan += [("" if route_part == "*" else route_part, how)] * times

    def reconnects(self) -> None:
        """Op 7: the client is to connect anew, and can resume."""
        for link in self._links:
            link.send(7)

    def invalidates(self, *, resumable: bool) -> None:
        """Op 9."""
        for link in self._links:
            link.send(9, resumable)
            if not resumable:
                self._forget(link.session)

    def closes(self, code: int) -> None:
        """Close every connection with a code (4000 and so on)."""
        for link in self._links:
            if code in FATAL:
                self._forget(link.session)
            link.close(code)

    def drops(self) -> None:
        """Connections break without a word."""
        for link, request in list(self._links.items()):
            link.drop(request)

    def hushes(self, *, hushed: bool = True) -> None:
        """Connections stay open, and nothing comes any more: no events, no answers to heartbeats."""
        for link in self._links:
            link.silent = hushed

    def forgets_sessions(self) -> None:
        """What was interrupted cannot be resumed."""
        self._sessions.clear()

    @property
    def connections(self) -> int:
        """With a session."""
        return sum(1 for link in self._links if link.session)

    # --- the gateway -----------------------------------------------------------------------------------------------

    def _forget(self, session: Session | None) -> None:
        if session:
            self._sessions.pop(session.id, None)

    def _emit(self, kind: str, data: Json, intent: int, channel: Channel | None = None) -> None:
        """An event for every session that asked for it, kept for those that are interrupted."""
        guild_id = int(data.get("guild_id") or (channel.guild_id if channel else 0))
        if guild_id and not self.guilds[guild_id].present:
            return
        for session in self._sessions.values():
            if not intent or session.intents & intent:
                session.seq += 1
                session.events.append((session.seq, {"data": data, "kind": kind}))
                if session.link:
                    session.link.send(0, data, kind, session.seq)

    async def _serve_gateway(self, request: web.BaseRequest) -> web.StreamResponse:
        ws = web.WebSocketResponse(max_msg_size=0)
        await ws.prepare(request)
        link = Link(ws, request.query.get("compress", ""))
        self._links[link] = request
        if request.query.get("v") != "10" or request.query.get("encoding") != "json":
            link.close(4012)
        link.send(10, {"heartbeat_interval": self.heartbeat})
        sent: deque[float] = deque(maxlen=120)
        try:
            async for message in ws:
                if message.type is not WSMsgType.TEXT:
                    continue
                sent.append(time.monotonic())
                if len(sent) == 120 and sent[-1] - sent[0] < 60:
                    link.close(4008)
                try:
                    said = json.loads(message.data)
                except ValueError:
                    link.close(4002)
                    continue
                if code := self._hear(link, said):
                    if code in FATAL:
                        self._forget(link.session)
                    link.close(code)
        finally:
            self.close_codes.append(link.code or ws.close_code)
            if link.session:
                link.session.link, link.session.left_at = None, self.clock.now()
                if not link.code and ws.close_code in {1000, 1001}:
                    self._forget(link.session)
            del self._links[link]
            await link.stop()
        return ws

    def _hear(self, link: Link, said: Json) -> int:
        """What a client says; gives the code to close with, or 0."""
        op, data = said.get("op"), said.get("d")
        if op == 1:
            self.beats += 1
            link.send(11)
            return 0
        if op == 2:
            return 4005 if link.session else self._identify(link, data or {})
        if op == 6:
            return 4005 if link.session else self._resume(link, data or {})
        if not link.session:
            return 4003
        return 0 if op in {3, 4, 8} else 4001

    def _identify(self, link: Link, data: Json) -> int:
        self.identifies += 1
        self.identified.append(data)
        intents = data.get("intents", 0)
        if str(data.get("token")).removeprefix("Bot ") != self.token:
            return 4004
        if intents >> 26:
            return 4013
        if intents & PRIVILEGED & ~self.privileged:
            return 4014
        if data.get("shard", [0, 1]) != [0, 1]:
            return 4010
        session = link.session = Session(f"session{next(self._count)}", intents, link=link)
        self._sessions[session.id] = session
        guilds = [guild for guild in self.guilds.values() if guild.present]
        ready = {
            "v": 10,
            "user": self.me.json() | {"mfa_enabled": True, "verified": True, "email": None},
            "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.gateway,
            "shard": [0, 1],
            "application": {"id": str(BOT), "flags": 0},
        }
        events = [("READY", ready)]
        if intents & GUILDS:
            whole = [
                self._guild_json(guild, whole=True) | {"unavailable": False} for guild in guilds if guild.available
            ]
            events += [("GUILD_CREATE", guild) for guild in whole]
        for kind, event in events:
            session.seq += 1
            link.send(0, event, kind, session.seq)
        return 0

    def _resume(self, link: Link, data: Json) -> int:
        self.resumes += 1
        if str(data.get("token")).removeprefix("Bot ") != self.token:
            return 4004
        session, seq = self._sessions.get(str(data.get("session_id"))), data.get("seq")
        gone = session and not session.link and self.clock.now() - session.left_at > self.resume_window * 1000
        if not session or gone or not isinstance(seq, int):
            link.send(9, False)
            return 0
        if seq > session.seq:
            return 4007
        if session.link:
            session.link.close(4000)
            session.link.session = None
        session.link, link.session = link, session
        for at, event in session.events:
            if at > seq:
                link.send(0, event["data"], event["kind"], at)
        session.seq += 1
        link.send(0, {"_trace": []}, "RESUMED", session.seq)
        return 0

    # --- requests --------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path = request.path.removeprefix(BASE)
        call = Call(request.method, path, "", {}, dict(request.query), None, self.clock.now())
        how = self._planned(call)
        if path == SOCKET and not how:
            return await self._serve_gateway(request)
        self.calls.append(call)
        if how == "hang":
            await self._closing.wait()
        if how == "reset":
            _reset(request)
        try:
            call.body, call.files = await _body(request)
        except ValueError as error:
            self.problems.append(f"{call.method} {path}: {error}")
        headers = {"Via": "1.1 google"}
        carried = path != SOCKET and (how in {"", "lost", "stall", "json"} or how.endswith(":late"))
        answer = self._carry(request, call, headers) if carried else (503, None)
        if how == "stall":
            await self._closing.wait()
        if how in UNANSWERED and request.transport:
            request.transport.close()
        call.status, body = self._spoil(call, how, headers) if how else answer
        if call.status in {401, 403, 429} and headers.get("X-RateLimit-Scope") != "shared":
            self.invalid += 1
        if isinstance(body, str):
            return web.Response(status=call.status, text=body, content_type="text/html", headers=headers)
        if body is None:
            return web.Response(status=204, headers=headers)
        said = json.dumps(body).encode()
        return web.Response(status=call.status, body=said, content_type="application/json", headers=headers)

    def _planned(self, call: Call) -> str:
        asked = f"{call.method} {call.path}"
        for at, (part, how) in enumerate(self._plan):
            if part in asked:
                del self._plan[at]
                return how
        return ""

    def _spoil(self, call: Call, how: str, headers: dict[str, str]) -> tuple[int, Any]:
        """The answer of a planned failure."""
        code, _, rest = how.partition(":")
        html = "<html><body><h1>cloudflare</h1></body></html>"
        if how in UNANSWERED:
            return 0, html
        if code == "json":
            return int(rest or 200), html
        if code == "429":
            seconds, _, scope = rest.partition(":")
            if scope == "cloudflare":
                headers.clear()
                headers["Retry-After"] = seconds
                return 429, html
            return 429, self._flooded(call, call.path, float(seconds), scope or "user", headers)
        if code in {"400", "401", "403", "404", "413"}:
            return int(code), Refusal(int(code), int(rest)).body
        return int(code), {"message": "Internal Server Error", "code": 0} if code == "500" else html

    def _carry(self, request: web.BaseRequest, call: Call, headers: dict[str, str]) -> tuple[int, Any]:
        try:
            handler = self._match(call)
            free = call.path.startswith(FREE)
            if not free and request.headers.get("Authorization") != f"Bot {self.token}":
                raise Refusal(401, 0)  # noqa: TRY301 - as every other refusal
            if self.flood and (late := self._pace(call, headers, free=free)):
                return 429, late
            self._check(call)
            answer = handler(call)
            status = 201 if call.route.endswith("/threads") else 204 if answer is None else 200
            if self.schema and self.check_answers:
                method, _, template = call.route.partition(" ")
                wrong = self.schema.answer(method, template, status, answer)
                self.problems += [f"the fake's answer to {call.route}: {at}: {said}" for at, said in wrong]
        except Refusal as no:
            self.problems += [f"{call.method} {call.path}: {place}: {said}" for place, said in no.wrong]
            return no.status, no.body
        except Exception as error:
            self.problems.append(f"{call.method} {call.path}: the fake fails: {error!r}")
            raise
        return status, answer

    def _match(self, call: Call) -> Callable[[Call], Any]:
        for method, pattern, route, handler in self._routes:
            if method == call.method and (found := pattern.fullmatch(call.path)):
                call.route, call.args = route, found.groupdict()
                return handler
        raise Refusal(404, 0, [("", "is not built in this fake")])

    def _check(self, call: Call) -> None:
        """Hold a body against the document; where it leaves a choice, as what this channel would take."""
        if not self.schema:
            return
        method, _, template = call.route.partition(" ")
        kind = ""
        channel = self.channels.get(int(call.args.get("channel_id", 0)))
        if channel and call.route == "POST /channels/{channel_id}/threads" and channel.type == FORUM:
            kind = "CreateForumThreadRequest"
        if channel and call.route == "PATCH /channels/{channel_id}":
            kind = "UpdateThreadRequestPartial" if channel.type in THREADS else "UpdateGuildChannelRequestPartial"
        if call.route == "POST /webhooks/{webhook_id}/{webhook_token}":
            kind = "IncomingWebhookRequestPartial"
        if call.body is not None or call.method in {"POST", "PATCH", "PUT"}:
            wrong = self.schema.request(method, template, call.body, kind)
            if wrong:
                raise Refusal(400, 50035, wrong)

    # --- rate limits -----------------------------------------------------------------------------------------------

    def _pace(self, call: Call, headers: dict[str, str], *, free: bool) -> Json | None:
        """The body of a 429, or None and the request counted."""
        while self._recent and self._recent[0] <= call.at - 1000:
            self._recent.popleft()
        if not free and len(self._recent) >= self.everything:
            return self._flooded(call, "global", (self._recent[0] + 1000 - call.at) / 1000, "global", headers)
        if call.route in self.limits:
            most, seconds = self.limits[call.route]
            names = ("channel_id", "guild_id", "webhook_id", "webhook_token")
            major = "+".join(call.args[name] for name in names if name in call.args)
            since, used = self._windows.get((call.route, major), (call.at, 0))
            if call.at >= since + seconds * 1000:
                since, used = call.at, 0
            left = (since + seconds * 1000 - call.at) / 1000
            bucket = hashlib.md5(call.route.encode(), usedforsecurity=False).hexdigest()
            headers["X-RateLimit-Bucket"] = bucket
            headers["X-RateLimit-Limit"] = str(most)
            headers["X-RateLimit-Remaining"] = str(max(most - used - 1, 0))
            headers["X-RateLimit-Reset"] = f"{since / 1000 + seconds:.3f}"
            headers["X-RateLimit-Reset-After"] = f"{left:.3f}"
            if used >= most:
                return self._flooded(call, f"{call.route} {major}", left, "user", headers)
            self._windows[call.route, major] = (since, used + 1)
        if not free:
            self._recent.append(call.at)
        return None

    def _flooded(self, call: Call, bucket: str, seconds: float, scope: str, headers: dict[str, str]) -> Json:
        self.floods.append((call.at, bucket, scope))
        headers |= {"Retry-After": str(ceil(seconds)), "X-RateLimit-Scope": scope}
        if scope == "global":
            headers["X-RateLimit-Global"] = "true"
        said = "You are being rate limited."
        return {"message": said, "retry_after": round(seconds, 3), "global": scope == "global", "code": 0}

    # --- messages --------------------------------------------------------------------------------------------------

    def _reach(self, call: Call, *needs: str) -> Channel:
        """The channel of a request, if the bot sees it and may do what it takes."""
        at = call.id("channel_id")
        if self._open_world and at not in self.channels:
            self.add_text(at, 1)
        channel = self.channels.get(at)
        if channel is None:
            raise Refusal(404, 10003)
        if channel.guild_id:
            may = self.permissions(at)
            if not self.guilds[channel.guild_id].present or not may & VIEW:
                raise Refusal(403, 50001)
            if _bits(needs) & ~may:
                raise Refusal(403, 50013)
        return channel

    def _may_send(self, call: Call) -> Channel:
        channel = self._reach(call)
        if channel.type == DM:
            if not self.users[channel.user].dms:
                raise Refusal(403, 50007)
            return channel
        if channel.type == FORUM:
            raise Refusal(400, 50008)
        may = self.permissions(channel.id)
        if channel.type in THREADS:
            if channel.locked and not may & PERMISSIONS["manage_threads"]:
                raise Refusal(403, 160005)
            self._reach(call, "send_messages_in_threads")
        else:
            self._reach(call, "send_messages")
        if call.body.get("embeds") and not may & PERMISSIONS["embed_links"]:
            raise Refusal(403, 50013)
        if call.files and not may & PERMISSIONS["attach_files"]:
            raise Refusal(403, 50013)
        if channel.archived:
            self.archives(channel.id, archived=False)
        return channel

    def _compose(self, call: Call, body: Json, channel_id: int, place: str = "") -> Msg:
        """A new message of a request's body, not yet anywhere."""
        flags = body.get("flags") or 0
        parts = body.get("components") or []
        if self._validate and (wrong := limits(body, flags, new=True)):
            raise Refusal(400, 50035, [(f"{place}{at}", said) for at, said in wrong])
        if sum(len(content) for _, content in call.files) > LARGEST:
            raise Refusal(413, 40005)
        if loose := self._attach(parts, body, call):
            raise Refusal(400, 50035, [(f"{place}components", said) for said in loose])
        embeds, content = body.get("embeds") or [], body.get("content") or ""
        if not (parts or embeds or content or call.files or body.get("sticker_ids") or body.get("poll")):
            raise Refusal(400, 50006, [(f"{place}content", SAID[50006])])
        for number, part in enumerate(walk(parts), 1):
            part.setdefault("id", number)
        at = self._new_id()
        return Msg(at, channel_id, BOT, content, embeds, parts, flags, body.get("nonce"), call.at, call.files)

    def _attach(self, parts: list[Json], body: Json, call: Call) -> list[str]:
        """Give the pictures of galleries the addresses of what is attached; returns what is wrong with them."""
        names, wrong = {name for name, _ in call.files}, []
        named = {each.get("filename") for each in body.get("attachments") or []}
        if names != named:
            wrong.append(f"attached are {sorted(names)}, named {sorted(map(str, named))}")
        used = set()
        for part in walk(parts):
            for item in part["items"] if part["type"] == GALLERY else ():
                name = item["media"]["url"].removeprefix("attachment://")
                used.add(name)
                url = f"{self.url}/attachments/{name}"
                item["media"] = {"id": str(self._new_id()), "url": url, "proxy_url": url}
                item.setdefault("spoiler", False)
        loose = used ^ names if (body.get("flags") or 0) & V2 else used - names
        return wrong + [f"{name!r} is attached and not shown, or the other way round" for name in loose]

    def _post(self, message: Msg, *, kind: str = "message") -> Json:
        channel = self.channels[message.channel_id]
        channel.messages[message.id] = message
        self._note(kind, message)
        whole = self._message_json(message)
        if not message.hidden_for:
            self._emit("MESSAGE_CREATE", whole, GUILD_MESSAGES if channel.guild_id else DIRECT_MESSAGES, channel)
        return whole

    def _create(self, call: Call) -> Json:
        channel, nonce = self._may_send(call), call.body.get("nonce")
        enforced = nonce is not None and call.body.get("enforce_nonce")
        first = self._nonces.get(str(nonce)) if enforced else None
        if first and call.at - first[2] < self.nonce_window * 1000:
            message_id, channel_id, _ = first
            if channel_id != channel.id:
                self.problems.append(f"nonce {nonce!r} is used in channels {channel_id} and {channel.id}")
            if message_id not in self.channels[channel_id].messages:
                raise Refusal(404, 10008)
            return self._message_json(self.channels[channel_id].messages[message_id])
        message = self._compose(call, call.body, channel.id)
        if enforced:
            self._nonces[str(nonce)] = (message.id, channel.id, call.at)
        return self._post(message)

    def _typing(self, call: Call) -> None:
        self._reach(call)

    def _found(self, call: Call, channel: Channel) -> Msg:
        message = channel.messages.get(call.id("message_id"))
        if message is None or message.hidden_for:
            raise Refusal(404, 10008)
        return message

    def _read(self, call: Call) -> Json:
        return self._message_json(self._found(call, self._reach(call, "read_message_history")))

    def _history(self, call: Call) -> list[Json]:
        channel = self._reach(call)
        if not self.permissions(channel.id) & PERMISSIONS["read_message_history"]:
            return []
        after, before = int(call.query.get("after", 0)), int(call.query.get("before", 0)) or 1 << 64
        found = [m for m in channel.messages.values() if after < m.id < before and not m.hidden_for]
        found.sort(key=lambda m: m.id, reverse="after" not in call.query)
        found = found[: int(call.query.get("limit", 50))]
        return [self._message_json(m) for m in sorted(found, key=lambda m: -m.id)]

    def _edit(self, call: Call) -> Json:
        channel = self._reach(call)
        message = self._found(call, channel)
        if channel.archived:
            raise Refusal(400, 50083)
        if message.author != BOT:
            raise Refusal(403, 50005)
        return self._apply(message, call)

    def _apply(self, message: Msg, call: Call, body: Json | None = None) -> Json:
        body = call.body if body is None else body
        kept = message.flags & (CROSSPOSTED | EPHEMERAL)
        flags = (message.flags if body.get("flags") is None else body["flags"] | kept | message.flags & V2) & ~LOADING
        after = {"content": message.content, "embeds": message.embeds, "components": message.components} | body
        if self._validate and (wrong := limits(after, flags, new=False)):
            raise Refusal(400, 50035, wrong)
        for number, part in enumerate(walk(body.get("components")), 1):
            part.setdefault("id", number)
        if not (after["content"] or after["embeds"] or after["components"] or message.files or call.files):
            raise Refusal(400, 50006, [("content", SAID[50006])])
        message.content, message.embeds = after["content"] or "", after["embeds"] or []
        message.components, message.flags = after["components"] or [], flags
        message.edits, message.edited_at = message.edits + 1, call.at
        self._note("edit", message)
        whole = self._message_json(message)
        channel = self.channels[message.channel_id]
        if not message.hidden_for:
            self._emit("MESSAGE_UPDATE", whole, GUILD_MESSAGES if channel.guild_id else DIRECT_MESSAGES, channel)
        return whole

    def _delete(self, call: Call) -> None:
        channel = self._reach(call)
        message = self._found(call, channel)
        if channel.archived:
            raise Refusal(400, 50083)
        if message.author != BOT:
            self._reach(call, "manage_messages")
        self._remove(message)

    def _remove(self, message: Msg) -> None:
        channel = self.channels[message.channel_id]
        del channel.messages[message.id]
        gone = {"id": str(message.id), "channel_id": str(channel.id)}
        gone |= {"guild_id": str(channel.guild_id)} if channel.guild_id else {}
        if not message.hidden_for:
            self._emit("MESSAGE_DELETE", gone, GUILD_MESSAGES if channel.guild_id else DIRECT_MESSAGES, channel)

    def _crosspost(self, call: Call) -> Json:
        channel = self._reach(call, "send_messages")
        if channel.type != NEWS:
            raise Refusal(400, 50024)
        message = self._found(call, channel)
        if message.crossposted:
            raise Refusal(400, 40033)
        message.flags |= CROSSPOSTED
        self._note("crosspost", message)
        return self._message_json(message)

    # --- channels --------------------------------------------------------------------------------------------------

    def _create_thread(self, call: Call) -> Json:
        parent, body = self._reach(call), call.body
        tags = [int(tag) for tag in body.get("applied_tags") or ()]
        if parent.type not in {TEXT, NEWS, FORUM}:
            raise Refusal(400, 50024)
        self._reach(call, "send_messages" if parent.type == FORUM else "create_public_threads")
        if set(tags) - set(parent.tags.values()):
            raise Refusal(400, 10087)
        if parent.type == FORUM and parent.tag_required and not tags:
            raise Refusal(400, 40067)
        guild = self.guilds[parent.guild_id]
        if sum(1 for one in guild.channels.values() if one.type in THREADS and not one.archived) >= guild.thread_limit:
            raise Refusal(400, 160006)
        message = self._compose(call, body["message"], 0, "message.") if parent.type == FORUM else None
        if message and message.embeds and not self.permissions(parent.id) & PERMISSIONS["embed_links"]:
            raise Refusal(403, 50013)
        at = message.id if message else self._new_id()  # the first message of a post has its id
        kind = NEWS_THREAD if parent.type == NEWS else THREAD
        thread = Channel(at, kind, body["name"], guild.id, parent.id, applied=tags)
        self.channels[at] = guild.channels[at] = thread
        self._emit("THREAD_CREATE", self.json(thread) | {"newly_created": True}, GUILDS)
        whole = self.json(thread)
        if message:
            message.channel_id = at
            whole["message"] = self._post(message, kind="post")
        return whole

    def _change_channel(self, call: Call) -> Json:
        channel, body = self._reach(call), call.body
        if channel.type not in THREADS:
            self._reach(call, "manage_channels")
            channel.name = body.get("name", channel.name)
            self._emit("CHANNEL_UPDATE", self.json(channel), GUILDS)
            return self.json(channel)
        may = self.permissions(channel.id)
        opens = body.get("archived") is False
        if channel.archived and not opens:
            raise Refusal(400, 50083)
        manages = bool(may & PERMISSIONS["manage_threads"])
        if not manages and (channel.locked or not opens or body.keys() != {"archived"} or not may & IN_THREADS):
            raise Refusal(403, 50013)
        channel.archived, channel.locked = body.get("archived", channel.archived), body.get("locked", channel.locked)
        channel.name = body.get("name", channel.name)
        if "applied_tags" in body:
            channel.applied = [int(tag) for tag in body["applied_tags"]]
        self._emit("THREAD_UPDATE", self.json(channel), GUILDS)
        return self.json(channel)

    def _dm(self, user_id: int) -> Channel:
        found = next((one for one in self.channels.values() if one.type == DM and one.user == user_id), None)
        if self._open_world:
            self.add_user(user_id)
        if found is None:
            if user_id not in self.users:
                raise Refusal(400, 50007)
            found = Channel(self._new_id(), DM, user=user_id)
            self.channels[found.id] = found
        return found

    # --- interactions ----------------------------------------------------------------------------------------------

    def _callback(self, call: Call) -> Json | None:
        asked = self.asked.get(call.id("interaction_id"))
        if asked is None or asked.token != call.args["interaction_token"]:
            raise Refusal(404, 10062)
        if asked.ack:
            raise Refusal(400, 40060)
        if call.at - asked.at > 3000:
            raise Refusal(404, 10062)
        kind, data = call.body["type"], call.body.get("data") or {}
        if kind not in CALLBACKS[asked.type] or (kind in {6, 7} and not asked.message_id):
            raise invalid("type", f"{kind} does not answer an interaction of type {asked.type}")
        shown: Json | None = None
        hidden = bool((data.get("flags") or 0) & EPHEMERAL)
        if kind == 4:
            message = self._compose(call, data, asked.channel_id, "data.")
            shown = self._answer_with(asked, message, hidden=hidden)
        elif kind == 5:
            flags = LOADING | (data.get("flags") or 0)
            waiting = Msg(self._new_id(), asked.channel_id, BOT, "", [], [], flags, None, call.at)
            shown = self._answer_with(asked, waiting, hidden=hidden)
        elif kind in {6, 7}:
            message = self.channels[asked.channel_id].messages[asked.message_id]
            asked.original, hidden = message.id, bool(message.hidden_for)
            shown = self._apply(message, call, data) if kind == 7 else None
        if self._validate and kind == 9:
            self._check_form(data)
        if self._validate and kind == 8 and len(data.get("choices") or ()) > 25:
            raise invalid("data.choices", "Must be 25 or fewer in length.")
        asked.ack, asked.hidden = kind, hidden
        self.responses[asked.id].append(Response("callback", kind, hidden, call.at, call.body, asked.original))
        if call.query.get("with_response", "0").lower() not in {"1", "true"}:
            return None
        told: Json = {"id": str(asked.id), "type": asked.type}
        if asked.original:
            told |= {"response_message_id": str(asked.original), "response_message_loading": kind == 5}
            told["response_message_ephemeral"] = hidden
        resource = {"resource": {"type": kind, "message": shown}} if kind in {4, 7} else {}
        return {"interaction": told} | resource

    def _check_form(self, data: Json) -> None:
        parts = list(walk(data.get("components")))
        ids = [part["custom_id"] for part in parts if "custom_id" in part]
        if len(set(ids)) < len(ids):
            raise invalid("data.components", "Component custom id cannot be duplicated")
        if len(data["components"]) > 5:
            raise invalid("data.components", "Must be between 1 and 5 in length.")

    def _answer_with(self, asked: Asked, message: Msg, *, hidden: bool) -> Json:
        message.hidden_for = asked.user if hidden else 0
        message.interaction, asked.original = asked.id, asked.original or message.id
        return self._post(message, kind="answer")

    def _by_token(self, call: Call) -> Asked:
        _, _, at = call.args["webhook_token"].partition(".")
        asked = self.asked.get(int(at)) if at.isdecimal() else None
        if asked is None or call.id("webhook_id") != BOT or not asked.ack:
            raise Refusal(404, 10015)
        if call.at - asked.at > 15 * 60_000:
            raise Refusal(401, 50027)
        return asked

    def _answer_of(self, call: Call) -> tuple[Asked, Msg]:
        asked = self._by_token(call)
        at = int(call.args.get("message_id", asked.original))
        message = self.channels[asked.channel_id].messages.get(at)
        if message is None or (message.interaction != asked.id and message.id != asked.original):
            raise Refusal(404, 10008)
        return asked, message

    def _edit_answer(self, call: Call) -> Json:
        asked, message = self._answer_of(call)
        whole = self._apply(message, call)
        self._respond(asked, "edit", call, message)
        return whole

    def _delete_answer(self, call: Call) -> None:
        asked, message = self._answer_of(call)
        self._remove(message)
        self._respond(asked, "delete", call, message)

    def _followup(self, call: Call) -> Json:
        asked = self._by_token(call)
        waiting = self.channels[asked.channel_id].messages.get(asked.original)
        if waiting and waiting.loading:  # the first one takes the place, and the audience, of what was deferred
            whole = self._apply(waiting, call)
            self._respond(asked, "followup", call, waiting)
            return whole
        message = self._compose(call, call.body, asked.channel_id)
        whole = self._answer_with(asked, message, hidden=bool(message.flags & EPHEMERAL))
        self._respond(asked, "followup", call, message)
        return whole

    def _respond(self, asked: Asked, kind: str, call: Call, message: Msg) -> None:
        hidden = bool(message.hidden_for)
        self.responses[asked.id].append(Response(kind, 0, hidden, call.at, call.body or {}, message.id))

    # --- commands --------------------------------------------------------------------------------------------------

    def _get_commands(self, call: Call) -> list[Json]:
        return self.commands.get(int(call.args.get("guild_id", 0)), [])

    def _put_commands(self, call: Call) -> list[Json]:
        guild_id, sent = int(call.args.get("guild_id", 0)), call.body or []
        if guild_id:
            self._home(call)
        if call.id("application_id") != BOT:
            raise Refusal(403, 50001)
        if self._validate:
            _check_commands(sent)
        old = {(one["name"], one["type"]): one["id"] for one in self.commands.get(guild_id, ())}
        kept = []
        for one in sent:
            kind = one.get("type") or 1
            at = old.get((one["name"], kind)) or str(self._new_id())
            given = {key: value for key, value in one.items() if value is not None}
            whole = {"default_member_permissions": None, "description": "", "nsfw": False} | given
            whole |= {"id": at, "application_id": str(BOT), "version": str(self._new_id()), "type": kind}
            needed = whole["default_member_permissions"]
            whole["default_member_permissions"] = None if needed is None else str(needed)
            kept.append(whole | ({"guild_id": str(guild_id)} if guild_id else {}))
        self.commands[guild_id] = kept
        return kept

    # --- what is told ----------------------------------------------------------------------------------------------

    def _home(self, call: Call) -> Guild:
        guild = self.guilds.get(call.id("guild_id"))
        if guild is None:
            raise Refusal(404, 10004)
        if not guild.present:
            raise Refusal(403, 50001)
        return guild

    def _get_channels(self, call: Call) -> list[Json]:
        return [self.json(one) for one in self._home(call).channels.values() if one.type not in THREADS]

    def _get_member(self, call: Call) -> Json:
        guild = self._home(call)
        if call.id("user_id") not in guild.members:
            raise Refusal(404, 10007)
        return self._member(guild, call.id("user_id"))

    def _member(self, guild: Guild, user_id: int) -> Json:
        empty = dict.fromkeys(("avatar", "banner", "communication_disabled_until", "nick", "premium_since"))
        flat = {"flags": 0, "pending": False, "mute": False, "deaf": False, "joined_at": _stamp(1_600_000_000_000)}
        roles = [str(role) for role in guild.members.get(user_id, ())]
        return {"user": self.users[user_id].json(), "roles": roles, **empty, **flat}

    def _guild_json(self, guild: Guild, *, whole: bool = False) -> Json:
        none = (
            "icon description home_header splash discovery_splash banner application_id afk_channel_id "
            "system_channel_id widget_channel_id max_presences vanity_url_code rules_channel_id "
            "safety_alerts_channel_id public_updates_channel_id incidents_data"
        )
        zero = (
            "system_channel_flags verification_level default_message_notifications mfa_level explicit_content_filter "
            "max_stage_video_channel_users max_video_channel_users premium_tier premium_subscription_count nsfw_level"
        )
        told: Json = dict.fromkeys(none.split()) | dict.fromkeys(zero.split(), 0)
        told |= {"id": str(guild.id), "name": guild.name, "owner_id": str(guild.owner), "region": "deprecated"}
        told |= {"preferred_locale": guild.locale, "afk_timeout": 300, "max_members": 500_000}
        told |= dict.fromkeys(("widget_enabled", "premium_progress_bar_enabled", "nsfw"), False)
        told |= {"features": [], "emojis": [], "stickers": [], "roles": [role.json() for role in guild.roles.values()]}
        if whole:
            places = list(guild.channels.values())
            told["channels"] = [self.json(one) for one in places if one.type not in THREADS]
            told["threads"] = [self.json(one) for one in places if one.type in THREADS and not one.archived]
            told |= {"members": [self._member(guild, BOT)], "member_count": len(guild.members), "large": False}
            told |= {"voice_states": [], "presences": [], "stage_instances": [], "guild_scheduled_events": []}
            told |= {"soundboard_sounds": [], "joined_at": _stamp(1_600_000_000_000)}
        return told

    def json(self, channel: Channel, *, slim: bool = False) -> Json:
        told: Json = {"id": str(channel.id), "type": channel.type, "flags": 0, "last_message_id": None}
        if channel.type == DM:
            return told | {"recipients": [self.users[channel.user].json()]}
        told |= {"guild_id": str(channel.guild_id), "name": channel.name, "rate_limit_per_user": 0}
        told["parent_id"] = str(channel.parent_id) if channel.parent_id else None
        if slim:
            told["permissions"] = str(self.permissions(channel.id))
        if channel.type in THREADS:
            stamp = _stamp(1_600_000_000_000)
            meta = {"archived": channel.archived, "locked": channel.locked, "auto_archive_duration": 4320}
            told["thread_metadata"] = meta | {"archive_timestamp": stamp, "create_timestamp": stamp}
            told |= {"owner_id": str(BOT), "member_count": 1, "applied_tags": [str(tag) for tag in channel.applied]}
            sent = len(channel.messages)
            return told | {"message_count": sent, "total_message_sent": sent}
        told |= {"position": 0, "nsfw": False, "topic": None}
        told["permission_overwrites"] = [
            {"id": str(at), "type": 1, "allow": str(allowed), "deny": str(denied)}
            for at, (allowed, denied) in channel.overwrites.items()
        ]
        if channel.type == FORUM:
            told["flags"] = REQUIRES_TAG if channel.tag_required else 0
            rest = {"moderated": False, "emoji_id": None, "emoji_name": None}
            told["available_tags"] = [{"id": str(at), "name": tag, **rest} for tag, at in channel.tags.items()]
            told |= {"default_reaction_emoji": None, "default_sort_order": None, "default_forum_layout": 0}
        return told

    def _message_json(self, message: Msg) -> Json:
        channel = self.channels[message.channel_id]
        told: Json = {
            "id": str(message.id),
            "channel_id": str(message.channel_id),
            "type": 0,
            "author": self.users[message.author].json(),
            "content": message.content,
            "timestamp": _stamp(message.at),
            "edited_timestamp": _stamp(message.edited_at) if message.edited_at else None,
            "flags": message.flags,
            "components": message.components,
            "embeds": [{"type": "rich", **embed} for embed in message.embeds],
            "attachments": [self._file(message, at, *file) for at, file in enumerate(message.files)],
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": False,
        }
        if message.nonce is not None:
            told["nonce"] = message.nonce
        if channel.guild_id:
            told["guild_id"] = str(channel.guild_id)
        if message.interaction:
            asked = self.asked[message.interaction]
            told |= {"type": 20, "webhook_id": str(BOT), "application_id": str(BOT)}
            told["interaction_metadata"] = self._metadata(asked, channel.guild_id)
        return told

    def _metadata(self, asked: Asked, guild_id: int) -> Json:
        told: Json = {"id": str(asked.id), "type": asked.type, "user": self.users[asked.user].json()}
        told["authorizing_integration_owners"] = {"0": str(guild_id)}
        if asked.type == 3:
            told["interacted_message_id"] = str(asked.message_id)
        if asked.opener:
            told["triggering_interaction_metadata"] = self._metadata(self.asked[asked.opener], guild_id)
        return told

    def _file(self, message: Msg, at: int, name: str, content: bytes) -> Json:
        url = f"{self.url}/attachments/{message.channel_id}/{message.id}/{name}"
        return {"id": str(message.id + at + 1), "filename": name, "size": len(content), "url": url, "proxy_url": url}

    def _application(self) -> Json:
        none = "icon interactions_endpoint_url role_connections_verification_url team type"
        told: Json = dict.fromkeys(none.split()) | {"id": str(BOT), "name": self.me.name, "description": ""}
        counts = "approximate_guild_count approximate_user_install_count approximate_user_authorization_count"
        told |= dict.fromkeys([*counts.split(), "flags", "explicit_content_filter"], 0)
        told |= {"flags_new": "0", "verify_key": "0" * 64, "bot_public": True, "bot_require_code_grant": False}
        told |= {"redirect_uris": [], "eligible_oauth2_scopes": [], "bot": self.me.json()}
        return told | {"owner": self.add_user(9).json()}

    def _gateway_bot(self, _: Call) -> Json:
        left = {"total": 1000, "remaining": 1000 - self.identifies, "reset_after": 86_400_000, "max_concurrency": 1}
        return {"url": self.gateway, "shards": 1, "session_start_limit": left}

    def _new_id(self) -> int:
        self._last_id = max(self._last_id + 1, (self.clock.now() - 1_420_070_400_000) << 22)
        return self._last_id

    def _note(self, kind: str, message: Msg) -> None:
        if self._log is not None:
            row = {"channel_id": message.channel_id, "nonce": message.nonce, "message_id": message.id, "kind": kind}
            os.write(self._log, json.dumps(row | {"text": message.text}).encode() + b"\n")


def _bits(names: Iterable[str]) -> int:
    return sum({PERMISSIONS[name] for name in names})


EVERYONE_BITS = _bits(EVERYONE)


def _stamp(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def walk_options(options: list[Json]) -> Iterator[Json]:
    for option in options:
        yield option
        yield from walk_options(option.get("options", []))


def _fits(spec: Json, value: Any) -> None:
    """What Discord's client lets a user give for an option."""
    name = spec["name"]
    if choices := spec.get("choices"):
        assert value in [choice["value"] for choice in choices], f"{name}={value!r} is no choice of {choices}"
    kinds: dict[int, Any] = {3: str, 4: int, 5: bool, 10: (int, float)}
    assert isinstance(value, kinds.get(spec["type"], int)), f"{name}={value!r} is not of type {spec['type']}"
    if isinstance(value, str):
        assert spec.get("min_length", 0) <= len(value) <= spec.get("max_length", 6000), f"{name}: {len(value)}"
    if spec["type"] in {4, 10}:
        assert spec.get("min_value", value) <= value <= spec.get("max_value", value), f"{name}: {value}"


def _filled(part: Json, value: Any) -> Json:
    """A field of a form as it is sent."""
    told: Json = {"type": part["type"], "custom_id": part["custom_id"], "id": 1}
    if part["type"] in SELECTS:
        chosen = [option["value"] for option in part.get("options", ()) if option.get("default")]
        return told | {"values": list(value) if value is not None else chosen}
    if part["type"] in {21, 22, 23}:  # radio buttons, check boxes
        return told | {"values" if part["type"] == 22 else "value": value}
    written = str(part.get("value") or "" if value is None else value)
    assert (part.get("min_length") or 0) <= len(written) <= (part.get("max_length") or 4000), f"{part}: {len(written)}"
    assert written or part.get("required") is False, f"{part} must be filled in"
    return told | {"value": written}


def _check_commands(sent: list[Json]) -> None:
    seen = set()
    for at, one in enumerate(sent):
        kind = one.get("type") or 1
        if (one["name"], kind) in seen:
            raise invalid(str(at), f"APPLICATION_COMMANDS_DUPLICATE_NAME: {one['name']}")
        seen.add((one["name"], kind))
        if kind == 1 and not one.get("description"):
            raise invalid(f"{at}.description", "This field is required")
        if kind == 1:
            _check_option(one, str(at))
        if _letters(one) > 8000:
            raise invalid(str(at), "Command exceeds maximum size of 8000 characters")
    if sum(1 for one in sent if (one.get("type") or 1) == 1) > 100:
        raise invalid("", "Maximum number of application commands reached (100)")


def _check_option(one: Json, place: str) -> None:
    if not re.fullmatch(r"[-_'\w]{1,32}", one["name"]) or one["name"] != one["name"].lower():
        raise invalid(f"{place}.name", f"Command name is invalid: {one['name']!r}")
    if one.get("choices") and one.get("autocomplete"):
        raise invalid(f"{place}.choices", "choices and autocomplete exclude each other")
    optional = False
    for at, option in enumerate(one.get("options") or ()):
        _check_option(option, f"{place}.options.{at}")
        if option.get("required") and optional:
            raise invalid(f"{place}.options.{at}", "Required options must be placed before non-required options")
        optional = optional or not option.get("required")


def _letters(one: Json) -> int:
    size = len(one["name"]) + len(one.get("description") or "")
    size += sum(len(c["name"]) + len(str(c["value"])) for c in one.get("choices") or ())
    return size + sum(map(_letters, one.get("options") or ()))


def _reset(request: web.BaseRequest) -> None:
    """Close with a reset instead of a proper end."""
    wire = request.transport.get_extra_info("socket") if request.transport else None
    if wire is not None:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


async def _body(request: web.BaseRequest) -> tuple[Any, tuple[tuple[str, bytes], ...]]:
    """The JSON of a request, and its files by name."""
    if request.content_type == "multipart/form-data":
        form = await request.post()
        files = tuple((f.filename, f.file.read()) for f in form.values() if isinstance(f, web.FileField))
        return json.loads(str(form.get("payload_json", "{}"))), files
    raw = await request.read()
    return (json.loads(raw) if raw else None), ()


async def _serve(port_file: Path, log: Path, port: int, *, flood: bool) -> None:
    async with DiscordServer(log=log, port=port, flood=flood, open_world=True) as server:
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
    parser.add_argument("--flood", action="store_true", help="rate limits, by real time")
    options = parser.parse_args()
    asyncio.run(_serve(options.port_file, options.log, options.port, flood=options.flood))


if __name__ == "__main__":
    main()
