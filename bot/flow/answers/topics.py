"""/subscribe, /follow, /unsubscribe, /topics, /tune, /mute: what a chat wants to hear of."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core import post, query, times
from bot.core.commands import LEVELS
from bot.core.query_ast import Node
from bot.errors import UserError
from bot.flow import silence
from bot.flow.answers.asked import DAY, Asked, Reply, next_digest
from bot.model import (
    Button,
    Change,
    Line,
    Mode,
    Mute,
    Post,
    Retune,
    SetChat,
    Span,
    Subscribe,
    Subscription,
    Topic,
    Unsubscribe,
)
from bot.model import line as line_

EXAMPLES = ("graph neural networks", "protein language models", "cat:cs.CL AND abs:agents")
_SAMPLES = 3
_MANY = 30  # papers a day from which on a topic is more than anybody reads (facts: matching, "Other costs")
_MODES: tuple[Mode, ...] = ("daily", "asap")
_TOPICS = 200  # a chat's limit: more is a mistake, or somebody who means harm
_PAGE = 8


# --- how a topic was read


def _read(asked: Asked, text: str) -> tuple[Node, Topic, str]:
    node = query.parse(text, asked.language)
    return node, query.topic(node), " ".join(text.split())


def _strict(label: str) -> str:
    """Words as one phrase."""
    return f'"{label.replace(chr(34), "")}"'


def _tuned(label: str, asked: Asked) -> tuple[str, str] | None:
    """(level, label at the other level) of a topic in words; None for a query, which says itself what it wants."""
    bare = label.strip('"')
    if '"' in bare or not query.is_topic(query.parse(bare, asked.language)) or " " not in bare:
        return None
    if label == _strict(bare):
        return "strict", bare
    return ("normal", _strict(label)) if label == bare else None


def _reading(asked: Asked, node: Node, label: str) -> Line:
    if (level := _tuned(label, asked)) and level[0] == "strict":
        return line_(asked.say("reading_phrase", reading=label.strip('"')))
    key = "reading_topic" if query.is_topic(node) else "reading_query"
    return line_(asked.say(key, reading=query.show(node)))


async def _found(asked: Asked, topic: Topic) -> list[str]:
    since = asked.ports.clock.now() - silence.LOOK_BACK * DAY
    return await asked.ports.archive.find(topic.fts, since=since)


async def _preview(asked: Asked, found: Sequence[str]) -> list[Line]:
    if not found:
        known = await asked.store.high_water("harvest")
        return [line_(asked.say("preview_empty" if known is None else "preview_none", days=silence.LOOK_BACK))]
    key = "preview" if len(found) > _SAMPLES else "preview_all"
    lines = [line_(asked.say(key, days=silence.LOOK_BACK, count=post.papers(asked.language, len(found))))]
    samples = [await asked.store.paper(id_) for id_ in found[:_SAMPLES]]
    lines += [line_(post.title(paper), kind="bullet") for paper in samples if paper]
    if (rate := round(len(found) / silence.LOOK_BACK)) > _MANY:
        lines.append(line_(asked.say("preview_many", rate=rate)))
    return lines


# --- wishing


def _wished(asked: Asked) -> tuple[Asked, Mode | None]:
    """Take 'mode=asap' off what follows the command."""
    for mode in _MODES:
        if asked.text.startswith(f"mode={mode}"):
            return replace(asked, text=asked.text.removeprefix(f"mode={mode}").strip()), mode
    return asked, None


async def _new(asked: Asked) -> tuple[Node, Topic, str]:
    if not asked.text:
        raise UserError(asked.say("subscribe_what", example=silence.EXAMPLE))
    node, topic, label = _read(asked, asked.text)
    subscriptions = await asked.store.subscriptions(asked.chat.id)
    for old in subscriptions:
        if old.topic.id == topic.id:
            raise UserError(asked.say("already", label=old.label))
    if len(subscriptions) >= _TOPICS:
        raise UserError(asked.say("too_many_topics", count=_TOPICS))
    return node, topic, label


async def subscribe(asked: Asked) -> Reply:
    """Show how a topic is read and what it would have brought, and ask."""
    asked, mode = _wished(asked)
    node, topic, label = await _new(asked)
    flag = f"mode={mode} " if mode else ""
    lines = [
        line_(Span(label, "bold"), kind="heading"),
        _reading(asked, node, label),
        *await _preview(asked, await _found(asked, topic)),
    ]
    if asked.away:
        lines.append(line_(asked.say("for_chat", title=asked.chat.title), kind="small"))
    lines += await _lacks(asked)
    buttons = [asked.button("button_subscribe", "follow", flag + label)]
    if level := _tuned(label, asked):
        key = "button_stricter" if level[0] == "normal" else "button_broader"
        buttons.append(asked.button(key, "subscribe", flag + level[1]))
    buttons.append(asked.button("button_cancel", "cancel"))
    return Post(tuple(lines), buttons=tuple(buttons)), ()


async def follow(asked: Asked) -> Reply:
    """Subscribe at once."""
    asked, mode = _wished(asked)
    node, topic, label = await _new(asked)
    found = await _found(asked, topic)
    chat = replace(asked.chat, mode=mode or asked.chat.mode)
    next_at = times.next_digest(chat, asked.ports.clock.now())
    lines = [
        line_(Span(asked.say("subscribed", label=label), "bold"), kind="heading"),
        _reading(asked, node, label),
        line_(asked.say("preview_count", days=silence.LOOK_BACK, count=post.papers(asked.language, len(found)))),
        line_(next_digest(asked, chat, next_at)),
        *await _lacks(asked),
    ]
    if not found:
        lines[2:3] = await _preview(asked, found)
    changes: list[Change] = [SetChat(replace(chat, next_at=next_at))] if mode else []
    changes.append(Subscribe(topic, label, tuple(found), next_at))
    buttons = (asked.button("button_undo", "unsubscribe", label), asked.button("button_topics", "topics", edits=False))
    return Post(tuple(lines), buttons=buttons), changes


async def _lacks(asked: Asked) -> list[Line]:
    """What we may not do in the chat, before it is needed."""
    platform = asked.ports.platforms[asked.chat.platform]
    text = await platform.lacks(replace(asked.chat, language=asked.language))
    return [line_(Span(text, "bold"))] if text else []


async def cancel(asked: Asked) -> Reply:
    """Leave everything as it is."""
    return post.note(asked.say("cancelled")), ()


# --- what there is


def _find(asked: Asked, subscriptions: Sequence[Subscription]) -> Subscription:
    text = " ".join(asked.text.split())
    try:
        wanted = query.topic(query.parse(text, asked.language)).id
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


async def _mine(asked: Asked) -> list[Subscription]:
    subscriptions = await asked.store.subscriptions(asked.chat.id)
    if not subscriptions:
        raise UserError(asked.say("no_topics", example=silence.EXAMPLE))
    return subscriptions


async def _one(asked: Asked) -> Subscription | None:
    """The topic that a command names; None if it names none."""
    subscriptions = await _mine(asked)
    return _find(asked, subscriptions) if asked.text else None


async def topics(asked: Asked) -> Reply:
    """A page of the chat's topics; a number opens one."""
    subscriptions = await _mine(asked)
    pages = -(-len(subscriptions) // _PAGE)
    page = min(max(int(asked.text), 1), pages) if asked.text.isascii() and asked.text.isdecimal() else 1
    first = (page - 1) * _PAGE
    shown = subscriptions[first : first + _PAGE]
    key = "topics" if pages == 1 else "topics_page"
    head = Span(asked.say(key, page=page, pages=pages), "bold")
    lines = [line_(head, *([f" · {asked.chat.title}"] if asked.away else []), kind="heading")]
    buttons = []
    for place, subscription in enumerate(shown, first + 1):
        if subscription.muted:
            text = asked.say("topic_muted", label=subscription.label)
        else:
            counted = post.papers(asked.language, len(await _found(asked, subscription.topic)))
            text = asked.say("topic_week", label=subscription.label, count=counted, days=silence.LOOK_BACK)
        lines.append(line_(f"{place}  {text}"))
        buttons.append(Button(str(place), asked.command("tune", subscription.label), edits=True))
    if page > 1:
        buttons.append(asked.button("button_back", "topics", str(page - 1)))
    if page < pages:
        buttons.append(asked.button("button_more", "topics", str(page + 1)))
    return Post(tuple(lines), foot=(line_(asked.say("topics_how"), kind="small"),), buttons=tuple(buttons)), ()


async def _which(asked: Asked, key: str) -> Reply:
    document, _ = await topics(replace(asked, text=""))
    return replace(document, foot=(line_(asked.say(key)),)), ()


async def unsubscribe(asked: Asked) -> Reply:
    """Drop a topic; one press brings it back."""
    subscription = await _one(asked)
    if subscription is None:
        return await _which(asked, "unsubscribe_what")
    buttons = (asked.button("button_undo", "follow", subscription.label), asked.button("button_topics", "topics"))
    text = asked.say("unsubscribed", label=subscription.label)
    return post.note(text, buttons=buttons), (Unsubscribe(subscription.topic.id),)


async def tune(asked: Asked) -> Reply:
    """One topic: how it is read, what it brought, and all that can be done with it."""
    level, _, rest = asked.text.partition(" ")
    if level in LEVELS and rest:
        return await _level(replace(asked, text=rest.strip()), level)
    subscription = await _one(asked)
    if subscription is None:
        return await _which(asked, "tune_what")
    return await _card(asked, subscription), ()


async def _level(asked: Asked, level: str) -> Reply:
    subscriptions = await _mine(asked)
    old = _find(asked, subscriptions)
    tuned = _tuned(old.label, asked)
    if tuned is None:
        raise UserError(asked.say("tune_query", label=old.label))
    if tuned[0] == level:
        return await _card(asked, old), ()
    _, topic, label = _read(asked, tuned[1])
    for other in subscriptions:
        if other.topic.id == topic.id:
            raise UserError(asked.say("already", label=other.label))
    found = await _found(asked, topic)
    new = replace(old, topic=topic, label=label)
    return await _card(asked, new, note="tuned"), (Retune(old.topic.id, topic, label, tuple(found)),)


async def _card(asked: Asked, subscription: Subscription, *, note: str = "") -> Post:
    label = subscription.label
    node = query.parse(label, asked.language)
    lines = [line_(Span(label, "bold"), kind="heading")]
    if note:
        lines.append(line_(asked.say(note)))
    lines += [_reading(asked, node, label), *await _preview(asked, await _found(asked, subscription.topic))]
    if subscription.muted:
        lines.append(line_(asked.say("is_muted")))
        buttons = [asked.button("button_unmute", "unmute", label)]
    else:
        buttons = [asked.button("button_mute", "mute", label)]
    if level := _tuned(label, asked):
        strict = level[0] == "normal"
        key, value = ("button_stricter", "strict") if strict else ("button_broader", "normal")
        buttons.append(asked.button(key, "tune", f"{value} {label}"))
    buttons += [asked.button("button_remove", "unsubscribe", label), asked.button("button_topics", "topics")]
    return Post(tuple(lines), buttons=tuple(buttons))


async def mute(asked: Asked) -> Reply:
    """Hear nothing of a topic until it is unmuted."""
    return await _muted(asked, muted=True)


async def unmute(asked: Asked) -> Reply:
    """Hear of a topic again, from now on."""
    return await _muted(asked, muted=False)


async def _muted(asked: Asked, *, muted: bool) -> Reply:
    subscription = await _one(asked)
    if subscription is None:
        return await _which(asked, "mute_what" if muted else "unmute_what")
    new = replace(subscription, muted=muted)
    note = "" if muted else "unmuted"
    return await _card(asked, new, note=note), (Mute(subscription.topic.id, muted),)
