"""typeset: cut a chat's digests into messages of its platform and freeze them in the ledger.

A verb of its own beside `deliver`, with few at work at once: a thousand chats may wait for their pace, but only a few
digests are in memory.
"""

import asyncio
import logging

from bot.core import post
from bot.core.split import split
from bot.model import Digest, Part, Post
from bot.ports import Ledger, Platform, Ports

log = logging.getLogger(__name__)


def parts(platform: Platform, document: Post) -> list[Part]:
    """Render a post as messages of a platform."""
    document = document if platform.folds else post.pressed_open(document)
    return [Part(platform.render(part), part.papers, part.pressable) for part in split(document, platform.fits)]


def _lay_out(platform: Platform, digest: Digest) -> list[Part]:
    try:
        posts = post.apart(digest) if digest.chat.apart and digest.chat.kind == "forum" else [post.digest(digest)]
        return [part for document in posts for part in parts(platform, document)]
    except Exception:
        log.exception("%s cannot be set as it should be; it goes out as a plain list", digest.id)
        return parts(platform, post.bare(digest))


async def typeset(store: Ledger, ports: Ports, key: str) -> None:
    """`typeset:<chat>`: freeze the messages of every digest whose summaries are all there, then nudge deliver."""
    chat, digests = await store.open_digests(key.partition(":")[2], ports.wanted)
    platform = ports.platforms.get(chat.platform) if chat else None
    if chat is None or platform is None:
        return
    for digest in digests:
        await store.plan(digest, await asyncio.to_thread(_lay_out, platform, digest))
    if digests:
        ports.nudge(f"deliver:{chat.id}")
