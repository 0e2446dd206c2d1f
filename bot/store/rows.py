"""Between rows and values: how papers, chats and digests stand in the ledger, and steps that several queries share."""

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from bot.core import normalise
from bot.model import (
    Admit,
    Begin,
    Change,
    Chat,
    EndJob,
    Entry,
    Forget,
    Match,
    Meaning,
    Mute,
    Notice,
    Paper,
    Part,
    Proof,
    Reading,
    Retune,
    Said,
    SetChat,
    SetLevel,
    Statement,
    Subscribe,
    Summary,
    Topic,
    Unlearn,
    Unsubscribe,
    Vote,
    Wake,
    Wanted,
)
from bot.store.drivers import Row
from bot.store.drivers import Run as Query

_NONCE = 25  # characters: Discord's limit
PICTURES = 64 << 20  # bytes of pictures that wait to be sent, in all: sixteen of the largest


def nonce(send: str) -> str:
    """Hash a send's id into an idempotency key of at most 25 characters."""
    return hashlib.sha256(send.encode()).hexdigest()[:_NONCE]


def apply(run: Query, chat: str, change: Change, now: int) -> None:
    """Carry out a change of a command, inside its transaction."""
    match change:
        case Subscribe(topic, label, papers, next_at, level, wish):
            run("add_topic", **topic_values(topic), now=now)
            run("add_match", [match_values(topic.id, paper, 0) for paper in papers])
            run("subscribe", chat=chat, topic=topic.id, label=label, level=level, wish=wish, now=now)
            if next_at is not None:
                run("wake", id=chat, next_at=next_at)
        case Unsubscribe(topic_id):
            run("unsubscribe", chat=chat, topic=topic_id)
        case Retune() | SetLevel() | Vote() | Unlearn() | Mute():
            _tune(run, chat, change, now)
        case Begin(id_, paper_id, language, question, work):
            values = {"paper": paper_id, "language": language, "question": question, "work": work}
            run("add_job", id=id_, chat=chat, now=now, **values)
        case EndJob(id_):
            run("end_job", id=id_, now=now)
        case Admit(host):
            run("admit", id=chat, host=host)
        case Forget():
            raise AssertionError("forget() needs to know who said so")
        case SetChat(new):
            run("set_chat", **(chat_values(new) | {"id": chat}))
            run("set_next", id=chat, next_at=new.next_at)
        case Wake(at):
            run("wake", id=chat, next_at=at)


def _tune(run: Query, chat: str, change: Retune | SetLevel | Vote | Unlearn | Mute, now: int) -> None:
    """Carry out a change of one topic."""
    match change:
        case Retune(old, topic, label, papers, level, wish, weighed):
            run("add_topic", **topic_values(topic), now=now)
            run("add_match", [match_values(topic.id, paper, 0) for paper in papers])
            where = {"old": old, "topic": topic.id}
            run("retuned_match", [where | {"paper": paper.paper} for paper in papers])
            run("retune", chat=chat, label=label, level=level, wish=wish, **where)
            if old != topic.id:
                unlearn(run, chat, topic.id)
                run("drop_weighed", chat=chat, topic=old)
                run("retuned_votes", chat=chat, **where)
                run("retuned_taste", chat=chat, **where)
                run("weigh", [{"chat": chat, "topic": topic.id} | asdict(each) for each in weighed])
                run("unsubscribe", chat=chat, topic=old)
        case SetLevel(topic_id, level):
            run("set_level", chat=chat, topic=topic_id, level=level)
        case Vote(topic_id, paper_id, voter, value, taste):
            run("vote", chat=chat, topic=topic_id, paper=paper_id, voter=voter, value=value, now=now)
            where = {"chat": chat, "topic": topic_id}
            run("set_taste", likes=taste.likes, dislikes=taste.dislikes, vector=taste.vector, **where)
            run("weigh", [where | asdict(each) for each in taste.weighed])
        case Unlearn(topic_id):
            unlearn(run, chat, topic_id)
        case Mute(topic_id, muted):
            run("mute", chat=chat, topic=topic_id, muted=int(muted), now=now)


def unlearn(run: Query, chat: str, topic: str = "") -> None:
    """Forget the votes of a chat on a topic, or on all."""
    run("drop_votes", chat=chat, topic=topic)
    run("drop_tastes", chat=chat, topic=topic)
    run("drop_weighed", chat=chat, topic=topic)


