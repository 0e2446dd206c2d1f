"""Any server that speaks OpenAI's chat completions: OpenAI, vLLM, Ollama, llama.cpp, DeepSeek; by plain HTTP, no SDK.

Invariants:

- A schema is asked for in the strongest way the server takes: `json_schema`, then `json_object`, then in the prompt
  alone. A refusal is an answer that costs nothing; what was taken is remembered for the life of this object.
- The same for two words that some models refuse: `temperature`, and `max_tokens` (else `max_completion_tokens`).
- Nothing but a whole JSON object with `choices` passes for an answer, and a call ends within `limits.timeout` seconds
  in total, whatever the server does and however many refusals there were.

httpx (it comes with python-telegram-bot) is imported, and certificates are read, in a thread at the first call.
"""

import asyncio
import json
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from bot import resources
from bot.errors import ConfigError, Later, PaperboyError, Refused
from bot.llm import _wire
from bot.ports import Finish, Limits, RawReply, Usage

if TYPE_CHECKING:
    import httpx

    from bot.ports import Clock

EXAMPLE = "http://localhost:11434/v1"
LARGEST = 16 * 2**20  # bytes of one answer

_FINISH: dict[str, Finish] = {"stop": "stop", "eos": "stop", "length": "length", "content_filter": "safety"}
_RUNGS = ("json_schema", "json_object", "prompt")
_REFUSALS = {400, 415, 422, 501}
_FORMAT = re.compile(r"response.?format|json.?(schema|object|mode)|schema|grammar|structured|guided", re.IGNORECASE)
_CONTENT = re.compile(r"content.?(policy|filter|management)|moderation|safety", re.IGNORECASE)
_LENGTH = re.compile(
    r"context.?(length|window|size)|too (long|large|many tokens)|maximum.{0,20}(length|tokens)", re.IGNORECASE
)
_MODEL = re.compile(
    r"model.{0,80}?(not.(found|exist|supported)|does not exist)|model_not_found|no such model", re.IGNORECASE
)
_MONEY = re.compile(r"insufficient.?(quota|balance|credit|funds)|billing|payment", re.IGNORECASE)
_AGAIN = re.compile(r"try again in ((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)", re.IGNORECASE)
_ASK_JSON = "\n\nAnswer with one JSON object that follows this JSON Schema, and with nothing else:\n"
_THOUGHTS = re.compile(r"\s*<think>.*?</think>\s*", re.DOTALL)  # Ollama and llama.cpp leave them in the answer


@dataclass(frozen=True, slots=True)
class _Manners:
    """What this server was found to take."""

    rung: str = _RUNGS[0]
    tokens: str = "max_tokens"
    temperature: bool = True


@dataclass(frozen=True, slots=True)
class _Open:
    client: "httpx.AsyncClient" = field(repr=False)
    known: Mapping[str, Any]
    temperature: float


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: Any  # parsed JSON, None if it was none
    headers: Mapping[str, str]


