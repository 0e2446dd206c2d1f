"""Telegram's own reading of HTML: TDLib's `parseTextEntities`, offline, as the official Bot API server calls it.

`parse` gives the visible text and its entities as the Bot API spells them, offsets in UTF-16 units. Where `tdjson` is
not installed (`TDLIB` is False) a small reader of our own stands in: it knows the tags and refuses what does not nest,
in words close to Telegram's.
"""

import json
import re
from html import unescape
from importlib import import_module
from typing import Any

try:
    tdjson: Any = import_module("tdjson")
except ImportError:
    tdjson = None

TDLIB = tdjson is not None
LONGEST = 1 << 15  # bytes of raw markup
NAMES = {  # TDLib's name of an entity, where it is not the Bot API's in other letters
    "pre_code": "pre",
    "text_url": "text_link",
    "mention_name": "text_mention",
    "block_quote": "blockquote",
    "expandable_block_quote": "expandable_blockquote",
}
TAGS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    **dict.fromkeys(("span", "tg-spoiler"), "spoiler"),
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
    "tg-time": "date_time",
}
TOKEN = re.compile(r"<(/?)([^\s<>/]+)([^<>]*)>|<|[^<]+")
KNOWN = re.compile(r"&(?:lt|gt|amp|quot|#\d+|#x[0-9a-fA-F]+);")


def units(text: str) -> int:
    """Its length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def parse(html: str) -> tuple[str, list[dict[str, Any]]]:
    """Visible text and entities; ValueError with Telegram's words where it refuses."""
    if len(html.encode(errors="replace")) > LONGEST:
        raise ValueError("Text is too long")
    return _telegrams(html) if TDLIB else _ours(html)


def execute(kind: str, **rest: object) -> dict[str, Any]:
    """A synchronous request to TDLib."""
    answer: dict[str, Any] = json.loads(tdjson.td_execute(json.dumps({"@type": kind, **rest}).encode()))
    return answer


if TDLIB:
    execute("setLogVerbosityLevel", new_verbosity_level=0)


def _telegrams(html: str) -> tuple[str, list[dict[str, Any]]]:
    answer = execute("parseTextEntities", text=html, parse_mode={"@type": "textParseModeHTML"})
    if answer["@type"] == "error":
        raise ValueError(answer["message"][:1].lower() + answer["message"][1:])
    entities = []
    for found in answer["entities"]:
        kind = dict(found["type"])
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", kind.pop("@type").removeprefix("textEntityType")).lower()
        known = {key: kind[key] for key in ("url", "language", "unix_time", "custom_emoji_id") if kind.get(key)}
        entities.append({"type": NAMES.get(name, name), "offset": found["offset"], "length": found["length"], **known})
    return answer["text"], entities


def _ours(html: str) -> tuple[str, list[dict[str, Any]]]:
    text, entities, opened = "", [], []
    for token in TOKEN.finditer(html):
        close, tag, rest = token.groups()
        if tag is None:
            if token.group() == "<":
                raise ValueError(f"can't parse entities: Unclosed start tag at byte offset {token.start()}")
            text += KNOWN.sub(lambda m: unescape(m.group()), token.group())
        elif not close:
            if tag.lower() not in TAGS:
                raise ValueError(f'can\'t parse entities: Unsupported start tag "{tag}" at byte offset {token.start()}')
            opened.append((tag.lower(), units(text), rest))
        elif not opened or opened[-1][0] != tag.lower():
            raise ValueError(f"can't parse entities: Unexpected end tag at byte offset {token.start()}")
        else:
            name, start, rest = opened.pop()
            entity = {"type": TAGS[name], "offset": start, "length": units(text) - start}
            if name == "a":
                url = re.search(r"""href\s*=\s*(?:"([^"]*)"|'([^']*)'|(\S+))""", rest)
                entity["url"] = unescape(next(filter(None, url.groups()), "")) if url else ""
            if name == "blockquote" and "expandable" in rest:
                entity["type"] = "expandable_blockquote"
            if entity["length"] and (name != "a" or entity["url"]):
                entities.append(entity)
    if opened:
        raise ValueError(f"can't parse entities: Can't find end tag corresponding to start tag \"{opened[-1][0]}\"")
    return text, sorted(entities, key=lambda e: (e["offset"], -e["length"]))
