"""Two tickets of one customer become one: nothing is lost, and the old number leads to what is left."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

import helpdesk.wiring  # noqa: F401 — acts owe mails only once it is read
from database import database
from helpdesk import access, clock, links, search, settings, tickets
from helpdesk.access import TicketGuest
from helpdesk.errors import HelpdeskError, InvalidInput, Merged, NotAllowed, NotFound
from helpdesk.lists import bulk
from helpdesk.settings import lookups
from helpdesk.tickets import cc, drafts, merging, thread, unread
from helpdesk.tickets.drafts import Writing
from models import (
    AccessLink,
    Attachment,
    BulkChange,
    CustomerAddress,
    Draft,
    FormerNumber,
    Message,
    OutgoingEmail,
    Rating,
    ReadMark,
    Ticket,
    TicketCc,
    TicketEvent,
    UnconfirmedRequest,
)
from tests.support import attached, cast

pytestmark = pytest.mark.usefixtures("request_context")


@pytest.fixture
def source(ticket):
    """Carol's first ticket."""
    return ticket


@pytest.fixture
def target(carol, billing, invoices, source):
    """Carol's second ticket."""
    return cast.open_ticket(carol, billing, invoices, subject="Again about my invoice", body="Are you there?")


def again(ticket):
    return Ticket.get_by_id(ticket.id)


def test_everything_moves_in_the_order_of_time(source, target, ana, carol):
    tickets.add_note(source, "<p>Look at it.</p>", actor=ana)
    tickets.receive_message(target, "Hello?", actor=carol)
    ids = [row.id for row in Message.select().order_by(Message.id)]
    tickets.merge(source, target, actor=ana)
    assert [row.id for row in target.messages.order_by(Message.created_at, Message.id)] == ids
    assert [row.id for row in thread.public_messages(target)[0]] == [ids[0], ids[1], ids[3]]


def test_the_history_says_who_merged_what(source, target, ana):
    tickets.merge(source, target, actor=ana)
    lines = [line.text for block in thread.timeline(again(target), ana).blocks for line in block.lines]
    subject = source.subject
    assert lines[-1] == f"Ana merged ticket {source.number}, “{subject}”, into this one"
    assert lines[0] == f"Carol Jones opened ticket {source.number}, “{subject}”, which is part of this one now"


def test_files_tags_copies_and_mails_move(source, target, ana, carol):
    file = attached.file(source)
    for row in (source, target):
        tickets.tag(row, "refund", actor=ana)
    tickets.tag(source, "urgent", actor=ana)
    cc.add_cc(source, ["eve@customer.example"], actor=ana)
    mails = OutgoingEmail.select().where(OutgoingEmail.ticket == source).count()
    tickets.merge(source, target, actor=ana)
    assert Attachment.get_by_id(file.id).message.ticket == target
    assert thread.open_thread(ana, target.number).tags == ["refund", "urgent"]
    assert [row.email for row in cc.in_copy(target)] == ["eve@customer.example"]
    assert mails
    assert OutgoingEmail.select().where(OutgoingEmail.ticket == target).count() > mails


def test_nobody_is_mailed(source, target, ana):
    before = OutgoingEmail.select().count()
    tickets.merge(source, target, actor=ana)
    assert OutgoingEmail.select().count() == before


def test_the_number_leads_to_the_target(source, target, ana, carol):
    tickets.merge(source, target, actor=ana)
    for actor in (ana, carol):
        with pytest.raises(Merged) as led:
            access.find_ticket(actor, source.number)
        assert led.value.number == target.number


def test_the_number_leads_nobody_to_what_they_may_not_see(source, target, ana, ben, dan):
    tickets.merge(source, target, actor=ana)
    for actor in (ben, dan):
        with pytest.raises(NotFound) as missing:
            access.find_ticket(actor, source.number)
        assert not isinstance(missing.value, Merged)


def test_private_links_lead_to_the_target(source, target, ana):
    token = links.make("ticket", address=source.address, ticket=source)
    tickets.merge(source, target, actor=ana)
    assert links.find("ticket", token).ticket == target
    guest = TicketGuest(source.customer, source.id, source.address)
    assert access.merged_into(guest, source.number) == target


