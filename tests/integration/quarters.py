"""The big checks with reduced counts, in four parts: pytest-xdist hands out whole files, and the longest come last."""

import importlib

import pytest

from tests.bars.__main__ import lacks, names


def quarter(number: int) -> list[str]:
    """Names of every fourth bar."""
    return names()[number::4]


def check(name: str) -> None:
    """Run a bar: its assertions, never its timings."""
    bar = importlib.import_module(f"tests.bars.{name}")
    if missing := lacks(bar):
        pytest.skip(missing)
    assert bar.run(full=False) == 0
