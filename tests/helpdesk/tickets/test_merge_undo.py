"""Undoing a merge: what came from the source goes back, what was written since stays, in any order."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

import helpdesk.wiring  # noqa: F401 — acts owe mails only once it is read
from database import Label
from helpdesk import access, clock, links, search, settings, snooze, tickets
from helpdesk.errors import Merged, NotAllowed, NotFound
from helpdesk.incoming import mail_threading
from helpdesk.people import customers
from helpdesk.setup import workflow
from helpdesk.tickets import cc, customer_change, drafts, merge_undo, merging, thread, ticket_state, unread
from helpdesk.tickets.drafts import Writing
from models import (
    AccessLink,
    Agent,
    Attachment,
    CustomerAddress,
    Draft,
    FormerNumber,
    MailId,
    Merge,
    Message,
    OutgoingEmail,
    Priority,
    Rating,
    ReadMark,
    Relation,
    Status,
    Ticket,
    TicketCc,
    TicketEvent,
)
from tests.support import attached, cast, racing

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def source(ticket):
    """Carol's first ticket."""
    return ticket


@pytest.fixture
def target(carol, billing, invoices, source):
    """Carol's second ticket."""
    return cast.open_ticket(carol, billing, invoices, subject="Again about my invoice", body="Are you there?")


@pytest.fixture
def third(carol, billing, invoices, target):
    """Carol's third ticket."""
    return cast.open_ticket(carol, billing, invoices, subject="A third one", body="Hello?")


def again(ticket):
    return Ticket.get_by_id(ticket.id)


def merge(source, target, ana):
    tickets.merge(again(source), again(target), actor=ana)


def undo(source, ana):
    root = FormerNumber.get(FormerNumber.number == source.number).ticket
    return tickets.undo_merge(merge_undo.find(source.number, root), root, actor=ana)


#: The lines that merging and its undoing write.
OWN = ("merged", "merge-undone", "taken-out", "split", "split-off", "split-undone")


def everything():
    """Return every ticket's state, with all that is in it; the order of its lines of history is that of their ids."""
    rows = {}
    for ticket in Ticket.select().order_by(Ticket.id):
        own = {table.__name__: [] for table in merging.MOVED}
        for table, name in merging.MOVED.items():
            mine = table.select().where(table.ticket == ticket.id).order_by(table.id)
            mine = mine.where(table.kind.not_in(OWN)) if table is TicketEvent else mine
            own[table.__name__] = [getattr(row, name) for row in mine]
        opened = TicketEvent.select().where(TicketEvent.ticket == ticket.id, TicketEvent.kind == "opened")
        data = [row.data for row in opened]
        derived = (ticket.first_response, ticket.excerpt, ticket.excerpt_by)
        rows[ticket.number] = (ticket_state.state_of(ticket), own, data, derived)
    return rows


def test_every_table_of_a_ticket_has_its_place():
    # Links of two tickets have their own way (`merged_relations`).
    named = {Relation, *merging.MOVED, *merging.DROPPED, *(table for table, _column in ticket_state.KEYED.values())}
    assert set(Ticket._meta.backrefs.values()) == named


def test_everything_goes_back(source, target, ana, ben, root, carol):
    attached.file(source)
    tickets.tag(source, "urgent", actor=ana)
    for row in (source, target):
        tickets.tag(row, "refund", actor=ana)
        cc.add_cc(row, ["both@customer.example"], actor=ana)
        drafts.save(row, Writing(f"<p>{row.subject}</p>"), actor=ana)
    drafts.save(source, Writing("<p>mine</p>"), actor=root)
    cc.add_cc(source, ["eve@customer.example"], actor=ana)
    links.make("ticket", address=source.address, ticket=source)
    tickets.add_note(source, "<p>Look at it.</p>", actor=ana)
    tickets.mark_important(source, actor=ana)
    tickets.assign(source, root, actor=ana)
    tickets.reply(target, "<p>Done</p>", actor=ana, close=True)
    Rating.create(ticket=target, score="good", rated_at=clock.now())
    Rating.create(ticket=source, score="bad", rated_at=clock.now())
    snooze.snooze(again(source), clock.now() + timedelta(days=2), actor=ana)
    unread.read(
        target, Message.select().where(Message.ticket == target.id).order_by(Message.id.desc()).get().id, actor=root
    )
    before = everything()
    merge(source, target, ana)
    undo(source, ana)
    assert everything() == before


