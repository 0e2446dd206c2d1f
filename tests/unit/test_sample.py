"""The bundled sample: unmistakably a sample, pleasant to read, and good for every promise the demo makes."""

import asyncio
import json
import re
import unicodedata
from collections import Counter
from typing import Any

import pytest

from bot import resources
from bot.model import Record
from bot.sources.sample import Sample

NOW = 1_800_000_000_000
HOUR = 3_600_000
# How many papers of (the week, the day) contain all words of the topic.
TOPICS = {
    "talking head generation": (3, 4),
    "graph neural networks": (2, 3),
    "galaxy mergers": (1, 2),
    "protein design": (1, 2),
    "quantum error correction": (1, 2),
    "large language models": (3, 5),
    "retrieval augmented generation": (1, 2),
}


class FixedClock:
    def now(self) -> int:
        return NOW

    async def sleep(self, seconds: float) -> None:
        raise AssertionError(f"the sample never waits, but slept {seconds} s")


def raw() -> dict[str, Any]:
    return json.loads(resources.path("data", "sample_day.json").read_bytes().decode("utf-8"))  # type: ignore[no-any-return]


def papers() -> list[dict[str, Any]]:
    return [*raw()["week"], *raw()["day"]]


def words(text: str) -> set[str]:
    return {re.sub(r"(?<!s)s$", "", word) for word in re.findall(r"[^\W_]+", text.lower())}


def hits(part: str, topic: str) -> list[dict[str, Any]]:
    return [p for p in raw()[part] if words(topic) <= words(f"{p['title']} {p['abstract']}")]


def sample(*, day_out: bool = True) -> Sample:
    made = Sample(clock=FixedClock())
    made.day_out = day_out
    return made


def changes(source: Sample, since: int = 0) -> list[Record]:
    async def collect() -> list[Record]:
        return [record async for page in source.changes(since) for record in page]

    return asyncio.run(collect())


# --- the file -----------------------------------------------------------------------------------------------------


def test_it_says_that_it_is_a_sample_and_stays_small() -> None:
    content = resources.path("data", "sample_day.json").read_bytes()
    assert len(content) < 150_000
    assert raw()["note"] == "SAMPLE: papers written for this demo; none of them exists."
    assert list(raw()) == ["note", "week", "day"]
    assert len(raw()["week"]) >= 14
    assert len(raw()["day"]) >= 28


def test_no_id_can_belong_to_a_real_paper() -> None:
    for paper in papers():
        assert re.fullmatch(r"8812\.\d{5}", paper["id"]), "December 2088: nobody's paper yet"
    links = re.findall(r"https?://\S+", json.dumps(papers()))
    assert all(re.match(r"https://github\.com/paperboy-sample/", link) for link in links)
    assert links


def test_ids_and_titles_are_unique() -> None:
    for key in ("id", "title", "abstract"):
        assert [value for value, n in Counter(p[key] for p in papers()).items() if n > 1] == []


def test_papers_have_every_field_in_the_form_arxiv_has() -> None:
    for paper in papers():
        assert list(paper) == ["id", "version", "title", "abstract", "authors", "categories", "comment", "hours"]
        assert paper["version"] == 1
        assert paper["title"] == " ".join(paper["title"].split())
        assert paper["abstract"] == paper["abstract"].strip()
        assert paper["categories"] == list(dict.fromkeys(paper["categories"]))
        assert all(re.fullmatch(r"[a-z-]+(\.[A-Za-z-]{2,})?", category) for category in paper["categories"])
        assert not re.search(r"arxiv\.org|doi\.org", paper["comment"])


def test_the_week_is_older_than_the_day_and_both_fit_a_week() -> None:
    week, day = ([p["hours"] for p in raw()[part]] for part in ("week", "day"))
    assert 0 < min(day) <= max(day) < min(week) <= max(week) < 7 * 24


def test_abstracts_are_long_enough_to_summarize_and_say_what_was_done() -> None:
    for paper in papers():
        text = paper["abstract"]
        assert 80 <= len(text.split()) <= 260, paper["title"]
        assert 3 <= len(re.findall(r"[.?!](?=\s|$)", text)) <= 9, paper["title"]
        assert re.search(r"\b([Ww]e|[Oo]ur)\b", text), paper["title"]
        assert re.search(r"\d", text), paper["title"]


def test_authors_are_many_people_from_many_places() -> None:
    everybody = Counter(author for p in papers() for author in p["authors"])
    assert all(len(p["authors"]) == len(set(p["authors"])) for p in papers())
    assert max(everybody.values()) == 1
    sizes = sorted(len(p["authors"]) for p in papers())
    assert sizes[0] == 1
    assert sizes[-2] == 12
    assert sizes[-1] == 40
    assert sum(not author.isascii() for author in everybody) > 40
    assert all(unicodedata.is_normalized("NFC", author) for author in everybody)
    assert not any(re.search(r"[\\{}$]", author) for author in everybody)


