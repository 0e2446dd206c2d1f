"""Set whole readings and answers to questions as posts: each statement with its place in the paper."""

from dataclasses import replace
from typing import Final

from bot.core import basis, links
from bot.core.plain import plain
from bot.core.post import facts, link_line, title, warning
from bot.model import Block, Button, Chat, Item, Line, Paper, Post, Reading, Span, Statement, Summary, line
from bot.words import say

_NUMBERED: Final = frozenset({"method"})
_PLACES: Final = frozenset({"abstract"})  # parts whose name tells the place
_MESSAGE: Final = 3500  # characters that each platform takes in one message


def stop(job: str, language: str) -> Button:
    """The button that stops a job."""
    return Button(say(language, "button_stop"), f"/stop {job}", edits=True)


def whole(
    paper: Paper, reading: Reading, chat: Chat, now: int, *, evidence: bool = False, figure: bool = False
) -> Post:
    """A whole paper: what arXiv says of it, then part by part what it says, then what that rests on.

    With `figure`, a button for one of its figures, where the paper stands without its evidence.

    Its evidence takes its place, and goes again, where both are one message; where they are more, it comes below.
    """
    language = chat.language
    items, notes = _items(paper, reading, language, now, evidence=evidence), _notes(reading, chat, now)
    id_ = f"{paper.id}v{paper.version}"
    short = _long(items if evidence else _items(paper, reading, language, now, evidence=True)) <= _MESSAGE
    way = ("hide_evidence", f"/read {id_}") if evidence else ("button_evidence", f"/read {id_} evidence")
    buttons = (Button(say(language, way[0]), way[1], edits=short),) if reading.model and (short or not evidence) else ()
    if figure and not evidence:
        buttons = (*buttons, Button(say(language, "button_figure"), f"/figure {id_}"))
    return Post(items=items, foot=notes, buttons=buttons)


def _long(items: tuple[Item, ...]) -> int:
    lines = [block for item in items for block in item.blocks if isinstance(block, Line)]
    return sum(len(span.text) for each in lines for span in each.spans)


def _items(paper: Paper, reading: Reading, language: str, now: int, *, evidence: bool) -> tuple[Item, ...]:
    head: list[Block] = [line(title(paper), kind="heading"), *facts(paper, language, now, whole=True)]
    for key, names in (("affiliations", reading.affiliations), ("keywords", reading.keywords)):
        if names:
            text = say(language, key, names="; ".join(map(plain, names)))
            head.append(line(Span(text, "dim", theirs=True), kind="small"))
    head += [*warning(paper, language), _links(paper, reading, language)]
    items = [Item(tuple(head), paper.id)]
    for name, statements in reading.parts:
        if statements:
            blocks: list[Block] = [line(Span(say(language, f"part_{name}"), "bold"))]
            for place, each in enumerate(statements, 1):
                mark = f"{place}  " if name in _NUMBERED and len(statements) > 1 else ""
                kind = "text" if name == "tldr" or mark else "bullet"
                spans = statement(each, language, evidence=evidence, placed=name not in _PLACES)
                blocks.append(Line((Span(mark), *spans), kind))  # type: ignore[arg-type]
            items.append(Item(tuple(blocks)))
    return tuple(items)


def _notes(reading: Reading, chat: Chat, now: int) -> tuple[Line, ...]:
    language = chat.language
    notes = [line(Span(rests_on(reading, chat, now), "dim"), kind="small")]
    if reading.hidden:
        notes.append(line(Span(say(language, "read_hidden", count=reading.hidden), "dim"), kind="small"))
    return tuple(notes)


def _links(paper: Paper, reading: Reading, language: str) -> Line:
    known = link_line(paper, language)
    there = {span.url for span in known.spans}
    more: list[Span] = []
    for url in reading.links:
        if url not in there:
            key = "code" if links.is_code(url) else "project"
            more += [Span(" · "), Span(say(language, key), url=url)]
    return replace(known, spans=(*known.spans, *more))


def statement(said: Statement, language: str, *, evidence: bool, placed: bool = True) -> tuple[Span, ...]:
    """A statement and where it stands in the paper; with `evidence` the sentence that it rests on."""
    where = place(said.proof.where, language)
    spans = [Span(plain(said.text), theirs=True)]
    if placed and where:
        spans += [Span(" "), Span(f"({where})", "dim", theirs=True)]
    if evidence or said.proof.beside:
        sentence = " ".join(plain(said.proof.sentence if evidence else said.proof.quote).split())
        if not sentence.casefold().endswith(said.text.casefold()):
            spans += [Span(" "), Span(f"“{sentence}”", "italic", theirs=True)]
    return tuple(spans)


def place(where: str, language: str) -> str:
    """Name a place in a paper: 'p. 4', '§ 3 Method', 'abstract'."""
    known = {"abstract": "where_abstract", "comment": "where_comment"}
    return say(language, known[where]) if where in known else where


def rests_on(reading: Reading, chat: Chat, now: int) -> str:
    """What a reading rests on, in a line."""
    language = chat.language
    pages = say(language, "read_pages", pages=reading.pages) if reading.pages else ""
    if not reading.model:
        summary = Summary("", (), why=reading.why, until=reading.until)
        why = basis.why(summary, language, chat.zone, now)
        return say(language, "read_extracted", pages=pages, why=why)
    key = "quotes_found" if reading.found == reading.quotes else "quotes_dropped"
    counted = say(language, key, found=reading.found, quotes=reading.quotes)
    return say(
        language, "read_whole" if reading.whole else "read_parts", pages=pages, model=reading.model, quotes=counted
    )


def only_abstract(document: Post, why: str, language: str) -> Post:
    """A summary of the abstract that says why it is no more."""
    note = line(Span(say(language, "read_abstract_only", why=why), "dim"), kind="small")
    return replace(document, foot=(*document.foot, note))


def answer(
    paper: Paper,
    question: str,
    said: tuple[Statement, ...],
    chat: Chat,
    *,
    given: int,
    model: str,
    pages: int,
    whole: bool,
) -> Post:
    """The answer to a question with its places in the paper, or that the paper does not say."""
    language = chat.language
    head = (line(title(paper), kind="heading"), line(Span(question, "italic", theirs=True)))
    if not said:
        return Post(head=(*head, line(say(language, "ask_not_said" if whole else "ask_not_in_part"))))
    lines = [Line(statement(each, language, evidence=True), "bullet") for each in said]
    key = "quotes_found" if len(said) == given else "quotes_dropped"
    counted = say(language, key, found=len(said), quotes=given)
    text = say(language, "read_pages", pages=pages) if pages else ""
    note = say(language, "read_whole" if whole else "read_parts", pages=text, model=model, quotes=counted)
    return Post(head=head, items=tuple(Item((each,)) for each in lines), foot=(line(Span(note, "dim"), kind="small"),))
