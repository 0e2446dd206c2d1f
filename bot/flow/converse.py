"""converse: answer what a chat said, in order.

Effects, answer and end are one transaction: a crash loses no command and repeats none.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.core import arxiv_id, commands, post, query, times
from bot.errors import Later, UserError
from bot.flow import silence
from bot.flow.summarize import summary_of
from bot.flow.typeset import parts
from bot.model import (
    Button,
    Change,
    Chat,
    Line,
    Paper,
    Post,
    SetChat,
    Span,
    Subscribe,
    Subscription,
    Summary,
    Unsubscribe,
    Wake,
)
from bot.model import line as line_
from bot.ports import Ledger, Ports
from bot.words import count, say

log = logging.getLogger(__name__)

_DAY = 86_400_000
_SAMPLES = 3
_MANY = 30  # papers a day from which on a topic is more than anybody reads (facts: matching, "Other costs")
_FOUND = 5
_TOPICS = 200  # a chat's limit: more is a mistake, or somebody who means harm
_SETTINGS = ("mode", "time", "zone")
EXAMPLE = 'cat:cs.CV AND (ti:"talking head" OR abs:avatar)'


@dataclass(frozen=True, slots=True)
class Asked:
    """One command as its answer needs it."""

    store: Ledger
    ports: Ports
    chat: Chat
    text: str

    def say(self, key: str, **values: object) -> str:
        """Speak the chat's language."""
        return say(self.chat.language, key, **values)


Reply = tuple[Post, Sequence[Change]]


async def converse(store: Ledger, ports: Ports, key: str) -> None:
    """`converse:<chat>`: answer everything said there that has no answer yet."""
    id_ = key.partition(":")[2]
    while said := await store.next_said(id_):
        chat = await store.chat(id_)
        if chat is None or (platform := ports.platforms.get(chat.platform)) is None:
            return
        said_id, text, may_manage = said
        changes: Sequence[Change] = ()
        try:
            try:
                document, changes = await _reply(store, ports, chat, text, may_manage=may_manage)
            except UserError as problem:
                document = post.note(str(problem))
            except Later as problem:
                document = post.note(say(chat.language, "source_down", why=str(problem)))
            messages = await asyncio.to_thread(parts, platform, document)
        except Exception:
            log.exception("%r could not be answered", text)
            messages, changes = parts(platform, post.note(say(chat.language, "trouble"))), ()
        await store.answer(said_id, chat.id, messages, changes)
        ports.nudge(f"deliver:{chat.id}")
        if changes:
            ports.nudge(f"compose:{chat.id}")  # a wish may make a digest due; compose sees whether it did


async def _reply(store: Ledger, ports: Ports, chat: Chat, text: str, *, may_manage: bool) -> Reply:
    try:
        command, argument = commands.parse(text, chat.language)
    except UserError:
        if not text.lstrip().startswith("/"):
            try:
                found = arxiv_id.parse(text)
            except UserError:
                pass
            else:
                raise UserError(say(chat.language, "is_an_id", id=found)) from None
        raise
    asked = Asked(store, ports, chat, argument)
    changing = command.manages or (command.name == "settings" and argument)
    if changing and not may_manage:
        raise UserError(asked.say("admins_only"))
    return await _ANSWERS[command.name](asked)


# --- greetings


async def _start(asked: Asked) -> Reply:
    return post.note(asked.say("start"), asked.say("start_next", example=silence.EXAMPLE)), ()


async def _help(asked: Asked) -> Reply:
    lines = [line_(Span(asked.say("help"), "bold"), kind="heading")]
    lines += [
        line_(
            Span(f"/{command.name} {command.argument}".strip(), "code"), f"  {asked.say(command.does)}", kind="bullet"
        )
        for command in commands.COMMANDS
    ]
    lines.append(line_(asked.say("help_foot", example=EXAMPLE), kind="small"))
    return Post(tuple(lines)), ()


# --- topics


async def _subscribe(asked: Asked) -> Reply:
    if not asked.text:
        raise UserError(asked.say("subscribe_what", example=silence.EXAMPLE))
    node = query.parse(asked.text)
    topic = query.topic(node)
    label = " ".join(asked.text.split())
    subscriptions = await asked.store.subscriptions(asked.chat.id)
    for old in subscriptions:
        if old.topic.id == topic.id:
            raise UserError(asked.say("already", label=old.label))
    if len(subscriptions) >= _TOPICS:
        raise UserError(asked.say("too_many_topics", count=_TOPICS))
    now = asked.ports.clock.now()
    found = await asked.ports.archive.find(topic.fts, since=now - silence.LOOK_BACK * _DAY)
    reading = "reading_topic" if query.is_topic(node) else "reading_query"
    lines = [
        line_(Span(asked.say("subscribed", label=label), "bold"), kind="heading"),
        line_(asked.say(reading, reading=query.show(node))),
        *await _preview(asked, found),
    ]
    next_at = times.next_digest(asked.chat, now)
    lines.append(line_(_next(asked, asked.chat, next_at)))
    undo = Button(asked.say("button_undo"), f"/unsubscribe {label}")
    return Post(tuple(lines), buttons=(undo,)), (Subscribe(topic, label, tuple(found), next_at),)


