"""Discord: channels, announcement channels, forums, threads and direct messages, through discord.py.

- The gateway only tells us things (interactions, channels and servers that come and go); all that is sent goes over
  HTTP, so a lost connection delays no digest. Either may fail alone.
- Every new message carries its nonce: Discord answers a repeat within minutes with the first message, so for so long a
  lost answer is no doubt (`_SAFE`). Forum posts have no nonce and follow the rule for doubts.
- A picture that Discord refuses goes out as its caption alone, in the same attempt: what is refused is not there.
- An interaction is acknowledged before anything else and answered by edit, by the job too that it began, for the
  quarter of an hour that it lasts. If we die in between, the answer goes to the person as a direct message: what was
  private stays so. Only a job's goes to the channel then.
- Buttons carry '1:<seq>:<places>:<flags>': a row of the ledger, never what the press does.
"""

import asyncio
import io
import json
import logging
import re
import threading
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import aiohttp
import discord
from discord.gateway import KeepAliveHandler

from bot.errors import ConfigError, InDoubt, Later, PaperboyError, Refused
from bot.model import Back, Chat, Joined, Left, Place, Post, Press, Rate, Said, Send
from bot.platforms import discord_view
from bot.platforms.discord_client import NOBODY, Client, Field, Tree
from bot.platforms.discord_commands import register
from bot.platforms.discord_ends import ended, foreign, unclear, why
from bot.ports import Clock, Hear, Suggest
from bot.words import WORDS, say

log = logging.getLogger(__name__)

_SAFE = 120_000  # ms for which a nonce surely holds; Discord says "the past few minutes"
_INVALID = 5000  # refused requests in ten minutes; at 10,000 Discord shuts a whole address out
_WINDOW = 600_000  # ms
_DELETED = 10008  # unknown message
_DONE = 40060  # already acknowledged: the first try counted, though its answer was lost
_PERSONS = {10013, 50007}  # unknown user, takes no direct messages
_POSTS = {10003, 50083, 160005}  # of a forum's thread: deleted, archived, locked
_NO_PICTURE = {400, 403, 413}  # bad, no right to attach files, too large
_REMEMBERED = 10_000  # people's rights, interactions that await their answer
_PRESS = re.compile(r"1:(\d{1,15}):(\d{1,3}|\*):([ema]*)", re.ASCII)
_JOB = re.compile(r"job:(.+)(?::\d+|#\d+)")
_NEEDED = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
}


