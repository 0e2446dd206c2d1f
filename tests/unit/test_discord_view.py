"""Discord's components: how a digest is set, what is escaped, what may not act, what still fits, how it is drawn."""

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.core.post import pressed_open
from bot.core.split import split
from bot.model import Block, Button, Fold, Item, Line, Post, Span, line
from bot.platforms import discord_view as discord
from tests import discord_preview
from tests.fakes import discord_markdown
from tests.unit.test_telegram_html import DIGEST

POST = replace(DIGEST, hue="talking head generation", title="Mon 2 Dec · 2 papers")
HUE = 0x5B8DEF
GOLDEN = [
    {"type": 10, "content": "**Talking head generation** · Mon 2 Dec · 2 of 1,284 new papers"},
    {
        "type": 17,
        "accent_color": HUE,
        "components": [
            {
                "type": 10,
                "content": "1  **[LokiTalk:](https://arxiv.org/abs/2411.19525)"
                " \\<[NeRF> & friends](https://arxiv.org/abs/2411.19525)**\n"
                "-# Tianqi Li, Ruobing Zheng + 4 · cs.CV · 29 Nov",
            },
            {"type": 10, "content": "Splits portrait motion into lips, blinking, head pose and torso."},
            {"type": 10, "content": "-# **takeaways (2)**\n-# • One field each.\n-# • Less training."},
            {
                "type": 10,
                "content": "-# [abstract](https://arxiv.org/abs/2411.19525) · [pdf](https://arxiv.org/pdf/2411.19525)"
                " · [code](https://github.com/a/b?c=1&d=2)",
            },
            {"type": 1, "components": [{"type": 2, "style": 2, "label": "1", "custom_id": "{0}"}]},
        ],
    },
    {
        "type": 17,
        "accent_color": HUE,
        "components": [
            {
                "type": 10,
                "content": "2  **[Ditto](https://arxiv.org/abs/2411.19509)**\n"
                "-# [abstract](https://arxiv.org/abs/2411.19509) · [pdf](https://arxiv.org/pdf/2411.19509)",
            },
            {"type": 1, "components": [{"type": 2, "style": 2, "label": "2", "custom_id": "{1}"}]},
        ],
    },
    {"type": 10, "content": "-# Summaries: the authors' own sentences."},
    {"type": 1, "components": [{"type": 2, "style": 2, "label": "All takeaways", "custom_id": "{2}"}]},
]
J = "\u2060"
PAGE = "https://arxiv.org/abs/1"


def content(*parts: str | Span | Block) -> str:
    blocks = tuple(part if isinstance(part, Line | Fold) else line(part) for part in parts)
    (display,) = discord.render(Post(blocks))
    assert isinstance(display["content"], str)
    return display["content"]


def seen(made: str) -> str:
    """What Discord shows of it, however its rules are read."""
    loose, strict = discord_markdown.read(made), discord_markdown.read(made, strict=True)
    assert loose.text == strict.text
    return loose.text.replace(J, "")


def kinds(tree: list[dict[str, Any]]) -> list[Any]:
    return [kinds(node["components"]) if "components" in node else node["type"] for node in tree]


def test_a_digest_is_set_like_this() -> None:
    made = discord.render(POST)
    made[1]["accent_color"] = made[2]["accent_color"] = HUE
    assert made == GOLDEN
    assert discord.fits(POST)
    assert discord.text(POST).startswith(
        "Talking head generation · Mon 2 Dec · 2 of 1,284 new papers\n\n1  LokiTalk: <"
    )


def test_it_is_frozen_as_json_and_thaws_as_it_was() -> None:
    assert json.loads(json.dumps(discord.render(POST))) == discord.render(POST)


def test_posts_of_a_topic_are_coloured_alike() -> None:
    def colour(post: Post) -> int:
        return int(discord.render(post)[-3]["accent_color"])

    assert colour(POST) in discord.COLOURS
    later = replace(POST, head=(line("Tue 3 Dec"),))
    assert colour(later) == colour(POST)
    assert len({colour(replace(POST, hue=str(number))) for number in range(200)}) == len(discord.COLOURS)
    assert colour(replace(POST, hue="")) == colour(replace(POST, hue="Talking head generation"))  # its bold words


def test_a_note_is_plain_and_a_menu_stands_in_a_container() -> None:
    assert kinds(discord.render(Post((line("Muted."),)))) == [10]
    menu = Post((line("When?"),), buttons=(Button("Now", "/now"),))
    assert kinds(discord.render(menu)) == [[10, [2]]]
    assert "accent_color" not in discord.render(menu)[0]  # it would change with each edit
    assert discord.render(Post()) == [{"type": 10, "content": "⋯"}]
    assert discord.render(Post((line("\u200b \u2060"),))) == [{"type": 10, "content": "⋯"}]