async def _preview(asked: Asked, found: Sequence[str]) -> list[Line]:
    language = asked.chat.language
    if not found:
        known = await asked.store.high_water("harvest")
        return [line_(asked.say("preview_empty" if known is None else "preview_none", days=silence.LOOK_BACK))]
    key = "preview" if len(found) > _SAMPLES else "preview_all"
    lines = [line_(asked.say(key, days=silence.LOOK_BACK, count=post.papers(language, len(found))))]
    samples = [await asked.store.paper(id_) for id_ in found[:_SAMPLES]]
    lines += [line_(post.title(paper), kind="bullet") for paper in samples if paper]
    if (rate := round(len(found) / silence.LOOK_BACK)) > _MANY:
        lines.append(line_(asked.say("preview_many", rate=rate)))
    return lines


def _find(asked: Asked, subscriptions: Sequence[Subscription]) -> Subscription:
    text = " ".join(asked.text.split())
    try:
        wanted = query.topic(query.parse(text)).id
    except UserError:
        wanted = ""
    for same in (
        lambda s, _: s.label == text,
        lambda s, _: s.topic.id == wanted,
        lambda s, _: s.label.casefold() == text.casefold(),
        lambda _, place: str(place) == text,
    ):
        for place, subscription in enumerate(subscriptions, 1):
            if same(subscription, place):
                return subscription
    raise UserError(asked.say("not_yours", text=text))


async def _unsubscribe(asked: Asked) -> Reply:
    subscriptions = await asked.store.subscriptions(asked.chat.id)
    if not subscriptions:
        raise UserError(asked.say("no_topics", example=silence.EXAMPLE))
    if not asked.text:
        document, _ = await _topics(asked)
        return replace(document, foot=(line_(asked.say("unsubscribe_what")),)), ()
    subscription = _find(asked, subscriptions)
    return post.note(asked.say("unsubscribed", label=subscription.label)), (Unsubscribe(subscription.topic.id),)


async def _topics(asked: Asked) -> Reply:
    subscriptions = await asked.store.subscriptions(asked.chat.id)
    if not subscriptions:
        raise UserError(asked.say("no_topics", example=silence.EXAMPLE))
    since = asked.ports.clock.now() - silence.LOOK_BACK * _DAY
    lines = [line_(Span(asked.say("topics"), "bold"), kind="heading")]
    for place, subscription in enumerate(subscriptions, 1):
        found = await asked.ports.archive.find(subscription.topic.fts, since=since)
        counted = post.papers(asked.chat.language, len(found))
        lines.append(
            line_(
                f"{place}  {asked.say('topic_week', label=subscription.label, count=counted, days=silence.LOOK_BACK)}"
            )
        )
    buttons = tuple(
        Button(asked.say("button_remove", place=place), f"/unsubscribe {subscription.label}")
        for place, subscription in enumerate(subscriptions[:_FOUND], 1)
    )
    return Post(tuple(lines), buttons=buttons), ()


# --- papers


async def _rows(asked: Asked, papers: Sequence[tuple[Paper, str]]) -> list[tuple[Paper, Summary, str]]:
    return [(paper, await summary_of(asked.store, asked.ports, paper), label) for paper, label in papers]


async def _latest(asked: Asked) -> Reply:
    papers = await asked.store.latest(asked.chat.id, _FOUND)
    if not papers:
        if not await asked.store.subscriptions(asked.chat.id):
            raise UserError(asked.say("no_topics", example=silence.EXAMPLE))
        raise UserError(asked.say("latest_none"))
    head = asked.say("latest", count=post.papers(asked.chat.language, len(papers)))
    return post.listing(head, await _rows(asked, papers), asked.chat.language, asked.ports.clock.now()), ()


async def _search(asked: Asked) -> Reply:
    if not asked.text:
        raise UserError(asked.say("search_what", example=silence.EXAMPLE))
    node = query.parse(asked.text)
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
    head = asked.say("search", count=post.papers(asked.chat.language, len(found)), reading=reading)
    rows = await _rows(asked, [(p, "") for p in found])
    return post.listing(head, rows, asked.chat.language, asked.ports.clock.now(), *notes), ()


async def _summarize(asked: Asked) -> Reply:
    if not asked.text:
        raise UserError(asked.say("summarize_what"))
    wanted = arxiv_id.parse(asked.text)
    document = await read(asked.store, asked.ports, wanted, asked.chat.language)
    return document, ()


async def read(store: Ledger, ports: Ports, wanted: arxiv_id.ArxivId, language: str) -> Post:
    """Answer `/summarize`: a paper from the ledger, else from its source; raises UserError or Later."""
    paper = await store.paper(wanted.base)
    if paper is None or (wanted.version and wanted.version != paper.version):
        found = await ports.source.fetch([str(wanted)])
        if not found:
            raise UserError(say(language, "no_such_paper", id=wanted))
        paper = found[0]
    return post.reading(paper, await summary_of(store, ports, paper), language, ports.clock.now())


