"""The first response that is stored in a ticket: the history says the same, whatever happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from helpdesk import settings, tickets
from helpdesk.access import SYSTEM
from helpdesk.people import agents
from helpdesk.tickets import first_response
from models import Ticket
from tests.support import cast

NOON = datetime(2026, 3, 18, 12, tzinfo=UTC)
HOUR = 3_600


def at(hours):
    """Stand still so many hours after noon."""
    return time_machine.travel(NOON + timedelta(hours=hours), tick=False)


@pytest.fixture
def opened(carol, billing, invoices):
    with at(0):
        return cast.open_ticket(carol, billing, invoices)


def reply(ticket, hours, actor):
    with at(hours):
        return tickets.reply(Ticket.get_by_id(ticket.id), "<p>Here it is.</p>", actor=actor)


def stored(ticket):
    """Return what is stored, once the history was asked, too."""
    row = Ticket.get_by_id(ticket.id)
    assert first_response.of_history(row, row.created_at) == {"first_response": row.first_response}
    return row.first_response


def test_the_first_reply_of_a_person_counts(opened, ana):
    reply(opened, 1, SYSTEM)
    assert stored(opened) is None
    with at(2):
        tickets.add_note(Ticket.get_by_id(opened.id), "<p>Odd.</p>", actor=ana)
    reply(opened, 3, ana)
    reply(opened, 5, ana)
    assert stored(opened) == 3 * HOUR


def test_a_reply_that_was_withdrawn_was_none(opened, ana):
    settings.save({"undo_send_seconds": 10})
    message = reply(opened, 3, ana)
    with at(3):
        tickets.withdraw_reply(message, actor=ana)
    assert stored(opened) is None
    reply(opened, 4, ana)
    message = reply(opened, 5, ana)
    with at(5):
        tickets.withdraw_reply(message, actor=ana)
    assert stored(opened) == 4 * HOUR


def test_tickets_that_are_one_were_answered_by_the_first_of_both(opened, carol, billing, invoices, ana):
    with at(2):
        other = cast.open_ticket(carol, billing, invoices)
    reply(other, 3, ana)
    reply(opened, 4, ana)
    with at(5):
        tickets.merge(Ticket.get_by_id(opened.id), Ticket.get_by_id(other.id), actor=ana)
    assert stored(other) == 3 * HOUR


def test_it_outlives_the_account_of_its_author(opened, ana, root):
    reply(opened, 1, ana)
    agents.delete_agent(ana, actor=root)
    assert stored(opened) == HOUR


def test_a_clock_that_was_set_back_makes_no_negative_wait(opened, ana):
    reply(opened, -1, ana)
    assert stored(opened) == 0
