"""Taking a reply back before it goes out."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine

import helpdesk.wiring  # noqa: F401 — replies owe mails only once it is read
from database import database
from helpdesk import clock, events, search, settings, tickets
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.files import attachments, uploads
from helpdesk.outbox import claims, returned
from helpdesk.tickets import canned_responses, drafts, thread
from helpdesk.tickets.drafts import Writing
from models import Attachment, CannedResponse, Draft, Message, OutgoingEmail, Status, Ticket, TicketEvent
from tests.support import attached


@pytest.fixture(autouse=True)
def pause(database):
    """Replies wait for ten seconds."""
    settings.save({"undo_send_seconds": 10})


@pytest.fixture
def sent(ticket, ana):
    """Ana's reply, just sent."""
    return tickets.reply(ticket, "<p>We are on it.</p>", actor=ana)


def again(ticket):
    return Ticket.get_by_id(ticket.id)


def mails(message):
    return OutgoingEmail.select().where(OutgoingEmail.message == message.id)


def public(ticket):
    return [message.id for message in thread.public_messages(ticket)[0]]


def test_a_reply_is_mailed_after_the_pause(sent):
    (mail,) = mails(sent)
    assert timedelta(seconds=9) < mail.due_at - clock.now() <= timedelta(seconds=10)
    assert mail.id not in {key for (key,) in claims.due_now().tuples()}


def test_a_reply_is_public_after_the_pause_whatever_is_set_meanwhile(sent, ticket):
    settings.save({"undo_send_seconds": 0})
    assert sent.id not in public(ticket)
    with time_machine.travel(sent.public_at + timedelta(seconds=1), tick=False):
        assert sent.id in public(ticket)


def test_without_a_pause_a_reply_is_public_at_once(ticket, ana):
    settings.save({"undo_send_seconds": 0})
    sent = tickets.reply(ticket, "<p>Now</p>", actor=ana)
    assert sent.public_at is None
    assert sent.id in public(ticket)


@pytest.mark.parametrize("seconds", ["31", "-1", "soon", ""])
def test_the_pause_is_a_number_up_to_thirty(database, seconds):
    with pytest.raises(InvalidInput, match="0 to 30"):
        settings.save({"undo_send_seconds": seconds})


def test_a_file_of_a_held_reply_is_not_the_customers_yet(ticket, ana, carol, no_files):
    sent = tickets.reply(ticket, "<p>See here</p>", actor=ana, files=[attached.received()])
    file = Attachment.get(Attachment.message == sent.id)
    with pytest.raises(NotFound):
        attachments.find(carol, file.id)
    with time_machine.travel(sent.public_at + timedelta(seconds=1), tick=False):
        assert attachments.find(carol, file.id) == file


def test_its_files_wait_for_the_form_again(ticket, ana, no_files):
    sent = tickets.reply(ticket, "<p>See here</p>", actor=ana, files=[attached.received()])
    tickets.withdraw_reply(sent, actor=ana, files_key="form", owner="agent 1")
    assert [file.name for file in uploads.of_form("form", "agent 1")] == ["invoice.pdf"]
    assert Attachment.select().count() == 0


def test_withdrawing_takes_message_mails_and_search_away(sent, ticket, ana):
    tickets.withdraw_reply(sent, actor=ana)
    assert Message.select().where(Message.kind == "reply").count() == 0
    assert OutgoingEmail.select().where(OutgoingEmail.kind == "notification").count() == 0
    assert list(Message.select().where(Message.ticket.in_(search.ticket_ids("we are on it")))) == []


def test_withdrawing_gives_back_draft_status_assignee_and_wait(ticket, ana):
    before = again(ticket)
    sent = tickets.reply(again(ticket), "<p>Done.</p>", actor=ana, close=True)
    assert again(ticket).assignee == ana
    tickets.withdraw_reply(sent, actor=ana)
    after = again(ticket)
    for name in ("status_id", "is_open", "closed_at", "assignee_id", "awaits_reply", "waiting_since"):
        assert getattr(after, name) == getattr(before, name), name
    draft = Draft.get()
    assert (draft.agent, draft.body, draft.close) == (ana, "<p>Done.</p>", True)


def test_withdrawing_gives_back_a_saved_canned_response(ticket, ana):
    saved = canned_responses.save_from_reply(ticket, "Thanks", "<p>Thank you.</p>", actor=ana)
    sent = tickets.reply(ticket, "<p>Thank you.</p>", actor=ana, canned=saved)
    tickets.withdraw_reply(sent, actor=ana)
    assert CannedResponse.select().count() == 0
    assert (Draft.get().save_as, Draft.get().canned_name) == (True, "Thanks")


