"""Acts on many tickets, and taking them back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from peewee import OperationalError

from helpdesk import clock, events, tickets
from helpdesk.due_times import overdue
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.lists import bulk, undo
from helpdesk.settings import lookups
from models import BulkAction, BulkChange, Customer, OutgoingEmail, Status, Ticket, TicketEvent
from tests.support import cast

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def three(carol, billing, invoices):
    """Three tickets of Carol's in Billing."""
    return [cast.open_ticket(carol, billing, invoices, subject=f"Ticket {n}") for n in range(3)]


def act(name, found, rule, actor):
    """Do one act as the bar of the list does it."""
    return bulk.run(name, [ticket.id for ticket in found], rule, actor=actor)


def status(identifier):
    return Status.get(Status.identifier == identifier)


def rules(actor, to):
    """Return one rule for each act that can be taken back."""
    return {
        "assign": lambda ticket: tickets.assign(ticket, to, actor=actor),
        "status": lambda ticket: tickets.set_status(ticket, status("closed"), actor=actor),
        "priority": lambda ticket: tickets.set_priority(ticket, lookups.priorities()[0], actor=actor),
        "tag": lambda ticket: tickets.tag(ticket, "urgent", actor=actor),
        "spam": lambda ticket: tickets.mark_spam(ticket, actor=actor),
        "delete": lambda ticket: tickets.delete(ticket, actor=actor),
    }


def snapshot(found):
    """Return everything a ticket's row, tags and author's block hold."""
    rows = [Ticket.get_by_id(ticket.id) for ticket in found]
    return [(row.__data__, [tag.tag_id for tag in row.ticket_tags], row.customer.blocked_at) for row in rows]


@pytest.mark.parametrize("name", ["assign", "status", "priority", "tag", "spam", "delete"])
def test_what_is_taken_back_is_as_it_was(three, root, ana, name):
    before = snapshot(three)
    outcome = act(name, three, rules(root, ana)[name], root)
    assert snapshot(three) != before
    undone = undo.undo(outcome.action, actor=root)
    assert (outcome.done, undone.back, undone.left_alone) == (3, 3, 0)
    assert snapshot(three) == before


@pytest.mark.parametrize("name", ["assign", "status", "priority", "tag", "spam", "delete"])
def test_taking_back_stands_in_the_history(three, root, ana, name):
    outcome = act(name, three[:1], rules(root, ana)[name], root)
    undo.undo(outcome.action, actor=root)
    last = TicketEvent.select().where(TicketEvent.ticket == three[0]).order_by(TicketEvent.id.desc()).first()
    assert last.kind in {"undone", "untagged"}
    assert "Root" in events.describe(last)


def test_no_act_is_done_to_more_tickets_than_its_limit(three, root, monkeypatch):
    monkeypatch.setattr("helpdesk.lists.bulk.MAX_TICKETS", 2)
    before = snapshot(three)
    with pytest.raises(InvalidInput, match="At most 2 tickets"):
        act("tag", three, rules(root, root)["tag"], root)
    assert snapshot(three) == before


def test_what_somebody_changed_since_is_left_alone(three, root, ana, ben):
    outcome = act("assign", three, rules(root, ana)["assign"], root)
    tickets.assign(Ticket.get_by_id(three[1].id), ben, actor=root)
    undone = undo.undo(outcome.action, actor=root)
    assert (undone.back, undone.left_alone) == (2, 1)
    assert [Ticket.get_by_id(ticket.id).assignee for ticket in three] == [None, ben, None]


def test_a_reply_since_keeps_the_status(three, root, carol):
    outcome = act("status", three, lambda t: tickets.set_status(t, status("pending"), actor=root), root)
    tickets.reply(Ticket.get_by_id(three[0].id), "<p>Here you are.</p>", actor=root)
    assert undo.undo(outcome.action, actor=root).left_alone == 1
    assert Ticket.get_by_id(three[0].id).status == status("pending")


def test_mails_not_sent_yet_are_cancelled_and_the_others_named(three, root, ana):
    outcome = act("assign", three, rules(root, ana)["assign"], root)
    undone = undo.undo(outcome.action, actor=root)
    mail = OutgoingEmail.get(OutgoingEmail.to_email == ana.email)
    assert (undone.cancelled, undone.gone, mail.state) == (1, [], "cancelled")


