"""The library's side of Discord: a client that passes on what the gateway tells, messages as trees, a form."""

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import aiohttp
import discord
from discord import app_commands

from bot.model import Back, Left
from bot.platforms.discord_commands import Words, add_commands
from bot.ports import Clock
from bot.words import say

if TYPE_CHECKING:
    from bot.platforms.discord import Discord

NOBODY = discord.AllowedMentions.none()
_EVERY = 22  # ms between two requests: Discord counts fifty a second, whatever they are for
_FREE = ("/interactions/", "/webhooks/")  # but these


def _paced(clock: Clock) -> aiohttp.TraceConfig:
    """All that leaves has its slot: what the ledger does not count too (publishing, opening a direct channel)."""
    trace, line, last = aiohttp.TraceConfig(), asyncio.Lock(), 0

    async def start(_: aiohttp.ClientSession, __: SimpleNamespace, asked: aiohttp.TraceRequestStartParams) -> None:
        nonlocal last
        if any(part in asked.url.path for part in _FREE):
            return
        async with line:  # one at a time, so that after a stall of ours they do not leave all at once
            wait = min(last + _EVERY - clock.now(), _EVERY)  # a clock that was set back holds nobody up
            if wait > 0:
                await clock.sleep(wait / 1000)
            last = clock.now()

    trace.on_request_start.append(start)
    return trace


class Tree(discord.ui.LayoutView):
    """A message's components as they were frozen; presses are read from the gateway, not dispatched by the library."""

    def __init__(self, components: list[dict[str, Any]]) -> None:
        super().__init__(timeout=None)
        self._components = components

    def to_components(self) -> list[dict[str, Any]]:
        return self._components

    def has_components_v2(self) -> bool:
        return True

    def is_finished(self) -> bool:
        return True  # or the library would keep every message we ever sent in memory


class Client(discord.Client):
    """Passes on what the gateway tells."""

    def __init__(self, platform: "Discord") -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody misses voice here
        super().__init__(
            intents=discord.Intents(guilds=True),
            http_trace=_paced(platform.clock),
            allowed_mentions=NOBODY,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self._platform = platform
        self.tree = app_commands.CommandTree(self)
        add_commands(self.tree, platform)

    async def setup_hook(self) -> None:
        await self.tree.set_translator(Words())

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.type in {discord.InteractionType.component, discord.InteractionType.modal_submit}:
            await self._platform.pressed(interaction)

    async def on_ready(self) -> None:
        await self._platform.ready(self)

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        if not self.is_closed():  # the library tells of guilds two seconds late
            super().dispatch(event, *args, **kwargs)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._platform.tell(Back(self._platform.server(guild.id)))

    async def on_guild_available(self, guild: discord.Guild) -> None:
        await self._platform.perhaps_back(guild.channels)  # at each start: where we lack rights we stay refused

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        why = say(self._platform.language(guild.preferred_locale), "gone_kicked")
        await self._platform.tell(Left(self._platform.server(guild.id), why))

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        await self._platform.gone(channel.id, channel.guild)

    async def on_raw_thread_delete(self, payload: discord.RawThreadDeleteEvent) -> None:
        if guild := self.get_guild(payload.guild_id):
            await self._platform.gone(payload.thread_id, guild)

    async def on_raw_thread_update(self, payload: discord.RawThreadUpdateEvent) -> None:
        meta = payload.data["thread_metadata"]
        if not meta["archived"] and not meta.get("locked"):
            await self._platform.reopened(payload)

    async def on_guild_channel_update(self, _: object, channel: discord.abc.GuildChannel) -> None:
        await self._platform.perhaps_back([channel])

    async def on_guild_role_update(self, _: object, role: discord.Role) -> None:
        await self._platform.perhaps_back(role.guild.channels)

    async def on_member_update(self, _: object, member: discord.Member) -> None:
        if self.user and member.id == self.user.id:
            await self._platform.perhaps_back(member.guild.channels)


class Field(discord.ui.Modal):
    """One line to fill in; what is written comes back as a press of the button that asked."""

    def __init__(self, custom_id: str, label: str) -> None:
        super().__init__(title=label[:45], custom_id=custom_id, timeout=900)
        self.add_item(discord.ui.TextInput(label=label[:45], custom_id="typed", max_length=400))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Read from the gateway like all presses."""
