"""The arithmetic of opening hours against a counter that looks at the clock on the wall, minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from helpdesk.opening_hours import written_hours
from helpdesk.opening_hours.arithmetic import (
    DAY,
    HORIZON,
    Calendar,
    add_open_minutes,
    next_opening,
    open_time_between,
)

MINUTE = timedelta(minutes=1)


def hours(text: str):
    return written_hours.read(text, "monday")


def calendar(zone: str, *week: str, **dates: str) -> Calendar:
    """A calendar of seven days, or of one text for Monday to Friday; dates are named d20261224="9-12"."""
    days = week if len(week) == 7 else (*[week[0]] * 5, *week[1:], *[""] * (3 - len(week)))
    special = {datetime.strptime(name, "d%Y%m%d").date(): hours(text) for name, text in dates.items()}
    return Calendar(ZoneInfo(zone), tuple(hours(text) for text in days), special)


def days(first: str, last: str, text: str = "") -> dict[str, str]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {f"d{start + timedelta(days=step):%Y%m%d}": text for step in range((end - start).days + 1)}


OFFICE = calendar("Europe/Paris", "9-12, 14-18")
SHOP = calendar("Europe/Paris", "", "10-19", "10-19", "10-19", "10-19", "10-17:30", "")
ALWAYS = calendar("Europe/Paris", *["0:00-24:00"] * 7)
NIGHT = calendar("Europe/Paris", *["22:00-6:00"] * 7)
EARLY = calendar("Europe/Paris", *["1:30-3:30"] * 7)
IN_THE_GAP = calendar("Europe/Paris", *["2:30-5:00"] * 7)
UNTIL_THE_GAP = calendar("Europe/Paris", *["0:15-2:30"] * 7)
QUEBEC = calendar("America/Toronto", "8:30-16:30")
NEPAL = calendar("Asia/Kathmandu", "10-17")
HAVANA = calendar("America/Havana", *["22:30-1:30"] * 7)
AZORES = calendar("Atlantic/Azores", *["23:00-2:00"] * 7)
SANTIAGO = calendar("America/Santiago", *["0:00-1:00"] * 7)
LORD_HOWE = calendar("Australia/Lord_Howe", *["1:00-3:00"] * 7)
APIA = calendar("Pacific/Apia", *["9-17"] * 7)
CASABLANCA = calendar("Africa/Casablanca", *["1-4"] * 7)

#: What it is about, the hours, a moment in UTC, and the open minutes to add to it.
CASES = [
    ("within an interval", OFFICE, "2026-11-30 08:30", 60),
    ("to the very end of an interval", OFFICE, "2026-11-30 08:30", 150),
    ("one minute beyond the end", OFFICE, "2026-11-30 08:30", 151),
    ("over lunch", OFFICE, "2026-11-30 10:50", 30),
    ("written at lunch", OFFICE, "2026-11-30 12:00", 45),
    ("at the minute of opening", OFFICE, "2026-11-30 08:00", 1),
    ("at the minute of closing", OFFICE, "2026-11-30 17:00", 1),
    ("over night", OFFICE, "2026-11-30 16:59", 2),
    ("over the week-end", OFFICE, "2026-12-04 16:30", 120),
    ("Saturday 17:55, closed on Monday", SHOP, "2026-11-28 16:25", 65),
    ("a whole week", OFFICE, "2026-11-30 08:00", 5 * 420),
    ("two weeks and a minute", OFFICE, "2026-11-30 08:00", 10 * 420 + 1),
    ("days that are all different", calendar("Europe/Paris", "9-10", "9-11", "", "8-8:01", "13-20", "6-7", "23-24"),
     "2026-11-30 03:00", 700),
    ("24/7", ALWAYS, "2026-11-30 23:59", 3000),
    ("24/7, spring: 23 hours", ALWAYS, "2026-03-28 22:00", 1500),
    ("24/7, autumn: 25 hours", ALWAYS, "2026-10-24 21:00", 1560),
    ("24/7 with a closed day", calendar("Europe/Paris", *["0:00-24:00"] * 7, d20261225=""), "2026-12-24 20:00", 600),
    ("over midnight", NIGHT, "2026-11-30 22:30", 300),
    ("in the morning of a night", NIGHT, "2026-12-01 04:59", 2),
    ("a night before a closed day ends at midnight", calendar("Europe/Paris", *["22:00-6:00"] * 7, d20261225=""),
     "2026-12-24 20:00", 400),
    ("a half day that goes on over midnight", calendar("Europe/Paris", *[""] * 6, "9-10", d20261231="22:00-2:00"),
     "2026-12-31 12:00", 200),
    ("night and morning overlap", calendar("Europe/Paris", "20:00-8:00", "7:00-9:00", *[""] * 5),
     "2026-11-30 10:00", 790),
    ("a half day", calendar("Europe/Paris", "9-12, 14-18", d20261224="9-12"), "2026-12-24 10:30", 60),
    ("closed days over Christmas", calendar("Europe/Paris", "9-18", **days("2026-12-24", "2027-01-03")),
     "2026-12-23 16:30", 60),
    ("a month closed", calendar("Europe/Paris", "9-18", **days("2026-08-01", "2026-08-31")), "2026-07-31 15:30", 100),
    ("a leap day that is open", OFFICE, "2028-02-28 16:30", 500),
    ("a leap day that is closed", calendar("Europe/Paris", "9-18", d20280229=""), "2028-02-28 16:30", 60),
    ("over the end of the year", OFFICE, "2026-12-31 16:30", 60),
    ("spring: the hour that is left out is not counted", EARLY, "2026-03-28 22:00", 180),
    ("spring: it opens in the hour that is left out", IN_THE_GAP, "2026-03-28 22:00", 170),
    ("spring: it closes in the hour that is left out", UNTIL_THE_GAP, "2026-03-28 22:00", 180),
    ("autumn: the hour that comes twice counts twice", EARLY, "2026-10-24 21:00", 300),
    ("autumn: it opens in the hour that comes twice", IN_THE_GAP, "2026-10-24 21:00", 300),
    ("autumn: it closes in the hour that comes twice", UNTIL_THE_GAP, "2026-10-24 21:00", 300),
    ("another zone, another spring", QUEBEC, "2026-03-06 20:00", 600),
    ("a zone of quarters of an hour", NEPAL, "2026-11-30 03:00", 500),
    ("midnight comes twice", HAVANA, "2026-10-31 20:00", 500),
    ("midnight is left out", SANTIAGO, "2026-09-05 12:00", 130),
    ("an hour before midnight comes twice", AZORES, "2026-10-24 12:00", 500),
    ("a change of half an hour", LORD_HOWE, "2026-04-04 00:00", 300),
    ("the zone leaves out a day", APIA, "2011-12-29 12:00", 1000),
    ("a zone that goes back for a month", CASABLANCA, "2026-02-14 00:00", 400),
]  # fmt: skip


def is_open(hours: Calendar, moment: datetime) -> bool:
    """Look at the clock on the wall."""
    wall = moment.replace(tzinfo=UTC).astimezone(hours.zone)
    day, minute = wall.date(), wall.hour * 60 + wall.minute
    if day in hours.dates:
        return any(opens <= minute < closes for opens, closes in hours.dates[day])
    eve = day - timedelta(days=1)
    evening = hours.dates.get(eve, hours.week[eve.weekday()])
    return any(opens <= minute < closes for opens, closes in hours.week[day.weekday()]) or any(
        minute + DAY < closes for _opens, closes in evening
    )


def counted(hours: Calendar, moment: datetime, minutes: int) -> tuple[datetime, datetime]:
    """Return the first open minute, and the end of the last one that was to be counted."""
    first = None
    while True:
        if is_open(hours, moment):
            first, minutes = first or moment, minutes - 1
        moment += MINUTE
        if not minutes:
            assert first is not None
            return first, moment


@pytest.mark.parametrize(("hours", "start", "minutes"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_no_case_is_a_minute_off(hours, start, minutes):
    moment = datetime.fromisoformat(start)
    first, last = counted(hours, moment, minutes)
    assert add_open_minutes(hours, moment, minutes) == last
    assert next_opening(hours, moment) == first
    assert open_time_between(hours, moment, last) == minutes * MINUTE
    # A minute more that is closed adds nothing.
    assert open_time_between(hours, moment, last + MINUTE) == (minutes + is_open(hours, last)) * MINUTE


def test_the_table_has_its_cases():
    assert len(CASES) >= 40


def test_a_ticket_of_saturday_evening_is_due_on_monday_morning():
    shop = calendar("Europe/Paris", "9-18", "9-18")
    saturday = datetime(2026, 11, 28, 16, 55)
    assert add_open_minutes(shop, saturday, 65) == datetime(2026, 11, 30, 9, 0)


def test_seconds_are_not_lost():
    moment = datetime(2026, 11, 30, 16, 59, 30, 250_000)
    assert add_open_minutes(OFFICE, moment, 1) == datetime(2026, 12, 1, 8, 0, 30, 250_000)
    assert open_time_between(OFFICE, moment, datetime(2026, 12, 1, 8, 0, 30, 250_000)) == MINUTE
    across = datetime(2026, 3, 28, 23, 59, 30, 250_000)
    assert open_time_between(ALWAYS, across, across + timedelta(days=1)) == timedelta(days=1)


def test_no_minute_is_due_at_once_and_no_time_has_passed_backwards():
    moment = datetime(2026, 11, 28, 12, 0)
    assert add_open_minutes(OFFICE, moment, 0) == moment
    assert open_time_between(OFFICE, moment, moment) == timedelta()
    assert open_time_between(OFFICE, moment, moment - timedelta(days=9)) == timedelta()


def test_the_same_hours_in_another_zone_are_other_moments():
    moment = datetime(2026, 11, 30, 7, 0)
    here, there = calendar("Europe/Paris", "9-18"), calendar("America/Toronto", "9-18")
    assert next_opening(here, moment) == datetime(2026, 11, 30, 8, 0)
    assert next_opening(there, moment) == datetime(2026, 11, 30, 14, 0)


def test_who_never_opens_is_not_looked_for_without_end():
    never = Calendar(ZoneInfo("UTC"), ((),) * 7)
    moment = datetime(2026, 11, 30)
    assert next_opening(never, moment) is None
    assert add_open_minutes(never, moment, 1) is None
    assert open_time_between(never, moment, moment + HORIZON) == timedelta()


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("9-12", "09:00–12:00"),
        (" 9:00 – 12:30,14h-18h30 ", "09:00–12:30, 14:00–18:30"),
        ("14 h 00 à 18 h ; 9 h–12 h", "09:00–12:00, 14:00–18:00"),
        ("9.30 to 12 and 13 to 17", "09:30–12:00, 13:00–17:00"),
        ("9-12 14-18", "09:00–12:00, 14:00–18:00"),
        ("22-6", "22:00–06:00"),
        ("18:00-0:00", "18:00–24:00"),
        ("0-24", "00:00–24:00"),
        ("09:00–12:00, 12:00–18:00", "09:00–12:00, 12:00–18:00"),
        ("", ""),
        (None, ""),
    ],
)
def test_hours_are_read_as_people_write_them(text, stored):
    intervals = written_hours.read(text, "monday")
    assert written_hours.write(intervals) == stored
    assert written_hours.stored(stored) == intervals
