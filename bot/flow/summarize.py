"""summarize: what a paper says, in one sentence and a few takeaways; made once, whatever number of chats gets it.

With a model: one call, its answer held against the paper statement by statement, one repair, then what is left of it;
if that is too little, or no model can be asked, the authors' own sentences, and they say so. What stands in for a
model's summary for a while is replaced when the paper is next wanted.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from bot.core import extract, grounding, grounding_repair, links, prompt
from bot.core.addressed import to_people
from bot.flow.ask import Patience, Unanswered, ask
from bot.model import Paper, Proof, Reading, Summary, Wanted, Why
from bot.ports import Ledger, Ports

log = logging.getLogger(__name__)

DIGEST_WAITS = 600_000  # ms that a digest waits for a model at most
ANSWER_WAITS = 25_000  # ms that somebody who asked does
_AHEAD_WAITS = 480_000  # ms that work for a digest to come does: it is over before that is composed
_SLOW = 300.0  # seconds of a call on a cheap tier
_MUTE = 3_600_000  # ms until a model that says nothing of a paper is asked of it again
LATER = 60_000  # ms until what came to nothing is tried again


def wanted(ports: Ports, language: str) -> Wanted:
    """Which summary a reader of `language` gets; without a model it is the same for all."""
    return ports.wanted if ports.wanted.language else replace(ports.wanted, language=language)


def _named(key: str) -> tuple[str, str]:
    """(language, base id) of 'summarize:en:2411.19525'."""
    _, language, paper = key.split(":", 2)
    return language, paper


async def summarize(store: Ledger, ports: Ports, key: str) -> None:
    """`summarize:<language>:<paper>`: make what a digest waits for; sweep finds the digests that are then complete."""
    language, id_ = _named(key)
    paper = await store.paper(id_)
    if paper is None:
        return
    asked = wanted(ports, language)
    since = await store.waited_since(id_, asked) if ports.model else None
    await _made(store, ports, paper, asked, Patience((since or ports.clock.now()) + DIGEST_WAITS))


async def ahead(store: Ledger, ports: Ports, key: str) -> None:
    """`ahead:<language>:<paper>`: let the model write, at its cheap price, what a digest to come will carry.

    What fails here leaves nothing behind: the digest asks again.
    """
    language, id_ = _named(key)
    paper = await store.paper(id_)
    if paper is None or ports.model is None:
        return
    asked = wanted(ports, language)
    cheap = bool(ports.model.facts.get("cheap"))
    until = ports.clock.now() + _AHEAD_WAITS
    async with ports.alone(_key(paper, asked)):
        if not stale(await store.summary(paper, asked), ports):
            return
        found = await _by_model(
            store, ports, paper, asked, Patience(until, cheap=cheap, timeout=_SLOW if cheap else 60.0)
        )
        if not found.why or not found.until:
            await store.add_summary(paper, asked, found)


async def summary_of(store: Ledger, ports: Ports, paper: Paper, language: str) -> Summary:
    """Return a summary for somebody who waits: from the ledger, else made now."""
    asked = wanted(ports, language)
    known = await store.summary(paper, asked)
    if known is not None and not stale(known, ports):
        return known

    patience = Patience(ports.clock.now() + ANSWER_WAITS, urgent=True, timeout=30.0)
    return await _made(store, ports, paper, asked, patience)


async def ready(store: Ledger, ports: Ports, paper: Paper, language: str) -> bool:
    """Whether `summary_of` will answer at once."""
    return ports.model is None or not stale(await store.summary(paper, wanted(ports, language)), ports)


async def short_of(store: Ledger, ports: Ports, paper: Paper, language: str) -> Summary:
    """Return what is there for a list: a summary from the ledger, else the authors' sentences; no model is asked."""
    return await store.summary(paper, wanted(ports, language)) or await _extract(paper)


async def _made(store: Ledger, ports: Ports, paper: Paper, asked: Wanted, patience: Patience) -> Summary:
    """Make a summary and keep it, unless somebody else has just done so: it is paid once."""
    async with _alone(ports, _key(paper, asked), patience.until) as ours:
        known = await store.summary(paper, asked)
        if known is not None and not stale(known, ports):
            return known
        if ports.model is None:
            found = await _extract(paper)
        elif ours:
            found = await _by_model(store, ports, paper, asked, patience)
        else:  # whoever is at work on it waits for a budget, or for a cheap answer that may take minutes
            found = await _instead(ports, paper, Unanswered("late", 0.0))
        await store.add_summary(paper, asked, found)
        return found