def topic(row: Row, label: str = "") -> Topic:
    """Read a topic from its id, key, expression and what it says beside its words; `label` is what a chat typed."""
    id_, key_, fts, more = row
    if more:
        values = json.loads(more)
        meaning = Meaning(values.pop("definition"), tuple(values.pop("aliases")), tuple(values.pop("against")))
        return Topic(id_, key_, fts, meaning=meaning, authors=tuple(values.pop("authors")), **values)
    if key_.startswith(("topic:", "(topic:")):  # words alone, of before we noted more
        words = ["".join(each) for each in re.findall(r'topic:"([^"]*)"(\*?)', key_)]
        typed = normalise.tokens(label)  # a key has its words by the alphabet; a name has them in an order
        words.sort(key=lambda word: typed.index(first) if (first := word.split()[0]) in typed else len(typed))
        return Topic(id_, key_, fts, " ".join(words), plain=True)
    return Topic(id_, key_, fts)


def topic_values(topic: Topic) -> dict[str, Any]:
    """Return a topic as the parameters of a query."""
    # All of it, of words alone as well: their key has lost their order, which is that of a name.
    more = {"words": topic.words, **asdict(topic.meaning), "plain": topic.plain}
    more |= {"drop": topic.drop, "by": topic.by, "authors": topic.authors, "like": topic.like}
    return {"id": topic.id, "key": topic.key, "fts": topic.fts, "more": json.dumps(more)}


def match_values(topic: str, match: Match, at: int, judge_by: int = 0) -> dict[str, Any]:
    """Return a match as the parameters of a query; one in doubt is to be judged by a moment (ms; 0: by nobody)."""
    values = {"topic": topic, "paper": match.paper, "score": match.score, "grade": match.grade, "why": match.why}
    return values | {"at": at, "judge_by": judge_by if match.doubtful else 0}


def head(run: Query, chat: str, now: int) -> str | None:
    """Return the first send of a chat's queue, if it may go at `now` (ms); answers come before digests.

    One that was told to wait holds all of them back: it is the chat, or the way to it, that cannot take more now.
    """
    first = [*run("next_urgent", chat=chat), *run("next_send", chat=chat)]
    return first[0][0] if first and all(not_before <= now for _, not_before in first) else None


def entries(run: Query, digest: str, wanted: Wanted) -> tuple[Entry, ...]:
    """Return the papers of a digest with their summaries and labels."""
    labels: dict[str, dict[str, str]] = {}
    for id_, topic, label in run("topics_of_deliveries", digest=digest):
        labels.setdefault(id_, {})[topic] = label
    found = []
    for row in run("entries", digest=digest, **key(wanted)):
        body, until, topic, label, kind, late = row[11:]
        mark: Any = kind or ("late" if late else "")
        others = tuple(other for id_, other in labels.get(row[0], {}).items() if id_ != topic)
        found.append(Entry(paper(row[:11]), summary(body, until), label, others, mark))
    return tuple(found)


def notices(run: Query, digest: str) -> tuple[Notice, ...]:
    """Return the new versions and withdrawals that a digest tells of."""
    return tuple(Notice(paper(row[:11]), row[11], row[12]) for row in run("notices", digest=digest))


def drop(run: Query, chat: str) -> None:
    """Remove the last rows of a chat."""
    platform, address = run("chat", id=chat)[0][1:3]
    run("drop_sends", chat=chat, but="")
    run("drop_pictures", most=PICTURES)
    run("drop_chat", chat=chat)
    run("drop_inbox", chat=chat, but="")
    run("drop_gate", key=f"chat:{platform}:{address}")


def forget(run: Query, chat: str, said: Said, pressed: str = "") -> None:
    """Remove everything about a chat; where it was said in its private chat, also what else names its one person.

    What is left of `said` is that it was said, until its answer is out.
    """
    topics = [row[1] for row in run("subscriptions", chat=chat)]
    run("drop_subscriptions", chat=chat)
    run("drop_deliveries", chat=chat)
    run("drop_notices", chat=chat)
    run("drop_jobs", chat=chat)
    unlearn(run, chat)
    run("drop_digests", chat=chat)
    run("drop_payloads", chat=chat)
    run("drop_sends", chat=chat, but=pressed)
    run("drop_pictures", most=PICTURES)
    run("drop_inbox", chat=chat, but=said.id)
    if chat == said.chat.id and said.chat.kind == "private" and said.author:
        run("drop_said", author=said.author, platform=said.chat.platform, but=said.id)
        run("drop_host", chat=chat)
        run("drop_voter", voter=said.author, platform=said.chat.platform)
        run("drop_gate", key=f"ask:{said.chat.platform}:{said.author}")
    run("blank_said", id=said.id)
    run("drop_gate", key=f"ask:{chat}")
    for topic in topics:
        run("drop_matches", topic=topic)
        run("drop_revisions", topic=topic)
        run("drop_topic", topic=topic)
    run("leave", chat=chat)


