"""Telegram's HTML: how a digest is set, what is escaped, what must not act, what still fits, how it is drawn."""

import struct
import zlib
from dataclasses import replace

import pytest

from bot.core.split import split
from bot.model import Block, Button, Fold, Item, Line, Post, Span, line
from bot.platforms import telegram_html as telegram
from tests import telegram_preview
from tests.fakes import tdlib

DOT = Span(" · ")


def links(id_: str, *more: Span) -> Line:
    abstract = Span("abstract", url=f"https://arxiv.org/abs/{id_}")
    return Line((abstract, DOT, Span("pdf", url=f"https://arxiv.org/pdf/{id_}"), *more), "small")


DIGEST = Post(
    head=(line(Span("Talking head generation", "bold"), " · Mon 2 Dec · 2 of 1,284 new papers", kind="heading"),),
    items=(
        Item(
            (
                line(
                    "1  ",
                    Span("LokiTalk: <NeRF> & friends", "bold", "https://arxiv.org/abs/2411.19525", theirs=True),
                    kind="heading",
                ),
                line(Span("Tianqi Li, Ruobing Zheng + 4 · cs.CV · 29 Nov", "dim"), kind="small"),
                line("Splits portrait motion into lips, blinking, head pose and torso."),
                Fold("takeaways (2)", (line("One field each.", kind="bullet"), line("Less training.", kind="bullet"))),
                links("2411.19525", DOT, Span("code", url="https://github.com/a/b?c=1&d=2")),
            ),
            "2411.19525",
            (Button("1", "/summarize 2411.19525"),),
        ),
        Item(
            (
                line("2  ", Span("Ditto", "bold", "https://arxiv.org/abs/2411.19509", theirs=True), kind="heading"),
                links("2411.19509"),
            ),
            "2411.19509",
            (Button("2", "/summarize 2411.19509"),),
        ),
    ),
    foot=(line(Span("Summaries: the authors' own sentences.", "dim"), kind="small"),),
    buttons=(Button("All takeaways", "/takeaways"),),
)
GOLDEN = """\
<b>Talking head generation</b> · Mon 2 Dec · 2 of 1,284 new papers

1  <a href="https://arxiv.org/abs/2411.19525"><b>LokiTalk: &lt;NeRF&gt; &amp; friends</b></a>
<i>Tianqi Li, Ruobing Zheng + 4 · cs.~CV · 29_Nov</i>
Splits portrait motion into lips, blinking, head pose and torso.
<blockquote expandable><b>takeaways (2)</b>
• One field each.
• Less training.</blockquote>
<a href="https://arxiv.org/abs/2411.19525">abstract</a> · <a href="https://arxiv.org/pdf/2411.19525">pdf</a>\
 · <a href="https://github.com/a/b?c=1&amp;d=2">code</a>

2  <a href="https://arxiv.org/abs/2411.19509"><b>Ditto</b></a>
<a href="https://arxiv.org/abs/2411.19509">abstract</a> · <a href="https://arxiv.org/pdf/2411.19509">pdf</a>

<i>Summaries: the authors' own sentences.</i>""".replace("~", "\u2060").replace("_", "\u00a0")


def html(*parts: str | Span | Block) -> str:
    blocks = tuple(part if isinstance(part, Line | Fold) else line(part) for part in parts)
    return telegram.render(Post(blocks))


def found(text: str) -> list[str]:
    """What TDLib would make clickable in plain text."""
    if not tdlib.TDLIB:
        pytest.skip("tdjson is not installed")
    answer = tdlib.execute("getTextEntities", text=text)["entities"]
    raw = text.encode("utf-16-le")
    return [raw[2 * e["offset"] : 2 * (e["offset"] + e["length"])].decode("utf-16-le") for e in answer]


def test_a_digest_is_set_like_this() -> None:
    assert telegram.render(DIGEST) == GOLDEN
    assert [[b.label for b in row] for row in telegram.rows(DIGEST)] == [["1", "2"], ["All takeaways"]]
    assert telegram.fits(DIGEST)