def test_the_history_tells_of_it_and_not_of_the_reply(ticket, ana):
    sent = tickets.reply(ticket, "<p>Done.</p>", actor=ana, close=True)
    tickets.withdraw_reply(sent, actor=ana)
    said = [events.describe(event) for event in TicketEvent.select().order_by(TicketEvent.id)]
    assert said == ["Carol Jones opened the ticket", "Ana took a reply back before it went out"]


def test_withdrawing_twice_is_withdrawing_once(sent, ana):
    other = Message.get_by_id(sent.id)
    tickets.withdraw_reply(sent, actor=ana)
    tickets.withdraw_reply(other, actor=ana)
    assert Draft.select().count() == 1
    assert TicketEvent.select().where(TicketEvent.kind == "withdrawn").count() == 1


def test_after_the_pause_it_is_too_late(sent, ticket, ana):
    with (
        time_machine.travel(sent.public_at + timedelta(seconds=1), tick=False),
        pytest.raises(InvalidInput, match="gone out"),
    ):
        tickets.withdraw_reply(sent, actor=ana)
    assert Message.get_by_id(sent.id).deleted_at is None


def test_it_stays_when_a_mail_has_left(sent, ana):
    OutgoingEmail.update(state="sent").where(OutgoingEmail.message == sent.id).execute()
    with pytest.raises(InvalidInput, match="gone out"):
        tickets.withdraw_reply(sent, actor=ana)
    assert Message.get_by_id(sent.id).deleted_at is None


def test_a_mail_that_was_withheld_keeps_no_reply(sent, ana):
    OutgoingEmail.update(state="cancelled", withheld="undeliverable").where(OutgoingEmail.message == sent.id).execute()
    tickets.delay_reply(sent, actor=ana)
    assert returned.send_again(sent, actor=ana) == 1
    (mail,) = mails(sent)
    assert mail.due_at == Message.get_by_id(sent.id).public_at
    OutgoingEmail.update(state="cancelled").where(OutgoingEmail.id == mail.id).execute()
    tickets.withdraw_reply(Message.get_by_id(sent.id), actor=ana)
    assert not OutgoingEmail.select().where(OutgoingEmail.id == mail.id).exists()


def test_it_stays_when_the_customer_wrote_meanwhile(sent, ticket, ana, carol):
    tickets.receive_message(again(ticket), "One more thing.", actor=carol)
    with pytest.raises(InvalidInput, match="meanwhile"):
        tickets.withdraw_reply(sent, actor=ana)
    assert mails(sent).count() == 1


def test_a_note_of_a_colleague_does_not_keep_it(sent, ticket, ana, root):
    tickets.add_note(again(ticket), "<p>Careful</p>", actor=root)
    tickets.withdraw_reply(sent, actor=ana)
    assert Message.get_or_none(Message.id == sent.id) is None


def test_what_a_colleague_changed_meanwhile_stays(sent, ticket, ana, root):
    hold = Status.get(Status.identifier == "on hold")
    tickets.set_status(again(ticket), hold, actor=root)
    tickets.withdraw_reply(sent, actor=ana)
    assert (again(ticket).status, again(ticket).assignee) == (hold, None)


def test_only_its_author_takes_it_back(sent, root):
    with pytest.raises(NotAllowed):
        tickets.withdraw_reply(sent, actor=root)


def test_what_was_begun_since_stands_below(sent, ticket, ana):
    Draft.create(ticket=ticket, agent=ana, body="<p>And</p>", updated_at=clock.now())
    tickets.withdraw_reply(sent, actor=ana)
    assert Draft.get().body == "<p>We are on it.</p><p>And</p>"


def test_a_note_begun_since_makes_the_draft_a_note(sent, ticket, ana):
    drafts.save(again(ticket), Writing("<p>She is angry.</p>", note=True), actor=ana)
    tickets.withdraw_reply(sent, actor=ana)
    assert (Draft.get().kind, Draft.get().body) == ("note", "<p>We are on it.</p><p>She is angry.</p>")


def test_a_draft_saved_at_the_same_moment_is_no_failure(sent, ticket, ana):
    def withdraw():
        with database.connection_context():
            tickets.withdraw_reply(sent, actor=ana)

    with ThreadPoolExecutor(1) as pool:
        with database.atomic():
            drafts.save(again(ticket), Writing("<p>Then</p>"), actor=ana)
            withdrawn = pool.submit(withdraw)
            time.sleep(0.3)
        withdrawn.result(60)
    assert Draft.get().body.startswith("<p>We are on it.</p>")


