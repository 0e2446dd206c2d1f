"""Slash commands for the table of commands: their options, completions and translations."""

from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, AppCommandThread, Choice, locale_str
from discord.http import Route

from bot.core.commands import COMMANDS
from bot.words import WORDS, say

if TYPE_CHECKING:
    from bot.platforms.discord import Discord

_LOCALES = {discord.Locale.chinese: "zh", discord.Locale.taiwan_chinese: "zh"}
_TYPES = (
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
)
_LABEL = 100  # characters of a choice
_PUBLIC = {"summarize", "search", "read", "ask"}  # whose answers are meant for the channel
_ELSEWHERE = {"start", "channel", "cancel", "follow"}  # commands of the table that Discord has other ways for
_TOPIC = {"unsubscribe", "tune", "mute", "unmute"}
_PAPER = {"summarize", "translate", "why", "like", "dislike", "read"}
_PLAIN = {"help", "topics", "latest", "near", "digest", "status", "delete_me"}


class _Place(app_commands.Transformer):
    """A channel that can be fed: of all others Discord offers none."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        return list(_TYPES)

    async def transform(self, interaction: discord.Interaction, value: Any, /) -> Any:  # noqa: ARG002 - as it came
        return value


Target = app_commands.Transform[AppCommandChannel | AppCommandThread, _Place]


class Words(app_commands.Translator):
    """Our own words, in the languages of ours that Discord knows."""

    async def translate(
        self,
        string: locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,  # noqa: ARG002 - a key says enough
    ) -> str | None:
        """Return the sentence of a key, None where we do not speak the language."""
        language = _LOCALES.get(locale)
        key = string.extras.get("key")
        return say(language, key)[:_LABEL] if language in WORDS and key else None


def _words(key: str) -> locale_str:
    return locale_str(say("en", key)[:_LABEL], key=key)


def add_commands(tree: app_commands.CommandTree[Any], platform: "Discord") -> None:
    """Add every command of the table to the tree."""
    for command in COMMANDS:
        name = command.name
        if name in _PLAIN:
            _add(tree, name, _plain(platform, name))
        elif name in _TOPIC:
            _add(tree, name, _topic(platform, name))
        elif name in _PAPER:
            _add(tree, name, _paper(platform, name))
        elif not command.hidden and name not in _ELSEWHERE:
            _add(tree, name, _MAKE[name](platform))


def _add(tree: app_commands.CommandTree[Any], name: str, callback: Any) -> None:
    made: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=name,
        description=_words(f"do_{name}"),
        callback=callback,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=False),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )
    tree.add_command(made)


def _plain(platform: "Discord", name: str) -> Any:
    if name in {"help", "delete_me"}:

        async def bare(interaction: discord.Interaction) -> None:
            await platform.commanded(interaction, f"/{name}")

        return bare

    @app_commands.describe(channel=_words("option_channel"))
    async def run(interaction: discord.Interaction, channel: Target | None = None) -> None:
        await platform.commanded(interaction, f"/{name}", channel=channel)

    return run


def _topic(platform: "Discord", name: str) -> Any:
    @app_commands.describe(topic=_words("option_mine"), channel=_words("option_channel"))
    @app_commands.autocomplete(topic=_completer(platform, name))
    async def run(
        interaction: discord.Interaction, topic: app_commands.Range[str, 1, 400], channel: Target | None = None
    ) -> None:
        await platform.commanded(interaction, f"/{name} {topic}", channel=channel)

    return run


def _subscribe(platform: "Discord") -> Any:
    @app_commands.describe(topic=_words("option_topic"), channel=_words("option_channel"), mode=_words("option_mode"))
    @app_commands.choices(mode=[Choice(name=_words(f"setting_mode_{mode}"), value=mode) for mode in ("daily", "asap")])
    @app_commands.autocomplete(topic=_completer(platform, "subscribe"))
    async def run(
        interaction: discord.Interaction,
        topic: app_commands.Range[str, 1, 400],
        channel: Target | None = None,
        mode: Choice[str] | None = None,
    ) -> None:
        flag = f"mode={mode.value} " if mode else ""
        await platform.commanded(interaction, f"/subscribe {flag}{topic}", channel=channel)

    return run


def _paper(platform: "Discord", name: str) -> Any:
    @app_commands.rename(paper="id")
    @app_commands.describe(paper=_words("option_id"))
    @app_commands.autocomplete(paper=_completer(platform, name))
    async def run(interaction: discord.Interaction, paper: app_commands.Range[str, 1, 200]) -> None:
        await platform.commanded(interaction, f"/{name} {paper}", public=name in _PUBLIC)

    return run


def _search(platform: "Discord") -> Any:
    @app_commands.describe(query=_words("option_query"))
    @app_commands.autocomplete(query=_completer(platform, "search"))
    async def run(interaction: discord.Interaction, query: app_commands.Range[str, 1, 400]) -> None:
        await platform.commanded(interaction, f"/search {query}", public=True)

    return run


def _ask(platform: "Discord") -> Any:
    @app_commands.rename(paper="id")
    @app_commands.describe(paper=_words("option_id"), question=_words("option_question"))
    @app_commands.autocomplete(paper=_completer(platform, "ask"))
    async def run(
        interaction: discord.Interaction,
        paper: app_commands.Range[str, 1, 200],
        question: app_commands.Range[str, 1, 500],
    ) -> None:
        await platform.commanded(interaction, f"/ask {paper} {question}", public=True)

    return run


def _settings(platform: "Discord") -> Any:
    @app_commands.describe(change=_words("option_setting"), channel=_words("option_channel"))
    @app_commands.autocomplete(change=_completer(platform, "settings"))
    async def run(
        interaction: discord.Interaction,
        change: app_commands.Range[str, 1, 100] | None = None,
        channel: Target | None = None,
    ) -> None:
        await platform.commanded(interaction, f"/settings {change or ''}".strip(), channel=channel)

    return run


_MAKE = {"subscribe": _subscribe, "search": _search, "ask": _ask, "settings": _settings}


def _completer(platform: "Discord", name: str) -> Any:
    async def complete(interaction: discord.Interaction, typed: str) -> list[Choice[str]]:
        if platform.suggest is None:
            return []
        target = getattr(interaction.namespace, "channel", None)
        channel = target if target is not None and hasattr(target, "type") else interaction.channel
        chat = platform.chat(channel, interaction.user, interaction.guild_id, interaction.locale)
        found = await platform.suggest(chat, name, typed)
        return [Choice(name=label[:_LABEL], value=value) for label, value in found if 0 < len(value) <= _LABEL]

    return complete


async def register(tree: app_commands.CommandTree[Any]) -> None:
    """Sync the commands if they are not what Discord already has: 200 creations a day are all it grants."""
    translator = tree.translator
    ours = [
        await command.get_translated_payload(tree, translator) if translator else command.to_dict(tree)
        for command in tree.get_commands()
    ]
    client = tree.client
    listed = Route("GET", "/applications/{application_id}/commands", application_id=client.application_id)
    # as the library asks, but for the translations, which Discord leaves out unless asked for
    theirs = await client.http.request(listed, params={"with_localizations": "true"})
    if _essence(ours) != _essence(theirs):
        await tree.sync()


def _essence(commands: list[Any]) -> list[Any]:
    """What matters of command definitions, in a form that does not depend on defaults left out or spelled out."""

    def pick(value: Any) -> Any:
        if isinstance(value, dict):
            kept = ("name", "description", "type", "required", "autocomplete", "choices", "options", "value",
                    "channel_types")  # fmt: skip
            found = {key: pick(value[key]) for key in kept if value.get(key)}
            found |= {key: value.get(key) for key in ("name_localizations", "description_localizations")}
            return {key: part for key, part in found.items() if part}
        if isinstance(value, list):
            return [pick(part) for part in value]
        return value

    return sorted((pick(command) for command in commands), key=lambda command: str(command.get("name")))
