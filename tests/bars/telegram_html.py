"""Hostile posts, split and rendered for Telegram, through TDLib's own parser: all taken, exactly, nothing dropped."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bot.core.split import split
from bot.model import Block, Button, Fold, Item, Line, Post, Span
from bot.platforms import telegram_html as telegram
from tests.fakes import tdlib

WORDS = (
    "Ditto: Motion-Space Diffusion",
    "<b>bold</b> & <i>unclosed",
    "</blockquote></a>",
    "<a href='http://evil.example'>x</a>",
    "&lt;&amp;&#60;&quot;&nbsp;",
    'a "quoted" title',
    "$O(n \\log n)$ and \\'etale $\\mathcal{N}$ of 100% _it_",
    "@durov, @alice_bot and bob@example.org",
    "/start now/then (/help@paperboy_bot) //x </stop>",
    "#hashtag ##two C# #日本 $TSLA $$ US$5 $1INCH",
    "@@alice #@bob /#x ²#y é/z é@name",
    "\u202eevil\u202c \u2066isolated\u2069",
    "\u05e9\u05dc\u05d5\u05dd \u200f\u200f\u200e \u0645\u0631\u062d\u0628\u0627",
    "👩‍🔬👨‍👩‍👧‍👦 🏳️‍🌈 𝟙𐍈 🇩🇪",
    "e\u0301 a\u030a \u030a x\u0333\u033f q\u030a\u0301 \u0338",
    "\ud800 lone \udfff",
    "a\tb\x00c\x1b[31md\x7f\x85e\u2028f\u2029g",
    " \n\n lines \r\n between \n",
    "   ",
    "",
    "\u200b\u200d\ufeff\u2800\u00a0",
    "cs.CV, cs.AI, math.AG, astro-ph.CO and hep-th · 29 Nov",
    "cat:cs.CV AND ti:head",
    "https://github.com/a/b?x=1&y=2#z and arxiv.org/abs/2411.19525",
    "(1/2",
    "• ▸ ⋯",
)
URLS = (
    *("", "", "", "https://arxiv.org/abs/2411.19525", "http://1.2.3.4:8000/x", "https://[2001:db8::1]/"),
    *(
        "http://localhost:8000/",
        "http://nas/x",
        "javascript:alert(1)",
        "tg://resolve?domain=x",
        "https://",
        "HTTP://A.B",
    ),
    *("https://a.example/?q=\"<>&'", "https://ex ample.org/", "https://münchen.example/ü", "http://a.b:99999/"),
    *(
        "http://a.b:x",
        "http://[::1",
        "http://a..b",
        "http://.b",
        "http://a.b\\c",
        "http://user:p@a.b/",
        "\ud800",
        "mailto:a@b.c",
    ),
)
LABELS = ("takeaways (4)", "  <b>more</b>\nof it ", "@label & #tag 👩‍🔬")
STYLES = ("", "bold", "italic", "dim", "code")
KINDS = ("text", "heading", "bullet", "small")
ACTING = {"Mention", "BotCommand", "Hashtag", "Cashtag"}
IGNORED = set("\u2060\u200e\u200f•⋯\u0333\u033f\u030a") | set(
    map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
)

texts = st.one_of(
    st.sampled_from(WORDS), st.text(max_size=20), st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join)
)
long_texts = st.builds(
    lambda word, times: word * times,
    st.sampled_from((*WORDS, "Ada Lovelace, ", "é", "x", "@a ", "🧪", "<&>", "word ")),
    st.sampled_from((50, 400, 5000)),
).map(lambda text: text[:70_000])
spans = st.builds(Span, texts, st.sampled_from(STYLES), st.sampled_from(URLS), st.booleans())
long_spans = st.builds(Span, long_texts, st.sampled_from(STYLES), st.sampled_from(URLS), st.booleans())
lines = st.builds(Line, st.lists(spans, max_size=4).map(tuple), st.sampled_from(KINDS))
folds = st.builds(Fold, st.sampled_from(LABELS), st.lists(lines, max_size=4).map(tuple))
blocks = st.one_of(lines, lines, folds)
long_blocks = st.one_of(
    st.builds(lambda span, kind: Line((span,), kind), long_spans, st.sampled_from(KINDS)),
    st.builds(
        lambda label, line, many: Fold(label, (line,) * many), st.sampled_from(LABELS), lines, st.integers(10, 120)
    ),
    st.builds(lambda span, many: Line((span,) * many), spans, st.integers(20, 250)),
)
buttons = st.builds(
    Button, st.sampled_from(("1", "12", "Why this?", "Fewer papers like this one", "x" * 40)), st.just("/x")
)
items = st.builds(
    Item, st.lists(blocks, max_size=4).map(tuple), st.just("2411.19525"), st.lists(buttons, max_size=3).map(tuple)
)
many_items = st.builds(lambda item, times: item * times, st.lists(items, min_size=1, max_size=3), st.integers(2, 13))


def _with(post: Post, block: Block | None) -> Post:
    return Post(post.head, (*post.items, Item((block,))), post.foot, post.buttons) if block else post


posts = st.builds(
    _with,
    st.builds(
        Post,
        st.lists(blocks, max_size=2).map(tuple),
        st.one_of(st.lists(items, max_size=3), many_items).map(tuple),
        st.lists(blocks, max_size=2).map(tuple),
        st.lists(buttons, max_size=6).map(tuple),
    ),
    st.one_of(*[st.none()] * 5, long_blocks),
)


@dataclass
class Tally:
    posts: int = 0
    parts: int = 0
    torn: int = 0
    longest: int = 0
    entities: int = 0
    with_found: int = 0
    bytes: int = 0
    theirs: set[Span] = field(default_factory=set)


def letters(text: str) -> str:
    """What a reader reads, without regard to white space, order of accents, bullets and marks nobody sees."""
    kept = (c for c in text if not c.isspace() and unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"})
    spelled = unicodedata.normalize("NFD", "".join(c for c in kept if c not in IGNORED))
    return "".join(c for c in spelled if c not in IGNORED)


def walk(blocks: Iterable[Block]) -> str:
    """All words of blocks but for the labels of folds, which a cut fold repeats."""
    found = ""
    for block in blocks:
        found += walk(block.lines) if isinstance(block, Fold) else "".join(span.text for span in block.spans)
    return found


def labels(blocks: Iterable[Block]) -> set[str]:
    return {letters(block.label) for block in blocks if isinstance(block, Fold)}


def cut(text: str, entity: dict[str, Any]) -> tuple[str, str, str]:
    """A text before, under and after an entity."""
    raw = text.encode("utf-16-le")
    start, end = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
    return raw[:start].decode("utf-16-le"), raw[start:end].decode("utf-16-le"), raw[end:].decode("utf-16-le")


def found_by_tdlib(text: str) -> list[tuple[str, int, int]]:
    """What TDLib would make of a text that has no formatting: (kind, offset, length)."""
    if not tdlib.TDLIB:
        return []
    found = tdlib.execute("getTextEntities", text=text)["entities"]
    return [(e["type"]["@type"].removeprefix("textEntityType"), e["offset"], e["length"]) for e in found]


def check(post: Post, tally: Tally) -> None:
    parts = split(post, telegram.fits)
    arrived, seen_labels = "", set()
    for place, part in enumerate(parts, 1):
        html = telegram.render(part)
        text, entities = tdlib.parse(html)
        assert text == telegram.text(part) == text.strip(), (text, telegram.text(part))
        if tdlib.TDLIB:
            sent = tdlib.execute("getMarkdownText", text={"@type": "formattedText", "text": text, "entities": []})
            assert sent["text"] == text, (sent["text"], text)
        assert 0 < telegram.units(text) <= telegram.TEXT - telegram.NOTE
        assert len(html.encode()) <= telegram.MARKUP
        assert len(part.pressable) <= telegram.BUTTONS
        assert [button for row in telegram.rows(part) for button in row] == list(part.pressable)
        assert all(cut(text, entity)[1].strip() for entity in entities)
        assert sum(entity["type"] == "text_link" for entity in entities) == html.count("<a ")
        assert len(entities) < telegram.ENTITIES
        dead = [(e["offset"], e["offset"] + e["length"]) for e in entities if e["type"] in {"text_link", "code"}]
        added = [
            found
            for found in found_by_tdlib(text)
            if not any(start < found[1] + found[2] and found[1] < end for start, end in dead)
        ]
        assert len(entities) + len(added) <= telegram.ENTITIES, (len(entities), added)
        rest = text
        for entity in reversed(entities):
            if entity["type"] == "expandable_blockquote":
                before, quote, after = cut(rest, entity)
                label, _, lines = quote.partition("\n")
                seen_labels.add(letters(label))
                rest = f"{before}{lines}{after}"
        arrived += rest.replace(f"({place}/{len(parts)})", "", 1) if len(parts) > 1 else rest
        tally.longest = max(tally.longest, telegram.units(text))
        tally.entities = max(tally.entities, len(entities))
        tally.with_found = max(tally.with_found, len(entities) + len(added))
        tally.bytes = max(tally.bytes, len(html.encode()))
    everything = [*post.head, *(block for item in post.items for block in item.blocks), *post.foot]
    assert seen_labels == labels(everything)
    expected = letters(walk(everything))
    if arrived == "⋯":
        assert not re.sub("[\u200b-\u200f\u2800\ufeff\u3164\ufffc\u180e\U000e0000-\U000e007f]", "", expected)
    else:
        assert letters(arrived) == expected
    assert [b for part in parts for item in part.items for b in item.buttons] == [
        b for item in post.items for b in item.buttons
    ]
    assert [b for part in parts for b in part.buttons] == list(post.buttons)
    theirs(everything, tally)
    tally.posts += 1
    tally.parts += len(parts)
    tally.torn += len(parts) > 1


def theirs(everything: list[Block], tally: Tally) -> None:
    """Somebody else's words act nowhere, whatever stands beside them."""
    for block in everything:
        for line in block.lines if isinstance(block, Fold) else (block,):
            strange = Line(tuple(span for span in line.spans if span.theirs and len(span.text) < 1000))
            for line_ in (strange, *(Line((span,)) for span in strange.spans if span not in tally.theirs)):
                text = telegram.text(Post((line_,)))
                assert not [found for found in found_by_tdlib(text) if found[0] in ACTING], text
            tally.theirs.update(strange.spans)


def run(*, full: bool) -> int:
    tally = Tally()

    for number in range(40 if full else 1):  # in batches: Hypothesis keeps what it has tried

        @seed(number)
        @settings(
            max_examples=500 if full else 120,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )
        @given(posts)
        def every(post: Post) -> None:
            check(post, tally)

        every()
    judge = "TDLib" if tdlib.TDLIB else "our own reader (tdjson is not installed)"
    print(f"{tally.posts:,} posts in {tally.parts:,} messages, {tally.torn:,} of them cut; taken by {judge}, refused 0")
    print(
        f"longest {tally.longest:,} of {telegram.TEXT:,} units, {tally.bytes:,} of {telegram.MARKUP:,} bytes of markup"
    )
    print(f"most entities {tally.entities} of {telegram.ENTITIES}, {tally.with_found} with those found by TDLib")
    print(f"{len(tally.theirs):,} runs of others' words: no mention, command or tag in them")
    return 0