def test_the_source_is_found_by_its_words_and_its_number(source, target, ana):
    tickets.merge(source, target, actor=ana)
    for words in (source.number, "total looks wrong"):
        assert [key for (key,) in search.ticket_ids(words).tuples()] == [target.id]


def test_a_merged_ticket_is_merged_again(source, target, ana, carol, billing, invoices):
    third = cast.open_ticket(carol, billing, invoices)
    tickets.merge(source, target, actor=ana)
    tickets.merge(again(target), third, actor=ana)
    assert {row.number: row.ticket_id for row in FormerNumber.select()} == dict.fromkeys(
        (source.number, target.number), third.id
    )
    assert third.messages.count() == 3


def test_merging_twice_changes_nothing(source, target, ana):
    tickets.merge(source, target, actor=ana)
    lines = TicketEvent.select().count()
    tickets.merge(source, target, actor=ana)
    assert TicketEvent.select().count() == lines


def test_the_target_keeps_what_it_is(source, target, ana, ben):
    tickets.mark_important(source, actor=ana)
    tickets.assign(source, ben, actor=ana)
    tickets.take(target, actor=ana)
    tickets.merge(source, target, actor=ana)
    now = again(target)
    assert (now.subject, now.assignee, now.is_important) == ("Again about my invoice", ana, False)
    assert now.created_at == source.created_at


def test_an_unassigned_target_gets_the_handler(source, target, ana):
    tickets.take(source, actor=ana)
    tickets.merge(source, target, actor=ana)
    assert again(target).assignee == ana


def test_who_waits_goes_on_waiting(source, target, ana):
    tickets.reply(target, "<p>Done</p>", actor=ana, close=True)
    tickets.merge(source, again(target), actor=ana)
    now = again(target)
    assert (now.is_open, now.awaits_reply, now.closed_at) == (True, True, None)
    assert now.waiting_since == source.waiting_since
    assert now.status == lookups.default_status()


def test_a_closed_source_leaves_an_open_target_open(source, target, ana):
    tickets.close(source, actor=ana)
    tickets.merge(again(source), target, actor=ana)
    assert (again(target).is_open, again(target).awaits_reply) == (True, True)


def test_drafts_are_joined_and_a_note_makes_them_a_note(source, target, ana, root):
    drafts.save(source, Writing("<p>secret</p>", note=True), actor=ana)
    drafts.save(target, Writing("<p>hello</p>"), actor=ana)
    drafts.save(source, Writing("<p>mine</p>"), actor=root)
    tickets.merge(source, target, actor=ana)
    assert {row.agent.name: (row.body, row.kind) for row in Draft.select()} == {
        "Ana": ("<p>hello</p><p>secret</p>", "note"),
        "Root": ("<p>mine</p>", "reply"),
    }


def test_a_reply_on_its_way_is_still_taken_back(source, target, ana):
    settings.save({"undo_send_seconds": 10})
    sent = tickets.reply(source, "<p>We are on it.</p>", actor=ana)
    Message.update(created_at=clock.now() - timedelta(hours=1)).where(Message.ticket == target.id).execute()
    tickets.merge(again(source), target, actor=ana)
    tickets.withdraw_reply(Message.get_by_id(sent.id), actor=ana)
    now = again(target)
    assert (now.awaits_reply, now.is_open, Draft.get().body) == (True, True, "<p>We are on it.</p>")
    assert OutgoingEmail.select().where(OutgoingEmail.message == sent.id).count() == 0


def test_a_reply_of_a_page_from_before_the_merge_is_kept_back_and_taken_back(source, target, ana):
    settings.save({"undo_send_seconds": 10})
    message = tickets.reply(source, "<p>On its way</p>", actor=ana)
    tickets.merge(again(source), target, actor=ana)
    # The row is as it was read before: of a ticket that is no more.
    for act in (tickets.delay_reply, tickets.withdraw_reply, tickets.withdraw_reply):
        act(message, actor=ana)
    assert Draft.get().ticket_id == target.id
    assert Message.select().where(Message.kind == "reply").count() == 0


