"""Requests and answers held, by jsonschema, against Discord's own document (github.com/discord/discord-api-spec).

The document forbids no unknown keys, so neither does this. Ids may be numbers: Discord reads both, and discord.py sends
both. A union whose members name their `type` is read as the member that the value names. `limits` is what the document
does not state: totals over a message, and what excludes what.
"""

import json
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Json = dict[str, Any]
API = Path(__file__).parents[2].parent / "shared" / "discord-openapi.json"
PREFIX = "#/components/schemas/"
V2, EPHEMERAL = 1 << 15, 1 << 6
ROW, BUTTON, SECTION, TEXT, CONTAINER = 1, 2, 9, 10, 17
SELECTS = {3, 5, 6, 7, 8}
LINK, PREMIUM = 5, 6  # styles of buttons that send nothing


def present() -> bool:
    return API.exists() and find_spec("jsonschema") is not None


class Schema:
    """Each request's and answer's validator is compiled once."""

    def __init__(self, path: Path = API) -> None:
        spec = json.loads(path.read_text())
        self.schemas: dict[str, Any] = spec["components"]["schemas"]
        self.schemas["SnowflakeType"] = {"type": ["string", "integer"]}
        self._paths: dict[str, Any] = spec["paths"]
        self._validators: dict[tuple[str, ...], Any] = {}
        self._unions: dict[int, tuple[frozenset[Any], dict[Any, Any]]] = {}
        self._validator = _validator(self)

    def __contains__(self, route: tuple[str, str]) -> bool:
        method, template = route
        return method.lower() in self._paths.get(template, ())

    def request(self, method: str, template: str, body: Any, kind: str = "") -> list[tuple[str, str]]:
        """What is wrong with a body, as places and sentences; `kind` names the member of a union that it must be."""
        if kind:
            return self._check((kind,), lambda: {"$ref": PREFIX + kind}, body)
        operation = self._paths[template][method.lower()]
        content = operation.get("requestBody", {}).get("content", {})
        found: Json | None = content.get("application/json", {}).get("schema")
        return self._check((method, template), lambda: found, body) if found else []

    def answer(self, method: str, template: str, status: int, body: Any) -> list[tuple[str, str]]:
        """What is wrong with an answer of the fake's own."""
        responses = self._paths[template][method.lower()]["responses"]
        found = responses.get(str(status), {}).get("content", {}).get("application/json", {}).get("schema")
        return self._check((method, template, str(status)), lambda: found, body) if found else []

    def _check(self, key: tuple[str, ...], schema: Callable[[], Any], value: Any) -> list[tuple[str, str]]:
        if key not in self._validators:
            self._validators[key] = self._validator(schema())
        errors = self._validators[key].iter_errors(value)
        return [(".".join(map(str, error.absolute_path)), error.message[:200]) for error in errors]

    def members(self, union: list[Any]) -> tuple[frozenset[Any], dict[Any, Any]]:
        """The constants that a union consists of, and its members by the `type` that they name; empty if unlike."""
        if id(union) not in self._unions:  # the lists live as long as this
            fixed = frozenset(member["const"] for member in union if "const" in member)
            by_type = {kind: member for member in union for kind in self._kinds(member)}
            fits = all(self._kinds(member) or member == {"type": "null"} for member in union)
            self._unions[id(union)] = (fixed if len(fixed) == len(union) else frozenset(), by_type if fits else {})
        return self._unions[id(union)]

    def _kinds(self, member: Any) -> list[Any]:
        named = self.schemas[member["$ref"].removeprefix(PREFIX)] if "$ref" in member else member
        kinds: list[Any] = named.get("properties", {}).get("type", {}).get("enum", [])
        return kinds


@cache
def load() -> Schema:
    """Read once in a process: it takes a tenth of a second."""
    return Schema()


def _validator(schema: Schema) -> Any:
    """The newest draft, with short cuts where the document's unions and references would cost most of the time."""
    from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]
    from jsonschema.validators import extend  # type: ignore[import-untyped]

    def reference(validator: Any, name: str, value: Any, _: Json) -> Iterator[Any]:
        return _inside(validator, value, schema.schemas[name.removeprefix(PREFIX)])

    def union(keyword: str) -> Any:
        slow = Draft202012Validator.VALIDATORS[keyword]

        def quick(validator: Any, members: list[Any], value: Any, whole: Json) -> Iterator[Any]:
            fixed, by_type = schema.members(members)
            if fixed and isinstance(value, str | int):
                if value not in fixed:
                    yield ValidationError(f"{value!r} is none of {sorted(fixed)}")
            elif by_type and isinstance(value, dict):
                if value.get("type") in by_type:
                    yield from _inside(validator, value, by_type[value["type"]])
                else:
                    yield ValidationError(f"type {value.get('type')!r} is none of {sorted(by_type)}")
            elif len(members) == 2 and {"type": "null"} in members:
                if value is not None:
                    yield from _inside(validator, value, members[members[0] == {"type": "null"}])
            else:
                yield from slow(validator, members, value, whole)

        return quick

    words = {"$ref": reference, "oneOf": union("oneOf"), "anyOf": union("anyOf")}
    return extend(Draft202012Validator, words)


