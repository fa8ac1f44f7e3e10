"""Before rules, hours or closed days are changed, one reads how many open tickets move."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import time_machine

from database import Label
from helpdesk import tickets
from helpdesk.due_times import keeping, preview, rules
from helpdesk.opening_hours import calendars, saving
from models import NO_DUE_TIME, WEEKDAYS, ClosedDay, DueTime, OpeningHours, Ticket
from tests.support import cast, doors, words


@pytest.fixture(autouse=True)
def moment():
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as clock:
        yield clock


@pytest.fixture
def three(moment, root, carol, billing, invoices):
    """Two open tickets of two hours ago, and a closed one."""
    made = [cast.open_ticket(carol, billing, invoices) for _ in range(3)]
    tickets.close(Ticket.get_by_id(made[2].id), actor=root)
    moment.shift(timedelta(hours=2))
    return made


def form(**values) -> dict[str, str]:
    return dict.fromkeys(("service", "department", "priority", *rules.TARGETS), "") | values


def test_a_new_rule_is_asked_for_with_its_numbers_and_stored_once_confirmed(client_of, root, three):
    client, address = client_of(root), "/admin/due-times/new/"
    asked = doors.text_of(doors.post(client, address, form(first_reply="1 h")))
    assert "The due times of 2 open tickets change." in asked
    assert "2 tickets become overdue." in asked
    assert not DueTime.select().exists()
    doors.post(client, address, form(first_reply="1 h", confirmed="1"))
    assert DueTime.get().first_reply == 60
    keeping.recalculate()
    assert [Ticket.get_by_id(ticket.id).is_due for ticket in three] == [True, True, False]


def test_changing_and_deleting_a_rule_ask_too(client_of, root, three):
    row = rules.save(DueTime(), {"first_reply": 600}, actor=root)
    keeping.recalculate()
    client, address = client_of(root), f"/admin/due-times/edit/?id={row.id}"
    # The same again asks nothing.
    doors.post(client, address, form(first_reply="10 h"))
    asked = doors.text_of(doors.post(client, address, form(first_reply="11 h")))
    assert "The due times of 2 open tickets change." in asked
    assert "None becomes overdue." in asked
    assert DueTime.get().first_reply == 600
    doors.post(client, address, form(first_reply="11 h", confirmed="1"))
    assert DueTime.get().first_reply == 660
    asked = doors.text_of(doors.post(client, "/admin/due-times/delete/", {"id": row.id}))
    assert "The due times of 2 open tickets change." in asked
    assert DueTime.select().exists()


def test_hours_and_closed_days_ask_too(client_of, root, three):
    rules.save(DueTime(), {"first_reply": 600}, actor=root)
    keeping.recalculate()
    client, week = client_of(root), dict.fromkeys(WEEKDAYS, "")
    opening = {"service": "", "timezone": "", **week, "monday": "9-12", "tuesday": "9-17"}
    asked = doors.text_of(doors.post(client, "/admin/opening-hours/new/", opening))
    assert "The due times of 2 open tickets change." in asked
    assert not OpeningHours.select().exists()
    doors.post(client, "/admin/opening-hours/new/", {**opening, "confirmed": "1"})
    keeping.recalculate()
    closed = {"name-en": "Inventory", "first_day": "2026-12-01", "last_day": "", "open_at": "", "opening_hours": ""}
    asked = doors.text_of(doors.post(client, "/admin/closed-days/new/", closed))
    assert "The due times of 2 open tickets change." in asked
    assert not ClosedDay.select().exists()
    doors.post(client, "/admin/closed-days/new/", {**closed, "confirmed": "1"})
    assert ClosedDay.select().exists()
    keeping.recalculate()
    # A day that is past moves nothing, and is stored at once.
    doors.post(client, "/admin/closed-days/new/", {**closed, "first_day": "2026-11-02"})
    assert ClosedDay.select().count() == 2
    asked = doors.text_of(doors.post(client, "/admin/opening-hours/delete/", {"id": OpeningHours.get().id}))
    assert "The due times of 2 open tickets change." in asked


def test_public_holidays_ask_too(client_of, root, three):
    saving.save_hours(OpeningHours(), dict.fromkeys(WEEKDAYS, "9-17"), actor=root)
    rules.save(DueTime(), {"first_reply": 27 * 8 * 60}, actor=root)
    keeping.recalculate()
    client, address = client_of(root), "/admin/closed-days/holidays/"
    asked = doors.post(client, address, {"region": "FR", "hours": "", "day": ["2026-12-25"]})
    assert "The due times of 2 open tickets change." in doors.text_of(asked)
    assert not ClosedDay.select().exists()
    doors.post(client, address, {"region": "FR", "hours": "", "day": ["2026-12-25"], "confirmed": "1"})
    assert ClosedDay.get().first_day == date(2026, 12, 25)


def test_the_question_is_in_french(client_of, root, three):
    cast.speak_french()
    page = doors.post(words.in_french(client_of(root)), "/admin/due-times/new/", form(first_reply="1 h"))
    assert "2 tickets passent en retard." in doors.text_of(page)
    assert words.english_of(page) == set()


def test_what_is_tried_holds_nowhere_else(root, three):
    row = rules.save(DueTime(), {"first_reply": 600}, actor=root)
    keeping.recalculate()
    ticket = Ticket.get_by_id(three[0].id)
    found = preview.of(due_times=[], hours=[], days=[ClosedDay(name=Label(en="All"), first_day=date(2026, 12, 1))])
    assert (found.moved, found.overdue, found.is_cut) == (2, 0, False)
    assert rules.rule_for(ticket) == row
    assert calendars.find_calendar(None) is None
    assert Ticket.get_by_id(ticket.id).due_at == ticket.due_at != NO_DUE_TIME


def test_of_very_many_tickets_the_newest_are_looked_at(root, three, monkeypatch, request_context):
    monkeypatch.setattr(preview, "MOST", 1)
    found = preview.of(due_times=[DueTime(first_reply=60)])
    assert (found.moved, found.is_cut) == (1, True)
    assert found.sentences()[-1] == "These are the numbers of the 1 newest open tickets; older ones change, too."
