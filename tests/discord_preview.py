"""`python -m tests.discord_preview [OUT.png|OUT.html]`: messages as Discord shows them, from what is sent.

One self-contained page: a channel in dark and in light, containers with their accent, small print, buttons, lists to
choose from. Colours and sizes were chosen to look like Discord's own; `tests.telegram_preview` takes the picture.
"""

import asyncio
import re
import sys
from html import escape
from pathlib import Path
from typing import Any

from bot.core.post import pressed_open
from bot.core.split import split
from bot.model import Post
from bot.platforms import discord_view
from tests.docs import ROOT
from tests.telegram_preview import FACE, GAP, mark, sample, shoot

__all__ = ["PICTURE", "document", "main", "mark", "page", "sample"]

PICTURE = ROOT / "docs" / "discord.png"
WIDTH = 470  # of a channel, in CSS pixels
STYLE = """
* { box-sizing: border-box; margin: 0 }
html { overflow: hidden; background: transparent }
body { display: inline-flex; gap: 24px; align-items: stretch; font: 14.5px/1.375 "gg sans", "Noto Sans",
  "Helvetica Neue", "Liberation Sans", Arial, sans-serif }
.channel { width: 470px; overflow: hidden; border-radius: 14px; border: 1px solid var(--edge);
  background: var(--wall); color: var(--ink) }
.top { display: flex; align-items: center; gap: 8px; padding: 12px 16px; border-bottom: 1px solid var(--line);
  font-weight: 600; font-size: 16px }
.top i { font-style: normal; font-weight: 400; font-size: 22px; line-height: 1; color: var(--dim) }
.message { display: flex; gap: 14px; padding: 16px 16px 20px }
.face { flex: none; width: 40px; height: 40px; border-radius: 50%; background: #e0753f; display: grid;
  place-items: center }
.face svg { width: 22px; height: 22px }
.body { flex: 1; min-width: 0; display: flex; flex-direction: column; gap: 8px }
.who { display: flex; align-items: center; gap: 6px; line-height: 1.2; margin-bottom: -4px }
.who b { font-weight: 600; font-size: 15px; color: var(--bright) }
.who span { padding: 1px 5px; border-radius: 4px; background: #5865f2; color: #fff; font-size: 10.5px;
  font-weight: 600 }
.who time { color: var(--dim); font-size: 12px }
.box { display: flex; flex-direction: column; gap: 10px; padding: 14px 16px; border-radius: 8px;
  background: var(--box); border: 1px solid var(--rim); position: relative; overflow: hidden }
.box.hued { padding-left: 18px }
.box.hued::before { content: ""; position: absolute; inset: 0 auto 0 0; width: 4px; background: var(--accent) }
.text { overflow-wrap: anywhere }
.text > div { white-space: pre-wrap; min-height: 1.375em }
.text b { font-weight: 600; color: var(--bright) }
.text a, .text a b { color: var(--link); text-decoration: none }
.text code { padding: 1px 4px; border-radius: 4px; background: var(--key); font: .87em "Liberation Mono", monospace }
.text .small { font-size: 12px; color: var(--dim); min-height: 0; line-height: 1.42 }
.text .small b { color: inherit }
.text .entry { padding-left: 18px; text-indent: -14px }
.row { display: flex; flex-wrap: wrap; gap: 8px }
.row span { padding: 6px 14px; border-radius: 8px; background: var(--key); color: var(--bright); font-weight: 500;
  font-size: 14px; line-height: 20px; white-space: nowrap; max-width: 100%; overflow: hidden; text-overflow: ellipsis;
  border: 1px solid var(--rim) }
.row .list { flex: 1; max-width: 400px; display: flex; justify-content: space-between; padding: 8px 12px;
  background: var(--field); color: var(--dim); font-weight: 400 }
.list svg { width: 20px; height: 20px }
.dark { --wall: #1a1a1e; --edge: #101013; --line: #2a2a2f; --ink: #dfe0e2; --bright: #fbfbfb; --dim: #94959c;
  --box: #242429; --rim: #33333a; --key: #34343c; --field: #1d1d21; --link: #7ab4f5 }
.light { --wall: #fbfbfb; --edge: #d4d4d8; --line: #e4e4e7; --ink: #2f3035; --bright: #1c1d21; --dim: #6a6b73;
  --box: #fff; --rim: #dfdfe3; --key: #ebebee; --field: #fff; --link: #0b67c2 }
"""
ARROW = (
    '<svg viewBox="0 0 24 24"><path d="M6 9.5l6 6 6-6" fill="none" stroke="currentColor" stroke-width="2"'
    ' stroke-linecap="round" stroke-linejoin="round"/></svg>'
)
Tree = list[dict[str, Any]]


