"""`python -m tests.telegram_preview OUT.png|OUT.html`: messages as a phone shows them, from the HTML that is sent.

One self-contained page: a chat in light or dark at phone width, the bubble, quotes folded after three lines, the
buttons below. Pictures are taken by headless Chromium. Colours and sizes were chosen to look like Telegram's apps.
"""

import asyncio
import io
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from html import escape
from pathlib import Path

from rich.console import Console as Rich

from bot.app import opened
from bot.config import Settings
from bot.core.split import split
from bot.demo import tour
from bot.model import Post
from bot.platforms import console_view, telegram_html
from bot.platforms.console import ADDRESS, Console
from bot.sources.sample import Sample
from tests.docs import ROOT, payloads

PICTURE = ROOT / "docs" / "telegram.png"
WIDTH = 390  # of a phone, in CSS pixels
COLOURS = 64  # of the picture
GAP = 24  # between phones
ARROW = (
    '<svg class="more" viewBox="0 0 12 12"><path d="M2 4l4 4 4-4" fill="none" stroke="currentColor" stroke-width="1.6"'
    ' stroke-linecap="round" stroke-linejoin="round"/></svg>'
)
STYLE = """
* { box-sizing: border-box; margin: 0 }
html { overflow: hidden; background: transparent }
body { display: inline-flex; gap: 24px; align-items: stretch; font: 15.5px/1.36 Roboto, "SF Pro Text",
  "Helvetica Neue", "Liberation Sans", Arial, sans-serif }
body::-webkit-scrollbar { display: none }
.phone { width: 390px; display: flex; flex-direction: column; overflow: hidden; border-radius: 22px;
  background: var(--wall); color: var(--ink);
  border: 1px solid var(--edge) }
.top { display: flex; align-items: center; gap: 11px; padding: 10px 16px; background: var(--bar) }
.face { width: 40px; height: 40px; border-radius: 50%; background: #e0753f; display: grid;
  place-items: center }
.face svg { width: 22px; height: 22px }
.name { font-weight: 600; font-size: 16.5px; line-height: 1.25 }
.kind { color: var(--dim); font-size: 13.5px; line-height: 1.25 }
.chat { padding: 14px 10px 18px; flex: 1 }
.day { width: max-content; margin: 0 auto 12px; padding: 3px 10px; border-radius: 12px; font-size: 13px;
  font-weight: 600; color: #fff; background: var(--chip) }
.message { width: 354px; margin-bottom: 10px }
.message:last-child { margin-bottom: 0 }
.bubble { background: var(--bubble); border-radius: 16px 16px 16px 5px; padding: 7px 11px 6px; }
.keys + .keys { margin-top: 3px }
.text { white-space: pre-wrap; overflow-wrap: anywhere }
.text a { color: var(--link); text-decoration: none }
.text code { font-family: "Roboto Mono", "Liberation Mono", monospace; font-size: .92em; color: var(--link) }
blockquote { position: relative; margin: 4px 0 5px; padding: 4px 22px 5px 10px; border-left: 3px solid var(--accent);
  border-radius: 4px; background: var(--quote); font-size: 14.5px }
blockquote > div { display: -webkit-box; -webkit-box-orient: vertical; overflow: hidden }
blockquote[expandable] > div { -webkit-line-clamp: 3 }
blockquote .more { position: absolute; right: 6px; bottom: 5px; width: 12px; height: 12px; color: var(--accent) }
.time { text-align: right; color: var(--dim); font-size: 12px; line-height: 1; margin-top: 2px }
.keys { display: flex; gap: 4px; margin-top: 4px }
.keys span { flex: 1; padding: 9px 4px; border-radius: 8px; background: var(--key); color: #fff; text-align: center;
  font-weight: 600; font-size: 14px; line-height: 1.2; white-space: nowrap; overflow: hidden; text-overflow: ellipsis }
.light { --wall: #bfd3ab; --ink: #000; --edge: #c9cfd4; --bar: #fff; --dim: #8a939b; --bubble: #fff;
  --link: #2678b6; --accent: #3390ec; --quote: #edf5fd; --key: #71906c; --chip: #86a27f }
.dark { --wall: #0f1720; --ink: #f2f5f8; --edge: #0b1118; --bar: #1d2a37; --dim: #7f91a4;
  --bubble: #1e2c3a; --link: #6ab3f3; --accent: #5eaee8; --quote: #223a50; --key: #2a3c4f; --chip: #22303f }
"""
FACE = (  # a folded paper
    '<svg viewBox="0 0 24 24" fill="none" stroke="#fff" stroke-width="1.9" stroke-linejoin="round"'
    ' stroke-linecap="round"><path d="M4 5h13v14H6a2 2 0 0 1-2-2zM17 9h3v8a2 2 0 0 1-2 2M7.5 9h6M7.5 12.5h6M7.5 16h3.5"'
    "/></svg>"
)
Messages = list[tuple[str, list[list[str]]]]


def page(messages: Messages, *, dark: bool = False) -> str:
    """A chat as one page: of each message its HTML and the labels of its buttons, row by row."""
    return _document(_phone(messages, dark=dark))


def pair(light: Messages, dark: Messages) -> str:
    """Two chats side by side, one in light and one in dark."""
    return _document(_phone(light, dark=False), _phone(dark, dark=True))


def _document(*phones: str) -> str:
    return f'<!doctype html><html><meta charset="utf-8"><style>{STYLE}</style><body>{"".join(phones)}</body></html>\n'


def _phone(messages: Messages, *, dark: bool) -> str:
    top = f'<div class="top"><div class="face">{FACE}</div><div><div class="name">Paperboy</div>'
    shown = "".join(_message(html, rows) for html, rows in messages)
    return (
        f'<div class="phone {"dark" if dark else "light"}">{top}<div class="kind">bot</div></div></div>'
        f'<div class="chat"><div class="day">Today</div>{shown}</div></div>'
    )


