"""200 chats, 40 papers, 3 languages, and a budget for half of that: who pays, how much, and what readers are told.

One run without a budget tells what is needed. Then one run for each kind of budget, set to half of it: dollars,
requests and tokens a day, requests and tokens a minute. The model fails now and then in each way that models do. All
that is claimed of a budget is counted again from the model's own record of what it was asked, never from the ledger.

The product speaks two languages; the third is made here, by a row in each of its two tables (`LANGUAGES` for the
model, `WORDS` for the reader: Traditional Chinese with the sentences of zh), because it is one that grounding knows.
"""

# ruff: noqa: RUF001 - Chinese punctuation is meant

import re
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import get_args
from unittest.mock import patch
from zoneinfo import ZoneInfo

from bot.core import prompt, query, times
from bot.flow.harvest import look
from bot.model import Budget, Chat, Said, Send, Subscribe, Why
from bot.platforms import console_view
from bot.words import WORDS
from tests.fakes.chat import FakeChat
from tests.fakes.house import House
from tests.fakes.idle import IdleClock, house
from tests.fakes.idle import run as run_on
from tests.fakes.scribe import STUDIES, Asked, Scribe

_ZONE = ZoneInfo("UTC")
_PACIFIC = ZoneInfo("America/Los_Angeles")
_MONDAY = datetime(2026, 11, 23, tzinfo=_ZONE)
_LANGUAGES = ("en", "zh", "zh-TW")
_HOURS = ("10:00", "10:00", "10:01", "10:20", "11:30", "08:45")  # the last one is past when the papers come
_FACTS = {"price": {"input": 0.3, "output": 2.5}, "cheap": {"tier": "flex", "share": 0.5}}
_LATEST = 11 * 60_000  # ms after its hour
_MINUTE = 60_000  # ms
_SPENT = 0.7  # of a day's budget that is to be used: the last call needs room for what it may cost at most
_FAULTS = 0.12  # share of the requests that fail in some way
_MODEL = re.compile(
    r"(\d+) (?:from the abstract by scribe-1, (\d+) of (\d+)|篇由 scribe-1 根据摘要写成，(\d+) 处引文核实 (\d+))"
)
_OWN = re.compile(r"(\d+) (?:in the authors' own sentences \(([^)]*)\)|篇用作者自己的句子（([^）]*)）)")
_WHYS = {  # what a reader is told: why
    WORDS[language][f"why_{why}"]: why for language in ("en", "zh") for why in get_args(Why) if why
}


@dataclass(frozen=True, slots=True)
class Size:
    chats: int
    papers: int
    sweep: float  # seconds between two looks for work


FULL, REDUCED = Size(200, 40, 5.0), Size(24, 10, 30.0)


class Box(FakeChat):
    """A chat that notes when each message came."""

    def __init__(self, clock: IdleClock) -> None:
        super().__init__(limit=200_000)
        self.got: list[tuple[int, str, str]] = []  # (ms, chat, payload)
        self._clock = clock

    async def send(self, send: Send) -> str:
        self.got.append((self._clock.now(), send.chat.id, send.payload))
        return await super().send(send)


@dataclass(slots=True)
class Day:
    """What came of a run."""

    asked: list[Asked]
    told: dict[tuple[str, str], set[str]]
    got: list[tuple[int, str, str]]
    chats: list[Chat]
    papers: list[str]
    spent: tuple[int, int]  # requests and tokens in the ledger, for comparison
    problems: list[str] = field(default_factory=list)
    shares: list[tuple[int, int]] = field(default_factory=list)  # (by the model, of) of each digest of the first day
    later: tuple[int, int] = (0, 0)  # the same of all digests of the next day
    whys: Counter[str] = field(default_factory=Counter)
    lateness: int = 0  # ms

    def check(self, fine: bool, what: str) -> None:
        if not fine and len(self.problems) < 20:
            self.problems.append(what)


def _at(hour: str, day: int = 0) -> int:
    hours, minutes = hour.split(":")
    return times.ms(_MONDAY + timedelta(days=day, hours=int(hours), minutes=int(minutes)))


