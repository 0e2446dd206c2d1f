"""What Google's Gemini API means by its errors, finish reasons and schemas, for both of its packages.

Sources: https://ai.google.dev/gemini-api/docs/troubleshooting (codes), /rate-limits (quotas are a project's, those of
the day end at midnight Pacific), https://google.aip.dev/193 (error details).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bot.errors import ConfigError, Later, PaperboyError, Refused
from bot.llm import _wire
from bot.ports import Finish

WHOSE = "Gemini"
EXAMPLE = "https://generativelanguage.googleapis.com"
KEYS = "https://aistudio.google.com/apikey"

_FINISH: dict[str, Finish] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "RECITATION": "recitation",
    **dict.fromkeys(
        ("SAFETY", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "MODEL_ARMOR", "ESCALATION"), "safety"
    ),
}
_BAD_KEY = re.compile(r"API[ _]key", re.IGNORECASE)
_NOTHING_AT_ALL = re.compile(r"\blimit: 0\b")  # a quota of nothing: no day will bring more
_PER_DAY = re.compile(r"per_?day", re.IGNORECASE)


def finish(reason: str, text: str) -> Finish:
    """Translate a finish reason by its name; a stop without a word is 'empty'."""
    end = _FINISH.get(reason, "other")
    return "empty" if end == "stop" and not text.strip() else end


def blocked(reason: str) -> Refused:
    """Make the error of a prompt that Gemini would not read."""
    return Refused(f"Gemini will not read this text (blocked: {reason.lower()}): take the summary without a model.")


def midnight_pacific(now: int) -> float:
    """Seconds until the quotas of the day are full again; `now` in ms."""
    here = datetime.fromtimestamp(now / 1000, ZoneInfo("America/Los_Angeles"))
    midnight = datetime.combine(here.date() + timedelta(days=1), datetime.min.time(), here.tzinfo)
    return (midnight.astimezone(UTC) - here.astimezone(UTC)).total_seconds()


def failure(
    status: int, body: object, headers: Mapping[str, str], *, model: str, better: str, key: str, now: int
) -> PaperboyError:
    """Classify an HTTP error. `body` is its parsed JSON or anything else, `better` a model to name instead."""
    error = _error(body)
    text = str(error.get("message") or "")
    said = _wire.quoted(_wire.said(text, key))
    google = bool(error.get("status") and error.get("code"))  # else something before Google answered
    if status == _wire.TOO_MANY:
        return _quota(error, headers, model=model, better=better, now=now)
    if status in {_wire.UNAUTHORIZED, _wire.FORBIDDEN} or (status == _wire.BAD_REQUEST and _BAD_KEY.search(text)):
        return ConfigError(f"Gemini does not accept the key (HTTP {status}): set a valid one from {KEYS}.")
    if status == _wire.NOT_FOUND and google:
        return ConfigError(f"Gemini has no model {model} any more: set another, such as {better}.")
    if status == _wire.NOT_FOUND or status in range(300, 400):
        return ConfigError(f"There is no Gemini API at this address (HTTP {status}): set {EXAMPLE} or a mirror of it.")
    if status == _wire.BAD_REQUEST and error.get("status") == "FAILED_PRECONDITION":
        return ConfigError(f"Gemini cannot be used from here or without billing{said}: see {KEYS}.")
    if status in {_wire.TIMED_OUT, _wire.CONFLICT, _wire.TOO_EARLY, _wire.CLOSED} or status >= _wire.SERVER:
        wait = _wait(error, headers, now)
        return Later(f"Gemini is not available (HTTP {status}): {_wire.when(wait)}.", wait=wait)
    if status == _wire.TOO_LARGE:
        return Refused("This text is too long for Gemini (HTTP 413): take the summary without a model.")
    return Refused(f"Gemini cannot use this request (HTTP {status}){said}: take the summary without a model.")


def _quota(error: Mapping[str, Any], headers: Mapping[str, str], *, model: str, better: str, now: int) -> PaperboyError:
    found = [row for detail in _details(error, "QuotaFailure") for row in detail.get("violations") or () if row]
    text = str(error.get("message") or "")
    if _NOTHING_AT_ALL.search(text):
        return ConfigError(
            f"This key has no quota for {model}: set another model, such as {better}, or enable billing."
        )
    if any(_PER_DAY.search(f"{row.get('quotaId')} {row.get('quotaMetric')}") for row in found):
        wait = midnight_pacific(now)
        return Later(
            f"Gemini's quota of the day is used up (midnight Pacific): {_wire.when(wait)}.", wait=wait, quota=True
        )
    pause = _wait(error, headers, now)
    return Later(f"Gemini asks for fewer requests (HTTP 429): {_wire.when(pause)}.", wait=pause, quota=True)


def _wait(error: Mapping[str, Any], headers: Mapping[str, str], now: int) -> float | None:
    """Read RetryInfo, else Retry-After."""
    told = [_wire.duration(str(detail.get("retryDelay") or "")) for detail in _details(error, "RetryInfo")]
    return max((wait for wait in told if wait is not None), default=_wire.retry_after(headers, now))


def _error(body: object) -> dict[str, Any]:
    """Find the error object; Google wraps it in a list now and then."""
    if isinstance(body, list) and body:
        body = body[0]
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _details(error: Mapping[str, Any], kind: str) -> list[dict[str, Any]]:
    rows = error.get("details")
    rows = rows if isinstance(rows, list) else []
    return [row for row in rows if isinstance(row, dict) and str(row.get("@type")).endswith(kind)]


# --- schemas ------------------------------------------------------------------------------------------------------


def plain_schema(schema: object) -> Any:
    """Drop from a JSON Schema what the Developer API refuses: `additionalProperties`, `$schema`."""
    if isinstance(schema, Mapping):
        return {
            name: {key: plain_schema(value) for key, value in part.items()}
            if name in {"properties", "$defs"} and isinstance(part, Mapping)
            else plain_schema(part)
            for name, part in schema.items()
            if name not in {"additionalProperties", "$schema"}
        }
    return [plain_schema(part) for part in schema] if isinstance(schema, list | tuple) else schema


def openapi_schema(schema: Mapping[str, Any], defs: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Reduce a JSON Schema to the OpenAPI subset of google-generativeai 0.8, which raises at any other word.

    References are written out, `null` among the types becomes `nullable`, counts, lengths and patterns are left out:
    whoever asked checks the answer anyway. A recursive schema is cut where it repeats.
    """
    defs = {**(defs or {}), **(schema.get("$defs") or {})}
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        inner = defs.get(name, {})
        return openapi_schema(inner, {key: part for key, part in defs.items() if key != name})
    for choice in ("anyOf", "oneOf"):
        if choice in schema:
            kinds = [part for part in schema[choice] if part.get("type") != "null"]
            rest = {key: part for key, part in schema.items() if key != choice}
            found = openapi_schema({**rest, **(kinds[0] if kinds else {})}, defs)
            return {**found, "nullable": True} if len(kinds) < len(schema[choice]) else found
    kind: Any = schema.get("type") or "string"
    out: dict[str, Any] = {}
    if isinstance(kind, list | tuple):
        if "null" in kind:
            out["nullable"] = True
        kind = next((one for one in kind if one != "null"), "string")
    out["type"] = kind
    if schema.get("description"):
        out["description"] = str(schema["description"])
    if kind == "string" and (words := schema.get("enum") or ([schema["const"]] if "const" in schema else None)):
        out |= {"enum": [str(word) for word in words], "format": "enum"}
    if kind == "array":
        out["items"] = openapi_schema(schema.get("items") or {}, defs)
    if kind == "object":
        out["properties"] = {
            name: openapi_schema(part, defs) for name, part in (schema.get("properties") or {}).items()
        }
        if schema.get("required"):
            out["required"] = list(schema["required"])
    return out
