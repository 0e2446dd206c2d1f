"""Loopback model providers: Gemini's v1beta generateContent, as both of Google's packages call it, and OpenAI's chat.

Invariants: replies have the form of the real ones (error details of AIP-193, enums as numbers where google-generativeai
asks for numbers, errors in a list where Google does that, thoughts counted apart); a fault is served as often as it was
asked for, then good answers again; every request is recorded, with how many were in flight at its arrival.

`python -m tests.fakes.llm_server --port 0` prints its address: append /v1 for OpenAI's wire.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from aiohttp import web

Kind = Literal[
    "minute",  # 429, asks for a pause of 7 s
    "day",  # 429, the quota of the day; Gemini also names a pause, which is a trap
    "nothing",  # 429, a quota of nothing at all
    "status",  # `status` with `headers`, in the provider's own error format
    "html",  # `status` (200) and a page
    "stall",  # nothing at all
    "stall_body",  # headers, then nothing
    "dribble",  # headers, then a byte now and then, for ever
    "drop",  # the connection is closed without a word
    "short_body",  # Content-Length says more than is sent
    "cut",  # 200, half a JSON document
    "hollow",  # 200, {}
    "number",  # 200, a JSON document that is no object
    "max_tokens",  # half an answer
    "max_thoughts",  # the limit reached before a word was said
    "safety",  # blocked, no text
    "half_safety",  # blocked, after some text
    "recitation",
    "odd",  # a finish reason of next year
    "blocked",  # the prompt itself is refused
    "empty",  # a stop without a word
    "nobody",  # no candidates, no choices
    "bad_json",  # chatter instead of JSON
    "key",  # the key is not valid, as the provider says it; the reply quotes the key
    "gone",  # the model is not there
    "bad_request",
    "too_long",
    "redirect",
]
RAW = {"stall", "stall_body", "dribble", "drop", "short_body"}  # spoken below HTTP

GOOD = json.dumps({"tldr": "We present X.", "takeaways": [{"text": "X is fast.", "quote": "X is 2x faster than Y"}]})
HALF = GOOD[: len(GOOD) // 2]
CHATTER = "Sure! Here is the summary you asked for: {tldr: }"
PAGE = "<!doctype html><html><title>Sign in to the network</title><body>Please sign in.</body></html>"
# Numbers of google.ai.generativelanguage.v1beta; 99 is what a reason of next year may be
_FINISH = {"STOP": 1, "MAX_TOKENS": 2, "SAFETY": 3, "RECITATION": 4, "NEW_REASON": 99}
_BLOCK = {"PROHIBITED_CONTENT": 4}
_STATUS = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass
class Fault:
    """What goes wrong with a request."""

    kind: Kind
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    message: str = ""


@dataclass
class Seen:
    """A request as it arrived: `at` in seconds (monotonic), `together` the requests in flight, itself included."""

    at: float
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    together: int


class LlmServer:
    """An async context manager; `base_url` is its address while it runs. It asks for no key unless `keys` holds one."""

    def __init__(self, *, port: int = 0) -> None:
        self.keys: set[str] = set()
        self.answer: Callable[[str], str] = lambda _: GOOD  # from the prompt
        self.formats = {"json_schema", "json_object"}  # what the OpenAI door takes as response_format
        self.vague = False  # it says no more than 'Bad Request' about what it does not take
        self.words = {"max_tokens", "max_completion_tokens", "temperature"}  # what else it takes
        self.usage = True  # it counts
        self.delay = 0.0  # seconds before each answer
        self.seen: list[Seen] = []
        self.arrived = asyncio.Event()  # set by every request
        self.cut_off = asyncio.Event()  # set when a client went away before its answer
        self.base_url = ""
        self._faults: list[Fault] = []
        self._port = port
        self._flying = 0
        self._closing = asyncio.Event()
        self._runner: web.ServerRunner | None = None

    def fault(self, kind: Kind, times: int = 1, *, status: int = 200, message: str = "", **headers: str) -> None:
        """Spoil the next `times` requests; a_b in `headers` stands for a-b."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self._faults += [Fault(kind, status, fields, message)] * times

    async def __aenter__(self) -> Self:
        server = web.Server(self._handle, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        self.base_url = "http://{}:{}".format(*self._runner.addresses[0][:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        if self._runner:
            await self._runner.cleanup()

    # --- requests --------------------------------------------------------------------------------------------------

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self._flying += 1
        try:
            body = json.loads(await request.read() or b"{}")
            self.seen.append(Seen(time.monotonic(), request.path, dict(request.headers), body, self._flying))
            self.arrived.set()
            await asyncio.sleep(self.delay)
            fault = self._faults.pop(0) if self._faults else Fault("status")
            door = self._gemini if request.path.startswith("/v1beta/models/") else self._openai
            if fault.kind in RAW:
                return await self._misbehave(fault.kind, request, door(request, body, Fault("status")))
            if fault.kind == "html":
                return web.Response(status=fault.status, text=PAGE, content_type="text/html", headers=fault.headers)
            if fault.kind == "redirect":
                return web.Response(status=307, headers={"Location": "/elsewhere" + request.path})
            if fault.kind in {"cut", "hollow", "number"}:
                whole = json.dumps(door(request, body, Fault("status"))[1])
                text = {"cut": whole[: len(whole) // 2], "hollow": "{}", "number": "42"}[fault.kind]
                return web.Response(text=text, content_type="application/json")
            status, reply = door(request, body, fault)
            return web.json_response(reply, status=status, headers=fault.headers)
        except asyncio.CancelledError:
            self.cut_off.set()
            raise
        finally:
            self._flying -= 1

    async def _misbehave(self, kind: Kind, request: web.BaseRequest, right: tuple[int, Any]) -> web.StreamResponse:
        """Speak bare bytes, below HTTP, then cut the connection."""
        wire = request.transport
        assert wire
        body = json.dumps(right[1]).encode()
        if kind not in {"stall", "drop"}:
            wire.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body))
        if kind == "short_body":
            wire.write(body[:-20])
        count = 0
        while kind not in {"drop", "short_body"} and not self._closing.is_set() and not wire.is_closing():
            await asyncio.sleep(0.05)
            if kind == "dribble":
                wire.write(body[count : count + 1])
            count += 1
        wire.close()
        return web.Response()

    # --- Gemini ----------------------------------------------------------------------------------------------------

    def _gemini(self, request: web.BaseRequest, body: dict[str, Any], fault: Fault) -> tuple[int, Any]:
        model, _, verb = request.path.rsplit("/", 1)[-1].partition(":")
        key = request.headers.get("x-goog-api-key", "")
        if fault.kind == "key" or (self.keys and key not in self.keys):
            detail = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
            return 400, _google(400, f"API key not valid: {key}. Please pass a valid API key.", [detail])
        if verb != "generateContent":
            return 404, _google(404, "no such method")
        if (failure := self._gemini_failure(fault, model)) is not None:
            return failure
        numbers = "enum-encoding=int" in request.query_string or "enum-encoding%3Dint" in request.query_string
        prompt = body["contents"][0]["parts"][0]["text"]
        text, reason = _ending(fault.kind, self.answer(prompt), GEMINI_ENDS)
        usage = {
            "promptTokenCount": 1000,
            "thoughtsTokenCount": 20,
            "cachedContentTokenCount": 800,
            "candidatesTokenCount": 50 if text else 0,
            "totalTokenCount": 1070 if text else 1020,
        }
        reply: dict[str, Any] = {"modelVersion": f"{model}-001", "responseId": "r1"}
        if self.usage:
            reply["usageMetadata"] = {name: count for name, count in usage.items() if count}  # as proto3 does
        if fault.kind == "blocked":
            why = "PROHIBITED_CONTENT"
            return 200, reply | {"promptFeedback": {"blockReason": _BLOCK[why] if numbers else why}}
        if fault.kind == "nobody":
            return 200, reply
        candidate: dict[str, Any] = {"finishReason": _FINISH[reason] if numbers else reason, "index": 0}
        if text is not None:
            candidate["content"] = {"role": "model", "parts": [{"text": text}]}
        return 200, reply | {"candidates": [candidate]}

    def _gemini_failure(self, fault: Fault, model: str) -> tuple[int, Any] | None:
        def quota(which: str, delay: str) -> tuple[int, Any]:
            return 429, _google(
                429,
                fault.message or "You exceeded your current quota, please check your plan and billing details.",
                [
                    {
                        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                        "violations": [
                            {
                                "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                                "quotaId": f"GenerateRequestsPer{which}PerProjectPerModel-FreeTier",
                                "quotaDimensions": {"location": "global", "model": model},
                            }
                        ],
                    },
                    {"@type": "type.googleapis.com/google.rpc.Help", "links": []},
                    {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay},
                ],
            )

        match fault.kind:
            case "minute":
                return quota("Minute", "7s")
            case "day":
                return quota("Day", "34.07s")
            case "nothing":
                fault = Fault("nothing", message="Quota exceeded for metric: requests, limit: 0, model: " + model)
                return quota("Day", "34.07s")
            case "gone":
                text = f"models/{model} is not found for API version v1beta, or is not supported for generateContent."
                return 404, _google(404, text)
            case "bad_request":
                return 400, _google(400, fault.message or "Invalid JSON payload received. Unknown name")
            case "too_long":
                return 400, _google(400, "The input token count (1200000) exceeds the maximum number of tokens allowed")
            case "status" if fault.status != 200:
                return fault.status, _google(fault.status, fault.message or "The service is currently unavailable.")
        return None

    # --- OpenAI ----------------------------------------------------------------------------------------------------

    def _openai(self, request: web.BaseRequest, body: dict[str, Any], fault: Fault) -> tuple[int, Any]:
        if request.path != "/v1/chat/completions":
            return 404, {"detail": "Not Found"}
        key = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if fault.kind == "key" or (self.keys and key not in self.keys):
            return 401, _open(f"Incorrect API key provided: {key}.", "invalid_api_key")
        if (failure := self._openai_failure(fault, body)) is not None:
            return failure
        text, reason = _ending(fault.kind, self.answer(body["messages"][-1]["content"]), OPENAI_ENDS)
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": reason}
        reply = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": f"{body['model']}-001",
            "choices": [] if fault.kind == "nobody" else [choice],
        }
        if self.usage:
            out = 70 if text else 20
            reply["usage"] = {
                "prompt_tokens": 1000,
                "completion_tokens": out,
                "total_tokens": 1000 + out,
                "prompt_tokens_details": {"cached_tokens": 800},
                "completion_tokens_details": {"reasoning_tokens": 20},
            }
        return 200, reply

    def _openai_failure(self, fault: Fault, body: dict[str, Any]) -> tuple[int, Any] | None:
        table: dict[Kind, tuple[int, str, str]] = {
            "minute": (429, "Rate limit reached on requests per min (RPM). Please try again in 7s.", "rate_limit"),
            "day": (429, "Rate limit reached on requests per day (RPD). Please try again in 7m12s.", "rate_limit"),
            "nothing": (429, "You exceeded your current quota.", "insufficient_quota"),
            "gone": (404, f"The model `{body['model']}` does not exist.", "model_not_found"),
            "blocked": (400, "The prompt was filtered by our content management policy.", "content_filter"),
            "bad_request": (400, fault.message or "'messages' must be an array that holds a word", "invalid_value"),
            "too_long": (400, "This model's maximum context length is 8192 tokens.", "context_length_exceeded"),
        }
        if fault.status != 200:
            table["status"] = (fault.status, fault.message or "The server is overloaded.", "server_error")
        if fault.kind in table:
            status, text, code = table[fault.kind]
            return status, _open(text, code)
        wanted = (body.get("response_format") or {}).get("type")
        strange = {"max_tokens", "max_completion_tokens", "temperature"} & body.keys() - self.words
        if wanted and wanted not in self.formats:
            strange.add(f"response_format.type {wanted}")
        if strange and self.vague:
            return 400, "Bad Request"
        if strange:
            other = "max_completion_tokens" if "max_tokens" in strange else "another"
            text = f"Unsupported parameter: '{min(strange)}' is not supported with this model. Use '{other}' instead."
            return 400, _open(text, "unsupported_parameter")
        return None


# --- wire formats -------------------------------------------------------------------------------------------------

GEMINI_ENDS = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "safety": "SAFETY",
    "recitation": "RECITATION",
    "odd": "NEW_REASON",
}
OPENAI_ENDS = {"stop": "stop", "length": "length", "safety": "content_filter", "odd": "new_reason"}


def _ending(kind: Kind, good: str, names: dict[str, str]) -> tuple[str | None, str]:
    """Text and finish reason of an answer; a provider that knows no recitation calls it a content filter."""
    ends: dict[str, tuple[str | None, str]] = {
        "max_tokens": (HALF, "length"),
        "max_thoughts": (None, "length"),
        "safety": (None, "safety"),
        "half_safety": (HALF, "safety"),
        "recitation": (None, "recitation"),
        "odd": (HALF, "odd"),
        "empty": (None, "stop"),
        "bad_json": (CHATTER, "stop"),
    }
    text, end = ends.get(kind, (good, "stop"))
    return text, names.get(end, names["safety"])


def _google(code: int, message: str, details: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    error = {"code": code, "message": message, "status": _STATUS.get(code, "UNKNOWN")}
    return {"error": error | ({"details": details} if details else {})}


def _open(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}


async def _serve(port: int) -> None:
    async with LlmServer(port=port) as server:
        print(server.base_url, flush=True)
        await asyncio.Event().wait()


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    try:
        asyncio.run(_serve(parser.parse_args().port))
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
