"""“This is not resolved”: what a customer's press of that button does, and who may press it."""

from __future__ import annotations

import pytest

import helpdesk.wiring  # noqa: F401 — mails follow from events only once it is read
from helpdesk import automatic_closing, events, send_later, tickets
from helpdesk.access import TicketGuest
from helpdesk.clock import now
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.send_later import NewReply
from helpdesk.tickets import cc
from models import OutgoingEmail, ScheduledReply, Ticket, TicketEvent
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def pending(ticket, ana) -> Ticket:
    tickets.reply(ticket, "<p>Which one?</p>", actor=ana, at_once=True)
    return Ticket.get_by_id(ticket.id)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def mailed() -> list[str]:
    mails = OutgoingEmail.select().where(OutgoingEmail.kind == "not-resolved").order_by(OutgoingEmail.id)
    return [mail.to_email.partition("@")[0] for mail in mails]


def test_it_waits_for_the_team_which_is_told(pending, carol, ana):
    automatic_closing.not_resolved(pending, actor=carol)
    row = fresh(pending)
    assert (row.status.category, row.awaits_reply, row.assignee_id) == ("open", True, ana.id)
    assert mailed() == ["ana"]
    last = pending.events.order_by(TicketEvent.id.desc()).get()
    assert events.describe(last) == "Carol Jones says that it is not resolved"
    automatic_closing.not_resolved(row, actor=carol)
    assert mailed() == ["ana"]


def test_a_guest_of_the_ticket_may_and_nobody_else(pending, carol, dan, ana):
    cc.add_cc(pending, [dan.primary_address.email], actor=ana)
    with pytest.raises(NotAllowed):
        automatic_closing.not_resolved(fresh(pending), actor=dan)
    with pytest.raises(NotFound):
        automatic_closing.not_resolved(fresh(pending), actor=cast.make_customer("Eve"))
    guest = TicketGuest(carol, pending.id, carol.primary_address)
    automatic_closing.not_resolved(fresh(pending), actor=guest)
    assert mailed() == ["ana"]


def test_of_a_closed_ticket_it_says_what_to_do(pending, carol, ana):
    tickets.close(pending, actor=ana)
    with pytest.raises(InvalidInput, match="write a message"):
        automatic_closing.not_resolved(fresh(pending), actor=carol)
    assert mailed() == []


def test_spam_stays_spam_and_the_bin_gives_it_back(pending, carol, root):
    tickets.mark_spam(pending, actor=root)
    automatic_closing.not_resolved(fresh(pending), actor=carol)
    assert (fresh(pending).is_spam, mailed()) == (True, [])
    tickets.not_spam(fresh(pending), actor=root)
    tickets.delete(fresh(pending), actor=root)
    automatic_closing.not_resolved(fresh(pending), actor=carol)
    assert (fresh(pending).in_bin, mailed()) == (False, ["ana"])


def test_a_scheduled_reply_is_stopped_as_by_a_message(pending, carol, ana):
    from_now = now().replace(year=now().year + 1)
    send_later.schedule(pending, NewReply("<p>x</p>"), from_now, actor=ana)
    automatic_closing.not_resolved(fresh(pending), actor=carol)
    assert ScheduledReply.get().stopped_at is not None
