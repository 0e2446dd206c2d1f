"""Reading PDFs in a process of their own: what is found, what is taken out, and that nothing gets at the service."""

import asyncio
import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from reportlab.lib.colors import white
from reportlab.pdfgen.canvas import Canvas

from bot.cli import main
from bot.core import fulltext
from bot.core.fulltext import Fulltext
from bot.errors import Later, PaperboyError, Refused
from bot.sources.pdf import EXTRA, Limits, PdfReader
from tests.fakes import pdfs, pdfs_bad

pytestmark = pytest.mark.integration
REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "pdf"
SMALL = Limits(seconds=20, memory=256 << 20, pages=500)


def read(path: Path, limits: Limits = SMALL) -> Fulltext:
    return asyncio.run(PdfReader(limits).read(path))


def whole(paper: Fulltext) -> str:
    return "\n".join([paper.front, fulltext.text(paper.sections), *(one.text for one in paper.captions)])


@pytest.mark.parametrize("name", pdfs.HIDDEN)
def test_what_nobody_sees_is_flagged_and_gone(tmp_path: Path, name: str) -> None:
    paper = read(pdfs.hidden(tmp_path / "paper.pdf", name))
    assert [(flag.kind, flag.text, flag.page) for flag in paper.flags] == [(pdfs.HIDDEN[name][1], pdfs.PLANTED, 1)]
    assert "IGNORE" not in whole(paper)
    assert pdfs.SEEN in whole(paper)


def test_a_layer_that_is_off_is_not_read(tmp_path: Path) -> None:
    paper = read(pdfs_bad.layer_off(tmp_path / "paper.pdf"))
    assert [(flag.kind, flag.text) for flag in paper.flags] == [("undisplayed", pdfs.PLANTED)]
    assert "IGNORE" not in whole(paper)


def test_words_are_what_their_glyphs_say(tmp_path: Path) -> None:
    paper = read(pdfs_bad.stands_for(tmp_path / "paper.pdf"))
    assert "Honest words" in whole(paper)
    assert "IGNORE" not in whole(paper)


