"""What the team answers with another mail program: read in the folder of sent mails, and nobody is mailed for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from helpdesk import clock, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import InvalidInput
from helpdesk.incoming import collection, held_mail, mailbox_test, mailboxes, pipeline, tidying
from helpdesk.notifications import reply_address
from helpdesk.tickets import cc, first_response
from models import Agent, IncomingMail, Mailbox, MailFolder, Message, OutgoingEmail, Service, Ticket, TicketEvent
from tests.support import dovecot as real
from tests.support import sqlite_only
from tests.support.mails import ADDRESS, mail, make_mailbox, receive, take

CAROL = "carol@customer.example"
QUESTION = "<question@customer.example>"


@pytest.fixture
def mailbox(billing: Service) -> Mailbox:
    return make_mailbox(billing, billing.departments.get())


@pytest.fixture
def question(mailbox: Mailbox) -> Ticket:
    """A ticket that Carol opened by e-mail, and for which nothing waits to be mailed."""
    [row] = receive(mailbox, mail("How much is it?", sender=f"Carol Jones <{CAROL}>", mail_id=QUESTION))
    OutgoingEmail.delete().execute()
    return Ticket.get_by_id(row.ticket_id)


def sent(mailbox: Mailbox, text: str = "Ten euros.", **values: Any) -> IncomingMail:
    """Decide about a mail in the folder of sent ones."""
    date = values.pop("date", datetime.now(UTC) + timedelta(minutes=1))
    headers = [("In-Reply-To", values.pop("answers", QUESTION)), ("Date", format_datetime(date))]
    values = {"sender": f"Support <{ADDRESS}>", "to": CAROL, "subject": "Re: A printer", **values}
    values["headers"] = [*headers, *values.get("headers", ())]
    row = take(mailbox, mail(text, **values), is_sent=True)
    pipeline.decide_waiting()
    return IncomingMail.get_by_id(row.id)


def test_what_was_sent_elsewhere_is_a_reply_and_mails_nobody(mailbox: Mailbox, question: Ticket) -> None:
    row = sent(
        mailbox, "Ten euros.\n\nOn Mon, Nov 30, 2026 at 10:12 AM Carol <carol@customer.example> wrote:\n> How much?"
    )
    ticket, message = Ticket.get_by_id(question.id), Message.get_by_id(row.message_id)
    assert (row.state, row.reason, row.ticket_id) == ("reply", "sent", question.id)
    assert (message.kind, message.agent_id, message.author_name) == ("reply", None, "Mail program")
    assert message.body == "<p>Ten euros.</p>"
    assert (ticket.status.category, ticket.awaits_reply) == ("pending", False)
    assert TicketEvent.select().where(TicketEvent.kind == "sent-elsewhere").count() == 1
    # The customer has a response, however it was sent.
    assert ticket.first_response is not None
    assert first_response.of_history(ticket, ticket.created_at)["first_response"] is not None
    assert not OutgoingEmail.select().exists()
    # The customer answers that mail: it finds the ticket by its id.
    [answer] = receive(mailbox, mail("Thanks", sender=CAROL, subject="x", headers=[("In-Reply-To", row.mail_id)]))
    assert (answer.state, answer.ticket_id) == ("message", question.id)


def test_the_same_mail_is_one_reply(mailbox: Mailbox, question: Ticket) -> None:
    rows = [sent(mailbox, mail_id="<r@desk.example>", headers=[("X-Copy", str(number))]) for number in range(2)]
    assert [(row.state, row.reason) for row in rows] == [("reply", "sent"), ("ignored", "duplicate")]
    # One that arrives here, too, takes nothing from it.
    arrived = mail("Ten euros.", sender=ADDRESS, to=ADDRESS, mail_id="<s@desk.example>")
    receive(mailbox, arrived)
    assert sent(mailbox, mail_id="<s@desk.example>").state == "reply"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"sender": "ana@private.example"}, "sent-from"),
        ({"headers": [("Auto-Submitted", "auto-replied")]}, "sent-program"),
        ({"answers": "<unknown@customer.example>"}, "sent-new"),
        ({"to": "lawyer@other.example"}, "sent-others"),
        ({"subject": "TR: A printer"}, "sent-others"),
        ({"headers": [("X-Guichet-Desk", "mark")]}, "ours"),
    ],
)
def test_what_is_no_reply_to_the_customer_stays_out_of_the_ticket(
    mailbox: Mailbox, question: Ticket, values: dict[str, Any], reason: str
) -> None:
    if reason == "ours":
        values = {"headers": [("X-Guichet-Desk", reply_address.desk_mark())]}
    if reason == "sent-new":
        # A number in the subject is nothing that was answered.
        values = {**values, "subject": f"[#{question.number}]"}
    row = sent(mailbox, **values)
    assert (row.state, row.reason, row.message_id) == ("ignored", reason, None)
    ticket = Ticket.get_by_id(question.id)
    assert (ticket.awaits_reply, ticket.messages.count()) == (True, 1)
    assert not OutgoingEmail.select().exists()


def test_what_leaves_out_somebody_in_copy_is_for_the_team(mailbox: Mailbox, question: Ticket, root: Agent) -> None:
    cc.add_cc(question, ["Bob@Customer.example"], actor=root)
    row = sent(mailbox)
    message = Message.get_by_id(row.message_id)
    assert (row.state, row.reason, message.kind) == ("note", "sent-copies", "note")
    assert Ticket.get_by_id(question.id).awaits_reply
    assert sent(mailbox, "All of you", headers=[("Cc", "bob@customer.example")]).state == "reply"


def test_a_reply_to_what_is_no_longer_the_last_word_leaves_the_ticket_waiting(
    mailbox: Mailbox, question: Ticket
) -> None:
    again = mail("And in red?", sender=CAROL, mail_id="<red@customer.example>", headers=[("In-Reply-To", QUESTION)])
    receive(mailbox, again)
    assert sent(mailbox).state == "reply"
    assert Ticket.get_by_id(question.id).awaits_reply
    # It answers the last one, though the desk took that only after it was sent.
    late = sent(mailbox, "Red, too", answers="<red@customer.example>", date=datetime(2026, 1, 1, tzinfo=UTC))
    assert late.state == "reply"
    assert not Ticket.get_by_id(question.id).awaits_reply


def test_of_an_answer_to_a_mail_of_the_desk_its_date_tells(mailbox: Mailbox, question: Ticket, ana: Agent) -> None:
    tickets.reply(question, "<p>Ten.</p>", actor=ana)
    ours = OutgoingEmail.select().where(OutgoingEmail.to_email == CAROL).get().mail_id
    ticket = Ticket.get_by_id(question.id)
    tickets.receive_message(ticket, "Dollars?", actor=TicketGuest(ticket.customer, ticket.id, ticket.address))
    sent(mailbox, "I meant euros", answers=ours, date=datetime.now(UTC) - timedelta(hours=1))
    assert Ticket.get_by_id(question.id).awaits_reply
    sent(mailbox, "No: euros", answers=ours)
    assert not Ticket.get_by_id(question.id).awaits_reply


def test_under_spam_and_in_the_bin_nothing_is_added(mailbox: Mailbox, question: Ticket, root: Agent) -> None:
    tickets.delete(question, actor=root)
    row = sent(mailbox)
    assert (row.state, row.reason) == ("ignored", "sent-hidden")
    assert Ticket.get_by_id(question.id).in_bin


def test_nobody_opens_a_ticket_of_what_the_team_has_sent(mailbox: Mailbox, question: Ticket, root: Agent) -> None:
    row = sent(mailbox, to="lawyer@other.example")
    for act in (
        lambda: held_mail.open_ticket(row, actor=root),
        lambda: held_mail.open_for(row, "x@other.example", "X", actor=root),
    ):
        with pytest.raises(InvalidInput, match="Your team has sent this e-mail"):
            act()
    held_mail.add_to(row, question.number, actor=root)
    assert Message.select().order_by(Message.id.desc()).get().kind == "note"


# --- On a server ----------------------------------------------------------------------------------------------------


def test_the_folder_of_sent_mails_is_read_from_now_on(
    imap_mailbox: Callable[..., Mailbox], server: real.Dovecot, user: str
) -> None:
    imap_mailbox(read_sent=True, after="delete", after_days=0)
    answer = mail("Before", sender=ADDRESS, to=CAROL, headers=[("In-Reply-To", QUESTION)])
    server.put(answer, user=user, folder="Posted")
    server.put(mail("How much is it?", sender=CAROL, mail_id=QUESTION), user=user)
    pipeline.run()
    # What was sent before is history.
    assert [row.state for row in IncomingMail.select()] == ["new"]
    ours = mail("By the desk", sender=ADDRESS, to=CAROL, headers=[("X-Guichet-Desk", reply_address.desk_mark())])
    answer = mail("Ten euros", sender=ADDRESS, to=CAROL, headers=[("In-Reply-To", QUESTION)])
    server.put(ours, answer, ours, user=user, folder="Posted")
    pipeline.run()
    rows = list(IncomingMail.select().order_by(IncomingMail.id))
    assert [(row.folder, row.state) for row in rows] == [("INBOX", "new"), ("Posted", "reply")]
    assert MailFolder.get(MailFolder.name == "Posted").last_uid == 4
    # It is the team's own: nothing there is ever deleted.
    IncomingMail.update(decided_at=clock.now() - timedelta(days=1)).execute()
    tidying.run()
    client = server.client(user)
    assert client.select("Posted", readonly=True)[1] == [b"4"]
    assert client.select("INBOX", readonly=True)[1] == [b"0"]
    client.logout()
    server.forget_numbers(user, "Posted")
    pipeline.run()
    assert IncomingMail.select().count() == 2


@sqlite_only
def test_what_customers_wrote_is_not_the_team_s_where_it_is_moved_to(
    imap_mailbox: Callable[..., Mailbox], server: real.Dovecot, user: str, root: Agent
) -> None:
    # The form cannot know which folder the server calls that of sent mails.
    mailbox = imap_mailbox(read_sent=True, after="move", after_folder="Posted")
    server.put(mail("How much is it?", sender=CAROL, mail_id=QUESTION), user=user)
    pipeline.run()
    forged = mail("It is free", sender=ADDRESS, to=CAROL, headers=[("In-Reply-To", QUESTION)])
    server.put(forged, user=user, folder="Posted")
    pipeline.run()
    assert [row.state for row in IncomingMail.select()] == ["new"]
    told = [(str(step.text), step.ok) for step in mailbox_test.steps(mailbox, actor=root)]
    assert ("This folder is read: what is moved there would come in again.", False) in told


@sqlite_only
def test_a_folder_of_sent_mails_that_is_missing_holds_up_no_mail(
    imap_mailbox: Callable[..., Mailbox], server: real.Dovecot, user: str
) -> None:
    mailbox = imap_mailbox(read_sent=True, sent_folder="Nowhere")
    server.put(mail("Hello"), user=user)
    assert collection.collect(mailbox) == 0
    assert IncomingMail.select().count() == 1
    assert "Nowhere" in Mailbox.get().last_error


@sqlite_only
def test_the_folder_of_sent_mails_is_chosen_in_the_form(sales: Service, root: Agent) -> None:
    values = {
        "address": ADDRESS, "kind": "imap", "host": "imap.desk.example", "username": "support", "service": sales,
        "password": "open-sesame", "read_sent": True, "sent_folder": "Sent",
    }  # fmt: skip
    mailbox = mailboxes.save(Mailbox(), values, actor=root)
    MailFolder.create(mailbox=mailbox, name="Sent", last_uid=5)
    MailFolder.create(mailbox=mailbox, name="INBOX", last_uid=7)
    mailboxes.save(mailbox, values, actor=root)
    assert MailFolder.select().count() == 2
    mailboxes.save(mailbox, {**values, "read_sent": False}, actor=root)
    mailboxes.save(mailbox, values, actor=root)
    # What was sent meanwhile is history.
    assert [row.name for row in MailFolder.select()] == ["INBOX"]
    with pytest.raises(InvalidInput, match="read already"):
        mailboxes.save(mailbox, {**values, "other_folders": "Sent"}, actor=root)
    # What a customer wrote would lie among the answers of the team.
    moving = {**values, "after": "move", "after_folder": "Sent"}
    with pytest.raises(InvalidInput, match="come in again"):
        mailboxes.save(mailbox, moving, actor=root)
    mailboxes.save(mailbox, {**moving, "read_sent": False}, actor=root)