def test_the_day_spreads_over_the_sciences() -> None:
    primary = {p["categories"][0] for p in raw()["day"]}
    assert len(primary) >= 18
    assert {c.split(".")[0] for c in primary} >= {
        "cs",
        "astro-ph",
        "math",
        "q-bio",
        "cond-mat",
        "econ",
        "eess",
        "physics",
    }
    assert {"hep-th", "hep-ex", "quant-ph"} <= primary


@pytest.mark.parametrize("topic", TOPICS)
def test_every_promised_topic_has_papers(topic: str) -> None:
    assert (len(hits("week", topic)), len(hits("day", topic))) == TOPICS[topic]


def test_near_misses_are_near_and_are_misses() -> None:
    wanted = words("talking head generation")
    near = [p for p in raw()["day"] if len(wanted & words(f"{p['title']} {p['abstract']}")) == 2]
    assert sum("Wikipedia" in p["title"] for p in near) == 1
    assert sum("Attention Head" in p["title"] for p in near) == 1


def test_texts_hold_what_breaks_careless_renderers() -> None:
    titles = "\n".join(p["title"] for p in raw()["day"])
    for odd in ("<b>&", "@everyone", "*_[x](y)_*", r"$\mathcal{O}(n \log n)$", r"Schr\"odinger", "$H_0$"):
        assert odd in titles
    assert "$H_0 = 70$ km/s" in "".join(p["abstract"] for p in raw()["day"])


# --- the source ---------------------------------------------------------------------------------------------------


def test_the_day_is_unknown_until_it_is_out() -> None:
    source = sample(day_out=False)
    day = raw()["day"][0]
    assert len(changes(source)) == len(raw()["week"])
    assert asyncio.run(source.fetch([day["id"]])) == ()
    assert asyncio.run(source.search(f'ti:"{day["title"]}"', 5)) == ()
    source.day_out = True
    assert len(changes(source)) == len(papers())
    assert [p.title for p in asyncio.run(source.fetch([day["id"]]))] == [day["title"]]


def test_changes_hold_what_changed_since_and_nothing_of_the_days_before() -> None:
    source = sample()
    everything = sorted(changes(source), key=lambda r: r.stamp)
    assert everything == [Record(r.paper, stamp=r.paper.updated) for r in everything], "nothing else is said of them"
    first = everything[3].stamp
    found = {r.paper.id for r in changes(source, first)}
    assert {r.paper.id for r in everything if r.stamp >= first} <= found
    assert not {r.paper.id for r in everything if r.stamp < first - first % (24 * HOUR)} & found
    assert changes(source, NOW + 24 * HOUR) == []
    assert all(
        r.paper.published == r.paper.updated == NOW - p["hours"] * HOUR
        for r, p in zip(changes(source), papers(), strict=True)
    )


def test_papers_are_fetched_by_id_with_or_without_version() -> None:
    source = sample()
    a, b = (p["id"] for p in raw()["day"][:2])
    wanted = [f"{b}v1", a, "2411.19525", f"{a}v2", f"{a}v1", "nonsense", ""]
    assert [p.id for p in asyncio.run(source.fetch(wanted))] == [b, a]


@pytest.mark.parametrize("topic", TOPICS)
def test_search_finds_what_the_topic_promises(topic: str) -> None:
    query = " AND ".join(f'(ti:"{word}" OR abs:"{word}")' for word in topic.split())
    found = asyncio.run(sample().search(query, 50))
    assert len(found) == sum(TOPICS[topic])
    in_title = [len(words(topic) & words(p.title)) for p in found]
    assert in_title == sorted(in_title, reverse=True)


def test_search_reads_phrases_plurals_and_limits() -> None:
    source = sample()
    assert [p.title[:8] for p in asyncio.run(source.search('ti:"phoneme anchored" AND abs:"consonants"', 9))] == [
        "LipField"
    ]
    assert asyncio.run(source.search('all:"galaxy"', 99)) == asyncio.run(source.search('all:"Galaxies"', 99)) != ()
    assert len(asyncio.run(source.search('all:"model"', 2))) == 2
    assert asyncio.run(source.search('all:"model"', 0)) == ()
    assert asyncio.run(source.search("", 5)) == asyncio.run(source.search('ti:""', 5)) == ()
    assert asyncio.run(source.search('ti:"zebrafish"', 5)) == ()
