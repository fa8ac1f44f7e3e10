"""Which opening hours hold where, what they must be, and what they say."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from peewee import IntegrityError
from playhouse.test_utils import count_queries

from database import Label, database
from helpdesk import i18n, settings
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.lib import cache
from helpdesk.opening_hours import calendars, saving, words
from helpdesk.opening_hours.arithmetic import next_opening
from helpdesk.setup import services
from models import ClosedDay, OpeningHours
from tests.support import cast

WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9-12, 14-18")
MONDAY = datetime(2026, 11, 30, 6, 0)


def save(root, service=None, **values) -> OpeningHours:
    return saving.save_hours(OpeningHours(), {"service": service, **(values or WEEK)}, actor=root)


def close(root, first: str, last: str = "", **values) -> ClosedDay:
    days = {"first_day": date.fromisoformat(first), "last_day": date.fromisoformat(last) if last else None}
    return saving.save_closed_day(ClosedDay(), {"name": Label(en="Closed"), **days, **values}, actor=root)


def opens(service_id: int | None = None, moment: datetime = MONDAY) -> datetime | None:
    calendar = calendars.find_calendar(service_id)
    return next_opening(calendar, moment) if calendar is not None else None


# --- Whose hours hold ---------------------------------------------------------------------------------------------


def test_a_service_has_its_own_hours_or_those_of_the_desk(root, billing, sales):
    assert opens(billing.id) is None
    save(root)
    assert opens(billing.id) == opens() == datetime(2026, 11, 30, 9, 0)
    save(root, billing, monday="10:00-11:00")
    assert opens(billing.id) == datetime(2026, 11, 30, 10, 0)
    assert opens(sales.id) == opens() == datetime(2026, 11, 30, 9, 0)


def test_hours_follow_the_zone_of_the_desk_unless_they_have_one(root, billing):
    save(root)
    save(root, billing, timezone="America/Toronto", **WEEK)
    settings.save({"timezone": "Europe/Paris"})
    assert opens() == datetime(2026, 11, 30, 8, 0)
    assert opens(billing.id) == datetime(2026, 11, 30, 14, 0)


def test_nothing_is_read_twice(root, billing):
    save(root)
    close(root, "2026-12-25")
    cache.refresh()
    opens(billing.id)
    with count_queries() as counter:
        opens(billing.id)
        opens()
    assert counter.count == 0


def test_hours_go_with_their_service(root):
    service = cast.make_service("Repairs")
    hours = save(root, service)
    close(root, "2026-12-25", opening_hours=hours)
    close(root, "2026-12-26")
    services.delete_service(service, actor=root)
    assert not OpeningHours.select().exists()
    assert [row.first_day for row in ClosedDay.select()] == [date(2026, 12, 26)]


# --- What they must be --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["nine", "9-12, x", "9:00", "25-26", "9-24:30", "9-9", "9:70-12", "24-8", "9-1234", "1-2,3-4,5-6,7-8,9-10,11-12,13-14", "9-12 11-14"])  # fmt: skip  # noqa: E501
def test_hours_that_cannot_be_meant_are_refused_at_their_day(root, text):
    with pytest.raises(InvalidInput) as refusal:
        save(root, monday="9-12", thursday=text)
    assert refusal.value.field == "thursday"
    assert not OpeningHours.select().exists()


def test_an_empty_week_is_refused(root):
    with pytest.raises(InvalidInput) as refusal:
        save(root, monday="", sunday="  ")
    assert refusal.value.field == "monday"


def test_the_desk_and_each_service_have_one(root, billing):
    for service in (None, billing):
        row = save(root, service)
        assert saving.save_hours(row, {"service": service, "monday": "8-9"}, actor=root).monday == "08:00–09:00"
        with pytest.raises(InvalidInput) as refusal:
            save(root, service)
        assert refusal.value.field == "service"
        # Of two at once, the second is refused by the table.
        with pytest.raises(IntegrityError), database.atomic():
            OpeningHours.create(service=service)


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("2026-12-25", "2026-12-24", "last_day"),
        ("2026-12-25", "2027-12-26", "last_day"),
        ("1999-12-31", "", "first_day"),
        ("9999-12-31", "", "first_day"),
    ],
)
def test_days_that_cannot_be_meant_are_refused(root, first, last, field):
    with pytest.raises(InvalidInput) as refusal:
        close(root, first, last)
    assert refusal.value.field == field


def test_closed_days_are_bounded(root, monkeypatch):
    monkeypatch.setattr(saving, "MOST_CLOSED_DAYS", 1)
    row = close(root, "2026-12-25")
    with pytest.raises(InvalidInput, match="at most 1 closed days"):
        close(root, "2026-12-26")
    assert saving.save_closed_day(row, {"name": row.name, "first_day": date(2026, 12, 24)}, actor=root)


def test_who_may_not_configure_sets_nothing(root, ana):
    hours, day = save(root), close(root, "2026-12-25")
    acts = (
        lambda: saving.save_hours(hours, WEEK, actor=ana),
        lambda: saving.delete_hours(hours, actor=ana),
        lambda: saving.save_closed_day(day, {}, actor=ana),
        lambda: saving.delete_closed_day(day, actor=ana),
    )
    for act in acts:
        with pytest.raises(NotAllowed):
            act()


# --- Closed days --------------------------------------------------------------------------------------------------


def test_a_closed_day_closes_all_hours_or_those_it_names(root, billing):
    save(root)
    hours = save(root, billing)
    close(root, "2026-11-30")
    close(root, "2026-12-01", "2026-12-03", opening_hours=hours)
    assert opens() == datetime(2026, 12, 1, 9, 0)
    assert opens(billing.id) == datetime(2026, 12, 4, 9, 0)


def test_a_half_day_has_its_hours_and_the_stricter_of_two_holds(root):
    save(root)
    close(root, "2026-11-30", open_at="10-12, 15-16")
    assert opens() == datetime(2026, 11, 30, 10, 0)
    close(root, "2026-11-30", open_at="11-17")
    assert opens() == datetime(2026, 11, 30, 11, 0)
    assert opens(moment=datetime(2026, 11, 30, 12, 0)) == datetime(2026, 11, 30, 15, 0)
    close(root, "2026-11-30")
    assert opens() == datetime(2026, 12, 1, 9, 0)


# --- In words -----------------------------------------------------------------------------------------------------


@pytest.fixture
def words_of(app, request_context):
    def of(language: str, act):
        with i18n.in_language(language):
            return act()

    return of


def test_the_week_is_told_in_the_readers_language(root, words_of):
    save(root, **WEEK, saturday="9-12")
    assert words_of("en", words.opening_hours) == "Monday–Friday 09:00–12:00, 14:00–18:00 · Saturday 09:00–12:00"
    assert words_of("fr", words.opening_hours) == "lundi–vendredi 09:00–12:00, 14:00–18:00 · samedi 09:00–12:00"


def test_day_and_night_is_told_so(root, words_of):
    save(root, **dict.fromkeys((*WEEK, "saturday", "sunday"), "0-24"))
    assert words_of("en", words.opening_hours) == "day and night, every day"
    assert words_of("fr", words.closed_now) == ""


def test_without_hours_the_owners_text_stands(words_of):
    settings.save({"opening_hours": {"en": "By appointment"}})
    assert words_of("en", words.opening_hours) == "By appointment"
    assert words_of("en", words.closed_now) == ""


@pytest.mark.parametrize(
    ("arrival", "now", "text"),
    [
        ("2026-11-28 17:00", "2026-11-28 17:01", "Monday 30 November at 09:00"),
        ("2026-12-31 19:00", "2026-12-31 19:00", "Friday 1 January 2027 at 09:00"),
        ("2026-11-30 09:00", "2026-11-30 19:00", ""),
        ("2026-11-28 17:00", "2026-11-30 09:00", ""),
        ("2026-11-28 17:00", "2026-12-12 17:00", ""),
    ],
)
def test_who_wrote_while_it_was_closed_reads_when_it_opens(root, words_of, arrival, now, text):
    save(root)
    times = datetime.fromisoformat(arrival), datetime.fromisoformat(now)
    told = words_of("en", lambda: words.arrived_outside(None, *times))
    assert told == (f"Your message arrived outside opening hours. The desk opens again on {text}." if text else "")


def test_another_zone_than_the_desks_is_named(root, billing, words_of):
    save(root, billing, timezone="America/Toronto", **WEEK)
    moment = datetime(2026, 11, 28, 17, 0)
    told = words_of("fr", lambda: words.arrived_outside(billing.id, moment, moment))
    assert told.endswith("Le support rouvre le lundi 30 novembre à 09:00 (heure de Toronto).")
    assert words_of("en", lambda: words.opening_hours(billing.id)).endswith("(time of Toronto)")
