"""Reads HTML pages in a process of their own, as `pdf` does with PDFs.

Invariants: a page costs the service neither memory nor a turn of its loop, whatever is in it; one is read at a time,
within limits of processor time, memory and wall clock, without our environment and its secrets; none outlives its
caller. A page that takes more is Refused, and its PDF has to do.
"""

import asyncio
import contextlib
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bot.core.fulltext import Caption, Flag, Fulltext, Paragraph, Section
from bot.errors import Later, Refused
from bot.sources import latexml

_PATIENCE: Final = 60.0  # seconds of wall clock
_ANSWER: Final = 32 << 20  # bytes; no page that is read is larger than half of it
_ROOT: Final = Path(__file__).resolve().parents[2]
_KEPT: Final = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TZ")  # of the environment; nothing that could be a secret


class PageReader:
    """Reads pages, one at a time; the others wait for their turn.

    `seconds` of processor time and `memory` (bytes) are what one may take; a page of 100 printed ones takes one second
    and 150 MB.
    """

    def __init__(self, *, seconds: int = 30, memory: int = 768 << 20) -> None:
        self._limits = (str(seconds), str(memory))
        self._turn = asyncio.Semaphore(1)

    async def read(self, path: Path) -> Fulltext:
        """Read a page's text; raises Refused for one that is no whole paper or takes too much, Later if time is up."""
        where = await asyncio.to_thread(path.resolve)
        async with self._turn:
            worker = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot.sources.page_reader", str(where), *self._limits),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=_ROOT,
                env={name: os.environ[name] for name in _KEPT if name in os.environ},
                start_new_session=True,  # Ctrl-C is ours to handle
            )
            try:
                async with asyncio.timeout(_PATIENCE):
                    said = await _said(worker)
            except TimeoutError as problem:
                raise Later(f"{path.name} could not be read within a minute: it is tried again later.") from problem
            finally:
                with contextlib.suppress(ProcessLookupError):
                    worker.kill()
                await asyncio.shield(worker.wait())
        return await asyncio.to_thread(_heard, said)


async def _said(worker: asyncio.subprocess.Process) -> bytes:
    if worker.stdout is None:
        raise AssertionError  # it is a pipe
    said = bytearray()
    while piece := await worker.stdout.read(1 << 18):
        said += piece
        if len(said) > _ANSWER:
            raise Refused(_MUCH)
    return bytes(said)


_MUCH: Final = "arXiv's HTML page of this paper takes more than a paper does: its PDF is read instead."


def _heard(said: bytes) -> Fulltext:
    try:
        paper = json.loads(said)
    except ValueError as problem:  # it was killed at a limit
        raise Refused(_MUCH) from problem
    if "refused" in paper:
        raise Refused(paper["refused"])
    return Fulltext(
        "html",
        0,
        tuple(Section(s["title"], s["kind"], tuple(Paragraph(p) for p in s["paragraphs"])) for s in paper["sections"]),
        tuple(Caption(one["label"], one["text"], images=tuple(one["images"])) for one in paper["captions"]),
        tuple(Flag(one["kind"], one["text"]) for one in paper["flags"]),
        paper["front"],
    )


# --- in the process of its own ------------------------------------------------------------------------------------


def main() -> None:
    """Read a page and say what it holds, as one JSON document: `… FILE SECONDS BYTES`, the limits of this process."""
    file, seconds, memory = sys.argv[1:]
    _limit(int(seconds), int(memory))
    try:
        paper = latexml.read(Path(file).read_bytes())
        said = asdict(paper) | {"sections": [asdict(s) | {"paragraphs": _texts(s)} for s in paper.sections]}
    except Refused as problem:
        said = {"refused": str(problem)}
    except (MemoryError, RecursionError):
        said = {"refused": _MUCH}
    json.dump(said, sys.stdout)


def _texts(section: Section) -> list[Any]:
    return [paragraph.text for paragraph in section.paragraphs]


def _limit(seconds: int, memory: int) -> None:
    """Bound what this process may use, where the system has such limits."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)  # a digest goes before a reading
    if sys.platform == "win32":
        return
    import resource
    import signal

    signal.alarm(int(_PATIENCE) + 5)  # should the service be gone
    limits = ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_DATA, memory), (resource.RLIMIT_CORE, 0))
    for what, much in limits:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (much, much))


if __name__ == "__main__":
    main()
