"""Customers who are away, as their automatic answers say: only where nothing of it is in doubt."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from helpdesk import clock, settings, tickets
from helpdesk.access import TicketGuest
from helpdesk.incoming import absence_words
from helpdesk.incoming.parsed_mail import ParsedMail
from helpdesk.people import customer_absences
from models import Agent, Customer, IncomingMail, Mailbox, OutgoingEmail, Service, Ticket
from tests.support.mails import mail, make_mailbox, receive

#: A Monday.
TODAY = date(2026, 11, 30)
FOURTH = date(2026, 12, 4)


@pytest.mark.parametrize(
    ("text", "last", "words"),
    [
        ("Je suis absent jusqu’au 4 décembre inclus.", FOURTH, "jusqu’au 4 décembre"),
        ("En congé jusqu'au vendredi 4 décembre 2026.", FOURTH, "jusqu'au vendredi 4 décembre 2026"),
        ("Absente jusqu'au 04/12/2026, sans accès.", FOURTH, "jusqu'au 04/12/2026"),
        ("Je serai de retour le lundi 7 décembre.", date(2026, 12, 6), "de retour le lundi 7 décembre"),
        ("Absent, de retour à partir du 1er\njanvier.", date(2026, 12, 31), "de retour à partir du 1er janvier"),
        ("I am out of office until Friday, December 4th.", FOURTH, "until Friday, December 4th"),
        ("I'm away through 4 Dec. 2026 and not available", FOURTH, "through 4 Dec. 2026"),
        ("On leave, back in the office on the 7th of December", date(2026, 12, 6), None),
        ("I am on holiday and will return on 2027-01-04.", date(2027, 1, 3), "return on 2027-01-04"),
        ("I am not available until 25/12/2026 (holiday)", date(2026, 12, 25), "until 25/12/2026"),
        ("Out of office until 12/25/2026", date(2026, 12, 25), "until 12/25/2026"),
        ("Ich bin bis zum 4. Dezember im Urlaub.", FOURTH, "bis zum 4. Dezember"),
        ("Ich bin im Urlaub und ab 7.12. nicht, wieder am 7.12.2026", date(2026, 12, 6), "wieder am 7.12.2026"),
        ("Absent jusqu'au 3 janvier.", date(2027, 1, 3), "jusqu'au 3 janvier"),
        ("Absent jusqu'au 4 décembre. Retour le 7 décembre.", FOURTH, "jusqu'au 4 décembre"),
        # Letters that are the same but for their case, and that `lower` leaves as they are.
        ("Away until FRıDAY 4 December", FOURTH, "until FRıDAY 4 December"),
        ("Away until 4 auguſt", date(2027, 8, 4), "until 4 auguſt"),
    ],
)
def test_until_when_somebody_is_away(text: str, last: date, words: str | None) -> None:
    absence = absence_words.read(ParsedMail(own=text), TODAY)
    assert absence is not None
    assert (absence.last, absence.words) == (last, words or absence.words)


@pytest.mark.parametrize(
    "text",
    [
        "Je suis absent.",
        "Absent jusqu'à vendredi.",
        "Nous avons bien reçu votre message, valable jusqu'au 4 décembre.",
        # Past, far, or no day at all.
        "Absent jusqu'au 4 novembre 2026.",
        "Absent jusqu'au 4 décembre 2028.",
        "Absent jusqu'au 31 février.",
        # The fourth is a Friday.
        "En congé jusqu'au mardi 4 décembre 2026.",
        # Two ways to read it.
        "I am out of office until 04/12/2026.",
        "Absent jusqu'au 4 décembre, Paul jusqu'au 8 décembre.",
        # That ends then is no absence.
        "On leave soon. I am available until 4 December.",
        "Absent. Vous pouvez joindre Paul, disponible jusqu'au 4 décembre.",
        "",
    ],
)
def test_in_doubt_nobody_is_away(text: str) -> None:
    assert absence_words.read(ParsedMail(own=text), TODAY) is None


def test_what_an_answer_quotes_says_nothing_of_its_author() -> None:
    assert absence_words.read(ParsedMail(own="Away.", text="Away.\n> until 4 December", rest="x"), TODAY) is None


def test_long_texts_are_read_at_once() -> None:
    text = "absent jusqu'au " * 100_000
    assert absence_words.read(ParsedMail(own=text), TODAY) is None


# --- In the desk ----------------------------------------------------------------------------------------------------


@pytest.fixture
def mailbox(billing: Service) -> Mailbox:
    settings.save({"timezone": "Europe/Paris"})
    return make_mailbox(billing, billing.departments.get())


@pytest.fixture
def reply_id(mailbox: Mailbox, ticket: Ticket, ana: Agent) -> str:
    """The id of a mail that answered Carol."""
    tickets.reply(ticket, "<p>We look into it.</p>", actor=ana)
    mails = OutgoingEmail.select().where(OutgoingEmail.ticket == ticket.id, OutgoingEmail.kind == "notification")
    return str(mails.get().mail_id)


def vacation(mailbox: Mailbox, days: int, reply_id: str, **values: Any) -> IncomingMail:
    day = customer_absences.today() + timedelta(days=days)
    letter: dict[str, Any] = {
        "sender": "carol@customer.example",
        "headers": [("Auto-Submitted", "auto-replied"), ("In-Reply-To", reply_id)],
    }
    [row] = receive(mailbox, mail(f"I am out of office until {day.isoformat()}.", **{**letter, **values}))
    return row


def test_an_automatic_answer_says_until_when_and_ends_by_itself(
    mailbox: Mailbox, ticket: Ticket, reply_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert vacation(mailbox, 3, reply_id).state == "automatic"
    carol = Customer.get_by_id(ticket.customer_id)
    last = customer_absences.today() + timedelta(days=3)
    assert customer_absences.words_of(carol) == f"until {last.isoformat()}"
    # Over at midnight where the desk is.
    assert carol.absent_until.hour in {22, 23}
    monkeypatch.setattr(clock, "now", lambda: carol.absent_until - timedelta(seconds=1))
    assert customer_absences.words_of(carol)
    monkeypatch.setattr(clock, "now", lambda: carol.absent_until)
    assert customer_absences.words_of(carol) == ""


def test_only_the_customers_own_answer_to_a_mail_of_ours_counts(
    mailbox: Mailbox, ticket: Ticket, reply_id: str
) -> None:
    number = f"Re: [#{ticket.number}]"
    for values in (
        {"sender": "mallory@evil.example"},
        {"headers": [("Auto-Submitted", "auto-replied")], "subject": number},
        {"headers": [("Auto-Submitted", "auto-generated"), ("In-Reply-To", reply_id)]},
    ):
        vacation(mailbox, 3, reply_id, **values)
        assert Customer.get_by_id(ticket.customer_id).absent_until is None, values


def test_who_writes_again_is_not_away(mailbox: Mailbox, ticket: Ticket, reply_id: str) -> None:
    vacation(mailbox, 3, reply_id)
    ticket = Ticket.get_by_id(ticket.id)
    guest = TicketGuest(ticket.customer, ticket.id, ticket.address, is_proven=False)
    tickets.receive_message(ticket, "I am here.", actor=guest)
    assert customer_absences.words_of(Customer.get_by_id(ticket.customer_id)) == ""


def test_no_day_is_the_day_after_for_who_is_elsewhere(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 11, 30, 23, 30))
    assert customer_absences.today() == date(2026, 12, 1)