def _message(html: str, rows: list[list[str]]) -> str:
    # a quote is a block of its own: the line ends around it are no lines
    html = re.sub(r"\n?<blockquote( expandable)?>", r"<blockquote\1><div>", html)
    html = re.sub(r"</blockquote>\n?", f"</div>{ARROW}</blockquote>", html)
    keys = "".join(
        f'<div class="keys">{"".join(f"<span>{escape(label)}</span>" for label in row)}</div>' for row in rows
    )
    return (
        f'<div class="message"><div class="bubble"><div class="text">{html}</div><div class="time">08:30</div></div>'
        f"{keys}</div>"
    )


def messages(post: Post) -> Messages:
    """A post as Telegram gets it."""
    return [
        (telegram_html.render(part), [[button.label for button in row] for row in telegram_html.rows(part)])
        for part in split(post, telegram_html.fits)
    ]


async def sample() -> Post:
    """The demo's digest, on a fixed day."""
    settings = Settings(digest_mode="asap", clock="simulated 2026-11-20T08:00:00+00:00")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "p.db"
        async with opened(replace(settings, database_url=str(path))) as app:
            app.platforms["console"] = app.console = Console(
                app.new_chat("console", ADDRESS), out=Rich(file=io.StringIO())
            )
            app.read_from(source := Sample(clock=app.clock))
            await tour(app, source)
            await app.engine.stop()
            posts = [console_view.load(payload) for payload in await payloads(path)]
            return [post for post in posts if post.papers][-1]


def shoot(document: str, out: Path, width: int) -> None:
    """A picture of a page, as high as what stands on it, at twice the size."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("There is no Chromium here to take the picture with; write OUT.html instead.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        # the page writes its height into itself, so that the window can be made to fit
        script = "<script>document.title=document.body.getBoundingClientRect().height</script>"
        file.write_text(document.replace("</body>", f"{script}</body>"), encoding="utf-8")
        quiet = ["quic", "background-networking", "component-update", "sync"]
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"]
        command += [*(f"--disable-{what}" for what in quiet), f"--user-data-dir={folder}/profile"]
        command += ["--force-device-scale-factor=2", "--default-background-color=00000000"]

        def ask(*rest: str) -> str:
            run = subprocess.run(
                [*command, *rest, file.as_uri()], check=True, capture_output=True, text=True, timeout=90
            )
            return run.stdout

        found = re.search(r"<title>([\d.]+)</title>", ask("--dump-dom", f"--window-size={width},800"))
        height = int(float(found[1]) + 0.999) if found else 2000
        ask(f"--screenshot={out.resolve()}", f"--window-size={width},{height}")
    out.write_bytes(smaller(out.read_bytes(), COLOURS, mark(document)))


def smaller(png: bytes, colours: int, source: str = "") -> bytes:
    """The picture (8 bit, RGBA) with a palette of its commonest colours: a third of the bytes, by eye the same."""
    width, height = struct.unpack(">II", png[16:24])
    pixels = [row[at : at + 4] for row in _unfiltered(png, width, height) for at in range(0, 4 * width, 4)]
    counted = Counter(pixels)
    palette = [colour for colour, _ in counted.most_common(colours)]
    nearest = {pixel: _nearest(pixel, palette) for pixel in counted}
    index = bytes(map(nearest.__getitem__, pixels))
    rows = b"".join(b"\0" + index[start : start + width] for start in range(0, width * height, width))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(colour[:3] for colour in palette)),
        (b"tRNS", bytes(colour[3] for colour in palette)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"tEXt", b"Source\0" + source.encode("ascii")),  # of which page it is the picture
        (b"IEND", b""),
    )
    made = (struct.pack(">I", len(d)) + name + d + struct.pack(">I", zlib.crc32(name + d)) for name, d in chunks)
    return png[:8] + b"".join(made)


def _nearest(pixel: bytes, palette: list[bytes]) -> int:
    return min(range(len(palette)), key=lambda i: sum((a - b) ** 2 for a, b in zip(palette[i], pixel, strict=True)))


def _unfiltered(png: bytes, width: int, height: int) -> Iterator[bytes]:
    """The rows of a PNG (https://www.w3.org/TR/png-3/#9Filters)."""
    at, packed = 8, b""
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        packed += png[at + 8 : at + 8 + size] if png[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + size
    raw, wide = zlib.decompress(packed), 4 * width
    above = bytes(wide + 4)
    for number in range(height):
        start = number * (wide + 1)
        row = bytearray(4) + raw[start + 1 : start + 1 + wide]
        kind = raw[start]
        for i in range(4, wide + 4) if kind else ():
            a, b, c = row[i - 4], above[i], above[i - 4]
            if kind == 4:
                to_a, to_b, to_c = abs(b - c), abs(a - c), abs(a + b - 2 * c)
                guess = a if to_a <= to_b and to_a <= to_c else b if to_b <= to_c else c
            else:
                guess = (0, a, b, (a + b) // 2)[kind]
            row[i] = (row[i] + guess) & 255
        above = bytes(row)
        yield above[4:]


def mark(document: str) -> str:
    """What tells whether a picture is of this page."""
    return sha256(document.encode()).hexdigest()


def document(post: Post) -> str:
    """The page of a digest in light and dark: of a long one the first message, as a README is no phone."""
    shown = messages(post)[:1]
    return _document(*(_phone(shown, dark=dark) for dark in (False, True)))


def main(out: Path, post: Post) -> None:
    html = document(post)
    if out.suffix == ".html":
        out.write_text(html, encoding="utf-8")
    else:
        shoot(html, out, 2 * WIDTH + GAP)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE, asyncio.run(sample()))
