"""Percentiles, periods and lengths of time."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from playhouse.test_utils import count_queries

from database import database
from helpdesk.lib.periods import Period
from helpdesk.reports import durations, statistics
from helpdesk.reports.statistics import Spread
from tests.support import sqlite_only

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("lengths", "expected"),
    [
        ([], Spread()),
        ([7], Spread(1, 7, 7)),
        ([3, 1], Spread(2, 2, 2.8)),
        (range(101), Spread(101, 50, 90)),
    ],
)
def test_half_and_nine_in_ten(lengths, expected):
    assert statistics.spread(lengths) == expected


def test_days_begin_at_midnight_of_the_reader():
    period = Period(date(2026, 3, 29), date(2026, 3, 30), PARIS)
    assert period.start == datetime(2026, 3, 28, 23)
    assert period.end == datetime(2026, 3, 30, 22)
    assert period.days == [date(2026, 3, 29), date(2026, 3, 30)]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0 min"),
        (59, "0 min"),
        (25 * 60, "25 min"),
        (3 * 3600 + 12 * 60, "3 h 12"),
        (26 * 3600, "1 d 2 h"),
        (48 * 3600, "2 d"),
        (300 * 3600, "12 d"),
    ],
)
def test_lengths_of_time_are_short(request_context, seconds, text):
    assert durations.in_words(seconds) == text


@sqlite_only
def test_no_figure_reads_every_ticket(request_context, root, ticket):
    period = statistics.last_days(30, PARIS)
    with count_queries() as counter:
        statistics.flow(root, period)
        statistics.measure(root, period)
        statistics.longest_waits(root)
    asked = [row.msg for row in counter.get_queries() if 'FROM "ticket" AS "t1"' in row.msg[0]]
    plans = [repr(database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall()) for sql, values in asked]
    assert len(plans) == 6
    assert not [plan for plan in plans if "SCAN t1'" in plan]