def _inside(validator: Any, value: Any, schema: Json) -> Iterator[Any]:
    """As `descend`, without a new validator for each step."""
    words = validator.VALIDATORS
    for word, wanted in schema.items():
        if word in words:
            yield from words[word](validator, wanted, value, schema) or ()


# --- components ------------------------------------------------------------------------------------------------------


def walk(components: list[Json] | None) -> Iterator[Json]:
    """Every component of a tree, in the order that it is read."""
    for component in components or ():
        yield component
        yield from walk(component.get("components"))
        for inner in ("accessory", "component"):
            if component.get(inner):
                yield from walk([component[inner]])


def text(content: str, embeds: list[Json], components: list[Json]) -> str:
    """What is to be read in a message, without the labels of its buttons."""
    parts = [content]
    for embed in embeds:
        parts += [embed.get("title") or "", embed.get("description") or ""]
        parts += [f"{field['name']}\n{field['value']}" for field in embed.get("fields", ())]
        parts.append((embed.get("footer") or {}).get("text") or "")
    parts += [component["content"] for component in walk(components) if component["type"] == TEXT]
    return "\n".join(part for part in parts if part)


def limits(body: Json, flags: int, *, new: bool) -> list[tuple[str, str]]:
    """What is wrong with a message beyond the document: places and sentences. `flags` are the message's after it."""
    content, embeds, components = body.get("content") or "", body.get("embeds") or [], body.get("components") or []
    wrong = []
    if len(content) > 2000:
        wrong.append(("content", "Must be 2000 or fewer in length."))
    if sum(map(_characters, embeds)) > 6000:
        wrong.append(("embeds", "Embed size exceeds maximum size of 6000"))
    everything = list(walk(components))
    if flags & V2:
        used = [key for key in ("content", "embeds", "poll", "sticker_ids") if body.get(key)]
        wrong += [(key, "cannot be used with MessageFlags.IS_COMPONENTS_V2") for key in used]
        if len(everything) > 40:
            wrong.append(("components", f"{len(everything)} components, at most 40 in total"))
        read = sum(len(component["content"]) for component in everything if component["type"] == TEXT)
        if read > 4000:
            wrong.append(("components", f"{read} characters in text displays, at most 4000 in total"))
        if not components and new:
            wrong.append(("components", "a message of components needs one"))
    else:
        if any(component["type"] != ROW for component in components):
            wrong.append(("components", "components of version 2 without MessageFlags.IS_COMPONENTS_V2"))
        if len(components) > 5:
            wrong.append(("components", "Must be 5 or fewer in length."))
    return wrong + [("components", said) for said in _interactive(everything)]


def _characters(embed: Json) -> int:
    parts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    parts += [(embed.get("author") or {}).get("name")]
    parts += [field[key] for field in embed.get("fields", ()) for key in ("name", "value")]
    return sum(len(part or "") for part in parts)


def _interactive(components: list[Json]) -> list[str]:
    wrong, seen = [], set()
    for component in components:
        if (custom_id := component.get("custom_id")) is not None:
            if custom_id in seen:
                wrong.append(f"Component custom id cannot be duplicated: {custom_id!r}")
            if not 1 <= len(custom_id) <= 100:
                wrong.append(f"custom_id {custom_id!r}: Must be between 1 and 100 in length.")
            seen.add(custom_id)
        if component["type"] == BUTTON:
            wrong += _button(component)
        if component["type"] == ROW:
            kinds = [inner["type"] for inner in component["components"]]
            if len(kinds) > 5 or (len(kinds) > 1 and set(kinds) & SELECTS):
                wrong.append("a row holds five buttons or one select")
        if component["type"] == 3:
            values = [option["value"] for option in component["options"]]
            if len(set(values)) < len(values):
                wrong.append(f"The specified option value is already used in {values}")
    return wrong


def _button(button: Json) -> Iterator[str]:
    style = button["style"]
    url = button.get("url")
    if not button.get("label") and not button.get("emoji") and style != PREMIUM:
        yield "a button needs a label or an emoji"
    if style == LINK and not str(url).startswith(("http://", "https://", "discord://")):
        yield f"URL {url!r}: Scheme must be one of ('http', 'https', 'discord')."
    if (style in {LINK, PREMIUM}) == bool(button.get("custom_id")):
        yield "a button has a custom id or, if it is a link, a url"