async def _digest(asked: Asked) -> Reply:
    waiting = await asked.store.waiting(asked.chat.id)
    if not waiting:
        raise UserError(await silence.reason(asked.store, asked.chat))
    counted = post.papers(asked.chat.language, waiting)
    text = asked.say("coming" if waiting == 1 else "coming_many", count=counted)
    return post.note(text), (Wake(asked.ports.clock.now()),)


# --- settings and status


async def _settings(asked: Asked) -> Reply:
    if not asked.text:
        head = line_(Span(asked.say("settings"), "bold"), kind="heading")
        lines = [line_(_setting(asked, asked.chat, name), kind="bullet") for name in _SETTINGS]
        buttons = (Button("mode asap", "/settings mode asap"), Button("mode daily", "/settings mode daily"))
        return Post((head, *lines, line_(asked.say("settings_how"), kind="small")), buttons=buttons), ()
    name, _, value = asked.text.partition(" ")
    name, value = name.casefold(), value.strip()
    if not value and name in _SETTINGS:
        return post.note(_setting(asked, asked.chat, name), asked.say("settings_how")), ()
    chat = _changed(asked, name, value)
    now = asked.ports.clock.now()
    next_at = times.next_digest(chat, now)
    texts = [asked.say("setting_done", line=_setting(asked, chat, name)), _next(asked, chat, next_at)]
    # without an hour, what waited for one comes at once; if nothing waits, compose finds that out
    return post.note(*texts), (SetChat(replace(chat, next_at=now if next_at is None else next_at)),)


def _next(asked: Asked, chat: Chat, at: int | None) -> str:
    if at is None:
        return asked.say("next_asap")
    return asked.say("next_daily", when=times.moment(at, chat.zone), zone=chat.zone)


def _setting(asked: Asked, chat: Chat, name: str) -> str:
    if name == "mode":
        return asked.say(f"setting_mode_{chat.mode}")
    if name == "time":
        return asked.say("setting_time", value=f"{chat.minute // 60:02}:{chat.minute % 60:02}")
    return asked.say("setting_zone", value=chat.zone)


def _changed(asked: Asked, name: str, value: str) -> Chat:
    chat = asked.chat
    if name == "mode":
        if value == "daily":
            return replace(chat, mode="daily")
        if value == "asap":
            return replace(chat, mode="asap")
        raise UserError(asked.say("setting_bad_mode", value=value))
    if name == "time":
        hour, _, minute = value.partition(":")
        minute = minute or "00"
        if not (hour.isascii() and hour.isdecimal() and minute.isascii() and minute.isdecimal()):
            raise UserError(asked.say("setting_bad_time", value=value))
        if len(hour) > 2 or len(minute) != 2 or int(hour) > 23 or int(minute) > 59:  # noqa: PLR2004 - a clock face
            raise UserError(asked.say("setting_bad_time", value=value))
        return replace(chat, minute=int(hour) * 60 + int(minute))
    if name == "zone":
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UserError(asked.say("setting_bad_zone", value=value)) from None
        return replace(chat, zone=value)
    raise UserError(asked.say("setting_unknown", name=name))


async def _status(asked: Asked) -> Reply:
    store, chat, language = asked.store, asked.chat, asked.chat.language
    texts = []
    run = await store.last_run("harvest")
    if run is None:
        texts.append(asked.say("status_never"))
    elif run.outcome == "failed":
        when, next_ = times.moment(run.ended_at, chat.zone), silence.moment(run.next_at, chat)
        texts.append(asked.say("status_failed", when=when, why=run.detail, next=next_))
    else:
        papers = count(language, run.papers, "paper_one", "papers")
        texts.append(asked.say("status_run", when=times.moment(run.ended_at, chat.zone), papers=papers))
    last = await store.last_digest(chat.id)
    texts.append(
        asked.say("status_digest", when=times.moment(last, chat.zone)) if last else asked.say("status_no_digest")
    )
    topics, waiting = len(await store.subscriptions(chat.id)), await store.waiting(chat.id)
    if topics and chat.mode == "asap":
        texts.append(asked.say("status_asap"))
    elif topics and chat.next_at:
        texts.append(asked.say("status_next", when=times.moment(chat.next_at, chat.zone), zone=chat.zone))
    counted = count(language, topics, "count_topic_one", "count_topics")
    texts.append(asked.say("status_topics", topics=counted, waiting=post.papers(language, waiting)))
    if topics and not waiting:
        texts.append(await silence.reason(store, chat))
    head = line_(Span(asked.say("status"), "bold"), kind="heading")
    return Post((head, *(line_(text, kind="bullet") for text in texts))), ()


_ANSWERS: dict[str, Callable[[Asked], Awaitable[Reply]]] = {
    "start": _start,
    "help": _help,
    "subscribe": _subscribe,
    "unsubscribe": _unsubscribe,
    "topics": _topics,
    "latest": _latest,
    "search": _search,
    "digest": _digest,
    "summarize": _summarize,
    "settings": _settings,
    "status": _status,
}
