"""When arXiv announces: real days, changes of the clocks, and what holds for every instant."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import resources
from bot.core.calendar import GRACE, Calendar, State, merge
from bot.core.times import ms
from bot.errors import ConfigError

SHIPPED = Calendar.of(resources.data("calendar.json"))
PLAIN = Calendar.of({})
HOUR, DAY = 3_600_000, timedelta(days=1)
INSTANTS = st.integers(1_735_700_000_000, 1_830_000_000_000)  # 2025 to 2027
DAYS = st.dates(date(2025, 6, 1), date(2028, 6, 1))
CALENDARS = st.sampled_from(
    [SHIPPED, PLAIN, Calendar.of({"deferred": [{"day": f"2026-11-{n}"} for n in range(16, 28)]})]
)


def at(text: str) -> int:
    return ms(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("America/New_York")))


def utc(text: str) -> int:
    return ms(datetime.fromisoformat(text).replace(tzinfo=UTC))


def day(text: str) -> date:
    return date.fromisoformat(text)


# --- real days -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("listing", "announced", "first", "last"),
    [
        ("2026-11-18", "2026-11-17T20:00", "2026-11-16T14:00", "2026-11-17T14:00"),  # arXiv's own table, row by row
        ("2026-11-19", "2026-11-18T20:00", "2026-11-17T14:00", "2026-11-18T14:00"),
        ("2026-11-20", "2026-11-19T20:00", "2026-11-18T14:00", "2026-11-19T14:00"),
        ("2026-11-23", "2026-11-22T20:00", "2026-11-19T14:00", "2026-11-20T14:00"),  # Sunday's
        ("2026-11-24", "2026-11-23T20:00", "2026-11-20T14:00", "2026-11-23T14:00"),  # over the weekend
        ("2026-11-26", "2026-11-25T20:00", "2026-11-24T14:00", "2026-11-25T14:00"),  # Thanksgiving's own morning
        ("2026-11-30", "2026-11-29T20:00", "2026-11-25T14:00", "2026-11-27T14:00"),  # after Thanksgiving
        ("2026-06-23", "2026-06-22T20:00", "2026-06-18T14:00", "2026-06-22T14:00"),  # Juneteenth, a Friday
        ("2026-07-07", "2026-07-06T20:00", "2026-07-02T14:00", "2026-07-06T14:00"),  # 3 July, a Friday
        ("2026-09-09", "2026-09-08T20:00", "2026-09-04T14:00", "2026-09-08T14:00"),  # Labor Day: the weekend as well
        ("2026-12-29", "2026-12-28T20:00", "2026-12-24T14:00", "2026-12-28T14:00"),  # Christmas, a Friday
        ("2026-12-31", "2026-12-30T20:00", "2026-12-28T14:00", "2026-12-30T14:00"),  # Tuesday 29 was deferred
        ("2027-01-04", "2027-01-03T20:00", "2026-12-30T14:00", "2027-01-01T14:00"),  # only guessed to be deferred
        ("2026-03-09", "2026-03-08T20:00", "2026-03-05T14:00", "2026-03-06T14:00"),  # the clocks changed that Sunday
        ("2026-11-02", "2026-11-01T20:00", "2026-10-29T14:00", "2026-10-30T14:00"),
    ],
)
def test_listings_of_real_days(listing: str, announced: str, first: str, last: str) -> None:
    assert SHIPPED.is_listing(day(listing))
    assert SHIPPED.announced(day(listing)) == at(announced)
    assert SHIPPED.window(day(listing)) == (at(first), at(last))


@pytest.mark.parametrize(
    "none",
    [
        *("2026-11-21", "2026-11-22"),  # a weekend
        *("2026-01-02", "2026-01-20", "2026-06-22", "2026-07-06", "2026-09-08", "2026-11-27"),
        *("2026-12-28", "2026-12-30", "2027-01-01"),
    ],
)
def test_days_without_a_listing(none: str) -> None:
    assert not SHIPPED.is_listing(day(none))
    for wrong in (SHIPPED.announced, SHIPPED.window):
        with pytest.raises(ValueError, match="is no listing"):
            wrong(day(none))


@pytest.mark.parametrize(
    ("listing", "utc_hour"),
    [
        *(("2026-03-06", 1), ("2026-03-09", 0), ("2026-10-30", 0), ("2026-11-02", 1)),
        *(("2027-03-12", 1), ("2027-03-15", 0), ("2027-11-05", 0), ("2027-11-08", 1)),
    ],
)
def test_20_00_in_new_york_is_the_next_utc_day_on_both_sides_of_a_change_of_clocks(listing: str, utc_hour: int) -> None:
    assert SHIPPED.announced(day(listing)) == utc(f"{listing}T{utc_hour:02}:00")
    assert SHIPPED.listing_of_stamp(day(listing)) == day(listing)


@pytest.mark.parametrize(
    ("stamp", "listing"),
    [
        ("2025-12-01", "2025-12-01"),  # 2511.23462, submitted Fri 28 Nov 2025: captured
        ("2026-11-21", "2026-11-20"),
        ("2026-11-22", "2026-11-20"),
        ("2026-11-27", "2026-11-26"),  # Thanksgiving evening was quiet
        ("2026-11-29", "2026-11-26"),
        ("2026-12-28", "2026-12-25"),
    ],
)
def test_a_datestamp_names_a_listing(stamp: str, listing: str) -> None:
    assert SHIPPED.listing_of_stamp(day(stamp)) == day(listing)


@pytest.mark.parametrize(
    ("now", "seen", "state"),
    [
        ("2026-11-18T19:59", "2026-11-18", State("not_yet", at("2026-11-18T20:00"), day("2026-11-19"))),
        ("2026-11-18T20:00", "2026-11-18", State("due", at("2026-11-18T22:30"), day("2026-11-19"))),
        ("2026-11-18T20:00", None, State("due", at("2026-11-18T22:30"), day("2026-11-19"))),
        ("2026-11-18T21:00", "2026-11-19", State("not_yet", at("2026-11-19T20:00"), day("2026-11-20"))),
        ("2026-11-18T22:30", "2026-11-18", State("late", at("2026-11-19T20:00"), day("2026-11-19"))),
        ("2026-11-18T22:30", None, State("not_yet", at("2026-11-19T20:00"), day("2026-11-20"))),
        ("2026-11-20T12:00", "2026-11-20", State("not_yet", at("2026-11-22T20:00"), day("2026-11-23"))),
        ("2026-11-20T20:00", "2026-11-20", State("weekend", at("2026-11-22T20:00"), day("2026-11-23"))),
        ("2026-11-21T12:00", "2026-11-19", State("late", at("2026-11-22T20:00"), day("2026-11-20"))),
        ("2026-11-22T19:59", None, State("weekend", at("2026-11-22T20:00"), day("2026-11-23"))),
        ("2026-11-26T19:00", "2026-11-26", State("not_yet", at("2026-11-29T20:00"), day("2026-11-30"))),
        ("2026-11-26T20:00", "2026-11-26", State("holiday", at("2026-11-29T20:00"), day("2026-11-30"), "Thanksgiving")),
        ("2026-11-27T20:00", "2026-11-26", State("weekend", at("2026-11-29T20:00"), day("2026-11-30"))),
        ("2026-06-21T20:00", "2026-06-19", State("holiday", at("2026-06-22T20:00"), day("2026-06-23"), "Juneteenth")),
        # a guess: silence is a holiday, papers are an ordinary day's, and what came before it is owed all the same
        ("2027-09-06T21:00", "2027-09-06", State("due", at("2027-09-06T22:30"), day("2027-09-07"))),
        ("2027-09-07T09:00", "2027-09-06", State("holiday", at("2027-09-07T20:00"), day("2027-09-08"), "Labor Day")),
        ("2027-09-07T09:00", None, State("holiday", at("2027-09-07T20:00"), day("2027-09-08"), "Labor Day")),
        ("2027-09-07T09:00", "2027-09-07", State("not_yet", at("2027-09-07T20:00"), day("2027-09-08"))),
        ("2027-09-07T09:00", "2027-09-03", State("late", at("2027-09-07T20:00"), day("2027-09-06"))),
        ("2027-11-27T09:00", "2027-11-25", State("weekend", at("2027-11-28T20:00"), day("2027-11-29"))),
    ],
)
def test_why_it_is_silent(now: str, seen: str | None, state: State) -> None:
    assert SHIPPED.expected(at(now), day(seen) if seen else None) == state


def test_what_is_shipped_says_where_it_comes_from() -> None:
    assert SHIPPED.through == date(2027, 12, 31)
    assert all(found.name and found.source for found in SHIPPED.deferrals.values())
    by_year = {year: {d.by for d in SHIPPED.deferrals.values() if d.day.year == year} for year in (2026, 2027)}
    assert by_year == {2026: {"arxiv"}, 2027: {"rule"}}


# --- what holds always ---------------------------------------------------------------------------------------------


@given(CALENDARS, INSTANTS)
def test_every_submission_belongs_to_exactly_one_listing(calendar: Calendar, now: int) -> None:
    listing = calendar.listing_of_submission(now)
    first, last = calendar.window(listing)
    assert first <= now < last <= calendar.announced(listing) - 6 * HOUR
    for other in (calendar.before(listing), calendar.after(listing)):
        first, last = calendar.window(other)
        assert not first <= now < last


@given(CALENDARS, DAYS)
def test_windows_meet_without_gaps(calendar: Calendar, some: date) -> None:
    listing = calendar.after(some)
    assert calendar.window(listing)[1] == calendar.window(calendar.after(listing))[0]
    assert calendar.before(calendar.after(listing)) == listing
    first, last = calendar.window(listing)
    assert calendar.listing_of_submission(first) == calendar.listing_of_submission(last - 1) == listing
    assert calendar.listing_of_submission(last) == calendar.after(listing)


@given(CALENDARS, INSTANTS, st.integers(0, 10 * 86_400_000))
def test_time_goes_one_way(calendar: Calendar, now: int, more: int) -> None:
    for of in (calendar.listing_at, calendar.listing_of_submission, calendar.next_announcement):
        assert of(now) <= of(now + more)  # type: ignore[operator]  # each of its own kind


@given(CALENDARS, INSTANTS)
def test_an_instant_stands_between_two_announcements(calendar: Calendar, now: int) -> None:
    listing, following = calendar.listing_at(now), calendar.next_announcement(now)
    assert calendar.announced(listing) <= now < following == calendar.announced(calendar.after(listing))
    assert calendar.listing_at(calendar.announced(listing)) == listing
    assert calendar.listing_at(following - 1) == listing
    assert calendar.next_announcement(following - 1) == following
    assert calendar.listing_of_stamp(datetime.fromtimestamp(calendar.announced(listing) / 1000, UTC).date()) == listing


@given(CALENDARS, INSTANTS, st.none() | st.integers(0, 4))
def test_a_state_ends_and_is_another_then(calendar: Calendar, now: int, behind: int | None) -> None:
    seen = None if behind is None else calendar.listing_at(now) - behind * DAY
    state = calendar.expected(now, seen)
    assert now < state.until <= calendar.next_announcement(now)
    assert calendar.expected(state.until, seen) != state
    assert (state.why == "holiday") == bool(state.name) or calendar is not SHIPPED
    if state.why in {"weekend", "holiday", "not_yet"}:
        assert state.until == calendar.announced(state.listing)
    if state.why == "due":
        assert state.until == calendar.announced(state.listing) + GRACE
    if state.why == "late":
        assert seen is not None
        assert seen < state.listing


@given(DAYS, DAYS)
def test_listings_are_the_days_that_are(first: date, last: date) -> None:
    found = list(SHIPPED.listings(first, last))
    assert found == [d for n in range((last - first).days + 1) if SHIPPED.is_listing(d := first + n * DAY)]


# --- an owner's file -----------------------------------------------------------------------------------------------


def test_an_owner_extends_it() -> None:
    own = {
        "deferred": [
            {"day": "2026-11-24", "name": "a broken database", "source": "https://status.arxiv.org"},
            {"day": "2027-09-06", "name": "Labor Day"},
        ],
        "announced": ["2026-12-29"],
    }
    mine = Calendar.of(merge(resources.data("calendar.json"), own))
    assert not mine.is_listing(day("2026-11-25"))
    assert mine.is_listing(day("2026-12-30"))
    assert not mine.is_listing(day("2027-09-07"))
    assert mine.deferrals[day("2027-09-06")].by == "owner"
    assert mine.through == SHIPPED.through
    assert SHIPPED.is_listing(day("2026-11-25")), "what is shipped stays as it is"


@pytest.mark.parametrize("written", ["2025-07-04", "2025-07-05", "2025-07-06"])
def test_a_friday_and_its_sunday_mean_the_same(written: str) -> None:
    """ArXiv deferred 'Sun 6 July' in 2025, and 'Friday 3 July' in 2026."""
    calendar = Calendar.of({"deferred": [{"day": written}]})
    assert not calendar.is_listing(day("2025-07-07"))
    assert calendar.is_listing(day("2025-07-04"))
    assert calendar.is_listing(day("2025-07-08"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"deferred": [{"day": "26 Nov"}]},
        {"deferred": [{"name": "no day"}]},
        {"deferred": ["2026-11-26"]},
        {"deferred": "2026-11-26"},
        {"announced": ["never"]},
        {"holidays": []},
        {"deferred": [{"day": "2026-11-26", "by": "hearsay"}]},
        {"deferred": [{"day": str(date(2026, 1, 1) + n * DAY)} for n in range(120)]},
    ],
)
def test_what_cannot_be_read_is_said(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="calendar"):
        Calendar.of(merge(resources.data("calendar.json"), wrong))