def test_the_number_is_a_ticket_again_and_both_histories_say_it(source, target, ana):
    merge(source, target, ana)
    made = undo(source, ana)
    assert access.find_ticket(ana, source.number) == made == source
    lines = {
        row.ticket.number: (row.kind, row.data) for row in TicketEvent.select().where(TicketEvent.kind.in_(OWN[1:3]))
    }
    assert lines[source.number][0] == "taken-out"
    assert lines[source.number][1]["number"] == target.number
    assert lines[target.number][0] == "merge-undone"
    assert lines[target.number][1]["former"] == source.number
    assert (FormerNumber.select().count(), Merge.select().count()) == (0, 0)


def test_nobody_is_mailed(source, target, ana):
    merge(source, target, ana)
    before = OutgoingEmail.select().count()
    undo(source, ana)
    assert OutgoingEmail.select().count() == before


def test_what_was_written_since_stays_and_is_listed(source, target, ana, carol):
    merge(source, target, ana)
    later = tickets.receive_message(again(target), "One more thing", actor=carol)
    asked = merge_undo.preview(merge_undo.find(source.number, target), again(target), actor=ana)
    assert (asked.messages, asked.staying, list(asked.stays)) == (1, 1, [later])
    undo(source, ana)
    assert Message.get_by_id(later.id).ticket == target
    assert again(target).awaits_reply


def test_a_customer_who_wrote_since_is_not_hidden_in_a_closed_ticket(source, target, ana, carol):
    tickets.close(target, actor=ana)
    merge(source, target, ana)
    tickets.receive_message(again(target), "Where are you?", actor=carol)
    undo(source, ana)
    assert (again(target).is_open, again(target).awaits_reply) == (True, True)


def test_what_somebody_changed_since_stays(source, target, ana, root):
    tickets.take(source, actor=ana)
    merge(source, target, ana)
    tickets.assign(again(target), root, actor=ana)
    undo(source, ana)
    assert (again(target).assignee, again(source).assignee) == (root, ana)


def test_an_answer_to_an_old_mail_finds_the_source_again(source, target, ana):
    mail = OutgoingEmail.select().where(OutgoingEmail.ticket == source.id).get()
    MailId.create(mail_id="<older@desk.example>", ticket=source)
    merge(source, target, ana)
    # The outbox forgot the mail meanwhile; its id stays.
    MailId.create(mail_id=mail.mail_id, ticket=target)
    undo(source, ana)
    for mail_id in (mail.mail_id, "<older@desk.example>"):
        (trace,) = mail_threading._by_ours([mail_id])
        assert trace.ticket == source
    assert mail_threading.ticket_of(source.id) == source


def test_search_finds_each_by_its_own_words_again(source, target, ana):
    merge(source, target, ana)
    undo(source, ana)
    assert [key for (key,) in search.ticket_ids("total looks wrong").tuples()] == [source.id]
    assert [key for (key,) in search.ticket_ids("Are you there").tuples()] == [target.id]


def test_who_left_meanwhile_is_not_put_in_copy_again(source, target, ana):
    for row in (source, target):
        cc.add_cc(row, ["eve@customer.example"], actor=ana)
    merge(source, target, ana)
    TicketCc.delete().execute()
    undo(source, ana)
    assert TicketCc.select().count() == 0


def test_a_draft_sent_meanwhile_does_not_come_back(source, target, ana):
    drafts.save(source, Writing("<p>hello</p>"), actor=ana)
    merge(source, target, ana)
    Draft.delete().execute()
    drafts.save(again(target), Writing("<p>something else</p>"), actor=ana)
    undo(source, ana)
    assert [(row.ticket, row.body) for row in Draft.select()] == [(target, "<p>something else</p>")]