def test_a_reply_on_its_way_goes_out(source, target, ana):
    settings.save({"undo_send_seconds": 10})
    sent = tickets.reply(source, "<p>We are on it.</p>", actor=ana)
    tickets.merge(again(source), target, actor=ana)
    (mail,) = OutgoingEmail.select().where(OutgoingEmail.message == sent.id)
    assert (mail.state, mail.ticket, Message.get_by_id(sent.id).public_at) == ("pending", target, sent.public_at)


def test_what_was_unread_stays_unread(source, target, ana, root):
    first, second = (row.messages.get().id for row in (source, target))
    unread.read(target, second, actor=ana)
    unread.read(source, first, actor=root)
    unread.read(target, second, actor=root)
    tickets.merge(source, target, actor=ana)
    assert {row.agent.name: row.message for row in ReadMark.select()} == {"Ana": 0, "Root": second}


def test_a_bulk_act_is_not_given_back_to_another_ticket(source, target, ana):
    bulk.run("close", [source.id], lambda row: tickets.close(row, actor=ana), actor=ana)
    tickets.merge(again(source), target, actor=ana)
    assert BulkChange.select().count() == 0


def test_no_row_is_left_behind_in_any_table(source, target, ana):
    links.make("ticket", address=source.address, ticket=source)
    now = clock.now()
    UnconfirmedRequest.create(nonce="n", token_hash="h", ticket=source, created_at=now, expires_at=now)
    counted = {table: table.select().count() for table in Ticket._meta.backrefs.values()}
    tickets.merge(source, target, actor=ana)
    counted[TicketEvent] += 1
    counted[FormerNumber] += 1
    assert {table: table.select().count() for table in counted} == counted
    assert AccessLink.get().ticket == UnconfirmedRequest.get().ticket == target


def test_of_two_answers_about_satisfaction_the_targets_stays(source, target, ana):
    for row, score in ((source, "bad"), (target, "good")):
        Rating.create(ticket=row, score=score, rated_at=clock.now())
    tickets.merge(source, target, actor=ana)
    assert [(row.ticket, row.score) for row in Rating.select()] == [(target, "good")]


def test_a_ticket_of_another_customer_is_refused(source, ana, dan, billing, invoices):
    foreign = cast.open_ticket(dan, billing, invoices)
    with pytest.raises(InvalidInput, match="another customer"):
        tickets.merge(source, foreign, actor=ana)
    assert merging.candidates(source, actor=ana) == []


def test_an_unproven_address_is_refused(source, ana, carol, billing, invoices):
    CustomerAddress.create(customer=carol, email="new@customer.example", is_primary=False, created_at=clock.now())
    strange = cast.open_ticket("new@customer.example", billing, invoices)
    with pytest.raises(InvalidInput, match="not proven"):
        tickets.merge(strange, source, actor=ana)


def test_itself_the_bin_and_spam_are_refused(source, target, ana):
    with pytest.raises(InvalidInput, match="same ticket"):
        tickets.merge(source, source, actor=ana)
    tickets.delete(source, actor=ana)
    with pytest.raises(InvalidInput, match="in the bin"):
        tickets.merge(again(source), target, actor=ana)


def test_one_needs_the_right_and_the_sight(source, target, ana, ben, billing):
    reader = cast.make_agent("Rita", billing, role=cast.make_role("Reader", can_assign=False))
    with pytest.raises(NotAllowed):
        tickets.merge(source, target, actor=reader)
    with pytest.raises(NotFound):
        tickets.merge(source, target, actor=ben)


def test_a_purged_target_takes_the_numbers_along(source, target, ana):
    tickets.merge(source, target, actor=ana)
    tickets.delete(again(target), actor=ana)
    Ticket.update(binned_at=clock.now() - timedelta(days=31)).execute()
    assert tickets.purge_bin() == 1
    assert FormerNumber.select().count() == 0
    with pytest.raises(NotFound):
        access.find_ticket(ana, source.number)