def test_a_mail_that_has_gone_is_named(three, root, ana):
    outcome = act("assign", three, rules(root, ana)["assign"], root)
    OutgoingEmail.update(state="sent").where(OutgoingEmail.to_email == ana.email).execute()
    undone = undo.undo(outcome.action, actor=root)
    assert (undone.cancelled, undone.gone) == (0, [ana.email])


def test_other_mails_are_not_touched(three, root, ana):
    others = OutgoingEmail.select().where(OutgoingEmail.state == "pending").count()
    undo.undo(act("assign", three, rules(root, ana)["assign"], root).action, actor=root)
    assert OutgoingEmail.select().where(OutgoingEmail.state == "pending").count() == others > 0


def test_an_assignee_who_has_left_does_not_come_back(three, root, ana, ben):
    tickets.assign(three[0], ben, actor=root)
    outcome = act("assign", three[:1], rules(root, ana)["assign"], root)
    ben.active = False
    ben.save()
    undone = undo.undo(outcome.action, actor=root)
    assert (undone.back, undone.left_alone, undone.cancelled) == (0, 1, 0)


def test_assigning_away_what_one_saw_by_assignment_can_be_taken_back(three, root, ana, ben):
    tickets.assign(three[0], ben, actor=root)
    outcome = act("assign", three[:1], lambda t: tickets.assign(t, ana, actor=ben), ben)
    assert undo.undo(outcome.action, actor=ben).back == 1
    assert Ticket.get_by_id(three[0].id).assignee == ben


def test_an_author_who_was_blocked_before_stays_blocked(three, root, ana, carol):
    tickets.mark_spam(three[0], actor=root)
    outcome = act("spam", three[1:], rules(root, ana)["spam"], root)
    undo.undo(outcome.action, actor=root)
    assert Customer.get_by_id(carol.id).blocked_at is not None


def test_a_tag_that_was_there_before_stays(three, root, ana):
    tickets.tag(three[0], "urgent", actor=root)
    undo.undo(act("tag", three, rules(root, ana)["tag"], root).action, actor=root)
    assert [Ticket.get_by_id(ticket.id).ticket_tags.count() for ticket in three] == [1, 0, 0]


def test_an_act_is_taken_back_once(three, root, ana):
    action = act("delete", three, rules(root, ana)["delete"], root).action
    undo.undo(action, actor=root)
    with pytest.raises(InvalidInput):
        undo.undo(action, actor=root)


def test_after_ten_minutes_it_is_too_late(three, root, ana):
    action = act("delete", three, rules(root, ana)["delete"], root).action
    action.created_at -= timedelta(minutes=11)
    with pytest.raises(InvalidInput):
        undo.undo(action, actor=root)
    assert Ticket.get_by_id(three[0].id).in_bin


def test_only_its_author_finds_an_act(three, root, ana):
    action = act("delete", three, rules(root, ana)["delete"], root).action
    with pytest.raises(NotFound):
        bulk.find(action.id, actor=ana)
    assert bulk.find(action.id, actor=root) == action


def test_a_role_that_lost_the_right_cannot_take_back(three, billing):
    role = cast.make_role("Keeper")
    kim = cast.make_agent("Kim", billing, role=role)
    action = act("delete", three, lambda t: tickets.delete(t, actor=kim), kim).action
    role.can_delete = False
    role.save()
    with pytest.raises(NotAllowed):
        undo.undo(action, actor=kim)


def test_what_changes_nothing_is_counted_apart_and_not_kept(three, root, ana):
    act("delete", three, rules(root, ana)["delete"], root)
    outcome = act("delete", three, rules(root, ana)["delete"], root)
    assert (outcome.done, outcome.unchanged, outcome.action) == (0, 3, None)


def test_what_is_said_to_be_changed_is_what_undo_gives_back(three, root):
    tickets.tag(three[0], "urgent", actor=root)
    outcome = act("tag", three, lambda ticket: tickets.tag(ticket, "urgent", actor=root), root)
    assert (outcome.done, outcome.unchanged) == (2, 1)
    assert undo.undo(outcome.action, actor=root).back == 2


