"""/subscribe, /follow, /unsubscribe, /topics: what a chat wants to hear of."""

from collections.abc import Sequence
from dataclasses import replace

from bot.core import grading, post, query, times, wish
from bot.errors import UserError
from bot.flow import describe, silence
from bot.flow.answers import wishes
from bot.flow.answers.asked import DAY, Asked, Reply, next_digest
from bot.flow.answers.wishes import Read
from bot.model import (
    Button,
    Change,
    Level,
    Line,
    Post,
    SetChat,
    Span,
    Subscribe,
    Subscription,
    Unsubscribe,
)
from bot.model import line as line_

EXAMPLES = ("graph neural networks", "protein language models", "cat:cs.CL AND abs:agents")
_TOPICS = 200  # a chat's limit: more is a mistake, or somebody who means harm
_PAGE = 8
SLOW = frozenset({"subscribe", "follow"})
"""Commands whose answer may take its time."""


# --- wishing


async def _new(asked: Asked) -> Read:
    if not asked.text:
        raise UserError(asked.say("subscribe_what", example=silence.EXAMPLE))
    subscriptions = await asked.store.subscriptions(asked.chat.id)
    if len(subscriptions) >= _TOPICS:
        raise UserError(asked.say("too_many_topics", count=_TOPICS))
    found = await wishes.read(asked)
    words = query.key(found.node)
    for old in subscriptions:
        if query.key(query.parse(wish.read(old.wish or old.label).text)) == words:
            raise UserError(asked.say("already", label=old.label))
    return found


async def subscribe(asked: Asked) -> Reply:
    """Show how a topic is read and what it would have brought, and ask."""
    found = await _new(asked)
    week = await wishes.lately(asked, found.topic)
    lines = [
        line_(Span(found.label, "bold"), kind="heading"),
        *wishes.reading(asked, found),
        *await wishes.preview(asked, week, found.level),
    ]
    if found.topic.judged and week.matches:
        lines.append(wishes.levels(asked, week, found.level))
    if asked.away:
        lines.append(line_(asked.say("for_chat", title=asked.chat.title), kind="small"))
    lines += await lacks(asked)
    buttons = [asked.button("button_subscribe", "follow", found.text())]
    if found.topic.judged:
        for label, level in (("button_stricter", found.level + 1), ("button_broader", found.level - 1)):
            if level in grading.NAMES:
                buttons.append(asked.button(label, "subscribe", found.text(level)))
        buttons.append(asked.button("button_wording", "wording", found.text()))
    buttons.append(asked.button("button_cancel", "cancel"))
    return Post(tuple(lines), buttons=tuple(buttons)), ()


async def follow(asked: Asked) -> Reply:
    """Subscribe at once."""
    found = await _new(asked)
    week = await wishes.lately(asked, found.topic)
    chat = replace(asked.chat, mode=found.mode or asked.chat.mode)
    next_at = times.next_digest(chat, asked.ports.clock.now())
    counted = post.papers(asked.language, week.count(found.level))
    lines = [
        line_(Span(asked.say("subscribed", label=found.label), "bold"), kind="heading"),
        *wishes.reading(asked, found),
        line_(asked.say("preview_count", days=silence.LOOK_BACK, count=counted))
        if week.count(found.level)
        else (await wishes.preview(asked, week, found.level))[0],
        line_(next_digest(asked, chat, next_at)),
        *await lacks(asked),
    ]
    if found.topic.judged and not found.topic.meaning.definition:
        lines.append(line_(asked.say("name_examples"), kind="small"))
    changes: list[Change] = [SetChat(replace(chat, next_at=next_at))] if found.mode else []
    text = wish.write(found.wish)
    changes.append(Subscribe(found.topic, found.label, week.found, next_at, found.level, text))
    buttons = (
        asked.button("button_undo", "unsubscribe", found.label),
        asked.button("button_topics", "topics", edits=False),
    )
    return Post(tuple(lines), buttons=buttons), changes


async def slow(asked: Asked) -> str:
    """What to say while a model describes a topic; '' if it will not, or has."""
    topic = wishes.describes(asked)
    if not topic or await describe.known(asked.store, asked.ports, topic):
        return ""
    return asked.say("describing", topic=topic)


