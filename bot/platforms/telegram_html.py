"""Posts as Telegram messages: HTML for `parse_mode=HTML`, the text a reader then sees, and what still fits.

A line is a paragraph: white space at its ends goes, line ends within it become blanks. What TDLib would take out of a
text when it is sent (`clean_input_string`, td/telegram/misc.cpp) is taken out here, so that what we count is what
arrives. `dim` has no counterpart in Telegram; small print is set in italics.
"""

import functools
import ipaddress
import re
import unicodedata
from collections.abc import Iterator, Sequence
from html import unescape
from urllib.parse import urlsplit

from bot.model import Block, Button, Fold, Line, Post, Span

TEXT = 4096  # UTF-16 units after parsing: Bot API, sendMessage; it says characters, units are the stricter reading
CAPTION = 1024  # the same of what stands below a picture: Bot API, sendPhoto
ENTITIES = 100  # formatting past them is dropped without a word: MESSAGE_ENTITIES of python-telegram-bot
MARKUP = 32_768  # bytes of HTML; TDLib refuses more before it parses
BUTTONS = 100  # in one keyboard; the server drops the rest
NOTE = 200  # UTF-16 units that a line above the message may take later (`noted`)

_JOINER = "\u2060"
_NOTHING = "⋯"  # stands for a message without a visible character, which Telegram refuses
_BREAKS = re.compile(r"[\t-\r\x1c-\x1f\x85\u2028\u2029][\t-\r\x1c-\x1f\x85\u2028\u2029 ]*")
# TDLib drops lone rings and double lines (U+030A, 0333, 033F), and turns all of several direction marks but the last
# into something else; overrides and isolates would turn what stands behind them around.
_DROPPED = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\u0333\u033f]")
_MARKS = "\u200e\u200f"
_SEVERAL = re.compile(f"[{_MARKS}]+(?=[{_MARKS}])")
_RING = "\u030a"
_UNSEEN = re.compile("[\\s\u180e\u200b-\u200f\u2060\u2800\u3164\ufeff\ufffc\U000e0000-\U000e007f]*")
# What TDLib finds by itself (`find_entities`): '@name', '/command', '#tag', '$TAG' that follow no letter or digit, of
# which it knows fewer than Python before a tag and more behind the sign.
_SIGNS = {"@", "/", "#", "$"}
_ACTS = re.compile(r"((?<!\w)@|(?<![\w/<>])/|(?<![A-Za-z0-9_])[#$])(?=[A-Za-z0-9_]|[^\x00-\x7f\s\u2060])")
# It takes 'cs.CV' for an address at Cape Verde. After a colon it stands in a query that somebody may copy.
_CATEGORY = re.compile(
    r"(?<![\w.:/@-])(astro-ph|cond-mat|cs|econ|eess|math|nlin|physics|q-bio|q-fin|stat)\.(?=[A-Za-z])"
)
_MARK = re.compile(r"\(\d+/\d+\)")
_SHORT = re.compile(r"(?<=· )(\S{1,6}) (\S{1,6})(?= ·|\Z)")  # '19 Nov' stays in one line
_FOUND = re.compile(r"https?://|\w\.[^\W\d_]{2}|\d:\d\d|[@/#$]\w", re.IGNORECASE)  # no fewer than TDLib finds
_ACTED = re.compile(r"<(a|code)\b.*?</\1>", re.DOTALL)  # TDLib finds nothing in links and code
_TAG = re.compile(r"<[^>]*>")
_TAGS = {"bold": "b", "italic": "i", "dim": "i", "code": "code"}
_ROWS = ((2, 8), (4, 5), (14, 3), (28, 2))  # labels of up to so many characters stand so many in a row on a phone


def render(post: Post) -> str:
    """HTML of a post, as one message."""
    sections = [post.head, *(item.blocks for item in post.items), post.foot]
    made = "\n\n".join(filter(None, map(_section, sections)))
    return _NOTHING if _UNSEEN.fullmatch(_shown(made)) else made


def text(post: Post) -> str:
    """What Telegram shows of it."""
    return _shown(render(post))


def fits(post: Post) -> bool:
    """Whether a post is one message, with room for a note above it, and none of its formatting is lost.

    Counted are the entities we write and, generously, those that TDLib finds in the text by itself.
    """
    html = render(post)
    if units(_shown(html)) > (CAPTION if post.alt else TEXT) - NOTE or len(post.pressable) > BUTTONS:
        return False
    found = _FOUND.findall(_TAG.sub("", _ACTED.sub(" ", html)))
    return html.count("</") + len(found) < ENTITIES and len(html.encode()) <= MARKUP - 6 * NOTE


def noted(html: str, note: str) -> str:
    """A rendered message under a note of at most `NOTE` - 2 units."""
    return f"<i>{_escaped(note)}</i>\n\n{html}"


