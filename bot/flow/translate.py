"""translate: an abstract in the reader's language, by the model; only what passes the check, else as it stands."""

import secrets
from dataclasses import replace

from bot.core import grounding, links, prompt, translation
from bot.flow.ask import Patience, Unanswered, ask
from bot.flow.summarize import ANSWER_WAITS, LATER, stale
from bot.model import Paper, Summary, Wanted
from bot.ports import Ledger, Ports

_TRIES = 2
_KEPT = "en"  # the language of nearly every abstract


def translates(ports: Ports, language: str) -> bool:
    """Whether abstracts can be had in a language."""
    return ports.model is not None and language != _KEPT


async def translated(store: Ledger, ports: Ports, paper: Paper, language: str) -> Summary:
    """Return the translation as the `tldr` of a Summary, '' with the reason `why` there is none; made once."""
    task = ports.prompts["translate"]
    asked = Wanted(language, task.key, ports.wanted.model)
    async with ports.alone(f"translation:{paper.id}v{paper.version}:{language}"):
        known = await store.summary(paper, asked)
        if known is not None and not stale(known, ports):
            return known
        found = await _by_model(store, ports, paper, language)
        await store.add_summary(paper, asked, found)
        return found


async def _by_model(store: Ledger, ports: Ports, paper: Paper, language: str) -> Summary:
    task = ports.prompts["translate"]
    text = prompt.fill(
        task,
        secrets.token_hex(8),
        language=prompt.LANGUAGES[language],
        paper=prompt.paper(task, abstract=paper.abstract),
    )
    patience = Patience(ports.clock.now() + ANSWER_WAITS, urgent=True, timeout=30.0)
    about = f"translation {paper.id}v{paper.version} {language}"
    allowed = (*links.code_links(paper), *links.project_links(paper))
    for _ in range(_TRIES):
        reply = await ask(store, ports, task, text, patience, about)
        if isinstance(reply, Unanswered):
            until = 0 if reply.wait is None else ports.clock.now() + max(LATER, int(1000 * reply.wait))
            return Summary("", (), why=reply.why, until=until)
        if reply.finish in {"safety", "recitation"}:
            return Summary("", (), why="content")
        if reply.finish == "length":
            task = replace(task, output=2 * task.output)
            continue
        value = grounding.parse(reply.text)
        said = value.get("text") if isinstance(value, dict) else None
        good, _ = translation.check(said if isinstance(said, str) else "", paper.abstract, language, allowed)
        if good:
            return Summary(good, (), basis="abstract", model=reply.model_version or ports.wanted.model)
    return Summary("", (), why="form")
