"""compose: make a digest of all that waits for a chat, and set when the next one is due.

This is the step in which a paper becomes seen for a chat: its delivery row is written here, never before.
"""

from bot.core import times
from bot.flow import harvest
from bot.ports import Ledger, Ports


async def compose(store: Ledger, ports: Ports, key: str) -> None:
    """`compose:<chat>`: a digest if one is due and anything waits; silence has its reason in `flow.silence`."""
    chat = key.partition(":")[2]
    partial = await harvest.partial(store, ports)
    count, missing = await store.compose(chat, ports.wanted, times.next_digest, partial)
    for language, paper in missing:
        ports.nudge(f"summarize:{language}:{paper}")
    if count and not missing:
        ports.nudge(f"typeset:{chat}")
