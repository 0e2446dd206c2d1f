"""Explanations are true: each `/why` is made again from what the ledger holds, each place to stop has its sentence."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from bot.core import grading, relevance
from bot.errors import Later
from bot.model import Level, Match, Paper, Said, Standing, Subscription, Topic
from bot.words import say
from tests.fakes.graded import graded
from tests.fakes.house import DAY, SATURDAY, House, house, paper

Body = Callable[[House], Awaitable[None]]
TOPIC = "talking head generation"


def play(folder: Path, body: Body) -> None:
    """Run with a ledger that has looked at arXiv once: what comes now is new."""

    async def run() -> None:
        async with house(folder) as found:
            await found.day()
            await body(found)

    asyncio.run(run())


async def why(found: House, number: int, text: str = "") -> str:
    (told,) = await found.say(f"/why 2611.{number:05} {text}".strip())
    return told


# --- the property

WORDS = (  # noqa: SIM905 - forty of them
    "talking head portrait lip sync video audio driven galaxy merger black hole neutron star cluster graph neural "
    "network diffusion model survey speech face animation generation attention transformer wikipedia page the of and "
    "for in"
).split()
NAMES = ("Ada One", "Bo Two", "Cy Three")
WISHES = (
    "talking head generation",
    "talking head generation; means: a face that talks in a video; also: lip sync, talking face; not: attention head",
    "galaxy merger; not: black hole merger, neutron star merger; without: survey",
    "graph neural network; by: Cy Three",
    "cat:cs.CV AND abs:diffusion",
    "cat:cs.LG; means: speech that drives a portrait",
    "diffusion model; also: score matching",
    "lip sync; without: galaxy",
)


def invented(dice: Random, number: int) -> Paper:
    """A paper of words of all topics at once."""

    def words(least: int, most: int) -> str:
        return " ".join(dice.choices(WORDS, k=dice.randint(least, most)))

    found = paper(number, words(2, 7).capitalize(), abstract=words(8, 50).capitalize() + ".")
    return replace(found, authors=(dice.choice(NAMES),), categories=(dice.choice(("cs.CV", "cs.LG", "astro-ph.GA")),))


def allowed(topic: Topic, standing: Standing, level: int, likes: int, dislikes: int) -> tuple[set[str], set[str]]:
    """The numbers and the names that an explanation may say: from what is stored, and by the rules of the gate."""
    features, _ = grading.features(standing.match)
    assert features is not None
    at = grading.threshold(topic, features, Level(max(level, Level.BROAD)))
    numbers = {
        f"{100 * features.title_words:.0f}",
        f"{100 * features.abstract_words:.0f}",
        f"{features.hits}",
        f"{features.cosine:.2f}",
        f"{abs(relevance.score(features) + standing.shift - at):.2f}",
        f"{abs(standing.shift):.2f}",
        f"{likes}",
        f"{dislikes}",
    }
    return numbers, {features.title_alias, features.alias, features.against}


def follows(topic: Topic, standing: Match | Standing) -> None:
    """The score is that of the features, and the grade that of the score."""
    match = standing.match if isinstance(standing, Standing) else standing
    features, followed = grading.features(match)
    assert features is not None
    assert relevance.score(features) == match.score
    if followed or not topic.judged:
        assert match.grade == Level.STRICT
    else:
        passed = [level for level in grading.NAMES if match.score >= grading.threshold(topic, features, level)]
        assert match.grade == max(passed, default=Level.RULE)


def checked(text: str, subscription: Subscription, standing: Standing) -> None:
    """Every number and every quoted name of a sentence stands in what is stored, and the mark is right."""
    told = text.partition(f"{subscription.label}: ")[2]
    passes = standing.match.grade + standing.moved >= subscription.level
    assert text.startswith("✓" if passes else "✕")
    if "“" in told or "%" in told or "level" in told:
        evidence = told.partition(". Not sent")[0]
        evidence = evidence.partition(". It ")[0]
        topic = subscription.topic
        numbers, names = allowed(topic, standing, subscription.level, subscription.likes, subscription.dislikes)
        said = re.sub(r"“([^”]*)”", "", evidence)
        assert set(re.findall(r"“([^”]*)”", evidence)) <= names, (evidence, names)
        assert set(re.findall(r"\d+(?:\.\d+)?", said)) <= numbers, (evidence, numbers)
        assert ("above" in evidence) == passes or standing.verdict


@pytest.mark.parametrize("seed", range(3))
def test_every_explanation_is_made_of_what_is_stored(tmp_path: Path, seed: int) -> None:
    dice = Random(seed)
    papers = [invented(dice, number) for number in range(1, 41)]

    async def body(found: House) -> None:
        chat = found.chat().id
        await found.say("/start")
        for number, text in enumerate(WISHES):
            told = await found.say(f"/follow level={dice.choice(list(grading.NAMES.values()))} {text}")
            assert "Subscribed" in told[0] or number, told
        await found.day(*papers[:30])
        for each in dice.sample(papers[:30], 6):
            await found.say(f"/{dice.choice(('like', 'dislike'))} {each.id} 1")
        await found.day(*papers[30:])
        subscriptions = await found.store.subscriptions(chat)
        assert len(subscriptions) > 5
        seen = 0
        for each in papers:
            for subscription in subscriptions:
                standing = await found.store.standing(chat, subscription.topic.id, each.id)
                if standing is None:
                    continue
                seen += 1
                follows(subscription.topic, standing)
                if seen % 6 == 0:  # all of them are checked above; telling all would take long
                    answer = await found.say(f"/why {each.id} {subscription.label}")
                    (line,) = [row for row in answer[0].splitlines() if row[:1] in "✓✕"]
                    checked(line, subscription, standing)
        assert seen > 60
        await nearest(found)

    play(tmp_path, body)


async def nearest(found: House) -> None:
    """`/near` is what passes no topic and came close to one, each once, the best first; nothing that came."""
    chat = found.chat().id
    near = await found.store.near(chat, 0, 1000)
    ids = [each.id for each, *_ in near]
    assert len(set(ids)) == len(ids)
    scores = [score for *_, score in near]
    assert scores == sorted(scores, reverse=True)
    subscriptions = await found.store.subscriptions(chat)
    wanted = set()
    for each in found.source.papers:
        close = [
            row.match.grade + row.moved >= subscription.level
            for subscription in subscriptions
            if (row := await found.store.standing(chat, subscription.topic.id, each.id))
        ]
        if close and not any(close) and not await found.store.delivered(chat, each.id):
            wanted.add(each.id)
    assert set(ids) == wanted
    assert wanted, "or nothing is tested"
    told = await found.say("/near")
    shown = re.findall(r"^(2611\.\d{5}) ·", told[0], re.MULTILINE)
    assert shown == ids[: len(shown)]
    assert len(shown) == min(5, len(ids))
    for id_ in shown:
        told_ = await why(found, int(id_[5:]))
        assert "✕" in told_
        assert "✓" not in told_


def test_what_two_chats_learn_apart_leaves_what_they_share_as_it_was(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        other = found.chat("b")
        for chat in (found.chat(), other):
            await found.say(f"/follow {TOPIC}", chat)
        await found.day(paper(1, "Talking head generation"), *(graded(TOPIC, level, level + 2) for level in range(3)))
        await found.say("/like 2611.00003")
        await found.say("/unsubscribe 1")
        await found.press("Undo")  # what it brought is looked at once more, with the votes of before
        (subscription,) = await found.store.subscriptions(other.id)
        for number in (1, 2, 3, 4):
            standing = await found.store.standing(other.id, subscription.topic.id, f"2611.{number:05}")
            assert standing
            follows(subscription.topic, standing)
            assert (standing.shift, standing.moved) == (0.0, 0)

    play(tmp_path, body)


def test_what_the_archive_had_is_stored_without_the_votes_of_whoever_asks(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        old = [graded("talking machines", Level.RULE, number, SATURDAY - 2 * DAY) for number in range(10, 14)]
        await found.store.add_papers(old, baseline=True)
        await found.drain()
        await found.say("/follow talking machines")
        await found.say("/like 2611.00010")
        await found.say("/tune save 1; not: galaxies")
        (subscription,) = await found.store.subscriptions(found.chat().id)
        assert subscription.likes == 1
        seen = 0
        for each in old:
            standing = await found.store.standing("fake:b", subscription.topic.id, each.id)
            assert standing
            follows(subscription.topic, standing)
            mine = await found.store.standing(found.chat().id, subscription.topic.id, each.id)
            assert mine
            seen += mine.shift != 0
        assert seen == len(old), "what was learned moves along to the new wording"

    play(tmp_path, body)


def test_whoever_comes_back_with_votes_stores_what_all_share(tmp_path: Path) -> None:
    """The last other chat of a topic is gone, and its matches with it: they are made anew by one that has voted."""

    async def body(found: House) -> None:
        other = found.chat("b")
        for chat in (found.chat(), other):
            await found.say(f"/follow {TOPIC}", chat)
        await found.day(*(graded(TOPIC, level, level + 1) for level in range(3)))
        await found.say("/like 2611.00001")
        await found.say("/unsubscribe 1")
        await found.say("/delete_me", other)
        await found.press(say("en", "button_delete"), other)
        assert (await found.store.topics())[0] == []
        await found.press("Undo")
        assert (await one(found)).likes == 1
        for number in (1, 2, 3):
            standing = await found.store.standing(found.chat().id, (await one(found)).topic.id, f"2611.{number:05}")
            assert standing
            follows((await one(found)).topic, standing)

    play(tmp_path, body)


async def one(found: House) -> Subscription:
    (subscription,) = await found.store.subscriptions(found.chat().id)
    return subscription


# --- where a paper can stop


def test_an_unknown_paper_and_one_that_was_not_looked_at_yet(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}")
        assert "I have not seen 2411.19525" in (await found.say("/why 2411.19525"))[0]
        assert "Which paper?" in (await found.say("/why"))[0]
        assert "isn't an arXiv id" in (await found.say("/why 2411.1952"))[0]
        before = len(found.fake.sent)
        await found.store.add_papers([paper(1)], baseline=False)
        await found.store.hear(Said("why", found.chat(), "/why 2611.00001"))
        found.engine.nudge(f"converse:{found.chat().id}")  # it is answered before anything is matched
        await found.engine.idle()
        assert say("en", "why_not_matched") in str(found.fake.sent[before:])

    play(tmp_path, body)


def test_never_close_is_said_with_the_likeness_that_it_has(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}")
        await found.day(paper(1, "Sediments of a cold sea", abstract="Mud is layered by the tide."))
        told = await why(found, 1)
        assert say("en", "why_far", cosine="0.00") in told
        assert "✕" in told

    play(tmp_path, body)


def test_close_by_likeness_alone_is_a_near_miss_with_its_distance(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}")
        await found.day(graded(TOPIC, Level.RULE))
        told = await why(found, 1)
        assert "below your level (normal)" in told
        assert "likeness of the texts 0." in told
        assert "✕" in told
        assert "2611.00001" in (await found.say("/near"))[0]
        distance = float(re.findall(r"([\d.]+) below", told)[0])
        (subscription,) = await found.store.subscriptions(found.chat().id)
        standing = await found.store.standing(found.chat().id, subscription.topic.id, "2611.00001")
        assert standing
        assert distance == pytest.approx(
            relevance.threshold("normal", described=False) - standing.match.score, abs=0.006
        )

    play(tmp_path, body)


def test_alike_and_yet_too_low_to_be_kept_has_its_distance_as_well(tmp_path: Path) -> None:
    """From a likeness of 0.10 on it is not said that the texts are not alike."""

    async def body(found: House) -> None:
        names = "; means: faces that talk, in a video; also: talking face, lip sync; not: talking"
        await found.say(f"/follow level=normal video generation{names}")
        long = "Water and ice. " * 3 + "We film a video of talking, talking, talking and talking seals that breathe."
        await found.day(paper(1, "Talking seals, talking whales", abstract=long))
        (subscription,) = await found.store.subscriptions(found.chat().id)
        frequencies = await found.archive.frequencies()
        features = grading.features_of(subscription.topic, found.source.papers[-1], frequencies)
        assert features.cosine >= 0.1
        assert await found.store.standing(found.chat().id, subscription.topic.id, "2611.00001") is None
        told = await why(found, 1)
        assert "from 0.10 on" not in told
        assert f"likeness of the texts {features.cosine:.2f}" in told
        assert "below your level (normal)" in told
        assert "against it “talking”" in told

    play(tmp_path, body)


def test_left_out_by_what_was_excluded(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}; without: watermark")
        await found.day(paper(1, "Talking head generation with a watermark"))
        assert say("en", "why_dropped") in await why(found, 1)
        assert say("en", "latest_none") in await found.say("/latest")

    play(tmp_path, body)


@pytest.mark.parametrize(("level", "passes"), [("strict", False), ("normal", False), ("broad", True)])
def test_below_the_level_and_above_it(tmp_path: Path, level: str, passes: bool) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow level={level} {TOPIC}")
        await found.day(graded(TOPIC, Level.BROAD))
        told = await why(found, 1)
        standing = await found.store.standing(found.chat().id, await topic_of(found), "2611.00001")
        assert standing
        assert standing.match.grade == Level.BROAD, "or the table is of no use"
        assert ("✓" in told) == passes
        assert (f"below your level ({level})" in told) != passes
        assert (f"above your level ({level})" in told) == passes
        assert ("It came on" in told) == passes

    play(tmp_path, body)


async def topic_of(found: House) -> str:
    return (await one(found)).topic.id


def test_what_a_model_said_is_said(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}")
        await found.day(paper(1, "Talking head generation"), graded(TOPIC, Level.RULE, 2))
        topic = await topic_of(found)
        await found.store.judge(topic, [("2611.00001", "off", "It is about birds"), ("2611.00002", "on", "")])
        told = await why(found, 1)
        assert "✕" in told
        assert say("en", "why_judged_off", reason=": “It is about birds”") in told
        assert "level" not in told, "the score has no say any more"
        told = await why(found, 2)
        assert "✓" in told
        assert say("en", "why_judged_on", reason="") in told
        assert "2611.00001" not in (await found.say("/near"))[0], "what a model refuses is no near miss"

    play(tmp_path, body)


def test_muted_from_before_on_its_way_and_delivered(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.store.add_papers(
            [paper(7, "Talking head generation, long ago", at=SATURDAY - 3 * DAY)], baseline=True
        )
        await found.drain()
        await found.say(f"/follow {TOPIC}")
        old = await why(found, 7)
        assert "✓" in old
        assert "Not sent: it was there before you subscribed" in old
        await found.say("/mute 1")
        await found.day(paper(1, "Talking head generation"))
        muted = await why(found, 1)
        assert "✓" in muted
        assert say("en", "why_muted") in muted
        found.clock.step(3600)  # type: ignore[union-attr]
        await found.say("/unmute 1")
        assert "Not sent: it was there before you subscribed or unmuted (Sat 21 Nov 09:00)" in await why(found, 1)
        await found.day(paper(2, "Talking head generation, once more"))
        came = await why(found, 2)
        assert say("en", "why_came", label=TOPIC, when="Sat 21 Nov 09:00") in came
        assert "Not sent" not in came
        assert "waits" not in came

    play(tmp_path, body)


def test_older_than_what_was_kept_is_not_called_unlike(tmp_path: Path) -> None:
    """Of the archive only the last week is kept with a new topic; what is older is looked at again when asked for."""

    async def body(found: House) -> None:
        old = SATURDAY - 60 * DAY
        await found.store.add_papers(
            [paper(7, "Talking head generation", at=old), graded(TOPIC, Level.RULE, 8, old)], baseline=True
        )
        await found.drain()
        await found.say(f"/follow {TOPIC}")
        await found.say("/follow cat:cs.CV")
        told = await why(found, 7)
        assert told.count("✓") == 2
        assert told.count("Not sent: it was there before you subscribed") == 2
        assert "not alike" not in told
        told = await why(found, 8, TOPIC)
        assert "below your level" in told
        assert "not alike" not in told

    play(tmp_path, body)


def test_waiting_for_the_next_digest_then_on_its_way(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        daily = found.chat("d", "daily")
        await found.say(f"/follow {TOPIC}", daily)
        await found.day(paper(1, "Talking head generation"))
        (told,) = await found.say("/why 2611.00001", daily)
        assert say("en", "why_next") in told
        found.fake.fail(Later("Too fast; wait.", wait=120))
        assert await found.say("/digest", daily) == []
        (told,) = await found.say("/why @d 2611.00001")
        assert say("en", "why_on_its_way", label=TOPIC) in told
        assert "Not sent" not in told

    play(tmp_path, body)


def test_nothing_is_sent_to_a_chat_that_is_suspended(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        daily = found.chat("d", "daily")
        await found.say(f"/follow {TOPIC}", daily)
        await found.store.suspend(daily, "Kicked.")
        await found.day(paper(1, "Talking head generation"))
        (told,) = await found.say("/why @d 2611.00001")  # whoever runs it asks from elsewhere
        assert say("en", "why_suspended") in told

    play(tmp_path, body)


def test_once_under_another_topic(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say("/follow cat:cs.CV")
        await found.say(f"/follow {TOPIC}")
        await found.day(paper(1, "Talking head generation"))
        told = await why(found, 1)
        assert told.count("✓") == 2
        assert "It came on Sat 21 Nov 08:00 under" in told
        came = await found.store.delivered(found.chat().id, "2611.00001")
        assert came
        assert told.count(say("en", "why_once", label=came[1])) == 1, "only behind the other one"
        other = TOPIC if came[1] == "cat:cs.CV" else "cat:cs.CV"
        (line,) = [row for row in told.splitlines() if f" {other}:" in row]
        assert "It came once" in line

    play(tmp_path, body)


def test_by_a_followed_author_and_by_a_query(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say("/follow quantum gravity; by: Ada One")
        await found.say("/follow cat:cs.LG")
        await found.day(
            paper(1, "Sediments of a cold sea"), replace(paper(2, "Mud"), authors=("Cy",), categories=("cs.LG",))
        )
        told = await why(found, 1)
        assert f"✓ quantum gravity: {say('en', 'why_author', names='Ada One')}" in told
        assert f"✕ cat:cs.LG: {say('en', 'why_no_rule')}" in told
        told = await why(found, 2)
        assert f"✓ cat:cs.LG: {say('en', 'why_rule')}" in told
        assert "✕ quantum gravity" in told

    play(tmp_path, body)


def test_what_passes_only_since_the_topic_was_changed_is_not_promised(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow level=strict {TOPIC}")
        await found.day(graded(TOPIC, Level.BROAD))
        await found.day(paper(2, "Talking head generation"))
        found.clock.step(5 * 86_400)  # type: ignore[union-attr]
        await found.day(paper(3, "Talking head generation again"))
        await found.say(f"/tune broad {TOPIC}")
        told = await why(found, 1)
        assert "✓" in told
        assert say("en", "why_past") in told
        assert say("en", "why_next") not in told
        assert "2611.00001" not in str(await found.say("/digest"))
        assert await found.store.delivered(found.chat().id, "2611.00001") is None

    play(tmp_path, body)


def test_a_topic_is_named_or_all_are_told_and_those_that_pass_come_first(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        for text in ("galaxies", "black holes", "sea ice", "old rocks", "cold seas", "graph theory", TOPIC):
            await found.say(f"/follow {text}")
        await found.day(paper(1, "Talking head generation"))
        told = await why(found, 1)
        marks = [row[0] for row in told.splitlines() if row[:1] in "✓✕"]
        assert marks == ["✓", "✕", "✕", "✕", "✕"]
        assert say("en", "why_others", count=2) in told
        told = await why(found, 1, "galaxies")
        assert [row[0] for row in told.splitlines() if row[:1] in "✓✕"] == ["✕"]
        assert say("en", "not_yours", text="nothing of mine") in await why(found, 1, "nothing of mine")

    play(tmp_path, body)


def test_it_speaks_chinese(tmp_path: Path) -> None:
    async def body(found: House) -> None:
        await found.say(f"/follow {TOPIC}")
        await found.say("/settings language zh")
        await found.day(
            paper(1, "Talking head generation"), graded(TOPIC, Level.RULE, 2), paper(3, "Mud", abstract="Of the sea.")
        )
        assert "高出你的档位" in await why(found, 1)
        assert "低于你的档位" in await why(found, 2)
        assert "不够相似" in await why(found, 3)

    play(tmp_path, body)
