"""read: a whole paper, a question asked of it or a figure of it; a job of its own, which holds up nothing else.

A job is a row of the ledger: killed at any line it begins again, stopped by whoever asked it leaves no trace but that.
It says how far it has come in the message that its answer then takes the place of. What cannot be read in full is
read from the abstract, and says so.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace

from bot.core import arxiv_id, grounding, post, post_reading, prompt
from bot.core import reading as core
from bot.core.fulltext import Fulltext
from bot.errors import Later, Refused, UserError
from bot.flow import figure
from bot.flow.ask import Patience, Unanswered, ask
from bot.flow.summarize import LATER, stale_reading, summary_of
from bot.flow.typeset import parts
from bot.model import Chat, Job, Paper, Part, Post, Reading, Wanted, Why
from bot.ports import Ledger, Platform, Ports, RawReply
from bot.words import say

log = logging.getLogger(__name__)

_WAITS = 300_000  # ms that a reading waits for a model at most
_SLOW = 150.0  # seconds of one try: a whole paper is a long question
_CONTEXT = 32_768  # tokens of a model that nobody knows the size of
_CHARS = 3  # characters of a paper that a token holds at least
_EXTRACT = Wanted("en", "read-extract-1", "extract")

_MUTE = 3_600  # seconds until a model that says nothing of a paper is asked of it again
_STAGES = 8  # of all attempts at a job: one that takes the process down is not begun for ever
_BLOCKED = frozenset({"safety", "recitation"})

Stage = Callable[[str], Awaitable[None]]


class _Over(Exception):  # noqa: N818 - no error: nobody waits for the job any more
    """The job was called off, or its chat is gone: nothing more is asked for it."""


async def read(store: Ledger, ports: Ports, key: str) -> None:
    """`read:<job>`: read, answer, end; whatever goes wrong ends in a sentence."""
    id_ = key.partition(":")[2]
    found = await store.job(id_)
    if found is None:
        return
    job, chat = found
    platform = ports.platforms.get(chat.platform)
    if platform is None:
        return

    async def stage(text: str) -> None:
        said = post.note(text, buttons=(post_reading.stop(job.id, chat.language),))
        (part,) = await asyncio.to_thread(parts, platform, said)
        if not await store.stage(job.id, part):
            raise _Over
        ports.nudge(f"deliver:{chat.id}")

    try:
        if job.stages > _STAGES:
            raise UserError(say(chat.language, "read_too_often"))  # noqa: TRY301 - said like any other trouble
        messages = await _messages(store, ports, platform, job, chat, stage)
    except _Over:
        return
    except (UserError, Refused) as problem:
        messages = parts(platform, post.note(str(problem)))
    except Later as problem:
        messages = parts(platform, post.note(say(chat.language, "source_down", why=str(problem))))
    except Exception:
        log.exception("the job %s failed", job.id)
        messages = parts(platform, post.note(say(chat.language, "trouble")))
    await store.end_job(job.id, messages)
    ports.nudge(f"deliver:{chat.id}")


async def _messages(store: Ledger, ports: Ports, platform: Platform, job: Job, chat: Chat, stage: Stage) -> list[Part]:
    paper = await paper_of(store, ports, arxiv_id.parse(job.paper), job.language)
    if job.work == "figure":
        return await figure.messages(store, ports, platform, paper, chat)
    return await asyncio.to_thread(parts, platform, await _answer(store, ports, paper, job, chat, stage))


async def _answer(store: Ledger, ports: Ports, paper: Paper, job: Job, chat: Chat, stage: Stage) -> Post:
    if job.question:
        return await _asked(store, ports, paper, job, chat, stage)
    try:
        found = await reading_of(store, ports, paper, job.language, stage)
    except (UserError, Refused, Later) as problem:  # no file that can be read: the abstract is there
        summary = await summary_of(store, ports, paper, job.language)
        document = post.reading(paper, summary, chat, ports.clock.now())
        return post_reading.only_abstract(document, str(problem), chat.language)
    shows = await figure.offered(store, ports, paper, chat)
    return post_reading.whole(paper, found, chat, ports.clock.now(), figure=shows)


async def held(store: Ledger, wanted: arxiv_id.ArxivId) -> Paper | None:
    """The paper if the ledger holds this version of it."""
    paper = await store.paper(wanted.base)
    return paper if paper is not None and wanted.version in {None, 0, paper.version} else None


async def paper_of(store: Ledger, ports: Ports, wanted: arxiv_id.ArxivId, language: str) -> Paper:
    """A paper from the ledger, else from its source; raises UserError or Later."""
    if paper := await held(store, wanted):
        return paper
    found = await ports.source.fetch([str(wanted)])
    if not found:
        raise UserError(say(language, "no_such_paper", id=wanted))
    return found[0]


def _wanted(ports: Ports, language: str) -> Wanted:
    return Wanted(language, ports.prompts["read"].key, ports.wanted.model) if ports.model else _EXTRACT


async def known(store: Ledger, ports: Ports, paper: Paper, language: str) -> Reading | None:
    """The reading that is there already."""
    found = await store.reading(paper, _wanted(ports, language))
    return None if stale_reading(found, ports) else found


async def reading_of(store: Ledger, ports: Ports, paper: Paper, language: str, stage: Stage) -> Reading:
    """Read a paper as a whole, once for all who ask. Raises UserError, Refused or Later if there is no text of it."""
    wanted = _wanted(ports, language)
    async with ports.alone(f"reading:{paper.id}v{paper.version}:{wanted.language}"):
        if found := await known(store, ports, paper, language):
            return found
        text = await _text(ports, paper, language, stage)
        found = await of_text(store, ports, paper, text, language, stage)
        await store.add_reading(paper, wanted, found)
        return found


async def _text(ports: Ports, paper: Paper, language: str, stage: Stage) -> Fulltext:
    if ports.fulltexts is None:
        raise UserError(say(language, "read_no_extra"))
    await stage(say(language, "stage_fetch", id=paper.id))
    return await ports.fulltexts.fulltext(paper)


async def of_text(store: Ledger, ports: Ports, paper: Paper, text: Fulltext, language: str, stage: Stage) -> Reading:
    """Read a text: by the model if there is one, else in the authors' own sentences."""
    if ports.model is None:
        return await asyncio.to_thread(core.extracted, paper, text)
    await stage(_stage_model(text, ports.wanted.model, language))
    task = ports.prompts["read"]
    filled, whole = await asyncio.to_thread(core.fill, paper, text, _room(ports))
    question = prompt.fill(task, secrets.token_hex(8), language=prompt.LANGUAGES[language], paper=filled)
    about = f"reading {paper.id}v{paper.version} {language}"
    reply = await _told(store, ports, task, question, about)
    if isinstance(reply, Unanswered):
        until = 0 if reply.wait is None else ports.clock.now() + max(LATER, int(1000 * reply.wait))
        return replace(await asyncio.to_thread(core.extracted, paper, text), why=reply.why, until=until)
    allowed = core.named_links(paper, text)
    value = grounding.parse(reply.text)
    checked = await asyncio.to_thread(core.check, value, paper, text, language, allowed)
    if not checked.enough:
        why: Why = "content" if reply.finish in _BLOCKED else "form"
        return replace(await asyncio.to_thread(core.extracted, paper, text), why=why)
    return core.written(checked, paper, text, reply.model_version or ports.wanted.model, whole=whole)


