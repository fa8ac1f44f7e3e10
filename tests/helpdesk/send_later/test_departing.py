"""Scheduled replies leave once, in order, at their moment, and not while the clock or a copy makes it doubtful."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine

import helpdesk.wiring
from database import Label, database
from helpdesk import clock, events, outbox, send_later, settings, tickets
from helpdesk.errors import InvalidInput, NotAllowed, NotFound, ReplyOutdated
from helpdesk.files import attachments
from helpdesk.macros import using, writing
from helpdesk.operations import clock_guard, jobs, restored_copy
from helpdesk.people import agents
from helpdesk.send_later import NewReply, departing
from helpdesk.settings import lookups, run_state
from helpdesk.tickets import canned_responses
from helpdesk.tickets.outdated_reply import Seen
from models import (
    CannedResponse,
    Message,
    OutgoingEmail,
    Permission,
    ScheduledReply,
    Status,
    Ticket,
    TicketEvent,
    Upload,
)
from tests.helpdesk.send_later.test_scheduling import upload
from tests.support import cast

assert helpdesk.wiring
pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def monday() -> datetime:
    """Three days from now."""
    return clock.now() + timedelta(days=3)


@pytest.fixture
def row(ticket, ana, monday) -> ScheduledReply:
    """Ana's reply that leaves on Monday."""
    return send_later.schedule(ticket, NewReply("<p>We look on Monday.</p>"), monday, actor=ana)


def at(moment: datetime) -> Any:
    return time_machine.travel(moment, tick=False)


def replies() -> list[Message]:
    return list(Message.select().where(Message.kind == "reply").order_by(Message.id))


def last_line(ticket: Ticket) -> str:
    return events.describe(ticket.events.order_by(TicketEvent.id.desc()).first())


def test_it_leaves_at_its_moment_as_any_reply_and_changes_the_ticket_then(ticket, ana, monday, smtp):
    settings.save({"undo_send_seconds": 30})
    file = upload()
    body = f'<p>Here</p><img src="cid:{file.sha256[:32]}">'
    new = NewReply(body, close=True, canned_name="Monday", files=[file], form_key="key")
    row = send_later.schedule(ticket, new, monday, actor=ana)
    assert (send_later.next_due(), Ticket.get_by_id(ticket.id).is_open) == (monday, True)
    with at(monday - timedelta(seconds=1)):
        assert not send_later.run()
    with at(monday):
        assert send_later.run()
        assert not send_later.run()
        outbox.deliver_due()
    (message,) = replies()
    after = Ticket.get_by_id(ticket.id)
    assert (after.status_id, after.assignee_id) == (lookups.closed_status().id, ana.id)
    # Nobody is there to take it back.
    assert (message.public_at, message.created_at, message.agent_id) == (None, monday, ana.id)
    assert message.form_key == "key"
    assert [one.path for one in attachments.of_messages([message])[message.id]] == [file.path]
    assert "<img" in message.body
    assert CannedResponse.get().author_id == ana.id
    assert not ScheduledReply.select().where(ScheduledReply.id == row.id).exists()
    assert not Upload.select().exists()
    assert len(smtp.messages) >= 1


def test_without_a_mail_server_it_waits_in_the_outbox(row, monday):
    with at(monday):
        send_later.run()
    assert OutgoingEmail.get(OutgoingEmail.kind == "notification").state == "pending"


def test_what_fell_due_meanwhile_leaves_in_order_some_at_a_time(ana, carol, billing, invoices, monday, monkeypatch):
    monkeypatch.setattr(departing, "AT_ONCE", 2)
    rows = [cast.open_ticket(carol, billing, invoices) for _ in range(3)]
    for hours, ticket in enumerate(reversed(rows)):
        send_later.schedule(ticket, NewReply("<p>x</p>"), monday + timedelta(hours=hours), actor=ana)
    with at(monday + timedelta(days=7)):
        assert [send_later.run(), len(replies()), send_later.run(), send_later.run()] == [True, 2, True, False]
    assert [message.ticket_id for message in replies()] == [ticket.id for ticket in reversed(rows)]