class Discord:
    """Implements the port Platform. `template` is a new chat; the token is never logged, printed or stored."""

    name = "discord"
    folds = False
    token_rate = Rate(every=25)  # 50 requests a second for a bot, of which edits and menus need some

    def __init__(self, template: Chat, token: str, clock: Clock) -> None:
        self._template, self._token, self.clock = template, token, clock
        self._client: Client | None = None
        self._asking = asyncio.Lock()
        self._hear: Hear | None = None
        self.suggest: Suggest | None = None
        self._open: OrderedDict[str, discord.Interaction] = OrderedDict()  # by the id of what was said
        self._may: OrderedDict[tuple[str, str], tuple[bool, frozenset[str]]] = OrderedDict()
        self._refused: deque[int] = deque()
        self._unsure: set[str] = set()  # nonces of what may have arrived
        self._aside: set[asyncio.Task[None]] = set()

    # --- speaking

    def rate(self, chat: Chat) -> Rate:  # noqa: ARG002 - all are alike
        """Five at once, then one a second: as Discord's buckets for messages mostly are; the library reads the rest."""
        return Rate(every=1000, burst=5)

    def fits(self, post: Post) -> bool:
        """Whether it is one message: see discord_view."""
        return discord_view.fits(post)

    def render(self, post: Post) -> str:
        """Components, and what a forum needs to open a thread, as JSON."""
        tree = discord_view.render(post)
        title = discord_view.title(post) if post.title else ""
        shown = {"alt": discord_view.alt(post)} if post.alt else {}
        return json.dumps({"tree": tree, "title": title, "tags": post.tags} | shown, ensure_ascii=False)

    async def send(self, send: Send) -> str:
        """Send or edit one message, or open a forum's thread with it; see the port for how it can end."""
        payload = json.loads(send.payload)
        try:
            client = await self._ready()
        except ConfigError as problem:  # nothing has left: what waits waits for the right token
            raise Later(str(problem), wait=300) from problem
        self._guard()
        if send.nonce in self._unsure and self.clock.now() - send.first_at >= _SAFE:
            self._unsure.discard(send.nonce)
            raise InDoubt("Discord did not confirm a message, and its nonce no longer tells.")
        tree = discord_view.filled(payload["tree"], lambda places, edits, asks: _id(send.seq, places, edits, asks))
        if send.doubted and not send.edits and not self._held(send):
            tree = discord_view.noted(tree, say(send.chat.language, "again"))
        view = Tree(tree)
        said = _said(send.id)
        try:
            if (interaction := self._open.get(said or _asked(send.id))) and not interaction.is_expired():
                return await self._answer(interaction, send, view, payload)
            if said and send.chat.kind != "private":
                return await self._whisper(client, said, send, Tree(_without_buttons(tree)))
            return await self._post(client, send, view, payload)
        except PaperboyError:
            raise
        except Exception as problem:
            raise self._ended(problem, send) from problem

    async def _answer(self, interaction: discord.Interaction, send: Send, view: Tree, payload: dict[str, Any]) -> str:
        """Through the interaction: by edit of what stands for the answer, further parts below it."""
        if not _further(send):
            return str((await interaction.edit_original_response(view=view)).id)
        private = bool(interaction.extras.get("private"))
        posted = partial(interaction.followup.send, ephemeral=private, wait=True)
        return str((await self._pictured(posted, send, view, payload)).id)

    async def _whisper(self, client: Client, said: str, send: Send, view: Tree) -> str:
        """An answer whose interaction is gone with an earlier process goes to the person alone."""
        author = said.rpartition(":")[2]
        try:
            channel = await self._direct(client, author)
            return str((await channel.send(view=view, nonce=send.nonce)).id)
        except (discord.Forbidden, discord.NotFound) as problem:
            if problem.code not in _PERSONS:
                raise
            raise Refused("Who asked takes no direct messages.") from problem

    async def _direct(self, client: Client, author: str) -> discord.abc.Messageable:
        return await client.create_dm(discord.Object(int(author)))

    async def _post(self, client: Client, send: Send, view: Tree, payload: dict[str, Any]) -> str:
        chat = send.chat
        if chat.kind == "private":
            channel: discord.abc.Messageable = await self._direct(client, chat.address.removeprefix("u"))
        else:
            channel = client.get_partial_messageable(int(chat.address), guild_id=int(chat.server or 0) or None)
        if chat.kind == "forum":
            if not send.first or payload["title"]:
                return await self._open_thread(client, send, view, payload)
            channel = client.get_partial_messageable(int(send.first), guild_id=int(chat.server or 0) or None)
            return await self._continue(channel, send, view)
        if send.edits and isinstance(channel, discord.PartialMessageable | discord.DMChannel):
            try:
                await channel.get_partial_message(int(send.edits)).edit(view=view, allowed_mentions=NOBODY)
            except discord.NotFound as problem:
                if problem.code != _DELETED:
                    raise
            else:
                return send.edits
        try:
            posted = partial(channel.send, nonce=send.nonce, silent=chat.silent, allowed_mentions=NOBODY)
            message = await self._pictured(posted, send, view, payload)
        except discord.NotFound as problem:
            if problem.code != _DELETED:
                raise
            return ""  # by its nonce it had arrived, and somebody has deleted it since
        if chat.kind == "news" and chat.publish and send.id.startswith("digest:"):
            self._go_aside(self._publish(message))
        return str(message.id)

    async def _pictured(
        self, posted: Callable[..., Awaitable[Any]], send: Send, view: Tree, payload: dict[str, Any]
    ) -> Any:
        """Post a message with its picture, if it has one; without, if Discord takes none: its size, or no right to."""
        if not send.picture or send.edits:
            return await posted(view=view)
        said = payload.get("alt") or discord_view.NOTHING
        file = discord.File(io.BytesIO(send.picture), discord_view.PICTURE, description=said)
        try:
            return await posted(view=Tree(discord_view.pictured(view.to_components(), said)), file=file)
        except discord.HTTPException as problem:
            if problem.status not in _NO_PICTURE or foreign(problem):
                raise
            if problem.status == 403:  # noqa: PLR2004 - forbidden: counts, as every other
                self._refused.append(self.clock.now())
            log.info("a picture was refused: %s", why(problem))
        return await posted(view=view)

    async def _continue(self, post: discord.PartialMessageable, send: Send, view: Tree) -> str:
        """Below the first message of a forum's post, if that still stands."""
        try:
            return str((await post.send(view=view, nonce=send.nonce, allowed_mentions=NOBODY)).id)
        except discord.HTTPException as problem:
            if problem.code not in _POSTS:
                raise
            raise Refused("The post that this continues was deleted or closed.") from problem

    async def _open_thread(self, client: Client, send: Send, view: Tree, payload: dict[str, Any]) -> str:
        forum = client.get_channel(int(send.chat.address)) or await client.fetch_channel(int(send.chat.address))
        if not isinstance(forum, discord.ForumChannel):
            raise Refused("That channel is no forum any more; /subscribe in it once more.")
        names = {name.casefold() for name in payload["tags"]} | {
            n.partition(".")[0].casefold() for n in payload["tags"]
        }
        tags = [tag for tag in forum.available_tags if tag.name.casefold() in names and not tag.moderated][:5]
        if not tags and forum.flags.require_tag:
            tags = [tag for tag in forum.available_tags if not tag.moderated][:1]
        title = payload["title"] or say(send.chat.language, "digest_title")
        made = await forum.create_thread(name=title, view=view, applied_tags=tags, allowed_mentions=NOBODY)
        return str(made.thread.id)

    def _go_aside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def _publish(self, message: discord.Message) -> None:
        """For those who follow the channel; a digest that cannot be published stands in the channel all the same.

        Aside, as the library may wait for its turn (about ten an hour) as long as that takes.
        """
        try:
            await message.publish()
        except (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError) as problem:
            log.warning("a digest could not be published: %s", why(problem))

    async def _ready(self) -> Client:
        """Return a client that is logged in; raises Later if Discord cannot be reached, ConfigError for a bad token."""
        async with self._asking:
            if self._client is not None and not self._client.is_closed():
                return self._client
            client = Client(self)
            try:
                await client.login(self._token)
            except discord.LoginFailure:
                await client.close()
                raise ConfigError(
                    "Discord does not know this token; set DISCORD_BOT_TOKEN anew (discord.com/developers)."
                ) from None
            except (discord.DiscordException, aiohttp.ClientError, TimeoutError, TypeError, OSError) as problem:
                await client.close()
                raise Later(f"Discord cannot be reached ({why(problem)}).") from problem
            except BaseException:  # cancelled: nobody else would close it
                await client.close()
                raise
            self._client = client
            return client

    # --- how sends end

    def _guard(self) -> None:
        """Stop asking before Discord shuts us out: raises Later."""
        now = self.clock.now()
        while self._refused and self._refused[0] < now - _WINDOW:
            self._refused.popleft()
        if len(self._refused) >= _INVALID:
            raise Later("Discord refused too many requests lately; waiting before it shuts us out.", wait=60)

    def _held(self, send: Send) -> bool:
        """Whether its nonce surely still holds: what arrived does not arrive again, so nothing is sent again."""
        asked = _said(send.id) or _asked(send.id)
        nameless = send.chat.kind == "forum" or bool(asked)  # a thread, or first tried by its interaction
        return not nameless and self.clock.now() - send.first_at < _SAFE

    def _ended(self, problem: Exception, send: Send) -> PaperboyError:
        if isinstance(problem, discord.HTTPException) and problem.status in {401, 403, 429}:
            self._refused.append(self.clock.now())
        said = _said(send.id) or _asked(send.id)
        answering = said in self._open
        if answering and isinstance(problem, discord.HTTPException) and problem.code in {10015, 50027}:
            del self._open[said]
            return Later("The answer came too late for its interaction; it goes to the person directly.", wait=1)
        fresh = self.clock.now() - send.first_at < _SAFE
        unconfirmed = send.chat.kind == "forum" or (answering and _further(send))  # have no nonce
        again = bool(send.edits) or (answering and not _further(send)) or (fresh and not unconfirmed)
        found = ended(problem, send, again=again)
        if isinstance(found, InDoubt):
            self._unsure.discard(send.nonce)
        elif again and unclear(problem) and not send.edits and not answering:
            self._unsure.add(send.nonce)
        return found

    # --- listening

    async def serve(self, hear: Hear, suggest: Suggest) -> None:
        """Keep the gateway's connection until cancelled; raises Later or ConfigError where it cannot be kept."""
        self._hear, self.suggest = hear, suggest
        client = await self._ready()
        connecting = asyncio.ensure_future(client.connect(reconnect=True))
        try:
            await asyncio.wait({connecting})
            connecting.result()
        except discord.PrivilegedIntentsRequired:
            raise ConfigError("Discord refuses our intents, though we ask for no privileged one.") from None
        except discord.ConnectionClosed as problem:
            if problem.code == 4004:  # noqa: PLR2004 - authentication failed
                raise ConfigError("Discord does not know this token any more; set DISCORD_BOT_TOKEN anew.") from None
            raise Later(f"Discord closed the connection ({problem.code}).") from problem
        except Exception:
            await client.close()  # the library does not recover from what it does not expect: the next one is new
            raise
        finally:
            while not connecting.done():  # the library's wait_for may swallow a wish to stop (bugs.python.org/37658)
                connecting.cancel()
                await asyncio.wait({connecting}, timeout=0.5)
            if client.ws is not None:  # what is still to be sent goes over HTTP
                await client.ws.close(code=1000)

    async def close(self) -> None:
        """Let go of all connections."""
        for task in self._aside:
            task.cancel()
        await asyncio.gather(*self._aside, return_exceptions=True)
        for thread in threading.enumerate():  # one is left where a connection was broken off before it was made
            if isinstance(thread, KeepAliveHandler):
                thread.stop()
        if self._client is not None:
            await self._client.close()

    async def ready(self, client: Client) -> None:
        """Bring the commands up to date if their definition changed."""
        try:
            await register(client.tree)
        except (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError) as problem:
            log.warning("the commands could not be brought up to date: %s", why(problem))

    async def tell(self, event: Back | Left | Said) -> str:
        """Pass on what happened."""
        return await self._hear(event) if self._hear else ""

    async def gone(self, channel: int, guild: discord.Guild) -> None:
        """A channel or thread was deleted."""
        why = say(self.language(guild.preferred_locale), "gone_chat")
        await self.tell(Left(self._of(str(channel), "group", str(guild.id)), why))

    async def perhaps_back(self, channels: Sequence[discord.abc.GuildChannel | discord.Thread]) -> None:
        """Rights changed: where we may post, we are back."""
        for channel in channels:
            for place in (channel, *getattr(channel, "threads", ())):
                shut = isinstance(place, discord.Thread) and (place.archived or place.locked)
                if not shut and not _missing(place, channel.guild.me):
                    await self.tell(Back(self._of(str(place.id), "group", str(channel.guild.id))))

    async def reopened(self, payload: discord.RawThreadUpdateEvent) -> None:
        """A thread was changed, and is open."""
        guild = self._client.get_guild(payload.guild_id) if self._client else None
        parent = guild.get_channel(payload.parent_id) if guild else None
        if guild and parent and parent.permissions_for(guild.me).send_messages_in_threads:
            await self.tell(Back(self._of(str(payload.thread_id), "group", str(payload.guild_id))))

    # --- who and where

    def language(self, locale: discord.Locale | None) -> str:
        """The language of a person's app or of a server, if we speak it."""
        code = str(locale or "").partition("-")[0]
        return code if code in WORDS else self._template.language

    def server(self, guild: int) -> Chat:
        """All chats of a server."""
        return replace(self._template, id="", address="", server=str(guild))

    def _of(self, address: str, kind: Place, server: str = "") -> Chat:
        return replace(self._template, id=f"discord:{address}", address=address, kind=kind, server=server)

    def chat(self, channel: Any, user: discord.abc.User, guild: int | None, locale: discord.Locale | None) -> Chat:
        """A destination as Discord describes it; a person's is named after the person."""
        if guild is None:
            return replace(self._of(f"u{user.id}", "private"), language=self.language(locale))
        kinds: dict[discord.ChannelType, Place] = {
            discord.ChannelType.news: "news",
            discord.ChannelType.forum: "forum",
        }
        kind = kinds.get(channel.type, "group")
        found = self._of(str(channel.id), kind, str(guild))
        return replace(found, title=f"#{getattr(channel, 'name', '')}", language=self.language(locale))

    def note_rights(self, chat: Chat, user: discord.abc.User, *, manages: bool) -> None:
        """Remember what an interaction says of a person's rights in a channel."""
        roles = frozenset(str(role.id) for role in getattr(user, "roles", ()))
        self._may[chat.address, str(user.id)] = manages, roles
        if len(self._may) > _REMEMBERED:
            self._may.popitem(last=False)

    async def may_manage(self, chat: Chat, author: str) -> bool:
        """Whether a person may manage channels there, or has the role that the chat's settings name."""
        if chat.kind == "private":
            return chat.address == f"u{author}"
        if (known := self._may.get((chat.address, author))) is None:
            known = await self._rights(chat, author)
        return known[0] or chat.role in known[1]

    async def _rights(self, chat: Chat, author: str) -> tuple[bool, frozenset[str]]:
        client = await self._ready()
        try:
            guild = client.get_guild(int(chat.server)) or await client.fetch_guild(int(chat.server))
            channel = client.get_channel(int(chat.address)) or await guild.fetch_channel(int(chat.address))
            member = await guild.fetch_member(int(author))
        except (discord.NotFound, discord.Forbidden, ValueError):
            return False, frozenset()
        except (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError) as problem:
            raise Later(f"Discord could not be asked who may manage ({why(problem)}).") from problem
        if not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return False, frozenset()
        allowed = bool(channel.permissions_for(member).manage_channels)
        return allowed, frozenset(str(role.id) for role in member.roles)

    async def lacks(self, chat: Chat) -> str:
        """Tell which permissions are missing in a channel; '' if none is, or it cannot be known."""
        if chat.kind == "private":
            return ""
        try:
            client = await self._ready()
            guild = client.get_guild(int(chat.server)) or await client.fetch_guild(int(chat.server))
            channel = guild.get_channel_or_thread(int(chat.address)) or await guild.fetch_channel(int(chat.address))
            me = guild.get_member(client.user.id) if client.user else None
            me = me or await guild.fetch_member(client.user.id if client.user else 0)
        except (discord.NotFound, discord.Forbidden):
            return say(chat.language, "lacks", rights="View Channel", title=chat.title or chat.address)
        except (PaperboyError, discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return ""
        missing = _missing(channel, me)
        if not missing:
            return ""
        return say(chat.language, "lacks", rights=", ".join(missing), title=chat.title or chat.address)

    # --- interactions

    async def commanded(
        self, interaction: discord.Interaction, text: str, *, public: bool = False, channel: Any = None
    ) -> None:
        """Acknowledge a command and pass it on as if it were typed; `channel` is the one it is about."""
        private = not public and interaction.guild_id is not None
        interaction.extras["private"] = private
        acknowledged = await self._acknowledged(interaction.response.defer(ephemeral=private, thinking=True))
        chat = self._here(interaction)
        said = Said(self._name(interaction), chat, text, self._may_here(interaction, chat), str(interaction.user.id))
        if channel is not None:
            about = self.chat(channel, interaction.user, interaction.guild_id, interaction.guild_locale)
            self.note_rights(about, interaction.user, manages=channel.permissions.manage_channels)
            if channel.permissions.manage_channels and self._hear:
                await self._hear(Joined(replace(about, host=f"discord:u{interaction.user.id}")))
            name, _, rest = text.partition(" ")
            said = replace(said, text=f"{name} @{about.address} {rest}".strip())
        await self._said(interaction, said, acknowledged=acknowledged)

    async def pressed(self, interaction: discord.Interaction) -> None:
        """Acknowledge a press, or open the field that it asks for, and pass it on."""
        data: Any = interaction.data or {}
        found = _PRESS.fullmatch(str(data.get("custom_id", "")))
        language = self.language(interaction.locale)
        if found is None or interaction.message is None:
            await interaction.response.send_message(say(language, "stale_button"), ephemeral=True)
            return
        place, flags = found[2], found[3]
        submitted = interaction.type == discord.InteractionType.modal_submit
        if "a" in flags and not submitted:
            await interaction.response.send_modal(Field(str(data["custom_id"]), _label(interaction, language)))
            return
        values = data.get("values") or []
        if place == "*":
            place = str(values[0]) if values else ""
        if not (place.isascii() and place.isdecimal() and len(place) <= 3):  # noqa: PLR2004 - as in _PRESS
            await interaction.response.send_message(say(language, "stale_button"), ephemeral=True)
            return
        private = interaction.guild_id is not None
        interaction.extras["private"] = private
        interaction.extras["edits"] = "e" in flags
        if "e" in flags:
            acknowledged = await self._acknowledged(interaction.response.defer())
        else:
            acknowledged = await self._acknowledged(interaction.response.defer(ephemeral=private, thinking=True))
        typed = _typed(data) if submitted else ""
        press = Press(int(found[1]), int(place), str(interaction.message.id), typed)
        chat = self._here(interaction)
        may = self._may_here(interaction, chat)
        said = Said(self._name(interaction), chat, "", may, str(interaction.user.id), press)
        await self._said(interaction, said, acknowledged=acknowledged)

    def _here(self, interaction: discord.Interaction) -> Chat:
        chat = self.chat(interaction.channel, interaction.user, interaction.guild_id, interaction.guild_locale)
        if interaction.guild_id is None:
            return self.chat(None, interaction.user, None, interaction.locale)
        manages = interaction.permissions.manage_channels
        self.note_rights(chat, interaction.user, manages=manages)
        return replace(chat, host=f"discord:u{interaction.user.id}") if manages else chat

    @staticmethod
    def _may_here(interaction: discord.Interaction, chat: Chat) -> bool | None:
        return True if chat.kind == "private" or interaction.permissions.manage_channels else None

    @staticmethod
    def _name(interaction: discord.Interaction) -> str:
        return f"discord:{interaction.id}:{interaction.user.id}"

    @staticmethod
    async def _acknowledged(work: Coroutine[Any, Any, Any]) -> bool:
        """Whether Discord took our first answer; where it did not, what was said still counts."""
        try:
            await work
        except discord.HTTPException as problem:
            if problem.code == _DONE:
                return True
            log.warning("an interaction could not be acknowledged: %s", why(problem))
            return False
        except (aiohttp.ClientError, TypeError, TimeoutError, OSError) as problem:
            log.warning("an interaction could not be acknowledged: %s", why(problem))
            return False
        return True

    async def _said(self, interaction: discord.Interaction, said: Said, *, acknowledged: bool) -> None:
        if acknowledged:
            self._open[said.id] = interaction
            if len(self._open) > _REMEMBERED:
                self._open.popitem(last=False)
        if not (told := await self.tell(said)) or not acknowledged:
            return
        self._open.pop(said.id, None)
        try:
            if interaction.extras.get("edits"):
                await interaction.followup.send(told, ephemeral=True)
            else:
                await interaction.edit_original_response(content=told)
        except (discord.DiscordException, aiohttp.ClientError, TypeError, TimeoutError, OSError) as problem:
            log.info("who pressed could not be told: %s", why(problem))

    # --- for doctor

    async def check(self) -> tuple[list[str], list[str]]:
        """Ask Discord who we are and where."""
        try:
            client = await self._ready()
            guilds = [guild async for guild in client.fetch_guilds(limit=200)]
        except PaperboyError as problem:
            return [], [str(problem)]
        except (discord.DiscordException, aiohttp.ClientError, TimeoutError, OSError) as problem:
            return [], [f"Discord: it cannot be reached ({why(problem)})."]
        user = client.user
        good = [f"Discord: {user} answers, in {len(guilds)} servers; it asks for no privileged intent."]
        if not guilds and user is not None:
            link = discord.utils.oauth_url(user.id, permissions=discord.Permissions(_PERMISSIONS))
            return good, [f"Discord: it is in no server yet; invite it by {link}"]
        return good, []


_PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    manage_threads=True,
).value


