"""One suite for every LLM: the three adapters against a loopback provider that gives every answer there is."""

import asyncio
import json
import logging
import subprocess
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.errors import ConfigError, Later, PaperboyError, Refused
from bot.llm.gemini import Gemini
from bot.llm.gemini_legacy import GeminiLegacy
from bot.llm.openai import OpenAI
from bot.ports import LLM, Limits, RawReply
from tests.fakes.llm_server import CHATTER, GOOD, HALF, Kind, LlmServer
from tests.fakes.ports import SteppedClock

ROOT = Path(__file__).resolve().parents[2]
KEY = "AIzaSyD-not-a-real-key-0123456789abcdef"
SCHEMA: dict[str, object] = {
    "type": "object",
    "properties": {
        "tldr": {"type": "string", "description": "one sentence"},
        "takeaways": {
            "type": "array",
            "minItems": 1,
            "maxItems": 7,
            "items": {
                "type": "object",
                "properties": {"text": {"type": "string"}, "quote": {"type": ["string", "null"]}},
                "required": ["text", "quote"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["tldr", "takeaways"],
    "additionalProperties": False,
}
LIMITS = Limits(output=500, timeout=5.0)
BRIEF = Limits(output=500, timeout=0.4)
PROMPT = "Summarize: X is 2x faster than Y. 你好"


@dataclass
class Side:
    llm: LLM
    server: LlmServer

    async def ask(self, limits: Limits = LIMITS) -> RawReply:
        return await self.llm.complete(PROMPT, SCHEMA, limits)


def _gemini(server: LlmServer) -> LLM:
    return Gemini(key=KEY, model="gemini-3.5-flash-lite", clock=SteppedClock(), base_url=server.base_url)


def _legacy(server: LlmServer) -> LLM:
    return GeminiLegacy(key=KEY, model="gemini-3.5-flash-lite", clock=SteppedClock(), base_url=server.base_url)


def _openai(server: LlmServer) -> LLM:
    return OpenAI(key=KEY, model="some-model", clock=SteppedClock(), base_url=server.base_url + "/v1")


Body = Callable[[Side], Awaitable[None]]
Run = Callable[[Body], None]


@pytest.fixture(params=[_gemini, _legacy, _openai], ids=["gemini", "gemini_legacy", "openai"])
def run(request: pytest.FixtureRequest) -> Run:
    async def go(body: Body) -> None:
        async with LlmServer() as server:
            llm: LLM = request.param(server)
            try:
                await body(Side(llm, server))
            finally:
                await llm.close()

    return lambda body: asyncio.run(go(body))


# --- answers ------------------------------------------------------------------------------------------------------


def test_a_good_answer_comes_whole_with_what_it_cost_and_who_gave_it(run: Run) -> None:
    async def body(side: Side) -> None:
        reply = await side.ask()
        assert (reply.text, reply.finish, reply.retry_after) == (GOOD, "stop", None)
        assert reply.usage
        assert (reply.usage.input, reply.usage.output) == (1000, 70)
        assert (reply.usage.thoughts, reply.usage.cached) == (20, 800)
        assert reply.model_version in {f"{side.llm.model}-001", ""}
        assert len(side.server.seen) == 1

    run(body)


def test_the_prompt_arrives_as_it_is_with_the_limit_and_without_a_schema(run: Run) -> None:
    async def body(side: Side) -> None:
        side.server.answer = lambda prompt: prompt
        reply = await side.llm.complete(PROMPT, None, LIMITS)
        assert reply.text == PROMPT
        sent = json.dumps(side.server.seen[0].body)
        assert "500" in sent
        assert not any(word in sent.lower() for word in ("schema", "application/json", "response_format", "top_p"))

    run(body)


def test_the_schema_arrives(run: Run) -> None:
    async def body(side: Side) -> None:
        await side.ask()
        sent = json.dumps(side.server.seen[0].body)
        assert "takeaways" in sent
        assert "required" in sent

    run(body)


def test_a_server_that_does_not_count_is_believed(run: Run) -> None:
    async def body(side: Side) -> None:
        side.server.usage = False
        reply = await side.ask()
        assert (reply.text, reply.usage) == (GOOD, None)

    run(body)


ENDS: list[tuple[Kind, str, str]] = [
    ("max_tokens", "length", HALF),
    ("max_thoughts", "length", ""),
    ("safety", "safety", ""),
    ("half_safety", "safety", HALF),
    ("recitation", "recitation", ""),
    ("odd", "other", HALF),
    ("empty", "empty", ""),
    ("nobody", "empty", ""),
    ("bad_json", "stop", CHATTER),
]


@pytest.mark.filterwarnings("ignore:.*FinishReason:UserWarning")  # both packages warn of a reason they do not know
@pytest.mark.parametrize(("kind", "finish", "text"), ENDS, ids=[kind for kind, *_ in ENDS])
def test_an_answer_that_is_none_says_why_and_what_it_cost(run: Run, kind: Kind, finish: str, text: str) -> None:
    async def body(side: Side) -> None:
        side.server.fault(kind)
        reply = await side.ask()
        if kind == "recitation" and side.llm.name == "openai":
            assert reply.finish == "safety"  # that wire has one word for both
        else:
            assert reply.finish == finish
        assert reply.text == text
        assert reply.usage
        assert reply.usage.input == 1000
        assert reply.usage.output >= 20
        assert (await side.ask()).finish == "stop"
        assert len(side.server.seen) == 2

    run(body)


# --- errors -------------------------------------------------------------------------------------------------------

Fault = tuple[Kind, dict[str, object], type[PaperboyError], str]
FAULTS: list[Fault] = [
    ("minute", {}, Later, "in 7 s"),
    ("day", {}, Later, "again in"),
    ("nothing", {}, ConfigError, "another"),
    ("status", {"status": 500}, Later, "HTTP 500"),
    ("status", {"status": 502}, Later, "HTTP 502"),
    ("status", {"status": 503, "retry_after": "30"}, Later, "in 30 s"),
    ("status", {"status": 504}, Later, "HTTP 504"),
    ("status", {"status": 408}, Later, "HTTP 408"),
    ("status", {"status": 429, "retry_after": "90"}, Later, "in 90 s"),
    ("status", {"status": 403, "message": "Permission denied"}, ConfigError, "key"),
    ("status", {"status": 401, "message": "Unauthenticated"}, ConfigError, "key"),
    ("status", {"status": 413, "message": "Too large"}, Refused, "too long"),
    ("html", {}, Later, "address"),
    ("html", {"status": 502}, Later, "HTTP 502"),
    ("html", {"status": 404}, ConfigError, "set"),
    ("cut", {}, Later, "no model's answer"),
    ("hollow", {}, Later, "no model's answer"),
    ("number", {}, Later, "no model's answer"),
    ("drop", {}, Later, "could not be reached"),
    ("short_body", {}, Later, "could not be reached"),
    ("blocked", {}, Refused, "without a model"),
    ("key", {}, ConfigError, "valid one"),
    ("gone", {}, ConfigError, "set "),
    ("bad_request", {}, Refused, "without a model"),
    ("too_long", {}, Refused, "without a model"),
    ("redirect", {}, ConfigError, "address"),
]


def name(fault: Fault) -> str:
    return "-".join([fault[0], *map(str, fault[1].values())])


@pytest.mark.parametrize("fault", FAULTS, ids=map(name, FAULTS))
def test_an_error_is_one_of_ours_asked_once_without_the_key(
    run: Run, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    kind, settings, error, words = fault

    async def body(side: Side) -> None:
        side.server.fault(kind, **settings)  # type: ignore[arg-type]
        with pytest.raises(PaperboyError) as caught:
            await side.ask()
        assert type(caught.value) is error, caught.value
        sentence = str(caught.value)
        assert words in sentence, sentence
        assert sentence.endswith(".")
        assert ":" in sentence  # what is wrong: what to do
        assert "\n" not in sentence
        assert len(side.server.seen) == 1  # nobody asks again behind our back
        told = "".join(traceback.format_exception(caught.value)) + repr(side.llm) + repr(caught.value)
        for record in caplog.records:
            told += record.getMessage() + repr(record.__dict__)
        assert KEY not in told
        assert KEY[8:] not in told
        assert (await side.ask()).finish == "stop"  # and the next call is served

    run(body)


def test_the_pause_that_was_asked_for_is_passed_on(run: Run) -> None:
    async def body(side: Side) -> None:
        for settings, wait in (
            ({"kind": "minute"}, 7.0),
            ({"kind": "status", "status": 503, "retry_after": "30"}, 30.0),
            ({"kind": "status", "status": 503, "retry_after": "Mon, 21 Sep 2026 14:14:20 GMT"}, 60.0),
            ({"kind": "status", "status": 503, "retry_after": "soon"}, None),
            ({"kind": "status", "status": 429}, None),
        ):
            side.server.fault(**settings)
            with pytest.raises(Later) as caught:
                await side.ask()
            assert caught.value.wait == wait

    run(body)


def test_the_quota_of_the_day_waits_for_the_day_and_not_for_the_pause_beside_it(run: Run) -> None:
    async def body(side: Side) -> None:
        side.server.fault("day")
        with pytest.raises(Later) as caught:
            await side.ask()
        if side.llm.name == "openai":
            assert caught.value.wait == 7 * 60 + 12  # its days are rolling ones
        else:
            assert caught.value.wait == 60_400  # 1,790,000,000 is 07:13:20 in Los Angeles

    run(body)


# --- time ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["stall", "stall_body", "dribble"])
def test_a_call_ends_in_time_whatever_the_server_does(run: Run, kind: Kind) -> None:
    async def body(side: Side) -> None:
        await side.ask()  # imports
        side.server.fault(kind)
        start = time.monotonic()
        with pytest.raises(Later, match=r"within 0\.4 seconds"):
            await side.ask(BRIEF)
        assert time.monotonic() - start < 1.5
        assert (await side.ask()).finish == "stop"

    run(body)


def test_a_cancelled_call_ends_at_once_and_its_connection_with_it(run: Run) -> None:
    async def body(side: Side) -> None:
        await side.ask()
        side.server.delay = 3.0
        call = asyncio.create_task(side.ask())
        side.server.arrived.clear()
        await side.server.arrived.wait()
        start = time.monotonic()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert time.monotonic() - start < 0.5
        await side.server.cut_off.wait()
        assert time.monotonic() - start < 1.5
        side.server.delay = 0.0
        assert (await side.ask()).finish == "stop"

    run(body)


def test_twenty_calls_go_together_while_the_loop_lives(run: Run) -> None:
    async def body(side: Side) -> None:
        await side.ask()
        side.server.delay = 0.3
        side.server.answer = lambda prompt: prompt.split()[0]
        beats = 0

        async def beat() -> None:
            nonlocal beats
            while True:
                await asyncio.sleep(0.01)
                beats += 1

        heart = asyncio.create_task(beat())
        start = time.monotonic()
        replies = await asyncio.gather(*(side.llm.complete(f"{n} of 20", None, LIMITS) for n in range(20)))
        took = time.monotonic() - start
        heart.cancel()
        assert [reply.text for reply in replies] == [str(n) for n in range(20)]
        assert max(seen.together for seen in side.server.seen) == 20
        assert took < 3.0
        assert beats > 10

    run(body)


def test_nobody_there_is_later(run: Run) -> None:
    async def body(side: Side) -> None:
        await side.server.__aexit__()
        with pytest.raises(Later, match="could not be reached"):
            await side.ask()

    run(body)


def test_it_opens_again_after_it_was_closed(run: Run) -> None:
    async def body(side: Side) -> None:
        await side.ask()
        await side.llm.close()
        assert (await side.ask()).finish == "stop"
        await side.llm.close()
        await side.llm.close()

    run(body)


# --- what an owner may get wrong ----------------------------------------------------------------------------------

MAKERS: list[Callable[..., LLM]] = [Gemini, GeminiLegacy, OpenAI]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("key", ["AIzaSy line\nbreak-0123", "AIzaSy-ключ-0123", "“AIzaSy-0123456789”"])
def test_a_key_that_cannot_be_one_is_refused_without_being_said(make: Callable[..., LLM], key: str) -> None:
    with pytest.raises(ConfigError, match="copy it once more") as caught:
        make(key=key, model="m", clock=SteppedClock(), base_url="https://models.example.org")
    assert "0123" not in str(caught.value)


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("url", ["models.example.org", "ftp://a.org", "https://", "https://a.org/?key=s3cret", ""])
def test_an_address_that_cannot_be_one_is_refused(make: Callable[..., LLM], url: str) -> None:
    with pytest.raises(ConfigError, match="usable address") as caught:
        make(key=KEY, model="m", clock=SteppedClock(), base_url=url)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("make", [Gemini, GeminiLegacy])
def test_gemini_needs_a_key(make: Callable[..., LLM]) -> None:
    with pytest.raises(ConfigError, match="get one from https://"):
        make(key=" ", model="m", clock=SteppedClock())


# Not 'google' itself: the old package puts that name into every process, by a .pth file
LIBRARIES = [
    "google.genai",
    "google.generativeai",
    "google.auth",
    "google.api_core",
    "httpx",
    "httpx2",
    "requests",
    "urllib3",
]


def test_libraries_sleep_until_the_first_call_and_a_missing_one_is_named() -> None:
    code = f"""
import asyncio, sys
from bot.errors import ConfigError
from bot.llm.gemini import Gemini
from bot.llm.gemini_legacy import GeminiLegacy
from bot.llm.openai import OpenAI
from bot.ports import Limits
from tests.fakes.ports import SteppedClock
settings = dict(key="k", model="m", clock=SteppedClock(), base_url="http://127.0.0.1:9")
made = [make(**settings) for make in (Gemini, GeminiLegacy, OpenAI)]
print(*({LIBRARIES!r} & sys.modules.keys()), "asleep")
sys.modules.update(dict.fromkeys(["google.genai", "google.generativeai", "httpx"]))
for llm in made:
    try:
        asyncio.run(llm.complete("p", None, Limits()))
    except ConfigError as error:
        print(error)
""".replace(f"{LIBRARIES!r}", "{" + ", ".join(map(repr, LIBRARIES)) + "}")
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "asleep",
        "The package google-genai is missing or broken: pip install google-genai.",
        (
            "The package google-generativeai is missing: pip install '.[legacy-gemini]',"
            " or choose google-genai, which comes with Paperboy."
        ),
        "The package httpx is missing: pip install httpx.",
    ]
