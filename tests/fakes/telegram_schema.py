"""Requests and answers held against the official Bot API's schema (github.com/PaulSonOfLars/telegram-bot-api-spec).

What it checks: names, JSON types (unknown keys refused, at any depth), required fields, fixed values ("must be chat"),
and the lengths that the descriptions give, in UTF-16 units. Lengths "after entities parsing" are the server's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.tdlib import units

API = Path(__file__).parents[2].parent / "shared" / "telegram" / "api.min.json"
SCALARS: dict[str, tuple[type, ...]] = {"Integer": (int,), "Float": (int, float), "String": (str,), "Boolean": (bool,)}
LENGTH = re.compile(r"(\d+)-(\d+) (characters|bytes)(?! after entit)", re.IGNORECASE)
NUMBER = re.compile(r"between (\d+)-(\d+)")
ITEMS = re.compile(r"list of (\d+)-(\d+)|[Aa]t most (\d+)")
FIXED = re.compile(r"(?:must be|always) [\"“]?(?!one\b)(\w+)[\"”]?$")
TYPELESS = {"text", "parse_mode", "callback_query_id", "name", "description", "short_description", "language_code"}


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter or key: `most` is -1 where the description gives no limit."""

    types: tuple[str, ...]
    required: bool
    least: int = 0
    most: int = -1
    unit: str = ""
    fixed: str = ""


def read(spec: Mapping[str, Any]) -> Field:
    """A field with the limits that its description gives."""
    types, said, required = tuple(spec["types"]), spec["description"].rstrip("."), spec["required"]
    if types == ("String",) and (found := LENGTH.search(said)):
        return Field(types, required, int(found[1]), int(found[2]), found[3].lower())
    if types == ("String",) and (found := FIXED.search(said)):
        return Field(types, required, fixed=found[1])
    if types == ("Integer",) and (found := NUMBER.search(said)):
        return Field(types, required, int(found[1]), int(found[2]), "as a number")
    if types[0].startswith("Array of ") and (found := ITEMS.search(said)):
        return Field(types, required, int(found[1] or 0), int(found[2] or found[3]), "items")
    return Field(types, required)


def decode(types: tuple[str, ...], sent: Any) -> Any:
    """A value of a form as the JSON that it stands for; what cannot be read stays a string, and fails the check."""
    if not isinstance(sent, str):
        return sent
    if "Integer" in types and re.fullmatch(r"-?\d+", sent):
        return int(sent)
    if "String" in types:
        return sent
    try:
        return json.loads(sent)
    except ValueError:
        return sent


def guess(name: str, sent: Any) -> Any:
    """The same without a schema."""
    return decode(("String",) if name in TYPELESS else ("Integer", "Object"), sent)


class Schema:
    """The schema of a file. Each method's and type's fields are read once."""

    def __init__(self, path: Path = API) -> None:
        spec = json.loads(path.read_text())
        self.version: str = spec["version"]
        self._methods: dict[str, Any] = spec["methods"]
        self._types: dict[str, Any] = spec["types"]
        self._fields = cache(self._read)
        self._required = cache(lambda name: [key for key, field in self._read(name).items() if field.required])

    def __contains__(self, method: str) -> bool:
        return method in self._methods

    def _read(self, name: str) -> dict[str, Field]:
        spec = self._methods.get(name) or self._types[name]
        return {field["name"]: read(field) for field in spec.get("fields", ())}

    def request(self, method: str, sent: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The parameters of a known method as JSON values, and what is wrong with them."""
        fields = self._fields(method)
        params = {name: decode(fields[name].types, value) if name in fields else value for name, value in sent.items()}
        return params, self._object(method, params, method)

    def answer(self, method: str, result: Any) -> list[str]:
        """What is wrong with a result."""
        return self._any(tuple(self._methods[method]["returns"]), result, f"the answer of {method}")

    def check(self, kind: str, value: Any, where: str = "") -> list[str]:
        """What is wrong with a value of a named type, e.g. "Update"."""
        if kind in SCALARS:
            right = isinstance(value, SCALARS[kind]) and (kind == "Boolean" or not isinstance(value, bool))
            return [] if right else [f"{where}: {_show(value)} is no {kind}"]
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                return [f"{where}: {_show(value)} is no array"]
            inner = kind.removeprefix("Array of ")
            return [wrong for at, item in enumerate(value) for wrong in self.check(inner, item, f"{where}[{at}]")]
        if "subtypes" in self._types[kind]:
            return self._any(tuple(self._types[kind]["subtypes"]), value, where)
        if not isinstance(value, dict):
            return [f"{where}: {_show(value)} is no {kind}"]
        return self._object(kind, value, where) + _rules(kind, value, where)

    def _any(self, kinds: tuple[str, ...], value: Any, where: str) -> list[str]:
        """What is wrong as read in the way that is likeliest meant, nothing if any way fits."""
        if len(kinds) == 1:
            return self.check(kinds[0], value, where)
        readings = {}
        for kind in kinds:
            readings[kind] = self.check(kind, value, where)
            if not readings[kind]:
                return []
        return readings[min(kinds, key=lambda kind: self._distance(kind, value))]

    def _distance(self, kind: str, value: Any) -> tuple[bool, int]:
        if kind not in self._types or "fields" not in self._types[kind] or not isinstance(value, dict):
            return True, 0
        fields = self._fields(kind)
        other = any(field.fixed and value.get(name) != field.fixed for name, field in fields.items())
        return other, len(value.keys() - fields.keys())

    def _object(self, name: str, value: dict[str, Any], where: str) -> list[str]:
        fields = self._fields(name)
        wrong = [f"{where}: {key!r} is unknown to {name}" for key in value if key not in fields]
        wrong += [f"{where}: {key} is missing" for key in self._required(name) if key not in value]
        for key, item in value.items():
            if field := fields.get(key):
                inside = f"{where}.{key}"
                wrong += self._any(field.types, item, inside) or _limits(field, item, inside)
        return wrong


def _limits(field: Field, value: Any, where: str) -> list[str]:
    if field.fixed and value != field.fixed:
        return [f"{where}: {_show(value)} must be {field.fixed}"]
    if field.most < 0:
        return []
    size: int
    match field.unit:
        case "characters":
            size = units(value)
        case "bytes":
            size = len(value.encode())
        case "items":
            size = len(value)
        case _:
            size = value
    if field.least <= size <= field.most:
        return []
    return [f"{where}: {size} {field.unit}, allowed are {field.least}-{field.most}"]


def _rules(kind: str, value: dict[str, Any], where: str) -> list[str]:
    """What the schema says in prose only."""
    wrong = []
    if kind == "InlineKeyboardButton":
        if len(value.keys() - {"text", "icon_custom_emoji_id", "style"}) != 1:
            wrong.append(f"{where}: a button needs exactly one kind, has {sorted(value)}")
        if not str(value.get("text", "")).strip():
            wrong.append(f"{where}: a button without a label")
        url = str(value.get("url", "https://a.b"))
        host = urlsplit(url if "://" in url else f"http://{url}").hostname or ""
        if not url.startswith("tg://") and not re.search("[.:]", host):
            wrong.append(f"{where}: button URL {url!r} is invalid: wrong HTTP URL")
    if kind == "BotCommand" and not re.fullmatch("[a-z0-9_]{1,32}", str(value.get("command"))):
        wrong.append(f"{where}: {value.get('command')!r} is no command")
    return wrong


def _show(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