def test_a_caption_that_nobody_sees_is_no_caption(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(100, 500, 200, 150)
        canvas.setFillColor(white)
        canvas.drawString(100, 480, "Figure 1: " + pdfs.PLANTED)

    path = pdfs.made(tmp_path / "paper.pdf", draw)
    assert asyncio.run(PdfReader(SMALL).figures(path)) == ()


def test_without_the_libraries_there_is_a_sentence(tmp_path: Path) -> None:
    path = pdfs.paper(tmp_path / "paper.pdf")
    job = {"path": str(path), "what": "text", "reader": "pdfium", "labels": [], "seconds": 9, "memory": 1 << 29}
    job |= {"file": 1 << 20, "pages": 9, "figures": 9}
    done = subprocess.run(  # without site-packages
        [sys.executable, "-S", "-m", "bot.sources.pdf_worker"],
        input=json.dumps(job).encode(),
        capture_output=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert json.loads(done.stdout) == {"lacks": True}
    assert "pip install '.[reading]'" in EXTRA


def test_honest_pages_raise_no_alarm(tmp_path: Path) -> None:
    paper = read(pdfs.honest(tmp_path / "honest.pdf"))
    assert paper.flags == ()
    for seen in ("dark bar", "five points", "index of the sample", "cell number 11 of 3", "Preprint under review"):
        assert seen in whole(paper)
    assert "upon a photograph" in whole(paper)
    assert "same brightness" in whole(paper)


@pytest.mark.parametrize("shuffled", [False, True])
def test_columns_are_read_one_after_the_other_without_heads(tmp_path: Path, shuffled: bool) -> None:
    text = whole(read(pdfs.columns(tmp_path / "columns.pdf", shuffled=shuffled)))
    found = [int(word[:-1]) for word in text.split() if word.endswith("q") and word[:-1].isdigit()]
    assert found == list(range(400))
    assert "Journal" not in text
    assert "Author" not in text


def test_a_paper_has_its_parts(tmp_path: Path) -> None:
    paper = read(pdfs.paper(tmp_path / "paper.pdf"))
    assert paper.front.splitlines() == [
        "On the Spectrum of Random Graphs",
        "Ada Lovelace, Kurt Gödel",
        "University of Nowhere, Institute of Graphs",
    ]
    assert [(section.title, section.kind) for section in paper.sections] == [
        ("Abstract", "abstract"),
        ("1 Introduction", "introduction"),
        ("2 Related Work", "related"),
        ("2.1 Models of training", "related"),
        ("3 Conclusion", "conclusion"),
        ("Acknowledgments", "other"),
        ("References", "references"),
    ]
    introduction = fulltext.text(paper.sections[1:2])
    assert "and state-of-the-art bounds are good at recognition of self-loops." in introduction
    assert "this sentence goes on upon the following page, where it ends." in introduction
    assert [one.label for one in paper.captions] == ["Figure 1"]
    assert paper.captions[0].text == "The spectrum that we measured, as a function of the degree, for ten graphs."
    assert [item.text[:10] for item in fulltext.contributions(paper)[1:]] == ["• We prove", "• We measu"]
    assert [one.text for one in fulltext.conclusion(paper)] == ["The bound is sharp, as Figure 1 shows."]
    assert not any(fulltext.is_thanks(section.title) for section in fulltext.body(paper))


def test_a_figure_comes_with_its_caption_and_labels(tmp_path: Path) -> None:
    path = pdfs.paper(tmp_path / "paper.pdf")
    figures = asyncio.run(PdfReader(SMALL).figures(path, ["Fig. 1"]))
    assert [(one.caption.label, one.caption.page) for one in figures] == [("Figure 1", 2)]
    with Image.open(io.BytesIO(figures[0].png)) as picture:
        assert 1100 < picture.width < 1600  # the frame is 300 points wide, the label below it lies within
        assert 0.42 < picture.height / picture.width < 0.52
    assert asyncio.run(PdfReader(SMALL).figures(path, ["Figure 2"])) == ()


def test_figures_of_two_columns_are_cut_apart(tmp_path: Path) -> None:
    figures = asyncio.run(PdfReader(SMALL).figures(pdfs.figures(tmp_path / "paper.pdf")))
    assert [(one.caption.label, one.caption.text) for one in figures] == [
        ("Fig. 1", "A photograph of noise, which shows what noise looks like."),
        ("Figure 2", "Caption above its figure, as some do."),
    ]
    for one, shape in zip(figures, (150 / 200, 115 / 200), strict=True):
        with Image.open(io.BytesIO(one.png)) as picture:
            assert picture.height / picture.width == pytest.approx(shape, abs=0.04)


def test_captions_are_told_without_drawing_anything(tmp_path: Path) -> None:
    path = pdfs.figures(tmp_path / "paper.pdf")
    reader = PdfReader(SMALL)
    captions = asyncio.run(reader.captions(path))
    assert captions == tuple(one.caption for one in asyncio.run(reader.figures(path)))
    assert asyncio.run(PdfReader(Limits(answer=1 << 12)).captions(path)) == captions  # no picture in the answer


@pytest.mark.parametrize(("wide", "high"), [(430, 19), (20, 520)])
def test_a_picture_is_never_too_long_for_telegram(tmp_path: Path, wide: int, high: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 10)
        canvas.rect(72, 790 - high, wide, high, fill=1)
        canvas.rect(72, 790 - high, max(wide, 32), 1, fill=1)
        canvas.drawString(72, 775 - high, "Figure 1: A stroke.")

    (figure,) = asyncio.run(PdfReader(SMALL).figures(pdfs.made(tmp_path / "paper.pdf", draw)))
    with Image.open(io.BytesIO(figure.png)) as picture:
        assert max(picture.size) <= 20 * min(picture.size)
        assert sum(picture.size) <= 10_000
        assert picture.width * picture.height <= 4_400_000


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (pdfs_bad.broken, "broken"),
        (pdfs_bad.no_pdf, "broken, or no PDF"),
        (pdfs_bad.empty, "broken, or no PDF"),
        (pdfs_bad.encrypted, "password"),
        (pdfs_bad.no_pages, "no pages|broken"),
        (pdfs_bad.blank, "only pictures"),
        (pdfs_bad.scanned, "only pictures"),
        (lambda path: pdfs_bad.scanned(path, ocr=True), "only pictures"),
        (pdfs_bad.long, "2,000 pages, and 500"),
        (pdfs_bad.huge_stream, "."),
        (pdfs_bad.endless, "."),
        (pdfs_bad.wordy, "letters"),
        (pdfs_bad.huge_page, "larger than any sheet"),
        (pdfs_bad.nested, "."),
    ],
)
def test_what_cannot_be_read_ends_in_a_sentence(tmp_path: Path, make: Callable[[Path], Path], says: str) -> None:
    path = make(tmp_path / "bad.pdf")
    began = time.monotonic()
    with pytest.raises(Refused, match=says) as told:
        read(path)
    assert time.monotonic() - began < SMALL.seconds * 2 + 10
    assert str(told.value).startswith("bad.pdf cannot be read: ")
    assert str(told.value).endswith("; read its abstract instead.")


