"""`arxiv_oai.read` over every captured OAI-PMH document, over broken ones, and its reading of author fields."""

import random
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.core.arxiv_id import ARCHIVES, SUBSUMED
from bot.errors import Later
from bot.model import Record, Version
from bot.resources import data
from bot.sources._arxiv_authors import authors
from bot.sources._arxiv_fields import base_id, categories, day, moment
from bot.sources.arxiv_oai import Empty, Expired, Page, read

OAI = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "arxiv" / "oai"
FILES = sorted(OAI.glob("*.xml"))
HARVEST = [file for file in FILES if file.stem.startswith("ListRecords_arXivRaw_p")]
PAGE = """<?xml version="1.0" encoding="UTF-8"?>
<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"><responseDate>2026-06-02T01:00:00Z</responseDate>
<request verb="ListRecords" {asked}>https://oaipmh.arxiv.org/oai</request><ListRecords>{records}{token}</ListRecords>
</OAI-PMH>"""
RECORD = """<record><header><identifier>oai:arXiv.org:{id}</identifier><datestamp>2026-06-02</datestamp></header>
<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{id}</id>{versions}<title>A
  title</title><authors>{authors}</authors><categories>{categories}</categories>
<abstract>  One
goes on.
  Two.</abstract></arXivRaw></metadata></record>"""
V1 = '<version version="v1"><date>Mon, 01 Jun 2026 10:00:00 GMT</date><size>1kb</size></version>'
V2 = '<version version="v2"><date>Tue, 02 Jun 2026 10:00:00 GMT</date><size>0kb</size><source_type>I</source_type></version>'  # noqa: E501
needs_data = pytest.mark.skipif(not FILES, reason="the captured replies are not beside this checkout")


def record(id_: str = "2606.00001", *, by: str = "A. Uthor", terms: str = "cs.LG", versions: str = V1) -> str:
    return RECORD.format(id=id_, authors=by, categories=terms, versions=versions)


def page(*records: str, token: str = "<resumptionToken/>", asked: str = "") -> bytes:
    return PAGE.format(records="".join(records), token=token, asked=asked).encode()


def only(raw: bytes) -> Record:
    found = read(raw)
    assert found.unreadable == ()
    assert len(found.records) == 1
    return found.records[0]


def captured(name: str) -> bytes:
    return (OAI / f"{name}.xml").read_bytes()


def ms(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc,arg-type]


# --- captured documents -------------------------------------------------------------------------------------------


@needs_data
def test_a_whole_harvest_of_six_pages() -> None:
    pages = [read(file.read_bytes()) for file in HARVEST]
    assert [len(page.records) for page in pages] == [100, 100, 100, 100, 100, 3]
    assert [page.complete for page in pages] == [False] * 5 + [True]
    assert [bool(page.token) for page in pages] == [True] * 5 + [False]
    assert pages[0].token == "verb%3DListRecords%26metadataPrefix%3DarXivRaw%26from%3D2011-02-03%26skip%3D94"
    assert not any(page.unreadable for page in pages)
    records = {record.paper.id: record for page in pages for record in page.records}
    assert len(records) == 503  # of the 890 that facts/arxiv.md §9 counts: the others are kept aside
    assert sum(len(record.versions) for record in records.values()) == 1026
    assert {id_ for id_, record in records.items() if record.withdrawn} == {
        *("0901.3666", "0903.0442", "1101.6031", "1102.0219", "cond-mat/0703772", "1101.2483")
    }
    stamps = [record.stamp for page in pages for record in page.records]
    assert stamps == sorted(stamps)
    for found in records.values():
        paper = found.paper
        assert paper.version == len(found.versions) == found.versions[-1].number
        assert (paper.published, paper.updated) == (found.versions[0].created, found.versions[-1].created)
        assert paper.title
        assert "\n" not in paper.title + paper.comment + paper.journal_ref
        assert paper.abstract == paper.abstract.strip() != ""
        assert paper.authors
        assert all(name == " ".join(name.split()) != "" for name in paper.authors + found.affiliations)
        assert not re.search(r"[\\{}$()]", "".join(paper.authors)), paper.authors
        assert not set(paper.categories) & data("categories.json")["aliases"].keys()


