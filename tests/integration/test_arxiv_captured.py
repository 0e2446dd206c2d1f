"""Every captured reply of arXiv, read by `ArxivApi` and by an independent reading of the XML, field by field."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from lxml import etree  # ships no types

from bot.errors import Later
from bot.model import Paper
from bot.sources.arxiv_api import ArxivApi
from tests.fakes.arxiv_server import ArxivServer
from tests.fakes.ports import OpenGate
from tests.integration.test_arxiv_api import with_api

pytestmark = pytest.mark.integration
ATOM = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "arxiv" / "atom"
FILES = sorted(ATOM.glob("*.xml"))
ALIASES = {"cs.NA": "math.NA", "cs.SY": "eess.SY", "math.IT": "cs.IT", "math.MP": "math-ph", "stat.TH": "math.ST"}
NAMES = {"a": "http://www.w3.org/2005/Atom", "x": "http://arxiv.org/schemas/atom"}


def _ours(entry: Any) -> dict[str, object]:
    """Read an entry with lxml, apart from the package and from the code under test."""

    def text(path: str) -> str:
        return " ".join(str(entry.findtext(path, "", NAMES)).split())

    def time_of(path: str) -> int:
        return int(datetime.strptime(text(path), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()) * 1000

    terms = [c.get("term") for c in entry.findall("x:primary_category", NAMES) + entry.findall("a:category", NAMES)]
    terms = [ALIASES.get(term, term) for term in terms]
    id_, _, version = text("a:id").partition("/abs/")[2].rpartition("v")
    return {
        "id": id_,
        "version": int(version),
        "title": text("a:title"),
        "words": text("a:summary"),
        "authors": [" ".join(n.text.split()) for n in entry.findall("a:author/a:name", NAMES)],
        "categories": [t for i, t in enumerate(terms) if t not in terms[:i] and not re.match(r"[A-Z0-9]", t)],
        "published": time_of("a:published"),
        "updated": time_of("a:updated"),
        "comment": text("x:comment"),
        "journal_ref": text("x:journal_ref"),
        "doi": text("x:doi"),
    }


@pytest.mark.parametrize("file", FILES or [None], ids=lambda file: file.stem[:30] if file else "none")
def test_captured_replies_are_read_field_by_field(file: Path | None) -> None:
    if file is None:
        pytest.skip("the captured replies are not beside this checkout")
    entries = etree.parse(file).getroot().findall("a:entry", NAMES)

    async def body(_: ArxivServer, api: ArxivApi, __: OpenGate) -> None:
        if "id_abc" in file.name:
            with pytest.raises(Later, match="incorrect id format for abc"):
                await api.search("all:x", 100)
            return
        found = await api.search("all:x", 100)
        assert len(found) == len(entries)
        for got, entry in zip(found, entries, strict=True):
            mine = {name: getattr(got, name) for name in Paper.__slots__ if name != "abstract"}
            mine |= {"authors": list(got.authors), "categories": list(got.categories)}
            assert mine | {"words": " ".join(got.abstract.split())} == _ours(entry)
            indented = re.findall(r"\n\s", str(entry.findtext("a:summary", "", NAMES)).strip())
            assert got.abstract.count("\n") == len(indented)
            assert got.abstract == got.abstract.strip()

    with_api(body, atom=file.read_bytes())
