"""What a change of a record means: told by comparison with what we knew, never by a date.

No field of arXiv says when a paper was announced: a paper that moderators held for weeks carries the date of its
submission. Its id does: ids are given in the order of announcement, so that whatever is unknown and has a higher id
than the highest of our baseline is new, however old it claims to be, and what is lower was announced before we came.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.model import Happened, Record

_MONTH = 1_000_000  # more than a month has papers
_FIVE_BEGAN = 1501  # January 2015


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of a paper already."""

    version: int
    categories: tuple[str, ...]
    withdrawn: bool = False


def serial(id_: str) -> int:
    """Return a number that grows with the order of announcement: 2411.19525 is 2411019525; 0 for ids before 2007."""
    month, dot, number = id_.partition(".")
    if not dot or not (month.isdecimal() and number.isdecimal()):
        return 0
    return int(month) * _MONTH + int(number)


def happened(record: Record, known: Known | None, floor: int, since: int | None = None) -> tuple[Happened, ...]:
    """Return what a record brings: nothing for one that was announced before our baseline (`floor` its highest serial).

    Cross-lists and new versions are told by what was there before, so that the same record brings nothing twice. Of an
    old paper that is unknown to us, a version made at or after `since` (ms; None: never) is a new one: it was announced
    later than it was made, and all that changed from then on we have read. An older one tells of some other change.
    """
    paper = record.paper
    if known is None:
        if serial(paper.id) > floor:
            return (Happened(paper.id, "new", paper.version),)
        if paper.version > 1 and since is not None and paper.updated >= since:
            return (Happened(paper.id, "withdrawn" if record.withdrawn else "replace", paper.version),)
        return ()
    found = []
    gained = tuple(name for name in paper.categories if name not in known.categories)
    if gained:
        found.append(Happened(paper.id, "cross", paper.version, gained))
    if paper.version > known.version:
        gone = record.withdrawn and not known.withdrawn
        found.append(Happened(paper.id, "withdrawn" if gone else "replace", paper.version))
    return tuple(found)


def gaps(ids: Sequence[str], floor: int) -> tuple[str, ...]:
    """Return the ids that are missing between those known, month by month, above `floor`: (2411.00002,) for 1 and 3.

    Only months that begin above the floor are searched from their first number on.
    """
    by_month: dict[str, set[int]] = {}
    for id_ in ids:
        if serial(id_):
            month, _, number = id_.partition(".")
            by_month.setdefault(month, set()).add(int(number))
    missing = []
    for month, numbers in sorted(by_month.items()):
        first = max(1, floor - int(month) * _MONTH + 1)
        digits = 5 if int(month) >= _FIVE_BEGAN else 4  # info.arxiv.org/help/arxiv_identifier.html
        missing += [f"{month}.{n:0{digits}}" for n in range(first, max(numbers)) if n not in numbers]
    return tuple(missing)