async def wording(asked: Asked) -> Reply:
    """What to copy, change and send again."""
    found = await wishes.read(asked)
    command = asked.command("subscribe", wish.write(found.wish))
    lines = (
        line_(asked.say("wording_how")),
        line_(Span(command, "code")),
        line_(asked.say("wording_clauses"), kind="small"),
    )
    return Post(lines), ()


async def lacks(asked: Asked) -> list[Line]:
    """What we may not do in the chat, before it is needed."""
    platform = asked.ports.platforms[asked.chat.platform]
    text = await platform.lacks(replace(asked.chat, language=asked.language))
    return [line_(Span(text, "bold"))] if text else []


async def cancel(asked: Asked) -> Reply:
    """Leave everything as it is."""
    return post.note(asked.say("cancelled")), ()


# --- what there is


def find(asked: Asked, subscriptions: Sequence[Subscription], text: str) -> Subscription:
    """The topic that is meant by its words, its wish or its number; raises UserError."""
    text = " ".join(text.split())
    try:
        wanted = query.key(query.parse(wish.read(text).text))
    except UserError:
        wanted = ""
    for same in (
        lambda s, _: s.label == text,
        lambda s, _: s.topic.key.partition(" {")[0] == wanted,
        lambda s, _: s.label.casefold() == text.casefold(),
        lambda _, place: str(place) == text,
    ):
        for place, subscription in enumerate(subscriptions, 1):
            if same(subscription, place):
                return subscription
    raise UserError(asked.say("not_yours", text=text))


async def mine(asked: Asked) -> list[Subscription]:
    """The chat's topics; raises UserError if it has none."""
    subscriptions = await asked.store.subscriptions(asked.chat.id)
    if not subscriptions:
        raise UserError(asked.say("no_topics", example=silence.EXAMPLE))
    return subscriptions


async def one(asked: Asked) -> Subscription | None:
    """The topic that a command names; None if it names none."""
    subscriptions = await mine(asked)
    return find(asked, subscriptions, asked.text) if asked.text else None


async def topics(asked: Asked) -> Reply:
    """A page of the chat's topics; a number opens one."""
    subscriptions = await mine(asked)
    pages = -(-len(subscriptions) // _PAGE)
    page = min(max(int(asked.text), 1), pages) if asked.text.isascii() and asked.text.isdecimal() else 1
    first = (page - 1) * _PAGE
    shown = subscriptions[first : first + _PAGE]
    counts = await asked.store.brought(asked.chat.id, asked.ports.clock.now() - silence.LOOK_BACK * DAY)
    key = "topics" if pages == 1 else "topics_page"
    head = Span(asked.say(key, page=page, pages=pages), "bold")
    lines = [line_(head, *([f" · {asked.chat.title}"] if asked.away else []), kind="heading")]
    buttons = []
    for place, subscription in enumerate(shown, first + 1):
        if subscription.muted:
            text = asked.say("topic_muted", label=subscription.label)
        else:
            counted = post.papers(asked.language, counts.get(subscription.topic.id, 0))
            text = asked.say("topic_week", label=subscription.label, count=counted, days=silence.LOOK_BACK)
            if subscription.level not in {Level.RULE, Level.NORMAL}:
                text += " · " + asked.say(f"level_{grading.NAMES[Level(subscription.level)]}")
        lines.append(line_(f"{place}  {text}"))
        buttons.append(Button(str(place), asked.command("tune", subscription.label), edits=True))
    if page > 1:
        buttons.append(asked.button("button_back", "topics", str(page - 1)))
    if page < pages:
        buttons.append(asked.button("button_more", "topics", str(page + 1)))
    return Post(tuple(lines), foot=(line_(asked.say("topics_how"), kind="small"),), buttons=tuple(buttons)), ()


async def which(asked: Asked, key: str) -> Reply:
    """Ask which topic is meant."""
    document, _ = await topics(replace(asked, text=""))
    return replace(document, foot=(line_(asked.say(key)),)), ()


async def unsubscribe(asked: Asked) -> Reply:
    """Drop a topic; one press brings it back."""
    subscription = await one(asked)
    if subscription is None:
        return await which(asked, "unsubscribe_what")
    text = subscription.wish or subscription.label
    if subscription.level:
        text = f"level={grading.NAMES[Level(subscription.level)]} {text}"
    buttons = (asked.button("button_undo", "follow", text), asked.button("button_topics", "topics"))
    text = asked.say("unsubscribed", label=subscription.label)
    return post.note(text, buttons=buttons), (Unsubscribe(subscription.topic.id),)
