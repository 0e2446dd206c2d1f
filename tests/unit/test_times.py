from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core import times
from bot.model import Chat
from bot.words import WORDS, say

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"]


def chat(zone: str = "UTC", minute: int = 510, mode: str = "daily") -> Chat:
    return Chat("c:1", "c", "1", zone=zone, minute=minute, mode="asap" if mode == "asap" else "daily")


def at(text: str, zone: str = "UTC") -> int:
    return times.ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def test_the_next_morning() -> None:
    assert times.next_digest(chat(), at("2026-11-21T08:29:59")) == at("2026-11-21T08:30")
    assert times.next_digest(chat(), at("2026-11-21T08:30")) == at("2026-11-22T08:30")
    assert times.next_digest(chat("Europe/Berlin"), at("2026-07-01T06:29")) == at("2026-07-01T06:30")


def test_as_soon_as_papers_arrive_has_no_hour() -> None:
    assert times.next_digest(chat(mode="asap"), 0) is None


def test_an_hour_that_does_not_exist_is_not_a_missed_digest() -> None:
    berlin = chat("Europe/Berlin", minute=150)  # 02:30 is skipped on 29 March 2026
    first = times.next_digest(berlin, at("2026-03-28T12:00"))
    assert first is not None
    assert times.day(first, "Europe/Berlin") == "Sun 29 Mar"
    second = times.next_digest(berlin, first)
    assert second is not None
    assert times.moment(second, "Europe/Berlin") == "Mon 30 Mar 02:30"


def test_an_hour_that_comes_twice_brings_one_digest() -> None:
    berlin = chat("Europe/Berlin", minute=150)  # 02:30 comes twice on 25 October 2026
    first = times.next_digest(berlin, at("2026-10-24T12:00"))
    assert first is not None
    second = times.next_digest(berlin, first)
    assert second is not None
    assert times.moment(second, "Europe/Berlin") == "Mon 26 Oct 02:30"


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(ZONES), st.integers(0, 1439))
def test_the_next_digest_is_later_and_within_two_days(now: int, zone: str, minute: int) -> None:
    due = times.next_digest(chat(zone, minute), now)
    assert due is not None
    assert now < due <= now + 49 * 3_600_000


@given(st.integers(0, 4_000_000_000_000))
def test_the_next_look_follows_new_york(now: int) -> None:
    due = times.next_of((("sun,mon,tue,wed,thu", 22, 45), ("*", 10, 0)), times.NEW_YORK, now)
    when = times.instant(due, times.NEW_YORK)
    assert now < due <= now + 25 * 3_600_000
    assert (when.hour, when.minute) in {(22, 45), (10, 0)}
    assert when.hour == 10 or when.weekday() not in {4, 5}


@pytest.mark.parametrize(
    ("text", "shown"), [("2026-12-02T09:05", "Wed 2 Dec 09:05"), ("2026-01-31T23:59", "Sat 31 Jan 23:59")]
)
def test_how_an_instant_reads(text: str, shown: str) -> None:
    assert times.moment(at(text), "UTC") == shown


def test_a_day_reads_in_its_language() -> None:
    when, paper, later = at("2024-12-02T08:30"), at("2024-11-29"), at("2026-01-31")
    assert times.day(when, "UTC") == "Mon 2 Dec"
    assert (times.date(paper, when), times.date(paper, later)) == ("29 Nov", "29 Nov 2024")
    assert times.day(when, "UTC", "zh") == "12月2日 周一"
    assert times.moment(when, "UTC", "zh") == "12月2日 周一 08:30"
    assert (times.date(paper, when, "zh"), times.date(paper, later, "zh")) == ("11月29日", "2024年11月29日")


@pytest.mark.parametrize("language", WORDS)
def test_every_language_has_names_for_all_days_and_months(language: str) -> None:
    assert len(set(say(language, "weekdays").split())) == 7
    assert len(set(say(language, "months").split())) == 12


def test_start_of_day() -> None:
    assert times.start_of_day(at("2026-11-21T23:59:59")) == at("2026-11-21T00:00")
