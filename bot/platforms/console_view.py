"""Posts on a terminal: panels, wrapped paragraphs, clickable links; plain lines with visible links elsewhere."""

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rich.box import ROUNDED
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from bot.model import Block, Button, Fold, Item, Line, Post, Span

_WIDEST = 100  # columns: longer lines are hard to read
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_BULLET = 2  # columns that "• " takes
_NUMBER = re.compile(r"\d+  ")  # how a paper's heading begins in a digest
_STYLES = {"": "", "bold": "bold", "italic": "italic", "dim": "dim", "code": "bold cyan"}


def dump(post: Post) -> str:
    """Freeze a post as text for the ledger."""
    return json.dumps(asdict(post), ensure_ascii=False)


def load(payload: str) -> Post:
    """Thaw what `dump` froze."""
    raw = json.loads(payload)
    items = tuple(Item(_blocks(i["blocks"]), i["paper"], _buttons(i["buttons"])) for i in raw["items"])
    more = {name: raw.get(name, "") for name in ("title", "hue", "alt")} | {"tags": tuple(raw.get("tags", ()))}
    return Post(_blocks(raw["head"]), items, _blocks(raw["foot"]), _buttons(raw["buttons"]), **more)


def _blocks(raw: Iterable[dict[str, Any]]) -> tuple[Block, ...]:
    return tuple(Fold(b["label"], tuple(map(_line, b["lines"]))) if "lines" in b else _line(b) for b in raw)


def _line(raw: dict[str, Any]) -> Line:
    return Line(tuple(Span(**span) for span in raw["spans"]), raw["kind"])


def _buttons(raw: Iterable[dict[str, Any]]) -> tuple[Button, ...]:
    return tuple(Button(**button) for button in raw)


def text(post: Post) -> str:
    """All words of a post in reading order, a line each."""

    def of(blocks: Iterable[Block]) -> list[str]:
        lines: list[str] = []
        for block in blocks:
            lines += (
                [block.label, *of(block.lines)] if isinstance(block, Fold) else ["".join(s.text for s in block.spans)]
            )
        return lines

    return "\n".join([*of(post.head), *(line for item in post.items for line in of(item.blocks)), *of(post.foot)])


def buttons(post: Post) -> list[Button]:
    """All buttons of a post in the order of their numbers on the terminal."""
    return [button for button in post.pressable if not button.asks]  # a terminal has no fields: one types the command


def safe(text: str) -> str:
    """Drop control characters and direction overrides: a title must not steer somebody's terminal."""
    return "".join(c for c in text if c == "\n" or not (unicodedata.category(c) in {"Cc", "Cs"} or c in _OVERRIDES))


def show(post: Post, console: Console, *, interactive: bool, note: str = "", picture: str = "") -> None:
    """Print a post: in a panel on a terminal; folds stand open where nobody can open them.

    Of a picture, what it shows is printed, and where it lies (`picture`, a path) if it lies anywhere.
    """
    pretty = console.is_terminal
    parts: list[RenderableType] = []
    if note:
        parts.append(Text(note, "italic"))
    if post.alt:
        parts += [Text(f"▣ {safe(post.alt)}", "dim"), *([Text(picture)] if picture else []), Text("")]
    parts += [_block(block, pretty=pretty, unfold=not interactive) for block in post.head]
    for item in post.items:
        if parts:
            parts.append(Text(""))
        indent = max(map(_numbered, item.blocks), default=0)
        parts += [_block(block, pretty=pretty, unfold=not interactive, indent=indent) for block in item.blocks]
    if post.items and post.foot:
        parts.append(Text(""))
    parts += [_block(block, pretty=pretty, unfold=not interactive) for block in post.foot]
    pressable = buttons(post)
    if pressable and interactive:
        parts += [Text(""), _keys(pressable)]
    width = min(console.width, _WIDEST)
    body = Group(*parts)
    if pretty:
        console.print(Panel(body, box=ROUNDED, border_style="dim", width=width, padding=(0, 1)))
    else:
        with console.capture() as captured:
            console.print(body, width=width)
        console.file.write("\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n\n")


def _block(block: Block, *, pretty: bool, unfold: bool, indent: int = 0) -> RenderableType:
    if isinstance(block, Fold):
        mark = "▾" if unfold else "▸"
        label = Padding(Text(f"{mark} {safe(block.label)}", "dim"), (0, 0, 0, indent))
        if not unfold:
            return label
        inner = [_block(line, pretty=pretty, unfold=True, indent=indent) for line in block.lines]
        return Group(label, *inner)
    text = Text()
    if block.kind == "bullet":
        text.append("• ", "dim")
    for span in block.spans:
        style = _STYLES[span.style]
        linked = f"{style} link {span.url}".strip() if span.url and pretty else style
        text.append(safe(span.text), linked)
        if span.url and not pretty and block.kind != "heading":  # a paper's heading has its links below
            text.append(f" {span.url}")
    if block.kind == "bullet":
        return _hanging(text, indent, _BULLET)
    if block.kind == "heading":
        return _hanging(text, 0, _numbered(block)) if _numbered(block) else text
    return Padding(text, (0, 0, 0, indent))


def _numbered(block: Block) -> int:
    """Columns that the number of a paper's heading takes, 0 where there is none."""
    if isinstance(block, Fold) or block.kind != "heading" or not block.spans:
        return 0
    found = _NUMBER.match(block.spans[0].text)
    return found.end() if found else 0


def _hanging(text: Text, indent: int, hang: int) -> RenderableType:
    grid = Table.grid(padding=0)
    grid.add_column(width=indent + hang)
    grid.add_column()
    grid.add_row(Padding(text[:hang], (0, 0, 0, indent)), text[hang:])
    return grid


def _keys(pressable: list[Button]) -> Text:
    text = Text()
    for place, button in enumerate(pressable, 1):
        label = "" if button.label == str(place) else f" {safe(button.label)}"
        text.append(f"[{place}]", "bold cyan").append(f"{label}  ", "dim")
    return text
