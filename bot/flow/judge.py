"""judge: ask the model of papers that are in doubt for a topic; one call for twenty, kept with the match.

Only topics with a description are judged, and only what lies between the broad and the strict level. A paper is asked
about once: what an answer does not speak of is not asked again. Where no answer comes in time the gate's own grade
stands, and the digest says so.
"""

import logging
import secrets

from bot.core import grounding, prompt
from bot.core.plain import plain
from bot.flow.ask import Patience, Unanswered, ask
from bot.model import Paper, Topic, Verdict
from bot.ports import Ledger, Ports

log = logging.getLogger(__name__)

_BATCH = 20  # papers of one call
_REASON = 120  # characters
_VERDICTS: dict[object, Verdict] = {"on": "on", "borderline": "borderline", "off": "off"}


async def judge(store: Ledger, ports: Ports, key: str) -> None:
    """`judge:<topic>`: have all said that is still waited for; what is not answered stays as the gate has it."""
    id_ = key.partition(":")[2]
    while True:
        topic, papers, until = await store.unjudged(id_, _BATCH)
        if topic is None or not papers:
            break
        verdicts: list[tuple[str, Verdict, str]] | None = []
        if ports.model is not None and ports.settings.llm_judge == "on":
            verdicts = await _asked(store, ports, topic, papers, until)
        if verdicts is None:
            break
        said = {paper for paper, *_ in verdicts}
        await store.judge(topic.id, verdicts, [paper.id for paper in papers if paper.id not in said])
    ports.nudge("sweep:due")


async def _asked(
    store: Ledger, ports: Ports, topic: Topic, papers: list[Paper], until: int
) -> list[tuple[str, Verdict, str]] | None:
    """Return (paper, verdict, reason) of those that the model decided; None if it is to be asked again later."""
    task = ports.prompts["judge"]
    about, against = _line(topic.meaning.definition), ", ".join(topic.meaning.against)
    text = prompt.fill(
        task,
        secrets.token_hex(8),
        topic=f"{topic.words}: {about}\nnot meant: {against or 'nothing'}",
        papers="\n\n".join(
            f"number: {place}\ntitle: {_line(paper.title)}\nabstract: {_line(paper.abstract)[: task.input]}"
            for place, paper in enumerate(papers, 1)
        ),
    )
    reply = await ask(store, ports, task, text, Patience(until, timeout=60.0), f"judge {topic.id} {len(papers)}")
    if isinstance(reply, Unanswered):
        log.info("topic %s: nobody judges %d papers: %s", topic.id, len(papers), reply.why)
        never = reply.wait is None or ports.clock.now() + 1000 * reply.wait >= until
        return [] if never else None
    value = grounding.parse(reply.text)
    rows = value.get("papers") if isinstance(value, dict) else None
    found: dict[str, tuple[str, Verdict, str]] = {}
    for row in rows if isinstance(rows, list) else []:
        number, said_ = (row.get("number"), row.get("verdict")) if isinstance(row, dict) else (0, None)
        verdict = _VERDICTS.get(said_) if isinstance(said_, str) else None
        if verdict and type(number) is int and 1 <= number <= len(papers):
            paper = papers[number - 1].id
            said = found.get(paper)
            if said and said[1] != verdict:
                verdict = "borderline"  # it said both
            found[paper] = (paper, verdict, _reason(row.get("reason")))
    return list(found.values())


def _line(text: str) -> str:
    """A text as one line, in which no other paper can begin."""
    return " ".join(text.split())


def _reason(value: object) -> str:
    text = _line("".join(sign for sign in plain(value) if sign.isprintable())) if isinstance(value, str) else ""
    return "" if "://" in text or "@" in text else text[:_REASON]
