"""The process that reads one PDF and ends: `python -m bot.sources.pdf_worker`, started by `bot.sources.pdf` alone.

Reads one JSON line with the job on standard input, writes JSON lines to standard output: pieces of the answer, last
`{"end": true}`, or `{"refused": sentence}`, or
`{"lacks": true}` without the libraries. Invariants: it limits its own memory, processor time and files before it
opens anything; nothing a PDF does to it reaches the service, which only reads these lines and kills it in time.
"""

import base64
import contextlib
import json
import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from bot.core import printed
from bot.core.fulltext import Flag, Fulltext
from bot.core.lines import Page

_FLAGS: Final = 200  # flags told of
_SHEET: Final = 14_400  # points: the largest page that PDF knows
_LETTERS: Final = 60_000  # letters on one page beyond which it is no page of a paper
_FEW: Final = 40  # letters in a whole paper below which there is no text layer


class _Refused(Exception):  # noqa: N818 - it says what we do next, as bot.errors does
    """The file cannot be read, for the reason that its text says as a sentence."""


def main() -> None:
    """Do the job on standard input."""
    job = json.loads(sys.stdin.readline())
    _limit(job)
    try:
        _openable(job)
        for piece in _done(job):
            _say(piece)
        _say({"end": True, "peak": _peak()})
    except _Refused as reason:
        _say({"refused": str(reason)})
    except ModuleNotFoundError:
        _say({"lacks": True})
    except MemoryError:
        _say({"refused": "it takes more memory than a paper needs"})


def _openable(job: Mapping[str, Any]) -> None:
    try:
        size = Path(job["path"]).stat().st_size
    except OSError as problem:
        raise _Refused(f"it cannot be opened ({problem.strerror})") from problem
    if size > job["file"]:
        raise _Refused(f"it has {size / (1 << 20):,.0f} MB, and {job['file'] / (1 << 20):,.0f} are the most")


def _say(piece: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(piece, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def _limit(job: Mapping[str, Any]) -> None:
    """Bound what this process may use; where the system has no such limits, the service's clock is the only one."""
    with contextlib.suppress(OSError, AttributeError):
        os.nice(10)  # a digest goes before a reading
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("900", encoding="ascii")  # if memory ends, it is us that go
    if sys.platform == "win32":
        return
    import resource

    signal.alarm(int(job["seconds"]) + 5)  # should the service be gone
    for what, much in (
        (resource.RLIMIT_CPU, int(job["seconds"]) + 1),
        (resource.RLIMIT_DATA, job["memory"]),
        (resource.RLIMIT_AS, 3 * job["memory"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(what, (much, much))


def _peak() -> int:
    """Return the bytes of memory that this process has used at most, 0 where the system does not tell.

    Not from getrusage, which counts what the service held when it started us.
    """
    with contextlib.suppress(OSError, StopIteration):
        status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return 1024 * int(next(line for line in status if line.startswith("VmHWM")).split()[1])
    return 0


def _done(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if job["reader"] == "pypdf":
        from bot.sources import _pdf_plain

        pages, flags = _pdf_plain.read(job["path"], job["pages"], _Refused)
        yield from _paper(printed.paper(pages, flags))
    elif job["what"] in {"figures", "captions"}:
        yield from _figures(job)
    else:
        yield from _text(job)


def _text(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    from bot.sources._pdf_look import FLAGGED, look
    from bot.sources._pdf_page import Reading

    pages: list[Page] = []
    flags: list[Flag] = []
    letters = 0
    for number, page in _pages(job):
        plain = Reading(page)
        if plain.letters > _LETTERS:
            raise _Refused(f"page {number} holds {plain.letters:,} letters, which no page of a paper does")
        look(plain)
        letters += plain.letters
        pages.append(plain.lines())
        flags += [Flag(one.kind, one.text[:2000], number) for one in plain.hidden() if _letters(one.text) >= FLAGGED]
        plain.close()
        page.close()
    if sum(len(line.text) for page in pages for line in page.lines) < _FEW:
        yield {"empty": True, "letters": letters}
        return
    yield from _paper(printed.paper(pages, flags[:_FLAGS]))


def _letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _pages(job: Mapping[str, Any]) -> Iterator[tuple[int, Any]]:
    """Open a file and yield its pages; raises _Refused for what cannot be opened or is no paper."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(job["path"])
    except pdfium.PdfiumError as problem:
        if "password" in str(problem).lower():
            raise _Refused("it is encrypted and asks for a password") from problem
        raise _Refused("it is broken, or no PDF at all") from problem
    number = len(document)
    if number == 0:
        raise _Refused("it has no pages")
    if number > job["pages"]:
        raise _Refused(f"it has {number:,} pages, and {job['pages']:,} are the most that are read")
    for at in range(number):
        try:
            page = document[at]
        except pdfium.PdfiumError as problem:
            raise _Refused(f"page {at + 1} of it is broken") from problem
        if max(page.get_size()) > _SHEET:
            raise _Refused(f"page {at + 1} of it is larger than any sheet of paper")
        yield at + 1, page


def _paper(paper: Fulltext) -> Iterator[dict[str, Any]]:
    """Yield a paper in pieces, so that whoever reads them never parses long at a time."""
    yield {"pages": paper.pages, "front": paper.front[:50_000]}
    for section in paper.sections:
        yield {"title": section.title, "kind": section.kind}
        for at in range(0, len(section.paragraphs), 50):
            yield {"paragraphs": [[one.text, one.page] for one in section.paragraphs[at : at + 50]]}
    captions = [(one.label, one.text, one.page) for one in paper.captions]
    yield {"captions": captions, "flags": [asdict(one) for one in paper.flags]}


def _figures(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    from bot.sources import _pdf_figures
    from bot.sources._pdf_page import Reading

    wanted = {_label(label) for label in job["labels"]}
    only = job["what"] == "captions"  # of what could be drawn
    left = job["figures"]
    for number, page in _pages(job):
        plain = Reading(page)
        for cut in _pdf_figures.find(plain, number):
            if left <= 0 or (wanted and _label(cut.label) not in wanted) or (only and not cut.box):
                continue
            left -= 1
            drawn = _pdf_figures.picture(page, cut.box) if cut.box and not only else b""
            yield {"label": cut.label, "text": cut.text, "page": cut.page, "png": base64.b64encode(drawn).decode()}
        plain.close()
        page.close()


def _label(label: str) -> str:
    """'Fig. 3' and 'Figure 3' are one."""
    return re.sub(r"^fig(?:ure|\.)?\s*", "figure ", label.lower()).strip()


if __name__ == "__main__":
    main()
