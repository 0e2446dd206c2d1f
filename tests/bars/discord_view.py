"""Hostile posts, split and set for Discord: every limit kept, every letter arrives, nothing acts that is not ours.

Judges that know nothing of the renderer: a walk over the tree, our reader of Discord's markdown (both ways its sources
describe it), discord.py's own views, simcord's rules if it is installed, Discord's OpenAPI if it lies beside us.
"""

import asyncio
import contextlib
import importlib
import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from discord.components import _component_factory
from discord.ui import LayoutView
from discord.ui.view import _component_to_item
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bot.core.split import split
from bot.model import Block, Button, Fold, Item, Line, Post, Span
from bot.platforms import discord_view as discord
from tests.fakes import discord_markdown as markdown

SPEC = Path(__file__).resolve().parents[3] / "shared" / "discord-openapi.json"
WORDS = (
    "Ditto: Motion-Space Diffusion",
    *("**bold** and *unclosed", "__under__ ~~gone~~ ||hidden||", "snake_case_name _it_ f_theta", "`code` ``two` ```"),
    *("# heading", "-# small", "- entry", "+ entry", "* entry", "1. one", "2) two", "> quote", ">>> all", "3.", "C#"),
    *("[link](https://evil.example)", "](https://evil.example)", "[x] [[y]] ]z[", "(a) \\[b\\] c\\", "\\*"),
    *("<@123> <@!1> <@&2> <#3> <:x:1> <a:y:2> <t:1:R> </go:4> <id:guide>", "a < b > c & d", "¯\\_(ツ)_/¯"),
    *("@everyone", "x@everyone @here", "@durov @@alice bob@example.org", "@", "everyone"),
    *("https://github.com/a/b_c_d?x=1&y=2#z.", "see https://a.example/x*y*z (http://b.example/_q_).", "HTTP://A.B/_c_"),
    *(
        "https:",
        "//evil.example/_x_",
        "http",
        "steam://run/1",
        "discord.gg/abc",
        "<https://a.b>",
        "https://_ https://*",
    ),
    *(":smile: :) ::", "👩‍🔬👨‍👩‍👧‍👦 🏳️‍🌈 𝟙𐍈 🇩🇪 1️⃣ *️⃣ ™ ⭐", "K* search: A* and B*", "O(n \\log n) $\\mathcal{N}$"),
    *(
        "\u202eevil\u202c \u2066isolated\u2069",
        "\u05e9\u05dc\u05d5\u05dd \u0645\u0631",
        "e\u0301 x\u0333",
        "\ud800 lone",
    ),
    *(
        "a\tb\x00c\x1b[31md\x7f\x85e\u2028f\u2029g",
        " \n\n lines \r\n between \n",
        "   ",
        "",
        "\u200b\u200d\ufeff\u00a0",
    ),
    *("cs.CV · 29 Nov", "(1/2", "/subscribe", "~ | ~", "a_b", "_", "*", "`", "\\"),
)
URLS = (
    *("", "", "", "", "https://arxiv.org/abs/2411.19525", "http://1.2.3.4:8000/x", "https://a.example/(b)_c*d e"),
    *("javascript:alert(1)", "discord://x", "https://", "HTTPS://A.B/", "http://localhost/", "https://u:p@a.example/"),
    *("https://a.example/?q=\"<>&'", "https://münchen.example/ü", "http://a.b:99999/", "http://[::1", "\ud800"),
)
STYLES = ("", "bold", "italic", "dim", "code")
KINDS = ("text", "heading", "bullet", "small")
LABEL = "▸"  # begins the label of every fold here, and nothing else
IGNORED = "\u2060•⋯\ufeff"
OURS = {"bold", "italic", "code", "small", "list", "link", "address"}

characters = st.characters(exclude_characters="▸•⋯")
texts = st.one_of(
    st.sampled_from(WORDS),
    st.text(characters, max_size=20),
    st.text(st.sampled_from("*_~`|\\<>[]()#-+.1a @:/\n"), max_size=12),
    st.lists(st.sampled_from(WORDS), max_size=4).map(" ".join),
)
long_texts = st.builds(
    lambda word, times: (word * times)[:30_000],
    st.sampled_from((*WORDS, "Ada Lovelace, ", "é", "x", "@a ", "🧪", "*", "word ")),
    st.sampled_from((50, 400, 5000)),
)
spans = st.builds(Span, texts, st.sampled_from(STYLES), st.sampled_from(URLS), st.booleans())
long_spans = st.builds(Span, long_texts, st.sampled_from(STYLES), st.sampled_from(URLS), st.booleans())
lines = st.builds(Line, st.lists(spans, max_size=4).map(tuple), st.sampled_from(KINDS))
folds = st.builds(
    lambda label, inner: Fold(f"{LABEL} {label}", tuple(inner)),
    st.sampled_from(("takeaways (4)", "  **more**\nof it ", "@everyone # -# > 👩‍🔬")),
    st.lists(lines, max_size=4),
)
blocks = st.one_of(lines, lines, folds)
long_blocks = st.one_of(
    st.builds(lambda span, kind: Line((span,), kind), long_spans, st.sampled_from(KINDS)),
    st.builds(lambda line: Fold(f"{LABEL} long", (line,) * 12), lines),
)
buttons = st.builds(
    Button,
    st.sampled_from(("1", "12", "Why this?", "Fewer papers like this one", "x" * 90, "🧪" * 60, "", " \u200b")),
    st.just("/x"),
    st.booleans(),
    st.sampled_from(("", "", "", "which words")),
)
items = st.builds(
    Item, st.lists(blocks, max_size=4).map(tuple), st.just("2411.19525"), st.lists(buttons, max_size=8).map(tuple)
)
many_items = st.builds(lambda item, times: item * times, st.lists(items, min_size=1, max_size=3), st.integers(2, 13))
few_buttons, more_buttons = st.lists(buttons, max_size=6), st.lists(buttons, max_size=70)


