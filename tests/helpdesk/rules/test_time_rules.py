"""Rules when time has passed (D5), also after the clock jumped or the desk was off (RULES 42)."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from functools import partial

import pytest
import time_machine
from playhouse.test_utils import count_queries

import helpdesk.wiring  # noqa: F401 — rules follow from events only once it is read
from database import Label
from helpdesk import clock, filters, settings, snooze, tickets
from helpdesk.departures import ticket_holdings
from helpdesk.errors import InvalidInput
from helpdesk.lists import bulk, undo
from helpdesk.macros import using, writing
from helpdesk.opening_hours import saving
from helpdesk.operations import clock_guard, upkeep
from helpdesk.rules import acting, explaining, time_rules
from helpdesk.settings import lookups, run_state
from models import (
    CannedResponse,
    Filter,
    OpeningHours,
    OutgoingEmail,
    Priority,
    RuleMoment,
    RuleRecord,
    Ticket,
)
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")
HOUR = timedelta(hours=1)


def make_rule(trigger, hours, *actions, conditions=(), **values):
    """Save a rule as its screen does."""
    rows = [dict(zip(("field", "operator", "value"), map(str, one), strict=True)) for one in conditions]
    values = {"name": f"{trigger} {hours}", "beginning": "passed", "trigger": trigger, "hours": str(hours), **values}
    acts = [{"action": key, "argument": str(argument)} for key, argument in actions]
    return filters.save_filter(None, {**values, "conditions": rows, "actions": acts}, actor=cast.owner())


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def names(ticket: Ticket) -> list[str]:
    return sorted(row.tag.name for row in ticket.ticket_tags)


@pytest.fixture
def now(root):
    settings.save({"undo_send_seconds": 0})
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as clock_of_test:
        yield clock_of_test


def pass_time(now, hours: float, step: float = 1) -> None:
    """Let the loop run every hour (or `step`)."""
    passed = 0.0
    while passed < hours:
        now.shift(HOUR * step)
        passed += step
        time_rules.act_due()


def test_without_a_reply(now, carol, ana, billing, invoices):
    make_rule("unanswered", 4, ("tag", "late"))
    slow, quick, reopened = (cast.open_ticket(carol, billing, invoices) for _ticket in range(3))
    pass_time(now, 3)
    tickets.reply(fresh(quick), "<p>Yes.</p>", actor=ana)
    tickets.reply(fresh(reopened), "<p>Yes.</p>", actor=ana)
    tickets.receive_message(fresh(reopened), "No.", actor=carol)
    assert [names(one) for one in (slow, quick, reopened)] == [[], [], []]
    pass_time(now, 1)
    assert [names(one) for one in (slow, quick, reopened)] == [["late"], [], []]
    pass_time(now, 4)
    assert [names(one) for one in (slow, quick, reopened)] == [["late"], [], ["late"]]


def test_waiting_assigned_and_open(now, carol, ana, root, billing, invoices):
    make_rule("waiting", 24, ("tag", "no answer"))
    make_rule("assigned", 24, ("tag", "assigned"))
    make_rule("open", 24, ("tag", "open"))
    ticket = cast.open_ticket(carol, billing, invoices)
    pass_time(now, 12)
    tickets.reply(fresh(ticket), "<p>Which one?</p>", actor=ana)
    pass_time(now, 12)
    assert names(ticket) == ["open"]
    tickets.assign(fresh(ticket), root, actor=ana)
    pass_time(now, 12)
    assert names(ticket) == ["no answer", "open"]
    pass_time(now, 12)
    assert names(ticket) == ["assigned", "no answer", "open"]


def test_undoing_a_macro_gives_the_time_since_assigning_back(now, carol, ana, root, billing, invoices):
    make_rule("assigned", 5, ("tag", "long"))
    mine = writing.save_macro(None, {"name": Label(en="Mine"), "body": Label(), "assign": "me"}, actor=root)
    nobodys = writing.save_macro(None, {"name": Label(en="Free"), "body": Label(), "assign": "nobody"}, actor=root)
    free, taken = (cast.open_ticket(carol, billing, invoices) for _ticket in range(2))
    tickets.assign(fresh(taken), ana, actor=root)
    for ticket, macro in ((free, mine), (taken, nobodys)):
        act = partial(using.apply, macro, actor=root)
        undo.undo(bulk.run("macro", [ticket.id], act, actor=root).action, actor=root)
    pass_time(now, 6)
    assert [names(one) for one in (free, taken)] == [[], ["long"]]


def test_each_minute_exactly_once(now, carol, billing, invoices):
    rule = make_rule("unanswered", 1, ("tag", "late"))
    ticket = cast.open_ticket(carol, billing, invoices)
    pass_time(now, 59 / 60, 1 / 60)
    assert names(ticket) == []
    pass_time(now, 3 / 60, 1 / 60)
    assert names(ticket) == ["late"]
    assert Filter.get_by_id(rule.id).hits == 1
    assert RuleRecord.select().count() == 1


def test_what_was_due_before_it_was_switched_on_is_left_alone(now, carol, billing, invoices):
    old = cast.open_ticket(carol, billing, invoices)
    now.shift(10 * HOUR)
    rule = make_rule("open", 5, ("tag", "old"))
    pass_time(now, 2)
    tickets.receive_message(fresh(old), "Hello?", actor=carol)
    pass_time(now, 2)
    assert names(old) == []
    other = cast.open_ticket(carol, billing, invoices)
    filters.switch(rule, False, actor=cast.owner())
    pass_time(now, 8)
    filters.switch(rule, True, actor=cast.owner())
    pass_time(now, 8)
    assert names(other) == []


def test_a_change_since_then_is_looked_at(now, carol, ana, billing, invoices):
    high = Priority.get(Priority.identifier == "high")
    make_rule("unanswered", 2, ("tag", "hurry"), conditions=[("priority", "is_one", high.id)])
    ticket = cast.open_ticket(carol, billing, invoices)
    pass_time(now, 5)
    assert names(ticket) == []
    tickets.set_priority(fresh(ticket), high, actor=ana)
    pass_time(now, 1)
    assert names(ticket) == ["hurry"]


def test_a_condition_on_hours_keeps_it_back_until_the_desk_opens(now, root, carol, billing, invoices):
    settings.save({"timezone": "UTC"})
    days = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9:00-17:00")
    saving.save_hours(OpeningHours(), days, actor=root)
    make_rule("unanswered", 10, ("tag", "late"), conditions=[("hours", "open_now", "")])
    ticket = cast.open_ticket(carol, billing, invoices)
    pass_time(now, 23)
    assert names(ticket) == []
    assert RuleMoment.get().due_at == datetime(2026, 12, 1, 9)
    pass_time(now, 1)
    assert names(ticket) == ["late"]
    make_rule("unanswered", 1, ("tag", "aged"), conditions=[("age", "older", 5)])
    other = cast.open_ticket(carol, billing, invoices)
    pass_time(now, 4)
    assert names(other) == []
    pass_time(now, 2)
    assert names(other) == ["aged"]


def test_asleep_spam_and_the_bin_are_left_in_peace(now, carol, ana, root, billing, invoices):
    make_rule("unanswered", 2, ("tag", "late"))
    asleep, spam, binned = (cast.open_ticket(carol, billing, invoices) for _ticket in range(3))
    snooze.snooze(fresh(asleep), clock.now() + 9 * HOUR, actor=ana)
    tickets.mark_spam(fresh(spam), actor=root, block_author=False)
    tickets.delete(fresh(binned), actor=root)
    pass_time(now, 8)
    assert [names(one) for one in (asleep, spam, binned)] == [[], [], []]
    now.shift(HOUR)
    snooze.wake_due()
    pass_time(now, 1)
    assert names(asleep) == ["late"]


def test_each_time_acts_once_in_each_stretch(now, carol, ana, billing, invoices):
    canned = CannedResponse.create(name="Soon", body="<p>We are looking into it.</p>")
    rule = make_rule("unanswered", 2, ("reply", canned.id), frequency="each")
    ticket = cast.open_ticket(carol, billing, invoices)
    pass_time(now, 10)
    assert Filter.get_by_id(rule.id).hits == 1
    tickets.receive_message(fresh(ticket), "And now?", actor=carol)
    pass_time(now, 10)
    assert Filter.get_by_id(rule.id).hits == 2


def test_once_a_day(now, carol, ana, root, billing, invoices):
    high = Priority.get(Priority.identifier == "high")
    conditions = [("priority", "is_not_one", high.id)]
    rule = make_rule("open", 2, ("set_priority", high.id), conditions=conditions, frequency="daily")
    ticket = cast.open_ticket(carol, billing, invoices)
    pass_time(now, 3)
    for _change in range(2):
        tickets.set_priority(fresh(ticket), lookups.default_priority(), actor=root)
        pass_time(now, 2)
    assert Filter.get_by_id(rule.id).hits == 1
    pass_time(now, 24)
    assert Filter.get_by_id(rule.id).hits == 2


def test_once_a_day_although_acting_takes_its_time(now, carol, root, billing, invoices, monkeypatch):
    high = Priority.get(Priority.identifier == "high")
    conditions = [("priority", "is_not_one", high.id)]
    rule = make_rule("open", 2, ("set_priority", high.id), conditions=conditions, frequency="daily")
    ticket, record = cast.open_ticket(carol, billing, invoices), acting.record
    monkeypatch.setattr(acting, "record", lambda *line, **data: now.shift(1) or record(*line, **data))
    pass_time(now, 2)
    tickets.set_priority(fresh(ticket), lookups.default_priority(), actor=root)
    # To the second: a day after the run began, and a second less after it acted.
    now.shift(timedelta(days=1, seconds=-1))
    time_rules.act_due()
    pass_time(now, 1 / 60, 1 / 60)
    assert Filter.get_by_id(rule.id).hits == 2


def refused(*arguments, **values) -> str | None:
    with pytest.raises(InvalidInput) as error:
        make_rule(*arguments, **values)
    return error.value.field


def test_a_rule_that_could_run_for_ever_is_refused(now, root):
    high, hold = Priority.get(Priority.identifier == "high"), lookups.pending_status()
    often = {"frequency": "each"}
    assert refused("unanswered", 2, ("remind", ""), **often) == "frequency"
    canned = CannedResponse.create(name="Still there?", body="<p>Are you still there?</p>")
    assert refused("waiting", 2, ("reply", canned.id), frequency="daily") == "frequency"
    assert refused("open", 2, ("tag", "old"), **often) == "frequency"
    assert refused("waiting", 2, ("set_status", hold.id), **often) == "frequency"
    tagged = [("tag", "is_not_one", "old"), ("subject", "contains", "x")]
    assert refused("open", 2, ("tag", "old"), conditions=tagged, mode="any", **often) == "frequency"
    for actions, conditions in (
        ([("tag", "Old")], tagged),
        ([("untag", "old")], [("tag", "is_one", "old")]),
        ([("set_priority", high.id)], [("priority", "is_not_one", high.id)]),
        ([("close", "")], []),
        ([("snooze", 24), ("remind", "")], []),
    ):
        make_rule("open", 2, *actions, conditions=conditions, **often)
    make_rule("unanswered", 2, ("set_status", hold.id), **often)


def test_a_reminder_may_come_once_a_day(now, carol, billing, invoices, ana):
    rule = make_rule("unanswered", 2, ("remind", ""), frequency="daily")
    ticket = cast.open_ticket(carol, billing, invoices)
    tickets.assign(ticket, ana, actor=ana)
    pass_time(now, 60)
    assert Filter.get_by_id(rule.id).hits == 3
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "reminder").count() == 3


@pytest.mark.parametrize("hours", ["0", "", "-1", "1.5", "9000", "x"])
def test_odd_hours_are_refused(now, root, hours):
    assert refused("open", hours, ("tag", "old")) == "hours"


def test_a_desk_that_was_off_does_what_fell_due_once_and_in_order(now, carol, billing, invoices):
    make_rule("unanswered", 2, ("tag", "late"))
    make_rule("unanswered", 48, ("close", ""))
    first = cast.open_ticket(carol, billing, invoices)
    time_rules.act_due()
    now.shift(24 * HOUR)
    second = cast.open_ticket(carol, billing, invoices)
    now.shift(timedelta(days=6))
    time_rules.act_due()
    time_rules.act_due()
    assert [(names(one), fresh(one).is_closed) for one in (first, second)] == [(["late"], True)] * 2
    kinds = [event.ticket_id for event in RuleRecord.select().order_by(RuleRecord.id)]
    assert kinds == [first.id, second.id, first.id, second.id]
    assert Filter.select(Filter.hits).order_by(Filter.id).tuples()[:] == [(2,), (2,)]


def test_a_jump_of_the_clock_starts_no_storm(now, root, carol, billing, invoices):
    make_rule("open", 24 * 60, ("tag", "old"))
    ticket = cast.open_ticket(carol, billing, invoices)
    job = upkeep.by_clock(time_rules.act_due)
    clock_guard.may_delete()
    job()
    now.shift(timedelta(days=365))
    job()
    clock_guard.may_delete()
    job()
    assert names(ticket) == []
    now.shift(timedelta(days=-365))
    clock_guard.may_delete()
    job()
    assert names(ticket) == []
    # A clock that was set back looks at nothing twice.
    now.shift(HOUR)
    job()
    assert RuleRecord.select().count() == 0


def test_many_at_one_moment_follow_in_several_runs(now, carol, billing, invoices, monkeypatch):
    monkeypatch.setattr(time_rules, "MOST_ACTS", 2)
    rule = make_rule("open", 1, ("tag", "old"))
    rows = [cast.open_ticket(carol, billing, invoices) for _ticket in range(5)]
    time_rules.act_due()
    now.shift(HOUR)
    counts = [time_rules.act_due() for _run in range(4)]
    assert counts == [2, 2, 1, 0]
    assert all(names(row) == ["old"] for row in rows)
    assert Filter.get_by_id(rule.id).hits == 5


def test_many_kept_back_until_one_moment_follow_in_several_runs(now, root, carol, billing, invoices, monkeypatch):
    monkeypatch.setattr(time_rules, "MOST_ACTS", 2)
    settings.save({"timezone": "UTC"})
    days = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), "9:00-17:00")
    saving.save_hours(OpeningHours(), days, actor=root)
    make_rule("unanswered", 10, ("tag", "late"), conditions=[("hours", "open_now", "")])
    rows = [cast.open_ticket(carol, billing, invoices) for _ticket in range(5)]
    pass_time(now, 23)
    assert [names(row) for row in rows] == [[]] * 5
    now.shift(HOUR)
    assert [time_rules.act_due() for _run in range(4)] == [2, 2, 1, 0]
    assert [names(row) for row in rows] == [["late"]] * 5
    assert RuleMoment.select().count() == 0


def test_many_that_change_at_once_follow_in_several_runs(now, carol, ana, billing, invoices, monkeypatch):
    monkeypatch.setattr(time_rules, "MOST_ACTS", 1)
    high = Priority.get(Priority.identifier == "high")
    make_rule("unanswered", 1, ("tag", "hurry"), conditions=[("priority", "is_one", high.id)])
    rows = [cast.open_ticket(carol, billing, invoices) for _ticket in range(6)]
    pass_time(now, 2)
    for row in rows:
        tickets.set_priority(fresh(row), high, actor=ana)
    pass_time(now, 7 / 60, 1 / 60)
    assert [names(row) for row in rows] == [["hurry"]] * 6


def test_more_lines_than_one_run_reads_are_read_in_the_next_ones(now, carol, ana, billing, invoices, monkeypatch):
    monkeypatch.setattr(time_rules, "MOST_LINES", 4)
    # The statement holds how many it reads.
    time_rules._read_lines._write.cache_clear()
    high = Priority.get(Priority.identifier == "high")
    make_rule("unanswered", 1, ("tag", "hurry"), conditions=[("priority", "is_one", high.id)])
    rows = [cast.open_ticket(carol, billing, invoices) for _ticket in range(12)]
    pass_time(now, 20)
    for row in rows:
        now.shift(1)
        tickets.set_priority(fresh(row), high, actor=ana)
    pass_time(now, 20 / 60, 1 / 60)
    time_rules._read_lines._write.cache_clear()
    assert [names(row) for row in rows] == [["hurry"]] * 12


def test_a_run_reads_more_than_is_written_at_one_moment():
    assert time_rules.MOST_LINES > ticket_holdings.AT_ONCE


def test_two_hosts_act_once(now, carol, billing, invoices, app, database):
    rule = make_rule("open", 1, ("tag", "old"))
    for _ticket in range(3):
        cast.open_ticket(carol, billing, invoices)
    time_rules.act_due()
    now.shift(HOUR)

    def host() -> None:
        with app.app_context(), database.connection_context():
            time_rules.act_due()

    hosts = [threading.Thread(target=host) for _host in range(2)]
    for one in hosts:
        one.start()
    for one in hosts:
        one.join()
    assert Filter.get_by_id(rule.id).hits == 3


def test_a_restored_copy_rests(now, carol, billing, invoices):
    make_rule("open", 1, ("tag", "old"))
    ticket = cast.open_ticket(carol, billing, invoices)
    time_rules.act_due()
    run_state.write(run_state.RESTORED_COPY, "2026-11-30")
    pass_time(now, 2)
    assert names(ticket) == []


def test_a_reminder_is_mailed(now, carol, ana, billing, invoices):
    make_rule("unanswered", 2, ("remind", ""))
    ticket = cast.open_ticket(carol, billing, invoices)
    tickets.assign(fresh(ticket), ana, actor=cast.owner())
    pass_time(now, 3)
    (mail,) = OutgoingEmail.select().where(OutgoingEmail.kind == "reminder")
    assert (mail.to_email, "unanswered 2" in mail.body) == (ana.email, True)


def test_without_rules_a_run_asks_for_nothing(now, database):
    time_rules.act_due()
    with count_queries() as counter:
        time_rules.act_due()
    assert counter.count <= 1


def test_records_go_after_90_days(now, carol, billing, invoices):
    make_rule("open", 1, ("tag", "old"))
    cast.open_ticket(carol, billing, invoices)
    time_rules.act_due()
    now.shift(HOUR)
    time_rules.act_due()
    assert RuleRecord.select().count() == 1
    now.shift(timedelta(days=89))
    assert explaining.purge() == 0
    now.shift(timedelta(days=2))
    assert explaining.purge() == 1
