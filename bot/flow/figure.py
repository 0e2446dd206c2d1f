"""figure: one figure of a paper, where the chat asked for figures and the paper's licence lets anybody repost them.

The licence is asked of the ledger for the very version that is shown, before the button, before the job and once more
before anything is fetched: one that the record of truth has not told allows nothing.
"""

import asyncio
from functools import partial

from bot.core import figures, licences, post
from bot.core.fulltext import Caption
from bot.core.licences import Licence
from bot.errors import UserError
from bot.flow.typeset import parts
from bot.model import Chat, Paper, Part
from bot.ports import Fulltexts, Ledger, Platform, Ports
from bot.words import say


async def offered(store: Ledger, ports: Ports, paper: Paper, chat: Chat) -> bool:
    """Tell whether a chat may be shown a figure of this version of a paper; whether there is one is not known yet."""
    if not chat.figures or ports.fulltexts is None:
        return False
    return licences.free(await store.license(paper)) is not None


async def licence_of(store: Ledger, paper: Paper, language: str) -> Licence:
    """Return the licence under which a figure may be shown; raises UserError, which names it, if it allows none."""
    url = await store.license(paper)
    if found := licences.free(url):
        return found
    id_ = f"{paper.id}v{paper.version}"
    if named := licences.named(url, language):
        raise UserError(say(language, "figure_not_free", id=id_, licence=named))
    raise UserError(say(language, "figure_no_licence", id=id_))


def reader(ports: Ports, language: str) -> Fulltexts:
    """Return what reads files; raises UserError without the extra."""
    if ports.fulltexts is None:
        raise UserError(say(language, "read_no_extra"))
    return ports.fulltexts


async def messages(store: Ledger, ports: Ports, platform: Platform, paper: Paper, chat: Chat) -> list[Part]:
    """Make the answer: a line in the place of what said that it is under way, then the picture with what it says.

    Raises UserError, Refused or Later if there is no figure to be had.
    """
    language = chat.language
    files = reader(ports, language)
    licence = await licence_of(store, paper, language)
    found = await files.figure(paper, partial(figures.choose, title=paper.title))
    if found is None:
        raise UserError(say(language, "figure_none", id=paper.id))
    caption, png = found
    return await asyncio.to_thread(_set, platform, paper, caption, png, licence, language)


def _set(platform: Platform, paper: Paper, caption: Caption, png: bytes, licence: Licence, language: str) -> list[Part]:
    document = figures.captioned(paper, caption, licence, language, platform.fits)
    if document is None:
        raise UserError(say(language, "figure_none", id=paper.id))
    below = post.note(say(language, "figure_below", label=caption.label, id=paper.id))
    return [*parts(platform, below), Part(platform.render(document), picture=png)]
