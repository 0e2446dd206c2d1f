"""Set papers, digests and lists as posts: which facts stand where. Markup is the renderers' business.

Every fact of a paper comes from its source: title, authors, dates, categories, comment and venue as arXiv has them,
code links only where the text names one. The last line says what the summaries rest on.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.core import links, times
from bot.core.plain import plain
from bot.model import Block, Button, Digest, Entry, Fold, Item, Line, Paper, Post, Span, Summary, line
from bot.words import count, say

_AUTHORS = 3  # named before "+ n"


def papers(language: str, number: int) -> str:
    """'1 paper', '3 papers'."""
    return count(language, number, "count_one", "count_papers")


def byline(paper: Paper, language: str, now: int) -> str:
    """'Ada One, Bo Two, Cy Three + 4 · cs.CV, cs.LG · 29 Nov'."""
    names = ", ".join(plain(name) for name in paper.authors[:_AUTHORS])
    if len(paper.authors) > _AUTHORS:
        names = say(language, "authors_more", names=names, more=f"{len(paper.authors) - _AUTHORS:,}")
    date = times.date(paper.published, now, language)
    return " · ".join(part for part in (names, ", ".join(paper.categories), date) if part)


def link_line(paper: Paper, language: str) -> Line:
    """'abstract · pdf · code': only links that exist."""
    spans = [
        Span(say(language, "abstract"), url=links.abs_url(paper.id)),
        Span(" · "),
        Span(say(language, "pdf"), url=links.pdf_url(paper.id)),
    ]
    for url in links.code_links(paper)[:2]:
        spans += [Span(" · "), Span(say(language, "code"), url=url)]
    return Line(tuple(spans), "small")


def _theirs(text: str) -> Line:
    return line(Span(text, "dim", theirs=True), kind="small")


def _facts(paper: Paper, language: str, now: int) -> list[Line]:
    facts = [_theirs(byline(paper, language, now))]
    if paper.comment:
        facts.append(_theirs(say(language, "comment", text=plain(paper.comment))))
    if paper.journal_ref:
        facts.append(_theirs(say(language, "journal", text=plain(paper.journal_ref))))
    return facts


def title(paper: Paper) -> Span:
    """The title, bold and linked to the abstract page."""
    return Span(plain(paper.title), "bold", links.abs_url(paper.id), theirs=True)


def _bullets(summary: Summary) -> tuple[Line, ...]:
    return tuple(line(Span(plain(text), theirs=True), kind="bullet") for text in summary.takeaways)


def paper_item(entry: Entry, place: int, language: str, now: int) -> Item:
    """One paper of a digest: title, facts, the sentence, folded takeaways, links."""
    paper, summary = entry.paper, entry.summary
    blocks: list[Block] = [line(f"{place}  ", title(paper), kind="heading"), *_facts(paper, language, now)]
    if summary.tldr:
        blocks.append(line(Span(plain(summary.tldr), theirs=True)))
    if summary.takeaways:
        blocks.append(Fold(say(language, "takeaways", count=len(summary.takeaways)), _bullets(summary)))
    if entry.others:
        blocks.append(line(Span(say(language, "also", labels=", ".join(entry.others)), "dim"), kind="small"))
    blocks.append(link_line(paper, language))
    button = Button(say(language, "button_summarize", place=place), f"/summarize {paper.id}")
    return Item(tuple(blocks), paper.id, (button,))


def digest(value: Digest) -> Post:
    """A digest: topic, day, how many of how many; then paper by paper under its topic; then what it rests on."""
    language, zone = value.chat.language, value.chat.zone
    topics = list(dict.fromkeys(entry.topic for entry in value.entries))
    scanned = count(language, value.scanned, "paper_one", "papers")
    when = say(
        language, "digest", when=times.day(value.at, zone, language), count=f"{len(value.entries):,}", scanned=scanned
    )
    head = line(Span(topics[0], "bold"), f" · {when}", kind="heading") if len(topics) == 1 else None
    items: list[Item] = []
    place = 0
    for topic in topics:
        heading = [] if head else [line(Span(topic, "bold"), kind="heading")]
        for entry in value.entries:
            if entry.topic == topic:
                place += 1
                item = paper_item(entry, place, language, value.at)
                items.append(Item((*heading, *item.blocks), item.paper, item.buttons))
                heading = []
    foot = [line(Span(say(language, "basis_extract"), "dim"), kind="small")]
    if value.more:
        key = "more_left" if value.chat.kind == "channel" else "more_waiting"
        foot.append(line(say(language, key, count=f"{value.more:,}", cap=value.chat.cap)))
    title = " · ".join((times.day(value.at, zone, language), papers(language, len(value.entries))))
    tags = dict.fromkeys(category for entry in value.entries for category in entry.paper.categories)
    first = head or line(Span(when, "bold"), kind="heading")
    return Post((first,), tuple(items), tuple(foot), title=title, tags=tuple(tags), hue=topics[0])


def apart(value: Digest) -> list[Post]:
    """A digest as one post a paper, for a forum: each has the paper's title and its categories as tags."""
    posts = []
    for entry in value.entries:
        whole = digest(replace(value, entries=(entry,), more=0))
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
    return Post(items=tuple(items))


def reading(paper: Paper, summary: Summary, language: str, now: int) -> Post:
    """`/summarize`: one paper with its sentence and takeaways in the open."""
    blocks: list[Block] = [line(title(paper), kind="heading"), *_facts(paper, language, now)]
    if summary.tldr:
        blocks += [line(Span(plain(summary.tldr), theirs=True)), *_bullets(summary)]
    blocks.append(link_line(paper, language))
    foot = (line(Span(say(language, "basis_extract_one"), "dim"), kind="small"),)
    return Post(items=(Item(tuple(blocks), paper.id),), foot=foot if summary.tldr else ())


def listing(head: str, found: Sequence[tuple[Paper, Summary, str]], language: str, now: int, *notes: str) -> Post:
    """Papers in short, as answers to /latest and /search; the last text of each row is its topic, or empty."""
    items = [
        paper_item(Entry(paper, summary, topic), place, language, now)
        for place, (paper, summary, topic) in enumerate(found, 1)
    ]
    foot = [line(Span(note, "dim"), kind="small") for note in (*notes, say(language, "basis_extract"))]
    return Post((line(Span(head, "bold"), kind="heading"),), tuple(items), tuple(foot))


def note(*texts: str, buttons: tuple[Button, ...] = ()) -> Post:
    """A few plain lines."""
    return Post(head=tuple(line(text) for text in texts), buttons=buttons)
