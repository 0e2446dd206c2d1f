"""What the OpenAI door learns about a server, and what it reads from answers that differ from OpenAI's own."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.errors import ConfigError, Later, Refused
from bot.llm.openai import OpenAI
from bot.ports import Limits
from tests.fakes.llm_server import GOOD, LlmServer
from tests.fakes.ports import SteppedClock

SCHEMA: dict[str, object] = {"type": "object", "properties": {"tldr": {"type": "string"}}, "required": ["tldr"]}
LIMITS = Limits(output=300, timeout=5.0)


def door(server: LlmServer, key: str = "sk-test-0123456789", model: str = "m") -> OpenAI:
    return OpenAI(key=key, model=model, clock=SteppedClock(), base_url=server.base_url + "/v1")


def play(body: Callable[[LlmServer, OpenAI], Awaitable[None]]) -> None:
    async def go() -> None:
        async with LlmServer() as server:
            llm = door(server)
            try:
                await body(server, llm)
            finally:
                await llm.close()

    asyncio.run(go())


def forms(server: LlmServer) -> list[str]:
    return [(seen.body.get("response_format") or {}).get("type", "prompt") for seen in server.seen]


@pytest.mark.parametrize("vague", [False, True])
@pytest.mark.parametrize(
    ("takes", "first"),
    [
        ({"json_schema", "json_object"}, ["json_schema"]),
        ({"json_object"}, ["json_schema", "json_object"]),
        (set(), ["json_schema", "json_object", "prompt"]),
    ],
)
def test_the_ladder_is_climbed_down_once_and_remembered(takes: set[str], first: list[str], vague: bool) -> None:
    async def body(server: LlmServer, llm: OpenAI) -> None:
        server.formats = takes
        server.vague = vague
        for _ in range(2):
            assert (await llm.complete("p", SCHEMA, LIMITS)).text == GOOD
        assert forms(server) == [*first, first[-1]]
        asked = server.seen[-1].body["messages"][0]["content"]
        assert ("JSON Schema" in asked) == (first[-1] != "json_schema")
        assert asked.startswith("p")
        assert "response_format" not in (await _sent(server, llm, None))

    play(body)


async def _sent(server: LlmServer, llm: OpenAI, schema: dict[str, object] | None) -> dict[str, Any]:
    await llm.complete("p", schema, LIMITS)
    return server.seen[-1].body


def test_a_refusal_of_something_else_does_not_climb() -> None:
    async def body(server: LlmServer, llm: OpenAI) -> None:
        server.fault("too_long")
        with pytest.raises(Refused, match="too long for m"):
            await llm.complete("p", SCHEMA, LIMITS)
        server.fault("blocked")
        with pytest.raises(Refused):
            await llm.complete("p", SCHEMA, LIMITS)
        assert forms(server) == ["json_schema"] * 2

    play(body)


def test_words_a_model_refuses_are_left_out_from_then_on() -> None:
    async def body(server: LlmServer, llm: OpenAI) -> None:
        server.words = {"max_completion_tokens"}
        assert (await llm.complete("p", SCHEMA, LIMITS)).text == GOOD
        assert len(server.seen) == 3
        sent = await _sent(server, llm, SCHEMA)
        assert len(server.seen) == 4
        assert sent["max_completion_tokens"] == 300
        assert not {"max_tokens", "temperature"} & sent.keys()

    play(body)


def test_only_a_closed_schema_is_asked_for_strictly() -> None:
    async def body(server: LlmServer, llm: OpenAI) -> None:
        closed = {**SCHEMA, "additionalProperties": False}
        assert (await _sent(server, llm, closed))["response_format"]["json_schema"]["strict"] is True
        assert (await _sent(server, llm, SCHEMA))["response_format"]["json_schema"]["strict"] is False

    play(body)


def test_a_local_server_needs_no_key_and_one_that_does_says_so() -> None:
    async def go() -> None:
        async with LlmServer() as server:
            llm = door(server, key="")
            assert (await llm.complete("p", None, LIMITS)).text == GOOD
            assert "Authorization" not in server.seen[0].headers
            server.keys = {"another"}
            with pytest.raises(ConfigError, match="does not accept the key"):
                await llm.complete("p", None, LIMITS)
            await llm.close()

    asyncio.run(go())


def test_thoughts_left_in_an_answer_are_taken_out() -> None:
    async def body(server: LlmServer, llm: OpenAI) -> None:
        server.answer = lambda _: '<think>\nHm, <b>.\n</think>\n\n{"tldr": "<think> stays"}'
        assert (await llm.complete("p", SCHEMA, LIMITS)).text == '{"tldr": "<think> stays"}'

    play(body)


def test_an_empty_budget_is_told_with_the_answer() -> None:
    async def body(server: LlmServer, llm: OpenAI) -> None:
        server.fault("odd", x_ratelimit_remaining_requests="0", x_ratelimit_reset_requests="1m30s")
        assert (await llm.complete("p", None, LIMITS)).retry_after == 90
        server.fault("odd", x_ratelimit_remaining_requests="3", x_ratelimit_reset_requests="1m30s")
        assert (await llm.complete("p", None, LIMITS)).retry_after is None

    play(body)


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ({"error": {"message": "Upstream is out", "code": 502}}, Later, "HTTP 502"),  # OpenRouter
        ({"error": {"message": "Rate limit exceeded", "code": 429}}, Later, "fewer requests"),
        ({"error": "model 'm' not found, try pulling it first"}, Later, "HTTP 500"),  # under 200 nobody knows
        ({"choices": "none"}, Later, "no model's answer"),
        ([], Later, "no model's answer"),
    ],
)
def test_errors_under_http_200(body: object, error: type[Exception], words: str) -> None:
    _read(200, body, error, words)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (404, {"error": "model 'm' not found, try pulling it first"}, ConfigError, "has no model m"),  # Ollama
        (
            404,
            {"object": "error", "message": "The model `m` does not exist.", "code": 404},
            ConfigError,
            "has no model",
        ),
        (400, {"error": {"message": "Model Not Exist", "code": "invalid_request_error"}}, ConfigError, "has no model"),
        (402, {"error": {"message": "Insufficient Balance"}}, ConfigError, "no credit left"),  # DeepSeek
        (503, {"error": {"message": "Loading model", "code": 503}}, Later, "not available"),  # llama.cpp
        (400, [{"error": {"code": 400, "message": "API key not valid."}}], ConfigError, "key"),  # Gemini's OpenAI door
        (422, {"detail": [{"loc": ["body", "messages"], "msg": "field required"}]}, Refused, "cannot use"),  # FastAPI
        (418, None, Refused, "HTTP 418"),
    ],
)
def test_errors_of_other_servers(status: int, body: object, error: type[Exception], words: str) -> None:
    _read(status, body, error, words)


def _read(status: int, body: object, error: type[Exception], words: str) -> None:
    """Answer once with this from a server of a few lines."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        raw = json.dumps(body).encode()
        writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (status, len(raw)) + raw)
        await writer.drain()
        writer.close()

    async def go() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        llm = OpenAI(key="", model="m", clock=SteppedClock(), base_url=f"http://127.0.0.1:{port}/v1/chat/completions")
        with pytest.raises(error, match=words):
            await llm.complete("p", None, LIMITS)
        await llm.close()
        server.close()
        await server.wait_closed()

    asyncio.run(go())
