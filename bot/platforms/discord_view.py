r"""Posts as Discord messages of components: a container per paper, markdown that says what we wrote and nothing else.

A line is a paragraph: white space at its ends goes, line ends within it become blanks. Every sign that Discord could
take for markup is escaped, but for those of a plain address, where a backslash would show (discordjs/discord.js#4356).
In the text of a link a backslash shows as well (discord/discord-api-docs#6185) and an emoji breaks the link (#7673):
such signs stand between two links to the same place. A joiner (U+2060), which nobody sees, parts what must not meet.
"""

import bisect
import functools
import re
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

from bot.model import Block, Button, Line, Post, Span

TEXT = 4000  # UTF-16 units of markdown in all text displays of a message
COMPONENTS = 40  # in a message, those in others counted too
ROW = 5  # buttons abreast
OPTIONS = 25  # of a select
BUTTON, OPTION, TITLE = 80, 100, 100  # units of a button's label, of an option's, of a thread's name
ALT = 1024  # characters that say what a picture shows
PICTURE = "figure.png"  # the name under which it is attached
NOTE = 200  # units of markdown that a line above the message may take later (`noted`)
COLOURS = (  # legible beside a dark and a light page
    *(0x5B8DEF, 0x3FA7D6, 0x2FA4A0, 0x43A66B, 0x86A83B, 0xC9A227),
    *(0xE08A3C, 0xE0685C, 0xD65A8A, 0xB266C9, 0x8A72E0, 0x7A8CA3),
)

Node = dict[str, Any]
"""A component as Discord's API names its parts. `custom_id` is a marker like '{3 edits}' until `filled`."""

_ACTIONS, _BUTTON, _SELECT, _DISPLAY, _GALLERY, _CONTAINER, _GREY = 1, 2, 3, 10, 12, 17, 2
_SMALL = "-# "
_ENTRY = "-# • "
_MARKED_NOTE = len(f"{_SMALL}**")
_LINKED = 4  # pieces of one link's text that are links; what is torn more than that is no title
_JOINER = "\u2060"
NOTHING = "⋯"  # stands for a message or a label without a visible character, which Discord refuses
_BREAKS = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029][\t-\r\x1c-\x1f\x85\u2028\u2029 ]*")
_DROPPED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")
_UNSEEN = re.compile("[\\s\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u2800\u3164\ufe00-"
                     "\ufe0f\uffa0\ufff0-\ufffc\U000e0000-\U000e0fff]*")  # fmt: skip