def _stage_model(text: Fulltext, model: str, language: str) -> str:
    if text.pages:
        return say(language, "stage_model_pages", pages=text.pages, model=model)
    return say(language, "stage_model", model=model)


async def _told(store: Ledger, ports: Ports, task: prompt.Prompt, text: str, about: str) -> RawReply | Unanswered:
    """Ask; once more, with room, if the answer was cut off, empty or no JSON."""
    patience = _patience(ports)
    reply = await ask(store, ports, task, text, patience, about)
    if isinstance(reply, Unanswered) or reply.finish in _BLOCKED:
        return reply
    if reply.finish != "length" and grounding.parse(reply.text) is not None:
        return reply
    longer = replace(task, output=2 * task.output) if reply.finish == "length" else task
    reply = await ask(store, ports, longer, text, patience, about)
    if isinstance(reply, RawReply) and reply.finish not in _BLOCKED and not reply.text.strip():
        return Unanswered("down", _MUTE)
    return reply


def _room(ports: Ports) -> int:
    """Characters of a paper that fit into the model beside its answer."""
    task = ports.prompts["read"]
    facts = ports.model.facts if ports.model else {}
    context = int(facts.get("context") or ports.settings.llm_context)
    return max(4000, min(task.input, (context - task.output - 1500) * _CHARS))


def _patience(ports: Ports) -> Patience:
    return Patience(ports.clock.now() + _WAITS, urgent=True, timeout=_SLOW, large=True)


# --- questions


async def _asked(store: Ledger, ports: Ports, paper: Paper, job: Job, chat: Chat, stage: Stage) -> Post:
    """Answer a question from the paper alone, or say that it does not."""
    language = job.language
    text = await _text(ports, paper, language, stage)
    await stage(_stage_model(text, ports.wanted.model, language))
    task = ports.prompts["ask"]
    filled, whole = await asyncio.to_thread(core.fill, paper, text, _room(ports))
    question = prompt.fill(
        task,
        secrets.token_hex(8),
        language=prompt.LANGUAGES[language],
        paper=filled,
        question=job.question,
    )
    reply = await _told(store, ports, task, question, f"question {paper.id}v{paper.version}")
    if isinstance(reply, Unanswered) or reply.finish in _BLOCKED:
        raise UserError(say(language, "ask_unanswered"))
    value = grounding.parse(reply.text)
    if not isinstance(value, dict) or not isinstance(value.get("statements"), list):
        raise UserError(say(language, "ask_unanswered"))  # that is not the same as a paper that does not say
    allowed = core.named_links(paper, text)
    said, given = await asyncio.to_thread(core.answer, value, paper, text, language, allowed)
    model = reply.model_version or ports.wanted.model
    return post_reading.answer(paper, job.question, said, chat, given=given, model=model, pages=text.pages, whole=whole)
