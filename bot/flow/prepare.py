"""prepare: find what daily digests of the next hour will carry, and let the model write of it while that is cheap."""

from bot.ports import Ledger, Ports

EVERY = 60_000  # ms
_SOON, _LATE = 10 * 60_000, 60 * 60_000  # ms before a digest, between which its papers are prepared
_MOST = 500  # papers of one round


async def is_due(store: Ledger, ports: Ports) -> bool:
    """Whether there is a model, and the last round is long enough ago."""
    if ports.model is None:
        return False
    last = await store.mark("prepared")
    return last is None or abs(ports.clock.now() - last) >= EVERY


async def prepare(store: Ledger, ports: Ports, key: str) -> None:
    """`prepare:digests`: nudge what a model has not written of; nothing while the model is not asked."""
    del key
    await store.set_mark("prepared")
    if ports.model is None or await store.paused(ports.model.llm.name):
        return
    now = ports.clock.now()
    for language, paper in await store.ahead(ports.wanted, now + _SOON, now + _LATE, _MOST):
        ports.nudge(f"ahead:{language}:{paper}")
