"""Correcting replies and notes: who may and for how long, what is kept, and which e-mail leaves."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from database import Label, is_sqlite
from helpdesk import clock, outbox, search, settings, tickets
from helpdesk.corrections import correcting, correction_mails
from helpdesk.corrections.correcting import Correction
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.files import attachments
from helpdesk.outbox import claims
from helpdesk.tickets import cc
from models import EmailText, Message, MessageVersion, OutgoingEmail, Ticket, TicketEvent
from tests.support import attached, cast, racing
from tests.support.mailbox import text_of

pytestmark = pytest.mark.usefixtures("request_context", "no_files")


@pytest.fixture
def worded(database):
    """Let the mail about a reply hold the reply."""
    EmailText.create(kind="notification", body=Label(en="<p>{{message}}</p>"))


def correction(message, body, **values):
    """What a form sends that shows the message as it is."""
    files = attachments.of_messages([message]).get(message.id, [])
    return Correction(body, correcting.state_of(Message.get_by_id(message.id), files), **values)


def correct(message, body, actor, **values):
    return correcting.correct(Message.get_by_id(message.id), correction(message, body, **values), actor=actor)


def mails(kind):
    return list(OutgoingEmail.select().where(OutgoingEmail.kind == kind).order_by(OutgoingEmail.id))


def test_the_former_text_is_kept_and_search_finds_the_new_one(ticket, ana, root):
    sent = tickets.reply(ticket, "<p>It costs twelve</p>", actor=ana)
    assert correct(sent, "<p>It costs thirteen</p>", ana)
    row = Message.get_by_id(sent.id)
    assert (row.body, row.corrected_at is not None) == ("<p>It costs thirteen</p>", True)
    (version,) = correcting.versions(row, actor=root)
    assert (correcting.plain(version), version.actor_name) == ("It costs twelve", "Ana")
    assert list(Ticket.select().where(Ticket.id.in_(search.ticket_ids("twelve")))) == []
    assert list(Ticket.select().where(Ticket.id.in_(search.ticket_ids("thirteen")))) == [ticket]
    assert Ticket.get_by_id(ticket.id).excerpt == "It costs thirteen"
    event = TicketEvent.select().where(TicketEvent.kind == "corrected").get()
    assert event.data == {"message": sent.id, "name": "Ana"}
    with pytest.raises(NotAllowed):
        correcting.versions(row, actor=ana)


def test_the_same_text_changes_nothing(ticket, ana):
    sent = tickets.reply(ticket, "<p>Yes</p>", actor=ana)
    assert not correct(sent, "<p>Yes</p>", ana)
    assert MessageVersion.select().count() == 0


def test_ones_own_for_fifteen_minutes_a_manager_at_any_time(ticket, ana, mona, team, root, billing):
    cast.permit(cast.make_agent("Bea", None), billing)
    sent = tickets.reply(ticket, "<p>Yes</p>", actor=ana)
    other = next(agent for agent in [cast.make_agent("Cleo", billing)])
    with pytest.raises(NotAllowed):
        correct(sent, "<p>No</p>", other)
    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        with pytest.raises(NotAllowed, match="fifteen minutes"):
            correct(sent, "<p>No</p>", ana)
        assert correct(sent, "<p>No</p>", mona, tells=False)
        assert correct(sent, "<p>Perhaps</p>", root, tells=False)


def test_a_customers_message_is_never_corrected(ticket, root):
    message = Message.get(Message.ticket == ticket.id)
    with pytest.raises(NotAllowed):
        correct(message, "<p>I owe you money</p>", root)


def test_of_two_corrections_at_once_the_second_is_refused(ticket, ana, root):
    sent = tickets.reply(ticket, "<p>One</p>", actor=ana)
    first, second = correction(sent, "<p>Two</p>"), correction(sent, "<p>Three</p>")
    correcting.correct(Message.get_by_id(sent.id), first, actor=ana)
    with pytest.raises(InvalidInput, match="changed this message"):
        correcting.correct(Message.get_by_id(sent.id), second, actor=root)
    assert Message.get_by_id(sent.id).body == "<p>Two</p>"


def test_an_empty_text_is_refused(ticket, ana):
    sent = tickets.reply(ticket, "<p>One</p>", actor=ana)
    with pytest.raises(InvalidInput, match="Write a message"):
        correct(sent, "<p> </p>", ana)


def test_a_mail_that_waits_leaves_with_the_corrected_text_alone(worded, smtp, ticket, ana):
    sent = tickets.reply(ticket, "<p>It costs twelve</p>", actor=ana)
    assert correct(sent, "<p>It costs thirteen</p>", ana)
    OutgoingEmail.update(due_at=clock.now()).execute()
    outbox.deliver_due()
    (letter,) = [text_of(mail) for mail in smtp.messages if "costs" in text_of(mail)]
    assert "thirteen" in letter
    assert "twelve" not in letter
    assert mails("correction") == []


def test_one_that_has_left_asks_whether_to_send_the_correction(worded, smtp, ticket, ana):
    settings.save({"undo_send_seconds": 0})
    sent = tickets.reply(ticket, "<p>It costs twelve</p>", actor=ana)
    outbox.deliver_due()
    with pytest.raises(InvalidInput) as error:
        correct(sent, "<p>It costs thirteen</p>", ana)
    assert error.value.field == "tells"
    assert correct(sent, "<p>It costs thirteen</p>", ana, tells=False)
    assert mails("correction") == []
    assert correct(sent, "<p>It costs fourteen</p>", ana, tells=True)
    outbox.deliver_due()
    letter = smtp.messages[-1]
    assert "fourteen" in text_of(letter)
    assert letter["Auto-Submitted"] is None
    # What left stands in the outbox as it left.
    assert "twelve" in mails("notification")[0].body


def test_only_whom_the_mail_had_reached_is_told(worded, ticket, ana, carol, dan):
    settings.save({"undo_send_seconds": 0})
    sent = tickets.reply(ticket, "<p>It costs twelve</p>", actor=ana)
    OutgoingEmail.update(state="sent", sent_at=clock.now()).where(OutgoingEmail.message == sent.id).execute()
    cc.add_cc(Ticket.get_by_id(ticket.id), [dan.primary_address.email], actor=ana)
    correct(sent, "<p>It costs thirteen</p>", ana, tells=True)
    assert [mail.to_email for mail in mails("correction")] == [carol.primary_address.email]


def test_a_mail_that_failed_is_sent_again_with_the_new_text(worded, ticket, ana):
    settings.save({"undo_send_seconds": 0})
    sent = tickets.reply(ticket, "<p>It costs twelve</p>", actor=ana)
    OutgoingEmail.update(state="failed").where(OutgoingEmail.kind == "notification").execute()
    assert correct(sent, "<p>It costs thirteen</p>", ana)
    (mail,) = mails("notification")
    assert "thirteen" in mail.body
    assert "twelve" not in mail.body


def test_files_are_taken_out_and_added(ticket, ana):
    sent = tickets.reply(ticket, "<p>See</p>", actor=ana, files=[attached.received(name="wrong.pdf")])
    (wrong,) = attachments.of_messages([sent])[sent.id]
    right = attached.received(attached.PDF + b"2", "right.pdf")
    correct(sent, "<p>See</p>", ana, without=frozenset({wrong.id}), files=[right])
    assert [file.name for file in attachments.of_messages([sent])[sent.id]] == ["right.pdf"]
    assert MessageVersion.get().files == ["wrong.pdf"]
    assert wrong.path.rpartition("/")[2] not in attached.stored()
    assert list(Ticket.select().where(Ticket.id.in_(search.ticket_ids("right pdf")))) == [ticket]


def test_a_colleague_named_in_a_note_for_the_first_time_is_told(ticket, ana, billing):
    bea = cast.make_agent("Bea", billing)
    note = tickets.add_note(ticket, "<p>@Bea look</p>", actor=ana)
    cleo = cast.make_agent("Cleo", billing)
    correct(note, "<p>@Bea and @Cleo look</p>", ana)
    assert Message.get_by_id(note.id).body.count("<strong>") == 2
    assert [mail.agent_id for mail in mails("mention")] == [bea.id, cleo.id]


def test_a_deleted_note_leaves_no_version(ticket, ana):
    note = tickets.add_note(ticket, "<p>Secret</p>", actor=ana)
    correct(note, "<p>Less</p>", ana)
    tickets.delete_note(Message.get_by_id(note.id), actor=ana)
    assert MessageVersion.select().count() == 0
    with pytest.raises(NotFound):
        correct(note, "<p>Again</p>", ana)


def test_in_a_ticket_that_was_merged_it_is_corrected_where_it_is_now(ticket, carol, billing, ana):
    sent = tickets.reply(ticket, "<p>One</p>", actor=ana)
    target = cast.open_ticket(carol, billing, department=ticket.department)
    tickets.merge(Ticket.get_by_id(ticket.id), target, actor=ana)
    message = correcting.find(sent.id, actor=ana)
    assert message.ticket_id == target.id
    assert correct(message, "<p>Two</p>", ana)


def test_who_does_not_see_the_ticket_does_not_find_the_message(ticket, ben, ana):
    sent = tickets.reply(ticket, "<p>One</p>", actor=ana)
    with pytest.raises(NotFound):
        correcting.find(sent.id, actor=ben)


def test_no_mail_leaves_between_the_question_and_the_new_text(worded, ticket, ana, monkeypatch):
    if is_sqlite():
        return  # One writer at a time: nobody claims anything meanwhile.
    settings.save({"undo_send_seconds": 0})
    OutgoingEmail.update(state="sent").execute()
    sent = tickets.reply(ticket, "<p>It costs twelve</p>", actor=ana)
    real, claimed = correction_mails.reached, []

    def reached(message):
        rows = real(message)
        assert racing.beside(lambda: claimed.extend(claims.claim(10))) == ["done"]
        return rows

    monkeypatch.setattr(correction_mails, "reached", reached)
    assert correct(sent, "<p>It costs thirteen</p>", ana)
    assert claimed == []
    assert "thirteen" in mails("notification")[0].body


def test_where_no_script_runs_a_picture_of_the_text_stays_as_a_file(ticket, ana):
    picture = attached.received(attached.png(), "plan.png")
    body = f'<p>See teh plan <img src="cid:{picture.sha256[:32]}" alt="plan.png"></p>'
    sent = tickets.reply(ticket, body, actor=ana, files=[picture])
    assert correct(sent, "<p>See the plan</p>", ana, is_plain=True)
    assert [file.name for file in attachments.of_messages([sent])[sent.id]] == ["plan.png"]
    assert picture.path.rpartition("/")[2] in attached.stored()
