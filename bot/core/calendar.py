"""When arXiv announces: which days have a listing, what falls into it, and whether silence is expected now.

A *listing* is named by its date, the morning after its announcement: 'Thu 19 Nov' was announced on Wed 18 Nov at 20:00
in New York. It holds what was submitted until 14:00 of the last working day before it, its *deadline day*. A *deferral*
names a deadline day whose papers are not announced; they come with the next listing.

Invariants: a pure function of the deferrals and of instants (ms); every instant is submitted for exactly one listing,
windows meet without gaps; all is computed in New York's time, so that a change of the clocks moves nothing.

Source: https://info.arxiv.org/help/availability.html. arXiv writes a Friday's deferral either as that Friday (2026) or
as the Sunday on which it would have been announced (2025): both mean the same here. That Monday's listing is what a
deferred Friday takes away was seen on 22 June 2026, which had none.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from bot.core.times import NEW_YORK, instant, ms
from bot.errors import ConfigError

Why = Literal["weekend", "holiday", "not_yet", "due", "late"]
By = Literal["arxiv", "rule", "owner"]

_ANNOUNCED: Final = time(20)  # New York, https://info.arxiv.org/help/availability.html
_DEADLINE: Final = time(14)
GRACE: Final = 9_000_000  # ms from an announcement until OAI has it as a rule: 22:30 (https://info.arxiv.org/help/oa)
_DAY: Final = timedelta(days=1)
_MONDAY, _FRIDAY, _SATURDAY = 0, 4, 5  # date.weekday()
_LONGEST: Final = 60  # days without any listing that no owner's file may cause


@dataclass(frozen=True, slots=True)
class Deferral:
    """A deadline day whose papers are not announced that evening."""

    day: date  # Monday to Friday
    name: str
    by: By  # 'rule': our guess from other years, which only excuses silence; 'owner': from a file of one's own
    source: str


@dataclass(frozen=True, slots=True)
class State:
    """Why nothing new is there now.

    `weekend`, `holiday`, `not_yet`: nothing is to be expected before `until`, when `listing` is announced. `due`:
    `listing` was announced and is on its way until `until`. `late`: it should be there; `until` is when the next is
    announced. `name` is the holiday's.
    """

    why: Why
    until: int  # ms
    listing: date
    name: str = ""


class Calendar:
    """Build it with `Calendar.of`."""

    def __init__(self, deferrals: Mapping[date, Deferral], through: date) -> None:
        self.deferrals = deferrals  # by deadline day
        self.through = through  # the last day that the data speaks of; later ones count as ordinary
        self._off = frozenset(day for day, deferral in deferrals.items() if deferral.by != "rule")

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Calendar":
        """Read the form of data/calendar.json, possibly merged; raises ConfigError that names the entry."""
        deferrals: dict[date, Deferral] = {}
        for entry in _list(data, "deferred"):
            if not isinstance(entry, Mapping) or not isinstance(entry.get("day"), str):
                raise ConfigError(f'The calendar\'s entry {entry!r} needs a "day" such as "2026-11-26".')
            day, by = _date(entry["day"]), entry.get("by", "owner")
            if by not in {"arxiv", "rule", "owner"}:
                raise ConfigError(f'The calendar\'s entry {entry["day"]} says "by" {by!r}: use arxiv, rule or owner.')
            deferrals[day] = Deferral(day, str(entry.get("name", "")), by, str(entry.get("source", "")))
        if _stuck(deferrals):
            raise ConfigError(f"The calendar defers everything for {_LONGEST} days: check its dates.")
        years = [day.year for day in deferrals]
        return cls(deferrals, date(max(years, default=date.min.year), 12, 31))

    # --- listings ---------------------------------------------------------------------------------------------------

    def is_listing(self, day: date) -> bool:
        """Tell whether a listing bears this date; one that is only guessed to be deferred does."""
        return day.weekday() < _SATURDAY and _deadline_day(day) not in self._off

    def deferral(self, day: date) -> Deferral | None:
        """Return what takes this day's listing away, or may do so; None on an ordinary day and at weekends."""
        return self.deferrals.get(_deadline_day(day)) if day.weekday() < _SATURDAY else None

    def listings(self, first: date, last: date) -> Iterator[date]:
        """Yield the listings of [first, last], in order."""
        while first <= last:
            if self.is_listing(first):
                yield first
            first += _DAY

    def before(self, day: date) -> date:
        """Return the last listing before a day."""
        return next(self._from(day - _DAY, -_DAY))

    def after(self, day: date) -> date:
        """Return the first listing after a day."""
        return next(self._from(day + _DAY, _DAY))

    def announced(self, listing: date) -> int:
        """Return when (ms) a listing is announced: 20:00 of the evening before; raises ValueError if it is none."""
        if not self.is_listing(listing):
            raise ValueError(f"{listing} is no listing")
        return _at(listing - _DAY, _ANNOUNCED)

    def window(self, listing: date) -> tuple[int, int]:
        """Return [start, end) (ms) of the submissions that are ordinarily announced in a listing.

        Moderation holds papers for a day to weeks: a window says what is usual, never what a listing consists of.
        """
        if not self.is_listing(listing):
            raise ValueError(f"{listing} is no listing")
        first, last = _deadline_day(self.before(listing)), _deadline_day(listing)
        return _at(first, _DEADLINE), _at(last, _DEADLINE)

    # --- instants ---------------------------------------------------------------------------------------------------

    def listing_at(self, at: int) -> date:
        """Return the last listing announced at or before an instant (ms)."""
        return next(self._from(_evening(at), -_DAY))

    def next_announcement(self, at: int) -> int:
        """Return the first announcement (ms) after an instant (ms)."""
        return self.announced(self.after(_evening(at)))

    def listing_of_submission(self, at: int) -> date:
        """Return the listing whose window holds an instant (ms)."""
        there = instant(at, NEW_YORK)
        day = there.date() if there.time() < _DEADLINE else there.date() + _DAY
        while day.weekday() >= _SATURDAY or day in self._off:
            day += _DAY
        return day + (_DAY if day.weekday() < _FRIDAY else 3 * _DAY)

    def listing_of_stamp(self, day: date) -> date:
        """Return the listing that a record changed on this UTC day came with, or had come with before.

        20:00 in New York is the next UTC day in summer (00:00) and in winter (01:00), so that a listing's own date is
        its datestamp. What changes on a day without one belongs to the last that there was.
        """
        return next(self._from(day, -_DAY))

    def expected(self, at: int, seen: date | None = None) -> State:
        """Tell why nothing new is there at an instant (ms), and until when.

        `seen` is the last listing of which papers have come: without it the clock alone is asked, and nothing is ever
        late. A listing that is only guessed to be deferred is a holiday while nothing of it has come.
        """
        last, evening = self.listing_at(at), _evening(at)
        announced, until, following = self.announced(last), self.next_announcement(at), self.after(evening)
        unseen = seen is None or seen < last
        if unseen and at < announced + GRACE:
            return State("due", announced + GRACE, last)
        if seen is not None and seen < last:
            wanted = self.before(last) if self._guessed(last) else last
            if seen < wanted:
                return State("late", until, wanted)
        if evening.weekday() >= _SATURDAY:
            return State("weekend", until, following)
        found = self.deferral(evening)
        if found and (evening != last or unseen):
            return State("holiday", until, following, found.name)
        return State("not_yet", until, following)

    def _guessed(self, listing: date) -> bool:
        # what is certain to be deferred is no listing in the first place
        return _deadline_day(listing) in self.deferrals

    def _from(self, day: date, step: timedelta) -> Iterator[date]:
        while True:
            if self.is_listing(day):
                yield day
            day += step


