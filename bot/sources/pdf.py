"""Reads PDFs in a process of their own: text without what nobody sees, and figures; whatever the file does, we go on.

Invariants: the loop never waits for PDFium and never parses long at a time; at most two workers are at work at once,
each within limits of time, memory, pages and output, without our environment and its secrets; none outlives its caller.
PDFium reads first; where it crashes, or finds not one letter, pypdf tries once.
"""

import asyncio
import base64
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bot.core.fulltext import Caption, Flag, Fulltext, Paragraph, Section
from bot.errors import ConfigError, Later, Refused

EXTRA: Final = "Reading PDFs needs more: pip install '.[reading]'"
_LINE: Final = 1 << 23  # bytes of one line of a worker's answer: a picture of the largest size
_ROOT: Final = Path(__file__).resolve().parents[2]
_KEPT: Final = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "TZ")  # of the environment; nothing that could be a secret
_TRIES: Final = ("pdfium", "pypdf")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost: seconds of wall clock and of processor, bytes of memory, file and answer, pages."""

    seconds: float = 60.0
    memory: int = 512 << 20
    file: int = 100 << 20
    answer: int = 24 << 20
    pages: int = 1000
    figures: int = 60


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure with its caption, as PNG of at most 4 megabytes and 4 megapixels; b'' if nothing is drawn near it."""

    caption: Caption
    png: bytes


class _Crashed(Exception):  # noqa: N818 - told from inside, never shown
    """The worker ended without an answer."""


class PdfReader:
    """Reads PDFs, at most `at_once` at a time; the others wait for their turn, and waiting costs nobody time."""

    def __init__(self, limits: Limits | None = None, *, at_once: int = 2) -> None:
        self._limits = limits or Limits()
        self._turn = asyncio.Semaphore(at_once)
        self.peak = 0  # bytes that the largest worker so far has used, where the system tells

    async def read(self, path: Path) -> Fulltext:
        """Read a paper's text; `path` is absolute or seen from the current folder.

        Raises Refused for a file that will never be read (broken, encrypted, empty, scanned, too large, a bomb), Later
        where the machine was too busy to end in time, ConfigError without the extra.
        """
        for reader in _TRIES:
            try:
                pieces = [piece async for piece in self._answer(path, "text", reader, ())]
            except _Crashed as crash:
                if reader == _TRIES[-1]:
                    raise Refused(f"{path.name} cannot be read: {crash}; read its abstract instead.") from crash
                continue
            if pieces and pieces[0].get("empty"):
                if not pieces[0]["letters"] and reader != _TRIES[-1]:
                    continue  # letters that nobody sees stay unread; a file without any may be one PDFium misreads
                raise Refused(_sentence(path, "it has no text, only pictures of pages perhaps"))
            return _paper(pieces)
        raise AssertionError  # the last try returns or raises

    async def captions(self, path: Path) -> tuple[Caption, ...]:
        """Return the captions of the figures that can be cut out, in the paper's order; raises as `read`."""
        return tuple(figure.caption for figure in await self._figures(path, "captions", ()))

    async def figures(self, path: Path, labels: Sequence[str] = ()) -> tuple[Figure, ...]:
        """Cut out the figures of some labels ('Figure 1'), all without any, in the paper's order; raises as `read`."""
        return await self._figures(path, "figures", labels)

    async def _figures(self, path: Path, what: str, labels: Sequence[str]) -> tuple[Figure, ...]:
        found = []
        try:
            async for piece in self._answer(path, what, "pdfium", labels):
                caption = Caption(piece["label"], piece["text"], piece["page"])
                found.append(Figure(caption, base64.b64decode(piece["png"])))
        except _Crashed as crash:
            raise Refused(f"The figures of {path.name} cannot be cut out: {crash}; see its PDF instead.") from crash
        return tuple(found)

    async def _answer(self, path: Path, what: str, reader: str, labels: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
        """Yield the pieces of a worker's answer; the worker is gone when this ends, however it ends."""
        limits = self._limits
        job = {
            "path": str(path),
            "what": what,
            "reader": reader,
            "labels": list(labels),
            "seconds": limits.seconds,
            "memory": limits.memory,
            "file": limits.file,
            "pages": limits.pages,
            "figures": limits.figures,
        }
        async with self._turn:
            worker = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "bot.sources.pdf_worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env={"PYTHONPATH": str(_ROOT)} | {name: os.environ[name] for name in _KEPT if name in os.environ},
                limit=_LINE,
                start_new_session=True,  # Ctrl-C is ours to handle
            )
            try:
                async with asyncio.timeout(limits.seconds):
                    async for piece in self._pieces(worker, job, path):
                        yield piece
            except TimeoutError as problem:
                raise Later(
                    f"{path.name} could not be read within {limits.seconds:.0f} seconds; it is tried again later."
                ) from problem
            finally:
                with contextlib.suppress(ProcessLookupError):
                    worker.kill()
                # it is dead: its end is told at once, and must be heard even if we are cancelled once more
                await asyncio.shield(worker.wait())

    async def _pieces(self, worker: asyncio.subprocess.Process, job: Any, path: Path) -> AsyncIterator[dict[str, Any]]:
        if worker.stdin is None or worker.stdout is None:
            raise AssertionError  # both are pipes
        with contextlib.suppress(ConnectionError):  # it died at once; its end says so below
            worker.stdin.write(json.dumps(job).encode() + b"\n")
            await worker.stdin.drain()
        read = 0
        while True:
            try:
                line = await worker.stdout.readline()
            except ValueError as problem:  # a line beyond the limit
                raise Refused(_sentence(path, "it says more than a paper does")) from problem
            read += len(line)
            if read > self._limits.answer:
                raise Refused(_sentence(path, "it says more than a paper does"))
            if not line.endswith(b"\n"):
                raise _Crashed(_why(await worker.wait()))
            piece = json.loads(line)
            if "refused" in piece:
                raise Refused(_sentence(path, piece["refused"]))
            if "lacks" in piece:
                raise ConfigError(EXTRA)
            if "end" in piece:
                self.peak = max(self.peak, int(piece.get("peak", 0)))
                return
            yield piece


def _sentence(path: Path, reason: str) -> str:
    return f"{path.name} cannot be read: {reason}; read its abstract instead."


def _why(code: int) -> str:
    """Say how a worker ended that gave no answer."""
    if code == -24:  # SIGXCPU  # noqa: PLR2004 - its number, as other systems lack its name
        return "it keeps the processor busy without end"
    return "it makes the reader stop" if code else "it gives no answer"


def _paper(pieces: Sequence[dict[str, Any]]) -> Fulltext:
    """Put a paper together from the worker's pieces."""
    head, *middle, tail = pieces
    found: list[tuple[dict[str, Any], list[Paragraph]]] = []
    for piece in middle:
        if "title" in piece:
            found.append((piece, []))
        else:
            found[-1][1].extend(Paragraph(text, page) for text, page in piece["paragraphs"])
    return Fulltext(
        "pdf",
        head["pages"],
        tuple(Section(piece["title"], piece["kind"], tuple(paragraphs)) for piece, paragraphs in found),
        tuple(Caption(*one) for one in tail["captions"]),
        tuple(Flag(**one) for one in tail["flags"]),
        head["front"],
    )
