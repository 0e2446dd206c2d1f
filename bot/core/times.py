"""When a chat's next digest is due, and how an instant reads in its zone: pure functions of settings and instants.

APScheduler's cron trigger computes the instants, so that daylight saving is its business, not ours.
"""

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from bot.model import Chat
from bot.words import say

NEW_YORK = "America/New_York"  # arXiv's own zone (arxiv.org/help/availability)
_HOUR = 60  # minutes
_CLOSE = 250 * 86_400_000  # ms


def instant(ms: int, zone: str = "UTC") -> datetime:
    """Aware datetime of epoch milliseconds in a zone."""
    return datetime.fromtimestamp(ms / 1000, ZoneInfo(zone))


def ms(at: datetime) -> int:
    """Epoch milliseconds of an aware datetime."""
    return int(at.timestamp() * 1000)


@lru_cache(maxsize=512)
def _trigger(hours: str, minute: int, zone: str) -> CronTrigger:
    return CronTrigger(hour=hours, minute=minute, timezone=ZoneInfo(zone))


def _next(hours: str, minute: int, zone: str, after: int) -> int:
    while True:
        # +1: strictly later, or a digest composed exactly on time would be due again at once
        fire = _trigger(hours, minute, zone).get_next_fire_time(None, instant(after + 1, zone))
        assert fire is not None, "a daily trigger always fires again"  # noqa: S101 - an impossible state
        after = ms(fire)
        if instant(after, zone).fold == 0:  # an hour that comes twice in autumn counts once
            return after


def next_digest(chat: Chat, after: int) -> int | None:
    """First instant (ms) after `after` at which a digest is due by the clock; None: as soon as papers arrive."""
    if chat.mode == "asap":
        return None
    return _next(str(chat.minute // _HOUR), chat.minute % _HOUR, chat.zone, after)


@lru_cache(maxsize=64)
def _weekly(days: str, hour: int, minute: int, zone: str) -> CronTrigger:
    return CronTrigger(day_of_week=days, hour=hour, minute=minute, timezone=ZoneInfo(zone))


def next_of(rules: tuple[tuple[str, int, int], ...], zone: str, after: int) -> int:
    """First instant (ms) after `after` that one of the rules names: ('mon-fri', 22, 45), by the clocks of `zone`."""
    fires = []
    for days, hour, minute in rules:
        fire = _weekly(days, hour, minute, zone).get_next_fire_time(None, instant(after + 1, zone))
        assert fire is not None, "a weekly trigger always fires again"  # noqa: S101 - an impossible state
        fires.append(ms(fire))
    return min(fires)


def day(at: int, zone: str, language: str = "en") -> str:
    """'Mon 2 Dec'."""
    return _say(language, "day_form", instant(at, zone))


def date(at: int, now: int, language: str = "en") -> str:
    """'29 Nov 2024', in UTC as arXiv counts; without the year where `now` is close enough to tell."""
    return _say(language, "date_form" if abs(now - at) < _CLOSE else "date_form_year", instant(at))


def listing(day: str, language: str = "en") -> str:
    """'Thu 19 Nov' of '2026-11-19': an announcement by the day it is named after."""
    return _say(language, "day_form", datetime.fromisoformat(day))


def clock(at: int, zone: str) -> str:
    """'08:30'."""
    return f"{instant(at, zone):%H:%M}"


def moment(at: int, zone: str, language: str = "en") -> str:
    """'Mon 2 Dec 08:30'."""
    return say(language, "moment_form", day=day(at, zone, language), clock=clock(at, zone))


def _say(language: str, key: str, when: datetime) -> str:
    """A day in the names and the order of a language; strftime would speak the machine's."""
    weekday, month = say(language, "weekdays").split()[when.weekday()], say(language, "months").split()[when.month - 1]
    return say(language, key, weekday=weekday, day=when.day, month=month, year=when.year)


def start_of_day(at: int) -> int:
    """Midnight UTC (ms) of the day that `at` falls into."""
    return ms(instant(at).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC))


def midnight(at: int, zone: str) -> int:
    """Return when (ms) the day of a zone began that `at` falls into."""
    return ms(instant(at, zone).replace(hour=0, minute=0, second=0, microsecond=0))