def _with(post: Post, block: Block | None) -> Post:
    more = (Item((block,)),) if block else ()
    return Post(post.head, (*post.items, *more), post.foot, post.buttons, "A title", (), "hue")


posts = st.builds(
    _with,
    st.builds(
        Post,
        st.lists(blocks, max_size=2).map(tuple),
        st.one_of(st.just([]), st.lists(items, max_size=3), many_items).map(tuple),
        st.lists(blocks, max_size=2).map(tuple),
        st.one_of(few_buttons, few_buttons, more_buttons).map(tuple),
    ),
    st.one_of(*[st.none()] * 5, long_blocks),
)


@dataclass
class Tally:
    posts: int = 0
    parts: int = 0
    torn: int = 0
    longest: int = 0
    components: int = 0
    links: int = 0
    loaded: int = 0
    checked: int = 0
    judges: list[str] = field(default_factory=list)


def letters(text: str) -> str:
    """What a reader reads, without regard to white space, bullets and what nobody sees."""
    kept = (c for c in text if not c.isspace() and unicodedata.category(c) not in {"Cc", "Cs", "Zl", "Zp"})
    return "".join(c for c in kept if c not in IGNORED and discord._seen(c) and not 0x202A <= ord(c) <= 0x202E)


def words(found: Iterable[Block]) -> str:
    """All words of blocks but for the labels of folds, which a cut fold repeats."""
    return "".join(
        words(block.lines) if isinstance(block, Fold) else "".join(span.text for span in block.spans) for block in found
    )


def walk(tree: list[dict[str, Any]], depth: int = 0) -> Iterator[tuple[dict[str, Any], int]]:
    for node in tree:
        yield node, depth
        yield from walk(node.get("components", []), depth + 1)


def units(text: str) -> int:
    return sum(1 + (ord(c) > 0xFFFF) for c in text)


def limits(tree: list[dict[str, Any]], tally: Tally) -> None:
    """What the docs say of a message of components, with room for the note."""
    nodes = list(walk(tree))
    ids = [node["custom_id"] for node, _ in nodes if "custom_id" in node]
    assert nodes
    assert len(ids) == len(set(ids))
    assert all(1 <= len(i) <= 100 for i in ids)
    for node, depth in nodes:
        inner = node.get("components", [])
        match node["type"]:
            case 1:
                kinds = [child["type"] for child in inner]
                assert kinds == [3] or (1 <= len(kinds) <= 5 and set(kinds) == {2}), kinds
            case 2:
                assert 1 <= units(node["label"]) <= 80, node["label"]
            case 3:
                assert 1 <= len(node["options"]) <= 25
                assert all(1 <= units(option["label"]) <= 100 for option in node["options"])
                assert len({option["value"] for option in node["options"]}) == len(node["options"])
            case 10:
                assert discord._seen(node["content"])
                assert node["content"] == node["content"].strip()
            case 17:
                assert depth == 0
                assert inner
                assert {child["type"] for child in inner} <= {1, 10, 14}
            case other:
                raise AssertionError(other)
    length = sum(units(node["content"]) for node, _ in nodes if node["type"] == 10)
    assert len(nodes) <= 40
    assert length <= 4000
    tally.longest, tally.components = max(tally.longest, length), max(tally.components, len(nodes))


def shown(tree: list[dict[str, Any]], tally: Tally, *, strict: bool) -> str:
    """The visible text; nothing in it may be more than what we wrote."""
    found = [markdown.read(node["content"], strict=strict) for node, _ in walk(tree) if node["type"] == 10]
    for one in found:
        assert one.kinds() <= OURS, one
        for label, url in one.links():
            assert url.startswith(("https://", "http://")), one
            assert "evil" not in url, one
            assert label.strip("\u2060")
        tally.links += len(one.links()) * (not strict)
    return "\n".join(one.text for one in found)