def test_what_was_read_meanwhile_is_read_in_both(source, target, ana):
    for row in (source, target):
        unread.read(row, 0, actor=ana)
    merge(source, target, ana)
    newest = Message.select().order_by(Message.id.desc()).get().id
    unread.read(again(target), newest, actor=ana)
    undo(source, ana)
    marks = {row.ticket_id: row.message for row in ReadMark.select().where(ReadMark.agent == ana.id)}
    assert marks[source.id] >= source.messages.get().id


def test_an_assignee_who_left_does_not_get_it_back(source, target, ana, root):
    tickets.assign(source, root, actor=ana)
    merge(source, target, ana)
    leaver = Agent.get_by_id(root.id)
    leaver.active = False
    leaver.save()
    assert merge_undo.preview(merge_undo.find(source.number, target), again(target), actor=ana).loses_assignee
    undo(source, ana)
    assert again(source).assignee is None


def test_a_former_status_that_is_gone_is_replaced_in_both(source, target, ana):
    archived = Status.create(identifier="archived", label=Label(en="Archived"), category="closed")
    tickets.close(target, actor=ana)
    Ticket.update(status=archived).where(Ticket.id == target.id).execute()
    merge(source, target, ana)
    assert again(target).is_open
    archived.delete_instance()
    undo(source, ana)
    assert (again(target).status.category, again(target).is_open) == ("closed", False)


def test_a_status_or_priority_that_changed_meanwhile_is_as_it_is_now(source, target, ana, root):
    waiting = Status.create(identifier="parts", label=Label(en="Parts"), category="pending")
    tickets.set_status(source, waiting, actor=ana)
    tickets.mark_important(source, actor=ana)
    merge(source, target, ana)
    workflow.save_status(Status.get_by_id(waiting.id), {"category": "closed"}, actor=root)
    priority = Priority.get_by_id(Merge.get().source["priority"])
    workflow.save_priority(priority, {"weight": 777}, actor=root)
    undo(source, ana)
    now = again(source)
    assert (now.status, now.is_open, now.awaits_reply, now.rank) == (waiting, False, False, -2 * 777)
    assert now.closed_at is not None


def test_nobody_who_cannot_get_it_is_given_the_target(source, target, third, ana, root):
    tickets.take(source, actor=ana)
    tickets.assign(third, root, actor=ana)
    merge(source, target, ana)
    merge(third, target, ana)
    Agent.update(active=False).where(Agent.id == root.id).execute()
    undo(source, ana)
    assert again(target).assignee is None


def test_who_waited_in_copy_and_was_let_in_meanwhile_reads_what_they_did(source, target, ana):
    address = source.address
    CustomerAddress.update(proven_at=None).where(CustomerAddress.id == address.id).execute()
    eve = customers.find_or_make("eve@customer.example")
    TicketCc.create(ticket=source, address=eve, added_by="customer", waits=True, created_at=clock.now())
    merge(source, target, ana)
    cc.release(address)
    assert not TicketCc.get(TicketCc.ticket == target.id).waits
    undo(source, ana)
    assert [(row.ticket, row.waits) for row in TicketCc.select()] == [(source, False)]


def test_what_went_to_another_customer_meanwhile_stays_theirs(source, target, ana, carol):
    merge(source, target, ana)
    seen = Message.select().order_by(Message.id.desc()).get().id
    customer_change.change_customer(again(target), "zoe@customer.example", actor=ana, seen=seen)
    undo(source, ana)
    assert again(source).customer == again(target).customer != carol
    assert again(source).address == again(target).address


@pytest.mark.parametrize("order", ["inner first", "outer first"])
def test_a_chain_is_undone_in_any_order(source, target, third, ana, order):
    tickets.reply(third, "<p>Done</p>", actor=ana, close=True)
    tickets.close(target, actor=ana)
    before = everything()
    merge(source, target, ana)
    merge(target, third, ana)
    for row in (source, target) if order == "inner first" else (target, source):
        undo(row, ana)
    assert everything() == before


