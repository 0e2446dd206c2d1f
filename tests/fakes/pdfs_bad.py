"""PDFs that a service must survive, made on the spot."""

import io
import zlib
from pathlib import Path

import pypdf
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from tests.fakes import pdfs


def broken(path: Path) -> Path:
    path.write_bytes(b"%PDF-1.7\n" + b"\x00garbage" * 500)
    return path


def no_pdf(path: Path) -> Path:
    path.write_bytes(b"<html><body>reCAPTCHA</body></html>")
    return path


def encrypted(path: Path) -> Path:
    canvas = Canvas(str(path), encrypt=StandardEncryption("secret", ownerPassword="owner"))
    canvas.drawString(72, 700, pdfs.SEEN)
    canvas.save()
    return path


def empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def no_pages(path: Path) -> Path:
    writer = pypdf.PdfWriter()
    writer.write(str(path))
    return path


def blank(path: Path) -> Path:
    return pdfs.made(path, lambda _: None, lambda _: None)


def scanned(path: Path, *, ocr: bool = False) -> Path:
    """Pictures of pages; with `ocr`, invisible text over them, which nobody can check against the picture."""
    picture = pdfs.photo((600, 850))

    def page(canvas: Canvas) -> None:
        canvas.drawImage(picture, 0, 0, pdfs.WIDTH, pdfs.HEIGHT)
        if ocr:
            text = canvas.beginText(72, 770)
            text.setTextRenderMode(3)
            for at in range(30):
                text.textLine(pdfs.prose(at))
            canvas.drawText(text)

    return pdfs.made(path, page, page)


def long(path: Path, pages: int = 2000) -> Path:
    def page(number: int) -> pdfs.Draw:
        return lambda canvas: pdfs.lines(
            canvas, [pdfs.prose(number), pdfs.prose(number + 1) + ".", pdfs.SEEN, *[pdfs.prose(number + 2)] * 3]
        )

    return pdfs.made(path, *(page(number) for number in range(pages)))


def raw(path: Path, content: bytes, *, box: str = "0 0 595 842", filters: str = "/FlateDecode") -> Path:
    """Write a PDF by hand: one page with this (already packed) content."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[{box}]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>>>".encode(),
        f"<</Length {len(content)}/Filter [{filters}]>>stream\n".encode() + content + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, one in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj\n".encode() + one + b"\nendobj\n")
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.write(b"".join(f"{place:010d} 00000 n \n".encode() for place in places))
    out.write(f"trailer<</Size {len(objects) + 1}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF".encode())
    path.write_bytes(out.getvalue())
    return path


def huge_stream(path: Path, megabytes: int = 2000) -> Path:
    """A content stream that unpacks to gigabytes: packed twice, it has some kilobytes."""
    packer = zlib.compressobj(9)
    block = b" " * (1 << 20)
    once = b"".join(packer.compress(block) for _ in range(megabytes)) + packer.flush()
    return raw(path, zlib.compress(once, 9), filters="/FlateDecode /FlateDecode")


def endless(path: Path, number: int = 6_000_000) -> Path:
    """One page of millions of lines, each of which PDFium keeps as an object."""
    return raw(path, zlib.compress(b"1 1 m 500 500 l S\n" * number, 9))


def wordy(path: Path, number: int = 20_000) -> Path:
    """One page of many thousands of words, all of them in sight."""
    places = ((at % 200 * 3, at // 200 * 8) for at in range(number))
    content = "".join(f"BT /F 5 Tf {x} {y} Td (words) Tj ET\n" for x, y in places)
    return raw(path, zlib.compress(content.encode(), 9))


def huge_page(path: Path) -> Path:
    content = zlib.compress(b"BT /F 12 Tf 72 700 Td (" + pdfs.SEEN.encode() + b") Tj ET")
    return raw(path, content, box="0 0 2000000 2000000")


def nested(path: Path, depth: int = 200_000) -> Path:
    """Arrays within arrays, deep enough to end a careless parser's stack."""
    return raw(path, zlib.compress(b"[" * depth + b"]" * depth))


# --- tricks that reportlab does not know ------------------------------------------------------------------------------


def _with_sentence(more: str) -> bytes:
    return zlib.compress(f"BT /F 10 Tf 72 700 Td ({pdfs.SEEN}) Tj ET\n{more}\n".encode())


def stands_for(path: Path) -> Path:
    """Words that say in the file to stand for others, which nobody sees."""
    return raw(
        path,
        _with_sentence(f"/Span <</ActualText ({pdfs.PLANTED})>> BDC BT /F 10 Tf 72 650 Td (Honest words) Tj ET EMC"),
    )


def layer_off(path: Path) -> Path:
    """A sentence in a layer that is not shown."""
    raw(path, _with_sentence(f"/OC /Off BDC BT /F 10 Tf 72 650 Td ({pdfs.PLANTED}) Tj ET EMC"))
    writer = pypdf.PdfWriter(clone_from=str(path))
    layer = writer._add_object(
        DictionaryObject({NameObject("/Type"): NameObject("/OCG"), NameObject("/Name"): TextStringObject("layer")})
    )
    resources = writer.pages[0]["/Resources"]
    assert isinstance(resources, DictionaryObject)
    resources[NameObject("/Properties")] = DictionaryObject({NameObject("/Off"): layer})
    shown = DictionaryObject({NameObject("/OFF"): ArrayObject([layer]), NameObject("/Order"): ArrayObject([layer])})
    writer._root_object[NameObject("/OCProperties")] = DictionaryObject(
        {NameObject("/OCGs"): ArrayObject([layer]), NameObject("/D"): shown}
    )
    writer.write(str(path))
    return path