def test_telegram_reads_it_as_we_do() -> None:
    text, entities = tdlib.parse(GOLDEN)
    assert text == telegram.text(DIGEST)
    assert [e["type"] for e in entities].count("text_link") == 7
    assert [e["type"] for e in entities].count("expandable_blockquote") == 1
    assert len(entities) == GOLDEN.count("</") == 14


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a < b > c & d", "a &lt; b &gt; c &amp; d"),
        ("</a><script>", "&lt;/a&gt;&lt;script&gt;"),
        ("&lt;", "&amp;lt;"),
        ('it\'s "quoted"', 'it\'s "quoted"'),
    ],
)
def test_only_three_signs_are_escaped(written: str, shown: str) -> None:
    assert html(written) == shown
    assert tdlib.parse(shown)[0] == telegram.text(Post((line(written),))) == written


@pytest.mark.parametrize(
    "url",
    [
        "https://arxiv.org/abs/1",
        "http://1.2.3.4:8000/",
        "http://[2001:db8::1]/",
        "HTTPS://A.B/",
        'https://a.example/?q="<x>"&b=\'',
        "https://münchen.example/ü",
    ],
)
def test_a_link_to_a_real_host_is_one(url: str) -> None:
    (entity,) = tdlib.parse(html(Span("x", url=url)))[1]
    assert entity["type"] == "text_link"


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:8000/",
        "http://nas/x",
        "javascript:alert(1)",
        "tg://resolve?domain=x",
        "mailto:a@b.example",
        "https://",
        "http://[::1",
        "http://a.example:x/",
        "http://a.example:99999/",
        "http://a .example/",
        "http://a.example\\@b.example",
        "http://a..b/",
        "http://a.example/\ud800",
        "//a.example",
        "",
    ],
)
def test_text_without_a_real_host_stays_text(url: str) -> None:
    assert html(Span("x", "bold", url)) == "<b>x</b>"


@pytest.mark.parametrize(
    ("style", "shown"),
    [("", "x"), ("bold", "<b>x</b>"), ("italic", "<i>x</i>"), ("dim", "<i>x</i>"), ("code", "<code>x</code>")],
)
def test_styles(style: str, shown: str) -> None:
    assert html(replace(Span("x"), style=style)) == shown  # type: ignore[arg-type]


def test_a_link_is_more_than_code() -> None:  # Telegram lets nothing else stand on code
    assert html(Span("x", "code", "https://a.example/")) == '<a href="https://a.example/">x</a>'


def test_nothing_stands_on_nothing() -> None:
    assert html(line(Span("", "bold"), "a", Span("  ", "italic", "https://a.example/"), "b")) == "a  b"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("a\x00b\x1b[31mc\x7fd\x9fe", "ab[31mcde"),
        ("\u202eevil\u202c \u2066x\u2069", "evil x"),
        ("lone \ud800 half", "lone  half"),
        ("a\nb\r\n\r\nc\u2028d\te", "a b c d e"),
        ("  ends \n", "ends"),
        ("e\u0301 a\u030a", "é å"),
        ("x\u030a\u0333\u033f", "x"),
        ("\u200f\u200e\u200ea", "\u200ea"),
        ("👩‍🔬 🏳️‍🌈", "👩‍🔬 🏳️‍🌈"),
    ],
)
def test_what_steers_or_breaks_is_dropped(written: str, shown: str) -> None:
    assert html(written) == shown


def test_spans_are_clean_together() -> None:
    assert html(line(" ", Span(" \n"), " a ", Span("b", "bold"), " ", " ")) == "a <b>b</b>"
    assert html(line("a\u200f", "\u200e\u200fb")) == "a\u200fb"  # Telegram keeps one of several direction marks


def test_it_is_clean_as_telegram_means_it() -> None:
    if not tdlib.TDLIB:
        pytest.skip("tdjson is not installed")
    for code in range(0x3100):
        text = telegram.text(Post((line(f"a{chr(code)}b"),)))
        sent = tdlib.execute("getMarkdownText", text={"@type": "formattedText", "text": text, "entities": []})
        assert sent["text"] == text, hex(code)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("@durov", "@~durov"),
        ("(@durov)", "(@~durov)"),
        ("@@durov", "@@~durov"),
        ("/start", "/~start"),
        ("see /start@bot", "see /~start@bot"),
        ("#tag #日本", "#~tag #~日本"),
        ("$TSLA", "$~TSLA"),
        ("and/or, a/start, </b>", "and/or, a/start, </b>"),
        ("bob@example.org", "bob@example.org"),
        ("C# and F#", "C# and F#"),
        ("x @ y # z $ /", "x @ y # z $ /"),
    ],
)
def test_others_words_do_not_act(written: str, shown: str) -> None:
    theirs = telegram.text(Post((line(Span(written, theirs=True)),)))
    assert theirs == shown.replace("~", "\u2060")
    assert not [text for text in found(theirs) if text[0] in "@/#$"]
    assert telegram.text(Post((line(written),))) == written  # our own words may


