"""Tickets that are closed by themselves: announced first, at the right time, and only where that is meant."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
import time_machine
from peewee import fn
from playhouse.test_utils import count_queries

import helpdesk.wiring  # noqa: F401 — plans follow from events only once it is read
from database import database, is_sqlite
from helpdesk import automatic_closing, clock, events, send_later, settings, snooze, tickets
from helpdesk.automatic_closing import keeping, places, preview, steps
from helpdesk.lists import bulk, undo
from helpdesk.operations import clock_guard, jobs
from helpdesk.reports import satisfaction
from helpdesk.send_later import NewReply, scheduling
from helpdesk.settings import lookups
from helpdesk.tickets import merging
from models import AutomaticClosing, CustomerAddress, OpeningHours, OutgoingEmail, Status, Ticket, TicketEvent
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")
KINDS = ("closing_soon", "closing", "not-resolved")


@pytest.fixture
def time():
    with time_machine.travel("2026-11-02T09:00:00+00:00", tick=False) as moment:
        yield moment


@pytest.fixture
def ruled(time, root):
    """The whole desk: closed after 14 days, announced 3 days before."""
    return save(root)


def save(root, row=None, **values) -> AutomaticClosing:
    pending = [status.id for status in lookups.statuses() if places.counts(status)]
    values = {"after_days": 14, "warning_days": 3, "statuses": pending, "enabled": True, **values}
    return places.save(row or AutomaticClosing(), values, actor=root)


def waiting(ana, *place) -> Ticket:
    """Return a ticket that waits for its customer."""
    ticket = cast.open_ticket(*place)
    tickets.reply(fresh(ticket), "<p>Which one?</p>", actor=ana, at_once=True)
    return fresh(ticket)


@pytest.fixture
def pending(ruled, ana, carol, billing, invoices) -> Ticket:
    return waiting(ana, carol, billing, invoices)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def lines(ticket: Ticket) -> list[str]:
    return [events.describe(event) for event in ticket.events.order_by(TicketEvent.id)]


def send_all() -> None:
    """Let the mail server take what is owed."""
    waits = OutgoingEmail.state == "pending"
    OutgoingEmail.update(state="sent", sent_at=clock.now()).where(waits, OutgoingEmail.due_at <= clock.now()).execute()


def run(moment, **ahead: float) -> list[str]:
    """Let time pass and the desk do its work of a minute; return which mails about closing were written."""
    moment.shift(timedelta(**ahead))
    last = OutgoingEmail.select(fn.MAX(OutgoingEmail.id)).scalar() or 0
    keeping.recalculate()
    steps.run()
    ours = OutgoingEmail.select().where(OutgoingEmail.kind.in_(KINDS), OutgoingEmail.id > last)
    new = [f"{mail.to_email.partition('@')[0]} {mail.kind}" for mail in ours.order_by(OutgoingEmail.id)]
    send_all()
    return new


# --- The usual life -----------------------------------------------------------------------------------------------


def test_a_ticket_is_announced_and_then_closed(time, pending):
    assert pending.closes_at == clock.now() + timedelta(days=14)
    assert run(time, days=10, hours=23) == []
    assert run(time, hours=1) == ["carol closing_soon"]
    mail = OutgoingEmail.get(kind="closing_soon")
    assert "It will be closed on Monday 16 November 2026." in mail.body
    assert pending.number in mail.subject
    assert automatic_closing.is_announced(fresh(pending))
    assert run(time, days=2, hours=23) == []
    assert fresh(pending).is_open
    assert run(time, hours=1) == []
    closed = fresh(pending)
    assert closed.is_closed
    assert (closed.closes_at, closed.closing_step_at) == (None, None)
    assert lines(pending)[-1] == "The desk closed the ticket: without a reply for 14 days"
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "closing_soon").count() == 1


def test_a_message_of_either_side_begins_anew_and_nothing_else_does(time, pending, ana, sales, carol, billing):
    time.shift(timedelta(days=5))
    tickets.add_note(fresh(pending), "<p>x</p>", actor=ana)
    tickets.tag(fresh(pending), "x", actor=ana)
    tickets.assign(fresh(pending), None, actor=ana)
    tickets.move(fresh(pending), billing.id, lookups.departments(billing.id)[1].id, actor=ana)
    assert fresh(pending).closes_at == datetime(2026, 11, 16, 9)
    tickets.reply(fresh(pending), "<p>Still there?</p>", actor=ana, at_once=True)
    assert fresh(pending).closes_at == datetime(2026, 11, 21, 9)
    tickets.receive_message(fresh(pending), "Yes.", actor=carol)
    assert fresh(pending).closes_at is None
    assert run(time, days=30) == []
    assert fresh(pending).is_open


def test_a_reply_that_is_taken_back_counts_for_nothing(time, pending, ana):
    settings.save({"undo_send_seconds": 30})
    time.shift(timedelta(days=5))
    message = tickets.reply(fresh(pending), "<p>Still there?</p>", actor=ana)
    assert fresh(pending).closes_at == datetime(2026, 11, 21, 9)
    tickets.withdraw_reply(message, actor=ana)
    assert fresh(pending).closes_at == datetime(2026, 11, 16, 9)


def test_an_announcement_is_void_once_somebody_writes(time, pending, ana):
    run(time, days=11)
    time.shift(timedelta(days=1))
    tickets.reply(fresh(pending), "<p>One more thing.</p>", actor=ana, at_once=True)
    assert not automatic_closing.is_announced(fresh(pending))
    assert run(time, days=3) == []
    assert run(time, days=8) == ["carol closing_soon"]


def test_its_days_count_from_its_status_where_that_is_later(time, ruled, ana, carol, billing, invoices):
    ticket = cast.open_ticket(carol, billing, invoices)
    time.shift(timedelta(days=30))
    assert fresh(ticket).closes_at is None
    tickets.set_status(fresh(ticket), lookups.pending_status(), actor=ana)
    assert fresh(ticket).closes_at == clock.now() + timedelta(days=14)


def test_reopened_by_a_message_it_waits_for_the_team(time, pending, carol):
    run(time, days=11)
    run(time, days=3)
    tickets.receive_message(fresh(pending), "Not yet!", actor=carol)
    assert (fresh(pending).is_open, fresh(pending).awaits_reply, fresh(pending).closes_at) == (True, True, None)


# --- Where and when -----------------------------------------------------------------------------------------------


def test_the_narrowest_place_holds_also_when_it_is_off(time, ruled, root, ana, carol, billing, invoices, sales):
    refunds = lookups.departments(billing.id)[1]
    save(root, service=billing.id, after_days=20)
    save(root, department=refunds.id, enabled=False)
    ana_of_all = cast.make_agent("Zoe", None)
    days = {}
    for name, place in {"sales": (sales,), "invoices": (billing, invoices), "refunds": (billing, refunds)}.items():
        closes = waiting(ana_of_all, carol, *place).closes_at
        days[name] = closes and (closes - clock.now()).days
    assert days == {"sales": 14, "invoices": 20, "refunds": None}


def test_a_moved_ticket_follows_the_place_it_comes_to(time, pending, root, billing):
    refunds = lookups.departments(billing.id)[1]
    save(root, department=refunds.id, after_days=5, warning_days=1)
    tickets.move(pending, billing.id, refunds.id, actor=root)
    assert fresh(pending).closes_at == clock.now() + timedelta(days=5)


def test_with_opening_hours_only_open_days_count(time, root, ruled, ana, carol, billing, invoices):
    OpeningHours.create(**dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "09:00–17:00"))
    keeping.recalculate()
    ticket = waiting(ana, carol, billing, invoices)
    assert ticket.closes_at == datetime(2026, 11, 20, 9)
    assert ticket.closing_step_at == datetime(2026, 11, 17, 9)


def test_only_the_chosen_statuses_count_while_they_are_pending_and_enabled(time, root, pending, ana):
    on_hold = Status.get(Status.identifier == "on hold")
    save(root, ruled_row(), statuses=[lookups.pending_status().id])
    tickets.set_status(fresh(pending), on_hold, actor=ana)
    assert fresh(pending).closes_at is None
    save(root, ruled_row(), statuses=[on_hold.id])
    keeping.recalculate()
    assert fresh(pending).closes_at is not None
    on_hold.enabled = False
    on_hold.save()
    keeping.recalculate()
    assert fresh(pending).closes_at is None
    assert places.counting(ruled_row()) == []


def ruled_row() -> AutomaticClosing:
    return AutomaticClosing.get()


def test_a_deleted_place_and_a_row_switched_off_leave_tickets_alone(time, root, pending):
    save(root, ruled_row(), enabled=False)
    keeping.recalculate()
    assert (fresh(pending).closes_at, fresh(pending).closing_step_at) == (None, None)
    assert run(time, days=60) == []


# --- What is left alone -------------------------------------------------------------------------------------------


def test_what_sleeps_is_left_alone_and_counts_anew_when_it_wakes(time, pending, ana):
    snooze.snooze(fresh(pending), clock.now() + timedelta(days=40), actor=ana)
    assert run(time, days=39) == []
    time.shift(timedelta(days=1))
    snooze.wake_due()
    assert fresh(pending).closes_at == clock.now() + timedelta(days=14)


@pytest.mark.parametrize("act", [tickets.mark_spam, tickets.delete, tickets.close])
def test_spam_the_bin_and_what_is_closed_are_left_alone(time, pending, root, act):
    act(fresh(pending), actor=root)
    assert (fresh(pending).closes_at, fresh(pending).closing_step_at) == (None, None)


def test_a_reply_that_is_sent_later_holds_it_open(time, pending, ana):
    send_later.schedule(fresh(pending), NewReply("<p>x</p>"), clock.now() + timedelta(days=20), actor=ana)
    assert fresh(pending).closes_at is None
    (row,) = scheduling.of_ticket(pending)
    send_later.cancel(row, actor=ana)
    assert fresh(pending).closes_at == datetime(2026, 11, 16, 9)


def test_a_merged_ticket_begins_anew(time, pending, ana, carol, billing, invoices):
    run(time, days=11)
    other = waiting(ana, carol, billing, invoices)
    merging.merge(other, pending, actor=ana)
    assert fresh(pending).closes_at == clock.now() + timedelta(days=14)
    assert not automatic_closing.is_announced(fresh(pending))


def test_one_the_team_keeps_open_stays_open_until_it_is_allowed(time, pending, ana):
    automatic_closing.keep_open(fresh(pending), actor=ana)
    assert fresh(pending).closes_at is None
    assert run(time, days=60) == []
    automatic_closing.allow_closing(fresh(pending), actor=ana)
    assert run(time, minutes=1) == ["carol closing_soon"]
    assert run(time, days=2, hours=23) == []
    run(time, hours=1)
    assert fresh(pending).is_closed
    assert lines(pending)[-4] == "Ana does not want the ticket to be closed by itself"


def test_an_undone_closing_begins_anew(time, pending, root):
    run(time, days=11)
    done = bulk.run("close", [pending.id], lambda row: tickets.close(row, actor=root), actor=root)
    time.shift(timedelta(minutes=5))
    undo.undo(done.action, actor=root)
    assert fresh(pending).closes_at == clock.now() + timedelta(days=14)


# --- Whom the announcement does not reach -------------------------------------------------------------------------


def test_an_address_that_takes_no_mail_keeps_the_ticket_open(time, pending):
    CustomerAddress.update(undeliverable_at=clock.now() + timedelta(days=10)).execute()
    run(time, days=11)
    assert lines(pending)[-1].startswith("The ticket stays open: no e-mail could tell")
    assert run(time, days=30) == []
    assert fresh(pending).is_open


@pytest.mark.parametrize("fate", [{"state": "failed"}, {"state": "cancelled"}, {"bounced_at": datetime(2026, 11, 13)}])
def test_an_announcement_that_was_not_delivered_closes_nothing(time, pending, fate):
    run(time, days=11)
    OutgoingEmail.update(**fate).where(OutgoingEmail.kind == "closing_soon").execute()
    run(time, days=3)
    assert fresh(pending).is_open
    assert lines(pending)[-1].startswith("The ticket stays open: no e-mail could tell")
    assert fresh(pending).closing_step_at is None


def test_one_that_waits_for_the_mail_server_waits_with_it(time, pending):
    run(time, days=11)
    mine = OutgoingEmail.kind == "closing_soon"
    OutgoingEmail.update(state="pending", sent_at=None).where(mine).execute()
    time.shift(timedelta(days=4))
    steps.run()
    assert fresh(pending).is_open
    OutgoingEmail.update(state="sent", sent_at=clock.now()).where(mine).execute()
    run(time, hours=2)
    assert fresh(pending).is_open
    run(time, days=3)
    assert fresh(pending).is_closed


def test_an_address_not_proven_gets_nothing_that_was_typed(time, ruled, ana, billing, invoices):
    waiting(ana, "vera@customer.example", billing, invoices)
    assert run(time, days=11) == ["vera closing"]
    mail = OutgoingEmail.get(kind="closing")
    assert "invoice" not in mail.subject + mail.body


# --- Switching it on ----------------------------------------------------------------------------------------------


def test_what_was_due_before_is_left_alone_until_it_is_included(time, root, ana, carol, billing, invoices):
    row = save(root, enabled=False)
    old = [waiting(ana, carol, billing, invoices) for _ in range(3)]
    time.shift(timedelta(days=12))
    young = waiting(ana, carol, billing, invoices)
    time.shift(timedelta(days=8))
    assert preview.older([row]) == {row.id: [ticket.id for ticket in old]}
    save(root, row)
    assert run(time, minutes=1) == []
    assert preview.older([row]) == {row.id: [ticket.id for ticket in old]}
    assert run(time, days=3) == ["carol closing_soon"]
    run(time, days=3)
    assert fresh(young).is_closed
    assert all(fresh(ticket).is_open for ticket in old)
    places.include_older(row, actor=root)
    assert run(time, minutes=1) == ["carol closing_soon"] * 3
    assert preview.older([ruled_row()]) == {}
    assert all(fresh(ticket).is_open for ticket in old)
    run(time, days=3)
    assert all(fresh(ticket).is_closed for ticket in old)


def test_between_its_announcement_and_its_end_a_ticket_still_gets_all_days(time, root, ana, carol, billing, invoices):
    ticket = waiting(ana, carol, billing, invoices)
    time.shift(timedelta(days=13))
    save(root)
    assert run(time, minutes=1) == ["carol closing_soon"]
    assert fresh(ticket).closes_at == clock.now() + timedelta(days=3)


def test_a_shorter_time_closes_nothing_that_was_due_by_it_before(time, root, pending):
    time.shift(timedelta(days=8))
    save(root, ruled_row(), after_days=5, warning_days=1)
    assert run(time, minutes=1) == []
    assert fresh(pending).closes_at is None


def test_what_was_announced_before_a_row_was_off_for_long_is_announced_anew(time, root, pending):
    run(time, days=11)
    save(root, ruled_row(), enabled=False)
    run(time, days=60)
    row = save(root, ruled_row(), enabled=True)
    assert run(time, minutes=1) == []
    assert fresh(pending).is_open
    assert preview.older([row]) == {row.id: [pending.id]}
    places.include_older(row, actor=root)
    assert run(time, minutes=1) == ["carol closing_soon"]
    assert run(time, days=2) == []
    assert fresh(pending).is_open
    run(time, days=1)
    assert fresh(pending).is_closed


def test_an_announcement_holds_where_a_row_is_off_for_a_moment(time, root, pending):
    run(time, days=11)
    save(root, ruled_row(), enabled=False)
    save(root, ruled_row(), enabled=True)
    assert run(time, days=3) == []
    assert fresh(pending).is_closed


def test_kept_open_beyond_its_day_it_is_announced_anew(time, pending, ana):
    run(time, days=11)
    automatic_closing.keep_open(fresh(pending), actor=ana)
    run(time, days=60)
    automatic_closing.allow_closing(fresh(pending), actor=ana)
    assert run(time, minutes=1) == ["carol closing_soon"]
    assert fresh(pending).is_open
    assert fresh(pending).closes_at == clock.now() + timedelta(days=3)


def test_back_from_a_place_that_closes_nothing_it_is_announced_anew(time, pending, root, billing, invoices):
    refunds = lookups.departments(billing.id)[1]
    save(root, department=refunds.id, enabled=False)
    run(time, days=11)
    tickets.move(fresh(pending), billing.id, refunds.id, actor=root)
    run(time, days=60)
    tickets.move(fresh(pending), billing.id, invoices.id, actor=root)
    assert run(time, minutes=1) == ["carol closing_soon"]
    assert fresh(pending).is_open


# --- The run ------------------------------------------------------------------------------------------------------


def test_many_tickets_are_worked_out_by_few_statements(time, root, ana, carol, billing, invoices):
    rows = []
    for _ in range(5):
        rows.append(waiting(ana, carol, billing, invoices))
        time.shift(timedelta(minutes=1))
    save(root)
    with count_queries() as counted:
        keeping.recalculate()
    assert [fresh(row).closes_at for row in rows] == [datetime(2026, 11, 16, 9, minute) for minute in range(5)]
    assert [fresh(row).closing_step_at for row in rows] == [datetime(2026, 11, 13, 9, minute) for minute in range(5)]
    few = counted.count
    for _ in range(5):
        rows.append(waiting(ana, carol, billing, invoices))
    save(root, ruled_row(), after_days=20)
    places.rows()
    with count_queries() as counted:
        keeping.recalculate()
    assert counted.count <= few
    save(root, ruled_row(), enabled=False)
    save(root, service=billing.id)
    save(root, department=invoices.id, enabled=False)
    keeping.recalculate()
    assert not Ticket.select().where(keeping.STEP | Ticket.closes_at.is_null(False)).exists()


def test_what_a_clock_that_was_ahead_has_done_holds_nothing_up(time, monkeypatch, pending):
    monkeypatch.setattr(steps, "HOURLY", 1)
    run(time, days=11)
    ahead = TicketEvent.kind == events.EventKind.CLOSING_ANNOUNCED.value
    TicketEvent.update(created_at=clock.now() + timedelta(days=20)).where(ahead).execute()
    assert steps._of_last_hour() == {}


def test_at_most_so_many_an_hour_the_longest_due_first(time, monkeypatch, ruled, ana, carol, billing, invoices):
    monkeypatch.setattr(steps, "HOURLY", 2)
    rows = []
    for _ in range(5):
        rows.append(waiting(ana, carol, billing, invoices))
        time.shift(timedelta(minutes=1))
    for minutes, expected in ((11 * 24 * 60, 2), (59, 0), (2, 2), (61, 1)):
        assert len(run(time, minutes=minutes)) == expected
    time.shift(timedelta(days=3))
    closed = []
    for minutes in (0, 59, 2, 61):
        run(time, minutes=minutes)
        closed.append([fresh(row).is_closed for row in rows].count(True))
    assert closed == [2, 2, 4, 5]


def test_a_desk_that_slept_does_what_fell_due_once(time, pending):
    assert run(time, days=20) == ["carol closing_soon"]
    assert fresh(pending).is_open
    assert run(time, minutes=1) == []
    run(time, days=3)
    assert fresh(pending).is_closed


def test_after_a_month_without_a_run_it_rests_for_a_day(time, pending):
    (job,) = [job for job in jobs.TIMETABLE.jobs if job.name == "automatic closing"]
    clock_guard.may_delete()
    time.shift(timedelta(days=40))
    job.run()
    clock_guard.may_delete()
    job.run()
    assert not OutgoingEmail.select().where(OutgoingEmail.kind == "closing_soon").exists()
    time.shift(timedelta(days=1))
    clock_guard.may_delete()
    job.run()
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "closing_soon").count() == 1


def test_one_that_fails_holds_no_other_up(time, monkeypatch, pending, ana, carol, billing, invoices):
    other = waiting(ana, carol, billing, invoices)
    usual = steps._announce

    def fails_once(ticket, *rest):
        if ticket.id == pending.id:
            raise ValueError("no")
        return usual(ticket, *rest)

    monkeypatch.setattr(steps, "_announce", fails_once)
    assert run(time, days=11) == ["carol closing_soon"]
    assert automatic_closing.is_announced(fresh(other))
    assert fresh(pending).closing_step_at == clock.now() + timedelta(hours=1)


def test_two_hosts_announce_once(time, pending, app):
    if is_sqlite():
        pytest.skip("one writer at a time")
    time.shift(timedelta(days=11))

    def work() -> None:
        with app.app_context(), database.connection_context():
            steps.run()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "closing_soon").count() == 1


def test_a_minute_in_which_nothing_is_due_is_one_statement(time, pending):
    keeping.recalculate()
    with count_queries() as counted:
        steps.run()
    assert counted.count == 1
    if is_sqlite():
        due = Ticket.select(Ticket.id).where(keeping.STEP, Ticket.closing_step_at <= clock.now())
        sql, values = due.order_by(Ticket.closing_step_at, Ticket.id).limit(9).sql()
        plan = " ".join(str(row) for row in database.execute_sql(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
        assert "SEARCH" in plan
        assert "ticket_closing_step" in plan
        assert "TEMP B-TREE" not in plan


def test_without_a_row_that_is_on_an_act_reads_nothing_for_it(time, ticket, ana, root):
    places.rows()
    with count_queries() as before:
        tickets.add_note(fresh(ticket), "<p>x</p>", actor=ana)
    save(root, enabled=False)
    places.rows()
    with count_queries() as after:
        tickets.add_note(fresh(ticket), "<p>y</p>", actor=ana)
    assert before.count == after.count


# --- Satisfaction -------------------------------------------------------------------------------------------------


def test_nobody_is_asked_twice_whether_they_are_satisfied(time, pending, ana, carol):
    settings.save({"ask_satisfaction": True})
    tickets.close(fresh(pending), actor=ana)
    assert satisfaction.is_asked(fresh(pending), carol)
    tickets.receive_message(fresh(pending), "Once more.", actor=carol)
    tickets.reply(fresh(pending), "<p>Which one?</p>", actor=ana, at_once=True)
    run(time, days=11)
    run(time, days=3)
    assert fresh(pending).is_closed
    assert not satisfaction.is_asked(fresh(pending), carol)