def units(text: str) -> int:
    """Length as Telegram counts it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def rows(post: Post) -> list[list[Button]]:
    """How its buttons stand: the items', then the post's own, in the order of `Post.pressable`.

    Those that ask for something to be filled in are left out: in Telegram one types the command.
    """
    own = [button for button in post.buttons if not button.asks]
    return [*_rows([b for item in post.items for b in item.buttons]), *_rows(own)]


def _rows(buttons: Sequence[Button]) -> list[list[Button]]:
    found: list[list[Button]] = []
    for button in buttons:
        if found and len(found[-1]) < min(map(_abreast, [*found[-1], button])):
            found[-1].append(button)
        else:
            found.append([button])
    while len(found) > 1 and len(found[-2]) > len(found[-1]) + 1 <= min(map(_abreast, [found[-2][-1], *found[-1]])):
        found[-1].insert(0, found[-2].pop())  # none stands alone below a full row
    return found


def _abreast(button: Button) -> int:
    return next((many for longest, many in _ROWS if len(button.label) <= longest), 1)


def _shown(html: str) -> str:
    return unescape(_TAG.sub("", html))


def _section(blocks: Sequence[Block]) -> str:
    made, before = "", ""
    for block in blocks:
        kind = "fold" if isinstance(block, Fold) else block.kind
        if set_ := _fold(block) if isinstance(block, Fold) else _line(block):
            apart = "\n\n" if kind == "heading" or before == "bullet" != kind else "\n"
            apart = " " if _is_mark(block) and before not in {"bullet", "fold"} else apart
            made += apart * bool(before) + set_
            before = kind
    return made


def _is_mark(block: Block) -> bool:
    """Whether it says which of how many parts this is (`core.split`): that ends the line before it."""
    return isinstance(block, Line) and _MARK.fullmatch("".join(span.text for span in block.spans)) is not None


def _fold(fold: Fold) -> str:
    lines = (Line((Span(fold.label, "bold"),)), *fold.lines)
    inner = "\n".join(filter(None, (_line(line) for line in lines)))
    return f"<blockquote expandable>{inner}</blockquote>" if inner else ""


def _line(line: Line) -> str:
    runs = list(_runs(line))
    while runs and not runs[0][0].lstrip():
        del runs[0]
    while runs and not runs[-1][0].rstrip():
        del runs[-1]
    if not runs:
        return ""
    runs[0] = (runs[0][0].lstrip(), runs[0][1])
    runs[-1] = (runs[-1][0].rstrip(), runs[-1][1])
    made = "".join(_marked(text, span) for text, span in runs)
    return f"• {made}" if line.kind == "bullet" else made


def _runs(line: Line) -> Iterator[tuple[str, Span]]:
    """The text of each span, cleaned with a view to what stands before it."""
    before, theirs = "", False
    for span in line.spans:
        text = _clean(span.text)
        text = text.lstrip(_MARKS) if before and before in _MARKS else text
        if not text:
            continue
        if before in _SIGNS and (theirs or span.theirs) and not text[0].isspace():
            text = _JOINER + text
        if span.theirs:
            text = _ACTS.sub(rf"\1{_JOINER}", text)
        if span.style != "code" and not _linkable(span.url):
            text = _SHORT.sub("\\1\u00a0\\2", _CATEGORY.sub(rf"\1.{_JOINER}", text))
        before, theirs = text[-1], span.theirs
        yield text, span


def _clean(text: str) -> str:
    text = _DROPPED.sub("", _BREAKS.sub(" ", text))
    if text.isascii():
        return text
    text = unicodedata.normalize("NFC", text)
    text = unicodedata.normalize("NFC", text.replace(_RING, "")) if _RING in text else text
    return _SEVERAL.sub("", text)


def _marked(text: str, span: Span) -> str:
    made = _escaped(text)
    if not text.strip():
        return made
    linked = _linkable(span.url)
    tag = "" if linked and span.style == "code" else _TAGS.get(span.style, "")
    made = f"<{tag}>{made}</{tag}>" if tag else made
    return f"""<a href="{_escaped(span.url).replace('"', "&quot;")}">{made}</a>""" if linked else made


@functools.lru_cache(1024)
def _linkable(url: str) -> bool:
    """Whether its host is one that Telegram takes, with a dot or an IP address (`LinkManager::get_checked_link`)."""
    if re.search(r"[\s\\\x00-\x1f\x7f\ud800-\udfff]", url):
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme not in {"http", "https"}:
        return False
    try:
        return bool(ipaddress.ip_address(host))
    except ValueError:
        return re.fullmatch(r"[\w-]+(\.[\w-]+)+\.?", host) is not None


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