def test_others_words_do_not_act_across_spans() -> None:
    text = telegram.text(Post((line(Span("@", theirs=True), Span("durov", "bold"), " /", Span("start", theirs=True)),)))
    assert text == "@\u2060durov /\u2060start"
    assert not found(text)


def test_no_letter_of_any_script_lets_others_words_act() -> None:
    codes = [*range(0x21, 0xD800), *range(0xE000, 0x20000)]
    for start in range(0, len(codes), 256):
        letters = map(chr, codes[start : start + 256])
        text = " ".join(f"{c} {c}@name {c}/name {c}#name {c}$NAME @{c}a #{c}a" for c in letters)
        shown = telegram.text(Post((line(Span(text, theirs=True)),)))
        assert not [clickable for clickable in found(shown) if clickable[0] in "@/#$"], hex(codes[start])


def test_a_category_is_no_address() -> None:
    text = telegram.text(Post((line("cs.CV, math.AG, q-bio.NC, astro-ph.CO · hep-th"),)))
    assert text.replace("\u2060", "") == "cs.CV, math.AG, q-bio.NC, astro-ph.CO · hep-th"
    assert not found(text)
    assert html("cat:cs.CV and arxiv.org/list/cs.CV/new") == "cat:cs.CV and arxiv.org/list/cs.CV/new"
    assert html(Span("cs.CV", "code")) == "<code>cs.CV</code>"


def test_blocks_stand_apart_as_they_belong() -> None:
    bullets = [line("one", kind="bullet"), line("two", kind="bullet")]
    assert html("text", *bullets, "after", line("Next", kind="heading"), "more") == (
        "text\n• one\n• two\n\nafter\n\nNext\nmore"
    )
    assert html("a", line("  "), Line(()), "b") == "a\nb"


def test_a_fold_has_its_label_first_and_vanishes_when_empty() -> None:
    assert html("a", Fold("more", (line("b"),)), "c") == ("a\n<blockquote expandable><b>more</b>\nb</blockquote>\nc")
    assert html(Fold("many", tuple(line(str(n), kind="bullet") for n in range(40)))).count("\n• ") == 40
    assert html("a", Fold("", (line("b"),))) == "a\n<blockquote expandable>b</blockquote>"
    assert html("a", Fold(" ", (line(" "),)), "c") == "a\nc"


@pytest.mark.parametrize("text", ["", " \n", "\u200b\u200d", "\u2800\u00a0\ufeff", "\x00"])
def test_a_message_without_text_is_three_dots(text: str) -> None:
    post = Post((line(text),), buttons=(Button("1", "/x"),))
    assert telegram.render(post) == telegram.text(post) == "⋯"


@pytest.mark.parametrize(
    ("count", "label", "shape"),
    [
        (3, "{}", [3]),
        (8, "{}", [8]),
        (9, "{}", [5, 4]),
        (10, "{}", [5, 5]),
        (40, "{}", [8] * 5),
        (6, "No {}", [3, 3]),
        (4, "Remove {}", [2, 2]),
        (3, "Fewer like this", [2, 1]),
        (2, "A label of over twenty-eight signs", [1, 1]),
    ],
)
def test_rows_of_buttons(count: int, label: str, shape: list[int]) -> None:
    items = tuple(Item((), buttons=(Button(label.format(number), "/x"),)) for number in range(1, count + 1))
    post = Post(items=items, buttons=(Button("Undo", "/x"),))
    rows = telegram.rows(post)
    assert [len(row) for row in rows] == [*shape, 1]
    assert [button for row in rows for button in row] == list(post.pressable)


def test_short_and_long_labels_share_a_row_only_if_all_have_room() -> None:
    labels = [
        "Read in depth",
        "Figures",
        "Why this?",
        "Save",
        "BibTeX",
        "More like this",
        "A label of over twenty-eight signs",
    ]
    rows = telegram.rows(Post(buttons=tuple(Button(label, "/x") for label in labels)))
    assert [len(row) for row in rows] == [3, 3, 1]