@needs_data
def test_facts_of_single_records() -> None:
    records = {r.paper.id: r for file in HARVEST for r in read(file.read_bytes()).records}
    old = records["cs/0001024"]
    assert (old.paper.categories, old.stamp, old.license) == (("cs.CV",), ms(2005, 9, 17), "")
    assert old.versions == (Version(1, ms(2000, 1, 25, 16, 9, 37), "23kb", ""),)
    alias = records["0704.0248"].paper
    assert alias.categories == ("physics.optics", "math-ph")  # and math.MP, which is the same
    assert alias.version == 2
    withdrawn = records["1101.6031"]
    assert (withdrawn.versions[-1].source_type, withdrawn.versions[-1].size) == ("I", "0kb")
    assert withdrawn.paper.comment == "Withdrawn"
    assert records["0909.4333"].paper.authors == ("Patrick Plötz", "Michael Lubasch", "Sandro Wimberger")
    assert records["1102.0423"].paper.authors == ("Ś.R.Gal", "J.Kędra")
    assert records["1102.0414"].paper.authors[0] == "Anne Saß"
    assert records["1102.0346"].paper.authors == ("Kasper Larsen", "Gordan Žitković")
    apart = records["1102.0525"]
    assert apart.paper.authors[0] == "András Pál"
    assert apart.affiliations[1] == "Department of Astronomy, Loránd Eötvös University"
    spoken = records["1102.0551"]
    assert spoken.paper.authors == ("Shigemi Ohta", "RBC and UKQCD Collaborations")
    assert len(spoken.affiliations) == 3
    assert len(records["1102.0348"].paper.authors) == 589  # one more than commas and a colon
    assert records["1102.0348"].paper.authors[:2] == ("LHCb Collaboration", "R. Aaij")


@needs_data
def test_other_lists_and_records() -> None:
    new = only(captured("new_endpoint_GetRecord_arXiv_2511.23462"))
    assert new.paper.authors == ("Carl Thomas", "Rebecca Munk", "Boris Blinov")
    assert (new.stamp, new.paper.updated) == (ms(2025, 12, 1), ms(2025, 11, 28))
    assert (new.versions, new.paper.version, new.paper.published) == ((), 0, 0)
    assert new.license == "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
    listed = read(captured("new_endpoint_ListRecords_arXiv_plasm-ph_2026-01-05_trimmed"))
    assert [r.paper.id for r in listed.records] == ["2504.11237", "2510.07502", "2512.11195"] or len(
        listed.records
    ) == 3
    assert listed.records[0].paper.authors[2] == "Zoltán Harman"
    assert listed.records[0].paper.abstract.startswith("Mendeleev's")
    assert listed.complete
    folded = read(captured("ListRecords_arXiv_set_cs_p01"))
    assert folded.records[0].paper.categories == ("quant-ph", "cs.IT")
    ancient = only(captured("GetRecord_old_id_arXivRaw")).paper
    assert (ancient.id, ancient.version) == ("hep-th/0703166", 5)
    assert ancient.doi == "10.1103/PhysRevD.77.047702"
    assert only(captured("GetRecord_arXivRaw")).paper.authors == ("Niels Lubbes", "Josef Schicho")
    for name in ("GetRecord_arXivOld", "GetRecord_oai_dc", "ListRecords_oai_dc_set_math_p01"):
        other = read(captured(name))
        assert other.records == ()
        assert all("another form" in why for _, why in other.unreadable)


@needs_data
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem[:40])
def test_every_error_document_raises_its_own_error(file: Path) -> None:
    if file.stem.startswith(("error", "List", "Identify")) and "ListRecords" not in file.stem:
        with pytest.raises(Later) as caught:
            read(file.read_bytes())
        code = file.stem.split("_")[1] if file.stem.startswith("error") else ""
        expected = {"noRecordsMatch": Empty, "badResumptionToken": Expired}.get(code, Later)
        assert type(caught.value) is expected
        assert re.fullmatch(r"arXiv.*\.", str(caught.value))
        if expected is Later:
            assert code in str(caught.value)
    else:
        assert read(file.read_bytes()).complete == (file not in HARVEST[:-1])


# --- what a page says of its list ---------------------------------------------------------------------------------


def test_only_an_empty_token_or_a_first_page_without_one_completes_a_list() -> None:
    assert read(page(record(), token="")).complete
    assert read(page(record())).complete
    asked = 'resumptionToken="verb%3DListRecords%26skip%3D1"'
    assert read(page(record(), asked=asked)).complete
    broken_off = read(page(record(), token="", asked=asked))
    assert (broken_off.complete, broken_off.token) == (False, "")
    more = read(
        page(record(), token="<resumptionToken expirationDate='2026-06-03T00:00:00Z'> a%3Db </resumptionToken>")
    )
    assert (more.complete, more.token) == (False, "a%3Db")


@pytest.mark.parametrize("token", ["", "<resumptionToken/>", "<resumptionToken>x</resumptionToken>"])
def test_a_list_without_records_is_no_empty_day(token: str) -> None:
    with pytest.raises(Later, match="no records"):
        read(page(token=token))


def test_an_error_beside_records_counts() -> None:
    raw = page(record()).replace(b"<ListRecords>", b"<error code='badResumptionToken'>gone</error><ListRecords>")
    with pytest.raises(Expired):
        read(raw)


