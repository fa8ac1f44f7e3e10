"""What visitors read of the opening hours: on the form, after sending, in the confirmation."""

from __future__ import annotations

import pytest
import time_machine

from helpdesk import outbox, settings
from helpdesk.opening_hours import saving
from models import OpeningHours, OutgoingEmail, Ticket
from tests.public.filling import fill, send
from tests.support import cast, doors, words
from tests.support.mailbox import text_of

CLOSED = "The desk is closed at present. It opens again on Monday 30 November at 09:00."
ARRIVED = "Your message arrived outside opening hours. The desk opens again on Monday 30 November at 09:00."
ARRIVED_FR = (
    "Votre message est arrivé en dehors des horaires d’ouverture. Le support rouvre le lundi 30 novembre à 09:00."
)
WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9-18")


@pytest.fixture
def saturday():
    with time_machine.travel("2026-11-28T17:00:00+00:00", tick=True) as clock:
        yield clock


@pytest.fixture
def hours(root):
    return saving.save_hours(OpeningHours(), WEEK, actor=root)


def test_the_form_tells_the_hours_and_when_it_opens(saturday, client, sales, hours):
    settings.save({"opening_hours": {"en": "By appointment"}})
    text = doors.text_of(client.get("/"))
    assert f"Opening hours: Monday–Friday 09:00–18:00 {CLOSED}" in text
    assert "By appointment" not in text
    saturday.move_to("2026-11-30T09:00:00+00:00")
    text = doors.text_of(client.get("/"))
    assert "Opening hours: Monday–Friday 09:00–18:00" in text
    assert "closed at present" not in text


def test_the_form_of_one_service_tells_its_hours(saturday, client, root, sales, billing, hours):
    saving.save_hours(OpeningHours(), {"service": billing, "sunday": "10-11"}, actor=root)
    assert "Monday–Friday 09:00–18:00" in doors.text_of(client.get("/"))
    text = doors.text_of(client.get(f"/?service={billing.id}"))
    assert "Opening hours: Sunday 10:00–11:00 The desk is closed at present" in text


def test_after_sending_one_reads_when_it_opens(saturday, client, sales, hours):
    send(client, fill(client))
    assert ARRIVED in doors.text_of(client.get("/tickets/sent"))
    french = words.in_french(client).get("/tickets/sent")
    assert "Le support rouvre le lundi 30 novembre à 09:00." in doors.text_of(french)
    assert words.english_of(french) == set()
    # It is true no more on Tuesday night.
    saturday.move_to("2026-12-01T20:00:00+00:00")
    assert "outside opening hours" not in doors.text_of(client.get("/tickets/sent"))


def test_within_hours_nothing_is_told(saturday, client, sales, hours):
    saturday.move_to("2026-11-30T10:00:00+00:00")
    send(client, fill(client))
    assert "outside opening hours" not in doors.text_of(client.get("/tickets/sent"))
    assert "outside opening hours" not in text_of(outbox.render(OutgoingEmail.get()))


def test_the_confirmation_tells_it_in_the_readers_language(saturday, app, carol, sales, hours):
    settings.save({"site_url": "https://help.desk.example"})
    for locale, sentence in (("en", ARRIVED), ("fr", ARRIVED_FR)):
        carol.locale = locale
        carol.save()
        ticket = cast.open_ticket(carol, sales)
        email = OutgoingEmail.get(OutgoingEmail.ticket == ticket, OutgoingEmail.kind == "confirmation")
        letter = outbox.render(email)
        assert sentence in text_of(letter)
        assert sentence in letter.get_body(("html",)).get_content()


def test_an_address_that_is_not_proven_reads_it_too(saturday, app, sales, hours):
    cast.open_ticket("vera@visitor.example", sales)
    email = OutgoingEmail.get(OutgoingEmail.kind == "received")
    assert ARRIVED in text_of(outbox.render(email))


def test_a_mail_that_leaves_after_opening_does_not_tell_it(saturday, app, carol, sales, hours):
    cast.open_ticket(carol, sales)
    saturday.move_to("2026-11-30T09:05:00+00:00")
    email = OutgoingEmail.get(OutgoingEmail.kind == "confirmation")
    assert "outside opening hours" not in text_of(outbox.render(email))
    # One that was sent is shown as it went out.
    email.sent_at = Ticket.get().created_at
    assert ARRIVED in text_of(outbox.render(email))
