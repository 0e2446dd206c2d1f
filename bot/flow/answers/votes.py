"""/why, /near, /like, /dislike: why a paper came or did not, what came close, and what to learn from that."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from bot.core import arxiv_id, grading, post, reasons, relevance, times, wish
from bot.core.candidates import NEAR, Found, Scored
from bot.core.terms import Vector
from bot.errors import UserError
from bot.flow import silence
from bot.flow.answers import wishes
from bot.flow.answers.asked import DAY, Asked, Reply
from bot.flow.answers.topics import find, mine
from bot.model import Button, Level, Line, Paper, Post, Span, Standing, Subscription, Taste, Topic, Vote
from bot.model import line as line_

_NEAR = 5  # near misses shown
_RECENT = 14 * DAY  # ms for which votes move what came close before them
_WEIGHED = 500  # papers of a topic that they move


def _named(asked: Asked, key: str) -> tuple[str, str]:
    """(base id, the rest) of '2411.19525 talking heads'."""
    first, _, rest = asked.text.partition(" ")
    if not first:
        raise UserError(asked.say(key))
    return arxiv_id.parse(first, asked.language).base, rest.strip()


async def why(asked: Asked) -> Reply:
    """Where a paper stands with each topic, and where it stopped if it did not come."""
    id_, name = _named(asked, "why_what")
    subscriptions = await mine(asked)
    if name:
        subscriptions = [find(asked, subscriptions, name)]
    paper, seen = await asked.store.paper(id_), await asked.store.matched(id_)
    if paper is None or seen is None:
        raise UserError(asked.say("why_unknown", id=id_))
    lines = [line_(post.title(paper), kind="heading")]
    came = await asked.store.delivered(asked.chat.id, id_)
    if came:
        key = "why_came" if came[2] else "why_on_its_way"
        lines.append(line_(asked.say(key, label=came[1], when=asked.moment(came[2]) if came[2] else "")))
    told = []
    for subscription in subscriptions:
        passed, text = await _standing(asked, subscription, paper, seen, came)
        told.append((passed, subscription.label, text))
    told.sort(key=lambda row: -row[0])  # what lets it pass first
    for passed, label, text in told[:_NEAR]:
        mark = "✓" if passed else "✕"
        lines.append(line_(f"{mark} ", Span(label, "bold"), Span(f": {text}", theirs=True), kind="bullet"))
    if len(told) > _NEAR:
        lines.append(line_(asked.say("why_others", count=len(told) - _NEAR), kind="small"))
    return Post(tuple(lines), buttons=vote_buttons(asked, id_)), ()


def vote_buttons(asked: Asked, id_: str) -> tuple[Button, ...]:
    """More of this, less of this."""
    return tuple(asked.button(f"button_{name}", name, id_, edits=False) for name in ("like", "dislike"))


async def _standing(
    asked: Asked,
    subscription: Subscription,
    paper: Paper,
    seen: tuple[int, bool, int],
    came: tuple[str, str, int] | None,
) -> tuple[bool, str]:
    """Whether a topic lets a paper pass, and why, in a sentence."""
    topic = subscription.topic
    kept = await asked.store.standing(asked.chat.id, topic.id, paper.id)
    if kept is None and not seen[2]:
        return False, asked.say("why_not_matched")
    standing = kept or await _now(asked, topic, paper)
    if isinstance(standing, str):
        return False, standing
    found, followed = grading.features(standing.match)
    passes = standing.match.grade + standing.moved >= subscription.level
    if followed:
        text = asked.say("why_author", names=", ".join(topic.authors))
    elif not topic.judged or found is None:
        text = asked.say("why_rule")
    else:
        level = Level(max(subscription.level, Level.BROAD))
        parts = [reasons.evidence(found, asked.language)]
        if standing.verdict:
            key = f"why_judged_{standing.verdict}"
            parts.append(asked.say(key, reason=f": “{standing.reason}”" if standing.reason else ""))
        else:
            parts.append(reasons.distance(topic, standing, found, level, asked.language))
        parts.append(reasons.votes(standing, subscription.likes, subscription.dislikes, asked.language))
        text = "; ".join(part for part in parts if part) + "."
    if not passes or (came and came[0] == topic.id):
        return passes, text
    return passes, text + _held(asked, subscription, standing, seen, came)


def _held(
    asked: Asked,
    subscription: Subscription,
    standing: Standing,
    seen: tuple[int, bool, int],
    came: tuple[str, str, int] | None,
) -> str:
    """Why what passes was not sent, or not under this topic."""
    if came:
        return " " + asked.say("why_once", label=came[1])
    if subscription.muted:
        return " " + asked.say("why_muted")
    at = standing.at or (0 if seen[1] else seen[0])  # what the topic as it was did not find was new all the same
    if at < subscription.since:
        return " " + asked.say("why_before", when=asked.moment(subscription.since))
    if asked.chat.suspended:
        return " " + asked.say("why_suspended")
    if not standing.waits:
        return " " + asked.say("why_past")
    return " " + asked.say("why_next")


async def _now(asked: Asked, topic: Topic, paper: Paper) -> Standing | str:
    """How a paper stands that was not kept with a topic: older than it, or never close, which is a sentence."""
    frequencies = await asked.ports.archive.frequencies()
    taste = await asked.store.taste(asked.chat.id, topic.id)

    def look() -> Standing | str:
        with Scored([paper], frequencies) as day:
            if topic.drop and day.ids(topic.drop):
                return asked.say("why_dropped")
            found = day.found(grading.wanted(topic, frequencies))
            followed = bool(topic.by and day.ids(topic.by))
        if not found and not topic.plain:
            return asked.say("why_no_rule")
        if not found:
            features = grading.features_of(topic, paper, frequencies)
            if features.cosine < NEAR:
                return asked.say("why_far", cosine=f"{features.cosine:.2f}")
            found = [Found(paper.id, "near", relevance.score(features), features)]
        match = grading.match(topic, found[0], followed=followed)
        moved = (
            grading.weigh(topic, match, grading.learned(taste), grading.vector(paper, frequencies)) if taste else None
        )
        return Standing(match, 0, "", "", "", moved.shift if moved else 0.0, moved.moved if moved else 0)

    return await asyncio.to_thread(look)


async def near(asked: Asked) -> Reply:
    """What came close lately and did not pass."""
    await mine(asked)
    since = asked.ports.clock.now() - silence.LOOK_BACK * DAY
    found = await asked.store.near(asked.chat.id, since, _NEAR)
    if not found:
        raise UserError(asked.say("near_none", days=silence.LOOK_BACK))
    subscriptions = {each.topic.id: each for each in await mine(asked)}
    lines: list[Line] = [line_(Span(asked.say("near", days=silence.LOOK_BACK), "bold"), kind="heading")]
    buttons = []
    now = asked.ports.clock.now()
    for place, (paper, topic, label, _) in enumerate(found, 1):
        _, text = await _standing(asked, subscriptions[topic], paper, (0, False, 1), None)
        lines.append(line_(f"{place}  ", post.title(paper), kind="heading"))
        lines.append(
            line_(Span(f"{paper.id} · {times.date(paper.published, now, asked.language)}", "dim"), kind="small")
        )
        lines.append(line_(Span(label, "bold"), Span(f": {text}", theirs=True)))
        label_ = asked.say("button_like_place", place=place)
        buttons.append(Button(label_, asked.command("like", f"{paper.id} {label}")))
    return Post(tuple(lines), foot=(line_(asked.say("near_how"), kind="small"),), buttons=tuple(buttons)), ()


# --- votes


async def like(asked: Asked) -> Reply:
    """More like this paper."""
    return await _vote(asked, 1)


async def dislike(asked: Asked) -> Reply:
    """Not for me."""
    return await _vote(asked, -1)


async def _vote(asked: Asked, value: int) -> Reply:
    name_ = "like" if value > 0 else "dislike"
    id_, name = _named(asked, f"{name_}_what")
    subscriptions = [each for each in await mine(asked) if each.topic.judged]
    if name:
        chosen = [find(asked, await mine(asked), name)]
        if not chosen[0].topic.judged:
            raise UserError(asked.say("vote_query", label=chosen[0].label))
    else:
        chosen = await _meant(asked, subscriptions, id_)
    if not subscriptions:
        raise UserError(asked.say("vote_no_topic"))
    if len(chosen) != 1:
        buttons = tuple(
            Button(each.label, asked.command(name_, f"{id_} {each.label}"), edits=True)
            for each in chosen or subscriptions
        )
        return post.note(asked.say("vote_which", id=id_), buttons=buttons[: _NEAR * 2]), ()
    paper = await wishes.known(asked, id_)
    return await _voted(asked, chosen[0], paper, value)


async def _meant(asked: Asked, subscriptions: Sequence[Subscription], id_: str) -> list[Subscription]:
    """The topics that a paper came or nearly came under."""
    if len(subscriptions) == 1:
        return list(subscriptions)
    came = await asked.store.delivered(asked.chat.id, id_)
    under = [each for each in subscriptions if came and each.topic.id == came[0]]
    if under:
        return under
    return [each for each in subscriptions if await asked.store.standing(asked.chat.id, each.topic.id, id_)]


async def _voted(asked: Asked, subscription: Subscription, paper: Paper, value: int) -> Reply:
    """Count a vote, and say what it moves."""
    topic, chat = subscription.topic, asked.chat.id
    mine_ = await asked.store.votes_of(chat, topic.id, asked.author)
    sums = {other.id: (other, number) for other, number in await asked.store.votes(chat, topic.id)}
    before = sums.get(paper.id, (paper, 0))[1]
    sums[paper.id] = (paper, before - mine_.get(paper.id, 0) + value)
    since = asked.ports.clock.now() - _RECENT
    recent = await asked.store.recent(topic.id, since, _WEIGHED)
    frequencies = await asked.ports.archive.frequencies()

    def learn() -> Taste:
        def vectors(sign: int) -> list[Vector]:
            return [grading.vector(other, frequencies) for other, number in sums.values() if number * sign > 0]

        taste = grading.taste(chat, topic.id, vectors(1), vectors(-1))
        learned = grading.learned(taste)
        moved = [grading.weigh(topic, match, learned, grading.vector(other, frequencies)) for other, match in recent]
        return replace(taste, weighed=tuple(each for each in moved if each))

    taste = await asyncio.to_thread(learn)
    key = "liked" if value > 0 else "disliked"
    lines = [
        line_(asked.say(key, label=subscription.label), " ", post.title(paper)),
        line_(asked.say("learned", likes=taste.likes, dislikes=taste.dislikes), kind="small"),
    ]
    buttons = [asked.button("button_tune", "tune", subscription.label, edits=False)]
    if value < 0 and (word := await asyncio.to_thread(grading.telling, topic, paper, frequencies)):
        lines.append(line_(asked.say("leave_out_how", word=word), kind="small"))
        without = ", ".join((*_without(subscription), word))
        buttons.insert(
            0, asked.button("button_leave_out", "tune", f"{subscription.label}; without: {without}", word=word)
        )
    return Post(tuple(lines), buttons=tuple(buttons)), (Vote(topic.id, paper.id, asked.author, value, taste),)


def _without(subscription: Subscription) -> tuple[str, ...]:
    return wish.read(subscription.wish or subscription.label).without
