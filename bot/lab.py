"""`python -m bot lab …`: single steps of the pipeline on files, with the very code that runs in the service."""

import argparse
import asyncio
import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from rich.cells import cell_len
from rich.console import Console
from rich.progress import track

from bot.core import candidates, extract, grounding, links, papers, query, relevance, terms
from bot.core.fulltext import Fulltext
from bot.core.match import Day, columns
from bot.errors import UserError
from bot.model import Meaning, Paper, Topic
from bot.sources.pdf import PdfReader

T = TypeVar("T")

_BEFORE, _AFTER = 60, 30  # characters of what was typed that are shown around the place of a refusal


def main(options: argparse.Namespace) -> int:
    """Run one step; raises UserError for a file that cannot be used."""
    steps = {"tldr": _tldr, "match": _match, "check": _check, "query": _query, "relevance": _relevance}
    steps |= {"fulltext": _fulltext, "figures": _figures}
    return steps[options.step](options)


def _lines(path: Path) -> list[str]:
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode("utf-8")
    except (OSError, UnicodeDecodeError, EOFError) as problem:
        raise UserError(f"{path} cannot be read ({problem}): give a UTF-8 text file, plain or gzipped.") from problem
    return text.splitlines()


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, text in enumerate(_lines(path), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text)
        except ValueError as problem:
            raise UserError(f"{path}, line {number}: this is no JSON ({problem}).") from problem
        if not isinstance(row, dict):
            raise UserError(f'{path}, line {number}: a row is a JSON object such as {{"title": "…", "abstract": "…"}}.')
        yield number, row


def _tldr(options: argparse.Namespace) -> int:
    rows = list(_rows(options.file))
    for number, row in _progress(rows, "summarizing"):
        title = str(row.get("title") or "")
        source, text = row.get("source"), row.get("abstract", row.get("summary"))
        if isinstance(source, list):
            sentences = [str(sentence) for sentence in source]
            abstract, tldr = " ".join(sentences), extract.tldr(title, sentences)
        elif isinstance(text, str):
            abstract, tldr = text, extract.summarize(title, text).tldr
        else:
            raise UserError(
                f"{options.file}, line {number}: a row has an abstract (text) or a source (list of sentences)."
            )
        if options.takeaways:
            found = extract.summarize(title, abstract)
            print(json.dumps({"tldr": tldr, "takeaways": found.takeaways}, ensure_ascii=False))
        else:
            print(" ".join(tldr.split()))
    return 0


def _match(options: argparse.Namespace) -> int:
    """One JSON row per topic, in order; a topic that cannot be read has no ids and says why."""
    texts = [text.strip() for text in _lines(options.topics) if text.strip()]
    topics: dict[str, Topic | str] = {}  # by what was asked: the same words are parsed once
    for text in _progress(texts, "reading topics"):
        if text not in topics:
            try:
                topics[text] = query.topic(query.parse(text))
            except UserError as problem:
                topics[text] = str(problem)
    distinct = {topic.id: topic for topic in topics.values() if isinstance(topic, Topic)}
    rows = _progress(list(_rows(options.papers)), "reading papers")
    # ids stay as the file has them: whoever compares them has the same file
    with Day(papers.from_row(row, id_=str(row.get("id", number))) for number, row in rows) as day:
        found = dict(day.matches(_progress(list(distinct.values()), "matching")))
    for text in texts:
        topic = topics[text]
        if isinstance(topic, Topic):
            print(json.dumps({"topic": text, "ids": found.get(topic.id, [])}, ensure_ascii=False))
        else:
            print(json.dumps({"topic": text, "ids": [], "error": topic}, ensure_ascii=False))
    return 0


