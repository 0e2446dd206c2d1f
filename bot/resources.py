"""Shipped files: `data/` and `prompts/`, which stand at the top of a checkout and inside the package in a wheel."""

import json
from functools import cache
from pathlib import Path
from typing import Any

_PACKAGE = Path(__file__).resolve().parent


def path(folder: str, name: str) -> Path:
    """Where a shipped file lies; raises FileNotFoundError with its name if the installation is incomplete."""
    for root in (_PACKAGE, _PACKAGE.parent):
        found = root / folder / name
        if found.is_file():
            return found
    raise FileNotFoundError(f"{folder}/{name} is missing from this installation: install Paperboy again")


@cache
def data(name: str) -> Any:
    """Return a JSON file of `data/`, parsed once; callers must not change it."""
    return json.loads(path("data", name).read_text(encoding="utf-8"))


@cache
def text(folder: str, name: str) -> str:
    """Return a shipped text file, read once."""
    return path(folder, name).read_text(encoding="utf-8")
