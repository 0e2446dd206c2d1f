"""Measures the reading of PDFs against its bars: 40 ms a page with the hidden text check, all planted kinds found.

Also: no false alarm on real and honest pages, reading order of two columns, figures cut out, memory of the service and
of a worker, and how long the loop waited while ten papers were read at once. Run `python -m tests.bars fulltext`.
"""

import asyncio
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Final

import pypdfium2

from bot.core import fulltext, printed
from bot.core.fulltext import Fulltext
from bot.core.lines import words
from bot.errors import PaperboyError
from bot.sources import _pdf_figures
from bot.sources._pdf_look import FLAGGED, look
from bot.sources._pdf_page import Reading
from bot.sources.pdf import PdfReader
from tests.fakes import pdfs, pdfs_bad

MS_A_PAGE: Final = 40.0  # of processor time: text, hidden text check, sections
LAG: Final = 0.05  # seconds that the loop may be at work before others get their turn
NEEDS: Final = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "pdf"
FIGURES: Final = {"1503.07589v1": 4, "2502.21088v1": 21}


def run(*, full: bool) -> bool:
    """Tell whether a bar was missed; timings count at full size only."""
    missed = False
    for path in sorted(NEEDS.glob("*.pdf"), reverse=not full):
        missed |= _pages(path, full=full)
        if not full:
            break
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_house(Path(folder), full=full)) or missed


def _pages(path: Path, *, full: bool) -> bool:
    """Measure the steps on one real paper, in this process."""
    document = pypdfium2.PdfDocument(path)
    count = len(document) if full else 8
    spent = dict.fromkeys(("text", "hidden check", "sections", "figures"), 0.0)
    pages, hidden, raw, cuts = [], [], "", []
    for number in range(count):
        page = document[number]
        began = time.process_time()
        reading = Reading(page)
        spent["text"] += time.process_time() - began
        began = time.process_time()
        look(reading)
        spent["hidden check"] += time.process_time() - began
        pages.append(reading.lines())
        hidden += [run_ for run_ in reading.hidden() if sum(map(str.isalpha, run_.text)) >= FLAGGED]
        began = time.process_time()
        found = _pdf_figures.find(reading, number + 1)
        cuts += [_pdf_figures.picture(page, cut.box) for cut in found if cut.box]
        spent["figures"] += time.process_time() - began
        raw += reading.text.get_text_range() + "\n"
    began = time.process_time()
    paper = printed.paper(pages)
    spent["sections"] = time.process_time() - began
    ms = {name: 1000 * seconds / count for name, seconds in spent.items()}
    whole = ms["text"] + ms["hidden check"] + ms["sections"]
    share = _kept(raw, paper)
    print(f"{path.name}, {count} pages: " + ", ".join(f"{name} {each:.1f}" for name, each in ms.items()) + " ms a page")
    print(f"  text with hidden check {whole:.1f} ms a page (bar {MS_A_PAGE:.0f}); {len(hidden)} false alarms (bar 0)")
    captions = sum(one.label.startswith("Fig") for one in paper.captions)
    print(f"  {captions} captions of figures, {len(cuts)} cut out; {100 * share:.1f} % of PDFium's words kept (bar 98)")
    wrong = full and (
        whole > MS_A_PAGE or not captions == len(cuts) == FIGURES.get(path.stem, captions) or share < 0.98
    )
    return bool(hidden) or wrong


def _kept(raw: str, paper: Fulltext) -> float:
    """Return the share of words that PDFium sees and that are in the paper; those in drawings are left out."""
    text = "\n".join([paper.front, fulltext.text(paper.sections), *(one.text for one in paper.captions)])
    joined = raw.replace("\ufffe", "").replace("\x02", "")
    told = {word.lower() for word in words([joined]) if len(word) > 3}
    kept = words([text, text.replace("-", " ")])
    return sum(word in kept or word.replace("-", "") in kept for word in told) / max(1, len(told))


async def _house(folder: Path, *, full: bool) -> bool:
    """Measure what a service sees: workers, their memory, its own, and its loop."""
    reader = PdfReader()
    found, alarms = 0, 0
    names = list(pdfs.HIDDEN) if full else list(pdfs.HIDDEN)[:3]
    for name in names:
        paper = await reader.read(await asyncio.to_thread(pdfs.hidden, folder / f"{name}.pdf", name))
        found += [flag.text for flag in paper.flags] == [pdfs.PLANTED]
    alarms += len((await reader.read(await asyncio.to_thread(pdfs.honest, folder / "honest.pdf"))).flags)
    print(f"hidden text: {found} of {len(names)} ways found (bar: all); {alarms} false alarms on honest pages (bar 0)")
    shares = []
    for shuffled in (False, True):
        path = await asyncio.to_thread(pdfs.columns, folder / f"{shuffled}.pdf", pages=14, shuffled=shuffled)
        shares.append(_order(await reader.read(path)))
    first, second = (100 * share for share in shares)
    print(f"two columns: {first:.1f} % of pairs of lines in order, {second:.1f} % if written by rows (bar 99)")
    before = _memory()
    began = time.monotonic()
    good = [folder / "False.pdf"] * (8 if full else 2)
    bad = [await asyncio.to_thread(make, folder / "bad.pdf") for make in (pdfs_bad.endless, pdfs_bad.huge_stream)]
    task = asyncio.gather(*(reader.read(path) for path in good + bad), return_exceptions=True)
    worst = busy = 0.0
    while not task.done():
        tick, work = time.monotonic(), time.thread_time()
        await asyncio.sleep(0.005)
        worst = max(worst, time.monotonic() - tick - 0.005)
        busy = max(busy, time.thread_time() - work)
    ends = task.result()
    read = sum(isinstance(end, Fulltext) for end in ends)
    told = sum(isinstance(end, PaperboyError) for end in ends)
    print(f"{len(ends)} at once in {time.monotonic() - began:.1f} s: {read} read, {told} refused with a sentence")
    print(f"  a heartbeat was late by {1000 * worst:.0f} ms at most, as busy as this machine is with others")
    print(f"  the loop itself was at work {1000 * busy:.0f} ms in one go at most (bar {1000 * LAG:.0f})")
    biggest = max((path for path in NEEDS.glob("*.pdf")), key=lambda path: path.stat().st_size)
    if full:
        began = time.monotonic()
        await reader.read(biggest)
        print(f"  {biggest.name} through a worker: {time.monotonic() - began:.1f} s in all")
    print(f"  a worker took {reader.peak >> 20} MB at most; the service grew by {max(0, _memory() - before) >> 20} MB")
    wrong = found < len(names) or alarms or min(shares) < 0.99 or read < len(good) or told < len(bad)
    return bool(wrong) or (full and busy > LAG)


def _order(paper: Fulltext) -> float:
    """Return the share of neighbouring lines that follow each other."""
    text = fulltext.text(paper.sections)
    found = [int(word[:-1]) for word in text.split() if word.endswith("q") and word[:-1].isdigit()]
    return sum(after == before + 1 for before, after in pairwise(found)) / (14 * 100 - 1)


def _memory() -> int:
    """Return the bytes that this process holds now, 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096
