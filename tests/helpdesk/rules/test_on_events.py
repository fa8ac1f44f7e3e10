"""Rules when something happens to a ticket (D4)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
import time_machine
from playhouse.test_utils import count_queries

import helpdesk.wiring  # noqa: F401 — rules follow from events only once it is read
from database import Label, Stamp
from helpdesk import clock, filters, settings, tickets
from helpdesk.access import SYSTEM
from helpdesk.errors import InvalidInput
from helpdesk.events import describe
from helpdesk.lists import bulk, undo
from helpdesk.macros import using, writing
from helpdesk.reports import satisfaction
from helpdesk.rules import limits, on_events
from helpdesk.settings import lookups
from helpdesk.tickets import cc
from models import (
    REPLY,
    CannedResponse,
    Filter,
    Message,
    OutgoingEmail,
    Priority,
    RuleMark,
    RuleMoment,
    RuleRecord,
    Status,
    Tag,
    Ticket,
)
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


def make_rule(trigger, *actions, conditions=(), author=None, **values):
    """Save a rule as its screen does."""
    return filters.save_filter(
        None,
        {
            "name": "A rule",
            "beginning": "happens",
            "trigger": trigger,
            "frequency": "each",
            "conditions": [
                dict(zip(("field", "operator", "value"), map(str, condition), strict=True)) for condition in conditions
            ],
            "actions": [{"action": key, "argument": str(argument)} for key, argument in actions],
            **values,
        },
        actor=author or cast.owner(),
    )


def fresh(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def names(ticket: Ticket) -> list[str]:
    return sorted(row.tag.name for row in ticket.ticket_tags)


def high() -> Priority:
    return Priority.get(Priority.identifier == "high")


@pytest.fixture(autouse=True)
def at_once(root):
    settings.save({"undo_send_seconds": 0})


#: What happens, and whether each rule is set off by it.
def happenings(ticket, ana, carol, sales, team):
    return {
        "customer_wrote": lambda: tickets.receive_message(fresh(ticket), "Hello?", actor=carol),
        "replied": lambda: tickets.reply(fresh(ticket), "<p>Yes.</p>", actor=ana),
        "status": lambda: tickets.close(fresh(ticket), actor=ana),
        "priority": lambda: tickets.set_priority(fresh(ticket), high(), actor=ana),
        "assignee": lambda: tickets.take(fresh(ticket), actor=ana),
        "team": lambda: tickets.assign(fresh(ticket), team, actor=ana),
        "tags": lambda: tickets.tag(fresh(ticket), "new", actor=ana),
        "rated": lambda: (
            tickets.close(fresh(ticket), actor=ana) or satisfaction.rate(fresh(ticket), "bad", actor=carol)
        ),
        "moved": lambda: tickets.move(fresh(ticket), sales.id, None, actor=ana),
    }


@pytest.mark.parametrize("trigger", sorted(filters.TRIGGERS))
def test_each_trigger_sets_off_its_rule(ticket, ana, root, carol, sales, team, trigger):
    settings.save({"ask_satisfaction": True})
    make_rule(trigger, ("tag", "hit"))
    acts = happenings(ticket, ana, carol, sales, team)
    tickets.add_note(fresh(ticket), "<p>Nothing of this.</p>", actor=ana)
    assert "hit" not in names(ticket)
    acts[trigger]()
    assert "hit" in names(ticket)
    lines = [describe(event) for event in fresh(ticket).events]
    assert "The rule “A rule” applied" in lines
    assert "The rule “A rule” added the tag hit" in lines


def test_a_reply_and_a_message_change_the_status_too(ticket, ana, carol):
    pending = lookups.pending_status()
    make_rule("status", ("tag", "waits"), conditions=[("status", "became", pending.id)])
    make_rule("status", ("tag", "back"), conditions=[("status", "was", pending.id)])
    tickets.reply(fresh(ticket), "<p>Which one?</p>", actor=ana)
    assert names(ticket) == ["waits"]
    tickets.receive_message(fresh(ticket), "The second.", actor=carol)
    assert names(ticket) == ["back", "waits"]


CONDITIONS = {
    "status": lambda t: ("status", "is_one", t.status_id),
    "priority": lambda t: ("priority", "is_not_one", high().id),
    "nobody": lambda _t: ("assignee", "is_one", 0),
    "team": lambda _t: ("team", "is_one", 0),
    "tag": lambda _t: ("tag", "is_one", "Sticky"),
    "language": lambda _t: ("language", "is_one", "en"),
    "hours": lambda _t: ("hours", "open_now", ""),
    "age": lambda _t: ("age", "younger", 1),
    "messages": lambda _t: ("messages", "more", 1),
    "first": lambda _t: ("first", "is_first", ""),
    "place": lambda _t: ("place", "is", "Billing"),
    "content": lambda _t: ("content", "contains", "second message"),
}
FALSE = [
    ("priority", "is_one", "high"),
    ("assignee", "is_not_one", 0),
    ("tag", "is_one", "other"),
    ("language", "is_one", "fr"),
    ("hours", "closed_now", ""),
    ("age", "older", 1),
    ("messages", "fewer", 2),
    ("first", "is_later", ""),
]


@pytest.mark.parametrize("name", sorted(CONDITIONS))
def test_each_condition_holds(ticket, carol, root, name):
    tickets.tag(fresh(ticket), "sticky", actor=root)
    make_rule("customer_wrote", ("tag", "hit"), conditions=[CONDITIONS[name](ticket)])
    tickets.receive_message(fresh(ticket), "My second message.", actor=carol)
    assert "hit" in names(ticket)


@pytest.mark.parametrize("condition", FALSE)
def test_each_condition_fails(ticket, carol, condition):
    condition = [high().id if part == "high" else part for part in condition]
    make_rule("customer_wrote", ("tag", "hit"), conditions=[condition])
    tickets.receive_message(fresh(ticket), "My second message.", actor=carol)
    assert names(ticket) == []


def actions(ana, team, sales):
    canned = CannedResponse.create(name="Thanks", body="<p>Thank you.</p>")
    return {
        "close": ("", lambda t: t.is_closed),
        "close_with": (canned.id, lambda t: t.is_closed and Message.select().where(Message.kind == "reply").exists()),
        "snooze": (5, lambda t: t.is_snoozed and t.snoozed_until == clock.now() + timedelta(hours=5)),
        "untag": ("new", lambda t: t.ticket_tags.count() == 0),
        "copy": ("dan@customer.example", lambda t: [row.email for row in cc.in_copy(t)] == ["dan@customer.example"]),
        "remind": ("", lambda t: _mails("reminder") == [ana.email]),
        "remind_manager": ("", lambda t: _mails("reminder") == ["boss@desk.example"]),
    }


def _mails(kind):
    return [mail.to_email for mail in OutgoingEmail.select().where(OutgoingEmail.kind == kind)]


OWN_ACTIONS = sorted(key for key, action in filters.ACTIONS.items() if action.beginnings == ("happens", "passed"))


@pytest.mark.parametrize("action", OWN_ACTIONS)
@time_machine.travel("2026-11-30T09:00:00+00:00", tick=False)
def test_each_action_does_what_it_says(ticket, ana, root, carol, sales, action):
    team = cast.make_team("Second line", ana, manager=cast.make_agent("Boss", None))
    argument, holds = actions(ana, team, sales)[action]
    tickets.assign(fresh(ticket), ana, actor=root)
    make_rule("tags", (action, argument))
    tickets.tag(fresh(ticket), "new", actor=root)
    assert holds(fresh(ticket))


def test_whoever_left_is_not_put_in_copy_again(ticket, root, carol):
    tickets.cc.add_cc(fresh(ticket), ["dan@customer.example"], actor=root)
    (address,) = cc.in_copy(ticket)
    cc.leave(ticket.id, address.id)
    make_rule("customer_wrote", ("copy", "dan@customer.example"), ("tag", "after"))
    tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    assert cc.in_copy(ticket) == []
    assert names(ticket) == ["after"]
    assert any("skipped" in describe(event) for event in fresh(ticket).events)


def test_once_each_time_and_once_a_day(ticket, carol):
    rules = {
        key: make_rule("customer_wrote", ("tag", "x"), name=key, frequency=key) for key in filters.FREQUENCY_LABELS
    }
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as now:
        for hours in (0, 1, 24, 0):
            now.shift(timedelta(hours=hours))
            tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    hits = {key: Filter.get_by_id(rule.id).hits for key, rule in rules.items()}
    assert hits == {"once": 1, "each": 4, "daily": 2}


def test_what_rules_and_filters_do_sets_off_no_rule(ticket, ana, carol, billing, invoices):
    make_rule("priority", ("tag", "chained"))
    make_rule("customer_wrote", ("set_priority", high().id))
    make_rule("replied", ("tag", "answered"))
    canned = CannedResponse.create(name="Thanks", body="<p>Thank you.</p>")
    make_rule("customer_wrote", ("reply", canned.id))
    tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    assert fresh(ticket).priority_id == high().id
    assert names(ticket) == []
    filters.save_filter(
        None,
        {
            "name": "New",
            "conditions": [{"field": "subject", "operator": "contains", "value": "a"}],
            "actions": [{"action": "set_priority", "argument": str(high().id)}],
        },
        actor=cast.owner(),
    )
    other = cast.open_ticket(carol, billing, invoices)
    assert (other.priority_id, names(other)) == (high().id, [])


def test_a_ticket_that_rules_do_too_much_to_is_left_alone_for_a_day(ticket, root, carol):
    make_rule("customer_wrote", *[("tag", f"t{number}") for number in range(9)])
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as now:
        for _message in range(5):
            tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
            now.shift(timedelta(minutes=1))
        lines = [describe(event) for event in fresh(ticket).events]
        assert sum("Rules leave this ticket alone" in line for line in lines) == 1
        assert sum("A rule” applied" in line for line in lines) == 3
        assert sum(row.acts for row in RuleRecord.select()) == limits.MOST
        assert _mails("rules-rest") == [root.email]
        now.shift(timedelta(hours=25))
        tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    assert [row.acts for row in RuleRecord.select().order_by(RuleRecord.id)][-1] == 9
    assert _mails("rules-rest") == [root.email]


def test_without_its_target_a_rule_goes_on_and_administrators_hear_of_it_once(ticket, root, carol, ana):
    hold = Status.get(Status.identifier == "on hold")
    rule = make_rule("customer_wrote", ("set_status", hold.id), ("tag", "after"))
    hold.enabled = False
    hold.save()
    for _message in range(2):
        tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    assert names(ticket) == ["after"]
    assert _mails("rule-target-gone") == [root.email]
    assert filters.broken(filters.with_parts([rule])) == {rule.id}


def test_it_acts_only_on_what_its_author_sees(ticket, carol, sales):
    author = cast.make_agent("Sam", sales, role=cast.make_role("Lead", can_configure=True))
    make_rule("customer_wrote", ("tag", "seen"), author=author)
    tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    assert names(ticket) == []
    cast.permit(author, None)
    Stamp.bump()
    tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    assert names(ticket) == ["seen"]
    author.active = False
    author.save()
    make_rule("customer_wrote", ("tag", "late"), author=cast.owner())
    tickets.untag(fresh(ticket), "seen", actor=SYSTEM)
    tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    assert names(ticket) == ["late"]


def test_a_rule_that_fails_breaks_nothing(ticket, carol, monkeypatch):
    def fail(*_arguments):
        raise RuntimeError

    make_rule("customer_wrote", ("tag", "first"), ("set_priority", high().id), name="Odd")
    make_rule("customer_wrote", ("tag", "second"))
    monkeypatch.setattr("helpdesk.filters.actions.tickets.set_priority", fail)
    message = tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
    assert Message.get_by_id(message.id).ticket_id == ticket.id
    assert names(ticket) == ["second"]
    record = RuleRecord.get()
    assert [row["outcome"] for row in record.data["rules"]] == ["failed", "acted"]
    # What it did before it failed is not stored, and not told either.
    assert [row.get("acts") for row in record.data["rules"]] == [None, [["tag", "second"]]]
    assert record.acts == 1
    assert [mark.rule.name for mark in RuleMark.select()] == ["A rule"]


def test_spam_the_bin_and_undo_set_nothing_off(ticket, ana, root):
    make_rule("tags", ("tag", "hit"))
    make_rule("priority", ("tag", "hit"))
    tickets.mark_spam(fresh(ticket), actor=root, block_author=False)
    tickets.tag(fresh(ticket), "odd", actor=root)
    tickets.not_spam(fresh(ticket), actor=root)
    assert names(ticket) == ["odd"]


def test_a_bulk_act_sets_rules_off_and_its_undo_does_not(ticket, root, carol, billing, invoices):
    make_rule("priority", ("tag", "hit"))
    rows = [ticket, cast.open_ticket(carol, billing, invoices)]
    done = bulk.run(
        "priority", [row.id for row in rows], lambda row: tickets.set_priority(row, high(), actor=root), actor=root
    )
    assert [names(row) for row in rows] == [["hit"], ["hit"]]
    for row in rows:
        tickets.untag(fresh(row), "hit", actor=root)
    undo.undo(done.action, actor=root)
    assert fresh(ticket).priority_id == lookups.default_priority().id
    assert [names(row) for row in rows] == [[], []]


def test_a_reply_that_may_be_withdrawn_sets_rules_off_when_it_leaves(ticket, root, ana, carol):
    settings.save({"undo_send_seconds": 10})
    make_rule("replied", ("tag", "left"))
    make_rule("status", ("tag", "waits"), conditions=[("status", "became", lookups.pending_status().id)])
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as now:
        withdrawn = tickets.reply(fresh(ticket), "<p>Wrong.</p>", actor=ana)
        tickets.withdraw_reply(withdrawn, actor=ana)
        now.shift(60)
        assert on_events.act_on_replies() == 0
        reply = tickets.reply(fresh(ticket), "<p>Right.</p>", actor=ana)
        tickets.delay_reply(reply, actor=ana)
        now.shift(30)
        on_events.act_on_replies()
        assert names(ticket) == []
        now.shift(120)
        on_events.act_on_replies()
        assert names(ticket) == ["left", "waits"]
        assert RuleMoment.select().count() == 0


def test_a_tag_added_with_a_reply_that_may_be_withdrawn_has_become(ticket, root, ana):
    settings.save({"undo_send_seconds": 10})
    tag = Tag.create(name="refund", key="refund")
    Stamp.bump()
    macro = writing.save_macro(None, {"name": Label(en="Refund"), "body": Label(), "tag": str(tag)}, actor=root)
    make_rule("tags", ("tag", "hit"), conditions=[("tag", "became", "refund")])
    with time_machine.travel("2026-11-30T09:00:00+00:00", tick=False) as now:
        using.reply(fresh(ticket), "<p>Yes.</p>", macro=macro, actor=ana)
        now.shift(60)
        on_events.act_on_replies()
    assert names(ticket) == ["hit", "refund"]


def test_no_rule_looks_at_a_note(ticket, root, ana):
    """What a deleted note said is nowhere (RULES 28), and what is internal decides nothing."""
    make_rule("assignee", ("tag", "hit"), conditions=[("content", "contains", "confidential")])
    tickets.transfer(fresh(ticket), root, actor=ana, note="This is confidential.")
    assert names(ticket) == []
    assert "confidential." not in str([row.data for row in RuleRecord.select()])


def test_undoing_a_bulk_act_keeps_the_mail_of_a_reply_that_a_rule_sent(ticket, root):
    canned = CannedResponse.create(name="Soon", body="<p>We are looking into it.</p>")
    make_rule("priority", ("reply", canned.id))
    rule = partial(tickets.set_priority, priority=high(), actor=root)
    done = bulk.run("priority", [ticket.id], rule, actor=root)
    undo.undo(done.action, actor=root)
    assert fresh(ticket).priority_id == lookups.default_priority().id
    reply = Message.get(Message.ticket == ticket.id, Message.kind == REPLY)
    (mail,) = OutgoingEmail.select().where(OutgoingEmail.message == reply.id)
    assert mail.state == "pending"


def test_undoing_tags_sets_nothing_off(ticket, root):
    done = bulk.run("tag", [ticket.id], lambda row: tickets.tag(row, "odd", actor=root), actor=root)
    make_rule("tags", ("tag", "hit"))
    undo.undo(done.action, actor=root)
    assert names(ticket) == []


def test_merging_moves_marks_and_records(ticket, carol, root, billing, invoices):
    make_rule("customer_wrote", ("tag", "hit"), frequency="once")
    other = cast.open_ticket(carol, billing, invoices)
    for one in (ticket, other):
        tickets.receive_message(fresh(one), "Hello?", actor=carol)
    tickets.merge(fresh(other), fresh(ticket), actor=root)
    assert RuleMark.select().count() == 1
    assert RuleRecord.select().where(RuleRecord.ticket == ticket.id).count() == 2


def test_what_it_costs(ticket, carol, ana):
    def cost():
        with count_queries() as counter:
            tickets.receive_message(fresh(ticket), "Hello?", actor=carol)
        return counter.count

    cost()
    without = cost()
    rule = make_rule("rated", ("tag", "hit"))
    cost()
    assert cost() == without
    filters.delete_filter(rule, actor=cast.owner())
    make_rule("customer_wrote", ("tag", "hit"), conditions=[("subject", "contains", "nowhere")])
    cost()
    # Its savepoint, the marks of the ticket, the record.
    assert cost() <= without + 4


def test_bad_input_is_refused_at_its_field(root):
    status = lookups.pending_status().id
    good = {"trigger": "status", "conditions": [("status", "became", status)]}
    for field, values in {
        "trigger": {"trigger": "full-moon"},
        "frequency": {"frequency": "always"},
        "conditions-0": {"conditions": [("status", "became", 999_999)]},
        "actions-0": {"action": ("snooze", "0")},
    }.items():
        values = {**good, **values}
        with pytest.raises(InvalidInput) as refused:
            make_rule(
                values["trigger"],
                values.get("action", ("tag", "x")),
                conditions=values["conditions"],
                **({"frequency": values["frequency"]} if "frequency" in values else {}),
            )
        assert refused.value.field == field
    for action in (("silent", ""), ("copy", "no address"), ("snooze", "9000"), ("set_status", "0")):
        with pytest.raises(InvalidInput):
            make_rule("status", action)


def test_what_rules_did_is_counted_last_in_one_order(root, carol, billing, invoices):
    second, first = make_rule("tags", ("set_priority", high().id)), make_rule("priority", ("tag", "hit"))
    rows = [cast.open_ticket(carol, billing, invoices) for _ in range(2)]

    def act(ticket: Ticket) -> None:
        # The younger rule acts on the first ticket, the older one on the other.
        if ticket.id == rows[0].id:
            tickets.set_priority(ticket, high(), actor=root)
        else:
            tickets.tag(ticket, "new", actor=root)

    with count_queries() as counter:
        bulk.run("priority", [row.id for row in rows], act, actor=root)
    writes = [query.msg for query in counter.get_queries() if str(query.msg[0]).startswith(("UPDATE", "INSERT"))]
    counted = [number for number, (sql, _values) in enumerate(writes) if sql.startswith('UPDATE "filter"')]
    assert [writes[number][1][-1] for number in counted] == [second.id, first.id]
    assert counted[1] == counted[0] + 1
    between = [sql for sql, _values in writes[counted[1] + 1 :]]
    assert not [sql for sql in between if '"ticket"' in sql or '"ticket_event"' in sql]
    assert [Filter.get_by_id(rule.id).hits for rule in (second, first)] == [1, 1]