def test_two_hosts_send_each_once(ana, carol, billing, invoices):
    for _ in range(5):
        ticket = cast.open_ticket(carol, billing, invoices)
        send_later.schedule(ticket, NewReply("<p>x</p>"), clock.now() + timedelta(hours=1), actor=ana)
    ScheduledReply.update(due_at=clock.now() - timedelta(minutes=1)).execute()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            while send_later.run():
                pass
        except BaseException as error:
            failures.append(error)
        finally:
            database.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (failures, len(replies()), ScheduledReply.select().count()) == ([], 5, 0)


def test_the_loop_sends_it_and_rests_after_a_month(row, monday):
    (source,) = [one for one in jobs.SOURCES if one.name == "scheduled replies"]
    clock_guard.may_delete()
    with at(monday + timedelta(days=40)):
        assert source.next_due() == monday
        assert not source.run(threading.Event())
        clock_guard.may_delete()
        assert not source.run(threading.Event())
    assert replies() == []
    with at(monday + timedelta(days=41)):
        clock_guard.may_delete()
        assert source.run(threading.Event())
    assert len(replies()) == 1


def test_after_a_holiday_it_goes_on(row, monday):
    (source,) = [one for one in jobs.SOURCES if one.name == "scheduled replies"]
    clock_guard.may_delete()
    with at(monday + timedelta(days=10)):
        assert source.run(threading.Event())


def test_a_restored_copy_sends_nothing_and_what_may_have_left_is_a_draft(ticket, ana, root, row, monday):
    later = send_later.schedule(ticket, NewReply("<p>y</p>"), monday + timedelta(days=9), actor=ana)
    run_state.write(run_state.RESTORED_COPY, {"made_at": "2026-01-01T00:00:00"})
    with at(monday + timedelta(days=1)):
        assert send_later.next_due() is None
        restored_copy.let_go(actor=root)
        assert ScheduledReply.get_by_id(row.id).stopped_why == "restored-copy"
        assert send_later.next_due() == later.due_at


def test_an_author_who_lost_sight_has_it_stopped_and_the_team_is_told(ticket, ana, root, row, monday):
    zoe = cast.make_agent("Zoe", ticket.service)
    tickets.assign(ticket, zoe, actor=root)
    Permission.get(Permission.agent == ana.id).delete_instance()
    with at(monday):
        assert send_later.run()
        assert not send_later.run()
    assert replies() == []
    assert last_line(ticket).endswith(" is a draft again: Ana may no longer answer here")
    assert [mail.to_email for mail in OutgoingEmail.select().where(OutgoingEmail.kind == "not-left")] == [zoe.email]


def test_a_disabled_author_sends_nothing(ticket, ana, root, row, monday):
    agents.disable_agent(ana, actor=root)
    with at(monday):
        assert send_later.run()
    assert (replies(), ScheduledReply.get().waits) == ([], False)


def test_one_that_fails_holds_no_other_up(ticket, ana, carol, billing, invoices, monday, row):
    other = cast.open_ticket(carol, billing, invoices)
    send_later.schedule(other, NewReply("<p>y</p>"), monday + timedelta(minutes=1), actor=ana)
    ScheduledReply.update(body="").where(ScheduledReply.id == row.id).execute()
    with at(monday + timedelta(hours=1)):
        assert send_later.run()
    assert [message.ticket_id for message in replies()] == [other.id]
    assert ScheduledReply.get_by_id(row.id).stopped_why == "refused"


