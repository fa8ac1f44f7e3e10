"""Snooze: what leaves the lists, what wakes a ticket and what ends its sleep."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

import helpdesk.wiring
from database import Label, database
from helpdesk import clock, events, outbox, settings, snooze, tickets
from helpdesk.access import SYSTEM
from helpdesk.departures import ticket_holdings
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.lists import bulk, counting, undo
from helpdesk.lists.listing import TicketListing
from helpdesk.operations import clock_guard, jobs
from helpdesk.reports import statistics
from helpdesk.settings import lookups
from helpdesk.setup import workflow
from models import Agent, BulkAction, Message, Status, Ticket, TicketEvent
from tests.support import cast

assert helpdesk.wiring
pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def monday() -> datetime:
    """Three days from now."""
    return clock.now() + timedelta(days=3)


@pytest.fixture
def asleep(ticket: Ticket, ana: Agent, monday: datetime) -> Ticket:
    """Carol's ticket, snoozed by Ana until Monday."""
    snooze.snooze(ticket, monday, actor=ana)
    return ticket


def again(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def lines(ticket: Ticket) -> list[str]:
    return [events.describe(event) for event in ticket.events.order_by(TicketEvent.id)]


def at(moment: datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def views_of(agent: Agent, ticket: Ticket) -> set[str]:
    """Return the views that hold the ticket."""
    names = ("open", "mine", "unassigned", "snoozed", "closed", "spam", "bin", "all")
    return {name for name in names if TicketListing(agent, name).holds(ticket)}


def figures(agent: Agent) -> list[Any]:
    counting.forget_counts()
    counts = counting.counts(agent)
    return [counts.open, counts.mine, counts.unassigned, *counts.services.values(), *counts.departments.values()]


# --- Asleep -------------------------------------------------------------------------------------------------------


def test_a_snoozed_ticket_leaves_what_is_open_and_its_counts(ticket, ana, monday):
    assert views_of(ana, ticket) == {"open", "unassigned", "all"}
    assert figures(ana) == [1, 0, 1, 1, 1]
    assert len(statistics.longest_waits(ana)) == 1
    snooze.snooze(ticket, monday, actor=ana)
    assert views_of(ana, ticket) == {"snoozed", "all"}
    assert sum(figures(ana)) == 0
    assert statistics.longest_waits(ana) == []
    assert lines(ticket)[-1].startswith("Ana snoozed the ticket until ")


def test_ones_own_ticket_leaves_my_tickets_too(ticket, ana, monday):
    tickets.take(ticket, actor=ana)
    snooze.snooze(ticket, monday, actor=ana)
    assert views_of(ana, ticket) == {"snoozed", "all"}


def test_what_wakes_first_stands_first(ticket, ana, carol, billing, monday):
    later, first = (cast.open_ticket(carol, billing, lookups.departments(billing.id)[0]) for _ in range(2))
    for row, days in ((later, 2), (first, -1), (ticket, 0)):
        snooze.snooze(row, monday + timedelta(days=days), actor=ana)
    page = TicketListing(ana, "snoozed").page()
    assert [row.id for row in page.rows] == [first.id, ticket.id, later.id]
    assert page.rows[1].snoozed_until == monday


def test_the_same_moment_twice_is_one_line_and_another_replaces_it(asleep, ana, monday):
    snooze.snooze(again(asleep), monday, actor=ana)
    assert len(lines(asleep)) == 2
    snooze.snooze(again(asleep), monday + timedelta(days=1), actor=ana, ignores_replies=True)
    row = again(asleep)
    assert (row.snoozed_until, row.snooze_ignores_replies) == (monday + timedelta(days=1), True)


def test_a_foreign_ticket_is_not_there_and_a_role_may_not(ticket, ana, ben, monday):
    with pytest.raises(NotFound):
        snooze.snooze(ticket, monday, actor=ben)
    ana.role = cast.make_role("Reader", can_set_status=False)
    ana.save()
    for rule in (lambda: snooze.snooze(ticket, monday, actor=ana), lambda: snooze.wake(ticket, actor=ana)):
        with pytest.raises(NotAllowed):
            rule()
    assert not again(ticket).is_snoozed


@pytest.mark.parametrize("end", [tickets.close, tickets.mark_spam, tickets.delete])
def test_only_what_is_open_can_sleep(ticket, ana, monday, end):
    end(ticket, actor=ana)
    with pytest.raises(InvalidInput, match="Only an open ticket"):
        snooze.snooze(again(ticket), monday, actor=ana)


def test_what_the_customer_has_just_written_is_not_slept_over(ticket, ana, carol, monday):
    seen = Message.get(Message.ticket == ticket.id).id
    tickets.receive_message(ticket, "Wait, there is more.", actor=carol)
    with pytest.raises(InvalidInput, match="Read it first"):
        snooze.snooze(ticket, monday, actor=ana, seen=seen)
    snooze.snooze(ticket, monday, actor=ana, seen=seen, ignores_replies=True)
    assert again(ticket).is_snoozed


# --- Woken --------------------------------------------------------------------------------------------------------


def test_its_moment_wakes_it_at_its_place_unread_for_whoever_put_it_to_sleep(asleep, ana, root, monday):
    tickets.reply(asleep, "<p>We come back to you.</p>", actor=root)
    before = again(asleep)
    with at(monday - timedelta(seconds=1)):
        assert snooze.wake_due() == 0
    with at(monday):
        assert snooze.wake_due() == 1
        assert snooze.wake_due() == 0
    row = again(asleep)
    assert (row.rank, row.waiting_since, row.last_activity) == (before.rank, before.waiting_since, before.last_activity)
    assert (row.is_snoozed, row.snoozed_until, row.snoozed_by) == (False, None, None)
    unread_of = {agent.name: TicketListing(agent, "open").page().rows[0].is_unread for agent in (ana, root)}
    assert unread_of == {"Ana": True, "Root": False}
    assert lines(asleep)[-1] == "The desk woke the ticket: it was snoozed until now"


def test_it_wakes_when_its_author_is_gone(asleep, monday, ana):
    Ticket.update(snoozed_by=ana.id + 1_000).execute()
    with at(monday):
        assert snooze.wake_due() == 1


def test_a_desk_that_slept_wakes_what_fell_due_in_order_some_at_a_time(ana, carol, billing, invoices, monkeypatch):
    monkeypatch.setattr(snooze, "AT_ONCE", 2)
    monkeypatch.setattr(snooze, "MOST", 4)
    rows = [cast.open_ticket(carol, billing, invoices) for _ in range(5)]
    for hours, row in enumerate(reversed(rows), start=1):
        snooze.snooze(row, clock.now() + timedelta(hours=hours), actor=ana)
    with at(clock.now() + timedelta(days=7)):
        assert [snooze.wake_due() for _ in range(3)] == [4, 1, 0]
    woken = TicketEvent.select().where(TicketEvent.kind == "woken").order_by(TicketEvent.id)
    assert [event.ticket_id for event in woken] == [row.id for row in reversed(rows)]


def test_two_hosts_wake_each_ticket_once(ana, carol, billing, invoices):
    for _ in range(6):
        snooze.snooze(cast.open_ticket(carol, billing, invoices), clock.now() + timedelta(hours=1), actor=ana)
    Ticket.update(snoozed_until=clock.now() - timedelta(minutes=1)).execute()
    counts: list[int] = []

    def run() -> None:
        counts.append(snooze.wake_due())
        database.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert TicketEvent.select().where(TicketEvent.kind == "woken").count() == sum(counts) == 6


def test_the_timetable_wakes_it_and_rests_after_a_month(asleep, ana, monday):
    job = next(job for job in jobs.TIMETABLE.jobs if job.name == "snoozed tickets")
    clock_guard.may_delete()
    with at(monday + timedelta(days=40)):
        # Off for longer than a month, or a clock far ahead: nothing has asked `may_delete` yet.
        job.run()
        assert again(asleep).is_snoozed
        clock_guard.may_delete()
        job.run()
        assert again(asleep).is_snoozed
    with at(monday + timedelta(days=41)):
        clock_guard.may_delete()
        job.run()
    assert not again(asleep).is_snoozed


def test_after_a_holiday_it_goes_on(asleep, monday):
    job = next(job for job in jobs.TIMETABLE.jobs if job.name == "snoozed tickets")
    clock_guard.may_delete()
    with at(monday + timedelta(days=10)):
        job.run()
    assert not again(asleep).is_snoozed


def test_an_agent_wakes_it_before(asleep, ana):
    snooze.wake(asleep, actor=ana)
    snooze.wake(asleep, actor=ana)
    assert lines(asleep)[1:] == [lines(asleep)[1], "Ana woke the ticket"]
    assert views_of(ana, asleep) == {"open", "unassigned", "all"}
    assert snooze.former_moment(again(asleep)) is None


# --- The customer writes ------------------------------------------------------------------------------------------


def test_its_customer_wakes_it_and_the_same_moment_is_offered_for_a_week(asleep, ana, carol, monday):
    Ticket.update(snoozed_until=monday + timedelta(days=20)).execute()
    tickets.receive_message(again(asleep), "Any news?", actor=carol)
    row = again(asleep)
    assert (row.is_snoozed, row.status_id) == (False, lookups.default_status().id)
    assert lines(asleep)[-1] == "The desk woke the ticket: the customer wrote"
    assert snooze.former_moment(row) == monday + timedelta(days=20)
    with at(clock.now() + timedelta(days=6)):
        assert snooze.former_moment(row) is not None
    with at(clock.now() + timedelta(days=7, minutes=1)):
        assert snooze.former_moment(row) is None


def test_a_moment_that_is_over_is_not_offered(asleep, carol, monday):
    tickets.receive_message(asleep, "Any news?", actor=carol)
    with at(monday + timedelta(minutes=1)):
        assert snooze.former_moment(again(asleep)) is None


def test_one_that_ignores_replies_sleeps_on_with_its_status_set(ticket, ana, carol, monday):
    tickets.reply(ticket, "<p>On Monday.</p>", actor=ana)
    snooze.snooze(ticket, monday, actor=ana, ignores_replies=True)
    tickets.receive_message(again(ticket), "Thanks!", actor=carol)
    row = again(ticket)
    assert (row.is_snoozed, row.status_id, row.awaits_reply) == (True, lookups.default_status().id, True)
    assert sum(figures(ana)) == 0


# --- What ends the sleep, and what does not -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "view"), [(tickets.close, "closed"), (tickets.mark_spam, "spam"), (tickets.delete, "bin")]
)
def test_closing_spam_and_the_bin_end_it(asleep, ana, end, view, monday):
    end(asleep, actor=ana)
    assert view in views_of(ana, asleep)
    assert "snoozed" not in views_of(ana, asleep)
    with at(monday):
        assert snooze.wake_due() == 0
    assert lines(asleep)[-1].startswith("Ana ")


def test_a_status_that_closes_from_now_on_ends_it(asleep, root):
    status = Status.create(identifier="later", label=Label(en="Later"), category="pending", position=9)
    Ticket.update(status=status.id).execute()
    workflow.save_status(Status.get_by_id(status.id), {"category": "closed"}, actor=root)
    assert not again(asleep).is_snoozed


@pytest.mark.parametrize("which", [0, 1])
def test_merging_ends_it(asleep, ana, carol, billing, invoices, which):
    pair = (asleep, cast.open_ticket(carol, billing, invoices))
    tickets.merge(pair[which], pair[1 - which], actor=ana)
    (row,) = Ticket.select()
    assert (row.is_snoozed, row.snoozed_until, row.woken_at) == (False, None, None)


def test_who_gets_it_is_told_until_when(asleep, ana, smtp):
    """In their own language and time zone."""
    Ticket.update(snoozed_until=datetime(2030, 1, 7, 8)).execute()
    zoe = cast.make_agent("Zoe", asleep.service, timezone="Asia/Tokyo", locale="fr")
    tickets.transfer(again(asleep), zoe, actor=ana, note="Pour lundi")
    outbox.deliver_due()
    assert again(asleep).is_snoozed
    (mail,) = [row for row in smtp.messages if "zoe@" in str(row["To"])]
    assert "Il est en veille jusqu’au 07/01/2030 17:00." in mail.get_body(("plain",)).get_content()


def test_a_leaving_agent_hands_it_over_as_what_is_open(asleep, ana):
    tickets.take(asleep, actor=ana)
    assert (ticket_holdings.count_open(ana), ticket_holdings.count_others(ana)) == (1, 0)


@pytest.fixture
def pause(database):
    """Replies wait for ten seconds."""
    settings.save({"undo_send_seconds": 10})


@pytest.mark.usefixtures("pause")
def test_withdrawing_the_reply_that_closed_it_lets_it_sleep_again(asleep, ana, monday):
    sent = tickets.reply(asleep, "<p>Done.</p>", actor=ana, close=True)
    assert not again(asleep).is_snoozed
    tickets.withdraw_reply(sent, actor=ana)
    row = again(asleep)
    assert (row.is_open, row.is_snoozed, row.snoozed_until, row.snoozed_by) == (True, True, monday, ana.id)


@pytest.mark.usefixtures("pause")
def test_withdrawing_a_reply_wakes_nothing_that_was_snoozed_since(ticket, ana, monday):
    sent = tickets.reply(ticket, "<p>Wait.</p>", actor=ana)
    snooze.snooze(ticket, monday, actor=ana)
    tickets.withdraw_reply(sent, actor=ana)
    assert again(ticket).is_snoozed


# --- Many ---------------------------------------------------------------------------------------------------------


def in_bulk(name: str, rule: Any, *rows: Ticket, actor: Agent) -> BulkAction:
    outcome = bulk.run(name, [row.id for row in rows], rule, actor=actor)
    assert outcome.done == len(rows)
    assert outcome.action is not None
    return outcome.action


def test_many_are_snoozed_and_that_is_undone(ticket, ana, carol, billing, invoices, monday):
    other = cast.open_ticket(carol, billing, invoices)
    action = in_bulk("snooze", lambda row: snooze.snooze(row, monday, actor=ana), ticket, other, actor=ana)
    assert sum(figures(ana)) == 0
    # Somebody has woken one of them since, and put it to sleep for longer.
    snooze.wake(again(other), actor=ana)
    snooze.snooze(again(other), monday + timedelta(days=1), actor=ana)
    undone = undo.undo(action, actor=ana)
    assert (undone.back, undone.left_alone) == (1, 1)
    assert not again(ticket).is_snoozed
    assert lines(ticket)[-1] == "Ana undid a change: awake again"
    assert again(other).snoozed_until == monday + timedelta(days=1)


def test_many_are_woken_and_that_is_undone(asleep, ana, monday):
    action = in_bulk("wake", lambda row: snooze.wake(row, actor=ana), asleep, actor=ana)
    assert not again(asleep).is_snoozed
    undo.undo(action, actor=ana)
    row = again(asleep)
    assert (row.is_snoozed, row.snoozed_until, row.snoozed_by) == (True, monday, ana.id)


@pytest.mark.parametrize(
    ("name", "rule"), [("close", tickets.close), ("spam", tickets.mark_spam), ("delete", tickets.delete)]
)
def test_what_ended_the_sleep_of_many_is_undone_with_it(asleep, ana, monday, name, rule):
    action = in_bulk(name, lambda row: rule(row, actor=ana), asleep, actor=ana)
    undo.undo(action, actor=ana)
    assert (again(asleep).is_snoozed, again(asleep).snoozed_until) == (True, monday)


def test_what_is_undone_does_not_sleep_in_the_bin(asleep, ana):
    action = in_bulk("close", lambda row: tickets.close(row, actor=ana), asleep, actor=ana)
    tickets.delete(again(asleep), actor=ana)
    undo.undo(action, actor=ana)
    row = again(asleep)
    assert (row.in_bin, row.is_snoozed) == (True, False)


def test_the_program_may_snooze_too(ticket, monday):
    snooze.snooze(ticket, monday, actor=SYSTEM)
    with at(monday):
        assert snooze.wake_due() == 1
