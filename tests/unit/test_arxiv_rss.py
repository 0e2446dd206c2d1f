"""`arxiv_rss.read` over every captured feed and over broken ones, and that the groups cover all of arXiv."""

import random
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.arxiv_id import ARCHIVES
from bot.errors import Later
from bot.model import Doubt, Feed
from bot.resources import data
from bot.sources.arxiv_rss import CAP, GROUPS, _feed, read

RSS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "arxiv" / "rss"
FILES = {file.stem: file for file in sorted(RSS.glob("*.xml"))}
DAY = "Thu, 24 Sep 2026 00:00:00 -0400"
FEED = f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0"><channel>
<title>cs.CL updates on arXiv.org</title><description>cs.CL updates on the arXiv.org e-print archive.</description>
<pubDate>{DAY}</pubDate>%s</channel></rss>"""
ITEM = """<item><title>A
 title</title><description>arXiv:{id} Announce Type: {kind} 
Abstract: One
goes on.
  Two.</description><guid isPermaLink="false">oai:arXiv.org:{id}</guid><category>math.IT</category>
<category>cs.IT</category><pubDate>{day}</pubDate><arxiv:announce_type>{kind}</arxiv:announce_type>
<dc:creator>A. Uthor, B. Other (MIT)</dc:creator><arxiv:DOI>10.1/2</arxiv:DOI></item>"""  # noqa: W291
needs_data = pytest.mark.skipif(not FILES, reason="the captured feeds are not beside this checkout")


def item(id_: str = "2609.00001v1", kind: str = "new", day: str = DAY) -> str:
    return ITEM.format(id=id_, kind=kind, day=day)


def feed(*items: str) -> bytes:
    return (FEED % "".join(items)).encode()


def ms(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1000  # type: ignore[misc,arg-type]


# --- captured feeds -----------------------------------------------------------------------------------------------


@needs_data
def test_every_captured_feed_of_papers() -> None:
    feeds = {name: _feed(file.read_bytes(), "") for name, file in FILES.items() if "error" not in name}
    sizes = {name: len(found.items) for name, found in feeds.items()}
    assert sizes == {
        "rss2_empty_physics_2025-12-31": 0,
        "rss2_multi_category_2026-09-24_trimmed": 4,
        "rss_cs.AI": 52,
        "rss_cs.CL_plus_cs.CV": 79,
    }
    assert [found.doubts for found in feeds.values()] == [()] * 4
    assert feeds["rss2_empty_physics_2025-12-31"].built == ms(2025, 12, 31, 5)
    assert feeds["rss2_multi_category_2026-09-24_trimmed"].built == ms(2026, 9, 24, 4)
    told = Counter(each.kind for found in feeds.values() for each in found.items)
    assert told == {"new": 78, "cross": 31, "replace": 14, "replace-cross": 12}
    for found in feeds.values():
        for each in found.items:
            paper = each.paper
            assert (each.id, each.version, each.categories) == (paper.id, paper.version, paper.categories)
            assert paper.title
            assert paper.authors
            assert paper.abstract
            assert not paper.abstract.startswith(("arXiv:", "Abstract"))
            assert (paper.published, paper.updated, paper.comment) == (0, 0, "")
            assert all(name == " ".join(name.split()) != "" for name in paper.authors)
            assert each.kind in {"new", "cross", "replace", "replace-cross"}
            if each.kind == "new":
                assert each.version == 1


@needs_data
def test_facts_of_the_live_feed() -> None:
    items = read(FILES["rss2_multi_category_2026-09-24_trimmed"].read_bytes())
    assert [each.kind for each in items] == ["new", "new", "cross", "replace"]
    late = next(each for each in items if each.id == "2205.06398")  # cross-listed four years after v1
    assert (late.kind, late.version) == ("cross", 2)
    assert [each.paper.doi for each in items if each.paper.doi] == ["10.1093/bioinformatics/btac431"]
    assert items[0].paper.authors == ("Fabien Polly",)


@needs_data
@pytest.mark.parametrize("name", ["rss_error_bad_class", "rss_error_version"])
def test_an_error_feed_is_never_a_quiet_day(name: str) -> None:
    with pytest.raises(Later, match=r"reports an error .*(Bad subject class|Unsupported feed)"):
        read(FILES[name].read_bytes())


# --- what a feed says of itself -----------------------------------------------------------------------------------


def test_an_item_is_read_field_by_field() -> None:
    (found,) = read(feed(item("math.CA/0611800v7", "replace-cross")))
    assert (found.id, found.version, found.kind, found.categories) == ("math/0611800", 7, "replace-cross", ("cs.IT",))
    assert (found.paper.title, found.paper.abstract) == ("A title", "One goes on.\nTwo.")
    assert found.paper.authors == ("A. Uthor", "B. Other")
    assert found.paper.doi == "10.1/2"


def test_a_feed_without_items_is_a_legal_one() -> None:
    assert _feed(feed(), "e") == Feed((), ms(2026, 9, 24, 4), "e", ())


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (feed(*(item(f"2609.{n:05}v1") for n in range(1, CAP + 1))), Doubt("doubt_cut", have=2000)),
        (feed(item(), item("2609.00002v1", day="Wed, 23 Sep 2026 00:00:00 -0400")), Doubt("doubt_dates")),
        (feed(item(day="Wed, 23 Sep 2026 00:00:00 -0400")), Doubt("doubt_dates")),
        (feed(item(), item("abc"), item(kind="renewed")), Doubt("doubt_unread", have=2)),
    ],
    ids=["full", "mixed", "stale", "unreadable"],
)
def test_what_speaks_against_a_feed_is_said(raw: bytes, why: Doubt) -> None:
    found = _feed(raw, "")
    assert found.doubts == (why,)
    assert found.items


def test_one_item_less_than_the_cap_is_not_suspect() -> None:
    assert _feed(feed(*(item(f"2609.{n:05}v1") for n in range(1, CAP))), "").doubts == ()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Rate exceeded.",
        b"<html><body>busy</body></html>",
        b"<rss/>",
        b"<rss><channel/></rss>",
        feed(item())[:-20],
        feed("<item><title>Error</title><description>internal error</description></item>"),
        feed(item()).replace(b"<title>cs.CL", b"<title>Feed error for query: cs.CL"),
        feed(item()).replace(b"<rss", b'<!DOCTYPE x [<!ENTITY a "ha">]><rss', 1),
    ],
)
def test_what_is_no_feed_is_later(raw: bytes) -> None:
    with pytest.raises(Later):
        read(raw)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_mutated_or_truncated_feed_is_read_or_later(data: st.DataObject) -> None:
    name = "rss2_multi_category_2026-09-24_trimmed"
    raw = whole = (FILES[name].read_bytes() if FILES else feed(item(), item("2609.00002v3", "cross"))).rstrip()
    chance = random.Random(data.draw(st.integers(0, 2**32)))
    for _ in range(data.draw(st.integers(0, 5))):
        at = chance.randrange(len(raw))
        put = data.draw(st.sampled_from([b"", b"<", b"x", b"\xff", b"&#0;", b"<item>", raw[at : at + 90]]))
        raw = raw[:at] + put + raw[at + chance.choice([0, 1, 3, 40]) :]
    with suppress(Later):
        assert isinstance(read(raw), tuple)
    with pytest.raises(Later):
        read(whole[: chance.randrange(len(whole))])


# --- groups -------------------------------------------------------------------------------------------------------


def test_ten_groups_cover_all_categories_and_name_none_twice() -> None:
    named = [name for group in GROUPS for name in group.split("+")]
    assert len(GROUPS) == 10
    assert len(set(named)) == len(named)
    covered: set[str] = set()
    for name in named:
        subjects = ARCHIVES.get(name)
        covered |= {name} if not subjects else {f"{name}.{subject}" for subject in subjects}
    assert covered == set(data("categories.json")["categories"])
