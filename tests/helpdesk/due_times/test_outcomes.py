"""Whether a reply and the end came in time is judged once, when they come."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine

import helpdesk.wiring  # noqa: F401 — due times follow from events only once it is read
from helpdesk import settings, tickets
from helpdesk.access import SYSTEM
from helpdesk.due_times import keeping, rules
from helpdesk.lists import bulk, undo
from helpdesk.opening_hours import saving
from helpdesk.tickets import merge_undo
from models import DueOutcome, DueTime, IncomingMail, Mailbox, Message, OpeningHours, Ticket
from tests.support import cast

START = datetime(2026, 11, 30, 9, 0)
ALL = {"first_reply": 240, "next_reply": 480, "resolution": 600}


@pytest.fixture
def monday():
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as clock:
        yield clock


@pytest.fixture
def ticket(monday, root, carol, billing, invoices):
    rules.save(DueTime(), ALL, actor=root)
    return cast.open_ticket(carol, billing, invoices)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def judged(ticket: Ticket) -> list[tuple[str, float, bool]]:
    """Return what was judged: the target, after how many hours, and whether in time."""
    rows = DueOutcome.select().where(DueOutcome.ticket == ticket.id).order_by(DueOutcome.id)
    return [(row.target, (row.ended_at - START) / timedelta(hours=1), row.is_met) for row in rows]


def test_replies_and_the_end_are_judged_when_they_come(monday, ana, carol, ticket):
    tickets.add_note(fresh(ticket), "<p>Who knows this?</p>", actor=ana)
    tickets.reply(fresh(ticket), "<p>We have received it.</p>", actor=SYSTEM)
    assert judged(ticket) == []
    monday.shift(timedelta(hours=5))
    tickets.reply(fresh(ticket), "<p>Which one?</p>", actor=ana)
    monday.shift(timedelta(hours=1))
    tickets.receive_message(fresh(ticket), "The second.", actor=carol)
    monday.shift(timedelta(hours=1))
    tickets.reply(fresh(ticket), "<p>Here it is.</p>", actor=ana, close=True)
    expected = [("first_reply", 5, False), ("next_reply", 7, True), ("resolution", 7, True)]
    assert judged(ticket) == expected
    assert DueOutcome.get(target="first_reply").due_at == START + timedelta(hours=4)
    # The program's answer let it rest at once, until the customer wrote again.
    assert DueOutcome.get(target="resolution").due_at == START + timedelta(hours=16)
    assert not fresh(ticket).is_due


def test_a_change_of_rules_or_hours_judges_nothing_anew(monday, root, ana, ticket):
    monday.shift(timedelta(hours=1))
    tickets.reply(fresh(ticket), "<p>Here it is.</p>", actor=ana, close=True)
    before = judged(ticket)
    assert [row[2] for row in before] == [True, True]
    rules.save(DueTime.get(), {"first_reply": 1, "resolution": 1}, actor=root)
    saving.save_hours(OpeningHours(), {"monday": "9-10"}, actor=root)
    keeping.recalculate()
    assert judged(ticket) == before
    rules.delete(DueTime.get(), actor=root)
    keeping.recalculate()
    assert judged(ticket) == before


def test_what_was_answered_before_there_was_a_rule_is_not_judged(monday, root, ana, carol, billing, invoices):
    ticket = cast.open_ticket(carol, billing, invoices)
    tickets.reply(fresh(ticket), "<p>Here it is.</p>", actor=ana)
    monday.shift(timedelta(hours=1))
    rules.save(DueTime(), ALL, actor=root)
    tickets.close(fresh(ticket), actor=ana)
    assert judged(ticket) == [("resolution", 1, True)]


def test_closed_without_an_answer_in_time_gives_it_up(monday, ana, carol, ticket):
    tickets.close(fresh(ticket), actor=ana)
    assert judged(ticket) == [("resolution", 0, True)]
    tickets.reopen(fresh(ticket), actor=ana)
    assert judged(ticket) == []
    monday.shift(timedelta(hours=11))
    tickets.close(fresh(ticket), actor=carol)
    assert judged(ticket) == [("resolution", 11, False), ("first_reply", 11, False)]
    tickets.receive_message(fresh(ticket), "It is not over.", actor=carol)
    assert judged(ticket) == []


def test_what_is_taken_back_is_not_judged(monday, root, ana, ticket):
    settings.save({"undo_send_seconds": 10})
    message = tickets.reply(fresh(ticket), "<p>Here it is.</p>", actor=ana, close=True)
    assert len(judged(ticket)) == 2
    tickets.withdraw_reply(message, actor=ana)
    assert judged(ticket) == []
    action = bulk.run("close", [ticket.id], lambda row: tickets.close(row, actor=root), actor=root).action
    assert len(judged(ticket)) == 1
    undo.undo(action, actor=root)
    assert judged(ticket) == []


def test_spam_and_what_a_program_wrote_or_closed_are_not_judged(monday, root, ana, carol, billing, invoices, ticket):
    tickets.close(fresh(ticket), actor=SYSTEM)
    assert judged(ticket) == []
    spam, automatic = (cast.open_ticket(carol, billing, invoices) for _ in range(2))
    first = Message.get(Message.ticket == automatic.id)
    mailbox = Mailbox.create(address="help@example.org", host="127.0.0.1", username="help", service=billing)
    mail = {"mailbox": mailbox, "sha256": "0" * 64, "size": 1, "received_at": START, "state": "message"}
    IncomingMail.create(**mail, ticket=automatic, message=first, automatic=True)
    tickets.reply(fresh(automatic), "<p>Here it is.</p>", actor=ana)
    tickets.mark_spam(fresh(spam), actor=root)
    tickets.close(fresh(spam), actor=root)
    assert judged(automatic) == judged(spam) == []


def test_merged_tickets_are_judged_as_one(monday, root, ana, carol, billing, invoices, ticket):
    monday.shift(timedelta(hours=1))
    source = cast.open_ticket(carol, billing, invoices)
    for one in (ticket, source):
        tickets.reply(fresh(one), "<p>Here it is.</p>", actor=ana)
    assert judged(source) == judged(ticket) == [("first_reply", 1, True)]
    tickets.merge(fresh(source), fresh(ticket), actor=root)
    assert judged(ticket) == [("first_reply", 1, True)]
    tickets.undo_merge(merge_undo.find(source.number, fresh(ticket)), fresh(ticket), actor=root)
    assert judged(source) == judged(ticket) == [("first_reply", 1, True)]