def test_many_tickets_are_changed_some_at_a_time_with_one_mail(three, root, ana, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(undo, "AT_ONCE", 2)
    outcome = act("assign", three, rules(root, ana)["assign"], root)
    assert OutgoingEmail.select().where(OutgoingEmail.to_email == ana.email).count() == 1
    undone = undo.undo(outcome.action, actor=root)
    assert (outcome.done, undone.back, undone.cancelled) == (3, 3, 1)


def failing_at_third(three, rule):
    """Return a rule whose database fails at the third ticket."""

    def fail(ticket, **values):
        if ticket.id == three[2].id:
            raise OperationalError("disk I/O error")
        return rule(ticket, **values)

    return fail


def test_what_was_done_before_the_database_failed_can_be_taken_back(three, root, ana, monkeypatch):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    outcome = act("assign", three, failing_at_third(three, rules(root, ana)["assign"]), root)
    assert (outcome.done, outcome.refused) == (2, {str(bulk.FAILED): 1})
    assert undo.undo(outcome.action, actor=root).back == 2
    with pytest.raises(OperationalError):
        act("assign", three[2:], failing_at_third(three, rules(root, ana)["assign"]), root)


def test_taking_back_goes_on_after_the_database_failed(three, root, ana, monkeypatch):
    monkeypatch.setattr(undo, "AT_ONCE", 2)
    before = snapshot(three)
    action = act("priority", three, rules(root, ana)["priority"], root).action
    with monkeypatch.context() as broken:
        broken.setattr(undo, "store", failing_at_third(three, undo.store))
        with pytest.raises(OperationalError):
            undo.undo(action, actor=root)
    again = undo.undo(action, actor=root)
    assert (again.back, again.left_alone) == (1, 2)
    assert snapshot(three) == before


def test_old_acts_are_forgotten(three, root, ana):
    action = act("delete", three, rules(root, ana)["delete"], root).action
    fresh = act("tag", three, rules(root, ana)["tag"], root).action
    BulkAction.update(created_at=clock.now() - timedelta(days=2)).where(BulkAction.id == action.id).execute()
    assert bulk.purge() == 1
    assert [row.id for row in BulkAction.select()] == [fresh.id]


@pytest.mark.parametrize("name", ["spam", "not-spam"])
def test_many_tickets_of_one_author_are_all_given_back(three, root, monkeypatch, name):
    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    monkeypatch.setattr(undo, "AT_ONCE", 2)
    if name == "not-spam":
        act("spam", three, rules(root, root)["spam"], root)
    before = [(row.is_spam, row.customer.blocked_at is None) for row in Ticket.select()]
    rule = {"spam": tickets.mark_spam, "not-spam": tickets.not_spam}[name]
    outcome = act(name, three, lambda ticket: rule(ticket, actor=root), root)
    undone = undo.undo(outcome.action, actor=root)
    assert (undone.back, undone.left_alone) == (3, 0)
    assert [(row.is_spam, row.customer.blocked_at is None) for row in Ticket.select()] == before


def test_an_author_unblocked_since_is_not_blocked_again(three, root, carol):
    act("spam", three, rules(root, root)["spam"], root)
    outcome = act("not-spam", three[:1], lambda ticket: tickets.not_spam(ticket, actor=root), root)
    tickets.mark_spam(Ticket.get_by_id(three[0].id), actor=root)
    tickets.not_spam(Ticket.get_by_id(three[1].id), actor=root)
    assert undo.undo(outcome.action, actor=root).back == 0
    assert Customer.get_by_id(carol.id).blocked_at is None


def test_assigning_away_is_taken_back_by_who_saw_it_by_assignment_only(carol, sales, ana, ben):
    mine = cast.open_ticket(carol, sales)
    tickets.assign(mine, ana, actor=ben)
    outcome = act("assign", [mine], rules(ana, ben)["assign"], ana)
    assert undo.undo(outcome.action, actor=ana).back == 1
    assert Ticket.get_by_id(mine.id).assignee_id == ana.id


def test_assigning_is_not_taken_back_by_who_lost_the_right_to_see(carol, sales, ana, ben):
    permission = cast.permit(ana, sales)
    theirs = cast.open_ticket(carol, sales)
    outcome = act("assign", [theirs], rules(ana, ben)["assign"], ana)
    permission.delete_instance()
    assert undo.undo(outcome.action, actor=ana).back == 0
    assert Ticket.get_by_id(theirs.id).assignee_id == ben.id


def test_a_priority_is_given_back_as_it_weighs_now(three, root):
    priority = lookups.priority(Ticket.get_by_id(three[0].id).priority_id)
    outcome = act("priority", three, rules(root, root)["priority"], root)
    # So does an update that counts ranks otherwise.
    BulkChange.update(before={**BulkChange.get().before, "rank": 4711}).execute()
    undo.undo(outcome.action, actor=root)
    assert {Ticket.get_by_id(ticket.id).rank for ticket in three} == {overdue.rank(priority)}
