"""Some messages of a ticket become a ticket of their own, and go back for ten minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

import helpdesk.wiring  # noqa: F401 — acts owe mails only once it is read
from helpdesk import clock, search, send_later, settings, tickets
from helpdesk.errors import InvalidInput, NotAllowed, NotFound
from helpdesk.incoming import mail_threading
from helpdesk.send_later import NewReply
from helpdesk.tickets import cc, customer_change, drafts, merge_undo, splitting
from helpdesk.tickets.drafts import Writing
from helpdesk.tickets.splitting import Part
from helpdesk.visitors import guest_passes
from models import (
    Attachment,
    FormerNumber,
    Message,
    OutgoingEmail,
    ReadMark,
    ScheduledReply,
    Ticket,
    TicketCc,
    TicketEvent,
)
from tests.helpdesk.tickets.test_merge_undo import everything
from tests.support import attached, cast, racing

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def second(ticket, carol):
    """Carol's second message, about something else."""
    return tickets.receive_message(ticket, "And my delivery is late", actor=carol)


@pytest.fixture
def part(ticket, second):
    """The part of the ticket that becomes one of its own."""
    return Part((second.id,), "The delivery", ticket.service_id, ticket.department_id)


def again(ticket):
    return Ticket.get_by_id(ticket.id)


def test_messages_files_and_mails_go_along(ticket, second, part, ana, carol):
    file = attached.file(ticket)
    Attachment.update(message=second.id).where(Attachment.id == file.id).execute()
    mails = OutgoingEmail.select().where(OutgoingEmail.message == second.id).count()
    made = tickets.split(again(ticket), part, actor=ana)
    assert (made.subject, made.customer, made.address) == ("The delivery", carol, ticket.address)
    assert [row.id for row in made.messages] == [second.id]
    assert Attachment.get_by_id(file.id).message.ticket == made
    assert mails
    assert OutgoingEmail.select().where(OutgoingEmail.ticket == made.id).count() == mails
    now = again(made)
    assert (now.awaits_reply, now.waiting_since, now.created_at) == (True, second.created_at, second.created_at)
    assert now.excerpt == "And my delivery is late"
    assert again(ticket).excerpt == "The total looks wrong to me."


def test_both_histories_name_the_other_and_nobody_is_mailed(ticket, part, ana):
    before = OutgoingEmail.select().count()
    made = tickets.split(again(ticket), part, actor=ana)
    lines = {(row.ticket_id, row.kind): row.data["number"] for row in TicketEvent.select() if "number" in row.data}
    assert lines == {(ticket.id, "split"): made.number, (made.id, "split-off"): ticket.number}
    assert OutgoingEmail.select().count() == before


def test_its_customer_is_mailed_only_where_ticked_and_never_a_note(ticket, part, ana, carol):
    note = tickets.add_note(again(ticket), "<p>secret</p>", actor=ana)
    ticked = replace(part, messages=(*part.messages, note.id), tells=True)
    made = tickets.split(again(ticket), ticked, actor=ana)
    (mail,) = (
        OutgoingEmail.select()
        .where(OutgoingEmail.ticket == made.id, OutgoingEmail.kind == "confirmation")
        .order_by(OutgoingEmail.id.desc())
        .limit(1)
    )
    assert mail.to_email == carol.primary_address.email
    assert "secret" not in mail.body


def test_place_and_assignee_are_chosen(ticket, part, root, sales, ana):
    made = tickets.split(again(ticket), replace(part, service_id=sales.id, department_id=None, to=root), actor=root)
    assert (made.service, again(made).assignee) == (sales, root)
    with pytest.raises(InvalidInput):
        tickets.split(again(ticket), replace(part, service_id=sales.id, department_id=None), actor=ana)


def test_who_wrote_in_copy_becomes_its_customer_or_goes_on_reading(ticket, part, ana, dan):
    cc.add_cc(ticket, [dan.primary_address.email], actor=ana)
    written = tickets.receive_message(again(ticket), "I have another question", actor=dan)
    mine = replace(part, messages=(written.id,))
    rows = splitting.check(again(ticket), mine, actor=ana)
    assert splitting.other_author(ticket, rows) == dan.primary_address
    kept = tickets.split(again(ticket), mine, actor=ana)
    assert (kept.customer, [row.email for row in cc.in_copy(kept)]) == (ticket.customer, [dan.primary_address.email])
    tickets.undo_split(kept, actor=ana)
    made = tickets.split(again(ticket), replace(mine, is_authors=True), actor=ana)
    assert (made.customer, cc.in_copy(made)) == (dan, [])


def test_what_was_read_stays_read(ticket, second, part, ana):
    ReadMark.create(ticket=ticket, agent=ana, message=second.id)
    made = tickets.split(again(ticket), part, actor=ana)
    assert ReadMark.get(ReadMark.ticket == made.id).message == second.id


def test_search_finds_it_by_its_own_number_and_subject(ticket, part, ana):
    made = tickets.split(again(ticket), part, actor=ana)
    for words in (made.number, "The delivery"):
        assert made.id in [key for (key,) in search.ticket_ids(words).tuples()]


def test_an_answer_to_a_mail_of_it_finds_it(ticket, second, part, ana):
    mail = OutgoingEmail.select().where(OutgoingEmail.message == second.id).first()
    made = tickets.split(again(ticket), part, actor=ana)
    (trace,) = mail_threading._by_ours([mail.mail_id])
    assert trace.ticket == made


