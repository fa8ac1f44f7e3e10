"""Moments of the future: by their names, and by a day and a time of one's own zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from helpdesk.errors import InvalidInput
from helpdesk.lib import moments

PARIS, TOKYO = ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Tokyo")
#: A Wednesday, noon in Paris.
NOW = datetime(2026, 3, 25, 11, tzinfo=UTC)


def read(zone: ZoneInfo = PARIS, *, now: datetime = NOW, **form: str) -> datetime:
    with time_machine.travel(now, tick=False):
        return moments.read(form, zone)


@pytest.mark.parametrize(
    ("name", "zone", "moment"),
    [
        ("evening", PARIS, datetime(2026, 3, 25, 17)),
        ("tomorrow", PARIS, datetime(2026, 3, 26, 8)),
        # Summer time begins in between: nine o'clock stays nine o'clock.
        ("monday", PARIS, datetime(2026, 3, 30, 7)),
        ("week", PARIS, datetime(2026, 4, 1, 7)),
        ("tomorrow", TOKYO, datetime(2026, 3, 26, 0)),
    ],
)
def test_a_name_means_a_time_where_the_reader_is(name: str, zone: ZoneInfo, moment: datetime) -> None:
    assert read(zone, moment=name) == moment


def test_on_a_monday_monday_is_the_next_one() -> None:
    assert read(now=datetime(2026, 3, 23, 5, tzinfo=UTC), moment="monday") == datetime(2026, 3, 30, 7)


@pytest.mark.parametrize(
    ("now", "names"),
    [
        (NOW, ("evening", "tomorrow", "monday", "week")),
        # The evening has come; in Tokyo it would be night.
        (datetime(2026, 3, 25, 17, tzinfo=UTC), ("tomorrow", "monday", "week")),
        # On a Sunday tomorrow is Monday, on a Monday the next one is in a week.
        (datetime(2026, 3, 22, 8, tzinfo=UTC), ("evening", "tomorrow", "week")),
        (datetime(2026, 3, 23, 8, tzinfo=UTC), ("evening", "tomorrow", "monday")),
    ],
)
def test_each_moment_to_come_is_offered_once(now: datetime, names: tuple[str, ...]) -> None:
    with time_machine.travel(now, tick=False):
        assert moments.offered(PARIS) == names


@pytest.mark.parametrize(
    ("day", "at", "moment"),
    [
        ("2026-03-27", "09:30", datetime(2026, 3, 27, 8, 30)),
        ("2026-03-27", "9:30", datetime(2026, 3, 27, 8, 30)),
        ("2026-03-27", "09:30:00", datetime(2026, 3, 27, 8, 30)),
        ("2028-02-29", "00:00", datetime(2028, 2, 28, 23)),
        # Of the hour that comes twice, the first one.
        ("2026-10-25", "02:30", datetime(2026, 10, 25, 0, 30)),
    ],
)
def test_a_day_and_a_time_are_those_of_the_zone(day: str, at: str, moment: datetime) -> None:
    assert read(day=day, time=at) == moment


@pytest.mark.parametrize(
    ("day", "at", "field", "text"),
    [
        ("", "09:00", "day", "Choose a day"),
        ("2026-02-30", "09:00", "day", "does not exist"),
        ("tomorrow", "09:00", "day", "does not exist"),
        ("20260401", "09:00", "day", "does not exist"),
        ("99999-01-01", "09:00", "day", "does not exist"),
        ("2026-04-01", "", "time", "Choose a time"),
        ("2026-04-01", "25:00", "time", "Choose a time"),
        ("2026-04-01", "9", "time", "Choose a time"),
        ("2026-04-01", "٠٩:٠٠", "time", "Choose a time"),
        # The night in which clocks go forward.
        ("2026-03-29", "02:30", "time", "Clocks go forward"),
        ("2026-03-25", "12:00", "day", "past"),
        ("2020-01-01", "09:00", "day", "past"),
        ("2028-03-28", "12:00", "day", "two years"),
        ("9998-12-31", "23:59", "day", "two years"),
    ],
)
def test_a_moment_that_cannot_be_is_answered_at_its_field(day: str, at: str, field: str, text: str) -> None:
    with pytest.raises(InvalidInput, match=text) as refusal:
        read(day=day, time=at)
    assert refusal.value.field == field


def test_an_evening_that_is_over_is_no_moment() -> None:
    with pytest.raises(InvalidInput, match="past") as refusal:
        read(now=datetime(2026, 3, 25, 20, tzinfo=UTC), moment="evening")
    assert refusal.value.field == "moment"
