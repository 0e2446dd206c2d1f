"""Every countable fault of published digests, counted over our readings of papers of the same titles: none is left.

The model says the very lines of those digests, each on a quote that stands in the paper, and errs in all other ways of
`scholar.FAULTS`; the digests lie beside the checkout and are never copied.
"""

# ruff: noqa: RUF001, E501 - Chinese punctuation is meant; a fault is one line

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.core import links, post_reading
from bot.core import reading as core
from bot.core.grounding_numbers import missing
from bot.core.plain import plain
from bot.core.split import split
from bot.flow.typeset import parts
from bot.model import Chat, Paper, Post, Reading
from bot.platforms import console_view, discord_view, telegram_html
from tests.fakes import scholar
from tests.fakes.chat import FakeChat
from tests.fakes.house import SATURDAY
from tests.unit.test_reading import asked

SEEDS = Path(__file__).resolve().parents[2].parent / "shared" / "seeds"
pytestmark = pytest.mark.skipif(not SEEDS.exists(), reason="the published digests are not here")


@dataclass(frozen=True)
class Seed:
    """A paper of a published digest: what arXiv says of it there, and the lines a model wrote of it."""

    paper: Paper
    lines: tuple[str, ...]
    names: tuple[str, ...]  # that it gave to authors in another script


