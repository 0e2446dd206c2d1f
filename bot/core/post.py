"""Set papers, digests and lists as posts: which facts stand where. Markup is the renderers' business.

Every fact of a paper comes from its source: title, authors, dates, categories, comment and venue as arXiv has them,
code links only where the text names one. The last line says what the summaries rest on.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from bot.core import basis, links, times
from bot.core.addressed import addressed
from bot.core.plain import plain
from bot.model import (
    Block,
    Button,
    Chat,
    Digest,
    Entry,
    Fold,
    Item,
    Line,
    Notice,
    Paper,
    Post,
    Proof,
    Span,
    Summary,
    line,
)
from bot.words import count, say

_AUTHORS = 3  # named before "+ n"
_ALL = 30  # where there is room
_VOTES = ("why", "like", "dislike")
_WHERE = {"abstract": "where_abstract", "comment": "where_comment"}


def papers(language: str, number: int) -> str:
    """'1 paper', '3 papers'."""
    return count(language, number, "count_one", "count_papers")


def byline(paper: Paper, language: str, now: int, *, authors: int = _AUTHORS) -> str:
    """'Ada One, Bo Two, Cy Three + 4 · cs.CV, cs.LG · 29 Nov'."""
    names = ", ".join(plain(name) for name in paper.authors[:authors])
    if len(paper.authors) > authors:
        names = say(language, "authors_more", names=names, more=f"{len(paper.authors) - authors:,}")
    date = times.date(paper.published, now, language) if paper.published else ""
    return " · ".join(part for part in (names, ", ".join(paper.categories), date) if part)


def link_line(paper: Paper, language: str, *notes: str) -> Line:
    """'abstract · pdf · code': only links that exist."""
    spans = [
        Span(say(language, "abstract"), url=links.abs_url(paper.id)),
        Span(" · "),
        Span(say(language, "pdf"), url=links.pdf_url(paper.id)),
    ]
    for url in links.code_links(paper)[:2]:
        spans += [Span(" · "), Span(say(language, "code"), url=url)]
    for note in notes:
        spans.append(Span(f" · {note}", "dim"))
    return Line(tuple(spans), "small")


def _theirs(text: str) -> Line:
    return line(Span(text, "dim", theirs=True), kind="small")


def facts(paper: Paper, language: str, now: int, *, whole: bool = False) -> list[Line]:
    """What arXiv says of a paper below its title: byline, comment, venue; with `whole` all authors and the version."""
    said = byline(paper, language, now, authors=_ALL if whole else _AUTHORS)
    found = [_theirs(f"{said} · v{paper.version}" if whole else said)]
    if paper.comment:
        found.append(_theirs(say(language, "comment", text=plain(paper.comment))))
    if paper.journal_ref:
        found.append(_theirs(say(language, "journal", text=plain(paper.journal_ref))))
    return found


def title(paper: Paper) -> Span:
    """The title, bold and linked to the abstract page."""
    return Span(" ".join(plain(paper.title).split()), "bold", links.abs_url(paper.id), theirs=True)


def _statement(text: str, proof: Proof | None, language: str, *, evidence: bool) -> tuple[Span, ...]:
    """A statement, and behind it what it rests on where that is asked for, or must not be missing."""
    said = Span(plain(text), theirs=True)
    if proof is None or not (evidence or proof.beside):
        return (said,)
    sentence = " ".join(plain(proof.sentence if evidence else proof.quote).split())
    where = say(language, _WHERE.get(proof.where, "where_abstract"))
    if sentence.casefold().endswith(text.casefold()):
        behind = say(language, "evidence_own", where=where)
    else:
        behind = say(language, "evidence" if evidence else "quote", text=sentence, where=where)
    return said, Span(" "), Span(behind, "italic", theirs=True)


def _statements(summary: Summary, language: str, *, evidence: bool) -> tuple[list[Line], list[Line], list[Line]]:
    """The sentence, the takeaways and the limits."""
    proofs = iter(summary.proofs)

    def lines(texts: Sequence[str], kind: Literal["text", "bullet"]) -> list[Line]:
        return [Line(_statement(text, next(proofs, None), language, evidence=evidence), kind) for text in texts]

    sentence = lines([summary.tldr] if summary.tldr else [], "text")
    return sentence, lines(summary.takeaways, "bullet"), lines(summary.limits, "bullet")


def warning(paper: Paper, language: str) -> list[Line]:
    """A note where a paper speaks to language models: a reader should know, whatever became of it."""
    if not addressed(f"{paper.title}\n{paper.abstract}\n{paper.comment}"):
        return []
    return [line(Span(say(language, "addressed"), "dim"), kind="small")]


def paper_item(entry: Entry, place: int, language: str, now: int, *, marked: bool = False) -> Item:
    """One paper of a digest: title, facts, the sentence, folded takeaways, links; `marked` if no model wrote it."""
    paper, summary = entry.paper, entry.summary
    blocks: list[Block] = [line(f"{place}  ", title(paper), kind="heading"), *facts(paper, language, now)]
    if entry.mark:
        note = (
            say(language, "mark_cross", category=paper.categories[0])
            if entry.mark == "cross"
            else say(language, "mark_late")
        )
        blocks.append(line(Span(note, "dim"), kind="small"))
    sentence, takeaways, _ = _statements(summary, language, evidence=False)
    blocks += sentence
    if takeaways:
        blocks.append(Fold(say(language, "takeaways", count=len(summary.takeaways)), tuple(takeaways)))
    if entry.others:
        blocks.append(line(Span(say(language, "also", labels=", ".join(entry.others)), "dim"), kind="small"))
    blocks += warning(paper, language)
    blocks.append(link_line(paper, language, *([say(language, "own_words")] if marked else [])))
    button = Button(say(language, "button_summarize", place=place), f"/summarize {paper.id}")
    return Item(tuple(blocks), paper.id, (button,))


def _notice(notice: Notice, language: str) -> Item:
    """A new version or a withdrawal, in a line."""
    key = "notice_withdrawn" if notice.kind == "withdrawn" else "notice_replaced"
    said = line(say(language, key, version=notice.version), " ", title(notice.paper))
    comment = [_theirs(say(language, "comment", text=plain(notice.paper.comment)))] if notice.paper.comment else []
    return Item((said, *comment))


def digest(value: Digest) -> Post:
    """A digest: topic, day, how many of how many; then paper by paper under its topic; then what it rests on."""
    language, zone = value.chat.language, value.chat.zone
    topics = list(dict.fromkeys(entry.topic for entry in value.entries)) or [""]
    scanned = count(language, value.scanned, "paper_one", "papers")
    day, number = times.day(value.at, zone, language), papers(language, len(value.entries))
    when = say(language, "digest", when=day, count=f"{len(value.entries):,}", scanned=scanned)
    if value.notices and not value.entries:
        number = count(language, len(value.notices), "revision_one", "revisions")
        when = f"{day} · {number}"
    head = line(Span(topics[0], "bold"), f" · {when}", kind="heading") if len(topics) == 1 and topics[0] else None
    items: list[Item] = []
    summaries = [entry.summary for entry in value.entries]
    mixed = len({summary.basis for summary in summaries}) > 1
    place = 0
    for topic in topics:
        heading = [] if head else [line(Span(topic, "bold"), kind="heading")]
        for entry in value.entries:
            if entry.topic == topic:
                place += 1
                marked = mixed and entry.summary.basis == "extract"
                item = paper_item(entry, place, language, value.at, marked=marked)
                items.append(Item((*heading, *item.blocks), item.paper, item.buttons))
                heading = []
    items += [_notice(notice, language) for notice in value.notices]
    foot = [line(Span(basis.many(summaries, language, zone, value.at), "dim"), kind="small")] if summaries else []
    if value.partial:
        note = say(language, "partial", day=times.listing(value.partial, language))
        foot.append(line(Span(note, "dim"), kind="small"))
    if value.unjudged:
        foot.append(line(Span(say(language, "unjudged", count=value.unjudged), "dim"), kind="small"))
    if value.more:
        key = "more_left" if value.chat.kind == "channel" else "more_waiting"
        foot.append(line(say(language, key, count=f"{value.more:,}", cap=value.chat.cap)))
    title = f"{day} · {number}"
    tags = dict.fromkeys(category for entry in value.entries for category in entry.paper.categories)
    first = head or line(Span(when, "bold"), kind="heading")
    return Post((first,), tuple(items), tuple(foot), title=title, tags=tuple(tags), hue=topics[0])


def apart(value: Digest) -> list[Post]:
    """A digest as one post a paper, for a forum: each has the paper's title and its categories as tags.

    What is told of earlier papers makes one post together.
    """
    posts = [digest(replace(value, entries=(), more=0))] if value.notices else []
    for entry in value.entries:
        whole = digest(replace(value, entries=(entry,), more=0, notices=()))
        posts.append(replace(whole, head=(), title=plain(entry.paper.title)))
    return posts


def pressed_open(document: Post) -> Post:
    """For a platform that cannot fold: what a paper's button opens is left to the button, which is named after it."""
    items = []
    for item in document.items:
        folds = [block for block in item.blocks if isinstance(block, Fold)]
        if item.buttons and folds:
            blocks = tuple(block for block in item.blocks if not isinstance(block, Fold))
            buttons = (replace(item.buttons[0], label=folds[0].label), *item.buttons[1:])
            items.append(replace(item, blocks=blocks, buttons=buttons))
        else:
            items.append(item)
    return replace(document, items=tuple(items))