def _id(seq: int, places: Sequence[int], edits: bool, asks: bool) -> str:
    place = str(places[0]) if len(places) == 1 else "*"
    return f"1:{seq}:{place}:{'e' * edits}{'a' * asks}"


def _without_buttons(tree: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Buttons belong to the chat where they were asked for: elsewhere they name nothing."""
    kept = [node for node in tree if node["type"] != discord.ComponentType.action_row.value]
    return [{**n, "components": _without_buttons(n["components"])} if "components" in n else n for n in kept]


def _said(send: str) -> str:
    """The id of what a send answers; '' if it answers nothing."""
    return send.removeprefix("said:").rpartition("#")[0] if send.startswith("said:") else ""


def _asked(send: str) -> str:
    """The id of what began the job that a send tells of; '' if it tells of none."""
    found = _JOB.fullmatch(send)
    return found[1] if found else ""


def _further(send: Send) -> bool:
    """Whether it is a second or later message of an answer."""
    return not send.edits and not send.id.endswith(("#0", "#wait"))


def _typed(data: Any) -> str:
    """What was filled in, wherever in the tree of a submitted form it stands."""
    if isinstance(data, dict):
        if data.get("custom_id") == "typed":
            return str(data.get("value", ""))
        parts = [*data.get("components", []), *([data["component"]] if "component" in data else [])]
        return next((found for part in parts if (found := _typed(part))), "")
    return ""


def _label(interaction: discord.Interaction, language: str) -> str:
    """The label of the button that was pressed."""
    data: Any = interaction.data or {}
    wanted = str(data.get("custom_id", ""))

    def walk(components: Sequence[Any]) -> str:
        for component in components:
            if getattr(component, "custom_id", None) == wanted and getattr(component, "label", None):
                return str(component.label)
            if found := walk(getattr(component, "children", ())):
                return found
        return ""

    return walk(interaction.message.components if interaction.message else ()) or say(language, "type_here")


def _missing(channel: discord.abc.GuildChannel | discord.Thread, me: discord.Member) -> list[str]:
    has = channel.permissions_for(me)
    thread = isinstance(channel, discord.Thread)
    needed = ["view_channel", "send_messages_in_threads" if thread else "send_messages"]
    if isinstance(channel, discord.ForumChannel):
        needed.append("send_messages_in_threads")
    return [_NEEDED[name] for name in needed if not getattr(has, name)]
