"""Gemini through google-genai (3.4 and later), the default where a key is present.

Invariants:

- One call of `complete` is one HTTP request. The package asks again by itself in two places, and both are closed here:
  over aiohttp (which it prefers wherever that is installed, and discord.py installs it) a connection that fails is
  tried once more after up to ten seconds; and a model that stops at its limit with a continuation token is continued.
- A call ends within `limits.timeout` seconds in total: the package's own timeout is one of each read, in milliseconds.
- The address is the one that was given: no environment variable of the package turns it, or the service, into another.

The package is imported, and its files of certificates are read, in a thread at the first call, not with this module.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.errors import ConfigError, PaperboyError
from bot.llm import _gemini_wire as wire
from bot.llm import _wire
from bot.ports import Limits, RawReply, Usage

if TYPE_CHECKING:
    from google.genai import Client

    from bot.ports import Clock


@dataclass(frozen=True, slots=True, repr=False)
class _Open:
    client: "Client"
    http: Any  # ours, so ours to close
    known: Mapping[str, Any]
    better: str


class Gemini:
    """The LLM port on https://ai.google.dev/api/generate-content, version v1beta: v1 lacks the `-latest` aliases.

    `base_url` is Google's address, a mirror's or a test server's, without a version. Raises ConfigError if the key or
    the address cannot be used. One instance serves one event loop.
    """

    name = "gemini"

    def __init__(self, *, key: str, model: str, clock: "Clock", base_url: str = wire.EXAMPLE) -> None:
        self._key = _wire.check_key(key, wire.WHOSE)
        if not self._key:
            raise ConfigError(f"Gemini needs a key: get one from {wire.KEYS}, or do without a model.")
        self._base_url = _wire.check_address(base_url, wire.EXAMPLE)
        self._clock = clock
        self.model = model.removeprefix("models/")
        self._opened: _Open | None = None
        self._lock = asyncio.Lock()

    async def complete(self, prompt: str, schema: Mapping[str, object] | None, limits: Limits) -> RawReply:
        """Make one call; see the port. The cheap tier is Google's `flex`."""
        opened = await self._ready()
        import httpx2
        from google.genai.errors import APIError

        try:
            async with asyncio.timeout(limits.timeout):
                answer = await opened.client.aio.models.generate_content(
                    model=self.model, contents=prompt, config=_config(schema, limits, opened.known)
                )
            return _reply(answer, self._clock.now())
        except APIError as problem:
            failure = self._failure(problem, opened)
        except (TimeoutError, httpx2.TimeoutException):
            failure = _wire.late(wire.WHOSE, limits.timeout)
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, OSError) as problem:
            failure = _wire.lost(wire.WHOSE, problem)
        except RecursionError:  # it parses what the model wrote: brackets without end are the model's doing, no outage
            return RawReply("", "other")
        except (ValueError, TypeError, LookupError, AttributeError):  # JSON cut off, a page, a shape it does not know
            failure = _wire.unreadable(wire.WHOSE)
        raise failure  # out of the handler: what the package raised may quote anything

    async def close(self) -> None:
        """Give back the connections; the next call opens them anew."""
        opened, self._opened = self._opened, None
        if opened:
            await opened.http.aclose()

    async def _ready(self) -> _Open:
        async with self._lock:
            if self._opened is None:
                self._opened = await asyncio.to_thread(self._open)
            return self._opened

    def _open(self) -> _Open:
        """Import the package and make its client; blocks."""
        try:
            import httpx2
            from google.genai import Client
            from google.genai.types import HttpOptions
        except ImportError as problem:
            raise ConfigError("The package google-genai is missing or broken: pip install google-genai.") from problem
        trust = (
            httpx2.create_ssl_context()
            if self._base_url.startswith("https")
            else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        )
        # A client of our own is what keeps the package from aiohttp. It never follows a redirect, with a key.
        http = httpx2.AsyncClient(verify=trust, timeout=None)
        options = HttpOptions(
            base_url=self._base_url,
            api_version="v1beta",
            httpx_client=httpx2.Client(verify=trust),  # never used; without it the package makes one
            httpx_async_client=http,
        )
        known = _wire.facts("gemini", self.model)
        better = known.get("instead") or _wire.default("gemini")
        return _Open(
            client=Client(enterprise=False, api_key=self._key, http_options=options),
            http=http,
            known=known,
            better=better if better != self.model else _wire.default("gemini", "better"),
        )

    def _failure(self, problem: Any, opened: _Open) -> PaperboyError:
        return wire.failure(
            problem.code or 0,
            problem.details,
            getattr(problem.response, "headers", {}),
            model=self.model,
            better=opened.better,
            key=self._key,
            now=self._clock.now(),
        )


def _config(schema: Mapping[str, object] | None, limits: Limits, known: Mapping[str, Any]) -> Any:
    """Ask for no temperature: Gemini 3.5 and later advise against any."""
    from google.genai import types

    config = types.GenerateContentConfig(
        max_output_tokens=limits.output,
        automatic_continuation=False,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),  # else a line in the log a call
        http_options=types.HttpOptions(timeout=round((limits.timeout + _wire.SPARE) * 1000)),
    )
    if schema is not None:
        config.response_mime_type = "application/json"
        config.response_json_schema = wire.plain_schema(schema)
    if level := known.get("thinking"):
        config.thinking_config = types.ThinkingConfig(thinking_level=types.ThinkingLevel(level))
    if limits.cheap and (tier := known.get("cheap")):
        config.service_tier = types.ServiceTier(tier["tier"])
    return config


def _reply(answer: Any, now: int) -> RawReply:
    """Read the answer's parts ourselves: `.text` is None, and `.parsed` silent, in half of the cases that matter."""
    first = answer.candidates[0] if answer.candidates else None
    feedback = answer.prompt_feedback
    if first is None and feedback and feedback.block_reason:
        raise wire.blocked(getattr(feedback.block_reason, "name", str(feedback.block_reason)))
    parts = (first.content.parts if first and first.content else None) or ()
    text = "".join(part.text for part in parts if part.text and not part.thought)
    reason = getattr(first.finish_reason, "name", None) if first else "STOP"
    count = answer.usage_metadata
    if first is None and count is None:
        raise _wire.unreadable(wire.WHOSE)  # '{}' is no answer
    thoughts = (count and count.thoughts_token_count) or 0
    response = answer.sdk_http_response
    return RawReply(
        text=text,
        finish=wire.finish(reason or "", text),
        usage=count
        and Usage(
            input=count.prompt_token_count or 0,
            output=(count.candidates_token_count or 0) + thoughts,
            thoughts=thoughts,
            cached=count.cached_content_token_count or 0,
        ),
        model_version=answer.model_version or "",
        retry_after=_wire.retry_after((response and response.headers) or {}, now),
    )
