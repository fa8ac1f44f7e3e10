"""The screens of opening hours and closed days."""

from __future__ import annotations

from datetime import date

import time_machine

from helpdesk.opening_hours import saving
from models import ClosedDay, JournalEntry, OpeningHours
from tests.support import cast, doors, words

WEEK = {"service": "", "timezone": "", "monday": "9-12, 14h-18h", "tuesday": "22:00 – 6:00"}


def test_the_hours_of_the_desk_and_of_a_service_are_set(client_of, root, billing):
    client = client_of(root)
    page = doors.post(client, "/admin/opening-hours/new/", WEEK, follow_redirects=True)
    assert "“The whole desk” was added." in doors.text_of(page)
    assert "Monday 09:00–12:00, 14:00–18:00 · Tuesday 22:00–06:00" in doors.text_of(page)
    doors.post(client, "/admin/opening-hours/new/", {**WEEK, "service": billing.id, "timezone": "Europe/Paris"})
    desk, own = OpeningHours.select().order_by(OpeningHours.id)
    assert (desk.service_id, desk.timezone, own.service_id, own.timezone) == (None, None, billing.id, "Europe/Paris")
    doors.post(client, f"/admin/opening-hours/edit/?id={desk.id}", {**WEEK, "tuesday": ""})
    assert OpeningHours.get_by_id(desk.id).tuesday == ""
    assert JournalEntry.select().where(JournalEntry.subject == "The whole desk").count() == 2


def test_what_is_wrong_is_told_at_its_day_and_stays(client_of, root):
    page = doors.post(client_of(root), "/admin/opening-hours/new/", {**WEEK, "sunday": "from nine"})
    assert "Write hours such as 9:00–12:00, 14:00–18:00." in doors.text_of(page)
    assert 'value="from nine"' in page.get_data(as_text=True)
    assert 'value="22:00 – 6:00"' in page.get_data(as_text=True)
    empty = doors.post(client_of(root), "/admin/opening-hours/new/", {"service": "", "timezone": ""})
    assert "Write the hours of one day at least." in doors.text_of(empty)
    assert not OpeningHours.select().exists()


def test_a_second_row_for_the_same_place_is_refused(client_of, root):
    for _ in range(2):
        page = doors.post(client_of(root), "/admin/opening-hours/new/", WEEK)
    assert "There are opening hours for it already: change those." in doors.text_of(page)
    assert OpeningHours.select().count() == 1


def test_a_closed_day_is_added_and_listed(client_of, root, billing):
    hours = saving.save_hours(OpeningHours(), {"service": billing, "monday": "9-12"}, actor=root)
    client = client_of(root)
    days = {"name-en": "Summer break", "first_day": "2027-08-01", "last_day": "2027-08-15"}
    doors.post(client, "/admin/closed-days/new/", {**days, "open_at": "9-12", "opening_hours": hours.id})
    eve = {"name-en": "Inventory", "first_day": "2027-01-04", "last_day": "", "open_at": "", "opening_hours": ""}
    page = doors.post(client, "/admin/closed-days/new/", eve, follow_redirects=True)
    text = doors.text_of(page)
    assert "1 August 2027 to 15 August 2027 09:00–12:00 Billing" in text
    assert "4 January 2027 No All opening hours" in text
    assert [row.last_day for row in ClosedDay.select().order_by(ClosedDay.id)] == [date(2027, 8, 15), None]
    gone = doors.post(client, "/admin/opening-hours/delete/", {"id": hours.id})
    assert "Deleted with it: 1 closed day." in doors.text_of(gone)


def test_a_day_that_is_none_is_told_and_stays(client_of, root):
    cast.speak_french()
    client = words.in_french(client_of(root))
    page = doors.post(client, "/admin/closed-days/new/", {"name-fr": "Congés", "first_day": "31/02/2027"})
    assert "Ce n’est pas une date." in doors.text_of(page)
    assert 'value="31/02/2027"' in page.get_data(as_text=True)
    assert words.english_of(page) == set()


def test_public_holidays_are_ticked(client_of, root):
    with time_machine.travel("2026-11-30T12:00:00+00:00", tick=True):
        client = words.in_french(client_of(root))
        cast.speak_french()
        first = client.get("/admin/closed-days/holidays/")
        assert "Alsace-Moselle" in doors.text_of(first)
        assert words.english_of(first) == set()
        page = client.get("/admin/closed-days/holidays/?region=FR-57&hours=")
        assert "Vendredi saint vendredi 26 mars 2027" in doors.text_of(page)
        assert words.english_of(page) == set()
        assert page.get_data(as_text=True).count(" checked") == 15
        data = {"region": "FR-57", "hours": "", "day": ["2027-03-26", "2027-05-01", "yesterday", "2027-03-27"]}
        answer = doors.post(client, "/admin/closed-days/holidays/", data, follow_redirects=True)
    assert "2 jours fermés ont été ajoutés." in doors.text_of(answer)
    assert [str(row.first_day) for row in ClosedDay.select().order_by(ClosedDay.first_day)] == [
        "2027-03-26",
        "2027-05-01",
    ]


def test_holidays_of_nowhere_are_refused_and_foreign_hours_are_not_there(client_of, root):
    client = client_of(root)
    page = client.get("/admin/closed-days/holidays/?region=XX")
    assert page.status_code == 422
    assert "Choose one from the list." in doors.text_of(page)
    for hours in ("999", "junk", "9" * 30):
        assert client.get(f"/admin/closed-days/holidays/?region=FR&hours={hours}").status_code == 404
