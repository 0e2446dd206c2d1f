"""Gemini through google-generativeai 0.8, the package that Google has given up (extra `legacy-gemini`), over REST.

Invariants:

- One call of `complete` is one HTTP request, off the loop: over REST the package's own async method fails, its retry
  (ten minutes of it) is switched off, and google-auth's three attempts after a 401 end with the first.
- A call ends within `limits.timeout` seconds in total, and at once when its task is cancelled: its socket is shut down.
- The cheap tier and thinking levels do not exist here: the package knows neither and would refuse the request.

The package is imported at the first call, in the thread that makes it, without its warning; we say it once ourselves.
"""

import asyncio
import logging
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from bot.errors import ConfigError, PaperboyError
from bot.llm import _gemini_wire as wire
from bot.llm import _wire
from bot.llm._corded import Cord, Ended, corded
from bot.ports import Limits, RawReply, Usage

if TYPE_CHECKING:
    from bot.ports import Clock

_log = logging.getLogger(__name__)
_configuring = threading.Lock()  # the package keeps its settings in one global


class GeminiLegacy:
    """The LLM port on the same API as `Gemini`, for who must keep the old package. Same arguments, same errors."""

    name = "gemini_legacy"

    def __init__(self, *, key: str, model: str, clock: "Clock", base_url: str = wire.EXAMPLE) -> None:
        self._key = _wire.check_key(key, wire.WHOSE)
        if not self._key:
            raise ConfigError(f"Gemini needs a key: get one from {wire.KEYS}, or do without a model.")
        self._base_url = _wire.check_address(base_url, wire.EXAMPLE)
        self._clock = clock
        self.model = model.removeprefix("models/")

    async def complete(self, prompt: str, schema: Mapping[str, object] | None, limits: Limits) -> RawReply:
        """Make one call; see the port. `limits.cheap` changes nothing here."""
        await asyncio.to_thread(_package)
        cord = Cord()
        work = _alone(lambda: self._ask(prompt, schema, limits, cord))
        work.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may fail unheard
        try:
            await asyncio.wait({work}, timeout=limits.timeout)
        finally:
            if not work.done():
                cord.pull()  # the thread ends by itself within milliseconds, and nobody waits for it
                work.cancel()
        if work.cancelled() or cord.pulled:
            raise _wire.late(wire.WHOSE, limits.timeout)
        return work.result()

    async def close(self) -> None:
        """Do nothing: each call has a connection of its own."""

    def _ask(self, prompt: str, schema: Mapping[str, object] | None, limits: Limits, cord: Cord) -> RawReply:
        """Make the request, in a thread."""
        old = _package()
        import requests
        import urllib3

        with _configuring:
            old.configure(api_key=self._key, transport="rest", client_options={"api_endpoint": self._base_url})
            client = old.get_default_generative_client()
        # The package has no setting for the session or a client of one's own: two private names, and no copied code.
        session: requests.Session = client.transport._session  # noqa: SLF001
        session.mount("https://", (adapter := corded(cord, wire.WHOSE)))
        session.mount("http://", adapter)
        model = old.GenerativeModel(self.model)
        model._client = client  # noqa: SLF001
        config: dict[str, Any] = {"max_output_tokens": limits.output}
        if schema is not None:
            config |= {"response_mime_type": "application/json", "response_schema": wire.openapi_schema(schema)}
        options = {"timeout": limits.timeout + _wire.SPARE, "retry": None}
        try:
            return _reply(model.generate_content(prompt, generation_config=config, request_options=options))
        except old.GoogleAPICallError as problem:
            failure = self._failure(problem.code, problem.response)
        except Ended as end:
            failure = self._failure(end.status, end)
        except requests.Timeout:
            failure = _wire.late(wire.WHOSE, limits.timeout)
        except (requests.RequestException, urllib3.exceptions.HTTPError, old.GoogleAuthError, OSError) as problem:
            failure = _wire.lost(wire.WHOSE, problem)
        except (old.ParseError, ValueError, TypeError, LookupError, AttributeError):
            failure = _wire.unreadable(wire.WHOSE)
        finally:
            session.close()
            cord.close()
        raise failure  # out of the handler: what the package raised may quote anything

    def _failure(self, status: int | None, response: Any) -> PaperboyError:
        body: object = None
        with suppress(ValueError, AttributeError):
            body = response.json()
        known = _wire.facts("gemini", self.model)
        better = known.get("instead") or _wire.default("gemini")
        return wire.failure(
            int(status or 0),
            body,
            getattr(response, "headers", {}),
            model=self.model,
            better=better if better != self.model else _wire.default("gemini", "better"),
            key=self._key,
            now=self._clock.now(),
        )


def _package() -> Any:
    with _configuring:
        return _import()


@cache
def _import() -> Any:
    """Import what is used of the package, without its warnings; raises ConfigError if it is not there."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            package = import_module("google.generativeai")
            used = SimpleNamespace(
                configure=package.configure,
                GenerativeModel=package.GenerativeModel,
                get_default_generative_client=import_module("google.generativeai.client").get_default_generative_client,
                GoogleAPICallError=import_module("google.api_core.exceptions").GoogleAPICallError,
                GoogleAuthError=import_module("google.auth.exceptions").GoogleAuthError,
                ParseError=import_module("google.protobuf.json_format").Error,
            )
    except ImportError:
        raise ConfigError(
            "The package google-generativeai is missing: pip install '.[legacy-gemini]',"
            " or choose google-genai, which comes with Paperboy."
        ) from None
    _log.warning("google-generativeai is no longer mended by Google: choose google-genai, which comes with Paperboy.")
    return used


def _reply(answer: Any) -> RawReply:
    """Read the parts ourselves: the package's `.text` raises in half of the cases that matter."""
    first = answer.candidates[0] if answer.candidates else None
    reason = answer.prompt_feedback.block_reason
    if first is None and reason:
        raise wire.blocked(getattr(reason, "name", str(reason)))
    count = answer.usage_metadata
    if first is None and not count.total_token_count:
        raise _wire.unreadable(wire.WHOSE)  # '{}' is no answer
    text = "".join(part.text for part in first.content.parts) if first else ""
    # Thoughts are not in the package's answer, but they are in its sum, and in the bill.
    output = max(count.total_token_count - count.prompt_token_count, count.candidates_token_count)
    return RawReply(
        text=text,
        finish=wire.finish(getattr(first.finish_reason, "name", "") if first else "STOP", text),
        usage=Usage(
            input=count.prompt_token_count,
            output=output,
            thoughts=output - count.candidates_token_count,
            cached=count.cached_content_token_count,
        )
        if count.total_token_count
        else None,
        model_version=str(getattr(answer, "model_version", "") or answer.to_dict().get("model_version") or ""),
    )


def _alone(ask: Callable[[], RawReply]) -> "asyncio.Future[RawReply]":
    """Run `ask` in a thread that nobody waits for at the end: a name that is looked up for ever holds up no stop."""
    loop = asyncio.get_running_loop()
    work: asyncio.Future[RawReply] = loop.create_future()

    def end(reply: RawReply | None, error: BaseException | None) -> None:
        if not work.done():
            if reply is not None:
                work.set_result(reply)
            elif error is not None:
                work.set_exception(error)

    def run() -> None:
        reply: RawReply | None = None
        error: BaseException | None = None
        try:
            reply = ask()
        except BaseException as problem:  # noqa: BLE001 - whoever waits gets it
            error = problem
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(end, reply, error)

    threading.Thread(target=run, name="gemini_legacy", daemon=True).start()
    return work
