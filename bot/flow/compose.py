"""compose: make a digest of all that waits for a chat, and set when the next one is due.

This is the step in which a paper becomes seen for a chat: its delivery row is written here, never before.
"""

from bot.core import times
from bot.ports import Ledger, Ports


async def compose(store: Ledger, ports: Ports, key: str) -> None:
    """`compose:<chat>`: a digest if anything waits; silence has its reason in `flow.silence`."""
    chat = await store.chat(key.partition(":")[2])
    if chat is None or chat.suspended:
        return
    count, missing = await store.compose(chat.id, ports.wanted, next_at=times.next_digest(chat, ports.clock.now()))
    for paper in missing:
        ports.nudge(f"summarize:{paper}")
    if count and not missing:
        ports.nudge(f"deliver:{chat.id}")
