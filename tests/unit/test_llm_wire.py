"""Quotas, schemas, keys and facts of models, without a server; and what Gemini's packages put on the wire."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot import resources
from bot.llm import _gemini_wire as gemini
from bot.llm import _wire
from bot.llm.gemini import Gemini
from bot.llm.gemini_legacy import GeminiLegacy
from bot.ports import Limits
from tests.fakes.llm_server import LlmServer
from tests.fakes.ports import SteppedClock

KEY = "AIzaSyD-not-a-real-key-0123456789abcdef"


def ms(*when: int) -> int:
    return round(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (ms(2026, 7, 1, 7), 24.0),  # midnight itself, summer time
        (ms(2026, 12, 1, 7, 30), 0.5),
        (ms(2026, 3, 8, 8), 23.0),  # the night with an hour less
        (ms(2026, 11, 1, 7), 25.0),
    ],
)
def test_the_day_ends_at_midnight_in_california(now: int, hours: float) -> None:
    assert gemini.midnight_pacific(now) == hours * 3600


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("34.07s", 34.07), ("1m30s", 90), ("200ms", 0.2), ("30", 30), ("", None), ("soon", None), ("nan", None)],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert _wire.duration(text) == seconds


def test_a_pause_is_never_longer_than_a_day_nor_in_the_past() -> None:
    assert _wire.retry_after({"Retry-After": "9999999"}, 0) == _wire.LONGEST_WAIT
    assert _wire.retry_after({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 5000) == 0
    assert _wire.retry_after({"retry-after-ms": "1500", "retry-after": "9"}, 0) == 1.5


def test_what_a_provider_says_is_quoted_without_keys_and_on_one_line() -> None:
    said = _wire.said(f"bad {KEY}\nand sk-abcdefgh12345678\t and AIzaSyOtherOtherOther" + " long" * 99, KEY)
    assert "not-a-real" not in said
    assert "abcdefgh" not in said
    assert "Other" not in said
    assert "\n" not in said
    assert len(said) <= 160


SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {"Row": {"type": "object", "properties": {"q": {"type": "string", "minLength": 12}}, "required": ["q"]}},
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "kind": {"enum": ["a", "b"]},
        "additionalProperties": {"type": "integer"},
        "rows": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/Row"}},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "d"},
        "page": {"type": ["integer", "null"]},
    },
    "required": ["kind", "rows"],
}


def test_the_new_package_gets_the_schema_without_the_words_the_service_refuses() -> None:
    sent = gemini.plain_schema(SCHEMA)
    assert list(sent) == ["$defs", "type", "properties", "required"]
    assert list(sent["properties"]) == list(SCHEMA["properties"])
    assert sent["properties"]["rows"]["minItems"] == 1


def test_the_old_package_gets_the_subset_it_knows() -> None:
    assert gemini.openapi_schema(SCHEMA) == {
        "type": "object",
        "properties": {
            "kind": {"type": "string", "enum": ["a", "b"], "format": "enum"},
            "additionalProperties": {"type": "integer"},
            "rows": {
                "type": "array",
                "items": {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]},
            },
            "note": {"type": "string", "description": "d", "nullable": True},
            "page": {"type": "integer", "nullable": True},
        },
        "required": ["kind", "rows"],
    }


def test_no_default_is_about_to_be_shut_down_and_every_listed_price_is_known() -> None:
    facts = resources.data("models.json")["gemini"]
    for name in (facts["default"], facts["better"]):
        assert "gone" not in facts["models"][name]
        assert "2.5" not in name
    for name, model in facts["models"].items():
        if "gone" in model:
            assert date.fromisoformat(model["gone"]) > date(2026, 1, 1)
            assert model["instead"] in facts["models"], name
            continue
        assert 0 < model["price"]["input"] < model["price"]["output"], name
        assert model["context"] > model["longest_output"] > 1000
        assert model["thinking"] in {None, *model["thinking_levels"]}


@pytest.mark.parametrize("make", [Gemini, GeminiLegacy])
def test_a_model_that_is_gone_names_the_one_that_follows_it(make: type[Gemini] | type[GeminiLegacy]) -> None:
    async def go() -> None:
        async with LlmServer() as server:
            for model, better in (
                ("gemini-2.5-pro", "gemini-3.8-flash"),
                ("gemini-3.5-flash-lite", "gemini-3.8-flash"),
                ("models/gemini-next", "gemini-3.5-flash-lite"),
            ):
                llm = make(key=KEY, model=model, clock=SteppedClock(), base_url=server.base_url)
                server.fault("gone")
                with pytest.raises(Exception, match=f"set another, such as {better}"):
                    await llm.complete("p", None, Limits())
                await llm.close()

    asyncio.run(go())


def test_what_gemini_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "another")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("GOOGLE_GENAI_API_VERSION", "v1")

    async def ask(model: str, limits: Limits) -> dict[str, Any]:
        async with LlmServer() as server:
            llm = Gemini(key=KEY, model=model, clock=SteppedClock(), base_url=server.base_url + "/")
            await llm.complete("p", SCHEMA, limits)
            await llm.close()
            (seen,) = server.seen
            assert seen.headers["x-goog-api-key"] == KEY
            assert seen.path == f"/v1beta/models/{model}:generateContent"
            return seen.body

    lite = asyncio.run(ask("gemini-3.5-flash-lite", Limits(output=77, cheap=True)))
    assert lite["serviceTier"] == "flex"
    assert set(lite["generationConfig"]) == {"maxOutputTokens", "responseMimeType", "responseJsonSchema"}
    assert lite["generationConfig"]["maxOutputTokens"] == 77
    flash = asyncio.run(ask("gemini-3.8-flash", Limits()))
    assert "serviceTier" not in flash
    assert list(flash["generationConfig"]["thinkingConfig"].values()) == ["LOW"]
    unknown = asyncio.run(ask("gemini-next", Limits(cheap=True)))
    assert "serviceTier" not in unknown
    assert "thinkingConfig" not in unknown["generationConfig"]