def page(*trees: Tree) -> str:
    """Messages as one page, in dark and in light."""
    shown = "".join(map(_message, trees))
    top = '<div class="top"><i>#</i>papers</div>'
    channels = "".join(f'<div class="channel {kind}">{top}{shown}</div>' for kind in ("dark", "light"))
    return f'<!doctype html><html><meta charset="utf-8"><style>{STYLE}</style><body>{channels}</body></html>\n'


def _message(tree: Tree) -> str:
    who = '<div class="who"><b>Paperboy</b><span>APP</span><time>08:30</time></div>'
    made = "".join(map(_node, tree))
    return f'<div class="message"><div class="face">{FACE}</div><div class="body">{who}{made}</div></div>'


def _node(node: dict[str, Any]) -> str:
    inner = "".join(map(_node, node.get("components", ())))
    match node["type"]:
        case 17:
            hue = node.get("accent_color")
            style = "" if hue is None else f' style="--accent:#{hue:06x}"'
            return f'<div class="box{"" if hue is None else " hued"}"{style}>{inner}</div>'
        case 1:
            return f'<div class="row">{inner}</div>'
        case 2:
            return f"<span>{escape(node['label'])}</span>"
        case 3:
            return f'<span class="list">Make a selection{ARROW}</span>'
        case _:
            return f'<div class="text">{"".join(map(_line, node["content"].splitlines()))}</div>'


def _line(line: str) -> str:
    kind = "small" if line.startswith("-# ") else "entry" if line.startswith("- ") else "line"
    words = line[3:] if kind == "small" else f"•  {line[2:]}" if kind == "entry" else line
    return f'<div class="{kind}">{_inline(words)}</div>'


_MARKUP = re.compile(
    r"\\([^0-9A-Za-z\s])|\[([^\[\]]+)\]\((https?://[^\s)]+)\)|\*\*((?:\\.|[^\\])+?)\*\*(?!\*)"
    r"|\*((?:\\.|[^\\*])+)\*|`([^`]+)`|(https?://[^\s<]+[^\s<.,:;\"'\])])"
)


def _inline(words: str) -> str:
    """The markup that a post has. Whether Discord reads it so is `tests.fakes.discord_markdown`'s business."""
    made, at = "", 0
    for found in _MARKUP.finditer(words):
        made += escape(words[at : found.start()])
        sign, label, url, bold, italic, code, address = found.groups()
        made += (
            (sign and escape(sign))
            or (label and f'<a href="{escape(url)}">{escape(label)}</a>')
            or (bold and f"<b>{_inline(bold)}</b>")
            or (italic and f"<i>{_inline(italic)}</i>")
            or (code and f"<code>{escape(code)}</code>")
            or f'<a href="{escape(address)}">{escape(address)}</a>'
        )
        at = found.end()
    return made + escape(words[at:])


def document(post: Post) -> str:
    """The page of a digest in dark and light: of a long one the first message, as a README is no channel."""
    return page(discord_view.render(split(pressed_open(post), discord_view.fits)[0]))


def main(out: Path, post: Post) -> None:
    html = document(post)
    if out.suffix == ".html":
        out.write_text(html, encoding="utf-8")
    else:
        shoot(html, out, 2 * WIDTH + GAP)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE, asyncio.run(sample()))
