"""/latest, /search, /digest: papers on demand."""

from collections.abc import Sequence

from bot.core import post, query
from bot.errors import Later, UserError
from bot.flow import silence
from bot.flow.answers.asked import Asked, Reply
from bot.flow.summarize import short_of
from bot.model import Paper, Rate, Summary, Wake

_FOUND = 5
_HOUR = 3_600_000  # ms
_CROWD = 5  # how many times one person's share a whole chat may ask


async def share(asked: Asked) -> None:
    """Take one from the person's and the chat's quota of questions; raises UserError."""
    share = asked.ports.settings.asks_per_hour
    if not asked.author or not share:
        return
    budgets = [(f"ask:{asked.here.platform}:{asked.author}", share)]
    if asked.here.kind != "private":
        budgets.append((f"ask:{asked.here.id}", share * _CROWD))
    for key, number in budgets:
        try:
            await asked.ports.gate.take(key, Rate(_HOUR // number, number), patience=0)
        except Later as problem:
            minutes = max(1, round((problem.wait or 60) / 60))
            raise UserError(asked.say("asked_enough", count=number, minutes=minutes)) from None


async def _rows(asked: Asked, papers: Sequence[tuple[Paper, str]]) -> list[tuple[Paper, Summary, str]]:
    return [(paper, await short_of(asked.store, asked.ports, paper, asked.language), label) for paper, label in papers]


async def latest(asked: Asked) -> Reply:
    """The last papers that matched, sent or not."""
    papers = await asked.store.latest(asked.chat.id, _FOUND)
    if not papers:
        if not await asked.store.subscriptions(asked.chat.id):
            raise UserError(asked.say("no_topics", example=silence.EXAMPLE))
        raise UserError(asked.say("latest_none"))
    head = asked.say("latest", count=post.papers(asked.language, len(papers)))
    return post.listing(head, await _rows(asked, papers), asked.here, asked.ports.clock.now()), ()


async def search(asked: Asked) -> Reply:
    """Look here first, then at arXiv."""
    if not asked.text:
        raise UserError(asked.say("search_what", example=silence.EXAMPLE))
    node = query.parse(asked.text, asked.language)
    await share(asked)
    reading = query.show(node)
    papers: dict[str, Paper] = {}
    for id_ in await asked.ports.archive.find(query.fts5(node), limit=_FOUND):
        if paper := await asked.store.paper(id_):
            papers[id_] = paper
    notes = []
    if len(papers) < _FOUND:
        try:
            for paper in await asked.ports.source.search(query.arxiv_syntax(node), _FOUND):
                papers.setdefault(paper.id, paper)
        except Later as problem:
            if not papers:
                raise UserError(asked.say("search_none_local", reading=reading, why=str(problem))) from None
            notes.append(asked.say("search_local", why=str(problem)))
    if not papers:
        raise UserError(asked.say("search_none", reading=reading))
    found = list(papers.values())[:_FOUND]
    head = asked.say("search", count=post.papers(asked.language, len(found)), reading=reading)
    rows = await _rows(asked, [(p, "") for p in found])
    return post.listing(head, rows, asked.here, asked.ports.clock.now(), *notes), ()


async def digest(asked: Asked) -> Reply:
    """Send what waits, now; or say why nothing does."""
    waiting = await asked.store.waiting(asked.chat.id)
    if not waiting:
        raise UserError(await silence.reason(asked.store, asked.ports, asked.chat, asked.language))
    counted = post.papers(asked.language, waiting)
    if 0 < asked.chat.cap < waiting:
        text = asked.say("coming_some", count=counted, some=asked.chat.cap)
    else:
        text = asked.say("coming" if waiting == 1 else "coming_many", count=counted)
    return post.note(text), (Wake(asked.ports.clock.now()),)