def test_who_reads_more_is_told_before(source, target, ana):
    cc.add_cc(source, ["eve@customer.example", "both@customer.example"], actor=ana)
    cc.add_cc(target, ["both@customer.example"], actor=ana)
    assert merging.readers(source, target) == ["eve@customer.example"]


def test_who_waits_to_be_in_copy_is_told_of_too(source, target, ana):
    # A stranger may have named them, and Carol's next sign-in lets them in, without a word to the agent.
    for ticket, email in ((source, "eve@customer.example"), (source, "one@customer.example")):
        cc.add_cc(ticket, [email], actor=ana)
    cc.add_cc(target, ["one@customer.example"], actor=ana)
    TicketCc.update(waits=True).where(TicketCc.ticket == source.id).execute()
    assert merging.readers(source, target) == ["eve@customer.example", "one@customer.example"]


def test_a_prefix_that_would_repeat_a_merged_number_is_refused(source, target, ana):
    FormerNumber.create(number="HD-900000", ticket=target, former_id=1, merged_at=clock.now())
    with pytest.raises(InvalidInput, match="HD-900000"):
        settings.save({"ticket_prefix": "HD-"})


def at_once(*acts):
    """Do these at the same moment; return what each was refused for, if it was."""

    def run(act):
        try:
            act()
        except HelpdeskError as error:
            return str(error)
        finally:
            database.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_of_two_crossing_merges_one_wins_and_nothing_is_lost(source, target, ana):
    said = at_once(lambda: tickets.merge(source, target, actor=ana), lambda: tickets.merge(target, source, actor=ana))
    assert sorted(map(bool, said)) == [False, True]
    assert (Ticket.select().count(), Message.select().count(), FormerNumber.select().count()) == (1, 2, 1)


def test_two_merges_into_one_lose_nothing(source, target, ana, carol, billing, invoices):
    third = cast.open_ticket(carol, billing, invoices)
    acts = [lambda row=row: tickets.merge(row, third, actor=ana) for row in (source, target)]
    assert at_once(*acts) == ["", ""]
    assert again(third).messages.count() == 3


def test_what_a_customer_writes_meanwhile_is_kept(source, target, ana, carol):
    acts = [lambda n=n: tickets.receive_message(source, f"More {n}", actor=carol) for n in range(4)]
    said = at_once(*acts, lambda: tickets.merge(source, target, actor=ana))
    kept = [row for row in said if not row]
    # Whoever came after the merge is told that the ticket is gone, by that address; the others are kept.
    assert target.messages.count() == 2 + len(kept) - 1


def test_what_was_being_written_during_the_merge_reaches_the_target(source, target, ana, carol):
    def write():
        with database.connection_context():
            return tickets.receive_message(source, "One moment later", actor=carol, form_key="k").ticket

    with ThreadPoolExecutor(1) as pool:
        with database.atomic():
            tickets.merge(source, target, actor=ana)
            written = pool.submit(write)
            # The writer sees the ticket still, and waits for what is being stored.
            time.sleep(0.3)
        assert written.result(60) == target
    assert target.events.order_by(TicketEvent.id.desc()).get().kind == "customer-wrote"


def put_in_copy(ticket, names, ana):
    cc.add_cc(ticket, [f"{name}@copy.example" for name in names], actor=ana)


def test_more_people_in_copy_than_a_ticket_has_are_not_brought_together(source, target, ana):
    put_in_copy(source, "abcdef", ana)
    put_in_copy(target, "fghijk", ana)
    with pytest.raises(InvalidInput, match="11 people in copy, and a ticket has 10 at most") as refusal:
        tickets.merge(source, target, actor=ana)
    assert refusal.value.field == "target"
    assert (source.copies.count(), target.copies.count()) == (6, 6)
    assert merging.candidates(source, actor=ana) == []


def test_as_many_people_in_copy_as_a_ticket_has_come_together(source, target, ana):
    put_in_copy(source, "abcdef", ana)
    put_in_copy(target, "efghij", ana)
    tickets.merge(source, target, actor=ana)
    assert len(cc.in_copy(target)) == TicketCc.select().count() == 10