def add_send(
    run: Query, id_: str, chat: str, origin: str, part: Part, *, urgent: bool = False, edits: str = ""
) -> None:
    """Freeze a message as a send behind those that wait."""
    run("add_send", id=id_, chat=chat, origin=origin, nonce=nonce(id_), urgent=int(urgent), edits=edits)
    buttons = json.dumps([[button.says, int(button.edits)] for button in part.buttons]) if part.buttons else ""
    run("add_payload", id=id_, text=part.payload, buttons=buttons)


def add_sends(
    run: Query, chat: str, origin: str, parts: Sequence[Part], now: int, *, urgent: bool = False, edits: str = ""
) -> list[str]:
    """Freeze messages as sends behind those that wait; the first takes the place of `edits`; returns their ids."""
    ids = [f"{origin}#{place}" for place in range(len(parts))]
    if edits and parts:
        run("superseded", chat=chat, edits=edits, now=now)
    for place, (id_, part) in enumerate(zip(ids, parts, strict=True)):
        add_send(run, id_, chat, origin, part, urgent=urgent, edits=edits if place == 0 else "")
        if part.picture:
            run("add_picture", id=id_, png=base64.b64encode(part.picture).decode(), size=len(part.picture), now=now)
            run("drop_pictures", most=PICTURES)
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


def summary(body: str, until: int = 0) -> Summary:
    """Read a summary from its body."""
    values: dict[str, Any] = json.loads(body)
    for name in ("takeaways", "limits"):
        values[name] = tuple(values.get(name, ()))
    values["proofs"] = tuple(Proof(*proof) for proof in values.get("proofs", ()))
    return Summary(**values, until=until)


def summary_body(summary: Summary) -> str:
    """Write a summary as its body; how long it stands is a column of its own."""
    values = asdict(summary)
    del values["until"]
    values["proofs"] = [list(proof.values()) for proof in values["proofs"]]
    return json.dumps(values, ensure_ascii=False)


def reading(body: str, until: int = 0) -> Reading:
    """Read a reading from its body."""
    values: dict[str, Any] = json.loads(body)
    for name in ("affiliations", "keywords", "links"):
        values[name] = tuple(values[name])
    values["parts"] = tuple(
        (name, tuple(Statement(text, Proof(*proof)) for text, *proof in statements))
        for name, statements in values["parts"]
    )
    return Reading(**values, until=until)


def reading_body(reading: Reading) -> str:
    """Write a reading as its body; how long it stands is a column of its own."""
    values = asdict(reading)
    del values["until"]
    values["parts"] = [
        [name, [[each.text, *asdict(each.proof).values()] for each in statements]] for name, statements in reading.parts
    ]
    return json.dumps(values, ensure_ascii=False)


def chat(row: Row) -> Chat:
    """Read a chat from the columns of the query `chat`."""
    *named, preview, silent, publish, apart, role, revisions, figures, suspended, next_at, composed_at = row
    flags = (bool(preview), bool(silent), bool(publish), bool(apart))
    more = (role, bool(revisions), bool(figures), suspended, next_at, composed_at)
    values: Sequence[Any] = (*named, *flags, *more)
    return Chat(*values)


def chat_values(chat: Chat) -> dict[str, Any]:
    """Return a chat as the parameters of a query."""
    return {
        "id": chat.id,
        "platform": chat.platform,
        "address": chat.address,
        "thread": chat.thread,
        "title": chat.title,
        "kind": chat.kind,
        "server": chat.server,
        "handle": chat.handle,
        "host": chat.host,
        "language": chat.language,
        "zone": chat.zone,
        "mode": chat.mode,
        "minute": chat.minute,
        "cap": chat.cap,
        "preview": int(chat.preview),
        "silent": int(chat.silent),
        "publish": int(chat.publish),
        "apart": int(chat.apart),
        "role": chat.role,
        "revisions": int(chat.revisions),
        "figures": int(chat.figures),
        "suspended": chat.suspended,
    }
