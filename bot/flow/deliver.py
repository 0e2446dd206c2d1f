"""deliver: cut a chat's digests into messages, then send its queue in order until it is empty or has to wait.

A message is frozen before it is first sent, claimed before each attempt, and settled after it: sent, later, gone or
in doubt. A crash between claim and settlement leaves it `sending`, which the next start settles by rule.
"""

import asyncio
import logging
from collections.abc import Awaitable

from bot.core import post
from bot.core.split import split
from bot.errors import Gone, InDoubt, Later, Refused
from bot.model import Chat, Digest, Part, Post, Send
from bot.ports import Ledger, Platform, Ports

log = logging.getLogger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 5, 3600  # seconds; doubles from one to the other
_TRIES = 60  # about two days at the longest wait: an outage of a weekend loses nothing
_DOUBTS = 3  # a chat that gets a message three times has had enough of it


def parts(platform: Platform, document: Post) -> list[Part]:
    """Render a post as messages of a platform."""
    return [Part(platform.render(part), part.papers) for part in split(document, platform.fits)]


def _lay_out(platform: Platform, digest: Digest) -> list[Part]:
    return parts(platform, post.digest(digest))


async def deliver(store: Ledger, ports: Ports, key: str) -> None:
    """`deliver:<chat>`: drain what waits for one chat; the engine runs at most one of these per chat."""
    chat, digests, head = await store.queue(key.partition(":")[2], ports.wanted)
    platform = ports.platforms.get(chat.platform) if chat else None
    if chat is None or platform is None or chat.suspended:
        return
    for digest in digests:
        head = await store.plan(digest, await asyncio.to_thread(_lay_out, platform, digest))
    while head:
        # The narrow budget first, the wide one last: no slot of the bot's is spent on a chat that has to wait.
        await ports.gate.take(f"chat:{chat.platform}:{chat.address}", platform.chat_rate)
        await ports.gate.take(f"token:{platform.name}", platform.token_rate)
        head = await _unbroken(_attempt(store, ports, platform, chat, head))


async def _attempt(store: Ledger, ports: Ports, platform: Platform, chat: Chat, head: str) -> str | None:
    """Claim, send, settle; returns the head of the queue, or None if the chat has to wait."""
    send = await store.claim(head, chat)
    if send is None:
        return None
    wait: float = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(send.attempt - 1, 10))
    try:
        message = await platform.send(send)
    except Later as problem:
        if send.attempt >= _TRIES:
            return await store.settle(send, "dead", error=str(problem))
        wait = wait if problem.wait is None else problem.wait
        await ports.gate.hold(f"chat:{chat.platform}:{chat.address}", wait)
        await store.settle(send, "due", error=str(problem), wait=wait)
        return None
    except Gone as problem:
        await store.suspend(chat.id, str(problem))
        await store.settle(send, "due", error=str(problem))
        return None
    except Refused as problem:
        return await store.settle(send, "dead", error=str(problem))
    except Exception as problem:  # InDoubt, or a fault of ours after the request may have left
        log.warning("%s: in doubt: %s", send.id, problem, exc_info=not isinstance(problem, InDoubt))
        return await store.settle(send, _doubtful(ports, send), error=_text(problem), wait=wait, doubt=True)
    return await store.settle(send, "sent", message=message)


def _doubtful(ports: Ports, send: Send) -> str:
    if send.doubted + 1 >= _DOUBTS:
        return "dead"
    return "skipped" if ports.settings.on_doubt == "skip" else "due"


def _text(problem: Exception) -> str:
    return str(problem) or type(problem).__name__


async def _unbroken(work: Awaitable[str | None]) -> str | None:
    """Finish a send that has begun even when asked to stop; a second request to stop does break it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
