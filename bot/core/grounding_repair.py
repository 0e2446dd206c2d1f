"""The one repair of a model's reply: what failed, as it is told to the model, and its corrections in their places."""

from collections.abc import Mapping
from typing import Any, Final

from bot.core.grounding import Checked, Rejected, nearest
from bot.core.plain import plain

_HOPELESS: Final = ("it says the same as", "there are more than", "it is no list")
_LONGEST: Final = 400  # characters of what a model wrote that it is shown again
_MOST: Final = 8


def failures(checked: Checked) -> tuple[Rejected, ...]:
    """Return what another request may mend: statements that failed, not those that were too many."""
    named = ("tldr", "takeaways", "limitations")
    return tuple(
        lost for lost in checked.rejected if lost.field.startswith(named) and not lost.reason.startswith(_HOPELESS)
    )[:_MOST]


def told(failed: tuple[Rejected, ...], abstract: str) -> str:
    """Describe failures for the model: field, what it wrote, what is wrong, and what the paper says near to it."""
    rows = []
    for lost in failed:
        lines = [f"field: {lost.field}", f"what is wrong: {lost.reason}"]
        if lost.text:
            lines.insert(1, f"text: {lost.text[:_LONGEST]}")
        near = nearest(f"{lost.quote} {lost.text}", abstract, 2)
        lines += [f"the paper says near to it: {' '.join(plain(each).split())}" for each in near]
        rows.append("\n".join(lines))
    return "\n\n".join(rows)


def merged(reply: object, checked: Checked, repaired: object) -> dict[str, Any]:
    """Put corrections in the places of what failed; what was accepted stays, what is not corrected goes."""
    given = reply if isinstance(reply, Mapping) else {}
    fixes: dict[str, Any] = {}
    statements = repaired.get("statements") if isinstance(repaired, Mapping) else None
    for each in statements if isinstance(statements, list) else []:
        if isinstance(each, Mapping) and isinstance(each.get("field"), str):
            fixes.setdefault(each["field"], {"text": each.get("text"), "quote": each.get("quote")})
    kept = {row.field for row in checked.rows}
    failed = {lost.field for lost in failures(checked)}

    def place(field: str, value: object) -> list[object]:
        if field in kept:
            return [value]
        return [fixes[field]] if field in failed and field in fixes else []

    whole: dict[str, Any] = {"takeaways": [], "limitations": []}
    if tldr := place("tldr", given.get("tldr")):
        whole["tldr"] = tldr[0]
    for name in ("takeaways", "limitations"):
        rows = given.get(name)
        for number, row in enumerate(rows if isinstance(rows, list) else []):
            whole[name] += place(f"{name}[{number}]", row)
        if name in failed and not rows:  # a list that was missing: all that is named after it belongs there
            whole[name] += [fix for field, fix in fixes.items() if field.startswith(name)]
    return whole
