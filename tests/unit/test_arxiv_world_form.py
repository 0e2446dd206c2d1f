"""The simulated arXiv's replies have the form of captured ones."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.fakes.arxiv_world import Event
from tests.fakes.arxiv_world_guest import THURSDAY, Visit, new_york, small, visit

CAPTURED = Path(__file__).resolve().parents[3] / "shared" / "data" / "arxiv"

# --- the form of captured replies ----------------------------------------------------------------------------------


def _shape(element: ET.Element, path: str = "") -> set[tuple[str, tuple[str, ...]]]:
    """Every path of tags with its attributes."""
    here = f"{path}/{element.tag}"
    found = {(here, tuple(sorted(element.attrib)))}
    for child in element:
        found |= _shape(child, here)
    return found


def _order(text: bytes | str, parent: str) -> set[tuple[str, str]]:
    """Which tags follow which within elements of a name."""
    return {
        (first.tag, second.tag)
        for element in ET.fromstring(text).iter()
        if element.tag.rpartition("}")[2] == parent
        for n, first in enumerate(element)
        for second in list(element)[n + 1 :]
        if first.tag != second.tag
    }


@pytest.mark.skipif(not CAPTURED.is_dir(), reason="captured replies lie beside the repository")
@pytest.mark.parametrize(
    ("path", "query", "files", "parents"),
    [
        (
            "/oai",
            {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": "2026-11-19"},
            ["oai/ListRecords_arXivRaw_p01.xml", "oai/ListRecords_arXivRaw_p02.xml", "oai/GetRecord_arXivRaw.xml"],
            ["arXivRaw", "version", "header", "record", "ListRecords"],
        ),
        (
            "/oai",
            {"verb": "ListRecords", "metadataPrefix": "arXiv", "from": "2026-11-19"},
            [
                "oai/new_endpoint_ListRecords_arXiv_plasm-ph_2026-01-05_trimmed.xml",
                "oai/ListRecords_arXiv_set_cs_p01.xml",
            ],
            ["arXiv", "author", "header", "record", "ListRecords"],
        ),
        (
            "/rss/cs+math+stat",
            {},
            ["rss/rss2_multi_category_2026-09-24_trimmed.xml", "rss/rss_cs.AI.xml"],
            ["channel", "item"],
        ),
        ("/rss/cs.ZZ", {}, ["rss/rss_error_bad_class.xml"], ["channel"]),
        ("/rss/physics", {"at": "2026-11-21T12:00"}, ["rss/rss2_empty_physics_2025-12-31.xml"], ["channel"]),
        ("/oai", {"verb": "Explain"}, ["oai/error_badVerb.xml"], ["OAI-PMH"]),
        (
            "/oai",
            {"verb": "ListRecords", "metadataPrefix": "arXivRaw", "from": "2026-11-20"},
            ["oai/error_noRecordsMatch.xml"],
            ["OAI-PMH"],
        ),
        (
            "/api/query",
            {"id_list": "0000.0000", "max_results": "100"},
            ["atom/id_0000.0000_s0_m100_8b51d9633a68.xml"],
            [],
        ),
    ],
)
def test_replies_have_the_form_of_captured_ones(
    path: str, query: dict[str, str], files: list[str], parents: list[str]
) -> None:
    async def what(guest: Visit) -> None:
        ours = (await guest.get(path, **query))[1]
        captured = [(CAPTURED / name).read_bytes() for name in files]
        theirs = set().union(*(_shape(ET.fromstring(text)) for text in captured))
        optional = {"journal_reference", "resumptionToken", "until", "set"}
        extra = {s for s in _shape(ET.fromstring(ours)) - theirs if s[0].rpartition("}")[2] not in optional}
        assert {s for s in extra if s[0].rpartition("}")[2] != "request"} == set()
        for parent in parents:
            order = set().union(*(_order(text, parent) for text in captured))
            assert not {(b, a) for a, b in _order(ours, parent)} & order - _order(ours, parent)

    at = query.pop("at", "2026-11-19T12:00")
    visit(small(), new_york(at), what, page=60)


def test_dates_and_prefixes_have_the_form_of_captured_ones() -> None:
    async def what(guest: Visit) -> None:
        feed = (await guest.get("/rss/cs"))[1]
        assert "<pubDate>Thu, 19 Nov 2026 00:00:00 -0500</pubDate>" in feed
        assert re.search(r"<lastBuildDate>Thu, 19 Nov 2026 17:00:0\d \+0000</lastBuildDate>", feed)
        assert re.search(r"<description>arXiv:2611\.\d{5}v1 Announce Type: new \nAbstract: We show", feed)
        assert re.search(r'<guid isPermaLink="false">oai:arXiv\.org:2611\.\d{5}v1</guid>', feed)
        raw = (await guest.get("/oai", verb="ListRecords", metadataPrefix="arXivRaw", **{"from": "2026-11-19"}))[1]
        assert re.search(r"<date>\w{3}, \d\d \w{3} 2026 \d\d:\d\d:\d\d GMT</date>", raw)
        assert "<resumptionToken expirationDate='2026-11-20T00:00:00Z'>verb%3DListRecords%26metadataPrefix%3D" in raw
        assert re.search(r"<responseDate>2026-11-19T17:00:0\dZ</responseDate>", raw)
        assert "<datestamp>2026-11-19</datestamp>" in raw

    visit(small(), new_york("2026-11-19T12:00"), what, page=40)


def test_an_event_is_what_its_listing_says() -> None:
    event = small().announced(THURSDAY)[0]
    assert isinstance(event, Event)
    assert event.listing == THURSDAY
    assert event.at == new_york("2026-11-18T22:30")
