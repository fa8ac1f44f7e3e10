"""Overdue tickets: their list, and their place in the order where an owner switched that on."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from playhouse.test_utils import count_queries

import helpdesk.wiring  # noqa: F401 — due times follow from events only once it is read
from helpdesk import clock, settings, snooze, tickets
from helpdesk.due_times import keeping, overdue, rules
from helpdesk.lists import bulk, undo
from helpdesk.lists.listing import TicketListing
from helpdesk.settings import lookups, run_state
from helpdesk.setup import workflow
from helpdesk.tickets import ticket_state
from models import DueTime, Priority, Ticket
from tests.support import cast


@pytest.fixture
def monday():
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as clock:
        yield clock


@pytest.fixture
def several(monday, root, carol, billing, invoices, sales):
    """Five tickets, each opened a minute after the one before; those of Sales are due in an hour."""
    rules.save(DueTime(), {"service": sales.id, "first_reply": 60}, actor=root)
    opened = []
    for place in (billing, billing, sales, billing, sales):
        opened.append(cast.open_ticket(carol, place, invoices if place == billing else None))
        monday.shift(timedelta(minutes=1))
    return opened


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def order(root, several, **words) -> list[int]:
    """Return which tickets a list holds, in its order: 0 for the first one."""
    ids = [ticket.id for ticket in several]
    return [ids.index(row.id) for row in TicketListing(root, **words).page().rows]


def test_the_list_of_what_is_overdue(monday, root, ana, several):
    assert order(root, several, view="overdue") == []
    monday.shift(timedelta(hours=1))
    assert order(root, several, view="overdue") == [2, 4]
    listing = TicketListing(root, "overdue", size=1)
    page = listing.page()
    assert (page.rows[0].id, listing.tally(page).total) == (several[2].id, 2)
    assert [row.id for row in listing.page(after=page.after).rows] == [several[4].id]
    assert listing.place_of(fresh(several[4])).position == 2
    # Ana answers Billing only.
    assert order(ana, several, view="overdue") == []
    tickets.reply(fresh(several[2]), "<p>Yes.</p>", actor=root)
    snooze.snooze(fresh(several[4]), fresh(several[4]).due_at + timedelta(days=1), actor=root)
    assert order(root, several, view="overdue") == []


def test_the_order_stays_as_it_is_until_it_is_switched_on(monday, root, several):
    monday.shift(timedelta(hours=1))
    assert overdue.mark() == 0
    assert order(root, several) == [0, 1, 2, 3, 4]
    settings.save({"overdue_first": True})
    keeping.recalculate()
    assert order(root, several) == [2, 4, 0, 1, 3]
    settings.save({"overdue_first": False})
    keeping.recalculate()
    assert order(root, several) == [0, 1, 2, 3, 4]


def test_overdue_tickets_stand_first_within_their_priority(monday, root, several):
    settings.save({"overdue_first": True})
    keeping.recalculate()
    overdue.mark()
    tickets.mark_important(fresh(several[3]), actor=root)
    tickets.mark_important(fresh(several[4]), actor=root)
    assert order(root, several) == [3, 4, 0, 1, 2]
    monday.shift(timedelta(minutes=58))
    assert overdue.mark() == 1
    assert order(root, several) == [3, 4, 2, 0, 1]
    monday.shift(timedelta(minutes=2))
    assert overdue.mark() == 1
    assert overdue.mark() == 0
    assert order(root, several) == [4, 3, 2, 0, 1]
    tickets.reply(fresh(several[4]), "<p>Yes.</p>", actor=root)
    assert order(root, several) == [3, 4, 2, 0, 1]
    # Another priority, another place.
    tickets.set_priority(fresh(several[2]), lookups.important_priority(), actor=root)
    assert order(root, several) == [2, 3, 4, 0, 1]


def test_a_new_weight_lets_the_overdue_stand_first(monday, root, several):
    settings.save({"overdue_first": True})
    monday.shift(timedelta(hours=1))
    keeping.recalculate()
    workflow.save_priority(Priority.get_by_id(lookups.default_priority().id), {"weight": 7}, actor=root)
    assert order(root, several) == [2, 4, 0, 1, 3]


def test_without_rules_nothing_stands_first(monday, root, several):
    settings.save({"overdue_first": True})
    monday.shift(timedelta(hours=1))
    keeping.recalculate()
    rules.delete(DueTime.get(), actor=root)
    keeping.recalculate()
    assert order(root, several) == [0, 1, 2, 3, 4]
    assert run_state.read(overdue.STATE) is None


def test_a_change_of_priority_is_undone_although_the_ticket_became_overdue(monday, root, several):
    settings.save({"overdue_first": True})
    keeping.recalculate()
    monday.shift(timedelta(minutes=54))
    heavy = lookups.important_priority()
    action = bulk.run(
        "priority", [several[2].id], lambda row: tickets.set_priority(row, heavy, actor=root), actor=root
    ).action
    monday.shift(timedelta(minutes=4))
    assert overdue.mark() == 1
    assert undo.undo(action, actor=root).back == 1
    assert order(root, several) == [2, 0, 1, 3, 4]


def test_a_clock_that_was_ahead_is_no_matter(monday, root, several):
    settings.save({"overdue_first": True})
    monday.shift(timedelta(days=365))
    keeping.recalculate()
    overdue.mark()
    monday.shift(-timedelta(days=365))
    assert overdue.mark() == 0
    monday.shift(timedelta(hours=1))
    assert overdue.mark() == 0
    assert order(root, several) == [2, 4, 0, 1, 3]


def test_a_minute_reads_what_became_due_in_it(monday, root, several):
    settings.save({"overdue_first": True})
    keeping.recalculate()
    overdue.mark()
    with count_queries() as counter:
        assert overdue.mark() == 0
    assert counter.count == 3


def test_many_at_once_go_on_in_the_next_run_from_where_this_one_stopped(monday, root, several, monkeypatch):
    settings.save({"overdue_first": True})
    monkeypatch.setattr(overdue, "AT_ONCE", 1)
    monkeypatch.setattr(overdue, "MOST", 2)
    # At one moment, so that it takes their ids to go on.
    Ticket.update(due_at=clock.now()).execute()
    monday.shift(timedelta(minutes=1))
    assert [overdue.mark() for _ in range(4)] == [2, 2, 1, 0]
    assert all(fresh(ticket).rank % 2 for ticket in several)


def test_what_an_older_version_noted_is_gone_on_from(monday, root, several):
    settings.save({"overdue_first": True})
    keeping.recalculate()
    monday.shift(timedelta(minutes=56))
    run_state.write(overdue.STATE, clock.now().isoformat())
    monday.shift(timedelta(minutes=2))
    assert overdue.mark() == 1
    assert isinstance(run_state.read(overdue.STATE), dict)


def test_what_slept_while_the_due_times_went_does_not_stand_first(monday, root, several):
    settings.save({"overdue_first": True})
    monday.shift(timedelta(hours=2))
    keeping.recalculate()
    sleeping = fresh(several[2])
    assert sleeping.rank % 2
    snooze.snooze(sleeping, sleeping.due_at + timedelta(days=3), actor=root)
    rules.delete(DueTime.get(), actor=root)
    keeping.recalculate()
    assert fresh(sleeping).rank % 2 == 0


def test_what_a_merge_gives_back_weighs_what_its_priority_weighs_now(several):
    state = {**ticket_state.state_of(fresh(several[0])), "rank": 4711}
    priority = lookups.priority(several[0].priority_id)
    assert ticket_state.labels_left(state)["rank"] == overdue.rank(priority)