_SIGNS = re.compile(r"[\\*_~`|<\[\]]|@(?=everyone|here)|(?<!\w)@(?=[\w&!])|:(?=/)")
_START = re.compile(r"[-+#>]|(?<=\d)[.)]")
_NUMBER = re.compile(r"[0-9]*")
_URL = re.compile(r"https?://\S+")
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-][A-Za-z0-9\-._~/%?=&#+:,;@!$'\"()]*")
_EMOJI = re.compile(
    "[0-9#*]\ufe0f?\u20e3|[\xa9\xae\u203c\u2049\u2122\u2139\u2194-\u2199\u21a9\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf"
    "\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001faff][\ufe0f\u200d\U000e0020-\U000e007f]*"
)
_NO_CODE = re.compile(r"`|\](?=\()")  # the latter would end the text of a link before it
_DOUBLE = {"~", "|"}  # signs that mean something in pairs only
_PARTS = re.compile(r"\(\d+/\d+\)")
_STYLES = {"bold": "**", "italic": "*"}


def render(post: Post) -> list[Node]:
    """A post as one message. Notes are plain text, papers and menus stand in containers."""
    if not post.items:
        made = [*_display(post.head), *_display(post.foot), *_rows(post.buttons, 0)]
        return [_container(made, None)] if post.buttons else made or [_text(NOTHING)]
    made, place = _display(post.head), 0
    for item in post.items:
        topic = len(item.blocks) > 1 and all(isinstance(b, Line) and b.kind == "heading" for b in item.blocks[:2])
        made += _display(item.blocks[:topic])  # a heading above a paper's own
        inner = [*_display(item.blocks[topic:], airy=True), *_rows(item.buttons, place)]
        made += [_container(inner, _colour(post))] if inner else []
        place += len(item.buttons)
    made += [*_display(post.foot), *_rows(post.buttons, place)]
    return made or [_text(NOTHING)]


def text(post: Post) -> str:
    """What Discord shows of it, but for the buttons."""
    sections = [post.head, *(item.blocks for item in post.items), post.foot]
    shown = ("\n".join(f"{_shown(mark)}{words}" for mark, words, _ in _lines(blocks)) for blocks in sections)
    return "\n\n".join(filter(None, shown))


def fits(post: Post) -> bool:
    """Whether a post is one message, with room for a note and a picture above it."""
    if _units(text(post)) > TEXT:  # markup makes it no shorter
        return False
    nodes = list(_walk(render(post)))
    length = sum(_units(node["content"]) for node in nodes if node["type"] == _DISPLAY)
    return length + _MARKED_NOTE + NOTE <= TEXT and len(nodes) + bool(post.alt) < COMPONENTS


def noted(tree: list[Node], note: str) -> list[Node]:
    """A rendered message under a note of at most `NOTE` units, escapes counted."""
    return [_text(_SMALL + _markdown(Line((Span(note, "italic"),)))), *tree]


def alt(post: Post) -> str:
    """What is said of the picture above it to those who do not see it; '' where there is none."""
    return _label(post.alt, ALT) if post.alt else ""


def pictured(tree: list[Node], said: str) -> list[Node]:
    """A rendered message with the attached picture in its first container, or on its own above it."""
    gallery = {"type": _GALLERY, "items": [{"media": {"url": f"attachment://{PICTURE}"}, "description": said}]}
    place = next((at for at, node in enumerate(tree) if node["type"] == _CONTAINER), None)
    if place is None:
        return [gallery, *tree]
    inside = {**tree[place], "components": [gallery, *tree[place]["components"]]}
    return [*tree[:place], inside, *tree[place + 1 :]]


def filled(tree: list[Node], make: Callable[[list[int], bool, bool], str]) -> list[Node]:
    """The message with each `custom_id` made of the places of its buttons, and whether they edit and ask."""

    def fill(node: Node) -> Node:
        made = {**node, **({"components": filled(node["components"], make)} if "components" in node else {})}
        if "custom_id" in node:
            first, *flags = node["custom_id"].strip("{}").split()
            places = [int(option["value"]) for option in node["options"]] if "options" in node else [int(first)]
            made["custom_id"] = make(places, "edits" in flags, "asks" in flags)
        return made

    return [fill(node) for node in tree]


def title(post: Post) -> str:
    """The name of the thread that it opens."""
    return _label(post.title if _seen(_clean(post.title)) else text(post).partition("\n")[0], TITLE)


def _walk(tree: Sequence[Node]) -> Iterator[Node]:
    for node in tree:
        yield node
        yield from _walk(node.get("components", ()))


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _text(content: str) -> Node:
    return {"type": _DISPLAY, "content": content}


def _container(inner: list[Node], colour: int | None) -> Node:
    return {"type": _CONTAINER, **({} if colour is None else {"accent_color": colour}), "components": inner}


def _colour(post: Post) -> int:
    spans = [span for block in post.head if isinstance(block, Line) for span in block.spans if span.style == "bold"]
    key = post.hue or next((span.text for span in spans), "")
    return COLOURS[int.from_bytes(sha256(key.encode("utf-8", "replace")).digest()[:4]) % len(COLOURS)]


# --- buttons ----------------------------------------------------------------------------------------------------------


def _rows(buttons: Sequence[Button], first: int) -> list[Node]:
    """Up to five buttons abreast; of more, a list to choose from, but for those that ask and the odd one or two.

    What is chosen from one list either edits or does not: its answer must be begun before the choice is looked up.
    """
    placed = list(enumerate(buttons, first))
    many = len(placed) > ROW
    lists = [[(p, b) for p, b in placed if many and not b.asks and b.edits is edits] for edits in (True, False)]
    lists = [listed for listed in lists if len(listed) > 2]  # noqa: PLR2004
    listed = {place for entries in lists for place, _ in entries}
    alone = [_button(place, button) for place, button in placed if place not in listed]
    rows = [[_select(entries)] for found in lists for entries in _even(found, OPTIONS)]
    rows += [alone[at : at + ROW] for at in range(0, len(alone), ROW)]
    return [{"type": _ACTIONS, "components": row} for row in rows]


def _even(entries: list[tuple[int, Button]], most: int) -> list[list[tuple[int, Button]]]:
    size = -(-len(entries) // -(-len(entries) // most))
    return [entries[at : at + size] for at in range(0, len(entries), size)]


def _button(place: int, button: Button) -> Node:
    marker = f"{{{place}{' edits' * button.edits}{' asks' * bool(button.asks)}}}"
    return {"type": _BUTTON, "style": _GREY, "label": _label(button.label, BUTTON), "custom_id": marker}


def _select(entries: list[tuple[int, Button]]) -> Node:
    options = [{"label": _label(button.label, OPTION), "value": str(place)} for place, button in entries]
    return {"type": _SELECT, "custom_id": f"{{{entries[0][0]}+{' edits' * entries[0][1].edits}}}", "options": options}


def _label(text: str, most: int) -> str:
    text = _clean(text).strip()
    if _units(text) > most:
        text = text.encode("utf-16-le")[: 2 * (most - 1)].decode("utf-16-le", "ignore").rstrip() + "…"
    return text if _seen(text) else NOTHING


# --- lines ------------------------------------------------------------------------------------------------------------


def _display(blocks: Sequence[Block], *, airy: bool = False) -> list[Node]:
    """The text of blocks; `airy` sets headings, folds and what follows small print apart."""
    made: list[str] = []
    before = ""
    for mark, _, line in _lines(blocks):
        if airy and (line.kind == "heading" or before == _ENTRY != mark or before == _SMALL != mark != _ENTRY):
            before = ""
        apart = "\n\n" if line.kind == "heading" or before == "- " != mark else "\n"
        if before:
            made[-1] += apart + mark + _markdown(line)
        else:
            made.append(mark + _markdown(line))
        before = mark or "text"
    return [_text(content) for content in made]


def _lines(blocks: Sequence[Block]) -> Iterator[tuple[str, str, Line]]:
    """The lines that are seen: how each is marked, its words, itself. Which of how many parts this is ends a line."""
    found: list[tuple[str, str, Line]] = []
    for mark, line in _marked(blocks):
        words = _spread(line)[0]
        beside = found and found[-1][0] != "- " and any(found[-1][2] is block for block in blocks)
        if beside and _PARTS.fullmatch(words):
            mark_above, _, above = found.pop()
            joined = Line((*above.spans, Span("\u00a0"), *line.spans), above.kind)
            found.append((mark_above, _spread(joined)[0], joined))
        elif _seen(words):
            found.append((mark, words, line))
    yield from found


def _marked(blocks: Sequence[Block]) -> Iterator[tuple[str, Line]]:
    for block in blocks:
        if isinstance(block, Line):
            yield {"small": _SMALL, "bullet": "- "}.get(block.kind, ""), block
            continue
        yield _SMALL, Line((Span(block.label, "bold"),), "heading")
        yield from ((_ENTRY if line.kind == "bullet" else _SMALL, Line(line.spans)) for line in block.lines)


def _shown(mark: str) -> str:
    return "• " if mark == "- " else mark.removeprefix(_SMALL)


def _seen(text: str) -> bool:
    return _UNSEEN.fullmatch(text) is None


def _clean(text: str) -> str:
    return _DROPPED.sub("", _BREAKS.sub(" ", text))


_Run = tuple[int, int, str, str]  # from, to, style, url


def _spread(line: Line) -> tuple[str, list[_Run]]:
    """The words of a line and what runs of them are set alike."""
    texts = [_clean(span.text) for span in line.spans]
    whole = "".join(texts)
    left, right = len(whole) - len(whole.lstrip()), len(whole.rstrip())
    runs: list[_Run] = []
    at = 0
    for span, text in zip(line.spans, texts, strict=True):
        start, end = max(at, left) - left, min(at + len(text), right) - left
        at += len(text)
        if start >= end:
            continue
        url = _sane(span.url)
        code = span.style == "code" and not url and not _NO_CODE.search(text) and text.strip()
        style = span.style if code else _STYLES.get(span.style, "") and span.style
        if runs and runs[-1][2:] == (style, url):
            runs[-1] = (runs[-1][0], end, style, url)
        else:
            runs.append((start, end, style, url))
    return whole[left:right], runs


def _markdown(line: Line) -> str:
    text, runs = _spread(line)
    starts = [run[0] for run in runs]
    addresses = [found.span() for found in _URL.finditer(text) if _is_plain(found, runs, starts)]
    escaped = {found.start() for found in _SIGNS.finditer(text)}
    escaped -= {place for start, end in addresses for place in range(start, end)}
    number = _NUMBER.match(text)
    if found := _START.match(text, number.end() if number else 0):
        escaped.add(found.start())
    places = sorted(escaped)
    made = ""
    for start, end, style, url in runs:
        core = text[start:end].strip()
        first = text.index(core, start)  # white space stands beside markup, not in it
        last = first + len(core)
        mine = places[bisect.bisect_left(places, first) : bisect.bisect_left(places, last)]
        sign = _STYLES.get(style, "") if core else ""
        if style == "code":
            inner = f"`{core}`"
        else:
            inner = _link(text, first, last, mine, url) if url else _escaped(text, first, last, mine)
            inner += _JOINER if sign and inner.endswith("\\") else ""
        made = _met(made + text[start:first], f"{sign}{inner}{sign}") + text[last:end]
    return made


def _met(before: str, after: str) -> str:
    return f"{before}{_JOINER if before[-1:] in {'*', '`'} and after[:1] in {'*', '`'} else ''}{after}"


def _is_plain(found: re.Match[str], runs: list[_Run], starts: list[int]) -> bool:
    """Whether Discord makes a link of an address as it stands."""
    _, end, style, url = runs[bisect.bisect_right(starts, found.start()) - 1]
    return found.end() <= end and style != "code" and not url and _PLAIN_URL.fullmatch(found[0]) is not None


def _escaped(text: str, start: int, end: int, places: Sequence[int], *, label: bool = False) -> str:
    made, at = "", start
    for place in places:
        sign = text[place]
        after = _JOINER if sign == "@" or (sign == "]" and text[place + 1 : place + 2] == "(") else ""
        made += text[at:place] + (f"{sign}{_JOINER}" if label or sign == "@" else f"\\{sign}{after}")
        at = place + 1
    return made + text[at:end]


def _link(text: str, start: int, end: int, places: list[int], url: str) -> str:
    """Links to `url`, with signs that may not stand in one between them."""
    underscores = text.count("_", start, end)
    outside: list[tuple[int, int]] = [found.span() for found in _EMOJI.finditer(text, start, end)]
    for place in places:
        sign = text[place]
        harmless = sign == "_" and underscores == 1
        harmless |= sign in _DOUBLE and sign not in {text[place - 1 : place], text[place + 1 : place + 2]}
        if not harmless and sign not in {":", "@"}:
            outside.append((place, place + 1))
    acting = [place for place in places if text[place] in {":", "@"}]
    made, at, linked = "", start, 0
    for left, right in [*sorted(outside), (end, end)]:
        core = text[at:left].strip()
        head = text.find(core, at)
        if _seen(core) and linked < _LINKED:
            label = _escaped(text, head, head + len(core), [p for p in acting if head <= p < left], label=True)
            made += f"{text[at:head]}[{label}]({url}){text[head + len(core) : left]}"
            linked += 1
        else:
            made += _escaped(text, at, left, [p for p in places if at <= p < left])
        begin, at = max(at, left), max(at, right)
        made += _escaped(text, begin, at, [p for p in places if begin <= p < at])
    return made


@functools.lru_cache(1024)
def _sane(url: str) -> str:
    """The address as it can stand in a link, or nothing: web pages at a host with a dot, and nobody's password."""
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").encode("idna").decode("ascii"), parts.port
        rest = quote(parts._replace(scheme="https", netloc="x").geturl()[9:], safe="%/:?#@!$&+,;=-._~")
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or "@" in parts.netloc:
        return ""
    if re.search(r"[\\\x00-\x1f\x7f]", url) or not re.fullmatch(r"[\w-]+(\.[\w-]+)+\.?", host):
        return ""
    return f"{parts.scheme}://{host}{'' if port is None else f':{port}'}{rest}"
