"""The big checks with reduced counts: their assertions, never their timings."""

import importlib

import pytest

from tests.bars.__main__ import names


@pytest.mark.parametrize("name", names())
def test_bar(name: str) -> None:
    assert importlib.import_module(f"tests.bars.{name}").run(full=False) == 0
