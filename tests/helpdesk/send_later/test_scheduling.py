"""A reply that leaves later: who schedules it, takes it back, cancels and discards it, and what stops it."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import time_machine

import helpdesk.wiring
from helpdesk import clock, events, outbox, send_later, tickets
from helpdesk.departures import table
from helpdesk.errors import FormSent, InvalidInput, NotAllowed, NotFound, ReplyOutdated
from helpdesk.files import file_store, uploads
from helpdesk.lists import bulk, undo
from helpdesk.people import agents
from helpdesk.send_later import NewReply
from helpdesk.tickets import canned_responses, drafts, merge_undo, thread
from helpdesk.tickets.outdated_reply import Seen
from models import CannedResponse, Draft, Message, OutgoingEmail, ScheduledReply, Ticket, TicketEvent, Upload
from tests.support import attached, cast, racing

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


def stored(row: ScheduledReply) -> ScheduledReply:
    return ScheduledReply.get_by_id(row.id)


def lines(ticket: Ticket) -> list[str]:
    return [events.describe(event) for event in ticket.events.order_by(TicketEvent.id)]


def upload(name: str = "a.png", content: bytes | None = None) -> Upload:
    return uploads.keep(io.BytesIO(content or attached.png()), name, form_key="form", owner="agent 1")


def mails_of_reason() -> list[str]:
    rows = OutgoingEmail.select().where(OutgoingEmail.kind == "not-left")
    return sorted(row.to_email for row in rows)


def test_until_its_moment_nobody_but_the_team_knows_of_it(ticket, ana, monday):
    before = Ticket.get_by_id(ticket.id).__data__
    row = send_later.schedule(ticket, NewReply("<p>We look on Monday.</p>"), monday, actor=ana)
    assert Message.select().count() == 1
    assert [message.kind for message in thread.public_messages(ticket)[0]] == ["customer"]
    assert not OutgoingEmail.select().where(OutgoingEmail.kind == "notification").exists()
    assert Ticket.get_by_id(ticket.id).__data__ == before
    assert lines(ticket)[-1].startswith("Ana scheduled a reply for ")
    opened = thread.open_thread(ana, ticket.number)
    assert opened.has_scheduled
    assert [one.id for one in send_later.of_ticket(ticket)] == [row.id]


def test_the_same_form_twice_schedules_one(ticket, ana, monday):
    new = NewReply("<p>Once</p>", form_key="key")
    first = send_later.schedule(ticket, new, monday, actor=ana)
    assert send_later.schedule(ticket, new, monday, actor=ana).id == first.id
    assert drafts.was_sent("key")


def test_a_form_whose_reply_leaves_no_more_promises_nothing(ticket, ana, carol, monday):
    new = NewReply("<p>Once</p>", form_key="key")
    send_later.schedule(ticket, new, monday, actor=ana)
    with pytest.raises(FormSent):
        send_later.schedule(cast.open_ticket(carol, ticket.service, ticket.department), new, monday, actor=ana)
    tickets.receive_message(ticket, "It is solved", actor=carol)
    with pytest.raises(FormSent):
        send_later.schedule(Ticket.get_by_id(ticket.id), new, monday, actor=ana)


def test_what_a_reply_may_not_be_is_refused_now(ticket, ana, ben, carol, monday):
    seen = Seen(Message.get(Message.ticket == ticket.id).id)
    with pytest.raises(NotFound):
        send_later.schedule(ticket, NewReply("<p>x</p>"), monday, actor=ben)
    with pytest.raises(InvalidInput, match="Write a message first"):
        send_later.schedule(ticket, NewReply("<p></p>"), monday, actor=ana)
    tickets.receive_message(ticket, "One more thing", actor=carol)
    with pytest.raises(ReplyOutdated):
        send_later.schedule(ticket, NewReply("<p>x</p>"), monday, actor=ana, seen=seen)
    ana.role = cast.make_role("Reader", can_set_status=False)
    ana.save()
    with pytest.raises(NotAllowed):
        send_later.schedule(ticket, NewReply("<p>x</p>", close=True), monday, actor=ana)
    tickets.mark_spam(ticket, actor=cast.make_agent("Zed", is_admin=True))
    with pytest.raises(InvalidInput, match="under Spam"):
        send_later.schedule(ticket, NewReply("<p>x</p>"), monday, actor=ana)


def test_a_name_that_is_taken_is_refused_now(ticket, ana, monday):
    canned_responses.save_from_reply(ticket, "Hello", "<p>Hi</p>", actor=ana)
    with pytest.raises(InvalidInput, match="already a response"):
        send_later.schedule(ticket, NewReply("<p>x</p>", canned_name="Hello"), monday, actor=ana)
    send_later.schedule(ticket, NewReply("<p>x</p>", canned_name="Other"), monday, actor=ana)
    assert CannedResponse.select().count() == 1


def test_no_ticket_has_more_than_some(ticket, ana, monday, monkeypatch):
    monkeypatch.setattr("helpdesk.send_later.scheduling.MOST", 1)
    send_later.schedule(ticket, NewReply("<p>x</p>"), monday, actor=ana)
    with pytest.raises(InvalidInput, match="At most 1"):
        send_later.schedule(ticket, NewReply("<p>y</p>"), monday, actor=ana)


# --- Taken back, cancelled, discarded -----------------------------------------------------------------------------


def test_its_author_edits_it_with_its_files_above_what_they_began(ticket, ana, monday):
    file = upload()
    body = f'<p>See</p><img src="cid:{file.sha256[:32]}">'
    row = send_later.schedule(ticket, NewReply(body, close=True, files=[file]), monday, actor=ana)
    assert "img" in row.body
    with time_machine.travel(clock.now() + timedelta(days=2), tick=False):
        assert uploads.drop_expired() == 0
        drafts.save(ticket, drafts.Writing("<p>Begun</p>"), actor=ana)
        send_later.edit(row, actor=ana, files_key="other", owner="agent 9")
        assert [one.id for one in uploads.of_form("other", "agent 9")] == [file.id]
    draft = Draft.get()
    assert draft.body == row.body + "<p>Begun</p>"
    assert draft.close
    assert not ScheduledReply.select().exists()
    assert lines(ticket)[-1].startswith("Ana took back the reply scheduled for ")
    with pytest.raises(NotFound):
        send_later.edit(row, actor=ana, files_key="other", owner="agent 9")


def test_only_its_author_edits_or_sends_it_and_who_is_above_cancels_it(ticket, ana, root, row):
    colleague = cast.make_agent("Zoe", ticket.service)
    for rule in (
        lambda: send_later.edit(row, actor=colleague, files_key="k", owner="o"),
        lambda: send_later.cancel(row, actor=colleague),
        lambda: send_later.send_now(row, actor=root),
    ):
        with pytest.raises(NotAllowed):
            rule()
    send_later.cancel(row, actor=root)
    send_later.cancel(row, actor=root)
    assert stored(row).stopped_why == "cancelled"
    assert lines(ticket)[-1].startswith("Root took back the reply scheduled for ")
    assert mails_of_reason() == [ana.email]
    # A draft of the ticket: whoever answers there goes on with it.
    send_later.edit(stored(row), actor=colleague, files_key="k", owner="o")
    assert Draft.get().agent_id == colleague.id


def test_a_draft_is_discarded_with_its_files(ticket, ana, ben, monday):
    file = upload()
    row = send_later.schedule(ticket, NewReply("<p>x</p>", files=[file]), monday, actor=ana)
    with pytest.raises(InvalidInput, match="Cancel this reply first"):
        send_later.discard(row, actor=ana)
    send_later.cancel(row, actor=ana)
    with pytest.raises(NotFound):
        send_later.discard(row, actor=ben)
    send_later.discard(row, actor=ana)
    assert not Upload.select().exists()
    assert not file_store.location(file.path).exists()
    with pytest.raises(NotFound):
        send_later.discard(row, actor=ana)


def test_drafts_of_a_month_ago_and_files_of_no_reply_are_purged(ticket, ana, monday):
    file, other = upload(), upload("b.png", attached.png(9))
    row = send_later.schedule(ticket, NewReply("<p>x</p>", files=[file]), monday, actor=ana)
    gone = send_later.schedule(ticket, NewReply("<p>y</p>", files=[other]), monday, actor=ana)
    gone.delete_instance()
    send_later.cancel(row, actor=ana)
    assert send_later.purge() == 0
    assert [one.id for one in Upload.select()] == [file.id]
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        assert send_later.purge() == 1
    assert not Upload.select().exists()


def test_a_draft_that_is_edited_while_it_is_purged_keeps_its_files(ticket, ana, monday, monkeypatch):
    file = upload()
    row = send_later.schedule(ticket, NewReply("<p>x</p>", files=[file]), monday, actor=ana)
    send_later.cancel(row, actor=ana)
    ScheduledReply.update(stopped_at=clock.now() - timedelta(days=31)).execute()
    taken = racing.meeting(monkeypatch, drafts, "put_above")
    edit = partial(send_later.edit, row, actor=ana, files_key="other", owner="agent 9")
    assert racing.beside(edit, lambda: taken.wait(60) and send_later.purge()) == ["done", "done"]
    assert [one.id for one in uploads.of_form("other", "agent 9")] == [file.id]
    assert file_store.location(file.path).exists()


# --- What stops it ------------------------------------------------------------------------------------------------


def test_the_customer_stops_it_and_its_author_is_told(ticket, ana, carol, row, monday):
    tickets.receive_message(ticket, "Never mind.", actor=carol)
    assert (stored(row).waits, stored(row).stopped_why) == (False, "customer-wrote")
    assert lines(ticket)[-1].startswith("The reply that Ana had scheduled for ")
    assert lines(ticket)[-1].endswith(" is a draft again: the customer wrote")
    assert mails_of_reason() == [ana.email]
    mail = OutgoingEmail.get(OutgoingEmail.kind == "not-left")
    assert "did not go to the customer: the customer wrote." in mail.body
    with time_machine.travel(monday + timedelta(hours=1), tick=False):
        assert send_later.next_due() is None
        assert not send_later.run()


def test_one_that_leaves_in_any_case_does(ticket, ana, carol, monday):
    row = send_later.schedule(ticket, NewReply("<p>x</p>"), monday, actor=ana, unless_answered=False)
    tickets.receive_message(ticket, "Never mind.", actor=carol)
    assert stored(row).waits
    assert mails_of_reason() == []


def change_customer(ticket: Ticket, actor: Any) -> None:
    tickets.change_customer(ticket, "dan@client.example", actor=actor, seen=10**6)


@pytest.mark.parametrize(
    ("act", "why", "is_told"),
    [
        (lambda ticket, who: tickets.close(ticket, actor=who), "closed", True),
        (lambda ticket, who: tickets.mark_spam(ticket, actor=who), "spam", False),
        (lambda ticket, who: tickets.delete(ticket, actor=who), "in-bin", False),
        (change_customer, "other-customer", True),
    ],
)
def test_what_becomes_of_the_ticket_stops_it(ticket, ana, root, row, act, why, is_told):
    act(ticket, root)
    assert stored(row).stopped_why == why
    assert lines(ticket)[-1].startswith("The reply that Ana had scheduled") or why == "other-customer"
    # Of what is spam or in the bin nobody is mailed.
    assert mails_of_reason() == ([ana.email] if is_told else [])


def test_a_status_that_closes_and_the_customer_who_closes_stop_it(ticket, ana, root, carol, monday, row):
    tickets.close(ticket, actor=carol)
    assert stored(row).stopped_why == "closed"
    tickets.reopen(ticket, actor=root)
    other = send_later.schedule(ticket, NewReply("<p>x</p>"), monday, actor=ana)
    closed = next(one for one in helpdesk.settings.lookups.statuses() if one.category == "closed")
    tickets.set_status(ticket, closed, actor=root)
    assert stored(other).stopped_why == "closed"


@pytest.mark.parametrize("which", [0, 1])
def test_merging_stops_what_both_tickets_had(ticket, ana, carol, billing, invoices, monday, row, which):
    pair = (ticket, cast.open_ticket(carol, billing, invoices))
    tickets.merge(pair[which], pair[1 - which], actor=ana)
    (left,) = Ticket.select()
    assert [(one.ticket_id, one.stopped_why) for one in ScheduledReply.select()] == [(left.id, "merged")]


def test_moving_and_assigning_leave_it_alone(ticket, ana, root, row):
    tickets.assign(ticket, root, actor=root)
    tickets.add_note(ticket, "<p>Hm</p>", actor=root)
    tickets.reply(ticket, "<p>Another</p>", actor=root)
    assert stored(row).waits


@pytest.mark.parametrize("end", [agents.disable_agent, agents.delete_agent])
def test_an_ended_account_stops_it_and_the_team_is_told(ticket, ana, root, row, end):
    told = cast.make_agent("Zoe", ticket.service)
    tickets.assign(ticket, told, actor=root)
    assert send_later.stop_of_ended_accounts() == 0
    end(ana, actor=root)
    assert send_later.stop_of_ended_accounts() == 1
    assert send_later.stop_of_ended_accounts() == 0
    assert stored(row).stopped_why in {"agent-disabled", "agent-deleted"}
    assert mails_of_reason() == [told.email]
    assert " is a draft again: Ana was d" in lines(ticket)[-1]
    assert send_later.may_cancel(send_later.find(ticket, row.id), told)


def test_it_is_counted_before_an_agent_leaves(ana, row):
    (line,) = [holding for holding in table.HOLDINGS if holding.key == "scheduled_replies"]
    assert line.count(ana) == 1


def test_a_ticket_that_is_purged_takes_it_along(ticket, ana, root, monday):
    file = upload()
    send_later.schedule(ticket, NewReply("<p>x</p>", files=[file]), monday, actor=ana)
    tickets.delete(ticket, actor=root)
    with time_machine.travel(clock.now() + timedelta(days=31), tick=False):
        tickets.purge_bin()
    assert not ScheduledReply.select().exists()
    assert not Upload.select().exists()
    assert not file_store.location(file.path).exists()


def test_its_author_reads_it_in_the_own_language(ticket, ana, carol, row, smtp):
    ana.locale = "fr"
    ana.save()
    tickets.receive_message(ticket, "Never mind.", actor=carol)
    outbox.deliver_due()
    (mail,) = [one for one in smtp.messages if "programmée" in str(one["Subject"])]
    text = mail.get_body(("plain",)).get_content()
    assert "n’est pas partie au client\u00a0: le client a écrit." in " ".join(text.split(" "))


def test_closing_many_is_undone_and_leaves_it_a_draft(ticket, root, row):
    outcome = bulk.run("close", [ticket.id], lambda one: tickets.close(one, actor=root), actor=root)
    assert outcome.action is not None
    assert undo.undo(outcome.action, actor=root).back == 1
    assert Ticket.get_by_id(ticket.id).is_open
    assert stored(row).stopped_why == "closed"


def test_a_merge_that_is_undone_gives_the_draft_back(ticket, ana, carol, billing, invoices, row):
    other = cast.open_ticket(carol, billing, invoices)
    tickets.merge(ticket, other, actor=ana)
    target = Ticket.get_by_id(other.id)
    merge_undo.undo_merge(merge_undo.find(ticket.number, target), target, actor=ana)
    (draft,) = ScheduledReply.select()
    assert (draft.ticket.number, draft.stopped_why) == (ticket.number, "merged")