def seeds() -> Iterator[Seed]:
    for file in sorted(SEEDS.glob("*.txt")):
        for block in re.split(r"^## ", file.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title, _, rest = block.partition("\n")
            authors = re.search(r"\*\*Authors:(.+?)\*\*", rest)
            link = re.search(r"^\[PDF\]\(\S+/abs/([\d.]+)v(\d+)\)(.*?)(?=\n\n)", rest, re.MULTILINE | re.DOTALL)
            if not authors or not link:
                continue
            abstract = rest[authors.end() : link.start()].strip()
            lines = [line.strip(" -*#") for line in rest[link.end() :].splitlines()]
            names = re.findall(r"[A-Za-z]\s*[（(]([\u4e00-\u9fff]{2,4})[)）]", rest[link.end() :])
            yield Seed(
                Paper(
                    link[1],
                    int(link[2]),
                    title,
                    abstract,
                    tuple(name.strip() for name in authors[1].split(",")),
                    ("cs.CV",),
                    SATURDAY,
                    SATURDAY,
                    comment=" ".join(link[3].split()),
                ),
                tuple(line for line in lines if 3 < len(line) < 300),
                tuple(names),
            )


SEED = list(seeds()) if SEEDS.exists() else []
TWISTS: list[str | None] = [None, *scholar.FAULTS]

STRINGS = {
    "slots": r"(?i)(?<![a-z/])xxx+",
    "to be added": r"(?i)to be (?:added|provided|confirmed|supplemented)|待补充|待确认|待定|尚未提供",
    "prompt or template": r"(?i)如果不可用|填写|github\s*[:：]\s*none|如有[)）]|insert the link|letter by letter|at most \d+ words",
    "numbered labels": r"(?m)^\W*\(?[1-8][)）.、：:]\s*(?:\*\*)?(?:标题|作者|所属|关键词|总结|方法|结论|title|authors|affiliation|keywords|urls|summary|methods?|conclusion)",
    "chatter": r"(?i)希望(?:这|本|以上|对|能)|请注意|以上(?:内容|是|总结|就是)|仅供参考|hope this|please note|as an ai|\bsure[,!]",
    "lacking the text": r"无法(?:获取|确认|提供|得知)|由于(?:缺乏|无法|没有)|未提供|根据(?:您|所?提供)|(?i:no access to the full text)",
    "workload": r"(?i)工作量|workload",
    "markup": r"(?i)\*\*|</?[a-z]{1,10}\s*/?>|!\[|^#{1,6} ",
    "LaTeX": r"\\[a-z]+\{|\$[^$\n]+\$",
    "runs of spaces": r"\S {3,}\S",
    "praise": r"(?i)groundbreaking|must-read|masterpiece|杰作|强烈推荐",
}  # fmt: skip


def texts(document: Post, platform: str) -> tuple[str, list[str]]:
    """What a reader of a platform reads, and the addresses of its links."""
    match platform:
        case "telegram":
            made = "\n".join(map(telegram_html.render, split(document, telegram_html.fits)))
            return html.unescape(re.sub(r"<[^<>]*>", "", made)), [
                html.unescape(url) for url in re.findall(r'href="([^"]+)"', made)
            ]
        case "discord":
            trees: list[Any] = [discord_view.render(part) for part in split(document, discord_view.fits)]
            found = re.findall(r'"content": "((?:[^"\\]|\\.)*)"', json.dumps(trees, ensure_ascii=False))
            said = "\n".join(json.loads(f'"{each}"') for each in found)
            addresses = re.findall(r"\]\(<?([^)>\s]+)>?\)", said)
            bare = re.sub(r"\[((?:[^\[\]\\]|\\.)*)\]\(<?[^)>\s]+>?\)", r"\1", said).replace("\u2060", "")
            bare = re.sub(r"(?m)^-# ", "", re.sub(r"(?<!\\)\*{1,2}", "", bare))
            return re.sub(r"\\(?=\W)", "", bare), addresses
        case _:
            spans = [s for item in document.items for block in item.blocks for s in getattr(block, "spans", ())]
            payload = parts(FakeChat(limit=100_000), document)[0].payload
            return console_view.text(console_view.load(payload)), [span.url for span in spans if span.url]


def faults(seed: Seed, reading: Reading, platform: str, language: str) -> list[str]:
    """The names of all faults in a reading as it is read somewhere."""
    paper = seed.paper
    chat = Chat("fake:a", "fake", "a", language=language)
    document = post_reading.whole(paper, reading, chat, SATURDAY)
    text, urls = texts(document, platform)
    text = text.replace("\u2060", "").replace("\xa0", " ")
    found = [name for name, pattern in STRINGS.items() if re.search(pattern, text)]
    if strange := strange_links(paper, urls):
        found.append(f"a link that is strange or lost: {strange}")
    if not all(plain(name) in text for name in paper.authors):
        found.append("authors absent, cut or misspelt")
    if any(name in text for name in seed.names):
        found.append("names added in another script")
    if " ".join(plain(paper.title).split()) not in " ".join(text.split()):
        found.append("title lost or swapped")
    if f"v{paper.version}" not in text:
        found.append("revision not flagged")
    return found + untrue(reading, scholar.name_of(paper.title))


def strange_links(paper: Paper, urls: list[str]) -> set[str]:
    """The links that are too many, and those of the paper that are not there."""
    wanted = {links.abs_url(paper.id), links.pdf_url(paper.id), *links.code_links(paper), *links.project_links(paper)}
    return set(urls) ^ (wanted | ({scholar.CODE} & set(urls)))


def untrue(reading: Reading, name: str) -> list[str]:
    """Faults of a reading in itself."""
    found = []
    if set(reading.affiliations) - {scholar.AFFILIATION}:
        found.append("an affiliation that page 1 does not have")
    every = [each for _, part in reading.parts for each in part]
    if any(missing(each.text, each.proof.quote) for each in every):
        found.append("a number that its quote does not have")
    if len({each.text for each in every}) < len(every):
        found.append("something said twice")
    said = {part: " ".join(each.text.replace(name, "") for each in told) for part, told in reading.parts}
    method, others = said.pop("method", ""), " ".join(said.values())
    runs = [method[at : at + 12] for at in range(len(method) - 11)]
    if runs and sum(run in others for run in runs) >= 0.2 * len(runs):
        found.append("method reuses the rest")
    if re.search(r"SceneFuse|StoryMask keeps|StoryMask fails", method):
        found.append("other works as its method")
    return found


def made(seed: Seed, twist: str | None, language: str) -> Reading:
    """Our reading of a paper, the model saying what the digest said of it, and erring in one more way."""
    paper, text = seed.paper, scholar.study(seed.paper)
    request = asked(paper, text, language)
    value: Any = scholar.seeded(seed.lines)(request, scholar.honest(request))
    if twist is not None:
        value = scholar.FAULTS[twist](request, value)
    checked = core.check(value, paper, text, language, core.named_links(paper, text))
    return core.written(checked, paper, text, "m", whole=True) if checked.enough else core.extracted(paper, text)


def test_all_papers_of_the_digests_are_here() -> None:
    assert len(SEED) == 22
    assert sum(len(seed.lines) for seed in SEED) > 300
    assert sum(len(seed.names) for seed in SEED) > 20


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("seed", SEED, ids=lambda seed: seed.paper.id)
def test_no_fault_of_the_published_digests(seed: Seed, language: str) -> None:
    place = SEED.index(seed)
    twist = TWISTS[place % len(TWISTS)]
    for each in dict.fromkeys((None, twist if (place % 2 == 0) == (language == "zh") else "sections twice")):
        reading = made(seed, each, language)
        for platform in ("telegram", "discord", "console"):
            assert faults(seed, reading, platform, language) == [], (each, platform)


def test_what_the_model_says_is_full_of_them() -> None:
    """The readings are clean by our doing: what they were made of is not."""
    met = set()
    for seed in SEED:
        said = "\n".join(seed.lines)
        met |= {name for name, pattern in STRINGS.items() if re.search(pattern, said)}
    assert met >= {
        "slots",
        "to be added",
        "prompt or template",
        "numbered labels",
        "chatter",
        "lacking the text",
        "workload",
    }


def test_most_of_what_is_true_survives() -> None:
    kept = total = 0
    for seed in SEED:
        reading = made(seed, None, "zh")
        assert reading.model, seed.paper.title
        told = {each.text for _, part in reading.parts for each in part}
        text = scholar.study(seed.paper)
        honest = scholar.honest(asked(seed.paper, text, "zh"))
        true = [row["text"] for name in core.PARTS if name != "tldr" for row in honest[name]]
        kept += len(told & set(true))
        total += len(true)
    assert kept > 0.35 * total, f"{kept} of {total}"
