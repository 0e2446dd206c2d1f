"""Between rows and values: how papers, chats and digests stand in the ledger, and steps that several queries share."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from bot.model import (
    Change,
    Chat,
    Entry,
    Paper,
    Part,
    SetChat,
    Subscribe,
    Summary,
    Unsubscribe,
    Wake,
    Wanted,
)
from bot.store.drivers import Row
from bot.store.drivers import Run as Query

_NONCE = 25  # characters: Discord's limit


def nonce(send: str) -> str:
    """Hash a send's id into an idempotency key of at most 25 characters."""
    return hashlib.sha256(send.encode()).hexdigest()[:_NONCE]


def apply(run: Query, chat: str, change: Change, now: int) -> None:
    """Carry out a change of a command, inside its transaction."""
    match change:
        case Subscribe(topic, label, papers, next_at):
            run("add_topic", id=topic.id, key=topic.key, fts=topic.fts, now=now)
            run("add_match", [{"topic": topic.id, "paper": paper, "at": 0} for paper in papers])
            run("subscribe", chat=chat, topic=topic.id, label=label, now=now)
            if next_at is not None:
                run("wake", id=chat, next_at=next_at)
        case Unsubscribe(topic_id):
            run("unsubscribe", chat=chat, topic=topic_id)
        case SetChat(new):
            run("set_chat", **(chat_values(new) | {"id": chat}))
            run("set_next", id=chat, next_at=new.next_at)
        case Wake(at):
            run("wake", id=chat, next_at=at)


def head(run: Query, chat: str, now: int) -> str | None:
    """Return the first send of a chat's queue, if it may go at `now` (ms)."""
    rows = run("next_send", chat=chat)
    return rows[0][0] if rows and rows[0][1] <= now else None


def entries(run: Query, digest: str, wanted: Wanted) -> tuple[Entry, ...]:
    """Return the papers of a digest with their summaries and labels."""
    labels: dict[str, dict[str, str]] = {}
    for id_, topic, label in run("topics_of_deliveries", digest=digest):
        labels.setdefault(id_, {})[topic] = label
    found = []
    for row in run("entries", digest=digest, **key(wanted)):
        topic, label = row[12:]
        others = tuple(other for id_, other in labels.get(row[0], {}).items() if id_ != topic)
        found.append(Entry(paper(row[:11]), summary(row[11]), label, others))
    return tuple(found)


def add_sends(run: Query, chat: str, origin: str, parts: Sequence[Part]) -> list[str]:
    """Freeze messages as sends behind those that wait; returns their ids."""
    ids = [f"{origin}#{place}" for place in range(len(parts))]
    for id_, part in zip(ids, parts, strict=True):
        run("add_send", id=id_, chat=chat, origin=origin, nonce=nonce(id_))
        run("add_payload", id=id_, text=part.payload)
    return ids


def key(wanted: Wanted) -> dict[str, str]:
    """Return the parameters that name a summary beside paper and version."""
    return {"language": wanted.language, "prompt": wanted.prompt, "model": wanted.model}


def paper_values(paper: Paper) -> dict[str, Any]:
    """Return a paper as the parameters of a query."""
    return {
        "id": paper.id,
        "version": paper.version,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": json.dumps(paper.authors, ensure_ascii=False),
        "categories": json.dumps(paper.categories),
        "published": paper.published,
        "updated": paper.updated,
        "comment": paper.comment,
        "journal_ref": paper.journal_ref,
        "doi": paper.doi,
    }


def paper(row: Row) -> Paper:
    """Read a paper from the eleven columns that every query of papers names."""
    id_, version, title, abstract, authors, categories, *rest = row
    return Paper(id_, version, title, abstract, tuple(json.loads(authors)), tuple(json.loads(categories)), *rest)


def summary(body: str) -> Summary:
    """Read a summary from its body."""
    values: Mapping[str, Any] = json.loads(body)
    return Summary(values["tldr"], tuple(values["takeaways"]), values["basis"])


def chat_values(chat: Chat) -> dict[str, Any]:
    """Return a chat as the parameters of a query."""
    return {
        "id": chat.id,
        "platform": chat.platform,
        "address": chat.address,
        "thread": chat.thread,
        "title": chat.title,
        "language": chat.language,
        "zone": chat.zone,
        "mode": chat.mode,
        "minute": chat.minute,
    }