def test_the_topic_of_a_paper_stands_above_its_container() -> None:
    item = Item((line("Avatars", kind="heading"), line("1  Ditto", kind="heading"), line("Text.")))
    assert discord.render(Post(items=(item,)))[0] == {"type": 10, "content": "Avatars"}
    assert discord.text(Post(items=(item,))) == "Avatars\n1  Ditto\nText."


def test_bullets_are_a_list_and_small_ones_are_not() -> None:
    fold = Fold("more", (line("one", kind="bullet"), line("two")))
    made = content(line("a", kind="bullet"), line("b", kind="bullet"), "after", fold, line("small", kind="small"))
    assert made == "- a\n- b\n\nafter\n\n-# **more**\n-# • one\n-# two\n-# small"
    assert seen(made) == "• a\n• b\n\nafter\n\nmore\n• one\ntwo\nsmall"


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("*a* **b** _c_ __d__", r"\*a\* \*\*b\*\* \_c\_ \_\_d\_\_"),
        ("~~a~~ ||b|| `c`", r"\~\~a\~\~ \|\|b\|\| \`c\`"),
        (r"\*", r"\\\*"),
        ("snake_case_name", r"snake\_case\_name"),
        ("# a", r"\# a"),
        ("-# a", r"\-# a"),
        ("- a", r"\- a"),
        ("+ a", r"\+ a"),
        ("> a > b", r"\> a > b"),
        ("1. a 2. b", r"1\. a 2. b"),
        ("12) a", r"12\) a"),
        ("3.5 a", r"3\.5 a"),
        ("C# and a - b", "C# and a - b"),
        ("[x](y)", rf"\[x\]{J}(y)"),
        (r"¯\_(ツ)_/¯", r"¯\\\_(ツ)\_/¯"),
        ("x <b> y", r"x \<b> y"),
    ],
)
def test_signs_are_escaped_where_they_could_be_markup(written: str, made: str) -> None:
    assert content(written) == made
    for kind in ("text", "small", "bullet", "heading"):
        one = content(line(written, kind=kind))
        read = discord_markdown.read(one)
        assert read.kinds() <= {"small", "list"}
        assert seen(one).removeprefix("• ") == written
    assert seen(content(Span(written, "bold"))) == written
    assert seen(content(Span(written, "italic"))) == written


@pytest.mark.parametrize(
    "written",
    [
        "<@123>",
        "<@!1>",
        "<@&2>",
        "<#3>",
        "<:x:1>",
        "<a:y:2>",
        "<t:1:R>",
        "</go:4>",
        "<id:guide>",
        "@everyone",
        "x@here",
    ],
)
def test_nobody_is_called_and_nothing_acts(written: str) -> None:
    for span in (Span(written, theirs=True), Span(written, "bold"), Span(f"a {written}", url=PAGE)):
        read = discord_markdown.read(content(span))
        assert read.kinds() <= {"bold", "link"}
        assert read.text.replace(J, "").endswith(written)


def test_an_at_is_parted_from_a_name_but_not_within_an_address() -> None:
    assert content(Span("@durov (@a) bob@example.org", theirs=True)) == f"@{J}durov (@{J}a) bob@example.org"
    assert content("@", Span("everyone", theirs=True)) == "@\neveryone"
    assert content(line("@", Span("everyone", theirs=True))) == f"@{J}everyone"


def test_a_line_is_a_paragraph() -> None:
    assert content(" a\n# b\r\n\tc ") == "a # b c"
    assert content("a\x00\x1b[1mb\u202ec\u2066d\ud800") == r"a\[1mbcd"
    assert content("  ", line(""), " > a") == r"\> a"


def test_styles_and_what_meets() -> None:
    assert content(line(Span("a ", "bold"), Span(" b", "bold"), " c")) == "**a  b** c"
    assert content(line(Span("a", "bold"), Span("b", "italic"))) == f"**a**{J}*b*"
    assert content(line(Span("a", "dim"), Span("x*y", "code"), Span("`z`", "code"))) == r"a`x*y`\`z\`"
    assert seen(content(line(Span("a\\", "italic"), "b"))) == "a\\b"
    assert seen(content(line("1", Span(". a")))) == "1. a"


