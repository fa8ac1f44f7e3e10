"""Filters look at the mail that a ticket was opened by: its mailbox, its recipients, who wrote it."""

from __future__ import annotations

import pytest

from helpdesk import filters
from models import IncomingMail, Mailbox, Service, Ticket
from tests.support import cast
from tests.support.mails import mail, make_mailbox, receive


@pytest.fixture
def mailbox(billing: Service) -> Mailbox:
    return make_mailbox(billing, billing.departments.get())


def tagged(field, operator, value=""):
    """Store a filter that tags what fits."""
    values = {
        "name": field,
        "conditions": [{"field": field, "operator": operator, "value": value}],
        "actions": [{"action": "tag", "argument": "hit"}],
    }
    filters.save_filter(None, values, actor=cast.owner())


@pytest.mark.parametrize(
    ("field", "operator", "value", "expected"),
    [
        ("mailbox", "is", "{address}", True),
        ("mailbox", "contains", "elsewhere", False),
        ("recipient", "contains", "second@partner.example", True),
        ("recipient", "is", "third@partner.example", False),
        ("origin", "by_person", "", True),
        ("origin", "by_program", "", False),
    ],
)
def test_a_filter_looks_at_the_mail(mailbox, field, operator, value, expected):
    tagged(field, operator, value.format(address=mailbox.address.upper()))
    receive(mailbox, mail(to=f"{mailbox.address}, second@partner.example"))
    ticket = Ticket.get()
    assert (ticket.ticket_tags.count() == 1) is expected
    # Later, its mail is found by the ticket alone.
    found = filters.try_out(
        [filters.Condition(field, operator, value.format(address=mailbox.address))], "all", actor=cast.owner()
    )
    assert (len(found) == 1) is expected


def test_what_a_program_wrote_is_told_from_what_a_person_did(mailbox):
    tagged("origin", "by_program")
    receive(mailbox, mail(headers=[("Auto-Submitted", "auto-generated")]))
    assert Ticket.get().ticket_tags.count() == 1


def test_an_answer_by_mail_does_not_make_a_ticket_of_the_form_a_mail(mailbox, ticket, carol):
    tagged("mailbox", "contains", "support")
    (row,) = receive(mailbox, mail(sender="Carol <carol@customer.example>", subject=f"Re: #{ticket.number}"))
    IncomingMail.update(ticket=ticket, state="message").where(IncomingMail.id == row.id).execute()
    found = filters.try_out([filters.Condition("mailbox", "contains", "support")], "all", actor=cast.owner())
    assert ticket.id not in [match.ticket.id for match in found]