@contextlib.asynccontextmanager
async def _alone(ports: Ports, key: str, until: int) -> AsyncIterator[bool]:
    """Be the one at work under a key; yields False if somebody else still is at `until` (ms)."""
    async with contextlib.AsyncExitStack() as stack:
        entering = asyncio.ensure_future(stack.enter_async_context(ports.alone(key)))
        tasks: list[asyncio.Future[None]] = [entering]
        try:
            await asyncio.sleep(0)  # mostly nobody is, and no clock is asked
            if not entering.done():
                tasks.append(asyncio.ensure_future(ports.clock.sleep(max(0, until - ports.clock.now()) / 1000)))
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not entering.done():
                entering.cancel()
                await asyncio.wait({entering})
            yield not entering.cancelled()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def _key(paper: Paper, asked: Wanted) -> str:
    return f"summary:{paper.id}v{paper.version}:{asked.language}"


def stale(summary: Summary | None, ports: Ports) -> bool:
    """Whether a summary is to be made, or what stands in for it has stood long enough."""
    return summary is None or (bool(summary.until) and summary.until <= ports.clock.now())


def stale_reading(reading: Reading | None, ports: Ports) -> bool:
    """Whether a reading is to be made, or what stands in for it has stood long enough."""
    return reading is None or (bool(reading.until) and reading.until <= ports.clock.now())


# --- without a model


async def _extract(paper: Paper, why: Why = "", until: int = 0) -> Summary:
    try:
        found = await asyncio.to_thread(extract.summarize, paper.title, to_people(paper.abstract) or paper.abstract)
    except Exception:
        log.exception("%s cannot be summarized; its title has to do", paper.id)
        return Summary("", (), why=why, until=until)
    return Summary(found.tldr, found.takeaways, why=why, until=until)


# --- with a model


async def _by_model(store: Ledger, ports: Ports, paper: Paper, asked: Wanted, patience: Patience) -> Summary:
    """Let the model write, check what it wrote, and say so where that comes to nothing."""
    tag = secrets.token_hex(8)
    task = ports.prompts["summary"]
    about = f"summary {paper.id}v{paper.version} {asked.language}"
    parts = prompt.paper(task, title=paper.title, abstract=paper.abstract, comment=paper.comment)
    values = {"language": prompt.LANGUAGES[asked.language], "paper": parts}
    text = prompt.fill(task, tag, **values)
    source = grounding.Source(
        paper.title, paper.abstract, paper.comment, links=(*links.code_links(paper), *links.project_links(paper))
    )
    first = await ask(store, ports, task, text, patience, about)
    if isinstance(first, Unanswered):
        return await _instead(ports, paper, first)
    if first.finish in {"safety", "recitation"}:
        return await _extract(paper, "content")
    reply = grounding.parse(first.text) if first.finish != "length" else None
    version = first.model_version or asked.model
    if reply is None:  # cut off, empty, or no JSON: once more, with room
        longer = replace(task, output=2 * task.output) if first.finish == "length" else task
        second = await ask(store, ports, longer, text, patience, about)
        if isinstance(second, Unanswered):
            return await _instead(ports, paper, second)
        if second.finish in {"safety", "recitation"}:
            return await _extract(paper, "content")
        if not second.text.strip():  # there is nothing that could have failed a check
            return await _extract(paper, "down", ports.clock.now() + _MUTE)
        reply = grounding.parse(second.text) if second.finish == "stop" else None
        checked = await asyncio.to_thread(grounding.check, reply, source, asked.language)
    else:
        checked = await asyncio.to_thread(grounding.check, reply, source, asked.language)
        if failed := grounding_repair.failures(checked):
            again = ports.prompts["repair"]
            told = grounding_repair.told(failed, paper.abstract)
            second = await ask(store, ports, again, prompt.fill(again, tag, failed=told, **values), patience, about)
            if isinstance(second, Unanswered):
                return _written(checked, version) or await _instead(ports, paper, second)
            if second.finish == "stop":
                whole = grounding_repair.merged(reply, checked, grounding.parse(second.text))
                checked = await asyncio.to_thread(grounding.check, whole, source, asked.language)
    return _written(checked, version) or await _extract(paper, "form")


async def _instead(ports: Ports, paper: Paper, unanswered: Unanswered) -> Summary:
    wait = unanswered.wait
    until = 0 if wait is None else ports.clock.now() + max(LATER, int(1000 * wait))
    return await _extract(paper, unanswered.why, until)


def _written(checked: grounding.Checked, model: str) -> Summary | None:
    """What is left of a model's answer, None if it is too little."""
    if not checked.enough or checked.tldr is None:
        return None
    given: dict[str, Any] = {"basis": "abstract", "model": model, "quotes": checked.quotes, "found": checked.found}
    return Summary(
        checked.tldr.text,
        tuple(row.text for row in checked.takeaways),
        tuple(row.text for row in checked.limitations),
        proofs=tuple(Proof(row.quote, row.sentence, row.where, row.beside) for row in checked.rows),
        **given,
    )