def test_a_missing_file_and_a_slow_machine_have_sentences(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be opened"):
        read(tmp_path / "none.pdf")
    with pytest.raises(Later, match="tried again"):
        read(pdfs_bad.long(tmp_path / "long.pdf", 300), Limits(seconds=0.3))
    with pytest.raises(Refused, match="MB"):
        read(pdfs.paper(tmp_path / "paper.pdf"), Limits(file=100))
    with pytest.raises(Refused, match="more than a paper"):
        read(pdfs.columns(tmp_path / "columns.pdf"), Limits(answer=1000))


def test_a_cancelled_reading_leaves_no_process(tmp_path: Path) -> None:
    path = pdfs_bad.long(tmp_path / "long.pdf", 900)

    async def scenario() -> None:
        reader = PdfReader()
        for _ in range(3):
            task = asyncio.create_task(reader.read(path))
            born = await born_of(task)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not await asyncio.to_thread(children) & born
        paper = await reader.read(pdfs.paper(tmp_path / "paper.pdf"))  # turns are given back
        assert paper.pages == 2

    asyncio.run(scenario())


async def born_of(task: asyncio.Task[Fulltext]) -> set[int]:
    """Wait until a reading is at work, and tell by which processes."""
    born: set[int] = set()
    while not born and not task.done():
        await asyncio.sleep(0.01)
        born = await asyncio.to_thread(children)
    await asyncio.sleep(0.3)
    return born


def children() -> set[int]:
    """The workers of this process that run now."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid() and state != "Z" and b"pdf_worker" in (stat.parent / "cmdline").read_bytes():
                found.add(int(stat.parent.name))
    return found


def test_a_killed_worker_gives_way_to_the_other_reader(tmp_path: Path) -> None:
    path = pdfs_bad.long(tmp_path / "long.pdf", 400)

    async def scenario() -> Fulltext:
        task = asyncio.create_task(PdfReader().read(path))
        born = await born_of(task)
        os.kill(born.pop(), signal.SIGKILL)
        return await task

    paper = asyncio.run(scenario())
    assert (paper.source, paper.pages) == ("pdf", 400)
    assert whole(paper).count(pdfs.SEEN) >= 1


def test_the_other_reader_takes_out_hidden_text_too(tmp_path: Path) -> None:
    from bot.core import printed
    from bot.sources import _pdf_plain

    for name in ("white", "tiny", "left-of-page", "invisible-mode"):
        path = pdfs.hidden(tmp_path / f"{name}.pdf", name)
        pages, flags = _pdf_plain.read(str(path), 10, Refused)
        paper = printed.paper(pages, flags)
        assert [flag.kind for flag in paper.flags] == [pdfs.HIDDEN[name][1]]
        assert "IGNORE" not in whole(paper)
        assert pdfs.SEEN in whole(paper)


def test_ten_at_once_leave_the_loop_alone(tmp_path: Path) -> None:
    good = pdfs.columns(tmp_path / "columns.pdf", pages=14)
    bad = [pdfs_bad.broken(tmp_path / "broken.pdf"), pdfs_bad.endless(tmp_path / "endless.pdf")]

    async def scenario() -> tuple[float, list[object], int]:
        reader = PdfReader(SMALL)
        task = asyncio.gather(*(reader.read(path) for path in [good] * 8 + bad), return_exceptions=True)
        worst, most = 0.0, 0
        while not task.done():
            began = time.monotonic()
            await asyncio.sleep(0.01)
            worst = max(worst, time.monotonic() - began - 0.01)
            most = max(most, len(await asyncio.to_thread(children)))
        return worst, list(task.result()), most

    worst, ends, most = asyncio.run(scenario())
    assert sum(isinstance(end, Fulltext) for end in ends) == 8
    assert sum(isinstance(end, PaperboyError) for end in ends) == 2
    assert most <= 2
    assert worst < 1.0  # on a busy machine; tests/bars/fulltext.py prints it


@pytest.mark.skipif(not REAL.exists(), reason="the real papers are not beside this checkout")
def test_a_paper_of_five_thousand_authors() -> None:
    paper = read(REAL / "1503.07589v1.pdf")
    assert (paper.pages, paper.flags) == (47, ())
    text = whole(paper)
    for name in ("G. Aad", "M. Bomben", "V. Khachatryan", "M. Mulhearn", "Yerevan Physics Institute"):
        assert name in text
    assert paper.front.startswith("EUROPEAN ORGANIZATION FOR NUCLEAR RESEARCH")
    assert paper.sections[0].kind == "abstract"
    assert paper.sections[0].paragraphs[0].text.startswith("A measurement of the Higgs boson mass is presented")
    assert [one.label for one in paper.captions] == ["Figure 1", "Figure 2", "Table 1", "Figure 3", "Figure 4"]
    titles = [section.title for section in paper.sections]
    assert titles.count("References") == 1
    assert sum(title.endswith("Collaboration") for title in titles) == 2  # no running head among them


@pytest.mark.skipif(not REAL.exists(), reason="the real papers are not beside this checkout")
def test_a_paper_full_of_drawings() -> None:
    paper = read(REAL / "2502.21088v1.pdf")
    assert (paper.pages, paper.flags) == (64, ())
    titles = [section.title for section in paper.sections]
    for title in ("1 Introduction", "4.1.2 Muons", "8 Results", "10 Conclusions", "Acknowledgements", "References"):
        assert titles.count(title) == 1
    assert [one.label for one in paper.captions if one.label.startswith("F")] == [f"Figure {n}" for n in range(1, 22)]
    assert "limits on Wilson coefficients" in paper.captions[-2].text


def test_a_file_is_read_as_a_whole_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not REAL.exists():
        pytest.skip("the shared data is not beside this checkout")
    monkeypatch.chdir(tmp_path)
    assert main(["lab", "read", str(REAL / "1503.07589v1.pdf")]) == 0
    out = capsys.readouterr().out
    assert "Higgs boson mass" in out
    assert "The authors' own sentences from abstract, introduction and conclusion (47 pages): no model." in " ".join(
        out.split()
    )
    assert main(["lab", "read", "no such thing"]) == 1
    assert "isn't an arXiv id" in capsys.readouterr().err