def test_the_same_form_twice_makes_one(ticket, part, ana):
    keyed = replace(part, form_key="the-form")
    made = tickets.split(again(ticket), keyed, actor=ana)
    assert tickets.split(again(ticket), keyed, actor=ana) == made


def test_what_cannot_be_split_is_refused(ticket, second, part, ana, ben, billing):
    first = ticket.messages.order_by(Message.id).get()
    for wrong, said in (
        (replace(part, messages=()), "Tick at least one"),
        (replace(part, messages=(first.id, second.id)), "stays in the ticket"),
        (replace(part, messages=(second.id, 999_999)), "just been deleted"),
        (replace(part, subject=" "), "required"),
    ):
        with pytest.raises(InvalidInput, match=said):
            tickets.split(again(ticket), wrong, actor=ana)
    reader = cast.make_agent("Rita", billing, role=cast.make_role("Reader", can_assign=False))
    with pytest.raises(NotAllowed):
        tickets.split(again(ticket), part, actor=reader)
    with pytest.raises(NotFound):
        tickets.split(again(ticket), part, actor=ben)
    settings.save({"undo_send_seconds": 30})
    waiting = tickets.reply(again(ticket), "<p>Yes.</p>", actor=ana)
    with pytest.raises(InvalidInput, match="on its way"):
        tickets.split(again(ticket), replace(part, messages=(waiting.id,)), actor=ana)


def test_it_is_undone_for_ten_minutes(ticket, part, ana):
    before = everything()
    made = tickets.split(again(ticket), part, actor=ana)
    assert tickets.undo_split(again(made), actor=ana) == ticket
    after = everything()
    # The number goes on leading home: its customer may have been told of it.
    assert after[ticket.number][1].pop("FormerNumber") == [made.number]
    assert before[ticket.number][1].pop("FormerNumber") == []
    assert after == before


def test_too_late_or_written_in_it_is_not_undone(ticket, part, ana, carol):
    made = tickets.split(again(ticket), part, actor=ana)
    drafts.save(again(made), Writing("<p>hello</p>"), actor=ana)
    with pytest.raises(InvalidInput, match="merge the two tickets"):
        tickets.undo_split(again(made), actor=ana)
    TicketEvent.update(created_at=clock.now() - timedelta(minutes=11)).where(TicketEvent.ticket == made.id).execute()
    with pytest.raises(InvalidInput, match="ten minutes"):
        tickets.undo_split(again(made), actor=ana)
    tickets.merge(again(made), again(ticket), actor=ana)
    assert again(ticket).messages.count() == 2


def test_a_reply_scheduled_in_it_never_goes_to_the_other_customer(ticket, part, ana, dan):
    cc.add_cc(ticket, [dan.primary_address.email], actor=ana)
    third = tickets.receive_message(again(ticket), "Mine is late, too", actor=dan)
    new = replace(part, messages=(third.id,), is_authors=True)
    made = tickets.split(again(ticket), new, actor=ana)
    assert made.customer == dan
    tomorrow = clock.now() + timedelta(days=1)
    send_later.schedule(again(made), NewReply("<p>For Dan</p>"), tomorrow, actor=ana)
    with pytest.raises(InvalidInput, match="Somebody has written in it"):
        tickets.undo_split(again(made), actor=ana)
    assert ScheduledReply.get().ticket == made


def test_who_got_a_ticket_since_does_not_get_the_rest_by_undoing(ticket, part, ana):
    made = tickets.split(again(ticket), part, actor=ana)
    seen = Message.select().order_by(Message.id.desc()).get().id
    customer_change.change_customer(again(ticket), "zoe@customer.example", actor=ana, seen=seen)
    with pytest.raises(InvalidInput, match="another customer"):
        tickets.undo_split(again(made), actor=ana)


def test_the_browser_of_an_unproven_visitor_goes_on_reading_after_the_undoing(ticket, part, ana):
    token = guest_passes.give("", ticket, ticket.address)
    made = tickets.split(again(ticket), part, actor=ana)
    assert guest_passes.guest_of(token, ticket.number)
    tickets.undo_split(again(made), actor=ana)
    for number in (ticket.number, made.number):
        guest = guest_passes.guest_of(token, number)
        assert guest is not None
        assert (guest.ticket_id, guest.is_proven) == (ticket.id, False)


def test_what_came_by_a_merge_goes_back_there(ticket, second, part, ana, carol, billing, invoices):
    other = cast.open_ticket(carol, billing, invoices, subject="Number two")
    tickets.merge(again(ticket), again(other), actor=ana)
    made = tickets.split(again(other), part, actor=ana)
    tickets.undo_merge(merge_undo.find(ticket.number, other), again(other), actor=ana)
    tickets.undo_split(again(made), actor=ana)
    assert Message.get_by_id(second.id).ticket == ticket
    assert FormerNumber.select().count() == 1


def test_of_two_splits_of_one_message_at_once_one_is_refused(ticket, part, ana):
    acts = [lambda row=row: tickets.split(row, part, actor=ana) for row in (again(ticket), again(ticket))]
    assert sorted(racing.beside(*acts)) == ["InvalidInput", "done"]
    assert (Ticket.select().count(), TicketCc.select().count()) == (2, 0)