def test_a_record_that_cannot_be_read_is_named_and_loses_no_other() -> None:
    good = record("2606.00007")
    bad = {
        "2606.1": "no identifier",
        "2606.00002": "no version",
        "2606.00003": "no category",
        "2606.00004": "no time",
        "2606.00005": "told apart",
        "2606.00006": "another paper",
        "2606.00008": "no date",
        "2606.00009": "no title",
    }
    found = read(
        page(
            record("2606.1"),
            record("2606.00002", versions=""),
            record("2606.00003", terms="68T45 I.2.9"),
            record("2606.00004", versions=V1.replace("2026", "MMXXVI")),
            record("2606.00005", versions=V1 + V1),
            record("2606.00006").replace("<id>2606.00006", "<id>2606.66666"),
            good,
            record("2606.00008").replace("<datestamp>2026", "<datestamp>26"),
            record("2606.00009").replace("A\n  title", " "),
        )
    )
    assert [r.paper.id for r in found.records] == ["2606.00007"]
    assert {id_: bad[id_] in why for id_, why in found.unreadable} == dict.fromkeys(bad, True)
    assert read(page("<record/>", good)).unreadable == (("", "it has no header"),)


def test_versions_withdrawals_and_deleted_records() -> None:
    found = only(page(record("math.CA/0611800", versions=V2 + V1)))
    assert (found.paper.id, found.paper.version, found.withdrawn) == ("math/0611800", 2, True)
    assert (found.paper.published, found.paper.updated) == (ms(2026, 6, 1, 10), ms(2026, 6, 2, 10))
    assert (found.paper.title, found.paper.abstract) == ("A title", "One goes on.\nTwo.")
    back = only(page(record(versions=V2.replace("v2", "v1") + V1.replace("v1", "v2"))))
    assert not back.withdrawn
    gone = only(
        page(
            '<record><header status="deleted"><identifier>oai:arXiv.org:2606.00001</identifier>'
            "<datestamp>2026-06-02</datestamp></header></record>"
        )
    )
    assert (gone.deleted, gone.paper.id, gone.paper.version, gone.stamp) == (True, "2606.00001", 0, ms(2026, 6, 2))


def test_entities_of_a_dtd_are_never_expanded() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><OAI-PMH'
    raw = page(record()).replace(b"<OAI-PMH", bomb, 1)
    for form in (raw, raw.replace(b"UTF-8", b"UTF-16").decode().encode("utf-16")):
        with pytest.raises(Later, match=r"no complete list|web page"):
            read(form)
    assert only(page(record(by="<![CDATA[<!DOCTYPE Smith]]>"))).paper.authors == ("<!DOCTYPE Smith",)


@pytest.mark.parametrize(
    "raw", [b"", b"Rate exceeded.", b"<html><body>busy</body></html>", b"<OAI-PMH/>", b"{}", b"\0"]
)
def test_what_is_no_list_is_later(raw: bytes) -> None:
    with pytest.raises(Later):
        read(raw)


# --- properties ---------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_mutated_page_is_read_or_later(data: st.DataObject) -> None:
    raw = captured("ListRecords_arXivRaw_p06") if FILES else page(record(), record("2606.00002", versions=V1 + V2))
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    for _ in range(data.draw(st.integers(1, 6))):
        at, length = chance.randrange(len(raw)), chance.choice([0, 1, 1, 3, 40])
        put = data.draw(st.sampled_from([b"", b"<", b">", b"x", b"\xff", b"&#0;", b"9", b"<id>", raw[at : at + 90]]))
        raw = raw[:at] + put + raw[at + length :]
    with suppress(Later):
        assert isinstance(read(raw), Page)


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 1, exclude_max=True))
def test_a_truncated_page_is_always_later(share: float) -> None:
    raw = (captured("ListRecords_arXivRaw_p06") if FILES else page(record())).rstrip()
    with pytest.raises(Later):
        read(raw[: int(len(raw) * share)])


NAMES = st.from_regex(r"[A-Z]\. [A-Z][a-z]{2,9}(-[A-Z][a-z]{2,5})?", fullmatch=True)


@given(st.lists(NAMES, min_size=1, max_size=7), st.sampled_from([", ", " and ", ", and ", "; ", " & "]), st.booleans())
def test_names_come_back_however_they_are_joined(names: list[str], joint: str, oxford: bool) -> None:
    text = names[0] if len(names) == 1 else ", ".join(names[:-1]) + joint + names[-1]
    assert authors(joint.join(names)) == (tuple(names), ())
    assert authors(text + (" et al." if oxford else ""))[0] == tuple(names)
    marked = ", ".join(f"{name} ({n})" for n, name in enumerate(names, 1))
    listed = ", ".join(f"({n}) University of {name[3:]}" for n, name in enumerate(names, 1))
    found, places = authors(f"{marked} ({listed})")
    assert found == tuple(names)
    assert set(places) == {f"University of {name[3:]}" for name in names}