def _query(options: argparse.Namespace) -> int:
    """Print how each text is read, or the refusal with its place marked; 1 if any is refused."""
    refused = False
    texts = options.text or (line.rstrip("\r\n") for line in sys.stdin)
    for number, text in enumerate(text for text in texts if options.text or text.strip()):
        print("\n" if number else "", end="")
        try:
            node = query.parse(text)
        except UserError as problem:
            refused = True
            print(f"refused  {problem}")
            if problem.at is not None and text.strip():
                print(_marked(text, problem.at), end="")
            continue
        what = "a topic: all of its words, in title or abstract" if query.is_topic(node) else "a query"
        rows = {"read as": what, "shown": query.show(node), "key": query.key(node)}
        rows |= {"FTS5": query.fts5(node), "arXiv": query.arxiv_syntax(node)}
        print("".join(f"{name:8} {row}\n" for name, row in rows.items()), end="")
    return int(refused)


def _marked(text: str, at: int) -> str:
    """Two lines: the text around a place and an arrow under it; a sign that has no width or moves others is a blank."""
    plain = "".join(c if c.isprintable() and cell_len(c) else " " for c in text)
    start, end = max(0, at - _BEFORE), at + _AFTER
    before = ("…" if start else "") + plain[start:at]
    after = plain[at:end] + ("…" if len(plain) > end else "")
    return f"         {before}{after}\n         {' ' * cell_len(before)}^\n"


def _relevance(options: argparse.Namespace) -> int:
    """One JSON row per topic and paper: score, decision per level, features; candidates are found as in the service."""
    wishes = _wishes(options.topics)
    frequencies = terms.shipped()
    batch: dict[str, Paper] = {}
    for number, row in _progress(list(_rows(options.papers)), "reading papers"):
        paper = papers.from_row(row, id_=str(row.get("arxiv_id") or row.get("id") or number))
        batch.setdefault(paper.id, paper)
    vectors = {id_: frequencies.paper(*columns(paper)[:2]) for id_, paper in batch.items()}
    likes: dict[str, list[terms.Vector]] = {}
    for number, row in _rows(options.liked) if options.liked else ():
        if row.get("topic") not in wishes:
            raise UserError(f'{options.liked}, line {number}: "topic" is none of {", ".join(wishes)}.')
        paper = papers.from_row(row, id_=str(number))
        likes.setdefault(row["topic"], []).append(frequencies.paper(*columns(paper)[:2]))
    with candidates.Scored(batch.values(), frequencies) as day:
        for name, (node, meaning) in _progress(list(wishes.items()), "scoring"):
            profile = relevance.profile(relevance.words_of(node), meaning, frequencies)
            taps = relevance.learned(likes.get(name, []), [])
            wanted = candidates.Wanted(name, query.fts5(node), profile)
            found = {each.paper: each.via for each in day.found(wanted)}
            for id_, paper in batch.items():
                features = relevance.of_paper(profile, paper, frequencies)
                near = features.cosine >= candidates.NEAR
                score = round(relevance.score(features) + relevance.shift(taps, vectors[id_]), 3)
                passed: dict[str, bool] = {
                    level: (id_ in found or near) and relevance.passes(score, level, described=features.described)
                    for level in relevance.LEVELS
                }
                row = {"topic": name, "arxiv_id": id_, "score": score, **passed, "candidate": id_ in found or near}
                print(json.dumps({**row, "features": asdict(features)}, ensure_ascii=False))
    return 0


def _wishes(path: Path) -> dict[str, tuple[query.Node, Meaning]]:
    """Read topics.json: by name, what is asked for and what it means."""
    try:
        named = json.loads("\n".join(_lines(path)))
    except ValueError as problem:
        raise UserError(f"{path}: this is no JSON ({problem}).") from problem
    if not isinstance(named, dict) or not all(isinstance(topic, dict) for topic in named.values()):
        raise UserError(f'{path}: give an object of topics such as {{"name": {{"query": "galaxy mergers"}}}}.')
    found = {}
    for name, topic in named.items():
        text, definition = topic.get("query"), topic.get("definition") or ""
        lists = [topic.get("aliases") or [], topic.get("against") or topic.get("not") or []]
        if not isinstance(text, str) or not isinstance(definition, str):
            raise UserError(f'{path}, topic "{name}": "query" and "definition" are texts.')
        if not all(isinstance(each, list) and all(isinstance(phrase, str) for phrase in each) for each in lists):
            raise UserError(f'{path}, topic "{name}": "aliases" and "against" are lists of texts.')
        try:
            found[str(name)] = query.parse(text), Meaning(definition, *map(tuple, lists))
        except UserError as problem:
            raise UserError(f'{path}, topic "{name}": {problem}') from problem
    return found