# --- More time ----------------------------------------------------------------------------------------------------


def test_more_time_keeps_the_reply_and_its_mails_back(sent, ticket, ana):
    until = tickets.delay_reply(sent, actor=ana)
    assert timedelta(seconds=119) < until - clock.now() <= timedelta(minutes=2)
    assert {mail.due_at for mail in mails(sent)} == {until} == {Message.get_by_id(sent.id).public_at}
    with time_machine.travel(sent.public_at + timedelta(seconds=1), tick=False):
        assert sent.id not in public(ticket)
        tickets.withdraw_reply(Message.get_by_id(sent.id), actor=ana)
    assert Draft.get().body == "<p>We are on it.</p>"


def test_more_time_is_given_at_least_ten_times_and_ends_after_an_hour(sent, ana):
    start, presses = sent.created_at, 0
    while (message := Message.get_by_id(sent.id)).public_at < start + timedelta(hours=1):
        with time_machine.travel(message.public_at - timedelta(seconds=1), tick=False):
            tickets.delay_reply(message, actor=ana)
        presses += 1
    assert presses > 10
    assert message.public_at == start + timedelta(hours=1)


def test_a_reply_is_let_go_at_once(sent, ticket, ana):
    tickets.delay_reply(sent, actor=ana)
    tickets.send_reply_now(sent, actor=ana)
    assert sent.id in public(ticket)
    assert [mail.due_at <= clock.now() for mail in mails(sent)] == [True]


@pytest.mark.parametrize("act", [tickets.delay_reply, tickets.send_reply_now])
def test_what_has_gone_out_is_kept_back_no_more(sent, ana, act):
    due = {mail.due_at for mail in mails(sent)}
    with time_machine.travel(sent.public_at + timedelta(seconds=1), tick=False), pytest.raises(InvalidInput):
        act(sent, actor=ana)
    assert {mail.due_at for mail in mails(sent)} == due


def test_a_mail_that_has_left_is_kept_back_no_more(sent, ana):
    OutgoingEmail.update(state="sent").where(OutgoingEmail.message == sent.id).execute()
    with pytest.raises(InvalidInput, match="gone out"):
        tickets.delay_reply(sent, actor=ana)


def test_the_reply_of_a_colleague_is_theirs_to_keep_back(sent, root):
    with pytest.raises(NotAllowed):
        tickets.delay_reply(sent, actor=root)


def test_a_reply_kept_back_holds_up_no_colleague(sent, ticket, ana, root):
    OutgoingEmail.delete().where(OutgoingEmail.message != sent.id).execute()
    tickets.delay_reply(sent, actor=ana)
    other = tickets.reply(again(ticket), "<p>Here it is.</p>", actor=root)
    with time_machine.travel(other.public_at + timedelta(seconds=1), tick=False):
        assert [mail.message_id for mail in claims.claim(10)] == [other.id]


# --- Another status that waits ------------------------------------------------------------------------------------


@pytest.fixture
def on_hold(database):
    return Status.get(Status.identifier == "on hold")


def test_a_reply_may_set_another_status_that_waits(ticket, ana, on_hold):
    tickets.reply(ticket, "<p>Soon.</p>", actor=ana, waits_as=on_hold)
    assert again(ticket).status == on_hold
    said = [events.describe(event) for event in TicketEvent.select().order_by(TicketEvent.id)]
    assert said[-1] == "Ana changed the status from Active to On Hold"


def test_withdrawing_takes_that_status_back_too(ticket, ana, on_hold):
    before = again(ticket).status
    tickets.withdraw_reply(tickets.reply(ticket, "<p>Soon.</p>", actor=ana, waits_as=on_hold), actor=ana)
    assert again(ticket).status == before
    assert TicketEvent.select().where(TicketEvent.kind == "status").count() == 0


def test_a_status_that_does_not_wait_is_refused(ticket, ana):
    with pytest.raises(InvalidInput, match="any more"):
        tickets.reply(ticket, "<p>Soon.</p>", actor=ana, waits_as=Status.get(Status.category == "closed"))


def test_what_the_customer_writes_next_is_newer_than_the_reply_taken_back(sent, ticket, ana, carol):
    seen = thread.newest_id(ticket)
    tickets.withdraw_reply(sent, actor=ana)
    assert tickets.receive_message(again(ticket), "Stop, it has come!", actor=carol).id > seen
