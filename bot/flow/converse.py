"""converse: answer what a chat said, in order.

Effects, answer and end are one transaction: a crash loses no command and repeats none. An answer that takes its time
has its place held by a message that it replaces.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.core import arxiv_id, commands, post
from bot.core.commands import Command
from bot.errors import Later, UserError
from bot.flow.answers import chats, papers, reading, settings, topics, tune, votes, whole
from bot.flow.answers.asked import Answer, Asked
from bot.flow.typeset import parts
from bot.model import Begin, Change, Chat, Post, Said
from bot.ports import Ledger, Platform, Ports
from bot.words import say

log = logging.getLogger(__name__)

ANSWERS: dict[str, Answer] = {
    "start": chats.start,
    "help": chats.help_,
    "subscribe": topics.subscribe,
    "follow": topics.follow,
    "unsubscribe": topics.unsubscribe,
    "topics": topics.topics,
    "tune": tune.tune,
    "mute": tune.mute,
    "unmute": tune.unmute,
    "wording": topics.wording,
    "reword": tune.reword,
    "latest": papers.latest,
    "near": votes.near,
    "why": votes.why,
    "like": votes.like,
    "dislike": votes.dislike,
    "search": papers.search,
    "digest": papers.digest,
    "summarize": reading.summarize,
    "read": whole.read,
    "ask": whole.ask,
    "figure": whole.figure,
    "stop": whole.stop,
    "evidence": reading.evidence,
    "translate": reading.translate,
    "settings": settings.settings,
    "channel": chats.channel,
    "status": chats.status,
    "delete_me": chats.delete_me,
    "cancel": topics.cancel,
}


async def converse(store: Ledger, ports: Ports, key: str) -> None:
    """`converse:<chat>`: answer everything said there that has no answer yet."""
    id_ = key.partition(":")[2]
    while said := await store.next_said(id_):
        platform = ports.platforms.get(said.chat.platform)
        if platform is None:
            return
        changes: Sequence[Change] = ()
        about = said.chat
        try:
            document, changes, about = await _reply(store, ports, platform, said)
            messages = await asyncio.to_thread(parts, platform, document)
        except Exception:
            log.exception("%r could not be answered", said.text)
            messages, changes = parts(platform, post.note(say(said.chat.language, "trouble"))), ()
        await store.answer(said, messages, changes, about=about.id)
        ports.nudge(f"deliver:{said.chat.id}")
        for job in [change.id for change in changes if isinstance(change, Begin)]:
            ports.nudge(f"read:{job}")
        if changes:
            ports.nudge(f"compose:{about.id}")  # a wish may make a digest due; compose sees whether it did


async def _reply(store: Ledger, ports: Ports, platform: Platform, said: Said) -> tuple[Post, Sequence[Change], Chat]:
    """Return the answer, its changes and the chat they are about."""
    language = said.chat.language
    try:
        command, asked = await _asked(store, ports, platform, said)
        if text := await _slow(asked, command.name):
            (place,) = await asyncio.to_thread(parts, platform, post.note(text))
            await store.place(said, place)
            ports.nudge(f"deliver:{said.chat.id}")
        document, changes = await ANSWERS[command.name](asked)
    except UserError as problem:
        return post.note(str(problem)), (), said.chat
    except Later as problem:
        return post.note(say(language, "source_down", why=str(problem))), (), said.chat
    return document, changes, asked.chat


async def _slow(asked: Asked, name: str) -> str:
    """What to say while an answer takes its time; '' if it will be there at once."""
    if name in reading.SLOW:
        return await reading.slow(asked, name)
    return await topics.slow(asked) if name in topics.SLOW else ""


async def _asked(store: Ledger, ports: Ports, platform: Platform, said: Said) -> tuple[Command, Asked]:
    """Read what was said and see that it may be; raises UserError or Later."""
    command, argument = _parse(said)
    asked = Asked(store, ports, said.chat, said.chat, argument, said.author, said.id)
    if argument.startswith("@"):
        name, _, rest = argument[1:].partition(" ")
        found = await store.chat_called(said.chat.platform, name)
        if found is None:
            raise UserError(asked.say("not_there", name=name))
        asked = replace(asked, chat=found, text=rest.strip())
    if asked.away:
        allowed = await platform.may_manage(asked.chat, said.author)
    elif command.changes(asked.text):
        allowed = said.may_manage if said.may_manage is not None else await platform.may_manage(said.chat, said.author)
    else:
        allowed = True
    if not allowed:
        raise UserError(asked.say("admins_there" if asked.away else "admins_only"))
    return command, asked


def _parse(said: Said) -> tuple[Command, str]:
    language = said.chat.language
    try:
        command, argument = commands.parse(said.text, language)
    except UserError:
        if not said.text.lstrip().startswith("/"):
            try:
                found = arxiv_id.parse(said.text, language)
            except UserError:
                pass
            else:
                raise UserError(say(language, "is_an_id", id=found)) from None
        raise
    if command.name == "start" and (text := commands.linked(argument)):
        return commands.parse(text, language)
    return command, argument