def _check(options: argparse.Namespace) -> int:
    """Print each statement of a model's summary with what grounding makes of it; 0 if what is left can be shown."""
    reply = grounding.parse("\n".join(_lines(options.summary)))
    if reply is None:
        raise UserError(f'{options.summary}: this is no JSON; give a model\'s answer such as {{"tldr": …}}.')
    text = "\n".join(_lines(options.source))
    if not text.strip():
        raise UserError(f"{options.source} is empty: give the paper's text, its title on the first line.")
    title, _, rest = text.strip().partition("\n")
    title, rest = (title.strip(), rest) if rest.strip() else ("", text)
    paper = papers.from_row({"title": title, "abstract": rest}, id_="lab")
    allowed = (*links.code_links(paper), *links.project_links(paper))
    checked = grounding.check(reply, grounding.Source(title, rest, page=text, links=allowed), options.language)
    for row in checked.rows:
        how = " (in the paper's own words: " + row.note + ")" if row.own_words else ""
        how = f" (with its quote beside it: {row.note})" if row.beside else how
        print(f"accepted  {row.field}{how}\n          {row.text}\n          “{row.quote}” · {row.where}")
    for name in checked.affiliations:
        print(f"accepted  affiliation\n          {name}")
    for lost in checked.rejected:
        print(f"REJECTED  {lost.field or 'reply'}: {lost.reason}")
        print("".join(f"          {line}\n" for line in (lost.text, f"“{lost.quote}”") if line.strip("“”")), end="")
    verdict = "can be shown" if checked.enough else "too little is left: the embedded summary is shown instead"
    print(f"\n{checked.counted}, {len(checked.rows)} accepted, {len(checked.rejected)} rejected; {verdict}")
    return 0


async def read_file(file: Path) -> Fulltext:
    """Read a PDF, or a page of arXiv's HTML; raises UserError, Refused or Later."""
    if file.suffix.lower() not in {".html", ".htm", ".xhtml"}:
        return await PdfReader().read(file)
    from bot.sources import latexml  # its parser is an extra

    return await asyncio.to_thread(lambda: latexml.read("\n".join(_lines(file))))


def _fulltext(options: argparse.Namespace) -> int:
    """Print what a paper's file holds: front matter, sections with pages, captions, and what nobody can see."""
    paper = asyncio.run(read_file(options.file))
    pages = paper.pages or "unknown"
    print(f"{paper.source}, {pages} pages, {len(paper.sections)} sections, {len(paper.captions)} captions")
    for line in paper.front.splitlines():
        print(f"front     {line}")
    for section in paper.sections:
        print(f"\n{section.kind:13} {section.title}")
        for paragraph in section.paragraphs:
            page = f"p. {paragraph.page}" if paragraph.page else ""
            print(f"  {page:7}{paragraph.text}")
    print()
    for caption in paper.captions:
        print(f"caption   p. {caption.page}  {caption.label}: {caption.text}")
    for flag in paper.flags:
        print(f"HIDDEN    p. {flag.page}  {flag.kind}: {flag.text}")
    return 0


def _figures(options: argparse.Namespace) -> int:
    """Write a paper's figures to a folder as PNG, and print where each one is."""
    figures = asyncio.run(PdfReader().figures(options.file))
    options.folder.mkdir(parents=True, exist_ok=True)
    for figure in figures:
        caption = figure.caption
        name = f"{options.file.stem}-p{caption.page}-{'-'.join(caption.label.lower().split())}.png"
        where = options.folder / name
        if figure.png:
            where.write_bytes(figure.png)
        print(f"{where if figure.png else 'nothing drawn near it'}  {caption.label}: {caption.text}")
    print(f"{sum(bool(figure.png) for figure in figures)} of {len(figures)} figures were cut out.")
    return 0


def _progress(rows: list[T], label: str) -> Iterator[T]:
    return iter(track(rows, label, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()))