def bare(value: Digest) -> Post:
    """A digest that cannot be set otherwise: titles and links, and nothing else."""
    items = [
        Item((line(Span(e.paper.title, url=links.abs_url(e.paper.id), theirs=True)),), e.paper.id)
        for e in value.entries
    ]
    items += [Item((line(Span(n.paper.title, url=links.abs_url(n.paper.id), theirs=True)),)) for n in value.notices]
    return Post(items=tuple(items))


def reading(
    paper: Paper,
    summary: Summary,
    chat: Chat,
    now: int,
    *,
    evidence: bool = False,
    translates: bool = False,
    votes: bool = False,
    whole: bool = False,
    figure: bool = False,
) -> Post:
    """`/summarize`: one paper with its sentence and takeaways in the open, with `evidence` what each rests on.

    `translates`: the abstract can be had in the language of the chat; `votes`: it has topics that could learn;
    `whole`: the paper can be read in full; `figure`: a figure of it may be shown.
    """
    language = chat.language
    blocks: list[Block] = [line(title(paper), kind="heading"), *facts(paper, language, now)]
    sentence, takeaways, limits = _statements(summary, language, evidence=evidence)
    blocks += [*sentence, *takeaways]
    if limits:
        blocks += [line(Span(say(language, "limits"), "dim"), kind="small"), *limits]
    blocks += warning(paper, language)
    blocks.append(link_line(paper, language))
    foot = (line(Span(basis.one(summary, language, chat.zone, now), "dim"), kind="small"),)
    buttons, id_ = [], f"{paper.id}v{paper.version}"
    if summary.proofs:
        way = ("hide_evidence", f"/summarize {id_}") if evidence else ("button_evidence", f"/evidence {id_}")
        buttons.append(Button(say(language, way[0]), way[1], edits=True))
    if translates:
        buttons.append(Button(say(language, "button_translate"), f"/translate {id_}"))
    if whole:
        buttons.append(Button(say(language, "button_read"), f"/read {id_}"))
    if figure:
        buttons.append(Button(say(language, "button_figure"), f"/figure {id_}"))
    if votes:
        buttons += [Button(say(language, f"button_{name}"), f"/{name} {paper.id}") for name in _VOTES]
    return Post(items=(Item(tuple(blocks), paper.id),), foot=foot if summary.tldr else (), buttons=tuple(buttons))