@pytest.mark.parametrize("address", ["https://github.com/a/b_c_d?x=1&y=~2#z.", "(http://a.example/@x_y_)"])
def test_a_plain_address_stays_one(address: str) -> None:
    made = content(f"see {address} now")
    assert made == f"see {address} now"
    assert discord_markdown.read(made).kinds() == {"address"}


@pytest.mark.parametrize(
    "address", ["https://a.example/x*y*z", "HTTPS://A.B/_c_", "https://a.b<c_d_e", "steam://run/1_2_", "http://_x_"]
)
def test_an_address_that_markup_would_break_is_text(address: str) -> None:
    made = content(f"see {address} now")
    assert seen(made) == f"see {address} now"
    assert discord_markdown.read(made).kinds() == set()


def test_an_address_that_ends_in_another_style_is_text() -> None:
    assert seen(content(line("https://a.example/", Span("x", "bold")))) == "https://a.example/x"


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("A* search", f"[A]({PAGE})\\* [search]({PAGE})"),
        ("f_theta", f"[f_theta]({PAGE})"),
        ("a_b_c", f"[a]({PAGE})\\_[b]({PAGE})\\_[c]({PAGE})"),
        ("[Re] x", f"\\[[Re]({PAGE})\\] [x]({PAGE})"),
        ("a ](https://evil.example)", f"[a]({PAGE}) \\]{J}[(https:{J}//evil.example)]({PAGE})"),
        ("p | q ~ r", f"[p | q ~ r]({PAGE})"),
        ("a ⭐ b", f"[a]({PAGE}) ⭐ [b]({PAGE})"),
        ("1. a", f"[1]({PAGE})\\. [a]({PAGE})"),
        ("see https://a.example", f"[see https:{J}//a.example]({PAGE})"),
        ("C\\D", f"[C]({PAGE})\\\\[D]({PAGE})"),
    ],
)
def test_in_a_link_there_are_no_escapes(written: str, made: str) -> None:
    got = content(Span(written, url=PAGE))
    assert got == made
    read = discord_markdown.read(got)
    assert {url for _, url in read.links()} <= {PAGE}
    assert seen(got) == written


def test_few_pieces_of_a_text_are_links() -> None:
    assert content(line("x", Span("\u200b", url=PAGE))) == "x\u200b"
    assert content(Span("x*" * 50, url=PAGE)).count(PAGE) == 4


def test_text_behind_a_link_does_not_lead_it_elsewhere() -> None:
    made = content(line(Span("Title", url=PAGE), " by ](https://evil.example)"))
    assert discord_markdown.read(made).links() == [("Title", PAGE)]
    code = content(line(Span("Title", url=PAGE), Span("](https://evil.example)", "code")))
    assert discord_markdown.read(code).links() == [("Title", PAGE)]
    unguarded = made.replace(J, "")
    assert discord_markdown.read(unguarded).links() != [("Title", PAGE)]  # our reader sees the danger


@pytest.mark.parametrize(
    ("url", "made"),
    [
        ("https://a.example/b(c)_d*e f", "https://a.example/b%28c%29_d%2Ae%20f"),
        ('https://a.example/?q="<x>"&b=\'#f', "https://a.example/?q=%22%3Cx%3E%22&b=%27#f"),
        ("http://1.2.3.4:8000/a%20b", "http://1.2.3.4:8000/a%20b"),
        ("https://münchen.example/ü", "https://xn--mnchen-3ya.example/%C3%BC"),
        ("HTTPS://A.B//c", "https://a.b//c"),
    ],
)
def test_addresses_of_links_are_encoded(url: str, made: str) -> None:
    assert content(Span("x", url=url)) == f"[x]({made})"


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "discord://x", "mailto:a@b.c", "https://", "http://localhost/", "http://[::1]/"),
        *(
            "https://u:p@a.example/",
            "http://a.b:99999/",
            "http://[::1",
            "https://a.example/\nb",
            "https://a\\b.c",
            "\ud800",
        ),
    ],
)
def test_a_link_to_nowhere_sane_is_text(url: str) -> None:
    assert content(Span("x", url=url)) == "x"


def test_up_to_five_buttons_stand_abreast_and_more_are_a_list() -> None:
    def row(count: int) -> list[Any]:
        post = Post((line("x"),), buttons=tuple(Button(str(i), "/x", edits=True) for i in range(count)))
        return list(kinds(discord.render(post))[0][1:])

    assert row(5) == [[2, 2, 2, 2, 2]]
    assert row(6) == [[3]]
    assert row(25) == [[3]]
    assert row(26) == [[3], [3]]


