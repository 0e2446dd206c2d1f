"""What all model wires share: addresses, keys, pauses, sentences.

Invariant: what a provider says is quoted only through `said`, which keeps keys out of every sentence.
"""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from bot import resources
from bot.errors import ConfigError, Later

LONGEST_WAIT = 86_400.0  # seconds; more is a mistake of the other side
SPARE = 5.0  # seconds that a library's own timeout is behind ours, so that ours speaks

OK, BAD_REQUEST, UNAUTHORIZED, PAYMENT, FORBIDDEN, NOT_FOUND = 200, 400, 401, 402, 403, 404
TIMED_OUT, CONFLICT, TOO_LARGE, TOO_EARLY, TOO_MANY, CLOSED, SERVER = 408, 409, 413, 425, 429, 499, 500

_LONGEST_QUOTE = 160  # characters
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_SECRET = re.compile(r"\b(?:sk-|AIza|AQ\.|gsk_|Bearer\s+)[\w.*-]{6,}")


def facts(provider: str, model: str) -> dict[str, Any]:
    """Return what `data/models.json` says of a model, {} if nothing; blocks, for a file is read once."""
    known: dict[str, Any] = resources.data("models.json")[provider]["models"]
    found: dict[str, Any] = known.get(model.removeprefix("models/"), {})
    return found


def default(provider: str, field: str = "default") -> str:
    """Return a name that `data/models.json` gives for the provider, the model to take by default; blocks."""
    return str(resources.data("models.json")[provider][field])


def check_address(url: str, example: str) -> str:
    """Return `url` without a slash at its end; raises ConfigError if it cannot be the address of a model."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or parts.username:
        shown = f"{parts.scheme}://{parts.hostname}" if parts.hostname else "This"
        raise ConfigError(f"{shown} is no usable address of a model: give one such as {example}.")
    return url.rstrip("/")


def check_key(key: str, whose: str) -> str:
    """Return `key` without blanks around it; raises ConfigError, without the key, if no header could carry it."""
    key = key.strip()
    if not all("!" <= sign <= "~" for sign in key):
        raise ConfigError(f"The key for {whose} holds a sign that no key has: copy it once more.")
    return key


def said(text: object, *secrets: str) -> str:
    """Shorten what a provider said to one line fit to be quoted in brackets, without keys."""
    line = " ".join(str(text or "").split())
    for secret in secrets:
        if secret:
            line = line.replace(secret, "[key]")
    line = _SECRET.sub("[key]", line).rstrip(".!: ")
    return line if len(line) <= _LONGEST_QUOTE else line[: _LONGEST_QUOTE - 1].rstrip() + "…"


def quoted(text: str) -> str:
    """Put what was `said` in brackets, '' if nothing was."""
    return f" ({text})" if text else ""


def duration(text: str) -> float | None:
    """Seconds in '34.07s', '1m30s', '200ms' or a bare '30'; None if it is none of these."""
    text = text.strip().lower()
    try:
        seconds = float(text)
    except ValueError:
        parts = _DURATION.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            return None
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def retry_after(headers: Mapping[str, str], now: int) -> float | None:
    """Seconds of Retry-After (RFC 9110 §10.2.3, seconds or a date) or OpenAI's retry-after-ms; `now` in ms."""
    fields = {name.lower(): value for name, value in headers.items()}
    if (exact := duration(fields.get("retry-after-ms", "") + "ms")) is not None:
        return exact
    text = fields.get("retry-after", "")
    if (seconds := duration(text)) is not None:
        return seconds
    try:
        then: datetime = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return min(max(then.timestamp() - now / 1000, 0.0), LONGEST_WAIT)


def when(wait: float | None) -> str:
    """Say when it is asked again, as the end of a sentence."""
    if wait is None:
        return "it is asked again later"
    if wait < 120:  # noqa: PLR2004 - two minutes
        return f"it is asked again in {math.ceil(wait)} s"
    if wait < 7200:  # noqa: PLR2004 - two hours
        return f"it is asked again in {math.ceil(wait / 60)} min"
    return f"it is asked again in {math.ceil(wait / 3600)} h"


def late(whose: str, seconds: float) -> Later:
    """Make the error of a call whose time is up."""
    return Later(f"{whose} did not answer within {seconds:g} seconds: it is asked again later.", unsure=True)


def lost(whose: str, problem: BaseException) -> Later:
    """Make the error of a connection that failed; names the kind of failure, never its text."""
    return Later(f"{whose} could not be reached ({type(problem).__name__}): it is asked again later.", unsure=True)


def unreadable(whose: str) -> Later:
    """Make the error of an answer that is none."""
    return Later(
        f"{whose} sent something that is no model's answer: it is asked again later; check its address if it goes on.",
        unsure=True,
    )