@settings(max_examples=300)
@given(st.text(alphabet="aB ,.;:()1{}\\'\"$^~&é`-\n", max_size=60) | st.text(max_size=40))
@example("(((")
@example("a (b, c) d) e")
@example("(for the X Collaboration")
def test_no_author_field_raises_or_loses_everything(text: str) -> None:
    names, places = authors(text)
    assert all(name.strip() for name in (*names, *places))
    if re.search(r"[a-zA-Zé]{2}", re.sub(r"\^.*|\\.*", "", text)):
        assert names


@pytest.mark.parametrize(
    ("text", "names", "places"),
    [
        ("A, B, and C", "A|B|C", ""),
        ("A. B. Smith, Jr., C. Jones III and D. Poe, Ph.D.", "A. B. Smith Jr.|C. Jones III|D. Poe Ph.D.", ""),
        ("J. Doe for the ALICE Collaboration", "J. Doe|ALICE Collaboration", ""),
        ("J. Doe (on behalf of the CMS and TOTEM Collaborations)", "J. Doe|CMS and TOTEM Collaborations", ""),
        ("The ATLAS Collaboration: G. Aad, et al", "ATLAS Collaboration|G. Aad", ""),
        ("the LIGO Scientific Collaboration, the Virgo Collaboration", "LIGO Scientific Collaboration|Virgo Collaboration", ""),  # noqa: E501
        ("A. Uthor (MIT) B. Other (CERN (Geneva))", "A. Uthor|B. Other", "MIT|CERN (Geneva)"),
        ("A. Uthor (1 and 2), B. Other (a) ((1) X, (2) Y, (a) Z)", "A. Uthor|B. Other", "X|Y|Z"),
        ("K. Abe$^{1,2}$, B. C. Dee$^3$", "K. Abe|B. C. Dee", ""),
        (r"E. Schr\"odinger and L. Erd\H{o}s and S{\o}ren K.", "E. Schrödinger|L. Erdős|Søren K.", ""),
        (r"A.~Uthor and X. \unknown{Name}", r"A. Uthor|X. \unknown{Name}", ""),
        ("A. Ed (Eds.), B. Fgh (deceased)", "A. Ed|B. Fgh", ""),
        ("A. Uthor (with an appendix by B. Other and C. Third)", "A. Uthor|B. Other|C. Third", ""),
        ("Guido D'Amico, J.-P. Serre", "Guido D'Amico|J.-P. Serre", ""),
        ("", "", ""),
    ],
)  # fmt: skip
def test_author_fields_as_people_write_them(text: str, names: str, places: str) -> None:
    assert authors(text) == (tuple(filter(None, names.split("|"))), tuple(filter(None, places.split("|"))))


# --- fields -------------------------------------------------------------------------------------------------------


def test_ids_days_and_times() -> None:
    assert base_id("oai:arXiv.org:2411.19525v12") == ("2411.19525", 12)
    assert base_id("Math.CA/0611800") == ("math/0611800", 0)
    assert (day("2026-06-02"), day("2026-06-02T23:59:59Z")) == (ms(2026, 6, 2),) * 2
    assert moment("Wed, 24 Sep 2026 00:00:00 -0400") == ms(2026, 9, 24, 4)
    for bad in ("", "2026-13-01", "yesterday", "2026-06-02T23:59:59"):
        with pytest.raises(ValueError, match="is no date"):
            day(bad)


def test_aliases_and_archives_of_old_fold_into_one_category() -> None:
    assert categories("math.PR cs.IT math.IT") == ("math.PR", "cs.IT")
    assert categories("stat.TH math.ST") == ("math.ST",)
    assert categories("cmp-lg cs.CL 68T45 I.2.9") == ("cs.CL",)
    assert categories("astro-ph") == ("astro-ph",)


def test_the_taxonomy_is_arxivs() -> None:
    known = data("categories.json")
    listed = {
        f"{archive}.{subject}" if subject else archive for archive, s in ARCHIVES.items() for subject in s or [""]
    }
    assert set(known["categories"]) == listed
    assert len(listed) == 155
    assert known["subsumed"] == SUBSUMED
    assert all(alias in listed and name in listed for alias, name in known["aliases"].items())
    assert set(known["subsumed"].values()) <= listed
    assert not set(known["aliases"]) & set(known["aliases"].values())
    assert all(known["categories"][a] == known["categories"][c] for a, c in known["aliases"].items() if a != "q-fin.EC")
