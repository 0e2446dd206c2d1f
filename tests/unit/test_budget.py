"""What models cost and who may ask them: budgets, pauses, turns, prices, prompts, repairs; what readers are told."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot import resources
from bot.app import shipped
from bot.core import basis, grounding, grounding_repair, prices, prompt, query, times
from bot.engines.local import Local
from bot.errors import Later
from bot.flow.ask import DAY_ZONE, Patience, Unanswered, ask
from bot.flow.prepare import prepare
from bot.flow.summarize import summary_of
from bot.model import Budget, Chat, Match, Part, Proof, Rate, Said, Subscribe, Summary, Topic, Turn, Wanted, Why
from bot.platforms import console_view
from bot.ports import Limits, RawReply
from bot.store.store import Store
from bot.words import say
from tests.fakes.chat import FakeChat
from tests.fakes.house import House
from tests.fakes.idle import IdleClock, house, ledger
from tests.fakes.idle import run as run_on
from tests.fakes.scribe import STUDIES, Fault, Scribe

PACIFIC = ZoneInfo("America/Los_Angeles")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
FACTS: Mapping[str, Any] = {"price": {"input": 0.3, "output": 2.5}, "cheap": {"tier": "flex", "share": 0.5}}
QUICK = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def pacific(text: str) -> int:
    """'2026-11-20 12:00' there, in ms."""
    return times.ms(datetime.fromisoformat(text).replace(tzinfo=PACIFIC))


NOON = pacific("2026-11-20 12:00")


# --- the ledger: reserve, settle_call, pause, spent


@dataclass(slots=True)
class Call:
    at: int
    tokens: int
    micros: int
    settled: bool = False


class Till:
    """A ledger whose provider has one budget, and a record of our own of what it gave."""

    def __init__(self, store: Store, clock: IdleClock, budget: Budget) -> None:
        self.store, self.clock, self.budget = store, clock, budget
        self.calls: dict[str, Call] = {}

    async def reserve(self, tokens: int = 1, micros: int = 1) -> tuple[str, float, Why]:
        since = times.midnight(self.clock.now(), DAY_ZONE)
        until = times.midnight(since + 30 * HOUR, DAY_ZONE)
        found = await self.store.reserve(
            "p", "summary", self.budget, since=since, until=until, tokens=tokens, micros=micros
        )
        if found[0]:
            self.calls[found[0]] = Call(self.clock.now(), tokens, micros)
        return found

    async def settle(self, id_: str, share: float) -> None:
        call = self.calls[id_]
        call.tokens, call.micros, call.settled = int(call.tokens * share), int(call.micros * share), True
        await self.store.settle_call(id_, tokens=call.tokens, micros=call.micros)

    def kept(self) -> bool:
        """Whether no day of the Pacific and no sliding minute has more than it may."""
        calls, budget = list(self.calls.values()), self.budget
        days: dict[str, list[Call]] = {}
        for call in calls:
            days.setdefault(f"{datetime.fromtimestamp(call.at / 1000, PACIFIC):%F}", []).append(call)
        minutes = [[call for call in calls if end.at - MINUTE < call.at <= end.at] for end in calls]
        return all(
            not most or most >= sum(of)
            for rows in days.values()
            for most, of in (
                (budget.requests_a_day, [1] * len(rows)),
                (budget.tokens_a_day, [call.tokens for call in rows]),
                (budget.micros_a_day, [call.micros for call in rows]),
            )
        ) and all(
            not most or most >= sum(of)
            for rows in minutes
            for most, of in (
                (budget.requests_a_minute, [1] * len(rows)),
                (budget.tokens_a_minute, [call.tokens for call in rows]),
            )
        )


def till(budget: Budget, body: Callable[[Till], Awaitable[None]], *, now: int = NOON) -> None:
    clock = IdleClock(now)

    async def run() -> None:
        with TemporaryDirectory() as name:
            store = ledger(Path(name) / "p.db", clock)
            await store.open()
            try:
                await body(Till(store, clock, budget))
            finally:
                others = asyncio.all_tasks() - {asyncio.current_task()}
                for task in others:
                    task.cancel()
                await asyncio.gather(*others, return_exceptions=True)
                await store.close()

    run_on(run(), clock)


_AMOUNT = st.integers(0, 100)
_STEP = st.one_of(
    st.tuples(st.just("reserve"), _AMOUNT, _AMOUNT),
    st.tuples(st.just("settle"), st.integers(0, 9), st.sampled_from((0, 30, 100))),
    st.tuples(st.just("wait"), st.sampled_from((1, 20, 59, 60, 61, 3600)), st.just(0)),
)
_MOST = st.integers(0, 6)
_BUDGET = st.builds(
    Budget, _MOST, st.sampled_from((0, 100, 150)), _MOST, st.sampled_from((0, 250)), st.sampled_from((0, 300))
)
_STARTS = ("2026-11-19 23:58", "2027-03-14 00:30", "2027-03-13 23:59", "2026-11-01 00:30", "2026-11-01 23:58")


@QUICK
@given(_BUDGET, st.lists(_STEP, max_size=40), st.sampled_from(_STARTS))
def test_no_order_of_calls_exceeds_a_budget(budget: Budget, steps: list[tuple[str, int, int]], start: str) -> None:
    async def body(found: Till) -> None:
        for what, first, second in steps:
            open_ = [id_ for id_, call in found.calls.items() if not call.settled]
            if what == "reserve":
                id_, wait, why = await found.reserve(first, second)
                assert (id_ == "") == (wait > 0) == (why == "budget")
            elif what == "settle" and open_:
                await found.settle(open_[first % len(open_)], second / 100)
            elif what == "wait":
                await found.clock.sleep(first)
        assert found.kept()
        spent = await found.store.spent("p", 0)
        told = [(call.tokens, call.micros) for call in found.calls.values()]
        assert (spent.requests, spent.tokens, spent.micros) == (
            len(told),
            *map(sum, zip(*told, strict=True)),
        ) or not told

    till(budget, body, now=pacific(start) + 500)  # whole seconds from here never are midnight: that is a test below


@QUICK
@given(
    st.builds(Budget, st.integers(1, 3), st.sampled_from((0, 100))),
    st.lists(st.tuples(st.integers(0, 70), st.integers(1, 60), st.booleans()), min_size=4, max_size=20),
)
def test_no_minute_begins_anew_before_its_end(budget: Budget, steps: list[tuple[int, int, bool]]) -> None:
    async def body(found: Till) -> None:
        for seconds, tokens, settles in steps:
            await found.clock.sleep(seconds)
            id_, _, _ = await found.reserve(tokens)
            if id_ and settles:
                await found.settle(id_, 1)
        assert found.kept()

    till(budget, body)


@QUICK
@given(_BUDGET, st.lists(st.tuples(_AMOUNT, _AMOUNT), min_size=50, max_size=50))
def test_fifty_at_once_do_not_either(budget: Budget, calls: list[tuple[int, int]]) -> None:
    async def body(found: Till) -> None:
        given_ = await asyncio.gather(*(found.reserve(*call) for call in calls))
        assert found.kept()
        if not any((budget.tokens_a_minute, budget.tokens_a_day, budget.micros_a_day)):
            limits = [most for most in (budget.requests_a_minute, budget.requests_a_day) if most]
            assert sum(bool(id_) for id_, _, _ in given_) == min((50, *limits)), "and what may be asked is asked"

    till(budget, body)


def test_a_call_that_nobody_settled_stays_with_its_upper_bound_and_is_settled_once() -> None:
    async def body(found: Till) -> None:
        first, _, _ = await found.reserve(60, 10)
        assert (await found.reserve(60, 10))[0] == ""
        await found.clock.sleep(3600)
        id_, wait, _ = await found.reserve(60, 10)
        assert id_ == "", "not even much later"
        assert wait > 3600, "nobody waits for it any more"
        await found.settle(first, 0.5)
        assert (await found.reserve(60, 10))[0], "what was not used comes back"
        await found.store.settle_call(first, tokens=1, micros=1)
        assert (await found.store.spent("p", 0)).tokens == 90, "the first word counts"

    till(Budget(tokens_a_day=100), body)


def test_one_that_is_too_large_for_a_minute_goes_alone() -> None:
    async def body(found: Till) -> None:
        first, _, _ = await found.reserve(1000)
        await found.settle(first, 1)
        id_, wait, why = await found.reserve(1)
        assert (id_, wait, why) == ("", 60.0, "budget")
        await found.clock.sleep(wait)
        assert (await found.reserve(1000))[0]

    till(Budget(tokens_a_minute=100), body)


def test_a_pause_is_honoured_and_ends() -> None:
    async def body(found: Till) -> None:
        await found.store.pause("p", NOON + 30_000, "quota", "Wait.")
        assert await found.reserve() == ("", 30.0, "quota")
        assert await found.store.paused("p") == (NOON + 30_000, "quota", "Wait.")
        assert await found.store.paused("other") is None
        await found.store.pause("p", NOON + 10_000, "quota", "A shorter one changes nothing.")
        await found.clock.sleep(29.999)
        assert (await found.reserve())[0] == ""
        await found.clock.sleep(0.001)
        assert (await found.reserve())[0]
        assert await found.store.paused("p") is None
        await found.store.pause("p", NOON + HOUR, "owner", "The key.")
        await found.store.resume("quota")
        assert await found.store.paused("p")
        await found.store.resume("owner")
        assert await found.store.paused("p") is None

    till(Budget(), body)


def test_a_pause_is_not_cut_short_by_one_for_another_reason() -> None:
    async def body(found: Till) -> None:
        await found.store.pause("p", NOON + HOUR, "quota", "The day's quota is used up.")
        await found.store.pause("p", NOON + MINUTE, "down", "A call that was under way got no answer.")
        assert await found.reserve() == ("", 3600.0, "quota")

    till(Budget(), body)


@pytest.mark.parametrize("start", ["2026-11-20 12:00", "2026-11-20 00:30"])
def test_a_clock_that_goes_back_neither_blocks_nor_pays_twice(start: str) -> None:
    async def body(found: Till) -> None:
        for _ in range(3):
            assert (await found.reserve())[0]
            await found.clock.sleep(61)
        found.clock.set(found.clock.now() - HOUR)
        waited = 0.0
        while not (await found.reserve())[0]:
            _, wait, why = await found.reserve()
            assert why == "budget"
            assert 0 < wait <= 3700
            await found.clock.sleep(wait)
            waited += wait
        assert waited <= 3700, "an hour at most"
        assert (await found.reserve())[0] == "", "five a day, whatever the hour is called"
        for _ in range(52):
            await found.clock.sleep(1800)
            await found.reserve()
        assert len(found.calls) > 5, "a new day has come"
        assert found.kept()

    till(Budget(requests_a_minute=2, requests_a_day=5), body, now=pacific(start) + 500)


@pytest.mark.parametrize(
    ("start", "hours"),
    [
        ("2026-11-20 12:00", 12.0),
        ("2026-11-20 00:00", 24.0),
        ("2027-03-14 12:00", 12.0),
        ("2027-03-14 01:00", 22.0),
        ("2026-11-01 12:00", 12.0),
        ("2026-11-01 23:30", 0.5),
    ],
)
def test_a_day_ends_at_midnight_pacific(start: str, hours: float) -> None:
    async def body(found: Till) -> None:
        await found.clock.sleep(0.001)
        assert (await found.reserve())[0]
        id_, wait, why = await found.reserve()
        assert (id_, why) == ("", "budget")
        assert wait == pytest.approx(hours * 3600, abs=1)
        await found.clock.sleep(wait)
        assert (await found.reserve())[0]

    till(Budget(requests_a_day=1), body, now=pacific(start))


def test_calls_at_midnight_itself_count_for_the_day_that_begins() -> None:
    async def body(found: Till) -> None:
        assert (await found.reserve())[0]
        assert (await found.reserve())[0] == ""
        await found.clock.sleep(0.001)
        assert (await found.reserve())[0] == ""

    till(Budget(requests_a_day=1), body, now=pacific("2026-11-20 00:00"))


def test_what_is_only_reserved_does_not_end_the_day() -> None:
    async def body(found: Till) -> None:
        first, _, _ = await found.reserve(90)
        id_, wait, why = await found.reserve(90)
        assert (id_, why) == ("", "budget")
        assert wait < 60, "the call under way may cost less than it might"
        await found.settle(first, 0.1)
        await found.clock.sleep(wait)
        assert (await found.reserve(90))[0]

    till(Budget(tokens_a_day=100), body)


def test_a_clock_that_was_far_ahead_stops_nobody() -> None:
    async def body(found: Till) -> None:
        assert (await found.reserve())[0]
        await found.store.pause("p", found.clock.now() + HOUR, "owner", "The key.")
        found.clock.set(NOON)
        assert await found.store.paused("p") is None
        assert (await found.reserve())[0]

    till(Budget(requests_a_minute=1, requests_a_day=1), body, now=NOON + 30 * DAY)


# --- the gate, and who is alone


@pytest.mark.parametrize("apart", [0.001, 0.0])
def test_an_answer_overtakes_scheduled_work_and_the_hopeless_are_told_at_once(apart: float) -> None:
    async def body(found: Till) -> None:
        gate, clock = found.store.gate, found.clock
        order: list[tuple[str, int]] = []
        work: list[asyncio.Task[None]] = []

        async def take(name: str, turn: Turn, patience: float | None = None) -> None:
            await gate.take("model:p", Rate(10_000), patience=patience, turn=turn)
            order.append((name, (clock.now() - NOON) // 1000))

        for number in range(4):
            work.append(asyncio.create_task(take(f"work {number}", Turn.OTHER, 600)))
            if apart:
                await clock.sleep(apart)
        await clock.sleep(1 - 4 * apart)
        answer = asyncio.create_task(take("answer", Turn.ANSWER, 25))
        with pytest.raises(Later) as told:
            await take("hopeless", Turn.OTHER, 25)
        assert clock.now() == NOON + 1000, "at once"
        assert told.value.wait is not None
        assert 25 < told.value.wait <= 60
        await asyncio.gather(*work, answer)
        assert order == [("work 0", 0), ("work 1", 10), ("answer", 20), ("work 2", 30), ("work 3", 40)]
        slot = await found.store._db.read("slot", key="model:p")
        assert slot[0][0] == NOON + 40_000, "who was sent away took nothing"
        with pytest.raises(Later):
            await take("alone and hopeless", Turn.ANSWER, 5)
        assert await found.store._db.read("slot", key="model:p") == slot

    till(Budget(), body)


def test_alone_is_alone_in_turn_and_lets_go_however_it_ends() -> None:
    async def run() -> None:
        engine, order = Local({}), []

        async def work(name: str, *, fail: bool = False) -> None:
            async with engine.alone("a"):
                order.append(f"{name} begins")
                await asyncio.sleep(0)
                order.append(f"{name} ends")
                if fail:
                    raise ZeroDivisionError

        tasks = [asyncio.create_task(work(name, fail=name == "b")) for name in "abcd"]
        async with engine.alone("other"):
            order.append("another key waits for nobody")
        await asyncio.sleep(0)
        tasks[2].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(each).__name__ for each in results] == [
            "NoneType", "ZeroDivisionError", "CancelledError", "NoneType",
        ]  # fmt: skip
        names = [each for each in order if not each.startswith("another")]
        assert names == ["a begins", "a ends", "b begins", "b ends", "d begins", "d ends"]
        assert engine._alone == {}, "nothing is left behind"

    asyncio.run(run())


# --- what a call costs


@pytest.mark.parametrize(
    ("at", "cheap", "micros"),
    [
        ("2026-12-31T23:59:59", False, 75_000 + 37_500),
        ("2027-01-01T00:00:00", False, 150_000 + 75_000),
        ("2026-12-31T23:59:59", True, 56_250),
        ("2027-06-01T00:00:00", True, 112_500),
    ],
)
def test_prices_change_on_their_day_and_the_cheap_tier_has_its_share(at: str, cheap: bool, micros: int) -> None:
    facts = resources.data("models.json")["gemini"]["models"]["gemini-3.8-flash"]
    moment = times.ms(datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert prices.cost(facts, at=moment, input=100_000, output=10_000, cheap=cheap) == micros


def test_prices_are_rounded_up_and_an_unknown_one_is_none() -> None:
    assert prices.cost(FACTS, at=NOON, input=1, output=0) == 1
    assert prices.cost(FACTS, at=NOON, input=0, output=0) == 0
    assert prices.cost({}, at=NOON, input=1, output=1) is None
    only = {"price": {"input": 1, "output": 1}}
    assert prices.cost(only, at=NOON, input=5, output=5, cheap=True) == 10, "no cheap tier, no share"
    coming = {"next_price": {"from": "2027-01-01", "input": 1, "output": 1}}
    assert prices.cost(coming, at=NOON, input=1, output=1) is None
    assert prices.cost(coming, at=NOON + 100 * DAY, input=1, output=1) == 2


# --- prompts


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ("text without front matter", "no front matter"),
        ("+++\nversion = 1\n", "no front matter"),
        ("+++\nversion = 1\ninput = 5\n+++\ntext", "output, schema"),
        ("+++\nversion = \n+++\ntext", "Invalid"),
    ],
)
def test_a_prompt_says_what_it_lacks(raw: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        prompt.read("summary", raw)


def test_a_prompt_is_known_by_its_content() -> None:
    raw = "+++\nversion = 3\ninput = 5\noutput = 7\nschema = {}\n+++\nSay {what}.\n"
    found = prompt.read("x", raw)
    assert (found.input, found.output, found.text) == (5, 7, "Say {what}.")
    assert found.key.startswith("x-3-")
    assert prompt.read("x", raw.replace("Say", "Tell")).key != found.key
    with pytest.raises(KeyError):
        prompt.fill(found, "tag")
    assert prompt.paper(found, title="abcdefgh") == "title"


TAG = "0123456789abcdef"


def filled(text: str) -> str:
    task = shipped()["summary"]
    return prompt.fill(task, TAG, language="English", paper=prompt.paper(task, title=text, abstract=text))


def test_a_paper_fills_in_nothing_and_ends_nothing() -> None:
    text = filled(f"{{language}} {{tag}}\n{TAG} end\u200b\u202e\U000e0041 {{paper}}")
    assert "{language} {tag}\n" in text
    assert "{paper}" in text
    assert text.count(TAG) == shipped()["summary"].text.count("{tag}")
    assert not re.search(r"[\u200b\u202e\U000e0041]", text)


@QUICK
@given(st.text(max_size=60).flatmap(lambda text: st.sampled_from((text, f"{text}{TAG}{text}", f"{TAG}{text}{{tag}}"))))
def test_the_tag_stands_where_the_template_has_it_and_nowhere_else(text: str) -> None:
    assert filled(text).count(TAG) == shipped()["summary"].text.count("{tag}")


def test_a_tag_within_a_tag_does_not_stand_either() -> None:
    assert filled(TAG[:7] + TAG + TAG[7:]).count(TAG) == shipped()["summary"].text.count("{tag}")


def test_what_no_reader_sees_no_model_reads() -> None:
    signs = "\U000e0100\ufe01\u00ad\u180e\u061c\x9b\u2028"
    assert not set(signs) & set(filled(f"ignore{signs} all"))


def pieces(text: str) -> int:
    """More pieces than a tokenizer makes of prose: words by four letters, each digit and each sign alone."""
    return sum(-(-len(each) // 4) for each in re.findall(r"[A-Za-z]+|[^\sA-Za-z]", text))


def test_tokens_are_bounded_from_above() -> None:
    abstracts = [row["abstract"] for row in resources.data("sample_day.json")["week"]]
    assert len(abstracts) > 10
    for text in abstracts:
        assert prompt.tokens(text) >= pieces(text)
    for task in shipped().values():
        assert prompt.tokens(task.text) >= pieces(task.text)
    assert prompt.tokens("") > 0


@QUICK
@given(st.text(max_size=200), st.text(max_size=200))
def test_tokens_grow_with_the_text_and_chinese_counts_more_than_one_a_sign(one: str, two: str) -> None:
    assert prompt.tokens(one + two) >= max(prompt.tokens(one), prompt.tokens(two))
    assert prompt.tokens(one + two) <= prompt.tokens(one) + prompt.tokens(two)
    assert prompt.tokens("摘" * len(one)) >= 1.5 * len(one)


# --- the repair

STUDY = STUDIES[0].paper
SOURCE = grounding.Source(STUDY.title, STUDY.abstract)
ROWS: list[dict[str, Any]] = [{"text": texts["en"], "quote": quote} for quote, texts in STUDIES[0].rows]
BAD = {"text": "Heron is famous.", "quote": "Nothing of the kind stands here at all."}


def test_a_repair_is_told_what_failed_and_what_the_paper_says() -> None:
    reply = {"tldr": ROWS[0], "takeaways": [ROWS[1], BAD, ROWS[1]], "limitations": "none"}
    checked = grounding.check(reply, SOURCE)
    failed = grounding_repair.failures(checked)
    assert [lost.field for lost in failed] == ["takeaways[1]"], "a double and a list that is none are past mending"
    told = grounding_repair.told(failed, STUDY.abstract)
    assert told.splitlines()[:3] == [
        "field: takeaways[1]", "text: Heron is famous.", "what is wrong: its quote is not in the paper",
    ]  # fmt: skip
    assert "the paper says near to it: " in told
    fixed = {"statements": [ROWS[2] | {"field": "takeaways[1]"}, BAD | {"field": "tldr"}]}
    whole = grounding_repair.merged(reply, checked, fixed)
    assert whole == {"tldr": ROWS[0], "takeaways": [ROWS[1], ROWS[2]], "limitations": []}
    assert grounding.check(whole, SOURCE).enough


def test_a_list_that_was_missing_is_made_of_what_is_named_after_it() -> None:
    reply = {"tldr": BAD}
    checked = grounding.check(reply, SOURCE)
    assert [lost.field for lost in grounding_repair.failures(checked)] == ["tldr", "takeaways"]
    rows = [ROWS[0] | {"field": "tldr"}, ROWS[1] | {"field": "takeaways[0]"}, ROWS[2] | {"field": "takeaways[1]"}]
    whole = grounding_repair.merged(reply, checked, {"statements": rows})
    assert whole == {"tldr": ROWS[0], "takeaways": ROWS[1:], "limitations": []}


_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=6,
)
_ROW = st.one_of(st.sampled_from([*ROWS, BAD]), _JSON)
_REPLY = st.one_of(
    _JSON,
    st.fixed_dictionaries(
        {}, optional={"tldr": _ROW, "takeaways": st.lists(_ROW, max_size=9) | _JSON, "limitations": st.lists(_ROW)}
    ),
)
_FIELD = st.sampled_from(["tldr", "takeaways", "takeaways[0]", "takeaways[1]", "limitations[0]", "x"])
_FIX = st.one_of(_JSON, st.builds(lambda row, field: row | {"field": field}, st.sampled_from([*ROWS, BAD]), _FIELD))
_REPAIRED = st.one_of(_JSON, st.fixed_dictionaries({"statements": st.lists(_FIX, max_size=6) | _JSON}))


@QUICK
@given(_REPLY, _REPAIRED)
def test_a_repair_never_raises_and_keeps_what_was_accepted(reply: Any, repaired: object) -> None:
    checked = grounding.check(reply, SOURCE)
    grounding_repair.told(grounding_repair.failures(checked), STUDY.abstract)
    whole = grounding_repair.merged(reply, checked, repaired)
    for row in checked.rows:
        name, _, place = row.field.rstrip("]").partition("[")
        assert (reply[name][int(place)] in whole[name]) if place else (whole[name] == reply[name])
    assert len(whole["takeaways"]) <= max(
        sum(row.kind == "takeaway" for row in checked.rows) + len(grounding_repair.failures(checked)), 6
    )
    grounding.check(whole, SOURCE)


# --- what readers are told

WHYS: Sequence[Why] = get_args(Why)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("why", WHYS)
def test_every_reason_is_told_in_every_language(why: Why, language: str) -> None:
    extract = Summary("one", ("two",), why=why, until=NOON + HOUR)
    model = Summary("one", ("two",), basis="abstract", model="m-1", quotes=4, found=3)
    alone = basis.one(extract, language, "UTC", NOON)
    whole = basis.many([extract, extract, model], language, "UTC", NOON)
    for text in (alone, whole):
        assert "{" not in text
    assert "m-1" in whole
    assert {"1", "2", "3", "4"} <= set(re.findall(r"\d", whole.replace("m-1", "").replace("21:00", "")))
    assert ("21:00" in alone) == ("21:00" in whole) == (why in {"quota", "budget"})
    assert "21:00" not in basis.one(replace(extract, until=NOON), language, "UTC", NOON), "a moment that is past"
    assert len({basis.one(replace(extract, why=each), language, "UTC", NOON) for each in WHYS}) == len(WHYS)
    far = basis.one(replace(extract, until=NOON + DAY), language, "UTC", NOON)
    assert (len(far) > len(alone)) == (why in {"quota", "budget"}), "another day is named"


def test_what_all_rests_on_is_counted_for_each_model_and_each_reason() -> None:
    one = Summary("a", (), basis="abstract", model="m-1", quotes=3, found=3)
    many = [one, one, replace(one, model="m-2", found=2), Summary("b", (), why="late"), Summary("c", (), why="form")]
    assert basis.many(many, "en", "UTC", NOON) == (
        "Summaries: 2 from the abstract by m-1, 6 of 6 quotes found; 1 from the abstract by m-2, 2 of 3 quotes found, "
        f"what rests on the others left out; 1 in the authors' own sentences ({say('en', 'why_late')}); 1 in the "
        f"authors' own sentences ({say('en', 'why_form')})."
    )
    plain = basis.many([Summary("b", ()), Summary("c", ())], "en", "UTC", NOON)
    assert plain == "Summaries: the authors' own sentences, picked from the abstract; no model."


# --- asking


Body = Callable[[House, Scribe, IdleClock], Awaitable[None]]


def asking(
    body: Body, *plan: Fault, budget: Budget | None = None, now: int = NOON, model: type[Scribe] = Scribe
) -> None:
    clock = IdleClock(now)
    llm = model(clock, plan=plan)

    async def run() -> None:
        with TemporaryDirectory() as name:
            async with house(Path(name), clock, llm, budget or Budget(), FACTS, FakeChat(limit=100_000)) as found:
                await body(found, llm, clock)

    run_on(run(), clock)


async def asked(found: House, *, seconds: float = 600, **patience: Any) -> RawReply | Unanswered:
    task = found.prompts["summary"]
    text = prompt.fill(task, TAG, language="English", paper=f"title: {STUDY.title}\n\nabstract: {STUDY.abstract}")
    until = found.clock.now() + int(1000 * seconds)
    return await ask(found.store, found.ports, task, text, Patience(until, **patience), "summary")


def test_an_answer_is_counted_as_the_provider_counts() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        reply = await asked(found)
        assert isinstance(reply, RawReply)
        assert reply.usage
        spent = await found.store.spent("scribe", 0)
        assert (spent.requests, spent.tokens) == (1, reply.usage.input + reply.usage.output)
        assert llm.asked[0].micros <= spent.micros <= llm.asked[0].micros + 1
        assert clock.now() - NOON < 10_000

    asking(body)


def test_an_outage_is_waited_out_twice_as_long_each_time() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        assert isinstance(await asked(found), RawReply)
        gaps = [later.at - before.ended for before, later in zip(llm.asked, llm.asked[1:], strict=False)]
        assert gaps == [4000, 8000]
        spent = await found.store.spent("scribe", 0)
        assert (spent.requests, spent.tokens) == (3, llm.asked[2].tokens), "what failed cost nothing but its turn"
        assert await found.store.paused("scribe") is None
        del clock

    asking(body, "down", "down")


def test_a_provider_that_is_down_is_left_alone_for_a_minute() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        assert await asked(found) == Unanswered("down", 60.0)
        paused = await found.store.paused("scribe")
        assert paused is not None
        assert paused[:2] == (clock.now() + MINUTE, "down")
        assert await asked(found, seconds=30) == Unanswered("down", 60.0), "who cannot wait so long is told at once"
        assert len(llm.asked) == 3
        assert isinstance(await asked(found), RawReply), "who can, waits"
        assert llm.asked[3].at == paused[0]

    asking(body, "down", "shed", "down")


def test_a_cheap_tier_that_is_shed_says_nothing_of_the_others() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        reply = await asked(found, cheap=True)
        assert reply == Unanswered("down", 7.0)
        assert await found.store.paused("scribe") is None
        assert all(each.cheap for each in llm.asked)
        del clock

    asking(body, "shed", "shed", "shed")


def test_patience_ends_before_the_next_try() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        assert await asked(found, seconds=0.0) != Unanswered("late", 60.0), "now is not too late"
        llm.asked.clear()
        llm.plan = ["down"] * 3
        assert await asked(found, seconds=6) == Unanswered("down", 60.0)
        assert len(llm.asked) == 1
        assert await asked(found, seconds=-1) == Unanswered("late", 60.0)
        assert len(llm.asked) == 1
        del clock

    asking(body)


def test_a_quota_of_the_minute_is_waited_for_by_all() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        first, second = await asyncio.gather(asked(found), asked(found))
        assert isinstance(first, RawReply)
        assert isinstance(second, RawReply)
        refused = llm.asked[0].ended
        assert [each.at - refused for each in llm.asked[2:]] == [20_000], "as long as it asked for"
        late = asyncio.create_task(asked(found))
        await clock.sleep(0)
        assert isinstance(await late, RawReply)

    asking(body, "quota")


@pytest.mark.parametrize(("wait", "told"), [(7200.0, 7200.0), (None, 60.0)])
def test_a_quota_that_lasts_is_told_and_asked_no_more(wait: float | None, told: float) -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        llm.wait = wait
        assert await asked(found, seconds=30) == Unanswered("quota", told)
        paused = await found.store.paused("scribe")
        assert paused is not None
        assert paused[:2] == (clock.now() + int(1000 * told), "quota")
        assert await asked(found, seconds=30) == Unanswered("quota", told)
        assert len(llm.asked) == 1
        await clock.sleep(told)
        assert isinstance(await asked(found, seconds=30), RawReply)

    asking(body, "quota")


def test_a_wrong_setting_pauses_for_an_hour_and_names_the_owner() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        assert await asked(found) == Unanswered("owner", 3600.0)
        assert await asked(found) == Unanswered("owner", 3600.0)
        assert len(llm.asked) == 1
        paused = await found.store.paused("scribe")
        assert paused == (clock.now() + HOUR, "owner", "The key is wrong: set GEMINI_API_KEY.")
        await found.store.resume("owner")
        assert isinstance(await asked(found), RawReply)

    asking(body, "owner")


def test_a_refusal_is_content_for_good_and_costs_nothing() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        assert await asked(found) == Unanswered("content", None)
        spent = await found.store.spent("scribe", 0)
        assert (spent.requests, spent.tokens, spent.micros) == (1, 0, 0)
        assert await found.store.paused("scribe") is None
        del llm, clock

    asking(body, "refused")


@pytest.mark.parametrize("fault", ["uncounted", "unsure"])
def test_what_nobody_counted_stays_as_it_was_reserved(fault: Fault) -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        task = found.prompts["summary"]
        await asked(found, seconds=30)
        most = prompt.tokens(llm.asked[0].text) + prompt.tokens(json.dumps(task.schema)) + task.output
        spent = await found.store.spent("scribe", 0)
        assert (spent.requests, spent.tokens) == (1, most)
        assert spent.micros == prices.cost(FACTS, at=NOON, input=most - task.output, output=task.output)
        del clock

    asking(body, fault)


def test_a_reply_may_ask_for_a_pause() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        llm.retry_after = 40.0
        assert isinstance(await asked(found), RawReply)
        paused = await found.store.paused("scribe")
        assert paused is not None
        assert paused[:2] == (clock.now() + 40_000, "quota")

    asking(body)


def test_over_the_budget_of_a_day_the_wait_is_until_midnight_pacific() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        assert isinstance(await asked(found), RawReply)
        reply = await asked(found)
        assert isinstance(reply, Unanswered)
        assert reply.why == "budget"
        assert reply.wait is not None
        assert clock.now() + 1000 * reply.wait == pacific("2026-11-21 00:00")
        assert len(llm.asked) == 1

    asking(body, budget=Budget(requests_a_day=1))


def test_over_the_pace_of_a_minute_the_impatient_are_told_and_answers_go_first() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        work = [asyncio.create_task(asked(found)) for _ in range(3)]
        await clock.sleep(0.1)
        reply = await asked(found, seconds=25)
        assert isinstance(reply, Unanswered)
        assert reply.why == "late"
        assert clock.now() == NOON + 100
        assert isinstance(await asked(found, seconds=45, urgent=True), RawReply)
        assert llm.asked[-1].at == NOON + 40_000, "before the third, who came earlier"
        await asyncio.gather(*work)
        assert [each.at - NOON for each in llm.asked] == [0, 20_000, 40_000, 60_000]

    asking(body, budget=Budget(requests_a_minute=3))


class Faulty(Scribe):
    async def complete(self, prompt: str, schema: Mapping[str, object] | None, limits: Limits) -> RawReply:
        del prompt, schema, limits
        raise ZeroDivisionError


def test_an_adapter_that_fails_is_down_and_may_have_cost_what_was_reserved(caplog: pytest.LogCaptureFixture) -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        assert await asked(found, seconds=30) == Unanswered("down", 60.0)
        assert (await found.store.spent("scribe", 0)).tokens > found.prompts["summary"].output
        del llm, clock

    asking(body, model=Faulty)
    assert "the adapter of the model failed" in caplog.text


def test_without_a_model_it_is_the_owners_business() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        found.model = None
        assert await asked(found) == Unanswered("owner", None)
        del llm, clock

    asking(body)


# --- what is written, ahead and in place of what is not


async def chat_at(found: House, name: str, hour: int, language: str = "en", cap: int = 0) -> None:
    """Let a chat have its digest at an hour (UTC) and follow all papers of the scribe."""
    chat = replace(found.chat(name, "daily"), language=language, minute=hour, cap=cap)
    topic = query.topic(query.parse("talking heads"))
    said = Said(f"said:{name}", chat, "/follow talking heads")
    await found.store.hear(said)
    next_at = times.next_digest(chat, found.clock.now())
    await found.store.answer(said, [], [Subscribe(topic, "talking heads", next_at=next_at)])


async def announced(found: House, clock: IdleClock, number: int) -> None:
    """Have papers in the ledger, matched, without anything else being done."""
    papers = [study.at(clock.now()) for study in STUDIES[:number]]
    await clock.sleep(1)
    await found.store.add_papers(papers, baseline=False)
    topics, stamp = await found.store.topics()
    ids = [paper.id for paper in papers]
    await found.store.add_matches(ids, [(topic.id, [Match(id_) for id_ in ids]) for topic in topics], stamp)
    await found.archive.add(papers)


async def prepared(found: House) -> None:
    await prepare(found.store, found.ports, "prepare:digests")
    await found.engine.idle()


def asked_for(llm: Scribe) -> Counter[tuple[str, str]]:
    return Counter((each.paper, each.language) for each in llm.asked)


def test_what_digests_of_the_next_hour_carry_is_written_ahead_and_cheaply() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        eight = 20 * 60  # NOON is 20:00 UTC
        for name, minutes, language, cap in (
            ("too soon", 9, "en", 0),
            ("soon", 30, "zh", 2),
            ("late", 59, "en", 1),
            ("too late", 62, "en", 0),
        ):
            await chat_at(found, name, eight + minutes, language, cap)
        await announced(found, clock, 3)
        await prepared(found)
        assert Counter(language for _, language in asked_for(llm)) == {"zh": 2, "en": 1}, "as its cap allows"
        assert all(each.cheap for each in llm.asked)
        assert clock.now() < NOON + 5 * MINUTE
        before = len(llm.asked)
        await prepared(found)
        assert len(llm.asked) == before, "once"

    asking(body)


def test_a_digest_uses_what_was_written_ahead() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        await chat_at(found, "a", 20 * 60 + 30)
        await announced(found, clock, 3)
        await prepared(found)
        assert len(llm.asked) == 3
        clock.set(NOON + 30 * MINUTE)
        await found.drain()
        assert len(llm.asked) == 3
        assert clock.now() == NOON + 30 * MINUTE, "it waits for nothing"
        ((_, payload),) = found.fake.sent
        assert "3 from the abstract by scribe-1, 9 of 9 quotes found" in console_view.text(console_view.load(payload))

    asking(body)


def test_nothing_is_prepared_while_the_model_is_not_asked() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        await chat_at(found, "a", 20 * 60 + 30)
        await announced(found, clock, 1)
        await found.store.pause("scribe", clock.now() + HOUR, "owner", "The key.")
        await prepared(found)
        assert llm.asked == []
        nudged: list[str] = []
        ports = replace(found.ports, nudge=nudged.append)
        await prepare(found.store, ports, "prepare:digests")
        assert nudged == []
        await found.store.resume("owner")
        await prepare(found.store, replace(ports, model=None), "prepare:digests")
        assert nudged == []
        await prepare(found.store, ports, "prepare:digests")
        assert nudged == [f"ahead:en:{STUDY.id}"]

    asking(body)


def test_what_fails_ahead_leaves_nothing_and_the_digest_asks_again() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        await chat_at(found, "a", 20 * 60 + 30)
        await announced(found, clock, 1)
        await prepared(found)
        assert len(llm.asked) == 3
        paper = STUDIES[0].paper
        asked_ = replace(found.ports.wanted, language="en")
        assert await found.store.summary(paper, asked_) is None
        clock.set(NOON + 30 * MINUTE)
        await found.drain()
        assert len(llm.asked) == 4
        assert not llm.asked[3].cheap
        written = await found.store.summary(paper, asked_)
        assert written is not None
        assert written.basis == "abstract"

    asking(body, "shed", "shed", "shed")


def test_what_stands_in_is_replaced_once_its_time_is_over_and_not_before() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        paper = STUDIES[0].paper
        await found.store.add_papers([paper], baseline=False)
        first = await summary_of(found.store, found.ports, paper, "en")
        assert (first.basis, first.why) == ("extract", "owner")
        assert first.until == clock.now() + HOUR
        await found.store.resume("owner")
        clock.set(first.until - 1)
        assert await summary_of(found.store, found.ports, paper, "en") == first
        assert len(llm.asked) == 1
        clock.set(first.until)
        second = await summary_of(found.store, found.ports, paper, "en")
        assert (second.basis, second.model, second.found) == ("abstract", "scribe-1", 3)
        clock.set(clock.now() + 300 * DAY)
        assert await summary_of(found.store, found.ports, paper, "en") == second
        assert len(llm.asked) == 2

    asking(body, "owner")


WANTED = Wanted("", "summary-1", "scribe-1")
TOPIC = Topic("t1", "key", '"talking"')


@asynccontextmanager
async def composed(found: Till) -> AsyncIterator[str]:
    """A chat with a digest of one paper that waits for its summary."""
    chat = Chat("fake:a", "fake", "a")
    said = Said("said:1", chat, "/follow talking")
    await found.store.hear(said)
    await found.store.answer(said, [Part("ok")], [Subscribe(TOPIC, "talking")])
    await found.clock.sleep(1)
    await found.store.add_papers([STUDY], baseline=False)
    _, stamp = await found.store.topics()
    await found.store.add_matches([STUDY.id], [("t1", [Match(STUDY.id)])], stamp)
    yield chat.id


def test_a_digest_that_waits_takes_what_stands_in_since_it_was_composed() -> None:
    async def body(found: Till) -> None:
        store, clock = found.store, found.clock
        english = replace(WANTED, language="en")
        async with composed(found) as chat:
            old = Summary("old", (), why="down", until=clock.now() + MINUTE)
            await store.add_summary(STUDY, english, old)
            await clock.sleep(120)
            await store.wake_all()
            assert await store.compose(chat, WANTED, lambda *_: None) == (1, [("en", STUDY.id)])
            assert (await store.open_digests(chat, WANTED))[1] == [], "what stood in before has had its time"
            assert await store.waited_since(STUDY.id, english) == clock.now()
            await clock.sleep(60)
            new = Summary("new", (), why="late", until=clock.now() + MINUTE)
            await store.add_summary(STUDY, english, new)
            await clock.sleep(3600)
            _, (digest,) = await store.open_digests(chat, WANTED)
            assert digest.entries[0].summary == new
            assert "summarize" not in " ".join(await store.due(WANTED))
            good = Summary("good", (), basis="abstract", proofs=(Proof("a", "b", "abstract"),))
            await store.add_summary(STUDY, english, good)
            await store.add_summary(STUDY, english, new)
            _, (digest,) = await store.open_digests(chat, WANTED)
            assert digest.entries[0].summary == good, "what a model wrote stays"

    till(Budget(), body)


# --- nobody waits for somebody else's patience, and nothing that was paid for is lost


def test_an_answer_that_was_paid_for_outlives_a_busy_ledger() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        async def busy(id_: str, *, tokens: int, micros: int) -> None:
            raise Later(f"The ledger is busy; {id_} stays at its {tokens} tokens or {micros} micro-dollars.", wait=5)

        found.store.settle_call = busy  # type: ignore[method-assign]
        assert isinstance(await asked(found), RawReply)
        assert (await found.store.spent("scribe", 0)).tokens > llm.asked[0].tokens
        del clock

    asking(body)


def test_an_answer_does_not_wait_for_work_ahead_on_the_same_paper() -> None:
    async def body(found: House, llm: Scribe, clock: IdleClock) -> None:
        paper = STUDIES[0].paper
        await found.store.add_papers([paper], baseline=False)
        llm.plan = ["unsure"]
        found.engine.nudge(f"ahead:en:{paper.id}")
        await clock.sleep(1)
        start = clock.now()
        told = await summary_of(found.store, found.ports, paper, "en")
        assert clock.now() - start <= 26_000, "the cheap call under way may last five minutes"
        assert told.why == "late"

    asking(body)