async def _settle(found: House, size: Size) -> list[Chat]:
    topic = query.topic(query.parse("talking heads"))
    chats = []
    for number in range(size.chats):
        hour = _HOURS[number // len(_LANGUAGES) % len(_HOURS)]
        minute = (_at(hour) - _at("00:00")) // _MINUTE
        chat = replace(
            found.chat(f"{number:03}", "daily"), language=_LANGUAGES[number % len(_LANGUAGES)], minute=minute
        )
        said = Said(f"said:{number}", chat, "/follow talking heads")
        await found.store.hear(said)
        next_at = times.next_digest(chat, found.clock.now())
        await found.store.answer(said, [], [Subscribe(topic, "talking heads", next_at=next_at)])
        chats.append(chat)
    return chats


async def _work(found: House, clock: IdleClock, until: int, every: float) -> None:
    while clock.now() < until:
        found.engine.nudge("sweep:due")
        await clock.sleep(min(every, (until - clock.now()) / 1000))


async def _two_days(clock: IdleClock, size: Size, budget: Budget) -> Day:
    model, box = Scribe(clock, share=_FAULTS), Box(clock)
    with tempfile.TemporaryDirectory() as name:
        async with house(Path(name), clock, model, budget, _FACTS, box) as found:
            await look(found.store, found.ports)  # the baseline
            chats = await _settle(found, size)
            clock.set(_at("09:50"))
            papers = [study.at(_at("09:30")) for study in STUDIES[: size.papers]]
            found.source.add(*papers)
            await look(found.store, found.ports)
            await _work(found, clock, _at("11:45"), size.sweep)
            await _work(found, clock, _at("07:30", 1), 1800.0)
            await _work(found, clock, _at("09:00", 1), size.sweep)
            await found.engine.idle()
            spent = await found.store.spent(model.name, 0)
    ids = [paper.id for paper in papers]
    return Day(model.asked, model.told, box.got, chats, ids, (spent.requests, spent.tokens))


def play(size: Size, budget: Budget) -> Day:
    """Live through two days and look at what readers got."""
    clock = IdleClock(_at("09:00"))
    third = patch.dict(WORDS, {"zh-TW": WORDS["zh"]})
    named = patch.dict(prompt.LANGUAGES, {"zh-TW": "Traditional Chinese (繁體中文)"})
    with third, named:
        day = run_on(_two_days(clock, size, budget), clock)
    _read(day)
    _paid(day)
    return day


def _read(day: Day) -> None:
    """Each digest once, whole, on time, and what its foot says is what stands in it."""
    got = Counter(chat for _, chat, _ in day.got)
    tomorrow = _at("00:00", 1)
    for chat in day.chats:
        day.check(got[chat.id] == 1, f"{chat.id} got {got[chat.id]} messages")
    by_id = {chat.id: chat for chat in day.chats}
    for at, name, payload in day.got:
        chat, post = by_id[name], console_view.load(payload)
        hour = _at("00:00") + chat.minute * _MINUTE
        late = at - (hour if hour > _at("09:50") else hour + 24 * 60 * _MINUTE)
        day.lateness = max(day.lateness, late)
        day.check(0 <= late <= _LATEST, f"{name} got its digest {late / 1000:.0f} s after its hour")
        day.check(sorted(post.papers) == day.papers, f"{name} got {len(post.papers)} papers")
        foot = console_view.text(replace(post, head=(), items=()))
        shown = {
            item.paper
            for item in post.items
            if not day.told.get((item.paper, chat.language), set()).isdisjoint(
                console_view.text(replace(post, head=(), items=(item,), foot=())).split("\n")
            )
        }
        written = len(shown)
        paid = {row.paper for row in day.asked if row.good and row.language == chat.language and row.ended < at - late}
        day.check(paid <= shown, f"{name}: {len(paid - shown)} papers were paid for before, and are not used")
        model = [[int(each) for each in found.groups() if each] for found in _MODEL.finditer(foot)]
        own = [(int(found[1]), found[2] or found[3]) for found in _OWN.finditer(foot)]
        day.check(sum(row[0] for row in model) == written, f"{name}: {written} by the model, but it says: {foot}")
        day.check(
            sum(number for number, _ in own) == len(post.items) - written,
            f"{name}: {len(post.items) - written} by the authors, but it says: {foot}",
        )
        day.check(all(3 * row[0] == row[1] == row[2] for row in model), f"{name}: not 3 quotes for each paper: {foot}")
        for number, told in own:
            why = next((why for text, why in _WHYS.items() if told.startswith(text)), told)
            day.whys[why] += number
        if at < tomorrow:
            day.shares.append((written, len(post.items)))
        else:
            day.later = (day.later[0] + written, day.later[1] + len(post.items))


def _paid(day: Day) -> None:
    """Each summary is paid once: after a good answer, nothing more is asked of a paper in a language."""
    for key in {(asked.paper, asked.language) for asked in day.asked}:
        rows = [asked for asked in day.asked if (asked.paper, asked.language) == key]
        good = [asked.task for asked in rows if asked.good]
        day.check(good in ([], ["summary"], ["repair"]), f"{key} was paid for {len(good)} times: {good}")
        day.check(not good or rows[-1].good, f"{key} was asked for again after it had been answered")
        overlap = any(row.at < before.ended for before, row in pairwise(rows))
        day.check(not overlap, f"{key} was asked for twice at once")


def most(asked: Sequence[Asked], of: Callable[[Asked], float], minutes: bool) -> float:
    """The most in any sliding minute, else in any day of the Pacific."""
    if not minutes:
        days: Counter[str] = Counter()
        for each in asked:
            days[f"{datetime.fromtimestamp(each.at / 1000, _PACIFIC):%F}"] += of(each)  # type: ignore[assignment]
        return max(days.values(), default=0)
    window: deque[Asked] = deque()
    highest = 0.0
    for each in sorted(asked, key=lambda row: row.at):
        window.append(each)
        while window[0].at <= each.at - _MINUTE:
            window.popleft()
        highest = max(highest, sum(map(of, window)))
    return highest


def _one(_: Asked) -> float:
    return 1


def _tokens(asked: Asked) -> float:
    return asked.tokens


def _micros(asked: Asked) -> float:
    return asked.micros


Kind = tuple[str, str, Callable[[Asked], float], bool]
_KINDS: tuple[Kind, ...] = (
    ("dollars a day", "micros_a_day", _micros, False),
    ("requests a day", "requests_a_day", _one, False),
    ("tokens a day", "tokens_a_day", _tokens, False),
    ("requests a minute", "requests_a_minute", _one, True),
    ("tokens a minute", "tokens_a_minute", _tokens, True),
)


def _line(name: str, budget: str, day: Day, highest: str) -> str:
    summaries = sum(asked.good for asked in day.asked)
    first = sum(written for written, _ in day.shares) / max(1, sum(of for _, of in day.shares))
    low = min((written for written, _ in day.shares), default=0)
    own = ", ".join(f"{number:,} {why}" for why, number in day.whys.most_common()) or "none"
    dollars = sum(map(_micros, day.asked)) / 1e6
    return (
        f"{name:18} {budget:>9} {highest:>9} {len(day.asked):5} {summaries:4} {dollars:8.4f} "
        f"{first:5.0%} {low:3} {day.later[0] / max(1, day.later[1]):5.0%} {day.lateness / 1000:5.0f}  {own}"
    )


def run(*, full: bool) -> int:
    size = FULL if full else REDUCED
    free = play(size, Budget())
    wanted = size.papers * len(_LANGUAGES)
    problems = [f"without a budget: {each}" for each in free.problems]
    if sum(asked.good for asked in free.asked) > wanted:
        problems.append("more summaries were paid for than there are")
    if free.whys["budget"]:
        problems.append("readers were told of a budget that there is none of")
    print(f"{size.chats} chats, {size.papers} papers, {len(_LANGUAGES)} languages: {wanted} summaries")
    print(
        "run                   budget   highest calls paid  dollars day 1 min day 2  late  papers in the authors' words"
    )
    print(_line("no budget", "", free, ""))
    window = (_at("10:10") - _at("10:00")) / _MINUTE  # minutes that the first digests wait
    for name, setting, of, minutes in _KINDS:
        need = sum(map(of, free.asked))
        half = int(need / 2 / (window if minutes else 1))
        day = play(size, replace(Budget(), **{setting: half}))
        highest = most(day.asked, of, minutes)
        print(_line(name, f"{half:,}", day, f"{highest:,.0f}"))
        problems += [f"{name}: {each}" for each in day.problems]
        if highest > half:
            problems.append(f"{name}: {highest:,.0f} of a budget of {half:,}")
        if not day.whys:
            problems.append(f"{name}: half of what is needed was enough")
        if full and not minutes and highest < _SPENT * half:
            problems.append(f"{name}: only {highest:,.0f} of a budget of {half:,} was used")
    each_for_itself = size.chats * size.papers
    paid = sum(map(_micros, free.asked)) / max(1, len(free.asked))
    print(
        f"baseline, each chat pays for its own: {each_for_itself:,} calls, ${each_for_itself * paid / 1e6:.2f} at the "
        f"same price a call; here {len(free.asked)} and ${sum(map(_micros, free.asked)) / 1e6:.4f}"
    )
    for problem in problems:
        print(f"! {problem}")
    return 1 if problems else 0
