"""deliver: send what waits for a chat, in order, until its queue is empty or has to wait.

A message is frozen before it is first sent (flow.typeset), claimed before each attempt, and settled after it: sent,
later, gone or in doubt. A crash between claim and settlement leaves it `sending`; the next start settles it by rule.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.errors import Elsewhere, Gone, InDoubt, Later, Refused
from bot.flow.lose import lose
from bot.model import Chat, Send, Turn
from bot.ports import Ledger, Platform, Ports

log = logging.getLogger(__name__)

_FIRST_WAIT, _LONGEST_WAIT = 5, 3600  # seconds; doubles from one to the other
_PATIENCE = 2 * 86_400_000  # ms after the first attempt: an outage of a weekend loses nothing
_SLOW = 2000  # ms between two messages from which on a chat counts as slow
_SOON = 5  # attempts for which a platform's own short wait is believed
_DOUBTS = 3  # a chat that gets a message three times has had enough of it


async def deliver(store: Ledger, ports: Ports, key: str) -> None:
    """`deliver:<chat>`: drain what waits for one chat; the engine runs at most one of these per chat."""
    name = key.partition(":")[2]
    chat, head, broken = await store.queue(name)
    platform = ports.platforms.get(chat.platform) if chat else None
    if chat is None or platform is None or chat.suspended:
        return
    if broken:
        await store.broken_off(name, resend=ports.settings.on_doubt == "resend")
        _, head, _ = await store.queue(name)
    if not head:
        await store.gone(name)  # a chat that asked to be forgotten and has had its farewell
    while head:
        # The narrow budget first, the wide one last: no slot of the bot's is spent on a chat that has to wait.
        rate = platform.rate(chat)
        await ports.gate.take(_budget(chat), rate)
        slot = ports.clock.now()
        turn = Turn.ANSWER if head.startswith("said:") else Turn.SLOW if rate.every > _SLOW else Turn.OTHER
        await ports.gate.take(f"token:{platform.name}", platform.token_rate, turn=turn)
        if rate.burst == 1 and ports.clock.now() > slot:  # its pace counts from when the message leaves
            await ports.gate.hold(_budget(chat), rate.every / 1000)
        if platform.token_rate.every:
            chat, head, _ = await store.queue(name)  # while it waited, an answer may have come, or the chat have gone
            if chat is None or chat.suspended or not head:
                return
        head = await _unbroken(_attempt(store, ports, platform, chat, head))


def _budget(chat: Chat) -> str:
    return f"chat:{chat.platform}:{chat.address}"


async def _attempt(store: Ledger, ports: Ports, platform: Platform, chat: Chat, head: str) -> str | None:
    """Claim, send, settle; returns the head of the queue, or None if the chat has to wait."""
    send = await store.claim(head, chat)
    if send is None:
        return None
    try:
        message = await platform.send(send)
    except Exception as problem:  # noqa: BLE001 - whatever it is, the send has one of four ends
        return await _insist(ports, lambda problem=problem: _failed(store, ports, send, problem))  # type: ignore[misc]
    return await _insist(ports, lambda: store.settle(send, "sent", message=message))


async def _failed(store: Ledger, ports: Ports, send: Send, problem: Exception) -> str | None:
    """Settle an attempt that did not end well."""
    error = str(problem) or type(problem).__name__
    wait: float = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(send.attempt - 1, 10))
    match problem:
        case Later():
            if ports.clock.now() - send.first_at > _PATIENCE:
                return await store.settle(send, "dead", error=error)
            if problem.wait is not None:
                wait = problem.wait if send.attempt <= _SOON else max(wait, problem.wait)
            await ports.gate.hold(_budget(send.chat), wait)
            await store.settle(send, "due", error=error, wait=wait)
            return None
        case Gone():
            await lose(store, ports, send.chat, error, thread_only=problem.thread)
            await store.settle(send, "due", error=error)
            return None
        case Elsewhere():
            await store.settle(send, "due", error=error)
            for chat in await store.move(send.chat.platform, send.chat.address, problem.address):
                ports.nudge(f"deliver:{chat}")
            return None
        case Refused():
            return await store.settle(send, "dead", error=error)
        case _:  # InDoubt, or a fault of ours after the request may have left
            log.warning("%s: in doubt: %s", send.id, error, exc_info=None if isinstance(problem, InDoubt) else problem)
            state = "skipped" if ports.settings.on_doubt == "skip" else "due"
            state = "dead" if send.doubted + 1 >= _DOUBTS else state
            return await store.settle(send, state, error=error, wait=wait, doubt=True)


async def _insist(ports: Ports, settle: Callable[[], Awaitable[str | None]]) -> str | None:
    """Write an outcome that is known, however long the disk is full or busy: nobody else knows it."""
    while True:
        try:
            return await settle()
        except Later as problem:
            log.warning("the outcome of a send cannot be recorded yet: %s", problem)
            await ports.clock.sleep(problem.wait or 5)


async def _unbroken(work: Awaitable[str | None]) -> str | None:
    """Finish a send that has begun even when asked to stop; a second request to stop does break it."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