def merge(shipped: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shipped data extended by an owner's; raises ConfigError if a date cannot be read.

    The owner's form: `{"deferred": [{"day": "2027-06-18", "name": "Juneteenth", "source": "https://…"}],
    "announced": ["2027-01-01"]}`. A day of "deferred" replaces what is shipped for that day; a day of "announced" is a
    deadline day whose papers do come out that evening, whatever is shipped.
    """
    for key in own:
        if key not in {"about", "deferred", "announced"}:
            raise ConfigError(f'The calendar\'s "{key}" means nothing: use "deferred" and "announced".')
    gone = {_date(day) for day in _list(own, "announced")}
    replaced: dict[date, Any] = {}
    for entry in [*_list(shipped, "deferred"), *_list(own, "deferred")]:
        if not isinstance(entry, Mapping):
            raise ConfigError(f'The calendar\'s entry {entry!r} needs a "day" such as "2026-11-26".')
        replaced[_date(entry.get("day"))] = entry
    return {**shipped, "deferred": [entry for day, entry in sorted(replaced.items()) if day not in gone]}


# --- days of New York ----------------------------------------------------------------------------------------------


@cache
def _zone() -> ZoneInfo:
    return ZoneInfo(NEW_YORK)


def _at(day: date, hour: time) -> int:
    return ms(datetime.combine(day, hour, _zone()))


def _evening(at: int) -> date:
    """Return the date of the listing that bears an instant's name: from 20:00 on, the next day."""
    there = instant(at, NEW_YORK)
    return there.date() + (_DAY if there.time() >= _ANNOUNCED else timedelta())


def _deadline_day(listing: date) -> date:
    return listing - (3 * _DAY if listing.weekday() == _MONDAY else _DAY)


def _stuck(deferrals: Mapping[date, Deferral]) -> bool:
    run, last = 0, date.min
    for day in sorted(deferrals):
        run = run + 1 if day - last <= 3 * _DAY else 1
        last = day
        if run >= _LONGEST * 5 // 7:
            return True
    return False


def _list(data: Mapping[str, Any], key: str) -> list[Any]:
    found = data.get(key, [])
    if not isinstance(found, list):
        raise ConfigError(f'The calendar\'s "{key}" must be a list.')
    return found


def _date(text: object) -> date:
    """Read a deadline day; a Saturday or Sunday stands for the Friday before, whose papers come out on Sunday."""
    try:
        day = datetime.strptime(str(text), "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise ConfigError(f'The calendar\'s day {text!r} is no date: write it as "2026-11-26".') from error
    return day - max(day.weekday() - _FRIDAY, 0) * _DAY