def test_what_asks_is_a_button_and_what_edits_has_a_list_of_its_own() -> None:
    labels = [Button("asks", "/tune", asks="words"), *(Button(f"e{i}", "/e", edits=True) for i in range(4))]
    labels += [*(Button(f"n{i}", "/n") for i in range(3)), Button("also", "/a", edits=True, asks="x")]
    tree = discord.render(Post((line("x"),), buttons=tuple(labels)))
    assert kinds(tree) == [[10, [3], [3], [2, 2]]]
    told: list[tuple[list[int], bool, bool]] = []

    def make(places: list[int], edits: bool, asks: bool) -> str:
        told.append((places, edits, asks))
        return f"id{len(told)}"

    made = discord.filled(tree, make)
    assert told == [
        ([1, 2, 3, 4], True, False),
        ([5, 6, 7], False, False),
        ([0], False, True),
        ([8], True, True),
    ]
    assert [c["custom_id"] for row in made[0]["components"][1:] for c in row["components"]] == [
        "id1",
        "id2",
        "id3",
        "id4",
    ]
    assert [option["value"] for option in made[0]["components"][1]["components"][0]["options"]] == ["1", "2", "3", "4"]
    assert tree == discord.render(Post((line("x"),), buttons=tuple(labels)))  # and is left as it was


def test_labels_are_clean_and_short_enough() -> None:
    buttons = (Button("x" * 90, "/x"), Button("🧪" * 60, "/x"), Button(" a\nb\u202e ", "/x"), Button("", "/x"))
    (box,) = discord.render(Post(buttons=buttons))
    assert [b["label"] for b in box["components"][0]["components"]] == ["x" * 79 + "…", "🧪" * 39 + "…", "a b", "⋯"]


def test_a_thread_has_a_name() -> None:
    assert discord.title(POST) == "Mon 2 Dec · 2 papers"
    assert discord.title(replace(POST, title="a\n" + "b" * 200)) == "a " + "b" * 97 + "…"
    assert discord.title(replace(POST, title=" \u200b")).startswith("Talking head generation · Mon 2 Dec")
    assert discord.title(Post()) == "⋯"


def test_limits() -> None:
    room = discord.TEXT - discord.NOTE - len("-# **")
    assert discord.fits(Post((line("x" * room),)))
    assert not discord.fits(Post((line("x" * (room + 1)),)))
    assert not discord.fits(Post((line("*" * (room // 2 + 1)),)))  # markup counts
    assert not discord.fits(Post((line("🧪" * (room // 2 + 1)),)))  # a pair of units each
    item = Item((line("x"),), buttons=(Button("1", "/x"),))
    assert discord.fits(Post(items=(item,) * 9))
    assert not discord.fits(Post(items=(item,) * 10))  # four components each


def test_a_note_fits_above_whatever_fits() -> None:
    post = Post((line("x" * (discord.TEXT - discord.NOTE - 5)),))
    made = discord.noted(discord.render(post), "y" * discord.NOTE)
    assert sum(len(node["content"]) for node in made) == discord.TEXT
    assert discord.noted([], "Sent again: the first was not confirmed.")[0]["content"] == (
        "-# *Sent again: the first was not confirmed.*"
    )


def test_parts_say_which_they_are_beside_the_head() -> None:
    item = Item((line("word " * 500),))
    first, second = split(replace(POST, items=(item, item)), discord.fits)
    assert discord.render(first)[0]["content"].endswith("new papers\u00a0(1/2)")
    assert discord.render(second)[0]["content"] == "-# (2/2)"
    assert discord.render(first)[1]["accent_color"] == discord.render(second)[1]["accent_color"]


def test_the_preview_draws_what_is_sent() -> None:
    page = discord_preview.page(discord.render(POST))
    assert page.count('<div class="box hued"') == 4  # two papers, dark and light
    assert page.count("<span>All takeaways</span>") == 2
    assert '<a href="https://arxiv.org/abs/2411.19525">NeRF&gt; &amp; friends</a></b>' in page
    assert '<div class="small"><b>takeaways (2)</b></div><div class="small">• One field each.</div>' in page
    assert "//" not in page.replace("https://arxiv.org", "").replace("https://github.com", "")  # nothing is fetched
    menu = Post((line("x"),), buttons=tuple(Button(str(i), "/x") for i in range(9)))
    assert '<span class="list">Make a selection' in discord_preview.page(discord.render(menu))
    assert discord_preview.document(POST) == discord_preview.page(discord.render(pressed_open(POST)))
