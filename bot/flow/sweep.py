"""sweep: ask the ledger what is due and nudge it. Whatever was forgotten by a crash is found here again."""

from bot.flow import harvest, notify, prepare
from bot.ports import Ledger, Ports


async def due(store: Ledger, ports: Ports) -> list[str]:
    """Keys of all work that can be done now."""
    keys = await store.due(ports.wanted)
    if await harvest.is_due(store, ports):
        keys.append("harvest:arxiv")
    if await notify.is_due(store, ports):
        keys.append("notify:owner")
    if await prepare.is_due(store, ports):
        keys.append("prepare:digests")
    return keys


async def sweep(store: Ledger, ports: Ports, key: str) -> None:
    """Nudge everything that is due."""
    del key  # sweep:due
    for found in await due(store, ports):
        ports.nudge(found)
