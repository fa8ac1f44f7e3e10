"""What each agent has read of a ticket, and what counts as unread to whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

import helpdesk.wiring  # noqa: F401 — who writes leaves a mark only once it is read
from helpdesk import clock, settings, tickets
from helpdesk.errors import NotFound
from helpdesk.lists.listing import TicketListing
from helpdesk.tickets import NewTicket, unread
from models import Message, ReadMark, Ticket
from tests.support import cast


@pytest.fixture
def lea(billing):
    """A colleague of Ana's."""
    return cast.make_agent("Léa", billing)


def unread_numbers(agent, view="all"):
    return [row.number for row in TicketListing(agent, view).page().rows if row.is_unread]


def newest(ticket):
    return Message.select().where(Message.ticket == ticket.id).order_by(Message.id.desc()).get()


def wrote(ticket, carol):
    return tickets.receive_message(Ticket.get_by_id(ticket.id), "And now?", actor=carol)


def test_a_waiting_ticket_nobody_opened_is_unread(ticket, ana, lea):
    assert unread_numbers(ana) == unread_numbers(lea) == [ticket.number]


def test_reading_clears_it_for_the_reader_only(ticket, ana, lea):
    unread.read(ticket, newest(ticket).id, actor=ana)
    assert (unread_numbers(ana), unread_numbers(lea)) == ([], [ticket.number])


def test_what_a_colleague_answered_or_closed_stays_quiet_for_who_never_opened_it(ticket, ana, lea):
    tickets.reply(ticket, "<p>Here it is.</p>", actor=ana)
    assert unread_numbers(lea) == []
    tickets.close(Ticket.get_by_id(ticket.id), actor=ana)
    assert unread_numbers(lea) == []


def test_a_message_after_ones_mark_is_unread_also_a_note_and_in_a_closed_ticket(ticket, ana, lea, carol):
    tickets.close(ticket, actor=ana)
    unread.read(ticket, newest(ticket).id, actor=ana)
    tickets.add_note(Ticket.get_by_id(ticket.id), "<p>Well done.</p>", actor=lea)
    assert unread_numbers(ana, "closed") == [ticket.number]


@pytest.mark.parametrize("write", [tickets.reply, tickets.add_note])
def test_who_writes_has_read(ticket, ana, write):
    write(ticket, "<p>On it.</p>", actor=ana)
    assert ReadMark.get().message == newest(ticket).id
    assert unread_numbers(ana) == []


def test_who_opens_a_ticket_for_a_caller_has_read_it(ana, lea, carol, billing, invoices):
    asked = NewTicket(carol.primary_address.email, "Lost", "It is lost.", billing.id, invoices.id, source="phone")
    opened = tickets.open_for_caller(asked, actor=ana)
    assert (unread_numbers(ana), unread_numbers(lea)) == ([], [opened.number])


def test_reading_an_earlier_page_moves_no_mark_back(ticket, ana, carol):
    first = newest(ticket)
    unread.read(ticket, wrote(ticket, carol).id, actor=ana)
    unread.read(ticket, first.id, actor=ana)
    assert ReadMark.get().message == newest(ticket).id


def test_a_mark_reaches_no_further_than_the_ticket(ticket, ana, carol):
    unread.read(ticket, 2**62, actor=ana)
    wrote(ticket, carol)
    assert unread_numbers(ana) == [ticket.number]


def test_nobody_marks_a_ticket_out_of_sight(ticket, ben):
    with pytest.raises(NotFound):
        unread.read(ticket, newest(ticket).id, actor=ben)


def test_marked_as_unread_it_is_new_from_the_last_message_of_others(ticket, ana, carol):
    last = wrote(ticket, carol)
    tickets.reply(Ticket.get_by_id(ticket.id), "<p>Done.</p>", actor=ana)
    assert unread.mark([ticket.id], read=False, actor=ana) == 1
    assert unread_numbers(ana) == [ticket.number]
    assert ReadMark.get().message == last.id - 1


def test_many_are_marked_at_once_and_each_once(ticket, ana, carol, billing, invoices):
    several = [ticket, *(cast.open_ticket(carol, billing, invoices) for _ in range(120))]
    ids = [row.id for row in several]
    assert unread.mark(ids, read=True, actor=ana) == unread.mark(ids, read=True, actor=ana) == 121
    assert unread_numbers(ana) == []
    assert ReadMark.select().count() == 121


def test_a_deleted_note_makes_nothing_unread(ticket, ana, lea):
    unread.read(ticket, newest(ticket).id, actor=ana)
    note = tickets.add_note(ticket, "<p>Oh.</p>", actor=lea)
    tickets.delete_note(note, actor=lea)
    assert unread_numbers(ana) == []


def test_what_comes_after_a_reply_taken_back_is_unread(ticket, ana, lea, carol):
    settings.save({"undo_send_seconds": 10})
    sent = tickets.reply(ticket, "<p>Too soon.</p>", actor=ana)
    unread.read(ticket, sent.id, actor=lea)
    tickets.withdraw_reply(sent, actor=ana)
    # SQLite gives the id of the newest row again once it is gone.
    wrote(ticket, carol)
    assert unread_numbers(ana) == unread_numbers(lea) == [ticket.number]


def test_marks_go_with_their_ticket_and_their_agent(ticket, ana, lea):
    for agent in (ana, lea):
        unread.read(ticket, newest(ticket).id, actor=agent)
    lea.delete_instance()
    assert [row.agent for row in ReadMark.select()] == [ana]
    tickets.delete(ticket, actor=ana)
    with time_machine.travel(clock.now() + timedelta(days=31)):
        tickets.purge_bin()
    assert ReadMark.select().count() == 0
