"""Files of arXiv's that were read once, kept for a second look: a folder beside the ledger, bounded in bytes.

Invariants:

- A file is whole or is not there: it is written under another name, synced, and then renamed; one without its end
  (a disk lost it) is ignored.
- What was used least recently goes first, until all of them together are within the limit. A limit of 0 keeps nothing
  beyond its one reading.
- Nothing here is ever served: the folder is its owner's alone.

All methods block; call them off the loop. Several processes may share a folder.
"""

import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

ENDS: Final = {".html": b"</html", ".pdf": b"%%EOF"}  # what stands near the end of a whole file
_TAIL: Final = 4096  # bytes: how near
_PART: Final = ".part"
_STALE: Final = 3600.0  # seconds after which a file that was never renamed belongs to nobody


class Kept:
    """The folder; `limit` in bytes. It is made when the first file comes."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder, self._limit = folder, limit

    def find(self, name: str) -> Path | None:
        """Return a whole file ('2411.19525v2.pdf'), which counts as used now; None if there is none."""
        path = self._folder / name
        with suppress(OSError), path.open("rb") as file:
            file.seek(-min(_TAIL, path.stat().st_size), os.SEEK_END)
            if is_whole(path.suffix, file.read()):
                os.utime(path)
                return path
        return None

    def add(self, name: str, body: bytes) -> Path:
        """Keep a file and return where it is; raises OSError if the disk does not take it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(_PART, f"{name}.", self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            path = self._folder / name
            Path(part).replace(path)
        except BaseException:
            with suppress(OSError):
                Path(part).unlink()
            raise
        return path

    def drop(self, path: Path) -> None:
        """Forget one file."""
        with suppress(OSError):
            path.unlink()

    def trim(self) -> None:
        """Let go of what is too much, and of what an ended process left."""
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("*"):
            with suppress(OSError):
                stat = path.stat()
                if path.suffix in ENDS:
                    found.append((stat.st_mtime, stat.st_size, path))
                elif path.suffix == _PART and time.time() - stat.st_mtime > _STALE:
                    path.unlink()
        total = sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if total <= self._limit:
                break
            self.drop(path)
            total -= size


def is_whole(suffix: str, body: bytes) -> bool:
    """Tell whether a file ends as one of its kind does ('.pdf'); `body` may be its end alone."""
    return ENDS[suffix] in body[-_TAIL:]