def places(tree: list[dict[str, Any]]) -> list[tuple[int, bool, bool]]:
    """What `filled` tells of each button, in the order of their places."""
    told: list[tuple[int, bool, bool]] = []

    def make(named: list[int], edits: bool, asks: bool) -> str:
        told.extend((place, edits, asks) for place in named)
        return f"x:{','.join(map(str, named))}"[:100]

    discord.filled(tree, make)
    return sorted(told)


class Judges:
    """Other people's code that takes or refuses a message."""

    def __init__(self, *, full: bool) -> None:
        self.validator = self.simcord = None
        self.every = 40 if full else 20  # the schema is slow
        with contextlib.suppress(ImportError, OSError):
            jsonschema = importlib.import_module("jsonschema")
            spec = json.loads(SPEC.read_text(encoding="utf-8"))
            body = {"$ref": "#/components/schemas/MessageCreateRequest", "components": spec["components"]}
            self.validator = jsonschema.Draft202012Validator(body)
        with contextlib.suppress(ImportError):
            self.simcord = importlib.import_module("simcord.components")

    def check(self, tree: list[dict[str, Any]], tally: Tally) -> None:
        view = LayoutView(timeout=None)
        for node in tree:
            view.add_item(_component_to_item(_component_factory(node)))  # type: ignore[arg-type]
        assert view.total_children_count == len(list(walk(tree)))
        assert view.content_length() <= 4000
        loaded = view.to_components()  # type: ignore[no-untyped-call]
        assert [bare(node) for node in loaded] == [bare(node) for node in tree]
        tally.loaded += 1
        if self.simcord:
            ids: set[str] = set()
            total = [0]
            for place, node in enumerate(tree):
                self.simcord._check_component(node, str(place), custom_ids=ids, explicit_ids=set(), text_total=total)
        if self.validator and tally.parts % self.every == 0:
            self.validator.validate({"components": tree, "flags": 1 << 15})
            tally.checked += 1


def bare(node: dict[str, Any]) -> dict[str, Any]:
    """A component without what the library adds to it."""
    kept = ("type", "content", "accent_color", "custom_id", "label", "style")
    made = {key: node[key] for key in kept if node.get(key) is not None}
    made["components"] = [bare(child) for child in node.get("components", [])]
    made["options"] = [(option["label"], option["value"]) for option in node.get("options", [])]
    return made


def check(post: Post, tally: Tally, judges: Judges) -> None:
    parts = split(post, discord.fits)
    arrived = strictly = ""
    for place, part in enumerate(parts, 1):
        tree = discord.render(part)
        assert json.loads(json.dumps(tree)) == tree
        assert discord.fits(part) or len(part.pressable) > 60
        noted = discord.noted(tree, "x" * discord.NOTE)
        if discord.fits(part):
            limits(noted, tally)
        judges.check(tree, tally)
        expected = [(i, button.edits, bool(button.asks)) for i, button in enumerate(part.pressable)]
        assert places(tree) == expected
        texts = [shown(tree, tally, strict=strict) for strict in (False, True)]
        assert texts[0].split() == texts[1].split()
        mark = f"({place}/{len(parts)})" if len(parts) > 1 else ""
        assert "".join(texts[0].split()).replace("\u2060", "") in {
            "".join(discord.text(part).split()).replace("\u2060", ""),
            "⋯",
        }
        tally.parts += 1
        kept = "\n".join(line for line in texts[0].split("\n") if not line.strip().startswith(LABEL))
        arrived += kept.replace(mark, "", 1)
        strictly += f"{texts[1]}\n"
    everything = [*post.head, *(block for item in post.items for block in item.blocks), *post.foot]
    assert letters(arrived) == letters(words(everything))
    assert labels(strictly) == {letters(b.label) for b in everything if isinstance(b, Fold)}
    assert [b for part in parts for b in part.pressable] == list(post.pressable)
    tally.posts += 1
    tally.torn += len(parts) > 1


def labels(text: str) -> set[str]:
    return {letters(line) for line in text.split("\n") if line.strip().startswith(LABEL)}


async def trial(*, full: bool) -> Tally:
    tally, judges = Tally(), Judges(full=full)

    for number in range(40 if full else 1):  # in batches: Hypothesis keeps what it has tried

        @seed(number)
        @settings(
            max_examples=500 if full else 60,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        )
        @given(posts)
        def every(post: Post) -> None:
            check(post, tally, judges)

        every()
    return tally


def run(*, full: bool) -> int:
    tally = asyncio.run(trial(full=full))
    print(f"{tally.posts:,} posts in {tally.parts:,} messages, {tally.torn:,} of them cut; every letter arrived")
    print(
        f"longest {tally.longest:,} of 4,000 units of markdown, most components {tally.components} of 40, note included"
    )
    print(f"{tally.links:,} links, all to where we sent them; no mention, quote, heading or spoiler of anybody else's")
    print(f"{tally.loaded:,} messages loaded by discord.py, {tally.checked:,} checked by Discord's own schema")
    return 0