class OpenAI:
    """The LLM port on https://platform.openai.com/docs/api-reference/chat, as other servers speak it too.

    `base_url` ends before `/chat/completions`; `key` may be '' for a server of one's own. Raises ConfigError if one of
    them cannot be used. One instance serves one event loop.
    """

    name = "openai"

    def __init__(self, *, key: str, model: str, clock: "Clock", base_url: str) -> None:
        self._base_url = _wire.check_address(base_url.rstrip("/").removesuffix("/chat/completions"), EXAMPLE)
        self._whose = f"The model server {self._base_url.split('//', 1)[1].split('/')[0]}"
        self._key = _wire.check_key(key, self._whose.replace("The", "the", 1))
        if not model.strip():
            raise ConfigError(f"{self._whose} needs the name of a model: set one that it serves.")
        self._clock = clock
        self.model = model.strip()
        self._manners = _Manners()
        self._opened: _Open | None = None
        self._lock = asyncio.Lock()

    async def complete(self, prompt: str, schema: Mapping[str, object] | None, limits: Limits) -> RawReply:
        """Make one call, and up to five until a server's manners are known; see the port."""
        opened = await self._ready()
        import httpx

        try:
            async with asyncio.timeout(limits.timeout):
                answer = await self._climb(opened, prompt, schema, limits)
            return self._reply(answer)
        except (TimeoutError, httpx.TimeoutException):
            failure: PaperboyError = _wire.late(self._whose, limits.timeout)
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as problem:
            failure = _wire.lost(self._whose, problem)
        raise failure  # out of the handler: what the library raised may quote anything

    async def close(self) -> None:
        """Give back the connections; the next call opens them anew."""
        opened, self._opened = self._opened, None
        if opened:
            await opened.client.aclose()

    # --- asking ----------------------------------------------------------------------------------------------------

    async def _ready(self) -> _Open:
        async with self._lock:
            if self._opened is None:
                self._opened = await asyncio.to_thread(self._open)
            return self._opened

    def _open(self) -> _Open:
        """Import httpx and make its client; blocks."""
        try:
            import httpx
        except ImportError:
            raise ConfigError("The package httpx is missing: pip install httpx.") from None
        # A server next door without TLS needs no certificates read
        trust = (
            httpx.create_ssl_context()
            if self._base_url.startswith("https")
            else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        )
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        room = httpx.Limits(max_connections=None)  # how many go at once is the gate's to say
        return _Open(
            client=httpx.AsyncClient(verify=trust, headers=headers, limits=room, timeout=None),  # noqa: S113 - asyncio.timeout
            known=_wire.facts("openai", self.model),
            temperature=float(resources.data("models.json")["openai"]["temperature"]),
        )

    async def _climb(self, opened: _Open, prompt: str, schema: Mapping[str, object] | None, limits: Limits) -> _Answer:
        """Ask, and ask more modestly as long as it is the manner that is refused."""
        manners = self._manners
        while True:
            answer = await self._ask(opened, self._body(opened, manners, prompt, schema, limits))
            humbler = _humbler(manners, answer, asked_json=schema is not None)
            if humbler is None:
                if answer.status == _wire.OK:
                    self._manners = manners
                return answer
            manners = humbler

    def _body(
        self, opened: _Open, manners: _Manners, prompt: str, schema: Mapping[str, object] | None, limits: Limits
    ) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self.model, "stream": False, manners.tokens: limits.output}
        if manners.temperature:
            body["temperature"] = opened.temperature
        if schema is not None and manners.rung == "json_schema":
            form = {"name": "answer", "schema": dict(schema), "strict": _is_strict(schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        elif schema is not None:
            prompt += _ASK_JSON + json.dumps(schema, ensure_ascii=False)
            if manners.rung == "json_object":
                body["response_format"] = {"type": "json_object"}
        if limits.cheap and (tier := opened.known.get("cheap")):
            body["service_tier"] = tier["tier"]
        body["messages"] = [{"role": "user", "content": prompt}]
        return body | dict(opened.known.get("body") or {})

    async def _ask(self, opened: _Open, body: Mapping[str, Any]) -> _Answer:
        raw = bytearray()
        async with opened.client.stream("POST", f"{self._base_url}/chat/completions", json=body) as response:
            async for chunk in response.aiter_bytes():
                raw.extend(chunk)
                if len(raw) > LARGEST:
                    raise Later(f"{self._whose} sent more than any answer needs: it is asked again later.", unsure=True)
        try:
            parsed = json.loads(raw)
        except (ValueError, RecursionError):
            parsed = None
        if isinstance(parsed, list) and parsed:  # Gemini's own OpenAI door wraps its errors
            parsed = parsed[0]
        status = response.status_code
        if status == _wire.OK and isinstance(parsed, dict) and "choices" not in parsed and parsed.get("error"):
            code = _error(parsed).get("code")  # OpenRouter: an error under HTTP 200
            status = code if isinstance(code, int) and code >= _wire.BAD_REQUEST else _wire.SERVER
        return _Answer(status, parsed, dict(response.headers))

    # --- reading ---------------------------------------------------------------------------------------------------

    def _reply(self, answer: _Answer) -> RawReply:
        if answer.status != _wire.OK:
            raise self._failure(answer)
        body = answer.body
        if not isinstance(body, dict) or not isinstance(body.get("choices"), list):
            raise _wire.unreadable(self._whose)
        choice = body["choices"][0] if body["choices"] and isinstance(body["choices"][0], dict) else {}
        message = choice.get("message")
        message = message if isinstance(message, dict) else {}
        text = _THOUGHTS.sub("", _text(message.get("content")), count=1)
        finish = _FINISH.get(str(choice.get("finish_reason")), "other") if choice else "empty"
        if message.get("refusal"):
            finish = "safety"
        return RawReply(
            text=text,
            finish="empty" if finish == "stop" and not text.strip() else finish,
            usage=_usage(body.get("usage")),
            model_version=str(body.get("model") or ""),
            retry_after=self._pause(answer),
        )

    def _failure(self, answer: _Answer) -> PaperboyError:
        status, whose = answer.status, self._whose
        error = _error(answer.body)
        text = f"{error.get('message') or ''} {error.get('code') or ''} {error.get('type') or ''}"
        said = _wire.quoted(_wire.said(error.get("message"), self._key))
        if status == _wire.PAYMENT or (status in {_wire.TOO_MANY, _wire.FORBIDDEN} and _MONEY.search(text)):
            return ConfigError(
                f"{whose} says that there is no credit left (HTTP {status}): add some, or choose another."
            )
        if status in {_wire.UNAUTHORIZED, _wire.FORBIDDEN} or re.search(r"api.?key", text, re.IGNORECASE):
            return ConfigError(f"{whose} does not accept the key (HTTP {status}): set a valid one.")
        if (status in {_wire.NOT_FOUND, *_REFUSALS}) and _MODEL.search(text):
            return ConfigError(f"{whose} has no model {self.model}{said}: set one that it serves.")
        if status in {_wire.NOT_FOUND, 405} or status in range(300, 400):
            return ConfigError(
                f"{whose} has no chat completions at {self._base_url} (HTTP {status}): set another address."
            )
        if status == _wire.TOO_MANY:
            wait = self._wait(answer, text)
            return Later(f"{whose} asks for fewer requests (HTTP 429): {_wire.when(wait)}.", wait=wait, quota=True)
        if status in {_wire.TIMED_OUT, _wire.CONFLICT, _wire.TOO_EARLY, _wire.CLOSED} or (
            status >= _wire.SERVER and status not in _REFUSALS
        ):
            wait = self._wait(answer, text)
            return Later(f"{whose} is not available (HTTP {status}): {_wire.when(wait)}.", wait=wait)
        if status == _wire.TOO_LARGE or _LENGTH.search(text):
            return Refused(f"This text is too long for {self.model} (HTTP {status}): take the summary without a model.")
        return Refused(f"{whose} cannot use this request (HTTP {status}){said}: take the summary without a model.")

    def _wait(self, answer: _Answer, text: str) -> float | None:
        """Seconds of the headers, or of OpenAI's 'Please try again in 6m0s.'."""
        wait = _wire.retry_after(answer.headers, self._clock.now())
        if wait is None and (again := _AGAIN.search(text)):
            wait = _wire.duration(again[1])
        return self._pause(answer) if wait is None else wait

    def _pause(self, answer: _Answer) -> float | None:
        """Seconds until the emptier of OpenAI's two budgets is open again, None while both have something left."""
        waits = [
            _wire.duration(answer.headers.get(f"x-ratelimit-reset-{what}", ""))
            for what in ("requests", "tokens")
            if answer.headers.get(f"x-ratelimit-remaining-{what}", "").strip() == "0"
        ]
        return max((wait for wait in waits if wait is not None), default=None)


def _humbler(manners: _Manners, answer: _Answer, *, asked_json: bool) -> _Manners | None:
    """Return the next manner to try, None if the answer is not about manners (or there is none left).

    A refusal that says nothing is taken for one of the format: some servers answer an unknown word with 'Bad Request'.
    """
    if answer.status not in _REFUSALS:
        return None
    error = _error(answer.body)
    text = f"{error.get('message') or ''} {error.get('code') or ''} {error.get('param') or ''}"
    if manners.tokens == "max_tokens" and "max_completion_tokens" in text:
        return replace(manners, tokens="max_completion_tokens")
    if manners.temperature and "temperature" in text:
        return replace(manners, temperature=False)
    if any(kind.search(text) for kind in (_CONTENT, _LENGTH, _MODEL)) or not asked_json:
        return None
    place = _RUNGS.index(manners.rung) + 1
    if place == len(_RUNGS) or not (_FORMAT.search(text) or len(text.split()) <= 3):  # noqa: PLR2004 - 'Bad Request', a code
        return None
    return replace(manners, rung=_RUNGS[place])


def _error(body: object) -> dict[str, Any]:
    """Find the error in what OpenAI, Ollama, vLLM (old and new) and FastAPI make of one."""
    if not isinstance(body, dict):
        return {}
    error = body.get("error") or body.get("detail") or (body if body.get("object") == "error" else {})
    if isinstance(error, dict):
        return error
    return {"message": error if isinstance(error, str) else json.dumps(error)}


def _is_strict(schema: object) -> bool:
    """Whether OpenAI's strict mode takes it: every object closed, every property required."""
    if isinstance(schema, Mapping):
        if schema.get("type") == "object" and (
            schema.get("additionalProperties") is not False
            or set(schema.get("required") or ()) != set(schema.get("properties") or ())
        ):
            return False
        return all(_is_strict(part) for part in schema.values())
    return all(_is_strict(part) for part in schema) if isinstance(schema, list | tuple) else True


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _usage(count: object) -> Usage | None:
    if not isinstance(count, dict):
        return None

    def number(row: object, name: str) -> int:
        value = row.get(name) if isinstance(row, dict) else None
        return value if isinstance(value, int) else 0

    cached = number(count.get("prompt_tokens_details"), "cached_tokens") or number(count, "prompt_cache_hit_tokens")
    return Usage(
        input=number(count, "prompt_tokens"),
        output=number(count, "completion_tokens"),
        thoughts=number(count.get("completion_tokens_details"), "reasoning_tokens"),
        cached=cached,
    )
