"""/tune, /mute, /unmute: one topic, how it is read, what it brings at each level, what it has learned."""

from dataclasses import replace

from bot.core import grading, query, wish
from bot.core.commands import LEVELS
from bot.errors import UserError
from bot.flow.answers import wishes
from bot.flow.answers.asked import Asked, Reply
from bot.flow.answers.topics import find, mine, one, which
from bot.flow.answers.wishes import Read
from bot.flow.week import Week
from bot.model import Level, Mute, Post, Retune, SetLevel, Span, Subscription, Unlearn
from bot.model import line as line_

_CLEAR = ("-", "–", "none")  # what empties a clause


async def tune(asked: Asked) -> Reply:
    """One topic, and all that can be done with it: a level, new wording, forgetting what it has learned."""
    word, _, rest = asked.text.partition(" ")
    if await _called(asked, asked.text):
        word = ""  # a topic may be called "strict convexity" or "forget gates"
    if word in LEVELS and rest:
        return await _level(replace(asked, text=rest.strip()), Level[word.upper()])
    if word == "forget" and rest:
        return await _forget(replace(asked, text=rest.strip()))
    name, clauses = wish.split(asked.text.removeprefix("save "), asked.language)
    if clauses:
        return await _reword(asked, name, clauses, save=word == "save")
    subscription = await one(asked)
    if subscription is None:
        return await which(asked, "tune_what")
    return await card(asked, subscription), ()


async def _called(asked: Asked, text: str) -> bool:
    return any(each.label.casefold() == text.casefold() for each in await asked.store.subscriptions(asked.chat.id))


def _read(asked: Asked, subscription: Subscription) -> Read:
    wanted = wish.read(subscription.wish or subscription.label, asked.language)
    node, _ = wish.topic(wanted, asked.language)
    return Read(wanted, node, subscription.topic, subscription.level)


async def _level(asked: Asked, level: Level) -> Reply:
    old = find(asked, await mine(asked), asked.text)
    if not old.topic.judged:
        raise UserError(asked.say("tune_query", label=old.label))
    if old.level == level:
        return await card(asked, old), ()
    return await card(asked, replace(old, level=level), note="tuned"), (SetLevel(old.topic.id, level),)


async def _forget(asked: Asked) -> Reply:
    old = find(asked, await mine(asked), asked.text)
    return await card(asked, replace(old, likes=0, dislikes=0), note="unlearned"), (Unlearn(old.topic.id),)


async def _reword(asked: Asked, name: str, clauses: dict[str, str], *, save: bool) -> Reply:
    """Change some clauses of a wish: first what that would bring, then, told to, do it."""
    subscriptions = await mine(asked)
    old = find(asked, subscriptions, name)
    before = wish.read(old.wish or old.label, asked.language)
    after = wish.changed(
        before, {key: "" if value in _CLEAR else value for key, value in clauses.items()}, asked.language
    )
    node, topic = wish.topic(after, asked.language)
    level = old.level or (Level.NORMAL if topic.judged else Level.RULE)
    found = Read(after, node, topic, level if topic.judged else Level.RULE)
    text = wish.write(after)
    new = replace(old, topic=topic, level=found.level, wish=text)
    if topic.id == old.topic.id:
        return await card(asked, old), ()
    week = await wishes.lately(asked, topic, votes=old.topic.id)
    if save:
        return (
            await card(asked, new, note="tuned", week=week),
            (Retune(old.topic.id, topic, old.label, week.found, found.level, text, week.weighed),),
        )
    lines = [
        line_(Span(old.label, "bold"), kind="heading"),
        *wishes.reading(asked, found),
        *await wishes.preview(asked, week, found.level),
    ]
    if topic.judged and week.matches:
        lines.append(wishes.levels(asked, week, found.level))
    changed = "".join(f"; {key}: {value}" for key, value in clauses.items())
    buttons = (
        asked.button("button_save", "tune", f"save {old.label}{changed}"),
        asked.button("button_cancel", "tune", old.label),
    )
    return Post(tuple(lines), buttons=buttons), ()


async def card(asked: Asked, subscription: Subscription, *, note: str = "", week: Week | None = None) -> Post:
    """Everything about one topic."""
    label, level = subscription.label, subscription.level
    found = _read(asked, subscription)
    week = week or await wishes.lately(asked, subscription.topic)
    lines = [line_(Span(label, "bold"), kind="heading")]
    if note:
        lines.append(line_(asked.say(note)))
    lines += [*wishes.reading(asked, found), *await wishes.preview(asked, week, level)]
    if subscription.topic.judged and week.matches:
        lines.append(wishes.levels(asked, week, level))
    if subscription.likes or subscription.dislikes:
        lines.append(line_(asked.say("learned", likes=subscription.likes, dislikes=subscription.dislikes)))
    elif subscription.topic.judged and not found.topic.meaning.definition:
        lines.append(line_(asked.say("name_examples"), kind="small"))
    if subscription.muted:
        lines.append(line_(asked.say("is_muted")))
        buttons = [asked.button("button_unmute", "unmute", label)]
    else:
        buttons = [asked.button("button_mute", "mute", label)]
    if subscription.topic.judged:
        for key, other in (("button_stricter", level + 1), ("button_broader", level - 1)):
            if other in grading.NAMES:
                buttons.append(asked.button(key, "tune", f"{grading.NAMES[Level(other)]} {label}"))
    if subscription.likes or subscription.dislikes:
        buttons.append(asked.button("button_forget", "tune", f"forget {label}"))
    if query.is_topic(found.node):
        buttons.append(asked.button("button_wording", "reword", label))
    buttons += [asked.button("button_remove", "unsubscribe", label), asked.button("button_topics", "topics")]
    return Post(tuple(lines), buttons=tuple(buttons))


async def reword(asked: Asked) -> Reply:
    """What to copy, change and send again."""
    subscription = await one(asked)
    if subscription is None:
        return await which(asked, "tune_what")
    _, clauses = wish.split(subscription.wish or subscription.label)
    shown = clauses or {"also": "…", "not": "…"}
    text = subscription.label + "".join(f"; {key}: {value}" for key, value in shown.items())
    lines = (
        line_(asked.say("wording_how")),
        line_(Span(asked.command("tune", text), "code")),
        line_(asked.say("wording_clauses"), kind="small"),
    )
    return Post(lines), ()


async def mute(asked: Asked) -> Reply:
    """Hear nothing of a topic until it is unmuted."""
    return await _muted(asked, muted=True)


async def unmute(asked: Asked) -> Reply:
    """Hear of a topic again, from now on."""
    return await _muted(asked, muted=False)


async def _muted(asked: Asked, *, muted: bool) -> Reply:
    subscription = await one(asked)
    if subscription is None:
        return await which(asked, "mute_what" if muted else "unmute_what")
    new = replace(subscription, muted=muted)
    note = "" if muted else "unmuted"
    return await card(asked, new, note=note), (Mute(subscription.topic.id, muted),)
