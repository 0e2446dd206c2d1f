"""Reads papers from the JSON rows of a corpus, whatever its dialect: a file of one's own, a harvest, a data set.

Fields may be called abstract or summary, comments or comment; authors and categories may be lists or text with commas.
What a row does not say stays empty (dates: 0); an id and a title are required. An id that went
through a spreadsheet as a number ('707.223', '1710.0061600000001') gets back the zeros that it had ('0707.2230').
"""

import re
from datetime import UTC, datetime
from typing import Any, Final

from bot.core import arxiv_id
from bot.errors import UserError
from bot.model import Paper

# A month without its zero, a number without its last ones, or with the noise of binary fractions.
_NUMBER: Final = re.compile(r"\d{3,4}\.(?:\d{1,4}|\d{10,})")
_FIVE_DIGITS: Final = "1501"  # ids of January 2015 and later have five digits after the dot
_COMMA: Final = re.compile(r"\s*(?:,|;)\s*(?:and\s+)?|\s+and\s+")


def from_row(row: dict[str, Any], *, id_: str | None = None) -> Paper:
    """Return the paper of one row; raise UserError that names the key which is missing or holds something else.

    `id_` is taken as it is instead of the row's own, if given.
    `published` and `updated` are midnight UTC where the row holds a day only, and 0 where it holds none.
    """
    found = _id(row) if id_ is None else arxiv_id.ArxivId(id_, None)
    stated = row.get("version")
    version = found.version or (stated if isinstance(stated, int) and stated > 0 else 1)
    published = _when(row, "published", "created", "published_date", "created_date")
    updated = _when(row, "updated", "updated_date")
    return Paper(
        id=found.base,
        version=version,
        title=" ".join(_text(row, "title").split()),
        abstract=_text(row, "abstract", "summary", optional=True).strip(),
        authors=_list(row, "authors", optional=True),
        categories=_categories(row),
        published=published,
        updated=updated or published,
        comment=" ".join(_text(row, "comment", "comments", optional=True).split()),
        journal_ref=_text(row, "journal_ref", "journal-ref", optional=True),
        doi=_text(row, "doi", optional=True),
    )


def _id(row: dict[str, Any]) -> arxiv_id.ArxivId:
    text = _text(row, "id").strip()
    month = text.partition(".")[0].zfill(4)
    digits = 5 if month >= _FIVE_DIGITS else 4
    if _NUMBER.fullmatch(text) and not re.fullmatch(rf"\d{{4}}\.\d{{{digits}}}", text):
        text = f"{float(text):0{5 + digits}.{digits}f}"
    return arxiv_id.parse(text)


def _value(row: dict[str, Any], keys: tuple[str, ...]) -> Any:
    return next((row[key] for key in keys if row.get(key) is not None), None)


def _missing(row: dict[str, Any], keys: tuple[str, ...], wanted: str) -> UserError:
    names = " or ".join(f'"{key}"' for key in keys)
    of = f" of {row['id']}" if isinstance(row.get("id"), str) and "id" not in keys else ""
    return UserError(f"The row{of} has no {wanted} under {names}: every paper needs one.")


def _text(row: dict[str, Any], *keys: str, optional: bool = False) -> str:
    value = _value(row, keys)
    if isinstance(value, str) and (value.strip() or optional):
        return value
    if value is None and optional:
        return ""
    raise _missing(row, keys, "text")


def _list(row: dict[str, Any], *keys: str, optional: bool = False) -> tuple[str, ...]:
    value = _value(row, keys)
    if isinstance(value, str):
        value = _COMMA.split(value) if "authors" in keys else re.split(r"[,\s]+", value)
    if value is None and optional:
        return ()
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        found = tuple(" ".join(each.split()) for each in value if each.strip())
        if found or optional:
            return found
    raise _missing(row, keys, "list of texts")


def _categories(row: dict[str, Any]) -> tuple[str, ...]:
    codes = _list(row, "categories", optional=True)
    primary = _text(row, "primary", "primary_category", optional=True).strip()
    return tuple(dict.fromkeys((primary, *codes) if primary else codes))


def _when(row: dict[str, Any], *keys: str) -> int:
    """Milliseconds of the first date among `keys`, 0 where the row has none."""
    key = next((key for key in keys if row.get(key)), "")
    if not key:
        return 0
    try:
        moment = datetime.fromisoformat(row[key])
    except (TypeError, ValueError) as problem:
        raise _missing(row, (key,), "date such as 2026-06-24") from problem
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