def test_one_that_the_database_refuses_holds_no_other_up(ticket, ana, carol, billing, invoices, monday, row):
    other = cast.open_ticket(carol, billing, invoices)
    send_later.schedule(other, NewReply("<p>y</p>"), monday + timedelta(minutes=1), actor=ana)
    ScheduledReply.update(form_key="one").where(ScheduledReply.id == row.id).execute()
    Message.update(form_key="one").where(Message.ticket == ticket.id).execute()
    with at(monday + timedelta(hours=1)):
        assert send_later.run()
    assert [message.ticket_id for message in replies()] == [other.id]
    assert ScheduledReply.get_by_id(row.id).stopped_why == "failed"


def test_a_response_whose_name_was_taken_meanwhile_is_skipped(ticket, ana, monday):
    send_later.schedule(ticket, NewReply("<p>x</p>", canned_name="Hello"), monday, actor=ana)
    canned_responses.save_from_reply(ticket, "Hello", "<p>Hi</p>", actor=ana)
    with at(monday):
        send_later.run()
    assert len(replies()) == 1
    told = [events.describe(event) for event in ticket.events.where(TicketEvent.kind == "response-skipped")]
    assert told == ["The canned response “Hello” was not saved: its name is taken by now"]


def test_a_reply_that_closes_stops_what_else_is_scheduled(ticket, ana, monday, row):
    first = send_later.schedule(ticket, NewReply("<p>x</p>", close=True), monday - timedelta(days=1), actor=ana)
    with at(first.due_at):
        assert send_later.run()
    assert [(one.id, one.stopped_why) for one in ScheduledReply.select()] == [(row.id, "closed")]


def test_its_author_sends_it_now_and_may_take_it_back(ticket, ana, carol, row):
    settings.save({"undo_send_seconds": 30})
    message = send_later.send_now(row, actor=ana)
    assert message.public_at is not None
    tickets.withdraw_reply(message, actor=ana)
    assert replies() == []
    with pytest.raises(NotFound):
        send_later.send_now(row, actor=ana)


def test_what_the_author_has_not_read_holds_it_back(ticket, ana, root, carol, monday):
    row = send_later.schedule(ticket, NewReply("<p>x</p>"), monday, actor=ana, unless_answered=False)
    seen = Seen(Message.get(Message.ticket == ticket.id).id)
    tickets.receive_message(ticket, "Wait", actor=carol)
    with pytest.raises(NotAllowed):
        send_later.send_now(row, actor=root)
    with pytest.raises(ReplyOutdated):
        send_later.send_now(row, actor=ana, seen=seen)
    send_later.cancel(row, actor=ana)
    with pytest.raises(InvalidInput, match="is a draft now"):
        send_later.send_now(row, actor=ana)


# --- The acts of a canned response --------------------------------------------------------------------------------


@pytest.fixture
def macro(root: Any) -> CannedResponse:
    """A response that sets the status On Hold."""
    on_hold = Status.get(Status.identifier == "on hold")
    values = {"name": Label(en="Wait"), "body": Label(en="<p>Wait</p>"), "status": str(on_hold.id)}
    return writing.save_macro(None, values, actor=root)


def test_the_acts_of_a_response_are_done_when_it_leaves(ticket, ana, monday, macro):
    new = NewReply("<p>x</p>", macro=using.key_of(macro), used=[macro.id])
    row = send_later.schedule(ticket, new, monday, actor=ana)
    assert "On Hold" in send_later.acts_of(send_later.find(ticket, row.id))
    assert Ticket.get_by_id(ticket.id).status_id == lookups.default_status().id
    with at(monday):
        assert send_later.run()
    assert lookups.status(Ticket.get_by_id(ticket.id).status_id).identifier == "on hold"
    assert CannedResponse.get_by_id(macro.id).uses == 1


def test_a_response_that_does_something_else_by_now_stops_it(ticket, ana, root, monday, macro):
    row = send_later.schedule(ticket, NewReply("<p>x</p>", macro=using.key_of(macro)), monday, actor=ana)
    canned_responses.delete_canned_response(macro, actor=root)
    with at(monday):
        assert send_later.run()
    assert ScheduledReply.get_by_id(row.id).stopped_why == "refused"
    assert replies() == []