@pytest.mark.parametrize("order", ["inner first", "outer first"])
def test_a_merge_of_before_a_table_was_there_is_undone(source, target, third, ana, order):
    before = everything()
    merge(source, target, ana)
    merge(target, third, ana)
    for row in Merge.select():
        row.moved = {name: keys for name, keys in row.moved.items() if name != "RuleRecord"}
        row.terms = {name: value for name, value in row.terms.items() if name != "outcomes"}
        row.save()
    for row in (source, target) if order == "inner first" else (target, source):
        undo(row, ana)
    assert everything() == before


def test_a_ticket_taken_out_and_merged_elsewhere_is_left_there(source, target, third, ana):
    merge(source, target, ana)
    merge(target, third, ana)
    undo(source, ana)
    merge(source, third, ana)
    undo(target, ana)
    assert source.messages.count() == 0
    assert third.messages.count() == 2
    with pytest.raises(Merged):
        access.find_ticket(ana, source.number)


def test_a_target_in_the_bin_gives_back_and_stays_there(source, target, ana):
    merge(source, target, ana)
    tickets.delete(again(target), actor=ana)
    undo(source, ana)
    assert (again(source).in_bin, again(target).in_bin) == (False, True)


def test_after_thirty_days_it_is_too_late(source, target, ana):
    merge(source, target, ana)
    row = merge_undo.find(source.number, target)
    Merge.update(merged_at=clock.now() - timedelta(days=30)).execute()
    with pytest.raises(NotFound, match="no longer be undone"):
        tickets.undo_merge(row, again(target), actor=ana)
    assert merge_undo.purge() == 1
    assert FormerNumber.select().count() == 1


def test_who_would_not_see_both_is_refused(source, target, third, ana, ben, sales):
    tickets.merge(source, target, actor=ana)
    row = merge_undo.find(source.number, target)
    row.source = {**row.source, "service": sales.id, "department": None}
    row.save()
    with pytest.raises(NotAllowed, match="do not see"):
        tickets.undo_merge(row, again(target), actor=ana)
    with pytest.raises(NotFound):
        tickets.undo_merge(row, again(target), actor=ben)


def test_a_reply_on_its_way_is_still_taken_back(source, target, ana):
    settings.save({"undo_send_seconds": 30})
    sent = tickets.reply(source, "<p>We are on it.</p>", actor=ana)
    merge(source, target, ana)
    undo(source, ana)
    tickets.withdraw_reply(Message.get_by_id(sent.id), actor=ana)
    assert (again(source).awaits_reply, again(target).awaits_reply) == (True, True)


def test_private_links_open_the_source_again(source, target, ana):
    token = links.make("ticket", address=source.address, ticket=source)
    merge(source, target, ana)
    undo(source, ana)
    assert links.find("ticket", token).ticket == source
    assert AccessLink.select().count() == 1


def test_files_stay_with_their_message(source, target, ana):
    file = attached.file(source)
    merge(source, target, ana)
    undo(source, ana)
    assert Attachment.get_by_id(file.id).message.ticket == source


def test_of_two_undoings_at_once_one_is_told(source, target, ana):
    merge(source, target, ana)
    row = merge_undo.find(source.number, target)
    acts = [partial(tickets.undo_merge, row, again(target), actor=ana) for _ in range(2)]
    assert sorted(racing.beside(*acts)) == ["NotFound", "done"]
    assert Ticket.select().count() == 2


def test_who_sees_one_side_reads_that_number_only(source, target, ana, ben, sales):
    merge(source, target, ana)
    undo(source, ana)
    tickets.move(again(target), sales.id, None, actor=ana)

    def lines(ticket, agent):
        return [line.text for block in thread.timeline(again(ticket), agent).blocks for line in block.lines]

    assert not [text for text in lines(target, ben) if source.number in text]
    assert "Ana took another ticket out of this one again" in lines(target, ben)
    assert "Ana took this ticket out of another one again" in lines(source, ana)
