"""Macros in use: said before, done with the rights of who uses them, taken back with the reply or the act."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine

import helpdesk.wiring
from database import Label, database
from helpdesk import clock, settings, tickets
from helpdesk.errors import InvalidInput, NotFound
from helpdesk.lists import bulk, undo
from helpdesk.macros import using, writing
from helpdesk.settings import lookups
from models import (
    Agent,
    BulkAction,
    CannedResponse,
    Draft,
    Message,
    OutgoingEmail,
    Priority,
    Role,
    Status,
    Tag,
    Ticket,
    TicketEvent,
    TicketTag,
)
from tests.support import cast

assert helpdesk.wiring
pytestmark = pytest.mark.usefixtures("request_context")

#: What a reply and its acts may change of a ticket.
COLUMNS = (
    *("status_id", "is_open", "closed_at", "awaits_reply", "waiting_since", "assignee_id", "team_id"),
    *("priority_id", "rank", "former_priority_id", "is_snoozed", "snoozed_until", "snoozed_by"),
)


def macro(root: Agent, name: str = "Refund", text: str = "", **acts: Any) -> CannedResponse:
    """Return a macro that root wrote."""
    values = {"name": Label(en=name), "body": Label(en=text) if text else Label(), **acts}
    return writing.save_macro(None, values, actor=root)


@pytest.fixture
def urgent(ticket: Ticket) -> Tag:
    """A tag that the ticket wears."""
    row = Tag.create(name="urgent", key="urgent")
    TicketTag.create(ticket=ticket, tag=row)
    return row


@pytest.fixture
def refund(root: Agent, ticket: Ticket, urgent: Tag) -> CannedResponse:
    """A macro that does everything one may do at once."""
    tag = Tag.create(name="refund", key="refund")
    high = Priority.get(Priority.identifier == "high")
    hold = Status.get(Status.identifier == "on hold")
    return macro(
        root, text="<p>We refund you.</p>", status=str(hold.id), priority=str(high.id), assign=f"agent-{root.id}",
        tag=str(tag), untag=urgent.name, snooze="week",
    )  # fmt: skip


def again(ticket: Ticket) -> Ticket:
    return Ticket.get_by_id(ticket.id)


def tags(ticket: Ticket) -> set[str]:
    return {row.tag.name for row in TicketTag.select().where(TicketTag.ticket == ticket)}


def state(ticket: Ticket) -> dict[str, Any]:
    return {name: getattr(again(ticket), name) for name in COLUMNS} | {"tags": tags(ticket)}


def may_not(agent: Agent, *names: str) -> None:
    """Take rights from the role of an agent."""
    role = Role.get_by_id(agent.role_id)
    for name in names:
        setattr(role, f"can_{name}", False)
    role.save()


def test_every_effect_is_said_before(refund, ticket, ana, root):
    said = [effect.words for effect in using.preview(refund, ticket, actor=ana)]
    assert said[:4] == [
        "The tag refund is added.",
        "The tag urgent is removed.",
        "The priority becomes High.",
        "The status becomes On Hold.",
    ]
    assert said[4].startswith("It is snoozed until ")
    assert said[5:] == [f"It is assigned to {root.name}."]
    assert not any(effect.problem or effect.is_so for effect in using.preview(refund, ticket, actor=ana))


def test_saying_it_changes_nothing(refund, ticket, ana):
    before = state(ticket)
    using.preview(refund, ticket, actor=ana)
    using.tally(refund, [ticket.id], actor=ana)
    assert state(ticket) == before


def test_reply_and_acts_are_one(refund, ticket, ana, root):
    message, left_out = using.reply(ticket, "<p>We refund you.</p>", macro=refund, actor=ana, used=[refund.id])
    assert left_out == []
    row = again(ticket)
    assert (row.status.identifier, row.priority.identifier, row.assignee_id) == ("on hold", "high", root.id)
    assert (tags(ticket), row.is_snoozed) == ({"refund"}, True)
    assert CannedResponse.get_by_id(refund.id).uses == 1
    assert Message.get_by_id(message.id).kind == "reply"


def test_undo_send_takes_the_acts_back(refund, ticket, ana):
    settings.save({"undo_send_seconds": 10})
    tickets.set_priority(ticket, Priority.get(Priority.identifier == "follow"), actor=ana)
    before, lines = state(ticket), TicketEvent.select().count()
    message, _left = using.reply(ticket, "<p>Sure.</p>", macro=refund, actor=ana, used=[refund.id])
    tickets.withdraw_reply(message, actor=ana)
    assert state(ticket) == before
    # Nothing but that it was taken back.
    assert TicketEvent.select().count() == lines + 1
    assert CannedResponse.get_by_id(refund.id).uses == 0
    draft = Draft.get()
    assert (draft.macro_id, draft.used, draft.close) == (refund.id, str(refund.id), False)
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "assignment").count() == 0


def test_what_somebody_changed_since_is_not_taken_back(refund, ticket, ana, root):
    settings.save({"undo_send_seconds": 10})
    message, _left = using.reply(ticket, "<p>Sure.</p>", macro=refund, actor=ana)
    tickets.set_priority(again(ticket), Priority.get(Priority.identifier == "follow"), actor=root)
    tickets.tag(again(ticket), "urgent", actor=root)
    tickets.withdraw_reply(message, actor=ana)
    row = again(ticket)
    assert (row.priority.identifier, row.assignee_id, tags(ticket)) == ("follow", None, {"urgent"})


def test_the_mail_of_an_act_waits_with_the_reply(refund, ticket, ana):
    settings.save({"undo_send_seconds": 10})
    message, _left = using.reply(ticket, "<p>Sure.</p>", macro=refund, actor=ana)
    (mail,) = OutgoingEmail.select().where(OutgoingEmail.kind == "assignment")
    assert mail.due_at == message.public_at
    until = tickets.delay_reply(message, actor=ana)
    assert OutgoingEmail.get_by_id(mail.id).due_at == until


def test_a_macro_that_closes_is_one_change_of_status(root, ticket, ana):
    row = macro(root, text="<p>Done.</p>", status="close")
    using.reply(ticket, "<p>Done.</p>", macro=row, actor=ana)
    assert again(ticket).is_closed
    kinds = [event.kind for event in TicketEvent.select().order_by(TicketEvent.id)]
    assert kinds[-2:] == ["replied", "closed"]


def test_the_way_of_sending_has_the_last_word(root, ticket, ana):
    row = macro(root, text="<p>Done.</p>", status=str(Status.get(Status.identifier == "on hold").id))
    _message, left_out = using.reply(ticket, "<p>Done.</p>", macro=row, actor=ana, close=True)
    assert again(ticket).is_closed
    assert [(effect.words, effect.problem) for effect in left_out] == [
        ("The status becomes On Hold.", "You chose another status when you sent it.")
    ]


def test_closing_by_hand_what_a_macro_closes_leaves_nothing_out(root, ticket, ana):
    row = macro(root, text="<p>Done.</p>", status="close")
    assert using.reply(ticket, "<p>Done.</p>", macro=row, actor=ana, close=True)[1] == []


def test_what_one_may_not_do_is_said_before_and_left_out(refund, ticket, ana):
    may_not(ana, "set_priority", "assign")
    refused = {effect.words: effect.problem for effect in using.preview(refund, ticket, actor=ana) if effect.problem}
    assert list(refused.values()) == ["Your role does not allow this."] * 2
    left_out = using.apply(refund, ticket, actor=ana)
    assert {effect.words: effect.problem for effect in left_out} == refused
    row = again(ticket)
    assert (row.priority.identifier, row.assignee_id, row.status.identifier) == ("normal", None, "on hold")


def test_rights_are_those_of_the_moment_it_is_done(refund, ticket, ana):
    assert not any(effect.problem for effect in using.preview(refund, ticket, actor=ana))
    may_not(ana, "tag")
    assert [effect.problem for effect in using.apply(refund, ticket, actor=ana)] == (
        ["Your role does not allow this."] * 2
    )
    assert tags(ticket) == {"urgent"}


def test_taking_needs_no_right(root, ticket, ana):
    may_not(ana, "assign")
    row = macro(root, assign="me")
    assert [effect.words for effect in using.preview(row, ticket, actor=ana)] == ["It is assigned to you."]
    assert using.apply(row, ticket, actor=ana) == []
    assert again(ticket).assignee_id == ana.id


def test_whoever_does_not_see_the_ticket_does_nothing(refund, ticket, ben):
    with pytest.raises(NotFound):
        using.apply(refund, ticket, actor=ben)


@pytest.mark.parametrize("gone", ["tag", "priority", "status", "agent"])
def test_a_macro_goes_on_without_what_is_gone(refund, ticket, ana, root, gone):
    if gone == "tag":
        Tag.get(Tag.key == "refund").delete_instance()
    elif gone == "agent":
        root.active = False
        root.save()
    else:
        row = (Priority if gone == "priority" else Status).get_by_id(writing.form_values(refund)[gone])
        row.enabled = False
        row.save()
    assert writing.has_gone_targets(refund)
    (effect,) = using.apply(refund, ticket, actor=ana)
    assert effect.problem == "What it names is gone or disabled."
    assert [e.problem for e in using.preview(refund, again(ticket), actor=ana) if e.problem] == [effect.problem]
    assert "urgent" not in tags(ticket)


def test_a_moment_that_is_past_is_said(root, ticket, ana):
    row = macro(root, snooze="evening")
    with time_machine.travel(clock.now().replace(hour=22, minute=30), tick=False):
        (effect,) = using.preview(row, ticket, actor=ana)
        assert effect.problem == "This moment is past. Choose a later one."
        assert [one.problem for one in using.apply(row, ticket, actor=ana)] == [effect.problem]


def test_a_closed_ticket_is_not_put_to_sleep(root, ticket, ana):
    tickets.close(ticket, actor=ana)
    row = macro(root, snooze="week")
    assert "Only an open ticket" in using.apply(row, ticket, actor=ana)[0].problem


def test_many_tickets_in_numbers_and_back(refund, ticket, ana, carol, billing, invoices):
    others = [cast.open_ticket(carol, billing, invoices) for _number in range(3)]
    tickets.tag(others[0], "refund", actor=ana)
    ids = [ticket.id, *(row.id for row in others)]
    said = {row.words: (row.changed, row.unchanged) for row in using.tally(refund, ids, actor=ana)}
    assert (said["The tag refund is added."], said["The tag urgent is removed."]) == ((3, 1), (1, 3))
    before = [state(Ticket.get_by_id(key)) for key in ids]
    outcome = bulk.run("macro", ids, lambda row: using.apply(refund, row, actor=ana), actor=ana)
    assert (outcome.done, outcome.refused) == (4, {})
    assert all(state(Ticket.get_by_id(key))["tags"] == {"refund"} for key in ids)
    undone = undo.undo(BulkAction.get(), actor=ana)
    assert (undone.back, undone.left_alone) == (4, 0)
    assert [state(Ticket.get_by_id(key)) for key in ids] == before


def test_undo_needs_the_rights_of_what_it_gives_back(refund, ticket, ana):
    bulk.run("macro", [ticket.id], lambda row: using.apply(refund, row, actor=ana), actor=ana)
    may_not(ana, "set_priority")
    undone = undo.undo(BulkAction.get(), actor=ana)
    assert (undone.back, undone.left_alone) == (0, 1)


def test_undo_leaves_what_somebody_went_on_from(refund, ticket, ana, root):
    bulk.run("macro", [ticket.id], lambda row: using.apply(refund, row, actor=ana), actor=ana)
    tickets.set_priority(again(ticket), lookups.default_priority(), actor=root)
    assert undo.undo(BulkAction.get(), actor=ana).left_alone == 1


def test_a_macro_that_changed_since_is_not_used(refund, ana, root):
    key = using.key_of(refund)
    assert using.find_unchanged(key, [refund]) == refund
    writing.save_macro(refund, {"name": refund.name, "body": refund.body, "assign": "me"}, actor=root)
    with pytest.raises(InvalidInput, match="has just been changed"):
        using.find_unchanged(key, [refund])
    with pytest.raises(InvalidInput, match="is gone"):
        using.find_unchanged(key, [])
    assert using.find_unchanged("", [refund]) is None


@pytest.mark.parametrize("key", ["x", "-", "1", "99999999999999999999-0", "\0", "0-0"])
def test_odd_keys_are_no_macros(refund, key):
    with pytest.raises(InvalidInput):
        using.find_unchanged(key, [refund])


def test_a_clock_that_jumped_moves_the_moment_not_the_macro(root, ticket, ana):
    row = macro(root, snooze="week")
    with time_machine.travel(clock.now() + timedelta(days=365), tick=False):
        assert using.apply(row, ticket, actor=ana) == []
        assert again(ticket).snoozed_until > clock.now()


def test_many_at_once_are_all_done_and_counted(refund, carol, billing, invoices, ana, root):
    rows = [cast.open_ticket(carol, billing, invoices) for _number in range(4)]

    def use(agent: Agent, ticket: Ticket) -> None:
        using.reply(ticket, "<p>Sure.</p>", macro=refund, actor=agent, used=[refund.id])
        database.close()

    pairs = [(agent, row) for row in rows for agent in (ana, root)]
    threads = [threading.Thread(target=use, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert CannedResponse.get_by_id(refund.id).uses == len(pairs)
    assert all(state(row)["tags"] == {"refund"} and state(row)["assignee_id"] == root.id for row in rows)
