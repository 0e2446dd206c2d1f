"""The whole house on Discord: the real adapter in SimCord's Discord, the sample source, a ledger in a folder."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import discord
import simcord

from bot.config import Settings
from bot.flow.harvest import look
from bot.flow.hear import hear
from bot.flow.suggest import suggest
from bot.platforms.discord import Discord
from bot.platforms.discord_client import Client
from bot.sources.sample import Sample
from tests.fakes.house import SATURDAY, House, house
from tests.fakes.ports import SteppedClock


def texts(components: list[dict[str, Any]]) -> str:
    """All text displays of a message, in order."""
    found = [c["content"] if c["type"] == 10 else texts(c.get("components", [])) for c in components]
    return "\n".join(part for part in found if part)


def labels(components: list[dict[str, Any]]) -> list[str]:
    """Labels of all buttons and options, in order."""
    found: list[str] = []
    for component in components:
        if component["type"] == 2:
            found.append(str(component["label"]))
        elif component["type"] == 3:
            found += [str(option["label"]) for option in component["options"]]
        found += labels(component.get("components", []))
    return found


@dataclass
class Sim:
    """A server with an admin and a guest; what they do is answered before the call returns."""

    house: House
    env: Any
    platform: Discord
    sample: Sample
    guild: Any
    boss: Any
    guest: Any

    async def slash(self, channel: Any, name: str, /, *, who: Any = None, **options: Any) -> Any:
        result = await (who or self.boss).slash(channel, name, **options)
        await self.settle()
        return result

    async def click(self, message: Any, label: str, *, who: Any = None) -> Any:
        tree = message.components
        raw = tree if not tree or isinstance(tree[0], dict) else [component.to_dict() for component in tree]
        id_ = next(custom_id for text, custom_id in pressable(raw) if text == label)  # the first of several
        result = await (who or self.boss).click(message, custom_id=id_)
        await self.settle()
        return result

    async def select(self, message: Any, label: str, *, who: Any = None) -> Any:
        value = next(v for text, v in options(message.components) if text == label)
        result = await (who or self.boss).select(message, [value])
        await self.settle()
        return result

    async def settle(self) -> None:
        await self.house.drain()
        await self.env.settle()

    async def day(self) -> None:
        """The sample day is announced."""
        self.sample.day_out = True
        await look(self.house.store, self.house.ports)
        await self.settle()

    def posted(self, channel: Any) -> list[tuple[str, list[str]]]:
        """(text, labels) of what we posted there, the oldest first, as it stands now."""
        me = self.env.bot.user.id
        raw = [[c.to_dict() for c in m.components] for m in channel.history(viewer=self.boss) if m.author.id == me]
        return [(texts(tree), labels(tree)) for tree in raw]


def pressable(components: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(label, custom_id) of all buttons."""
    found: list[tuple[str, str]] = []
    for component in components:
        if component["type"] == 2:
            found.append((str(component["label"]), str(component["custom_id"])))
        found += pressable(component.get("components", []))
    return found


def options(components: list[dict[str, Any]]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for component in components:
        if component["type"] == 3:
            found += [(str(o["label"]), str(o["value"])) for o in component["options"]]
        found += options(component.get("components", []))
    return found


@contextlib.asynccontextmanager
async def simulated(folder: Path, *, week: bool = True, **more: Any) -> AsyncIterator[Sim]:
    """Open a house on `folder` whose one platform is Discord."""
    clock = SteppedClock(SATURDAY)
    settings = Settings(digest_mode="asap", **more)
    async with house(folder, clock=clock, settings=settings) as found:
        sample = Sample(clock=clock)
        found.read_from(sample)
        if week:
            await look(found.store, found.ports)
            await found.drain()
        platform = Discord(found.new_chat("discord", ""), "simulated", clock)
        found.platforms = {"discord": platform}
        platform._hear, platform.suggest = partial(hear, found.store, found.ports), partial(suggest, found.store)
        client = Client(platform)
        platform._client = client
        async with simcord.run(client) as env:
            guild = env.create_guild()
            mods = guild.create_role("Mods", permissions=discord.Permissions(manage_channels=True))
            boss = guild.add_member(env.create_user("boss"), roles=[mods])
            guest = guild.add_member(env.create_user("guest"))
            yield Sim(found, env, platform, sample, guild, boss, guest)
            await found.engine.stop()
