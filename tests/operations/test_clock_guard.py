"""Nothing is deleted because the clock jumped, or because the desk was off for some days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

from helpdesk.errors import NotAllowed
from helpdesk.operations import clock_guard
from models import Agent, JournalEntry

pytestmark = pytest.mark.usefixtures("database")
NOON = datetime(2026, 3, 1, 12)


def at(moment: datetime) -> bool:
    with time_machine.travel(moment, tick=False):
        return clock_guard.may_delete()


def test_a_desk_that_runs_deletes() -> None:
    assert [at(NOON + timedelta(hours=hours)) for hours in range(0, 200, 40)] == [True] * 5


def test_after_some_days_off_deleting_rests_for_a_day() -> None:
    at(NOON)
    back = NOON + timedelta(days=3)
    moments = [back, back + timedelta(hours=1), back + timedelta(hours=23), back + timedelta(hours=25)]
    assert list(map(at, moments)) == [False, False, False, True]


def test_a_clock_a_year_ahead_for_a_moment_deletes_nothing() -> None:
    at(NOON)
    assert not at(NOON + timedelta(days=365))
    assert at(NOON + timedelta(minutes=2))
    assert at(NOON + timedelta(hours=3))


def test_a_clock_set_back_deletes_nothing_more() -> None:
    at(NOON)
    assert at(NOON - timedelta(days=2))
    assert at(NOON - timedelta(days=2) + timedelta(hours=1))
    # And the way home is a jump again.
    assert not at(NOON + timedelta(days=1))


def test_an_administrator_ends_the_rest(root: Agent, ana: Agent) -> None:
    at(NOON)
    at(NOON + timedelta(days=9))
    with time_machine.travel(NOON + timedelta(days=9, hours=1), tick=False):
        with pytest.raises(NotAllowed):
            clock_guard.agree(actor=ana)
        clock_guard.agree(actor=root)
    assert JournalEntry.select().where(JournalEntry.act == "clock-agreed").count() == 1
    assert at(NOON + timedelta(days=9, hours=2))


@pytest.mark.parametrize(("days", "acts"), [(3, True), (31, False)])
def test_what_acts_by_the_clock_goes_on_after_a_holiday_and_rests_after_a_month(days: int, acts: bool) -> None:
    assert clock_guard.may_act()
    at(NOON)
    back = NOON + timedelta(days=days)
    with time_machine.travel(back, tick=False):
        # Whichever of the two is asked first.
        assert [clock_guard.may_act(), clock_guard.may_delete(), clock_guard.may_act()] == [acts, False, acts]
    with time_machine.travel(back + timedelta(days=1), tick=False):
        assert [clock_guard.may_act(), clock_guard.may_delete(), clock_guard.may_act()] == [True] * 3


def test_it_is_said_once(caplog: Any) -> None:
    at(NOON)
    for hours in (0, 1, 2):
        at(NOON + timedelta(days=5, hours=hours))
    assert len([record for record in caplog.records if "5 days" in record.getMessage()]) == 1
