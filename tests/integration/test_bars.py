"""The big checks with reduced counts: their assertions, never their timings."""

import importlib

import pytest

from tests.bars.__main__ import lacks, names


@pytest.mark.parametrize("name", names())
def test_bar(name: str) -> None:
    bar = importlib.import_module(f"tests.bars.{name}")
    if missing := lacks(bar):
        pytest.skip(missing)
    assert bar.run(full=False) == 0