def translation(paper: Paper, found: Summary, chat: Chat, now: int) -> Post:
    """`/translate`: the abstract in the language of the chat, else as it stands, under the title, which stays."""
    language = chat.language
    text = found.tldr or plain(paper.abstract)
    if found.tldr:
        note = say(language, "basis_translated", model=found.model)
    else:
        note = say(language, "not_translated", why=basis.why(found, language, chat.zone, now))
    paragraphs = [line(Span(part, theirs=True)) for part in text.split("\n") if part.strip()]
    blocks = (line(title(paper), kind="heading"), *paragraphs, link_line(paper, language))
    return Post(items=(Item(blocks, paper.id),), foot=(line(Span(note, "dim"), kind="small"),))


def listing(head: str, found: Sequence[tuple[Paper, Summary, str]], chat: Chat, now: int, *notes: str) -> Post:
    """Papers in short, as answers to /latest and /search; the last text of each row is its topic, or empty."""
    language = chat.language
    items = [
        paper_item(Entry(paper, summary, topic), place, language, now)
        for place, (paper, summary, topic) in enumerate(found, 1)
    ]
    rests = basis.many([summary for _, summary, _ in found], language, chat.zone, now)
    foot = [line(Span(note, "dim"), kind="small") for note in (*notes, rests)]
    return Post((line(Span(head, "bold"), kind="heading"),), tuple(items), tuple(foot))


def note(*texts: str, buttons: tuple[Button, ...] = ()) -> Post:
    """A few plain lines."""
    return Post(head=tuple(line(text) for text in texts), buttons=buttons)
