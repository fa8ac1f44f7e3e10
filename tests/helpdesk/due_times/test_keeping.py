"""`Ticket.due_at` is what the history says, whatever happens to a ticket, its rules and its hours."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from playhouse.test_utils import count_queries

import helpdesk.wiring  # noqa: F401 — due times follow from events only once it is read
from database import Label
from helpdesk import settings, snooze, tickets
from helpdesk.access import SYSTEM
from helpdesk.due_times import keeping, rules
from helpdesk.errors import InvalidInput, NotAllowed
from helpdesk.events import EventKind
from helpdesk.lists import bulk, undo
from helpdesk.lists.listing import TicketListing
from helpdesk.opening_hours import saving
from helpdesk.settings import lookups
from helpdesk.setup import workflow
from models import NO_DUE_TIME, DueTime, OpeningHours, Status, Ticket
from tests.support import cast

START = datetime(2026, 11, 30, 9, 0)


@pytest.fixture
def monday():
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as clock:
        yield clock


def rule(root, **values) -> DueTime:
    return rules.save(DueTime(), {"first_reply": 240, "next_reply": 480, **values}, actor=root)


def due(ticket: Ticket) -> float | None:
    """Return after how many hours a ticket is due, as stored."""
    stored = Ticket.get_by_id(ticket.id)
    kept = next((target.due for target in keeping.targets_of(stored)), None)
    assert stored.due_at == (kept or NO_DUE_TIME)
    return (stored.due_at - START) / timedelta(hours=1) if stored.is_due else None


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def test_a_ticket_lives_with_its_due_time(monday, root, ana, carol, billing, invoices):
    rule(root)
    ticket = cast.open_ticket(carol, billing, invoices)
    assert due(ticket) == 4
    tickets.add_note(fresh(ticket), "<p>Who knows this?</p>", actor=ana)
    tickets.set_status(fresh(ticket), lookups.pending_status(), actor=ana)
    assert due(ticket) == 4
    tickets.reply(fresh(ticket), "<p>We have received it.</p>", actor=SYSTEM)
    assert due(ticket) == 4
    monday.shift(timedelta(hours=5))
    tickets.reply(fresh(ticket), "<p>Here it is.</p>", actor=ana)
    assert due(ticket) is None
    monday.shift(timedelta(hours=1))
    tickets.receive_message(fresh(ticket), "And the other one?", actor=carol)
    assert due(ticket) == 14
    tickets.close(fresh(ticket), actor=ana)
    assert due(ticket) is None
    tickets.reopen(fresh(ticket), actor=ana)
    assert due(ticket) == 14


def test_spam_and_bin_are_never_due_and_come_back_due(monday, root, carol, billing, invoices):
    rule(root)
    ticket = cast.open_ticket(carol, billing, invoices)
    for away, back in ((tickets.mark_spam, tickets.not_spam), (tickets.delete, tickets.restore)):
        away(fresh(ticket), actor=root)
        assert due(ticket) is None
        back(fresh(ticket), actor=root)
        assert due(ticket) == 4


def test_a_reply_that_is_taken_back_met_nothing(monday, root, ana, carol, billing, invoices):
    settings.save({"undo_send_seconds": 10})
    rule(root)
    ticket = cast.open_ticket(carol, billing, invoices)
    message = tickets.reply(fresh(ticket), "<p>Here it is.</p>", actor=ana)
    assert due(ticket) is None
    tickets.withdraw_reply(message, actor=ana)
    assert due(ticket) == 4


def test_the_first_rule_that_fits_holds_and_follows_place_and_priority(monday, root, carol, billing, invoices, sales):
    rule(root, service=billing.id, department=invoices.id, first_reply=60)
    rule(root, priority=lookups.important_priority().id, first_reply=30)
    rule(root, service=billing.id, first_reply=120)
    ticket = cast.open_ticket(carol, billing, invoices)
    assert due(ticket) == 1
    tickets.move(fresh(ticket), sales.id, None, actor=root)
    assert due(ticket) is None
    tickets.mark_important(fresh(ticket), actor=root)
    assert due(ticket) == 0.5


def test_snoozing_lets_the_resolution_rest(monday, root, ana, carol, billing, invoices):
    rule(root, first_reply=None, resolution=600)
    ticket = cast.open_ticket(carol, billing, invoices)
    assert due(ticket) == 10
    snooze.snooze(fresh(ticket), START + timedelta(hours=6), actor=ana)
    assert due(ticket) is None
    monday.shift(timedelta(hours=6))
    snooze.wake_due()
    assert due(ticket) == 16


@pytest.mark.parametrize(
    ("end", "back", "hours"),
    [
        # Closed, it rests until it is open again.
        (tickets.close, tickets.reopen, 13),
        (tickets.mark_spam, tickets.not_spam, 11),
        (tickets.delete, tickets.restore, 11),
    ],
)
def test_what_ends_the_sleep_lets_the_resolution_count_again(monday, root, carol, billing, invoices, end, back, hours):
    rule(root, first_reply=None, resolution=600)
    ticket = cast.open_ticket(carol, billing, invoices)
    snooze.snooze(fresh(ticket), START + timedelta(days=1), actor=root)
    monday.shift(timedelta(hours=1))
    end(fresh(ticket), actor=root)
    monday.shift(timedelta(hours=2))
    back(fresh(ticket), actor=root)
    assert due(ticket) == hours


def test_a_merged_ticket_sleeps_no_more(monday, root, carol, billing, invoices):
    rule(root, first_reply=None, resolution=600)
    target, source = (cast.open_ticket(carol, billing, invoices) for _ in range(2))
    snooze.snooze(fresh(source), START + timedelta(days=1), actor=root)
    monday.shift(timedelta(hours=1))
    tickets.merge(source, target, actor=root)
    assert due(target) == 11


def test_undoing_a_sleep_or_its_end_is_told_to_the_resolution(monday, root, carol, billing, invoices):
    rule(root, first_reply=None, resolution=600)
    ticket = cast.open_ticket(carol, billing, invoices)

    def in_bulk(name, act):
        return bulk.run(name, [ticket.id], act, actor=root).action

    sleep = in_bulk("snooze", lambda row: snooze.snooze(row, START + timedelta(days=1), actor=root))
    monday.shift(timedelta(minutes=6))
    undo.undo(sleep, actor=root)
    assert due(ticket) == 10.1
    snooze.snooze(fresh(ticket), START + timedelta(days=1), actor=root)
    closing = in_bulk("close", lambda row: tickets.close(row, actor=root))
    undo.undo(closing, actor=root)
    assert fresh(ticket).is_snoozed
    assert due(ticket) is None
    monday.shift(timedelta(minutes=54))
    snooze.wake(fresh(ticket), actor=root)
    assert due(ticket) == 11


def test_merged_tickets_are_due_by_both_histories(monday, root, carol, billing, invoices):
    rule(root)
    target = cast.open_ticket(carol, billing, invoices)
    monday.shift(timedelta(hours=1))
    source = cast.open_ticket(carol, billing, invoices)
    assert due(source) == 5
    tickets.merge(source, target, actor=root)
    assert due(target) == 4


def test_whoever_waits_in_one_of_two_merged_tickets_waits_in_both(monday, root, ana, carol, billing, invoices):
    rule(root)
    target = cast.open_ticket(carol, billing, invoices)
    monday.shift(timedelta(hours=1))
    tickets.reply(fresh(target), "<p>Here it is.</p>", actor=ana)
    monday.shift(timedelta(hours=1))
    source = cast.open_ticket(carol, billing, invoices)
    monday.shift(timedelta(hours=1))
    tickets.merge(source, fresh(target), actor=root)
    assert due(target) == 10


def test_the_resolution_of_a_ticket_that_merging_opens_counts(monday, root, carol, billing, invoices):
    rule(root, first_reply=None, resolution=600)
    target = cast.open_ticket(carol, billing, invoices)
    monday.shift(timedelta(hours=1))
    tickets.close(fresh(target), actor=root)
    monday.shift(timedelta(hours=1))
    source, late = (cast.open_ticket(carol, billing, invoices) for _ in range(2))
    monday.shift(timedelta(hours=1))
    tickets.merge(source, fresh(target), actor=root)
    assert due(target) == 11
    tickets.close(fresh(late), actor=root)
    tickets.merge(fresh(late), fresh(target), actor=root)
    assert due(target) == 11


def test_open_tickets_follow_when_rules_or_hours_change(monday, root, carol, billing, invoices):
    many = [cast.open_ticket(carol, billing, invoices) for _ in range(3)]
    closed = cast.open_ticket(carol, billing, invoices)
    tickets.close(fresh(closed), actor=root)
    assert keeping.recalculate() == 0
    row = rule(root)
    assert [due_now(ticket) for ticket in many] == [None] * 3
    assert keeping.recalculate() == 3
    assert [due(ticket) for ticket in many] == [4] * 3
    assert keeping.recalculate() == 0
    hours = saving.save_hours(OpeningHours(), {"monday": "9-10", "tuesday": "9-17"}, actor=root)
    assert keeping.recalculate() == 3
    assert [due(ticket) for ticket in many] == [27] * 3
    saving.delete_hours(hours, actor=root)
    rules.save(row, {"first_reply": 60}, actor=root)
    assert keeping.recalculate() == 3
    assert [due(ticket) for ticket in many] == [1] * 3
    rules.delete(row, actor=root)
    keeping.recalculate()
    assert [due_now(ticket) for ticket in many] == [None] * 3


def test_snoozed_tickets_follow_a_change_too(monday, root, ana, carol, billing, invoices):
    awake, asleep = (cast.open_ticket(carol, billing, invoices) for _ in range(2))
    snooze.snooze(fresh(asleep), START + timedelta(days=1), actor=ana)
    rule(root)
    assert keeping.recalculate() == 2
    assert [due(ticket) for ticket in (awake, asleep)] == [4, 4]


def test_tickets_follow_when_the_category_of_their_status_changes(monday, root, carol, billing, invoices):
    rule(root)
    ticket = cast.open_ticket(carol, billing, invoices)
    status = workflow.save_status(Status(), {"label": Label(en="In the workshop"), "category": "open"}, actor=root)
    tickets.set_status(fresh(ticket), status, actor=root)
    assert due(ticket) == 4
    workflow.save_status(status, {"category": "closed"}, actor=root)
    assert due(ticket) is None
    workflow.save_status(status, {"category": "open"}, actor=root)
    assert keeping.recalculate() == 1
    assert due(ticket) == 4


def test_a_minute_without_a_change_reads_one_row(monday, root):
    for _rules in (0, 1):
        keeping.recalculate()
        with count_queries() as counter:
            assert keeping.recalculate() == 0
        assert counter.count == 1
        rule(root)


def due_now(ticket: Ticket) -> datetime | None:
    stored = fresh(ticket)
    return stored.due_at if stored.is_due else None


def test_what_stopped_half_way_goes_on_there(monday, root, carol, billing, invoices, monkeypatch):
    many = [cast.open_ticket(carol, billing, invoices) for _ in range(4)]
    rule(root)
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    work, done = keeping._recalculate, []

    def once(ids):
        if done:
            raise RuntimeError("The machine stops here.")
        done.append(ids)
        work(ids)

    monkeypatch.setattr(keeping, "_recalculate", once)
    with pytest.raises(RuntimeError):
        keeping.recalculate()
    monkeypatch.setattr(keeping, "_recalculate", work)
    assert keeping.recalculate() == 2
    assert [due(ticket) for ticket in many] == [4] * 4


def test_very_many_tickets_are_worked_out_in_several_runs(monday, root, carol, billing, invoices, monkeypatch):
    many = [cast.open_ticket(carol, billing, invoices) for _ in range(5)]
    rule(root)
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    monkeypatch.setattr(keeping, "MOST", 3)
    assert [keeping.recalculate() for _ in range(3)] == [4, 1, 0]
    assert [due(ticket) for ticket in many] == [4] * 5


def test_a_desk_without_rules_pays_nothing(root, carol, ana, billing, invoices):
    ticket = cast.open_ticket(carol, billing, invoices)
    rules.exist()
    with count_queries() as counter:
        keeping.keep({ticket.id: {EventKind.STATUS}})
    assert counter.count == 0


def test_assigning_and_tagging_read_no_history(monday, root, ana, carol, billing, invoices, monkeypatch):
    rule(root)
    ticket = cast.open_ticket(carol, billing, invoices)
    monkeypatch.setattr(keeping, "_store", lambda _tickets: pytest.fail("A history was read."))
    tickets.assign(fresh(ticket), ana, actor=root)
    tickets.tag(fresh(ticket), "urgent", actor=root)
    tickets.add_note(fresh(ticket), "<p>Look.</p>", actor=root)


def test_very_many_tickets_of_one_act_are_worked_out_in_parts(monday, root, carol, billing, invoices, monkeypatch):
    rule(root)
    many = [cast.open_ticket(carol, billing, invoices) for _ in range(5)]
    Ticket.update(due_at=NO_DUE_TIME).execute()
    monkeypatch.setattr(keeping, "AT_ONCE", 2)
    keeping.keep({ticket.id: {EventKind.STATUS} for ticket in many})
    assert [due(ticket) for ticket in many] == [4] * 5


def test_many_tickets_cost_as_many_reads_as_one(monday, root, carol, billing, invoices):
    rule(root)
    many = [cast.open_ticket(carol, billing, invoices) for _ in range(5)]
    counts = []
    for some in (many[:1], many):
        with count_queries() as counter:
            keeping.keep({ticket.id: {EventKind.STATUS} for ticket in some})
        counts.append(counter.count)
    # The tickets, their histories, and what was judged of them.
    assert counts == [3, 3]


def test_the_list_of_what_is_due_first(monday, root, carol, billing, invoices):
    assert "due" not in TicketListing(root).sorts
    rule(root, priority=lookups.important_priority().id, first_reply=30)
    rule(root, service=billing.id)
    first, second, third = (cast.open_ticket(carol, billing, invoices) for _ in range(3))
    tickets.mark_important(fresh(second), actor=root)
    tickets.reply(fresh(first), "<p>Yes.</p>", actor=root)
    listing = TicketListing(root, sort="due", size=2)
    assert listing.sorts[-1] == "due"
    page = listing.page()
    assert [row.id for row in page.rows] == [second.id, third.id]
    # What is not due comes last, on the next page.
    assert [row.id for row in listing.page(after=page.after).rows] == [first.id]
    assert listing.place_of(fresh(third)).position == 2
    assert TicketListing(root, view="closed", sort="due").chosen_sort == "newest"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "first_reply"),
        ({"first_reply": 0}, "first_reply"),
        ({"resolution": 366 * 24 * 60 + 1}, "resolution"),
        ({"first_reply": 5, "service": "999"}, "service"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(root, values, field):
    with pytest.raises(InvalidInput) as refusal:
        rules.save(DueTime(), values, actor=root)
    assert refusal.value.field == field
    assert not DueTime.select().exists()


def test_a_department_of_another_service_is_refused(root, ana, sales, invoices):
    with pytest.raises(InvalidInput) as refusal:
        rules.save(DueTime(), {"first_reply": 5, "service": sales.id, "department": invoices.id}, actor=root)
    assert refusal.value.field == "department"
    with pytest.raises(NotAllowed):
        rules.save(DueTime(), {"first_reply": 5}, actor=ana)


def test_while_a_change_is_tried_every_question_is_about_it(ticket, root):
    stored = rule(root, first_reply=60)
    other = DueTime(first_reply=30)
    with rules.tried([other]):
        assert (rules.rules(), rules.rule_for(ticket), rules.exist()) == ([other], other, True)
        with rules.tried([]):
            assert (rules.rules(), rules.rule_for(ticket), rules.exist()) == ([], None, False)
    assert (rules.rules(), rules.exist()) == ([stored], True)
