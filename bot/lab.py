"""`python -m bot lab …`: single steps of the pipeline on files, with the very code that runs in the service."""

import argparse
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import track

from bot.core import extract, grounding, links, papers, query
from bot.core.match import Day
from bot.errors import UserError
from bot.model import Topic

T = TypeVar("T")


def main(options: argparse.Namespace) -> int:
    """Run one step; raises UserError for a file that cannot be used."""
    return {"tldr": _tldr, "match": _match, "check": _check}[options.step](options)


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


def _progress(rows: list[T], label: str) -> Iterator[T]:
    return iter(track(rows, label, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()))
