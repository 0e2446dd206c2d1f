"""The third quarter of the big checks, reduced (see `tests.integration.quarters`)."""

import pytest

from tests.integration.quarters import check, quarter


@pytest.mark.parametrize("name", quarter(2))
def test_bar(name: str) -> None:
    check(name)