def test_limits() -> None:
    def text(length: int) -> Post:
        return Post((line("x" * length),))

    room = telegram.TEXT - telegram.NOTE
    assert telegram.fits(text(room))
    assert not telegram.fits(text(room + 1))
    assert not telegram.fits(Post((line("🧪" * (room // 2 + 1)),)))  # a pair of units each

    def links_(count: int) -> Post:
        return Post((Line((Span("x", url="https://a.example/"), Span(" ")) * count),))

    assert telegram.fits(links_(telegram.ENTITIES - 1))  # one is the note's
    assert not telegram.fits(links_(telegram.ENTITIES))
    assert not telegram.fits(Post((line("a.example " * telegram.ENTITIES),)))  # Telegram finds these itself
    long = Span("x", url="https://a.example/" + "y" * 2000)
    assert telegram.fits(Post((Line((long,) * 14),)))
    assert not telegram.fits(Post((Line((long,) * 16),)))
    buttons = tuple(Button("1", "/x") for _ in range(telegram.BUTTONS + 1))
    assert telegram.fits(Post((line("x"),), buttons=buttons[1:]))
    assert not telegram.fits(Post((line("x"),), buttons=buttons))


def test_a_note_fits_above_whatever_fits() -> None:
    post = Post((line("&" * (telegram.TEXT - telegram.NOTE)),))
    assert telegram.fits(post)
    text, entities = tdlib.parse(telegram.noted(telegram.render(post), "Sent again: <it> was not confirmed."))
    assert text.startswith("Sent again: <it> was not confirmed.\n\n&&")
    assert telegram.units(text) <= telegram.TEXT
    assert entities[0]["type"] == "italic"


def test_parts_say_which_they_are_beside_the_head() -> None:
    item = Item((line("word " * 500),))
    first, second = split(replace(DIGEST, items=(item, item)), telegram.fits)
    assert telegram.text(first).startswith("Talking head generation · Mon 2 Dec · 2 of 1,284 new papers (1/2)\n\nword")
    assert telegram.text(second).startswith("(2/2)\n\nword")


def test_the_preview_draws_what_is_sent() -> None:
    ((made, rows),) = telegram_preview.messages(DIGEST)
    assert made == GOLDEN
    assert rows == [["1", "2"], ["All takeaways"]]
    page = telegram_preview.page([(made, rows)])
    assert '<div class="phone light">' in page
    assert '<div class="phone dark">' in telegram_preview.page([(made, rows)], dark=True)
    assert page.count('<div class="keys">') == 2
    assert "torso.<blockquote expandable><div><b>takeaways (2)</b>\n• One" in page  # no blank line around a quote
    assert "</blockquote><a href" in page
    assert "&lt;NeRF&gt; &amp; friends" in page
    assert "//" not in page.replace("https://arxiv.org", "").replace("https://github.com", "")  # nothing is fetched
    assert "<span>&lt;b&gt;</span>" in telegram_preview.page([("x", [["<b>"]])])


def test_a_smaller_picture_is_the_same_picture() -> None:
    rows = [bytes([row * 10, 40, 200, 255] * 3) for row in range(5)]
    # the filters of PNG's own rows: none, left, above, mean of both, Paeth; above is 10 less in the first channel
    differences = [
        rows[0],
        bytes([10, 40, 200, 255]) + bytes(8),
        bytes([10, 0, 0, 0] * 3),
        bytes([20, 20, 100, 128] + [5, 0, 0, 0] * 2),
        bytes([10, 0, 0, 0]) + bytes(8),
    ]
    packed = zlib.compress(b"".join(bytes([kind]) + row for kind, row in enumerate(differences)))
    header = struct.pack(">IIBBBBB", 3, 5, 8, 6, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + bytes(4) for name, data in ((b"IHDR", header), (b"IDAT", packed))
    )
    assert list(telegram_preview._unfiltered(png, 3, 5)) == rows
    small = telegram_preview.smaller(png, 8)
    palette = small[small.index(b"PLTE") + 4 :]
    index = zlib.decompress(small[small.index(b"IDAT") + 4 :][: -len(b"IEND") - 12])
    for row in range(5):
        place = index[row * 4 + 1]
        assert palette[3 * place : 3 * place + 3] == rows[row][:3]
