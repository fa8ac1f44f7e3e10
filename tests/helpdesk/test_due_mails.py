"""Who hears of due times, when, and that nobody hears of one twice."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
import time_machine
from playhouse.test_utils import count_queries

import helpdesk.wiring  # noqa: F401 — due times follow from events only once it is read
from database import database
from helpdesk import clock, due_mails, settings, snooze, tickets
from helpdesk.due_times import keeping, rules
from helpdesk.opening_hours import saving
from helpdesk.operations import clock_guard, jobs
from helpdesk.people import agents
from models import NO_DUE_TIME, Agent, DueTime, OpeningHours, OutgoingEmail, Ticket
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")
START = datetime(2026, 11, 30, 9, 0)
OURS = ("due_soon", "overdue", "several-due-soon", "several-overdue", "due-list")


@pytest.fixture
def monday():
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as moment:
        yield moment


@pytest.fixture
def ruled(monday, root):
    return rules.save(DueTime(), {"first_reply": 300}, actor=root)


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def assigned(agent: Agent, *place) -> Ticket:
    ticket = cast.open_ticket(*place)
    tickets.assign(fresh(ticket), agent, actor=agent)
    return ticket


def mails() -> list[tuple[str, str]]:
    """Return the mails about due times that were written since this was last asked: whom to, and their kind."""
    ours = OutgoingEmail.select().where(OutgoingEmail.kind.in_(OURS)).order_by(OutgoingEmail.id)
    found = [(mail.to_email.partition("@")[0], mail.kind) for mail in ours]
    OutgoingEmail.delete().where(OutgoingEmail.kind.in_(OURS)).execute()
    return found


def run(moment, **ahead: float) -> list[tuple[str, str]]:
    """Let time pass, and the desk do its work of a minute."""
    moment.shift(timedelta(**ahead))
    due_mails.run()
    return mails()


def test_whoever_has_it_is_warned_once_and_told_once(monday, ruled, ana, carol, billing, invoices):
    ticket = assigned(ana, carol, billing, invoices)
    assert run(monday, hours=3, minutes=59) == []
    monday.shift(timedelta(minutes=1))
    due_mails.run()
    mail = OutgoingEmail.get(kind="due_soon")
    assert ticket.number in mail.subject
    assert "First reply: due on" in mail.body
    assert mails() == [("ana", "due_soon")]
    assert run(monday, minutes=59) == []
    assert run(monday, minutes=1) == [("ana", "overdue")]
    assert run(monday, hours=1) == []
    assert fresh(ticket).alert_at == NO_DUE_TIME


def test_what_nobody_has_is_told_to_those_told_of_new_ones(monday, ruled, ana, ben, carol, billing, invoices):
    cast.permit(ben, invoices, notify=True)
    cast.open_ticket(carol, billing, invoices)
    assert ("ben", "due_soon") in run(monday, hours=4)


def test_an_answer_in_time_is_followed_by_no_mail(monday, ruled, ana, carol, billing, invoices):
    ticket = assigned(ana, carol, billing, invoices)
    tickets.reply(fresh(ticket), "<p>Yes.</p>", actor=ana)
    assert run(monday, hours=5) == []


def test_taking_an_answer_back_warns_nobody_again(monday, ruled, ana, carol, billing, invoices):
    settings.save({"undo_send_seconds": 10})
    ticket = assigned(ana, carol, billing, invoices)
    assert run(monday, hours=4) == [("ana", "due_soon")]
    message = tickets.reply(fresh(ticket), "<p>Yes.</p>", actor=ana)
    tickets.withdraw_reply(message, actor=ana)
    assert run(monday, minutes=1) == []
    assert run(monday, hours=1) == [("ana", "overdue")]


def test_several_at_once_come_in_one_mail(monday, ruled, ana, carol, billing, invoices):
    numbers = {assigned(ana, carol, billing, invoices).number for _ in range(3)}
    monday.shift(timedelta(hours=4))
    due_mails.run()
    mail = OutgoingEmail.get(kind="several-due-soon")
    assert all(number in mail.body for number in numbers)
    assert mails() == [("ana", "several-due-soon")]


def test_each_agent_says_which_mails_to_get(monday, ruled, ana, carol, billing, invoices):
    agents.save_profile(Agent.get_by_id(ana.id), {"mail_on_warning": False})
    assigned(ana, carol, billing, invoices)
    assert run(monday, hours=4) == []
    agents.save_profile(Agent.get_by_id(ana.id), {"mail_on_overdue": False})
    assert run(monday, hours=1) == []


def test_an_owner_says_when_to_warn_and_may_switch_it_off(monday, root, ruled, ana, carol, billing, invoices):
    assigned(ana, carol, billing, invoices)
    settings.save({"due_warning_percent": 50})
    keeping.recalculate()
    assert run(monday, hours=2, minutes=30) == [("ana", "due_soon")]
    settings.save({"due_warning_percent": 0})
    assigned(ana, carol, billing, invoices)
    assert run(monday, hours=4, minutes=59) == [("ana", "overdue")]


def test_at_night_it_waits_until_the_desk_opens_unless_wanted(monday, root, ana, carol, billing, invoices):
    saving.save_hours(OpeningHours(), {"monday": "9-17", "tuesday": "9-17"}, actor=root)
    rules.save(DueTime(), {"first_reply": 480}, actor=root)
    assigned(ana, carol, billing, invoices)
    assert run(monday, hours=7) == [("ana", "due_soon")]
    # It is due at 17:00, when the desk closes.
    assert run(monday, hours=1, minutes=1) == []
    assert run(monday, hours=15, minutes=59) == [("ana", "overdue")]
    settings.save({"due_alerts_at_night": True})
    assigned(ana, carol, billing, invoices)
    assert run(monday, hours=8) == [("ana", "overdue")]


def test_what_came_while_nobody_ran_waits_for_the_morning(monday, root, ana, carol, billing, invoices):
    saving.save_hours(OpeningHours(), {"monday": "9-17", "tuesday": "9-17"}, actor=root)
    rules.save(DueTime(), {"first_reply": 470}, actor=root)
    assigned(ana, carol, billing, invoices)
    assert run(monday, hours=15) == []
    assert run(monday, hours=9) == [("ana", "overdue")]


def test_after_days_off_or_with_a_new_rule_nothing_old_is_told(monday, root, ana, carol, billing, invoices):
    old = [assigned(ana, carol, billing, invoices) for _ in range(3)]
    monday.shift(timedelta(days=3))
    rules.save(DueTime(), {"first_reply": 300}, actor=root)
    keeping.recalculate()
    assert run(monday) == []
    assigned(ana, carol, billing, invoices)
    # The desk is off for two days and a half.
    assert run(monday, days=2, hours=12) == []
    assert all(fresh(ticket).alert_at < clock.now() or fresh(ticket).alert_at == NO_DUE_TIME for ticket in old)


def test_after_a_month_the_timetable_rests(monday, ruled, ana, carol, billing, invoices):
    assigned(ana, carol, billing, invoices)
    job = next(job for job in jobs.TIMETABLE.jobs if job.name == "mails about due times")
    clock_guard.may_delete()
    monday.shift(timedelta(days=40))
    Ticket.update(alert_at=clock.now()).execute()
    job.run()
    assert mails() == []
    assert fresh(Ticket.get()).alert_at == clock.now()


def test_a_clock_that_was_ahead_for_an_hour_tells_nothing_twice(monday, ruled, ana, carol, billing, invoices):
    assigned(ana, carol, billing, invoices)
    assert run(monday, hours=4) == [("ana", "due_soon")]
    assert run(monday, hours=-1) == []
    assert run(monday, hours=1) == []


def test_sleep_spam_and_the_bin_are_quiet(monday, ruled, root, ana, carol, billing, invoices):
    asleep, spam, binned = (assigned(ana, carol, billing, invoices) for _ in range(3))
    snooze.snooze(fresh(asleep), START + timedelta(hours=6), actor=ana)
    tickets.mark_spam(fresh(spam), actor=root)
    tickets.delete(fresh(binned), actor=root)
    assert run(monday, hours=5) == []
    monday.shift(timedelta(hours=1))
    snooze.wake_due()
    assert run(monday) == [("ana", "overdue")]


def test_hosts_that_look_at_the_same_moment_tell_once(app, root, ana, carol, billing, invoices):
    rules.save(DueTime(), {"first_reply": 300}, actor=root)
    for _ in range(6):
        assigned(ana, carol, billing, invoices)
    with time_machine.travel(clock.now() + timedelta(hours=4, minutes=30), tick=False):
        counts: list[int] = []

        def look() -> None:
            with app.app_context():
                counts.append(due_mails.run())
            database.close()

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(counts) == 6
    listed = "".join(mail.body for mail in OutgoingEmail.select().where(OutgoingEmail.kind.in_(OURS)))
    assert all(listed.count(f">#{ticket.number}<") == 1 for ticket in Ticket.select())


def test_a_minute_without_anything_new_reads_one_index(monday, ruled, ana, carol, billing, invoices):
    assigned(ana, carol, billing, invoices)
    with count_queries() as counter:
        assert due_mails.run() == 0
    assert counter.count == 1


def test_those_who_see_everything_get_a_list_once_a_day(monday, root, ruled, ana, carol, billing, invoices):
    first, _second = (assigned(ana, carol, billing, invoices) for _ in range(2))
    assert due_mails.tell_managers() == 0
    monday.shift(timedelta(days=1, hours=-1, minutes=-1))
    # It is a minute to eight in the morning.
    assert due_mails.tell_managers() == 0
    monday.shift(timedelta(minutes=1))
    assert due_mails.tell_managers() == 1
    mail = OutgoingEmail.get(kind="due-list")
    assert mail.to_email == root.email
    assert mail.subject == "Overdue tickets: 2"
    assert f">#{first.number}<" in mail.body
    monday.shift(timedelta(hours=3))
    assert due_mails.tell_managers() == 0
    agents.save_profile(Agent.get_by_id(root.id), {"mail_on_due_list": False})
    monday.shift(timedelta(days=1))
    assert due_mails.tell_managers() == 0
