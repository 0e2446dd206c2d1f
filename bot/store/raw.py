"""What arXiv really said: its pages as they came, gzipped, beside the ledger, for a fortnight."""

import asyncio
import gzip
import logging
from contextlib import suppress
from pathlib import Path

from bot.core import times
from bot.ports import Clock

log = logging.getLogger(__name__)

_KEPT = 14 * 86_400_000  # ms


class Raw:
    """Pages of one ledger, in the folder `<ledger>.raw`."""

    def __init__(self, ledger: Path, clock: Clock) -> None:
        self._folder = ledger.with_name(ledger.name + ".raw")
        self._clock = clock

    async def keep(self, name: str, page: bytes) -> None:
        """Keep a page, and drop those that are old; a disk that is full loses no paper."""
        await asyncio.to_thread(self._keep, name, page)

    def _keep(self, name: str, page: bytes) -> None:
        now = self._clock.now()
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            stamp = f"{times.instant(now):%Y%m%dT%H%M%S}{now % 1000:03}"
            (self._folder / f"{stamp}-{name}.gz").write_bytes(gzip.compress(page, 6, mtime=0))
            oldest = f"{times.instant(now - _KEPT):%Y%m%dT%H%M%S}"
            for file in self._folder.iterdir():
                if file.suffix == ".gz" and file.name < oldest:
                    with suppress(OSError):
                        file.unlink()
        except OSError as problem:
            log.warning("a page of arXiv could not be kept: %s", problem)
