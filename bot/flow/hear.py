"""hear: make safe what a platform tells us, before it is told that we have it.

A press becomes what its button says, read from the ledger's row of the message: who forges a press can at most say
what stands under a message of the same chat, and what it does is authorised like anything typed.
"""

import asyncio
import logging
import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from bot.core import commands
from bot.errors import Later, UserError
from bot.flow.lose import lose
from bot.model import Back, Event, Joined, Left, Moved, Said
from bot.ports import Ledger, Ports
from bot.words import say

log = logging.getLogger(__name__)
T = TypeVar("T")

# Signs that turn the direction, and the word joiner, which stands in our own messages and is copied from them.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2060")
_ASKING = 3.0  # seconds that a press may hold up what comes after it
_LONGEST = 4096  # characters of what somebody says: as much as Telegram lets them


def plain_text(text: str) -> str:
    """Drop what no keyboard types: control characters, halves of characters, signs that turn the direction."""
    return "".join(c for c in text if c in "\n\t" or (unicodedata.category(c) not in {"Cc", "Cs"} and c not in _TURNS))


async def hear(store: Ledger, ports: Ports, event: Event) -> str:
    """Record an event; returns '' or a sentence that only the one who pressed is to read.

    Does not return before the event is in the ledger, however long that takes: nobody else remembers it.
    """
    match event:
        case Said():
            return await _said(store, ports, event)
        case Joined(chat):
            await _insist(ports, lambda: store.join(chat))
        case Back(chat):
            await _insist(ports, lambda: store.back(chat))
        case Left(chat, reason):
            known = await _insist(ports, lambda: store.chat(chat.id)) or chat
            await _insist(ports, lambda: lose(store, ports, known, reason, thread_only=bool(chat.thread)))
        case Moved(platform, old, new):
            await _insist(ports, lambda: store.move(platform, old, new))
    ports.nudge("sweep:due")
    return ""


async def _said(store: Ledger, ports: Ports, said: Said) -> str:
    edits = ""
    if said.press is not None:
        press, language = said.press, said.chat.language
        if known := await _insist(ports, lambda: store.chat(said.chat.id)):
            language = known.language
        found = await _insist(ports, lambda: store.pressed(said.chat.id, press))
        if found is None:
            return say(language, "stale_button")
        send, button = found
        if _manages(button.says) and await _may_not(ports, said):
            return say(language, "admins_only")
        said, edits = replace(said, text=f"{button.says} {press.typed}".strip()), send if button.edits else ""
    elif said.reply and not said.text.startswith("/"):
        ids = await _insist(ports, lambda: store.shown(said.chat.id, said.reply))
        if ids:
            said = replace(said, text=f"/ask {','.join(ids)} {said.text}")
        if said.chat.kind != "private" and not (ids and ports.model):
            return ""  # people talk below our messages too
    said = replace(said, text=plain_text(said.text)[:_LONGEST])
    if await _insist(ports, lambda: store.hear(said, edits=edits)):
        ports.nudge(f"converse:{said.chat.id}")
    return ""


async def _may_not(ports: Ports, said: Said) -> bool:
    """Whether somebody is known not to be an admin; where that cannot be learnt quickly, `converse` asks again."""
    if said.may_manage is None and (platform := ports.platforms.get(said.chat.platform)):
        asking = asyncio.ensure_future(platform.may_manage(said.chat, said.author))
        asking.add_done_callback(_heeded)
        # not cancelled when it takes longer: discord.py does not survive a request that is broken off
        done, _ = await asyncio.wait({asking}, timeout=_ASKING)
        return bool(done) and asking.exception() is None and not asking.result()
    return said.may_manage is False


def _heeded(asking: "asyncio.Future[bool]") -> None:
    """A question that failed was asked in vain: `converse` asks it again."""
    if not asking.cancelled():
        asking.exception()


def _manages(text: str) -> bool:
    try:
        command, argument = commands.parse(text)
    except UserError:
        return False
    return command.changes(argument)


async def _insist(ports: Ports, work: Callable[[], Awaitable[T]]) -> T:
    while True:
        try:
            return await work()
        except Later as problem:
            log.warning("what was said cannot be recorded yet: %s", problem)
            await ports.clock.sleep(problem.wait or 5)
