"""Retention through its screens: what would go is said first, a word is typed, what was announced is cancelled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from helpdesk import clock, settings
from helpdesk.erasing import erasure_log
from helpdesk.retention import batches
from models import Agent, Customer, JournalEntry, OutgoingEmail, RetentionBatch, RetentionRule, Service, Tag, Ticket
from tests.helpdesk.retention import aged
from tests.support import cast, doors

ClientOf = Callable[[Agent | Customer], FlaskClient]
PAGE, NEXT = "/admin/retention/", "/admin/retention-items/"


@pytest.fixture
def client(client_of: ClientOf, root: Agent) -> FlaskClient:
    """The browser of an administrator."""
    return client_of(root)


@pytest.fixture(autouse=True)
def no_log(data_dir: Path) -> Iterator[None]:
    """Leave no log to other tests."""
    yield
    (data_dir / erasure_log.NAME).unlink(missing_ok=True)


@pytest.fixture
def old(ticket: Ticket, root: Agent) -> Ticket:
    """A ticket that was closed three years ago."""
    return aged.close(ticket, days=1_100, actor=root)


def test_the_page_says_what_goes_elsewhere_and_which_tags_keep(client: FlaskClient) -> None:
    settings.save({"mail_days": 12, "backup_kept": 9, "backup_nightly": True})
    text = doors.text_of(client.get(PAGE))
    assert "Everything stays" in text
    for line in ("Tickets in the bin 30 days", "Other received e-mails 12 days", "Nightly backups 9 days"):
        assert line in text
    assert "No tag keeps its tickets yet" in text
    Tag.create(name="Lawsuit", key="lawsuit", keeps=True)
    settings.save({"backup_nightly": False})
    text = doors.text_of(client.get(PAGE))
    assert "A ticket with one of these tags is left out: Lawsuit." in text
    assert "Nightly backups none are made" in text


def test_what_would_go_is_said_first_and_a_word_is_typed(client: FlaskClient, old: Ticket) -> None:
    answer = doors.post(client, f"{PAGE}new/", {"delete_months": "24"})
    text = doors.text_of(answer)
    assert answer.status_code == 200
    assert "1 closed ticket is deleted. The oldest is of " in text
    assert "view=closed&amp;closed=1970-01-01--" in answer.text
    assert not RetentionRule.select().exists()
    answer = doors.post(client, f"{PAGE}new/", {"delete_months": "24", "confirmed": "1", "word": "yes"})
    assert answer.status_code == 422
    assert "Type the word ERASE" in doors.text_of(answer)
    assert doors.post(
        client, f"{PAGE}new/", {"delete_months": "24", "confirmed": "1", "word": " effacer "}
    ).status_code == 302  # fmt: skip
    assert RetentionRule.get().delete_months == 24
    [line] = JournalEntry.select().where(JournalEntry.subject == "The whole desk")
    assert (line.act, line.actor_name) == ("added", "Root")


def test_the_list_behind_a_number_shows_what_it_counts(client: FlaskClient, old: Ticket) -> None:
    answer = doors.post(client, f"{PAGE}new/", {"delete_months": "24"})
    place = answer.text.partition('href="/admin/tickets/?view=closed&amp;')[2].partition('"')[0].replace("&amp;", "&")
    assert old.number in doors.text_of(client.get(f"/admin/tickets/?view=closed&{place}"))


def test_what_makes_nothing_due_is_stored_without_a_question(client: FlaskClient, old: Ticket) -> None:
    assert doors.post(client, f"{PAGE}new/", {"delete_months": "60"}).status_code == 302
    row = RetentionRule.get()
    # Longer is never asked, shorter is.
    assert doors.post(client, f"{PAGE}edit/?id={row.id}", {"delete_months": "70"}).status_code == 302
    answer = doors.post(client, f"{PAGE}edit/?id={row.id}", {"delete_months": "12"})
    assert "1 closed ticket is deleted." in doors.text_of(answer)
    assert RetentionRule.get().delete_months == 70


def test_deleting_a_row_that_spares_asks_for_the_word(
    client: FlaskClient, old: Ticket, billing: Service, root: Agent
) -> None:
    aged.rule(root, delete_months=12)
    row = aged.rule(root, service=billing, delete_months=600)
    answer = doors.post(client, f"{PAGE}delete/", {"id": row.id})
    assert "1 closed ticket is deleted." in doors.text_of(answer)
    doors.post(client, f"{PAGE}delete/", {"id": row.id, "confirmed": "1"})
    assert RetentionRule.select().count() == 2
    doors.post(client, f"{PAGE}delete/", {"id": row.id, "confirmed": "1", "word": "ERASE"})
    assert RetentionRule.select().count() == 1


def test_strange_numbers_are_answered_at_their_field(client: FlaskClient) -> None:
    for value in ("0", "-3", "10000", "99999999999999999999", "two"):
        answer = doors.post(client, f"{PAGE}new/", {"delete_months": value})
        assert answer.status_code == 200
        assert f'value="{value}"' in answer.text
        assert 'aria-invalid="true"' in answer.text
    assert not RetentionRule.select().exists()


def test_what_was_announced_is_listed_and_cancelled(client: FlaskClient, old: Ticket, root: Agent, app: Flask) -> None:
    aged.rule(root, delete_months=24)
    with app.app_context():
        batch = batches.announce()
    assert batch is not None
    assert "1 ticket will be erased on " in doors.text_of(client.get(PAGE))
    page = client.get(NEXT)
    assert f'href="/admin/tickets/{old.number}"' in page.text
    assert "Delete the ticket" in doors.text_of(page)
    doors.post(client, f"{NEXT}cancel", {"batch": batch.id})
    assert RetentionBatch.get().state == "cancelled"
    assert "There is nothing to cancel any more." in doors.text_of(
        doors.post(client, f"{NEXT}cancel", {"batch": "x"}, follow_redirects=True)
    )
    text = doors.text_of(client.get("/admin/retention-batches/"))
    assert "Cancelled" in text
    assert old.number not in text


def test_the_register_is_exported_without_saying_what_went(
    client: FlaskClient, old: Ticket, root: Agent, app: Flask
) -> None:
    aged.rule(root, anonymise_months=24)
    with app.app_context():
        aged.carry_out()
    text = client.get("/admin/retention-batches/export/csv/").get_data(as_text=True)
    assert "Anonymise the ticket: 1" in text
    assert old.number not in text
    assert "carol" not in text.lower()


def test_visitors_read_what_is_really_set_in_their_language(
    root: Agent, billing: Service, sales: Service, client: FlaskClient
) -> None:
    text = doors.text_of(client.get("/privacy"))
    assert "A ticket stays until the team deletes it, or you ask us to erase your account." in text
    aged.rule(root, anonymise_months=12, customer_months=24, spam_months=3)
    aged.rule(root, service=billing, delete_months=120)
    settings.save({"backup_nightly": True, "backup_kept": 5})
    text = doors.text_of(client.get("/privacy"))
    assert "A ticket is anonymised 12 months after it was closed" in text
    assert "up to 16 days pass until it is done" in text
    assert "Billing A ticket is deleted 120 months after it was closed, with everything in it." in text
    assert "Your name and your addresses are erased 24 months after we last heard from you" in text
    assert "What was marked as spam is deleted after 3 months." in text
    assert "Nightly backups are kept for 5 days" in text
    assert "stays until the team deletes it" not in text
    # A service that is closed is nobody’s to read.
    Service.update(enabled=False).where(Service.id == billing.id).execute()
    Service.get_by_id(billing.id).save()
    doors.post(client, "/language", {"language": "fr", "next": "/privacy"})
    text = doors.text_of(client.get("/privacy"))
    assert "Un ticket est anonymisé 12 mois après sa fermeture" in text
    assert "Billing" not in text
    assert "Les sauvegardes de la nuit sont conservées 5 jours" in text
    home = client.get("/").text
    assert 'href="/privacy"' in home


def test_a_batch_of_many_kinds_names_each_of_them(
    client: FlaskClient, old: Ticket, dan: Customer, sales: Service, root: Agent, app: Flask
) -> None:
    spam = cast.open_ticket(dan, sales)
    Ticket.update(is_spam=True, last_activity=clock.now() - timedelta(days=99)).where(Ticket.id == spam.id).execute()
    lonely = cast.make_customer("Lonely", email="lonely@x.example")
    aged.age(lonely, days=900)
    aged.rule(root, delete_months=24, spam_months=1, customer_months=12)
    with app.app_context():
        batches.announce()
    text = doors.text_of(client.get(NEXT))
    for line in ("Delete the ticket", "Delete the spam", "Erase the customer", "Lonely", spam.number, old.number):
        assert line in text


def test_the_question_of_a_new_row_names_its_periods_and_the_first_announcement(
    client: FlaskClient, old: Ticket
) -> None:
    text = doors.text_of(doors.post(client, f"{PAGE}new/", {"delete_months": "24", "customer_months": "36"}))
    assert "Save the periods of “The whole desk”?" in text
    assert "Customers without tickets: erase: nothing more is due today." in text
    assert "It is announced by e-mail on" in text


def test_what_was_announced_is_named_and_its_end_mailed(
    client: FlaskClient, old: Ticket, app: Flask, carol: Customer
) -> None:
    other = cast.make_agent("Olga", is_admin=True)
    doors.post(client, f"{PAGE}new/", {"delete_months": "24", "confirmed": "1", "word": "ERASE"})
    with app.app_context():
        batch = batches.announce()
    assert batch is not None
    text = doors.text_of(client.get(NEXT))
    assert f"{old.number} {old.subject} {carol.full_name} Delete the ticket" in text
    doors.post(client, f"{NEXT}cancel", {"batch": str(batch.id)})
    mails = OutgoingEmail.select().where(OutgoingEmail.kind == "retention-cancelled")
    assert [mail.to_email for mail in mails] == [other.email]
