"""/read, /ask, /figure, /stop: a whole paper, a question asked of it, a figure of it, and calling that off."""

from bot.core import arxiv_id, post, post_reading
from bot.core.plain import plain
from bot.errors import UserError
from bot.flow.answers.asked import Asked, Reply
from bot.flow.answers.papers import share
from bot.flow.figure import licence_of, offered, reader
from bot.flow.read import held, known, paper_of
from bot.model import Begin, Button, EndJob, Paper, Work

_QUESTION = 500  # characters
_OFFERED = 10  # papers that a question may be about


async def read(asked: Asked) -> Reply:
    """A paper as a whole: at once if it was read before, else as a job."""
    id_, _, more = asked.text.partition(" ")
    if not id_ or more.strip() not in {"", "evidence"}:
        raise UserError(asked.say("read_what"))
    wanted = arxiv_id.parse(id_, asked.language)
    paper = await held(asked.store, wanted)
    if paper is None and more:  # a button under its reading, which says no more than its id
        paper = await paper_of(asked.store, asked.ports, wanted, asked.language)
    if paper is not None and (found := await known(asked.store, asked.ports, paper, asked.language)):
        shows = await offered(asked.store, asked.ports, paper, asked.here)
        now = asked.ports.clock.now()
        return post_reading.whole(paper, found, asked.here, now, evidence=bool(more), figure=shows), ()
    if asked.ports.fulltexts is None:
        raise UserError(asked.say("read_no_extra"))
    await share(asked)
    return _begun(asked, _named(paper, wanted), "")


async def ask(asked: Asked) -> Reply:
    """A question to one paper."""
    id_, _, question = asked.text.partition(" ")
    question = " ".join(question.split())
    if not id_ or not question:
        raise UserError(asked.say("ask_what"))
    if len(question) > _QUESTION:
        raise UserError(asked.say("ask_long", most=_QUESTION))
    if asked.ports.model is None:
        raise UserError(asked.say("ask_no_model"))
    ids = [each for each in id_.split(",") if each][:_OFFERED]
    if len(ids) > 1:  # a reply to a digest
        return await _which(asked, ids, question)
    wanted = arxiv_id.parse(id_.strip(","), asked.language)
    if asked.ports.fulltexts is None:
        raise UserError(asked.say("read_no_extra"))
    paper = await held(asked.store, wanted)
    await share(asked)
    return _begun(asked, _named(paper, wanted), question)


async def figure(asked: Asked) -> Reply:
    """The figure that shows how a paper's method works, where that may be shown; a sentence says why if not."""
    if not asked.text:
        raise UserError(asked.say("figure_what"))
    wanted = arxiv_id.parse(asked.text, asked.language)
    if not asked.here.figures:
        raise UserError(asked.say("figure_off"))
    reader(asked.ports, asked.language)
    paper = await held(asked.store, wanted)
    if paper is None:
        raise UserError(asked.say("figure_no_licence", id=wanted))
    await licence_of(asked.store, paper, asked.language)
    await share(asked)
    return _begun(asked, _named(paper, wanted), "", work="figure")


def _named(paper: Paper | None, wanted: arxiv_id.ArxivId) -> str:
    """A paper with its version, where that is known without asking arXiv: a job may wait for it, a chat may not."""
    return f"{paper.id}v{paper.version}" if paper else str(wanted)


def _begun(asked: Asked, paper: str, question: str, *, work: Work = "read") -> Reply:
    text = asked.say("figure_begun" if work == "figure" else "reading", id=paper)
    begun = post.note(text, buttons=(post_reading.stop(asked.said, asked.language),))
    return begun, (Begin(asked.said, paper, asked.language, question, work),)


async def _which(asked: Asked, ids: list[str], question: str) -> Reply:
    """Ask which paper a question is about."""
    papers = await asked.store.papers(ids)
    buttons = tuple(Button(plain(paper.title), f"/ask {paper.id} {question}", edits=True) for paper in papers)
    return post.note(asked.say("ask_which"), buttons=buttons), ()


async def stop(asked: Asked) -> Reply:
    """Call off a job of this chat."""
    found = await asked.store.job(asked.text)
    if found and found[0].chat != asked.here.id:
        raise UserError(asked.say("stop_nothing"))
    if found is None:  # the ledger lets this take no answer's place
        return post.note(asked.say("stop_nothing")), (EndJob(asked.text),)
    return post.note(asked.say("stopped")), (EndJob(asked.text),)
