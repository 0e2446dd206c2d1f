"""What a call to a model costs, in millionths of a dollar, rounded up; prices are data (`data/models.json`)."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from math import ceil
from typing import Any


def cost(facts: Mapping[str, Any], *, at: int, input: int, output: int, cheap: bool = False) -> int | None:  # noqa: A002 - as it is billed
    """Return the price of so many tokens at the moment `at` (ms); None if the model's price is not known."""
    price = facts.get("price")
    coming = facts.get("next_price")
    if coming and datetime.fromtimestamp(at / 1000, UTC).date() >= date.fromisoformat(coming["from"]):
        price = coming
    if not price:
        return None
    share = facts["cheap"]["share"] if cheap and facts.get("cheap") else 1.0
    total: float = (input * price["input"] + output * price["output"]) * share
    return ceil(total)
