"""/summarize, /evidence, /translate: one paper, what it says, what that rests on, and in which language."""

from bot.core import arxiv_id, post
from bot.errors import UserError
from bot.flow.answers.asked import Asked, Reply
from bot.flow.answers.papers import share
from bot.flow.figure import offered
from bot.flow.summarize import ready, summary_of
from bot.flow.translate import translated, translates
from bot.model import Chat, Paper, Post
from bot.ports import Ledger, Ports
from bot.words import say

SLOW = frozenset({"summarize", "translate"})
"""Commands whose answer may take its time."""


async def summarize(asked: Asked) -> Reply:
    """What a paper is about."""
    if not asked.text:
        raise UserError(asked.say("summarize_what"))
    wanted = arxiv_id.parse(asked.text, asked.language)
    await share(asked)
    return await read(asked.store, asked.ports, wanted, asked.here), ()


async def evidence(asked: Asked) -> Reply:
    """The same, with the sentence of the paper below each statement that rests on it."""
    wanted = arxiv_id.parse(asked.text, asked.language)
    return await read(asked.store, asked.ports, wanted, asked.here, evidence=True), ()


async def read(store: Ledger, ports: Ports, wanted: arxiv_id.ArxivId, chat: Chat, *, evidence: bool = False) -> Post:
    """Set a paper from the ledger, else from its source; raises UserError or Later."""
    paper = await _paper(store, ports, wanted, chat.language)
    summary = await summary_of(store, ports, paper, chat.language)
    more, votes = translates(ports, chat.language), bool(await store.subscriptions(chat.id))
    return post.reading(
        paper,
        summary,
        chat,
        ports.clock.now(),
        evidence=evidence,
        translates=more,
        votes=votes,
        whole=ports.fulltexts is not None,
        figure=await offered(store, ports, paper, chat),
    )


async def translate(asked: Asked) -> Reply:
    """The abstract in the language of the chat."""
    if not asked.text:
        raise UserError(asked.say("translate_what"))
    wanted = arxiv_id.parse(asked.text, asked.language)
    if asked.language == "en":
        raise UserError(asked.say("translate_english"))
    if not translates(asked.ports, asked.language):
        raise UserError(asked.say("translate_no_model"))
    await share(asked)
    paper = await _paper(asked.store, asked.ports, wanted, asked.language)
    found = await translated(asked.store, asked.ports, paper, asked.language)
    return post.translation(paper, found, asked.here, asked.ports.clock.now()), ()


async def _paper(store: Ledger, ports: Ports, wanted: arxiv_id.ArxivId, language: str) -> Paper:
    paper = await store.paper(wanted.base)
    if paper is not None and (not wanted.version or wanted.version == paper.version):
        return paper
    found = await ports.source.fetch([str(wanted)])
    if not found:
        raise UserError(say(language, "no_such_paper", id=wanted))
    return found[0]


async def slow(asked: Asked, name: str) -> str:
    """What to say while the answer takes its time; '' if it will be there at once."""
    if not asked.text or (name == "translate" and not translates(asked.ports, asked.language)):
        return ""
    try:
        wanted = arxiv_id.parse(asked.text, asked.language)
    except UserError:
        return ""
    paper = await asked.store.paper(wanted.base)
    known = paper is not None and (not wanted.version or wanted.version == paper.version)
    if paper is not None and known and await ready(asked.store, asked.ports, paper, asked.language):
        return ""
    return asked.say("reading", id=wanted)
